"""Constraints put to work: which of a type's or an element's there is a function for, and what to do with them."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.errors import Finding

if TYPE_CHECKING:
    from fhir_coaching.checks.walk import Walk

Bound = list[tuple[str, str, Callable[[Any, Context], bool], str]]  # id, severity, function, sentence


def bound_rules(severities: Mapping[str, str]) -> Bound:
    """Of an element's constraints those that there is a function for."""
    return [
        (id_, how, INVARIANTS[id_].holds, INVARIANTS[id_].says)
        for id_, how in severities.items()
        if id_ in INVARIANTS
    ]  # fmt: skip


def apply(bound: Bound, node: Any, at: str, walk: "Walk") -> None:
    """The constraints on one element."""
    scope = walk.scope
    for id_, severity, holds, says in bound:
        try:
            if not holds(node, scope):
                walk.out.append(Finding(id_, severity, says, element=at))
        except Exception:  # noqa: BLE001 - whatever it stumbled over: a check answers
            walk.tell(id_, at, "this rule could not be applied here")
