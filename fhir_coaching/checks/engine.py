"""The check of one resource against the base definitions of its version, and then against profiles."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from fhir_coaching.checks import special
from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.tables import table
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import INFORMATION, WARNING, Finding, SettingsError
from fhir_coaching.versions import Version

if TYPE_CHECKING:
    from fhir_coaching.checks.profiles.extensions import Extensions
    from fhir_coaching.checks.profiles.guides import Guide
    from fhir_coaching.checks.profiles.signs import Signs


class Profile(Protocol):
    """What is asked beyond the base: `chosen` makes it."""

    version: Version
    guides: "tuple[Guide, ...]"
    systems: Mapping[str, frozenset[str]]  # the codes of the guides' own code systems

    def check(self, resource: Any, walk: Walk) -> None:
        """Everything in which a resource is not as is asked."""


def check(resource: Any, version: Version, profiles: Sequence[Profile] = ()) -> list[Finding]:
    """Everything that is wrong with a resource, in the order of its elements; what profiles ask comes last.

    Total: any JSON value is answered. Raises SettingsError if a profile is of another version of FHIR.
    """
    walk = Walk(version, resource)
    for profile in profiles:
        walk.systems = {**walk.systems, **profile.systems} if walk.systems else profile.systems
    special.resource(compiler(version), resource, "", walk)
    if not (profiles or walk.extensions or walk.vitals):
        return walk.out
    base, walk.out = walk.out, []
    if walk.vitals:
        _signs(version).check(walk)
    if not profiles:
        _known(version).check(walk)
    for profile in profiles:
        if profile.version is not version:
            raise SettingsError(
                f"the profiles are of FHIR {profile.version.name}, the resource of {version.name}",
                hint="US Core is of R4; an R5 resource is checked against the base alone",
            )
        profile.check(resource, walk)
    found = [*base, *_beyond(base, walk.out)] if walk.out else base
    if not walk.settled:
        return found
    # R4 would rather have another kind of identifier than MB, which US Core asks for: who keeps to that cannot mend the warning.
    return [one for one in found if (one.rule, one.severity) != ("code", WARNING) or one.element not in walk.settled]


@cache
def _known(version: Version) -> "Extensions":
    """The extensions that are known without a guide: 20 ms to read, so that only resources with extensions ask for it."""
    from fhir_coaching.checks.profiles.extensions import known  # noqa: PLC0415

    return known(version)


@cache
def _signs(version: Version) -> "Signs":
    """The profiles of vital signs, which few resources are."""
    from fhir_coaching.checks.profiles.signs import Signs  # noqa: PLC0415

    return Signs(version)


def _beyond(base: list[Finding], found: list[Finding]) -> Iterator[Finding]:
    """What profiles find, each once, less what the base has on the same element, and what follows from another shape than FHIR's.

    What cannot be evaluated is told once a resource.
    """
    said = {(one.element, one.rule, severity) for one in base for severity in {one.severity, WARNING, INFORMATION}}
    misshapen = {one.element for one in base if one.rule == "type"}
    around = {above for at in misshapen for above in _above(at)}
    told = set()
    for one in found:
        place = one.element.rpartition(".resource.")[0] if one.rule == "not-evaluated" else one.element
        if (key := (one.rule, one.message, place)) in told:
            continue
        told.add(key)
        follows = one.element in misshapen or not misshapen.isdisjoint(_above(one.element))
        if (one.element, one.rule, one.severity) in said or follows or (one.rule == "slice" and one.element in around):
            continue
        yield one


def _above(at: str) -> Iterator[str]:
    """The elements that an element is in, a list of values too."""
    for index in range(len(at) - 1, 0, -1):
        if at[index] in ".[":
            yield at[:index]


def not_evaluated(version: Version) -> frozenset[str]:
    """The constraints of this version's types that no function here stands for."""
    types = table(version)["types"].values()
    on_types = {id_ for type_ in types for id_ in type_["rules"]}
    on_elements = {id_ for type_ in types for element in type_["elements"].values() for id_ in element.get("rules", ())}
    return frozenset((on_types | on_elements) - INVARIANTS.keys())
