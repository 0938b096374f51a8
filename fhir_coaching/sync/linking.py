"""Who is who: a person decides which resource on a server a record is, or that it is none."""

from collections.abc import Iterator

from fhir_coaching.errors import SettingsError
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.server import FhirServer
from fhir_coaching.sync.base import THEIRS, Base, Copy, Row
from fhir_coaching.sync.lookup import PEOPLE, copy_of


def link(server: FhirServer, exchange: Exchange, base: Base, kind: str, id_: str, reference: str) -> Copy:
    """From now on this record is that resource, which is theirs: read, and not written. Raises SettingsError, NotFound."""
    type_, _, server_id = reference.partition("/")
    if kind not in PEOPLE:
        raise SettingsError(f"a {kind} cannot be linked", hint=f"kinds that can: {', '.join(PEOPLE)}")
    expected = exchange.lenses[kind].lenses[exchange.kinds[kind].anchor].table.type
    if type_ != expected or not server_id:
        raise SettingsError(f"a {kind} is a {expected} there", hint=f"expected {expected}/ID")
    taken = next((row for row in base.rows.values() if any(c.reference == reference for c in row.parts.values())), None)
    if taken is not None and taken.key != (kind, id_):
        raise SettingsError(f"{reference} is linked to {taken.kind} {taken.id}", hint="unlink that first")
    answer = server.read(type_, server_id)
    copy = copy_of(answer.resource or {}, answer.version)
    known = base.rows.get((kind, id_))
    base.save([Row(kind, id_, THEIRS, known.record if known else None, {exchange.kinds[kind].anchor: copy})])
    return copy


def unlink(base: Base, kind: str, id_: str) -> Row:
    """Forget which resource a record is. Raises SettingsError where it is none."""
    row = base.rows.get((kind, id_))
    if row is None:
        raise SettingsError(f"{kind} {id_} is not linked on this server")
    base.forget(row)
    return row


def id_rows(base: Base) -> Iterator[dict[str, str]]:
    """Which resource each part of each record is: kind, id, part, type, server_id, version."""
    for row in sorted(base.rows.values(), key=lambda row: row.key):
        for part, copy in row.parts.items():
            yield {
                "kind": row.kind, "id": row.id, "part": part, "type": copy.type, "server_id": copy.id, "version": copy.version,
            }  # fmt: skip
