"""Tables with one mistake each, made from the real ones: every mistake fails a golden file, the gate, an edit, or the construction.

The laws cannot see a path that is wrong both ways; this shows that something else can.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import goldens
import pytest
from salt import CONCEPT as FOREIGN_CONCEPT
from salt import EVERYWHERE, LISTS

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.codecs import BOOLEAN, STRING
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, R5, Kind, KindLens, Row, Slice, Table, Version, Wrong
from fhir_coaching.lens.binding import chosen
from fhir_coaching.lens.same import imposed
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.values import Record, replaced

Json = dict[str, Any]
Mutant = tuple[str, Callable[[], Table[Any]]]


def theirs(type_: str, kind: str) -> Json:
    """An extension of somebody else's that points to a record of ours."""
    identifier = {"system": goldens.NAMES.system(kind), "value": "theirs"}
    return {"url": "urn:foreign", "valueReference": {"type": type_, "identifier": identifier}}


OF_OTHERS = [theirs("Goal", "goal"), theirs("ServiceRequest", "action_step")]

_COPIED = "it is only written, and both codecs write it as it is; the type checker tells them apart"
_CONSTANT = "a new resource, which alone gets constants, has no list yet"
_MADE = "the record itself takes whole numbers only: tests/test_session_parts.py"
_TWICE = "the codec takes no coding but that of the slice, so both say the same"
_KEY = "a key is written by either codec as it is; what it does not read is in tests/test_codecs.py"
# `kind part mistake` -> why nothing sees it, or need not.
SURVIVORS = {
    "practitioner role identifier:own.value R4 with codec 1": _COPIED,
    "practitioner role specialty:taxonomy at specialty": _TWICE,
    "practitioner role slice specialty:taxonomy: looks for nothing": _TWICE,
    "organization organization type:taxonomy at type": _TWICE,
    "organization organization slice type:taxonomy: looks for nothing": _TWICE,
    "organization organization slice contact:address: looks for nothing": "a contact without an address is none to the codec",
    "goal goal target > id R4 with codec 0": _KEY,
    "goal goal category:focus at category": _TWICE,
    "goal goal slice category:focus: looks for nothing": _TWICE,
    "session session reason:focus at reason": _TWICE,
    "session session slice reason:focus: looks for nothing": _TWICE,
    "session session reasonCode:focus at reasonCode": _TWICE,
    "session session slice reasonCode:focus: looks for nothing": _TWICE,
    "session appointment identifier:own.value R4 with codec 1": _COPIED,
    "session service extension:units.valuePositiveInt R4 with codec 5": _MADE,
    "session service extension:units.valuePositiveInt R4 with codec 9": _MADE,
    **{
        f"{kind} slice {name}: looks for more": _CONSTANT
        for kind, name in (
            ("referral referral", "category:coaching"),
            ("action_step action_step", "category:coaching"),
            ("engagement engagement", "category:assess-plan"),
            ("engagement engagement", "category:coaching"),
            ("session session", "type:coaching"),
        )
    },
    **{
        f"{kind} note > id R4 with codec {number}": _KEY
        for kind in ("goal goal", "action_step action_step", "engagement engagement")
        for number in (0, 7)
    },
    **{
        f"{part} {at} R4 with codec {number}": _COPIED
        for part, at, numbers in (
            ("engagement episode", "identifier:own.value", (1, 5)),
            ("engagement episode", "status", (0, 1, 3)),
            ("engagement team", "identifier:own.value", (1, 5)),
            ("engagement team", "status", (0, 1, 3)),
            ("session note", "identifier:own.value", (1, 5, 6)),
            ("session note", "status", (0, 1, 3, 6)),
            ("session note", "type", (0, 1, 3, 5)),
            ("session service", "identifier:own.value", (1, 5, 9, 11)),
            ("session service", "status", (0, 1, 3, 9, 11)),
        )
        for number in numbers
    },
    "coverage coverage {kind,insurer,paymentBy} at {kindx,insurer,paymentBy}": "only coverages of others need it: tests/test_coverage.py",
    **{f"claim claim insurance:focal.sequence R4 with codec {n}": _COPIED for n in (0, 1, 3, 6, 19, 23)},
}


def mutants(table: Table[Any]) -> Iterator[Mutant]:
    """Every table with one mistake: in a row, in a slice, in the table of a nested element."""
    for index, row in enumerate(table.rows):
        for what, wrong in wrong_rows(row, table):
            yield what, partial(with_rows, table, index, wrong)
        for version, nested in nested_tables(row.codec):
            where = row.at if version is None else f"{row.at} {version.name}"
            for what, make in mutants(nested):
                yield f"{where} > {what}", partial(with_nested, table, index, version, make)
    used = {step for row in table.rows for path in paths(row) for step in path.split(".")}
    for name in sorted(used & table.slices.keys()):
        for what, other in wrong_slices(table, name):
            yield f"slice {name}: {what}", partial(with_slice, table, name, other)


