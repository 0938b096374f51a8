"""Service requests: a patient's next step and a referral, told apart; what others have in them; what is refused."""

from decimal import Decimal
from typing import Any

import goldens
import pytest

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.names import Routes
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.engagements import ActionStep, Referral, ReferralStatus, StepState
from fhir_coaching.records.spelling import read_record

Json = dict[str, Any]

STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
both = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
kinds = pytest.mark.parametrize("kind", ["action_step", "referral"])


def step(**fields: object) -> ActionStep:
    record = read_record("action_step", {"id": "a-1", "patient": "p-1", "state": "active", **fields})
    assert isinstance(record, ActionStep)
    return record


def referral(**fields: object) -> Referral:
    record = read_record("referral", {"id": "f-1", "patient": "p-1", "status": "active", **fields})
    assert isinstance(record, Referral)
    return record


def put(record: ActionStep | Referral, version: Version = R4, base: Json | None = None, last: Any = None) -> Json:
    """The resource; the gate holds."""
    kind = "action_step" if isinstance(record, ActionStep) else "referral"
    made = KINDS[kind].lens(version, goldens.NAMES).put(record, base and {kind: base}, last)[kind]
    assert structure_faults(made, version) == []
    return made


def got(kind: str, resource: Json, version: Version = R4) -> Any:
    return KINDS[kind].lens(version, goldens.NAMES).get({kind: resource}, id="r-1")


def step_of(resource: Json, version: Version = R4) -> ActionStep:
    found = got("action_step", resource, version)
    assert isinstance(found, ActionStep)
    return found


@both
def test_a_step_and_a_referral_are_told_apart(version: Version) -> None:
    """By the system of their identifier, and by their intent: a plan is no order."""
    plan, order = put(step(), version), put(referral(), version)
    routes = Routes(KINDS, goldens.NAMES)
    assert routes.of(plan) == ("action_step", "action_step", "a-1")
    assert routes.of(order) == ("referral", "referral", "f-1")
    assert (plan["intent"], order["intent"]) == ("plan", "order")
    assert "performer" not in order
    for kind, resource in (("action_step", order), ("referral", plan)):
        with pytest.raises(MappingError) as caught:
            got(kind, resource, version)
        assert [fault.element for fault in caught.value.faults] == ["ServiceRequest.intent"]


@both
@kinds
def test_a_status_that_we_do_not_know_is_refused(version: Version, kind: str) -> None:
    resource = put(step() if kind == "action_step" else referral(), version)
    for status in ("unknown", "Zebra"):
        with pytest.raises(MappingError, match="unknown code; known: draft, active, on-hold") as caught:
            got(kind, {**resource, "status": status}, version)
        assert "Zebra" not in str(caught.value)


def test_every_state_has_a_code_of_its_own() -> None:
    said = {state: put(step(state=state.value))["status"] for state in StepState}
    assert (said[StepState.ENDED], said[StepState.DROPPED], said[StepState.PLANNED]) == (
        "completed",
        "revoked",
        "draft",
    )
    assert len(set(said.values())) == len(StepState)
    assert {put(referral(status=status.value))["status"] for status in ReferralStatus} == set(said.values())


@both
def test_a_steps_words_stand_beside_codes_of_others(version: Version) -> None:
    coding = [{"system": "http://snomed.info/sct", "code": "229065009"}]
    base = put(step(text="Walk"), version)
    concept = base["code"] if version is R4 else base["code"]["concept"]
    concept["coding"] = coding
    made = put(step(text="Swim"), version, base)
    assert made["code"] == (
        {"coding": coding, "text": "Swim"} if version is R4 else {"concept": {"coding": coding, "text": "Swim"}}
    )
    made = put(step(), version, made)
    assert made["code"] == ({"coding": coding} if version is R4 else {"concept": {"coding": coding}})
    assert step_of(made, version).text is None  # a code is no patient's words
    assert put(step(text="Walk"), version)["code"] == (
        {"text": "Walk"} if version is R4 else {"concept": {"text": "Walk"}}
    )


@both
def test_who_else_performs_stays(version: Version) -> None:
    theirs = [{"reference": "Practitioner/9"}, {"display": "a sister"}]
    base = put(step(), version)
    base["performer"] = [theirs[0], *base["performer"], theirs[1]]
    base["priority"] = "urgent"
    made = put(step(patient="p-2"), version, base)
    assert [made["performer"][0], made["performer"][2]] == theirs
    assert made["performer"][1]["identifier"]["value"] == "p-2"
    assert made["priority"] == "urgent"


@both
def test_a_cue_is_one_instruction(version: Version) -> None:
    made = put(step(cue="after *dinner*"), version)
    one = "after *dinner*" if version is R4 else [{"instructionMarkdown": "after *dinner*"}]
    assert made["patientInstruction"] == one
    assert step_of(made, version).cue == "after *dinner*"


def test_instructions_that_say_more_than_a_cue_are_left_alone() -> None:
    several = [{"instructionMarkdown": "one"}, {"instructionMarkdown": "two"}]
    document = [{"instructionReference": {"reference": "DocumentReference/9"}}]
    for said in (several, document):
        base = {**put(step(text="Walk"), R5), "patientInstruction": said}
        assert step_of(base, R5).cue is None
        assert put(step(text="Swim"), R5, base)["patientInstruction"] == said


