"""What a pull takes, and what it leaves alone; and what a push makes of servers that keep less than they are sent."""

from typing import Any

import pytest
from practices import ALL, BOB, HELD, MEALS, RESOURCES, STEPS, Practice, item, outcomes, paths, said

from fhir_coaching.errors import Unavailable
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import FhirServer
from fhir_coaching.sync.report import Outcome, Pulled


def test_what_a_search_does_not_find_is_not_gone(pushed: Practice) -> None:
    """The appointment names its patient no more, so that no search by patient finds it; it is there."""
    pushed.hospital_edits("session.appointment", "s1", lambda one: one.update(participant=one["participant"][1:]))
    assert outcomes(pushed.pull()) == {"unchanged": len(ALL)}
    assert pushed.line("session", "s1")["booking"] == HELD["booking"]


def test_what_is_there_again_is_met_again(pushed: Practice) -> None:
    goal = pushed.resource("goal", "g3")
    pushed.hospital_deletes("goal", "g3")
    assert item(pushed.pull(), "goal", "g3").outcome is Pulled.DELETED
    pushed.put(goal)
    assert outcomes(pushed.pull()) == {"unchanged": len(ALL)}
    pushed.edit("goal", "g3", statement="Wanted again")
    assert item(pushed.push(), "goal", "g3").outcome is Outcome.UPDATED


def test_a_deletion_there_and_a_withdrawal_here_agree(pushed: Practice) -> None:
    pushed.hospital_deletes("goal", "g3")
    pushed.write({"kind": "goal", "id": "g3", "deleted": True})
    assert (pushed.push().exit_code, pushed.pull().exit_code, pushed.push().writes) == (0, 0, 0)


def test_a_lost_base_raises_nothing_from_the_dead(pushed: Practice) -> None:
    pushed.hospital_deletes("goal", "g3")
    pushed.forget()
    report = pushed.push()
    assert (item(report, "goal", "g3").outcome, report.writes) == (Outcome.MOVED, 0)


def test_an_edit_that_cannot_be_read_stops_that_record_alone(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(lifecycleStatus="wished-for"))
    pushed.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    pushed.edit("goal", "g1", statement="Other words")
    report = pushed.push()
    assert (item(report, "goal", "g1").outcome, report.writes) == (Outcome.FAILED, 0)
    assert "Goal.lifecycleStatus" in item(report, "goal", "g1").why
    pulled = pushed.pull()
    assert (item(pulled, "goal", "g1").outcome, pulled.exit_code) == (Pulled.FAILED, 1)
    assert item(pulled, "goal", "g3").outcome is Pulled.CHANGED
    assert pushed.resource("goal", "g1")["lifecycleStatus"] == "wished-for"
    pushed.hospital_edits("goal", "g1", lambda one: one.update(lifecycleStatus="active"))
    assert pushed.push().counts()["updated"] == 1


def test_a_pull_that_is_stopped_goes_on_later(sandbox: Sandbox, pushed: Practice) -> None:
    other = pushed.beside("other")
    sandbox.quirks.add("unavailable", 1000, after=3)
    first = other.pull()
    assert isinstance(first.stopped, Unavailable)
    assert first.exit_code == 6
    sandbox.quirks.discard("unavailable")
    assert other.pull().exit_code == 0
    assert set(other.records()) == set(pushed.records())
    assert outcomes(other.pull()) == {"unchanged": len(ALL)}


def test_a_new_resource_of_ours_from_elsewhere(pushed: Practice) -> None:
    """Another folder of the same practice adds a goal; this one learns of it."""
    other = pushed.beside("other")
    other.pull()
    other.write({"kind": "goal", "id": "g9", "patient": "p2", "statement": "New", "state": "active", "start": "2026"})
    assert other.push().writes == 1
    pulled = pushed.pull()
    assert outcomes(pulled) == {"new": 1, "unchanged": len(ALL)}
    assert pushed.line("goal", "g9")["statement"] == "New"
    assert pushed.push().writes == 0


def test_two_folders_edit_two_records(pushed: Practice) -> None:
    other = pushed.beside("other")
    other.pull()
    other.edit("goal", "g1", statement="From the other desk")
    other.push()
    pushed.edit("goal", "g3", statement="From this desk")
    report = pushed.push()
    assert (item(report, "goal", "g1").outcome, item(report, "goal", "g3").outcome) == (Outcome.MOVED, Outcome.UPDATED)
    for practice in (pushed, other, pushed):
        assert practice.pull().exit_code == 0
        assert practice.push().exit_code == 0
    assert pushed.records() == other.records() | {
        ("session", id_): pushed.records()["session", id_] for id_ in ("s1", "s2")
    }


def test_pages(sandbox: Sandbox, practice: Practice) -> None:
    many = [MEALS | {"id": f"m{n}", "statement": f"Meal {n}"} for n in range(230)]
    practice.write(BOB, *many)
    first = practice.push()
    assert (first.exit_code, first.counts()["created"]) == (0, RESOURCES + 230)
    other = practice.beside("other")
    sandbox.quirks.add("expire_next", 1)
    assert outcomes(other.pull()) == {"new": len(ALL) + 230}
    assert practice.push().requests < 20


# Servers that keep less


def test_what_a_server_drops_is_told_once(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.drop = {"Goal": ["note", "target"]}
    first = practice.push()
    assert item(first, "goal", "g1").lost == ("targets", "notes")
    assert first.exit_code == 0
    for _ in range(2):
        again = practice.push()
        assert (again.writes, item(again, "goal", "g1").lost) == (0, ())
        assert outcomes(practice.pull()) == {"unchanged": len(ALL)}
    practice.edit("goal", "g1", statement="Other words")
    assert item(practice.push(), "goal", "g1").outcome is Outcome.UPDATED
    practice.hospital_edits("goal", "g1", lambda one: one.update(startDate="2026-02-01"))
    pulled = practice.pull()
    assert paths(item(pulled, "goal", "g1")) == ["start"]
    line = practice.line("goal", "g1")
    assert (line["targets"], line["notes"]) == (STEPS["targets"], STEPS["notes"])
    assert (line["statement"], line["start"]) == ("Other words", "2026-02-01")
    assert practice.push().writes == 0


@pytest.mark.parametrize("same", [True, False])
def test_somebody_else_creates_it_first(
    sandbox: Sandbox, practice: Practice, monkeypatch: pytest.MonkeyPatch, *, same: bool
) -> None:
    """Looked for and not found, created there, then a conditional create that finds it: nothing of ours was written."""
    sandbox.quirks.add("no_update_create")
    practice.push()
    practice.write(
        {"kind": "goal", "id": "g9", "patient": "p2", "statement": "Mine", "state": "active", "start": "2026"}
    )
    send = FhirServer.create

    def meanwhile(server: FhirServer, resource: dict[str, Any], **how: Any) -> Any:
        theirs = resource if same else {**resource, "description": {"text": "Theirs"}}
        if not done:
            done.append(1)
            send(practice.client(), theirs)
        return send(server, resource, **how)

    done: list[int] = []
    monkeypatch.setattr(FhirServer, "create", meanwhile)
    report = practice.push()
    assert done
    outcome = Outcome.UNCHANGED if same else Outcome.MOVED
    assert item(report, "goal", "g9").outcome is outcome, list(said(report))
    assert practice.resource("goal", "g9")["description"]["text"] == ("Mine" if same else "Theirs")
    if not same:
        assert item(practice.pull(), "goal", "g9").outcome is Pulled.CLASH
