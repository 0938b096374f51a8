"""Every rule that the checks can name has its sentence, with the severities that it has."""

import ast
from collections.abc import Iterator
from pathlib import Path

from fhir_coaching import checks
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.sentences import BETWEEN, OF_PROFILES, RULES
from fhir_coaching.errors import ERROR, INFORMATION, WARNING

SAID = RULES | BETWEEN | OF_PROFILES
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


def test_every_rule_has_its_sentence() -> None:
    found = set(named())
    assert len(found) > 30
    missing = {
        (rule, severity)
        for rule, severity in found
        if severity not in SAID.get(rule, ((),))[0] and rule not in INVARIANTS
    }
    assert missing == set()


def test_no_sentence_is_of_a_rule_that_nothing_names() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(checks.__path__[0]).glob("**/*.py"))
    named_twice = {rule for rule in SAID if text.count(f'"{rule}"') > 1}
    assert SAID.keys() - named_twice == set()
