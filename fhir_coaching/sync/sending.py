"""Writing a group: the intent first, then one transaction, then what the server says of each entry."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from fhir_coaching.errors import (
    AmbiguousMatch,
    LostAnswer,
    MappingError,
    NotAuthorized,
    NotFound,
    Rejected,
    ServerError,
    Unavailable,
    VersionConflict,
)
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.names import identifiers, stable_id
from fhir_coaching.lens.same import differences, field_of
from fhir_coaching.practice.exchange import patient_of
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.server import Answer, Entry
from fhir_coaching.sync.base import Copy, Intent, Key, Row
from fhir_coaching.sync.lookup import MOST, copy_of
from fhir_coaching.sync.plan import with_references
from fhir_coaching.sync.report import Outcome
from fhir_coaching.sync.run import Run, Write
from fhir_coaching.sync.superseding import sorted_out

Ready = list[tuple[Write, Entry]]


def send(run: Run, writes: list[Write], *, again: bool) -> list[Key]:
    """Send what is to be written: transactions of at most MOST entries where the server can, else one by one.

    Answers the records that somebody else wrote meanwhile; `again` says that they will be looked at once more.
    """
    if run.report.dry_run:
        for write in writes:
            run.sent(write, Outcome.UPDATED if write.copy else Outcome.CREATED)
        return []
    first = [write for write in writes if write.leaves]
    rest = [write for write in writes if not write.leaves]
    conflicts = _portions(run, first, {write.key for write in rest}, again=again)
    rest = [write for write in rest if write.key not in conflicts]
    return list(dict.fromkeys([*conflicts, *_portions(run, rest, set(), again=again)]))


def _portions(run: Run, writes: list[Write], after: AbstractSet[Key], *, again: bool) -> list[Key]:
    conflicts: list[Key] = []
    size = MOST if run.server.can.transaction else 1
    for start in range(0, len(writes), size):
        later = {*after, *(write.key for write in writes[start + size :])}
        conflicts += _transaction(run, writes[start : start + size], later, again=again)
    return conflicts


def _transaction(run: Run, writes: list[Write], later: AbstractSet[Key], *, again: bool) -> list[Key]:
    """One transaction; if the server refuses it, its halves, until what it refuses stands alone.

    `later` are records of which more is to be sent after this.
    """
    ready = _ready(run, writes)
    if not ready:
        return []
    _intend(run, ready, later)
    try:
        entries = [entry for _, entry in ready]
        answers = [_alone(run, entries[0])] if len(entries) == 1 else run.server.client.bundle(entries, "transaction")
    except (Rejected, NotFound, AmbiguousMatch, VersionConflict) as error:
        _unsent(run, ready)
        if isinstance(error, VersionConflict) and again:
            return [write.key for write, _ in ready]
        middle = len(ready) // 2
        left, right = [write for write, _ in ready[:middle]], [write for write, _ in ready[middle:]]
        first = _transaction(run, left, {*later, *(write.key for write in right)}, again=again)
        return [*first, *_transaction(run, right, later, again=again)]
    except LostAnswer as error:
        answers = [error] * len(ready)
    except ServerError:
        _unsent(run, ready)
        raise
    run.report.writes += len(ready)
    return _settle(run, ready, answers, later)


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
        if write.key in run.stopped:
            continue
        own = run.own(write.key, write.part)
        if write.copy is not None:
            inside[own] = write.copy.reference
        elif run.server.own_ids(write.type) and not write.replaces:
            inside[own] = f"{write.type}/{stable_id(*own)}"
        elif len(writes) > 1:
            inside[own] = f"urn:uuid:{stable_id(*own)}"
    ready: Ready = []
    for write in writes:
        patient = "" if write.key[0] == "patient" else patient_of(write.record)
        if write.key in run.stopped:
            run.sent(write, Outcome.NOT_DELIVERABLE, why=f"another resource of it: {run.stopped[write.key]}")
        elif patient and run.own(("patient", patient), "patient") not in {*inside, *run.addresses}:
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
    if run.server.own_ids(write.type) and not write.replaces:
        at = f"{write.type}/{stable_id(*own)}"
        return Entry("PUT", at, {**resource, "id": stable_id(*own)}, f"{root}/{at}")
    condition = f"identifier={query(*own)}" if run.server.can.types[write.type].conditional_create else ""
    return Entry("POST", write.type, resource, f"urn:uuid:{stable_id(*own)}", if_none_exist=condition)


def _intend(run: Run, ready: Ready, later: AbstractSet[Key]) -> None:
    """Put on disk what is about to be sent."""
    rows: dict[Key, Row] = {}
    for write, entry in ready:
        row = rows.get(write.key) or replace(run.base.rows.get(write.key) or Row(*write.key), intent=None)
        parts = {**(row.intent.parts if row.intent else {}), write.part: entry.resource or {}}
        whole = write.key not in later
        beside = {**(row.intent.beside if row.intent else {}), **write.beside}
        intent = Intent(spell_record(write.sent), parts, run.now(), whole=whole, beside=beside)
        rows[write.key] = replace(row, intent=intent)
    run.save(*rows.values())


def _unsent(run: Run, ready: Ready) -> None:
    """Nothing was written: forget that it was about to be."""
    run.save(*(replace(run.base.rows[key], intent=None) for key in dict.fromkeys(write.key for write, _ in ready)))


def _settle(run: Run, ready: Ready, answers: list[Answer | ServerError], later: AbstractSet[Key]) -> list[Key]:
    """Take in what the server says of each entry, and report it. Answers the records that somebody else wrote meanwhile."""
    shown = _read_back(run, ready, _each_its_own(run, ready, answers))
    by_record: dict[Key, list[tuple[Write, Copy | ServerError]]] = {}
    for (write, _), copy in zip(ready, shown, strict=True):
        by_record.setdefault(write.key, []).append((write, copy))
    conflicts: list[Key] = []
    for key, results in by_record.items():
        row = run.base.rows[key]
        parts = {**row.parts, **{write.part: copy for write, copy in results if isinstance(copy, Copy)}}
        whole = key not in later and all(isinstance(copy, Copy) for _, copy in results)
        lost = any(isinstance(copy, LostAnswer) for _, copy in results)
        row = replace(
            row,
            parts=parts,
            record=spell_record(results[0][0].sent) if whole else row.record,
            intent=row.intent if lost else None,
            beside=row.beside
            | {k: v for write, copy in results if isinstance(copy, Copy) for k, v in write.beside.items()},
        )
        row = sorted_out(run.exchange, row)
        run.save(row)
        run.know(row)
        if any(isinstance(copy, VersionConflict) for _, copy in results):
            conflicts.append(key)
        for write, copy in results:
            _report(run, write, copy, parts)
    return conflicts


def _each_its_own(run: Run, ready: Ready, answers: list[Answer | ServerError]) -> list[Answer | ServerError]:
    """The answers in the order of the entries. Where they stand in another, one that cannot be told is lost.

    A conditional create that found something (200) wrote nothing: somebody else was faster.
    """
    if not all(
        isinstance(one, ServerError) or _fits(run, *both, one) for both, one in zip(ready, answers, strict=True)
    ):
        lost = LostAnswer("the server's answers stand in another order", hint="push again: it looks before it writes")
        good = [one for one in answers if isinstance(one, Answer)]
        answers = [next((one for one in good if _fits(run, *both, one)), lost) for both in ready]
    faster = VersionConflict("it is there already")
    return [
        faster if isinstance(one, Answer) and entry.method == "POST" and one.status == 200 else one  # noqa: PLR2004
        for (_, entry), one in zip(ready, answers, strict=True)
    ]


def _fits(run: Run, write: Write, entry: Entry, answer: Answer) -> bool:
    """Whether an answer speaks of this write. One that says nothing of where it wrote may."""
    if entry.method == "PUT":
        return not answer.id or f"{answer.type}/{answer.id}" == entry.url
    own = dict(zip(("system", "value"), run.own(write.key, write.part), strict=True))
    said = identifiers(answer.resource) if answer.resource is not None else [own]
    return answer.type in {"", write.type} and any(own.items() <= one.items() for one in said)


def _read_back(run: Run, ready: Ready, answers: list[Answer | ServerError]) -> list[Copy | ServerError]:
    """The copy that each answer shows; one without a body is read, and believed if it is of this record."""
    urls = {
        index: entry.url if entry.method == "PUT" else f"{write.type}/{answer.id}"
        for index, ((write, entry), answer) in enumerate(zip(ready, answers, strict=True))
        if isinstance(answer, Answer) and answer.resource is None and (answer.id or entry.method == "PUT")
    }
    try:
        seen = dict(zip(urls, run.server.ask(list(urls.values())), strict=True))
    except ServerError:  # what was written stays written; the next run looks for it
        seen = {}
    shown: list[Copy | ServerError] = []
    for index, (both, answer) in enumerate(zip(ready, answers, strict=True)):
        read = seen.get(index, answer)
        if isinstance(read, Answer) and read.resource is not None and _fits(run, *both, read):
            shown.append(copy_of(read.resource, read.version or (answer.version if isinstance(answer, Answer) else "")))
        elif isinstance(read, ServerError) and isinstance(answer, ServerError):
            shown.append(read)
        else:
            shown.append(
                LostAnswer("written, but it cannot be read back", hint="push again: it looks before it writes")
            )
    return shown


def _report(run: Run, write: Write, copy: Copy | ServerError, parts: Mapping[str, Copy]) -> None:
    if isinstance(copy, Copy):
        lost = () if write.leaves else _lost(run, write, parts)
        run.sent(write, Outcome.UPDATED if write.copy else Outcome.CREATED, copy=copy, lost=lost)
    elif isinstance(copy, LostAnswer):
        run.stopped[write.key] = "a write is without an answer"
        run.sent(write, Outcome.UNKNOWN, why=copy.message)
    elif not isinstance(copy, VersionConflict):  # a conflict is looked at once more
        run.stopped[write.key] = "the server refused it"
        run.sent(write, Outcome.FAILED, why=str(copy))


def _lost(run: Run, write: Write, parts: Mapping[str, Copy]) -> tuple[str, ...]:
    """The fields that the server did not keep as they were sent; of the anchor also those of parts that it does not take."""
    kind = write.key[0]
    untaken = {part for part in run.exchange.kinds[kind].parts if not run.server.takes(run.type_of(kind, part))}
    there_are = {**dict.fromkeys(untaken), **{part: copy.resource for part, copy in parts.items()}}
    try:
        there = run.exchange.record(kind, there_are, write.record)
    except MappingError as error:
        return tuple(fault.element or fault.place for fault in error.faults)
    told = {write.part, *(untaken if write.part == run.anchor(kind) else ())}
    mine = {name for part in told for name in run.exchange.kinds[kind].parts[part].fields}
    return tuple(path for path, _, _ in differences(write.record, there) if field_of(path) in mine)
