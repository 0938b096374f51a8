"""Synthetic resources that keep and break each constraint of the base."""

from constraint_builders import (
    BOTH,
    HOUSE,
    OTHER,
    PATIENT,
    PERSON,
    PLAIN,
    ROLE,
    SAYS,
    UCUM,
    Json,
    appointment,
    asked,
    bundle,
    care_team,
    condition,
    document,
    encounter,
    entry,
    example,
    extended,
    filled,
    goal,
    holding,
    kilograms,
    observation,
    organization,
    provenance,
    request,
    spans,
    target,
    value,
)

from fhir_coaching.lens import R4, R5

# Elements, extensions and resources as such; contained ones.
LINK = "http://synthetic.example/value"
HELD = condition("active") | {"id": "a"}
USED = {"addresses": [{"reference": "#a"}]}
ALONE = {**HELD, "id": "b"}
BACK = {**HELD, "encounter": {"reference": "#"}}
MARKED = holding({**HELD, "meta": {"source": LINK}}, **USED)
NESTED = {**HELD, "contained": [PERSON], "recorder": {"reference": "#p"}}
NOBODY = [{"url": LINK, "valueString": "a", "extension": [{"url": "b", "valueString": "c"}]}]
GENERAL = [
    *example("ele-1", BOTH, "target 0", goal(target=[{"measure": SAYS}]), goal(target=[{"id": "a"}])),
    *example("ext-1", BOTH, "extension 0", extended("valueString", "a"), goal(extension=[{"url": LINK}])),
    *example("ext-1", BOTH, "extension 0", extended("valueString", "a"), goal(extension=NOBODY)),
    *example("dom-2", BOTH, "", holding(HELD, **USED), holding(NESTED, **USED)),
    *example("dom-3", BOTH, "", holding(HELD, **USED), holding(HELD)),
    *example("dom-3", BOTH, "", holding(BACK), holding(HELD, ALONE, **USED)),
    *example("dom-3", BOTH, "", holding(HELD, **USED), holding(HELD, condition("active"), **USED)),
    *example("dom-4", BOTH, "", MARKED, holding({**HELD, "meta": {"versionId": "1"}}, **USED)),
    *example("dom-4", BOTH, "", MARKED, holding({**HELD, "meta": {"lastUpdated": "2026-01-05T10:00:00Z"}}, **USED)),
    *example("dom-5", BOTH, "", MARKED, holding({**HELD, "meta": {"security": [{"code": "R"}]}}, **USED)),
    *example("ref-1", BOTH, "addresses 0", holding(HELD, **USED), holding(HELD, addresses=[{"reference": "#c"}, *USED["addresses"]])),
    *example("ref-1", (R5,), "addresses 0", holding(HELD, **USED), goal(addresses=[{"reference": "#"}])),
    *example("ref-1", BOTH, "contained 0 encounter", holding(BACK), holding({**BACK, "encounter": {"reference": "#c"}}, **USED)),
    *example("ref-2", (R5,), "addresses 0", goal(addresses=[{"display": "a"}]), goal(addresses=[{"type": "Condition"}])),
]  # fmt: skip

