"""Records into a practice folder: changed lines are replaced, new ones appended, all others stay as they are."""

import gzip
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

from fhir_coaching.errors import Fault, InputError
from fhir_coaching.fhir.json import NotJson, dumps, loads
from fhir_coaching.practice.atomic import replacing
from fhir_coaching.practice.entries import FILES
from fhir_coaching.practice.lines import BOM, LINE, Faults, Stopped, failures, opened
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.spelling import NotARecord, read_record, spell_record
from fhir_coaching.records.values import Record

Changes = Mapping[tuple[str, str], Record]  # by kind and id


def write_records(folder: Path, changed: Changes) -> list[Path]:
    """Put each record into its kind's file, and say which files were written.

    Lines that say the same already stay as they are. Every new file is complete before the first takes its place.
    Raises InputError if a file cannot be read, holds an id twice, or stands beside one of its kind.
    """
    if any((kind_of(record), record.id) != key for key, record in changed.items()):
        raise ValueError("a record stands under another kind or id than its own")
    work = [
        (file_of(folder, kind), {key: record for (its, key), record in changed.items() if its == kind})
        for kind in RECORDS
        if any(its == kind for its, _ in changed)
    ]
    work = [(path, records) for path, records in work if _differs(path, records)]
    with replacing([path for path, _ in work]) as files:
        for (path, records), file in zip(work, files, strict=True):
            with ExitStack() as packed:
                if path.suffix == ".gz":
                    # Without a time the same records give the same bytes.
                    zipped = packed.enter_context(gzip.GzipFile("", "wb", fileobj=cast("Any", file), mtime=0))
                    _write(cast("IO[bytes]", zipped), path, records)
                else:
                    _write(file, path, records)
    return [path for path, _ in work]


def file_of(folder: Path, kind: str) -> Path:
    """The file of a kind, there or not. Raises InputError if it is there twice, packed and plain."""
    plain = folder / FILES[kind]
    packed = plain.with_name(f"{plain.name}.gz")
    if plain.exists() and packed.exists():
        raise InputError([Fault(f"stands beside {plain.name}", place=packed.name, hint="keep one of the two")])
    return packed if packed.exists() else plain


def line_of(record: Record, *, kind: bool = True) -> bytes:
    """A record as a line without its end; `kind` says whether the line names the kind, as a single file wants it."""
    return dumps(({"kind": kind_of(record)} if kind else {}) | spell_record(record))


def _write(file: IO[bytes], path: Path, records: Mapping[str, Record]) -> None:
    """The new text of one file."""
    new, end, last = dict(records), b"\n", b"\n"
    for line, said in _lines(path):
        end = b"\r\n" if line.endswith(b"\r\n") else end
        record = new.pop(said["id"], None) if said is not None else None
        last = line if record is None or _says(said, record) else _replaced(line, said, record)
        file.write(last)
    if new and not last.endswith(b"\n") and last not in (b"", BOM):
        file.write(end)
    for record in new.values():
        file.write(line_of(record, kind=False) + end)


def _differs(path: Path, records: Mapping[str, Record]) -> bool:
    """Whether a file does not say all of these records yet."""
    missing = dict(records)
    there: set[str] = set()
    for _, said in _lines(path):
        if said is None or said["id"] not in records:
            continue
        if said["id"] in there:
            hint = "keep one of the two"
            raise InputError([Fault(f"the id `{said['id']}` is there twice", place=path.name, hint=hint)])
        there.add(said["id"])
        if _says(said, records[said["id"]]):
            del missing[said["id"]]
    return bool(missing)


def _lines(path: Path) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
    """Each line as it is, and what it says if that is an object with an id. Raises InputError."""
    if not path.exists():
        return
    faults = Faults()
    try:
        with failures(path.name, faults), opened(str(path)) as file:
            while line := file.readline(LINE + 1):
                if len(line) > LINE:
                    faults.add(path.name, f"a line of more than {LINE // 2**20} MiB")
                    raise Stopped
                yield line, _said(line)
    except Stopped:
        faults.raise_any()


def _said(line: bytes) -> dict[str, Any] | None:
    try:
        value = loads(line.removeprefix(BOM))
    except NotJson:
        return None
    is_record = isinstance(value, dict) and isinstance(value.get("id"), str) and "resourceType" not in value
    return value if is_record else None


def _says(said: dict[str, Any] | None, record: Record) -> bool:
    """Whether a line says this very record, to the digit."""
    try:
        read = read_record(kind_of(record), {name: one for name, one in (said or {}).items() if name != "kind"})
    except NotARecord:
        return False
    return dumps(spell_record(read)) == dumps(spell_record(record))


def _replaced(line: bytes, said: dict[str, Any] | None, record: Record) -> bytes:
    """The new line, with the mark, the `kind` and the end that the old one had."""
    start = BOM if line.startswith(BOM) else b""
    end = line[len(line.rstrip(b"\r\n")) :]
    return start + line_of(record, kind="kind" in (said or {})) + end
