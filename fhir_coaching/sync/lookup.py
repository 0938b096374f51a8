"""What the server has now: the copies of a group of records, asked for in one request."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fhir_coaching.errors import NotAuthorized, NotFhir, NotFound, Rejected, ServerError, Unavailable
from fhir_coaching.fhir.bundles import query
from fhir_coaching.fhir.names import identifiers, is_adopted, stable_id
from fhir_coaching.fhir.systems import EIN, NPI
from fhir_coaching.lens import Json
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.records.values import Record
from fhir_coaching.server import Answer, Capabilities, Entry, FhirServer
from fhir_coaching.sync.base import THEIRS, Copy, Key, Row
from fhir_coaching.sync.superseding import is_superseded

SHARED = ("organization", "place", "practitioner")  # who is no patient's own
PEOPLE = (*SHARED, "patient")  # who may be on the server already, under other identifiers
MOST = 50  # entries of one request
PAGE = 200  # resources a page; a server may give fewer, and says where to go on
AT_ONCE = 15  # identifiers of one search: a URL has its limits


@dataclass
class Found:
    """What the server has of one record. A part that is not a key of `parts` was not looked for."""

    parts: dict[str, Copy | None] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)  # parts that were there once
    several: bool = False  # more than one resource bears an identifier of this record
    theirs: bool = False  # found by somebody else's identifier
    error: ServerError | None = None


class Server:
    """A FHIR server with what it can do, asked in as few requests as it allows."""

    def __init__(self, client: FhirServer) -> None:
        self.client = client
        self.can: Capabilities = client.capabilities()
        self.batches = self.can.batch

    def takes(self, type_: str) -> bool:
        """Whether resources of a type can be created and read at all."""
        return type_ in self.can.types and {"create", "update"} & set(self.can.types[type_].interactions) != set()

    def own_ids(self, type_: str) -> bool:
        """Whether a client may choose the id of a new resource: the first rung of creating."""
        return self.can.types[type_].update_create

    def searches(self, type_: str, parameter: str) -> bool:
        """Whether a search parameter is known for a type."""
        return type_ in self.can.types and parameter in self.can.types[type_].search_params

    def ask(self, urls: Sequence[str]) -> list[list[Json] | Answer | ServerError]:
        """Read (`Goal/17`) and search (`Goal?…`), in batches where the server can: an answer each, in order."""
        answers: list[list[Json] | Answer | ServerError] = []
        for start in range(0, len(urls), MOST):
            some = urls[start : start + MOST]
            results = self._batch(some) if self.batches and len(some) > 1 else None
            if results is not None:
                answers += [self._opened(url, result) for url, result in zip(some, results, strict=True)]
            else:
                answers += [self._one(url) for url in some]
        return answers

    def _batch(self, urls: Sequence[str]) -> list[Answer | ServerError] | None:
        """None where the server takes no batches after all: transactions do not promise them."""
        try:
            return self.client.bundle([Entry("GET", url) for url in urls], "batch")
        except (Rejected, NotFound):
            self.batches = False
            return None

    def _opened(self, url: str, result: Answer | ServerError) -> list[Json] | Answer | ServerError:
        """An answer that is of another entry must not be taken for this one's. Raises NotFhir."""
        type_, searched, _ = url.partition("?")
        if isinstance(result, ServerError) or result.resource is None:
            return result
        if not searched:
            if f"{result.type}/{result.id}" != url:
                raise NotFhir("batch: the server's answers stand in another order than the questions")
            return result
        try:
            hits = list(self.client.pages(result.resource))
        except NotFound:  # HAPI forgets a search, and answers 410 for its next page (2026-11): search again
            return self._one(url)
        if any(hit.get("resourceType") != type_ for hit in hits):
            raise NotFhir("batch: the server's answers stand in another order than the questions")
        return hits

    def _one(self, url: str) -> list[Json] | Answer | ServerError:
        type_, _, rest = url.partition("?")
        try:
            if rest:
                return list(self.client.search(url))
            kind, _, id_ = type_.partition("/")
            return self.client.read(kind, id_)
        except (Unavailable, NotAuthorized):
            raise
        except ServerError as error:
            return error


def copy_of(resource: Json, version: str = "") -> Copy:
    """A resource as a copy; its version from `meta` where the answer's header had none."""
    meta = resource.get("meta")
    said = meta.get("versionId") if isinstance(meta, dict) else None
    return Copy(
        str(resource["resourceType"]), str(resource["id"]), version or (said if isinstance(said, str) else ""), resource
    )


