"""`validate`: what one small file waits for, what a second process brings, and what 100,000 resources take."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from measuring import REPOSITORY, SAMPLE, Call, Measure, best, peak_of

SMALL = "goal.json"  # one small resource
VALIDATE = [sys.executable, "-m", "fhir_coaching", "validate"]


def validate() -> Iterator[Measure]:
    """`validate`: what one small file waits for, what a second process brings, and what 100,000 resources take."""
    with tempfile.TemporaryDirectory(prefix="fhir-coaching-bench-") as name:
        made = Path(name) / "made.ndjson"
        convert = [sys.executable, "-m", "fhir_coaching", "convert", str(SAMPLE), "--to", "fhir", "-o", str(made)]
        subprocess.run(convert, check=True, capture_output=True, cwd=REPOSITORY)
        for measures in (validate_start_up, validate_jobs, validate_memory):
            yield from measures(made.parent, made.read_bytes().splitlines(keepends=True))


def installed(folder: Path) -> dict[str, str]:
    """The environment of a program that is installed: its bytecode is there, and nobody says how it is to write."""
    strange = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    kept = {name: value for name, value in os.environ.items() if name not in strange}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def validating(folder: Path, *words: str | Path) -> Call:
    """A run of `validate`, as a program."""
    command = [*VALIDATE, *map(str, words), "--output", "ndjson"]
    environment = installed(folder)
    return lambda: subprocess.run(command, check=True, capture_output=True, cwd=REPOSITORY, env=environment)


def validate_start_up(folder: Path, lines: list[bytes]) -> Iterator[Measure]:
    """One small file, against bare Python."""
    small = folder / SMALL
    small.write_bytes(next(line for line in lines if b'"Goal"' in line))

    python = [sys.executable, "-c", "pass"]
    ours, bare = best([validating(folder, small), lambda: subprocess.run(python, check=True)], 12, perf_counter)
    yield Measure("validate of one small file, over bare Python", (ours - bare) * 1e3, "ms", 300)


def validate_jobs(folder: Path, lines: list[bytes]) -> Iterator[Measure]:
    """One big NDJSON and many files, with one process and with two. In seconds of the clock: it wants two idle cores."""
    big, many = folder / "big.ndjson", folder / "many"
    big.write_bytes(b"".join(lines * 160))
    many.mkdir()
    for number in range(20_000):
        (many / f"{number}.json").write_bytes(lines[number % len(lines)])
    for what, source, count in (("one NDJSON of 80,000", big, 80_000), ("20,000 files", many, 20_000)):
        calls = [validating(folder, source), validating(folder, source, "--jobs", "2")]
        one, two = best(calls, 5, perf_counter)
        yield Measure(f"validate of {what}: time for each", one / count * 1e6, "us")
        yield Measure(f"validate of {what}: jobs 1 / 2, clock", one / two, "x", 1.7, least=True)
        yield Measure(f"validate of {what}: jobs 1 / 2, processor", shared_out(folder, source), "x", 1.7, least=True)
    peaks = [peak_of([*VALIDATE, str(source), "--jobs", "2"]) for source in (folder / SMALL, many)]
    yield Measure("validate of 20,000 files / of one, two processes: peak", peaks[1] / peaks[0], "x", 1.5)


CPU = """import resource, sys
from fhir_coaching.cli import cli
try: cli.main(sys.argv[1:])
except SystemExit: pass
times = [resource.getrusage(who)[:2] for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(*map(sum, times), file=sys.stderr)"""


def shared_out(folder: Path, source: Path) -> float:
    """How much faster two processes are on two cores that nobody else uses, by the processor time that each takes.

    What one small file takes is the start, in which there is but one process; the rest is shared by two.
    """

    def used(source: Path, jobs: str) -> list[float]:
        command = [sys.executable, "-c", CPU, "validate", str(source), "--output", "json", "--jobs", jobs]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=REPOSITORY, env=installed(folder)
        )
        return [float(seconds) for seconds in done.stderr.split()]

    start, alone, two = (
        min((used(*what) for _ in range(3)), key=sum) for what in ((folder / SMALL, "1"), (source, "1"), (source, "2"))
    )
    return sum(alone) / max(two[0], (sum(start) + sum(two)) / 2)


def validate_memory(folder: Path, lines: list[bytes]) -> Iterator[Measure]:
    """The peak of a thousand resources and of a hundred thousand, sound ones and broken ones."""
    broken = [line.replace(b'"status":"', b'"status":"x').replace(b'Status":"', b'Status":"x') for line in lines]
    for what, each in (("sound", lines), ("broken", broken)):
        peaks = []
        for count in (1_000, 100_000):
            source = folder / "all.ndjson"
            with source.open("wb") as file:
                file.writelines(each[number % len(each)] for number in range(count))
            shell = f"{sys.executable} -m fhir_coaching validate {source} --output json || true"  # 3 of broken ones
            peaks.append(peak_of(["/bin/sh", "-c", shell]))
            yield Measure(f"validate of {count:,} {what} resources: peak of memory", peaks[-1], "MB", 100)
        yield Measure(f"validate of 100,000 / of 1,000 {what} ones: peak", peaks[1] / peaks[0], "x", 1.2)
