"""Writing a group: the intent first, then one transaction, then what the server says of each entry."""

from collections.abc import Mapping
from dataclasses import replace

from fhir_coaching.errors import (
    LostAnswer,
    MappingError,
    NotAuthorized,
    Rejected,
    ServerError,
    Unavailable,
    VersionConflict,
)
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.names import stable_id
from fhir_coaching.lens.same import differences
from fhir_coaching.practice.exchange import patient_of
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.server import Answer, Entry
from fhir_coaching.sync.base import Copy, Intent, Key, Row
from fhir_coaching.sync.lookup import MOST, copy_of
from fhir_coaching.sync.plan import with_references
from fhir_coaching.sync.report import Outcome
from fhir_coaching.sync.run import Run, Write

Ready = list[tuple[Write, Entry]]


def send(run: Run, writes: list[Write]) -> list[Key]:
    """Send what is to be written: transactions of at most MOST entries where the server can, else one by one.

    Answers the records that somebody else wrote meanwhile.
    """
    if run.report.dry_run:
        for write in writes:
            run.sent(write, Outcome.UPDATED if write.copy else Outcome.CREATED)
        return []
    conflicts: list[Key] = []
    size = MOST if run.server.can.transaction else 1
    for start in range(0, len(writes), size):
        conflicts += _transaction(run, writes[start : start + size])
    return list(dict.fromkeys(conflicts))


def _transaction(run: Run, writes: list[Write]) -> list[Key]:
    """One transaction; if the server refuses it, its halves, until what it refuses stands alone."""
    ready = _ready(run, writes)
    if not ready:
        return []
    _intend(run, ready)
    try:
        entries = [entry for _, entry in ready]
        answers = [_alone(run, entries[0])] if len(entries) == 1 else run.server.client.bundle(entries, "transaction")
    except (Rejected, VersionConflict) as error:
        _unsent(run, ready)
        if isinstance(error, VersionConflict):
            return [write.key for write, _ in ready]
        middle = len(ready) // 2
        left, right = [write for write, _ in ready[:middle]], [write for write, _ in ready[middle:]]
        return [*_transaction(run, left), *_transaction(run, right)]
    except LostAnswer as error:
        answers = [error] * len(ready)
    except ServerError:
        _unsent(run, ready)
        raise
    run.report.writes += len(ready)
    return _settle(run, ready, answers)


def _alone(run: Run, entry: Entry) -> Answer | ServerError:
    """One write by itself; an error of its own is its answer."""
    resource, client = entry.resource or {}, run.server.client
    try:
        if entry.method == "PUT":
            return client.update(resource, if_match=entry.if_match)
        return client.create(resource, if_none_exist=entry.if_none_exist)
    except (Unavailable, NotAuthorized):
        raise
    except ServerError as error:
        return error


def _ready(run: Run, writes: list[Write]) -> Ready:
    """Writes as entries, with the addresses that their references have by now or will have in this very transaction."""
    inside: dict[tuple[str, str], str] = {}
    for write in writes:
        own = run.own(write.key, write.part)
        if write.copy is not None:
            inside[own] = write.copy.reference
        elif run.server.own_ids(write.type):
            inside[own] = f"{write.type}/{stable_id(*own)}"
        elif len(writes) > 1:
            inside[own] = f"urn:uuid:{stable_id(*own)}"
    ready: Ready = []
    for write in writes:
        patient = "" if write.key[0] == "patient" else patient_of(write.record)
        if patient and run.own(("patient", patient), "patient") not in {*inside, *run.addresses}:
            run.stop(write.key, Outcome.NOT_DELIVERABLE, f"its patient {patient} is not on the server")
        else:
            ready.append((write, _entry(run, write, {**run.addresses, **inside})))
    return ready


def _entry(run: Run, write: Write, addresses: Mapping[tuple[str, str], str]) -> Entry:
    resource, own, root = (
        with_references(write.resource, addresses),
        run.own(write.key, write.part),
        run.server.client.base,
    )
    if write.copy is not None:
        at, match = write.copy.reference, f'W/"{write.copy.version}"' if write.copy.version else ""
        return Entry("PUT", at, {**resource, "id": write.copy.id}, f"{root}/{at}", if_match=match)
    if run.server.own_ids(write.type):
        at = f"{write.type}/{stable_id(*own)}"
        return Entry("PUT", at, {**resource, "id": stable_id(*own)}, f"{root}/{at}")
    condition = f"identifier={query(*own)}" if run.server.can.types[write.type].conditional_create else ""
    return Entry("POST", write.type, resource, f"urn:uuid:{stable_id(*own)}", if_none_exist=condition)


