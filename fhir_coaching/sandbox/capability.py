"""The CapabilityStatement, made from the table of search parameters so that the two cannot differ."""

from .outcomes import Resource
from .parameters import Table

RELEASES = {"r4": "4.0.1", "r5": "5.0.0"}

NOTICE = "fhir-coaching sandbox: for synthetic data only, never for real patients"

_INTERACTIONS = ("create", "read", "vread", "update", "delete", "history-instance", "history-type", "search-type")


def capability_statement(version: str, table: Table, base: str) -> Resource:
    """What this sandbox can do."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-01",
        "kind": "instance",
        "software": {"name": "fhir-coaching sandbox"},
        "implementation": {"description": NOTICE, "url": base},
        "fhirVersion": RELEASES[version],
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "resource": [_resource(type_, table) for type_ in table],
                "interaction": [{"code": code} for code in ("transaction", "batch", "history-system")],
            }
        ],
    }


def _resource(type_: str, table: Table) -> Resource:
    parameters = sorted(table[type_].items())
    return {
        "type": type_,
        "interaction": [{"code": code} for code in _INTERACTIONS],
        "versioning": "versioned",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "not-match",
        "conditionalUpdate": True,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "logical"],
        "searchInclude": [f"{type_}:{name}" for name, parameter in parameters if parameter.type == "reference"],
        "searchParam": [{"name": name, "type": parameter.type} for name, parameter in parameters],
    }
