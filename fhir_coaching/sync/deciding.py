"""What is to be done with each record of a group, now that the server's copies are known."""

from dataclasses import replace

from fhir_coaching.checks.told import weighed
from fhir_coaching.errors import Finding
from fhir_coaching.fhir.names import is_adopted
from fhir_coaching.lens.same import differences, same
from fhir_coaching.practice.exchange import patient_of, withdrawn
from fhir_coaching.practice.findings import is_withdrawn
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import Record
from fhir_coaching.sync.base import OURS, THEIRS, Key, Row
from fhir_coaching.sync.lookup import PEOPLE, Found
from fhir_coaching.sync.plan import Plan, arrived, delivered, last_of, plan_write, resources, travelling
from fhir_coaching.sync.report import Outcome
from fhir_coaching.sync.run import Run, Write
from fhir_coaching.sync.superseding import is_superseded, replacing, sorted_out, superseded

# Seconds after which a search that finds nothing starts to count; HAPI answers old searches for 60 (2026-11).
SETTLE = 90.0
MISSES = 2  # how often it has to find nothing


def decide(run: Run, key: Key, record: Record | None, found: Found) -> list[Write]:
    """Settle a record that needs no write, or answer what is to be written. `record` is None for a withdrawal.

    Raises MappingError for a copy that cannot be read, and for a record that cannot be said.
    """
    kind, anchor = key[0], run.anchor(key[0])
    if found.error is not None:
        return run.stop(key, Outcome.FAILED, str(found.error))
    if anchor not in found.parts:
        return run.stop(key, Outcome.NOT_DELIVERABLE, f"the server takes no {run.type_of(kind, anchor)}")
    if found.several:
        return run.stop(
            key, Outcome.NOT_DELIVERABLE, "several resources on the server bear its identifier: link one of them"
        )
    row = _sorted_out(run, key, _recollected(run, key, found), found)
    if found.parts[anchor] is None and (anchor in found.deleted or (row is not None and row.gone)):
        return _deleted(run, key, record, row)
    if row is not None and row.gone:
        row = None  # it is there again
    if row is not None and row.intent is not None:
        return run.stop(
            key, Outcome.UNKNOWN, "a write is still without an answer, and is not to be found: push again later"
        )
    if record is None:
        return _withdraw(run, key, row, found)
    if is_adopted(key[1]):
        return _adopted(run, key, record, row, found)
    if (row is None and found.theirs) or (row is not None and row.owner == THEIRS):
        return _theirs(run, key, record, row, found)
    if kind in PEOPLE and found.parts[anchor] is None and not run.create_people:
        return run.stop(
            key, Outcome.NOT_DELIVERABLE, "no match on the server; --create-people creates it, `link` says who it is"
        )
    if found.parts[anchor] is None and not run.server.takes(run.type_of(kind, anchor)):
        why = f"no match on the server, which takes no new {run.type_of(kind, anchor)}; `link` says who it is"
        return run.stop(key, Outcome.NOT_DELIVERABLE, why)
    return _written(run, key, record, row, found)


def _written(run: Run, key: Key, record: Record, row: Row | None, found: Found) -> list[Write]:
    if key in run.refused:
        return run.stop(key, Outcome.FAILED, "wrong as a record: nothing of it is sent", run.refused[key])
    if why := _lacking(run, key, record):
        return run.stop(key, Outcome.NOT_DELIVERABLE, why)
    return _planned(run, key, record, row, found)


def _planned(run: Run, key: Key, record: Record, row: Row | None, found: Found) -> list[Write]:
    sent = delivered(travelling(run.exchange, record), run.absent)
    plan = plan_write(run.exchange, key, sent, row, found.parts, run.near)
    if plan.moved:
        run.near.held.add(key)
        run.know(Row(*key, parts={part: copy for part, copy in found.parts.items() if copy is not None}))
        return run.settled(key, Outcome.MOVED, found.parts, why=plan.why, fields=plan.changed)
    if untaken := [type_ for part in plan.writes if not run.server.takes(type_ := run.type_of(key[0], part))]:
        return run.stop(key, Outcome.NOT_DELIVERABLE, f"edited here, and the server takes no {untaken[0]}")
    writes: list[Write] = []
    for part, resource in plan.writes.items():
        write = Write(
            record, sent, key, part, run.type_of(key[0], part), resource, found.parts.get(part), plan.of(part)
        )
        writes += _appending(run, write, plan, row)
    writes, wrong = _checked(run, writes)
    # A withdrawal of what is there has to arrive, however wrong the record is: nothing is asked of it.
    if wrong and not (is_withdrawn(record) and found.parts[run.anchor(key[0])]):
        return run.stop(key, Outcome.FAILED, "wrong by the specification: nothing of it is sent", wrong)
    run.settled(key, Outcome.UNCHANGED, {part: copy for part, copy in found.parts.items() if part not in plan.writes})
    if not plan.writes:
        owner, known = (row.owner, row.beside) if row else (OURS, {})
        run.remember(key, sent, found.parts, owner, beside={**plan.beside, **known})
    return writes


def _checked(run: Run, writes: list[Write]) -> tuple[list[Write], tuple[Finding, ...]]:
    """What is about to be sent, with what is wrong in the server's copies already; and what is wrong by our doing."""
    checked, wrong = list[Write](), list[Finding]()
    for write in writes:
        found = weighed(
            write.resource,
            write.copy.resource if write.copy else None,
            run.exchange.version,
            place=run.places.get(write.key, ""),
            lens=run.exchange.lenses[write.key[0]].lenses[write.part],
            strict=run.strict,
        )
        checked.append(replace(write, findings=found.theirs) if found.theirs else write)
        wrong += found.stops
    return checked, tuple(wrong)


