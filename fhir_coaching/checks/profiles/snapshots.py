"""A StructureDefinition read: what a profile asks beyond the type that it is of, element by element.

The table of a profile, which is plain JSON:

    url, version, name, type    as the definition says them; `name` is its id
    base                        of a differential alone: the profile that it builds on
    abstract, modifier          where they are so
    context                     of an extension: the elements that may bear it
    conditional                 of an extension: by an expression too
    elements                    by the element's id without its root, in order; a slice is `name:slice`

and of an element, each only where it is more than the type asks:

    min, max, fixed, pattern    as FHIR has them
    types                       the codes that are left of a choice, or the types of a resource; a slice of a choice has all
    targets                     where a reference may lead: types, and profiles by their address
    profiles                    of its datatype, its extension or its resource
    binding, most               strength and value set; the value set that bounds an extensible one
    slicing                     by: [[type, path]…], rules, ordered
    rules                       [[key, severity, FHIRPath expression]…]
    same                        the element whose content it has (contentReference)

https://hl7.org/fhir/R4/profiling.html, https://hl7.org/fhir/R4/elementdefinition.html
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.fhir.systems import HL7
from fhir_coaching.versions import Json

SYSTEM = "http://hl7.org/fhirpath/System."
WIDEST = HL7 + "elementdefinition-maxValueSet"
ADVICE = HL7 + "elementdefinition-bestpractice"
MOST = re.compile(r"\*|[0-9]{1,9}").fullmatch

Known = Callable[[str], bool]


def asked(definition: Json, types: Json, known: Known, base_rules: frozenset[str]) -> Json:
    """The table of a profile over the tables of its version's `types`; `known` says of a value set whether any codes of it may be.

    Constraints whose keys are among `base_rules` are the specification's own. Raises KeyError and its like where the
    definition is none.
    """
    return _Reader(definition, types, known, base_rules).table()


def split(step: str) -> tuple[str, str]:
    """The name of an element and of its slice, if it is one."""
    name, _, slice_ = step.partition(":")
    return name, slice_


def is_slice(id_: str) -> bool:
    """Whether an element is one by its id."""
    return ":" in id_.rpartition(".")[2]


class _Reader:
    def __init__(self, definition: Json, types: Json, known: Known, base_rules: frozenset[str]) -> None:
        self.definition, self.types = definition, types
        self.known, self.base_rules = known, base_rules
        self.root: str = definition["type"]
        self.whole = "snapshot" in definition
        self.held: dict[str, str] = {"": self.root}  # the table that an element's content has, by its id
        self.spelt: dict[str, str] = {"": ""}  # ids that a differential writes in its own way, as they are here

    def table(self) -> Json:
        """All of it."""
        its = self.definition
        made: Json = {"url": its["url"], "name": its.get("id") or its["name"], "type": self.root}
        made |= {"version": its["version"]} if "version" in its else {}
        made |= {"abstract": True} if its.get("abstract") else {}
        if not self.whole:
            made["base"] = its["baseDefinition"]
        if self.root == "Extension" and its.get("context"):
            made["context"] = [[one["type"], one["expression"]] for one in its["context"] if "type" in one]
        if self.root == "Extension" and its.get("contextInvariant"):
            made["conditional"] = True
        source = its["snapshot"] if self.whole else its["differential"]
        elements: dict[str, Json] = {}
        for given, element in self._named(source.get("element", ())):
            id_ = self._spelt(given)
            asks = self._root(element) if id_ == "" else self._element(id_, element)
            if id_ == "" and element.get("isModifier"):
                made["modifier"] = True
            if asks or is_slice(id_):
                elements[id_] = asks
        made["elements"] = self._needed(elements) if self.whole else elements
        return _sound(made)

    def _named(self, elements: list[Json]) -> Iterator[tuple[str, Json]]:
        """Each element with its id without the root; made of its path where the definition has none."""
        latest: dict[str, str] = {}
        for element in elements:
            path: str = element["path"]
            parent, _, name = path.rpartition(".")
            id_ = element.get("id", "")
            if id_.count(".") != path.count("."):
                slice_ = element.get("sliceName", "").replace(".", "_")
                step = f"{name}:{slice_}" if slice_ else name
                around = latest.get(parent, "")
                id_ = f"{around}.{step}" if parent else step
            latest[path] = id_
            yield id_.partition(".")[2], element

    @staticmethod
    def _needed(elements: dict[str, Json]) -> dict[str, Json]:
        """Without what asks for nothing: the slicing of elements that nobody sliced, content that is nowhere bounded."""
        sliced = {id_.rpartition(":")[0] for id_ in elements if is_slice(id_)}
        for id_, asks in elements.items():
            if "slicing" in asks and id_ not in sliced and asks["slicing"]["rules"] == "open":
                del asks["slicing"]
        bounded = {id_ for id_, asks in elements.items() if asks.keys() - {"same"} or is_slice(id_)}
        for asks in elements.values():
            if "same" in asks and not any(id_.startswith((f"{asks['same']}.", f"{asks['same']}:")) for id_ in bounded):
                del asks["same"]
        return {id_: asks for id_, asks in elements.items() if asks or is_slice(id_)}

    def _root(self, element: Json) -> Json:
        return {"rules": rules} if (rules := self._rules(element)) else {}

    def _spelt(self, given: str) -> str:
        """`value[x]:valueQuantity` where a differential has `valueQuantity`."""
        if given not in self.spelt:
            parent, _, step = given.rpartition(".")
            around = self._spelt(parent)
            name, slice_ = split(step)
            here = f"{around}.{step}" if around else step
            stem = self._base(here)[0]
            self.spelt[given] = here.removesuffix(step) + (step if stem == name else f"{stem}:{slice_ or name}")
        return self.spelt[given]

    def _base(self, id_: str) -> tuple[str, Json]:
        """The name of an element as its type has it, and what the type says of it."""
        parent, _, step = id_.rpartition(".")
        name = split(step)[0]
        its = (self.types.get(self._content(parent)) or self.types["Element"])["elements"]
        if name in its:
            return name, its[name]
        # A differential may write `valueQuantity` for `value[x]`.
        stem = next((one for one in its if one.endswith("[x]") and name.startswith(one[:-3])), None)
        return (name, {}) if stem is None else (stem, its[stem])

    def _content(self, id_: str) -> str:
        """The table of an element's content, also of one that a differential passes over."""
        if id_ not in self.held:
            types = self._base(id_)[1].get("types", ())
            self.held[id_] = types[0][1] if len(types) == 1 else ""
        return self.held[id_]

    def _element(self, id_: str, element: Json) -> Json:  # noqa: C901 - one line a thing that can be asked
        slice_ = split(id_.rpartition(".")[2])[1]
        name, base = self._base(id_)
        codes = {code: table for code, table, _ in base.get("types", ())}
        types = element.get("type", ())
        own = [_code(one) for one in types]
        if len(own) == 1:
            self.held[id_] = codes.get(own[0], own[0])
        asks: Json = {}
        if element.get("min", 0) > (0 if slice_ else base.get("min", 0)):
            asks["min"] = element["min"]
        if "max" in element and element["max"] != base.get("max", "1"):
            asks["max"] = element["max"]
        open_ = len(codes) > 1 or "Resource" in codes
        if own and open_ and ((slice_ and name.endswith("[x]")) or not codes.keys() <= set(own)):
            asks["types"] = sorted(set(own))
        if targets := _targets(types, base):
            asks["targets"] = targets
        if profiles := [
            one for type_ in types for one in type_.get("profile", ()) if one.removeprefix(HL7) not in codes.values()
        ]:
            asks["profiles"] = profiles
        for key, value in element.items():
            for word in ("fixed", "pattern"):
                if key.startswith(word) and base.get(word) != value:
                    asks[word] = value
        asks |= self._binding(element.get("binding", {}), base)
        if slicing := element.get("slicing"):
            asks["slicing"] = _slicing(slicing)
        if rules := self._rules(element):
            asks["rules"] = rules
        if "contentReference" in element and self.whole:
            asks["same"] = element["contentReference"].rpartition("#")[2].partition(".")[2]
        return asks

    def _binding(self, binding: Json, base: Json) -> Json:
        strength, url = binding.get("strength"), binding.get("valueSet", "").split("|")[0]
        made: Json = {}
        # A required one is told to be not at hand; of a weaker one there is nothing to say then.
        asks = strength == "required" or (strength == "extensible" and self.known(url))
        if asks and url and [strength, url] != base.get("binding"):
            made["binding"] = [strength, url]
        for one in binding.get("extension", ()):
            most = str(one.get("valueCanonical", "")).split("|")[0] if one.get("url") == WIDEST else ""
            # That of a preferred one should bound it as well, and the engine (6.7.9) takes no notice of it.
            if most and strength == "extensible" and most != (base.get("binding") or ("", ""))[1]:
                made["most"] = most
        return made

    def _rules(self, element: Json) -> list[list[str]]:
        return [
            [
                one["key"],
                ERROR if one.get("severity") == ERROR and not _advised(one) else WARNING,
                one.get("expression", ""),
            ]
            for one in element.get("constraint", ())
            if one["key"] not in self.base_rules
        ]


