"""`validate` of whatever is given to it: wrong input, folders, many files at once, and being stopped."""

import gzip
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from commandline import ROOT, SAMPLE, program, run

GOAL = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Walk"},
    "subject": {"reference": "Patient/1"},
}
BAD = {**GOAL, "lifecycleStatus": "banana"}
LINE = json.dumps(GOAL).encode() + b"\n"

Found = list[tuple[str, int | None, int | None, str]]


def told(*arguments: str | Path, text: bytes | None = None) -> Found:
    """Rule, line, column and message of each finding; the exit code has to agree with them."""
    done = run("validate", *arguments, "--output", "json", text=text)
    report = json.loads(done.stdout)
    assert done.exit_code == (3 if report["errors"] else 0)
    return [(one["rule"], one["line"], one["column"], one["message"]) for one in report["findings"]]


WRONG: dict[str, tuple[str, bytes, Found]] = {
    "a word": ("g.json", b'{\n "resourceType": "Goal",\n "note": oops\n}', [("input", 3, 10, "not JSON: a word without quotes")]),
    "a word after wide characters": ("g.json", '{"ä𝒳": oops}'.encode(), [("input", 1, 8, "not JSON: a word without quotes")]),
    "two documents": ("g.json", b'{"a": 1\n}\n{"a": 1}', [("input", 3, 1, "not JSON: a second document behind the first")]),
    "two on a line": ("g.json", b'{"a": 1}{"a": 1}', [("input", 1, 9, "not JSON: a second document behind the first")]),
    "something behind": ("g.json", b'{"a": 1\n}}', [("input", 2, 2, "not JSON: something behind its end")]),
    "a comma too many": ("g.json", b'{"a": [1, 2,\n]}', [("input", 1, 12, "not JSON: a comma before a closing bracket")]),
    "a comma missing": ("g.json", b'{"a": 1\n "b": 2}', [("input", 2, 2, "not JSON: a comma is missing before this")]),
    "a colon missing": ("g.json", b'{"a" 1}', [("input", 1, 6, "not JSON: a colon is missing before this")]),
    "single quotes": ("g.json", b"{'a': 1}", [("input", 1, 2, "not JSON: a single quote")]),
    "Python": ("g.json", b'{"a": None}', [("input", 1, 7, "not JSON: a word in capitals")]),
    "a comment": ("g.json", b'{\n // of mine\n "a": 1}', [("input", 2, 2, "not JSON: a comment")]),
    "a backslash": ("g.json", rb'{"a": "C:\docs"}', [("input", 1, 10, "not JSON: a backslash before a letter that needs none")]),
    "zeros": ("g.json", b'{"a": 007}', [("input", 1, 8, "not JSON: a number that begins with 0")]),
    "a line break": ("g.json", b'{"a": "x\ny"}', [
        ("input", 1, 9, "not JSON: a line break, a tab or another control character within a text")]),
    "UTF-16": ("g.json", '{"a": 1}'.encode("utf-16"), [("input", 1, 1, "looks like UTF-16")]),
    "UTF-16 without a mark": ("g.json", '{"a": 1}'.encode("utf-16-be"), [("input", 1, 1, "looks like UTF-16")]),
    "XML in JSON's name": ("g.json", b"<Goal/>", [("input", 1, 1, "looks like XML or HTML")]),
    "a ZIP": ("g.json", b"PK\3\4\x14\0\0\0\x08\0", [("input", 1, 1, "a binary file")]),
    "CSV in JSON's name": ("g.json", b"id,name\n1,x\n", [("input", 1, 1, "not JSON")]),
    "cut off": ("g.json", b'{\n "resourceType": "Goal",\n', [("input", 2, 25, "not JSON: it ends too early")]),
    "a line that is cut off": ("r.ndjson", LINE + b'{"resourceType": "Go\n', [("input", 2, 21, "not JSON: it ends too early")]),
    "not UTF-8": ("g.json", b'{\n "a": "\xff"}', [("input", 2, 8, "not UTF-8")]),
    "NaN": ("r.ndjson", LINE + b'{"resourceType": "Goal", "x": NaN}\n', [("input", 2, 31, "NaN or Infinity")]),
    "half a pair": ("r.ndjson", b'{"resourceType": "Goal", "x": "\\ud800"}\n' + LINE,
                    [("input", 1, 32, "not JSON: half of a surrogate pair")]),
    "half a pair before a letter": ("g.json", rb'{"a": "x\ud83d and more"}', [("input", 1, 9, "not JSON: half of a surrogate pair")]),
    "half a pair before another": ("g.json", rb'{"a": "\ud83d\u0041"}', [("input", 1, 14, "not JSON: half of a surrogate pair")]),
    "too deep": ("g.json", b'{"resourceType": "Goal",\n "x": ' + b"[" * 200 + b"]" * 200 + b"}",
                 [("input", 2, 106, "not JSON: nested more than 100 deep")]),
    "far too deep": ("g.json", b'{"resourceType": "Goal",\n "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
                     [("input", 2, 106, "not JSON: nested more than 100 deep")]),
    "a list": ("g.json", b"\n [1]", [("input", 2, 2, "a JSON array")]),
    "an empty list": ("g.json", b"\n[ ]", [("input", 2, 1, "an empty JSON array")]),
    "an empty list as a line": ("r.ndjson", b"[ ]\n", [("input", 1, None, "an empty JSON array")]),
    "an empty list as a later line": ("r.ndjson", LINE + b"[]\n", [("input", 2, 1, "an empty JSON array")]),
    "a text": ("g.json", b' "x"', [("input", 1, 2, "not a JSON object")]),
    "neither": ("g.json", b'{\n"a": 1}', [("input", 1, 1, "neither a resource nor a record")]),
    "empty": ("g.json", b"", [("input", None, None, "there is nothing in it")]),
    "no lines": ("r.ndjson", b"", [("input", None, None, "there is nothing in it")]),
    "blank": ("r.ndjson", b"\n \n", [("input", None, None, "there is nothing in it")]),
    "binary": ("r.ndjson", b"\x00\x01\x02" * 9, [("input", 1, None, "a binary file")]),
    "XML": ("p.ndjson", b"<Patient/>", [("input", 1, None, "looks like XML or HTML")]),
    "no gzip": ("r.ndjson.gz", LINE, [("input", 1, None, "this is not gzip, or it is damaged")]),
    "cut-off gzip": ("r.ndjson.gz", gzip.compress(LINE)[:-9], [("input", 1, None, "the gzip file is cut off")]),
    "no type": ("g.json", b'{"resourceType": 7}', [("type", 1, 18, "expected the name of a resource type")]),
    "an unknown type": ("g.json", b'{"resourceType": "Gaol"}', [("type", 1, 18, "FHIR R4 has no resource of this type")]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_a_finding_with_its_place_and_the_rest_goes_on(name: str, tmp_path: Path) -> None:
    file, content, expected = WRONG[name]
    (tmp_path / file).write_bytes(content)
    (tmp_path / "other.json").write_text(json.dumps(BAD))
    found = told(tmp_path / file, tmp_path / "other.json")
    assert found[:-1] == expected
    assert found[-1][0] == "code"


def test_a_list_is_taken_apart_where_there_is_something_in_it(tmp_path: Path) -> None:
    for name in ("g.json", "r.ndjson"):
        path = tmp_path / name
        for content, parts in (("[]", False), ("[1]", True), ("[\n1]", True)):
            path.write_text(content)
            said = run("validate", path).stdout
            assert ("takes an array apart" in said, "jq" in said, "expected one" in said) == (parts, parts, True)


def test_a_line_of_100_mb_is_refused_and_not_held(tmp_path: Path) -> None:
    path = tmp_path / "r.ndjson"
    with path.open("wb") as file:
        file.write(LINE + b'{"resourceType": "')
        file.truncate(100 * 2**20)  # a hole: it is read, and takes no room
        file.seek(0, 2)
        file.write(b'"}\n' + json.dumps(BAD).encode())
    assert [one[:3] for one in told(path)] == [("input", 2, None), ("code", 3, 45)]
    document = tmp_path / "g.json"
    document.write_bytes(b"[")
    os.truncate(document, 100 * 2**20)
    assert [one[3] for one in told(document)] == ["one JSON document of more than 64 MiB"]


def test_a_folder_that_cannot_be_read_is_an_error_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(json.dumps(BAD).encode())
    within = os.open(tmp_path, os.O_RDONLY)
    for number in range(20):  # so far down that no path leads there, for root neither
        name = f"{number:02}" * 120
        os.mkdir(name, dir_fd=within)
        within, around = os.open(name, os.O_RDONLY, dir_fd=within), within
        os.close(around)
    os.close(within)
    done = run("validate", tmp_path, "--output", "json")
    assert [one["rule"] for one in json.loads(done.stdout)["findings"]] == ["input", "code"]
    assert "cannot be read: File name too long" in done.stdout
    (tmp_path / "a.json").unlink()
    commands: list[list[str | Path]] = [["validate", tmp_path], ["convert", tmp_path, "--to", "records"]]
    for command in commands:
        done = run(*command)
        assert (done.exit_code, "cannot be read: File name too long" in done.stdout + done.stderr) == (3, True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(LINE)
    (tmp_path / "a.json").chmod(0)
    assert "cannot be read" in told(tmp_path / "a.json")[0][3]


def test_nothing_to_read(tmp_path: Path) -> None:
    assert told("-", text=b"") == [("input", None, None, "there is nothing in it")]
    for text, code in ((b"", 3), (b"\n \n", 3), (LINE, 0)):
        assert run("validate", "-", text=text).exit_code == code
    (tmp_path / "empty.json").touch()
    (tmp_path / "lines.ndjson").touch()
    assert [run("validate", tmp_path / name).exit_code for name in ("empty.json", "lines.ndjson", "")] == [3, 0, 3]
    assert run("validate").exit_code == 2
    assert "`-` for standard input" in run("validate").stderr


def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.json"))
    path.write_text(json.dumps(BAD))
    for output in ("text", "json", "ndjson", "junit", "operationoutcome"):
        done = run("validate", str(path), "--output", output)
        assert (done.exit_code, "\ufffd\ufffd.json" in done.stdout) == (3, True), output


# Folders


def test_a_folder_of_resources_is_read_with_all_below_it(tmp_path: Path) -> None:
    for name in ("b.json", "sub/a.json", "sub/deeper/c.ndjson.gz", ".hidden/h.json", "sub/.h.json", "sub/readme.md"):
        path = tmp_path / "fhir" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps(BAD).encode()
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    (tmp_path / "fhir" / "sub" / "round").symlink_to(tmp_path / "fhir")
    report = json.loads(run("validate", tmp_path / "fhir", "--output", "json").stdout)
    assert [one["file"] for one in report["findings"]] == [
        str(tmp_path / "fhir" / name) for name in ("b.json", "sub/a.json", "sub/deeper/c.ndjson.gz")
    ]
    assert [one["place"] for one in report["findings"]] == ["b.json", "sub/a.json", "sub/deeper/c.ndjson.gz:1"]


def test_a_folder_says_that_it_holds_xml_too(tmp_path: Path) -> None:
    """Else a green run would speak for files that nobody looked at."""
    (tmp_path / "sub").mkdir()
    for name in ("a.json", "p.xml", "sub/q.xml"):
        (tmp_path / name).write_bytes(LINE)
    report = json.loads(run("validate", tmp_path, "--output", "json").stdout)
    assert [(one["severity"], one["file"], one["message"], one["hint"]) for one in report["findings"]] == [
        ("information", str(tmp_path), "XML is not read", "files in the folder: 2")
    ]


def test_a_file_that_is_wrong_in_a_folder_is_named(tmp_path: Path) -> None:
    for name in ("goals.ndjson", "goals.ndjson.gz"):
        (tmp_path / name).touch()
    (one,) = json.loads(run("validate", tmp_path, "--output", "json").stdout)["findings"]
    assert (one["file"], one["message"]) == (str(tmp_path / "goals.ndjson.gz"), "stands beside goals.ndjson")


def test_standard_input_is_read_once() -> None:
    assert told("-", "-", text=LINE) == [("input", None, None, "standard input can be read once only")]


def test_a_folder_without_anything(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    ((rule, line, _, message),) = told(tmp_path)
    assert (rule, line, message) == ("input", None, "holds neither records nor resources")


def test_an_empty_file_of_a_practice_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "practice.toml").write_text('identifier_base = "https://practice.example/ids"\n')
    (tmp_path / "goals.ndjson").touch()
    assert told(tmp_path) == []
    (tmp_path / "practice.toml").write_text("name = 1\n")
    assert [rule for rule, *_ in told(tmp_path)] == ["input"]


def test_two_sources_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "goals.ndjson").write_text(
            '{"id": "g-1", "patient": "p", "statement": "x", "state": "active"}\n' * 2
        )
    report = json.loads(run("validate", tmp_path / "a", tmp_path / "b", "--output", "json").stdout)
    twice = [(one["file"], one["line"]) for one in report["findings"] if one["place"].endswith(" id")]
    assert twice == [(str(tmp_path / name / "goals.ndjson"), 2) for name in ("a", "b")]


def test_what_is_amiss_between_records_comes_with_their_source(tmp_path: Path) -> None:
    goals = tmp_path / "goals.ndjson"
    goals.write_text('{"id": "g-1", "patient": "p", "statement": "x", "state": "active"}\n' * 2)
    (tmp_path / "r.json").write_text(json.dumps(BAD))
    report = json.loads(run("validate", goals, tmp_path / "r.json", goals, "--output", "json").stdout)
    errors = [Path(one["file"]).name for one in report["findings"] if one["severity"] == "error"]
    assert errors == ["goals.ndjson", "r.json", "goals.ndjson"]


def test_nothing_is_missing_that_may_stand_in_a_line_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "practice.toml").write_text('identifier_base = "https://practice.example/ids"\n')
    (tmp_path / "goals.ndjson").write_text(
        '{"id": "g-1", "patient": "p", "statement": "x", "state": "active", "start": "2026"}'
    )
    assert [message for *_, message in told(tmp_path)] == ["there is no patient `p`"]
    (tmp_path / "patients.ndjson").write_text('{"id": oops}\n')
    assert [message for *_, message in told(tmp_path)] == ["not JSON: a word without quotes"]
    (tmp_path / "patients.ndjson").rename(tmp_path / "patients.ndjson.gz")
    assert [message for *_, message in told(tmp_path)] == ["this is not gzip, or it is damaged"]


# Several processes, and being stopped


@pytest.fixture
def mixed(tmp_path: Path) -> list[Path]:
    """Sources of all sorts, with things wrong in them and between them, enough for many batches."""
    run("convert", SAMPLE, "--to", "fhir", "-o", tmp_path / "r.ndjson")
    lines = (tmp_path / "r.ndjson").read_bytes()
    broken = lines.replace(b'"status":"', b'"status":"x', 50).replace(b'"Goal"', b'"Goal","foo":NaN', 3)
    (tmp_path / "r.ndjson").write_bytes(broken * 2)
    folder = tmp_path / "many"
    folder.mkdir()
    for number, line in enumerate(broken.splitlines()[:300]):
        (folder / f"{number}.json").write_bytes(line)
    (folder / "17-large.ndjson").write_bytes(broken)  # its parts are examined by several, between the small ones
    practice = tmp_path / "practice"
    practice.mkdir()
    for path in SAMPLE.iterdir():
        if path.is_file():
            (practice / path.name).write_bytes(path.read_bytes())
    goals = (practice / "goals.ndjson").read_bytes().splitlines(keepends=True)
    (practice / "goals.ndjson").write_bytes(
        b"".join([*goals[1:], goals[-1], b'{"id": oops}\n', goals[3].replace(b"state", b"stat")])
    )
    return [tmp_path / "r.ndjson", tmp_path / "nowhere", practice, folder, tmp_path / "r.ndjson"]


@pytest.mark.parametrize("output", ["text", "json", "junit", "operationoutcome"])
def test_several_processes_say_the_same_in_the_same_order(output: str, mixed: list[Path]) -> None:
    one = program("validate", *mixed, "--output", output)
    many = program("validate", *mixed, "--output", output, "--jobs", "3")
    assert one.returncode == many.returncode == 3
    assert (one.stderr, many.stderr) == ("", "")
    assert one.stdout == many.stdout
    assert len(one.stdout) > 5_000


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_reader_that_goes_away_is_no_error(jobs: str, tmp_path: Path) -> None:
    (tmp_path / "r.ndjson").write_text((json.dumps(BAD) + "\n") * 20_000)
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m fhir_coaching validate "$1" --output ndjson --jobs "$2" | head -n 2',
         sys.executable, tmp_path / "r.ndjson", jobs],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (len(done.stdout.splitlines()), done.stderr) == (2, "")


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly_and_alike_whoever_helps(jobs: str, sent: signal.Signals) -> None:
    command = [sys.executable, "-m", "fhir_coaching", "validate", "-", "--output", "ndjson", "--jobs", jobs]
    there, here = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError), os.fdopen(here, "wb") as file:
            while True:
                file.write((json.dumps(BAD) + "\n").encode() * 100)

    with subprocess.Popen(
        command, cwd=ROOT, stdin=there, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as running:
        os.close(there)
        feeder = Thread(target=feed)
        feeder.start()
        assert running.stdout is not None
        assert running.stdout.readline()  # it is at work, and there is more to come
        if sent is signal.SIGINT:
            os.killpg(running.pid, sent)  # as a terminal does
        else:
            running.send_signal(sent)
        _, errors = running.communicate(timeout=60)
    feeder.join()
    told = (130, "interrupted") if sent is signal.SIGINT else (-signal.SIGTERM, "")  # which a shell calls 143
    assert (running.returncode, errors.decode().strip()) == told
    with pytest.raises(ProcessLookupError):  # nobody of its group is left
        os.killpg(running.pid, 0)


def test_the_source_is_not_read_ahead_of_what_is_told() -> None:
    """So that memory is bounded by what one line takes; with several processes by batches of a few."""
    from fhir_coaching.commands.examining import Seen, Text, Wish  # noqa: PLC0415
    from fhir_coaching.commands.jobs import BATCH, WINDOW, examined_each  # noqa: PLC0415
    from fhir_coaching.lens import R4  # noqa: PLC0415
    from fhir_coaching.practice.texts import File  # noqa: PLC0415

    read = 0

    def texts() -> Any:
        nonlocal read
        for number in range(1, 40_001):
            read += 1
            yield Text(0, File("r.ndjson", "r.ndjson", "r.ndjson"), number, LINE)

    told = examined_each(texts(), Wish(R4, dict), 1)
    assert isinstance(next(told), Seen)
    assert read == 1
    assert BATCH * WINDOW < 2**20
