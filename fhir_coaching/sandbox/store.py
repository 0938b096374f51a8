"""Where the sandbox keeps resources: SQLite, every version for ever, and an index to search by."""
# ruff: noqa: S608 - SQL is put together from column names of our own; every value is bound

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from . import exactjson
from .index import Row
from .outcomes import Resource

_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT, id TEXT, version INTEGER, method TEXT, updated TEXT, body TEXT,
    UNIQUE (type, id, version));
CREATE TABLE IF NOT EXISTS current (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT, id TEXT, n INTEGER,
    UNIQUE (type, id));
CREATE TABLE IF NOT EXISTS search (
    seq INTEGER, type TEXT, parameter TEXT, system TEXT, value TEXT, low TEXT, high TEXT);
CREATE INDEX IF NOT EXISTS search_of ON search (seq, parameter);
CREATE INDEX IF NOT EXISTS search_value ON search (type, parameter, value);
CREATE INDEX IF NOT EXISTS search_low ON search (type, parameter, low);
"""
VERSION = "v.type, v.id, v.version, v.method, v.updated, v.body"


class Stored(NamedTuple):
    """One version of a resource; `body` is its JSON text, nothing for a deletion."""

    type: str
    id: str
    version: int
    method: str  # POST, PUT or DELETE
    updated: str  # instant, UTC
    body: str | None

    @property
    def etag(self) -> str:
        """The version as an HTTP entity tag."""
        return f'W/"{self.version}"'

    @property
    def location(self) -> str:
        """Where this version is, seen from the base."""
        return f"{self.type}/{self.id}/_history/{self.version}"

    @property
    def json(self) -> exactjson.Written:
        """The resource as it goes into a larger JSON text."""
        return exactjson.Written(self.body)


class Store:
    """Current resources, versions and index in one SQLite database; one writer at a time."""

    def __init__(self, path: str, fhir: int, rows: Callable[[Resource], Iterable[Row]]) -> None:
        self._rows = rows
        self._lock = threading.RLock()
        if path != ":memory:":
            Path(path).touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._make(fhir)
        except (ValueError, sqlite3.Error):
            self._db.close()
            raise

    def _make(self, fhir: int) -> None:
        """The tables, if they are not there. Raises ValueError for a store of another FHIR version."""
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        (made_for,) = self._db.execute("PRAGMA user_version").fetchone()
        if made_for not in {0, fhir}:
            raise ValueError(f"this store holds FHIR R{made_for}, not R{fhir}: name another file")
        self._db.executescript(_SCHEMA)
        self._db.execute(f"PRAGMA user_version = {fhir:d}")

    def close(self) -> None:
        """Close the database; a store in memory is gone."""
        with self._lock:
            self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside happens, or nothing; inside another `writing` it belongs to that one."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def select(self, sql: str, arguments: Sequence[object] = ()) -> list[Any]:
        """Rows of a query."""
        with self._lock:
            return self._db.execute(sql, arguments).fetchall()

    def read(self, type_: str, id_: str) -> Stored | None:
        """The current version, which may be a deletion."""
        sql = f"SELECT {VERSION} FROM current c JOIN versions v USING (n) WHERE c.type = ? AND c.id = ?"
        return next((Stored(*row) for row in self.select(sql, (type_, id_))), None)

    def vread(self, type_: str, id_: str, version: str) -> Stored | None:
        """One version."""
        sql = f"SELECT {VERSION} FROM versions v WHERE type = ? AND id = ? AND CAST(version AS TEXT) = ?"
        return next((Stored(*row) for row in self.select(sql, (type_, id_, version))), None)

    def put(self, resource: Resource, method: str) -> Stored:
        """Store a resource that has its id; without a change to its content no version is made, as on HAPI."""
        type_, id_ = resource["resourceType"], resource["id"]
        with self.writing():
            old = self.read(type_, id_)
            if old and old.body and _content(exactjson.read(old.body)) == _content(resource):
                return old
            version, updated = (old.version + 1 if old else 1), _now()
            meta = {**resource.get("meta", {}), "versionId": str(version), "lastUpdated": updated}
            stamped = {"resourceType": type_, "id": id_, "meta": meta}
            stamped |= {name: value for name, value in resource.items() if name not in stamped}
            new = Stored(type_, id_, version, method, updated, exactjson.write(stamped))
            seq = self._append(new)
            self._db.executemany(
                "INSERT INTO search VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(seq, type_, *row) for row in self._rows(stamped)],
            )
            return new

    def delete(self, type_: str, id_: str) -> Stored | None:
        """Mark a resource as deleted; a second time changes nothing."""
        with self.writing():
            old = self.read(type_, id_)
            if old is None or old.body is None:
                return old
            new = Stored(type_, id_, old.version + 1, "DELETE", _now(), None)
            self._append(new)
            return new

    def _append(self, new: Stored) -> int:
        """Make a version the current one, without index rows; the resource keeps its place in the order."""
        n = self._db.execute(
            "INSERT INTO versions (type, id, version, method, updated, body) VALUES (?, ?, ?, ?, ?, ?)", new
        ).lastrowid
        (seq,) = self._db.execute(
            "INSERT INTO current (type, id, n) VALUES (?, ?, ?)"
            " ON CONFLICT (type, id) DO UPDATE SET n = excluded.n RETURNING seq",
            (new.type, new.id, n),
        ).fetchone()
        self._db.execute("DELETE FROM search WHERE seq = ?", (seq,))
        return int(seq)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _content(resource: Resource) -> str:
    """The text to compare: everything but what the server itself puts into `meta`."""
    meta = {name: v for name, v in resource.get("meta", {}).items() if name not in {"versionId", "lastUpdated"}}
    return exactjson.write({**resource, "meta": meta}, ordered=True)
