"""What an element is made of: one value or a list, a primitive with what stands beside it, one type of several."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from fhir_coaching.checks.formats import OPEN, STRINGS, Primitive, Test, odd
from fhir_coaching.checks.walk import Walk
from fhir_coaching.versions import Json

ValueCheck = Callable[[Any, str, Walk], None]
TypeCheck = ValueCheck
ElementCheck = Callable[[Any, Json, str, Walk], None]
Elements = dict[str, ElementCheck]

FEW = 20  # codes that a hint lists


def nothing(_value: Any, _node: Json, _at: str, _walk: Walk) -> None:
    """Nothing to check."""


def none(key: str) -> ElementCheck:
    """An element that must not be here."""

    def check(_value: Any, _node: Json, at: str, walk: Walk) -> None:
        walk.error("cardinality", f"{at}.{key}", "this element may not stand here", "leave it out")

    return check


def primitive(
    name: str, its: Primitive, value_set: str | None, codes: dict[str, list[str]] | None
) -> tuple[Test, ValueCheck]:
    """A test that is fast, of a text where the type is one, and the check that says what is wrong.

    With a `value_set`, one that is required, only its `codes` are allowed, or those that have its form.
    """
    text, test, says = its
    allowed, known = _allowed(value_set, codes)
    kinds = (str,) if text else (bool,) if name == "boolean" else (int, float, Decimal)

    def check(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ not in kinds:
            walk.shape(at, "a text" if text else says, value)
        elif text and name in STRINGS and odd(value):
            walk.warn("format", at, "a text of blanks, or with control characters, which it should not be")
        elif not test(value):
            walk.error("format", at, f"not of type {name}" if value != "" else "an empty text", f"expected {says}")
        elif allowed is not None and not allowed(value):
            walk.error("code", at, "no code of the value set that is required here", known)

    return test if allowed is None else allowed, check


def _allowed(value_set: str | None, codes: dict[str, list[str]] | None) -> tuple[Test | None, str]:
    """The test of a code that a binding requires, and a hint."""
    if value_set is not None and value_set in OPEN:
        return OPEN[value_set]
    if value_set is None or codes is None:
        return None, ""
    every = frozenset(code for its in codes.values() for code in its)
    return every.__contains__, f"one of {', '.join(sorted(every))}" if len(every) <= FEW else ""


def single_primitive(key: str, quick: Test, one: ValueCheck) -> ElementCheck:
    """A primitive that stands at most once and is no text: what is good is seen to be so at once."""

    def check(value: Any, _node: Json, at: str, walk: Walk) -> None:
        if not quick(value):
            _one(value, f"{at}.{key}", walk, one)

    return check


def single(key: str, one: ValueCheck) -> ElementCheck:
    """An element that stands at most once."""
    step = "." + key

    def check(value: Any, _node: Json, at: str, walk: Walk) -> None:
        if value.__class__ is dict:
            one(value, at + step, walk)
        else:
            _one(value, at + step, walk, one)

    return check


def _one(value: Any, at: str, walk: Walk, one: ValueCheck) -> None:
    if value.__class__ is list:
        walk.shape(at, "one value", value, "this element stands at most once")
    else:
        one(value, at, walk)


def many(key: str, one: ValueCheck, good: Callable[[Any, Walk], bool] | None = None) -> ElementCheck:
    """An element that may repeat: a list, whose nulls have something beside them in `_key`. `good` says at once what is."""
    step, under = f".{key}[", "_" + key

    def check(value: Any, node: Json, at: str, walk: Walk) -> None:
        if value.__class__ is not list:
            walk.shape(f"{at}.{key}", "a list", value, "an element that may repeat is a list, of one value too")
            return
        if not value:
            walk.error("ele-1", f"{at}.{key}", "an empty list", "leave it out")
        for index, item in enumerate(value):
            if (good is not None and good(item, walk)) or (item is None and _there(node.get(under), index)):
                continue
            one(item, f"{at}{step}{index}]", walk)

    return check


def _there(values: Any, index: int) -> bool:
    return values.__class__ is list and index < len(values) and values[index] is not None


def sibling(key: str, element: TypeCheck) -> ElementCheck:
    """`_key`: the id and the extensions of a primitive."""

    def check(value: Any, node: Json, at: str, walk: Walk) -> None:
        _beside(value, node.get(key) is not None, f"{at}._{key}", walk, element)

    return check


def valued(key: str, check: ElementCheck) -> ElementCheck:
    """`_key` of a code that a value set requires, or of a resource's id: of no use without a value."""

    def checked(value: Any, node: Json, at: str, walk: Walk) -> None:
        if node.get(key) is None:
            walk.error(
                "code", f"{at}.{key}", "no value, only what stands beside one", "give the value, or leave it out"
            )
        check(value, node, at, walk)

    return checked


