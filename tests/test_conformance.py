"""What the official validation engine says of everything that is sent: no error, in the base and under US Core.

The engine has no server to ask, so what it lacks comes in a package made here: IANA's time zones, extensions that R5 keeps
outside its core, and this project's own code systems and extensions, so that they are checked and not passed over.
"""

import contextlib
import gzip
import io
import os
import tarfile
import zoneinfo
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import goldens
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from servers import Validator
from strategies import RECORD

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.names import PracticeNames, stable_id
from fhir_coaching.fhir.references import resolve
from fhir_coaching.fhir.systems import ANNOTATION_TYPE, OWN, WORKFLOW_STATUS_REASON
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.exchange import Exchange, to_fhir
from fhir_coaching.practice.findings import findings, is_withdrawn
from fhir_coaching.practice.source import open_source
from fhir_coaching.records import kind_of
from fhir_coaching.records.coaching import Goal
from fhir_coaching.records.values import Record, replaced

pytestmark = pytest.mark.servers

Json = dict[str, Any]
Message = tuple[str, str, str, str]  # resource, place, rule, text

SAMPLE = Path(__file__).parent.parent / "examples" / "riverside"
NO_DEFINITION = {"UNKNOWN_CODESYSTEM", "EXTENSION_EXT_UNKNOWN"}
US_CORE = ("3.1.1", "6.1.0", "8.0.0")
RELEASE = {R4: "4.0.1", R5: "5.0.0"}
NO_PROFILE = {"3.1.1": {"RelatedPerson", "Appointment"}, "6.1.0": {"Appointment"}, "8.0.0": {"Appointment"}}


def packed(url: str, element: str) -> Json:
    """An extension that R5 has in its extensions pack, and not in its core."""
    return {
        "resourceType": "StructureDefinition",
        "id": url.rpartition("/")[2],
        "url": url,
        "name": url.rpartition("/")[2].replace("-", "_"),
        "status": "active",
        "fhirVersion": "5.0.0",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": element}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "min": 0, "max": "1"},
                {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
                {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
                {
                    "id": "Extension.value[x]",
                    "path": "Extension.value[x]",
                    "min": 1,
                    "type": [{"code": "CodeableConcept"}],
                },
            ]
        },
    }


PACK = [packed(ANNOTATION_TYPE, "Annotation"), packed(WORKFLOW_STATUS_REASON, "DomainResource")]


def time_zones() -> Json:
    """The code system that HL7 names and nobody publishes as a resource."""
    return {
        "resourceType": "CodeSystem",
        "id": "time-zones",
        "url": "https://www.iana.org/time-zones",
        "name": "TimeZones",
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "concept": [{"code": name} for name in sorted(zoneinfo.available_timezones())],
    }


def package(folder: Path, version: Version) -> str:
    """The path of a guide package; the same bytes each time, so that the engine unpacks it once."""
    resources = [time_zones(), *definitions(version), *(PACK if version is R5 else [])]
    about = {
        "name": f"fhir-coaching.{version.name.lower()}",
        "version": "0.1.0",
        "fhirVersions": [RELEASE[version]],
        "canonical": OWN.rstrip("/"),
        "url": OWN.rstrip("/"),
        "type": "IG",
        "dependencies": {},
    }
    members = {"package.json": about} | {f"{one['resourceType']}-{one['id']}.json": one for one in resources}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, content in members.items():
            entry, body = tarfile.TarInfo(f"package/{name}"), dumps(content)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    path = folder / f"fhir-coaching-{version.name.lower()}.tgz"
    unfinished = folder / f"{path.name}.{os.getpid()}"
    unfinished.write_bytes(gzip.compress(tar.getvalue(), mtime=0))
    unfinished.replace(path)  # another worker may be making the same
    return str(path)


@pytest.fixture(scope="session")
def own(run_folder: Path) -> dict[Version, str]:
    """The package by version."""
    return {version: package(run_folder, version) for version in (R4, R5)}


def exchange(version: Version) -> Exchange:
    return Exchange(KINDS, version, PracticeNames("https://riverside.example/fhir-coaching"))


