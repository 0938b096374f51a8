"""Nothing of one member of a group stands in anything of another: resources, requests, what is remembered."""

from pathlib import Path
from typing import Any

import pytest
from practices import ANN, BOB, COACH, ORGANIZATION, TYPES, Practice
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.sandbox import Sandbox

GROUP = "walkers-of-tuesday"
MEMBERS = {"p1": "5c20b97f-d3e6-4a18-a9f4-18b7e5603cd2", "p2": "e86a1503-2f9c-47d1-b5e0-64f2c08b9a7d"}
MEETING = {
    "kind": "group_session", "id": GROUP, "practitioner": "c1", "topic": "A topic of the group",
    "planned": {"start": "2026-03-31T17:00:00-04:00", "end": "2026-03-31T18:00:00-04:00"}, "sessions": sorted(MEMBERS.values()),
}  # fmt: skip


def share(patient: str) -> dict[str, Any]:
    """One member's session."""
    return {
        "kind": "session", "id": MEMBERS[patient], "patient": patient, "status": "finished", "practitioner": "c1",
        "modality": "in_person", "cpt": "0593T", "minutes": {"min": 55, "max": 60}, "group": GROUP,
    }  # fmt: skip


@pytest.mark.parametrize("version", [R4, R5], ids=["r4", "r5"])
def test_members_share_nothing(version: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    send = HTTPAdapter.send

    def listening(adapter: HTTPAdapter, request: PreparedRequest, **how: Any) -> Response:
        assert isinstance(request.body, bytes | None)
        sent.append(f"{request.method} {request.url} ".encode() + (request.body or b""))
        return send(adapter, request, **how)

    monkeypatch.setattr(HTTPAdapter, "send", listening)
    with Sandbox(version.name.lower()) as sandbox:
        practice = Practice(tmp_path, sandbox.url, version)
        practice.write(ORGANIZATION, COACH, ANN, BOB, share("p1"), share("p2"), MEETING)
        assert practice.push().exit_code == 0
        assert practice.push().writes == 0
        assert practice.pull().exit_code == 0
        told = [dumps(resource) for type_ in TYPES for resource in practice.there(type_)]
        stems = {member: [member, practice.stable("patient", member), MEMBERS[member]] for member in MEMBERS}
    rows = practice.base_file().read_bytes().splitlines()
    for texts in (sent, told, rows):
        assert any(MEMBERS["p1"].encode() in text for text in texts)
        assert not [text for text in texts if GROUP.encode() in text or b"topic of the group" in text]
    for text in [*told, *rows, *(one for one in sent if b'"transaction"' in one)]:
        of = {member for member, words in stems.items() if any(word.encode() in text for word in words)}
        assert len(of) <= 1, "two members in one text"
