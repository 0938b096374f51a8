"""Implementation guides: what their profiles ask, from the tables that are shipped here or from a package of the user's.

`tools/us_core.py` makes the tables of US Core with what reads a package here; their content is CC0.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.codes import Codes
from fhir_coaching.checks.profiles import archives, snapshots
from fhir_coaching.checks.profiles.expansion import Expansion, walk
from fhir_coaching.checks.tables import packed, table, terms
from fhir_coaching.errors import SettingsError
from fhir_coaching.versions import R4, R5, Json, Version

if TYPE_CHECKING:
    from fhir_coaching.checks.engine import Profile

US_CORE = "us-core"
VERSIONS = ("3.1.1", "4.0.0", "5.0.1", "6.1.0", "7.0.0", "8.0.0")
RELEASES = {"4.0": R4, "5.0": R5}
HL7_SETS = "http://hl7.org/fhir/ValueSet/"  # what of them can be counted out is known
NATIVE = {"ele-1", "ext-1"}


class Guide:
    """A guide's profiles and the codes that they refer to."""

    def __init__(self, content: Json, unread: Iterable[str] = ()) -> None:
        self.package, _, self.version = content["source"].partition("#")  # hl7.fhir.us.core, 6.1.0
        self.fhir = Version[content["fhir"]]
        self.canonical: str = content["canonical"]
        self.dependencies: Mapping[str, str] = content["dependencies"]
        self.profiles: Mapping[str, Json] = {one["url"]: one for one in content["profiles"]}
        self.types: Mapping[str, str] = content["types"]  # of every profile, also of those that are not read
        self.codes: Mapping[str, Codes] = content["codes"]  # of value sets
        self.systems = {url: frozenset(codes) for url, codes in content["systems"].items()}
        self.unread = tuple(unread)  # what of the package could not be read, and why

    @property
    def name(self) -> str:
        """What it is called here: the last two words of its package's name, `us-core`."""
        return "-".join(self.package.split(".")[-2:])

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @cached_property
    def constraints(self) -> Mapping[str, tuple[str, str]]:
        """The guide's own constraints: how grave each is, and its expression."""
        rules = (
            one for its in self.profiles.values() for asks in its["elements"].values() for one in asks.get("rules", ())
        )
        return {key: (severity, expression) for key, severity, expression in rules}

    @cached_property
    def by_type(self) -> Mapping[str, tuple[str, ...]]:
        """The addresses of the profiles of each type that may be asked by themselves."""
        found: dict[str, tuple[str, ...]] = {}
        for url, type_ in self.types.items():
            if not self.profiles.get(url, {}).get("abstract"):
                found[type_] = (*found.get(type_, ()), url)
        return found


@cache
def guide(name: str) -> Guide:
    """A guide whose tables are shipped, `us-core@6.1.0`. Raises SettingsError if there is none."""
    called, _, version = name.partition("@")
    if called != US_CORE or version not in VERSIONS:
        raise SettingsError("no guide of this name is at hand", hint=f"known: {', '.join(shipped())}")
    return Guide(packed(f"{called}-{version}"))


def shipped() -> tuple[str, ...]:
    """The names of the guides whose tables are shipped."""
    return tuple(f"{US_CORE}@{version}" for version in VERSIONS)


def opened(path: str | Path) -> Guide:
    """The guide in an official package, a `.tgz` with snapshots or differentials.

    Raises SettingsError if it is no package, or one of a version of FHIR that is not known here.
    """
    try:
        its = Path(path).stat()
    except (OSError, ValueError):
        its = None
    return _opened(str(path), *((its.st_mtime_ns, its.st_size) if its else (0, 0)))


def chosen(names: Sequence[str], guides: Sequence[Guide] = (), version: Version | None = None) -> "tuple[Profile, ...]":
    """What `check` takes as its profiles: guides by name, `us-core@6.1.0`, and profiles by address.

    A guide's name stands for all of it; without any name, all `guides` do. Raises SettingsError where a name is unknown or of
    another version of FHIR than the others, or than `version`.
    """
    if not names and not guides:
        return ()
    from fhir_coaching.checks.profiles.selection import selected  # noqa: PLC0415 - which looks up guides here

    return selected(tuple(names), tuple(guides), version)


