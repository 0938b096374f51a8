"""Push and pull together: both sides in step, nothing written twice, nothing lost."""

from pathlib import Path
from typing import Any

import pytest
from practices import ALL, ANN, RESOURCES, STEPS, VENDOR, Practice, item, outcomes, paths, said, unlike

from fhir_coaching.errors import Locked
from fhir_coaching.sync.base import opened
from fhir_coaching.sync.report import Outcome, Pulled


def vendor(resource: dict[str, Any]) -> None:
    resource["extension"] = [*resource.get("extension", []), VENDOR]
    resource["vendorElement"] = {"deep": [1, {"x": "y"}]}


def due(date: str) -> Any:
    def edit(goal: dict[str, Any]) -> None:
        goal["target"][0]["dueDate"] = date

    return edit


def test_push_twice_and_pull_elsewhere(practice: Practice) -> None:
    first = practice.push()
    assert outcomes(first) == {"created": RESOURCES}, list(said(first))
    assert (first.writes, first.exit_code, first.stopped) == (RESOURCES, 0, None)
    before = practice.versions()
    second = practice.push()
    assert outcomes(second) == {"unchanged": RESOURCES}
    assert (second.writes, second.exit_code) == (0, 0)
    assert practice.versions() == before
    other = practice.beside("other")
    pulled = other.pull()
    assert outcomes(pulled) == {"new": len(ALL)}, list(said(pulled))
    assert {f"{one.type}/{one.server_id}" for one in pulled.items} < before.keys()
    assert unlike(practice, other) == []
    assert outcomes(other.pull()) == {"unchanged": len(ALL)}
    assert outcomes(other.push()) == {"unchanged": RESOURCES}
    assert practice.versions() == before


def test_pull_after_push_changes_no_file(pushed: Practice) -> None:
    before = pushed.files()
    assert outcomes(pushed.pull()) == {"unchanged": len(ALL)}
    assert pushed.files() == before
    pushed.push()
    assert pushed.files() == before


