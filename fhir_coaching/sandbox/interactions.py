"""The FHIR interactions on one store (https://hl7.org/fhir/R4/http.html)."""

import re
import uuid
from collections.abc import Callable, Container, Iterable
from urllib.parse import parse_qsl

from . import bundles
from .capability import capability_statement
from .messages import Request, Response
from .outcomes import Issue, Refusal, Resource, outcome, refusal
from .pages import Pages
from .store import Stored

Validate = Callable[[Resource], Iterable[tuple[str, str, str, str]]]

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ALLOWED = {  # which methods go with a path
    r"": "POST",
    r"metadata|_history|[^/]+(/[^/]+)?/_history(/[^/]+)?": "GET",
    r"[^/]+/_search": "POST",
    r"[^/]+": "GET, POST, PUT",
    r"[^/]+/[^/]+": "GET, PUT, DELETE",
}


class Interactions:
    """Answers requests; `validate` yields (severity, code, expression, text) for a resource about to be written."""

    def __init__(self, version: str, pages: Pages, validate: Validate | None, quirks: Container[str]) -> None:
        self.base = pages.base
        self.store = pages.store
        self.table = pages.table
        self.pages = pages
        self._version = version
        self._validate = validate
        self._quirks = quirks

    def answer(self, request: Request) -> Response:
        """Answer a request, a refused one with its OperationOutcome."""
        try:
            return self.perform(request)
        except Refusal as refused:
            return Response.of(refused)
        except RecursionError:
            return Response.of(refusal(400, "too-costly", "the body is nested too deeply"))
        except UnicodeEncodeError:
            return Response.of(refusal(400, "structure", "the request holds half of a surrogate pair"))

    def perform(self, request: Request) -> Response:  # noqa: C901, PLR0912 - one line an interaction
        """Answer a request or raise Refusal."""
        path = request.path.split("/")
        validates = self._validate is not None and request.method == "POST" and path[1:] == ["$validate"]
        if request.method == "PATCH" or (any(part.startswith("$") for part in path) and not validates):
            raise refusal(501, "not-supported", "the sandbox has no PATCH, and no operation but $validate")
        match request.method, *path:
            case "GET", "metadata":
                return Response(200, capability_statement(self._version, self.table, self.base))
            case "POST", "":
                return bundles.answer(self, request)
            case "GET", "_history":
                return self.pages.history(None, None, request)
            case _, "" | "metadata" | "_history":
                raise _not_here(request)
            case _, type_, *_ if type_ not in self.table:
                raise refusal(404, "not-supported", "the sandbox does not know this path or resource type")
            case "GET", type_:
                return self.pages.search(type_, request)
            case "POST", type_, "_search":
                return self.pages.search(type_, request)
            case "POST", type_, "$validate":
                return self._judge(request, type_)
            case "POST", type_:
                return self.create(request, type_)
            case "PUT", type_:
                return self._conditional_update(request, type_)
            case "GET", type_, "_history":
                return self.pages.history(type_, None, request)
            case _, _, "_search" | "_history":
                raise _not_here(request)
            case "GET", type_, id_:
                return self._read(request, self.store.read(type_, id_), type_)
            case "PUT", type_, id_:
                self._check_choice(type_, id_)
                return self.update(request, type_, id_)
            case "DELETE", type_, id_:
                return self._delete(request, type_, id_)
            case "GET", type_, id_, "_history":
                return self.pages.history(type_, id_, request)
            case "GET", type_, id_, "_history", version:
                return self._read(request, self.store.vread(type_, id_, version), type_)
        raise _not_here(request)

    def create(self, request: Request, type_: str, id_: str | None = None) -> Response:
        """Create, conditional with If-None-Exist; a transaction has chosen the id before."""
        resource = self._resource(request, type_)
        with self.store.writing():
            if (condition := request.headers.get("if-none-exist")) is not None:
                found = self.matching(type_, condition)
                if found:
                    return Response.to_write(request, found, 200)
            return self._put(request, {**resource, "id": id_ or str(uuid.uuid4())}, 201)

    def update(self, request: Request, type_: str, id_: str) -> Response:
        """Update, or create with the client's id."""
        resource = self._resource(request, type_)
        if not _ID.fullmatch(id_):
            raise refusal(400, "value", "an id is 1 to 64 letters, digits, - and .", f"{type_}.id")
        if resource.get("id") != id_:
            raise refusal(400, "invariant", "the id in the body has to be the id in the URL", f"{type_}.id")
        with self.store.writing():
            old = self.store.read(type_, id_)
            _check_version(request, old)
            return self._put(request, resource, 200 if old and old.body else 201)

    def matching(self, type_: str, condition: str) -> Stored | None:
        """The one resource that a condition finds; several are refused with 412."""
        query = parse_qsl(condition.rpartition("?")[2], keep_blank_values=True)
        ids = self.pages.matches(type_, query)
        if len(ids) > 1:
            raise refusal(412, "multiple-matches", f"the condition finds more than one {type_}")
        return self.store.read(type_, ids[0]) if ids else None

    def conditional_id(self, request: Request, type_: str) -> str:
        """The id that a conditional update goes to: the match's, or the body's, or a new one."""
        resource = self._resource(request, type_)
        found = self.pages.matches(type_, request.query)
        if len(found) > 1:
            raise refusal(412, "multiple-matches", f"the condition finds more than one {type_}")
        own = resource.get("id")
        if not isinstance(own, str | None):
            raise refusal(400, "structure", "an id is a string", f"{type_}.id")
        if found and own not in {None, found[0]}:
            raise refusal(400, "invariant", "the id in the body is not the id of the match", f"{type_}.id")
        if not found and own and (old := self.store.read(type_, own)) and old.body:
            raise refusal(409, "conflict", "a resource that the condition does not find has this id", f"{type_}.id")
        return found[0] if found else own or str(uuid.uuid4())

    def _conditional_update(self, request: Request, type_: str) -> Response:
        with self.store.writing():
            id_ = self.conditional_id(request, type_)
            return self.update(request.but(body={**request.body, "id": id_}), type_, id_)

    def _check_choice(self, type_: str, id_: str) -> None:
        """Whether a client may write to this id, new ones included."""
        if "no_update_create" in self._quirks and not ((old := self.store.read(type_, id_)) and old.body):
            raise refusal(405, "not-supported", "this server chooses the ids of new resources itself")

    def _read(self, request: Request, stored: Stored | None, type_: str) -> Response:
        if stored is None:
            raise refusal(404, "not-found", f"no {type_} has this id and version")
        if stored.body is None:
            raise refusal(410, "deleted", f"this {type_} was deleted")
        if request.headers.get("if-none-match") and _named(request.headers["if-none-match"]) == str(stored.version):
            return Response(304, stored=stored)
        return Response(200, stored.json, stored)

    def _delete(self, request: Request, type_: str, id_: str) -> Response:
        with self.store.writing():
            _check_version(request, self.store.read(type_, id_))
            stored = self.store.delete(type_, id_)
        if stored is None:
            raise refusal(404, "not-found", f"no {type_} has this id")
        return Response(204, stored=stored)

    def _resource(self, request: Request, type_: str) -> Resource:
        resource = request.body
        if not isinstance(resource, dict):
            raise refusal(400, "structure", "the body has to be a JSON object", type_)
        if resource.get("resourceType") != type_:
            raise refusal(400, "invalid", f"the resourceType has to be {type_}", f"{type_}.resourceType")
        if not isinstance(resource.get("meta", {}), dict):
            raise refusal(400, "structure", "meta has to be an object", f"{type_}.meta")
        return resource

    def _judge(self, request: Request, type_: str) -> Response:
        """What would be said of a resource, which is the body or in Parameters (operation-resource-validate.html)."""
        body = request.body
        if isinstance(body, dict) and body.get("resourceType") == "Parameters" and type_ != "Parameters":
            given = body.get("parameter")
            each = (one for one in (given if isinstance(given, list) else ()) if isinstance(one, dict))
            body = next((one.get("resource") for one in each if one.get("name") == "resource"), None)
        resource = self._resource(request.but(body=body), type_)
        found = [Issue(code, text, expression, severity) for severity, code, expression, text in self._found(resource)]
        return Response(200, outcome(found or [Issue("informational", "nothing was found", severity="information")]))

    def _found(self, resource: Resource) -> Iterable[tuple[str, str, str, str]]:
        return self._validate(resource) if self._validate else ()

    def _put(self, request: Request, resource: Resource, status: int) -> Response:
        issues = [Issue(code, text, expression, severity) for severity, code, expression, text in self._found(resource)]
        if any(issue.severity in {"error", "fatal"} for issue in issues):
            raise Refusal(422, *issues)
        return Response.to_write(request, self.store.put(resource, request.method), status, issues)


def _named(tag: str) -> str:
    """The version that an entity tag names: `W/"3"`, `"3"`, `3`."""
    return tag.strip().removeprefix("W/").strip('"')


def _check_version(request: Request, old: Stored | None) -> None:
    wanted = request.headers.get("if-match")
    if wanted is not None and (old is None or old.body is None or _named(wanted) != str(old.version)):
        raise refusal(412, "conflict", "the resource is not in the version that If-Match names: read it again")


def _not_here(request: Request) -> Refusal:
    if request.method == "DELETE" and "/" not in request.path:
        return refusal(501, "not-supported", "the sandbox has no conditional delete")
    for path, methods in _ALLOWED.items():
        if re.fullmatch(path, request.path):
            issue = Issue("not-supported", "this method does not go with this path")
            return Refusal(405, issue, headers={"Allow": methods})
    return refusal(404, "not-found", "the sandbox does not know this path")
