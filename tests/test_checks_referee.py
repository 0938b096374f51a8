"""The validation engine referees `checks`: it says of thousands of broken resources what is wrong, and we say the same.

The figures are in the output (`pytest -rP`): the engine's errors by class, caught or missed, and false alarms of ours.
"""

from pathlib import Path

import pytest
from checking.differences import DIFFERENCES, unused
from checking.differences_profiles import GUIDED
from checking.mutants import mutants
from checking.referee import judged, outcome
from checking.sources import sources
from checking.vital_signs import SIGNS
from servers import Validator
from supplied import package

from fhir_coaching.checks import check
from fhir_coaching.lens import R4, R5, Version

pytestmark = pytest.mark.servers

SEED = 20261125
COUNT = {R4: 18_000, R5: 9_000}  # a minute in all


@pytest.mark.parametrize("version", [R4, R5])
def test_the_engine_and_the_checks_agree(validator: Validator, run_folder: Path, version: Version) -> None:
    broken = mutants(sources(version), COUNT[version], SEED)
    cases = judged(validator, broken, lambda one: check(one, version), [package(run_folder, version)], version)
    result = outcome(cases, version, DIFFERENCES)
    print(result.figures)  # noqa: T201 the figures are wanted also when nothing fails
    assert len(result.types) >= 15
    assert not result.found["missed"], f"{result.figures}\nmissed:\n{result.examples('missed')}"
    assert not result.found["false"], f"{result.figures}\nfalse alarms:\n{result.examples('false')}"
    assert unused(result.used, version, DIFFERENCES) == []
    assert len(result.found["caught"]) > COUNT[version] / 2


@pytest.mark.parametrize("version", [R4, R5])
def test_they_agree_on_vital_signs(validator: Validator, run_folder: Path, version: Version) -> None:
    broken = mutants(SIGNS, 3_000, SEED)
    cases = judged(validator, broken, lambda one: check(one, version), [package(run_folder, version)], version)
    result = outcome(cases, version, GUIDED)
    print(result.figures)  # noqa: T201 as above
    assert not result.found["missed"], f"{result.figures}\nmissed:\n{result.examples('missed')}"
    assert not result.found["false"], f"{result.figures}\nfalse alarms:\n{result.examples('false')}"
