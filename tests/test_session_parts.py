"""What follows a session: its note and its service, how they come and go, and what is refused."""

import base64
from typing import Any

import goldens
import pytest

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.gate import structure_faults
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import withdrawn
from fhir_coaching.records.coaching import Session
from fhir_coaching.records.spelling import read_record
from fhir_coaching.records.values import Label, replaced

Json = dict[str, Any]
Parts = dict[str, Json | None]

CONTACT = {"intervals": [{"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T10:30:00-05:00"}]}
BOUNDS = {"start": "2026-03-02T10:00:00-05:00", "end": "2026-03-02T10:30:00-05:00"}
HELD: Json = {"status": "finished", "cpt": "0592T", "contact": CONTACT, "practitioner": "c-1"}
NOTE = {"text": "Schläft besser.\nמחר 💤", "title": "Talk", "at": "2026-03-02T16:00:00Z"}
FILE = {"url": "https://practice.example/files/7.pdf", "media_type": "application/pdf"}
WHEN = {R4: "performed", R5: "occurrence"}
both = pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])


def session(**fields: object) -> Session:
    record = read_record("session", {"id": "s-1", "patient": "p-1", "status": "planned", **fields})
    assert isinstance(record, Session)
    return record


def put(record: Session, version: Version = R4, base: Parts | None = None, last: Session | None = None) -> Parts:
    """All resources; the gate holds."""
    lens = KINDS["session"].lens(version, goldens.NAMES)
    made = lens.put(record, base, last)
    assert [fault for one in made.values() for fault in structure_faults(one, version)] == []
    return goldens.full(lens, made)


def got(parts: Parts, version: Version = R4) -> Session:
    record: Session = KINDS["session"].lens(version, goldens.NAMES).get(parts, id="s-1")
    return record


def there(parts: Parts, name: str) -> Json:
    part = parts[name]
    assert part is not None
    return part


def with_attachment(parts: Parts, *attachments: Json) -> Parts:
    return {**parts, "note": {**there(parts, "note"), "content": [{"attachment": one} for one in attachments]}}


def as_base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def marked(resource: Json) -> bool:
    """Whether a part says that its record no longer has it."""
    return any(tag["code"] == "withdrawn" for tag in resource.get("meta", {}).get("tag", []))


@both
def test_a_note_is_its_text_to_the_letter(version: Version) -> None:
    note = there(put(session(note=NOTE), version), "note")
    (content,) = note["content"]
    assert base64.b64decode(content["attachment"].pop("data")).decode() == NOTE["text"]
    assert content == {"attachment": {"contentType": "text/plain", "title": "Talk"}}
    assert (note["status"], note["date"]) == ("current", "2026-03-02T16:00:00Z")


@both
def test_a_note_may_be_a_file_elsewhere(version: Version) -> None:
    parts = put(session(note=FILE), version)
    attachment = {"contentType": "application/pdf", "url": FILE["url"]}
    assert there(parts, "note")["content"] == [{"attachment": attachment}]
    written = put(session(note=NOTE), version, parts)
    assert "url" not in there(written, "note")["content"][0]["attachment"]
    assert got(written, version) == session(note=NOTE)


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "Text/Plain ; charset=utf-8"])
def test_a_text_is_read_however_its_type_is_spelt(kind: str) -> None:
    data = as_base64("größer".encode())
    parts = with_attachment(put(session(note=NOTE)), {"contentType": kind, "data": f"{data[:4]}\r\n {data[4:]}"})
    note = got(parts).note
    assert note is not None
    assert note.text == "größer"
    assert put(got(parts), base=parts) == parts


