"""Findings beside data: a table by file, on standard error."""

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from fhir_coaching.errors import ERROR, Finding
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.validated import COLOURS
from fhir_coaching.report.values import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST = 20  # errors that are shown beside data


def beside(findings: Iterable[Finding]) -> None:
    """Show findings on standard error: the first errors, and all that is no error."""
    findings = sorted(findings, key=_order)
    errors = [one for one in findings if one.severity == ERROR]
    more = [f"and {counted(len(errors) - MOST, 'more error')}"] if len(errors) > MOST else []
    if findings:
        show(*_by_file(errors[:MOST]), *more, *_by_file(one for one in findings if one.severity != ERROR), err=True)


def _by_file(findings: Iterable[Finding]) -> "list[RenderableType]":
    shown: list[RenderableType] = []
    for _, its in groupby(sorted(findings, key=_order), key=_file):
        rows = table()
        rows.add_column(overflow="fold")
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for one in its:
            within = " " in one.place  # the place names a field, so that the element is the second thing to know
            element = f" ({one.element})" if within and one.element else ""
            place = one.place if within else f"{one.place} {one.element}".strip()
            hint = f"; {one.hint}" if one.hint else ""
            said = Text.assemble(one.message, (element + hint, "dim"))
            rows.add_row(place, Text(one.severity, COLOURS[one.severity]), said)
        shown += [rows, ""]
    return shown


def _file(finding: Finding) -> str:
    return finding.place.partition(" ")[0].partition(":")[0]


def _order(finding: Finding) -> tuple[str, int]:
    number = finding.place.partition(":")[2].partition(" ")[0]
    return _file(finding), int(number) if number.isdecimal() else 0
