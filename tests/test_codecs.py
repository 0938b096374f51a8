"""Each codec: what it encodes it decodes, it refuses what would mislead, and any JSON gives a value or a refusal."""

import contextlib
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import dates, instants, json_values, numbers, of_type, texts

from fhir_coaching.fhir import codecs, datatypes
from fhir_coaching.fhir.codecs import (
    BOOLEAN,
    DATE,
    DECIMAL,
    INSTANT,
    INTEGER,
    STRING,
    WHEN,
    bound,
    choice,
    concept_of,
    inside,
    one_of_list,
    or_missing,
    spelt_alike,
)
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.fhir.systems import ABSENT_REASON, BAND, INTERVAL, UCUM
from fhir_coaching.lens import Codec, NoNames, Wrong
from fhir_coaching.mappings.appointment import BOOKING_4, BOOKING_5
from fhir_coaching.mappings.datatypes import KEY, LABEL
from fhir_coaching.mappings.encounter import STATUS_4, STATUS_5
from fhir_coaching.mappings.goal import DETAIL, DUE, LEVEL, PRIORITY, START, STATE
from fhir_coaching.records.coaching import (
    Booking,
    Contact,
    Detail,
    Due,
    GoalState,
    Horizon,
    Priority,
    SessionStatus,
)
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.values import (
    Code,
    Concept,
    Interval,
    Key,
    Label,
    Minutes,
    Missing,
    Period,
    Quantity,
    Range,
    Ratio,
    Span,
)

Json = dict[str, Any]
NAMES = NoNames()

# name -> the codec, and values that it is for
CODECS: dict[str, tuple[Codec[Any], st.SearchStrategy[Any]]] = {
    "string": (STRING, texts),
    "boolean": (BOOLEAN, st.booleans()),
    "integer": (INTEGER, st.integers(-(2**31), 2**31 - 1)),
    "decimal": (DECIMAL, numbers),
    "date": (DATE, dates),
    "instant": (INSTANT, instants),
    "when": (WHEN, dates | instants),
    "code": (spelt_alike(Horizon), st.sampled_from(Horizon)),
    "concept of a system": (concept_of("urn:x", spelt_alike(Horizon)), st.sampled_from(Horizon)),
    "inside": (bound(inside("value", STRING, url="urn:x"), NAMES), texts),
    "one of a list": (bound(one_of_list(DECIMAL), NAMES), numbers),
    "birth date": (or_missing("birthDate", DATE), dates | st.sampled_from(Missing)),
    "deceased": (bound(choice(Boolean=(bool, BOOLEAN), DateTime=((PartialDate, Instant), WHEN)), NAMES), dates),
    "coding": (datatypes.CODING, of_type(Code)),
    "concept": (datatypes.CONCEPT, of_type(Concept)),
    "quantity": (datatypes.QUANTITY, of_type(Quantity)),
    "range": (datatypes.RANGE, of_type(Range)),
    "ratio": (datatypes.RATIO, of_type(Ratio)),
    "span": (datatypes.SPAN, of_type(Span)),
    "period": (datatypes.PERIOD, of_type(Period)),
    "interval": (datatypes.INTERVAL_PERIOD, of_type(Interval)),
    "contact": (datatypes.CONTACT, of_type(Contact)),
    "minutes": (datatypes.MINUTES, of_type(Minutes)),
    "key": (KEY, of_type(Key)),
    "label": (LABEL, st.sampled_from(Label)),
    "goal state": (STATE, st.sampled_from(GoalState)),
    "priority": (PRIORITY, st.sampled_from(Priority)),
    "attainment": (LEVEL, st.integers(-2, 2)),
    "detail": (bound(DETAIL, NAMES), of_type(Detail)),
    "due": (bound(DUE, NAMES), of_type(Due)),
    "start": (bound(START, NAMES), dates),
    "session status, R4": (STATUS_4, st.sampled_from(SessionStatus)),
    "session status, R5": (STATUS_5, st.sampled_from(SessionStatus)),
    "booking, R4": (BOOKING_4, of_type(Booking)),
    "booking, R5": (BOOKING_5, of_type(Booking)),
}
every = pytest.mark.parametrize("name", CODECS)


