"""Goal: what a patient wants, in their words (https://hl7.org/fhir/R4/goal.html)."""

from typing import Any, cast

from fhir_coaching.fhir.codecs import BOOLEAN, DATE, INTEGER, STRING, choice, codes, concept_of, spelt_alike, want
from fhir_coaching.fhir.datatypes import CODING, CONCEPT, QUANTITY, RANGE, RATIO, SPAN
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import (
    FOCUS,
    GAS_LEVEL,
    GAS_SCORE,
    GOAL_CATEGORY,
    GOAL_CONTINUOUS,
    GOAL_PRIORITY,
    GOAL_RELATIONSHIP,
    HORIZON,
    LOINC,
    PCO_DOMAIN,
    RELATIONSHIP,
)
from fhir_coaching.lens import R4, R5, Codec, Json, Slice, Table, attrs_of, const, local, many, row
from fhir_coaching.mappings.datatypes import (
    CONDITION,
    GOAL,
    KEY,
    NOTE,
    PATIENT,
    coded,
    common,
    extension,
    identifiers,
    note_identity,
)
from fhir_coaching.records.coaching import Focus, GasLevel, Goal, GoalState, Horizon, Priority, Target
from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.values import Concept, Quantity, Range, Ratio, Span, WhoKind

# "completed" in FHIR is "no longer sought", not "achieved"; "cancelled" is given up, "rejected" is declined.
STATE = codes({
    GoalState.PROPOSED: "proposed",
    GoalState.PLANNED: "planned",
    GoalState.ACCEPTED: "accepted",
    GoalState.ACTIVE: "active",
    GoalState.ON_HOLD: "on-hold",
    GoalState.COMPLETED: "completed",
    GoalState.ABANDONED: "cancelled",
    GoalState.DECLINED: "rejected",
    GoalState.ENTERED_IN_ERROR: "entered-in-error",
})  # fmt: skip
PRIORITY = codes({priority: f"{priority.value}-priority" for priority in Priority}, strict=False)


def _standard(category: str, domain: str) -> list[Json]:
    return [{"system": GOAL_CATEGORY, "code": category}, {"system": PCO_DOMAIN, "code": domain}]


# What a focus area is called elsewhere: a goal category of HL7 and a goal domain of PCO. Sent beside our code, not read.
STANDARD_FOCUS = {
    Focus.PHYSICAL_ACTIVITY: _standard("behavioral", "physical-function"),
    Focus.NUTRITION: _standard("dietary", "improving-health-and-wellness"),
    Focus.WEIGHT: _standard("dietary", "improving-health-and-wellness"),
    Focus.SLEEP_RECHARGE: _standard("behavioral", "improving-health-and-wellness"),
    Focus.STRESS_MIND: _standard("behavioral", "emotional-and-mental-health"),
    Focus.EMOTIONAL_WELLBEING: _standard("behavioral", "emotional-and-mental-health"),
    Focus.SOCIAL_CONNECTION: _standard("behavioral", "social-functioning"),
    Focus.RELATIONSHIPS: _standard("behavioral", "social-functioning"),
    Focus.MEDICATION_MANAGEMENT: _standard("behavioral", "medication-management"),
    Focus.CONDITION_MANAGEMENT: _standard("behavioral", "managing-conditions"),
    Focus.TOBACCO: _standard("behavioral", "improving-health-and-wellness"),
    Focus.ALCOHOL_SUBSTANCES: _standard("behavioral", "improving-health-and-wellness"),
    Focus.PAIN: _standard("behavioral", "managing-conditions"),
    Focus.WORK_LIFE: _standard("behavioral", "improving-health-and-wellness"),
    Focus.SURROUNDINGS: _standard("safety", "independence"),
    Focus.PERSONAL_DEVELOPMENT: _standard("behavioral", "improving-health-and-wellness"),
    Focus.SPIRIT_PURPOSE: _standard("behavioral", "improving-health-and-wellness"),
    Focus.PREVENTIVE_CARE: _standard("behavioral", "managing-conditions"),
    Focus.FINANCIAL_SOCIAL_NEEDS: _standard("behavioral", "access-to-services"),
}
_FOCUS_CODES = spelt_alike(Focus)

