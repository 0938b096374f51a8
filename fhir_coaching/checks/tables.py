"""The tables that the checks are compiled from, one for each version of FHIR, read when first asked for.

`tools/definitions.py` makes them from the official packages, whose content is CC0.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any

from fhir_coaching.fhir.json import loads
from fhir_coaching.lens import Version


@cache
def table(version: Version) -> dict[str, Any]:
    """Types with their elements, the codes of value sets, the names of all resource types, known modifier extensions."""
    packed = files("fhir_coaching.checks").joinpath("definitions", f"{version.name.lower()}.json.gz").read_bytes()
    read: dict[str, Any] = loads(gzip.decompress(packed))
    return read
