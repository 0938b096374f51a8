"""Records of every kind for Hypothesis, from the models themselves: what a field may hold is what its type says.

`RECORD["goal"]` is a strategy of Goals. Left out is only what no FHIR element can hold: a comparator inside a range,
an open interval that another follows.
"""

import types
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import BaseModel, StringConstraints, ValidationError

from fhir_coaching.practice.exchange import patient_of
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.practice.references import references_of
from fhir_coaching.records import RECORDS
from fhir_coaching.records.billing import Diagnosis
from fhir_coaching.records.coaching import Contact, SessionNote
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.engagements import CLOCK_PATTERN, Day, Schedule, Timing
from fhir_coaching.records.values import TEXT_PATTERN, Interval, Minutes, Period, Quantity, Range, Record, Who, replaced

V = TypeVar("V", bound=BaseModel)

WORDS = (
    *("Walk 30 minutes", "Ich möchte besser schlafen", "Straße", "İstanbul", "Ходить пешком", "毎日歩く", "산책하기"),
    *(
        "हर दिन चलना",
        "أمشي كل يوم",
        "אני רוצה לישון",
        "\u202bمرحبا\u202c",
        "a\u0301 é",
        "👩🏽‍⚕️ 🏃",
        "\u200d",
        "\ufeffmark",
    ),
    *(
        " blanks at its ends ",
        "two\nlines\tand a tab\r\n",
        '"quotes" & <b>tags</b> \\ {{x}}',
        "x" * 300,
        "null",
        "0",
        "=1+1",
    ),
)
NUMBERS = (
    "8000.10",
    "0",
    "-0.0",
    "0.00",
    "7.5",
    "1E+2",
    "1e-7",
    "150.00",
    "1234567890123456789012",
    "0.1234567890123456789012",
    "-3",
)

