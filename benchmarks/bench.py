"""Speed, memory and requests, each against its bound: ratios of two things measured side by side in one run.

`python benchmarks/bench.py [NAME…]`; names: mapping, help, memory, push. Ends with 1 if a bound is missed.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

REPOSITORY = Path(__file__).parent.parent
SAMPLE = REPOSITORY / "examples" / "riverside"
BASE = "https://practice.example"

Call = Callable[[], object]


class Measure(NamedTuple):
    """One line of the table. `bound` is the most that is allowed, or with `least` the least; None: only told."""

    what: str
    value: float
    unit: str = ""
    bound: float | None = None
    least: bool = False

    @property
    def ok(self) -> bool:
        """Whether the bound is kept."""
        return self.bound is None or (self.value >= self.bound if self.least else self.value <= self.bound)

    def __str__(self) -> str:
        said = "" if self.bound is None else f"{'>=' if self.least else '<='} {self.bound:g}"
        verdict = "" if self.bound is None else "ok" if self.ok else "MISSED"
        return f"{self.what:<58} {self.value:>8.2f} {self.unit:<4} {said:>8}  {verdict}"


def best(calls: list[Call], rounds: int, clock: Callable[[], float]) -> list[float]:
    """Seconds of each call, the best of several rounds in which they take turns, so that a busy machine hits all alike."""
    found = [float("inf")] * len(calls)
    for _ in range(rounds):
        for index, call in enumerate(calls):
            start = clock()
            call()
            found[index] = min(found[index], clock() - start)
    return found


def mapping() -> Iterator[Measure]:
    """Every goal and session of the sample practice, R4: against fhir.resources, and against msgspec alone."""
    yield from mapping_of("goal")
    yield from mapping_of("session")


def mapping_of(kind: str) -> Iterator[Measure]:
    """One kind. In seconds of this process, so that others on the machine count for little."""
    from fhir_coaching.fhir.gate import model  # noqa: PLC0415 - a measure imports only what it measures
    from fhir_coaching.fhir.json import dumps  # noqa: PLC0415
    from fhir_coaching.fhir.names import PracticeNames  # noqa: PLC0415
    from fhir_coaching.lens import R4  # noqa: PLC0415
    from fhir_coaching.mappings import KINDS  # noqa: PLC0415
    from fhir_coaching.practice.source import read  # noqa: PLC0415
    from fhir_coaching.records import kind_of  # noqa: PLC0415

    lens = KINDS[kind].lens(R4, PracticeNames(BASE))
    records = [record for record in read(SAMPLE) if kind_of(record) == kind]
    made = [lens.put(record) for record in records]
    parts = [{name: one.get(name) for name in lens.lenses} for one in made]
    resources = [resource for one in made for resource in one.values()]
    models = [model(resource["resourceType"], R4) for resource in resources]
    assert [lens.get(one, record) for one, record in zip(parts, records, strict=True)] == records
    get, put, again, text, encode, validate, dump = best([
        lambda: [lens.get(one) for one in parts],
        lambda: [lens.put(record) for record in records],
        lambda: [lens.put(record, one, record) for one, record in zip(parts, records, strict=True)],
        lambda: [dumps(one) for record in records for one in lens.put(record).values()],
        lambda: [dumps(one) for one in resources],
        lambda: [its.model_validate(one) for its, one in zip(models, resources, strict=True)],
        lambda: [its(**one).model_dump_json() for its, one in zip(models, resources, strict=True)],
    ], 25, process_time)  # fmt: skip
    each = 1e6 / len(records)
    yield Measure(f"{kind}: get", get * each, "us")
    yield Measure(f"{kind}: put, new", put * each, "us")
    yield Measure(f"{kind}: put on what is there, unchanged", again * each, "us")
    yield Measure(f"{kind}: get + put / R4B model_validate", (get + put) / validate, "x", 0.5)
    yield Measure(f"{kind}: R4B constructor + model_dump_json / record to bytes", dump / text, "x", 10, least=True)
    yield Measure(f"{kind}: record to bytes / msgspec's encoding alone", text / encode, "x")


def start_up() -> Iterator[Measure]:
    """`--help` against importing click."""

    def python(*words: str) -> Call:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=REPOSITORY)

    ours, click = best([python("-m", "fhir_coaching", "--help"), python("-c", "import click")], 12, perf_counter)
    yield Measure("fhir-coaching --help", ours * 1e3, "ms")
    yield Measure('--help / python -c "import click"', ours / click, "x", 1.6)


GOAL = (
    '{"kind":"goal","id":"g-%d","patient":"p-%d","statement":"Walk to the lake %d times","state":"active",'
    '"start":"2026-03-01","focus":["physical_activity"],"horizon":"long_term","targets":[{"key":"t1",'
    '"measure":{"text":"steps"},"detail":{"value":8000.%02d,"code":"{steps}/d"},"due":"2026-06-30"}]}\n'
)


def memory() -> Iterator[Measure]:
    """The peak of converting many goals, and of ten times as many."""
    for count in (10_000, 100_000):
        with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as folder:
            source, made = Path(folder) / "goals.ndjson", Path(folder) / "made.ndjson"
            with source.open("w", encoding="utf-8") as file:
                file.writelines(GOAL % (number, number // 10, number, number % 100) for number in range(count))
            convert = ["convert", str(source), "--to", "fhir", "--identifier-base", BASE, "-o", str(made), "--quiet"]
            start = perf_counter()
            peak = peak_of([sys.executable, "-m", "fhir_coaching", *convert])
            seconds = perf_counter() - start
            with made.open("rb") as file:
                assert sum(1 for _ in file) == count
        yield Measure(f"{count:,} goals converted: time for each", seconds / count * 1e6, "us")
        yield Measure(f"{count:,} goals converted: peak of memory", peak, "MB", 200)


def peak_of(command: list[str]) -> float:
    """Run a command and return its largest resident size in MB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], check=True, capture_output=True, text=True, cwd=REPOSITORY
    )
    peak = int(done.stdout.split()[-1])
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, kibibytes elsewhere


def push() -> Iterator[Measure]:
    """Requests of pushing the sample practice into an empty sandbox: people once, then two a patient."""
    from fhir_coaching.practice.source import read  # noqa: PLC0415
    from fhir_coaching.records import kind_of  # noqa: PLC0415
    from fhir_coaching.sandbox import Sandbox  # noqa: PLC0415

    patients = sum(kind_of(record) == "patient" for record in read(SAMPLE))
    with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as folder, Sandbox() as sandbox:
        practice = shutil.copytree(SAMPLE, Path(folder) / "practice")
        command = [
            sys.executable,
            "-m",
            "fhir_coaching",
            "push",
            str(practice),
            "--server",
            sandbox.url,
            "--create-people",
        ]
        start = perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
        seconds, first = perf_counter() - start, len(sandbox.requests)
        sandbox.requests.clear()
        subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY)
        second = len(sandbox.requests)
    yield Measure(f"first push of {patients} patients: requests", first, "", 3 + 2 * patients)
    yield Measure("second push: requests", second, "", 3 + 2 * patients)
    yield Measure("first push: time", seconds, "s")


MEASURES: dict[str, Callable[[], Iterator[Measure]]] = {
    "mapping": mapping,
    "help": start_up,
    "memory": memory,
    "push": push,
}


def main(names: list[str]) -> int:
    """Print a line for each measure as it comes."""
    missed = 0
    for name in names or MEASURES:
        for measure in MEASURES[name]():
            print(measure, flush=True)
            missed += not measure.ok
    print(f"{missed} missed" if missed else "all bounds kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
