"""Profiles turned into checks: what a table made by `snapshots` asks, asked of resources.

A second pass after the check against the base: what is of another shape than its type was reported there, and is passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from fhir_coaching.checks import special
from fhir_coaching.checks.codes import BARE, coded, value_set
from fhir_coaching.checks.compiled import Compiler
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.elements import ValueCheck, both, fits, same
from fhir_coaching.checks.profiles import expressions
from fhir_coaching.checks.profiles.expressions import Unevaluated
from fhir_coaching.checks.profiles.slicing import CHOICE, Item, Node, Profiles, Slice, Slicing, expected
from fhir_coaching.checks.profiles.snapshots import split
from fhir_coaching.checks.tables import json_key
from fhir_coaching.checks.walk import FURTHEST, Walk
from fhir_coaching.errors import ERROR, Finding
from fhir_coaching.versions import Json

Holds = Callable[[Any, Context], bool]

ASKED = "asked by "
CODED = (*BARE, "CodeableConcept", "CodeableReference", "Coding", "Quantity")


class Library(Profiles, Protocol):
    """What a profile's checks look up in its guide and in others."""

    compiler: Compiler

    def structure(self, url: str) -> "Structure | None":
        """A profile."""


def tree(elements: Mapping[str, Json]) -> Node:
    """The elements of a table, one in another."""
    root = Node()
    for id_, asks in elements.items():
        node = root
        for step in id_.split(".") if id_ else ():
            name, slice_ = split(step)
            node = node.children.setdefault(name, Node())
            around, _, inner = slice_.partition("/")
            if inner and around in node.slices:  # else the name merely has a slash in it
                node, slice_ = node.slices[around], inner
            if slice_:
                node = node.slices.setdefault(slice_, Node())
        node.asks = asks
    return root


class Structure:
    """A profile, ready to be asked."""

    def __init__(self, table: Json, elements: Mapping[str, Json], library: Library, *, missing: str = "") -> None:
        self.url: str = table["url"]
        self.type: str = table["type"]
        self.name = f"{table['name']} {table['version']}" if "version" in table else str(table["name"])
        self.context: list[list[str]] = table.get("context", [])
        self.conditional = bool(table.get("conditional"))
        self.modifies = bool(table.get("modifier"))  # an extension: the meaning of what bears it
        self.missing = missing  # the profile that it builds on, where that is not at hand
        self.root = tree(elements)
        self.library = library
        self._checks: Content | None = None

    def check(self, value: Any, at: str, walk: Walk) -> None:
        """Everything in which a resource or an element is not as this profile asks."""
        found, walk.out = walk.out, []
        around = walk.scope
        if self.type in self.library.compiler.resources and around.resource is not value:
            contained = at.rpartition(".")[2].startswith("contained[")
            walk.scope = around.of(value, at) if contained else Context(walk.version, value, value, at)
        if self._checks is None:
            self._checks = Content(self.root, self.type, self.library, self.root)
        if self.missing:
            walk.tell("not-evaluated", at, "the profile that this one builds on is in no guide at hand")
        self._checks.check(Item(value, None, at, at, self.type), walk)
        found += [self.signed(one) for one in walk.out]
        walk.out, walk.scope = found, around

    def once(self, value: Any, at: str, walk: Walk) -> None:
        """The same, unless it was asked before: values may be reached in many ways, and contained ones refer in circles."""
        if (key := (id(self), id(value))) not in walk.asked:
            walk.asked.add(key)
            self.check(value, at, walk)

    def conforms(self, value: Any, at: str, walk: Walk) -> bool:
        """Whether a value is as this profile asks, errors alone."""
        key = id(self), id(value)
        if key not in walk.judged:
            walk.judged[key] = True  # as long as nothing else is known: it may lead to itself
            found, walk.out = walk.out, []
            asked, walk.asked = walk.asked, set()
            settled, walk.settled = walk.settled, set()
            self.check(value, at, walk)
            walk.judged[key] = not any(one.severity == ERROR for one in walk.out)
            walk.out, walk.asked, walk.settled = found, asked, settled
        return walk.judged[key]

    def signed(self, one: Finding) -> Finding:
        """With who asks it. What a profile within this one asks says so already."""
        if one.hint.startswith(ASKED):
            return one
        return replace(one, hint=f"{ASKED}{self.name}; {one.hint}" if one.hint else ASKED + self.name)


