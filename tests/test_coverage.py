"""Coverages: who pays, in both versions."""

from typing import Any

import pytest

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.codecs import bare
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.systems import ABSENT_REASON
from fhir_coaching.lens import R4, R5, Json, KindLens, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.billing import Coverage
from fhir_coaching.records.spelling import read_record

BASE = "https://practice.example"
FIELDS: Json = {
    "id": "cov-1", "patient": "p-1", "payer": {"kind": "organization", "id": "o-9"}, "member_id": "M123", "relationship": "child",
    "subscriber": {"kind": "related_person", "id": "r-1"}, "plan": "Gold", "group": "G-5", "period": {"start": "2026-01-01"}, "order": 1,
}  # fmt: skip


def coverage(**fields: object) -> Coverage:
    record = read_record("coverage", bare(**{**FIELDS, **fields}))
    assert isinstance(record, Coverage)
    return record


def lens(version: Version) -> KindLens[Any]:
    return KINDS["coverage"].lens(version, PracticeNames(BASE))


def sent(record: Coverage, version: Version) -> Json:
    """The resource of a record, as it comes out of bytes; the way back and the gate hold."""
    resource: Json = loads(dumps(lens(version).put(record)["coverage"]))
    assert structure_faults(resource, version) == []
    assert repr(lens(version).get({"coverage": resource}, record)) == repr(record)
    return resource


def meant(reference: Json) -> str:
    """`goal 17` for a reference to goal 17."""
    system = str(reference["identifier"]["system"])
    return f"{system.removeprefix(BASE + '/')} {reference['identifier']['value']}"


def test_what_it_is_in_r4() -> None:
    resource = sent(coverage(), R4)
    (payor,) = resource["payor"]
    assert meant(payor) == "organization o-9"
    assert resource["identifier"][1] == {
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MB"}]},
        "value": "M123",
    }
    assert resource["subscriberId"] == "M123"
    assert [(one["type"]["coding"][0]["code"], one["value"]) for one in resource["class"]] == [
        ("plan", "Gold"),
        ("group", "G-5"),
    ]
    assert (resource["status"], resource["relationship"]["coding"][0]["code"]) == ("active", "child")
    assert "kind" not in resource


def test_what_it_is_in_r5() -> None:
    resource = sent(coverage(), R5)
    assert (resource["kind"], meant(resource["insurer"])) == ("insurance", "organization o-9")
    assert resource["subscriberId"] == [{"value": "M123"}]
    assert [one["value"] for one in resource["class"]] == [{"value": "Gold"}, {"value": "G-5"}]
    assert not resource.keys() & {"payor", "paymentBy"}


@pytest.mark.parametrize("payer", [{"kind": "patient", "id": "p-1"}, {"kind": "related_person", "id": "r-1"}])
def test_somebody_who_pays_without_an_insurance(payer: Json) -> None:
    record = coverage(payer=payer, member_id=None)
    who = f"{payer['kind']} {payer['id']}"
    assert meant(sent(record, R4)["payor"][0]) == who
    resource = sent(record, R5)
    assert (resource["kind"], [meant(one["party"]) for one in resource["paymentBy"]]) == ("self-pay", [who])
    assert not resource.keys() & {"insurer", "subscriberId"}


def test_who_pays_without_an_insurance_is_no_member() -> None:
    """us-core-15 takes why there is no number; whoever has one says it, and an insurance without one lacks it."""
    myself = {"kind": "patient", "id": "p-1"}
    why = {"extension": [{"url": ABSENT_REASON, "valueCode": "not-applicable"}]}
    alone = coverage(payer=myself, member_id=None)
    resource = sent(alone, R4)
    assert resource["_subscriberId"] == why
    member = lens(R4).put(coverage(payer=myself), {"coverage": resource}, alone)["coverage"]
    assert member["subscriberId"] == "M123"
    assert "_subscriberId" not in member
    assert sent(coverage(member_id=None), R4).keys() & {"subscriberId", "_subscriberId"} == set()


@pytest.mark.parametrize(
    ("version", "element", "value"),
    [
        (R4, "status", "unknown"),
        (R5, "status", None),
        (R4, "payor", [{"display": "who knows"}]),
        (R4, "payor", []),
        (R5, "insurer", {"display": "who knows"}),
    ],
)
def test_a_coverage_that_is_refused(version: Version, element: str, value: Any) -> None:
    resource = bare(**{**sent(coverage(), version), element: value})
    with pytest.raises(MappingError):
        lens(version).get({"coverage": resource}, id="cov-1")


def test_others_may_name_an_insurer_beside_those_who_pay() -> None:
    """`kind` says who it is: an employer may pay for an insurance, and an insurer may stand on what a patient pays."""
    resource = sent(coverage(), R5)
    patient = {"type": "Patient", "identifier": {"system": f"{BASE}/patient", "value": "p-1"}}
    resource["paymentBy"] = [{"party": patient}]
    for kind, payer in (("insurance", "o-9"), ("other", "o-9"), ("self-pay", "p-1")):
        base = {"coverage": {**resource, "kind": kind}}
        read = lens(R5).get(base, id="cov-1")
        assert read.payer.id == payer
        assert lens(R5).put(read, base) == base
    insured = coverage(payer={"kind": "organization", "id": "o-2"})
    made = lens(R5).put(insured, {"coverage": {**resource, "kind": "self-pay"}})["coverage"]
    assert (made["kind"], meant(made["insurer"]), "paymentBy" in made) == ("insurance", "organization o-2", False)


def test_kind_is_not_read_where_it_says_nothing_more() -> None:
    resource = sent(coverage(), R5)
    del resource["kind"]
    assert lens(R5).get({"coverage": resource}, id="cov-1") == coverage()
