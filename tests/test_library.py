"""The public names: fetched when first used, and what the commands do, over iterables."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from commandline import BASE, ROOT, SAMPLE

import fhir_coaching
from fhir_coaching import CoachingError, InputError, MappingError, Sandbox, SettingsError, from_fhir, read, to_fhir
from fhir_coaching.fhir.names import adopted_id
from fhir_coaching.records.coaching import Goal, GoalState
from fhir_coaching.records.people import Patient
from fhir_coaching.records.values import GoalId, PatientId

GOAL = Goal(id=GoalId("g-1"), patient=PatientId("p-1"), statement="Walk to school", state=GoalState.ACTIVE)


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert fhir_coaching.__version__ == project["version"]


def test_the_public_names_are_there_and_no_others() -> None:
    assert all(getattr(fhir_coaching, name) is not None for name in fhir_coaching.__all__)
    assert set(fhir_coaching.__all__) <= set(dir(fhir_coaching))
    with pytest.raises(AttributeError, match="no attribute 'raed'"):
        _ = fhir_coaching.raed  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, fhir_coaching; print([name for name in sys.modules if name.startswith(('pydantic', 'msgspec', 'fhir_coaching.'))])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("version", ["r4", "r5"])
def test_records_make_the_round_trip(version: str) -> None:
    records = [one for one in read(SAMPLE) if isinstance(one, Goal | Patient)]
    resources = list(to_fhir(records, version, identifier_base=BASE))  # type: ignore[arg-type]
    back = {one.id: one for one in from_fhir(resources, version, identifier_base=BASE)}  # type: ignore[arg-type]
    assert [back[one.id].id for one in records] == [one.id for one in records]
    plain = next(one for one in records if isinstance(one, Goal) and not one.revisions and not one.extra)
    assert back[plain.id] == plain


def test_bundles_are_opened() -> None:
    (resource,) = to_fhir([GOAL], identifier_base=BASE)
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1", "resource": resource}]}
    assert list(from_fhir([bundle], identifier_base=BASE)) == [GOAL]


def test_a_base_keeps_what_is_foreign() -> None:
    (resource,) = to_fhir([GOAL], identifier_base=BASE)
    there = {**resource, "id": "17", "outcomeCode": [{"text": "theirs"}], "description": {"text": "Walk"}}
    (made,) = to_fhir([GOAL], base=[there], identifier_base=BASE)
    assert made == {**there, "description": {"text": GOAL.statement}}


def test_faults_are_told_at_the_end_and_all_at_once() -> None:
    (resource,) = to_fhir([GOAL], identifier_base=BASE)
    bad = [{**resource, "lifecycleStatus": "gone"}, {"resourceType": "Gaol"}, {**resource, "identifier": []}]
    found = from_fhir(
        [*bad, {**resource, "identifier": [{"system": f"{BASE}/goal", "value": "g-2"}]}], identifier_base=BASE
    )
    assert next(found).id == "g-2"
    with pytest.raises(MappingError) as raised:
        next(found)
    assert {fault.place for fault in raised.value.faults} == {"resources[0] state", "resources[2]"}


def test_resources_of_others_are_adopted_and_what_nothing_reads_is_passed_over() -> None:
    (resource,) = to_fhir([GOAL], identifier_base=BASE)
    theirs = {key: value for key, value in resource.items() if key != "identifier"} | {"id": "17"}
    url = "https://ehr.example/fhir/Goal/17"
    bundle = {"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": theirs}]}
    (record,) = from_fhir([bundle, {"resourceType": "Observation"}], identifier_base=BASE)
    assert record == GOAL.model_copy(update={"id": adopted_id("https://ehr.example/fhir", "Goal", "17")})
    assert list(to_fhir([record], base=[bundle], identifier_base=BASE)) == [theirs]
    assert list(from_fhir([{"resourceType": "Bundle", "entry": 5}], identifier_base=BASE)) == []


def test_errors_are_of_one_tree(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        list(read(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="unknown FHIR version"):
        to_fhir([], "r6", identifier_base=BASE)  # type: ignore[arg-type]
    assert issubclass(InputError, CoachingError)


def test_a_sandbox_is_a_context() -> None:
    with Sandbox("r5") as server:
        assert server.url.startswith("http://127.0.0.1:")
    assert json.dumps(server.version) == '"r5"'
