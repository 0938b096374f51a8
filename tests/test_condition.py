"""Conditions: categories, statuses that FHIR forbids or demands, and who said so."""

from typing import Any

import goldens
import pytest

from fhir_coaching.errors import MappingError
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import withdrawn
from fhir_coaching.practice.findings import findings
from fhir_coaching.records.conditions import ClinicalStatus, Condition, Verification
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import replaced

Json = dict[str, Any]

TERM = "http://terminology.hl7.org/CodeSystem/"
US_CORE = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"
both = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def coded(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def condition(**fields: object) -> Condition:
    record = read_record("condition", {"id": "x-1", "patient": "p-1", "concept": {"text": "pain"}, **fields})
    assert isinstance(record, Condition)
    return record


def put(record: Condition, version: Version = R4, base: Json | None = None) -> Json:
    return KINDS["condition"].lens(version, goldens.NAMES).put(record, base and {"condition": base})["condition"]


def got(resource: Json, version: Version = R4) -> Condition:
    record: Condition = KINDS["condition"].lens(version, goldens.NAMES).get({"condition": resource}, id="x-1")
    return record


@both
def test_categories_of_others_stay(version: Version) -> None:
    theirs = {"coding": [{"system": "urn:theirs", "code": "encounter-diagnosis"}], "text": "sick list"}
    base = put(condition(categories=["health_concern"]), version)
    assert base["category"] == [coded(US_CORE, "health-concern")]
    base["category"] = [theirs, *base["category"]]
    made = put(condition(categories=["problem_list_item"]), version, base)
    assert made["category"] == [theirs, coded(TERM + "condition-category", "problem-list-item")]


def test_a_category_may_be_said_in_several_systems() -> None:
    local = {"system": "urn:theirs", "code": "PL"}
    base = put(condition())
    base["category"] = [
        {"coding": [local, *coded(TERM + "condition-category", "problem-list-item")["coding"]], "text": "x"}
    ]
    read = got(base)
    assert [category.value for category in read.categories] == ["problem_list_item"]
    assert put(read, base=base) == base


@both
@pytest.mark.parametrize("element", ["clinicalStatus", "verificationStatus"])
def test_a_status_that_we_do_not_know_is_refused(version: Version, element: str) -> None:
    system = {"clinicalStatus": "condition-clinical", "verificationStatus": "condition-ver-status"}[element]
    for said in (coded(TERM + system, "gone-fishing"), coded("urn:theirs", "active"), {"text": "active"}):
        with pytest.raises(MappingError) as caught:
            got({**put(condition(), version), element: said}, version)
        (fault,) = caught.value.faults
        assert fault.element.startswith(f"Condition.{element}")
        assert "active" in str(fault) or "confirmed" in str(fault)  # what would have been right
        assert "gone-fishing" not in str(fault)


def test_nobody_knows_whether_it_is_still_there() -> None:
    """R4 has no code for it and leaves the element out; R5 demands the element and has one."""
    assert "clinicalStatus" not in put(condition())
    assert put(condition(), R5)["clinicalStatus"] == coded(TERM + "condition-clinical", "unknown")
    assert got(put(condition())).clinical_status is ClinicalStatus.UNKNOWN
    again = put(condition(), base=put(condition(clinical_status="active")))
    assert "clinicalStatus" not in again


@both
def test_one_in_error_says_nothing_that_a_server_refuses(version: Version) -> None:
    gone = withdrawn(condition(clinical_status="active", verification="confirmed"))
    assert isinstance(gone, Condition)
    assert findings(gone) == []
    base = put(condition(clinical_status="active"), version)
    made = put(gone, version, base)
    assert made["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert ("clinicalStatus" in made) is (version is R5)
    assert got(made, version).verification is Verification.ENTERED_IN_ERROR


@both
def test_onset_in_another_type_is_left_alone(version: Version) -> None:
    theirs = {
        "onsetAge": {"value": 40, "unit": "a"},
        "abatementString": "last year",
        "stage": [{"summary": {"text": "x"}}],
    }
    base = {**put(condition(), version), **theirs}
    assert got(base, version).onset is None
    made = put(replaced(got(base, version), concept={"text": "ache"}), version, base)
    assert made == {**base, "code": {"text": "ache"}}


def test_who_said_so_among_others_in_r5() -> None:
    theirs = {"function": {"text": "enterer"}, "actor": {"reference": "Practitioner/9"}}
    said = condition(asserted_by={"kind": "patient", "id": "p-1"})
    base = put(said, R5)
    base["participant"] = [theirs, *base["participant"]]
    assert got(base, R5).asserted_by == said.asserted_by
    assert put(condition(), R5, base)["participant"] == [theirs]
    assert put(said)["asserter"]["type"] == "Patient"
    assert "participant" not in put(said)
