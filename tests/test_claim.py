"""Claims: what they say in FHIR, to the cent, and what is refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.codecs import bare
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.fhir.names import PracticeNames
from fhir_coaching.fhir.references import references
from fhir_coaching.lens import R4, R5, Json, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, bundles, to_fhir, withdrawn
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.records.billing import BillingStatus, Claim, Coverage
from fhir_coaching.records.spelling import read_record, spell_record

BASE = "https://practice.example"
CPT, HCPCS = "http://www.ama-assn.org/go/cpt", "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
TYPE = "http://terminology.hl7.org/CodeSystem/claim-type"
ROLE = "http://terminology.hl7.org/CodeSystem/claimcareteamrole"
CARIN_ROLE = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBClaimCareTeamRole"
PRIOR = "http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship"
both = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def usd(value: str) -> Json:
    return {"value": Decimal(value), "currency": "USD"}


FIELDS: Json = {
    "id": "cl-1", "patient": "p-1", "number": "2026-0017", "use": "claim", "purpose": "original", "created": "2026-03-31",
    "coverage": "cov-1", "preauth_numbers": ["PA-9"], "provider": {"kind": "organization", "id": "o-1"}, "facility": "l-1",
    "care_team": [
        {"sequence": 1, "practitioner": "c-1", "role": "rendering", "taxonomy": "171400000X"},
        {"sequence": 2, "practitioner": "c-2", "role": "supervising"},
        {"sequence": 3, "practitioner": "c-3", "role": "referring"},
    ],
    "diagnoses": [
        {"sequence": 1, "code": {"codings": [{"system": ICD, "code": "Z71.82"}]}, "role": "principal"},
        {"sequence": 4, "condition": "x-1", "role": "secondary"},
    ],
    "lines": [
        {"sequence": 1, "session": "s-1", "code": "0591T", "modifiers": ["95", "U1"], "place_of_service": "10",
         "service_date": "2026-03-02", "units": 1, "unit_price": usd("0.10"), "net": usd("0.10"), "diagnoses": [4, 1], "care_team": [1, 2]},
        {"sequence": 2, "session": "s-2", "code": "0592T", "modifiers": ["93"], "place_of_service": "02", "service_date": "2026-03-16",
         "units": 2, "unit_price": usd("0.10"), "net": usd("0.20"), "diagnoses": [1], "care_team": [1]},
    ],
    "total": usd("0.30"), "account_number": "ACC-7", "state": "checked",
}  # fmt: skip


def claim(**fields: object) -> Claim:
    record = read_record("claim", bare(**{**FIELDS, **fields}))
    assert isinstance(record, Claim)
    return record


def coverage(kind: str, id_: str) -> Coverage:
    record = read_record("coverage", {"id": "cov-1", "patient": "p-1", "payer": {"kind": kind, "id": id_}})
    assert isinstance(record, Coverage)
    return record


def exchange(version: Version) -> Exchange:
    return Exchange(KINDS, version, PracticeNames(BASE))


def sent(record: Claim, version: Version = R4) -> Json:
    """The resource of a record, as it comes out of bytes; the way back and the gate hold."""
    there = exchange(version)
    resource: Json = loads(dumps(there.parts(record)["claim"]))
    assert structure_faults(resource, version) == []
    assert repr(there.record("claim", {"claim": resource}, record)) == repr(record)
    return resource


def got(resource: Json, version: Version = R4) -> Claim:
    record = exchange(version).record("claim", {"claim": resource}, id="cl-1")
    assert isinstance(record, Claim)
    return record


def meant(reference: Json) -> str:
    """`goal 17` for a reference to goal 17."""
    system = str(reference["identifier"]["system"])
    return f"{system.removeprefix(BASE + '/')} {reference['identifier']['value']}"


@both
def test_days_of_service_that_are_not_equally_exact(version: Version) -> None:
    """A period's ends are compared (per-1), so they are as exact as the least exact day."""
    said = [
        {"sequence": number, "code": "0592T", "service_date": day}
        for number, day in ((1, "2026-03-02"), (2, "2026-03"))
    ]
    assert sent(claim(lines=said), version)["billablePeriod"] == {"start": "2026-03", "end": "2026-03"}


