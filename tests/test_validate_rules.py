"""`validate --list`: every rule is there with its sentence, and no other."""

import ast
import json
import re
from pathlib import Path

import pytest
from commandline import run

from fhir_coaching import checks
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.sentences import RULES
from fhir_coaching.practice.rules import RULES as OF_RECORDS
from fhir_coaching.report.outcome import CODES
from fhir_coaching.report.rules import ASKED


def rules_in(source: Path) -> set[str]:
    """The rules that a file of the checks names where it says something."""
    found = set()
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"error": 0, "warn": 0, "tell": 0, "Finding": 0, "say": 0}.get(name)
            texts = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if place is not None and texts:
                found.add(texts[0])
    return found


def test_every_rule_is_listed_and_no_other() -> None:
    folder = Path(checks.__file__).parent
    named = {rule for path in folder.rglob("*.py") for rule in rules_in(path)}
    assert {"type", "txt-1", "code", "bundle"} <= named
    assert named - RULES.keys() - INVARIANTS.keys() == set(), "checks/sentences.py says each rule in a sentence"
    assert CODES.keys() <= RULES.keys() | ASKED.keys()


@pytest.mark.parametrize("fhir", ["r4", "r5"])
def test_the_list_has_every_rule_with_severity_and_sentence(fhir: str) -> None:
    report = json.loads(run("validate", "--list", "--fhir", fhir, "--output", "json").stdout)
    rules = {one["rule"]: one for one in report["rules"]}
    assert rules.keys() >= RULES.keys() | OF_RECORDS.keys() | {"gol-1", "per-1", "bdl-7", "input", "duplicate-key"}
    assert all(
        one["says"] and set(one["severity"].split(", ")) <= {"error", "warning", "information"}
        for one in rules.values()
    )
    assert any("dom-6" in one for one in report["not_checked"])
    assert any("Goal" in one for one in report["not_checked"])
    done = run("validate", "--list", "--fhir", fhir, columns=80)
    assert (done.exit_code, max(map(len, done.stdout.splitlines())) <= 80) == (0, True)
    assert all(re.search(rf"^  {re.escape(rule)} ", done.stdout, re.MULTILINE) for rule in rules)


def test_the_list_has_the_constraints_of_the_guides_that_are_named() -> None:
    def listed(*arguments: str) -> dict[str, str]:
        rules = json.loads(run("validate", "--list", "--output", "json", *arguments).stdout)["rules"]
        return {one["rule"]: one["about"] for one in rules}

    assert "us-core-15" not in listed()
    assert listed("--profile", "us-core@6.1.0")["us-core-15"] == "Constraints of us-core 6.1.0"
