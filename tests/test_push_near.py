"""What is made from several records, on the server: a plan in words follows its goals; nobody else's words are touched."""

import json
from pathlib import Path
from typing import Any

import pytest
from practices import ORGANIZATION, PLAN, Practice, item, outcomes

from fhir_coaching.fhir.json import dumps
from fhir_coaching.sandbox import Sandbox

Json = dict[str, Any]


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """With a plan that has goals to tell."""
    practice.write(PLAN)
    return practice


def words(practice: Practice) -> str:
    return str(practice.resource("engagement", "e1")["text"]["div"])


def test_a_new_plan_and_a_new_claim_say_what_stands_near_them(pushed: Practice) -> None:
    assert "Walk to school every day" in words(pushed)
    assert "Lay out the shoes" in words(pushed)
    assert pushed.resource("claim", "b1")["insurer"]["identifier"]["value"] == "o1"


def test_a_second_push_writes_nothing(pushed: Practice) -> None:
    assert pushed.push().writes == 0


def test_a_goal_that_was_edited_here_renews_the_plan_and_nothing_else_of_it(pushed: Practice) -> None:
    before = pushed.resource("engagement", "e1")
    pushed.edit("goal", "g1", statement="Walk home every day")
    assert outcomes(pushed.push())["updated"] == 2
    after = pushed.resource("engagement", "e1")
    assert "Walk home every day" in words(pushed)
    changing = ("text", "meta")
    assert {k: v for k, v in after.items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    assert pushed.push().writes == 0


def test_a_goal_that_the_hospital_edited_renews_the_plan_after_the_pull(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda goal: goal["description"].update(text="Walk with the dog"))
    pushed.pull()
    assert outcomes(pushed.push())["updated"] == 1
    assert "Walk with the dog" in words(pushed)


@pytest.mark.parametrize(
    "text",
    [
        {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Seen by Dr. Ito.</div>'},
        {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Plan 7 of this hospital</div>'},
    ],
    ids=["authored", "generated"],
)
def test_words_of_others_stay(pushed: Practice, text: Json) -> None:
    pushed.hospital_edits("engagement", "e1", lambda plan: plan.update(text=text))
    pushed.edit("goal", "g1", statement="Walk home every day")
    assert outcomes(pushed.push())["updated"] == 1
    pushed.edit("engagement", "e1", title="On foot")
    assert item(pushed.push(), "engagement", "e1", "engagement").outcome.value == "updated"
    assert pushed.resource("engagement", "e1")["text"] == text


def test_a_goal_that_is_not_in_a_partial_export_is_still_told(pushed: Practice, tmp_path: Path) -> None:
    (tmp_path / "export.ndjson").write_bytes(dumps({**PLAN, "title": "On foot"}) + b"\n")
    assert pushed.push(source=tmp_path / "export.ndjson").writes == 1
    assert "Walk to school every day" in words(pushed)
    assert "On foot" in words(pushed)


def test_a_goal_that_was_withdrawn_is_told_no_more(pushed: Practice) -> None:
    pushed.write({"kind": "goal", "id": "g1", "deleted": True})
    pushed.push()
    assert "Walk to school every day" not in words(pushed)
    assert pushed.push().writes == 0


def test_an_empty_folder_learns_by_its_pull_what_was_sent(pushed: Practice) -> None:
    other = pushed.beside("other")
    other.pull()
    other.edit("goal", "g1", statement="Walk home every day")
    assert outcomes(other.push())["updated"] == 2
    assert "Walk home every day" in words(other)


def test_a_plan_whose_answer_was_lost_is_renewed_all_the_same(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.add("lose_answer", after=3)  # looked up and written: what is shared, then the first patient
    assert practice.push().exit_code == 7
    practice.edit("goal", "g1", statement="Walk home every day")
    practice.push_until_settled()
    assert "Walk home every day" in words(practice)


def test_a_server_that_keeps_no_words_is_not_written_for_ever(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.drop = {"CarePlan": ["text", "title"], "Claim": ["insurer"]}
    practice.push()
    assert practice.push().writes == 0
    practice.edit("goal", "g1", statement="Walk home every day")
    assert practice.push().writes == 1
    assert practice.push().writes == 0


def test_the_insurer_follows_the_coverage(pushed: Practice) -> None:
    pushed.write({**ORGANIZATION, "id": "o2", "npi": "2100000027"})
    pushed.edit("coverage", "v1", payer={"kind": "organization", "id": "o2"})
    pushed.push()
    assert pushed.resource("claim", "b1")["insurer"]["identifier"]["value"] == "o2"


def test_the_base_holds_no_words(pushed: Practice) -> None:
    for row in map(json.loads, pushed.base_file().read_text().splitlines()):
        assert all(len(digest) in {0, 64} for digest in row.get("beside", {}).values())


def test_a_plan_does_not_say_what_its_goal_does_not(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda goal: goal.update(startDate="2026-02-01"))
    pushed.edit("goal", "g1", statement="Walk home every day")
    report = pushed.push()
    assert (item(report, "goal", "g1").outcome.value, report.writes) == ("moved", 0)
    assert "Walk to school every day" in words(pushed)