def _intend(run: Run, ready: Ready) -> None:
    """Put on disk what is about to be sent."""
    rows: dict[Key, Row] = {}
    for write, entry in ready:
        row = rows.get(write.key) or replace(run.base.rows.get(write.key) or Row(*write.key), intent=None)
        parts = {**(row.intent.parts if row.intent else {}), write.part: entry.resource or {}}
        rows[write.key] = replace(row, intent=Intent(spell_record(write.record), parts, run.now()))
    run.save(*rows.values())


def _unsent(run: Run, ready: Ready) -> None:
    """Nothing was written: forget that it was about to be."""
    run.save(*(replace(run.base.rows[key], intent=None) for key in dict.fromkeys(write.key for write, _ in ready)))


def _settle(run: Run, ready: Ready, answers: list[Answer | ServerError]) -> list[Key]:
    """Take in what the server says of each entry, and report it. Answers the records that somebody else wrote meanwhile."""
    shown = _read_back(run, ready, answers)
    by_record: dict[Key, list[tuple[Write, Copy | ServerError]]] = {}
    for (write, _), copy in zip(ready, shown, strict=True):
        by_record.setdefault(write.key, []).append((write, copy))
    conflicts: list[Key] = []
    for key, results in by_record.items():
        row = run.base.rows[key]
        parts = {**row.parts, **{write.part: copy for write, copy in results if isinstance(copy, Copy)}}
        whole = all(isinstance(copy, Copy) for _, copy in results)
        lost = any(isinstance(copy, LostAnswer) for _, copy in results)
        row = replace(
            row,
            parts=parts,
            record=spell_record(results[0][0].record) if whole else row.record,
            intent=row.intent if lost else None,
        )
        run.save(row)
        run.know(row)
        if any(isinstance(copy, VersionConflict) for _, copy in results):
            conflicts.append(key)
        for write, copy in results:
            _report(run, write, copy, parts)
    return conflicts


def _read_back(run: Run, ready: Ready, answers: list[Answer | ServerError]) -> list[Copy | ServerError]:
    """The copy that each answer shows; one without a body is read."""
    empty = [index for index, answer in enumerate(answers) if isinstance(answer, Answer) and answer.resource is None]
    urls = [f"{ready[index][0].type}/{answer.id}" for index in empty if isinstance(answer := answers[index], Answer)]
    seen = dict(zip(empty, run.server.ask(urls), strict=True))
    shown: list[Copy | ServerError] = []
    for index, answer in enumerate(answers):
        read = seen.get(index, answer)
        if isinstance(read, Answer) and read.resource is not None and isinstance(answer, Answer):
            shown.append(copy_of(read.resource, read.version or answer.version))
        elif isinstance(read, ServerError) and isinstance(answer, ServerError):
            shown.append(read)
        else:
            shown.append(
                LostAnswer("written, but it cannot be read back", hint="push again: it looks before it writes")
            )
    return shown


def _report(run: Run, write: Write, copy: Copy | ServerError, parts: Mapping[str, Copy]) -> None:
    if isinstance(copy, Copy):
        run.sent(write, Outcome.UPDATED if write.copy else Outcome.CREATED, copy=copy, lost=_lost(run, write, parts))
    elif isinstance(copy, LostAnswer):
        run.sent(write, Outcome.UNKNOWN, why=copy.message)
    elif not isinstance(copy, VersionConflict):  # a conflict is looked at once more
        run.stopped[write.key] = "the server refused it"
        run.sent(write, Outcome.FAILED, why=str(copy))


def _lost(run: Run, write: Write, parts: Mapping[str, Copy]) -> tuple[str, ...]:
    """The fields that the server did not keep as they were sent."""
    kind = write.key[0]
    try:
        there = run.exchange.record(kind, {part: parts[part].resource for part in parts}, write.sent)
    except MappingError as error:
        return tuple(fault.element or fault.place for fault in error.faults)
    mine = {row.attr for row in run.exchange.kinds[kind].parts[write.part].table.rows}
    return tuple(
        path for path, _, _ in differences(write.sent, there) if path.partition(".")[0].partition("[")[0] in mine
    )
