"""Reading a practice folder, single files and standard input; what bad input gets."""

import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from fhir_coaching.errors import InputError
from fhir_coaching.practice.lines import KEPT
from fhir_coaching.practice.references import references_of
from fhir_coaching.practice.source import Entry, open_source, read
from fhir_coaching.records.spelling import read_record

GOAL = '{"id": "g-1", "patient": "p-1", "statement": "Walk", "state": "active"}'
PATIENT = '{"id": "p-1"}'
TOML = 'name = "Riverside"\nidentifier_base = "https://riverside.example/ids"\ntime_zone = "America/New_York"\n'
CANARY = "Zebra-Quartz-7731"


def goal(**fields: object) -> str:
    return json.dumps(json.loads(GOAL) | fields)


def faults_of(path: Path | str, *, stdin: bytes = b"") -> list[str]:
    with pytest.raises(InputError) as caught:
        list(open_source(str(path), stdin=io.BytesIO(stdin)))
    return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def write_file(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write_file


Write = Callable[[str, str | bytes], Path]


def test_a_practice_folder_gives_its_records_in_the_order_of_the_kinds(write: Write, tmp_path: Path) -> None:
    write("practice.toml", TOML)
    write("goals.ndjson", f"{GOAL}\n\n{goal(id='g-2')}")
    write("patients.ndjson.gz", gzip.compress(f"{PATIENT}\n".encode()))
    write("ids.ndjson", "not ours")
    source = open_source(str(tmp_path))
    assert [(entry.place, entry.kind, entry.record and entry.record.id) for entry in source] == [
        ("patients.ndjson.gz:1", "patient", "p-1"),
        ("goals.ndjson:1", "goal", "g-1"),
        ("goals.ndjson:3", "goal", "g-2"),
    ]
    assert source.settings is not None
    assert source.settings.identifier_base == "https://riverside.example/ids"
    assert (source.name, source.folder) == (str(tmp_path), tmp_path)
    assert [record.id for record in read(tmp_path)] == ["p-1", "g-1", "g-2"]


def test_a_mark_line_ends_of_windows_and_an_empty_file_are_fine(write: Write, tmp_path: Path) -> None:
    write("goals.ndjson", b"\xef\xbb\xbf" + GOAL.encode() + b"\r\n\r\n" + goal(id="g-2").encode() + b"\r\n")
    write("sessions.ndjson", "")
    write("patients.ndjson", PATIENT)
    assert [record.id for record in read(tmp_path)] == ["p-1", "g-1", "g-2"]


@pytest.mark.parametrize("name", ["records.ndjson", "records.txt", "records.json", "-"])
def test_a_file_of_several_kinds_names_the_kind_on_each_line(write: Write, name: str) -> None:
    text = '{"kind": "patient", "id": "p-1"}\n' + goal(kind="goal") + "\n"
    path = "-" if name == "-" else str(write(name, text))
    entries = list(open_source(path, stdin=io.BytesIO(text.encode())))
    assert [(entry.kind, entry.place.rpartition(":")[2]) for entry in entries] == [("patient", "1"), ("goal", "2")]
    lacking = write("lacking.ndjson", f"{GOAL}\n{goal(kind='gaol')}\n{goal(kind='teapot')}\n{goal(kind=7)}")
    said = faults_of(lacking)
    assert said[0].startswith('lacking.ndjson:1 kind: is required here (expected `"kind": "goal"`')
    assert "did you mean `goal`?" in said[1]
    assert "known: organization, place" in said[2]
    assert "unknown kind" in said[3]


def test_a_file_takes_its_settings_from_the_folder_it_lies_in(write: Write, tmp_path: Path) -> None:
    write("practice.toml", TOML)
    source = open_source(str(write("goals.ndjson", GOAL)))
    assert source.settings is not None
    assert source.folder == tmp_path
    assert [record.id for record in read(source)] == ["g-1"]  # alone, it is no whole practice: nothing dangles


def test_standard_input_has_no_settings(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("practice.toml", "?")
    monkeypatch.chdir(tmp_path)
    source = open_source("-", stdin=io.BytesIO(b""))
    assert (source.name, source.folder, source.settings, list(source)) == ("-", Path(), None, [])


def test_packed_standard_input_is_refused_and_it_is_read_once() -> None:
    assert "is compressed" in faults_of("-", stdin=gzip.compress(GOAL.encode()))[0]
    source = open_source("-", stdin=io.BytesIO(goal(kind="goal").encode()))
    assert len(list(source)) == 1
    with pytest.raises(InputError, match="once only"):
        list(source)


def test_a_deleted_line_withdraws(write: Write, tmp_path: Path) -> None:
    path = write("goals.ndjson", f'{{"id": "g-1", "deleted": true}}\n{goal(kind="goal", id="g-2")}')
    assert next(iter(open_source(str(path)))) == Entry("goals.ndjson:1", "goal", withdrawn="g-1")
    assert [record.id for record in read(path)] == ["g-2"]
    write("goals.ndjson", '{"id": "g-1", "deleted": false}\n{"id": "g 1", "deleted": true}\n' + goal(deleted=True))
    assert [fault.split(":")[2].split("(")[0].strip() for fault in faults_of(tmp_path)] == ["not a withdrawal"] * 3


RESOURCES = [{"resourceType": "Goal", "id": "a"}, {"resourceType": "Teapot", "value": 8000.10}]
BUNDLE = {
    "resourceType": "Bundle",
    "entry": [{"fullUrl": "urn:x", "resource": RESOURCES[0]}, {"response": {}}, {"resource": RESOURCES[1]}],
}


def test_bundles_are_opened_whether_on_one_line_or_on_many(write: Write) -> None:
    wanted = [("entry[0]", "urn:x", "Goal"), ("entry[2]", "", "Teapot")]
    many_lines, one_line = json.dumps(BUNDLE, indent=2), json.dumps(BUNDLE)
    for name, text, place in (
        ("bundle.json", many_lines, "bundle.json"),
        ("line.json", one_line, "line.json"),
        ("bundle.ndjson", one_line + "\n", "bundle.ndjson:1"),
        ("-", many_lines, "-"),
        ("-", one_line, "-:1"),
    ):
        path = name if name == "-" else str(write(name, text))
        entries = list(open_source(path, stdin=io.BytesIO(text.encode())))
        found = [(e.place, e.full_url, e.resource and e.resource["resourceType"]) for e in entries]
        assert found == [(f"{place} {entry}", url, kind) for entry, url, kind in wanted]


def test_a_folder_of_resources_is_a_source(write: Write, tmp_path: Path) -> None:
    write("Goal.ndjson", "\n".join(map(json.dumps, RESOURCES)))
    write("one.json", json.dumps(RESOURCES[0], indent=1))
    write(".hidden.json", "?")
    write("notes.txt", "?")
    places = [entry.place for entry in open_source(str(tmp_path))]
    assert places == ["Goal.ndjson:1", "Goal.ndjson:2", "one.json"]
    with pytest.raises(InputError, match="`from_fhir` reads resources"):
        list(read(tmp_path))


def test_numbers_of_resources_keep_their_digits(write: Write) -> None:
    path = write("one.json", '{"resourceType": "Goal", "value": 8000.10}')
    [entry] = open_source(str(path))
    assert entry.resource is not None
    assert str(entry.resource["value"]) == "8000.10"


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        ({"resourceType": "Bundle", "entry": [{"resource": BUNDLE}]}, "entry[0].resource: a Bundle inside a Bundle"),
        ({"resourceType": "Bundle", "entry": {}}, "entry: expected a list"),
        ({"resourceType": "Bundle", "entry": [1]}, "entry[0]: expected an object"),
        ({"resourceType": "Bundle", "entry": [{"resource": {}}]}, "entry[0].resource: not a resource"),
        ({"resourceType": "Bundle", "entry": [{"fullUrl": 1, "resource": RESOURCES[0]}]}, "fullUrl: expected a text"),
        ({"resourceType": 7}, "not a resource"),
    ],
)
def test_a_broken_bundle_is_a_fault(write: Write, resource: object, said: str) -> None:
    [fault] = faults_of(write("b.json", json.dumps(resource)))
    assert said in fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,patient,statement\ng-1,p-1,Walk\n" * 500, "goals.ndjson:1: looks like CSV"),
        ('"id";"patient"\n', "goals.ndjson:1: looks like CSV"),
        ("<html><body>", "goals.ndjson:1: looks like XML or HTML"),
        (f"[{GOAL},\n{GOAL}]", "goals.ndjson:1: a JSON array"),
        (json.dumps(json.loads(GOAL), indent=2), "goals.ndjson:1: a JSON object over several lines"),
        (GOAL.encode("utf-16"), "goals.ndjson:1: looks like UTF-16"),
        (b'{"id": "g-1", "statement": "\xe9"}', "goals.ndjson:1: not UTF-8 at byte 29"),
        (GOAL[:-1], "goals.ndjson:1: not JSON: it ends too early"),
        (GOAL + "}", f"goals.ndjson:1: not JSON at byte {len(GOAL) + 1}"),
        (f"{GOAL}\n[1]", "goals.ndjson:2: a JSON array"),
        (f"{GOAL}\n7", "goals.ndjson:2: not a JSON object"),
        ('{"id": NaN}', "goals.ndjson:1: NaN or Infinity at byte 8"),
        ('{"id": -Infinity}', "goals.ndjson:1: NaN or Infinity"),
        ('{"id": "\\ud800"}', "half of a surrogate pair"),
        ('{"id": ' + "[" * 100_000, "goals.ndjson:1: not JSON"),
        ('{"id": ' + "[" * 500 + "]" * 500 + "}", "goals.ndjson:1: not JSON: nested"),
        ('{"id": 1e99999999999999999999999}', "goals.ndjson:1: not JSON"),
        (gzip.compress(b"x", mtime=0), "goals.ndjson:1: is compressed, though its name does not say so"),
    ],
)
def test_what_is_not_json_lines_says_what_it_is_once(write: Write, text: str | bytes, said: str) -> None:
    [fault] = faults_of(write("goals.ndjson", text))
    assert said in fault
    assert len(fault) < 300


