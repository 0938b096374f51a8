"""Where an element stands: what its constraints may know beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from fhir_coaching.fhir.literals import literal
from fhir_coaching.versions import Json, Version


@dataclass(frozen=True)
class Context:
    """The version, the resource that an element belongs to, the one that contains that, or the same again, and its path.

    Make one for a resource and keep it while its elements are looked at: it remembers what it looked up.
    """

    version: Version
    root: Any
    resource: Any
    at: str = ""

    @property
    def around(self) -> str:
        """The path of the resource that contains this one, or of this one."""
        return self.at if self.resource is self.root else self.at.rpartition(".contained[")[0]

    @cached_property
    def contained(self) -> Mapping[str, Json]:
        """Contained resources by id."""
        inside = self.root.get("contained") if isinstance(self.root, dict) else None
        return {
            one["id"]: one
            for one in (inside if isinstance(inside, list) else [])
            if isinstance(one, dict) and isinstance(one.get("id"), str)
        }

    @cached_property
    def positions(self) -> Mapping[int, int]:
        """Where each contained resource stands, by its identity."""
        inside = self.root.get("contained") if isinstance(self.root, dict) else None
        return {id(one): index for index, one in enumerate(inside if isinstance(inside, list) else [])}

    def of(self, resource: Any, at: str) -> "Context":
        """That of a contained resource, with what was looked up so far."""
        made = Context(self.version, self.root, resource, at)
        vars(made).update(contained=self.contained, positions=self.positions)
        return made

    def target(self, reference: Any) -> Json | None:
        """What a reference leads to, if it is at hand."""
        address = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(address, str) or not address.startswith("#"):
            return None
        return self.contained.get(address[1:])

    def target_type(self, reference: Any) -> str:
        """The type of what a reference leads to, as far as it is at hand or the address says it; else empty."""
        if not isinstance(reference, dict):
            return ""
        found = self.target(reference)
        if found is not None:
            name = found.get("resourceType")
            return name if isinstance(name, str) else ""
        address = literal(reference.get("reference"))
        return "" if address.startswith("urn:") else address.partition("/")[0]
