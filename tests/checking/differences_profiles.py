"""Where `checks` with profiles and the validation engine with their guide differ and are meant to, each with its reason."""

from checking.differences import DIFFERENCES, FALSE, MISSED, Difference

# What the base leaves open and a guide does not: the extensions that it defines.
PROFILES: tuple[Difference, ...] = (
    # What follows from another error, which both report.
    Difference(
        MISSED,
        r"StructureDefinition/|^other |^code |^invariant ",
        "a profile of another type of resource is refused as such; the engine asks it of the resource, in which all is missing",
        beside="profile",
    ),
    Difference(
        MISSED,
        "^cardinality Validation_VAL_Profile_Minimum_SLICE",
        "what tells the items of a slice is of the wrong type, which is found",
        beside="type",
    ),
    Difference(
        MISSED,
        "^(target|invariant ref-1) .*payer",
        "what is contained is of no known type, which is found: the engine then takes it for absent",
        beside="type",
    ),
    Difference(FALSE, "^profile profile at meta.profile", "the same, of ours: the engine says what follows from it"),
    Difference(
        MISSED,
        "^invariant vs-2 ",
        "a part of the value, or of what stands for it, is broken, which is found; whether it counts as there is not judged",
        beside="type|unknown|cardinality|invariant ele-1",
    ),
    Difference(
        FALSE,
        r"^code code at component\[\d+\]\.valueQuantity: ",
        "units of a blood pressure's parts: the engine looks at the one that is fixed, not at the required value set",
    ),
    # What is not claimed.
    Difference(
        MISSED,
        "^other SLICING_CANNOT_BE_EVALUATED",
        "the engine lacks the guide of a slice's extensions and takes that for an error",
    ),
    Difference(
        MISSED,
        r"http://hl7.org/fhir/StructureDefinition/(workflow-|resource-)|https://w3id.*StructureDefinition|^invariant ext-1 .* at :",
        "a resource that says an extension's definition for its profile, of one that is in no guide at hand",
    ),
    Difference(MISSED, "_CANONICAL_TYPE |_URL_INTERNAL ", "what a canonical address leads to"),
    Difference(MISSED, "UNKNOWN_NOT_POLICY ", "a profile that is in no guide at hand is information here"),
    # Where the specification is on our side.
    Difference(
        MISSED,
        r"^format TYPE_SPECIFIC_CHECKS_CANONICAL_ABSOLUTE .* '(?!https?:|urn:)[A-Za-z][A-Za-z0-9+.-]*:\S*'$",
        "an absolute address (RFC 3986) has any scheme, in any case; the engine knows only http, https and urn",
    ),
    Difference(
        FALSE,
        "^format format at .*: not of type dateTime ' '",
        "one blank: the pattern of the type forbids it; the engine warns",
    ),
    Difference(
        FALSE,
        r"^format fixed at .*",
        "a fixed value that is not there, but why: https://hl7.org/fhir/R4/elementdefinition.html asks for it exactly",
    ),
    Difference(
        FALSE,
        "^invariant provenance-1 ",
        "a practitioner known by the address alone: the engine looks only at what is at hand, and then says the same",
    ),
    # What is not found yet.
    Difference(MISSED, "^extension Extension_EXT_Url_NotFound", "a url that has only extensions"),
    Difference(MISSED, "^format Terminology_TX_System_Relative at .*xtension", "a relative system in a known extension"),
    Difference(
        MISSED,
        "^invariant us-core-(2|7|15) ",
        "an element that is there, but has nothing in it that could be: the engine reads it as absent",
        beside="unknown|cardinality|invariant ele-1",
    ),
)  # fmt: skip

GUIDED = (*DIFFERENCES, *PROFILES)
