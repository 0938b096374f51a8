"""One push under way: what is known of the server, of what others may refer to, and of what came of each record so far."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from fhir_coaching.errors import Finding
from fhir_coaching.lens import Json
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import Record
from fhir_coaching.sync.base import OURS, Base, Copy, Key, Row
from fhir_coaching.sync.lookup import Server
from fhir_coaching.sync.plan import Known
from fhir_coaching.sync.report import Difference, Item, Outcome, PushReport

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Write:
    """One part that is to be sent."""

    record: Record  # the whole of it, as it is here
    sent: Record  # the same without what does not travel, and without references that cannot be delivered
    key: Key
    part: str
    type: str
    resource: Json  # with logical references
    copy: Copy | None  # what it replaces; None: it is created
    beside: Mapping[str, str] = field(default_factory=dict)  # digests of its near rows
    leaves: bool = False  # the copy is superseded, and a new resource comes after it
    replaces: str = ""  # the address of what a new one replaces
    findings: tuple[Finding, ...] = ()  # what is wrong in it that was wrong in the copy


@dataclass
class Run:
    """The state of a push, and the ways to note something down."""

    server: Server
    exchange: Exchange
    base: Base
    report: PushReport
    create_people: bool
    now: Callable[[], float]
    refused: Mapping[Key, tuple[Finding, ...]]  # records that are not fit to be sent, and why
    near: Known  # what the practice knows beside each record
    write_adopted: Collection[str] = ()  # types of adopted resources that may be written
    places: Mapping[Key, str] = field(default_factory=dict)  # where records stand
    strict: bool = False  # whether warnings of the checks stop a record too
    stopped: dict[Key, str] = field(default_factory=dict)  # records that others cannot refer to, and why
    coming: set[Key] = field(default_factory=set)  # records whose turn has come
    addresses: dict[tuple[str, str], str] = field(default_factory=dict)  # identifier -> "Goal/17"
    written: set[tuple[Key, str]] = field(default_factory=set)  # parts that are reported as written

    def __post_init__(self) -> None:
        for row in self.base.rows.values():
            self.know(row)

    def anchor(self, kind: str) -> str:
        """The part that is always there."""
        return self.exchange.kinds[kind].anchor

    def type_of(self, kind: str, part: str) -> str:
        """The resource type of a part."""
        return self.exchange.lenses[kind].lenses[part].table.type

    def own(self, key: Key, part: str) -> tuple[str, str]:
        """The identifier of a part: system and value."""
        return self.exchange.identifier(key[0], part, key[1])

    def absent(self, key: Key) -> str:
        """Why a record cannot be referred to; empty if it can."""
        if self.own(key, self.anchor(key[0])) in self.addresses:
            return ""  # it is there, whatever became of an edit
        return self.stopped.get(key) or ("" if key in self.coming else "it was not pushed")

    def know(self, row: Row) -> None:
        """From now on others can refer to this record."""
        for part, copy in row.parts.items():
            self.addresses[self.own(row.key, part)] = copy.reference
            if part == self.anchor(row.kind):
                self.exchange.names.learn(copy.reference, *row.key)

    def save(self, *rows: Row) -> None:
        """Remember rows; one that has neither a copy nor an intent is forgotten. A dry run remembers nothing."""
        if self.report.dry_run:
            return
        self.base.save([row for row in rows if row.parts or row.intent or row.gone])
        for row in rows:
            if not (row.parts or row.intent or row.gone) and row.key in self.base.rows:
                self.base.forget(row)

    def remember(
        self,
        key: Key,
        record: Record,
        copies: Mapping[str, Copy | None],
        owner: str = OURS,
        beside: Mapping[str, str] = _NOTHING,
    ) -> Row:
        """What the server has is what we know it to have, and the record is what it was made from."""
        parts = {part: copy for part, copy in copies.items() if copy is not None}
        row = Row(*key, owner, spell_record(record), parts, beside=dict(beside))
        self.know(row)
        self.save(row)
        return row

    def again(self, keys: Iterable[Key]) -> None:
        """Forget what was reported of records that are to be looked at once more, but for what was written."""
        keys = set(keys)
        self.report.items = [
            item
            for item in self.report.items
            if (item.kind, item.id) not in keys or ((item.kind, item.id), item.part) in self.written
        ]

    def stop(self, key: Key, outcome: Outcome, why: str, findings: tuple[Finding, ...] = ()) -> list[Write]:
        """Report a record that is not written; what refers to it learns why."""
        self.stopped[key] = why
        self.near.held.add(key)
        part = self.anchor(key[0])
        self.report.items.append(Item(*key, outcome, part, self.type_of(key[0], part), why=why, findings=findings))
        return []

    def settled(
        self,
        key: Key,
        outcome: Outcome,
        copies: Mapping[str, Copy | None],
        *,
        why: str = "",
        fields: tuple[Difference, ...] = (),
    ) -> list[Write]:
        """Report an item for each resource that is there and needs no write."""
        for part, copy in copies.items():
            if copy is not None and (key, part) not in self.written:
                self.report.items.append(Item(*key, outcome, part, copy.type, copy.id, copy.version, why, fields))
        return []

    def sent(
        self, write: Write, outcome: Outcome, *, copy: Copy | None = None, why: str = "", lost: tuple[str, ...] = ()
    ) -> None:
        """Report what became of a write."""
        if outcome in {Outcome.CREATED, Outcome.UPDATED}:
            self.written.add((write.key, write.part))
        copy = copy or write.copy
        known = (copy.id, copy.version) if copy else ("", "")
        item = Item(*write.key, outcome, write.part, write.type, *known, why=why, lost=lost, findings=write.findings)
        self.report.items.append(item)
