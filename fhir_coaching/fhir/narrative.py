"""Narratives: a resource in words, as XHTML that is safe whatever people wrote (https://hl7.org/fhir/R4/narrative.html)."""

import html
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, cast

from fhir_coaching.fhir.codecs import want
from fhir_coaching.lens import Codec, Json
from fhir_coaching.records.engagements import Schedule, Timing
from fhir_coaching.records.values import Concept, Period, Quantity, Range, Ratio, Span

Markup = NewType("Markup", str)  # escaped, whole elements

# What XML 1.0 has no way to say, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"<[^>]*>")
_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def _escaped(text: str) -> str:
    return html.escape(_NO_XML.sub("\ufffd", text))


def right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((way != "L" for way in strong if way in {"L", "R", "AL"}), False)


def said(text: str, language: str | None = None) -> Markup:
    """What somebody wrote: escaped, lines kept, in its language and direction."""
    inner = re.sub(r"\r\n?|\n", "<br/>", _escaped(text.strip()))
    spoken = f' lang="{_escaped(language)}" xml:lang="{_escaped(language)}"' if language else ""
    turned = ' dir="rtl"' if right_to_left(text) else ""
    return Markup(f"<span{spoken}{turned}>{inner}</span>" if spoken or turned else inner)


def told(value: object) -> Markup:
    """A value in words, escaped; nothing for None."""
    return Markup("") if value is None else said(worded(value))


def element(name: str, *inner: str) -> Markup:
    """An element around markup."""
    return Markup(f"<{name}>{''.join(inner)}</{name}>")


def items(kind: str, each: Iterable[str]) -> Markup:
    """A list, `ol` or `ul`; nothing if it is empty."""
    made = [element("li", one) for one in each]
    return element(kind, *made) if made else Markup("")


def joined(*parts: str | None, by: str = "; ") -> Markup:
    """Markup that is there, in a row."""
    return Markup(by.join(part for part in parts if part))


def _read(raw: Any) -> str:
    div = want(raw, dict).get("div")
    if raw.get("status") != "generated" or div.__class__ is not str:
        return cast("str", NotImplemented)
    return " ".join(html.unescape(_TAG.sub(" ", div)).split())


def _written(inner: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


# Reads the words alone, as servers spell the markup anew. A narrative that is not generated is its author's.
NARRATIVE: Codec[str] = Codec(_read, _written, "the record in words")


def _bounds(start: object, end: object, until: str) -> str:
    ends = [("from", start), (until, end)]
    return " ".join(f"{word} {worded(one)}" for word, one in ends if one is not None)


def worded(value: object) -> str:
    """A value in words; not escaped."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case Enum():
            return str(value.value).replace("_", " ")
        case Concept():
            return value.text or next((code.display or code.code for code in value.codings), "")
        case Quantity():
            sign, unit = value.comparator.value if value.comparator else "", value.unit or value.code or ""
            return f"{sign}{worded(value.value)} {unit}".strip()
        case Range():
            return _bounds(value.low, value.high, "to")
        case Ratio():
            return f"{worded(value.numerator)} in {worded(value.denominator)}"
        case Span():
            return f"{worded(value.value)} {_UNITS[value.unit]}{'' if value.value == 1 else 's'}"
        case Period():
            return _bounds(value.start, value.end, "until")
        case Timing():
            return ", ".join(filter(None, (_often(value.schedule), _bounds(value.start, value.due, "until"))))
        case _:
            return str(getattr(value, "text", value))


def _often(schedule: Schedule | None) -> str:
    if schedule is None:
        return ""
    times = f"{schedule.frequency} time{'' if schedule.frequency == 1 else 's'}" if schedule.frequency else ""
    every = ""
    if schedule.period is not None and schedule.unit is not None:
        every = f"every {worded(Span(value=schedule.period, unit=schedule.unit)).removeprefix('1 ')}"
    days = f"on {', '.join(day.name.capitalize() for day in schedule.days)}" if schedule.days else ""
    clock = f"at {', '.join(schedule.times)}" if schedule.times else ""
    return " ".join(filter(None, (times, every, days, clock)))
