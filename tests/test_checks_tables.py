"""The tables of the checks: where they come from, what they weigh, and how codes are counted out for them."""

import gzip
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from definitions import FOLDER, RESOURCES, write
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks.profiles.expansion import Expansion
from fhir_coaching.checks.profiles.guides import shipped
from fhir_coaching.checks.tables import table
from fhir_coaching.fhir.gate import model
from fhir_coaching.fhir.json import loads
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS

Json = dict[str, Any]

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


@versions
def test_the_tables_say_where_they_come_from(version: Version) -> None:
    its = table(version)
    number = {R4: "4.0.1", R5: "5.0.0"}[version]
    assert its["version"] == number
    assert its["licence"] == ["CC0-1.0"]
    assert its["source"][0] == f"hl7.fhir.{version.name.lower()}.core#{number}"


def test_they_are_small_and_hold_no_date() -> None:
    packed = [path.read_bytes() for path in sorted(FOLDER.iterdir())]
    assert len(packed) == 12 + len(shipped())
    assert sum(map(len, packed)) < 500_000
    assert {one[4:8] for one in packed} == {bytes(4)}  # the time of a gzip member (RFC 1952, 2.3.1)


def test_they_lie_in_the_package() -> None:
    assert {one.name for one in files("fhir_coaching.checks").joinpath("definitions").iterdir()} == {
        path.name for path in FOLDER.iterdir()
    }


@versions
def test_every_type_that_is_sent_is_in_them(version: Version) -> None:
    sent = {part.table.type for kind in KINDS.values() for part in kind.parts.values()}
    assert sent <= set(RESOURCES) <= set(table(version)["types"]) & set(table(version)["resources"])


@versions
def test_every_type_that_is_named_is_in_them_or_primitive(version: Version) -> None:
    types = table(version)["types"]
    named = {its for of in types.values() for element in of["elements"].values() for _, its, _ in element["types"]}
    assert {name for name in named - set(types) if name[0].isupper()} == {"Resource"}


@versions
@pytest.mark.parametrize("type_", RESOURCES)
def test_elements_are_those_of_another_implementation(version: Version, type_: str) -> None:
    others = model(type_, version).model_fields
    theirs = {(field.alias or name) for name, field in others.items()} - {
        "resourceType",
        "resource_type",
        "fhir_comments",
    }
    ours = {
        name.replace("[x]", its[0][0].upper() + its[0][1:]) if "[x]" in name else name
        for name, element in table(version)["types"][type_]["elements"].items()
        for its in element["types"]
    }
    assert {name for name in theirs if name[0] != "_"} == ours


def test_nothing_is_read_before_it_is_asked_for() -> None:
    program = "import fhir_coaching.checks, fhir_coaching.checks.tables as t; print(t.table.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0"


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a.json.gz", {"b": "é", "a": 1})
    write(tmp_path / "b.json.gz", {"a": 1, "b": "é"})
    one, other = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert one == other
    assert loads(gzip.decompress(one)) == {"a": 1, "b": "é"}
    assert capsys.readouterr().out.count("packed") == 2


SYSTEM, PART = "https://practice.example/codes", "https://practice.example/part"


