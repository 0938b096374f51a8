"""What the search index holds of a resource: rows of (parameter, system, value, low, high).

token      system (none for a code or boolean, empty where it is absent), code
reference  system = type of the target (empty for another server's URL), value = its id or the URL;
           its identifier is a token under `parameter:identifier`
date       low, high: UTC, half open, text of one length
string     value as written, low without case and accents
uri        value
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from .parameter import Parameter

Row = tuple[str, str | None, str | None, str | None, str | None]
Cells = tuple[str | None, str | None, str | None, str | None]

EARLIEST = "0001-01-01T00:00:00.000000"
LATEST = "9999-12-31T23:59:59.999999"

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_LITERAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_NOT_TEXT = {"use", "type", "system", "period", "id", "extension"}


def fold(text: str) -> str:
    """The text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def interval(text: str) -> tuple[str, str] | None:
    """The time that a date, dateTime or instant covers, partial ones too; UTC where it names no zone."""
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    date = int(year), int(month or 1), int(day or 1)
    time = int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0")[:6].ljust(6, "0"))
    try:
        low = datetime(*date, *time, tzinfo=_zone(zone))
    except ValueError:
        return None
    try:
        if day is None:
            months = int(month or 12)
            high = low.replace(year=low.year + months // 12, month=months % 12 + 1)
        elif fraction:
            high = low + timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
        else:
            high = low + (timedelta(seconds=1) if second else timedelta(minutes=1) if minute else timedelta(days=1))
    except (ValueError, OverflowError):  # the last day of 9999, which stands for no end
        return _instant(low), LATEST
    return _instant(low), _instant(high)


def reference_parts(text: str, base: str) -> tuple[str, str]:
    """Type and id of a literal reference to this server, or nothing and the URL."""
    match = _LITERAL.fullmatch(text.removeprefix(base + "/") if base else text)
    return (match[1], match[2]) if match else ("", text)


def rows(resource: Mapping[str, Any], table: Mapping[str, Parameter], base: str) -> Iterator[Row]:
    """Every row of one resource; what has the wrong shape is left out."""
    for name, parameter in table.items():
        for element in elements(resource, str(parameter.path)):
            if parameter.type == "reference":
                yield from _references(name, parameter.targets, element, base)
            else:
                yield from ((name, *cells) for cells in _CELLS[parameter.type](element))


def elements(resource: Mapping[str, Any], path: str) -> Iterator[Any]:
    """The values at a path of the parameter table, lists opened."""
    for alternative in path.split("|"):
        nodes: list[Any] = [resource]
        for step in alternative.split("."):
            name, _, test = step.rstrip("]").partition("[")
            nodes = [child for node in nodes if isinstance(node, dict) for child in _opened(node.get(name))]
            if test:
                key, _, wanted = test.partition("=")
                nodes = [node for node in nodes if isinstance(node, dict) and node.get(key) == wanted]
        yield from nodes


def _opened(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _zone(text: str | None) -> timezone:
    if text in {None, "Z"}:
        return UTC
    hours, minutes = str(text)[1:].split(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if str(text)[0] == "-" else offset)


def _instant(moment: datetime) -> str:
    try:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    except OverflowError:
        return EARLIEST if moment.year == 1 else LATEST


def _tokens(element: Any) -> Iterator[Cells]:
    match element:
        case bool():
            yield None, str(element).lower(), None, None
        case str():
            yield None, element, None, None
        case {"coding": list(codings)}:
            for coding in codings:
                yield from _tokens(coding) if isinstance(coding, dict) else ()
        case {"code": str(value)} | {"value": str(value)}:  # Coding; Identifier and ContactPoint
            system = element.get("system")
            yield system if isinstance(system, str) else "", value, None, None


def _dates(element: Any) -> Iterator[Cells]:
    match element:
        case str():
            if span := interval(element):
                yield None, None, *span
        case {"start": str()} | {"end": str()}:  # Period, open where an end is missing
            start = interval(str(element["start"])) if "start" in element else (EARLIEST, EARLIEST)
            end = interval(str(element["end"])) if "end" in element else (LATEST, LATEST)
            if start and end:
                yield None, None, start[0], end[1]


def _strings(element: Any) -> Iterator[Cells]:
    if isinstance(element, str):
        yield None, element, fold(element), None
    elif isinstance(element, dict):  # HumanName, Address
        for name, part in element.items():
            if name not in _NOT_TEXT:
                for text in _opened(part):
                    yield from _strings(text) if isinstance(text, str) else ()


def _uris(element: Any) -> Iterator[Cells]:
    if isinstance(element, str):
        yield None, element, None, None


def _references(name: str, targets: tuple[str, ...], element: Any, base: str) -> Iterator[Row]:
    if isinstance(element, str):  # canonical, uri
        yield name, "", element, None, None
    if not isinstance(element, dict):
        return
    said = element.get("type")
    type_ = said if isinstance(said, str) else ""
    if isinstance(reference := element.get("reference"), str):
        target, value = reference_parts(reference, base)
        type_ = target or type_
        if not (targets and type_ and type_ not in targets):
            yield name, target, value, None, None
    if not (targets and type_ and type_ not in targets):
        yield from ((f"{name}:identifier", *cells) for cells in _tokens(element.get("identifier")))


_CELLS: dict[str, Callable[[Any], Iterator[Cells]]] = {
    "token": _tokens,
    "date": _dates,
    "string": _strings,
    "uri": _uris,
}
