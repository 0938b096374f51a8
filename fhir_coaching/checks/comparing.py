"""Which of two amounts is lower, as FHIRPath has it, which knows a third answer: nobody can tell.

https://hl7.org/fhirpath/N1/#comparison (R4), https://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal-date-datetime-time
(R5, whose rules compare the least that one can mean with the most of the other).
"""

from decimal import Decimal

from fhir_coaching.checks.constraint import number, text
from fhir_coaching.fhir.systems import UCUM
from fhir_coaching.versions import Json


def _is_ucum(amount: Json) -> bool:
    return text(amount, "system") == UCUM and text(amount, "code") != ""


def ordered(low: Json, high: Json) -> bool:
    """R4: whether one amount is surely not above the other; fails where the units do not say, as the engine does.

    Two codes of UCUM would have to be computed with: such pass.
    """
    one, other = number(low, "value"), number(high, "value")
    if one is None or other is None:
        return "value" in low and "value" in high  # there, and of another type: that is said elsewhere
    if _is_ucum(low) and _is_ucum(high):
        return text(low, "code") != text(high, "code") or one <= other
    return text(low, "unit") == text(high, "unit") and one <= other


def may_be_ordered(low: Json, high: Json) -> bool:
    """R5: whether one amount can be meant not to lie above the other: 2 is from 1.5 to 2.5. Only with one code of one system."""
    one, other = number(low, "value"), number(high, "value")
    units = {(text(amount, "system"), text(amount, "code")) for amount in (low, high)}
    if one is None or other is None or len(units) > 1 or "" in next(iter(units)):
        return True
    try:
        return one - _half(one) <= other + _half(other)
    except ArithmeticError:  # numbers out of reach
        return True


def _half(amount: Decimal) -> Decimal:
    """Half of the last digit's place."""
    exponent = amount.as_tuple().exponent
    return Decimal((0, (5,), int(exponent) - 1))