@every
@given(data=st.data())
def test_what_is_encoded_is_decoded(name: str, data: st.DataObject) -> None:
    codec, values = CODECS[name]
    value = data.draw(values)
    encoded = codec.encode(value)
    assert repr(codec.decode(encoded)) == repr(value)
    assert repr(codec.decode(loads(dumps(encoded)))) == repr(value)  # over the wire, whole decimals come as integers


KEYS = (
    *("coding", "system", "code", "value", "url", "extension", "start", "_start", "end", "status", "subjectStatus"),
    *("low", "high", "numerator", "denominator", "text", "String", "Quantity", "Date", "birthDate", "_birthDate"),
    *("valueRange", "valuePeriod", "valueCode", "display", "version", "comparator", "unit", "cancelationReason"),
)
CONSTANTS = st.sampled_from((UCUM, BAND, INTERVAL, ABSENT_REASON, "urn:x", "min", "2026", "2026-02-30", "unknown", "<"))
JSON = st.recursive(
    json_values | CONSTANTS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=10,
)


@every
@given(data=st.data())
def test_any_json_gives_a_value_or_a_refusal(name: str, data: st.DataObject) -> None:
    codec, values = CODECS[name]
    siblings = name.startswith(("session status, R5", "booking", "detail", "due", "start", "deceased", "birth"))
    raw = data.draw(st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1) if siblings else JSON)
    if data.draw(st.booleans()) and raw.__class__ is dict:  # a good one with something wrong in it
        good = codec.encode(data.draw(values))
        raw = {**good, **raw} if good.__class__ is dict else raw
    with contextlib.suppress(Wrong):
        value = codec.decode(raw)
        assert value is NotImplemented or repr(codec.decode(codec.encode(value))) == repr(value)


