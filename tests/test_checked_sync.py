"""Push and pull check what is sent and what arrives: ours stops, the hospital's is told."""

from pathlib import Path

import pytest
from hospital import Hospital
from practices import ALL, HELD, MEALS, PLAN, RESOURCES, STEPS, Practice, item, outcomes, said

from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.report import Item, Outcome, Pulled

MARK = "zebra fink"  # no language, and no code of anything
THEIRS = {"status": MARK, "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'}
BROKEN = {"coding": [{"system": "https://hospital.example/groups", "code": "a", "userSelected": "perhaps"}]}


def found(one: Item) -> list[tuple[str, str, str]]:
    return [(finding.severity, finding.rule, finding.element) for finding in one.findings]


# What a push finds of our own doing


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_is_wrong_is_not_sent_and_the_rest_is(practice: Practice, *, dry_run: bool) -> None:
    practice.edit("goal", "g1", language=MARK)
    report = practice.push(dry_run=dry_run)
    one = item(report, "goal", "g1")
    assert (one.outcome, found(one)) == (Outcome.FAILED, [(ERROR, "code", "Goal.language")])
    assert (one.findings[0].place, bool(one.findings[0].hint)) == ("goals.ndjson:1 language", True)
    assert (outcomes(report), report.exit_code) == ({"created": RESOURCES - 1, "failed": 1}, 1), list(said(report))
    assert report.writes == (0 if dry_run else RESOURCES - 1)
    assert [one["id"] for one in practice.there("Goal")] == (
        [] if dry_run else [practice.stable("goal", "g2"), practice.stable("goal", "g3")]
    )
    assert MARK not in "".join(said(report)) + str(one)
    practice.edit("goal", "g1", language="en")
    assert practice.push().exit_code == 0


def test_what_cannot_do_without_it_is_held(practice: Practice, version: Version) -> None:
    period = {"start": "2026", "end": "2026-03"}  # nobody can tell, says R4
    practice.edit("patient", "p1", names=[{"text": "A", "period": period}], languages=[{"code": MARK}])
    report = practice.push()
    rules = {"per-1": "Patient.name[0].period"} if version is R4 else {"code": "Patient.communication[0].language"}
    assert found(item(report, "patient", "p1")) == [(ERROR, *one) for one in rules.items()]
    assert {item(report, "goal", id_).outcome for id_ in ("g1", "g2")} == {Outcome.NOT_DELIVERABLE}
    assert item(report, "goal", "g3").outcome is Outcome.CREATED
    assert practice.resource("goal", "g3")


def test_nothing_is_half_sent(practice: Practice, version: Version) -> None:
    """A record of several resources, of which one alone is wrong."""
    if version is not R4:
        return
    coach = {"practitioner": "c1", "role": "primary", "period": {"start": "2026", "end": "2026-03"}}
    practice.write({**PLAN, "coaches": [coach]})
    report = practice.push()
    one = item(report, "engagement", "e1")
    assert found(one) == [(ERROR, "per-1", "CareTeam.participant[0].period")]
    assert one.findings[0].place == "engagements.ndjson:1 coaches[0].period"
    assert [practice.there(type_) for type_ in ("CarePlan", "EpisodeOfCare", "CareTeam")] == [[], [], []]


def test_an_edit_that_makes_it_wrong_is_not_sent(pushed: Practice) -> None:
    before = pushed.versions()
    pushed.edit("goal", "g1", language=MARK, statement="Other words")
    pushed.edit("goal", "g2", statement="Other words too")
    report = pushed.push()
    assert found(item(report, "goal", "g1")) == [(ERROR, "code", "Goal.language")]
    assert item(report, "session", "s1", "session").outcome is Outcome.UNCHANGED  # its goal is there all the same
    after = pushed.versions()
    assert [at for at in before if after[at] != before[at]] == [f"Goal/{pushed.stable('goal', 'g2')}"]


def test_what_is_not_sent_is_not_checked(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS))
    report = pushed.push()
    assert (outcomes(report), [found(one) for one in report.items if one.findings]) == ({"unchanged": RESOURCES}, [])


def test_a_withdrawal_arrives_however_wrong_the_record_is(pushed: Practice) -> None:
    pushed.edit("goal", "g1", language=MARK, state="entered_in_error")
    assert item(pushed.push(), "goal", "g1").outcome is Outcome.UPDATED
    assert pushed.resource("goal", "g1")["lifecycleStatus"] == "entered-in-error"
    pushed.hospital_edits("goal", "g2", lambda one: one.update(text=THEIRS))
    pushed.write({"kind": "goal", "id": "g2", "deleted": True})
    assert item(pushed.push(), "goal", "g2").outcome is Outcome.UPDATED
    pushed.write({**STEPS, "id": "g9", "language": MARK, "state": "entered_in_error"})
    assert item(pushed.push(), "goal", "g9").outcome is Outcome.FAILED  # of nothing there is nothing to withdraw


