"""What put writes and what it leaves alone, beyond the laws."""

from decimal import Decimal
from typing import Any

import pytest
from things import LENS, Item, Json, Thing, made, thing

from fhir_coaching.lens import R4, NoNames
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.coaching import Goal, GoalState, Target
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.values import Concept, GoalId, PatientId, replaced


def edited(base: Json, was: Thing, becomes: Thing) -> Json:
    """The anchor after an edit; the other part is not looked for."""
    return LENS.put(becomes, {"thing": base}, was)["thing"]


# What put writes


def test_constants_and_templates_are_in_what_is_new() -> None:
    assert made(phone="1", note="n") == {
        "resourceType": "Thing",
        "intent": "plan",
        "identifier": [{"system": "urn:own", "value": "t-1"}],
        "contact": [{"system": "phone", "rank": 1, "value": "1"}],
        "a": {"b": {"note": "n"}},
    }


def test_a_constant_is_never_written_into_what_is_there() -> None:
    base = made(name="x")
    del base["intent"]
    assert "intent" not in edited(base, thing(name="x"), thing(name="y"))


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        (True, 1, {"valueInteger": 1}),
        (1, True, {"valueBoolean": True}),
        (Decimal("8000.10"), Decimal("8000.1"), {"valueDecimal": Decimal("8000.1")}),
        (Decimal("1E+2"), Decimal(100), {"valueDecimal": Decimal(100)}),
        (Decimal("0.0"), Decimal("-0.0"), {"valueDecimal": Decimal("-0.0")}),
    ],
)
def test_equal_is_equal_to_the_digit_and_the_type(was: Any, becomes: Any, says: Json) -> None:
    base = made()
    base |= made(number=was)
    out = edited(base, thing().model_copy(update={"number": was}), thing().model_copy(update={"number": becomes}))
    assert repr({key: value for key, value in out.items() if key.startswith("value")}) == repr(says)


def test_a_changed_value_drops_what_was_said_about_the_old_one() -> None:
    base = {**made(name="x", number=1), "_name": {"extension": [{"url": "urn:t"}]}, "_valueInteger": {"id": "i"}}
    assert edited(base, thing(name="x", number=1), thing(name="x", number=1)) is base
    out = edited(base, thing(name="x", number=1), thing(name="y", number=1))
    assert ("_name" in out, "_valueInteger" in out) == (False, True)
    out = edited(base, thing(name="x", number=1), thing(name="x", number=True))
    assert ("_name" in out, "_valueInteger" in out, out["valueBoolean"]) == (True, False, True)
    out = edited(base, thing(name="x", number=1), thing(number=1))
    assert ("name" in out, "_name" in out) == (False, False)


def test_clearing_removes_the_parents_that_it_leaves_empty() -> None:
    full, nothing = thing(phone="1", note="n"), thing()
    assert not {"contact", "a"} & edited(made(phone="1", note="n"), full, nothing).keys()
    base = {**made(phone="1"), "a": {"b": {"note": "n"}, "theirs": 1}}
    base["contact"][0] |= {"id": "c1"}
    base["contact"].append({"system": "email", "value": "x"})
    out = edited(base, full, nothing)
    assert out["a"] == {"theirs": 1}
    assert out["contact"] == [{"system": "email", "value": "x"}]


def test_a_slice_with_content_of_others_stays() -> None:
    base = made(phone="1")
    base["contact"][0]["extension"] = [{"url": "urn:theirs"}]
    out = edited(base, thing(phone="1"), thing())
    assert out["contact"] == [{"system": "phone", "rank": 1, "extension": [{"url": "urn:theirs"}]}]


def test_the_order_of_elements_is_kept() -> None:
    base = dict(reversed(made(name="x", note="n", steps=("a",)).items()))
    out = edited(base, thing(name="x", note="n", steps=("a",)), thing(name="y", note="n", steps=("a", "b")))
    assert list(out) == list(base)