texts = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), min_size=1, max_size=20
).filter(lambda text: bool(text.strip()))
words = st.sampled_from(("en", "pt-BR", "abc", "8867-4", "a b", "µ/é", "{score}")) | st.from_regex(
    r"[!-~]{1,8}( [!-~]{1,4})?", fullmatch=True
)
uris = st.sampled_from(
    (
        "http://loinc.org",
        "http://snomed.info/sct",
        "urn:oid:2.16.840.1.113883.4.1",
        "https://example.org/own",
        "urn:x:é",
    )
)
ids = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True) | st.just("x" * 64) | st.uuids().map(str)
numbers = st.sampled_from(NUMBERS).map(Decimal) | st.decimals(-(10**6), 10**6, places=2)
_days = st.dates().map(lambda day: day.isoformat())
dates = st.builds(lambda day, length: PartialDate(day[:length]), _days, st.sampled_from((4, 7, 10)))
_offsets = st.sampled_from(("Z", "+00:00", "-05:00", "-04:00", "+05:30", "+14:00", "-11:45"))
_clock = st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30)).map(lambda when: when.replace(microsecond=0))  # noqa: DTZ001
instants = st.builds(
    lambda when, fraction, offset: Instant(f"{when.isoformat()}{fraction}{offset}"),
    _clock,
    st.sampled_from(("", "", ".5", ".120", ".123456789")),
    _offsets,
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """Short ones: none, one or two items most of the time."""
    return st.lists(items, max_size=3).map(tuple)


@st.composite
def intervals(draw: st.DrawFn, most: int = 3) -> tuple[Interval, ...]:
    """Stretches one after the other, each end spelt with an offset of its own; only the last may be open."""
    at, found = draw(_clock), []
    for _ in range(draw(st.integers(1, most))):
        start = at + timedelta(minutes=draw(st.integers(0, 60)))
        at = start + timedelta(minutes=draw(st.integers(1, 90)))
        found.append(Interval(start=draw(_spelt(start)), end=draw(_spelt(at))))
    if draw(st.booleans()):
        found[-1] = Interval(start=found[-1].start)
    return tuple(found)


def _spelt(utc: datetime) -> st.SearchStrategy[Instant]:
    """One moment, spelt in some offset."""

    def spell(offset: str) -> Instant:
        zone = UTC if offset == "Z" else timezone(_OFFSETS[offset])
        text = utc.replace(tzinfo=UTC).astimezone(zone).isoformat()
        return Instant(text.removesuffix("+00:00") + "Z" if offset == "Z" else text)

    return st.sampled_from(("Z", *_OFFSETS)).map(spell)


_OFFSETS = {
    "+00:00": timedelta(0),
    "-05:00": timedelta(hours=-5),
    "-04:00": timedelta(hours=-4),
    "+05:30": timedelta(hours=5.5),
}


@st.composite
def values(draw: st.DrawFn, model: type[V]) -> V:
    """Values of one model, about half of the optional fields filled; all of them where the model wants one at least."""
    fields = _fields(model)
    given = {name: draw(one) for name, (required, one) in fields.items() if required or draw(st.booleans())}
    try:
        return model(**given)
    except ValidationError:
        return model(**given, **{name: draw(one) for name, (_, one) in fields.items() if name not in given})


def _filled(model: type[V], empty: set[str]) -> st.SearchStrategy[V]:
    """Values with every field filled but some."""
    return st.builds(model, **{name: one for name, (_, one) in _fields(model).items() if name not in empty})


@cache
def _fields(model: type[BaseModel]) -> dict[str, tuple[bool, st.SearchStrategy[Any]]]:
    return {
        name: (
            field.is_required(),
            of_type(Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation),
        )
        for name, field in model.model_fields.items()
    }


def of_type(annotation: Any) -> st.SearchStrategy[Any]:
    """What an annotation allows. `X | None` is an X: leaving a field out is the model's turn."""
    if annotation in _KNOWN:
        return _KNOWN[annotation]()
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        patterns = [one.pattern for one in inner[1:] if isinstance(one, StringConstraints)]
        if patterns:
            return _PATTERNS[str(patterns[0])]
        return _whole(inner[1:]) if inner[0] is int else of_type(inner[0])
    if origin in (Union, types.UnionType):
        return st.one_of(*(of_type(one) for one in inner if one is not type(None)))
    if origin is tuple:
        return lists(of_type(inner[0]))
    return st.sampled_from(annotation) if issubclass(annotation, Enum) else values(annotation)


def _whole(marks: tuple[Any, ...]) -> st.SearchStrategy[int]:
    """Whole numbers within the bounds that an annotation gives, or else within FHIR's."""
    bounds = [one for mark in marks for one in (mark, *getattr(mark, "metadata", ()))]
    low = next((one.ge for one in bounds if isinstance(one, Ge)), -(2**31))
    high = next((one.le for one in bounds if isinstance(one, Le)), 2**31 - 1)
    return st.integers(cast("int", low), cast("int", high))


_PATTERNS: dict[str, st.SearchStrategy[str]] = {
    TEXT_PATTERN: texts,
    r"^[A-Za-z0-9._-]{1,64}$": ids,
    r"^[A-Za-z0-9.-]{1,64}$": st.from_regex(r"[A-Za-z0-9.-]{1,12}", fullmatch=True),
    r"^\d{10}$": st.from_regex(r"[0-9]{10}", fullmatch=True),
    r"^\S+$": uris,
    r"^\S+( \S+)*$": words,
    CLOCK_PATTERN: st.sampled_from(("07:30:00", "00:00:00", "23:59:60", "12:00:00.5")),
    r"^[A-Z]{3}$": st.sampled_from(("USD", "EUR", "JPY")),
    r"^(s|min|h|d|wk|mo|a)$": st.sampled_from(("s", "min", "h", "d", "wk", "mo", "a")),
}
_early = st.sampled_from(("1987", "1999-02", "2001-12-31", "2003-03-01T10:00:00-05:00"))
_late = st.sampled_from(("2031", "2027-02", "2026-12-31", "2026-03-08T03:00:00.5-04:00"))
_any_time = _early | _late | st.sampled_from(("2027", "2026-12"))
_positive = st.sampled_from(("1", "2", "0.5", "1.0", "7")).map(Decimal)
_plain = values(Quantity).map(lambda quantity: quantity.model_copy(update={"comparator": None}))
_KNOWN: dict[Any, Callable[[], st.SearchStrategy[Any]]] = {
    PartialDate: lambda: dates,
    Instant: lambda: instants,
    Decimal: lambda: numbers,
    bool: st.booleans,
    int: lambda: _whole(()),
    str: lambda: texts,
    dict[str, Any]: lambda: st.dictionaries(texts, json_values, max_size=2),
    Interval: lambda: intervals(1).map(lambda found: found[0]),
    Contact: lambda: st.builds(
        Contact, intervals=intervals(), zone=st.none() | st.sampled_from(("America/New_York", "Asia/Kolkata"))
    ),
    Minutes: lambda: st.tuples(st.integers(0, 300), st.integers(0, 60)).map(
        lambda both: Minutes(min=both[0], max=sum(both))
    ),
    Range: lambda: (
        st.builds(Range, low=_plain, high=_plain) | st.builds(Range, low=_plain) | st.builds(Range, high=_plain)
    ),
    Schedule: lambda: st.one_of(
        st.builds(Schedule, frequency=st.integers(1, 9), period=_positive, unit=st.sampled_from(("d", "wk", "mo"))),
        st.builds(Schedule, days=lists(st.sampled_from(Day)).filter(bool), times=lists(_PATTERNS[CLOCK_PATTERN])),
    ),
    Timing: lambda: st.one_of(
        st.builds(Timing, start=_early, due=_late, schedule=st.none() | of_type(Schedule)),
        st.builds(Timing, due=_late, schedule=st.none() | of_type(Schedule)),
        st.builds(Timing, start=_early),
        st.builds(Timing, start=_any_time, due=_any_time),
        st.builds(Timing, schedule=of_type(Schedule)),
    ),
    SessionNote: lambda: (
        st.builds(
            SessionNote,
            title=st.none() | texts,
            text=texts,
            at=st.none() | instants,
            by=st.none() | of_type(Who),
        )
        | st.builds(
            SessionNote,
            title=st.none() | texts,
            url=uris,
            media_type=st.none() | st.sampled_from(("application/pdf", "text/plain", "x")),
            at=st.none() | instants,
            by=st.none() | of_type(Who),
        )
    ),
    Diagnosis: lambda: st.one_of(  # a code or a condition, one of them
        *(_filled(Diagnosis, {"code", "condition"} - {one}) for one in ("code", "condition"))
    ),
    Period: lambda: st.one_of(
        st.builds(Period, start=_early, end=_late),
        st.builds(Period, start=_early),
        st.builds(Period, end=_late),
        st.builds(Period, start=_any_time, end=_any_time),
    ),
}
RECORD: dict[str, st.SearchStrategy[Record]] = {kind: values(model) for kind, model in RECORDS.items()}

# What a record tells of others: those are drawn with it, of the same patient, and as open as it is.
NEIGHBOURS = {"engagement": ("goal", "action_step"), "claim": ("coverage",)}


@st.composite
def drawn(draw: st.DrawFn, kind: str) -> tuple[Record, Nearby]:
    """A record and what stands near it."""
    record = draw(RECORD[kind])
    there = [
        replaced(draw(RECORD[near]), id=key, patient=patient_of(record), labels=())
        for _, (near, *_), key in references_of(record)
        if near in NEIGHBOURS.get(kind, ())
    ]
    return record, Nearby(there)
