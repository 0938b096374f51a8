"""Which codes a value set holds, where its definition and the code systems at hand count them out.

https://hl7.org/fhir/R4/valueset.html#compose
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Codes = dict[str, set[str]]
# By code system, of each that is drawn on; None where its codes cannot be counted out.
Content = dict[str, set[str] | None]


class Unknown(Exception):
    """Not even the systems that a value set draws on are known: it is not at hand, or holds one that is not."""


class Expansion:
    """The value sets and code systems of some packages, by URL; with others that are counted out already."""

    def __init__(
        self,
        resources: list[Json],
        sets: Mapping[str, Mapping[str, list[str]]] | None = None,
        systems: Mapping[str, list[str]] | None = None,
    ) -> None:
        def by_url(kind: str) -> dict[str, Json]:
            # The first one wins: a version's own package stands before those that it builds on.
            return {one["url"]: one for one in reversed(resources) if one.get("resourceType") == kind and "url" in one}

        self.sets, self.systems = by_url("ValueSet"), by_url("CodeSystem")
        self.known_sets, self.known_systems = sets or {}, systems or {}
        self._found: dict[str, Content | None] = {}  # a value set that many others hold is counted once

    def codes(self, url: str) -> Codes | None:
        """The codes of a value set for each code system, or None if they cannot be counted out, all of them."""
        found = self.content(url) or {}
        counted = {system: codes for system, codes in found.items() if codes is not None}
        return counted if counted and len(counted) == len(found) else None

    def content(self, url: str) -> Content | None:
        """The same as far as it is known: an open system has no codes here. None if nothing is, or nothing is in it."""
        try:
            return self._content(url, ()) or None
        except Unknown:
            return None

    def _content(self, url: str, within: tuple[str, ...]) -> Content:
        url = _bare(url)
        if url not in self._found:
            known = self.known_sets.get(url) if url not in self.sets else None
            try:
                self._found[url] = (
                    self._composed(url, within)
                    if known is None
                    else {system: set(its) for system, its in known.items()}
                )
            except Unknown:
                self._found[url] = None
        if (found := self._found[url]) is None:
            raise Unknown
        return found

    def _composed(self, url: str, within: tuple[str, ...]) -> Content:
        if url in within or url not in self.sets or "compose" not in self.sets[url]:
            raise Unknown
        compose, within = self.sets[url]["compose"], (*within, url)
        found: Content = {}
        for part in compose["include"]:
            for system, codes in self._part(part, within).items():
                found[system] = _all(found.get(system, set()), codes)
        for part in compose.get("exclude", ()):
            try:
                without = self._part(part, within)
            except Unknown:  # it may leave out any
                without = dict.fromkeys(found)
            found = {system: _less(codes, without.get(system, set())) for system, codes in found.items()}
        return {system: codes for system, codes in found.items() if codes != set()}

    def _part(self, part: Json, within: tuple[str, ...]) -> Content:
        """What an include or an exclude names: in its system and in all its value sets."""
        known: list[Content] = [{_bare(part["system"]): self._of_system(part)}] if "system" in part else []
        unknown = False
        for url in part.get("valueSet", ()):
            try:
                known.append(self._content(url, within))
            except Unknown:
                unknown = True
        if not known:
            raise Unknown
        found, *others = known
        for other in others:
            found = {system: _common(codes, other[system]) for system, codes in found.items() if system in other}
        # Of what is in a value set that is not at hand too, no more than the systems are known.
        return dict.fromkeys(found) if unknown else found

    def _of_system(self, part: Json) -> set[str] | None:
        if "concept" in part:
            return {one["code"] for one in part["concept"]}
        url = _bare(part["system"])
        system = self.systems.get(url, {})
        if not system and "filter" not in part and url in self.known_systems:
            return set(self.known_systems[url])
        if system.get("content") != "complete" or "concept" not in system:
            return None
        concepts = list(walk(system["concept"], ()))
        codes: set[str] | None = {concept["code"] for concept, _ in concepts}
        for rule in part.get("filter", ()):
            codes = _common(codes, self._filtered(concepts, rule))
        return codes

    @staticmethod
    def _filtered(concepts: list[tuple[Json, tuple[str, ...]]], rule: Json) -> set[str] | None:
        above: dict[str, set[str]] = {}
        for concept, parents in concepts:
            above.setdefault(concept["code"], set()).update(parents)
            # A concept may stand under several others, which only its properties say.
            above[concept["code"]].update(
                one["valueCode"]
                for one in concept.get("property", ())
                if one["code"] in {"subsumedBy", "parent"} and "valueCode" in one
            )
        match rule["property"], rule["op"]:
            case "concept", "is-a" | "descendent-of":
                return {
                    code
                    for code in above
                    if rule["value"] in ancestors(code, above) or (rule["op"] == "is-a" and code == rule["value"])
                }
            case property_, "=":
                # None that has it means that it is there in another way than is known here, such as by what goes without saying.
                return {
                    concept["code"]
                    for concept, _ in concepts
                    for one in concept.get("property", ())
                    if one["code"] == property_ and rule["value"] in {str(v) for k, v in one.items() if k != "code"}
                } or None
        return None


def _bare(url: str) -> str:
    """An address without the version that it names."""
    return url.split("|", maxsplit=1)[0]


def _all(codes: set[str] | None, others: set[str] | None) -> set[str] | None:
    return None if codes is None or others is None else codes | others


def _common(codes: set[str] | None, others: set[str] | None) -> set[str] | None:
    return None if codes is None or others is None else codes & others


def _less(codes: set[str] | None, others: set[str] | None) -> set[str] | None:
    return None if codes is None or others is None else codes - others


def walk(concepts: list[Json], parents: tuple[str, ...]) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Every concept with those it stands under."""
    for concept in concepts:
        yield concept, parents
        yield from walk(concept.get("concept", []), (*parents, concept["code"]))


def ancestors(code: str, above: dict[str, set[str]]) -> set[str]:
    """All above a code."""
    found: set[str] = set()
    level = {code}
    while level:
        level = {parent for one in level for parent in above.get(one, ())} - found
        found |= level
    return found
