"""Where `checks` and the validation engine differ and are meant to, each with its reason. What matches nothing is a failure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from checking.compare import Said, Verdict, parent

from fhir_coaching.lens import R4, R5, Version

MISSED, FALSE = "missed", "false"


@dataclass(frozen=True, slots=True)
class Difference:
    """Errors that one of the two reports and the other does not."""

    outcome: str  # MISSED: the engine's alone; FALSE: ours alone
    pattern: str  # found in `class rule at place: text`
    reason: str
    below: str = ""  # only with one of ours, of such a class, on a part of that element: it follows from this
    above: str = ""  # only with one of ours, of such a class, on an element that it is in
    beside: str = ""  # only where there is one of ours of such a class, wherever
    versions: tuple[Version, ...] = (R4, R5)
    seldom: bool = False  # not met in every run

    def covers(self, outcome: str, said: Said, ours: Sequence[Said], version: Version) -> bool:
        """Whether an error is one of these."""
        text = f"{said.kind} {said.rule} at {said.places[0]}: {said.text}"
        return (
            outcome == self.outcome
            and version in self.versions
            and re.search(self.pattern, text) is not None
            and (not self.below or any(is_below(one, said) for one in ours if re.fullmatch(self.below, one.kind)))
            and (not self.above or any(is_above(one, said) for one in ours if re.fullmatch(self.above, one.kind)))
            and (not self.beside or any(re.fullmatch(self.beside, one.kind) for one in ours))
        )


def is_below(one: Said, said: Said) -> bool:
    """Whether an error is on a part of the element that another is on, or on a part of the part."""
    return said.places[0] in {parent(one.places[0]), parent(parent(one.places[0])) or None}


def is_above(one: Said, said: Said) -> bool:
    """Whether an error is on something that another is within; what has no known type is refused as a whole."""
    place, here = one.places[0], said.places[0]
    if place.endswith("resourceType"):
        return here.startswith(parent(place))
    return here.startswith((f"{place}.", f"{place}["))


DIFFERENCES: tuple[Difference, ...] = (
    # What follows from another error, which both report.
    Difference(
        MISSED,
        "^(invariant|code) ",
        "a part of what the rule speaks of is broken, which is found; whether it counts as there is not judged",
        below="type|format|unknown|invariant ele-1|cardinality",
    ),
    Difference(
        FALSE,
        "^(invariant|code) ",
        "the same, of ours: a part of the wrong type, which both report, is there all the same",
        below="cardinality|type",
    ),
    Difference(MISSED, "", "in what is unknown or of the wrong type nothing more is asked", above="type|unknown"),
    Difference(
        MISSED,
        "^extension Extension_EXT",
        "the extension's value, or that it is a list, is broken, which is found: what its definition asks of it is not told besides",
        below="type|unknown|cardinality",
    ),
    Difference(
        MISSED,
        "^extension Extension_EXTP_Context_Wrong .*/annotationType ",
        "R5 has it in a later pack than the one at hand: what it holds is known, where it may stand is not",
        versions=(R5,),
    ),
    Difference(
        MISSED,
        "^unknown Validation_VAL_Profile_NotAllowed ",
        "in a value of a type that the extension may not have, which is found",
        above="extension",
    ),
    Difference(MISSED, "^language ", "no known language: the engine then refuses every code in the resource"),
    # What is not claimed.
    Difference(
        MISSED,
        r"^code Unknown_Code_in_Version .*terminology\.hl7\.org",
        "a warning here: HL7's terminology grows, and may have the code in a later edition",
    ),
    Difference(
        MISSED,
        r"^code Unknown_Code_in_Version .* in the CodeSystem '[^']*/StructureDefinition/",
        "the address of a definition in the place of a code system's, which is known of nothing here",
    ),
    Difference(
        MISSED,
        "^code Unknown_Code_in_Version .* in the CodeSystem 'http://hl7.org/fhir/us/core/",
        "the code systems of a guide, which an engine knows that was asked about the guide before",
        versions=(R4,),
        seldom=True,
    ),
    Difference(
        FALSE,
        r"^code code at .*\.code: no code of its code system '",
        "the engine does not always look: the same code in the same place is an error of one resource and not of another",
    ),
    Difference(MISSED, "^code Meta_RES_Security_Duplicate", "a label said twice: no rule of the specification"),
    Difference(
        MISSED,
        "^code Terminology_TX_System_Invalid .*'http://loinc.org/'",
        "how terminologies spell their addresses",
        versions=(R4,),
    ),
    Difference(MISSED, "^code .*unitsofmeasure", "whether UCUM knows a unit"),
    Difference(
        MISSED,
        r"^code Terminology_TX_NoValid_(16 at language:|1_CC at [\w.\[\]]+\.language: )",
        "a language tag that is well formed and not registered",
        versions=(R5,),
    ),
    Difference(
        MISSED,
        "^invariant dom-3 ",
        "the reference to a contained resource stands in an element that is unknown",
        versions=(R4,),
    ),
    Difference(MISSED, "^code Display_Name", "the display that a code has in its system", versions=(R4,)),
    # Java leaves out the message of an exception that it has thrown often: then `null` stands where `Cannot invoke` stood.
    Difference(
        MISSED, "^invariant rng-2 .*(Cannot invoke|null None)", "the engine fails on amounts that it cannot compare"
    ),
    Difference(MISSED, "^invariant rng-2 ", "the engine takes 1E-10 min for more than 15 min", versions=(R5,)),
    Difference(
        MISSED,
        r"^format Type_Specific_Checks_DT_Time_Valid .*'\d\d:\d\d:\d\d\.\d+'",
        "a time may have parts of a second: https://hl7.org/fhir/R4/datatypes.html#time",
        seldom=True,
    ),
    Difference(MISSED, "XHTML_Resolve", "where a link within a narrative leads to"),
    # Where the specification is on our side.
    Difference(
        MISSED,
        "^format TYPE_SPECIFIC_CHECKS_DT_ATT_B64",
        "white space behind base64, which R4 allows: https://hl7.org/fhir/R4/datatypes.html#base64Binary",
        versions=(R4,),
    ),
    Difference(
        MISSED,
        r"^format Type_Specific_Checks_DT_Identifier_System .* '(?!https?:|urn:)[A-Za-z][A-Za-z0-9+.-]*:\S*'$",
        "an absolute address (RFC 3986) has any scheme, in any case; the engine knows only http, https and urn",
    ),
    Difference(
        FALSE,
        "^code code at language: ",
        "Resource.language in R4, of all-languages at most (its maximum value set): the engine meets it only on a code's way",
        versions=(R4,),
    ),
    Difference(
        FALSE,
        "^format format at .*: not of type (uri|code|instant|time) ' '",
        "one blank: the patterns of these types forbid it; the engine takes it for nothing",
    ),
    Difference(
        FALSE,
        "^invariant ele-1 .*: an empty list",
        "https://hl7.org/fhir/R4/json.html: an array cannot be empty; the engine passes over those of primitives",
    ),
    Difference(
        FALSE,
        "^invariant ele-1 .*: an object without content",
        "ele-1 asks for more than an id: `children().count() > id.count()`; the engine is content with one",
    ),
    Difference(
        FALSE,
        "^type type at resourceType: ",
        "Element and DomainResource are abstract: no resource says that it is one; the engine takes them as types",
    ),
    Difference(
        FALSE,
        "^invariant dom-2 ",
        "something in `contained` of a contained resource that is no object, which both report: it is there all the same",
        versions=(R4,),
    ),
    Difference(
        FALSE,
        r"^narrative narrative .*: (a document type|not well-formed XHTML: (junk after|not well-formed \(invalid token))",
        "https://hl7.org/fhir/R4/narrative.html: an XHTML fragment with one root; the engine's reader takes HTML, such as"
        " attributes without quotes, a document type, a second root, which it passes over",
    ),
    Difference(
        FALSE,
        r"^target target at .*\.reference\.reference: leads to",
        "the targets of a CodeableReference, which the engine does not look at (asked directly, 2026-11)",
        versions=(R5,),
    ),
    Difference(
        FALSE,
        "^target target at .*\\.type: ",
        "the type of who is named by identifier: the engine looks only at literal references",
    ),
    Difference(
        FALSE,
        "^format format at .*language: not of type code '.n'",
        "a line break alone: the engine trims it",
        versions=(R4,),
    ),
    # What no definition says: checks.between and checks.claim.
    Difference(
        FALSE,
        r"^(claim-\w+|date-order|duration-unit|agent-behalf|npi) ",
        "rules between elements, which the definitions do not have",
    ),
)


def unused(used: Iterable[Difference], version: Version, differences: Sequence[Difference]) -> list[Difference]:
    """The entries that nothing fell under."""
    met = set(used)
    return [one for one in differences if version in one.versions and one not in met and not one.seldom]


def settled(
    verdict: Verdict, ours: Sequence[Said], version: Version, used: set[Difference], differences: Sequence[Difference]
) -> Verdict:
    """The verdict without what is listed; notes which entries were needed."""
    left = Verdict(verdict.caught)
    for outcome, errors, kept in ((MISSED, verdict.missed, left.missed), (FALSE, verdict.false, left.false)):
        for said in errors:
            entries = [one for one in differences if one.covers(outcome, said, ours, version)]
            used.update(entries)
            if not entries:
                kept.append(said)
    return left
