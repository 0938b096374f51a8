"""One search parameter: its type, and the elements it looks at."""

from collections.abc import Mapping
from typing import NamedTuple

R4 = "r4"
R5 = "r5"

Path = str | Mapping[str, str]


class Parameter(NamedTuple):
    """One search parameter; `targets` are the types that a reference may name, none meaning any."""

    type: str
    path: Path
    targets: tuple[str, ...] = ()


def token(path: Path) -> Parameter:
    """A code, an identifier, a boolean."""
    return Parameter("token", path)


def date(path: Path) -> Parameter:
    """A date, a time, or the bounds of a period."""
    return Parameter("date", path)


def string(path: Path) -> Parameter:
    """Text, or the texts in a name or an address."""
    return Parameter("string", path)


def uri(path: Path) -> Parameter:
    """An address, compared as it is."""
    return Parameter("uri", path)


def reference(path: Path, *targets: str) -> Parameter:
    """What another resource is named by."""
    return Parameter("reference", path, targets)
