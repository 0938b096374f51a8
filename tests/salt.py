"""A resource as a server may hold it: with content of others, in another order, with references spelt their way."""

import re
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]

BASE = "https://practice.example"
FOREIGN = "somebody else's"
EXTENSION = {"url": "urn:foreign", "valueString": FOREIGN}
CONCEPT = {"coding": [{"system": "urn:foreign", "code": "x"}, {"code": "no system"}], "text": FOREIGN}
STRANGER = {"reference": "Practitioner/stranger", "display": FOREIGN}
NUMBERS = {
    "deep": [FOREIGN, {"x": Decimal("8000.10"), "y": 1234567890123456789012, "z": Decimal("0.1234567890123456789012")}]
}

# Elements that a server may add to a list of ours, by resource type and element.
LISTS: dict[str, dict[str, list[Json]]] = {
    "Goal": {
        "category": [CONCEPT],
        "addresses": [{"reference": "Condition/7"}],
        "note": [{"time": "2026", "authorReference": STRANGER}],
        "target": [{"extension": [EXTENSION]}],
    },
    "Encounter": {
        "type": [CONCEPT],
        "participant": [{"individual": STRANGER, "actor": STRANGER}, {"type": [CONCEPT]}],
        "location": [{"location": {"reference": "Location/ward"}}],
        "reason": [{"value": [{"reference": {"reference": "Condition/7"}}]}],
        "diagnosis": [{"use": CONCEPT}],
        "episodeOfCare": [{"reference": "EpisodeOfCare/9"}],
    },
    "CarePlan": {
        "category": [CONCEPT],
        "careTeam": [{"reference": "CareTeam/9"}],
        "goal": [{"reference": "Goal/stranger"}],
        "addresses": [{"concept": CONCEPT, "display": FOREIGN}],
        "activity": [
            {"reference": {"reference": "Task/1"}, "plannedActivityReference": {"reference": "Task/1"}},
            {"detail": {"status": "in-progress", "description": FOREIGN}, "progress": [{"text": FOREIGN}]},
        ],
        "note": [{"time": "2026", "authorReference": STRANGER}],
        "supportingInfo": [{"reference": "Observation/1"}],
    },
    "EpisodeOfCare": {
        "type": [CONCEPT],
        "team": [{"reference": "CareTeam/9"}],
        "careTeam": [{"reference": "CareTeam/9"}],
        "referralRequest": [{"reference": "ServiceRequest/9"}],
        "diagnosis": [{"condition": {"reference": "Condition/7"}}],
    },
    "CareTeam": {
        "category": [CONCEPT],
        "participant": [{"role": [CONCEPT], "member": STRANGER}, {"member": {"display": FOREIGN}}],
        "note": [{"text": FOREIGN}],
    },
    "ServiceRequest": {
        "category": [CONCEPT],
        "performer": [STRANGER],
        "reasonReference": [{"reference": "Condition/7"}],
        "reason": [{"reference": {"reference": "Condition/7"}}],
        "note": [{"time": "2026", "authorReference": STRANGER}],
        "supportingInfo": [{"reference": "Observation/1"}],
    },
    "Condition": {
        "category": [CONCEPT],
        "participant": [{"function": CONCEPT, "actor": STRANGER}],
        "stage": [{"summary": CONCEPT}],
        "note": [{"text": FOREIGN}],
    },
    "DocumentReference": {
        "category": [CONCEPT],
        "relatesTo": [{"code": "transforms", "target": {"reference": "DocumentReference/9"}}],
        "securityLabel": [CONCEPT],
        "context": [{"reference": "Encounter/9"}],  # in R4 no list
    },
    "Procedure": {
        "performer": [{"actor": STRANGER}],
        "basedOn": [{"reference": "ServiceRequest/9"}],
        "note": [{"text": FOREIGN}],
    },
    "Appointment": {"participant": [{"actor": STRANGER, "status": "accepted"}], "slot": [{"reference": "Slot/1"}]},
    "Patient": {
        "contact": [{"name": {"text": FOREIGN}}],
        "link": [{"other": {"reference": "Patient/stranger"}, "type": "seealso"}],
        "communication": [{"language": CONCEPT}],
        "name": [{"use": "usual"}],
        "telecom": [{"use": "home"}, {"system": "carrier-pigeon", "value": "x"}],
    },
    "Practitioner": {"qualification": [{"code": CONCEPT}], "photo": [{"title": FOREIGN}]},
    "PractitionerRole": {"specialty": [CONCEPT], "location": [{"reference": "Location/ward"}]},
    "Organization": {"type": [CONCEPT], "endpoint": [{"reference": "Endpoint/1"}], "contact": [{"purpose": CONCEPT}]},
    "Location": {"endpoint": [{"reference": "Endpoint/1"}], "telecom": [{"system": "phone", "value": "555-0100"}]},
    "RelatedPerson": {"photo": [{"title": FOREIGN}]},
    "Coverage": {
        "class": [{"type": CONCEPT, "value": FOREIGN}],
        "costToBeneficiary": [{"type": CONCEPT, "valueMoney": {"value": Decimal("20.00"), "currency": "USD"}}],
        "contract": [{"reference": "Contract/1"}],
    },
    "Claim": {
        "careTeam": [{"sequence": 90, "provider": STRANGER}],
        "diagnosis": [{"sequence": 90, "diagnosisReference": {"reference": "Condition/stranger"}}],
        "supportingInfo": [{"sequence": 90, "category": CONCEPT, "valueString": FOREIGN}],
        "related": [{"relationship": CONCEPT, "reference": {"value": FOREIGN}}],
        "insurance": [{"sequence": 90, "focal": False, "coverage": {"reference": "Coverage/stranger"}}],
        "procedure": [{"sequence": 1, "procedureCodeableConcept": CONCEPT}],
        "item": [{"sequence": 90, "productOrService": CONCEPT}],
    },
}
EVERYWHERE: dict[str, list[Json]] = {
    "extension": [EXTENSION],
    "contained": [{"resourceType": "Condition", "id": "foreign"}],
    "identifier": [{"value": "without a system"}, {"system": "urn:only"}],
}
KEPT_IN_ORDER = {
    "coding",
    "name",
    "target",
    "note",
    "given",
    "prefix",
    "suffix",
    "line",
    "extension",
    "goal",
    "activity",
}
LITERALS = {"Patient", "Practitioner", "RelatedPerson", "Goal", "Location", "Organization"} | {
    *("Coverage", "Claim", "Encounter", "Condition", "ServiceRequest"),
}


