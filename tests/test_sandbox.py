"""The sandbox answers the interactions of one resource as the HTTP specification says."""

import json
import socket
import threading
from typing import Any

import pytest
import requests

from fhir_coaching.sandbox import Sandbox

FHIR_JSON = "application/fhir+json"


def goal(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "lifecycleStatus": "active", **elements}


def named(value: str) -> list[dict[str, str]]:
    return [{"system": "urn:test", "value": value}]


def issue(response: requests.Response) -> dict[str, Any]:
    """The first issue of an OperationOutcome."""
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    found: dict[str, Any] = body["issue"][0]
    assert found["severity"] == "error"
    assert found["diagnostics"]
    return found


def test_create_answers_where_and_which_version(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/Goal", json=goal(id="not-this-one"))
    assert answer.status_code == 201
    stored = answer.json()
    assert stored["id"] != "not-this-one"
    assert stored["meta"]["versionId"] == "1"
    assert answer.headers["Location"] == f"{sandbox.url}/Goal/{stored['id']}/_history/1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    release = {"r4": "4.0", "r5": "5.0"}[sandbox.version]
    assert answer.headers["Content-Type"] == f"application/fhir+json; fhirVersion={release}; charset=utf-8"
    assert http.get(f"{sandbox.url}/Goal/{stored['id']}").json() == stored


def test_versions_history_and_deletion(sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{sandbox.url}/Goal/g1"
    assert http.put(url, json=goal(id="g1")).status_code == 201
    assert http.put(url, json=goal(id="g1", lifecycleStatus="completed")).status_code == 200
    assert http.get(f"{url}/_history/1").json()["lifecycleStatus"] == "active"
    assert http.delete(url).status_code == 204
    assert http.delete(url).status_code == 204
    assert (http.get(url).status_code, issue(http.get(url))["code"]) == (410, "deleted")
    assert http.get(f"{url}/_history/3").status_code == 410
    assert http.get(f"{url}/_history/4").status_code == 404
    history = http.get(f"{url}/_history").json()
    assert (history["type"], history["total"]) == ("history", 3)
    told = [(entry["request"]["method"], entry["response"]["status"]) for entry in history["entry"]]
    assert told == [("DELETE", "204"), ("PUT", "200"), ("PUT", "201")]
    assert "resource" not in history["entry"][0]
    assert http.put(url, json=goal(id="g1")).status_code == 201
    assert http.get(url).headers["ETag"] == 'W/"4"'
    assert http.delete(f"{sandbox.url}/Goal/never").status_code == 404


def test_history_goes_on_page_by_page(sandbox: Sandbox, http: requests.Session) -> None:
    for n in range(5):
        http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1", description={"text": str(n)}))
    url, versions = f"{sandbox.url}/Goal/g1/_history?_count=2", []
    while url:
        page = http.get(url).json()
        versions += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    assert versions == ["5", "4", "3", "2", "1"]
    assert http.get(f"{sandbox.url}/Goal/_history").json()["total"] == 5
    assert http.get(f"{sandbox.url}/_history?_since=2999-01-01T00:00:00Z").json()["total"] == 0
    assert http.get(f"{sandbox.url}/Goal/_history?_since=yesterday").status_code == 400


def test_the_same_content_stays_the_same_version(sandbox: Sandbox, http: requests.Session) -> None:
    first = http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1")).json()
    again = http.put(f"{sandbox.url}/Goal/g1", json=dict(reversed(first.items())))
    assert (again.status_code, again.headers["ETag"]) == (200, 'W/"1"')
    http.put(f"{sandbox.url}/Goal/g1", data='{"resourceType":"Goal","id":"g1","x":1.0}')
    finer = http.put(f"{sandbox.url}/Goal/g1", data='{"resourceType":"Goal","id":"g1","x":1.00}')
    assert finer.headers["ETag"] == 'W/"3"'


@pytest.mark.parametrize(
    "number",
    ["8000.10", "1E+3", "1e-7", "0.0000001", "1234567890.123456789012", "123456789012345678901234567890", "-0.00"],
)
def test_numbers_come_back_as_written(sandbox: Sandbox, http: requests.Session, number: str) -> None:
    http.put(f"{sandbox.url}/Goal/g1", data=f'{{"resourceType":"Goal","id":"g1","x":[{number}]}}')
    assert f'"x":[{number}]' in http.get(f"{sandbox.url}/Goal/g1").text
    assert f'"x":[{number}]' in http.get(f"{sandbox.url}/Goal?_id=g1").text
    entry = f'{{"resource":{{"resourceType":"Goal","x":[{number}]}},"request":{{"method":"POST","url":"Goal"}}}}'
    bundle = f'{{"resourceType":"Bundle","type":"transaction","entry":[{entry}]}}'
    answer = http.post(sandbox.url, data=bundle, headers={"Prefer": "return=representation"})
    assert f'"x":[{number}]' in answer.text


def test_every_script_comes_back(sandbox: Sandbox, http: requests.Session) -> None:
    text = 'Бег 走る 달리기 لياقة כושר 🏃‍♀️ \u2028 \\ " \n'
    http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1", description={"text": text}))
    assert http.get(f"{sandbox.url}/Goal/g1").json()["description"]["text"] == text


@pytest.mark.parametrize(
    ("prefer", "resource_type"),
    [("", "Goal"), ("return=representation", "Goal"), ("return=OperationOutcome", "OperationOutcome")],
)
def test_prefer_chooses_the_body(sandbox: Sandbox, http: requests.Session, prefer: str, resource_type: str) -> None:
    answer = http.post(f"{sandbox.url}/Goal", json=goal(), headers={"Prefer": prefer})
    assert answer.json()["resourceType"] == resource_type


def test_prefer_minimal_leaves_the_body_out(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/Goal", json=goal(), headers={"Prefer": "return=minimal; handling=strict"})
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (201, b"", "0")
    assert "/Goal/" in answer.headers["Location"]


def test_conditional_create(sandbox: Sandbox, http: requests.Session) -> None:
    url, condition = f"{sandbox.url}/Goal", {"If-None-Exist": "identifier=urn:test|1"}
    created = http.post(url, json=goal(identifier=named("1")), headers=condition)
    again = http.post(url, json=goal(identifier=named("1")), headers=condition)
    assert (created.status_code, again.status_code) == (201, 200)
    assert again.headers["Location"] == created.headers["Location"]
    assert again.json() == created.json()
    http.post(url, json=goal(identifier=named("1")))
    several = http.post(url, json=goal(), headers=condition)
    assert (several.status_code, issue(several)["code"]) == (412, "multiple-matches")


@pytest.mark.parametrize("condition", ["", "identifier=", "nonsense=1", "_sort=_id"])
def test_a_condition_that_says_nothing_is_refused(sandbox: Sandbox, http: requests.Session, condition: str) -> None:
    assert http.post(f"{sandbox.url}/Goal", json=goal(), headers={"If-None-Exist": condition}).status_code == 400
    assert http.put(f"{sandbox.url}/Goal?{condition}", json=goal()).status_code == 400
    assert http.get(f"{sandbox.url}/Goal").json()["total"] == 0


def test_conditional_creates_at_once_make_one(sandbox: Sandbox) -> None:
    statuses: list[int] = []

    def create() -> None:
        headers = {"If-None-Exist": "identifier=urn:test|1"}
        answer = requests.post(f"{sandbox.url}/Goal", json=goal(identifier=named("1")), headers=headers, timeout=60)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 7 + [201]


def test_conditional_update(sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{sandbox.url}/Goal?identifier=urn:test|1"
    created = http.put(url, json=goal(identifier=named("1")))
    assert created.status_code == 201
    id_ = created.json()["id"]
    updated = http.put(url, json=goal(identifier=named("1"), lifecycleStatus="completed"))
    assert (updated.status_code, updated.json()["id"]) == (200, id_)
    assert http.put(url, json=goal(id="another", identifier=named("1"))).status_code == 400
    stale = http.put(url, json=goal(identifier=named("1")), headers={"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    chosen = http.put(f"{sandbox.url}/Goal?identifier=urn:test|2", json=goal(id="mine", identifier=named("2")))
    assert (chosen.status_code, chosen.json()["id"]) == (201, "mine")
    taken = http.put(f"{sandbox.url}/Goal?identifier=urn:test|3", json=goal(id="mine", identifier=named("3")))
    assert taken.status_code == 409
    http.post(f"{sandbox.url}/Goal", json=goal(identifier=named("1")))
    assert http.put(url, json=goal(identifier=named("1"))).status_code == 412


def test_if_match(sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{sandbox.url}/Goal/g1"
    nothing = http.put(url, json=goal(id="g1"), headers={"If-Match": 'W/"1"'})
    assert nothing.status_code == 412
    http.put(url, json=goal(id="g1"))
    assert http.put(url, json=goal(id="g1", x=1), headers={"If-Match": 'W/"1"'}).status_code == 200
    stale = http.put(url, json=goal(id="g1", x=2), headers={"If-Match": 'W/"1"'})
    assert (stale.status_code, issue(stale)["code"]) == (412, "conflict")
    assert http.delete(url, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert http.delete(url, headers={"If-Match": 'W/"2"'}).status_code == 204


def test_if_none_match_on_read(sandbox: Sandbox, http: requests.Session) -> None:
    http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1"))
    unchanged = http.get(f"{sandbox.url}/Goal/g1", headers={"If-None-Match": 'W/"1"'})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert http.get(f"{sandbox.url}/Goal/g1", headers={"If-None-Match": 'W/"2"'}).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "expression"),
    [
        (b"{", 400, None),
        (b"", 400, "Goal"),
        (b"[]", 400, "Goal"),
        (b"\xff", 400, None),
        (b'{"resourceType":"Goal","x":NaN}', 400, None),
        (b'{"resourceType":"Goal","x":' + b"[" * 100_000, 400, None),
        (b'{"resourceType":"Goal","x":"\\ud800"}', 400, None),
        (b'{"resourceType":"Patient"}', 400, "Goal.resourceType"),
        (b'{"resourceType":"Goal","meta":[]}', 400, "Goal.meta"),
    ],
)
def test_bodies_that_are_no_goal(
    sandbox: Sandbox, http: requests.Session, body: bytes, status: int, expression: str | None
) -> None:
    answer = http.post(f"{sandbox.url}/Goal", data=body, headers={"Content-Type": FHIR_JSON})
    assert answer.status_code == status
    assert issue(answer).get("expression") == ([expression] if expression else None)
    assert http.get(f"{sandbox.url}/Goal").json()["total"] == 0


def test_the_id_in_the_body_has_to_be_the_one_in_the_url(sandbox: Sandbox, http: requests.Session) -> None:
    for body in (goal(id="g2"), goal()):
        refused = http.put(f"{sandbox.url}/Goal/g1", json=body)
        assert (refused.status_code, issue(refused)["expression"]) == (400, ["Goal.id"])
    assert http.put(f"{sandbox.url}/Goal/g_1", json=goal(id="g_1")).status_code == 400


def test_a_body_that_is_too_large_is_refused(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/Goal", data=b" " * (16 * 1024 * 1024 + 1))
    assert (answer.status_code, issue(answer)["code"]) == (413, "too-long")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Nonsense/1", 404),
        ("GET", "/Goal/1", 404),
        ("GET", "/Goal/1/_history", 404),
        ("GET", "/.well-known/smart-configuration", 404),
        ("GET", "/Patient/1/Goal", 404),
        ("POST", "/Goal/1", 405),
        ("PUT", "/Goal/1/_history/1", 405),
        ("PUT", "/metadata", 405),
        ("DELETE", "/Goal/_history", 405),
        ("GET", "/", 405),
        ("GET", "/Goal/_search", 405),
        ("PATCH", "/Goal/1", 501),
        ("POST", "/Goal/$validate", 501),
        ("GET", "/Goal/$validate", 501),
        ("GET", "/Patient/1/$everything", 501),
        ("DELETE", "/Goal?identifier=1", 501),
        ("BREW", "/Goal", 501),
    ],
)
def test_everything_else_is_refused(
    sandbox: Sandbox, http: requests.Session, method: str, path: str, status: int
) -> None:
    answer = http.request(method, sandbox.url + path, json=goal() if method in {"POST", "PUT"} else None)
    assert answer.status_code == status
    assert issue(answer)
    if status == 405:
        assert answer.headers["Allow"]
    assert http.get(sandbox.url.removesuffix("/fhir") + "/elsewhere").status_code == 404


def test_only_json_of_this_version(sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{sandbox.url}/Goal"
    other = {"r4": "5.0", "r5": "4.0"}[sandbox.version]
    assert http.get(url, headers={"Accept": "application/fhir+xml"}).status_code == 406
    assert http.get(f"{url}?_format=xml").status_code == 406
    assert http.get(f"{url}?_format=json").status_code == 200
    assert http.get(url, headers={"Accept": f"{FHIR_JSON}; fhirVersion={other}"}).status_code == 406
    assert http.get(url, headers={"Accept": "application/fhir+xml, application/fhir+json;q=0.9"}).status_code == 200
    for content_type in ("application/fhir+xml", f"{FHIR_JSON}; fhirVersion={other}"):
        assert http.post(url, json=goal(), headers={"Content-Type": content_type}).status_code == 415


def test_the_connection_is_kept(sandbox: Sandbox) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.port)) as connection, connection.makefile("rb") as answers:
        for request in (b"GET /fhir/Goal/1", b"HEAD /fhir/metadata", b"GET /fhir/metadata"):
            connection.sendall(request + b" HTTP/1.1\r\nHost: here\r\n\r\n")
            head = dict(line.split(b": ", 1) for line in iter(answers.readline, b"\r\n") if b": " in line)
            body = b"" if request.startswith(b"HEAD") else answers.read(int(head[b"Content-Length"]))
            assert body == b"" or json.loads(body)["resourceType"] in {"OperationOutcome", "CapabilityStatement"}


def test_a_chunked_body_is_refused(sandbox: Sandbox, http: requests.Session) -> None:
    answer = http.post(f"{sandbox.url}/Goal", data=iter([b"{}"]))
    assert answer.status_code == 411


def test_the_capability_statement_says_what_there_is(sandbox: Sandbox, http: requests.Session) -> None:
    statement = http.get(f"{sandbox.url}/metadata").json()
    assert statement["fhirVersion"] == {"r4": "4.0.1", "r5": "5.0.0"}[sandbox.version]
    assert "synthetic data only" in statement["implementation"]["description"]
    (rest,) = statement["rest"]
    assert {"transaction", "batch"} <= {interaction["code"] for interaction in rest["interaction"]}
    for resource in rest["resource"]:
        assert resource["conditionalCreate"]
        for parameter in resource["searchParam"]:
            value = "2026-01-01" if parameter["type"] == "date" else "x"
            answer = http.get(
                f"{sandbox.url}/{resource['type']}",
                params={parameter["name"]: value},
                headers={"Prefer": "handling=strict"},
            )
            assert answer.status_code == 200, parameter
    assert {"Goal", "Patient", "Encounter"} <= {resource["type"] for resource in rest["resource"]}
