"""The constraints of US Core, as functions and as FHIRPath; FHIRPath itself, with what is known of its library."""

import json
import tarfile
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import definitions
import pytest
from checking.guided import BASE
from checking.spots import spots
from hypothesis import assume, given
from hypothesis import strategies as st
from servers import Validator
from servers.launchers import guides
from us_core_examples import ROWS, Row

from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.profiles import fhirpath
from fhir_coaching.checks.profiles.expressions import Unevaluated, bound, ours
from fhir_coaching.checks.profiles.fhirpath import Holds
from fhir_coaching.checks.profiles.guides import guide
from fhir_coaching.checks.profiles.us_core import US_CORE
from fhir_coaching.lens import R4

Json = dict[str, Any]

VERSIONS = ("3.1.1", "4.0.0", "5.0.1", "6.1.0", "7.0.0", "8.0.0")
# What the library does not evaluate: value sets, and things that are asked for a truth.
LEFT_OUT = {
    "where(category.memberOf('http://hl7.org/fhir/us/core/ValueSet/us-core-condition-category')).exists()":
        "asks for memberOf(), which is not evaluated here",
    "practitioner or organization or healthcareService or location": fhirpath.FAILED,
    "telecom or endpoint": fhirpath.FAILED,
}  # fmt: skip
PATIENT: Json = {
    "resourceType": "Patient",
    "active": False,
    "birthDate": "1970-01",
    "name": [{"given": ["Synthetic", "B"], "_given": [None, {"id": "x"}], "family": "F"}, {"text": "F"}],
    "deceasedBoolean": False,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Synthetic"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}],
    "extension": [{"url": "urn:a", "valueInteger": 1}, {"url": "urn:a", "valueInteger": 2}],
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">synthetic</div>'},
}


def published(version: str) -> Iterator[tuple[str, str]]:
    """The constraints of US Core on our types and on its extensions, and those of profiles that it builds on."""
    path = (guides() or Path()) / f"hl7.fhir.us.core-{version}.tgz"
    if not path.is_file():
        pytest.skip(f"no {path.name}: set ORACLE_IGS to its folder")
    with tarfile.open(path) as package:
        for member in package:
            if not member.name.startswith("package/StructureDefinition-"):
                continue
            profile = json.load(package.extractfile(member))  # type: ignore[arg-type]
            if profile["type"] in {*definitions.RESOURCES, "Extension"}:
                for element in profile["snapshot"]["element"]:
                    for one in element.get("constraint", ()):
                        yield one["key"], one["expression"]


def holds(expression: str, node: Any = PATIENT, type_: str = "") -> bool:
    return fhirpath.compiled(expression, type_)(node, Context(R4, node, node))


def why_not(expression: str, node: Any = PATIENT, type_: str = "") -> str:
    with pytest.raises(Unevaluated) as caught:
        holds(expression, node, type_)
    return caught.value.reason


def test_every_constraint_of_us_core_is_a_function_of_ours() -> None:
    known = {*INVARIANTS, "txt-1", "txt-2", "dom-6"}
    asked = {(key, text) for version in VERSIONS for key, text in published(version) if key not in known}
    assert [one for one in sorted(asked) if ours(*one) is None] == []
    used = {id(ours(*one)) for one in asked}
    assert [text for text, one in US_CORE.items() if id(one) not in used] == []


