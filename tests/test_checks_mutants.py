"""Thousands of broken resources, offline: `check` says something of most, raises on none, and repeats no value."""

import pytest
from checking.compare import Said, bare, compared, heard
from checking.mutants import Mutant, mutants
from checking.sources import sources
from checking.spots import is_text, spots

from fhir_coaching.checks import check
from fhir_coaching.errors import ERROR
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, R5, Version

SEED = 20261125


def some(version: Version) -> list[Mutant]:
    """A few of those that the validation engine sees."""
    return list(mutants(sources(version), 1800, SEED))


def test_mutants_are_the_same_each_time() -> None:
    again = list(mutants(sources(R4), 200, SEED))
    assert [dumps(one.resource) for one in again] == [dumps(one.resource) for one in some(R4)[:200]]
    others = mutants(sources(R4), 200, SEED + 1)
    assert [dumps(one.resource) for one in again] != [dumps(one.resource) for one in others]


def test_sources_are_left_as_they_are() -> None:
    found = sources(R4)
    before = dumps(found)
    list(mutants(found, 500, SEED))
    assert dumps(found) == before


@pytest.mark.parametrize("version", [R4, R5])
def test_most_mutants_are_found_out(version: Version) -> None:
    broken = some(version)
    wrong = [one for one in broken if any(found.severity == ERROR for found in check(one.resource, version))]
    assert len(broken) / 2 < len(wrong) < len(broken)  # some changes leave a sound resource
    assert len({one.type for one in broken}) >= 15


@pytest.mark.parametrize("version", [R4, R5])
def test_no_finding_repeats_a_value(version: Version) -> None:
    broken, found = some(version), 0
    for mutant in broken:
        for spot in filter(is_text, list(spots(mutant.resource, ""))):
            spot.put(f"{spot.value}CANARY")
        problems = check(mutant.resource, version)
        found += len(problems)
        assert not any("CANARY" in f"{one.rule} {one.element} {one.message} {one.hint}" for one in problems)
    assert found > len(broken)


RESOURCE = {"a": [{"dueDuration": {"value": 1}, "_b": {"extension": [{"valueCode": "x"}]}}], "contained": [{"id": "p"}]}


@pytest.mark.parametrize(
    ("engine", "json"),
    [
        ("Goal.a[0].due.ofType(Duration).value", "a[0].dueDuration.value"),
        ("Goal.a[0].due[x].value", "a[0].dueDuration.value"),
        ("Goal.a[0].other[x]", "a[0].other[x]"),
        ("Goal.a[0].b.extension[0].value[x]", "a[0].b.extension[0].valueCode"),
        ("Goal.a[0].b.extension[0][url='x.y[0]']", "a[0].b.extension[0]"),
        ("Goal.contained[0]/*Patient/p*/.id", "contained[0].id"),
        ("Goal", ""),
        ("$", ""),
    ],
)
def test_places_of_the_engine_as_the_json_names_them(engine: str, json: str) -> None:
    assert heard("", engine, "wrong", RESOURCE).places[0] == json


def said(kind: str, *places: str) -> Said:
    """An error of one of the two."""
    return Said(kind, "", "", "", places)


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        (said("type", "a.b"), said("format", "a.b"), True),
        (said("type", "a.b[0]"), said("type", "a.b"), True),
        (said("type", "a.b[0].c"), said("type", "a.b[1].c"), False),
        (said("cardinality", "a"), said("unknown", "a.b"), True),
        (said("code", "a"), said("code", "a.b"), True),
        (said("code", "a"), said("format", "a.b"), False),
        (said("code", "a"), said("code", "a.b.c"), False),
        (said("unknown", "a", "a.b"), said("unknown", "a.b"), True),
        (said("cardinality", "", "value[x]"), said("cardinality", "valueCode"), True),
    ],
)
def test_what_counts_as_one_element(theirs: Said, ours: Said, *, same: bool) -> None:
    verdict = compared([theirs], [ours])
    assert [bool(verdict.caught), bool(verdict.missed), bool(verdict.false)] == [same, not same, not same]


def test_where_the_engine_fails_something_has_to_be_found() -> None:
    assert compared([said("engine", "")], [said("type", "a.b")]).caught
    assert compared([said("engine", "")], []).missed


def test_an_item_and_its_list_are_one_place() -> None:
    assert bare("a[0].b[1]") == bare("a[0].b") != bare("a[1].b")
