"""A finding with where it stands in the source: file, line, column, and what kind of value stands there."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_coaching.checks.formats import word
from fhir_coaching.errors import ERROR, Finding
from fhir_coaching.report.positions import Lines, Path, doubles, offsets

SHOWN = 200  # characters of a value that are shown where values are asked for

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9_]{0,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Located:
    """A finding where it stands. `line` and `column` count from 1, columns in characters; 0: not known."""

    finding: Finding
    file: str  # as the user named it
    line: int = 0
    column: int = 0
    found: str = ""  # the kind of value; empty where no value is meant
    value: Any = None  # the value itself, where it was asked for and is no list or object
    path: str = ""  # the place within a record: `targets[1].due`

    def __reduce__(self) -> tuple[Any, ...]:
        """As of a finding."""
        return Located, (self.finding, self.file, self.line, self.column, self.found, self.value, self.path)

    @property
    def at(self) -> str:
        """`goals.ndjson:17:33`."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])

    def json(self) -> dict[str, Any]:
        """For programs: every key, empty or null where there is nothing to say; `value` only where it was asked for."""
        one = self.finding
        said: dict[str, Any] = {
            "severity": one.severity, "rule": one.rule, "file": self.file, "line": self.line or None,
            "column": self.column or None, "place": one.place, "element": one.element, "message": one.message,
            "found": self.found, "hint": one.hint,
        }  # fmt: skip
        return said if self.value is None else {**said, "value": self.value}


def steps(path: str) -> Path:
    """`target[1].dueDate` as steps into JSON, as far as it is one."""
    return tuple(int(index) if index else name for name, index in _STEP.findall(path.partition("[x]")[0]))


def element_steps(element: str) -> Path:
    """The same of a FHIR expression, which begins with the type. Where there is no type, that is what is wrong."""
    return ("resourceType",) if element == "resourceType" else steps(element)[1:]


def sized(value: Any) -> str:
    """What kind of value this is, and how much of it. Never the value."""
    kind = word(value)
    if not isinstance(value, str | list | dict):
        return kind
    if not value:
        return f"an empty {kind.partition(' ')[2]}"
    characters = (" character" if len(value) == 1 else " characters") if isinstance(value, str) else ""
    return kind if isinstance(value, dict) else f"{kind} of {len(value)}{characters}"


@dataclass(frozen=True, slots=True)
class Original:
    """One JSON text of a source, as it is written, with the value that it says. `values`: whether findings may show them."""

    text: str
    value: Any
    file: str
    line: int = 1  # the first one
    place: str = ""  # what findings begin their places with
    values: bool = False

    def located(self, findings: Iterable[tuple[Finding, Path | None]]) -> list[Located]:
        """Findings, each with its path into the value, in the order of their places.

        What is not there is where it should be: at the nearest thing around it. Without a path it is somewhere in the text.
        """
        found = [(finding, path, *_nearest(self.value, path or ())) for finding, path in findings]
        if not found:
            return []
        places = offsets(self.text, (nearest for *_, nearest, _ in found))
        lines, made = Lines(self.text, self.line), []
        for finding, path, nearest, there in found:
            exact = path is not None and len(nearest) == len(path)
            kind = "" if path is None else sized(there) if exact else "nothing"
            shown = _shown(there) if self.values and exact else None
            within = finding.place.removeprefix(self.place).strip()
            made.append(Located(finding, self.file, *lines.at(places[nearest]), kind, shown, within))
        return sorted(made, key=lambda one: (one.line, one.column))

    def doubled(self, type_: str) -> list[Located]:
        """Each key that stands a second time in its object (https://hl7.org/fhir/R4/json.html: names SHALL be unique).

        `type_` is what the expressions of a resource begin with; nothing for a record.
        """
        lines, made = Lines(self.text, self.line), []
        for path, at in doubles(self.text):
            said = spelt(path)
            finding = Finding(
                "duplicate-key",
                ERROR,
                "a key that this object has already; programs read the last one",
                self.place if type_ else f"{self.place} {said}".strip(),
                "keep one of the two",
                f"{type_}.{said}".rstrip(".") if type_ else "",
            )
            made.append(Located(finding, self.file, *lines.at(at), path="" if type_ else said))
        return made


def spelt(path: Path) -> str:
    """A path as an expression, up to the first name that is none: it could be anything."""
    said = ""
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        elif _NAME(step):
            said += f".{step}"
        else:
            break
    return said.removeprefix(".")


def _nearest(value: Any, path: Path) -> tuple[Path, Any]:
    """The longest beginning of a path that is there, and what is there."""
    for length, step in enumerate(path):
        if isinstance(step, int):
            inner = value[step : step + 1] if isinstance(value, list) else []
        else:
            inner = [value[step]] if isinstance(value, dict) and step in value else []
        if not inner:
            return path[:length], value
        value = inner[0]
    return path, value


def _shown(value: Any) -> Any:
    """A value that is asked for: texts that are not too long, numbers."""
    if isinstance(value, str):
        return value if len(value) <= SHOWN else f"{value[:SHOWN]}…"
    return value if isinstance(value, bool | int | float | Decimal) else None
