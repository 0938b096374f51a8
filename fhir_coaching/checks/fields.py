"""Which field of a record an element of its resource is: the way back from what is said of an element."""

import re
from typing import Any

from fhir_coaching.lens import Lens, Wrong, below
from fhir_coaching.lens.binding import BoundRow, _Many
from fhir_coaching.lens.paths import Place
from fhir_coaching.versions import Json

Steps = list[tuple[str, int | None]]  # a name, and the index in its list

_STEP = re.compile(r"([^.\[\]]+)(?:\[(\d+)\])?")


def field_at(lens: Lens[Any], resource: Json, element: str) -> str:
    """The field whose row owns an element or what it stands in: `targets[1].due` of `Goal.target[2].dueDate`.

    An item has its index in the record, where items of others do not count. Empty for what no field is.
    """
    steps = [(name, int(index) if index else None) for name, index in _STEP.findall(element)]
    return _field(lens, resource, steps[1:])


def _field(lens: Lens[Any], node: Any, steps: Steps) -> str:
    owners = (_owned(row, node, steps) for row in lens.rows if row.attr and row.at)
    return next((field for field in owners if field), "")


def _owned(row: BoundRow, node: Any, steps: Steps) -> str:
    """The field of a row, or of one of its items, if it owns what these steps lead to; else nothing."""
    for step in row.place.steps:
        if not steps or steps[0][0] != step.key:
            return ""
        node = _child(node, *steps[0])
        if step.slice is not None and not (node.__class__ is dict and step.has(node)):
            return ""
        steps = steps[1:]
    if not steps or steps[0][0].removeprefix("_") not in _names(row.place):
        return ""
    parent, (name, index), steps = node, steps[0], steps[1:]
    node = _child(parent, name.removeprefix("_"), index)
    if row.place.last.slice is not None and not (node.__class__ is dict and row.place.last.has(node)):
        return ""
    field = row.attr
    if isinstance(row, _Many) and index is not None:
        try:
            field += f"[{row.ours(parent).index(index)}]"
        except (Wrong, ValueError):
            return ""  # somebody else's item
    return below(field, _field(row.codec, node, steps)) if isinstance(row.codec, Lens) else field


def _names(place: Place) -> list[str]:
    return [place.stem + name for name in place.siblings] if place.siblings else [place.last.key]


def _child(node: Any, name: str, index: int | None) -> Any:
    found = node.get(name) if node.__class__ is dict else None
    if index is None:
        return found
    return found[index] if found.__class__ is list and index < len(found) else None
