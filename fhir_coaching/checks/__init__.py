"""Is this resource right? Structure, formats, codes, references and the specification's own rules, offline; and profiles.

Profiles are chosen with `guides.chosen`.
"""

from fhir_coaching.checks.engine import Profile, check

__all__ = ["Profile", "check"]
