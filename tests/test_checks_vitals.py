"""Vital signs: an Observation with the code of one is held to FHIR's own profile of it."""

from typing import Any

import pytest
from checking.vital_signs import SIGNS, WEIGHT, amount, loinc, sign

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.checks.tables import packed
from fhir_coaching.checks.vitals import PROFILES
from fhir_coaching.errors import ERROR
from fhir_coaching.fhir.systems import HL7
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def wrong(resource: Any, version: Version = R4) -> list[tuple[str, str]]:
    return [(one.rule, one.element) for one in check(resource, version) if one.severity == ERROR]


@versions
@pytest.mark.parametrize("number", range(len(SIGNS)))
def test_a_sound_one(number: int, version: Version) -> None:
    assert wrong(SIGNS[number], version) == []


def without(key: str) -> Json:
    return {name: its for name, its in WEIGHT.items() if name != key}


BROKEN: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    "without a category": (
        without("category"), [("cardinality", "Observation.category"), ("slice", "Observation.category")],
    ),
    "of nobody": (without("subject"), [("cardinality", "Observation.subject")]),
    "at no time": (without("effectiveDateTime"), [("cardinality", "Observation.effective")]),
    "in another unit": (sign("29463-7", **amount(80, "st")), [("code", "Observation.valueQuantity.code")]),
    "by another code": (sign("3141-9", **amount(80, "kg")), [("slice", "Observation.code.coding")]),
    "by a code of SNOMED CT": (
        {**WEIGHT, "code": {"coding": [{"system": "http://snomed.info/sct", "code": "424927000"}]}},
        [("slice", "Observation.code.coding")],
    ),
    "half a blood pressure": (
        sign("85354-9", component=[{"code": loinc("8480-6"), **amount(120, "mm[Hg]")}]),
        [("cardinality", "Observation.component"), ("slice", "Observation.component")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_one(case: str) -> None:
    resource, expected = BROKEN[case]
    found = wrong(resource)
    assert [one for one in found if one in expected] == expected
    assert {rule for rule, _ in found} == {rule for rule, _ in expected}


@versions
def test_it_is_told_who_asks(version: Version) -> None:
    (one, *_) = [one for one in check(without("category"), version) if one.severity == ERROR]
    assert one.hint.startswith(f"asked by bodyweight {'4.0.1' if version is R4 else '5.0.0'}")


OTHERS: list[Any] = [
    {"text": "weight"}, loinc("72166-2"), {"coding": [{"code": "29463-7"}]}, {"coding": "29463-7"}, {}, [], None, 1,
]  # fmt: skip


@versions
def test_others_are_not_asked(version: Version) -> None:
    for code in OTHERS:
        found = check({**without("category"), "code": code}, version)
        assert [one for one in found if "asked by" in one.hint] == []


def test_those_within_others_are_asked() -> None:
    inside = {**without("category"), "id": "o"}
    around = {
        "resourceType": "Observation",
        "status": "final",
        "code": loinc("1-8"),
        "contained": [inside],
        "hasMember": [{"reference": "#o"}],
    }
    assert ("slice", "Observation.contained[0].category") in wrong(around)
    entry = {"fullUrl": "https://ehr.example/fhir/Observation/o", "resource": inside}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [entry]}
    assert ("slice", "Bundle.entry[0].resource.category") in wrong(bundle)


def test_what_a_guide_asks_too_is_said_once() -> None:
    found = [(one.rule, one.element, one.message) for one in check(without("category"), R4, chosen(["us-core@6.1.0"]))]
    assert len(found) == len(set(found))


@versions
def test_every_profile_is_there(version: Version) -> None:
    its = packed(f"{version.name.lower()}-vitals")
    assert {one["url"] for one in its["profiles"]} == {HL7 + name for name in PROFILES}