@both
def test_what_a_claim_says(version: Version) -> None:
    resource = sent(claim(), version)
    assert (resource["status"], resource["use"], resource["created"]) == ("active", "claim", "2026-03-31")
    assert resource["type"]["coding"][0]["code"] == "professional"
    assert resource["priority"]["coding"][0]["code"] == "normal"
    assert resource["billablePeriod"] == {"start": "2026-03-02", "end": "2026-03-16"}
    assert resource["identifier"] == [
        {"system": f"{BASE}/claim", "value": "cl-1"},
        {"system": f"{BASE}/claim.number", "value": "2026-0017"},
    ]
    (insurance,) = resource["insurance"]
    assert meant(insurance.pop("coverage")) == "coverage cov-1"
    assert insurance == {"focal": True, "sequence": 1, "preAuthRef": ["PA-9"]}
    info = {one["category"]["coding"][0]["code"]: one for one in resource["supportingInfo"]}
    assert info["claimFrequency"]["code"]["coding"][0]["code"] == "1"
    assert info["patientaccountnumber"]["valueString"] == "ACC-7"
    assert info["claimFrequency"]["sequence"] != info["patientaccountnumber"]["sequence"]
    assert "checked" not in dumps(resource).decode()  # its state is the practice's own


@both
def test_every_pointer_resolves(version: Version) -> None:
    resource = sent(claim(), version)
    for pointer, to in (("careTeamSequence", "careTeam"), ("diagnosisSequence", "diagnosis")):
        sequences = [one["sequence"] for one in resource[to]]
        assert len(set(sequences)) == len(sequences)
        assert all(set(item[pointer]) <= set(sequences) for item in resource["item"])
    assert [item["diagnosisSequence"] for item in resource["item"]] == [[4, 1], [1]]  # the first weighs most
    assert sorted(meant(reference) for reference in references(resource)) == sorted((
        *("patient p-1", "organization o-1", "place l-1", "coverage cov-1", "practitioner c-1", "practitioner c-2"),
        *("practitioner c-3", "condition x-1", "session s-1", "session s-2"),
    ))  # fmt: skip


def test_codes_stand_in_their_own_systems() -> None:
    first, second = sent(claim())["item"]
    assert first["productOrService"] == {"coding": [{"system": CPT, "code": "0591T"}]}
    assert [one["coding"][0] for one in first["modifier"]] == [
        {"system": CPT, "code": "95"},
        {"system": HCPCS, "code": "U1"},
    ]
    assert second["locationCodeableConcept"]["coding"][0]["code"] == "02"
    assert second["quantity"] == {"value": 2}
    line = {"sequence": 1, "code": "G0447", "modifiers": ["GT", "25", "XE", "P1"]}
    (item,) = sent(claim(lines=[line]))["item"]
    assert item["productOrService"]["coding"][0]["system"] == HCPCS
    assert [one["coding"][0]["system"] for one in item["modifier"]] == [HCPCS, CPT, HCPCS, CPT]


def test_who_had_what_part() -> None:
    """R4's own list knows no rendering provider: CARIN's word comes first, the old list's beside it."""
    resource = sent(claim())
    assert [[(one["system"], one["code"]) for one in m["role"]["coding"]] for m in resource["careTeam"]] == [
        [(CARIN_ROLE, "rendering"), (ROLE, "primary")],
        [(ROLE, "supervisor")],
        [(CARIN_ROLE, "referring"), (ROLE, "other")],
    ]
    for code in ("rendering", "referring", "primary"):
        resource["careTeam"][0]["role"] = {"coding": [{"system": ROLE, "code": code}]}
        member = got(resource).care_team[0]
        assert member.role is not None
        assert member.role.value == code


