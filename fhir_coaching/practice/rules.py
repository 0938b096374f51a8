"""What a practice must or should fill in, as a table. The id of a rule is stable: it is counted and looked up."""

from dataclasses import dataclass

from fhir_coaching.errors import ERROR, INFORMATION, WARNING, Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; an error stops a push. `spec` says where it comes from, if not from this project."""

    severity: str  # error, warning, information
    message: str
    hint: str = ""
    spec: str = ""


_CORE = "https://hl7.org/fhir/us/core/StructureDefinition-us-core-"
_R4 = "https://hl7.org/fhir/R4/"

RULES: dict[str, Rule] = {
    # People and places
    "patient-name": Rule(ERROR, "has no name", "add `names`", f"{_CORE}patient.html"),
    "patient-sex": Rule(ERROR, "has no sex", "add `sex`; `unknown` is a value", f"{_CORE}patient.html"),
    "patient-death": Rule(ERROR, "died before being born", "correct `deceased` or `birth_date`"),
    "practitioner-name": Rule(ERROR, "has no name", "add `names`", f"{_CORE}practitioner.html"),
    "practitioner-family": Rule(ERROR, "a name without `family`", "add `family`", f"{_CORE}practitioner.html"),
    "practitioner-telecom": Rule(
        ERROR,
        "has a role, but no phone number or mail address",
        "add `telecoms`, or leave out `organization`, `roles` and `taxonomies`",
        f"{_CORE}practitionerrole.html",  # pd-1
    ),
    "npi": Rule(ERROR, "no NPI: ten digits, of which the last checks the others", "correct `npi`, or leave it out"),
    "related-person-active": Rule(
        ERROR, "does not say whether the relation stands", "add `active`", f"{_CORE}relatedperson.html"
    ),
    "related-person-name": Rule(
        ERROR, "has neither a name nor a relationship", "add `names` or `relationship`", f"{_CORE}relatedperson.html"
    ),
    "organization-name": Rule(ERROR, "has no name", "add `name`", f"{_CORE}organization.html"),
    "organization-active": Rule(
        ERROR, "does not say whether it is still there", "add `active`", f"{_CORE}organization.html"
    ),
    "organization-home": Rule(
        ERROR, "an organization has no home", "correct `use`", f"{_R4}organization.html#invs"  # org-2, org-3
    ),
    "language-tag": Rule(WARNING, "no language tag", "write it as `es` or `pt-BR`", "https://www.rfc-editor.org/rfc/bcp/bcp47.txt"),
    "place-name": Rule(ERROR, "has no name", "add `name`", f"{_CORE}location.html"),
    "place-kind": Rule(
        WARNING, "a kind in words alone", "add a code", f"{_CORE}location.html"  # from 8.0.0 on
    ),
    # Goals
    "goal-start": Rule(
        WARNING, "has neither a start nor a date due", "add `start` or a target's `due`", f"{_CORE}goal.html"
    ),
    "goal-detail": Rule(
        ERROR, "a target's `detail` without `measure`", "say what is measured", f"{_R4}goal.html#invs"  # gol-1
    ),
    "goal-achievement": Rule(WARNING, "is completed and does not say how it ended", "add `achievement`"),
    "goal-reason": Rule(WARNING, "is on hold or abandoned and does not say why", "add `state_reason`"),
    "goal-changed": Rule(WARNING, "its state changed before it started", "correct `state_changed_on` or `start`"),
    "goal-due": Rule(WARNING, "is due before the goal starts", "correct `due` or `start`"),
    "key-twice": Rule(ERROR, "has the key of another item", "give each its own, or none", f"{_R4}element.html"),
    "range-order": Rule(
        ERROR,
        "is above `high`, or in words of another unit",
        "exchange them, or give the units' codes",
        f"{_R4}datatypes.html#Range",  # rng-2
    ),
    "plain-amount": Rule(
        ERROR,
        "a comparator in a range or under a ratio",
        "leave it out",
        f"{_R4}datatypes.html#SimpleQuantity",  # of a ratio in R5 only
    ),
    "many-digits": Rule(
        WARNING,
        "more digits than R5 takes: 18 before the point, 17 behind it",
        "choose a larger or smaller unit",
        "https://hl7.org/fhir/R5/datatypes.html#decimal",
    ),
    "period-order": Rule(ERROR, "ends before it starts", "correct one of both", f"{_R4}datatypes.html#Period"),  # per-1
    "period-unclear": Rule(
        WARNING,
        "start and end do not show which is earlier: R4 servers may refuse them",
        "write both alike: as years, months, days or times",
        f"{_R4}datatypes.html#Period",  # per-1, as HL7's validator reads it, 2026-11
    ),
    "goal-loop": Rule(ERROR, "is its own parent, over one or more goals", "correct `parent`"),
    # Conditions, referrals, steps and engagements
    "condition-concept": Rule(ERROR, "does not say what it is", "add `concept`", f"{_CORE}condition-problems-health-concerns.html"),
    "condition-category": Rule(
        ERROR, "stands on no list", "add `categories`", f"{_CORE}condition-problems-health-concerns.html"
    ),
    "condition-status": Rule(
        WARNING,
        "is on the problem list and does not say whether it is still there",
        "add `clinical_status`",
        f"{_R4}condition.html#invs",  # con-3
    ),
    "condition-in-error": Rule(
        ERROR, "is in error and has a status besides", "leave out `clinical_status`", f"{_R4}condition.html#invs"  # con-5
    ),
    "referral-requested": Rule(
        ERROR, "does not say what is asked for", "add `requested`", f"{_CORE}servicerequest.html"
    ),
    "referral-units": Rule(WARNING, "authorises nothing", "correct `authorised_units`, or leave it out"),
    "step-text": Rule(ERROR, "does not say what is to be done", "add `text`", f"{_CORE}servicerequest.html"),
    "step-goals": Rule(ERROR, "serves no goal", "add `goals`"),
    "step-result": Rule(WARNING, "has ended and does not say how it went", "add `result`"),
    "schedule-period": Rule(
        WARNING, "does not say within what time", "add `period` and `unit`; a period is more than 0"
    ),
    "engagement-reason": Rule(WARNING, "is on hold or discontinued and does not say why", "add `status_reason`"),
    "engagement-end": Rule(WARNING, "is over and does not say since when", "add `period.end`"),
    "coach-role": Rule(ERROR, "does not say what a coach is to it", "add `role`", f"{_CORE}careteam.html"),
    "coach-primary": Rule(
        WARNING, "has several primary coaches, so that its plan names nobody as responsible", "let one be `primary`"
    ),
    "listed-twice": Rule(WARNING, "stands in the list already", "leave one out"),
    # Sessions
    "session-practitioner": Rule(ERROR, "names no practitioner", "add `practitioner`"),
    "session-time": Rule(ERROR, "is finished, but has neither contact nor minutes", "add `contact` or `minutes`"),
    "session-booked": Rule(
        ERROR,
        "a booking without both ends of its time",
        "add `booking.planned` with `start` and `end`; a cancelled booking may have neither",
        f"{_R4}appointment.html#invs",  # app-2, app-3
    ),
    "session-reason": Rule(
        ERROR,
        "a reason, though the booking is not cancelled",
        "leave out `booking.reason`, or correct `booking.state`",
        f"{_R4}appointment.html#invs",  # app-4, which means to allow it for a no-show and misspells its code
    ),
    "session-no-show": Rule(ERROR, "was missed, yet is not cancelled", "let `status` be `cancelled`"),
    "session-units": Rule(ERROR, "counts units of no service", "add `cpt`, or leave out `units`", f"{_CORE}procedure.html"),
    "note-media-type": Rule(
        ERROR,
        "a file whose media type is missing or is none",
        "add `note.media_type`, such as `application/pdf`",
        f"{_CORE}documentreference.html",  # required until US Core 4
    ),
    "interval-order": Rule(ERROR, "ends before it starts", "correct `start` or `end`"),
    "interval-overlap": Rule(ERROR, "starts before the one before it has ended", "let the intervals follow each other"),
    "session-minutes": Rule(WARNING, "more minutes than its contact lasted", "correct `minutes` or `contact`"),
    "time-zone": Rule(ERROR, "no time zone of the IANA database", "write it as `America/New_York`"),
    "cpt-group": Rule(ERROR, "0593T is for a session in a group, 0591T and 0592T are not", "correct `cpt` or `group`"),
    "cpt-async": Rule(
        ERROR, "contact by messages cannot be reported with a CPT code", "leave out `cpt`, or correct `modality`"
    ),
    "cpt-phase": Rule(WARNING, "the CPT code and the phase do not fit", "0591T is initial, 0592T is a follow-up"),
    "session-after-death": Rule(
        ERROR, "takes place after the patient's death", "correct the session, or the patient's `deceased`"
    ),
    # Billing
    "coverage-member": Rule(ERROR, "has no member id", "add `member_id`", f"{_CORE}coverage.html"),  # us-core-15
    "coverage-relationship": Rule(
        ERROR,
        "does not say what the patient is to the subscriber",
        "add `relationship`; `self` is a value",
        f"{_CORE}coverage.html",
    ),
    "claim-draft": Rule(ERROR, "is not to be submitted yet, and says that it is active", "set `status` to `draft`"),
    "claim-sequence": Rule(
        ERROR, "a number that another item of the list has already", "give each item a `sequence` of its own"
    ),
    "claim-pointer": Rule(
        ERROR, "points to a sequence that nothing on the claim has", "correct it, or add the diagnosis or person"
    ),
    "claim-net": Rule(ERROR, "is not the units times the unit price", "correct one of the three"),
    "claim-total": Rule(ERROR, "is not the sum of the lines' net", "correct it or a line's `net`"),
    "claim-currency": Rule(ERROR, "another currency than before it on the claim", "bill in one currency"),
    "claim-coverage": Rule(
        ERROR, "a coverage that stands on the claim already", "one is billed in `coverage`, each other one stands once"
    ),
    "claim-prior": Rule(ERROR, "replaces or voids itself", "name the earlier claim in `prior`"),
    # Resources of others
    "stranger": Rule(INFORMATION, "a type of resource that no mapping reads"),
    "stranger-part": Rule(INFORMATION, "a type that is read only as a part of a record of this practice"),
    "superseded": Rule(INFORMATION, "what was replaced by another resource"),
    # Privacy
    "group-id": Rule(ERROR, "its id holds the id of its group or of a member", "give it an opaque id, such as a UUID"),
    "group-stem": Rule(
        ERROR, "its id begins as that of another session in its group", "give both opaque ids, such as UUIDs"
    ),
    "group-member": Rule(ERROR, "lists a session that names another group or none", "correct its `group`, or the list"),
    "other-patient": Rule(ERROR, "names somebody who belongs to another patient", "a record is about one patient only"),
}  # fmt: skip


def finding(rule: str, place: str, path: str = "", about: str = "") -> Finding:
    """A finding by its rule; `about` is a record id that the message shows."""
    its = RULES[rule]
    message = f"{its.message}: {about}" if about else its.message
    return Finding(rule, its.severity, message, " ".join(filter(None, (place, path))), its.hint)
