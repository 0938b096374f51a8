"""What a server says that it can do (https://hl7.org/fhir/R4/capabilitystatement.html)."""

from dataclasses import dataclass, field

from fhir_coaching.server.bundle import objects
from fhir_coaching.versions import Json


@dataclass(frozen=True)
class TypeCapability:
    """What can be done with one resource type."""

    interactions: frozenset[str] = frozenset()  # `create`, `search-type`, …
    search_params: frozenset[str] = frozenset()
    update_create: bool = False  # HAPI 8.8.0 does not say so, and can (seen 2026-11)
    conditional_create: bool = False
    versioning: str = ""  # no-version, versioned, versioned-update


@dataclass(frozen=True)
class Capabilities:
    """A CapabilityStatement, as far as we ask."""

    fhir_version: str
    software: str = ""  # name and version
    types: dict[str, TypeCapability] = field(default_factory=dict)
    transaction: bool = False
    batch: bool = False  # worth a try


def capabilities_of(statement: Json) -> Capabilities:
    """Read a CapabilityStatement. Anything that is not as it should be is taken for absent."""
    rest = next((one for one in objects(statement.get("rest")) if one.get("mode", "server") == "server"), {})
    system = {str(one.get("code")) for one in objects(rest.get("interaction"))}
    software = statement.get("software")
    software = software if isinstance(software, dict) else {}
    name = " ".join(str(software[key]) for key in ("name", "version") if software.get(key))
    return Capabilities(
        fhir_version=str(statement.get("fhirVersion", "")),
        software=name[:80] if name.isprintable() else "",
        types={str(one.get("type")): _type(one) for one in objects(rest.get("resource"))},
        transaction="transaction" in system,
        batch=bool({"batch", "transaction"} & system),  # HAPI 8.8.0 says only the latter, and takes both (seen 2026-11)
    )


def _type(one: Json) -> TypeCapability:
    return TypeCapability(
        frozenset(str(interaction.get("code")) for interaction in objects(one.get("interaction"))),
        frozenset(str(parameter.get("name")) for parameter in objects(one.get("searchParam"))),
        one.get("updateCreate") is True,
        one.get("conditionalCreate") is True,
        str(one.get("versioning") or ""),
    )
