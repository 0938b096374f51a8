"""Codes of code systems that are known as a whole: an error where the system is final, a warning where it grows."""

from pathlib import Path
from typing import Any

import pytest
from checking.made_up import GOAL
from checking.packages import CANONICAL, guide, profile
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks import check
from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.checks.tables import systems
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.fhir import systems as named
from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"
MARK = "Zebrafink"

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])

# A coding, how grave it is, and what is said to have been meant.
CODINGS: dict[str, tuple[Json, str, str]] = {
    "of HL7": ({"system": ACHIEVEMENT, "code": "achieved"}, "", ""),
    "misspelt, of HL7": ({"system": ACHIEVEMENT, "code": "achived"}, WARNING, "perhaps achieved"),
    "of this project": ({"system": named.HORIZON, "code": "long-term"}, "", ""),
    "misspelt, of this project": ({"system": named.HORIZON, "code": "long_term"}, ERROR, "perhaps long-term"),
    "misspelt, of FHIR": ({"system": "http://hl7.org/fhir/goal-status", "code": "activ"}, ERROR, "perhaps active"),
    "like none": ({"system": named.HORIZON, "code": MARK}, ERROR, f"one of long-term, short-term ({named.HORIZON})"),
    "of a system of thousands": ({"system": "http://loinc.org", "code": MARK}, "", ""),
    "in another case": ({"system": ACHIEVEMENT, "code": "IN-PROGRESS"}, WARNING, "perhaps in-progress"),
    "of which the beginning is there": (
        {"system": "http://terminology.hl7.org/CodeSystem/goal-priority", "code": "high"},
        WARNING,
        "perhaps high-priority",
    ),
    "that is short": ({"system": named.IDENTIFIER_TYPE, "code": "MRN"}, WARNING, ""),
    "without a code": ({"system": ACHIEVEMENT, "version": MARK}, "", ""),
    "without a system": ({"code": MARK}, "", ""),
    "alone": ({"code": MARK, "id": "a"}, "", ""),
}


@versions
@pytest.mark.parametrize("case", CODINGS)
def test_a_code_of_a_system(case: str, version: Version) -> None:
    coding, severity, hint = CODINGS[case]
    expected = [("code", severity, "Goal.category[0].coding[0].code", hint)] if severity else []
    found = check(GOAL | {"category": [{"coding": [coding]}]}, version)
    assert [(one.rule, one.severity, one.element, one.hint if hint else "") for one in found] == expected
    assert hint or not any("perhaps" in one.hint for one in found)
    assert MARK not in str(found)


@versions
def test_what_this_project_coined_is_known(version: Version) -> None:
    coined = {one["url"]: {part["code"] for part in one["concept"]} for one in definitions(version) if "concept" in one}
    assert coined
    assert {url: systems(version)[url] for url in coined} == coined


@versions
@given(
    coding=st.dictionaries(
        st.sampled_from(["system", "code", "display", "version", "userSelected", "id", "extension", "_code", "more"]),
        st.sampled_from([ACHIEVEMENT, named.HORIZON, "achieved", "long-term", "urn:x:y", "a b", " a", "", 1, True, None, [], {}]),
    )
    | st.none()
    | st.text()
)  # fmt: skip
def test_what_is_seen_to_be_good_at_once_is_good(version: Version, coding: Any) -> None:
    its, walk = compiler(version), Walk(version, GOAL)
    check(GOAL | {"category": [{"coding": [{"code": "a"}]}]}, version)  # which fills in what a Coding is
    whole = its.type("Coding")
    whole(coding, "Goal.category[0].coding[0]", walk)
    if its._good()(coding, walk):  # noqa: SLF001 - a short way beside the whole one
        assert walk.out == []
    elif not walk.out:
        assert "code" not in coding or coding.keys() - {"system", "code", "display", "version"}


def test_a_guide_has_code_systems_too(tmp_path: Path) -> None:
    codes = {
        "resourceType": "CodeSystem",
        "url": f"{CANONICAL}/CodeSystem/c",
        "content": "complete",
        "concept": [{"code": "red"}],
    }
    part = {**codes, "url": f"{CANONICAL}/CodeSystem/p", "content": "fragment"}
    profiles = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), codes, part)])
    category = [{"coding": [{"system": one["url"], "code": code}]} for one in (codes, part) for code in ("red", "rde")]
    found = [one for one in check(GOAL | {"category": category}, R4, profiles) if one.rule == "code"]
    assert [(one.severity, one.element, one.hint) for one in found] == [
        (ERROR, "Goal.category[1].coding[0].code", "one of red (https://guide.example/CodeSystem/c)")
    ]
    assert check(GOAL | {"category": category}, R4) == []


