"""What a practice and a target call things: identifier systems, and the records behind server ids."""

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from fhir_coaching.fhir.references import literal
from fhir_coaching.lens import Json, Kind


class PracticeNames:
    """Identifier systems `{base}/{kind}` and `{base}/{kind}.{part}`; and which record each known address means."""

    def __init__(self, base: str, addresses: dict[str, tuple[str, str]] | None = None) -> None:
        self.base = base.rstrip("/")
        self.addresses = {} if addresses is None else addresses  # "Goal/17" -> ("goal", record id)

    def system(self, kind: str) -> str:
        """The identifier system of a kind, or of a part (`session.appointment`)."""
        return f"{self.base}/{kind}"

    def local(self, kind: str, reference: str) -> str | None:
        """The record id behind a reference, if it is of this kind and known."""
        found = self.addresses.get(reference)
        return found[1] if found and found[0] == kind else None

    def learn(self, reference: str, kind: str, record: str) -> None:
        """From now on `reference` means this record. Empty references mean nothing."""
        if literal(reference):
            self.addresses[literal(reference)] = (kind, record)


def part_name(kinds: Mapping[str, Kind[Any]], kind: str, part: str) -> str:
    """`session` for the anchor, `session.appointment` for another part: the last step of its identifier system."""
    return kind if part == kinds[kind].anchor else f"{kind}.{part}"


class Routes:
    """Which record and part a resource is, by its identifier in one of our systems."""

    def __init__(self, kinds: Mapping[str, Kind[Any]], names: PracticeNames) -> None:
        self.parts = {
            names.system(part_name(kinds, kind, part)): (kind, part) for kind, of in kinds.items() for part in of.parts
        }
        self.types = {part.table.type for of in kinds.values() for part in of.parts.values()}

    def of(self, resource: Json) -> tuple[str, str, str] | None:
        """Kind, part and record id; None for a resource that is not ours, or that is of several records."""
        found = {
            (*self.parts[str(i.get("system"))], str(i.get("value")))
            for i in identifiers(resource)
            if str(i.get("system")) in self.parts and isinstance(i.get("value"), str)
        }
        return found.pop() if len(found) == 1 else None


def identifiers(resource: Json) -> Iterable[Json]:
    """The identifiers of a resource that are objects."""
    found = resource.get("identifier")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def stable_id(system: str, value: str) -> str:
    """The same UUID for the same identifier, always: UUIDv5 in the namespace of URLs of `system|value`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{system}|{value}"))


def adopted_id(target: str, type_: str, id_: str) -> str:
    """The record id of a resource that is not ours: the same one each time it is met. `target` is the server's base address."""
    address = f"{target.rstrip('/')}/{type_}/{id_}"
    return f"a-{uuid.uuid5(uuid.NAMESPACE_URL, address)}"


_ADOPTED = re.compile(r"a-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def is_adopted(record_id: str) -> bool:
    """Whether a record is somebody else's resource. Such an id belongs to the server that it was adopted from."""
    return _ADOPTED.fullmatch(record_id) is not None
