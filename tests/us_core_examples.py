"""Synthetic resources that keep and break each constraint of US Core, with the profile and the versions that have it."""

from dataclasses import dataclass
from typing import Any

from checking.guided import ABSENT, PATIENT, TERMINOLOGY, UCUM, amount, category, concept, having, race

Json = dict[str, Any]

ALL = ("3.1.1", "4.0.0", "5.0.1", "6.1.0", "7.0.0", "8.0.0")
EARLY, LATE, LAST = ALL[:2], ALL[2:], ALL[4:]
SIX = ALL[3:]

DAY = "2026-06-15"
SAYS = {"text": "synthetic"}
LINK = "http://synthetic.example/system"
NPI = "http://hl7.org/fhir/sid/us-npi"
WHY = [{"url": ABSENT, "valueCode": "unknown"}]
PHONE = {"system": "phone", "value": "555-0100"}
PERSON = {"resourceType": "Practitioner", "id": "p"}


@dataclass(frozen=True)
class Row:
    """A constraint, the profile and its versions, the element (names and indices) and its type, what keeps and what breaks it."""

    key: str
    profile: str
    versions: tuple[str, ...]
    at: tuple[str | int, ...]
    type: str
    keeps: Json
    breaks: Json

    def node(self, resource: Json) -> Any:
        """The element in a resource; None if it is not there."""
        found: Any = resource
        for step in self.at:
            found = found.get(step) if isinstance(found, dict) else found[step]
        return found


def row(key: str, profile: str, versions: tuple[str, ...], at: str, type_: str, keeps: Json, breaks: Json) -> Row:  # noqa: PLR0917 - as a table has it
    """A row whose resources say that they have the profile. Steps are separated by blanks."""
    steps = tuple(int(step) if step.isdigit() else step for step in at.split())
    return Row(key, profile, versions, steps, type_, having(keeps, profile), having(breaks, profile))


def observed(kind: str, **more: Any) -> Json:
    base = {
        "resourceType": "Observation",
        "status": "final",
        "category": category(kind),
        "code": SAYS,
        "subject": PATIENT,
    }
    return {**base, "effectiveDateTime": DAY, **more}


def lab(**more: Any) -> Json:
    return observed("laboratory", **{"valueString": "synthetic", **more})


def valued(**more: Any) -> Json:
    """A result of the laboratory with this value, and no other."""
    return observed("laboratory", **more)


def measured(system: str) -> Json:
    return {"valueQuantity": {**amount(1, "kg"), "system": system}}


def smoker(code: str, **more: Any) -> Json:
    return observed("social-history", **{"code": concept("http://loinc.org", code), **more})


def vital(**more: Any) -> Json:
    return observed("vital-signs", code=concept("http://loinc.org", "8310-5"), **more)


def parted(**more: Any) -> Json:
    """An average blood pressure with one part."""
    part = {"code": concept("http://loinc.org", "96608-5"), **more}
    return observed("vital-signs", code=concept("http://loinc.org", "96607-7"), component=[part])


def patient(*names: Json, **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": LINK, "value": "1"}],
        "gender": "other",
        "name": list(names),
        **more,
    }


def practitioner(value: str) -> Json:
    return {
        "resourceType": "Practitioner",
        "name": [{"family": "Synthetic"}],
        "identifier": [{"system": NPI, "value": value}],
    }


def organization(system: str, value: str) -> Json:
    return {
        "resourceType": "Organization",
        "active": True,
        "name": "Synthetic",
        "identifier": [{"system": system, "value": value}],
    }


def role(**more: Any) -> Json:
    return {
        "resourceType": "PractitionerRole",
        "practitioner": {"reference": "Practitioner/1"},
        "telecom": [PHONE],
        **more,
    }


def without(resource: Json, *names: str) -> Json:
    return {key: value for key, value in resource.items() if key not in names}


def document(**attachment: Any) -> Json:
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": SAYS,
        "category": [SAYS],
        "subject": PATIENT,
        "content": [{"attachment": {"contentType": "text/plain", **attachment}}],
    }


def procedure(**more: Any) -> Json:
    return {"resourceType": "Procedure", "status": "completed", "code": SAYS, "subject": PATIENT, **more}


def condition(code: str) -> Json:
    active = concept(TERMINOLOGY + "condition-clinical", "active")
    kind = [concept(TERMINOLOGY + "condition-category", code)]
    return {"resourceType": "Condition", "clinicalStatus": active, "category": kind, "code": SAYS, "subject": PATIENT}


