"""FHIRPath by way of fhirpathpy (extra `fhirpath`), with its known faults mended or kept away from.

Version 2.2.4, read 2026-11: it reads past mistakes in an expression, takes `false` in a resource for true in `where`, compares
collections by their first item and dates as texts, forgets the types of what `|` puts together, counts what stands beside a
primitive as another one, and keeps the model in a global. https://hl7.org/fhirpath/N1/
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Any

from fhir_coaching.checks.context import Context
from fhir_coaching.checks.narrative import problems
from fhir_coaching.fhir.systems import LOINC, SNOMED, UCUM
from fhir_coaching.versions import R4, Json, Version

# No expression of an official guide is longer than 900 characters or nested deeper than 10 (2026-11).
LONGEST, DEEPEST, MOST = 3_000, 50, 10_000

INSTALL = "needs the extra `fhirpath`: pip install 'fhir-coaching[fhirpath]'"
UNREADABLE = "its expression is no FHIRPath that can be read here"
TOO_LONG = "its expression is too long, or nested too deeply"
FAILED = "the FHIRPath library could not evaluate it here"
AWAY = "what a reference leads to is not at hand"
UNTYPED = "the type of the element is not known here"

Holds = Callable[[Any, Context], bool]

_ONE_AT_A_TIME = Lock()  # the model is a global


class Unevaluated(Exception):
    """Nobody can say here whether a constraint holds; why, in words that hold no value of a resource."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=4096)
def compiled(expression: str, type_: str = "") -> Holds:
    """Whether an expression is true of an element of this type. Raises Unevaluated, as does the function."""
    try:
        import fhirpathpy.engine.invocations  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise Unevaluated(INSTALL) from None
    tree = _parsed(expression)
    asked = {_name(node) for node in _nodes(tree) if node["type"] == "Functn"}
    if missing := sorted(asked - _known()):
        raise Unevaluated(f"asks for {' and '.join(f'{name}()' for name in missing)}, which is not evaluated here")
    names = {_text(node) for node in _nodes(tree) if node["type"] == "Identifier"}

    def holds(node: Any, context: Context) -> bool:
        model = _model(context.version)
        path = type_ or (node.get("resourceType") if isinstance(node, dict) else None)
        if not path and names & model["choices"]:
            raise Unevaluated(UNTYPED)
        try:
            return _evaluated(tree, node, path, context, model, beside="extension" in names)
        except Unevaluated:
            raise
        except Exception:  # noqa: BLE001 - the library raises whatever it meets; its words may hold values
            raise Unevaluated(FAILED) from None

    return holds


def _evaluated(tree: Json, node: Any, path: Any, context: Context, model: Json, *, beside: bool) -> bool:
    from fhirpathpy.engine import do_eval  # noqa: PLC0415
    from fhirpathpy.engine.invocations.constants import constants  # noqa: PLC0415
    from fhirpathpy.engine.nodes import ResourceNode, TypeInfo  # noqa: PLC0415

    class Start(ResourceNode):  # type: ignore[misc]
        """What an expression begins with: `Patient.name` asks it for its type."""

        def __getitem__(self, name: str) -> Any:
            return self.data.get(name) if isinstance(self.data, dict) else None

    clean: Callable[[Any], Any] = (lambda value: value) if beside else _without_siblings
    start = [] if node is None and path is None else [Start(clean(node), path)]
    known = {
        "context": start,
        "resource": ResourceNode(clean(context.resource), None),
        "rootResource": ResourceNode(clean(context.root), None),
        "ucum": UCUM,
        "loinc": LOINC,
        "sct": SNOMED,
    }
    scope = {
        "dataRoot": start,
        "$this": start,
        "vars": known,
        "model": model,
        "userInvocationTable": _mended(),
        "context": context,
    }
    with _ONE_AT_A_TIME:
        constants.reset()
        TypeInfo.model = model
        return _truth(do_eval(scope, start, tree))


def _truth(found: Any) -> bool:
    """A collection as a truth, as the official engine takes it: nothing is false, one truth is itself, what else is there is true."""
    values = [getattr(one, "data", one) for one in (found if isinstance(found, list) else [found])]
    return bool(values[0]) if len(values) == 1 and isinstance(values[0], bool) else bool(values)


def _without_siblings(value: Any) -> Any:
    """A value without what stands beside primitives that have a value: it is no further value of theirs."""
    if isinstance(value, list):
        return [_without_siblings(one) for one in value if one is not None]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_siblings(its)
        for key, its in value.items()
        if not (key[:1] == "_" and value.get(key[1:]) is not None)
    }


@lru_cache(maxsize=2)
def _model(version: Version) -> Json:
    from fhirpathpy.models import models  # noqa: PLC0415

    model: Json = models["r4" if version is R4 else "r5"]
    return {**model, "choices": frozenset(path.rpartition(".")[2] for path in model["choiceTypePaths"])}


# Reading


def _parsed(expression: str) -> Json:
    """The tree of an expression. Unlike the library's own reading, this one stops at what is no FHIRPath."""
    from fhirpathpy import parser as its  # noqa: PLC0415 - and what it imports of antlr4

    class Strict(its.ErrorListener):  # type: ignore[misc]
        def syntaxError(self, *_: Any) -> None:  # noqa: N802 - its name there
            raise Unevaluated(UNREADABLE)

    if len(expression) > LONGEST or _depth(expression) > DEEPEST:
        raise Unevaluated(TOO_LONG)
    try:
        lexer = its.FHIRPathLexer(its.InputStream(expression))
        tokens = its.CommonTokenStream(lexer)
        parser = its.FHIRPathParser(tokens)
        for one in (lexer, parser):
            one.removeErrorListeners()
            one.addErrorListener(Strict())
        read, listener = parser.expression(), its.ASTPathListener()
        if tokens.LA(1) != its.Token.EOF:
            raise Unevaluated(UNREADABLE)
        its.ParseTreeWalker().walk(listener, read)
    except RecursionError:
        raise Unevaluated(TOO_LONG) from None
    tree: Json = listener.parentStack[0]["children"][0]
    return tree


