"""The constraints of US Core 3.1.1 to 8.0.0 on the types that travel, by expression: an id means another thing in another version.

The list and the expressions are those of the packages hl7.fhir.us.core (tests/test_checks_expressions.py compares). Where an
expression says another thing than its sentence, the function goes by what the official engine (6.7.9, 2026-11) answers: a
server answers so too.
"""

import re
from collections.abc import Mapping
from typing import Any

from fhir_coaching.checks.constraint import Holds, Invariant, coded, has, one_of, parts, rule, text
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants_resources import answered_once, answers
from fhir_coaching.fhir.systems import UCUM
from fhir_coaching.versions import Json

_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_IDENTIFIERS, _CONDITIONS = _TERMINOLOGY + "v2-0203", _TERMINOLOGY + "condition-category"
_US_CONDITIONS = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"
_SNOMED = "http://snomed.info/sct"
_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_WHOLE_DAY, _EIGHT = len("2026-06-15"), 8
# An NPI's last digit is that of the number with 80840 before it, whose digits add 24 (45 CFR 162.406).
_NPI_LENGTH, _PREFIX = 10, 24


def _as_published(_node: Json, _: Context) -> bool:
    """Holds, whatever is there: the expression asks for what no element of this place has."""
    return True


def _date_of(length: int) -> Invariant:
    """An expression about `$this as dateTime`: of anything else there is nothing to count."""
    return Invariant(lambda node, _: isinstance(node, str) and len(node) >= length, "a date, at least to the day")


def _precise(node: Any, _: Context) -> bool:
    return len(node) >= _WHOLE_DAY if isinstance(node, str) else node is not None


def _extended(node: Json, url: str) -> list[Json]:
    return [one for one in parts(node, "extension") if text(one, "url") == url]


def _named(*path: str) -> Holds:
    """A name in whole or in part, or why there is none, not both."""

    def holds(node: Json, _: Context) -> bool:
        said = any(has(one, name) for one in parts(node, *path) for name in ("family", "given"))
        return said != bool(_extended(node, _ABSENT))

    return holds


def _matches(pattern: str) -> Holds:
    """A value of this shape. One of another JSON type is said to be so elsewhere."""
    found = re.compile(pattern, re.ASCII).search

    def holds(node: Json, _: Context) -> bool:
        value = node.get("value")
        return value is not None and (not isinstance(value, str) or found(value) is not None)

    return holds


def _check_digit(node: Json, _: Context) -> bool:
    # Longer numbers are cut, as the expression does it: that they are too long is us-core-16.
    value = node.get("value")
    if not isinstance(value, str):
        return value is not None
    digits = [int(one) for one in value[:_NPI_LENGTH] if one in "0123456789"]
    doubled = sum(sum(divmod(digit * 2, 10)) for digit in digits[::2])
    return len(digits) == _NPI_LENGTH and (doubled + sum(digits[1::2]) + _PREFIX) % 10 == 0


def _member(node: Json, _: Context) -> bool:
    return has(node, "subscriberId") or any(coded(one, "type", _IDENTIFIERS, "MB") for one in parts(node, "identifier"))


def _valued(node: Json, _: Context) -> bool:
    return any(has(node, name) for name in ("component", "hasMember", "dataAbsentReason", "value[x]"))


def _measured(*names: str) -> Holds:
    """Amounts are in units of UCUM, if they say a system."""

    def holds(node: Json, _: Context) -> bool:
        return all(not has(one, "system") or text(one, "system") == UCUM for name in names for one in parts(node, name))

    return holds


def _measured_itself(node: Json, _: Context) -> bool:
    return not has(node, "system") or text(node, "system") == UCUM


def _systems(node: Json, *path: str) -> list[str]:
    return [text(one, "system") for one in parts(node, *path, "coding") if has(one, "system")]


def _snomed(node: Json, _: Context) -> bool:
    return _systems(node, "valueCodeableConcept") in ([], [_SNOMED])


def _snomed_too(node: Json, _: Context) -> bool:
    return not (systems := _systems(node)) or _SNOMED in systems


def _answered(type_: str, *codes: str) -> Holds:
    """Observations of these codes have a value of this type."""

    def holds(node: Json, _: Context) -> bool:
        asked = any(text(one, "code") in codes for one in parts(node, "code", "coding"))
        return not asked or has(node, f"value{type_}")

    return holds


