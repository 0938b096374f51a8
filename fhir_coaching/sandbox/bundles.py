"""Batch and transaction (https://hl7.org/fhir/R4/http.html#transaction)."""

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .messages import Request, Response
from .outcomes import Refusal, Resource, refusal
from .store import Stored

if TYPE_CHECKING:
    from .interactions import Interactions

_HEADERS = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifNoneExist": "if-none-exist"}
_METHODS = ("DELETE", "POST", "PUT", "GET")  # in the order of a transaction
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)\?(.+)")


@dataclass
class _Entry:
    """One entry; `type` and `id` are what it writes to, `found` the match of a conditional create."""

    place: str  # Bundle.entry[n]
    full_url: str
    request: Request
    type: str = ""
    id: str = ""
    found: Stored | None = None

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Its turn: reads come last, and conditional references see what the other entries have written."""
        method = self.request.method
        is_conditional = any(map(_CONDITIONAL.fullmatch, _references(self.request.body)))
        return method == "GET", is_conditional, _METHODS.index(method)


def answer(interactions: "Interactions", request: Request) -> Response:
    """Answer a Bundle posted to the base with the Bundle of its responses."""
    bundle = request.body
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise refusal(400, "invalid", "the base takes a Bundle", "Bundle")
    type_, entries = bundle.get("type"), bundle.get("entry", [])
    if type_ not in ("batch", "transaction"):  # a tuple, as it may be anything
        raise refusal(400, "value", "the base takes a batch or a transaction", "Bundle.type")
    if not isinstance(entries, list):
        raise refusal(400, "structure", "the entries have to be a list", "Bundle.entry")
    run = _batch if type_ == "batch" else _transaction
    prefer = f"{request.headers.get('prefer', '')},return=minimal"  # the first `return` counts
    entry = [_response_entry(response) for response in run(interactions, entries, prefer)]
    return Response(200, {"resourceType": "Bundle", "type": f"{type_}-response", **({"entry": entry} if entry else {})})


def _batch(interactions: "Interactions", entries: list[Any], prefer: str) -> list[Response]:
    """Every entry for itself."""
    responses = []
    for n, entry in enumerate(entries):
        try:
            responses.append(interactions.answer(_read_entry(interactions.base, n, entry, prefer).request))
        except Refusal as refused:
            responses.append(Response.of(refused))
    return responses


def _transaction(interactions: "Interactions", raw: list[Any], prefer: str) -> list[Response]:
    """All entries or none."""
    entries = [_read_entry(interactions.base, n, entry, prefer) for n, entry in enumerate(raw)]
    responses: dict[str, Response] = {}
    with interactions.store.writing():
        for entry in entries:
            if entry.request.method == "DELETE":
                with _blamed(entry):
                    responses[entry.place] = interactions.perform(entry.request)
        for entry in entries:
            with _blamed(entry):
                _assign(interactions, entry)
        urls = _identities(entries)
        for entry in sorted(entries, key=lambda entry: entry.rank):
            if entry.place not in responses:
                with _blamed(entry):
                    responses[entry.place] = _perform(interactions, entry, urls)
    return [responses[entry.place] for entry in entries]


def _read_entry(base: str, n: int, entry: object, prefer: str) -> _Entry:
    place = f"Bundle.entry[{n}]"
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(request, dict):
        raise refusal(400, "required", "an entry needs a request", f"{place}.request")
    method, url = request.get("method"), request.get("url")
    if method not in _METHODS:
        raise refusal(400, "not-supported", "an entry's method is DELETE, POST, PUT or GET", f"{place}.request.method")
    if not isinstance(url, str):
        raise refusal(400, "required", "an entry needs a URL", f"{place}.request.url")
    headers = {header: str(request[name]) for name, header in _HEADERS.items() if name in request}
    body = entry.get("resource")
    to = Request.to(method, url.removeprefix(base), {**headers, "prefer": prefer}, body)
    if to.path == "" and method == "POST":
        raise refusal(400, "not-supported", "a Bundle inside a Bundle is not possible", f"{place}.request.url")
    return _Entry(place, str(entry.get("fullUrl", "")), to)


@contextmanager
def _blamed(entry: _Entry) -> Iterator[None]:
    """Name the entry in what is refused inside."""
    try:
        yield
    except Refusal as refused:
        type_ = entry.request.path.split("/")[0]
        issues = [issue.within(entry.place, type_) for issue in refused.issues]
        raise Refusal(refused.status, *issues, headers=refused.headers) from None


def _assign(interactions: "Interactions", entry: _Entry) -> None:
    """Choose the id of what an entry writes, before anything is written."""
    request = entry.request
    type_, _, id_ = request.path.partition("/")
    if request.method == "GET" or type_ not in interactions.table:
        return
    if request.method == "POST" and not id_:
        condition = request.headers.get("if-none-exist")
        entry.found = interactions.matching(type_, condition) if condition is not None else None
        id_ = entry.found.id if entry.found else str(uuid.uuid4())
    elif request.method == "PUT" and not id_:
        id_ = interactions.conditional_id(request, type_)
    entry.type, entry.id = type_, id_


def _identities(entries: list[_Entry]) -> dict[str, str]:
    """Where each fullUrl ends up; what two entries would write, or call the same, is refused."""
    urls: dict[str, str] = {}
    written: set[tuple[str, str]] = set()
    for entry in entries:
        if not entry.type or entry.found:
            claims = set()
        else:
            claims = {(entry.type, entry.id)}
            if condition := entry.request.headers.get("if-none-exist"):
                claims.add((entry.type, condition))
        if claims & written or entry.full_url in urls:
            raise refusal(400, "duplicate", "another entry has the same identity", entry.place)
        written |= claims
        if entry.type and entry.full_url and entry.request.method != "DELETE":
            urls[entry.full_url] = f"{entry.type}/{entry.id}"
    return urls


def _perform(interactions: "Interactions", entry: _Entry, urls: Mapping[str, str]) -> Response:
    request = entry.request
    if entry.found:
        return Response.to_write(request, entry.found, 200)
    if request.body is not None:
        request = request.but(body=_resolved(interactions, request.body, urls, entry.type))
    if not entry.type or request.path != entry.type:
        return interactions.perform(request)
    if request.method == "POST":  # the condition was looked at before the id was chosen
        return interactions.create(request.but(headers={"prefer": request.headers["prefer"]}), entry.type, entry.id)
    return interactions.update(request.but(body={**request.body, "id": entry.id}), entry.type, entry.id)


def _references(node: object) -> Iterator[str]:
    """Every `reference` in a resource."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "reference" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolved(interactions: "Interactions", node: Any, urls: Mapping[str, str], place: str) -> Any:
    """The same JSON with references that lead to resources of this server."""
    if isinstance(node, list):
        return [_resolved(interactions, value, urls, f"{place}[{i}]") for i, value in enumerate(node)]
    if not isinstance(node, dict):
        return node
    new = {name: _resolved(interactions, value, urls, f"{place}.{name}") for name, value in node.items()}
    reference = node.get("reference")
    if not isinstance(reference, str):
        return new
    if reference in urls:
        new["reference"] = urls[reference]
    elif reference.startswith(("urn:uuid:", "urn:oid:")):
        raise refusal(400, "not-found", "no entry has the fullUrl that this reference names", f"{place}.reference")
    elif (match := _CONDITIONAL.fullmatch(reference)) and match[1] in interactions.table:
        found = interactions.matching(match[1], match[2])
        if not found:
            raise refusal(412, "not-found", "the conditional reference finds nothing", f"{place}.reference")
        new["reference"] = f"{found.type}/{found.id}"
    return new


def _response_entry(response: Response) -> Resource:
    """How an entry of the answer tells what happened."""
    status = HTTPStatus(response.status)
    told: Resource = {"status": f"{status.value} {status.phrase}"}
    if response.stored:
        told["location"] = response.stored.location
        told["etag"] = response.stored.etag
        told["lastModified"] = response.stored.updated
    if response.body is None:
        return {"response": told}
    if isinstance(response.body, dict) and response.body["resourceType"] == "OperationOutcome":
        return {"response": {**told, "outcome": response.body}}
    return {"resource": response.body, "response": told}
