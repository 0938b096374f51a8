"""Builders of synthetic resources that keep or break one constraint, and where in them it stands."""

from dataclasses import dataclass
from typing import Any

from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

BOTH = (R4, R5)
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
PATIENT = {"reference": "Patient/synthetic"}
SAYS = {"text": "synthetic"}
NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">synthetic</div>'}


@dataclass(frozen=True)
class Example:
    """A constraint, its versions, the element in both resources (names and indices), one that keeps it and one that breaks it."""

    id: str
    versions: tuple[Version, ...]
    at: tuple[str | int, ...]
    keeps: Json
    breaks: Json

    def node(self, resource: Json) -> Any:
        """The element in a resource."""
        found: Any = resource
        for step in self.at:
            found = found[step]
        return found


def example(ids: str, versions: tuple[Version, ...], at: str, keeps: Json, breaks: Json) -> list[Example]:
    """A row for each id; ids and places are separated by blanks."""
    where = tuple(int(step) if step.isdigit() else step for step in at.split())
    return [Example(id_, versions, where, keeps, breaks) for id_ in ids.split()]


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": TERMINOLOGY + system, "code": code}]}


def goal(**more: Any) -> Json:
    base = {"resourceType": "Goal", "lifecycleStatus": "active", "description": SAYS, "subject": PATIENT}
    return {**base, **more}


def target(**more: Any) -> Json:
    return goal(target=[{"measure": SAYS, **more}])


def extended(name: str, value: Any) -> Json:
    """A goal with a value of any type."""
    return goal(extension=[{"url": "http://synthetic.example/value", name: value}])


def value(ids: str, versions: tuple[Version, ...], name: str, keeps: Any, breaks: Any, at: str = "") -> list[Example]:
    """A constraint on a datatype, or on an element of it."""
    return example(ids, versions, f"extension 0 {name} {at}", extended(name, keeps), extended(name, breaks))


def spans(id_: str, keeps: Json, breaks: Json) -> list[Example]:
    """A constraint on Timing.repeat."""
    return value(id_, BOTH, "valueTiming", {"repeat": keeps}, {"repeat": breaks}, "repeat")


def holding(*contained: Json, **more: Any) -> Json:
    return goal(contained=list(contained), **more)


def appointment(**more: Any) -> Json:
    base = {"resourceType": "Appointment", "status": "proposed"}
    return {**base, "participant": [{"status": "accepted", "actor": PATIENT}], **more}


def encounter(version: Version, *participants: Json) -> Json:
    state = {"class": {"code": "VR"}} if version is R4 else {"class": [{"coding": [{"code": "VR"}]}]}
    return {"resourceType": "Encounter", "status": "planned", **state, "participant": list(participants)}


def condition(clinical: str | None, verification: str | None = None, *, problem: bool = False, **more: Any) -> Json:
    found = {"resourceType": "Condition", "code": SAYS, "subject": PATIENT, **more}
    if clinical:
        found["clinicalStatus"] = concept("condition-clinical", clinical)
    if verification:
        found["verificationStatus"] = concept("condition-ver-status", verification)
    if problem:
        found["category"] = [concept("condition-category", "problem-list-item")]
    return found


def observation(**more: Any) -> Json:
    return {"resourceType": "Observation", "status": "final", "code": SAYS, **more}


def organization(**more: Any) -> Json:
    return {"resourceType": "Organization", "name": "Synthetic", **more}


def request(**more: Any) -> Json:
    return {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": PATIENT, **more}


def filled(**item: Any) -> Json:
    """A form with one item."""
    form = {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "questionnaire": "http://synthetic.example/Questionnaire/1",
    }
    return {**form, "item": [{"linkId": "1", **item}]}


def document(**more: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"title": "synthetic"}}],
        **more,
    }


def bundle(kind: str, *entries: Json, **more: Any) -> Json:
    found = {"resourceType": "Bundle", "type": kind, **more}
    return {**found, "entry": list(entries)} if entries else found


def entry(resource: Json | None = None, number: int = 1, **more: Any) -> Json:
    full = {"fullUrl": f"http://synthetic.example/Patient/{number}"}
    return {**full, **({} if resource is None else {"resource": resource}), **more}


def asked(method: str) -> Json:
    return {"request": {"method": method, "url": "Patient/1"}}


def care_team(member: str) -> Json:
    held = [
        {"resourceType": "Practitioner", "id": "who"},
        {"resourceType": "Organization", "id": "other", "name": "Synthetic"},
    ]
    used = [{"reference": "#who"}, {"reference": "#other"}]
    taking_part = {"member": {"reference": member}, "onBehalfOf": {"reference": "#other"}}
    return {
        "resourceType": "CareTeam",
        "contained": held,
        "managingOrganization": used,
        "participant": [taking_part],
    }


def provenance(who: str, other: str, *held: Json) -> Json:
    names = [{"who": {"reference": "#" + one["id"]}} for one in held]
    return {
        "resourceType": "Provenance",
        "contained": list(held),
        "recorded": "2026-01-05T10:00:00Z",
        "target": [{"reference": "Goal/synthetic"}],
        "agent": [{"who": {"reference": who}, "onBehalfOf": {"reference": other}}, *names],
    }


PERSON = {"resourceType": "Practitioner", "id": "p"}
HOUSE = {"resourceType": "Organization", "id": "h", "name": "Synthetic"}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "r",
    "practitioner": {"reference": "#p"},
    "organization": {"reference": "#h"},
}
PLAIN = {"resourceType": "Patient", "id": "1"}
OTHER = {"resourceType": "Patient", "id": "2"}
DAY = {"start": "2026-01-05", "end": "2026-01-04"}


def kilograms(number: float, **more: Any) -> Json:
    return {"value": number, "unit": "kg", "system": UCUM, "code": "kg", **more}
