"""Records to resources, without a server, and what both ways need."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fhir_coaching.errors import Fault, MappingError
from fhir_coaching.fhir.bundles import transaction
from fhir_coaching.fhir.names import PracticeNames, Routes, addresses_of, adopted_id_of, part_name, server_of
from fhir_coaching.fhir.references import resolve
from fhir_coaching.lens import Json, Kind, KindLens, Near, Version
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.nearby import Nearby, Passed
from fhir_coaching.records import KINDS as MODELS
from fhir_coaching.records import WITHDRAWN, kind_of
from fhir_coaching.records.coaching import BookingState, Session
from fhir_coaching.records.conditions import ClinicalStatus, Condition
from fhir_coaching.records.values import Record, replaced

Mappings = Mapping[str, Kind[Any]]
Made = tuple[Entry, str, Json]  # a record's entry, a part, and the resource that it is
Copies = Mapping[tuple[str, str], Mapping[str, Json | None]]  # by kind and record id, then by part
# What keeps a record's resource from being made: of which entry and part it is, and the copy that it is written onto.
Amiss = Callable[[Entry, str, Json, Json | None], Iterable[Fault]]


class Exchange:
    """The mappings, bound once to a FHIR version and to what the practice calls things."""

    def __init__(self, kinds: Mappings, version: Version, names: PracticeNames) -> None:
        self.kinds, self.version, self.names = kinds, version, names
        self.lenses: dict[str, KindLens[Any]] = {kind: of.lens(version, names) for kind, of in kinds.items()}
        self.routes = Routes(kinds, names)

    def travels(self, kind: str, record: Record | None = None) -> bool:
        """Whether records of this kind leave the practice at all, and this one too."""
        return kind in self.kinds and (record is None or self.kinds[kind].travels(record))

    def parts(
        self,
        record: Record,
        base: Mapping[str, Json | None] | None = None,
        *,
        near: Near = Nearby(),  # noqa: B008 - nobody, and it stays so
        place: str = "",
    ) -> dict[str, Json]:
        """A record's resources by part; new ones also say what stands `near`. Raises MappingError whose faults bear `place`."""
        try:
            lens = self.lenses[kind_of(record)]
            return lens.put(record, base, beside=lens.beside(record, near))
        except MappingError as error:
            raise MappingError(
                [placed(place or f"{kind_of(record)} {record.id}", fault) for fault in error.faults]
            ) from None

    def record(
        self, kind: str, parts: Mapping[str, Json | None], local: Record | None = None, *, place: str = "", **given: Any
    ) -> Record:
        """The record that resources say. Raises MappingError whose faults bear `place`."""
        try:
            found: Record = self.lenses[kind].get(parts, local, **given)
        except MappingError as error:
            raise MappingError([placed(place or kind, fault) for fault in error.faults]) from None
        return found

    def identifier(self, kind: str, part: str, record_id: str) -> tuple[str, str]:
        """System and value of the identifier that says which record and part a resource is."""
        return self.names.system(part_name(self.kinds, kind, part)), record_id

    def adoptable(self, resource: Json) -> list[str]:
        """The kinds that a resource which is not ours may be: several kinds of one type differ by their constants."""
        kinds = self.routes.anchors.get(str(resource.get("resourceType")), [])
        if len(kinds) == 1:
            return kinds
        return [kind for kind in kinds if self.lenses[kind].lenses[self.kinds[kind].anchor].admits(resource)]

    def full(self, kind: str, parts: Mapping[str, Json]) -> dict[str, Json | None]:
        """Parts as if all had been looked for."""
        return {name: parts.get(name) for name in self.lenses[kind].lenses}


def placed(place: str, fault: Fault) -> Fault:
    """A fault whose record place begins with where the record stands."""
    return Fault(fault.message, fault.element, f"{place} {fault.place}".strip(), fault.hint)


def withdrawn(record: Record) -> Record | None:
    """The record in the state that says it should never have been, if its kind has one; a time that was booked is free again."""
    state = WITHDRAWN.get(kind_of(record))
    if state is None:
        return None
    gone = replaced(record, **{state[0]: state[1]})
    if isinstance(gone, Session) and gone.booking is not None and gone.booking.state is BookingState.BOOKED:
        return replaced(gone, booking=gone.booking.model_copy(update={"state": BookingState.CANCELLED}))
    if isinstance(gone, Condition):  # con-5: one in error has no status besides
        return replaced(gone, clinical_status=ClinicalStatus.UNKNOWN)
    return gone


