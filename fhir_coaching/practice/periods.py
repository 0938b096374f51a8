"""Whether stretches of time end after they start, as far as both ends are known."""

from collections.abc import Iterator

from pydantic import BaseModel

from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.engagements import Timing
from fhir_coaching.records.values import SET, Period

_DAY = 10  # characters of a whole date


def out_of_order(value: BaseModel, at: str = "") -> Iterator[str]:
    """The ends that do not show that they come after their starts: `names[0].period.end`. Items of a set have no index.

    R4 refuses 2026-03-05 to 2026-03 too, which may be so or not (per-1).
    """
    if isinstance(value, Period) and not _follows(value.start, value.end):
        yield f"{at}.end"
    if isinstance(value, Timing) and not _follows(value.start, value.due):
        yield f"{at}.due"
    for name, one in value:
        path = f"{at}.{name}" if at else name
        if isinstance(one, BaseModel):
            yield from out_of_order(one, path)
        elif isinstance(one, tuple):
            counted = SET not in type(value).model_fields[name].metadata
            for index, item in enumerate(one):
                if isinstance(item, BaseModel):
                    yield from out_of_order(item, f"{path}[{index}]" if counted else path)


def _follows(start: PartialDate | Instant | None, end: PartialDate | Instant | None) -> bool:
    if start is None or end is None:
        return True
    if isinstance(start, Instant) and isinstance(end, Instant):
        return start.moment <= end.moment
    known = min(len(start.text), len(end.text), _DAY)
    first, last = start.text[:known], end.text[:known]
    return first < last or (first == last and len(start.text) == len(end.text))
