"""What coach and patient agreed on: engagements, the steps in between, and the referrals that led to them."""

from enum import Enum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from fhir_coaching.records.values import (
    _CANONICAL,
    _ID,
    SET,
    ActionStepId,
    ActionStepRef,
    Bool,
    Concept,
    Concepts,
    ConditionRefs,
    EngagementId,
    Exact,
    GoalRef,
    GoalRefs,
    Int,
    Note,
    OrganizationRef,
    PatientRef,
    Period,
    PractitionerRef,
    Record,
    ReferralId,
    ReferralRef,
    SessionRef,
    Text,
    Value,
    When,
    Who,
)


class EngagementStatus(Enum):
    """How far the work with a patient has come."""

    PLANNED = "planned"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    DISCONTINUED = "discontinued"
    ENTERED_IN_ERROR = "entered_in_error"


class CoachRole(Enum):
    """What a coach is to an engagement."""

    PRIMARY = "primary"
    CO_COACH = "co_coach"
    SUPERVISOR = "supervisor"


class Coach(Value):
    """Who coaches, as what, and from when to when."""

    practitioner: PractitionerRef
    role: CoachRole | None = None
    period: Period | None = None


class Agreement(Value):
    """The coaching agreement that a patient accepted."""

    version: Text | None = None
    agreed_at: When | None = None
    document: Text | None = None  # where the practice keeps it


class Engagement(Record):
    """One patient's coaching from the first plan to the closing: a plan, and who works on it. Goals and steps are in order."""

    id: Annotated[EngagementId, _ID]
    patient: PatientRef
    title: Text | None = None
    status: EngagementStatus
    status_reason: Concept | None = None
    period: Period | None = None
    goals: tuple[GoalRef, ...] = ()
    steps: tuple[ActionStepRef, ...] = ()
    addresses: ConditionRefs = ()
    notes: tuple[Note, ...] = ()
    organization: OrganizationRef | None = None
    referral: ReferralRef | None = None
    coaches: Annotated[tuple[Coach, ...], _CANONICAL, SET] = ()
    agreement: Agreement | None = None


class Day(Enum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_DAYS = list(Day)


def in_week(days: tuple[Day, ...]) -> tuple[Day, ...]:
    """Days in the order of the week, each once."""
    return tuple(sorted(set(days), key=_DAYS.index))


CLOCK_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?$"
Clock = Annotated[str, StringConstraints(pattern=CLOCK_PATTERN)]  # the time of day, without a zone
Unit = Annotated[str, StringConstraints(pattern=r"^(s|min|h|d|wk|mo|a)$")]  # UCUM


class Schedule(Value):
    """How often: `frequency` times in each `period` of `unit`, on these days, at these times of day."""

    frequency: Annotated[Int, Field(ge=1, le=2_147_483_647)] | None = None
    period: Exact | None = None
    unit: Unit | None = None
    days: Annotated[tuple[Day, ...], AfterValidator(in_week), SET] = ()
    times: Annotated[tuple[Clock, ...], _CANONICAL, SET] = ()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.frequency is None and self.period is None and not self.days and not self.times:
            raise ValueError("expected a frequency, a period, days or times")
        if (self.period is None) is not (self.unit is None):
            raise ValueError("expected period and unit, both or neither")
        if self.period is not None and self.period < 0:
            raise ValueError("expected a period of at least 0")
        return self


class Timing(Value):
    """When a step is to be done: from `start` until `due`, and how often."""

    start: When | None = None
    due: When | None = None
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.start is None and self.due is None and self.schedule is None:
            raise ValueError("expected start, due or schedule")
        return self


class StepState(Enum):
    """Where a step stands. `ended` says that its time is over; `result` says how it went."""

    PLANNED = "planned"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    ENDED = "ended"
    DROPPED = "dropped"
    ENTERED_IN_ERROR = "entered_in_error"


class StepResult(Enum):
    """What became of a step."""

    MET = "met"
    PARTLY_MET = "partly_met"
    NOT_MET = "not_met"
    CARRIED_OVER = "carried_over"


class ActionStep(Record):
    """What a patient means to do until the next session, in their words."""

    id: Annotated[ActionStepId, _ID]
    patient: PatientRef
    text: Text | None = None
    goals: GoalRefs = ()
    timing: Timing | None = None
    cue: Text | None = None
    next_session: Bool | None = None
    state: StepState
    result: StepResult | None = None
    set_by: Who | None = None
    set_in: SessionRef | None = None
    notes: tuple[Note, ...] = ()


class ReferralStatus(Enum):
    """Where a referral stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    REVOKED = "revoked"
    ENTERED_IN_ERROR = "entered_in_error"


class Referral(Record):
    """Who asked for a patient's coaching, why, and for how much of it."""

    id: Annotated[ReferralId, _ID]
    patient: PatientRef
    status: ReferralStatus
    number: Text | None = None
    requested: Concept | None = None
    requester: Who | None = None
    reasons: Concepts = ()
    authorised_units: Exact | None = None
    period: Period | None = None
