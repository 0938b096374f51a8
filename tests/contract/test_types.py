"""Every type that we write: stored whole, found by its identifier and by its patient."""

import pytest

from contract.probe import Probe
from contract.resources import COACHED, SHARED, example


@pytest.mark.parametrize("kind", SHARED + COACHED)
def test_type(probe: Probe, somebody: str, kind: str) -> None:
    organization, practitioner = (
        "/".join(probe.create(example(probe, each, "", "", "")).target) for each in ("Organization", "Practitioner")
    )
    probe.system += "/type"
    sent = example(probe, kind, somebody, practitioner, organization)
    made, key = probe.create(sent).target
    assert made == kind
    kept = probe.read(kind, key)
    assert {name: value for name, value in kept.items() if name not in {"id", "meta"}} == sent
    assert [each["id"] for each in probe.find(kind, {"identifier": probe.token("example")})] == [key]
    if kind in COACHED:
        assert [each["id"] for each in probe.find(kind, {"patient": somebody})] == [key]
