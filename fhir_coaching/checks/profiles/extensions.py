"""Extensions that a guide defines: what each may hold, and which elements may bear it, wherever it stands in a resource.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fhir_coaching.checks.compiled import Compiler
from fhir_coaching.checks.profiles.slicing import Node
from fhir_coaching.checks.profiles.structure import Structure
from fhir_coaching.checks.walk import FURTHEST, Walk
from fhir_coaching.versions import Json

KEYS = ("extension", "modifierExtension")
ANY = {"Element", "*"}  # contexts that every element is
RESOURCES = ("Resource", "DomainResource")
MOST = 12  # steps of a path that a context may have
OF_QUANTITY = {"Age", "Count", "Distance", "Duration", "SimpleQuantity"}


class Bearer:
    """An element as contexts name it: by its paths from the resource and from each datatype that it is in, and by its type."""

    __slots__ = ("_below", "depth", "names", "table", "types")

    def __init__(self, types: Json, names: Iterable[str], table: str, depth: int = 0) -> None:
        self.types, self.names, self.table, self.depth = types, tuple(names), table, depth
        self._below: dict[str, Bearer] | None = None

    def below(self, key: str) -> "Bearer | None":
        """An element in it, by its name in JSON; none where the type has no such thing, or a resource there."""
        below = self._below
        if below is None:
            below = dict(self._elements())
            if self.depth < MOST:  # types hold one another without end
                self._below = below
        return below.get(key)

    def _elements(self) -> Iterator[tuple[str, "Bearer"]]:
        before = [one for one in self.names if one.count(".") < MOST]
        for name, about in self.types.get(self.table, {}).get("elements", {}).items():
            stem = name.removesuffix("[x]")
            for code, table, _ in about["types"]:
                if code == "Resource":
                    continue
                key = stem if stem == name else stem + code[0].upper() + code[1:]
                spelt = dict.fromkeys(f"{path}.{one}" for path in before for one in (name, stem, key))
                types = (code, "Quantity") if code in OF_QUANTITY else (code,)
                bearer = Bearer(self.types, (*spelt, *types), table, self.depth + 1)
                yield key, bearer
                yield f"_{key}", bearer


class Extensions:
    """Asks of every extension in a resource what its definition asks."""

    def __init__(self, compiler: Compiler, find: Callable[[str], Structure | None], own: Sequence[str]) -> None:
        self.types, self.find = compiler.tables, find
        self.own = tuple(f"{canonical}/StructureDefinition/" for canonical in own)
        self.inner = Bearer(self.types, ["Extension"], "Extension")
        self.roots: dict[str, Bearer] = {}

    def check(self, resource: Json, at: str, walk: Walk) -> None:
        """Everything that is wrong with extensions in a resource. Those of a Bundle's entries are asked for with each entry."""
        name = resource.get("resourceType")
        if name.__class__ is str and name in self.types:
            if name not in self.roots:
                self.roots[name] = Bearer(self.types, (name, *RESOURCES), name)
            self._sweep(resource, at, self.roots[name], walk)

    def _sweep(self, node: Json, at: str, bearer: Bearer, walk: Walk, url: str = "") -> None:
        """All below an element; `url` is that of the extension that it is."""
        if len(at) > FURTHEST:
            return
        for key, value in node.items():
            kind = value.__class__
            if kind is dict:
                self._values((value,), key, f"{at}.{key}", bearer, walk, url)
            elif kind is list and value and (value[0].__class__ is dict or dict in map(type, value)):
                self._values(value, key, f"{at}.{key}", bearer, walk, url)

    def _values(self, values: Sequence[Any], key: str, at: str, around: Bearer, walk: Walk, within: str) -> None:
        """Those under one name; of a list each has its index."""
        listed = values.__class__ is list
        below = None if key in KEYS or key == "contained" else around.below(key)
        for index, value in enumerate(values):
            if value.__class__ is not dict:
                continue
            here = f"{at}[{index}]" if listed else at
            if below is not None:
                self._sweep(value, here, below, walk)
            elif key in KEYS:
                url = value.get("url")
                if url.__class__ is str:
                    self._extension(value, here, around, walk, within)
                self._sweep(value, here, self.inner, walk, url if url.__class__ is str else "")
            elif key == "contained":
                self.check(value, here, walk)

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
