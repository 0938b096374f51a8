"""Answers that do not arrive, runs that are killed, and resources that are deleted: nothing twice, nothing lost."""

from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from practices import (
    ABLE,
    ALL,
    ANN,
    BOB,
    COACH,
    HELD,
    MEALS,
    ORGANIZATION,
    RESOURCES,
    STEPS,
    Practice,
    item,
    outcomes,
    said,
    unlike,
)

from fhir_coaching.lens import R4, Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.base import FOLDER, Base, opened
from fhir_coaching.sync.linking import unlink
from fhir_coaching.sync.report import Outcome, Pulled

FEW = (ORGANIZATION, COACH, ANN, STEPS, {name: HELD[name] for name in HELD if name != "place"}, BOB, MEALS)


@pytest.fixture
def version() -> Version:
    """What gets lost on the way does so in every version: test_sync and test_push run both."""
    return R4


def settled(practice: Practice) -> None:
    """What is left after the time in which a lost request may still arrive, is in step."""
    report = practice.push_until_settled()
    assert (report.exit_code, report.writes) == (0, 0), list(said(report))
    assert outcomes(report) == {"unchanged": RESOURCES}
    assert len(practice.versions()) == RESOURCES
    other = practice.beside("settled")
    assert other.pull().exit_code == 0
    assert unlike(practice, other) == []


# Lost answers