def look_up(
    server: Server, exchange: Exchange, wanted: Iterable[tuple[Key, Record | None, Row | None]]
) -> dict[Key, Found]:
    """The server's copies of records: known ones by id, others by identifier, and people also by the identifiers of others."""
    found: dict[Key, Found] = {}
    asks: list[tuple[str, Key, str, bool]] = []  # url, record, part, whether it was there when last seen
    searches: dict[str, list[tuple[Key, str, set[tuple[str, str]]]]] = {}
    for key, record, row in wanted:
        kind, id_ = key
        found[key], theirs = Found(), is_adopted(id_) or (row is not None and row.owner == THEIRS)
        for part, lens in exchange.lenses[kind].lenses.items():
            type_, copy = lens.table.type, row.parts.get(part) if row else None
            anchor = part == exchange.kinds[kind].anchor
            besides = theirs and not anchor and copy is None  # what else they have is none of our business
            if besides or not (server.takes(type_) or (anchor and _only_read(kind, id_) and type_ in server.can.types)):
                continue
            found[key].parts[part] = None
            if copy is not None:
                asks.append((copy.reference, key, part, True))
                continue
            if is_adopted(id_):
                continue  # it bears no identifier of ours by which to find it
            own = exchange.identifier(kind, part, id_)
            if server.own_ids(type_):
                asks.append((f"{type_}/{stable_id(*own)}", key, part, False))
            if server.searches(type_, "identifier"):
                others = known_elsewhere(record) if anchor and kind in PEOPLE else set()
                searches.setdefault(type_, []).append((key, part, {own, *others}))
    batches = [(type_, some) for type_, each in searches.items() for some in _portions(each)]
    urls = [url for url, *_ in asks] + [
        f"{type_}?identifier={','.join(query(*i) for _, _, own in some for i in sorted(own))}"
        for type_, some in batches
    ]
    answers = server.ask(urls)
    for (_, key, part, known), answer in zip(asks, answers[: len(asks)], strict=True):
        if not known and isinstance(answer, Answer) and is_superseded(exchange, key, part, answer.resource or {}):
            continue  # at the id that we would choose, but left behind
        _take_read(found[key], part, answer, known=known)
    for (_, some), answer in zip(batches, answers[len(asks) :], strict=True):
        for key, part, all_of_it in some:
            _take_search(found[key], part, answer, exchange.identifier(key[0], part, key[1]), all_of_it)
    return found


def _only_read(kind: str, id_: str) -> bool:
    """Whether a record can be of use on a server that lets nobody write it: EHRs' patients are read and searched, no more."""
    return kind in PEOPLE or is_adopted(id_)


def known_elsewhere(record: Record | None) -> set[tuple[str, str]]:
    """The identifiers by which others may know a person, an organization or a place."""
    if record is None:
        return set()
    numbers = {(NPI, getattr(record, "npi", None)), (EIN, getattr(record, "tax_id", None))}
    return {(i.system, i.value) for i in record.identifiers} | {
        (system, number) for system, number in numbers if number
    }


def _portions(
    each: list[tuple[Key, str, set[tuple[str, str]]]],
) -> Iterator[list[tuple[Key, str, set[tuple[str, str]]]]]:
    for start in range(0, len(each), AT_ONCE):
        yield each[start : start + AT_ONCE]


def _take_read(found: Found, part: str, answer: list[Json] | Answer | ServerError, *, known: bool) -> None:
    """404 means deleted where it was there when last seen; some servers never say 410."""
    if isinstance(answer, NotFound):
        if known or answer.deleted:
            found.deleted.add(part)
    elif isinstance(answer, ServerError):
        found.error = answer
    elif isinstance(answer, Answer) and answer.resource is not None:
        found.parts[part] = copy_of(answer.resource, answer.version)


def _take_search(
    found: Found,
    part: str,
    answer: list[Json] | Answer | ServerError,
    own: tuple[str, str],
    wanted: set[tuple[str, str]],
) -> None:
    """Only what bears one of the identifiers is believed: a server may ignore a parameter and answer everything."""
    if isinstance(answer, ServerError):
        found.error = answer
        return
    if found.parts.get(part) is not None or not isinstance(answer, list):
        return
    hits = {str(resource.get("id")): resource for resource in answer if wanted & _said(resource)}
    ours = {id_: resource for id_, resource in hits.items() if own in _said(resource)}
    hits = ours or hits
    found.several = found.several or len(hits) > 1
    if len(hits) == 1:
        found.parts[part] = copy_of(next(iter(hits.values())))
        found.theirs = found.theirs or not ours


def _said(resource: Json) -> set[tuple[str, str]]:
    return {(str(i.get("system")), str(i.get("value"))) for i in identifiers(resource)}
