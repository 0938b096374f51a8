"""Each rule that no constraint of the specification stands for, in one sentence; and what is not checked."""

from fhir_coaching.errors import ERROR, INFORMATION, WARNING

# Severities, worst first, and the sentence.
RULES: dict[str, tuple[tuple[str, ...], str]] = {
    "type": ((ERROR,), "another JSON type than the definition has, or no name of a resource type"),
    "unknown": ((ERROR,), "an element that FHIR does not have here"),
    "cardinality": ((ERROR,), "a required element is missing, or one stands where none may"),
    "choice": ((ERROR,), "two types of a value that has one"),
    "format": ((ERROR, WARNING), "a primitive that is not spelt as its type wants, such as a day that no calendar has"),
    "code": ((ERROR, WARNING), "no code of the value set (extensible: a warning) or of its code system (one that grows: a warning)"),
    "system": ((ERROR, WARNING), "a code system that goes by another address, or by none that is absolute"),
    "fixed": ((ERROR,), "another value than the one that is fixed"),
    "pattern": ((ERROR,), "a value without what the pattern asks for"),
    "target": ((ERROR,), "a reference to a type of resource that is not allowed there, or that says another type than it leads to"),
    "reference": ((ERROR, WARNING), "a reference that is no address"),
    "url": ((ERROR,), "an extension or an identifier's system that is not named by an absolute URI"),
    "modifier": ((ERROR,), "an unknown modifier extension, which may change what is meant; one that is none, or stands among the others"),
    "id": ((ERROR,), "two elements of a resource with one id"),
    "contained": ((ERROR,), "a contained resource without an id, or with another one's"),
    "bundle": ((ERROR,), "an entry of a Bundle whose fullUrl is missing, relative or another resource's"),
    "narrative": ((ERROR, WARNING), "a narrative that is not the XHTML that FHIR allows, or runs programs"),
    "txt-1": ((ERROR,), "an element or attribute of HTML that narratives may not have"),
    "txt-2": ((ERROR,), "a narrative that says nothing"),
    "slice": ((ERROR, WARNING), "of a list that a profile divides: items that are missing, too many or of no part of it"),
    "profile": ((ERROR,), "a profile in meta.profile that is for another type, or that its guide does not have"),
    "extension": ((ERROR, WARNING), "an extension where its definition does not allow it, or that its guide does not have"),
    "not-evaluated": ((INFORMATION,), "a constraint, profile or value set that could not be asked, and why: neither kept nor broken"),
    "depth": ((ERROR,), "nested too deeply to be checked"),
    "not-checked": ((INFORMATION,), "a type of resource that stands in no table here: nothing of it is checked"),
    "no-profile": ((INFORMATION,), "a type of which a guide that is asked for has no profile, or several and none is named"),
    # Between elements of one resource, where no definition says it.
    "claim-sequence": ((ERROR,), "two items of a claim's list with one number"),
    "claim-pointer": ((ERROR,), "a line that points to a diagnosis, a person or information that the claim does not have"),
    "claim-focal": ((ERROR, WARNING), "two insurances that are to be billed; a warning where there is none"),
    "claim-net": ((ERROR,), "a line's net that is not the quantity times the unit price, times the factor, to the cent"),
    "claim-total": ((ERROR,), "a total that is not the sum of the lines' net"),
    "claim-currency": ((ERROR,), "two currencies on one claim"),
    "date-order": ((ERROR,), "an end before the start: of an appointment, a condition, a life"),
    "duration-unit": ((ERROR,), "a duration in a unit that is none of time"),
    "npi": ((ERROR,), "a National Provider Identifier whose check digit is wrong"),
    "agent-behalf": ((ERROR,), "somebody who acts on behalf of himself"),
    "goal-due": ((WARNING,), "a target that is due before its goal starts"),
    "length": ((WARNING,), "a length that is more than the time from start to end"),
    "outside": ((WARNING,), "a part that begins before the whole, or ends after it"),
}  # fmt: skip

NOT_CHECKED: tuple[str, ...] = (
    "profiles and guides that are not asked for, meta.profile of a resource included",
    "whether codes exist in LOINC, SNOMED CT, CPT and others that no package counts out, and whether displays fit their codes",
    "preferred and example bindings, and value sets too large to be listed, but for the systems that a guide's draw on",
    "whether what a reference leads to outside the resource or its Bundle is there, and what it is",
    "what stands in extensions that are unknown here, modifier extensions aside",
    "the questionnaire of a QuestionnaireResponse, and the definitions behind a StructureDefinition",
    "dom-6, that a resource should have a narrative: best practice, which next to nobody follows",
    "XML and other formats than JSON",
)
