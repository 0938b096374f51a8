"""Batches and transactions: entries out, and an answer or an error for each one back (https://hl7.org/fhir/R4/http.html#transaction)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_coaching.errors import LostAnswer, ServerError
from fhir_coaching.lens import Json
from fhir_coaching.server.answers import Answer, answer_of, error_of


@dataclass(frozen=True)
class Entry:
    """One interaction. `url` is relative: `Goal`, `Goal/17`, `Goal?patient=…`."""

    method: str
    url: str
    resource: Json | None = None
    full_url: str = ""
    if_match: str = ""
    if_none_exist: str = ""

    @property
    def conditions(self) -> frozenset[str]:
        """The conditions that it makes, by name."""
        return frozenset(name for name in ("if_match", "if_none_exist") if getattr(self, name))


def bundle_of(entries: Sequence[Entry], type_: str) -> Json:
    """The Bundle to send. Entries with a resource have a fullUrl: a validating HAPI refuses them without."""
    return {"resourceType": "Bundle", "type": type_, "entry": [_said(entry) for entry in entries]}


def _said(entry: Entry) -> Json:
    request = {"method": entry.method, "url": entry.url, "ifMatch": entry.if_match, "ifNoneExist": entry.if_none_exist}
    said: Json = {
        "fullUrl": entry.full_url,
        "resource": entry.resource,
        "request": {key: value for key, value in request.items() if value},
    }
    return {key: value for key, value in said.items() if value}


def answers_of(entries: Sequence[Entry], response: Json) -> list[Answer | ServerError]:
    """One answer or error an entry, in the order of the requests, each by its own status, even inside a 200.

    HAPI answers two equal creates with one entry, so where the numbers differ, answers are found by type and id; an entry that
    has none is a lost answer.
    """
    found = response.get("entry")
    given = [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []
    if len(given) == len(entries):
        return [_answered(entry, one) for entry, one in zip(entries, given, strict=True)]
    left = [answer for answer in (_answered(Entry("", ""), one) for one in given) if isinstance(answer, Answer)]
    answers: list[Answer | ServerError] = []
    for entry in entries:
        match = next((answer for answer in left if _fits(entry, answer)), None)
        answers.append(
            match or LostAnswer(f"{entry.method} {path(entry.url)}: the server's answer has no entry for it")
        )
    return answers


def _fits(entry: Entry, answer: Answer) -> bool:
    """Whether this may be the answer: the same address, or a resource that bears an identifier of ours."""
    if entry.url == f"{answer.type}/{answer.id}":
        return True
    if entry.resource is None or answer.resource is None or entry.url != answer.type:
        return False
    ours = entry.resource.get("identifier") or []
    return any(one in ours for one in answer.resource.get("identifier") or [])


def _answered(entry: Entry, given: Json) -> Answer | ServerError:
    response: Any = given.get("response")
    response = response if isinstance(response, dict) else {}
    status = str(response.get("status", ""))[:3]
    what = f"{entry.method} {path(entry.url)}"
    if not status.isdigit():
        return LostAnswer(f"{what}: the server's answer has no status")
    if status[0] != "2":
        return error_of(
            int(status), response.get("outcome"), what, writes=entry.method != "GET", conditions=entry.conditions
        )
    headers = {"Location": str(response.get("location") or ""), "ETag": str(response.get("etag") or "")}
    return answer_of(int(status), headers, given.get("resource"))


def path(url: str) -> str:
    """An address without its query, which may say something about a patient."""
    return url.partition("?")[0]
