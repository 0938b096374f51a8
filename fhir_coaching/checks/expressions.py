"""Constraints of profiles: a function for each that stands here by its expression."""

from collections.abc import Callable
from typing import Any

from fhir_coaching.checks.context import Context


class Unevaluated(Exception):
    """Nobody here can say whether a constraint holds."""


def bound(key: str, expression: str) -> Callable[[Any, Context], bool]:
    """The function for a constraint. Raises Unevaluated if there is none."""
    raise Unevaluated("no function here stands for its expression")
