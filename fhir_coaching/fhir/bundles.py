"""Bundles: what is shared first, then one for each patient (https://hl7.org/fhir/R4/bundle.html#transaction)."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from fhir_coaching.fhir.names import stable_id
from fhir_coaching.fhir.references import resolve
from fhir_coaching.lens import Json

Named = tuple[str, str, Json]  # identifier system, value, resource


def transaction(resources: Iterable[Named], elsewhere: dict[tuple[str, str], str]) -> Json:
    """A transaction that creates each resource unless its identifier is there already.

    References inside the Bundle are `urn:uuid`, made of the identifier, so that the same input gives the same bytes; those to
    `elsewhere` (identifier -> resource type), in an earlier Bundle, are conditional.
    """
    resources = list(resources)
    inside = {(system, value): f"urn:uuid:{stable_id(system, value)}" for system, value, _ in resources}

    def address(system: str, value: str) -> str | None:
        if (system, value) in inside:
            return inside[system, value]
        type_ = elsewhere.get((system, value))
        return type_ and f"{type_}?identifier={query(system, value)}"

    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": inside[system, value],
                "resource": resolve(resource, address),
                "request": {
                    "method": "POST",
                    "url": resource["resourceType"],
                    "ifNoneExist": f"identifier={query(system, value)}",
                },
            }
            for system, value, resource in resources
        ],
    }


def query(system: str, value: str) -> str:
    """`system|value` as a search parameter's value (https://hl7.org/fhir/R4/search.html#escaping), fit for a URL."""
    return quote("|".join(_escaped(part) for part in (system, value)), safe="")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace(",", "\\,").replace("$", "\\$")


def opened(resource: Json) -> Iterator[tuple[str, Json]]:
    """Full URL and resource of a Bundle's entries; a resource that is no Bundle stands for itself."""
    if resource.get("resourceType") != "Bundle":
        yield "", resource
        return
    entries = resource.get("entry")
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield str(entry.get("fullUrl") or ""), entry["resource"]
