"""The search parameters of every type the sandbox knows: search, index and CapabilityStatement read this table.

A type is added by adding its rows. A path is `a.b`, `a[x=y].b` or several of them joined with `|`;
where R4 and R5 differ it is a mapping, and a version without an entry does not have the parameter.
Not in the table: `near`, `phonetic`, `length`, `deceased` and other parameters that are not an element's value, composites
and quantities.
"""

from collections.abc import Mapping

from .parameter import R4, R5, Parameter, Path, date, reference, string, token, uri

Table = Mapping[str, Mapping[str, Parameter]]

_COMMON = {
    "_id": token("id"),
    "_lastUpdated": date("meta.lastUpdated"),
    "_tag": token("meta.tag"),
    "_security": token("meta.security"),
}


def _telecom(path: Path) -> dict[str, Parameter]:
    def of(system: str) -> Path:
        if isinstance(path, str):
            return f"{path}[system={system}]"
        return {version: f"{text}[system={system}]" for version, text in path.items()}

    return {"telecom": token(path), "email": token(of("email")), "phone": token(of("phone"))}


def _address(path: Path) -> dict[str, Parameter]:
    def of(child: str) -> Path:
        return f"{path}.{child}" if isinstance(path, str) else {key: f"{text}.{child}" for key, text in path.items()}

    parts = {"city": "city", "country": "country", "postalcode": "postalCode", "state": "state"}
    return {
        "address": string(path),
        **{f"address-{name}": string(of(child)) for name, child in parts.items()},
        "address-use": token(of("use")),
    }


_NAME = {"name": string("name"), "family": string("name.family"), "given": string("name.given")}
_PERSON = {
    **_telecom("telecom"),
    **_address("address"),
    "active": token("active"),
    "gender": token("gender"),
    "identifier": token("identifier"),
}
_SUBJECT = {"subject": reference("subject", "Patient", "Group"), "patient": reference("subject", "Patient")}


def _timing(choice: str) -> str:
    return f"{choice}Timing.event|{choice}Timing.repeat.boundsPeriod"


_OCCURRENCE = f"occurrenceDateTime|occurrencePeriod|{_timing('occurrence')}"
_INSTANTIATES = {
    "instantiates-canonical": reference("instantiatesCanonical"),
    "instantiates-uri": uri("instantiatesUri"),
}
_ACTORS = (
    *("Patient", "Practitioner", "PractitionerRole", "RelatedPerson", "Location", "Device", "HealthcareService"),
    *("CareTeam", "Group"),  # R5
)

