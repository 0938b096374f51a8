"""Pull: what changed on the server, taken into the practice folder. Nothing is written to the server."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from fhir_coaching.errors import ServerError
from fhir_coaching.fhir.names import is_adopted
from fhir_coaching.lens import Near
from fhir_coaching.practice.adoption import Query
from fhir_coaching.practice.atomic import replacing
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.folder import line_of, write_records
from fhir_coaching.records.values import Record
from fhir_coaching.server import FhirServer
from fhir_coaching.sync.base import FOLDER, THEIRS, Base, Key, Row
from fhir_coaching.sync.lookup import Server
from fhir_coaching.sync.plan import Known, last_of
from fhir_coaching.sync.reading import Reading
from fhir_coaching.sync.report import PullReport
from fhir_coaching.sync.taking import Taking


def pull(  # noqa: PLR0913 - who calls decides each
    folder: Path,
    entries: Iterable[Entry],
    server: FhirServer,
    exchange: Exchange,
    base: Base,
    *,
    patients: Iterable[str] = (),
    adopt: Sequence[Query] = (),
    on_clash: str | None = None,
    dry_run: bool = False,
    strict: bool = False,
    now: Callable[[], float] = time.time,
) -> PullReport:
    """Take what changed on the server only into `folder`, whose records now are `entries`.

    `patients` are server ids; without them, those who are linked or bear our identifier. Of their resources those that fit
    `adopt` become records as well, with what they refer to. `on_clash` is `local` or `server`. `strict` takes nothing that has
    errors by the specification.
    Raises InputError before anything is asked; `stopped` of the report says what ended it early.
    """
    wanted = list(patients)
    local: dict[Key, Record | None] = {}
    for entry in entries:
        if exchange.travels(entry.kind):
            local[(entry.kind, entry.record.id if entry.record is not None else entry.withdrawn)] = entry.record
    exchange.names.server = server.base
    there, report = Server(server), PullReport(dry_run=dry_run)
    taking = Taking(exchange, base, report, local, on_clash, strict)
    reading = Reading(there, exchange, base, report, taking, adopt)
    try:
        reading.shared()
        for patient in reading.patients(wanted):
            reading.patient(patient)
        reading.people_mentioned()
        reading.missing(everybody=not wanted)
    except ServerError as error:
        report.stopped = error
    if not dry_run:
        if taking.losers:
            _keep(folder, taking.losers, now())
        write_records(folder, taking.changed)
        base.save(_with_digests(exchange, taking.rows, base.rows))
        for row in taking.gone:
            if row.owner == THEIRS and not is_adopted(row.id):
                base.forget(row)
            else:
                base.save([replace(row, parts={}, intent=None, gone=True)])
    report.requests = server.requests
    return report


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
