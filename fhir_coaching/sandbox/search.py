"""Search: from the parameters of a URL to conditions on the index (https://hl7.org/fhir/R4/search.html)."""
# ruff: noqa: S608 - SQL is put together from column names of our own; every value is bound

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .index import fold, interval, reference_parts
from .outcomes import refusal
from .parameter import Parameter

Pairs = list[tuple[str, str]]
Condition = tuple[str, list[str]]  # SQL on a row of the index, and its arguments

_PREFIXES = {  # [low, high) is the resource's time, the arguments are the interval that was asked for
    "eq": "(low >= :low AND high <= :high)",
    "ne": "NOT (low >= :low AND high <= :high)",
    "gt": "high > :high",
    "lt": "low < :low",
    "ge": "(high > :high OR (low >= :low AND high <= :high))",
    "le": "(low < :low OR (low >= :low AND high <= :high))",
    "sa": "low >= :high",
    "eb": "high <= :low",
}
_MODIFIERS = {"token": {"not"}, "string": {"exact", "contains"}, "reference": {"identifier"}}


class Criteria(NamedTuple):
    """What a search asks for: `where` restricts the rows of `current c`."""

    where: str
    arguments: list[str]
    used: Pairs
    unsupported: list[str]  # names of parameters that the sandbox does not know


def criteria(type_: str, pairs: Iterable[tuple[str, str]], table: Mapping[str, Parameter], base: str) -> Criteria:
    """Read the filters of a search; every pair has to hold, a comma in a value means or. Raises Refusal."""
    where, arguments = "+c.type = ?", [type_]  # plus: SQLite is to begin with the filters, not with all of a type
    used: Pairs = []
    unsupported: list[str] = []
    for key, value in pairs:
        parameter = table.get(key.partition(":")[0])
        if parameter is None:
            unsupported.append(key)
        elif value:  # an empty value is no criterion
            sql, more = _restriction(type_, parameter, key, value, base)
            where += f" AND c.seq {sql}"
            arguments += more
            used.append((key, value))
    return Criteria(where, arguments, used, unsupported)


class SortKey(NamedTuple):
    """One key of `_sort`."""

    sql: str
    parameter: str  # the argument of the SQL
    descends: bool


def sort_key(text: str, table: Mapping[str, Parameter]) -> SortKey | None:
    """One key of `_sort`; resources without a value come last."""
    name = text.removeprefix("-")
    if name not in table:
        return None
    column = {"date": "low", "string": "low"}.get(table[name].type, "value")
    pick, missing = ("max", "''") if text != name else ("min", "char(1114111)")
    found = f"SELECT {pick}({column}) FROM search s INDEXED BY search_of WHERE s.seq = c.seq AND s.parameter = ?"
    return SortKey(f"coalesce(({found}), {missing})", name, text != name)


def _restriction(type_: str, parameter: Parameter, key: str, text: str, base: str) -> Condition:
    name, _, modifier = key.partition(":")
    if modifier == "missing":
        if text not in {"true", "false"}:
            raise refusal(400, "invalid", f"{name}:missing takes true or false")
        there = "IN (SELECT seq FROM search WHERE type = ? AND parameter IN (?, ?))"
        return there if text == "false" else f"NOT {there}", [type_, name, f"{name}:identifier"]
    kind = parameter.type
    if kind == "reference" and modifier in parameter.targets:
        text = ",".join(f"{modifier}/{value.removeprefix(modifier + '/')}" for value in _split(text, ","))
    elif modifier and modifier not in _MODIFIERS.get(kind, ()):
        raise refusal(400, "not-supported", f"the modifier of {name} is not supported on a {kind} parameter")
    elif kind == "reference" and modifier == "identifier":
        kind, name = "token", f"{name}:identifier"
    test = _EXACT.get(modifier) or _TESTS[kind]
    tests = [test(name, value, base) for value in _split(text, ",")]
    any_of = " OR ".join(sql for sql, _ in tests)
    fits = f"IN (SELECT seq FROM search WHERE type = ? AND parameter = ? AND ({any_of}))"
    return f"NOT {fits}" if modifier == "not" else fits, [type_, name, *(item for _, more in tests for item in more)]


def _split(text: str, mark: str) -> list[str]:
    """The parts of a value between marks that no backslash escapes."""
    parts = [""]
    for piece in re.findall(r"\\.|.", text, re.DOTALL):
        if piece == mark:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _plain(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _token(_: str, text: str, __: str) -> Condition:
    """`code`, `system|code`, `system|`, `|code`; a plain code element is in any system."""
    system, *rest = map(_plain, _split(text, "|"))
    if not rest:
        return "value = ?", [system]
    code = "|".join(rest)
    if not code:
        return "system = ?", [system]
    return "value = ? AND (system = ? OR system IS NULL)", [code, system]


def _reference(_: str, text: str, base: str) -> Condition:
    """`id`, `Type/id`, or a URL, which may be this server's own."""
    plain = _plain(text)
    type_, value = reference_parts(plain, base)
    if type_:
        return "value = ? AND system = ?", [value, type_]
    if "/" in plain or ":" in plain:
        return "value = ? AND system = ''", [value]
    return "value = ? AND system != ''", [value]


def _date(name: str, text: str, _: str) -> Condition:
    """A prefix and a date, which may be partial."""
    prefix = text[:2] if text[:2].isalpha() else ""
    span = interval(text.removeprefix(prefix))
    if prefix not in {"", *_PREFIXES} or not span:
        raise refusal(400, "invalid", f"{name} takes a date such as ge2026-03-01; write + as %2B in a URL")
    arguments: list[str] = []
    for part in re.findall(r":(low|high)", sql := _PREFIXES[prefix or "eq"]):
        arguments.append(span[part == "high"])
    return re.sub(r":(low|high)", "?", sql), arguments


def _string(_: str, text: str, __: str) -> Condition:
    start = fold(_plain(text))
    return "low >= ? AND low < ?", [start, start + chr(0x10FFFF)]


def _contains(_: str, text: str, __: str) -> Condition:
    return "instr(low, ?) > 0", [fold(_plain(text))]


def _same(_: str, text: str, __: str) -> Condition:
    return "value = ?", [_plain(text)]


_TESTS: dict[str, Callable[[str, str, str], Condition]] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "uri": _same,
}
_EXACT = {"exact": _same, "contains": _contains}