@both
def test_the_taxonomy_where_each_version_has_it(version: Version) -> None:
    member = sent(claim(), version)["careTeam"][0]
    assert member[{R4: "qualification", R5: "specialty"}[version]]["coding"][0]["code"] == "171400000X"
    assert {R4: "specialty", R5: "qualification"}[version] not in member


@both
@pytest.mark.parametrize(("purpose", "frequency"), [("replacement", "7"), ("void", "8")])
def test_a_correction_names_what_it_corrects(version: Version, purpose: str, frequency: str) -> None:
    made = claim(id="cl-2", purpose=purpose, prior={"claim": "cl-1", "payer_number": "ICN-55"})
    resource = sent(made, version)
    assert resource["status"] == "active"  # a void is a claim of its own, and asks for something
    assert resource["supportingInfo"][0]["code"]["coding"][0]["code"] == frequency
    (related,) = resource["related"]
    assert meant(related["claim"]) == "claim cl-1"
    assert related["reference"] == {"value": "ICN-55"}
    assert related["relationship"]["coding"] == [{"system": PRIOR, "code": "prior"}]
    assert resource["item"] == sent(claim(), version)["item"]  # the same lines, numbers and amounts


def test_the_payers_number_alone_will_do() -> None:
    (related,) = sent(claim(purpose="void", prior={"payer_number": "ICN-55"}))["related"]
    assert "claim" not in related


@both
@pytest.mark.parametrize(
    "text", ["0.10", "0.30", "1.15", "2.675", "80.00", "12345678.90", "99999999.99", "0.00", "100"]
)
def test_money_is_the_same_text_all_the_way(version: Version, text: str) -> None:
    """A float would make 0.1 of 0.10, and 12345678.9 of 12345678.90."""
    resource = sent(claim(total=usd(text)), version)
    assert f'"total":{{"value":{text},"currency":"USD"}}'.encode() in dumps(resource).replace(b" ", b"")


@given(st.lists(st.integers(0, 9_999_999_999), min_size=1, max_size=50))
def test_totals_are_what_the_record_says(cents: list[int]) -> None:
    """Sums of cents, exact after bytes and back: 0.10 + 0.20 is 0.30."""
    amounts = [Decimal(one).scaleb(-2) for one in cents]
    lines = [
        {"sequence": number, "code": "0592T", "units": 1, "unit_price": usd(str(one)), "net": usd(str(one))}
        for number, one in enumerate(amounts, 1)
    ]
    made = claim(lines=lines, total=usd(str(sum(amounts))))
    there = exchange(R4)
    resource = loads(dumps(there.parts(made)["claim"]))
    assert sum((item["net"]["value"] for item in resource["item"]), Decimal(0)) == resource["total"]["value"]
    assert repr(there.record("claim", {"claim": resource}, made)) == repr(made)


def test_a_total_that_is_no_sum_stays_as_it_is() -> None:
    """Amounts are as said: whether they add up is another question."""
    assert sent(claim(total=usd("99.99")))["total"] == {"value": Decimal("99.99"), "currency": "USD"}


@pytest.mark.parametrize(
    ("others", "sequences"),
    [
        ([], [(True, 1)]),
        ([2], [(True, 1), (False, 2)]),
        ([1], [(True, 2), (False, 1)]),  # billed second, after one that has paid
        ([3, 1], [(True, 2), (False, 1), (False, 3)]),
    ],
)
def test_one_coverage_is_billed(others: list[int], sequences: list[tuple[bool, int]]) -> None:
    beside = [{"sequence": number, "coverage": f"other-{number}"} for number in others]
    insurance = sent(claim(other_coverages=beside))["insurance"]
    assert [(one["focal"], one["sequence"]) for one in insurance] == sequences
    assert meant(insurance[0]["coverage"]) == "coverage cov-1"


