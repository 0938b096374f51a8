"""Organization: practices, payers, employers (https://hl7.org/fhir/R4/organization.html)."""

from fhir_coaching.fhir.codecs import BOOLEAN, STRING, codes, concept_of
from fhir_coaching.fhir.systems import CONTACT_PURPOSE, EIN, NPI, NUCC, ORGANIZATION_TYPE
from fhir_coaching.lens import R4, R5, Slice, Table, attrs_of, const, many, row
from fhir_coaching.mappings.datatypes import (
    ADDRESS,
    TELECOM,
    address_table,
    coded,
    common,
    identifiers,
    telecom_identity,
)
from fhir_coaching.records.people import Organization, OrganizationType

O = attrs_of(Organization)  # noqa: E741

TYPE = codes({type_: type_.value for type_ in OrganizationType}, strict=False)
ADMIN = {"purpose": coded(CONTACT_PURPOSE, "ADMIN")}

# R5 moved telecom and address into contacts, with one address at most in each: ours are one contact for all telecoms, and one
# for each address.
ORGANIZATION_TABLE = Table(Organization, "Organization", (
    const("resourceType", "Organization", required=True),
    *common(O),
    row(O.npi,         "identifier:npi.value", STRING),
    row(O.tax_id,      "identifier:ein.value", STRING),
    row(O.active,      "active",        BOOLEAN),
    row(O.type,        "type:type",     concept_of(ORGANIZATION_TYPE, TYPE)),
    many(O.taxonomies, "type:taxonomy", concept_of(NUCC, STRING)),
    row(O.name,        "name",          STRING),
    many(O.telecoms,   {R4: "telecom", R5: "contact:admin.telecom"}, TELECOM, by=telecom_identity),
    many(O.addresses,  {R4: "address", R5: "contact:address"}, {R4: ADDRESS, R5: address_table("address.")}),
), {
    **identifiers("organization", npi=NPI, ein=EIN),
    "type:type": Slice({"coding": [{"system": ORGANIZATION_TYPE}]}),
    "type:taxonomy": Slice({"coding": [{"system": NUCC}]}),
    "contact:admin": Slice(ADMIN),
    "contact:address": Slice({"address": {}}, unless=(ADMIN,)),
})  # fmt: skip
