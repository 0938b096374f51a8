"""The sample practice as tests read it: once, and by kind."""

from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import TypeVar

from commandline import SAMPLE

from fhir_coaching.practice.source import read
from fhir_coaching.records.coaching import Session
from fhir_coaching.records.values import Record

R = TypeVar("R", bound=Record)


@cache
def sample() -> tuple[Record, ...]:
    """Every record, in the order of the files."""
    return tuple(read(SAMPLE))


def sampled(kind: type[R]) -> list[R]:
    """The records of a kind."""
    return [record for record in sample() if isinstance(record, kind)]


def unused(kind: type[Enum], used: Iterable[Enum | None]) -> set[Enum]:
    """The members that nothing has."""
    return set(kind) - set(used)


def day_of(session: Session) -> str:
    """When it took or takes place: the day on which it starts, where it lasts over midnight too."""
    when = session.contact.intervals[0] if session.contact else session.booking.planned if session.booking else None
    return when.start.text[:10] if when else ""