@both
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("status", "unknown"),
        ("status", None),
        ("use", "proposal"),
        ("use", None),
        ("type", {"coding": [{"system": TYPE, "code": "institutional"}]}),
        ("type", {"text": "professional"}),
        ("type", None),
        ("insurance", []),
        ("insurance", [{"sequence": n, "focal": True, "coverage": {"reference": "Coverage/1"}} for n in (1, 2)]),
        ("modifierExtension", [{"url": "urn:x", "valueBoolean": True}]),
        ("resourceType", "ExplanationOfBenefit"),
    ],
)
def test_a_claim_that_is_refused(version: Version, path: str, value: object) -> None:
    resource = {**sent(claim(), version), path: value}
    with pytest.raises(MappingError) as refused:
        got(bare(**resource), version)
    assert any(fault.element.startswith(f"Claim.{path}") for fault in refused.value.faults)


def test_a_frequency_that_nobody_knows_is_refused() -> None:
    resource = sent(claim())
    resource["supportingInfo"][0]["code"]["coding"][0]["code"] = "6"
    with pytest.raises(MappingError):
        got(resource)


def test_how_others_say_it() -> None:
    """Displays, CARIN's spelling of HCPCS, units by name, a period for a date."""
    resource = sent(claim())
    resource["type"]["coding"][0]["display"] = "Professional"
    resource["type"]["text"] = "Professional claim"
    first, second = resource["item"]
    first["modifier"][1]["coding"][0]["system"] = HCPCS.replace("http:", "https:")
    first["quantity"] = {"value": 1, "unit": "UN"}
    second["quantity"] = {"value": 30, "unit": "minutes", "system": "http://unitsofmeasure.org", "code": "min"}
    second["servicedPeriod"] = {"start": second.pop("servicedDate")}
    read = got(resource)
    assert read.lines[0].modifiers == ("95", "U1")
    assert [line.units for line in read.lines] == [1, None]  # minutes are no units
    assert read.lines[1].service_date is None
    assert KINDS["claim"].lens(R4, PracticeNames(BASE)).put(read, {"claim": resource})["claim"] is resource


def generated() -> Json:
    """A claim as generators and other systems write it: literal references, a text beside each code, another's sequences."""
    return {
        "resourceType": "Claim", "id": "1", "status": "active", "use": "claim",
        "type": {"coding": [{"system": TYPE, "code": "professional"}]},
        "patient": {"reference": "urn:uuid:9a", "display": "somebody"}, "created": "2026-03-02T10:00:00-05:00",
        "billablePeriod": {"start": "2026-03-02T09:00:00-05:00", "end": "2026-03-02T09:30:00-05:00"},
        "provider": {"reference": "Organization/77", "display": "a practice"}, "priority": {"coding": [{"code": "normal"}]},
        "insurance": [{"sequence": 3, "focal": True, "coverage": {"reference": "Coverage/5", "display": "an insurer"}}],
        "diagnosis": [{"sequence": 1, "diagnosisReference": {"reference": "Condition/8"}}],
        "item": [
            {"sequence": 1, "productOrService": {"coding": [{"system": "http://snomed.info/sct", "code": "185347001"}], "text": "x"},
             "encounter": [{"reference": "Encounter/2"}]},
            {"sequence": 2, "productOrService": {"coding": [{"system": CPT, "code": "0592T", "display": "x"}]}, "diagnosisSequence": [1],
             "net": {"value": Decimal("80.10")}, "encounter": [{"reference": "Encounter/2"}]},
        ],
        "total": {"value": Decimal("704.20"), "currency": "USD"},
    }  # fmt: skip


def test_a_claim_of_others_is_read_and_left_as_it_was() -> None:
    names, resource = PracticeNames(BASE), generated()
    for address, kind in (("urn:uuid:9a", "patient"), ("Organization/77", "organization"), ("Coverage/5", "coverage")):
        names.learn(address, kind, "a-1")
    lens = KINDS["claim"].lens(R4, names)
    read = lens.get({"claim": resource}, id="a-9")
    net = {"value": Decimal("80.10")}
    assert spell_record(read.lines[0]) == {"sequence": 2, "code": "0592T", "net": net, "diagnoses": (1,)}
    assert (read.diagnoses, read.total.value) == ((), Decimal("704.20"))  # a condition that nobody knows is not ours
    assert lens.put(read, {"claim": resource}) == {"claim": generated()}
    with pytest.raises(MappingError, match="that we know"):
        KINDS["claim"].lens(R4, PracticeNames(BASE)).get({"claim": resource}, id="a-9")


