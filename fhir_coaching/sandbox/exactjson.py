"""JSON in and out with every number as it was written: `8000.10`, `1E+3`, 22 digits."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, Self


class Number(Decimal):
    """A decimal that remembers its own text."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Read it; raises ValueError."""
        try:
            number = super().__new__(cls, text)
        except InvalidOperation:  # an exponent beyond what Decimal can hold
            raise ValueError("a number is out of range") from None
        number.text = text
        return number


class Written(str):
    """JSON text that is put into other JSON as it stands."""

    __slots__ = ()


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


_decoder = json.JSONDecoder(parse_float=Number, parse_constant=_refuse)
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def read(text: str) -> Any:
    """Parse; raises ValueError, which never quotes the text, or RecursionError."""
    try:
        return _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at line {error.lineno}, column {error.colno}") from None


def write(value: object, *, ordered: bool = False) -> str:
    """JSON text of the value; `ordered` sorts the members, for comparing."""
    if type(value) is str:
        return _encode(value)
    if isinstance(value, dict):
        members = sorted(value.items()) if ordered else value.items()
        return "{" + ",".join([f"{_encode(name)}:{write(item, ordered=ordered)}" for name, item in members]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([write(item, ordered=ordered) for item in value]) + "]"
    if isinstance(value, Written):
        return value
    if isinstance(value, Number):
        return value.text
    if isinstance(value, Decimal):
        return str(value)
    return _encode(value)
