"""A made-up guide, resources that it is asked of, and what it finds in them."""

from pathlib import Path
from typing import Any

from checking.packages import PROFILES, guide, profile

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.errors import ERROR
from fhir_coaching.lens import R4

Json = dict[str, Any]
Found = list[tuple[str, str]]

CODES = "https://practice.example/codes"
COLOURS = "https://guide.example/ValueSet/colours"
VALUE_SET: Json = {
    "resourceType": "ValueSet",
    "url": COLOURS,
    "compose": {"include": [{"system": CODES, "concept": [{"code": "red"}, {"code": "blue"}]}]},
}
EXTENSION = profile(
    "colour",
    "Extension",
    {"url": {"fixedUri": PROFILES + "colour"}, "value[x]": {"min": 1, "type": [{"code": "code"}]}},
    context=[{"type": "element", "expression": "Goal"}, {"type": "element", "expression": "Observation.component"}],
)
PARTS = profile(
    "parts",
    "Extension",
    {
        "extension:one": {"sliceName": "one", "min": 1, "max": "1"},
        "extension:one.url": {"fixedUri": "one"},
        "url": {"fixedUri": PROFILES + "parts"},
        "value[x]": {"max": "0"},
    },
)  # fmt: skip


def coded(code: str, system: str = CODES) -> Json:
    return {"coding": [{"system": system, "code": code}]}


GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "made up"},
    "subject": {"reference": "Patient/p1"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'},
}
RED = coded("red")
OBSERVATION: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": RED,
    "performer": [{"reference": "Practitioner/p1"}],
    "text": GOAL["text"],
}


def found(folder: Path, elements: dict[str, Json], resource: Json, *others: Json) -> Found:
    """Rule and place of what a made-up profile of the resource's type finds beyond the base."""
    made = profile("made-up", resource["resourceType"], elements)
    profiles = chosen([made["url"]], [guide(folder, made, VALUE_SET, EXTENSION, *others)])
    base = check(resource, R4)
    beyond = [one for one in check(resource, R4, profiles) if one not in base]
    assert all("asked by " in one.hint for one in beyond if one.severity == ERROR)
    return [(one.rule, one.element) for one in beyond]
