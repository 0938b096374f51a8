"""Procedure: the service that a session was, by its CPT code (https://hl7.org/fhir/R4/procedure.html)."""

from typing import Any

from fhir_coaching.fhir.codecs import INTEGER, concept_of, spelt_alike
from fhir_coaching.fhir.datatypes import PERIOD
from fhir_coaching.fhir.systems import ABSENT_REASON, CPT, PARTICIPATION, SERVICE_UNITS
from fhir_coaching.lens import R4, R5, Codec, Json, Slice, Table, also, attrs_of, const, derived, row
from fhir_coaching.mappings.datatypes import (
    PATIENT,
    PRACTITIONER,
    SESSION,
    as_made,
    coded,
    extension,
    identifiers,
    part_common,
)
from fhir_coaching.mappings.encounter import bounds
from fhir_coaching.records.coaching import Cpt, Session, SessionStatus
from fhir_coaching.records.values import Period, SessionId

STATUS = {
    SessionStatus.PLANNED: "preparation",
    SessionStatus.ARRIVED: "preparation",
    SessionStatus.IN_PROGRESS: "in-progress",
    SessionStatus.FINISHED: "completed",
    SessionStatus.CANCELLED: "not-done",
    SessionStatus.ENTERED_IN_ERROR: "entered-in-error",
}
CODE = concept_of(CPT, spelt_alike(Cpt), text={
    Cpt.FIRST: "Health coaching of one person, first session",
    Cpt.FOLLOW_UP: "Health coaching of one person, later session",
    Cpt.GROUP: "Health coaching in a group",
})  # fmt: skip


def is_service(session: Session) -> bool:
    """Whether a session is a service that could be charged, or says how much of one it is."""
    return (session.status is SessionStatus.FINISHED and session.cpt is not None) or session.units is not None


def _performed(session: Session) -> Json:
    """US Core wants a time of what is done (us-core-7), or why there is none: some practices keep minutes only."""
    period: Period | None = bounds(session)
    if period is None:
        return {"_DateTime": {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}}
    return {"Period": PERIOD.encode(period)}


PERFORMED: Codec[Any] = Codec(lambda raw: raw, lambda made: made, "when it was done", ("DateTime", "Period"))

S = attrs_of(Session)

PROCEDURE = Table(Session, "Procedure", (
    const("resourceType", "Procedure", required=True),
    *part_common(S),
    derived("status", lambda s: STATUS[s.status], as_made("the session's status")),
    derived("code", lambda s: s.cpt, CODE),
    also(S.patient, "subject", PATIENT),
    derived("encounter", lambda s: SessionId(s.id), SESSION),
    derived({R4: "performed[x]", R5: "occurrence[x]"}, _performed, PERFORMED),
    derived("performer:coach.actor", lambda s: s.practitioner, PRACTITIONER),
    row(S.units, "extension:units.valuePositiveInt", INTEGER),
), {
    **identifiers("session.service"),
    "performer:coach": Slice({"function": coded(PARTICIPATION, "PPRF")}),
    **extension(units=SERVICE_UNITS),
}, part=True)  # fmt: skip
