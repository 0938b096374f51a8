"""What is known of one field of a record, or of one element of a resource."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from fhir_coaching.errors import SettingsError
from fhir_coaching.fhir.gate import model
from fhir_coaching.lens import Kind
from fhir_coaching.records import RECORDS
from fhir_coaching.report.ledger import STAYS
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.tables import Line, lines, slice_says
from fhir_coaching.versions import R4, R5, Version

Kinds = Mapping[str, Kind[Any]]

_OF_EVERY_RESOURCE = {
    **dict.fromkeys(("id", "meta", "implicitRules", "language"), "Resource"),
    **dict.fromkeys(("text", "contained", "extension", "modifierExtension"), "DomainResource"),
}
_FATES = {
    "exact": "exact: comes back as it was sent",
    "one way": "one way: sent, not read back",
    "local": "local: does not travel",
    "copy": "copy: read only to see that it agrees",
    "derived": "derived: written when what it is made from changes; not read",
    "near": "near: made from other records too; written when new, and over what we sent when that changes; not read",
    "constant": "constant: written into a new resource; a resource that says otherwise is refused",
}
_FOREIGN = "No row owns it. It is foreign: kept as it is on a push, and not read."


def page(kinds: Kinds, path: str) -> None:
    """Show the rows that a path means. Raises SettingsError for a path that means nothing, with the nearest that do."""
    every = [line for name, kind in kinds.items() for line in lines(name, kind)]
    asked = re.sub(r"\[\d*\]", "", path.strip().rstrip("."))
    if not asked[:1].isupper():
        found = _owners(every, asked, lambda line: [_field(line)])
        if not found and _stays(kinds, asked):
            show(Text.assemble((asked, "bold"), f": {STAYS}."))
            return
    else:
        found = _owners(every, asked, _paths)
        if not found and _in_fhir(asked):
            show(Text.assemble((asked, "bold"), f"\n{_FOREIGN}"), *_links(_versions_of(asked)))
            return
    if not found:
        raise SettingsError("no field and no element of this path", hint=_nearest(every, asked))
    shown: list[RenderableType] = []
    for line in found:
        if not any(line.within and line.within == other.at for other in found):  # its list names it
            shown += [*_row(line, [other for other in every if other.within and other.within == line.at]), ""]
    show(*shown[:-1])


def _field(line: Line) -> str:
    return f"{line.kind}.{line.field.replace('[]', '')}" if line.field else ""


def _named(path: str, asked: str) -> bool:
    """Whether a path is what was asked for, or stands below it."""
    return path == asked or path.startswith(f"{asked}.")


def _stays(kinds: Kinds, asked: str) -> bool:
    kind, _, field = asked.partition(".")
    return kind in RECORDS and kind not in kinds and (not field or field in RECORDS[kind].model_fields)


def _owners(every: list[Line], asked: str, paths: Callable[[Line], Iterable[str]]) -> list[Line]:
    """The rows at a path or below it, else the row that owns it as a part of its own value."""
    if "." not in asked:
        return []
    if at := [line for line in every if any(_named(path, asked) for path in paths(line))]:
        return at
    above = [(len(path), line) for line in every for path in paths(line) if path and _named(asked, path)]
    longest = max((length for length, _ in above), default=0)
    return [line for length, line in above if length == longest and not line.nested]  # of an item's rows none owns it


def _paths(line: Line) -> Iterator[str]:
    """An element's path in either version, with and without slices, with each name that a choice or siblings may have."""
    for at in dict.fromkeys(line.at.values()):
        for path in dict.fromkeys((re.sub(r":[\w-]+", "", at), at)):
            stem, _, last = path.rpartition(".")
            if last.startswith("{"):
                yield from (f"{stem}.{name}" for name in last[1:-1].split(","))
            elif last.endswith("[x]"):
                yield from (path, path[:-3], *(path[:-3] + suffix for suffix in line.suffixes))
            else:
                yield path