@pytest.mark.parametrize(
    ("name", "raw", "says", "at"),
    [
        ("string", 1, "expected a text", ""),
        ("boolean", 1, "expected true or false", ""),
        ("boolean", "true", "expected true or false", ""),
        ("integer", True, "expected a whole number", ""),
        ("integer", Decimal("1.0"), "expected a whole number", ""),
        ("decimal", "1", "expected a number", ""),
        ("decimal", True, "expected a number", ""),
        ("date", "2026-02-30", "a date that exists", ""),
        ("date", "2026-3-1", "a date that exists", ""),
        ("date", "2026-03-01T00:00:00Z", "a date that exists", ""),
        ("instant", "2026-03-01T10:00:00", "seconds and an offset", ""),
        ("when", "2026-03-01T10:00Z", "seconds and an offset", ""),
        ("concept of a system", {"coding": [{}, {"system": "urn:x", "code": 1}]}, "a text", "coding[1].code"),
        ("deceased", {"Boolean": True, "DateTime": "2026"}, "not several", ""),
        ("quantity", {"value": 1, "code": "kg"}, "UCUM", "system"),
        ("quantity", {"value": 1, "comparator": "ad"}, "unknown code; known: <, <=, >=, >", "comparator"),
        ("range", {"low": {"value": "1"}}, "expected a number", "low.value"),
        ("span", {"value": 1, "code": "mo"}, "UCUM", "system"),
        ("span", {"value": 1, "system": UCUM, "code": "kg"}, "one of s, min, h, d, wk, mo, a", "unit"),
        ("minutes", {"value": 1, "system": UCUM, "code": "d"}, "UCUM units min, h", "code"),
        ("minutes", {"value": Decimal("0.5"), "system": UCUM, "code": "min"}, "whole number of minutes", "value"),
        ("goal state", "done", "unknown code; known: proposed", ""),
        ("session status, R4", "unknown", "unknown code; known: planned", ""),
        ("session status, R5", {"status": "discontinued"}, "unknown code; known: planned", "status"),
        ("session status, R5", {"subjectStatus": {}}, "expected a text", "status"),
        ("booking, R4", {"status": "waitlist"}, "unknown code; known: booked", "status"),
        ("booking, R4", {"status": "booked", "end": "2026-03-01T10:00:00Z"}, "an end without a start", "end"),
    ],
)
def test_refused(name: str, raw: Any, says: str, at: str) -> None:
    with pytest.raises(Wrong) as raised:
        CODECS[name][0].decode(raw)
    assert says in str(raised.value)
    assert raised.value.at == at


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("string", " \n"),
        ("coding", {"code": "no system"}),
        ("coding", {"system": "urn:x"}),
        ("concept", {"coding": [{"code": "no system"}]}),
        ("concept", {"text": " "}),
        ("concept of a system", {"coding": [{"system": "urn:y", "code": "long-term"}]}),
        ("concept of a system", {"coding": [{"system": "urn:x", "code": "unheard-of"}]}),
        ("concept of a system", {"text": "long-term"}),
        ("inside", {"url": "urn:x"}),
        ("one of a list", [1, 2]),
        ("one of a list", []),
        ("birth date", {"_birthDate": {"extension": [{"url": "urn:other", "valueCode": "unknown"}]}}),
        ("birth date", {"_birthDate": {"extension": [{"url": ABSENT_REASON, "valueCode": "as-text"}]}}),
        ("quantity", {"unit": "kg"}),
        ("ratio", {"numerator": {"value": 1}}),
        ("period", {}),
        ("contact", {"end": "2026-03-01T10:00:00Z"}),
        ("contact", {"start": "2026-03-01"}),
        ("contact", {"start": "2026-03-01T10:00:00Z", "end": "2026-03"}),
        ("minutes", {"unit": "min"}),
        ("key", "a_b"),
        ("key", "two words"),
        ("label", {"system": "urn:x", "code": "R"}),
        ("priority", "urgent"),
        ("attainment", {"system": "http://loinc.org", "code": "LA6115-5"}),
        ("start", {"CodeableConcept": {"text": "at discharge"}}),
    ],
)
def test_not_ours(name: str, raw: Any) -> None:
    assert CODECS[name][0].decode(raw) is NotImplemented


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("decimal", 75, Decimal(75)),
        ("session status, R4", "triaged", SessionStatus.ARRIVED),
        ("session status, R4", "onleave", SessionStatus.IN_PROGRESS),
        ("session status, R5", {"status": "discharged"}, SessionStatus.FINISHED),
        ("session status, R5", {"status": "in-progress", "subjectStatus": {"text": "here"}}, SessionStatus.IN_PROGRESS),
        ("minutes", {"value": Decimal("1.5"), "system": UCUM, "code": "h"}, Minutes(min=90, max=90)),
    ],
)
def test_also_read(name: str, raw: Any, value: Any) -> None:
    assert repr(CODECS[name][0].decode(raw)) == repr(value)


def test_an_interval_of_the_past_does_not_outlive_a_moved_period() -> None:
    contact = datatypes.CONTACT.encode(
        Contact(intervals=(interval("10:00", "10:10"), interval("10:20", "10:30")), zone="America/New_York")
    )
    moved = {**contact, "end": "2026-03-01T10:45:00Z"}
    assert datatypes.CONTACT.decode(moved) == Contact(intervals=(interval("10:00", "10:45"),), zone="America/New_York")


def interval(start: str, end: str) -> Interval:
    return Interval(start=Instant(f"2026-03-01T{start}:00Z"), end=Instant(f"2026-03-01T{end}:00Z"))


class Two(Enum):
    """A set of two codes."""

    ONE = "one"
    OTHER = "other"


@pytest.mark.parametrize("words", [{Two.ONE: "one"}, {Two.ONE: "x", Two.OTHER: "x"}])
def test_a_code_set_is_a_bijection(words: dict[Two, str]) -> None:
    with pytest.raises(TypeError, match="not a bijection"):
        codecs.codes(words)
