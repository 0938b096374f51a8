"""`convert`, `push` and `pull` check by themselves: what stops, what is told, where, and what is never said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import run

from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import FhirServer

Json = dict[str, Any]

BASE = "https://practice.example/ids"
MARK = "zebra fink"
GOAL = {"kind": "goal", "id": "g-1", "patient": "p-1", "statement": "made up", "state": "active", "start": "2026"}
WRONG = {**GOAL, "id": "g-2", "language": MARK}
PATIENT = {"kind": "patient", "id": "p-1", "names": [{"text": "made up"}], "sex": "female"}
THEIRS = {"status": MARK, "div": '<div xmlns="http://www.w3.org/1999/xhtml">made up</div>'}
# Of a value set that is to be used where one of its codes fits.
KIND = {"codings": [{"system": "https://practice.example/kinds", "code": "made-up"}]}
DOUBTFUL = {**GOAL, "id": "g-3", "identifiers": [{"system": "https://practice.example/x", "value": "1", "type": KIND}]}

versions = pytest.mark.parametrize("fhir", ["r4", "r5"])


def lines(path: Path, *objects: Json) -> Path:
    """A file of them."""
    path.write_text("".join(json.dumps(one) + "\n" for one in objects))
    return path


def resources(text: str) -> list[Json]:
    return [json.loads(line) for line in text.splitlines()]


def of_hospital(fhir: str, tmp_path: Path, **elements: Any) -> Path:
    """The goal as a server has it, with other elements of the hospital's."""
    made = run("convert", lines(tmp_path / "g.ndjson", GOAL), "--to", "fhir", "--fhir", fhir, "--identifier-base", BASE)
    return lines(tmp_path / "there.ndjson", *({**one, **elements} for one in resources(made.stdout)))


# convert --to fhir


@versions
@pytest.mark.parametrize("as_", ["ndjson", "bundle"])
def test_what_is_made_wrong_is_not_written(tmp_path: Path, fhir: str, as_: str) -> None:
    source, dest = lines(tmp_path / "goals.ndjson", GOAL, WRONG), tmp_path / "made.ndjson"
    arguments = ("convert", source, "--to", "fhir", "--fhir", fhir, "--as", as_, "--identifier-base", BASE)
    done = run(*arguments)
    assert done.exit_code == 3
    assert "goals.ndjson:2 language (Goal.language)" in done.stderr
    assert "[code]" in done.stderr
    assert [one["identifier"][0]["value"] for one in resources(done.stdout)] == (["g-1"] if as_ == "ndjson" else [])
    assert MARK not in done.stderr
    assert run(*arguments, "-o", dest).exit_code == 3
    assert not dest.exists()


@versions
def test_what_the_base_has_wrong_is_told_and_written(tmp_path: Path, fhir: str) -> None:
    base = of_hospital(fhir, tmp_path, text=THEIRS)
    source = lines(tmp_path / "goals.ndjson", {**GOAL, "statement": "other words"})
    arguments = ("--to", "fhir", "--fhir", fhir, "--identifier-base", BASE, "--base", base, "--strict")
    done = run("convert", source, *arguments)
    assert done.exit_code == 0, done.stderr
    (goal,) = resources(done.stdout)
    assert (goal["text"], goal["description"]["text"]) == (THEIRS, "other words")
    assert "goals.ndjson:1 Goal.text.status" in done.stderr
    assert "warning" in done.stderr
    assert MARK not in done.stderr
    lines(source, {**GOAL, "language": MARK})
    refused = run("convert", source, *arguments)
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "Goal.language" in refused.stderr


@versions
def test_an_adopted_base_with_an_error(tmp_path: Path, fhir: str) -> None:
    patient = {"resourceType": "Patient", "id": "7", "name": [{"text": "made up"}]}
    goal = {
        "resourceType": "Goal", "id": "9", "lifecycleStatus": "active", "description": {"text": "made up"},
        "subject": {"reference": "Patient/7"}, "text": THEIRS,
    }  # fmt: skip
    hospital = lines(tmp_path / "hospital.ndjson", patient, goal)
    arguments = ("--fhir", fhir, "--identifier-base", BASE)
    records = run("convert", hospital, "--to", "records", *arguments)
    assert (records.exit_code, len(resources(records.stdout))) == (0, 2)
    back = run("convert", "-", "--to", "fhir", *arguments, "--base", hospital, text=records.stdout)
    assert (back.exit_code, resources(back.stdout)) == (0, [patient, goal])
    assert "Goal.text.status" in records.stderr
    assert "Goal.text.status" in back.stderr
    wrong = records.stdout.replace('"statement"', f'"language":"{MARK}","statement"')
    assert run("convert", "-", "--to", "fhir", *arguments, "--base", hospital, text=wrong).exit_code == 3


@versions
def test_a_withdrawal_of_what_is_there_is_written(tmp_path: Path, fhir: str) -> None:
    base = of_hospital(fhir, tmp_path)
    source = lines(tmp_path / "goals.ndjson", {**GOAL, "language": MARK, "state": "entered_in_error"})
    arguments = ("convert", source, "--to", "fhir", "--fhir", fhir, "--identifier-base", BASE)
    done = run(*arguments, "--base", base)
    assert (done.exit_code, [one["lifecycleStatus"] for one in resources(done.stdout)]) == (0, ["entered-in-error"])
    assert run(*arguments).exit_code == 3


