"""`pull --adopt`: a hospital's plans of coaching become records; theirs they stay."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from practices import ALL, MRN, TYPES, Practice, item, outcomes, paths, said

from fhir_coaching.fhir.names import adopted_id
from fhir_coaching.fhir.systems import PERTAINS_TO_GOAL, SERVICE
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.practice.adoption import DEFAULT, Query
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.adopting import Adopting
from fhir_coaching.sync.lookup import Server
from fhir_coaching.sync.report import Outcome, Pulled

Json = dict[str, Any]

COACHING = {"coding": [{"system": SERVICE, "code": "health-coaching"}], "text": "Coaching"}
SITE = {"coding": [{"system": "https://hospital.example/plans", "code": "lifestyle"}]}
SHORT = {"text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Their words</div>'}}
SERVERS = {"sandbox-r4": R4, "sandbox-r5": R5, "sekmet": R4, "hapi": R4}
ADOPTED = {"engagement": "CarePlan", "goal": "Goal", "action_step": "ServiceRequest", "referral": "ServiceRequest"}


@pytest.fixture(params=[R4, R5], ids=["r4", "r5"])
def version(request: pytest.FixtureRequest) -> Version:
    return Version(request.param)


@pytest.fixture
def sandbox(version: Version) -> Iterator[Sandbox]:
    with Sandbox(version.name.lower()) as running:
        yield running


@pytest.fixture
def hospital(sandbox: Sandbox, version: Version, tmp_path: Path) -> "Hospital":
    return Hospital(Practice(tmp_path / "practice", sandbox.url, version))


class Hospital:
    """A practice that was pushed, and what the hospital has of one of its patients beside that."""

    def __init__(self, practice: Practice, *, elsewhere: bool = True) -> None:
        self.practice = practice
        self.foreign_goals = [{"reference": "#inside"}]
        if elsewhere:  # HAPI 8.8.0 takes no reference to another server (2026-11)
            self.foreign_goals.append({"reference": "https://elsewhere.example/fhir/Goal/1"})
        self.practice.write(*ALL)
        assert self.practice.push().exit_code == 0
        self.patient = self.at("patient", "p1")
        ours = self.at("goal", "g1")
        self.goal = self.adds("Goal", **self.wish("Fewer falls"))
        self.nested = self.adds("Goal", **self.wish("Steady on one leg"))
        self.step = self.adds("ServiceRequest", **self.request("plan", "Tai chi on Mondays", self.nested))
        self.order = self.adds("ServiceRequest", **self.request("order", "Coaching, eight times"))
        self.other = self.adds("ServiceRequest", **self.request("filler-order", "Somebody else's business"))
        self.stray = self.adds("Goal", **self.wish("In nobody's plan"))
        self.plan = self.adds("CarePlan", **self.care_plan(
            goal=[{"reference": self.goal, "display": "Falls"}, {"reference": ours}],
            activity=[self.activity(self.step), self.activity(self.order), self.activity(self.other), *self.details()],
        ))  # fmt: skip
        self.plain = self.adds(
            "CarePlan", **self.care_plan(category=[{"text": "Coaching"}], goal=[{"reference": self.stray}])
        )

    # What the hospital writes

    def at(self, kind: str, id_: str) -> str:
        found = self.practice.resource(kind, id_)
        return f"{found['resourceType']}/{found['id']}"

    def adds(self, type_: str, **elements: Any) -> str:
        """A new resource; its address."""
        made = self.practice.client().create({"resourceType": type_, **elements})
        return f"{type_}/{made.id}"

    def wish(self, text: str) -> Json:
        return {
            "subject": {"reference": self.patient}, "lifecycleStatus": "active", "description": {"text": text},
            "startDate": "2026-02-02", "outcomeCode" if self.practice.version is R4 else "outcome": self._outcome(),
        }  # fmt: skip

    def _outcome(self) -> list[Json]:
        said = {"text": "no fall in May"}
        return [said if self.practice.version is R4 else {"concept": said}]

    def request(self, intent: str, text: str, *goals: str) -> Json:
        code = {"text": text}
        extension = [{"url": PERTAINS_TO_GOAL, "valueReference": {"reference": goal}} for goal in goals]
        return {
            "subject": {"reference": self.patient}, "status": "active", "intent": intent,
            "code": code if self.practice.version is R4 else {"concept": code}, **({"extension": extension} if extension else {}),
        }  # fmt: skip

    def care_plan(self, **elements: Any) -> Json:
        return SHORT | {
            "subject": {"reference": self.patient}, "status": "active", "intent": "plan", "title": "On firm feet",
            "category": [COACHING], "contained": [{"resourceType": "Goal", "id": "inside", **self.wish("Inside")}],
            "description": "Written by the clinic", **elements,
            "goal": [*elements.get("goal", []), *self.foreign_goals],
        }  # fmt: skip

    def activity(self, address: str) -> Json:
        name = "reference" if self.practice.version is R4 else "plannedActivityReference"
        return {name: {"reference": address}}

    def details(self) -> list[Json]:
        return [{"detail": {"status": "in-progress", "description": "Walk"}}] if self.practice.version is R4 else []

    def read(self, address: str) -> Json:
        found = self.practice.client().read(*address.split("/")).resource
        assert found is not None
        return found

    def edits(self, address: str, **elements: Any) -> None:
        self.practice.put(self.read(address) | elements)

    def deletes(self, address: str) -> None:
        assert requests.delete(f"{self.practice.url}/{address}", timeout=60).status_code in {200, 204}

    # What the practice sees

    def id(self, address: str) -> str:
        """The record id of an adopted resource."""
        return adopted_id(self.practice.url, *address.split("/"))

    def line(self, address: str, kind: str = "goal") -> Json:
        return self.practice.line(kind, self.id(address))

    def lines(self) -> dict[str, set[str]]:
        """The ids of adopted records, by kind."""
        return {
            kind: {one["id"] for one in self.practice.lines(kind) if one["id"].startswith("a-")} for kind in ADOPTED
        }

    def state(self) -> dict[str, str]:
        """Version by address of everything that anybody has on the server."""
        client = self.practice.client()
        return {
            f"{type_}/{one['id']}": one["meta"]["versionId"]
            for type_ in TYPES
            for one in client.search(f"{type_}?_count=200")
        }

    def allows(self, *types: str) -> None:
        """Types of theirs that may be written."""
        self.practice.agrees(write_adopted=types)

    def foreign(self) -> list[str]:
        """What the hospital wrote and we adopted."""
        return [self.plan, self.goal, self.nested, self.step, self.order]


@pytest.fixture
def adopted(hospital: Hospital) -> Hospital:
    report = hospital.practice.pull(adopt=True)
    assert report.exit_code == 0, list(said(report))
    return hospital


# Taking


def test_a_plan_of_coaching_comes_with_its_goals_and_activities(hospital: Hospital) -> None:
    before = hospital.state()
    report = hospital.practice.pull(adopt=True)
    assert (report.exit_code, outcomes(report)) == (0, {"new": 5, "unchanged": len(ALL)}), list(said(report))
    assert hospital.lines() == {
        "engagement": {hospital.id(hospital.plan)}, "goal": {hospital.id(hospital.goal), hospital.id(hospital.nested)},
        "action_step": {hospital.id(hospital.step)}, "referral": {hospital.id(hospital.order)},
    }  # fmt: skip
    plan = hospital.line(hospital.plan, "engagement")
    assert (plan["patient"], plan["goals"], plan["steps"]) == (
        "p1",
        [hospital.id(hospital.goal), "g1"],
        [hospital.id(hospital.step)],
    )
    assert hospital.line(hospital.step, "action_step")["goals"] == [hospital.id(hospital.nested)]
    found = item(report, "goal", hospital.id(hospital.goal))
    assert (found.outcome, found.why, f"{found.type}/{found.server_id}") == (
        Pulled.NEW,
        "adopted: theirs",
        hospital.goal,
    )
    assert hospital.state() == before


def test_nothing_is_adopted_unasked(hospital: Hospital) -> None:
    assert outcomes(hospital.practice.pull()) == {"unchanged": len(ALL)}
    assert not any(hospital.lines().values())


@pytest.mark.parametrize("adopt", [True, False])
def test_a_second_pull_and_a_push_find_nothing_new(adopted: Hospital, *, adopt: bool) -> None:
    files, state = adopted.practice.files(), adopted.state()
    assert outcomes(adopted.practice.pull(adopt=adopt)) == {"unchanged": len(ALL) + 5}
    for types in ((), tuple(ADOPTED.values())):
        adopted.allows(*types)
        push = adopted.practice.push()
        assert (push.exit_code, push.writes, push.count(Outcome.UNCHANGED)) == (0, 0, len(push.items))
        assert item(push, "goal", adopted.id(adopted.goal)).why == "theirs: not written"
    assert adopted.state() == state
    assert {name: text for name, text in adopted.practice.files().items() if name.endswith("s.ndjson")} == {
        name: text for name, text in files.items() if name.endswith("s.ndjson")
    }


def test_a_dry_run_tells_and_keeps_nothing(hospital: Hospital) -> None:
    files = hospital.practice.files()
    assert outcomes(hospital.practice.pull(adopt=True, dry_run=True)) == {"new": 5, "unchanged": len(ALL)}
    assert hospital.practice.files() == files


def test_only_patients_who_are_pulled(hospital: Hospital) -> None:
    """Another patient's plan is theirs alone, and a stranger's is nobody's."""
    stranger = hospital.adds("Patient", identifier=[{"system": MRN, "value": "77"}])
    theirs = hospital.adds("CarePlan", **hospital.care_plan(subject={"reference": stranger}))
    report = hospital.practice.pull(adopt=True, patients=(hospital.at("patient", "p2").partition("/")[2],))
    assert not any(hospital.lines().values()), list(said(report))
    assert hospital.practice.pull(adopt=True).exit_code == 0
    assert hospital.id(theirs) not in hospital.lines()["engagement"]
    unknown = hospital.practice.pull(adopt=True, patients=(stranger.partition("/")[2],))
    assert unknown.exit_code == 1
    assert [(one.type, one.server_id, "link" in one.why) for one in unknown.items if one.outcome is Pulled.FAILED] == [
        ("Patient", stranger.partition("/")[2], True)
    ]


