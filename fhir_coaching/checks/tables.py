"""The tables that the checks are compiled from, read when first asked for: a version of FHIR's, a guide's.

`tools/definitions.py` makes them from the official packages, whose content is CC0.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any

from fhir_coaching.fhir.json import loads
from fhir_coaching.versions import R4, Version


@cache
def table(version: Version) -> dict[str, Any]:
    """Types with their elements, the codes of value sets, the names of all resource types."""
    return packed(version.name.lower())


@cache
def terms(version: Version) -> dict[str, dict[str, Any]]:
    """What guides draw on: `systems`, the codes of complete code systems, and `sets`, those of value sets. Of R4 alone."""
    return packed("r4-terms") if version is R4 else {"systems": {}, "sets": {}}


def packed(name: str) -> dict[str, Any]:
    """A table by the name of its file."""
    read: dict[str, Any] = loads(
        gzip.decompress(files("fhir_coaching.checks").joinpath("definitions", f"{name}.json.gz").read_bytes())
    )
    return read
