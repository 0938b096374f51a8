"""`convert`: both ways, to every destination, with the identifier base from where it stands."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from commandline import BASE, RESOURCES, SAMPLE, SAMPLED, TRAVEL, run

from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.lens import Version

OTHER = "https://other.example/ids"
GOAL = {"id": "g-1", "patient": "p-1", "statement": "Walk to school", "state": "active"}


@pytest.fixture
def goals(tmp_path: Path) -> Path:
    """One goal, and no practice around it."""
    path = tmp_path / "goals.ndjson"
    path.write_text(json.dumps(GOAL) + "\n")
    return path


def loaded(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("fhir", ["r4", "r5"])
def test_resources_have_the_structure_that_their_version_wants(fhir: str) -> None:
    done = run("convert", SAMPLE, "--to", "fhir", "--fhir", fhir)
    resources = loaded(done.stdout)
    assert done.exit_code == 0
    assert not [fault for one in resources for fault in structure_faults(one, Version[fhir.upper()])]
    assert (
        f"{SAMPLED} records ({SAMPLED - TRAVEL} stay in the practice) -> {RESOURCES} resources, FHIR {fhir.upper()}"
        in done.stderr
    )


def test_quiet_says_nothing_beside_the_data() -> None:
    assert run("convert", SAMPLE, "--to", "fhir", "-q").stderr == ""


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        run("convert", SAMPLE, "--to", "fhir", "--as", "bundle", "-o", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_bundles_are_what_is_shared_and_then_one_a_patient() -> None:
    shared, *patients = loaded(run("convert", SAMPLE, "--to", "fhir", "--as", "bundle").stdout)
    types = [{entry["resource"]["resourceType"] for entry in one["entry"]} for one in (shared, *patients)]
    assert types[0] == {"Organization", "Location", "Practitioner", "PractitionerRole"}
    assert len(patients) == 14
    assert all("Patient" in one for one in types[1:])


def test_there_and_back_a_practice_folder_is_as_it_was(tmp_path: Path) -> None:
    practice = tmp_path / "practice"
    shutil.copytree(SAMPLE, practice)
    run("convert", practice, "--to", "fhir", "-o", tmp_path / "all.ndjson")
    done = run("convert", tmp_path / "all.ndjson", "--to", "records", "-o", f"{practice}/")
    assert done.exit_code == 0
    assert all(path.read_bytes() == (SAMPLE / path.name).read_bytes() for path in practice.iterdir())


def test_a_new_practice_folder_knows_its_identifier_base(tmp_path: Path) -> None:
    run("convert", SAMPLE, "--to", "fhir", "-o", tmp_path / "all.ndjson")
    done = run(
        "convert", tmp_path / "all.ndjson", "--to", "records", "--identifier-base", BASE, "-o", f"{tmp_path}/new/"
    )
    assert done.exit_code == 0
    assert f'identifier_base = "{BASE}"' in (tmp_path / "new" / "practice.toml").read_text()
    assert run("validate", tmp_path / "new").exit_code in (0, 3)  # it is read; the groups of its sessions stayed behind
    assert len((tmp_path / "new" / "goals.ndjson").read_bytes().splitlines()) == 43


def test_records_to_a_pipe_name_their_kind() -> None:
    sent = run("convert", SAMPLE, "--to", "fhir").stdout
    done = run("convert", "-", "--to", "records", "--identifier-base", BASE, text=sent)
    records = loaded(done.stdout)
    assert len(records) == TRAVEL
    assert {one["kind"] for one in records} > {"goal", "session", "patient"}
    again = run("convert", "-", "--to", "fhir", "--identifier-base", BASE, text=done.stdout)
    assert sorted(again.stdout.splitlines()) == sorted(sent.splitlines())


def test_bundles_are_read_too(tmp_path: Path) -> None:
    run("convert", SAMPLE, "--to", "fhir", "--as", "bundle", "-o", tmp_path / "bundles.ndjson")
    done = run("convert", tmp_path / "bundles.ndjson", "--to", "records", "--identifier-base", BASE)
    assert len(done.stdout.splitlines()) == TRAVEL


def test_a_flag_goes_before_the_settings(goals: Path) -> None:
    (goals.parent / "practice.toml").write_text(f'identifier_base = "{BASE}"\n')
    settings, flag = (
        loaded(run("convert", goals, "--to", "fhir", *more).stdout)[0]["identifier"][0]["system"]
        for more in ((), ("--identifier-base", f"{OTHER}/"))
    )
    assert (settings, flag) == (f"{BASE}/goal", f"{OTHER}/goal")


def test_without_an_identifier_base_it_says_what_to_do(goals: Path, tmp_path: Path) -> None:
    done = run("convert", goals, "--to", "fhir")
    assert done.exit_code == 2
    assert "--identifier-base" in done.stderr
    run("convert", goals, "--to", "fhir", "--identifier-base", OTHER, "-o", tmp_path / "r.ndjson")
    back = run("convert", tmp_path / "r.ndjson", "--to", "records")
    assert back.exit_code == 2
    assert f"the input seems to use {OTHER}" in back.stderr


@pytest.mark.parametrize("base", ["no uri", "https://x.example/?a=b", "", "relative/path"])
def test_an_identifier_base_of_no_use(goals: Path, base: str) -> None:
    done = run("convert", goals, "--to", "fhir", "--identifier-base", base)
    assert done.exit_code == 2
    assert "--identifier-base: expected an absolute URI" in " ".join(done.stderr.split())
    assert "practice.toml" not in done.stderr


def test_what_is_foreign_in_a_base_stays(goals: Path, tmp_path: Path) -> None:
    arguments = ("convert", goals, "--to", "fhir", "--identifier-base", BASE)
    (resource,) = loaded(run(*arguments).stdout)
    there = {**resource, "id": "17", "meta": {"versionId": "3"}, "outcomeCode": [{"text": "theirs"}]}
    there["description"] = {"text": "Walk", "extension": [{"url": "https://vendor.example/x", "valueBoolean": True}]}
    (tmp_path / "base.json").write_text(json.dumps(there))
    (made,) = loaded(run(*arguments, "--base", tmp_path / "base.json").stdout)
    assert made == {**there, "description": {**there["description"], "text": GOAL["statement"]}}


def test_a_gz_destination_is_packed_and_new_files_are_private(goals: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.ndjson.gz"
    run("convert", goals, "--to", "fhir", "--identifier-base", BASE, "-o", target)
    assert loaded(gzip.decompress(target.read_bytes()).decode())[0]["resourceType"] == "Goal"
    assert target.stat().st_mode & 0o077 == 0


def test_a_withdrawal_is_left_to_push(goals: Path) -> None:
    goals.write_text(json.dumps(GOAL) + '\n{"id": "g-2", "deleted": true}\n')
    done = run("convert", goals, "--to", "fhir", "--identifier-base", BASE)
    assert len(done.stdout.splitlines()) == 1
    assert "1 withdrawal left out" in done.stderr


def test_a_destination_that_cannot_be_written(goals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    one = run("convert", goals, "--to", "fhir", "--identifier-base", BASE, "-o", folder)
    other = run("convert", goals, "--to", "fhir", "--identifier-base", BASE, "-o", goals / "out")
    assert (one.exit_code, other.exit_code) == (2, 2)
    assert "is a folder" in " ".join(one.stderr.split())
    assert "cannot be written" in " ".join(other.stderr.split())  # a long path breaks the line
