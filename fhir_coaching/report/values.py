"""Values of records, for programs and for people."""

from collections.abc import Mapping
from typing import Any

from fhir_coaching.fhir.json import dumps
from fhir_coaching.records.values import Value

BRIEF = 48  # characters of a value on the screen


def plain(value: object) -> Any:
    """A record's value as JSON says it."""
    if isinstance(value, Value):
        return value.model_dump(mode="python", exclude_defaults=True, serialize_as_any=True)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (tuple, list)) else value


def brief(value: object) -> str:
    """A value on one short line; nothing where there is none."""
    if value is None or value == ():
        return "-"
    text = dumps(plain(value)).decode()
    text = text[1:-1] if text.startswith('"') else text
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 3]}..."


def change(before: object, after: object) -> tuple[str, str]:
    """What a change took away and what it brought; of lists only the items that differ."""
    if isinstance(before, tuple) and isinstance(after, tuple):
        gone = [one for one in before if one not in after]
        come = [one for one in after if one not in before]
        return ", ".join(map(brief, gone)) or "-", ", ".join(map(brief, come)) or "-"
    return brief(before), brief(after)


def counted(number: int, noun: str) -> str:
    """`1 record`, `1,200 records`."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"
