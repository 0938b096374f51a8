"""Where a resource can be broken: every value in it, with what holds it. Only the shape of JSON is looked at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T.+)?)?)?\Z")
TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?\Z")
CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*\Z")
ADDRESS = re.compile(r"(https?://|urn:)\S*\Z")


@dataclass(frozen=True, slots=True)
class Spot:
    """A value in a resource."""

    holder: Any  # the object or list that it stands in
    key: Any  # its name or index there
    path: str  # `Goal.target[0].dueDate`

    @property
    def value(self) -> Any:
        """What stands there."""
        return self.holder[self.key]

    def put(self, value: Any) -> None:
        """Let something else stand there."""
        self.holder[self.key] = value

    @property
    def name(self) -> str:
        """The name that it goes by, also within a list."""
        return re.split(r"[.\[]", self.path.rstrip("]0123456789["))[-1]


def spots(node: Any, path: str) -> Iterator[Spot]:
    """Every value below a node, from the top."""
    for key, child in node.items() if isinstance(node, dict) else enumerate(node):
        below = f"{path}[{key}]" if isinstance(node, list) else f"{path}.{key}"
        yield Spot(node, key, below)
        if isinstance(child, dict | list):
            yield from spots(child, below)


def anything(_: Spot) -> bool:
    """Every value."""
    return True


def named(spot: Spot) -> bool:
    """What stands under a name; that of the type aside, without which there is no resource."""
    return isinstance(spot.holder, dict) and spot.key != "resourceType"


def is_list(spot: Spot) -> bool:
    return isinstance(spot.value, list)


def is_long(spot: Spot) -> bool:
    """A list of two or more."""
    return isinstance(spot.value, list) and len(spot.value) > 1


def is_object(spot: Spot) -> bool:
    return isinstance(spot.value, dict)


def is_single(spot: Spot) -> bool:
    """Anything but a list, under a name."""
    return named(spot) and not isinstance(spot.value, list)


def is_primitive(spot: Spot) -> bool:
    return not isinstance(spot.value, dict | list)


def is_text(spot: Spot) -> bool:
    return isinstance(spot.value, str) and not is_type(spot)


def is_number(spot: Spot) -> bool:
    return isinstance(spot.value, int | Decimal) and not isinstance(spot.value, bool)


def is_date(spot: Spot) -> bool:
    return isinstance(spot.value, str) and DATE.match(spot.value) is not None


def is_time(spot: Spot) -> bool:
    return isinstance(spot.value, str) and TIME.match(spot.value) is not None


def is_code(spot: Spot) -> bool:
    """A text that looks like a code."""
    return is_text(spot) and CODE.match(spot.value) is not None


def is_address(spot: Spot) -> bool:
    return isinstance(spot.value, str) and ADDRESS.match(spot.value) is not None


def is_type(spot: Spot) -> bool:
    """The name of a resource's type."""
    return bool(spot.key == "resourceType")


def is_choice(spot: Spot) -> bool:
    """A name of several words: it may end in that of a type."""
    return isinstance(spot.key, str) and re.search(r"[a-z][A-Z]", spot.key) is not None


def is_narrative(spot: Spot) -> bool:
    return isinstance(spot.value, dict) and "div" in spot.value


def is_reference(spot: Spot) -> bool:
    value = spot.value
    return isinstance(value, dict) and ("reference" in value or {"identifier", "type"} <= value.keys())


def is_coded(spot: Spot) -> bool:
    """Something with a code of a system, or an amount in a unit."""
    return isinstance(spot.value, dict) and "code" in spot.value


def is_amount(spot: Spot) -> bool:
    return isinstance(spot.value, dict) and isinstance(spot.value.get("value"), int | Decimal)


def is_stretch(spot: Spot) -> bool:
    """Something from and to: a period, a range."""
    value = spot.value
    return isinstance(value, dict) and ({"start", "end"} <= value.keys() or {"low", "high"} <= value.keys())
