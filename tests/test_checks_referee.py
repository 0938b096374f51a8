"""The validation engine referees `checks`: it says of thousands of broken resources what is wrong, and we say the same.

The figures are in the output (`pytest -rP`): the engine's errors by class, caught or missed, and false alarms of ours.
"""

from collections import Counter
from collections.abc import Iterable
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
COUNT = {R4: 9000, R5: 4500}
BATCH = 500


def table(outcomes: dict[str, list[tuple[Mutant, Said]]]) -> str:
    """How many of each outcome, by class."""
    counts = {name: Counter(said.kind for _, said in found) for name, found in outcomes.items()}
    kinds = sorted({kind for count in counts.values() for kind in count})
    rows = [("class", *counts), *((kind, *(str(count[kind]) for count in counts.values())) for kind in kinds)]
    rows.append(("all", *(str(count.total()) for count in counts.values())))
    return "\n".join(f"{first:20}" + "".join(f"{cell:>14}" for cell in cells) for first, *cells in rows)


def examples(found: Iterable[tuple[Mutant, Said]]) -> str:
    """The first of each class and rule."""
    firsts: dict[tuple[str, str], str] = {}
    for mutant, said in found:
        text = f"{said.kind} {said.rule} at {said.at}: {said.text[:120]} ({', '.join(mutant.done)})"
        firsts.setdefault((said.kind, said.rule), text)
    return "\n".join(firsts.values())


@pytest.mark.parametrize("version", [R4, R5])
def test_the_engine_and_the_checks_agree(validator: Validator, run_folder: Path, version: Version) -> None:
    broken = list(mutants(sources(version), COUNT[version], SEED))
    igs = [package(run_folder, version)]
    outcomes: dict[str, list[tuple[Mutant, Said]]] = {
        "caught": [],
        "missed": [],
        "false": [],
        "missed, listed": [],
        "false, listed": [],
    }
    used: set[Difference] = set()
    for start in range(0, len(broken), BATCH):
        batch = broken[start : start + BATCH]
        reports = validator.validate((one.resource for one in batch), igs=igs, r5=version is R5)
        for mutant, report in zip(batch, reports, strict=True):
            ours = our_errors(check(mutant.resource, version))
            raw = compared(engine_errors(report, mutant.resource), ours)
            verdict = settled(raw, ours, version, used)
            found = {
                "caught": verdict.caught,
                "missed": verdict.missed,
                "false": verdict.false,
                "missed, listed": [said for said in raw.missed if said not in verdict.missed],
                "false, listed": [said for said in raw.false if said not in verdict.false],
            }
            for outcome, errors in found.items():
                outcomes[outcome] += [(mutant, said) for said in errors]
    figures = table(outcomes)
    print(figures)  # noqa: T201 the figures are wanted also when nothing fails
    assert len({one.type for one in broken}) >= 15
    assert not outcomes["missed"], f"{figures}\nmissed:\n{examples(outcomes['missed'])}"
    assert not outcomes["false"], f"{figures}\nfalse alarms:\n{examples(outcomes['false'])}"
    assert unused(used, version) == []
    assert len(outcomes["caught"]) > COUNT[version] / 2
