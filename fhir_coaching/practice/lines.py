"""The lines and documents of one file, read in bounded pieces, with everything wrong collected."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from fhir_coaching.errors import Fault, InputError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.practice.broken import ONE_A_LINE, another_format, no_object, not_json

LINE = 16 * 2**20  # bytes; a record has some hundreds
DOCUMENT = 64 * 2**20  # bytes; a Bundle that is one JSON document is held in memory
PIECE = 2**16  # bytes that are read first: room for all that a document may have is made only where there is more
KEPT = 100  # faults; more help nobody

BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


class Faults:
    """What is wrong in a source: the first KEPT of them, and how many more there are."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.more = 0
        self.broken: set[tuple[str, str]] = set()  # kind and id of records that are there, but cannot be read
        self.unread: set[str] = set()  # kinds of whose file some part cannot be read; nothing: of any kind

    def add(self, place: str, message: str, hint: str = "") -> None:
        """Keep one, or count it."""
        if len(self.kept) < KEPT:
            self.kept.append(Fault(message, place=place, hint=hint))
        else:
            self.more += 1

    def raise_any(self) -> None:
        """Raise InputError with all of them, if there are any."""
        if self.kept:
            raise InputError(self.kept, more=self.more)


class Stopped(Exception):
    """The rest of a file cannot be read; why is among the faults already."""


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if its name ends in `.gz`. Raises Stopped's causes: OSError, EOFError, zlib.error."""
    with open(path, "rb") as file:  # noqa: PTH123 - a Path takes longer to make than the file to open
        if not path.endswith(".gz"):
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            yield cast("IO[bytes]", unpacked)


@contextmanager
def failures(place: str, faults: Faults) -> Iterator[None]:
    """What an open file can fail with, as a fault and Stopped."""
    try:
        yield
    except EOFError:
        faults.add(place, "the gzip file is cut off", "copy or export it again")
    except (gzip.BadGzipFile, zlib.error):
        faults.add(
            place, "this is not gzip, or it is damaged", "`gzip -t` checks a file; without compression, drop the `.gz`"
        )
    except OSError as error:
        faults.add(
            place, f"cannot be read: {error.strerror or type(error).__name__}", "check the file and its permissions"
        )
    else:
        return
    raise Stopped


def lines(file: IO[bytes], name: str, faults: Faults) -> Iterator[tuple[int, bytes]]:
    """Number and bytes (line end included) of each line that is not blank. Raises Stopped."""
    number = 0
    while True:
        number += 1
        place = f"{name}:{number}"
        with failures(place, faults):
            line = file.readline(LINE + 1)
            long = len(line) > LINE
            while long and not line.endswith(b"\n"):
                line = file.readline(2**16)
                if not line:
                    break
        if number == 1:
            line = line.removeprefix(BOM)
            _refuse_compressed(line, place, faults)
        if long:
            faults.add(place, f"a line of more than {LINE // 2**20} MiB", ONE_A_LINE)
        elif not line:
            return
        elif not line.isspace():
            yield number, line


def document(file: IO[bytes], name: str, faults: Faults, start: bytes = b"") -> bytes:
    """All the rest of a file after `start`. Raises Stopped."""
    with failures(name, faults):
        text = start + file.read(PIECE)
        if len(text) >= PIECE:
            text += file.read(DOCUMENT + 1 - len(text))
    if len(text) > DOCUMENT:
        faults.add(
            name, f"one JSON document of more than {DOCUMENT // 2**20} MiB", "write one resource a line, as .ndjson"
        )
        raise Stopped
    _refuse_compressed(text, name, faults)
    return text.removeprefix(BOM)


def value_of(line: bytes, place: str, faults: Faults) -> dict[str, Any] | None:
    """The JSON object that a line is; nothing, and a fault, if it is none."""
    try:
        value = loads(line)
    except NotJson as error:
        faults.add(place, *not_json(line, str(error))[:2])
        return None
    if isinstance(value, dict):
        return value
    faults.add(place, *no_object(value))
    return None


def stop_at_another_format(line: bytes, place: str, faults: Faults) -> None:
    """Raise Stopped if the first line shows that the file is something else, so that its lines mean nothing."""
    start = line.strip()
    if found := another_format(line):
        faults.add(place, *found)
    elif start.startswith(b"["):
        faults.add(place, *no_object([...] if start[1:].lstrip() != b"]" else []))
    elif start.startswith(b"{"):
        if start.endswith(b"}") or not line.endswith(b"\n") or not cut_off(line):
            return
        faults.add(place, "a JSON object over several lines", ONE_A_LINE)
    elif re.search(rb"[,;\t]", start):
        faults.add(place, "looks like CSV", 'expected NDJSON: one record a line, as {"id": ...}; see docs/schema/')
    else:
        faults.add(place, "not JSON at byte 1", ONE_A_LINE)
    raise Stopped


def many(text: bytes) -> bool:
    """Whether a `.json` file is JSON lines after all."""
    first, _, rest = text.lstrip().partition(b"\n")
    return bool(rest.strip()) and first.startswith(b"{") and not cut_off(first)


def cut_off(line: bytes) -> bool:
    """Whether the line is the beginning of a JSON value that does not end on it."""
    try:
        loads(line)
    except NotJson as error:
        return "truncated" in str(error)
    return False


def _refuse_compressed(start: bytes, place: str, faults: Faults) -> None:
    if start.startswith(_GZIP):
        faults.add(place, "is compressed, though its name does not say so", "let its name end in `.gz`")
        raise Stopped
