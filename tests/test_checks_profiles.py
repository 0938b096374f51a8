"""Profiles: each kind of thing that one can ask, kept and broken; slices by all that tells them apart; any JSON at all."""

import re
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from checking.made_up import COLOURS, EXTENSION, GOAL, OBSERVATION, PARTS, RED, Found, coded, found
from checking.packages import HL7, PROFILES, guide, profile
from checking.sources import practice
from hypothesis import given
from hypothesis import strategies as st
from test_conformance import held_to

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen, shipped
from fhir_coaching.errors import ERROR, INFORMATION, Finding
from fhir_coaching.lens import R4

Json = dict[str, Any]

TWO = [{"text": "made up"}, {"text": "made up"}]

# What a profile asks of Goal; what keeps to it, what breaks it, and what is found then.
ASKED: dict[str, tuple[dict[str, Json], Json, Json, Found]] = {
    "an element": ({"startDate": {}, "category": {"min": 1}}, {"category": TWO}, {}, [("cardinality", "Goal.category")]),
    "a choice": ({"start[x]": {"min": 1}}, {"startDate": "2026"}, {}, [("cardinality", "Goal.start")]),
    "what stands beside is there": (
        {"start[x]": {"min": 1}},
        {"_startDate": {"extension": [{"url": "urn:x:y", "valueCode": "a"}]}},
        {},
        [("cardinality", "Goal.start")],
    ),
    "two of them": ({"category": {"min": 2}}, {"category": TWO}, {"category": TWO[:1]}, [("cardinality", "Goal.category")]),
    "at most one": ({"category": {"max": "1"}}, {"category": TWO[:1]}, {"category": TWO}, [("cardinality", "Goal.category[1]")]),
    "none": ({"note": {"max": "0"}}, {}, {"note": TWO}, [("cardinality", "Goal.note[0]")]),
    "an element below": (
        {"target.measure": {"min": 1}},
        {"target": [{"measure": {"text": "a"}}]},
        {"target": [{"measure": {"text": "a"}}, {"dueDate": "2026"}]},
        [("cardinality", "Goal.target[1].measure")],
    ),
    "a value": ({"lifecycleStatus": {"fixedCode": "active"}}, {}, {"lifecycleStatus": "planned"}, [("fixed", "Goal.lifecycleStatus")]),
    "a value and nothing beside it": (
        {"lifecycleStatus": {"fixedCode": "active"}},
        {"_lifecycleStatus": {"id": "a"}},
        {"_lifecycleStatus": {"extension": [{"url": "urn:x:y", "valueCode": "a"}]}},
        [("fixed", "Goal.lifecycleStatus")],
    ),
    "a pattern": (
        {"description": {"patternCodeableConcept": coded("red")}},
        {"description": coded("red") | {"text": "more"}},
        {},
        [("pattern", "Goal.description")],
    ),
    "a code": (
        {"description": {"binding": {"strength": "required", "valueSet": COLOURS + "|1"}}},
        {"description": coded("blue")},
        {"description": coded("green")},
        [("code", "Goal.description")],
    ),
    "a code, where one fits": (
        {"description": {"binding": {"strength": "extensible", "valueSet": COLOURS}}},
        {"description": coded("blue")},
        {"description": coded("green")},
        [("code", "Goal.description")],
    ),
    "one type of a choice": (
        {"start[x]": {"type": [{"code": "date"}]}},
        {"startDate": "2026"},
        {"startCodeableConcept": TWO[0]},
        [("type", "Goal.startCodeableConcept")],
    ),
    "another target": (
        {"subject": {"type": [{"code": "Reference", "targetProfile": [HL7 + "Patient"]}]}},
        {},
        {"subject": {"reference": "Group/g1"}},
        [("target", "Goal.subject.reference")],
    ),
    "a constraint": (
        {"target": {"constraint": [{"key": "made-1", "severity": "error", "human": "-", "expression": "measure.exists()"}]}},
        {"target": [{"measure": {"text": "a"}}]},
        {"target": [{"dueDate": "2026"}]},
        [("made-1", "Goal.target[0]")],
    ),
    "an extension": (
        {"extension:colour": {"min": 1, "type": [{"code": "Extension", "profile": [PROFILES + "colour"]}]}},
        {"extension": [{"url": PROFILES + "colour", "valueCode": "red"}]},
        {},
        [("slice", "Goal.extension")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_is_found_where_it_is_not_so(name: str, tmp_path: Path) -> None:
    elements, keeps, breaks, expected = ASKED[name]
    assert found(tmp_path, elements, GOAL | keeps) == []
    assert found(tmp_path, elements, GOAL | breaks) == expected


def test_what_the_base_found_is_not_said_twice(tmp_path: Path) -> None:
    elements: dict[str, Json] = {
        "lifecycleStatus": {"binding": {"strength": "required", "valueSet": COLOURS}},
        "subject": {"min": 1},
    }
    broken = {key: value for key, value in GOAL.items() if key != "subject"} | {"lifecycleStatus": "green"}
    assert found(tmp_path, elements, broken) == []


def test_a_known_extension_is_asked_wherever_it_stands(tmp_path: Path) -> None:
    right, wrong = {"url": PROFILES + "colour", "valueCode": "red"}, {"url": PROFILES + "colour", "valueString": "red"}
    assert found(tmp_path, {}, GOAL | {"extension": [right]}) == []
    assert found(tmp_path, {}, GOAL | {"extension": [wrong]}) == [
        ("extension", "Goal.extension[0].valueString"),
    ]
    assert found(tmp_path, {}, GOAL | {"_startDate": {"extension": [right]}}) == [
        ("extension", "Goal._startDate.extension[0]"),
    ]


def test_the_parts_of_an_extension_are_known(tmp_path: Path) -> None:
    parts = {
        "url": PROFILES + "parts",
        "extension": [{"url": "one", "valueCode": "a"}, {"url": "two", "valueCode": "a"}],
    }
    assert found(tmp_path, {}, GOAL | {"extension": [parts]}, PARTS) == [
        ("extension", "Goal.extension[0].extension[1]")
    ]
    parts["extension"] = []
    assert ("slice", "Goal.extension[0].extension") in found(tmp_path, {}, GOAL | {"extension": [parts]}, PARTS)


def test_a_modifier_extension_that_a_guide_knows_is_no_error(tmp_path: Path) -> None:
    modified = GOAL | {"modifierExtension": [{"url": PROFILES + "colour", "valueCode": "red"}]}
    modifier = profile("colour", "Extension", {"": {"isModifier": True}, "value[x]": {"type": [{"code": "code"}]}})
    profiles = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), modifier)])
    assert [one.rule for one in check(modified, R4)] == ["modifier"]
    assert [one.rule for one in check(modified, R4, profiles)] == []
    no_modifier = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), EXTENSION, name="example.fhir.other")])
    assert [one.rule for one in check(modified, R4, no_modifier)] == ["modifier"]


