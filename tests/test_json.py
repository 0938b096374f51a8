"""Wire JSON: every digit there and back; what is not JSON is refused without being quoted."""

from decimal import Decimal

import pytest
from hypothesis import given
from strategies import json_values

from fhir_coaching.fhir.json import DEPTH, NotJson, dumps, loads, too_deep
from fhir_coaching.records.dates import Instant, PartialDate


@pytest.mark.parametrize(
    "digits",
    [
        "8000.10",
        "150.00",
        "0.0",
        "-0.0",
        "1234567890123456789012",
        "-1234567890123456789012",
        "0.1234567890123456789012",
        "3141592.653589793238462",
        "1E+400",
        "1E-400",
        "0E-10",
        "5",
    ],
)
def test_every_digit_there_and_back(digits: str) -> None:
    assert dumps(loads(digits)) == digits.encode()


@pytest.mark.parametrize(("read", "written"), [("1e2", "1E+2"), ("1.50e3", "1.50E+3"), ("-0", "0")])
def test_another_spelling_of_the_same_number(read: str, written: str) -> None:
    assert dumps(loads(read)) == written.encode()


def test_the_types_of_numbers() -> None:
    found = loads("[1, 1.0, 1e0, true, 12345678901234567890123]")
    assert [type(one) for one in found] == [int, Decimal, Decimal, bool, int]


@given(json_values)
def test_what_is_written_is_read(value: object) -> None:
    assert dumps(loads(dumps(value))) == dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        '{"value": NaN}',
        "1e999999999999999999999",
        "01",
        "1.",
        ".5",
        "+1",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} x',
        '"\\ud800"',
        '"tab\tin a text"',
        "",
        " ",
        "canary",
        '{"name": "canary',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        b"\x1f\x8b\x08",
    ],
)
def test_what_is_not_json(text: str | bytes) -> None:
    with pytest.raises(NotJson) as raised:
        loads(text)
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth(opening: str, closing: str) -> None:
    def nested(depth: int) -> str:
        return f"{opening * depth}1{closing * depth}"

    assert loads(nested(DEPTH))
    for depth in (DEPTH + 1, 10_000, 1_000_000):
        with pytest.raises(NotJson, match="nested"):
            loads(nested(depth))


def test_too_deep_counts_lists_and_objects() -> None:
    assert not too_deep({"a": [1, {"b": 2}]}, 3)
    assert too_deep({"a": [1, {"b": 2}]}, 2)
    assert not too_deep("text", 0)


def test_order_and_white_space() -> None:
    assert dumps({"b": 1, "a": [True, None, "é"]}) == '{"b":1,"a":[true,null,"é"]}'.encode()


def test_dates_of_records_spell_themselves() -> None:
    assert dumps([PartialDate("2026-03"), Instant("2026-03-01T10:00:60Z")]) == b'["2026-03","2026-03-01T10:00:60Z"]'


@pytest.mark.parametrize("value", [object(), {1, 2}.__iter__(), 1j])
def test_what_has_no_json_form(value: object) -> None:
    with pytest.raises(TypeError):
        dumps({"a": value})