@versions
def test_strict_stops_for_warnings(tmp_path: Path, fhir: str) -> None:
    source = lines(tmp_path / "goals.ndjson", GOAL, DOUBTFUL)
    arguments = ("convert", source, "--to", "fhir", "--fhir", fhir, "--identifier-base", BASE)
    assert (run(*arguments).exit_code, len(resources(run(*arguments).stdout))) == (0, 2)
    strict = run(*arguments, "--strict")
    assert (strict.exit_code, len(resources(strict.stdout))) == (3, 1)
    assert "goals.ndjson:2 identifiers[0].type" in strict.stderr


# convert --to records


@versions
def test_what_is_read_is_told_by_rule(tmp_path: Path, fhir: str) -> None:
    base = of_hospital(fhir, tmp_path, text=THEIRS)
    many = [json.loads(base.read_text()) for _ in range(5)]
    for number, one in enumerate(many):
        one["identifier"][0]["value"] = f"g-{number}"
    source = lines(tmp_path / "hospital.ndjson", *many)
    arguments = ("convert", source, "--to", "records", "--fhir", fhir, "--identifier-base", BASE)
    done = run(*arguments)
    assert (done.exit_code, len(resources(done.stdout))) == (0, 5)
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("code ")]
    assert told.split()[:3] == ["code", "error", "5"]
    assert [f"hospital.ndjson:{number} Goal.text.status" in done.stderr for number in (1, 2, 3, 4, 5)] == [
        *(True, True, True),
        *(False, False),
    ]
    assert MARK not in done.stderr
    assert run(*arguments, "-q").stderr == ""


@versions
@pytest.mark.parametrize("dest", ["records.ndjson", "practice/"])
def test_strict_refuses_what_is_wrong(tmp_path: Path, fhir: str, dest: str) -> None:
    base = of_hospital(fhir, tmp_path, text=THEIRS)
    arguments = ("convert", base, "--to", "records", "--fhir", fhir, "--identifier-base", BASE, "--strict")
    done = run(*arguments)
    assert (done.exit_code, done.stdout) == (3, "")
    assert "there.ndjson:1 (Goal.text.status)" in done.stderr
    assert run(*arguments, "-o", f"{tmp_path}/{dest}").exit_code == 3
    assert not (tmp_path / dest).is_file()
    assert not (tmp_path / dest / "goals.ndjson").exists()
    assert MARK not in done.stderr


# push and pull


@pytest.fixture(params=[R4, R5], ids=["r4", "r5"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(Version(request.param).name.lower()) as server:
        yield server


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    folder = tmp_path / "practice"
    folder.mkdir()
    (folder / "practice.toml").write_text(f'identifier_base = "{BASE}"\n')
    lines(folder / "patients.ndjson", PATIENT)
    lines(folder / "goals.ndjson", GOAL, WRONG)
    return folder


def hospital_edits(sandbox: Sandbox, **elements: Any) -> None:
    server = FhirServer(sandbox.url, R4 if sandbox.version == "r4" else R5)
    server.update({**next(server.search("Goal?identifier=g-1")), **elements})


def sync(command: str, practice: Path, sandbox: Sandbox, *more: str) -> Any:
    return run(command, practice, "--server", sandbox.url, "--fhir", sandbox.version, *more)


def test_a_push_tells_what_it_kept_back(sandbox: Sandbox, practice: Path) -> None:
    for more in (["--dry-run"], []):
        done = sync("push", practice, sandbox, "--create-people", *more)
        assert done.exit_code == 1
        for part in ("goal g-2", "nothing of it is sent", "goals.ndjson:2 language", "Goal.language", "[code]"):
            assert part in done.stdout
        assert MARK not in done.stdout + done.stderr
    report = json.loads(sync("push", practice, sandbox, "--output", "json").stdout)
    (failed,) = [one for one in report["items"] if one["outcome"] == "failed"]
    (finding,) = failed["findings"]
    assert failed["id"] == "g-2"
    assert (finding["rule"], finding["severity"], finding["element"], finding["place"]) == (
        *("code", "error"),
        *("Goal.language", "goals.ndjson:2 language"),
    )
    assert {"message", "hint"} < set(finding)
    assert [one["findings"] for one in report["items"] if one["outcome"] != "failed"] == [[], []]


def test_a_push_and_a_pull_tell_what_is_the_hospitals(sandbox: Sandbox, practice: Path) -> None:
    lines(practice / "goals.ndjson", GOAL)
    assert sync("push", practice, sandbox, "--create-people").exit_code == 0
    hospital_edits(sandbox, text=THEIRS)
    lines(practice / "goals.ndjson", {**GOAL, "statement": "other words"})
    pushed = sync("push", practice, sandbox)
    assert pushed.exit_code == 0
    assert "goals.ndjson:1 Goal.text.status" in pushed.stdout
    assert "warning" in pushed.stdout
    hospital_edits(sandbox, description={"text": "theirs"}, text={**THEIRS, "status": f"{MARK}s"})
    strict = sync("pull", practice, sandbox, "--strict", "--dry-run")
    assert strict.exit_code == 1
    assert "wrong by the specification: not taken" in strict.stdout
    pulled = sync("pull", practice, sandbox)
    assert pulled.exit_code == 0
    assert "error" in pulled.stdout
    assert "Goal.text.status" in pulled.stdout
    assert MARK not in pushed.stdout + pulled.stdout + strict.stdout
    assert '"theirs"' in (practice / "goals.ndjson").read_text()


def test_a_strict_push_keeps_back_what_has_warnings(sandbox: Sandbox, practice: Path) -> None:
    lines(practice / "goals.ndjson", DOUBTFUL)
    strict = sync("push", practice, sandbox, "--create-people", "--strict")
    assert strict.exit_code == 1
    assert "goals.ndjson:1 identifiers[0].type" in strict.stdout
    assert sync("push", practice, sandbox).exit_code == 0
