"""FHIR that others write: invented resources of an invented hospital, made after the definitions and not after our own output.

Each says which definition it follows: R4 is hl7.fhir.r4.core 4.0.1, "US Core" is hl7.fhir.us.core 8.0.0 where no version is given.
Nobody here lives; numbers and names are made up.
"""

from decimal import Decimal
from typing import Any

Json = dict[str, Any]

SERVER = "https://ehr.example/fhir"
CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"
TERM = "http://terminology.hl7.org/CodeSystem/"
SCT, ICD, CPT = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://www.ama-assn.org/go/cpt"


def coded(system: str, code: str, **more: str) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def to(reference: str, **more: str) -> Json:
    return {"reference": reference, **more}


def _omb(name: str, code: str, text: str) -> Json:
    category = {"system": "urn:oid:2.16.840.1.113883.6.238", "code": code}
    inner = [{"url": "ombCategory", "valueCoding": category}, {"url": "text", "valueString": text}]
    return {"url": CORE + name, "extension": inner}


ME = to("Patient/pat-7", display="Invented Person")

# US Core patient: race, ethnicity and birth sex are extensions, an identifier and a name are demanded.
PATIENT: Json = {
    "resourceType": "Patient",
    "id": "pat-7",
    "meta": {"versionId": "3", "lastUpdated": "2026-02-01T08:00:00.123Z", "profile": [CORE + "patient"]},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">An invented person</div>'},
    "extension": [
        _omb("race", "2131-1", "Other"),
        _omb("ethnicity", "2186-5", "Not Hispanic"),
        {"url": CORE + "birthsex", "valueCode": "F"},
    ],
    "identifier": [
        {"use": "usual", "type": coded(TERM + "v2-0203", "MR"), "system": "https://ehr.example/mrn", "value": "000077"},
        {"use": "old", "value": "no system"},
    ],
    "active": True,
    "name": [{"use": "official", "family": "Muster", "given": ["Ida", "B."]}, {"use": "maiden", "family": "Beispiel"}],
    "telecom": [{"system": "phone", "value": "555-0107", "use": "mobile", "period": {"start": "2020"}}],
    "gender": "female",
    "birthDate": "1970-03",
    "_birthDate": {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
                "valueDateTime": "1980-02-01T04:05:06Z",
            }
        ]
    },
    "maritalStatus": coded(TERM + "v3-MaritalStatus", "M"),
    "communication": [{"language": coded("urn:ietf:bcp:47", "en-US", text="English")}],
    "generalPractitioner": [to("Practitioner/doc-1")],
    "contact": [{"relationship": [coded(TERM + "v2-0131", "N")], "name": {"text": "Somebody"}}],
}
# US Core practitioner and organization: an NPI, a name.
PRACTITIONER: Json = {
    "resourceType": "Practitioner",
    "id": "doc-1",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}],
    "name": [{"family": "Arzt", "prefix": ["Dr."]}],
    "qualification": [{"code": coded(TERM + "v2-0360", "MD")}],
}
ORGANIZATION: Json = {
    "resourceType": "Organization",
    "id": "org-1",
    "active": True,
    "name": "Invented Health Plan",
    "type": [coded(TERM + "organization-type", "pay"), {"text": "also something else"}],
    "endpoint": [to("Endpoint/1")],
}
LOCATION: Json = {"resourceType": "Location", "id": "loc-1", "status": "active", "name": "Ward 3", "mode": "instance"}
# R4 RelatedPerson.
RELATED_PERSON: Json = {
    "resourceType": "RelatedPerson",
    "id": "rel-1",
    "patient": ME,
    "relationship": [coded(TERM + "v3-RoleCode", "SPS")],
}
# US Core condition (problems and health concerns): `category` may repeat; here a problem that is an encounter's diagnosis too.
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "con-1",
    "clinicalStatus": coded(TERM + "condition-clinical", "active"),
    "verificationStatus": coded(TERM + "condition-ver-status", "confirmed"),
    "category": [
        coded(TERM + "condition-category", "problem-list-item"),
        coded(TERM + "condition-category", "encounter-diagnosis"),
        coded("http://hl7.org/fhir/us/core/CodeSystem/us-core-category", "sdoh"),
    ],
    "code": coded(SCT, "73211009", text="Diabetes"),
    "subject": ME,
    "encounter": to("Encounter/enc-1"),
    "onsetAge": {"value": 41, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"},
    "recordedDate": "2026-01-05",
}
# US Core goal: no category, no start, a target that has nothing but `dueDate`.
GOAL: Json = {
    "resourceType": "Goal",
    "id": "goal-1",
    "meta": {"profile": [CORE + "goal"]},
    "lifecycleStatus": "active",
    "description": {"text": "Walk to the river and back"},
    "subject": ME,
    "target": [{"dueDate": "2026-09-30"}],
    "addresses": [to("Condition/con-1"), to("Observation/obs-1")],
    "outcomeReference": [to("Observation/obs-1")],
}
# US Core goal whose description is a code alone, as its binding to SNOMED CT prefers it.
GOAL_CODED: Json = {
    "resourceType": "Goal",
    "id": "goal-2",
    "lifecycleStatus": "proposed",
    "description": coded(SCT, "281665004"),
    "subject": ME,
}
# US Core careplan up to 8 demands a category, R4 and this one have none; the text says more than the data (`additional`);
# R4 activities may stand inside the plan, and its goals in `contained`.
CARE_PLAN: Json = {
    "resourceType": "CarePlan",
    "id": "plan-1",
    "meta": {"security": [{"system": TERM + "v3-Confidentiality", "code": "R"}]},
    "text": {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Rest &amp; walk</p></div>'},
    "contained": [
        {
            "resourceType": "Goal",
            "id": "g",
            "lifecycleStatus": "active",
            "description": {"text": "Rest"},
            "subject": ME,
        }
    ],
    "status": "active",
    "intent": "order",
    "subject": ME,
    "period": {"start": "2026-01"},
    "addresses": [to("Condition/con-1")],
    "goal": [to("#g"), to("Goal/goal-1"), {"identifier": {"system": "https://other.example/goal", "value": "9"}}],
    "activity": [
        {"detail": {"kind": "ServiceRequest", "status": "in-progress", "description": "Rest", "goal": [to("#g")]}},
        {"reference": to("ServiceRequest/step-1"), "progress": [{"text": "slow"}]},
        {"reference": to("MedicationRequest/med-1")},
    ],
    "note": [{"authorString": "the ward", "time": "2026-01-06T09:00:00+01:00", "text": "Go on"}],
}
# R4 ServiceRequest: `intent` tells a plan from an order, and from what is only proposed.
STEP: Json = {
    "resourceType": "ServiceRequest",
    "id": "step-1",
    "status": "active",
    "intent": "plan",
    "code": {"text": "Buy shoes"},
    "subject": ME,
    "occurrenceTiming": {"repeat": {"frequency": 1, "period": Decimal("1.0"), "periodUnit": "wk"}},
    "requester": to("PractitionerRole/role-1"),
}
REFERRAL: Json = {
    "resourceType": "ServiceRequest",
    "id": "ref-1",
    "status": "completed",
    "intent": "original-order",
    "requisition": {"system": "https://ehr.example/orders", "value": "O-1"},
    "category": [coded(SCT, "409073007")],
    "code": {"text": "Coaching"},
    "subject": ME,
    "occurrenceDateTime": "2026-02-03",
    "requester": to("Practitioner/doc-1"),
    "reasonCode": [{"text": "asked for"}],
}
PROPOSAL: Json = {**STEP, "id": "prop-1", "intent": "proposal"}
# US Core encounter: several types, hospitalization, a period by dates alone, a length in hours.
ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "id": "enc-1",
    "identifier": [{"system": "https://ehr.example/visits", "value": "V-1"}],
    "status": "finished",
    "statusHistory": [{"status": "arrived", "period": {"start": "2026-02-03"}}],
    "class": {"system": TERM + "v3-ActCode", "code": "IMP"},
    "type": [coded(SCT, "185347001"), coded(CPT, "99213"), {"text": "a third one"}],
    "subject": ME,
    "participant": [
        {"type": [coded(TERM + "v3-ParticipationType", "ATND")], "individual": to(f"{SERVER}/Practitioner/doc-1")},
        {"type": [coded(TERM + "v3-ParticipationType", "PPRF")], "individual": to("Practitioner/doc-1")},
    ],
    "period": {"start": "2026-02-03", "end": "2026-02-05"},
    "length": {"value": Decimal("52.5"), "unit": "hours", "system": "http://unitsofmeasure.org", "code": "h"},
    "reasonCode": [coded(SCT, "73211009")],
    "diagnosis": [{"condition": to("Condition/con-1"), "rank": 1}],
    "hospitalization": {"dischargeDisposition": coded(TERM + "discharge-disposition", "home")},
    "location": [{"location": to("Location/loc-1"), "status": "completed"}],
    "serviceProvider": to("Organization/org-1"),
}
# US Core coverage: the payer by a reference; and once as R4 also allows it, contained.
COVERAGE: Json = {
    "resourceType": "Coverage",
    "id": "cov-1",
    "identifier": [{"type": coded(TERM + "v2-0203", "MB"), "system": "https://plan.example/m", "value": "M-1"}],
    "status": "active",
    "type": coded("https://nahdo.org/sopt", "1"),
    "beneficiary": ME,
    "relationship": coded(TERM + "subscriber-relationship", "self"),
    "payor": [to("Organization/org-1")],
    "class": [{"type": coded(TERM + "coverage-class", "group"), "value": "G-1", "name": "a name"}],
    "costToBeneficiary": [{"type": {"text": "copay"}, "valueMoney": {"value": Decimal("20.00"), "currency": "USD"}}],
}
CONTAINED_PAYER: Json = {
    **COVERAGE,
    "id": "cov-2",
    "contained": [{"resourceType": "Organization", "id": "payer", "name": "Plan"}],
    "payor": [to("#payer")],
}
# R4 Claim as a billing system may write an 837P: codings of no standard, details below a line, a total with its digits.
CLAIM: Json = {
    "resourceType": "Claim",
    "id": "claim-1",
    "identifier": [{"system": "https://billing.example/claims", "value": "C-1"}],
    "status": "active",
    "type": {
        "coding": [{"system": "urn:x:bill", "code": "837P"}, {"system": TERM + "claim-type", "code": "professional"}]
    },
    "subType": {"text": "11"},
    "use": "claim",
    "patient": ME,
    "created": "2026-02-07T10:11:12-05:00",
    "provider": to("Practitioner/doc-1"),
    "priority": coded(TERM + "processpriority", "normal"),
    "payee": {"type": coded(TERM + "payeetype", "provider")},
    "careTeam": [
        {"sequence": 1, "provider": to("Practitioner/doc-1"), "role": {"text": "house role"}},
        {"sequence": 2, "provider": to("PractitionerRole/role-1")},
    ],
    "supportingInfo": [{"sequence": 1, "category": coded("urn:x:info", "info"), "valueString": "x"}],
    "diagnosis": [
        {"sequence": 2, "diagnosisCodeableConcept": coded(ICD, "E11.9"), "type": [{"text": "house type"}]},
        {"sequence": 1, "diagnosisReference": to("Condition/con-1")},
    ],
    "procedure": [{"sequence": 1, "procedureReference": to("Procedure/proc-1")}],
    "insurance": [{"sequence": 1, "focal": True, "coverage": to("Coverage/cov-1"), "preAuthRef": ["PA-1"]}],
    "item": [
        {
            "sequence": 1,
            "diagnosisSequence": [2, 1],
            "productOrService": {"coding": [{"system": "urn:x:house", "code": "V1"}, {"system": CPT, "code": "0591T"}]},
            "servicedPeriod": {"start": "2026-02-03", "end": "2026-02-05"},
            "quantity": {"value": 60, "unit": "min"},
            "net": {"value": Decimal("120.00"), "currency": "USD"},
            "encounter": [to("Encounter/enc-1")],
            "detail": [
                {
                    "sequence": 1,
                    "productOrService": {"text": "part"},
                    "subDetail": [{"sequence": 1, "productOrService": {"text": "part of it"}}],
                }
            ],
        },
        {"sequence": 2, "productOrService": coded("urn:x:house", "V2"), "udi": [to("Device/1")]},
    ],
    "total": {"value": Decimal("120.00"), "currency": "USD"},
}
# R4 types that stand beside one that we read, and types that nothing here reads.
PARTS: tuple[Json, ...] = (
    {"resourceType": "EpisodeOfCare", "id": "eoc-1", "status": "active", "patient": ME},
    {"resourceType": "CareTeam", "id": "team-1", "status": "active", "subject": ME},
    {
        "resourceType": "Appointment",
        "id": "app-1",
        "status": "proposed",
        "participant": [{"actor": ME, "status": "accepted"}],
    },
    {
        "resourceType": "DocumentReference",
        "id": "doc-1",
        "status": "current",
        "content": [{"attachment": {"title": "x"}}],
    },
    {"resourceType": "Procedure", "id": "proc-1", "status": "completed", "subject": ME},
    {"resourceType": "Procedure", "id": "proc-2", "status": "completed", "subject": ME},
    {"resourceType": "PractitionerRole", "id": "role-1", "practitioner": to("Practitioner/doc-1")},
)
STRANGERS: tuple[Json, ...] = (
    {"resourceType": "Observation", "id": "obs-1", "status": "final", "code": {"text": "pulse"}, "subject": ME},
    {
        "resourceType": "Immunization",
        "id": "imm-1",
        "status": "completed",
        "patient": ME,
        "vaccineCode": {"text": "x"},
        "occurrenceString": "once",
    },
    {"resourceType": "Observation", "id": "obs-2", "status": "final", "code": {"text": "pulse"}, "subject": ME},
)
READ = {
    "patient": PATIENT, "practitioner": PRACTITIONER, "organization": ORGANIZATION, "place": LOCATION,
    "related_person": RELATED_PERSON, "condition": CONDITION, "goal": GOAL, "engagement": CARE_PLAN, "action_step": STEP,
    "referral": REFERRAL, "session": ENCOUNTER, "coverage": COVERAGE, "claim": CLAIM,
}  # fmt: skip
UNREAD = (GOAL_CODED, PROPOSAL, CONTAINED_PAYER)
MIXED = (*READ.values(), *UNREAD, *PARTS, *STRANGERS)

