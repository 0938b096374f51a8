"""What a practice knows, in its own words. A record belongs to one kind; `RECORDS` lists them."""

from fhir_coaching.records.billing import BillingStatus, Claim, Coverage
from fhir_coaching.records.coaching import Goal, GoalState, GroupSession, Session, SessionStatus
from fhir_coaching.records.conditions import Condition, Verification
from fhir_coaching.records.engagements import (
    ActionStep,
    Engagement,
    EngagementStatus,
    Referral,
    ReferralStatus,
    StepState,
)
from fhir_coaching.records.people import Organization, Patient, Place, Practitioner, RelatedPerson
from fhir_coaching.records.values import Record

# In the order in which a reader meets them: what others refer to comes first.
RECORDS: dict[str, type[Record]] = {
    "organization": Organization,
    "place": Place,
    "practitioner": Practitioner,
    "patient": Patient,
    "related_person": RelatedPerson,
    "coverage": Coverage,
    "condition": Condition,
    "goal": Goal,
    "referral": Referral,
    "action_step": ActionStep,
    "engagement": Engagement,
    "session": Session,
    "claim": Claim,
    "group_session": GroupSession,
}
KINDS: dict[type[Record], str] = {model: kind for kind, model in RECORDS.items()}

# The state by which a record is withdrawn, for the kinds that have one: field, value.
WITHDRAWN = {
    "coverage": ("status", BillingStatus.ENTERED_IN_ERROR),
    "claim": ("status", BillingStatus.ENTERED_IN_ERROR),
    "condition": ("verification", Verification.ENTERED_IN_ERROR),
    "goal": ("state", GoalState.ENTERED_IN_ERROR),
    "referral": ("status", ReferralStatus.ENTERED_IN_ERROR),
    "action_step": ("state", StepState.ENTERED_IN_ERROR),
    "engagement": ("status", EngagementStatus.ENTERED_IN_ERROR),
    "session": ("status", SessionStatus.ENTERED_IN_ERROR),
}


def kind_of(record: Record) -> str:
    """`goal` for a Goal, and so on."""
    return KINDS[type(record)]