def _only_unknown(node: Json, _: Context) -> bool:
    races = _extended(node, "ombCategory")
    return len(races) == 1 or not any(
        text(one, "code") in {"ASKU", "UNK"} for one in parts({"race": races}, "race", "valueCoding")
    )


def _done(node: Json, _: Context) -> bool:
    # Without a state nobody can tell whether it is one of the two, and the constraint fails.
    unsure = not has(node, "status") or text(node, "status") in {"completed", "in-progress"}
    return not unsure or has(node, "performed[x]")


def _represents(node: Json, context: Context) -> bool:
    # The engine looks only at what is at hand; given the practitioner, it says the same (6.7.9 with `resolve`).
    return has(node, "onBehalfOf") or context.target_type(node.get("who")) not in {"Practitioner", "Device"}


def _surely(node: Json, context: Context) -> bool:
    # Of nobody the earlier expression cannot say that they are neither, and fails.
    return _represents(node, context) and (has(node, "onBehalfOf") or has(node, "who"))


def _once(*names: str) -> Holds:
    """One of these stands exactly once: a list of two is neither true nor false to FHIRPath, and the engine refuses it."""
    return lambda node, _: any(has(node, name) and len(parts(node, name)) == 1 for name in names)


def _category(node: Json, _: Context) -> bool:
    known = {
        (_CONDITIONS, "problem-list-item"),
        (_CONDITIONS, "encounter-diagnosis"),
        (_US_CONDITIONS, "health-concern"),
    }
    return any((text(one, "system"), text(one, "code")) in known for one in parts(node, "category", "coding"))


def _distinct(node: Json, _: Context) -> bool:
    return all(answered_once(one) for one in answers(node))


_PRECISE = Invariant(_precise, "a date, at least to the day")
_LUHN = "(select(value.substring({0},1).toInteger()).select(iif($this<5, $this*2, (($this*2)-9))))"
_DIGIT = "(value.substring({0},1).toInteger())"
_NPI = "(({} + 24)mod 10=0)".format("+".join((_DIGIT if place % 2 else _LUHN).format(place) for place in range(10)))

