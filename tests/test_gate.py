"""The gate: faults of structure with their place, never a value of the resource, never a bare KeyError."""

import subprocess
import sys
from typing import Any

import pytest

from fhir_coaching.fhir.gate import model, structure_faults
from fhir_coaching.fhir.json import loads
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "x"},
    "subject": {"display": "x"},
}
CANARY = "canary-Zoe-1980-02-01"


def said(resource: Json, version: Version = R4) -> list[tuple[str, str]]:
    return [(fault.element, fault.message) for fault in structure_faults(resource, version)]


@pytest.mark.parametrize("version", [R4, R5])
def test_a_sound_resource(version: Version) -> None:
    assert said(GOAL, version) == []


@pytest.mark.parametrize(
    ("change", "element", "message"),
    [
        ({"bogus": CANARY}, "Goal.bogus", "FHIR has no such element here"),
        ({"startDate": CANARY}, "Goal.startDate", None),
        ({"target": [{}, {"dueDate": CANARY}]}, "Goal.target[1].dueDate", None),
        ({"note": [{"text": [CANARY]}]}, "Goal.note[0].text", None),
        ({"target": CANARY}, "Goal.target", None),
        ({"target": [{"dueDate": "2026", "dueDuration": {"value": 1}}]}, None, None),
        ({"identifier": [{"value": {"text": CANARY}}]}, "Goal.identifier[0].value", None),
    ],
)
@pytest.mark.parametrize("version", [R4, R5])
def test_a_fault_has_its_place_and_no_value(
    version: Version, change: Json, element: str | None, message: str | None
) -> None:
    faults = structure_faults({**GOAL, **change}, version)
    assert faults
    assert CANARY not in repr(faults)
    if element:
        assert element in {fault.element for fault in faults}
    if message:
        assert message in {fault.message for fault in faults}


@pytest.mark.parametrize("url", [[1], {}, [[]], 5])
def test_a_url_that_is_no_text(url: object) -> None:
    attachment: Json = {"attachment": {"url": url}}
    document: Json = {"resourceType": "DocumentReference", "status": "current", "content": [attachment]}
    assert [element for element, _ in said(document)] == ["DocumentReference.content"]


def test_a_missing_element() -> None:
    faults = said({key: value for key, value in GOAL.items() if key != "description"})
    assert faults
    assert all(CANARY not in message for _, message in faults)


def test_all_faults_at_once() -> None:
    faults = said({**GOAL, "startDate": 1, "target": [{"dueDate": 2}], "bogus": 3})
    assert {element for element, _ in faults} >= {"Goal.startDate", "Goal.target[0].dueDate", "Goal.bogus"}


@pytest.mark.parametrize("type_", ["Bogus", "goal", "Patient_", "os", "__init__", "fhirtypes", "Element"])
def test_an_unknown_type(type_: str) -> None:
    assert said({"resourceType": type_}) == [("resourceType", "FHIR R4 has no resource of this type")]
    with pytest.raises(KeyError):
        model(type_, R4)


@pytest.mark.parametrize("type_", [None, 7, "", "a.b", "../x", [CANARY], f"{CANARY} x"])
def test_what_is_no_type(type_: object) -> None:
    assert said({"resourceType": type_}) == [("resourceType", "expected the name of a resource type")]
    assert said({}) == [("resourceType", "expected the name of a resource type")]


@pytest.mark.parametrize("version", [R4, R5])
@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("Bogus", "has no resource of this type"),
        ("HumanName", "has no resource of this type"),
        (f"{CANARY} x", "expected the name of a resource type"),
        ([CANARY], "expected the name of a resource type"),
        (None, "expected the name of a resource type"),
    ],
)
def test_an_unknown_type_inside(version: Version, inner: object, message: str) -> None:
    # fhir.resources raises a bare KeyError or TypeError here
    resource = {"resourceType": inner}
    ((element, text),) = said({**GOAL, "contained": [GOAL, resource]}, version)
    assert element == "Goal.contained[1].resourceType"
    assert message in text
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": resource}]}
    ((element, text),) = said(bundle, version)
    assert element == "Bundle.entry[0].resource.resourceType"
    assert message in text


def test_a_type_of_the_other_version() -> None:
    assert said({"resourceType": "Transport"}, R4) == [("resourceType", "FHIR R4 has no resource of this type")]
    assert "no resource type" not in repr(said({"resourceType": "Transport"}, R5))


def test_an_element_of_the_other_version() -> None:
    four, five = {**GOAL, "expressedBy": {"display": "x"}}, {**GOAL, "source": {"display": "x"}}
    assert (said(four, R4), said(five, R5)) == ([], [])
    assert said(four, R5) == [("Goal.expressedBy", "FHIR has no such element here")]
    assert said(five, R4) == [("Goal.source", "FHIR has no such element here")]


def test_exact_decimals_pass_and_are_not_changed() -> None:
    resource = loads(
        '{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"display":"x"},'
        '"target":[{"measure":{"text":"x"},"detailQuantity":{"value":3141592.653589793238462}}]}'
    )
    before = repr(resource)
    assert said(resource) == []
    assert repr(resource) == before


def test_the_models_load_when_they_are_asked_for() -> None:
    code = "import sys, fhir_coaching.fhir.gate; print([m for m in sys.modules if m.startswith('fhir.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
