"""CareTeam: who coaches in an engagement, as what and when (https://hl7.org/fhir/R4/careteam.html)."""

from fhir_coaching.fhir.codecs import choice, concept_of, spelt_alike
from fhir_coaching.fhir.datatypes import PERIOD
from fhir_coaching.fhir.systems import COACH_ROLE, SNOMED
from fhir_coaching.lens import R4, R5, Slice, Table, also, attrs_of, const, derived, many, row
from fhir_coaching.mappings.datatypes import PATIENT, PRACTITIONER, as_made, identifiers, part_common
from fhir_coaching.records.engagements import Coach, CoachRole, Engagement, EngagementStatus
from fhir_coaching.records.values import Period

STATUS = {
    EngagementStatus.PLANNED: "proposed",
    EngagementStatus.ACTIVE: "active",
    EngagementStatus.ON_HOLD: "suspended",
    EngagementStatus.COMPLETED: "inactive",
    EngagementStatus.DISCONTINUED: "inactive",
    EngagementStatus.ENTERED_IN_ERROR: "entered-in-error",
}

HEALTH_COACH = [{"system": SNOMED, "code": "432100008"}]
ROLE = concept_of(
    COACH_ROLE, spelt_alike(CoachRole), {CoachRole.PRIMARY: HEALTH_COACH, CoachRole.CO_COACH: HEALTH_COACH}
)

E, C = attrs_of(Engagement), attrs_of(Coach)

COACH = Table(Coach, "CareTeam.participant", (
    row(C.practitioner, "member", PRACTITIONER, required=True),
    row(C.role,   {R4: "role:coach", R5: "role"}, ROLE),
    row(C.period, {R4: "period", R5: "coverage[x]"}, {R4: PERIOD, R5: choice(("Timing",), Period=(Period, PERIOD))}),
), {"role:coach": Slice({"coding": [{"system": COACH_ROLE}]})})  # fmt: skip

CARE_TEAM = Table(Engagement, "CareTeam", (
    const("resourceType", "CareTeam", required=True),
    *part_common(E),
    derived("status", lambda e: STATUS[e.status], as_made("the engagement's status")),
    also(E.patient, "subject", PATIENT),
    derived("period", lambda e: e.period, PERIOD),
    many(E.coaches, "participant", COACH, by=lambda coach: (coach.practitioner, coach.role)),
), identifiers("engagement.team"), part=True)  # fmt: skip
