"""The servers as session fixtures, one process each for all workers.

A pytest plugin: `pytest_plugins = ["servers.fixtures"]` in the root conftest.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from servers.launchers import guides
from servers.process import Unavailable
from servers.sharing import shared
from servers.validation import Validator


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The temporary folder that all workers of this run see."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def _or_skip(name: str, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(shared(name, folder))
        except Unavailable as reason:
            pytest.skip(f"{name}: {reason}")
        yield url


@pytest.fixture(scope="session")
def hapi_url(run_folder: Path) -> Iterator[str]:
    """The base address of a HAPI FHIR R4 server. Its store is never emptied: use an identifier system of your own.

    It answers an old search again for 60 s unless asked with `Cache-Control: no-cache`.
    """
    with _or_skip("hapi", run_folder) as url:
        yield url


@pytest.fixture(scope="session")
def sekmet_url(run_folder: Path) -> Iterator[str]:
    """The base address of a sekmet-fhir R4 server. Its store lasts for the run: use your own identifier system."""
    with _or_skip("sekmet", run_folder) as url:
        yield url


@pytest.fixture(scope="session")
def validator(run_folder: Path) -> Iterator[Validator]:
    """A client of the official validation engine, for the base specification (R4, R5)."""
    with _or_skip("validator", run_folder) as url:
        yield Validator(url)


@pytest.fixture(scope="session")
def guided_validator(validator: Validator) -> Validator:
    """The same, where there are guide packages to validate against (`igs=[…]`); skips where not."""
    if guides() is None:
        pytest.skip("no guide packages: set ORACLE_IGS to the folder that holds hl7.fhir.us.core-*.tgz")
    return validator