# The same in R5 (5.0.0), where it is spelt otherwise; what is not here is the same in both.
R5: dict[str, Json] = {
    **READ,
    "goal": {
        **{key: value for key, value in GOAL.items() if key != "outcomeReference"},
        "source": ME,
        "continuous": True,
        "outcome": [{"reference": to("Observation/obs-1")}],
    },
    "organization": {**ORGANIZATION, "contact": [{"telecom": [{"system": "phone", "value": "555-0108"}]}]},
    "engagement": {
        **{key: value for key, value in CARE_PLAN.items() if key != "activity"},
        "addresses": [{"reference": to("Condition/con-1")}, {"concept": {"text": "tired"}}],
        "activity": [
            {"plannedActivityReference": to("ServiceRequest/step-1"), "progress": [{"text": "slow"}]},
            {"performedActivity": [{"concept": {"text": "rested"}}]},
        ],
    },
    "action_step": {**STEP, "code": {"concept": {"text": "Buy shoes"}}},
    "referral": {
        **{key: value for key, value in REFERRAL.items() if key != "reasonCode"},
        "code": {"concept": {"text": "Coaching"}},
        "reason": [{"concept": {"text": "asked for"}}, {"reference": to("Condition/con-1")}],
    },
    "session": {
        **{key: value for key, value in ENCOUNTER.items()
           if key not in {"statusHistory", "period", "reasonCode", "hospitalization", "class"}},
        "status": "discharged",
        "class": [coded(TERM + "v3-ActCode", "IMP")],
        "participant": [{"type": [coded(TERM + "v3-ParticipationType", "PPRF")], "actor": to("Practitioner/doc-1")}],
        "actualPeriod": {"start": "2026-02-03T09:00:00Z"},
        "reason": [{"value": [{"concept": coded(SCT, "73211009")}]}],
        "diagnosis": [{"condition": [{"reference": to("Condition/con-1")}]}],
        "admission": {"dischargeDisposition": coded(TERM + "discharge-disposition", "home")},
    },
    "coverage": {
        **{key: value for key, value in COVERAGE.items() if key not in {"payor", "class"}},
        "kind": "insurance",
        "insurer": to("Organization/org-1"),
        "class": [{"type": coded(TERM + "coverage-class", "group"), "value": {"value": "G-1"}, "name": "a name"}],
    },
}  # fmt: skip
