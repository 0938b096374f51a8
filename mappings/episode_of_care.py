"""EpisodeOfCare: the engagement as what its sessions belong to (https://hl7.org/fhir/R4/episodeofcare.html)."""

from fhir_coaching.fhir.datatypes import PERIOD
from fhir_coaching.fhir.references import reference
from fhir_coaching.fhir.systems import SERVICE
from fhir_coaching.lens import R4, R5, Slice, Table, also, attrs_of, const, derived, row
from fhir_coaching.mappings.care_plan import TEAM, team
from fhir_coaching.mappings.datatypes import (
    ORGANIZATION,
    PATIENT,
    as_made,
    coded,
    identifiers,
    part_common,
    refers_to,
)
from fhir_coaching.records.engagements import Engagement, EngagementStatus
from fhir_coaching.records.values import ReferralId

# "cancelled" says that the episode ended otherwise than planned.
STATUS = {
    EngagementStatus.PLANNED: "planned",
    EngagementStatus.ACTIVE: "active",
    EngagementStatus.ON_HOLD: "onhold",
    EngagementStatus.COMPLETED: "finished",
    EngagementStatus.DISCONTINUED: "cancelled",
    EngagementStatus.ENTERED_IN_ERROR: "entered-in-error",
}
REFERRAL = reference(ReferralId, "referral")

E = attrs_of(Engagement)

EPISODE_OF_CARE = Table(Engagement, "EpisodeOfCare", (
    const("resourceType", "EpisodeOfCare", required=True),
    *part_common(E),
    derived("status", lambda e: STATUS[e.status], as_made("the engagement's status")),
    const("type:coaching", coded(SERVICE, "health-coaching")),
    also(E.patient, "patient", PATIENT),
    row(E.organization, "managingOrganization", ORGANIZATION),
    derived("period", lambda e: e.period, PERIOD),
    row(E.referral, "referralRequest:referral", REFERRAL),
    derived({R4: "team:team", R5: "careTeam:team"}, team, TEAM),
), {
    **identifiers("engagement.episode"),
    "type:coaching": Slice({"coding": [{"system": SERVICE}]}),
    "referralRequest:referral": refers_to("referral"),
    "team:team": refers_to("engagement.team"),
    "careTeam:team": refers_to("engagement.team"),
}, part=True)  # fmt: skip
