"""The command line: names the commands, hands the mappings in, and alone prints errors and picks exit codes."""

import os
import sys
import textwrap
from collections.abc import Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any, NoReturn

import click

from fhir_coaching import __version__
from fhir_coaching.commands.options import App, with_examples
from fhir_coaching.errors import CoachingError, Fault, FaultsError

if TYPE_CHECKING:
    from fhir_coaching.practice.exchange import Mappings

# Name, where it is, and one line of help. A command is imported when it is called: help and completion stay fast.
COMMANDS = {
    "convert": ("convert:convert", "Records to FHIR resources, or back."),
    "validate": ("validate:validate", "Check records or resources, and tell every fault at once."),
    "roundtrip": ("roundtrip:roundtrip", "Records to FHIR and back: what differs, and what does not travel."),
    "push": ("push:push", "Send what changed here to a FHIR server."),
    "pull": ("pull:pull", "Take what changed on a FHIR server."),
    "link": ("link:link", "This person here is that one there."),
    "unlink": ("link:unlink", "Forget which one on the server a person is."),
    "mapping": ("mapping:mapping", "The tables: which field is which element, in R4 and R5."),
    "explain": ("explain:explain", "One field or element: its row, its rule, where it is lost."),
    "demo": ("demo:demo", "All of it on a sample practice, offline."),
    "sandbox": ("sandbox:sandbox", "Run a FHIR server to try things against, with synthetic data."),
}

EXAMPLES = """
fhir-coaching validate my-practice
fhir-coaching convert my-practice --to fhir -o my-practice.ndjson
fhir-coaching push my-practice --server https://ehr.example/fhir --dry-run
fhir-coaching explain goal.targets.due
"""

EXIT_CODES = {
    0: "done",
    1: "some items failed, or a round trip with differences",
    2: "usage or settings",
    3: "invalid input or resource",
    4: "not authorized",
    5: "moved or clashing: a person has to decide",
    6: "server unreachable, unavailable, or not the FHIR server expected",
    7: "outcome unknown: the next run looks before it writes",
    9: "locked by another run",
    130: "interrupted",
}

DEBUG = "FHIR_COACHING_DEBUG"
SCREEN = 20  # lines of faults that are shown, so that an error and what led to it fit one screen

BROKEN_PIPE = 141  # what a shell says of a program whose reader went away


class Commands(click.Group):
    """The commands by name, and what becomes of their errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module  # noqa: PLC0415 - only now is anything imported

        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"fhir_coaching.commands.{module}"), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command, or say which one may be meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415

            near = get_close_matches(args[0], COMMANDS, 1)
            raise click.UsageError("No such command." + (f" Did you mean `{near[0]}`?" if near else ""), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing any, then the exit codes."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), said) for code, said in EXIT_CODES.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete a command's name without importing it."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415

        names = [CompletionItem(name, help=said) for name, (_, said) in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run one command. What it returns is the exit code; errors are told on stderr."""
        extra["standalone_mode"] = False
        try:
            code = super().main(args, prog_name or "fhir-coaching", **extra)
        except click.Abort:
            click.echo("interrupted", err=True)
            code = 130
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except CoachingError as error:
            tell(error)
            code = error.exit_code
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            click.echo(defect(error), err=True)
            code = 1
        sys.exit(code or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run one command; if whoever reads its output went away, that is no error."""
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left to flush goes nowhere
            return BROKEN_PIPE
        return code


def tell(error: CoachingError) -> None:
    """Print an error."""
    click.echo(told(error), err=True)


def told(error: CoachingError) -> str:
    """An error on one screen: what is wrong, where, and what to do next."""
    if not isinstance(error, FaultsError):
        first, *rest = error.message.splitlines() or [""]
        lines = paragraph("Error: ", first) + [line for text in rest for line in paragraph("  ", text.strip())]
        return "\n".join([*lines, *paragraph("  ", error.hint)])
    if len(error.faults) == 1:
        return "\n".join([*lines_of(error.faults[0], "Error: "), *paragraph("  ", error.hint)])
    lines = []
    shown, hint = 0, ""
    for fault in error.faults:
        more = lines_of(fault, "  ", but=hint)
        if len(lines) + len(more) > SCREEN:
            break
        lines += more
        shown, hint = shown + 1, fault.hint
    left = len(error.faults) - shown + error.more
    head = f"Error: {shown + left:,} things are wrong."
    tail = [f"  and {left:,} more"] if left else []
    return "\n".join([head, *lines, *tail, *paragraph("  ", error.hint)])


def lines_of(fault: Fault, start: str, *, but: str = "") -> list[str]:
    """A fault: both places, what is wrong, and on a line of its own what to do, unless it is what was just told."""
    element = f" ({fault.element})" if fault.place and fault.element else fault.element
    where = f"{fault.place}{element}"
    said = f"{where}: {fault.message}" if where else fault.message
    below = "  " if start.strip() else f"{start}  "
    return paragraph(start, said, below) + paragraph(below, fault.hint if fault.hint != but else "", below)


def paragraph(start: str, text: str, below: str = "  ") -> list[str]:
    """Text in lines no wider than the terminal, those after the first begun with `below`."""
    width = max(40, min(get_terminal_size().columns, 100)) - 1
    return textwrap.wrap(text, width, initial_indent=start, subsequent_indent=below, break_on_hyphens=False)


def defect(error: Exception) -> str:
    """What a user is told of an exception that nobody expected. Never its text, which may quote a record."""
    return "\n".join(
        [
            f"Error: {type(error).__name__}: this is a defect of fhir-coaching.",
            f"  {DEBUG}=1 shows where; mind that a traceback may quote records.",
        ]
    )


def _kinds() -> "Mappings":
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415 - the commands may not import it

    return KINDS


@click.command(
    "fhir-coaching", cls=with_examples(Commands, EXAMPLES), context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="fhir-coaching", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Keep a coaching practice's records and FHIR servers in step, both ways.

    SOURCE is a practice folder, a file of records or resources (NDJSON, JSON, also .gz), or - for standard input.
    """
    ctx.obj = App(kinds=_kinds, tell=tell)


def main() -> NoReturn:
    """Run the command line."""
    cli.main()


if __name__ == "__main__":
    main()
