"""Where in a JSON text a value stands: line and column of those paths that somebody asks about.

Parsers of JSON keep no positions. This one walks only towards what is asked for and lets Python's own parser, which is fast,
step over the rest. It wants a text that is JSON; of a key that stands twice it takes the last, as parsers do.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

Step = str | int
Path = tuple[Step, ...]

_BLANK = re.compile(r"[ \t\n\r]*")
# Only ends matter here: no number is made, as one of 5,000 digits would be refused.
_parse = json.JSONDecoder(strict=False, parse_int=len, parse_float=len).raw_decode


class _Double(Exception):
    """A key that is there already."""


def _pairs(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Double


_doubled = json.JSONDecoder(strict=False, parse_int=len, parse_float=len, object_pairs_hook=_pairs).decode


def has_doubles(text: str) -> bool:
    """Whether some object of a JSON text has a key twice."""
    try:
        _doubled(text)
    except _Double:
        return True
    return False


def doubles(text: str) -> list[tuple[Path, int]]:
    """Each key that its object has already: the path, and where that key begins."""
    found: list[tuple[Path, int]] = []

    def value(at: int, path: Path) -> int:
        keys = set[Step]()

        def member(key: Step, key_at: int, value_at: int) -> int:
            if key in keys:
                found.append(((*path, key), key_at))
            keys.add(key)
            return value(value_at, (*path, key))

        return _members(text, at, member)

    value(_end(text, 0), ())
    return found


def offsets(text: str, paths: Iterable[Path]) -> dict[Path, int]:
    """Where the values of these paths begin, as far as they are there."""
    asked = set(paths)

    def value(at: int, path: Path, wanted: dict[Step, Any] | None, found: dict[Path, int]) -> int:
        if wanted is None:
            return int(_parse(text, at)[1])
        if path in asked:
            found[path] = at
        its: dict[Step, dict[Path, int]] = {}

        def member(key: Step, _key_at: int, value_at: int) -> int:
            its[key] = {}  # of a key that stands twice, what was found in the first one counts no more
            return value(value_at, (*path, key), wanted.get(key), its[key])

        end = _members(text, at, member)
        for one in its.values():
            found.update(one)
        return end

    everything: dict[Path, int] = {}
    value(_end(text, 0), (), _tree(asked), everything)
    return everything


def _tree(paths: Iterable[Path]) -> dict[Step, Any]:
    """The steps of paths as a tree. A number is a step of a list and no key, so that both may be asked for."""
    tree: dict[Step, Any] = {}
    for path in paths:
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def _members(text: str, at: int, member: Callable[[Step, int, int], int]) -> int:
    """Show each member of an object or a list; the end of the value. `member` answers where its own value ends."""
    opening = text[at]
    if opening not in "{[":
        return int(_parse(text, at)[1])
    at, index = _end(text, at + 1), 0
    while text[at] not in "}]":
        key: Step = index
        key_at = at
        if opening == "{":
            key, end = _parse(text, at)
            at = _end(text, _end(text, end) + 1)
        at = _end(text, member(key, key_at, at))
        if text[at] == ",":
            at = _end(text, at + 1)
        index += 1
    return at + 1


def _end(text: str, at: int) -> int:
    """Where the white space ends."""
    found = _BLANK.match(text, at)
    return found.end() if found else at


class Lines:
    """Lines and columns of a text. Both are counted from 1, columns in characters, not bytes."""

    def __init__(self, text: str, first: int = 1) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._first = first

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of a place in the text."""
        index = bisect_right(self._starts, offset) - 1
        return self._first + index, offset - self._starts[index] + 1
