"""Extensions that FHIR and this project define, in a check without a guide: what they hold, where they stand, what modifies."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from checking.made_up import GOAL
from checking.packages import guide, profile
from extensions import PACK_R4, coined, tables
from servers.launchers import guides as official

from fhir_coaching.checks import check
from fhir_coaching.checks.formats import LONG, MANY
from fhir_coaching.checks.profiles import archives
from fhir_coaching.checks.profiles.extensions import known
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.checks.tables import packed
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import ERROR, INFORMATION, WARNING
from fhir_coaching.fhir import systems
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

HL7 = "http://hl7.org/fhir/StructureDefinition/"
CODED = {"binding", "most"}
MARK = "Zebrafink"

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])

NUMBER = {"url": systems.SESSION_NUMBER, "valuePositiveInt": 1}
ABSENT = {"url": HL7 + "data-absent-reason", "valueCode": "unknown"}
PARTS = [
    {
        "url": "type",
        "valueCodeableConcept": {
            "coding": [{"system": "http://hl7.org/fhir/goal-relationship-type", "code": "predecessor"}]
        },
    },
    {"url": "target", "valueReference": {"reference": "Goal/1"}},
]


def related(*parts: Json) -> Json:
    return {"url": HL7 + "goal-relationship", "extension": [*parts]}


def found(resource: Json, version: Version = R4) -> list[tuple[str, str, str]]:
    return [(one.severity, one.rule, one.element) for one in check(resource, version)]


# On a goal: what it bears, and what is found.
GOALS: dict[str, tuple[Json, list[tuple[str, str, str]]]] = {
    "as defined": ({"extension": [related(*PARTS), ABSENT]}, []),
    "of nobody at hand": ({"extension": [{"url": "https://ehr.example/x", "valueString": "a"}]}, []),
    "of another type": (
        {"extension": [{"url": HL7 + "data-absent-reason", "valueString": "unknown"}]},
        [(ERROR, "extension", "Goal.extension[0].valueString")],
    ),
    "with another code": ({"extension": [{**ABSENT, "valueCode": "x"}]}, [(ERROR, "code", "Goal.extension[0].valueCode")]),
    "with a time zone": (
        {"_startDate": {"extension": [{"url": systems.TIME_ZONE, "valueCode": "America/New_York"}]}, "startDate": "2026"},
        [],
    ),
    "with no time zone": (
        {"_startDate": {"extension": [{"url": systems.TIME_ZONE, "valueCode": "America/New_york"}]}, "startDate": "2026"},
        [(ERROR, "code", "Goal._startDate.extension[0].valueCode")],
    ),
    "with another target": (
        {"extension": [related(PARTS[0], {"url": "target", "valueReference": {"reference": "Patient/1"}})]},
        [(ERROR, "target", "Goal.extension[0].extension[1].valueReference.reference")],
    ),
    "with a code that is to be used where one fits": (
        {"extension": [related({"url": "type", "valueCodeableConcept": {"coding": [{"system": "urn:x:y", "code": "a"}]}}, PARTS[1])]},
        [(WARNING, "code", "Goal.extension[0].extension[0].valueCodeableConcept")],
    ),
    "with a part twice": ({"extension": [related(*PARTS, PARTS[1])]}, [(ERROR, "slice", "Goal.extension[0].extension")]),
    "with a part that it does not have": (
        {"extension": [related(*PARTS, {"url": "more", "valueString": "a"})]},
        [(ERROR, "extension", "Goal.extension[0].extension[2]")],
    ),
    "where it may not stand": ({"extension": [NUMBER]}, [(ERROR, "extension", "Goal.extension[0]")]),
    "beside a primitive": (
        {"startDate": "2026", "_startDate": {"extension": [ABSENT, NUMBER]}}, [(ERROR, "extension", "Goal._startDate.extension[1]")]),
    "in an extension": (
        {"extension": [{"url": "https://ehr.example/x", "extension": [{**ABSENT, "valueCode": "x"}]}]},
        [(ERROR, "code", "Goal.extension[0].extension[0].valueCode")],
    ),
    "where it may not stand, in one beside a primitive": (
        {"startDate": "2026", "_startDate": {"extension": [{"url": "https://ehr.example/x", "extension": [NUMBER]}]}},
        [(ERROR, "extension", "Goal._startDate.extension[0].extension[0]")],
    ),
    "that modifies nothing": ({"modifierExtension": [ABSENT]}, [(ERROR, "modifier", "Goal.modifierExtension[0]")]),
    "that modifies what is unknown": (
        {"modifierExtension": [{"url": "https://ehr.example/x", "valueString": "a"}]},
        [(ERROR, "modifier", "Goal.modifierExtension[0]")],
    ),
    "that modifies, among the others": (
        {"extension": [{"url": HL7 + "request-doNotPerform", "valueBoolean": True}]},
        [(ERROR, "extension", "Goal.extension[0]"), (ERROR, "modifier", "Goal.extension[0]")],
    ),
    "that HL7 does not have": (
        {"extension": [{"url": HL7 + "nonsense", "valueString": "a"}]}, [(WARNING, "extension", "Goal.extension[0].url")],
    ),
    "that this project does not have": (
        {"extension": [{"url": systems.SESSION_NUMBER + "s", "valueString": "a"}]},
        [(WARNING, "extension", "Goal.extension[0].url")],
    ),
}  # fmt: skip


@versions
@pytest.mark.parametrize("case", GOALS)
def test_an_extension(case: str, version: Version) -> None:
    bears, expected = GOALS[case]
    assert found(GOAL | bears, version) == expected


@versions
def test_an_extension_without_a_part(version: Version) -> None:
    assert (ERROR, "slice", "Goal.extension[0].extension") in found(GOAL | {"extension": [related(PARTS[0])]}, version)


def test_it_is_found_with_who_asks_and_what_is_allowed() -> None:
    (one,) = check(GOAL | {"extension": [{"url": HL7 + "goal-relationship"}, NUMBER]}, R4)[-1:]
    assert (one.message, one.hint) == (
        "an extension that may not stand here",
        "asked by session-number 0.1.0; allowed: Encounter",
    )
    (one,) = check(GOAL | {"extension": [{**ABSENT, "valueCode": MARK}]}, R4)
    assert one.hint.startswith("asked by data-absent-reason ")
    assert MARK not in f"{one}"


def test_contained_ones_and_those_in_a_bundle_stand_where_they_may() -> None:
    inside = {**GOAL, "id": "g", "extension": [related(*PARTS), NUMBER]}
    around = {
        **GOAL,
        "contained": [inside],
        "extension": [{"url": "https://ehr.example/x", "valueReference": {"reference": "#g"}}],
    }
    assert found(around) == [(ERROR, "extension", "Goal.contained[0].extension[1]")]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:6e1a3d6e-0f4b-4f6f-9e63-0a6c2f9b7c11", "resource": around}],
    }
    assert found(bundle) == [(ERROR, "extension", "Bundle.entry[0].resource.contained[0].extension[1]")]


def test_any_number_of_unknown_ones_is_remembered_within_bounds() -> None:
    extensions, walk = known(R4), Walk(R4, GOAL)
    urls = [f"https://ehr.example/{'x' * LONG}/{number}" for number in range(9)] + [
        f"urn:x:{number}" for number in range(9)
    ]
    walk.extensions = [({"url": url}, f"Goal.extension[{number}]", walk.scope) for number, url in enumerate(urls)]
    extensions.check(walk)
    assert walk.out == []
    assert extensions.find.cache_info().currsize == 10  # the short ones, and one for all that are too long
    assert extensions.find.cache_info().maxsize == MANY


def test_a_wrong_shape_is_said_once() -> None:
    for broken in ({**NUMBER, "valuePositiveInt": "1"}, {**NUMBER, "valuePositiveInt": [1]}):
        wrong = {
            "resourceType": "Encounter",
            "status": "completed",
            "class": [{"text": "made up"}],
            "text": GOAL["text"],
            "extension": [broken],
        }
        assert found(wrong, R5) == [(ERROR, "type", "Encounter.extension[0].valuePositiveInt")]


def test_they_are_asked_with_a_profile_too() -> None:
    wrong = GOAL | {"extension": [{**ABSENT, "valueCode": "x"}]}
    (base,) = check(wrong, R4)
    assert base.rule == "code"
    assert base in check(wrong, R4, chosen(["us-core@6.1.0"]))


def test_a_guide_may_define_one_anew(tmp_path: Path) -> None:
    anew = profile("absent", "Extension", {"value[x]": {"type": [{"code": "string"}]}}, url=ABSENT["url"])
    profiles = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), anew)])
    told = GOAL | {"extension": [{"url": ABSENT["url"], "valueString": "made up"}]}
    assert [one.rule for one in check(told, R4)] == ["extension"]
    assert [one.rule for one in check(told, R4, profiles) if one.severity == ERROR] == []


def test_one_may_stand_in_another_one_alone(tmp_path: Path) -> None:
    inner = profile("inner", "Extension", {}, context=[{"type": "extension", "expression": "https://ehr.example/x"}])
    profiles = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), inner)])
    its = {"url": inner["url"], "valueString": "made up"}
    for around, wrong in (("https://ehr.example/x", []), ("https://ehr.example/y", ["extension"])):
        bears = GOAL | {"extension": [{"url": around, "extension": [its]}]}
        assert [one.rule for one in check(bears, R4, profiles) if one.severity == ERROR] == wrong


def test_one_may_stand_in_the_value_of_another_one() -> None:
    inside = {
        "valueAnnotation": {
            "text": "made up",
            "extension": [{"url": HL7 + "annotationType", "valueCodeableConcept": {"text": "a"}}],
        }
    }
    assert found(GOAL | {"extension": [{"url": "https://ehr.example/x", **inside}]}) == []
    outside = {"valueIdentifier": {"extension": inside["valueAnnotation"]["extension"], "value": "1"}}
    assert found(GOAL | {"extension": [{"url": "https://ehr.example/x", **outside}]}) == [
        (ERROR, "extension", "Goal.extension[0].valueIdentifier.extension[0]")
    ]


def test_values_in_extensions_in_values_take_no_more_the_deeper_they_are() -> None:
    """Types hold one another without end, and each choice of a value goes by three names."""
    kinds = ("Identifier", "Annotation", "Coding", "Period")
    deep = [{"url": HL7 + "annotationType", "valueCodeableConcept": {"text": "a"}}]
    for number in range(12):
        deep = [{"url": "https://ehr.example/x", f"value{kinds[number % 4]}": {"id": "a", "extension": deep}}]
    tracemalloc.start()
    try:
        check(GOAL | {"extension": deep}, R4)
        assert tracemalloc.get_traced_memory()[1] < 10 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("expression", "stands"),
    [
        *(
            (one, True)
            for one in (
                "*",
                "Element",
                "Goal.target",
                "Goal.target.due[x]",
                "Goal.target.due",
                "Goal.target.dueDuration",
            )
        ),
        *(
            (one, True)
            for one in ("Duration", "Quantity", "http://hl7.org/fhir/StructureDefinition/Goal#Goal.target.due")
        ),
        *(
            (one, False)
            for one in ("Goal", "Goal.target.dueDate", "Goal.due", "target.dueDuration", "Patient.target.due[x]")
        ),
        *((one, False) for one in ("More.Goal.target", "Resource", "DomainResource", "Age", "")),
    ],
)
def test_an_element_goes_by_its_paths_and_types(expression: str, stands: bool, tmp_path: Path) -> None:  # noqa: FBT001 - of a table
    made = profile("made-up", "Extension", {}, context=[{"type": "element", "expression": expression}])
    profiles = chosen([], [guide(tmp_path, profile("other", "Goal", {}), made)])
    bears = {"extension": [{"url": made["url"], "valueString": "made up"}]}
    due = {"value": 1, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
    target = bears if expression == "Goal.target" else {"dueDuration": due | bears}
    told = check(GOAL | {"target": [{"measure": {"text": "made up"}, **target}]}, R4, profiles)
    assert [one.rule for one in told if one.severity == ERROR] == ([] if stands else ["extension"])


def test_an_address_of_another_profile_is_that_of_no_extension() -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-goal"
    told = check(GOAL | {"extension": [{"url": url, "valueString": "made up"}]}, R4, chosen(["us-core@6.1.0"]))
    assert [one.message for one in told if one.element == "Goal.extension[0].url"] == [
        "us-core 6.1.0 has no extension of this name"
    ]


@pytest.mark.parametrize(
    "where",
    [
        {"context": [{"type": "fhirpath", "expression": "Goal.target"}]},
        {"contextInvariant": ["lifecycleStatus = 'active'"]},
        {"context": [{"type": "element", "expression": "Goal"}], "contextInvariant": ["lifecycleStatus = 'active'"]},
    ],
    ids=["a place", "a condition", "a condition of a place"],
)
def test_where_an_expression_lets_one_stand_is_not_evaluated(where: Json, tmp_path: Path) -> None:
    made = profile("made-up", "Extension", {}, **where)
    profiles = chosen([], [guide(tmp_path, profile("other", "Goal", {}), made)])
    told = check(GOAL | {"extension": [{"url": made["url"], "valueString": "a"}]}, R4, profiles)
    assert [(one.rule, one.severity) for one in told if one.element == "Goal.extension[0]"] == [
        ("not-evaluated", INFORMATION)
    ]


def test_what_is_not_evaluated_is_said_once_a_resource(tmp_path: Path) -> None:
    bound = {"binding": {"strength": "required", "valueSet": "https://guide.example/ValueSet/nowhere"}}
    unsure = profile("unsure", "Extension", {"value[x]": {"type": [{"code": "code"}], **bound}})
    profiles = chosen([], [guide(tmp_path, profile("made-up", "Goal", {}), unsure)])
    goal = GOAL | {"extension": [{"url": unsure["url"], "valueCode": "a"}, {"url": unsure["url"], "valueCode": "b"}]}
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/Goal/{id_}", "resource": goal | {"id": id_}} for id_ in ("a", "b")
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    told = [one.element for one in check(bundle, R4, profiles) if one.rule == "not-evaluated"]
    assert told == [f"Bundle.entry[{number}].resource.extension[0].valueCode" for number in range(2)]


CROSSED = "http://hl7.org/fhir/{}/StructureDefinition/extension-{}"
CROSSINGS: dict[str, tuple[Version, str, Json, list[str]]] = {
    "as the element": (R4, CROSSED.format("5.0", "Goal.continuous"), {"valueBoolean": True}, []),
    "of another type": (R4, CROSSED.format("5.0", "Goal.continuous"), {"valueString": "yes"}, ["extension"]),
    "with parts": (
        R4,
        CROSSED.format("5.0", "Goal.continuous"),
        {"extension": [{"url": "a", "valueString": "yes"}]},
        ["extension", "cardinality", "cardinality"],
    ),
    "of one type of several": (R5, CROSSED.format("4.0", "Goal.start"), {"valueDate": "2026"}, []),
    "of none of them": (R5, CROSSED.format("4.0", "Goal.start"), {"valueString": "2026"}, ["extension"]),
    "of the same version": (R5, CROSSED.format("5.0", "Goal.continuous"), {"valueBoolean": True}, ["extension"]),
    "of no element": (R4, CROSSED.format("5.0", "Goal.more"), {"valueString": "yes"}, ["extension"]),
    "of no type": (R4, CROSSED.format("5.0", "More.more"), {"valueString": "yes"}, ["extension"]),
    "of a type that is not checked": (R4, CROSSED.format("5.0", "Task.more"), {"valueString": "yes"}, []),
    "that modifies, among the others": (
        R4,
        CROSSED.format("5.0", "ServiceRequest.doNotPerform"),
        {"valueBoolean": True},
        ["modifier"],
    ),
    "with elements of its own": (R4, CROSSED.format("5.0", "Goal.target"), {"valueString": "yes"}, []),
    "of a type that R4 lacks": (R4, CROSSED.format("5.0", "Encounter.reason.value"), {"valueString": "yes"}, []),
    "of a version that is not at hand": (R4, CROSSED.format("4.3", "Goal.continuous"), {"valueString": "yes"}, []),
}


@pytest.mark.parametrize("case", CROSSINGS)
def test_an_element_of_another_version(case: str) -> None:
    version, url, value, rules = CROSSINGS[case]
    assert [one.rule for one in check(GOAL | {"extension": [{"url": url, **value}]}, version)] == rules


@versions
def test_what_this_project_coined_is_as_it_defines_it(version: Version) -> None:
    assert loads(dumps(coined(version))) == packed(f"{version.name.lower()}-coaching")


def test_those_of_the_extensions_pack_are_as_it_has_them() -> None:
    """All but the bindings, for which the specification's own code systems are needed too."""
    folder = official()
    if folder is None:
        pytest.skip("no guide packages: set ORACLE_IGS to the folder that holds hl7.fhir.uv.extensions.r4-*.tgz")
    pack = archives.package(folder / PACK_R4)
    made = tables({**pack.about, "canonical": "http://hl7.org/fhir"}, pack.resources)
    ours = {one["url"]: one for one in packed("r4-extensions")["profiles"]}
    assert len(made["profiles"]) > 600
    for one in loads(dumps(made["profiles"])):
        assert structural(one) == structural(ours[one["url"]])


def structural(table: Json) -> Json:
    asks = {id_: {key: its[key] for key in its.keys() - CODED} for id_, its in table["elements"].items()}
    return {**table, "elements": {id_: its for id_, its in asks.items() if its}}


@versions
def test_a_code_that_is_required_has_a_value(version: Version) -> None:
    beside = {"url": ABSENT["url"], "_valueCode": {"extension": [{"url": "https://ehr.example/x", "valueString": "a"}]}}
    assert found(GOAL | {"extension": [beside]}, version) == [(ERROR, "code", "Goal.extension[0]._valueCode")]
