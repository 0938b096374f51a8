"""What two judges say of one resource: the validation engine, and `checks`. Whether they speak of the same element.

The engine names places in its own way: `Goal.target[0].due.ofType(Duration)` or `Goal.target[0].due[x]` for `dueDuration`,
`Goal.start.extension[0]` for what stands in `_startDate`, the parent for what is missing or unknown in it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_coaching.errors import ERROR, Finding

Json = dict[str, Any]

FAILED = (
    "engine"  # it broke off: its reader of JSON takes some lists for the end, a number out of reach is an exception
)

LANGUAGE = "language"
ROOT = "Resource"

# The class of what the engine says, by the first pattern found in its message id and its text.
CLASSES: tuple[tuple[str, str], ...] = (
    (r"StructureDefinition/[^ ]+#(txt-[12]) ", "narrative"),
    (r"StructureDefinition/[^ ]+#([a-z]+(?:-[a-z]+)?-\d+[a-z]?) ", r"invariant \1"),
    (r"CONTAINED_ORPHAN_DOM3", "invariant dom-3"),
    (r"displayLanguage", LANGUAGE),
    (r"ORACLE_EXCEPTION|Error parsing JSON source", FAILED),
    (r"XHTML", "narrative"),
    (r"Unrecognized property|ILLEGAL_PROPERTY|Profile_NotAllowed", "unknown"),
    (r"MODIFIER|(?i:EXTENSION_EXT)|Extension_EXT", "extension"),
    (r"Minimum|MINIMUM|Maximum|must have some content|cannot be empty|NotEmpty|ValueExt", "cardinality"),
    (r"RES_ID_Malformed|Identifier_System|System_Relative", "format"),
    (r"(?i:contained)|RES_ID", "contained"),
    (r"(?i:reference_ref)", "target"),
    (r"Type_Specific|TYPE_SPECIFIC", "format"),
    (r"^ .*(must be an? |wrong JSON type|resourceType|resource name)", "type"),
    (r"(?i:terminology)|CODESYSTEM|Unknown_Code|system|Display", "code"),
)  # fmt: skip

COMMENT = re.compile(r"/\*.*?\*/")
OF_TYPE = re.compile(r"\.ofType\(([A-Za-z])(\w*)\)")
INDEX = re.compile(r"\[\d+\]\Z")
URL = re.compile(r"\[url='.*?'\]")
MISSING = re.compile(r"^[\w.\[\]:]*?(\w+(?:\[x\])?): (?:minimum required|max allowed)")
SLICE = re.compile(r"^Slice '[\w.\[\]]*?(\w+(?:\[x\])?):[\w-]+'")
UNKNOWN = re.compile(r"^Unrecognized property '([^']*)'")

# What the engine says of an element and means of one in it.
CLOSER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("REF_BadTargetType2|REF_INVALID_REF|REF_CantResolve", ("reference",)),
    ("REF_BadTargetType|REF_WrongTarget", ("type", "reference")),
    ("Identifier_System|System_Relative|System_Invalid", ("system",)),
    ("EXT_U", ("url",)),
    ("B64_DECODE", ("data",)),
    ("RES_ID_Missing", ("id",)),
    ("DUPLICATE.*_ID", ("id",)),
    ("resourceType|resource name|unknown name", ("resourceType",)),
)  # fmt: skip

# Rules of ours that go by other names than the engine's.
KINDS = {
    "reference": "target",
    "url": "extension",
    "id": "contained",
    "modifier": "extension",
    "choice": "unknown",
    "fixed": "format",
    "pattern": "code",
    "slice": "cardinality",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An error that one of the two reports."""

    kind: str  # its class
    rule: str
    at: str
    text: str
    places: tuple[str, ...]  # `at` without the root, as the JSON spells it, and closer ones where the text names them


@dataclass(slots=True)
class Verdict:
    """The errors of both on one resource, those that speak of the same element matched."""

    caught: list[Said] = field(default_factory=list)  # the engine's, that `checks` has on the same element
    missed: list[Said] = field(default_factory=list)  # the engine's alone
    false: list[Said] = field(default_factory=list)  # those of `checks` alone


def engine_errors(report: Json, resource: Any) -> list[Said]:
    """The engine's report on a resource."""
    found = [heard(str(one.get("rule") or ""), one["location"], one["message"], resource) for one in report["errors"]]
    if any(one.kind == LANGUAGE for one in found):  # it then refuses every code, and does not always say why
        found = [without_language(one) for one in found]
    return found


def without_language(said: Said) -> Said:
    """An error of a resource in a language that is none: of its codes nothing is known, but of the language's own."""
    return replace(said, kind=LANGUAGE) if said.kind == "code" and not said.at.endswith(".language") else said


