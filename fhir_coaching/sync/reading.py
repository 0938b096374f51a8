"""What a pull reads from the server: what is ours or known there, sorted into records."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fhir_coaching.errors import CoachingError, MappingError, NotAuthorized, NotFhir, NotFound, ServerError, Unavailable
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.literals import literal
from fhir_coaching.fhir.names import is_adopted, part_name
from fhir_coaching.fhir.references import references
from fhir_coaching.lens import Json
from fhir_coaching.practice.adoption import Query
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.server import Answer
from fhir_coaching.sync.adopting import Adopting
from fhir_coaching.sync.base import OURS, THEIRS, Base, Copy, Key
from fhir_coaching.sync.lookup import PAGE, PEOPLE, SHARED, Server, copy_of
from fhir_coaching.sync.plan import Copies, resources
from fhir_coaching.sync.report import Item, Pulled, PullReport
from fhir_coaching.sync.superseding import is_superseded
from fhir_coaching.sync.taking import Taking


@dataclass
class Reading:
    """One pull's look at the server. What comes is settled by `taking`, a record at a time."""

    server: Server
    exchange: Exchange
    base: Base
    report: PullReport
    taking: Taking
    adopt: Sequence[Query] = ()
    asked: list[str] = field(default_factory=list)  # patients: "Patient/17"
    mentioned: dict[Key, str] = field(default_factory=dict)  # people in references: "Practitioner/17"
    theirs: set[Key] = field(default_factory=set)  # met by a reference only
    failed: set[str] = field(default_factory=set)  # types that could not be read
    behind: set[tuple[str, str, str]] = field(default_factory=set)  # parts met as superseded

    def __post_init__(self) -> None:
        self.known: dict[str, tuple[str, str, str]] = {}  # "Goal/17" -> kind, record id, part
        for row in self.base.rows.values():
            self._know(row.kind, row.id, row.parts)
        self.adopting = Adopting(self.server, self.exchange, self.adopt, self.known, self._unread_one)
        for one, name in self.adopting.unanswerable():
            why = f"`adopt` of practice.toml: the server does not search by `{name}`; nothing of this was adopted"
            self.report.items.append(Item("", "", Pulled.FAILED, type=one.type, why=why))

    def shared(self) -> None:
        """Organizations, places and practitioners that bear our identifiers or are linked."""
        self._settle(self._collect(SHARED, lambda type_, system: f"{type_}?identifier={query(system, '')}"))

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
        patient = f"Patient/{id_}"
        self.asked.append(patient)
        kinds = [kind for kind in self.exchange.kinds if kind not in PEOPLE]
        found = self._collect(kinds, lambda type_, _: f"{type_}?patient={patient}", patient)
        self._settle(found + self._adopted(patient, found) if self.adopting.queries and found else found)

    def _adopted(self, patient: str, found: list[Json]) -> list[Json]:
        """What is adopted of a patient whom we know; from now on its addresses are known."""
        chosen = self.adopting.chosen(patient, found)
        bearing = (self._place(one) for one in found if copy_of(one).reference == patient)
        if chosen and patient not in self.known and not any(bearing):
            why = "is nobody here, so nothing of theirs was adopted: `link` says who it is"
            self.report.items.append(
                Item("", "", Pulled.FAILED, type="Patient", server_id=patient.partition("/")[2], why=why)
            )
            return []
        self.known |= {at: self.adopting.place(at, one) for at, one in chosen.items()}
        return list(chosen.values())

    def people_mentioned(self) -> None:
        """Practitioners, places and organizations that a reference names by our identifier and that do not bear it: theirs."""
        wanted = {
            key: at for key, at in self.mentioned.items() if key not in self.taking.seen and key not in self.base.rows
        }
        for (key, at), answer in zip(wanted.items(), self.server.ask(list(wanted.values())), strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                self.theirs.add(key)
                self.known[at] = (*key, self.exchange.kinds[key[0]].anchor)
                self._settle([answer.resource])
            else:
                self._unread(at.partition("/")[0], answer)

    def missing(self, *, everybody: bool) -> None:
        """Records that we know and did not meet: read by their ids, since a search may be narrower or late."""
        rows = [row for row in self.base.rows.values() if row.key not in self.taking.seen]
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
                self.taking.gone.append(row)
                self.taking.item(
                    row.key,
                    Pulled.DELETED,
                    "is no longer on the server; the local record stays, and is not linked any more",
                )
            elif not isinstance(answer, NotFound):
                self._unread(copy.type, answer)
        self._settle(found)

    def _collect(self, kinds: Iterable[str], url: Callable[[str, str], str], *reads: str) -> list[Json]:
        """What reads and searches for every part of these kinds give, in one request where the server can."""
        wanted = {
            f"{url(type_, system)}&_count={PAGE}": type_
            for kind in kinds
            for part, lens in self.exchange.lenses[kind].lenses.items()
            for type_, system in [
                (lens.table.type, self.exchange.names.system(part_name(self.exchange.kinds, kind, part)))
            ]
            if type_ in self.server.can.types
        }
        answers = self.server.ask([*reads, *wanted])
        found: list[Json] = []
        for one, answer in zip(reads, answers[: len(reads)], strict=True):
            if isinstance(answer, Answer) and answer.resource is not None:
                found.append(answer.resource)
            elif not (isinstance(answer, NotFound) and one in self.known):  # else it is missing, and found so later
                self._unread(one.partition("/")[0], answer)
                return []
        for type_, answer in zip(wanted.values(), answers[len(reads) :], strict=True):
            if isinstance(answer, list):
                found += [one for one in answer if one.get("resourceType") == type_]
            else:
                self._unread(type_, answer)
        return found

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
        adopted = {key: copies for key, copies in records.items() if is_adopted(key[1]) and key not in self.base.rows}
        for key, copies in records.items():
            if key not in adopted:
                self._know(*key, copies)
        for key in self._unreadable(adopted):
            del records[key]
        for key, copies in records.items():
            if key not in self.taking.seen and self.exchange.kinds[key[0]].anchor in copies:
                self.taking.seen.add(key)
                self.taking.anchors[key] = copies[self.exchange.kinds[key[0]].anchor]
                try:
                    self.taking.decide(key, self._looked_for(key, copies), self._owner(key))
                except MappingError as error:
                    self.taking.item(key, Pulled.FAILED, "; ".join(map(str, error.faults)))

    def _unreadable(self, adopted: Mapping[Key, dict[str, Copy]]) -> Collection[Key]:
        """What was adopted and can be no record: it is told, and nothing refers to it."""

        def read(key: Key) -> None:
            self.taking.examine(key, adopted[key])
            self.exchange.record(key[0], resources(self._looked_for(key, adopted[key])), id=key[1])

        addresses = {key: [copy.reference for copy in copies.values()] for key, copies in adopted.items()}
        lost = self.exchange.names.learn_readable(addresses, read)
        for key, error in lost.items():
            self.taking.item(key, Pulled.FAILED, "; ".join(map(str, error.faults)))
        return lost

    def _complete(self, records: dict[Key, dict[str, Copy]]) -> None:
        """Parts that we know and no search found: read by their ids, since only what says so is gone."""
        unmet = [
            (key, part, copy)
            for key, copies in records.items()
            if key in self.base.rows and key not in self.taking.seen
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
            if kind in SHARED and at and not at.startswith("urn:"):
                self.mentioned[kind, str(reference["identifier"]["value"])] = at

    def _place(self, resource: Json) -> tuple[str, str, str] | None:
        found = self.exchange.routes.of(resource)
        return found and (found[0], found[2], found[1])

    def _owner(self, key: Key) -> str:
        """Whose a record is that is met for the first time, or again."""
        row = self.base.rows.get(key)
        return row.owner if row is not None else THEIRS if key in self.theirs or is_adopted(key[1]) else OURS

    def _looked_for(self, key: Key, copies: dict[str, Copy]) -> Copies:
        """The parts that this server can have, each with what is there. Of what is theirs only the resource itself is read."""
        ours, anchor = self._owner(key) == OURS, self.exchange.kinds[key[0]].anchor
        return {
            part: copies.get(part)
            for part, lens in self.exchange.lenses[key[0]].lenses.items()
            if lens.table.type in self.server.can.types
            and lens.table.type not in self.failed
            and (ours or part == anchor)
            and (part in copies or (*key, part) not in self.behind)  # whoever left it has yet to say what replaces it
        }

    def _know(self, kind: str, id_: str, copies: dict[str, Copy]) -> None:
        for part, copy in copies.items():
            self.known[copy.reference] = (kind, id_, part)
            if part == self.exchange.kinds[kind].anchor:
                self.exchange.names.learn(copy.reference, kind, id_)

    def _unread(self, type_: str, answer: Any) -> None:
        """A type that fails does not stop the others."""
        if not isinstance(answer, (NotFound, Unavailable, NotAuthorized, NotFhir)):
            self.failed.add(type_)
        self._unread_one(type_, answer)

    def _unread_one(self, type_: str, answer: Any) -> None:
        """Report what could not be read, unless that ends the run."""
        if isinstance(answer, (Unavailable, NotAuthorized, NotFhir)):
            raise answer
        why = answer.message if isinstance(answer, CoachingError) else "no resource in the answer"
        self.report.items.append(Item("", "", Pulled.FAILED, type=type_, why=why))
