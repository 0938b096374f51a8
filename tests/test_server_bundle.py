"""Batches and transactions: what is sent, and whose answer is whose."""

from typing import Any

import pytest
import responses
from ehr import BASE, OUTCOME, server, text
from responses import matchers

from fhir_coaching.errors import (
    AmbiguousMatch,
    LostAnswer,
    NotFhir,
    NotFound,
    Rejected,
    ServerError,
    Unavailable,
    VersionConflict,
)
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.lens import Json
from fhir_coaching.server import Answer, Entry


def goal(value: str, id_: str = "") -> Json:
    found: Json = {"resourceType": "Goal", "identifier": [{"system": "urn:test", "value": value}], "note": "CANARY"}
    return {**found, "id": id_, "meta": {"versionId": "1"}} if id_ else found


def bundle(*entries: Any) -> Json:
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}


def said(status: str, location: str = "", resource: Json | None = None, **response: Any) -> Json:
    found: Json = {"response": {"status": status, **({"location": location} if location else {}), **response}}
    return {**found, **({"resource": resource} if resource else {})}


CREATE_A = Entry("POST", "Goal", goal("a"), if_none_exist="identifier=urn:test|CANARY")
CREATE_B = Entry("POST", "Goal", goal("b"))
PUT_7 = Entry("PUT", "Goal/7", goal("c"), if_match='W/"1"')
PUT_8 = Entry("PUT", "Goal/8", goal("d"))
READ_9 = Entry("GET", "Goal/9")
SEARCH = Entry("GET", "Goal?name=CANARY")
ONE_SEARCH = Entry("GET", "Goal?name=C")
OTHER_SEARCH = Entry("GET", "Goal?name=D&a=b")
DELETE = Entry("DELETE", "Goal/7")

READ = goal("e", "9")
SEARCHSET: Json = {"resourceType": "Bundle", "type": "searchset", "entry": []}


def answering(search: str) -> Json:
    """A searchset that says what it answers, with that as its version."""
    self = {"relation": "self", "url": f"{BASE}/Goal?{search}"}
    return {**SEARCHSET, "meta": {"versionId": search}, "link": [self]}


def shown(answer: Answer | ServerError) -> object:
    """Status, id and version of an answer, the class of an error."""
    return type(answer) if isinstance(answer, ServerError) else (answer.status, answer.id, answer.version)


# entries sent, entries answered, what each becomes
ANSWERED: list[tuple[list[Entry], list[Any], list[object]]] = [
    ([CREATE_A], [said("201 Created", "Goal/1/_history/1", etag="1")], [(201, "1", "1")]),
    ([CREATE_A], [said("201", f"{BASE}/Goal/1", etag='W/"5"')], [(201, "1", "5")]),
    ([CREATE_A], [said("200 OK", resource=goal("a", "1"))], [(200, "1", "1")]),
    ([CREATE_A], [said("201 Created")], [LostAnswer]),
    ([CREATE_A], [said("202 Accepted", "Goal/1")], [LostAnswer]),
    ([PUT_7], [said("200 OK")], [(200, "7", "")]),
    ([DELETE], [said("204 No Content", "Goal/7/_history/2", etag="2")], [(204, "7", "2")]),
    (
        [READ_9, SEARCH],
        [said("200 OK", resource=READ), said("200", resource=SEARCHSET)],
        [(200, "9", "1"), (200, "", "")],
    ),
    ([READ_9], [said("404 Not Found", outcome=OUTCOME)], [NotFound]),
    ([READ_9], [said("200 OK")], [NotFhir]),
    ([READ_9], [said("200 OK", resource=goal("x", "10"))], [NotFhir]),
    ([SEARCH], [said("400 Bad Request", outcome=OUTCOME)], [Rejected]),
    ([SEARCH], [said("200 OK", resource=READ)], [NotFhir]),
    ([PUT_7, CREATE_A], [said("409 Conflict"), said("412", outcome=OUTCOME)], [VersionConflict, AmbiguousMatch]),
    ([PUT_7, CREATE_B], [said("412"), said("201", "Goal/1")], [VersionConflict, (201, "1", "")]),
    ([CREATE_A, CREATE_B], [said("503", outcome=OUTCOME), said("503")], [Unavailable, LostAnswer]),
    ([CREATE_A, CREATE_B], [said("500", outcome=OUTCOME), said("422", outcome=OUTCOME)], [LostAnswer, Rejected]),
    ([CREATE_A, READ_9], [said(""), said("OK")], [LostAnswer, NotFhir]),
    ([CREATE_A, READ_9], [{}, "?"], [LostAnswer, NotFhir]),
    ([CREATE_A, READ_9], [{"response": "?"}, {"response": {"status": "²³¹"}}], [LostAnswer, NotFhir]),
    # In another order.
    (
        [CREATE_A, CREATE_B],
        [said("201", resource=goal("b", "2")), said("201", resource=goal("a", "1"))],
        [(201, "1", "1"), (201, "2", "1")],
    ),
    (
        [PUT_7, PUT_8],
        [said("200", "Goal/8/_history/2"), said("201", "Goal/7/_history/1")],
        [(201, "7", "1"), (200, "8", "2")],
    ),
    (
        [ONE_SEARCH, OTHER_SEARCH],
        [said("200", resource=answering("a=b&name=D")), said("200", resource=answering("name=C"))],
        [(200, "", "name=C"), (200, "", "a=b&name=D")],
    ),
    (  # A self link of its own spelling says nothing.
        [ONE_SEARCH, OTHER_SEARCH],
        [said("200", resource=answering("name=C&_count=9")), said("200", resource=answering("name=D&a=b"))],
        [(200, "", "name=C&_count=9"), (200, "", "name=D&a=b")],
    ),
    ([ONE_SEARCH, OTHER_SEARCH], [said("200", resource=answering("name=D&a=b"))], [NotFhir, (200, "", "name=D&a=b")]),
    # One answer to two equal creates, as HAPI gives it.
    (
        [CREATE_A, CREATE_A, PUT_7],
        [said("201", "Goal/1/_history/1", goal("a", "1")), said("200", "Goal/7/_history/2")],
        [(201, "1", "1"), (201, "1", "1"), (200, "7", "2")],
    ),
    # Fewer than asked for: whatever cannot be recognised is unknown.
    ([CREATE_A, PUT_7], [said("201", "Goal/1/_history/1")], [LostAnswer, LostAnswer]),
    ([CREATE_A, PUT_7], [said("422", outcome=OUTCOME)], [LostAnswer, LostAnswer]),
    ([READ_9, SEARCH, CREATE_A], [said("200", resource=READ)], [(200, "9", "1"), NotFhir, LostAnswer]),
    ([CREATE_A, PUT_7], [], [LostAnswer, LostAnswer]),
    # More than asked for.
    ([PUT_7], [said("200", "Goal/8"), said("200", "Goal/7/_history/2")], [(200, "7", "2")]),
]


