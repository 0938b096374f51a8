"""What one check of one resource knows and has found, and how its sentences are spelt."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhir_coaching.checks.context import Context
from fhir_coaching.checks.formats import word
from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding
from fhir_coaching.versions import Json, Version

# A path grows with every step down, so this bounds how deep a check goes. Real paths are shorter than 300.
FURTHEST = 1000

# Of a hint: the letters of a name that say which one was meant, and the names it lists.
TELLING, MOST = 3, 6

_NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}").fullmatch


class Walk:
    """One way through a resource: the problems, and what references and constraints look up on it."""

    __slots__ = (
        "_entries",
        "_holders",
        "asked",
        "bundle",
        "contained_ids",
        "extensions",
        "ids",
        "judged",
        "out",
        "scope",
        "settled",
        "systems",
        "version",
        "vitals",
    )

    def __init__(self, version: Version, resource: Any) -> None:
        self.version = version
        self.out: list[Finding] = []
        name = resource.get("resourceType") if resource.__class__ is dict else None
        self.scope = Context(version, resource, resource, name if name.__class__ is str else "")
        self.extensions: list[
            tuple[Json, str, Context]
        ] = []  # each with its path and its surroundings, inner ones first
        self.asked: set[tuple[int, int]] = set()  # profiles with the values that they were asked of, by identity
        self.judged: dict[tuple[int, int], bool] = {}  # whether those are as is asked, where that alone is wanted
        self.settled: set[str] = set()  # elements with a code that a profile asks for
        self.systems: Mapping[str, frozenset[str]] = {}  # the codes of code systems that guides have
        self.vitals: list[tuple[str, Json, str, Context]] = []  # Observations with the profile that their code brings
        self.ids: set[str] = set()  # of elements
        self.contained_ids: set[str] = set()
        self.bundle: Json | None = None
        if name == "Bundle":
            self.bundle = resource
        self._entries: dict[str, str] | None = None
        self._holders: tuple[Any, dict[str, str]] | None = None

    def say(self, severity: str, rule: str, at: str, message: str, hint: str = "") -> None:
        """Something of a severity that a table knows."""
        self.out.append(Finding(rule, severity, message, hint=hint, element=at))

    def error(self, rule: str, at: str, message: str, hint: str = "") -> None:
        """Something is wrong."""
        self.say(ERROR, rule, at, message, hint)

    def warn(self, rule: str, at: str, message: str, hint: str = "") -> None:
        """Something is not as it should be."""
        self.say(WARNING, rule, at, message, hint)

    def tell(self, rule: str, at: str, message: str) -> None:
        """Something that is worth knowing."""
        self.out.append(Finding(rule, INFORMATION, message, element=at))

    def shape(self, at: str, expected: str, value: Any, hint: str = "") -> None:
        """Another JSON type than what FHIR has here."""
        self.error("type", at, f"expected {expected}, found {word(value)}", hint)

    def unknown(self, at: str, key: Any, owner: str, known: Iterable[str]) -> None:
        """An element that FHIR does not have here. What is no name at all is not repeated: it could be anything."""
        if key.__class__ is not str or not _NAME(key):
            meant = _near(_joined(key), known) if key.__class__ is str else ""
            self.error("unknown", at, f"{owner} has an element whose name is no name of FHIR's", meant)
            return
        self.error("unknown", f"{at}.{key}", f"{owner} has no element of this name", _near(key, known))

    def contained(self, reference: str) -> str | None:
        """The type of the contained resource behind `#id`, if it is there."""
        root = self.scope.root
        if self._holders is None or self._holders[0] is not root:
            inside = root.get("contained") if root.__class__ is dict else None
            self._holders = root, dict(_typed((one, "id", one) for one in _objects(inside)))
        return self._holders[1].get(reference[1:])

    def behind(self, url: str) -> str | None:
        """The type of the resource with this fullUrl, if it is in the Bundle."""
        if self._entries is None:
            entries = _objects(self.bundle.get("entry")) if self.bundle else ()
            self._entries = dict(_typed((one, "fullUrl", one.get("resource")) for one in entries))
        return self._entries.get(url)


def _objects(values: Any) -> Iterator[Json]:
    return (one for one in (values if values.__class__ is list else ()) if one.__class__ is dict)


def _typed(found: Iterable[tuple[Json, str, Any]]) -> Iterator[tuple[str, str]]:
    """What resources are called, and their types."""
    for holder, key, resource in found:
        name, type_ = holder.get(key), resource.get("resourceType") if resource.__class__ is dict else None
        if name.__class__ is str and type_.__class__ is str:
            yield str(name), str(type_)


def _joined(key: str) -> str:
    """A name that is spelt with underscores or hyphens as FHIR would; nothing of what is no name at all."""
    bare = "".join(re.split("[-_ ]", key))
    return bare if _NAME(bare) else ""


def _near(key: str, known: Iterable[str]) -> str:
    """The element that was probably meant: spelt alike, or a choice without its type."""
    alike = [one for one in known if one.casefold() == key.casefold()]
    if not alike:
        stem = key.lstrip("_").rstrip("s")
        alike = [one for one in known if one.startswith(stem)] if len(stem) >= TELLING else []
    return f"perhaps {' or '.join(alike[:MOST])}" if alike else ""
