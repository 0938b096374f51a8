"""Lines and columns: every path of any JSON text points at its value, however it is spelt."""

import json
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.report.positions import Lines, Path, doubles, has_doubles, offsets

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=25
)
BLANKS = " ", "", "\n", "\r\n", "\t", "  \n "


def spelt(value: Any, chance: random.Random) -> str:
    """A value as JSON with white space wherever it may stand."""

    def blank() -> str:
        return chance.choice(BLANKS)

    def said(value: Any) -> str:
        if isinstance(value, dict):
            members = (f"{said(key)}{blank()}:{said(one)}" for key, one in value.items())
            return f"{blank()}{{{blank()}{','.join(members)}}}{blank()}"
        if isinstance(value, list):
            return f"{blank()}[{','.join(map(said, value))}{blank()}]{blank()}"
        return f"{blank()}{json.dumps(value, ensure_ascii=chance.random() < 0.5)}{blank()}"

    return said(value)


def every(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All paths of a value."""
    yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in members:
        yield from every(one, (*path, step))


@given(DOCUMENTS, st.randoms(use_true_random=False), st.data())
def test_every_path_points_at_its_value(document: Any, chance: random.Random, data: st.DataObject) -> None:
    text = spelt(document, chance)
    paths = dict(every(document))
    asked = data.draw(st.lists(st.sampled_from([*paths]), min_size=1, unique=True))
    found = offsets(text, [*asked, ("no", "such", 1), (99,)])
    assert found.keys() >= set(asked)
    for path in asked:
        assert json.JSONDecoder().raw_decode(text, found[path])[0] == paths[path]
        line, column = Lines(text).at(found[path])
        assert text.split("\n")[line - 1][column - 1 :] == text[found[path] :].split("\n")[0]
    assert not has_doubles(text)
    assert doubles(text) == []


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_what_is_not_there_has_no_place(document: Any, chance: random.Random) -> None:
    text = spelt(document, chance)
    there = {path for path, _ in every(document)}
    missing = {(*path, step) for path in there for step in ("zzzzzzz", 99)} - there
    assert offsets(text, missing) == {}


@given(st.dictionaries(TEXTS, DOCUMENTS, min_size=1, max_size=4), DOCUMENTS, st.randoms(use_true_random=False))
def test_of_a_key_that_stands_twice_the_last_counts(first: dict[str, Any], last: Any, chance: random.Random) -> None:
    key = next(iter(first))
    text = f'{{"a": [{spelt(first, chance).rstrip()[:-1]}, {json.dumps(key)}: {spelt(last, chance)}}}]}}'
    assert has_doubles(text)
    ((path, at),) = doubles(text)
    assert path == ("a", 0, key)
    assert json.JSONDecoder().raw_decode(text, at)[0] == key
    paths = [("a", 0, key, *path) for path, _ in every(last)]
    found = offsets(text, [*paths, *(("a", 0, key, *path) for path, _ in every(first[key]))])
    assert found.keys() == set(paths)
    assert all(at < found[one] for one in paths)


def test_a_key_three_times_and_within_each_other() -> None:
    text = '{"a": {"b": 1, "b": 2},\n "a": {"b": 3, "b": 4, "b": 5}}'
    assert [(path, Lines(text).at(at)) for path, at in doubles(text)] == [
        (("a", "b"), (1, 16)),
        (("a",), (2, 2)),
        (("a", "b"), (2, 16)),
        (("a", "b"), (2, 24)),
    ]
    assert text[offsets(text, [("a", "b")])["a", "b"]] == "5"


def test_a_number_is_no_key() -> None:
    assert offsets('[{"0": 1}, 2]', [(0, "0"), ("0",), (0, 0)]) == {(0, "0"): 7}


def test_what_parsers_stumble_over_is_stepped_over() -> None:
    text = f'{{"big": {"9" * 5000}, "half": "\\ud83d", "deep": {"[" * 90}{"]" * 90}, "last": true}}'
    assert text[offsets(text, [("last",)])["last",] :] == "true}"


def test_columns_count_characters_and_lines_may_begin_anywhere() -> None:
    text = '{"ä𝒳": 1,\r\n\t"b": 2}'
    found, lines = offsets(text, [("ä𝒳",), ("b",)]), Lines(text, first=17)
    assert (lines.at(found["ä𝒳",]), lines.at(found["b",])) == ((17, 8), (18, 7))
