"""Bindings: whether a coded value is one of the codes that its value set counts out.

https://hl7.org/fhir/R4/terminologies.html#strength: of an extensible binding a code outside it may be right, so it is warned of.
"""

from typing import Any

from fhir_coaching.checks.elements import ValueCheck
from fhir_coaching.checks.walk import Walk
from fhir_coaching.lens import Json

_REQUIRED = "no code of the value set that is required here"
_EXTENSIBLE = "no code of the value set that is to be used wherever one of its codes fits"


def coded(type_: str, codes: dict[str, list[str]], *, required: bool) -> ValueCheck:
    """The check of a Coding, a CodeableConcept, the concept of a CodeableReference or the unit of a Quantity."""
    known = {system: frozenset(its) for system, its in codes.items()}
    message = _REQUIRED if required else _EXTENSIBLE

    def within(coding: Any) -> bool:
        if coding.__class__ is not dict:
            return True  # another check says what it is
        system, code = coding.get("system"), coding.get("code")
        return system.__class__ is str and code.__class__ is str and system in known and code in known[system]

    def complain(at: str, walk: Walk) -> None:
        (walk.error if required else walk.warn)("code", at, message, _hint(known))

    def coding(value: Any, at: str, walk: Walk) -> None:
        if not within(value):
            complain(at, walk)

    def concept(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict:
            codings = value.get("coding", [])
            if codings.__class__ is list and not any(within(one) for one in codings):
                complain(at, walk)

    def reference(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "concept" in value:
            concept(value["concept"], f"{at}.concept", walk)

    def quantity(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "code" in value:
            coding(value, at, walk)

    return {"CodeableConcept": concept, "CodeableReference": reference, "Coding": coding}.get(type_, quantity)


def _hint(known: Json) -> str:
    few = [f"{code} ({system})" for system, codes in sorted(known.items()) for code in sorted(codes)]
    return f"one of {', '.join(few)}" if len(few) <= 6 else f"of the system {' or '.join(sorted(known)[:3])}"
