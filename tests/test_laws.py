"""The five laws, over every kind and version, with the content of others mixed in."""

from decimal import Decimal
from typing import Any

import pytest
from goldens import full
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from salt import BASE, salted
from strategies import RECORD

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.literals import literal
from fhir_coaching.lens import R4, R5, KindLens, Names
from fhir_coaching.lens.binding import BoundRow
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.values import Who, WhoKind

Json = dict[str, Any]
Parts = dict[str, Json | None]


class Practice(Names):
    """Addresses of tests/salt.py: `Goal/goal--17` is goal 17."""

    def system(self, kind: str) -> str:
        """Under BASE."""
        return f"{BASE}/{kind}"

    def local(self, kind: str, reference: str) -> str | None:
        """What stands behind the two dashes."""
        type_, _, address = literal(reference).partition("/")
        named, dashes, found = address.partition("--")
        return found if dashes and named == kind and type_ else None

    def miss(self, reference: str) -> None:
        """Nothing is to come."""


LENSES: dict[str, KindLens[Any]] = {
    f"{name}-{version.name.lower()}": kind.lens(version, Practice())
    for name, kind in KINDS.items()
    for version in (R4, R5)
}
every = pytest.mark.parametrize("which", LENSES)


def equal(a: object, b: object) -> bool:
    """Not the kernel's own equality: repr tells 1 from True and 8000.1 from 8000.10."""
    return repr(a) == repr(b)


@st.composite
def record_of(draw: st.DrawFn, which: str) -> Any:
    """A record that a practice may have; one id, so that two draws are two versions of one record."""
    kind = which.rsplit("-", 1)[0]
    record: Any = draw(RECORD[kind])
    update: Json = {"id": "r-1"}
    if kind == "session":  # the primary performer is another field
        update["others"] = tuple(o for o in record.others if o.who.kind.value in {"practitioner", "related_person"})
    if kind == "goal":
        who = record.expressed_by
        update["expressed_by"] = None if who is None or who.kind.value == "organization" else who
    if kind == "condition":
        update["asserted_by"] = record.asserted_by and one_of(
            record.asserted_by, "patient", "practitioner", "related_person"
        )
    if kind == "coverage":
        update["payer"] = one_of(record.payer, "organization", "patient", "related_person")
        update["subscriber"] = record.subscriber and one_of(record.subscriber, "patient", "related_person")
    if kind == "claim":
        update["provider"] = one_of(record.provider, "organization", "practitioner")
        update["purpose"] = record.purpose if KINDS[kind].travels(record) else None
    return type(record)(**{**dict(record), **update})


def one_of(who: Who, *kinds: str) -> Who:
    """Somebody whom a field may name."""
    return who if who.kind.value in kinds else Who(kind=WhoKind(kinds[0]), id=who.id)


@st.composite
def on_server(draw: st.DrawFn, which: str) -> Parts:
    """Some version of the record as a server holds it, perhaps with a history: parts that came and went."""
    lens = LENSES[which]
    made = lens.put(draw(record_of(which)))
    there = full(lens, {name: draw(salted(resource)) for name, resource in made.items()})
    return full(lens, lens.put(draw(record_of(which)), there)) if draw(st.integers(0, 3)) == 0 else there


@every
@given(data=st.data())
def test_put_get(which: str, data: st.DataObject) -> None:
    lens, a = LENSES[which], data.draw(record_of(which))
    assert equal(lens.get(full(lens, lens.put(a)), a), a)
    base = data.draw(on_server(which))
    before = repr(base)
    out = full(lens, lens.put(a, base))
    assert repr(base) == before
    assert equal(lens.get(out, a), a)
    assert equal(full(lens, lens.put(a, out, a)), out)


@every
@given(data=st.data())
def test_the_smallest_edits_arrive(which: str, data: st.DataObject) -> None:
    """8000.10 for 8000.1, 1 for true: what Python takes for equal is an edit all the same."""
    lens, a = LENSES[which], data.draw(record_of(which))
    near = respelt(a)
    out = full(lens, lens.put(near, full(lens, lens.put(a)), a))
    assert equal(lens.get(out, near), near)


def respelt(value: Any) -> Any:
    """The same value to Python, another one to a reader."""
    if isinstance(value, BaseModel):
        return type(value)(**{name: respelt(one) for name, one in value})
    if isinstance(value, tuple):
        return tuple(respelt(one) for one in value)
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return Decimal(f"{value}.0")
    return value


@every
@given(data=st.data())
def test_get_put(which: str, data: st.DataObject) -> None:
    lens, base = LENSES[which], data.draw(on_server(which))
    assert equal(full(lens, lens.put(lens.get(base, id="r-1"), base)), base)


@every
@given(data=st.data())
def test_foreign(which: str, data: st.DataObject) -> None:
    lens, a, base = LENSES[which], data.draw(record_of(which)), data.draw(on_server(which))
    out = lens.put(a, base)
    for name, resource in out.items():
        before = base[name]
        if before is not None:
            rows = lens.lenses[name].rows
            assert equal(sorted_keys(rest(rows, unmarked(resource))), sorted_keys(rest(rows, unmarked(before))))


STATE_OF_A_PART = {
    "PractitionerRole": "active",
    **dict.fromkeys(("Appointment", "EpisodeOfCare", "CareTeam", "DocumentReference", "Procedure"), "status"),
}


