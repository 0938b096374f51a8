"""The command line as a whole: names, exit codes, what becomes of errors and interruptions."""

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from commandline import RESOURCES, ROOT, SAMPLE, program, run

from fhir_coaching import __version__
from fhir_coaching.cli import COMMANDS, told
from fhir_coaching.errors import Fault, InputError, SettingsError

CANARY = "Zerbrechliche Zuversicht"


def test_the_version() -> None:
    assert run("--version").stdout == f"fhir-coaching {__version__}\n"


@pytest.mark.parametrize("start", [("-m", "fhir_coaching"), ("cli.py",)], ids=" ".join)
def test_it_can_be_started_as_a_module_and_as_a_file(start: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, *start, "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"fhir-coaching {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_list_and_the_help_of_a_command_are_short(name: str) -> None:
    done = run(name, "-h", columns=80)
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) <= 40


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["convrt"], "Did you mean `convert`?"),
        (["convert", "x"], "--to"),
        (["convert", "x", "--to", "fhir", "--fhir", "r6"], "r6"),
        (["explain"], "PATH"),
        (["convert", "x", "--to", "fhir", "--as", "bundle", "--base", "y"], "--base"),
        (["convert", "x", "--to", "records", "--as", "bundle"], "--to fhir"),
        (["sandbox", "--port", "70000"], "70000"),
        (["push", "x"], "--server"),
    ],
)
def test_wrong_usage_is_told_on_a_few_lines(arguments: list[str], told: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Usage: fhir-coaching" in done.stderr
    assert done.stdout == ""


def test_a_defect_is_named_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("fhir_coaching.report.mapping.overview", fail)
    done = run("mapping")
    assert done.exit_code == 1
    assert "RuntimeError" in done.stderr
    assert "FHIR_COACHING_DEBUG=1" in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert CANARY not in done.stderr


def test_an_interruption_is_told_in_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fhir_coaching.report.mapping.overview", interrupt)
    done = run("mapping")
    assert (done.exit_code, done.stderr.split()) == (130, ["interrupted"])


@pytest.mark.skipif(os.name == "nt", reason="there are no such pipes")
def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fhir_coaching", "convert", str(SAMPLE), "--to", "fhir", "--quiet"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_nothing_is_coloured_in_a_pipe() -> None:
    for arguments in (("roundtrip", SAMPLE), ("validate", SAMPLE), ("mapping", "Goal"), ("explain", "goal.state")):
        assert "\x1b" not in run(*arguments).stdout


def test_an_error_keeps_to_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = told(InputError([Fault("word " * 40, place="goals.ndjson:1", hint="do " * 40)] * 3))
    assert max(map(len, text.splitlines())) < 60
    assert told(SettingsError("no", hint="do this")).splitlines() == ["Error: no", "  do this"]
    several = told(
        InputError([Fault("wrong", place="a.ndjson:1", hint="do " * 40), Fault("wrong", place="b.ndjson:1")])
    )
    hints = [line for line in several.splitlines() if line.lstrip().startswith("do")]
    assert [line[: -len(line.lstrip())] for line in hints] == ["    "] * 3


def test_faults_that_a_source_only_counted_are_in_the_number() -> None:
    text = told(InputError([Fault("wrong", place=f"goals.ndjson:{n}") for n in range(100)], more=11))
    assert text.startswith("Error: 111 things are wrong.")
    assert text.endswith("and 91 more")


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_sandbox_runs_until_it_is_stopped(stop: signal.Signals, tmp_path: Path) -> None:
    # A shell may start its jobs with SIGINT ignored: the default is put back, as a terminal has it.
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from fhir_coaching.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", start, "sandbox", "--load", str(SAMPLE), "--store", str(tmp_path / "store.db")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        url = running.stdout.readline().strip()
        said = running.stderr.readline() + running.stderr.readline()
        with urllib.request.urlopen(f"{url}/Goal?_summary=count") as answer:  # noqa: S310 - it is our own
            assert b'"total":43' in answer.read()
        running.send_signal(stop)
        rest = running.stderr.read()
    assert "synthetic data only" in said
    assert f"{RESOURCES} resources" in said
    assert (running.returncode, rest) == (0, "stopped\n")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    import socket  # noqa: PLC0415 - only here

    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = program("sandbox", "--port", str(taken.getsockname()[1]), at=tmp_path)
    assert done.returncode == 2
    assert "cannot be had" in done.stderr
    assert "another --port" in done.stderr


def test_a_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database" * 100)
    done = run("sandbox", "--store", tmp_path / "store.db")
    assert done.exit_code == 2
    assert "no store of a sandbox" in " ".join(done.stderr.split())  # a long path breaks the line


def test_the_help_of_every_command_imports_nothing_heavy() -> None:
    code = """
import sys
from click.testing import CliRunner
from fhir_coaching.cli import COMMANDS, cli
assert all(CliRunner().invoke(cli, [name, "--help"]).exit_code == 0 for name in COMMANDS)
print({"fhir", "msgspec", "pydantic", "requests", "rich"} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
