"""Slices of profiles: told apart by value, pattern, type, presence, extension, profile; how many, in which order."""

from pathlib import Path
from typing import Any

import pytest
from checking.made_up import CODES, COLOURS, OBSERVATION, RED, Found, coded, found
from checking.packages import PROFILES, profile

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.lens import R4

Json = dict[str, Any]

US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"


def sliced(by: list[tuple[str, str]], rules: str = "open", **more: Any) -> Json:
    return {"slicing": {"discriminator": [{"type": kind, "path": path} for kind, path in by], "rules": rules, **more}}


BLUE, GREEN = coded("blue"), coded("green")
QUANTITY = {"valueQuantity": {"value": 1}}
COMPONENT = {"code": RED, "valueString": "made up"}
BY_CODE = {
    "component": sliced([("value", "code")]),
    "component:red": {"min": 1, "max": "1"},
    "component:red.code": {"patternCodeableConcept": RED},
    "component:red.value[x]": {"min": 1},
}
CLOSED: dict[str, Json] = {
    "category": sliced([("pattern", "$this")], "closed", ordered=True),
    "category:red": {"patternCodeableConcept": RED},
    "category:blue": {"max": "1", "patternCodeableConcept": BLUE},
}
AT_END: dict[str, Json] = CLOSED | {"category": sliced([("pattern", "$this")], "openAtEnd")}

# Among the red ones those with a display, and one of them at least; of those that are not red nothing is asked.
RE_SLICED: dict[str, Json] = {
    "category": sliced([("pattern", "$this")]),
    "category:red": {"patternCodeableConcept": RED, **sliced([("exists", "text")], "closed")},
    "category:red/said": {"min": 1, "max": "1"},
    "category:red/said.text": {"min": 1},
    "category:red/said.id": {"min": 1},
}
SAID = {**RED, "text": "made up", "id": "a"}

