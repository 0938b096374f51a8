"""Where a row lives in a resource: `a.b`, `a:slice.b`, and as last step `a[x]` or `{a,b}`, siblings that say one thing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_coaching.lens.same import copied, fits, fitting
from fhir_coaching.versions import Json


class Wrong(ValueError):
    """What is there cannot be read, or a value cannot be said. `at` is the place below the element that the row names."""

    def __init__(self, message: str, at: str = "") -> None:
        self.at = at
        super().__init__(message)


class Above(Wrong):
    """Wrong on the way to the element that a row names: `at` is the whole place."""


def below(key: str, at: str) -> str:
    """`key.at`, where either may be empty and `at` may begin with an index."""
    return f"{key}{'' if at[:1] == '[' else '.'}{at}" if key and at else key or at


@dataclass(frozen=True)
class Slice:
    """Some of a list's elements: those that contain `match` and none of `unless`. A new one starts as match + also."""

    match: Json = field(default_factory=dict)
    also: Json = field(default_factory=dict)
    unless: tuple[Json, ...] = ()

    def test(self) -> Callable[[Any], bool]:
        """Whether an element belongs here."""
        matching, others = fitting(self.match), [fitting(other) for other in self.unless]
        if not others:
            return matching
        return lambda element: matching(element) and not any(other(element) for other in others)

    def new(self) -> Json:
        """An element that has nothing yet but what makes it belong here."""
        made: Json = copied({**self.match, **self.also})
        return made


@dataclass(frozen=True)
class Step:
    """One name of a path; with a slice, one element of a list."""

    at: str  # the path as far as here, without slices
    key: str
    slice: Slice | None
    has: Callable[[Any], bool]

    def child(self, node: Json) -> Any:
        """What is there, or None. Two elements in one slice are refused: picking one would be a guess."""
        if self.slice is None or self.key not in node:
            return node.get(self.key)
        elements = node[self.key]
        if elements.__class__ is not list:
            raise Above("expected a list", self.at)
        found = [element for element in elements if self.has(element)]
        if len(found) > 1:
            raise Above(f"{len(found)} elements where one is expected", self.at)
        return found[0] if found else None


def listed(node: Json, key: str) -> list[Any]:
    """The list under a key, perhaps empty. Raises Wrong on anything else."""
    found = node.get(key)
    if found is None:
        return []
    if found.__class__ is not list:
        raise Wrong("expected a list")
    return found


def _step(text: str, above: list[str], slices: Mapping[str, Slice]) -> Step:
    key, _, name = text.partition(":")
    slice_ = slices[text] if name else None
    at = ".".join(one.partition(":")[0] for one in (*above, text))
    return Step(at, key, slice_, slice_.test() if slice_ else bool)


