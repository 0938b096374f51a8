"""Constraints put to work: which of a type's or an element's there is a function for, and what to do with them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.constraint import Invariant
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.errors import Finding

if TYPE_CHECKING:
    from fhir_coaching.checks.walk import Walk

# Id, severity, function, all that is known of it, and of what it is about the name and that beside it, or nothing.
Bound = list[tuple[str, str, Callable[[Any, Context], bool], Invariant, tuple[str, str] | None]]


def bound_rules(severities: Mapping[str, str]) -> Bound:
    """Of an element's constraints those that there is a function for."""
    return [
        (id_, how, its.holds, its, (its.about, f"_{its.about}") if its.about else None)
        for id_, how in severities.items()
        if (its := INVARIANTS.get(id_)) is not None
    ]


def apply(bound: Bound, node: Any, at: str, walk: "Walk") -> None:
    """The constraints on one element."""
    scope = walk.scope
    for id_, severity, holds, its, about in bound:
        if about is not None and about[0] not in node and about[1] not in node:
            continue
        try:
            if not holds(node, scope):
                walk.out.append(Finding(id_, severity, its.broken(scope.version), element=at))
        except Exception:  # noqa: BLE001 - whatever it stumbled over: a check answers
            walk.tell(id_, at, "this rule could not be applied here")
