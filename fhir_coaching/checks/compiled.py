"""Tables turned into functions, one for each type, each made when it is first needed.

A function for a value takes (value, its path, walk). One for an element takes (value, the object around it, the path of that
object, walk), so that paths are only put together where something is wrong or goes deeper.
"""

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any

from fhir_coaching.checks import special
from fhir_coaching.checks.applying import Bound, apply, bound_rules
from fhir_coaching.checks.codes import coded, value_set
from fhir_coaching.checks.elements import (
    ElementCheck,
    Elements,
    TypeCheck,
    ValueCheck,
    both,
    like,
    many,
    none,
    nothing,
    only,
    primitive,
    sibling,
    siblings,
    single,
    single_primitive,
    valued,
)
from fhir_coaching.checks.formats import OPEN, Test, primitives, remembered
from fhir_coaching.checks.meant import spelling
from fhir_coaching.checks.tables import json_key, systems, table
from fhir_coaching.checks.walk import FURTHEST, Walk
from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.versions import Json, Version

# Constraints that are about contained resources alone, which few resources have.
ABOUT_CONTAINED = {"dom-2", "dom-3", "dom-4", "dom-5"}

# Types with a system and a code.
WITH_SYSTEM = {"Coding", "Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity"}

Required = list[tuple[str, tuple[str, ...]]]


class Shape:
    """What a type's function goes by. What is by element is filled in when the first object comes: types hold one another."""

    def __init__(self, name: str, its: Json) -> None:
        self.owner = name.rpartition(".")[2]
        self.fields: Elements = {}
        self.texts: dict[str, Test] = {}  # the tests of elements that are one text, most of all elements
        self.required: Required = []
        self.special = special.CHECKS.get(name, ())
        rules: dict[str, str] = its["rules"]
        self.about_contained = bound_rules({id_: how for id_, how in rules.items() if id_ in ABOUT_CONTAINED})
        self.rules = bound_rules({id_: how for id_, how in rules.items() if id_ not in ABOUT_CONTAINED})
        # An id alone is no content (ele-1), except of a resource, and beside a primitive, which may have a value.
        self.is_resource = its["kind"] == "resource"
        self.id_is_content = self.is_resource or name == "Element"


def _type(shape: Shape, fill: Callable[[Shape], None]) -> TypeCheck:  # noqa: C901 - see below
    """The function for a type."""
    owner, fields, texts, required = shape.owner, shape.fields, shape.texts, shape.required
    extra, rules, about_contained, id_is_content = (
        shape.special,
        shape.rules,
        shape.about_contained,
        shape.id_is_content,
    )

    def check(node: Json, at: str, walk: Walk) -> None:  # noqa: C901, PLR0912 - hot: a call more costs as much as a step
        if node.__class__ is not dict:
            walk.shape(at, "an object", node)
            return
        if len(at) > FURTHEST:
            walk.error("depth", at[:200], "nested too deeply to be checked")
            return
        if not fields:
            fill(shape)
        for key, value in node.items():
            test = texts.get(key)
            if test is not None and value.__class__ is str and test(value):
                continue
            field = fields.get(key)
            if field is None:
                walk.unknown(at, key, owner, fields)
            else:
                field(value, node, at, walk)
        for element, keys in required:
            if element not in node and not any(key in node for key in keys):
                walk.error("cardinality", f"{at}.{element}", "a required element is missing")
        if not node or (len(node) == 1 and not id_is_content and "id" in node):
            walk.error("ele-1", at, "an object without content", "leave it out")
        for one in extra:
            try:
                one(node, at, walk)
            except Exception:  # noqa: BLE001 - whatever it stumbled over: a check answers
                walk.tell("not-evaluated", at, "a rule between elements could not be applied here")
        if rules:
            apply(rules, node, at, walk)
        if about_contained and "contained" in node:
            apply(about_contained, node, at, walk)

    return check


