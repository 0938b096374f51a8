"""Coaching records and FHIR, both ways: `read`, `to_fhir`, `from_fhir`, `check`, `Sandbox`, and the errors they raise.

    for resource in to_fhir(read("my-practice"), identifier_base="https://ids.example"):
        ...

Importing the package imports nothing else; each name is fetched when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fhir_coaching.errors import (
        CoachingError,
        Fault,
        FaultsError,
        Finding,
        InputError,
        InvalidResource,
        MappingError,
        ServerError,
        SettingsError,
    )
    from fhir_coaching.lens import Version
    from fhir_coaching.practice.entries import Entry
    from fhir_coaching.practice.exchange import Exchange
    from fhir_coaching.practice.source import read
    from fhir_coaching.records.values import Record
    from fhir_coaching.sandbox import Sandbox
    from fhir_coaching.versions import Json

__all__ = [
    "CoachingError", "Fault", "FaultsError", "InputError", "InvalidResource", "MappingError", "Sandbox", "ServerError", "SettingsError",
    "__version__", "check", "from_fhir", "read", "to_fhir",
]  # fmt: skip

__version__: str = "0.1.0"

_ERRORS = "fhir_coaching.errors"
_HOMES = {
    "read": "fhir_coaching.practice.source",
    "Sandbox": "fhir_coaching.sandbox",
    **dict.fromkeys((name for name in __all__ if name.endswith(("Error", "Fault", "InvalidResource"))), _ERRORS),
}


if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


def to_fhir(
    records: "Iterable[Record]",
    version: Literal["r4", "r5"] = "r4",
    base: "Iterable[Json]" = (),
    *,
    identifier_base: str,
) -> "Iterator[Json]":
    """The resources that say these records, as plain JSON; decimals are `Decimal`.

    `base` are a server's own copies, as resources or Bundles: what is not ours in them stays as it is. Raises
    MappingError at the end, with every fault. Records of kinds that never leave the practice give nothing.
    """
    from fhir_coaching.practice import exchange  # noqa: PLC0415 - heavy, and needed by nobody who does not call

    copies, entries = _opened(base), _entries_of(records)
    return (resource for _, _, resource in exchange.to_fhir(_exchange(version, identifier_base), entries, copies))


def from_fhir(
    resources: "Iterable[Json]", version: Literal["r4", "r5"] = "r4", *, identifier_base: str
) -> "Iterator[Record]":
    """The records that these resources or Bundles say. Raises MappingError at the end, with every fault.

    A record of several resources, such as a session, comes when all were read. Resources without an identifier of ours
    are adopted: the record's id is made of the resource's address. Types that no mapping reads are passed over.
    """
    from fhir_coaching.practice import reading  # noqa: PLC0415

    return (record for _, record in reading.from_fhir(_exchange(version, identifier_base), _opened(resources)))


def check(
    resource: "Json",
    version: Literal["r4", "r5"] = "r4",
    profiles: "str | Iterable[str]" = (),
    guides: "str | Path | Iterable[str | Path]" = (),
) -> "list[Finding]":
    """What is wrong with a resource by the base specification of its version; what is not checked: `validate --list`.

    `profiles`: guides by name, `us-core@6.1.0`, and profiles by address. `guides`: packages of others, `.tgz`, whose profiles
    may be named as well; all of them are asked where none is named. Raises SettingsError for a profile or package that is none.
    """
    from pathlib import Path  # noqa: PLC0415

    from fhir_coaching.checks import check  # noqa: PLC0415

    version_ = _version(version)
    if not profiles and not guides:
        return check(resource, version_)
    profiles = (profiles,) if isinstance(profiles, str) else profiles
    guides = (guides,) if isinstance(guides, str | Path) else guides
    from fhir_coaching.checks.profiles.guides import chosen, opened  # noqa: PLC0415

    return check(resource, version_, chosen(tuple(profiles), tuple(map(opened, guides)), version_))


def _opened(resources: "Iterable[Json]") -> "Iterator[Entry]":
    from fhir_coaching.fhir.bundles import opened  # noqa: PLC0415
    from fhir_coaching.practice.entries import Entry  # noqa: PLC0415

    return (
        Entry(f"resources[{index}]", resource=inner, full_url=url)
        for index, resource in enumerate(resources)
        for url, inner in opened(resource)
    )


def _exchange(version: str, identifier_base: str) -> "Exchange":
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.exchange import Exchange  # noqa: PLC0415

    return Exchange(KINDS, _version(version), PracticeNames(identifier_base))


def _version(name: str) -> "Version":
    from fhir_coaching.errors import SettingsError  # noqa: PLC0415
    from fhir_coaching.lens import Version  # noqa: PLC0415

    if name.upper() not in Version.__members__:
        raise SettingsError("unknown FHIR version", hint="known: r4, r5")
    return Version[name.upper()]


def _entries_of(records: "Iterable[Record]") -> "Iterator[Entry]":
    from fhir_coaching.practice.entries import Entry  # noqa: PLC0415
    from fhir_coaching.records import kind_of  # noqa: PLC0415

    return (Entry(f"{kind_of(record)} {record.id}", kind_of(record), record) for record in records)
