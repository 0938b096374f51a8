"""What bad input gets: one screen that says file, line, field, what was expected and what to do; and nothing half-written."""

import gzip
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from commandline import BASE, SCREEN, program, run

CANARY = "Zerbrechliche Zuversicht"  # stands in every record, and may stand in no message
GOAL = {"id": "g-1", "patient": "p-1", "statement": CANARY, "state": "active"}
PATIENT = {"id": "p-1", "names": [{"text": CANARY}], "sex": "unknown"}
IDENTIFIER = {"system": f"{BASE}/goal", "value": "g-1"}
RESOURCE = {"resourceType": "Goal", "identifier": [IDENTIFIER], "description": {"text": CANARY}}
WHOLE = {
    **RESOURCE,
    "lifecycleStatus": "active",
    "subject": {"identifier": {"system": f"{BASE}/patient", "value": "p-1"}},
}
OLD = b"as it was\n"
INVALID = 3

Content = Callable[[Path], None]


def lines(*records: Mapping[str, object] | str) -> bytes:
    return b"".join((one if isinstance(one, str) else json.dumps(one)).encode() + b"\n" for one in records)


def changed(**fields: object) -> dict[str, object]:
    return {**GOAL, **fields}


@dataclass(frozen=True)
class Case:
    """A file with something wrong, and the words that have to be in what is told."""

    file: str
    content: bytes
    told: tuple[str, ...]
    also: tuple[tuple[str, bytes], ...] = ()  # other files of a practice folder
    to: str = "fhir"

    @property
    def is_folder(self) -> bool:
        """Whether it takes a practice to be wrong."""
        return bool(self.also)

    def written(self, folder: Path) -> Path:
        """The source: the folder if it is a practice, else the file."""
        folder.mkdir()
        for name, content in ((self.file, self.content), *self.also):
            (folder / name).write_bytes(content)
        return folder if self.is_folder else folder / self.file


CUT_OFF = gzip.compress(lines(GOAL), mtime=0)[:-12]
SETTINGS = ("practice.toml", f'identifier_base = "{BASE}"\n'.encode())
PEOPLE = ("patients.ndjson", lines(PATIENT))

