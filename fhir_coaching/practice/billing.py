"""What is amiss in one coverage or claim, as far as it alone can show: numbers used twice, pointers to nothing."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fhir_coaching.records.billing import BillingStatus, Claim, ClaimState, Coverage, Numbered
from fhir_coaching.records.values import WhoKind

_UNSENT = (ClaimState.DRAFT, ClaimState.CHECKED)

Found = Iterator[tuple[str, str]]  # the rule, the field's path


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
    yield from _twice("other_coverages", claim.other_coverages)
    yield from _twice("care_team", claim.care_team)
    yield from _twice("diagnoses", claim.diagnoses)
    yield from _twice("lines", claim.lines)
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
    if claim.prior is not None and claim.prior.claim == claim.id:
        yield "claim-prior", "prior.claim"


def amounts_of(claim: Claim) -> Iterator[tuple[str, Decimal]]:
    """Every number that is no sequence, with its path."""
    for index, line in enumerate(claim.lines):
        if line.units is not None:
            yield f"lines[{index}].units", line.units
        for name, money in (("unit_price", line.unit_price), ("net", line.net)):
            if money is not None:
                yield f"lines[{index}].{name}.value", money.value
    if claim.total is not None:
        yield "total.value", claim.total.value


def _twice(name: str, items: Iterable[Numbered]) -> Found:
    seen: set[int] = set()
    for index, item in enumerate(items):
        if item.sequence in seen:
            yield "claim-sequence", f"{name}[{index}].sequence"
        seen.add(item.sequence)
