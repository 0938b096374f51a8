"""Help, version and completion start fast: they import nothing heavy."""

import json
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


def imported_by(*arguments: str, **environment: str) -> tuple[set[str], str]:
    """The modules that a run imports, and what it prints."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", START, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(IMPORTED.findall(run.stderr)), run.stdout


def test_a_resource_is_checked_without_what_knows_records(tmp_path: Path) -> None:
    resource = {"resourceType": "Patient", "gender": "unknown"}
    (tmp_path / "p.json").write_text(json.dumps(resource))
    (tmp_path / "p.ndjson").write_text(json.dumps(resource))
    imported, told = imported_by("validate", str(tmp_path / "p.json"), str(tmp_path / "p.ndjson"))
    assert told == "2 checked, 0 errors, 0 warnings\n"
    assert "fhir_coaching.checks.engine" in imported
    heavy = HEAVY - {"msgspec"} | {"multiprocessing", "tomllib"}
    assert not {module for module in imported if module.split(".")[0] in heavy}
    assert not {module for module in imported if module.startswith(("fhir_coaching.records", "fhir_coaching.mappings"))}


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
    imported, told = imported_by(*arguments, **environment)
    assert expected in told
    assert "fhir_coaching.cli" in imported  # the list is really one of imports
    assert not {module for module in imported if module.split(".")[0] in HEAVY}