CASES = {
    "CSV": Case(
        "goals.csv",
        b"id,patient,statement\ng-1,p-1,%b\n" % CANARY.encode(),
        ("goals.csv:1", "looks like CSV", "expected NDJSON"),
    ),
    "CSV by another name": Case(
        "goals.ndjson", b"id;patient\ng-1;p-1\n", ("goals.ndjson:1", "looks like CSV", "expected NDJSON")
    ),
    "truncated gzip": Case("goals.ndjson.gz", CUT_OFF, ("goals.ndjson.gz", "cut off", "again")),
    "no gzip": Case("goals.ndjson.gz", lines(GOAL), ("goals.ndjson.gz", "not gzip", "drop the `.gz`")),
    "a line that is not JSON": Case(
        "goals.ndjson",
        lines(GOAL, '{"id": "g-2", oops}'),
        ("goals.ndjson:2", "not JSON at byte 15", "double quotes"),
    ),
    "a line that is cut off": Case("goals.ndjson", lines(GOAL, '{"id": "g-2"'), ("goals.ndjson:2", "ends too early")),
    "duplicate ids": Case(
        "goals.ndjson",
        lines(GOAL, changed(state="planned")),
        ("goals.ndjson:2 id", "`g-1` stands at goals.ndjson:1", "keep one"),
    ),
    "dangling references": Case(
        "goals.ndjson",
        lines(changed(patient="p-2")),
        ("goals.ndjson:1 patient", "there is no patient `p-2`", "patients.ndjson"),
        (SETTINGS, PEOPLE),
    ),
    "a kind that belongs elsewhere": Case(
        "goals.ndjson", lines(changed(kind="patient")), ("goals.ndjson:1 kind", "a wrong kind", "patients.ndjson")
    ),
    "a wrong kind": Case(
        "records.ndjson", lines(changed(kind="gaol")), ("records.ndjson:1 kind", "did you mean `goal`")
    ),
    "no kind": Case(
        "records.ndjson", lines(GOAL), ("records.ndjson:1 kind", "is required here", "another kind: organization")
    ),
    "an unknown field": Case(
        "goals.ndjson", lines(changed(stat="active")), ("goals.ndjson:1 stat", "unknown field", "did you mean `state`")
    ),
    "NaN": Case(
        "goals.ndjson",
        lines('{"id": "g-1", "patient": "p-1", "state": NaN}'),
        ("goals.ndjson:1", "NaN", "leave the field out"),
    ),
    "an unknown state": Case(
        "goals.ndjson",
        lines(changed(state=CANARY)),
        ("goals.ndjson:1 state", "unknown value", "proposed, planned, accepted"),
    ),
    "a day that does not exist": Case(
        "goals.ndjson",
        lines(changed(targets=[{"due": "2026-02-30"}])),
        ("goals.ndjson:1 targets[0].due", "a date that exists", "YYYY-MM-DD"),
    ),
    "a missing field": Case(
        "goals.ndjson",
        lines({"id": "g-1", "patient": "p-1", "statement": CANARY}),
        ("goals.ndjson:1 state", "is required"),
    ),
    "nothing there": Case("empty.ndjson", b"", ()),
    "the same resource twice": Case(
        "r.ndjson",
        lines(WHOLE, WHOLE),
        ("r.ndjson:2", "a second time", "the first is at r.ndjson:1"),
        to="records",
    ),
    "resources of several records": Case(
        "r.ndjson",
        lines({**RESOURCE, "identifier": [IDENTIFIER, {**IDENTIFIER, "value": "g-2"}]}),
        ("r.ndjson:1", "Goal.identifier", "several records of this practice"),
        to="records",
    ),
    "a type that is not what its identifier says": Case(
        "r.ndjson",
        lines({**RESOURCE, "resourceType": "Patient"}),
        ("r.ndjson:1", "Goal.resourceType", "expected Goal"),
        to="records",
    ),
    "a bundle inside a bundle": Case(
        "b.json",
        lines({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Bundle"}}]}),
        ("b.json entry[0].resource", "a Bundle inside a Bundle", "one by one"),
        to="records",
    ),
    "an unknown state of a resource": Case(
        "r.ndjson",
        lines(
            {
                **WHOLE,
                "lifecycleStatus": CANARY,
            }
        ),
        ("r.ndjson:1 state", "Goal.lifecycleStatus", "known: proposed, planned"),
        to="records",
    ),
}
WRONG = {name: case for name, case in CASES.items() if case.told}


def check(told: str, case: Case) -> None:
    """One screen, with everything that helps, and no value of the input."""
    assert len(told.splitlines()) <= SCREEN, told
    assert max(map(len, told.splitlines())) <= 80, told
    words = " ".join(told.split())  # wherever a line was broken
    for word in case.told:
        assert word in words, told
    assert "Traceback" not in told
    assert CANARY not in words


@pytest.mark.parametrize("name", WRONG)
def test_convert_tells_it_and_writes_nothing(name: str, tmp_path: Path) -> None:
    case = WRONG[name]
    source, target = case.written(tmp_path / "source"), tmp_path / "out.ndjson"
    target.write_bytes(OLD)
    done = run("convert", source, "--to", case.to, "--identifier-base", BASE, "-o", target, columns=80)
    assert done.exit_code == INVALID
    check(done.stderr, case)
    assert done.stdout == ""
    assert target.read_bytes() == OLD
    assert {path.name for path in tmp_path.iterdir()} == {"source", "out.ndjson"}


@pytest.mark.parametrize("name", WRONG)
def test_validate_tells_it(name: str, tmp_path: Path) -> None:
    case = WRONG[name]
    done = run("validate", case.written(tmp_path / "source"), "--readable", columns=80)
    assert done.exit_code == INVALID
    assert len(done.stdout.splitlines()) <= SCREEN
    assert case.told[0].split()[0] in done.stdout
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize("name", WRONG)
def test_validate_tells_it_to_programs(name: str, tmp_path: Path) -> None:
    done = run("validate", WRONG[name].written(tmp_path / "source"), "--readable", "--output", "json")
    report = json.loads(done.stdout)
    assert done.exit_code == INVALID
    assert report["errors"] == sum(one["severity"] == "error" for one in report["findings"]) > 0
    assert {key for one in report["findings"] for key in one} == {
        "severity",
        "rule",
        "file",
        "line",
        "column",
        "place",
        "element",
        "message",
        "found",
        "hint",
    }
    assert CANARY not in done.stdout


@pytest.mark.parametrize("name", [name for name, case in WRONG.items() if case.to == "fhir"])
def test_roundtrip_tells_it(name: str, tmp_path: Path) -> None:
    case = WRONG[name]
    done = run("roundtrip", case.written(tmp_path / "source"), columns=80)
    assert done.exit_code == INVALID
    check(done.stderr, case)
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["CSV", "truncated gzip", "NaN", "an unknown state", "a bundle inside a bundle"])
def test_a_program_of_its_own_tells_it_too(name: str, tmp_path: Path) -> None:
    case = WRONG[name]
    source = case.written(tmp_path / "source")
    done = program("convert", source, "--to", case.to, "--identifier-base", BASE, "-o", tmp_path / "out", COLUMNS="80")
    assert done.returncode == INVALID
    check(done.stderr, case)
    assert not (tmp_path / "out").exists()


def test_a_line_of_200_mb_is_refused_and_not_held(tmp_path: Path) -> None:
    source = tmp_path / "goals.ndjson"
    with source.open("wb") as file:
        file.write(lines(GOAL) + b'{"id": "')
        file.truncate(200 * 2**20)  # a hole: it is read, and takes no room
    done = run("convert", source, "--to", "fhir", "--identifier-base", BASE, "-o", tmp_path / "out", columns=80)
    assert done.exit_code == INVALID
    assert "goals.ndjson:2: a line of more than 16 MiB" in done.stderr
    assert not (tmp_path / "out").exists()


def test_many_faults_are_the_first_ones_and_a_number(tmp_path: Path) -> None:
    source = tmp_path / "goals.ndjson"
    source.write_bytes(lines(*(changed(id=f"g-{number}", state="gone", start="2026-02-30") for number in range(90))))
    done = run("convert", source, "--to", "fhir", "--identifier-base", BASE, columns=80)
    assert done.exit_code == INVALID
    assert len(done.stderr.splitlines()) <= SCREEN
    assert "things are wrong" in done.stderr
    assert "more" in done.stderr


def test_what_is_good_is_written_to_a_pipe_and_the_exit_code_says_the_rest(tmp_path: Path) -> None:
    source = tmp_path / "goals.ndjson"
    source.write_bytes(lines(GOAL, changed(id="g-2", state="gone"), changed(id="g-3")))
    done = run("convert", source, "--to", "fhir", "--identifier-base", BASE)
    assert [json.loads(line)["resourceType"] for line in done.stdout.splitlines()] == ["Goal", "Goal"]
    assert done.exit_code == INVALID


def test_faults_of_the_source_and_of_the_mapping_are_told_together(tmp_path: Path) -> None:
    source = tmp_path / "goals.ndjson"
    unsayable = changed(id="g-2", expressed_by={"kind": "organization", "id": "o-1"})
    source.write_bytes(lines(unsayable, changed(id="g-3", state="gone")))
    done = run("convert", source, "--to", "fhir", "--identifier-base", BASE)
    assert "goals.ndjson:1 expressed_by" in done.stderr
    assert "goals.ndjson:2 state" in done.stderr


@pytest.mark.parametrize(("command", "rest"), [("convert", ("--to", "fhir")), ("validate", ()), ("roundtrip", ())])
def test_a_source_that_is_not_there(command: str, rest: tuple[str, ...], tmp_path: Path) -> None:
    done = run(command, tmp_path / "nowhere", *rest)
    assert done.exit_code == INVALID
    assert "does not exist" in done.stderr + done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    source = tmp_path / "goals.ndjson"
    source.write_bytes(lines(GOAL))
    source.chmod(0)
    done = run("validate", source)
    assert done.exit_code == INVALID
    assert "permission" in done.stdout.lower()


def test_records_where_resources_were_expected_and_the_other_way_round(tmp_path: Path) -> None:
    (tmp_path / "goals.ndjson").write_bytes(lines(GOAL))
    (tmp_path / "r.ndjson").write_bytes(lines(RESOURCE))
    one = run("convert", tmp_path / "goals.ndjson", "--to", "records", "--identifier-base", BASE)
    other = run("convert", tmp_path / "r.ndjson", "--to", "fhir", "--identifier-base", BASE)
    assert (one.exit_code, other.exit_code) == (INVALID, INVALID)
    assert "goals.ndjson:1: a record, where a FHIR resource was expected" in one.stderr
    assert "r.ndjson:1: a FHIR resource, where a record was expected" in other.stderr


def test_a_practice_folder_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_bytes(lines({**RESOURCE, "lifecycleStatus": "gone"}))
    target = tmp_path / "practice"
    target.mkdir()
    (target / "goals.ndjson").write_bytes(lines(GOAL))
    done = run("convert", tmp_path / "r.ndjson", "--to", "records", "--identifier-base", BASE, "-o", f"{target}/")
    assert done.exit_code == INVALID
    assert [(path.name, path.read_bytes()) for path in target.iterdir()] == [("goals.ndjson", lines(GOAL))]