def test_a_goal_of_another_patient_is_not_drawn_in(hospital: Hospital) -> None:
    theirs = hospital.adds(
        "Goal", **hospital.wish("Not hers") | {"subject": {"reference": hospital.at("patient", "p2")}}
    )
    hospital.edits(hospital.plan, goal=[{"reference": theirs}])
    assert hospital.practice.pull(adopt=True).exit_code == 0
    assert hospital.lines()["goal"] == {hospital.id(hospital.nested)}
    assert hospital.line(hospital.plan, "engagement").get("goals", []) == []


def test_only_what_says_that_it_is_the_patients_is_chosen(hospital: Hospital) -> None:
    """A server may ignore a parameter and answer everything."""
    client, exchange = hospital.practice.client(), hospital.practice.exchange()
    every = [one for type_ in ("CarePlan", "Goal", "ServiceRequest", "Condition") for one in client.search(type_)]
    stranger = hospital.adds("Patient", active=True)
    theirs = [one | {"id": f"s{one['id']}"[:64], "subject": {"reference": stranger}} for one in every]
    known = {hospital.at("goal", "g1"): ("goal", "g1", "goal")}
    queries = (DEFAULT, Query("Goal"), Query("CarePlan", (("status", "active"),)))
    adopting = Adopting(Server(client), exchange, queries, known, pytest.fail)
    assert set(adopting.chosen(hospital.patient, [*theirs, *every])) == {
        *hospital.foreign(),
        hospital.plain,
        hospital.stray,
    }
    assert adopting.chosen("Patient/1", [*theirs, *every]) == {}


