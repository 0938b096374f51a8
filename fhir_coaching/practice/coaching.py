"""What is amiss in one engagement, step, referral or condition, as far as it alone can show."""

from fhir_coaching.practice.checks import Found, is_long, keys_twice, repeated
from fhir_coaching.records.conditions import ClinicalStatus, Condition, ConditionCategory
from fhir_coaching.records.engagements import (
    ActionStep,
    CoachRole,
    Engagement,
    EngagementStatus,
    Referral,
    StepState,
)


def of_condition(condition: Condition) -> Found:
    """What a condition lacks."""
    if condition.concept is None:
        yield "condition-concept", "concept"
    if not condition.categories:
        yield "condition-category", "categories"
    listed = ConditionCategory.PROBLEM_LIST_ITEM in condition.categories
    if listed and condition.clinical_status is ClinicalStatus.UNKNOWN:
        yield "condition-status", "clinical_status"


def of_wrong_condition(condition: Condition) -> Found:
    """What keeps a condition from being withdrawn: servers refuse one that is in error and has a status besides."""
    if condition.clinical_status is not ClinicalStatus.UNKNOWN:
        yield "condition-in-error", "clinical_status"


def of_referral(referral: Referral) -> Found:
    """What a referral lacks."""
    if referral.requested is None:
        yield "referral-requested", "requested"
    if referral.authorised_units is not None and referral.authorised_units <= 0:
        yield "referral-units", "authorised_units"
    if referral.authorised_units is not None and is_long(referral.authorised_units):
        yield "many-digits", "authorised_units"


def of_step(step: ActionStep) -> Found:
    """What a step lacks to be worked on, and to be looked back on."""
    if step.text is None:
        yield "step-text", "text"
    if not step.goals:
        yield "step-goals", "goals"
    if step.state is StepState.ENDED and step.result is None:
        yield "step-result", "result"
    schedule = step.timing.schedule if step.timing is not None else None
    if schedule is not None and (schedule.period == 0 or (schedule.frequency is not None and schedule.period is None)):
        yield "schedule-period", "timing.schedule.period"
    if schedule is not None and schedule.period is not None and is_long(schedule.period):
        yield "many-digits", "timing.schedule.period"
    yield from keys_twice(notes=step.notes)


_STOPPED = {EngagementStatus.ON_HOLD, EngagementStatus.DISCONTINUED}
_OVER = {EngagementStatus.COMPLETED, EngagementStatus.DISCONTINUED}


def of_engagement(engagement: Engagement) -> Found:
    """What an engagement lacks."""
    if engagement.status in _STOPPED and engagement.status_reason is None:
        yield "engagement-reason", "status_reason"
    if engagement.status in _OVER and (engagement.period is None or engagement.period.end is None):
        yield "engagement-end", "period.end"
    if any(coach.role is None for coach in engagement.coaches):
        yield "coach-role", "coaches.role"
    if len({coach.practitioner for coach in engagement.coaches if coach.role is CoachRole.PRIMARY}) > 1:
        yield "coach-primary", "coaches"
    for name, keys in (("goals", engagement.goals), ("steps", engagement.steps)):
        for index in repeated(keys):
            yield "listed-twice", f"{name}[{index}]"
    yield from keys_twice(notes=engagement.notes)
