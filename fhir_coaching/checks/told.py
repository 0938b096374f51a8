"""What is told of a check's findings, and whose they are: what is wrong in a server's own copy too is not ours to stop for."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_coaching.checks.engine import check
from fhir_coaching.checks.fields import field_at
from fhir_coaching.errors import ERROR, WARNING, Fault, Finding
from fhir_coaching.lens import Lens
from fhir_coaching.versions import Json, Version

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Weighed:
    """What is wrong with a resource that is to be written, by whose it is."""

    stops: tuple[Finding, ...] = ()  # ours: it is not written
    theirs: tuple[Finding, ...] = ()  # errors that stand in the server's own copy already, told as warnings


def told(resource: Json, version: Version, place: str = "") -> list[Finding]:
    """The errors and warnings of a resource, each with the place where it stands."""
    return [replace(one, place=place) for one in check(resource, version) if one.severity in {ERROR, WARNING}]


def weighed(
    resource: Json, there: Json | None, version: Version, *, place: str, lens: Lens[Any], strict: bool = False
) -> Weighed:
    """What is wrong with a resource that is about to be written over `there`, with the fields of the record at `place`.

    Its errors stop it, if it is `strict` its warnings too, but for those of the copy that is there: the same rule at the same
    element, or at the same one of another item, since items move; and but for warnings of codes that no field of the record
    is: those the mapping writes, and nobody who keeps records can mend them.
    """
    grave = {ERROR, WARNING} if strict else {ERROR}
    found = [one for one in told(resource, version) if one.severity in grave]
    if not found:
        return Weighed()
    known = _known(found, told(there, version) if there is not None else ())
    stops, theirs = list[Finding](), list[Finding]()
    for one, is_theirs in zip(found, known, strict=True):
        field = field_at(lens, resource, one.element)
        if one.severity == WARNING and one.rule == "code" and not field:
            continue
        placed = replace(one, place=f"{place} {field}".strip())
        if not is_theirs:
            stops.append(placed)
        elif one.severity == ERROR:
            theirs.append(replace(placed, severity=WARNING))
    return Weighed(tuple(stops), tuple(theirs))


def _known(found: Sequence[Finding], before: Iterable[Finding]) -> list[bool]:
    """Whether each finding was there before. One that was counts for one: first where it was, then elsewhere in its list."""
    left = Counter((one.rule, one.element) for one in before)
    known = list[bool]()
    for one in found:
        known.append(left[one.rule, one.element] > 0)
        left[one.rule, one.element] -= known[-1]
    moved = Counter[tuple[str, str]]()
    for (rule, element), count in left.items():
        moved[rule, _INDEX.sub("", element)] += count
    for index, one in enumerate(found):
        key = one.rule, _INDEX.sub("", one.element)
        if not known[index] and moved[key] > 0:
            known[index] = True
            moved[key] -= 1
    return known


def as_fault(one: Finding) -> Fault:
    """A finding that keeps something from being made."""
    return Fault(f"{one.message} [{one.rule}]", one.element, one.place, one.hint)
