"""What real servers do to a client, one switch each, for tests: `sandbox.quirks.add("lose_answer")`."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSet, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .exactjson import Written
from .messages import Request, Response
from .outcomes import Resource, refusal

Before = Callable[["Quirks", Request], Request | Response]
After = Callable[["Quirks", Request, Response], Response]


class ConnectionLost(Exception):
    """The connection is to be closed without an answer."""


def _always(_: Request) -> bool:
    return True


def _is_write(request: Request) -> bool:
    return request.method != "GET" and not request.path.endswith("_search")


def _is_search(request: Request) -> bool:
    return request.path.endswith("_search") or (
        request.method == "GET" and "/" not in request.path and request.path not in {"metadata", "_history"}
    )


def _is_page(request: Request) -> bool:
    return any(name == "_cursor" for name, _ in request.query)


@dataclass(frozen=True)
class Quirk:
    """One habit: where it was seen, which requests it touches, what it does before and after them."""

    seen: str
    touches: Callable[[Request], bool] = _always
    before: Before | None = None
    after: After | None = None
    times: int | None = None  # requests until it wears off, if `add` says nothing


@dataclass
class _Switch:
    after: int  # requests that pass before
    left: int | None  # requests that it lasts, none for ever


class Quirks(MutableSet[str]):
    """The quirks that are on.

    `drop`, such as {"Goal": ["note"]}, names elements that are left out of what is stored, without a word, as HAPI
    does with elements that it does not know.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.drop: dict[str, Sequence[str]] = {}
        self.answers: dict[tuple[object, ...], Response] = {}  # what a stale search says
        self._on: dict[str, _Switch] = {}
        self._lock = threading.Lock()
        for name in names:
            self.add(name)

    def add(self, value: str, times: int | None = None, *, after: int = 0) -> None:
        """Switch one on, for the next `times` requests that it touches, `after` so many of them."""
        if value not in QUIRKS:
            raise ValueError(f"no quirk has this name; there are {', '.join(QUIRKS)}")
        with self._lock:
            self._on[value] = _Switch(after, times or QUIRKS[value].times)

    def discard(self, value: str) -> None:
        """Switch one off."""
        with self._lock:
            self._on.pop(value, None)
            self.answers.clear()

    def __contains__(self, value: object) -> bool:
        return value in self._on

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._on))

    def __len__(self) -> int:
        return len(self._on)

    def around(self, request: Request, answer: Callable[[Request], Response]) -> Response:
        """Answer a request as a server with these quirks does."""
        on = self._taken(request)
        if self.drop:
            request = request.but(body=_dropped(request.body, self.drop))
        for quirk in on:
            if quirk.before:
                changed = quirk.before(self, request)
                if isinstance(changed, Response):
                    return changed
                request = changed
        response = answer(request)
        for quirk in on:
            if quirk.after:
                response = quirk.after(self, request, response)
        return response

    def _taken(self, request: Request) -> list[Quirk]:
        """The quirks that touch this request, used up by one."""
        taken = []
        with self._lock:
            for name, quirk in QUIRKS.items():
                switch = self._on.get(name)
                if switch is None or not quirk.touches(request):
                    continue
                if switch.after:
                    switch.after -= 1
                    continue
                taken.append(quirk)
                if switch.left == 1:
                    del self._on[name]
                elif switch.left:
                    switch.left -= 1
        return taken


def _break(*_: object) -> Any:
    raise ConnectionLost


def _without(*headers: str) -> Before:
    """Ignore these headers, in entries of a Bundle too."""
    fields = [{"if-match": "ifMatch", "if-none-exist": "ifNoneExist"}.get(header) for header in headers]

    def before(_: Quirks, request: Request) -> Request:
        kept = {name: value for name, value in request.headers.items() if name not in headers}

        def strip(entry: Resource) -> Resource:
            asked = entry.get("request")
            if not isinstance(asked, dict):
                return entry
            return {**entry, "request": {name: value for name, value in asked.items() if name not in fields}}

        return request.but(headers=kept, body=_each_entry(request.body, strip))

    return before


