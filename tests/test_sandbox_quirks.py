"""The sandbox can be as awkward as real servers are, one switch each."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from fhir_coaching.sandbox import QUIRKS, Sandbox

CONDITION = {"If-None-Exist": "identifier=urn:test|1"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def goal(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "identifier": [{"system": "urn:test", "value": "1"}], **elements}


def bundle(type_: str, *urls: str) -> dict[str, Any]:
    entries = [{"resource": goal(), "request": {"method": "POST", "url": url, "ifNoneExist": "_id=x"}} for url in urls]
    return {"resourceType": "Bundle", "type": type_, "entry": entries}


def total(sandbox: Sandbox, http: requests.Session) -> int:
    answer = http.get(f"{sandbox.url}/Goal?_summary=count", headers={"Cache-Control": "no-cache"})
    return int(answer.json()["total"])


@pytest.mark.parametrize(("quirk", "stored"), [("lose_request", 0), ("lose_answer", 1)])
def test_a_write_is_lost_on_its_way(sandbox: Sandbox, http: requests.Session, quirk: str, stored: int) -> None:
    sandbox.quirks.add(quirk)
    assert http.get(f"{sandbox.url}/Goal").status_code == 200
    with pytest.raises(requests.ConnectionError):
        http.post(f"{sandbox.url}/Goal", json=goal())
    assert total(sandbox, http) == stored
    assert quirk not in sandbox.quirks
    assert http.post(f"{sandbox.url}/Goal", json=goal()).status_code == 201


def test_the_third_write_is_lost(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("lose_request", after=2)
    for _ in range(2):
        assert http.post(f"{sandbox.url}/Goal", json=goal()).status_code == 201
    with pytest.raises(requests.ConnectionError):
        http.post(f"{sandbox.url}/Goal", json=goal())


def test_unavailable_for_a_while(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("unavailable", 2)
    answers = [http.get(f"{sandbox.url}/metadata") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "1"
    sandbox.quirks.add("transient")
    answer = http.post(f"{sandbox.url}/Goal", json=goal())
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "transient")
    assert "Retry-After" not in answer.headers


def test_html_in_place_of_fhir(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("html")
    answer = http.get(f"{sandbox.url}/metadata")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")
    sandbox.quirks.discard("html")
    assert http.get(f"{sandbox.url}/metadata").json()["resourceType"] == "CapabilityStatement"


def test_a_stale_search(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("stale_search")
    url = f"{sandbox.url}/Goal?identifier=urn:test|1"
    assert http.get(url).json()["total"] == 0
    http.post(f"{sandbox.url}/Goal", json=goal())
    assert http.get(url).json()["total"] == 0
    form = {"identifier": "urn:test|1"}
    assert http.post(f"{sandbox.url}/Goal/_search", data=form).json()["total"] == 0
    assert http.get(url, headers={"Cache-Control": "no-cache"}).json()["total"] == 1
    assert http.post(f"{sandbox.url}/Goal", json=goal(), headers=CONDITION).status_code == 200
    sandbox.quirks.discard("stale_search")
    sandbox.quirks.add("stale_search")
    assert http.get(url).json()["total"] == 1


def test_unknown_parameters(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load([goal(id="g1")])
    url = f"{sandbox.url}/Goal?nonsense=1"
    sandbox.quirks.add("lenient")
    told = http.get(url, headers={"Prefer": "handling=strict"}).json()
    assert [entry["search"]["mode"] for entry in told["entry"]] == ["match", "outcome"]
    sandbox.quirks.discard("lenient")
    sandbox.quirks.add("strict")
    assert http.get(url, headers={"Prefer": "handling=lenient"}).status_code == 400


def test_conditions_are_ignored(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load([goal(id="x")])
    sandbox.quirks.add("no_if_none_exist")
    assert http.post(f"{sandbox.url}/Goal", json=goal(), headers=CONDITION).status_code == 201
    assert (
        http.post(sandbox.url, json=bundle("transaction", "Goal")).json()["entry"][0]["response"]["status"][:3] == "201"
    )
    assert total(sandbox, http) == 3
    sandbox.quirks.add("no_if_match")
    assert http.put(f"{sandbox.url}/Goal/x", json=goal(id="x", y=1), headers={"If-Match": 'W/"9"'}).status_code == 200


def test_other_statuses(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load([goal(id="g1"), goal(id="g2")])
    http.delete(f"{sandbox.url}/Goal/g2")
    sandbox.quirks.add("conflict_409")
    sandbox.quirks.add("gone_404")
    put = {"resource": goal(id="g1", x=1), "request": {"method": "PUT", "url": "Goal/g1", "ifMatch": 'W/"9"'}}
    told = http.post(sandbox.url, json={"resourceType": "Bundle", "type": "batch", "entry": [put]}).json()
    assert told["entry"][0]["response"]["status"] == "409"
    assert http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1"), headers={"If-Match": 'W/"9"'}).status_code == 409
    assert http.get(f"{sandbox.url}/Goal/g2").status_code == 404
    sandbox.load([goal(id="g3")])
    assert http.post(f"{sandbox.url}/Goal", json=goal(), headers=CONDITION).status_code == 412  # several matches


def test_answers_to_bundles(sandbox: Sandbox, http: requests.Session) -> None:
    for quirk in ("bare_etag", "fewer_entries", "other_order"):
        sandbox.quirks.add(quirk)
    entries = http.post(sandbox.url, json=bundle("batch", "Nonsense", "Goal", "Goal")).json()["entry"]
    assert [entry["response"]["status"][:3] for entry in entries] == ["201", "404"]
    assert entries[0]["response"]["etag"] == "1"


def test_entries_are_bare(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("bare_entries")
    asked = http.post(sandbox.url, json=bundle("batch", "Goal"), headers={"Prefer": "return=representation"})
    (entry,) = asked.json()["entry"]
    assert entry["response"]["location"].startswith("Goal/")
    assert "resource" not in entry


def test_bodies_are_absent(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.add("empty_bodies")
    created = http.post(f"{sandbox.url}/Goal", json=goal())
    assert (created.status_code, created.content) == (201, b"")
    assert http.patch(created.headers["Location"], json={}).content == b""
    assert http.get(created.headers["Location"]).json()["resourceType"] == "Goal"


def test_elements_are_dropped(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.quirks.drop = {"Goal": ["note"]}
    assert "note" not in http.post(f"{sandbox.url}/Goal", json=goal(note=[{"text": "x"}])).json()
    entry = {"resource": goal(note=[]), "request": {"method": "POST", "url": "Goal"}}
    posted = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    told = http.post(sandbox.url, json=posted, headers={"Prefer": "return=representation"}).json()
    assert "note" not in told["entry"][0]["resource"]


@pytest.mark.parametrize("type_", ["transaction", "batch"])
def test_no_bundles(sandbox: Sandbox, http: requests.Session, type_: str) -> None:
    sandbox.quirks.add(f"no_{type_}")
    (rest,) = http.get(f"{sandbox.url}/metadata").json()["rest"]
    assert type_ not in {interaction["code"] for interaction in rest["interaction"]}
    assert http.post(sandbox.url, json=bundle(type_, "Goal")).status_code == 501
    other = {"transaction": "batch", "batch": "transaction"}[type_]
    assert http.post(sandbox.url, json=bundle(other, "Goal")).status_code == 200


def test_no_ids_by_clients(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load([goal(id="g1")])
    sandbox.quirks.add("no_update_create")
    (rest,) = http.get(f"{sandbox.url}/metadata").json()["rest"]
    assert not any(resource["updateCreate"] for resource in rest["resource"])
    assert http.put(f"{sandbox.url}/Goal/g2", json=goal(id="g2")).status_code == 405
    assert http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1", x=1)).status_code == 200
    assert http.put(f"{sandbox.url}/Goal?identifier=urn:test|2", json=goal()).status_code == 201
    put = {"resource": goal(), "request": {"method": "PUT", "url": "Goal?identifier=urn:test|3"}}
    posted = {"resourceType": "Bundle", "type": "transaction", "entry": [put]}
    assert http.post(sandbox.url, json=posted).status_code == 200


def test_pages_that_end_early(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load(goal(id=f"g{n}") for n in range(3))
    links = http.get(f"{sandbox.url}/Goal?_count=1").json()["link"]
    (following,) = [link["url"] for link in links if link["relation"] == "next"]
    sandbox.quirks.add("expire_next")
    assert http.get(following).status_code == 410
    assert http.get(following).status_code == 200
    sandbox.quirks.add("cut_pages")
    cut = http.get(f"{sandbox.url}/Goal?_count=1").json()
    assert [link["relation"] for link in cut["link"]] == ["self"]
    assert (cut["total"], len(cut["entry"])) == (3, 1)


def test_switches() -> None:
    with Sandbox(quirks={"html", "lenient"}) as sandbox:
        assert set(sandbox.quirks) == {"html", "lenient"}
        sandbox.quirks.clear()
        assert len(sandbox.quirks) == 0
        with pytest.raises(ValueError, match="lose_answer"):
            sandbox.quirks.add("nonsense")
    assert all(quirk.seen for quirk in QUIRKS.values())
