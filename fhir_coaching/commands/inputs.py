"""The JSON texts of what the user names: files, folders, standard input."""
# ruff: noqa: PLC0415 - a file of resources needs nothing that knows records

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from fhir_coaching.commands.examining import Seen, Text
from fhir_coaching.commands.jobs import BATCH, EACH, Item, Sent
from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Fault, Finding, InputError, SettingsError
from fhir_coaching.practice.lines import LINE, Faults, Stopped, failures
from fhir_coaching.practice.texts import File, Files, below, kind_of, may_be_of_a_kind, printable, reading, texts_of
from fhir_coaching.report.located import Located

if TYPE_CHECKING:
    from fhir_coaching.practice.source import Links


@dataclass(slots=True)
class Input:
    """One source of the user's, with what is known of it when all of it was read."""

    name: str
    files: Files | list[File]
    xml: int = 0  # files in the folder that are left out
    unread: list[Fault] = field(default_factory=list)  # folders in it
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
            shown = printable(name)
            if name == "-" and index > self._names.index("-"):
                finding = Finding("input", ERROR, "standard input can be read once only", "-", "name it once")
                yield Seen(index, shown, shown, findings=[Located(finding, shown)])
                continue
            try:
                self.opened[index] = one = _opened(name)
            except InputError as error:
                yield Seen(index, shown, shown, findings=_faults(name, error.faults))
                continue
            except SettingsError as error:
                finding = Finding("input", ERROR, error.message, shown, error.hint)
                yield Seen(index, shown, shown, findings=[Located(finding, shown)])
                continue
            if one.xml:
                finding = Finding("input", INFORMATION, "XML is not read", shown, f"files in the folder: {one.xml:,}")
                yield Seen(index, shown, shown, findings=[Located(finding, shown)])
            if one.unread:
                yield Seen(index, shown, shown, findings=_faults(name, one.unread))
            practice = one.links is not None
            if isinstance(one.files, Files):
                yield Many(index, one.files, practice)
            else:
                yield from (Reader(index, file, practice) for file in one.files)


def _faults(name: str, faults: Iterable[Fault]) -> list[Located]:
    """What is wrong with a source, or with what is below it."""
    wrong = [fault.as_finding("input") for fault in faults]
    return [Located(one, printable(name if one.place == name else str(Path(name, one.place)))) for one in wrong]


def _opened(name: str) -> Input:
    """A source by its name. Raises InputError, SettingsError."""
    if name == "-":
        return Input(name, [File("-", "-", "-")])
    path = Path(name)
    if path.is_file():  # whose kind, if it is a practice's, shows by its name
        return Input(name, [File(printable(path.name), printable(name), name, kind_of(path.name))])
    if path.is_dir() and not _may_be_a_practice(path):
        names, xml, unread = below(str(path))
        if names:
            return Input(name, Files(str(path), names), xml, unread)
    from fhir_coaching.practice.source import open_source

    source = open_source(name)
    base = source.settings.identifier_base if source.settings is not None else ""
    return Input(name, source.files, base=base, links=source.links)


