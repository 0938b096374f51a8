"""FHIR's datatypes as codecs of a record's values (https://hl7.org/fhir/R4/datatypes.html)."""

from typing import Any, cast

from fhir_coaching.fhir.codecs import (
    DECIMAL,
    INSTANT,
    INTEGER,
    STRING,
    WHEN,
    bare,
    codes,
    encoded,
    field,
    part,
    spelt_alike,
    value,
    want,
)
from fhir_coaching.fhir.systems import BAND, INTERVAL, TIME_ZONE, UCUM
from fhir_coaching.lens import Codec, Json, Wrong
from fhir_coaching.records.billing import Money
from fhir_coaching.records.coaching import Contact
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.engagements import Day, Schedule, Timing
from fhir_coaching.records.values import (
    Code,
    Comparator,
    Concept,
    Interval,
    Minutes,
    Period,
    Quantity,
    Range,
    Ratio,
    Span,
)

NOT_OURS: Any = NotImplemented


def _code(raw: Any) -> Code:
    system, code = part(want(raw, dict), "system", STRING), part(raw, "code", STRING)
    if system is None or code is None:
        return cast("Code", NOT_OURS)  # text with a cursor: nothing that can be told apart
    return value(
        Code, system=system, code=code, display=part(raw, "display", STRING), version=part(raw, "version", STRING)
    )


CODING: Codec[Code] = Codec(
    _code, lambda c: bare(system=c.system, version=c.version, code=c.code, display=c.display), "a code with its system"
)


def _concept(raw: Any) -> Concept:
    found = [CODING.decode(coding) for coding in field(raw, "coding", list) or []]
    codings = tuple(code for code in found if code is not NotImplemented)
    text = part(raw, "text", STRING)
    return value(Concept, codings=codings, text=text) if codings or text else cast("Concept", NOT_OURS)


CONCEPT: Codec[Concept] = Codec(
    _concept,
    lambda c: bare(coding=[CODING.encode(code) for code in c.codings] or None, text=c.text),
    "codes, words, or both",
)
COMPARATOR = codes({c: c.value for c in Comparator})


def _quantity(raw: Any) -> Quantity:
    amount = part(want(raw, dict), "value", DECIMAL)
    if amount is None:
        return cast("Quantity", NOT_OURS)
    code = part(raw, "code", STRING)
    if code is not None and raw.get("system") != UCUM:
        raise Wrong("expected a unit of UCUM", "system")
    return value(
        Quantity,
        value=amount,
        comparator=part(raw, "comparator", COMPARATOR),
        unit=part(raw, "unit", STRING),
        code=code,
    )


QUANTITY: Codec[Quantity] = Codec(
    _quantity,
    lambda q: bare(
        value=q.value,
        comparator=encoded(COMPARATOR, q.comparator),
        unit=q.unit,
        system=UCUM if q.code is not None else None,
        code=q.code,
    ),
    "an amount with a UCUM unit",
)


def _money(raw: Any) -> Money:
    amount = part(want(raw, dict), "value", DECIMAL)
    if amount is None:
        return cast("Money", NOT_OURS)
    return value(Money, value=amount, currency=part(raw, "currency", STRING))


MONEY: Codec[Money] = Codec(_money, lambda m: bare(value=m.value, currency=m.currency), "an amount of money")


def _range(raw: Any) -> Range:
    low, high = part(want(raw, dict), "low", QUANTITY), part(raw, "high", QUANTITY)
    return value(Range, low=low, high=high) if low or high else cast("Range", NOT_OURS)


RANGE: Codec[Range] = Codec(
    _range, lambda r: bare(low=encoded(QUANTITY, r.low), high=encoded(QUANTITY, r.high)), "from low to high"
)


def _ratio(raw: Any) -> Ratio:
    above, under = part(want(raw, dict), "numerator", QUANTITY), part(raw, "denominator", QUANTITY)
    return value(Ratio, numerator=above, denominator=under) if above and under else cast("Ratio", NOT_OURS)


RATIO: Codec[Ratio] = Codec(
    _ratio,
    lambda r: {"numerator": QUANTITY.encode(r.numerator), "denominator": QUANTITY.encode(r.denominator)},
    "an amount for another",
)


def _span(raw: Any) -> Span:
    amount = part(want(raw, dict), "value", DECIMAL)
    if amount is None:
        return cast("Span", NOT_OURS)
    if raw.get("system") != UCUM:
        raise Wrong("expected a unit of UCUM", "system")
    return value(Span, value=amount, unit=part(raw, "code", STRING))


SPAN: Codec[Span] = Codec(_span, lambda s: {"value": s.value, "system": UCUM, "code": s.unit}, "a length of time")


def _period(raw: Any) -> Period:
    start, end = part(want(raw, dict), "start", WHEN), part(raw, "end", WHEN)
    return value(Period, start=start, end=end) if start or end else cast("Period", NOT_OURS)


PERIOD: Codec[Period] = Codec(
    _period, lambda p: bare(start=encoded(WHEN, p.start), end=encoded(WHEN, p.end)), "from start to end"
)


def _interval(raw: Any) -> Interval:
    """A start or end that is a day says no moment: such a period says less than an interval, and stays as it is."""
    start, end = part(want(raw, dict), "start", WHEN), part(raw, "end", WHEN)
    if start is None or isinstance(start, PartialDate) or isinstance(end, PartialDate):
        return cast("Interval", NOT_OURS)
    return value(Interval, start=start, end=end)


