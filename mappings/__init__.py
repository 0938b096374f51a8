"""The mappings: a table a resource, a kind a record. Adding a field is a line in one of these files."""

from typing import Any

from fhir_coaching.lens import Kind, Part
from fhir_coaching.mappings.appointment import APPOINTMENT
from fhir_coaching.mappings.datatypes import MARK
from fhir_coaching.mappings.encounter import ENCOUNTER
from fhir_coaching.mappings.goal import GOAL_TABLE
from fhir_coaching.mappings.location import LOCATION
from fhir_coaching.mappings.organization import ORGANIZATION_TABLE
from fhir_coaching.mappings.patient import PATIENT_TABLE
from fhir_coaching.mappings.practitioner import PRACTITIONER_TABLE
from fhir_coaching.mappings.practitioner_role import ROLE, has_role
from fhir_coaching.mappings.related_person import RELATED_PERSON
from fhir_coaching.records.coaching import Goal, Session
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
    "goal": Kind(Goal, goal=Part(GOAL_TABLE)),
    "session": Kind(
        Session,
        session=Part(ENCOUNTER, retired=IN_ERROR),
        appointment=Part(APPOINTMENT, when=lambda session: session.booking is not None, retired=IN_ERROR, mark=MARK),
    ),
}
