"""Several processes that answer questions: their order, how far they run ahead, and what becomes of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from multiprocessing import active_children, get_start_method
from operator import mul
from pathlib import Path

import pytest

from fhir_coaching.commands.helpers import answers
from fhir_coaching.errors import CoachingError

LARGE = 2**20  # bytes: more than fits between two processes at once


def wait_for(folder: str, number: int) -> int:
    """An answer to 0 only after somebody has answered 1."""
    path = Path(folder) / "answered"
    while number == 0 and not path.exists():
        pass
    if number == 1:
        path.touch()
    return number


def refuse(number: int) -> int:
    """No answer to 3."""
    return 1 // (number - 3)


def die(number: int) -> int:
    """Nor to 2, in which this process is ended from outside."""
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_answers_come_in_the_order_of_the_questions_whoever_is_done_first(tmp_path: Path) -> None:
    assert list(answers(partial(wait_for, str(tmp_path)), range(20), 2, 3)) == list(range(20))
    assert list(answers(partial(mul, 2), [], 2, 3)) == []
    assert active_children() == []


def test_nothing_waits_for_ever_where_questions_and_answers_are_large() -> None:
    said = [len(one) for one in answers(partial(mul, 2), [b"x" * LARGE] * 12, 2, 3)]
    assert said == [2 * LARGE] * 12


def test_questions_are_not_read_far_ahead_of_what_is_taken() -> None:
    read = 0

    def questions() -> Iterator[int]:
        nonlocal read
        for number in range(1, 1_000):
            read = number
            yield number

    told = answers(partial(mul, 2), questions(), 2, 3)
    assert [next(told) for _ in range(10)] == list(range(2, 22, 2))
    assert read <= 10 + 2 * 3 + 1  # six under way, one made ready
    told.close()  # type: ignore[attr-defined]  # it is a generator
    assert active_children() == []


def test_an_error_is_raised_in_its_turn() -> None:
    told = answers(refuse, range(10), 2, 3)
    assert [next(told) for _ in range(3)] == [-1, -1, -1]
    with pytest.raises(ZeroDivisionError):
        next(told)
    assert active_children() == []


def test_one_that_is_ended_from_outside_is_an_error_and_nobody_is_left() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(CoachingError, match="ended from outside"):
        list(answers(die, range(10), 2, 3))
    assert active_children() == []
    assert signal.getsignal(signal.SIGTERM) == before


ASKING = """
import os, signal, sys
from functools import partial
from multiprocessing import active_children
from operator import mul
from fhir_coaching.commands.helpers import answers
told = answers(partial(mul, 2), range(100), 3, 3)
"""
KILLED = """
print(next(told), next(told), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
STOPPED_AT_ONCE = """
os.register_at_fork(after_in_parent=partial(os.kill, os.getpid(), signal.SIGTERM))
try:
    next(told)
except KeyboardInterrupt:
    print(active_children())
"""


def said_by(program: str) -> str:
    """What a program writes, and whoever it began: until the last of them is gone."""
    command = [sys.executable, "-c", ASKING + program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as asking:
        try:
            return asking.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            os.killpg(asking.pid, signal.SIGKILL)
            raise


def test_nobody_waits_for_who_was_killed() -> None:
    assert said_by(KILLED) == "0 2\n"


@pytest.mark.skipif(get_start_method() != "fork", reason="a signal is sent as soon as a process is forked")
def test_one_that_has_just_begun_is_ended_too() -> None:
    assert said_by(STOPPED_AT_ONCE) == "[]\n"
