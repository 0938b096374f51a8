"""Whether amounts of money add up, exactly: 222.59 is not 222.59000000000003."""

from collections.abc import Sequence
from decimal import Context, Decimal, Inexact, Overflow
from functools import reduce

CENTS = 2  # digits
EXACT = Context(prec=100, traps=[Inexact, Overflow])


def is_product(units: Decimal, price: Decimal, net: Decimal, factor: Decimal = Decimal(1)) -> bool:
    """Whether the net is units times price, rounded to cents or to its own digits if they are more, up or down at the half.

    True of amounts that are out of reach.
    """
    digits = max(CENTS, -int(net.as_tuple().exponent))
    try:
        off = EXACT.subtract(EXACT.multiply(EXACT.multiply(units, price), factor), net)
    except ArithmeticError:
        return True
    return off.copy_abs() <= Decimal((0, (5,), -digits - 1))


def is_sum(nets: Sequence[Decimal], total: Decimal) -> bool:
    """Whether the total is the sum. True of amounts that are out of reach."""
    try:
        return reduce(EXACT.add, nets) == total
    except ArithmeticError:
        return True
