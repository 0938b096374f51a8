"""Made-up vital signs, sound by the profiles that their codes bring."""

from typing import Any

from fhir_coaching.fhir.systems import LOINC, UCUM

Json = dict[str, Any]

CATEGORY = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}


def loinc(code: str) -> Json:
    return {"coding": [{"system": LOINC, "code": code}]}


def amount(value: float, code: str) -> Json:
    return {"valueQuantity": {"value": value, "unit": code, "system": UCUM, "code": code}}


def sign(code: str, **its: Any) -> Json:
    """A vital sign."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [CATEGORY],
        "code": loinc(code),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-03-02",
        "performer": [{"reference": "Practitioner/c1"}],
        **its,
    }


WEIGHT = sign("29463-7", **amount(80, "kg"))
SIGNS: tuple[Json, ...] = (
    WEIGHT,
    sign("39156-5", **amount(25, "kg/m2")),
    sign("8867-4", **amount(60, "/min")),
    sign("8310-5", dataAbsentReason={"text": "made up"}),
    sign("85353-1", hasMember=[{"reference": "Observation/o1"}]),
    sign(
        "85354-9",
        component=[
            {"code": loinc("8480-6"), **amount(120, "mm[Hg]")},
            {"code": loinc("8462-4"), **amount(80, "mm[Hg]")},
        ],
    ),
)
