"""The client against answers of every kind: which error, which Answer, what is repeated, what is sent."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import responses
from ehr import BASE, GOAL, HTML, OUTCOME, Waits, searchset, server, text
from responses import matchers

from fhir_coaching.errors import (
    AmbiguousMatch,
    LostAnswer,
    NotAuthorized,
    NotFhir,
    NotFound,
    Rejected,
    ServerError,
    Unavailable,
    VersionConflict,
)
from fhir_coaching.fhir.json import dumps
from fhir_coaching.server import Answer, Bearer

CONDITION = "identifier=urn%3Aus%7CCANARY"


READ = ("GET", "Goal/17", lambda: server().read("Goal", "17"))
UPDATE = ("PUT", "Goal/17", lambda: server().update(GOAL))
GUARDED = ("PUT", "Goal/17", lambda: server().update(GOAL, if_match='W/"3"'))
CREATE = ("POST", "Goal", lambda: server().create(GOAL))
ONCE = ("POST", "Goal", lambda: server().create(GOAL, if_none_exist=CONDITION))

RETRY = {"Retry-After": "3600"}  # longer than anybody waits: one request, no second try

# what is sent, status, its headers, its body, error
ERRORS: list[tuple[tuple[str, str, Callable[[], Answer]], int, dict[str, str], Any, type[ServerError]]] = [
    (READ, 400, {}, OUTCOME, Rejected),
    (READ, 401, {}, OUTCOME, NotAuthorized),
    (READ, 403, {}, HTML, NotAuthorized),
    (READ, 404, {}, OUTCOME, NotFound),
    (READ, 410, {}, "", NotFound),
    (READ, 406, {}, HTML, Rejected),
    (READ, 500, {}, OUTCOME, Unavailable),
    (READ, 501, {}, OUTCOME, Rejected),
    (READ, 429, RETRY, "", Unavailable),
    (READ, 503, RETRY, "", Unavailable),
    (READ, 302, {"Location": "https://login.example/?CANARY"}, HTML, NotFhir),
    (READ, 304, {}, "", NotFhir),
    (READ, 200, {"Content-Type": "text/html; charset=CANARY"}, HTML, NotFhir),
    (READ, 200, {}, "[1]", NotFhir),
    (READ, 200, {}, "", NotFhir),
    (READ, 200, {}, '{"resourceType":"Goal","note":"CAN', NotFhir),
    (READ, 200, {}, {"resourceType": "Patient", "id": "17"}, NotFhir),
    (READ, 200, {}, {"resourceType": "Goal", "id": "18"}, NotFhir),
    (UPDATE, 400, {}, OUTCOME, Rejected),
    (UPDATE, 404, {}, OUTCOME, NotFound),
    (UPDATE, 405, {}, "", Rejected),
    (UPDATE, 409, {}, OUTCOME, VersionConflict),
    (UPDATE, 412, {}, OUTCOME, AmbiguousMatch),
    (UPDATE, 413, {}, HTML, Rejected),
    (UPDATE, 415, {}, OUTCOME, Rejected),
    (UPDATE, 422, {}, OUTCOME, Rejected),
    (GUARDED, 409, {}, OUTCOME, VersionConflict),
    (GUARDED, 412, {}, OUTCOME, VersionConflict),
    (ONCE, 412, {}, OUTCOME, AmbiguousMatch),
    (ONCE, 409, {}, OUTCOME, VersionConflict),
    (CREATE, 429, RETRY, "", Unavailable),
    (CREATE, 503, RETRY, "", Unavailable),
    (CREATE, 503, {}, HTML, LostAnswer),  # of a proxy, perhaps, that had sent it on
    (CREATE, 408, {}, "", LostAnswer),
    (CREATE, 500, {}, OUTCOME, LostAnswer),
    (CREATE, 502, {}, HTML, LostAnswer),
    (CREATE, 504, {}, HTML, LostAnswer),
    (CREATE, 307, {"Location": "//elsewhere.example/Goal"}, "", NotFhir),
    (CREATE, 303, {"Location": "/Goal/17"}, "", LostAnswer),
    (CREATE, 200, {"Content-Type": "text/html"}, HTML, LostAnswer),
    (CREATE, 201, {}, "", LostAnswer),  # written, but where
    (CREATE, 202, {"Location": "Goal/17"}, "", LostAnswer),
    (CREATE, 201, {"Location": f"{BASE}/Bundle/1"}, "", LostAnswer),  # of something else
    (CREATE, 201, {}, {"resourceType": "Goal"}, LostAnswer),  # what was sent, repeated
    (UPDATE, 200, {}, {"resourceType": "Goal", "id": "18"}, LostAnswer),
    (UPDATE, 103, {}, "", LostAnswer),
    (READ, 103, {}, "", Unavailable),
    (READ, 200, {}, {"resourceType": "Goal", "id": 17}, NotFhir),
    (READ, 200, {}, {"resourceType": {"CANARY": 1}, "id": "17"}, NotFhir),
]


@pytest.mark.parametrize(("sent", "status", "headers", "body", "error"), ERRORS)
def test_each_status_is_its_error(
    web: responses.RequestsMock,
    sent: tuple[str, str, Callable[[], Answer]],
    status: int,
    headers: dict[str, str],
    body: Any,
    error: type[ServerError],
) -> None:
    method, url, send = sent
    web.add(method, f"{BASE}/{url}", text(body), status=status, headers=headers | {"X-Request-ID": "r-1"})
    with pytest.raises(ServerError) as caught:
        send()
    assert type(caught.value) is error
    assert caught.value.status == status
    said = str(caught.value)
    assert "CANARY" not in said
    assert f"{method} {url}" in said
    assert "ehr.example" in said
    if body is OUTCOME and error is not Unavailable:
        assert "error invalid at Goal.target[0]" in said
        assert "request id r-1" in said


def test_gone_is_known_from_never_there(web: responses.RequestsMock) -> None:
    for status in (404, 410):
        web.get(f"{BASE}/Goal/17", status=status)
    deleted = []
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            server().read("Goal", "17")
        deleted.append(caught.value.deleted)
    assert deleted == [False, True]


def test_a_redirect_says_where_to_and_no_more(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/metadata", status=302, headers={"Location": "https://login.example:8443/a?CANARY"})
    with pytest.raises(NotFhir, match=r"https://login\.example:8443;") as caught:
        server(auth=Bearer("t")).capabilities()
    assert "CANARY" not in str(caught.value)


# status, headers, body -> type, id, version
WRITTEN: list[tuple[int, dict[str, str], Any, tuple[str, str, str]]] = [
    (201, {"ETag": 'W/"3"', "Location": f"{BASE}/Goal/17/_history/3"}, GOAL, ("Goal", "17", "3")),
    (201, {"Location": "Goal/17/_history/3"}, None, ("Goal", "17", "3")),
    (201, {"Location": "/fhir/Goal/17"}, None, ("Goal", "17", "")),
    (201, {"Location": "Goal/a_b.c-1", "ETag": '"x-y"'}, None, ("Goal", "a_b.c-1", "x-y")),
    (201, {}, GOAL, ("Goal", "17", "3")),
    (200, {"Content-Location": f"{BASE}/Goal/17/_history/3"}, None, ("Goal", "17", "3")),
    (200, {"Location": f"{BASE}/Goal/17"}, OUTCOME, ("Goal", "17", "")),
    (200, {"ETag": "3"}, {**GOAL, "meta": "?"}, ("Goal", "17", "3")),
    (200, {"ETag": "3"}, {**GOAL, "meta": {"versionId": 4}}, ("Goal", "17", "3")),
    (200, {"ETag": 'W/"3-gzip"'}, GOAL, ("Goal", "17", "3")),  # an Apache that packed the answer
]


@pytest.mark.parametrize(("status", "headers", "body", "expected"), WRITTEN)
def test_what_was_written_is_read_from_where_it_stands(
    web: responses.RequestsMock, status: int, headers: dict[str, str], body: Any, expected: tuple[str, str, str]
) -> None:
    web.post(f"{BASE}/Goal", b"" if body is None else dumps(body), status=status, headers=headers)
    answer = server().create(GOAL)
    assert (answer.type, answer.id, answer.version) == expected
    assert answer.status == status
    assert answer.resource == (body if body is not OUTCOME else None)
    assert "CANARY" not in repr(answer)


def test_a_body_that_repeats_what_was_sent_is_not_what_the_server_has(web: responses.RequestsMock) -> None:
    web.post(f"{BASE}/Goal", dumps({"resourceType": "Goal"}), status=201, headers={"Location": "Goal/17"})
    assert server().create(GOAL) == Answer(201, "Goal", "17")


def test_expressions_hold_no_value(web: responses.RequestsMock) -> None:
    expressions = [
        "Bundle.entry[0].resource/*Goal/CANARY*/.due.ofType(date)",
        *("Patient.name.where(family='CANARY')", "Patient.extension('CANARY')", "1931-07-19", "a CANARY", 7, "a" * 201),
    ]
    issue = {"severity": "CANARY 1", "code": "invalid", "expression": expressions}
    web.put(f"{BASE}/Goal/17", dumps({"resourceType": "OperationOutcome", "issue": [issue]}), status=422)
    with pytest.raises(Rejected) as caught:
        server().update(GOAL)
    assert list(map(str, caught.value.issues)) == ["unknown invalid at Bundle.entry[0].resource.due.ofType(date)"]


def test_an_update_without_a_body_is_at_its_own_address(web: responses.RequestsMock) -> None:
    web.put(f"{BASE}/Goal/17", status=200, headers={"Date": "Wed, 25 Nov 2026 13:36:31 GMT"})
    assert server().update(GOAL) == Answer(200, "Goal", "17", date="Wed, 25 Nov 2026 13:36:31 GMT")


def test_headers_of_reads_and_writes(web: responses.RequestsMock) -> None:
    fresh = {"Cache-Control": "no-cache", "Accept": "application/fhir+json"}
    whole = {**fresh, "Prefer": "return=representation", "Content-Type": "application/fhir+json; charset=utf-8"}
    goal, url = dumps(GOAL), f"{BASE}/Goal"
    web.get(f"{url}/17", goal, match=[matchers.header_matcher({**fresh, "Authorization": "Bearer t"})])
    web.get(url, dumps(searchset()), match=[matchers.header_matcher({**fresh, "Prefer": "handling=strict"})])
    web.put(f"{url}/17", goal, match=[matchers.header_matcher({**whole, "If-Match": 'W/"3"'})])
    web.post(url, goal, match=[matchers.header_matcher({**whole, "If-None-Exist": CONDITION})])
    client = server(auth=Bearer("t"))
    client.read("Goal", "17")
    assert list(client.search("Goal")) == []
    client.update(GOAL, if_match='W/"3"')
    client.create(GOAL, if_none_exist=CONDITION)
    assert client.requests == 4
    assert web.calls[2].request.body == goal


def test_a_version_that_no_header_can_carry_is_not_sent() -> None:
    with responses.RequestsMock(), pytest.raises(Rejected, match="nothing was sent"):
        server().update(GOAL, if_match='W/"3\n"')


# Repeating


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_a_read_is_repeated_while_the_server_is_busy(web: responses.RequestsMock, status: int) -> None:
    for _ in range(3):
        web.get(f"{BASE}/Goal/17", status=status)
    web.get(f"{BASE}/Goal/17", dumps(GOAL))
    waits = Waits()
    client = server(waits)
    assert client.read("Goal", "17").id == "17"
    assert client.requests == 4
    assert [0.25 <= pause / 2**n <= 0.75 for n, pause in enumerate(waits)] == [True] * 3


def test_a_read_is_given_up_in_the_end(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/Goal/17", status=503)
    client = server()
    with pytest.raises(Unavailable):
        client.read("Goal", "17")
    assert client.requests == 4


@pytest.mark.parametrize("status", [429, 503])
def test_a_write_is_repeated_when_the_server_says_that_it_did_not_take_it(
    web: responses.RequestsMock, status: int
) -> None:
    web.post(f"{BASE}/Goal", status=status, headers={"Retry-After": "7"})
    web.post(f"{BASE}/Goal", dumps(OUTCOME), status=status)
    web.post(f"{BASE}/Goal", dumps(GOAL), status=201)
    waits = Waits()
    assert server(waits).create(GOAL).status == 201
    assert waits[0] == 7
    assert len(waits) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 500, 501])
def test_a_mistake_is_not_repeated(web: responses.RequestsMock, status: int) -> None:
    web.get(f"{BASE}/metadata", dumps(OUTCOME))  # the server is there
    web.get(f"{BASE}/Goal/17", status=status)
    client = server()
    with pytest.raises(NotFhir):
        client.capabilities()
    with pytest.raises(ServerError):
        client.read("Goal", "17")
    assert client.requests == 2


def test_a_lost_write_is_sent_once(web: responses.RequestsMock) -> None:
    web.post(f"{BASE}/Goal", status=502)
    client = server()
    with pytest.raises(LostAnswer):
        client.create(GOAL)
    assert client.requests == 1


# Retry-After -> the pause; None: not waited for
AFTER: list[tuple[str, float | None]] = [
    ("7", 7),
    ("0", 0),
    ("60", 60),
    ("61", None),
    ("9" * 400, None),
    (format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True), 0),
    (format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True), None),
]


@pytest.mark.parametrize(("said", "pause"), AFTER, ids=range(len(AFTER)))
def test_a_server_is_given_the_time_it_asks_for(web: responses.RequestsMock, said: str, pause: float | None) -> None:
    web.get(f"{BASE}/Goal/17", status=503, headers={"Retry-After": said})
    waits = Waits()
    if pause is None:
        with pytest.raises(Unavailable) as caught:
            server(waits).read("Goal", "17")
        assert caught.value.retry_after
        assert not waits
    else:
        web.get(f"{BASE}/Goal/17", dumps(GOAL))
        server(waits).read("Goal", "17")
        assert waits == [pause]


@pytest.mark.parametrize("said", ["soon", "-1", "²", "Wed, 99 Nov 2026"])
def test_a_retry_after_that_says_nothing_is_not_there(web: responses.RequestsMock, said: str) -> None:
    web.get(f"{BASE}/Goal/17", status=503, headers={"Retry-After": said.encode().decode("latin-1")})
    web.get(f"{BASE}/Goal/17", dumps(GOAL))
    waits = Waits()
    server(waits).read("Goal", "17")
    assert waits[0] < 1