class Compiler:
    """The functions of one version of FHIR."""

    def __init__(self, version: Version, tables: Json) -> None:
        self.version = version
        self.tables: dict[str, Json] = tables["types"]
        self.codes: dict[str, dict[str, list[str]]] = tables["codes"]
        self.resources = frozenset(tables["resources"])
        self.primitives = primitives(version)
        self.shapes: dict[str, Shape] = {}
        self._types: dict[str, TypeCheck] = {}

    def type(self, name: str) -> TypeCheck:
        """The function for a type. Raises KeyError if the tables do not hold it."""
        if (found := self._types.get(name)) is None:
            its = self.tables[name]
            shape = self.shapes[name] = Shape(name, its)
            if name in WITH_SYSTEM:
                relative = WARNING if name == "Coding" else ERROR
                shape.special += (special.coding(systems(self.version), self.respelt, relative),)
            found = self._types[name] = _type(shape, lambda shape: self._fill(shape, its))
        return found

    def resource(self, name: str) -> TypeCheck | None:
        """The function for a resource type, if the tables hold it."""
        return self.type(name) if self.tables.get(name, {}).get("kind") == "resource" else None

    def _fill(self, shape: Shape, its: Json) -> None:
        fields: Elements = {}
        required: Required = []
        for element, about in its["elements"].items():
            keys = tuple(self._element(element, about, fields, shape))
            if about.get("min"):
                required.append((element.removesuffix("[x]"), keys))
        if its["kind"] == "resource":
            fields["resourceType"] = nothing
        shape.required[:] = required
        shape.fields.update(fields)  # last and at once: another thread may be reading

    def _element(self, element: str, about: Json, made: Elements, shape: Shape) -> Iterator[str]:
        """Put the functions of an element under each name that it may have in JSON; these names."""
        choice = element.endswith("[x]")
        names = {json_key(element, type_[0]): type_ for type_ in about["types"]}
        for name, type_ in names.items():
            found = {name: self._value(element, name, type_, about)}
            test = self._text(type_[0], about)
            if element == "id" and not shape.is_resource:
                text = primitive(type_[0], self.primitives[type_[0]], None, None)[1]
                found[name] = single(name, both(text, special.element_id))
            elif test is not None and not choice:
                shape.texts[name] = test
            if type_[0] in self.primitives:  # beside a narrative's text nothing stands
                found["_" + name] = self._beside(name, about, identity=element == "id" and shape.is_resource)
            if choice:
                found = {one: only(name, names, check, test if one == name else None) for one, check in found.items()}
            made |= found
            yield from found

    def _beside(self, key: str, about: Json, *, identity: bool) -> ElementCheck:
        """The function for what stands beside a primitive."""
        if about.get("max") == "*":
            return siblings(key, self.type("Element"))
        beside = sibling(key, self.type("Element"))
        return valued(key, beside) if identity or about.get("binding", [""])[0] == "required" else beside

    def _text(self, code: str, about: Json) -> Test | None:
        """The test of an element that is one text."""
        its = self.primitives.get(code)
        if its is None or not its.text or {"max", "fixed", "pattern"} & about.keys():
            return None
        strength, url = about.get("binding", (None, None))
        return primitive(code, its, url if strength == "required" else None, self.codes.get(url))[0]

    def _value(self, element: str, key: str, type_: list[Any], about: Json) -> ElementCheck:
        """The function for an element of one type."""
        if about.get("max") == "0":
            return none(key)
        narrower = [like(word, about[word]) for word in ("fixed", "pattern") if word in about]
        strength, url = about.get("binding", (None, None))
        codes = self.codes.get(url)
        code, name, targets = type_
        if code in self.primitives:
            quick, one = primitive(code, self.primitives[code], url if strength == "required" else None, codes)
            if about.get("max") != "*" and not narrower and not self.primitives[code].text:
                return single_primitive(key, quick, one)
        elif code == "xhtml":
            one = special.xhtml
        elif code == "Resource":
            one = special.contained(self) if element == "contained" else special.entry(self)
        else:
            one = self.type(name)
            if codes is not None or url in OPEN:
                narrower.append(coded(code, value_set(url, codes), required=strength == "required"))
            if code in {"Reference", "CodeableReference"}:
                narrower.append(special.targets(code, frozenset(targets), self.resources))
            if bound := bound_rules(about.get("rules", {})):
                narrower.append(_ruled(bound))
        good = self._good() if code == "Coding" and not narrower else None
        for more in narrower:
            one = both(one, more)
        return many(key, one, good) if about.get("max") == "*" else single(key, one)

    @cached_property
    def respelt(self) -> Callable[[str], str]:
        """How a code system is called that is called otherwise."""
        return remembered(spelling(systems(self.version)))

    def _good(self) -> Callable[[Any, Walk], bool]:
        """Whether a Coding, of which there are more than of anything else, has a code and is made of good texts and known to its system."""
        texts, known, respelt = self.shapes["Coding"].texts, systems(self.version), self.respelt

        def good(node: Any, walk: Walk) -> bool:
            if node.__class__ is not dict:
                return False
            for key, value in node.items():
                test = texts.get(key)
                if test is None or value.__class__ is not str or not test(value):
                    return False
            code, system = node.get("code"), node.get("system", "")
            codes = known.get(system) or walk.systems.get(system)
            if codes is None and respelt(system):
                return False
            return code is not None and (codes is None or code in codes)

        return good


def _ruled(bound: Bound) -> ValueCheck:
    """The constraints of an element, beside those of its type."""

    def check(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict:
            apply(bound, value, at, walk)

    return check


@cache
def compiler(version: Version) -> Compiler:
    """The functions of a version, made once."""
    return Compiler(version, table(version))
