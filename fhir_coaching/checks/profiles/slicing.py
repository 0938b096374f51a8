"""Slices: which items of an element are in which, by what tells them apart, and how many of each there may be.

A discriminator is answered by true, false or None: what it asks is not at hand. https://hl7.org/fhir/R4/profiling.html#slicing
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from fhir_coaching.checks.codes import Answer, Codes, value_set
from fhir_coaching.checks.elements import fits, same
from fhir_coaching.checks.walk import Walk
from fhir_coaching.versions import Json

CHOICE = "[x]"
LONGEST = 200  # characters of a value that a hint repeats: one of the guide, never of a resource

# What FHIR allows of FHIRPath in a discriminator, and the cast that old guides write.
_STEP = re.compile(
    r"""(?:\.|^)(?:(\$this)|(resolve)\(\)|extension\(['"]([^'"]+)['"]\)|ofType\((\w+)\)|(\w+))|\ as\ (\w+)"""
)


class Node:
    """An element of a profile: what it asks, the elements in it, its slices."""

    __slots__ = ("asks", "children", "slices")

    def __init__(self) -> None:
        self.asks: Json = {}
        self.children: dict[str, Node] = {}
        self.slices: dict[str, Node] = {}


class Item(NamedTuple):
    """One value of an element: with what stands beside it if it is primitive, where both are, and its type."""

    value: Any
    beside: Any
    at: str
    beside_at: str
    code: str


class Profiles(Protocol):
    """What discriminators look up."""

    def root(self, url: str) -> Node | None:
        """What a profile asks."""

    def codes(self, url: str) -> Codes | None:
        """The codes of a value set, as far as they are known."""

    def type_of(self, url: str) -> str | None:
        """The type that a profile is of."""

    def conforms(self, value: Any, url: str, walk: Walk) -> bool | None:
        """Whether a resource is as a profile asks."""


class Slice(NamedTuple):
    """A slice: what it asks, the check of an item that is in it, and how its items are sliced in turn."""

    name: str
    node: Node
    check: Callable[[Item, Walk], None]
    inner: "Slicing | None" = None


Step = tuple[str, str]


class Slicing:
    """The slices of one element."""

    def __init__(self, name: str, asks: Json, slices: Sequence[Slice], profiles: Profiles) -> None:
        how = asks.get("slicing") or _usual(name)
        self.known, self.choice = how is not None, name.endswith(CHOICE)
        self.rules = how["rules"] if how else "open"
        self.ordered = bool(how and how.get("ordered"))
        by = how["by"] if how else ()
        self.slices = [(one, _matcher(one.node, by, profiles)) for one in slices]
        self.hints = [_hint(one.node, by) for one in slices]
        # Only what bounds or checks its items has to be looked for.
        self.idle = self.rules == "open" and not self.ordered and not any(_asks(one.node) for one in slices)

    def check(self, items: Sequence[Item], at: str, walk: Walk) -> None:
        """Each item into its slice."""
        if self.idle:
            return
        within, unknown, last, outside = [list[Item]() for _ in self.slices], False, 0, False
        for item in items:
            answers = [matches(item, walk) for _, matches in self.slices]
            unknown = unknown or None in answers
            mine = [number for number, answer in enumerate(answers) if answer]
            for number in mine:
                within[number].append(item)
                self.slices[number][0].check(item, walk)
            if mine:
                if self.ordered and mine[0] < last:
                    walk.error("slice", item.at, "its slices stand in another order")
                if outside and self.rules == "openAtEnd":
                    walk.error("slice", item.at, "what is in no slice stands at the end")
                last = max(last, mine[0])
            elif None not in answers:
                outside = True
                if self.rules == "closed":
                    walk.error("slice", item.at, "in none of the slices that are allowed here")
        if unknown or not self.known:
            walk.tell("not-evaluated", at, "it cannot be told here which of its values are in which slice")
        self._count(within, at, walk, known=self.known and not unknown)
        for (one, _), its in zip(self.slices, within, strict=True):
            if one.inner:  # without items too, as the engine (6.7.9) has it
                one.inner.check(its, at, walk)

    def _count(self, within: Sequence[Sequence[Item]], at: str, walk: Walk, *, known: bool) -> None:
        """How many there are of each; `known` says that none was passed over."""
        for (one, _), its, hint in zip(self.slices, within, self.hints, strict=True):
            count, least, most = len(its), one.node.asks.get("min", 0), one.node.asks.get("max", "*")
            if count < least and known:
                what = "a required value" if least == 1 else f"one of {least} required values"
                walk.error("slice", at, f"{what} of the slice {one.name} is missing", hint)
            if most.isdecimal() and count > int(most):
                place = its[0].at if self.choice else at
                walk.error("slice", place, f"more than {most} of the slice {one.name}", hint)


def expected(model: Any) -> str:
    """What a profile wants of a value, in short: a text or number, the codes of a concept. Empty of anything else."""
    if model.__class__ is dict:
        codings = model.get("coding", [model])
        first = codings[0] if codings.__class__ is list and codings else {}
        code, system = (first.get("code"), first.get("system")) if first.__class__ is dict else (None, None)
        return f"{code} ({system})" if code.__class__ is str and system.__class__ is str else expected(system or code)
    if model.__class__ is bool:
        return str(model).lower()
    return str(model) if model.__class__ in {str, int, Decimal} and len(str(model)) <= LONGEST else ""


def _hint(node: Node, by: Iterable[Sequence[str]]) -> str:
    """What tells a slice, as far as it says so itself."""
    found = []
    for _, path in by:
        at: Node | None = node
        for kind, name in _steps(path) or ():
            at = at.children.get(name) if at is not None and kind == "name" else None
        asks = at.asks if at else {}
        found.append(expected(asks.get("fixed", asks.get("pattern"))))
    said = [one for one in found if one]
    return f"told by {', '.join(said)}" if said else ""


def _asks(node: Node) -> bool:
    return bool(node.asks.keys() - {"types", "profiles"} or node.children or node.slices)


def _usual(name: str) -> Json | None:
    """How elements are sliced of which a differential need not say it."""
    if name in {"extension", "modifierExtension"}:
        return {"by": [["value", "url"]], "rules": "open"}
    return {"by": [["type", "$this"]], "rules": "open"} if name.endswith(CHOICE) else None


def _matcher(node: Node, by: Iterable[Sequence[str]], profiles: Profiles) -> Callable[[Item, Walk], Answer]:
    """Whether an item is in a slice."""
    tests = [_test(kind, steps, node, profiles) for kind, path in by for steps in [_steps(path)]]

    def matches(item: Item, walk: Walk) -> Answer:
        answer: Answer = bool(tests) or None
        for test in tests:
            found = test(item, walk)
            if found is False:
                return False
            answer = answer if found else None
        return answer

    return matches


def _steps(path: str) -> list[Step] | None:
    """A discriminator's path, step by step; None if it is no such path."""
    steps, end = list[Step](), 0
    for found in _STEP.finditer(path):
        if found.start() != end:
            return None
        end = found.end()
        this, resolve, extension, of_type, name, cast = found.groups()
        if not this:
            kind = "resolve" if resolve else "extension" if extension else "type" if of_type or cast else "name"
            steps.append((kind, extension or of_type or cast or name or ""))
    return steps if end == len(path) else None