def coverage(**more: Any) -> Json:
    base = {
        "resourceType": "Coverage",
        "status": "active",
        "beneficiary": PATIENT,
        "payor": [PATIENT],
        "relationship": SAYS,
    }
    return {**base, **more}


def provenance(**agent: Any) -> Json:
    return {
        "resourceType": "Provenance",
        "contained": [PERSON],
        "target": [PATIENT],
        "recorded": "2026-06-15T10:00:00Z",
        "agent": [{"who": {"reference": "#p"}, **agent}],
    }


def answers(*items: Json, **more: Any) -> Json:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://synthetic.example/Questionnaire/1",
        "status": "completed",
        "subject": PATIENT,
        "authored": DAY,
        "item": list(items),
        **more,
    }


def related(**more: Any) -> Json:
    return {"resourceType": "RelatedPerson", "active": True, "patient": PATIENT, **more}


MEMBER = {"type": concept(TERMINOLOGY + "v2-0203", "MB"), "system": LINK, "value": "1"}
UNKNOWN, FAMILY, WORDS, UNSAID = race("UNK"), {"family": "Synthetic"}, {"text": "Synthetic"}, {"extension": WHY}
KNOWN_TOO = race("UNK", "2106-3")
ONE, ANSWERED = {"linkId": "1", "answer": [{"valueString": "a"}]}, {"linkId": "1", "answer": [{"valueString": "b"}]}
BELOW = {"low": amount(1, "kg"), "high": {**amount(2, "kg"), "system": LINK}}
LABORATORY, NAMED, ACTING = "us-core-observation-lab", "us-core-patient", "us-core-practitionerrole"
ASKED = "us-core-observation-screening-assessment"

