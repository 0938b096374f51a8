"""What is to be done with one record: pure, from what is here, what was sent, and what is there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.names import is_adopted
from fhir_coaching.fhir.references import resolve
from fhir_coaching.lens import Json, Kind, Near
from fhir_coaching.lens.rows import Fate
from fhir_coaching.lens.same import differences, field_of, same
from fhir_coaching.practice.exchange import Exchange, withdrawn
from fhir_coaching.records import kind_of
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import Record, Value, replaced
from fhir_coaching.sync.base import THEIRS, Copy, Key, Row
from fhir_coaching.sync.report import Difference
from fhir_coaching.sync.superseding import appended

Copies = Mapping[str, Copy | None]


@dataclass(frozen=True)
class Plan:
    """The parts to write, as they are to be; or why nothing is written."""

    writes: dict[str, Json] = field(default_factory=dict)
    beside: dict[str, str] = field(default_factory=dict)  # digests of the near rows as they are made now
    appended: dict[str, Json] = field(default_factory=dict)  # parts to write, as new resources that replace the old
    changed: tuple[Difference, ...] = ()  # on the server, since the base
    why: str = ""

    def of(self, part: str) -> dict[str, str]:
        """The digests of one part."""
        return {key: digest for key, digest in self.beside.items() if key.startswith(f"{part}.")}

    @property
    def moved(self) -> bool:
        """Whether the server's copy is another one than we knew."""
        return bool(self.why)


def last_of(row: Row | None) -> Record | None:
    """The record as last sent or accepted."""
    return read_record(row.kind, row.record) if row is not None and row.record is not None else None


class Known:
    """What stands near a record: what is here, else what was last sent or accepted; a withdrawal as what it comes to.

    Of records that are `held` back, what was last sent or accepted: a plan in words must not say what its goal does not.
    """

    def __init__(self, here: Mapping[Key, Record | None], rows: Mapping[Key, Row]) -> None:
        self._here, self._rows, self.held = here, rows, set[Key]()

    def record(self, kind: str, key: str) -> Record | None:
        """The record of this kind and id, if it is known."""
        here = {} if (kind, key) in self.held else self._here
        found = here.get((kind, key))
        if found is not None:
            return found
        last = last_of(self._rows.get((kind, key)))
        return withdrawn(last) if last is not None and (kind, key) in here else last


def travelling(exchange: Exchange, record: Record) -> Record:
    """The record without what never leaves the practice: an edit there is none, and the base does not hold it.

    Of an adopted record only what the one resource says travels: no others are made for it.
    """
    fields = type(record).model_fields
    said = {name: fields[name].default for name in _local(exchange.kinds[kind_of(record)], is_adopted(record.id))}
    return record.model_copy(update=said) if any(getattr(record, name) != said[name] for name in said) else record


def delivered(record: Record, absent: Callable[[Key], object]) -> Record:
    """The record without references to places and organizations that are not on the server."""
    for name in ("place", "organization"):
        id_ = getattr(record, name, None)
        if id_ and absent((name, id_)):
            record = replaced(record, **{name: None})
    return record


@cache
def _local(kind: Kind[Any], adopted: bool) -> tuple[str, ...]:  # noqa: FBT001 - of the cache
    its = {row.attr for row in (kind.parts[kind.anchor].table.rows if adopted else kind.rows)}
    return tuple(name for name, fate, _ in kind.ledger() if fate is Fate.LOCAL or name not in its)


def resources(copies: Copies) -> dict[str, Json | None]:
    """Copies as the lens takes them."""
    return {part: None if copy is None else copy.resource for part, copy in copies.items()}


def changed_since(exchange: Exchange, row: Row, copies: Copies, last: Record | None) -> tuple[Difference, ...]:
    """What the server says otherwise now than in the base, in fields that a record has. Raises MappingError.

    What the server dropped when it was written is the same in both, and so no edit. A reference to what was adopted since is
    in both as well, and new to us: what cannot be seen here must not be taken away there.
    """
    known = {part: row.parts.get(part) for part in copies}
    before = exchange.record(row.kind, resources(known), last, id=row.id)
    after = exchange.record(row.kind, resources(copies), last, id=row.id)
    changed = list(differences(before, after))
    if last is not None and not same(last, after):
        others = type(after).model_fields.keys() - {field_of(path) for path, _, _ in changed}
        for name in sorted(others):
            one, other = getattr(last, name), getattr(after, name)
            if not same(one, other) and set(_adopted_in(other)) - set(_adopted_in(one)):
                changed += differences(one, other, name)
    return tuple(changed)


