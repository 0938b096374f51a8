"""Value sets that are known in part: which codes pass, which are refused, and of which nobody can tell here."""

from pathlib import Path
from typing import Any

import pytest
from checking.made_up import CODES, COLOURS, GOAL, OBSERVATION, VALUE_SET, coded, found
from checking.packages import CANONICAL, guide, profile
from test_checks_slices import sliced

from fhir_coaching.checks import check
from fhir_coaching.checks.codes import FORMS, ValueSet
from fhir_coaching.checks.formats import OPEN as FORMATS
from fhir_coaching.checks.profiles.guides import chosen, shipped
from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding
from fhir_coaching.lens import R4, R5

Json = dict[str, Any]

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
LOINC, SNOMED, ICD = "http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
NULL = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
OPEN = f"{CANONICAL}/ValueSet/open"  # red, and some of LOINC
SETS: list[Json] = [
    {
        "resourceType": "ValueSet",
        "url": OPEN,
        "compose": {
            "include": [
                {"system": CODES, "concept": [{"code": "red"}]},
                {"system": LOINC, "filter": [{"property": "SCALE_TYP", "op": "=", "value": "Doc"}]},
            ]
        },
    },
    {"resourceType": "ValueSet", "url": f"{OPEN}-more", "compose": {"include": [{"valueSet": ["urn:missing"]}]}},
]


def concept(*codes: tuple[str, str]) -> Json:
    return {"coding": [{"system": system, "code": code} for system, code in codes]}


# The official engine (6.7.9) answers alike, but that it says nothing where it cannot tell.
TYPES: dict[str, tuple[Json, str | None]] = {
    "of a system that is filtered": (concept((LOINC, "34108-1")), INFORMATION),
    "listed": (concept((NULL, "UNK")), None),
    "not listed, of a system of which one is": (concept((NULL, "ASKU")), ERROR),
    "of another system": (concept((SNOMED, "371530004")), ERROR),
    "the same code of another system": (concept((SNOMED, "UNK"), (SNOMED, "34108-1")), ERROR),
    "one listed beside another": (concept((SNOMED, "371530004"), (NULL, "UNK")), None),
    "one that may be right beside another": (concept((SNOMED, "371530004"), (LOINC, "34108-1")), INFORMATION),
    "one that may be right before one that is": (concept((LOINC, "34108-1"), (NULL, "UNK")), None),
    "without a system": ({"coding": [{"code": "34108-1"}]}, ERROR),
    "without a code": ({"coding": [{"system": LOINC, "display": "made up"}]}, ERROR),
    "nothing": ({"coding": [{"display": "made up"}]}, ERROR),
    "a text": ({"text": "made up"}, ERROR),
}  # fmt: skip


def of(element: str, value: Json, version: str, profile: str) -> list[Finding]:
    """What is found in an element, where a profile of US Core is claimed."""
    type_, _, name = element.partition(".")
    resource = {"resourceType": type_, name: value, "meta": {"profile": [US_CORE + profile]}}
    return [one for one in check(resource, R4, chosen([version])) if one.element == element]


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("version", shipped())
def test_what_a_document_is_is_a_code_of_loinc_or_unknown(version: str, name: str) -> None:
    type_, severity = TYPES[name]
    found = of("DocumentReference.type", type_, version, "us-core-documentreference")
    rule = "not-evaluated" if severity == INFORMATION else "code"
    assert [(one.rule, one.severity) for one in found] == ([(rule, severity)] if severity else [])


@pytest.mark.parametrize(
    ("codes", "hint"),
    [
        ({CODES: ["red", "blue"]}, f"one of blue, red ({CODES})"),
        ({NULL: ["UNK"], LOINC: None}, f"one of UNK ({NULL}), or some of {LOINC}"),
        ({SNOMED: None, LOINC: None}, f"some of {LOINC} or {SNOMED}"),
        ({CODES: list("abcdefg"), NULL: ["UNK"], LOINC: None}, f"8 codes of {NULL} or {CODES}, or some of {LOINC}"),
        ({f"urn:{letter}": None for letter in "abcd"}, "some of urn:a or urn:b or urn:c"),
    ],
)
def test_a_hint_says_which_codes_and_systems_there_are(codes: dict[str, list[str] | None], hint: str) -> None:
    assert ValueSet(codes).hint == hint


# Of an extensible binding the engine warns where the system is another one, too.
PROBLEMS: dict[str, tuple[Json, bool]] = {
    "of a system that is filtered": (concept((SNOMED, "414916001")), False),
    "of a whole system": (concept((ICD, "E66.9")), False),
    "of another system": (concept((LOINC, "8867-4")), True),
    "of another beside one that may be right": (concept((LOINC, "8867-4"), (ICD, "E66.9")), False),
    "a text": ({"text": "made up"}, True),
}


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("version", ["us-core@3.1.1", "us-core@6.1.0"])
def test_a_problem_of_another_system_is_warned_of(version: str, name: str) -> None:
    code, warned = PROBLEMS[name]
    problem = "us-core-condition" if version.endswith("3.1.1") else "us-core-condition-problems-health-concerns"
    found = of("Condition.code", code, version, problem)
    assert [(one.rule, one.severity) for one in found] == ([("code", WARNING)] if warned else [])


