"""A session's note is not edited on a server: a new document replaces it, whatever happens in between."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from practices import ABLE, ALL, HELD, PLAN, Practice, item, outcomes, said, unlike

from fhir_coaching.lens import R4
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import FhirServer

Json = dict[str, Any]

NOTE: Json = {
    "text": "She walked on four days.",
    "at": "2026-03-02T17:00:00-05:00",
    "by": {"kind": "practitioner", "id": "c1"},
}
NEWER: Json = {**NOTE, "text": "She walked on five days."}


@pytest.fixture
def practice(practice: Practice) -> Practice:
    """With a note."""
    practice.write({**HELD, "note": NOTE})
    return practice


def documents(practice: Practice) -> dict[str, Json]:
    """By status; two of one status would be one too many."""
    found = practice.there("DocumentReference")
    by_status = {one["status"]: one for one in found}
    assert len(by_status) == len(found)
    return by_status


def replaced_by(document: Json) -> list[str]:
    return [one["target"]["reference"] for one in document.get("relatesTo", [])]


@ABLE
def test_an_edited_note_is_a_new_document(pushed: Practice) -> None:
    before = documents(pushed)["current"]
    pushed.edit("session", "s1", note=NEWER)
    report = pushed.push()
    assert outcomes(report) | {"unchanged": 0} == {"created": 1, "updated": 1, "unchanged": 0}
    assert not any(one.lost for one in report.items)
    after = documents(pushed)
    assert replaced_by(after["current"]) == [f"DocumentReference/{before['id']}"]
    assert after["superseded"]["id"] == before["id"]
    assert after["superseded"]["content"] == before["content"]
    system = pushed.system("session.note")
    assert after["current"]["identifier"] == [{"system": system, "value": "s1"}]
    assert after["superseded"]["identifier"] == [{"system": f"{system}.superseded", "value": "s1"}]
    assert pushed.push().writes == 0
    assert {one.outcome.value for one in pushed.pull().items} == {"unchanged"}
    pushed.edit("session", "s1", note=NOTE)
    pushed.push()
    assert sorted(one["status"] for one in pushed.there("DocumentReference")) == ["current", "superseded", "superseded"]


def test_what_is_not_the_note_is_updated_in_place(pushed: Practice) -> None:
    contact = {"intervals": [{"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T10:50:00-05:00"}]}
    pushed.edit("session", "s1", contact=contact)
    pushed.push()
    (document,) = documents(pushed).values()
    assert (document["status"], document["meta"]["versionId"]) == ("current", "2")
    pushed.edit("session", "s1", status="entered_in_error")
    pushed.push()
    assert set(documents(pushed)) == {"entered-in-error"}


@ABLE
@pytest.mark.parametrize("fault", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("at", range(4))
def test_whatever_gets_lost_there_are_two_in_the_end(sandbox: Sandbox, pushed: Practice, fault: str, at: int) -> None:
    pushed.edit("session", "s1", note=NEWER)
    sandbox.quirks.add(fault, 1, after=at)
    pushed.push()
    pushed.push_until_settled()
    assert pushed.push().writes == 0
    found = documents(pushed)
    assert set(found) == {"current", "superseded"}
    assert replaced_by(found["current"]) == [f"DocumentReference/{found['superseded']['id']}"]
    other = pushed.beside("other")
    assert other.pull().exit_code == 0
    assert other.line("session", "s1")["note"] == pushed.line("session", "s1")["note"]


def test_killed_in_between(pushed: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at every request after the edit: the next run goes on, and another folder's pull loses nothing."""
    other = pushed.beside("other")
    other.pull()
    pushed.edit("session", "s1", note=NEWER)
    real = requests.Session.request
    left = 0

    def request(self: requests.Session, method: str, url: str, **given: Any) -> requests.Response:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return real(self, method, url, **given)

    for number in range(1, 12):
        left = number
        monkeypatch.setattr(requests.Session, "request", request)
        with suppress(KeyboardInterrupt):
            pushed.push()
        monkeypatch.setattr(requests.Session, "request", real)
        other.pull()
        assert re.fullmatch("She walked on (four|five) days.", str(other.line("session", "s1")["note"]["text"]))
    pushed.push_until_settled()
    assert set(documents(pushed)) == {"current", "superseded"}
    other.pull()
    assert other.line("session", "s1")["note"]["text"] == NEWER["text"]


