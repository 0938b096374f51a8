"""Search parameters of plans, notes, coverages and claims, in both versions, and the table against the specification's own."""

import json
import tarfile
from typing import Any

import pytest
import requests
from servers.launchers import guides

from fhir_coaching.sandbox import Sandbox
from fhir_coaching.sandbox.parameters import table

Json = dict[str, Any]

PATIENT, OTHER = {"reference": "Patient/p1"}, {"reference": "Patient/p2"}
COACH, PAYER = {"reference": "Practitioner/c1"}, {"reference": "Organization/o1"}
SESSION, CONDITION, GOAL = {"reference": "Encounter/e1"}, {"reference": "Condition/x1"}, {"reference": "Goal/g1"}
STEP = {"reference": "ServiceRequest/s1"}
MARCH = {"start": "2026-03-02", "end": "2026-03-30"}
NUMBER = [{"system": "urn:n", "value": "7"}]


def code(value: str) -> Json:
    return {"coding": [{"system": "urn:c", "code": value}]}


# By type: a resource, what each version adds, and queries that all find it. Another one, of another patient, they must not find.
BOTH: dict[str, tuple[Json, dict[str, Json], list[str]]] = {
    "CarePlan": (
        {"status": "active", "category": [code("plan")], "subject": PATIENT, "period": MARCH, "goal": [GOAL], "intent": "plan"},
        {"r4": {"addresses": [CONDITION], "activity": [{"reference": STEP}]},
         "r5": {"addresses": [{"reference": CONDITION}], "activity": [{"plannedActivityReference": STEP}]}},
        ["patient=p1", "subject=Patient/p1", "category=urn:c|plan", "status=active", "date=2026-03", "goal=Goal/g1", "condition=x1",
         "activity-reference=ServiceRequest/s1", "intent=plan"],
    ),
    "CareTeam": (
        {"status": "active", "subject": PATIENT, "participant": [{"member": COACH}], "category": [code("team")]},
        {"r4": {}, "r5": {}},
        ["patient=p1", "participant=Practitioner/c1", "status=active", "category=team"],
    ),
    "EpisodeOfCare": (
        {"status": "active", "patient": PATIENT, "managingOrganization": PAYER, "careManager": COACH, "period": MARCH},
        {"r4": {"diagnosis": [{"condition": CONDITION}]}, "r5": {"diagnosis": [{"condition": [{"reference": CONDITION}]}]}},
        ["patient=p1", "organization=o1", "care-manager=c1", "date=2026-03", "status=active"],
    ),
    "ServiceRequest": (
        {"status": "active", "intent": "plan", "subject": PATIENT, "requester": COACH, "encounter": SESSION, "authoredOn": "2026-03-02",
         "occurrenceTiming": {"repeat": {"boundsPeriod": MARCH}}},
        {"r4": {"code": code("walk")}, "r5": {"code": {"concept": code("walk")}}},
        ["patient=p1", "intent=plan", "requester=c1", "encounter=e1", "authored=2026-03-02", "occurrence=2026-03"],
    ),
    "Condition": (
        {"subject": PATIENT, "code": code("z"), "clinicalStatus": code("active"), "encounter": SESSION, "recordedDate": "2026-03-02",
         "onsetDateTime": "2026"},
        {"r4": {"evidence": [{"code": [code("e")]}]}, "r5": {"evidence": [{"concept": code("e")}]}},
        ["patient=p1", "code=z", "clinical-status=active", "encounter=e1", "recorded-date=2026-03-02", "onset-date=2026", "evidence=e"],
    ),
    "DocumentReference": (
        {"status": "current", "subject": PATIENT, "author": [COACH], "type": code("note"), "date": "2026-03-02T10:00:00Z",
         "content": [{"attachment": {"contentType": "text/plain", "url": "https://x.example/1"}}]},
        {"r4": {"context": {"encounter": [SESSION]}}, "r5": {"context": [SESSION]}},
        ["patient=p1", "author=c1", "type=note", "date=2026-03-02", "contenttype=text/plain", "location=https://x.example/1"],
    ),
    "Procedure": (
        {"status": "completed", "subject": PATIENT, "code": code("0591T"), "encounter": SESSION, "performer": [{"actor": COACH}]},
        {"r4": {"performedPeriod": MARCH, "reasonReference": [CONDITION]},
         "r5": {"occurrencePeriod": MARCH, "reason": [{"reference": CONDITION}]}},
        ["patient=p1", "code=0591T", "encounter=e1", "performer=c1", "date=2026-03", "reason-reference=x1", "status=completed"],
    ),
    "Coverage": (
        {"status": "active", "beneficiary": PATIENT, "subscriber": PATIENT, "type": code("81"), "class": [{"type": code("plan")}]},
        {"r4": {"payor": [PAYER]}, "r5": {"insurer": PAYER, "subscriberId": [{"value": "M-1"}], "paymentBy": [{"party": PATIENT}]}},
        ["patient=p1", "beneficiary=Patient/p1", "subscriber=Patient/p1", "type=81", "class-type=plan", "status=active"],
    ),
    "Claim": (
        {"status": "active", "use": "claim", "patient": PATIENT, "created": "2026-03-02", "insurer": PAYER, "provider": PAYER,
         "careTeam": [{"provider": COACH}], "item": [{"encounter": [SESSION]}], "priority": code("normal")},
        {"r4": {}, "r5": {}},
        ["patient=p1", "use=claim", "created=2026-03-02", "insurer=o1", "provider=Organization/o1", "care-team=c1", "encounter=e1",
         "priority=normal"],
    ),
}  # fmt: skip
ONLY = {
    ("EpisodeOfCare", "r4"): ["condition=x1"],
    ("EpisodeOfCare", "r5"): ["diagnosis-reference=x1"],
    ("ServiceRequest", "r4"): ["code=walk"],
    ("ServiceRequest", "r5"): ["code-concept=walk"],
    ("DocumentReference", "r4"): ["encounter=e1"],
    ("DocumentReference", "r5"): ["context=e1"],
    ("Coverage", "r4"): ["payor=o1"],
    ("Coverage", "r5"): ["insurer=o1", "subscriberid=M-1", "paymentby-party=Patient/p1"],
}