def _test(kind: str, steps: list[Step] | None, node: Node, profiles: Profiles) -> Callable[[Item, Walk], Answer]:
    """The question that one discriminator asks of an item."""
    if steps is None:
        return lambda _item, _walk: None
    # The nodes are looked up when the first item comes: profiles refer to one another.
    asked: list[Callable[[list[Item], Walk], Answer]] = []

    def test(item: Item, walk: Walk) -> Answer:
        if not asked:
            asked.append(_question(kind, list(_nodes([node], steps, profiles)), steps, profiles))
        values = _values([item], steps, walk)
        return None if values is None else asked[0](values, walk)

    return test


def _nodes(nodes: list[Node], steps: Sequence[Step], profiles: Profiles) -> Iterator[Node]:
    """What a slice asks of the elements at a path."""
    for kind, name in steps:
        around = list(_with_profiles(nodes, profiles))
        nodes = []
        for node in around:
            if kind in {"resolve", "type"}:
                nodes.append(node)
            elif kind == "extension":
                slices = node.children["extension"].slices.values() if "extension" in node.children else ()
                nodes += [one for one in slices if name in _urls(one, profiles)]
            else:
                found = node.children.get(name) or node.children.get(name + CHOICE)
                nodes += [found, *(found.slices.values() if len(found.slices) == 1 else ())] if found else []
                if name == "url" and not found and node.asks.get("profiles"):
                    nodes.append(_fixed(node.asks["profiles"][0]))
    yield from _with_profiles(nodes, profiles)


