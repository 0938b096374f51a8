"""A FHIR server over HTTP. Interactions have the specification's names (https://hl7.org/fhir/R4/http.html)."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from fhir_coaching.errors import LostAnswer, NotFhir, ServerError, SettingsError, Unavailable
from fhir_coaching.fhir.json import NotJson, dumps, loads
from fhir_coaching.lens import Json, Version
from fhir_coaching.server.answers import Answer, answer_of, error_of
from fhir_coaching.server.auth import Auth
from fhir_coaching.server.bundle import Entry, answers_of, bundle_of, path
from fhir_coaching.server.capabilities import Capabilities, capabilities_of

TRIES = 4  # of what is safe to repeat
WAIT = 60.0  # seconds at most between two tries, whatever the server asks for
BODY_CAP = 64 * 1024 * 1024  # bytes of an answer, unpacked
PAGES = 10_000  # of one search
_CHUNK = 65536


class FhirServer:
    """One server. Redirects are not followed, and credentials go to its own origin only.

    What only reads is repeated when the server is busy or the line breaks; what writes only when it cannot have been sent, or
    the server says that it did not take it. Errors are those of ServerError's tree.
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
        self.base, self.version, self.timeout, self.body_cap, self.wait = (
            base.rstrip("/"),
            version,
            timeout,
            body_cap,
            wait,
        )
        parts = urlsplit(self.base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise SettingsError(
                "the server's address is not one", hint="expected https://HOST/PATH, as https://ehr.example/fhir"
            )
        if parts.username or parts.password:
            raise SettingsError(
                "the server's address holds credentials",
                hint="give them by --token-file, or FHIR_COACHING_USER and _PASSWORD",
            )
        if auth is not None and parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise SettingsError("credentials would travel in the clear", hint="use https")
        self.host = parts.netloc
        self.requests = 0
        self._session = requests.Session()
        self._session.trust_env = False  # no credentials from ~/.netrc, no proxy that sees patients
        self._session.mount("http://", HTTPAdapter(max_retries=0))
        self._session.mount("https://", HTTPAdapter(max_retries=0))
        self._session.headers.update({"Accept": "application/fhir+json", "User-Agent": "fhir-coaching"})
        if auth is not None:
            self._session.headers["Authorization"] = auth.header()
        self._capabilities: Capabilities | None = None

    def capabilities(self) -> Capabilities:
        """What the server can do; asked once. Raises NotFhir where it is none, or speaks another FHIR version."""
        if self._capabilities is None:
            _, _, body = self._exchange("GET", "metadata")
            if not isinstance(body, dict) or body.get("resourceType") != "CapabilityStatement":
                raise NotFhir(
                    f"{self.host} is not a FHIR server at this path", hint="is there a /fhir or the like to add?"
                )
            found = capabilities_of(body)
            if not found.fhir_version.startswith(self.version.value):
                said = found.fhir_version if found.fhir_version[:1].isdigit() else "none that it names"
                raise NotFhir(
                    f"{self.host} speaks FHIR {said[:12]}, not {self.version.value}",
                    hint="choose the version with --fhir r4 or r5",
                )
            self._capabilities = found
        return self._capabilities

    def read(self, type_: str, id_: str) -> Answer:
        """One resource as it is now. Raises NotFound, which knows whether it was there once."""
        return answer_of(*self._exchange("GET", f"{type_}/{id_}"))

    def search(self, url: str) -> Iterator[Json]:
        """The matches of `Goal?patient=…`, page after page.

        A parameter that the server does not know is to be refused, not ignored: it would answer everything.
        """
        _, _, body = self._exchange("GET", url, {"Prefer": "handling=strict"})
        yield from self.pages(body, path(url))

    def pages(self, bundle: Any, what: str = "search") -> Iterator[Json]:
        """The matches of a searchset and of the pages after it. Raises NotFhir for a page elsewhere, and for a page met before."""
        seen: set[str] = set()
        while True:
            if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
                raise NotFhir(f"{what}: the server's answer is no Bundle")
            for entry in bundle.get("entry") or []:
                mode = (entry.get("search") or {}).get("mode", "match")
                if mode == "match" and isinstance(entry.get("resource"), dict):
                    yield entry["resource"]
            following = next(
                (link.get("url") for link in bundle.get("link") or [] if link.get("relation") == "next"), None
            )
            if not following:
                return
            if following in seen or len(seen) >= PAGES:
                raise NotFhir(f"{what}: the server's pages go in a circle")
            seen.add(following)
            _, _, bundle = self._exchange("GET", self._same_origin(following, what))

    def create(self, resource: Json, *, if_none_exist: str = "") -> Answer:
        """A new resource: 201; or with a condition, 200 and what was there already. Raises AmbiguousMatch where several were."""
        conditions = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        return answer_of(*self._exchange("POST", str(resource["resourceType"]), conditions, resource))

    def update(self, resource: Json, *, if_match: str = "") -> Answer:
        """A resource anew, if the server still has this version (`W/"3"`). Raises VersionConflict."""
        conditions = {"If-Match": if_match} if if_match else {}
        return answer_of(*self._exchange("PUT", f"{resource['resourceType']}/{resource['id']}", conditions, resource))

    def bundle(self, entries: Sequence[Entry], type_: str) -> list[Answer | ServerError]:
        """A batch or a transaction: for each entry, in order, its answer or its error."""
        writes = any(entry.method != "GET" for entry in entries)
        conditions = frozenset(name for entry in entries for name in entry.conditions)
        _, _, body = self._exchange(
            "POST", "", {}, bundle_of(entries, type_), writes=writes, what=type_, conditions=conditions
        )
        if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
            if writes:
                raise LostAnswer(
                    f"{type_}: the server's answer is no Bundle", hint="push again: it looks before it writes"
                )
            raise NotFhir(f"{type_}: the server's answer is no Bundle")
        return answers_of(entries, body)

    def _same_origin(self, url: str, what: str) -> str:
        whole = urljoin(f"{self.base}/", url)
        if urlsplit(whole)[:2] != urlsplit(self.base)[:2]:
            raise NotFhir(
                f"{what}: the next page lies on another server, which gets no credentials",
                hint="is its base URL set right?",
            )
        return whole

    def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        resource: Json | None = None,
        *,
        writes: bool | None = None,
        what: str = "",
        conditions: frozenset[str] = frozenset(),
    ) -> tuple[int, Any, Any]:
        """Send, and repeat what is safe to repeat. Answers status, headers and body.

        Every request asks for the truth of now: HAPI answers a search from a cache for up to a minute.
        """
        writes = method != "GET" if writes is None else writes
        headers = {"Cache-Control": "no-cache", "Prefer": "return=representation", **(headers or {})}
        conditions |= {
            name for name, header in (("if_match", "If-Match"), ("if_none_exist", "If-None-Exist")) if header in headers
        }
        body = None if resource is None else dumps(resource)
        if body is not None:
            headers["Content-Type"] = "application/fhir+json; charset=utf-8"
        what = what or f"{method} {path(url).removeprefix(self.base).lstrip('/') or 'base'}"
        whole = url if url.startswith(("http:", "https:")) else f"{self.base}/{url}".rstrip("/")
        for tries_left in reversed(range(TRIES)):
            try:
                return self._once(method, whole, headers, body, what=what, writes=writes, conditions=conditions)
            except Unavailable as error:
                if not tries_left or (error.status is None and writes):
                    raise
                self.wait(
                    min(
                        WAIT,
                        error.retry_after if error.retry_after is not None else 0.5 * 2 ** (TRIES - 1 - tries_left),
                    )
                )
        raise AssertionError  # the last try returns or raises

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None,
        *,
        what: str,
        writes: bool,
        conditions: frozenset[str],
    ) -> tuple[int, Any, Any]:
        self.requests += 1
        try:
            with self._session.request(
                method, url, headers=headers, data=body, timeout=self.timeout, stream=True, allow_redirects=False
            ) as response:
                text = self._text(response, what)
                status, answered = response.status_code, response.headers
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise self._broken(error, what, writes=writes) from None
        success = 200 <= status < 300  # noqa: PLR2004
        try:
            answer = loads(text) if text.strip() else None
        except NotJson:
            answer = NotJson
        if not success:
            raise error_of(
                status, answer, f"{what} at {self.host}", headers=answered, writes=writes, conditions=conditions
            )
        if answer is NotJson:
            kind = answered.get("Content-Type", "").partition(";")[0]
            said = f"{what}: {self.host} answered with {kind if kind.isprintable() and kind else 'something'}, not with FHIR's JSON"
            if writes:
                raise LostAnswer(said, status=status, hint="push again: it looks before it writes")
            raise NotFhir(said, status=status, hint="is this the base of a FHIR server?")
        return status, answered, answer

    def _text(self, response: requests.Response, what: str) -> bytes:
        """The body, unpacked, as far as it may go."""
        chunks, size = list[bytes](), 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > self.body_cap:
                raise NotFhir(
                    f"{what}: the answer is larger than {self.body_cap // 1024 // 1024} MiB",
                    status=response.status_code,
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _broken(self, error: Exception, what: str, *, writes: bool) -> ServerError:
        """A line that broke. Where no connection came about, nothing can have been written."""
        reason = error.args[0] if error.args else None
        unmade = isinstance(error, requests.exceptions.ConnectTimeout) or isinstance(
            getattr(reason, "reason", None), NewConnectionError
        )
        if isinstance(error, requests.exceptions.SSLError):
            return NotFhir(
                f"{self.host}: its certificate is not trusted",
                hint="REQUESTS_CA_BUNDLE names one that is, or mend the server's",
            )
        if writes and not unmade:
            return LostAnswer(
                f"{what} at {self.host}: no answer came back", hint="push again: it looks before it writes"
            )
        return Unavailable(f"{what}: no connection to {self.host}", hint="is it running, and is the address right?")
