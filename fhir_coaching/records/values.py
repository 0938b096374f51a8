"""Value types that records share. Not one word of FHIR here."""

from collections.abc import Iterable
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from fhir_coaching.records.dates import Instant, PartialDate

# A FHIR string holds no control character but tab, line feed and carriage return, and is not blank.
_PRINTABLE = r"[^\x00-\x08\x0B\x0C\x0E-\x1F]*"
TEXT_PATTERN = rf"^{_PRINTABLE}[^\s\x00-\x1F]{_PRINTABLE}$"
Text = Annotated[str, StringConstraints(min_length=1, pattern=TEXT_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=r"^\S+( \S+)*$")]  # a code: no blanks at the ends
Uri = Annotated[str, StringConstraints(pattern=r"^\S+$")]
Int = Annotated[int, Strict()]
Bool = Annotated[bool, Strict()]


def _exact(value: object) -> Decimal:
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("expected a number")


Exact = Annotated[Decimal, PlainValidator(_exact), WithJsonSchema({"type": "number"})]


def canonical(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """The order of a set, each item once."""
    if len(items) < 2:  # noqa: PLR2004
        return items
    return tuple(item for _, item in sorted({repr(item): item for item in items}.items()))


class _Set:
    """Marks a list whose order says nothing; the mapping kernel asks for it."""


SET = _Set()
_CANONICAL = AfterValidator(canonical)


class Value(BaseModel):
    """The ways of every value and record: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Points:
    """Marks a field that holds the id of a record of one of these kinds."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds


_ID = StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")
Id = Annotated[str, _ID]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,64}$")]  # tells an item of a list from the others
PatientId = NewType("PatientId", str)
RelatedPersonId = NewType("RelatedPersonId", str)
PractitionerId = NewType("PractitionerId", str)
OrganizationId = NewType("OrganizationId", str)
PlaceId = NewType("PlaceId", str)
GoalId = NewType("GoalId", str)
SessionId = NewType("SessionId", str)
GroupSessionId = NewType("GroupSessionId", str)
CoverageId = NewType("CoverageId", str)
ClaimId = NewType("ClaimId", str)
ConditionId = NewType("ConditionId", str)
EngagementId = NewType("EngagementId", str)
ActionStepId = NewType("ActionStepId", str)
ReferralId = NewType("ReferralId", str)
PatientRef = Annotated[PatientId, _ID, Points("patient")]
PractitionerRef = Annotated[PractitionerId, _ID, Points("practitioner")]
OrganizationRef = Annotated[OrganizationId, _ID, Points("organization")]
PlaceRef = Annotated[PlaceId, _ID, Points("place")]
GoalRef = Annotated[GoalId, _ID, Points("goal")]
SessionRef = Annotated[SessionId, _ID, Points("session")]
GroupSessionRef = Annotated[GroupSessionId, _ID, Points("group_session")]
CoverageRef = Annotated[CoverageId, _ID, Points("coverage")]
ClaimRef = Annotated[ClaimId, _ID, Points("claim")]
ConditionRef = Annotated[ConditionId, _ID, Points("condition")]
EngagementRef = Annotated[EngagementId, _ID, Points("engagement")]
ActionStepRef = Annotated[ActionStepId, _ID, Points("action_step")]
ReferralRef = Annotated[ReferralId, _ID, Points("referral")]


class Missing(Enum):
    """Why a value is not there."""

    UNKNOWN = "unknown"
    NOT_ASKED = "not_asked"
    ASKED_DECLINED = "asked_declined"
    MASKED = "masked"
    NOT_APPLICABLE = "not_applicable"


class Label(Enum):
    """Security labels."""

    NORMAL = "N"
    RESTRICTED = "R"
    VERY_RESTRICTED = "V"
    PART_2 = "42CFRPart2"
    SUBSTANCE_USE = "SUD"
    MENTAL_HEALTH = "MH"
    BEHAVIORAL_HEALTH = "BH"
    ADOLESCENT = "ADOL"
    HIV = "HIV"
    SEXUALITY = "SEX"
    PATIENT_ASSERTED = "PATAST"
    CLINICIAN_ASSERTED = "CLINAST"
    TEST_DATA = "HTEST"


class Code(Value):
    """A code of some system."""

    system: Uri
    code: Word
    display: Text | None = None
    version: Text | None = None


class Concept(Value):
    """An idea by its codes, in words, or both."""

    codings: tuple[Code, ...] = ()
    text: Text | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.codings and self.text is None:
            raise ValueError("expected codings or a text")
        return self


