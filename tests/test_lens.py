"""What the kernel refuses: in a table, in a resource."""

from typing import Any

import pytest
from things import ITEM, JOB, KIND, LENS, I, Item, Json, T, Thing, made, thing

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.codecs import STRING, choice
from fhir_coaching.lens import R4, R5, Kind, NoNames, Part, Row, Slice, Table, also, row
from fhir_coaching.mappings import KINDS

MODIFIER = "says something that may reverse the meaning, and that we do not know"


def faults(parts: Json) -> list[str]:
    with pytest.raises(MappingError) as raised:
        LENS.get(parts)
    return [str(fault) for fault in raised.value.faults]


# What construction refuses


def table(*rows: Row, slices: Any = None, part: bool = False) -> Table[Item]:
    return Table(Item, "X", rows, slices or {}, part=part)


def test_a_field_without_a_row() -> None:
    with pytest.raises(TypeError, match="no row, or no field, for text"):
        table(row(I.key, "id", STRING))


def test_a_row_without_a_field() -> None:
    with pytest.raises(AttributeError, match="no field 'txet'"):
        _ = getattr(I, "txet")  # noqa: B009 - a checker sees it otherwise
    with pytest.raises(TypeError, match="no row, or no field, for txet"):
        table(*ITEM.rows, Row("txet", "x", STRING))


def test_two_homes() -> None:
    with pytest.raises(TypeError, match="two rows read key"):
        table(*ITEM.rows, row(I.key, "other", STRING))
    with pytest.raises(TypeError, match="two rows read name"):
        Kind(Thing, **KIND.parts, third=Part(Table(Thing, "Y", (row(T.name, "n", STRING),), part=True), when=bool))


@pytest.mark.parametrize(
    ("one", "other"),
    [("x", "x"), ("x", "x.y"), ("a.{x,y}", "a.y"), ("x[x]", "xString"), ("a:b.x", "a:b.x")],
)
def test_two_rows_own_one_element(one: str, other: str) -> None:
    texts = choice(String=(str, STRING))
    rows = [row(I.key, one, texts if one.endswith("[x]") else STRING), row(I.text, other, STRING)]
    with pytest.raises(TypeError, match="two rows own"):
        table(*rows, slices={"a:b": Slice({"k": 1})})


def test_a_slice_that_is_not_declared() -> None:
    with pytest.raises(KeyError):
        table(row(I.key, "id", STRING), row(I.text, "extension:text.valueString", STRING))


def test_a_kind_has_one_anchor() -> None:
    with pytest.raises(ValueError, match="unpack"):
        Kind(Thing, a=Part(JOB), b=Part(JOB))


def test_the_ledger() -> None:
    found = {field: (fate.value, why) for field, fate, why in KIND.ledger()}
    assert found.keys() == Thing.model_fields.keys()
    assert found["sent"] == ("one_way", "it is only shown")
    assert found["kept"] == ("local", "ours")
    assert found["name"] == ("exact", "")


# What get refuses


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Other"}, ["Thing.resourceType: expected Thing"]),
        ({}, ["Thing: the resource that the others hang on is not there"]),
        ({"name": "x"}, ["Thing.resourceType: expected Thing"]),
        ({"resourceType": "Thing", "intent": "order"}, ["Thing.intent: expected plan"]),
        (
            {"resourceType": "Thing", "modifierExtension": [{"url": "urn:not"}]},
            [f"Thing.modifierExtension: {MODIFIER}"],
        ),
        (
            {"resourceType": "Thing", "implicitRules": "urn:rules"},
            [f"Thing.implicitRules: {MODIFIER}"],
        ),
        (
            {"resourceType": "Thing", "contact": [{"system": "phone", "value": "1", "modifierExtension": []}]},
            [f"Thing.contact.modifierExtension -> phone: {MODIFIER}"],
        ),
        (
            {"resourceType": "Thing", "contact": [{"system": "phone"}, {"system": "phone"}]},
            ["Thing.contact -> phone: 2 elements where one is expected"],
        ),
        ({"resourceType": "Thing", "contact": {"system": "phone"}}, ["Thing.contact -> phone: expected a list"]),
        ({"resourceType": "Thing", "a": "text"}, ["Thing.a -> note: expected an object"]),
        ({"resourceType": "Thing", "name": 7}, ["Thing.name -> name: expected a text"]),
        (
            {"resourceType": "Thing", "item": [{"id": "1"}, {"id": 2, "text": []}]},
            [
                "Thing.item[1].id -> items[1].key: expected a text",
                "Thing.item[1].text -> items[1].text: expected a text",
            ],
        ),
        ({"resourceType": "Thing", "tag": "x"}, ["Thing.tag -> tags: expected a list"]),
        (
            {"resourceType": "Thing", "valueBoolean": True, "valueInteger": 1},
            ["Thing.value -> number: expected one type of value, not several"],
        ),
    ],
)
def test_refused_with_both_places(resource: Json, expected: list[str]) -> None:
    found = faults({"thing": {**resource, "identifier": [{"system": "urn:own", "value": "t-1"}]} if resource else {}})
    assert found == expected


def test_everything_wrong_at_once() -> None:
    found = faults(
        {"thing": {"resourceType": "Thing", "name": 1, "step": [2]}, "job": {"resourceType": "Job", "title": 3}}
    )
    assert [fault.split(" -> ")[0] for fault in found] == ["Thing.name", "Thing.step[0]", "Job.title"]


def test_siblings_are_named_by_their_own_place() -> None:
    session = {"resourceType": "Encounter", "status": "unheard-of", "subjectStatus": []}
    booking = {"resourceType": "Appointment", "status": "pending", "end": 1}
    with pytest.raises(MappingError) as raised:
        KINDS["session"].lens(R5, NoNames()).get({"session": session, "appointment": booking}, id="s")
    assert {fault.element for fault in raised.value.faults} == {
        "Encounter.status",
        "Encounter.subject",
        "Appointment.status",
    }


def test_an_identity_of_another_record() -> None:
    base = made(name="x")
    with pytest.raises(MappingError, match="another record's"):
        LENS.put(Thing(id="t-2", name="y"), {"thing": base}, thing(name="x").model_copy(update={"id": "t-1"}))


def test_a_copy_that_disagrees() -> None:
    rows = (row(I.key, "id", STRING), row(I.text, "text", STRING), also(I.text, "div", STRING))
    lens = Kind(Item, item=Part(Table(Item, "X", rows))).lens(R4, NoNames())
    both = {"item": {"text": "a", "div": "a"}}
    assert lens.put(Item(text="a")) == both
    assert lens.get(both) == Item(text="a")
    assert lens.get({"item": {"text": "a"}}) == Item(text="a")
    with pytest.raises(MappingError, match="differs from what another element says"):
        lens.get({"item": {"text": "a", "div": "b"}})
    assert lens.put(Item(text="c"), both, Item(text="a")) == {"item": {"text": "c", "div": "c"}}


def test_a_version_that_says_it_elsewhere() -> None:
    both = Table(Item, "X", (row(I.key, {R4: "four", R5: "five"}, STRING), row(I.text, "text", STRING)))
    assert both.lens(R4, NoNames()).encode(Item(key="k")) == {"four": "k"}
    assert both.lens(R5, NoNames()).encode(Item(key="k")) == {"five": "k"}