def bound(url: str, **more: Any) -> Json:
    return {"binding": {"strength": "required", "valueSet": url, **more}}


def test_of_a_value_set_that_is_not_at_hand_nobody_can_tell(tmp_path: Path) -> None:
    for url in ("urn:missing", f"{OPEN}-more"):
        for value in (coded("red"), {"text": "made up"}):
            goal = {**GOAL, "description": value}
            assert found(tmp_path, {"description": bound(url)}, goal, *SETS) == [("not-evaluated", "Goal.description")]
    weaker = {"description": {"binding": {"strength": "extensible", "valueSet": "urn:missing"}}}
    assert found(tmp_path, weaker, GOAL, *SETS) == []


def test_what_cannot_be_told_is_said_once_a_resource(tmp_path: Path) -> None:
    many = {**GOAL, "category": [concept((LOINC, str(number))) for number in range(5)]}
    assert found(tmp_path, {"category": bound(OPEN)}, many, *SETS) == [("not-evaluated", "Goal.category[0]")]


@pytest.mark.parametrize(("code", "rules"), [("red", []), ("blue", ["not-evaluated"])])
def test_a_code_by_itself_may_be_of_the_open_system(tmp_path: Path, code: str, rules: list[str]) -> None:
    extension = profile("bare", "Extension", {"value[x]": {"type": [{"code": "code"}], **bound(OPEN)}})
    its = guide(tmp_path, extension, *SETS)
    goal = {**GOAL, "extension": [{"url": extension["url"], "valueCode": code}]}
    assert [one.rule for one in check(goal, R4, chosen([], [its])) if one.rule != "no-profile"] == rules


MOST = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"


@pytest.mark.parametrize(
    ("value", "severities"),
    [
        (coded("red"), []),
        (coded("blue"), [WARNING, ERROR]),  # of neither: the engine says both, too
        (concept((LOINC, "1")), [WARNING, INFORMATION]),
        ({"text": "made up"}, [WARNING, ERROR]),
    ],
)
def test_a_widest_value_set_bounds_an_extensible_one(tmp_path: Path, value: Json, severities: list[str]) -> None:
    few = {**SETS[0], "url": "urn:few", "compose": {"include": [{"system": CODES, "concept": [{"code": "red"}]}]}}
    weaker = bound("urn:few", strength="extensible", extension=[{"url": MOST, "valueCanonical": OPEN}])
    its = guide(tmp_path, profile("made-up", "Goal", {"description": weaker}), few, *SETS)
    assert [one.severity for one in check({**GOAL, "description": value}, R4, chosen([], [its]))] == severities


@pytest.mark.parametrize(("strength", "severity"), [("required", ERROR), ("extensible", WARNING)])
def test_a_text_may_be_bound(tmp_path: Path, strength: str, severity: str) -> None:
    its = guide(tmp_path, profile("made-up", "Patient", {"address.city": bound(COLOURS, strength=strength)}), VALUE_SET)
    for city, severities in (("red", []), ("rot", [severity]), (7, [])):  # the base says what is no text
        patient = {"resourceType": "Patient", "address": [{"city": city}]}
        found = check(patient, R4, chosen([], [its]))
        assert [one.severity for one in found if one.rule == "code"] == severities


# A slice that is told by an open value set, asked for once: what is in it, what is not, what nobody can tell.
BY_SET = {"category": sliced([("value", "$this")], "closed"), "category:open": {"min": 1, "max": "1", **bound(OPEN)}}
SLICES: dict[str, tuple[list[Json], list[str]]] = {
    "in it": ([coded("red")], []),
    "in it, once too often": ([coded("red"), coded("red")], ["slice"]),
    "not in it": ([coded("blue")], ["slice", "slice"]),  # of a closed list, and the slice is missing
    "nobody knows": ([concept((LOINC, "1"))], ["not-evaluated"]),
    "in it, and nobody knows": ([coded("red"), concept((LOINC, "1"))], ["not-evaluated"]),
    "not in it, and nobody knows": ([coded("blue"), concept((LOINC, "1"))], ["slice", "not-evaluated"]),
}


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_by_an_open_value_set_has_three_answers(name: str, tmp_path: Path) -> None:
    values, rules = SLICES[name]
    assert [rule for rule, _ in found(tmp_path, BY_SET, {**OBSERVATION, "category": values}, *SETS)] == rules


def test_a_pattern_beside_an_open_value_set_settles_what_is_not_in_a_slice(tmp_path: Path) -> None:
    told = {**BY_SET["category:open"], "patternCodeableConcept": concept((LOINC, "1"))}
    elements = {**BY_SET, "category:open": told}
    for code, rules in (("2", ["slice", "slice"]), ("1", ["not-evaluated"])):
        observation = {**OBSERVATION, "category": [concept((LOINC, code))]}
        assert [rule for rule, _ in found(tmp_path, elements, observation, *SETS)] == rules


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (concept(("urn:ietf:bcp:47", "es-US")), []),
        (concept(("urn:ietf:bcp:47", "?")), ["code"]),
        (concept((LOINC, "en")), ["code"]),
    ],
)
def test_languages_are_known_by_their_form_in_a_profile_too(tmp_path: Path, value: Json, rules: list[str]) -> None:
    elements = {"description": bound("http://hl7.org/fhir/ValueSet/all-languages|4.0.1")}
    assert [rule for rule, _ in found(tmp_path, elements, {**GOAL, "description": value})] == rules