def unmarked(resource: Json) -> Json:
    """Less the mark of a withdrawn part, and less the state that goes with it."""
    tags = [tag for tag in resource.get("meta", {}).get("tag", []) if tag["code"] != "withdrawn"]
    state = STATE_OF_A_PART.get(resource["resourceType"], "")
    kept = {key: value for key, value in resource.items() if key not in {state, "_" + state}}
    return {**kept, "meta": {**resource.get("meta", {}), "tag": tags}}


@every
@given(data=st.data())
def test_minimal(which: str, data: st.DataObject) -> None:
    """Take the first item out of every list: what is left was all there before, to the byte. Nothing empty stays behind."""
    lens, base = LENSES[which], data.draw(on_server(which))
    b = lens.get(base, id="r-1")
    lists = [name for name, value in b if isinstance(value, tuple) and len(value) > 1]
    a = type(b)(**{**dict(b), **{name: getattr(b, name)[1:] for name in lists}})
    out = lens.put(a, base)
    assert not list(empties(out))
    for name, resource in out.items():
        derived = {
            row.at.partition(".")[0].partition(":")[0] for row in lens.lenses[name].rows if row.kind == "derived"
        }
        pool = set(elements(base[name], derived))
        assert [element for element in elements(resource, derived) if element not in pool] == []
    cleared = type(b)(**{name: value for name, value in b if type(b).model_fields[name].is_required()})
    assert not list(empties(lens.put(cleared, base)))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("coding", "system", "code", "value", "url", "extension", "start", "reference", "identifier", "x")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@every
@given(data=st.data())
def test_total(which: str, data: st.DataObject) -> None:
    """Any JSON at any place gives a record or a MappingError, nothing else."""
    lens, base = LENSES[which], data.draw(on_server(which))
    name = data.draw(st.sampled_from([name for name, resource in base.items() if resource]))
    broken = data.draw(spoilt(base[name]))
    try:
        got = lens.get({**base, name: broken}, id="r-1")
    except MappingError as error:
        got = error
    assert type(got) is lens.kind.record or (got.faults and all(fault.message for fault in got.faults))


@st.composite
def spoilt(draw: st.DrawFn, node: Any) -> Any:
    """JSON with something else in some place."""
    if isinstance(node, dict) and node and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(node)))
        return {**node, key: draw(spoilt(node[key]))}
    if isinstance(node, list) and node and draw(st.integers(0, 5)):
        index = draw(st.integers(0, len(node) - 1))
        return [*node[:index], draw(spoilt(node[index])), *node[index + 1 :]]
    return draw(JSON)


def empties(node: Any, at: str = "") -> Any:
    """Places of empty lists and objects."""
    if node in ({}, []):
        yield at
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from empties(child, f"{at}.{key}")


def elements(node: Any, skipped: set[str]) -> Any:
    """Every element of every list, as text without its own lists; meta aside, where a withdrawn part is marked."""
    for key, child in node.items() if isinstance(node, dict) else ():
        if key != "meta" and key not in skipped:
            yield from elements(child, set())
    for child in node if isinstance(node, list) else ():
        yield repr(without_lists(child))
        yield from elements(child, set())


def without_lists(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: without_lists(child) for key, child in node.items()}
    return [] if isinstance(node, list) else node


def rest(rows: list[BoundRow], resource: Json) -> Any:
    """What no row owns, found without the kernel's own walk."""
    left = deep(resource)
    for row in rows:
        if row.at:
            strip(left, row.at.split("."), row)
    return swept(left)


def strip(node: Any, path: list[str], row: BoundRow) -> None:
    key, _, name = path[0].partition(":")
    if not isinstance(node, dict):
        return
    if len(path) == 1:
        if name or row.kind == "many":
            node[key] = [e for e in node.get(key, []) if not owned(row, e)]
            node.pop("_" + key, None)
            return
        stem = key.removesuffix("[x]")
        names = (
            key[1:-1].split(",")
            if key[0] == "{"
            else [stem + s for s in row.codec.suffixes]
            if key.endswith("[x]")
            else [key]
        )
        for one in names:
            node.pop(one, None)
            node.pop("_" + one, None)
        return
    child = node.get(key)
    if not name:
        strip(child, path[1:], row)
    elif isinstance(child, list):
        step, slice_ = next((step, step.slice) for step in row.place.steps if step.key == key and step.slice)
        for element in child:
            if step.has(element):
                strip(element, path[1:], row)
        node[key] = [e for e in child if not (step.has(e) or bare_slice(e, slice_.new()))]


def bare_slice(element: Any, template: Json) -> bool:
    return isinstance(element, dict) and equal(
        sorted_keys({k: v for k, v in element.items() if k != "id"}), sorted_keys(template)
    )


def owned(row: BoundRow, element: Any) -> bool:
    """Whether a row reads this element of its list as its own."""
    has = row.place.last.has if row.place.last.slice else (lambda _: True)
    if not has(element):
        return False
    if row.kind != "many":
        return True
    faults: list[Any] = []
    item = row.codec.read(element, faults) if hasattr(row.codec, "read") else row.codec.decode(element)
    return item is not NotImplemented


def deep(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: deep(child) for key, child in node.items()}
    return [deep(child) for child in node] if isinstance(node, list) else node


def swept(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: kept for key, child in node.items() if (kept := swept(child)) not in ({}, [], None)}
    if isinstance(node, list):
        return [kept for child in node if (kept := swept(child)) not in ({}, [], None)]
    return node


def sorted_keys(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: sorted_keys(node[key]) for key in sorted(node)}
    return [sorted_keys(child) for child in node] if isinstance(node, list) else node
