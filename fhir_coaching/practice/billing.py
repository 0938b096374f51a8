"""What is amiss in one coverage or claim, as far as it alone can show: numbers used twice, pointers to nothing."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fhir_coaching.fhir.money import is_product, is_sum
from fhir_coaching.practice.checks import Found, is_long, repeated
from fhir_coaching.records.billing import BillingStatus, Claim, ClaimState, Coverage, Numbered
from fhir_coaching.records.values import WhoKind

PRICES = ("unit_price", "net")

_UNSENT = (ClaimState.DRAFT, ClaimState.CHECKED)


def of_coverage(coverage: Coverage) -> Found:
    """What a coverage lacks. Somebody who pays without an insurance has no member's number."""
    if coverage.member_id is None and coverage.payer.kind is WhoKind.ORGANIZATION:
        yield "coverage-member", "member_id"
    if coverage.relationship is None:
        yield "coverage-relationship", "relationship"


def of_claim(claim: Claim) -> Found:
    """What does not hold together in a claim. FHIR has no invariants here: a wrong pointer would pass every validator."""
    if claim.state in _UNSENT and claim.status is BillingStatus.ACTIVE:
        yield "claim-draft", "status"
    lists: dict[str, Iterable[Numbered]] = {
        "other_coverages": claim.other_coverages,
        "care_team": claim.care_team,
        "diagnoses": claim.diagnoses,
        "lines": claim.lines,
    }
    for name, items in lists.items():
        for index in repeated(item.sequence for item in items):
            yield "claim-sequence", f"{name}[{index}].sequence"
    billed = {claim.coverage}
    for index, other in enumerate(claim.other_coverages):
        if other.coverage in billed:
            yield "claim-coverage", f"other_coverages[{index}].coverage"
        billed.add(other.coverage)
    diagnoses = {diagnosis.sequence for diagnosis in claim.diagnoses}
    care_team = {member.sequence for member in claim.care_team}
    for index, line in enumerate(claim.lines):
        if not diagnoses.issuperset(line.diagnoses):
            yield "claim-pointer", f"lines[{index}].diagnoses"
        if not care_team.issuperset(line.care_team):
            yield "claim-pointer", f"lines[{index}].care_team"
    yield from _money(claim)
    if claim.prior is not None and claim.prior.claim == claim.id:
        yield "claim-prior", "prior.claim"
    for path, amount in _amounts(claim):
        if is_long(amount):
            yield "many-digits", path


def _money(claim: Claim) -> Found:
    """One currency, and sums that are right, where each line says what it costs."""
    priced = [
        (f"lines[{index}].{name}", getattr(line, name)) for index, line in enumerate(claim.lines) for name in PRICES
    ]
    named = [(path, money.currency) for path, money in (*priced, ("total", claim.total)) if money and money.currency]
    strange = [path for path, currency in named if currency != named[0][1]]
    for path in strange:
        yield "claim-currency", f"{path}.currency"
    for index, line in enumerate(claim.lines):
        units, price, net = line.units, line.unit_price, line.net
        if units is not None and price and net and not is_product(units, price.value, net.value):
            yield "claim-net", f"lines[{index}].net"
    nets = [line.net.value for line in claim.lines if line.net is not None]
    summed = not strange and 0 < len(nets) == len(claim.lines)
    if summed and claim.total is not None and not is_sum(nets, claim.total.value):
        yield "claim-total", "total"


def _amounts(claim: Claim) -> Iterator[tuple[str, Decimal]]:
    """Every number that is no sequence, with its path."""
    for index, line in enumerate(claim.lines):
        if line.units is not None:
            yield f"lines[{index}].units", line.units
        for name, money in (("unit_price", line.unit_price), ("net", line.net)):
            if money is not None:
                yield f"lines[{index}].{name}.value", money.value
    if claim.total is not None:
        yield "total.value", claim.total.value