ROWS = [
    *(row("us-core-1", LABORATORY, (version,), "effectiveDateTime", "dateTime", lab(), lab(effectiveDateTime="2026-06"))
      for version in ("3.1.1", *LAST)),
    row("us-core-1", "us-core-condition", EARLY, "", "Condition", condition("problem-list-item"), condition("nothing")),
    row("us-core-2", LABORATORY, ALL, "", "Observation", lab(), valued()),
    row("us-core-2", LABORATORY, ALL, "", "Observation", valued(dataAbsentReason=SAYS), valued()),
    row("us-core-2", LABORATORY, ALL, "", "Observation", valued(hasMember=[{"reference": "Observation/1"}]), valued()),
    row("us-core-3", LABORATORY, LAST, "valueQuantity", "Quantity", valued(**measured(UCUM)), valued(**measured(LINK))),
    row("us-core-3", "us-core-observation-survey", ("5.0.1",), "", "Observation",
        observed("survey", **measured(UCUM)), observed("survey", **measured(LINK))),
    row("us-core-3", ASKED, ("6.1.0",), "", "Observation", observed("survey", **measured(UCUM)), observed("survey", **measured(LINK))),
    row("us-core-4", LABORATORY, LAST, "valueCodeableConcept", "CodeableConcept",
        valued(valueCodeableConcept=concept("http://snomed.info/sct", "260385009")), valued(valueCodeableConcept=concept(LINK, "a"))),
    row("us-core-6", NAMED, ("5.0.1",), "", "Patient", patient(FAMILY), patient(WORDS)),
    row("us-core-6", NAMED, ("5.0.1",), "", "Patient", patient(WORDS, extension=WHY), patient(FAMILY, extension=WHY)),
    row("us-core-6", NAMED, SIX, "name 0", "HumanName", patient(FAMILY), patient(WORDS)),
    row("us-core-6", NAMED, SIX, "name 0", "HumanName", patient(UNSAID), patient({**FAMILY, **UNSAID})),
    row("us-core-8", NAMED, EARLY, "name 0", "HumanName", patient({"given": ["Synthetic"]}), patient(WORDS)),
    row("us-core-6", "us-core-documentreference", ALL, "content 0 attachment", "Attachment", document(data="YQ=="), document()),
    row("us-core-7", "us-core-procedure", LATE, "", "Procedure", procedure(performedString="synthetic"), procedure()),
    row("us-core-7", "us-core-procedure", LATE, "", "Procedure", procedure(status="preparation"), procedure(status="in-progress")),
    row("us-core-13", ACTING, ALL[1:], "", "PractitionerRole", role(), without(role(), "practitioner")),
    row("us-core-13", ACTING, ALL[1:4], "", "PractitionerRole",
        without(role(location=[{"reference": "Location/1"}]), "practitioner"),
        without(role(location=[{"reference": "Location/1"}, {"reference": "Location/2"}]), "practitioner")),
    row("us-core-14", "us-core-relatedperson", LATE, "", "RelatedPerson", related(name=[WORDS]), related()),
    row("us-core-15", "us-core-coverage", SIX, "", "Coverage",
        coverage(identifier=[MEMBER]), coverage(identifier=[without(MEMBER, "type")])),
    row("us-core-15", "us-core-coverage", SIX, "", "Coverage", coverage(subscriberId="1"), coverage()),
    row("us-core-16", "us-core-practitioner", SIX, "identifier 0", "Identifier", practitioner("1234567893"), practitioner("123456789")),
    row("us-core-17", "us-core-practitioner", SIX, "identifier 0", "Identifier", practitioner("1234567893"), practitioner("1234567890")),
    row("us-core-17", "us-core-organization", SIX, "identifier 0", "Identifier",
        organization(NPI, "1234567893"), organization(NPI, "12345678a3")),
    row("us-core-18", "us-core-organization", SIX, "identifier 0", "Identifier",
        organization("urn:oid:2.16.840.1.113883.4.7", "12D1234567"), organization("urn:oid:2.16.840.1.113883.4.7", "12d1234567")),
    row("us-core-19", "us-core-organization", SIX, "identifier 0", "Identifier",
        organization("urn:oid:2.16.840.1.113883.6.300", "12345"), organization("urn:oid:2.16.840.1.113883.6.300", "123456")),
    row("us-core-22", LABORATORY, LAST, "referenceRange 0", "Observation.referenceRange",
        lab(referenceRange=[{"low": amount(1, "kg")}]), lab(referenceRange=[BELOW])),
    row("us-core-23", NAMED, LAST, "extension 0", "Extension",
        patient(FAMILY, extension=[UNKNOWN]), patient(FAMILY, extension=[KNOWN_TOO])),
    row("us-core-24", "us-core-smokingstatus", LAST, "", "Observation",
        smoker("72166-2", valueCodeableConcept=SAYS), smoker("72166-2", **measured(UCUM))),
    row("us-core-25", "us-core-smokingstatus", LAST, "", "Observation",
        smoker("401201003", **measured(UCUM)), smoker("401201003", valueCodeableConcept=SAYS)),
    row("us-core-26", "us-core-average-blood-pressure", LAST, "component 0", "Observation.component",
        parted(valueQuantity=amount(1, "mm[Hg]")), parted()),
    row("vs-1", "us-core-vital-signs", ALL[1:], "effectiveDateTime", "dateTime", vital(), vital(effectiveDateTime="2026")),
    row("vs-2", "us-core-vital-signs", ALL[1:], "", "Observation", vital(dataAbsentReason=SAYS), vital()),
    row("vs-3", "us-core-vital-signs", ALL[1:], "component 0", "Observation.component",
        vital(component=[{"code": SAYS, "dataAbsentReason": SAYS}]), vital(component=[{"code": SAYS}])),
    row("pd-1", ACTING, ALL, "", "PractitionerRole",
        role(telecom=[PHONE, {"system": "phone", "value": "555-0101"}]), without(role(), "telecom")),
    row("provenance-1", "us-core-provenance", SIX, "agent 0", "Provenance.agent",
        provenance(onBehalfOf={"reference": "Organization/1"}), provenance()),
    row("provenance-1", "us-core-provenance", ("5.0.1",), "agent 0", "Provenance.agent",
        provenance(onBehalfOf={"reference": "Organization/1"}), provenance()),
    row("sdcqr-1", "us-core-questionnaireresponse", LATE, "", "QuestionnaireResponse", answers(ONE), without(answers(ONE), "subject")),
    row("sdcqr-2", "us-core-questionnaireresponse", LATE, "", "QuestionnaireResponse",
        answers(ONE, {"linkId": "2", "item": [ONE]}), answers(ONE, ANSWERED)),
    row("sdcqr-2", "us-core-questionnaireresponse", LATE, "", "QuestionnaireResponse",
        answers({"linkId": "1", "text": "a"}, ONE), answers({"linkId": "2", "item": [ONE, ANSWERED]})),
]  # fmt: skip
