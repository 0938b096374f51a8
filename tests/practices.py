"""A small practice and a hospital's server, with what either side may do: for the tests of push and pull."""

import json
import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.fhir.names import PracticeNames, stable_id
from fhir_coaching.lens import Version
from fhir_coaching.lens.rows import Fate
from fhir_coaching.lens.same import differences, field_of
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.entries import FILES
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.settings import Settings, Target, queries, read_settings, write_settings
from fhir_coaching.practice.source import open_source
from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record
from fhir_coaching.server import FhirServer
from fhir_coaching.server.auth import Auth
from fhir_coaching.sync.base import FOLDER, Base, opened
from fhir_coaching.sync.pull import pull
from fhir_coaching.sync.push import push
from fhir_coaching.sync.report import Item, PullReport, PushReport

Json = dict[str, Any]
Key = tuple[str, str]

MRN = "https://hospital.example/mrn"
TYPES = sorted({part.table.type for kind in KINDS.values() for part in kind.parts.values()})
VENDOR = {"url": "https://vendor.example/colour", "valueString": "green"}

ORGANIZATION: Json = {"kind": "organization", "id": "o1", "name": "Quay Coaching", "npi": "2100000019", "active": True}
PLACE: Json = {"kind": "place", "id": "l1", "name": "The quay", "organization": "o1", "status": "active"}
COACH: Json = {
    "kind": "practitioner", "id": "c1", "names": [{"family": "Okafor", "given": ["Ngozi"]}], "npi": "2200000117",
    "telecoms": [{"system": "phone", "value": "+1-518-555-0110"}], "active": True, "organization": "o1",
}  # fmt: skip
ANN: Json = {
    "kind": "patient", "id": "p1", "identifiers": [{"system": MRN, "value": "004471"}],
    "names": [{"family": "Delgado", "given": ["Rosa"]}], "birth_date": "1968-04-22", "sex": "female", "active": True,
}  # fmt: skip
BOB: Json = {"kind": "patient", "id": "p2", "names": [{"text": "陳美玲"}], "birth_date": "1979", "sex": "male"}
SISTER: Json = {"kind": "related_person", "id": "r1", "patient": "p1", "names": [{"text": "Ana"}], "active": True}
STEPS: Json = {
    "kind": "goal", "id": "g1", "patient": "p1", "statement": "Walk to school every day", "start": "2026-01-05",
    "state": "active", "priority": "high", "targets": [
        {"key": "t1", "measure": {"text": "steps"}, "detail": {"value": Decimal("8000.10"), "unit": "steps"}, "due": "2026-12-31"},
    ], "notes": [{"key": "n1", "text": "She likes mornings."}],
}  # fmt: skip
SLEEP: Json = {
    "kind": "goal", "id": "g2", "patient": "p1", "statement": "Schlafen 😴", "start": "2026-02", "state": "active", "parent": "g1",
}  # fmt: skip
MEALS: Json = {
    "kind": "goal",
    "id": "g3",
    "patient": "p2",
    "statement": "Small meals",
    "start": "2026-03-01",
    "state": "active",
}
HELD: Json = {
    "kind": "session", "id": "s1", "patient": "p1", "status": "finished", "practitioner": "c1", "modality": "in_person",
    "contact": {"intervals": [{"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T10:45:00-05:00"}], "zone": "America/New_York"},
    "goals": ["g1"], "place": "l1", "private_note": "for the coach alone", "booking": {
        "planned": {"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T10:45:00-05:00"}, "state": "kept",
    },
}  # fmt: skip
TALKED: Json = {
    "kind": "session", "id": "s2", "patient": "p2", "status": "finished", "practitioner": "c1", "modality": "video",
    "minutes": {"min": 30, "max": 45},
}  # fmt: skip
PLAN: Json = {
    "kind": "engagement", "id": "e1", "patient": "p1", "title": "More on foot", "status": "active",
    "period": {"start": "2026-01-05"}, "goals": ["g1", "g2"], "steps": ["a1"], "coaches": [{"practitioner": "c1", "role": "primary"}],
}  # fmt: skip
STEP: Json = {
    "kind": "action_step", "id": "a1", "patient": "p1", "text": "Lay out the shoes", "state": "active", "goals": ["g1"],
    "timing": {"due": "2026-01-12"},
}  # fmt: skip
INSURED: Json = {
    "kind": "coverage", "id": "v1", "patient": "p1", "payer": {"kind": "organization", "id": "o1"}, "member_id": "W-1",
    "relationship": "self",
}  # fmt: skip
CENTS: Json = {"value": Decimal("67.30"), "currency": "USD"}
BILLED: Json = {
    "kind": "claim", "id": "b1", "patient": "p1", "use": "claim", "purpose": "original", "created": "2026-03-03", "coverage": "v1",
    "provider": {"kind": "organization", "id": "o1"}, "lines": [
        {"sequence": 1, "code": "0591T", "session": "s1", "service_date": "2026-03-02", "net": CENTS},
    ], "total": CENTS,
}  # fmt: skip
ALL: tuple[Json, ...] = (
    *(ORGANIZATION, PLACE, COACH, ANN, BOB, SISTER, STEPS, SLEEP, MEALS, STEP, HELD, TALKED, INSURED, BILLED),
    {**PLAN, "goals": ()},  # tests/test_push_near.py is about the plan that says its goals in words
)
RESOURCES = len(ALL) + 4  # the coach has a role, the session an appointment, the plan an episode and a team

