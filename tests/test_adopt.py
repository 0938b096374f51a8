"""`pull --adopt`: a hospital's plans of coaching become records, and are followed."""

import pytest
from hospital import ADOPTED, SITE, Hospital
from practices import ALL, MRN, PLAN, item, outcomes, paths, said

from fhir_coaching.lens import R4
from fhir_coaching.practice.adoption import DEFAULT, Query
from fhir_coaching.sync.adopting import Adopting
from fhir_coaching.sync.lookup import Server
from fhir_coaching.sync.report import Outcome, Pulled

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
    plan, goal = hospital.read(hospital.plan), hospital.read(hospital.stray)
    activity = [hospital.activity(address) for address in ("Appointment/17", "Goal/ours", "#inside")]
    every += [plan | {"id": "p", "activity": activity}, goal | {"id": "ours"}]  # a server may drop identifiers
    theirs = [one | {"id": f"s{one['id']}"[:64], "subject": {"reference": stranger}} for one in every]
    known = {hospital.at("goal", "g1"): ("goal", "g1", "goal"), "Goal/ours": ("goal", "g2", "goal")}
    queries = (DEFAULT, Query("Goal"), Query("CarePlan", (("status", "active"),)))
    adopting = Adopting(Server(client), exchange, queries, known, pytest.fail)
    expected = {*hospital.foreign(), hospital.plain, hospital.stray, "CarePlan/p"}
    assert set(adopting.chosen(hospital.patient, [*theirs, *every])) == expected
    assert adopting.chosen("Patient/1", [*theirs, *every]) == {}


def test_one_patient_is_adopted_and_followed(hospital: Hospital) -> None:
    only = (hospital.patient.partition("/")[2],)
    hospital.practice.pull(adopt=True, patients=only)
    assert {id_ for some in hospital.lines().values() for id_ in some} == set(map(hospital.id, hospital.foreign()))
    hospital.edits(hospital.goal, description={"text": "No falls"})
    hospital.deletes(hospital.stray)
    assert item(hospital.practice.pull(patients=only), "goal", hospital.id(hospital.goal)).outcome is Pulled.CHANGED


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


def test_a_condition_that_a_plan_addresses(adopted: Hospital) -> None:
    """It is none of the defaults: the reference is left as it is until somebody names the type."""
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]}
    sore = adopted.adds(
        "Condition", subject={"reference": adopted.patient}, code={"text": "Sore knee"}, clinicalStatus=code
    )
    refers = {"reference": sore}
    adopted.edits(adopted.plan, addresses=[refers if adopted.practice.version is R4 else {"reference": refers}])
    assert outcomes(adopted.practice.pull(adopt=True)) == {"unchanged": len(ALL) + 5}
    adopted.practice.agrees(adopt=("Condition",), write_adopted=("CarePlan",))
    report = adopted.practice.pull(adopt=True)
    assert outcomes(report) == {"new": 1, "changed": 1, "unchanged": len(ALL) + 4}
    assert adopted.line(adopted.plan, "engagement")["addresses"] == [adopted.id(sore)]
    assert adopted.practice.push().writes == 0


def test_a_plan_of_ours_that_they_added_to(adopted: Hospital) -> None:
    """What we could not see stays; what we can see since it was adopted is taken before anything is written."""
    practice = adopted.practice
    practice.write(PLAN | {"steps": []})
    assert practice.push().exit_code == 0
    theirs = {"reference": adopted.stray}
    practice.hospital_edits("engagement", "e1", lambda one: one["goal"].append(theirs))
    assert practice.pull().count(Pulled.CHANGED) == 0
    practice.agrees(adopt=("Goal",))
    report = practice.pull(adopt=True)
    assert paths(item(report, "engagement", "e1")) == ["goals"]
    assert practice.line("engagement", "e1")["goals"] == ["g1", "g2", adopted.id(adopted.stray)]
    assert practice.push().writes == 1  # the plan in words now tells of it
    assert practice.push().writes == 0
    assert practice.resource("engagement", "e1")["goal"][2:] == [theirs]
    practice.edit("engagement", "e1", goals=["g1", adopted.id(adopted.stray)])
    assert practice.push().writes > 0
    assert [one["reference"] for one in practice.resource("engagement", "e1")["goal"]] == [
        adopted.at("goal", "g1"),
        adopted.stray,
    ]


def test_what_became_visible_is_not_taken_away_before_it_was_seen(adopted: Hospital) -> None:
    """Both sides changed our plan; then their goal is adopted: a push must not drop it as if we had."""
    practice = adopted.practice
    practice.write(PLAN | {"steps": []})
    practice.push()
    practice.hospital_edits("engagement", "e1", lambda one: one["goal"].append({"reference": adopted.stray}))
    practice.pull()
    practice.edit("engagement", "e1", goals=["g2"])
    practice.agrees(adopt=("Goal",))
    assert item(practice.pull(adopt=True), "engagement", "e1").outcome is Pulled.CLASH
    push = practice.push()
    assert (item(push, "engagement", "e1", "engagement").outcome, push.writes) == (Outcome.MOVED, 0)
    assert len(practice.resource("engagement", "e1")["goal"]) == 3


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
    found = item(report, "goal", hospital.id(hospital.goal))
    assert (found.outcome, "Goal.lifecycleStatus" in found.why, "wished-for" in found.why) == (
        Pulled.FAILED,
        True,
        False,
    )
    assert (report.exit_code, report.count(Pulled.NEW)) == (1, 4)


def test_what_cannot_be_read_is_left_out_of_what_refers_to_it(hospital: Hospital) -> None:
    """A goal by its code alone is fine in FHIR, and no record of ours: the plan comes without it, and keeps it there."""
    coded = {name: value for name, value in hospital.wish("x").items() if name != "description"}
    goal = hospital.adds("Goal", **coded, description={"coding": [{"system": "http://snomed.info/sct", "code": "1"}]})
    hospital.edits(hospital.plan, goal=[{"reference": hospital.goal}, {"reference": goal}])
    report = hospital.practice.pull(adopt=True)
    assert [(one.kind, one.outcome) for one in report.items if one.outcome is Pulled.FAILED] == [
        ("goal", Pulled.FAILED)
    ]
    assert hospital.line(hospital.plan, "engagement")["goals"] == [hospital.id(hospital.goal)]
    hospital.allows("CarePlan")
    hospital.practice.edit("engagement", hospital.id(hospital.plan), title="On our feet")
    assert item(hospital.practice.push(), "engagement", hospital.id(hospital.plan)).outcome is Outcome.UPDATED
    assert hospital.practice.pull(adopt=True).count(Pulled.FAILED) == 1
    there = hospital.practice.client().read(*hospital.plan.split("/")).resource or {}
    assert [one["reference"] for one in there["goal"]] == [hospital.goal, goal]
