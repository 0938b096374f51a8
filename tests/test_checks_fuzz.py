"""Whatever JSON comes, with profiles: `check` answers, repeats nothing of it, and takes no more steps than there is to look at."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from checking.guided import guided, having, observation, others, race
from checking.spots import is_type, spots
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.checks.profiles.library import defined
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

PROFILES = chosen(["us-core@6.1.0", "us-core@8.0.0"])
SOURCES = guided("8.0.0")
CANARY = "qzxcanary"

texts = st.text(max_size=8).map(lambda text: text + CANARY) | st.sampled_from([
    f"\ud800{CANARY}", f"\x00{CANARY}", f"\u202e{CANARY}", f"{CANARY}\uffff", f"#{CANARY}", f"urn:{CANARY}", f"Patient/{CANARY}",
])  # fmt: skip
names = st.sampled_from([
    "resourceType", "id", "meta", "profile", "extension", "url", "system", "code", "coding", "value", "contained", "category",
    "identifier", "name", "item", "answer", "reference", "_value", "entry", "resource", "valueString", "_extension",
])  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(names | texts.map(lambda text: f"{text} "), inner, max_size=5)
    ),
    max_leaves=20,
)
sound = st.sampled_from(SOURCES)


def quiet(resource: Any) -> None:
    """Nothing of a resource is in what is found, and nothing is raised."""
    for one in check(resource, R4, PROFILES):
        assert CANARY not in f"{one.rule} {one.element} {one.message} {one.hint} {one.place}"


@given(anything)
def test_any_json_is_answered(value: Any) -> None:
    quiet(value)


@given(sound, st.data(), anything)
def test_a_resource_with_anything_in_it_is_answered(source: Json, data: st.DataObject, value: Any) -> None:
    resource = copied(source)
    spot = data.draw(st.sampled_from([one for one in spots(resource, "") if not is_type(one)]))
    spot.put(value)
    quiet(resource)
    if isinstance(spot.holder, dict):
        spot.holder[f"{CANARY} "] = spot.holder.pop(spot.key)  # what is no name of FHIR's is a value
        quiet(resource)


@pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
@given(data=st.data(), value=anything)
def test_a_known_extension_with_anything_in_it_is_answered(version: Version, data: st.DataObject, value: Any) -> None:
    urls = sorted(url for library in defined(version) for url in library.own.profiles)
    extension: Json = {"url": data.draw(st.sampled_from(urls))}
    extension |= data.draw(
        st.dictionaries(st.sampled_from(["valueCode", "valueReference", "extension", "valueCodeableConcept"]), anything)
    )
    parts = data.draw(st.lists(st.sampled_from(["type", "target", "code", "period", "status"]), max_size=3))
    extension |= {"extension": [{"url": part, "valueCodeableConcept": value} for part in parts]} if parts else {}
    goal = {
        "resourceType": "Goal",
        "extension": [extension, value],
        "modifierExtension": [extension],
        "contained": [value],
    }
    for one in check(goal, version):
        assert CANARY not in f"{one.rule} {one.element} {one.message} {one.hint}"


@pytest.mark.parametrize("number", range(len(others())))
def test_no_finding_repeats_a_value(number: int) -> None:
    resource = others()[number]
    for spot in list(spots(resource, "")):
        if isinstance(spot.value, str) and not is_type(spot) and "profile" not in spot.path:
            spot.put(f"{spot.value}{CANARY}")
    assert check(resource, R4, PROFILES)
    quiet(resource)


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(its) for key, its in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def nested(depth: int, inner: Json, wrap: Callable[[Json], Json]) -> Json:
    for _ in range(depth):
        inner = wrap(inner)
    return inner


EXTENSION = {"url": "urn:a", "valueString": "a"}
DEEP: dict[str, Json] = {
    "extensions": {"resourceType": "Patient", "extension": [nested(5000, EXTENSION, lambda one: {"url": "urn:a", "extension": [one]})]},
    "races": {"resourceType": "Patient", "extension": [nested(5000, race(), lambda one: {**race(), "extension": [one]})]},
    "items": {**others()[-1], "item": [nested(5000, {"linkId": "1"}, lambda one: {"linkId": "1", "item": [one]})]},
    "answers": {
        **others()[-1],
        "item": [nested(3000, {"linkId": "1"}, lambda one: {"linkId": "1", "answer": [{"valueString": "a", "item": [one]}]})],
    },
    "contained": nested(3000, {"resourceType": "Patient"}, lambda one: {"resourceType": "Patient", "contained": [one]}),
    "bundles": nested(3000, {"resourceType": "Patient"}, lambda one: {"resourceType": "Bundle", "entry": [{"resource": one}]}),
    "lists": {"resourceType": "Patient", "name": nested(5000, {}, lambda one: {"name": [[[one]]]})},
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_answered(name: str) -> None:
    assert check(DEEP[name], R4, PROFILES)


def patient(**more: Any) -> Json:
    return having({**others()[0], **more}, "us-core-patient")


def pressure(count: int) -> Json:
    source = next(one for one in others() if "component" in one)
    return {**source, "component": source["component"] * count}


def contained(count: int) -> Json:
    held = [{"resourceType": "Organization", "id": f"o{number}", "name": "Synthetic"} for number in range(count)]
    links = [{"reference": f"#o{number}"} for number in range(count)]
    return patient(contained=held, generalPractitioner=links)


def chained(count: int) -> Json:
    """Contained resources, each of which refers to the next one."""
    held = [
        {
            "resourceType": "Location",
            "id": f"l{number}",
            "name": "Synthetic",
            "partOf": {"reference": f"#l{(number + 1) % count}"},
        }
        for number in range(count)
    ]
    return patient(contained=held, generalPractitioner=[{"reference": "#l0"}])


def bundle(count: int) -> Json:
    entries = [{"fullUrl": f"urn:uuid:{number}", "resource": patient(id=str(number))} for number in range(count)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


WIDE: dict[str, Callable[[int], Json]] = {
    "races": lambda count: patient(extension=[race("2106-3")] * count),
    "codes of a race": lambda count: patient(extension=[race(*["2106-3"] * count)]),
    "names": lambda count: patient(name=[{"family": "Synthetic"}, {"text": "Synthetic"}] * count),
    "identifiers": lambda count: patient(identifier=[{"system": "urn:a", "value": str(number)} for number in range(count)]),
    "components": pressure,
    "categories": lambda count: {**others()[4], "category": others()[4]["category"] * count},
    "codings": lambda count: {**others()[4], "code": {"coding": others()[4]["code"]["coding"] * count}},
    "claims": lambda count: having(others()[0], *["us-core-patient", "us-core-goal", "nothing"] * count),
    "contained": contained,
    "contained, one after another": chained,
    "items": lambda count: {**others()[-1], "item": [{"linkId": str(number), "answer": [{"valueString": "a"}]} for number in range(count)]},
    "bundle": bundle,
    "a long text": lambda count: patient(birthDate="1" * count, name=[{"family": "a" * count}]),
    "unknown elements": lambda count: patient(**{f"colour{number}": "red" for number in range(count)}),
    "observations": lambda count: {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": observation("us-core-heart-rate", "vital-signs", "http://loinc.org", "8867-4")}] * count,
    },
}  # fmt: skip


def steps(resource: Json) -> int:
    """How many calls a check makes: as good as time, and the same on every machine."""
    count = 0

    def counted(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        check(resource, R4, PROFILES)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", WIDE)
def test_twice_as_much_takes_twice_the_steps(name: str) -> None:
    made = WIDE[name]
    check(made(10), R4, PROFILES)  # what is compiled once is compiled now
    once, twice = steps(made(300)), steps(made(600))
    assert twice < once * 2.3
