"""A source of records or resources: a practice folder, a single file, or standard input."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import IO

from fhir_coaching.errors import Fault, InputError
from fhir_coaching.practice.entries import FILES, KIND_OF_FILE, Entry, entries_of
from fhir_coaching.practice.lines import Faults, Stopped, failures
from fhir_coaching.practice.references import Ids, references_of
from fhir_coaching.practice.settings import FILE, Settings, read_settings
from fhir_coaching.practice.texts import Files, below, is_json, kind_of, reading
from fhir_coaching.records.values import Record

__all__ = ["Entry", "Source", "open_source", "read"]


class Links:
    """What holds between the records of a source: each id stands once, and what is referred to is there."""

    def __init__(self, settings: Settings | None = None, *, whole: bool = False) -> None:
        self._ids, self._whole = Ids(), whole  # only in a practice that is there as a whole is anything missing
        if settings is not None and settings.billing_organization:
            self._ids.point(FILE, "billing_organization", ("organization",), settings.billing_organization)

    def take(self, entry: Entry, faults: Faults) -> bool:
        """Take note of an entry. Whether it is the first of its id; a fault if not."""
        if entry.kind and not self._ids.first(entry, faults):
            return False
        if self._whole and entry.record is not None:
            for path, kinds, key in references_of(entry.record):
                self._ids.point(entry.place, path, kinds, key)
        return True

    def report(self, faults: Faults) -> None:
        """A fault for each reference to what is not there."""
        if self._whole:
            self._ids.report(faults)


class Source:
    """What `open_source` opened. Iterating yields what is good, and at the end raises InputError with all faults.

    A pass holds no records, only the ids it has met. Standard input can be passed over once.
    """

    def __init__(self, name: str, folder: Path, files: list[str], *, stream: IO[bytes] | None = None) -> None:
        self.name, self.folder = name, folder
        self.settings = None if name == "-" else read_settings(folder)
        self._stream = stream
        self.files = Files(str(folder), files)
        kinds = {*map(kind_of, files)} - {""}
        self._whole = folder == Path(name) and (self.settings is not None or len(kinds) > 1)

    def links(self) -> Links:
        """A fresh look at what holds between its records."""
        return Links(self.settings, whole=self._whole)

    def __iter__(self) -> Iterator[Entry]:
        faults, links = Faults(), self.links()
        for entry in self._entries(faults):
            if links.take(entry, faults):
                yield entry
        links.report(faults)
        faults.raise_any()

    def _entries(self, faults: Faults) -> Iterator[Entry]:
        if self.name == "-":
            if self._stream is None:
                raise InputError([Fault("standard input can be read once only", place="-", hint="save it to a file")])
            stream, self._stream = self._stream, None
            with suppress(Stopped):
                yield from entries_of(stream, "-", "", faults)
        for file in self.files:
            try:
                with failures(file.name, faults), reading(file) as stream:
                    yield from entries_of(stream, file.name, file.kind, faults)
            except Stopped:
                faults.unread.add(file.kind)


def open_source(path: str, *, stdin: IO[bytes] | None = None) -> Source:
    """A practice folder, a folder of resources (and what is below it), a single file, or `-` for standard input.

    Raises InputError if there is nothing to read, SettingsError for a practice.toml of no use.
    """
    if path == "-":
        return Source("-", Path(), [], stream=stdin or sys.stdin.buffer)
    place = Path(path)
    if place.is_file():
        return Source(path, place.parent, [place.name])
    if place.is_dir():
        return Source(path, place, _files_of(place, path))
    if place.exists():
        raise _refused(
            path, "is neither a file nor a folder", "a pipe is read as standard input: `... | fhir-coaching ... -`"
        )
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


def _files_of(folder: Path, name: str) -> list[str]:
    """The files to read, by their names below the folder: those of the kinds first, in their order. Raises InputError."""
    try:
        with os.scandir(folder) as there:
            names = sorted(one.name for one in there if not one.name.startswith(".") and one.is_file())
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}", "check its permissions") from None
    plain = {name: name.removesuffix(".gz") for name in names}
    own = [name for file in KIND_OF_FILE for name in names if plain[name] == file]
    for one, other in pairwise(own):
        if plain[one] == plain[other]:
            raise _refused(other, f"stands beside {one}", "keep one of the two")
    others = [name for name in names if is_json(name) and plain[name] not in KIND_OF_FILE]
    if (folder / FILE).exists():
        for other_name in others:
            if (meant := _KIND_OF_STEM.get(_stem(other_name))) is not None:
                raise _refused(other_name, "is not a file of a practice", f"did you mean {FILES[meant]}?")
        return own
    if own:
        return own + others
    there_below = below(str(folder))
    if there_below.unread:
        raise InputError(there_below.unread)
    if there_below.names:
        return there_below.names
    hint = f"expected {FILE}, {', '.join(FILES.values())}, or .json"
    raise _refused(name, "holds neither records nor resources", hint)


def _stem(name: str) -> str:
    """A file's name without suffixes, capitals, hyphens and the plural."""
    return name.partition(".")[0].lower().replace("-", "_").replace(" ", "_").removesuffix("s")


_KIND_OF_STEM = {_stem(file): kind for kind, file in FILES.items()}