_ADDRESS = re.compile(r"[A-Za-z]+/[A-Za-z0-9.-]{1,64}")


@st.composite
def salted(draw: st.DrawFn, resource: Json) -> Json:
    """The resource, changed in every way that a server may and that says nothing else about the record."""
    out: Json = draw(_salted_node(resource, top=True))
    for key, elements in {**EVERYWHERE, **LISTS.get(resource["resourceType"], {})}.items():
        for element in elements:
            if draw(st.integers(0, 3)) == 0 and isinstance(out.get(key, []), list):
                items = list(out.get(key, []))
                items.insert(draw(st.integers(0, len(items))), element)
                out[key] = items
    if draw(st.booleans()):
        out["id"] = "server-9"
        out["meta"] = {
            **out.get("meta", {}),
            "versionId": "4",
            "lastUpdated": "2026-01-01T00:00:00Z",
            "source": "#foreign",
        }
    if draw(st.booleans()):
        out["vendorElement"] = NUMBERS
        out["_vendorElement"] = {"extension": [EXTENSION]}
    return out


def is_reference(node: Json) -> bool:
    """Whether this is a logical reference of ours to a record."""
    identifier = node.get("identifier")
    return (
        isinstance(identifier, dict) and str(identifier.get("system")).startswith(BASE) and node.get("type") in LITERALS
    )


@st.composite
def _salted_reference(draw: st.DrawFn, node: Json) -> Json:
    """As it was, with an address beside it, or by its address alone."""
    way, identifier = draw(st.integers(0, 3)), node["identifier"]
    address = f"{node['type']}/{identifier['system'].rsplit('/', 1)[1]}--{identifier['value']}"
    if way == 1:
        return {**node, "reference": address, "display": FOREIGN}
    # Where a slice goes by the identifier, it stays; a server's id has no low line.
    if way == 2 and node["type"] not in {"Patient", "Location"} and _ADDRESS.fullmatch(address):
        return {"reference": f"https://server.example/fhir/{address}/_history/3", "display": FOREIGN}
    return node


@st.composite
def _salted_node(draw: st.DrawFn, node: Json, *, top: bool = False) -> Json:
    if is_reference(node):
        return draw(_salted_reference(node))
    out: Json = {}
    for key, child in node.items():
        value = child
        if isinstance(value, dict):
            value = draw(_salted_node(value))
        elif isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            value = [draw(_salted_node(v)) for v in value]
            if key not in KEPT_IN_ORDER and draw(st.booleans()):
                value = draw(st.permutations(value))
        elif isinstance(value, str) and not top and draw(st.integers(0, 6)) == 0 and _may_have_sibling(key, node):
            out["_" + key] = {"extension": [EXTENSION]}
        out[key] = value
    if top:
        for key in ("statusReason", "startDate", "gender", "active"):
            if key in out and "_" + key not in out and draw(st.integers(0, 3)) == 0:
                out["_" + key] = {"id": "el", "extension": [EXTENSION]}
    elif "extension" not in out and "url" not in out and draw(st.integers(0, 5)) == 0:
        out["extension"] = [EXTENSION]
    return out


def _may_have_sibling(key: str, node: Json) -> bool:
    return (
        key not in {"id", "url", "reference", "system", "resourceType"}
        and not key.startswith(("_", "value"))
        and "_" + key not in node
    )
