"""A source of records or resources: a practice folder, a single file, or standard input."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import IO

from fhir_coaching.errors import Fault, InputError
from fhir_coaching.practice.entries import FILES, Entry, entries_of
from fhir_coaching.practice.lines import Faults, Stopped, failures, opened
from fhir_coaching.practice.references import Ids, references_of
from fhir_coaching.practice.settings import FILE, read_settings
from fhir_coaching.records.values import Record

__all__ = ["Entry", "Source", "open_source", "read"]

_KIND_OF_FILE = {name: kind for kind, name in FILES.items()}


class Source:
    """What `open_source` opened. Iterating yields what is good, and at the end raises InputError with all faults.

    A pass holds no records, only the ids it has met. Standard input can be passed over once.
    """

    def __init__(self, name: str, folder: Path, files: list[Path], *, stream: IO[bytes] | None = None) -> None:
        self.name, self.folder = name, folder
        self.settings = None if name == "-" else read_settings(folder)
        self._files, self._stream = files, stream
        self._whole = folder == Path(name) and (self.settings is not None or len({*map(_kind_of, files)} - {""}) > 1)

    def __iter__(self) -> Iterator[Entry]:
        faults, ids = Faults(), Ids()
        if self.settings is not None and self.settings.billing_organization:
            ids.point(FILE, "billing_organization", ("organization",), self.settings.billing_organization)
        for entry in self._entries(faults):
            if entry.kind and not ids.first(entry, faults):
                continue
            if self._whole and entry.record is not None:
                for path, kinds, key in references_of(entry.record):
                    ids.point(entry.place, path, kinds, key)
            yield entry
        if self._whole:
            ids.report(faults)
        faults.raise_any()

    def _entries(self, faults: Faults) -> Iterator[Entry]:
        if self.name == "-":
            if self._stream is None:
                raise InputError([Fault("standard input can be read once only", place="-", hint="save it to a file")])
            stream, self._stream = self._stream, None
            with suppress(Stopped):
                yield from entries_of(stream, "-", "", faults)
        for path in self._files:
            try:
                with failures(path.name, faults), opened(path) as file:
                    yield from entries_of(file, path.name, _kind_of(path), faults)
            except Stopped:
                faults.unread.add(_kind_of(path))


def open_source(path: str, *, stdin: IO[bytes] | None = None) -> Source:
    """A practice folder, a folder of resources, a single file, or `-` for standard input.

    Raises InputError if there is nothing to read, SettingsError for a practice.toml of no use.
    """
    if path == "-":
        return Source("-", Path(), [], stream=stdin or sys.stdin.buffer)
    place = Path(path)
    if place.is_file():
        return Source(path, place.parent, [place])
    if place.is_dir():
        return Source(path, place, _files_of(place, path))
    if place.exists():
        raise _refused(path, "is neither a file nor a folder", "`-` reads standard input")
    raise _refused(path, "does not exist", "expected a practice folder, a file, or `-` for standard input")


def read(source: Source | str | Path) -> Iterator[Record]:
    """The records of a source, one after the other; withdrawals are left out.

    Raises InputError: at once for a FHIR resource, at the end for all other faults.
    """
    for entry in source if isinstance(source, Source) else open_source(str(source)):
        if entry.resource is not None:
            raise _refused(entry.place, "a FHIR resource, where a record was expected", "`from_fhir` reads resources")
        if entry.record is not None:
            yield entry.record


def _refused(place: str, message: str, hint: str) -> InputError:
    return InputError([Fault(message, place=place, hint=hint)])


def _kind_of(path: Path) -> str:
    """The kind whose own file this is, by its name."""
    return _KIND_OF_FILE.get(path.name.removesuffix(".gz"), "")


def _files_of(folder: Path, name: str) -> list[Path]:
    """The files to read: those of the kinds first, in their order. Raises InputError."""
    try:
        there = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}", "check its permissions") from None
    own = [path for file in _KIND_OF_FILE for path in there if path.name.removesuffix(".gz") == file]
    for one, other in pairwise(own):
        if _kind_of(one) == _kind_of(other):
            raise _refused(other.name, f"stands beside {one.name}", "keep one of the two")
    others = [
        path for path in there if path not in own and path.name.removesuffix(".gz").endswith((".ndjson", ".json"))
    ]
    if (folder / FILE).exists():
        for path in others:
            if (meant := _KIND_OF_STEM.get(_stem(path.name))) is not None:
                raise _refused(path.name, "is not a file of a practice", f"did you mean {FILES[meant]}?")
        return own
    if not own and not others:
        raise _refused(
            name, "holds neither records nor resources", f"expected {FILE}, {', '.join(FILES.values())}, or .json"
        )
    return own + others


def _stem(name: str) -> str:
    """A file's name without suffixes, capitals, hyphens and the plural."""
    return name.partition(".")[0].lower().replace("-", "_").replace(" ", "_").removesuffix("s")


_KIND_OF_STEM = {_stem(file): kind for kind, file in FILES.items()}
