"""ServiceRequest: as a plan, a patient's next step; as an order, a referral (https://hl7.org/fhir/R4/servicerequest.html)."""

from decimal import Decimal

from fhir_coaching.fhir.codecs import DECIMAL, STRING, choice, codes, concept_of, inside, one_of_list, spelt_alike
from fhir_coaching.fhir.datatypes import CONCEPT, PERIOD, TIMING
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import PERTAINS_TO_GOAL, REQUEST_STATUS_REASON, SERVICE, SNOMED, STEP_RESULT
from fhir_coaching.lens import R4, R5, Slice, Table, attrs_of, const, derived, local, many, row
from fhir_coaching.mappings.datatypes import (
    GOAL,
    NOTE,
    PATIENT,
    SESSION,
    common,
    extension,
    identifiers,
    note_identity,
    refers_to,
)
from fhir_coaching.records.engagements import ActionStep, Referral, ReferralStatus, StepResult, StepState
from fhir_coaching.records.values import Period, WhoKind

STATE = codes({
    StepState.PLANNED: "draft",
    StepState.ACTIVE: "active",
    StepState.ON_HOLD: "on-hold",
    StepState.ENDED: "completed",
    StepState.DROPPED: "revoked",
    StepState.ENTERED_IN_ERROR: "entered-in-error",
})  # fmt: skip
STATUS = spelt_alike(ReferralStatus, strict=True)

# Counselling, of R4's servicerequest-category (4.0.1), which US Core takes in as a whole (8.0.0).
COACHING = {
    "coding": [{"system": SERVICE, "code": "health-coaching"}, {"system": SNOMED, "code": "409063005"}],
}
REQUESTER = who(*WhoKind)

# What lies under "order" in HL7's request-intent: the order as it was first placed, and those that came of it.
ORDERS = ("original-order", "reflex-order", "filler-order", "instance-order")

A, R = attrs_of(ActionStep), attrs_of(Referral)

ACTION_STEP = Table(ActionStep, "ServiceRequest", (
    const("resourceType", "ServiceRequest", required=True),
    *common(A),
    row(A.state,         "status",    STATE, required=True),
    row(A.result,        "extension:result.valueCodeableConcept", concept_of(STEP_RESULT, spelt_alike(StepResult))),
    const("intent", "plan", required=True),
    const("category:coaching", COACHING),
    row(A.text,          {R4: "code.text", R5: "code.concept.text"}, STRING),
    row(A.patient,       "subject",   PATIENT, required=True),
    derived("performer:patient", lambda step: step.patient, PATIENT),
    many(A.goals,        "extension:goal", inside("valueReference", GOAL, url=PERTAINS_TO_GOAL)),
    row(A.timing,        "occurrence[x]", TIMING),
    row(A.cue,           "patientInstruction", {R4: STRING, R5: one_of_list(inside("instructionMarkdown", STRING))}),
    row(A.set_by,        "requester", REQUESTER),
    row(A.set_in,        "encounter", SESSION),
    many(A.notes,        "note",      NOTE, by=note_identity),
    local(A.next_session, why="the practice's own planning; a date due says it to others"),
), {
    **identifiers("action_step"),
    "category:coaching": Slice({"coding": [{"system": SERVICE}]}),
    "performer:patient": refers_to("patient"),
    **extension(result=REQUEST_STATUS_REASON, goal=PERTAINS_TO_GOAL),
})  # fmt: skip

UNITS = choice(("Range", "Ratio"), Quantity=(Decimal, inside("value", DECIMAL)))

REFERRAL = Table(Referral, "ServiceRequest", (
    const("resourceType", "ServiceRequest", required=True),
    *common(R),
    row(R.status,    "status", STATUS, required=True),
    row(R.number,    "requisition.value", STRING),
    const("intent", "order", required=True, also_read=ORDERS),
    const("category:coaching", COACHING),
    row(R.requested, {R4: "code", R5: "code.concept"}, CONCEPT),
    row(R.patient,   "subject", PATIENT, required=True),
    row(R.requester, "requester", REQUESTER),
    many(R.reasons,  {R4: "reasonCode", R5: "reason"}, {R4: CONCEPT, R5: inside("concept", CONCEPT)}),
    row(R.authorised_units, "quantity[x]", UNITS),
    row(R.period,    "occurrence[x]", choice(("DateTime", "Timing"), Period=(Period, PERIOD))),
), {
    **identifiers("referral"),
    "category:coaching": Slice({"coding": [{"system": SERVICE}]}),
})  # fmt: skip