def test_a_set_keeps_the_servers_order() -> None:
    base = {**made(), "tag": ["c", "a", "b"]}
    out = edited(base, thing(tags=("a", "b", "c")), thing(tags=("a", "c", "d")))
    assert out["tag"] == ["c", "a", "d"]


def test_an_ordered_list_has_the_records_order() -> None:
    base = {**made(), "step": ["c", "a", "b"]}
    out = edited(base, thing(steps=("c", "a", "b")), thing(steps=("b", "new", "c")))
    assert out["step"] == ["b", "new", "c"]


def test_list_elements_are_found_by_meaning_then_by_key() -> None:
    theirs = {"extension": [{"url": "urn:theirs"}]}
    base = {
        **made(),
        "item": [{"id": "1", "text": "one", **theirs}, {"text": "two", **theirs}, {"id": "3", "text": "x"}],
    }
    was = thing(items=(Item(key="1", text="one"), Item(text="two"), Item(key="3", text="x")))
    out = edited(base, was, thing(items=(Item(text="two"), Item(key="1", text="uno"), Item(key="4", text="x"))))
    assert out["item"] == [
        {"text": "two", **theirs},
        {"id": "1", "text": "uno", **theirs},
        {"id": "4", "text": "x"},
    ]


def test_what_is_said_about_primitives_of_a_list_moves_with_them() -> None:
    base = {**made(), "step": ["a", "b"], "_step": [None, {"id": "about b"}]}
    out = edited(base, thing(steps=("a", "b")), thing(steps=("b", "c")))
    assert (out["step"], out["_step"]) == (["b", "c"], [{"id": "about b"}, None])
    out = edited(base, thing(steps=("a", "b")), thing(steps=("a", "c")))
    assert (out["step"], "_step" in out) == (["a", "c"], False)


def test_the_base_is_not_changed() -> None:
    base = made(name="x", items=(Item(key="1", text="one"),))
    before = repr(base)
    edited(base, thing(name="x", items=(Item(key="1", text="one"),)), thing(items=(Item(key="1", text="uno"),)))
    assert repr(base) == before


# Fields that do not come back


def test_what_does_not_travel_comes_from_our_own_record() -> None:
    ours = thing(name="old", sent="s", kept="k")
    assert LENS.get({"thing": made(name="new")}, ours) == thing(name="new", sent="s", kept="k")
    assert LENS.get({"thing": made(name="new")}) == thing(name="new")


def test_a_one_way_field_is_written_when_it_changed_since_it_was_sent() -> None:
    base = made(sent="s")
    assert edited(base, thing(sent="s"), thing(sent="s")) is base
    assert edited(base, thing(sent="s"), thing(sent="t"))["sent"] == "t"
    assert "sent" not in edited(base, thing(sent="s"), thing())
    hospitals = {**base, "sent": "theirs"}
    assert edited(hospitals, thing(sent="s"), thing(sent="s", name="x"))["sent"] == "theirs"


def test_an_edit_of_a_local_field_writes_nothing() -> None:
    base = made(name="x")
    assert edited(base, thing(name="x"), thing(name="x", kept="k")) == base


def test_content_of_others_stays_in_an_element_that_changes() -> None:
    lens = KINDS["goal"].lens(R4, NoNames())
    goal = Goal(
        id=GoalId("g"),
        patient=PatientId("p"),
        statement="walk",
        state=GoalState.ACTIVE,
        targets=(Target(measure=Concept(text="steps"), due=PartialDate("2026-06")),),
    )
    base = lens.put(goal)
    theirs = {"extension": [{"url": "urn:vendor", "valueString": "x"}], "modified": [1]}
    base["goal"]["target"][0] |= {**theirs, "_dueDate": {"id": "about the old date"}}
    later = replaced(goal, targets=(Target(measure=Concept(text="steps"), due=PartialDate("2026-07-01")),))
    assert lens.put(later, base, goal)["goal"]["target"] == [
        {"measure": {"text": "steps"}, **theirs, "dueDate": "2026-07-01"}
    ]
