"""What holds between the records of one source, and what its resources say to the mappings."""
# ruff: noqa: PLC0415 - a file of resources needs nothing that knows records

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.tables import json_key, table
from fhir_coaching.commands.examining import NO_BASE, Seen, Wish
from fhir_coaching.commands.inputs import Input
from fhir_coaching.errors import ERROR, Fault, Finding, MappingError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.practice.lines import Faults, Stopped, failures
from fhir_coaching.practice.texts import File, reading, texts_of
from fhir_coaching.report.located import Located, Original, element_steps, steps
from fhir_coaching.report.positions import Path, Step
from fhir_coaching.versions import Version

if TYPE_CHECKING:
    from fhir_coaching.practice.across import Across
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.source import Links

_ENTRY = re.compile(r"(entry\[\d+\])(?:\.resource)?(?: |$)")


class Between:
    """What is amiss between the records of one source, and what its resources say to the mappings."""

    def __init__(self, of: Input, wish: Wish) -> None:
        self._input, self._wish = of, wish
        self._links: Links | None = None
        self._across: Across | None = None
        self._resources = list["Entry"]()

    def take(self, seen: Seen) -> None:
        """Take note of what stands in one text."""
        faults = self._input.faults
        if seen.faults is not None:
            faults.broken |= seen.faults.broken
            faults.unread |= seen.faults.unread
        for entry in seen.entries:
            if entry.resource is not None:
                self._resources.append(entry)
                continue
            if self._links is None or self._across is None:
                self._begin()
            if self._links is not None and self._across is not None and self._links.take(entry, faults):
                self._across.add(entry)

    def _begin(self) -> None:
        from fhir_coaching.practice.across import Across
        from fhir_coaching.practice.source import Links

        self._links = self._input.links() if self._input.links is not None else Links()
        self._across = Across()

    def report(self) -> list[Located]:
        """All of it, in the order of files and lines."""
        faults = self._input.faults
        if self._links is not None:
            self._links.report(faults)
        found = [fault.as_finding("input") for fault in faults.kept]
        if faults.more:
            found.append(Finding("input", ERROR, f"and {faults.more:,} more between the records"))
        if self._across is not None:
            found += self._across.report()
        return _located(found + self._unread(), self._input.files, wish=self._wish) if found or self._resources else []

    def _unread(self) -> list[Finding]:
        """What the mappings cannot read of resources."""
        if not self._resources:
            return []
        from fhir_coaching.commands.sources import bases_in, exchange_for
        from fhir_coaching.practice.reading import Foreign, from_fhir

        kinds = self._wish.kinds()
        seen, entries = bases_in(kinds, self._resources)
        exchange = exchange_for(kinds, self._wish.version.name, self._input.base or next(iter(seen), NO_BASE))
        foreign, faults = Foreign(), list[Fault]()
        try:
            for _ in from_fhir(exchange, entries, foreign=foreign):
                pass
        except MappingError as error:
            faults += error.faults
        return [*(fault.as_finding("mapping") for fault in (*faults, *foreign.faults)), *foreign.findings()]


def _located(findings: Iterable[Finding], files: Iterable[File], *, wish: Wish) -> list[Located]:
    """Findings by their places alone: their files are read again, as far as they can be."""
    named = {file.name: file for file in files}
    wanted: dict[str, dict[int, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    made = list[Located]()
    for one in findings:
        name, number = _place(one.place, named)
        if name:
            wanted[name][number].append(one)
        else:
            made.append(Located(one, one.place))
    for name, file in named.items():
        if name in wanted:
            made += _located_in(file, wanted[name], wish=wish)
    return made


def _place(place: str, named: dict[str, File]) -> tuple[str, int]:
    """File and line that a place begins with. The name of a file may have blanks."""
    words = place.split(" ")
    for length in range(1, len(words) + 1):
        head = " ".join(words[:length])
        name, _, number = head.rpartition(":")
        if head in named:
            return head, 0
        if name in named and number.isdecimal():
            return name, int(number)
    return "", 0


def _located_in(file: File, wanted: dict[int, list[Finding]], *, wish: Wish) -> Iterator[Located]:
    """The findings of one file by line, 0 standing for the whole."""
    left, faults = dict(wanted), Faults()
    try:
        if file.path != "-":  # standard input cannot be read again
            with failures(file.name, faults), reading(file) as stream:
                for number, said in texts_of(stream, file.name, faults):
                    if number in left and (original := _original(file, number, said, wish=wish)) is not None:
                        yield from original.located(
                            [(one, _path(one, original, wish.version)) for one in left.pop(number)]
                        )
                    if not left:
                        break
    except Stopped:
        pass
    for number, its in sorted(left.items()):
        yield from (Located(one, file.shown, number) for one in its)


def _original(file: File, number: int, said: bytes, *, wish: Wish) -> Original | None:
    place = f"{file.name}:{number}" if number else file.name
    try:
        return Original(said.decode(), loads(said), file.shown, number or 1, place, wish.values)
    except NotJson:
        return None


def _path(finding: Finding, original: Original, version: Version) -> Path:
    """The path that a finding's place, or for resources its element, means."""
    within = finding.place.removeprefix(original.place).strip()
    if isinstance(original.value, dict) and "resourceType" in original.value:
        entry = _ENTRY.match(within)
        path = (*(steps(f"{entry[1]}.resource") if entry else ()), *element_steps(finding.element))
        return tuple(_written(original.value, path, version))
    return steps(within)


def _written(value: Any, path: Path, version: Version) -> Iterator[Step]:
    """A path with the names that the JSON has: a fault is told of `Goal.start` as FHIRPath says it, where `startDate` stands."""
    for step in path:
        name = step
        if isinstance(value, dict) and step not in value:
            name = next((one for one in _choices(version).get(step, ()) if one in value), step)
        yield name
        try:
            value = value[name]
        except (LookupError, TypeError):  # it is not there
            value = None


@cache
def _choices(version: Version) -> dict[Step, dict[str, None]]:
    """The names of each choice of types by its stem, of all elements that have it: `startDate` of `start`."""
    found = defaultdict[Step, dict[str, None]](dict)
    for type_ in table(version)["types"].values():
        for name, about in type_["elements"].items():
            stem = name.removesuffix("[x]")
            if stem != name:
                found[stem] |= dict.fromkeys(json_key(name, one) for one, *_ in about["types"])
    return found
