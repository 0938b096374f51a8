"""How far a long run is: a line on stderr that goes away, and only in a terminal."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

STEP = 500  # items between two looks


def watched(items: Iterable[T], noun: str) -> Iterator[T]:
    """The items, while their number is shown. Nothing is shown if the data itself goes to the same terminal."""
    console = Console(stderr=True)
    if not console.is_terminal or sys.stdout.isatty():
        yield from items
        return
    with console.status(f"0 {noun}") as status:
        for number, item in enumerate(items, 1):
            if number % STEP == 0:
                status.update(f"{number:,} {noun}")
            yield item
