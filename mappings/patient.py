"""Patient (https://hl7.org/fhir/R4/patient.html)."""

from fhir_coaching.fhir.codecs import BOOLEAN, DATE, STRING, WHEN, choice, codes, concept_of, or_missing, spelt_alike
from fhir_coaching.fhir.systems import ABSENT_REASON, BCP_47
from fhir_coaching.lens import Table, attrs_of, const, derived, many, row
from fhir_coaching.mappings.datatypes import (
    ADDRESS,
    NAME,
    PATIENT,
    TELECOM,
    common,
    extension,
    identifiers,
    name_identity,
    telecom_identity,
)
from fhir_coaching.records.dates import Instant, PartialDate
from fhir_coaching.records.demographics import Name
from fhir_coaching.records.people import Language, LinkType, Patient, PatientLink, Sex
from fhir_coaching.records.values import Missing

P, L, K = attrs_of(Patient), attrs_of(Language), attrs_of(PatientLink)

LANGUAGE = Table(Language, "Patient.communication", (
    row(L.code,      "language",  concept_of(BCP_47, STRING), required=True),
    row(L.preferred, "preferred", BOOLEAN),
))  # fmt: skip

LINK = Table(PatientLink, "Patient.link", (
    row(K.patient, "other", PATIENT, required=True),
    row(K.type,    "type",  spelt_alike(LinkType), required=True),
))  # fmt: skip


def no_parts(name: Name) -> Missing | None:
    """US Core wants a family or given name, or why there is none (us-core-6, us-core-8): some names are whole texts."""
    return None if name.family or name.given else Missing.UNKNOWN


PATIENT_NAME = Table(Name, "HumanName", (
    *NAME.rows,
    derived("extension:absent.valueCode", no_parts, spelt_alike(Missing)),
), extension(absent=ABSENT_REASON))  # fmt: skip

PATIENT_TABLE = Table(Patient, "Patient", (
    const("resourceType", "Patient", required=True),
    *common(P),
    row(P.active,      "active",      BOOLEAN),
    many(P.names,      "name",        PATIENT_NAME, by=name_identity),
    many(P.telecoms,   "telecom",     TELECOM, by=telecom_identity),
    row(P.sex,         "gender",      codes({s: s.value for s in Sex})),
    row(P.birth_date,  "{birthDate}", or_missing("birthDate", DATE)),
    row(P.deceased,    "deceased[x]", choice(Boolean=(bool, BOOLEAN), DateTime=((PartialDate, Instant), WHEN))),
    many(P.addresses,  "address",     ADDRESS),
    many(P.languages,  "communication", LANGUAGE, by=lambda language: language.code),
    many(P.links,      "link",        LINK, by=lambda link: (link.patient, link.type)),
), identifiers("patient"))  # fmt: skip
