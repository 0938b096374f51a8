"""Code systems, identifier systems and extensions, each by its address.

What this project had to coin because no standard has it lies under `OWN`, an address that is to be registered before 1.0.
"""

HL7 = "http://hl7.org/fhir/StructureDefinition/"
TERM = "http://terminology.hl7.org/CodeSystem/"

UCUM = "http://unitsofmeasure.org"
CPT = "http://www.ama-assn.org/go/cpt"  # codes only, bare: their wording is licensed
NUCC = "http://nucc.org/provider-taxonomy"
NPI = "http://hl7.org/fhir/sid/us-npi"
EIN = "urn:oid:2.16.840.1.113883.4.4"
BCP_47 = "urn:ietf:bcp:47"

ACT_CODE = TERM + "v3-ActCode"
PARTICIPATION = TERM + "v3-ParticipationType"
ORGANIZATION_TYPE = TERM + "organization-type"
GOAL_CATEGORY = TERM + "goal-category"
GOAL_PRIORITY = TERM + "goal-priority"
SUBJECT_STATUS = TERM + "encounter-subject-status"
CONTACT_PURPOSE = TERM + "contactentity-type"
PCO_DOMAIN = "http://hl7.org/fhir/us/pco/CodeSystem/pco-goal-domains"

ABSENT_REASON = HL7 + "data-absent-reason"
TIME_ZONE = HL7 + "timezone"
ANNOTATION_TYPE = HL7 + "annotationType"
GOAL_RELATIONSHIP = HL7 + "goal-relationship"
PERTAINS_TO_GOAL = HL7 + "resource-pertainsToGoal"
GOAL_CONTINUOUS = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Goal.continuous"  # the R5 element, in R4
GAS_LEVEL = "http://hl7.org/fhir/us/pco/StructureDefinition/pco-goal-attainment-scaling"

OWN = "https://w3id.org/fhir-coaching/"
OWN_CODES, OWN_EXTENSIONS = OWN + "CodeSystem/", OWN + "StructureDefinition/"
FOCUS = OWN_CODES + "focus-area"
HORIZON = OWN_CODES + "goal-horizon"
RELATIONSHIP = OWN_CODES + "goal-relationship"
ASPECT = OWN_CODES + "note-aspect"
SERVICE = OWN_CODES + "service"
PHASE = OWN_CODES + "session-phase"
MODALITY = OWN_CODES + "session-modality"
SETTING = OWN_CODES + "session-setting"
CREDENTIAL = OWN_CODES + "credential"
TAG = OWN_CODES + "tag"
GAS_SCORE = OWN_CODES + "goal-attainment"
INTERVAL = OWN_EXTENSIONS + "contact-interval"
BAND = OWN_EXTENSIONS + "minutes-between"
SESSION_NUMBER = OWN_EXTENSIONS + "session-number"
