"""Which resources of others a pull may adopt, and which of them without being named: data, and how it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from fhir_coaching.fhir.systems import SERVICE
from fhir_coaching.lens import Json

ADOPTABLE = ("CarePlan", "Goal", "ServiceRequest", "Condition")

# Categories of a CarePlan that is taken for coaching. No published guide has a category for it (PCO 0.2.0 and US Core 8.0.0,
# looked through 2026-11), and the SNOMED code that one prototype uses could not be verified: `adopt` names what a site uses.
COACHING: tuple[str, ...] = (f"{SERVICE}|health-coaching",)

# Where an adopted resource refers to what is adopted with it. `activity.reference` is of R4, `plannedActivityReference` of R5.
FOLLOWED: Mapping[str, tuple[str, ...]] = {
    "CarePlan": ("goal.reference", "activity.reference.reference", "activity.plannedActivityReference.reference"),
    "Goal": ("extension.extension.valueReference.reference",),  # goal-relationship
    "ServiceRequest": ("extension.valueReference.reference",),  # resource-pertainsToGoal
}
FOLLOWED_TYPES = ("Goal", "ServiceRequest")

_OF_A_PATIENT = ("patient", "subject")  # parameters that a query must not have: whose they are is not for it to say


@dataclass(frozen=True, slots=True)
class Query:
    """Resources of a type, narrowed by search parameters; always those of one patient."""

    type: str
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def asks(self) -> tuple[str, ...]:
        """The parameters that only a server can answer."""
        return tuple(name for name, _ in self.parameters if name != "category")

    def url(self, patient: str) -> str:
        """The search for a patient, `Patient/17`."""
        return "&".join(
            (f"{self.type}?patient={patient}", *(f"{name}={quote(value, safe=',')}" for name, value in self.parameters))
        )

    def admits(self, resource: Json) -> bool:
        """Whether a resource is of this type and, if the query names categories, of one of them: a server may ignore a parameter."""
        return resource.get("resourceType") == self.type and all(
            _categorised(resource, value) for name, value in self.parameters if name == "category"
        )


DEFAULT = Query("CarePlan", (("category", ",".join(COACHING)),))


def query(text: str) -> Query | None:
    """A query as practice.toml says it, `CarePlan?category=system|code`; None for one that is none."""
    type_, mark, rest = text.partition("?")
    parameters = parse_qsl(rest, keep_blank_values=True)
    names = {name.partition(":")[0] for name, _ in parameters}
    if type_ not in ADOPTABLE or bool(mark) is not bool(parameters) or names & {*_OF_A_PATIENT, ""}:
        return None
    return Query(type_, tuple(parameters)) if all(value for _, value in parameters) else None


def followed(resource: Json) -> Iterator[str]:
    """The references to what is adopted together with a resource."""
    for path in FOLLOWED.get(str(resource.get("resourceType")), ()):
        yield from (found for found in _at(resource, path.split(".")) if isinstance(found, str))


def _at(node: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(node, list):
        for one in node:
            yield from _at(one, path)
    elif not path:
        yield node
    elif isinstance(node, dict):
        yield from _at(node.get(path[0]), path[1:])


def _categorised(resource: Json, tokens: str) -> bool:
    said = [
        (coding.get("system", ""), coding.get("code"))
        for coding in _at(resource, ["category", "coding"])
        if coding.__class__ is dict
    ]
    return any(_fits(token, *one) for token in tokens.split(",") for one in said)


def _fits(token: str, system: object, code: object) -> bool:
    """`system|code`, `system|` of any code, `|code` without a system, `code` of any (https://hl7.org/fhir/R4/search.html#token)."""
    wanted, bar, value = token.rpartition("|")
    return (not bar or wanted == system) and (not value or value == code)