@pytest.mark.parametrize(
    ("attachments", "message", "element"),
    [
        ([], "one attachment", ""),
        ([{"contentType": "text/plain", "data": "eA=="}] * 2, "one attachment", ""),
        (
            [{"contentType": "text/html", "data": as_base64(b"<b>Zebra</b>")}],
            "a plain text, or the address",
            "[0].attachment.contentType",
        ),
        ([{"data": "eA=="}], "a plain text, or the address", "[0].attachment.contentType"),
        ([{"contentType": "text/plain", "data": "Zebra!"}], "a text in UTF-8", "[0].attachment.data"),
        (
            [{"contentType": "text/plain", "data": as_base64(b"\xff\xfeZebra")}],
            "a text in UTF-8",
            "[0].attachment.data",
        ),
        ([{"contentType": "text/plain", "data": ""}], "a text that is not empty", "[0].attachment"),
        ([{"title": "Zebra"}], "a text or a url", "[0].attachment"),
        ([{"url": 7}], "a text", "[0].attachment.url"),
    ],
)
def test_a_note_that_cannot_be_read_is_refused(attachments: list[Json], message: str, element: str) -> None:
    with pytest.raises(MappingError, match=message) as caught:
        got(with_attachment(put(session(note=NOTE)), *attachments))
    assert [fault.element for fault in caught.value.faults] == [f"DocumentReference.content{element}"]
    assert "Zebra" not in str(caught.value)


@both
@pytest.mark.parametrize("name", ["note", "service"])
def test_a_part_comes_and_goes_and_comes_back(version: Version, name: str) -> None:
    without, having = {
        "note": (session(**HELD), session(**HELD, note=NOTE)),
        "service": (session(**{**HELD, "cpt": None}), session(**HELD)),
    }[name]
    parts = put(without, version)
    assert parts[name] is None
    parts = put(having, version, parts, without)
    first = there(parts, name)
    first["custodian" if name == "note" else "followUp"] = theirs = {
        "note": {"reference": "Organization/9"},
        "service": [{"text": "x"}],
    }[name]
    parts = put(without, version, parts, having)
    assert there(parts, name)["status"] == "entered-in-error"
    assert marked(there(parts, name))
    assert got(parts, version).note is None
    assert put(without, version, parts, without) == parts  # once is enough
    parts = put(having, version, parts, without)
    assert there(parts, name) == first
    assert theirs in first.values()
    assert got(parts, version) == having


@both
@pytest.mark.parametrize("status", ["planned", "arrived", "in_progress", "cancelled"])
def test_a_session_is_a_service_once_it_is_finished(version: Version, status: str) -> None:
    before, after = session(**{**HELD, "status": status}), session(**HELD)
    parts = put(before, version)
    assert parts["service"] is None
    service = there(put(after, version, parts, before), "service")
    assert (service["status"], service["code"]["coding"][0]["code"]) == ("completed", "0592T")
    assert service[WHEN[version] + "Period"] == BOUNDS


def test_units_say_that_it_is_one_earlier() -> None:
    said = {
        status: there(put(session(**{**HELD, "status": status}, units=2)), "service")["status"]
        for status in ("planned", "in_progress", "finished", "cancelled")
    }
    assert said == {
        "planned": "preparation",
        "in_progress": "in-progress",
        "finished": "completed",
        "cancelled": "not-done",
    }


@both
def test_a_session_in_error_takes_note_and_service_along(version: Version) -> None:
    record = session(**HELD, note=NOTE, units=1)
    parts = put(record, version)
    gone = withdrawn(record)
    assert isinstance(gone, Session)
    made = put(gone, version, parts, record)
    for name in ("session", "note", "service"):
        assert there(made, name)["status"] == "entered-in-error"
        assert not marked(there(made, name))
    assert got(made, version) == gone  # nothing of what was said is lost
    assert got(put(record, version, made, gone), version) == record


@both
def test_minutes_alone_are_no_time_of_day(version: Version) -> None:
    """US Core wants a time of what was done, or why there is none (us-core-7)."""
    when, brief = WHEN[version], session(**{**HELD, "contact": None}, minutes={"min": 30, "max": 30})
    parts = put(brief, version)
    service = there(parts, "service")
    assert service["_" + when + "DateTime"]["extension"][0]["valueCode"] == "unknown"
    assert when + "DateTime" not in service
    later = there(put(session(**HELD), version, parts, brief), "service")
    assert {key: later[key] for key in later if when in key} == {when + "Period": BOUNDS}


