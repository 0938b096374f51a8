"""Findings and faults as a page, by file, or as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Fault, Finding
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.values import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

COLOURS = {ERROR: "red", WARNING: "yellow", INFORMATION: "cyan"}
MOST = 20  # errors that are shown beside data


@dataclass(frozen=True)
class Line:
    """One thing wrong, wherever it was found."""

    severity: str  # error, warning, information
    rule: str  # of a finding its own; of a fault: input, mapping, structure
    place: str = ""  # `goals.ndjson:17 targets[1].due`
    element: str = ""  # `Goal.target[1].dueDate`
    message: str = ""
    hint: str = ""

    @classmethod
    def of(cls, wrong: Fault | Finding, rule: str = "", place: str = "") -> "Line":
        """A finding, or a fault under the name of who found it."""
        if isinstance(wrong, Finding):
            return cls(wrong.severity, wrong.rule, wrong.place, "", wrong.message, wrong.hint)
        return cls(ERROR, rule, wrong.place or place, wrong.element, wrong.message, wrong.hint)

    @property
    def file(self) -> str:
        """The file where it stands."""
        return self.place.partition(" ")[0].partition(":")[0]

    def json(self) -> dict[str, str]:
        """For programs: every key, empty where there is nothing to say."""
        return asdict(self)


def page(lines: Iterable[Line], checked: int) -> None:
    """Show findings, file by file in the order of their lines, and how many there are."""
    lines = list(lines)
    errors, warnings = (sum(line.severity == one for line in lines) for one in (ERROR, WARNING))
    colour = "red" if errors else "yellow" if warnings else "green"
    summary = f"{checked:,} checked, {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    show(*_by_file(lines), Text(summary, colour))


def beside(lines: Iterable[Line]) -> None:
    """Show findings on standard error: the first errors, and all that is no error."""
    lines = sorted(lines, key=_order)
    errors = [line for line in lines if line.severity == ERROR]
    more = [f"and {counted(len(errors) - MOST, 'more error')}"] if len(errors) > MOST else []
    if lines:
        show(*_by_file(errors[:MOST]), *more, *_by_file(line for line in lines if line.severity != ERROR), err=True)


def _by_file(lines: Iterable[Line]) -> "list[RenderableType]":
    lines = sorted(lines, key=_order)
    shown: list[RenderableType] = []
    for _, its in groupby(lines, key=lambda line: line.file):
        rows = table()
        rows.add_column(overflow="fold")
        rows.add_column(no_wrap=True)
        rows.add_column(overflow="fold")
        for line in its:
            within = " " in line.place  # the place names a field, so that the element is the second thing to know
            element = f" ({line.element})" if within and line.element else ""
            place = line.place if within else f"{line.place} {line.element}".strip()
            hint = f"; {line.hint}" if line.hint else ""
            said = Text.assemble(line.message, (element + hint, "dim"))
            rows.add_row(place, Text(line.severity, COLOURS[line.severity]), said)
        shown += [rows, ""]
    return shown


def _order(line: Line) -> tuple[str, int]:
    number = line.place.partition(":")[2].partition(" ")[0]
    return line.file, int(number) if number.isdecimal() else 0
