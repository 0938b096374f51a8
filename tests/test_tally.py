"""Findings counted by rule."""

import pytest

from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding
from fhir_coaching.report.tally import FIRST, Tally


def test_the_worst_and_the_most_frequent_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    found = [Finding("told", INFORMATION, "a"), *[Finding("often", WARNING, "b")] * 3, Finding("once", WARNING, "c")]
    Tally([*found, Finding("grave", ERROR, "d")]).beside()
    said = capsys.readouterr().err
    order = [said.index(rule) for rule in ("grave", "often", "once", "told")]
    assert order == sorted(order)


def test_of_each_rule_the_first_places_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Tally(Finding("format", ERROR, "a", f"goals.ndjson:{number}") for number in range(1, FIRST + 2)).beside()
    said = capsys.readouterr().err
    assert f"goals.ndjson:{FIRST}" in said
    assert f"goals.ndjson:{FIRST + 1}" not in said