def test_a_damaged_gzip_file_says_so(write: Write) -> None:
    packed = gzip.compress("\n".join(goal(id=f"g-{n}") for n in range(5000)).encode())
    [fault] = faults_of(write("goals.ndjson.gz", packed[: len(packed) // 2]))
    assert "the gzip file is cut off" in fault
    assert fault.startswith("goals.ndjson.gz:")
    for text in (GOAL.encode(), packed[:50] + b"\0\0\0\0" + packed[54:]):
        [fault] = faults_of(write("goals.ndjson.gz", text))
        assert "this is not gzip, or it is damaged" in fault


def test_a_record_with_faults_shows_them_all_with_their_places(write: Write) -> None:
    bad = goal(state="actve", statment="x", targets=[{"measure": {"text": "x"}}, {"due": "2026-02-30"}])
    said = faults_of(write("goals.ndjson", f"{GOAL}\n{bad}\n{goal(kind='session', id='g-3')}\n{goal()}"))
    assert said == [
        (
            "goals.ndjson:2 state: unknown value; known: proposed, planned, accepted, active, on_hold, completed, "
            "abandoned, declined, entered_in_error"
        ),
        "goals.ndjson:2 targets[1].due: expected a date that exists: YYYY, YYYY-MM or YYYY-MM-DD",
        "goals.ndjson:2 statment: unknown field; did you mean `statement`?",
        (
            "goals.ndjson:3 kind: a wrong kind (goals.ndjson holds records of kind goal; this one belongs into "
            "sessions.ndjson)"
        ),
        "goals.ndjson:4 id: goal `g-1` stands at goals.ndjson:1 already (keep one of the two)",
    ]


def test_what_is_good_comes_out_before_the_faults(write: Write) -> None:
    source = iter(open_source(str(write("goals.ndjson", f"{GOAL}\n?\n{goal(id='g-2')}"))))
    assert [next(source).place, next(source).place] == ["goals.ndjson:1", "goals.ndjson:3"]
    with pytest.raises(InputError, match=r"goals\.ndjson:2"):
        next(source)


def test_only_the_first_faults_are_kept(write: Write) -> None:
    path = write("goals.ndjson", "{}\n" * 1000)
    with pytest.raises(InputError) as caught:
        list(open_source(str(path)))
    assert len(caught.value.faults) == KEPT
    assert str(caught.value).endswith("and 3900 more")  # id, patient, statement and state of each line


def test_a_line_without_end_is_refused_in_little_memory(write: Write) -> None:
    path = write("goals.ndjson", GOAL + "\n")
    with path.open("ab") as file:
        file.write(b'{"id": "')
        for _ in range(100):
            file.write(b"x" * 2**20)
        file.write(b'"}\n' + goal(id="g-2").encode())
    source = open_source(str(path))
    tracemalloc.start()
    try:
        found: list[str] = []
        with pytest.raises(InputError, match=r"goals.ndjson:2: a line of more than 16 MiB"):
            found += [entry.place for entry in source] or found
        assert tracemalloc.get_traced_memory()[1] < 60 * 2**20
    finally:
        tracemalloc.stop()


def test_references_of_a_whole_practice_must_lead_somewhere(write: Write, tmp_path: Path) -> None:
    who = {"kind": "related_person", "id": "r-9"}
    write("patients.ndjson", '{"id": "p-1", "links": [{"patient": "p-2", "type": "replaced_by"}]}')
    write("goals.ndjson", f"{goal(parent='g-2', expressed_by=who)}\n" + '{"id": "g-2", "deleted": true}')
    write("sessions.ndjson", '{"id": "s", "patient": "p-1", "status": "planned", "goals": ["g-1", "g-7"]}')
    assert sorted(faults_of(tmp_path)) == [
        (
            "goals.ndjson:1 expressed_by: there is no related_person `r-9` (add it to related_persons.ndjson, or "
            "correct the id here)"
        ),
        (
            "patients.ndjson:1 links.patient: there is no patient `p-2` (add it to patients.ndjson, or correct the id "
            "here)"
        ),
        "sessions.ndjson:1 goals: there is no goal `g-7` (add it to goals.ndjson, or correct the id here)",
    ]


def test_nothing_dangles_from_what_could_not_be_read(write: Write, tmp_path: Path) -> None:
    write("practice.toml", TOML)
    write("patients.ndjson", '{"id": "p-1", "sex": "?"}')
    write("goals.ndjson", GOAL)
    [fault] = faults_of(tmp_path)
    assert "patients.ndjson:1 sex" in fault
    write("patients.ndjson", "id,names\np-1,x")
    [fault] = faults_of(tmp_path)
    assert "looks like CSV" in fault


def test_the_billing_organization_must_be_there(write: Write, tmp_path: Path) -> None:
    write("practice.toml", TOML + 'billing_organization = "o-1"\n')
    assert faults_of(tmp_path)[0].startswith("practice.toml billing_organization: there is no organization `o-1`")
    write("organizations.ndjson", '{"id": "o-1"}')
    assert len(list(open_source(str(tmp_path)))) == 1


def test_every_reference_of_a_record_is_found() -> None:
    by = {"kind": "practitioner", "id": "c"}
    record = read_record(
        "goal", json.loads(goal(parent="g", notes=[{"text": "x"}, {"text": "y", "by": by}], revisions=[]))
    )
    assert list(references_of(record)) == [
        ("patient", ("patient",), "p-1"),
        ("parent", ("goal",), "g"),
        ("notes[1].by", ("practitioner",), "c"),
    ]


def test_a_place_that_is_no_source_is_refused_at_once(write: Write, tmp_path: Path) -> None:
    for path, said in (
        (tmp_path / "nowhere", "does not exist"),
        (tmp_path, "holds neither records nor resources"),
        (Path("/dev/null"), "neither a file nor a folder"),
    ):
        with pytest.raises(InputError, match=said):
            open_source(str(path))
    write("goals.ndjson", GOAL)
    write("goals.ndjson.gz", gzip.compress(GOAL.encode()))
    with pytest.raises(InputError, match=r"goals.ndjson.gz: stands beside goals.ndjson"):
        open_source(str(tmp_path))


@pytest.mark.parametrize("name", ["goal.ndjson", "Goals.ndjson", "related-persons.ndjson", "patients.json"])
def test_a_misnamed_file_of_a_practice_is_not_passed_over(write: Write, tmp_path: Path, name: str) -> None:
    write("practice.toml", TOML)
    write(name, "")
    with pytest.raises(InputError, match=r"did you mean \w+\.ndjson\?"):
        open_source(str(tmp_path))


def test_no_fault_says_a_value(write: Write) -> None:
    lines = [
        goal(statement=CANARY, state=CANARY),
        goal(id=f"{CANARY} {CANARY}", start=CANARY, targets=[{"due": CANARY, "detail": {"value": CANARY}}]),
        goal(patient=[CANARY], notes=[{"text": CANARY, "at": CANARY, "by": {"kind": CANARY, "id": CANARY}}]),
        goal(kind=CANARY),
        goal(labels=[CANARY], identifiers=[{"system": CANARY, "value": CANARY, "use": CANARY}], source=CANARY),
        goal(ongoing=CANARY, gas_scale=[{"level": CANARY, "text": 7}], expressed_by=CANARY, focus=CANARY),
        goal(**{"x" * 200 + CANARY: 1}),
        f'{{"id": "{CANARY}", "deleted": 1}}',
        f'{{"id": "{CANARY}',
        f'"{CANARY}"',
        f'{{"id": NaN, "statement": "{CANARY}"}}',
        f'{{"resourceType": {{"{CANARY}": 1}}}}',
    ]
    said = faults_of(write("goals.ndjson", "\n".join(lines)))
    assert {fault.split(":")[1].split()[0] for fault in said} == {str(number) for number in range(1, len(lines) + 1)}
    assert CANARY not in "\n".join(said)