def test_a_contained_target_is_held_to_its_profile(tmp_path: Path) -> None:
    patient = profile("patient", "Patient", {"gender": {"min": 1}})
    elements = {"subject": {"type": [{"code": "Reference", "targetProfile": [patient["url"]]}]}}
    inside = {"resourceType": "Patient", "id": "in", "active": True}
    held = GOAL | {"subject": {"reference": "#in"}}
    assert found(tmp_path, elements, held | {"contained": [inside | {"gender": "other"}]}, patient) == []
    assert found(tmp_path, elements, held | {"contained": [inside]}, patient) == [
        ("cardinality", "Goal.contained[0].gender")
    ]


def test_contained_resources_that_refer_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    made = profile(
        "made-up", "Goal", {"addresses": {"type": [{"code": "Reference", "targetProfile": [PROFILES + "made-up"]}]}}
    )
    goals = [{**GOAL, "id": f"g{n}", "addresses": [{"reference": f"#g{m}"} for m in range(20)]} for n in range(20)]
    profiles = chosen([made["url"]], [guide(tmp_path, made)])
    check(GOAL | {"contained": goals, "addresses": [{"reference": "#g1"}]}, R4, profiles)


def said(resource: Json, *names: str) -> list[Finding]:
    return check(resource, R4, chosen(names))


US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
PATIENT: Json = {
    "resourceType": "Patient",
    "identifier": [{"system": "https://practice.example/p", "value": "1"}],
    "name": [{"family": "Made-Up"}],
    "gender": "other",
}


