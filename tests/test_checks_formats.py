"""The formats of the primitives, and what is like something fixed."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_coaching.checks import formats
from fhir_coaching.checks.elements import fits, same
from fhir_coaching.checks.formats import LONG, MANY, primitives
from fhir_coaching.lens import R4, R5

TEXTS: dict[str, tuple[list[Any], list[Any]]] = {
    "id": (["a", "A-1.b", "x" * 64], ["", "a b", "a_b", "é", "x" * 65]),
    "string": (["a", " a\n", "שלום", "a\u00a0b", "\u00a0"], ["", " ", "\n\t", "a\u000cb", "\u0001", "a" * (1024 * 1024 + 1)]),
    "markdown": (["# a\n\n* b"], ["", " "]),
    "code": (["a", "a b"], ["", " a", "a ", "a  b", "a\n"]),
    "uri": (["a", "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "urn:oid:2.16.840", "https://a.example/é"],
            ["", "a b", "urn:uuid:53FEFA32-fcbb-4ff8-8a92-55ee120877b7", "urn:uuid:1", "urn:oid:2.01", "urn:oid:9.1"]),
    "url": (["https://a.example"], ["", "https://a.example/ b"]),
    "canonical": (["https://a.example|1", "#a"], ["", "a b", "a", "2026-06-15T10:00:00Z"]),
    "oid": (["urn:oid:1.2.3"], ["1.2.3", "urn:oid:", "urn:oid:3.1", "urn:oid:1.02"]),
    "uuid": (["urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"], ["53fefa32-fcbb-4ff8-8a92-55ee120877b7"]),
    "date": (["2026", "2026-03", "2024-02-29", "0001-01-01"],
             ["", "26", "0000", "2026-13", "2026-00", "2026-02-29", "2026-3-1", "20260301", "2026-W01-1", "2026-03-01T10:00:00Z",
              "2026-03-01 ", "２０２６"]),
    "dateTime": (["2026", "2026-03", "2026-03-01", "2026-03-01T10:00:00Z", "2026-03-01T23:59:60.123456789+14:00",
                  "2026-03-01T10:00:00-05:30"],
                 ["2026-03-01T10:00:00", "2026-03-01T10:00Z", "2026-03-01T24:00:00Z", "2026-02-30T10:00:00Z",
                  "2026-03-01T10:00:00+15:00", "2026-03-01t10:00:00z", "2026-03-01T10:00:00.Z", "2026-03T10:00:00Z"]),
    "instant": (["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.1+01:00"], ["2026", "2026-03-01", "2026-03-01T10:00:00"]),
    "time": (["10:00:00", "23:59:60.5"], ["10:00", "24:00:00", "1:00:00", "10:00:00Z"]),
    "base64Binary": (["TQ==", "TWFu", "TW\nFu"], ["", "T", "TQ=", "TW-u", "=TQ="]),
}  # fmt: skip

OTHERS: dict[str, tuple[list[Any], list[Any]]] = {
    "boolean": ([True, False], [0, 1, "true", None, []]),
    "integer": ([0, -(2**31), 2**31 - 1], [2**31, Decimal("1.0"), 1.0, True, "1"]),
    "unsignedInt": ([0, 2**31 - 1], [-1, True]),
    "positiveInt": ([1], [0, -1, True]),
    "decimal": ([0, -1, Decimal("1.10"), Decimal("1E+400"), 1.5], [True, "1", Decimal("NaN"), float("inf"), None]),
}


@pytest.mark.parametrize("name", [*TEXTS, *OTHERS])
def test_the_format_of_each_primitive(name: str) -> None:
    good, bad = {**TEXTS, **OTHERS}[name]
    test = primitives(R4)[name].test
    assert [value for value in good if not test(value)] == []
    assert [value for value in bad if test(value)] == []


@pytest.mark.parametrize("name", ["code", "uri", "date"])
def test_texts_that_come_again_are_remembered_within_bounds(name: str) -> None:
    test = primitives(R4)[name].test
    texts = [f"2{number:06}-01-01" for number in range(MANY + 100)]
    before = [bool(test(text)) for text in texts]
    assert [bool(test(text)) for text in texts] == before
    remembers: Any = formats._day if name == "date" else test  # noqa: SLF001
    memory = remembers.__self__
    assert len(memory) <= MANY
    assert not test("x " * LONG)
    assert max(map(len, memory)) < LONG


def test_a_whole_number_of_64_bits_is_a_text_and_r5s() -> None:
    test = primitives(R5)["integer64"].test
    assert [bool(test(text)) for text in ("9223372036854775807", "9223372036854775808", "01", "-1", "")] == [
        True, False, False, True, False,
    ]  # fmt: skip
    assert "integer64" not in primitives(R4)


def test_the_digits_of_r5s_decimals_are_counted() -> None:
    test = primitives(R5)["decimal"].test
    good = (0, -1, 10**17, Decimal("1.10"), Decimal("0.12345678901234567"), Decimal("1E+400"), Decimal("-1E-9"), 1.5)
    assert [value for value in good if not test(value)] == []
    assert [
        value for value in (10**18, 10**5000, Decimal("0.123456789012345678"), True, "1", None) if test(value)
    ] == []


def test_what_is_fixed_and_what_is_a_pattern() -> None:
    assert same({"a": [1, "b"]}, {"a": [1, "b"]})
    others: tuple[Any, ...] = (True, 2, "1", [1], {})
    assert not any(same(1, other) for other in others)
    assert fits({"coding": [{"code": "a"}]}, {"coding": [{"code": "b"}, {"code": "a", "system": "c"}], "text": "d"})
    unfit: tuple[Any, ...] = ({}, {"coding": [{"code": "b"}]}, {"coding": "a"}, [])
    assert not any(fits({"coding": [{"code": "a"}]}, other) for other in unfit)
