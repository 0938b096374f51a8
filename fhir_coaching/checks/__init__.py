"""Is this resource right? Structure, formats, codes, references and the specification's own rules, offline."""

from fhir_coaching.checks.engine import check

__all__ = ["check"]
