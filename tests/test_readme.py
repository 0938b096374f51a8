"""The README is true: its blocks run, one after the other, and print what stands below them."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(sh|python|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_blocks_print_what_stands_below_them(tmp_path: Path, *, regenerate: bool) -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    printed, expected = "", []
    for found in BLOCK.finditer(text):
        language, body = found.groups()
        if language == "text":
            expected.append((found.span(2), body, printed))
        elif not body.startswith("make "):
            printed = run(language, body, tmp_path)
    assert expected
    if regenerate:
        for (start, end), _, output in reversed(expected):
            text = text[:start] + output + text[end:]
        readme.write_text(text, encoding="utf-8")
    else:
        for _, body, output in expected:
            assert output == body


def run(language: str, body: str, folder: Path) -> str:
    """What a block prints, in a terminal of 80 columns; the commands of this environment."""
    program = [sys.executable, "-"] if language == "python" else ["bash", "-u"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{shim(folder)}:{os.environ['PATH']}"
    done = subprocess.run(
        program,
        input=body,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def shim(folder: Path) -> Path:
    """A folder with the console script, as an installation has it."""
    place = folder / ".bin"
    place.mkdir(exist_ok=True)
    script = place / "fhir-coaching"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fhir_coaching "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return place
