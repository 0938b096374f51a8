"""Records to resources and back, without a server."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_coaching.errors import Fault, MappingError
from fhir_coaching.fhir.bundles import transaction
from fhir_coaching.fhir.names import PracticeNames, Routes, part_name
from fhir_coaching.lens import Json, Kind, KindLens, Near, Version
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.nearby import Nearby, Passed
from fhir_coaching.records import KINDS as MODELS
from fhir_coaching.records import WITHDRAWN, kind_of
from fhir_coaching.records.coaching import BookingState, Session
from fhir_coaching.records.conditions import ClinicalStatus, Condition
from fhir_coaching.records.values import Record, replaced

Mappings = Mapping[str, Kind[Any]]


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
    exchange: Exchange, entries: Iterable[Entry], base: Iterable[Json] = ()
) -> Iterator[tuple[Entry, str, Json]]:
    """Each record's resources, with the entry and the part they are of; `base` are a server's own copies to write onto.

    What is made from other records, such as a plan in words from its goals, waits for those that come later. Local kinds give
    nothing. Raises MappingError at the end with every fault.
    """
    copies: dict[tuple[str, str], dict[str, Json]] = {}
    for resource in base:
        found = exchange.routes.of(resource)
        if found:
            copies.setdefault((found[0], found[2]), {})[found[1]] = resource
    passed = Passed({kind for of in exchange.kinds.values() for row in of.rows for kind in row.sees})
    faults, late = list[Fault](), list[Entry]()

    def made(entry: Entry, record: Record) -> Iterator[tuple[Entry, str, Json]]:
        there = copies.get((entry.kind, record.id))
        try:
            known = exchange.full(entry.kind, there) if there else None
            parts = exchange.parts(record, known, near=passed, place=entry.place)
        except MappingError as error:
            faults.extend(error.faults)
        else:
            yield from ((entry, part, resource) for part, resource in parts.items())

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
            yield from resources
    for entry in late:
        if entry.record is not None:
            yield from made(entry, entry.record)
    if faults:
        raise MappingError(faults)


@dataclass
class _Waiting:
    """The parts of one record as they come in."""

    kind: str
    id: str
    place: str
    parts: dict[str, Json] = field(default_factory=dict)


def from_fhir(
    exchange: Exchange, entries: Iterable[Entry], local: Mapping[tuple[str, str], Record] | None = None
) -> Iterator[tuple[str, Record]]:
    """The records that resources say, with their places. Kinds of one resource come at once, others when all was read.

    A resource that refers to what comes later by address alone waits too. Raises MappingError at the end with every fault.
    """
    faults: list[Fault] = []
    waiting: dict[tuple[str, str], _Waiting] = {}
    for entry in entries:
        resource = entry.resource
        if resource is None:
            faults.append(
                Fault("a record, where a resource was expected", place=entry.place, hint="convert it with --to fhir")
            )
            continue
        found = exchange.routes.of(resource)
        if found is None:
            faults.append(_stranger(exchange, entry, resource))
            continue
        kind, part, id_ = found
        if isinstance(resource.get("id"), str):
            exchange.names.learn(f"{resource['resourceType']}/{resource['id']}", kind, id_)
        exchange.names.learn(entry.full_url, kind, id_)
        one = waiting.setdefault((kind, id_), _Waiting(kind, id_, entry.place))
        if part in one.parts:
            faults.append(
                Fault(
                    "the same record's resource a second time", place=entry.place, hint=f"the first is at {one.place}"
                )
            )
            continue
        one.parts[part] = resource
        if len(exchange.lenses[kind].lenses) == 1:
            try:
                record = exchange.record(kind, one.parts, (local or {}).get((kind, id_)), place=entry.place)
            except MappingError:
                continue  # it may wait for an address; if not, it says so at the end
            one.parts = {}
            yield entry.place, record
    for (kind, id_), one in waiting.items():
        if one.parts:
            try:
                yield (
                    one.place,
                    exchange.record(
                        kind, exchange.full(kind, one.parts), (local or {}).get((kind, id_)), place=one.place
                    ),
                )
            except MappingError as error:
                faults += error.faults
    if faults:
        raise MappingError(faults)


def _stranger(exchange: Exchange, entry: Entry, resource: Json) -> Fault:
    type_ = str(resource.get("resourceType"))
    if type_ not in exchange.routes.types:
        known = ", ".join(sorted(exchange.routes.types))
        return Fault(
            "no mapping reads this type of resource",
            type_ if type_.isidentifier() else "",
            entry.place,
            f"known: {known}",
        )
    return Fault(
        "has no identifier of this practice, or several",
        f"{type_}.identifier",
        entry.place,
        f"expected a system that begins with {exchange.names.base}/; --identifier-base sets it",
    )


def bundles(exchange: Exchange, entries: Iterable[Entry]) -> Iterator[Json]:
    """Transaction Bundles: one of the people and places that patients share, then one a patient. Holds all records."""
    groups: dict[str, list[tuple[str, str, Json]]] = {"": []}
    for entry, part, resource in to_fhir(exchange, entries):
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
