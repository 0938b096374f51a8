"""Help, version and completion start fast: they import nothing heavy."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = {"fhir", "fhir_core", "msgspec", "pydantic", "requests", "rich", "urllib3"}
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+([\w.]+)$", re.MULTILINE)
# What the installed script does, without the need for it to be installed.
START = "import sys; sys.argv[0] = 'fhir-coaching'; from fhir_coaching.cli import main; sys.exit(main())"
COMPLETION = {
    "_FHIR_COACHING_COMPLETE": "bash_complete",
    "COMP_WORDS": "fhir-coaching ",
    "COMP_CWORD": "1",
}


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--help"], {}, "Usage: fhir-coaching"),
        (["--version"], {}, "fhir-coaching"),
        ([], COMPLETION, "plain,convert"),
    ],
    ids=["help", "version", "completion"],
)
def test_nothing_heavy_is_imported(arguments: list[str], environment: dict[str, str], expected: str) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", START, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(IMPORTED.findall(run.stderr))
    assert expected in run.stdout
    assert "fhir_coaching.cli" in imported  # the list is really one of imports
    assert not {module for module in imported if module.split(".")[0] in HEAVY}
