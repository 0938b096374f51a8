"""What a record lacks to be useful, as far as the record alone can show."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from fhir_coaching.errors import Finding
from fhir_coaching.fhir.systems import is_npi
from fhir_coaching.practice.billing import of_claim, of_coverage
from fhir_coaching.practice.checks import Found, is_long, keys_twice
from fhir_coaching.practice.coaching import (
    of_condition,
    of_engagement,
    of_referral,
    of_step,
    of_wrong_condition,
)
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.references import references_of
from fhir_coaching.practice.rules import finding
from fhir_coaching.practice.settings import is_zone
from fhir_coaching.practice.stretches import disordered, is_before
from fhir_coaching.records import WITHDRAWN, kind_of
from fhir_coaching.records.billing import Claim, Coverage
from fhir_coaching.records.coaching import (
    BookingState,
    Contact,
    Cpt,
    Goal,
    GoalState,
    GroupSession,
    Modality,
    Phase,
    Session,
    SessionNote,
    SessionStatus,
)
from fhir_coaching.records.conditions import Condition
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.demographics import AddressUse, TelecomUse
from fhir_coaching.records.engagements import ActionStep, Engagement, Referral
from fhir_coaching.records.people import Organization, Patient, Place, Practitioner, RelatedPerson
from fhir_coaching.records.values import Interval, Quantity, Range, Record


def findings(what: Entry | Record, place: str = "") -> list[Finding]:
    """Everything that one record lacks. A withdrawn record lacks nothing."""
    if isinstance(what, Entry):
        return findings(what.record, what.place) if what.record is not None else []
    return [finding(rule, place, path) for rule, path in _found(what)]


def _found(record: Record) -> Found:
    if is_withdrawn(record):
        if isinstance(record, Condition):
            yield from of_wrong_condition(record)
        return
    if check := _CHECKS.get(type(record)):
        yield from check(record)
    yield from disordered(record)
    yield from _other_patient(record)


def is_withdrawn(record: Record) -> bool:
    """Whether a record was entered in error."""
    state = WITHDRAWN.get(kind_of(record))
    return state is not None and getattr(record, state[0]) is state[1]


def holds(session: str, other: str) -> bool:
    """Whether a session's id shows another id. In a UUID a short one may stand by chance."""
    return (len(other) >= _LONG or not _UUID.fullmatch(session)) and other.lower() in session.lower()


