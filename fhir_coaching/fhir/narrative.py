"""Narratives: a resource in words, as XHTML that is safe whatever people wrote (https://hl7.org/fhir/R4/narrative.html)."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, cast

from fhir_coaching.fhir.codecs import want
from fhir_coaching.lens import Codec, Json
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.engagements import Schedule, Timing
from fhir_coaching.records.values import Concept, Period, Quantity, Range, Ratio, Span

Markup = NewType("Markup", str)  # escaped, whole elements

# What XML 1.0 has no way to say, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TO_ESCAPE = re.compile("[^\t\u0020!#-%(-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # most texts need none of it
_LINE_END = re.compile(r"\r\n?|\n")
_TAG = re.compile(r"<[^>]*>")
_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def _escaped(text: str) -> str:
    return html.escape(_NO_XML.sub("\ufffd", text))


def right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    for letter in text:
        way = unicodedata.bidirectional(letter)
        if way in {"L", "R", "AL"}:
            return way != "L"
    return False


def said(text: str, language: str | None = None) -> Markup:
    """What somebody wrote: escaped, lines kept, in its language and direction."""
    inner = text.strip()
    if _TO_ESCAPE.search(inner):
        inner = _LINE_END.sub("<br/>", _escaped(inner))
    if not language and text.isascii():
        return Markup(inner)
    spoken = f' lang="{_escaped(language)}" xml:lang="{_escaped(language)}"' if language else ""
    turned = "" if text.isascii() or not right_to_left(text) else ' dir="rtl"'
    return Markup(f"<span{spoken}{turned}>{inner}</span>" if spoken or turned else inner)


def told(value: object) -> Markup:
    """A value in words, escaped; nothing for None."""
    return Markup("") if value is None else said(worded(value))


def element(name: str, *inner: str) -> Markup:
    """An element around markup."""
    return Markup(f"<{name}>{''.join(inner)}</{name}>")


def items(kind: str, each: Iterable[str]) -> Markup:
    """A list, `ol` or `ul`; nothing if it is empty."""
    made = "".join([f"<li>{one}</li>" for one in each])
    return Markup(f"<{kind}>{made}</{kind}>" if made else "")


def joined(*parts: str | None, by: str = "; ") -> Markup:
    """Markup that is there, in a row."""
    return Markup(by.join(filter(None, parts)))


def _read(raw: Any) -> str:
    div = want(raw, dict).get("div")
    if raw.get("status") != "generated" or div.__class__ is not str:
        return cast("str", NotImplemented)
    return " ".join(html.unescape(_TAG.sub(" ", div)).split())


def _written(inner: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


# Reads the words alone, as servers spell the markup anew. A narrative that is not generated is its author's.
NARRATIVE: Codec[str] = Codec(_read, _written, "the record in words")


def worded(value: Any) -> str:
    """A value in words; not escaped."""
    way = _WAYS.get(value.__class__)
    if way is not None:
        return way(value)
    return str(value.value).replace("_", " ") if isinstance(value, Enum) else str(value)


def _concept(concept: Concept) -> str:
    return concept.text or next((code.display or code.code for code in concept.codings), "")


def _quantity(quantity: Quantity) -> str:
    sign, unit = quantity.comparator.value if quantity.comparator else "", quantity.unit or quantity.code or ""
    return f"{sign}{quantity.value:f} {unit}".strip()


def _length(value: Decimal, unit: str) -> str:
    return f"{value:f} {_UNITS[unit]}{'' if value == 1 else 's'}"


def _bounds(start: object, end: object, until: str) -> str:
    first = "" if start is None else f"from {worded(start)}"
    last = "" if end is None else f"{until} {worded(end)}"
    return f"{first} {last}" if first and last else first or last


def _timing(timing: Timing) -> str:
    often, when = _often(timing.schedule), _bounds(timing.start, timing.due, "until")
    return f"{often}, {when}" if often and when else often or when


def _often(schedule: Schedule | None) -> str:
    if schedule is None:
        return ""
    times = f"{schedule.frequency} time{'' if schedule.frequency == 1 else 's'}" if schedule.frequency else ""
    every = ""
    if schedule.period is not None and schedule.unit is not None:
        every = f"every {_length(schedule.period, schedule.unit).removeprefix('1 ')}"
    days = f"on {', '.join(day.name.capitalize() for day in schedule.days)}" if schedule.days else ""
    clock = f"at {', '.join(schedule.times)}" if schedule.times else ""
    return " ".join(filter(None, (times, every, days, clock)))


_WAYS: dict[type, Callable[[Any], str]] = {
    str: lambda text: text,
    bool: lambda yes: "yes" if yes else "no",
    Decimal: lambda number: f"{number:f}",
    PartialDate: lambda date: date.text,
    Instant: lambda instant: instant.text,
    Concept: _concept,
    Quantity: _quantity,
    Range: lambda some: _bounds(some.low, some.high, "to"),
    Ratio: lambda ratio: f"{worded(ratio.numerator)} in {worded(ratio.denominator)}",
    Span: lambda span: _length(span.value, span.unit),
    Period: lambda period: _bounds(period.start, period.end, "until"),
    Timing: _timing,
}