PARAMETERS: Table = {
    "Patient": {
        **_PERSON,
        **_NAME,
        "birthdate": date("birthDate"),
        "death-date": date("deceasedDateTime"),
        "general-practitioner": reference("generalPractitioner", "Practitioner", "Organization", "PractitionerRole"),
        "language": token("communication.language"),
        "link": reference("link.other", "Patient", "RelatedPerson"),
        "organization": reference("managingOrganization", "Organization"),
    },
    "RelatedPerson": {
        **_PERSON,
        "name": string("name"),
        "family": string({R5: "name.family"}),
        "given": string({R5: "name.given"}),
        "birthdate": date("birthDate"),
        "patient": reference("patient", "Patient"),
        "relationship": token("relationship"),
    },
    "Practitioner": {
        **_PERSON,
        **_NAME,
        "communication": token({R4: "communication", R5: "communication.language"}),
        "death-date": date({R5: "deceasedDateTime"}),
        "qualification-period": date({R5: "qualification.period"}),
    },
    "PractitionerRole": {
        **_telecom({R4: "telecom", R5: "contact.telecom"}),
        "active": token("active"),
        "date": date("period"),
        "endpoint": reference("endpoint", "Endpoint"),
        "identifier": token("identifier"),
        "location": reference("location", "Location"),
        "organization": reference("organization", "Organization"),
        "practitioner": reference("practitioner", "Practitioner"),
        "role": token("code"),
        "service": reference("healthcareService", "HealthcareService"),
        "specialty": token("specialty"),
    },
    "Organization": {
        **_address({R4: "address", R5: "contact.address"}),
        "active": token("active"),
        "endpoint": reference("endpoint", "Endpoint"),
        "identifier": token("identifier"),
        "name": string("name|alias"),
        "partof": reference("partOf", "Organization"),
        "type": token("type"),
    },
    "Location": {
        **_address("address"),
        "endpoint": reference("endpoint", "Endpoint"),
        "identifier": token("identifier"),
        "name": string("name|alias"),
        "operational-status": token("operationalStatus"),
        "organization": reference("managingOrganization", "Organization"),
        "partof": reference("partOf", "Location"),
        "status": token("status"),
        "type": token("type"),
    },
    "Goal": {
        "achievement-status": token("achievementStatus"),
        "addresses": reference({R5: "addresses"}),
        "category": token("category"),
        "description": token({R5: "description"}),
        "identifier": token("identifier"),
        "lifecycle-status": token("lifecycleStatus"),
        "patient": reference("subject", "Patient"),
        "start-date": date("startDate"),
        "subject": reference("subject", "Patient", "Group", "Organization"),
        "target-date": date("target.dueDate"),
    },
    "Encounter": {
        **_SUBJECT,
        "account": reference("account", "Account"),
        "appointment": reference("appointment", "Appointment"),
        "based-on": reference("basedOn"),
        "careteam": reference({R5: "careTeam"}, "CareTeam"),
        "class": token("class"),
        "date": date({R4: "period", R5: "actualPeriod"}),
        "date-start": date({R5: "actualPeriod.start"}),
        "diagnosis": reference({R4: "diagnosis.condition"}, "Condition", "Procedure"),
        "diagnosis-code": token({R5: "diagnosis.condition.concept"}),
        "diagnosis-reference": reference({R5: "diagnosis.condition.reference"}, "Condition"),
        "end-date": date({R5: "actualPeriod.end"}),
        "episode-of-care": reference("episodeOfCare", "EpisodeOfCare"),
        "identifier": token("identifier"),
        "location": reference("location.location", "Location"),
        "location-period": date({R4: "location.period"}),
        "part-of": reference("partOf", "Encounter"),
        "participant": reference({R4: "participant.individual", R5: "participant.actor"}),
        "participant-type": token("participant.type"),
        "practitioner": reference({R4: "participant.individual", R5: "participant.actor"}, "Practitioner"),
        "reason-code": token({R4: "reasonCode", R5: "reason.value.concept"}),
        "reason-reference": reference({R4: "reasonReference", R5: "reason.value.reference"}),
        "service-provider": reference("serviceProvider", "Organization"),
        "special-arrangement": token({R4: "hospitalization.specialArrangement", R5: "specialArrangement"}),
        "status": token("status"),
        "subject-status": token({R5: "subjectStatus"}),
        "type": token("type"),
    },
    "Appointment": {
        "actor": reference("participant.actor", *_ACTORS),
        "appointment-type": token("appointmentType"),
        "based-on": reference("basedOn"),
        "date": date("start"),
        "identifier": token("identifier"),
        "location": reference("participant.actor", "Location"),
        "part-status": token("participant.status"),
        "patient": reference({R4: "participant.actor", R5: "participant.actor|subject"}, "Patient"),
        "practitioner": reference("participant.actor", "Practitioner"),
        "reason-code": token({R4: "reasonCode", R5: "reason.concept"}),
        "reason-reference": reference({R4: "reasonReference", R5: "reason.reference"}),
        "requested-period": date({R5: "requestedPeriod"}),
        "service-category": token("serviceCategory"),
        "service-type": token({R4: "serviceType", R5: "serviceType.concept"}),
        "slot": reference("slot", "Slot"),
        "specialty": token("specialty"),
        "status": token("status"),
        "subject": reference({R5: "subject"}, "Patient", "Group"),
        "supporting-info": reference("supportingInformation"),
    },
    "Condition": {
        **_SUBJECT,
        "abatement-date": date("abatementDateTime|abatementPeriod"),
        "abatement-string": string("abatementString"),
        "asserter": reference({R4: "asserter"}, "Practitioner", "PractitionerRole", "Patient", "RelatedPerson"),
        "body-site": token("bodySite"),
        "category": token("category"),
        "clinical-status": token("clinicalStatus"),
        "code": token("code"),
        "encounter": reference("encounter", "Encounter"),
        "evidence": token({R4: "evidence.code", R5: "evidence.concept"}),
        "evidence-detail": reference({R4: "evidence.detail", R5: "evidence.reference"}),
        "identifier": token("identifier"),
        "onset-date": date("onsetDateTime|onsetPeriod"),
        "onset-info": string("onsetString"),
        "participant-actor": reference({R5: "participant.actor"}),
        "participant-function": token({R5: "participant.function"}),
        "recorded-date": date("recordedDate"),
        "severity": token("severity"),
        "stage": token("stage.summary"),
        "verification-status": token("verificationStatus"),
    },
    "CarePlan": {
        **_SUBJECT,
        "activity-code": token({R4: "activity.detail.code"}),
        "activity-date": date({R4: f"activity.detail.scheduledPeriod|{_timing('activity.detail.scheduled')}"}),
        "activity-reference": reference({R4: "activity.reference", R5: "activity.plannedActivityReference"}),
        "based-on": reference("basedOn"),
        "care-team": reference("careTeam", "CareTeam"),
        "category": token("category"),
        "condition": reference({R4: "addresses", R5: "addresses.reference"}, "Condition"),
        "custodian": reference({R5: "custodian"}),
        "date": date("period"),
        "encounter": reference("encounter", "Encounter"),
        "goal": reference("goal", "Goal"),
        "identifier": token("identifier"),
        **_INSTANTIATES,
        "intent": token("intent"),
        "part-of": reference("partOf", "CarePlan"),
        "performer": reference({R4: "activity.detail.performer"}),
        "replaces": reference("replaces", "CarePlan"),
        "status": token("status"),
    },
    "CareTeam": {
        **_SUBJECT,
        "category": token("category"),
        "date": date("period"),
        "encounter": reference({R4: "encounter"}, "Encounter"),
        "identifier": token("identifier"),
        "name": string({R5: "name"}),
        "participant": reference("participant.member"),
        "status": token("status"),
    },
    "EpisodeOfCare": {
        "care-manager": reference("careManager", "Practitioner"),
        "condition": reference({R4: "diagnosis.condition"}, "Condition"),
        "date": date("period"),
        "diagnosis-code": token({R5: "diagnosis.condition.concept"}),
        "diagnosis-reference": reference({R5: "diagnosis.condition.reference"}, "Condition"),
        "identifier": token("identifier"),
        "incoming-referral": reference("referralRequest", "ServiceRequest"),
        "organization": reference("managingOrganization", "Organization"),
        "patient": reference("patient", "Patient"),
        "reason-code": token({R5: "reason.value.concept"}),
        "reason-reference": reference({R5: "reason.value.reference"}),
        "status": token("status"),
        "type": token("type"),
    },
    "ServiceRequest": {
        "authored": date("authoredOn"),
        "based-on": reference("basedOn"),
        "body-site": token("bodySite"),
        "body-structure": reference({R5: "bodyStructure"}, "BodyStructure"),
        "category": token("category"),
        "code": token({R4: "code"}),
        "code-concept": token({R5: "code.concept"}),
        "code-reference": reference({R5: "code.reference"}),
        "encounter": reference("encounter", "Encounter"),
        "identifier": token("identifier"),
        **_INSTANTIATES,
        "intent": token("intent"),
        "occurrence": date(_OCCURRENCE),
        "order-detail": token({R4: "orderDetail"}),
        "patient": reference("subject", "Patient"),
        "performer": reference("performer"),
        "performer-type": token("performerType"),
        "priority": token("priority"),
        "replaces": reference("replaces", "ServiceRequest"),
        "requester": reference("requester"),
        "requisition": token("requisition"),
        "specimen": reference("specimen", "Specimen"),
        "status": token("status"),
        "subject": reference("subject", "Patient", "Group", "Device", "Location"),
    },
    "Procedure": {
        "based-on": reference("basedOn", "CarePlan", "ServiceRequest"),
        "category": token("category"),
        "code": token("code"),
        "date": date({R4: "performedDateTime|performedPeriod", R5: _OCCURRENCE}),
        "encounter": reference("encounter", "Encounter"),
        "identifier": token("identifier"),
        **_INSTANTIATES,
        "location": reference("location", "Location"),
        "part-of": reference("partOf"),
        "patient": reference("subject", "Patient"),
        "performer": reference("performer.actor"),
        "reason-code": token({R4: "reasonCode", R5: "reason.concept"}),
        "reason-reference": reference({R4: "reasonReference", R5: "reason.reference"}),
        "report": reference({R5: "report"}),
        "status": token("status"),
        "subject": reference("subject"),
    },
    "DocumentReference": {
        "attester": reference({R5: "attester.party"}),
        "authenticator": reference({R4: "authenticator"}, "Practitioner", "PractitionerRole", "Organization"),
        "author": reference("author"),
        "based-on": reference({R5: "basedOn"}),
        "bodysite": token({R5: "bodySite.concept"}),
        "bodysite-reference": reference({R5: "bodySite.reference"}),
        "category": token("category"),
        "contenttype": token("content.attachment.contentType"),
        "context": reference({R5: "context"}, "Appointment", "Encounter", "EpisodeOfCare"),
        "creation": date({R5: "content.attachment.creation"}),
        "custodian": reference("custodian", "Organization"),
        "date": date("date"),
        "description": string("description"),
        "doc-status": token({R5: "docStatus"}),
        "encounter": reference({R4: "context.encounter"}, "Encounter", "EpisodeOfCare"),
        "event": token({R4: "context.event"}),
        "event-code": token({R5: "event.concept"}),
        "event-reference": reference({R5: "event.reference"}),
        "facility": token({R4: "context.facilityType", R5: "facilityType"}),
        "format": token({R4: "content.format"}),
        "format-canonical": reference({R5: "content.profile.valueCanonical"}),
        "format-code": token({R5: "content.profile.valueCoding"}),
        "format-uri": uri({R5: "content.profile.valueUri"}),
        "identifier": token({R4: "masterIdentifier|identifier", R5: "identifier"}),
        "language": token("content.attachment.language"),
        "location": uri("content.attachment.url"),
        "modality": token({R5: "modality"}),
        "patient": reference("subject", "Patient"),
        "period": date({R4: "context.period", R5: "period"}),
        "related": reference({R4: "context.related"}),
        "relatesto": reference("relatesTo.target", "DocumentReference"),
        "relation": token("relatesTo.code"),
        "security-label": token("securityLabel"),
        "setting": token({R4: "context.practiceSetting", R5: "practiceSetting"}),
        "status": token("status"),
        "subject": reference("subject"),
        "type": token("type"),
        "version": string({R5: "version"}),
    },
    "Coverage": {
        "beneficiary": reference("beneficiary", "Patient"),
        "class-type": token("class.type"),
        "class-value": string({R4: "class.value"}),  # a token in R5
        "dependent": string("dependent"),
        "identifier": token("identifier"),
        "insurer": reference({R5: "insurer"}, "Organization"),
        "patient": reference("beneficiary", "Patient"),
        "paymentby-party": reference({R5: "paymentBy.party"}, "Patient", "RelatedPerson", "Organization"),
        "payor": reference({R4: "payor"}, "Organization", "Patient", "RelatedPerson"),
        "policy-holder": reference("policyHolder", "Patient", "RelatedPerson", "Organization"),
        "status": token("status"),
        "subscriber": reference("subscriber", "Patient", "RelatedPerson"),
        "subscriberid": token({R5: "subscriberId"}),
        "type": token("type"),
    },
    "Claim": {
        "care-team": reference("careTeam.provider", "Practitioner", "PractitionerRole", "Organization"),
        "created": date("created"),
        "detail-udi": reference("item.detail.udi", "Device"),
        "encounter": reference("item.encounter", "Encounter"),
        "enterer": reference("enterer"),
        "facility": reference("facility"),
        "identifier": token("identifier"),
        "insurer": reference("insurer", "Organization"),
        "item-udi": reference("item.udi", "Device"),
        "patient": reference("patient", "Patient"),
        "payee": reference("payee.party"),
        "priority": token("priority"),
        "procedure-udi": reference("procedure.udi", "Device"),
        "provider": reference("provider", "Practitioner", "PractitionerRole", "Organization"),
        "status": token("status"),
        "subdetail-udi": reference("item.detail.subDetail.udi", "Device"),
        "use": token("use"),
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
