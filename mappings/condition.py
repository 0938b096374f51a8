"""Condition: what goals, sessions and claims are about; mostly read (https://hl7.org/fhir/R4/condition.html)."""

from typing import Any

from fhir_coaching.fhir.codecs import WHEN, by_codings, choice, concept_of, spelt_alike
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import (
    CONDITION_CATEGORY,
    CONDITION_CLINICAL,
    CONDITION_VERIFICATION,
    PROVENANCE_PARTICIPANT,
    US_CORE_CONDITION_CATEGORY,
)
from fhir_coaching.lens import R4, R5, Codec, Json, Slice, Table, Wrong, attrs_of, const, many, row
from fhir_coaching.mappings.datatypes import PATIENT, coded, common, identifiers
from fhir_coaching.records.conditions import ClinicalStatus, Condition, ConditionCategory, Verification
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.values import WhoKind

C = attrs_of(Condition)

# A health concern is a category of US Core's own (8.0.0).
CATEGORIES = {category: [(CONDITION_CATEGORY, category.value.replace("_", "-"))] for category in ConditionCategory}
CATEGORIES[ConditionCategory.HEALTH_CONCERN] = [(US_CORE_CONDITION_CATEGORY, "health-concern")]
CATEGORY = by_codings(CATEGORIES)


def status(system: str, inner: Codec[Any]) -> Codec[Any]:
    """A modifier as a concept: one that has no coding of the system that FHIR demands is refused."""
    concept = concept_of(system, inner)

    def decode(raw: Any) -> Any:
        found = concept.decode(raw)
        if found is NotImplemented:
            raise Wrong(f"expected {concept.says}")
        return found

    return Codec(decode, concept.encode, concept.says)


CLINICAL: Codec[ClinicalStatus] = status(CONDITION_CLINICAL, spelt_alike(ClinicalStatus, strict=True))
# R4 has no code for "unknown" and leaves the element out; R5 demands the element.
CLINICAL_4 = Codec(
    CLINICAL.decode, lambda said: None if said is ClinicalStatus.UNKNOWN else CLINICAL.encode(said), CLINICAL.says
)
VERIFICATION: Codec[Verification] = status(CONDITION_VERIFICATION, spelt_alike(Verification, strict=True))

ASSERTER: Json = {"function": coded(PROVENANCE_PARTICIPANT, "informant")}
SAID_BY = who(WhoKind.PATIENT, WhoKind.PRACTITIONER, WhoKind.RELATED_PERSON)

CONDITION_TABLE = Table(Condition, "Condition", (
    const("resourceType", "Condition", required=True),
    *common(C),
    row(C.patient,         "subject",            PATIENT, required=True),
    row(C.concept,         "code",               CONCEPT),
    many(C.categories,     "category",           CATEGORY),
    row(C.clinical_status, "clinicalStatus",     {R4: CLINICAL_4, R5: CLINICAL}),
    row(C.verification,    "verificationStatus", VERIFICATION),
    row(C.onset,           "onset[x]",           choice(("Age", "Period", "Range", "String"), DateTime=((PartialDate, Instant), WHEN))),
    row(C.asserted_by,     {R4: "asserter", R5: "participant:asserter.actor"}, SAID_BY),
), {
    **identifiers("condition"),
    "participant:asserter": Slice(ASSERTER),
})  # fmt: skip