ABLE = pytest.mark.parametrize(
    "quirks",
    [(), ("no_update_create",), ("no_transaction",), ("no_transaction", "no_update_create", "no_batch")],
    ids=lambda quirks: "+".join(quirks) or "plain",
)


class Practice:
    """A practice folder and one server. `clock` is the time of a run, in seconds."""

    def __init__(
        self, folder: Path, url: str, version: Version, *, identifier_base: str = "", auth: Auth | None = None
    ) -> None:
        self.folder, self.url, self.version, self.auth = folder, url, version, auth
        self.identifier_base = identifier_base or f"https://practice.example/{uuid.uuid4()}"
        self.clock = 1_790_000_000.0
        write_settings(folder, Settings(identifier_base=self.identifier_base))

    def beside(self, name: str) -> "Practice":
        """An empty folder of the same practice, for the same server."""
        folder = self.folder.parent / name
        return Practice(folder, self.url, self.version, identifier_base=self.identifier_base, auth=self.auth)

    def exchange(self) -> Exchange:
        """The mappings, as each run makes them anew."""
        return Exchange(KINDS, self.version, PracticeNames(self.identifier_base))

    def client(self) -> FhirServer:
        """A client that does not sleep."""
        return FhirServer(self.url, self.version, auth=self.auth, wait=lambda _: None)

    # The practice's side

    def write(self, *records: Json) -> None:
        """Write records, each in place of the one with its kind and id."""
        for record in records:
            kind, fields = record["kind"], {name: value for name, value in record.items() if name != "kind"}
            kept = [one for one in self.lines(kind) if one["id"] != fields["id"]]
            self._write(kind, [*kept, fields])

    def edit(self, kind: str, id_: str, **fields: Any) -> None:
        """Change fields of one record."""
        self._write(kind, [one | fields if one["id"] == id_ else one for one in self.lines(kind)])

    def drop(self, kind: str, id_: str) -> None:
        """Take a line away, which says nothing."""
        self._write(kind, [one for one in self.lines(kind) if one["id"] != id_])

    def lines(self, kind: str) -> list[Json]:
        """What stands in the file of a kind."""
        path = self.folder / FILES[kind]
        return [loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []

    def line(self, kind: str, id_: str) -> Json:
        """One record as it stands there."""
        return next(one for one in self.lines(kind) if one["id"] == id_)

    def _write(self, kind: str, lines: list[Json]) -> None:
        (self.folder / FILES[kind]).write_bytes(b"".join(dumps(one) + b"\n" for one in lines))

    def records(self) -> dict[Key, Record]:
        """The records by kind and id."""
        return {
            (kind_of(r), r.id): r for r in (entry.record for entry in open_source(str(self.folder))) if r is not None
        }

    def files(self) -> dict[str, bytes]:
        """Everything in the folder."""
        there = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in there}

    def base_file(self) -> Path:
        """Where the server is remembered."""
        (path,) = (one for one in (self.folder / FOLDER).glob("*.ndjson") if not one.name.startswith("clash-"))
        return path

    def forget(self) -> None:
        """Lose everything that is remembered."""
        for path in (self.folder / FOLDER).iterdir():
            path.unlink()
        (self.folder / FOLDER).rmdir()

    # Runs

    def agreed(self) -> Settings:
        """What practice.toml says."""
        settings = read_settings(self.folder)
        assert settings is not None
        return settings

    def agrees(self, *, adopt: tuple[str, ...] = (), write_adopted: tuple[str, ...] = ()) -> None:
        """What practice.toml says of the server from now on."""
        target = {self.url: Target(adopt=adopt, write_adopted=write_adopted)}
        write_settings(self.folder, Settings(identifier_base=self.identifier_base, target=target))

    def push(
        self, *, create_people: bool = True, dry_run: bool = False, strict: bool = False, source: Path | None = None
    ) -> PushReport:
        """Push the folder, or what stands in another source."""
        client = self.client()
        with opened(self.folder, client.base, keep=not dry_run) as base:
            entries = open_source(str(source or self.folder))
            return push(
                entries, client, self.exchange(), base,
                create_people=create_people, write_adopted=self.agreed().at(client.base).write_adopted, dry_run=dry_run,
                strict=strict, now=lambda: self.clock,
            )  # fmt: skip

    def push_until_settled(self) -> PushReport:
        """Push as often, and as late, as an unanswered write needs; the last report."""
        for _ in range(2):
            self.clock += 100
            self.push()
        self.clock += 100
        return self.push()

    def pull(
        self,
        *,
        patients: tuple[str, ...] = (),
        adopt: bool = False,
        on_clash: str | None = None,
        dry_run: bool = False,
        strict: bool = False,
    ) -> PullReport:
        """Pull into the folder."""
        client = self.client()
        asked = queries(self.agreed(), client.base) if adopt else ()
        with opened(self.folder, client.base, keep=not dry_run) as base:
            return pull(
                self.folder, open_source(str(self.folder)), client, self.exchange(), base,
                patients=patients, adopt=asked, on_clash=on_clash, dry_run=dry_run, strict=strict, now=lambda: self.clock,
            )  # fmt: skip

    def base(self) -> Base:
        """What is remembered, to look at."""
        return Base(self.base_file(), self.url, keep=False)

    # The hospital's side

    def system(self, kind: str) -> str:
        """The identifier system of a kind, or of a part."""
        return f"{self.identifier_base}/{kind}"

    def there(self, type_: str) -> list[Json]:
        """All resources of a type that bear an identifier of this practice."""
        found: list[Json] = []
        url = f"{self.url}/{type_}?_count=200"
        while url:
            answer = requests.get(url, headers=self._headers(), timeout=60)
            assert answer.status_code == 200, answer.text
            bundle = loads(answer.content)
            found += [entry["resource"] for entry in bundle.get("entry", [])]
            url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        return [one for one in found if self.identifier_base in json.dumps(one.get("identifier", []), default=str)]

    def versions(self) -> dict[str, str]:
        """Version by `Type/id`, of everything of this practice."""
        return {f"{type_}/{one['id']}": one["meta"]["versionId"] for type_ in TYPES for one in self.there(type_)}

    def resource(self, kind: str, id_: str) -> Json:
        """The one resource with this identifier; kind may name a part."""
        wanted = {"system": self.system(kind), "value": id_}
        (found,) = [
            one
            for type_ in _types(kind)
            for one in self.there(type_)
            if any(wanted.items() <= i.items() for i in one.get("identifier", []))
        ]
        return found

    def hospital_edits(self, kind: str, id_: str, edit: Callable[[Json], object]) -> Json:
        """Somebody at the hospital changes a resource."""
        resource = deepcopy(self.resource(kind, id_))
        edit(resource)
        self.put(resource)
        return self.resource(kind, id_)

    def hospital_deletes(self, kind: str, id_: str) -> None:
        """Somebody at the hospital deletes a resource."""
        found = self.resource(kind, id_)
        url = f"{self.url}/{found['resourceType']}/{found['id']}"
        assert requests.delete(url, headers=self._headers(), timeout=60).status_code in {200, 204}

    def put(self, resource: Json) -> None:
        """A resource as the hospital wants it."""
        url = f"{self.url}/{resource['resourceType']}/{resource['id']}"
        headers = {"Content-Type": "application/fhir+json", **self._headers()}
        answer = requests.put(url, data=dumps(resource), headers=headers, timeout=60)
        assert answer.status_code in {200, 201}, answer.text

    def stable(self, kind: str, id_: str) -> str:
        """The id that a push chooses where it may."""
        return stable_id(self.system(kind), id_)

    def _headers(self) -> dict[str, str]:
        said = {"Cache-Control": "no-cache"}
        return said | {"Authorization": self.auth.header()} if self.auth else said


