"""The tables that the checks are compiled from, read when first asked for: a version of FHIR's, a guide's.

`tools/definitions.py` makes them from the official packages, whose content is CC0.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Any

from fhir_coaching.fhir.json import loads
from fhir_coaching.versions import Version


@cache
def table(version: Version) -> dict[str, Any]:
    """Types with their elements, the codes of value sets, the names of all resource types."""
    return packed(version.name.lower())


@cache
def terms(version: Version) -> dict[str, dict[str, Any]]:
    """`systems`, the codes of complete code systems, and `sets`, those of value sets that guides draw on, of R4 alone."""
    return packed(f"{version.name.lower()}-terms")


@cache
def systems(version: Version) -> dict[str, frozenset[str]]:
    """The codes of code systems that are known as a whole: FHIR's, HL7's and this project's."""
    every = packed(f"{version.name.lower()}-systems")["systems"] | terms(version)["systems"]
    return {url: frozenset(codes) for url, codes in every.items()}


def packed(name: str) -> dict[str, Any]:
    """A table by the name of its file."""
    read: dict[str, Any] = loads(
        gzip.decompress(files("fhir_coaching.checks").joinpath("definitions", f"{name}.json.gz").read_bytes())
    )
    return read


def json_key(element: str, code: str) -> str:
    """The name in JSON of an element that has a type: `valueQuantity` of `value[x]` (https://hl7.org/fhir/R4/formats.html#choice)."""
    stem = element.removesuffix("[x]")
    return element if stem == element else f"{stem}{code[0].upper()}{code[1:]}"
