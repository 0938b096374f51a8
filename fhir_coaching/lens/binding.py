"""Rows bound to a version and to names: how each kind of row reads an element into a value and writes it back."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from fhir_coaching.errors import Fault
from fhir_coaching.lens.paths import Place, Slice, Step, Wrong, below, listed
from fhir_coaching.lens.rows import Codec, Names, Near, Row
from fhir_coaching.lens.same import copied, same
from fhir_coaching.versions import Json, Version


def chosen(cell: Any, version: Version, names: Names) -> Any:
    """What a cell holds for one version and one target."""
    cell = cell[version] if isinstance(cell, Mapping) else cell
    if cell is None or isinstance(cell, (Codec, Slice)):
        return cell
    return cell.lens(version, names) if hasattr(cell, "lens") else cell(names)


def under(element: str, place: str, fault: Fault) -> Fault:
    """A fault as seen from one level up."""
    return Fault(fault.message, below(element, fault.element), below(place, fault.place), fault.hint)


class NotOurs(Wrong):
    """A required element is missing or says what we do not know: in a list, the whole element is somebody else's."""


STALE: Any = object()  # what was there counts for nothing: every row is written, or cleared


class BoundRow:
    """A field and an element."""

    def __init__(self, row: Row, version: Version, names: Names, slices: Mapping[str, Slice]) -> None:
        self.row, self.attr, self.kind, self.required, self.at = row, row.attr, row.kind, row.required, ""
        self.codec = chosen(row.codec, version, names)
        if row.at is not None:
            self.at = row.at if isinstance(row.at, str) else row.at[version]
            self.place = Place.parse(self.at, slices, getattr(self.codec, "suffixes", ()))
            self.raw: Callable[[Json], Any] = self.place.reader()

    def fault(self, wrong: Wrong) -> Fault:
        """What is wrong, with both places."""
        return Fault(str(wrong), self.place.where(wrong), self.attr)

    def get(self, node: Json, values: dict[str, Any], faults: list[Fault]) -> None:  # noqa: ARG002 - lists use it
        """Read the element into `values`. NotImplemented where a required one is not ours."""
        raw = self.raw(node)
        if raw is not None:
            value = self.codec.decode(raw)
            if value is not NotImplemented:
                values[self.attr] = value
                return
        if self.required:
            raise NotOurs("a required element is missing" if raw is None else f"expected {self.codec.says}")

    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:  # noqa: ARG002
        """Write the field if it differs from what `old` says. `old` is None for a new resource, or STALE."""
        value = getattr(new, self.attr)
        if old is None:
            if value is not None:
                self.place.write(node, self.codec.encode(value))
        elif old is STALE or not same(getattr(old, self.attr), value):
            self.place.write(node, None if value is None else self.codec.encode(value))


class _Also(BoundRow):
    def get(self, node: Json, values: dict[str, Any], faults: list[Fault]) -> None:  # noqa: ARG002
        raw = self.raw(node)
        if raw is not None and not same(self.codec.decode(raw), values.get(self.attr)):
            raise Wrong("differs from what another element says")


class _Identity(BoundRow):
    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:
        if old is None or old is STALE:
            super().put(node, new, old, faults)
        elif getattr(old, self.attr) != getattr(new, self.attr):
            raise Wrong("this is another record's")


class _Local(BoundRow):
    def get(self, node: Json, values: dict[str, Any], faults: list[Fault]) -> None:
        pass

    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:
        pass


class _OneWay(BoundRow):
    get = _Local.get


class _Derived(BoundRow):
    get = _Local.get

    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:  # noqa: ARG002
        make = self.row.derive
        value = make(new)  # type: ignore[misc]
        if old is None and value is None:
            return
        if old is None or old is STALE or not same(make(old), value):  # type: ignore[misc]
            self.place.write(node, value if value is None or self.codec is None else self.codec.encode(value))


class NearRow(BoundRow):
    """A row that sees other records. Tables neither read nor write it; the kind does, which knows what was sent."""

    def made(self, record: Any, near: Near) -> Any:
        """The element as it would be made now, or None."""
        value = self.row.derive(record, near)  # type: ignore[misc]
        return None if value is None else self.codec.encode(value)

    def digest(self, raw: Any) -> str:
        """What an element says, as a digest; empty for none, and for one that cannot be ours."""
        try:
            said = NotImplemented if raw is None else self.codec.decode(raw)
        except Wrong:
            said = NotImplemented
        return "" if said is NotImplemented else hashlib.sha256(repr(said).encode()).hexdigest()

    def renews(self, node: Json, made: Any, last: str) -> bool:
        """Whether what stands in a resource is what was last sent, and would be made otherwise now."""
        try:
            there = self.raw(node)
        except Wrong:
            return False
        return self.digest(made) != last and self.digest(there) == last and bool(last) is (there is not None)


class _Const(_Derived):
    """Refuses a resource that says otherwise: a constant is what makes it this kind of resource."""

    def __init__(self, row: Row, version: Version, names: Names, slices: Mapping[str, Slice]) -> None:
        super().__init__(row, version, names, slices)
        self.value = row.derive(None)  # type: ignore[misc]

    def get(self, node: Json, values: dict[str, Any], faults: list[Fault]) -> None:  # noqa: ARG002
        raw = self.raw(node)
        if self.place.last.slice is not None or same(raw, self.value) or (raw is None and not self.required):
            return
        if not any(same(raw, one) for one in self.row.reads):
            raise Wrong(f"expected {self.value}")

    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:  # noqa: ARG002
        raw = self.raw(node)
        if (old is None and raw is None) or (old is STALE and (raw is None or self.place.last.slice is None)):
            self.place.write(node, copied(self.value))


