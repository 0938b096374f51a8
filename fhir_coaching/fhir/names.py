"""What a practice and a target call things: identifier systems, and the records behind server ids."""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.literals import literal
from fhir_coaching.lens import Json, Kind

SUPERSEDED = ".superseded"  # behind the identifier system of a part that was replaced by another resource
_ADOPTED = re.compile(r"a-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_WEB = ("http://", "https://")
_ON_A_SERVER = re.compile(r"(https?://.+)/([A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?")


class PracticeNames:
    """Identifier systems `{base}/{kind}` and `{base}/{kind}.{part}`; and which record each known address means."""

    def __init__(self, base: str, addresses: dict[str, tuple[str, str]] | None = None) -> None:
        self.base = base.rstrip("/")
        self.addresses = {} if addresses is None else addresses  # "Goal/17" -> ("goal", record id)
        # Whose addresses these are; empty: of one that is not named; None: it is not asked.
        self.server: str | None = None
        self.missed = False  # whether a reference was asked for that means nothing yet

    def system(self, kind: str) -> str:
        """The identifier system of a kind, or of a part (`session.appointment`)."""
        return f"{self.base}/{kind}"

    def local(self, kind: str, reference: str) -> str | None:
        """The record id behind a reference, if it is of this kind and known."""
        if self.server is not None and reference.startswith(_WEB) and not self._is_here(reference):
            return None
        found = self.addresses.get(literal(reference))
        return found[1] if found and found[0] == kind else None

    def miss(self, reference: str) -> None:
        """Take note that a reference means nothing yet."""
        self.missed |= bool(literal(reference)) and literal(reference) not in self.addresses

    def learn(self, reference: str, kind: str, record: str) -> None:
        """From now on `reference` means this record. Empty references mean nothing."""
        if literal(reference):
            self.addresses[literal(reference)] = (kind, record)

    def learn_readable(
        self, addresses: Mapping[tuple[str, str], Iterable[str]], read: Callable[[tuple[str, str]], object]
    ) -> dict[tuple[str, str], MappingError]:
        """Learn the addresses of records (kind and id) that `read` can read, each with what it refers to; the others' errors.

        A reference to what cannot be read means nothing, and what needs one cannot be read either.
        """
        left, errors = dict(addresses), dict[tuple[str, str], MappingError]()
        for key, known in left.items():
            for address in known:
                self.learn(address, *key)
        while lost := dict(_unreadable(left, read)):
            errors |= lost
            for address in [address for key in lost for address in left.pop(key)]:
                self.forget(address)
        return errors

    def forget(self, reference: str) -> None:
        """From now on `reference` means nothing."""
        self.addresses.pop(literal(reference), None)

    def stands_on(self, server: str) -> bool:
        """Whether a resource may be of the server that is known; the first one named is. From now on it is asked.

        The same address on two servers is two resources, and perhaps two patients.
        """
        self.server = self.server or server
        return server in ("", self.server)

    def _is_here(self, reference: str) -> bool:
        return bool(self.server) and reference.startswith(f"{self.server}/")


def _unreadable(
    keys: Iterable[tuple[str, str]], read: Callable[[tuple[str, str]], object]
) -> Iterator[tuple[tuple[str, str], MappingError]]:
    for key in keys:
        try:
            read(key)
        except MappingError as error:
            yield key, error


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
        self.anchors: dict[str, list[str]] = {}  # resource type -> kinds
        for kind, of in kinds.items():
            self.anchors.setdefault(of.parts[of.anchor].table.type, []).append(kind)

    def of(self, resource: Json) -> tuple[str, str, str] | None:
        """Kind, part and record id; None for a resource that is not ours, or that is of several records."""
        found = {
            (*self.parts[str(i.get("system"))], str(i.get("value")))
            for i in identifiers(resource)
            if str(i.get("system")) in self.parts and isinstance(i.get("value"), str)
        }
        return found.pop() if len(found) == 1 else None

    def bears(self, resource: Json, suffix: str = "") -> bool:
        """Whether a resource has an identifier in one of our systems, or in one of those with a suffix."""
        return any(
            str(one.get("system")).removesuffix(suffix) in self.parts
            for one in identifiers(resource)
            if str(one.get("system")).endswith(suffix)
        )


def identifiers(resource: Json) -> Iterable[Json]:
    """The identifiers of a resource that are objects."""
    found = resource.get("identifier")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def stable_id(system: str, value: str) -> str:
    """The same UUID for the same identifier, always: UUIDv5 in the namespace of URLs of `system|value`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{system}|{value}"))


def server_of(resource: Json, full_url: str) -> str:
    """The base address of the server that a resource stands on, as its Bundle says; empty if it does not."""
    found = _ON_A_SERVER.fullmatch(full_url)
    here = found and found[2] == resource.get("resourceType") and resource.get("id") in (None, found[3])
    return found[1] if found and here else ""


def addresses_of(resource: Json, full_url: str) -> list[str]:
    """By what others may refer to a resource."""
    id_ = resource.get("id")
    relative = f"{resource.get('resourceType')}/{id_}" if isinstance(id_, str) else ""
    return list(dict.fromkeys(filter(None, map(literal, (relative, full_url)))))


def adopted_id(target: str, type_: str, id_: str) -> str:
    """The record id of a resource that is not ours: the same one each time it is met. `target` is the server's base address."""
    address = f"{target.rstrip('/')}/{type_}/{id_}"
    return f"a-{uuid.uuid5(uuid.NAMESPACE_URL, address)}"


def adopted_id_of(resource: Json, full_url: str) -> str:
    """The record id of a resource that is not ours; empty for one that has neither an id nor an address."""
    type_, id_, server = str(resource.get("resourceType")), resource.get("id"), server_of(resource, full_url)
    if not isinstance(id_, str) or not id_:
        id_ = literal(full_url).rpartition("/")[2] if server else full_url
    return adopted_id(server, type_, id_) if id_ else ""


def is_adopted(record_id: str) -> bool:
    """Whether a record is somebody else's resource. Such an id belongs to the server that it was adopted from."""
    return _ADOPTED.fullmatch(record_id) is not None
