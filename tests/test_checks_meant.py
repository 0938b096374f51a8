"""What was probably meant: by a code, a name, an address. Only what is known is proposed, and nothing where it is a guess."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks import check
from fhir_coaching.checks.meant import meant
from fhir_coaching.lens import R4

KNOWN = frozenset(
    {"active", "in-progress", "high-priority", "medium-priority", "RN", "MR", "H", "HH", "nursing", "achieved"}
)


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("Active", "active"), ("IN_PROGRESS", "in-progress"), ("inprogress", "in-progress"), ("high", "high-priority"),
        ("achived", "achieved"), ("MRN", ""), ("HIGH", "high-priority"), ("nutrition", ""), ("h", "H"), ("", ""), ("x" * 5000, ""),
    ],
)  # fmt: skip
def test_the_word_that_was_meant(word: str, one: str) -> None:
    assert meant(word, KNOWN) == one


@given(st.text(max_size=30), st.frozensets(st.text(max_size=10), max_size=8))
def test_only_what_is_known_is_proposed(word: str, known: frozenset[str]) -> None:
    assert meant(word, known) in known | {""}


@pytest.mark.parametrize(
    ("resource", "hint"),
    [
        ({"resourceType": "patient"}, "perhaps Patient"),
        ({"resourceType": "Patients"}, "perhaps Patient"),
        ({"resourceType": "x y"}, ""),
        ({"resourceType": 1}, ""),
        ({"resourceType": "Patient", "birth_date": "2026"}, "perhaps birthDate"),
        ({"resourceType": "Patient", "birth-date": "2026"}, "perhaps birthDate"),
        ({"resourceType": "Patient", "§": "2026"}, ""),
        (
            {"resourceType": "Patient", "identifier": [{"system": "2.16.840.1.113883.4.6"}]},
            "write urn:oid: before an OID",
        ),
        ({"resourceType": "Patient", "identifier": [{"system": "ehr.example"}]}, "write the whole address, https://…"),
    ],
)
def test_a_name_that_was_meant(resource: Any, hint: str) -> None:
    (first, *_) = check(resource, R4)
    assert first.hint == hint
