"""A FHIR server over HTTP. Interactions have the specification's names (https://hl7.org/fhir/R4/http.html)."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from fhir_coaching.errors import Issue, LostAnswer, NotFhir, NotFound, Rejected, ServerError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.server.answers import ACCEPTED, LOOK_FIRST, Answer, answer_of, is_resource, issues_of, origin
from fhir_coaching.server.auth import Auth
from fhir_coaching.server.bundle import Entry, answers_of, bundle_of, link, objects, path
from fhir_coaching.server.capabilities import Capabilities, capabilities_of
from fhir_coaching.server.connection import Connection, Reply, Request
from fhir_coaching.versions import Json, Version

BODY_CAP = 64 * 1024 * 1024  # bytes of an answer, unpacked
PAGES = 10_000  # of one search
ISSUES = 1000  # of one validation

_VERDICTS = {400, 412, 422}  # statuses that may mean: it is not valid

_FRESH = {"Cache-Control": "no-cache"}  # HAPI 8.8.0 answers an old search again for a minute, also inside a batch
# A parameter that a server does not know is to be refused: ignored, it finds everything.
_STRICT = {"Prefer": "handling=strict"}
# Shows what the server made of it; HAPI's Bundles have no resources without.
_WHOLE = {"Prefer": "return=representation"}


class FhirServer:
    """One server. Redirects are not followed, and credentials go to its own origin only.

    What only reads is repeated when the server is busy or the line breaks; what writes only when it cannot have been sent, or
    the server says that it did not take it. `timeout` is in seconds, for the connection and for each piece of the answer.
    Every method raises ServerError's tree; LostAnswer wherever a write may have been done.
    """

    def __init__(
        self,
        base: str,
        version: Version,
        *,
        auth: Auth | None = None,
        timeout: tuple[float, float] = (10.0, 120.0),
        body_cap: int = BODY_CAP,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base, self.version = base.rstrip("/"), version
        self._connection = Connection(self.base, auth, timeout=timeout, body_cap=body_cap, wait=wait)
        self._capabilities: Capabilities | None = None

    @property
    def host(self) -> str:
        """Host and port, for messages."""
        return self._connection.host

    @property
    def requests(self) -> int:
        """How many were sent, repeated ones included."""
        return self._connection.sent

    def capabilities(self) -> Capabilities:
        """What the server can do; asked once. Raises NotFhir where it is none, or speaks another FHIR version."""
        if self._capabilities is None:
            self._capabilities = self._introduced()
        return self._capabilities

    def _introduced(self) -> Capabilities:
        status: int | None = None
        body: Json = {}
        try:
            body = self._exchange("GET", "metadata", _FRESH).body or {}
        except (NotFound, Rejected) as error:
            status = error.status
        if body.get("resourceType") != "CapabilityStatement":
            said = f"{self.host} is not a FHIR server at this path: it has no CapabilityStatement"
            raise NotFhir(
                said, status=status, hint=f"looked for {self.base}/metadata; is there a /fhir or the like to add?"
            )
        found = capabilities_of(body)
        if not found.fhir_version.startswith(self.version.value):
            named = re.fullmatch(r"[0-9][0-9A-Za-z.-]{0,11}", found.fhir_version)
            spoken = found.fhir_version if named else "of a version that it does not name"
            known = any(found.fhir_version.startswith(one.value) for one in Version)
            hint = "choose the other version" if known else f"known are {' and '.join(one.value for one in Version)}"
            raise NotFhir(f"{self.host} speaks FHIR {spoken}, not {self.version.value}", hint=hint)
        return found

    def read(self, type_: str, id_: str) -> Answer:
        """One resource as it is now. Raises NotFound, which knows whether it was there once."""
        at = f"{type_}/{id_}"
        reply = self._exchange("GET", f"{type_}/{quote(id_, safe='')}", _FRESH)
        answer = answer_of(reply.status, reply.headers, reply.body)
        if answer.resource is None or (answer.type, answer.id) != (type_, id_):
            raise NotFhir(f"GET {at}: {self.host} answered with another resource, or none", status=reply.status)
        return answer

    def search(self, url: str, params: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> Iterator[Json]:
        """The matches of `Goal?patient=…`, page after page; `params` are added to it, escaped for a URL.

        Only resources of that type: what a search includes, and what a server says about it, is left out.
        """
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params)
        reply = self._exchange("GET", url, _FRESH | _STRICT)
        yield from self.pages(reply.body, path(url), first=self._address(url))

    def pages(self, bundle: Json | None, type_: str = "", *, first: str = "") -> Iterator[Json]:
        """The matches of a searchset (one inside a batch's answer, say) and of the pages after it, each resource once.

        Ends at a page that was there before. Raises NotFhir for a next page on another server, and for an answer that is no
        Bundle; NotFound where the server has forgotten the search halfway (HAPI: 410): search again.
        """
        what = f"GET {type_ or 'search'}"
        visited, met = {self._here(first or link(bundle, "self"))}, set[tuple[str, str]]()
        while True:
            if bundle is None or bundle.get("resourceType") != "Bundle":
                raise NotFhir(f"{what}: the answer of {self.host} is no Bundle")
            for resource in _matches(bundle):
                name = resource["resourceType"], resource["id"]
                if type_ in {"", name[0]} and name not in met:
                    met.add(name)
                    yield resource
            following = link(bundle, "next")
            address = self._here(following)
            if following and not address:
                said = (
                    f"{what}: the next page is at {origin(following) or 'no address'}, not at {self._connection.origin}"
                )
                raise NotFhir(said, hint="behind a proxy, a server has to be told its outer address")
            if not following or address in visited:
                return
            if len(visited) >= PAGES:
                raise NotFhir(f"{what}: more than {PAGES} pages")
            visited.add(address)
            bundle = self._exchange("GET", address, _FRESH, what=f"{what}, next page").body

    def create(self, resource: Json, *, if_none_exist: str = "") -> Answer:
        """A new resource: 201; or with a condition (`identifier=…`), 200 and what was there already: then nothing was written.

        Raises AmbiguousMatch where several were there, VersionConflict where somebody else creates it at the same time.
        """
        conditions = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        return self._written("POST", str(resource["resourceType"]), resource, conditions)

    def update(self, resource: Json, *, if_match: str = "") -> Answer:
        """A resource anew, if the server still has this version (`W/"3"`). Raises VersionConflict.

        HAPI creates it where the id is unknown, If-Match or not.
        """
        conditions = {"If-Match": if_match} if if_match else {}
        return self._written("PUT", f"{resource['resourceType']}/{resource['id']}", resource, conditions)

    def validate(self, resource: Json) -> list[Issue]:
        """What the server's $validate says of a resource; nothing is written. Raises Rejected where it has no such operation.

        The resource is the body, so that nothing of it stands in an address. A server whose parser refuses it says so with 400
        (HAPI 8.8.0), others with 412 or 422: their issues are an answer too.
        """
        type_ = str(resource["resourceType"])
        try:
            reply = self._exchange("POST", f"{type_}/$validate", _FRESH, resource)
        except ServerError as error:
            if error.status in _VERDICTS and any(issue.code != "not-supported" for issue in error.issues):
                return list(error.issues)
            raise
        if reply.body is None or reply.body.get("resourceType") != "OperationOutcome":
            said = f"POST {type_}/$validate: the answer of {self.host} is no OperationOutcome"
            raise NotFhir(said, status=reply.status)
        return issues_of(reply.body, ISSUES)

    def bundle(self, entries: Sequence[Entry], type_: str) -> list[Answer | ServerError]:
        """A `batch` or a `transaction`: for each entry, in order, its answer or its error."""
        if not entries:
            return []
        writes = any(entry.writes for entry in entries)
        conditions = frozenset[str]().union(*(entry.conditions for entry in entries))
        body, headers = bundle_of(entries, type_, self.base), _FRESH | (_WHOLE if writes else _STRICT)
        reply = self._exchange("POST", "", headers, body, what=type_, writes=writes, conditions=conditions)
        if reply.body is None or reply.body.get("resourceType") != "Bundle":
            said = f"{type_}: the answer of {self.host} is no Bundle"
            if writes:
                raise LostAnswer(said, status=reply.status, hint=LOOK_FIRST)
            raise NotFhir(said, status=reply.status)
        return answers_of(entries, reply.body, reply.headers.get("Date", ""))

    def _written(self, method: str, at: str, resource: Json, conditions: dict[str, str]) -> Answer:
        names = frozenset(name.lower().replace("-", "_") for name in conditions)
        reply = self._exchange(method, at, _FRESH | _WHOLE | conditions, resource, writes=True, conditions=names)
        answer = answer_of(reply.status, reply.headers, reply.body, at)
        type_, _, id_ = at.partition("/")
        told = answer.type == type_ and answer.id and id_ in {"", answer.id}  # a Location may be that of something else
        if reply.status == ACCEPTED or not told:
            said = f"{method} {at}: {self.host} does not say what became of it"
            raise LostAnswer(said, status=reply.status, hint=LOOK_FIRST)
        return answer

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        resource: Json | None = None,
        *,
        what: str = "",
        writes: bool = False,
        conditions: frozenset[str] = frozenset(),
    ) -> Reply:
        body = None if resource is None else dumps(resource)
        if body is not None:
            headers = {**headers, "Content-Type": "application/fhir+json; charset=utf-8"}
        what = what or f"{method} {path(url)}"
        return self._connection.send(Request(method, self._address(url), what, headers, body, writes, conditions))

    def _address(self, url: str) -> str:
        """An absolute address is sent as it is: servers write next links their own way."""
        return url if url.startswith(("http:", "https:")) else f"{self.base}/{url}".rstrip("/")

    def _here(self, url: str) -> str:
        """The address of a page as the server wrote it; empty if another server has it, which must not get our credentials."""
        try:
            parts = urlsplit(urljoin(f"{self.base}/", url))
        except ValueError:
            return ""
        if origin(parts.geturl()) != self._connection.origin or "@" in parts.netloc:
            return ""
        return self._connection.origin + urlunsplit(("", "", parts.path, parts.query, ""))


def _matches(bundle: Json) -> Iterator[Json]:
    """The resources of a searchset that match, without what it includes and what it says about the search."""
    for entry in objects(bundle.get("entry")):
        search, resource = entry.get("search"), entry.get("resource")
        mode = search.get("mode", "match") if isinstance(search, dict) else "match"
        if mode == "match" and is_resource(resource) and resource.get("id"):
            yield resource
