"""What stands near a record, from the records at hand."""

from collections.abc import Iterable

from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record


class Nearby:
    """Records by kind and id. Holds what it is given."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._found = {(kind_of(record), record.id): record for record in records}

    def record(self, kind: str, key: str) -> Record | None:
        """The record of this kind and id, if it is known."""
        return self._found.get((kind, key))