class Content:
    """What is asked of one value: of itself, and of the elements in it."""

    def __init__(self, node: Node, type_: str, library: Library, root: Node) -> None:
        self.coded = node.asks.get("binding", ("",))[0] == "required"
        self.values, self.fixed = list(_value_checks(node, library)), "fixed" in node.asks
        self.by_code = _bound(node, library)
        self.rules = [_Rule(key, severity, expression) for key, severity, expression in node.asks.get("rules", ())]
        self.reached = _Reached(node.asks.get("profiles", []), library)
        self.type, self.root, self.library, self.node = type_, root, library, node
        self._elements: list[Element] | None = None

    def check(self, item: Item, walk: Walk) -> None:
        """Everything in which a value is not as is asked."""
        if len(item.at) > FURTHEST:
            return
        for check in self.values:
            check(item.value, item.at, walk)
        if self.fixed and item.beside.__class__ is dict and "extension" in item.beside:
            walk.error("fixed", item.at, "a value that is fixed has no extensions")
        if self.coded and item.code == "code" and item.value is None:
            walk.error("code", item.at, "no value, only what stands beside one", "give the value, or leave it out")
        if item.code in self.by_code:
            self.by_code[item.code](item.value, item.at, walk)
        for rule in self.rules:
            rule.check(item, self.type or item.code, walk)
        self.reached.check(item, walk)
        if self._elements is None:  # when the first value comes: elements hold one another
            self._elements = list(self._children())
        if self._elements and (around := _around(item, self.library)) is not None:
            for element in self._elements:
                element.check(*around, walk)

    def _children(self) -> Iterator["Element"]:
        children = dict(self.node.children)
        if self.node.asks.get("same"):
            children = dict(_at(self.root, self.node.asks["same"]).children) | children
        for name, node in children.items():
            yield Element(name, node, self.type, self.library, self.root)


class Element:
    """What is asked of an element of a type: how many values, of which types, in which slices, and each by itself."""

    def __init__(self, name: str, node: Node, type_: str, library: Library, root: Node) -> None:
        base = _base(library, type_, name)
        self.library = library
        self.stem = name.removesuffix(CHOICE)
        asks = node.asks
        self.least = asks.get("min", 0)
        self.most = int(asks["max"]) if asks.get("max", "*").isdecimal() else None
        types = {code: table for code, table, _ in base.get("types", ())}
        # What each name in JSON, or that of what stands beside it, says of an item. Of a choice there are fifty.
        keys = {json_key(name, code): code for code in types} if name.endswith(CHOICE) else {}
        self.choice = {before + key: (key, code) for key, code in keys.items() for before in ("", "_")}
        self.alone = ((self.stem, next(iter(types), "")),)
        self.allowed = frozenset(asks.get("types", ()))
        self.mistyped = "extension" if type_ == "Extension" else "type"
        self.content = Content(node, _table(node, types), library, root)
        self.slicing = self._slicing(name, node, types, root)

    def _slicing(self, name: str, node: Node, types: Mapping[str, str], root: Node) -> Slicing | None:
        """The slices of an element, or of one of its slices."""
        slices = [
            Slice(
                slice_,
                its,
                Content(its, _table(_typed(its, slice_, self.stem, types), types), self.library, root).check,
                self._slicing(name, its, types, root),
            )
            for slice_, its in node.slices.items()
        ]
        return Slicing(name, node.asks, slices, self.library) if slices else None

    def check(self, node: Json, at: str, walk: Walk) -> None:
        """Everything in which an element of an object is not as is asked."""
        items = list(self._items(node, at))
        count = len(items)
        if count < self.least:
            what = "a required element is missing" if not count else f"fewer than {self.least} of it"
            walk.error("cardinality", f"{at}.{self.stem}", what)
        elif self.most is not None and count > self.most:
            what = f"more than {self.most} of it" if self.most else "this element may not stand here"
            walk.error("cardinality", items[self.most].at, what)
        for item in items:
            if self.allowed and _type(item) not in self.allowed:
                hint = f"allowed: {', '.join(sorted(self.allowed))}"
                walk.error(self.mistyped, item.at, "of a type that is not allowed here", hint)
                continue
            self.content.check(item, walk)
        if self.slicing:
            self.slicing.check(items, f"{at}.{self.stem}", walk)

    def _items(self, node: Json, at: str) -> Iterator[Item]:
        for key, code in (
            dict.fromkeys(self.choice[one] for one in node if one in self.choice) if self.choice else self.alone
        ):
            value, beside = node.get(key), node.get(f"_{key}")
            if value is None and beside is None:
                continue
            here, there = f"{at}.{key}", f"{at}._{key}"
            if value.__class__ is not list and beside.__class__ is not list:
                yield Item(value, beside, there if value is None else here, there, code)
                continue
            values = value if value.__class__ is list else []
            besides = beside if beside.__class__ is list else []
            for index in range(max(len(values), len(besides))):
                one = values[index] if index < len(values) else None
                other = besides[index] if index < len(besides) else None
                place, next_to = f"{here}[{index}]", f"{there}[{index}]"
                yield Item(one, other, next_to if one is None else place, next_to, code)


