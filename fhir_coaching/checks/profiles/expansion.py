"""Which codes a value set holds, where its definition and the code systems at hand count them out.

https://hl7.org/fhir/R4/valueset.html#compose
"""

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
Codes = dict[str, set[str]]


class Uncountable(Exception):
    """The value set is open: its system is not at hand, not complete, or filtered in a way that is not known here."""


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
        self._counted: dict[str, Codes] = {}  # a value set that many others hold is counted once

    def codes(self, url: str) -> Codes | None:
        """The codes of a value set for each code system, or None if they cannot be counted out."""
        try:
            found = self._codes(url, ())
        except Uncountable:
            return None
        return found if any(found.values()) else None

    def _codes(self, url: str, within: tuple[str, ...]) -> Codes:
        url = url.split("|", maxsplit=1)[0]
        if url not in self._counted:
            known = self.known_sets.get(url) if url not in self.sets else None
            found = (
                self._composed(url, within) if known is None else {system: set(its) for system, its in known.items()}
            )
            self._counted[url] = found
        return {system: set(codes) for system, codes in self._counted[url].items()}

    def _composed(self, url: str, within: tuple[str, ...]) -> Codes:
        if url in within or url not in self.sets or "compose" not in self.sets[url]:
            raise Uncountable
        compose = self.sets[url]["compose"]
        found: Codes = {}
        for part in compose["include"]:
            for system, codes in self._part(part, (*within, url)).items():
                found.setdefault(system, set()).update(codes)
        for part in compose.get("exclude", ()):
            for system, codes in self._part(part, (*within, url)).items():
                found.get(system, set()).difference_update(codes)
        return {system: codes for system, codes in found.items() if codes}

    def _part(self, part: Json, within: tuple[str, ...]) -> Codes:
        """What an include or an exclude names: in its system and in all its value sets."""
        found: Codes | None = None
        if "system" in part:
            found = {part["system"]: self._of_system(part)}
        for url in part.get("valueSet", ()):
            its = self._codes(url, within)
            found = its if found is None else {s: c & its[s] for s, c in found.items() if s in its}
        return found or {}

    def _of_system(self, part: Json) -> set[str]:
        if "concept" in part:
            return {one["code"] for one in part["concept"]}
        system = self.systems.get(part["system"], {})
        if not system and "filter" not in part and part["system"] in self.known_systems:
            return set(self.known_systems[part["system"]])
        if system.get("content") != "complete" or "concept" not in system:
            raise Uncountable
        concepts = list(walk(system["concept"], ()))
        codes = {concept["code"] for concept, _ in concepts}
        for rule in part.get("filter", ()):
            codes &= self._filtered(concepts, rule)
        return codes

    @staticmethod
    def _filtered(concepts: list[tuple[Json, tuple[str, ...]]], rule: Json) -> set[str]:
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
                return {
                    concept["code"]
                    for concept, _ in concepts
                    for one in concept.get("property", ())
                    if one["code"] == property_ and rule["value"] in {str(v) for k, v in one.items() if k != "code"}
                }
        raise Uncountable


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
