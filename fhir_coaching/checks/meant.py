"""What was probably meant by a code or an address that is none. Nothing is guessed of short ones: one letter more is another code."""

import re
from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import lru_cache

from fhir_coaching.fhir.systems import CPT, HCPCS, LOINC, NUCC, PLACE_OF_SERVICE, SNOMED, UCUM

LONGEST, MANY = 100, 1000  # letters of what is compared; words that it is compared with
BEGINNING, GUESSED, ALIKE = 3, 5, 0.8  # letters of the beginning of one, and of one that is spelt alike; how alike
REMEMBERED = 4096
WHOLE = "write the whole address, https://…"

absolute = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:").match

# Names of code systems by HL7 (https://terminology.hl7.org/external_terminologies.html), beside those whose codes are known here.
_NAMES = (
    LOINC, SNOMED, UCUM, CPT, HCPCS, NUCC, PLACE_OF_SERVICE, "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-9-cm",
    "http://hl7.org/fhir/sid/cvx", "http://hl7.org/fhir/sid/ndc",
)  # fmt: skip
_OIDS = {
    "1": LOINC, "8": UCUM, "12": CPT, "14": HCPCS, "96": SNOMED, "101": NUCC,
    "88": "http://www.nlm.nih.gov/research/umls/rxnorm", "90": "http://hl7.org/fhir/sid/icd-10-cm",
}  # fmt: skip


def meant(word: str, known: Collection[str]) -> str:
    """The one of the words that are known that this one nearly is; nothing if there is none or it is not sure."""
    return _meant(word[:LONGEST], known if isinstance(known, frozenset) else frozenset(known))


@lru_cache(REMEMBERED)  # a mapping makes the same mistake again and again
def _meant(word: str, known: frozenset[str]) -> str:
    same = [one for one in known if _bare(one) == _bare(word)]
    begun = [one for one in known if len(word) >= BEGINNING and one.casefold().startswith(word.casefold())]
    found = next((its for its in (same, begun) if len(its) == 1), [])
    if not found and len(word) >= GUESSED and len(known) <= MANY:
        found = get_close_matches(word, sorted(known), 1, ALIKE)
    return found[0] if found else ""


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


def spelling(known: Collection[str]) -> Callable[[str], str]:
    """A function that says how to write a code system that is called otherwise here; nothing of one that is called so.

    Otherwise: by an OID, with another scheme or none, in another case, with a slash behind.
    """
    right = {_address(one): one for one in (*known, *_NAMES)}

    def respelt(system: str) -> str:
        oid = system.removeprefix("urn:oid:").removeprefix("2.16.840.1.113883.6.")
        if oid in _OIDS and oid != system:
            return f"write {_OIDS[oid]}"
        name = right.get(_address(system), "") if len(system) <= LONGEST * 2 else ""
        if name and name != system:
            return f"write {name}"
        return "" if name or not system or absolute(system) else WHOLE

    return respelt


def _address(url: str) -> str:
    return url.casefold().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
