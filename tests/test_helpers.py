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
from threading import Thread
from typing import Any

import pytest

from fhir_coaching.cli import defect
from fhir_coaching.commands.helpers import UnsendableError, answers
from fhir_coaching.errors import CoachingError, Fault, InputError

CANARY = "Zebrafink"
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


class TwoWordsError(Exception):
    """Can be sent, and not be received: what it is made of is not what it says."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


def unsendable(kind: str) -> Any:
    """Answers and errors that do not fit between processes."""
    if kind == "answer":
        return lambda: CANARY
    if kind == "error":
        raise TwoWordsError(CANARY, CANARY)
    raise InputError([Fault("wrong", place="a.ndjson:1"), Fault("wrong", hint="do this")], more=3, hint="or that")


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


@pytest.mark.parametrize(("kind", "named"), [("answer", "function"), ("error", "TwoWordsError")])
def test_what_cannot_be_sent_is_a_defect_and_told_without_its_words(kind: str, named: str) -> None:
    with pytest.raises(UnsendableError) as raised:
        list(answers(unsendable, [kind], 2, 3))
    assert (raised.value.args, raised.value.__context__) == ((named,), None)
    assert "UnsendableError: this is a defect" in defect(raised.value)
    assert active_children() == []


def test_faults_come_whole_from_another_process() -> None:
    with pytest.raises(InputError) as raised:
        list(answers(unsendable, ["faults"], 2, 3))
    with pytest.raises(InputError) as here:
        unsendable("faults")
    ours, theirs = here.value, raised.value
    assert str(theirs) == str(ours) == "a.ndjson:1: wrong\nwrong (do this)\nand 3 more\nor that"
    assert (theirs.faults, theirs.more, theirs.hint) == (ours.faults, ours.more, ours.hint)


def test_a_thread_may_ask_too() -> None:
    said: list[int] = []
    asking = Thread(target=lambda: said.extend(answers(partial(mul, 2), range(5), 2, 3)))
    asking.start()
    asking.join(60)
    assert said == [0, 2, 4, 6, 8]


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
next(told)
print("goes on")
"""
STOPPED_WHILE_NOBODY_ASKS = """
print(next(told), len(active_children()), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
print("goes on")
"""
WITH_ANOTHER_WAY = """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print(active_children())))
told = answers(partial(mul, 2), range(100), 3, 3)
print(next(told))
os.kill(os.getpid(), signal.SIGTERM)
print("goes on")
"""
WITHOUT_EFFECT = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(next(told))
os.kill(os.getpid(), signal.SIGTERM)
print(sum(told), signal.getsignal(signal.SIGTERM) is signal.SIG_IGN)
"""


def said_by(program: str) -> tuple[str, int]:
    """What a program writes, and whoever it began: until the last of them is gone; and what it ends with."""
    command = [sys.executable, "-c", ASKING + program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as asking:
        try:
            return asking.communicate(timeout=60)[0], asking.returncode
        except subprocess.TimeoutExpired:
            os.killpg(asking.pid, signal.SIGKILL)
            raise


def test_nobody_waits_for_who_was_killed() -> None:
    assert said_by(KILLED) == ("0 2\n", -signal.SIGKILL)


@pytest.mark.skipif(get_start_method() != "fork", reason="a signal is sent as soon as a process is forked")
def test_one_that_has_just_begun_is_ended_too() -> None:
    assert said_by(STOPPED_AT_ONCE) == ("", -signal.SIGTERM)


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
def test_a_sigterm_does_what_it_does_without_helpers() -> None:
    assert said_by(STOPPED_WHILE_NOBODY_ASKS) == ("0 3\n", -signal.SIGTERM)
    assert said_by(WITH_ANOTHER_WAY) == ("0\n[]\n", 0)
    assert said_by(WITHOUT_EFFECT) == ("0\n9900 True\n", 0)