def _prefer(handling: str) -> Before:
    def before(_: Quirks, request: Request) -> Request:
        prefer = f"handling={handling}, {request.headers.get('prefer', '')}"
        return request.but(headers={**request.headers, "prefer": prefer})

    return before


def _status(before: int, after: int, code: str) -> After:
    """Another status for the outcomes with this code, in entries of a Bundle too."""

    def changed(_: Quirks, __: Request, response: Response) -> Response:
        def entry(old: Resource) -> Resource:
            told = old["response"]
            if told["status"].startswith(str(before)) and told["outcome"]["issue"][0]["code"] == code:
                return {**old, "response": {**told, "status": str(after)}}
            return old

        if response.status == before and response.body["issue"][0]["code"] == code:
            return response.but(status=after)
        return response.but(body=_each_entry(response.body, entry, "-response"))

    return changed


def _bare_etag(_: Quirks, __: Request, response: Response) -> Response:
    def entry(old: Resource) -> Resource:
        told = dict(old["response"])
        if "etag" in told:
            told["etag"] = told["etag"].removeprefix("W/").strip('"')
        return {**old, "response": told}

    return response.but(body=_each_entry(response.body, entry, "-response"))


def _dropped(resource: Any, drop: Mapping[str, Sequence[str]]) -> Any:
    if not isinstance(resource, dict):
        return resource
    gone = drop.get(str(resource.get("resourceType")), ())
    kept = {name: value for name, value in resource.items() if name not in gone}
    return _each_entry(kept, lambda entry: {**entry, "resource": _dropped(entry.get("resource"), drop)})


def _remembered(quirks: Quirks, request: Request) -> Request | Response:
    return quirks.answers.get(_question(request), request)


def _remember(quirks: Quirks, request: Request, response: Response) -> Response:
    return quirks.answers.setdefault(_question(request), response) if response.status == HTTPStatus.OK else response


def _question(request: Request) -> tuple[object, ...]:
    return request.path.removesuffix("/_search"), *request.query


def _refuses_bundle(type_: str) -> Before:
    def before(_: Quirks, request: Request) -> Request | Response:
        is_one = request.path == "" and isinstance(request.body, dict) and request.body.get("type") == type_
        return Response.of(refusal(501, "not-supported", f"this server has no {type_}")) if is_one else request

    return before


def _says(change: Callable[[Resource], Resource]) -> After:
    """Change what the CapabilityStatement says of the server."""

    def after(_: Quirks, request: Request, response: Response) -> Response:
        if request.path != "metadata":
            return response
        return response.but(body={**response.body, "rest": [change(rest) for rest in response.body["rest"]]})

    return after


def _without_bundle(type_: str) -> After:
    return _says(lambda rest: {**rest, "interaction": [told for told in rest["interaction"] if told["code"] != type_]})


def _without_update_create(rest: Resource) -> Resource:
    return {**rest, "resource": [{**resource, "updateCreate": False} for resource in rest["resource"]]}


def _read_only(*types: str) -> Callable[[Resource], Resource]:
    read = [{"code": "read"}, {"code": "search-type"}]
    return lambda rest: {
        **rest,
        "resource": [one | {"interaction": read} if one["type"] in types else one for one in rest["resource"]],
    }


def _entries(change: Callable[[list[Resource]], list[Resource]]) -> After:
    def after(_: Quirks, __: Request, response: Response) -> Response:
        if not _is_bundle(response.body, "-response"):
            return response
        return response.but(body={**response.body, "entry": change(response.body.get("entry", []))})

    return after


def _without_body(entry: Resource) -> Resource:
    return {name: value for name, value in entry.items() if name != "resource"}


def _cut(_: Quirks, __: Request, response: Response) -> Response:
    if not _is_bundle(response.body, "searchset"):
        return response
    links = [link for link in response.body["link"] if link["relation"] != "next"]
    return response.but(body={**response.body, "link": links})


def _each_entry(body: Any, change: Callable[[Resource], Resource], type_: str = "") -> Any:
    if not _is_bundle(body, type_) or not isinstance(body.get("entry"), list):
        return body
    return {**body, "entry": [change(entry) if isinstance(entry, dict) else entry for entry in body["entry"]]}


