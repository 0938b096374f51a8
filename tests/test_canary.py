"""Planted values, and a look at everything that runs leave behind: not one of them stands where it may not.

They may stand in the practice's own records, in the base and in the losers of clashes, which are for their owner alone (0600).
"""

import logging
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from practices import Practice, item

from fhir_coaching.errors import CoachingError
from fhir_coaching.lens import R4
from fhir_coaching.sandbox import Sandbox
from fhir_coaching.server import Bearer
from fhir_coaching.sync.base import FOLDER, opened
from fhir_coaching.sync.linking import link
from fhir_coaching.sync.report import Outcome, Pulled

MARK = "Zebrafink"  # in every planted value, in any case
BIRTH, MEMBER, TOKEN = "1931-07-19", "M-90317725", "token-zebrafink-55"
PLANTED = (MARK, MARK.lower(), BIRTH, MEMBER, "zebrafink@")

RECORDS: tuple[dict[str, Any], ...] = (
    {"kind": "practitioner", "id": "c1", "names": [{"family": MARK}], "npi": "2200000117"},
    {
        "kind": "patient", "id": "p1", "identifiers": [{"system": "https://payer.example/member", "value": MEMBER}],
        "names": [{"family": MARK, "given": [MARK]}], "birth_date": BIRTH, "sex": "female",
        "telecoms": [{"system": "email", "value": "zebrafink@example.org"}],
    },
    {
        "kind": "goal", "id": "g1", "patient": "p1", "statement": f"{MARK} walks", "state": "active", "start": "2026",
        "notes": [{"key": "n1", "text": f"About {MARK}"}], "source": {"file": MARK}, "extra": {MARK: MARK},
    },
    {
        "kind": "session", "id": "s1", "patient": "p1", "status": "finished", "practitioner": "c1",
        "minutes": {"min": 30, "max": 30}, "private_note": f"{MARK} cried",
    },
)  # fmt: skip