@pytest.mark.parametrize(("entries", "given", "expected"), ANSWERED)
def test_each_entry_has_its_own_answer(
    web: responses.RequestsMock, entries: list[Entry], given: list[Any], expected: list[object]
) -> None:
    web.post(BASE, dumps(bundle(*given)), headers={"Location": f"{BASE}/Bundle/1"})
    answers = server().bundle(entries, "batch")
    assert [shown(answer) for answer in answers] == expected
    assert "CANARY" not in "".join(str(one) for one in answers if isinstance(one, ServerError))
    assert "CANARY" not in f"{answers!r}{entries!r}"


def test_the_issues_of_an_entry_are_told(web: responses.RequestsMock) -> None:
    web.post(BASE, dumps(bundle(said("422 Unprocessable Entity", outcome=OUTCOME))))
    (error,) = server().bundle([CREATE_A], "batch")
    assert isinstance(error, Rejected)
    assert [str(issue) for issue in error.issues] == ["error invalid at Goal.target[0]"]
    assert str(error).startswith("POST Goal: the server answered 422")


def test_what_is_sent(web: responses.RequestsMock) -> None:
    headers = {"Cache-Control": "no-cache", "Prefer": "return=representation"}
    web.post(BASE, dumps(bundle()), match=[matchers.header_matcher(headers)])
    full = Entry("POST", "Goal", goal("f"), full_url="urn:uuid:1")
    server().bundle([CREATE_A, PUT_7, full, DELETE, SEARCH], "transaction")
    body = loads(web.calls[0].request.body or b"")
    entries = body["entry"]
    assert (body["resourceType"], body["type"]) == ("Bundle", "transaction")
    assert [one["request"] for one in entries] == [
        {"method": "POST", "url": "Goal", "ifNoneExist": "identifier=urn:test|CANARY"},
        {"method": "PUT", "url": "Goal/7", "ifMatch": 'W/"1"'},
        {"method": "POST", "url": "Goal"},
        {"method": "DELETE", "url": "Goal/7"},
        {"method": "GET", "url": "Goal?name=CANARY"},
    ]
    assert [one.get("resource") for one in entries] == [goal("a"), goal("c"), goal("f"), None, None]
    assert entries[0]["fullUrl"].startswith("urn:uuid:")
    assert [one.get("fullUrl") for one in entries[1:]] == [f"{BASE}/Goal/7", "urn:uuid:1", None, None]


def test_a_batch_that_only_reads_is_repeated_and_strict(web: responses.RequestsMock) -> None:
    strict = matchers.header_matcher({"Cache-Control": "no-cache", "Prefer": "handling=strict"})
    web.post(BASE, status=502, match=[strict])
    web.post(BASE, dumps(bundle(said("200", resource=READ))), match=[strict])
    client = server()
    assert [shown(one) for one in client.bundle([READ_9], "batch")] == [(200, "9", "1")]
    assert client.requests == 2


# entries, status, body, error of the whole
WHOLE: list[tuple[list[Entry], int, Any, type[ServerError]]] = [
    ([CREATE_A, PUT_7], 409, OUTCOME, VersionConflict),
    ([CREATE_A, PUT_7], 412, OUTCOME, VersionConflict),
    ([CREATE_A, CREATE_B], 412, OUTCOME, AmbiguousMatch),
    ([CREATE_A], 422, OUTCOME, Rejected),
    ([CREATE_A], 500, OUTCOME, LostAnswer),
    ([READ_9], 500, OUTCOME, Unavailable),
    ([CREATE_A], 200, "", LostAnswer),
    ([CREATE_A], 200, OUTCOME, LostAnswer),
    ([CREATE_A], 200, "<html>", LostAnswer),
    ([READ_9], 200, OUTCOME, NotFhir),
]


@pytest.mark.parametrize(("entries", "status", "body", "error"), WHOLE)
def test_a_refused_whole_is_one_error(
    web: responses.RequestsMock, entries: list[Entry], status: int, body: Any, error: type[ServerError]
) -> None:
    web.post(BASE, text(body), status=status)
    with pytest.raises(ServerError) as caught:
        server().bundle(entries, "transaction")
    assert type(caught.value) is error
    assert str(caught.value).startswith("transaction")
    assert "CANARY" not in str(caught.value)


def test_nothing_to_send_is_not_sent() -> None:
    client = server()
    assert client.bundle([], "batch") == []
    assert client.requests == 0