@pytest.mark.parametrize("version", ["r4", "r5"])
def test_every_type_is_found_by_what_it_says(version: str) -> None:
    with Sandbox(version) as sandbox:
        for type_, (elements, by_version, queries) in BOTH.items():
            whole = {"resourceType": type_, "id": "it", "identifier": NUMBER, **elements, **by_version[version]}
            bare = {"resourceType": type_, "id": "other", ("beneficiary" if type_ == "Coverage" else "subject"): OTHER}
            sandbox.load([whole, bare])
            for query in ("identifier=urn:n|7", *queries, *ONLY.get((type_, version), [])):
                answer = requests.get(
                    f"{sandbox.url}/{type_}?{query}", headers={"Prefer": "handling=strict"}, timeout=60
                )
                assert answer.status_code == 200, (type_, query, answer.text)
                found = [entry["resource"]["id"] for entry in answer.json().get("entry", [])]
                assert found == ["it"], (type_, query)


# Parameters that are no element's value, quantities and composites.
LEFT_OUT = {
    *("near", "phonetic", "deceased", "length"),
    *("Condition.abatement-age", "Condition.onset-age", "DocumentReference.relationship"),
}


def test_the_table_says_what_r4_says() -> None:
    """No parameter too many, none too few, none of another type."""
    folder = guides()
    package = folder / "hl7.fhir.r4.core-4.0.1-definitions.tgz" if folder else None
    if package is None or not package.exists():
        pytest.skip("the definitions of R4 are not here: set ORACLE_IGS to a folder that holds them")
    with tarfile.open(package) as archive:
        file = archive.extractfile("package/search-parameters.json")
        assert file is not None
        definitions = [entry["resource"] for entry in json.load(file)["entry"]]
    for type_, rows in table("r4").items():
        official = {one["code"]: one["type"] for one in definitions if type_ in one["base"]}
        ours = {name: parameter.type for name, parameter in rows.items() if name[0] != "_"}
        assert ours == {name: kind for name, kind in official.items() if not LEFT_OUT & {name, f"{type_}.{name}"}}, (
            type_
        )