class _Many(BoundRow):
    def __init__(self, row: Row, version: Version, names: Names, slices: Mapping[str, Slice]) -> None:
        super().__init__(row, version, names, slices)
        step = self.place.last
        self.slice, self.key, self.unordered = step.slice, step.key, False
        self.nested = not isinstance(self.codec, Codec)
        self.has = step.has if step.slice else lambda _: True
        whole = Step(step.at, self.key, None, bool)
        self.whole = Place(self.at, self.place.steps, whole, "", ())
        self.expression = self.whole.expression

    def _decoded(self, parent: Json, faults: list[Fault]) -> dict[int, Any]:
        """Our items by their index in the list."""
        found: dict[int, Any] = {}
        for index, element in enumerate(listed(parent, self.key)):
            if element is None or not self.has(element):
                continue
            lower: list[Fault] = []
            try:
                item = self.codec.read(element, lower) if self.nested else self.codec.decode(element)
            except Wrong as wrong:
                lower.append(Fault(str(wrong), wrong.at))
                item = NotImplemented
            if lower:
                faults += self._within(index, len(found), lower)
            if item is not NotImplemented:
                found[index] = item
        return found

    def ours(self, parent: Json) -> list[int]:
        """The indices of our items, in the order that they have in the record. Raises Wrong."""
        return list(self._decoded(parent, []))

    def get(self, node: Json, values: dict[str, Any], faults: list[Fault]) -> None:
        parent = self.place.parent(node) if self.place.steps else node
        if parent is not None and self.key in parent:
            values[self.attr] = tuple(self._decoded(parent, faults).values())

    def put(self, node: Json, new: Any, old: Any, faults: list[Fault]) -> None:
        items = getattr(new, self.attr)
        if (not items) if old is None else old is not STALE and same(items, getattr(old, self.attr)):
            return
        parent = self.place.parent(node) or {}
        if not items and self.key not in parent:
            return
        if self.key not in parent:
            self.whole.write(node, [self._element(item, [], None, {}, p, faults) for p, item in enumerate(items)])
            return
        there = self._decoded(parent, faults) if old is not None else {}
        origin = self._matched(items, there)
        base, notes = listed(parent, self.key), listed(parent, "_" + self.key)
        order = (
            sorted(range(len(items)), key=lambda p: origin.get(p, len(base) + p))
            if self.unordered
            else range(len(items))
        )
        made = [
            (self._element(items[p], base, origin.get(p), there, p, faults), _at(notes, origin.get(p))) for p in order
        ]
        slots, result = iter(made), list[tuple[Any, Any]]()
        for index, element in enumerate(base):  # what is not ours keeps its place
            if index not in there:
                result.append((element, _at(notes, index)))
            elif (slot := next(slots, None)) is not None:
                result.append(slot)
        result += slots
        self.whole.write(node, [element for element, _ in result] or None)
        if any(note is not None for _, note in result):
            self.whole.parent(node)["_" + self.key] = [note for _, note in result]  # type: ignore[index]

    def _element(
        self, item: Any, base: list[Any], index: int | None, there: dict[int, Any], position: int, faults: list[Fault]
    ) -> Any:
        if index is not None and same(there[index], item):
            return base[index]
        lower: list[Fault] = []
        if self.nested:
            element = base[index] if index is not None else self.slice.new() if self.slice else {}
            self.codec.write(element, item, None if index is None else there[index], lower)
        else:
            try:
                element = self.codec.encode(item)
                if self.slice and not self.has(element):
                    raise Wrong("belongs to another field")
            except Wrong as wrong:
                element, lower = None, [Fault(str(wrong), wrong.at)]
        if lower:
            faults += self._within(position, position, lower)
        return element

    def _within(self, index: int, position: int, lower: list[Fault]) -> list[Fault]:
        """Faults of one item, as seen from the row: by its index in the list, and its position in the record."""
        return [under(f"{self.expression}[{index}]", f"{self.attr}[{position}]", fault) for fault in lower]

    def _matched(self, items: tuple[Any, ...], there: dict[int, Any]) -> dict[int, int]:
        """Position in the record -> index in the list: by equal meaning, then by the declared identity."""
        left, origin = dict(there), dict[int, int]()
        for key in (lambda item: item, self.row.by):
            for position, item in enumerate(items):
                if key and left and position not in origin:
                    wanted = key(item)
                    index = next((i for i, other in left.items() if same(key(other), wanted)), None)
                    if index is not None:
                        origin[position] = index
                        del left[index]
        return origin


class _Copies(_Many):
    get = _Local.get


def _at(notes: list[Any], index: int | None) -> Any:
    return notes[index] if index is not None and index < len(notes) else None


BOUND: dict[str, type[BoundRow]] = {
    "row": BoundRow, "many": _Many, "also": _Also, "identity": _Identity, "derived": _Derived, "const": _Const,
    "one_way": _OneWay, "copies": _Copies, "local": _Local, "near": NearRow,
}  # fmt: skip
