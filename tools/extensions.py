"""Makes `r?-extensions`, `r?-coaching`, `r?-vitals` and `r?-systems.json.gz`, what every check knows beside types.

`python tools/extensions.py [FOLDER]`: the folder that holds `hl7.fhir.uv.extensions.r4-*.tgz` (ORACLE_IGS, or `../shared/igs`
beside the checkout); FHIR's own packages come from the registries, as in `tools/definitions.py`, which is to be run first: what
it makes is read. Same packages, same bytes. Their content is CC0-1.0; names, numbers, codes and expressions are taken.

An extension is as FHIR's Extensions Pack has it, which replaced what the R4 specification says; one that the pack has dropped
is as the specification has it. The pack for R5 that a registry serves is the first one: what came later is taken from the pack
for R4, without the elements that may bear it, which R5 names in its own way.
"""

import io
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from definitions import FOLDER, Json, fetched, write
from us_core import folder

from fhir_coaching.checks.profiles import archives, guides
from fhir_coaching.checks.vitals import PROFILES
from fhir_coaching.fhir.definitions import EDITION, RELEASES, definitions
from fhir_coaching.lens import R4, R5, Version

NO_SYSTEMS: Json = {"systems": {}}  # they stand in tables of their own
PACK_R4, PACK_R5 = "hl7.fhir.uv.extensions.r4-5.3.0.tgz", "hl7.fhir.uv.extensions.r5"


def official(packages: Sequence[archives.Package]) -> Json:
    """The extensions of a version's packages, the pack first. Raises SystemExit if those are not CC0 any more."""
    if {one.about["license"] for one in packages} != {"CC0-1.0"}:
        raise SystemExit("a package is not CC0")
    about = {**packages[0].about, "canonical": "http://hl7.org/fhir"}
    return tables(about, [one for of in packages for one in of.resources])


def vitals(packages: Iterable[archives.Package]) -> Json:
    """The profiles of vital signs, and the codes that they draw on."""
    core = next(one for one in packages if one.name.endswith(".core"))
    every = [one for of in packages for one in of.resources]
    its = [one for one in every if one["resourceType"] != "StructureDefinition"]
    its += [one for one in core.resources if one["resourceType"] == "StructureDefinition" and one["id"] in PROFILES]
    content, unread = guides.read(archives.Package(core.about, its, []))
    if unread or len(content["profiles"]) != len(PROFILES):
        raise SystemExit("a profile of a vital sign could not be read")
    return content | NO_SYSTEMS


def anywhere(pack: archives.Package) -> archives.Package:
    """The extensions of a pack without where they may stand."""
    bare = [{key: its for key, its in one.items() if key != "context"} for one in pack.resources]
    return archives.Package(pack.about, bare, pack.unread)


def coined(version: Version) -> Json:
    """The extensions of this project."""
    about = {
        "name": "fhir-coaching",
        "version": EDITION,
        "license": "Apache-2.0",
        "canonical": "https://w3id.org/fhir-coaching",
        "fhirVersions": [RELEASES[version]],
    }
    return tables(about, definitions(version))


def systems(version: Version, resources: Iterable[Json]) -> Json:
    """The codes of the code systems that come with extensions, and of this project's own."""
    return {"systems": guides.systems([*resources, *definitions(version)])}


def tables(about: Json, resources: Iterable[Json]) -> Json:
    """What the reader of guides makes of extensions, the first of each address, and of the codes that they draw on."""
    found: dict[str, Json] = {}
    for one in resources:
        is_profile = one["resourceType"] == "StructureDefinition"
        if not is_profile or (one["type"] == "Extension" and one.get("derivation") == "constraint"):
            found.setdefault(one["url"], one)
    content, unread = guides.read(archives.Package(about, list(found.values()), []))
    if unread:
        raise SystemExit(f"an extension could not be read: {unread[0]}")
    return content | NO_SYSTEMS


def main() -> None:
    """Write the tables."""
    pack = archives.package(folder(__doc__) / PACK_R4)
    with tempfile.TemporaryDirectory() as place:
        fhir = [archives.package(io.BytesIO(one)) for one in fetched(Path(place))]
    of_r5 = sorted((one for one in fhir if ".r4." not in one.name), key=lambda one: one.name != PACK_R5)
    of = {R4: [pack, *(one for one in fhir if ".r4." in one.name)], R5: [*of_r5, anywhere(pack)]}
    for version, packages in of.items():
        write(FOLDER / f"{version.name.lower()}-extensions.json.gz", official(packages))
        write(FOLDER / f"{version.name.lower()}-vitals.json.gz", vitals(packages))
        write(FOLDER / f"{version.name.lower()}-coaching.json.gz", coined(version))
        write(FOLDER / f"{version.name.lower()}-systems.json.gz", systems(version, pack.resources))


if __name__ == "__main__":
    main()
