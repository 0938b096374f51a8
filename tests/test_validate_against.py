"""`validate --against`: what a server's $validate says beside ours, and where the two differ."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import run

from fhir_coaching.commands.against import BOTH, OURS, THEIRS, compared, place_of
from fhir_coaching.errors import Finding, Issue
from fhir_coaching.lens import R4
from fhir_coaching.sandbox import Sandbox

Json = dict[str, Any]
Told = tuple[str, str, str, str]  # severity, code, expression, text

CANARY = "Zerbrechliche Zuversicht"
GOAL: Json = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": CANARY},
    "subject": {"reference": "Patient/1"},
}
TWO: Json = {**GOAL, "startDate": "2026-02-30", "target": [{"measure": {"text": "x"}, "detailString": 5}]}


class Judge:
    """A hospital's validation: what it says is up to the test."""

    def __init__(self) -> None:
        self.says: list[Told] = []
        self.seen: list[Json] = []

    def __call__(self, resource: Json) -> Iterator[Told]:
        self.seen.append(resource)
        yield from self.says


@pytest.fixture
def judge() -> Judge:
    return Judge()


@pytest.fixture
def sandbox(judge: Judge) -> Iterator[Sandbox]:
    with Sandbox(validate=judge) as running:
        yield running


def saved(path: Path, *resources: Json) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in resources))
    return path


def test_what_both_say_what_only_we_and_what_only_the_server(sandbox: Sandbox, judge: Judge, tmp_path: Path) -> None:
    judge.says = [
        ("error", "value", "Goal.start.ofType(date)", CANARY),
        ("error", "business-rule", "Goal.subject", CANARY),
        ("warning", "informational", "Goal", CANARY),
    ]
    path = saved(tmp_path / "r.ndjson", TWO)
    done = run("validate", path, "--against", sandbox.url, "--output", "json")
    against = json.loads(done.stdout)["against"]
    assert done.exit_code == 3
    assert {key: its for key, its in against.items() if key != "differences"} == {
        "asked": 1, "both": 1, "only_ours": 1, "only_theirs": 1,
    }  # fmt: skip
    assert against["differences"] == [
        {"only": "only_ours", "place": "r.ndjson:1", "element": "Goal.target[0].detailString", "rule": "type"},
        {"only": "only_theirs", "place": "r.ndjson:1", "element": "Goal.subject", "rule": "business-rule"},
    ]
    told = run("validate", path, "--against", sandbox.url, columns=80)
    assert told.stdout.splitlines()[-3:] == [
        "only ours          r.ndjson:1 Goal.target[0].detailString [type]",
        "only the server's  r.ndjson:1 Goal.subject [business-rule]",
        f"{sandbox.url.split('/')[2]}, asked about 1 resource; errors: 1 on both sides, 1 only ours, 1 only the server's",
    ]
    assert CANARY not in done.stdout + told.stdout + told.stderr
    assert sandbox.requests == [("POST", "Goal/$validate")] * 2  # nothing is looked for, and nothing written


def test_an_error_that_only_the_server_finds_is_exit_code_1(sandbox: Sandbox, judge: Judge, tmp_path: Path) -> None:
    path = saved(tmp_path / "r.ndjson", GOAL, GOAL)
    assert run("validate", path, "--against", sandbox.url).exit_code == 0
    judge.says = [("error", "business-rule", "Goal.subject", "")]
    done = run("validate", path, "--against", sandbox.url, "--output", "ndjson", "--jobs", "1")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "asked about 2 resources; errors: 0 on both sides, 0 only ours, 2 only the server's" in done.stderr


def test_of_records_the_server_is_asked_about_what_would_be_sent(
    sandbox: Sandbox, judge: Judge, tmp_path: Path
) -> None:
    path = tmp_path / "goals.ndjson"
    path.write_text(
        json.dumps({"id": "g-1", "patient": "p-1", "statement": "Walk", "state": "active", "start": "2026"})
    )
    assert run("validate", path, "--against", sandbox.url).exit_code == 0
    assert [(one["resourceType"], one["description"]["text"]) for one in judge.seen] == [("Goal", "Walk")]


def test_a_server_without_the_operation_is_told_and_ours_all_the_same(tmp_path: Path) -> None:
    with Sandbox(validate=None) as bare:
        done = run("validate", saved(tmp_path / "r.ndjson", GOAL), "--against", bare.url)
        assert done.exit_code == 1
        assert "1 checked, 0 errors" in done.stdout
        assert "POST Goal/$validate" in done.stderr
        assert "the server answered 501" in done.stderr
        bad = run("validate", saved(tmp_path / "r.ndjson", TWO, TWO), "--against", bare.url)
        assert bad.exit_code == 3
        assert len(bare.requests) == 2  # once a run
    with Sandbox() as there:
        astray = run("validate", saved(tmp_path / "r.ndjson", GOAL), "--against", there.url.removesuffix("/fhir"))
        assert astray.exit_code == 1
        assert "is it the server's base" in astray.stderr
    gone = run("validate", saved(tmp_path / "r.ndjson", GOAL), "--against", bare.url)
    assert gone.exit_code == 6


