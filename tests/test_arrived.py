"""A plan and a claim of the sample as they are shown to people."""

from typing import Any

import pytest
from commandline import BASE, SAMPLE

from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.lens import R4
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import Exchange, bundles
from fhir_coaching.practice.source import open_source
from fhir_coaching.report.arrived import claim_in_lines, plan_in_words
from fhir_coaching.report.screen import show


@pytest.fixture(scope="module")
def resources() -> dict[str, dict[str, Any]]:
    """Plans and claims by our id."""
    made = bundles(Exchange(KINDS, R4, PracticeNames(BASE)), open_source(str(SAMPLE)))
    all_ = [entry["resource"] for bundle in made for entry in bundle["entry"]]
    return {one["identifier"][0]["value"]: one for one in all_ if one["resourceType"] in ("CarePlan", "Claim")}


def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *things: Any) -> list[str]:
    """What stands on a screen of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    show(*things)
    return capsys.readouterr().out.splitlines()


def test_a_plan_in_words(
    resources: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = shown(capsys, monkeypatch, *plan_in_words(resources["e-brook"]))
    assert lines[:4] == [
        "Coaching plan: Enough to eat, and people to eat with",
        "Status: active",
        "Period: from 2026-03-03",
        "Goals",
    ]
    assert "   - People at the table: from 2 people to 6 people, by 2026-12-13" in lines
    steps = lines[lines.index("Steps") :]
    assert steps[1].startswith("1. Invite two floormates for Sunday. (ended, met)")
    assert steps[2].startswith("   ")  # the rest of it, below its words
    assert "panic, on the lock screen" not in "".join(lines)  # a step that is more private than the plan
    assert max(map(len, lines)) <= 80


def test_a_plan_without_a_narrative_has_its_title(
    resources: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = {name: value for name, value in resources["e-otter"].items() if name != "text"}
    assert shown(capsys, monkeypatch, *plan_in_words(bare)) == [bare["title"]]


def test_a_claim_in_lines(
    resources: dict[str, dict[str, Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [line.split() for line in shown(capsys, monkeypatch, claim_in_lines(resources["b-minnow-2"]))]
    assert cells == [
        ["line", "date", "code", "modifiers", "place", "units", "price", "net"],
        ["1", "2026-02-04", "0592T", "95", "U1", "10", "1", "41.30", "41.30"],
        ["2", "2026-05-13", "0592T", "03", "1", "41.30", "41.30"],
        ["USD", "82.60"],
    ]
