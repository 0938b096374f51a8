"""The JSON texts of what the user names: files, folders, standard input; and what holds between their records."""
# ruff: noqa: PLC0415 - a file of resources needs nothing that knows records

import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fhir_coaching.commands.examining import BATCH, NO_BASE, Block, Item, Seen, Text, Wish
from fhir_coaching.errors import ERROR, WARNING, Fault, Finding, InputError, MappingError, SettingsError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.practice.lines import LINE, Faults, Stopped, failures
from fhir_coaching.practice.texts import File, reading, texts_of
from fhir_coaching.report.located import Located, Original, element_steps, steps
from fhir_coaching.report.positions import Path as Steps

if TYPE_CHECKING:
    from fhir_coaching.practice.across import Across
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.source import Links

_ENTRY = re.compile(r"(entry\[\d+\])(?:\.resource)?(?: |$)")


@dataclass(slots=True)
class Input:
    """One source of the user's, with what is known of it when all of it was read."""

    name: str
    files: list[File]
    base: str = ""  # under which its identifiers live, where a practice.toml says so
    links: "Callable[[], Links] | None" = None
    faults: Faults = field(default_factory=Faults)


class Inputs:
    """All sources, one after the other."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = list(names)
        self.opened: dict[int, Input] = {}  # those that could be

    def __iter__(self) -> Iterator[Item]:
        """Each text or what holds some, and what was wrong on the way to it."""
        for index, name in enumerate(self._names):
            shown = _printable(name)
            try:
                self.opened[index] = one = _opened(name)
            except InputError as error:
                wrong = (fault.as_finding("input") for fault in error.faults)
                yield Seen(index, shown, shown, findings=[Located(finding, shown) for finding in wrong])
                continue
            except SettingsError as error:
                finding = Finding("input", ERROR, error.message, shown, error.hint)
                yield Seen(index, shown, shown, findings=[Located(finding, shown)])
                continue
            for file in one.files:
                reader = Reader(index, file, practice=one.links is not None)
                yield from ([reader] if reader.is_small else reader.items())


def _opened(name: str) -> Input:
    """A source by its name. Raises InputError, SettingsError."""
    if name == "-":
        return Input(name, [File("-", "-", stream=sys.stdin.buffer)])
    path = Path(name)
    if path.is_file():  # whose kind, if it is a practice's, shows by its name
        return Input(name, [File(_printable(path.name), _printable(name), path, _kind_of(path.name))])
    from fhir_coaching.practice.source import open_source

    source = open_source(name)
    files = [
        File(_printable(one.name), _printable(str(Path(name, one.name))), one.path, one.kind) for one in source.files
    ]
    base = source.settings.identifier_base if source.settings is not None else ""
    return Input(name, files, base, source.links)


def _kind_of(name: str) -> str:
    """The kind of record whose own file it is."""
    if not name.removesuffix(".gz").endswith("s.ndjson"):
        return ""
    from fhir_coaching.practice.entries import FILES

    return next((kind for kind, file in FILES.items() if file == name.removesuffix(".gz")), "")


def _printable(name: str) -> str:
    """A file's name as it can be written anywhere: one that is not UTF-8 cannot."""
    if name.isascii() and name.isprintable():
        return name
    said = os.fsencode(name).decode(errors="replace")
    return "".join(one if one.isprintable() else "\ufffd" for one in said)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one file. It can be sent to another process, which then does."""

    source: int
    file: File
    practice: bool  # whether it is one of a folder, in which a kind without records is no matter

    @property
    def is_small(self) -> bool:
        """Whether it need not be read here."""
        try:
            return self.file.path is not None and self.file.path.stat().st_size <= BATCH
        except OSError:
            return False

    def texts(self) -> Iterator[Text | Seen]:
        """Each text, and what was wrong on the way to it."""
        for item in self.items():
            if isinstance(item, Block):
                yield from item.texts()
            elif isinstance(item, Text | Seen):
                yield item

    def items(self) -> Iterator[Text | Seen | Block]:
        """The same, with lines that are still to be taken apart."""
        file, faults, some = self.file, Faults(), False
        try:
            with failures(file.name, faults), reading(file) as stream:
                for number, said in texts_of(stream, file.name, faults):
                    yield from self._wrong(faults)
                    if said.strip():
                        some = True
                        yield Text(self.source, file.shown, file.name, file.kind, number, said)
                    if number and file.name.endswith(".ndjson"):  # what follows are lines; packed ones may break off
                        yield from self._blocks(stream, number + 1)
                        break
        except Stopped:
            faults.unread.add(file.kind)
        some = some or bool(faults.kept)
        yield from self._wrong(faults)
        if faults.unread:
            yield Seen(self.source, file.shown, file.name, faults=faults)
        if not some and not (self.practice and file.kind):
            finding = Finding("input", WARNING, "there is nothing in it", file.name, "was it written to its end?")
            yield Seen(self.source, file.shown, file.name, findings=[Located(finding, file.shown)])

    def _blocks(self, stream: IO[bytes], number: int) -> Iterator[Block]:
        """The rest of a file of lines, in blocks that end with a line. Of a line that is too long only so much as shows it."""
        while said := stream.read(BATCH):
            if not said.endswith(b"\n"):
                more = rest = stream.readline(LINE + 1)
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(2**16)
                said += more if more.endswith(b"\n") else more + b"\n"
            yield Block(self.source, self.file.shown, self.file.name, self.file.kind, number, said)
            number += said.count(b"\n")

    def _wrong(self, faults: Faults) -> Iterator[Seen]:
        """What was wrong with the file so far, each told once."""
        kept, faults.kept = faults.kept, []
        for fault in kept:
            number = fault.place.removeprefix(self.file.name).removeprefix(":")
            finding = Located(fault.as_finding("input"), self.file.shown, int(number) if number.isdecimal() else 0)
            yield Seen(self.source, self.file.shown, fault.place, findings=[finding])


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
        return (
            _located(found + self._unread(), self._input.files, values=self._wish.values)
            if found or self._resources
            else []
        )

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


def _located(findings: Iterable[Finding], files: list[File], *, values: bool) -> list[Located]:
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
            made += _located_in(file, wanted[name], values=values)
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


def _located_in(file: File, wanted: dict[int, list[Finding]], *, values: bool) -> Iterator[Located]:
    """The findings of one file by line, 0 standing for the whole."""
    left, faults = dict(wanted), Faults()
    try:
        if file.path is not None:  # standard input cannot be read again
            with failures(file.name, faults), reading(file) as stream:
                for number, said in texts_of(stream, file.name, faults):
                    if number in left and (original := _original(file, number, said, values=values)) is not None:
                        yield from original.located([(one, _path(one, original)) for one in left.pop(number)])
                    if not left:
                        break
    except Stopped:
        pass
    for number, its in sorted(left.items()):
        yield from (Located(one, file.shown, number) for one in its)


def _original(file: File, number: int, said: bytes, *, values: bool) -> Original | None:
    place = f"{file.name}:{number}" if number else file.name
    try:
        return Original(said.decode(), loads(said), file.shown, number or 1, place, values)
    except NotJson:
        return None


def _path(finding: Finding, original: Original) -> Steps:
    """The path that a finding's place, or for resources its element, means."""
    within = finding.place.removeprefix(original.place).strip()
    if isinstance(original.value, dict) and "resourceType" in original.value:
        entry = _ENTRY.match(within)
        return (*(steps(f"{entry[1]}.resource") if entry else ()), *element_steps(finding.element))
    return steps(within)
