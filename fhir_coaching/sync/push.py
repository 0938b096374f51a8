"""Push: what the practice says, written to a server; people once, then a patient at a time.

A group of records is looked up in one request and written in one transaction, both of at most MOST entries; notes that are
replaced are superseded in another one before it. Before the bytes leave, the base says what is about to be sent; after the
answer, what came of it. Rungs of creating: an id made of the identifier, where clients may choose ids; else a conditional
create; else a plain one, with the base alone to know.
"""

import time
from collections.abc import Callable, Collection, Iterable

from fhir_coaching.errors import Finding, MappingError, ServerError
from fhir_coaching.practice.across import findings_across
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, patient_of
from fhir_coaching.practice.findings import findings
from fhir_coaching.records.values import Record
from fhir_coaching.server import FhirServer
from fhir_coaching.sync.base import Base, Key
from fhir_coaching.sync.deciding import decide
from fhir_coaching.sync.lookup import SHARED, Server, look_up
from fhir_coaching.sync.plan import Known, last_of
from fhir_coaching.sync.report import Outcome, PushReport
from fhir_coaching.sync.run import Run, Write
from fhir_coaching.sync.sending import send

Group = dict[Key, Record | None]  # None: a withdrawal


def push(
    entries: Iterable[Entry],
    server: FhirServer,
    exchange: Exchange,
    base: Base,
    *,
    create_people: bool = False,
    write_adopted: Collection[str] = (),
    dry_run: bool = False,
    strict: bool = False,
    now: Callable[[], float] = time.time,
) -> PushReport:
    """Write what changed here since it was last sent; of what was adopted, resources of the types `write_adopted`.

    What is wrong by the specification is not sent, of `strict` neither what has warnings.
    Raises InputError, StateError or a ServerError before anything is sent; later, `stopped` of the report says what ended it.
    """
    entries = list(entries)
    groups = _groups(entries, exchange, base)
    exchange.names.server = server.base
    near = Known({key: record for group in groups for key, record in group.items()}, base.rows)
    report = PushReport(dry_run=dry_run)
    run = Run(
        Server(server), exchange, base, report, create_people, now, _refused(entries), near, write_adopted,
        places={(entry.kind, entry.record.id): entry.place for entry in entries if entry.record is not None}, strict=strict,
    )  # fmt: skip
    try:
        for group in groups:
            _settle(run, group)
    except ServerError as error:
        run.report.stopped = error
    run.report.requests = server.requests
    return run.report


def _refused(entries: list[Entry]) -> dict[Key, tuple[Finding, ...]]:
    """Records with errors, by themselves or among the others, and which."""
    places = {entry.place: (entry.kind, entry.record.id) for entry in entries if entry.record is not None}
    wrong: dict[Key, list[Finding]] = {}
    for finding in (*(one for entry in entries for one in findings(entry)), *findings_across(entries)):
        place = finding.place
        while place and place not in places:
            place = place.rpartition(" ")[0]
        if finding.severity == "error" and place:
            wrong.setdefault(places[place], []).append(finding)
    return {key: tuple(dict.fromkeys(found)) for key, found in wrong.items()}


def _groups(entries: Iterable[Entry], exchange: Exchange, base: Base) -> list[Group]:
    """People and places first, then a group a patient, each in the order of the mappings."""
    shared: Group = {}
    patients: dict[str, Group] = {}
    for entry in entries:
        if not exchange.travels(entry.kind, entry.record):
            continue
        key = (entry.kind, entry.record.id if entry.record is not None else entry.withdrawn)
        known = entry.record or last_of(base.rows.get(key))
        patient = patient_of(known) if known is not None else ""
        (shared if entry.kind in SHARED else patients.setdefault(patient, {}))[key] = entry.record
    order = list(exchange.kinds)
    return [
        dict(sorted(group.items(), key=lambda one: order.index(one[0][0])))
        for group in (shared, *patients.values())
        if group
    ]


def _settle(run: Run, group: Group, *, again: bool = True) -> None:
    """Look a group up, decide, write. What somebody else wrote at the same time is looked at once more."""
    found = look_up(run.server, run.exchange, [(key, record, run.base.rows.get(key)) for key, record in group.items()])
    run.coming |= group.keys()
    writes: list[Write] = []
    for key, record in group.items():
        try:
            writes += decide(run, key, record, found[key])
        except MappingError as error:
            run.stop(key, Outcome.FAILED, "; ".join(map(str, error.faults)))
    conflicts = send(run, writes, again=again)
    if conflicts and again:
        run.again(conflicts)
        _settle(run, {key: group[key] for key in conflicts}, again=False)
    elif conflicts:
        for key in conflicts:
            run.stop(key, Outcome.MOVED, "somebody else writes it at the same time: pull first")