def _appending(run: Run, write: Write, plan: Plan, row: Row | None) -> list[Write]:
    """One write; or two, of which the first leaves the old resource behind and the second replaces it."""
    key, part = write.key, write.part
    old = write.copy.reference if write.copy else row.superseded.get(part, "") if row else ""
    if not old or (write.copy and part not in plan.appended):
        return [write]
    new = replacing(run.exchange, key, part, plan.appended.get(part, write.resource), old)
    second = replace(write, resource=new, copy=None, replaces=old)
    if write.copy is None:
        return [second]
    left = superseded(run.exchange, key, part, write.copy.resource)
    return [replace(write, resource=left, beside={}, leaves=True), second]


def _deleted(run: Run, key: Key, record: Record | None, row: Row | None) -> list[Write]:
    """What the hospital deleted does not rise again by itself, whether a pull has taken note of it or not."""
    run.addresses.pop(run.own(key, run.anchor(key[0])), None)
    if record is None:
        return []
    if row is None or not row.gone:
        return run.stop(key, Outcome.MOVED, "deleted on the server; the local record stays: pull first")
    if same(last_of(row), delivered(travelling(run.exchange, record), run.absent)):
        return run.stop(key, Outcome.UNCHANGED, "deleted on the server, and not sent again; the local record stays")
    return run.stop(
        key,
        Outcome.MOVED,
        "changed here, and deleted on the server: withdraw it with a `deleted` line, or give it a new id to send it anew",
    )


def _theirs(run: Run, key: Key, record: Record, row: Row | None, found: Found) -> list[Write]:
    """Somebody whom the server knows by other identifiers, or who was linked: read, and not written."""
    only = {run.anchor(key[0]): found.parts[run.anchor(key[0])]}
    if row is None:
        run.remember(key, travelling(run.exchange, record), only, owner=THEIRS)
    else:  # what is said of them here is ours to say; the copy stays, for the pull to compare
        run.save(replace(row, record=spell_record(travelling(run.exchange, record))))
    return run.settled(key, Outcome.UNCHANGED, only, why="theirs: not written")


def _adopted(run: Run, key: Key, record: Record, row: Row | None, found: Found) -> list[Write]:
    """Somebody else's resource: written only where it was edited here and the settings allow its type, and never made anew."""
    if row is None or not row.parts:
        why = "adopted from another server, or no longer known here: `pull --adopt` on the server that it is of"
        return run.stop(key, Outcome.NOT_DELIVERABLE, why)
    edited = tuple(differences(last_of(row), delivered(travelling(run.exchange, record), run.absent)))
    if not edited:
        return run.settled(key, Outcome.UNCHANGED, found.parts, why="theirs: not written")
    type_ = run.type_of(key[0], run.anchor(key[0]))
    if type_ in run.write_adopted and run.server.takes(type_):
        return _written(run, key, record, row, found)
    why = "theirs: not written; edited here, and " + (
        f"the server takes no {type_}"
        if type_ in run.write_adopted
        else f"`write_adopted` of this server in practice.toml does not list {type_}"
    )
    return run.settled(key, Outcome.NOT_DELIVERABLE, found.parts, why=why, fields=edited)


def _withdraw(run: Run, key: Key, row: Row | None, found: Found) -> list[Write]:
    """A `deleted` line: the record in its withdrawn state, if its kind has one and the server has it."""
    if found.parts.get(run.anchor(key[0])) is None:
        return []
    if row is not None and row.owner == THEIRS:
        return run.stop(key, Outcome.NOT_DELIVERABLE, "theirs: not withdrawn")
    record = last_of(row) or run.exchange.record(key[0], resources(found.parts), id=key[1])
    gone = withdrawn(record)
    if gone is None:
        return run.stop(key, Outcome.NOT_DELIVERABLE, "cannot be withdrawn here: this type has no such state")
    return _planned(run, key, gone, row or run.remember(key, record, found.parts), found)


def _lacking(run: Run, key: Key, record: Record) -> str:
    """Why a record cannot be delivered for lack of somebody whom it cannot do without."""
    patient, practitioner = "" if key[0] == "patient" else patient_of(record), getattr(record, "practitioner", None)
    for kind, id_ in (("patient", patient), ("practitioner", practitioner)):
        if id_ and (why := run.absent((kind, id_))):
            return f"its {kind} {id_} is not on the server: {why}"
    return ""


def _sorted_out(run: Run, key: Key, row: Row | None, found: Found) -> Row | None:
    """The row and the copies without what was left behind of parts that are appended to."""
    behind = [p for p, copy in found.parts.items() if copy and is_superseded(run.exchange, key, p, copy.resource)]
    for part in behind:
        copy, found.parts[part] = found.parts[part], None
        if row is not None and copy is not None:
            row = replace(row, parts={**row.parts, part: copy})
    return row and sorted_out(run.exchange, row)


def _recollected(run: Run, key: Key, found: Found) -> Row | None:
    """What is known of a record, with an unanswered write settled as far as the server shows it by now."""
    row = run.base.rows.get(key)
    if row is None or row.intent is None:
        return row
    intent, there = row.intent, {part: copy for part, copy in found.parts.items() if copy is not None}
    settled = arrived(run.exchange, row, there)
    if settled is not None:
        run.know(settled)
    elif all(part in row.parts for part in intent.parts):
        settled = replace(row, intent=None)  # an update that is not there; If-Match keeps it out if it is late
    elif run.now() - intent.at >= SETTLE:
        missed = replace(intent, misses=intent.misses + 1)
        settled = replace(row, intent=None if missed.misses >= MISSES else missed)
    if settled is None:
        return row
    settled = sorted_out(run.exchange, settled)
    run.save(settled)
    return settled if settled.parts or settled.intent else None