class Comparator(Enum):
    """How the true value stands to the one that is given."""

    LESS = "<"
    AT_MOST = "<="
    AT_LEAST = ">="
    MORE = ">"


class Quantity(Value):
    """A measured amount; `unit` is for people, `code` is UCUM."""

    value: Exact
    comparator: Comparator | None = None
    unit: Text | None = None
    code: Word | None = None


class Range(Value):
    """From low to high, one of them perhaps open."""

    low: Quantity | None = None
    high: Quantity | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.low is None and self.high is None:
            raise ValueError("expected low, high or both")
        return self


class Ratio(Value):
    """One amount for each other amount."""

    numerator: Quantity
    denominator: Quantity


class Span(Value):
    """A length of calendar time."""

    value: Exact
    unit: Annotated[str, StringConstraints(pattern=r"^(s|min|h|d|wk|mo|a)$")]  # UCUM


def _kind_of_time(value: object) -> str | None:
    if isinstance(value, (PartialDate, Instant, bool)):
        return type(value).__name__
    return ("Instant" if "T" in value else "PartialDate") if isinstance(value, str) else None


When = Annotated[
    Annotated[PartialDate, Tag("PartialDate")] | Annotated[Instant, Tag("Instant")], Discriminator(_kind_of_time)
]
Death = Annotated[
    Annotated[PartialDate, Tag("PartialDate")] | Annotated[Instant, Tag("Instant")] | Annotated[Bool, Tag("bool")],
    Discriminator(_kind_of_time),
]


class Period(Value):
    """A stretch of time, as precise as it is known, perhaps open."""

    start: When | None = None
    end: When | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.start is None and self.end is None:
            raise ValueError("expected start, end or both")
        return self


class Interval(Value):
    """A stretch of clock time; without an end it is still going on."""

    start: Instant
    end: Instant | None = None


class Minutes(Value):
    """A number of minutes, or between which two numbers; equal ones are exact."""

    min: Annotated[Int, Field(ge=0, le=100_000)]
    max: Annotated[Int, Field(ge=0, le=100_000)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max < self.min:
            raise ValueError("expected min to be at most max")
        return self


class WhoKind(Enum):
    """Whom a `Who` may name."""

    PATIENT = "patient"
    PRACTITIONER = "practitioner"
    RELATED_PERSON = "related_person"
    ORGANIZATION = "organization"


class Who(Value):
    """A person or organization by kind and record id."""

    kind: WhoKind
    id: Id


class IdentifierUse(Enum):
    """What an identifier is for."""

    USUAL = "usual"
    OFFICIAL = "official"
    TEMP = "temp"
    SECONDARY = "secondary"
    OLD = "old"


class Identifier(Value):
    """A number that somebody else has for the same thing."""

    system: Uri
    value: Text
    use: IdentifierUse | None = None
    type: Concept | None = None


class Aspect(Enum):
    """What a note is about."""

    SUCCESS = "success"
    CHALLENGE = "challenge"
    LEARNING = "learning"
    INSIGHT = "insight"
    PROGRESS = "progress"
    CLOSING = "closing"


class Note(Value):
    """Something said, by whom and when."""

    key: Key | None = None
    at: When | None = None
    by: Who | None = None
    aspect: Aspect | None = None
    text: Text


class Source(Value):
    """Where the practice's own import had a record from."""

    file: Text | None = None
    line: Int | None = None
    system: Text | None = None
    record: Text | None = None


Codes = Annotated[tuple[Code, ...], _CANONICAL, SET]
Concepts = Annotated[tuple[Concept, ...], _CANONICAL, SET]
Identifiers = Annotated[tuple[Identifier, ...], _CANONICAL, SET]
Labels = Annotated[tuple[Label, ...], _CANONICAL, SET]
Words = Annotated[tuple[Word, ...], _CANONICAL, SET]
GoalRefs = Annotated[tuple[GoalRef, ...], _CANONICAL, SET]
ConditionRefs = Annotated[tuple[ConditionRef, ...], _CANONICAL, SET]
ActionStepRefs = Annotated[tuple[ActionStepRef, ...], _CANONICAL, SET]


class Record(Value):
    """What every kind of record has."""

    id: Id
    identifiers: Identifiers = ()
    labels: Labels = ()
    source: Source | None = None
    extra: dict[str, Any] = {}  # any JSON


R = TypeVar("R", bound="Record")


def replaced(record: R, **fields: object) -> R:
    """The record with other values, checked again."""
    return type(record)(**{**dict(record), **fields})


def in_order(values: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals by their start."""
    return tuple(sorted(values, key=lambda interval: interval.start.moment))
