"""What `validate` says of one JSON text of a source."""
# ruff: noqa: PLC0415 - what only records need is imported when there is a record: a resource is checked at once

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.engine import check
from fhir_coaching.errors import ERROR, Finding, MappingError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.practice.broken import no_object, not_json
from fhir_coaching.practice.lines import Faults
from fhir_coaching.practice.texts import File
from fhir_coaching.report.located import Located, Original, element_steps, spelt, steps
from fhir_coaching.report.positions import Lines, has_doubles
from fhir_coaching.versions import Json, Version

if TYPE_CHECKING:
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Exchange, Mappings

NO_BASE = "https://practice.example/ids"  # stands in where identifiers are made, checked and thrown away

_BYTE = re.compile(r" at byte \d+")
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}").fullmatch


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. It can be sent to another process."""

    version: Version
    kinds: "Callable[[], Mappings]"
    deep: bool = False
    values: bool = False
    readable: bool = False
    profiles: tuple[str, ...] = ()  # guides by name, profiles by address
    guides: tuple[str, ...] = ()  # packages
    each: bool = True  # whether each text is named, whatever is found in it
    against: bool = False  # whether a server will be asked too: resources are kept for it


@dataclass(frozen=True, slots=True)
class Text:
    """One JSON text of a source: a line, or a whole file (`number` 0)."""

    source: int
    file: File
    number: int
    said: bytes

    @property
    def place(self) -> str:
        """What findings begin their places with."""
        return f"{self.file.name}:{self.number}" if self.number else self.file.name


@dataclass(slots=True)
class Seen:
    """What was found in one text, or on the way to it."""

    source: int
    file: str
    place: str
    what: tuple[str, ...] = ()  # each resource or record in it: nothing for the text as a whole, `entry[3]` in a Bundle
    findings: list[Located] = field(default_factory=list)
    entries: "list[Entry]" = field(default_factory=list)
    faults: Faults | None = None  # what is known of records that could not be read
    resources: list[tuple[Json, list[Finding]]] = field(default_factory=list)  # what a server is asked about

    @property
    def says(self) -> bool:
        """Whether there is more to it than that it was seen."""
        return bool(self.findings or self.entries or self.resources) or self.faults is not None


def examined(text: Text, wish: Wish) -> Seen:
    """What is found in one text."""
    place, first = text.place, text.number or 1
    seen = Seen(text.source, text.file.shown, place, ("",))
    try:
        value = loads(text.said)
    except NotJson as error:
        message, hint, byte = not_json(text.said, str(error), line=text.number > 0)
        lines = Lines(text.said.decode(errors="replace"), first)
        at = lines.at(len(text.said[:byte].decode(errors="replace")))
        finding = Finding("input", ERROR, _BYTE.sub("", message), place, hint)
        seen.findings = [Located(finding, text.file.shown, *at)]
        seen.faults = Faults()
        seen.faults.unread.add(text.file.kind)
        return seen
    original = Original(text.said.decode(), value, text.file.shown, first, place, wish.values)
    if not isinstance(value, dict):
        message, hint = no_object(value, line=text.number > 0)
        seen.findings = original.located([(Finding("input", ERROR, message, place, hint), ())])
        return seen
    resource = "resourceType" in value
    type_ = value.get("resourceType")
    known = isinstance(type_, str) and _TYPE(type_) is not None
    if resource:
        found = list(_of_resource(value, place, wish))
        seen.findings = original.located((one, element_steps(one.element)) for one in found)
        if wish.against and known:
            seen.resources = [(value, found)]
        seen.what = ("", *_entries_of(value))
        if wish.readable:
            seen.entries = _as_entries(value, place)
    else:
        seen.faults = Faults()
        seen.findings = original.located(_of_record(value, text, wish, seen))
    if has_doubles(original.text):
        seen.findings += original.doubled(str(type_) if known else "Resource" if resource else "")
        seen.findings.sort(key=lambda one: (one.line, one.column))
    return seen


def _entries_of(value: Json) -> list[str]:
    """The resources in a Bundle, by their places."""
    entries = value.get("entry") if value.get("resourceType") == "Bundle" else None
    each = enumerate(entries) if isinstance(entries, list) else ()
    return [f"entry[{index}]" for index, one in each if isinstance(one, dict) and "resource" in one]


@cache
def checking(wish: Wish) -> Callable[[Any], list[Finding]]:
    """The check of a resource, with the profiles chosen once in each process. Raises SettingsError for one that is unknown."""
    if not wish.profiles and not wish.guides:
        return lambda resource: check(resource, wish.version)
    from fhir_coaching.checks.profiles.guides import chosen, opened

    profiles = chosen(wish.profiles, tuple(map(opened, wish.guides)), wish.version)
    return lambda resource: check(resource, wish.version, profiles)


def _of_resource(resource: Json, place: str, wish: Wish) -> Iterator[Finding]:
    """What is wrong with one resource."""
    for one in checking(wish)(resource):
        yield Finding(one.rule, one.severity, one.message, place, one.hint, one.element)
    if wish.deep:
        from fhir_coaching.fhir.gate import structure_faults

        for fault in structure_faults(resource, wish.version):
            at = spelt((fault.element.partition(".")[0], *element_steps(fault.element)))  # its names may be anything
            yield Finding("structure", ERROR, fault.message, place, fault.hint, at)


@cache
def exchange_of(wish: Wish) -> "Exchange":
    """The mappings, bound once."""
    from fhir_coaching.fhir.names import PracticeNames
    from fhir_coaching.practice.exchange import Exchange

    return Exchange(wish.kinds(), wish.version, PracticeNames(NO_BASE))


def _of_record(value: Json, text: Text, wish: Wish, seen: Seen) -> Iterator[tuple[Finding, Any]]:
    """What is wrong with one record, each with its path in the line."""
    from fhir_coaching.practice.entries import record_entries
    from fhir_coaching.practice.findings import findings

    faults, place = seen.faults or Faults(), text.place
    if "kind" not in value and not text.file.kind:
        hint = "a resource has `resourceType`, a record `kind`"
        yield Finding("input", ERROR, "neither a resource nor a record", place, hint), ()
        return
    seen.entries = list(record_entries(value, place, text.file.kind, faults))
    found = [fault.as_finding("input") for fault in faults.kept]
    for entry in seen.entries:
        own = findings(entry)
        found += own
        found += _unsayable(entry, own, wish, seen)
    for one in found:
        within = one.place.removeprefix(place).strip()
        of_made = one.element and not within  # of a resource made from it, which stands nowhere
        yield one, None if of_made else steps(within)


def _unsayable(entry: "Entry", own: Sequence[Finding], wish: Wish, seen: Seen) -> Iterator[Finding]:
    """What keeps one record from being sent: in the mapping, or in what it would be; not again what is `own` to its fields."""
    from fhir_coaching.checks.fields import field_at

    exchange = exchange_of(wish)
    if entry.record is None or not exchange.travels(entry.kind, entry.record):
        return
    try:
        made = exchange.parts(entry.record, place=entry.place)
    except MappingError as error:
        yield from (fault.as_finding("mapping") for fault in error.faults)
        return
    said = [one.place for one in own if one.severity == ERROR and one.place != entry.place]
    for part, resource in made.items():
        every, lens = list(_of_resource(resource, entry.place, wish)), exchange.lenses[entry.kind].lenses[part]
        for one in every:
            if one.severity != ERROR:  # a warning is about how it is said, which is ours
                continue
            place = f"{entry.place} {field_at(lens, resource, one.element)}".strip()
            if not any(is_within(place, other) or is_within(other, place) for other in said):
                yield replace(one, place=place)
        if wish.against:
            seen.resources.append((resource, every))


def is_within(place: str, around: str) -> bool:
    """Whether a field is another one or stands in it: `targets[0].due` in `targets[0]`, but not `state_reason` in `state`."""
    return place == around or place.startswith((f"{around}.", f"{around}["))


def _as_entries(value: Json, place: str) -> "list[Entry]":
    """The resources of a text as the mappings read them; what the checks say anyway is not said again."""
    from fhir_coaching.practice.entries import Entry, bundled

    if value["resourceType"] == "Bundle":
        return list(bundled(value.get("entry", []), place, Faults()))
    return [Entry(place, resource=value)] if isinstance(value["resourceType"], str) else []
