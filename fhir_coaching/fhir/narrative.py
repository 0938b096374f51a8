"""Narratives: a resource in words, as XHTML that is safe whatever people wrote (https://hl7.org/fhir/R4/narrative.html)."""

import html
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NewType

from fhir_coaching.fhir.codecs import want
from fhir_coaching.lens import Codec, Json
from fhir_coaching.records.values import Concept, Period, Quantity, Range, Ratio, Span

Markup = NewType("Markup", str)  # escaped, whole elements

# What XML 1.0 has no way to say, escaped or not.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"<[^>]*>")
_UNITS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((way != "L" for way in strong if way in {"L", "R", "AL"}), False)


def said(text: str, language: str | None = None) -> Markup:
    """What somebody wrote: escaped, lines kept, in its language and direction."""
    inner = html.escape(_NO_XML.sub("\ufffd", text.strip())).replace("\r\n", "\n")
    inner = re.sub(r"[\n\r]", "<br/>", inner)
    spoken = f' lang="{html.escape(language)}" xml:lang="{html.escape(language)}"' if language else ""
    turned = ' dir="rtl"' if right_to_left(text) else ""
    return Markup(f"<span{spoken}{turned}>{inner}</span>" if spoken or turned else inner)


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
        return NotImplemented  # type: ignore[no-any-return]
    return " ".join(html.unescape(_TAG.sub(" ", div)).split())


def _written(inner: str) -> Json:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


# Reads the words alone, as servers spell the markup anew. A narrative that is not generated is its author's.
NARRATIVE: Codec[str] = Codec(_read, _written, "the record in words")


def worded(value: object) -> str:
    """A value in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value:f}"
        case Concept():
            coded = next((code.display or code.code for code in value.codings), "")
            return value.text or coded
        case Quantity():
            sign, unit = value.comparator.value if value.comparator else "", value.unit or value.code or ""
            return f"{sign}{value.value:f} {unit}".strip()
        case Range():
            ends = [("from", value.low), ("to", value.high)]
            return " ".join(f"{word} {worded(end)}" for word, end in ends if end is not None)
        case Ratio():
            return f"{worded(value.numerator)} in {worded(value.denominator)}"
        case Span():
            return f"{value.value:f} {_UNITS[value.unit]}{'' if value.value == 1 else 's'}"
        case Period():
            ends_ = [("from", value.start), ("until", value.end)]
            return " ".join(f"{word} {worded(end)}" for word, end in ends_ if end is not None)
        case _:
            return str(getattr(value, "text", value))
