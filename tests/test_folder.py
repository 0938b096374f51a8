"""Writing records into a practice folder: what changed is replaced, what did not is not touched."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RECORD, ids

from fhir_coaching.errors import InputError
from fhir_coaching.practice.atomic import replacing
from fhir_coaching.practice.folder import line_of, write_records
from fhir_coaching.practice.source import read
from fhir_coaching.records import kind_of
from fhir_coaching.records.coaching import Goal
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import Record, replaced


def goal(key: str = "g-1", **fields: object) -> Goal:
    record = read_record("goal", {"id": key, "patient": "p-1", "statement": "Walk", "state": "active"} | fields)
    assert isinstance(record, Goal)
    return record


def changes(*records: Record) -> dict[tuple[str, str], Record]:
    return {(kind_of(record), record.id): record for record in records}


def odd(key: str, **fields: object) -> str:
    """A line spelt as no program of ours spells it."""
    return json.dumps({"state": "active", "id": key, "patient": "p-1", "statement": "W\u00e4lk"} | fields, indent=None)


def test_a_new_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    patient = read_record("patient", {"id": "p-1"})
    assert [path.name for path in write_records(folder, changes(goal(), patient))] == [
        "patients.ndjson",
        "goals.ndjson",
    ]
    assert list(read(folder)) == [patient, goal()]
    assert (folder / "goals.ndjson").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == ["goals.ndjson", "patients.ndjson"]


def test_other_lines_stay_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "goals.ndjson"
    path.write_bytes(f"\ufeff{odd('g-1')}\r\n\r\n {odd('g-2', kind='goal')}\r\n? not JSON\r\n{odd('g-3')}".encode())
    path.chmod(0o640)
    other = (tmp_path / "patients.ndjson").write_bytes(b"{}")
    assert write_records(tmp_path, changes(goal("g-2"), goal("g-4"))) == [path]
    new = (line_of(goal("g-2")).decode(), line_of(goal("g-4"), kind=False).decode())
    assert path.read_bytes().decode() == (
        f"\ufeff{odd('g-1')}\r\n\r\n{new[0]}\r\n? not JSON\r\n{odd('g-3')}\r\n{new[1]}\r\n"
    )
    assert path.stat().st_mode & 0o777 == 0o640
    assert other == 2
    assert write_records(tmp_path, changes(goal("g-1"))) == [path]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf" + line_of(goal("g-1"), kind=False) + b"\r\n")


def test_a_line_that_says_the_record_already_is_not_spelt_anew(tmp_path: Path) -> None:
    path = tmp_path / "goals.ndjson"
    path.write_text(odd("g-1", kind="goal") + "\n")
    before = path.stat()
    same = goal("g-1", statement="Wälk")
    assert write_records(tmp_path, changes(same)) == []
    assert path.stat() == before
    write_records(tmp_path, changes(same, goal("g-2")))
    assert path.read_text().splitlines()[0] == odd("g-1", kind="goal")


def test_a_digit_more_is_a_change(tmp_path: Path) -> None:
    def record(value: str) -> Goal:
        target = {"measure": {"text": "steps"}, "detail": {"value": value}}
        path = tmp_path / f"{value}.ndjson"
        path.write_text(odd("g-1", kind="goal", targets=[target]).replace(f'"{value}"', value))
        [found] = read(path)
        assert isinstance(found, Goal)
        return found

    folder = tmp_path / "practice"
    write_records(folder, changes(record("8000.1")))
    assert [path.name for path in write_records(folder, changes(record("8000.10")))] == ["goals.ndjson"]
    assert b"8000.10}" in (folder / "goals.ndjson").read_bytes()


def test_a_packed_file_stays_packed_and_a_withdrawn_record_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "goals.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"id": "g-1", "deleted": true}\n' + odd("g-2").encode()))
    assert write_records(tmp_path, changes(goal())) == [path]
    assert gzip.decompress(path.read_bytes()) == line_of(goal(), kind=False) + b"\n" + odd("g-2").encode()
    again = path.read_bytes()
    write_records(tmp_path, changes(goal(state="on_hold")))
    write_records(tmp_path, changes(goal()))
    assert path.read_bytes() == again
    assert not (tmp_path / "goals.ndjson").exists()


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "goals.ndjson").symlink_to(tmp_path / "there" / "goals.ndjson")
    write_records(tmp_path, changes(goal()))
    assert (tmp_path / "goals.ndjson").is_symlink()
    assert list(read(tmp_path / "there" / "goals.ndjson")) == [goal()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{odd('g-1')}\n{odd('g-1')}\n".encode(), "the id `g-1` is there twice"),
        (gzip.compress(odd("g-2").encode() * 99, mtime=0)[:-20], "the gzip file is cut off"),
    ],
)
def test_nothing_is_written_where_a_file_is_of_no_use(tmp_path: Path, text: bytes, said: str) -> None:
    path = tmp_path / ("goals.ndjson.gz" if text.startswith(b"\x1f") else "goals.ndjson")
    path.write_bytes(text)
    with pytest.raises(InputError, match=said):
        write_records(tmp_path, changes(read_record("patient", {"id": "p-1"}), goal()))
    assert path.read_bytes() == text
    assert list(tmp_path.iterdir()) == [path]


def test_a_kind_with_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("goals.ndjson", "goals.ndjson.gz"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="stands beside"):
        write_records(tmp_path, changes(goal()))


def test_a_failure_before_the_end_leaves_all_files_as_they_were(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("old")

    def fail() -> None:
        with replacing([one, two]) as files:
            files[0].write(b"new")
            raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert one.read_text() == "old"
    assert list(tmp_path.iterdir()) == [one]


def test_a_record_under_a_foreign_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another kind or id"):
        write_records(tmp_path, {("goal", "g-2"): goal()})
    assert list(tmp_path.iterdir()) == []


@given(
    st.sampled_from(sorted(RECORD)).flatmap(lambda kind: st.lists(RECORD[kind], min_size=1, max_size=4)),
    st.lists(ids, min_size=4, max_size=4, unique=True),
    st.sampled_from(("packed", "plain")),
)
def test_what_is_written_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record], keys: list[str], form: str
) -> None:
    named = [replaced(record, id=key) for record, key in zip(records, keys, strict=False)]
    folder = tmp_path_factory.mktemp("practice")
    name = f"{kind_of(named[0])}s.ndjson.gz" if form == "packed" else "x.ndjson"
    (folder / name).write_bytes(gzip.compress(b"") if form == "packed" else b"")
    write_records(folder, changes(*named[:2]))
    write_records(folder, changes(*named))
    assert list(read(folder)) == named
    single = folder / "all.txt"
    single.write_bytes(b"\n".join(line_of(record) for record in named))
    assert list(read(single)) == named
