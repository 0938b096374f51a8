"""Which files a source has, and which JSON texts there are in a file: a line each, or one document."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fhir_coaching.practice.lines import Faults, cut_off, document, lines, many, opened, stop_at_another_format


@dataclass(frozen=True, slots=True)
class File:
    """A file of a source: what places call it, what the user does, and the kind of record whose own file it is."""

    name: str  # `goals.ndjson`
    shown: str  # `my-practice/goals.ndjson`
    path: Path | None = None
    kind: str = ""
    stream: IO[bytes] | None = None  # instead of a path


@contextmanager
def reading(file: File) -> Iterator[IO[bytes]]:
    """Its bytes, unpacked. Raises OSError, EOFError, zlib.error."""
    if file.stream is not None:
        yield file.stream
    elif file.path is not None:
        with opened(file.path) as stream:
            yield stream


def texts_of(file: IO[bytes], name: str, faults: Faults) -> Iterator[tuple[int, bytes]]:
    """Each JSON text of a file with the number of its line; 0 where the text is the whole file. Raises Stopped.

    `.json` is one document, or lines after all; `.ndjson` is lines; anything else shows by its first line what it is.
    """
    suffix = Path(name.removesuffix(".gz")).suffix
    if suffix == ".json":
        text = document(file, name, faults)
        if not many(text):
            yield 0, text
            return
        file = io.BytesIO(text)
    first = True
    for number, line in lines(file, name, faults):
        if first and suffix != ".ndjson" and line.lstrip().startswith(b"{") and cut_off(line):
            # Blank lines before it belong to the document: places in it are counted from its first line.
            yield 0, b"\n" * (number - 1) + document(file, name, faults, line)
            return
        if first:
            stop_at_another_format(line, f"{name}:{number}", faults)
        first = False
        yield number, line
