"""The sample practice's engagements, steps, referrals and conditions: in every state, and each fitting the others."""

from collections import Counter

import pytest
from sample import day_of, sampled, unused

from fhir_coaching.fhir.narrative import right_to_left
from fhir_coaching.mappings.care_plan import OPEN_LABELS
from fhir_coaching.records.coaching import Goal, GoalState, Phase, Session, SessionStatus
from fhir_coaching.records.conditions import ClinicalStatus, Condition, ConditionCategory, Verification
from fhir_coaching.records.engagements import (
    ActionStep,
    CoachRole,
    Day,
    Engagement,
    EngagementStatus,
    Referral,
    ReferralStatus,
    StepResult,
    StepState,
)
from fhir_coaching.records.people import Practitioner
from fhir_coaching.records.values import Aspect, Period, WhoKind

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SESSIONS = {session.id: session for session in sampled(Session)}
GOALS = {goal.id: goal for goal in sampled(Goal)}
STEPS = {step.id: step for step in sampled(ActionStep)}
ENGAGEMENTS = {engagement.id: engagement for engagement in sampled(Engagement)}
CARRIED_OVER = [step for step in STEPS.values() if step.result is StepResult.CARRIED_OVER]
REVIEWS = {step: session for session in SESSIONS.values() for step in session.steps_reviewed}


def within(date: str, period: Period | None) -> bool:
    """Whether a day lies in a period, as far as that is known."""
    start, end = (bound.text if bound else "" for bound in ((period.start, period.end) if period else (None, None)))
    return date[: len(start)] >= start and (not end or date[: len(end)] <= end)


def test_engagements_of_every_sort() -> None:
    engagements = ENGAGEMENTS.values()
    assert not unused(EngagementStatus, (e.status for e in engagements))
    assert not unused(CoachRole, (coach.role for e in engagements for coach in e.coaches))
    for status in (EngagementStatus.ON_HOLD, EngagementStatus.DISCONTINUED):
        assert all(e.status_reason for e in engagements if e.status is status)
    ended = [e for e in engagements if e.period and e.period.end]
    assert {e.status for e in ended} == {
        *(EngagementStatus.COMPLETED, EngagementStatus.DISCONTINUED, EngagementStatus.ENTERED_IN_ERROR),
    }
    assert {len(e.period.start.text) for e in engagements if e.period and e.period.start} == {7, 10}
    assert any(coach.period and coach.period.end for e in engagements for coach in e.coaches)
    assert any(e.agreement and e.agreement.document for e in engagements)
    assert any(e.referral for e in engagements)
    notes = [note for e in engagements for note in e.notes] + [note for s in STEPS.values() for note in s.notes]
    assert not unused(Aspect, (note.aspect for note in notes))
    assert {note.by.kind for note in notes if note.by} == {*WhoKind} - {WhoKind.ORGANIZATION}


def test_each_goal_that_stands_is_worked_on_in_one_engagement() -> None:
    planned = Counter(goal for e in ENGAGEMENTS.values() for goal in e.goals)
    assert set(planned.values()) == {1}
    assert set(planned) == {goal.id for goal in GOALS.values() if goal.state is not GoalState.ENTERED_IN_ERROR}
    assert all(GOALS[goal].patient == e.patient for e in ENGAGEMENTS.values() for goal in e.goals)


def test_each_step_that_stands_is_in_the_engagement_of_its_goals() -> None:
    for e in ENGAGEMENTS.values():
        assert all(set(STEPS[step].goals) & set(e.goals) for step in e.steps), e.id
    planned = Counter(step for e in ENGAGEMENTS.values() for step in e.steps)
    assert set(planned.values()) == {1}
    assert set(planned) == {step.id for step in STEPS.values() if step.state is not StepState.ENTERED_IN_ERROR}


def test_a_session_is_of_its_patients_engagement_and_of_its_time() -> None:
    for session in SESSIONS.values():
        assert (session.engagement is None) is (session.status is SessionStatus.ENTERED_IN_ERROR), session.id
        if session.engagement is None:
            continue
        engagement = ENGAGEMENTS[session.engagement]
        assert engagement.patient == session.patient, session.id
        if session.status is SessionStatus.FINISHED and day_of(session):
            assert within(day_of(session), engagement.period), session.id
    first = Counter(session.engagement for session in SESSIONS.values() if session.phase is Phase.INITIAL)
    assert set(first.values()) == {1}


