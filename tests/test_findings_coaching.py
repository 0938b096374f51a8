"""What the checks find in engagements, steps, referrals, conditions, and in what follows a session."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from test_findings import PLANNED, across, record, rules

from fhir_coaching.errors import InputError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.practice.entries import FILES
from fhir_coaching.practice.references import references_of
from fhir_coaching.practice.source import read
from fhir_coaching.records.spelling import spell_record

FILE = {"url": "https://practice.example/files/7", "media_type": "application/pdf"}
REASON = {"status_reason": {"text": "moved"}}
OVER = {"period": {"start": "2026-01", "end": "2026-03"}}


def coaches(*named: tuple[str, str | None]) -> dict[str, Any]:
    """Who coaches, as what."""
    return {"coaches": [{"practitioner": key} | ({"role": role} if role else {}) for key, role in named]}


def every(**schedule: object) -> dict[str, Any]:
    """A step's timing."""
    return {"timing": {"schedule": schedule}}


@pytest.mark.parametrize(
    ("kind", "fields", "found"),
    [
        ("condition", {"concept": None}, [("condition-concept", "concept")]),
        ("condition", {"categories": []}, [("condition-category", "categories")]),
        ("condition", {"categories": ["problem_list_item"]}, [("condition-status", "clinical_status")]),
        ("condition", {"categories": ["problem_list_item"], "clinical_status": "resolved"}, []),
        ("condition", {"verification": "entered_in_error", "concept": None, "categories": []}, []),
        ("condition", {"verification": "entered_in_error", "clinical_status": "active"}, [("condition-in-error", "clinical_status")]),
        ("condition", {"asserted_by": {"kind": "patient", "id": "p-2"}}, [("other-patient", "asserted_by")]),
        ("referral", {"requested": None}, [("referral-requested", "requested")]),
        ("referral", {"authorised_units": 0}, [("referral-units", "authorised_units")]),
        ("referral", {"authorised_units": -1}, [("referral-units", "authorised_units")]),
        ("referral", {"authorised_units": Decimal("0.5")}, []),
        ("referral", {"authorised_units": 10**18}, [("many-digits", "authorised_units")]),
        ("referral", {"requester": {"kind": "patient", "id": "p-2"}}, [("other-patient", "requester")]),
        ("referral", {"period": {"start": "2026-02-02", "end": "2026-02-01"}}, [("period-order", "period.end")]),
        ("referral", {"status": "entered_in_error", "requested": None}, []),
        ("action_step", {"text": None}, [("step-text", "text")]),
        ("action_step", {"goals": []}, [("step-goals", "goals")]),
        ("action_step", {"state": "ended"}, [("step-result", "result")]),
        ("action_step", {"state": "ended", "result": "not_met"}, []),
        ("action_step", {"state": "dropped"}, []),
        ("action_step", every(frequency=3), [("schedule-period", "timing.schedule.period")]),
        ("action_step", every(frequency=3, period=0, unit="d"), [("schedule-period", "timing.schedule.period")]),
        ("action_step", every(frequency=3, period=1, unit="wk"), []),
        ("action_step", every(period=1, unit="d"), []),  # once in each
        ("action_step", every(days=["mon"], times=["07:30:00"]), []),
        ("action_step", every(period=10**18, unit="s"), [("many-digits", "timing.schedule.period")]),
        ("action_step", {"timing": {"start": "2026-03-02", "due": "2026-03-01"}}, [("period-order", "timing.due")]),
        ("action_step", {"timing": {"start": "2026-03-02", "due": "2026"}}, [("period-unclear", "timing.due")]),
        ("action_step", {"notes": [{"key": "n", "text": "x"}, {"key": "n", "text": "y"}]}, [("key-twice", "notes[1].key")]),
        ("action_step", {"set_by": {"kind": "patient", "id": "p-2"}}, [("other-patient", "set_by")]),
        ("action_step", {"state": "entered_in_error", "text": None, "goals": []}, []),
        ("engagement", {"status": "on_hold"}, [("engagement-reason", "status_reason")]),
        ("engagement", {"status": "on_hold", **REASON}, []),
        ("engagement", {"status": "discontinued", **OVER}, [("engagement-reason", "status_reason")]),
        ("engagement", {"status": "completed"}, [("engagement-end", "period.end")]),
        ("engagement", {"status": "completed", "period": {"start": "2026"}}, [("engagement-end", "period.end")]),
        ("engagement", {"status": "completed", **OVER}, []),
        ("engagement", {"period": {"start": "2026-03", "end": "2026-02"}}, [("period-order", "period.end")]),
        ("engagement", coaches(("c-1", "primary"), ("c-2", None)), [("coach-role", "coaches.role")]),
        ("engagement", coaches(("c-1", "primary"), ("c-2", "primary")), [("coach-primary", "coaches")]),
        ("engagement", coaches(("c-1", "primary"), ("c-1", "supervisor")), []),
        ("engagement", {"coaches": [{"practitioner": "c-1", "role": "primary", "period": {"start": "2026", "end": "2025"}}]},
                       [("period-order", "coaches.period.end")]),
        ("engagement", {"goals": ["g-1", "g-2", "g-1"]}, [("listed-twice", "goals[2]")]),
        ("engagement", {"steps": ["a-1", "a-1"]}, [("listed-twice", "steps[1]")]),
        ("engagement", {"notes": [{"text": "x", "by": {"kind": "patient", "id": "p-2"}}]}, [("other-patient", "notes[0].by")]),
        ("engagement", {"status": "entered_in_error", "period": {"start": "2026-03", "end": "2026-02"}}, []),
        ("session", {"units": 2}, [("session-units", "cpt")]),
        ("session", {"units": 2, "cpt": "0592T"}, []),
        ("session", {"note": FILE}, []),
        ("session", {"note": {**FILE, "media_type": None}}, [("note-media-type", "note.media_type")]),
        ("session", {"note": {**FILE, "media_type": "x"}}, [("note-media-type", "note.media_type")]),
        ("session", {"note": {**FILE, "media_type": "text/html; charset=utf-8"}}, []),
        ("session", {"note": {"text": "x"}}, []),
        ("session", {"note": {"text": "x", "by": {"kind": "patient", "id": "p-2"}}}, [("other-patient", "note.by")]),
        ("coverage", {"period": {"start": "2026-03-01", "end": "2026-02"}}, [("period-order", "period.end")]),
    ],
)  # fmt: skip
def test_a_record_that_lacks_something(kind: str, fields: dict[str, Any], found: list[tuple[str, str]]) -> None:
    assert rules(kind, **fields) == found


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("2026-03-01T10:00:00-05:00", "2026-03-01T15:30:00+01:00", "period-order"),  # by the moment, not the letters
        ("2026-03-01T23:30:00-05:00", "2026-03-02T00:10:00.5-05:00", None),
        ("2026-03-02", "2026-03-01T23:59:00Z", "period-unclear"),  # it may have been 2 March already
        ("2026-03-02", "2026-03-01T09:59:59Z", "period-order"),  # nowhere: it begins at 10:00 at +14:00
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:58Z", "period-order"),
        ("2026-03-01T10:00:00Z", "2026-03-01", "period-unclear"),
        ("2026-03-02T10:00:00Z", "2026-03", "period-unclear"),
        ("2026", "2026-03", "period-unclear"),
        ("2026-03-01", "2026-09", None),
        ("2026-03", "2026-03", None),
        ("2027", "2026-12-31", "period-order"),
    ],
)
def test_a_period_is_in_order_as_far_as_it_is_known(start: str, end: str, found: str | None) -> None:
    assert rules("engagement", period={"start": start, "end": end}) == ([(found, "period.end")] if found else [])


