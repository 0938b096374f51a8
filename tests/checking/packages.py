"""Guides made up for tests, packed as official ones are."""

import gzip
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fhir_coaching.checks.profiles.guides import Guide, opened
from fhir_coaching.fhir.json import dumps

Json = dict[str, Any]

CANONICAL = "https://guide.example"
PROFILES = f"{CANONICAL}/StructureDefinition/"
HL7 = "http://hl7.org/fhir/StructureDefinition/"

ABOUT: Json = {
    "name": "example.fhir.made.up",
    "version": "1.2.3",
    "fhirVersions": ["4.0.1"],
    "canonical": CANONICAL,
    "license": "CC0-1.0",
}


def profile(name: str, type_: str, elements: dict[str, Json], **more: Any) -> Json:
    """A profile as a differential; an element by its id, the slice in it."""
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "url": PROFILES + name,
        "name": name,
        "version": "1.2.3",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": type_,
        "baseDefinition": HL7 + type_,
        "derivation": "constraint",
        "differential": {
            "element": [element(f"{type_}.{id_}" if id_ else type_, asks) for id_, asks in elements.items()]
        },
        **more,
    }


def element(id_: str, asks: Json) -> Json:
    """An element definition."""
    slice_ = id_.rpartition(".")[2].partition(":")[2]
    path = ".".join(step.partition(":")[0] for step in id_.split("."))
    return {"id": id_, "path": path, **({"sliceName": slice_} if slice_ else {}), **asks}


def archive(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A packed archive."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        for member, content in members:
            made.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)


def member(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """A file of an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def package(folder: Path, *resources: Json, **about: Any) -> Path:
    """A package of these resources."""
    files = [("package.json", {**ABOUT, **about})]
    files += [(f"resource-{number}.json", resource) for number, resource in enumerate(resources)]
    path = folder / f"{about.get('name', ABOUT['name'])}.tgz"
    path.write_bytes(archive(member(f"package/{name}", dumps(content)) for name, content in files))
    return path


def guide(folder: Path, *resources: Json, **about: Any) -> Guide:
    """The guide in such a package."""
    return opened(package(folder, *resources, **about))
