"""Stretches of time in a record, wherever they stand."""

from pydantic import BaseModel

from fhir_coaching.fhir.moments import after, in_order
from fhir_coaching.practice.checks import Found
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.engagements import Timing
from fhir_coaching.records.values import SET, Period

When = PartialDate | Instant | None


def is_before(one: PartialDate | Instant, other: PartialDate | Instant) -> bool:
    """Whether one surely lies before another: 2026 is not before 2026-03, nor a day before a time of that day somewhere on earth."""
    return after(other.text, one.text)


def disordered(value: object, at: str = "") -> Found:
    """Ends that lie before their start, or may, at any depth. Items of a set have no index."""
    if isinstance(value, Period):
        yield from _disordered(value.start, value.end, f"{at}.end")
    elif isinstance(value, Timing):
        yield from _disordered(value.start, value.due, f"{at}.due")
    elif isinstance(value, BaseModel):
        for name, inner in value:
            path, field = f"{at}.{name}" if at else name, type(value).model_fields[name]
            if isinstance(inner, tuple):
                for index, one in enumerate(inner):
                    yield from disordered(one, path if SET in field.metadata else f"{path}[{index}]")
            else:
                yield from disordered(inner, path)


def _disordered(start: When, end: When, path: str) -> Found:
    if start is not None and end is not None:
        if is_before(end, start):
            yield "period-order", path
        elif not in_order(start.text, end.text):
            yield "period-unclear", path
