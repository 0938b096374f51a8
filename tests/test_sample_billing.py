"""The sample practice's coverages and claims: of every sort, exact to the cent, and each line what its session was."""

from collections import Counter
from decimal import Decimal

import pytest
from sample import day_of, sampled, unused

from fhir_coaching.fhir.json import dumps
from fhir_coaching.records.billing import (
    CareRole,
    Claim,
    ClaimState,
    ClaimUse,
    Coverage,
    DiagnosisRole,
    Line,
    Purpose,
    Relationship,
    is_for_a_payer,
)
from fhir_coaching.records.coaching import Cpt, Modality, Session, SessionStatus, Setting
from fhir_coaching.records.conditions import Condition
from fhir_coaching.records.people import Organization, OrganizationType, RelatedPerson
from fhir_coaching.records.spelling import spell_record
from fhir_coaching.records.values import OrganizationId, WhoKind

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
COVERAGES = {coverage.id: coverage for coverage in sampled(Coverage)}
CLAIMS = {claim.id: claim for claim in sampled(Claim)}
SESSIONS = {session.id: session for session in sampled(Session)}
CONDITIONS = {condition.id: condition for condition in sampled(Condition)}
LIVE = {ClaimState.SUBMITTED, ClaimState.ACCEPTED, ClaimState.PENDED, ClaimState.PAID}

# Where the patient was, in the codes of CMS (https://www.cms.gov/medicare/coding-billing/place-of-service-codes).
AT_A_DISTANCE = {Modality.VIDEO: "95", Modality.AUDIO: "93"}
PLACES = {
    Setting.CLINIC: "11",
    Setting.HOME: "12",
    Setting.SCHOOL: "03",
    Setting.WORKSITE: "18",
    Setting.INPATIENT: "21",
    Setting.COMMUNITY: "99",
}
WRONG = "b-heron-2"  # was denied for its place and modifier, and replaced


def lines(claim: Claim) -> list[tuple[Line, Session]]:
    """The lines that charge for a session, with it."""
    return [(line, SESSIONS[line.session]) for line in claim.lines if line.session]


def of_claims(*states: ClaimState) -> list[Claim]:
    """Claims proper in one of these states."""
    return [claim for claim in CLAIMS.values() if claim.use is ClaimUse.CLAIM and claim.state in states]


def test_coverages_of_every_sort() -> None:
    coverages = COVERAGES.values()
    assert not unused(Relationship, (coverage.relationship for coverage in coverages))
    payers = {one.id: one.type for one in sampled(Organization)}
    insured = [coverage for coverage in coverages if coverage.payer.kind is WhoKind.ORGANIZATION]
    assert {payers[OrganizationId(c.payer.id)] for c in insured} == {OrganizationType.INSURER, OrganizationType.PAYER}
    assert all(coverage.member_id and coverage.member_id.startswith("TEST-") for coverage in insured)
    assert any(coverage.period and coverage.period.end for coverage in coverages)
    orders: dict[str, list[int | None]] = {}
    for coverage in insured:
        orders.setdefault(coverage.patient, []).append(coverage.order)
    assert {tuple(sorted(its)) for its in orders.values() if None not in its} == {(1,), (1, 2)}  # type: ignore[type-var]


def test_who_pays_for_themselves_has_no_insurance() -> None:
    """US Core wants a member's number even so (us-core-15): it is that of their account with the practice."""
    themselves = [coverage for coverage in COVERAGES.values() if coverage.payer.kind is WhoKind.PATIENT]
    assert len(themselves) >= 2
    for coverage in themselves:
        assert (coverage.payer.id, coverage.relationship) == (coverage.patient, Relationship.SELF)
        assert coverage.type is not None
        assert [code.code for code in coverage.type.codings] == ["81"]
        claims = [claim for claim in CLAIMS.values() if claim.coverage == coverage.id]
        assert {(claim.purpose, claim.account_number) for claim in claims} == {(Purpose.SUPERBILL, coverage.member_id)}