@dataclass(frozen=True)
class Place:
    """A path, read once: the steps to the parent, and what in the parent is the row's."""

    at: str
    steps: tuple[Step, ...]
    last: Step
    stem: str  # `value` of value[x]
    siblings: tuple[str, ...]  # value[x] by suffix, {a,b} by name; empty: `last` alone

    @classmethod
    def parse(cls, at: str, slices: Mapping[str, Slice], suffixes: tuple[str, ...] = ()) -> "Place":
        """Raises KeyError for a slice that is not declared."""
        *above, last = at.split(".")
        steps = tuple(_step(text, above[:number], slices) for number, text in enumerate(above))
        if last.endswith("[x]"):
            return cls(at, steps, _step(last[:-3], above, slices), last[:-3], suffixes)
        names = tuple(last[1:-1].split(",")) if last[0] == "{" else ()
        return cls(at, steps, _step(names[0] if names else last, above, slices), "", names)

    @property
    def expression(self) -> str:
        """The place as FHIRPath says it: without slices and [x]."""
        return re.sub(r":[\w-]+|\[x\]|\{|,.*\}|\}", "", self.at)

    def where(self, wrong: Wrong) -> str:
        """The place of what is wrong: on the way here, below the element, or in one of the siblings."""
        if isinstance(wrong, Above):
            return wrong.at
        if not self.stem and re.split(r"[.[]", wrong.at)[0] in self.siblings:
            return below(self.expression.rpartition(".")[0], wrong.at)
        return below(self.expression, wrong.at)

    def owns(self) -> list[tuple[str, ...]]:
        """The elements that are this row's and no other's."""
        *above, last = self.at.split(".")
        names = [self.stem + name for name in self.siblings] if self.siblings else [last]
        return [(*above, name) for name in names]

    def parent(self, node: Any) -> Json | None:
        """The object that holds the row's elements, or None."""
        for step in self.steps:
            node = step.child(node)
            if node is None:
                return None
            if node.__class__ is not dict:
                raise Above("expected an object", step.at)
            if "modifierExtension" in node or "implicitRules" in node:
                refuse_modifiers(node, step.at)
        return node  # type: ignore[no-any-return]

    def reader(self) -> Callable[[Json], Any]:
        """What is there: the element, or for siblings an object of those present; None if nothing is."""
        found: Callable[[Json], Any] = self.last.child
        if self.siblings:
            found = self._siblings()
        elif not self.last.slice:
            key = self.last.key
            found = lambda node: node.get(key)  # noqa: E731 - the shortest way to an element is asked most often
        if not self.steps:
            return found
        return lambda node: None if (parent := self.parent(node)) is None else found(parent)

    def _siblings(self) -> Callable[[Json], Json | None]:
        names = [(f"{mark}{name}", f"{mark}{self.stem}{name}") for mark in ("", "_") for name in self.siblings]
        return lambda parent: {name: parent[key] for name, key in names if key in parent} or None

    def write(self, node: Json, raw: Any) -> None:
        """Put `raw` here, and make the parents that are lacking. None clears, with the parents that it leaves empty."""
        if raw is None:
            self._clear(node, self.steps)
            return
        for step in self.steps:
            child = step.child(node)
            if child is None:
                child = step.slice.new() if step.slice else {}
                if step.slice:
                    node[step.key] = [*listed(node, step.key), child]
                else:
                    node[step.key] = child
            node = child
        if self.siblings:
            self._drop(node)
            node.update(
                {f"_{self.stem}{key[1:]}" if key[0] == "_" else self.stem + key: value for key, value in raw.items()}
            )
        elif self.last.slice:
            old, elements = self.last.child(node), listed(node, self.last.key)
            node[self.last.key] = [raw if e is old else e for e in elements] if old is not None else [*elements, raw]
        else:
            node[self.last.key] = raw
            if (note := "_" + self.last.key) in node:
                del node[note]  # it spoke about the old value

    def _drop(self, node: Json) -> None:
        for name in self.siblings or (self.last.key,):
            node.pop(self.stem + name, None)
            node.pop(f"_{self.stem}{name}", None)

    def _clear(self, node: Json, steps: tuple[Step, ...]) -> None:
        if not steps:
            if self.last.slice and not self.siblings:
                remove(node, self.last.key, self.last.child(node))
            else:
                self._drop(node)
            return
        step, rest = steps[0], steps[1:]
        child = step.child(node)
        if child is None:
            return
        self._clear(child, rest)
        if step.slice is None and not child:
            del node[step.key]
        elif step.slice and fits({key: value for key, value in child.items() if key != "id"}, step.slice.new()):
            remove(node, step.key, child)


def remove(node: Json, key: str, element: object) -> None:
    """Take one element out of a list, and the list too if it is the last."""
    if element is None:
        return
    node[key] = [other for other in node[key] if other is not element]
    if not node[key]:
        del node[key]


def refuse_modifiers(node: Json, at: str = "") -> None:
    """An extension that may reverse the meaning of what we read (https://hl7.org/fhir/R4/extensibility.html#modifierExtension)."""
    for key in ("modifierExtension", "implicitRules"):
        if key in node:
            raise Above("says something that may reverse the meaning, and that we do not know", below(at, key))
    if node.get("doNotPerform", False) is not False:
        raise Above("says what is not to be done", below(at, "doNotPerform"))
