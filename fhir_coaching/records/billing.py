"""Who pays, and what is charged."""

from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Protocol, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.values import (
    _CANONICAL,
    _ID,
    SET,
    ClaimId,
    ClaimRef,
    Concept,
    ConditionRef,
    CoverageId,
    CoverageRef,
    Exact,
    Int,
    PatientRef,
    Period,
    PlaceRef,
    PractitionerRef,
    Record,
    SessionRef,
    Text,
    Value,
    When,
    Who,
    Word,
)

Sequence = Annotated[Int, Field(ge=1, le=2_147_483_647)]


class Money(Value):
    """An exact amount in a currency of ISO 4217."""

    value: Exact
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None


class BillingStatus(Enum):
    """Whether a coverage or claim counts."""

    ACTIVE = "active"
    DRAFT = "draft"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered_in_error"


class Relationship(Enum):
    """What a patient is to the subscriber of a coverage."""

    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    COMMON = "common"
    INJURED = "injured"
    OTHER = "other"


class Coverage(Record):
    """Who pays for a patient, and under what number. A patient who pays is the payer."""

    id: Annotated[CoverageId, _ID]
    patient: PatientRef
    status: BillingStatus = BillingStatus.ACTIVE
    payer: Who
    member_id: Text | None = None
    subscriber: Who | None = None
    relationship: Relationship | None = None
    type: Concept | None = None
    plan: Text | None = None
    group: Text | None = None
    period: Period | None = None
    order: Sequence | None = None  # 1 pays first


class Numbered(Protocol):
    """Has a number of its own in its list."""

    @property
    def sequence(self) -> int:
        """The number."""


N = TypeVar("N", bound=Numbered)


def by_sequence(items: Iterable[N]) -> tuple[N, ...]:
    """In the order of their numbers."""
    return tuple(sorted(items, key=lambda item: item.sequence))


_IN_SEQUENCE = AfterValidator(by_sequence)


class ClaimUse(Enum):
    """What a payer is asked for."""

    CLAIM = "claim"
    PREAUTHORIZATION = "preauthorization"
    PREDETERMINATION = "predetermination"


class Purpose(Enum):
    """What a claim is made for. A superbill is for the patient, tracking is for the practice: no payer gets them."""

    ORIGINAL = "original"
    REPLACEMENT = "replacement"
    VOID = "void"
    SUPERBILL = "superbill"
    TRACKING = "tracking"


class ClaimState(Enum):
    """How far a claim has come."""

    DRAFT = "draft"
    CHECKED = "checked"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PENDED = "pended"
    PAID = "paid"
    DENIED = "denied"
    VOIDED = "voided"


class CareRole(Enum):
    """Whose part somebody had in what is charged."""

    RENDERING = "rendering"
    REFERRING = "referring"
    SUPERVISING = "supervising"
    PRIMARY = "primary"
    ASSISTING = "assisting"
    OTHER = "other"


class CareTeamMember(Value):
    """Somebody who had a part in what is charged; `taxonomy` is NUCC."""

    sequence: Sequence
    practitioner: PractitionerRef
    role: CareRole | None = None
    taxonomy: Word | None = None


class DiagnosisRole(Enum):
    """How much a diagnosis weighs on a claim."""

    PRINCIPAL = "principal"
    SECONDARY = "secondary"


class Diagnosis(Value):
    """Why a service was needed: by its code, or a condition of the patient."""

    sequence: Sequence
    code: Concept | None = None
    condition: ConditionRef | None = None
    role: DiagnosisRole | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.code is None) is (self.condition is None):
            raise ValueError("expected a code or a condition, one of them")
        return self


class Line(Value):
    """One service of a claim. `code` and `modifiers` are bare codes of CPT or HCPCS, `place_of_service` is of CMS."""

    sequence: Sequence
    session: SessionRef | None = None
    code: Word
    modifiers: tuple[Word, ...] = ()
    place_of_service: Word | None = None
    service_date: PartialDate | None = None
    units: Exact | None = None
    unit_price: Money | None = None
    net: Money | None = None
    diagnoses: tuple[Sequence, ...] = ()  # their sequences, the most important first
    care_team: tuple[Sequence, ...] = ()  # their sequences


class OtherCoverage(Value):
    """A coverage beside the one that is billed. Its sequence says whether it pays before or after that one."""

    sequence: Sequence
    coverage: CoverageRef


class Prior(Value):
    """The claim that is replaced or voided: our record of it, and the payer's control number for it."""

    claim: ClaimRef | None = None
    payer_number: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.claim is None and self.payer_number is None:
            raise ValueError("expected a claim or the payer's number")
        return self


class Claim(Record):
    """What a payer is asked to pay for, as it was or will be submitted. Numbers and amounts are as said, not computed."""

    id: Annotated[ClaimId, _ID]
    patient: PatientRef
    status: BillingStatus = BillingStatus.ACTIVE
    number: Text | None = None
    use: ClaimUse
    purpose: Purpose | None = None
    created: When
    coverage: CoverageRef
    other_coverages: Annotated[tuple[OtherCoverage, ...], _IN_SEQUENCE] = ()
    preauth_numbers: Annotated[tuple[Text, ...], _CANONICAL, SET] = ()
    provider: Who
    care_team: Annotated[tuple[CareTeamMember, ...], _IN_SEQUENCE] = ()
    facility: PlaceRef | None = None
    diagnoses: Annotated[tuple[Diagnosis, ...], _IN_SEQUENCE] = ()
    lines: Annotated[tuple[Line, ...], _IN_SEQUENCE] = ()
    total: Money | None = None
    prior: Prior | None = None
    account_number: Text | None = None
    state: ClaimState | None = None


def is_for_a_payer(claim: Claim) -> bool:
    """Whether a claim may leave the practice."""
    return claim.purpose not in (Purpose.SUPERBILL, Purpose.TRACKING)
