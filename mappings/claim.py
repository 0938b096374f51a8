"""Claim: what a payer is asked to pay for (https://hl7.org/fhir/R4/claim.html).

Sequence numbers are fields of the record, so what a line points to is a plain number. They are the line numbers of an 837
claim, by which the payer answers: nothing here gives new ones.
"""

import re
from typing import Any, cast

from fhir_coaching.fhir.codecs import (
    DATE,
    DECIMAL,
    INTEGER,
    STRING,
    WHEN,
    by_codings,
    choice,
    concept_of,
    field,
    one_of_list,
    part,
    spelt_alike,
    want,
)
from fhir_coaching.fhir.datatypes import CONCEPT, MONEY, PERIOD
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import (
    CARE_TEAM_ROLE,
    CARIN_CARE_TEAM_ROLE,
    CARIN_DIAGNOSIS_TYPE,
    CARIN_SUPPORTING_INFO,
    CLAIM_PRIORITY,
    CLAIM_RELATION,
    CLAIM_TYPE,
    CPT,
    DIAGNOSIS_TYPE,
    HCPCS,
    NUCC,
    PCT_FREQUENCY,
    PCT_SUPPORTING_INFO,
    PLACE_OF_SERVICE,
)
from fhir_coaching.lens import (
    R4,
    R5,
    Codec,
    Json,
    Near,
    Slice,
    Table,
    Wrong,
    attrs_of,
    const,
    derived,
    local,
    many,
    near,
    row,
)
from fhir_coaching.mappings.datatypes import (
    CLAIM,
    CONDITION,
    COVERAGE,
    ORGANIZATION,
    PATIENT,
    PLACE,
    PRACTITIONER,
    SESSION,
    coded,
    common,
    own,
)
from fhir_coaching.records.billing import (
    BillingStatus,
    CareRole,
    CareTeamMember,
    Claim,
    ClaimUse,
    Coverage,
    Diagnosis,
    DiagnosisRole,
    Line,
    OtherCoverage,
    Prior,
    Purpose,
)
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.values import OrganizationId, Period, WhoKind

# HL7's own codes had no rendering or referring provider until 2024 (claimcareteamrole 1.0.1), and servers of R4 know the old
# list: so those two are said in CARIN's words, with the nearest of the old list beside them.
CARE_ROLE = by_codings({
    CareRole.RENDERING: [(CARIN_CARE_TEAM_ROLE, "rendering"), (CARE_TEAM_ROLE, "primary")],
    CareRole.REFERRING: [(CARIN_CARE_TEAM_ROLE, "referring"), (CARE_TEAM_ROLE, "other")],
    CareRole.SUPERVISING: [(CARE_TEAM_ROLE, "supervisor")],
    CareRole.PRIMARY: [(CARE_TEAM_ROLE, "primary")],
    CareRole.ASSISTING: [(CARE_TEAM_ROLE, "assist")],
    CareRole.OTHER: [(CARE_TEAM_ROLE, "other")],
}, {
    (CARE_TEAM_ROLE, "rendering"): CareRole.RENDERING,
    (CARE_TEAM_ROLE, "referring"): CareRole.REFERRING,
})  # fmt: skip
DIAGNOSIS_ROLE = by_codings({
    DiagnosisRole.PRINCIPAL: [(DIAGNOSIS_TYPE, "principal")],
    DiagnosisRole.SECONDARY: [(CARIN_DIAGNOSIS_TYPE, "secondary")],
})  # fmt: skip


def procedure_code(hcpcs: str) -> Codec[str]:
    """A bare code of CPT or HCPCS, two parts of one set; which one shows in its form, `hcpcs` or another."""

    def decode(raw: Any) -> str:
        for index, coding in enumerate(field(raw, "coding", list) or []):
            if coding.__class__ is dict and coding.get("system") in (CPT, HCPCS, HCPCS_SECURE) and "code" in coding:
                return STRING.decode(want(coding["code"], str, f"coding[{index}].code"))
        return cast("str", NotImplemented)

    def encode(code: str) -> Json:
        return coded(HCPCS if re.fullmatch(hcpcs, code) else CPT, code)

    return Codec(decode, encode, "a code of CPT or HCPCS")


