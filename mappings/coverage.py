"""Coverage: who pays for a patient (https://hl7.org/fhir/R4/coverage.html)."""

from typing import Any, cast

from fhir_coaching.fhir.codecs import (
    INTEGER,
    STRING,
    bare,
    concept_of,
    field,
    one_of_list,
    or_missing,
    part,
    spelt_alike,
    want,
)
from fhir_coaching.fhir.datatypes import CONCEPT, PERIOD
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import COVERAGE_CLASS, IDENTIFIER_TYPE, RELATION_TO_SUBSCRIBER
from fhir_coaching.lens import R4, R5, Codec, Json, Names, Slice, Table, attrs_of, const, derived, row
from fhir_coaching.lens.paths import refuse_modifiers
from fhir_coaching.mappings.datatypes import PATIENT, coded, common, own
from fhir_coaching.records.billing import BillingStatus, Coverage, Relationship
from fhir_coaching.records.values import Missing, Who, WhoKind

PAYER = who(WhoKind.ORGANIZATION, WhoKind.PATIENT, WhoKind.RELATED_PERSON)


def payer(names: Names) -> Codec[Who]:
    """R5 has an insurer, an organization, and apart from it those who pay themselves."""
    somebody = PAYER(names)

    def decode(raw: Json) -> Who:
        paying = field(raw, "paymentBy", list) or []
        insurer = part(raw, "insurer", somebody)
        if insurer is not None and raw.get("kind") != "self-pay":
            return insurer
        if len(paying) != 1:
            return cast("Who", NotImplemented)
        refuse_modifiers(want(paying[0], dict, "paymentBy[0]"))
        return part(paying[0], "party", somebody) or cast("Who", NotImplemented)

    def encode(a: Who) -> Json:
        said = somebody.encode(a)
        organization = a.kind is WhoKind.ORGANIZATION
        return bare(
            kind="insurance" if organization else "self-pay",
            insurer=said if organization else None,
            paymentBy=None if organization else [{"party": said}],
        )

    return Codec(decode, encode, somebody.says)


def subscriber_id(coverage: Coverage) -> str | Missing | None:
    """US Core wants a member's number (us-core-15), or why there is none: who pays without an insurance is no member."""
    pays_alone = coverage.payer.kind is not WhoKind.ORGANIZATION
    return coverage.member_id or (Missing.NOT_APPLICABLE if pays_alone else None)


SUBSCRIBER_4 = or_missing("subscriberId", STRING)
SUBSCRIBER_5: Codec[Any] = Codec(
    lambda raw: raw, lambda value: None if isinstance(value, Missing) else [{"value": value}], "the member's number"
)

C = attrs_of(Coverage)
MEMBER = {"type": coded(IDENTIFIER_TYPE, "MB")}

COVERAGE_TABLE = Table(Coverage, "Coverage", (
    const("resourceType", "Coverage", required=True),
    *common(C),
    row(C.status,         "status",       spelt_alike(BillingStatus, strict=True), required=True),
    row(C.patient,        "beneficiary",  PATIENT, required=True),
    row(C.payer,          {R4: "payor", R5: "{kind,insurer,paymentBy}"}, {R4: one_of_list(PAYER), R5: payer}, required=True),
    row(C.member_id,      "identifier:member.value", STRING),
    derived({R4: "{subscriberId}", R5: "subscriberId"}, subscriber_id, {R4: SUBSCRIBER_4, R5: SUBSCRIBER_5}),
    row(C.subscriber,     "subscriber",   who(WhoKind.PATIENT, WhoKind.RELATED_PERSON)),
    row(C.relationship,   "relationship", concept_of(RELATION_TO_SUBSCRIBER, spelt_alike(Relationship))),
    row(C.type,           "type",         CONCEPT),
    row(C.plan,           {R4: "class:plan.value",  R5: "class:plan.value.value"},  STRING),
    row(C.group,          {R4: "class:group.value", R5: "class:group.value.value"}, STRING),
    row(C.period,         "period",       PERIOD),
    row(C.order,          "order",        INTEGER),
), {
    "identifier:own": own("coverage"),
    "identifier:member": Slice(MEMBER),
    "identifier:other": lambda names: Slice(unless=({"system": names.system("coverage")}, MEMBER)),
    "class:plan": Slice({"type": coded(COVERAGE_CLASS, "plan")}),
    "class:group": Slice({"type": coded(COVERAGE_CLASS, "group")}),
})  # fmt: skip
