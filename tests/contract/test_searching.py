"""Search: tokens, references, dates, results in parts."""

import pytest

from contract.probe import Probe, entries, link
from contract.resources import goal, patient


def ids(resources: list[dict[str, str]]) -> set[str]:
    return {each["id"] for each in resources}


def test_identifier(probe: Probe) -> None:
    key, other = (probe.create(patient(probe, value)).target[1] for value in ("one", "two"))
    assert ids(probe.find("Patient", {"identifier": probe.token("one")})) == {key}
    assert ids(probe.find("Patient", {"identifier": probe.token("one") + "," + probe.token("two")})) == {key, other}
    assert ids(probe.find("Patient", {"identifier": probe.token("three")})) == set()


def test_identifier_of_any_system(probe: Probe) -> None:
    value = probe.system.rpartition("/")[2]
    key = probe.create(patient(probe, value)).target[1]
    assert ids(probe.find("Patient", {"identifier": value})) == {key}


def test_identifier_without_system(probe: Probe) -> None:
    """`|value` means: has no system."""
    value = probe.system.rpartition("/")[2]
    probe.create(patient(probe, value))
    key = probe.create(patient(probe, identifier=[{"value": value}])).target[1]
    assert ids(probe.find("Patient", {"identifier": f"|{value}"})) == {key}


def test_identifier_system_only(probe: Probe) -> None:
    keys = {probe.create(patient(probe, value)).target[1] for value in ("one", "two")}
    assert ids(probe.find("Patient", {"identifier": f"{probe.system}|"})) == keys


def test_identifier_case(probe: Probe) -> None:
    probe.create(patient(probe, "MRN-1"))
    assert len(probe.find("Patient", {"identifier": probe.token("MRN-1")})) == 1
    assert ids(probe.find("Patient", {"identifier": probe.token("MRN")})) == set()


@pytest.mark.parametrize(
    ("value", "escaped"),
    [("a,b", r"a\,b"), ("a|b", r"a\|b"), ("a$b", r"a\$b"), ("a b", "a b"), ("a+b&c=d", "a+b&c=d"), ("é%/#", "é%/#")],
    ids=["comma", "bar", "dollar", "space", "url", "percent"],
)
def test_identifier_escaped(probe: Probe, value: str, escaped: str) -> None:
    """The value's own separators are escaped with a backslash (https://hl7.org/fhir/R4/search.html#escaping)."""
    key = probe.create(patient(probe, value)).target[1]
    assert ids(probe.find("Patient", {"identifier": f"{probe.system}|{escaped}"})) == {key}


def test_by_patient(probe: Probe, somebody: str) -> None:
    other = "/".join(probe.create(patient(probe, "other")).target)
    key = probe.create(goal(probe, somebody)).target[1]
    probe.create(goal(probe, other))
    for value in (somebody, somebody.removeprefix("Patient/")):
        assert ids(probe.find("Goal", {"patient": value})) == {key}, value
    assert ids(probe.find("Goal", {"subject": somebody})) == {key}


def test_by_status(probe: Probe, somebody: str) -> None:
    key = probe.create(goal(probe, somebody)).target[1]
    probe.create(goal(probe, somebody, lifecycleStatus="completed"))
    assert ids(probe.find("Goal", {"patient": somebody, "lifecycle-status": "active"})) == {key}
    assert len(probe.find("Goal", {"patient": somebody, "lifecycle-status": "active,completed"})) == 2


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-03-01", {"first"}),
        ("eq2026-03-01", {"first"}),
        ("2026-03", {"first", "last"}),
        ("ge2026-03-31", {"last", "april"}),
        ("gt2026-03-31", {"april"}),
        ("le2026-03-01", {"first"}),
        ("lt2026-03-31", {"first"}),
        ("ne2026-03-31", {"first", "april"}),
        (["ge2026-03-01", "lt2026-04-01"], {"first", "last"}),
    ],
)
def test_date(probe: Probe, somebody: str, value: str | list[str], found: set[str]) -> None:
    for name, day in {"first": "2026-03-01", "last": "2026-03-31", "april": "2026-04-15"}.items():
        probe.create(goal(probe, somebody, name, startDate=day))
    hits = probe.find("Goal", {"patient": somebody, "start-date": value})
    assert {each["identifier"][0]["value"] for each in hits} == found


def test_date_of_a_period(probe: Probe, somebody: str) -> None:
    """A period is found where it overlaps, and across offsets of the clock."""
    period = {"start": "2026-03-04T23:30:00-05:00", "end": "2026-03-05T00:30:00-05:00"}
    body = {"resourceType": "Encounter", "identifier": [probe.identifier("e")], "subject": {"reference": somebody}}
    virtual = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
    if probe.fhir == "r5":
        body |= {"status": "completed", "class": [{"coding": [virtual]}], "actualPeriod": period}
    else:
        body |= {"status": "finished", "class": virtual, "period": period}
    probe.create(body)
    for value in ("ge2026-03-05T04:00:00Z", "le2026-03-05T05:00:00Z"):
        assert len(probe.find("Encounter", {"patient": somebody, "date": value})) == 1, value
    for value in ("gt2026-03-06T05:30:00Z", "lt2026-03-05T04:30:00Z"):
        assert probe.find("Encounter", {"patient": somebody, "date": value}) == [], value