def test_what_is_named_belongs_to_the_same_patient() -> None:
    """Whichever way one record names another: a plan of one patient must not say a word of another's."""
    other = {"patient": "p-2"}
    records = [
        *(record(kind) for kind in ("goal", "action_step", "engagement", "referral", "condition", "related_person")),
        record("session"),
        record("engagement", id="e-2", **other, addresses=["x-1"], referral="f-1"),
        record("action_step", id="a-2", **other, goals=["g-1"], set_in="s-1"),
        record("goal", id="g-2", **other, addresses=["x-1"]),
        record("session", id="s-2", **other, engagement="e-1", conditions=["x-1"], steps_reviewed=["a-1", "a-2"]),
        record("referral", id="f-2", **other, requester={"kind": "related_person", "id": "r-1"}),
        record("condition", id="x-2", **other, asserted_by={"kind": "related_person", "id": "r-1"}),
    ]
    assert across(records) == sorted(
        ("other-patient", place)
        for place in (
            *(
                "engagement e-2 addresses",
                "engagement e-2 referral",
                "engagement e-2 goals",
                "engagement e-2 steps",
            ),
            *("action_step a-2 goals", "action_step a-2 set_in", "goal g-2 addresses"),
            *("session s-2 engagement", "session s-2 conditions", "session s-2 steps_reviewed"),
            *("referral f-2 requester", "condition x-2 asserted_by"),
        )
    )


def test_a_withdrawn_engagement_names_nobody() -> None:
    assert across([record("engagement", status="entered_in_error"), record("action_step", patient="p-2")]) == []


def test_a_session_in_error_is_asked_nothing() -> None:
    fields = {
        "status": "entered_in_error",
        "units": 2,
        "note": {**FILE, "media_type": None},
        "contact": {"intervals": [PLANNED]},
    }
    assert rules("session", **fields) == []


ALONE: dict[str, dict[str, Any]] = {
    "engagement": {
        "goals": ["g-9"], "steps": ["a-9"], "addresses": ["x-9"], "organization": "o-9", "referral": "f-9",
        "coaches": [{"practitioner": "c-9", "role": "primary"}],
    },
    "action_step": {"goals": ["g-9"], "set_in": "s-9", "set_by": {"kind": "practitioner", "id": "c-9"}},
    "referral": {"requester": {"kind": "organization", "id": "o-9"}},
    "condition": {"asserted_by": {"kind": "related_person", "id": "r-9"}},
    "goal": {"addresses": ["x-9"]},
    "session": {"practitioner": "c-9", "engagement": "e-9", "conditions": ["x-9"], "steps_reviewed": ["a-9"]},
}  # fmt: skip


@pytest.mark.parametrize("kind", ALONE)
def test_what_is_named_is_there(tmp_path: Path, kind: str) -> None:
    """In a whole practice every id leads somewhere."""
    one = record(kind, **ALONE[kind])
    (tmp_path / "patients.ndjson").write_bytes(dumps(spell_record(record("patient"))))
    (tmp_path / FILES[kind]).write_bytes(dumps(spell_record(one)))
    with pytest.raises(InputError) as caught:
        list(read(tmp_path))
    missing = {key for _, _, key in references_of(one)} - {"p-1"}
    assert len(missing) == len(caught.value.faults)
    assert {key for key in missing if f"`{key}`" in str(caught.value)} == missing
