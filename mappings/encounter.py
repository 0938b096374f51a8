"""Encounter: one patient's share in one meeting (https://hl7.org/fhir/R4/encounter.html)."""

from typing import Any, cast

from fhir_coaching.fhir.codecs import INTEGER, codes, concept_of, inside, one_of_list, spelt_alike, want
from fhir_coaching.fhir.datatypes import CONCEPT, CONTACT, MINUTES
from fhir_coaching.fhir.references import reference, who
from fhir_coaching.fhir.systems import (
    ACT_CODE,
    CPT,
    FOCUS,
    MODALITY,
    PARTICIPATION,
    PERTAINS_TO_GOAL,
    PHASE,
    SERVICE,
    SESSION_NUMBER,
    SETTING,
    STEP_REVIEWED,
    SUBJECT_STATUS,
)
from fhir_coaching.lens import R4, R5, Codec, Json, Slice, Table, Wrong, attrs_of, const, derived, local, many, row
from fhir_coaching.mappings.datatypes import (
    CONDITION,
    GOAL,
    PATIENT,
    PLACE,
    PRACTITIONER,
    STEP,
    coded,
    common,
    extension,
    identifiers,
    refers_to,
)
from fhir_coaching.records.coaching import Cpt, Focus, Modality, Other, Phase, Session, SessionStatus, Setting
from fhir_coaching.records.values import Concept, EngagementId, Period, WhoKind

STATUS_4 = codes({
    SessionStatus.PLANNED: "planned",
    SessionStatus.ARRIVED: "arrived",
    SessionStatus.IN_PROGRESS: "in-progress",
    SessionStatus.FINISHED: "finished",
    SessionStatus.CANCELLED: "cancelled",
    SessionStatus.ENTERED_IN_ERROR: "entered-in-error",
}, also_read={"triaged": SessionStatus.ARRIVED, "onleave": SessionStatus.IN_PROGRESS})  # fmt: skip

ARRIVED = coded(SUBJECT_STATUS, "arrived")
WORDS_5: dict[SessionStatus, Json] = {
    SessionStatus.PLANNED: {"status": "planned"},
    SessionStatus.ARRIVED: {"status": "in-progress", "subjectStatus": ARRIVED},
    SessionStatus.IN_PROGRESS: {"status": "in-progress"},
    SessionStatus.FINISHED: {"status": "completed"},
    SessionStatus.CANCELLED: {"status": "cancelled"},
    SessionStatus.ENTERED_IN_ERROR: {"status": "entered-in-error"},
}
_READ_5 = {words["status"]: status for status, words in WORDS_5.items()} | {
    "on-hold": SessionStatus.IN_PROGRESS,
    "discharged": SessionStatus.FINISHED,
}


def _status_5(raw: Json) -> SessionStatus:
    status = want(raw.get("status"), str, "status")
    if status not in _READ_5:
        raise Wrong(f"unknown code; known: {', '.join(_READ_5)}", "status")
    subject = raw.get("subjectStatus")
    arrived = subject.__class__ is dict and STATUS_OF_SUBJECT.decode(subject) == "arrived"
    return SessionStatus.ARRIVED if status == "in-progress" and arrived else _READ_5[status]


STATUS_OF_SUBJECT: Codec[Any] = concept_of(SUBJECT_STATUS, Codec(lambda raw: raw, lambda a: a, "a code"))
STATUS_5: Codec[SessionStatus] = Codec(_status_5, lambda status: dict(WORDS_5[status]), f"one of {', '.join(_READ_5)}")

# Where the patient was, as v3-ActCode has it; several settings share one code, so it is written and not read.
CLASSES = {
    Setting.HOME: "HH",
    Setting.COMMUNITY: "FLD",
    Setting.WORKSITE: "FLD",
    Setting.SCHOOL: "FLD",
    Setting.INPATIENT: "IMP",
}


def act_class(session: Session) -> str:
    """The encounter class: virtual by modality, else by setting."""
    remote = session.modality not in {None, Modality.IN_PERSON}
    return "VR" if remote else CLASSES.get(cast("Setting", session.setting), "AMB")


def bounds(session: Session) -> Period | None:
    """From when to when coach and patient were in contact, breaks included."""
    if session.contact is None:
        return None
    return Period(start=session.contact.intervals[0].start, end=session.contact.intervals[-1].end)


CLASS_4: Codec[Any] = Codec(lambda raw: raw, lambda code: {"system": ACT_CODE, "code": code}, "a class of v3-ActCode")
CLASS_5: Codec[Any] = Codec(lambda raw: raw, lambda code: [coded(ACT_CODE, code)], "a class of v3-ActCode")

PERFORMER = {"type": [coded(PARTICIPATION, "PPRF")]}
FOCUS_CONCEPT = concept_of(FOCUS, spelt_alike(Focus))
EPISODE = reference(EngagementId, "engagement.episode")
OTHER_WHO = who(WhoKind.PRACTITIONER, WhoKind.RELATED_PERSON)


