"""What a pull adopts: resources of others that become records, chosen among what one patient has.

A pull reads all resources of a patient anyway, so nothing more is asked but what only the server can answer, and references to
what no search found. Whatever a server answers, only what says of itself that it is this patient's is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fhir_coaching.fhir.literals import literal
from fhir_coaching.fhir.names import adopted_id, identifiers, is_adopted
from fhir_coaching.lens import Json
from fhir_coaching.practice.adoption import ADOPTABLE, FOLLOWED_TYPES, Query, followed
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.server import Answer
from fhir_coaching.sync.lookup import PAGE, Server, copy_of

Place = tuple[str, str, str]  # kind, record id, part


class Adopting:
    """The choice for one pull. `known` are the records behind addresses; `unread` is told what could not be read."""

    def __init__(
        self,
        server: Server,
        exchange: Exchange,
        queries: Iterable[Query],
        known: Mapping[str, Place],
        unread: Callable[[str, Any], None],
    ) -> None:
        self.server, self.exchange, self.known, self.unread = server, exchange, known, unread
        self.queries = [query for query in queries if query.type in server.can.types]

    def unanswerable(self) -> Iterator[tuple[Query, str]]:
        """Queries that the server would not narrow, which are left out: each with the parameter that it does not declare."""
        for query in list(self.queries):
            names = [name for name in query.asks if not self.server.searches(query.type, name.partition(":")[0])]
            if names:
                self.queries.remove(query)
                yield query, names[0]

    def chosen(self, patient: str, found: Iterable[Json]) -> dict[str, Json]:
        """What is adopted of a patient (`Patient/17`), by address, those included that were adopted before."""
        theirs = {copy_of(one).reference: one for one in found if self._stranger(one, patient)}
        asked = [query for query in self.queries if query.asks]
        wanted = [at for at, one in theirs.items() if any(q.admits(one) for q in self.queries if not q.asks)]
        answers = self.server.ask([f"{query.url(patient)}&_count={PAGE}" for query in asked])
        for query, answer in zip(asked, answers, strict=True):
            if not isinstance(answer, list):
                self.unread(query.type, answer)
                continue
            hits = [one for one in answer if query.admits(one) and self._stranger(one, patient)]
            theirs |= {copy_of(one).reference: one for one in hits}
            wanted += [copy_of(one).reference for one in hits]
        taken: dict[str, Json] = {}
        while wanted := [at for at in dict.fromkeys(wanted) if at not in taken]:
            theirs |= self._read([at for at in wanted if at not in theirs], patient)
            new = {at: theirs[at] for at in wanted if at in theirs and self._kind(theirs[at])}
            taken |= new
            wanted = [at for one in new.values() for at in map(self._here, followed(one)) if self._may_be_theirs(at)]
        return taken

    def place(self, address: str, resource: Json) -> Place:
        """The record that a chosen resource is."""
        type_, _, id_ = address.partition("/")
        kind = self._kind(resource)
        known = self.known.get(address)
        return known or (kind, adopted_id(self.server.client.base, type_, id_), self.exchange.kinds[kind].anchor)

    def _kind(self, resource: Json) -> str:
        """The kind of record that a resource would be; empty if none."""
        kinds = self.exchange.adoptable(resource) if resource.get("resourceType") in ADOPTABLE else []
        return kinds[0] if len(kinds) == 1 else ""

    def _read(self, addresses: list[str], patient: str) -> dict[str, Json]:
        read: dict[str, Json] = {}
        for at, answer in zip(addresses, self.server.ask(addresses), strict=True):
            if not isinstance(answer, Answer) or answer.resource is None:
                self.unread(at.partition("/")[0], answer)
            elif copy_of(answer.resource).reference == at and self._stranger(answer.resource, patient):
                read[at] = answer.resource
        return read

    def _here(self, reference: str) -> str:
        """`Goal/17` for a reference to this server; else empty."""
        root = f"{self.server.client.base}/"
        return "" if "://" in reference and not reference.startswith(root) else literal(reference)

    def _may_be_theirs(self, address: str) -> bool:
        known = self.known.get(address)
        return address.partition("/")[0] in FOLLOWED_TYPES and (known is None or is_adopted(known[1]))

    def _stranger(self, resource: Json, patient: str) -> bool:
        """Whether a resource is this patient's, and none of ours."""
        subject, known = resource.get("subject"), self.known.get(copy_of(resource).reference)
        ours = any(str(one.get("system")).startswith(f"{self.exchange.names.base}/") for one in identifiers(resource))
        return (
            not ours
            and (known is None or is_adopted(known[1]))
            and isinstance(subject, dict)
            and self._here(str(subject.get("reference"))) == patient
        )
