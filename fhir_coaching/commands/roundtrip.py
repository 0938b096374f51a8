"""`roundtrip`: records to FHIR, through bytes, to a machine that knows nothing, and back."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from fhir_coaching.commands.options import App, command, fhir_option, output_option

if TYPE_CHECKING:
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Exchange
    from fhir_coaching.records.values import Record
    from fhir_coaching.report.ledger import Loss

    Records = dict[tuple[str, str], Record]  # by kind and id

DIFFERENT = 1


@command(
    "roundtrip",
    """
fhir-coaching roundtrip my-practice
fhir-coaching roundtrip my-practice --fhir r5
fhir-coaching roundtrip my-practice --output json | jq '.differences'
""",
)
@click.argument("source")
@fhir_option
@output_option
@click.pass_obj
def roundtrip(app: App, source: str, fhir: str, output: str) -> int:
    """Records to FHIR and back: what differs, and what does not travel.

    Every record becomes resources, the resources bytes, and the bytes records again, on a machine that has no copy of
    them. Each field that the tables call exact is compared to the digit. The others are the loss ledger: one_way is
    sent and not read back, local stays in the practice; each with its reason.

    Exit code 1 with differences.
    """
    from fhir_coaching.commands.destination import write_lines
    from fhir_coaching.commands.sources import NO_BASE, Held, chosen_base, exchange_for, opened
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.practice.reading import from_fhir
    from fhir_coaching.records import RECORDS, kind_of
    from fhir_coaching.report.ledger import ledger, page

    read = opened(source)
    base = chosen_base(None, read) or NO_BASE
    there, back = (exchange_for(app.kinds(), fhir, base) for _ in range(2))
    entries = Held(read, "record")
    records: Records = {}
    sent = entries.through(_sent(there, entries, records))
    found = {(kind_of(record), record.id): record for _, record in from_fhir(back, sent)}
    losses = ledger(app.kinds(), [kind for kind in RECORDS if any(kind == its for its, _ in records)])
    travelled = {key: record for key, record in records.items() if there.travels(key[0], record)}
    differences = list(_differences(travelled, found, losses))
    if output == "json":
        report = {"records": len(travelled), "differences": differences, "ledger": [loss.json() for loss in losses]}
        write_lines([dumps(report)], None)
    else:
        page(losses, records.values(), len(records) - len(travelled), differences)
    return DIFFERENT if differences else 0


def _sent(exchange: "Exchange", entries: Iterable["Entry"], records: "Records") -> Iterator["Entry"]:
    """The resources of records, as they come out of bytes; the records are kept to compare with."""
    from fhir_coaching.fhir.json import dumps, loads
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import to_fhir

    def kept() -> Iterator[Entry]:
        for entry in entries:
            if entry.record is not None:
                records[entry.kind, entry.record.id] = entry.record
                yield entry

    for entry, _, resource in to_fhir(exchange, kept()):
        yield Entry(entry.place, resource=loads(dumps(resource)))


def _differences(before: "Records", after: "Records", losses: Iterable["Loss"]) -> Iterator[dict[str, Any]]:
    """Each place where a record that came back is not what it was, in the fields that are exact."""
    from fhir_coaching.lens import Fate
    from fhir_coaching.lens.same import differences
    from fhir_coaching.report.values import plain

    exact: dict[str, list[str]] = {}
    for loss in losses:
        if loss.fate is Fate.EXACT:
            exact.setdefault(loss.kind, []).append(loss.field)
    for (kind, id_), record in before.items():
        name, back = f"{kind} {id_}", after.get((kind, id_))
        if back is None:
            yield {"record": name, "field": "", "before": plain(record), "after": None}
            continue
        for field in exact[kind]:
            for path, one, other in differences(getattr(record, field), getattr(back, field), field):
                yield {"record": name, "field": path, "before": plain(one), "after": plain(other)}