def _is_bundle(body: Any, type_: str) -> bool:
    return isinstance(body, dict) and body.get("resourceType") == "Bundle" and str(body.get("type")).endswith(type_)


def _answer(status: int, headers: Mapping[str, str], body: object = None) -> Before:
    return lambda _, __: Response(status, body, headers=headers)


_BUSY = Response.of(refusal(503, "transient", "the server is busy"))

QUIRKS: Mapping[str, Quirk] = {
    "lose_request": Quirk("a connection that breaks on the way there", _is_write, _break, times=1),
    "lose_answer": Quirk("a connection that breaks on the way back", _is_write, after=_break, times=1),
    "unavailable": Quirk("503 with Retry-After", before=_answer(503, {"Retry-After": "1"}, _BUSY.body), times=1),
    "transient": Quirk(
        "Helios: 503 without Retry-After on a busy store", _is_write, _answer(503, {}, _BUSY.body), times=1
    ),
    "html": Quirk(
        "a proxy or a login page in front of the server",
        before=_answer(
            200, {"Content-Type": "text/html; charset=utf-8"}, Written("<!DOCTYPE html><title>Sign in</title>")
        ),
    ),
    "expire_next": Quirk(
        "HAPI: 410 on a next link whose search is gone",
        _is_page,
        _answer(410, {}, Response.of(refusal(410, "not-found", "the search of this page is gone")).body),
        times=1,
    ),
    "stale_search": Quirk(
        "HAPI: a search is answered as before for 60 s, unless Cache-Control says no-cache",
        lambda request: _is_search(request) and "no-cache" not in request.headers.get("cache-control", ""),
        _remembered,
        _remember,
    ),
    "lenient": Quirk(
        "Medplum: unknown parameters are ignored even under handling=strict", _is_search, _prefer("lenient")
    ),
    "strict": Quirk("HAPI: unknown parameters are refused even under handling=lenient", _is_search, _prefer("strict")),
    "no_if_none_exist": Quirk("plain HAPI: If-None-Exist is ignored, 201", before=_without("if-none-exist")),
    "no_if_match": Quirk("plain HAPI: 200 for a stale If-Match", before=_without("if-match")),
    "no_update_create": Quirk("servers that choose every id", after=_says(_without_update_create)),
    "read_only_plans": Quirk("EHRs' statements: a CarePlan is read and searched", after=_says(_read_only("CarePlan"))),
    "read_only_people": Quirk(
        "EHRs' statements: people and places are read and searched",
        after=_says(_read_only("Patient", "Practitioner", "PractitionerRole", "Organization", "Location")),
    ),
    "no_transaction": Quirk(
        "CapabilityStatements without it", _always, _refuses_bundle("transaction"), _without_bundle("transaction")
    ),
    "no_batch": Quirk("CapabilityStatements without it", _always, _refuses_bundle("batch"), _without_bundle("batch")),
    "conflict_409": Quirk("HAPI, Oracle: 409 instead of 412", after=_status(412, 409, "conflict")),
    "gone_404": Quirk("Medplum: 404 instead of 410", after=_status(410, 404, "deleted")),
    "bare_etag": Quirk('HAPI: entry.response.etag is 1 instead of W/"1"', after=_bare_etag),
    "empty_bodies": Quirk(
        "bodies absent after a write", _is_write, after=lambda _, __, response: response.but(body=None)
    ),
    "fewer_entries": Quirk(
        "HAPI: one response entry fewer than requests", after=_entries(lambda entries: entries[:-1])
    ),
    "bare_entries": Quirk(
        "response entries of creates say where, and show no resource",
        after=_entries(
            lambda entries: [
                _without_body(entry) if entry["response"]["status"].startswith("201") else entry for entry in entries
            ]
        ),
    ),
    "other_order": Quirk("response entries in another order", after=_entries(lambda entries: entries[::-1])),
    "cut_pages": Quirk("Medplum: a page is cut without a next link", _is_search, after=_cut),
}
