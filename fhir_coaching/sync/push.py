"""Push: what the practice says, written to a server; people once, then a patient at a time.

A group of records is looked up in one request and written in one transaction. Before the bytes leave, the base says what is
about to be sent; after the answer, what came of it. Rungs of creating: an id made of the identifier, where clients may choose
ids; else a conditional create; else a plain one, with the base alone to know.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fhir_coaching.errors import CoachingError, LostAnswer, MappingError, NotAuthorized, Rejected, ServerError, Unavailable, VersionConflict
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.names import part_name, stable_id
from fhir_coaching.lens import Json
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, patient_of, withdrawn
from fhir_coaching.practice.findings import findings
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import Record, replaced
from fhir_coaching.server import Answer, FhirServer
from fhir_coaching.server import Entry as BundleEntry
from fhir_coaching.sync.base import OURS, THEIRS, Base, Copy, Intent, Key, Row
from fhir_coaching.sync.lookup import MOST, PEOPLE, Found, Server, copy_of, look_up
from fhir_coaching.sync.plan import equal_in_meaning, last_of, plan_write, resources, with_references
from fhir_coaching.sync.report import Item, Outcome, PushReport
from fhir_coaching.lens.same import differences

SETTLE = 90.0  # seconds after which a search that finds nothing starts to count; HAPI answers old searches for 60
MISSES = 2  # how often it has to find nothing

_SHARED = ("organization", "place", "practitioner")


@dataclass(frozen=True)
class Write:
    """One part that is to be sent."""

    record: Record  # the whole of it, as it is to be
    key: Key
    part: str
    type: str
    resource: Json  # with logical references
    copy: Copy | None  # what it replaces; None: it is created


def push(
    entries: Iterable[Entry],
    server: FhirServer,
    exchange: Exchange,
    base: Base,
    *,
    create_people: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> PushReport:
    """Write what changed here since it was last sent. Raises InputError before anything is sent; `stopped` says what ended it early."""
    groups = _groups(entries, exchange, base)
    run = _Push(Server(server), exchange, base, PushReport(dry_run=dry_run), create_people=create_people, now=now)
    try:
        for group in groups:
            run.settle(group)
    except (Unavailable, NotAuthorized) as error:
        run.report.stopped = error
    run.report.requests = server.requests
    return run.report


Group = dict[Key, Record | None]  # None: a withdrawal


def _groups(entries: Iterable[Entry], exchange: Exchange, base: Base) -> list[Group]:
    """People and places first, then a group a patient, in the order of the mappings."""
    shared: Group = {}
    patients: dict[str, Group] = {}
    for entry in entries:
        if not exchange.travels(entry.kind):
            continue
        record, id_ = entry.record, entry.record.id if entry.record is not None else entry.withdrawn
        key = (entry.kind, id_)
        last = record or last_of(base.rows.get(key))
        patient = patient_of(last) if last is not None else ""
        (shared if entry.kind in _SHARED else patients.setdefault(patient, {}))[key] = record
    order = list(exchange.kinds)
    return [dict(sorted(group.items(), key=lambda one: order.index(one[0][0]))) for group in (shared, *patients.values()) if group]


class _Push:
    def __init__(
        self, server: Server, exchange: Exchange, base: Base, report: PushReport, *, create_people: bool, now: Callable[[], float]
    ) -> None:
        self.server, self.exchange, self.base, self.report = server, exchange, base, report
        self.create_people, self.now = create_people, now
        self.stopped: dict[Key, str] = {}  # records that are not there for others to refer to, and why
        self.coming: set[Key] = set()  # records that are being written, or were
        self.addresses: dict[tuple[str, str], str] = {}  # identifier -> "Goal/17"
        for row in base.rows.values():
            self._know(row)

    def settle(self, group: Group, *, again: bool = True) -> None:
        """Look a group up, decide, write. A conflict while writing is looked at once more."""
        wanted = [(key, record, self.base.rows.get(key)) for key, record in group.items()]
        found = look_up(self.server, self.exchange, wanted)
        writes: list[Write] = []
        self.coming |= group.keys()
        for key, record in group.items():
            try:
                writes += self._decide(key, record, found[key])
            except MappingError as error:
                self._item(key, Outcome.FAILED, why="; ".join(map(str, error.faults)))
        conflicts = self._write(writes)
        if conflicts:
            if again:
                self.settle({key: group[key] for key in conflicts}, again=False)
            else:
                for key in conflicts:
                    self._item(key, Outcome.MOVED, why="somebody else writes it at the same time: pull first")

    def _decide(self, key: Key, record: Record | None, found: Found) -> list[Write]:
        """Settle one record that needs no write, or answer what is to be written."""
        kind, _ = key
        anchor = self.exchange.kinds[kind].anchor
        if found.error is not None:
            return self._stop(key, Outcome.FAILED, str(found.error))
        if found.several:
            return self._stop(key, Outcome.NOT_DELIVERABLE, "several resources on the server bear its identifier: link one of them")
        if anchor not in found.parts:
            return self._stop(key, Outcome.NOT_DELIVERABLE, f"the server takes no {self.exchange.lenses[kind].lenses[anchor].table.type}")
        if anchor in found.deleted:
            return self._stop(key, Outcome.MOVED, "deleted on the server: pull first; the local record stays")
        row = self._recollect(key, found)
        if row is not None and row.intent is not None:
            return self._stop(key, Outcome.UNKNOWN, "a write is still without an answer, and cannot be found yet: push again later")
        if record is None:
            record = self._withdrawn(key, row, found)
            if record is None:
                return []
        if row is None and found.theirs:
            self._match(key, record, found)
            return []
        if row is not None and row.owner == THEIRS:
            self._item(key, Outcome.UNCHANGED, copies=found.parts, why="theirs: not written")
            return []
        if kind in PEOPLE and found.parts[anchor] is None and not self.create_people:
            return self._stop(key, Outcome.NOT_DELIVERABLE, "no match on the server; --create-people creates it, `link` says who it is")
        wrong = [finding for finding in findings(record) if finding.severity == "error"]
        if wrong:
            return self._stop(key, Outcome.FAILED, "; ".join(f"{finding.message} [{finding.rule}]" for finding in wrong))
        reduced = self._referring(key, record)
        return [] if reduced is None else self._planned(key, reduced, row, found)

    def _planned(self, key: Key, record: Record, row: Row | None, found: Found) -> list[Write]:
        plan = plan_write(self.exchange, key, record, row, found.parts)
        if plan.moved:
            self._item(key, Outcome.MOVED, copies=found.parts, why=plan.why, fields=plan.changed)
            return []
        types = {part: lens.table.type for part, lens in self.exchange.lenses[key[0]].lenses.items()}
        writes = [
            Write(record, key, part, types[part], resource, found.parts.get(part)) for part, resource in plan.writes.items()
        ]
        still = {part: copy for part, copy in found.parts.items() if part not in plan.writes}
        self._item(key, Outcome.UNCHANGED, copies=still)
        if not writes:
            self._remember(key, record, found.parts)
        return writes

    def _recollect(self, key: Key, found: Found) -> Row | None:
        """What is known of a record, with an unanswered write settled as far as the server shows it."""
        row = self.base.rows.get(key)
        if row is None or row.intent is None:
            return row
        intent, last = row.intent, last_of(row)
        sent = last_of(replace(row, record=intent.record))
        copies = resources(found.parts)
        assert sent is not None  # noqa: S101 - an intent has a record
        if all(found.parts.get(part) is not None for part in intent.parts):
            arrived = equal_in_meaning(self.exchange, key[0], copies, {**copies, **intent.parts}, sent)
            if arrived:  # our own write, come to light: not an edit
                return self._remember(key, sent, found.parts)
            if not row.parts:  # it arrived and was edited since: what we sent is the base
                sent_copies = {p: replace(c, resource=intent.parts.get(p, c.resource)) for p, c in found.parts.items() if c is not None}
                return self._remember(key, sent, sent_copies)
            return self._drop_intent(row)  # an update that did not arrive; If-Match keeps a late one out
        if row.parts and all(part in row.parts for part in intent.parts):
            return self._drop_intent(row)
        if self.now() - intent.at < SETTLE:
            return row
        row = replace(row, intent=replace(intent, misses=intent.misses + 1))
        if row.intent is not None and row.intent.misses >= MISSES:
            return self._drop_intent(row)
        if not self.report.dry_run:
            self.base.save([row])
        return row

    def _drop_intent(self, row: Row) -> Row | None:
        row = replace(row, intent=None)
        if not self.report.dry_run:
            if not row.parts:
                self.base.forget(row)
                return None
            self.base.save([row])
        return row if row.parts else None

    def _withdrawn(self, key: Key, row: Row | None, found: Found) -> Record | None:
        """The record that a `deleted` line withdraws, in its withdrawn state; None once that is settled otherwise."""
        anchor = self.exchange.kinds[key[0]].anchor
        if found.parts.get(anchor) is None:
            self._item(key, Outcome.UNCHANGED, why="is not on the server")
            return None
        record = last_of(row) or self.exchange.record(key[0], resources(found.parts), id=key[1])
        gone = withdrawn(record)
        if gone is None:
            self._stop(key, Outcome.NOT_DELIVERABLE, "cannot be withdrawn here: this type has no such state")
        elif row is None:  # no base: what is there is taken for what was sent
            self._remember(key, record, found.parts)
        return gone

    def _match(self, key: Key, record: Record, found: Found) -> None:
        anchor = self.exchange.kinds[key[0]].anchor
        found.parts = {anchor: found.parts[anchor]}
        self._remember(key, record, found.parts, owner=THEIRS)
        self._item(key, Outcome.UNCHANGED, copies=found.parts, why="matched by identifier: theirs, not written")

    def _referring(self, key: Key, record: Record) -> Record | None:
        """The record with references that can be delivered; None where it cannot do without one that is not there."""
        patient, practitioner = patient_of(record), getattr(record, "practitioner", None)
        for needed in (("patient", patient if key[0] != "patient" else ""), ("practitioner", practitioner or "")):
            if needed[1] and (why := self._absent(needed)):
                self._stop(key, Outcome.NOT_DELIVERABLE, f"its {needed[0]} {needed[1]} is not on the server: {why}")
                return None
        for name, kind in (("place", "place"), ("organization", "organization")):
            id_ = getattr(record, name, None)
            if id_ and self._absent((kind, id_)):
                record = replaced(record, **{name: None})
        return record

    def _absent(self, key: Key) -> str:
        """Why a record cannot be referred to; empty if it can."""
        if key in self.stopped:
            return self.stopped[key]
        known = self.exchange.identifier(key[0], self.exchange.kinds[key[0]].anchor, key[1]) in self.addresses
        return "" if known or key in self.coming else "it was not pushed"

    # Writing

    def _write(self, writes: list[Write]) -> list[Key]:
        """Send what is to be written, at most MOST entries at once. Answers the records that somebody else wrote meanwhile."""
        conflicts: list[Key] = []
        if self.report.dry_run:
            for write in writes:
                self._written(write, None)
            return conflicts
        for start in range(0, len(writes), MOST):
            conflicts += self._send(writes[start : start + MOST])
        return list(dict.fromkeys(conflicts))

    def _send(self, writes: list[Write]) -> list[Key]:
        """One transaction; if the server refuses it, its halves, until what it refuses stands alone."""
        ready = self._ready(writes)
        if not ready:
            return []
        self._intend(ready)
        self.report.writes += len(ready)
        together = self.server.can.transaction and len(ready) > 1
        try:
            answers = (
                self.server.client.bundle([entry for _, entry in ready], "transaction") if together else [self._alone(e) for _, e in ready]
            )
        except (Rejected, VersionConflict) as error:
            self._unsent(ready)
            self.report.writes -= len(ready)
            if isinstance(error, VersionConflict):
                return [write.key for write, _ in ready]
            middle = len(ready) // 2
            plain = [write for write, _ in ready]
            return [*self._send(plain[:middle]), *self._send(plain[middle:])]
        except LostAnswer as error:
            for write, _ in ready:
                self._item(write.key, Outcome.UNKNOWN, write=write, why=error.message)
            return []
        except ServerError:
            self._unsent(ready)
            self.report.writes -= len(ready)
            raise
        return self._answered(ready, answers)

    def _alone(self, entry: BundleEntry) -> Answer | ServerError:
        """One write by itself: an error of its own is its answer."""
        try:
            assert entry.resource is not None  # noqa: S101 - a write has a resource
            if entry.method == "PUT":
                return self.server.client.update(entry.resource, if_match=entry.if_match)
            return self.server.client.create(entry.resource, if_none_exist=entry.if_none_exist)
        except (Unavailable, NotAuthorized):
            raise
        except ServerError as error:
            return error

    def _ready(self, writes: list[Write]) -> list[tuple[Write, BundleEntry]]:
        """Writes as entries, with the addresses that their references have by now, or will have in this very transaction."""
        together = self.server.can.transaction and len(writes) > 1
        inside: dict[tuple[str, str], str] = {}
        for write in writes:
            own = self.exchange.identifier(write.key[0], write.part, write.key[1])
            if write.copy is not None:
                inside[own] = write.copy.reference
            elif self.server.own_ids(write.type):
                inside[own] = f"{write.type}/{stable_id(*own)}"
            elif together:
                inside[own] = f"urn:uuid:{stable_id(*own)}"
        ready = []
        for write in writes:
            patient = patient_of(write.record)
            own_patient = self.exchange.identifier("patient", "patient", patient)
            if patient and write.key[0] != "patient" and own_patient not in {*inside, *self.addresses}:
                self._stop(write.key, Outcome.NOT_DELIVERABLE, f"its patient {patient} is not on the server")
                continue
            ready.append((write, self._entry(write, {**self.addresses, **inside})))
        return ready

    def _entry(self, write: Write, addresses: dict[tuple[str, str], str]) -> BundleEntry:
        resource, own = with_references(write.resource, addresses), self.exchange.identifier(write.key[0], write.part, write.key[1])
        root = self.server.client.base
        if write.copy is not None:
            match = f'W/"{write.copy.version}"' if write.copy.version else ""
            at = write.copy.reference
            return BundleEntry("PUT", at, {**resource, "id": write.copy.id}, f"{root}/{at}", if_match=match)
        if self.server.own_ids(write.type):
            at = f"{write.type}/{stable_id(*own)}"
            return BundleEntry("PUT", at, {**resource, "id": stable_id(*own)}, f"{root}/{at}")
        condition = f"identifier={query(*own)}" if self.server.can.types[write.type].conditional_create else ""
        return BundleEntry("POST", write.type, resource, f"urn:uuid:{stable_id(*own)}", if_none_exist=condition)

    def _intend(self, ready: list[tuple[Write, BundleEntry]]) -> None:
        rows: dict[Key, Row] = {}
        for write, entry in ready:
            row = rows.get(write.key) or replace(self.base.rows.get(write.key) or Row(*write.key), intent=None)
            parts = {**(row.intent.parts if row.intent else {}), write.part: entry.resource or {}}
            rows[write.key] = replace(row, intent=Intent(spell_record(write.record), parts, self.now()))
        self.base.save(rows.values())

    def _unsent(self, ready: list[tuple[Write, BundleEntry]]) -> None:
        """Nothing was written: forget that it was about to be."""
        for key in {write.key for write, _ in ready}:
            row = self.base.rows[key]
            if row.parts:
                self.base.save([replace(row, intent=None)])
            else:
                self.base.forget(row)

    def _answered(self, ready: list[tuple[Write, BundleEntry]], answers: list[Answer | ServerError]) -> list[Key]:
        """Take in what the server says of each entry."""
        conflicts, lost = list[Key](), set[Key]()
        copies: dict[Key, dict[str, Copy]] = {}
        failed: set[Key] = set()
        unread = [(write, answer) for (write, _), answer in zip(ready, answers, strict=True) if isinstance(answer, Answer) and answer.resource is None]
        read = self.server.ask([f"{write.type}/{answer.id}" for write, answer in unread]) if unread else []
        seen = {id(answer): one for (_, answer), one in zip(unread, read, strict=True)}
        for (write, _), answer in zip(ready, answers, strict=True):
            if isinstance(answer, LostAnswer):
                lost.add(write.key)
                self._item(write.key, Outcome.UNKNOWN, write=write, why=answer.message)
            elif isinstance(answer, VersionConflict):
                failed.add(write.key)
                conflicts.append(write.key)
            elif isinstance(answer, ServerError):
                failed.add(write.key)
                self._item(write.key, Outcome.FAILED, write=write, why=str(answer))
                self.stopped[write.key] = "the server refused it"
            else:
                shown = seen.get(id(answer), answer)
                if not isinstance(shown, Answer) or shown.resource is None:
                    lost.add(write.key)
                    self._item(write.key, Outcome.UNKNOWN, write=write, why="written, but it cannot be read back")
                else:
                    copies.setdefault(write.key, {})[write.part] = copy_of(shown.resource, shown.version or answer.version)
        rows = []
        for key in dict.fromkeys(write.key for write, _ in ready):
            if key in lost:
                continue
            row = self.base.rows[key]
            mine = [write for write, _ in ready if write.key == key]
            parts = {**row.parts, **copies.get(key, {})}
            record = row.record if key in failed else spell_record(mine[0].record)
            rows.append(replace(row, record=record, parts=parts, intent=None))
            for write in mine:
                if write.part in copies.get(key, {}):
                    self._written(write, copies[key][write.part], {p: parts.get(p) for p in self.exchange.lenses[key[0]].lenses})
        kept = [row for row in rows if row.parts]
        self.base.save(kept)
        for row in rows:
            if not row.parts:
                self.base.forget(row)
        for row in kept:
            self._know(row)
        return conflicts

    def _written(self, write: Write, copy: Copy | None, copies: dict[str, Copy | None] | None = None) -> None:
        lost: tuple[str, ...] = ()
        if copies is not None:
            there = {part: one for part, one in copies.items() if part == write.part or one is not None}
            try:
                got = self.exchange.record(write.key[0], resources(there), write.record)
                lost = tuple(path for path, _, _ in differences(write.record, got))
            except MappingError as error:
                lost = tuple(fault.element or fault.place for fault in error.faults)
        outcome = Outcome.UPDATED if write.copy is not None else Outcome.CREATED
        self.report.items.append(
            Item(
                write.key[0], write.key[1], outcome, write.part, write.type, copy.id if copy else "", copy.version if copy else "", lost=lost
            )
        )

    # Remembering and reporting

    def _remember(self, key: Key, record: Record, copies: dict[str, Copy | None] | dict[str, Copy], owner: str = OURS) -> Row:
        row = Row(*key, owner, spell_record(record), {part: copy for part, copy in copies.items() if copy is not None})
        self.exchange.names.learn(row.parts[self.exchange.kinds[key[0]].anchor].reference, *key)
        self._know(row)
        if not self.report.dry_run and row != self.base.rows.get(key):
            self.base.save([row])
        return row

    def _know(self, row: Row) -> None:
        """From now on others can refer to this record."""
        for part, copy in row.parts.items():
            self.addresses[self.exchange.identifier(row.kind, part, row.id)] = copy.reference
            if part == self.exchange.kinds[row.kind].anchor:
                self.exchange.names.learn(copy.reference, *row.key)

    def _stop(self, key: Key, outcome: Outcome, why: str) -> list[Write]:
        """Report a record that is not written; what refers to it learns why."""
        self.stopped[key] = why
        self._item(key, outcome, why=why)
        return []

    def _item(
        self,
        key: Key,
        outcome: Outcome,
        *,
        copies: dict[str, Copy | None] | None = None,
        write: Write | None = None,
        why: str = "",
        fields: tuple[tuple[str, object, object], ...] = (),
    ) -> None:
        """One item for each resource that is there; at least one for a record, unless it is about parts that are there."""
        anchor = self.exchange.kinds[key[0]].anchor
        types = {part: lens.table.type for part, lens in self.exchange.lenses[key[0]].lenses.items()}
        if copies is not None:
            for part, copy in copies.items():
                if copy is not None:
                    self.report.items.append(Item(*key, outcome, part, copy.type, copy.id, copy.version, why, fields))
            return
        part = write.part if write else anchor
        copy = write.copy if write else None
        self.report.items.append(
            Item(*key, outcome, part, types[part], copy.id if copy else "", copy.version if copy else "", why, fields)
        )