def addressed(named: Iterable[tuple[str, str, Json]]) -> list[Json]:
    """Resources as on a server that knows them all: with ids, and references that lead somewhere."""
    found = list(named)
    addresses = {
        (system, value): f"{resource['resourceType']}/{stable_id(system, value)}" for system, value, resource in found
    }
    return [
        {**resolve(resource, lambda *key: addresses.get(key)), "id": stable_id(system, value)}
        for system, value, resource in found
    ]


def made(version: Version) -> list[Json]:
    """Every resource of the sample practice as `convert` writes it: references by identifier alone."""
    return [resource for _, _, resource in to_fhir(exchange(version), open_source(str(SAMPLE)))]


def riverside(version: Version) -> list[Json]:
    """The same as on a server."""
    bound = exchange(version)
    return addressed(
        (*bound.identifier(entry.kind, part, entry.record.id), resource)
        for entry, part, resource in to_fhir(bound, open_source(str(SAMPLE)))
        if entry.record is not None
    )


def messages(reports: Iterable[Json], severity: str) -> Iterator[Message]:
    """All messages of a severity."""
    for report in reports:
        for one in report[severity]:
            yield f"{report['resourceType']}/{report.get('id')}", one["location"], str(one.get("rule")), one["message"]


def undefined(reports: Iterable[Json]) -> list[Message]:
    """Messages that say that something of ours has no definition."""
    return [one for one in messages(reports, "warnings") if OWN in one[3] and one[2].upper() in NO_DEFINITION]


def is_guardian_in_3_1_1(message: Message) -> bool:
    """US Core 3.1.1 lets only practitioners take part in an encounter; a guardian who did is said all the same."""
    _, place, rule, text = message
    return rule.startswith("Reference_REF") and ".participant[" in place and "RelatedPerson" in text


@pytest.mark.parametrize("version", [R4, R5])
def test_the_base_specification(validator: Validator, own: dict[Version, str], version: Version) -> None:
    resources = riverside(version)
    reports = validator.validate(resources, igs=[own[version]], resolve=True, r5=version is R5)
    assert len(reports) == len(resources) > 200
    assert list(messages(reports, "errors")) == []
    assert undefined(reports) == []


@pytest.mark.parametrize("version", [R4, R5])
def test_the_golden_files(validator: Validator, own: dict[Version, str], version: Version) -> None:
    resources = [one for record in goldens.RECORDS for one in goldens.golden(record, version).values()]
    reports = validator.validate(resources, igs=[own[version]], r5=version is R5)
    assert list(messages(reports, "errors")) == []
    assert undefined(reports) == []


@pytest.mark.parametrize("us_core", US_CORE)
def test_us_core(guided_validator: Validator, own: dict[Version, str], us_core: str) -> None:
    guides = [f"hl7.fhir.us.core-{us_core}", own[R4]]
    as_sent = guided_validator.validate(made(R4), igs=guides, auto=True)
    assert list(messages(as_sent, "errors")) == []
    assert {report["resourceType"] for report in as_sent if not report["profiles"]} == NO_PROFILE[us_core]
    at_rest = guided_validator.validate(riverside(R4), igs=guides, auto=True, resolve=True)
    faults = [one for one in messages(at_rest, "errors") if not (us_core == "3.1.1" and is_guardian_in_3_1_1(one))]
    assert faults == []


# Of patients and places, findings do not yet know all that US Core asks.
COACHING = ("condition", "goal", "referral", "action_step", "engagement", "session")


def is_span_in_3_1_1(message: Message) -> bool:
    """US Core 3.1.1 lets a target be due on a date only."""
    return ".due.ofType(Duration)" in message[1]


@pytest.mark.parametrize("us_core", US_CORE)
def test_a_golden_record_without_errors_has_none_under_us_core(
    guided_validator: Validator, own: dict[Version, str], us_core: str
) -> None:
    records = [one for kind in COACHING for one in goldens.of_kind(kind)]
    sound = [one for one in records if not is_withdrawn(one) and not errors_of(one)]
    assert {kind_of(one) for one in sound} == set(COACHING)
    named = [
        {**resource, "id": f"{record.id}.{part}".replace("_", "-")}
        for record in sound
        for part, resource in goldens.golden(record, R4).items()
    ]
    reports = guided_validator.validate(named, igs=[f"hl7.fhir.us.core-{us_core}", own[R4]], auto=True)
    faults = [one for one in messages(reports, "errors") if not (us_core == "3.1.1" and is_span_in_3_1_1(one))]
    assert faults == []


