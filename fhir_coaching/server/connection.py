"""The line to one server: what is sent, what is sent again, and what a broken line means."""

import os
import random
import re
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.exceptions import InvalidSchema, InvalidURL
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationValueError, NewConnectionError, ProxyError

from fhir_coaching.errors import LostAnswer, NotFhir, Rejected, ServerError, SettingsError, Unavailable
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.server.answers import LOOK_FIRST, error_of, origin, success
from fhir_coaching.server.auth import Auth
from fhir_coaching.versions import Json

TRIES = 4  # of what is safe to repeat
WAIT = 60.0  # seconds at most between two tries; a server that asks for more is not waited for
REPEATED = {None, 408, 429, 502, 503, 504}  # a 500 is the server's mistake, and will be again
CHUNK = 65536
PATIENCE = 5  # as many times as long as a piece of an answer may the whole take; else a byte a second takes for ever

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, ProxyError, LocationValueError, InvalidURL, InvalidSchema)
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")


@dataclass(frozen=True)
class Request:
    """What is sent. `what` says it in words without query and body; `writes`: whether it may change something."""

    method: str
    url: str = field(repr=False)
    what: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    writes: bool = False
    conditions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reply:
    """What came back with success. `body` is None where it was empty."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Json | None = field(repr=False)


class Connection:
    """Sends requests to one origin. Redirects are not followed, and credentials go nowhere else.

    Unavailable always means that nothing was written, so a request that ends with it is safe to repeat.
    """

    def __init__(
        self,
        base: str,
        auth: Auth | None,
        *,
        timeout: tuple[float, float],
        body_cap: int,
        wait: Callable[[float], None],
    ) -> None:
        loopback, secure = _checked(base, auth)
        self.origin, self.host = origin(base), urlsplit(base).netloc
        self.timeout, self.body_cap, self.wait = timeout, body_cap, wait
        self.sent = 0
        self._met = False  # whether it ever answered; a server that never did is not waited for
        self._session = _Session()
        self._session.trust_env = False  # else credentials come from ~/.netrc too
        self._session.verify = _certificates(os.environ)
        if secure and not loopback:  # a proxy is to see no patient
            self._session.proxies = get_environ_proxies(base)
        self._session.auth = _Signed(auth)
        self._session.headers.update({"Accept": "application/fhir+json", "User-Agent": "fhir-coaching"})

    def send(self, request: Request) -> Reply:
        """Send, and repeat what is safe to repeat. Raises ServerError."""
        for attempt in range(TRIES):
            try:
                return self._once(request)
            except Unavailable as error:
                pause = error.retry_after
                if pause is None:
                    pause = 2**attempt * random.uniform(0.25, 0.75)  # noqa: S311 - spreads clients, guards nothing
                if attempt == TRIES - 1 or error.status not in REPEATED or not self._met or pause > WAIT:
                    raise
                self.wait(pause)
        raise AssertionError  # the last try returns or raises

    def _once(self, request: Request) -> Reply:
        self.sent += 1
        try:
            with self._session.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.body,
                timeout=self.timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                self._met = True
                status, headers = response.status_code, response.headers
                text, wrong = self._text(response)
        except (requests.exceptions.InvalidHeader, UnicodeError):
            raise Rejected(
                f"{request.what}: its version or condition fits in no HTTP header; nothing was sent"
            ) from None
        except (requests.exceptions.RequestException, HTTPError) as error:
            raise self._broken(error, request) from None
        body, wrong = (None, wrong) if wrong else _read(text, headers.get("Content-Type", ""))
        if not success(status):
            said = f"{request.what} at {self.host}"
            raise error_of(status, body, said, headers=headers, writes=request.writes, conditions=request.conditions)
        if wrong:
            said = f"{request.what}: {self.host} answered with {wrong}"
            if request.writes:
                raise LostAnswer(said, status=status, hint=LOOK_FIRST)
            raise NotFhir(said, status=status, hint="is this the base of a FHIR server?")
        return Reply(status, headers, body)

    def _text(self, response: requests.Response) -> tuple[bytes, str]:
        """The body, unpacked; or why the rest of it was not read."""
        chunks, size, patience = list[bytes](), 0, PATIENCE * self.timeout[1]
        end = time.monotonic() + patience
        while chunk := response.raw.read1(CHUNK, decode_content=True):  # what is there, not all that will be
            chunks.append(chunk)
            size += len(chunk)
            if size > self.body_cap:
                return b"", f"more than {self.body_cap // 1024 // 1024} MiB"
            if time.monotonic() > end:
                return b"", f"a body without end: {patience:g} s were not enough for it"
        return b"".join(chunks), ""

    def _broken(self, error: Exception, request: Request) -> ServerError:
        """What a broken line means. Where no connection came about, nothing can have been written."""
        reason = getattr(error.args[0], "reason", None) if error.args else None
        cause = reason.args[0] if isinstance(reason, Exception) and reason.args else None
        if isinstance(cause, ssl.SSLCertVerificationError):
            hint = "REQUESTS_CA_BUNDLE may name a file of certificates that are"
            return NotFhir(f"{request.what}: the certificate of {self.host} is not trusted", hint=hint)
        if isinstance(reason, _NEVER_SENT) or isinstance(error, _NEVER_SENT):
            said = f"{request.what}: no connection to {self.host}; nothing was sent"
            right = "are its address and HTTPS_PROXY" if self._session.proxies else "is the address"
            return Unavailable(said, hint=f"is it running, and {right} right?")
        if request.writes:
            said = f"{request.what}: no whole answer came back from {self.host}"
            return LostAnswer(f"{said}; nobody knows whether it was done", hint=LOOK_FIRST)
        if isinstance(error, requests.exceptions.SSLError):
            return NotFhir(f"{request.what}: no TLS with {self.host}", hint="is it https, and is the port right?")
        if isinstance(error, requests.exceptions.ReadTimeout):
            return Unavailable(
                f"{request.what}: {self.host} did not answer in {self.timeout[1]:g} s", hint="try again later"
            )
        return Unavailable(f"{request.what}: the line to {self.host} broke", hint="is it a FHIR server, and running?")


def _checked(base: str, auth: Auth | None) -> tuple[bool, bool]:
    """Whether an address is this very machine, and whether it is reached by TLS. Raises SettingsError for what is of no use."""
    try:
        parts = urlsplit(base)
        requests.Request("GET", base).prepare()
    except (ValueError, requests.exceptions.RequestException):  # of which UnicodeError is one
        parts = urlsplit("")
    if not origin(base) or parts.query or parts.fragment or not parts.hostname:
        raise SettingsError(
            "the server's address is of no use", hint="expected the base of it, as in https://ehr.example/fhir"
        )
    if "@" in parts.netloc:
        hint = "give them by --token-file, FHIR_COACHING_TOKEN, or FHIR_COACHING_USER and FHIR_COACHING_PASSWORD"
        raise SettingsError("the server's address holds credentials", hint=hint)
    loopback, secure = _loopback(parts.hostname), parts.scheme == "https"
    if auth is not None and not secure and not loopback:
        raise SettingsError(f"credentials would travel to {parts.netloc} in the clear", hint="use https")
    return loopback, secure


def _read(text: bytes, content_type: str) -> tuple[Json | None, str]:
    """The JSON object of a body, or what it is instead."""
    if not text.strip():
        return None, ""
    try:
        body: Any = loads(text)
    except NotJson:
        said = content_type.partition(";")[0].strip()
        return None, f"{said if _MEDIA_TYPE.fullmatch(said) else 'something'} that is not FHIR's JSON"
    return (body, "") if isinstance(body, dict) else (None, "JSON that is no resource")


def _certificates(environment: Mapping[str, str]) -> str | bool:
    """The certificates to trust: a file or folder that the environment names, else those that come with requests."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        if found := environment.get(name):
            if not Path(found).exists():
                raise SettingsError(f"{name} names a file that is not there", hint="expected a file of certificates")
            return found
    return True


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Session(requests.Session):
    """A session that goes nowhere by itself."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere. Even with `allow_redirects=False` requests reads the whole body of a redirect, however large."""


class _Signed(AuthBase):
    """Fills the Authorization header."""

    def __init__(self, auth: Auth | None) -> None:
        self._auth = auth

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._auth is not None:
            r.headers["Authorization"] = self._auth.header()
        return r
