"""What others wrote, on its way back onto their copies: nothing lost, nothing of ours beside it."""

import json
from pathlib import Path

from commandline import BASE, run
from foreign import READ, Json
from test_foreign import loaded, to_records, written

from fhir_coaching.fhir.json import dumps


def test_an_adopted_record_is_written_as_its_one_resource(tmp_path: Path) -> None:
    """A hospital's encounter gets neither a note nor a procedure of ours beside it; a push does the same."""
    base, records = written(tmp_path, *READ.values()), tmp_path / "records.ndjson"
    found = loaded(to_records(base).stdout)
    records.write_text(json.dumps({**found["session"], "note": {"text": "Went well"}, "number": 3}) + "\n")
    done = run("convert", records, "--to", "fhir", "--identifier-base", BASE, "--base", base)
    (encounter,) = (json.loads(line) for line in done.stdout.splitlines())
    assert encounter["id"] == READ["session"]["id"]
    assert encounter != json.loads(dumps(READ["session"]))


def test_what_could_not_be_read_is_unread_on_the_way_back(tmp_path: Path) -> None:
    """A goal of somebody else's refers to a condition that says no patient; a plan to that goal and to one without a text."""
    patient = {"resourceType": "Patient", "id": "7", "name": [{"family": "Ejemplo"}], "gender": "female"}
    of = {"subject": {"reference": "Patient/7"}}
    condition = {"resourceType": "Condition", "id": "1", "code": {"text": "knee"}, "subject": {"display": "somebody"}}
    wish = {"resourceType": "Goal", "lifecycleStatus": "active", **of}
    about = [{"reference": "Condition/1", "display": "the knee"}]
    goals: list[Json] = [
        {**wish, "id": "9", "description": {"text": "Caminar"}, "addresses": about},
        {**wish, "id": "11", "description": {"coding": [{"code": "x"}]}},
    ]
    plan = {
        "resourceType": "CarePlan", "id": "p", "status": "active", "intent": "plan", **of, "addresses": about,
        "goal": [{"reference": "Goal/9"}, {"reference": "Goal/11"}],
    }  # fmt: skip
    readable: list[Json] = [patient, goals[0], plan]
    source = written(tmp_path, patient, condition, *goals, plan)
    done = to_records(source)
    assert (done.exit_code, len(done.stdout.splitlines())) == (1, len(readable))
    records = tmp_path / "records.ndjson"
    records.write_text(done.stdout, encoding="utf-8")
    back = run("convert", records, "--to", "fhir", "--base", source, "--identifier-base", BASE)
    assert [json.loads(line) for line in back.stdout.splitlines()] == readable
    edited = [json.loads(line) for line in done.stdout.splitlines()]
    edited[2]["status"] = "completed"
    records.write_bytes(b"".join(dumps(one) + b"\n" for one in edited))
    back = run("convert", records, "--to", "fhir", "--base", source, "--identifier-base", BASE)
    assert [json.loads(line) for line in back.stdout.splitlines()] == [
        patient,
        goals[0],
        {**plan, "status": "completed"},
    ]
