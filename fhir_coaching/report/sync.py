"""What a push or a pull did: as a page, or as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from fhir_coaching.errors import Finding
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.tally import Tally
from fhir_coaching.report.values import change, counted, plain
from fhir_coaching.sync.report import Item, Outcome, Pulled, PullReport, PushReport, Report

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN = 20  # items of one sort that are shown; --output json has all
WRONG = 5  # findings of one item
_STYLES = {
    Outcome.CREATED: "green",
    Outcome.UPDATED: "green",
    Outcome.UNCHANGED: "dim",
    Pulled.NEW: "green",
    Pulled.CHANGED: "green",
    Pulled.UNCHANGED: "dim",
}
_FAILED = {Outcome.FAILED, Pulled.FAILED}
_QUIET = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Pulled.NEW, Pulled.UNCHANGED}  # counted, not listed


def json_of(report: PushReport | PullReport) -> dict[str, Any]:
    """The counts, and every item."""
    return {**report.counts(), "items": [_item(item) for item in report.items]}


def _item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "id": item.id,
        "part": item.part,
        "type": item.type,
        "server_id": item.server_id,
        "version": item.version,
        "outcome": item.outcome.value,
        "why": item.why,
        "fields": [{"field": path, "before": plain(one), "after": plain(other)} for path, one, other in item.fields],
        "lost": list(item.lost),
        "findings": [asdict(finding) for finding in item.findings],
    }


def push_page(report: PushReport) -> None:
    """Show what became of the resources by type, and every one that a person should look at."""
    would = "would be " if report.dry_run else ""
    planned = report.count(Outcome.CREATED) + report.count(Outcome.UPDATED)
    done = f"{planned:,} to write" if report.dry_run else f"{report.writes:,} written"
    verdict = f"{done}, {counted(report.requests, 'request')}"
    show(
        *_counts(report, Outcome, "resource", would),
        *_listed(report, values=False),
        *_lost(report),
        *_wrong(report),
        _verdict(verdict, report),
    )


def pull_page(report: PullReport) -> None:
    """Show what became of the records by kind, and field by field what changed."""
    would = "would be " if report.dry_run else ""
    changed = report.count(Pulled.NEW) + report.count(Pulled.CHANGED)
    verdict = f"{counted(changed, 'record')} {'to take' if report.dry_run else 'taken'}, {counted(report.requests, 'request')}"
    show(
        *_counts(report, Pulled, "record", would),
        *_listed(report, values=True),
        *_wrong(report),
        _verdict(verdict, report),
    )


def _verdict(text: str, report: PushReport | PullReport) -> Text:
    return Text(text, "bold green" if report.exit_code == 0 else "bold red")


def _counts(report: Report, outcomes: Iterable[Outcome | Pulled], what: str, would: str) -> "list[RenderableType]":
    """A row a resource type, or a kind of record; a column for each outcome that there is."""
    there = [outcome for outcome in outcomes if report.count(outcome)]
    if not there:
        return []
    names = [would + outcome.value.replace("_", " ") for outcome in there]
    rows = table(what, *names, **dict.fromkeys(names, "right"))
    number = Counter(((item.type if what == "resource" else item.kind), item.outcome) for item in report.items)
    for name in dict.fromkeys(name for name, _ in number):
        cells = (
            Text(f"{number[name, outcome]:,}" if number[name, outcome] else "-", _STYLES.get(outcome, "red"))
            for outcome in there
        )
        rows.add_row(name, *cells)
    return [rows, ""]


def _listed(report: Report, *, values: bool) -> "list[RenderableType]":
    """The items that a count does not say enough about."""
    shown: list[RenderableType] = []
    by: Mapping[Outcome | Pulled, list[Item]] = {}
    by = {outcome: [item for item in report.items if item.outcome is outcome] for outcome in (*Outcome, *Pulled)}
    for outcome, items in by.items():
        if outcome in _QUIET or not items:
            continue
        shown.append(Text(outcome.value.replace("_", " "), "bold"))
        rows = table()
        for _ in range(3):
            rows.add_column(overflow="fold")
        for item in items[:SHOWN]:
            rows.add_row(
                f"  {item.kind} {item.id}", f"{item.type}/{item.server_id}" if item.server_id else item.type, item.why
            )
            for path, *sides in item.fields:
                gone, come = change(*sides)
                rows.add_row(f"    {path}", Text.assemble((gone, "red"), " -> ", (come, "green")) if values else "")
            for one in item.findings[:WRONG] if outcome in _FAILED else ():
                where = (one.place, one.element) if outcome is Outcome.FAILED else (one.element, "")
                rows.add_row(f"    {where[0]}", where[1], _said(one))
            if outcome in _FAILED and len(item.findings) > WRONG:
                rows.add_row(f"    and {len(item.findings) - WRONG:,} more", "", "")
        shown.append(rows)
        if len(items) > SHOWN:
            shown.append(f"  and {len(items) - SHOWN:,} more")
        shown.append("")
    return shown


def _said(finding: Finding) -> str:
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"{finding.message}{hint} [{finding.rule}]"


def _wrong(report: Report) -> "list[RenderableType]":
    """By rule, what is wrong with resources that were written or taken all the same."""
    taken = (item for item in report.items if item.outcome not in _FAILED)
    return Tally(one for item in taken for one in item.findings).shown()


def _lost(report: Report) -> "list[RenderableType]":
    """Fields that the server took and did not keep."""
    lost = Counter((item.type, path) for item in report.items for path in item.lost)
    if not lost:
        return []
    rows = table("the server did not keep", "in", **{"in": "right"})
    for (type_, path), count in lost.most_common(SHOWN):
        rows.add_row(f"{type_}: {path}", f"{count:,}")
    return [rows, ""]