_UUID = re.compile(r"(a-)?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_LONG = 8


def _patient(patient: Patient) -> Found:
    if not patient.names:
        yield "patient-name", "names"
    if patient.sex is None:
        yield "patient-sex", "sex"
    born, died = patient.birth_date, patient.deceased
    if isinstance(born, PartialDate) and isinstance(died, PartialDate | Instant) and is_before(died, born):
        yield "patient-death", "deceased"
    for language in patient.languages:
        yield from _language(language.code, "languages.code")


def _practitioner(practitioner: Practitioner) -> Found:
    if not practitioner.names:
        yield "practitioner-name", "names"
    for index, name in enumerate(practitioner.names):
        if name.family is None:
            yield "practitioner-family", f"names[{index}].family"
    if (practitioner.organization or practitioner.roles or practitioner.taxonomies) and not practitioner.telecoms:
        yield "practitioner-telecom", "telecoms"
    yield from _npi(practitioner.npi)


def _organization(organization: Organization) -> Found:
    if organization.name is None:
        yield "organization-name", "name"
    if organization.active is None:
        yield "organization-active", "active"
    if any(address.use is AddressUse.HOME for address in organization.addresses):
        yield "organization-home", "addresses"
    if any(telecom.use is TelecomUse.HOME for telecom in organization.telecoms):
        yield "organization-home", "telecoms"
    yield from _npi(organization.npi)


def _npi(npi: str | None) -> Found:
    if npi is not None and not is_npi(npi):
        yield "npi", "npi"


def _related_person(person: RelatedPerson) -> Found:
    if person.active is None:
        yield "related-person-active", "active"
    if not person.names and not person.relationship:
        yield "related-person-name", "names"


def _place(place: Place) -> Found:
    if place.name is None:
        yield "place-name", "name"
    if any(not kind.codings for kind in place.kinds):
        yield "place-kind", "kinds"


def _goal(goal: Goal) -> Found:
    if goal.start is None and not any(target.due for target in goal.targets):
        yield "goal-start", "start"
    for index, target in enumerate(goal.targets):
        if target.detail is not None and target.measure is None:
            yield "goal-detail", f"targets[{index}].measure"
        yield from _amounts(target.detail, f"targets[{index}].detail")
        yield from _amounts(target.due, f"targets[{index}].due")
        if goal.start is not None and isinstance(target.due, PartialDate) and is_before(target.due, goal.start):
            yield "goal-due", f"targets[{index}].due"
    if goal.state is GoalState.COMPLETED and goal.achievement is None:
        yield "goal-achievement", "achievement"
    if goal.state in (GoalState.ABANDONED, GoalState.ON_HOLD) and goal.state_reason is None:
        yield "goal-reason", "state_reason"
    if goal.start is not None and goal.state_changed_on is not None and is_before(goal.state_changed_on, goal.start):
        yield "goal-changed", "state_changed_on"
    yield from keys_twice(targets=goal.targets, notes=goal.notes)
    yield from _language(goal.language, "language")


def _amounts(detail: object, path: str) -> Found:
    low, high = (detail.low, detail.high) if isinstance(detail, Range) else (None, None)
    if low is not None and high is not None:
        coded = low.code is not None and high.code is not None
        one, other = (low.code, high.code) if coded else (low.unit, high.unit)
        if (one == other and low.value > high.value) or (one != other and not coded):
            yield "range-order", f"{path}.low"
    for name in ("value", "low", "high", "numerator", "denominator"):
        part = getattr(detail, name, None)
        if name in {"low", "high", "denominator"} and isinstance(part, Quantity) and part.comparator is not None:
            yield "plain-amount", f"{path}.{name}.comparator"
        value = part.value if isinstance(part, Quantity) else part
        if isinstance(value, Decimal) and is_long(value):
            yield "many-digits", f"{path}.{name}"


def _language(tag: str | None, path: str) -> Found:
    if tag is not None and not _TAG.fullmatch(tag):
        yield "language-tag", path


_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+( *;.*)?")
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def _session(session: Session) -> Found:
    if session.practitioner is None:
        yield "session-practitioner", "practitioner"
    if session.status is SessionStatus.FINISHED and session.contact is None and session.minutes is None:
        yield "session-time", "contact"
    yield from _booking(session)
    yield from _contact(session.contact)
    lasted = _lasted(session.contact)
    if session.minutes is not None and lasted is not None and timedelta(minutes=session.minutes.min - 1) >= lasted:
        yield "session-minutes", "minutes"
    yield from _cpt(session)
    if session.group is not None and (holds(session.id, session.group) or holds(session.id, session.patient)):
        yield "group-id", "id"
    if session.units is not None and session.cpt is None:
        yield "session-units", "cpt"
    yield from _file(session.note)


def _file(note: SessionNote | None) -> Found:
    if note is not None and note.url is not None and not _MEDIA_TYPE.fullmatch(note.media_type or ""):
        yield "note-media-type", "note.media_type"


def _booking(session: Session) -> Found:
    booking = session.booking
    if booking is None:
        return
    if booking.planned is None and booking.state is not BookingState.CANCELLED:
        yield "session-booked", "booking.planned"
    elif booking.planned is not None and booking.planned.end is None:
        yield "session-booked", "booking.planned.end"
    if booking.reason is not None and booking.state is not BookingState.CANCELLED:
        yield "session-reason", "booking.reason"
    if booking.state is BookingState.NO_SHOW and session.status is not SessionStatus.CANCELLED:
        yield "session-no-show", "status"
    yield from _interval(booking.planned, "booking.planned")


def _cpt(session: Session) -> Found:
    if session.cpt is None:
        return
    if (session.cpt is Cpt.GROUP) is (session.group is None):
        yield "cpt-group", "cpt"
    if session.modality is Modality.ASYNC:
        yield "cpt-async", "cpt"
    if (session.cpt, session.phase) in ((Cpt.FIRST, Phase.FOLLOW_UP), (Cpt.FOLLOW_UP, Phase.INITIAL)):
        yield "cpt-phase", "phase"


def _group_session(group: GroupSession) -> Found:
    yield from _interval(group.planned, "planned")
    yield from _contact(group.contact)


def _contact(contact: Contact | None) -> Found:
    if contact is None:
        return
    for index, interval in enumerate(contact.intervals):
        yield from _interval(interval, f"contact.intervals[{index}]")
    for index, (one, after) in enumerate(pairwise(contact.intervals), start=1):
        if one.end is None or after.start.moment < one.end.moment:
            yield "interval-overlap", f"contact.intervals[{index}]"
    if contact.zone is not None and not is_zone(contact.zone):
        yield "time-zone", "contact.zone"


def _interval(interval: Interval | None, path: str) -> Found:
    if interval is not None and interval.end is not None and interval.end.moment < interval.start.moment:
        yield "interval-order", f"{path}.end"


def _lasted(contact: Contact | None) -> timedelta | None:
    """How long a contact lasted without its breaks; nothing while it is going on."""
    if contact is None:
        return None
    lengths = [one.end.moment - one.start.moment for one in contact.intervals if one.end is not None]
    return sum(lengths, timedelta()) if len(lengths) == len(contact.intervals) else None


def _other_patient(record: Record) -> Found:
    """Whoever is named as a patient is the patient of the record."""
    patient = getattr(record, "patient", None)
    for path, kinds, key in references_of(record) if patient is not None else ():
        if kinds == ("patient",) and key != patient:
            yield "other-patient", path


_CHECKS: dict[type[Record], Callable[[Any], Found]] = {
    Patient: _patient,
    Practitioner: _practitioner,
    Organization: _organization,
    RelatedPerson: _related_person,
    Place: _place,
    Coverage: of_coverage,
    Condition: of_condition,
    Goal: _goal,
    Referral: of_referral,
    ActionStep: of_step,
    Engagement: of_engagement,
    Session: _session,
    Claim: of_claim,
    GroupSession: _group_session,
}