HCPCS_SECURE = HCPCS.replace("http:", "https:")  # as CARIN spells it (2.0.0)
SERVICE = procedure_code(r"[A-Z]\d{4}")
MODIFIER = procedure_code(r"(?!P[1-6])[A-Z][A-Z\d]")
PLACE_CODE = concept_of(PLACE_OF_SERVICE, STRING)

_COUNTED = (None, "1", "UN", "unit", "units", "{unit}", "{units}")


def _units(raw: Any) -> Any:
    counted = want(raw, dict).get("code", raw.get("unit")) in _COUNTED  # minutes are no units
    amount = part(raw, "value", DECIMAL) if counted else None
    return NotImplemented if amount is None else amount


UNITS: Codec[Any] = Codec(_units, lambda units: {"value": units}, "a number of units")

# The last digit of a bill's type. Da Vinci PCT alone has a place for it, if only for estimates (2.0.0, 2025).
_FREQUENCIES = {Purpose.ORIGINAL: "1", Purpose.REPLACEMENT: "7", Purpose.VOID: "8"}
_PURPOSES = {code: purpose for purpose, code in _FREQUENCIES.items()}


def _purpose(raw: Any) -> Purpose:
    if want(raw, str) not in _PURPOSES:
        raise Wrong(f"unknown code; known: {', '.join(_PURPOSES)}")
    return _PURPOSES[raw]


def _frequency(purpose: Purpose) -> str:
    if purpose not in _FREQUENCIES:
        raise Wrong("a superbill or tracking record is for no payer")
    return _FREQUENCIES[purpose]


FREQUENCY: Codec[Purpose] = Codec(_purpose, _frequency, f"one of {', '.join(_PURPOSES)}")


def first_free(claim: Claim) -> int:
    """The sequence of the coverage that is billed: the first that no other has, so 2 after a payer who paid before."""
    taken = {other.sequence for other in claim.other_coverages}
    return next(number for number in range(1, len(taken) + 2) if number not in taken)


def billed_period(claim: Claim) -> Period | None:
    """From the first day of service to the last, as exact as the least exact of them, so that the ends can be compared."""
    said = [line.service_date.text for line in claim.lines if line.service_date is not None]
    days = [day[: min(map(len, said))] for day in said]
    return Period(start=PartialDate(min(days)), end=PartialDate(max(days))) if days else None


def insurer(claim: Claim, near: Near) -> OrganizationId | None:
    """The organization that pays for the coverage that is billed."""
    coverage = near.record("coverage", claim.coverage)
    payer = coverage.payer if isinstance(coverage, Coverage) else None
    return OrganizationId(payer.id) if payer is not None and payer.kind is WhoKind.ORGANIZATION else None


CODE: Codec[Any] = Codec(lambda raw: raw, lambda code: coded(CLAIM_PRIORITY, code), "a priority")

C, T, D, L, O, P = (  # noqa: E741
    attrs_of(Claim),
    attrs_of(CareTeamMember),
    attrs_of(Diagnosis),
    attrs_of(Line),
    attrs_of(OtherCoverage),
    attrs_of(Prior),
)

CARE_TEAM = Table(CareTeamMember, "Claim.careTeam", (
    row(T.sequence,     "sequence", INTEGER,      required=True),
    row(T.practitioner, "provider", PRACTITIONER, required=True),
    row(T.role,         "role",     CARE_ROLE),
    row(T.taxonomy,     {R4: "qualification", R5: "specialty"}, concept_of(NUCC, STRING)),
))  # fmt: skip

DIAGNOSIS = Table(Diagnosis, "Claim.diagnosis", (
    row(D.sequence,  "sequence", INTEGER, required=True),
    row(D.code,      "diagnosisCodeableConcept", CONCEPT),
    row(D.condition, "diagnosisReference", CONDITION),
    row(D.role,      "type", one_of_list(DIAGNOSIS_ROLE)),
))  # fmt: skip

