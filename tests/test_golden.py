"""What telling records are in FHIR, to the letter. `pytest tests/test_golden.py --regenerate` writes the files anew.

Paths are seen here that are wrong both ways: the laws are blind to them.
"""

from collections.abc import Iterator
from typing import Any

import goldens
import pytest

from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.lens import R4, R5, Lens, Version
from fhir_coaching.lens.binding import BoundRow
from fhir_coaching.mappings import KINDS
from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record

Json = dict[str, Any]

versions = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
records = pytest.mark.parametrize("record", goldens.RECORDS, ids=lambda record: str(record.id))


def content(record: Record, version: Version) -> bytes:
    return goldens.spelt(goldens.made(goldens.lens_of(KINDS[kind_of(record)], version), record))


@pytest.fixture(scope="module", autouse=True)
def written(request: pytest.FixtureRequest) -> None:
    """Write the files anew if that was asked for, and take those away that no record has."""
    if not request.config.getoption("--regenerate"):
        return
    for version in (R4, R5):
        folder = goldens.FOLDER / version.name.lower()
        folder.mkdir(exist_ok=True)
        for record in goldens.RECORDS:
            goldens.path(record, version).write_bytes(content(record, version))
        for path in set(folder.iterdir()) - {goldens.path(record, version) for record in goldens.RECORDS}:
            path.unlink()


@versions
@records
def test_the_files_say_what_is_sent(record: Record, version: Version) -> None:
    assert goldens.path(record, version).read_bytes() == content(record, version)


@versions
@records
def test_they_read_as_the_record(record: Record, version: Version) -> None:
    lens = goldens.lens_of(KINDS[kind_of(record)], version)
    read = lens.get(goldens.full(lens, goldens.golden(record, version)), record)
    assert repr(read) == repr(record)


@versions
@records
def test_they_pass_the_gate(record: Record, version: Version) -> None:
    for resource in goldens.golden(record, version).values():
        assert structure_faults(resource, version) == []


@versions
def test_there_is_no_file_too_many(version: Version) -> None:
    there = {path.name for path in (goldens.FOLDER / version.name.lower()).iterdir()}
    assert there == {goldens.path(record, version).name for record in goldens.RECORDS}


@versions
@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_in_some_file(kind: str, version: Version) -> None:
    lens = goldens.lens_of(KINDS[kind], version)
    files = [goldens.golden(record, version) for record in goldens.of_kind(kind)]
    for part, its in lens.lenses.items():
        resources = [parts[part] for parts in files if part in parts]
        assert list(unseen(its, resources, part)) == []


def unseen(lens: Lens[Any], nodes: list[Any], path: str) -> Iterator[str]:
    """Rows, also those of nested tables, that say nothing in any of the nodes."""
    for row in lens.rows:
        if row.kind == "local":
            continue
        found = [element for node in nodes for element in elements(row, node)]
        if not found:
            yield f"{path} {row.at}"
        if isinstance(row.codec, Lens):
            yield from unseen(row.codec, found, f"{path} {row.at}")


def elements(row: BoundRow, node: Any) -> list[Any]:
    """What of a node is a row's, found without the kernel's own readers; of a list, each element."""
    level = [node]
    for step in row.place.steps:
        level = [child for one in level for child in listed(one.get(step.key)) if step.slice is None or step.has(child)]
    last, place = row.place.last, row.place
    if place.siblings:
        keys = [place.stem + name for name in place.siblings] + [f"_{place.stem}{name}" for name in place.siblings]
        return [one for one in level if any(key in one for key in keys)]
    return [child for one in level for child in listed(one.get(last.key)) if last.slice is None or last.has(child)]


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