def paths(row: Row) -> list[str]:
    """The path of a row, or both."""
    if row.at is None:
        return []
    return [row.at] if isinstance(row.at, str) else list(row.at.values())


def with_rows(table: Table[Any], index: int, rows: list[Row]) -> Table[Any]:
    """The table with other rows in the place of one."""
    return replace(table, rows=(*table.rows[:index], *rows, *table.rows[index + 1 :]))


def with_nested(table: Table[Any], index: int, version: Version | None, make: Callable[[], Table[Any]]) -> Table[Any]:
    """The table with another nested table in one row."""
    row = table.rows[index]
    return with_rows(table, index, [replace(row, codec=cell(row.codec, version, make()))])


def with_slice(table: Table[Any], name: str, other: Slice) -> Table[Any]:
    """The table with another slice of one name."""
    return replace(table, slices={**table.slices, name: other})


def wrong_rows(row: Row, table: Table[Any]) -> Iterator[tuple[str, list[Row]]]:
    """A row left out, at another path, with another codec."""
    yield f"{row.kind} {row.at or row.attr} dropped", []
    if row.kind == "local":
        return
    for version in (R4, R5):
        if not isinstance(row.at, str) or version is R4:  # one path for both is changed once
            path = row.at if isinstance(row.at, str) else row.at[version]
            for other in (*misspelt(path), *others(path, table)):
                yield f"{path} at {other}", [replace(row, at=cell(row.at, version, other))]
    if isinstance(row.at, Mapping):
        yield f"{row.at[R4]} R4 and R5 swapped", [replace(row, at={R4: row.at[R5], R5: row.at[R4]})]
    if row.kind == "const":
        yield f"{row.at} says something else", [replace(row, derive=lambda _: "Basic")]
        return
    if isinstance(row.codec, Mapping):
        yield f"{row.at} codecs swapped", [replace(row, codec={R4: row.codec[R5], R5: row.codec[R4]})]
    donors = [STRING, BOOLEAN, CONCEPT, *(one.codec for one in table.rows if one.codec is not None)]
    for version in (R4, R5) if isinstance(row.codec, Mapping) else (R4,):
        mine = row.codec[version] if isinstance(row.codec, Mapping) else row.codec
        for number, donor in enumerate(donors):
            other = donor[version] if isinstance(donor, Mapping) else donor
            if other is not mine:
                yield (
                    f"{row.at} {version.name} with codec {number}",
                    [replace(row, codec=cell(row.codec, version, other))],
                )


def cell(old: Any, version: Version | None, new: Any) -> Any:
    """A cell with another content, for one version or for all."""
    return {**old, version: new} if isinstance(old, Mapping) else new


def misspelt(path: str) -> list[str]:
    """`statusDatex`, `category:focusx`, `detailx[x]`; of siblings, each: `{statusx,end}`, `{status,endx}`."""
    above, dot, last = path.rpartition(".")
    if last[0] == "{":
        names = last[1:-1].split(",")
        return [f"{above}{dot}{{{','.join(n + 'x' * (n == one) for n in names)}}}" for one in names]
    return [f"{above}{dot}{last.removesuffix('[x]')}x{'[x]' * last.endswith('[x]')}"]


def others(path: str, table: Table[Any]) -> list[str]:
    """The same element elsewhere: a level higher, under another slice of the same list."""
    *above, last = path.split(".")
    found = [last] if above else [f"text.{last}"]
    steps = [*above, last]
    for position, step in enumerate(steps):
        key, colon, _ = step.partition(":")
        if colon:
            found += [
                ".".join((*steps[:position], name, *steps[position + 1 :]))
                for name in table.slices
                if name.partition(":")[0] == key and name != step
            ]
            found.append(".".join((*steps[:position], key, *steps[position + 1 :])))
    return found


def nested_tables(codec: Any) -> list[tuple[Version | None, Table[Any]]]:
    """The tables that stand for a codec, by version where they differ."""
    if isinstance(codec, Mapping):
        return [(version, one) for version, one in codec.items() if isinstance(one, Table)]
    return [(None, codec)] if isinstance(codec, Table) else []


def wrong_slices(table: Table[Any], name: str) -> Iterator[tuple[str, Any]]:
    """A slice that looks for something else, writes less, or takes what is another's."""
    its: Slice = chosen(table.slices[name], R4, goldens.NAMES)  # no slice differs by version
    yield "looks for more", replace(its, match={**its.match, "use": "old"})
    if its.match:
        yield "looks for nothing", replace(its, match={})
    if its.also:
        yield "writes nothing more", replace(its, also={})
    if its.unless:
        yield "takes others", replace(its, unless=())


def plain(node: Any) -> Any:
    """JSON to be compared: a number as it is spelt. Raises TypeError on what is no JSON, such as an Enum that looks like its code."""
    if node.__class__ is dict:
        return {key: plain(child) for key, child in node.items()}
    if node.__class__ is list:
        return [plain(child) for child in node]
    if node.__class__ in (int, Decimal):
        return dumps(node)
    if node.__class__ not in (str, bool, type(None)):
        raise TypeError(node.__class__)
    return node