# Datatypes.
YEARS = {"value": 40, "system": UCUM, "code": "a"}
ONE = {"value": 3, "system": UCUM, "code": "1"}
METRES = {"value": 3, "system": UCUM, "code": "m"}
ELSEWHERE = "http://synthetic.example/units"
FILTER = {"type": "Goal", "codeFilter": [{"path": "category"}], "dateFilter": [{"path": "start"}]}
NAMED = {"language": "text/fhirpath", "name": "first", "expression": "1"}
SAMPLES = {"origin": kilograms(1), "dimensions": 1, "data": "1 2"}
EVERY = {"interval": 1, "intervalUnit": "s"}
DATA = [{"type": "Goal"}]
AFTER = {"type": "data-added", "data": DATA, "condition": {"language": "text/fhirpath", "expression": "true"}}
PERIODIC = {"type": "periodic", "timingDate": "2026-01-05"}
DATATYPES = [
    *value("age-1", BOTH, "valueAge", YEARS, {**YEARS, "value": 0}),
    *value("age-1", BOTH, "valueAge", YEARS, {"value": 40}),
    *value("age-1", BOTH, "valueAge", YEARS, {**YEARS, "system": ELSEWHERE}),
    *value("att-1", BOTH, "valueAttachment", {"contentType": "text/plain", "data": "YQ=="}, {"data": "YQ=="}),
    *value(
        "av-1", (R5,), "valueAvailability",
        {"availableTime": [{"allDay": True}]},
        {"availableTime": [{"allDay": True, "availableStartTime": "09:00:00"}]},
        "availableTime 0",
    ),
    *value("cnt-3", BOTH, "valueCount", ONE, {**ONE, "code": "2"}),
    *value("cnt-3", BOTH, "valueCount", ONE, {**ONE, "value": 1.5}),
    *value("cod-1", (R5,), "valueCoding", {"system": LINK, "code": "a", "display": "a"}, {"display": "a"}),
    *value("cpt-2", BOTH, "valueContactPoint", {"system": "url", "value": LINK}, {"value": LINK}),
    *value("dis-1", BOTH, "valueDistance", METRES, {"value": 3}),
    *value("dos-1", (R5,), "valueDosage", {"asNeededFor": [SAYS]}, {"asNeeded": False, "asNeededFor": [SAYS]}),
    *value(
        "drq-1", BOTH, "valueDataRequirement",
        FILTER,
        {"type": "Goal", "codeFilter": [{"path": "category", "searchParam": "category"}]},
        "codeFilter 0",
    ),
    *value("drq-2", BOTH, "valueDataRequirement", FILTER, {"type": "Goal", "dateFilter": [{"valueDateTime": "2026"}]}, "dateFilter 0"),
    *value("drt-1", BOTH, "valueDuration", {"value": 1, "system": UCUM, "code": "d"}, {"system": UCUM, "code": "d"}),
    *value("drt-1", BOTH, "valueDuration", {"value": 1}, {"value": 1, "system": ELSEWHERE, "code": "d"}),
    *value("exp-1", BOTH, "valueExpression", NAMED, {"language": "text/fhirpath"}),
    *value("exp-2", (R5,), "valueExpression", NAMED, {**NAMED, "name": "_1"}),
    *value("ident-1", (R5,), "valueIdentifier", {"system": LINK, "value": "a"}, {"system": LINK}),
    *value("per-1", BOTH, "valuePeriod", {"start": "2026-01-05", "end": "2026-01-05"}, {"start": "2026-01-05", "end": "2025-12-31"}),
    *value("per-1", (R4,), "valuePeriod", {"start": "2026", "end": "2027-01"}, {"start": "2026", "end": "2026-01"}),
    *value("per-1", (R5,), "valuePeriod", {"start": "2026-02", "end": "2026"}, {"start": "2027", "end": "2026-03"}),
    *value("qty-3", BOTH, "valueQuantity", kilograms(1), {"value": 1, "code": "kg"}),
    *value("rat-1", BOTH, "valueRatio", {"numerator": ONE, "denominator": ONE}, {"numerator": ONE}),
    *value("rat-1", BOTH, "valueRatio", {"extension": [{"url": LINK, "valueString": "a"}]}, {"id": "a"}),
    *value("ratrng-1", (R5,), "valueRatioRange", {"lowNumerator": ONE, "denominator": ONE}, {"denominator": ONE}),
    *value("rng-2", BOTH, "valueRange", {"low": kilograms(1), "high": kilograms(2)}, {"low": kilograms(3), "high": kilograms(1)}),
    *value("rng-2", (R4,), "valueRange", {"low": {"value": 1}, "high": {"value": 2}}, {"low": {"value": 1}, "high": kilograms(2)}),
    *value("sdd-1", (R5,), "valueSampledData", {**SAMPLES, **EVERY}, {**SAMPLES, **EVERY, "offsets": "1 2"}),
    *value("sqty-1", BOTH, "valueRange", {"low": kilograms(1)}, {"low": kilograms(1, comparator="<")}, "low"),
    *spans("tim-1", {"duration": 1, "durationUnit": "h"}, {"duration": 1}),
    *spans("tim-2", {"period": 1, "periodUnit": "d"}, {"period": 1}),
    *spans("tim-4", {"duration": 0, "durationUnit": "h"}, {"duration": -1, "durationUnit": "h"}),
    *spans("tim-5", {"period": 0.5, "periodUnit": "d"}, {"period": -1, "periodUnit": "d"}),
    *spans("tim-6", {"period": 1, "periodMax": 2, "periodUnit": "d"}, {"periodMax": 2, "periodUnit": "d"}),
    *spans("tim-7", {"duration": 1, "durationMax": 2, "durationUnit": "d"}, {"durationMax": 2, "durationUnit": "d"}),
    *spans("tim-8", {"count": 1, "countMax": 2}, {"countMax": 2}),
    *spans("tim-9", {"offset": 5, "when": ["PC"]}, {"offset": 5, "when": ["PC", "CM"]}),
    *spans("tim-9", {"when": ["CM"]}, {"offset": 5}),
    *spans("tim-10", {"timeOfDay": ["09:00:00"]}, {"timeOfDay": ["09:00:00"], "when": ["PC"]}),
    *value("trd-1", BOTH, "valueTriggerDefinition", AFTER, {**PERIODIC, "data": DATA}),
    *value("trd-2", BOTH, "valueTriggerDefinition", AFTER, {**PERIODIC, "condition": AFTER["condition"]}),
    *value("trd-3", BOTH, "valueTriggerDefinition", PERIODIC, {"type": "periodic"}),
    *value("trd-3", BOTH, "valueTriggerDefinition", AFTER, {"type": "data-added"}),
    *value("trd-3", BOTH, "valueTriggerDefinition", {"type": "named-event", "name": "a"}, {"type": "named-event"}),
]  # fmt: skip

