"""What a primitive may look like: the JSON type, the format, the calendar.

https://hl7.org/fhir/R4/datatypes.html#primitive. Every pattern is read in time linear in the text.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from math import isfinite
from typing import Any, NamedTuple, TypeVar

from fhir_coaching.versions import R4, Version

T = TypeVar("T")
Test = Callable[[Any], object]

STRINGS = {"string", "markdown"}
LONGEST = 1024 * 1024  # of a string, in characters
DAY = 10  # characters of a whole date
LONG, MANY = 200, 4096  # characters of a text that is not remembered, and texts that are


class Primitive(NamedTuple):
    """A primitive type: its class where it is a text, else None; the test of a value; and what is allowed, in words."""

    text: bool
    test: Test  # of a text where `text`, else of any JSON value
    says: str


_OFFSET = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_MONTH = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?").fullmatch
_TIMED = re.compile(rf"T{_CLOCK}{_OFFSET}").fullmatch
_TIME = re.compile(_CLOCK).fullmatch
# Control characters other than tab, line feed and carriage return; U+FFFE and U+FFFF, which XML forbids.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}").fullmatch
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match
_URI = re.compile(r"\S+").fullmatch
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+").fullmatch
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}").fullmatch
_DIGITS = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:E[+-]?[0-9]{1,10})?").fullmatch
_INTEGER64 = re.compile(r"-?(?:0|[1-9][0-9]{0,18})").fullmatch


class _Remembered(dict[str, Any]):
    """What a test said of texts that come again and again, as the names of code systems do; of short ones, and not of too many."""

    def __init__(self, test: Callable[[str], Any]) -> None:
        super().__init__()
        self.test = test

    def __missing__(self, text: str) -> Any:
        said = self.test(text)
        if len(text) < LONG:
            if len(self) >= MANY:
                self.clear()
            self[text] = said
        return said


def remembered(test: Callable[[str], T]) -> Callable[[str], T]:
    """The same test, which remembers what it said."""
    return _Remembered(test).__getitem__


@remembered
def _day(text: str) -> bool:
    """A whole calendar date. `fromisoformat` reads weeks and dates without hyphens too, which FHIR does not have."""
    if len(text) != DAY or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _date(text: str) -> object:
    return _day(text) or (_MONTH(text) and not text.startswith("0000"))


def _date_time(text: str) -> object:
    return (_TIMED(text, DAY) and _day(text[:DAY])) if len(text) > DAY else _date(text)


def _instant(text: str) -> object:
    return _TIMED(text, DAY) and _day(text[:DAY])


# The next three see first what nearly all values are, printable texts: without a pattern, in half the time.


def _string(text: str) -> object:
    if text.isprintable():
        return (text[:1] > " " and len(text) <= LONGEST) or _blankless(text)
    return not _CONTROL(text) and _blankless(text)


def _blankless(text: str) -> bool:
    return len(text) <= LONGEST and text.strip(" \t\r\n\f\v") != ""  # a no-break space is something


def odd(text: str) -> bool:
    """Whether a string is of blanks, or has control characters: it SHOULD not be, and may (R4, R5: datatypes)."""
    return 0 < len(text) <= LONGEST and (bool(_CONTROL(text)) or not _blankless(text))


@remembered
def _code(text: str) -> object:
    return (text.isprintable() and text and " " not in text) or " ".join(text.split()) == text != ""


@remembered
def _uri(text: str) -> object:
    if text[:4] != "urn:":
        return (text.isprintable() and text and " " not in text) or _URI(text)
    if text.startswith("urn:oid:"):
        return _OID(text)
    return _UUID(text) if text.startswith("urn:uuid:") else _URI(text)


def _canonical(text: str) -> object:
    return _uri(text) and (_SCHEME(text) or text[0] == "#")


def _base64(text: str) -> object:
    bare = "".join(text.split())
    return len(bare) % 4 == 0 and _BASE64(bare)


def _base64_of_r5(text: str) -> object:
    return len(text) % 4 == 0 and _BASE64(text)  # without white space: R5, datatypes.html#base64Binary


def _integer64(text: str) -> object:
    return _INTEGER64(text) and -(2**63) <= int(text) < 2**63


def _whole(least: int) -> Test:
    return lambda value: value.__class__ is int and least <= value < 2**31


def _decimal(value: Any) -> bool:
    kind = value.__class__
    return kind is int or (kind is Decimal and value.is_finite()) or (kind is float and isfinite(value))


def _decimal_of_r5(value: Any) -> object:
    if value.__class__ is int:  # Python refuses to spell one of thousands of digits
        return abs(value) < 10**18
    return _decimal(value) and (value.__class__ is float or _DIGITS(str(value)))


_TEXTS: Mapping[str, tuple[Test, str]] = {
    "string": (_string, "a text that is not blank, without control characters"),
    "markdown": (_string, "a text that is not blank, without control characters"),
    "code": (_code, "a code: no blank at either end, none but single ones within"),
    "id": (_ID, "1 to 64 of the letters A-Z and a-z, the digits, hyphen and full stop"),
    "uri": (_uri, "a URI: no blanks; after urn:uuid: a UUID in small letters, after urn:oid: numbers"),
    "url": (_uri, "a URL: no blanks"),
    "canonical": (_canonical, "a canonical URL: absolute, or # and a name; no blanks"),
    "oid": (_OID, "urn:oid: and numbers with full stops between them"),
    "uuid": (_UUID, "urn:uuid: and a UUID in small letters"),
    "date": (_date, "YYYY, YYYY-MM or YYYY-MM-DD, a date that the calendar has"),
    "dateTime": (_date_time, "YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with an offset, a date that the calendar has"),
    "instant": (_instant, "YYYY-MM-DDThh:mm:ss with an offset, a date that the calendar has"),
    "time": (_TIME, "hh:mm:ss"),
    "base64Binary": (_base64, "base64"),
    "integer64": (_integer64, "a whole number of 64 bits, as a text"),
}  # fmt: skip

_OTHERS: Mapping[str, tuple[Test, str]] = {
    "boolean": (lambda value: value.__class__ is bool, "true or false"),
    "decimal": (_decimal, "a number"),
    "integer": (_whole(-(2**31)), "a whole number of 32 bits"),
    "unsignedInt": (_whole(0), "a whole number from 0 to 2,147,483,647"),
    "positiveInt": (_whole(1), "a whole number from 1 to 2,147,483,647"),
}


@cache
def _zones() -> frozenset[str]:
    """The names of time zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


