"""The engine of the checks: each rule on a resource that breaks it alone, sound resources, and any JSON at all."""

from copy import deepcopy
from typing import Any

import goldens
import pytest
from checking.sources import practice, sources
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks import check
from fhir_coaching.checks.tables import table
from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding
from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])

GOAL: Json = {
    "resourceType": "Goal",
    "id": "g1",
    "lifecycleStatus": "active",
    "description": {"text": "made up"},
    "subject": {"reference": "Patient/p1"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'},
}
PATIENT: Json = {"resourceType": "Patient", "text": GOAL["text"]}
MARK = "Zebrafink"


def found(resource: Any, version: Version = R4) -> list[tuple[str, str, str]]:
    """Severity, rule and place of each problem."""
    return [(one.severity, one.rule, one.element) for one in check(resource, version)]


def broken(base: Json, **changes: Any) -> Json:
    """A sound resource with other elements; None takes one away."""
    return {key: value for key, value in {**base, **changes}.items() if value is not None}


@versions
def test_a_sound_resource_has_no_problem(version: Version) -> None:
    assert check(GOAL, version) == check(PATIENT, version) == []


@versions
def test_a_resource_need_not_say_itself_in_words(version: Version) -> None:
    """dom-6 is best practice alone, and told nowhere."""
    assert check(broken(GOAL, text=None), version) == []


@versions
def test_what_is_sent_has_no_error(version: Version) -> None:
    golden = [one for record in goldens.RECORDS for one in goldens.golden(record, version).values()]
    resources = [*golden, *practice(version)]
    assert len(resources) > 300
    assert [one for resource in resources for one in check(resource, version) if one.severity != WARNING] == []


@versions
def test_what_this_project_defines_has_no_error(version: Version) -> None:
    assert [one for resource in definitions(version) for one in check(resource, version) if one.severity == ERROR] == []


EXTENSION = {"url": "https://practice.example/x", "valueString": "made up"}
MODIFIER = {"url": "https://practice.example/m", "valueBoolean": True}
CODED = {"coding": [{"system": "https://practice.example/codes", "code": "made-up"}]}

INSIDE = {"resourceType": "Patient", "id": "b"}

# fmt: off
CASES: dict[str, tuple[Json, list[tuple[str, str]]]] = {
    # shape and types
    "a text for an object": (broken(GOAL, description="made up"), [("type", "Goal.description")]),
    "an object for a text": (broken(GOAL, language={}), [("type", "Goal.language")]),
    "a list for one": (broken(GOAL, subject=[GOAL["subject"]]), [("type", "Goal.subject")]),
    "a list for one text": (broken(GOAL, language=["en"]), [("type", "Goal.language")]),
    "one for a list": (broken(GOAL, category={"text": "made up"}), [("type", "Goal.category")]),
    "a text for a truth": (broken(PATIENT, active="true"), [("type", "Patient.active")]),
    "a number for a truth": (broken(PATIENT, active=1), [("type", "Patient.active")]),
    "a truth for a number": (broken(PATIENT, multipleBirthInteger=True), [("type", "Patient.multipleBirthInteger")]),
    "a text for a number": (broken(PATIENT, multipleBirthInteger="1"), [("type", "Patient.multipleBirthInteger")]),
    "a number for a text": (broken(PATIENT, birthDate=1970), [("type", "Patient.birthDate")]),
    "null": ({**PATIENT, "birthDate": None}, [("type", "Patient.birthDate")]),
    "an unknown element": (broken(GOAL, colour="made up"), [("unknown", "Goal.colour")]),
    "an unknown element below": (broken(GOAL, subject={"reference": "Patient/p1", "x": 1}), [("unknown", "Goal.subject.x")]),
    "a name that is none": (broken(GOAL, **{"made up": 1}), [("unknown", "Goal")]),
    "a choice without its type": (broken(GOAL, start="2026-03-01"), [("unknown", "Goal.start")]),
    "a choice of another type": (broken(GOAL, startPeriod={}), [("unknown", "Goal.startPeriod")]),
    "beside what is no primitive": (broken(GOAL, _subject={"id": "a"}), [("unknown", "Goal._subject")]),
    # cardinality and content
    "nothing for what is required": (broken(GOAL, subject=None), [("cardinality", "Goal.subject")]),
    "nothing for a required choice": (
        {"resourceType": "CarePlan", "text": GOAL["text"], "status": "active", "intent": "plan", "subject": GOAL["subject"],
         "activity": [{}]},
        [("ele-1", "CarePlan.activity[0]")],
    ),
    "an empty list": (broken(GOAL, note=[]), [("ele-1", "Goal.note")]),
    "an id alone": (broken(GOAL, category=[{"id": "a"}]), [("ele-1", "Goal.category[0]")]),
    "beside nothing, an id alone": (broken(PATIENT, _birthDate={"id": "a"}), [("ele-1", "Patient._birthDate")]),
    "null with nothing beside": (broken(PATIENT, name=[{"given": ["A", None]}]), [("type", "Patient.name[0].given[1]")]),
    "null beside null": (
        broken(PATIENT, name=[{"given": ["A", None], "_given": [None, None]}]),
        [("type", "Patient.name[0].given[1]"), ("type", "Patient.name[0]._given[1]")],
    ),
    "no list beside a list": (broken(PATIENT, name=[{"given": ["A"], "_given": {}}]), [("type", "Patient.name[0]._given")]),
    "two types of one value": (
        broken(PATIENT, deceasedBoolean=True, deceasedDateTime="2026"), [("choice", "Patient.deceasedDateTime")],
    ),
    "a value beside the other type": (
        broken(PATIENT, deceasedBoolean=True, _deceasedDateTime={"extension": [EXTENSION]}), [("choice", "Patient.deceasedDateTime")],
    ),
    # codes
    "a code that is none": (broken(GOAL, lifecycleStatus="made-up"), [("code", "Goal.lifecycleStatus")]),
    "a code without a value": (
        broken(GOAL, lifecycleStatus=None, _lifecycleStatus={"extension": [EXTENSION]}), [("code", "Goal.lifecycleStatus")],
    ),
    "beside nothing, of a resource's id": (
        broken(GOAL, id=None, _id={"extension": [EXTENSION]}), [("code", "Goal.id")],
    ),
    "another code below": (broken(PATIENT, name=[{"use": "made-up"}]), [("code", "Patient.name[0].use")]),
    # references
    "another type of target": (broken(GOAL, subject={"reference": "Location/l1"}), [("target", "Goal.subject.reference")]),
    "another type, by URL": (
        broken(GOAL, subject={"reference": "https://ehr.example/fhir/Location/l1/_history/2"}), [("target", "Goal.subject.reference")],
    ),
    "another type, said": (
        broken(GOAL, subject={"identifier": {"value": "1"}, "type": "Location"}), [("target", "Goal.subject.type")],
    ),
    "a type that is not so": (
        broken(GOAL, subject={"reference": "Patient/p1", "type": "Group"}), [("target", "Goal.subject.type")],
    ),
    "another type, contained": (
        broken(GOAL, contained=[{"resourceType": "Location", "id": "a", "name": "A"}], subject={"reference": "#a"}),
        [("target", "Goal.subject.reference")],
    ),
    "# where nothing is around": (broken(PATIENT, link=[{"other": {"reference": "#"}, "type": "seealso"}]),
        [("reference", "Patient.link[0].other.reference")],
    ),
    # ids and systems
    "an id said twice": (broken(GOAL, note=[{"id": "a", "text": "a"}, {"id": "a", "text": "b"}]), [("id", "Goal.note[1]")]),
    "a system that is a path": (broken(GOAL, identifier=[{"system": "mrn", "value": "1"}]), [("url", "Goal.identifier[0].system")]),
    "no language": (broken(GOAL, language="made-up"), [("code", "Goal.language")]),
    "no media type": (broken(PATIENT, photo=[{"contentType": "made-up"}]), [("code", "Patient.photo[0].contentType")]),
    "a profile that is a path": (broken(GOAL, meta={"profile": ["goal"]}), [("format", "Goal.meta.profile[0]")]),
    "an address with a blank": (broken(GOAL, subject={"reference": "Patient/p 1"}), [("reference", "Goal.subject.reference")]),
    "a type that is none": (broken(GOAL, subject={"reference": "Patient/p1", "type": "Pateint"}), [("target", "Goal.subject.type")]),
    "an id within said twice": (
        broken(PATIENT, contained=[INSIDE, INSIDE], link=[{"other": {"reference": "#b"}, "type": "seealso"}]),
        [("contained", "Patient.contained[1].id")],
    ),
    "no id within": (
        broken(PATIENT, contained=[{"resourceType": "Patient", "link": [{"other": {"reference": "#"}, "type": "seealso"}]}]),
        [("contained", "Patient.contained[0].id")],
    ),
    # extensions
    "neither a value nor extensions": (broken(GOAL, extension=[{"url": EXTENSION["url"]}]), [("ext-1", "Goal.extension[0]")]),
    "a value and extensions": (
        broken(GOAL, extension=[{**EXTENSION, "extension": [EXTENSION]}]), [("ext-1", "Goal.extension[0]")],
    ),
    "an extension without a name": (broken(GOAL, extension=[{"valueString": "a"}]), [("cardinality", "Goal.extension[0].url")]),
    "an extension with half a name": (
        broken(GOAL, extension=[{**EXTENSION, "url": "x"}]), [("url", "Goal.extension[0].url")],
    ),
    "an unknown modifier": (broken(GOAL, modifierExtension=[MODIFIER]), [("modifier", "Goal.modifierExtension[0]")]),
    # resources within
    "a problem of a contained one": (
        broken(GOAL, contained=[{"resourceType": "Patient", "id": "a", "active": 1}], subject={"reference": "#a"}),
        [("type", "Goal.contained[0].active")],
    ),
    "contained, of no type": (
        broken(GOAL, contained=[{"id": "a"}], subject={"reference": "#a"}), [("type", "Goal.contained[0].resourceType")],
    ),
}
# fmt: on


@pytest.mark.parametrize("case", CASES)
def test_each_rule_finds_what_breaks_it_and_nothing_else(case: str) -> None:
    resource, expected = CASES[case]
    assert found(resource) == [(ERROR, rule, at) for rule, at in expected]


def test_a_format_that_is_wrong_is_named() -> None:
    (problem,) = check(broken(GOAL, startDate="2026-02-30"), R4)
    assert problem == Finding(
        "format", ERROR, "not of type date", element="Goal.startDate",
        hint="expected YYYY, YYYY-MM or YYYY-MM-DD, a date that the calendar has",
    )  # fmt: skip


def test_what_was_probably_meant_is_named() -> None:
    def hint(**element: Any) -> str:
        (problem,) = check(broken(GOAL, **element), R4)
        return problem.hint

    assert hint(start="2026-03-01") == "perhaps startDate or startCodeableConcept"
    assert hint(Note=[]) == "perhaps note"
    assert hint(notes=[]) == "perhaps note"
    assert hint(colour="made up") == ""


def test_what_stands_beside_a_primitive_may_replace_it() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    resource = {"resourceType": "Provenance", "_recorded": absent}
    assert "Provenance.recorded" not in [at for _, _, at in found(resource)]
    # But not a code that a value set requires, says the official engine (6.7.9, 2026-11).
    goal = broken(GOAL, lifecycleStatus=None, _lifecycleStatus=absent)
    assert found(goal) == [(ERROR, "code", "Goal.lifecycleStatus")]
    assert check(broken(PATIENT, name=[{"given": ["A", None], "_given": [None, absent]}]), R4) == []
    assert check(broken(PATIENT, birthDate="1970", _birthDate={"id": "a"}), R4) == []


def test_a_code_outside_an_extensible_binding_is_warned_of() -> None:
    assert found(broken(PATIENT, maritalStatus=CODED)) == [(WARNING, "code", "Patient.maritalStatus")]
    married = {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "M"}
    assert found(broken(PATIENT, maritalStatus={"coding": [*CODED["coding"], married]})) == []


def test_a_concept_whose_code_is_required_needs_it() -> None:
    condition = {"resourceType": "Condition", "text": GOAL["text"], "subject": GOAL["subject"]}
    wrong = found(broken(condition, clinicalStatus=CODED))
    assert (ERROR, "code", "Condition.clinicalStatus") in wrong
    assert (ERROR, "code", "Condition.clinicalStatus") in found(broken(condition, clinicalStatus={"text": "active"}))


def test_where_a_reference_may_lead_anywhere_or_does_not_say() -> None:
    for reference in (
        "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
        "https://ehr.example/17",
        "Patient?identifier=1",
    ):
        assert check(broken(GOAL, subject={"reference": reference}), R4) == []
    assert check(broken(GOAL, subject={"identifier": {"value": "1"}, "type": "Patient"}), R4) == []


def test_an_address_that_is_none_is_warned_of() -> None:
    for reference in ("p1", "Coach/p1", "a/Patient/p1"):
        assert found(broken(GOAL, subject={"reference": reference})) == [
            (WARNING, "reference", "Goal.subject.reference")
        ]


def test_an_id_may_stand_once_in_each_resource() -> None:
    name = [{"id": "a", "text": "made up"}]
    inside = {"resourceType": "Patient", "id": "b", "name": name}
    assert (
        check(
            broken(PATIENT, name=name, contained=[inside], link=[{"other": {"reference": "#b"}, "type": "seealso"}]), R4
        )
        == []
    )


def test_a_control_character_is_warned_of() -> None:
    assert found(broken(GOAL, description={"text": "a\u0007"})) == [(WARNING, "format", "Goal.description.text")]


def test_a_language_is_required_of_r5_alone() -> None:
    def spoken(**language: Any) -> Json:
        return broken(PATIENT, communication=[{"language": language}])

    english = {"coding": [{"system": "urn:ietf:bcp:47", "code": "en-US"}]}
    assert check(spoken(**english), R4) == check(spoken(text="made up"), R4) == check(spoken(**english), R5) == []
    for other in ({"text": "made up"}, CODED):
        assert found(spoken(**other), R5) == [(ERROR, "code", "Patient.communication[0].language")]


def test_names_within_an_extension_may_be_short() -> None:
    assert (
        check(broken(GOAL, extension=[{"url": EXTENSION["url"], "extension": [{"url": "x", "valueCode": "a"}]}]), R4)
        == []
    )


def test_a_modifier_of_the_specification_is_known() -> None:
    known = {"url": "http://hl7.org/fhir/StructureDefinition/request-doNotPerform", "valueBoolean": True}
    assert "modifier" not in {one.rule for one in check(broken(GOAL, modifierExtension=[known]), R4)}


@versions
def test_a_type_that_the_tables_do_not_hold_is_told_once(version: Version) -> None:
    assert found({"resourceType": "Account", "made": "up"}, version) == [(INFORMATION, "not-checked", "Account")]


def test_a_type_of_another_version_or_of_none() -> None:
    assert (
        found({"resourceType": "MediaStudy"})
        == found({"resourceType": "InventoryItem"})
        == [(ERROR, "type", "resourceType")]
    )
    assert found({"resourceType": "Resource"}) == found({"resourceType": "Period"}) == [(ERROR, "type", "resourceType")]
    assert found({}) == found({"resourceType": 1}) == [(ERROR, "type", "resourceType")]


PATIENT_URL = "https://ehr.example/fhir/Patient/p1"
ENTRY = {"fullUrl": PATIENT_URL, "resource": {**PATIENT, "id": "p1"}}


def bundle(*entries: Json, type_: str = "collection") -> Json:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries)}