@pytest.mark.parametrize("purpose", ["superbill", "tracking"])
def test_what_is_for_no_payer_stays_in_the_practice(purpose: str) -> None:
    record, there = claim(purpose=purpose), exchange(R4)
    entries = [Entry("claims.ndjson:1", "claim", record), Entry("claims.ndjson:2", "claim", claim())]
    assert there.travels("claim")
    assert [there.travels("claim", one) for one in (record, claim())] == [False, True]
    assert [entry.place for entry, _, _ in to_fhir(there, entries)] == ["claims.ndjson:2"]
    assert [len(bundle["entry"]) for bundle in bundles(there, entries)] == [1]
    with pytest.raises(MappingError, match="no payer"):  # and whoever forgets to ask is stopped
        there.parts(record)


@both
def test_the_insurer_is_who_pays_for_the_coverage(version: Version) -> None:
    lens = KINDS["claim"].lens(version, PracticeNames(BASE))
    insured = Nearby([coverage("organization", "o-9")])
    base = lens.put(claim(), beside=lens.beside(claim(), insured))["claim"]
    assert meant(base["insurer"]) == "organization o-9"
    for nobody in (Nearby([coverage("patient", "p-1")]), Nearby()):
        assert "insurer" not in lens.put(claim(), beside=lens.beside(claim(), nobody))["claim"]
    moved = Nearby([coverage("organization", "o-10")])
    near = {"beside": lens.beside(claim(), moved), "sent": lens.digests(lens.beside(claim(), insured))}
    again = lens.put(claim(), {"claim": base}, claim(), **near)["claim"]
    assert meant(again.pop("insurer")) == "organization o-10"
    assert again == {key: value for key, value in base.items() if key != "insurer"}
    theirs = {**base, "insurer": {"reference": "Organization/elsewhere"}}
    assert lens.put(claim(), {"claim": theirs}, claim(), **near)["claim"] == theirs


def test_an_edit_touches_its_own_line_only() -> None:
    there, base = exchange(R4), sent(claim())
    base["item"][1]["extension"] = [{"url": "urn:x", "valueString": "theirs"}]
    base["item"].append({"sequence": 9, "productOrService": {"text": "theirs"}})
    first, second = FIELDS["lines"]
    edited = claim(lines=[{**first, "net": usd("0.11")}, second], total=usd("0.31"))
    made = there.lenses["claim"].put(edited, {"claim": base}, claim())["claim"]
    assert made["item"][0] == {**base["item"][0], "net": usd("0.11")}
    assert made["item"][1:] == base["item"][1:]
    assert {key for key in made if made[key] != base[key]} == {"item", "total"}


def test_lines_stand_in_the_order_of_their_numbers() -> None:
    first, second = FIELDS["lines"]
    assert claim(lines=[second, first]) == claim()


@pytest.mark.parametrize(
    "fields",
    [
        {"diagnoses": [{"sequence": 1}]},
        {"diagnoses": [{"sequence": 1, "condition": "x", "code": {"text": "x"}}]},
        {"lines": [{"sequence": 0, "code": "0591T"}]},
        {"total": {"value": Decimal(1), "currency": "usd"}},
        {"prior": {}},
    ],
)
def test_a_record_that_is_none(fields: Json) -> None:
    with pytest.raises(ValueError, match=r"expected|greater"):
        claim(**fields)


@both
@pytest.mark.parametrize("status", BillingStatus)
def test_whether_a_claim_counts(version: Version, status: BillingStatus) -> None:
    resource = sent(claim(status=status.value), version)
    assert resource["status"] == status.value.replace("_", "-")


def test_a_claim_can_be_withdrawn() -> None:
    gone = withdrawn(claim())
    assert isinstance(gone, Claim)
    assert sent(gone)["status"] == "entered-in-error"
