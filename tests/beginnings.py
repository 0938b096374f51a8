"""What the tests of several files begin with, as a pytest plugin. A file that wants something else names it the same.

`quirks` are those of the server from its start: a test that asks for some is parametrized with them, as `ABLE` of practices is.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import responses
from hospital import Hospital
from practices import ALL, Practice, outcomes, said

from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.sandbox import Sandbox


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A client that knows no FHIR."""
    with requests.Session() as session:
        yield session


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Answers to requests, without a server; each is asked for."""
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture(params=[R4, R5], ids=["r4", "r5"])
def version(request: pytest.FixtureRequest) -> Version:
    """Each version of FHIR."""
    return Version(request.param)


@pytest.fixture
def quirks() -> tuple[str, ...]:
    """None: the server can do everything."""
    return ()


@pytest.fixture
def sandbox(version: Version, quirks: tuple[str, ...]) -> Iterator[Sandbox]:
    """A server that has nothing."""
    with Sandbox(version.name.lower(), quirks=quirks) as running:
        yield running


@pytest.fixture
def practice(sandbox: Sandbox, version: Version, tmp_path: Path) -> Practice:
    """A practice that has nothing on the server yet."""
    practice = Practice(tmp_path / "practice", sandbox.url, version)
    practice.write(*ALL)
    return practice


@pytest.fixture
def pushed(practice: Practice) -> Practice:
    """A practice that is in step with the server."""
    report = practice.push()
    assert (list(outcomes(report)), report.exit_code) == (["created"], 0), list(said(report))
    return practice


@pytest.fixture
def hospital(sandbox: Sandbox, version: Version, tmp_path: Path) -> Hospital:
    """A hospital that has a plan of its own for a patient of the practice."""
    return Hospital(Practice(tmp_path / "practice", sandbox.url, version))


@pytest.fixture
def adopted(hospital: Hospital) -> Hospital:
    """A hospital whose plan the practice has adopted."""
    report = hospital.practice.pull(adopt=True)
    assert report.exit_code == 0, list(said(report))
    return hospital