@lru_cache(maxsize=8)  # a guide named in each of many calls is read once
def _opened(path: str, _changed: int, _size: int) -> Guide:
    content, unread = read(archives.package(path))
    return Guide(content, unread)


def read(package: archives.Package) -> tuple[Json, list[str]]:
    """The tables of a package, and what of it could not be read."""
    version = _release(package.about)
    types, codes = table(version)["types"], table(version)["codes"]
    expansion = Expansion(package.resources, terms(version)["sets"] | codes, terms(version)["systems"])
    unread = list(package.unread)

    def known(url: str) -> bool:
        """Whether codes of a value set, or its systems, are known, or may be to a guide beside this one."""
        elsewhere = not (url in expansion.sets or url.startswith(HL7_SETS))
        return url in codes or elsewhere or _content(expansion, url) is not None

    profiles, of_types = [], {}
    for definition in filter(snapshots.reads, package.resources):
        of_types[definition["url"]] = definition["type"]
        if definition["type"] not in types:
            unread.append(f"a profile of {_word(definition['type'])}, which is not checked here")
            continue
        try:
            profiles.append(snapshots.asked(definition, types, known, _base_rules(version)))
        except Exception:  # noqa: BLE001 - whatever stands there instead of a definition
            unread.append("a profile that is not as a StructureDefinition is")
    used = {asks["binding"][1] for one in profiles for asks in one["elements"].values() if "binding" in asks}
    used |= {asks["most"] for one in profiles for asks in one["elements"].values() if "most" in asks}
    about = package.about
    dependencies = about.get("dependencies")
    return {
        "source": f"{package.name}#{package.version}",
        "licence": str(about.get("license", "")),
        "fhir": version.name,
        "canonical": str(about.get("canonical") or _canonical(of_types)),
        "dependencies": {str(k): str(v) for k, v in dependencies.items()} if dependencies.__class__ is dict else {},
        "profiles": sorted(profiles, key=lambda one: str(one["url"])),
        "types": of_types,
        "systems": systems(package.resources),
        "codes": {url: its for url in sorted(used - codes.keys()) if (its := _content(expansion, url)) is not None},
    }, unread


def systems(resources: Iterable[Json]) -> dict[str, list[str]]:
    """The codes of the code systems that are there as a whole."""
    found = {}
    for one in resources:
        if one.get("resourceType") == "CodeSystem" and one.get("content") == "complete" and "concept" in one:
            try:
                found[str(one["url"])] = sorted({concept["code"] for concept, _ in walk(one["concept"], ())})
            except Exception:  # noqa: BLE001, S112 - whatever stands there instead of concepts
                continue
    return found


def _release(about: Json) -> Version:
    """The version of FHIR that a package is for. Raises SettingsError if it is not known here."""
    said = about.get("fhirVersions") or about.get("fhir-version-list")
    for one in said if said.__class__ is list else ():
        if (known := RELEASES.get(str(one)[:3])) is not None:
            return known
    raise SettingsError("the package is for another version of FHIR", hint="known: 4.0 (R4), 5.0 (R5)")


def _content(expansion: Expansion, url: str) -> Codes | None:
    try:
        found = expansion.content(url)
    except Exception:  # noqa: BLE001 - whatever stands there instead of a value set
        return None
    return {system: None if its is None else sorted(its) for system, its in sorted(found.items())} if found else None


def _word(type_: str) -> str:
    return type_ if type_.isalnum() and type_.isascii() and len(type_) <= archives.LONGEST else "a strange type"


def _canonical(urls: Iterable[str]) -> str:
    """What the addresses of a guide begin with, where its package does not say."""
    beginnings = {url.partition("/StructureDefinition/")[0] for url in urls}
    return beginnings.pop() if len(beginnings) == 1 else ""


@cache
def _base_rules(version: Version) -> frozenset[str]:
    """The keys of the specification's own constraints."""
    return frozenset(NATIVE | set(_rules(table(version)["types"])))


def _rules(types: Mapping[str, Any]) -> Iterator[str]:
    for its in types.values():
        yield from its["rules"]
        for element in its["elements"].values():
            yield from element.get("rules", ())
