"""The sample practice: whole, without findings, and as rich as its README says."""

import tomllib
import unicodedata
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from commandline import SAMPLE
from sample import sample, sampled, unused

from fhir_coaching.practice.across import findings_across
from fhir_coaching.practice.findings import findings
from fhir_coaching.practice.source import open_source
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.coaching import (
    Billable,
    BookingState,
    Contact,
    Cpt,
    Focus,
    Goal,
    GoalState,
    GroupSession,
    Horizon,
    Modality,
    Phase,
    Priority,
    Session,
    SessionStatus,
    Setting,
)
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.people import LinkType, Organization, OrganizationType, Patient, Practitioner, RelatedPerson
from fhir_coaching.records.values import Comparator, Concept, Label, Missing, Quantity, Range, Ratio, WhoKind

ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def words() -> str:
    """Everything that the files say, unescaped: they are written in UTF-8."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(SAMPLE.glob("*.ndjson")))


def lasted(contact: Contact) -> timedelta:
    return sum((i.end.moment - i.start.moment for i in contact.intervals if i.end is not None), timedelta())


def test_nothing_is_amiss() -> None:
    entries = list(open_source(str(SAMPLE)))
    assert [str(finding) for entry in entries for finding in findings(entry)] == []
    assert [str(finding) for finding in findings_across(entries)] == []


def test_there_is_enough_of_each_kind() -> None:
    assert Counter(map(kind_of, sample())) == {
        "organization": 6,
        "place": 7,
        "practitioner": 4,
        "patient": 14,
        "related_person": 7,
        "coverage": 16,
        "condition": 17,
        "goal": 43,
        "referral": 9,
        "action_step": 56,
        "engagement": 15,
        "session": 87,
        "claim": 32,
        "group_session": 2,
    }


def test_the_readme_counts_right() -> None:
    said = (SAMPLE / "README.md").read_text(encoding="utf-8")
    counted = Counter(map(kind_of, sample()))
    for kind in (
        "patient",
        "goal",
        "engagement",
        "action_step",
        "referral",
        "condition",
        "session",
        "coverage",
        "claim",
    ):
        assert f"{counted[kind]} {kind.rpartition('_')[2]}s" in said, kind
    assert not {name for name in (path.name for path in SAMPLE.iterdir()) if name not in said} - {"README.md"}


def test_the_settings_name_a_provider_and_a_fee_for_each_code() -> None:
    settings = open_source(str(SAMPLE)).settings
    assert settings is not None
    assert settings.identifier_base == "https://riverside.example/fhir-coaching"
    assert set(settings.fees) == {cpt.value for cpt in Cpt}
    assert str(settings.fees["0591T"]) == "150.00"
    (ours,) = (one for one in sampled(Organization) if one.id == settings.billing_organization)
    assert (ours.type, ours.active, ours.npi is not None) == (OrganizationType.PROVIDER, True, True)


def test_every_person_is_invented() -> None:
    for record in sampled(Patient) + sampled(Practitioner) + sampled(RelatedPerson):
        for telecom in record.telecoms:
            assert (
                "-555-01" in telecom.value or telecom.value.endswith("@example.org") or telecom.system.value == "other"
            )
    npis = [npi for npi in (getattr(record, "npi", None) for record in sample()) if npi]
    assert len(set(npis)) == len(npis) >= 4
    assert all(npi.startswith("2") for npi in npis)
    assert all(Label.TEST_DATA in record.labels for record in sample() if not isinstance(record, GroupSession))


def test_patients_of_every_sort() -> None:
    patients = sampled(Patient)
    assert [p.id for p in patients if p.deceased is not None] == ["p-reed"]
    assert [p.id for p in patients if all(n.family is None and len(n.given) == 1 for n in p.names)] == ["p-kingfisher"]
    (merged,) = (p for p in patients if any(link.type is LinkType.REPLACED_BY for link in p.links))
    assert merged.active is False
    (child,) = (p for p in patients if isinstance(p.birth_date, PartialDate) and p.birth_date.text > "2008-11-25")
    guardians = [
        r.id
        for r in sampled(RelatedPerson)
        if r.patient == child.id and any(code.code == "GUARD" for c in r.relationship for code in c.codings)
    ]
    assert guardians
    births = [p.birth_date for p in patients]
    assert {len(b.text) for b in births if isinstance(b, PartialDate)} == {4, 7, 10}
    assert {b for b in births if isinstance(b, Missing)} == {Missing.UNKNOWN, Missing.ASKED_DECLINED}
    assert len({p.sex for p in patients}) == 4


def test_goals_of_every_sort() -> None:
    goals = sampled(Goal)
    assert not unused(GoalState, (g.state for g in goals))
    assert not unused(Horizon, (g.horizon for g in goals))
    assert not unused(Priority, (g.priority for g in goals))
    assert not unused(Focus, (focus for g in goals for focus in g.focus))
    assert {
        code.code for g in goals if g.achievement for code in g.achievement.codings if code.system == ACHIEVEMENT
    } == {
        *("in-progress", "improving", "worsening", "no-change", "achieved", "sustaining"),
        *("not-achieved", "no-progress", "not-attainable"),
    }
    assert {g.expressed_by.kind for g in goals if g.expressed_by} == set(WhoKind) - {WhoKind.ORGANIZATION}
    assert any(g.parent for g in goals)
    assert any(g.ongoing for g in goals)
    assert any(len(g.gas_scale) == 5 for g in goals)
    assert any(g.revisions for g in goals)
    assert any(g.codes for g in goals)
    notes = [note for g in goals for note in g.notes]
    assert {note.by.kind for note in notes if note.by} == {
        WhoKind.PATIENT,
        WhoKind.PRACTITIONER,
        WhoKind.RELATED_PERSON,
    }
    assert len({note.aspect for note in notes}) >= 5


def test_targets_of_every_sort() -> None:
    targets = [target for g in sampled(Goal) for target in g.targets]
    assert {type(t.detail) for t in targets if t.detail is not None} == {
        Quantity,
        Range,
        Ratio,
        Concept,
        str,
        bool,
        int,
    }
    assert all(t.measure for t in targets if t.detail is not None)
    assert {len(t.due.text) for t in targets if isinstance(t.due, PartialDate)} == {4, 7, 10}
    quantities = [t.detail for t in targets if isinstance(t.detail, Quantity)]
    assert {str(q.value) for q in quantities} >= {"8000.10", "7.00", "3141592.653589793238462"}
    assert not unused(Comparator, (q.comparator for q in quantities))
    # R5 takes 18 digits before the point and 17 behind it, and no more.
    digits = [q.value.as_tuple() for q in quantities]
    assert max(len(one.digits) for one in digits) == 22
    assert all(int(one.exponent) >= -17 for one in digits)


def test_no_target_is_due_after_a_span() -> None:
    # US Core 3.1.1 allows Goal.target a date due and nothing else, and this sample is to pass it.
    assert all(isinstance(t.due, PartialDate) for g in sampled(Goal) for t in g.targets if t.due is not None)


def test_sessions_of_every_sort() -> None:
    sessions = sampled(Session)
    assert not unused(SessionStatus, (s.status for s in sessions))
    assert not unused(BookingState, (s.booking.state for s in sessions if s.booking))
    assert not unused(Modality, (s.modality for s in sessions if s.status is SessionStatus.FINISHED))
    assert not unused(Setting, (s.setting for s in sessions))
    assert not unused(Phase, (s.phase for s in sessions))
    assert not unused(Cpt, (s.cpt for s in sessions))
    assert not unused(Billable, (s.billable for s in sessions))
    assert any(s.booking and s.booking.reason for s in sessions)
    assert any(s.booking and s.booking.planned is None for s in sessions)
    assert {other.who.kind for s in sessions for other in s.others} == {WhoKind.PRACTITIONER, WhoKind.RELATED_PERSON}
    for field in ("place", "number", "interpreter_needed", "private_note", "education", "source", "extra"):
        assert any(getattr(s, field) for s in sessions), field


def test_interruptions_and_bands() -> None:
    finished = [s for s in sampled(Session) if s.status is SessionStatus.FINISHED]
    assert sum(len(s.contact.intervals) > 1 for s in finished if s.contact) >= 4
    bands = [s for s in finished if s.minutes and s.minutes.min < s.minutes.max]
    assert any(s.contact is None for s in bands)
    assert any(s.contact is not None for s in bands)
    for session in finished:
        if session.contact and session.minutes and session.minutes.min == session.minutes.max:
            assert lasted(session.contact) == timedelta(minutes=session.minutes.min), session.id


def test_times_are_those_of_their_zone() -> None:
    home = tomllib.loads((SAMPLE / "practice.toml").read_text(encoding="utf-8"))["time_zone"]
    zones = set()
    for session in sampled(Session):
        if session.contact is None:
            continue
        zone = session.contact.zone or home
        zones.add(zone)
        for interval in session.contact.intervals:
            for instant in (interval.start, interval.end):
                if instant is not None:
                    assert instant.moment.astimezone(ZoneInfo(zone)).isoformat() == instant.text, session.id
    assert len(zones) == 3


def test_a_session_lasts_over_midnight_in_each_clock_change() -> None:
    by_id = {str(s.id): s.contact for s in sampled(Session)}
    autumn, spring = by_id["s-pike-02"], by_id["s-moss-02"]
    assert autumn is not None
    assert spring is not None
    first, last = autumn.intervals[0].start.text, autumn.intervals[-1].end
    assert last is not None
    assert (first, last.text) == ("2025-11-01T23:40:00-04:00", "2025-11-02T01:20:00-05:00")
    assert lasted(autumn) == timedelta(minutes=85)
    assert lasted(spring) == timedelta(minutes=35)


def test_a_group_of_five_with_a_no_show() -> None:
    (group,) = (g for g in sampled(GroupSession) if len(g.sessions) == 5)
    members = [s for s in sampled(Session) if s.group == group.id]
    assert {s.id for s in members} == set(group.sessions)
    assert len({s.patient for s in members}) == 5
    assert Counter(s.booking.state for s in members if s.booking) == {BookingState.KEPT: 4, BookingState.NO_SHOW: 1}
    assert Counter(s.cpt for s in members) == {Cpt.GROUP: 4, None: 1}
    assert len({lasted(s.contact) for s in members if s.contact}) == 3  # one came late, one left early


def test_sessions_are_numbered_as_they_took_place() -> None:
    dated = sorted(
        (s.contact.intervals[0].start.moment, s.patient, s.number) for s in sampled(Session) if s.contact and s.number
    )
    numbers: dict[str, list[int]] = {}
    for _, patient, number in dated:
        numbers.setdefault(patient, []).append(number)
    assert all(its == sorted(set(its)) for its in numbers.values()), numbers


def test_no_coach_and_no_patient_is_in_two_places() -> None:
    taken: dict[str, list[tuple[float, float, str]]] = {}
    for session in sampled(Session):
        if session.contact is None or session.status is SessionStatus.ENTERED_IN_ERROR:
            continue
        for interval in session.contact.intervals:
            if interval.end is not None:
                time = interval.start.moment.timestamp(), interval.end.moment.timestamp()
                taken.setdefault(session.patient, []).append((*time, ""))
                taken.setdefault(str(session.practitioner), []).append((*time, session.group or ""))
    for times in taken.values():
        times.sort()
        for (_, end, group), (start, _, other) in pairwise(times):
            assert end <= start or (group and group == other)


def test_words_in_many_scripts() -> None:
    text = words()
    scripts = Counter(unicodedata.name(letter, "?").split()[0] for letter in text if letter.isalpha())
    assert {name for name, count in scripts.items() if count >= 10} >= {
        *("LATIN", "CJK", "HIRAGANA", "ARABIC", "HEBREW"),
        *("CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GREEK"),
    }
    assert {"R", "AL"} <= {unicodedata.bidirectional(letter) for letter in text}
    assert any(unicodedata.category(letter) == "Mn" for letter in text)
    assert unicodedata.normalize("NFC", text) != text  # one name is decomposed, and is to stay so
    assert sum(unicodedata.category(letter) == "So" for letter in text) >= 20
    assert "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}" in text
    assert "\N{EMOJI MODIFIER FITZPATRICK TYPE-4}" in text


def test_a_decimal_keeps_its_digits() -> None:
    steps = next(g for g in sampled(Goal) if g.id == "g-heron-1").targets[0].detail
    assert isinstance(steps, Quantity)
    assert (steps.value, str(steps.value)) == (Decimal("8000.1"), "8000.10")


def test_every_kind_has_its_file() -> None:
    assert {path.name for path in SAMPLE.glob("*.ndjson")} == {f"{kind}s.ndjson" for kind in RECORDS}
