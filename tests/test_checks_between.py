"""What elements of one resource owe each other: each rule kept and broken, and what is not judged."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.checks import check
from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.fhir.moments import after, seconds_between
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.practice.findings import findings
from fhir_coaching.records.coaching import Goal
from fhir_coaching.records.people import Practitioner

Json = dict[str, Any]

MINE = ("claim-", "date-order", "goal-due", "length", "outside", "duration-unit", "npi", "agent-behalf")


def found(resource: Json, version: Version = R4) -> list[tuple[str, str, str]]:
    """The findings of these rules."""
    return [(one.severity, one.rule, one.element) for one in check(resource, version) if one.rule.startswith(MINE)]


def usd(value: Any, currency: str = "USD") -> Json:
    return {"value": Decimal(str(value)), "currency": currency}


def line(number: int, **also: Any) -> Json:
    return {"sequence": number, "productOrService": {"text": "synthetic"}} | also


def claim(*lines: Json, **also: Any) -> Json:
    return {
        "resourceType": "Claim",
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {"text": "synthetic"}}],
        "careTeam": [{"sequence": 1, "provider": {"display": "synthetic"}}],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"display": "synthetic"}}],
        "item": list(lines),
    } | also


def priced(number: int, units: Any, price: Any, net: Any, **also: Any) -> Json:
    return line(number, quantity={"value": Decimal(str(units))}, unitPrice=usd(price), net=usd(net), **also)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (claim(line(1, diagnosisSequence=[1], careTeamSequence=[1])), []),
        (claim(line(1, diagnosisSequence=[1, 2])), [(ERROR, "claim-pointer", "Claim.item[0].diagnosisSequence[1]")]),
        (claim(line(1, careTeamSequence=[0])), [(ERROR, "claim-pointer", "Claim.item[0].careTeamSequence[0]")]),
        (claim(line(1, informationSequence=[1])), [(ERROR, "claim-pointer", "Claim.item[0].informationSequence[0]")]),
        (claim(line(1, procedureSequence=[1])), [(ERROR, "claim-pointer", "Claim.item[0].procedureSequence[0]")]),
        (claim(line(1, diagnosisSequence=["1"])), [(ERROR, "claim-pointer", "Claim.item[0].diagnosisSequence[0]")]),
        (claim(line(7), line(7)), [(ERROR, "claim-sequence", "Claim.item[1].sequence")]),
        (
            claim(line(1, detail=[line(1, subDetail=[line(1), line(1)]), line(1)])),
            [
                (ERROR, "claim-sequence", "Claim.item[0].detail[0].subDetail[1].sequence"),
                (ERROR, "claim-sequence", "Claim.item[0].detail[1].sequence"),
            ],
        ),
    ],
)
def test_numbers_of_a_claim_lead_somewhere(resource: Json, expected: list[tuple[str, str, str]]) -> None:
    assert found(resource) == expected


@pytest.mark.parametrize(
    ("focal", "expected"),
    [
        ([True, False], []),
        ([False], [(WARNING, "claim-focal", "Claim.insurance")]),
        ([True, False, True], [(ERROR, "claim-focal", "Claim.insurance[2].focal")]),
    ],
)
def test_one_insurance_is_billed(focal: list[bool], expected: list[tuple[str, str, str]]) -> None:
    insurance = [{"sequence": n, "focal": one, "coverage": {"display": "x"}} for n, one in enumerate(focal, start=1)]
    assert found(claim(line(1), insurance=insurance)) == expected


NET, TOTAL = (ERROR, "claim-net", "Claim.item[0].net"), (ERROR, "claim-total", "Claim.total")


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (claim(priced(1, 3, "50.10", "150.30"), priced(2, 1, 1, "1.00"), total=usd("151.3")), []),
        (claim(priced(1, 3, "50.10", "150.31")), [NET]),
        (claim(priced(1, "1.5", "33.33", "49.99")), []),  # 49.995: up or down
        (claim(priced(1, "1.5", "33.33", "50.00")), []),
        (claim(priced(1, "1.5", "33.33", "49.98")), [NET]),
        (claim(priced(1, 1, "0.4", "0")), [NET]),  # written without cents is no rounding
        (claim(priced(1, 2, 10, 10, factor=Decimal("0.5"))), []),
        (claim(priced(1, 2, 10, 20, factor=Decimal("0.5"))), [NET]),
        (claim(priced(1, 2, 10, 25, detail=[line(1, net=usd(25))])), []),
        (claim(line(1, net=usd("0.1")), line(2, net=usd("0.2")), total=usd("0.3")), []),  # binary floats differ
        (claim(line(1, net=usd("0.1")), line(2, net=usd("0.2")), total=usd("0.31")), [TOTAL]),
        (claim(line(1, net=usd(1)), line(2), total=usd(7)), []),  # a line without a price may cost anything
        (claim(total=usd(7), item=[]), []),
        (
            claim(line(1, net=usd(1)), line(2, net=usd(1, "EUR")), total=usd(2)),
            [(ERROR, "claim-currency", "Claim.item[1].net.currency")],
        ),
        (
            claim(priced(1, "1e999999", "1e999999", 1), line(2, net=usd("1e999999")), total=usd(7)),
            [],
        ),  # beyond what is computed
    ],
)
def test_money_of_a_claim_adds_up(resource: Json, expected: list[tuple[str, str, str]]) -> None:
    assert found(resource) == expected


@pytest.mark.parametrize("besides", ["tax", "patientPaid"])
def test_what_may_be_in_a_total_is_not_judged(besides: str) -> None:
    assert found(claim(line(1, net=usd(1)), total=usd(2)), R5) == [TOTAL]
    assert found(claim(line(1, net=usd(1), **{besides: usd(1)}), total=usd(2)), R5) == []


@given(st.lists(st.tuples(st.integers(1, 99), st.decimals(0, 9999, places=2)), min_size=1, max_size=9), st.data())
def test_a_sum_is_kept_to_the_cent(lines: list[tuple[int, Decimal]], data: st.DataObject) -> None:
    items = [priced(n, units, price, units * price) for n, (units, price) in enumerate(lines, start=1)]
    total = sum(units * price for units, price in lines)
    off = data.draw(st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-2)))
    assert found(claim(*items, total=usd(total))) == []
    assert found(claim(*items, total=usd(total + off))) == [TOTAL]


def period(start: str | None, end: str | None) -> Json:
    return {name: value for name, value in (("start", start), ("end", end)) if value}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"servicedDate": "2026-03-02"}, []),
        ({"servicedDate": "2026-03"}, []),
        ({"servicedDate": "2026-04-01"}, [(WARNING, "outside", "Claim.item[0].servicedDate")]),
        (
            {"servicedPeriod": period("2026-02-28", "2026-03-02")},
            [(WARNING, "outside", "Claim.item[0].servicedPeriod")],
        ),
        ({"servicedPeriod": period("2026-03-02", None)}, []),
    ],
)
def test_what_is_billed_lies_within_the_time_billed(item: Json, expected: list[tuple[str, str, str]]) -> None:
    assert found(claim(line(1, **item), billablePeriod=period("2026-03-01", "2026-03-31"))) == expected


@pytest.mark.parametrize(
    ("start", "due", "late"),
    [
        ("2026-03-02", "2026-03-01", True),
        ("2026-03-02", "2026-03-02", False),
        ("2026-03-02", "2026-03", False),
        ("2026-04", "2026-03-31", True),
        ("2026", "2025-12-31", True),
        ("2026-03-02", "soon", False),
    ],
)
def test_no_target_is_due_before_its_goal_starts(start: str, due: str, *, late: bool) -> None:
    resource = {"resourceType": "Goal", "startDate": start, "target": [{}, {"dueDate": due}]}
    assert found(resource) == [(WARNING, "goal-due", "Goal.target[1].dueDate")] * late


@pytest.mark.parametrize(
    ("first", "then", "wrong"),
    [
        ("2026-03-02T10:00:00-05:00", "2026-03-02T14:30:00Z", True),  # half an hour before
        ("2026-03-02T10:00:00-05:00", "2026-03-02T15:30:00Z", False),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00.000Z", False),
        ("2026-03-02T23:00:00-05:00", "2026-03-02", False),
        ("2026-03-03", "2026-03-02T23:00:00-05:00", False),  # a day may begin and end anywhere on earth
        ("2026-03-05", "2026-03-02T23:00:00-05:00", True),
    ],
)
def test_dates_are_in_order(first: str, then: str, *, wrong: bool) -> None:
    resource = {"resourceType": "Condition", "onsetDateTime": first, "abatementDateTime": then}
    assert found(resource) == [(ERROR, "date-order", "Condition.abatementDateTime")] * wrong
    resource = {"resourceType": "Patient", "birthDate": "2026-03-03", "deceasedDateTime": "2026-03-02"}
    assert found(resource) == [(ERROR, "date-order", "Patient.deceasedDateTime")]


AN_HOUR = period("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z")


@pytest.mark.parametrize(
    ("value", "unit", "long"),
    [(60, "min", False), (61, "min", True), ("1.1", "h", True), (1, "d", True), (99, "kg", False)],
)
def test_an_encounter_is_no_longer_than_its_period(value: Any, unit: str, *, long: bool) -> None:
    length = {"value": Decimal(str(value)), "system": "http://unitsofmeasure.org", "code": unit, "unit": "synthetic"}
    for version, name in ((R4, "period"), (R5, "actualPeriod")):
        resource = {"resourceType": "Encounter", name: AN_HOUR, "length": length}
        lengths = [one for one in found(resource, version) if one[1] == "length"]
        assert lengths == [(WARNING, "length", "Encounter.length")] * long
        assert not [
            one for one in found({**resource, name: period("2026-03-02", "2026-03-02")}, version) if "leng" in one[1]
        ]


def test_a_length_beyond_what_is_computed_is_answered() -> None:
    length = {"value": Decimal("1e999999"), "system": "http://unitsofmeasure.org", "code": "d"}
    encounter = {"resourceType": "Encounter", "period": AN_HOUR, "length": length}
    assert (WARNING, "length", "Encounter.length") in found(encounter)
    appointment = {"resourceType": "Appointment", **AN_HOUR, "minutesDuration": Decimal("1e999999")}
    assert (WARNING, "length", "Appointment.minutesDuration") in found(appointment)


def test_nobody_takes_part_in_an_encounter_after_its_end() -> None:
    people = [{"period": AN_HOUR}, {"period": period(AN_HOUR["start"], "2026-03-02T12:00:00Z")}]
    resource = {"resourceType": "Encounter", "period": AN_HOUR, "participant": people}
    assert found(resource) == [(WARNING, "outside", "Encounter.participant[1].period")]


def test_an_appointment_takes_no_longer_than_from_start_to_end() -> None:
    resource = {"resourceType": "Appointment", **AN_HOUR}
    assert found(resource | {"minutesDuration": 60}) == []
    assert found(resource | {"minutesDuration": 90}) == [(WARNING, "length", "Appointment.minutesDuration")]
    turned = {"start": AN_HOUR["end"], "end": AN_HOUR["start"], "minutesDuration": 60}
    assert (ERROR, "date-order", "Appointment.end") in found(resource | turned)


@pytest.mark.parametrize(
    ("unit", "wrong"),
    [("wk", False), ("mo_g", False), ("kg", True), ("W", True), ("10.d", False), ("{session}", False)],
)
def test_a_duration_is_in_a_unit_of_time(unit: str, *, wrong: bool) -> None:
    due = {"value": 1, "system": "http://unitsofmeasure.org", "code": unit}
    resource = {"resourceType": "Goal", "target": [{"dueDuration": due}]}
    assert found(resource) == [(ERROR, "duration-unit", "Goal.target[0].dueDuration.code")] * wrong


@pytest.mark.parametrize(
    ("value", "wrong"),
    [("1234567893", False), ("1234567890", True), ("123456789", True), ("１２３４５６７８９３", True)],
)
@pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
def test_an_npi_checks_itself(value: str, version: Version, *, wrong: bool) -> None:
    identifier = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": value}, {"system": "urn:x", "value": value}]
    resource = {"resourceType": "Practitioner", "identifier": identifier}
    assert found(resource, version) == [(ERROR, "npi", "Practitioner.identifier[0].value")] * wrong


def test_nobody_acts_on_behalf_of_himself() -> None:
    who, other = {"reference": "Practitioner/1"}, {"reference": "Organization/1"}
    resource = {
        "resourceType": "Provenance",
        "agent": [{"who": who, "onBehalfOf": other}, {"who": who, "onBehalfOf": who}],
    }
    assert found(resource) == [(ERROR, "agent-behalf", "Provenance.agent[1].onBehalfOf")]


def test_records_and_resources_are_told_the_same_in_the_same_words() -> None:
    """One matter has one rule and one message, whichever of the two shows it."""
    resources = [
        {"resourceType": "Practitioner", "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567890"}]},
        {"resourceType": "Goal", "startDate": "2026-03-02", "target": [{"measure": {"text": "steps"}, "dueDate": "2026-03-01"}]},
    ]  # fmt: skip
    records = [
        Practitioner.model_validate({"id": "c", "names": [{"family": "Test"}], "npi": "1234567890"}),
        Goal.model_validate({"id": "g", "patient": "p", "statement": "Walk", "state": "active", "start": "2026-03-02",
                             "targets": [{"measure": {"text": "steps"}, "due": "2026-03-01"}]}),
    ]  # fmt: skip
    for resource, record in zip(resources, records, strict=True):
        (one,), (other,) = [its for its in check(resource, R4) if its.rule in {"npi", "goal-due"}], findings(record)
        assert (one.rule, one.severity, one.message) == (other.rule, other.severity, other.message)


def test_a_leap_second_is_a_time_like_others() -> None:
    leap, before, noon = "2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "2016-12-31T12:00:00Z"
    assert (after(leap, before), after(before, leap), after(leap, noon)) == (False, False, True)
    assert seconds_between(before, leap) == 0
