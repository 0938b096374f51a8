"""Bindings: whether a coded value has one of the codes of its value set, as far as these are known.

https://hl7.org/fhir/R4/terminologies.html#strength: of an extensible binding a code outside it may be right, so it is warned of.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fhir_coaching.checks.elements import ValueCheck
from fhir_coaching.checks.formats import OPEN
from fhir_coaching.checks.meant import meant
from fhir_coaching.checks.walk import Walk

# Of a value set, by code system; None where it takes some that cannot be counted out.
Codes = Mapping[str, Sequence[str] | None]
Answer = bool | None  # None: it cannot be told here

LANGUAGES = "http://hl7.org/fhir/ValueSet/all-languages"
BARE = ("code", "string", "uri")  # types of a code by itself
# The systems of codes that have a form.
FORMS = {
    LANGUAGES: "urn:ietf:bcp:47",
    "http://hl7.org/fhir/ValueSet/mimetypes": "urn:ietf:bcp:13",
    "http://hl7.org/fhir/ValueSet/currencies": "urn:iso:std:iso:4217",
    "http://hl7.org/fhir/ValueSet/timezones": "https://www.iana.org/time-zones",
}
UNKNOWN = "no code of its code system as it is known here"
FEW, SYSTEMS = 6, 3  # codes and systems that a hint lists


class ValueSet:
    """The codes that a coded value may have."""

    unsure = "which codes of this system the value set that is required here takes is not at hand"

    def __init__(self, codes: Codes) -> None:
        self.hint = counted(codes)
        self.known = {system: None if its is None else frozenset(its) for system, its in codes.items()}

    def has(self, value: Any) -> Answer:
        """Whether a code by itself, a Coding, a Quantity or one coding of a CodeableConcept is of it."""
        if value.__class__ is str:
            return self.allows_bare(value)
        if value.__class__ is not dict:
            return False
        codings = value.get("coding")
        if codings.__class__ is not list:
            return self._allows(value)
        answer: Answer = False
        for one in codings:
            found = self._allows(one)
            if found:
                return True
            answer = answer if found is False else None
        return answer

    def meant(self, value: Any) -> str:
        """What was probably meant by a value that has none of these codes, with its system where that is another."""
        codings = value.get("coding", [value]) if value.__class__ is dict else [{"code": value}]
        for one in codings if codings.__class__ is list else ():
            code, system = (one.get("code"), one.get("system")) if one.__class__ is dict else (None, None)
            for name, its in self.known.items() if code.__class__ is str else ():
                if its and (near := meant(str(code), its)):
                    return f"perhaps {near}" if system in (name, None) else f"perhaps {near} ({name})"
        return ""

    def _allows(self, coding: Any) -> Answer:
        if coding.__class__ is not dict:
            return False
        system, code = coding.get("system"), coding.get("code")
        return system.__class__ is str and code.__class__ is str and self.allows(system, code)

    def allows(self, system: str, code: str) -> Answer:
        """Whether a code of a system is of it."""
        its = self.known.get(system, ())
        return None if its is None else code in its

    def allows_bare(self, code: str) -> Answer:
        """Whether a code is of it, whatever its system."""
        if any(code in its for its in self.known.values() if its is not None):
            return True
        return None if None in self.known.values() else False


class _Formed(ValueSet):
    """Codes that are known by their form alone."""

    def __init__(self, url: str) -> None:
        super().__init__({})
        self.test, says = OPEN[url]
        self.system = FORMS[url]
        self.hint = says

    def allows(self, system: str, code: str) -> Answer:
        """Whether a code has the form, and the system that goes with it."""
        return system == self.system and bool(self.test(code))

    def allows_bare(self, code: str) -> Answer:
        """Whether a code has the form."""
        return bool(self.test(code))


class _Absent(ValueSet):
    """A value set of which nothing is known."""

    unsure = "the value set that is required here is not at hand"

    def __init__(self) -> None:
        super().__init__({})

    def has(self, value: Any) -> Answer:  # noqa: ARG002 - whatever it is
        """Nobody can tell."""
        return None


def _less(at: str, walk: Walk) -> None:
    """Without what was warned of a coding just now: that its system lacks the code is no news where the value set does."""
    last = len(walk.out)
    while last and walk.out[last - 1].element.startswith(at):
        last -= 1
    walk.out[last:] = [one for one in walk.out[last:] if one.message != UNKNOWN]


def value_set(url: str, codes: Codes | None) -> ValueSet:
    """A value set by its address, with its codes as far as they are known."""
    if url in OPEN:
        return _Formed(url)
    return _Absent() if codes is None else ValueSet(codes)


def coded(type_: str, its: ValueSet, *, required: bool, of_profile: bool = False) -> ValueCheck:
    """The check of a code by itself, a Coding, a CodeableConcept, the concept of a CodeableReference or a Quantity's unit.

    Where a value has a code of a profile's value set, what the base would rather have is settled.
    """
    kind: type = str if type_ in BARE else dict

    def check(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is not kind:
            return
        answer = its.has(value)
        if answer is False:
            _less(at, walk)
            hint = its.meant(value) or its.hint
            if required:
                walk.error("code", at, "no code of the value set that is required here", hint)
            else:
                walk.warn("code", at, "no code of the value set: right only if none of its codes fits", hint)
        elif answer is None and required:
            walk.tell("not-evaluated", at, its.unsure)
        elif answer and of_profile:
            walk.settled.add(at)

    def concept(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "concept" in value:
            check(value["concept"], f"{at}.concept", walk)

    def unit(value: Any, at: str, walk: Walk) -> None:
        if value.__class__ is dict and "code" in value:
            check(value, at, walk)

    return {"CodeableReference": concept, **dict.fromkeys((*BARE, "Coding", "CodeableConcept"), check)}.get(type_, unit)


def counted(codes: Mapping[str, Collection[str] | None]) -> str:
    """The codes of some systems if they are few, else how many there are."""
    known = {system: sorted(its) for system, its in sorted(codes.items()) if its is not None}
    count = sum(map(len, known.values()))
    some = " or ".join(sorted(codes.keys() - known.keys())[:SYSTEMS])
    each = " or ".join(f"{', '.join(its)} ({system})" for system, its in known.items())
    whole = f"{count} codes of {' or '.join([*known][:SYSTEMS])}" if count > FEW else f"one of {each}"
    return ", or ".join([*([whole] if count else []), *([f"some of {some}"] if some else [])])
