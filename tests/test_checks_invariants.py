"""Each constraint has a resource that keeps it and one that breaks it; the list is that of the official packages."""

import json
import tarfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from constraint_builders import Example, Json, kilograms
from constraint_examples import EXAMPLES
from hypothesis import given
from hypothesis import strategies as st
from servers import Validator
from servers.launchers import guides
from servers.process import cache

from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.lens import R4, R5, Version

TYPES = [
    "Goal",
    "Encounter",
    "CarePlan",
    "Claim",
    "Patient",
    "RelatedPerson",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "Coverage",
    "Condition",
    "ServiceRequest",
    "Appointment",
    "EpisodeOfCare",
    "CareTeam",
    "Procedure",
    "DocumentReference",
    "Bundle",
    "Observation",
    "Provenance",
    "QuestionnaireResponse",
]
PROFILES = {"SimpleQuantity", "MoneyQuantity"}  # of the base itself: elements name them as their types
WITHOUT = {
    "dom-6": "best practice, which next to nobody follows",
    "txt-1": "in narrative",
    "txt-2": "in narrative",
    "ratrng-2": "its expression asks an amount for a primitive's value, so that it always holds",
}
# Where the engine says another thing than the text, and the function keeps to the text.
NOT_SO_IN_THE_ENGINE = {
    ("con-3", R4): "the engine has another expression in its place",
    ("ele-1", R4): "the engine takes an id for content",
    ("ele-1", R5): "the engine takes an id for content",
}
# What the engine calls a constraint that it does not leave to its expression.
NATIVE = {"CONTAINED_ORPHAN_DOM3": "dom-3"}


def held(id_: str, version: Version, node: Any, root: Any) -> bool:
    return INVARIANTS[id_].holds(node, Context(version, root, root))


ROWS = [
    pytest.param(version, one, id=f"{one.id}-{version.name}-{number}")
    for number, one in enumerate(EXAMPLES)
    for version in one.versions
]


@pytest.mark.parametrize(("version", "one"), ROWS)
def test_a_constraint_holds_where_what_it_is_about_is_missing(version: Version, one: Example) -> None:
    about = INVARIANTS[one.id].about
    for resource in (one.keeps, one.breaks):
        node = {name: value for name, value in one.node(resource).items() if name.removeprefix("_") != about}
        assert not about or INVARIANTS[one.id].holds(node, Context(version, resource, resource))


@pytest.mark.parametrize(("version", "one"), ROWS)
def test_kept_and_broken(version: Version, one: Example) -> None:
    for resource, kept in ((one.keeps, True), (one.breaks, False)):
        node = one.node(resource)
        inside = one.at[0] == "contained" if one.at else False
        context = Context(version, resource, resource["contained"][0] if inside else resource)
        assert INVARIANTS[one.id].holds(node, context) is kept


def test_every_constraint_has_an_example() -> None:
    assert {one.id for one in EXAMPLES} == set(INVARIANTS)


def packaged(version: Version) -> dict[str, Json]:
    """The base's definitions of types, from the official package; skips where that is not."""
    if version is R4:
        folder = guides()
        path = (folder or Path()) / "hl7.fhir.r4.core-4.0.1-definitions.tgz"
        if not path.is_file():
            pytest.skip(f"no {path.name}: set ORACLE_IGS to its folder")
        with tarfile.open(path) as package:
            names = ("package/profiles-resources.json", "package/profiles-types.json")
            files = [json.load(file) for name in names if (file := package.extractfile(name))]
        found = [entry["resource"] for file in files for entry in file["entry"]]
    else:
        folder = cache() / "validator-8.8.1" / "cache" / "hl7.fhir.r5.core-5.0.0" / "package"
        found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("StructureDefinition-*.json"))]
        if not found:
            pytest.skip("no hl7.fhir.r5.core-5.0.0: `make test-servers` unpacks it")
    return {
        one["id"]: one
        for one in found
        if one["resourceType"] == "StructureDefinition"
        and (one.get("derivation") != "constraint" or one["id"] in PROFILES)
    }


