"""Pull: what changed on the server, taken into the practice folder. Nothing is written to the server."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fhir_coaching.errors import CoachingError, MappingError, NotAuthorized, NotFhir, NotFound, ServerError, Unavailable
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.names import part_name
from fhir_coaching.fhir.references import literal, references
from fhir_coaching.lens import Json, Near
from fhir_coaching.lens.same import differences, same
from fhir_coaching.practice.atomic import replacing
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, withdrawn
from fhir_coaching.practice.folder import line_of, write_records
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import Record, replaced
from fhir_coaching.server import Answer, FhirServer
from fhir_coaching.sync.base import FOLDER, OURS, THEIRS, Base, Copy, Key, Row
from fhir_coaching.sync.lookup import PEOPLE, Server, copy_of
from fhir_coaching.sync.plan import Known, arrived, changed_since, delivered, last_of, resources, travelling
from fhir_coaching.sync.report import Difference, Item, Pulled, PullReport
from fhir_coaching.sync.superseding import is_superseded

PAGE = 200  # resources a page; a server may give fewer, and says where to go on


def pull(
    folder: Path,
    entries: Iterable[Entry],
    server: FhirServer,
    exchange: Exchange,
    base: Base,
    *,
    patients: Iterable[str] = (),
    on_clash: str | None = None,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> PullReport:
    """Take what changed on the server only into `folder`, whose records now are `entries`.

    `patients` are server ids; without them, those who are linked or bear our identifier. `on_clash` is `local` or `server`.
    Raises InputError before anything is asked; `stopped` of the report says what ended it early.
    """
    wanted = list(patients)
    local: dict[Key, Record | None] = {}
    for entry in entries:
        if exchange.travels(entry.kind):
            local[(entry.kind, entry.record.id if entry.record is not None else entry.withdrawn)] = entry.record
    run = _Pull(Server(server), exchange, base, PullReport(dry_run=dry_run), local, on_clash)
    try:
        run.shared()
        for patient in run.patients(wanted):
            run.patient(patient)
        run.people_mentioned()
        run.missing(everybody=not wanted)
    except ServerError as error:
        run.report.stopped = error
    if not dry_run:
        if run.losers:
            _keep(folder, run.losers, now())
        write_records(folder, run.changed)
        base.save(_with_digests(exchange, run.rows, base.rows))
        for row in run.gone:
            if row.owner == THEIRS:
                base.forget(row)
            else:
                base.save([replace(row, parts={}, intent=None, gone=True)])
    run.report.requests = server.requests
    return run.report


def _with_digests(exchange: Exchange, rows: list[Row], known: Mapping[Key, Row]) -> list[Row]:
    """Rows of records that somebody else's base knew: what stands near them is taken for what was sent."""
    near = Known({}, {**known, **{row.key: row for row in rows}})
    return [row if row.beside else replace(row, beside=_digests(exchange, row, near)) for row in rows]


def _digests(exchange: Exchange, row: Row, near: Near) -> dict[str, str]:
    lens, record = exchange.lenses[row.kind], last_of(row)
    return lens.digests(lens.beside(record, near)) if lens.nearby and record is not None else {}


def _keep(folder: Path, losers: list[Record], at: float) -> None:
    """The side that lost a clash, kept: a person may want it back."""
    path = folder / FOLDER / f"clash-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(at))}.ndjson"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    older = path.read_bytes() if path.exists() else b""
    with replacing([path]) as files:
        files[0].write(older + b"".join(line_of(record) + b"\n" for record in losers))


