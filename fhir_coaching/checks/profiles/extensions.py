"""Extensions that FHIR, this project or a guide defines: what each may hold, and which elements may bear it, wherever it stands.

https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from fhir_coaching.checks.codes import Answer
from fhir_coaching.checks.compiled import Compiler, compiler
from fhir_coaching.checks.formats import LONG, MANY
from fhir_coaching.checks.meant import absolute, meant
from fhir_coaching.checks.profiles.crossing import amiss, crossed
from fhir_coaching.checks.profiles.library import Library, defined
from fhir_coaching.checks.profiles.plain import Asked, Plain, plain
from fhir_coaching.checks.profiles.slicing import Node
from fhir_coaching.checks.profiles.structure import ASKED, Structure
from fhir_coaching.checks.tables import json_key
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import ERROR, INFORMATION
from fhir_coaching.versions import Json, Version

FEW = 6  # contexts that a hint names
MODIFIER = ".modifierExtension"
KINDS = ("element", "extension")  # of contexts; else an expression
ANY = {"Element", "*"}  # contexts that every element is
RESOURCES = ("Resource", "DomainResource")
OF_QUANTITY = {"Age", "Count", "Distance", "Duration", "SimpleQuantity"}


class Bearer(NamedTuple):
    """An element as contexts name it: how it is spelt in a path, and its types; the table of what is in it."""

    spelt: frozenset[str]
    types: tuple[str, ...]
    table: str


def _borne(its: Json) -> Iterator[tuple[str, Bearer]]:
    """The elements of a type by their names in JSON."""
    for name, about in its["elements"].items():
        stem = name.removesuffix("[x]")
        for code, table, _ in about["types"]:
            spelt = json_key(name, code)
            types = (code, "Quantity") if code in OF_QUANTITY else (code,)
            bearer = Bearer(frozenset({name, stem, spelt}), types, table)
            yield spelt, bearer
            yield f"_{spelt}", bearer


class Extensions:
    """Asks of every extension that was met in a resource what its definition asks."""

    def __init__(self, compiler: Compiler, libraries: Sequence[Library]) -> None:
        self.version, self.types, self.libraries = compiler.version, compiler.tables, libraries
        self.own = {
            f"{library.own.canonical}/StructureDefinition/": library for library in libraries if library.own.canonical
        }
        self.below: dict[str, dict[str, Bearer]] = {}  # of each table
        # The same few stand in the same few places, while of others there is any number.
        self.find, self.misplaced = lru_cache(MANY)(self._find), lru_cache(MANY)(self._misplaced)

    def check(self, walk: Walk) -> None:
        """Everything that is wrong with them."""
        around = walk.scope
        urls = {at: _url(node) for node, at, _ in walk.extensions}
        for node, at, scope in walk.extensions:
            walk.scope = scope
            url, within = urls[at], urls.get(at.rpartition(".")[0], "")
            if (found := self.find(url)) is not None:
                self.ask(found, node, at, walk, within)
            else:
                self._unknown(url, at, walk, within)
        walk.scope = around

    def ask(
        self, definition: tuple[Structure, Plain | None], node: Json, at: str, walk: Walk, within: str = ""
    ) -> None:
        """What a definition asks of one of its extensions and of where it stands: `within` the one of this URL."""
        structure, simply = definition
        asked = simply.asked(node, at) if simply else None
        if asked is None:
            structure.check(node, at, walk)
        else:
            _ask(asked, structure, walk)
        scope = walk.scope
        for severity, rule, says in self.misplaced(
            structure, scope.resource["resourceType"], at[len(scope.at) :], within
        ):
            hint = f"{ASKED}{structure.name}{_allowed(structure) if rule == 'extension' else ''}"
            walk.say(severity, rule, at, says, hint)

    def _unknown(self, url: str, at: str, walk: Walk, within: str) -> None:
        """Nobody defines it; it may be a part of the one that it is in."""
        if _modifies(at):
            walk.error("modifier", at, "an unknown modifier extension: it may change what the element means")
        if not absolute(url):
            around = self.find(within)
            if around is not None and not any(_names(one, url) for one in _slices(around[0])):
                says = "the extension around it has no part of this name"
                walk.error("extension", at, says, ASKED + around[0].name)
        elif says := amiss(url, self.version):
            walk.error("extension", f"{at}.url", says)
        elif library := next((its for own, its in self.own.items() if url.startswith(own)), None):
            walk.warn("extension", f"{at}.url", f"{library.own} has no extension of this name", _meant(url, library))

    def _find(self, url: str) -> tuple[Structure, Plain | None] | None:
        """A definition, and what it asks of most extensions."""
        if not absolute(url):
            return None  # a part of another one
        found = (library.structure(url) for library in self.libraries)
        structure = next((one for one in found if one is not None and one.type == "Extension"), None)
        if structure is None and (its := crossed(url, self.version)) is not None:
            structure = Structure(its, its["elements"], self.libraries[-1])
        return None if structure is None else (structure, plain(structure))

    def _misplaced(self, structure: Structure, type_: str, path: str, within: str) -> list[tuple[str, str, str]]:
        """What is wrong with where an extension stands, by the path to it from a resource of a type."""
        found = []
        answer = not structure.context or self._may_stand(structure, type_, path, within)
        if answer is False:
            found.append((ERROR, "extension", "an extension that may not stand here"))
        elif answer is None or structure.conditional:
            found.append((INFORMATION, "not-evaluated", "an expression says whether this extension may stand here"))
        if structure.modifies and not _modifies(path):
            found.append((ERROR, "modifier", "a modifier extension among the others"))
        elif _modifies(path) and not structure.modifies:
            found.append((ERROR, "modifier", "no modifier extension, but among them"))
        return found

    def _may_stand(self, structure: Structure, type_: str, path: str, within: str) -> Answer:
        bearers = [Bearer(frozenset(), (type_, *RESOURCES), type_)]
        for step in path.split(".")[1:-1]:
            bearer = self._below(bearers[-1].table).get(step.partition("[")[0])
            if bearer is None:  # the type has no such thing, which the base says
                return True
            bearers.append(bearer)
        if any(_fits(kind, expression, bearers, within) for kind, expression in structure.context):
            return True
        return None if any(kind not in KINDS for kind, _ in structure.context) else False

    def _below(self, table: str) -> dict[str, Bearer]:
        """What is in a value; in a primitive what is in any element."""
        if table not in self.below:
            self.below[table] = dict(_borne(self.types.get(table) or self.types["Element"]))
        return self.below[table]


def _allowed(structure: Structure) -> str:
    """Where an extension may stand."""
    names = [expression for kind, expression in structure.context if kind in KINDS]
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"; allowed: {', '.join(names[:FEW])}{more}"


@lru_cache(MANY)
def _meant(url: str, library: Library) -> str:
    """What was probably meant by an address."""
    bare = url.partition("|")[0].rstrip("/")
    known = [one for one, type_ in library.own.types.items() if type_ == "Extension"]
    if bare in known:
        return f"write {bare}"
    near = meant(bare.rpartition("/")[2], [one.rpartition("/")[2] for one in known])
    return f"perhaps {near}" if near else ""


def _url(node: Json) -> str:
    """What an extension is called; nothing where that is no address of a definition, which would be remembered for nothing."""
    url = node.get("url")
    return url if url.__class__ is str and len(url) < LONG else ""


def _modifies(at: str) -> bool:
    """Whether an extension is a modifier by where it stands."""
    return at.startswith(MODIFIER, at.rindex("."))


def known(version: Version) -> Extensions:
    """The extensions that FHIR and this project define, which every check knows."""
    return Extensions(compiler(version), defined(version))


def _ask(asked: Iterable[Asked], structure: Structure, walk: Walk) -> None:
    before = len(walk.out)
    for checks, value, at in asked:
        for check in checks:
            check(value, at, walk)
    if len(walk.out) > before:
        walk.out[before:] = [structure.signed(one) for one in walk.out[before:]]


def _fits(kind: str, expression: str, bearers: Sequence[Bearer], within: str) -> bool:
    """Whether the last of the elements, one in another, or what is in the extension `within`, is what a context names."""
    if kind == "extension":
        return within == expression
    name = expression.rpartition("#")[2]
    return kind == "element" and (name in ANY or _is(name, bearers))


def _is(name: str, bearers: Sequence[Bearer]) -> bool:
    """Whether a name is that of the last one: its type, or a path to it from the type of one around it."""
    type_, *path = name.split(".")
    around = len(bearers) - len(path) - 1
    if around < 0 or type_ not in bearers[around].types:
        return False
    return all(step in one.spelt for step, one in zip(path, bearers[around + 1 :], strict=True))


def _slices(structure: Structure) -> Iterable[Node]:
    """The parts of an extension."""
    parts = structure.root.children.get("extension")
    return parts.slices.values() if parts else ()


def _names(part: Node, url: str) -> bool:
    named = part.children.get("url")
    return named is None or named.asks.get("fixed", url) == url