def expansion(*includes: Json, **more: Any) -> Expansion:
    """A made-up value set, `made`, over a made-up system: a over b over c; d, of another colour; e, under a too."""
    system = {
        "resourceType": "CodeSystem",
        "url": SYSTEM,
        "content": "complete",
        "concept": [
            {"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]}]},
            {"code": "d", "property": [{"code": "colour", "valueCode": "red"}]},
            {"code": "e", "property": [{"code": "subsumedBy", "valueCode": "a"}]},
        ],
    }
    part = {"resourceType": "CodeSystem", "url": PART, "content": "fragment", "concept": [{"code": "x"}]}
    sets = {
        "made": {"include": list(includes), **more},
        "few": {"include": [{"system": SYSTEM, "concept": [{"code": "b"}]}]},
        "open": {"include": [{"system": SYSTEM, "concept": [{"code": "b"}]}, {"system": PART}]},
        "itself": {"include": [{"valueSet": ["itself"]}]},
    }
    values = [{"resourceType": "ValueSet", "url": url, "compose": compose} for url, compose in sets.items()]
    return Expansion([system, part, *values])


def filtered(property_: str, operator: str, value: str) -> Json:
    return {"system": SYSTEM, "filter": [{"property": property_, "op": operator, "value": value}]}


@pytest.mark.parametrize(
    ("include", "codes"),
    [
        ({"system": SYSTEM}, "abcde"),
        ({"system": SYSTEM + "|1.0"}, "abcde"),
        ({"system": SYSTEM, "concept": [{"code": "d"}]}, "d"),
        (filtered("concept", "is-a", "a"), "abce"),
        (filtered("concept", "descendent-of", "a"), "bce"),
        (filtered("colour", "=", "red"), "d"),
        ({"valueSet": ["few"]}, "b"),
        (filtered("concept", "is-a", "a") | {"valueSet": ["few|1.0"]}, "b"),
    ],
)
def test_codes_are_counted_out(include: Json, codes: str) -> None:
    its = expansion(include)
    assert its.codes("made|1.0") == its.content("made") == {SYSTEM: set(codes)}


def test_what_is_excluded_is_not_counted() -> None:
    assert expansion({"system": SYSTEM}, exclude=[{"valueSet": ["few"]}]).codes("made") == {SYSTEM: set("acde")}


ONE: Json = {"system": SYSTEM, "concept": [{"code": "d"}]}
ALL: Json = {"system": SYSTEM}

# What a value set takes in and leaves out, and what is known of it: the codes of each system, None where it is open.
IN_PART: dict[str, tuple[list[Json], list[Json], dict[str, set[str] | None]]] = {
    "a system that is not at hand": ([ONE, {"system": "urn:ietf:bcp:47"}], [], {SYSTEM: {"d"}, "urn:ietf:bcp:47": None}),
    "one that is there in part": ([ONE, {"system": PART}], [], {SYSTEM: {"d"}, PART: None}),
    "codes of an open system, listed": ([{"system": PART, "concept": [{"code": "x"}]}], [], {PART: {"x"}}),
    "an unknown filter": ([filtered("concept", "regex", "a.*")], [], {SYSTEM: None}),
    "a property that goes without saying": ([filtered("notSelectable", "=", "false")], [], {SYSTEM: None}),
    "listed and open": ([ONE, filtered("concept", "regex", "a.*")], [], {SYSTEM: None}),
    "a value set that is open in part": ([{"valueSet": ["open"]}], [], {SYSTEM: {"b"}, PART: None}),
    "what is in two, one of them open": ([{"system": PART, "valueSet": ["open"]}], [], {PART: None}),
    "what is in two, one of them missing": ([{"valueSet": ["few", "missing"]}], [], {SYSTEM: None}),
    "a system's, as far as a missing one has them": ([ALL | {"valueSet": ["missing"]}], [], {SYSTEM: None}),
    "less what is open": ([ALL, {"system": PART}], [{"system": PART}], {SYSTEM: set("abcde"), PART: None}),
    "less some of what is open": ([ONE, {"system": PART}], [{"valueSet": ["few"]}], {SYSTEM: {"d"}, PART: None}),
    "less an unknown part": ([ALL], [filtered("concept", "regex", "a.*")], {SYSTEM: None}),
    "less what is missing": ([ALL, {"system": PART}], [{"valueSet": ["missing"]}], {SYSTEM: None, PART: None}),
    "less all of a system": ([ALL, {"system": PART}], [ALL], {PART: None}),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PART)
def test_what_cannot_be_counted_out_is_open(name: str) -> None:
    includes, excludes, known = IN_PART[name]
    its = expansion(*includes, exclude=excludes)
    assert its.content("made|1.0") == known
    assert its.codes("made") == (known if None not in known.values() else None)


@pytest.mark.parametrize("include", [{"valueSet": ["missing"]}, {"valueSet": ["itself"]}, {}])
def test_of_a_value_set_that_draws_on_a_missing_one_nothing_is_known(include: Json) -> None:
    its = expansion({"system": SYSTEM}, include)
    assert its.content("made") is its.codes("made") is None


def test_of_a_value_set_that_is_empty_or_missing_nothing_is_known() -> None:
    its = expansion(ONE, exclude=[ONE])
    assert its.content("made") is its.content("missing") is its.codes("made") is None


PARTS = st.builds(
    lambda system, sets: system | ({"valueSet": sets} if sets else {}),
    st.sampled_from([{}, ALL, ONE, {"system": PART}, filtered("concept", "is-a", "a"), filtered("concept", "regex", "a.*")]),
    st.lists(st.sampled_from(["few", "open", "missing", "itself"]), max_size=2),
)  # fmt: skip
EVERY = {(system, code) for system in (SYSTEM, PART, "urn:other") for code in "abcdexy"}
SOME = st.sets(st.sampled_from(sorted(EVERY)))


@given(
    includes=st.lists(PARTS, min_size=1, max_size=3),
    excludes=st.lists(PARTS, max_size=2),
    part=SOME,
    matching=SOME,
    missing=SOME,
)
def test_whatever_is_not_at_hand_holds_what_is_known_is_so(
    includes: list[Json], excludes: list[Json], part: Any, matching: Any, missing: Any
) -> None:
    """One of the worlds that there may be: what the open system has, what the filter lets through, what the missing set holds."""
    of_system = {one for one in EVERY if one[0] == SYSTEM and one[1] in "abcde"}
    of_part = {one for one in part if one[0] == PART}
    few = {(SYSTEM, "b")}
    sets = {"few": few, "open": few | of_part, "missing": missing, "itself": missing}

    def held(parts: list[Json]) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for one in parts:
            which = one["filter"][0]["op"] if "filter" in one else "concept" if "concept" in one else one.get("system")
            systems = {SYSTEM: of_system, PART: of_part, "concept": {(SYSTEM, "d")}, "regex": of_system & matching,
                       "is-a": {(SYSTEM, code) for code in "abce"}}  # fmt: skip
            its = [systems[which]] if which else []
            its += [sets[url] for url in one.get("valueSet", ())]
            found |= set.intersection(*its) if its else set()
        return found

    content = expansion(*includes, exclude=excludes).content("made")
    if content is None:
        return
    there = held(includes) - held(excludes)
    assert {(system, code) for system, codes in content.items() for code in codes or ()} <= there
    assert all(content[system] is None or code in (content[system] or ()) for system, code in there)
