"""What this project coined is defined for others, and nothing else is sent under its address."""

from collections.abc import Iterator
from typing import Any

import goldens
import pytest

from fhir_coaching.fhir import systems
from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.lens import R4, R5, Version

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def said(node: Any) -> Iterator[tuple[str, str]]:
    """Every code system with its code, and every extension's address with nothing, at any depth."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from said(child)
    if isinstance(node, dict):
        yield str(node.get("system")), str(node.get("code"))
        yield str(node.get("url")), ""


def defined(version: Version) -> set[tuple[str, str]]:
    """The same of the definitions."""
    found = {(str(one["url"]), "") for one in definitions(version) if one["resourceType"] == "StructureDefinition"}
    codes = (one for one in definitions(version) if one["resourceType"] == "CodeSystem")
    return found | {(str(one["url"]), str(concept["code"])) for one in codes for concept in one["concept"]}


@versions
def test_the_golden_files_say_nothing_of_ours_that_is_not_defined(version: Version) -> None:
    files = [goldens.golden(record, version) for record in goldens.RECORDS]
    ours = {one for one in said(files) if one[0].startswith(systems.OWN)}
    assert ours - defined(version) == set()
    assert {(systems.STEP_REVIEWED, ""), (systems.COACH_ROLE, "supervisor")} <= ours


@versions
def test_each_address_of_ours_is_defined(version: Version) -> None:
    ours = {value for value in vars(systems).values() if isinstance(value, str) and value.startswith(systems.OWN)}
    folders = {systems.OWN, systems.OWN_CODES, systems.OWN_EXTENSIONS}
    assert {url for url, _ in defined(version)} == ours - folders