def test_a_guide_beside_this_one_may_have_the_value_set(tmp_path: Path) -> None:
    made = profile("made-up", "Goal", {"description": bound(COLOURS)})
    own = guide(tmp_path, made)
    values = {"resourceType": "ValueSet", "url": COLOURS, "compose": {"include": [{"system": CODES}]}}
    other_profile = profile("other", "Goal", {"category": bound(COLOURS)}, url=f"{CANONICAL}/StructureDefinition/other")
    other = guide(tmp_path, other_profile, values, name="example.other")
    for guides, rules in (([own], ["not-evaluated"]), ([own, other], ["code"])):
        goal = {**GOAL, "description": concept((LOINC, "1"))}
        assert [one.rule for one in check(goal, R4, chosen([made["url"]], guides))] == rules


MEMBER, RECORD = (coded(code, "http://terminology.hl7.org/CodeSystem/v2-0203") for code in ("MB", "MR"))


def test_a_code_that_a_profile_asks_for_by_name_is_not_warned_of() -> None:
    """R4 has no member's number among its kinds of identifiers (extensible), and US Core from 6.1.0 on wants it called so."""
    kinds = [MEMBER, coded("MB"), RECORD]
    coverage = {"resourceType": "Coverage", "identifier": [{"type": one} for one in kinds]}

    def warned(*names: str) -> list[str]:
        found = check(coverage, R4, chosen(names))
        return [one.element for one in found if (one.rule, one.severity) == ("code", WARNING)]

    places = [f"Coverage.identifier[{number}].type" for number in range(2)]
    assert warned() == warned(US_CORE + "us-core-goal") == places
    for name in ("us-core@6.1.0", "us-core@7.0.0", "us-core@8.0.0"):
        assert warned(name) == places[1:]


def test_a_code_of_a_profiles_value_set_is_not_warned_of() -> None:
    """R4 would rather have one of its own categories of conditions."""
    system = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"
    claim = {"profile": [US_CORE + "us-core-condition-problems-health-concerns"]}
    for code, warned in (("health-concern", []), ("made-up", ["Condition.category[0]"])):
        condition = {"resourceType": "Condition", "category": [coded(code, system)], "meta": claim}
        for names, expected in (((), ["Condition.category[0]"]), (("us-core@6.1.0",), warned)):
            found = check(condition, R4, chosen(names))
            assert [one.element for one in found if (one.rule, one.severity) == ("code", WARNING)] == expected


def test_a_required_code_is_asked_for_whatever_a_profile_names(tmp_path: Path) -> None:
    asks = {"patternCodeableConcept": coded("green"), **bound(COLOURS)}
    assert found(tmp_path, {"description": asks}, {**GOAL, "description": coded("green")}) == [
        ("code", "Goal.description")
    ]


def test_a_profile_that_a_resource_is_not_held_to_names_nothing(tmp_path: Path) -> None:
    """Of two profiles that a contained resource may have, it has the one that asks for no code."""
    coverage = {"resourceType": "Coverage", "id": "in", "identifier": [{"type": MEMBER}]}
    named = profile("named", "Coverage", {"identifier.type": {"patternCodeableConcept": MEMBER}, "network": {"min": 1}})
    other = profile("other", "Coverage", {"identifier": {"min": 1}})
    asks = {"insurance.coverage": {"type": [{"code": "Reference", "targetProfile": [named["url"], other["url"]]}]}}
    claim = {"resourceType": "Claim", "contained": [coverage], "insurance": [{"coverage": {"reference": "#in"}}]}
    its = guide(tmp_path, profile("made-up", "Claim", asks), named, other)
    found = check(claim, R4, chosen([f"{CANONICAL}/StructureDefinition/made-up"], [its]))
    assert "Claim.contained[0].identifier[0].type" in [one.element for one in found if one.severity == WARNING]


def test_every_form_has_its_system() -> None:
    assert FORMS.keys() >= FORMATS.keys()


@pytest.mark.parametrize("zone", ["America/New_York", "America/New_york"])
def test_a_time_zone_is_one_that_is_known(zone: str) -> None:
    coding = {"system": "https://www.iana.org/time-zones", "code": zone}
    weekly = {"timezone": {"coding": [coding]}, "recurrenceType": {"text": "weekly"}}
    appointment = {
        "resourceType": "Appointment",
        "status": "proposed",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
        "recurrenceTemplate": [weekly],
    }
    wrong = ["Appointment.recurrenceTemplate[0].timezone"] if zone == "America/New_york" else []
    assert [one.element for one in check(appointment, R5) if one.rule == "code" and one.severity == ERROR] == wrong
