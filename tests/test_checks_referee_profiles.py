"""The validation engine referees US Core: mutants of resources that keep to it, judged with the guide's profiles.

Everything is compared, what the base says too: its differences are those of `differences`, what profiles add is in
`differences_profiles`.
"""

import re
from collections import Counter
from pathlib import Path

import pytest
from checking.differences import unused
from checking.differences_profiles import GUIDED, PROFILES
from checking.guided import guided
from checking.mutants import mutants
from checking.referee import judged, outcome
from checking.slices import SLICES
from checking.sources import practice
from servers import Validator
from supplied import package
from test_conformance import held_to

from fhir_coaching.checks import check
from fhir_coaching.checks.profiles.guides import chosen
from fhir_coaching.errors import WARNING
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


# What the engine says of a code that an extensible binding would rather have another one than.
RATHER = {"Terminology_TX_NoValid_2_CC", "Terminology_TX_Code_ValueSet_Ext", "Terminology_TX_NoValid_17"}
# Where it alone warns: a kind of identifier that US Core asks for by name, and states, which are in no package.
ALONE = {"Coverage.identifier.type", "Location.address.state"}


@pytest.mark.parametrize("version", ["3.1.1", "6.1.0", "8.0.0"])
def test_the_engine_warns_of_the_same_codes(guided_validator: Validator, run_folder: Path, version: str) -> None:
    resources = [held_to(version, one) for one in practice(R4)]
    resources += [] if version == "3.1.1" else guided(version)
    profiles = chosen([f"us-core@{version}"])
    guides = [package(run_folder, R4), f"hl7.fhir.us.core-{version}"]
    theirs, ours = Counter[str](), Counter[str]()
    for resource, report in zip(resources, guided_validator.validate(resources, igs=guides, auto=True), strict=True):
        found = [
            re.sub(r"\.ofType\(\w+\)", "", str(one["location"])) for one in report["warnings"] if one["rule"] in RATHER
        ]
        theirs.update(re.sub(r"\[\d+\]", "", one) for one in found if ".extension" not in one)
        told = [one for one in check(resource, R4, profiles) if (one.rule, one.severity) == ("code", WARNING)]
        ours.update(re.sub(r"\[\d+\]", "", one.element) for one in told if ".extension" not in one.element)
    assert len(ours) > 3
    assert ours - theirs == Counter()
    assert (theirs - ours).keys() <= ALONE