@ABLE
@pytest.mark.parametrize("quirk", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("nth", [0, 1, 3, 4, 5])
def test_a_lost_write_is_neither_doubled_nor_forgotten(
    sandbox: Sandbox, practice: Practice, quirk: str, nth: int
) -> None:
    sandbox.quirks.add(quirk, after=nth)
    first = practice.push()
    if quirk not in sandbox.quirks and first.counts()["unknown"]:
        assert first.exit_code == 7
    settled(practice)


def test_a_create_whose_answer_is_lost(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    practice.write(
        {"kind": "goal", "id": "g9", "patient": "p2", "statement": "New", "state": "active", "start": "2026"}
    )
    sandbox.quirks.add("lose_answer", after=3)
    report = practice.push()
    assert (item(report, "goal", "g9").outcome, report.exit_code) == (Outcome.UNKNOWN, 7), list(said(report))
    again = practice.push()
    assert (item(again, "goal", "g9").outcome, again.writes, again.exit_code) == (Outcome.UNCHANGED, 0, 0)


def test_an_update_whose_answer_is_lost(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    practice.edit("goal", "g3", statement="Smaller meals")
    sandbox.quirks.add("lose_answer", after=3)
    assert practice.push().exit_code == 7
    again = practice.push()
    assert (item(again, "goal", "g3").outcome, again.writes) == (Outcome.UNCHANGED, 0)
    assert practice.resource("goal", "g3")["meta"]["versionId"] == "2"
    assert practice.pull().counts()["unchanged"] == len(ALL)


def test_an_update_that_got_lost_is_sent_again(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    practice.edit("goal", "g3", statement="Smaller meals")
    sandbox.quirks.add("lose_request", after=3)
    assert practice.push().exit_code == 7
    assert item(practice.push(), "goal", "g3").outcome is Outcome.UPDATED
    assert practice.resource("goal", "g3")["description"]["text"] == "Smaller meals"


def test_a_create_that_got_lost_waits_until_it_cannot_arrive(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    practice.write(
        {"kind": "goal", "id": "g9", "patient": "p2", "statement": "New", "state": "active", "start": "2026"}
    )
    sandbox.quirks.add("lose_request", after=3)
    assert practice.push().exit_code == 7
    for seconds, outcome in ((10, Outcome.UNKNOWN), (85, Outcome.UNKNOWN), (1, Outcome.CREATED)):
        practice.clock += seconds
        report = practice.push()
        assert item(report, "goal", "g9").outcome is outcome
        assert report.exit_code == (7 if outcome is Outcome.UNKNOWN else 0)


def test_a_pull_takes_a_lost_answer_for_our_own(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    practice.edit("goal", "g3", statement="Smaller meals")
    sandbox.quirks.add("lose_answer", after=3)
    practice.push()
    assert outcomes(practice.pull()) == {"unchanged": len(ALL)}
    assert outcomes(practice.push()) == {"unchanged": RESOURCES}


def test_a_lost_answer_and_an_edit_there(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.add("lose_answer", after=5)
    assert practice.push().exit_code == 7
    practice.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    assert item(practice.push(), "goal", "g3").outcome is Outcome.MOVED
    assert item(practice.pull(), "goal", "g3").outcome is Pulled.CHANGED
    assert practice.line("goal", "g3")["statement"] == "Smaller meals"
    settled(practice)


# Killed runs


class Killed(BaseException):
    """The process is gone: nothing catches it."""


def killing(monkeypatch: pytest.MonkeyPatch, *, before: bool) -> list[int]:
    """How often the base may be added to until a run is killed, just before or just after."""
    whole, left = Base._append, [-1]  # noqa: SLF001 - the one place where a run leaves something behind

    def append(base: Base, lines: list[dict[str, object]]) -> None:
        left[0] -= 1
        if before and left[0] == 0:
            raise Killed
        whole(base, lines)
        if left[0] == 0:
            raise Killed

    monkeypatch.setattr(Base, "_append", append)
    return left


@ABLE
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_killed_at_every_point(
    tmp_path: Path, quirks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    """A run leaves something behind where it adds to the base: the n-th time is its last, just before or just after."""
    left = killing(monkeypatch, before=before)
    for nth in count(1):
        with Sandbox("r4", quirks=quirks) as sandbox:
            practice = Practice(tmp_path / str(nth), sandbox.url, R4)
            practice.write(*FEW)
            left[0] = nth
            try:
                practice.push()
            except Killed:
                left[0] = -1
                report = practice.push_until_settled()
                assert (report.exit_code, outcomes(report)) == (0, {"unchanged": len(FEW) + 2}), list(said(report))
                assert len(practice.versions()) == len(FEW) + 2
            else:
                break
    assert nth > 4


def edited(practice: Practice) -> None:
    """One edit that both resources of a session say."""
    practice.push()
    practice.edit("session", "s1", status="cancelled", booking={**HELD["booking"], "state": "no_show"})


def arrived(practice: Practice) -> None:
    report = practice.push_until_settled()
    assert outcomes(report) == {"unchanged": RESOURCES}, list(said(report))
    assert practice.resource("session", "s1")["status"] == "cancelled"
    assert practice.resource("session.appointment", "s1")["status"] == "noshow"
    assert outcomes(practice.pull()) == {"unchanged": len(ALL)}


@ABLE
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(1, 5))
def test_killed_between_two_resources(
    practice: Practice, nth: int, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    edited(practice)
    left = killing(monkeypatch, before=before)
    left[0] = nth
    with suppress(Killed):
        practice.push()
    left[0] = -1
    arrived(practice)


@ABLE
@pytest.mark.parametrize("quirk", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("nth", range(4))
def test_lost_between_two_resources(sandbox: Sandbox, practice: Practice, quirk: str, nth: int) -> None:
    edited(practice)
    sandbox.quirks.add(quirk, after=nth)
    practice.push()
    sandbox.quirks.discard(quirk)
    arrived(practice)


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_line_that_was_cut_off(practice: Practice, cut: int) -> None:
    practice.push()
    path = practice.base_file()
    path.write_bytes(path.read_bytes()[:-cut])
    assert practice.push().writes == 0
    practice.edit("goal", "g1", statement="Other words")
    assert practice.push().writes == 1
    assert outcomes(practice.push()) == {"unchanged": RESOURCES}


def test_half_a_line_before_a_short_one(practice: Practice) -> None:
    practice.push()
    path = practice.base_file()
    path.write_bytes(path.read_bytes()[:-1])
    with opened(practice.folder, practice.url) as base:
        unlink(base, "goal", "g1")
    assert ("goal", "g1") not in practice.base().rows
    assert practice.push().writes == 0


def test_a_first_line_that_was_cut_off(practice: Practice) -> None:
    practice.push()
    path = practice.base_file()
    path.write_bytes(path.read_bytes()[:10])
    assert practice.push().writes == 0
    assert outcomes(practice.push()) == {"unchanged": RESOURCES}


def test_a_pull_that_is_killed_between_folder_and_base(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    practice.push()
    practice.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Base, "_append", killed)
        with pytest.raises(Killed):
            practice.pull()
    assert practice.line("goal", "g3")["statement"] == "Smaller meals"
    assert practice.pull().exit_code == 0
    assert outcomes(practice.push()) == {"unchanged": RESOURCES}


# Deleted on the server


@ABLE
@pytest.mark.parametrize("gone", ["410", "404"])
def test_what_the_hospital_deleted_does_not_rise_again(sandbox: Sandbox, practice: Practice, gone: str) -> None:
    if gone == "404":
        sandbox.quirks.add("gone_404")
    practice.push()
    practice.hospital_deletes("goal", "g3")
    report = practice.push()
    assert (item(report, "goal", "g3").outcome, report.exit_code) == (Outcome.MOVED, 5)
    pulled = practice.pull()
    assert (item(pulled, "goal", "g3").outcome, pulled.exit_code) == (Pulled.DELETED, 0)
    assert practice.line("goal", "g3")["statement"] == "Small meals"
    for _ in range(2):
        report = practice.push()
        assert (item(report, "goal", "g3").outcome, report.exit_code) == (Outcome.UNCHANGED, 0), list(said(report))
        assert "deleted on the server" in item(report, "goal", "g3").why
        assert outcomes(practice.pull()) == {"unchanged": len(ALL) - 1}
    assert len(practice.versions()) == RESOURCES - 1
    practice.edit("goal", "g3", statement="Still wanted here")
    report = practice.push()
    assert (item(report, "goal", "g3").outcome, report.exit_code) == (Outcome.MOVED, 5)
    assert len(practice.versions()) == RESOURCES - 1


def test_a_deleted_patient_keeps_the_local_records(practice: Practice) -> None:
    practice.push()
    for kind, id_ in (("goal", "g3"), ("session", "s2"), ("patient", "p2")):
        practice.hospital_deletes(kind, id_)
    files = practice.files()
    pulled = practice.pull()
    assert pulled.exit_code == 0, list(said(pulled))
    assert {(one.kind, one.id) for one in pulled.items if one.outcome is Pulled.DELETED} >= {("patient", "p2")}
    assert {n: t for n, t in practice.files().items() if FOLDER not in n} == {
        n: t for n, t in files.items() if FOLDER not in n
    }
    report = practice.push()
    assert (report.writes, len(practice.versions())) == (0, RESOURCES - 3), list(said(report))


def test_a_deleted_appointment_is_a_booking_taken_back(practice: Practice) -> None:
    practice.push()
    practice.hospital_deletes("session.appointment", "s1")
    report = practice.push()
    assert report.writes == 0
    assert item(report, "session", "s1", "session").outcome is Outcome.MOVED
    assert item(practice.pull(), "session", "s1").outcome is Pulled.CHANGED
    assert "booking" not in practice.line("session", "s1")
    assert outcomes(practice.push()) == {"unchanged": RESOURCES - 1}