def constraints(known: dict[str, Json]) -> Iterator[str]:
    """The ids of all constraints of our types and of what they are made of."""
    left, seen = list(TYPES), set[str]()
    while left:
        name = left.pop()
        if name in seen or name not in known:
            continue
        seen.add(name)
        left.append(known[name].get("baseDefinition", "").rpartition("/")[2])
        for element in known[name]["snapshot"]["element"]:
            for kind in element.get("type", []):
                left += [kind["code"], *(profile.rpartition("/")[2] for profile in kind.get("profile", []))]
            yield from (one["key"] for one in element.get("constraint", []))


@pytest.mark.parametrize("version", [R4, R5])
def test_the_list_is_that_of_the_package(version: Version) -> None:
    known = packaged(version)
    anywhere = {name for name in known if known[name]["kind"] == "resource" and name not in TYPES}
    for name in anywhere - {"Resource", "DomainResource"}:
        del known[name]  # what a Bundle or `contained` may hold is no part of it
    expected = set(constraints(known)) - set(WITHOUT)
    assert {one.id for one in EXAMPLES if version in one.versions} == expected


@pytest.mark.servers
@pytest.mark.parametrize("version", [R4, R5])
def test_the_engine_agrees(validator: Validator, version: Version) -> None:
    rows = [one for one in EXAMPLES if version in one.versions and (one.id, version) not in NOT_SO_IN_THE_ENGINE]
    resources = [{**made, "id": "synthetic"} for one in rows for made in (one.keeps, one.breaks)]
    reports = validator.validate(resources, r5=version is R5)
    rules = [[str(found.get("rule")) for found in one["errors"] + one["warnings"]] for one in reports]
    said = [{NATIVE.get(rule, rule.rpartition("#")[2]) for rule in of_one} for of_one in rules]
    wrong = [
        (number, one.id, one.id in kept, one.id in broken)
        for number, (one, kept, broken) in enumerate(zip(rows, said[::2], said[1::2], strict=True))
        if (one.id in kept, one.id in broken) != (False, True)
    ]
    assert wrong == []


# start, end, whether R4 and whether R5 lets them stand: what the official engine said (6.7.9, 2026-11), asked again below.
PERIODS = [
    ("2026", "2026-03", False, True),
    ("2026-03", "2026", False, True),
    ("2026", "2026", True, True),
    ("2026-04", "2026-03", False, True),
    ("2027", "2026-03", False, False),
    ("2026-03-31", "2026-03", False, True),
    ("2026-03-01", "2026-03-01T10:00:00Z", False, True),
    ("2026-03-01T10:00:00Z", "2026-03-01", False, True),
    ("2026-03-01", "2026-03-02T10:00:00Z", True, True),
    ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00+02:00", False, False),
    ("2026-03-01T10:00:00+02:00", "2026-03-01T09:00:00Z", True, True),
    ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00.5Z", True, True),
    ("2026-03-01T10:00:00.5Z", "2026-03-01T10:00:00Z", False, True),
    ("2026-03-01T10:00:00.55Z", "2026-03-01T10:00:00.5Z", False, False),
    ("2026-03-01", "2026-03-01T23:30:00-05:00", True, True),
    ("2026-03-02", "2026-03-02T10:00:00+14:00", False, True),
    ("2026-03-02", "2026-03-02T23:00:00-12:00", True, True),
    ("2026-03-01T23:00:00-12:00", "2026-03-02", False, True),
    ("2026-03-02T11:59:59Z", "2026-03-01", False, True),
    ("2026-03-02T12:00:00Z", "2026-03-01", False, False),
    ("2026-12", "2026-11-30T12:00:00Z", False, True),
]  # fmt: skip
OF_UCUM, PLAIN, OWN = (
    kilograms(1),
    {"value": 2, "unit": "kg"},
    {"system": "http://synthetic.example/units", "code": "a"},
)
RANGES: list[tuple[Json, Json, bool, bool]] = [
    ({"value": 1}, {"value": 2}, True, True),
    ({"value": 10}, {"value": 9}, False, True),
    (PLAIN, {**PLAIN, "value": 1}, False, True),
    ({"value": 1, "unit": "kg"}, {"value": 2, "unit": "g"}, False, True),
    ({"value": 1}, PLAIN, False, True),
    (OF_UCUM, PLAIN, True, True),
    (OF_UCUM, {"value": 2}, False, True),
    (kilograms(2), kilograms(1), False, True),
    (kilograms(3), kilograms(1), False, False),
    (kilograms(2.5), kilograms(2.4), False, True),
    (kilograms(2.5), kilograms(2.3), False, False),
    (kilograms(1), {**kilograms(2), "unit": "kilogram"}, True, True),
    ({"value": 1, "unit": "kilo"} | OWN, {"value": 2, "unit": "kilo"} | OWN, True, True),
    ({"value": 9, "unit": "kilo"} | OWN, {"value": 2, "unit": "kilo"} | OWN, False, False),
    ({"unit": "kg"}, PLAIN, False, True),
]  # fmt: skip


