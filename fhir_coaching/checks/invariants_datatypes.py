"""The constraints of datatypes, and of elements and resources as such."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_coaching.checks.comparing import may_be_ordered, ordered
from fhir_coaching.checks.constraint import (
    Holds,
    Invariant,
    absent,
    exactly_one,
    has,
    needs,
    not_both,
    not_negative,
    number,
    one_of,
    parts,
    rule,
    text,
    texts,
)
from fhir_coaching.checks.context import Context
from fhir_coaching.fhir.moments import in_order, may_be_in_order
from fhir_coaching.fhir.systems import UCUM
from fhir_coaching.versions import R4, R5, Json

MEALS = {"C", "CM", "CD", "CV"}  # moments that have no before and after (EventTiming)


def _strings(value: Any) -> Iterator[str]:
    """Every string inside, at any depth."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)


def _all_mentioned(node: Json, _: Context) -> bool:
    mentioned = {said for said in _strings(node) if said.startswith("#")} - {"#"}
    return all("#" + text(one, "id") in mentioned or "#" in _strings(one) for one in parts(node, "contained"))


def _none_inside(*path: str) -> Holds:
    """No contained resource has this."""
    *way, name = path
    return lambda node, _: not any(has(one, name) for one in parts(node, "contained", *way))


def _has_content(node: Json, _: Context) -> bool:
    return any(value is not None for key, value in node.items() if key not in {"id", "resourceType"})


def _leads_somewhere(node: Json, context: Context) -> bool:
    address = text(node, "reference")
    if not address.startswith("#"):
        return True
    if address == "#":  # the container; in R5 only from inside (R4's text lacks it, the official engine adds it)
        return context.version is R4 or context.root is not context.resource
    return address[1:] in context.contained


def _in_order(node: Json, context: Context) -> bool:
    start, end = text(node, "start"), text(node, "end")
    return in_order(start, end) if context.version is R4 else may_be_in_order(start, end)


def _range(node: Json, context: Context) -> bool:
    low, high = node.get("low"), node.get("high")
    if not (isinstance(low, dict) and low and isinstance(high, dict) and high):
        return True
    return ordered(low, high) if context.version is R4 else may_be_ordered(low, high)


def _measured(node: Json, _: Context) -> bool:
    """A code where there is a value, of UCUM if it says a system."""
    return (has(node, "code") or not has(node, "value")) and (not has(node, "system") or text(node, "system") == UCUM)


def _age(node: Json, context: Context) -> bool:
    value = number(node, "value")
    return _measured(node, context) and (value is None or value > 0)


def _count(node: Json, context: Context) -> bool:
    value = number(node, "value")
    whole = value is None or "." not in str(value)
    return _measured(node, context) and text(node, "code") in {"", "1"} and whole


def _duration(node: Json, _: Context) -> bool:
    return not has(node, "code") or (text(node, "system") == UCUM and has(node, "value"))


def _ratio(node: Json, _: Context) -> bool:
    both = has(node, "numerator") and has(node, "denominator")
    return both or not (has(node, "numerator") or has(node, "denominator") or not has(node, "extension"))


def _ratio_range(node: Json, _: Context) -> bool:
    above, below = has(node, "lowNumerator") or has(node, "highNumerator"), has(node, "denominator")
    return (above and below) or not (above or below or not has(node, "extension"))


def _offset(node: Json, _: Context) -> bool:
    return not has(node, "offset") or (has(node, "when") and not MEALS.intersection(texts(node, "when")))


def _trigger(node: Json, _: Context) -> bool:
    kind = text(node, "type")
    wanted = {"named-event": "name", "periodic": "timing[x]"}.get(kind, "data" if kind.startswith("data-") else "")
    return not wanted or has(node, wanted)


def _as_needed(node: Json, _: Context) -> bool:
    return not has(node, "asNeededFor") or node.get("asNeeded") is not False


def _all_day(node: Json, _: Context) -> bool:
    return node.get("allDay") is not True or not (has(node, "availableStartTime") or has(node, "availableEndTime"))


def _name(node: Json, _: Context) -> bool:
    # FHIRPath's `matches` looks for the pattern anywhere, so one letter is enough; the text wants a name in whole.
    return not text(node, "name") or re.search("[A-Za-z]", text(node, "name")) is not None


