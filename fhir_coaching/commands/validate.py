"""`validate`: everything that is wrong with records or resources, before anybody else says so."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from fhir_coaching.commands.options import App, command, fhir_option, output_option

if TYPE_CHECKING:
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Exchange
    from fhir_coaching.practice.source import Source
    from fhir_coaching.report.findings import Line

INVALID = 3


@command(
    "validate",
    """
fhir-coaching validate my-practice
fhir-coaching validate goals.ndjson sessions.ndjson --fhir r5
fhir-coaching convert my-practice --to fhir | fhir-coaching validate -
fhir-coaching validate my-practice --output json | jq '.findings[].rule'
""",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@fhir_option
@click.option("--deep", is_flag=True, help="Ask fhir.resources for a second opinion on the structure of resources.")
@output_option
@click.pass_obj
def validate(app: App, sources: tuple[str, ...], fhir: str, output: str, *, deep: bool) -> int:
    """Check records or resources, and tell every fault at once.

    Records: whether they can be read, what a practice must fill in, what is amiss between them, whether FHIR can say
    them, and whether what would be sent is right. Resources: whether they are right by the base specification (shape,
    formats, required codes, references, its own rules, narrative), and whether the mappings can read them. Profiles, codes
    of other bindings than those listed there, and anything that needs a server are not checked.

    Exit code 3 with errors, 0 with warnings only.
    """
    from fhir_coaching.commands.destination import write_lines
    from fhir_coaching.commands.sources import opened
    from fhir_coaching.errors import ERROR, WARNING, InputError
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.report.findings import Line, page

    checked, lines = 0, list[Line]()
    for source in sources:
        try:
            number, found = _checked(app, opened(source), fhir, deep=deep)
        except InputError as error:
            number, found = 0, [Line.of(fault, "input") for fault in error.faults]
        checked += number
        lines += found
    errors, warnings = (sum(line.severity == one for line in lines) for one in (ERROR, WARNING))
    if output == "json":
        counts: dict[str, Any] = {"checked": checked, "errors": errors, "warnings": warnings}
        write_lines([dumps({**counts, "findings": [line.json() for line in lines]})], None)
    else:
        page(lines, checked)
    return INVALID if errors else 0


def _checked(app: App, source: "Source", fhir: str, *, deep: bool) -> tuple[int, list["Line"]]:
    """How many records or resources there are, and what is wrong with them."""
    from fhir_coaching.commands.sources import NO_BASE, Held, bases_in, chosen_base, exchange_for
    from fhir_coaching.report.findings import Line

    entries = Held(source)
    base = chosen_base(None, source)
    seen, all_entries = bases_in(app.kinds(), entries)
    exchange = exchange_for(app.kinds(), fhir, base or next(iter(seen), NO_BASE))
    found = _findings(exchange, all_entries, deep=deep)
    read = [Line.of(fault, "input") for fault in entries.faults]
    if entries.more:
        read.append(Line("error", "input", message=f"and {entries.more} more"))
    return entries.count.total(), read + found


def _findings(exchange: "Exchange", entries: Iterable["Entry"], *, deep: bool) -> list["Line"]:
    """What is wrong with entries that could be read: each for itself, then between them."""
    from fhir_coaching.errors import MappingError
    from fhir_coaching.practice.across import Across
    from fhir_coaching.practice.findings import findings
    from fhir_coaching.practice.reading import Foreign, from_fhir
    from fhir_coaching.report.findings import Line

    lines, across, foreign = list[Line](), Across(), Foreign()

    def resources() -> Iterator["Entry"]:
        """The resources; what is found on the way is noted."""
        for entry in entries:
            if entry.resource is None:
                across.add(entry)
                lines.extend(map(Line.of, findings(entry)))
                lines.extend(_unsayable(exchange, entry, deep=deep))
                continue
            lines.extend(_misshapen(exchange, entry, deep=deep))
            yield entry

    try:
        for _ in from_fhir(exchange, resources(), foreign=foreign):
            pass
    except MappingError as error:
        lines += [Line.of(fault, "mapping") for fault in error.faults]
    lines += [Line.of(fault, "mapping") for fault in foreign.faults]
    return lines + [Line.of(one) for one in (*foreign.findings(), *across.report())]


def _misshapen(exchange: "Exchange", entry: "Entry", *, deep: bool) -> Iterator["Line"]:
    """What is wrong with one resource."""
    from fhir_coaching.checks import check
    from fhir_coaching.checks.told import UNTOLD
    from fhir_coaching.report.findings import Line

    for one in check(entry.resource or {}, exchange.version):
        if one.rule not in UNTOLD:
            yield Line(one.severity, one.rule, entry.place, one.element, one.message, one.hint)
    if deep:
        from fhir_coaching.fhir.gate import structure_faults

        faults = structure_faults(entry.resource or {}, exchange.version)
        yield from (Line.of(fault, "structure", entry.place) for fault in faults)


def _unsayable(exchange: "Exchange", entry: "Entry", *, deep: bool) -> Iterator["Line"]:
    """What keeps one record from being sent."""
    from fhir_coaching.errors import ERROR, MappingError
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.report.findings import Line

    if entry.record is None or not exchange.travels(entry.kind, entry.record):
        return
    try:
        made = exchange.parts(entry.record, place=entry.place)
    except MappingError as error:
        yield from (Line.of(fault, "mapping") for fault in error.faults)
        return
    for resource in made.values():
        # A warning is about how it is said, which is ours.
        lines = _misshapen(exchange, Entry(entry.place, resource=resource), deep=deep)
        yield from (line for line in lines if line.severity == ERROR)
