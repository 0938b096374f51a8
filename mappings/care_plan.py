"""CarePlan: what coach and patient agreed to work on (https://hl7.org/fhir/R4/careplan.html)."""

from fhir_coaching.fhir.codecs import STRING, codes, inside
from fhir_coaching.fhir.datatypes import CONCEPT, PERIOD
from fhir_coaching.fhir.references import reference
from fhir_coaching.fhir.systems import CARE_PLAN_CATEGORY, SERVICE, WORKFLOW_STATUS_REASON
from fhir_coaching.lens import R4, R5, Slice, Table, attrs_of, const, derived, local, many, row
from fhir_coaching.mappings.datatypes import (
    CONDITION,
    GOAL,
    NOTE,
    PATIENT,
    PRACTITIONER,
    STEP,
    coded,
    common,
    extension,
    identifiers,
    note_identity,
)
from fhir_coaching.records.engagements import CoachRole, Engagement, EngagementStatus
from fhir_coaching.records.values import EngagementId, PractitionerId

STATUS = codes({
    EngagementStatus.PLANNED: "draft",
    EngagementStatus.ACTIVE: "active",
    EngagementStatus.ON_HOLD: "on-hold",
    EngagementStatus.COMPLETED: "completed",
    EngagementStatus.DISCONTINUED: "revoked",
    EngagementStatus.ENTERED_IN_ERROR: "entered-in-error",
})  # fmt: skip

TEAM = reference(EngagementId, "engagement.team")


def team(engagement: Engagement) -> EngagementId | None:
    """Whose team it is, if there is one."""
    return EngagementId(engagement.id) if engagement.coaches else None


def responsible(engagement: Engagement) -> PractitionerId | None:
    """The primary coach, if there is just one."""
    found = {coach.practitioner for coach in engagement.coaches if coach.role is CoachRole.PRIMARY}
    return found.pop() if len(found) == 1 else None


E = attrs_of(Engagement)

# US Core up to 8 wants assess-plan; in 9 it is retired, and does no harm.
CARE_PLAN = Table(Engagement, "CarePlan", (
    const("resourceType", "CarePlan", required=True),
    *common(E),
    row(E.status,        "status", STATUS, required=True),
    row(E.status_reason, "extension:reason.valueCodeableConcept", CONCEPT),
    const("intent", "plan", required=True),
    const("category:assess-plan", coded(CARE_PLAN_CATEGORY, "assess-plan")),
    const("category:coaching",    coded(SERVICE, "health-coaching")),
    row(E.title,         "title",     STRING),
    row(E.patient,       "subject",   PATIENT, required=True),
    row(E.period,        "period",    PERIOD),
    derived({R4: "author", R5: "custodian"}, responsible, PRACTITIONER),
    derived("careTeam:team", team, TEAM),
    many(E.addresses,    "addresses", {R4: CONDITION, R5: inside("reference", CONDITION)}),
    many(E.goals,        "goal",      GOAL),
    many(E.steps,        "activity",  {R4: inside("reference", STEP), R5: inside("plannedActivityReference", STEP)}),
    many(E.notes,        "note",      NOTE, by=note_identity),
    local(E.agreement,   why="the practice keeps it; a copy is a document of its own"),
), {
    **identifiers("engagement"),
    "category:assess-plan": Slice(coded(CARE_PLAN_CATEGORY, "assess-plan")),
    "category:coaching": Slice({"coding": [{"system": SERVICE}]}),
    "careTeam:team": lambda names: Slice({"identifier": {"system": names.system("engagement.team")}}),
    **extension(reason=WORKFLOW_STATUS_REASON),
}, part=True)  # fmt: skip