def test_us_cores_own_are_known() -> None:
    coding = {
        "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-provenance-participant-type",
        "code": "transmiter",
    }
    (found,) = [
        one
        for one in check(GOAL | {"category": [{"coding": [coding]}]}, R4, chosen(["us-core@8.0.0"]))
        if one.rule == "code"
    ]
    assert (found.severity, found.hint) == (ERROR, "perhaps transmitter")


SPELT = [
    ("https://loinc.org", named.LOINC), ("http://www.loinc.org/", named.LOINC), ("http://snomed.info/sct/", named.SNOMED),
    ("urn:oid:2.16.840.1.113883.6.96", named.SNOMED), ("2.16.840.1.113883.6.1", named.LOINC),
    ("https://terminology.hl7.org/CodeSystem/goal-achievement", ACHIEVEMENT), ("HTTP://LOINC.ORG", named.LOINC),
    (named.LOINC, ""), (ACHIEVEMENT, ""), ("https://ehr.example/codes", ""), ("urn:oid:1.2.3", ""), ("urn:x:" + "x" * 5000, ""),
]  # fmt: skip


@versions
@pytest.mark.parametrize(("system", "right"), SPELT, ids=range(len(SPELT)))
def test_the_address_of_a_code_system(system: str, right: str, version: Version) -> None:
    found = check(GOAL | {"category": [{"coding": [{"system": system, "code": "achieved"}]}]}, version)
    told = [(one.severity, one.element, one.hint) for one in found if one.rule == "system"]
    assert told == ([(WARNING, "Goal.category[0].coding[0].system", f"write {right}")] if right else [])


@versions
def test_one_wrong_code_is_told_once(version: Version) -> None:
    state = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "activ"}]}
    condition = {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/p1"},
        "clinicalStatus": state,
        "text": GOAL["text"],
    }
    (one,) = check(condition, version)
    assert (one.severity, one.element, one.hint) == (ERROR, "Condition.clinicalStatus", "perhaps active")


def test_a_system_is_absolute() -> None:
    relative: Json = {"system": "www.ehr.example", "code": "a"}
    concept, amount = (
        {"coding": [relative]},
        {"measure": {"text": "made up"}, "detailQuantity": {"value": 1, **relative}},
    )
    found = check(GOAL | {"category": [concept], "target": [amount]}, R4)
    assert [(one.severity, one.rule, one.element) for one in found] == [
        (WARNING, "system", "Goal.category[0].coding[0].system"),
        (ERROR, "system", "Goal.target[0].detailQuantity.system"),
    ]


def test_the_unit_of_an_amount_is_of_its_system() -> None:
    amount = {"value": 1, "system": "http://hl7.org/fhir/goal-status", "code": "activ"}
    (one,) = check(GOAL | {"target": [{"measure": {"text": "made up"}, "detailQuantity": amount}]}, R4)
    assert (one.severity, one.element, one.hint) == (ERROR, "Goal.target[0].detailQuantity.code", "perhaps active")


@versions
def test_beside_a_narratives_text_nothing_stands(version: Version) -> None:
    for beside in ({"id": "a"}, {"extension": [{"url": "urn:x:y", "valueString": "a"}]}):
        (one,) = check(GOAL | {"text": {**GOAL["text"], "_div": beside}}, version)
        assert (one.rule, one.element) == ("unknown", "Goal.text._div")
    rules = [one.rule for one in check(GOAL | {"text": {"status": "generated", "_div": {"id": "a"}}}, version)]
    assert sorted(rules) == ["cardinality", "unknown"]


def test_an_extension_is_no_profile_of_a_resource() -> None:
    claims = {"meta": {"profile": ["http://hl7.org/fhir/StructureDefinition/goal-relationship"]}}
    found = check(GOAL | claims, R4, chosen(["us-core@8.0.0"]))
    assert ("profile", "Goal.meta.profile[0]") in [(one.rule, one.element) for one in found if one.severity == ERROR]
