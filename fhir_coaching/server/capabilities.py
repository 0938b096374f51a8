"""What a server says that it can do (https://hl7.org/fhir/R4/capabilitystatement.html)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_coaching.lens import Json


@dataclass(frozen=True)
class TypeCapability:
    """What can be done with one resource type."""

    interactions: frozenset[str] = frozenset()
    search_params: frozenset[str] = frozenset()
    update_create: bool = False
    conditional_create: bool = False


@dataclass(frozen=True)
class Capabilities:
    """A CapabilityStatement, as far as we ask."""

    fhir_version: str
    software: str = ""
    types: dict[str, TypeCapability] = field(default_factory=dict)
    transaction: bool = False
    batch: bool = False


def capabilities_of(statement: Json) -> Capabilities:
    """Read a CapabilityStatement. Anything that is not as it should be is taken for absent."""
    rest = next((one for one in _objects(statement.get("rest")) if one.get("mode", "server") == "server"), {})
    system = {str(one.get("code")) for one in _objects(rest.get("interaction"))}
    software = statement.get("software")
    names = (
        [str(software[key]) for key in ("name", "version") if software.get(key)] if isinstance(software, dict) else []
    )
    return Capabilities(
        fhir_version=str(statement.get("fhirVersion", "")),
        software=" ".join(names)[:80],
        types={str(one.get("type")): _type(one) for one in _objects(rest.get("resource"))},
        transaction="transaction" in system,
        # HAPI 8.8.0 declares transaction only and takes batches as well (seen 2026-11).
        batch=bool({"batch", "transaction"} & system),
    )


def _type(one: Json) -> TypeCapability:
    return TypeCapability(
        frozenset(str(interaction.get("code")) for interaction in _objects(one.get("interaction"))),
        frozenset(str(parameter.get("name")) for parameter in _objects(one.get("searchParam"))),
        one.get("updateCreate") is True,
        one.get("conditionalCreate") is True,
    )


def _objects(found: Any) -> Iterator[Json]:
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, dict))