def test_steps_of_every_sort() -> None:
    steps = STEPS.values()
    assert not unused(StepState, (step.state for step in steps))
    assert not unused(StepResult, (step.result for step in steps))
    timings = [step.timing for step in steps if step.timing]
    schedules = [timing.schedule for timing in timings if timing.schedule]
    assert not unused(Day, (day for schedule in schedules for day in schedule.days))
    assert {schedule.unit for schedule in schedules} >= {"h", "d", "wk", "mo"}
    assert any(len(schedule.times) > 1 for schedule in schedules)
    assert any(schedule.frequency is None for schedule in schedules)
    assert {len(timing.due.text) for timing in timings if timing.due} == {7, 10}
    assert any(step.cue for step in steps)
    assert {step.next_session for step in steps} == {True, False, None}
    assert {step.set_by.kind for step in steps if step.set_by} == {*WhoKind} - {WhoKind.ORGANIZATION}


@pytest.mark.parametrize("step", STEPS.values(), ids=lambda step: step.id)
def test_a_step_is_set_in_one_session_and_looked_at_in_a_later_one(step: ActionStep) -> None:
    assert {GOALS[goal].patient for goal in step.goals} == {step.patient}
    set_in, review = SESSIONS[step.set_in] if step.set_in else None, REVIEWS.get(step.id)
    if set_in is not None:
        assert (set_in.patient, set_in.status) == (step.patient, SessionStatus.FINISHED)
    if review is not None:
        assert set_in is not None
        assert review.patient == step.patient
        assert day_of(set_in) < day_of(review)
    assert review is not None or step.result is None
    if step.timing and step.timing.start and step.timing.due:
        assert step.timing.start.text <= step.timing.due.text


@pytest.mark.parametrize("step", CARRIED_OVER, ids=lambda step: step.id)
def test_a_step_that_is_carried_over_is_built_on_when_it_is_looked_at(step: ActionStep) -> None:
    review = REVIEWS[step.id]
    assert any(set(later.goals) & set(step.goals) for later in STEPS.values() if later.set_in == review.id)


def test_steps_build_on_each_other() -> None:
    chains = Counter(step.patient for step in STEPS.values() if step.set_in)
    assert len(chains) >= 12
    assert max(chains.values()) >= 6
    assert len(CARRIED_OVER) >= 5


def test_referrals_of_every_sort() -> None:
    referrals = sampled(Referral)
    assert not unused(ReferralStatus, (r.status for r in referrals))
    assert not unused(WhoKind, (r.requester.kind for r in referrals if r.requester))
    theirs = {p.id for p in sampled(Practitioner) if p.organization != "o-riverside"}
    assert any(r.requester and r.requester.id in theirs and r.authorised_units for r in referrals)
    assert all(e.patient == r.patient for e in ENGAGEMENTS.values() for r in referrals if e.referral == r.id)


def test_conditions_of_every_sort() -> None:
    conditions = sampled(Condition)
    assert not unused(ConditionCategory, (category for c in conditions for category in c.categories))
    assert not unused(ClinicalStatus, (c.clinical_status for c in conditions))
    assert not unused(Verification, (c.verification for c in conditions))
    assert {code.system for c in conditions if c.concept for code in c.concept.codings} == {ICD}
    assert {len(c.onset.text) for c in conditions if c.onset} >= {4, 7, 10}
    assert {c.asserted_by.kind for c in conditions if c.asserted_by} == {*WhoKind} - {WhoKind.ORGANIZATION}
    assert any(goal.addresses for goal in GOALS.values())
    assert any(session.conditions for session in SESSIONS.values())


def test_notes_of_sessions_are_texts_and_files() -> None:
    notes = [session.note for session in SESSIONS.values() if session.note]
    assert all(note.title and note.at and note.by for note in notes)
    assert any(note.text and "\n" in note.text for note in notes)
    assert len({note.media_type for note in notes if note.url}) >= 3


def test_whoever_reads_from_right_to_left_does_so_in_plan_goal_step_and_note() -> None:
    for patient, language in (("p-otter", "ar"), ("p-minnow", "he")):
        assert any(right_to_left(e.title or "") for e in ENGAGEMENTS.values() if e.patient == patient)
        assert any(right_to_left(g.statement) for g in GOALS.values() if (g.patient, g.language) == (patient, language))
        assert all(right_to_left(step.text or "") for step in STEPS.values() if step.patient == patient)
        texts = [s.note.text for s in SESSIONS.values() if s.patient == patient and s.note and s.note.text]
        assert any(map(right_to_left, texts))


def test_a_step_is_no_less_private_than_its_goals() -> None:
    private = {goal.id: set(goal.labels) - OPEN_LABELS for goal in GOALS.values()}
    assert any(private.values())
    assert all(private[goal] <= set(step.labels) for step in STEPS.values() for goal in step.goals)
