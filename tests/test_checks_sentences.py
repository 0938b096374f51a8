"""Every rule that the checks can name has the severities that `validate --list` shows."""

import ast
from collections.abc import Iterator
from pathlib import Path

from fhir_coaching import checks
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.sentences import RULES
from fhir_coaching.errors import ERROR, INFORMATION, WARNING

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
