"""What no table says: extensions, references, resources within resources, Bundles, narratives."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from fhir_coaching.checks import narrative, vitals
from fhir_coaching.checks.between import BETWEEN
from fhir_coaching.checks.codes import UNKNOWN, counted
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.elements import TypeCheck, ValueCheck
from fhir_coaching.checks.meant import WHOLE, absolute, meant
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import WARNING
from fhir_coaching.fhir.systems import HL7, NPI, OWN, is_npi
from fhir_coaching.versions import R4, Json

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}").fullmatch
# Type/id, with what stands before it and perhaps a version. The dot takes all there is and gives back at most two ids.
_LITERAL = re.compile(
    r"(https?://.{1,2000}/|(?:\.\./)+)?([A-Z][A-Za-z]{1,63})/[^/\s]{1,100}(?:/_history/[^/\s]{1,100})?",
    re.ASCII,  # a no-break space is no blank
).fullmatch
LONGEST = 100  # letters of an id
FINAL = ("http://hl7.org/fhir/", OWN)  # what code systems begin with that do not change within a version
_BLANK = re.compile(r"\s", re.ASCII).search
# Bundles whose entries need not say what they are: some are about to be made.
_WITHOUT_URLS = ("transaction", "batch", "transaction-response", "batch-response")


class Types(Protocol):
    """What is known of resource types."""

    resources: frozenset[str]

    def resource(self, name: str) -> TypeCheck | None:
        """The function for a resource type."""


def xhtml(value: Any, at: str, walk: Walk) -> None:
    """A narrative."""
    if value.__class__ is not str:
        walk.shape(at, "a text", value)
    else:
        walk.out.extend(narrative.problems(value, at))


def extension(node: Json, at: str, walk: Walk) -> None:
    """Either a value or extensions; a URL that names it. What its definition asks comes when the whole was seen."""
    nested = "extension" in node
    valued = False
    for key in node:
        if key[:5] == "value" or key[:6] == "_value":
            valued = True
            break
    if valued == nested:
        walk.error(
            "ext-1",
            at,
            "an extension has either a value or extensions",
            f"it has {'both' if valued else 'neither'}",
        )
    walk.extensions.append((node, at, walk.scope))
    url = node.get("url")
    if url.__class__ is str and url[:4] != "http" and not absolute(url):
        # Within an extension a name will do: https://hl7.org/fhir/R4/extensibility.html#Extension
        around = at.rpartition(".")[0].rpartition(".")[2]
        if not around.startswith(("extension[", "modifierExtension[")):
            walk.error("url", f"{at}.url", "expected an absolute address", WHOLE)


def targets(type_: str, allowed: frozenset[str], resources: frozenset[str]) -> ValueCheck:
    """Where a reference leads, as far as it says so itself. Nothing `allowed` means that everything is."""
    hint = f"allowed: {', '.join(sorted(allowed))}"

    def reference(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is not dict:
            return
        literal, said = value.get("reference"), value.get("type")
        found = leads(literal, resources, at, walk) if literal.__class__ is str else None
        if allowed and found and found not in allowed:
            walk.error("target", f"{at}.reference", "leads to a type of resource that is not allowed here", hint)
        if said.__class__ is not str:
            return
        if found and ":" not in said and said != found:
            walk.error("target", f"{at}.type", "another type than the one that the reference leads to")
        elif allowed and said.removeprefix(HL7) not in allowed:
            walk.error("target", f"{at}.type", "a type of resource that is not allowed here", hint)

    def inside(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "reference" in value:
            reference(value["reference"], f"{at}.reference", walk)

    return reference if type_ == "Reference" else inside


def leads(reference: str, resources: frozenset[str], at: str, walk: Walk) -> str | None:
    """The type that a literal reference leads to, if it says so or the resource at hand does."""
    name, _, id_ = reference.partition("/")
    if name in resources and 0 < len(id_) <= LONGEST and "/" not in id_ and " " not in id_ and id_.isprintable():
        return name  # as nearly all are
    if reference == "#" and walk.version is R4 and walk.scope.root is walk.scope.resource:
        walk.error("reference", f"{at}.reference", "# alone leads out of a contained resource, which this is not")
    if reference[:1] == "#":
        return walk.contained(reference) if len(reference) > 1 else walk.scope.root.get("resourceType")
    if reference[:4] == "urn:":
        return walk.behind(reference)
    named = _LITERAL(reference)
    before, type_ = named.groups() if named else (None, None)
    if _BLANK(reference):
        walk.error("reference", f"{at}.reference", "an address has no blanks")
    elif reference and not before and type_ not in resources and not absolute(reference) and "?" not in reference:
        walk.warn("reference", f"{at}.reference", "neither a type of resource with an id nor an absolute URL")
    return type_ if type_ in resources else None


def contained(types: Types) -> ValueCheck:
    """A resource within another one: what it refers to with `#` stands there."""

    def check(value: Any, at: str, walk: Walk) -> None:
        around, walk.scope = walk.scope, walk.scope.of(value, at)
        ids, walk.ids = walk.ids, set()
        resource(types, value, at, walk)
        walk.scope, walk.ids = around, ids
        if value.__class__ is dict and "id" not in value:
            walk.error("contained", f"{at}.id", "a contained resource needs an id")
        elif value.__class__ is dict and value["id"].__class__ is str:
            if value["id"] in walk.contained_ids:
                walk.error("contained", f"{at}.id", "another contained resource has the same id")
            walk.contained_ids.add(value["id"])

    return check


def entry(types: Types) -> ValueCheck:
    """A resource in a Bundle: one of its own."""

    def check(value: Any, at: str, walk: Walk) -> None:
        around, walk.scope = walk.scope, Context(walk.version, value, value, at)
        ids, walk.ids = walk.ids, set()
        contained_ids, walk.contained_ids = walk.contained_ids, set()
        resource(types, value, at, walk)
        walk.scope, walk.ids, walk.contained_ids = around, ids, contained_ids

    return check


def resource(types: Types, value: Any, at: str, walk: Walk) -> None:
    """A resource of whatever type it says it is."""
    if value.__class__ is not dict:
        walk.shape(at, "a resource", value)
        return
    name = value.get("resourceType")
    if name.__class__ is not str or not _TYPE(name):
        near = meant(name, types.resources) if name.__class__ is str else ""
        hint = f"perhaps {near}" if near else ""
        walk.error("type", f"{at}.resourceType".lstrip("."), "expected the name of a resource type", hint)
    elif (check := types.resource(name)) is not None:
        check(value, at or name, walk)
    elif name in types.resources:
        walk.tell("not-checked", at or name, "a resource of this type is not checked here")
    else:
        near = meant(str(name), types.resources)
        hint = f"perhaps {near}" if near else ""
        walk.error(
            "type", f"{at}.resourceType".lstrip("."), f"FHIR {walk.version.name} has no resource of this type", hint
        )


def bundle_entry(node: Json, at: str, walk: Walk) -> None:
    """Its fullUrl is the identity of its resource (https://hl7.org/fhir/R4/bundle.html#bundle-unique)."""
    its, url = node.get("resource"), node.get("fullUrl")
    if its.__class__ is not dict or walk.bundle is None:
        return
    of = walk.bundle.get("type")
    if url is None and "_fullUrl" not in node and of not in _WITHOUT_URLS:
        walk.error("bundle", at, "an entry with a resource needs a fullUrl")
    if (
        of == "searchset" and "id" not in its and its.get("resourceType") != "OperationOutcome"
    ):  # what the server says to it
        walk.error("bundle", f"{at}.resource", "what a search found has an id")
    if url.__class__ is not str:
        return
    if not absolute(url):
        walk.error("bundle", f"{at}.fullUrl", "a fullUrl is absolute")
    elif url[:4] == "http" and its.get("id").__class__ is str:
        *_, type_, id_ = ("", *url.split("/"))
        if (type_, id_) != (its.get("resourceType"), its["id"]) and _TYPE(type_):
            walk.error("bundle", f"{at}.fullUrl", "a fullUrl ends with the type and the id of its resource")


def identifier(node: Json, at: str, walk: Walk) -> None:
    """Its system is not named by a path; a National Provider Identifier checks itself (45 CFR 162.406)."""
    system, value = node.get("system"), node.get("value")
    if system.__class__ is str and system[:4] != "http" and not absolute(system):
        hint = "write urn:oid: before an OID" if system[:1].isdecimal() else WHOLE
        walk.error("url", f"{at}.system", "expected an absolute address", hint)
    if system == NPI and value.__class__ is str and not is_npi(value):
        walk.error("npi", f"{at}.value", "no NPI: ten digits, of which the last checks the others")


def element_id(value: Any, at: str, walk: Walk) -> None:
    """The id of an element, which no other one of the resource has."""
    if value.__class__ is str:
        if value in walk.ids:
            walk.error("id", at.removesuffix(".id"), "another element of this resource has the same id")
        walk.ids.add(value)


def coding(
    systems: Mapping[str, frozenset[str]], respelt: Callable[[str], str], relative: str = WARNING
) -> Callable[[Json, str, Walk], None]:
    """A code that its code system does not have, where that is known as a whole; a system that is called otherwise.

    FHIR's own systems are those of its version, a guide's those of the guide; HL7's terminology grows, and so may have the code
    in a later edition. How grave a `relative` system is differs: of an amount it is an error, as the engine (6.7.9) has it.
    """

    def check(node: Json, at: str, walk: Walk) -> None:
        system, code = node.get("system"), node.get("code")
        if system.__class__ is not str:
            return
        name, of_guide = str(system), walk.systems.get(str(system))
        known = systems.get(name) or of_guide
        if known is None:
            if hint := respelt(name):
                says = "this code system goes by another address" if absolute(name) else "expected an absolute address"
                walk.say(relative if hint == WHOLE else WARNING, "system", f"{at}.system", says, hint)
        elif code.__class__ is str and code not in known:
            hint = f"perhaps {near}" if (near := meant(str(code), known)) else counted({name: known})
            if of_guide is not None or name.startswith(FINAL):
                walk.error("code", f"{at}.code", "no code of its code system", hint)
            else:
                walk.warn("code", f"{at}.code", UNKNOWN, hint)

    return check


CHECKS: Mapping[str, tuple[Callable[[Json, str, Walk], None], ...]] = {
    **BETWEEN,
    "Bundle.entry": (bundle_entry,),
    "Extension": (extension,),
    "Identifier": (identifier,),
    "Observation": (vitals.observation,),
}
