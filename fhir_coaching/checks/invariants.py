"""The constraints of the base specification that are written here as functions, by id.

The list, the versions and the expressions are those of hl7.fhir.r4.core 4.0.1 and hl7.fhir.r5.core 5.0.0, for the types
that travel and what they are made of (tests/test_checks_invariants.py compares). The narrative's two, txt-1 and txt-2,
are in `narrative`.
"""

from collections.abc import Mapping

from fhir_coaching.checks.constraint import Invariant
from fhir_coaching.checks.context import Context
from fhir_coaching.checks.invariants_bundle import BUNDLE
from fhir_coaching.checks.invariants_datatypes import DATATYPES
from fhir_coaching.checks.invariants_resources import RESOURCES

__all__ = ["INVARIANTS", "Context", "Invariant"]

INVARIANTS: Mapping[str, Invariant] = {**DATATYPES, **RESOURCES, **BUNDLE}
