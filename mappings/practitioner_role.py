"""PractitionerRole: what a coach does, and for whom (https://hl7.org/fhir/R4/practitionerrole.html)."""

from typing import Any

from fhir_coaching.fhir.codecs import STRING, concept_of
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.fhir.systems import NUCC
from fhir_coaching.lens import R4, R5, Codec, Slice, Table, attrs_of, const, derived, many, row
from fhir_coaching.mappings.datatypes import ORGANIZATION, PRACTITIONER, identifiers, part_common, said_telecoms
from fhir_coaching.records.people import Practitioner
from fhir_coaching.records.values import PractitionerId

P = attrs_of(Practitioner)

# US Core wants a contact on the role (pd-1); R5 renamed the element. The person's own numbers are copied there.
TELECOM: Codec[Any] = Codec(lambda raw: raw, said_telecoms, "the practitioner's telecoms")
CONTACT: Codec[Any] = Codec(
    lambda raw: raw, lambda telecoms: [{"telecom": said_telecoms(telecoms)}], "the practitioner's telecoms"
)


def has_role(practitioner: Practitioner) -> bool:
    """Whether there is anything to say of a role."""
    return bool(practitioner.organization or practitioner.roles or practitioner.taxonomies)


ROLE = Table(Practitioner, "PractitionerRole", (
    const("resourceType", "PractitionerRole", required=True),
    *part_common(P),
    const("active", value=True),
    derived("practitioner",  lambda p: PractitionerId(p.id), PRACTITIONER),
    row(P.organization,      "organization", ORGANIZATION),
    many(P.roles,            "code",         CONCEPT),
    many(P.taxonomies,       "specialty:taxonomy", concept_of(NUCC, STRING)),
    derived({R4: "telecom", R5: "contact"}, lambda p: p.telecoms or None, {R4: TELECOM, R5: CONTACT}),
), {**identifiers("practitioner.role"), "specialty:taxonomy": Slice({"coding": [{"system": NUCC}]})}, part=True)  # fmt: skip
