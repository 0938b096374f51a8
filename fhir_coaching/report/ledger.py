"""The loss ledger: every field of a kind, what becomes of it on its way to a server and back, and why."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from fhir_coaching.lens import Fate, Kind
from fhir_coaching.records import RECORDS, kind_of
from fhir_coaching.records.values import Record
from fhir_coaching.report.screen import show, table
from fhir_coaching.report.values import counted

STAYS = "records of this kind never leave the practice"
SHOWN = 20  # differences that are shown; --output json has all


@dataclass(frozen=True)
class Loss:
    """A field and its fate."""

    kind: str
    field: str
    fate: Fate
    why: str = ""

    def json(self) -> dict[str, str]:
        """For programs."""
        return {"kind": self.kind, "field": self.field, "fate": self.fate.value, "why": self.why}


def ledger(kinds: Mapping[str, Kind[Any]], names: Iterable[str]) -> list[Loss]:
    """Every field of these kinds, those that never leave the practice too."""
    return [
        Loss(name, *entry)
        for name in names
        for entry in (
            kinds[name].ledger()
            if name in kinds
            else [(field, Fate.LOCAL, STAYS) for field in RECORDS[name].model_fields]
        )
    ]


def page(
    losses: Sequence[Loss], records: Iterable[Record], staying: int, differences: Sequence[Mapping[str, Any]]
) -> None:
    """Show how many fields of each kind have which fate, what does not travel and why, and what differs.

    `staying` is how many of the records never leave the practice, by their kind or, as a superbill, by themselves.
    """
    number: Counter[str] = Counter()
    used: Counter[tuple[str, str]] = Counter()
    for record in records:
        number[kind_of(record)] += 1
        used.update((kind_of(record), name) for name, value in record if value not in (None, (), {}))
    counts = table(
        "kind",
        "records",
        "exact",
        "one way",
        "local",
        **dict.fromkeys(("records", "exact", "one way", "local"), "right"),
    )
    for kind in dict.fromkeys(loss.kind for loss in losses):
        fates = Counter(loss.fate for loss in losses if loss.kind == kind)
        cells = [str(fates[fate] or "-") for fate in (Fate.EXACT, Fate.ONE_WAY, Fate.LOCAL)]
        counts.add_row(kind, f"{number[kind]:,}", *cells)
    stay = f" ({staying} stay in the practice)" if staying else ""
    verdict = f"{counted(number.total(), 'record')}{stay}, {counted(len(differences), 'difference')}"
    show(
        counts,
        "",
        *_lost(losses, used),
        *_different(differences),
        Text(verdict, "bold red" if differences else "bold green"),
    )


def _lost(losses: Sequence[Loss], used: Mapping[tuple[str, str], int]) -> list[RenderableType]:
    """What does not come back, in how many records it is, and why. A field of several kinds is one line."""
    rows = table("what does not come back", "in", "why", **{"in": "right"})
    groups: dict[tuple[str, str], list[str]] = {}
    for loss in losses:
        if loss.fate is not Fate.EXACT:
            key = (loss.kind, STAYS) if loss.why == STAYS else (loss.field, loss.why)
            groups.setdefault(key, []).append(loss.kind)
    for (name, why), kinds in groups.items():
        label = name if why == STAYS else f"{kinds[0]}.{name}" if len(kinds) == 1 else f"{name}, of every kind"
        count = used[name, "id"] if why == STAYS else sum(used[kind, name] for kind in kinds)
        rows.add_row(label, f"{count:,}" if count else "-", why)
    return [rows, ""] if rows.row_count else []


def _different(differences: Sequence[Mapping[str, Any]]) -> list[RenderableType]:
    """Where records differ. The values are for `--output json`."""
    if not differences:
        return []
    rows = table("record", "field that differs")
    for one in differences[:SHOWN]:
        rows.add_row(str(one["record"]), str(one["field"]))
    if len(differences) > SHOWN:
        rows.add_row(f"and {len(differences) - SHOWN} more", "")
    return [rows, ""]
