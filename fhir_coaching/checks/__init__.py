"""Is this resource right? Structure, formats, codes, references and the specification's own rules, offline."""

from fhir_coaching.checks.engine import check
from fhir_coaching.checks.problem import ERROR, INFORMATION, WARNING, Problem

__all__ = ["ERROR", "INFORMATION", "WARNING", "Problem", "check"]
