"""What stands near a record, from the records at hand."""

from collections.abc import Iterable

from fhir_coaching.records import kind_of
from fhir_coaching.records.values import Record


class Nearby:
    """Records by kind and id, and by patient. Holds what it is given."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._found: dict[tuple[str, str], Record] = {}
        self._of: dict[tuple[str, str], list[Record]] = {}
        for record in records:
            kind = kind_of(record)
            self._found[kind, record.id] = record
            self._of.setdefault((kind, str(getattr(record, "patient", ""))), []).append(record)

    def record(self, kind: str, key: str) -> Record | None:
        """The record of this kind and id, if it is known."""
        return self._found.get((kind, key))

    def records(self, kind: str, patient: str) -> Iterable[Record]:
        """The records of a kind that are known and of this patient."""
        return self._of.get((kind, patient), ())
