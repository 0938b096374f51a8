"""What an answer means: its status, headers and OperationOutcome, and which error that is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

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
from fhir_coaching.lens import Json

_LOCATION = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([^/?#]+))?/?")
_CODES = re.compile(r"[a-z-]{1,40}")
_EXPRESSION = re.compile(r"[A-Za-z0-9_.:\[\]()'-]{1,200}")


@dataclass(frozen=True)
class Answer:
    """What a server says of one resource. `resource` is None where the body was empty."""

    status: int
    type: str = ""
    id: str = ""
    version: str = ""
    resource: Json | None = None


def answer_of(status: int, headers: Mapping[str, str], body: Any) -> Answer:
    """An answer by its headers first: a body may be absent, and a Location relative, without a version or missing."""
    resource = body if isinstance(body, dict) and body.get("resourceType") != "OperationOutcome" else None
    found = _LOCATION.fullmatch(headers.get("Location") or headers.get("Content-Location") or "")
    type_, id_, version = (found[1], found[2], found[3] or "") if found else ("", "", "")
    if resource is not None:
        meta = resource.get("meta")
        type_, id_ = str(resource.get("resourceType") or type_), str(resource.get("id") or id_)
        version = version or (str(meta.get("versionId") or "") if isinstance(meta, dict) else "")
    return Answer(status, type_, id_, etag(headers.get("ETag")) or version, resource)


def etag(text: object) -> str:
    """The version in `W/"3"`, `"3"` or a bare `3`, as HAPI writes it in Bundles."""
    return text.removeprefix("W/").strip('"') if isinstance(text, str) else ""


def issues_of(body: Any) -> list[Issue]:
    """The issues of an OperationOutcome by code and expression; its texts may quote a patient and are left out."""
    found = body.get("issue") if isinstance(body, dict) and body.get("resourceType") == "OperationOutcome" else None
    return [_issue(one) for one in found if isinstance(one, dict)][:20] if isinstance(found, list) else []


def _issue(one: Json) -> Issue:
    places = one.get("expression") or one.get("location") or []
    said = (
        [place for place in places if isinstance(place, str) and _EXPRESSION.fullmatch(place)]
        if isinstance(places, list)
        else []
    )
    return Issue(_word(one.get("severity")), _word(one.get("code")), tuple(said[:5]))


def _word(text: object) -> str:
    return text if isinstance(text, str) and _CODES.fullmatch(text) else "unknown"


def error_of(
    status: int,
    body: Any,
    what: str,
    *,
    headers: Mapping[str, str] | None = None,
    writes: bool = False,
    conditions: frozenset[str] = frozenset(),
) -> ServerError:
    """The error that a status means; `what` is the interaction in words, `conditions` are `if_match` and `if_none_exist` as sent.

    412 has two meanings: after If-Match somebody else wrote, after If-None-Exist several resources match.
    """
    headers = headers or {}
    issues, said = issues_of(body), f"{what}: the server answered {status}"
    request_id = next((headers[name] for name in ("X-Request-Id", "X-Correlation-Id") if name in headers), "")
    rest: dict[str, Any] = {
        "status": status,
        "issues": issues,
        "request_id": request_id[:80] if request_id.isprintable() else "",
    }
    if status in {401, 403}:
        hint = "give a token with --token-file or FHIR_COACHING_TOKEN, and see what it may do"
        return NotAuthorized(said, hint=hint, **rest)
    if status in {404, 410}:
        return NotFound(said, **rest)
    if status == 412 and "if_none_exist" in conditions and "if_match" not in conditions:
        return AmbiguousMatch(f"{said}: several resources match", hint="look for them by their identifier", **rest)
    if status in {409, 412}:
        return VersionConflict(f"{said}: somebody else wrote in between", **rest)
    if status in {429, 503}:
        return Unavailable(
            said, retry_after=retry_after(headers.get("Retry-After")), status=status, hint="try again later"
        )
    if status in {300, 301, 302, 303, 305, 307, 308}:
        return NotFhir(f"{said}, a redirect, which is not followed", hint="give the address that it leads to", **rest)
    if status == 408 or status >= 500:
        if writes:  # it may have been done before it broke
            return LostAnswer(
                f"{said}: nobody knows whether it was done", hint="push again: it looks before it writes", **rest
            )
        return Unavailable(said, status=status, hint="try again later")
    return Rejected(said, **rest)


def retry_after(text: str | None) -> float | None:
    """Seconds, from either form of Retry-After (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after)."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
