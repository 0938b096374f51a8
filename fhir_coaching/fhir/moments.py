"""Which of two dates or times is earlier, as FHIRPath has it, which knows a third answer: nobody can tell.

Both are texts as FHIR writes them: date, dateTime or instant. https://hl7.org/fhirpath/N1/#comparison (R4),
https://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal-date-datetime-time (R5, whose rules compare the earliest that one
can mean with the latest of the other).
"""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(?:Z|([+-])(\d\d):(\d\d)))?)?)?", re.ASCII
)
DAY = len("2026-03-31")

_DAY, _HOUR, _MINUTE = 86400, 3600, 60
# A date without a zone may begin and end anywhere on earth.
_EAST, _WEST = 14 * _HOUR, 12 * _HOUR
_MILLISECOND = Decimal("0.001")

Moment = tuple[int | Decimal, ...]  # year, month, day, seconds of the day, in UTC; as many as are known


def _read(said: str) -> re.Match[str] | None:
    found = _MOMENT.fullmatch(said)
    if found is None:
        return None
    try:
        date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        return None
    return found


def _seconds(found: re.Match[str]) -> Decimal:
    """The seconds of the day, as far as the zone shifts them out of it."""
    local = int(found[4]) * _HOUR + int(found[5]) * _MINUTE + int(found[6] or 0)
    shift = int(found[9] or 0) * _HOUR + int(found[10] or 0) * _MINUTE
    return local + Decimal(f"0{found[7] or ''}") - (-shift if found[8] == "-" else shift)


def _moment(said: str) -> Moment | None:
    found = _read(said)
    if found is None:
        return None
    known = tuple(int(one) for one in found.group(1, 2, 3) if one)
    if found[4] is None:
        return known
    days, seconds = divmod(_seconds(found), _DAY)
    if seconds < 0:
        days, seconds = days - 1, seconds + _DAY
    try:
        day = date(*known) + timedelta(days=int(days))
    except OverflowError:  # the first or the last day of all
        return None
    return day.year, day.month, day.day, seconds


def in_order(start: str, end: str) -> bool:
    """R4: whether the start is surely not after the end. True where either is no date.

    Nobody can tell of 2026 and 2026-03, and the constraint fails then (the official engine 6.7.9, 2026-11).
    """
    if len(start) == len(end) and start[DAY + 9 :] == end[DAY + 9 :] and start <= end:
        return True  # seen at once: written alike, in one zone
    one, other = _moment(start), _moment(end)
    if one is None or other is None:
        return True
    known = min(len(one), len(other))
    return one[:known] < other[:known] or (one[:known] == other[:known] and len(one) == len(other))


def after(later: str, earlier: str) -> bool:
    """Whether one is surely after the other: by the clock where both have a time, else by the calendar, as far as both say."""
    known = min(len(later), len(earlier), DAY)
    if (len(later) <= DAY or len(earlier) <= DAY) and later[:known] <= earlier[:known]:
        return False  # seen at once, as nearly always
    if len(later) > DAY < len(earlier):
        return (seconds_between(later, earlier) or 0) < 0
    one, other = _bounds(later), _bounds(earlier)
    if one is None or other is None:
        return False
    return (len(later) <= DAY and len(earlier) <= DAY) or one[0] > other[1]  # a day may begin and end anywhere on earth


def seconds_between(start: str, end: str) -> float | None:
    """How much time passes; nothing where one has no time or is none."""
    if not (len(start) > DAY < len(end)):
        return None
    try:
        return (_at(end) - _at(start)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no times, or one without a zone: said elsewhere
        return None


def _at(said: str) -> datetime:
    """A leap second counts as the second before it."""
    return datetime.fromisoformat(said.replace(":60", ":59", 1))


def _bounds(said: str) -> tuple[Decimal, Decimal] | None:
    """The earliest and the latest second that are meant, counted from the year one."""
    found = _read(said)
    if found is None:
        return None
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    first = Decimal(date(year, month, day).toordinal() * _DAY)
    if found[4] is not None:
        at = first + _seconds(found)
        length = 0 if found[7] else 1 if found[6] else _MINUTE
        return at, at + length - (_MILLISECOND if length else 0)
    if found[3] is None:
        month = month if found[2] else 12
        day = monthrange(year, month)[1]
    last = date(year, month, day).toordinal() * _DAY
    return first - _EAST, last + _DAY - _MILLISECOND + _WEST


def may_be_in_order(start: str, end: str) -> bool:
    """R5: whether the start can be meant not to lie after the end. True where either is no date."""
    one, other = _bounds(start), _bounds(end)
    return one is None or other is None or one[0] <= other[1]