def _fixed(url: str) -> Node:
    node = Node()
    node.asks = {"fixed": url.partition("|")[0]}
    return node


def _urls(node: Node, profiles: Profiles) -> set[str]:
    own = {one.partition("|")[0] for one in node.asks.get("profiles", ())}
    return own | {one.asks.get("fixed", "") for one in _nodes([node], [("name", "url")], profiles)}


def _with_profiles(nodes: Iterable[Node], profiles: Profiles) -> Iterator[Node]:
    for node in nodes:
        yield node
        roots = (profiles.root(url) for url in node.asks.get("profiles", ()))
        yield from (root for root in roots if root is not None)


def _values(items: list[Item], steps: Sequence[Step], walk: Walk) -> list[Item] | None:
    """The values at a path; None where they are not at hand."""
    for kind, name in steps:
        if kind == "type":
            items = [one for one in items if one.code.casefold() == name.casefold()]
        elif kind == "resolve":
            resolved = [walk.scope.target(one.value) for one in items]
            if None in resolved:
                return None
            items = [one._replace(value=its, code="Resource") for one, its in zip(items, resolved, strict=True)]
        elif kind == "extension":
            found = _children(items, "extension")
            items = [one for one in found if one.value.__class__ is dict and one.value.get("url") == name]
        else:
            items = list(_children(items, name))
    return items


def _children(items: Iterable[Item], name: str) -> Iterator[Item]:
    for one in items:
        node = one.value if one.value.__class__ is dict else one.beside
        if node.__class__ is not dict:
            continue
        for key in [name] if name in node else [key for key in node if _is_choice(key, name)]:
            value = node[key]
            for each in value if value.__class__ is list else [value]:
                yield Item(each, None, one.at, one.at, key[len(name) :])


def _is_choice(key: Any, name: str) -> bool:
    return key.__class__ is str and key.startswith(name) and key[len(name) : len(name) + 1].isupper()


def _question(
    kind: str, nodes: list[Node], steps: Sequence[Step], profiles: Profiles
) -> Callable[[list[Item], Walk], Answer]:
    """What is asked of the values at a path, by what the slice asks there."""
    asks = [node.asks for node in nodes]
    if kind in {"value", "pattern"}:
        return _value(asks, profiles)
    if kind == "exists":
        if any(its.get("max") == "0" for its in asks):
            return lambda values, _: not values
        return (
            (lambda values, _: bool(values)) if any(its.get("min") for its in asks) else (lambda _values, _walk: None)
        )
    resolved = bool(steps) and steps[-1][0] == "resolve"
    urls = [url for its in asks for url in its.get("targets" if resolved else "profiles", ())]
    if kind == "type":
        named = {type_ for its in asks for type_ in its.get("types", ())}
        if resolved:
            named = {profiles.type_of(url) or "" for url in urls}
        named |= {name[:1].upper() + name[1:] for name in named}  # as it is spelt in `valueDateTime`
        return (
            (lambda values, _: any(_type(one) in named for one in values)) if named else (lambda _values, _walk: None)
        )

    def conforms(values: list[Item], walk: Walk) -> Answer:
        return _any(profiles.conforms(one.value, url, walk) for one in values for url in urls) if urls else None

    return conforms if kind == "profile" else (lambda _values, _walk: None)


def _type(item: Item) -> str:
    if item.code in {"", "Resource"} and item.value.__class__ is dict:
        said = item.value.get("resourceType")
        return said if said.__class__ is str else ""
    return item.code


def _value(asks: Sequence[Mapping[str, Any]], profiles: Profiles) -> Callable[[list[Item], Walk], Answer]:
    tests: list[Callable[[Any], Answer]] = []
    for its in asks:
        if "fixed" in its:
            tests.append(lambda value, model=its["fixed"]: same(model, value))  # type: ignore[misc]
        if "pattern" in its:
            tests.append(lambda value, model=its["pattern"]: fits(model, value))  # type: ignore[misc]
        strength, url = its.get("binding", ("", ""))
        if strength == "required":
            tests.append(value_set(url, profiles.codes(url)).has)
    if not tests:
        return lambda _values, _walk: None
    return lambda values, _: _any(_all(test(one.value) for test in tests) for one in values)


def _any(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return False if False in found else None if None in found else True
