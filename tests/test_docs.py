"""The pages that are made from the code say what the code says, and every command's help begins with examples that hold."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from commandline import run

from fhir_coaching.cli import COMMANDS, EXIT_CODES, cli
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.schema import schemas
from fhir_coaching.report.mapping import markdown_page

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WIDTH = 80

CLI = """# The command line

`fhir-coaching COMMAND --help` says the same. Data goes to standard output, summaries and errors to standard error.
"""


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page and what it should hold."""
    yield DOCS / "mapping.md", markdown_page(KINDS)
    yield DOCS / "cli.md", cli_page()
    for kind, schema in schemas().items():
        yield DOCS / "schema" / f"{kind}.json", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def cli_page() -> str:
    """The help of all commands."""
    parts = [CLI, f"```text\n{help_of()}```\n"]
    parts += [f"## {name}\n\n```text\n{help_of(name)}```\n" for name in COMMANDS]
    return "\n".join(parts)


def help_of(*command: str) -> str:
    """The help of one command, as a terminal of 80 columns has it."""
    return run(*command, "--help", columns=WIDTH).stdout


PAGES = [path for path, _ in pages()]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(DOCS).as_posix())
def test_a_generated_page_is_current(path: Path, *, regenerate: bool) -> None:
    expected = dict(pages())[path]
    if regenerate:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(expected, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == expected, "`make docs` writes it anew"


def test_there_is_a_schema_for_each_kind_and_no_other() -> None:
    assert {path.name for path in (DOCS / "schema").iterdir()} == {f"{kind}.json" for kind in schemas()}


@pytest.mark.parametrize(
    "command", [(), *((name,) for name in COMMANDS)], ids=lambda command: " ".join(command) or "root"
)
def test_help_begins_with_examples_and_fits(command: tuple[str, ...]) -> None:
    lines = help_of(*command).splitlines()
    assert lines[0] == "Examples:"
    assert lines[1].startswith("  fhir-coaching") or "fhir-coaching" in lines[1]
    assert max(map(len, lines)) <= WIDTH


def examples() -> Iterator[str]:
    for command in ((), *((name,) for name in COMMANDS)):
        text = help_of(*command).partition("Examples:\n")[2].partition("\n\n")[0]
        yield from (line.strip() for line in text.splitlines())


@pytest.mark.parametrize("example", sorted(set(examples())))
def test_an_example_is_a_command_that_can_be_typed(example: str) -> None:
    for program in example.split("|"):
        words = shlex.split(program.partition(">")[0])
        if words[0] != "fhir-coaching":
            continue
        command = cli.get_command(click.Context(cli), words[1])
        assert command is not None
        command.make_context(words[1], words[2:])


def test_the_help_names_every_exit_code() -> None:
    told = help_of().partition("Exit codes:\n")[2].splitlines()
    assert [int(line.split()[0]) for line in told if line.strip()] == sorted(EXIT_CODES)
    assert 8 not in EXIT_CODES
