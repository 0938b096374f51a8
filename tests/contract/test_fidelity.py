"""What was sent comes back: digits, words, elements that the server does not know."""

from decimal import Decimal
from typing import Any

import pytest

from contract.probe import Probe, entry, outcome_of
from contract.resources import goal, patient
from fhir_coaching.versions import Json

WORDS = {
    "right-to-left": "هدف: المشي كل يوم \N{RIGHT-TO-LEFT MARK}",
    "emoji": "🏃🏽‍♀️ 👨‍👩‍👧 🇨🇭",
    "combining": "e\u0301 a\u0308\u0323 \u1e9b\u0323",
    "scripts": "目標 лекція מטרה เดิน αβγ",
    "astral": "𝒜𝓭𝓪 𠮷",
    "quotes": "\"quoted\" \\ back 'single' <b>&amp; </script> %00 ${x}",
    "lines": "first\nsecond\r\n\tthird",
    "blank": "  kept  ",
}

EXTENSION = {"url": "https://contract.example/StructureDefinition/note", "valueString": "kept"}


def steps(digits: str) -> list[Json]:
    return [{"measure": {"text": "Steps"}, "detailQuantity": {"value": Decimal(digits), "unit": "steps"}}]


@pytest.mark.parametrize("digits", ["8000.10", "1.50", "0.010", "-0.5", "123456789.125"])
def test_decimals_keep_their_value(probe: Probe, somebody: str, digits: str) -> None:
    """Up to 15 digits, which every server must keep."""
    kept = probe.stored(goal(probe, somebody, target=steps(digits)))
    assert Decimal(kept["target"][0]["detailQuantity"]["value"]) == Decimal(digits)


@pytest.mark.parametrize(
    "digits", ["8000.10", "1.50", "0.010", "12345678901234567.890", "1234567890.1234567890", "100000000000000000000.5"]
)
def test_decimals_keep_their_digits(probe: Probe, somebody: str, digits: str) -> None:
    """https://hl7.org/fhir/R4/datatypes.html#decimal: the precision has significance."""
    value = probe.stored(goal(probe, somebody, target=steps(digits)))["target"][0]["detailQuantity"]["value"]
    assert str(value) == digits, f"sent {digits}, got {value}"


def test_decimals_in_a_transaction(probe: Probe, somebody: str) -> None:
    probe.bundle("transaction", [entry("POST", "Goal", goal(probe, somebody, target=steps("8000.10")))])
    (kept,) = probe.find("Goal", {"identifier": probe.token("g")})
    value = kept["target"][0]["detailQuantity"]["value"]
    assert str(value) == "8000.10", f"sent 8000.10, got {value}"


@pytest.mark.parametrize("words", WORDS)
def test_words(probe: Probe, somebody: str, words: str) -> None:
    text = WORDS[words]
    kind, key = probe.create(goal(probe, somebody, description={"text": text})).target
    assert probe.read(kind, key)["description"]["text"] == text
    (found,) = probe.find("Goal", {"identifier": probe.token("g")})
    assert found["description"]["text"] == text


def test_unknown_element(probe: Probe) -> None:
    """Refused, or kept; not dropped in silence."""
    answer = probe.create(patient(probe, shoeSize=44), expect=(201, 400, 422))
    if answer.status == 201:
        assert probe.read(*answer.target).get("shoeSize") == 44, "the unknown element was dropped"
    else:
        outcome_of(answer)


def kept_of(probe: Probe, sent: Json, *elements: str) -> tuple[Json, Json]:
    """The named elements as sent, and as they came back."""
    got = probe.stored(sent)
    return {each: sent[each] for each in elements}, {each: got.get(each) for each in elements}


def test_element_ids(probe: Probe, somebody: str) -> None:
    sent = goal(probe, somebody, target=[{"id": "t1", "measure": {"text": "Steps"}, "dueDate": "2026-06-30"}])
    before, after = kept_of(probe, sent, "target")
    assert after == before


def test_extensions(probe: Probe, somebody: str) -> None:
    more: dict[str, Any] = {"extension": [EXTENSION, {**EXTENSION, "valueString": "twice"}]}
    before, after = kept_of(probe, goal(probe, somebody, **more), "extension")
    assert after == before


def test_extensions_on_primitives(probe: Probe, somebody: str) -> None:
    more: dict[str, Any] = {"startDate": "2026-03", "_startDate": {"id": "d1", "extension": [EXTENSION]}}
    before, after = kept_of(probe, goal(probe, somebody, **more), "startDate", "_startDate")
    assert after == before


def test_extensions_without_value(probe: Probe) -> None:
    more: dict[str, Any] = {"_birthDate": {"extension": [EXTENSION]}}
    before, after = kept_of(probe, patient(probe, **more), "_birthDate")
    assert after == before


def test_extensions_in_lists(probe: Probe) -> None:
    name = {
        "family": "Muster",
        "given": ["Ada", None, "C."],
        "_given": [None, {"extension": [EXTENSION]}, {"id": "g3"}],
    }
    before, after = kept_of(probe, patient(probe, name=[name]), "name")
    assert after == before


def test_reference_with_identifier(probe: Probe, somebody: str) -> None:
    subject = {"reference": somebody, "identifier": probe.identifier("somebody"), "display": "Somebody"}
    before, after = kept_of(probe, goal(probe, somebody, subject=subject), "subject")
    assert after == before


def test_logical_reference(probe: Probe, somebody: str) -> None:
    element = "expressedBy" if probe.fhir == "r4" else "source"
    sent = goal(probe, somebody) | {element: {"type": "Practitioner", "identifier": probe.identifier("coach")}}
    before, after = kept_of(probe, sent, element)
    assert after == before


def test_contained(probe: Probe, somebody: str) -> None:
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
        },
        "code": {"text": "Low activity"},
        "subject": {"reference": somebody},
    }
    sent = goal(probe, somebody, contained=[condition], addresses=[{"reference": "#c1"}])
    before, after = kept_of(probe, sent, "contained", "addresses")
    assert after == before


def test_narrative(probe: Probe) -> None:
    text = {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Walk &amp; talk</p></div>'}
    before, after = kept_of(probe, patient(probe, text=text), "text")
    assert after == before


def test_order_of_lists(probe: Probe) -> None:
    names = [{"family": f"F{n}", "given": ["B.", "A."]} for n in (3, 1, 2)]
    before, after = kept_of(probe, patient(probe, name=names), "name")
    assert after == before


@pytest.mark.parametrize(
    "written", ["2026-03-04T09:00:00Z", "2026-03-04T09:00:00-05:00", "2026-03-04T09:00:00.120+05:45"]
)
def test_instants(probe: Probe, somebody: str, written: str) -> None:
    """The offset is a fact of its own: the wall clock that the session was held by."""
    kept = probe.stored(goal(probe, somebody, note=[{"time": written, "text": "Agreed."}]))
    assert kept["note"][0]["time"] == written


def test_tags(probe: Probe) -> None:
    meta = {
        "tag": [{"system": probe.system, "code": "t"}],
        "security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}],
    }
    kept = probe.stored(patient(probe, meta=meta))["meta"]
    assert kept["tag"] == meta["tag"]
    assert kept["security"] == meta["security"]


def test_tags_are_removed(probe: Probe) -> None:
    key = probe.create(patient(probe, meta={"tag": [{"system": probe.system, "code": "t"}]})).target[1]
    probe.update(patient(probe, id=key, gender="other"))
    assert not probe.read("Patient", key)["meta"].get("tag"), "the tag is still there"