def _types(kind: str) -> list[str]:
    name, _, part = kind.partition(".")
    of = KINDS[name]
    return [of.parts[part or of.anchor].table.type]


def unlike(one: Practice, other: Practice) -> list[tuple[str, str, str]]:
    """Kind, id and path of all that differs in fields which the ledger calls exact."""
    theirs = other.records()
    found = []
    for (kind, id_), record in one.records().items():
        if not one.exchange().travels(kind, record):
            continue
        exact = {field for field, fate, _ in KINDS[kind].ledger() if fate is Fate.EXACT}
        if (kind, id_) not in theirs:
            found.append((kind, id_, ""))
            continue
        paths = [path for path, _, _ in differences(record, theirs[kind, id_])]
        found += [(kind, id_, path) for path in paths if field_of(path) in exact]
    return found


def outcomes(report: PushReport | PullReport) -> dict[str, int]:
    """The counts that are not nought, without requests and writes."""
    return {name: n for name, n in report.counts().items() if n and name not in {"requests", "writes"}}


def item(report: PushReport | PullReport, kind: str, id_: str, part: str = "") -> Item:
    """The one item of a record, or of one of its parts."""
    (found,) = [one for one in report.items if (one.kind, one.id) == (kind, id_) and part in ("", one.part)]
    return found


def paths(found: Item) -> list[str]:
    """The fields that an item lists."""
    return [path for path, _, _ in found.fields]


def said(report: PushReport | PullReport) -> Iterator[str]:
    """What a report says of its items, for the message of a failed test."""
    for one in report.items:
        yield f"{one.kind} {one.id} {one.part}: {one.outcome.value} {one.why} {paths(one)} {one.lost}"