# Profiles of Observation with slices; what is put into one; what is found.
SLICED: dict[str, tuple[dict[str, Json], Json, Found]] = {
    "one too few": (BY_CODE, {"component": [{"code": BLUE, **QUANTITY}]}, [("slice", "Observation.component")]),
    "one too many": (BY_CODE, {"component": [COMPONENT, COMPONENT]}, [("slice", "Observation.component")]),
    "as many as are asked": (BY_CODE, {"component": [COMPONENT, {"code": BLUE}]}, []),
    "asked of one slice": (BY_CODE, {"component": [{"code": RED}]}, [("cardinality", "Observation.component[0].value")]),
    "none of a closed list": (CLOSED, {"category": [RED, GREEN]}, [("slice", "Observation.category[1]")]),
    "in another order": (CLOSED, {"category": [BLUE, RED]}, [("slice", "Observation.category[1]")]),
    "in order": (CLOSED, {"category": [RED, BLUE]}, []),
    "not at the end": (AT_END, {"category": [GREEN, RED]}, [("slice", "Observation.category[1]")]),
    "at the end": (AT_END, {"category": [RED, GREEN]}, []),
    "slices of a slice": (RE_SLICED, {"category": [SAID, BLUE]}, []),
    "slices of no slice": (RE_SLICED, {"category": [BLUE]}, [("slice", "Observation.category")]),
    "a slice of a slice too few, and an item in none": (
        RE_SLICED, {"category": [BLUE, RED]}, [("slice", "Observation.category[1]"), ("slice", "Observation.category")],
    ),
    "a slice of a slice too many": (RE_SLICED, {"category": [SAID, {**SAID, "id": "b"}]}, [("slice", "Observation.category")]),
    "asked of a slice of a slice": (
        RE_SLICED, {"category": [{**RED, "text": "made up"}]}, [("cardinality", "Observation.category[0].id")],
    ),
    "by the code alone": (
        {"category": sliced([("value", "coding.code"), ("value", "coding.system")]), "category:red": {"min": 1},
         "category:red.coding.code": {"fixedCode": "red"}, "category:red.coding.system": {"fixedUri": CODES}},
        {"category": [coded("red", "urn:other:codes")]},
        [("slice", "Observation.category")],
    ),
    "by a value set": (
        {"category": sliced([("value", "$this")]), "category:colour": {"min": 1, "binding": {"strength": "required", "valueSet": COLOURS}}},
        {"category": [GREEN]},
        [("slice", "Observation.category")],
    ),
    "by a value set, found": (
        {"category": sliced([("value", "$this")]), "category:colour": {"min": 1, "binding": {"strength": "required", "valueSet": COLOURS}}},
        {"category": [GREEN, BLUE]},
        [],
    ),
    "by type": (
        {"value[x]": sliced([("type", "$this")], "closed"), "value[x]:valueQuantity": {"type": [{"code": "Quantity"}]},
         "value[x]:valueQuantity.unit": {"min": 1}},
        QUANTITY,
        [("cardinality", "Observation.valueQuantity.unit")],
    ),
    "by type, none of them": (
        {"value[x]": sliced([("type", "$this")], "closed"), "value[x]:valueQuantity": {"type": [{"code": "Quantity"}]}},
        {"valueString": "made up"},
        [("slice", "Observation.valueString")],
    ),
    "by a name that says the type": ({"valueQuantity.unit": {"min": 1}}, QUANTITY, [("cardinality", "Observation.valueQuantity.unit")]),
    "by what is there": (
        {"component": sliced([("exists", "dataAbsentReason")]), "component:absent.dataAbsentReason": {"min": 1},
         "component:absent.code": {"patternCodeableConcept": RED}, "component:there.dataAbsentReason": {"max": "0"},
         "component:there.value[x]": {"min": 1}},
        {"component": [{"code": BLUE, "dataAbsentReason": {"text": "a"}}, {"code": BLUE}, COMPONENT]},
        [("pattern", "Observation.component[0].code"), ("cardinality", "Observation.component[1].value")],
    ),
    "by an extension": (
        {"component": sliced([("value", f"extension('{PROFILES}colour').value.ofType(code)")]),
         "component:red.extension:colour": {"type": [{"code": "Extension", "profile": [PROFILES + "colour"]}]},
         "component:red.extension:colour.value[x]": {"fixedCode": "red"}, "component:red": {"min": 1}},
        {"component": [{"code": RED, "extension": [{"url": PROFILES + "colour", "valueCode": "blue"}]}]},
        [("slice", "Observation.component")],
    ),
    "by what nobody can tell": (
        {"category": sliced([("value", "memberOf('x')")], "closed"), "category:a": {"min": 1}},
        {"category": [RED]},
        [("not-evaluated", "Observation.category")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SLICED)
def test_slices(name: str, tmp_path: Path) -> None:
    elements, more, expected = SLICED[name]
    assert found(tmp_path, elements, OBSERVATION | more) == expected


def test_slices_by_the_profile_of_what_is_contained(tmp_path: Path) -> None:
    patient = profile("patient", "Patient", {"gender": {"min": 1}})
    elements = {
        "performer": sliced([("profile", "resolve()")]),
        "performer:patient": {"max": "1", "type": [{"code": "Reference", "targetProfile": [patient["url"]]}]},
    }
    inside = [{"resourceType": "Patient", "id": f"p{n}", "gender": "other"} for n in range(2)]
    refer = [{"reference": f"#p{n}"} for n in range(2)]
    assert (
        found(
            tmp_path,
            elements,
            OBSERVATION | {"contained": inside, "performer": refer[:1]} | {"focus": refer[1:]},
            patient,
        )
        == []
    )
    assert found(tmp_path, elements, OBSERVATION | {"contained": inside, "performer": refer}, patient) == [
        ("slice", "Observation.performer"),
    ]
    assert found(tmp_path, elements, OBSERVATION, patient) == [("not-evaluated", "Observation.performer")]


def test_a_slice_and_a_pattern_say_what_is_expected() -> None:
    observation = {**OBSERVATION, "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-03-01"}
    found = check(observation, R4, chosen([f"{US_CORE}us-core-body-weight|6.1.0"]))
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    by = "asked by us-core-body-weight 6.1.0"
    assert {(one.element, one.hint) for one in found if one.rule in {"slice", "pattern"}} == {
        ("Observation.category", f"{by}; told by vital-signs, {system}"),
        ("Observation.code", f"{by}; expected 29463-7 (http://loinc.org)"),
    }
