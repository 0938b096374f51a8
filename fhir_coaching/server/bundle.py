"""Batches and transactions: entries out, an answer or an error for each one back (https://hl7.org/fhir/R4/http.html#transaction)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from fhir_coaching.errors import LostAnswer, NotFhir, ServerError
from fhir_coaching.fhir.names import identifiers
from fhir_coaching.server.answers import ACCEPTED, LOOK_FIRST, Answer, answer_of, error_of, success
from fhir_coaching.versions import Json

_Search = tuple[str, frozenset[tuple[str, str]]]  # type, parameters


@dataclass(frozen=True)
class Entry:
    """One interaction. `url` is relative: HAPI knows no absolute ones here."""

    method: str  # GET, POST, PUT, DELETE
    url: str = field(repr=False)  # `Goal`, `Goal/17`, `Goal?patient=…`
    resource: Json | None = field(default=None, repr=False)
    full_url: str = ""
    if_match: str = ""  # `W/"3"`
    if_none_exist: str = field(default="", repr=False)  # `identifier=…`

    @property
    def conditions(self) -> frozenset[str]:
        """The conditions that it makes, by name."""
        return frozenset(name for name in ("if_match", "if_none_exist") if getattr(self, name))

    @property
    def what(self) -> str:
        """The interaction in words that say nothing of a patient."""
        return f"{self.method} {path(self.url)}"

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"


def bundle_of(entries: Sequence[Entry], type_: str, base: str) -> Json:
    """The Bundle to send. Entries with a resource have a fullUrl: a validating HAPI refuses them without."""
    return {"resourceType": "Bundle", "type": type_, "entry": [_said(entry, base) for entry in entries]}


def _said(entry: Entry, base: str) -> Json:
    request = {"method": entry.method, "url": entry.url, "ifMatch": entry.if_match, "ifNoneExist": entry.if_none_exist}
    said: Json = {"request": {key: value for key, value in request.items() if value}}
    if entry.resource is None:
        return said
    own = f"{base}/{entry.url}" if entry.method == "PUT" and "?" not in entry.url else uuid4().urn
    return {"fullUrl": entry.full_url or own, "resource": entry.resource, **said}


def answers_of(entries: Sequence[Entry], response: Json, date: str = "") -> list[Answer | ServerError]:
    """One answer or error an entry, in the order of the requests, each by its own status, even inside a 200.

    HAPI answers two equal creates with one entry, and some servers answer in an order of their own. So where the numbers differ
    or an answer cannot be to the request in its place, answers are found by address, identifier or the search that they say
    they answer; an entry that has none is a lost answer.
    """
    found = response.get("entry")
    given = [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []
    if len(given) == len(entries):
        answers = [_answered(entry, one, date) for entry, one in zip(entries, given, strict=True)]
        searches = {_asked(entry.url) for entry in entries if not entry.writes}
        fits = [isinstance(a, ServerError) or _may_be(e, a, searches) for e, a in zip(entries, answers, strict=True)]
        if all(fits):
            return answers
    said = [_success(one, date) for one in given]
    return [next((a for a in said if a is not None and _is(entry, a)), None) or _missing(entry) for entry in entries]


def _answered(entry: Entry, given: Json, date: str) -> Answer | ServerError:
    """The answer in the place of this entry."""
    response: Any = given.get("response")
    response = response if isinstance(response, dict) else {}
    status = _status(response)
    if not status:
        return _missing(entry)
    if not success(status):
        return error_of(status, response.get("outcome"), entry.what, writes=entry.writes, conditions=entry.conditions)
    answer = _success(given, date, path(entry.url))
    if answer is None or (not entry.writes and answer.resource is None):
        return _missing(entry)
    if entry.method == "POST" and not answer.id:
        return LostAnswer(f"{entry.what}: written, but the server does not say where", hint=LOOK_FIRST)
    return answer


def _success(given: Json, date: str, at: str = "") -> Answer | None:
    """What an entry says of a resource, if it says that all went well. 202 does not: it promises."""
    response: Any = given.get("response")
    status = _status(response)
    if not success(status) or status == ACCEPTED:
        return None
    headers = {"Location": response.get("location"), "ETag": response.get("etag")}
    texts = {name: text for name, text in headers.items() if isinstance(text, str)}
    return answer_of(status, {**texts, "Date": date}, given.get("resource"), at)


def _status(response: Any) -> int:
    """`201` of `201 Created`; 0 where there is none."""
    said = str(response.get("status", ""))[:3] if isinstance(response, dict) else ""
    return int(said) if re.fullmatch("[0-9]{3}", said) else 0


def _missing(entry: Entry) -> ServerError:
    said = f"{entry.what}: the server's Bundle has no answer to it"
    return LostAnswer(said, hint=LOOK_FIRST) if entry.writes else NotFhir(said)


def _may_be(entry: Entry, answer: Answer, searches: set[_Search]) -> bool:
    """Whether nothing speaks against this being the answer. A server may spell its self link otherwise, but not as another's."""
    type_, _, id_ = path(entry.url).partition("/")
    if entry.method == "GET" and not id_:
        said = _asked(link(answer.resource, "self"))
        return answer.type == "Bundle" and (said == _asked(entry.url) or said not in searches)
    if answer.type != type_ or (id_ and answer.id != id_):
        return False
    ours, theirs = _identity(entry.resource), _identity(answer.resource)
    return bool(id_) or not ours or not theirs or bool(ours & theirs)


def _is(entry: Entry, answer: Answer) -> bool:
    """Whether this is surely the answer: the same address or search, or a resource that bears an identifier of the one sent."""
    type_, _, id_ = path(entry.url).partition("/")
    if entry.method == "GET" and not id_:
        return answer.type == "Bundle" and _asked(link(answer.resource, "self")) == _asked(entry.url)
    if id_:
        return (answer.type, answer.id) == (type_, id_)
    return answer.type == type_ and bool(_identity(entry.resource) & _identity(answer.resource))


def _identity(resource: Json | None) -> set[tuple[str, str]]:
    return {(str(one.get("system")), str(one.get("value"))) for one in identifiers(resource or {})}


def _asked(url: str) -> _Search:
    """What a search asks for: its type and its parameters, however they are escaped and ordered."""
    at, _, parameters = url.partition("?")
    return at.rpartition("/")[2], frozenset(parse_qsl(parameters, keep_blank_values=True))


def link(bundle: Json | None, relation: str) -> str:
    """The address of a Bundle's link; empty where it has none."""
    found = (one.get("url") for one in objects((bundle or {}).get("link")) if one.get("relation") == relation)
    return next((url for url in found if isinstance(url, str)), "")


def objects(found: Any) -> Iterator[Json]:
    """The objects of what should be a list of them."""
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def path(url: str) -> str:
    """An address without its query, which may say something about a patient."""
    return url.partition("?")[0]
