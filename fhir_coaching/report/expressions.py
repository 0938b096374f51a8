"""Where a finding is, as an OperationOutcome says it: `Patient.birthDate.extension[0].value`, not the keys of the JSON.

The simple subset of FHIRPath: names of elements, indices and the default child accessor alone, so that a choice is its stem
(https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression, fhirpath.html#simple).
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from fhir_coaching.checks.tables import json_key, table
from fhir_coaching.versions import Json, Version


class _Element(NamedTuple):
    name: str  # without its type: `value`
    tables: frozenset[str]  # of what may be in it


def simple(at: str, version: Version) -> str:
    """A path of JSON names as such an expression; nothing where it leads to no element."""
    first, *steps = (at if at.rpartition(".")[2] != "resourceType" else at.rpartition(".")[0]).split(".")
    known = _tables(version)
    said, around = [first], frozenset({first} & known.keys() or known)
    for step in steps:
        name, bracket, index = step.removeprefix("_").removesuffix("[x]").partition("[")
        element = _named(name, around, version)
        said.append(f"{element.name}{bracket}{index}")
        around = element.tables
    return ".".join(said)


def _named(name: str, around: frozenset[str], version: Version) -> _Element:
    """The element with this key in what may be one of several types; what none of them has keeps its name, as any type."""
    known = _tables(version)
    found = [known[one][name] for one in around if name in known[one]]
    plain = [one for one in found if one.name == name]  # `effectivePeriod` of a resource that has no effective[x]
    found = plain or found or [_Element(name, frozenset(known))]
    return _Element(found[0].name, frozenset().union(*(one.tables for one in found)))


@cache
def _tables(version: Version) -> Mapping[str, Mapping[str, _Element]]:
    """The elements of each type by their keys, and by the stems of choices."""
    types = table(version)["types"]
    resources = frozenset(name for name, its in types.items() if its["kind"] == "resource")
    below = {"Resource": resources} | {name: frozenset({name}) for name in types}
    return {name: dict(_elements(its, below)) for name, its in types.items()}


def _elements(its: Json, below: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, _Element]]:
    for name, about in its["elements"].items():
        stem = name.removesuffix("[x]")
        tables = {code: below.get(inner, frozenset({"Element"})) for code, inner, _ in about["types"]}
        yield stem, _Element(stem, frozenset().union(*tables.values()))
        if stem != name:
            yield from ((json_key(name, code), _Element(stem, one)) for code, one in tables.items())
