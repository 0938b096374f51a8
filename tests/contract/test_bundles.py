"""Batch and transaction: all or nothing, references in any order, safe to send twice."""

from uuid import uuid4

import pytest

from contract.probe import Probe, entries, entry, outcome_of, target
from contract.resources import goal, patient
from fhir_coaching.versions import Json


def statuses(bundle: Json) -> list[str]:
    return [each["response"]["status"][:3] for each in entries(bundle)]


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def pair(probe: Probe, *, reverse: bool) -> list[Json]:
    """A patient and a goal of hers, each created only if it is not there."""
    who = urn()
    made = [
        entry("POST", "Patient", patient(probe), full=who, ifNoneExist=f"identifier={probe.token('p')}"),
        entry("POST", "Goal", goal(probe, who), full=urn(), ifNoneExist=f"identifier={probe.token('g')}"),
    ]
    return made[::-1] if reverse else made


@pytest.mark.parametrize("reverse", [False, True])
def test_transaction(probe: Probe, reverse: bool) -> None:  # noqa: FBT001
    answer = probe.bundle("transaction", pair(probe, reverse=reverse)).body
    assert answer["type"] == "transaction-response"
    assert statuses(answer) == ["201", "201"]
    made = [target(each["response"]["location"]) for each in entries(answer)]
    places = dict(made)
    assert [kind for kind, _ in made] == (["Goal", "Patient"] if reverse else ["Patient", "Goal"])
    assert probe.read("Goal", places["Goal"])["subject"]["reference"] == f"Patient/{places['Patient']}"


def test_transaction_tells_versions(probe: Probe) -> None:
    """The entry's ETag is the one that a read gives."""
    answer = probe.bundle("transaction", pair(probe, reverse=False)).body
    for each in entries(answer):
        kind, key = target(each["response"]["location"])
        etag, read = each["response"]["etag"], probe.get(f"{kind}/{key}").etag
        assert etag == read, f"the entry says {etag}, a read {read}"


def test_transaction_twice(probe: Probe) -> None:
    first = probe.bundle("transaction", pair(probe, reverse=False)).body
    second = probe.bundle("transaction", pair(probe, reverse=False)).body
    assert statuses(first) == ["201", "201"]
    assert statuses(second) == ["200", "200"]
    for each in entries(first):
        kind, key = target(each["response"]["location"])
        assert len(entries(probe.get(f"{kind}/{key}/_history").body)) == 1
    for kind, value in {"Patient": "p", "Goal": "g"}.items():
        assert len(probe.find(kind, {"identifier": probe.token(value)})) == 1


def test_transaction_same_condition_twice(probe: Probe) -> None:
    """Two entries that ask for the same thing make one, and both are answered."""
    condition = f"identifier={probe.token('p')}"
    both = [entry("POST", "Patient", patient(probe), full=urn(), ifNoneExist=condition) for _ in range(2)]
    answer = probe.bundle("transaction", both, expect=(200, 400, 412))
    stored = len(probe.find("Patient", {"identifier": probe.token("p")}))
    if answer.status == 200:
        assert (stored, len(entries(answer.body))) == (1, 2), f"stored {stored}, answered {len(entries(answer.body))}"
    else:
        assert stored == 0


def test_transaction_conditional_update(probe: Probe) -> None:
    sent = [entry("PUT", f"Patient?identifier={probe.token('p')}", patient(probe), full=urn())]
    assert statuses(probe.bundle("transaction", sent).body) == ["201"]
    sent[0]["resource"]["gender"] = "other"
    assert statuses(probe.bundle("transaction", sent).body) == ["200"]
    assert [each["gender"] for each in probe.find("Patient", {"identifier": probe.token("p")})] == ["other"]


def test_conditional_reference(probe: Probe, somebody: str) -> None:
    subject = f"Patient?identifier={probe.token('somebody')}"
    answer = probe.bundle("transaction", [entry("POST", "Goal", goal(probe, subject), full=urn())]).body
    kept = probe.read(*target(entries(answer)[0]["response"]["location"]))
    assert kept["subject"]["reference"] == somebody


@pytest.mark.parametrize("matches", [0, 2])
def test_conditional_reference_unclear(probe: Probe, matches: int) -> None:
    """None or several: the transaction fails."""
    for _ in range(matches):
        probe.create(patient(probe, "somebody"))
    subject = f"Patient?identifier={probe.token('somebody')}"
    outcome_of(
        probe.bundle(
            "transaction", [entry("POST", "Goal", goal(probe, subject), full=urn())], expect=(400, 404, 412, 422)
        )
    )


