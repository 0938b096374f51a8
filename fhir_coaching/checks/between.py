"""What holds between elements of one resource and no definition says: order in time, lengths, units.

Only what can be decided from the resource alone, and only where it is sure: 2026-03 is not after 2026.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks import claim
from fhir_coaching.checks.constraint import each, number, text
from fhir_coaching.fhir.moments import after, seconds_between
from fhir_coaching.fhir.systems import UCUM
from fhir_coaching.versions import R4, Json

if TYPE_CHECKING:
    from fhir_coaching.checks.walk import Walk

Between = Callable[[Json, str, "Walk"], None]

# UCUM's units of time, in seconds; a month and a year are means. https://ucum.org/ucum §§29 and 31
TIMES: Mapping[str, Decimal] = {
    "ns": Decimal("1e-9"), "us": Decimal("1e-6"), "ms": Decimal("0.001"), "s": Decimal(1), "ks": Decimal(1000),
    "min": Decimal(60), "h": Decimal(3600), "d": Decimal(86400), "wk": Decimal(604800),
    "mo": Decimal(2629800), "mo_j": Decimal(2629800), "mo_g": Decimal(2629746), "mo_s": Decimal("2551442.976"),
    "a": Decimal(31557600), "a_j": Decimal(31557600), "a_g": Decimal(31556952), "a_t": Decimal("31556925.216"),
}  # fmt: skip

MINUTE = TIMES["min"]


def duration(node: Json, at: str, walk: "Walk") -> None:
    """An amount of time is in a unit of time. Of units that are put together nothing is said."""
    unit = text(node, "code")
    if text(node, "system") == UCUM and unit.replace("_", "").isalpha() and unit not in TIMES:
        walk.error("duration-unit", f"{at}.code", "no unit of time", f"one of {', '.join(TIMES)}")


def agent(node: Json, at: str, walk: "Walk") -> None:
    """Nobody acts on behalf of himself. R5 has constraints for it (prov-1)."""
    who, behalf = node.get("who"), node.get("onBehalfOf")
    if walk.version is R4 and who.__class__ is dict and who and who == behalf:
        walk.error("agent-behalf", f"{at}.onBehalfOf", "the same as who acts", "leave it out")


def dates(first: str, then: str) -> Between:
    """One date or time of a resource is not after another."""

    def check(node: Json, at: str, walk: "Walk") -> None:
        if first in node and then in node and after(text(node, first), text(node, then)):
            walk.error("date-order", f"{at}.{then}", f"is before {first}", "correct one of the two")

    return check


def due(node: Json, at: str, walk: "Walk") -> None:
    """No target of a goal is due before the goal starts."""
    start = text(node, "startDate")
    for where, target in each(node, "target", at):
        if after(start, text(target, "dueDate")):
            walk.warn("goal-due", f"{where}.dueDate", "is due before the goal starts", "correct one of the two")


def minutes(node: Json, at: str, walk: "Walk") -> None:
    """An appointment takes no more minutes than lie between its start and its end."""
    said = number(node, "minutesDuration")
    if said is not None:
        _fits(said, MINUTE, node, f"{at}.minutesDuration", walk)


def encounter(node: Json, at: str, walk: "Walk") -> None:
    """Its length, absences aside, is no more than its period; nobody takes part before or after it."""
    period, length = node.get("period" if walk.version is R4 else "actualPeriod"), node.get("length")
    if period.__class__ is not dict:
        return
    if length.__class__ is dict and text(length, "system") == UCUM:
        value, unit = number(length, "value"), TIMES.get(text(length, "code"))
        if value is not None and unit is not None:
            _fits(value, unit, period, f"{at}.length", walk)
    for name in ("participant", "location"):
        for where, one in each(node, name, at):
            if "period" in one:
                _within(one["period"], period, f"{where}.period", walk)


def billed(node: Json, at: str, walk: "Walk") -> None:
    """What a claim bills was done within the time that it is for."""
    period = node.get("billablePeriod")
    if period.__class__ is dict:
        for where, item in each(node, "item", at):
            if "servicedDate" in item:
                day = text(item, "servicedDate")
                _within({"start": day, "end": day}, period, f"{where}.servicedDate", walk)
            elif "servicedPeriod" in item:
                _within(item["servicedPeriod"], period, f"{where}.servicedPeriod", walk)


def _fits(value: Decimal, unit: Decimal, period: Json, at: str, walk: "Walk") -> None:
    room = seconds_between(text(period, "start"), text(period, "end"))
    # An end before the start is said elsewhere. What is divided is within reach, whatever the value is.
    if room is not None and value > Decimal(max(room, 0)) / unit:
        walk.warn("length", at, "is longer than the time from start to end", "correct one of the two")


def _within(inner: Any, outer: Json, at: str, walk: "Walk") -> None:
    if inner.__class__ is not dict:
        return
    early = after(text(outer, "start"), text(inner, "start"))
    if early or after(text(inner, "end"), text(outer, "end")):
        walk.warn(
            "outside", at, f"{'starts before' if early else 'ends after'} what it is part of", "correct one of the two"
        )


BETWEEN: Mapping[str, tuple[Between, ...]] = {
    "Appointment": (dates("start", "end"), minutes),
    "Claim": (claim.claim, billed),
    "Claim.item": (claim.item,),
    "Claim.item.detail": (claim.item,),
    "Claim.item.detail.subDetail": (claim.item,),
    "Condition": (dates("onsetDateTime", "abatementDateTime"),),
    "Duration": (duration,),
    "Encounter": (encounter,),
    "Goal": (due,),
    "Patient": (dates("birthDate", "deceasedDateTime"),),
    "Provenance.agent": (agent,),
}
