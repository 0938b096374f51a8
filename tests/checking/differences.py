"""Where `checks` and the validation engine differ and are meant to, each with its reason. What matches nothing is a failure."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from checking.compare import Said, Verdict, parent

from fhir_coaching.lens import R4, R5, Version

MISSED, FALSE = "missed", "false"


@dataclass(frozen=True, slots=True)
class Difference:
    """Errors that one of the two reports and the other does not."""

    outcome: str  # MISSED: the engine's alone; FALSE: ours alone
    pattern: str  # found in `class rule text`, of FALSE in `class rule place`
    reason: str
    beneath: str = ""  # with one of ours of such a class directly below, of which it is a consequence
    versions: tuple[Version, ...] = (R4, R5)

    def covers(self, outcome: str, said: Said, ours: Sequence[Said], version: Version) -> bool:
        """Whether an error is one of these."""
        tail = said.text if outcome == MISSED else said.at
        return (
            outcome == self.outcome
            and version in self.versions
            and re.search(self.pattern, f"{said.kind} {said.rule} {tail}") is not None
            and (not self.beneath or any(re.search(self.beneath, one.kind) and is_below(one, said) for one in ours))
        )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(MISSED, "^language ", "a language that is none: the engine then refuses every code; the language is found"),
    Difference(MISSED, "^code Unknown_Code_in_Version", "codes of systems that no required binding draws on are not known here"),
    Difference(
        MISSED,
        "^invariant ",
        "a part of what the rule speaks of is broken, which is found; whether it counts as there is not judged",
        beneath="^(type|format|unknown|invariant ele-1|cardinality)$",
    ),
)  # fmt: skip


def is_below(one: Said, said: Said) -> bool:
    """Whether an error is in an element of what another is on."""
    return any(parent(place) == said.places[0] for place in one.places)


def listed(outcome: str, said: Said, ours: Sequence[Said], version: Version) -> Iterator[Difference]:
    """The entries that an error falls under."""
    return (one for one in DIFFERENCES if one.covers(outcome, said, ours, version))


def unused(used: Iterable[Difference], version: Version) -> list[Difference]:
    """The entries that nothing fell under."""
    met = set(used)
    return [one for one in DIFFERENCES if version in one.versions and one not in met]


def settled(verdict: Verdict, ours: Sequence[Said], version: Version, used: set[Difference]) -> Verdict:
    """The verdict without what is listed; notes which entries were needed."""
    left = Verdict(verdict.caught)
    for outcome, errors, kept in ((MISSED, verdict.missed, left.missed), (FALSE, verdict.false, left.false)):
        for said in errors:
            entries = list(listed(outcome, said, ours, version))
            used.update(entries)
            if not entries:
                kept.append(said)
    return left
