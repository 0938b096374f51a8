"""Appointment: the time that was set aside for a session, and what became of it (https://hl7.org/fhir/R4/appointment.html)."""

from fhir_coaching.fhir.codecs import INSTANT, bare, codes, encoded, part, value, want
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.fhir.systems import PARTICIPATION
from fhir_coaching.lens import R4, R5, Codec, Json, Slice, Table, Wrong, also, attrs_of, const, derived, row
from fhir_coaching.mappings.datatypes import PATIENT, PRACTITIONER, coded, identifiers, part_common
from fhir_coaching.records.coaching import Booking, BookingState, Session
from fhir_coaching.records.values import Interval

STATE = codes({
    BookingState.BOOKED: "booked",
    BookingState.KEPT: "fulfilled",
    BookingState.NO_SHOW: "noshow",
    BookingState.CANCELLED: "cancelled",
}, also_read={"arrived": BookingState.KEPT, "checked-in": BookingState.KEPT})  # fmt: skip


def booking(reason: str) -> Codec[Booking]:
    """A booking in the sibling elements that say it; `reason` is the name that this version has for why it was cancelled."""

    def decode(raw: Json) -> Booking:
        state = part({"status": want(raw.get("status"), str, "status")}, "status", STATE)
        start, end = part(raw, "start", INSTANT), part(raw, "end", INSTANT)
        if end is not None and start is None:
            raise Wrong("an end without a start", "end")
        planned = value(Interval, start=start, end=end) if start is not None else None
        return value(Booking, planned=planned, state=state, reason=part(raw, reason, CONCEPT))

    def encode(b: Booking) -> Json:
        start, end = (b.planned.start, b.planned.end) if b.planned else (None, None)
        return bare(
            status=STATE.encode(b.state),
            start=encoded(INSTANT, start),
            end=encoded(INSTANT, end),
            **{reason: encoded(CONCEPT, b.reason)},
        )

    return Codec(decode, encode, f"a state ({STATE.says}), start, end and reason")


# R5 spells it with two l.
BOOKING_4, BOOKING_5 = booking("cancelationReason"), booking("cancellationReason")

S = attrs_of(Session)

APPOINTMENT = Table(Session, "Appointment", (
    const("resourceType", "Appointment", required=True),
    *part_common(S),
    row(S.booking, {R4: "{status,start,end,cancelationReason}", R5: "{status,start,end,cancellationReason}"},
                    {R4: BOOKING_4, R5: BOOKING_5}, required=True),
    also(S.patient, "participant:patient.actor", PATIENT),
    derived("participant:performer.actor", lambda s: s.practitioner, PRACTITIONER),
), {
    **identifiers("session.appointment"),
    "participant:patient": lambda names: Slice({"actor": {"identifier": {"system": names.system("patient")}}}, also={"status": "accepted"}),
    "participant:performer": Slice({"type": [coded(PARTICIPATION, "PPRF")]}, also={"status": "accepted"}),
}, part=True)  # fmt: skip
