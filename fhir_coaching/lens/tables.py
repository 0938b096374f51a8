"""Tables: the rows of one resource or element, read as get (resource -> record) and as put (record, base -> resource)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from fhir_coaching.errors import Fault
from fhir_coaching.lens.binding import BOUND, BoundRow, NearRow, NotOurs, _Many, chosen
from fhir_coaching.lens.paths import Wrong, refuse_modifiers
from fhir_coaching.lens.rows import FATES, Names, Row, Slices
from fhir_coaching.records.spelling import problem
from fhir_coaching.records.values import SET
from fhir_coaching.versions import Json, Version

R = TypeVar("R", bound=BaseModel)


class NoNames:
    """Names for looking at a table without a practice or a target."""

    def system(self, kind: str) -> str:
        """As `{identifier_base}/goal` stands in the documentation."""
        return f"{{identifier_base}}/{kind}"

    def local(self, kind: str, reference: str) -> str | None:  # noqa: ARG002
        """Nothing is known."""
        return None

    def miss(self, reference: str) -> None:
        """Nothing is to come."""


@dataclass(frozen=True)
class Table(Generic[R]):
    """The rows of one resource type or element. `part`: of several, which together cover the record."""

    record: type[R]
    type: str
    rows: tuple[Row, ...]
    slices: Slices = field(default_factory=dict)
    part: bool = False

    def __post_init__(self) -> None:
        if not self.part:
            covered(self.record, self.rows)
        for version in Version:
            self.lens(version, NoNames())

    def lens(self, version: Version, names: Names) -> "Lens[R]":
        """The table for one FHIR version and one target. Costs a millisecond; keep it. Raises TypeError on two owners."""
        slices = {key: chosen(cell, version, names) for key, cell in self.slices.items()}
        rows = [BOUND[row.kind](row, version, names, slices) for row in self.rows]
        for bound in rows:
            if isinstance(bound, _Many):
                bound.unordered = SET in self.record.model_fields[bound.attr].metadata
        owned = sorted(path for bound in rows if bound.at for path in bound.place.owns())
        for one, two in pairwise(owned):
            if two[: len(one)] == one:
                raise TypeError(f"{self.type}: two rows own {'.'.join(two)}")
        return Lens(self, rows)


def covered(record: type[BaseModel], rows: Iterable[Row]) -> None:
    """Refuse a field without exactly one home, and a row without a field."""
    homes = [row.attr for row in rows if row.kind in FATES]
    if twice := sorted({attr for attr in homes if homes.count(attr) > 1}):
        raise TypeError(f"{record.__name__}: two rows read {', '.join(twice)}")
    if astray := sorted(record.model_fields.keys() ^ set(homes)):
        raise TypeError(f"{record.__name__}: no row, or no field, for {', '.join(astray)}")


class Lens(Generic[R]):
    """A bound table; as a codec, where it stands for a nested element."""

    def __init__(self, table: Table[R], rows: list[BoundRow]) -> None:
        self.table, self.rows = table, rows
        self.reading = [row for row in rows if row.kind in {"row", "many", "also", "identity", "const"}]
        self.writing = [row for row in rows if row.kind not in {"local", "near"}]
        self.nearby = [row for row in rows if isinstance(row, NearRow)]

    def admits(self, node: Json) -> bool:
        """Whether a resource says what makes it one of this table: the constants."""
        try:
            for row in self.reading:
                if row.kind == "const":
                    row.get(node, {}, [])
        except Wrong:
            return False
        return True

    @property
    def says(self) -> str:
        """What is expected where a table stands in for a codec."""
        return f"a {self.table.type}"

    def decode(self, raw: Any) -> Any:
        """As a codec: a nested element as its value."""
        faults: list[Fault] = []
        value = self.read(raw, faults)
        if faults:
            raise Wrong(faults[0].message, faults[0].element)
        return value

    def encode(self, value: R) -> Json:
        """As a codec: the element, made anew."""
        node, faults = Json(), list[Fault]()
        self.write(node, value, None, faults)
        if faults:
            raise Wrong(faults[0].message, faults[0].element)
        return node

    def read(self, element: Any, faults: list[Fault]) -> Any:
        """A nested element as its value; NotImplemented when it is not ours, None after a fault."""
        values: dict[str, Any] = {}
        before = len(faults)
        try:
            self.read_into(element, values, faults, nested=True)
        except NotOurs:
            del faults[before:]
            return NotImplemented
        return self.made(values, faults, nested=True) if len(faults) == before else None

    def read_into(self, node: Any, values: dict[str, Any], faults: list[Fault], *, nested: bool = False) -> None:
        """Read every row into `values`, and every fault into `faults`. Raises NotOurs, if nested."""
        if node.__class__ is not dict:
            faults.append(Fault("expected an object"))
            return
        try:
            refuse_modifiers(node)
        except Wrong as wrong:
            faults.append(Fault(str(wrong), wrong.at))
        for row in self.reading:
            try:
                row.get(node, values, faults)
            except Wrong as wrong:
                if nested and isinstance(wrong, NotOurs):
                    raise
                faults.append(row.fault(wrong))

    def write(self, node: Json, new: R, old: R | None, faults: list[Fault]) -> None:
        """Write every row whose value differs between `old` and `new`."""
        for row in self.writing:
            try:
                row.put(node, new, old, faults)
            except Wrong as wrong:
                faults.append(row.fault(wrong))

    def kept(self, record: R | None, kinds: tuple[str, ...]) -> dict[str, Any]:
        """The values that a record keeps for rows of these kinds."""
        return (
            {row.attr: getattr(record, row.attr) for row in self.rows if row.kind in kinds}
            if record is not None
            else {}
        )

    def made(self, values: Mapping[str, Any], faults: list[Fault], *, nested: bool = False) -> Any:
        """The record of these values, or None and faults. A nested value that says nothing as a whole is not ours."""
        try:
            return self.table.record(**values)
        except ValidationError as error:
            places = {row.attr: row.place.expression for row in self.reading if row.attr}
            for one in error.errors(include_input=False, include_url=False):
                if nested and not one["loc"]:
                    return NotImplemented
                place, message = problem(self.table.record, one)
                faults.append(Fault(message, places.get(re.split(r"[.[]", place)[0], ""), place))
            return None
