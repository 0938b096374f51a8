"""What every test has: the profiles of Hypothesis, the switch `--regenerate`, the servers."""

import os

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "beginnings",  # a sandbox, and a practice that is in step with it or not yet
    "servers.fixtures",  # hapi_url and its like: real servers, started when a test asks for one
]

EXAMPLES = {"default": 30, "ci": 200, "nightly": 2000}

for profile, examples in EXAMPLES.items():
    settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,  # two cores shared by all tests say nothing about speed
        database=None,  # a run depends on no run before it; a failure prints what reproduces it
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate",
        action="store_true",
        help="write golden files and generated pages anew instead of comparing them",
    )


@pytest.fixture
def regenerate(request: pytest.FixtureRequest) -> bool:
    """Whether expected files are to be written instead of compared."""
    return bool(request.config.getoption("--regenerate"))
