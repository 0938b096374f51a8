"""Patients: names that have no parts."""

import pytest

from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.systems import ABSENT_REASON
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.demographics import Name
from fhir_coaching.records.people import Patient
from fhir_coaching.records.values import PatientId

WHY = [{"url": ABSENT_REASON, "valueCode": "unknown"}]


@pytest.mark.parametrize("version", [R4, R5])
def test_a_name_without_parts_says_that_they_are_unknown(version: Version) -> None:
    lens = KINDS["patient"].lens(version, PracticeNames("https://practice.example"))
    whole, parted = (
        Patient(id=PatientId("p-1"), names=(name,))
        for name in (Name(text="陳美玲"), Name(text="陳美玲", family="陳", given=("美玲",)))
    )
    made = lens.put(whole)
    assert made["patient"]["name"] == [{"extension": WHY, "text": "陳美玲"}]
    assert structure_faults(made["patient"], version) == []
    again = lens.put(parted, made, whole)
    assert again["patient"]["name"] == [{"text": "陳美玲", "family": "陳", "given": ["美玲"]}]
    assert lens.put(whole, again, parted) == made