def test_last_updated(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    instant = probe.read("Patient", key)["meta"]["lastUpdated"]
    asked = {"identifier": probe.token("p")}
    assert len(probe.find("Patient", {**asked, "_lastUpdated": f"ge{instant}"})) == 1
    assert len(probe.find("Patient", {**asked, "_lastUpdated": f"le{instant}"})) == 1
    assert probe.find("Patient", {**asked, "_lastUpdated": f"lt{instant}"}) == []
    assert probe.find("Patient", {**asked, "_lastUpdated": f"gt{instant}"}) == []


def test_id_list(probe: Probe) -> None:
    keys = [probe.create(patient(probe, value)).target[1] for value in ("one", "two", "three")]
    assert ids(probe.find("Patient", {"_id": ",".join([*keys[:2], "none"])})) == set(keys[:2])


def test_two_parameters_both_hold(probe: Probe) -> None:
    keys = [probe.create(patient(probe, value)).target[1] for value in ("one", "two")]
    assert probe.find("Patient", {"_id": keys[0], "identifier": probe.token("two")}) == []


def test_paging(probe: Probe, somebody: str) -> None:
    keys = [probe.create(goal(probe, somebody, f"g{n}")).target[1] for n in range(7)]
    pages = probe.pages("Goal", {"patient": somebody, "_count": 3})
    seen = [each["resource"]["id"] for page in pages for each in entries(page)]
    assert sorted(seen) == sorted(keys)
    assert [len(entries(page)) for page in pages] == [3, 3, 1]
    assert all(link(page, "self") for page in pages)


def test_paging_while_rows_are_added(probe: Probe, somebody: str) -> None:
    keys = [probe.create(goal(probe, somebody, f"g{n}")).target[1] for n in range(5)]
    page = probe.get("Goal", {"patient": somebody, "_count": 2}).body
    seen = [each["resource"]["id"] for each in entries(page)]
    while after := link(page, "next"):
        if len(seen) < 6:
            probe.create(goal(probe, somebody, f"late{len(seen)}"))
        page = probe.get(after).body
        seen += [each["resource"]["id"] for each in entries(page)]
    assert len(seen) == len(set(seen)), "a row came twice"
    assert set(keys) <= set(seen), "a row was left out"


def test_paging_while_rows_are_removed(probe: Probe, somebody: str) -> None:
    keys = [probe.create(goal(probe, somebody, f"g{n}")).target[1] for n in range(6)]
    page = probe.get("Goal", {"patient": somebody, "_count": 2}).body
    seen = [each["resource"]["id"] for each in entries(page)]
    gone = seen[0]
    probe.send("DELETE", f"Goal/{gone}", expect=(200, 204))
    while after := link(page, "next"):
        page = probe.get(after).body
        seen += [each["resource"]["id"] for each in entries(page)]
    assert sorted(seen) == sorted(keys), "a row was left out or came twice"


def test_sort(probe: Probe, somebody: str) -> None:
    for day in ("2026-03-02", "2026-03-01", "2026-03-03"):
        probe.create(goal(probe, somebody, startDate=day))
    for order, days in {"start-date": ["1", "2", "3"], "-start-date": ["3", "2", "1"]}.items():
        found = probe.find("Goal", {"patient": somebody, "_sort": order, "_count": 2})
        assert [each["startDate"][-1] for each in found] == days


def test_sort_by_change(probe: Probe, somebody: str) -> None:
    keys = [probe.create(goal(probe, somebody, f"g{n}")).target[1] for n in range(3)]
    probe.update(goal(probe, somebody, "g0", id=keys[0], lifecycleStatus="completed"))
    found = probe.find("Goal", {"patient": somebody, "_sort": "-_lastUpdated"})
    assert ids(found) == set(keys)
    changed = [each["meta"]["lastUpdated"] for each in found]
    assert changed == sorted(changed, reverse=True)


def test_summary_count(probe: Probe, somebody: str) -> None:
    for n in range(3):
        probe.create(goal(probe, somebody, f"g{n}"))
    bundle = probe.get("Goal", {"patient": somebody, "_summary": "count"}).body
    assert bundle["total"] == 3
    assert not entries(bundle)


def test_include(probe: Probe, somebody: str) -> None:
    key = probe.create(goal(probe, somebody)).target[1]
    bundle = probe.get("Goal", {"identifier": probe.token("g"), "_include": "Goal:patient"}).body
    assert [(each["search"]["mode"], each["resource"]["id"]) for each in entries(bundle)] == [
        ("match", key),
        ("include", somebody.removeprefix("Patient/")),
    ]


def test_full_urls(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    bundle = probe.get("Patient", {"identifier": probe.token("p")}).body
    assert bundle["type"] == "searchset"
    assert [each["fullUrl"] for each in entries(bundle)] == [f"{probe.url}/Patient/{key}"]


def test_post_search(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    form = {"Content-Type": "application/x-www-form-urlencoded", "Cache-Control": "no-cache"}
    body = f"identifier={probe.system}%7Cp&_count=5".encode()
    bundle = probe.send("POST", "Patient/_search", body, headers=form, expect=200).body
    assert [each["resource"]["id"] for each in entries(bundle)] == [key]


def test_unknown_parameter_strict(probe: Probe) -> None:
    probe.get("Goal", {"shoe-size": "44"}, headers={"Prefer": "handling=strict"}, expect=400)


def test_unknown_parameter_lenient(probe: Probe) -> None:
    """Ignored, and the self link says so by leaving it out."""
    key = probe.create(patient(probe)).target[1]
    asked = {"identifier": probe.token("p"), "shoe-size": "44"}
    bundle = probe.get("Patient", asked, headers={"Prefer": "handling=lenient"}).body
    found = [each["resource"]["id"] for each in entries(bundle) if each["search"]["mode"] == "match"]
    assert found == [key]
    assert "shoe-size" not in (link(bundle, "self") or "")
