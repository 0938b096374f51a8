"""The command line as tests call it: in this process, or as a program of its own."""

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from fhir_coaching.cli import cli

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "examples" / "riverside"
SAMPLED, TRAVEL, RESOURCES = 315, 310, 500  # of the sample: all, those that leave the practice, what they become
BASE = "https://riverside.example/fhir-coaching"
SCREEN = 24  # lines


def run(*arguments: str | Path, text: str | bytes | None = None, columns: int | None = None) -> Result:
    """One command in this process."""
    environment = {"COLUMNS": str(columns) if columns else None, "FHIR_COACHING_DEBUG": None}
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=text, env=environment)


def program(
    *arguments: str | Path, text: bytes = b"", at: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """One command as a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "fhir_coaching", *map(str, arguments)],
        input=text,
        cwd=at,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