def _row(line: Line, items: list[Line]) -> Iterator[RenderableType]:
    """A row in words; `items` are the rows of the table that says the items of a list."""
    at = line.at[R4] if line.at else "nothing"
    yield Text.assemble((_field(line) or f"{line.kind}, no field", "bold"), " <-> ", (at, "bold"))
    rows = table()
    rows.add_column(no_wrap=True, style="dim")
    rows.add_column(overflow="fold")
    for label, said in _said(line, items):
        rows.add_row(label, said)
    yield rows
    yield from _links(line.at)


def _said(line: Line, items: list[Line]) -> Iterator[tuple[str, str]]:
    if line.at:
        if line.at[R4] != line.at[R5]:
            yield from ((f"in {version.name}", at) for version, at in line.at.items())
        if line.suffixes:
            stem = line.at[R4].rpartition(".")[2].removesuffix("[x]")
            yield "as", ", ".join(stem + suffix for suffix in line.suffixes)
        says = {version: line.says(version) for version in line.at}
        if says[R4] == says[R5]:
            yield "there is", says[R4]
        else:
            yield from (("there is", f"{version.name}: {one}") for version, one in says.items())
        slices = line.slices(R5) | line.slices(R4)
        yield from (
            (name, f"an element that has {slice_says(one) or 'none of the others'}") for name, one in slices.items()
        )
    if not line.required:
        yield "required", "no"
    elif line.within:
        yield "required", "yes: an item without it is somebody else's, and kept"
    else:
        yield "required", "yes: without it a resource is refused"
    yield "fate", _FATES[line.fate] + (f" ({line.row.why})" if line.row.why else "")
    if line.told_apart:
        yield "items", f"found again {line.told_apart}"
    if items:
        yield "rows", ", ".join(item.field.rpartition(".")[2] for item in items if item.field)


def _links(at: Mapping[Version, str]) -> list[str]:
    """Where the specification says more; each a line of its own, so that a terminal can open it."""
    return [definition(path, version) for version, path in at.items()]


def definition(path: str, version: Version) -> str:
    """Where the specification defines an element, or the element that its datatype stands in."""
    type_, *steps = re.sub(r":[\w-]+", "", path).split(".")
    steps = [re.sub(r"^\{(\w+).*\}$", r"\1", step) for step in steps]
    home = _OF_EVERY_RESOURCE.get(steps[0], type_) if steps else type_
    depth = 0 if home != type_ else _backbone(type_, steps, version)
    anchor = ".".join((home, *steps[: depth + 1])).replace("[x]", "_x_")
    return f"https://hl7.org/fhir/{version.name}/{home.lower()}-definitions.html#{anchor}"


def _backbone(type_: str, steps: list[str], version: Version) -> int:
    """How many steps lead through elements that the resource itself defines."""
    module, name = sys.modules[model(type_, version).__module__], type_
    for depth, step in enumerate(steps):
        name += step[:1].upper() + step[1:]
        if not hasattr(module, name):
            return depth
    return len(steps)


def _versions_of(path: str) -> dict[Version, str]:
    return {version: path for version in Version if _has(path, version)}


def _in_fhir(path: str) -> bool:
    return any(_has(path, version) for version in Version)


def _has(path: str, version: Version) -> bool:
    """Whether a FHIR version has an element. What stands below a datatype is taken on trust."""
    type_, *steps = path.split(".")
    try:
        of = model(type_, version)
    except KeyError:
        return False
    module, name = sys.modules[of.__module__], type_
    for step in steps:
        stem = step.removesuffix("[x]")
        names = {field.alias or key for key, field in of.model_fields.items()}
        if step not in names and not (step.endswith("[x]") and any(one.startswith(stem) for one in names)):
            return False
        name += step[:1].upper() + step[1:]
        if not hasattr(module, name):
            return True
        of = getattr(module, name)
    return bool(steps)


def _nearest(every: list[Line], asked: str) -> str:
    if any(asked in (line.kind, line.tables[R4].type) for line in every):
        return f"`fhir-coaching mapping {asked}` shows all of it; `explain` wants a path, as goal.targets.due"
    fields = not asked[:1].isupper()
    known = (
        [_field(line) for line in every if line.field] if fields else [path for line in every for path in _paths(line)]
    )
    near = get_close_matches(asked, dict.fromkeys(known), 3, 0.6)
    return f"did you mean {', '.join(near)}?" if near else "expected a path as goal.targets.due or Goal.target.dueDate"
