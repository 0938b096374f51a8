"""Rows that see other records: a plan's narrative is made of its goals and steps, and is never written over an author's."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from strategies import RECORD, texts
from test_laws import LENSES

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.lens import R4, R5, KindLens
from fhir_coaching.mappings import KINDS
from fhir_coaching.mappings.care_plan import plan_text
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, to_fhir
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.records import kind_of
from fhir_coaching.records.billing import Claim, ClaimUse
from fhir_coaching.records.coaching import Goal, GoalState
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.engagements import ActionStep, Engagement, EngagementStatus, StepState
from fhir_coaching.records.values import (
    ActionStepId,
    ClaimId,
    CoverageId,
    EngagementId,
    GoalId,
    Label,
    PatientId,
    Record,
    Who,
    WhoKind,
    replaced,
)

Json = dict[str, Any]

GOAL = Goal(id=GoalId("g-1"), patient=PatientId("p-1"), statement="Walk after dinner", state=GoalState.ACTIVE)
STEP = ActionStep(id=ActionStepId("a-1"), patient=PatientId("p-1"), text="Lay out the shoes", state=StepState.ACTIVE)
PLAN = Engagement(
    id=EngagementId("e-1"),
    patient=PatientId("p-1"),
    status=EngagementStatus.ACTIVE,
    goals=(GOAL.id,),
    steps=(STEP.id,),
)
NEAR = Nearby([GOAL, STEP])
OTHER = Nearby([replaced(GOAL, statement="Walk before breakfast"), STEP])

versions = pytest.mark.parametrize("lens", [LENSES["engagement-r4"], LENSES["engagement-r5"]], ids=["R4", "R5"])


def sent(lens: KindLens[Any], record: Record = PLAN) -> dict[str, Json | None]:
    made = lens.put(record, beside=lens.beside(record, NEAR))
    return {name: made.get(name) for name in lens.lenses}


def around(lens: KindLens[Any], *, now: Nearby, before: Nearby) -> Json:
    """What stands near the plan now, and what stood near it when it was sent."""
    return {"beside": lens.beside(PLAN, now), "sent": lens.digests(lens.beside(PLAN, before))}


def there_are(parts: dict[str, Json | None]) -> dict[str, Json]:
    return {name: one for name, one in parts.items() if one}


def words(near: Nearby, plan: Engagement = PLAN) -> str:
    return "".join(ET.fromstring(f"<div>{plan_text(plan, near)}</div>").itertext())  # noqa: S314 - our own


@versions
def test_a_new_plan_says_its_goals_and_steps_in_words(lens: KindLens[Any]) -> None:
    text = there_are(sent(lens))["engagement"]["text"]
    assert text["status"] == "generated"
    assert "Walk after dinner" in text["div"]
    assert "Lay out the shoes" in text["div"]


@versions
def test_what_is_there_is_left_alone_unless_one_knows_what_was_sent(lens: KindLens[Any]) -> None:
    there = sent(lens)
    assert lens.put(PLAN, there, PLAN) == there_are(there)
    for near in (NEAR, OTHER):
        assert lens.put(PLAN, there, PLAN, beside=lens.beside(PLAN, near)) == there_are(there)
    assert lens.put(PLAN, there, PLAN, **around(lens, now=NEAR, before=NEAR)) == there_are(there)


@versions
def test_a_goal_that_changed_changes_the_plan_in_words_and_nothing_else(lens: KindLens[Any]) -> None:
    there = sent(lens)
    before = repr(there)
    made = lens.put(PLAN, there, PLAN, **around(lens, now=OTHER, before=NEAR))
    assert repr(there) == before
    assert "Walk before breakfast" in made["engagement"]["text"]["div"]
    expected = there_are(there)
    expected["engagement"] = {**expected["engagement"], "text": made["engagement"]["text"]}
    assert made == expected
    assert lens.put(PLAN, made, PLAN, **around(lens, now=OTHER, before=OTHER)) == made


@versions
@pytest.mark.parametrize(
    "text",
    [
        {"status": "additional", "div": "<div>Walk after dinner</div>"},
        {"status": "generated", "div": "<div>somebody else's</div>"},
        {"status": "generated"},
        "no narrative at all",
        None,
    ],
)
def test_what_we_did_not_send_is_never_replaced(lens: KindLens[Any], text: object) -> None:
    there = sent(lens)
    plan = {key: value for key, value in (there["engagement"] or {}).items() if key != "text"}
    there["engagement"] = plan if text is None else {**plan, "text": text}
    made = lens.put(replaced(PLAN, title="New"), there, PLAN, **around(lens, now=OTHER, before=NEAR))
    assert made["engagement"].get("text") == text
    assert made["engagement"]["title"] == "New"


@versions
def test_a_server_may_spell_the_markup_anew(lens: KindLens[Any]) -> None:
    there = sent(lens)
    plan = there["engagement"] or {}
    plan["text"]["div"] = plan["text"]["div"].replace("<td>", '<td class="x">\n ')
    made = lens.put(PLAN, there, PLAN, **around(lens, now=OTHER, before=NEAR))
    assert "Walk before breakfast" in made["engagement"]["text"]["div"]


@pytest.mark.parametrize(
    "goal",
    [
        replaced(GOAL, labels=(Label.SUBSTANCE_USE,)),
        replaced(GOAL, labels=(Label.RESTRICTED, Label.TEST_DATA)),
        replaced(GOAL, patient="p-2"),
        replaced(GOAL, state=GoalState.ENTERED_IN_ERROR),
    ],
)
def test_a_plan_tells_nothing_that_is_more_private_or_not_of_its_patient(goal: Goal) -> None:
    assert GOAL.statement not in words(Nearby([goal]))


def test_a_plan_that_is_as_private_tells_it() -> None:
    labels = (Label.SUBSTANCE_USE,)
    assert GOAL.statement in words(Nearby([replaced(GOAL, labels=labels)]), replaced(PLAN, labels=labels))


def test_what_is_not_told_is_counted() -> None:
    assert "1, not told here" in words(Nearby([STEP]))
    assert "2 more, not told here" in words(NEAR, replaced(PLAN, goals=("g-1", "g-2", "g-3")))


@given(RECORD["engagement"], RECORD["goal"], RECORD["action_step"], texts)
def test_whatever_people_write_is_well_formed_and_inert(
    plan: Engagement, goal: Goal, step: ActionStep, text: str
) -> None:
    goal = replaced(goal, id="g-1", patient="p-1", labels=(), statement=f"{text}<script>x</script>\ufffe")
    step = replaced(step, id="a-1", patient="p-1", labels=(), text=f"&amp;{text}\r\n&lt;")
    plan = replaced(plan, patient="p-1", goals=("g-1",), steps=("a-1",))
    for version, which in ((R4, "engagement-r4"), (R5, "engagement-r5")):
        lens = LENSES[which]
        made = lens.put(plan, beside=lens.beside(plan, Nearby([goal, step])))["engagement"]
        assert structure_faults(made, version) == []
        root = ET.fromstring(made["text"]["div"])  # noqa: S314 - our own
        tags = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert tags <= {"div", "h3", "h4", "table", "tbody", "tr", "th", "td", "ol", "ul", "li", "br", "span"}


def test_languages_and_directions_are_kept() -> None:
    goal = replaced(GOAL, statement="أمشي كل يوم", language="ar")
    assert '<span lang="ar" xml:lang="ar" dir="rtl">أمشي كل يوم</span>' in plan_text(PLAN, Nearby([goal]))


@pytest.mark.parametrize(
    "order", [(GOAL, STEP, PLAN), (PLAN, STEP, GOAL), (GOAL, PLAN, STEP)], ids=["before", "after", "around"]
)
def test_converting_tells_what_stands_anywhere_in_the_source(order: tuple[Record, ...]) -> None:
    exchange = Exchange(KINDS, R4, PracticeNames("https://practice.example"))
    entries = [Entry(f"lines:{number}", kind_of(record), record) for number, record in enumerate(order)]
    made = [resource for _, _, resource in to_fhir(exchange, entries)]
    (plan,) = [one for one in made if one["resourceType"] == "CarePlan"]
    assert "Walk after dinner" in plan["text"]["div"]
    assert "Lay out the shoes" in plan["text"]["div"]
    assert sorted(one["resourceType"] for one in made) == ["CarePlan", "EpisodeOfCare", "Goal", "ServiceRequest"]


def test_what_cannot_be_said_is_one_fault_wherever_its_neighbours_stand() -> None:
    exchange = Exchange(KINDS, R4, PracticeNames("https://practice.example"))
    unsayable = Claim(
        id=ClaimId("b-1"), patient=PatientId("p-1"), use=ClaimUse.CLAIM, created=PartialDate("2026-03-01"),
        coverage=CoverageId("v-1"), provider=Who(kind=WhoKind.PATIENT, id="p-1"),
    )  # fmt: skip
    with pytest.raises(MappingError) as raised:
        list(to_fhir(exchange, [Entry("lines:1", "claim", unsayable), Entry("lines:2", "goal", GOAL)]))
    assert [fault.place for fault in raised.value.faults] == ["lines:1 provider"]