def test_a_child_is_insured_by_its_guardian() -> None:
    guardians = {
        person.id for person in sampled(RelatedPerson) for concept in person.relationship
        for code in concept.codings if code.code == "GUARD"
    }  # fmt: skip
    assert any(
        coverage.relationship is Relationship.CHILD and coverage.subscriber and coverage.subscriber.id in guardians
        for coverage in COVERAGES.values()
    )


def test_claims_of_every_sort() -> None:
    claims = CLAIMS.values()
    assert sum(map(is_for_a_payer, claims)) >= 24
    assert not unused(ClaimUse, (claim.use for claim in claims))
    assert not unused(Purpose, (claim.purpose for claim in claims))
    assert not unused(ClaimState, (claim.state for claim in claims))
    assert not unused(CareRole, (member.role for claim in claims for member in claim.care_team))
    assert not unused(DiagnosisRole, (diagnosis.role for claim in claims for diagnosis in claim.diagnoses))
    assert not unused(Cpt, {Cpt(line.code) for claim in claims for line in claim.lines})
    assert {modifier for claim in claims for line in claim.lines for modifier in line.modifiers} == {
        *("93", "95", "HQ", "U1")
    }
    assert {claim.provider.kind for claim in claims} == {WhoKind.ORGANIZATION, WhoKind.PRACTITIONER}
    assert {len(claim.lines) for claim in claims} == {1, 2, 3, 4}
    assert any(len(claim.preauth_numbers) > 1 for claim in claims)
    assert any([line.sequence for line in claim.lines] == [1, 3] for claim in claims)
    assert {len(claim.created.text) for claim in claims} == {10, 25}
    assert any(claim.facility for claim in claims)


def test_diagnoses_are_codes_and_conditions_of_the_patient() -> None:
    diagnoses = [(claim, diagnosis) for claim in CLAIMS.values() for diagnosis in claim.diagnoses]
    named = [
        CONDITIONS[diagnosis.condition].patient == claim.patient
        for claim, diagnosis in diagnoses
        if diagnosis.condition
    ]
    coded = [code for _, diagnosis in diagnoses if diagnosis.code for code in diagnosis.code.codings]
    assert len(named) >= 10
    assert all(named)
    assert {code.system for code in coded} == {ICD}
    assert any(code.code.startswith("Z") for code in coded)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_claim_adds_up_to_the_cent(claim: Claim) -> None:
    assert claim.total is not None
    nets = []
    for line in claim.lines:
        assert line.units is not None
        assert line.unit_price is not None
        assert line.net is not None
        assert line.net.value == line.units * line.unit_price.value
        assert {line.net.currency, line.unit_price.currency} == {"USD"}
        nets.append(line.net.value)
    assert (sum(nets), claim.total.currency) == (claim.total.value, "USD")
    assert {one.as_tuple().exponent for one in (*nets, claim.total.value)} == {-2}


def test_binary_numbers_would_miss_some_of_the_cents() -> None:
    missed, prices = 0, set()
    for claim in CLAIMS.values():
        amounts = [line.net.value for line in claim.lines if line.net]
        missed += claim.total is not None and sum(map(float, amounts)) != float(claim.total.value)
        prices |= {line.unit_price.value for line in claim.lines if line.unit_price}
    assert missed >= 5
    assert prices >= {Decimal("0.10"), Decimal("19.99"), Decimal("41.30"), Decimal("67.35"), Decimal("119.95")}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.id)
