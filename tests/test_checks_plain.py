"""Nearly all extensions are checked in a short way, which says what the long one says; which are not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checking.made_up import GOAL
from checking.packages import PROFILES, guide, profile
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.profiles.extensions import known
from fhir_coaching.checks.profiles.library import Library, defined
from fhir_coaching.checks.profiles.plain import plain
from fhir_coaching.checks.profiles.structure import Structure
from fhir_coaching.checks.walk import Walk
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])

VALUES = [
    "unknown", "x", "", 1, 0, True, None, [], {}, "2026-01-01", {"text": "made up"}, {"reference": "Goal/1"}, {"reference": "Patient/1"},
    {"coding": [{"system": "urn:x:y", "code": "a"}]}, {"system": "http://unitsofmeasure.org", "code": "min", "value": 1}, {"start": "2026"},
]  # fmt: skip


def definitions(version: Version) -> list[Structure]:
    its = (library.structure(url) for library in defined(version) for url in library.own.profiles)
    return [one for one in its if one]


def keys(version: Version) -> list[str]:
    types = compiler(version).tables["Extension"]["elements"]["value[x]"]["types"]
    return ["value" + code[0].upper() + code[1:] for code, _, _ in types]


def nodes(version: Version) -> st.SearchStrategy[tuple[Structure, Json]]:
    """An extension as its definition has it or nearly so."""
    every = keys(version)

    @st.composite
    def made(draw: st.DrawFn) -> tuple[Structure, Json]:
        structure = draw(st.sampled_from(definitions(version)))
        simply = plain(structure)
        likely = [*simply.values] if simply else every

        def valued(url: Any, keys: list[str]) -> Json:
            return {"url": url, draw(st.sampled_from(keys or every)): draw(st.sampled_from(VALUES))}

        if not (simply and simply.parts):
            return structure, valued(structure.url, likely)
        urls = [*simply.parts, *draw(st.lists(st.sampled_from([*simply.parts, "more"]), max_size=1))]
        left = [url for url in urls if draw(st.integers(0, 9)) != 0]
        return structure, {
            "url": structure.url,
            "extension": [valued(url, [*simply.parts[url].values] if url in simply.parts else every) for url in left],
        }

    return made()


def said(structure: Structure, node: Json, version: Version, *, short: bool) -> Iterator[str]:
    walk = Walk(version, GOAL)
    known(version).ask((structure, plain(structure) if short else None), node, "Goal.extension[0]", walk)
    return map(str, walk.out)


@pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
@settings(deadline=None)
@given(data=st.data())
def test_the_short_way_says_what_the_long_one_says(version: Version, data: st.DataObject) -> None:
    structure, node = data.draw(nodes(version))
    assert sorted(said(structure, node, version, short=True)) == sorted(said(structure, node, version, short=False))


def part(**asks: Any) -> dict[str, Json]:
    """The elements of an extension with a part."""
    return {
        "extension": {"slicing": {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}},
        "extension:one": {"max": "1", **asks},
        "extension:one.url": {"fixedUri": "one"},
        "extension:one.value[x]": {"min": 1, "type": [{"code": "code"}]},
        "value[x]": {"max": "0"},
    }


CODE = {"value[x]": {"min": 1, "type": [{"code": "code"}]}}
LONG_WAY: dict[str, dict[str, Json]] = {
    "with a constraint": {
        **CODE,
        "value[x]": {"constraint": [{"key": "x-1", "severity": "error", "expression": "true"}]},
    },
    "with a constraint on it all": {
        "": {"constraint": [{"key": "x-1", "severity": "error", "expression": "true"}]},
        **CODE,
    },
    "with a profile": {"value[x]": {"type": [{"code": "Identifier", "profile": [PROFILES + "other"]}]}},
    "with an id": {**CODE, "id": {"min": 1}},
    "with something in its value": {"value[x]": {"type": [{"code": "Coding"}]}, "value[x].system": {"min": 1}},
    "with two of a part": part(max="2"),
    "with two of a part at least": part(min=2, max="*"),
    "with parts in an order": {**part(), "extension": {"slicing": {**part()["extension"]["slicing"], "ordered": True}}},
    "with more than its parts": {**part(), "extension": {**part()["extension"], "min": 3}},
    "with two parts of one name": {
        **part(),
        "extension:two.url": {"fixedUri": "one"},
        "extension:two.value[x]": {"min": 1, "type": [{"code": "string"}]},
    },
    "with parts in a part": {**part(), "extension:one.value[x]": {"max": "0"}, "extension:one.extension": {"min": 1}},
    "with a value beside its parts": {**part(), "value[x]": {"type": [{"code": "code"}]}},
    "with a few parts": {**part(), "extension": {**part()["extension"], "max": "3"}},
}


@pytest.mark.parametrize("case", LONG_WAY)
def test_any_other_goes_the_long_way(case: str, tmp_path: Path) -> None:
    made = profile("made-up", "Extension", {"url": {"fixedUri": PROFILES + "made-up"}, **LONG_WAY[case]})
    structure = Library(guide(tmp_path, made, profile("other", "Identifier", {}))).structure(made["url"])
    assert structure is not None
    assert plain(structure) is None


def test_one_that_builds_on_what_is_not_at_hand_goes_the_long_way(tmp_path: Path) -> None:
    made = profile("made-up", "Extension", {"url": {"fixedUri": PROFILES + "made-up"}, **CODE})
    structure = Library(guide(tmp_path, made | {"baseDefinition": PROFILES + "nowhere"})).structure(made["url"])
    assert structure is not None
    assert (structure.missing, plain(structure)) == (PROFILES + "nowhere", None)


@versions
def test_most_go_the_short_way(version: Version) -> None:
    every = definitions(version)
    assert len(every) > 500
    assert sum(plain(one) is not None for one in every) / len(every) > 0.8