def reason(concept: Codec[Any]) -> Any:
    """A reason of R5: a list of codeable references in an element of its own; ours has one, with a concept."""
    return inside("value", one_of_list(inside("concept", concept)))


def _role(concept: Concept) -> list[Json]:
    if any(code.system == PARTICIPATION and code.code == "PPRF" for code in concept.codings):
        raise Wrong("the primary performer is the session's `practitioner`")
    return [CONCEPT.encode(concept)]


ROLE: Codec[Concept] = Codec(
    lambda raw: CONCEPT.decode(raw[0]) if len(want(raw, list)) == 1 else cast("Concept", NotImplemented),
    _role,
    CONCEPT.says,
)

S, O = attrs_of(Session), attrs_of(Other)  # noqa: E741

OTHER = Table(Other, "Encounter.participant", (
    row(O.who,  {R4: "individual", R5: "actor"}, OTHER_WHO, required=True),
    row(O.role, "type", ROLE),
))  # fmt: skip

ENCOUNTER = Table(Session, "Encounter", (
    const("resourceType", "Encounter", required=True),
    *common(S),
    row(S.status,       {R4: "status", R5: "{status,subjectStatus}"}, {R4: STATUS_4, R5: STATUS_5}, required=True),
    derived("class",    act_class, {R4: CLASS_4, R5: CLASS_5}),
    const("type:coaching", coded(SERVICE, "health-coaching")),
    row(S.phase,        "type:phase",    concept_of(PHASE, spelt_alike(Phase))),
    row(S.modality,     "type:modality", concept_of(MODALITY, spelt_alike(Modality))),
    row(S.setting,      "type:setting",  concept_of(SETTING, spelt_alike(Setting))),
    row(S.cpt,          "type:cpt",      concept_of(CPT, spelt_alike(Cpt))),
    row(S.patient,      "subject",       PATIENT, required=True),
    row(S.engagement,   "episodeOfCare:engagement", EPISODE),
    row(S.practitioner, {R4: "participant:performer.individual", R5: "participant:performer.actor"}, PRACTITIONER),
    many(S.others,      "participant:other", OTHER, by=lambda other: other.who),
    row(S.contact,      {R4: "period", R5: "actualPeriod"}, CONTACT),
    row(S.minutes,      "length",        MINUTES),
    many(S.focus,       {R4: "reasonCode:focus", R5: "reason:focus"},
                        {R4: FOCUS_CONCEPT, R5: reason(FOCUS_CONCEPT)}),
    many(S.reasons,     {R4: "reasonCode:other", R5: "reason:other"},
                        {R4: CONCEPT, R5: reason(CONCEPT)}),
    many(S.conditions,  "diagnosis",
                        {R4: inside("condition", CONDITION), R5: inside("condition", one_of_list(inside("reference", CONDITION)))}),
    many(S.goals,       "extension:goal", inside("valueReference", GOAL, url=PERTAINS_TO_GOAL)),
    many(S.steps_reviewed, "extension:step", inside("valueReference", STEP, url=STEP_REVIEWED)),
    row(S.place,        "location:place.location", PLACE),
    row(S.number,       "extension:number.valuePositiveInt", INTEGER),
    local(S.interpreter_needed, why="the practice's own planning"),
    local(S.group,        why="nothing that ties a group's members together leaves the practice"),
    local(S.billable,     why="a claim says it"),
    local(S.education,    why="the session's note says it"),
    local(S.private_note, why="it is the coach's own"),
), {
    **identifiers("session"),
    "type:coaching": Slice({"coding": [{"system": SERVICE}]}),
    "type:phase": Slice({"coding": [{"system": PHASE}]}),
    "type:modality": Slice({"coding": [{"system": MODALITY}]}),
    "type:setting": Slice({"coding": [{"system": SETTING}]}),
    "type:cpt": Slice({"coding": [{"system": CPT}]}),
    "participant:performer": Slice(PERFORMER),
    "participant:other": Slice(unless=(PERFORMER,)),
    "reasonCode:focus": Slice({"coding": [{"system": FOCUS}]}),
    "reasonCode:other": Slice(unless=({"coding": [{"system": FOCUS}]},)),
    "reason:focus": Slice({"value": [{"concept": {"coding": [{"system": FOCUS}]}}]}),
    "reason:other": Slice(unless=({"value": [{"concept": {"coding": [{"system": FOCUS}]}}]},)),
    "episodeOfCare:engagement": refers_to("engagement.episode"),
    "location:place": lambda names: Slice({"location": {"identifier": {"system": names.system("place")}}}),
    **extension(goal=PERTAINS_TO_GOAL, step=STEP_REVIEWED, number=SESSION_NUMBER),
}, part=True)  # fmt: skip
