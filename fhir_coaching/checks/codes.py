"""Bindings: whether a coded value is one of the codes that its value set counts out.

https://hl7.org/fhir/R4/terminologies.html#strength: of an extensible binding a code outside it may be right, so it is warned of.
"""

from typing import Any

from fhir_coaching.checks.elements import ValueCheck
from fhir_coaching.checks.formats import OPEN
from fhir_coaching.checks.walk import Walk

Codes = dict[str, list[str]]

LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"
BCP47 = "urn:ietf:bcp:47"
FEW = 6  # codes that a hint lists


class _Codes:
    """The codes of a value set, and what is said of a coded value that has none of them."""

    def __init__(self, codes: Codes, *, required: bool) -> None:
        self.known = {system: frozenset(its) for system, its in codes.items()}
        self.required = required
        self.hint = _hint(codes)

    def allows(self, system: str, code: str) -> bool:
        """Whether a code of a system is one of them."""
        return code in self.known.get(system, ())

    def lacks(self, coding: Any) -> bool:
        """Whether a coding is none of them."""
        if coding.__class__ is not dict:
            return True
        system, code = coding.get("system"), coding.get("code")
        return system.__class__ is not str or code.__class__ is not str or not self.allows(system, code)

    def complain(self, at: str, walk: Walk) -> None:
        """A coded value is none of them."""
        if self.required:
            walk.error("code", at, "no code of the value set that is required here", self.hint)
        else:
            walk.warn(
                "code", at, "no code of the value set that is to be used wherever one of its codes fits", self.hint
            )


class _Languages(_Codes):
    """Languages, which are known by their form alone."""

    def __init__(self) -> None:
        super().__init__({BCP47: []}, required=True)

    def allows(self, system: str, code: str) -> bool:
        """Whether a code is a language's."""
        return system == BCP47 and bool(OPEN[LANGUAGES][0](code))


def coded(type_: str, codes: Codes | None, *, required: bool) -> ValueCheck:
    """The check of a Coding, a CodeableConcept, the concept of a CodeableReference or the unit of a Quantity.

    Without `codes`, of a language.
    """
    its = _Languages() if codes is None else _Codes(codes, required=required)

    def coding(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and its.lacks(value):
            its.complain(at, walk)

    def concept(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict:
            codings = value.get("coding", [])
            if codings.__class__ is not list or all(its.lacks(one) for one in codings):
                its.complain(at, walk)

    def reference(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "concept" in value:
            concept(value["concept"], f"{at}.concept", walk)

    def quantity(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "code" in value:
            coding(value, at, walk)

    return {"CodeableConcept": concept, "CodeableReference": reference, "Coding": coding}.get(type_, quantity)


def _hint(codes: Codes) -> str:
    every = [f"{code} ({system})" for system, its in sorted(codes.items()) for code in sorted(its)]
    return (
        f"one of {', '.join(every)}"
        if 0 < len(every) <= FEW
        else f"{len(every)} codes of {' or '.join(sorted(codes)[:3])}"
    )
