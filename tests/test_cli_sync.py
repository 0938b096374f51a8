"""`push`, `pull`, `link`, `unlink`, `demo` against a sandbox: what they print, write and end with."""

import csv
import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from commandline import BASE, RESOURCES, SAMPLE, SCREEN, TRAVEL, run

from fhir_coaching.lens import R4
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import FhirServer

GOAL = "g-brook-1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as server:
        yield server


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    folder = tmp_path / "riverside"
    shutil.copytree(SAMPLE, folder)
    return folder


def edited(sandbox: Sandbox, goal: str, **elements: Any) -> None:
    """A hospital changes a goal."""
    server = FhirServer(sandbox.url, R4)
    server.update({**next(server.search(f"Goal?identifier={goal}")), **elements})


def test_a_push_a_second_push_and_the_ids(sandbox: Sandbox, practice: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.csv"
    first = run("push", practice, "--server", sandbox.url, "--create-people", "--ids", ids, "--output", "json")
    second = run("push", practice, "--server", sandbox.url, "--output", "json")
    one, two = json.loads(first.stdout), json.loads(second.stdout)
    assert (first.exit_code, one["created"], one["writes"]) == (0, RESOURCES, RESOURCES)
    assert (second.exit_code, two["unchanged"], two["writes"]) == (0, RESOURCES, 0)
    assert {
        "created",
        "updated",
        "unchanged",
        "moved",
        "unknown",
        "failed",
        "not_deliverable",
        "writes",
        "requests",
        "items",
    } == set(one)
    rows = list(csv.DictReader(ids.read_text().splitlines()))
    assert list(rows[0]) == ["kind", "id", "part", "type", "server_id", "version"]
    assert len(rows) == RESOURCES
    assert ids.stat().st_mode & 0o077 == 0


def test_ids_as_ndjson(sandbox: Sandbox, practice: Path, tmp_path: Path) -> None:
    ids = tmp_path / "ids.ndjson"
    run("push", practice, "--server", sandbox.url, "--create-people", "--ids", ids)
    assert {json.loads(line)["type"] for line in ids.read_text().splitlines()} > {"Goal", "Encounter", "Appointment"}


def test_a_dry_run_tells_and_writes_nothing(sandbox: Sandbox, practice: Path) -> None:
    done = run("push", practice, "--server", sandbox.url, "--create-people", "--dry-run", columns=80)
    assert done.exit_code == 0
    assert "would be created" in done.stdout
    assert f"{RESOURCES} to write" in done.stdout
    assert {method for method, _ in sandbox.requests if method not in ("GET", "POST")} == set()
    assert not next(FhirServer(sandbox.url, R4).search("Goal"), None)
    assert not (practice / ".fhir-coaching").exists()


def test_people_whom_nobody_knows_are_not_deliverable(sandbox: Sandbox, practice: Path) -> None:
    done = run("push", practice, "--server", sandbox.url, columns=80)
    assert done.exit_code == 1
    assert "not deliverable" in done.stdout
    assert "--create-people" in done.stdout


def test_what_moved_is_refused_pulled_and_told_field_by_field(sandbox: Sandbox, practice: Path) -> None:
    run("push", practice, "--server", sandbox.url, "--create-people")
    edited(sandbox, GOAL, statusReason="her own words")
    refused = run("push", practice, "--server", sandbox.url, columns=80)
    assert refused.exit_code == 5
    assert f"goal {GOAL}" in refused.stdout
    assert "state_reason" in refused.stdout
    looked = run("pull", practice, "--server", sandbox.url, "--dry-run", columns=80)
    assert "would be changed" in looked.stdout
    assert "her own words" not in (practice / "goals.ndjson").read_text()
    pulled = run("pull", practice, "--server", sandbox.url, columns=80)
    assert pulled.exit_code == 0
    assert "state_reason" in pulled.stdout
    assert "- -> her own words" in pulled.stdout
    assert "her own words" in (practice / "goals.ndjson").read_text()
    assert run("push", practice, "--server", sandbox.url).exit_code == 0


def test_a_clash_is_left_to_a_person(sandbox: Sandbox, practice: Path) -> None:
    run("push", practice, "--server", sandbox.url, "--create-people")
    edited(sandbox, GOAL, statusReason="theirs")
    path = practice / "goals.ndjson"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    text = "".join(json.dumps({**one, "state_reason": "ours"} if one["id"] == GOAL else one) + "\n" for one in lines)
    path.write_text(text)
    clash = run("pull", practice, "--server", sandbox.url, "--output", "json")
    assert (clash.exit_code, json.loads(clash.stdout)["clashes"]) == (5, 1)
    assert path.read_text() == text
    settled = run("pull", practice, "--server", sandbox.url, "--on-clash", "server")
    assert settled.exit_code == 0
    assert "theirs" in path.read_text()


def test_a_pull_into_a_folder_that_is_not_there(sandbox: Sandbox, practice: Path, tmp_path: Path) -> None:
    run("push", practice, "--server", sandbox.url, "--create-people")
    arguments = ("pull", tmp_path / "new", "--server", sandbox.url)
    unnamed = run(*arguments)
    assert unnamed.exit_code == 2
    assert not (tmp_path / "new").exists()
    done = run(*arguments, "--identifier-base", BASE, "--output", "json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["new"]) == (0, TRAVEL)
    assert {"new", "changed", "unchanged", "clashes", "failed", "items"} <= set(report)
    assert json.loads(run(*arguments, "--output", "json").stdout)["unchanged"] == TRAVEL


def test_what_a_hospital_wrote_is_adopted(sandbox: Sandbox, practice: Path) -> None:
    run("push", practice, "--server", sandbox.url, "--create-people")
    server = FhirServer(sandbox.url, R4)
    brook = next(server.search(f"Goal?identifier={GOAL}"))["subject"]["reference"]
    plan = {"resourceType": "CarePlan", "subject": {"reference": brook}, "status": "active", "intent": "plan"}
    there = server.create(
        {**plan, "title": "Zebra", "category": [{"coding": [{"system": "urn:site", "code": "walks"}]}]}
    )
    toml = practice / "practice.toml"
    toml.write_text(toml.read_text() + f'\n[target."{sandbox.url}"]\nadopt = ["CarePlan?category=urn:site|walks"]\n')
    arguments = ("pull", practice, "--server", sandbox.url, "--output", "json")
    assert json.loads(run(*arguments).stdout)["new"] == 0
    done = run(*arguments, "--adopt")
    report = json.loads(done.stdout)
    (new,) = [one for one in report["items"] if one["outcome"] == "new"]
    assert (done.exit_code, new["kind"], new["server_id"], new["why"]) == (0, "engagement", there.id, "adopted: theirs")
    assert "Zebra" not in done.stdout + done.stderr
    path = practice / "engagements.ndjson"
    path.write_text(path.read_text().replace("Zebra", "Quagga"))
    refused = run("push", practice, "--server", sandbox.url, columns=80)
    assert (refused.exit_code, "write_adopted" in refused.stdout, "Quagga" in refused.stdout) == (1, True, False)
    toml.write_text(toml.read_text() + 'write_adopted = ["CarePlan"]\n')
    assert json.loads(run("push", practice, "--server", sandbox.url, "--output", "json").stdout)["writes"] == 1
    assert next(server.search("CarePlan?_id=" + there.id))["title"] == "Quagga"


def test_a_person_is_linked_and_unlinked(sandbox: Sandbox, practice: Path) -> None:
    there = FhirServer(sandbox.url, R4).create({"resourceType": "Patient", "gender": "female"})
    where = ("--server", sandbox.url, "--practice", practice)
    linked = run("link", "patient", "p-brook", f"Patient/{there.id}", *where)
    assert (linked.exit_code, linked.stderr) == (0, f"patient p-brook is Patient/{there.id}\n")
    push = json.loads(run("push", practice, "--server", sandbox.url, "--output", "json").stdout)
    assert {one["id"] for one in push["items"] if one["type"] == "Goal" and one["outcome"] == "created"} >= {GOAL}
    assert run("unlink", "patient", "p-brook", *where).exit_code == 0
    again = run("unlink", "patient", "p-brook", *where)
    assert again.exit_code == 2
    assert "is not linked" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("patient", "p-brook", "Patient/nobody"), 1, "Patient/nobody"),
        (("patient", "p-brook", "Goal/1"), 2, "expected Patient/ID"),
        (("goal", GOAL, "Goal/1"), 2, "cannot be linked"),
        (("patience", "p-brook", "Patient/1"), 2, "cannot be linked"),
    ],
)
def test_a_link_that_cannot_be(
    sandbox: Sandbox, practice: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = run("link", *arguments, "--server", sandbox.url, "--practice", practice)
    assert done.exit_code == code
    assert told in done.stderr


def test_link_wants_a_practice(tmp_path: Path) -> None:
    done = run("link", "patient", "p-1", "Patient/1", "--server", "http://127.0.0.1:1/fhir", "--practice", tmp_path)
    assert done.exit_code == 2
    assert "practice.toml" in done.stderr


class _Page(BaseHTTPRequestHandler):
    """Answers everything with a page for people."""

    def do_GET(self) -> None:
        body = b"<html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.fixture
def web() -> Iterator[str]:
    """A server that is none of FHIR."""
    with HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fhir"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("command", ["push", "pull"])
def test_a_server_of_another_kind_or_version_and_one_that_is_not_there(
    command: str, sandbox: Sandbox, practice: Path, web: str
) -> None:
    for arguments, told in (
        (("--server", web), "text/html"),
        (("--server", sandbox.url, "--fhir", "r5"), "speaks FHIR 4.0.1, not 5.0"),
        *([(("--server", "http://127.0.0.1:1/fhir"), "no connection to 127.0.0.1:1")] if command == "push" else []),
    ):
        done = run(command, practice, *arguments, columns=80)
        assert done.exit_code == 6
        assert told in " ".join(done.stderr.split())
        assert len(done.stderr.splitlines()) <= SCREEN
        assert done.stdout == ""


@pytest.mark.parametrize("server", ["ftp://x", "nonsense", "https://user:secret@ehr.example/fhir"])
def test_an_address_of_no_use(server: str, practice: Path) -> None:
    done = run("push", practice, "--server", server)
    assert done.exit_code == 2
    assert "secret" not in done.stderr


def test_a_token_that_is_wrong(practice: Path, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("nonsense\n")
    with Sandbox(token="sesame") as server:
        done = run("push", practice, "--server", server.url, "--token-file", tmp_path / "token")
        assert done.exit_code == 4
        assert "nonsense" not in done.stderr
        (tmp_path / "token").write_text("sesame\n")
        arguments = ("push", practice, "--server", server.url, "--token-file", tmp_path / "token", "--create-people")
        assert run(*arguments).exit_code == 0


def test_the_demo_ends_as_it_should() -> None:
    done = run("demo", columns=80)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "0 written" in done.stdout
    assert "exit code 5" in done.stdout
    assert "risk-tier: b" in done.stdout
    assert "Enough to eat, and people to eat with" in done.stdout
    assert "0592T  93         02         1   41.30   41.30" in done.stdout
    assert "The lines add up to 222.59." in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 88  # a command that can be pasted is not broken
