"""What a run did, resource by resource, and which exit code says so. Values of fields are for the screen, never for a log."""

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fhir_coaching.errors import CoachingError, Finding

Difference = tuple[str, Any, Any]  # a record's field, before, after


class Outcome(Enum):
    """What became of one resource on a push."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    MOVED = "moved"  # changed on the server since the base: nothing was written
    UNKNOWN = "unknown"  # sent, and no answer came
    FAILED = "failed"
    NOT_DELIVERABLE = "not_deliverable"


class Pulled(Enum):
    """What became of one record on a pull."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CLASH = "clash"
    DELETED = "deleted"  # on the server; the local record stays
    FAILED = "failed"


@dataclass(frozen=True)
class Item:
    """One resource of a push, or one record of a pull."""

    kind: str
    id: str
    outcome: Outcome | Pulled
    part: str = ""
    type: str = ""
    server_id: str = ""
    version: str = ""
    why: str = ""
    fields: tuple[Difference, ...] = ()
    lost: tuple[str, ...] = ()  # fields that the server did not keep
    findings: tuple[Finding, ...] = ()  # what is wrong with the resource, or with those of the record


@dataclass
class Report:
    """The items of a run, and what stopped it before its end, if something did."""

    items: list[Item] = field(default_factory=list)
    requests: int = 0
    dry_run: bool = False
    stopped: CoachingError | None = None

    def count(self, outcome: Outcome | Pulled) -> int:
        """How many items have this outcome."""
        return Counter(item.outcome for item in self.items)[outcome]


@dataclass
class PushReport(Report):
    """Of a push: counts are resources, `writes` are resources sent."""

    writes: int = 0

    def counts(self) -> dict[str, int]:
        """The numbers that a script reads."""
        return {outcome.value: self.count(outcome) for outcome in Outcome} | {
            "writes": self.writes,
            "requests": self.requests,
        }

    @property
    def exit_code(self) -> int:
        """The highest stake wins: unknown, then moved, then failed."""
        if self.count(Outcome.UNKNOWN):
            return 7
        if self.count(Outcome.MOVED):
            return 5
        if self.stopped:
            return self.stopped.exit_code
        return 1 if self.count(Outcome.FAILED) or self.count(Outcome.NOT_DELIVERABLE) else 0


@dataclass
class PullReport(Report):
    """Of a pull: counts are records."""

    def counts(self) -> dict[str, int]:
        """The numbers that a script reads."""
        names = {Pulled.CLASH: "clashes"}
        return {names.get(outcome, outcome.value): self.count(outcome) for outcome in Pulled}

    @property
    def exit_code(self) -> int:
        """The highest stake wins: clashes, then what stopped the run, then failures."""
        if self.count(Pulled.CLASH):
            return 5
        if self.stopped:
            return self.stopped.exit_code
        return 1 if self.count(Pulled.FAILED) else 0
