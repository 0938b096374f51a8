"""FHIR of others that is broken in any way: records and findings, never a crash; and what is read comes back as it was."""

from collections import Counter
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from commandline import BASE
from foreign import MIXED, R5, SERVER, Json
from foreign_bundles import TRANSACTION
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.errors import Fault, MappingError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.names import PracticeNames, adopted_id_of
from fhir_coaching.lens import Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.reading import Foreign, from_fhir
from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record

INPUTS = {
    "r4": [Entry(f"r:{n}", resource=one) for n, one in enumerate(MIXED)],
    "r5": [Entry(f"r:{n}", resource=one) for n, one in enumerate(R5.values())],
    "r4-bundle": [
        Entry(f"b:{n}", resource=e["resource"], full_url=e["fullUrl"]) for n, e in enumerate(TRANSACTION["entry"])
    ],
}
JUNK: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        10**20,
        Decimal("1.50"),
        "",
        " ",
        "x",
        "2026-13-77",
        "urn:uuid:x",
        "Patient/pat-7",
        "#x",
    ),
    *(
        [],
        {},
        [None],
        [[]],
        ["x"],
        [{}],
        {"x": 1},
        {"reference": 5},
        {"identifier": []},
        {"coding": {}},
        {"extension": ["x"]},
    ),
)
URLS = ("", "urn:uuid:1", f"{SERVER}/Patient/pat-7", f"{SERVER}/Goal/other", "https://other.example/Goal/goal-1", "x y")


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every element with what holds it."""
    pairs = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [place for key, child in pairs for place in ((node, key), *places(child))]


def mutate(draw: st.DrawFn, resource: Json) -> None:
    """Drop an element, or give it another value or type, or let it be there twice."""
    holder, key = draw(st.sampled_from(places(resource)))
    match draw(st.sampled_from(("drop", "junk", "twice", "list"))):
        case "drop":
            del holder[key]
        case "junk":
            holder[key] = deepcopy(draw(st.sampled_from(JUNK)))
        case "twice" if isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        case "twice" | "list":
            holder[key] = [holder[key], deepcopy(holder[key])]


@st.composite
def broken(draw: st.DrawFn, name: str) -> list[Entry]:
    entries = [Entry(one.place, resource=deepcopy(one.resource), full_url=one.full_url) for one in INPUTS[name]]
    for _ in range(draw(st.integers(1, 6))):
        number = draw(st.integers(0, len(entries) - 1))
        one = entries[number]
        match draw(st.integers(0, 9)):
            case 0:
                entries[number] = Entry(one.place, resource=one.resource, full_url=draw(st.sampled_from(URLS)))
            case 1:
                entries.append(deepcopy(one))
            case 2:
                entries.append(entries.pop(number))
            case _ if one.resource:
                mutate(draw, one.resource)
    return entries


@pytest.mark.parametrize("name", INPUTS)
@given(data=st.data())
def test_whatever_comes_gives_records_and_findings(name: str, data: st.DataObject) -> None:
    entries = data.draw(broken(name))
    before = [dumps(one.resource) for one in entries]
    using, foreign = Exchange(KINDS, Version[name[:2].upper()], PracticeNames(BASE)), Foreign()
    found = [record for _, record in from_fhir(using, entries, foreign=foreign)]
    assert len(found) == foreign.adopted
    assert len({(kind_of(record), record.id) for record in found}) == len(found)
    assert [dumps(one.resource) for one in entries] == before
    assert all(fault.place and fault.message for fault in foreign.faults)
    come_back(using, entries, found)


def come_back(using: Exchange, entries: list[Entry], found: list[Record]) -> None:
    """What became a record comes back byte for byte."""
    ids = [adopted_id_of(one.resource or {}, one.full_url) for one in entries]
    times = Counter(ids)
    resources = {id_: one.resource or {} for id_, one in zip(ids, entries, strict=True) if times[id_] == 1}
    for record in found:
        if record.id in resources:
            kind, resource = kind_of(record), resources[record.id]
            parts = using.full(kind, {using.kinds[kind].anchor: resource})
            assert [dumps(one) for one in using.lenses[kind].put(record, parts).values()] == [dumps(resource)]


@given(data=st.data())
def test_who_asks_for_no_findings_gets_them_as_faults(data: st.DataObject) -> None:
    entries, foreign = data.draw(broken("r4")), Foreign()
    list(from_fhir(Exchange(KINDS, Version.R4, PracticeNames(BASE)), entries, foreign=foreign))
    assert faults_without(entries) == foreign.faults


def faults_without(entries: list[Entry]) -> list[Fault]:
    """What is raised where nobody takes the findings."""
    try:
        list(from_fhir(Exchange(KINDS, Version.R4, PracticeNames(BASE)), entries))
    except MappingError as error:
        return list(error.faults)
    return []