@both
def test_who_else_performed_and_what_else_is_said_stays(version: Version) -> None:
    record = session(**HELD, note=NOTE)
    parts = put(record, version)
    assistant, authenticator = {"actor": {"reference": "Practitioner/9"}}, {"reference": "Organization/9"}
    there(parts, "service")["performer"].insert(0, assistant)
    there(parts, "note").update(docStatus="final", custodian=authenticator)
    edited = session(**{**HELD, "practitioner": "c-2"}, note={**NOTE, "text": "New"})
    made = put(edited, version, parts, record)
    first, second = there(made, "service")["performer"]
    assert first == assistant
    assert second["actor"]["identifier"]["value"] == "c-2"
    assert (there(made, "note")["docStatus"], there(made, "note")["custodian"]) == ("final", authenticator)
    assert got(made, version) == edited


@both
def test_the_session_is_named_where_each_version_has_it(version: Version) -> None:
    parts = put(session(**HELD, note=NOTE), version)
    note, own = there(parts, "note"), {"system": goldens.NAMES.system("session"), "value": "s-1"}
    (encounter,) = note["context"]["encounter"] if version is R4 else note["context"]
    assert encounter["identifier"] == own
    assert (note["context"] if version is R4 else note)["period"] == BOUNDS
    assert there(parts, "service")["encounter"]["identifier"] == own


@both
def test_diagnoses_and_episodes_of_others_stay(version: Version) -> None:
    record = session(engagement="e-1", conditions=["x-1"], goals=["g-1"], steps_reviewed=["a-1"])
    parts = put(record, version)
    encounter = there(parts, "session")
    other = {
        R4: {"condition": {"reference": "Condition/9"}, "rank": 1},
        R5: {"condition": [{"concept": {"text": "x"}}]},
    }[version]
    encounter["diagnosis"] = [
        other,
        {**encounter["diagnosis"][0], "use": ({R4: {"text": "x"}, R5: [{"text": "x"}]}[version])},
    ]
    encounter["episodeOfCare"].insert(0, {"reference": "EpisodeOfCare/9"})
    before = [*encounter["diagnosis"]]
    assert got(parts, version) == record
    edited = session(engagement="e-2", conditions=["x-1", "x-2"], goals=["g-1"], steps_reviewed=["a-2"])
    made = there(put(edited, version, parts, record), "session")
    assert made["diagnosis"][:2] == before
    assert len(made["diagnosis"]) == 3
    episodes = made["episodeOfCare"]
    assert episodes[0] == {"reference": "EpisodeOfCare/9"}
    assert episodes[1]["identifier"] == {"system": goldens.NAMES.system("engagement.episode"), "value": "e-2"}


@both
@pytest.mark.parametrize("part", ["note", "service"])
def test_parts_of_two_patients_are_refused(version: Version, part: str) -> None:
    parts, others = (put(session(**HELD, patient=key, note=NOTE), version) for key in ("p-1", "p-2"))
    with pytest.raises(MappingError, match="differs from what another element says"):
        got({**parts, part: others[part]}, version)


@pytest.mark.parametrize("units", ["2", True, 0, -1, {}])
def test_units_are_whole_numbers(units: object) -> None:
    parts = put(session(**HELD, units=2))
    there(parts, "service")["extension"][0]["valuePositiveInt"] = units
    with pytest.raises(MappingError) as caught:
        got(parts)
    assert [fault.place for fault in caught.value.faults] == ["units"]


@both
def test_labels_are_on_every_resource_of_a_record(version: Version) -> None:
    """Who may not read a session may not read its note either; a label that the hospital added to the note stays."""
    planned = {"planned": CONTACT["intervals"][0], "state": "kept"}
    plain = session(**HELD, note=NOTE, booking=planned)
    labelled = replaced(plain, labels=(Label.SUBSTANCE_USE,))
    made = put(labelled, version)
    assert len({str(there(made, name)["meta"]["security"]) for name in made}) == 1
    theirs = {"system": "https://hospital.example/labels", "code": "VIP"}
    there(made, "note")["meta"]["security"].append(theirs)
    again = put(plain, version, made, labelled)
    assert there(again, "note")["meta"]["security"] == [theirs]
    assert not any("meta" in there(again, name) for name in ("session", "appointment", "service"))
