"""Resources that keep to US Core, to be broken: those of `sources` whose type it has profiles of, and what this project does not send.

Where a type has several profiles, a resource says which it has (meta.profile).
"""

from typing import Any

from checking.sources import sources

from fhir_coaching.lens import R4

Json = dict[str, Any]

BASE = "http://hl7.org/fhir/us/core/StructureDefinition/"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
OMB = "urn:oid:2.16.840.1.113883.6.238"
UCUM = "http://unitsofmeasure.org"
WITHOUT = {"Appointment", "Claim", "EpisodeOfCare"}  # US Core has no profile of them
PATIENT = {"reference": "Patient/synthetic"}
DAY = "2026-06-15"
MOMENT = "2026-06-15T10:00:00Z"


def guided(version: str) -> list[Json]:
    """All of them, for a version of US Core."""
    ours = [one for one in sources(R4) if one["resourceType"] not in WITHOUT]
    return [claiming(one, version) for one in ours] + others()


def claiming(resource: Json, version: str) -> Json:
    """With the profile that it has, if its type has several."""
    name = ""
    if resource["resourceType"] == "Condition":
        name = (
            "us-core-condition-encounter-diagnosis"
            if "encounter-diagnosis" in str(resource)
            else "us-core-condition-problems-health-concerns"
        )
    elif resource["resourceType"] == "DocumentReference" and version != "6.1.0":
        name = "us-core-documentreference"
    return having(resource, name) if name else resource


def having(resource: Json, *names: str) -> Json:
    """With profiles."""
    return {**resource, "meta": {**resource.get("meta", {}), "profile": [BASE + name for name in names]}}


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def category(code: str) -> list[Json]:
    return [concept(TERMINOLOGY + "observation-category", code)]


def amount(value: Any, code: str) -> Json:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def race(*codes: str) -> Json:
    parts = [{"url": "ombCategory", "valueCoding": {"system": OMB, "code": code}} for code in codes]
    return {"url": BASE + "us-core-race", "extension": [*parts, {"url": "text", "valueString": "synthetic"}]}


def observation(profile: str, kind: str, system: str, code: str, **more: Any) -> Json:
    found = {
        "resourceType": "Observation",
        "status": "final",
        "category": category(kind),
        "code": concept(system, code),
        "subject": PATIENT,
        "effectiveDateTime": DAY,
        "performer": [{"reference": "Practitioner/synthetic"}],
    }
    return having({**found, **more}, profile)


def pressure(code: str, value: int) -> Json:
    return {"code": concept("http://loinc.org", code), "valueQuantity": amount(value, "mm[Hg]")}


def others() -> list[Json]:
    """Of types, and with extensions and slices, that this project does not send. All synthetic."""
    loinc = "http://loinc.org"
    return [
        {
            "resourceType": "Patient",
            "extension": [
                race("2106-3"),
                {
                    "url": BASE + "us-core-ethnicity",
                    "extension": [
                        {"url": "ombCategory", "valueCoding": {"system": OMB, "code": "2186-5"}},
                        {"url": "text", "valueString": "synthetic"},
                    ],
                },
            ],
            "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": "synthetic"}],
            "name": [{"use": "official", "family": "Synthetic", "given": ["Test"]}],
            "telecom": [{"system": "phone", "value": "555-0100", "use": "home"}],
            "gender": "female",
            "birthDate": "1970-01-01",
            "address": [{"line": ["1 Synthetic Way"], "city": "Test", "state": "MA", "postalCode": "00000"}],
            "communication": [{"language": concept("urn:ietf:bcp:47", "en")}],
        },
        {
            "resourceType": "Patient",
            "extension": [race("2028-9", "2106-3")],
            "identifier": [{"system": "urn:oid:2.16.840.1.113883.19.5", "value": "synthetic"}],
            "name": [{"extension": [{"url": ABSENT, "valueCode": "unknown"}]}],
            "gender": "unknown",
        },
        {
            "resourceType": "Practitioner",
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
            "name": [{"family": "Synthetic"}],
            "telecom": [{"system": "phone", "value": "555-0100"}],
        },
        {
            "resourceType": "Organization",
            "identifier": [
                {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"},
                {"system": "urn:oid:2.16.840.1.113883.4.7", "value": "12D1234567"},
                {"system": "urn:oid:2.16.840.1.113883.6.300", "value": "12345"},
            ],
            "active": True,
            "name": "Synthetic",
            "address": [{"line": ["1 Synthetic Way"], "city": "Test", "state": "MA", "postalCode": "00000", "country": "US"}],
        },
        observation(
            "us-core-blood-pressure", "vital-signs", loinc, "85354-9", component=[pressure("8480-6", 120), pressure("8462-4", 80)]
        ),
        observation("us-core-heart-rate", "vital-signs", loinc, "8867-4", valueQuantity=amount(60, "/min")),
        observation("us-core-body-weight", "vital-signs", loinc, "29463-7", valueQuantity=amount(60, "kg")),
        observation("us-core-observation-lab", "laboratory", loinc, "2345-7", valueQuantity=amount(90, "mg/dL")),
        observation(
            "us-core-smokingstatus", "social-history", loinc, "72166-2",
            valueCodeableConcept=concept("http://snomed.info/sct", "266919005"),
        ),
        observation("us-core-observation-screening-assessment", "survey", loinc, "88122-7", valueString="synthetic"),
        having(
            {
                "resourceType": "Provenance",
                "target": [PATIENT],
                "recorded": MOMENT,
                "agent": [
                    {
                        "type": concept(TERMINOLOGY + "provenance-participant-type", "author"),
                        "who": {"reference": "Practitioner/synthetic"},
                        "onBehalfOf": {"reference": "Organization/synthetic"},
                    },
                    {
                        "type": concept("http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type", "transmitter"),
                        "who": {"reference": "Organization/synthetic"},
                    },
                ],
            },
            "us-core-provenance",
        ),
        having(
            {
                "resourceType": "QuestionnaireResponse",
                "questionnaire": "http://synthetic.example/Questionnaire/1",
                "status": "completed",
                "subject": PATIENT,
                "authored": MOMENT,
                "author": {"reference": "Practitioner/synthetic"},
                "item": [
                    {"linkId": "1", "text": "synthetic", "answer": [{"valueString": "synthetic"}]},
                    {"linkId": "2", "item": [{"linkId": "2.1", "answer": [{"valueInteger": 1}]}]},
                ],
            },
            "us-core-questionnaireresponse",
        ),
    ]  # fmt: skip
