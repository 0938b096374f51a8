"""Which records a record points to, and pointers to what is not there."""

from collections.abc import Iterator
from functools import cache

from pydantic import BaseModel

from fhir_coaching.practice.entries import FILES, Entry
from fhir_coaching.practice.lines import KEPT, Faults
from fhir_coaching.records import RECORDS
from fhir_coaching.records.spelling import references
from fhir_coaching.records.values import SET, Who

Reference = tuple[str, tuple[str, ...], str]  # the field's path, the kinds that it may point to, the id


def references_of(record: BaseModel, at: str = "") -> Iterator[Reference]:
    """Every record id in a record: `notes[0].by`, ("practitioner",), "p-1". Items of a set have no index."""
    points, sets = _points(type(record))
    for name, value in record:
        if value is None or value == ():
            continue
        path = f"{at}.{name}" if at else name
        if name in points:
            for one in value if isinstance(value, tuple) else (value,):
                yield path, points[name], one
        elif isinstance(value, tuple):
            for index, one in enumerate(value):
                yield from _within(one, path if name in sets else f"{path}[{index}]")
        else:
            yield from _within(value, path)


def _within(value: object, path: str) -> Iterator[Reference]:
    if isinstance(value, Who):
        yield path, (value.kind.value,), value.id
    elif isinstance(value, BaseModel):
        yield from references_of(value, path)


@cache
def _points(model: type[BaseModel]) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """The fields that hold ids, and those whose order says nothing."""
    return references(model), frozenset(name for name, field in model.model_fields.items() if SET in field.metadata)


class Ids:
    """The ids of a source with their places, and references to records that are not there. Holds no records."""

    def __init__(self) -> None:
        self._places: dict[str, dict[str, str]] = {kind: {} for kind in RECORDS}
        self._awaited: dict[tuple[str, str], list[str]] = {}

    def first(self, entry: Entry, faults: Faults) -> bool:
        """Whether a record or withdrawal is the first of its id; a fault if it is not."""
        key = entry.record.id if entry.record is not None else entry.withdrawn
        before = self._places[entry.kind].setdefault(key, entry.place)
        if before is not entry.place:
            faults.add(f"{entry.place} id", f"{entry.kind} `{key}` stands at {before} already", "keep one of the two")
        return before is entry.place

    def point(self, place: str, path: str, kinds: tuple[str, ...], key: str) -> None:
        """Take note that something points to a record."""
        if any(key in self._places[kind] for kind in kinds):
            return
        places = self._awaited.setdefault((kinds[0], key), [])
        if len(places) <= KEPT:
            places.append(f"{place} {path}")

    def report(self, faults: Faults) -> None:
        """A fault for each reference to what never came, unless it may stand in a line that could not be read."""
        for (kind, key), places in self._awaited.items():
            if key in self._places[kind] or (kind, key) in faults.broken or faults.unread & {kind, ""}:
                continue
            for place in places:
                faults.add(place, f"there is no {kind} `{key}`", f"add it to {FILES[kind]}, or correct the id here")
