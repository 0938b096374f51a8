"""What `validate` says of one JSON text of a source; in this process, or in several at once."""
# ruff: noqa: PLC0415 - what only records need is imported when there is a record: a resource is checked at once

import io
import re
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from fhir_coaching.checks.engine import check
from fhir_coaching.errors import ERROR, CoachingError, Finding, MappingError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.practice.lines import LINE, Faults, no_object, not_json
from fhir_coaching.report.located import Located, Original, element_steps, spelt, steps
from fhir_coaching.report.positions import Lines, has_doubles
from fhir_coaching.versions import Json, Version

if TYPE_CHECKING:
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Exchange, Mappings

NO_BASE = "https://practice.example/ids"  # stands in where identifiers are made, checked and thrown away

SMALL = 4096  # bytes of a file that is not read yet, for want of a better guess
BATCH = 2**18  # bytes that are examined at a time: enough to be worth sending, few enough to be held
WINDOW = 3  # batches a process that are under way: memory is bounded, and none of them waits

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
    against: bool = False  # whether a server will be asked too: resources are kept for it


@dataclass(frozen=True, slots=True)
class Text:
    """One JSON text of a source: a line, or a whole file (`number` 0)."""

    source: int
    file: str
    name: str
    kind: str
    number: int
    said: bytes

    @property
    def place(self) -> str:
        """What findings begin their places with."""
        return f"{self.name}:{self.number}" if self.number else self.name


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file, each with its end, from line `number` on: who examines them takes them apart."""

    source: int
    file: str
    name: str
    kind: str
    number: int
    said: bytes

    def texts(self) -> Iterator["Text | Seen"]:
        """Each line that is not blank."""
        for number, line in enumerate(io.BytesIO(self.said), self.number):
            place = f"{self.name}:{number}"
            if len(line) > LINE:
                finding = Finding("input", ERROR, f"a line of more than {LINE // 2**20} MiB", place)
                yield Seen(self.source, self.file, place, findings=[Located(finding, self.file, number)])
            elif not line.isspace():
                yield Text(self.source, self.file, self.name, self.kind, number, line)


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


class Whole(Protocol):
    """A small file, which who examines it reads."""

    def texts(self) -> "Iterator[Text | Seen]":
        """Its texts, and what was wrong on the way to them."""


Item = Text | Seen | Whole | Block
Brief = tuple[int, str, str, tuple[str, ...]]  # of a text without findings, which need not travel as an object


def examined_each(items: Iterable[Item], wish: Wish, jobs: int) -> Iterator[Seen]:
    """What is found in each text, in their order, whoever examines it; what was seen already passes through."""
    if jobs == 1:
        for item in items:
            yield from _seen(item, wish)
        return
    from concurrent.futures import Future, ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # else those who help would wait for ever
    try:
        with ProcessPoolExecutor(jobs, initializer=_deaf) as pool:
            waiting = deque[Future[list[Seen | Brief]]]()
            try:
                for batch in _batches(items):
                    waiting.append(pool.submit(partial(_batch, wish=wish), batch))
                    if len(waiting) >= WINDOW * jobs:
                        yield from map(_whole, waiting.popleft().result())
                while waiting:
                    yield from map(_whole, waiting.popleft().result())
            finally:
                pool.shutdown(cancel_futures=True)
    except BrokenProcessPool:
        raise CoachingError("a process that helped was ended from outside", hint="try it with --jobs 1") from None
    finally:
        signal.signal(signal.SIGTERM, before)


def _deaf() -> None:
    """Ctrl-C is for the process that hands out the work: it then sends no more of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch, size = list[Item](), 0
    for item in items:
        batch.append(item)
        size += len(item.said) if isinstance(item, Text | Block) else SMALL
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _batch(items: list[Item], wish: Wish) -> list[Seen | Brief]:
    every = (seen for item in items for seen in _seen(item, wish))
    return [one if one.says else (one.source, one.file, one.place, one.what) for one in every]


def _whole(one: Seen | Brief) -> Seen:
    return one if isinstance(one, Seen) else Seen(*one)


def _seen(item: Item, wish: Wish) -> Iterator[Seen]:
    if isinstance(item, Seen):
        yield item
    elif isinstance(item, Text):
        yield examined(item, wish)
    else:
        for text in item.texts():
            yield examined(text, wish) if isinstance(text, Text) else text


def examined(text: Text, wish: Wish) -> Seen:
    """What is found in one text."""
    seen, first = Seen(text.source, text.file, text.place, ("",)), text.number or 1
    try:
        value = loads(text.said)
    except NotJson as error:
        message, hint, byte = not_json(text.said, str(error))
        lines = Lines(text.said.decode(errors="replace"), first)
        at = lines.at(len(text.said[:byte].decode(errors="replace")))
        finding = Finding("input", ERROR, _BYTE.sub("", message), text.place, hint)
        seen.findings = [Located(finding, text.file, *at)]
        seen.faults = Faults()
        seen.faults.unread.add(text.kind)
        return seen
    original = Original(text.said.decode(), value, text.file, first, text.place, wish.values)
    if not isinstance(value, dict):
        message, hint = no_object(value)
        seen.findings = original.located([(Finding("input", ERROR, message, text.place, hint), ())])
        return seen
    resource = "resourceType" in value
    type_ = value.get("resourceType")
    known = isinstance(type_, str) and _TYPE(type_) is not None
    if resource:
        found = list(_of_resource(value, text.place, wish))
        seen.findings = original.located((one, element_steps(one.element)) for one in found)
        if wish.against and known:
            seen.resources = [(value, found)]
        seen.what = ("", *_entries_of(value))
        if wish.readable:
            seen.entries = _as_entries(value, text.place)
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

    faults = seen.faults or Faults()
    if "kind" not in value and not text.kind:
        hint = "a resource has `resourceType`, a record `kind`"
        yield Finding("input", ERROR, "neither a resource nor a record", text.place, hint), ()
        return
    seen.entries = list(record_entries(value, text.place, text.kind, faults))
    found = [fault.as_finding("input") for fault in faults.kept]
    for entry in seen.entries:
        own = findings(entry)
        found += own
        found += _unsayable(entry, own, wish, seen)
    for one in found:
        within = one.place.removeprefix(text.place).strip()
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