def _depth(expression: str) -> int:
    deepest = depth = 0
    for sign in expression:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _nodes(tree: Json) -> Iterator[Json]:
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += node.get("children", ())


def _text(node: Json) -> str:
    return str(node.get("text", "")).strip('`"')


def _name(call: Json) -> str:
    return _text(call["children"][0])


# Functions that the library lacks or gets wrong


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    from fhirpathpy.engine.invocations import invocation_registry  # noqa: PLC0415

    return frozenset({*invocation_registry, *_mended()})


@lru_cache(maxsize=1)
def _mended() -> Mapping[str, Json]:
    """The table of functions that go before the library's own."""
    from fhirpathpy.engine.invocations import invocation_registry as theirs  # noqa: PLC0415

    def same(scope: Json, one: list[Any], other: list[Any]) -> Any:
        if len(one) != len(other):
            return False
        each = [theirs["="]["fn"](scope, [a], [b]) for a, b in zip(_timed(one), _timed(other), strict=True)]
        if any(found == [False] for found in each):
            return False
        return True if all(found == [True] for found in each) else []

    def different(scope: Json, one: list[Any], other: list[Any]) -> Any:
        found = same(scope, one, other)
        return found if found == [] else not found

    def compared(sign: str) -> Json:
        return {**theirs[sign], "fn": lambda scope, a, b: theirs[sign]["fn"](scope, _timed(a), _timed(b))}

    return {
        "|": {**theirs["|"], "fn": lambda _scope, one, other: _once([*one, *other])},
        "union": {**theirs["union"], "fn": lambda _scope, one, other: _once([*one, *other])},
        "distinct": {"fn": lambda _scope, found: _once(found)},
        "isDistinct": {"fn": lambda _scope, found: len(_once(found)) == len(found)},
        "where": {**theirs["where"], "fn": _where},
        "exists": {**theirs["exists"], "fn": lambda scope, found, criteria=None: bool(
            found if criteria is None else _where(scope, found, criteria))},
        "repeat": {**theirs["repeat"], "fn": _repeat},
        "extension": {**theirs["extension"], "fn": _extension},
        "trace": {**theirs["trace"], "fn": lambda _scope, found, _label="": found},  # it prints
        "=": {**theirs["="], "fn": same},
        "!=": {**theirs["!="], "fn": different},
        **{sign: compared(sign) for sign in ("<", ">", "<=", ">=")},
        "hasValue": {"fn": _has_value},
        "htmlChecks": {"fn": _html},
        "resolve": {"fn": _resolve},
    }  # fmt: skip


def _timed(found: list[Any]) -> list[Any]:
    """Dates and times of a resource as such, and not as texts."""
    from fhirpathpy.engine.nodes import FP_DateTime, FP_Time  # noqa: PLC0415

    kinds = {"date": FP_DateTime, "dateTime": FP_DateTime, "instant": FP_DateTime, "time": FP_Time}
    return [
        (kinds[path](one.data) or one)
        if (path := getattr(one, "path", None)) in kinds and isinstance(one.data, str)
        else one
        for one in found
    ]


def _once(found: list[Any]) -> list[Any]:
    """Each value once, as what it is: the library forgets the types of what it puts together."""
    return list({_told(one): one for one in reversed(found)}.values())[::-1]


def _told(one: Any) -> Any:
    """What tells a value from others."""
    value = getattr(one, "data", one)
    if isinstance(value, dict | list):
        return one
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else (type(value), str(value))


def _where(scope: Json, found: list[Any], criteria: Callable[[Any], Any]) -> list[Any]:
    kept = []
    for index, one in enumerate(found):
        scope["$index"] = index
        if _truth(criteria(one)):
            kept.append(one)
    return kept


def _repeat(_scope: Json, found: list[Any], step: Callable[[Any], list[Any]]) -> list[Any]:
    left, reached, seen = list(found), list[Any](), set[Any]()
    for one in left:  # it grows
        for other in step(one):
            if other not in seen:
                seen.add(other)
                left.append(other)
                reached.append(other)
        if len(left) > MOST:
            raise Unevaluated(FAILED)
    return reached


def _extension(_scope: Json, found: list[Any], url: Any) -> list[Any]:
    from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415

    holders = (its for one in found if isinstance(its := getattr(one, "data", one), dict))
    inside = (one for its in holders if isinstance(its.get("extension"), list) for one in its["extension"])
    return [ResourceNode(one, "Extension") for one in inside if isinstance(one, dict) and one.get("url") == url]


def _has_value(_scope: Json, found: list[Any]) -> bool:
    values = [getattr(one, "data", one) for one in found]
    return len(values) == 1 and values[0] is not None and not isinstance(values[0], dict | list)


def _html(_scope: Json, found: list[Any]) -> bool:
    return not [problem for one in found for problem in problems(str(getattr(one, "data", one)), "")]


def _resolve(scope: Json, found: list[Any]) -> list[Any]:
    """What references lead to, in the resource itself. What is elsewhere is not empty, but unknown."""
    from fhirpathpy.engine.nodes import ResourceNode  # noqa: PLC0415

    context: Context = scope["context"]
    reached = []
    for one in found:
        value = getattr(one, "data", one)
        address = value.get("reference") if isinstance(value, dict) else value
        target = context.root if address == "#" else context.target({"reference": address})
        if target is None:
            raise Unevaluated(AWAY)
        reached.append(ResourceNode(target, None))
    return reached
