"""Fixtures for tests against a FHIR server: `pytest_plugins = ["fhir_coaching.sandbox.pytest_plugin"]` in a conftest.py."""

from collections.abc import Iterator

import pytest

from . import Sandbox


@pytest.fixture
def sandbox_r4() -> Iterator[Sandbox]:
    """An empty R4 server for one test."""
    with Sandbox("r4") as server:
        yield server


@pytest.fixture
def sandbox_r5() -> Iterator[Sandbox]:
    """An empty R5 server for one test."""
    with Sandbox("r5") as server:
        yield server
