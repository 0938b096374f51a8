"""RelatedPerson: guardians and others around a patient (https://hl7.org/fhir/R4/relatedperson.html)."""

from fhir_coaching.fhir.codecs import BOOLEAN
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.lens import Table, attrs_of, const, many, row
from fhir_coaching.mappings.datatypes import (
    NAME,
    PATIENT,
    TELECOM,
    common,
    identifiers,
    name_identity,
    telecom_identity,
)
from fhir_coaching.records.people import RelatedPerson

R = attrs_of(RelatedPerson)

RELATED_PERSON = Table(RelatedPerson, "RelatedPerson", (
    const("resourceType", "RelatedPerson", required=True),
    *common(R),
    row(R.active,        "active",       BOOLEAN),
    row(R.patient,       "patient",      PATIENT, required=True),
    many(R.relationship, "relationship", CONCEPT),
    many(R.names,        "name",         NAME, by=name_identity),
    many(R.telecoms,     "telecom",      TELECOM, by=telecom_identity),
), identifiers("related_person"))  # fmt: skip
