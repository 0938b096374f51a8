"""Resources to records, without a server: ours by their identifiers, those of others by their addresses."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fhir_coaching.errors import Fault, Finding, MappingError
from fhir_coaching.fhir.names import SUPERSEDED, addresses_of, adopted_id_of, server_of
from fhir_coaching.lens import Json
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.rules import finding
from fhir_coaching.records.values import Record

Key = tuple[str, str]  # kind and record id
_NAME = 64  # characters of a type's name that is told


@dataclass
class Foreign:
    """What became of the resources that do not bear our identifier."""

    ours: int = 0  # resources that bear it
    adopted: int = 0  # records
    faults: list[Fault] = field(default_factory=list)  # of those that could not be read, though their type is mapped
    _left: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)

    def leave(self, rule: str, type_: str, place: str) -> None:
        """Count a resource that gives no record, and need not."""
        key = rule, type_ if type_.isidentifier() and len(type_) <= _NAME else "(no name of a type)"
        first, count = self._left.get(key, (place, 0))
        self._left[key] = first, count + 1

    def findings(self) -> list[Finding]:
        """How many of each type give no record, each with the place of the first."""
        return [finding(rule, first, about=f"{type_}, {n:,}") for (rule, type_), (first, n) in self._left.items()]


def from_fhir(
    exchange: Exchange,
    entries: Iterable[Entry],
    local: Mapping[Key, Record] | None = None,
    foreign: Foreign | None = None,
) -> Iterator[tuple[str, Record]]:
    """The records that resources say, with their places. Kinds of one resource come at once, others when all was read.

    A resource that bears no identifier of ours is adopted: it becomes a record by its address. One that refers by an address to
    what comes later waits too. Raises MappingError at the end with every fault; those of others' resources go to `foreign`,
    where it is given.
    """
    reading = _Reading(exchange, local or {}, Foreign() if foreign is None else foreign)
    for entry in entries:
        yield from reading.take(entry)
    yield from reading.rest()
    faults = reading.faults if foreign is not None else reading.faults + reading.foreign.faults
    if faults:
        raise MappingError(faults)


@dataclass
class _Waiting:
    """The parts of one record as they come in."""

    kind: str
    id: str
    place: str
    parts: dict[str, Json] = field(default_factory=dict)  # emptied when they are a record, or never will be
    taken: dict[str, bytes] = field(default_factory=dict)  # each part that there was; of an adopted one its digest
    adopted: bool = False
    addresses: list[str] = field(default_factory=list)  # of an adopted one: they mean nothing before it can be read


@dataclass
class _Reading:
    exchange: Exchange
    local: Mapping[Key, Record]
    foreign: Foreign
    faults: list[Fault] = field(default_factory=list)
    waiting: dict[Key, _Waiting] = field(default_factory=dict)
    addressed: dict[str, Key] = field(default_factory=dict)  # of adopted ones

    def take(self, entry: Entry) -> Iterator[tuple[str, Record]]:
        """One resource, and the record that it makes, if that can be said already."""
        resource, routes = entry.resource, self.exchange.routes
        if resource is None:
            self._fault(self.faults, entry, "a record, where a resource was expected", "convert it with --to fhir")
            return
        found = routes.of(resource)
        if found is not None:
            self.foreign.ours += 1
            for address in addresses_of(resource, entry.full_url):
                self.exchange.names.learn(address, found[0], found[2])
        elif routes.bears(resource):
            message, hint = "has identifiers of several records of this practice", "expected one"
            self._fault(self.faults, entry, message, hint, f"{resource.get('resourceType')}.identifier")
        else:
            found = self._adopted(resource, entry)
        if found is not None:
            one = self._waiting(found, resource, entry)
            if one is not None and len(self.exchange.lenses[one.kind].lenses) == 1:
                yield from self._at_once(one)

    def rest(self) -> Iterator[tuple[str, Record]]:
        """The records of what has waited until the end."""
        waiting = [one for one in self.waiting.values() if one.parts]
        adopted = {(one.kind, one.id): one for one in waiting if one.adopted}
        addresses = {key: one.addresses for key, one in adopted.items()}
        for key, error in self.exchange.names.learn_readable(addresses, lambda key: self._record(adopted[key])).items():
            self._lose(adopted[key], error)
        for one in waiting:
            if one.parts:
                try:
                    record = self._record(one)
                except MappingError as error:
                    self.faults += error.faults
                else:
                    self.foreign.adopted += one.adopted
                    yield one.place, record

    def _adopted(self, resource: Json, entry: Entry) -> tuple[str, str, str] | None:
        """Kind, part and record id of a resource that is not ours; else a finding, and nothing."""
        type_, routes = str(resource.get("resourceType")), self.exchange.routes
        if routes.bears(resource, SUPERSEDED):
            self.foreign.leave("superseded", type_, entry.place)
            return None
        if type_ not in routes.anchors:
            self.foreign.leave("stranger-part" if type_ in routes.types else "stranger", type_, entry.place)
            return None
        kinds, id_ = self.exchange.adoptable(resource), adopted_id_of(resource, entry.full_url)
        wrong = self._wrong(kinds, id_, resource, entry)
        if wrong is not None:
            self._fault(self.foreign.faults, entry, *wrong, type_)
            return None
        return kinds[0], self.exchange.kinds[kinds[0]].anchor, id_

    def _wrong(self, kinds: list[str], id_: str, resource: Json, entry: Entry) -> tuple[str, str] | None:
        """Why a resource of a type that we map cannot be adopted, and what to do."""
        if len(kinds) != 1:
            anchors = self.exchange.routes.anchors[str(resource["resourceType"])]
            return f"is none of the kinds that this type may be: {', '.join(anchors)}", "`mapping` says what each wants"
        if not id_:
            return "cannot be told from others", "expected an `id`, or in a Bundle a `fullUrl`"
        names = self.exchange.names
        if not names.stands_on(server_of(resource, entry.full_url)):
            return "stands on another server than those before", "convert what is of one server at a time"
        own = kinds[0], id_
        for address in addresses_of(resource, entry.full_url):
            if own != self.addressed.get(address, own) or own != names.addresses.get(address, own):
                return "has the address of another resource", "convert what is of one server at a time"
        return None

    def _waiting(self, found: tuple[str, str, str], resource: Json, entry: Entry) -> _Waiting | None:
        """The record that a resource is a part of; nothing for one that was there before."""
        kind, part, id_ = found
        ours = self.exchange.routes.of(resource) is not None
        one = self.waiting.setdefault((kind, id_), _Waiting(kind, id_, entry.place))
        digest = b"" if ours else hashlib.blake2b(repr(resource).encode(errors="replace"), digest_size=16).digest()
        if part in one.taken:
            if ours or one.taken[part] != digest:  # what several searches include comes with each of them
                faults = self.faults if ours else self.foreign.faults
                self._fault(faults, entry, "the same record's resource a second time", f"the first is at {one.place}")
            return None
        one.taken[part], one.parts[part] = digest, resource
        if not ours:
            one.adopted, one.addresses = True, addresses_of(resource, entry.full_url)
            self.addressed.update(dict.fromkeys(one.addresses, (kind, id_)))
        return one

    def _at_once(self, one: _Waiting) -> Iterator[tuple[str, Record]]:
        """The record of one resource, unless it may refer to what is to come."""
        names = self.exchange.names
        names.missed = False
        try:
            record = self._record(one)
        except MappingError as error:
            if one.adopted and not names.missed:
                self._lose(one, error)
            return
        if not names.missed:
            self._learn(one)
            self.foreign.adopted += one.adopted
            one.parts = {}
            yield one.place, record

    def _record(self, one: _Waiting) -> Record:
        given = {"id": one.id} if one.adopted else {}
        parts = self.exchange.full(one.kind, one.parts)
        return self.exchange.record(one.kind, parts, self.local.get((one.kind, one.id)), place=one.place, **given)

    def _learn(self, one: _Waiting) -> None:
        for address in one.addresses:
            self.exchange.names.learn(address, one.kind, one.id)

    def _lose(self, one: _Waiting, error: MappingError) -> None:
        self.foreign.faults += error.faults
        one.parts = {}

    @staticmethod
    def _fault(faults: list[Fault], entry: Entry, message: str, hint: str, element: str = "") -> None:
        faults.append(Fault(message, element, entry.place, hint))
