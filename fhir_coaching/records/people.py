"""People and places that a practice knows."""

from enum import Enum
from typing import Annotated

from pydantic import StringConstraints

from fhir_coaching.records.dates import PartialDate
from fhir_coaching.records.demographics import Address, Addresses, Name, Telecoms
from fhir_coaching.records.values import (
    _CANONICAL,
    _ID,
    SET,
    Bool,
    Concepts,
    Death,
    Missing,
    OrganizationId,
    OrganizationRef,
    PatientId,
    PatientRef,
    Period,
    PlaceId,
    PractitionerId,
    Record,
    RelatedPersonId,
    Text,
    Value,
    Word,
    Words,
)

Npi = Annotated[str, StringConstraints(pattern=r"^\d{10}$")]


class Sex(Enum):
    """Administrative sex."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"
    UNKNOWN = "unknown"


class Language(Value):
    """A language that a person speaks, as a BCP 47 tag."""

    code: Word
    preferred: Bool | None = None


class LinkType(Enum):
    """How two entries for one patient stand to each other."""

    REPLACED_BY = "replaced_by"
    REPLACES = "replaces"
    REFER = "refer"
    SEEALSO = "seealso"


class PatientLink(Value):
    """Another entry for the same patient."""

    patient: PatientRef
    type: LinkType


class Patient(Record):
    """A person who is coached."""

    id: Annotated[PatientId, _ID]
    names: tuple[Name, ...] = ()
    birth_date: PartialDate | Missing | None = None
    sex: Sex | None = None
    deceased: Death | None = None
    addresses: Addresses = ()
    telecoms: Telecoms = ()
    languages: Annotated[tuple[Language, ...], _CANONICAL, SET] = ()
    active: Bool | None = None
    links: Annotated[tuple[PatientLink, ...], _CANONICAL, SET] = ()


class RelatedPerson(Record):
    """A guardian, partner or other person around a patient."""

    id: Annotated[RelatedPersonId, _ID]
    patient: PatientRef
    names: tuple[Name, ...] = ()
    relationship: Concepts = ()
    telecoms: Telecoms = ()
    active: Bool | None = None


class CredentialKind(Enum):
    """What allows somebody to coach."""

    NBC_HWC = "nbc_hwc"
    CHES = "ches"
    MCHES = "mches"
    AHNCC = "ahncc"
    STATE_CWC = "state_cwc"
    LICENCE = "licence"
    OTHER = "other"


class Credential(Value):
    """A certificate or licence; `period` is when it holds."""

    kind: CredentialKind
    number: Text | None = None
    issuer: Text | None = None
    period: Period | None = None


class Practitioner(Record):
    """A coach, supervisor or referrer."""

    id: Annotated[PractitionerId, _ID]
    names: tuple[Name, ...] = ()
    npi: Npi | None = None
    credentials: Annotated[tuple[Credential, ...], _CANONICAL, SET] = ()
    telecoms: Telecoms = ()
    active: Bool | None = None
    organization: OrganizationRef | None = None
    roles: Concepts = ()
    taxonomies: Words = ()  # NUCC


class OrganizationType(Enum):
    """What an organization does."""

    PROVIDER = "prov"
    DEPARTMENT = "dept"
    TEAM = "team"
    GOVERNMENT = "govt"
    INSURER = "ins"
    PAYER = "pay"
    EDUCATION = "edu"
    RELIGIOUS = "reli"
    RESEARCH = "crs"
    COMMUNITY = "cg"
    BUSINESS = "bus"
    OTHER = "other"


class Organization(Record):
    """A practice, a payer, an employer."""

    id: Annotated[OrganizationId, _ID]
    name: Text | None = None
    type: OrganizationType | None = None
    npi: Npi | None = None
    tax_id: Text | None = None
    taxonomies: Words = ()  # NUCC
    addresses: Addresses = ()
    telecoms: Telecoms = ()
    active: Bool | None = None


class PlaceStatus(Enum):
    """Whether a place is in use."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    INACTIVE = "inactive"


class Place(Record):
    """Where sessions take place."""

    id: Annotated[PlaceId, _ID]
    name: Text | None = None
    kinds: Concepts = ()
    address: Address | None = None
    organization: OrganizationRef | None = None
    status: PlaceStatus | None = None
