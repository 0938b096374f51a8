"""Every rule that the checks can name has the severities that `validate --list` shows, and constraints one wording."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from checking.made_up import coded

from fhir_coaching import checks
from fhir_coaching.checks import check
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.invariants_resources import CATEGORY, CLINICAL
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.checks.sentences import RULES
from fhir_coaching.errors import ERROR, INFORMATION, WARNING
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.report.rules import groups

Json = dict[str, Any]

SEVERITIES = {"error": ERROR, "warn": WARNING, "tell": INFORMATION, "shape": ERROR}


def named() -> Iterator[tuple[str, str]]:
    """Rule and severity, wherever the checks name a rule by its name."""
    for path in Path(checks.__path__[0]).glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            first = node.args[0]
            if node.func.attr in SEVERITIES and isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value, SEVERITIES[node.func.attr]


def test_every_rule_has_the_severities_that_are_listed() -> None:
    found = set(named())
    assert len(found) > 30
    missing = {
        (rule, severity)
        for rule, severity in found
        if severity not in RULES.get(rule, ((),))[0] and rule not in INVARIANTS
    }
    assert missing == set()


@pytest.mark.parametrize("version", Version)
def test_each_constraint_has_a_sentence_in_each_version_that_has_it(version: Version) -> None:
    constraints = {
        rule: said for rule, how, said in groups(version)[f"Constraints of FHIR {version.name}"] if rule in INVARIANTS
    }
    assert len(constraints) > 50
    for rule, said in constraints.items():
        assert INVARIANTS[rule].broken(version) == f"expected: {said}"
        assert not re.search(r"\bR[45]\b|\bshould\b|^expected|[.:]$", said), rule


EVIDENCE: Json = {"resourceType": "Condition", "evidence": [{"id": "e1", "extension": []}]}
PROBLEM: Json = {
    "resourceType": "Condition",
    "category": [coded("problem-list-item", CATEGORY)],
    "clinicalStatus": coded("unknown", CLINICAL),
}


@pytest.mark.parametrize(
    ("version", "resource", "said"),
    [
        (R4, EVIDENCE, "expected: evidence has a code or a detail"),
        (R5, PROBLEM, "expected: the state of a condition on the problem list is known"),
    ],
)
def test_a_broken_constraint_says_what_its_version_expects(version: Version, resource: Json, said: str) -> None:
    assert [one.message for one in check(resource, version) if one.rule == "con-2"] == [said]


def test_a_broken_constraint_of_a_guide_says_what_it_expects() -> None:
    organization = {
        "resourceType": "Organization",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1"}],
    }
    found = check(organization, R4, chosen(["us-core@6.1.0"]))
    assert [one.message for one in found if one.rule == "us-core-16"] == ["expected: an NPI has ten digits"]
