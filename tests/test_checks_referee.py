"""The validation engine referees `checks`: it says of thousands of broken resources what is wrong, and we say the same.

The figures are in the output (`pytest -rP`): the engine's errors by class, caught or missed, and false alarms of ours.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from checking.compare import Said, compared, engine_errors, our_errors
from checking.differences import Difference, settled, unused
from checking.mutants import Mutant, mutants
from checking.sources import sources
from servers import Validator
from supplied import package

from fhir_coaching.checks import check
from fhir_coaching.lens import R4, R5, Version

pytestmark = pytest.mark.servers

SEED = 20261125
COUNT = {R4: 18_000, R5: 9_000}  # a minute in all
BATCH = 500


def table(outcomes: dict[str, list[tuple[Mutant, Said]]]) -> str:
    """How many of each outcome, by class."""
    counts = {name: Counter(said.kind for _, said in found) for name, found in outcomes.items()}
    kinds = sorted({kind for count in counts.values() for kind in count})
    rows = [("class", *counts), *((kind, *(str(count[kind]) for count in counts.values())) for kind in kinds)]
    rows.append(("all", *(str(count.total()) for count in counts.values())))
    return "\n".join(f"{first:20}" + "".join(f"{cell:>16}" for cell in cells) for first, *cells in rows)


def examples(found: Iterable[tuple[Mutant, Said]]) -> str:
    """The first of each class and rule."""
    firsts: dict[tuple[str, str], str] = {}
    for mutant, said in found:
        text = f"{said.kind} {said.rule} at {said.at}: {said.text[:120]} ({', '.join(mutant.done)})"
        firsts.setdefault((said.kind, said.rule), text)
    return "\n".join(firsts.values())


def judged(
    validator: Validator, package: str, version: Version
) -> Iterator[tuple[Mutant, Sequence[Said], Sequence[Said]]]:
    """Every mutant with the errors that the engine reports, and ours."""
    broken = iter(mutants(sources(version), COUNT[version], SEED))
    while batch := list(islice(broken, BATCH)):
        reports = validator.validate((one.resource for one in batch), igs=[package], r5=version is R5)
        for mutant, report in zip(batch, reports, strict=True):
            yield (
                mutant,
                engine_errors(report, mutant.resource),
                our_errors(check(mutant.resource, version), mutant.resource),
            )


@pytest.mark.parametrize("version", [R4, R5])
def test_the_engine_and_the_checks_agree(validator: Validator, run_folder: Path, version: Version) -> None:
    outcomes: dict[str, list[tuple[Mutant, Said]]] = {
        name: [] for name in ("caught", "missed", "missed, listed", "false", "false, listed")
    }
    used: set[Difference] = set()
    types: set[str] = set()
    alike: Counter[str] = Counter()
    for mutant, theirs, ours in judged(validator, package(run_folder, version), version):
        types.add(mutant.type)
        alike[f"engine: {'wrong' if theirs else 'sound'}, we: {'wrong' if ours else 'sound'}"] += 1
        raw = compared(theirs, ours)
        left = settled(raw, ours, version, used)
        found = {
            "caught": raw.caught,
            "missed": left.missed,
            "missed, listed": [said for said in raw.missed if said not in left.missed],
            "false": left.false,
            "false, listed": [said for said in raw.false if said not in left.false],
        }
        for outcome, errors in found.items():
            outcomes[outcome] += [(mutant, said) for said in errors]
    figures = f"{table(outcomes)}\n{dict(alike)}"
    print(figures)  # noqa: T201 the figures are wanted also when nothing fails
    assert len(types) >= 15
    assert not outcomes["missed"], f"{figures}\nmissed:\n{examples(outcomes['missed'])}"
    assert not outcomes["false"], f"{figures}\nfalse alarms:\n{examples(outcomes['false'])}"
    assert unused(used, version) == []
    assert len(outcomes["caught"]) > COUNT[version] / 2
