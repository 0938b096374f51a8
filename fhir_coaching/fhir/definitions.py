"""What this project coined, defined for others: a CodeSystem for each own code system, a StructureDefinition for each extension.

https://hl7.org/fhir/R4/codesystem.html, https://hl7.org/fhir/R4/defining-extensions.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from fhir_coaching.fhir import systems
from fhir_coaching.fhir.codecs import bare
from fhir_coaching.lens import R4, R5, Json, Version
from fhir_coaching.records.coaching import Focus, Horizon, Modality, Phase, Setting
from fhir_coaching.records.engagements import CoachRole, StepResult
from fhir_coaching.records.people import CredentialKind
from fhir_coaching.records.values import Aspect

EDITION = "0.1.0"  # of the definitions; raised when a code or an extension is added or changes its meaning
RELEASES = {R4: "4.0.1", R5: "5.0.0"}


@dataclass(frozen=True)
class _Codes:
    """A code system: `words` has a display and a definition for each code, or is the enumeration that the codes spell."""

    url: str
    title: str
    about: str
    words: Mapping[str, tuple[str, str]] | type[Enum]
    displays: Mapping[str, str] = field(default_factory=dict)  # where the code, without hyphens, is no display


@dataclass(frozen=True)
class _Extension:
    """An extension with one value: where it stands, and how often."""

    url: str
    title: str
    about: str
    type: str
    at: Mapping[Version, str]
    max: str = "1"


_CODES = (
    _Codes(systems.FOCUS, "Focus area", "The area of life that a coaching goal or session is about.", Focus),
    _Codes(systems.HORIZON, "Goal horizon", "How far ahead a coaching goal looks.", Horizon),
    _Codes(systems.ASPECT, "Note aspect", "What a note on a coaching goal, step or engagement is about.", Aspect),
    _Codes(systems.PHASE, "Session phase", "Which part of a coaching engagement a session belongs to.", Phase),
    _Codes(systems.MODALITY, "Session modality", "How coach and patient met.", Modality, {"async": "Asynchronous"}),
    _Codes(systems.SETTING, "Session setting", "Where the patient was during a coaching session.", Setting),
    _Codes(systems.STEP_RESULT, "Step result", "What became of an action step.", StepResult),
    _Codes(
        systems.COACH_ROLE,
        "Coach role",
        "What a coach is to an engagement.",
        CoachRole,
        {"primary": "Primary coach", "co-coach": "Co-coach"},
    ),
    _Codes(
        systems.CREDENTIAL,
        "Coaching credential",
        "What allows somebody to coach.",
        CredentialKind,
        {
            "nbc-hwc": "National board certified health and wellness coach",
            "ches": "Certified health education specialist",
            "mches": "Master certified health education specialist",
            "ahncc": "Certified by the American Holistic Nurses Credentialing Corporation",
            "state-cwc": "Wellness coach certified by a state",
        },
    ),
    _Codes(
        systems.SERVICE,
        "Coaching service",
        "What kind of service an encounter, a plan, an episode or a request is about.",
        {"health-coaching": ("Health coaching", "Health and wellness coaching.")},
    ),
    _Codes(
        systems.GAS_SCORE,
        "Goal attainment below expectation",
        "Levels of a goal attainment scale below the expected one. LOINC has answers for the expected level and above.",
        {
            "less-than-expected": ("Less than expected", "Level -1 of a goal attainment scale."),
            "much-less-than-expected": ("Much less than expected", "Level -2 of a goal attainment scale."),
        },
    ),
    _Codes(
        systems.TAG,
        "Tag",
        "What fhir-coaching notes about a resource that it wrote.",
        {"withdrawn": ("Withdrawn", "The record behind this resource no longer has it; the record itself stands.")},
    ),
)
_EXTENSIONS = (
    _Extension(
        systems.INTERVAL,
        "Contact interval",
        "One of several stretches of direct contact within a session that had breaks; the period that bears them "
        "lasts from the first one's start to the last one's end.",
        "Period",
        {R4: "Encounter.period", R5: "Encounter.actualPeriod"},
        max="*",
    ),
    _Extension(
        systems.BAND,
        "Minutes between",
        "Between which two numbers of minutes a session lasted, where the exact number is not known.",
        "Range",
        {R4: "Encounter.length", R5: "Encounter.length"},
    ),
    _Extension(
        systems.SESSION_NUMBER,
        "Session number",
        "Which session of its engagement this one is, counted from 1.",
        "positiveInt",
        {R4: "Encounter", R5: "Encounter"},
    ),
    _Extension(
        systems.STEP_REVIEWED,
        "Step reviewed",
        "An action step that coach and patient looked back on in this session.",
        "Reference",
        {R4: "Encounter", R5: "Encounter"},
        max="*",
    ),
    _Extension(
        systems.SERVICE_UNITS,
        "Service units",
        "How many units of the service that its code names a session was.",
        "positiveInt",
        {R4: "Procedure", R5: "Procedure"},
    ),
)


def definitions(version: Version) -> Iterator[Json]:
    """Every CodeSystem and StructureDefinition of this project, as resources of one FHIR version."""
    for codes in _CODES:
        yield _code_system(codes)
    for extension in _EXTENSIONS:
        yield _structure_definition(extension, version)


def _head(type_: str, url: str, title: str, about: str) -> Json:
    return {
        "resourceType": type_,
        "id": url.rpartition("/")[2],
        "url": url,
        "version": EDITION,
        "name": title.title().replace(" ", ""),
        "title": title,
        "status": "active",
        "experimental": False,
        "publisher": "fhir-coaching",
        "description": about,
    }


def _code_system(codes: _Codes) -> Json:
    concepts = [
        bare(code=code, display=display, definition=definition) for code, display, definition in _concepts(codes)
    ]
    return {
        **_head("CodeSystem", codes.url, codes.title, codes.about),
        "caseSensitive": True,
        "content": "complete",
        "count": len(concepts),
        "concept": concepts,
    }


def _concepts(codes: _Codes) -> Iterator[tuple[str, str, str | None]]:
    if isinstance(codes.words, Mapping):
        for code, (display, definition) in codes.words.items():
            yield code, display, definition
        return
    for word in codes.words:
        code = word.value.replace("_", "-")
        yield code, codes.displays.get(code, word.value.replace("_", " ").capitalize()), None


def _structure_definition(extension: _Extension, version: Version) -> Json:
    def element(path: str, **more: object) -> Json:
        return {"id": path, "path": path, **more}

    return {
        **_head("StructureDefinition", extension.url, extension.title, extension.about),
        "fhirVersion": RELEASES[version],
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": extension.at[version]}],
        "type": "Extension",
        "baseDefinition": systems.HL7 + "Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                element("Extension", short=extension.title, definition=extension.about, min=0, max=extension.max),
                element("Extension.extension", max="0"),
                element("Extension.url", fixedUri=extension.url),
                element("Extension.value[x]", min=1, type=[{"code": extension.type}]),
            ]
        },
    }
