"""What no table says: where references lead, what a Bundle's entries need, forms that a version has of its own."""

from typing import Any

from fhir_coaching.checks import check
from fhir_coaching.errors import ERROR
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

TEXT = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'}
PATIENT: Json = {"resourceType": "Patient", "text": TEXT}


def found(resource: Any, version: Version = R4) -> list[tuple[str, str, str]]:
    """Severity, rule and place of each finding."""
    return [(one.severity, one.rule, one.element) for one in check(resource, version)]


def test_what_a_server_says_to_a_search_needs_no_id() -> None:
    said = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "processing"}],
        "text": TEXT,
    }
    entries = [
        {"fullUrl": f"urn:uuid:3f2b8a1e-9c4d-4e5f-8a6b-7c8d9e0f1a2{n}", "resource": one}
        for n, one in enumerate([said, PATIENT])
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    assert found(bundle) == [(ERROR, "bundle", "Bundle.entry[1].resource")]


def test_base64_has_no_white_space_in_r5() -> None:
    for version, wrong in ((R4, []), (R5, [(ERROR, "format", "Patient.photo[0].data")])):
        assert found(dict(PATIENT, photo=[{"contentType": "image/png", "data": "TWFu\n"}]), version) == wrong


def test_a_type_that_is_not_that_of_the_address_is_one_error_where_every_type_may_stand() -> None:
    for said, wrong in (("Pateint", True), ("http://hl7.org/fhir/StructureDefinition/Patient", False)):
        resource = {"resourceType": "Provenance", "target": [{"reference": "Patient/1", "type": said}]}
        for version in (R4, R5):
            assert ((ERROR, "target", "Provenance.target[0].type") in found(resource, version)) is wrong