@pytest.mark.parametrize("name", shipped())
def test_us_core_asks_for_a_name(name: str) -> None:
    assert said(PATIENT, name) == []
    nameless = {key: value for key, value in PATIENT.items() if key != "name"}
    (problem,) = (one for one in said(nameless, name) if one.rule == "cardinality")
    assert (problem.element, problem.severity) == ("Patient.name", ERROR)
    assert problem.hint == f"asked by us-core-patient {name.partition('@')[2]}"


@pytest.mark.parametrize("name", shipped())
def test_what_is_sent_has_no_error_under_us_core(name: str) -> None:
    version = name.partition("@")[2]
    found = [one for resource in practice(R4) for one in check(held_to(version, resource), R4, chosen([name]))]
    wrong = {(one.rule, re.sub(r"\d+", "0", one.element)) for one in found if one.severity == ERROR}
    # In 3.1.1 no related person takes part in an encounter, and one does (as in test_conformance).
    relative = {("target", f"Encounter.participant[0].individual.{part}") for part in ("reference", "type")}
    assert wrong == (relative if version == "3.1.1" else set())
    # A note's type is of LOINC in part, the codes of race are of a set that no package holds.
    open_ = {one.element for one in found if one.rule == "not-evaluated"}
    assert open_ <= {"DocumentReference.type", "Patient.extension[0].extension[0].valueCoding"}


def test_a_code_of_a_set_that_is_not_at_hand_is_said_to_be_not_evaluated() -> None:
    sex = {"url": US_CORE + "us-core-birthsex", "valueCode": "X"}
    (one,) = said({**PATIENT, "extension": [sex]}, "us-core@6.1.0")
    assert (one.rule, one.severity, one.element) == ("not-evaluated", INFORMATION, "Patient.extension[0].valueCode")
    (one,) = said({**PATIENT, "extension": [sex]}, "us-core@3.1.1")
    assert (one.rule, one.severity, one.element) == ("code", ERROR, "Patient.extension[0].valueCode")


def test_another_version_of_a_profile_is_not_evaluated() -> None:
    claiming = {**PATIENT, "meta": {"profile": [US_CORE + "us-core-patient|3.1.1"]}}
    assert [one.rule for one in said(claiming, "us-core@6.1.0")] == ["not-evaluated"]


def test_a_resource_of_a_type_that_no_named_profile_is_of_is_said_to_be_so() -> None:
    assert [(one.rule, one.severity) for one in said(PATIENT, US_CORE + "us-core-goal")] == [
        ("no-profile", INFORMATION)
    ]


def test_a_claimed_profile_is_asked_and_a_false_claim_is_found() -> None:
    def rules(*profiles: str) -> Found:
        claiming = {**PATIENT, "meta": {"profile": [*profiles]}}
        found = said(claiming, US_CORE + "us-core-goal")
        return [(one.rule, one.element) for one in found if one.rule != "no-profile"]

    assert rules(US_CORE + "us-core-patient") == []
    at = "Patient.meta.profile[0]"
    assert rules(US_CORE + "us-core-goal") == rules(HL7 + "Goal") == [("profile", at)]
    assert rules(US_CORE + "us-core-nothing") == [("profile", at)]
    assert rules("https://elsewhere.example/nothing") == [("not-evaluated", at)]


def test_what_is_not_checked_is_said() -> None:
    def information(resource: Json) -> list[str]:
        return [one.message for one in said(resource, "us-core@6.1.0") if one.severity == INFORMATION]

    assert information({"resourceType": "Claim"}) == ["us-core 6.1.0 has no profile of this type"]
    assert information({"resourceType": "Condition"}) == [
        "us-core 6.1.0 has 2 profiles of this type, and none is named"
    ]
    for unread in ("AllergyIntolerance", "DiagnosticReport"):  # one of the guide's profiles is of it, two are
        assert information({"resourceType": unread})[1:] == [
            "us-core 6.1.0 has no profile of this type that is checked here"
        ]


