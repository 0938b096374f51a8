"""Create, update, delete, and what makes them safe to repeat."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.probe import Probe, outcome_of
from contract.resources import goal, patient


def test_create(probe: Probe) -> None:
    answer = probe.create(patient(probe), headers={"Prefer": "return=representation"})
    kind, key = answer.target
    assert kind == "Patient"
    assert answer.body["id"] == key
    assert answer.etag.startswith('W/"')
    assert probe.get(f"{kind}/{key}").version == answer.version


def test_create_ignores_the_id_sent(probe: Probe) -> None:
    assert probe.create(patient(probe, id="chosen-here")).target[1] != "chosen-here"


def test_prefer_minimal(probe: Probe) -> None:
    answer = probe.create(patient(probe), headers={"Prefer": "return=minimal"})
    assert not answer.text
    assert answer.target[0] == "Patient"
    assert answer.etag


def test_prefer_outcome(probe: Probe) -> None:
    outcome_of(probe.create(patient(probe), headers={"Prefer": "return=OperationOutcome"}))


def test_prefer_on_update(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    changed = patient(probe, id=key, gender="other")
    assert probe.update(changed, headers={"Prefer": "return=representation"}).body["gender"] == "other"
    assert not probe.update(changed | {"gender": "male"}, headers={"Prefer": "return=minimal"}).text


def test_update(probe: Probe) -> None:
    created = probe.create(patient(probe))
    key = created.target[1]
    answer = probe.update(patient(probe, id=key, gender="other"))
    assert answer.version != created.version
    assert probe.get(f"Patient/{key}").version == answer.version
    assert probe.read("Patient", key)["gender"] == "other"


def test_update_removes_what_is_not_sent(probe: Probe) -> None:
    key = probe.create(patient(probe, gender="other")).target[1]
    probe.update(patient(probe, id=key))
    assert "gender" not in probe.read("Patient", key)


def test_update_as_create(probe: Probe) -> None:
    key = probe.system.rpartition("/")[2]
    probe.update(patient(probe, id=key), expect=201)
    assert probe.read("Patient", key)["identifier"] == [probe.identifier("p")]


def test_update_as_create_tells_the_location(probe: Probe) -> None:
    key = probe.system.rpartition("/")[2]
    assert probe.update(patient(probe, id=key), expect=201).target == ("Patient", key)


def test_update_without_change(probe: Probe) -> None:
    """The content stays; whether the version does is the server's choice."""
    created = probe.create(patient(probe))
    kind, key = created.target
    before = probe.read(kind, key)
    answer = probe.update(before)
    after = probe.get(f"{kind}/{key}")
    assert after.version == answer.version
    assert {**after.body, "meta": None} == {**before, "meta": None}


