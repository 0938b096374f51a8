"""Where an OperationOutcome of `validate` says that something is: expressions that lead there."""

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import run
from fhirpathpy import evaluate
from fhirpathpy.models import models

from fhir_coaching.lens import R4, R5
from fhir_coaching.report.expressions import simple

Json = dict[str, Any]

BAD_EXTENSION = {"extension": [{"url": "https://example.org/a", "valueCode": " b "}]}
PATIENT: Json = {
    "resourceType": "Patient",
    "birthDate": "2000-01-01",
    "_birthDate": BAD_EXTENSION,
    "deceasedDateTime": "2020-02-30",
    "contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "a"},
                   "valueQuantity": {"value": "1"}, "component": [{"code": {"text": "b"}, "valueString": 1}]}],
}  # fmt: skip
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/1"},
    "startDate": "2026-02-30",
    "target": [{"measure": {"text": "a"}, "dueDate": "2026-13-01", "detailQuantity": {"value": "1"}}],
}
BUNDLE: Json = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": GOAL}]}
OF_PATIENT = [
    "birthDate.extension[0].value",
    "deceased",
    "contained[0].value.value",
    "contained[0].component[0].value",
]
OF_GOAL = ["start", "target[0].due", "target[0].detail.value"]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (PATIENT, [f"Patient.{one}" for one in OF_PATIENT]),
        (GOAL, [f"Goal.{one}" for one in OF_GOAL]),
        (BUNDLE, [*(f"Bundle.entry[0].resource.{one}" for one in OF_PATIENT),
                  *(f"Bundle.entry[1].resource.{one}" for one in OF_GOAL)]),
    ],
    ids=["Patient", "Goal", "Bundle"],
)  # fmt: skip
def test_an_expression_leads_to_what_is_wrong(resource: Json, expected: list[str], tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(resource))
    outcome = json.loads(run("validate", path, "--output", "operationoutcome").stdout)
    said = [at for issue in outcome["issue"] if issue["severity"] == "error" for at in issue["expression"]]
    assert [one for one in said if one in expected] == expected
    assert [one for one in expected if len(evaluate(resource, one, model=models["r4"])) != 1] == []
    told = json.loads(run("validate", path, "--output", "json").stdout)["findings"]
    keys = [one["element"] for one in told if one["severity"] == "error"]
    assert [simple(one, R4) for one in keys] == said
    assert not {*keys} & {*expected}  # for people, and in other forms, it is the keys of the JSON


@pytest.mark.parametrize(
    ("at", "expression"),
    [
        ("Goal", "Goal"),
        ("Goal.start[x]", "Goal.start"),
        ("Goal._startDate.id", "Goal.start.id"),
        ("Goal.target[1].dueDuration.value", "Goal.target[1].due.value"),
        ("Patient.name[0]._given[1].extension[0].valueCode", "Patient.name[0].given[1].extension[0].value"),
        ("Goal.startString", "Goal.startString"),  # an element that there is not
        ("Goal.foo.valueString", "Goal.foo.value"),
        ("Extension.valueQuantity._unit.extension[0].valueCode", "Extension.value.unit.extension[0].value"),
        ("Unheard.of._it.valueString", "Unheard.of.it.value"),
        ("Bundle.entry[0].resource.entry[1].resource.onsetAge", "Bundle.entry[0].resource.entry[1].resource.onset"),
        # A plain element where it may be one, a choice where it cannot.
        ("Bundle.entry[0].resource.locationReference[0]", "Bundle.entry[0].resource.locationReference[0]"),
        ("Bundle.entry[0].resource.item[0].locationReference", "Bundle.entry[0].resource.item[0].location"),
        ("Bundle.entry[0].resource.resourceType", "Bundle.entry[0].resource"),
        ("Goal.resourceType", "Goal"),
        ("resourceType", ""),
        ("", ""),
    ],
)
def test_names_of_elements_and_indices_alone(at: str, expression: str) -> None:
    assert simple(at, R4) == expression


def test_each_version_has_its_own_choices() -> None:
    at = "Observation.instantiatesCanonical"
    assert (simple(at, R4), simple(at, R5)) == (at, "Observation.instantiates")


def test_what_has_no_type_has_no_expression(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"resourceType": 1}')
    (issue,) = json.loads(run("validate", path, "--output", "operationoutcome").stdout)["issue"]
    assert (issue["code"], "expression" in issue) == ("structure", False)
