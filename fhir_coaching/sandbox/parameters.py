"""The search parameters of every type the sandbox knows: search, index and CapabilityStatement read this table.

A type is added by adding its rows. A path is `a.b`, `a[x=y].b` or several of them joined with `|`;
where R4 and R5 differ it is a mapping, and a version without an entry does not have the parameter.
Not in the table: `near`, `phonetic`, `length`, `deceased` and other parameters that are not an element's value.
"""

from collections.abc import Mapping
from typing import NamedTuple

R4 = "r4"
R5 = "r5"

Path = str | Mapping[str, str]
Table = Mapping[str, Mapping[str, "Parameter"]]


class Parameter(NamedTuple):
    """One search parameter; `targets` are the types that a reference may name, none meaning any."""

    type: str
    path: Path
    targets: tuple[str, ...] = ()


def _token(path: Path) -> Parameter:
    return Parameter("token", path)


def _date(path: Path) -> Parameter:
    return Parameter("date", path)


def _string(path: Path) -> Parameter:
    return Parameter("string", path)


def _reference(path: Path, *targets: str) -> Parameter:
    return Parameter("reference", path, targets)


_COMMON = {
    "_id": _token("id"),
    "_lastUpdated": _date("meta.lastUpdated"),
    "_tag": _token("meta.tag"),
    "_security": _token("meta.security"),
}


def _telecom(path: Path) -> dict[str, Parameter]:
    def of(system: str) -> Path:
        if isinstance(path, str):
            return f"{path}[system={system}]"
        return {version: f"{text}[system={system}]" for version, text in path.items()}

    return {"telecom": _token(path), "email": _token(of("email")), "phone": _token(of("phone"))}


def _address(path: Path) -> dict[str, Parameter]:
    def of(child: str) -> Path:
        return f"{path}.{child}" if isinstance(path, str) else {key: f"{text}.{child}" for key, text in path.items()}

    parts = {"city": "city", "country": "country", "postalcode": "postalCode", "state": "state"}
    return {
        "address": _string(path),
        **{f"address-{name}": _string(of(child)) for name, child in parts.items()},
        "address-use": _token(of("use")),
    }


_NAME = {"name": _string("name"), "family": _string("name.family"), "given": _string("name.given")}
_PERSON = {
    **_telecom("telecom"),
    **_address("address"),
    "active": _token("active"),
    "gender": _token("gender"),
    "identifier": _token("identifier"),
}
_SUBJECT = {"subject": _reference("subject", "Patient", "Group"), "patient": _reference("subject", "Patient")}
_ACTORS = (
    *("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Location", "Device", "HealthcareService"),
    *("CareTeam", "Group"),  # R5
)