# Resources.
MORNING, LATER = "2026-01-05T10:00:00+01:00", "2026-01-05T09:30:00Z"
BROKEN_OFF: Json = {"status": "cancelled", "cancelationReason": SAYS}
ENDED: Json = {"abatementDateTime": "2026"}
PART = {"code": {"coding": [{"system": LINK, "code": "a"}]}, "valueInteger": 1}
SAME = observation(code=PART["code"], component=[PART])
RANGE = {"low": kilograms(1)}
CLINIC = {"facilityType": SAYS, "practiceSetting": SAYS}
SEEN = encounter(R5) | {"id": "e"}
SAW = {"context": [{"reference": "#e"}]}
GROUP = {"resourceType": "Group", "id": "g", "type": "specimen", "membership": "enumerated"}
TUBE = {"resourceType": "Specimen", "id": "s"}
GROUPED = observation(
    contained=[GROUP | {"member": [{"entity": {"reference": "#s"}}]}, TUBE], specimen={"reference": "#g"}
)
MIXED = observation(
    contained=[GROUP | {"member": [{"entity": {"reference": "#p"}}]}, PERSON], specimen={"reference": "#g"}
)
HOME, WORK = {"use": "home", "system": "url", "value": LINK}, {"use": "work", "system": "url", "value": LINK}
DONE = {
    "resourceType": "Procedure",
    "status": "completed",
    "code": SAYS,
    "subject": PATIENT,
    "contained": [PERSON, HOUSE],
}
BY = {"onBehalfOf": {"reference": "#h"}}
CALLED = [{"actor": {"reference": "#p"}}]
PLAN = {"resourceType": "CarePlan", "status": "active", "intent": "plan", "subject": PATIENT}
STEP = {"detail": {"status": "scheduled"}}
MISSED: Json = {"status": "noshow", "start": MORNING, "end": LATER}
ORDERED = {"parameter": [{"code": SAYS, "valueString": "a"}]}
SERIES = {"originatingAppointment": {"reference": "Appointment/a"}}
ANSWERED = [{"valueString": "a"}]
TOLD_APART = {"linkId": "1.1"}
AGAIN = {"linkId": "1.1", "answer": ANSWERED}
RESOURCES = [
    *example("app-1", BOTH, "participant 0", appointment(), appointment(participant=[{"status": "accepted"}])),
    *example("app-2", BOTH, "", appointment(start=MORNING, end=LATER), appointment(start=MORNING)),
    *example("app-3", BOTH, "", appointment(status="booked", start=MORNING, end=LATER), appointment(status="booked")),
    *example("app-4", (R4,), "", appointment(**BROKEN_OFF), appointment(**{**BROKEN_OFF, "status": "proposed"})),
    *example("app-4", (R4,), "", appointment(**BROKEN_OFF), appointment(**MISSED, cancelationReason=SAYS)),
    *example("app-4", (R5,), "", appointment(**MISSED, cancellationReason=SAYS), appointment(cancellationReason=SAYS)),
    *example("app-5", (R5,), "", appointment(start=MORNING, end=LATER), appointment(start=LATER, end=MORNING)),
    *example("app-5", (R5,), "", appointment(), appointment(start=LATER)),
    *example("app-6", (R5,), "", appointment(**SERIES), appointment(**SERIES, recurrenceTemplate=[{"recurrenceType": SAYS}])),
    *example("app-7", (R5,), "", appointment(status="noshow", cancellationDate="2026"), appointment(cancellationDate="2026")),
    *example("bdystr-1", (R5,), "", request(bodySite=[SAYS]), request(bodySite=[SAYS], bodyStructure={"display": "a"})),
    *example("con-1", BOTH, "stage 0", condition("active", stage=[{"summary": SAYS}]), condition("active", stage=[{"type": SAYS}])),
    *example(
        "con-2", (R4,), "evidence 0",
        condition("active", evidence=[{"code": [SAYS]}]),
        condition("active", evidence=[{"extension": [{"url": LINK, "valueString": "a"}]}]),
    ),
    *example("con-2", (R5,), "", condition("unknown"), condition("unknown", problem=True)),
    *example("con-3", (R4,), "", condition(None, "entered-in-error", problem=True), condition(None, "confirmed", problem=True)),
    *example("con-3", (R5,), "", condition("resolved", **ENDED), condition("active", **ENDED)),
    *example("con-4", (R4,), "", condition("remission", **ENDED), condition("active", **ENDED)),
    *example("con-5", (R4,), "", condition("active", "confirmed"), condition("active", "entered-in-error")),
    *example(
        "cpl-3", (R4,), "activity 0",
        {**PLAN, "activity": [STEP]},
        {**PLAN, "activity": [{**STEP, "reference": {"reference": "Task/a"}}]},
    ),
    *example("ctm-1", BOTH, "participant 0", care_team("#who"), care_team("#other")),
    *example("ctm-1", (R5,), "participant 0", care_team("#who"), care_team("Patient/a")),
    *example(
        "ctm-2", (R5,), "participant 0",
        care_team("#who"),
        {"resourceType": "CareTeam", "participant": [{"effectivePeriod": {"start": "2026"}}]},
    ),
    *example("docRef-1 docRef-2", (R5,), "", document(**CLINIC), document(contained=[SEEN], **CLINIC, **SAW)),
    *example("docRef-1 docRef-2", (R5,), "", document(contained=[SEEN], **SAW), document(contained=[SEEN], **CLINIC, **SAW)),
    *example("enc-1", (R5,), "participant 0", encounter(R5, {"actor": PATIENT}), encounter(R5, {"period": {"start": "2026"}})),
    *example(
        "enc-2", (R5,), "participant 0",
        encounter(R5, {"actor": {"reference": "#a"}}) | {"contained": [PLAIN | {"id": "a"}]},
        encounter(R5, {"actor": {"reference": "#a"}, "type": [SAYS]}) | {"contained": [PLAIN | {"id": "a"}]},
    ),
    *example("gol-1", BOTH, "target 0", target(detailString="a"), goal(target=[{"detailString": "a"}])),
    *example("obs-3", BOTH, "referenceRange 0", observation(referenceRange=[RANGE]), observation(referenceRange=[{"type": SAYS}])),
    *example("obs-6", BOTH, "", observation(valueString="a"), observation(valueString="a", dataAbsentReason=SAYS)),
    *example("obs-7", BOTH, "", SAME, {**SAME, "valueInteger": 1}),
    *example("obs-8", (R5,), "", observation(bodySite=SAYS), observation(bodySite=SAYS, bodyStructure={"display": "a"})),
    *example("obs-9", (R5,), "specimen", GROUPED, MIXED),
    *example("org-1", BOTH, "", organization(), {"resourceType": "Organization", "active": True}),
    *example("org-2", (R4,), "address 0", organization(address=[{"use": "work"}]), organization(address=[{"use": "home"}])),
    *example("org-3", (R4,), "telecom 0", organization(telecom=[WORK]), organization(telecom=[HOME])),
    *example("org-3", (R5,), "contact 0", organization(contact=[{"telecom": [WORK]}]), organization(contact=[{"telecom": [HOME]}])),
    *example(
        "org-4", (R5,), "contact 0",
        organization(contact=[{"address": {"use": "work"}}]),
        organization(contact=[{"address": {"use": "home"}}]),
    ),
    *example("pat-1", BOTH, "contact 0", {**PLAIN, "contact": [{"name": SAYS}]}, {**PLAIN, "contact": [{"gender": "other"}]}),
    *example(
        "prc-1", (R5,), "performer 0",
        {**DONE, "performer": [{"actor": {"reference": "#h"}, **BY}, *CALLED]},
        {**DONE, "performer": [{"actor": {"reference": "#p"}, **BY}]},
    ),
    *example("prov-1", (R5,), "agent 0", provenance("#p", "#h", PERSON, HOUSE), provenance("#h", "#h", HOUSE)),
    *example(
        "prov-2", (R5,), "agent 0",
        provenance("#r", "#q", PERSON, HOUSE, ROLE, {**PERSON, "id": "q"}),
        provenance("#r", "#p", PERSON, HOUSE, ROLE),
    ),
    *example(
        "prov-3", (R5,), "agent 0",
        provenance("#i", "#r", PERSON, HOUSE, ROLE, {**HOUSE, "id": "i"}),
        provenance("#h", "#r", PERSON, HOUSE, ROLE),
    ),
    *example("prr-1", (R4,), "", request(code=SAYS, orderDetail=[SAYS]), request(orderDetail=[SAYS])),
    *example("prr-1", (R5,), "", request(code={"concept": SAYS}, orderDetail=[ORDERED]), request(orderDetail=[ORDERED])),
    *example("qrs-1", BOTH, "item 0", filled(item=[TOLD_APART]), filled(item=[TOLD_APART], answer=ANSWERED)),
    *example("qrs-2", (R5,), "item 0", filled(answer=ANSWERED), filled(answer=[{"valueString": "a", "item": [AGAIN, AGAIN]}])),
]  # fmt: skip