def heard(rule: str, at: str, text: str, resource: Any) -> Said:
    """An error of the engine with the places that it may stand for."""
    place = spelt(at, resource)
    places = [place]
    if found := UNKNOWN.match(text):
        places.append(below(place, found[1].removeprefix("_")))
    elif found := MISSING.match(text) or SLICE.match(text):
        places.append(below(place, found[1]))
    if "displayLanguage" in text:
        places.append("language")  # of the resource: the cause, which it does not name
    for pattern, names in CLOSER:
        if re.search(pattern, f"{rule} {text}"):
            places += [below(place, name) for name in names]
            break
    value = found_at(f"{ROOT}.{places[-1]}", resource)
    return Said(class_of(rule, text), rule.rpartition("/")[2], at, f"{text} {value!r}", tuple(places))


def class_of(rule: str, text: str) -> str:
    """The class of an engine's message."""
    for pattern, kind in CLASSES:
        if found := re.search(pattern, f"{rule} {text}"):
            return found.expand(kind)
    return "other"


def our_errors(findings: Iterable[Finding], resource: Any) -> list[Said]:
    """What `checks` found, warnings aside; with the value, which is nowhere else to be seen."""
    return [
        Said(
            kind_of(one.rule),
            one.rule,
            one.element,
            f"{one.message} {found_at(one.element, resource)!r}",
            (our_place(one.element),),
        )
        for one in findings
        if one.severity == ERROR
    ]


def our_place(at: str) -> str:
    """A place of ours as those of the engine: without the root, and what stands beside a value is the value's."""
    return rootless(at).replace("._", ".").removeprefix("_")


def found_at(at: str, resource: Any) -> Any:
    """A text at a place; nothing of anything else."""
    node = resource
    for step in re.findall(r"[^.\[\]]+", rootless(at)):
        if isinstance(node, dict):
            node = node.get(step)
        elif isinstance(node, list) and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
    return node if isinstance(node, str) else None


def kind_of(rule: str) -> str:
    """The class of a rule of ours: a constraint's id says so itself."""
    if rule in {"txt-1", "txt-2"}:
        return "narrative"
    return f"invariant {rule}" if re.fullmatch(r"[a-z]+(-[a-z]+)?-\d+[a-z]?", rule) else KINDS.get(rule, rule)


def rootless(at: str) -> str:
    """A place without the name of the resource's type. Where there is no type, there is none."""
    return at if at == "resourceType" else at.partition(".")[2]


def below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def spelt(at: str, resource: Any) -> str:
    """The engine's place as the JSON names it: `due.ofType(Duration)` and `due[x]` as the key that is there."""
    place = OF_TYPE.sub(lambda found: found[1].upper() + found[2], URL.sub("", COMMENT.sub("", at)))
    node, steps = resource, list[str]()
    for step in rootless(place).split(".") if "." in place else ():
        name, *indices = re.split(r"[\[\]]+", step.rstrip("]"))
        if indices == ["x"]:
            indices = []
            keys = [key for key in node if re.match(f"_?{name}[A-Z]", key)] if isinstance(node, dict) else []
            name = keys[0].removeprefix("_") if keys else f"{name}[x]"
        steps.append(name.removeprefix("_") + "".join(f"[{index}]" for index in indices))
        node = node.get(name, node.get(f"_{name}")) if isinstance(node, dict) else None
        for index in indices:
            node = node[int(index)] if isinstance(node, list) and int(index) < len(node) else None
    return ".".join(steps)


def bare(place: str) -> str:
    """A list for its item: which of the two is named where a list should be none differs."""
    return INDEX.sub("", place)


def choiceless(place: str) -> str:
    """`value[x]` where no key is there to spell it."""
    return place.removesuffix("[x]")


def parent(place: str) -> str:
    return place.rpartition(".")[0]


def same_element(theirs: Said, ours: Said) -> bool:
    """Whether two errors are of one element; one of a level between them, if of one class or what is missing is named."""
    for one in theirs.places:
        for other in ours.places:
            if bare(one) == bare(other) or (one.endswith("[x]") and other.startswith(choiceless(one))):
                return True
            near = bare(parent(one)) == bare(other) or bare(one) == bare(parent(other))
            if near and (theirs.kind in {ours.kind, "cardinality"}):
                return True
    return False


def compared(theirs: Sequence[Said], ours: Sequence[Said]) -> Verdict:
    """The two matched. Where the engine fails, nothing of ours is false, and something has to be found."""
    verdict, failed = Verdict(), any(one.kind == FAILED for one in theirs)
    for one in theirs:
        found = bool(ours) if one.kind == FAILED else any(same_element(one, other) for other in ours)
        (verdict.caught if found else verdict.missed).append(one)
    if not failed:
        verdict.false = [other for other in ours if not any(same_element(one, other) for one in theirs)]
    return verdict