def test_a_guides_constraint_is_evaluated_by_the_library() -> None:
    assert ours("synthetic-1", "name.family.exists()") is None
    held = bound("synthetic-1", "name.family.exists()")
    assert held(PATIENT, Context(R4, PATIENT, PATIENT)) is True
    assert held({"resourceType": "Patient"}, Context(R4, PATIENT, PATIENT)) is False


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("active", False),  # a truth is itself
        ("active.exists()", True),
        ("where(active).exists()", False),
        ("name", True),  # what is there is true
        ("photo", False),  # nothing is false
        ("name.given.count() = 2", True),  # what stands beside a primitive is no further value
        ("name.given = name.given", True),
        ("name.given = 'Synthetic' | 'C'", False),
        ("deceased is boolean", True),
        ("birthDate < @1970-01-15", False),  # nobody can tell
        ("birthDate <= @1971", True),
        ("birthDate.hasValue()", True),
        ("name.hasValue()", False),
        ("(contained | name.given | name.given).count() = 3", True),  # it keeps their types
        ("(Patient | contained).select(deceased.exists()).first()", True),
        ("(name.given | 'Synthetic').count() = 2 and name.given.isDistinct()", True),
        ("text.`div`.htmlChecks()", True),
        ("extension('urn:a').count() = 2", True),
        ("extension('urn:a').value.select($this).count() = 2", True),
        ("managingOrganization.resolve() is Organization", True),
        ("managingOrganization.resolve().name = 'Synthetic'", True),
        ("name.repeat($this).count() = 2", True),
        ("%resource.name.exists() and %rootResource.name.exists() and %context.name.exists()", True),
        ("%ucum = 'http://unitsofmeasure.org'", True),
    ],
)
def test_what_is_evaluated(expression: str, *, value: bool) -> None:
    assert holds(expression) is value


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("name.exists() nonsense", fhirpath.UNREADABLE),  # the library stops reading there, and says nothing
        ("name..given", fhirpath.UNREADABLE),
        ("", fhirpath.UNREADABLE),
        ("(" * 60 + "name" + ")" * 60, fhirpath.TOO_LONG),
        ("name" + ".first()" * 500, fhirpath.TOO_LONG),
        ("- " * 1000 + "1", fhirpath.TOO_LONG),
        ("name.memberOf('urn:a')", "asks for memberOf(), which is not evaluated here"),
        ("generalPractitioner.resolve() is Practitioner", fhirpath.AWAY),
        ("%nothing.exists()", fhirpath.FAILED),
        ("name.family + 1", fhirpath.FAILED),
        ("repeat($this & 'a')", fhirpath.FAILED),
    ],
)
def test_what_is_not_evaluated_says_why(expression: str, reason: str) -> None:
    assert why_not(expression) == reason


def test_elements_are_evaluated_as_their_type() -> None:
    assert holds("$this is dateTime implies $this.toString().length() >= 10", "2026", "dateTime") is False
    assert holds("value.exists()", {"valueQuantity": {"value": 1}}, "Observation.component") is True
    assert holds("value = 0.1 and value >= 0.1", {"value": Decimal("0.10")}, "Quantity") is True
    assert holds("end.exists()", {"end": "2026"}) is True
    assert why_not("value.exists()", {"valueQuantity": {"value": 1}}) == fhirpath.UNTYPED


def test_without_the_library_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fhirpathpy.engine.invocations", None)
    with pytest.raises(Unevaluated, match=r"extra `fhirpath`"):
        fhirpath.compiled.__wrapped__("name.exists()", "")


def test_evaluation_leaves_the_resource_as_it_was() -> None:
    before = json.dumps(PATIENT)
    for expression in ("descendants().count() > 3", "name.given.count() = 2", "extension('urn:a').exists()"):
        holds(expression)
    assert json.dumps(PATIENT) == before


CASES = [
    pytest.param(version, one, id=f"{one.key}-{version}-{number}")
    for number, one in enumerate(ROWS)
    for version in one.versions
]


def expression_of(one: Row, version: str) -> str:
    """What the constraint says in that version."""
    profile = guide(f"us-core@{version}").profiles[BASE + one.profile]
    (found,) = {
        text for asks in profile["elements"].values() for key, _, text in asks.get("rules", ()) if key == one.key
    }
    return " ".join(found.split())


def held(expression: Holds, one: Row, resource: Json) -> bool:
    return expression(one.node(resource), Context(R4, resource, resource))


@pytest.mark.parametrize(("version", "one"), CASES)
def test_each_constraint_is_kept_and_broken(version: str, one: Row) -> None:
    function = bound(one.key, expression_of(one, version), one.type)
    assert [held(function, one, resource) for resource in (one.keeps, one.breaks)] == [True, False]