@pytest.mark.parametrize(
    ("timing", "said"),
    [
        ({"start": "2026-03-02", "due": "2026-03-09"}, {"occurrencePeriod": {"start": "2026-03-02", "end": "2026-03-09"}}),
        ({"due": "2026-03-09"}, {"occurrencePeriod": {"end": "2026-03-09"}}),
        (
            {"due": "2026-03-09", "schedule": {"frequency": 3, "period": Decimal("1.0"), "unit": "wk"}},
            {"occurrenceTiming": {"repeat": {
                "boundsPeriod": {"end": "2026-03-09"}, "frequency": 3, "period": Decimal("1.0"), "periodUnit": "wk",
            }}},
        ),
        (
            {"schedule": {"days": ["sun", "mon"], "times": ["22:00:00", "07:30:00"]}},
            {"occurrenceTiming": {"repeat": {"dayOfWeek": ["mon", "sun"], "timeOfDay": ["07:30:00", "22:00:00"]}}},
        ),
    ],
)  # fmt: skip
@both
def test_when_a_step_is_to_be_done(version: Version, timing: Json, said: Json) -> None:
    made = put(step(timing=timing), version)
    assert {key: made[key] for key in made if key.startswith("occurrence")} == said
    assert step_of(made, version).timing == step(timing=timing).timing
    later = put(step(timing={"due": "2027"}), version, made)
    assert {key for key in later if key.startswith("occurrence")} == {"occurrencePeriod"}
    assert not [key for key in put(step(), version, made) if key.startswith("occurrence")]


def test_a_single_day_is_start_and_due() -> None:
    base = {**put(step()), "occurrenceDateTime": "2026-03-09"}
    timing = step_of(base).timing
    assert timing is not None
    assert timing.start == timing.due
    assert (
        put(step(text="x", timing={"start": "2026-03-09", "due": "2026-03-09"}), base=base)["occurrenceDateTime"]
        == "2026-03-09"
    )


def test_a_schedule_of_others_is_left_alone_while_ours_says_the_same() -> None:
    """FHIR can say much more of a timing than a record: it goes only when the timing itself is edited."""
    timing = {"schedule": {"frequency": 1, "period": 1, "unit": "d"}}
    base = put(step(timing=timing))
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", "count": 10, "when": ["MORN"], "offset": 30}
    base["occurrenceTiming"] = {"repeat": repeat, "code": {"text": "QD"}}
    read = step_of(base)
    assert read.timing == step(timing=timing).timing
    assert put(step(timing=timing, state="ended"), base=base)["occurrenceTiming"] == base["occurrenceTiming"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"occurrenceDateTime": "2026-03-09", "occurrencePeriod": {"start": "2026"}},
        {"occurrenceTiming": {"repeat": {"period": 1}}},
        {"occurrenceTiming": {"repeat": {"dayOfWeek": ["someday"]}}},
        {"occurrenceTiming": {"repeat": {"timeOfDay": ["25:00:00"]}}},
        {"occurrenceTiming": {"repeat": {"frequency": "often"}}},
        {"occurrencePeriod": {"start": "soon"}},
    ],
)
def test_a_timing_that_is_none_is_refused(wrong: Json) -> None:
    with pytest.raises(MappingError) as caught:
        step_of({**put(step()), **wrong})
    assert caught.value.faults[0].element.startswith("ServiceRequest.occurrence")
    assert not any(word in str(caught.value) for word in ("someday", "25:00", "often", "soon"))


@both
def test_a_result_is_a_code_of_ours(version: Version) -> None:
    made = put(step(state="dropped", result="not_met"), version)
    (extension,) = made["extension"]
    assert extension["url"] == STATUS_REASON
    extension["valueCodeableConcept"] = {"text": "the pool is closed"}
    read = step_of(made, version)
    assert (read.state, read.result) == (StepState.DROPPED, None)
    assert put(step(state="dropped", text="Swim"), version, made)["extension"] == [extension]


@both
def test_the_shapes_of_a_referral(version: Version) -> None:
    record = referral(
        number="REF 7", requested={"text": "coaching"}, reasons=[{"text": "pain"}], authorised_units=Decimal("12.0"),
        requester={"kind": "organization", "id": "o-1"}, period={"start": "2026"},
    )  # fmt: skip
    made = put(record, version)
    assert made["code"] == ({"text": "coaching"} if version is R4 else {"concept": {"text": "coaching"}})
    assert made[{R4: "reasonCode", R5: "reason"}[version]] == [
        {"text": "pain"} if version is R4 else {"concept": {"text": "pain"}}
    ]
    assert repr(made["quantityQuantity"]["value"]) == "Decimal('12.0')"
    assert made["requester"]["type"] == "Organization"
    assert made["requisition"] == {"value": "REF 7"}


@both
def test_what_is_of_others_in_a_referral_stays(version: Version) -> None:
    base = put(referral(number="7", requested={"text": "coaching"}, reasons=[{"text": "pain"}]), version)
    base["requisition"]["system"] = "urn:theirs"
    base["quantityRange"] = {"low": {"value": 1}, "high": {"value": 12}}
    base["occurrenceDateTime"] = "2026-03-09"
    why = {R4: "reasonReference", R5: "reason"}[version]
    theirs = {R4: {"reference": "Condition/9"}, R5: {"reference": {"reference": "Condition/9"}}}[version]
    base[why] = [theirs, *base.get(why, [])]
    read = got("referral", base, version)
    assert (read.authorised_units, read.period, len(read.reasons)) == (None, None, 1)
    made = put(referral(number="8", requested={"text": "coaching"}), version, base)
    assert made["requisition"] == {"system": "urn:theirs", "value": "8"}
    assert made[why] == [theirs]
    assert {key: made[key] for key in ("quantityRange", "occurrenceDateTime")} == {
        key: base[key] for key in ("quantityRange", "occurrenceDateTime")
    }
