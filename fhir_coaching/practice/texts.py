"""Which files a folder has, and which JSON texts there are in a file: a line each, or one document."""

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, NamedTuple

from fhir_coaching.errors import Fault
from fhir_coaching.practice.lines import Faults, cut_off, document, lines, many, opened, stop_at_another_format

_JSON = (".json", ".ndjson", ".json.gz", ".ndjson.gz")


class File(NamedTuple):
    """A file of a source: what places call it, what the user does, and the kind of record whose own file it is.

    A tuple, and its path a text: there may be many thousands, each sent to another process.
    """

    name: str  # `goals.ndjson`
    shown: str  # `my-practice/goals.ndjson`
    path: str  # `-` for standard input
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a folder by their names below it, each made when its turn comes."""

    folder: str
    names: Sequence[str]

    def __iter__(self) -> Iterator[File]:
        start = self.start
        for name in self.names:
            path = f"{start}{name}"
            yield File(printable(name), printable(path), path, kind_of(name))

    @property
    def start(self) -> str:
        """What their paths begin with."""
        return "" if self.folder == "." else self.folder.rstrip(os.sep) + os.sep

    def some(self, names: Sequence[str]) -> "Files":
        """Those of them."""
        return Files(self.folder, names)


class Below(NamedTuple):
    """All files of JSON in a folder and in its folders, how many there are of XML, and a fault for each folder that cannot be read."""

    names: list[str]
    xml: int
    unread: list[Fault]


def below(folder: str) -> Below:
    """What a folder and its folders hold; links to folders and hidden ones are left out."""
    found, xml, wrong = list[str](), 0, list[OSError]()
    for at, folders, names in os.walk(folder, onerror=wrong.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        json = sorted(name for name in names if name.endswith(_JSON) and name[0] != ".")
        if at != folder:
            start = os.path.relpath(at, folder).replace(os.sep, "/")
            json = [f"{start}/{name}" for name in json]
        found += json
        if len(json) < len(names):
            xml += sum(name.endswith(".xml") for name in names)
    return Below(found, xml, [_unread(folder, one) for one in wrong])


def _unread(folder: str, error: OSError) -> Fault:
    place = printable(os.path.relpath(str(error.filename), folder))
    return Fault(f"cannot be read: {error.strerror}", place=place, hint="check the folder and its permissions")


def is_json(name: str) -> bool:
    """Whether a file's name says that there is JSON in it."""
    return name.endswith(_JSON)


def may_be_of_a_kind(name: str) -> bool:
    """Whether a name is such as a kind's own file has."""
    return name.endswith(("s.ndjson", "s.ndjson.gz"))


def kind_of(name: str) -> str:
    """The kind of record whose own file it is; nothing for most."""
    if not may_be_of_a_kind(name):
        return ""
    from fhir_coaching.practice.entries import KIND_OF_FILE  # noqa: PLC0415 - a folder of resources knows no records

    return KIND_OF_FILE.get(name.rpartition("/")[2].removesuffix(".gz"), "")


def printable(name: str) -> str:
    """A file's name as it can be written anywhere: one that is not UTF-8 cannot."""
    if name.isascii() and name.isprintable():
        return name
    said = os.fsencode(name).decode(errors="replace")
    return "".join(one if one.isprintable() else "\ufffd" for one in said)


@contextmanager
def reading(file: File) -> Iterator[IO[bytes]]:
    """Its bytes, unpacked. Raises OSError, EOFError, zlib.error."""
    if file.path == "-":
        yield sys.stdin.buffer
    else:
        with opened(file.path) as stream:
            yield stream


def texts_of(file: IO[bytes], name: str, faults: Faults) -> Iterator[tuple[int, bytes]]:
    """Each JSON text of a file with the number of its line; 0 where the text is the whole file. Raises Stopped.

    `.json` is one document, or lines after all; `.ndjson` is lines; anything else shows by its first line what it is.
    """
    unpacked = name.removesuffix(".gz")
    if unpacked.endswith(".json"):
        text = document(file, name, faults)
        if not many(text):
            yield 0, text
            return
        file = io.BytesIO(text)
    first = True
    for number, line in lines(file, name, faults):
        if first and not unpacked.endswith(".ndjson") and line.lstrip().startswith(b"{") and cut_off(line):
            # Blank lines before it belong to the document: places in it are counted from its first line.
            yield 0, b"\n" * (number - 1) + document(file, name, faults, line)
            return
        if first:
            stop_at_another_format(line, f"{name}:{number}", faults)
        first = False
        yield number, line
