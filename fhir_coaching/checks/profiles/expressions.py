"""Constraints as functions: ours where one stands for the expression, else FHIRPath itself, else not evaluated.

Only constraints of profiles come here; those of the base are in `invariants`, by id.
"""

from collections.abc import Callable
from typing import Any

from fhir_coaching.checks.constraint import Invariant
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.profiles import fhirpath
from fhir_coaching.checks.profiles.fhirpath import Unevaluated
from fhir_coaching.checks.profiles.us_core import US_CORE

__all__ = ["Unevaluated", "bound", "ours"]


def ours(key: str, expression: str) -> Invariant | None:
    """What is written here for a constraint: by its expression, and by its id only where the engine does so."""
    text = " ".join(expression.split())
    return US_CORE.get(f"{key}: {text}") or US_CORE.get(text)


def bound(key: str, expression: str, type_: str = "") -> Callable[[Any, Context], bool]:
    """Whether the constraint holds for an element of the type, named as in the tables: `Quantity`, `Observation.component`.

    The function takes the JSON value, or None of a primitive that has none; it raises Unevaluated where it cannot tell. So
    does this one, at once, where no element will do: the expression is no FHIRPath, or the library is not there.
    """
    found = ours(key, expression)
    return fhirpath.compiled(expression, type_) if found is None else found.holds