def _may_be_a_practice(folder: Path) -> bool:
    """Whether something in a folder looks like records; what knows about them is imported only then."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - there may be many thousands
        return "practice.toml" in names or any(map(may_be_of_a_kind, names))
    except OSError:  # told by who opens it
        return True


class Reader(NamedTuple):
    """Reads one file. It can be sent to another process, which then does."""

    source: int
    file: File
    practice: bool  # whether it is one of a folder, in which a kind without records is no matter

    def parts(self) -> Iterator[tuple[Sent, int]]:
        """Itself if it is small; else its texts, and blocks of its lines."""
        size = BATCH + 1 if self.file.path == "-" else _size(self.file.path)
        if size <= BATCH:
            yield self, size
            return
        for item in self._items():
            if isinstance(item, Block):
                yield item.to_send(), len(item.said)
            else:
                yield item, len(item.said) if isinstance(item, Text) else 0

    def texts(self) -> Iterator[Text | Seen]:
        """Each text, and what was wrong on the way to it."""
        for item in self._items():
            if isinstance(item, Block):
                yield from item.texts()
            else:
                yield item

    def _items(self) -> "Iterator[Text | Seen | Block]":
        """The same, with lines that are still to be taken apart."""
        file, faults, some = self.file, Faults(), False
        try:
            with failures(file.name, faults), reading(file) as stream:
                for number, said in texts_of(stream, file.name, faults):
                    yield from self.wrong(faults)
                    if said.strip():
                        some = True
                        yield Text(self.source, file, number, said)
                    if number and file.name.endswith(".ndjson"):  # what follows are lines; packed ones may break off
                        yield from self._blocks(stream, number + 1)
                        break
        except Stopped:
            faults.unread.add(file.kind)
        some = some or bool(faults.kept)
        yield from self.wrong(faults)
        if not some and not (self.practice and file.kind):
            lines = file.name.removesuffix(".gz").endswith(".ndjson")  # of which there may be none
            piped = file.path == "-"
            hint = "what should write it may have failed: `set -o pipefail`" if piped else "was it written to its end?"
            finding = Finding("input", WARNING if lines else ERROR, "there is nothing in it", file.name, hint)
            yield Seen(self.source, file.shown, file.name, findings=[Located(finding, file.shown)])

    def _blocks(self, stream: IO[bytes], number: int) -> "Iterator[Block]":
        """The rest of a file of lines, in blocks that end with a line. Of a line that is too long only so much as shows it."""
        start = stream.tell()
        while said := stream.read(BATCH):
            if not said.endswith(b"\n"):
                more = rest = stream.readline(LINE + 1)
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(2**16)
                said += more if more.endswith(b"\n") else more + b"\n"
            yield Block(self, number, said, start)
            start = stream.tell()
            number += said.count(b"\n")

    def wrong(self, faults: Faults) -> Iterator[Seen]:
        """What was wrong with the file so far, each told once; then, of which kinds something may be unread."""
        kept, faults.kept = faults.kept, []
        for fault in kept:
            number = fault.place.removeprefix(self.file.name).removeprefix(":")
            finding = Located(fault.as_finding("input"), self.file.shown, int(number) if number.isdecimal() else 0)
            yield Seen(self.source, self.file.shown, fault.place, findings=[finding])
        if faults.unread:
            yield Seen(self.source, self.file.shown, self.file.name, faults=faults)


def _size(path: str) -> int:
    """A file's bytes."""
    try:
        return os.stat(path).st_size  # noqa: PTH116 - a Path takes longer to make than a file to look at
    except OSError:  # told by who reads it
        return 0


class Many(NamedTuple):
    """Reads the files of a folder. Small ones are sent to another process by their names, as many as are worth it."""

    source: int
    files: Files
    practice: bool

    def texts(self) -> Iterator[Text | Seen]:
        """Those of each file."""
        for file in self.files:
            yield from Reader(self.source, file, self.practice).texts()

    def parts(self) -> Iterator[tuple[Sent, int]]:
        """Some files each; of one that is not small its own parts."""
        names, held, start = list[str](), 0, self.files.start
        for name in self.files.names:
            size = _size(f"{start}{name}")
            large = size > BATCH
            if not large:
                names.append(name)
                held += size + EACH
            if names and (large or held >= BATCH):
                yield self._replace(files=self.files.some(names)), held
                names, held = [], 0
            if large:
                for file in self.files.some([name]):
                    yield from Reader(self.source, file, self.practice).parts()
        if names:
            yield self._replace(files=self.files.some(names)), held


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a file, each with its end, from line `number` on: who examines them takes them apart."""

    of: Reader
    number: int
    said: bytes
    start: int  # where in the file

    def to_send(self) -> "Part":
        """The same for another process, which is faster at reading than we are at sending."""
        return Part(self.of, self.number, self.start, len(self.said))

    def texts(self) -> Iterator[Text | Seen]:
        """Each line that is not blank."""
        source, file, _ = self.of
        for number, line in enumerate(io.BytesIO(self.said), self.number):
            if len(line) > LINE:
                place = f"{file.name}:{number}"
                finding = Finding("input", ERROR, f"a line of more than {LINE // 2**20} MiB", place)
                yield Seen(source, file.shown, place, findings=[Located(finding, file.shown, number)])
            elif not line.isspace():
                yield Text(source, file, number, line)


@dataclass(frozen=True, slots=True)
class Part:
    """A block that is still to be read."""

    of: Reader
    number: int
    start: int
    size: int

    def texts(self) -> Iterator[Text | Seen]:
        """Each line that is not blank."""
        file, faults = self.of.file, Faults()
        try:
            with failures(file.name, faults), Path(file.path).open("rb") as stream:
                stream.seek(self.start)
                said = stream.read(self.size)
        except Stopped:
            faults.unread.add(file.kind)
            yield from self.of.wrong(faults)
            return
        yield from Block(self.of, self.number, said, self.start).texts()