def test_the_entries_of_a_bundle() -> None:
    goal = {"fullUrl": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "resource": GOAL}
    place = {
        "fullUrl": "urn:uuid:63fefa32-fcbb-4ff8-8a92-55ee120877b7",
        "resource": {"resourceType": "Location", "text": GOAL["text"]},
    }
    led = {**goal, "resource": broken(GOAL, subject={"reference": place["fullUrl"]})}
    assert check(bundle(ENTRY, goal), R4) == []
    assert found(bundle({"resource": PATIENT})) == [(ERROR, "bundle", "Bundle.entry[0]")]
    found_one = {**goal, "resource": broken(GOAL, id=None), "search": {"mode": "match"}}
    assert found({**bundle(found_one, type_="searchset"), "total": 1}) == [
        (ERROR, "bundle", "Bundle.entry[0].resource")
    ]
    assert found(bundle({**ENTRY, "fullUrl": PATIENT_URL + "7"})) == [(ERROR, "bundle", "Bundle.entry[0].fullUrl")]
    assert found(bundle({**goal, "fullUrl": "Goal/g1"})) == [(ERROR, "bundle", "Bundle.entry[0].fullUrl")]
    assert found(bundle({**ENTRY, "resource": {**PATIENT, "id": "p1", "active": 1}})) == [
        (ERROR, "type", "Bundle.entry[0].resource.active")
    ]
    assert found(bundle(led, place)) == [(ERROR, "target", "Bundle.entry[0].resource.subject.reference")]


