"""What a guide's profiles look up: one another, those of the guides that theirs builds on, codes, types."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from fhir_coaching.checks.codes import Codes
from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.profiles.guides import US_CORE, VERSIONS, Guide, guide
from fhir_coaching.checks.profiles.slicing import Node
from fhir_coaching.checks.profiles.structure import Structure
from fhir_coaching.checks.tables import packed
from fhir_coaching.checks.walk import Walk
from fhir_coaching.fhir.systems import HL7
from fhir_coaching.versions import Json, Version

US_CORE_PACKAGE = "hl7.fhir.us.core"


class Library:
    """A guide with those that it refers to: what is loaded beside it, and US Core in the versions that it names."""

    def __init__(self, own: Guide, others: Sequence[Guide] = ()) -> None:
        self.own = own
        self.compiler = compiler(own.fhir)
        beside = [one for one in others if one is not own and one.fhir is own.fhir]
        self.guides = [own, *sorted(beside, key=lambda one: not _is_named(own, one)), *_shipped(own, beside)]
        self._made: dict[str, Structure] = {}

    def structure(self, url: str) -> Structure | None:
        """A profile by its address, with a version or without."""
        found = self._made.get(url) or self._structure(url)
        if found is not None:  # of what is not here there is any number
            self._made[url] = found
        return found

    def _structure(self, url: str) -> Structure | None:
        found = next(self._tables(url), None)
        if found is None:
            return None
        elements, missing = self._elements(found, ())
        return Structure(found, elements, self, missing=missing)

    def _tables(self, url: str) -> Iterator[Json]:
        bare, _, version = url.partition("|")
        for one in self.guides:
            its = one.profiles.get(bare)
            if its is not None and version in {"", one.version, its.get("version", "")}:
                yield its

    def _elements(self, its: Json, above: tuple[str, ...]) -> tuple[Mapping[str, Json], str]:
        """What a profile asks of each element, with what the one that it builds on does; and that one if it is missing."""
        base = its.get("base")
        name = base.removeprefix(HL7) if base else ""
        if base is None or name in self.compiler.tables or name in self.compiler.resources:
            return its["elements"], ""
        found = next((one for one in self._tables(base) if one["url"] not in above), None)
        if found is None:
            return its["elements"], base
        below, missing = self._elements(found, (*above, its["url"]))
        return merged(below, its["elements"]), missing

    def root(self, url: str) -> Node | None:
        """What a profile asks."""
        found = self.structure(url)
        return found.root if found else None

    def type_of(self, url: str) -> str | None:
        """The type that a profile is of, also of one that is not read."""
        bare = url.partition("|")[0]
        return next((one.types[bare] for one in self.guides if bare in one.types), None)

    def codes(self, url: str) -> Codes | None:
        """The codes of a value set, as far as they are known; None if it is not at hand."""
        known = (one.codes[url] for one in self.guides if url in one.codes)
        return next(known, None) or self.compiler.codes.get(url)

    def conforms(self, value: Any, url: str, walk: Walk) -> bool | None:
        """Whether a resource is as a profile asks; None if that is not at hand."""
        found = self.structure(url)
        if found is None or value.__class__ is not dict:
            return None
        if value.get("resourceType") not in {None, found.type}:
            return False
        return found.conforms(value, f"{found.type}.contained[0]", walk)


@cache
def defined(version: Version) -> tuple[Library, ...]:
    """The extensions that FHIR and this project define."""
    return tuple(Library(Guide(packed(f"{version.name.lower()}-{name}"))) for name in ("extensions", "coaching"))


def merged(below: Mapping[str, Json], own: Mapping[str, Json]) -> dict[str, Json]:
    """A differential on top of what it builds on."""
    found = dict(below)
    for id_, asks in own.items():
        before = found.get(id_, {})
        rules = [*before.get("rules", ()), *asks.get("rules", ())]
        found[id_] = {**before, **asks, **({"rules": rules} if rules else {})}
    return found


def _is_named(own: Guide, other: Guide) -> bool:
    return bool(own.dependencies.get(other.package) == other.version)


def _shipped(own: Guide, beside: Iterable[Guide]) -> list[Guide]:
    """US Core as a guide names it, where it is not loaded beside it."""
    named = {version for package, version in own.dependencies.items() if package.startswith(US_CORE_PACKAGE)}
    loaded = {one.version for one in beside if one.package == US_CORE_PACKAGE}
    return [guide(f"{US_CORE}@{version}") for version in sorted((named & set(VERSIONS)) - loaded, reverse=True)]
