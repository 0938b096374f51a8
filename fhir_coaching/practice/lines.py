"""The lines and documents of one file, read in bounded pieces, with everything wrong collected."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from fhir_coaching.errors import Fault, InputError
from fhir_coaching.fhir.json import DEPTH, NotJson, loads

LINE = 16 * 2**20  # bytes; a record has some hundreds
DOCUMENT = 64 * 2**20  # bytes; a Bundle that is one JSON document is held in memory
PIECE = 2**16  # bytes that are read first: room for all that a document may have is made only where there is more
KEPT = 100  # faults; more help nobody

BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_ONE_A_LINE = "one JSON object a line; `jq -c .` writes JSON so"
_BYTE = re.compile(r"\(byte (\d+)\)$")
_NO_NUMBER = re.compile(rb"[:,\[]\s*-?(?:nan|inf)", re.IGNORECASE)
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{}]', re.DOTALL)  # a text that does not end is passed over once
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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
            faults.add(place, f"a line of more than {LINE // 2**20} MiB", f"expected {_ONE_A_LINE}")
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


def no_object(value: object) -> tuple[str, str]:
    """What is wrong with a JSON value that is no object, and what to do."""
    if isinstance(value, list):
        return "a JSON array", f"expected {_ONE_A_LINE}; `jq -c '.[]'` takes an array apart"
    return "not a JSON object", f"expected {_ONE_A_LINE}"


def stop_at_another_format(line: bytes, place: str, faults: Faults) -> None:
    """Raise Stopped if the first line shows that the file is something else, so that its lines mean nothing."""
    start = line.strip()
    if line.startswith(_UTF_16):
        faults.add(place, "looks like UTF-16", "save the file as UTF-8")
    elif b"\0" in line:
        faults.add(place, "a binary file", f"expected {_ONE_A_LINE}")
    elif start.startswith(b"<"):
        faults.add(place, "looks like XML or HTML", f"expected {_ONE_A_LINE}")
    elif start.startswith(b"["):
        faults.add(place, "a JSON array", f"expected {_ONE_A_LINE}; `jq -c '.[]'` takes an array apart")
    elif start.startswith(b"{"):
        if start.endswith(b"}") or not line.endswith(b"\n") or not cut_off(line):
            return
        faults.add(place, "a JSON object over several lines", f"expected {_ONE_A_LINE}")
    elif re.search(rb"[,;\t]", start):
        faults.add(place, "looks like CSV", 'expected NDJSON: one record a line, as {"id": ...}; see docs/schema/')
    else:
        faults.add(place, "not JSON at byte 1", f"expected {_ONE_A_LINE}")
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


def not_json(line: bytes, error: str) -> tuple[str, str, int]:
    """What is wrong, what to do, and at which byte, counted from 0; without a word of the line."""
    try:
        line.decode()
    except UnicodeDecodeError as found:
        return f"not UTF-8 at byte {found.start + 1}", "save the file as UTF-8", found.start
    expected = f"expected {_ONE_A_LINE}"
    at = _BYTE.search(error)
    if at is not None:
        byte = int(at[1]) - ("trailing" in error)  # msgspec counts those from 1, all others from 0
        if _NO_NUMBER.search(line, max(0, byte - 6), byte + 4):
            return f"NaN or Infinity at byte {byte + 1}", "JSON has no such number; leave the field out", byte
        return f"not JSON at byte {byte + 1}", expected, byte
    if "truncated" not in error:
        deep = _too_deep_at(line)
        return f"not JSON: {error if deep is None else f'nested more than {DEPTH} deep'}", expected, deep or 0
    half = _SURROGATE.search(line)
    if half and line.rstrip().endswith(b"}"):  # msgspec calls this truncated too
        return "not JSON: half of a surrogate pair", "write the character itself, in UTF-8", half.start()
    return "not JSON: it ends too early", f"{expected}, whole", len(line.rstrip())


def _too_deep_at(line: bytes) -> int | None:
    """The byte of the first bracket that is one too many."""
    depth = 0
    for found in _BRACKETS.finditer(line):
        if found[0] in (b"[", b"{"):
            depth += 1
            if depth > DEPTH:
                return found.start()
        elif found[0] in (b"]", b"}"):
            depth -= 1
    return None


def _refuse_compressed(start: bytes, place: str, faults: Faults) -> None:
    if start.startswith(_GZIP):
        faults.add(place, "is compressed, though its name does not say so", "let its name end in `.gz`")
        raise Stopped
