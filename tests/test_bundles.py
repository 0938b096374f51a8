"""Bundles: the same bytes for the same input, references inside by urn:uuid, those outside by a search."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from fhir_coaching.fhir.bundles import opened, own_identifier, query, transaction
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.names import PracticeNames, stable_id
from fhir_coaching.fhir.references import references
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import Exchange, bundles
from fhir_coaching.practice.source import open_source

Json = dict[str, Any]

BASE = "https://practice.example"
SAMPLE = Path(__file__).parent.parent / "examples" / "riverside"


def named(kind: str, value: str, type_: str, **elements: Any) -> tuple[str, str, Json]:
    system = f"{BASE}/{kind}"
    identifier = [{"system": system, "value": value}]
    return system, value, {"resourceType": type_, "identifier": identifier, **elements}


def to(kind: str, value: str, type_: str) -> Json:
    return {"type": type_, "identifier": {"system": f"{BASE}/{kind}", "value": value}}


def test_a_transaction() -> None:
    subject, author = to("patient", "p|1", "Patient"), to("practitioner", "c,1", "Practitioner")
    stranger = to("goal", "none", "Goal")
    resources = [
        named("patient", "p|1", "Patient"),
        named("goal", "g", "Goal", subject=subject, expressedBy=author, extension=[{"valueReference": stranger}]),
    ]
    bundle = transaction(resources, {(f"{BASE}/practitioner", "c,1"): "Practitioner"})
    patient, goal = bundle["entry"]
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")
    assert patient["fullUrl"] == f"urn:uuid:{stable_id(f'{BASE}/patient', 'p|1')}"
    assert patient["request"] == {
        "method": "POST",
        "url": "Patient",
        "ifNoneExist": r"identifier=https%3A%2F%2Fpractice.example%2Fpatient%7Cp%5C%7C1",
    }
    assert goal["resource"]["subject"] == {"reference": patient["fullUrl"], **subject}
    search = r"Practitioner?identifier=https%3A%2F%2Fpractice.example%2Fpractitioner%7Cc%5C%2C1"
    assert goal["resource"]["expressedBy"] == {"reference": search, **author}
    assert goal["resource"]["extension"] == [{"valueReference": stranger}]
    assert "reference" not in resources[1][2]["subject"]


def test_an_id_is_stable() -> None:
    # UUIDv5 in the namespace of URLs; it is in files that others keep, so it never changes.
    assert stable_id("https://practice.example/goal", "g-1") == "b4bbf243-08eb-5736-9507-a2c07d9df883"


@pytest.mark.parametrize("value", ["a|b", "a,b", "a$b", "a\\b", "a&b=c#d?e f", "é", "%7C"])
def test_a_query_says_any_value(value: str) -> None:
    found = query("urn:x", value)
    assert not set(found) & set("|,$&=#? ")
    system, _, escaped = unquote(found).partition("|")
    assert system == "urn:x"
    for sign in "$,|\\":
        escaped = escaped.replace(f"\\{sign}", {"\\": "\0"}.get(sign, sign)) if sign != "\\" else escaped
    assert escaped.replace("\\\\", "\\") == value


def test_own_identifier() -> None:
    resource = {"identifier": [{"system": "a", "value": "1"}, "x", {"system": "b", "value": "2"}, {"system": "b"}]}
    assert [own_identifier(resource, system) for system in ("a", "b", "c")] == ["1", "2", ""]
    assert own_identifier({"identifier": {"system": "a", "value": "1"}}, "a") == ""
    assert own_identifier({}, "a") == ""


def test_opened() -> None:
    goal = {"resourceType": "Goal"}
    assert list(opened(goal)) == [("", goal)]
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:1", "resource": goal},
            {"resource": goal},
            {"response": {}},
            "x",
            {"resource": 1},
        ],
    }
    assert list(opened(bundle)) == [("urn:uuid:1", goal), ("", goal)]
    assert list(opened({"resourceType": "Bundle"})) == []


@pytest.fixture(scope="module", params=[R4, R5], ids=["r4", "r5"])
def made(request: pytest.FixtureRequest) -> tuple[Version, list[Json]]:
    """The sample practice, a Bundle for what is shared and one a patient."""
    exchange = Exchange(KINDS, request.param, PracticeNames(BASE))
    return request.param, list(bundles(exchange, open_source(str(SAMPLE))))


def test_the_sample_is_the_same_bytes_each_time(made: tuple[Version, list[Json]]) -> None:
    version, first = made
    again = bundles(Exchange(KINDS, version, PracticeNames(BASE)), open_source(str(SAMPLE)))
    assert list(map(dumps, again)) == list(map(dumps, first))


def test_each_resource_belongs_to_one_patient(made: tuple[Version, list[Json]]) -> None:
    shared, *patients = made[1]
    assert {entry["request"]["url"] for entry in shared["entry"]} == {
        *("Organization", "Location", "Practitioner", "PractitionerRole")
    }
    assert len(patients) == 14
    for bundle in patients:
        ids = {
            reference["identifier"]["value"]
            for entry in bundle["entry"]
            for reference in references(entry["resource"])
            if reference["identifier"]["system"] == f"{BASE}/patient" and entry["request"]["url"] != "Patient"
        }
        assert len(ids) <= 1


def test_every_reference_leads_somewhere(made: tuple[Version, list[Json]]) -> None:
    _, (shared, *patients) = made
    addresses = {entry["fullUrl"] for entry in shared["entry"]}
    searches = {f"{entry['request']['url']}?{entry['request']['ifNoneExist']}" for entry in shared["entry"]}
    for bundle in (shared, *patients):
        inside = {entry["fullUrl"] for entry in bundle["entry"]}
        assert len(inside) == len(bundle["entry"])
        assert bundle is shared or not inside & addresses
        for entry in bundle["entry"]:
            for reference in references(entry["resource"]):
                if reference["identifier"]["system"] == f"{BASE}/patient" and entry["request"]["url"] == "Patient":
                    continue  # a link to another patient, who is in another Bundle
                assert reference.get("reference") in inside | searches


def test_every_bundle_passes_the_gate(made: tuple[Version, list[Json]]) -> None:
    version, all_of_them = made
    assert [fault for bundle in all_of_them for fault in structure_faults(bundle, version)] == []