@pytest.mark.parametrize(("start", "end", "in_r4", "in_r5"), PERIODS)
def test_periods(start: str, end: str, in_r4: bool, in_r5: bool) -> None:  # noqa: FBT001 - columns
    period = {"start": start, "end": end}
    assert [held("per-1", version, period, {}) for version in (R4, R5)] == [in_r4, in_r5]


@pytest.mark.parametrize(("low", "high", "in_r4", "in_r5"), RANGES)
def test_ranges(low: Json, high: Json, in_r4: bool, in_r5: bool) -> None:  # noqa: FBT001 - columns
    found = {"low": low, "high": high}
    assert [held("rng-2", version, found, {}) for version in (R4, R5)] == [in_r4, in_r5]


@pytest.mark.servers
@pytest.mark.parametrize("version", [R4, R5])
def test_the_engine_compares_so(validator: Validator, version: Version) -> None:
    rows: list[tuple[str, str, Any, bool]] = [
        ("per-1", "valuePeriod", {"start": start, "end": end}, in_r4 if version is R4 else in_r5)
        for start, end, in_r4, in_r5 in PERIODS
    ]
    rows += [
        ("rng-2", "valueRange", {"low": low, "high": high}, in_r4 if version is R4 else in_r5)
        for low, high, in_r4, in_r5 in RANGES
    ]
    base = next(one.keeps for one in EXAMPLES if one.id == "gol-1")
    resources = [
        {**base, "extension": [{"url": "http://synthetic.example/value", name: value}]} for _, name, value, _ in rows
    ]
    reports = validator.validate(resources, r5=version is R5)
    said = [
        not any(str(one.get("rule")).endswith("#" + row[0]) for one in report["errors"])
        for row, report in zip(rows, reports, strict=True)
    ]
    assert [row for row, found in zip(rows, said, strict=True) if row[3] is not found] == []


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from names(one)


NAMES = sorted({name for one in EXAMPLES for made in (one.keeps, one.breaks) for name in names(made)})
DATES = ["2026", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-12:00", "0000", "2026-13"]
STRINGS = ["", "#", "#a", "Patient", "Group", "history", "document", *DATES]
NUMBERS = [0, -1, 10**4000, 1e308, float("inf"), float("nan"), Decimal("1E+999999999"), Decimal("-1E-999999999"), True]
ANY = st.recursive(
    st.sampled_from([None, *STRINGS, *NUMBERS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=30,
)


@given(node=ANY, root=ANY, version=st.sampled_from([R4, R5]))
def test_total(node: Any, root: Any, version: Version) -> None:
    context = Context(version, root, root)
    assert {type(one.holds(node, context)) for one in INVARIANTS.values()} == {bool}


@pytest.mark.parametrize(("version", "one"), ROWS)
def test_total_on_what_is_nearly_right(version: Version, one: Example) -> None:
    """Every value of the example in the wrong shape, one at a time."""
    for made in (one.keeps, one.breaks):
        node = one.node(made)
        for name, found in node.items():
            shapes: tuple[Any, ...] = (
                None,
                1,
                "a",
                True,
                [],
                {},
                [1],
                ["a"],
                [[]],
                {"reference": 1},
                [found],
                {"a": found},
            )
            for wrong in shapes:
                assert INVARIANTS[one.id].holds({**node, name: wrong}, Context(version, made, made)) in {True, False}


def test_amounts_out_of_reach() -> None:
    far = {**kilograms(1), "value": Decimal("1E+999999999")}
    assert held("rng-2", R5, {"low": far, "high": {**far, "value": Decimal("2E+999999999")}}, {})
