"""Whose a finding is, and which field of the record it is about."""

from typing import Any

import pytest

from fhir_coaching.checks.fields import field_at
from fhir_coaching.checks.told import Weighed, told, weighed
from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.systems import FOCUS, HORIZON
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS

Json = dict[str, Any]

LENS = {version: KINDS["goal"].lens(version, PracticeNames("https://practice.example")) for version in Version}
GOAL: Json = {
    "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "made up"}, "subject": {"reference": "Patient/p1"},
}  # fmt: skip
versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def weigh(resource: Json, there: Json | None, version: Version = R4, *, strict: bool = False) -> Weighed:
    return weighed(resource, there, version, place="goals.ndjson:1", lens=LENS[version].lenses["goal"], strict=strict)


def elements(findings: Any) -> list[str]:
    return [one.element for one in findings]


def targets(*details: Json) -> Json:
    return {**GOAL, "target": list(details)}


SOUND, WRONG = {"measure": {"text": "a"}, "detailString": "b"}, {"detailString": "c"}  # without a measure


@versions
def test_what_is_wrong_alone_is_ours(version: Version) -> None:
    found = weigh(targets(WRONG), None, version)
    assert [(one.rule, one.severity, one.element, one.place) for one in found.stops] == [
        ("gol-1", ERROR, "Goal.target[0]", "goals.ndjson:1 targets[0]")
    ]
    assert found.theirs == ()
    assert weigh(targets(SOUND), None, version) == Weighed()


@versions
def test_what_was_wrong_before_is_theirs(version: Version) -> None:
    found = weigh({**targets(WRONG), "startDate": "2026"}, targets(WRONG), version)
    assert (found.stops, elements(found.theirs), found.theirs[0].severity) == ((), ["Goal.target[0]"], WARNING)


@pytest.mark.parametrize(
    ("there", "now", "ours", "theirs"),
    [
        ([SOUND, WRONG], [WRONG], 0, 1),  # moved up
        ([WRONG], [SOUND, WRONG], 0, 1),  # and down
        ([WRONG], [WRONG, WRONG], 1, 1),  # one of them is new
        ([WRONG], [SOUND, WRONG, WRONG], 1, 1),
        ([WRONG, WRONG], [WRONG], 0, 1),
        ([WRONG, WRONG], [SOUND, WRONG, WRONG], 0, 2),
        ([SOUND], [SOUND, WRONG], 1, 0),
        ([WRONG, SOUND], [SOUND, SOUND], 0, 0),
    ],
)
def test_items_move(there: list[Json], now: list[Json], ours: int, theirs: int) -> None:
    found = weigh(targets(*now), targets(*there))
    assert (len(found.stops), len(found.theirs)) == (ours, theirs)


def test_another_rule_or_another_element_is_ours() -> None:
    there = {**GOAL, "language": "made up", "statusDate": "soon"}
    found = weigh({**there, "statusDate": "2026", "startDate": "soon"}, there)
    assert (elements(found.stops), elements(found.theirs)) == (["Goal.startDate"], ["Goal.language"])


@versions
def test_warnings_are_asked_for(version: Version) -> None:
    doubtful = {**GOAL, "achievementStatus": {"coding": [{"system": "https://practice.example", "code": "made-up"}]}}
    identified = {
        **doubtful,
        "identifier": [{"system": "https://ehr.example", "type": {"coding": [{"code": "made-up"}]}, "value": "1"}],
    }
    assert weigh(identified, None, version) == Weighed()
    strict = weigh(identified, None, version, strict=True)
    assert {one.severity for one in strict.stops} == {WARNING}
    assert weigh(identified, identified, version, strict=True) == Weighed()


@versions
def test_a_warning_of_a_code_that_the_mapping_writes_stops_nothing(version: Version) -> None:
    lens = KINDS["coverage"].lens(version, PracticeNames("https://practice.example")).lenses["coverage"]
    member = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]}
    insurance: Json = {
        "resourceType": "Coverage", "status": "active", "kind": "insurance", "beneficiary": {"reference": "Patient/p1"},
        "payor": [{"reference": "Organization/o1"}], "identifier": [{"type": member, "value": "1"}],
    }  # fmt: skip
    del insurance["payor" if version is R5 else "kind"]
    (one,) = told(insurance, version)
    assert (one.severity, one.rule, one.element) == (WARNING, "code", "Coverage.identifier[0].type")
    assert weighed(insurance, None, version, place="coverages.ndjson:1", lens=lens, strict=True) == Weighed()


def test_what_nobody_is_to_be_told() -> None:
    assert told(GOAL, R4) == told({"resourceType": "MolecularSequence", "x": 1}, R4) == []


FOREIGN = {"coding": [{"system": "https://hospital.example", "code": "x"}]}
FULL: Json = {
    **GOAL,
    "extension": [
        {"url": "https://hospital.example/x", "valueString": "made up"},
        {"url": "http://hl7.org/fhir/StructureDefinition/goal-relationship", "extension": []},
    ],
    "category": [
        FOREIGN,
        {"coding": [{"system": FOCUS, "code": "nutrition"}]},
        {"coding": [{"system": HORIZON, "code": "long-term"}]},
        {"coding": [{"system": FOCUS, "code": "sleep-recharge"}]},
    ],
    "target": [SOUND, {"measure": {"text": "a"}, "dueDate": "2026"}],
    "note": [{"text": "made up"}],
}


@pytest.mark.parametrize(
    ("element", "field"),
    [
        ("Goal.lifecycleStatus", "state"),
        ("Goal._lifecycleStatus.extension[0]", "state"),
        ("Goal.startDate", "start"),
        ("Goal.startCodeableConcept.coding[0]", "start"),
        ("Goal.description.text", "statement"),
        ("Goal.description", ""),
        ("Goal.description.coding[0].code", ""),  # there is none
        ("Goal.subject.reference", "patient"),
        ("Goal.target", "targets"),
        ("Goal.target[1]", "targets[1]"),
        ("Goal.target[1].dueDate", "targets[1].due"),
        ("Goal.target[0].measure.coding[3].code", "targets[0].measure"),
        ("Goal.target[7].dueDate", ""),
        ("Goal.category[0].coding[0].code", ""),
        ("Goal.category[1].coding[0].code", "focus[0]"),
        ("Goal.category[2]", "horizon"),
        ("Goal.category[3].coding[0]", "focus[1]"),
        ("Goal.extension[0].url", ""),
        ("Goal.outcomeCode[0]", ""),
        ("Goal.text.div", ""),
        ("Goal", ""),
        ("", ""),
    ],
)
def test_the_field_of_an_element(element: str, field: str) -> None:
    assert field_at(LENS[R4].lenses["goal"], FULL, element) == field


@pytest.mark.parametrize("wrong", [None, "x", 1, [], {}, [None], {"x": 1}], ids=repr)
@pytest.mark.parametrize("name", ["target", "category", "note", "extension"])
def test_any_json_has_some_field_or_none(name: str, wrong: Any) -> None:
    for element in (f"Goal.{name}", f"Goal.{name}[0]", f"Goal.{name}[0].measure", f"Goal.{name}.x[0]"):
        assert isinstance(field_at(LENS[R4].lenses["goal"], {**FULL, name: wrong}, element), str)
