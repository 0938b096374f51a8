"""Tables of the datatypes that resources share, and the rows and slices that every resource has."""

import re
from collections.abc import Callable
from typing import Any, cast

from fhir_coaching.fhir.codecs import INTEGER, STRING, WHEN, bare, choice, concept_of, encoded, part, spelt_alike, want
from fhir_coaching.fhir.datatypes import CONCEPT, PERIOD
from fhir_coaching.fhir.references import reference, who
from fhir_coaching.fhir.systems import ACT_CODE, ANNOTATION_TYPE, ASPECT, TAG, TERM
from fhir_coaching.lens import (
    Codec,
    Json,
    Names,
    Row,
    Slice,
    Slices,
    Table,
    also_many,
    attrs_of,
    derived,
    identity,
    local,
    many,
    row,
)
from fhir_coaching.records.demographics import Address, AddressUse, Name, Telecom, TelecomSystem, TelecomUse, Use
from fhir_coaching.records.values import (
    ActionStepId,
    Aspect,
    ClaimId,
    ConditionId,
    CoverageId,
    GoalId,
    Identifier,
    IdentifierUse,
    Label,
    Note,
    OrganizationId,
    PatientId,
    PlaceId,
    PractitionerId,
    SessionId,
    Who,
    WhoKind,
)

PATIENT = reference(PatientId, "patient")
PRACTITIONER = reference(PractitionerId, "practitioner")
ORGANIZATION = reference(OrganizationId, "organization")
PLACE = reference(PlaceId, "place")
GOAL = reference(GoalId, "goal")
COVERAGE = reference(CoverageId, "coverage")
CLAIM = reference(ClaimId, "claim")
SESSION = reference(SessionId, "session")
CONDITION = reference(ConditionId, "condition")
STEP = reference(ActionStepId, "action_step")

N, A, T, I, O = attrs_of(Name), attrs_of(Address), attrs_of(Telecom), attrs_of(Identifier), attrs_of(Note)  # noqa: E741

NAME = Table(Name, "HumanName", (
    row(N.use,     "use",    spelt_alike(Use)),
    row(N.family,  "family", STRING),
    many(N.given,  "given",  STRING),
    many(N.prefix, "prefix", STRING),
    many(N.suffix, "suffix", STRING),
    row(N.text,    "text",   STRING),
    row(N.period,  "period", PERIOD),
))  # fmt: skip


def name_identity(name: Name) -> object:
    """A name is the same one with a corrected spelling elsewhere if its use and its main part are."""
    return (name.use, name.text or (name.family, name.given))


def address_table(under: str = "") -> Table[Address]:
    """An Address, or (with `under`) an element that has one."""
    return Table(Address, "Address", (
        row(A.use,         f"{under}use",        spelt_alike(AddressUse)),
        many(A.line,       f"{under}line",       STRING),
        row(A.city,        f"{under}city",       STRING),
        row(A.district,    f"{under}district",   STRING),
        row(A.state,       f"{under}state",      STRING),
        row(A.postal_code, f"{under}postalCode", STRING),
        row(A.country,     f"{under}country",    STRING),
        row(A.text,        f"{under}text",       STRING),
        row(A.period,      f"{under}period",     PERIOD),
    ))  # fmt: skip


ADDRESS = address_table()

SYSTEM = spelt_alike(TelecomSystem)
TELECOM_USE = spelt_alike(TelecomUse)
TELECOM = Table(Telecom, "ContactPoint", (
    row(T.system, "system", SYSTEM, required=True),
    row(T.value,  "value",  STRING, required=True),
    row(T.use,    "use",    TELECOM_USE),
    row(T.rank,   "rank",   INTEGER),
))  # fmt: skip


def telecom_identity(telecom: Telecom) -> object:
    """A number is the same one with another use if the number is."""
    return (telecom.system, telecom.value)


def said_telecoms(telecoms: tuple[Telecom, ...]) -> list[Json]:
    """Telecoms as ContactPoints, for where they are only copied to."""
    return [
        bare(system=SYSTEM.encode(t.system), value=t.value, use=encoded(TELECOM_USE, t.use), rank=t.rank)
        for t in telecoms
    ]