PARAMETERS: Table = {
    "Patient": {
        **_PERSON,
        **_NAME,
        "birthdate": _date("birthDate"),
        "death-date": _date("deceasedDateTime"),
        "general-practitioner": _reference("generalPractitioner", "Practitioner", "Organization", "PractitionerRole"),
        "language": _token("communication.language"),
        "link": _reference("link.other", "Patient", "RelatedPerson"),
        "organization": _reference("managingOrganization", "Organization"),
    },
    "RelatedPerson": {
        **_PERSON,
        "name": _string("name"),
        "family": _string({R5: "name.family"}),
        "given": _string({R5: "name.given"}),
        "birthdate": _date("birthDate"),
        "patient": _reference("patient", "Patient"),
        "relationship": _token("relationship"),
    },
    "Practitioner": {
        **_PERSON,
        **_NAME,
        "communication": _token({R4: "communication", R5: "communication.language"}),
        "death-date": _date({R5: "deceasedDateTime"}),
        "qualification-period": _date({R5: "qualification.period"}),
    },
    "PractitionerRole": {
        **_telecom({R4: "telecom", R5: "contact.telecom"}),
        "active": _token("active"),
        "date": _date("period"),
        "identifier": _token("identifier"),
        "location": _reference("location", "Location"),
        "organization": _reference("organization", "Organization"),
        "practitioner": _reference("practitioner", "Practitioner"),
        "role": _token("code"),
        "service": _reference("healthcareService", "HealthcareService"),
        "specialty": _token("specialty"),
    },
    "Organization": {
        **_address({R4: "address", R5: "contact.address"}),
        "active": _token("active"),
        "identifier": _token("identifier"),
        "name": _string("name|alias"),
        "partof": _reference("partOf", "Organization"),
        "type": _token("type"),
    },
    "Location": {
        **_address("address"),
        "identifier": _token("identifier"),
        "name": _string("name|alias"),
        "operational-status": _token("operationalStatus"),
        "organization": _reference("managingOrganization", "Organization"),
        "partof": _reference("partOf", "Location"),
        "status": _token("status"),
        "type": _token("type"),
    },
    "Goal": {
        "achievement-status": _token("achievementStatus"),
        "addresses": _reference({R5: "addresses"}),
        "category": _token("category"),
        "description": _token({R5: "description"}),
        "identifier": _token("identifier"),
        "lifecycle-status": _token("lifecycleStatus"),
        "patient": _reference("subject", "Patient"),
        "start-date": _date("startDate"),
        "subject": _reference("subject", "Patient", "Group", "Organization"),
        "target-date": _date("target.dueDate"),
    },
    "Encounter": {
        **_SUBJECT,
        "account": _reference("account", "Account"),
        "appointment": _reference("appointment", "Appointment"),
        "based-on": _reference("basedOn"),
        "careteam": _reference({R5: "careTeam"}, "CareTeam"),
        "class": _token("class"),
        "date": _date({R4: "period", R5: "actualPeriod"}),
        "date-start": _date({R5: "actualPeriod.start"}),
        "end-date": _date({R5: "actualPeriod.end"}),
        "episode-of-care": _reference("episodeOfCare", "EpisodeOfCare"),
        "identifier": _token("identifier"),
        "location": _reference("location.location", "Location"),
        "location-period": _date({R4: "location.period"}),
        "part-of": _reference("partOf", "Encounter"),
        "participant": _reference({R4: "participant.individual", R5: "participant.actor"}),
        "participant-type": _token("participant.type"),
        "practitioner": _reference({R4: "participant.individual", R5: "participant.actor"}, "Practitioner"),
        "reason-code": _token({R4: "reasonCode", R5: "reason.value.concept"}),
        "reason-reference": _reference({R4: "reasonReference", R5: "reason.value.reference"}),
        "service-provider": _reference("serviceProvider", "Organization"),
        "status": _token("status"),
        "subject-status": _token({R5: "subjectStatus"}),
        "type": _token("type"),
    },
    "Appointment": {
        "actor": _reference("participant.actor", *_ACTORS),
        "appointment-type": _token("appointmentType"),
        "based-on": _reference("basedOn"),
        "date": _date("start"),
        "identifier": _token("identifier"),
        "location": _reference("participant.actor", "Location"),
        "part-status": _token("participant.status"),
        "patient": _reference({R4: "participant.actor", R5: "participant.actor|subject"}, "Patient"),
        "practitioner": _reference("participant.actor", "Practitioner"),
        "reason-code": _token({R4: "reasonCode", R5: "reason.concept"}),
        "reason-reference": _reference({R4: "reasonReference", R5: "reason.reference"}),
        "requested-period": _date({R5: "requestedPeriod"}),
        "service-category": _token("serviceCategory"),
        "service-type": _token({R4: "serviceType", R5: "serviceType.concept"}),
        "slot": _reference("slot", "Slot"),
        "specialty": _token("specialty"),
        "status": _token("status"),
        "subject": _reference({R5: "subject"}, "Patient", "Group"),
        "supporting-info": _reference("supportingInformation"),
    },
}


def table(version: str) -> dict[str, dict[str, Parameter]]:
    """The table of one FHIR version, every path a plain string."""
    return {
        type_: {
            name: parameter._replace(path=path)
            for name, parameter in (_COMMON | dict(rows)).items()
            if (path := parameter.path if isinstance(parameter.path, str) else parameter.path.get(version))
        }
        for type_, rows in PARAMETERS.items()
    }