def _advised(constraint: Json) -> bool:
    """Whether a constraint is good practice and no rule, whatever its severity: the engine (6.7.9) warns then."""
    return any(one.get("url") == ADVICE and one.get("valueBoolean") is True for one in constraint.get("extension", ()))


def _sound(made: Json) -> Json:
    """The same. Raises TypeError where it is not of the shape that is promised above."""
    strings = [made["url"], made["name"], made["type"], made.get("version", ""), made.get("base", "")]
    strings += [one for context in made.get("context", ()) for one in context]
    for id_, asks in made["elements"].items():
        slicing = asks.get("slicing", {"by": (), "rules": ""})
        lists = [asks.get(key, []) for key in ("types", "targets", "profiles", "binding")]
        lists += [*slicing["by"], *asks.get("rules", ())]
        strings += [
            id_,
            slicing["rules"],
            asks.get("most", ""),
            asks.get("same", ""),
            *(one for its in lists for one in its),
        ]
        if asks.get("min", 0).__class__ is not int or not MOST(asks.get("max", "*")):
            raise TypeError
    if any(one.__class__ is not str for one in strings):
        raise TypeError
    return made


def _code(type_: Json) -> str:
    """The name of a type in JSON."""
    code: str = type_["code"]
    if code.startswith(SYSTEM):
        return next((str(one["valueUrl"]) for one in type_.get("extension", ()) if "valueUrl" in one), "string")
    return code


def _targets(types: list[Json], base: Json) -> list[str]:
    """Where a reference may lead, if not just where the type lets it."""
    found = sorted({one.removeprefix(HL7) for type_ in types for one in type_.get("targetProfile", ())})
    known = {target for _, _, targets in base.get("types", ()) for target in targets}
    if not found or "Resource" in found or set(found) == known or {_code(one) for one in types} <= {"canonical"}:
        return []
    return found


def _slicing(slicing: Json) -> Json:
    by = [[one["type"], one["path"]] for one in slicing.get("discriminator", ())]
    made: Json = {"by": by, "rules": slicing.get("rules", "open")}
    return made | ({"ordered": True} if slicing.get("ordered") else {})


def reads(definition: Any) -> bool:
    """Whether a resource is a profile."""
    return (
        definition.__class__ is dict
        and definition.get("resourceType") == "StructureDefinition"
        and definition.get("derivation") == "constraint"
        and definition.get("type").__class__ is str
        and definition.get("url").__class__ is str
    )