def _adopted_in(value: Any) -> Iterator[str]:
    """The adopted records that a value refers to."""
    if isinstance(value, str):
        yield from (value,) if is_adopted(value) else ()
    elif isinstance(value, tuple):
        yield from (found for one in value for found in _adopted_in(one))
    elif isinstance(value, Value):
        yield from _adopted_in(tuple(getattr(value, name) for name in type(value).model_fields))


def plan_write(exchange: Exchange, key: Key, record: Record, row: Row | None, copies: Copies, near: Near) -> Plan:
    """What a push does with a record that may be written. Raises MappingError for a copy or a record that cannot be read or said."""
    kind, id_ = key
    last, lens = last_of(row), exchange.lenses[kind]
    # Of what is here: a server that keeps less must not change the words. What is theirs has their words.
    beside = {} if row is not None and row.owner == THEIRS else lens.beside(record, near)
    digests, new = lens.digests(beside), dict[str, None]()
    anchor = copies.get(exchange.kinds[kind].anchor)
    if anchor is not None and row is not None and row.parts:
        changed = changed_since(exchange, row, copies, last)
        if changed:
            return Plan(changed=changed, why="changed on the server since it was last seen: pull first")
        there = exchange.record(kind, resources(copies), last, id=id_)
        record = _edited(exchange, row, record, last, copies, there)
        new = dict.fromkeys(appended(exchange, key, there, record, copies))
    elif anchor is not None:
        there = exchange.record(kind, resources(copies), record, id=id_)
        changed = tuple(differences(record, there))
        if changed:
            return Plan(
                changed=changed, why="is on the server already, with other content, and no base is known: pull first"
            )
        return Plan(beside=digests)
    made = lens.put(record, resources(copies), last, beside=beside, sent=row.beside if row else {})
    writes = {part: resource for part, resource in made.items() if not _there(resource, copies.get(part))}
    return Plan(writes, digests, lens.put(record, new, beside=beside) if new else {})


def _edited(exchange: Exchange, row: Row, record: Record, last: Record | None, copies: Copies, there: Record) -> Record:
    """What the server says, with the fields that were edited here since: what a server cannot keep is not sent for ever.

    A part that was never there has all of its fields from here.
    """
    if last is None:
        return record
    new = {
        name
        for part, of in exchange.kinds[row.kind].parts.items()
        if copies.get(part, "") is None and part not in row.parts
        for name in of.fields
    }
    names = [
        name
        for name in type(record).model_fields
        if name in new or not same(getattr(record, name), getattr(last, name))
    ]
    return replaced(there, **{name: getattr(record, name) for name in names})


def _there(resource: Json, copy: Copy | None) -> bool:
    return copy is not None and same(resource, copy.resource)


def arrived(exchange: Exchange, row: Row, there: Mapping[str, Copy]) -> Row | None:
    """The row of a write that got no answer, once the server shows that it arrived: it is our own, and no edit.

    A resource that was created and differs by now was edited since: what we sent is its base. None: not there, or not yet.
    """
    intent = row.intent
    if intent is None or not all(part in there for part in intent.parts):
        return None
    sent = replace(
        row,
        record=intent.record if intent.whole else row.record,
        parts=dict(there),
        intent=None,
        beside={**row.beside, **intent.beside},
    )
    record, copies = last_of(replace(row, record=intent.record)), resources(there)
    try:
        equal = same(
            exchange.record(row.kind, copies, record, id=row.id),
            exchange.record(row.kind, {**copies, **intent.parts}, record, id=row.id),
        )
    except MappingError:
        equal = False
    if equal:
        return sent
    if any(part in row.parts for part in intent.parts):
        return None
    return replace(
        sent,
        parts={part: replace(copy, resource=intent.parts.get(part, copy.resource)) for part, copy in there.items()},
    )


def with_references(resource: Json, known: Mapping[tuple[str, str], str]) -> Json:
    """The resource with the server's address in each logical reference that has one."""
    return resolve(resource, lambda system, value: known.get((system, value)))