@pytest.mark.parametrize("fault", ["type", "id", "version", "reference"])
def test_transaction_rolls_back(probe: Probe, somebody: str, fault: str) -> None:
    bad = failing(probe, somebody, fault)
    good = entry("POST", "Patient", patient(probe), full=urn())
    outcome_of(probe.bundle("transaction", [good, bad], expect=(400, 404, 409, 412, 422)))
    assert probe.find("Patient", {"identifier": probe.token("p")}) == []


def test_transaction_names_the_failing_entry(probe: Probe, somebody: str) -> None:
    """By expression, so that a client need not send the entries one by one to find it."""
    sent = [entry("POST", "Patient", patient(probe), full=urn()), failing(probe, somebody, "version")]
    outcome = outcome_of(probe.bundle("transaction", sent, expect=(400, 409, 412, 422)))
    expressions = [each for issue in outcome["issue"] for each in issue.get("expression", [])]
    assert any("entry[1]" in each for each in expressions), f"expressions: {expressions}"


def failing(probe: Probe, somebody: str, fault: str) -> Json:
    """An entry that cannot be done, or that must not."""
    key = somebody.removeprefix("Patient/")
    changed = patient(probe, "somebody", id=key, gender="other")
    match fault:
        case "type":
            return entry("POST", "Goal", patient(probe, "wrong"), full=urn())
        case "id":
            return entry("PUT", f"Patient/{key}", changed | {"id": "another"}, full=f"{probe.url}/{somebody}")
        case "reference":
            return entry("POST", "Goal", goal(probe, f"Patient?identifier={probe.token('nobody')}"), full=urn())
        case _:
            probe.update(patient(probe, "somebody", id=key, gender="male"))
            return entry("PUT", somebody, changed, full=f"{probe.url}/{somebody}", ifMatch='W/"1"')


def test_if_match_in_an_entry(probe: Probe, somebody: str) -> None:
    key = somebody.removeprefix("Patient/")
    changed = patient(probe, "somebody", id=key, gender="other")
    sent = [entry("PUT", somebody, changed, full=f"{probe.url}/{somebody}", ifMatch=probe.get(somebody).etag)]
    assert statuses(probe.bundle("transaction", sent).body) == ["200"]
    assert probe.read("Patient", key)["gender"] == "other"


def test_mutual_references(probe: Probe) -> None:
    """Two resources with ids of ours that refer to each other, neither there yet."""
    one, two = f"a-{uuid4().hex}", f"b-{uuid4().hex}"
    sent = [
        entry(
            "PUT",
            f"Patient/{key}",
            patient(probe, key[0], id=key, link=[{"other": {"reference": f"Patient/{other}"}, "type": "seealso"}]),
            full=f"{probe.url}/Patient/{key}",
        )
        for key, other in ((one, two), (two, one))
    ]
    assert statuses(probe.bundle("transaction", sent).body) == ["201", "201"]
    assert probe.read("Patient", one)["link"][0]["other"]["reference"] == f"Patient/{two}"
    assert probe.read("Patient", two)["link"][0]["other"]["reference"] == f"Patient/{one}"


def test_delete_in_a_transaction(probe: Probe, somebody: str) -> None:
    assert statuses(probe.bundle("transaction", [entry("DELETE", somebody)]).body)[0] in {"200", "204"}
    probe.get(somebody, expect=410)


def test_batch(probe: Probe, somebody: str) -> None:
    """Each entry succeeds or fails alone, and a failure brings its own outcome."""
    sent = [
        entry("POST", "Patient", patient(probe), full=urn()),
        failing(probe, somebody, "version"),
        entry("GET", f"Patient/none-{probe.system[-12:]}"),
        entry("POST", "Goal", goal(probe, somebody), full=urn()),
    ]
    answer = probe.bundle("batch", sent).body
    assert answer["type"] == "batch-response"
    first, second, third, fourth = statuses(answer)
    assert (first, third, fourth) == ("201", "404", "201")
    assert second in {"409", "412"}
    for each in entries(answer)[1:3]:
        assert each["response"]["outcome"]["issue"][0]["severity"] == "error"
    assert len(probe.find("Patient", {"identifier": probe.token("p")})) == 1


def test_batch_of_reads(probe: Probe, somebody: str) -> None:
    probe.create(goal(probe, somebody))
    sent = [entry("GET", somebody), entry("GET", f"Goal?identifier={probe.token('g')}")]
    read, found = entries(probe.bundle("batch", sent).body)
    assert read["response"]["status"].startswith("200")
    assert read["resource"]["id"] == somebody.removeprefix("Patient/")
    assert found["resource"]["type"] == "searchset"
    assert len(entries(found["resource"])) == 1


def test_empty_transaction(probe: Probe) -> None:
    assert entries(probe.bundle("transaction", []).body) == []


def test_bundle_of_another_type(probe: Probe) -> None:
    """A Bundle for the base address is a batch or a transaction."""
    sent = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(probe)}]}
    outcome_of(probe.send("POST", "", sent, expect=(400, 422)))