def test_a_note_that_somebody_else_amended_at_the_same_time(pushed: Practice) -> None:
    pushed.hospital_edits("session.note", "s1", lambda note: note["content"][0]["attachment"].update(title="Amended"))
    pushed.edit("session", "s1", note=NEWER)
    assert item(pushed.push(), "session", "s1", "note").outcome.value == "moved"
    assert set(documents(pushed)) == {"current"}


@pytest.mark.parametrize("quirks", [(), ("no_if_none_exist", "no_update_create")], ids=["plain", "poor"])
@pytest.mark.parametrize("edit", ["title", "colour"])
def test_somebody_amends_it_between_the_look_and_the_write(
    pushed: Practice, monkeypatch: pytest.MonkeyPatch, edit: str
) -> None:
    """An amendment stops it; what is foreign to us does not, and is in the document that stays behind."""
    pushed.edit("session", "s1", note=NEWER)
    update = FhirServer.update

    def amend(note: Json) -> None:
        note["content"][0]["attachment"].update({"title": "Amended"} if edit == "title" else {"language": "en"})

    def meanwhile(server: FhirServer, resource: Json, **given: Any) -> Any:
        if resource["resourceType"] == "DocumentReference" and not done:
            done.append(1)
            pushed.hospital_edits("session.note", "s1", amend)
        return update(server, resource, **given)

    done: list[int] = []
    monkeypatch.setattr(FhirServer, "update", meanwhile)
    report = pushed.push()
    assert done
    statuses = {"current"} if edit == "title" else {"current", "superseded"}
    assert (set(documents(pushed)), report.exit_code) == (statuses, 5 if edit == "title" else 0), list(said(report))


def test_without_a_base_a_second_edit_replaces_the_second_document(pushed: Practice) -> None:
    pushed.edit("session", "s1", note=NEWER)
    pushed.push()
    newer = documents(pushed)["current"]["id"]
    pushed.forget()
    assert pushed.push().writes == 0
    pushed.edit("session", "s1", note={**NOTE, "text": "Third."})
    pushed.push()
    (current,) = [one for one in pushed.there("DocumentReference") if one["status"] == "current"]
    assert replaced_by(current) == [f"DocumentReference/{newer}"]


@pytest.mark.parametrize("server", ["sekmet", pytest.param("hapi", marks=pytest.mark.servers)])
def test_on_real_servers(request: pytest.FixtureRequest, tmp_path: Path, server: str) -> None:
    """HAPI remembers the URL of a conditional create for an hour; a second document of one identifier comes within it."""
    practice = Practice(tmp_path / "practice", request.getfixturevalue(f"{server}_url"), R4)
    plain = [{name: value for name, value in one.items() if name not in {"npi", "identifiers"}} for one in ALL]
    practice.write(*plain, PLAN, {**HELD, "note": NOTE})
    report = practice.push()
    assert report.exit_code == 0, list(said(report))
    # sekmet 0.1.1 stores decimals as binary numbers (2026-11)
    assert [path for one in report.items for path in one.lost if not path.endswith(".value")] == []
    assert practice.push().writes == 0
    for text in ("Second.", "Third."):
        practice.edit("session", "s1", note={**NOTE, "text": text})
        report = practice.push()
        assert (outcomes(report)["created"], outcomes(report)["updated"], report.exit_code) == (1, 1, 0), list(
            said(report)
        )
        assert practice.push().writes == 0
    practice.edit("goal", "g1", statement="Walk home every day")
    assert outcomes(practice.push())["updated"] == 2  # the goal, and the plan in words
    assert practice.push().writes == 0
    other = practice.beside("other")
    assert other.pull().exit_code == 0
    assert [path for _, _, path in unlike(practice, other) if not path.endswith(".value")] == []
    assert sorted(one["status"] for one in practice.there("DocumentReference")) == [
        "current",
        "superseded",
        "superseded",
    ]
