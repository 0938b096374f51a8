"""What people are called, and where and how they are reached."""

from enum import Enum
from typing import Annotated, Self

from pydantic import Field, model_validator

from fhir_coaching.records.values import _CANONICAL, SET, Int, Period, Text, Value


class Use(Enum):
    """What a name is for."""

    USUAL = "usual"
    OFFICIAL = "official"
    TEMP = "temp"
    NICKNAME = "nickname"
    ANONYMOUS = "anonymous"
    OLD = "old"
    MAIDEN = "maiden"


class Name(Value):
    """What a person is called, in parts or in one text."""

    use: Use | None = None
    family: Text | None = None
    given: tuple[Text, ...] = ()
    prefix: tuple[Text, ...] = ()
    suffix: tuple[Text, ...] = ()
    text: Text | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.family or self.given or self.text):
            raise ValueError("expected a family name, a given name or a text")
        return self


class AddressUse(Enum):
    """What an address is for."""

    HOME = "home"
    WORK = "work"
    TEMP = "temp"
    OLD = "old"
    BILLING = "billing"


class Address(Value):
    """A postal address."""

    use: AddressUse | None = None
    line: tuple[Text, ...] = ()
    city: Text | None = None
    district: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    country: Text | None = None
    text: Text | None = None
    period: Period | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.line or self.city or self.district or self.state or self.postal_code or self.country or self.text):
            raise ValueError("expected a line, a city or another part of an address")
        return self


class TelecomSystem(Enum):
    """By what means."""

    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    PAGER = "pager"
    URL = "url"
    SMS = "sms"
    OTHER = "other"


class TelecomUse(Enum):
    """What a number is for."""

    HOME = "home"
    WORK = "work"
    TEMP = "temp"
    OLD = "old"
    MOBILE = "mobile"


class Telecom(Value):
    """A phone number, a mail address and the like; rank 1 is tried first."""

    system: TelecomSystem
    value: Text
    use: TelecomUse | None = None
    rank: Annotated[Int, Field(ge=1, le=2_147_483_647)] | None = None


Telecoms = Annotated[tuple[Telecom, ...], _CANONICAL, SET]
Addresses = Annotated[tuple[Address, ...], _CANONICAL, SET]
