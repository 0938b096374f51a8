"""What any record becomes, checked: an error has its finding on the record, in both versions, at rest and as sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import drawn

from fhir_coaching.checks import check
from fhir_coaching.errors import ERROR, MappingError
from fhir_coaching.fhir.names import PracticeNames, stable_id
from fhir_coaching.fhir.references import resolve
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import Exchange
from fhir_coaching.practice.findings import findings, is_withdrawn
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.records.values import Record

EXCHANGES = {version: Exchange(KINDS, version, PracticeNames("https://practice.example/ids")) for version in Version}
TYPES = {
    EXCHANGES[R4].identifier(kind, name, "")[0]: part.table.type
    for kind, of in KINDS.items()
    for name, part in of.parts.items()
}

# What a check may find, and the finding on the record that says so; a prefix.
TOLD: dict[str, tuple[str, ...]] = {
    "app-2": ("session-booked",),
    "app-3": ("session-booked",),
    "app-4": ("session-reason",),
    "app-5": ("session-booked",),
    "cardinality": ("plain-amount",),
    "claim-currency": ("claim-currency",),
    "claim-net": ("claim-net",),
    "claim-pointer": ("claim-pointer",),
    "claim-sequence": ("claim-sequence",),
    "claim-total": ("claim-total",),
    "code": ("language-tag", "note-media-type"),
    "con-5": ("condition-in-error",),
    "date-order": ("patient-death",),
    "format": ("many-digits",),
    "gol-1": ("goal-detail",),
    "id": ("key-twice",),
    "npi": ("npi",),
    "org-2": ("organization-home",),
    "org-3": ("organization-home",),
    "org-4": ("organization-home",),
    "per-1": ("period-",),
    "rng-2": ("range-order",),
    "sqty-1": ("plain-amount",),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
@given(data=st.data())
def test_an_error_has_its_finding(version: Version, kind: str, data: st.DataObject) -> None:
    record, near = data.draw(drawn(kind))
    if is_withdrawn(record) or not KINDS[kind].travels(record):
        return  # nothing is asked of those
    told = {one.rule for one in findings(record)}
    unexplained = {
        one for one in errors(version, record, near) if not any(rule.startswith(TOLD.get(one, ())) for rule in told)
    }
    assert unexplained == set()


def errors(version: Version, record: Record, near: Nearby) -> set[str]:
    """The rules that the resources of a record break."""
    exchange = EXCHANGES[version]
    try:
        made = exchange.parts(record, near=near)
    except MappingError:  # a patient as the other participant, an organization's wish
        return set()
    sent = [{**resolve(one, address), "id": "made-up"} for one in made.values()]
    return {
        one.rule for resource in (*made.values(), *sent) for one in check(resource, version) if one.severity == ERROR
    }


def address(system: str, value: str) -> str | None:
    """Where a record is on a server that has all of them."""
    return f"{TYPES[system]}/{stable_id(system, value)}" if system in TYPES else None