def test_update_body_id_differs(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    outcome_of(probe.send("PUT", f"Patient/{key}", patient(probe, id="another"), expect=400))


def test_if_match_current(probe: Probe) -> None:
    created = probe.create(patient(probe))
    key = created.target[1]
    probe.update(patient(probe, id=key, gender="other"), headers={"If-Match": created.etag})
    assert probe.read("Patient", key)["gender"] == "other"


def test_if_match_stale(probe: Probe) -> None:
    """412 by the specification; HAPI's 409 means the same to us."""
    created = probe.create(patient(probe))
    key = created.target[1]
    probe.update(patient(probe, id=key, gender="other"))
    outcome_of(
        probe.update(patient(probe, id=key, gender="male"), headers={"If-Match": created.etag}, expect=(409, 412))
    )
    assert probe.read("Patient", key)["gender"] == "other"


def test_if_match_on_nothing(probe: Probe) -> None:
    """Who names a version means a resource that is there."""
    key = probe.system.rpartition("/")[2]
    outcome_of(probe.update(patient(probe, id=key), headers={"If-Match": 'W/"1"'}, expect=(404, 409, 412)))
    probe.get(f"Patient/{key}", expect=404)


def test_delete(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    probe.send("DELETE", f"Patient/{key}", expect=(200, 204))
    outcome_of(probe.get(f"Patient/{key}", expect=410))
    assert probe.find("Patient", {"identifier": probe.token("p")}) == []


def test_delete_twice(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    for _ in range(2):
        probe.send("DELETE", f"Patient/{key}", expect=(200, 204))


def test_update_after_delete(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    probe.send("DELETE", f"Patient/{key}", expect=(200, 204))
    probe.update(patient(probe, id=key), expect=(200, 201))
    assert [each["id"] for each in probe.find("Patient", {"identifier": probe.token("p")})] == [key]


def test_conditional_create_none(probe: Probe) -> None:
    probe.create(patient(probe), headers={"If-None-Exist": f"identifier={probe.token('p')}"})
    assert len(probe.find("Patient", {"identifier": probe.token("p")})) == 1


def test_conditional_create_one(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    headers = {"If-None-Exist": f"identifier={probe.token('p')}", "Prefer": "return=representation"}
    answer = probe.create(patient(probe, gender="other"), headers=headers, expect=200)
    assert answer.body["id"] == key
    assert "gender" not in probe.read("Patient", key)
    assert len(probe.find("Patient", {"identifier": probe.token("p")})) == 1


def test_conditional_create_many(probe: Probe) -> None:
    for _ in range(2):
        probe.create(patient(probe))
    outcome_of(probe.create(patient(probe), headers={"If-None-Exist": f"identifier={probe.token('p')}"}, expect=412))
    assert len(probe.find("Patient", {"identifier": probe.token("p")})) == 2


def test_conditional_create_eight_at_once(probe: Probe) -> None:
    def create(_: int) -> int:
        again = Probe(probe.server, probe.url, probe.fhir)
        again.system = probe.system
        with again.http:
            return again.create(
                patient(again), headers={"If-None-Exist": f"identifier={again.token('p')}"}, expect=(200, 201, 409, 412)
            ).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(8)))
    stored = len(probe.find("Patient", {"identifier": probe.token("p")}))
    assert (stored, statuses.count(201)) == (1, 1), f"stored {stored}, answered 201 {statuses.count(201)} times"


def test_conditional_update_none(probe: Probe) -> None:
    probe.send("PUT", f"Patient?identifier={probe.token('p')}", patient(probe), expect=201)
    assert len(probe.find("Patient", {"identifier": probe.token("p")})) == 1


def test_conditional_update_tells_the_location(probe: Probe) -> None:
    answer = probe.send("PUT", f"Patient?identifier={probe.token('p')}", patient(probe), expect=201)
    assert [each["id"] for each in probe.find("Patient", {"identifier": probe.token("p")})] == [answer.target[1]]


def test_conditional_update_one(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    probe.send("PUT", f"Patient?identifier={probe.token('p')}", patient(probe, gender="other"), expect=200)
    assert probe.read("Patient", key)["gender"] == "other"


def test_conditional_update_many(probe: Probe) -> None:
    for _ in range(2):
        probe.create(patient(probe))
    changed = patient(probe, gender="other")
    outcome_of(probe.send("PUT", f"Patient?identifier={probe.token('p')}", changed, expect=412))
    assert not [each for each in probe.find("Patient", {"identifier": probe.token("p")}) if "gender" in each]


def test_conditional_update_if_match_stale(probe: Probe) -> None:
    created = probe.create(patient(probe))
    probe.update(patient(probe, id=created.target[1], gender="other"))
    path, changed = f"Patient?identifier={probe.token('p')}", patient(probe, gender="male")
    outcome_of(probe.send("PUT", path, changed, headers={"If-Match": created.etag}, expect=(409, 412)))


@pytest.mark.parametrize("kind", ["dangling", "absolute"])
def test_references(probe: Probe, somebody: str, kind: str) -> None:
    """What a server makes of a reference to nothing, or to itself by its full address: takes it, or says no."""
    subject = {"dangling": f"Patient/none-{probe.system[-12:]}", "absolute": f"{probe.url}/{somebody}"}[kind]
    answer = probe.create(goal(probe, subject), expect=(201, 400, 422))
    if answer.status == 201:
        kept = probe.read(*answer.target)["subject"]["reference"]
        assert kept in {subject, subject.removeprefix(f"{probe.url}/")}
    else:
        outcome_of(answer)