DATATYPES: Mapping[str, Invariant] = {
    "ele-1": rule(_has_content, "an element has a value or parts"),
    "ext-1": rule(exactly_one("extension", "value[x]"), "an extension has a value or extensions of its own, not both"),
    "dom-2": rule(_none_inside("contained"), "a contained resource contains no other"),
    "dom-3": rule(_all_mentioned, "a contained resource is referred to, or refers to its container"),
    "dom-4": rule(
        lambda node, _: not any(has(meta, name) for meta in parts(node, "contained", "meta") for name in ("versionId", "lastUpdated")),
        "a contained resource has no version and no time of its own"),
    "dom-5": rule(_none_inside("meta", "security"), "a contained resource has no security label"),
    # Without dom-6, a narrative in every resource: "best practice" (https://hl7.org/fhir/R4/best-practices.html), which next to
    # nobody follows.
    "age-1": rule(_age, "an age above zero, with a code, of UCUM"),
    "att-1": rule(needs("data", "contentType"), "an attachment's data needs its media type", "data"),
    "av-1": rule(_all_day, "available all day leaves no room for hours"),
    "cnt-3": rule(_count, "a whole number, with the code 1, of UCUM"),
    "cod-1": rule(needs("display", "code"), "a coding's display stands beside a code", "display"),
    "cpt-2": rule(needs("value", "system"), "a way to get in touch says what it is: phone, email", "value"),
    "dis-1": rule(_measured, "a distance with a code, of UCUM"),
    "dos-1": rule(_as_needed, "a reason to take it as needed only where it is taken as needed"),
    "drq-1": rule(exactly_one("path", "searchParam"), "a code filter has a path or a search parameter, not both"),
    "drq-2": rule(exactly_one("path", "searchParam"), "a date filter has a path or a search parameter, not both"),
    "drt-1": rule(_duration, "a duration's code is of UCUM and stands beside a value", "code"),
    "exp-1": rule(one_of("expression", "reference"), "an expression, or where to find it"),
    "exp-2": rule({R5: _name}, "an expression's name is good as a variable's"),
    "ident-1": rule({R5: one_of("value")}, "an identifier has a value"),
    "per-1": rule(_in_order, "a period does not end before it starts, as far as one can tell", "start"),
    "qty-3": rule(needs("code", "system"), "an amount's code needs its system", "code"),
    "rat-1": rule(_ratio, "a ratio has both numbers, or neither and an extension"),
    "ratrng-1": rule({R5: _ratio_range}, "a range of ratios has both numbers, or neither and an extension"),
    "ref-1": rule(_leads_somewhere, "a reference with # leads to a contained resource", "reference"),
    "ref-2": rule(
        {R5: one_of("reference", "identifier", "display", "extension")},
        "a reference has an address, an identifier or words"),
    "rng-2": rule(_range, "a range does not end below its start, in one unit", "low"),
    "sdd-1": rule({R5: exactly_one("interval", "offsets")}, "samples have an interval or offsets, not both"),
    "sqty-1": rule(absent("comparator"), "a plain amount has no comparator", "comparator"),
    "tim-1": rule(needs("duration", "durationUnit"), "a duration needs its unit"),
    "tim-2": rule(needs("period", "periodUnit"), "a period needs its unit"),
    "tim-4": rule(not_negative("duration"), "a duration is not below zero"),
    "tim-5": rule(not_negative("period"), "a period is not below zero"),
    "tim-6": rule(needs("periodMax", "period"), "a longest period needs a period"),
    "tim-7": rule(needs("durationMax", "duration"), "a longest duration needs a duration"),
    "tim-8": rule(needs("countMax", "count"), "a highest count needs a count"),
    "tim-9": rule(_offset, "an offset needs an event of the day, and no meal as such"),
    "tim-10": rule(not_both("timeOfDay", "when"), "times of day or events of the day, not both"),
    "trd-1": rule(not_both("data", "timing[x]"), "a trigger has timing or data, not both"),
    "trd-2": rule(needs("condition", "data"), "a trigger's condition needs data"),
    "trd-3": rule(_trigger, "a trigger has what its type wants: a name, timing or data"),
}  # fmt: skip
