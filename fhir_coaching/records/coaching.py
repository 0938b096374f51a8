"""Goals and sessions."""

from enum import Enum
from typing import Annotated, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.values import (
    _CANONICAL,
    _ID,
    SET,
    ActionStepRefs,
    Bool,
    Codes,
    Concept,
    Concepts,
    ConditionRefs,
    EngagementRef,
    GoalId,
    GoalRef,
    GoalRefs,
    GroupSessionId,
    GroupSessionRef,
    Int,
    Interval,
    Key,
    Minutes,
    Note,
    PatientRef,
    PlaceRef,
    PractitionerRef,
    Quantity,
    Range,
    Ratio,
    Record,
    SessionId,
    SessionRef,
    Span,
    Text,
    Uri,
    Value,
    Who,
    Word,
    in_order,
)


class Focus(Enum):
    """The area of life that a goal or session is about."""

    PHYSICAL_ACTIVITY = "physical_activity"
    NUTRITION = "nutrition"
    WEIGHT = "weight"
    SLEEP_RECHARGE = "sleep_recharge"
    STRESS_MIND = "stress_mind"
    EMOTIONAL_WELLBEING = "emotional_wellbeing"
    SOCIAL_CONNECTION = "social_connection"
    RELATIONSHIPS = "relationships"
    MEDICATION_MANAGEMENT = "medication_management"
    CONDITION_MANAGEMENT = "condition_management"
    TOBACCO = "tobacco"
    ALCOHOL_SUBSTANCES = "alcohol_substances"
    PAIN = "pain"
    WORK_LIFE = "work_life"
    SURROUNDINGS = "surroundings"
    PERSONAL_DEVELOPMENT = "personal_development"
    SPIRIT_PURPOSE = "spirit_purpose"
    PREVENTIVE_CARE = "preventive_care"
    FINANCIAL_SOCIAL_NEEDS = "financial_social_needs"
    OTHER = "other"


Focuses = Annotated[tuple[Focus, ...], _CANONICAL, SET]


class GoalState(Enum):
    """Where a goal stands. `completed` says that work on it has ended, not that it was reached."""

    PROPOSED = "proposed"
    PLANNED = "planned"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    ON_HOLD = "on_hold"
    COMPLETED = "completed"
    ABANDONED = "abandoned"
    DECLINED = "declined"
    ENTERED_IN_ERROR = "entered_in_error"


class Horizon(Enum):
    """How far ahead a goal looks."""

    LONG_TERM = "long_term"
    SHORT_TERM = "short_term"


class Priority(Enum):
    """How much a goal matters beside others."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_DETAILS = {"value": "Quantity", "low": "Range", "high": "Range", "numerator": "Ratio", "denominator": "Ratio"}


def _kind_of_detail(value: object) -> str:
    if isinstance(value, dict):
        return next((_DETAILS[key] for key in value if key in _DETAILS), "Concept")
    return type(value).__name__


Detail = Annotated[
    Annotated[Quantity, Tag("Quantity")]
    | Annotated[Range, Tag("Range")]
    | Annotated[Ratio, Tag("Ratio")]
    | Annotated[Concept, Tag("Concept")]
    | Annotated[Text, Tag("str")]
    | Annotated[Bool, Tag("bool")]
    | Annotated[Annotated[Int, Field(ge=-2_147_483_648, le=2_147_483_647)], Tag("int")],
    Discriminator(_kind_of_detail),
]


def _kind_of_due(value: object) -> str:
    return "Span" if isinstance(value, (dict, Span)) else "PartialDate"


Due = Annotated[Annotated[PartialDate, Tag("PartialDate")] | Annotated[Span, Tag("Span")], Discriminator(_kind_of_due)]


class Target(Value):
    """What would show that a goal is reached, and by when."""

    key: Key | None = None
    measure: Concept | None = None
    detail: Detail | None = None
    due: Due | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.measure is None and self.detail is None and self.due is None:
            raise ValueError("expected a measure, a detail or a due date")
        return self


class GasLevel(Value):
    """One step of a goal attainment scale, -2 to +2."""

    level: Annotated[Int, Field(ge=-2, le=2)]
    text: Text


class Revision(Value):
    """How a goal was changed, for the practice's own log."""

    at: Instant
    by: Who | None = None
    fields: tuple[Text, ...] = ()
    reason: Text | None = None