# What the hospital's copy has already


def test_their_error_does_not_stop_our_edit(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS))
    pushed.edit("goal", "g1", statement="Other words")
    for dry_run in (True, False):
        report = pushed.push(dry_run=dry_run, strict=True)
        one = item(report, "goal", "g1")
        assert (one.outcome, found(one), report.exit_code) == (
            Outcome.UPDATED,
            [(WARNING, "code", "Goal.text.status")],
            0,
        )
        assert MARK not in str(one)
    there = pushed.resource("goal", "g1")
    assert (there["description"]["text"], there["text"]) == ("Other words", THEIRS)
    assert pushed.push().writes == 0


def test_ours_beside_theirs_stops(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS))
    pushed.edit("goal", "g1", language=MARK)
    one = item(pushed.push(), "goal", "g1")
    assert (one.outcome, found(one)) == (Outcome.FAILED, [(ERROR, "code", "Goal.language")])


def test_theirs_is_known_again_where_it_moved(pushed: Practice) -> None:
    pushed.edit("goal", "g1", focus=["physical_activity"])
    pushed.push()
    pushed.hospital_edits("goal", "g1", lambda one: one["category"].append(BROKEN))
    pushed.edit("goal", "g1", focus=[])
    one = item(pushed.push(), "goal", "g1")
    assert (one.outcome, found(one)) == (
        Outcome.UPDATED,
        [(WARNING, "type", "Goal.category[0].coding[0].userSelected")],
    )


def test_an_adopted_resource_may_be_wrong(adopted: Hospital) -> None:
    adopted.edits(adopted.goal, text=THEIRS)
    adopted.allows("Goal")
    adopted.practice.edit("goal", adopted.id(adopted.goal), statement="Ours")
    one = item(adopted.practice.push(), "goal", adopted.id(adopted.goal))
    assert (one.outcome, found(one)) == (Outcome.UPDATED, [(WARNING, "code", "Goal.text.status")])
    adopted.practice.edit("goal", adopted.id(adopted.goal), language=MARK)
    one = item(adopted.practice.push(), "goal", adopted.id(adopted.goal))
    assert (one.outcome, found(one)) == (Outcome.FAILED, [(ERROR, "code", "Goal.language")])


# A push that stops for warnings


def test_a_strict_push_keeps_back_what_has_warnings(practice: Practice) -> None:
    """A kind of identifier that the value set does not have; that of a member's number is the mapping's own choice."""
    kind = {"codings": [{"system": "https://practice.example/kinds", "code": "made-up"}]}
    doubtful = {**MEALS, "identifiers": [{"system": "https://practice.example/x", "value": "1", "type": kind}]}
    practice.write(doubtful)
    report = practice.push(strict=True)
    one, insured = item(report, "goal", MEALS["id"]), item(report, "coverage", "v1")
    assert (one.outcome, [(its.severity, its.rule) for its in one.findings]) == (Outcome.FAILED, [(WARNING, "code")])
    assert insured.outcome is Outcome.CREATED
    assert practice.push().exit_code == 0
    practice.write({**doubtful, "statement": "Cook at home"})
    one = item(practice.push(strict=True), "goal", MEALS["id"])
    assert (one.outcome, found(one)) == (Outcome.UPDATED, [])  # the copy there has it too


def test_a_note_that_is_replaced_is_checked_as_the_new_document(pushed: Practice) -> None:
    pushed.write({**HELD, "note": {"text": "Walked."}})
    assert pushed.push().exit_code == 0
    pushed.hospital_edits("session.note", "s1", lambda one: one.update(text=THEIRS))
    pushed.edit("session", "s1", note={"text": "Ran."})
    report = pushed.push()
    notes = [one for one in report.items if (one.id, one.part) == ("s1", "note")]
    assert [(one.outcome, found(one)) for one in notes] == [
        (Outcome.UPDATED, [(WARNING, "code", "DocumentReference.text.status")]),
        (Outcome.CREATED, []),
    ]


# Pull


def test_what_arrives_is_checked_once_and_taken(pushed: Practice) -> None:
    there = pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS, description={"text": "Theirs"}))
    report = pushed.pull()
    one = item(report, "goal", "g1")
    assert (one.outcome, found(one), report.exit_code) == (Pulled.CHANGED, [(ERROR, "code", "Goal.text.status")], 0)
    assert one.findings[0].place == f"Goal/{there['id']}"
    assert pushed.line("goal", "g1")["statement"] == "Theirs"
    assert [found(one) for one in pushed.pull().items if one.findings] == []
    assert MARK not in "".join(said(report)) + str(one)


def test_a_foreign_element_that_arrives_is_checked_too(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS))
    one = item(pushed.pull(), "goal", "g1")
    assert (one.outcome, found(one)) == (Pulled.UNCHANGED, [(ERROR, "code", "Goal.text.status")])


