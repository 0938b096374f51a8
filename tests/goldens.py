"""The golden files: some telling records (golden/records.ndjson), and for each what it is in R4 and in R5."""

from pathlib import Path
from typing import Any

import msgspec

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.lens import Kind, KindLens, Version
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.practice.source import read
from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record

Json = dict[str, Any]

FOLDER = Path(__file__).parent / "golden"
NAMES = PracticeNames("https://practice.example")
RECORDS: list[Record] = list(read(FOLDER / "records.ndjson"))
NEAR = Nearby(RECORDS)


def of_kind(kind: str) -> list[Record]:
    """The records of one kind."""
    return [record for record in RECORDS if kind_of(record) == kind]


def path(record: Record, version: Version) -> Path:
    """Where a record's golden file is."""
    return FOLDER / version.name.lower() / f"{record.id}.json"


def spelt(parts: Json) -> bytes:
    """A file's content: {part: resource}, to be read by people, decimals with all their digits."""
    return msgspec.json.format(dumps(parts), indent=2) + b"\n"


def golden(record: Record, version: Version) -> Json:
    """A file's content, read. Raises FileNotFoundError: `pytest --regenerate` writes it."""
    parts: Json = loads(path(record, version).read_bytes())
    return parts


def full(lens: KindLens[Any], parts: Json) -> dict[str, Json | None]:
    """Parts as if all had been looked for."""
    return {name: parts.get(name) for name in lens.lenses}


def lens_of(kind: Kind[Any], version: Version) -> KindLens[Any]:
    """A kind bound to the golden files' names."""
    return kind.lens(version, NAMES)


def made(lens: KindLens[Any], record: Record) -> Json:
    """A record's resources, among all the others."""
    return lens.put(record, beside=lens.beside(record, NEAR))
