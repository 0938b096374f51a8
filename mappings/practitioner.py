"""Practitioner: who a coach is (https://hl7.org/fhir/R4/practitioner.html)."""

from fhir_coaching.fhir.codecs import BOOLEAN, STRING, concept_of, inside, one_of_list, spelt_alike
from fhir_coaching.fhir.datatypes import PERIOD
from fhir_coaching.fhir.systems import CREDENTIAL, NPI
from fhir_coaching.lens import Table, attrs_of, const, many, row
from fhir_coaching.mappings.datatypes import NAME, TELECOM, common, identifiers, name_identity, telecom_identity
from fhir_coaching.records.people import Credential, CredentialKind, Practitioner

P, C = attrs_of(Practitioner), attrs_of(Credential)

QUALIFICATION = Table(Credential, "Practitioner.qualification", (
    row(C.kind,   "code",           concept_of(CREDENTIAL, spelt_alike(CredentialKind)), required=True),
    row(C.number, "identifier",     one_of_list(inside("value", STRING))),
    row(C.issuer, "issuer.display", STRING),
    row(C.period, "period",         PERIOD),
))  # fmt: skip

PRACTITIONER_TABLE = Table(Practitioner, "Practitioner", (
    const("resourceType", "Practitioner", required=True),
    *common(P),
    row(P.npi,          "identifier:npi.value", STRING),
    row(P.active,       "active",        BOOLEAN),
    many(P.names,       "name",          NAME, by=name_identity),
    many(P.telecoms,    "telecom",       TELECOM, by=telecom_identity),
    many(P.credentials, "qualification", QUALIFICATION, by=lambda c: (c.kind, c.number)),
), identifiers("practitioner", npi=NPI), part=True)  # fmt: skip
