"""Where reports are shown: a terminal in colour and at its width, a pipe in plain lines of any length."""

import os
import sys

from rich.console import Console, RenderableType
from rich.table import Table

PIPE = 10_000  # columns: no line of a pipe is broken


def show(*things: RenderableType, err: bool = False) -> None:
    """Print to standard output, or error, without blanks at the end of lines. A plain `str` is a line that is never broken."""
    console = Console(highlight=False, markup=False, emoji=False, stderr=err)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PIPE
    lines: list[str] = []
    for thing in things:
        if isinstance(thing, str):
            lines.append(thing)
            continue
        with console.capture() as shown:
            console.print(thing)
        lines += [line.rstrip() for line in shown.get().splitlines()]
    (sys.stderr if err else sys.stdout).write("\n".join(lines) + "\n")


def table(*columns: str, **justify: str) -> Table:
    """A table without lines, its head in bold; `justify` by the column's name."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=bool(columns))
    for column in columns:
        made.add_column(column, justify=justify.get(column, "left"), overflow="fold")  # type: ignore[arg-type]
    return made
