"""Dates and instants that stay as they were written: precision and offset are data."""

import re
from abc import ABC, abstractmethod
from datetime import date, datetime
from typing import Any, ClassVar, Self

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)"
)


class Spelled(ABC):
    """A value that is one string, kept to the letter. Raises ValueError on a text that is not one."""

    __slots__ = ("text",)
    expected: ClassVar[str]
    pattern: ClassVar[str]
    text: str

    def __init__(self, text: str) -> None:
        self.check(text)
        self.text = text

    @classmethod
    @abstractmethod
    def check(cls, text: str) -> None:
        """Raise ValueError, naming what was expected."""

    def __eq__(self, other: object) -> bool:
        return self.__class__ is other.__class__ and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.text!r})"

    @classmethod
    def _read(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if not isinstance(value, str):
            raise ValueError(f"expected {cls.expected}")
        return cls(value)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> Any:
        from pydantic_core import core_schema  # noqa: PLC0415 - only pydantic calls this, so it is there

        text = core_schema.str_schema(pattern=f"^{cls.pattern}$")
        return core_schema.json_or_python_schema(
            json_schema=text, python_schema=core_schema.no_info_plain_validator_function(cls._read)
        )


class PartialDate(Spelled):
    """A date as far as it is known: `2026`, `2026-03` or `2026-03-01`."""

    __slots__ = ()
    expected = "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD"
    pattern = r"\d{4}(-\d\d(-\d\d)?)?"

    @classmethod
    def check(cls, text: str) -> None:
        """Raise ValueError for 2026-02-30 and for anything that is no date."""
        found = _DATE.fullmatch(text)
        try:
            if found is None or not text.isascii():
                raise ValueError(text)
            date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None


class Instant(Spelled):
    """A date and time with its offset: `2026-03-01T10:00:00-05:00`."""

    __slots__ = ()
    expected = "a date and time with seconds and an offset, as 2026-03-01T10:00:00-05:00"
    pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"

    @classmethod
    def check(cls, text: str) -> None:
        """Raise ValueError for a time without offset and for a day that does not exist."""
        found = _INSTANT.fullmatch(text)
        try:
            if found is None or not text.isascii():
                raise ValueError(text)
            date.fromisoformat(found[1])
        except ValueError:
            raise ValueError(f"expected {cls.expected}") from None

    @property
    def moment(self) -> datetime:
        """The same moment as an aware datetime; a leap second counts as the second before it."""
        whole, _, rest = self.text.replace(":60", ":59", 1).partition(".")
        if not rest:
            return datetime.fromisoformat(whole)
        digits = re.match(r"\d+", rest)
        fraction = digits[0] if digits else ""
        return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}{rest[len(fraction) :]}")