def strangers(resource: Json) -> dict[str, list[Json]]:
    """What somebody else may have added to a resource's lists."""
    added = {**EVERYWHERE, **LISTS[resource["resourceType"]]}
    added["extension"] = [*added["extension"], *OF_OTHERS]
    return {key: elements for key, elements in added.items() if isinstance(resource.get(key, []), list)}


def with_strangers(resource: Json) -> Json:
    """The resource with all of that, also within its elements."""
    out = {**resource, **{key: [*resource.get(key, []), *added] for key, added in strangers(resource).items()}}
    if resource["resourceType"] == "Organization":  # in R5, somebody's address in the contact that has our telecoms
        out["contact"] = [{**one, "address": {"text": "theirs"}} if "telecom" in one else one for one in out["contact"]]
    if resource["resourceType"] == "CareTeam":  # in R4, another role before ours
        out["participant"] = [
            {**one, "role": [FOREIGN_CONCEPT, *one["role"]]} if isinstance(one.get("role"), list) else one
            for one in out["participant"]
        ]
    return out


def in_any_order(node: Any, leaving: frozenset[str] = frozenset()) -> Any:
    """JSON to be compared where it does not matter in which order things were added."""
    if isinstance(node, dict):
        return {key: in_any_order(node[key]) for key in sorted(node) if key not in leaving}
    return sorted(map(in_any_order, node), key=repr) if isinstance(node, list) else node


def edits_badly(lens: KindLens[Any], part: str, files: list[tuple[Record, Json]]) -> bool:
    """Whether a record that becomes another one, among strangers, is not what a new one is, and the strangers as they were.

    So too where the part was withdrawn and comes back, and everything in it is written again.
    """
    near = frozenset(row.at for row in lens.lenses[part].nearby)  # not written over what is there
    for (record, parts), (other, _) in zip(files, [*files[1:], *files[:1]], strict=True):
        edited = replaced(other, id=record.id)
        new, its = lens.put(edited), lens.kind.parts[part]
        if part not in new or part not in parts:
            continue
        for withdrawn in (False, True)[: 1 + bool(its.mark)]:
            there = imposed(its.mark, imposed(its.retired, parts[part])) if withdrawn else parts[part]
            base = goldens.full(lens, {**parts, part: {**there, **added(there)}})
            made = lens.put(edited, base, record)[part]
            expected = {**new[part], **added(new[part])}
            if plain(in_any_order(made, near)) != plain(in_any_order(expected, near)):
                return True
    return False


def added(resource: Json) -> Json:
    """A resource's lists with strangers."""
    out: Json = {key: [*more, *resource.get(key, [])] for key, more in strangers(resource).items()}
    context = resource.get("context")
    if isinstance(context, dict):  # of a DocumentReference in R4
        out["context"] = {**context, "encounter": [{"reference": "Encounter/9"}, *context["encounter"]]}
    return out


def survives(kind: Kind[Any], part: str, make: Callable[[], Table[Any]], name: str) -> bool:
    """Whether a table with a mistake can be built, writes every golden file, reads every one as its record, and edits well."""
    try:
        wrong = Kind(kind.record, **{**kind.parts, part: replace(kind.parts[part], table=make())})
        for version in (R4, R5):
            lens = goldens.lens_of(wrong, version)
            files = [(record, FILES[record.id, version]) for record in goldens.of_kind(name)]
            for record, expected in files:
                made = goldens.made(lens, record)
                if repr(plain(made)) != repr(plain(expected)):
                    return False
                if any(structure_faults(resource, version) for resource in made.values()):
                    return False
                among_others = {part: with_strangers(resource) for part, resource in expected.items()}
                for parts in (expected, among_others):
                    if repr(lens.get(goldens.full(lens, parts), record)) != repr(record):
                        return False
            if edits_badly(lens, part, files):
                return False
    except (TypeError, KeyError, AttributeError, ValueError, MappingError, Wrong):
        return False
    return True


FILES = {(record.id, version): goldens.golden(record, version) for record in goldens.RECORDS for version in (R4, R5)}
PARTS = [(name, part) for name, kind in KINDS.items() for part in kind.parts]


def test_the_real_tables_survive() -> None:
    for name, part in PARTS:
        table = KINDS[name].parts[part].table
        assert survives(KINDS[name], part, partial(replace, table), name), (name, part)


@pytest.mark.parametrize(("name", "part"), PARTS, ids=[part for _, part in PARTS])
def test_no_mutant_survives(name: str, part: str) -> None:
    kind = KINDS[name]
    all_of_them = dict(mutants(kind.parts[part].table))
    assert len(all_of_them) > 3 * len(kind.parts[part].table.rows)
    alive = {f"{name} {part} {what}" for what, make in all_of_them.items() if survives(kind, part, make, name)}
    assert alive == {what for what in SURVIVORS if what.startswith(f"{name} {part} ")}
