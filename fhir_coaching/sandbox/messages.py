"""Requests and responses, whether they come over HTTP or in an entry of a Bundle."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from .outcomes import Issue, Refusal, outcome
from .search import Pairs
from .store import Stored


@dataclass(frozen=True)
class Request:
    """One interaction; `path` is seen from the base, header names are lower case."""

    method: str
    path: str
    query: Pairs = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @classmethod
    def to(cls, method: str, url: str, headers: Mapping[str, str], body: object = None) -> Self:
        """The request for a URL seen from the base."""
        path, _, query = url.partition("#")[0].partition("?")
        return cls(method, unquote(path).strip("/"), parse_qsl(query, keep_blank_values=True), headers, body)

    def preferred(self, name: str) -> str:
        """What the header Prefer says about `return` or `handling`."""
        preferences = self.headers.get("prefer", "").replace(";", ",").split(",")
        pairs = (preference.strip().partition("=") for preference in preferences)
        return next((value for key, _, value in pairs if key == name), "")

    def but(self, **changes: Any) -> "Request":
        """The same request with other parts."""
        return replace(self, **changes)


@dataclass(frozen=True)
class Response:
    """The answer to a request; `stored` is the version that the headers speak of."""

    status: int
    body: Any = None
    stored: Stored | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, refusal: Refusal) -> "Response":
        """The OperationOutcome of a refusal."""
        return cls(refusal.status, outcome(refusal.issues), headers=refusal.headers)

    @classmethod
    def to_write(cls, request: Request, stored: Stored, status: int, issues: Iterable[Issue] = ()) -> "Response":
        """The answer to a write, with the body that Prefer asks for: the resource unless it says otherwise."""
        wanted = request.preferred("return")
        if wanted == "minimal":
            return cls(status, None, stored)
        if wanted == "OperationOutcome":
            done = Issue("informational", "stored", severity="information")
            return cls(status, outcome([*issues, done]), stored)
        return cls(status, stored.json, stored)

    def but(self, **changes: Any) -> "Response":
        """The same response with other parts."""
        return replace(self, **changes)