def errors_of(record: Record) -> list[str]:
    """The findings that stop a push."""
    return [one.rule for one in findings(record) if one.severity == "error"]


# What records may say and FHIR may not: part of the rule or text -> the finding that stops a push, or why there is none yet.
FORBIDDEN: dict[str, str] = {
    "#gol-1": "goal-detail",
    "#app-3": "session-booked",
    "#app-4": "session-reason",
    "#app-2": "session-booked",
    "#app-5": "session-booked",
    "#org-2": "organization-home",
    "#org-3": "organization-home",
    "#org-4": "organization-home",
    "#con-5": "condition-in-error",
    "ValueSet/mimetypes": "note-media-type",
    "SimpleQuantity": "plain-amount",
    "DUPLICATE_ID": "key-twice",
    "Type_Specific_Checks_DT_Primitive_Regex_Type": "many-digits",
}
NOT_FOUND_YET = {
    "http://unitsofmeasure.org#": "a unit that UCUM does not know",
    "#rng-2": "the engine fails on amounts in units that it cannot compare; ranges upside down are found (range-order)",
    "Type_Specific_Checks_DT_Time_Valid": "a leap second every day: FHIR's own pattern allows it, the engine does not",
    "ValueSet/all-languages": "a language tag that is well formed (language-tag finds others) and not registered",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", [R4, R5])
def test_any_record(validator: Validator, own: dict[Version, str], version: Version, kind: str) -> None:
    records = sampled(kind, version)
    named = {
        f"{number}-{part}".replace("_", "-"): (record, resource)
        for number, (record, parts) in enumerate(records)
        for part, resource in parts.items()
    }
    resources = [{**resource, "id": name} for name, (_, resource) in named.items()]
    reports = validator.validate(resources, igs=[own[version]], r5=version is R5)
    unexpected = []
    for message in messages(reports, "errors"):
        who, _, rule, text = message
        record, _ = named[who.partition("/")[2]]
        finding = next((found for part, found in FORBIDDEN.items() if part in rule or part in text), None)
        stopped = finding is not None and (
            finding in {one.rule for one in findings(record)} or is_withdrawn(record)  # nothing is asked of those
        )
        if not stopped and not any(part in rule or part in text for part in NOT_FOUND_YET):
            unexpected.append(message)
    assert unexpected == []


def sampled(kind: str, version: Version) -> list[tuple[Record, dict[str, Json]]]:
    """Some two hundred records with their parts, the same in every run."""
    bound, found = exchange(version), list[tuple[Record, dict[str, Json]]]()

    @seed(1)
    @settings(
        max_examples=200,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(RECORD[kind])
    def collect(record: Record) -> None:
        if isinstance(record, Goal) and record.language is not None:
            record = replaced(record, language="pt-BR")  # with a language that is none, the engine refuses every code
        with contextlib.suppress(MappingError):  # a patient as the other participant, an organization's wish
            found.append((record, bound.parts(record)))

    collect()
    return found


@pytest.mark.parametrize("version", [R4, R5])
def test_our_definitions(validator: Validator, own: dict[Version, str], version: Version) -> None:
    reports = validator.validate(definitions(version), igs=[own[version]], r5=version is R5)
    # The engine makes a snapshot to compare with, and looks for the core's package in a registry for that.
    assert [one for one in messages(reports, "errors") if "Unable to resolve package id" not in one[3]] == []


@pytest.mark.parametrize("version", [R4, R5])
def test_a_code_of_ours_is_really_checked(validator: Validator, own: dict[Version, str], version: Version) -> None:
    goal = next(one for one in riverside(version) if one["resourceType"] == "Goal")
    bogus = {"coding": [{"system": OWN + "CodeSystem/focus-area", "code": "bogus"}]}
    extra = {"url": OWN + "StructureDefinition/session-number", "valuePositiveInt": 1}
    (report,) = validator.validate(
        [{**goal, "category": [bogus], "extension": [extra]}], igs=[own[version]], r5=version is R5
    )
    assert {rule for _, _, rule, _ in messages([report], "errors")} == {
        "Unknown_Code_in_Version",
        "Extension_EXTP_Context_Wrong",
    }