def test_a_server_that_does_not_answer_is_told_beside_errors_of_ours(tmp_path: Path) -> None:
    done = run("validate", saved(tmp_path / "g.json", TWO), "--against", "http://127.0.0.1:1/fhir")
    assert done.exit_code == 3
    assert "no connection to 127.0.0.1:1" in done.stderr


def test_a_refusal_is_a_verdict() -> None:
    """HAPI's parser refuses what it cannot read, and names no element."""
    ours = [Finding("code", "error", "", element="Goal.lifecycleStatus")]
    unnamed = [Issue("error", "processing")]
    assert list(compared(ours, unnamed, GOAL, R4)) == [(BOTH, "Goal.lifecycleStatus", "code")]
    assert list(compared([], unnamed, GOAL, R4)) == [(THEIRS, "Goal", "processing")]


def test_a_status_that_refuses_is_a_verdict_too(sandbox: Sandbox, tmp_path: Path) -> None:
    path = saved(tmp_path / "r.ndjson", {**GOAL, "meta": CANARY})  # the sandbox answers 400
    done = run("validate", path, "--against", sandbox.url, "--output", "json")
    against = json.loads(done.stdout)["against"]
    assert (against["asked"], against["both"], against["differences"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("rule", "element", "theirs", "same"),
    [
        ("format", "Goal.target[0].dueDate", "Goal.target[0].due.ofType(date)", True),
        ("format", "Goal.target[0].dueDate", "Goal.target[0].due[x]", True),
        ("format", "Goal.target[0].dueDate", "Goal.target[0].due", True),
        ("format", "Goal._startDate.extension[0].valueCode", "Goal.start.extension[0].value", True),
        ("format", "Goal._startDate.extension[0].url", "Goal.startDate.extension[0].url", True),
        ("cardinality", "Goal.subject", "Goal", True),
        ("unknown", "Goal.target[0].foo", "Goal.target[0]", True),
        ("code", "Goal.lifecycleStatus", "Goal", False),
        ("format", "Goal.target[0].dueDate", "Goal.target[1].dueDate", False),
        ("type", "Goal.note", "Goal.note[0]", True),
    ],
)
def test_which_elements_are_the_same(rule: str, element: str, theirs: str, *, same: bool) -> None:
    resource = {**GOAL, "target": [{"dueDate": "2026"}, {"dueDate": "2027"}]}
    found = list(
        compared([Finding(rule, "error", "", element=element)], [Issue("error", "x", (theirs,))], resource, R4)
    )
    assert [sort for sort, *_ in found] == ([BOTH] if same else [OURS, THEIRS])


def test_places_of_what_is_not_there() -> None:
    assert place_of("Goal.target[7].due[x]", R4) == "Goal.target[7].due"
    assert place_of("Goal", R4) == "Goal"
    assert place_of("Goal.target[?].due.where(true)", R4) == "Goal.target[?].due.where(true)"  # whatever a server says


@pytest.mark.servers
def test_a_real_hapi(hapi_url: str, tmp_path: Path) -> None:
    """What it says of what can be read agrees; its parser refuses a wrong code without saying where (8.8.0, 2026-11)."""
    broken = {**GOAL, "target": [{"detailString": "x"}], "foo": 1}
    missing = {key: its for key, its in GOAL.items() if key != "subject"}
    period: Json = {"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"},
                    "period": {"start": "2026-02-02", "end": "2026-01-01"}}  # fmt: skip
    path = saved(tmp_path / "r.ndjson", GOAL, broken, missing, {**GOAL, "lifecycleStatus": "banana"}, period)
    done = run("validate", path, "--against", hapi_url, "--output", "json")
    report = json.loads(done.stdout)
    assert done.exit_code == 3
    assert (report["against"]["asked"], report["against"]["only_ours"]) == (5, 0), report["against"]
    assert report["against"]["both"] == report["errors"] == 5
    assert report["against"]["only_theirs"] == 0, report["against"]


@pytest.mark.servers
def test_a_real_sekmet(sekmet_url: str, tmp_path: Path) -> None:
    """It asks fhir.resources, which knows shapes and no codes (0.1.1, 2026-11)."""
    path = saved(tmp_path / "r.ndjson", GOAL, TWO, {**GOAL, "lifecycleStatus": "banana"})
    done = run("validate", path, "--against", sekmet_url, "--output", "json")
    against = json.loads(done.stdout)["against"]
    assert (done.exit_code, against["asked"], against["both"], against["only_theirs"]) == (3, 3, 2, 0)
    assert [one["element"] for one in against["differences"]] == ["Goal.lifecycleStatus"]
