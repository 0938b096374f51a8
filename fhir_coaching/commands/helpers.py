"""Several processes that answer one question after the other, each as soon as it has answered the last.

There is no thread and no queue between them and us, as in `concurrent.futures`: on two cores both cost a tenth of the time.
Each of them is given a question only when it waits for one, so that neither side ever waits for the other to read.
"""

import gc
import pickle
import signal
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import Pipe, Process, get_start_method
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, TypeVar, cast

from fhir_coaching.errors import CoachingError

Q = TypeVar("Q")
A = TypeVar("A")

_SENT = {signal.SIGINT, signal.SIGTERM}
# Windows has no such thing, and begins a process anew, so that it needs none.
_mask: Callable[..., object] = getattr(signal, "pthread_sigmask", lambda *_: None)
_BLOCK, _UNBLOCK = getattr(signal, "SIG_BLOCK", 0), getattr(signal, "SIG_UNBLOCK", 0)


def answers(answer: Callable[[Q], A], questions: Iterable[Q], jobs: int, window: int) -> Iterator[A]:
    """The answer to each question, in their order; at most `window` a process are under way or wait for their turn.

    Raises CoachingError if one of the processes is ended by somebody else, UnsendableError, and what `answer` raises.
    """
    helpers, before = _Helpers(answer, jobs), signal.getsignal(signal.SIGTERM)

    def stop(number: int, _: FrameType | None) -> None:
        """End those who help; then what a SIGTERM does without them."""
        helpers.end()
        signal.signal(number, before)
        signal.raise_signal(number)

    heard = before not in {signal.SIG_IGN, None} and _handled(stop)
    try:
        yield from helpers.ask(map(pickle.dumps, questions), window * jobs)
    finally:
        helpers.end()
        if heard:
            _handled(before)


def _handled(how: Any) -> bool:
    """Whether a SIGTERM is now handled so. The main thread alone may say it; elsewhere those who help go when we are gone."""
    try:
        signal.signal(signal.SIGTERM, how)
    except ValueError:
        return False
    return True


class UnsendableError(Exception):
    """What was answered, or raised instead, cannot be sent from one process to another: a defect. It names the class alone."""


class _Helpers:
    """The processes, started when there is something to do for them."""

    def __init__(self, answer: Callable[[Any], Any], jobs: int) -> None:
        self._answer, self._jobs = answer, jobs
        self._processes = list[Process]()
        self._idle = list["Connection[bytes, bytes]"]()
        self._asked = dict["Connection[bytes, bytes]", int]()  # those at work, and at which question

    def ask(self, questions: Iterator[bytes], most: int) -> Iterator[Any]:
        """The answers in the order of the questions."""
        done, told, given = dict[int, bytes](), 0, 0
        coming = next(questions, None)
        while coming is not None or self._asked or done:
            while coming is not None and given - told < most and (helper := self._free()) is not None:
                self._give(helper, coming, given)
                given += 1
                coming = next(questions, None)  # is made ready while they are at work
            done.update(self._taken(0 if told in done else None))
            if told not in done:
                continue
            if isinstance(one := pickle.loads(done.pop(told)), Exception):  # noqa: S301 - of our own processes
                raise one
            told += 1
            yield one

    def _free(self) -> "Connection[bytes, bytes] | None":
        """One who waits; a new one, as long as there may be more."""
        if not self._idle and len(self._processes) < self._jobs:
            ours, theirs = Pipe()
            inherited = [ours, *self._idle, *self._asked] if get_start_method() == "fork" else []
            process = Process(target=_help, args=(theirs, self._answer, inherited), daemon=True)
            _mask(_BLOCK, _SENT)  # until it knows what to do about them, and we know of it
            try:
                process.start()
                self._processes.append(process)
            finally:
                _mask(_UNBLOCK, _SENT)
            theirs.close()
            return ours
        return self._idle.pop() if self._idle else None

    def _give(self, helper: "Connection[bytes, bytes]", question: bytes, number: int) -> None:
        try:
            helper.send_bytes(question)
        except OSError:
            raise _ended() from None
        self._asked[helper] = number

    def _taken(self, seconds: float | None) -> Iterator[tuple[int, bytes]]:
        """What those say who are ready, by the numbers of the questions; so long one waits for the first of them."""
        for helper in cast("list[Connection[bytes, bytes]]", wait(list(self._asked), seconds)):
            try:
                said = helper.recv_bytes()
            except (EOFError, OSError):
                raise _ended() from None
            self._idle.append(helper)
            yield self._asked.pop(helper), said

    def end(self) -> None:
        """Nobody is left behind."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()


def _ended() -> CoachingError:
    return CoachingError("a process that helped was ended from outside", hint="try it with --jobs 1")


def _help(
    asked: "Connection[bytes, bytes]", answer: Callable[[Any], Any], inherited: "Iterable[Connection[bytes, bytes]]"
) -> None:
    """Answer as long as somebody asks. Ctrl-C is for who hands out the work."""
    for one in inherited:  # as long as anybody holds an asker's end, nobody hears that the asker is gone
        one.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _mask(_UNBLOCK, _SENT)
    gc.freeze()  # what is shared with who began us stays so: no collection looks at it, and so copies it
    try:
        while True:
            asked.send_bytes(_said(answer, asked.recv_bytes()))
    except (EOFError, OSError):  # nobody asks any more
        return


def _said(answer: Callable[[Any], Any], question: bytes) -> bytes:
    """The answer, or what is raised instead and again by who asked."""
    try:
        said = answer(pickle.loads(question))  # noqa: S301 - of our own process
    except Exception as error:  # noqa: BLE001
        said = error
    try:
        packed = pickle.dumps(said)
        if isinstance(said, Exception):  # of which some can be sent and not be received
            pickle.loads(packed)  # noqa: S301 - of our own
    except Exception:  # noqa: BLE001 - its words may hold values
        return pickle.dumps(UnsendableError(type(said).__name__))
    return packed
