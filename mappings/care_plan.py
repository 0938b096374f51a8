"""CarePlan: what coach and patient agreed to work on (https://hl7.org/fhir/R4/careplan.html)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhir_coaching.fhir.codecs import STRING, codes, inside
from fhir_coaching.fhir.datatypes import CONCEPT, PERIOD
from fhir_coaching.fhir.narrative import NARRATIVE, Markup, element, items, joined, said, told, worded
from fhir_coaching.fhir.references import reference
from fhir_coaching.fhir.systems import CARE_PLAN_CATEGORY, SERVICE, WORKFLOW_STATUS_REASON
from fhir_coaching.lens import R4, R5, Near, Slice, Table, attrs_of, const, derived, local, many, near, row
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
    refers_to,
)
from fhir_coaching.records.coaching import Goal, GoalState, Target
from fhir_coaching.records.engagements import ActionStep, CoachRole, Engagement, EngagementStatus, StepState
from fhir_coaching.records.values import EngagementId, Label, Note, PractitionerId, Span

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


# A plan in words must not say more to others than its own labels allow.
OPEN_LABELS = {Label.NORMAL, Label.PATIENT_ASSERTED, Label.CLINICIAN_ASSERTED, Label.TEST_DATA}


def plan_text(plan: Engagement, near: Near) -> str:
    """The plan in words, with its goals and steps, so that who sees nothing else knows what it is."""
    facts = {
        "Status": joined(worded(plan.status), told(plan.status_reason), by=": "),
        "Period": told(plan.period),
    }
    rows = [element("tr", element("th", name), element("td", fact)) for name, fact in facts.items() if fact]
    return "".join((
        element("h3", joined("Coaching plan", plan.title and said(plan.title), by=": ")),
        element("table", element("tbody", *rows)),
        _section("Goals", "ol", _listed(plan, near, "goal", plan.goals, _goal)),
        _section("Steps", "ol", _listed(plan, near, "action_step", plan.steps, _step)),
        _section("Notes", "ul", map(_note, plan.notes)),
    ))  # fmt: skip


def _section(title: str, kind: str, each: Iterable[Markup]) -> Markup:
    made = items(kind, each)
    return Markup(element("h4", title) + made) if made else made


def _listed(
    plan: Engagement, near: Near, kind: str, keys: tuple[str, ...], word: Callable[[Any], Markup]
) -> Iterator[Markup]:
    """Those that are known, stand, are the same patient's and no more private than the plan; and how many more there are."""
    shown = more = 0
    for key in keys:
        one = near.record(kind, key)
        if one is None or not _may_be_said(plan, one):
            more += 1
        elif one.state is not GoalState.ENTERED_IN_ERROR and one.state is not StepState.ENTERED_IN_ERROR:
            shown += 1
            yield word(one)
    if more:
        yield Markup(f"{more}{' more' if shown else ''}, not told here")


def _may_be_said(plan: Engagement, one: Goal | ActionStep) -> bool:
    private = one.labels and set(one.labels) - OPEN_LABELS - set(plan.labels)
    return one.patient == plan.patient and not private


def _goal(goal: Goal) -> Markup:
    state = joined(worded(goal.state), told(goal.achievement), by=", ")
    reason = goal.state_reason and said(goal.state_reason, goal.language)
    targets = items("ul", map(_target, goal.targets))
    return Markup(f"{said(goal.statement, goal.language)} ({joined(state, reason, by=': ')}){targets}")


def _target(target: Target) -> Markup:
    what = joined(told(target.measure), told(target.detail), by=": ")
    due = joined("within" if isinstance(target.due, Span) else "by", told(target.due), by=" ")
    return joined(what, due if target.due is not None else None, by=", ")


def _step(step: ActionStep) -> Markup:
    what = said(step.text) if step.text else Markup("a step")
    state = joined(worded(step.state), step.result and worded(step.result), by=", ")
    return joined(f"{what} ({state})", told(step.timing), step.cue and said(step.cue))


def _note(note: Note) -> Markup:
    when = joined(told(note.at), note.aspect and worded(note.aspect), by=", ")
    return joined(when, said(note.text), by=": ")


E = attrs_of(Engagement)

# US Core demands assess-plan up to 7.0.0, any category in 8.0.0 and none in 9, which retires the code (source of 2025-09).
CARE_PLAN = Table(Engagement, "CarePlan", (
    const("resourceType", "CarePlan", required=True),
    *common(E),
    row(E.status,        "status", STATUS, required=True),
    row(E.status_reason, "extension:reason.valueCodeableConcept", CONCEPT),
    const("intent", "plan", required=True, also_read=("order",)),  # what others write is often authorised at once
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
    near("text",         plan_text,   NARRATIVE, sees=("goal", "action_step")),
    local(E.agreement,   why="the practice keeps it; a copy is a document of its own"),
), {
    **identifiers("engagement"),
    "category:assess-plan": Slice(coded(CARE_PLAN_CATEGORY, "assess-plan")),
    "category:coaching": Slice({"coding": [{"system": SERVICE}]}),
    "careTeam:team": refers_to("engagement.team"),
    **extension(reason=WORKFLOW_STATUS_REASON),
}, part=True)  # fmt: skip
