"""What a check costs beside reading the same bytes, and beside other checks, each in an environment of its own.

`python benchmarks/opinions.py`: seconds of the processor's time, best of several rounds; every program gets the same resources.
What cannot be had here is left out, with the reason. Nothing of this is a bound: the others check less (fhirkit-rs: structure)
or need packages to say anything (pyrofile-validator).
"""

import subprocess
import sys
from pathlib import Path
from time import process_time

from bench import BASE
from measuring import SAMPLE, Measure, best

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # where environments of their own are made

ROUNDS = 15

# Requirement, and what makes `each`, the function that takes the bytes of one resource.
PYROFILE = """
import json
from pyrofile_validator import Validator
of = Validator().validate_resource
def each(line): return of(json.loads(line))
"""
OTHERS = {
    "orjson.loads": (
        "orjson==3.13.0",
        "from orjson import loads as each",
    ),
    "fhirkit-rs validate": ("fhirkit-rs==0.1.0", "from fhirkit import validate as each"),
    "pyrofile-validator": ("pyrofile-validator==0.3.0", PYROFILE),
}

PROGRAM = """
import sys
from time import process_time
{made}
lines, least = sys.stdin.buffer.read().splitlines(), float("inf")
for _ in range({rounds}):
    start = process_time()
    for line in lines:
        each(line)
    least = min(least, process_time() - start)
print(least)
"""


def resources() -> list[bytes]:
    """The sample practice in R4, as bytes."""
    from fhir_coaching.fhir.json import dumps  # noqa: PLC0415 - a measure imports only what it measures
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415
    from fhir_coaching.lens import R4  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.exchange import Exchange, to_fhir  # noqa: PLC0415
    from fhir_coaching.practice.source import open_source  # noqa: PLC0415

    made = to_fhir(Exchange(KINDS, R4, PracticeNames(BASE)), open_source(str(SAMPLE)))
    return [dumps(one) for *_, one in made]


def ours(lines: list[bytes]) -> dict[str, float]:
    """Seconds for all: reading, and reading and checking against the base, and against US Core too."""
    from fhir_coaching.checks import check  # noqa: PLC0415
    from fhir_coaching.checks.profiles.guides import chosen  # noqa: PLC0415
    from fhir_coaching.fhir.json import loads  # noqa: PLC0415
    from fhir_coaching.lens import R4  # noqa: PLC0415

    profiles = chosen(["us-core@6.1.0"])
    seconds = best([
        lambda: [loads(line) for line in lines],
        lambda: [check(loads(line), R4) for line in lines],
        lambda: [check(loads(line), R4, profiles) for line in lines],
    ], ROUNDS, process_time)  # fmt: skip
    return dict(zip(("msgspec, exact decimals", "base", "base and US Core 6.1.0"), seconds, strict=True))


def theirs(requirement: str, made: str, lines: list[bytes]) -> float:
    """The same of another program. Raises Unavailable where it cannot be had."""
    from servers.launchers import own_environment  # noqa: PLC0415

    python = own_environment(requirement)
    program = PROGRAM.format(made=made, rounds=ROUNDS)
    done = subprocess.run(
        [python, "-c", program], input=b"\n".join(lines), stdout=subprocess.PIPE, check=True, env={"PYTHONPATH": ""}
    )
    return float(done.stdout)


def main() -> None:
    """Print a line for each."""
    from servers.process import Unavailable  # noqa: PLC0415

    lines = resources()
    found = ours(lines)
    each = 1e6 / len(lines)
    for name, (requirement, made) in OTHERS.items():
        try:
            found[name] = theirs(requirement, made, lines)
        except (Unavailable, subprocess.CalledProcessError) as reason:
            print(f"without {name}: {reason}")
    for name, seconds in found.items():
        print(Measure(f"{name}: a resource", seconds * each, "us"))
    read_and_checked = found["base"]
    for name in ("msgspec, exact decimals", *OTHERS):
        if name in found:
            print(Measure(f"read and checked against the base / {name}", read_and_checked / found[name], "x"))


if __name__ == "__main__":
    main()
