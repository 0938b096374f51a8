"""Two more opinions on structure, beside the engine's: where all three say one thing of a resource, `checks` says the same.

Both are for development alone, and older and narrower than the engine: fhirkit-rs reports faults of structure, google-fhir-r4
refuses a resource at the first one. The figures are in the output (`pytest -rP`).
"""

from collections import Counter
from pathlib import Path

import pytest
from checking.compare import compared, engine_errors, our_errors
from checking.differences import DIFFERENCES, Difference, settled
from checking.mutants import Mutant, mutants
from checking.sources import sources
from servers import Validator
from servers.launchers import OPINIONS, opinion
from servers.process import Unavailable
from supplied import package

from fhir_coaching.checks import check
from fhir_coaching.lens import R4

pytestmark = pytest.mark.servers

SEED = 20261125
COUNT = 6_000


@pytest.fixture(scope="module")
def broken() -> list[Mutant]:
    return list(mutants(sources(R4), COUNT, SEED))


@pytest.fixture(scope="module")
def opinions(broken: list[Mutant]) -> dict[str, list[list[str]]]:
    found = {}
    for name in OPINIONS:
        try:
            found[name] = opinion(name, (one.resource for one in broken))
        except Unavailable as reason:
            print(f"without {name}: {reason}")  # noqa: T201 the reason is wanted also when nothing fails
    if not found:
        pytest.skip("neither of the opinions can be had here, for the reasons printed")
    return found


def test_nobody_is_alone_against_three(
    validator: Validator, run_folder: Path, broken: list[Mutant], opinions: dict[str, list[list[str]]]
) -> None:
    reports = validator.validate((one.resource for one in broken), igs=[package(run_folder, R4)])
    figures: Counter[str] = Counter()
    too_mild, too_strict = list[str](), list[str]()
    for number, (mutant, report) in enumerate(zip(broken, reports, strict=True)):
        theirs = engine_errors(report, mutant.resource)
        ours = our_errors(check(mutant.resource, R4), mutant.resource)
        says = {"engine": bool(theirs)} | {name: bool(its[number]) for name, its in opinions.items()}
        figures[
            ", ".join(f"{name}: {'wrong' if bad else 'sound'}" for name, bad in {"we": bool(ours), **says}.items())
        ] += 1
        if all(says.values()) and not ours:
            too_mild.append(", ".join(mutant.done))
        left = settled(compared(theirs, ours), ours, R4, set[Difference](), DIFFERENCES)
        if not any(says.values()) and left.false:  # what is listed is meant, and has its reason there
            too_strict.append(f"{', '.join(mutant.done)}: {left.false[0].text}")
    print("\n".join(f"{count:6} {who}" for who, count in sorted(figures.items())))  # noqa: T201 as above
    assert too_mild == []
    assert too_strict == []
    assert figures.total() == COUNT
