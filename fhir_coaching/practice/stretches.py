"""Stretches of time in a record, wherever they stand."""

from collections.abc import Iterator

from pydantic import BaseModel

from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.engagements import Timing
from fhir_coaching.records.values import SET, Period

When = PartialDate | Instant | None


def is_before(one: PartialDate | Instant, other: PartialDate | Instant) -> bool:
    """Whether one lies before another as far as both are known: 2026 is not before 2026-03."""
    if isinstance(one, Instant) and isinstance(other, Instant):
        return one.moment < other.moment
    length = min(len(one.text), len(other.text))
    return one.text[:length] < other.text[:length]


def backwards(value: object, at: str = "") -> Iterator[str]:
    """Paths of ends that lie before their start, at any depth. Items of a set have no index."""
    if isinstance(value, Period) and _turned(value.start, value.end):
        yield f"{at}.end"
    elif isinstance(value, Timing) and _turned(value.start, value.due):
        yield f"{at}.due"
    elif isinstance(value, BaseModel):
        for name, inner in value:
            path, field = f"{at}.{name}" if at else name, type(value).model_fields[name]
            if isinstance(inner, tuple):
                for index, one in enumerate(inner):
                    yield from backwards(one, path if SET in field.metadata else f"{path}[{index}]")
            else:
                yield from backwards(inner, path)


def _turned(start: When, end: When) -> bool:
    return start is not None and end is not None and is_before(end, start)