# Value sets that no package counts out, but whose codes have a form: media types (BCP 13), languages (BCP 47), currencies
# (ISO 4217); or are known: time zones (BCP 175).
OPEN: Mapping[str, tuple[Test, str]] = {
    "http://hl7.org/fhir/ValueSet/mimetypes": (
        re.compile(r"[A-Za-z0-9][\w.+!#$&^-]*/[A-Za-z0-9][\w.+!#$&^-]*(?:\s*;.*)?", re.ASCII).fullmatch,
        "a media type, such as text/plain",
    ),
    "http://hl7.org/fhir/ValueSet/currencies": (re.compile(r"[A-Z]{3}").fullmatch, "a currency, such as USD"),
    "http://hl7.org/fhir/ValueSet/all-languages": (
        re.compile(r"(?:[A-Za-z]{2,3}|[xi]-[A-Za-z0-9]{1,8})(?:-[A-Za-z0-9]{1,8})*").fullmatch,
        "a language, such as en or es-US",
    ),
    "http://hl7.org/fhir/ValueSet/timezones": (lambda text: text in _zones(), "a time zone, such as America/New_York"),
}


def primitives(version: Version) -> dict[str, Primitive]:
    """The primitive types of a version, by name. `xhtml` is none of them: its text is a document of its own."""
    found = {name: Primitive(text=True, test=test, says=says) for name, (test, says) in _TEXTS.items()}
    found |= {name: Primitive(text=False, test=test, says=says) for name, (test, says) in _OTHERS.items()}
    if version is R4:
        del found["integer64"]
    else:
        found["base64Binary"] = Primitive(text=True, test=_base64_of_r5, says="base64, without white space")
        found["decimal"] = Primitive(
            text=False, test=_decimal_of_r5, says="a number of at most 18 digits before and 17 after the point"
        )
    return found


_WORDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    type(None): "null",
}


def word(value: Any) -> str:
    """What kind of JSON value this is. Never the value."""
    return _WORDS.get(value.__class__, "no JSON value")
