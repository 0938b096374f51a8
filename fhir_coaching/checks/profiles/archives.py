"""A guide's package: a `.tgz` whose `package/*.json` are resources. It is read in memory, within bounds, never unpacked.

https://confluence.hl7.org/display/FHIR/NPM+Package+Specification
"""

import gzip
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, Any

from fhir_coaching.errors import SettingsError
from fhir_coaching.fhir.json import NotJson, loads
from fhir_coaching.versions import Json

if TYPE_CHECKING:
    from pathlib import Path

# The largest package at hand, all of R4's definitions, holds 72 MB, 35 of them in one file (2026-11).
MOST = 256 * 1024 * 1024  # bytes, unpacked
MOST_OF_ONE = 64 * 1024 * 1024
LONGEST = 64  # characters of a name that is repeated
MANIFEST = "package/package.json"


class Package:
    """What a package says of itself, the resources in it, and what could not be read."""

    def __init__(self, about: Json, resources: list[Json], unread: list[str]) -> None:
        self.about, self.resources, self.unread = about, resources, unread

    @property
    def name(self) -> str:
        """Its name, such as `hl7.fhir.us.core`."""
        return str(self.about["name"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.about["version"])


class _Bounded:
    """A stream that ends with an error after so many bytes."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self.stream, self.left = stream, MOST

    def read(self, size: int) -> bytes:
        """The next bytes."""
        part = self.stream.read(size)
        self.left -= len(part)
        if self.left < 0:
            raise _refused("it holds too much")
        return part


def _refused(why: str) -> SettingsError:
    return SettingsError(f"not a guide's package: {why}", hint="a package is a .tgz that holds package/package.json")


def package(path: "str | Path | IO[bytes]") -> Package:
    """The package in a file. Raises SettingsError if it is none, or holds more than a guide does."""
    try:
        with gzip.open(path) as unpacked, tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive:  # type: ignore[call-overload]
            return _read(archive)
    except FileNotFoundError:
        raise SettingsError("there is no such package file", hint="give the path of a .tgz") from None
    except (tarfile.TarError, EOFError, OSError, zlib.error, ValueError, ArithmeticError, RecursionError, MemoryError):
        raise _refused("the archive cannot be read") from None


def _read(archive: tarfile.TarFile) -> Package:
    about: Any = None
    resources: list[Json] = []
    unread: list[str] = []
    for member in archive:
        if not member.name.startswith("package/") or member.name.count("/") != 1 or not member.name.endswith(".json"):
            continue
        if not member.isreg() or member.issparse():  # a sparse file of nothing unpacks to any size
            unread.append("a member that is no plain file")
            continue
        if member.size > MOST_OF_ONE:
            raise _refused("one of its files is too large")
        content = archive.extractfile(member)
        try:
            read = loads(content.read(MOST_OF_ONE)) if content else None
        except NotJson:
            unread.append("a file that is not JSON")
            continue
        if member.name == MANIFEST:
            about = read
        elif read.__class__ is dict:
            resources += _resources(read)
    if about.__class__ is not dict or not all(about.get(key).__class__ is str for key in ("name", "version")):
        raise _refused("it has no package.json that says a name and a version")
    return Package(about, resources, unread)


def _resources(read: Json) -> list[Json]:
    """A resource, or those of a Bundle; of the kinds that are looked at."""
    entries = read.get("entry") if read.get("resourceType") == "Bundle" else None
    inside = [one.get("resource") for one in entries if one.__class__ is dict] if entries.__class__ is list else [read]
    return [one for one in inside if one.__class__ is dict and one.get("resourceType") in KINDS]


KINDS = {"StructureDefinition", "ValueSet", "CodeSystem"}
