"""What the validation engine lacks and has no server to ask for, as a guide package made here.

IANA's time zones, extensions that R5 keeps outside its core, and this project's own code systems and extensions, so that
they are checked and not passed over.
"""

import gzip
import io
import os
import tarfile
import zoneinfo
from pathlib import Path
from typing import Any

from fhir_coaching.fhir.definitions import definitions
from fhir_coaching.fhir.json import dumps
from fhir_coaching.fhir.systems import ANNOTATION_TYPE, OWN, WORKFLOW_STATUS_REASON
from fhir_coaching.lens import R4, R5, Version

Json = dict[str, Any]

RELEASE = {R4: "4.0.1", R5: "5.0.0"}

# In the extensions pack of R5 (5.3.0, 2025) and not in its core, each with the one element that may bear it.
EXTENSIONS = {R4: {}, R5: {ANNOTATION_TYPE: "Annotation", WORKFLOW_STATUS_REASON: "DomainResource"}}


def extension(url: str, at: str, version: Version) -> Json:
    """The definition of an extension with one concept, as often as one likes."""
    name = url.rpartition("/")[2]
    elements: dict[str, Json] = {
        "Extension": {"min": 0, "max": "*"},
        "Extension.extension": {"max": "0"},
        "Extension.url": {"fixedUri": url},
        "Extension.value[x]": {"min": 1, "type": [{"code": "CodeableConcept"}]},
    }
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": url,
        "name": name.title().replace("-", ""),
        "status": "active",
        "fhirVersion": RELEASE[version],
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": at}],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": [{"id": path, "path": path, **more} for path, more in elements.items()]},
    }


def time_zones() -> Json:
    """The code system that HL7 names and nobody publishes as a resource."""
    return {
        "resourceType": "CodeSystem",
        "id": "time-zones",
        "url": "https://www.iana.org/time-zones",
        "name": "TimeZones",
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "concept": [{"code": name} for name in sorted(zoneinfo.available_timezones())],
    }


def package(folder: Path, version: Version) -> str:
    """The path of a guide package; the same bytes each time, so that the engine unpacks it once."""
    extensions = [extension(url, at, version) for url, at in EXTENSIONS[version].items()]
    resources = [time_zones(), *definitions(version), *extensions]
    about = {
        "name": f"fhir-coaching.{version.name.lower()}",
        "version": "0.1.0",
        "fhirVersions": [RELEASE[version]],
        "canonical": OWN.rstrip("/"),
        "url": OWN.rstrip("/"),
        "type": "IG",
        "dependencies": {},
    }
    members = {"package.json": about} | {f"{one['resourceType']}-{one['id']}.json": one for one in resources}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive:
        for name, content in members.items():
            entry, body = tarfile.TarInfo(f"package/{name}"), dumps(content)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    path = folder / f"fhir-coaching-{version.name.lower()}.tgz"
    unfinished = folder / f"{path.name}.{os.getpid()}"
    unfinished.write_bytes(gzip.compress(tar.getvalue(), mtime=0))
    unfinished.replace(path)  # another worker may be making the same
    return str(path)
