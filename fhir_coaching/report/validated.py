"""What `validate` found, as it comes: for people, as JSON, or a finding a line."""

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from shutil import get_terminal_size
from typing import Any, Protocol

from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding
from fhir_coaching.fhir.json import dumps
from fhir_coaching.report.located import Located

ORDER = (ERROR, WARNING, INFORMATION)
COLOURS = {ERROR: "red", WARNING: "yellow", INFORMATION: "cyan"}
STYLES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "cyan": 36}  # ECMA-48, SGR
MOST = {
    ERROR: 20,
    WARNING: 20,
    INFORMATION: 3,
}  # findings of one rule that are shown to people; all of them are counted

NARROW, WIDE = 40, 100  # columns

Paint = Callable[[str, str], str]  # a text in a style


@dataclass(slots=True)
class Total:
    """How many resources and records there were, and how many findings of each rule."""

    checked: int = 0
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)  # severity, rule
    against: dict[str, Any] | None = None  # what a server said besides

    def add(self, findings: Iterable[Finding]) -> None:
        """Count findings."""
        self.rules.update((one.severity, one.rule) for one in findings)

    def count(self, severity: str) -> int:
        """How many findings of a severity."""
        return sum(number for (how, _), number in self.rules.items() if how == severity)

    def fails(self, on: str) -> bool:
        """Whether there is a finding as bad as that."""
        return any(self.count(severity) for severity in ORDER[: ORDER.index(on) + 1])

    def by_rule(self) -> list[tuple[str, str, int]]:
        """Severity, rule, number: the worst and the most frequent first."""
        every = ((severity, rule, number) for (severity, rule), number in self.rules.items())
        return sorted(every, key=lambda one: (ORDER.index(one[0]), -one[2], one[1]))


class Report(Protocol):
    """What becomes of findings. `what` are the resources and records of one text, as `Seen` names them."""

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:
        """Tell what was found in one text."""

    def end(self, total: Total) -> None:
        """Tell how many there were."""


class Page:
    """For people: the first findings of each rule, then how many there are."""

    def __init__(self) -> None:
        self._shown = Counter[tuple[str, str]]()
        self._width, self._paint = width(), painted if coloured() else plain

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:  # noqa: ARG002
        """Show findings as long as there are not too many of their rule."""
        for one in findings:
            key = one.finding.severity, one.finding.rule
            if self._shown[key] < MOST[one.finding.severity]:
                self._shown[key] += 1
                echo(*said(one, self._width, self._paint))

    def end(self, total: Total) -> None:
        """The summary by rule."""
        rows = total.by_rule()
        if rows:
            echo("")
        name = max((len(rule) for _, rule, _ in rows), default=0)
        number = max((len(f"{count:,}") for *_, count in rows), default=0)
        for severity, rule, count in rows:
            shown = self._shown[severity, rule]
            more = "" if shown == count else f"  {shown} shown; --output ndjson has all"
            how = self._paint(f"{severity:<11}", COLOURS[severity])
            echo(f"{how}  {rule:<{name}}  {count:>{number},}{more}")
        if rows:
            echo("")
        echo(self._paint(summary(total), _worst(total)))


class Json:
    """One object for programs, written as it comes: `findings`, then the counts."""

    def __init__(self) -> None:
        self._between = b""
        _write(b'{"findings":[')

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:  # noqa: ARG002
        """Write findings."""
        for one in findings:
            _write(self._between + b"\n" + dumps(one.json()))
            self._between = b","

    def end(self, total: Total) -> None:
        """Write the counts."""
        _write(b"],\n" + dumps(counts(total))[1:] + b"\n")


class Ndjson:
    """A finding a line; the summary goes to standard error."""

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:  # noqa: ARG002
        """Write findings."""
        for one in findings:
            _write(dumps(one.json()) + b"\n")

    def end(self, total: Total) -> None:
        """Tell the counts."""
        sys.stderr.write(f"{summary(total)}\n")


def counts(total: Total) -> dict[str, Any]:
    """The numbers of a run, for programs."""
    by_severity = {name: total.count(severity) for name, severity in (("errors", ERROR), ("warnings", WARNING))}
    rules = [{"severity": severity, "rule": rule, "count": number} for severity, rule, number in total.by_rule()]
    return {
        "checked": total.checked,
        **by_severity,
        "information": total.count(INFORMATION),
        "rules": rules,
        **({} if total.against is None else {"against": total.against}),
    }


def summary(total: Total) -> str:
    """`12 checked, 1 error, 0 warnings`; what was passed over is said as well, so that nobody takes it for checked."""
    errors, warnings = total.count(ERROR), total.count(WARNING)
    said = f"{total.checked:,} checked, {_counted(errors, 'error')}, {_counted(warnings, 'warning')}"
    over = total.rules[INFORMATION, "not-checked"]
    return f"{said}; {_counted(over, 'resource')} of a type that is not checked" if over else said


def plain(text: str, _style: str) -> str:
    """A text as it is."""
    return text


def painted(text: str, style: str) -> str:
    """A text in a style of terminals."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def said(one: Located, columns: int | None = None, paint: Paint = plain) -> Iterator[str]:
    """A finding in lines of a terminal; on one line where there is no width to keep to."""
    its = one.finding
    element = f"({its.element})" if one.path and its.element else its.element
    where = " ".join(filter(None, (one.path, element)))
    found = f"; found {spelt_value(one)}" if _telling(one) else ""
    message = (its.message.partition(", found ")[0] if one.value is not None else its.message) + found
    how, rule = paint(its.severity, COLOURS[its.severity]), paint(its.rule, "bold")
    if columns is None:
        place = f"{where}: " if where else ""
        yield f"{one.at}: {how} {rule}: {place}{message}" + (f"; {its.hint}" if its.hint else "")
        return
    head = f"{one.at} {its.severity} {its.rule} {where}".rstrip()
    if len(head) <= columns:
        yield f"{one.at} {how} {rule} {where}".rstrip()
    else:
        yield f"{one.at} {how} {rule}"
        yield from wrapped(where, columns)
    yield from wrapped(message, columns)
    yield from (paint(line, "dim") for line in wrapped(its.hint, columns))


def spelt_value(one: Located) -> str:
    """What was found: the value where it was asked for, else its kind. Nothing in it steers a terminal."""
    if one.value is None:
        return one.found
    text = dumps(one.value).decode()
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def _telling(one: Located) -> bool:
    """Whether it helps to know what was found: not if the message says so, nor of what is missing or has parts."""
    kinds, message = ("a text", "an empty text", "a number", "a whole number", "true", "null"), one.finding.message
    there = one.found.startswith(kinds) and " found " not in message and one.finding.rule != "unknown"
    return one.value is not None or (there and not message.startswith("unknown field"))


def wrapped(text: str, columns: int, start: str = "  ", below: str = "  ") -> list[str]:
    """Text in lines of a terminal; words that are longer stay whole, so that they can be copied."""
    return textwrap.wrap(
        text, columns, initial_indent=start, subsequent_indent=below, break_on_hyphens=False, break_long_words=False
    )


def width() -> int | None:
    """Columns of the terminal; nothing for a pipe, whose lines are not broken."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return None
    return max(NARROW, min(get_terminal_size().columns, WIDE))


def coloured() -> bool:
    """Whether the output is for eyes that want colours (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def echo(*lines: str) -> None:
    """Lines for people, whatever the terminal's encoding lacks."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


def _write(said: bytes) -> None:
    sys.stdout.buffer.write(said)


def _worst(total: Total) -> str:
    return next((COLOURS[severity] for severity in (ERROR, WARNING) if total.count(severity)), "green")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"
