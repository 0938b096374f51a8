"""What a patient's goals, sessions and claims are about: conditions, as somebody said them."""

from enum import Enum
from typing import Annotated

from fhir_coaching.records.values import _CANONICAL, _ID, SET, Concept, ConditionId, PatientRef, Record, When, Who


class ConditionCategory(Enum):
    """What list a condition stands on."""

    PROBLEM_LIST_ITEM = "problem_list_item"
    ENCOUNTER_DIAGNOSIS = "encounter_diagnosis"
    HEALTH_CONCERN = "health_concern"


class ClinicalStatus(Enum):
    """Whether a condition is there, and whether it came back."""

    ACTIVE = "active"
    RECURRENCE = "recurrence"
    RELAPSE = "relapse"
    INACTIVE = "inactive"
    REMISSION = "remission"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


class Verification(Enum):
    """How sure a condition is."""

    UNCONFIRMED = "unconfirmed"
    PROVISIONAL = "provisional"
    DIFFERENTIAL = "differential"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    ENTERED_IN_ERROR = "entered_in_error"


class Condition(Record):
    """A problem, diagnosis or concern of a patient; mostly somebody else's, and read."""

    id: Annotated[ConditionId, _ID]
    patient: PatientRef
    concept: Concept | None = None
    categories: Annotated[tuple[ConditionCategory, ...], _CANONICAL, SET] = ()
    clinical_status: ClinicalStatus = ClinicalStatus.UNKNOWN  # what is entered in error must not have another
    verification: Verification | None = None
    onset: When | None = None
    asserted_by: Who | None = None