def test_every_constraint_has_an_example_but_those_that_always_hold() -> None:
    used = {id(ours(one.key, expression_of(one, version))) for one in ROWS for version in one.versions}
    left = [one for one in US_CORE.values() if id(one) not in used]
    anything: list[Any] = [PATIENT, "2026", {"valueQuantity": {"value": 1}}, {}, None, []]
    assert [one.holds(node, Context(R4, PATIENT, PATIENT)) for one in left for node in anything].count(False) == 0


def outcome(text: str, one: Row, resource: Json) -> bool | str:
    """What the library says, or why it says nothing."""
    try:
        return held(fhirpath.compiled(text, one.type), one, resource)
    except Unevaluated as why:
        return why.reason


@pytest.mark.parametrize(("version", "one"), CASES)
def test_the_library_says_the_same_where_it_can(version: str, one: Row) -> None:
    text = expression_of(one, version)
    for resource in (one.keeps, one.breaks):
        said = outcome(text, one, resource)
        assert said in {held(bound(one.key, text), one, resource), LEFT_OUT.get(text)}


@given(st.sampled_from(ROWS), st.booleans(), st.data())
def test_the_library_says_the_same_of_parts(one: Row, keeps: bool, data: st.DataObject) -> None:  # noqa: FBT001 - drawn
    """With some things left out and some put elsewhere."""
    resource = deepcopy(one.keeps if keeps else one.breaks)
    for _ in range(data.draw(st.integers(1, 3))):
        found = [its for its in spots(resource, "") if its.key != "resourceType"]
        assume(found)
        spot = data.draw(st.sampled_from(found))
        others = [its.value for its in spots(one.breaks, "") if its.key == spot.key] or [None]
        if (other := data.draw(st.sampled_from([None, *others]))) is None:
            del spot.holder[spot.key]
        else:
            spot.put(deepcopy(other))
    try:
        node = one.node(resource)
    except (AttributeError, IndexError, KeyError, TypeError):
        node = None
    assume(node.__class__ is one.node(one.keeps).__class__)  # of another type, more is asked elsewhere
    assume(
        all(its.value or its.value.__class__ not in {dict, list} for its in spots(resource, ""))
    )  # no shape of FHIR's
    text = expression_of(one, one.versions[-1])
    said = outcome(text, one, resource)
    assert isinstance(said, str) or said is held(bound(one.key, text), one, resource)


@pytest.mark.servers
def test_a_practitioner_at_hand_acts_as_one_known_by_the_address(guided_validator: Validator) -> None:
    """The engine passes what it cannot look up, and `checks` does not."""
    there = {"resourceType": "Practitioner", "id": "p", "name": [{"family": "Synthetic"}]}
    (one,) = {row.key: row for row in ROWS if row.key == "provenance-1" and "6.1.0" in row.versions}.values()
    acting = {**one.breaks, "agent": [{"who": {"reference": "Practitioner/p"}}]}
    del acting["contained"]
    assert not held(bound(one.key, expression_of(one, "6.1.0")), one, acting)
    for resolve in (False, True):
        *_, report = guided_validator.validate([there, acting], igs=["hl7.fhir.us.core-6.1.0"], resolve=resolve)
        assert ("provenance-1" in str(report["errors"])) is resolve


@pytest.mark.servers
@pytest.mark.parametrize("version", VERSIONS)
def test_the_engine_says_the_same(guided_validator: Validator, version: str) -> None:
    rows = [one for one in ROWS if version in one.versions]
    for wanted, resources in ((False, [one.keeps for one in rows]), (True, [one.breaks for one in rows])):
        reports = guided_validator.validate(resources, igs=[f"hl7.fhir.us.core-{version}"])
        for one, report in zip(rows, reports, strict=True):
            rules = {str(found["rule"]).rpartition("#")[2] for found in [*report["errors"], *report["warnings"]]}
            assert (one.key in rules) is wanted, (one.key, one.at, report)