class Hospital:
    """A sandbox that talks about patients wherever it can."""

    def __init__(self) -> None:
        self.refuses = ""

    def __call__(self, resource: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
        if resource["resourceType"] == self.refuses:
            yield "error", "business-rule", f"{self.refuses}.subject", f"{MARK}, born {BIRTH}, is not insured: {MEMBER}"


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


@pytest.fixture
def sandbox(hospital: Hospital) -> Iterator[Sandbox]:
    with Sandbox("r4", validate=hospital, token=TOKEN) as running:
        yield running


@pytest.fixture
def practice(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Practice:
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temp"))
    practice = Practice(tmp_path / "practice", sandbox.url, R4, auth=Bearer(TOKEN))
    practice.write(*RECORDS)
    return practice


class Said:
    """All that runs say: what they raise, and the lines of their reports without the values of fields."""

    def __init__(self, practice: Practice) -> None:
        self.practice, self.lines = practice, list[str]()

    def push(self, **how: Any) -> Any:
        return self._run(self.practice.push, **how)

    def pull(self, **how: Any) -> Any:
        return self._run(self.practice.pull, **how)

    def raised(self, error: Exception) -> None:
        self.lines += [str(error), repr(error), *(str(arg) for arg in error.args)]

    def _run(self, run: Any, **how: Any) -> Any:
        try:
            report = run(**how)
        except CoachingError as error:
            self.raised(error)
            return None
        self.lines += [f"{one.kind} {one.id} {one.outcome} {one.why} {one.lost}" for one in report.items]
        self.lines += [path for one in report.items for path, _, _ in one.fields]
        self.lines += [f"{finding} {finding!r}" for one in report.items for finding in one.findings]
        if report.stopped:
            self.raised(report.stopped)
        return report


def planted_in(text: str) -> list[str]:
    return [value for value in (*PLANTED, TOKEN) if value in text]


def test_nothing_is_told(
    sandbox: Sandbox,
    hospital: Hospital,
    practice: Practice,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)  # below, urllib3 names every URL
    said = Said(practice)
    # A server that refuses, loses, breaks, and says why in its own words.
    for type_ in ("Patient", "Goal"):
        hospital.refuses = type_
        assert said.push().counts()["failed"] == 1
    hospital.refuses = ""
    for quirk in ("lose_answer", "lose_request", "html", "unavailable", "other_order", "fewer_entries"):
        sandbox.quirks.add(quirk, 3, after=1)
        said.push()
        sandbox.quirks.discard(quirk)
        practice.clock += 100
    assert practice.push_until_settled().exit_code == 0
    # The hospital's edits: taken, in conflict, not readable.
    practice.hospital_edits("goal", "g1", lambda one: one["description"].update(text=f"{MARK} runs"))
    said.push()
    practice.edit("goal", "g1", notes=[{"key": "n1", "text": f"All about {MARK}"}])
    assert item(said.pull(), "goal", "g1").outcome is Pulled.CLASH
    said.pull(on_clash="server")
    practice.edit("goal", "g1", statement=f"{MARK} rests")
    practice.hospital_edits("goal", "g1", lambda one: one.update(startDate=BIRTH))
    said.pull(on_clash="local")
    practice.hospital_edits("patient", "p1", lambda one: one.update(gender=MARK, birthDate=MARK))
    assert item(said.push(), "patient", "p1").outcome is Outcome.FAILED
    assert item(said.pull(), "patient", "p1").outcome is Pulled.FAILED
    practice.hospital_edits(
        "session", "s1", lambda one: one.update(status="finished", length={"value": MARK, "unit": MARK})
    )
    said.pull()
    # What the checks find of both.
    practice.hospital_edits("goal", "g1", lambda one: one.update(text={"status": MARK, "div": MARK}, outcomeCode=MARK))
    assert len(item(said.pull(), "goal", "g1").findings) > 2
    practice.edit("goal", "g1", language=MARK)
    assert item(said.push(), "goal", "g1").findings
    practice.edit("goal", "g1", language=None)
    # Ours: a token that is wrong, a person who is not there, a record that is none, a base that is none.
    practice.auth = Bearer(f"{TOKEN}-{MARK}")
    said.push()
    said.pull()
    practice.auth = Bearer(TOKEN)
    client = practice.client()
    with opened(practice.folder, client.base) as base, pytest.raises(CoachingError) as refused:
        link(client, practice.exchange(), base, "patient", "p1", "Patient/nobody")
    said.raised(refused.value)
    practice.edit("goal", "g1", state=MARK)
    said.push()
    practice.base_file().write_text(f"{MARK}\n{MARK}\n")
    said.push()

    printed = capfd.readouterr()
    assert planted_in("\n".join([*said.lines, caplog.text, printed.out, printed.err])) == []
    assert list((tmp_path / "temp").rglob("*")) == []
    records = {path.name for path in practice.folder.glob("*.ndjson")}
    for path in practice.folder.rglob("*"):
        if path.is_file() and path.name not in records and planted_in(path.read_text()):
            assert path.parent.name == FOLDER
            assert path.suffix == ".ndjson"
            assert path.stat().st_mode & 0o777 == 0o600
        assert TOKEN not in path.name
        assert not path.is_file() or TOKEN not in path.read_text()


@pytest.mark.parametrize("failing", ["", "Patient", "Goal"])
def test_the_command_line_tells_nothing(
    sandbox: Sandbox, hospital: Hospital, practice: Practice, tmp_path: Path, failing: str
) -> None:
    hospital.refuses = failing
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    command = [sys.executable, "-m", "fhir_coaching", "push", str(practice.folder), "--server", sandbox.url]
    command += ["--token-file", str(tmp_path / "token"), "--create-people", "--ids", str(tmp_path / "ids.csv")]
    for more in (["--dry-run"], [], ["--output", "json"]):
        run = subprocess.run([*command, *more], capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == (1 if failing and "--dry-run" not in more else 0), run.stderr
        assert planted_in(run.stdout + run.stderr) == []
    ids = tmp_path / "ids.csv"
    assert planted_in(ids.read_text()) == []
    assert ids.stat().st_mode & 0o777 == 0o600
    assert requests.get(f"{sandbox.url}/metadata", timeout=60).status_code == 200
