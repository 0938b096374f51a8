"""What the commands share: options of one name and meaning, help that begins with examples, and what cli.py hands in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from fhir_coaching.errors import CoachingError
    from fhir_coaching.practice.exchange import Mappings

C = TypeVar("C", bound=click.Command)


@dataclass(frozen=True)
class App:
    """What the composition root hands to the commands."""

    kinds: "Callable[[], Mappings]"
    tell: "Callable[[CoachingError], None]"  # an error on stderr, where there is a report to end with all the same


def with_examples(base: type[C], examples: str) -> type[C]:
    """A class of commands whose help begins with these lines."""

    def format_help(self: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            for line in examples.strip().splitlines():
                formatter.write(f"{'':{formatter.current_indent}}{line}\n" if line else "\n")
        formatter.write("\n")
        base.format_help(self, ctx, formatter)

    return type(base.__name__, (base,), {"format_help": format_help, "examples": examples})


def command(name: str, examples: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command whose help begins with examples."""
    return click.command(name, cls=with_examples(click.Command, examples))


fhir_option = click.option(
    "--fhir",
    type=click.Choice(["r4", "r5"]),
    default="r4",
    show_default=True,
    help="The FHIR version.",
)
output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)
identifier_base_option = click.option(
    "--identifier-base",
    metavar="URI",
    help="Under which URI the practice's identifiers live; else what practice.toml says.",
)


def strict_option(said: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--strict`: what else stops, in a sentence."""
    return click.option("--strict", is_flag=True, help=said)


quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress and no summary on stderr.")
