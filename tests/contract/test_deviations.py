"""The table itself: every row is about a check and a server that there are, and says when it was seen."""

import re
from pathlib import Path

import pytest

from contract.conftest import SERVERS
from contract.deviations import DEVIATIONS

CHECKS = {
    name
    for file in Path(__file__).parent.glob("test_*.py")
    for name in re.findall(r"^def test_(\w+)\(probe\b", file.read_text(), re.MULTILINE)
}


@pytest.mark.parametrize(("server", "check"), DEVIATIONS)
def test_rows(server: str, check: str) -> None:
    assert server in SERVERS
    assert check.partition("[")[0] in CHECKS
    assert re.search(r"\(20\d\d-\d\d\)", DEVIATIONS[server, check].why)
