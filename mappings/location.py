"""Location: where sessions take place (https://hl7.org/fhir/R4/location.html)."""

from fhir_coaching.fhir.codecs import STRING, spelt_alike
from fhir_coaching.fhir.datatypes import CONCEPT
from fhir_coaching.lens import Table, attrs_of, const, many, row
from fhir_coaching.mappings.datatypes import ADDRESS, ORGANIZATION, common, identifiers
from fhir_coaching.records.people import Place, PlaceStatus

P = attrs_of(Place)

LOCATION = Table(Place, "Location", (
    const("resourceType", "Location", required=True),
    *common(P),
    row(P.status,       "status",  spelt_alike(PlaceStatus, strict=True)),
    row(P.name,         "name",    STRING),
    many(P.kinds,       "type",    CONCEPT),
    row(P.address,      "address", ADDRESS),
    row(P.organization, "managingOrganization", ORGANIZATION),
), identifiers("place"))  # fmt: skip