def siblings(key: str, element: TypeCheck) -> ElementCheck:
    """`_key` of a list: null where a value has neither an id nor extensions."""

    def check(value: Any, node: Json, at: str, walk: Walk) -> None:
        at = f"{at}._{key}"
        if value.__class__ is not list:
            walk.shape(at, "a list", value, "beside a list stands a list")
            return
        if not value:
            walk.error("ele-1", at, "an empty list", "leave it out")
        values = node.get(key)
        for index, item in enumerate(value):
            there = _there(values, index)
            if item is not None or not there:
                _beside(item, there, f"{at}[{index}]", walk, element)

    return check


def _beside(value: Any, there: bool, at: str, walk: Walk, element: TypeCheck) -> None:  # noqa: FBT001 - private, named by its place
    element(value, at, walk)
    if not there and value.__class__ is dict and value and "extension" not in value:
        walk.error("ele-1", at, "neither a value nor extensions", "leave it out")


def only(key: str, names: Iterable[str], check: ElementCheck, test: Test | None = None) -> ElementCheck:
    """One name of a choice: another one that stands before it is one too many. Of a text, `test` says at once that it is good."""
    family = frozenset(name for one in names for name in (one, "_" + one))
    own = (key, "_" + key)

    def checked(value: Any, node: Json, at: str, walk: Walk) -> None:
        if len(node) > 1:
            for other in node:
                if other in family:
                    if other not in own:
                        walk.error("choice", f"{at}.{key}", "a second type of a value that has one", "keep one of them")
                    break
        if test is None or value.__class__ is not str or not test(value):
            check(value, node, at, walk)

    return checked


def both(first: ValueCheck, second: ValueCheck) -> ValueCheck:
    """Two checks of one value."""

    def check(value: Any, at: str, walk: Walk) -> None:
        first(value, at, walk)
        second(value, at, walk)

    return check


def like(how: str, model: Any) -> ValueCheck:
    """A value that is fixed, or whose pattern is."""

    def check(value: Any, at: str, walk: Walk) -> None:
        if not (same(model, value) if how == "fixed" else fits(model, value)):
            walk.error(how, at, "another value than the one that is required here")

    return check


def same(model: Any, value: Any) -> bool:
    """Whether two JSON values are equal, true not being 1. As deep as the model goes."""
    if model.__class__ is dict:
        return value.__class__ is dict and model.keys() == value.keys() and all(same(model[k], value[k]) for k in model)
    if model.__class__ is list:
        return value.__class__ is list and len(model) == len(value) and all(map(same, model, value))
    return (model.__class__ is bool) == (value.__class__ is bool) and bool(model == value)


def fits(model: Any, value: Any) -> bool:
    """Whether a value has all that the pattern has. Each element of a list of the pattern is somewhere in the value's."""
    if model.__class__ is dict:
        return value.__class__ is dict and all(key in value and fits(its, value[key]) for key, its in model.items())
    if model.__class__ is list:
        return value.__class__ is list and all(any(fits(one, other) for other in value) for one in model)
    return same(model, value)
