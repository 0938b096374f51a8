"""The tables of the checks: where they come from, what they weigh, and how codes are counted out for them."""

import gzip
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from definitions import FOLDER, RESOURCES, write

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
    assert len(packed) == 7 + len(shipped())
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


SYSTEM = "https://practice.example/codes"


def expansion(*includes: Json, **more: Any) -> dict[str, set[str]] | None:
    """The codes of a made-up value set over a made-up system: a over b over c; d, of another colour; e, under a too."""
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
    part = {"resourceType": "CodeSystem", "url": SYSTEM + "-part", "content": "fragment", "concept": [{"code": "x"}]}
    few = {
        "resourceType": "ValueSet",
        "url": "few",
        "compose": {"include": [{"system": SYSTEM, "concept": [{"code": "b"}]}]},
    }
    made = {"resourceType": "ValueSet", "url": "made", "compose": {"include": list(includes), **more}}
    itself = {"resourceType": "ValueSet", "url": "itself", "compose": {"include": [{"valueSet": ["itself"]}]}}
    return Expansion([system, part, few, made, itself]).codes("made|1.0")


def filtered(property_: str, operator: str, value: str) -> Json:
    return {"system": SYSTEM, "filter": [{"property": property_, "op": operator, "value": value}]}


@pytest.mark.parametrize(
    ("include", "codes"),
    [
        ({"system": SYSTEM}, "abcde"),
        ({"system": SYSTEM, "concept": [{"code": "d"}]}, "d"),
        (filtered("concept", "is-a", "a"), "abce"),
        (filtered("concept", "descendent-of", "a"), "bce"),
        (filtered("colour", "=", "red"), "d"),
        ({"valueSet": ["few"]}, "b"),
        (filtered("concept", "is-a", "a") | {"valueSet": ["few|1.0"]}, "b"),
    ],
)
def test_codes_are_counted_out(include: Json, codes: str) -> None:
    assert expansion(include) == {SYSTEM: set(codes)}


def test_what_is_excluded_is_not_counted() -> None:
    assert expansion({"system": SYSTEM}, exclude=[{"valueSet": ["few"]}]) == {SYSTEM: set("acde")}


@pytest.mark.parametrize(
    "include",
    [
        {"system": "urn:ietf:bcp:47"},
        {"system": SYSTEM + "-part"},
        filtered("concept", "regex", "a.*"),
        {"valueSet": ["missing"]},
        {"valueSet": ["itself"]},
    ],
)
def test_an_open_value_set_cannot_be_counted_out(include: Json) -> None:
    assert expansion({"system": SYSTEM}, include) is None
