"""What a push does with people, withdrawals, refusals and servers that can do less."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from practices import BOB, HELD, MRN, RESOURCES, Practice, item, outcomes, said

from fhir_coaching.lens import Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sync.base import opened
from fhir_coaching.sync.linking import id_rows, link, unlink
from fhir_coaching.sync.report import Outcome, PushReport

NPI = "http://hl7.org/fhir/sid/us-npi"


class Validation:
    """A hook that can be set while the sandbox runs."""

    def __init__(self) -> None:
        self.refused = ""

    def __call__(self, resource: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
        if self.refused and any(one.get("value") == self.refused for one in resource.get("identifier", [])):
            yield "error", "business-rule", f"{resource['resourceType']}.status", "not with us"


@pytest.fixture
def validation() -> Validation:
    return Validation()


@pytest.fixture
def sandbox(version: Version, quirks: tuple[str, ...], validation: Validation) -> Iterator[Sandbox]:
    with Sandbox(version.name.lower(), quirks=quirks, validate=validation) as running:
        yield running


def hospital_has(sandbox: Sandbox, type_: str, id_: str, **elements: Any) -> None:
    sandbox.load([{"resourceType": type_, "id": id_, **elements}])


def outcome(report: PushReport, kind: str, id_: str, part: str = "") -> Outcome:
    found = item(report, kind, id_, part).outcome
    assert isinstance(found, Outcome)
    return found


# People


def test_people_are_not_created_unasked(practice: Practice) -> None:
    report = practice.push(create_people=False)
    assert (report.exit_code, report.writes) == (1, 0)
    assert set(outcomes(report)) == {"not_deliverable"}
    assert practice.versions() == {}


def test_matched_people_are_theirs(sandbox: Sandbox, practice: Practice) -> None:
    hospital_has(
        sandbox, "Patient", "mrn-4471", identifier=[{"system": MRN, "value": "004471"}], name=[{"text": "R. D."}]
    )
    hospital_has(
        sandbox,
        "Practitioner",
        "staff-1",
        identifier=[{"system": NPI, "value": "2200000117"}],
        name=[{"text": "N. O."}],
    )
    report = practice.push(create_people=False)
    assert outcome(report, "patient", "p1") is Outcome.UNCHANGED
    assert (item(report, "patient", "p1").server_id, item(report, "practitioner", "c1").server_id) == (
        "mrn-4471",
        "staff-1",
    )
    assert outcome(report, "goal", "g1") is Outcome.CREATED
    assert outcome(report, "session", "s1", "session") is Outcome.CREATED
    assert {outcome(report, *key) for key in (("patient", "p2"), ("goal", "g3"), ("session", "s2"))} == {
        Outcome.NOT_DELIVERABLE
    }
    for reference in ("Patient/mrn-4471", "Practitioner/staff-1"):
        read = requests.get(f"{sandbox.url}/{reference}", timeout=60).json()
        assert (read["meta"]["versionId"], len(read["identifier"])) == ("1", 1)
    assert practice.resource("goal", "g1")["subject"]["reference"] == "Patient/mrn-4471"
    assert practice.there("PractitionerRole") == []
    again = practice.push(create_people=False)
    assert again.writes == 0
    practice.edit("patient", "p1", sex="other")
    assert practice.push(create_people=True).exit_code == 0
    assert requests.get(f"{sandbox.url}/Patient/mrn-4471", timeout=60).json()["meta"]["versionId"] == "1"


def test_people_whom_the_server_lets_nobody_write(sandbox: Sandbox, practice: Practice) -> None:
    """As at most hospitals: patients and staff are read and searched; what is theirs is delivered all the same."""
    sandbox.quirks.add("read_only_people")
    hospital_has(sandbox, "Patient", "mrn-4471", identifier=[{"system": MRN, "value": "004471"}])
    hospital_has(sandbox, "Practitioner", "staff-1", identifier=[{"system": NPI, "value": "2200000117"}])
    report = practice.push()
    assert outcome(report, "patient", "p1") is Outcome.UNCHANGED
    assert outcome(report, "goal", "g1") is Outcome.CREATED
    assert outcome(report, "session", "s1", "session") is Outcome.CREATED
    assert (outcome(report, "patient", "p2"), outcome(report, "goal", "g3")) == (Outcome.NOT_DELIVERABLE,) * 2
    assert "takes no new Patient" in item(report, "patient", "p2").why
    assert practice.push().writes == 0
    ours: dict[str, Any] = {"identifier": [{"system": practice.system("patient"), "value": "p2"}], "birthDate": "1979"}
    hospital_has(sandbox, "Patient", "ours", **ours, name=[{"text": BOB["names"][0]["text"]}], gender="male")
    report = practice.push()
    assert outcome(report, "patient", "p2") is Outcome.UNCHANGED
    assert outcome(report, "goal", "g3") is Outcome.CREATED
    practice.edit("patient", "p2", sex="other")
    practice.edit("goal", "g3", statement="Smaller meals")
    report = practice.push()
    assert outcome(report, "patient", "p2") is Outcome.NOT_DELIVERABLE
    assert outcome(report, "goal", "g3") is Outcome.UPDATED


def test_two_who_may_be_meant_are_for_a_person(sandbox: Sandbox, practice: Practice) -> None:
    for id_ in ("a", "b"):
        hospital_has(sandbox, "Patient", id_, identifier=[{"system": MRN, "value": "004471"}])
    report = practice.push()
    assert outcome(report, "patient", "p1") is Outcome.NOT_DELIVERABLE
    assert {outcome(report, "goal", id_) for id_ in ("g1", "g2")} == {Outcome.NOT_DELIVERABLE}
    assert outcome(report, "goal", "g3") is Outcome.CREATED


def test_an_unmatched_coach_stops_the_sessions_alone(sandbox: Sandbox, practice: Practice) -> None:
    hospital_has(sandbox, "Patient", "x", identifier=[{"system": MRN, "value": "004471"}])
    report = practice.push(create_people=False)
    assert outcome(report, "practitioner", "c1") is Outcome.NOT_DELIVERABLE
    assert outcome(report, "session", "s1") is Outcome.NOT_DELIVERABLE
    assert outcome(report, "goal", "g1") is Outcome.CREATED
    assert outcome(report, "related_person", "r1") is Outcome.CREATED
    assert practice.there("Encounter") == []


def test_an_unmatched_place_is_left_out(sandbox: Sandbox, practice: Practice) -> None:
    hospital_has(sandbox, "Patient", "x", identifier=[{"system": MRN, "value": "004471"}])
    hospital_has(sandbox, "Practitioner", "y", identifier=[{"system": NPI, "value": "2200000117"}])
    report = practice.push(create_people=False)
    assert outcome(report, "place", "l1") is Outcome.NOT_DELIVERABLE
    assert item(report, "session", "s1", "session").lost == ("place",)
    assert "location" not in practice.resource("session", "s1")
    before = practice.versions()
    again = practice.push(create_people=False)
    assert (again.writes, practice.versions()) == (0, before)
    practice.hospital_edits("session", "s1", lambda one: one.update(status="cancelled"))
    assert practice.pull().exit_code == 0
    assert (practice.line("session", "s1")["place"], practice.line("session", "s1")["status"]) == ("l1", "cancelled")
    assert practice.push().exit_code == 0
    assert practice.resource("session", "s1")["location"][0]["location"]["identifier"]["value"] == "l1"


def test_link_and_unlink(sandbox: Sandbox, practice: Practice) -> None:
    hospital_has(sandbox, "Patient", "somebody", name=[{"text": "R. D."}])
    client = practice.client()
    with opened(practice.folder, client.base) as base:
        link(client, practice.exchange(), base, "patient", "p1", "Patient/somebody")
    report = practice.push()
    assert item(report, "patient", "p1").server_id == "somebody"
    assert practice.resource("goal", "g1")["subject"]["reference"] == "Patient/somebody"
    assert "identifier" not in requests.get(f"{sandbox.url}/Patient/somebody", timeout=60).json()
    rows = {(row["kind"], row["id"], row["part"]): row for row in id_rows(practice.base())}
    assert rows["patient", "p1", "patient"]["server_id"] == "somebody"
    assert rows["session", "s1", "appointment"]["type"] == "Appointment"
    with opened(practice.folder, client.base) as base:
        unlink(base, "patient", "p1")
    assert outcome(practice.push(create_people=False), "patient", "p1") is Outcome.NOT_DELIVERABLE


# Withdrawals


def test_an_error_is_withdrawn_not_deleted(pushed: Practice) -> None:
    for kind, id_ in (("goal", "g3"), ("session", "s1"), ("patient", "p2"), ("related_person", "r1")):
        pushed.write({"kind": kind, "id": id_, "deleted": True})
    pushed.drop("session", "s2")
    report = pushed.push()
    assert outcome(report, "goal", "g3") is Outcome.UPDATED
    assert outcome(report, "session", "s1", "session") is Outcome.UPDATED
    assert {outcome(report, "patient", "p2"), outcome(report, "related_person", "r1")} == {Outcome.NOT_DELIVERABLE}
    assert "cannot be withdrawn here" in item(report, "patient", "p2").why
    assert pushed.resource("goal", "g3")["lifecycleStatus"] == "entered-in-error"
    assert pushed.resource("session", "s1")["status"] == "entered-in-error"
    assert pushed.push().writes == 0
    pushed.pull()
    assert {"id": "g3", "deleted": True} in pushed.lines("goal")


def test_the_time_of_a_withdrawn_session_is_free_again(pushed: Practice) -> None:
    pushed.edit("session", "s1", status="planned", booking={**HELD["booking"], "state": "booked"})
    assert pushed.push().exit_code == 0
    pushed.write({"kind": "session", "id": "s1", "deleted": True})
    assert pushed.push().exit_code == 0
    assert pushed.resource("session", "s1")["status"] == "entered-in-error"
    assert pushed.resource("session.appointment", "s1")["status"] == "cancelled"


def test_a_record_entered_in_error_says_so_there(pushed: Practice) -> None:
    pushed.edit("goal", "g1", state="entered_in_error")
    pushed.edit("session", "s1", status="entered_in_error")
    assert pushed.push().exit_code == 0
    assert pushed.resource("goal", "g1")["lifecycleStatus"] == "entered-in-error"
    assert pushed.resource("session", "s1")["status"] == "entered-in-error"
    assert pushed.push().writes == 0


def test_a_withdrawal_of_what_was_edited_there_is_for_a_person(pushed: Practice) -> None:
    pushed.hospital_edits("goal", "g3", lambda one: one["description"].update(text="Smaller meals"))
    pushed.write({"kind": "goal", "id": "g3", "deleted": True})
    assert outcome(pushed.push(), "goal", "g3") is Outcome.MOVED
    assert pushed.pull().exit_code == 5
    assert pushed.resource("goal", "g3")["lifecycleStatus"] == "active"


def test_a_withdrawal_of_what_was_never_there(practice: Practice) -> None:
    practice.write({"kind": "goal", "id": "g3", "deleted": True})
    report = practice.push()
    assert report.exit_code == 0
    assert "Goal/" + practice.stable("goal", "g3") not in practice.versions()


def test_a_booking_taken_back_retires_its_appointment(pushed: Practice) -> None:
    held = {name: value for name, value in HELD.items() if name != "booking"}
    pushed.write(held)
    report = pushed.push()
    assert {one.part: one.outcome for one in report.items if one.id == "s1"} == {
        "session": Outcome.UNCHANGED,
        "appointment": Outcome.UPDATED,
    }
    assert pushed.resource("session.appointment", "s1")["status"] == "entered-in-error"
    assert pushed.push().writes == 0
    pushed.write(HELD)
    assert pushed.push().writes == 1
    assert pushed.resource("session.appointment", "s1")["status"] == "fulfilled"


# Refusals


@pytest.mark.parametrize("quirks", [(), ("no_transaction",), ("no_batch", "no_transaction", "no_update_create")])
def test_one_bad_entry_stands_alone(validation: Validation, practice: Practice) -> None:
    validation.refused = "g1"
    report = practice.push()
    assert outcomes(report) == {"created": RESOURCES - 1, "failed": 1}, list(said(report))
    assert (report.exit_code, report.writes) == (1, RESOURCES)
    assert "error business-rule at Goal.status" in item(report, "goal", "g1").why
    assert "not with us" not in item(report, "goal", "g1").why
    validation.refused = ""
    again = practice.push()
    assert outcomes(again) == {"created": 1, "unchanged": RESOURCES - 1}


def test_a_refused_patient_takes_the_rest_along(validation: Validation, practice: Practice) -> None:
    validation.refused = "p1"
    report = practice.push()
    assert outcome(report, "patient", "p1") is Outcome.FAILED
    theirs = [one for one in report.items if one.id in {"g1", "g2", "s1", "r1"}]
    assert {one.outcome for one in theirs} == {Outcome.NOT_DELIVERABLE}
    assert outcome(report, "goal", "g3") is Outcome.CREATED
    validation.refused = ""
    assert practice.push().exit_code == 0
    assert len(practice.versions()) == RESOURCES


def test_a_refused_coach_stops_the_sessions(validation: Validation, practice: Practice) -> None:
    validation.refused = "c1"
    report = practice.push()
    assert {one.outcome for one in report.items if one.kind == "session"} == {Outcome.NOT_DELIVERABLE}
    assert outcome(report, "goal", "g1") is Outcome.CREATED


def test_a_refused_update_leaves_the_base(validation: Validation, pushed: Practice) -> None:
    validation.refused = "g1"
    pushed.edit("goal", "g1", statement="Other words")
    assert outcome(pushed.push(), "goal", "g1") is Outcome.FAILED
    validation.refused = ""
    assert outcome(pushed.push(), "goal", "g1") is Outcome.UPDATED


def test_a_refused_update_of_a_coach_stops_nothing_else(validation: Validation, pushed: Practice) -> None:
    validation.refused = "c1"
    pushed.edit("practitioner", "c1", active=False)
    pushed.edit("session", "s2", modality="audio")
    report = pushed.push()
    assert outcome(report, "practitioner", "c1", "practitioner") is Outcome.FAILED
    assert outcome(report, "session", "s2") is Outcome.UPDATED


def test_a_record_with_faults_of_its_own_is_not_sent(practice: Practice) -> None:
    practice.write({name: value for name, value in BOB.items() if name != "sex"})
    report = practice.push()
    assert outcome(report, "patient", "p2") is Outcome.FAILED
    assert [one.rule for one in item(report, "patient", "p2").findings] == ["patient-sex"]
    assert outcome(report, "goal", "g3") is Outcome.NOT_DELIVERABLE