LINE = Table(Line, "Claim.item", (
    row(L.sequence,         "sequence",         INTEGER, required=True),
    many(L.care_team,       "careTeamSequence",  INTEGER),
    many(L.diagnoses,       "diagnosisSequence", INTEGER),
    row(L.code,             "productOrService", SERVICE, required=True),
    many(L.modifiers,       "modifier",         MODIFIER),
    row(L.service_date,     "serviced[x]",      choice(("Period",), Date=(PartialDate, DATE))),
    row(L.place_of_service, "location[x]",      choice(("Address", "Reference"), CodeableConcept=(str, PLACE_CODE))),
    row(L.units,            "quantity",         UNITS),
    row(L.unit_price,       "unitPrice",        MONEY),
    row(L.net,              "net",              MONEY),
    row(L.session,          "encounter",        one_of_list(SESSION)),
))  # fmt: skip

OTHER_COVERAGE = Table(OtherCoverage, "Claim.insurance", (
    row(O.sequence, "sequence", INTEGER,      required=True),
    row(O.coverage, "coverage", COVERAGE, required=True),
))  # fmt: skip

PRIOR = Table(Prior, "Claim.related", (
    row(P.claim,        "claim",           CLAIM),
    const("relationship.coding:prior.code", "prior", required=True),
    row(P.payer_number, "reference.value", STRING),
), {"coding:prior": Slice({"system": CLAIM_RELATION})})  # fmt: skip

CLAIM_TABLE = Table(Claim, "Claim", (
    const("resourceType",   "Claim", required=True),
    *common(C),
    row(C.number,           "identifier:number.value", STRING),
    row(C.status,           "status",   spelt_alike(BillingStatus, strict=True), required=True),
    const("type.coding:type.code", "professional", required=True),
    row(C.use,              "use",      spelt_alike(ClaimUse, strict=True), required=True),
    row(C.patient,          "patient",  PATIENT, required=True),
    derived("billablePeriod", billed_period, PERIOD),
    row(C.created,          "created",  WHEN, required=True),
    near("insurer",         insurer,    ORGANIZATION, sees=("coverage",)),
    row(C.provider,         "provider", who(WhoKind.PRACTITIONER, WhoKind.ORGANIZATION), required=True),
    derived("priority",     lambda _: "normal", CODE),
    row(C.prior,            "related:prior", PRIOR),
    row(C.facility,         "facility", PLACE),
    many(C.care_team,       "careTeam", CARE_TEAM, by=lambda member: member.sequence),
    row(C.purpose,          "supportingInfo:frequency.code", concept_of(PCT_FREQUENCY, FREQUENCY)),
    row(C.account_number,   "supportingInfo:account.valueString", STRING),
    many(C.diagnoses,       "diagnosis", DIAGNOSIS, by=lambda diagnosis: diagnosis.sequence),
    derived("insurance:focal.sequence", first_free, INTEGER),
    row(C.coverage,         "insurance:focal.coverage", COVERAGE, required=True),
    many(C.preauth_numbers, "insurance:focal.preAuthRef", STRING),
    many(C.other_coverages, "insurance:other", OTHER_COVERAGE, by=lambda other: other.sequence),
    many(C.lines,           "item",     LINE, by=lambda line: line.sequence),
    row(C.total,            "total",    MONEY),
    local(C.state, why="the payer's answers say it; a Claim stays as it was submitted"),
), {
    "identifier:own": own("claim"),
    "identifier:number": own("claim.number"),
    "identifier:other": lambda names: Slice(unless=tuple({"system": names.system(s)} for s in ("claim", "claim.number"))),
    "coding:type": Slice({"system": CLAIM_TYPE}),
    "related:prior": Slice({"relationship": coded(CLAIM_RELATION, "prior")}),
    "supportingInfo:frequency": Slice({"category": coded(PCT_SUPPORTING_INFO, "claimFrequency")}, also={"sequence": 1}),
    "supportingInfo:account": Slice({"category": coded(CARIN_SUPPORTING_INFO, "patientaccountnumber")}, also={"sequence": 2}),
    "insurance:focal": Slice({"focal": True}),
    "insurance:other": Slice({"focal": False}),
})  # fmt: skip
