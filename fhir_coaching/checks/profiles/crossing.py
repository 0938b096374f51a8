"""Extensions that carry an element of another version of FHIR: `http://hl7.org/fhir/5.0/StructureDefinition/extension-Goal.continuous`.

Nobody publishes their definitions: each follows from the element that its address names.
https://hl7.org/fhir/R5/versions.html#extensions
"""

import re

from fhir_coaching.checks.tables import table
from fhir_coaching.versions import R4, R5, Json, Version

RELEASES = {"4.0": R4, "5.0": R5}
_ADDRESS = re.compile(
    r"http://hl7\.org/fhir/([45]\.0)/StructureDefinition/extension-([A-Z][A-Za-z.]{1,100})\.([a-z][A-Za-z]{0,40})"
).fullmatch


def crossed(url: str, version: Version) -> Json | None:
    """The table of such an extension (`snapshots`), in a resource of `version`.

    None where it is none, and where it cannot be told: what has elements itself, or types that this version lacks, is made in
    other ways. Where it may stand is not asked: elements go by other names in another version.
    """
    named = _ADDRESS(url)
    element = _element(named) if named and RELEASES[named[1]] is not version else None
    if named is None or element is None:
        return None
    types = {code for code, _, _ in element["types"]}
    values = {code for code, _, _ in table(version)["types"]["Extension"]["elements"]["value[x]"]["types"]}
    if not types <= values:
        return None
    asks = {"url": {"fixed": url}, "extension": {"max": "0"}, "value[x]": {"min": 1, "types": sorted(types)}}
    made = {"url": url, "name": f"extension-{named[2]}.{named[3]}", "type": "Extension", "elements": asks}
    return made | ({"modifier": True} if element.get("modifier") else {})


def amiss(url: str, version: Version) -> str:
    """What is wrong with an address that looks like one of these. Of types that are not known here nothing is said."""
    named = _ADDRESS(url)
    if named is None:
        return ""
    release = RELEASES[named[1]]
    if release is version:
        return f"the element of FHIR {named[1]} itself is there: it needs no extension"
    root = named[2].partition(".")[0]
    if root in table(release)["types"]:
        return "" if _element(named) else f"FHIR {named[1]} has no such element"
    return "" if root in table(release)["resources"] else f"FHIR {named[1]} has no such type"


def _element(named: re.Match[str]) -> Json | None:
    elements: Json = table(RELEASES[named[1]])["types"].get(named[2], {}).get("elements", {})
    found: Json | None = elements.get(named[3]) or elements.get(f"{named[3]}[x]")
    return found