class _Rule:
    """A constraint of a profile."""

    def __init__(self, key: str, severity: str, expression: str) -> None:
        self.key, self.severity, self.expression = key, severity, expression
        self.ours = expressions.ours(key, expression)
        self.bound: dict[str, Holds | str] = {}  # by type; why not, where it cannot be evaluated at all

    def check(self, item: Item, type_: str, walk: Walk) -> None:
        """Ask it."""
        if type_ not in self.bound:
            self.bound[type_] = self._bound(type_)
        holds = self.bound[type_]
        if isinstance(holds, str):
            walk.tell("not-evaluated", item.at, holds)
            return
        try:
            if not holds(item.value, walk.scope):
                what = self.ours.broken(walk.version) if self.ours else "a constraint of the profile does not hold"
                walk.out.append(Finding(self.key, self.severity, what, element=item.at))
        except Unevaluated as why:
            walk.tell("not-evaluated", item.at, f"constraint {self.key}: {why}")
        except Exception:  # noqa: BLE001 - whatever it stumbled over: a check answers
            walk.tell("not-evaluated", item.at, f"constraint {self.key} could not be applied here")

    def _bound(self, type_: str) -> Holds | str:
        try:
            return expressions.bound(self.key, self.expression, type_)
        except Unevaluated as why:
            return f"constraint {self.key}: {why}"


def _at(root: Node, id_: str) -> Node:
    """An element by its id; one that asks nothing if there is none."""
    node: Node | None = root
    for name in id_.split("."):
        node = node.children.get(name) if node else None
    return node or Node()


def _base(library: Library, type_: str, name: str) -> Json:
    """What a type says of an element. Extensions and ids are everybody's."""
    types = library.compiler.tables
    its = types.get(type_) or types["Element"]
    found: Json = its["elements"].get(name) or types["Element"]["elements"].get(name, {})
    return found


def _typed(node: Node, slice_: str, stem: str, types: Mapping[str, str]) -> Node:
    """A slice of a choice that is told by its name, `valueQuantity`, where nothing else says its type."""
    if "types" not in node.asks and slice_.startswith(stem):
        rest = slice_[len(stem) :]
        if code := next((code for code in types if json_key(CHOICE, code) == rest), None):
            node.asks = {**node.asks, "types": [code]}
    return node


def _table(node: Node, types: Mapping[str, str]) -> str:
    """The type of what is in an element."""
    asked = node.asks.get("types", ())
    if len(asked) == 1:
        return types.get(asked[0], str(asked[0]))
    return next(iter(types.values())) if len(types) == 1 else ""


def _type(item: Item) -> str:
    """The type of a value; of a resource what it says."""
    if item.code == "Resource" and item.value.__class__ is dict:
        said = item.value.get("resourceType")
        return said if said.__class__ is str else ""
    return item.code


