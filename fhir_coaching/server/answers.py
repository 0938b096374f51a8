"""What an answer means: its status, headers and OperationOutcome, and which error that is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypedDict, TypeGuard
from urllib.parse import urlsplit

from fhir_coaching.errors import (
    AmbiguousMatch,
    Issue,
    LostAnswer,
    NotAuthorized,
    NotFhir,
    NotFound,
    Rejected,
    ServerError,
    Unavailable,
    VersionConflict,
)
from fhir_coaching.versions import Json

LOOK_FIRST = "push again: it looks before it writes"
ACCEPTED = 202  # a promise, of which nobody knows whether it will be kept

_LOCATION = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([^\s/?#]+)(?:/_history/([^\s/?#]+))?/?")
_CODE = re.compile(r"[a-z-]{1,40}")
_EXPRESSION = re.compile(
    r"[A-Za-z]+(?:\.[A-Za-z]+(?:\([A-Za-z]*\))?|:[A-Za-z-]+|\[(?:[0-9]{1,5}|x)\])*"
)  # holds no literal
# HAPI writes `Bundle.entry[0].resource/*Goal/17*/.target` and `Goal.extension[1][url='…']`, sekmet `Goal.target.0.due`.
_ASIDE = re.compile(r"/\*.*?\*/|\[url='[^']*'\]")
_DOTTED = re.compile(r"\.([0-9]{1,5})(?=\.|\Z)")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,80}")
_ISSUES = 20  # of one answer, and expressions of one issue: an error is to fit a screen
_EXPRESSIONS = 5
_LONGEST = 200  # characters of an expression

_HINTS = {
    401: "give a token with --token-file or FHIR_COACHING_TOKEN; one that was given may have expired",
    403: "check what the token may do",
    405: "the server does not offer this",
    406: "the server does not speak FHIR's JSON here",
    413: "the request is too large for this server",
    415: "the server does not take FHIR's JSON here",
    501: "the server does not offer this",
}


@dataclass(frozen=True)
class Answer:
    """What a server says of one resource. `resource` is None where the body was empty."""

    status: int  # 201: written and new; 200 to a conditional create: it was there already, nothing was written
    type: str = ""
    id: str = ""
    version: str = ""  # opaque; empty where the server has none
    resource: Json | None = field(default=None, repr=False)
    date: str = ""  # the Date header: the server's own clock


def success(status: int) -> bool:
    """Whether a status says that all went well."""
    return 200 <= status < 300


def answer_of(status: int, headers: Mapping[str, str], body: Any, at: str = "") -> Answer:
    """An answer to a request for `at` (`Goal/17`, `Goal`).

    A body may be absent, and a Location relative, without a version, or missing. A body without an id repeats what was sent.
    The version of a body is its own: an Apache that packs the answer makes the ETag `"3-gzip"`.
    """
    resource = body if is_resource(body) else None
    found = _LOCATION.fullmatch(headers.get("Location") or headers.get("Content-Location") or "")
    type_, _, id_ = at.partition("/")
    version = ""
    if found:
        type_, id_, version = found[1], found[2], found[3] or ""
    if resource is not None:
        meta = resource.get("meta")
        own = meta.get("versionId") if isinstance(meta, dict) else None
        if isinstance(own, str) and own:
            version = own
        type_, id_ = resource["resourceType"], resource.get("id") or id_
    return Answer(status, type_, id_, version or etag(headers.get("ETag")), resource, headers.get("Date", ""))


def is_resource(body: Any) -> TypeGuard[Json]:
    """Whether this is a resource of a server: it has a type and an id. Only a Bundle may go without the latter."""
    if not isinstance(body, dict):
        return False
    type_, id_ = body.get("resourceType"), body.get("id")
    named = (isinstance(id_, str) and id_ != "") or (id_ is None and type_ == "Bundle")
    return isinstance(type_, str) and type_ != "OperationOutcome" and named


def etag(text: object) -> str:
    """The version in `W/"3"`, `"3"` or a bare `3`, as HAPI writes it in Bundles."""
    return text.strip().removeprefix("W/").strip('"') if isinstance(text, str) else ""


def origin(url: str) -> str:
    """Scheme, host and port, where a request would go; empty for what is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or not parts.hostname.isprintable():
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, default} else "")