def test_warnings_arrive_as_warnings(pushed: Practice) -> None:
    one = item(pushed.beside("other").pull(strict=True), "coverage", "v1")
    assert (one.outcome, found(one)) == (Pulled.NEW, [(WARNING, "code", "Coverage.identifier[1].type")])


def test_a_strict_pull_leaves_what_is_wrong(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(text=THEIRS, description={"text": "Theirs"}))
    pushed.hospital_edits("goal", "g2", lambda one: one.update(description={"text": "Sound"}))
    for _ in range(2):  # it stays wrong
        report = pushed.pull(strict=True)
        one = item(report, "goal", "g1")
        assert (one.outcome, found(one), report.exit_code) == (Pulled.FAILED, [(ERROR, "code", "Goal.text.status")], 1)
        assert pushed.line("goal", "g1")["statement"] == STEPS["statement"]
        assert pushed.line("goal", "g2")["statement"] == "Sound"
    assert item(pushed.push(), "goal", "g1").outcome is Outcome.MOVED
    pushed.hospital_edits("goal", "g1", lambda one: one.pop("text"))
    assert item(pushed.pull(strict=True), "goal", "g1").outcome is Pulled.CHANGED


def test_a_strict_pull_leaves_a_new_record(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g2", lambda one: one.update(text=THEIRS))
    other = pushed.beside("other")
    report = other.pull(strict=True)
    assert (item(report, "goal", "g2").outcome, report.exit_code) == (Pulled.FAILED, 1)
    assert [one["id"] for one in other.lines("goal")] == ["g1", "g3"]


def test_a_strict_pull_adopts_nothing_wrong_and_nothing_refers_to_it(hospital: Hospital) -> None:
    hospital.edits(hospital.goal, text=THEIRS)
    report = hospital.practice.pull(adopt=True, strict=True)
    one = item(report, "goal", hospital.id(hospital.goal))
    assert (one.outcome, found(one)) == (Pulled.FAILED, [(ERROR, "code", "Goal.text.status")])
    assert hospital.id(hospital.goal) not in hospital.lines()["goal"]
    assert hospital.id(hospital.nested) in hospital.lines()["goal"]
    assert hospital.line(hospital.plan, "engagement").get("goals", []) == ["g1"]
    assert item(hospital.practice.pull(adopt=True), "goal", hospital.id(hospital.goal)).outcome is Pulled.NEW


def test_what_is_not_readable_says_why_by_rule_as_well(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g1", lambda one: one.update(lifecycleStatus=MARK))
    one = item(pushed.pull(), "goal", "g1")
    assert (one.outcome, found(one)) == (Pulled.FAILED, [(ERROR, "code", "Goal.lifecycleStatus")])


SERVERS = {"sandbox-r4": R4, "sandbox-r5": R5, "sekmet": R4, "hapi": R4}


@pytest.mark.parametrize(
    "server", [pytest.param(name, marks=pytest.mark.servers) if name == "hapi" else name for name in SERVERS]
)
def test_on_real_servers(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """HAPI 8.8.0 without validation stores a language that is none (2026-11)."""
    if server.startswith("sandbox"):
        with Sandbox(server.removeprefix("sandbox-")) as sandbox:
            _theirs_and_ours(Practice(tmp_path / "practice", sandbox.url, SERVERS[server]))
    else:
        url = request.getfixturevalue(f"{server}_url")
        _theirs_and_ours(Practice(tmp_path / "practice", url, SERVERS[server]))


def _theirs_and_ours(practice: Practice) -> None:
    # Nobody is to be matched with those of an earlier run: the store of a real server stays.
    practice.write(*({name: one[name] for name in one if name not in {"identifiers", "npi"}} for one in ALL))
    assert outcomes(practice.push()) == {"created": RESOURCES}
    practice.hospital_edits("goal", "g1", lambda one: one.update(language=MARK))
    pulled = item(practice.pull(), "goal", "g1")
    assert (pulled.outcome, found(pulled)) == (Pulled.CHANGED, [(ERROR, "code", "Goal.language")])
    practice.edit("goal", "g1", statement="Other words")
    practice.edit("goal", "g2", statement="Other words too", language=MARK)
    report = practice.push()
    one, other = (item(report, "goal", id_) for id_ in ("g1", "g2"))
    assert (one.outcome, found(one)) == (Outcome.UPDATED, [(WARNING, "code", "Goal.language")])
    assert (other.outcome, found(other)) == (Outcome.FAILED, [(ERROR, "code", "Goal.language")])
    there = practice.resource("goal", "g1")
    assert (there["description"]["text"], there["language"]) == ("Other words", MARK)
    assert "language" not in practice.resource("goal", "g2")
    assert practice.push().writes == 0
