"""FHIR that others wrote as input: records and findings, or findings alone; and every resource comes back as it was."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import BASE, run
from foreign import MIXED, PARTS, PATIENT, R5, READ, SERVER, STRANGERS, UNREAD, Json, to
from foreign_bundles import TRANSACTION, searchset

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.names import SUPERSEDED, PracticeNames, adopted_id
from fhir_coaching.lens import Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.reading import Foreign, from_fhir
from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record, replaced

versions = pytest.mark.parametrize(
    ("fhir", "resources"), [("r4", [*READ.values()]), ("r5", [*R5.values()])], ids=["r4", "r5"]
)


def record_id(resource: Json, server: str = "") -> str:
    return adopted_id(server, resource["resourceType"], resource["id"])


def written(folder: Path, *resources: Json, name: str = "r.ndjson") -> Path:
    path = folder / name
    path.write_bytes(b"".join(dumps(one) + b"\n" for one in resources))
    return path


def to_records(source: Path, *more: str | Path, fhir: str = "r4") -> Any:
    return run("convert", source, "--to", "records", "--identifier-base", BASE, "--fhir", fhir, *more, columns=100)


def loaded(text: str) -> dict[str, Json]:
    """Records by kind; of a kind there is one."""
    records = [json.loads(line) for line in text.splitlines()]
    found = {record["kind"]: record for record in records}
    assert len(found) == len(records)
    return found


def told(text: str) -> str:
    return " ".join(text.split())


def exchange(fhir: str = "r4") -> Exchange:
    return Exchange(KINDS, Version[fhir.upper()], PracticeNames(BASE))


def entries(resources: Iterable[Json]) -> Iterator[Entry]:
    return (Entry(f"r:{number}", resource=one) for number, one in enumerate(resources, 1))


def read(using: Exchange, resources: Iterable[Json]) -> tuple[list[Record], Foreign]:
    foreign = Foreign()
    return [record for _, record in from_fhir(using, entries(resources), foreign=foreign)], foreign


@pytest.mark.parametrize(
    ("fhir", "resources"), [("r4", [*MIXED, TRANSACTION, searchset(MIXED)]), ("r5", [*R5.values()])], ids=["r4", "r5"]
)
def test_the_inputs_have_the_structure_that_the_definitions_want(fhir: str, resources: list[Json]) -> None:
    assert [fault for one in resources for fault in structure_faults(one, Version[fhir.upper()])] == []


def test_a_search_gives_records_that_refer_to_each_other(tmp_path: Path) -> None:
    done = to_records(written(tmp_path, searchset(MIXED), name="s.json"))
    records = loaded(done.stdout)
    ids = {kind: record_id(resource, SERVER) for kind, resource in READ.items()}
    assert {kind: record["id"] for kind, record in records.items()} == ids
    assert all(record["patient"] == ids["patient"] for record in records.values() if "patient" in record)
    me, goal, plan, session, claim = (records[k] for k in ("patient", "goal", "engagement", "session", "claim"))
    assert (me["identifiers"][0]["value"], me["birth_date"], me["languages"]) == (
        "000077",
        "1970-03",
        [{"code": "en-US"}],
    )
    assert (goal["targets"], goal["addresses"]) == ([{"due": "2026-09-30"}], [ids["condition"]])
    assert "start" not in goal
    assert records["condition"]["categories"] == ["encounter_diagnosis", "problem_list_item"]
    assert "onset" not in records["condition"]
    assert (plan["goals"], plan["steps"], plan["addresses"]) == (
        [ids["goal"]],
        [ids["action_step"]],
        [ids["condition"]],
    )
    assert (plan["labels"], plan["notes"]) == (["R"], [{"at": "2026-01-06T09:00:00+01:00", "text": "Go on"}])
    assert (session["practitioner"], session["minutes"]) == (ids["practitioner"], {"min": 3150, "max": 3150})
    assert session["conditions"] == [ids["condition"]]
    assert [other["who"]["id"] for other in session["others"]] == [ids["practitioner"]]  # by an absolute address
    assert not {"contact", "cpt", "place", "phase"} & session.keys()
    assert records["coverage"]["payer"] == {"kind": "organization", "id": ids["organization"]}
    assert records["coverage"]["member_id"] == "M-1"
    assert (claim["coverage"], claim["preauth_numbers"]) == (ids["coverage"], ["PA-1"])
    assert claim["care_team"] == [{"sequence": 1, "practitioner": ids["practitioner"]}]
    assert [one["sequence"] for one in claim["diagnoses"]] == [1, 2]
    (line,) = claim["lines"]
    assert (line["code"], line["session"], line["diagnoses"]) == ("0591T", ids["session"], [2, 1])
    assert not {"units", "service_date"} & line.keys()
    assert (records["referral"]["requester"]["id"], "period" in records["referral"]) == (ids["practitioner"], False)


def test_what_cannot_be_read_is_told_and_what_nothing_reads_is_counted(tmp_path: Path) -> None:
    done = to_records(written(tmp_path, searchset(MIXED), name="s.json"))
    said, at = told(done.stderr), len(READ)
    assert done.exit_code == 1
    assert f"s.json entry[{at}] statement error a required element is missing (Goal.description.text)" in said
    assert f"s.json entry[{at + 1}] error is none of the kinds" in said
    assert f"s.json entry[{at + 2}] payer error expected somebody whom we know" in said
    assert "(Coverage.payor)" in said
    for type_, count in (("Procedure", 2), ("EpisodeOfCare", 1), ("PractitionerRole", 1), ("Observation", 2)):
        assert f"{type_}, {count}" in said
    assert said.count("information") == 8
    assert f"26 resources, FHIR R4 -> 13 records; 13 of them adopted: they bear no identifier under {BASE}/" in said


def test_records_come_as_soon_as_all_that_they_refer_to_is_known() -> None:
    coming = entries([PATIENT, READ["condition"], READ["goal"], STRANGERS[0]])
    made = from_fhir(exchange(), coming, foreign=Foreign())
    assert [kind_of(next(made)[1]) for _ in range(2)] == ["patient", "condition"]
    assert next(coming).resource == READ["goal"]  # nobody has looked at it yet


def test_only_the_first_errors_are_shown(tmp_path: Path) -> None:
    done = to_records(written(tmp_path, *({**READ["goal"], "id": f"g-{n}"} for n in range(50)), STRANGERS[0]))
    assert done.stdout == ""
    assert "and 30 more errors" in done.stderr
    assert "Observation, 1" in done.stderr


def test_types_that_nothing_reads_fail_nothing(tmp_path: Path) -> None:
    source = written(tmp_path, *STRANGERS, *PARTS, {"resourceType": "Gaol"})
    done = to_records(source, "-o", tmp_path / "out")
    assert (done.exit_code, (tmp_path / "out").read_bytes()) == (0, b"")
    assert "a type of resource that no mapping reads: Gaol, 1" in told(done.stderr)
    assert to_records(source, "-q").stderr == ""


@versions
@pytest.mark.parametrize("order", [1, -1])
def test_a_bulk_export_is_read_in_any_order(fhir: str, resources: list[Json], order: int, tmp_path: Path) -> None:
    mixed = sorted([*resources, *STRANGERS], key=lambda one: one["resourceType"])[::order]
    done = to_records(written(tmp_path, *mixed), fhir=fhir)
    assert done.exit_code == 0
    records = loaded(done.stdout)
    assert {record["id"] for record in records.values()} == {record_id(one) for one in resources}
    assert records["engagement"]["goals"] == [records["goal"]["id"]]
    assert records["session"]["practitioner"] == records["practitioner"]["id"]


def test_a_transaction_has_no_ids_but_full_urls(tmp_path: Path) -> None:
    done = to_records(written(tmp_path, TRANSACTION, name="t.json"))
    records = loaded(done.stdout)
    urls = {entry["resource"]["resourceType"]: entry["fullUrl"] for entry in TRANSACTION["entry"]}
    assert done.exit_code == 1
    assert records["patient"]["id"] == adopted_id("", "Patient", urls["Patient"])
    assert records["goal"]["patient"] == records["patient"]["id"]
    assert records["goal"]["addresses"] == [records["condition"]["id"]]
    assert records["engagement"]["goals"] == [records["goal"]["id"]]
    assert records["session"]["contact"]["intervals"][0]["start"] == "2025-01-01T10:00:00-05:00"
    assert records.keys() == {"patient", "goal", "condition", "engagement", "session"}
    for element in ("Claim.type.coding.code", "Claim.provider", "Claim.insurance.coverage"):
        assert f"({element})" in done.stderr
    assert "Device, 1" in done.stderr


@versions
def test_resources_come_back_as_they_were(fhir: str, resources: list[Json]) -> None:
    using = exchange(fhir)
    records, foreign = read(using, resources)
    originals = {record_id(one): one for one in resources}
    assert (foreign.faults, foreign.adopted, len(records)) == ([], len(resources), len(resources))
    for record in records:
        assert_get_put(using, record, originals[record.id])


def assert_get_put(using: Exchange, record: Record, resource: Json) -> None:
    kind, before = kind_of(record), dumps(resource)
    parts = using.full(kind, {using.kinds[kind].anchor: resource})
    lens = using.lenses[kind]
    assert lens.get(parts, id=record.id) == record
    assert [dumps(one) for one in lens.put(record, parts).values()] == [before]
    assert dumps(resource) == before


@versions
def test_an_edit_changes_nothing_else(fhir: str, resources: list[Json]) -> None:
    using, edits = exchange(fhir), 0
    originals = {record_id(one): one for one in resources}
    for record in read(using, resources)[0]:
        kind, original = kind_of(record), originals[record.id]
        anchor = using.kinds[kind].anchor
        changed = replaced(record, identifiers=())
        made = using.parts(changed, using.full(kind, {anchor: original}))[anchor]
        left = [one for one in original.get("identifier", []) if not {"system", "value"} <= one.keys()]
        edits += changed != record
        if kind in {"goal", "claim", "session"}:
            assert made == {key: value for key, value in original.items() if key != "identifier"} | (
                {"identifier": left} if left else {}
            )
    assert edits >= 3


@pytest.mark.parametrize(
    ("fhir", "source", "count"),
    [
        ("r4", searchset(MIXED), 13),
        ("r4", TRANSACTION, 5),
        (
            "r5",
            {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in R5.values()]},
            13,
        ),
    ],
    ids=["searchset", "transaction", "collection"],
)
def test_records_go_back_onto_the_copies_they_came_from(fhir: str, source: Json, count: int, tmp_path: Path) -> None:
    base, records = written(tmp_path, source, name="b.json"), tmp_path / "records.ndjson"
    to_records(base, "-o", records, fhir=fhir)
    arguments = ("convert", records, "--to", "fhir", "--fhir", fhir, "--identifier-base", BASE)
    done = run(*arguments, "--base", base)
    resources = {dumps(entry["resource"]) for entry in source["entry"]}
    lines = done.stdout.encode().splitlines()
    assert (done.exit_code, len(lines), set(lines) <= resources) == (0, count, True)


def test_an_edited_record_goes_onto_its_copy_and_refers_to_others_by_address(tmp_path: Path) -> None:
    base, records = written(tmp_path, *READ.values()), tmp_path / "records.ndjson"
    found = loaded(to_records(base).stdout)
    goal = {**found["goal"], "statement": "Run", "expressed_by": {"kind": "patient", "id": found["patient"]["id"]}}
    records.write_text(json.dumps(goal) + "\n")
    done = run("convert", records, "--to", "fhir", "--identifier-base", BASE, "--base", base)
    said = {"system": f"{BASE}/patient", "value": found["patient"]["id"]}
    assert json.loads(done.stdout) == json.loads(dumps(READ["goal"])) | {
        "description": {"text": "Run"},
        "expressedBy": {"reference": "Patient/pat-7", "type": "Patient", "identifier": said},
    }


def test_a_base_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "base.ndjson").write_text('{"resourceType": "Goal", oops}\n')
    records = tmp_path / "g.ndjson"
    records.write_text('{"kind": "goal", "id": "g-1", "patient": "p-1", "statement": "Walk", "state": "active"}\n')
    done = run("convert", records, "--to", "fhir", "--identifier-base", BASE, "--base", tmp_path / "base.ndjson")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "base.ndjson:1: not JSON" in done.stderr


def test_into_a_folder_that_then_is_a_practice(tmp_path: Path) -> None:
    source = written(tmp_path, searchset(MIXED), name="s.json")
    done = to_records(source, "-o", f"{tmp_path}/practice/")
    report = json.loads(run("validate", tmp_path / "practice", "--output", "json").stdout)
    assert (done.exit_code, report["checked"]) == (1, 13)
    assert {one["rule"] for one in report["findings"]} == {"related-person-active", "step-goals"}


def test_nothing_refers_to_what_could_not_be_read(tmp_path: Path) -> None:
    lost = {**PATIENT, "gender": "no code"}
    step = {**READ["action_step"], "subject": {"identifier": {"system": f"{BASE}/patient", "value": "p-1"}}}
    step["requester"] = to("Patient/pat-7")
    done = to_records(written(tmp_path, READ["goal"], step, lost, READ["organization"]))
    records = loaded(done.stdout)
    assert records.keys() == {"action_step", "organization"}
    assert "set_by" not in records["action_step"]
    assert "r.ndjson:1 patient error expected a Patient that we know (Goal.subject)" in told(done.stderr)
    assert "r.ndjson:3 sex error" in told(done.stderr)


def test_a_resource_that_is_ours_fails_as_before_and_nothing_is_written(tmp_path: Path) -> None:
    ours = {**READ["goal"], "identifier": [{"system": f"{BASE}/goal", "value": "g-1"}], "lifecycleStatus": "gone"}
    done = to_records(written(tmp_path, PATIENT, ours, *UNREAD), "-o", tmp_path / "out")
    assert (done.exit_code, (tmp_path / "out").exists()) == (3, False)
    assert "r.ndjson:2 state (Goal.lifecycleStatus): unknown code" in told(done.stderr)
    assert "r.ndjson:5 payer error" in told(done.stderr)
    both = [{"system": f"{BASE}/goal", "value": value} for value in ("g-1", "g-2")]
    done = to_records(written(tmp_path, {**READ["goal"], "identifier": both}))
    assert "has identifiers of several records of this practice" in told(done.stderr)
    assert done.exit_code == 3


def test_ours_and_those_of_others_refer_to_each_other(tmp_path: Path) -> None:
    goal = {**READ["goal"], "identifier": [{"system": f"{BASE}/goal", "value": "g-1"}]}
    done = to_records(written(tmp_path, READ["engagement"], goal, READ["condition"], PATIENT))
    records = loaded(done.stdout)
    assert (done.exit_code, records["goal"]["id"], records["engagement"]["goals"]) == (0, "g-1", ["g-1"])
    assert records["goal"]["addresses"] == [records["condition"]["id"]]
    assert "4 records; 3 of them adopted" in done.stderr


def test_a_note_that_was_replaced_is_left_out(tmp_path: Path) -> None:
    old = {**PARTS[3], "identifier": [{"system": f"{BASE}/session.note{SUPERSEDED}", "value": "s-1"}]}
    done = to_records(written(tmp_path, old))
    assert (done.exit_code, done.stdout) == (0, "")
    assert "information what was replaced by another resource: DocumentReference, 1" in told(done.stderr)


def test_another_identifier_base_is_hinted_at(tmp_path: Path) -> None:
    other = [{"system": "https://other.example/ids/patient", "value": "p-1"}]
    done = to_records(written(tmp_path, {**PATIENT, "identifier": other}))
    assert "--identifier-base were https://other.example/ids" in told(done.stderr)
    assert "--identifier-base" not in to_records(written(tmp_path, PATIENT)).stderr


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([{key: value for key, value in PATIENT.items() if key != "id"}], "cannot be told from others"),
        ([PATIENT, {**PATIENT, "gender": "male"}], "the same record's resource a second time"),
        ([{**READ["session"], "subject": {"display": "somebody"}}], "expected a Patient that we know"),
        ([{**PATIENT, "modifierExtension": [{"url": "urn:x"}]}], "may reverse the meaning"),
        ([{**READ["goal"], "subject": to("#p")}], "expected a Patient that we know"),
    ],
)
def test_what_is_no_record_is_an_error(resources: list[Json], expected: str, tmp_path: Path) -> None:
    done = to_records(written(tmp_path, *resources))
    assert done.exit_code == 1
    assert expected in told(done.stderr)


def test_what_comes_again_the_same_is_one_record(tmp_path: Path) -> None:
    done = to_records(written(tmp_path, searchset([PATIENT]), searchset([PATIENT, READ["goal"]])))
    assert (done.exit_code, [*loaded(done.stdout)]) == (0, ["patient", "goal"])


def test_two_servers_are_not_mixed_up(tmp_path: Path) -> None:
    here, there = searchset([PATIENT]), searchset([{**PATIENT, "gender": "male"}], "https://other.example/fhir")
    goal = {**READ["goal"], "subject": to("https://other.example/fhir/Patient/pat-7")}
    done = to_records(written(tmp_path, here, there, searchset([goal])))
    assert loaded(done.stdout).keys() == {"patient"}
    assert "stands on another server than those before" in told(done.stderr)
    assert "expected a Patient that we know" in told(done.stderr)
    alone = to_records(written(tmp_path, here, PATIENT | {"active": False}))
    assert "has the address of another resource" in told(alone.stderr)
    ours = PATIENT | {"identifier": [{"system": f"{BASE}/patient", "value": "p-1"}]}
    assert "has the address of another resource" in told(to_records(written(tmp_path, ours, PATIENT)).stderr)
    unnamed = to_records(written(tmp_path, PATIENT, goal))
    assert "expected a Patient that we know" in told(unnamed.stderr)


@versions
def test_validate_names_what_it_cannot_read(fhir: str, resources: list[Json], tmp_path: Path) -> None:
    source = written(tmp_path, *resources, *(UNREAD[:2] if fhir == "r4" else ()), *STRANGERS)
    report = json.loads(run("validate", source, "--fhir", fhir, "--readable", "--output", "json").stdout)
    errors = [one["place"] for one in report["findings"] if one["severity"] == "error"]
    said = ["r.ndjson:14 statement", "r.ndjson:15"] if fhir == "r4" else []
    assert (errors, report["errors"]) == (said, len(said))
    assert {one["rule"] for one in report["findings"] if one["severity"] != "warning"} == {
        "stranger",
        "not-checked",
        *(["mapping"] if said else []),
    }


def test_a_library_call_gets_the_records_and_then_the_faults() -> None:
    found, using = list[Record](), exchange()
    with pytest.raises(MappingError) as raised:
        found.extend(record for _, record in from_fhir(using, entries([PATIENT, *UNREAD, *STRANGERS])))
    elements = [fault.element for fault in raised.value.faults]
    assert elements == ["Goal.description.text", "ServiceRequest", "Coverage.payor"]
    assert [record.id for record in found] == [record_id(PATIENT)]
