"""Parts: not looked for, not there, retired, and back again."""

from typing import Any

import pytest
from things import LENS, MARK, Json, thing

from fhir_coaching.lens import R4, NoNames
from fhir_coaching.mappings import KINDS
from fhir_coaching.records.coaching import Booking, BookingState, Session, SessionStatus
from fhir_coaching.records.people import Practitioner
from fhir_coaching.records.values import PatientId, PractitionerId, SessionId, replaced


def both(**fields: Any) -> dict[str, Json | None]:
    return dict(LENS.put(thing(**fields)))


def test_a_part_not_looked_for_keeps_what_is_ours() -> None:
    parts = both(name="x", job="cook")
    assert LENS.get({"thing": parts["thing"]}, thing(job="cook")) == thing(name="x", job="cook")
    assert LENS.get({"thing": parts["thing"]}) == thing(name="x")
    assert "job" not in LENS.put(thing(job="smith"), {"thing": parts["thing"]}, thing(name="x", job="cook"))


def test_a_part_that_is_not_there_clears() -> None:
    parts = both(name="x", job="cook")
    assert LENS.get({"thing": parts["thing"], "job": None}, thing(job="cook")) == thing(name="x")
    new = LENS.put(thing(name="x", job="cook"), {"thing": parts["thing"], "job": None})
    assert new["job"] == {"resourceType": "Job", "about": "t-1", "title": "cook"}


def test_a_part_that_is_no_longer_wanted_is_retired_and_marked() -> None:
    base = both(job="cook")
    out = LENS.put(thing(), base, thing(job="cook"))
    assert out["job"] == {**(base["job"] or {}), "status": "off", **MARK}
    assert LENS.get(out) == thing()
    assert LENS.put(thing(), out, thing()) == out


@pytest.mark.parametrize("marked", [True, False])
def test_a_retired_part_does_not_count(*, marked: bool) -> None:
    base = both(job="cook")
    retired = {**(base["job"] or {}), "status": "off", **(MARK if marked else {})}  # some servers drop the mark
    parts = {"thing": base["thing"], "job": retired}
    assert LENS.get(parts, thing(job="cook")) == thing()
    assert LENS.put(LENS.get(parts), parts) == parts


@pytest.mark.parametrize("marked", [True, False])
def test_a_retired_part_comes_back(*, marked: bool) -> None:
    base = both(job="cook")
    retired = {**(base["job"] or {}), "vendor": 1, "status": "off", **(MARK if marked else {})}
    out = LENS.put(thing(job="smith"), {"thing": base["thing"], "job": retired}, thing())
    assert (out["job"]["title"], out["job"]["vendor"], "meta" in out["job"]) == ("smith", 1, False)


@pytest.mark.parametrize("tags", [[], [{"code": "theirs"}]])
def test_a_role_comes_back(tags: list[Json]) -> None:
    lens = KINDS["practitioner"].lens(R4, NoNames())
    with_role = Practitioner(id=PractitionerId("c"), taxonomies=("171400000X",))
    without = Practitioner(id=PractitionerId("c"))
    first = lens.put(with_role)
    if tags:
        first["role"]["meta"] = {"tag": tags}
    parted = lens.put(without, first, with_role)
    assert (parted["role"]["active"], len(parted["role"]["meta"]["tag"])) == (False, 1 + len(tags))
    assert lens.put(with_role, parted, without) == first


def test_a_session_and_its_appointment_both_in_error() -> None:
    """Servers drop tags: the appointment is then in error without ours. It reads as not booked, and can be booked again."""
    lens = KINDS["session"].lens(R4, NoNames())
    session = Session(
        id=SessionId("s"),
        patient=PatientId("p"),
        status=SessionStatus.ENTERED_IN_ERROR,
        booking=Booking(state=BookingState.CANCELLED),
    )
    base = lens.put(session)
    base["appointment"]["status"] = "entered-in-error"
    unbooked = replaced(session, booking=None)
    assert lens.get(base, session) == unbooked
    assert lens.put(unbooked, base, session) == base
    again = replaced(session, status=SessionStatus.CANCELLED)
    out = lens.put(again, base, unbooked)
    assert out["appointment"]["status"] == "cancelled"
    assert lens.get(out, again) == again
