"""Whatever JSON a server answers, the client says what it means or raises one of its own errors."""

from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.errors import CoachingError, ServerError
from fhir_coaching.lens import R4, Json
from fhir_coaching.server import Answer, Entry, FhirServer
from fhir_coaching.server.answers import answer_of, error_of, issues_of, retry_after
from fhir_coaching.server.bundle import answers_of
from fhir_coaching.server.capabilities import capabilities_of

NAMES = (
    *("resourceType", "id", "meta", "versionId", "identifier", "system", "value", "issue", "severity", "code"),
    *("expression", "location", "entry", "resource", "response", "search", "mode", "status", "etag", "outcome"),
    *("link", "relation", "url", "rest", "interaction", "type", "searchParam", "name", "software", "fhirVersion"),
)
WORDS = (
    *("Bundle", "Goal", "OperationOutcome", "CapabilityStatement", "next", "self", "match", "outcome", "server"),
    *("201", "200 OK", "412", "²³¹", "Goal/17", "Goal/17/_history/3", "4.0.1", 'W/"3"', "", "17", "//[", "urn:a"),
)
LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(WORDS) | st.text(max_size=5)


def _deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)


JSON = st.recursive(LEAVES, _deeper, max_leaves=25)
OBJECT = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6)


def objects(**elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Objects with these elements right in name, each absent at times, and others beside them."""
    return st.builds(lambda junk, right: {**junk, **right}, OBJECT, st.fixed_dictionaries({}, optional=elements))


RESOURCE = objects(resourceType=st.sampled_from(["Goal", "Bundle", "OperationOutcome"]), id=st.just("17")) | JSON
RESPONSE = objects(status=st.sampled_from(["200", "201 Created", "412", "503", "x"]), outcome=RESOURCE) | JSON
BUNDLE = objects(
    resourceType=st.just("Bundle"),
    entry=st.lists(
        objects(resource=RESOURCE, response=RESPONSE, search=objects(mode=LEAVES) | JSON) | JSON, max_size=4
    ),
    link=st.lists(objects(relation=st.sampled_from(["next", "self"]), url=LEAVES) | JSON, max_size=3) | JSON,
)

GOAL: Json = {"resourceType": "Goal", "id": "17", "identifier": [{"system": "urn:a", "value": "1"}]}
ENTRIES = (
    Entry("GET", "Goal/17"),
    Entry("GET", "Goal?patient=1"),
    Entry("PUT", "Goal/17", GOAL, if_match='W/"3"'),
    Entry("POST", "Goal", GOAL, if_none_exist="identifier=urn:a|1"),
    Entry("DELETE", "Goal/17"),
)


@given(st.lists(st.sampled_from(ENTRIES), max_size=4), BUNDLE)
def test_every_entry_has_one_answer(entries: list[Entry], body: Json) -> None:
    answers = answers_of(entries, body)
    assert len(answers) == len(entries)
    for entry, answer in zip(entries, answers, strict=True):
        assert isinstance(answer, (Answer, ServerError))
        if isinstance(answer, Answer):
            assert answer.type == ("Bundle" if entry is ENTRIES[1] else "Goal")
            assert entry.method == "GET" or answer.id


@given(RESOURCE, st.text(max_size=20), st.sampled_from(["", "Goal", "Goal/17"]))
def test_an_answer_is_made_of_texts(body: Any, header: str, at: str) -> None:
    answer = answer_of(200, {"Location": header, "ETag": header}, body, at)
    assert {type(each) for each in (answer.type, answer.id, answer.version)} == {str}
    assert answer.resource is None or isinstance(answer.resource["resourceType"], str)


@given(BUNDLE)
def test_pages_yield_resources_of_the_server(body: Json) -> None:
    # Nobody listens there: a next page is a ServerError, at once.
    server = FhirServer("http://127.0.0.1:1/fhir", R4, timeout=(1.0, 1.0), wait=lambda _: None)
    with suppress(ServerError):
        for resource in server.pages(body):
            assert isinstance(resource["resourceType"], str)
            assert isinstance(resource["id"], str)


@given(OBJECT | objects(rest=st.lists(objects(resource=st.lists(OBJECT), interaction=st.lists(OBJECT)))))
def test_a_statement_is_read_as_far_as_it_goes(statement: Json) -> None:
    can = capabilities_of(statement)
    assert isinstance(can.fhir_version, str)
    assert can.software.isprintable()


@given(st.integers(100, 999), JSON | objects(resourceType=st.just("OperationOutcome"), issue=st.lists(OBJECT)))
def test_a_status_is_an_error_of_one_screen(status: int, body: Any) -> None:
    for writes in (False, True):
        error = error_of(status, body, "PUT Goal/17", writes=writes, conditions=frozenset({"if_match"}))
        assert isinstance(error, CoachingError)
        assert len(str(error).splitlines()) <= 25
    assert len(issues_of(body)) <= 20


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,5} Nov [0-9]{1,5} [0-9:]{1,9} [+-]?[0-9A-Z]{1,12}"))
def test_a_retry_after_is_a_time_or_nothing(text: str) -> None:
    seconds = retry_after(text)
    assert seconds is None or seconds >= 0
