"""What a push does with adopted records, there and elsewhere: theirs they stay."""

import json
from pathlib import Path

import pytest
from hospital import ADOPTED, Hospital
from practices import ALL, Practice, item, outcomes, paths, said

from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.base import THEIRS
from fhir_coaching.sync.plan import Known
from fhir_coaching.sync.report import Outcome, Pulled

SERVERS = {"sandbox-r4": R4, "sandbox-r5": R5, "sekmet": R4, "hapi": R4}


# Editing


def test_an_edit_here_is_told_and_not_written(adopted: Hospital) -> None:
    state = adopted.state()
    adopted.practice.edit("goal", adopted.id(adopted.goal), statement="Ours")
    for _ in range(2):  # it waits for somebody to allow it
        push = adopted.practice.push()
        found = item(push, "goal", adopted.id(adopted.goal))
        assert (found.outcome, paths(found), push.exit_code, push.writes) == (
            Outcome.NOT_DELIVERABLE,
            ["statement"],
            1,
            0,
        )
        assert found.why.startswith("theirs: not written")
        assert "Goal" in found.why
    assert adopted.state() == state
    assert item(adopted.practice.pull(), "goal", adopted.id(adopted.goal)).outcome is Pulled.UNCHANGED
    assert adopted.line(adopted.goal)["statement"] == "Ours"


def test_an_edit_here_is_written_where_the_settings_say_so(adopted: Hospital) -> None:
    before = {at: adopted.read(at) for at in adopted.foreign()}
    adopted.allows("Goal", "CarePlan")
    adopted.practice.edit("goal", adopted.id(adopted.goal), statement="Ours")
    adopted.practice.edit("engagement", adopted.id(adopted.plan), goals=[adopted.id(adopted.goal), "g2"])
    adopted.practice.edit("action_step", adopted.id(adopted.step), text="Not this type")
    push = adopted.practice.push()
    assert (push.exit_code, push.writes, push.count(Outcome.UPDATED)) == (1, 2, 2), list(said(push))
    assert item(push, "action_step", adopted.id(adopted.step)).outcome is Outcome.NOT_DELIVERABLE
    after = {at: adopted.read(at) for at in adopted.foreign()}
    assert [at for at in before if before[at] != after[at]] == [adopted.plan, adopted.goal]
    goal, plan = ({**before[at], "meta": after[at]["meta"]} for at in (adopted.goal, adopted.plan))
    assert after[adopted.goal] == goal | {"description": {"text": "Ours"}}
    assert {**after[adopted.plan], "goal": None} == {**plan, "goal": None}
    assert [one["reference"] for one in after[adopted.plan]["goal"]] == [
        adopted.goal, adopted.at("goal", "g2"), "#inside", "https://elsewhere.example/fhir/Goal/1",
    ]  # fmt: skip
    assert "identifier" not in after[adopted.goal]
    assert outcomes(adopted.practice.pull()) == {"unchanged": len(ALL) + 5}
    adopted.practice.edit("action_step", adopted.id(adopted.step), text="Tai chi on Mondays")
    assert (adopted.practice.push().writes, adopted.practice.push().exit_code) == (0, 0)


def test_what_other_resources_would_say_is_never_made(adopted: Hospital) -> None:
    """A coach of an adopted plan would need a care team beside it, which is not theirs."""
    adopted.allows("CarePlan")
    state = adopted.state()
    coaches = [{"practitioner": "c1", "role": "primary"}]
    adopted.practice.edit("engagement", adopted.id(adopted.plan), coaches=coaches)
    assert (adopted.practice.push().writes, adopted.state()) == (0, state)
    adopted.edits(adopted.plan, title="On firmer feet")
    assert item(adopted.practice.pull(), "engagement", adopted.id(adopted.plan)).outcome is Pulled.CHANGED
    line = adopted.line(adopted.plan, "engagement")
    assert (line["title"], line["coaches"]) == ("On firmer feet", coaches)


