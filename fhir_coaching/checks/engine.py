"""The check of one resource against the base definitions of its version."""

from typing import Any

from fhir_coaching.checks import special
from fhir_coaching.checks.compiled import compiler
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.tables import table
from fhir_coaching.checks.walk import Walk
from fhir_coaching.errors import Finding
from fhir_coaching.lens import Version


def check(resource: Any, version: Version) -> list[Finding]:
    """Everything that is wrong with a resource, in the order of its elements. Total: any JSON value is answered."""
    walk = Walk(version, resource)
    special.resource(compiler(version), resource, "", walk)
    return walk.out


def not_evaluated(version: Version) -> frozenset[str]:
    """The constraints of this version's types that no function here stands for."""
    types = table(version)["types"].values()
    on_types = {id_ for type_ in types for id_ in type_["rules"]}
    on_elements = {id_ for type_ in types for element in type_["elements"].values() for id_ in element.get("rules", ())}
    return frozenset((on_types | on_elements) - INVARIANTS.keys())
