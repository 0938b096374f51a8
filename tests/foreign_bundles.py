"""Bundles of what others write (tests/foreign.py): a search's answer, and a transaction as generators of patients write it."""

from typing import Any

from foreign import SCT, SERVER, TERM, Json, coded, to


def searchset(resources: Any, server: str = SERVER) -> Json:
    """R4 Bundle of a search: each entry has its address on the server."""
    entries = [
        {"fullUrl": f"{server}/{one['resourceType']}/{one['id']}", "resource": one, "search": {"mode": "match"}}
        for one in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


_UUIDS: list[str] = [f"urn:uuid:00000000-0000-4000-8000-00000000000{number}" for number in range(7)]
_U = _UUIDS[1]

# A transaction as generators of synthetic patients write it (R4 Bundle, `fullUrl` of urn:uuid, no ids yet): what a resource
# refers to comes later too, people are looked up by `Type?identifier=`, plans are orders with activities inside.
_RESOURCES: tuple[Json, ...] = (
    {
        "resourceType": "Goal",
        "lifecycleStatus": "accepted",
        "description": {"text": "Sleep at night"},
        "subject": to(_U),
        "addresses": [to(_UUIDS[2])],
    },
    {
        "resourceType": "Patient",
        "name": [{"family": "Test000"}],
        "gender": "male",
        "deceasedDateTime": "2025",
    },
    {
        "resourceType": "Condition",
        "code": coded(SCT, "193462001", text="Insomnia"),
        "subject": to(_U),
        "onsetDateTime": "2024-05-06T07:08:09+02:00",
    },
    {
        "resourceType": "CarePlan",
        "status": "completed",
        "intent": "order",
        "category": [coded(SCT, "734163000")],
        "subject": to(_U),
        "goal": [to(_UUIDS[0])],
        "activity": [{"detail": {"status": "completed", "code": coded(SCT, "223472008")}}],
    },
    {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": TERM + "v3-ActCode", "code": "AMB"},
        "type": [coded(SCT, "185347001")],
        "subject": to(_U),
        "participant": [{"individual": to("Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|1")}],
        "period": {"start": "2025-01-01T10:00:00-05:00", "end": "2025-01-01T10:15:00-05:00"},
    },
    {
        "resourceType": "Claim",
        "status": "active",
        "type": coded(TERM + "claim-type", "institutional"),
        "use": "claim",
        "patient": to(_U),
        "created": "2025-01-01",
        "provider": to("Organization?identifier=https://synthetic.example/id|1"),
        "priority": coded(TERM + "processpriority", "normal"),
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "Invented Health Plan"}}],
    },
    {"resourceType": "Device", "patient": to(_U), "status": "active"},
)

TRANSACTION: Json = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": url, "resource": one, "request": {"method": "POST", "url": one["resourceType"]}}
        for url, one in zip(_UUIDS, _RESOURCES, strict=True)
    ],
}