INTERVAL_PERIOD: Codec[Interval] = Codec(
    _interval, lambda i: bare(start=i.start.text, end=encoded(INSTANT, i.end)), "from start to end, with offsets"
)


def extensions(raw: Any, url: str, key: str) -> list[Any]:
    """The values `key` of an element's extensions with this address."""
    found = field(raw, "extension", list) or []
    return [e[key] for e in found if e.__class__ is dict and e.get("url") == url and key in e]


def _contact(raw: Any) -> Contact:
    """A period whose start or end was moved on the server is what it says now: its intervals are of the past."""
    whole = INTERVAL_PERIOD.decode(raw)
    if whole is NotImplemented:
        return cast("Contact", NOT_OURS)
    parts = [INTERVAL_PERIOD.decode(one) for one in extensions(raw, INTERVAL, "valuePeriod")]
    intervals = tuple(one for one in parts if one is not NotImplemented)
    if not intervals or (intervals[0].start, intervals[-1].end) != (whole.start, whole.end):
        intervals = (whole,)
    zones = extensions(raw.get("_start") or {}, TIME_ZONE, "valueCode")
    return value(Contact, intervals=intervals, zone=STRING.decode(zones[0]) if zones else None)


def _bounds(contact: Contact) -> Json:
    first, last = contact.intervals[0], contact.intervals[-1]
    breaks = [{"url": INTERVAL, "valuePeriod": INTERVAL_PERIOD.encode(one)} for one in contact.intervals]
    zone = {"extension": [{"url": TIME_ZONE, "valueCode": contact.zone}]} if contact.zone else None
    return bare(
        extension=breaks if len(breaks) > 1 else None,
        start=first.start.text,
        _start=zone,
        end=encoded(INSTANT, last.end),
    )


CONTACT: Codec[Contact] = Codec(_contact, _bounds, "from first start to last end; with breaks, the intervals inside")


def _whole_minutes(raw: Any, per: dict[str, int]) -> int:
    amount, unit = part(want(raw, dict), "value", DECIMAL), raw.get("code")
    if not isinstance(unit, str) or unit not in per or raw.get("system") != UCUM:
        raise Wrong(f"expected one of the UCUM units {', '.join(per)}", "code")
    if amount is None or (whole := amount * per[unit]) != int(whole):
        raise Wrong("expected a whole number of minutes", "value")
    return int(whole)


def _minutes(raw: Any) -> Minutes:
    bands = extensions(raw, BAND, "valueRange")
    if bands and "value" not in raw:
        low, high = (_whole_minutes(want(bands[0], dict).get(end), {"min": 1}) for end in ("low", "high"))
        return value(Minutes, min=low, max=high)
    if "value" not in raw:
        return cast("Minutes", NOT_OURS)
    whole = _whole_minutes(raw, {"min": 1, "h": 60})
    return value(Minutes, min=whole, max=whole)


def _length(minutes: Minutes) -> Json:
    low, high = ({"value": n, "unit": "minutes", "system": UCUM, "code": "min"} for n in (minutes.min, minutes.max))
    return (
        low if minutes.min == minutes.max else {"extension": [{"url": BAND, "valueRange": {"low": low, "high": high}}]}
    )


MINUTES: Codec[Minutes] = Codec(_minutes, _length, "whole minutes, or a range of them")

DAY = spelt_alike(Day, strict=True)


def _schedule(repeat: Any) -> Schedule | None:
    days = tuple(DAY.decode(day) for day in field(repeat, "dayOfWeek", list) or [])
    said = bare(
        frequency=part(repeat, "frequency", INTEGER),
        period=part(repeat, "period", DECIMAL),
        unit=part(repeat, "periodUnit", STRING),
        days=days or None,
        times=tuple(field(repeat, "timeOfDay", list) or []) or None,
    )
    return value(Schedule, **said) if said else None


def _timing(raw: Json) -> Timing:
    found = [suffix for suffix in raw if suffix[0] != "_"]
    if len(found) > 1:
        raise Wrong("expected one type of value, not several")
    start = due = schedule = None
    if found == ["DateTime"]:
        start = due = WHEN.decode(raw["DateTime"])
    elif found == ["Period"]:
        start, due = part(want(raw["Period"], dict), "start", WHEN), part(raw["Period"], "end", WHEN)
    elif found:
        repeat = field(raw["Timing"], "repeat", dict) or {}
        bounds = field(repeat, "boundsPeriod", dict) or {}
        start, due, schedule = part(bounds, "start", WHEN), part(bounds, "end", WHEN), _schedule(repeat)
    return (
        value(Timing, start=start, due=due, schedule=schedule) if start or due or schedule else cast("Timing", NOT_OURS)
    )


def _occurrence(timing: Timing) -> Json:
    bounds = bare(start=encoded(WHEN, timing.start), end=encoded(WHEN, timing.due))
    schedule = timing.schedule
    if schedule is None:
        return {"Period": bounds}
    repeat = bare(
        boundsPeriod=bounds or None,
        frequency=schedule.frequency,
        period=schedule.period,
        periodUnit=schedule.unit,
        dayOfWeek=[DAY.encode(day) for day in schedule.days] or None,
        timeOfDay=list(schedule.times) or None,
    )
    return {"Timing": {"repeat": repeat}}


TIMING: Codec[Timing] = Codec(
    _timing, _occurrence, "a date, a period, or how often within it", ("DateTime", "Period", "Timing")
)
