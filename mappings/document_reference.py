"""DocumentReference: what was written about a session (https://hl7.org/fhir/R4/documentreference.html)."""

import base64
import binascii

from fhir_coaching.fhir.codecs import INSTANT, STRING, bare, encoded, field, one_of_list, part, value
from fhir_coaching.fhir.datatypes import PERIOD
from fhir_coaching.fhir.references import who
from fhir_coaching.fhir.systems import DOCUMENT_CATEGORY, DOCUMENT_RELATION, LOINC
from fhir_coaching.lens import (
    R4,
    R5,
    Appends,
    Codec,
    Json,
    Names,
    Slice,
    Table,
    Wrong,
    also,
    attrs_of,
    below,
    const,
    derived,
    row,
)
from fhir_coaching.mappings.datatypes import PATIENT, SESSION, as_made, coded, identifiers, part_common, refers_to
from fhir_coaching.mappings.encounter import bounds
from fhir_coaching.records.coaching import Session, SessionNote, SessionStatus
from fhir_coaching.records.values import SessionId, WhoKind

PLAIN = "text/plain"
AUTHOR = one_of_list(who(*WhoKind))
ATTACHMENT = "content[0].attachment"


def _text(data: str) -> str:
    try:
        return base64.b64decode("".join(data.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        raise Wrong("expected a text in UTF-8, as base64", "data") from None


def _attached(attachment: Json) -> Json:
    """What an attachment says of a note."""
    title, kind = part(attachment, "title", STRING), field(attachment, "contentType", str)
    data = field(attachment, "data", str)
    if data is None:
        return {"title": title, "url": part(attachment, "url", STRING), "media_type": kind}
    if (kind or "").partition(";")[0].strip().lower() != PLAIN:
        raise Wrong("expected a plain text, or the address of a file", "contentType")
    return {"title": title, "text": _text(data)}


def note(names: Names) -> Codec[SessionNote]:
    """A note in the sibling elements that say it. A text is inline, so that no reader needs a second request."""
    author = AUTHOR(names)

    def decode(raw: Json) -> SessionNote:
        content = field(raw, "content", list) or []
        if len(content) != 1:
            raise Wrong("expected one attachment", "content")
        said = {"at": part(raw, "date", INSTANT), "by": part(raw, "author", author)}
        attachment = field(content[0], "attachment", dict) or {}
        try:
            said |= _attached(attachment)
        except Wrong as wrong:
            raise Wrong(str(wrong), below(ATTACHMENT, wrong.at)) from None
        try:
            return value(SessionNote, **said)
        except Wrong as wrong:
            raise Wrong(str(wrong), ATTACHMENT) from None

    def encode(note: SessionNote) -> Json:
        data = None if note.text is None else base64.b64encode(note.text.encode()).decode()
        attachment = bare(
            contentType=note.media_type if data is None else PLAIN, data=data, url=note.url, title=note.title
        )
        return bare(
            date=encoded(INSTANT, note.at), author=encoded(author, note.by), content=[{"attachment": attachment}]
        )

    return Codec(decode, encode, "one attachment with a text or an address, and by whom and when")


def _status(session: Session) -> str:
    return "entered-in-error" if session.status is SessionStatus.ENTERED_IN_ERROR else "current"


def _replaces(reference: str) -> Json:
    return {"relatesTo": [{"code": "replaces", "target": {"reference": reference}}]}


def _replaces_5(reference: str) -> Json:
    return {"relatesTo": [{"code": coded(DOCUMENT_RELATION, "replaces"), "target": {"reference": reference}}]}


# Who has read a note must be able to see that it was changed: US Core's guidance on clinical notes wants a new one (8.0.0).
APPENDS = Appends(superseded={"status": "superseded"}, replaces={R4: _replaces, R5: _replaces_5})

S = attrs_of(Session)

DOCUMENT_REFERENCE = Table(Session, "DocumentReference", (
    const("resourceType", "DocumentReference", required=True),
    *part_common(S),
    derived("status", _status, as_made("whether the session stands")),
    derived("type", lambda _: coded(LOINC, "11506-3"), as_made("a progress note")),
    const("category:note", coded(DOCUMENT_CATEGORY, "clinical-note")),
    also(S.patient, "subject", PATIENT),
    row(S.note, "{date,author,content}", note, required=True),
    derived({R4: "context.encounter:session", R5: "context:session"}, lambda s: SessionId(s.id), SESSION),
    derived({R4: "context.period", R5: "period"}, bounds, PERIOD),
), {
    **identifiers("session.note"),
    "category:note": Slice({"coding": [{"system": DOCUMENT_CATEGORY}]}),
    "encounter:session": refers_to("session"),
    "context:session": refers_to("session"),
}, part=True)  # fmt: skip