IDENTIFIER = Table(Identifier, "Identifier", (
    row(I.system, "system", STRING, required=True),
    row(I.value,  "value",  STRING, required=True),
    row(I.use,    "use",    spelt_alike(IdentifierUse)),
    row(I.type,   "type",   CONCEPT),
))  # fmt: skip

_KEY = re.compile(r"[A-Za-z0-9.-]{1,64}")
KEY: Codec[str] = Codec(
    lambda raw: raw if _KEY.fullmatch(want(raw, str)) else cast("str", NotImplemented),
    lambda key: key,
    "an Element.id that may be a key",
)

NOTE = Table(Note, "Annotation", (
    row(O.key,    "id",   KEY),
    row(O.at,     "time", WHEN),
    row(O.by,     "author[x]", choice(("String",), Reference=(Who, who(*WhoKind)))),
    row(O.aspect, "extension:aspect.valueCodeableConcept", concept_of(ASPECT, spelt_alike(Aspect))),
    row(O.text,   "text", STRING, required=True),
), {"extension:aspect": Slice({"url": ANNOTATION_TYPE})})  # fmt: skip


def note_identity(note: Note) -> object:
    """A note is the same one with another text if its key is, or when and by whom it was said."""
    return note.key or (note.at, note.by)


_LABELS = {
    **dict.fromkeys((Label.NORMAL, Label.RESTRICTED, Label.VERY_RESTRICTED), TERM + "v3-Confidentiality"),
    **dict.fromkeys((Label.PATIENT_ASSERTED, Label.CLINICIAN_ASSERTED), TERM + "v3-ObservationValue"),
    Label.TEST_DATA: TERM + "v3-ActReason",
}


_LABEL_OF = {(_LABELS.get(label, ACT_CODE), label.value): label for label in Label}


def _label(raw: Any) -> Label:
    said = (part(want(raw, dict), "system", STRING), part(raw, "code", STRING))
    return _LABEL_OF.get(cast("tuple[str, str]", said), cast("Label", NotImplemented))


LABEL: Codec[Label] = Codec(
    _label, lambda label: {"system": _LABELS.get(label, ACT_CODE), "code": label.value}, "a security label that we know"
)

MARK: Json = {"meta": {"tag": [{"system": TAG, "code": "withdrawn"}]}}  # of a part that its record no longer has


def coded(system: str, code: str) -> Json:
    """A CodeableConcept of one code."""
    return {"coding": [{"system": system, "code": code}]}


def as_made(says: str) -> Codec[Any]:
    """The codec of a derived row that makes FHIR itself."""
    return Codec(lambda raw: raw, lambda made: made, says)


def own(kind: str) -> Callable[[Names], Slice]:
    """The identifier that says which record of ours a resource is."""
    return lambda names: Slice({"system": names.system(kind)})


def refers_to(kind: str) -> Callable[[Names], Slice]:
    """The reference to a record of ours, or to a part of one."""
    return lambda names: Slice({"identifier": {"system": names.system(kind)}})


def identifiers(kind: str, **more: str) -> Slices:
    """Slices of `identifier`: our own, `more` by system, and the rest."""
    return {
        "identifier:own": own(kind),
        **{f"identifier:{name}": Slice({"system": system}) for name, system in more.items()},
        "identifier:other": lambda names: Slice(
            unless=tuple({"system": s} for s in (names.system(kind), *more.values()))
        ),
    }


def extension(**urls: str) -> Slices:
    """Slices of `extension` by address."""
    return {f"extension:{name}": Slice({"url": url}) for name, url in urls.items()}


def common(r: Any) -> tuple[Row, ...]:
    """The rows that every record's anchor has."""
    return (
        identity(r.id, "identifier:own.value", STRING),
        many(r.identifiers, "identifier:other", IDENTIFIER, by=lambda i: (i.system, i.value)),
        many(r.labels, "meta.security", LABEL),
        local(r.source, why="where the practice's own import had it from"),
        local(r.extra, why="columns of the source that nobody mapped"),
    )


def part_common(r: Any) -> tuple[Row, ...]:
    """What a part that is not the anchor has: the record's id in the part's own system, and its labels."""
    return (
        derived("identifier:own.value", lambda record: record.id, STRING),
        also_many(r.labels, "meta.security", LABEL),
    )
