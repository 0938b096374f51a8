"""A claim in itself: numbers that point to each other, and money that adds up.

FHIR has no constraints here (R4 4.0.1, R5 5.0.0: "not enforced"), so that a wrong pointer or sum passes every validator and is
found by the payer. https://hl7.org/fhir/R4/claim-definitions.html
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fhir_coaching.checks.constraint import each, number
from fhir_coaching.fhir.money import is_product, is_sum
from fhir_coaching.versions import Json

if TYPE_CHECKING:
    from fhir_coaching.checks.walk import Walk

NUMBERED = ("careTeam", "supportingInfo", "diagnosis", "procedure", "insurance", "item")
POINTERS = {
    "careTeamSequence": "careTeam",
    "informationSequence": "supportingInfo",
    "diagnosisSequence": "diagnosis",
    "procedureSequence": "procedure",
}
DETAILS = ("detail", "subDetail")
BESIDES = ("tax", "patientPaid")  # R5: whether the total holds them is not said
ONE = Decimal(1)


def claim(node: Json, at: str, walk: "Walk") -> None:
    """Sequences, pointers, the insurance that is billed, and the sum."""
    known = {name: _numbers(node, name, at, walk) for name in NUMBERED if name in node}
    lines = list(each(node, "item", at))
    for where, line in lines:
        for pointer, name in POINTERS.items():
            found = line.get(pointer)
            for index, sequence in enumerate(found if found.__class__ is list else ()):
                if sequence is not None and _plain(sequence) not in known.get(name, ()):
                    message = f"points to a sequence that no {name} of the claim has"
                    walk.error("claim-pointer", f"{where}.{pointer}[{index}]", message)
    _insurance(node, at, walk)
    _money(node, lines, at, walk)


def item(node: Json, at: str, walk: "Walk") -> None:
    """A line, or a detail of one: its net is the quantity times the unit price, times the factor."""
    grouped = False
    for name in DETAILS:
        if name in node:
            grouped = True
            _numbers(node, name, at, walk)
    if grouped or "net" not in node or "unitPrice" not in node:
        return
    units, price, net = _value(node, "quantity"), _value(node, "unitPrice"), _value(node, "net")
    factor = number(node, "factor") if "factor" in node else ONE
    if units is None or price is None or net is None or factor is None:
        return
    if not is_product(units, price, net, factor):
        walk.error("claim-net", f"{at}.net", "is not the quantity times the unit price", "correct one of the three")


def _numbers(node: Json, name: str, at: str, walk: "Walk") -> set[Any]:
    """The numbers of a list's items, of which each has its own."""
    seen = set[Any]()
    for where, one in each(node, name, at):
        sequence = _plain(one.get("sequence"))
        if sequence in seen:
            walk.error("claim-sequence", f"{where}.sequence", "a number that another item of the list has already")
        elif sequence is not None:
            seen.add(sequence)
    return seen


def _insurance(node: Json, at: str, walk: "Walk") -> None:
    """One of them is billed."""
    insurances = list(each(node, "insurance", at))
    focal = [where for where, one in insurances if one.get("focal") is True]
    for where in focal[1:]:
        hint = "one is focal, the others are not"
        walk.error("claim-focal", f"{where}.focal", "a second insurance that is the one to be billed", hint)
    if insurances and not focal:
        walk.warn("claim-focal", f"{at}.insurance", "no insurance is the one to be billed", "let one be focal")


def _money(node: Json, lines: list[tuple[str, Json]], at: str, walk: "Walk") -> None:
    """One currency, and a total that is the sum of the lines, where each says its net."""
    money: list[tuple[str, str, Any]] = [
        (where, name, line[name]) for where, line in lines for name in ("unitPrice", "net") if name in line
    ]
    money.append((at, "total", node.get("total")))
    first, mixed = None, False
    for where, name, one in money:
        currency = one.get("currency") if one.__class__ is dict else None
        if first is None:
            first = currency
        elif currency is not None and currency != first:
            mixed = True
            walk.error("claim-currency", f"{where}.{name}.currency", "another currency than before it on the claim")
    total, nets = _value(node, "total"), [_value(line, "net") for _, line in lines]
    if mixed or total is None or not nets or any(name in one for _, one in [("", node), *lines] for name in BESIDES):
        return
    known = [net for net in nets if net is not None]
    if len(known) == len(nets) and not is_sum(known, total):
        walk.error("claim-total", f"{at}.total", "is not the sum of the lines' net", "correct it or a line's net")


def _value(node: Json, name: str) -> Decimal | None:
    inner = node.get(name)
    return number(inner, "value") if isinstance(inner, dict) else None


def _plain(value: Any) -> Any:
    """A number that can be looked up; nothing of anything else, which is said elsewhere."""
    return value if value.__class__ is int or value.__class__ is Decimal else None
