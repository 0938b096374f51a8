"""What constraints are made of: questions to an element, and the common shapes of a rule.

An element is there if it has a value or extensions: `_name` counts. `value[x]` stands for all its types.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_coaching.checks.context import Context
from fhir_coaching.versions import Json, Version

Holds = Callable[[Json, Context], bool]
Sentence = str | Mapping[Version, str]

CHOICE = "[x]"


@dataclass(frozen=True, slots=True)
class Invariant:
    """Whether a constraint holds for an element, and what it asks for, in our words. True where the element is of another shape.

    It holds wherever the element that it is `about` is missing, and need not be asked there.
    """

    holds: Callable[[Any, Context], bool]
    asks: Sentence
    about: str = ""

    def says(self, version: Version) -> str:
        """What it asks for."""
        return self.asks if isinstance(self.asks, str) else self.asks[version]

    def broken(self, version: Version) -> str:
        """What a finding says where it does not hold."""
        return f"expected: {self.says(version)}"


def rule(holds: Holds | Mapping[Version, Holds], asks: Sentence, about: str = "") -> Invariant:
    """A constraint; by version where they differ, in what they look at or in all."""
    # Called for every element of every resource: what can be known before is known before.
    if isinstance(holds, Mapping):
        of = dict(holds)

        def by_version(node: Any, context: Context) -> bool:
            asked = of.get(context.version)
            return asked is None or node.__class__ is not dict or asked(node, context)

        return Invariant(by_version, asks, about)

    def total(node: Any, context: Context) -> bool:
        return node.__class__ is not dict or holds(node, context)

    return Invariant(total, asks, about)


def _there(value: Any) -> bool:
    return bool(value) or not (value is None or value.__class__ is list or value.__class__ is dict)


def has(node: Json, name: str) -> bool:
    """Whether a child is there."""
    if name in node and _there(node[name]):
        return True
    if not name.endswith(CHOICE):
        return _there(node.get("_" + name))
    stem = name.removesuffix(CHOICE)
    bare = (key.removeprefix("_") for key, value in node.items() if _there(value))
    return any(name.startswith(stem) and name[len(stem) :][:1].isupper() for name in bare)


def parts(node: Json, *path: str) -> list[Json]:
    """The objects at a path, each of a list."""
    found = [node]
    for name in path:
        values: list[Any] = [one.get(name) for one in found]
        each = (one for value in values for one in (value if isinstance(value, list) else [value]))
        found = [one for one in each if isinstance(one, dict)]
    return found


def each(node: Json, name: str, at: str) -> Iterator[tuple[str, Json]]:
    """The objects of a list, each with its place; `at` is that of what holds the list."""
    value = node.get(name)
    for index, one in enumerate(value if value.__class__ is list else ()):
        if one.__class__ is dict:
            yield f"{at}.{name}[{index}]", one


def text(node: Json, name: str) -> str:
    """A child's text, or empty."""
    value = node.get(name)
    return value if isinstance(value, str) else ""


def texts(node: Json, name: str) -> list[str]:
    """The texts of a list."""
    value = node.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def number(node: Json, name: str) -> Decimal | None:
    """A child's number, exactly."""
    value = node.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return found if found.is_finite() else None


def coded(node: Json, name: str, system: str, *codes: str) -> bool:
    """Whether a concept, or one of a list, says one of these codes."""
    return any(text(one, "system") == system and text(one, "code") in codes for one in parts(node, name, "coding"))


def one_of(*names: str) -> Holds:
    """At least one is there."""
    return lambda node, _: any(has(node, name) for name in names)


def needs(name: str, *others: str) -> Holds:
    """Where one is, there is another."""
    return lambda node, _: not has(node, name) or any(has(node, other) for other in others)


def not_both(name: str, other: str) -> Holds:
    """Not one beside the other."""
    return lambda node, _: not (has(node, name) and has(node, other))


def exactly_one(name: str, other: str) -> Holds:
    """One and not the other."""
    return lambda node, _: has(node, name) != has(node, other)


def both_or_neither(name: str, other: str) -> Holds:
    """One where the other is."""
    return lambda node, _: has(node, name) == has(node, other)


def absent(name: str) -> Holds:
    """It is not there."""
    return lambda node, _: not has(node, name)


def not_negative(name: str) -> Holds:
    """A number is zero or more, if it is one."""
    return lambda node, _: (number(node, name) or 0) >= 0
