"""What is wrong with resources, by rule: how often, and where first."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from fhir_coaching.errors import Finding
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.validated import COLOURS, Total

if TYPE_CHECKING:
    from rich.console import RenderableType

FIRST = 3  # places that are shown of each rule


class Tally:
    """Findings, counted; of each rule the first few are kept, however many there are."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._total = Total()
        self._first: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count some more."""
        for one in findings:
            self._total.add([one])
            first = self._first[one.severity, one.rule]
            if len(first) < FIRST:
                first.append(one)

    def shown(self) -> "list[RenderableType]":
        """The rules by severity, the most frequent first; nothing where there is nothing to tell."""
        if not self._first:
            return []
        rows = table("rule", "severity", "times", "what, and where first", times="right")
        for severity, rule, count in self._total.by_rule():
            first = self._first[severity, rule]
            where = "\n".join(f"{one.place} {one.element}".strip() for one in first)
            said = Text.assemble(first[0].message, ("\n" + where, "dim"))
            rows.add_row(rule, Text(severity, COLOURS[severity]), f"{count:,}", said)
        return [rows, ""]

    def beside(self) -> None:
        """Show them on standard error, beside data."""
        if self._first:
            show(*self.shown(), err=True)