US_CORE: Mapping[str, Invariant] = {
    # Observation
    "($this as dateTime).toString().length() >= 8": _date_of(_EIGHT),
    # The engine has the later expression in the place of this one where it goes by the id vs-1.
    "vs-1: ($this as dateTime).toString().length() >= 8": _PRECISE,
    "$this is dateTime implies $this.toString().length() >= 10": _PRECISE,
    # The type's name begins in lower case, and so does `effective`: no date is of these.
    "$this is DateTime implies $this.toString().length() >= 10": rule(_as_published, "a date, at least to the day"),
    "Observation.effectiveDateTime.exists() implies Observation.effectiveDateTime.toString().length() >= 8":
        rule(_as_published, "a date, at least to the day"),
    "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())":
        rule(_valued, "a value or why there is none, unless components or other observations have it"),
    "value.exists() or dataAbsentReason.exists()": rule(one_of("value[x]", "dataAbsentReason"), "a value, or why there is none"),
    # On the value itself, which has no value of this type in it, these two hold always.
    "valueQuantity.system.empty() or valueQuantity.system = 'http://unitsofmeasure.org'":
        rule(_measured("valueQuantity"), "an amount's unit, if coded, is of UCUM"),
    "value.ofType(Quantity).system.empty() or value.ofType(Quantity).system = 'http://unitsofmeasure.org'":
        rule(_measured("valueQuantity"), "an amount's unit, if coded, is of UCUM"),
    "ofType(Quantity).system.empty() or ofType(Quantity).system = 'http://unitsofmeasure.org'":
        rule(_measured_itself, "an amount's unit, if coded, is of UCUM"),
    "(low.system.empty() or low.system = 'http://unitsofmeasure.org') and (high.system.empty() or high.system = 'http://unitsofmeasure.org')":
        rule(_measured("low", "high"), "an amount's unit, if coded, is of UCUM"),
    "valueCodeableConcept.coding.system.empty() or valueCodeableConcept.coding.system = 'http://snomed.info/sct'":
        rule(_snomed, "a coded result is of SNOMED CT"),
    "value.ofType(CodeableConcept).coding.system.empty() or value.ofType(CodeableConcept).coding.system = 'http://snomed.info/sct'":
        rule(_snomed, "a coded result is of SNOMED CT"),
    "ofType(CodeableConcept).coding.system.empty() or (ofType(CodeableConcept).coding.system contains 'http://snomed.info/sct')":
        rule(_snomed_too, "a coded result has a code of SNOMED CT too"),
    "code.coding.where(code in '72166-2'|'11367-0').exists() implies value.is(CodeableConcept)":
        rule(_answered("CodeableConcept", "72166-2", "11367-0"), "whether somebody smokes is a coded value"),
    "code.coding.where(code in '401201003'|'782516008').exists() implies value.is(Quantity)":
        rule(_answered("Quantity", "401201003", "782516008"), "packs a year are an amount"),
    # Patient
    "(family.exists() or given.exists()) xor extension.where(url='http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()":
        rule(_named(), "a family or given name, or why there is none, not both"),
    "(name.family.exists() or name.given.exists()) xor "
    "extension.where(url='http://hl7.org/fhir/StructureDefinition/data-absent-reason').exists()":
        rule(_named("name"), "a family or given name, or why there is none, not both"),
    "extension.where(url = 'ombCategory').value.where(code in 'ASKU'|'UNK').exists() "
    "implies extension.where(url = 'ombCategory').count() = 1":
        rule(_only_unknown, "who did not say a race, or is not known to have one, has no other"),
    # Those who act
    # Of two, too, unlike the next but one: so the engine corrects it.
    "telecom or endpoint": rule(one_of("telecom", "endpoint"), "a way to get in touch, or an endpoint"),
    "telecom.exists() or endpoint.exists()": rule(one_of("telecom", "endpoint"), "a way to get in touch, or an endpoint"),
    "practitioner or organization or healthcareService or location":
        rule(_once("practitioner", "organization", "healthcareService", "location"),
             "a practitioner, an organization, one service or one location"),
    "practitioner.exists() or organization.exists() or healthcareService.exists() or location.exists()":
        rule(one_of("practitioner", "organization", "healthcareService", "location"),
             "a practitioner, an organization, a service or a location"),
    "name.exists() or relationship.exists()": rule(one_of("name", "relationship"), "a name, or how they are related"),
    "value.matches('^[0-9]{10}$')": rule(_matches("^[0-9]{10}$"), "an NPI has ten digits"),
    _NPI: rule(_check_digit, "the last digit of an NPI follows from the others (Luhn)"),
    "value.matches('^[0-9]{2}D[0-9]{7}$')": rule(_matches("^[0-9]{2}D[0-9]{7}$"), "a CLIA number has two digits, a D and seven digits"),
    "value.matches('^[0-9]{5}$')": rule(_matches("^[0-9]{5}$"), "a NAIC code has five digits"),
    # What is done, written and paid
    "(status='completed' or status='in-progress') implies performed.exists()":
        rule(_done, "what is done or under way says when"),
    "url.exists() or data.exists()": rule(one_of("url", "data"), "the document itself, or where it is"),
    "where(category.memberOf('http://hl7.org/fhir/us/core/ValueSet/us-core-condition-category')).exists()":
        rule(_category, "a category is problem-list-item, encounter-diagnosis or health-concern"),
    "identifier.type.coding.where(system='http://terminology.hl7.org/CodeSystem/v2-0203' and code='MB').exists() or subscriberId.exists()":
        rule(_member, "the member's number: an identifier of type MB, or the subscriber's"),
    # On onBehalfOf itself: it is there, or nobody asks.
    "(($this.agent.who.resolve() is Practitioner) or ($this.agent.who.resolve() is Device)) implies exists()":
        rule(_as_published, "a practitioner or device acts on somebody's behalf"),
    "((%resource.agent.who.resolve() is Practitioner) or (%resource.agent.who.resolve() is Device)) implies exists()":
        rule(_as_published, "a practitioner or device acts on somebody's behalf"),
    "((who.resolve() is Practitioner) or (who.resolve() is Device)) implies onBehalfOf.exists()":
        rule(_surely, "a practitioner or device acts on somebody's behalf"),
    "who.exists((resolve() is Practitioner) or (resolve() is Device)) implies onBehalfOf.exists()":
        rule(_represents, "a practitioner or device acts on somebody's behalf"),
    # QuestionnaireResponse
    "subject.exists()": rule(one_of("subject"), "answers say whom they are about"),
    "(QuestionnaireResponse|repeat(answer|item)).select(item.where(answer.value.exists()).linkId.isDistinct()).allTrue()":
        rule(_distinct, "several answers to a question stand in one item"),
}  # fmt: skip
