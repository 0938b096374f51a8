"""`validate`, `roundtrip`, `mapping`, `explain`: what they say of good and of bad records, and of the tables."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from commandline import BASE, RESOURCES, SAMPLE, SAMPLED, TRAVEL, run

from fhir_coaching.lens import Codec, Kind, Part, Table
from fhir_coaching.mappings import KINDS
from fhir_coaching.mappings.goal import GOAL_TABLE
from fhir_coaching.records import RECORDS
from fhir_coaching.records.coaching import Goal
from fhir_coaching.report.tables import lines

GOAL = {"id": "g-1", "patient": "p-1", "statement": "Walk to school", "state": "active", "start": "2026-01"}
TYPES = [part.table.type for kind in KINDS.values() for part in kind.parts.values()]


def written(folder: Path, *records: Mapping[str, object], name: str = "goals.ndjson") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


@pytest.mark.parametrize("fhir", ["r4", "r5"])
def test_the_sample_practice_has_no_errors_as_records_and_as_resources(fhir: str, tmp_path: Path) -> None:
    run("convert", SAMPLE, "--to", "fhir", "--fhir", fhir, "-o", tmp_path / "r.ndjson")
    for source, number in ((SAMPLE, SAMPLED), (tmp_path / "r.ndjson", RESOURCES)):
        done = run("validate", source, "--fhir", fhir, "--output", "json")
        assert (done.exit_code, json.loads(done.stdout)["errors"]) == (0, 0)
        assert json.loads(done.stdout)["checked"] == number


def test_a_warning_is_told_and_fails_nothing(tmp_path: Path) -> None:
    done = run("validate", written(tmp_path, {**GOAL, "state": "on_hold"}), columns=80)
    assert done.exit_code == 0
    assert "goals.ndjson:1:1 warning goal-reason state_reason" in done.stdout.replace("\n ", "")
    assert "1 checked, 0 errors, 1 warning" in done.stdout


def test_an_error_in_one_record_and_between_two(tmp_path: Path) -> None:
    loop = [{**GOAL, "id": "g-1", "parent": "g-2"}, {**GOAL, "id": "g-2", "parent": "g-1"}]
    source = written(tmp_path, *loop, {**GOAL, "id": "g-3", "targets": [{"detail": {"value": 1}}]})
    done = run("validate", source, "--output", "json")
    rules = [(one["rule"], one["place"]) for one in json.loads(done.stdout)["findings"]]
    assert done.exit_code == 3
    assert {("goal-loop", "goals.ndjson:1 parent"), ("goal-detail", "goals.ndjson:3 targets[0].measure")} <= set(rules)


def test_what_fhir_cannot_say_is_told_with_both_places(tmp_path: Path) -> None:
    source = written(tmp_path, {**GOAL, "expressed_by": {"kind": "organization", "id": "o-1"}})
    (one,) = json.loads(run("validate", source, "--output", "json").stdout)["findings"]
    assert (one["rule"], one["place"], one["element"]) == ("mapping", "goals.ndjson:1 expressed_by", "Goal.expressedBy")


def test_a_resource_of_the_other_version_is_misshapen(tmp_path: Path) -> None:
    run("convert", SAMPLE, "--to", "fhir", "--fhir", "r5", "-o", tmp_path / "r.ndjson")
    done = run("validate", tmp_path / "r.ndjson", "--fhir", "r4", "--output", "json")
    assert done.exit_code == 3
    assert {"unknown", "cardinality", "type"} <= {one["rule"] for one in json.loads(done.stdout)["findings"]}
    deep = run("validate", tmp_path / "r.ndjson", "--fhir", "r4", "--output", "json", "--deep")
    assert "structure" in {one["rule"] for one in json.loads(deep.stdout)["findings"]}


def test_a_stranger_of_good_structure_is_an_information(tmp_path: Path) -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    done = run("validate", written(tmp_path, observation, name="r.ndjson"), "--output", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["findings"] == []
    done = run("validate", tmp_path / "r.ndjson", "--output", "json", "--readable")
    assert done.exit_code == 0
    (one,) = json.loads(done.stdout)["findings"]
    assert (one["rule"], one["severity"]) == ("stranger", "information")


def test_several_sources_and_one_that_is_not_there(tmp_path: Path) -> None:
    done = run("validate", written(tmp_path, GOAL), tmp_path / "nowhere", SAMPLE)
    assert done.exit_code == 3
    assert "does not exist" in done.stdout
    assert f"{SAMPLED + 1} checked, 1 error" in done.stdout


def test_standard_input_is_validated_too() -> None:
    done = run("validate", "-", text=json.dumps({"kind": "goal", **GOAL}))
    assert (done.exit_code, done.stdout) == (0, "1 checked, 0 errors, 0 warnings\n")


@pytest.mark.parametrize("fhir", ["r4", "r5"])
def test_the_sample_practice_makes_the_round_trip(fhir: str) -> None:
    done = run("roundtrip", SAMPLE, "--fhir", fhir, "--output", "json")
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (report["records"], report["differences"]) == (TRAVEL, [])
    assert {tuple(one) for one in report["ledger"]} == {("kind", "field", "fate", "why")}
    named = {(one["kind"], one["field"]) for one in report["ledger"]}
    assert named == {(kind, field) for kind, model in RECORDS.items() for field in model.model_fields}
    assert all(one["why"] for one in report["ledger"] if one["fate"] != "exact")


def test_the_round_trip_in_words() -> None:
    done = run("roundtrip", SAMPLE, columns=80)
    assert done.stdout.splitlines()[-1] == f"{SAMPLED} records ({SAMPLED - TRAVEL} stay in the practice), 0 differences"
    assert "session.private_note        19  it is the coach's own" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_table_that_loses_something_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shout = Codec(str.lower, str.upper, "a text")
    rows = tuple(replace(row, codec=shout) if row.attr == "statement" else row for row in GOAL_TABLE.rows)
    monkeypatch.setitem(KINDS, "goal", Kind(Goal, goal=Part(Table(Goal, "Goal", rows, GOAL_TABLE.slices))))
    source = written(tmp_path, GOAL)
    done = run("roundtrip", source, "--output", "json")
    expected = {"record": "goal g-1", "field": "statement", "before": GOAL["statement"], "after": "walk to school"}
    assert (done.exit_code, json.loads(done.stdout)["differences"]) == (1, [expected])
    told = run("roundtrip", source)
    assert told.exit_code == 1
    assert "1 record, 1 difference" in told.stdout
    assert "Walk" not in told.stdout


@pytest.mark.parametrize("name", sorted({*KINDS, *TYPES, *(type_.lower() for type_ in TYPES)}))
def test_every_kind_and_every_resource_has_its_table(name: str) -> None:
    done = run("mapping", name, columns=80)
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "what is there" in done.stdout


def test_the_overview_names_every_kind() -> None:
    told = run("mapping").stdout
    assert all(kind in told for kind in RECORDS)


def test_a_table_that_is_not_there() -> None:
    near, never = run("mapping", "sesion"), run("mapping", "group_session")
    assert (near.exit_code, never.exit_code) == (2, 2)
    assert "did you mean session?" in near.stderr
    assert "never leaves the practice" in never.stderr


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (
            "goal.targets.due",
            ["Goal.target.due[x]", "dueDate, dueDuration", "R4/goal-definitions.html#Goal.target.due_x_"],
        ),
        ("goal.targets[1].due", ["Goal.target.due[x]"]),
        ("Goal.target.dueDate", ["goal.targets.due", "R5/goal-definitions.html#Goal.target.due_x_"]),
        ("Goal.target[0].due[x]", ["goal.targets.due"]),
        ("Goal.target.detailQuantity.value", ["goal.targets.detail", "an amount with a UCUM unit"]),
        ("Goal.target", ["found again by equal meaning, then by key and measure", "key, measure, detail, due"]),
        ("Encounter.period", ["session.contact", "in R5", "Encounter.actualPeriod"]),
        ("Encounter.actualPeriod", ["session.contact"]),
        ("Encounter.subjectStatus", ["session.status"]),
        ("Encounter.class", ["made from modality, setting", "derived"]),
        ("Appointment.status", ["session.booking"]),
        ("Patient.birthDate", ["patient.birth_date"]),
        ("goal.state", ["proposed, planned, accepted", "required"]),
        ("goal.parent", ["http://hl7.org/fhir/StructureDefinition/goal-relationship"]),
        ("Goal.category", ["goal.horizon", "goal.focus"]),
        ("session.private_note", ["local: does not travel (it is the coach's own)"]),
        ("group_session.topic", ["never leave the practice"]),
        ("Goal.outcomeCode", ["foreign: kept as it is on a push"]),
        ("Goal.target.extension", ["foreign"]),
        ("Encounter.hospitalization", ["foreign"]),
        ("practitioner.npi", ["identifier:npi", "http://hl7.org/fhir/sid/us-npi"]),
    ],
)
def test_a_path_is_explained(path: str, told: list[str]) -> None:
    done = run("explain", path)
    assert done.exit_code == 0, done.stderr
    assert all(one in done.stdout for one in told), done.stdout


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("goal.target.due", "goal.targets.due"),
        ("Goal.targt.due", "Goal.target.due"),
        ("Goal", "fhir-coaching mapping Goal"),
        ("gaol", "as goal.targets.due"),
        ("Gaol.target", "did you mean Goal.target"),
        ("Quux.", "expected a path"),
        ("", "expected a path"),
    ],
)
def test_a_path_that_means_nothing(path: str, near: str) -> None:
    done = run("explain", path)
    assert done.exit_code == 2
    assert near in " ".join(done.stderr.split())


def test_every_field_and_every_element_of_a_row_can_be_explained() -> None:
    from fhir_coaching.report.explain import page  # noqa: PLC0415 - it imports fhir.resources

    for name, kind in KINDS.items():
        for line in lines(name, kind):
            if line.field:
                page(KINDS, f"{name}.{line.field}")
            for at in line.at.values():
                if line.row.kind != "const":
                    page(KINDS, at.replace("{", "").partition(",")[0].replace("}", ""))


def test_a_copied_folder_is_a_practice_without_its_settings(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE, tmp_path / "p", ignore=shutil.ignore_patterns("practice.toml"))
    assert run("roundtrip", tmp_path / "p").exit_code == 0
    assert run("convert", tmp_path / "p", "--to", "fhir").exit_code == 2
    assert run("convert", tmp_path / "p", "--to", "fhir", "--identifier-base", BASE).exit_code == 0