# Bundles.
ADDRESS = {"link": [{"relation": "self", "url": LINK}]}
SEARCHED = bundle("searchset", entry(PLAIN, search={"mode": "match"}), total=1, **ADDRESS)
ANSWER: Json = {"response": {"status": "200"}}
MEANT = {"identifier": {"system": LINK, "value": "a"}, "timestamp": MORNING}
COMPOSITION = {"resourceType": "Composition", "id": "1", "status": "final", "type": SAYS, "date": "2026", "title": "a"}
HEADER = {"resourceType": "MessageHeader", "id": "1", "eventUri": LINK, "source": {"endpoint": LINK}}
STATUS = {"resourceType": "SubscriptionStatus", "id": "1", "type": "handshake"}
HISTORY = bundle("history", entry(PLAIN, **asked("PUT"), **ANSWER))
SENT = bundle("transaction", entry(PLAIN, **asked("PUT")))
TOLD = bundle("transaction-response", entry(None, **ANSWER))
AMISS = {"resourceType": "OperationOutcome", "id": "o", "issue": [{"severity": "error", "code": "invalid"}]}
MILDLY = {**AMISS, "issue": [{"severity": "warning", "code": "invalid"}]}
PAPER = bundle("document", entry(COMPOSITION), **MEANT)
BUNDLES = [
    *example("bdl-1", BOTH, "", SEARCHED, bundle("collection", entry(PLAIN), total=1)),
    *example("bdl-2", BOTH, "", SEARCHED, bundle("collection", entry(PLAIN, search={"mode": "match"}))),
    *example("bdl-3", (R4,), "", SENT, bundle("transaction", entry(PLAIN))),
    *example("bdl-3", (R4,), "", HISTORY, bundle("collection", entry(PLAIN, **asked("PUT")))),
    *example("bdl-3a", (R5,), "", bundle("collection", entry(PLAIN)), bundle("collection", entry(PLAIN, **asked("PUT")))),
    *example("bdl-3b", (R5,), "", HISTORY, bundle("history", entry(PLAIN, **asked("PUT")))),
    *example("bdl-3b", (R5,), "", HISTORY, bundle("history", entry(None, **asked("PUT"), **ANSWER))),
    *example("bdl-3c", (R5,), "", SENT, bundle("transaction", entry(None, **asked("PUT")))),
    *example("bdl-3d", (R5,), "", TOLD, bundle("transaction-response", entry(PLAIN))),
    *example("bdl-4", (R4,), "", TOLD, bundle("transaction-response", entry(PLAIN))),
    *example("bdl-4", (R4,), "", HISTORY, bundle("collection", entry(PLAIN, **ANSWER))),
    *example("bdl-5", BOTH, "entry 0", bundle("collection", entry(PLAIN)), bundle("collection", entry())),
    *example("bdl-7", BOTH, "", bundle("collection", entry(PLAIN), entry(OTHER, 2)), bundle("collection", entry(PLAIN), entry(PLAIN))),
    *example(
        "bdl-8", BOTH, "entry 0",
        bundle("collection", entry(PLAIN)),
        bundle("collection", entry(PLAIN) | {"fullUrl": "http://synthetic.example/Patient/1/_history/1"}),
    ),
    *example("bdl-9", BOTH, "", PAPER, {**PAPER, "identifier": {"value": "a"}}),
    *example("bdl-10", BOTH, "", PAPER, {key: value for key, value in PAPER.items() if key != "timestamp"}),
    *example("bdl-11", BOTH, "", PAPER, {**PAPER, "entry": [entry(PLAIN)]}),
    *example("bdl-12", BOTH, "", bundle("message", entry(HEADER)), bundle("message", entry(PLAIN))),
    *example("bdl-13", (R5,), "", bundle("subscription-notification", entry(STATUS)), bundle("subscription-notification", entry(PLAIN))),
    *example("bdl-14", (R5,), "", HISTORY, bundle("history", entry(PLAIN, **asked("PATCH"), **ANSWER))),
    *example("bdl-15", (R5,), "", bundle("collection", entry(PLAIN)), bundle("collection", {"resource": PLAIN})),
    *example("bdl-16", (R5,), "", bundle("searchset", issues=MILDLY, **ADDRESS), bundle("searchset", issues=AMISS, **ADDRESS)),
    *example("bdl-17", (R5,), "", PAPER, {**PAPER, "issues": MILDLY}),
    *example("bdl-18", (R5,), "", SEARCHED, bundle("searchset", entry(PLAIN))),
]  # fmt: skip

EXAMPLES = [*GENERAL, *DATATYPES, *RESOURCES, *BUNDLES]
