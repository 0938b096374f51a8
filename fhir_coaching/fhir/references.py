"""References: logical on the way out, by identifier; on the way in also by what the target calls them.

https://hl7.org/fhir/R4/references.html#logical
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from fhir_coaching.fhir.codecs import field, value, want
from fhir_coaching.lens import Codec, Names, Wrong
from fhir_coaching.records.values import Who, WhoKind
from fhir_coaching.versions import Json

TYPES = {
    "patient": "Patient",
    "related_person": "RelatedPerson",
    "practitioner": "Practitioner",
    "organization": "Organization",
    "place": "Location",
    "goal": "Goal",
    "session": "Encounter",
    "coverage": "Coverage",
    "claim": "Claim",
    "condition": "Condition",
    "referral": "ServiceRequest",
    "action_step": "ServiceRequest",
    "engagement": "CarePlan",
    "engagement.episode": "EpisodeOfCare",
    "engagement.team": "CareTeam",
}
I = TypeVar("I", bound=str)  # noqa: E741 - an id's own type


def record_id(raw: Any, kind: str, names: Names) -> str | None:
    """The record that a Reference means, if it is one of this kind, or a part of one (`engagement.episode`), that we know.

    Raises Wrong where its identifier says one record and its address another: somebody may have re-pointed half of it.
    """
    identifier = field(raw, "identifier", dict)
    said = identifier.get("value") if identifier and identifier.get("system") == names.system(kind) else None
    reference = raw.get("reference")
    found = names.local(kind.partition(".")[0], reference) if isinstance(reference, str) else None
    if not isinstance(said, str):
        if found is None and isinstance(reference, str):
            names.miss(reference)
        return found
    if found is not None and said != found:
        raise Wrong("the identifier says one record and the reference another")
    return said


def reference(id_type: Callable[[str], I], kind: str) -> Callable[[Names], Codec[I]]:
    """A Reference to a record of one kind, or to a part of it. One that we do not know is not ours."""

    def bind(names: Names) -> Codec[I]:
        type_, system = TYPES[kind], names.system(kind)

        def decode(raw: Any) -> I:
            found = record_id(want(raw, dict), kind, names)
            return cast("I", NotImplemented) if found is None else id_type(found)

        return Codec(
            decode, lambda a: {"type": type_, "identifier": {"system": system, "value": a}}, f"a {type_} that we know"
        )

    return bind


def who(*kinds: WhoKind) -> Callable[[Names], Codec[Who]]:
    """A Reference to somebody of one of these kinds. Somebody whom we do not know is not ours."""

    def bind(names: Names) -> Codec[Who]:
        def decode(raw: Any) -> Who:
            for kind in kinds:
                found = record_id(want(raw, dict), kind.value, names)
                if found is not None:
                    return value(Who, kind=kind, id=found)
            return cast("Who", NotImplemented)

        def encode(a: Who) -> Json:
            if a.kind not in kinds:
                raise Wrong(f"expected a {' or '.join(kind.value for kind in kinds)}")
            return {"type": TYPES[a.kind.value], "identifier": {"system": names.system(a.kind.value), "value": a.id}}

        return Codec(decode, encode, f"somebody whom we know: {', '.join(TYPES[kind.value] for kind in kinds)}")

    return bind


def references(node: Any) -> Iterator[Json]:
    """Every Reference with an identifier in a resource, at any depth."""
    if node.__class__ is dict:
        identifier = node.get("identifier")
        if (
            identifier.__class__ is dict
            and "value" in identifier
            and ("type" in node or "reference" in node)
            and "resourceType" not in node
        ):
            yield node
        for child in node.values():
            yield from references(child)
    elif node.__class__ is list:
        for child in node:
            yield from references(child)


def resolve(resource: Json, address: Callable[[str, str], str | None]) -> Json:
    """The resource with `reference` added to each logical reference whose `address(system, value)` is known.

    A reference that already has one keeps it; nothing is removed. The resource given is not changed.
    """
    return cast("Json", _resolved(resource, address))


def _resolved(node: Any, address: Callable[[str, str], str | None]) -> Any:
    if node.__class__ is list:
        made = [_resolved(child, address) for child in node]
        return made if any(new is not old for new, old in zip(made, node, strict=True)) else node
    if node.__class__ is not dict:
        return node
    result = node
    for key, child in node.items():
        new = _resolved(child, address)
        if new is not child:
            result = {**result, key: new}
    identifier = node.get("identifier")
    if identifier.__class__ is dict and "type" in node and "reference" not in node and "resourceType" not in node:
        found = address(str(identifier.get("system")), str(identifier.get("value")))
        if found is not None:
            result = {"reference": found, **result}
    return result
