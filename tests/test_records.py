"""The value types, the refusals, spelling and the schemas."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import RECORD, dates, instants

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.coaching import Goal, Session
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.schema import schemas
from fhir_coaching.records.spelling import NotARecord, read_record, references, spell_record
from fhir_coaching.records.values import Code, Concept, Quantity, Record, canonical, replaced

GOAL: dict[str, Any] = {"id": "g-1", "patient": "p-1", "statement": "Walk", "state": "active"}
SESSION: dict[str, Any] = {"id": "s-1", "patient": "p-1", "status": "finished"}


def goal(**fields: object) -> Goal:
    record = read_record("goal", GOAL | fields)
    assert isinstance(record, Goal)
    return record


def problems(kind: str, **fields: object) -> list[tuple[str, str]]:
    with pytest.raises(NotARecord) as caught:
        read_record(kind, {"goal": GOAL, "session": SESSION}.get(kind, {"id": "x"}) | fields)
    return caught.value.problems


@pytest.mark.parametrize("text", ["2026", "2026-02", "2024-02-29", "0001-01-01", "9999-12-31"])
def test_a_date_stays_as_it_was_written(text: str) -> None:
    assert goal(start=text).start == PartialDate(text)
    assert spell_record(goal(start=text))["start"].text == text


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30",
        "2025-02-29",
        "2026-13",
        "26",
        "2026-1-1",
        "20260101",
        "2026-01-01T00:00:00Z",
        "",
        "０１２３",
        "0000",
    ],
)
def test_a_date_that_does_not_exist_is_refused(text: str) -> None:
    assert problems("goal", start=text) == [("start", "expected a date that exists: YYYY, YYYY-MM or YYYY-MM-DD")]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00-05:00", datetime(2026, 3, 1, 15, tzinfo=UTC)),
        ("2026-03-01T10:00:00.5Z", datetime(2026, 3, 1, 10, microsecond=500_000, tzinfo=UTC)),
        ("2026-03-01T10:00:00.123456789+14:00", datetime(2026, 2, 28, 20, microsecond=123_456, tzinfo=UTC)),
        ("2026-06-30T23:59:60Z", datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_stays_as_it_was_written(text: str, moment: datetime) -> None:
    assert Instant(text).text == text
    assert Instant(text).moment == moment


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-01", "2026-03-01T10:00:00", "2026-03-01T10:00Z", "2026-02-30T10:00:00Z", "2026-03-01T24:00:00Z"),
        *("2026-03-01T10:00:00+15:00", "2026-03-01 10:00:00Z", "2026-03-01T10:00:00.Z", "2026-03-01T10:00:00z"),
    ],
)
def test_a_time_without_offset_or_of_no_day_is_refused(text: str) -> None:
    path, said = problems("session", contact={"intervals": [{"start": text}]})[0]
    assert (path, said[:42]) == ("contact.intervals[0].start", "expected a date and time with seconds and ")


@given(dates, instants)
def test_dates_and_instants_are_equal_to_the_letter(date: PartialDate, instant: Instant) -> None:
    assert PartialDate(date.text) == date
    assert Instant(instant.text) == instant
    assert date != instant
    assert hash(Instant(instant.text)) == hash(instant)


@pytest.mark.parametrize("text", ["8000.10", "1234567890123456789012", "0.00", "-0.0", "1E+2", "7", "1e-7"])
def test_a_number_keeps_its_digits(text: str) -> None:
    record = goal(targets=[{"measure": {"text": "steps"}, "detail": {"value": loads(text)}}])
    spelt = dumps(spell_record(record))
    detail = record.targets[0].detail
    assert isinstance(detail, Quantity)
    assert detail.value.as_tuple() == Decimal(text).as_tuple()
    assert dumps(spell_record(read_record("goal", loads(spelt)))) == spelt


@pytest.mark.parametrize("value", ["7", True, None, [], Decimal("NaN"), Decimal("Infinity"), 1.5])
def test_what_is_no_exact_number_is_refused(value: object) -> None:
    assert problems("goal", targets=[{"detail": {"value": value}}])[0][0] == "targets[0].detail.value"


def test_a_detail_is_of_the_type_that_it_was_written_in() -> None:
    codings = [{"system": "http://snomed.info/sct", "code": "1"}]
    given_: list[tuple[object, str]] = [
        (True, "bool"),
        (1, "int"),
        ("1", "str"),
        ({"value": 1}, "Quantity"),
        ({"low": {"value": 1}}, "Range"),
    ]
    given_ += [({"codings": codings}, "Concept"), ({"numerator": {"value": 1}, "denominator": {"value": 2}}, "Ratio")]
    for value, kind in given_:
        [target] = goal(targets=[{"detail": value}]).targets
        assert type(target.detail).__name__ == kind


def test_a_set_has_one_order_and_no_doubles() -> None:
    one, two = Code(system="urn:a", code="1"), Code(system="urn:b", code="0")
    assert goal(codes=[two, one, two]) == goal(codes=[one, two])
    assert goal(focus=["sleep_recharge", "nutrition", "sleep_recharge"]) == goal(focus=["nutrition", "sleep_recharge"])
    assert goal(targets=[{"key": "b", "due": "2026"}, {"key": "a", "due": "2026"}]).targets[0].key == "b"  # no set


@given(st.lists(st.builds(Concept, text=st.sampled_from("abc"))).map(tuple))
def test_the_order_of_a_set_depends_on_its_items_only(items: tuple[Concept, ...]) -> None:
    assert canonical(tuple(reversed(items))) == canonical(items)
    assert canonical(canonical(items)) == canonical(items)
    assert set(canonical(items)) == set(items)


def test_intervals_stand_in_the_order_of_time() -> None:
    late, early = (
        {"start": "2026-03-01T10:00:00-05:00"},
        {"start": "2026-03-01T14:00:00Z", "end": "2026-03-01T14:30:00Z"},
    )
    record = read_record("session", SESSION | {"contact": {"intervals": [late, early]}})
    assert isinstance(record, Session)
    assert record.contact is not None
    assert record.contact.intervals[0].end is not None


@pytest.mark.parametrize(
    ("kind", "fields", "path", "said"),
    [
        ("goal", {"statment": "x"}, "statment", "unknown field; did you mean `statement`?"),
        ("goal", {"targets": [{"mesure": {"text": "x"}, "due": "2026"}]}, "targets[0].mesure", "did you mean `measure`?"),
        ("goal", {"zzz": 1}, "zzz", "unknown field; known: id, identifiers"),
        ("goal", {"state": "done"}, "state", "unknown value; known: proposed, planned, accepted, active"),
        ("goal", {"statement": " \n"}, "statement", "not blank"),
        ("goal", {"statement": "a\x00b"}, "statement", "no control characters"),
        ("goal", {"statement": 7}, "statement", "expected a text"),
        ("goal", {"id": "g 1"}, "id", "expected an id: 1 to 64 of A-Z a-z 0-9 . _ -"),
        ("goal", {"id": "x" * 65}, "id", "expected an id"),
        ("goal", {"ongoing": "yes"}, "ongoing", "expected true or false"),
        ("goal", {"targets": {}}, "targets", "expected a list"),
        ("goal", {"targets": [{}]}, "targets[0]", "expected a measure, a detail or a due date"),
        ("goal", {"targets": [{"due": {"value": 1, "unit": "weeks"}}]}, "targets[0].due.unit", "s, min, h, d, wk, mo, a"),
        ("goal", {"achievement": {}}, "achievement", "expected codings or a text"),
        ("goal", {"gas_scale": [{"level": 3, "text": "x"}]}, "gas_scale[0].level", "2"),
        ("session", {"minutes": {"min": 9, "max": 8}}, "minutes", "expected min to be at most max"),
        ("session", {"contact": {"intervals": []}}, "contact.intervals", "at least 1"),
        ("session", {"number": 1.0}, "number", "expected a whole number"),
        ("practitioner", {"npi": "123"}, "npi", "expected 10 digits"),
        ("patient", {"names": [{"use": "usual"}]}, "names[0]", "expected a family name, a given name or a text"),
        ("patient", {"deceased": "yesterday"}, "deceased", "expected a date that exists"),
    ],
)  # fmt: skip
def test_a_refusal_says_where_and_what_was_expected(kind: str, fields: dict[str, Any], path: str, said: str) -> None:
    found = problems(kind, **fields)
    assert [one for one, _ in found] == [path]
    assert said in found[0][1]


def test_every_problem_is_reported_at_once_and_none_says_a_value() -> None:
    canary = "Zebra-Quartz-7731"
    found = problems(
        "goal", patient=f"{canary} ", state=canary, start=canary, focus=[canary], ongoing=canary, parent=[canary]
    )
    assert sorted(path for path, _ in found) == ["focus[0]", "ongoing", "parent", "patient", "start", "state"]
    assert canary not in str(found)


def test_a_record_asks_for_little_and_spells_only_what_it_says() -> None:
    payer, of_patient = {"kind": "organization", "id": "o-1"}, {"id": "x", "patient": "p-1"}
    least = {
        "goal": GOAL,
        "session": SESSION,
        "coverage": {**of_patient, "payer": payer},
        "claim": {**of_patient, "use": "claim", "created": "2026-03-02", "coverage": "v-1", "provider": payer},
        "action_step": {**of_patient, "state": "active"},
        **{kind: {**of_patient, "status": "active"} for kind in ("engagement", "referral")},
        **dict.fromkeys(("related_person", "condition"), of_patient),
    }
    for kind in RECORDS:
        fields = least.get(kind, {"id": "x"})
        assert loads(dumps(spell_record(read_record(kind, fields)))) == fields


@pytest.mark.parametrize("kind", RECORDS)
@given(st.data())
def test_spelling_and_reading_lose_nothing(kind: str, data: st.DataObject) -> None:
    record = data.draw(RECORD[kind])
    spelt = dumps(spell_record(record))
    again = read_record(kind, loads(spelt))
    assert again == record
    assert kind_of(again) == kind
    assert dumps(spell_record(again)) == spelt  # numbers, too, to the digit


@given(st.sampled_from(sorted(RECORD)).flatmap(RECORD.__getitem__))
def test_replacing_checks_again(record: Record) -> None:
    assert replaced(record) == record
    assert replaced(record, id="other").id == "other"
    with pytest.raises(ValueError, match="id"):
        replaced(record, id="not an id")


def test_references_know_the_kinds_that_they_point_to() -> None:
    assert references(Session)["goals"] == ("goal",)
    assert references(Session)["place"] == ("place",)
    assert references(Goal) == {"patient": ("patient",), "parent": ("goal",), "addresses": ("condition",)}


def test_a_schema_tells_a_record_from_a_withdrawal() -> None:
    assert list(schemas()) == list(RECORDS)
    for kind, schema in schemas().items():
        record, withdrawal = schema["oneOf"]
        assert record["properties"]["kind"]["const"] == kind
        assert withdrawal["properties"]["deleted"] == {"const": True}
        assert set(RECORDS[kind].model_fields) < set(record["properties"])
        assert record["additionalProperties"] is withdrawal["additionalProperties"] is False
        assert schema["description"] == RECORDS[kind].__doc__
        text = json.dumps(schema)
        for name in schema["$defs"]:
            assert f'"#/$defs/{name}"' in text
