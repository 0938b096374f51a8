"""`convert`: records to resources, or resources to records."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_coaching.commands.options import (
    App,
    command,
    fhir_option,
    identifier_base_option,
    quiet_option,
    strict_option,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fhir_coaching.commands.sources import Held
    from fhir_coaching.errors import Fault
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Amiss, Exchange
    from fhir_coaching.report.tally import Tally
    from fhir_coaching.versions import Json

UNREAD = 1  # resources of others, though their type is mapped


@command(
    "convert",
    """
fhir-coaching convert my-practice --to fhir -o my-practice.ndjson
fhir-coaching convert my-practice --to fhir --as bundle --fhir r5 | head -n 1
fhir-coaching convert hospital.ndjson --to records -o my-practice/
gunzip -c goals.gz | fhir-coaching convert - --to fhir --identifier-base URI
""",
)
@click.argument("source")
@click.option("--to", type=click.Choice(["fhir", "records"]), required=True, help="What to make.")
@fhir_option
@click.option(
    "--as",
    "as_",
    type=click.Choice(["ndjson", "bundle"]),
    default="ndjson",
    show_default=True,
    help="A resource a line; or a transaction Bundle a line: what patients share, then one a patient.",
)
@click.option("--base", metavar="FHIR", help="A server's own copies, to write onto: what is not ours in them stays.")
@identifier_base_option
@click.option(
    "-o",
    "dest",
    metavar="DEST",
    help="A file, written whole or not at all. For records also a practice folder: its path ends in /.",
)
@strict_option("Refuse warnings too; to records, errors.")
@quiet_option
@click.pass_obj
def convert(
    app: App,
    source: str,
    to: str,
    fhir: str,
    as_: str,
    base: str | None,
    identifier_base: str | None,
    dest: str | None,
    quiet: bool,
    strict: bool,
) -> int:
    """Records to FHIR resources, or resources to records.

    What does not travel, such as a session's private note, is listed by `roundtrip`. Into a practice folder that is
    there already, records are merged: what does not travel stays as it is in them.

    Resources that bear no identifier of the practice are adopted: the record's id is made of their address, and --base
    finds them again by it. What cannot be read of them is told on stderr; the rest is written.

    Resources are checked by the base specification. One that is made with an error is not written, exit code 3, unless
    its copy of --base has it already; what is wrong with those that are read is told on stderr.

    Exit code 1 if resources of others could not be read, though their type is mapped.
    """
    if to == "fhir":
        if base is not None and as_ == "bundle":
            raise click.UsageError("--base goes with --as ndjson: a Bundle creates, it does not update.")
        _to_fhir(app, source, fhir, as_, base, identifier_base, dest, quiet=quiet, strict=strict)
        return 0
    if base is not None or as_ == "bundle":
        raise click.UsageError("--base and --as bundle go with --to fhir.")
    return _to_records(app, source, fhir, identifier_base, dest, quiet=quiet, strict=strict)


def _to_fhir(
    app: App,
    path: str,
    fhir: str,
    as_: str,
    base: str | None,
    identifier_base: str | None,
    dest: str | None,
    *,
    quiet: bool,
    strict: bool,
) -> None:
    from fhir_coaching.commands.destination import say, write_lines
    from fhir_coaching.commands.sources import Held, chosen_base, exchange_for, no_base, opened
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.practice.exchange import bundles, to_fhir
    from fhir_coaching.report.tally import Tally
    from fhir_coaching.report.values import counted

    source = opened(path)
    where = chosen_base(identifier_base, source)
    if not where:
        raise no_base()
    exchange = exchange_for(app.kinds(), fhir, where)
    held = Held(opened(base) if base else (), "resource")
    copies = list(held.through(held))
    entries = Held(source, "record", exchange)

    tally = Tally()
    amiss = _amiss(exchange, tally, strict=strict)
    made: Iterator[Json]
    if as_ == "bundle":
        made = (one for one in bundles(exchange, entries, amiss) if not entries.faults)  # a Bundle of a part misleads
    else:
        made = (resource for _, _, resource in to_fhir(exchange, entries, copies, amiss))
    try:
        written = write_lines(map(dumps, entries.through(made)), dest, watch=not quiet)
    finally:
        tally.beside()
    what = counted(written, "Bundle" if as_ == "bundle" else "resource")
    stay = f" ({entries.staying} stay in the practice)" if entries.staying else ""
    left = f"; {counted(entries.withdrawn, 'withdrawal')} left out: `push` sends them" if entries.withdrawn else ""
    say(f"{counted(entries.count.total(), 'record')}{stay} -> {what}, FHIR {fhir.upper()}{left}", quiet=quiet)


def _amiss(exchange: "Exchange", tally: "Tally", *, strict: bool) -> "Amiss":
    """The check of what is made; what a copy that it is written onto has already is counted. Nothing is asked of a withdrawal."""
    from fhir_coaching.checks.told import as_fault, weighed
    from fhir_coaching.practice.findings import is_withdrawn

    def amiss(entry: "Entry", part: str, resource: "Json", there: "Json | None") -> "Iterable[Fault]":
        lens = exchange.lenses[entry.kind].lenses[part]
        found = weighed(resource, there, exchange.version, place=entry.place, lens=lens, strict=strict)
        tally.add(found.theirs)
        withdraws = there is not None and entry.record is not None and is_withdrawn(entry.record)
        return () if withdraws else map(as_fault, found.stops)

    return amiss


def _to_records(
    app: App, path: str, fhir: str, identifier_base: str | None, dest: str | None, *, quiet: bool, strict: bool
) -> int:
    from fhir_coaching.commands.destination import say, writable, write_lines
    from fhir_coaching.commands.sources import Held, bases_in, chosen_base, exchange_for, no_base, opened
    from fhir_coaching.practice.folder import line_of, write_records
    from fhir_coaching.practice.reading import Foreign, from_fhir
    from fhir_coaching.practice.settings import Settings, write_settings
    from fhir_coaching.practice.source import open_source, read
    from fhir_coaching.records import kind_of
    from fhir_coaching.report.findings import beside
    from fhir_coaching.report.tally import Tally
    from fhir_coaching.report.values import counted

    source = opened(path)
    folder = Path(dest) if dest is not None and (dest.endswith("/") or Path(dest).is_dir()) else None
    there = open_source(str(folder)) if folder is not None and folder.is_dir() and any(folder.iterdir()) else None
    where = chosen_base(identifier_base, *([there] if there else []), source)
    entries, foreign, tally = Held(source, "resource"), Foreign(), Tally()
    seen, resources = bases_in(app.kinds(), entries)
    if not where:
        raise no_base(seen)
    exchange = exchange_for(app.kinds(), fhir, where)
    local = {(kind_of(record), record.id): record for record in read(there)} if there else {}
    checked = _checked(exchange, resources, entries, tally, strict=strict)
    made = entries.through(record for _, record in from_fhir(exchange, checked, local, foreign))
    try:
        if folder is None:
            written = write_lines(map(line_of, made), dest, watch=not quiet)
        else:
            found = {(kind_of(record), record.id): record for record in made}
            with writable(f"{folder}/"):
                write_records(folder, found)
                if there is None or there.settings is None:
                    write_settings(folder, Settings(identifier_base=where))
            written = len(found)
    finally:
        remarks = [] if quiet else foreign.findings()
        beside([*(fault.as_finding("mapping") for fault in foreign.faults), *remarks])
        if not quiet:
            tally.beside()
    own = (
        f"; {foreign.adopted:,} of them adopted: they bear no identifier under {exchange.names.base}/"
        if foreign.adopted
        else ""
    )
    say(
        f"{counted(entries.count.total(), 'resource')}, FHIR {fhir.upper()} -> {counted(written, 'record')}{own}",
        quiet=quiet,
    )
    if seen and not foreign.ours:
        say(f"None is of this practice. Some look as if --identifier-base were {' or '.join(seen)}", quiet=quiet)
    return UNREAD if foreign.faults else 0


def _checked(
    exchange: "Exchange", resources: "Iterable[Entry]", held: "Held", tally: "Tally", *, strict: bool
) -> "Iterator[Entry]":
    """The resources, counted by what is wrong with them; a strict reader does without those that have errors."""
    from fhir_coaching.checks.told import as_fault, told
    from fhir_coaching.errors import ERROR

    for entry in resources:
        found = told(entry.resource or {}, exchange.version, entry.place)
        errors = [one for one in found if one.severity == ERROR] if strict else []
        held.faults += map(as_fault, errors)
        tally.add(one for one in found if one not in errors)
        if not errors:
            yield entry