def test_a_line_says_what_its_session_was(claim: Claim) -> None:
    assert COVERAGES[claim.coverage].patient == claim.patient
    team = {member.sequence: member for member in claim.care_team}
    for line, session in lines(claim):
        assert (session.patient, session.status) == (claim.patient, SessionStatus.FINISHED)
        assert session.cpt is not None
        assert (line.code, line.units) == (session.cpt.value, session.units)
        assert line.service_date is not None
        assert line.service_date.text == day_of(session)
        assert line.service_date.text <= claim.created.text
        assert session.practitioner in {team[number].practitioner for number in line.care_team}
        if claim.id == WRONG:
            continue
        assert line.place_of_service == place_of(session)
        if session.modality in AT_A_DISTANCE:
            assert AT_A_DISTANCE[session.modality] in line.modifiers
        else:
            assert not {*AT_A_DISTANCE.values()} & {*line.modifiers}


def place_of(session: Session) -> str:
    """The code of the place where the patient was."""
    if session.modality in AT_A_DISTANCE:
        return "10" if session.setting is Setting.HOME else "02"
    assert session.setting is not None
    return PLACES[session.setting]


def test_a_session_is_charged_once_to_each_coverage() -> None:
    charged = Counter(
        (claim.coverage, line.session)
        for claim in of_claims(*LIVE)
        if claim.purpose in (Purpose.ORIGINAL, Purpose.REPLACEMENT)
        for line in claim.lines
    )
    assert set(charged.values()) == {1}


def test_units_stand_where_the_time_is_sure() -> None:
    for session in SESSIONS.values():
        long = session.cpt is Cpt.FIRST or (session.minutes is not None and session.minutes.min >= 30)
        charged = session.status is SessionStatus.FINISHED and session.cpt is not None and long
        assert (session.units is not None) is charged, session.id
    assert {session.units for session in SESSIONS.values()} == {None, 1, 2}


def test_a_claim_that_replaces_or_voids_names_the_one_before() -> None:
    for claim in CLAIMS.values():
        later = claim.purpose in (Purpose.REPLACEMENT, Purpose.VOID)
        assert (claim.prior is not None) is later, claim.id
        if claim.prior is None or claim.prior.claim is None:
            continue
        before = CLAIMS[claim.prior.claim]
        assert claim.prior.payer_number
        assert (before.patient, before.coverage) == (claim.patient, claim.coverage)
        assert before.created.text < claim.created.text
        assert [line.session for line in before.lines] == [line.session for line in claim.lines]
        if claim.purpose is Purpose.VOID:
            assert (before.lines, before.total, before.state) == (claim.lines, claim.total, ClaimState.VOIDED)


def test_a_second_coverage_pays_after_the_first() -> None:
    first = [claim for claim in CLAIMS.values() if any(other.sequence > 1 for other in claim.other_coverages)]
    second = [claim for claim in CLAIMS.values() if any(other.sequence == 1 for other in claim.other_coverages)]
    assert first
    assert second
    for claim in second:
        (before,) = claim.other_coverages
        paid = [one for one in of_claims(ClaimState.PAID) if one.coverage == before.coverage]
        assert any([line.session for line in one.lines] == [line.session for line in claim.lines] for one in paid)
        assert COVERAGES[claim.coverage].order == 2
    for claim in (*first, *second):
        assert all(COVERAGES[other.coverage].order == other.sequence for other in claim.other_coverages)


def test_members_of_a_group_are_charged_one_by_one() -> None:
    charged: dict[str, set[str]] = {}
    for claim in CLAIMS.values():
        for session in (session for _, session in lines(claim) if session.group):
            charged.setdefault(str(session.group), set()).add(claim.patient)
            others = {one.patient for one in SESSIONS.values() if one.group == session.group} - {claim.patient}
            words = dumps(spell_record(claim)).decode().lower()
            assert not [other for other in others if other.removeprefix("p-") in words], claim.id
    assert sorted(map(len, charged.values())) == [1, 4]  # of the second group, one pays for herself


def test_what_is_asked_before_has_no_sessions() -> None:
    asked = [claim for claim in CLAIMS.values() if claim.use is not ClaimUse.CLAIM]
    assert len(asked) >= 2
    assert not any(lines(claim) for claim in asked)
    assert any(line.units and line.units > 1 for claim in asked for line in claim.lines)
