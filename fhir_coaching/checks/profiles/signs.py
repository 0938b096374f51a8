"""The profiles of vital signs, asked of the Observations that `vitals` took note of."""

from fhir_coaching.checks.profiles.guides import Guide
from fhir_coaching.checks.profiles.library import Library
from fhir_coaching.checks.tables import packed
from fhir_coaching.checks.walk import Walk
from fhir_coaching.fhir.systems import HL7
from fhir_coaching.versions import Version


class Signs:
    """The profiles of one version of FHIR."""

    def __init__(self, version: Version) -> None:
        self.library = Library(Guide(packed(f"{version.name.lower()}-vitals")))

    def check(self, walk: Walk) -> None:
        """Everything in which the vital signs that were met are not as is asked."""
        around = walk.scope
        for name, node, at, scope in walk.vitals:
            structure = self.library.structure(HL7 + name)
            if structure is not None:
                walk.scope = scope
                structure.check(node, at, walk)
        walk.scope = around
