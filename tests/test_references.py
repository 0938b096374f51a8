"""References: logical on the way out; on the way in by identifier, by address, or not ours."""

from typing import Any

import pytest

from fhir_coaching.fhir.codecs import bound
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.literals import literal
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.references import reference, references, resolve, who
from fhir_coaching.lens import Wrong
from fhir_coaching.records.values import GoalId, Who, WhoKind

Json = dict[str, Any]
NAMES = PracticeNames("https://practice.example/", {"Goal/17": ("goal", "g-1"), "Patient/9": ("patient", "p-1")})
GOAL = bound(reference(GoalId, "goal"), NAMES)
SOMEBODY = bound(who(WhoKind.PATIENT, WhoKind.PRACTITIONER), NAMES)


def logical(type_: str, kind: str, value: str) -> Json:
    return {"type": type_, "identifier": {"system": f"https://practice.example/{kind}", "value": value}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("Goal/17", "Goal/17"),
        ("https://server.example/fhir/Goal/17", "Goal/17"),
        ("Goal/17/_history/3", "Goal/17"),
        ("https://server.example/fhir/Goal/17/_history/3", "Goal/17"),
        ("urn:uuid:0b3f", "urn:uuid:0b3f"),
        ("#contained", ""),
        ("Goal", ""),
        ("Goal/", ""),
        ("Goal/a b", ""),
        ("Goal/17?x=1", ""),
        ("goal/17", ""),
        (f"Goal/{'x' * 65}", ""),
        ("", ""),
        (None, ""),
        ({"reference": "Goal/17"}, ""),
    ],
)
def test_literal(given: object, found: str) -> None:
    assert literal(given) == found


@pytest.mark.parametrize(
    "raw",
    [
        logical("Goal", "goal", "g-1"),
        {"identifier": {"system": "https://practice.example/goal", "value": "g-1"}},
        {"reference": "Goal/17"},
        {"reference": "https://server.example/fhir/Goal/17/_history/2", "display": "x"},
        {"reference": "Goal/17", **logical("Goal", "goal", "g-1")},
        {"reference": "Goal/unknown", **logical("Goal", "goal", "g-1")},
        {"reference": "Goal/17", "identifier": {"system": "urn:theirs", "value": "7"}},
    ],
)
def test_a_record_that_we_know(raw: Json) -> None:
    assert GOAL.decode(raw) == "g-1"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"display": "x"},
        {"reference": "Goal/18"},
        {"reference": "Patient/9"},
        {"identifier": {"system": "urn:theirs", "value": "g-1"}},
        {"identifier": {"system": "https://practice.example/goal"}},
        {"identifier": {"system": "https://practice.example/goal", "value": 1}},
        {"reference": 7},
    ],
)
def test_one_that_we_do_not_know_is_not_ours(raw: Json) -> None:
    assert GOAL.decode(raw) is NotImplemented


def test_half_of_it_re_pointed() -> None:
    with pytest.raises(Wrong, match="one record and the reference another"):
        GOAL.decode({"reference": "Goal/17", **logical("Goal", "goal", "g-2")})
    with pytest.raises(Wrong, match="an object"):
        GOAL.decode(["Goal/17"])
    with pytest.raises(Wrong, match="an object"):
        GOAL.decode({"identifier": "g-1"})


def test_somebody_by_kind() -> None:
    assert SOMEBODY.decode({"reference": "Patient/9"}) == Who(kind=WhoKind.PATIENT, id="p-1")
    coach = Who(kind=WhoKind.PRACTITIONER, id="c-1")
    assert SOMEBODY.decode(SOMEBODY.encode(coach)) == coach
    assert SOMEBODY.decode({"reference": "Goal/17"}) is NotImplemented
    with pytest.raises(Wrong, match="expected a patient or practitioner"):
        SOMEBODY.encode(Who(kind=WhoKind.ORGANIZATION, id="o-1"))


def test_an_id_that_no_record_can_have() -> None:
    with pytest.raises(Wrong, match="expected an id"):
        SOMEBODY.decode(logical("Patient", "patient", "not / an id"))


def test_resolving_only_adds() -> None:
    known, other = logical("Goal", "goal", "g-1"), logical("Goal", "goal", "g-2")
    resource = {
        "resourceType": "X",
        "identifier": [{"system": "https://practice.example/goal", "value": "g-1"}],
        "a": {"b": [known, other, {"reference": "Goal/5", **known}]},
        "contained": [{"resourceType": "Goal", "type": "x", "identifier": {"system": "s", "value": "v"}}],
        "bare": {"identifier": known["identifier"]},
    }
    before = dumps(resource)
    addresses = {("https://practice.example/goal", "g-1"): "Goal/17"}
    out = resolve(resource, lambda *key: addresses.get(key))
    assert dumps(resource) == before
    assert out == {**resource, "a": {"b": [{"reference": "Goal/17", **known}, other, {"reference": "Goal/5", **known}]}}
    assert next(iter(out["a"]["b"][0])) == "reference"
    assert out["contained"] is resource["contained"]
    assert resolve(resource, lambda *_: None) is resource


def test_every_reference_at_any_depth() -> None:
    known = logical("Goal", "goal", "g-1")
    resource = {
        "resourceType": "X",
        "identifier": [{"system": "s", "value": "v"}],
        "a": [{"b": known}, {"reference": "Goal/1", "identifier": {"value": "v"}}],
        "c": {"identifier": {"system": "no value"}, "type": "Goal"},
        "d": {"identifier": {"value": "v"}},
    }
    assert list(references(resource)) == [known, {"reference": "Goal/1", "identifier": {"value": "v"}}]
