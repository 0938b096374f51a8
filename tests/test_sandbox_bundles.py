"""Batch and transaction on the sandbox."""

from typing import Any

import pytest
import requests

from fhir_coaching.sandbox import Sandbox

P1 = "urn:uuid:00000000-0000-4000-8000-000000000001"
G1 = "urn:uuid:00000000-0000-4000-8000-000000000002"


def post(sandbox: Sandbox, type_: str, *entries: dict[str, Any], prefer: str = "") -> requests.Response:
    bundle = {"resourceType": "Bundle", "type": type_, "entry": list(entries)}
    return requests.post(sandbox.url, json=bundle, headers={"Prefer": prefer}, timeout=60)


def entry(method: str, url: str, resource: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    full_url = {"fullUrl": more.pop("full_url")} if "full_url" in more else {}
    body = {"resource": resource} if resource else {}
    return {**full_url, **body, "request": {"method": method, "url": url, **more}}


def patient(number: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": number}], **elements}


def goal(number: str, subject: str, **elements: Any) -> dict[str, Any]:
    number_ = [{"system": "urn:goal", "value": number}]
    return {"resourceType": "Goal", "identifier": number_, "subject": {"reference": subject}, **elements}


def statuses(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["response"]["status"][:3] for entry in answer.json()["entry"]]


def total(sandbox: Sandbox, query: str) -> int:
    return int(requests.get(f"{sandbox.url}/{query}", timeout=60).json()["total"])


def expressions(answer: requests.Response) -> list[str]:
    return [expression for issue in answer.json()["issue"] for expression in issue["expression"]]


def test_references_between_entries_in_any_order(sandbox: Sandbox) -> None:
    answer = post(
        sandbox,
        "transaction",
        entry("GET", "Goal?patient:missing=false"),
        entry("POST", "Goal", goal("1", P1), full_url=G1),
        entry("PUT", "Patient?identifier=urn:mrn|1", patient("1"), full_url=P1),
    )
    assert statuses(answer) == ["200", "201", "201"]
    read, made, person = answer.json()["entry"]
    assert read["resource"]["total"] == 1
    assert read["resource"]["entry"][0]["resource"]["subject"]["reference"] == "/".join(
        person["response"]["location"].split("/")[:2]
    )
    assert made["response"]["etag"] == 'W/"1"'
    assert made["response"]["location"].endswith("/_history/1")
    assert made["response"]["lastModified"]
    assert "resource" not in made


def test_the_same_transaction_again_changes_nothing(sandbox: Sandbox) -> None:
    entries = (
        entry("POST", "Patient", patient("1"), full_url=P1, ifNoneExist="identifier=urn:mrn|1"),
        entry("PUT", "Goal?identifier=urn:goal|1", goal("1", P1), full_url=G1),
    )
    first, second = post(sandbox, "transaction", *entries), post(sandbox, "transaction", *entries)
    assert (statuses(first), statuses(second)) == (["201", "201"], ["200", "200"])
    places = [[told["response"]["location"] for told in answer.json()["entry"]] for answer in (first, second)]
    assert places[0] == places[1]


def test_resources_come_back_if_asked_for(sandbox: Sandbox) -> None:
    answer = post(sandbox, "transaction", entry("POST", "Patient", patient("1")), prefer="return=representation")
    assert answer.json()["entry"][0]["resource"]["meta"]["versionId"] == "1"


def test_conditional_references(sandbox: Sandbox) -> None:
    sandbox.load([patient("1", id="p1"), patient("2", id="p2"), patient("2", id="p3")])
    answer = post(
        sandbox,
        "transaction",
        entry("POST", "Goal", goal("1", "Patient?identifier=urn:mrn|1")),
        entry("POST", "Goal", goal("2", "Patient?identifier=urn:mrn|9")),
        entry("PUT", "Patient/p9", patient("9", id="p9")),
    )
    assert statuses(answer) == ["201", "201", "201"]
    assert total(sandbox, "Goal?patient=p1") == total(sandbox, "Goal?patient=p9") == 1
    for number in ("2", "3"):
        refused = post(sandbox, "transaction", entry("POST", "Goal", goal("3", f"Patient?identifier=urn:mrn|{number}")))
        assert refused.status_code == 412
        assert expressions(refused)[0].startswith("Bundle.entry[0]")
    assert total(sandbox, "Goal") == 2


@pytest.mark.parametrize(
    ("bad", "status", "expression"),
    [
        (entry("POST", "Goal", goal("9", G1)), 400, "Bundle.entry[1].resource.subject.reference"),
        (entry("POST", "Patient", goal("9", P1)), 400, "Bundle.entry[1].resource.resourceType"),
        (entry("POST", "Nonsense", {"resourceType": "Nonsense"}), 404, "Bundle.entry[1]"),
        (entry("PUT", "Patient/p1", patient("1", id="p1"), ifMatch='W/"7"'), 412, "Bundle.entry[1]"),
        (entry("PUT", "Patient/p1", patient("1", id="p2")), 400, "Bundle.entry[1].resource.id"),
        (entry("PUT", "Patient/p1"), 400, "Bundle.entry[1].resource"),
        (entry("PUT", "Patient?nonsense=1", patient("1")), 400, "Bundle.entry[1]"),
        (entry("DELETE", "Patient/never"), 404, "Bundle.entry[1]"),
        (entry("DELETE", "Patient?identifier=1"), 501, "Bundle.entry[1]"),
        (entry("GET", "Patient/never"), 404, "Bundle.entry[1]"),
        (entry("PATCH", "Patient/p1"), 400, "Bundle.entry[1].request.method"),
        (entry("POST", "", patient("1")), 400, "Bundle.entry[1].request.url"),
        ({"resource": patient("1")}, 400, "Bundle.entry[1].request"),
        (entry("PUT", "Patient?identifier=1", {**patient("1"), "id": 1}), 400, "Bundle.entry[1].resource.id"),
        (entry("PUT", "/", patient("1")), 405, "Bundle.entry[1]"),
        (entry("GET", "//["), 404, "Bundle.entry[1]"),
        (entry("POST", "Patient", patient("3"), full_url=P1), 400, "Bundle.entry[1]"),
        (entry("PUT", "Patient/p2", patient("4", id="p2")), 400, "Bundle.entry[2]"),
    ],
)
def test_one_bad_entry_undoes_all(sandbox: Sandbox, bad: dict[str, Any], status: int, expression: str) -> None:
    sandbox.load([patient("2", id="p2")])
    answer = post(
        sandbox,
        "transaction",
        entry("POST", "Patient", patient("5"), full_url=P1),
        bad,
        entry("DELETE", "Patient/p2"),
    )
    assert answer.status_code == status
    assert expressions(answer) == [expression]
    assert total(sandbox, "Patient") == 1
    assert requests.get(f"{sandbox.url}/Patient/p2", timeout=60).headers["ETag"] == 'W/"1"'


def test_one_identity_at_most_once(sandbox: Sandbox) -> None:
    twice = entry("POST", "Patient", patient("1"), ifNoneExist="identifier=urn:mrn|1")
    answer = post(sandbox, "transaction", twice, twice)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "duplicate")
    assert total(sandbox, "Patient") == 0


def test_a_deletion_comes_first(sandbox: Sandbox) -> None:
    sandbox.load([patient("1", id="p1")])
    answer = post(
        sandbox,
        "transaction",
        entry("POST", "Patient", patient("1"), ifNoneExist="identifier=urn:mrn|1"),
        entry("DELETE", "Patient/p1"),
    )
    assert statuses(answer) == ["201", "204"]
    assert total(sandbox, "Patient?identifier=urn:mrn|1") == 1


def test_references_outside_the_transaction_may_dangle(sandbox: Sandbox) -> None:
    assert statuses(post(sandbox, "transaction", entry("POST", "Goal", goal("1", "Patient/elsewhere")))) == ["201"]


def test_absolute_full_urls(sandbox: Sandbox) -> None:
    full_url = f"{sandbox.url}/Patient/p1"
    answer = post(
        sandbox,
        "transaction",
        entry("PUT", full_url, patient("1", id="p1"), full_url=full_url),
        entry("POST", "Goal", goal("1", full_url)),
        prefer="return=representation",
    )
    assert answer.json()["entry"][1]["resource"]["subject"]["reference"] == "Patient/p1"


def test_a_batch_goes_on_after_a_failure(sandbox: Sandbox) -> None:
    sandbox.load([patient("1", id="p1")])
    answer = post(
        sandbox,
        "batch",
        entry("POST", "Patient", goal("1", "Patient/p1")),
        entry("GET", "Patient/p1"),
        entry("GET", "Patient/p1", ifNoneMatch='W/"1"'),
        entry("PUT", "Patient/p1", patient("2", id="p1"), ifMatch='W/"7"'),
        entry("DELETE", "Patient/p1"),
        entry("GET", "Patient/p1"),
        entry("BREW", "Patient"),
        entry("GET", "Nonsense"),
        {},
    )
    assert statuses(answer) == ["400", "200", "304", "412", "204", "410", "400", "404", "400"]
    told = answer.json()
    assert told["type"] == "batch-response"
    assert told["entry"][1]["resource"]["id"] == "p1"
    assert told["entry"][3]["response"]["outcome"]["issue"][0]["code"] == "conflict"


@pytest.mark.parametrize(
    ("body", "expression"),
    [
        ({"resourceType": "Patient"}, "Bundle"),
        ({"resourceType": "Bundle", "type": "message"}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": []}, "Bundle.type"),
        ({"resourceType": "Bundle", "type": "batch", "entry": {}}, "Bundle.entry"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [1]}, "Bundle.entry[0].request"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {"method": "PUT"}}]},
         "Bundle.entry[0].request.url"),
    ],
)  # fmt: skip
def test_what_is_no_batch_and_no_transaction(sandbox: Sandbox, body: dict[str, Any], expression: str) -> None:
    answer = requests.post(sandbox.url, json=body, timeout=60)
    assert answer.status_code == 400
    assert expressions(answer) == [expression]


def test_an_empty_transaction(sandbox: Sandbox) -> None:
    assert "entry" not in post(sandbox, "transaction").json()
