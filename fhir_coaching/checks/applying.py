"""Constraints: which plain function stands for which constraint id, and what it may look at."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from fhir_coaching.checks.problem import Problem
from fhir_coaching.lens import Json, Version

if TYPE_CHECKING:
    from fhir_coaching.checks.walk import Walk

Bound = list[tuple[str, str, Callable[[Any, Any], bool], str]]


class Scope(Protocol):
    """What a constraint may look at besides its own element."""

    version: Version
    root: Json
    resource: Json


class Rule(Protocol):
    """A constraint as a function, and in words."""

    holds: Callable[[Any, Any], bool]
    says: str


class _Scope:
    def __init__(self, *, version: Version, root: Json, resource: Json) -> None:
        self.version, self.root, self.resource = version, root, resource


@cache
def _part(module: str, name: str, otherwise: Any) -> Any:
    try:
        return getattr(import_module(f"fhir_coaching.checks.{module}"), name)
    except ImportError:
        return otherwise


def rules() -> Mapping[str, Rule]:
    """Every constraint that there is a function for, by id."""
    found: Mapping[str, Rule] = _part("invariants", "INVARIANTS", None) or {}
    return found


def scope(version: Version, root: Json, resource: Json) -> Scope:
    """What the constraints of a resource may look at."""
    made: Scope = _part("context", "Context", _Scope)(version=version, root=root, resource=resource)
    return made


def narrative() -> Callable[[str, str], Any]:
    """The check of a narrative's text."""
    found: Callable[[str, str], Any] = _part("narrative", "problems", lambda _div, _at: ())
    return found


def bound_rules(severities: Mapping[str, str]) -> Bound:
    """Of an element's constraints those that there is a function for."""
    known = rules()
    return [(id_, how, known[id_].holds, known[id_].says) for id_, how in severities.items() if id_ in known]


def apply(bound: Bound, node: Any, at: str, walk: "Walk") -> None:
    """The constraints on one element."""
    scope = walk.scope
    for id_, severity, holds, says in bound:
        try:
            if not holds(node, scope):
                walk.out.append(Problem(severity, id_, at, says))
        except Exception:  # noqa: BLE001, S112 - on a shape that is wrong, which another problem says
            continue