# Settings


@pytest.mark.parametrize(
    ("adopt", "more"),
    [
        (("Goal",), ("stray",)),
        (("CarePlan?category=https://hospital.example/plans|lifestyle",), ("plain", "stray")),
        (("CarePlan?category=lifestyle",), ("plain", "stray")),
        (("CarePlan?category=|lifestyle",), ()),
        (("CarePlan?category=https://hospital.example/plans|",), ("plain", "stray")),
        (("CarePlan?status=active",), ("plain", "stray")),
        (("CarePlan?status=completed",), ()),
        (("CarePlan?status=active&category=other",), ()),
        (("Goal?start-date=ge2026-02-02",), ("stray",)),
    ],
    ids=str,
)  # fmt: skip
def test_settings_name_more(hospital: Hospital, adopt: tuple[str, ...], more: tuple[str, ...]) -> None:
    hospital.edits(hospital.plain, category=[SITE])
    hospital.practice.agrees(adopt=adopt)
    assert hospital.practice.pull(adopt=True).exit_code == 0
    ids = {hospital.id(one) for one in (*hospital.foreign(), *(getattr(hospital, name) for name in more))}
    assert {id_ for some in hospital.lines().values() for id_ in some} == ids


def test_a_parameter_that_the_server_does_not_know_adopts_nothing(hospital: Hospital) -> None:
    hospital.practice.agrees(adopt=("Goal?colour=green",))
    report = hospital.practice.pull(adopt=True)
    (failed,) = [one for one in report.items if one.outcome is Pulled.FAILED]
    assert (report.exit_code, failed.type, "colour" in failed.why) == (1, "Goal", True)
    assert hospital.id(hospital.stray) not in hospital.lines()["goal"]
    assert report.count(Pulled.NEW) == 5


