"""What is measured, and how: seconds side by side, processes with their memory."""

import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parent.parent
SAMPLE = REPOSITORY / "examples" / "riverside"

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


def spent_and_peak(command: list[str]) -> tuple[float, float]:
    """Run a command: seconds of processor that it used, and its largest resident size in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = peak_of(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


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
