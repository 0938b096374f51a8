"""Every check runs on every server.

Where the table says that a server differs, the check has to fail, and in just that way.
"""

import re
from collections.abc import Generator, Iterator

import pytest

from contract.deviations import DEVIATIONS, Deviation
from contract.probe import Probe
from contract.resources import patient

SERVERS = {"sandbox-r4": "r4", "sandbox-r5": "r5", "sekmet": "r4", "hapi": "r4"}


@pytest.fixture(scope="session")
def sandbox_r4_url() -> Iterator[str]:
    from fhir_coaching.sandbox import Sandbox  # noqa: PLC0415 - the suite runs on real servers without it

    with Sandbox("r4") as sandbox:
        yield sandbox.url


@pytest.fixture(scope="session")
def sandbox_r5_url() -> Iterator[str]:
    from fhir_coaching.sandbox import Sandbox  # noqa: PLC0415

    with Sandbox("r5") as sandbox:
        yield sandbox.url


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.servers) if name == "hapi" else name for name in SERVERS])
def probe(request: pytest.FixtureRequest) -> Iterator[Probe]:
    """A fresh identifier system on one of the servers."""
    url: str = request.getfixturevalue(f"{request.param.replace('-', '_')}_url")
    probe = Probe(request.param, url, SERVERS[request.param])
    with probe.http:
        yield probe


@pytest.fixture
def somebody(probe: Probe) -> str:
    """A reference to a new patient on the server."""
    return "/".join(probe.create(patient(probe, "somebody")).target)


def row_of(item: pytest.Function) -> Deviation | None:
    """The table's row for this check on this server: for one of several examples `name[example]`, else `name`."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "probe" not in callspec.params:
        return None
    server, name = callspec.params["probe"], item.originalname.removeprefix("test_")
    example = f"{name}[{callspec.id.removeprefix(server).removeprefix('-')}]"
    return DEVIATIONS.get((server, example)) or DEVIATIONS.get((server, name))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    row = row_of(pyfuncitem)
    if row is None:
        return (yield)
    try:
        yield
    except AssertionError as failure:
        if not re.search(row.seen, str(failure)):
            raise
        pytest.xfail(row.why)
    if not row.sometimes:
        pytest.fail("the server no longer deviates here: delete the row in deviations.py", pytrace=False)
    return True
