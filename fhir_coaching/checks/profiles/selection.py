"""Which profiles a resource is held to: those that were named, those of its type in a guide, and those that it claims."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.profiles.extensions import Extensions
from fhir_coaching.checks.profiles.guides import Guide, guide, shipped
from fhir_coaching.checks.profiles.library import Library, defined
from fhir_coaching.checks.profiles.structure import Structure
from fhir_coaching.checks.walk import MOST, Walk
from fhir_coaching.errors import INFORMATION, SettingsError
from fhir_coaching.fhir.systems import HL7
from fhir_coaching.versions import Json, Version


class Chosen:
    """Guides as wholes, and single profiles. Each is asked of every resource that it is for."""

    def __init__(
        self,
        guides: tuple[Guide, ...],
        wholes: Sequence[Library],
        named: Sequence[Structure],
        others: Sequence[Library],
    ) -> None:
        self.guides = guides  # of which something is asked
        self.version = guides[0].fhir
        self.wholes, self.named = wholes, named
        self.libraries = [*wholes, *others]
        self.compiler = compiler(self.version)
        self.own = tuple(f"{library.own.canonical}/" for library in self.libraries if library.own.canonical)
        self.systems: Mapping[str, frozenset[str]] = {
            url: its for library in self.libraries for url, its in library.own.systems.items()
        }
        self.extensions = Extensions(self.compiler, [*self.libraries, *defined(self.version)])

    def check(self, resource: Any, walk: Walk) -> None:
        """Everything in which a resource, and each in it if it is a Bundle, is not as is asked."""
        if resource.__class__ is not dict:
            return
        self._one(resource, _name(resource), walk)
        entries = resource.get("entry") if resource.get("resourceType") == "Bundle" else None
        for index, entry in enumerate(entries if entries.__class__ is list else ()):
            inner = entry.get("resource") if entry.__class__ is dict else None
            if inner.__class__ is dict:
                self._one(inner, f"Bundle.entry[{index}].resource", walk)
        self.extensions.check(walk)

    def _one(self, resource: Json, at: str, walk: Walk) -> None:
        name = resource.get("resourceType")
        if name.__class__ is not str or name not in self.compiler.resources:
            return  # which the base says; and what is no type is not repeated in a path
        around, walk.scope = walk.scope, Context(walk.version, resource, resource, at)
        for structure in self._profiles(resource, at, walk):
            structure.check(resource, at, walk)
        inside = resource.get("contained")
        for index, inner in enumerate(inside if inside.__class__ is list else ()):
            if inner.__class__ is dict:
                here = f"{at}.contained[{index}]"
                for structure in self._claimed(inner, here, walk):
                    structure.check(inner, here, walk)
        walk.scope = around

    def _profiles(self, resource: Json, at: str, walk: Walk) -> list[Structure]:
        type_ = _name(resource)
        found = {id(one): one for one in self.named if one.type == type_}
        claimed = list(self._claimed(resource, at, walk))
        for library in self.wholes:
            urls = library.own.by_type.get(type_, ())
            known = [one for url in urls if (one := library.structure(url)) is not None]
            if len(urls) == 1 == len(known):
                found[id(known[0])] = known[0]
            elif not urls:
                walk.tell("no-profile", at, f"{library.own} has no profile of this type")
            elif not known:
                walk.tell("no-profile", at, f"{library.own} has no profile of this type that is checked here")
            elif not any(one.library is library and one.type == type_ for one in claimed):
                says = f"{library.own} has {len(urls)} profiles of this type, and none is named"
                walk.say(INFORMATION, "no-profile", at, says, _listed([one.url for one in known]))
        if self.named and not self.wholes and not found and not claimed:
            walk.tell("no-profile", at, "none of the profiles that are named is of this type")
        return list((found | {id(one): one for one in claimed}).values())

    def _claimed(self, resource: Json, at: str, walk: Walk) -> Iterator[Structure]:
        """The profiles that a resource says it has (meta.profile)."""
        meta = resource.get("meta")
        urls = meta.get("profile") if meta.__class__ is dict else None
        for index, url in enumerate(urls if urls.__class__ is list else ()):
            if url.__class__ is not str:
                continue
            here, resources = f"{at}.meta.profile[{index}]", self.compiler.resources
            name = _name(resource)
            found = [one for library in self.libraries if (one := library.structure(url)) is not None]
            found += [one for library in defined(self.version) if (one := library.structure(url)) is not None]
            types = {one.type for one in found} or {url.partition("|")[0].removeprefix(HL7)} & resources
            yield from (one for one in found if one.type == name)
            if types and name in resources - types:
                walk.error("profile", here, "a profile of another type of resource")
            elif not types and any(library.structure(url.partition("|")[0]) for library in self.libraries):
                walk.tell("not-evaluated", here, "another version of this profile is at hand, not this one")
            elif not types and url.startswith(self.own):
                walk.error("profile", here, "the guide that should have this profile does not have it")
            elif not types:
                walk.tell("not-evaluated", here, "this profile is in no guide at hand")


def _name(resource: Json) -> str:
    name = resource.get("resourceType")
    return name if name.__class__ is str else "Resource"


@lru_cache(maxsize=32)  # guides are compared by identity; a library call with the same names is made again and again
def selected(names: tuple[str, ...], guides: tuple[Guide, ...], version: Version | None) -> tuple[Chosen, ...]:
    """What `guides.chosen` answers."""
    wholes: list[Guide] = [] if names else list(guides)
    single: list[tuple[Guide, str]] = []
    for name in names:
        if ":" in name:
            single.append((_holder(name, guides), name))
        else:
            wholes.append(_whole(name, guides))
    every = dict.fromkeys([*wholes, *(one for one, _ in single), *guides])
    libraries = {one: Library(one, tuple(every)) for one in every}
    releases = {one.fhir for one in every} | ({version} if version else set())
    if len(releases) > 1:
        one = next(iter(every))
        raise SettingsError(
            "guides and resources are of different versions of FHIR", hint=f"{one} is of {one.fhir.name}"
        )
    asked = [*wholes, *(one for one, _ in single)]
    named = [found for one, url in single if (found := libraries[one].structure(url)) is not None]
    rest = [library for one, library in libraries.items() if one not in wholes]
    return (Chosen(tuple(dict.fromkeys(asked)), [libraries[one] for one in dict.fromkeys(wholes)], named, rest),)


def _whole(name: str, guides: Sequence[Guide]) -> Guide:
    called, _, version = name.partition("@")
    fitting = [one for one in guides if called in {one.name, one.package} and version in {"", one.version}]
    if fitting:
        return fitting[0]
    if name in shipped():
        return guide(name)
    if found := [one for one in _known(guides) if one.partition("@")[0] == called]:
        what = f"{called} has no version {version}" if version else f"which version of {called}?"
        raise SettingsError(what, hint=f"known: {', '.join(found)}")
    every = (url for one in _at_hand(guides) for url in one.types if url.rpartition("/")[2] == called)
    if urls := [*dict.fromkeys(every)]:
        raise SettingsError(
            f"{name} is no guide", hint=f"a profile is named by its address: {' or '.join(urls[:MOST])}"
        )
    raise SettingsError(f"no guide is called {name}", hint=f"known: {', '.join(_known(guides))}")


def _holder(url: str, guides: Sequence[Guide]) -> Guide:
    """The guide that has a profile: one that is loaded, else the newest of those that are shipped."""
    bare, _, version = url.partition("|")
    for one in _at_hand(guides):
        its = one.profiles.get(bare)
        if its is not None and version in {"", one.version, its.get("version", "")}:
            return one
        if bare in one.types and version in {"", one.version}:
            raise SettingsError(f"{url} is of a type that is not checked here", hint=f"it is of {one.types[bare]}")
    raise SettingsError(f"no profile has the address {url}", hint=f"guides at hand: {', '.join(_known(guides))}")


def _at_hand(guides: Sequence[Guide]) -> Iterator[Guide]:
    """Those that are loaded, then those that are shipped, the newest first, each read when it comes to it."""
    yield from guides
    yield from map(guide, reversed(shipped()))


def _listed(urls: Sequence[str]) -> str:
    """Addresses to choose from; where they stand is said once if it is one place."""
    starts = {url.rpartition("/")[0] for url in urls}
    start = f"{starts.pop()}/" if len(starts) == 1 else ""
    names, more = [url.removeprefix(start) for url in urls], len(urls) - MOST
    said = ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")
    return f"name one of {start}: {said}" if start else f"name one of {said}"


def _known(guides: Sequence[Guide]) -> list[str]:
    return [*dict.fromkeys((*(f"{one.name}@{one.version}" for one in guides), *shipped()))]
