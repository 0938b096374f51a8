"""What the official validation engine says of everything that is sent: no error, in the base and under US Core.

The engine has no server to ask; what it lacks comes in a package (`supplied`).
"""

import contextlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import goldens
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from servers import Validator
from strategies import drawn
from supplied import package

from fhir_coaching.errors import MappingError
from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.fhir.names import PracticeNames, part_name, stable_id
from fhir_coaching.fhir.references import resolve
from fhir_coaching.fhir.systems import OWN
from fhir_coaching.lens import R4, R5, Version
from fhir_coaching.mappings import KINDS
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, to_fhir
from fhir_coaching.practice.findings import findings, is_withdrawn
from fhir_coaching.practice.nearby import Nearby
from fhir_coaching.practice.source import open_source
from fhir_coaching.records import kind_of
from fhir_coaching.records.coaching import Goal
from fhir_coaching.records.values import Record, replaced

pytestmark = pytest.mark.servers

Json = dict[str, Any]
Message = tuple[str, str, str, str]  # resource, place, rule, text

SAMPLE = Path(__file__).parent.parent / "examples" / "riverside"
NO_DEFINITION = {"UNKNOWN_CODESYSTEM", "EXTENSION_EXT_UNKNOWN"}
# What each version of US Core has no profile for, of what is sent.
NEVER = {"Appointment", "EpisodeOfCare", "Claim"}
NO_PROFILE = {
    "3.1.1": {*NEVER, "RelatedPerson", "ServiceRequest", "Coverage"},
    "4.0.0": {*NEVER, "RelatedPerson", "ServiceRequest", "Coverage"},
    "5.0.1": {*NEVER, "Coverage"},
    "6.1.0": NEVER,
    "7.0.0": NEVER,
    "8.0.0": NEVER,
}
us_cores = pytest.mark.parametrize("us_core", NO_PROFILE)


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


@cache
def sent(version: Version) -> list[tuple[Entry, str, Json]]:
    """The sample practice as `convert` writes it: references by identifier alone."""
    return list(to_fhir(exchange(version), open_source(str(SAMPLE))))


def riverside(version: Version) -> list[Json]:
    """The same as on a server."""
    bound = exchange(version)
    return addressed(
        (*bound.identifier(entry.kind, part, entry.record.id), resource)
        for entry, part, resource in sent(version)
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


def held_to(us_core: str, resource: Json) -> Json:
    """A resource that says its profiles where US Core has several for its type; the engine knows the others."""
    names: list[str] = []
    if resource["resourceType"] == "DocumentReference" and us_core >= "8":
        names = ["documentreference"]
    if resource["resourceType"] == "Condition" and us_core >= "5":
        said = {coding["code"] for concept in resource.get("category", []) for coding in concept["coding"]}
        names = ["condition-encounter-diagnosis"] if "encounter-diagnosis" in said else []
        names += ["condition-problems-health-concerns"] if said != {"encounter-diagnosis"} else []
    if not names:
        return resource
    profiles = [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}" for name in names]
    return {**resource, "meta": {**resource.get("meta", {}), "profile": profiles}}


def is_known(us_core: str, message: Message) -> bool:
    """Whether US Core has no place for what is said all the same."""
    _, place, rule, text = message
    if us_core == "3.1.1":  # no related person takes part in an encounter or writes a note; goals are due on a date
        relative = ".participant[" in place or ".author[" in place
        return (rule.startswith("Reference_REF") and relative and "RelatedPerson" in text) or ".due.ofType(Dur" in place
    if us_core == "5.0.1" and rule.endswith("us-core-patient#us-core-6"):
        return True  # on the patient by mistake, where all others have it on each name, which says why it has no parts
    return us_core == "8.0.0" and "Location.type.coding: minimum required = 1" in text  # a finding, place-kind


def under(validator: Validator, us_core: str, own: str, resources: Iterable[Json], *, resolve: bool) -> list[Message]:
    """What is wrong with resources under a version of US Core. Each is held to a profile, if there is one."""
    guides = [f"hl7.fhir.us.core-{us_core}", own]
    reports = validator.validate((held_to(us_core, one) for one in resources), igs=guides, auto=True, resolve=resolve)
    types = {report["resourceType"] for report in reports}
    assert {report["resourceType"] for report in reports if not report["profiles"]} == NO_PROFILE[us_core] & types
    return [one for one in messages(reports, "errors") if not is_known(us_core, one)]


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


@us_cores
def test_us_core(guided_validator: Validator, own: dict[Version, str], us_core: str) -> None:
    as_sent = [resource for _, _, resource in sent(R4)]
    assert under(guided_validator, us_core, own[R4], as_sent, resolve=False) == []
    assert under(guided_validator, us_core, own[R4], riverside(R4), resolve=True) == []


REFUSED = {
    "period-unclear"
}  # a warning: servers without the official engine take 2026 to 2026-03 (HAPI 8.8.0, 2026-11)


def is_sound(record: Record) -> bool:
    """Whether a record would be pushed and is refused nowhere, as far as it alone can show."""
    amiss = findings(record)
    return not is_withdrawn(record) and not any(one.severity == "error" or one.rule in REFUSED for one in amiss)


@us_cores
def test_sound_records_in_us_core(guided_validator: Validator, own: dict[Version, str], us_core: str) -> None:
    """Golden files with references that lead somewhere, and records drawn; only those of records that would be pushed."""
    resources = addressed(
        (goldens.NAMES.system(part_name(KINDS, kind_of(record), part)), record.id, resource)
        for record in filter(is_sound, goldens.RECORDS)
        for part, resource in goldens.golden(record, R4).items()
    )
    resources += [
        {**resource, "id": f"{kind}-{number}-{part}".replace("_", "-")}
        for kind in KINDS
        for number, (record, parts) in enumerate(sampled(kind, R4))
        if is_sound(record)
        for part, resource in parts.items()
    ]
    sent = {part.table.type for kind in KINDS.values() for part in kind.parts.values()}
    assert sent - {resource["resourceType"] for resource in resources} <= {"PractitionerRole"}  # the sample has some
    faults = under(guided_validator, us_core, own[R4], resources, resolve=True)
    assert [one for one in faults if not is_not_found_yet(one)] == []


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
    "#per-1": "period-",  # period-order, period-unclear
}
NOT_FOUND_YET = {
    "http://unitsofmeasure.org#": "a unit that UCUM does not know",
    "#rng-2": "the engine fails on amounts in units that it cannot compare; ranges upside down are found (range-order)",
    "Type_Specific_Checks_DT_Time_Valid": "the engine refuses leap seconds, which FHIR's own pattern of times allows",
    "ValueSet/all-languages": "a language tag that is well formed (language-tag finds others) and not registered",
}


def is_not_found_yet(message: Message) -> bool:
    return any(part in message[2] or part in message[3] for part in NOT_FOUND_YET)


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
            any(one.rule.startswith(finding) for one in findings(record))
            or is_withdrawn(record)  # nothing is asked of those
        )
        if not stopped and not is_not_found_yet(message):
            unexpected.append(message)
    assert unexpected == []
    assert undefined(reports) == []


@cache
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
    @given(drawn(kind))
    def collect(both: tuple[Record, Nearby]) -> None:
        record, near = both
        if isinstance(record, Goal) and record.language is not None:
            record = replaced(record, language="pt-BR")  # with a language that is none, the engine refuses every code
        with contextlib.suppress(MappingError):  # a patient as the other participant, an organization's wish
            found.append((record, bound.parts(record, near=near)))

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
