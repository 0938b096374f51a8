"""The validation engine and `checks` over the same mutants: what both say, what one alone says, in figures."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from checking.compare import Said, compared, engine_errors, our_errors
from checking.differences import Difference, settled
from checking.mutants import Mutant
from servers import Validator

from fhir_coaching.errors import Finding
from fhir_coaching.lens import R5, Version
from fhir_coaching.versions import Json

BATCH = 500
OUTCOMES = ("caught", "missed", "missed, listed", "false", "false, listed")

Check = Callable[[Json], list[Finding]]
Judged = tuple[Mutant, Sequence[Said], Sequence[Said]]


def judged(
    validator: Validator,
    broken: Iterable[Mutant],
    check: Check,
    igs: Sequence[str],
    version: Version,
    *,
    auto: bool = False,
) -> Iterator[Judged]:
    """Every mutant with the errors that the engine reports, and ours."""
    left = iter(broken)
    while batch := list(islice(left, BATCH)):
        reports = validator.validate((one.resource for one in batch), igs=igs, r5=version is R5, auto=auto)
        for mutant, report in zip(batch, reports, strict=True):
            yield (
                mutant,
                engine_errors(report, mutant.resource),
                our_errors(check(mutant.resource), mutant.resource),
            )


@dataclass
class Outcome:
    """What came of it: the errors, and which of the listed differences were met."""

    found: dict[str, list[tuple[Mutant, Said]]] = field(default_factory=lambda: {name: [] for name in OUTCOMES})
    used: set[Difference] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    alike: Counter[str] = field(default_factory=Counter)

    @property
    def figures(self) -> str:
        """How many of each outcome, by class; and whether the two agree that a resource is sound."""
        counts = {name: Counter(said.kind for _, said in found) for name, found in self.found.items()}
        kinds = sorted({kind for count in counts.values() for kind in count})
        rows = [("class", *counts), *((kind, *(str(count[kind]) for count in counts.values())) for kind in kinds)]
        rows.append(("all", *(str(count.total()) for count in counts.values())))
        lines = (f"{first:24}" + "".join(f"{cell:>16}" for cell in cells) for first, *cells in rows)
        return "\n".join([*lines, str(dict(self.alike))])

    def examples(self, name: str) -> str:
        """The first of each class and rule."""
        firsts: dict[tuple[str, str], str] = {}
        for mutant, said in self.found[name]:
            text = f"{said.kind} {said.rule} at {said.at}: {said.text[:160]} ({', '.join(mutant.done)})"
            firsts.setdefault((said.kind, said.rule), text)
        return "\n".join(firsts.values())


def outcome(cases: Iterable[Judged], version: Version, differences: Sequence[Difference]) -> Outcome:
    """The errors of both matched, what is listed set apart."""
    result = Outcome()
    for mutant, theirs, ours in cases:
        result.types.add(mutant.type)
        result.alike[f"engine: {'wrong' if theirs else 'sound'}, we: {'wrong' if ours else 'sound'}"] += 1
        raw = compared(theirs, ours)
        left = settled(raw, ours, version, result.used, differences)
        sorted_out = {
            "caught": raw.caught,
            "missed": left.missed,
            "missed, listed": [said for said in raw.missed if said not in left.missed],
            "false": left.false,
            "false, listed": [said for said in raw.false if said not in left.false],
        }
        for name, errors in sorted_out.items():
            result.found[name] += [(mutant, said) for said in errors]
    return result