def _around(item: Item, library: Library) -> tuple[Json, str] | None:
    """The object that holds a value's elements, and its path. Those of a primitive stand beside it."""
    if item.code in library.compiler.primitives or item.code == "xhtml":
        return (item.beside if item.beside.__class__ is dict else {}), item.beside_at
    return (item.value, item.at) if item.value.__class__ is dict else None


def _value_checks(node: Node, library: Library) -> Iterator[ValueCheck]:
    asks = node.asks
    yield from (_like(word, asks[word]) for word in ("fixed", "pattern") if word in asks)
    if targets := asks.get("targets"):
        yield _Targets(targets, library).check


def _like(how: str, model: Any) -> ValueCheck:
    """A value that is fixed, or whose pattern is; the guide's own may be said."""
    names = model.__class__ is dict and not model.keys().isdisjoint({"coding", "code"})
    hint = f"expected {its}" if (its := expected(model)) else ""

    def check(value: Any, at: str, walk: Walk) -> None:
        if not (same(model, value) if how == "fixed" else fits(model, value)):
            walk.error(how, at, "another value than the one that is required here", hint)
        elif names:
            walk.settled.add(at)

    return check


class _Targets:
    """Where a reference may lead: by type, and a contained resource by its profile as well."""

    def __init__(self, targets: list[str], library: Library) -> None:
        resources = library.compiler.resources
        types = {target: target if target in resources else library.type_of(target) for target in targets}
        self.library = library
        self.complete = None not in types.values()
        self.by_type = special.targets("Reference", frozenset(filter(None, types.values())), resources)
        self.profiles: dict[str, list[str]] = {}  # of types of which any resource will do there are none
        for target, type_ in types.items():
            if type_ and target not in resources and type_ not in targets:
                self.profiles.setdefault(type_, []).append(target)

    def check(self, value: Any, at: str, walk: Walk) -> None:
        """Whether a reference leads where it may."""
        if value.__class__ is not dict:
            return
        if not self.complete:
            walk.tell("not-evaluated", at, "a profile that this reference may lead to is in no guide at hand")
            return
        self.by_type(value, at, walk)
        target = walk.scope.target(value)
        if target is None:
            return
        name = target.get("resourceType")
        urls = self.profiles.get(name, []) if name.__class__ is str else []
        structures = [one for url in urls if (one := self.library.structure(url)) is not None]
        place = f"{walk.scope.around}.contained[{walk.scope.positions[id(target)]}]"
        if len(structures) == 1:
            structures[0].once(target, place, walk)
        elif structures and not any(one.conforms(target, place, walk) for one in structures):
            walk.error("target", f"{at}.reference", "leads to a resource that is as none of the profiles asks")


def _bound(node: Node, library: Library) -> dict[str, ValueCheck]:
    """The check of a code, for each type that has one."""
    found: dict[str, ValueCheck] = {}
    bindings = [node.asks["binding"]] if "binding" in node.asks else []
    bindings += [["required", node.asks["most"]]] if "most" in node.asks else []
    for strength, url in bindings:
        codes, required = library.codes(url), strength == "required"
        if codes is not None or required:
            its = value_set(url, codes)
            for code in CODED:
                check = coded(code, its, required=required, of_profile=True)
                found[code] = both(found[code], check) if code in found else check
    return found


class _Reached:
    """The profiles of a value's type, of which it has one. Looked up when first needed: profiles refer to one another.

    Those of extensions are not asked here, but wherever such an extension stands.
    """

    def __init__(self, urls: list[str], library: Library) -> None:
        self.urls, self.library = [url for url in urls if library.type_of(url) != "Extension"], library

    def check(self, item: Item, walk: Walk) -> None:
        """As the profile does."""
        if not self.urls:
            return
        structures = [self.library.structure(url) for url in self.urls]
        if None in structures:
            walk.tell("not-evaluated", item.at, "a profile of this element is in no guide at hand")
            return
        fitting = [one for one in structures if one and (item.code != "Resource" or one.type == _type(item))]
        if len(fitting) == 1:
            fitting[0].once(item.value, item.at, walk)
        elif fitting and not any(one.conforms(item.value, item.at, walk) for one in fitting):
            walk.error("profile", item.at, "as none of the profiles asks that it may have")