# Following


def test_what_changes_there_comes(adopted: Hospital) -> None:
    adopted.edits(adopted.goal, description={"text": "No falls"})
    adopted.edits(adopted.plan, description="A foreign element")
    report = adopted.practice.pull()
    found = item(report, "goal", adopted.id(adopted.goal))
    assert (found.outcome, paths(found)) == (Pulled.CHANGED, ["statement"])
    assert outcomes(report) == {"changed": 1, "unchanged": len(ALL) + 4}
    assert adopted.line(adopted.goal)["statement"] == "No falls"


def test_a_goal_that_the_plan_gains_is_adopted_when_asked(adopted: Hospital) -> None:
    adopted.edits(adopted.plan, goal=[{"reference": adopted.stray}])
    assert adopted.practice.pull().exit_code == 0
    assert adopted.line(adopted.plan, "engagement").get("goals", []) == []
    report = adopted.practice.pull(adopt=True)
    assert item(report, "goal", adopted.id(adopted.stray)).outcome is Pulled.NEW
    assert adopted.practice.pull().exit_code == 0
    assert adopted.line(adopted.plan, "engagement")["goals"] == [adopted.id(adopted.stray)]


def test_a_deletion_there_is_told_and_nothing_rises(adopted: Hospital) -> None:
    adopted.allows("Goal")
    adopted.edits(adopted.step, extension=[])
    adopted.deletes(adopted.nested)
    report = adopted.practice.pull(adopt=True)
    assert item(report, "goal", adopted.id(adopted.nested)).outcome is Pulled.DELETED
    assert adopted.line(adopted.nested)["statement"] == "Steady on one leg"
    push = adopted.practice.push()
    assert (push.exit_code, push.writes) == (0, 0), list(said(push))
    adopted.practice.edit("goal", adopted.id(adopted.nested), statement="Risen")
    push = adopted.practice.push()
    assert (item(push, "goal", adopted.id(adopted.nested)).outcome, push.writes) == (Outcome.MOVED, 0)
    assert outcomes(adopted.practice.pull()) == {"unchanged": len(ALL) + 4}


def test_an_unreadable_one_stops_itself_alone(hospital: Hospital) -> None:
    hospital.edits(hospital.goal, lifecycleStatus="wished-for")
    report = hospital.practice.pull(adopt=True)
    assert item(report, "goal", hospital.id(hospital.goal)).outcome is Pulled.FAILED
    assert (report.exit_code, report.count(Pulled.NEW)) == (1, 4)


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
        assert there.push().writes == 0


def test_a_base_that_was_lost_is_learnt_again(adopted: Hospital) -> None:
    adopted.practice.edit("goal", adopted.id(adopted.nested), statement="Edited meanwhile")
    adopted.practice.forget()
    adopted.allows("Goal")
    push = adopted.practice.push()
    assert (item(push, "goal", adopted.id(adopted.goal)).outcome, push.writes) == (Outcome.NOT_DELIVERABLE, 0)
    report = adopted.practice.pull(adopt=True)
    assert item(report, "goal", adopted.id(adopted.goal)).outcome is Pulled.UNCHANGED
    assert item(report, "goal", adopted.id(adopted.nested)).outcome is Pulled.CLASH


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
