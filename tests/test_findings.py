"""What the checks of one record, and those between records, find."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RECORD

from fhir_coaching.fhir.systems import is_npi
from fhir_coaching.practice.across import findings_across
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.findings import findings
from fhir_coaching.practice.rules import RULES
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import Record

NPI = "1234567893"
MEASURED = {"measure": {"text": "steps"}}
NAME, PHONE = {"family": "Doe", "given": ["Jo"]}, {"system": "phone", "value": "555-0100"}
PLANNED = {"start": "2026-03-01T10:00:00-05:00", "end": "2026-03-01T10:30:00-05:00"}
OVER = {"numerator": {"value": 1, "comparator": "<"}, "denominator": {"value": 1, "comparator": "<"}}
HALF = {"start": PLANNED["start"]}
MISSED: dict[str, Any] = {"status": "cancelled", "booking": {"state": "no_show", "planned": PLANNED}}


def usd(value: str, currency: str = "USD") -> dict[str, Any]:
    return {"value": Decimal(value), "currency": currency}


def priced(net: str, number: int = 1, **also: Any) -> dict[str, Any]:
    return {"sequence": number, "code": "0592T", "net": usd(net), **also}


GROUP, OTHER_GROUP = "grp-tuesday", "grp-friday"
UUIDS = ("3f2b8a1e-9c4d-4e5f-8a6b-7c8d9e0f1a2b", "b17d0c52-6a3e-4f81-9d24-5e6f7a8b9c0d")

# A record of each kind that lacks nothing.
SOUND: dict[str, dict[str, Any]] = {
    "organization": {"id": "o-1", "name": "Riverside", "active": True, "npi": NPI},
    "place": {"id": "l-1", "name": "Room 1"},
    "practitioner": {"id": "c-1", "names": [NAME], "npi": NPI, "organization": "o-1", "telecoms": [PHONE]},
    "patient": {"id": "p-1", "names": [NAME], "sex": "unknown"},
    "related_person": {"id": "r-1", "patient": "p-1", "active": True, "names": [NAME]},
    "goal": {"id": "g-1", "patient": "p-1", "statement": "Walk", "state": "active", "start": "2026-03"},
    "session": {
        "id": "s-1", "patient": "p-1", "status": "finished", "practitioner": "c-1", "contact": {"intervals": [PLANNED]},
    },
    "condition": {"id": "x-1", "patient": "p-1", "concept": {"text": "x"}, "categories": ["health_concern"]},
    "referral": {"id": "f-1", "patient": "p-1", "status": "active", "requested": {"text": "x"}},
    "action_step": {"id": "a-1", "patient": "p-1", "text": "Walk", "state": "active", "goals": ["g-1"]},
    "engagement": {"id": "e-1", "patient": "p-1", "status": "active", "goals": ["g-1"], "steps": ["a-1"]},
    "coverage": {
        "id": "v-1", "patient": "p-1", "payer": {"kind": "organization", "id": "o-1"}, "member_id": "M1", "relationship": "self",
    },
    "claim": {
        "id": "m-1", "patient": "p-1", "use": "claim", "created": "2026-03-02", "coverage": "v-1",
        "provider": {"kind": "organization", "id": "o-1"}, "care_team": [{"sequence": 1, "practitioner": "c-1"}],
        "diagnoses": [{"sequence": 1, "code": {"text": "x"}}],
        "lines": [{"sequence": 1, "code": "0592T", "session": "s-1", "diagnoses": [1], "care_team": [1]}],
    },
    "group_session": {"id": GROUP, "planned": PLANNED},
}  # fmt: skip


def ranged(low: object, high: object, *units: str) -> dict[str, Any]:
    """A target from low to high."""
    unit, other = units or ("h", "h")
    return {**MEASURED, "detail": {"low": {"value": low, "code": unit}, "high": {"value": high, "code": other}}}


def in_words(unit: str, other: str) -> dict[str, Any]:
    """A target between two amounts without codes."""
    return {**MEASURED, "detail": {"low": {"value": 1, "unit": unit}, "high": {"value": 2, "unit": other}}}


def record(kind: str, **fields: object) -> Record:
    return read_record(kind, SOUND[kind] | fields)


def rules(kind: str, **fields: object) -> list[tuple[str, str]]:
    found = findings(record(kind, **fields), "x.ndjson:7")
    assert all(RULES[one.rule].severity == one.severity for one in found)
    return [(one.rule, one.place.removeprefix("x.ndjson:7 ")) for one in found]


def entries(*records: Record) -> list[Entry]:
    return [Entry(f"{kind_of(one)} {one.id}", kind_of(one), one) for one in records]


def across(records: Iterable[Record]) -> list[tuple[str, str]]:
    """What is found, whatever the order in which the records come."""
    given_ = entries(*records)
    found = sorted((one.rule, one.place) for one in findings_across(given_))
    assert found == sorted((one.rule, one.place) for one in findings_across(reversed(given_)))
    return found


@pytest.mark.parametrize("kind", RECORDS)
def test_a_sound_record_lacks_nothing(kind: str) -> None:
    assert rules(kind) == []


def test_sound_records_lack_nothing_between_them() -> None:
    assert across(record(kind) for kind in RECORDS) == []


@pytest.mark.parametrize(
    ("kind", "fields", "found"),
    [
        ("patient", {"names": [], "sex": None}, [("patient-name", "names"), ("patient-sex", "sex")]),
        ("practitioner", {"names": []}, [("practitioner-name", "names")]),
        ("practitioner", {"names": [NAME, {"text": "Jo"}]}, [("practitioner-family", "names[1].family")]),
        ("practitioner", {"telecoms": []}, [("practitioner-telecom", "telecoms")]),
        ("practitioner", {"telecoms": [], "organization": None, "roles": [{"text": "coach"}]}, [("practitioner-telecom", "telecoms")]),
        ("practitioner", {"telecoms": [], "organization": None}, []),
        ("practitioner", {"npi": "1234567890"}, [("npi", "npi")]),
        ("organization", {"npi": "1234567890"}, [("npi", "npi")]),
        ("organization", {"name": None, "active": None}, [("organization-name", "name"), ("organization-active", "active")]),
        ("related_person", {"active": None}, [("related-person-active", "active")]),
        ("related_person", {"names": []}, [("related-person-name", "names")]),
        ("related_person", {"names": [], "relationship": [{"text": "aunt"}]}, []),
        ("place", {"name": None}, [("place-name", "name")]),
        ("place", {"kinds": [{"text": "quiet room"}]}, [("place-kind", "kinds")]),
        ("place", {"kinds": [{"codings": [{"system": "urn:x", "code": "y"}]}]}, []),
        ("organization", {"addresses": [{"use": "home", "city": "x"}]}, [("organization-home", "addresses")]),
        ("organization", {"telecoms": [{**PHONE, "use": "home"}]}, [("organization-home", "telecoms")]),
        ("organization", {"telecoms": [{**PHONE, "use": "work"}]}, []),
        ("patient", {"languages": [{"code": "kxkKZC"}]}, [("language-tag", "languages.code")]),
        ("patient", {"languages": [{"code": "zh-Hant"}, {"code": "am"}]}, []),
        ("goal", {"language": "english!"}, [("language-tag", "language")]),
        ("goal", {"notes": [{"key": "n", "text": "x"}, {"text": "y"}, {"key": "n", "text": "z"}]}, [("key-twice", "notes[2].key")]),
        ("goal", {"targets": [{"key": "a", "due": "2026"}, {"key": "a", "due": "2026"}]}, [("key-twice", "targets[1].key")]),
        ("goal", {"targets": [{"key": "a", "due": "2026"}], "notes": [{"key": "a", "text": "x"}]}, [("key-twice", "notes[0].key")]),
        ("goal", {"targets": [ranged(2, 1)]}, [("range-order", "targets[0].detail.low")]),
        ("goal", {"targets": [ranged(2, 1, "h", "d")]}, []),
        ("goal", {"targets": [in_words("cups", "cups")]}, []),
        ("goal", {"targets": [{**MEASURED, "detail": OVER}]}, [("plain-amount", "targets[0].detail.denominator.comparator")]),
        ("goal", {"targets": [in_words("cups", "glasses")]}, [("range-order", "targets[0].detail.low")]),
        ("goal", {"targets": [{"due": {"value": 1234567890123456789, "unit": "d"}}]}, [("many-digits", "targets[0].due.value")]),
        ("goal", {"targets": [{**MEASURED, "detail": {"value": 1234567890123456789}}]}, [("many-digits", "targets[0].detail.value")]),
        ("goal", {"targets": [ranged(Decimal("0.123456789012345678"), 1)]}, [("many-digits", "targets[0].detail.low")]),
        ("goal", {"targets": [{**MEASURED, "detail": {"value": Decimal("123456789012345678.12345678901234567")}}]}, []),
        ("goal", {"start": None}, [("goal-start", "start")]),
        ("goal", {"start": None, "targets": [{"due": "2026"}]}, []),
        ("goal", {"targets": [{"due": "2026"}, {"detail": True}]}, [("goal-detail", "targets[1].measure")]),
        ("goal", {"state": "completed"}, [("goal-achievement", "achievement")]),
        ("goal", {"state": "abandoned"}, [("goal-reason", "state_reason")]),
        ("goal", {"state": "on_hold"}, [("goal-reason", "state_reason")]),
        ("goal", {"state": "on_hold", "state_reason": "x"}, []),
        ("goal", {"state_changed_on": "2026-02-28"}, [("goal-changed", "state_changed_on")]),
        ("goal", {"state_changed_on": "2026"}, []),  # as far as is known, not before
        ("goal", {"targets": [{"due": "2025"}]}, [("goal-due", "targets[0].due")]),
        ("goal", {"targets": [{"due": "2026"}, {"due": {"value": 1, "unit": "wk"}}]}, []),
        ("goal", {"expressed_by": {"kind": "patient", "id": "p-2"}}, [("other-patient", "expressed_by")]),
        ("goal", {"notes": [{"text": "x", "by": {"kind": "patient", "id": "p-2"}}]}, [("other-patient", "notes[0].by")]),
        ("goal", {"state": "entered_in_error", "start": None}, []),
        ("session", {"practitioner": None}, [("session-practitioner", "practitioner")]),
        ("session", {"contact": None}, [("session-time", "contact")]),
        ("session", {"contact": None, "minutes": {"min": 30, "max": 30}}, []),
        ("session", {"status": "planned", "contact": None, "booking": {"state": "booked"}}, [("session-booked", "booking.planned")]),
        ("session", {"booking": {"state": "kept", "planned": {"start": PLANNED["start"]}}}, [("session-booked", "booking.planned.end")]),
        ("session", {"booking": {"state": "kept", "planned": PLANNED}}, []),
        ("session", {"status": "cancelled", "booking": {"state": "cancelled", "reason": {"text": "ill"}}}, []),
        ("session", {"booking": {"state": "kept", "planned": PLANNED, "reason": {"text": "x"}}}, [("session-reason", "booking.reason")]),
        ("session", {"booking": {"state": "no_show", "planned": PLANNED}}, [("session-no-show", "status")]),
        ("session", MISSED, []),
        ("session", {**MISSED, "booking": {**MISSED["booking"], "reason": {"text": "x"}}}, [("session-reason", "booking.reason")]),
        ("session", {**MISSED, "booking": {"state": "cancelled", "planned": HALF}}, [("session-booked", "booking.planned.end")]),
        ("session", {"minutes": {"min": 30, "max": 99}}, []),
        ("session", {"minutes": {"min": 31, "max": 31}}, [("session-minutes", "minutes")]),
        ("session", {"cpt": "0593T"}, [("cpt-group", "cpt")]),
        ("session", {"cpt": "0592T", "group": GROUP}, [("cpt-group", "cpt")]),
        ("session", {"cpt": "0593T", "group": GROUP}, []),
        ("session", {"cpt": "0592T", "modality": "async"}, [("cpt-async", "cpt")]),
        ("session", {"cpt": "0592T", "phase": "initial"}, [("cpt-phase", "phase")]),
        ("session", {"cpt": "0591T", "phase": "follow_up"}, [("cpt-phase", "phase")]),
        ("session", {"cpt": "0591T", "phase": "initial"}, []),
        ("session", {"others": [{"who": {"kind": "patient", "id": "p-2"}}]}, [("other-patient", "others.who")]),
        ("session", {"id": f"{GROUP}-1", "group": GROUP}, [("group-id", "id")]),
        ("session", {"id": "GRP-TUESDAY.x", "group": GROUP}, [("group-id", "id")]),
        ("session", {"id": "s-p-1", "group": GROUP}, [("group-id", "id")]),
        ("session", {"id": "s-p-1"}, []),
        ("session", {"id": UUIDS[0], "group": GROUP, "patient": "1"}, []),  # by chance
        ("session", {"id": UUIDS[0], "group": UUIDS[0][:8]}, [("group-id", "id")]),
        ("session", {"status": "entered_in_error", "practitioner": None}, []),
        ("coverage", {"member_id": None}, [("coverage-member", "member_id")]),
        ("coverage", {"member_id": None, "payer": {"kind": "patient", "id": "p-1"}}, []),
        ("coverage", {"relationship": None}, [("coverage-relationship", "relationship")]),
        ("coverage", {"subscriber": {"kind": "patient", "id": "p-2"}}, [("other-patient", "subscriber")]),
        ("claim", {"state": "draft"}, [("claim-draft", "status")]),
        ("claim", {"state": "checked", "status": "draft"}, []),
        ("claim", {"status": "entered_in_error", "lines": [{"sequence": 7, "code": "0592T"}] * 2}, []),
        ("claim", {"diagnoses": []}, [("claim-pointer", "lines[0].diagnoses")]),
        ("claim", {"care_team": [{"sequence": 2, "practitioner": "c-1"}]}, [("claim-pointer", "lines[0].care_team")]),
        ("claim", {"lines": [{"sequence": 7, "code": "0592T"}] * 2}, [("claim-sequence", "lines[1].sequence")]),
        ("claim", {"lines": [{"sequence": n, "code": "0592T"} for n in (7, 5)]}, []),
        ("claim", {"other_coverages": [{"sequence": 2, "coverage": "v-1"}]}, [("claim-coverage", "other_coverages[0].coverage")]),
        ("claim", {"other_coverages": [{"sequence": n, "coverage": "v-2"} for n in (2, 3)]},
                  [("claim-coverage", "other_coverages[1].coverage")]),
        ("claim", {"other_coverages": [{"sequence": 2, "coverage": f"v-{n}"} for n in (2, 3)]},
                  [("claim-sequence", "other_coverages[1].sequence")]),
        ("claim", {"total": {"value": 10**18}}, [("many-digits", "total.value")]),
        ("claim", {"total": {"value": 10**18 - 1}, "lines": [{"sequence": 1, "code": "0592T", "units": 10**18}]},
                  [("many-digits", "lines[0].units")]),
        ("claim", {"prior": {"claim": "m-1"}}, [("claim-prior", "prior.claim")]),
        ("claim", {"lines": [priced("0.10"), priced("0.20", 5)], "total": usd("0.30")}, []),
        ("claim", {"lines": [priced("0.10"), priced("0.20", 5)], "total": usd("0.31")}, [("claim-total", "total")]),
        ("claim", {"lines": [priced("0.10"), {"sequence": 5, "code": "0592T"}], "total": usd("0.31")}, []),
        ("claim", {"lines": [priced("0.10", units=3, unit_price=usd("0.03"))]}, [("claim-net", "lines[0].net")]),
        ("claim", {"lines": [priced("0.10", units=3, unit_price=usd("0.0333"))]}, []),
        ("claim", {"lines": [priced("0.10"), priced("0.20", 5)], "total": usd("9", "EUR")}, [("claim-currency", "total.currency")]),
        ("patient", {"birth_date": "2026-03-02", "deceased": "2026-03-01"}, [("patient-death", "deceased")]),
        ("patient", {"birth_date": "2026-03-02", "deceased": "2026-03-02T10:00:00Z"}, []),
        # 04:30 of 2 March by Greenwich, and a day begins and ends anywhere on earth: nobody can tell.
        ("patient", {"birth_date": "2026-03-02", "deceased": "2026-03-01T23:30:00-05:00"}, []),
        ("patient", {"birth_date": "2026-03-02", "deceased": "2026-03-01T04:30:00-05:00"}, [("patient-death", "deceased")]),
        ("patient", {"birth_date": "2026-03-02", "deceased": True}, []),
        ("group_session", {"planned": {"start": PLANNED["end"], "end": PLANNED["start"]}}, [("interval-order", "planned.end")]),
    ],
)  # fmt: skip
def test_a_record_that_lacks_something(kind: str, fields: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert rules(kind, **fields) == found


@pytest.mark.parametrize(
    ("intervals", "found"),
    [
        (["10:00-04:00 10:00-05:00"], []),  # an hour
        (["10:00-05:00 10:30-04:00"], [("interval-order", "contact.intervals[0].end")]),
        (["10:00Z 10:20Z", "10:20Z 10:40Z"], []),
        (["10:00Z 10:20Z", "10:19Z 10:40Z"], [("interval-overlap", "contact.intervals[1]")]),
        (["10:00Z", "10:19Z 10:40Z"], [("interval-overlap", "contact.intervals[1]")]),
        (["10:00Z 10:20Z", "10:20Z"], []),
    ],
)
def test_intervals_follow_each_other(intervals: list[str], found: list[tuple[str, str]]) -> None:
    def instant(text: str) -> str:
        return f"2026-03-01T{text[:5]}:00{text[5:]}"

    spelt = [dict(zip(("start", "end"), map(instant, one.split()), strict=False)) for one in intervals]
    assert rules("session", contact={"intervals": spelt}) == found


@pytest.mark.parametrize(
    ("zone", "found"),
    [("Asia/Kolkata", False), ("UTC", False), ("Atlantis/Town", True), ("America", True), ("../etc/passwd", True)],
)
def test_a_zone_is_one_of_the_database(zone: str, found: bool) -> None:  # noqa: FBT001
    contact = {"intervals": [PLANNED], "zone": zone}
    assert rules("session", contact=contact) == ([("time-zone", "contact.zone")] if found else [])
    assert rules("group_session", contact=contact) == ([("time-zone", "contact.zone")] if found else [])


def test_breaks_are_no_minutes() -> None:
    intervals = [
        {"start": "2026-03-01T10:00:00Z", "end": "2026-03-01T10:15:00Z"},
        {"start": "2026-03-01T11:00:00Z", "end": "2026-03-01T11:14:30Z"},
    ]
    for minutes, found in ((30, []), (31, [("session-minutes", "minutes")])):
        assert rules("session", contact={"intervals": intervals}, minutes={"min": minutes, "max": minutes}) == found


@pytest.mark.parametrize("digit", range(10))
def test_one_check_digit_only_fits(digit: int) -> None:
    assert is_npi(f"123456789{digit}") is (digit == 3)


def test_goals_and_relatives_of_another_patient() -> None:
    records = [
        record("goal"),
        record("goal", id="g-2", patient="p-2", parent="g-1"),
        record("related_person"),
        record(
            "session", patient="p-2", goals=["g-1", "g-2"], others=[{"who": {"kind": "related_person", "id": "r-1"}}]
        ),
    ]
    assert across(records) == [
        ("other-patient", "goal g-2 parent"),
        ("other-patient", "session s-1 goals"),
        ("other-patient", "session s-1 others.who"),
    ]


def test_a_claim_holds_what_is_of_its_own_patient() -> None:
    """A session of somebody else in the same group must not show up on a claim."""
    line = {"sequence": 1, "code": "0592T", "session": "s-1"}
    records = [
        record("session"),
        record("session", id="s-2", patient="p-2"),
        record("coverage"),
        record("coverage", id="v-2", patient="p-2"),
        record("claim"),
        record("claim", id="m-2", prior={"claim": "m-3"}, coverage="v-2"),
        record("claim", id="m-3", patient="p-2", coverage="v-2", lines=[line]),
    ]
    assert across(records) == [
        ("other-patient", "claim m-2 coverage"),
        ("other-patient", "claim m-2 prior.claim"),
        ("other-patient", "claim m-3 lines[0].session"),
    ]


def test_parents_that_come_round() -> None:
    parents = {"a": "b", "b": "c", "c": "b", "d": "d", "e": "f", "g": "a", "h": "g"}
    found = across(record("goal", id=key, parent=parent) for key, parent in parents.items())
    assert found == [("goal-loop", f"goal {key} parent") for key in "bcd"]


@pytest.mark.parametrize(
    ("deceased", "late"),
    [
        ("2026-02-28", True), ("2026-03-01", False), ("2026-02", True), ("2026", False), ("2025", True), (True, False),
        ("2026-03-01T09:59:00-05:00", True), ("2026-03-01T10:00:00-06:00", False), (None, False),
    ],
)  # fmt: skip
def test_a_session_after_death(deceased: object, late: bool) -> None:  # noqa: FBT001
    booked = {"contact": None, "status": "planned", "booking": {"state": "booked", "planned": PLANNED}}
    records = [
        record("patient", deceased=deceased),
        record("session"),
        record("session", id="s-2", **booked),
        record("session", id="s-3", **(booked | {"status": "cancelled"})),
        record("session", id="s-4", **(booked | {"status": "entered_in_error"})),
    ]
    assert across(records) == [("session-after-death", f"session s-{number}") for number in (1, 2) if late]


def test_nothing_in_the_ids_of_a_group_ties_its_members() -> None:
    def group(*ids: str) -> list[tuple[str, str]]:
        members = [record("session", id=key, patient=f"pat-{n}", group=GROUP) for n, key in enumerate(ids)]
        return across([*members, record("session", id="apart-of-it", group=OTHER_GROUP)])

    assert group(*UUIDS, "apart-or-not", "x", "y") == []
    assert group("tue-03-x", UUIDS[0], "TUE-03y") == [
        ("group-stem", "session TUE-03y id"),
        ("group-stem", "session tue-03-x id"),
    ]
    assert group("x-pat-1", "y") == [("group-id", "session x-pat-1 id")]


def test_a_groups_list_and_its_members_agree() -> None:
    records = [
        record("group_session", sessions=["a", "b", "c", "gone"]),
        record("session", id="a", group=GROUP),
        record("session", id="b", group=OTHER_GROUP),
        record("session", id="c"),
    ]
    assert across(records) == [("group-member", f"group_session {GROUP} sessions")] * 2
    assert {one.message for one in findings_across(entries(*records))} == {
        "lists a session that names another group or none: `b`",
        "lists a session that names another group or none: `c`",
    }


def test_resources_and_withdrawals_lack_nothing() -> None:
    silent = [Entry("x", resource={"resourceType": "Goal"}), Entry("y", "goal", withdrawn="g-1")]
    assert [findings(entry) for entry in silent] == [[], []]
    assert findings_across(silent) == []


def test_an_entry_says_where_it_stands() -> None:
    [finding] = findings(Entry("goals.ndjson:17", "goal", record("goal", start=None)))
    assert str(finding).startswith("goals.ndjson:17 start: warning: has neither a start nor a date due [goal-start]")


CANARY = "Zebra-Quartz-7731"
PLANTED = {
    "names": [{"text": CANARY}], "statement": CANARY, "state_reason": None, "state": "abandoned", "npi": "1234567890",
    "targets": [{"detail": CANARY}], "booking": {"state": "no_show", "reason": {"text": CANARY}}, "cpt": "0593T",
    "contact": {"intervals": [PLANNED, PLANNED], "zone": CANARY}, "private_note": CANARY, "topic": CANARY,
    "extra": {CANARY: CANARY}, "source": {"file": CANARY}, "identifiers": [{"system": CANARY, "value": CANARY}],
}  # fmt: skip


@pytest.mark.parametrize("kind", RECORDS)
def test_no_finding_says_a_value(kind: str) -> None:
    own: dict[str, dict[str, object]] = {
        "action_step": {"state": "active", "text": CANARY},
        "claim": {"state": "draft", "account_number": CANARY, "diagnoses": []},
        "coverage": {"member_id": None, "plan": CANARY},
    }
    planted = {name: value for name, value in PLANTED.items() if name in RECORDS[kind].model_fields} | own.get(kind, {})
    one = record(kind, **planted)
    said = [str(finding) for finding in (*findings(one, "x.ndjson:1"), *findings_across(entries(one)))]
    assert CANARY not in "\n".join(said)
    assert not any(year in "\n".join(said) for year in ("2026", "10:30"))


@given(st.lists(st.sampled_from(sorted(RECORD)).flatmap(RECORD.__getitem__), max_size=4))
def test_any_record_can_be_checked(records: list[Record]) -> None:
    found = [one for entry in entries(*records) for one in findings(entry)] + findings_across(entries(*records))
    assert all(one.rule in RULES for one in found)
