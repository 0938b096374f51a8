"""Talking to a server over plain HTTP, and saying what it answered when that was not expected."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import requests

from fhir_coaching.fhir.json import NotJson, dumps, loads
from fhir_coaching.versions import Json

FHIR_JSON = "application/fhir+json"
FRESH = {"Cache-Control": "no-cache"}  # HAPI answers an old search again for 60 s (8.8.0, 2026-11)

Params = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is the JSON object, or nothing where the body was empty."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any

    @property
    def etag(self) -> str:
        """The header, as it is."""
        return self._header("ETag")

    @property
    def version(self) -> str:
        """The version id in the ETag, `W/"…"`."""
        return self.etag.removeprefix("W/").strip('"')

    @property
    def target(self) -> tuple[str, str]:
        """Type and id in the Location header."""
        return target(self._header("Location"))

    def _header(self, name: str) -> str:
        assert name in self.headers, f"no header {name} in the answer {self.status}"
        return self.headers[name]


def target(location: str) -> tuple[str, str]:
    """Type and id of an absolute or relative address, with or without its version."""
    found = re.search(r"(\w+)/([A-Za-z0-9.-]+)(?:/_history/[A-Za-z0-9.-]+)?$", location)
    assert found, f"no Type/id in the location {location!r}"
    return found[1], found[2]


class Probe:
    """One check's view of one server, with an identifier system that nobody else uses."""

    def __init__(self, server: str, url: str, fhir: str) -> None:
        self.server, self.url, self.fhir = server, url.rstrip("/"), fhir
        self.system = f"https://contract.example/{uuid4()}"
        self.http = requests.Session()

    def identifier(self, value: str) -> Json:
        """An Identifier in this check's own system."""
        return {"system": self.system, "value": value}

    def token(self, value: str) -> str:
        """The identifier as a search value."""
        return f"{self.system}|{value}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | Collection[int],
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send `body` (an object, or bytes as they are) to an address under the base.

        AssertionError on a status that is not expected.
        """
        response = self.http.request(
            method,
            path if path.startswith("http") else f"{self.url}/{path}",
            data=body if body is None or isinstance(body, bytes) else dumps(body),
            headers={"Accept": FHIR_JSON, **({} if body is None else {"Content-Type": FHIR_JSON}), **(headers or {})},
            timeout=120,  # the first transaction of a HAPI can take a minute
        )
        response.encoding = "utf-8"
        try:
            content = loads(response.content) if response.content else None
        except NotJson:
            content = None
        wanted = {expect} if isinstance(expect, int) else set(expect)
        if response.status_code not in wanted:
            spelt = " or ".join(map(str, sorted(wanted)))
            raise AssertionError(
                f"{method} {path}: expected {spelt}, got {response.status_code}: {response.text[:800]}"
            )
        return Answer(response.status_code, response.headers, response.text, content)

    def get(
        self, path: str, params: Params | None = None, *, expect: int = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Read or search; never an answer from a server's cache."""
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        return self.send("GET", path + query, expect=expect, headers={**FRESH, **(headers or {})})

    def create(
        self, resource: Json, *, expect: int | Collection[int] = 201, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """POST it to its type."""
        return self.send("POST", resource["resourceType"], resource, expect=expect, headers=headers)

    def update(
        self, resource: Json, *, expect: int | Collection[int] = 200, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """PUT it to its id."""
        return self.send(
            "PUT", f"{resource['resourceType']}/{resource['id']}", resource, expect=expect, headers=headers
        )

    def stored(self, resource: Json) -> Json:
        """Create it and read it back."""
        kind, key = self.create(resource).target
        return self.read(kind, key)

    def read(self, kind: str, key: str) -> Json:
        """The current state."""
        body: Json = self.get(f"{kind}/{key}").body
        return body

    def find(self, kind: str, params: Params) -> list[Json]:
        """All matches of a search, over all pages; only entries of mode `match`."""
        return [
            entry["resource"]
            for page in self.pages(kind, params)
            for entry in entries(page)
            if entry["search"]["mode"] == "match"
        ]

    def pages(self, kind: str, params: Params, *, at_most: int = 20) -> list[Json]:
        """The pages of a search."""
        found: list[Json] = [self.get(kind, params).body]
        while after := link(found[-1], "next"):
            assert len(found) < at_most, f"more than {at_most} pages: the next links of {kind} run in a circle"
            found.append(self.get(after).body)
        return found

    def bundle(self, kind: str, requests_: list[Json], *, expect: int | Collection[int] = 200) -> Answer:
        """Send a batch or transaction."""
        return self.send("POST", "", {"resourceType": "Bundle", "type": kind, "entry": requests_}, expect=expect)


def entries(bundle: Json) -> list[Json]:
    found: list[Json] = bundle.get("entry", [])
    return found


def link(bundle: Json, relation: str) -> str | None:
    return next((each["url"] for each in bundle.get("link", []) if each["relation"] == relation), None)


def entry(method: str, url: str, resource: Json | None = None, *, full: str | None = None, **conditions: str) -> Json:
    """A Bundle entry; `conditions` are `ifMatch`, `ifNoneExist`, `ifNoneMatch`."""
    made: Json = {"fullUrl": full} if full else {}
    if resource is not None:
        made["resource"] = resource
    return made | {"request": {"method": method, "url": url, **conditions}}


def outcome_of(answer: Answer) -> Json:
    """The OperationOutcome in an answer, checked for severity and code; AssertionError without."""
    body = answer.body
    assert isinstance(body, dict), f"no JSON object in the answer {answer.status}"
    assert body.get("resourceType") == "OperationOutcome", f"no OperationOutcome in the answer {answer.status}"
    assert body.get("issue"), "an OperationOutcome without issue"
    for issue in body["issue"]:
        assert issue.get("severity") in {"fatal", "error", "warning", "information", "success"}, (
            "an issue without severity"
        )
        assert issue.get("code"), "an issue without code"
    return body
