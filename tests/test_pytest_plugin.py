"""The fixtures for the test suites of others."""

import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["fhir_coaching.sandbox.pytest_plugin"]\n'
SUITE = """
import json
from urllib.request import urlopen

def version(server):
    with urlopen(f"{server.url}/metadata") as answer:
        return json.load(answer)["fhirVersion"]

def test_servers(sandbox_r4, sandbox_r5):
    assert (version(sandbox_r4), version(sandbox_r5)) == ("4.0.1", "5.0.0")
"""


def test_a_suite_elsewhere_gets_its_servers(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_theirs.py").write_text(SUITE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout
