"""Bundles of many resources: searchsets and histories, a page at a time.

A page goes on from the last row that was shown (keyset), never from an offset, so that rows which come meanwhile
neither repeat nor hide any.
"""
# ruff: noqa: S608 - SQL is put together from column names of our own; every value is bound

import json
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from .index import interval
from .messages import Request, Response
from .outcomes import Issue, Refusal, Resource, outcome, refusal
from .parameter import Parameter
from .search import Criteria, Pairs, SortKey, criteria, sort_key
from .store import VERSION, Store, Stored

COUNT = 50  # resources on a page, if the client does not say
MOST = 1000

_RESULT = {"_count", "_sort", "_include", "_summary", "_total", "_cursor"}
_FORMAT = {"_format", "_pretty"}
_CURRENT = "FROM current c JOIN versions v USING (n)"


class _Asked(NamedTuple):
    """A search as it was understood; `result` holds what is not a filter."""

    found: Criteria
    result: Pairs
    keys: list[SortKey]
    included: list[list[str]]  # source type, parameter, perhaps target type

    @property
    def where(self) -> str:
        return f"{_CURRENT} WHERE {self.found.where} AND v.body IS NOT NULL"


class Pages:
    """Searches and histories over one store."""

    def __init__(self, store: Store, table: Mapping[str, Mapping[str, Parameter]], base: str) -> None:
        self.store = store
        self.table = table
        self.base = base

    def matches(self, type_: str, query: Pairs) -> list[str]:
        """Ids of at most two resources that a condition finds; a condition has to say something we know."""
        found = criteria(type_, query, self.table[type_], self.base)
        if found.unsupported or not found.used:
            raise refusal(400, "invalid", f"a condition needs search parameters of {type_} that are supported here")
        sql = f"SELECT c.id {_CURRENT} WHERE {found.where} AND v.body IS NOT NULL LIMIT 2"
        return [id_ for (id_,) in self.store.select(sql, found.arguments)]

    def search(self, type_: str, request: Request) -> Response:
        """A searchset; unknown parameters are refused under `handling=strict`, else left out and named."""
        asked = self._asked(type_, request.query)
        unsupported = asked.found.unsupported
        if unsupported and request.preferred("handling") == "strict":
            raise Refusal(400, *map(_unsupported, unsupported))
        ((total,),) = self.store.select(f"SELECT count(*) {asked.where}", asked.found.arguments)
        used = asked.found.used + [(name, value) for name, value in asked.result if name != "_cursor"]
        links = [self._link("self", type_, used)]
        entries: list[Resource] = []
        count = _count(asked.result)
        if count and ("_summary", "count") not in asked.result:
            rows = self._rows(asked, count + 1)
            if len(rows) > count:
                rows.pop()
                links.append(self._link("next", type_, [*used, ("_cursor", _opaque([*rows[-1][7:], rows[-1][6]]))]))
            page = {row[6]: Stored(*row[:6]) for row in rows}
            entries += [self._entry(stored, "match") for stored in page.values()]
            entries += [self._entry(stored, "include") for stored in self._include(page, asked.included)]
        if unsupported:
            issues = (_unsupported(name)._replace(severity="warning") for name in unsupported)
            url = f"urn:uuid:{uuid.uuid4()}"
            entries.append({"fullUrl": url, "resource": outcome(issues), "search": {"mode": "outcome"}})
        return Response(200, _bundle("searchset", total, links, entries))

    def history(self, type_: str | None, id_: str | None, request: Request) -> Response:
        """Versions, newest first: of a resource, a type or everything."""
        query = [(name, value) for name, value in request.query if name in {"_count", "_since", "_cursor"}]
        named = {column: value for column, value in (("type", type_), ("id", id_)) if value}
        where = " AND ".join(["1", *(f"{column} = ?" for column in named)])
        arguments = list(named.values())
        if since := dict(query).get("_since"):
            span = interval(since)
            if not span:
                raise refusal(400, "invalid", "_since takes an instant; write + as %2B in a URL")
            where += " AND substr(updated, 1, 23) >= ?"
            arguments.append(span[0][:23])
        ((total,),) = self.store.select(f"SELECT count(*) FROM versions v WHERE {where}", arguments)
        if id_ and not total and not since:
            raise refusal(404, "not-found", f"no {type_} has this id")
        if after := _cursor(query, 1):
            where += f" AND n < {int(after[0]):d}"
        count = max(1, _count(query))
        sql = f"SELECT {VERSION}, n FROM versions v WHERE {where} ORDER BY n DESC LIMIT {count + 1:d}"
        rows = self.store.select(sql, arguments)
        path = "/".join([*named.values(), "_history"])
        kept = [(name, value) for name, value in query if name != "_cursor"]
        links = [self._link("self", path, kept)]
        if len(rows) > count:
            rows.pop()
            links.append(self._link("next", path, [*kept, ("_cursor", _opaque([rows[-1][6]]))]))
        return Response(200, _bundle("history", total, links, [self._version(Stored(*row[:6])) for row in rows]))

    def _asked(self, type_: str, query: Pairs) -> _Asked:
        """Read a search; what is not known joins the unsupported parameters."""
        table = self.table[type_]
        filters = [(name, value) for name, value in query if name not in _RESULT | _FORMAT]
        asked = _Asked(criteria(type_, filters, table, self.base), [], [], [])
        for name, value in query:
            if name not in _RESULT or not value:
                continue
            if name == "_sort":
                keys = [sort_key(text, table) for text in value.split(",")]
                is_known = None not in keys
                asked.keys.extend(key for key in keys if key and is_known)
            elif name == "_include":
                source, _, rest = value.partition(":")
                parameter, *target = rest.split(":")
                known = self.table.get(source, {}).get(parameter)
                if is_known := known is not None and known.type == "reference":
                    asked.included.append([source, parameter, *target])
            else:
                is_known = name != "_summary" or value in {"count", "false"}
            if is_known:
                asked.result.append((name, value))
            else:
                asked.found.unsupported.append(name)
        return asked

    def _rows(self, asked: _Asked, limit: int) -> list[Any]:
        """Rows of version, place in the order and sort keys, beyond the cursor."""
        names = [f"k{i}" for i in range(len(asked.keys))]
        columns = "".join(f", {key.sql} AS {name}" for key, name in zip(asked.keys, names, strict=True))
        arguments: list[Any] = [*(key.parameter for key in asked.keys), *asked.found.arguments]
        sql = f"SELECT * FROM (SELECT {VERSION}, c.seq{columns} {asked.where})"
        down = [key.descends for key in asked.keys]
        if after := _cursor(asked.result, len(names) + 1):
            sql += f" WHERE {_beyond([*names, 'seq'], [*down, False])}"
            arguments += [value for i in range(len(after)) for value in after[: i + 1]]
        order = [f"{name} DESC" if descends else name for name, descends in zip(names, down, strict=True)]
        return self.store.select(f"{sql} ORDER BY {', '.join([*order, 'seq'])} LIMIT {limit:d}", arguments)

    def _include(self, page: Mapping[int, Stored], included: list[list[str]]) -> Iterator[Stored]:
        """What the resources of a page refer to, each once."""
        seen = {(stored.type, stored.id) for stored in page.values()}
        marks = ", ".join("?" * len(page))
        for type_, parameter, *target in included:
            from_page = f"search INDEXED BY search_of WHERE seq IN ({marks}) AND type = ? AND parameter = ?"
            sql = f"SELECT DISTINCT system, value FROM {from_page}"
            for to, id_ in self.store.select(sql, [*page, type_, parameter]):
                if (to, id_) in seen or (target and to not in target):
                    continue
                seen.add((to, id_))
                stored = self.store.read(to, id_)
                if stored and stored.body:
                    yield stored

    def _entry(self, stored: Stored, mode: str) -> Resource:
        url = f"{self.base}/{stored.type}/{stored.id}"
        return {"fullUrl": url, "resource": stored.json, "search": {"mode": mode}}

    def _version(self, stored: Stored) -> Resource:
        path = f"{stored.type}/{stored.id}"
        status = "204" if stored.body is None else "201" if stored.version == 1 else "200"
        return {
            "fullUrl": f"{self.base}/{path}",
            **({"resource": stored.json} if stored.body else {}),
            "request": {"method": stored.method, "url": stored.type if stored.method == "POST" else path},
            "response": {"status": status, "etag": stored.etag, "lastModified": stored.updated},
        }

    def _link(self, relation: str, path: str, query: Pairs) -> dict[str, str]:
        return {"relation": relation, "url": f"{self.base}/{path}" + (f"?{urlencode(query)}" if query else "")}


def _bundle(type_: str, total: int, links: list[dict[str, str]], entries: list[Resource]) -> Resource:
    bundle = {"resourceType": "Bundle", "type": type_, "total": total, "link": links, "entry": entries}
    return {name: value for name, value in bundle.items() if value != []}


def _unsupported(name: str) -> Issue:
    return Issue("not-supported", f"the search parameter {name} is not supported here and was not applied")


def _count(query: Pairs) -> int:
    text = next((value for name, value in reversed(query) if name == "_count"), str(COUNT))
    if not (text.isascii() and text.isdigit()):
        raise refusal(400, "invalid", "_count takes a whole number")
    return min(int(text[:9]), MOST)


def _opaque(key: list[Any]) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def _cursor(query: Pairs, length: int) -> list[Any]:
    """The last row of the page before: its sort keys and its place in the order; nothing on a first page."""
    text = dict(query).get("_cursor")
    if text is None:
        return []
    try:
        *keys, place = json.loads(urlsafe_b64decode(text.encode()))
    except (ValueError, TypeError):
        keys, place = [], None
    if len(keys) + 1 != length or not isinstance(place, int) or not all(isinstance(key, str) for key in keys):
        raise refusal(400, "invalid", "_cursor is not from a next link of this search")
    return [*keys, place]


def _beyond(columns: list[str], down: list[bool]) -> str:
    """SQL for rows after a row in the order of these columns."""
    clauses = []
    for i, column in enumerate(columns):
        same = "".join(f"{earlier} = ? AND " for earlier in columns[:i])
        clauses.append(f"({same}{column} {'<' if down[i] else '>'} ?)")
    return " OR ".join(clauses)
