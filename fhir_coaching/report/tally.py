"""What is wrong with resources, by rule: how often, and where first."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from fhir_coaching.errors import Finding
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.validated import COLOURS, ORDER

if TYPE_CHECKING:
    from rich.console import RenderableType

FIRST = 3  # places that are shown of each rule


def _order(one: tuple[tuple[str, str], int]) -> tuple[int, int, str]:
    """The worst and the most frequent first, as in `validate`'s summary."""
    (severity, rule), count = one
    return ORDER.index(severity), -count, rule


class Tally:
    """Findings, counted; of each rule the first few are kept, however many there are."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._count = Counter[tuple[str, str]]()
        self._first: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count some more."""
        for one in findings:
            key = one.severity, one.rule
            self._count[key] += 1
            if len(self._first[key]) < FIRST:
                self._first[key].append(one)

    def shown(self) -> "list[RenderableType]":
        """The rules by severity, the most frequent first; nothing where there is nothing to tell."""
        if not self._count:
            return []
        rows = table("rule", "severity", "times", "what, and where first", times="right")
        for (severity, rule), count in sorted(self._count.items(), key=_order):
            first = self._first[severity, rule]
            where = "\n".join(f"{one.place} {one.element}".strip() for one in first)
            said = Text.assemble(first[0].message, ("\n" + where, "dim"))
            rows.add_row(rule, Text(severity, COLOURS[severity]), f"{count:,}", said)
        return [rows, ""]

    def beside(self) -> None:
        """Show them on standard error, beside data."""
        if self._count:
            show(*self.shown(), err=True)
