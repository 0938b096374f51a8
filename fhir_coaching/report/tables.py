"""The mapping tables in words: a line a row, with its place in both versions, what is expected there, and its fate."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import Kind, NoNames, Row, Slice, Table
from fhir_coaching.lens.binding import chosen
from fhir_coaching.records.values import SET
from fhir_coaching.versions import Version

NAMES = NoNames()
FATES = {
    "row": "exact",
    "many": "exact",
    "identity": "exact",
    "one_way": "one way",
    "local": "local",
    "also": "copy",
    "copies": "copy",
    "derived": "derived",
    "near": "near",
    "const": "constant",
}


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    kind: str  # of record
    field: str  # `targets[].due`; nothing for a row that no field has
    row: Row
    tables: Mapping[Version, Table[Any]]  # that the row stands in
    at: Mapping[Version, str]  # `Goal.target.due[x]`, with slices; nothing for a local row
    nested: Mapping[Version, Table[Any]]  # whose rows say what an item is
    within: Mapping[Version, str]  # where the nested table stands that the row is of; nothing for a resource's own

    @property
    def fate(self) -> str:
        """What becomes of it, in a word."""
        return FATES[self.row.kind]

    @property
    def required(self) -> bool:
        """Whether a resource without it, or that says otherwise, is refused."""
        return self.row.required

    def says(self, version: Version) -> str:
        """What is written there, and expected when it is read."""
        if self.row.kind == "local":
            return f"does not travel: {self.row.why}"
        if self.row.kind == "const":
            reads = f"; reads also {', '.join(map(str, self.row.reads))}" if self.row.reads else ""
            return f"always {dumps(self.row.derive(None)).decode()}{reads}" if self.row.derive else ""
        if self.row.kind == "near":
            return f"{chosen(self.row.codec, version, NAMES).says}; not read"
        if self.row.kind == "derived":
            return f"made from {', '.join(asked(self.row.derive)) or 'the record'}; not read"
        if self.nested:
            each = "each " if self.row.kind == "many" else ""
            return each + with_article(self.nested[version].type.rpartition(".")[2])
        said = str(getattr(chosen(self.row.codec, version, NAMES), "says", ""))
        said = f"each {said}" if self.row.kind in {"many", "copies"} else said
        if self.row.kind == "copies":
            return f"a copy of {said}; not read"
        return f"a copy, which must agree: {said}" if self.row.kind == "also" else said

    @property
    def told_apart(self) -> str:
        """How the items of a list are found again."""
        if self.row.kind != "many":
            return ""
        order = "" if not self._is_set() else "; their order says nothing"
        by = asked(self.row.by)
        return f"by equal meaning{', then by ' + ' and '.join(by) if by else ''}{order}"

    def _is_set(self) -> bool:
        field = next(iter(self.tables.values())).record.model_fields[self.row.attr]
        return SET in field.metadata

    def slices(self, version: Version) -> dict[str, Slice]:
        """The templates of the slices in its path."""
        names = [step for step in str(_in(self.row.at, version)).split(".") if ":" in step]
        return {name: chosen(self.tables[version].slices[name], version, NAMES) for name in names}

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The types of a value[x], in either version."""
        found = (getattr(chosen(self.row.codec, v, NAMES), "suffixes", ()) for v in self.at)
        return tuple(dict.fromkeys(suffix for suffixes in found for suffix in suffixes))


class _Asked:
    """Stands for a record, and remembers which of its fields somebody asked for."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def __getattr__(self, name: str) -> None:
        self.names[name] = None


def asked(function: Any) -> list[str]:
    """The fields that a function of a record looks at."""
    record = _Asked()
    with suppress(Exception):  # it may want more of them than to be there
        function(record)
    return list(record.names)


def lines(name: str, kind: Kind[Any]) -> Iterator[Line]:
    """Every row of a kind, nested tables after the row that they say the items of."""
    for part in kind.parts.values():
        tables = dict.fromkeys(Version, part.table)
        yield from _lines(name, tables, dict.fromkeys(Version, part.table.type), "")


def _lines(kind: str, tables: Mapping[Version, Table[Any]], stem: Mapping[Version, str], prefix: str) -> Iterator[Line]:
    for rows in zip(*(table.rows for table in tables.values()), strict=True):
        row = rows[0]  # nested tables of different versions differ in their paths only
        at = {} if row.at is None else {v: f"{stem[v]}.{_in(one.at, v)}" for v, one in zip(tables, rows, strict=True)}
        found = {v: _in(one.codec, v) for v, one in zip(tables, rows, strict=True)}
        nested = {v: cell for v, cell in found.items() if isinstance(cell, Table)}
        many = "[]" if row.kind == "many" else ""
        line = Line(kind, prefix + row.attr if row.attr else "", row, tables, at, nested, stem if prefix else {})
        yield line
        if nested:
            yield from _lines(kind, nested, at, f"{prefix}{row.attr}{many}.")


def _in(cell: Any, version: Version) -> Any:
    return cell[version] if isinstance(cell, Mapping) else cell


def with_article(noun: str) -> str:
    """`an Identifier`."""
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"


def below(path: str, type_: str) -> str:
    """A path without the name of the resource that it begins with."""
    return re.sub(rf"^{type_}\.", "", path)


def slice_says(slice_: Slice) -> str:
    """What an element of a slice has, as JSON."""
    has = dumps(slice_.match).decode() if slice_.match else ""
    no = " and ".join(dumps(one).decode() for one in slice_.unless)
    return f"{has}{' but ' if has and no else ''}{f'none of {no}' if no else ''}"