def issues_of(body: Any, most: int = _ISSUES) -> list[Issue]:
    """The first issues of an OperationOutcome by code and expression; its texts may quote a patient and are left out."""
    found = body.get("issue") if isinstance(body, dict) and body.get("resourceType") == "OperationOutcome" else None
    return [_issue(one) for one in found if isinstance(one, dict)][:most] if isinstance(found, list) else []


def _issue(one: Json) -> Issue:
    places = one.get("expression") or one.get("location")
    found = (
        [_DOTTED.sub(r"[\1]", _ASIDE.sub("", place)) for place in places if isinstance(place, str)]
        if isinstance(places, list)
        else []
    )
    said = [place for place in found if len(place) <= _LONGEST and _EXPRESSION.fullmatch(place)]
    return Issue(_word(one.get("severity")), _word(one.get("code")), tuple(said[:_EXPRESSIONS]))


def _word(text: object) -> str:
    return text if isinstance(text, str) and _CODE.fullmatch(text) else "unknown"


class _Known(TypedDict):
    """What every error of an answer knows."""

    status: int
    issues: list[Issue]
    request_id: str


def error_of(
    status: int,
    body: Any,
    what: str,
    *,
    headers: Mapping[str, str] | None = None,
    writes: bool = False,
    conditions: frozenset[str] = frozenset(),
) -> ServerError:
    """The error that a status means.

    `what` is the interaction in words, `conditions` are `if_match` and `if_none_exist`, as far as they were sent.
    """
    headers = headers or {}
    known: _Known = {"status": status, "issues": issues_of(body), "request_id": _request_id(headers)}
    said, hint = f"{what}: the server answered {status}", _HINTS.get(status, "")
    if status in {401, 403}:
        return NotAuthorized(said, hint=hint, **known)
    if status in {404, 410}:
        return NotFound(said, **known)
    if status in {409, 412}:
        return _conflict(said, known, conditions)
    if status == 303 and writes:  # "See Other" points from what was done to its result
        return LostAnswer(f"{said}: nobody knows whether it was done", hint=LOOK_FIRST, **known)
    if 300 <= status < 400:
        there = origin(headers.get("Location", "")) or "an address of its own"
        hint = "give the FHIR server's own address; it may want a login first"
        return NotFhir(f"{said}, and points to {there}; redirects are not followed", hint=hint, **known)
    if status == 429 or (status == 503 and (not writes or known["issues"] or "Retry-After" in headers)):
        # A 503 of a FHIR server says why or for how long, and nothing was done. A bare 503 may come from a proxy that had
        # sent the request on and then lost the line: an Envoy does that.
        return Unavailable(said, retry_after=retry_after(headers.get("Retry-After")), hint="try again later", **known)
    if status == 408 or status < 200 or (status >= 500 and status != 501):
        if (
            writes
        ):  # it may have been done before it broke; some servers answer 408 when they run out of time themselves
            return LostAnswer(f"{said}: nobody knows whether it was done", hint=LOOK_FIRST, **known)
        return Unavailable(said, hint="try again later", **known)
    return Rejected(said, hint=hint, **known)


def _conflict(said: str, known: _Known, conditions: frozenset[str]) -> ServerError:
    """409 and 412. A stale If-Match is 409 for HAPI and Oracle, 412 elsewhere; a 409 after If-None-Exist is a lost race."""
    if known["status"] == 412 and "if_match" not in conditions:
        return AmbiguousMatch(f"{said}: several resources match", hint="look for them by their identifier", **known)
    if "if_match" in conditions:
        return VersionConflict(f"{said}: somebody else wrote in between", hint="read it again", **known)
    if "if_none_exist" in conditions:
        return VersionConflict(f"{said}: somebody else creates it at the same time", hint="search again", **known)
    return VersionConflict(f"{said}: it conflicts with what the server has", **known)


def _request_id(headers: Mapping[str, str]) -> str:
    """What the server calls this exchange in its own log."""
    found = next((headers[name] for name in ("X-Request-Id", "X-Correlation-Id") if name in headers), "")
    return found if _REQUEST_ID.fullmatch(found) else ""


def retry_after(text: str | None) -> float | None:
    """Seconds, from either form of Retry-After (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    if text is None:
        return None
    if re.fullmatch(r"\s*[0-9]+\s*", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
