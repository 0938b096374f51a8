"""What stands near a record, from the records at hand."""

from collections.abc import Collection, Iterable

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.records import kind_of
from fhir_coaching.records.spelling import read_record, spell_record
from fhir_coaching.records.values import Record


class Nearby:
    """Records by kind and id. Holds what it is given."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._found = {(kind_of(record), record.id): record for record in records}

    def record(self, kind: str, key: str) -> Record | None:
        """The record of this kind and id, if it is known."""
        return self._found.get((kind, key))


class Passed:
    """Records of some kinds that went by, held as text: a tenth of the memory. `missed` says that one was asked for in vain."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._kinds, self._seen, self.missed = kinds, dict[tuple[str, str], bytes](), False

    def take(self, record: Record) -> None:
        """One goes by."""
        kind = kind_of(record)
        if kind in self._kinds:
            self._seen[kind, record.id] = dumps(spell_record(record))

    def record(self, kind: str, key: str) -> Record | None:
        """The record of this kind and id, if it went by."""
        line = self._seen.get((kind, key))
        self.missed = self.missed or line is None
        return None if line is None else read_record(kind, loads(line))
