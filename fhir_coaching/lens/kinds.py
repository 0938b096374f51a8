"""One record as several resources: a small named set of parts, each with a table, read and written together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, cast

from fhir_coaching.errors import Fault, MappingError
from fhir_coaching.lens.binding import STALE, under
from fhir_coaching.lens.rows import FATES, Fate, Names, Near, Row
from fhir_coaching.lens.same import copied, fits, imposed, same, without
from fhir_coaching.lens.tables import Lens, R, Table, covered
from fhir_coaching.versions import Json, Version

# By part: a resource; None = looked for, not there; no key = not looked for.
Parts = Mapping[str, Json | None]

_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Appends:
    """A part is not edited on a server: a new resource says the change and, by what `replaces` gives, which one it replaces.

    `replaces` takes the old one's address; `superseded` is what that one says from then on.
    """

    superseded: Json
    replaces: Mapping[Version, Callable[[str], Json]]


@dataclass(frozen=True)
class Part(Generic[R]):
    """One of a record's resources. Without `when` it is the anchor: always there, and it carries the identity.

    A part whose `when` became false is not deleted but takes the state `retired`, and bears `mark`, which some servers drop.
    One that `follows` has the record's own state: in error together with the anchor, it is there all the same.
    """

    table: Table[R]
    when: Callable[[R], bool] | None = None
    retired: Json = field(default_factory=dict)
    mark: Json = field(default_factory=dict)
    follows: bool = False
    appends: Appends | None = None

    @property
    def fields(self) -> set[str]:
        """The record's fields that have their home in this part."""
        return {row.attr for row in self.table.rows if row.kind in FATES}


class Kind(Generic[R]):
    """A kind of record and its parts. Raises TypeError unless each field has exactly one home.

    Records that `travels` denies stay in the practice: whoever sends asks first.
    """

    def __init__(self, record: type[R], travels: Callable[[R], bool] = lambda _: True, /, **parts: Part[R]) -> None:
        self.record, self.travels, self.parts = record, travels, parts
        (self.anchor,) = (name for name, part in parts.items() if part.when is None)
        covered(record, self.rows)

    @property
    def rows(self) -> list[Row]:
        """All rows of all parts."""
        return [row for part in self.parts.values() for row in part.table.rows]

    def lens(self, version: Version, names: Names) -> "KindLens[R]":
        """The kind for one FHIR version and one target. Costs milliseconds; keep it."""
        return KindLens(self, {name: part.table.lens(version, names) for name, part in self.parts.items()})

    def ledger(self) -> list[tuple[str, Fate, str]]:
        """The loss ledger: each field, what becomes of it, and why."""
        fates = {row.attr: (row.attr, FATES[row.kind], row.why) for row in self.rows if row.kind in FATES}
        return [fates[name] for name in self.record.model_fields]


class KindLens(Generic[R]):
    """A bound kind: get and put over {part: resource}."""

    def __init__(self, kind: Kind[R], lenses: dict[str, Lens[R]]) -> None:
        self.kind, self.lenses = kind, lenses
        self.nearby = {f"{name}.{row.at}": (name, row) for name, lens in lenses.items() for row in lens.nearby}

    def get(self, parts: Parts, local: R | None = None, **given: Any) -> R:
        """The record that the parts say. Parts not looked for keep what `local` says; parts not there clear it.

        Raises MappingError with every fault of every part.
        """
        values, faults = dict(given), list[Fault]()
        for name, lens in self.lenses.items():
            looked_for = name in parts
            if local is not None:
                values |= lens.kept(local, ("local", "one_way", "identity") if looked_for else tuple(FATES))
            lower: list[Fault] = []
            if self.live(name, parts):
                lens.read_into(parts[name], values, lower)
            elif name == self.kind.anchor:
                lower.append(Fault("the resource that the others hang on is not there"))
            faults += [under(lens.table.type, "", fault) for fault in lower]
        record = None
        if not faults:
            record = self.lenses[self.kind.anchor].made(values, faults)
            faults = [under(self.lenses[self.kind.anchor].table.type, "", fault) for fault in faults]
        if record is None:
            raise MappingError(faults)
        return cast("R", record)

    def put(
        self,
        record: R,
        base: Parts | None = None,
        last: R | None = None,
        *,
        beside: Mapping[str, Any] = _NOTHING,
        sent: Mapping[str, str] = _NOTHING,
    ) -> dict[str, Json]:
        """A resource for each part that `base` has a key for and that has something to say; without a base, new ones.

        `last` is the record as last sent: what changed since in fields that do not come back is written again.
        `beside` are the near rows as they would be made now, and `sent` the digests of what was last sent of them: without
        those, near rows touch new resources only.
        """
        base = dict.fromkeys(self.lenses) if base is None else base
        old = (
            self.get(base, last, **({} if last is not None else _identified(record)))
            if base.get(self.kind.anchor)
            else None
        )
        if old is not None and same(old, record):
            made = {name: resource for name, resource in base.items() if resource}
            return self._renewed(made, base, beside, sent)
        made, faults = {}, list[Fault]()
        for name, lens in self.lenses.items():
            if name not in base:
                continue
            part, there, live = self.kind.parts[name], base[name] or {}, self.live(name, base)
            if part.when is None or part.when(record):
                resource = copied(there if live else without(part.mark, there) or {})
                lower: list[Fault] = []
                lens.write(resource, record, old if live else STALE if there else None, lower)
                made[name] = resource
                faults += [under(lens.table.type, "", fault) for fault in lower]
            elif there:
                dropped = live and (old is None or part.when(old))
                made[name] = imposed(part.mark, imposed(part.retired, there)) if dropped else there
        if faults:
            raise MappingError(faults)
        return self._renewed(made, base, beside, sent)

    def beside(self, record: R, near: Near) -> dict[str, Any]:
        """What each near row makes of a record, by part and element, for `put`; None where it makes nothing."""
        return {key: row.made(record, near) for key, (_, row) in self.nearby.items()}

    def digests(self, beside: Mapping[str, Any]) -> dict[str, str]:
        """The same as digests, to be kept with the record as sent."""
        return {key: self.nearby[key][1].digest(made) for key, made in beside.items()}

    def _renewed(
        self, made: dict[str, Json], base: Parts, beside: Mapping[str, Any], sent: Mapping[str, str]
    ) -> dict[str, Json]:
        """The resources with their near rows: all in new ones, in others those that changed since they were sent."""
        for key, element in beside.items():
            name, row = self.nearby[key]
            if name not in made:
                continue
            old = bool(base.get(name))
            if row.renews(made[name], element, sent[key]) if old and key in sent else not old and element is not None:
                if made[name] is base.get(name):
                    made[name] = copied(made[name])
                row.place.write(made[name], element)
        return made

    def live(self, name: str, parts: Parts) -> bool:
        """Whether a part is there and counts: a retired one does not, with its mark or without."""
        there, part, anchor = parts.get(name), self.kind.parts[name], self.kind.anchor
        if not there or name == anchor or not part.retired or not fits(part.retired, there):
            return bool(there)
        return part.follows and not fits(part.mark, there) and fits(self.kind.parts[anchor].retired, parts.get(anchor))


def _identified(record: Any) -> dict[str, Any]:
    return {"id": record.id}