def to_fhir(
    exchange: Exchange, entries: Iterable[Entry], base: Iterable[Entry] = (), amiss: Amiss = lambda *_: ()
) -> Iterator[Made]:
    """Each record's resources, with the entry and the part they are of; `base` are a server's own copies to write onto.

    Copies are found by our identifier; those of adopted records by their address, which others are referred to by.

    What is made from other records, such as a plan in words from its goals, waits for those that come later. Local kinds give
    nothing, and records of which a resource is `amiss` neither. Raises MappingError at the end with every fault.
    """
    copies, addresses = _copies(exchange, base)

    def address(system: str, value: str) -> str | None:
        return addresses.get((system, value)) or None

    passed = Passed({kind for of in exchange.kinds.values() for row in of.rows for kind in row.sees})
    faults, late = list[Fault](), list[Entry]()

    def made(entry: Entry, record: Record) -> Iterator[Made]:
        known = copies.get((entry.kind, record.id))
        try:
            parts = exchange.parts(record, known, near=passed, place=entry.place)
        except MappingError as error:
            faults.extend(error.faults)
        else:
            for part, resource in parts.items():
                yield entry, part, resolve(resource, address) if addresses else resource

    for entry in entries:
        record = entry.record
        if record is None or not exchange.travels(entry.kind, record):
            continue
        passed.take(record)
        passed.missed, before = False, len(faults)
        resources = list(made(entry, record))
        if passed.missed:
            late.append(entry)
            del faults[before:]
        else:
            yield from _fit(resources, copies, amiss, faults)
    for entry in late:
        if entry.record is not None:
            yield from _fit(list(made(entry, entry.record)), copies, amiss, faults)
    if faults:
        raise MappingError(faults)


def _fit(made: list[Made], copies: Copies, amiss: Amiss, faults: list[Fault]) -> list[Made]:
    """A record's resources, if none of them is amiss."""
    before = len(faults)
    for entry, part, resource in made:
        known = copies.get((entry.kind, entry.record.id), {}) if entry.record is not None else {}
        faults += amiss(entry, part, resource, known.get(part))
    return made if len(faults) == before else []


def _copies(exchange: Exchange, base: Iterable[Entry]) -> tuple[Copies, dict[tuple[str, str], str]]:
    """A server's copies by kind and record id, then by part; and the addresses of adopted ones by the identifier that we say.

    What an adopted record has no copy of is none of our business, and not written.
    """
    copies: dict[tuple[str, str], dict[str, Json]] = {}
    ours, theirs = list[tuple[str, str, str]](), dict[tuple[str, str], list[str]]()
    addresses: dict[tuple[str, str], str] = {}
    for entry in base:
        resource = entry.resource or {}
        found, known = exchange.routes.of(resource), addresses_of(resource, entry.full_url)
        if found is None and not exchange.routes.bears(resource):
            kinds, id_ = exchange.adoptable(resource), adopted_id_of(resource, entry.full_url)
            if len(kinds) == 1 and id_ and exchange.names.stands_on(server_of(resource, entry.full_url)):
                found = kinds[0], exchange.kinds[kinds[0]].anchor, id_
                addresses[exchange.identifier(*found)] = known[0] if known else ""
                theirs[found[0], found[2]] = known
        if found is not None:
            copies.setdefault((found[0], found[2]), {})[found[1]] = resource
            ours += [(address, found[0], found[2]) for address in known if (found[0], found[2]) not in theirs]
    for one in ours if addresses else ():
        exchange.names.learn(*one)
    exchange.names.learn_readable(
        theirs, lambda key: exchange.record(key[0], exchange.full(key[0], copies[key]), id=key[1])
    )
    there = {key: parts if key in theirs else exchange.full(key[0], parts) for key, parts in copies.items()}
    return there, addresses


def bundles(exchange: Exchange, entries: Iterable[Entry], amiss: Amiss = lambda *_: ()) -> Iterator[Json]:
    """Transaction Bundles: one of the people and places that patients share, then one a patient. Holds all records."""
    groups: dict[str, list[tuple[str, str, Json]]] = {"": []}
    for entry, part, resource in to_fhir(exchange, entries, amiss=amiss):
        record = entry.record
        assert record is not None  # noqa: S101 - to_fhir yields records only
        groups.setdefault(patient_of(record), []).append((*exchange.identifier(entry.kind, part, record.id), resource))
    shared = {(system, value): str(resource["resourceType"]) for system, value, resource in groups[""]}
    for patient, resources in groups.items():
        if resources:
            yield transaction(resources, shared if patient else {})


def patient_of(record: Record) -> str:
    """The patient whom a record belongs to; empty for what patients share."""
    if MODELS[type(record)] == "patient":
        return record.id
    return str(getattr(record, "patient", ""))
