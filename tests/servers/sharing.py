"""One server for all test processes of a run, ended when the last of them is gone, even if it was killed.

Every test process holds a shared lock on a *lease* file for as long as it uses the server. The server belongs to a
keeper process, which waits for an exclusive lock on the same file: it gets it when nobody uses the server any more,
since the kernel lets go of the locks of dead processes. `python -m servers.sharing NAME FOLDER` is the keeper.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from servers import launchers
from servers.process import StartFailed, Unavailable, locked

LAUNCHERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "hapi": launchers.hapi,
    "sekmet": launchers.sekmet,
    "validator": launchers.validator,
}


_KEEPERS: list[subprocess.Popen[bytes]] = []  # a Popen that is dropped before its process has ended complains


class Files(NamedTuple):
    """What the processes that share a server have in common, in a folder of the run."""

    lease: Path  # held shared by users, alone by the keeper when it ends
    starting: Path  # held by the one that starts the keeper
    reference: Path  # there while a keeper is: its answer, as JSON
    log: Path  # what the keeper itself complains about

    @classmethod
    def of(cls, name: str, folder: Path) -> Self:
        """The files of the server `name`."""
        return cls(*(folder / f"{name}.{end}" for end in ("lease", "starting", "json", "log")))


@contextmanager
def shared(name: str, folder: Path) -> Iterator[str]:
    """The address of the server `name`, started by whoever of this run needs it first.

    Raises Unavailable, StartFailed.
    """
    files = Files.of(name, folder)
    with files.lease.open("a") as lease:
        fcntl.flock(lease, fcntl.LOCK_SH)
        with locked(files.starting):
            if not files.reference.exists():
                _start_keeper(name, folder, files)
            answer = json.loads(files.reference.read_text())
        if reason := answer.get("unavailable"):
            raise Unavailable(reason)
        if reason := answer.get("failed"):
            raise StartFailed(reason)
        yield answer["url"]


def _start_keeper(name: str, folder: Path, files: Files) -> None:
    with files.log.open("w") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "servers.sharing", name, str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    _KEEPERS.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout as said:
        if not said.readline():
            raise StartFailed(f"the keeper of {name} ended early:\n{files.log.read_text()}")


def keep(name: str, folder: Path) -> None:
    """Start the server, say so on stdout, wait until nobody uses it, end it."""
    files = Files.of(name, folder)
    with ExitStack() as server:
        try:
            answer = {"url": server.enter_context(LAUNCHERS[name]())}
        except Unavailable as reason:
            answer = {"unavailable": str(reason)}
        except StartFailed as reason:
            answer = {"failed": str(reason)}
        files.reference.write_text(json.dumps(answer))
        os.write(sys.stdout.fileno(), b"ready\n")
        with locked(files.lease):
            server.close()
            files.reference.unlink(missing_ok=True)


if __name__ == "__main__":
    keep(sys.argv[1], Path(sys.argv[2]))
