"""Searching: page after page of one server, and only what was asked for."""

from collections.abc import Iterator
from typing import Any

import pytest
import responses
from ehr import BASE, GOAL, OUTCOME, searchset, server
from responses import matchers

from fhir_coaching.errors import NotFhir, NotFound
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import Json
from fhir_coaching.server import Bearer


def goal(id_: str) -> Json:
    return {"resourceType": "Goal", "id": id_, "identifier": [{"system": "urn:test", "value": ""}, "?"]}


def linked(*resources: Json, to: str) -> bytes:
    return dumps(searchset(*resources, link=[{"relation": "self", "url": "?"}, {"relation": "next", "url": to}]))


def ids(found: Iterator[Json]) -> list[str]:
    return [one["id"] for one in found]


def test_pages_are_followed_as_the_server_wrote_them(web: responses.RequestsMock) -> None:
    fresh = matchers.header_matcher({"Cache-Control": "no-cache", "Authorization": "Bearer t"})
    first = matchers.query_param_matcher({"patient": "Patient/1"})
    second = matchers.query_param_matcher({"_getpages": "a%b|c"})
    web.get(f"{BASE}/Goal", linked(goal("1"), to=f"{BASE}?_getpages=a%25b%7Cc"), match=[first, fresh])
    web.get(BASE, linked(goal("2"), to="/elsewhere/Goal?page=3"), match=[second, fresh])
    web.get("https://ehr.example/elsewhere/Goal", linked(to="?page=4"), match=[fresh])
    web.get(f"{BASE}/", dumps(searchset(goal("3"))), match=[matchers.query_param_matcher({"page": "4"}), fresh])
    client = server(auth=Bearer("t"))
    assert ids(client.search("Goal?patient=Patient/1")) == ["1", "2", "3"]
    assert client.requests == 4


def test_parameters_are_escaped(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/Goal?_count=5&_id=a%26b&_id=c", dumps(searchset()))
    assert ids(server().search("Goal?_count=5", [("_id", "a&b"), ("_id", "c")])) == []
    web.get(f"{BASE}/Patient?name=%C3%A9+%7C", dumps(searchset()))
    assert ids(server().search("Patient", {"name": "é |"})) == []


@pytest.mark.parametrize("to", [f"{BASE}/Goal?a=b", f"{BASE}/Goal?page=2", "HTTPS://EHR.example:443/fhir/Goal?page=2"])
def test_a_page_that_was_there_before_is_the_end(web: responses.RequestsMock, to: str) -> None:
    web.get(f"{BASE}/Goal?a=b", linked(goal("1"), to=f"{BASE}/Goal?page=2"))
    web.get(f"{BASE}/Goal?page=2", linked(goal("1"), goal("2"), to=to))
    client = server()
    assert ids(client.search("Goal?a=b")) == ["1", "2"]
    assert client.requests <= 3


ELSEWHERE = [
    "http://ehr.example/fhir?CANARY",
    "https://ehr.example:8443/fhir?CANARY",
    "https://evil.example/fhir?CANARY",
    "//evil.example/?CANARY",
    "https://ehr.example@evil.example/CANARY",
    "https://CANARY@ehr.example/fhir",
    "https://ehr.example\\@evil.example/CANARY",
    "https://ehr.example\\.evil.example/CANARY",
    "https://ehr.example:x/CANARY",
    "https://[CANARY",
    "file:///CANARY",
]


@pytest.mark.parametrize("to", ELSEWHERE)
def test_another_server_gets_nothing(web: responses.RequestsMock, to: str) -> None:
    web.get(f"{BASE}/Goal", linked(goal("1"), to=to))
    found = server(auth=Bearer("t")).search("Goal?name=CANARY")
    assert next(found)["id"] == "1"
    with pytest.raises(NotFhir, match=r"not at https://ehr\.example\n") as caught:
        next(found)
    assert "CANARY" not in str(caught.value)


def test_a_search_that_the_server_forgot_is_told_from_an_empty_one(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/Goal", linked(goal("1"), to=f"{BASE}?_getpages=CANARY"))
    web.get(f"{BASE}?_getpages=CANARY", dumps(OUTCOME), status=410)
    with pytest.raises(NotFound, match="GET Goal, next page") as caught:
        list(server().search("Goal"))
    assert "CANARY" not in str(caught.value)


def test_only_matches_of_the_type_are_found(web: responses.RequestsMock) -> None:
    entries: list[Any] = [
        {"resource": goal("1"), "search": {"mode": "match"}},
        {"resource": goal("2"), "search": {"mode": "include"}},
        {"resource": OUTCOME, "search": {"mode": "outcome"}},
        {"resource": {"resourceType": "Patient", "id": "3"}, "search": {"mode": "match"}},
        {"resource": goal("4")},
        {"resource": goal("5"), "search": {}},
        {"resource": goal("6"), "search": "?"},
        {"resource": "?", "search": {"mode": "match"}},
        {"resource": {"resourceType": ["Goal"], "id": {}}},
        {"search": {"mode": "match"}},
        "?",
    ]
    web.get(f"{BASE}/Goal", dumps(searchset(entry=entries)))
    assert ids(server().search("Goal")) == ["1", "4", "5", "6"]


@pytest.mark.parametrize(
    "elements",
    [{"entry": None, "link": None}, {"entry": {}, "link": {}}, {"link": ["?", {"relation": "next", "url": []}]}],
)
def test_a_bundle_out_of_shape_is_an_empty_one(web: responses.RequestsMock, elements: Json) -> None:
    web.get(f"{BASE}/Goal", dumps(searchset(**elements)))
    assert ids(server().search("Goal")) == []


@pytest.mark.parametrize("body", [b"", dumps(GOAL), dumps(OUTCOME)])
def test_an_answer_that_is_no_bundle_is_told(web: responses.RequestsMock, body: bytes) -> None:
    web.get(f"{BASE}/Goal", body)
    with pytest.raises(NotFhir, match=r"the answer of ehr\.example is no Bundle"):
        list(server().search("Goal"))


def test_the_pages_of_a_searchset_in_a_batch(web: responses.RequestsMock) -> None:
    link = [{"relation": "self", "url": f"{BASE}/Goal"}, {"relation": "next", "url": f"{BASE}?page=2"}]
    web.get(f"{BASE}?page=2", linked(goal("2"), to=f"{BASE}/Goal"))
    bundle = searchset(goal("1"), {"resourceType": "Patient", "id": "9"}, link=link)
    assert ids(server().pages(bundle)) == ["1", "9", "2"]
    assert ids(server().pages({**bundle, "link": []}, "Goal")) == ["1"]


def test_pages_without_end_come_to_one(web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_coaching.server.client.PAGES", 3)
    for page in range(3):
        web.get(f"{BASE}/Goal?page={page}", linked(to=f"{BASE}/Goal?page={page + 1}"))
    with pytest.raises(NotFhir, match="more than 3 pages"):
        list(server().search("Goal?page=0"))
