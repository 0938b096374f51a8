"""Wrong requests: the status tells what kind of wrong, an OperationOutcome tells what."""

from typing import Any

import pytest

from contract.probe import Probe, outcome_of
from contract.resources import patient


@pytest.mark.parametrize(
    "text", [b'{"resourceType": "Patient", ', b"[]", b"none", b"", b'{"resourceType": "Patient", "gender": NaN}']
)
def test_bad_json(probe: Probe, text: bytes) -> None:
    outcome_of(probe.send("POST", "Patient", text, expect=400))


@pytest.mark.parametrize(
    "body", [{"resourceType": "Goal", "lifecycleStatus": "active"}, {"gender": "female"}, {"resourceType": "Horse"}]
)
def test_wrong_type(probe: Probe, body: dict[str, Any]) -> None:
    outcome_of(probe.send("POST", "Patient", body, expect=400))


def test_unknown_type(probe: Probe) -> None:
    outcome_of(probe.send("POST", "Horse", {"resourceType": "Horse"}, expect=404))
    outcome_of(probe.get("Horse/1", expect=404))


def test_unsupported_method(probe: Probe) -> None:
    key = probe.create(patient(probe)).target[1]
    outcome_of(probe.send("POST", f"Patient/{key}", patient(probe), expect=(405, 501)))


def test_unknown_operation(probe: Probe) -> None:
    answer = probe.send("POST", "Patient/$fly", {"resourceType": "Parameters"}, expect=(400, 404, 405, 501))
    outcome_of(answer)


def test_unreadable_date(probe: Probe) -> None:
    outcome_of(probe.get("Patient", {"birthdate": "yesterday"}, expect=400))


def test_unreadable_prefix(probe: Probe) -> None:
    outcome_of(probe.get("Patient", {"birthdate": "xx2026-01-01"}, expect=400))


def test_unsupported_body(probe: Probe) -> None:
    probe.send("POST", "Patient", b"Ada Muster", headers={"Content-Type": "text/plain"}, expect=(400, 415))