def test_a_transaction_needs_no_full_url() -> None:
    entry = {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}
    assert check(bundle(entry, type_="transaction"), R4) == []


@pytest.mark.parametrize("depth", [20, 200, 5000])
def test_however_deep_it_answers(depth: int) -> None:
    value: Json = EXTENSION
    for _ in range(depth):
        value = {"url": EXTENSION["url"], "extension": [value]}
    rules = {one.rule for one in check(broken(GOAL, extension=[value]), R4)}
    assert rules == (set() if depth == 20 else {"depth"})
    anything: Any = "made up"
    for _ in range(depth):
        anything = {"x": [anything]}
    assert [one.rule for one in check(broken(GOAL, x=anything), R4)] == ["unknown"]


NAMES = sorted({name for type_ in table(R4)["types"].values() for name in type_["elements"]})
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=8)
KEYS = st.sampled_from([*NAMES, *(f"_{name}" for name in NAMES), "valueString", "valueQuantity"]) | st.text(max_size=8)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


@versions
@given(ANY, st.sampled_from(sorted(table(R5)["types"])))
def test_any_json_is_answered(version: Version, value: Any, type_: str) -> None:
    problems = check(value, version)
    if isinstance(value, dict):
        problems += check({**value, "resourceType": type_}, version)
    else:
        assert [one.severity for one in problems] == [ERROR]
    assert {one.rule for one in problems if one.severity == INFORMATION} <= {
        "not-checked"
    }  # every rule could be applied


PLANTED: tuple[Any, ...] = (
    MARK, [MARK], {MARK: MARK}, {"reference": MARK}, {"coding": [{"code": MARK}]}, {"url": MARK}, f"#{MARK}",
    f"https://{MARK}/Location/1", f"<div>{MARK}</div>", {"extension": [{"url": MARK, "valueCode": MARK}]},
)  # fmt: skip


@versions
@given(st.data())
def test_any_json_within_a_sound_resource_is_answered_and_not_repeated(version: Version, data: st.DataObject) -> None:
    resource = deepcopy(data.draw(st.sampled_from(sources(version)), "resource"))
    planted = data.draw(st.sampled_from(PLANTED), "planted")
    node: Any = resource
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))), "key")
        if isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans(), "deeper"):
            node = node[key]
        else:
            break
    if (key, node) != ("resourceType", resource):
        node[key] = planted
    texts = [text for one in check(resource, version) for text in (one.message, one.hint, one.rule)]
    assert MARK not in "".join(texts)
    assert not any(MARK in one.element for one in check(resource, version) if one.rule != "unknown")
