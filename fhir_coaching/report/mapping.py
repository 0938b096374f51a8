"""The mapping tables on the screen, and as the page docs/mapping.md."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from rich.text import Text

from fhir_coaching.errors import SettingsError
from fhir_coaching.lens import Kind
from fhir_coaching.records import RECORDS
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.tables import Line, below, lines, slice_says
from fhir_coaching.versions import R4, R5, Version

if TYPE_CHECKING:
    from rich.console import RenderableType

Kinds = Mapping[str, Kind[Any]]
BRIEF = 60  # characters of what is there


def named(kinds: Kinds, name: str) -> Kinds:
    """The kinds that a name means: a resource type or a kind of record. Raises SettingsError."""
    found = {
        kind: of
        for kind, of in kinds.items()
        if name.lower() in {kind, *(part.table.type.lower() for part in of.parts.values())}
    }
    if found:
        return found
    if name in RECORDS:
        raise SettingsError(f"a {name} has no table: it never leaves the practice")
    known = list(dict.fromkeys([*kinds, *(part.table.type for of in kinds.values() for part in of.parts.values())]))
    near = get_close_matches(name.lower(), [one.lower() for one in known], 3, 0.5)
    back = {one.lower(): one for one in reversed(known)}
    hint = f"did you mean {' or '.join(back[one] for one in near)}?" if near else f"known: {', '.join(known)}"
    raise SettingsError("no table of this name", hint=hint)


def overview(kinds: Kinds) -> None:
    """Show which record is which resources."""
    rows = table("record", "resources", "fields", "rows", fields="right", rows="right")
    for name, kind in kinds.items():
        types = " + ".join(part.table.type for part in kind.parts.values())
        rows.add_row(name, types, str(len(kind.record.model_fields)), str(sum(1 for _ in lines(name, kind))))
    stay = ", ".join(name for name in RECORDS if name not in kinds)
    show(
        rows,
        "",
        f"Never leaves the practice: {stay}.",
        "`fhir-coaching mapping RESOURCE` shows a table, `explain PATH` a row.",
    )


def page(kinds: Kinds) -> None:
    """Show the tables of these kinds, with what is there in brief: `explain` says all of it."""
    shown: list[RenderableType] = []
    for name, kind in kinds.items():
        for type_, its in _by_type(name, kind):
            rows = table("field", f"R4 {type_}", "R5", "what is there")
            for line in its:
                field, r4, r5, said = _cells(line, type_)
                if line.within:  # below its list, so that the names alone will do
                    field = f"  {field.rpartition('.')[2]}"
                    r4, r5 = (_inner(line, version) for version in (R4, R5))
                brief = shorten(re.sub(r"https?://\S*/", "", said), BRIEF, placeholder=" ...")
                rows.add_row(
                    field, r4, "=" if r4 == r5 and r4 else r5, Text(brief, "" if line.fate == "exact" else "dim")
                )
            shown += [Text(f"{name} <-> {type_}", "bold"), rows, ""]
    show(*shown, Text("! required   = as in R4   - no field: not read, or checked only", "dim"))


def _inner(line: Line, version: Version) -> str:
    return f"  {line.at[version].removeprefix(line.within[version]).lstrip('.')}"


def _cells(line: Line, type_: str) -> tuple[str, str, str, str]:
    r4, r5 = (below(line.at[version], type_) if line.at else "" for version in (R4, R5))
    said = (
        line.says(R4) if not line.at or line.says(R4) == line.says(R5) else f"R4: {line.says(R4)}; R5: {line.says(R5)}"
    )
    return (line.field or "-") + ("!" if line.required else ""), r4, "=" if r4 == r5 and r4 else r5, said


def _by_type(name: str, kind: Kind[Any]) -> Iterator[tuple[str, list[Line]]]:
    """The rows of each of a kind's resources. Rows of one datatype are told where it is first used."""
    every = list(lines(name, kind))
    for part in kind.parts.values():
        type_ = part.table.type
        yield type_, [line for line in every if _resource(line, type_)]


def _resource(line: Line, type_: str) -> bool:
    if line.at:
        return line.at[R4].startswith(f"{type_}.")
    return line.tables[R4].type.startswith(type_)


def markdown_page(kinds: Kinds) -> str:
    """The tables as a page."""
    return "\n".join(_markdown(kinds)) + "\n"


def _markdown(kinds: Kinds) -> Iterator[str]:
    yield from (_INTRODUCTION.strip(), "")
    for kind_name, kind in kinds.items():
        types = " + ".join(part.table.type for part in kind.parts.values())
        yield from (f"## {kind_name} ↔ {types}", "")
        for type_, its in _by_type(kind_name, kind):
            yield from (f"### {type_}", "", "| field | R4 | R5 | what is there | |", "| --- | --- | --- | --- | --- |")
            slices: dict[str, str] = {}
            for line in its:
                yield _markdown_row(line, type_)
                for version in Version if line.at else ():
                    stem = f"{below(line.within[version], type_)}." if line.within else ""
                    slices |= {stem + name: slice_says(one) for name, one in line.slices(version).items()}
            yield ""
            if slices:
                yield from ("Slices, elements that contain:", "")
                yield from (f"- `{slice_}`: {f'`{says}`' if says else 'the others'}" for slice_, says in slices.items())
                yield ""


def _markdown_row(line: Line, type_: str) -> str:
    field, r4, r5, said = _cells(line, type_)
    fate = "required" if line.required else "" if line.fate == "exact" else line.fate
    cells = (
        f"`{field.rstrip('!')}`" if line.field else "",
        f"`{r4}`" if r4 else "",
        f"`{r5}`" if r5 not in ("", "=") else r5,
        said,
        fate,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_INTRODUCTION = """
# Which field is which element

Made from the tables in `mappings/` by `fhir-coaching mapping --markdown`; `make docs` writes it anew. A row is read in
both directions. `=` in R5: as in R4. `a:slice` is the element of the list `a` that belongs to the slice, `a[x]` one of
the elements `aDate`, `aString` and so on, `{a,b}` elements that say one thing together, `a[].b` the field `b` of each item of `a`.

The last column: *required*, a resource without it is refused · *local*, does not travel · *one way*, sent and not read
back · *derived*, made from the record and not read · *near*, made from it and from records that it names, and written
over nothing but what we sent · *constant*, always so · *copy*, says again what another row reads,
and must agree. All others come back exactly as they were.
"""
