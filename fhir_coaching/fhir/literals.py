"""Literal references, `Goal/17`: what they say without anybody being asked."""

import re

_LITERAL = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]+)?")


def literal(reference: object) -> str:
    """`Goal/17` for a relative, absolute or versioned reference; a `urn:uuid` or `urn:oid` as it is; else empty."""
    if not isinstance(reference, str):
        return ""
    if reference.startswith(("urn:uuid:", "urn:oid:")):
        return reference
    found = _LITERAL.fullmatch(reference)
    return found[1] if found else ""