@dataclass
class _Pull:
    server: Server
    exchange: Exchange
    base: Base
    report: PullReport
    local: dict[Key, Record | None]
    on_clash: str | None
    changed: dict[Key, Record] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    losers: list[Record] = field(default_factory=list)
    seen: set[Key] = field(default_factory=set)
    anchors: dict[Key, Copy] = field(default_factory=dict)  # as they are now
    asked: list[str] = field(default_factory=list)  # patients: "Patient/17"
    mentioned: dict[Key, str] = field(default_factory=dict)  # people in references: "Practitioner/17"
    theirs: set[Key] = field(default_factory=set)  # met by a reference only
    failed: set[str] = field(default_factory=set)  # types that could not be read
    behind: set[tuple[str, str, str]] = field(default_factory=set)  # parts met as superseded

    def __post_init__(self) -> None:
        self.known: dict[str, tuple[str, str, str]] = {}  # "Goal/17" -> kind, record id, part
        for row in self.base.rows.values():
            self._know(row.kind, row.id, row.parts)

    def shared(self) -> None:
        """Organizations, places and practitioners that bear our identifiers or are linked."""
        self._collect(
            [kind for kind in PEOPLE if kind != "patient"],
            lambda type_, system: f"{type_}?identifier={query(system, '')}",
        )

    def patients(self, wanted: list[str]) -> list[str]:
        """Server ids of the patients to pull; never everybody on a server."""
        if wanted:
            return [one.rpartition("/")[2] for one in wanted]
        linked = [
            row.parts["patient"].id
            for row in self.base.rows.values()
            if row.kind == "patient" and "patient" in row.parts
        ]
        system = self.exchange.names.system("patient")
        (answer,) = self.server.ask([f"Patient?identifier={query(system, '')}&_count={PAGE}"])
        if isinstance(answer, ServerError):
            raise answer
        bearing = [str(one["id"]) for one in answer if self.exchange.routes.of(one)] if isinstance(answer, list) else []
        return list(dict.fromkeys([*linked, *bearing]))

    def patient(self, id_: str) -> None:
        """One patient with everything of theirs."""
        self.asked.append(f"Patient/{id_}")
        kinds = [kind for kind in self.exchange.kinds if kind not in PEOPLE]
        self._collect(kinds, lambda type_, _: f"{type_}?patient=Patient/{id_}", f"Patient/{id_}")

    def people_mentioned(self) -> None:
        """Practitioners, places and organizations that a reference names by our identifier and that do not bear it: theirs."""
        wanted = {key: at for key, at in self.mentioned.items() if key not in self.seen and key not in self.base.rows}
        for (key, at), answer in zip(wanted.items(), self.server.ask(list(wanted.values())), strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                self.theirs.add(key)
                self.known[at] = (*key, self.exchange.kinds[key[0]].anchor)
                self._settle([answer.resource])
            else:
                self._unread(at.partition("/")[0], answer)

    def missing(self, *, everybody: bool) -> None:
        """Records that we know and did not meet: read by their ids, since a search may be narrower or late."""
        rows = [row for row in self.base.rows.values() if row.key not in self.seen]
        if not everybody:
            asked = {self.known[one][1] for one in self.asked if one in self.known}
            rows = [
                row for row in rows if (row.id if row.kind == "patient" else (row.record or {}).get("patient")) in asked
            ]
        copies = [(row, copy) for row in rows for copy in row.parts.values() if copy.type not in self.failed]
        answers = self.server.ask([copy.reference for _, copy in copies])
        found: list[Json] = []
        for (row, copy), answer in zip(copies, answers, strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                found.append(answer.resource)
            elif isinstance(answer, NotFound) and copy is row.parts.get(self.exchange.kinds[row.kind].anchor):
                self.gone.append(row)
                self._item(
                    row.key,
                    Pulled.DELETED,
                    "is no longer on the server; the local record stays, and is not linked any more",
                )
            elif not isinstance(answer, NotFound):
                self._unread(copy.type, answer)
        self._settle(found)

    def _collect(self, kinds: list[str], url: Callable[[str, str], str], *reads: str) -> None:
        """Read, and search for every part of these kinds, in one request where the server can; settle what comes."""
        wanted = [
            (lens.table.type, self.exchange.names.system(part_name(self.exchange.kinds, kind, part)))
            for kind in kinds
            for part, lens in self.exchange.lenses[kind].lenses.items()
            if lens.table.type in self.server.can.types
        ]
        answers = self.server.ask([*reads, *(f"{url(type_, system)}&_count={PAGE}" for type_, system in wanted)])
        found: list[Json] = []
        for one, answer in zip(reads, answers[: len(reads)], strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                found.append(answer.resource)
            elif not (isinstance(answer, NotFound) and one in self.known):  # else it is missing, and found so later
                self._unread(one.partition("/")[0], answer)
                return
        for (type_, _), answer in zip(wanted, answers[len(reads) :], strict=True):
            if isinstance(answer, list):
                found += [one for one in answer if one.get("resourceType") == type_]
            else:
                self._unread(type_, answer)
        self._settle(found)

    def _settle(self, found: list[Json]) -> None:
        """Sort resources into records, and decide each."""
        records: dict[Key, dict[str, Copy]] = {}
        for resource in found:
            copy = copy_of(resource)
            place = self.known.get(copy.reference) or self._place(resource)
            if place is not None:
                self._mention(resource)
                self._sort(records, place, copy)
        self._complete(records)
        for key, copies in records.items():
            self._know(*key, copies)
        for key, copies in records.items():
            if key not in self.seen and self.exchange.kinds[key[0]].anchor in copies:
                self.seen.add(key)
                self.anchors[key] = copies[self.exchange.kinds[key[0]].anchor]
                try:
                    self._decide(key, copies)
                except MappingError as error:
                    self._item(key, Pulled.FAILED, "; ".join(map(str, error.faults)))

    def _complete(self, records: dict[Key, dict[str, Copy]]) -> None:
        """Parts that we know and no search found: read by their ids, since only what says so is gone."""
        unmet = [
            (key, part, copy)
            for key, copies in records.items()
            if key in self.base.rows and key not in self.seen
            for part, copy in self.base.rows[key].parts.items()
            if part not in copies and copy.type not in self.failed
        ]
        for (key, part, copy), answer in zip(unmet, self.server.ask([c.reference for *_, c in unmet]), strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                self._sort(records, (*key, part), copy_of(answer.resource, answer.version))
            elif not isinstance(answer, NotFound):
                self._unread(copy.type, answer)

    def _sort(self, records: dict[Key, dict[str, Copy]], place: tuple[str, str, str], copy: Copy) -> None:
        kind, id_, part = place
        if is_superseded(self.exchange, (kind, id_), part, copy.resource):
            self.behind.add(place)
        else:
            records.setdefault((kind, id_), {})[part] = copy

    def _mention(self, resource: Json) -> None:
        for reference in references(resource):
            kind, _ = self.exchange.routes.parts.get(str(reference["identifier"].get("system")), ("", ""))
            at = literal(reference.get("reference"))
            if kind in PEOPLE and kind != "patient" and at and not at.startswith("urn:"):
                self.mentioned[kind, str(reference["identifier"]["value"])] = at

    def _place(self, resource: Json) -> tuple[str, str, str] | None:
        found = self.exchange.routes.of(resource)
        return found and (found[0], found[2], found[1])

    def _decide(self, key: Key, copies: dict[str, Copy]) -> None:
        row, local = self.base.rows.get(key), self._here(key)
        there = {
            part: copies.get(part)
            for part, lens in self.exchange.lenses[key[0]].lenses.items()
            if lens.table.type in self.server.can.types
            and lens.table.type not in self.failed
            and self._looked_for(key, part, row)
            and (part in copies or (*key, part) not in self.behind)  # whoever left it has yet to say what replaces it
        }
        if row is not None and row.intent is not None:
            row = arrived(self.exchange, row, {part: copy for part, copy in there.items() if copy is not None}) or row
        last = last_of(row)
        if row is None or last is None or not row.parts:
            self._first(key, local, there, row)
            return
        changes = changed_since(self.exchange, row, there, last)
        edited = (key in self.local and local is None and withdrawn(last) is not None) or (
            local is not None and not same(local, last)
        )
        if not changes:
            self._learn(row, last, there)
            self._item(key, Pulled.UNCHANGED)
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

    def _looked_for(self, key: Key, part: str, row: Row | None) -> bool:
        """Of people who are theirs only the resource itself is read."""
        ours = row.owner == OURS if row is not None else key not in self.theirs
        return ours or part == self.exchange.kinds[key[0]].anchor

    def _first(self, key: Key, local: Record | None, there: dict[str, Copy | None], row: Row | None) -> None:
        """A record met for the first time: new here, or here and there without a base."""
        record = self.exchange.record(key[0], resources(there), local, id=key[1])
        owner = row.owner if row is not None else THEIRS if key in self.theirs else OURS
        if local is None:
            self.changed[key] = record
            self._learn(Row(*key, owner), record, there)
            self._item(key, Pulled.NEW)
            return
        fresh = Row(*key, owner)
        if same(record, local) or owner == THEIRS:
            self._learn(fresh, local, there)
            self._item(key, Pulled.UNCHANGED)
            return
        self._clash(fresh, record, there, tuple(differences(local, record)))

    def _take(self, row: Row, record: Record, there: dict[str, Copy | None], changes: tuple[Difference, ...]) -> None:
        local = self.local.get(row.key)
        if local is None:
            self.changed[row.key] = record
        elif other := tuple(differences(self._here(row.key), record)):
            self.changed[row.key] = _taking(local, other, record)  # what does not travel stays
        self._learn(row, record, there)
        self._item(row.key, Pulled.CHANGED, fields=changes)

    def _clash(self, row: Row, theirs: Record, there: dict[str, Copy | None], changes: tuple[Difference, ...]) -> None:
        """Both sides changed. Without a decision neither is written; the side that loses is kept in a file."""
        if self.on_clash == "server":
            if (loser := self.local.get(row.key)) is not None:
                self.losers.append(loser)
            self._take(row, theirs, there, changes)
        elif self.on_clash == "local":
            self.losers.append(theirs)
            self._learn(row, theirs, there)  # so that all of it is an edit of ours
            self._item(row.key, Pulled.UNCHANGED, "the local side stays; the next push writes it", fields=changes)
        else:
            self._item(
                row.key, Pulled.CLASH, "both sides changed: decide with --on-clash local or server", fields=changes
            )

    def _learn(self, row: Row, record: Record, there: dict[str, Copy | None]) -> None:
        parts = {**row.parts, **{part: copy for part, copy in there.items() if copy is not None}}
        parts = {part: copy for part, copy in parts.items() if part not in there or there[part] is not None}
        said = spell_record(travelling(self.exchange, record))
        self.rows.append(replace(row, record=said, parts=parts, intent=None, gone=False))

    def _know(self, kind: str, id_: str, copies: dict[str, Copy]) -> None:
        for part, copy in copies.items():
            self.known[copy.reference] = (kind, id_, part)
            if part == self.exchange.kinds[kind].anchor:
                self.exchange.names.learn(copy.reference, kind, id_)

    def _unread(self, type_: str, answer: Any) -> None:
        """A type that fails does not stop the others."""
        if isinstance(answer, (Unavailable, NotAuthorized, NotFhir)):
            raise answer
        if not isinstance(answer, NotFound):
            self.failed.add(type_)
        why = answer.message if isinstance(answer, CoachingError) else "no resource in the answer"
        self.report.items.append(Item("", "", Pulled.FAILED, type=type_, why=why))

    def _item(self, key: Key, outcome: Pulled, why: str = "", *, fields: tuple[Difference, ...] = ()) -> None:
        row = self.base.rows.get(key)
        anchor = self.exchange.kinds[key[0]].anchor
        copy = self.anchors.get(key) or (row.parts.get(anchor) if row else None)
        type_ = self.exchange.lenses[key[0]].lenses[anchor].table.type
        self.report.items.append(
            Item(*key, outcome, anchor, type_, copy.id if copy else "", copy.version if copy else "", why, fields)
        )


def _taking(last: Record, changes: tuple[Difference, ...], theirs: Record) -> Record:
    """The record as last accepted, with the fields that changed on the server as they are there now."""
    names = {path.partition(".")[0].partition("[")[0] for path, _, _ in changes}
    return replaced(last, **{name: getattr(theirs, name) for name in names})