def test_their_plan_in_words_is_theirs_even_where_it_is_in_our_words(adopted: Hospital) -> None:
    practice, id_ = adopted.practice, adopted.id(adopted.plan)
    near = Known(practice.records(), {})
    made = practice.exchange().lenses["engagement"].beside(practice.records()["engagement", id_], near)
    words = made["engagement.text"]
    practice.forget()
    adopted.edits(adopted.plan, text=words)
    assert practice.pull(adopt=True).exit_code == 0
    adopted.allows("CarePlan")
    practice.edit("engagement", id_, title="Ours")
    assert practice.push().writes == 1
    plan = adopted.read(adopted.plan)
    assert (plan["title"], plan["text"]) == ("Ours", words)


def test_what_their_server_does_not_keep(sandbox: Sandbox, adopted: Hospital) -> None:
    practice, id_ = adopted.practice, adopted.id(adopted.goal)
    adopted.allows("Goal")
    sandbox.quirks.drop = {"Goal": ["note"]}
    practice.edit("goal", id_, notes=[{"text": "She likes mornings."}])
    assert item(practice.push(), "goal", id_).lost == ("notes",)
    assert (practice.push().writes, practice.pull().count(Pulled.CHANGED)) == (0, 0)
    practice.edit("goal", id_, notes=[])
    assert (practice.push().writes, practice.base().rows["goal", id_].owner) == (0, THEIRS)


@pytest.mark.parametrize("pushed", [True, False])
@pytest.mark.parametrize("choice", [None, "local", "server"])
def test_both_sides_edit(adopted: Hospital, choice: str | None, *, pushed: bool) -> None:
    id_ = adopted.id(adopted.goal)
    adopted.practice.edit("goal", id_, statement="Ours")
    if pushed:  # it was refused, and is an edit still
        adopted.practice.push()
    adopted.edits(adopted.goal, description={"text": "Theirs"})
    adopted.allows("Goal")
    assert item(adopted.practice.push(), "goal", id_).outcome is Outcome.MOVED
    report = adopted.practice.pull(on_clash=choice)
    assert report.exit_code == (0 if choice else 5)
    assert adopted.line(adopted.goal)["statement"] == ("Theirs" if choice == "server" else "Ours")
    assert adopted.practice.push().writes == (1 if choice == "local" else 0)
    assert adopted.read(adopted.goal)["description"]["text"] == ("Ours" if choice == "local" else "Theirs")


@pytest.mark.parametrize("lost", ["lose_answer", "lose_request"])
def test_an_answer_that_is_lost(sandbox: Sandbox, adopted: Hospital, lost: str) -> None:
    adopted.allows("Goal")
    adopted.practice.edit("goal", adopted.id(adopted.goal), statement="Ours")
    sandbox.quirks |= {"no_transaction", "no_batch"}
    sandbox.quirks.add(lost)
    assert item(adopted.practice.push(), "goal", adopted.id(adopted.goal)).outcome is Outcome.UNKNOWN
    assert adopted.practice.push().writes == (1 if lost == "lose_request" else 0)
    goal = adopted.read(adopted.goal)
    assert (goal["description"]["text"], goal["meta"]["versionId"], "identifier" in goal) == ("Ours", "2", False)
    assert outcomes(adopted.practice.pull()) == {"unchanged": len(ALL) + 5}
    assert adopted.practice.push().writes == 0


def test_a_withdrawal_here_is_not_theirs(adopted: Hospital) -> None:
    adopted.allows("Goal")
    state = adopted.state()
    adopted.practice.write({"kind": "goal", "id": adopted.id(adopted.goal), "deleted": True})
    found = item(adopted.practice.push(), "goal", adopted.id(adopted.goal))
    assert (found.outcome, found.why, adopted.state()) == (Outcome.NOT_DELIVERABLE, "theirs: not withdrawn", state)


# Elsewhere


