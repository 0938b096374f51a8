"""Wire JSON: plain objects whose numbers keep every digit.

https://hl7.org/fhir/R4/json.html: "the precision of the decimal value has significance".
"""

from decimal import Decimal
from typing import Any

import msgspec

DEPTH = 100  # FHIR resources nest some 20 deep; more is an attack or a mistake

_decoder = msgspec.json.Decoder(float_hook=Decimal)


def _plain(value: Any) -> Any:
    """Dates of records know how to spell themselves."""
    from fhir_coaching.records.dates import Spelled  # noqa: PLC0415 - resources are checked without records, at once

    if isinstance(value, Spelled):
        return value.text
    raise TypeError(f"a {type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain)


def _why(error: Exception) -> str:
    if isinstance(error, msgspec.DecodeError):
        return str(error)
    return "a number out of reach" if isinstance(error, ArithmeticError) else "not UTF-8, or nested too deeply"


class NotJson(ValueError):
    """The text is not JSON. The message names the byte, never the text."""


def loads(text: bytes | str) -> Any:
    """Read JSON: a number with a point or an exponent is a Decimal, spelt as it was.

    Raises NotJson, also for `NaN`, a lone surrogate and nesting deeper than DEPTH.
    """
    try:
        value = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError) as error:
        raise NotJson(_why(error)) from None
    if too_deep(value, DEPTH):
        raise NotJson(f"nested more than {DEPTH} deep")
    return value


def dumps(value: Any) -> bytes:
    """Write JSON in UTF-8, without white space, keys in their order, decimals with their digits."""
    return _encoder.encode(value)


def too_deep(value: Any, depth: int) -> bool:
    """Whether lists and objects nest deeper than `depth`."""
    level = [value]
    while level:
        level = [
            child for v in level if v.__class__ in (dict, list) for child in (v.values() if v.__class__ is dict else v)
        ]
        depth -= 1
        if depth < 0 and level:
            return True
    return False
