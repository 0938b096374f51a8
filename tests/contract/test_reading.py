"""Reading: current state, versions, history, and what the server says of itself."""

from contract.probe import Probe, entries, entry, outcome_of
from contract.resources import COACHED, SHARED, patient

SAMPLES = {
    "token": "x",
    "reference": "Patient/none",
    "date": "2026-01-01",
    "string": "x",
    "uri": "http://x.example",
    "number": "1",
    "quantity": "1",
}


def test_read(probe: Probe) -> None:
    kind, key = probe.create(patient(probe)).target
    answer = probe.get(f"{kind}/{key}")
    assert answer.body["id"] == key
    assert answer.body["identifier"] == [probe.identifier("p")]
    assert answer.body["meta"]["versionId"] == answer.version
    assert answer.body["meta"]["lastUpdated"]
    assert answer.headers["Content-Type"].startswith("application/fhir+json")


def test_read_unknown_id(probe: Probe) -> None:
    outcome_of(probe.get(f"Patient/none-{probe.system[-12:]}", expect=404))


def test_vread(probe: Probe) -> None:
    kind, key = probe.create(patient(probe, gender="female")).target
    first = probe.read(kind, key)
    probe.update(patient(probe, gender="other", id=key))
    version = first["meta"]["versionId"]
    assert probe.get(f"{kind}/{key}/_history/{version}").body["gender"] == "female"
    assert probe.read(kind, key)["gender"] == "other"


def test_vread_unknown_version(probe: Probe) -> None:
    kind, key = probe.create(patient(probe)).target
    outcome_of(probe.get(f"{kind}/{key}/_history/99", expect=404))


def test_history(probe: Probe) -> None:
    kind, key = probe.create(patient(probe, gender="female")).target
    probe.update(patient(probe, gender="other", id=key))
    probe.send("DELETE", f"{kind}/{key}", expect=(200, 204))
    bundle = probe.get(f"{kind}/{key}/_history").body
    assert bundle["type"] == "history"
    assert [each["request"]["method"] for each in entries(bundle)] == ["DELETE", "PUT", "POST"]
    assert [each["resource"]["gender"] for each in entries(bundle)[1:]] == ["other", "female"]


def test_if_none_match(probe: Probe) -> None:
    kind, key = probe.create(patient(probe)).target
    etag = probe.get(f"{kind}/{key}").etag
    assert not probe.get(f"{kind}/{key}", headers={"If-None-Match": etag}, expect=304).text
    probe.update(patient(probe, gender="other", id=key))
    assert probe.get(f"{kind}/{key}", headers={"If-None-Match": etag}).body["gender"] == "other"


def test_capabilities(probe: Probe) -> None:
    statement = probe.get("metadata").body
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["kind"] == "instance"
    assert statement["fhirVersion"].startswith({"r4": "4.0", "r5": "5.0"}[probe.fhir])
    rest = statement["rest"][0]
    assert rest["mode"] == "server"
    types = {each["type"]: each for each in rest["resource"]}
    for kind in COACHED + SHARED:
        said = types[kind]
        interactions = {each["code"] for each in said["interaction"]}
        assert interactions >= {"read", "vread", "create", "update", "delete", "search-type", "history-instance"}, kind
        assert said["conditionalCreate"] is True, kind
        assert said["conditionalUpdate"] is True, kind
        assert said["versioning"] != "no-version", kind
        parameters = {each["name"] for each in said["searchParam"]}
        assert parameters >= {"identifier"} | ({"patient"} if kind in COACHED else set()), kind


def test_capabilities_of_bundles(probe: Probe) -> None:
    said = {each["code"] for each in probe.get("metadata").body["rest"][0]["interaction"]}
    assert said >= {"transaction", "batch"}, f"it says {sorted(said)}"


def test_stated_parameters_work(probe: Probe) -> None:
    """Every parameter that the statement has for Goal is taken in strict mode (of those for all types, two)."""
    rest = probe.get("metadata").body["rest"][0]
    said = next(each for each in rest["resource"] if each["type"] == "Goal")
    for parameter in said["searchParam"]:
        name, sample = parameter["name"], SAMPLES.get(parameter["type"])
        if sample and (not name.startswith("_") or name in {"_id", "_lastUpdated"}):
            probe.get("Goal", {name: sample, "_count": 1}, headers={"Prefer": "handling=strict"})


def test_stated_bundles_work(probe: Probe) -> None:
    """Whichever of batch and transaction the statement names."""
    said = {each["code"] for each in probe.get("metadata").body["rest"][0]["interaction"]}
    for kind in said & {"transaction", "batch"}:
        found = probe.bundle(kind, [entry("GET", f"Patient?identifier={probe.token('x')}")])
        assert [each["response"]["status"][:3] for each in entries(found.body)] == ["200"], kind
