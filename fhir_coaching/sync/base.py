"""The base: what we remember of a server between runs. One file a server, beside the records, readable by its owner only.

The file is a journal: a line a change, the last line of a record holds. A line is on the disk before the next step is taken,
so a run that is killed at any point has told what it was about to do.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from fhir_coaching.errors import Locked, StateError
from fhir_coaching.fhir.json import NotJson, dumps, loads
from fhir_coaching.versions import Json

FOLDER = ".fhir-coaching"
FORMAT = 1
OURS, THEIRS = "ours", "theirs"

Key = tuple[str, str]  # kind, record id


@dataclass(frozen=True)
class Copy:
    """A resource as the server last gave it to us."""

    type: str
    id: str
    version: str  # empty where the server has no versions
    resource: Json

    @property
    def reference(self) -> str:
        """`Goal/17`."""
        return f"{self.type}/{self.id}"


@dataclass(frozen=True)
class Intent:
    """What was about to be sent, and whose answer is not known."""

    record: Json
    parts: dict[str, Json]  # as sent
    at: float  # seconds since 1970
    misses: int = 0  # how often it was looked for since and not found
    whole: bool = True  # whether nothing more of the record was to be sent after it
    beside: dict[str, str] = field(default_factory=dict)  # digests of the near rows as sent


@dataclass
class Row:
    """What is known of one record on one server."""

    kind: str
    id: str
    owner: str = OURS
    record: Json | None = None  # as last sent or accepted; None: only linked so far
    parts: dict[str, Copy] = field(default_factory=dict)
    intent: Intent | None = None
    gone: bool = False  # it was there and was deleted there: it does not rise again by itself
    beside: dict[str, str] = field(default_factory=dict)  # digests of the near rows as last sent
    superseded: dict[str, str] = field(default_factory=dict)  # by part: the address of what is to be replaced

    @property
    def key(self) -> Key:
        """Kind and record id."""
        return self.kind, self.id


class Base:
    """The rows of one server. Use `opened`, which locks it. `keep=False` remembers nothing on disk: for a dry run."""

    def __init__(self, path: Path, server: str, *, keep: bool = True) -> None:
        self.path, self.server, self.keep = path, server, keep
        self.rows: dict[Key, Row] = {}
        self._lines = self._end = 0
        for number, line in enumerate(_lines_of(path), 1):
            self._take(number, line)
            self._end += len(line) + 1

    def save(self, rows: Iterable[Row]) -> None:
        """Remember rows, durably, as far as they say anything new. Raises StateError."""
        new = [row for row in rows if row.key not in self.rows or _line(row) != _line(self.rows[row.key])]
        self.rows |= {row.key: row for row in new}
        self._append([_spelt(row) for row in new])

    def forget(self, row: Row) -> None:
        """Remember that a record has nothing to do with this server any more."""
        self.rows.pop(row.key, None)
        self._append([{"kind": row.kind, "id": row.id, "forgotten": True}])

    def _append(self, lines: list[Json]) -> None:
        if not self.keep or not lines:
            return
        with _written(self.path), os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.seek(self._end)
            file.truncate()  # half a line, of a run that was killed
            if not self._end:
                file.write(self._first())
            file.write(b"".join(dumps(line) + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
            self._end = file.tell()
        self._lines += len(lines)

    def compact(self) -> None:
        """Write the file anew when most of its lines are of the past."""
        if not self.keep or self._lines <= 2 * len(self.rows) + 100:
            return
        fresh = self.path.with_suffix(".new")
        with _written(self.path):
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(self._first())
                for row in self.rows.values():
                    file.write(dumps(_spelt(row)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
                self._end = file.tell()
            fresh.replace(self.path)
        self._lines = len(self.rows)

    def _first(self) -> bytes:
        return dumps({"format": FORMAT, "server": self.server}) + b"\n"

    def _take(self, number: int, text: bytes) -> None:
        try:
            line = loads(text)
        except NotJson:
            raise StateError(
                f"{self.path}:{number} is not JSON", hint="move the file away; a pull makes a new one"
            ) from None
        if number == 1:
            if line.get("format") != FORMAT or line.get("server") != self.server:
                raise StateError(
                    f"{self.path} is not a base of this server and program", hint="move it away; a pull makes a new one"
                )
            return
        self._lines += 1
        if line.get("forgotten"):
            self.rows.pop((line["kind"], line["id"]), None)
        else:
            row = _row_of(line)
            self.rows[row.key] = row


@contextmanager
def opened(folder: Path, server: str, *, keep: bool = True) -> Iterator[Base]:
    """The base of a server in a practice folder, locked against other runs. Raises Locked, StateError."""
    path = folder / FOLDER / f"{_slug(server)}.ndjson"
    if not keep:
        yield Base(path, server, keep=False)
        return
    with _written(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(path.with_suffix(".lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Locked("another run is at work on this server and folder", hint="wait until it is done") from None
    try:
        base = Base(path, server)
        yield base
        base.compact()
    finally:
        lock.release()


def _slug(server: str) -> str:
    """A file name for a server: readable, and different for different servers."""
    return f"{re.sub(r'[^A-Za-z0-9.]+', '-', server.partition('://')[2]).strip('-')[:60]}-{sha256(server.encode()).hexdigest()[:8]}"


@contextmanager
def _written(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StateError(
            f"{path} cannot be written: {error.strerror}", hint="nothing was sent that is not remembered"
        ) from None


def _lines_of(path: Path) -> list[bytes]:
    """The lines of a journal. The last may be cut off: its run was killed before it took the next step."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}", hint="check its permissions") from None
    whole, _, _ = text.rpartition(b"\n")
    return whole.split(b"\n") if whole else []


def _spelt(row: Row) -> Json:
    parts = {
        part: {"type": c.type, "id": c.id, "version": c.version, "resource": c.resource}
        for part, c in row.parts.items()
    }
    line = {"kind": row.kind, "id": row.id, "owner": row.owner, "record": row.record, "parts": parts}
    if row.intent:
        line["intent"] = asdict(row.intent)
    line |= {name: said for name in ("beside", "superseded") if (said := getattr(row, name))}
    return {**line, "gone": True} if row.gone else line


def _line(row: Row) -> bytes:
    """What the file says of a row, to the digit; rows read from it spell dates and codes as text."""
    return dumps(_spelt(row))


def _row_of(line: Json) -> Row:
    intent: Any = line.get("intent")
    return Row(
        line["kind"],
        line["id"],
        line.get("owner", OURS),
        line.get("record"),
        {part: Copy(**copy) for part, copy in line.get("parts", {}).items()},
        Intent(**{**intent, "at": float(intent["at"])}) if intent else None,  # numbers of a file are Decimals
        line.get("gone", False),
        line.get("beside", {}),
        line.get("superseded", {}),
    )
