"""What `pip install` gives: the wheel holds the whole package, and it runs where nothing else is installed."""

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INGREDIENTS = ("fhir_coaching", "mappings", "examples", "cli.py", "pyproject.toml", "README.md", "LICENSE")
MADE = shutil.ignore_patterns("__pycache__", ".*")
OFFLINE = ("NameResolutionError", "NewConnectionError", "ConnectTimeoutError", "ProxyError")


def run(*command: str | Path, at: Path) -> subprocess.CompletedProcess[str]:
    """One command, away from the project's folder and without the tests' own Python settings."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FHIR_COACHING"))
    }
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel made from it. From a copy: setuptools leaves files beside its input."""
    copy, dist = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in INGREDIENTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=MADE)
        else:
            shutil.copy(ROOT / name, copy / name)
    made = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, at=copy)
    assert made.returncode == 0, made.stdout + made.stderr
    return dist


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a new environment that holds the wheel and what it asks for."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=True)
    commands = environment / ("Scripts" if os.name == "nt" else "bin")
    pip = (commands / "python", "-m", "pip", "--disable-pip-version-check", "--retries", "1")
    answer = run(*pip, "install", *built.glob("*.whl"), at=environment)
    if any(word in answer.stderr + answer.stdout for word in OFFLINE):
        pytest.skip("no package registry in reach, so nothing can be installed")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return commands


def test_the_wheel_holds_the_whole_package(built: Path) -> None:
    expected = {
        path.relative_to(ROOT).as_posix()
        for top in ("fhir_coaching", "fhir_coaching/mappings", "fhir_coaching/examples")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(ROOT).parts)
    }
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert found == expected


def test_the_sdist_holds_files_and_no_links(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    assert not [member.name for member in members if member.issym() or member.islnk()]
    assert "fhir_coaching/cli.py" in {member.name.split("/", 1)[-1] for member in members if member.isfile()}


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("mapping", "Goal")], ids=" ".join)
def test_an_installed_command_runs(installed: Path, arguments: tuple[str, ...], tmp_path: Path) -> None:
    answer = run(installed / "fhir-coaching", *arguments, at=tmp_path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout


def test_the_sample_practice_travels_and_makes_the_round_trip(installed: Path, tmp_path: Path) -> None:
    where = "import importlib.resources as r; print(r.files('fhir_coaching') / 'examples' / 'riverside')"
    sample = run(installed / "python", "-c", where, at=tmp_path).stdout.strip()
    answer = run(installed / "fhir-coaching", "roundtrip", sample, at=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_nothing_that_was_installed_conflicts(installed: Path, tmp_path: Path) -> None:
    answer = run(installed / "python", "-m", "pip", "check", at=tmp_path)
    assert answer.returncode == 0, answer.stdout
