"""What a pull makes of each record: taken, left alone, or a clash; from what is here, what was sent, and what is there."""

from dataclasses import dataclass, field, replace

from fhir_coaching.checks.told import told
from fhir_coaching.errors import ERROR, Fault, Finding, MappingError
from fhir_coaching.fhir.names import is_adopted
from fhir_coaching.lens.same import differences, field_of, same
from fhir_coaching.practice.exchange import Exchange, withdrawn
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import Record, replaced
from fhir_coaching.sync.base import THEIRS, Base, Copy, Key, Row
from fhir_coaching.sync.plan import Copies, arrived, changed_since, delivered, last_of, resources, travelling
from fhir_coaching.sync.report import Difference, Item, Pulled, PullReport


@dataclass
class Taking:
    """The records that a pull decided, and what is to be written and remembered of them."""

    exchange: Exchange
    base: Base
    report: PullReport
    local: dict[Key, Record | None]
    on_clash: str | None
    strict: bool = False  # whether what has errors by the specification is left there
    changed: dict[Key, Record] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    losers: list[Record] = field(default_factory=list)
    seen: set[Key] = field(default_factory=set)
    anchors: dict[Key, Copy] = field(default_factory=dict)  # as they are now
    findings: dict[Key, tuple[Finding, ...]] = field(default_factory=dict)  # what is wrong with what arrived

    def examine(self, key: Key, there: Copies) -> None:
        """Check the resources of a record that are new or changed. Raises MappingError for one that is not to be taken."""
        row = self.base.rows.get(key)
        known = row.parts if row is not None else {}
        self.findings[key] = tuple(
            one
            for part, copy in there.items()
            if copy is not None and (part not in known or not same(copy.resource, known[part].resource))
            for one in told(copy.resource, self.exchange.version, copy.reference)
        )
        if self.strict and any(one.severity == ERROR for one in self.findings[key]):
            raise MappingError([Fault("wrong by the specification: not taken")])

    def decide(self, key: Key, there: Copies, owner: str) -> None:
        """Settle one record: `there` are the parts that were looked for. Raises MappingError for what cannot be read."""
        self.examine(key, there)
        row, local = self.base.rows.get(key), self._here(key)
        if row is not None and row.intent is not None:
            row = arrived(self.exchange, row, {part: copy for part, copy in there.items() if copy is not None}) or row
        last = last_of(row)
        if row is None or last is None or not row.parts:
            self._first(key, local, there, owner)
            return
        changes = changed_since(self.exchange, row, there, last)
        edited = (key in self.local and local is None and withdrawn(last) is not None) or (
            local is not None and not same(local, last)
        )
        if not changes:
            self._learn(row, last, there)
            self.item(key, Pulled.UNCHANGED)
            return
        theirs = self.exchange.record(key[0], resources(there), last, id=key[1])
        taken = _taking(last, changes, theirs)
        if not edited or (local is not None and same(local, taken)):
            self._take(row, taken, there, changes)
            return
        self._clash(row, taken, there, changes)

    def _here(self, key: Key) -> Record | None:
        """The record in the folder, as a push would send it."""
        local = self.local.get(key)
        return local and delivered(travelling(self.exchange, local), self._absent)

    def _absent(self, key: Key) -> bool:
        """Whether nothing on the server is known to be this place or organization."""
        row = self.base.rows.get(key)
        return not (row and row.parts) and key not in self.seen

    def _first(self, key: Key, local: Record | None, there: Copies, owner: str) -> None:
        """A record met for the first time: new here, or here and there without a base."""
        record = self.exchange.record(key[0], resources(there), local, id=key[1])
        if local is None:
            self.changed[key] = record
            self._learn(Row(*key, owner), record, there)
            self.item(key, Pulled.NEW, "adopted: theirs" if is_adopted(key[1]) else "")
            return
        fresh = Row(*key, owner)
        if same(record, local) or (owner == THEIRS and not is_adopted(key[1])):
            self._learn(fresh, local, there)
            self.item(key, Pulled.UNCHANGED)
            return
        self._clash(fresh, record, there, tuple(differences(local, record)))

    def _take(self, row: Row, record: Record, there: Copies, changes: tuple[Difference, ...]) -> None:
        local = self.local.get(row.key)
        if local is None:
            self.changed[row.key] = record
        elif other := tuple(differences(self._here(row.key), record)):
            self.changed[row.key] = _taking(local, other, record)  # what does not travel stays
        self._learn(row, record, there)
        self.item(row.key, Pulled.CHANGED, fields=changes)

    def _clash(self, row: Row, theirs: Record, there: Copies, changes: tuple[Difference, ...]) -> None:
        """Both sides changed. Without a decision neither is written; the side that loses is kept in a file."""
        if self.on_clash == "server":
            if (loser := self.local.get(row.key)) is not None:
                self.losers.append(loser)
            self._take(row, theirs, there, changes)
        elif self.on_clash == "local":
            self.losers.append(theirs)
            self._learn(row, theirs, there)  # so that all of it is an edit of ours
            self.item(row.key, Pulled.UNCHANGED, "the local side stays; the next push writes it", fields=changes)
        else:
            self.item(
                row.key, Pulled.CLASH, "both sides changed: decide with --on-clash local or server", fields=changes
            )

    def _learn(self, row: Row, record: Record, there: Copies) -> None:
        parts = {**row.parts, **{part: copy for part, copy in there.items() if copy is not None}}
        parts = {part: copy for part, copy in parts.items() if part not in there or there[part] is not None}
        said = spell_record(travelling(self.exchange, record))
        self.rows.append(replace(row, record=said, parts=parts, intent=None, gone=False))

    def item(self, key: Key, outcome: Pulled, why: str = "", *, fields: tuple[Difference, ...] = ()) -> None:
        """Report what became of a record."""
        row = self.base.rows.get(key)
        anchor = self.exchange.kinds[key[0]].anchor
        copy = self.anchors.get(key) or (row.parts.get(anchor) if row else None)
        type_ = self.exchange.lenses[key[0]].lenses[anchor].table.type
        known, findings = (copy.id, copy.version) if copy else ("", ""), self.findings.get(key, ())
        self.report.items.append(Item(*key, outcome, anchor, type_, *known, why, fields, findings=findings))


def _taking(last: Record, changes: tuple[Difference, ...], theirs: Record) -> Record:
    """The record as last accepted, with the fields that changed on the server as they are there now."""
    names = {field_of(path) for path, _, _ in changes}
    return replaced(last, **{name: getattr(theirs, name) for name in names})