# Levels of a goal attainment scale: PCO takes LOINC answers for 0 to +2 and has nothing permanent below (0.2.0, 2025-01).
LEVELS: dict[int, Json] = {
    2: {"system": LOINC, "code": "LA6113-0"},
    1: {"system": LOINC, "code": "LA6112-2"},
    0: {"system": LOINC, "code": "LA6111-4"},
    -1: {"system": GAS_SCORE, "code": "less-than-expected"},
    -2: {"system": GAS_SCORE, "code": "much-less-than-expected"},
}


def _level(raw: Any) -> int:
    said = (want(raw, dict).get("system"), raw.get("code"))
    return next(
        (level for level, code in LEVELS.items() if (code["system"], code["code"]) == said), cast("int", NotImplemented)
    )


LEVEL: Codec[int] = Codec(_level, lambda level: dict(LEVELS[level]), "a level of goal attainment, -2 to +2")

DETAIL = choice(
    Quantity=(Quantity, QUANTITY),
    Range=(Range, RANGE),
    Ratio=(Ratio, RATIO),
    CodeableConcept=(Concept, CONCEPT),
    String=(str, STRING),
    Boolean=(bool, BOOLEAN),
    Integer=(int, INTEGER),
)
DUE = choice(Date=(PartialDate, DATE), Duration=(Span, SPAN))
START = choice(("CodeableConcept",), Date=(PartialDate, DATE))

G, T, L = attrs_of(Goal), attrs_of(Target), attrs_of(GasLevel)

TARGET = Table(Target, "Goal.target", (
    row(T.key,     "id",        KEY),
    row(T.measure, "measure",   CONCEPT),
    row(T.detail,  "detail[x]", DETAIL),
    row(T.due,     "due[x]",    DUE),
))  # fmt: skip

ATTAINMENT = Table(GasLevel, "Goal.extension", (
    row(L.level, "extension:level.valueCoding", LEVEL,  required=True),
    row(L.text,  "extension:text.valueString",  STRING, required=True),
), extension(level="level", text="text"))  # fmt: skip

GOAL_TABLE = Table(Goal, "Goal", (
    const("resourceType", "Goal", required=True),
    *common(G),
    row(G.patient,          "subject",            PATIENT, required=True),
    row(G.statement,        "description.text",   STRING, required=True),
    many(G.codes,           "description.coding", CODING, by=lambda code: (code.system, code.code)),
    row(G.language,         "language",           STRING),
    row(G.horizon,          "category:horizon",   concept_of(HORIZON, spelt_alike(Horizon))),
    many(G.focus,           "category:focus",     concept_of(FOCUS, _FOCUS_CODES, STANDARD_FOCUS)),
    row(G.parent,           "extension:parent.extension:target.valueReference", GOAL),
    row(G.expressed_by,     {R4: "expressedBy", R5: "source"}, who(WhoKind.PATIENT, WhoKind.PRACTITIONER, WhoKind.RELATED_PERSON)),
    row(G.start,            "start[x]",           START),
    row(G.state,            "lifecycleStatus",    STATE, required=True),
    row(G.state_reason,     "statusReason",       STRING),
    row(G.state_changed_on, "statusDate",         DATE),
    row(G.achievement,      "achievementStatus",  CONCEPT),
    row(G.priority,         "priority",           concept_of(GOAL_PRIORITY, PRIORITY)),
    many(G.addresses,       "addresses",          CONDITION),
    many(G.targets,         "target",             TARGET, by=lambda target: target.key or target.measure),
    row(G.ongoing,          {R4: "extension:continuous.valueBoolean", R5: "continuous"}, BOOLEAN),
    many(G.gas_scale,       "extension:level",    ATTAINMENT, by=lambda level: level.level),
    many(G.notes,           "note",               NOTE, by=note_identity),
    local(G.revisions, why="the practice's own log; a server keeps its own history"),
), {
    **identifiers("goal"),
    "category:horizon": Slice({"coding": [{"system": HORIZON}]}),
    "category:focus": Slice({"coding": [{"system": FOCUS}]}),
    # Of FHIR's Extensions Pack since 1.0.0; R4 itself had `milestone` in its place, which says the opposite.
    "extension:parent": Slice({
        "url": GOAL_RELATIONSHIP,
        "extension": [{"url": "type", "valueCodeableConcept": coded(RELATIONSHIP, "part-of")}],
    }),
    **extension(target="target", continuous=GOAL_CONTINUOUS, level=GAS_LEVEL),
})  # fmt: skip
