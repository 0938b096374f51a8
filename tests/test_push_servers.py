"""Push to servers that can do less, answer badly, or are not there."""

from pathlib import Path
from typing import Any

import pytest
from practices import ORGANIZATION, PLACE, RESOURCES, STEPS, Practice, item, outcomes, said

from fhir_coaching.errors import NotAuthorized, Unavailable
from fhir_coaching.lens import Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import Bearer, FhirServer
from fhir_coaching.sync.linking import id_rows
from fhir_coaching.sync.lookup import Server
from fhir_coaching.sync.report import Outcome


@pytest.mark.parametrize(
    "quirks",
    [
        ("no_update_create",),
        ("no_transaction",),
        ("no_batch",),
        ("no_batch", "no_transaction", "no_update_create"),
        ("no_if_none_exist", "no_update_create"),
        ("bare_etag", "conflict_409", "gone_404"),
        ("empty_bodies", "no_batch", "no_transaction"),
        ("lenient", "stale_search"),
        ("strict",),
    ],
    ids="+".join,
)
def test_every_kind_of_server(practice: Practice) -> None:
    first = practice.push()
    assert outcomes(first) == {"created": RESOURCES}, list(said(first))
    practice.clock += 100
    again = practice.push()
    assert (outcomes(again), again.writes) == ({"unchanged": RESOURCES}, 0), list(said(again))
    practice.edit("goal", "g1", statement="Other words")
    practice.push()
    assert practice.push().writes == 0
    practice.forget()
    assert practice.push().writes == 0
    assert practice.resource("goal", "g1")["description"]["text"] == "Other words"
    assert len(practice.versions()) == RESOURCES


def test_a_server_learns_a_type(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Server, "takes", lambda _, type_: type_ != "Appointment")
        assert outcomes(practice.push()) == {"created": RESOURCES - 1}
        assert practice.push().writes == 0
    assert outcomes(practice.push()) == {"created": 1, "unchanged": RESOURCES - 1}
    assert practice.resource("session.appointment", "s1")["status"] == "fulfilled"


def test_found_is_not_created(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.add("no_update_create")
    practice.push()
    practice.forget()
    report = practice.push()
    assert (outcomes(report), report.writes) == ({"unchanged": RESOURCES}, 0)


@pytest.mark.parametrize(
    "quirks",
    [
        ("other_order",),
        ("fewer_entries",),
        ("no_update_create", "bare_entries"),
        ("no_update_create", "bare_entries", "other_order"),
    ],
    ids="+".join,
)
def test_answers_that_cannot_be_trusted_make_no_doubles(sandbox: Sandbox, practice: Practice) -> None:
    practice.push()
    sandbox.quirks.clear()
    report = practice.push_until_settled()
    assert (report.exit_code, len(practice.versions())) == (0, RESOURCES), list(said(report))
    rows = {(row["kind"], row["id"], row["part"]): row["server_id"] for row in id_rows(practice.base())}
    assert rows["goal", "g1", "goal"] == practice.resource("goal", "g1")["id"]
    other = practice.beside("other")
    assert other.pull().exit_code == 0
    assert other.push().writes == 0


def test_two_of_a_type_answered_without_bodies_and_crosswise(sandbox: Sandbox, practice: Practice) -> None:
    """Nothing in the answer tells them apart: what is read back has to."""
    sandbox.quirks.add("no_update_create")
    practice.push()
    practice.write({**STEPS, "id": "g8"}, {**STEPS, "id": "g9", "statement": "Swim on Sundays"})
    sandbox.quirks.add("bare_entries")
    sandbox.quirks.add("other_order", 1, after=3)  # the fourth Bundle is the transaction; those before it only read
    assert outcomes(practice.push())["unknown"] == 2
    for row in practice.base().rows.values():
        for part, copy in row.parts.items():
            assert row.id in [one["value"] for one in copy.resource["identifier"]], (row.key, part)
    sandbox.quirks.clear()
    report = practice.push_until_settled()
    assert (report.exit_code, len(practice.versions())) == (0, RESOURCES + 2), list(said(report))


# Who may, and who is there


@pytest.mark.parametrize("token", ["wrong", ""])
def test_not_authorized(version: Version, tmp_path: Path, token: str) -> None:
    with Sandbox(version.name.lower(), token="right") as sandbox:
        practice = Practice(tmp_path, sandbox.url, version, auth=Bearer(token) if token else None)
        practice.write(ORGANIZATION, PLACE)
        report = practice.push()
        assert isinstance(report.stopped, NotAuthorized)
        assert (report.exit_code, report.writes) == (4, 0)
        practice.auth = Bearer("right")
        assert practice.push().exit_code == 0


@pytest.mark.parametrize("quirks", [(), ("no_transaction", "no_batch")])
def test_the_server_goes_down_in_the_middle(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.add("transient", 1000, after=2)
    report = practice.push()
    assert isinstance(report.stopped, Unavailable)
    assert report.exit_code == 6
    done = report.counts()["created"]
    assert 0 < done == len(practice.versions()) == report.writes
    sandbox.quirks.discard("transient")
    again = practice.push()
    assert outcomes(again) == {"created": RESOURCES - done, "unchanged": done}


def test_a_login_page_in_the_middle(sandbox: Sandbox, practice: Practice) -> None:
    sandbox.quirks.add("html", 1000, after=3)
    report = practice.push()
    assert report.stopped is not None or report.counts()["unknown"]
    assert report.exit_code in {6, 7}
    sandbox.quirks.discard("html")
    report = practice.push_until_settled()
    assert (report.exit_code, len(practice.versions())) == (0, RESOURCES)


def test_a_server_that_is_not_there(version: Version, tmp_path: Path) -> None:
    with Sandbox(version.name.lower()) as sandbox:
        url = sandbox.url
    practice = Practice(tmp_path, url, version)
    practice.write(ORGANIZATION)
    with pytest.raises(Unavailable):
        practice.push()


def test_somebody_writes_in_between(pushed: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read, edited there, written: If-Match keeps the hospital's edit, and the record is looked at once more."""
    pushed.edit("goal", "g1", statement="Other words")
    pushed.edit("goal", "g2", statement="Schlafen!")
    send = FhirServer.bundle

    def meanwhile(server: FhirServer, entries: Any, type_: str) -> Any:
        if type_ == "transaction" and any(entry.if_match for entry in entries) and not done:
            done.append(1)
            pushed.hospital_edits("goal", "g1", lambda one: one["target"][0].update(dueDate="2027-01-31"))
        return send(server, entries, type_)

    done: list[int] = []
    monkeypatch.setattr(FhirServer, "bundle", meanwhile)
    report = pushed.push()
    assert outcomes(report) == {"updated": 1, "moved": 1, "unchanged": RESOURCES - 2}, list(said(report))
    assert item(report, "goal", "g1").outcome is Outcome.MOVED
    goal = pushed.resource("goal", "g1")
    assert (goal["target"][0]["dueDate"], goal["description"]["text"]) == ("2027-01-31", STEPS["statement"])
