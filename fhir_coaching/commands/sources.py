"""What commands read: sources whose faults wait for those of the mapping, and the practice's identifier base."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, TypeVar

from fhir_coaching.errors import Fault, InputError, MappingError, SettingsError
from fhir_coaching.fhir.names import PracticeNames, identifiers, part_name
from fhir_coaching.practice.entries import Entry
from fhir_coaching.practice.exchange import Exchange, Mappings
from fhir_coaching.practice.settings import FILE, settings_of
from fhir_coaching.practice.source import Source, open_source
from fhir_coaching.versions import Version

T = TypeVar("T")

PEEK = 1000  # resources that are looked at for the identifier bases they use
NO_BASE = "https://practice.example/ids"  # stands in where identifiers are made, checked and thrown away


def opened(path: str) -> Source:
    """A practice folder, a file, or standard input. Raises InputError, SettingsError."""
    return open_source(path)


def exchange_for(kinds: Mappings, fhir: str, base: str) -> Exchange:
    """The mappings for `r4` or `r5`, and for a practice whose identifiers live under `base`."""
    return Exchange(kinds, Version[fhir.upper()], PracticeNames(base))


def chosen_base(flag: str | None, *sources: Source) -> str:
    """The identifier base: the flag, else what a practice.toml says, else nothing. Raises SettingsError."""
    if flag is not None:
        try:
            return settings_of({"identifier_base": flag.rstrip("/")}).identifier_base
        except SettingsError as error:
            said = error.message.replace(f"{FILE}: identifier_base", "--identifier-base")
            raise SettingsError(said, hint="as https://example.org/ids") from None
    return next((source.settings.identifier_base for source in sources if source.settings is not None), "")


def no_base(seen: Iterable[str] = ()) -> SettingsError:
    """The complaint that no identifier base is known."""
    seems = " or ".join(seen)
    return SettingsError(
        "no identifier base: under which URI do this practice's identifiers live?",
        hint=f"give --identifier-base; the input seems to use {seems}"
        if seems
        else 'give --identifier-base https://…, or write `identifier_base = "https://…"` into practice.toml',
    )


def bases_in(kinds: Mappings, entries: Iterable[Entry]) -> tuple[list[str], Iterator[Entry]]:
    """Which identifier bases the first resources seem to use, the most frequent first; and all the entries."""
    entries = iter(entries)
    start = list(islice(entries, PEEK))
    suffixes = _suffixes(kinds)
    found = Counter(base for entry in start if entry.resource is not None for base in _bases(entry.resource, suffixes))
    return [base for base, _ in found.most_common(3)], chain(start, entries)


def _suffixes(kinds: Mappings) -> Mapping[str, list[str]]:
    """By resource type: what identifier systems end with."""
    found: dict[str, list[str]] = {}
    for kind, of in kinds.items():
        for part, its in of.parts.items():
            found.setdefault(its.table.type, []).append(f"/{part_name(kinds, kind, part)}")
    return found


def _bases(resource: dict[str, Any], suffixes: Mapping[str, list[str]]) -> Iterator[str]:
    for suffix in suffixes.get(str(resource.get("resourceType")), []):
        for one in identifiers(resource):
            system = one.get("system")
            if isinstance(system, str) and len(system) > len(suffix) and system.endswith(suffix):
                yield system.removesuffix(suffix)


class Held:
    """Entries of one sort, records or resources, and every fault of source and mapping, raised together at the end."""

    def __init__(self, source: Iterable[Entry], sort: str = "", exchange: Exchange | None = None) -> None:
        self._source, self._sort, self._exchange = source, sort, exchange
        self.faults: list[Fault] = []
        self.more = 0  # faults that were counted only
        self.count = Counter[str]()  # records by kind; resources under nothing
        self.withdrawn = 0
        self.staying = 0  # records that never leave the practice, where there is an exchange that knows

    def __iter__(self) -> Iterator[Entry]:
        try:
            for entry in self._source:
                self._check(entry)
                if entry.withdrawn:
                    self.withdrawn += 1
                else:
                    self.count[entry.kind] += 1
                    self.staying += self._stays(entry)
                yield entry
        except InputError as error:
            self.faults += error.faults
            self.more = error.more

    def _stays(self, entry: Entry) -> bool:
        exchange, record = self._exchange, entry.record
        return exchange is not None and record is not None and not exchange.travels(entry.kind, record)

    def _check(self, entry: Entry) -> None:
        if self._sort == "record" and entry.resource is not None:
            hint = "`convert --to records` reads resources"
            raise InputError([Fault("a FHIR resource, where a record was expected", place=entry.place, hint=hint)])
        if self._sort == "resource" and entry.resource is None:
            hint = "`convert --to fhir` reads records"
            raise InputError([Fault("a record, where a FHIR resource was expected", place=entry.place, hint=hint)])

    def through(self, made: Iterable[T]) -> Iterator[T]:
        """What is made of the entries, to its end. Raises InputError with the faults of both."""
        try:
            yield from made
        except MappingError as error:
            self.faults += error.faults
        if self.faults:
            raise InputError(self.faults, more=self.more)
