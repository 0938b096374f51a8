"""Parts that are not edited: what changed is said by a new resource, which replaces the old one.

The old one is superseded first, in a request of its own, and loses our identifier to another system; a conditional create would
find it else. A run that is killed in between has remembered what the new one replaces.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from fhir_coaching.fhir.names import SUPERSEDED, identifiers
from fhir_coaching.lens import Appends, Json
from fhir_coaching.lens.same import copied, differences, field_of, fits, imposed
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.records.values import Record
from fhir_coaching.sync.base import Copy, Key, Row


def appended(
    exchange: Exchange, key: Key, old: Record, new: Record, copies: Mapping[str, Copy | None]
) -> Iterator[str]:
    """The parts that are there and count, and whose own fields changed."""
    lens = exchange.lenses[key[0]]
    appending = {name: part for name, part in exchange.kinds[key[0]].parts.items() if part.appends}
    if not appending:
        return
    resources = {part: copy.resource if copy else None for part, copy in copies.items()}
    changed = {field_of(path) for path, _, _ in differences(old, new)}
    for name, part in appending.items():
        there = copies.get(name) and lens.live(name, resources)
        if there and (part.when is None or part.when(new)) and changed & part.fields:
            yield name


def superseded(exchange: Exchange, key: Key, part: str, resource: Json) -> Json:
    """A resource as it stays behind."""
    system, _ = exchange.identifier(key[0], part, key[1])
    old: Json = imposed(_appends(exchange, key[0], part).superseded, copied(resource))
    for identifier in identifiers(old):
        if identifier.get("system") == system:
            identifier["system"] = system + SUPERSEDED
    return old


def replacing(exchange: Exchange, key: Key, part: str, resource: Json, old: str) -> Json:
    """A new resource that says which one it replaces; `old` is its address."""
    return resource | _appends(exchange, key[0], part).replaces[exchange.version](old)


def is_superseded(exchange: Exchange, key: Key, part: str, resource: Json) -> bool:
    """Whether a resource is what was left behind of this part."""
    appends, system = exchange.kinds[key[0]].parts[part].appends, exchange.identifier(key[0], part, key[1])[0]
    return (
        appends is not None
        and fits(appends.superseded, resource)
        and not any(identifier.get("system") == system for identifier in identifiers(resource))
    )


def sorted_out(exchange: Exchange, row: Row) -> Row:
    """A row whose parts are those that count, and which knows what new ones are to replace."""
    left = {part for part, copy in row.parts.items() if is_superseded(exchange, row.key, part, copy.resource)}
    known = row.superseded | {part: row.parts[part].reference for part in left}
    parts = {part: copy for part, copy in row.parts.items() if part not in left}
    return replace(row, parts=parts, superseded={part: old for part, old in known.items() if part not in parts})


def _appends(exchange: Exchange, kind: str, part: str) -> Appends:
    appends = exchange.kinds[kind].parts[part].appends
    assert appends is not None  # noqa: S101 - only such parts come here
    return appends
