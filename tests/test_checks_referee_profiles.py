"""The validation engine referees US Core: mutants of resources that keep to it, judged with the guide's profiles.

Everything is compared, what the base says too: its differences are those of `differences`, what profiles add is in
`differences_profiles`.
"""

from pathlib import Path

import pytest
from checking.differences import unused
from checking.differences_profiles import GUIDED, PROFILES
from checking.guided import guided
from checking.mutants import mutants
from checking.referee import judged, outcome
from checking.slices import SLICES
from servers import Validator
from supplied import package

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.lens import R4

pytestmark = pytest.mark.servers

SEED = 20261126
COUNT = 18_000


@pytest.mark.parametrize("version", ["6.1.0", "8.0.0"])
def test_the_engine_and_the_checks_agree_on_us_core(
    guided_validator: Validator, run_folder: Path, version: str
) -> None:
    profiles = chosen([f"us-core@{version}"])
    guides = [package(run_folder, R4), f"hl7.fhir.us.core-{version}"]
    broken = mutants(guided(version), COUNT, SEED, SLICES)
    cases = judged(guided_validator, broken, lambda one: check(one, R4, profiles), guides, R4, auto=True)
    result = outcome(cases, R4, GUIDED)
    print(result.figures)  # noqa: T201 the figures are wanted also when nothing fails
    assert len(result.types) >= 18
    assert not result.found["missed"], f"{result.figures}\nmissed:\n{result.examples('missed')}"
    assert not result.found["false"], f"{result.figures}\nfalse alarms:\n{result.examples('false')}"
    assert unused(result.used, R4, PROFILES) == []
    assert len(result.found["caught"]) > COUNT / 2