def test_profiles_to_choose_from_are_named() -> None:
    def hint(type_: str) -> str:
        (found,) = [one for one in said({"resourceType": type_}, "us-core@6.1.0") if one.rule == "no-profile"]
        return found.hint

    assert hint("Condition") == (
        f"name one of {US_CORE}: us-core-condition-encounter-diagnosis, us-core-condition-problems-health-concerns"
    )
    start, _, names = hint("Observation").partition(": ")
    assert (start, names.count(","), names.endswith(" and 16 more")) == (f"name one of {US_CORE}", 5, True)
    assert hint("CodeSystem") == ""


def test_every_entry_of_a_bundle_is_asked() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": PATIENT}, {"resource": {**PATIENT, "gender": None}}],
    }
    elements = [one.element for one in said(bundle, "us-core@6.1.0") if one.hint.startswith("asked by")]
    assert elements == []
    del bundle["entry"][1]["resource"]["identifier"]  # type: ignore[index]
    assert [one.element for one in said(bundle, "us-core@6.1.0") if one.hint.startswith("asked by")] == [
        "Bundle.entry[1].resource.identifier"
    ]


def test_no_text_holds_a_value() -> None:
    mark = "Zebrafink"
    broken = {**PATIENT, "name": [{"text": mark}], "gender": mark, "telecom": [{"value": mark}], "extension": [
        {"url": US_CORE + "us-core-race", "extension": [{"url": mark, "valueString": mark}]}, {"url": US_CORE + mark}]}  # fmt: skip
    found = said({**broken, "meta": {"profile": [US_CORE + mark]}}, "us-core@8.0.0")
    assert len(found) > 5
    assert mark not in str(found)
    assert mark not in str(said({**broken, "resourceType": mark}, "us-core@8.0.0"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["extension", "url", "coding", "code", "system", "value", "component", "category"]) | st.text(max_size=5),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(
    type_=st.sampled_from(["Patient", "Observation", "Goal", "Condition", "CarePlan", "Provenance", "Bundle", "Nobody"]),
    profiles=st.lists(st.sampled_from(["us-core-patient", "us-core-blood-pressure", "us-core-careplan", "nothing"]), max_size=2),
    more=st.dictionaries(
        st.sampled_from([
            "meta", "extension", "contained", "identifier", "name", "category", "component", "valueQuantity", "subject", "entry",
            "code", "telecom", "_birthDate", "target", "agent",
        ]),
        JSON,
        max_size=5,
    ),
)  # fmt: skip
def test_any_json_is_answered(type_: str, profiles: list[str], more: Json) -> None:
    resource = {"resourceType": type_, "meta": {"profile": [US_CORE + one for one in profiles]}, **more}
    for one in check(resource, R4, chosen(["us-core@6.1.0"])):
        assert isinstance(one, Finding)


@pytest.mark.parametrize("value", [None, True, 1, "", [], [{}], {"resourceType": []}, {"resourceType": {}}])
def test_what_is_no_resource_is_answered(value: Any) -> None:
    assert check(value, R4, chosen(["us-core@6.1.0"]))


@pytest.mark.parametrize(
    "large",
    [
        lambda n: {"category": [coded("red")] * n},
        lambda n: {"component": [{"code": RED, "valueQuantity": {"value": 1}}] * n},
        lambda n: {"extension": [{"url": US_CORE + "us-core-race", "extension": [{"url": "text"}]}] * n},
        lambda n: {"contained": [{"resourceType": "Patient", "id": f"p{i}"} for i in range(n)],
                   "performer": [{"reference": f"#p{i}"} for i in range(n)]},
        lambda n: {"meta": {"profile": [US_CORE + "us-core-blood-pressure"] * n}},
    ],
    ids=["slices", "components", "extensions", "contained", "claims"],
)  # fmt: skip
def test_twice_as_much_takes_twice_as_long(large: Any) -> None:
    profiles = chosen(["us-core@6.1.0"])

    def seconds(count: int) -> float:
        resource = {**OBSERVATION, "meta": {"profile": [US_CORE + "us-core-blood-pressure"]}, **large(count)}
        times = []
        for _ in range(3):
            start = perf_counter()
            check(resource, R4, profiles)
            times.append(perf_counter() - start)
        return min(times)

    assert seconds(4000) < 12 * seconds(1000) + 0.05  # 16 times were quadratic