def test_foreign_content_survives_an_edit(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", vendor)
    pushed.edit("goal", "g1", statement="Walk to school and back")
    report = pushed.push()
    assert outcomes(report) == {"updated": 1, "unchanged": RESOURCES - 1}, list(said(report))
    goal = pushed.resource("goal", "g1")
    assert goal["description"]["text"] == "Walk to school and back"
    assert VENDOR in goal["extension"]
    assert goal["vendorElement"] == {"deep": [1, {"x": "y"}]}


def test_an_edit_that_is_foreign_alone_is_no_change(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", vendor)
    report = pushed.push()
    assert (outcomes(report), report.writes) == ({"unchanged": RESOURCES}, 0)
    assert outcomes(pushed.pull()) == {"unchanged": len(ALL)}
    assert VENDOR in pushed.resource("goal", "g1")["extension"]


def test_what_changed_there_is_moved_until_it_is_pulled(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", due("2027-01-31"))
    before = pushed.versions()
    report = pushed.push()
    assert item(report, "goal", "g1").outcome is Outcome.MOVED
    assert item(report, "goal", "g1").fields[0][0] == "targets[0].due"
    assert (report.exit_code, report.writes) == (5, 0)
    assert pushed.versions() == before
    pulled = pushed.pull()
    assert outcomes(pulled) == {"changed": 1, "unchanged": len(ALL) - 1}
    assert paths(item(pulled, "goal", "g1")) == ["targets[0].due"]
    assert pushed.line("goal", "g1") == {name: value for name, value in STEPS.items() if name != "kind"} | {
        "targets": [STEPS["targets"][0] | {"due": "2027-01-31"}]
    }
    assert outcomes(pushed.push()) == {"unchanged": RESOURCES}


def test_both_sides_clash_and_neither_is_written(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", due("2027-01-31"))
    pushed.edit("goal", "g1", statement="Walk further")
    before, files = pushed.versions(), pushed.files()
    assert item(pushed.push(), "goal", "g1").outcome is Outcome.MOVED
    pulled = pushed.pull()
    assert pulled.exit_code == 5
    assert item(pulled, "goal", "g1").outcome is Pulled.CLASH
    assert paths(item(pulled, "goal", "g1")) == ["targets[0].due"]
    assert pushed.versions() == before
    assert pushed.files()["goals.ndjson"] == files["goals.ndjson"]
    assert item(pushed.push(), "goal", "g1").outcome is Outcome.MOVED


def losers(practice: Practice) -> list[Path]:
    return [path for path in (practice.folder / ".fhir-coaching").iterdir() if path.name.startswith("clash-")]


def test_a_clash_decided_for_the_server(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", due("2027-01-31"))
    pushed.edit("goal", "g1", statement="Walk further")
    pulled = pushed.pull(on_clash="server")
    assert (pulled.exit_code, item(pulled, "goal", "g1").outcome) == (0, Pulled.CHANGED)
    (kept,) = losers(pushed)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "Walk further" in kept.read_text()
    assert pushed.line("goal", "g1")["targets"][0]["due"] == "2027-01-31"
    assert pushed.line("goal", "g1")["statement"] == STEPS["statement"]
    assert outcomes(pushed.push()) == {"unchanged": RESOURCES}


def test_a_clash_decided_for_the_practice(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", due("2027-01-31"))
    pushed.hospital_edits("goal", "g1", vendor)
    pushed.edit("goal", "g1", statement="Walk further")
    pulled = pushed.pull(on_clash="local")
    assert pulled.exit_code == 0
    (kept,) = losers(pushed)
    assert "2027-01-31" in kept.read_text()
    assert outcomes(pushed.push()) == {"updated": 1, "unchanged": RESOURCES - 1}
    goal = pushed.resource("goal", "g1")
    assert goal["target"][0]["dueDate"] == "2026-12-31"
    assert goal["description"]["text"] == "Walk further"
    assert VENDOR in goal["extension"]


def test_the_same_edit_on_both_sides_is_no_clash(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", due("2027-01-31"))
    pushed.edit("goal", "g1", targets=[STEPS["targets"][0] | {"due": "2027-01-31"}])
    assert pushed.pull().exit_code == 0
    assert outcomes(pushed.push()) == {"unchanged": RESOURCES}


def test_what_does_not_travel_is_no_edit(pushed: Practice) -> None:
    pushed.edit("session", "s1", private_note="changed", billable="no")
    pushed.hospital_edits("session", "s1", lambda one: one.update(status="cancelled"))
    pulled = pushed.pull()
    assert item(pulled, "session", "s1").outcome is Pulled.CHANGED, list(said(pulled))
    line = pushed.line("session", "s1")
    assert (line["status"], line["private_note"], line["billable"]) == ("cancelled", "changed", "no")


def test_a_lost_base_is_learned_again_without_a_write(pushed: Practice) -> None:
    known, before = pushed.base().rows, pushed.versions()
    pushed.forget()
    report = pushed.push()
    assert (outcomes(report), report.writes, report.exit_code) == ({"unchanged": RESOURCES}, 0, 0)
    assert pushed.versions() == before
    assert pushed.base().rows == known


def test_a_lost_base_and_an_edit_there_is_for_a_person(pushed: Practice) -> None:
    pushed.hospital_edits("patient", "p1", lambda one: one.update(gender="other"))
    pushed.forget()
    pushed.write({"kind": "goal", "id": "g9", "patient": "p1", "statement": "New", "state": "active", "start": "2026"})
    report = pushed.push()
    assert item(report, "patient", "p1").outcome is Outcome.MOVED
    assert paths(item(report, "patient", "p1")) == ["sex"]
    assert item(report, "goal", "g9").outcome is Outcome.CREATED, list(said(report))
    pulled = pushed.pull()
    assert item(pulled, "patient", "p1").outcome is Pulled.CLASH
    assert outcomes(pushed.pull(on_clash="server"))["changed"] == 1
    assert pushed.line("patient", "p1")["sex"] == "other"
    assert pushed.push().exit_code == 0


def test_a_line_that_is_gone_deletes_nothing(pushed: Practice) -> None:
    before = pushed.versions()
    pushed.drop("goal", "g3")
    pushed.drop("session", "s2")
    assert pushed.push().writes == 0
    assert pushed.versions() == before
    pulled = pushed.pull()
    assert outcomes(pulled) == {"unchanged": len(ALL)}
    assert [line["id"] for line in pushed.lines("goal")] == ["g1", "g2"]
    pushed.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    assert outcomes(pushed.pull()) == {"changed": 1, "unchanged": len(ALL) - 1}
    assert pushed.line("goal", "g3")["statement"] == "Smaller meals"


def test_one_patient_at_a_time(pushed: Practice) -> None:
    pushed.hospital_edits("patient", "p1", lambda one: one.update(gender="other"))
    pushed.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    pulled = pushed.pull(patients=(pushed.resource("patient", "p2")["id"],))
    assert {(one.kind, one.id) for one in pulled.items if one.outcome is Pulled.CHANGED} == {("goal", "g3")}
    assert pushed.line("patient", "p1")["sex"] == ANN["sex"]


def test_a_dry_run_writes_nothing_anywhere(practice: Practice) -> None:
    files = practice.files()
    report = practice.push(dry_run=True)
    assert outcomes(report) == {"created": RESOURCES}
    assert report.writes == 0
    assert practice.versions() == {}
    assert practice.files() == files
    practice.push()
    practice.edit("goal", "g1", statement="Other words")
    practice.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    files, before = practice.files(), practice.versions()
    assert outcomes(practice.push(dry_run=True)) == {"updated": 1, "moved": 1, "unchanged": RESOURCES - 2}
    assert outcomes(practice.pull(dry_run=True)) == {"changed": 1, "unchanged": len(ALL) - 1}
    assert (practice.files(), practice.versions()) == (files, before)
    assert not [path for path in practice.folder.rglob("*") if path.is_dir() and path.name != ".fhir-coaching"]


def test_the_base_is_for_its_owner_alone(pushed: Practice) -> None:
    folder = pushed.folder / ".fhir-coaching"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_two_runs_at_once(pushed: Practice) -> None:
    with opened(pushed.folder, pushed.url), pytest.raises(Locked):
        pushed.push()
    assert pushed.push().exit_code == 0
