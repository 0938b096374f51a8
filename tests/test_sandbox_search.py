"""The sandbox searches as https://hl7.org/fhir/R4/search.html says."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from fhir_coaching.sandbox import Sandbox

STRICT = {"Prefer": "handling=strict"}


def found(sandbox: Sandbox, query: str) -> set[str]:
    """Ids that a search with supported parameters finds, all pages together."""
    return set(in_order(sandbox, query))


def in_order(sandbox: Sandbox, query: str) -> list[str]:
    url, ids, total = f"{sandbox.url}/{query}", [], 0
    while url:
        answer = requests.get(url, headers=STRICT, timeout=60)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        total = bundle["total"]
        ids += [entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert len(ids) == total
    return ids


def goal(id_: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": id_, **elements}


def patient(id_: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id_, **elements}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("identifier=urn:a|1", {"both"}),
        ("identifier=1", {"both", "bare"}),
        ("identifier=|1", {"bare"}),
        ("identifier=urn:b|", {"both"}),
        ("identifier=urn:a|1,urn:a|2", {"both", "two"}),
        ("identifier=urn:a|1&identifier=urn:b|9", {"both"}),
        ("identifier=urn:a|1&identifier=urn:a|2", set()),
        ("identifier=urn:A|1", set()),
        (r"identifier=urn:a|x\,y\|z\\\$", {"odd"}),
        ("identifier:not=urn:a|1", {"two", "bare", "odd", "none"}),
        ("identifier:not=urn:a|1,urn:a|2", {"bare", "odd", "none"}),
        ("identifier:missing=true", {"none"}),
        ("identifier:missing=false", {"both", "two", "bare", "odd"}),
        ("lifecycle-status=active", {"both"}),
        ("lifecycle-status=http://hl7.org/fhir/goal-status|active", {"both"}),
        ("category=urn:c|weight", {"two"}),
        ("category=weight,sleep", {"two"}),
        ("_id=two,none,absent", {"two", "none"}),
        ("_tag=urn:t|blue", {"none"}),
    ],
)
def test_tokens(sandbox: Sandbox, query: str, ids: set[str]) -> None:
    sandbox.load(
        [
            goal(
                "both",
                identifier=[{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "9"}],
                lifecycleStatus="active",
            ),
            goal(
                "two",
                identifier=[{"system": "urn:a", "value": "2"}],
                category=[{"coding": [{"system": "urn:c", "code": "diet"}, {"system": "urn:c", "code": "weight"}]}],
            ),
            goal("bare", identifier=[{"value": "1"}]),
            goal("odd", identifier=[{"system": "urn:a", "value": r"x,y|z\$"}]),
            goal("none", meta={"tag": [{"system": "urn:t", "code": "blue"}]}),
        ]
    )
    assert found(sandbox, f"Goal?{query}") == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("patient=p1", {"relative", "absolute", "versioned"}),
        ("patient=Patient/p1", {"relative", "absolute", "versioned"}),
        ("patient={base}/Patient/p1", {"relative", "absolute", "versioned"}),
        ("patient=Patient/p1,Patient/p2", {"relative", "absolute", "versioned"}),
        ("subject:Patient=p1", {"relative", "absolute", "versioned"}),
        ("subject:Patient=Patient/p1", {"relative", "absolute", "versioned"}),
        ("subject=p1", {"relative", "absolute", "versioned", "group"}),
        ("subject=Group/p1", {"group"}),
        ("patient=Group/p1", set()),
        ("subject=https://elsewhere.example/fhir/Patient/p1", {"foreign"}),
        ("patient:identifier=urn:mrn|7", {"logical"}),
        ("subject:identifier=urn:mrn|7", {"logical", "logical-group"}),
        ("patient:missing=true", {"group", "logical-group"}),
    ],
)
def test_references(sandbox: Sandbox, query: str, ids: set[str]) -> None:
    def about(id_: str, **subject: Any) -> dict[str, Any]:
        return goal(id_, subject=subject)

    number = {"system": "urn:mrn", "value": "7"}
    sandbox.load(
        [
            about("relative", reference="Patient/p1"),
            about("absolute", reference=f"{sandbox.url}/Patient/p1"),
            about("versioned", reference="Patient/p1/_history/3"),
            about("group", reference="Group/p1"),
            about("foreign", reference="https://elsewhere.example/fhir/Patient/p1"),
            about("logical", identifier=number, type="Patient"),
            about("logical-group", identifier=number, type="Group"),
        ]
    )
    assert found(sandbox, f"Goal?{query.format(base=sandbox.url)}") == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("2026-03", {"day", "month"}),
        ("2026-03-05", {"day"}),
        ("2026", {"day", "month", "year"}),
        ("ne2026-03", {"year", "late"}),
        ("gt2026-03-05", {"month", "year", "late"}),
        ("ge2026-03-05", {"day", "month", "year", "late"}),
        ("lt2026-03-05", {"month", "year"}),
        ("le2026-03-05", {"day", "month", "year"}),
        ("sa2026-03-05", {"late"}),
        ("eb2026-03-31", {"day"}),
        ("eb2027", {"day", "month", "year"}),
        ("9999-12-31", {"late"}),
        ("ge2026-03&start-date=lt2026-04", {"day", "month", "year"}),
        ("2026-03-05,9999", {"day", "late"}),
    ],
)
def test_dates_are_ranges(sandbox: Sandbox, query: str, ids: set[str]) -> None:
    dates = {"day": "2026-03-05", "month": "2026-03", "year": "2026", "late": "9999-12-31", "none": "2026-02-30"}
    sandbox.load(goal(id_, startDate=date) for id_, date in dates.items())
    assert found(sandbox, f"Goal?start-date={query}") == ids


def test_times_compare_across_zones(sandbox: Sandbox) -> None:
    period = {"r4": "period", "r5": "actualPeriod"}[sandbox.version]
    times = {
        "berlin": {"start": "2026-03-29T01:30:00+01:00", "end": "2026-03-29T03:30:00+02:00"},  # over the clock change
        "open": {"start": "2026-03-29T12:00:00Z"},
        "precise": {"start": "2026-03-28T10:00:00.250Z", "end": "2026-03-28T10:00:00.750Z"},
    }
    sandbox.load({"resourceType": "Encounter", "id": id_, period: time} for id_, time in times.items())
    assert found(sandbox, "Encounter?date=2026-03-29") == {"berlin"}
    assert found(sandbox, "Encounter?date=ge2026-03-29T00:30:00Z&date=le2026-03-29T01:30:00Z") == {"berlin"}
    assert found(sandbox, "Encounter?date=gt2030") == {"open"}
    assert found(sandbox, "Encounter?date=2026-03-28T10:00:00Z") == {"precise"}
    assert found(sandbox, "Encounter?date=sa2026-03-29T03:30:00%2B02:00") == {"open"}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("family=muller", {"mueller"}),
        ("family=MÜL", {"mueller"}),
        ("family:exact=Müller", {"mueller"}),
        ("family:exact=müller", set()),
        ("family:contains=LLE", {"mueller"}),
        ("name=jose", {"mueller"}),
        ("name=李", {"li"}),
        ("name=李,maria", {"mueller", "li"}),
        ("given=María", {"mueller"}),
        ("name:missing=true", {"nameless"}),
        ("address-city=köln", {"mueller"}),
        ("address=koln", {"mueller"}),
        ("birthdate=1980-02", {"li"}),
        ("gender=female", {"li"}),
        ("active=true", {"li"}),
        ("phone=555-0100", {"li"}),
        ("email=555-0100", set()),
        ("telecom=555-0100", {"li"}),
    ],
)
def test_strings_and_people(sandbox: Sandbox, query: str, ids: set[str]) -> None:
    sandbox.load(
        [
            patient(
                "mueller",
                name=[{"use": "official", "family": "Müller", "given": ["María", "José"]}],
                address=[{"city": "Köln", "_line": [{"extension": []}]}],
            ),
            patient(
                "li",
                name=[{"text": "李 Seung"}],
                birthDate="1980-02-29",
                gender="female",
                active=True,
                telecom=[{"system": "phone", "value": "555-0100"}],
            ),
            patient("nameless"),
        ]
    )
    assert found(sandbox, f"Patient?{query}") == ids


def test_an_encounter_where_the_versions_differ(sandbox: Sandbox) -> None:
    virtual = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "VR"}
    member = {"reference": "Practitioner/c1"}
    encounter: dict[str, Any] = {"resourceType": "Encounter", "id": "e1", "status": "in-progress"}
    if sandbox.version == "r4":
        encounter |= {"class": virtual, "participant": [{"individual": member}]}
        encounter |= {"reasonCode": [{"coding": [{"code": "stress"}]}]}
    else:
        encounter |= {"class": [{"coding": [virtual]}], "participant": [{"actor": member}]}
        encounter |= {"reason": [{"value": [{"concept": {"coding": [{"code": "stress"}]}}]}]}
    sandbox.load([encounter])
    for query in ("class=VR", "practitioner=c1", "participant=Practitioner/c1", "reason-code=stress"):
        assert found(sandbox, f"Encounter?{query}") == {"e1"}
    assert found(sandbox, "Encounter?practitioner=Patient/c1") == set()


def test_appointments_by_actor(sandbox: Sandbox) -> None:
    people = ["Patient/p1", "Practitioner/c1", "Location/l1"]
    participants = [{"actor": {"reference": reference}, "status": "accepted"} for reference in people]
    start = "2026-03-05T09:00:00Z"
    sandbox.load([{"resourceType": "Appointment", "id": "a1", "start": start, "participant": participants}])
    for query in (
        "patient=p1",
        "actor=c1",
        "practitioner=c1",
        "location=l1",
        "date=2026-03-05",
        "part-status=accepted",
    ):
        assert found(sandbox, f"Appointment?{query}") == {"a1"}
    assert found(sandbox, "Appointment?patient=c1") == set()


def test_last_updated(sandbox: Sandbox) -> None:
    sandbox.load([goal("g1")])
    updated = requests.get(f"{sandbox.url}/Goal/g1", timeout=60).json()["meta"]["lastUpdated"]
    assert found(sandbox, f"Goal?_lastUpdated={updated}") == {"g1"}
    assert found(sandbox, f"Goal?_lastUpdated=ge{updated}") == {"g1"}
    assert found(sandbox, f"Goal?_lastUpdated=gt{updated}") == set()


def test_an_update_and_a_deletion_change_what_is_found(sandbox: Sandbox) -> None:
    sandbox.load([goal("g1", lifecycleStatus="active")])
    sandbox.load([goal("g1", lifecycleStatus="completed")])
    assert found(sandbox, "Goal?lifecycle-status=active") == set()
    assert found(sandbox, "Goal?lifecycle-status=completed") == {"g1"}
    requests.delete(f"{sandbox.url}/Goal/g1", timeout=60)
    assert found(sandbox, "Goal?lifecycle-status=completed") == found(sandbox, "Goal") == set()
    assert found(sandbox, "Goal?lifecycle-status:missing=true") == set()


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("start-date", ["b", "a", "c", "d"]),
        ("-start-date", ["c", "a", "b", "d"]),
        ("lifecycle-status,-start-date", ["a", "b", "c", "d"]),
        ("-lifecycle-status,_id", ["d", "c", "a", "b"]),
        ("-_id", ["d", "c", "b", "a"]),
    ],
)
@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_sorted_pages(sandbox: Sandbox, sort: str, ids: list[str], count: int) -> None:
    sandbox.load(
        [
            goal("c", lifecycleStatus="completed", startDate="2026-03-01"),
            goal("a", lifecycleStatus="active", startDate="2026-02-01"),
            goal("d", lifecycleStatus="proposed"),
            goal("b", lifecycleStatus="active", startDate="2026-01-01"),
        ]
    )
    assert in_order(sandbox, f"Goal?_sort={sort}&_count={count}") == ids


def test_pages_hold_while_rows_come_and_go(sandbox: Sandbox) -> None:
    sandbox.load(goal(f"g{n}") for n in range(6))
    first = requests.get(f"{sandbox.url}/Goal?_count=3", timeout=60).json()
    (following,) = [link["url"] for link in first["link"] if link["relation"] == "next"]
    requests.delete(f"{sandbox.url}/Goal/g0", timeout=60)
    sandbox.load([goal("g6"), goal("g1", lifecycleStatus="active")])
    second = requests.get(following, timeout=60).json()
    assert [entry["resource"]["id"] for entry in second["entry"]] == ["g3", "g4", "g5"]
    assert "next" in {link["relation"] for link in second["link"]}


def test_a_cursor_of_another_search_is_refused(sandbox: Sandbox) -> None:
    for cursor in ("nonsense", "WzFd", "e30="):
        answer = requests.get(f"{sandbox.url}/Goal?_sort=_id&_cursor={cursor}", timeout=60)
        assert answer.status_code == 400


def test_counting_only(sandbox: Sandbox) -> None:
    sandbox.load([goal("g1"), goal("g2")])
    for query in ("_summary=count", "_count=0"):
        bundle = requests.get(f"{sandbox.url}/Goal?{query}", timeout=60).json()
        assert (bundle["total"], "entry" in bundle) == (2, False)
    assert requests.get(f"{sandbox.url}/Goal?_count=many", timeout=60).status_code == 400


def test_include(sandbox: Sandbox) -> None:
    sandbox.load([patient("p1"), goal("g1", subject={"reference": "Patient/p1"})])
    sandbox.load([goal("g2", subject={"reference": "Patient/p1"}), goal("g3", subject={"reference": "Patient/gone"})])
    for query in ("_include=Goal:patient", "_include=Goal:subject:Patient"):
        bundle = requests.get(f"{sandbox.url}/Goal?{query}", headers=STRICT, timeout=60).json()
        told = [(entry["resource"]["id"], entry["search"]["mode"]) for entry in bundle["entry"]]
        assert told == [("g1", "match"), ("g2", "match"), ("g3", "match"), ("p1", "include")]
        assert bundle["total"] == 3
    narrowed = requests.get(f"{sandbox.url}/Goal?_include=Goal:subject:Group", timeout=60).json()
    assert len(narrowed["entry"]) == 3


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "patient.name=x",
        "_has:Goal:patient:identifier=x",
        "_revinclude=Encounter:patient",
        "_include=Goal:nonsense",
        "_include:iterate=Goal:patient",
        "_sort=nonsense",
        "_summary=text",
        "_elements=id",
    ],
)
def test_what_is_not_supported_is_refused_or_named(sandbox: Sandbox, query: str) -> None:
    sandbox.load([goal("g1", lifecycleStatus="active"), goal("g2")])
    url, name = f"{sandbox.url}/Goal?lifecycle-status=active&{query}", query.partition("=")[0]
    refused = requests.get(url, headers=STRICT, timeout=60)
    assert refused.status_code == 400
    assert refused.json()["issue"][0]["code"] == "not-supported"
    bundle = requests.get(url, timeout=60).json()
    assert [entry["search"]["mode"] for entry in bundle["entry"]] == ["match", "outcome"]
    assert name in bundle["entry"][1]["resource"]["issue"][0]["diagnostics"]
    assert bundle["entry"][1]["resource"]["issue"][0]["severity"] == "warning"
    (own,) = [link["url"] for link in bundle["link"] if link["relation"] == "self"]
    assert parse_qs(urlsplit(own).query) == {"lifecycle-status": ["active"]}


@pytest.mark.parametrize(
    "query",
    ["start-date=soon", "start-date=ap2026", "start-date=2026-13", "identifier:exact=1", "patient:missing=perhaps"],
)
def test_values_and_modifiers_that_make_no_sense(sandbox: Sandbox, query: str) -> None:
    assert requests.get(f"{sandbox.url}/Goal?{query}", timeout=60).status_code == 400


def test_searching_by_post(sandbox: Sandbox) -> None:
    sandbox.load([goal("g1", lifecycleStatus="active"), goal("g2", lifecycleStatus="active"), goal("g3")])
    form = {"lifecycle-status": "active", "_count": "1"}
    bundle = requests.post(f"{sandbox.url}/Goal/_search", data=form, timeout=60).json()
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["g1"]
    (following,) = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
    assert requests.get(following, timeout=60).json()["entry"][0]["resource"]["id"] == "g2"
    both = requests.post(f"{sandbox.url}/Goal/_search?_id=g2", data=form, timeout=60).json()
    assert both["total"] == 1


def test_resources_of_any_shape_can_be_indexed(sandbox: Sandbox) -> None:
    for n, shape in enumerate((1, "x", True, [], {}, [[1]], [None], {"coding": "x"}, {"value": 1}, {"reference": []})):
        names = ("identifier", "subject", "startDate", "target", "name", "telecom", "address", "period", "meta")
        body = {name: shape for name in names if name != "meta"}
        for type_ in ("Goal", "Patient", "Encounter"):
            sandbox.load([{"resourceType": type_, "id": f"n{n}", **body}])
    assert len(found(sandbox, "Goal?_count=3")) == 10
