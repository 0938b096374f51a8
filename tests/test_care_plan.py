"""Engagements: a plan, an episode and a team, what others have in them, and what is refused."""

from typing import Any

import goldens
import pytest

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.narrative import worded
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.records.engagements import Engagement, EngagementStatus, Schedule, Timing
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import replaced

Json = dict[str, Any]
Parts = dict[str, Json | None]

COACH, SECOND = {"practitioner": "c-1", "role": "primary"}, {"practitioner": "c-2", "role": "primary"}
DETAIL = {"detail": {"status": "in-progress", "description": "Physiotherapy, twice a week"}}
AUTHOR = {R4: "author", R5: "custodian"}
both = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def plan(**fields: object) -> Engagement:
    record = read_record("engagement", {"id": "e-1", "patient": "p-1", "status": "active", **fields})
    assert isinstance(record, Engagement)
    return record


def put(record: Engagement, version: Version = R4, base: Parts | None = None, last: Engagement | None = None) -> Parts:
    """All three resources; the gate holds."""
    lens = KINDS["engagement"].lens(version, goldens.NAMES)
    made = lens.put(record, base, last, beside=lens.beside(record, Nearby()))
    assert [fault for one in made.values() for fault in structure_faults(one, version)] == []
    return goldens.full(lens, made)


def got(parts: Parts, version: Version = R4, names: PracticeNames = goldens.NAMES) -> Engagement:
    record: Engagement = KINDS["engagement"].lens(version, names).get(parts, id="e-1")
    return record


def anchor(parts: Parts) -> Json:
    return there(parts, "engagement")


def there(parts: Parts, name: str) -> Json:
    part = parts[name]
    assert part is not None
    return part


def ours(kind: str, key: str) -> Json:
    return {"identifier": {"system": goldens.NAMES.system(kind), "value": key}}


@both
def test_each_status_in_three_words(version: Version) -> None:
    said = {}
    for status in EngagementStatus:
        parts = put(plan(status=status.value, coaches=[COACH]), version)
        said[status.value] = tuple(there(parts, name)["status"] for name in ("engagement", "episode", "team"))
        assert got(parts, version).status is status
    assert said == {
        "planned": ("draft", "planned", "proposed"),
        "active": ("active", "active", "active"),
        "on_hold": ("on-hold", "onhold", "suspended"),
        "completed": ("completed", "finished", "inactive"),
        "discontinued": ("revoked", "cancelled", "inactive"),
        "entered_in_error": ("entered-in-error", "entered-in-error", "entered-in-error"),
    }


@both
@pytest.mark.parametrize(
    ("element", "wrong"), [("status", "unknown"), ("status", "Zebra"), ("status", None), ("intent", "option")]
)
def test_what_is_no_plan_of_a_known_status_is_refused(version: Version, element: str, wrong: object) -> None:
    parts = put(plan(), version)
    parts["engagement"] = {**anchor(parts), element: wrong}
    with pytest.raises(MappingError) as caught:
        got(parts, version)
    (fault,) = caught.value.faults
    assert fault.element == f"CarePlan.{element}"
    assert "Zebra" not in str(fault)
    assert {"status": "on-hold", "intent": "plan"}[element] in str(fault) or wrong is None


@both
def test_what_is_of_others_stays_as_it_was(version: Version) -> None:
    record = plan(title="Walk", goals=["g-1"], steps=["a-1"], addresses=["x-1"], coaches=[COACH])
    parts, activity = put(record, version), {R4: DETAIL, R5: {"progress": [{"text": "well"}]}}[version]
    base = anchor(parts)
    theirs: Json = {
        "category": {"text": "Longitudinal"},
        "careTeam": {"reference": "CareTeam/hospital"},
        "goal": {"reference": "Goal/hospital"},
        "activity": activity,
        "addresses": {R4: {"reference": "Condition/9"}, R5: {"concept": {"text": "frailty"}}}[version],
        "contributor": {"reference": "Practitioner/9"},
    }
    for key, element in theirs.items():
        base[key] = [element, *base.get(key, [])]
    base["text"] = {"status": "additional", "div": "<div>by hand</div>"}
    edited = plan(
        title="Dance", goals=["g-2"], steps=["a-2", "a-1"], coaches=[{"practitioner": "c-2", "role": "primary"}]
    )
    made = anchor(put(edited, version, parts, record))
    assert {key: made[key][0] for key in theirs} == theirs
    assert made["text"] == base["text"]
    assert made["title"] == "Dance"
    again: Parts = {**parts, "engagement": made}
    assert [*got(again, version).goals, *got(again, version).steps] == ["g-2", "a-2", "a-1"]
    bare = anchor(put(plan(), version, again, edited))
    assert {key: bare[key] for key in theirs} == {key: [element] for key, element in theirs.items()} | {
        "category": base["category"]
    }


