"""Extensions that a guide defines: what each may hold, and which elements may bear it, wherever it stands in a resource.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from fhir_coaching.checks.compiled import Compiler
from fhir_coaching.checks.profiles import Structure
from fhir_coaching.checks.slicing import Node
from fhir_coaching.checks.walk import FURTHEST, Walk
from fhir_coaching.lens import Json

KEYS = ("extension", "modifierExtension")
ANY = {"Element", "*"}  # contexts that every element is
RESOURCES = ("Resource", "DomainResource")
MOST = 12  # steps of a path that a context may have
OF_QUANTITY = {"Age", "Count", "Distance", "Duration", "SimpleQuantity"}


class Bearer(NamedTuple):
    """An element as contexts name it: by its paths from the resource and from each datatype that it is in, and by its type."""

    names: tuple[str, ...]
    table: str  # of its content


class Extensions:
    """Asks of every extension in a resource what its definition asks."""

    def __init__(self, compiler: Compiler, find: Callable[[str], Structure | None], own: Sequence[str]) -> None:
        self.compiler, self.find = compiler, find
        self.own = tuple(f"{canonical}/StructureDefinition/" for canonical in own if canonical)
        self.below = lru_cache(maxsize=4096)(self._below)

    def check(self, resource: Json, at: str, walk: Walk) -> None:
        """Everything that is wrong with extensions in a resource. Those of a Bundle's entries are asked for with each entry."""
        name = resource.get("resourceType")
        if name.__class__ is str and name in self.compiler.tables:
            self._sweep(resource, at, Bearer((str(name), *RESOURCES), str(name)), walk)

    def _sweep(self, node: Json, at: str, bearer: Bearer, walk: Walk, url: str = "") -> None:
        """All below an element; `url` is that of the extension that it is."""
        if len(at) > FURTHEST:
            return
        for key, value in node.items():
            kind = value.__class__
            if kind is dict:
                self._value(value, key, f"{at}.{key}", bearer, walk, url)
            elif kind is list:
                for index, one in enumerate(value):
                    if one.__class__ is dict:
                        self._value(one, key, f"{at}.{key}[{index}]", bearer, walk, url)

    def _value(self, value: Json, key: str, at: str, around: Bearer, walk: Walk, within: str) -> None:
        if key == "contained":
            self.check(value, at, walk)
        elif key in KEYS:
            url = value.get("url")
            if url.__class__ is str:
                self._extension(value, at, around, walk, within)
            self._sweep(value, at, EXTENSION, walk, url if url.__class__ is str else "")
        elif (bearer := self.below(around, key)) is not None:
            self._sweep(value, at, bearer, walk)

    def _below(self, around: Bearer, key: str) -> Bearer | None:
        """An element of an element; none where the type has no such thing."""
        bare = key.removeprefix("_")
        elements = self.compiler.tables.get(around.table, {}).get("elements", {})
        for name, about in elements.items():
            stem = name.removesuffix("[x]")
            for code, table, _ in about["types"]:
                if bare != (stem if stem == name else stem + code[0].upper() + code[1:]) or code == "Resource":
                    continue
                before = [one for one in around.names if one.count(".") < MOST]
                spelt = (f"{path}.{one}" for path in before for one in (name, stem, bare))
                types = (code, "Quantity") if code in OF_QUANTITY else (code,)
                return Bearer((*dict.fromkeys(spelt), *types), table)
        return None

    def _extension(self, value: Json, at: str, bearer: Bearer, walk: Walk, within: str) -> None:
        url: str = value["url"]
        structure = self.find(url)
        if structure is not None:
            structure.check(value, at, walk)
            contexts = structure.context
            if contexts and not any(_fits(kind, expression, bearer, within) for kind, expression in contexts):
                walk.error("extension", at, "an extension that may not stand here", f"asked by {structure.name}")
        elif ":" not in url:
            around = self.find(within)
            if around is not None and not any(_names(one, url) for one in _slices(around)):
                walk.error(
                    "extension", at, "the extension around it has no part of this name", f"asked by {around.name}"
                )
        elif self.own and url.startswith(self.own):
            walk.warn("extension", f"{at}.url", "the guide that should define this extension does not")


def _fits(kind: str, expression: str, bearer: Bearer, within: str) -> bool:
    """Whether an element, or what is in the extension `within`, is what a context names."""
    if kind == "extension":
        return within == expression
    if kind != "element":
        return True  # an expression, which is not evaluated
    name = expression.rpartition("#")[2]
    return name in ANY or name in bearer.names


def _slices(structure: Structure) -> Iterable[Node]:
    """The parts of an extension."""
    parts = structure.root.children.get("extension")
    return parts.slices.values() if parts else ()


def _names(part: Node, url: str) -> bool:
    named = part.children.get("url")
    return named is None or named.asks.get("fixed", url) == url


EXTENSION = Bearer(("Extension",), "Extension")
