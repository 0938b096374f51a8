"""The constraints of a Bundle."""

from collections.abc import Callable, Mapping

from fhir_coaching.checks.constraint import Holds, Invariant, has, one_of, parts, rule, text
from fhir_coaching.checks.context import Context
from fhir_coaching.versions import R4, R5, Json

REQUESTS = {"batch", "transaction", "history"}
RESPONSES = {"batch-response", "transaction-response", "history"}
FOUND = {"document", "message", "searchset", "collection"}
WITHOUT_ADDRESS = {"transaction", "transaction-response", "batch", "batch-response"}
WITH_BODY = {"POST", "PUT", "PATCH"}
MILD = {"information", "warning"}


def _only(name: str, *types: str) -> Holds:
    """Only in bundles of these types."""
    return lambda node, _: not has(node, name) or text(node, "type") in types


def _each(types: set[str], holds: Callable[[Json], bool]) -> Holds:
    """Every entry of bundles of these types."""
    return lambda node, _: text(node, "type") not in types or all(holds(one) for one in parts(node, "entry"))


def _exactly(name: str, types: set[str]) -> Holds:
    """Every entry in bundles of these types, and of no others."""
    return lambda node, _: all(has(one, name) == (text(node, "type") in types) for one in parts(node, "entry"))


def _first(kind: str, resource: str) -> Holds:
    """Bundles of this type begin with this resource."""

    def holds(node: Json, _: Context) -> bool:
        if text(node, "type") != kind:
            return True
        first = parts({"entry": parts(node, "entry")[:1]}, "entry", "resource")
        return [text(one, "resourceType") for one in first] == [resource]

    return holds


def _method(entry: Json) -> str:
    return next((text(one, "method") for one in parts(entry, "request")), "")


def _body(entry: Json) -> bool:
    return (_method(entry) in WITH_BODY) == has(entry, "resource")


def _unique(node: Json, _: Context) -> bool:
    versions = [
        (text(one, "fullUrl"), "".join(text(meta, "versionId") for meta in parts(one, "resource", "meta")))
        for one in parts(node, "entry")
        if has(one, "fullUrl")
    ]
    return text(node, "type") == "history" or len(versions) == len(set(versions))


def _identified(node: Json, _: Context) -> bool:
    found = parts(node, "identifier")
    return text(node, "type") != "document" or all(any(has(one, name) for one in found) for name in ("system", "value"))


def _self(node: Json, _: Context) -> bool:
    links = parts(node, "link")
    return text(node, "type") != "searchset" or any(
        text(one, "relation") == "self" and has(one, "url") for one in links
    )


BUNDLE: Mapping[str, Invariant] = {
    "bdl-1": rule(_only("total", "searchset", "history"), "a total only of a search or a history"),
    "bdl-2": rule(
        lambda node, _: text(node, "type") == "searchset" or not any(has(one, "search") for one in parts(node, "entry")),
        "how an entry was found only in a search"),
    "bdl-3": rule({R4: _exactly("request", REQUESTS)}, "requests in a batch, a transaction and a history, and nowhere else"),
    "bdl-3a": rule(
        {R5: _each(FOUND, lambda one: has(one, "resource") and not has(one, "request") and not has(one, "response"))},
        "an entry of a document, message, search or collection is a resource and no request or response"),
    "bdl-3b": rule(
        {R5: _each({"history"}, lambda one: has(one, "request") and has(one, "response") and _body(one))},
        "an entry of a history has a request and a response, and a resource where the method has one"),
    "bdl-3c": rule(
        {R5: _each({"transaction", "batch"}, lambda one: _method(one) != "" and _body(one))},
        "an entry of a transaction or batch has a request, and a resource where the method has one"),
    "bdl-3d": rule(
        {R5: _each({"transaction-response", "batch-response"}, lambda one: has(one, "response"))},
        "an entry of a response has a response"),
    "bdl-4": rule({R4: _exactly("response", RESPONSES)}, "responses in an answer and a history, and nowhere else"),
    "bdl-5": rule(one_of("resource", "request", "response"), "an entry has a resource, a request or a response"),
    "bdl-7": rule(_unique, "an address stands once, or for versions of one resource"),
    "bdl-8": rule(lambda node, _: "/_history/" not in text(node, "fullUrl"), "a full address names no version"),
    "bdl-9": rule(_identified, "a document has an identifier with system and value"),
    "bdl-10": rule(lambda node, _: text(node, "type") != "document" or text(node, "timestamp") != "", "a document has a date"),
    "bdl-11": rule(_first("document", "Composition"), "a document begins with its composition"),
    "bdl-12": rule(_first("message", "MessageHeader"), "a message begins with its header"),
    "bdl-13": rule({R5: _first("subscription-notification", "SubscriptionStatus")}, "a notification begins with the subscription's status"),
    # R5's expressions of bdl-14 and bdl-16 compare a list with one code, and say nonsense of two entries or issues: these
    # are their texts.
    "bdl-14": rule({R5: _each({"history"}, lambda one: _method(one) != "PATCH")}, "a history has no PATCH"),
    "bdl-15": rule(
        {R5: lambda node, _: text(node, "type") in WITHOUT_ADDRESS or all(
            has(one, "fullUrl") or _method(one) == "POST" for one in parts(node, "entry"))},
        "an entry has a full address, unless it is sent or answers"),
    "bdl-16": rule(
        {R5: lambda node, _: all(text(one, "severity") in MILD for one in parts(node, "issues", "issue"))},
        "issues of a bundle are informations and warnings"),
    "bdl-17": rule({R5: lambda node, _: text(node, "type") != "document" or not has(node, "issues")}, "a document has no issues"),
    "bdl-18": rule({R5: _self}, "a search says its own address"),
}  # fmt: skip