@both
def test_one_primary_coach_is_responsible(version: Version) -> None:
    author = AUTHOR[version]
    alone, two = plan(coaches=[COACH]), plan(coaches=[COACH, SECOND])
    assert ours("practitioner", "c-1").items() <= anchor(put(alone, version))[author].items()
    assert author not in anchor(put(two, version))
    assert author not in anchor(put(plan(coaches=[{"practitioner": "c-1", "role": "supervisor"}]), version))
    twice = plan(coaches=[COACH, {**COACH, "period": {"start": "2026-03"}}])
    assert author in anchor(put(twice, version))
    parts = put(alone, version)
    parts = put(two, version, parts, alone)
    assert author not in anchor(parts)
    parts = put(plan(coaches=[SECOND]), version, parts, two)
    assert ours("practitioner", "c-2").items() <= anchor(parts)[author].items()


def of_others() -> Json:
    """A plan as a US Core server has it: no category of ours, literal references, activities in words."""
    return {
        "resourceType": "CarePlan", "id": "77", "meta": {"versionId": "2"},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Lose weight</div>'},
        "status": "active", "intent": "plan",
        "category": [{"coding": [{"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}]}],
        "subject": {"reference": "Patient/5", "display": "somebody"},
        "period": {"start": "2025-11-02"},
        "author": {"reference": "Practitioner/3"},
        "careTeam": [{"reference": "CareTeam/4"}],
        "addresses": [{"reference": "Condition/6"}, {"reference": "Condition/unknown"}],
        "goal": [{"reference": "Goal/8"}, {"reference": "Goal/unknown"}],
        "activity": [DETAIL, {"reference": {"reference": "ServiceRequest/7"}}],
    }  # fmt: skip


def test_a_plan_of_others_is_read_and_left_as_it_was() -> None:
    names = PracticeNames("https://practice.example")
    for address, kind in {
        "Patient/5": "patient", "Goal/8": "goal", "Condition/6": "condition", "ServiceRequest/7": "action_step",
    }.items():  # fmt: skip
        names.learn(address, kind, "ours")
    lens, parts = KINDS["engagement"].lens(R4, names), Parts(engagement=of_others(), episode=None, team=None)
    read = got(parts, names=names)
    assert (read.goals, read.steps, read.addresses) == (("ours",), ("ours",), ("ours",))
    assert (read.title, read.coaches, str(read.period and read.period.start)) == (None, (), "PartialDate('2025-11-02')")
    assert anchor({**parts, **lens.put(read, {"engagement": of_others()})}) == of_others()
    made = lens.put(replaced(read, title="Lighter"), {"engagement": of_others()})  # only the plan was looked for
    assert made == {"engagement": {**of_others(), "title": "Lighter"}}
    with pytest.raises(MappingError, match="that we know"):
        got(parts)


def test_a_plan_of_activities_in_words_only_has_no_steps() -> None:
    parts = put(plan())
    parts["engagement"] = {**anchor(parts), "activity": [DETAIL]}
    assert got(parts).steps == ()
    assert anchor(put(got(parts), base=parts))["activity"] == [DETAIL]
    theirs, added = anchor(put(plan(steps=["a-1"]), base=parts))["activity"]
    assert theirs == DETAIL
    assert set(added) == {"reference"}  # cpl-3: a reference or a detail, not both


@both
def test_goals_keep_the_order_of_the_record(version: Version) -> None:
    record = plan(goals=["g-3", "g-1", "g-2"])
    parts = put(record, version)
    assert got(parts, version).goals == ("g-3", "g-1", "g-2")
    anchor(parts)["goal"][1]["display"] = "theirs"
    edited = plan(goals=["g-2", "g-3", "g-1"])
    made = anchor(put(edited, version, parts, record))["goal"]
    assert [one["identifier"]["value"] for one in made] == ["g-2", "g-3", "g-1"]
    assert made[2]["display"] == "theirs"


@both
def test_a_team_comes_and_goes_with_the_coaches(version: Version) -> None:
    alone, coached = plan(), plan(coaches=[COACH])
    parts = put(alone, version)
    assert parts["team"] is None
    assert "careTeam" not in anchor(parts)
    parts = put(coached, version, parts, alone)
    team = {R4: "team", R5: "careTeam"}[version]
    for reference in (anchor(parts)["careTeam"][0], there(parts, "episode")[team][0]):
        assert ours("engagement.team", "e-1").items() <= reference.items()
    parts = put(alone, version, parts, coached)
    assert there(parts, "team")["status"] == "entered-in-error"
    assert "careTeam" not in anchor(parts)
    assert team not in there(parts, "episode")
    assert got(parts, version) == alone
    assert got(put(coached, version, parts, alone), version) == coached


@both
def test_other_members_of_a_team_stay(version: Version) -> None:
    parts = put(plan(coaches=[COACH]), version)
    theirs = [
        {"member": {"reference": "Practitioner/9"}, "onBehalfOf": {"reference": "Organization/9"}},
        {"member": {"display": "x"}},
    ]
    there(parts, "team")["participant"] = [theirs[0], *there(parts, "team")["participant"], theirs[1]]
    assert got(parts, version) == plan(coaches=[COACH])
    made = there(put(plan(coaches=[SECOND]), version, parts), "team")["participant"]
    assert [made[0], made[2]] == theirs
    assert ours("practitioner", "c-2").items() <= made[1]["member"].items()


@pytest.mark.parametrize("part", ["episode", "team"])
def test_parts_of_two_patients_are_refused(part: str) -> None:
    parts, others = put(plan(coaches=[COACH])), put(plan(patient="p-2", coaches=[COACH]))
    with pytest.raises(MappingError, match="differs from what another element says") as caught:
        got({**parts, part: others[part]})
    assert "p-2" not in str(caught.value)


@both
def test_the_shapes_of_each_version(version: Version) -> None:
    record = plan(steps=["a-1"], addresses=["x-1"], coaches=[{**COACH, "period": {"start": "2026-03"}}])
    parts = put(record, version)
    (activity,), (address,) = anchor(parts)["activity"], anchor(parts)["addresses"]
    (member,) = there(parts, "team")["participant"]
    step, condition = ours("action_step", "a-1"), ours("condition", "x-1")
    if version is R4:
        assert step.items() <= activity["reference"].items()
        assert condition.items() <= address.items()
        assert member["role"][0]["coding"][0]["code"] == "primary"
        assert member["period"] == {"start": "2026-03"}
    else:
        assert step.items() <= activity["plannedActivityReference"].items()
        assert condition.items() <= address["reference"].items()
        assert member["role"]["coding"][0]["code"] == "primary"
        assert member["coveragePeriod"] == {"start": "2026-03"}


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"frequency": 3, "period": 1, "unit": "wk"}, "3 times every week"),
        ({"frequency": 1, "period": 2, "unit": "d"}, "1 time every 2 days"),
        ({"period": 10, "unit": "min"}, "every 10 minutes"),
        ({"days": ["fri", "mon"], "times": ["07:30:00"]}, "on Monday, Friday at 07:30:00"),
    ],
)
def test_how_often_in_words(schedule: Json, words: str) -> None:
    assert worded(Timing(schedule=Schedule(**schedule))) == words
