"""The mappings: a table a resource, a kind a record. Adding a field is a line in one of these files."""

from typing import Any

from fhir_coaching.lens import Kind, Part
from fhir_coaching.mappings.appointment import APPOINTMENT
from fhir_coaching.mappings.care_plan import CARE_PLAN
from fhir_coaching.mappings.care_team import CARE_TEAM
from fhir_coaching.mappings.claim import CLAIM_TABLE
from fhir_coaching.mappings.condition import CONDITION_TABLE
from fhir_coaching.mappings.coverage import COVERAGE_TABLE
from fhir_coaching.mappings.datatypes import MARK
from fhir_coaching.mappings.document_reference import APPENDS, DOCUMENT_REFERENCE
from fhir_coaching.mappings.encounter import ENCOUNTER
from fhir_coaching.mappings.episode_of_care import EPISODE_OF_CARE
from fhir_coaching.mappings.goal import GOAL_TABLE
from fhir_coaching.mappings.location import LOCATION
from fhir_coaching.mappings.organization import ORGANIZATION_TABLE
from fhir_coaching.mappings.patient import PATIENT_TABLE
from fhir_coaching.mappings.practitioner import PRACTITIONER_TABLE
from fhir_coaching.mappings.practitioner_role import ROLE, has_role
from fhir_coaching.mappings.procedure import PROCEDURE, is_service
from fhir_coaching.mappings.related_person import RELATED_PERSON
from fhir_coaching.mappings.service_request import ACTION_STEP, REFERRAL
from fhir_coaching.records.billing import Claim, Coverage, is_for_a_payer
from fhir_coaching.records.coaching import Goal, Session
from fhir_coaching.records.conditions import Condition
from fhir_coaching.records.engagements import ActionStep, Engagement, Referral
from fhir_coaching.records.people import Organization, Patient, Place, Practitioner, RelatedPerson

IN_ERROR = {"status": "entered-in-error"}

# What others refer to comes first. The anchor part, the first, has the name of its kind.
KINDS: dict[str, Kind[Any]] = {
    "organization": Kind(Organization, organization=Part(ORGANIZATION_TABLE)),
    "place": Kind(Place, place=Part(LOCATION)),
    "practitioner": Kind(
        Practitioner,
        practitioner=Part(PRACTITIONER_TABLE),
        role=Part(ROLE, when=has_role, retired={"active": False}, mark=MARK),
    ),
    "patient": Kind(Patient, patient=Part(PATIENT_TABLE)),
    "related_person": Kind(RelatedPerson, related_person=Part(RELATED_PERSON)),
    "coverage": Kind(Coverage, coverage=Part(COVERAGE_TABLE)),
    "condition": Kind(Condition, condition=Part(CONDITION_TABLE)),
    "goal": Kind(Goal, goal=Part(GOAL_TABLE)),
    "referral": Kind(Referral, referral=Part(REFERRAL)),
    "action_step": Kind(ActionStep, action_step=Part(ACTION_STEP)),
    "engagement": Kind(
        Engagement,
        engagement=Part(CARE_PLAN, retired=IN_ERROR),
        episode=Part(EPISODE_OF_CARE, when=lambda _: True, retired=IN_ERROR, mark=MARK, follows=True),
        team=Part(
            CARE_TEAM, when=lambda engagement: bool(engagement.coaches), retired=IN_ERROR, mark=MARK, follows=True
        ),
    ),
    "session": Kind(
        Session,
        session=Part(ENCOUNTER, retired=IN_ERROR),
        appointment=Part(APPOINTMENT, when=lambda session: session.booking is not None, retired=IN_ERROR, mark=MARK),
        note=Part(
            DOCUMENT_REFERENCE,
            when=lambda session: session.note is not None,
            retired=IN_ERROR,
            mark=MARK,
            follows=True,
            appends=APPENDS,
        ),
        service=Part(PROCEDURE, when=is_service, retired=IN_ERROR, mark=MARK, follows=True),
    ),
    "claim": Kind(Claim, is_for_a_payer, claim=Part(CLAIM_TABLE)),
}