def test_on_another_server_they_are_nobodys(adopted: Hospital, version: Version) -> None:
    with Sandbox(version.name.lower()) as other:
        there = Practice(adopted.practice.folder, other.url, version, identifier_base=adopted.practice.identifier_base)
        there.agrees(write_adopted=tuple(ADOPTED.values()))
        push = there.push()
        found = item(push, "goal", adopted.id(adopted.goal))
        assert (found.outcome, push.count(Outcome.NOT_DELIVERABLE)) == (Outcome.NOT_DELIVERABLE, 5)
        assert "pull --adopt" in found.why
        assert "Fewer falls" not in json.dumps(list(there.client().search("Goal")), default=str)
        other.quirks.add("no_batch")
        before = len(other.requests)
        assert there.push().writes == 0
        asked = " ".join(path for _, path in other.requests[before:])
        assert there.stable("goal", adopted.id(adopted.goal)) not in asked


def test_a_base_that_was_lost_is_learnt_again(adopted: Hospital) -> None:
    adopted.practice.edit("goal", adopted.id(adopted.nested), statement="Edited meanwhile")
    adopted.practice.forget()
    adopted.allows("Goal")
    push = adopted.practice.push()
    assert (item(push, "goal", adopted.id(adopted.goal)).outcome, push.writes) == (Outcome.NOT_DELIVERABLE, 0)
    report = adopted.practice.pull(adopt=True)
    assert item(report, "goal", adopted.id(adopted.goal)).outcome is Pulled.UNCHANGED
    assert item(report, "goal", adopted.id(adopted.nested)).outcome is Pulled.CLASH


def test_a_server_where_plans_are_read_only(sandbox: Sandbox, adopted: Hospital) -> None:
    sandbox.quirks.add("read_only_plans")
    adopted.allows("CarePlan")
    practice, plan = adopted.practice, adopted.id(adopted.plan)
    assert (outcomes(practice.push()).get("not_deliverable"), practice.push().writes) == (1, 0)  # our own plan
    practice.edit("engagement", plan, title="Ours")
    push = practice.push()
    found = item(push, "engagement", plan)
    assert (found.outcome, push.writes, "takes no CarePlan" in found.why) == (Outcome.NOT_DELIVERABLE, 0, True)


@pytest.mark.parametrize(
    "server", [pytest.param(name, marks=pytest.mark.servers) if name == "hapi" else name for name in SERVERS]
)
def test_on_real_servers(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """Adopted, followed, written, and theirs all the while."""
    if server.startswith("sandbox"):
        with Sandbox(server.removeprefix("sandbox-")) as sandbox:
            _there_and_back(Hospital(Practice(tmp_path / "practice", sandbox.url, SERVERS[server])))
    else:
        url = request.getfixturevalue(f"{server}_url")
        _there_and_back(Hospital(Practice(tmp_path / "practice", url, SERVERS[server]), elsewhere=server != "hapi"))


def _there_and_back(hospital: Hospital) -> None:
    practice, goal = hospital.practice, hospital.id(hospital.goal)
    assert outcomes(practice.pull(adopt=True)) == {"new": 5, "unchanged": len(ALL)}
    assert outcomes(practice.pull(adopt=True)) == {"unchanged": len(ALL) + 5}
    before = {at: hospital.read(at) for at in hospital.foreign()}
    hospital.allows("Goal")
    assert practice.push().writes == 0
    practice.edit("goal", goal, statement="Ours")
    push = practice.push()
    assert (push.exit_code, push.writes) == (0, 1), list(said(push))
    after = {at: hospital.read(at) for at in hospital.foreign()}
    assert [at for at in before if before[at]["meta"]["versionId"] != after[at]["meta"]["versionId"]] == [hospital.goal]
    assert after[hospital.goal]["description"]["text"] == "Ours"
    assert [{**one, "meta": 0, "description": 0} for one in (before[hospital.goal],)] == [
        {**one, "meta": 0, "description": 0} for one in (after[hospital.goal],)
    ]
    hospital.edits(hospital.goal, description={"text": "Theirs"})
    assert paths(item(practice.pull(), "goal", goal)) == ["statement"]