class Goal(Record):
    """What a patient wants, in their words."""

    id: Annotated[GoalId, _ID]
    patient: PatientRef
    statement: Text
    codes: Codes = ()
    language: Word | None = None
    horizon: Horizon | None = None
    focus: Focuses = ()
    parent: GoalRef | None = None
    expressed_by: Who | None = None
    start: PartialDate | None = None
    state: GoalState
    state_reason: Text | None = None
    state_changed_on: PartialDate | None = None
    achievement: Concept | None = None
    priority: Priority | None = None
    addresses: ConditionRefs = ()
    targets: tuple[Target, ...] = ()
    ongoing: Bool | None = None
    gas_scale: Annotated[tuple[GasLevel, ...], _CANONICAL, SET] = ()
    notes: tuple[Note, ...] = ()
    revisions: tuple[Revision, ...] = ()


class SessionStatus(Enum):
    """How far a session has come."""

    PLANNED = "planned"
    ARRIVED = "arrived"
    IN_PROGRESS = "in_progress"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    ENTERED_IN_ERROR = "entered_in_error"


class Phase(Enum):
    """Which part of the engagement a session belongs to."""

    INITIAL = "initial"
    FOLLOW_UP = "follow_up"
    CLOSING = "closing"


class Modality(Enum):
    """How coach and patient met."""

    IN_PERSON = "in_person"
    VIDEO = "video"
    AUDIO = "audio"
    ASYNC = "async"


class Setting(Enum):
    """Where the patient was."""

    CLINIC = "clinic"
    HOME = "home"
    COMMUNITY = "community"
    INPATIENT = "inpatient"
    WORKSITE = "worksite"
    SCHOOL = "school"
    OTHER = "other"


class Cpt(Enum):
    """Category III codes for coaching: first session, later session, in a group."""

    FIRST = "0591T"
    FOLLOW_UP = "0592T"
    GROUP = "0593T"


class Contact(Value):
    """When coach and patient were in direct contact; breaks lie between the intervals. `zone` is an IANA name."""

    intervals: Annotated[tuple[Interval, ...], Field(min_length=1), AfterValidator(in_order)]
    zone: Word | None = None


class BookingState(Enum):
    """What became of a booking."""

    BOOKED = "booked"
    KEPT = "kept"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class Booking(Value):
    """A time that was set aside."""

    planned: Interval | None = None
    state: BookingState
    reason: Concept | None = None


class Other(Value):
    """Somebody else who took part."""

    who: Who
    role: Concept | None = None


class SessionNote(Value):
    """What was written about a session: a text, or a file at an address."""

    title: Text | None = None
    text: Text | None = None
    url: Uri | None = None
    media_type: Word | None = None  # of the file; a text is text/plain
    at: Instant | None = None
    by: Who | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.text is None) is (self.url is None):
            raise ValueError("expected a text or a url, one of them")
        if self.text is not None and self.media_type is not None:
            raise ValueError("expected no media_type beside a text")
        return self


class Billable(Enum):
    """Whether a session is meant for a claim."""

    YES = "yes"
    NO = "no"
    TRACKING = "tracking"


class Session(Record):
    """One patient's share in one meeting, from booking on."""

    id: Annotated[SessionId, _ID]
    patient: PatientRef
    status: SessionStatus
    engagement: EngagementRef | None = None
    practitioner: PractitionerRef | None = None
    others: Annotated[tuple[Other, ...], _CANONICAL, SET] = ()
    phase: Phase | None = None
    modality: Modality | None = None
    setting: Setting | None = None
    cpt: Cpt | None = None
    contact: Contact | None = None
    minutes: Minutes | None = None
    focus: Focuses = ()
    reasons: Concepts = ()
    conditions: ConditionRefs = ()
    goals: GoalRefs = ()
    steps_reviewed: ActionStepRefs = ()
    place: PlaceRef | None = None
    number: Annotated[Int, Field(ge=1, le=2_147_483_647)] | None = None
    interpreter_needed: Bool | None = None
    booking: Booking | None = None
    note: SessionNote | None = None
    units: Annotated[Int, Field(ge=1, le=2_147_483_647)] | None = None  # of the service that `cpt` names
    group: GroupSessionRef | None = None
    billable: Billable | None = None
    education: tuple[Text, ...] = ()
    private_note: Text | None = None


class GroupSession(Record):
    """A meeting of several patients. It never leaves the practice; each member's session does."""

    id: Annotated[GroupSessionId, _ID]
    practitioner: PractitionerRef | None = None
    topic: Text | None = None
    planned: Interval | None = None
    contact: Contact | None = None
    sessions: Annotated[tuple[SessionRef, ...], _CANONICAL, SET] = ()
