"""Synthetic resources in the shapes of R4 and R5."""

from typing import Any

from contract.probe import Probe
from fhir_coaching.versions import Json

COACHED = ("RelatedPerson", "Goal", "Encounter", "Appointment")  # have a search parameter `patient`
SHARED = ("Patient", "Practitioner", "PractitionerRole", "Organization", "Location")


def patient(probe: Probe, value: str = "p", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [probe.identifier(value)],
        "name": [{"family": "Muster", "given": ["Ada", "B."]}],
    } | more


def goal(probe: Probe, patient_reference: str, value: str = "g", **more: Any) -> Json:
    return {
        "resourceType": "Goal",
        "identifier": [probe.identifier(value)],
        "lifecycleStatus": "active",
        "description": {"text": "Walk every day"},
        "subject": {"reference": patient_reference},
        "startDate": "2026-03-01",
    } | more


def example(probe: Probe, kind: str, subject: str, practitioner: str, organization: str) -> Json:
    """A resource of one of our types that refers to the given ones, the way the server's FHIR version spells it."""
    r5 = probe.fhir == "r5"
    body: Json = BODIES[kind](r5, subject, practitioner, organization)
    return {"resourceType": kind, "identifier": [probe.identifier("example")]} | body


def _encounter(r5: bool, subject: str, practitioner: str, organization: str) -> Json:  # noqa: FBT001
    virtual = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
    period = {"start": "2026-03-04T09:00:00-05:00", "end": "2026-03-04T09:30:00-05:00"}
    cpt = {"system": "http://www.ama-assn.org/go/cpt", "code": "0592T"}
    body: Json = {
        "type": [{"coding": [cpt], "text": "Coaching session, one person"}],
        "subject": {"reference": subject},
        "participant": [{"actor" if r5 else "individual": {"reference": practitioner}}],
        "serviceProvider": {"reference": organization},
    }
    if r5:
        return body | {"status": "completed", "class": [{"coding": [virtual]}], "actualPeriod": period}
    return body | {"status": "finished", "class": virtual, "period": period}


def _appointment(r5: bool, subject: str, practitioner: str, _organization: str) -> Json:  # noqa: FBT001
    body: Json = {
        "status": "booked",
        "start": "2026-03-11T09:00:00-05:00",
        "end": "2026-03-11T09:30:00-05:00",
        "participant": [{"actor": {"reference": who}, "status": "accepted"} for who in (subject, practitioner)],
    }
    return body | ({"subject": {"reference": subject}} if r5 else {})


def _practitioner_role(r5: bool, _subject: str, practitioner: str, organization: str) -> Json:  # noqa: FBT001
    phone = [{"system": "phone", "value": "+1 555 0100", "use": "work"}]
    return {
        "active": True,
        "practitioner": {"reference": practitioner},
        "organization": {"reference": organization},
        "code": [{"text": "Health coach"}],
    } | ({"contact": [{"telecom": phone}]} if r5 else {"telecom": phone})


def _organization(r5: bool, *_references: str) -> Json:  # noqa: FBT001
    mail = [{"system": "email", "value": "office@practice.example"}]
    return {"active": True, "name": "Practice of Examples"} | (
        {"contact": [{"telecom": mail}]} if r5 else {"telecom": mail}
    )


BODIES: dict[str, Any] = {
    "Patient": lambda *_: {
        "active": True,
        "name": [{"use": "official", "family": "Muster", "given": ["Ada", "B."]}],
        "gender": "female",
        "birthDate": "1980-02",
        "address": [{"line": ["1 Sample Street"], "city": "Riverside", "country": "US"}],
    },
    "RelatedPerson": lambda _r5, subject, *_: {
        "active": True,
        "patient": {"reference": subject},
        "relationship": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}],
        "name": [{"family": "Muster", "given": ["Eva"]}],
    },
    "Practitioner": lambda *_: {"active": True, "name": [{"family": "Probe", "given": ["Uli"], "suffix": ["NBC-HWC"]}]},
    "PractitionerRole": _practitioner_role,
    "Organization": _organization,
    "Location": lambda _r5, _subject, _practitioner, organization: {
        "status": "active",
        "mode": "instance",
        "name": "Room 2",
        "managingOrganization": {"reference": organization},
    },
    "Goal": lambda r5, subject, practitioner, _organization: {
        "lifecycleStatus": "active",
        "description": {"text": "Walk every day"},
        "subject": {"reference": subject},
        "source" if r5 else "expressedBy": {"reference": subject},
        "startDate": "2026-03-01",
        "target": [
            {
                "measure": {"coding": [{"system": "http://loinc.org", "code": "55423-8"}]},
                "detailQuantity": {
                    "value": 8000,
                    "unit": "steps",
                    "system": "http://unitsofmeasure.org",
                    "code": "{steps}/d",
                },
                "dueDate": "2026-06-30",
            }
        ],
        "note": [{"authorReference": {"reference": practitioner}, "time": "2026-03-01T10:00:00Z", "text": "Agreed."}],
    },
    "Encounter": _encounter,
    "Appointment": _appointment,
}
