"""All that the kernel knows of FHIR: which release, and that a resource is a JSON object."""

from enum import Enum
from typing import Any

Json = dict[str, Any]


class Version(Enum):
    """A FHIR release, by the beginning of its version number."""

    R4 = "4.0"
    R5 = "5.0"


R4, R5 = Version.R4, Version.R5
