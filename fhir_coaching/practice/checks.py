"""What the checks of several kinds of records share."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fhir_coaching.records.coaching import Target
from fhir_coaching.records.values import Note

Found = Iterator[tuple[str, str]]  # the rule, the field's path

_BEFORE, _BEHIND = 18, 17  # digits of a decimal around its point, as R5 takes them


def is_long(value: Decimal) -> bool:
    """Whether R5 has no room for all digits of a number."""
    return value.adjusted() >= _BEFORE or -int(value.as_tuple().exponent) > _BEHIND


def repeated(items: Iterable[object]) -> Iterator[int]:
    """Where something stands that stood before."""
    seen = set[object]()
    for index, item in enumerate(items):
        if item in seen:
            yield index
        seen.add(item)


def keys_twice(**lists: Iterable[Target | Note]) -> Found:
    """A key tells an item from all others of the record: it becomes an id within one resource."""
    seen: set[str] = set()
    for name, items in lists.items():
        for index, item in enumerate(items):
            if item.key is not None and item.key in seen:
                yield "key-twice", f"{name}[{index}].key"
            seen.add(item.key or "")
