"""Starting a program, waiting for the line that says it is ready, and ending it."""

import fcntl
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path


class Unavailable(Exception):
    """The server cannot be had on this machine (no Java, no network): a reason to skip, not to fail."""


class StartFailed(Exception):
    """The server is here but did not start. The message ends with the last lines that it printed."""


def cache() -> Path:
    """The user's cache folder of this project, made if needed."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fhir-coaching"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def free_port() -> int:
    """A port on the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` alone. The kernel lets go of it when this process dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def running(
    command: Sequence[str | Path],
    *,
    ready: str,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[re.Match[str]]:
    """Run `command` until the block ends. The block begins at the first line that the pattern `ready` is found in.

    `timeout` in seconds; `env` is added to the environment. Raises StartFailed.
    """
    with tempfile.NamedTemporaryFile("w", buffering=1, prefix="fhir-coaching-server-", suffix=".log") as log:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the tests only; they end the server
        )
        found: list[re.Match[str]] = []
        settled = threading.Event()

        def read() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                if not found and (match := re.search(ready, line)):
                    found.append(match)
                    settled.set()
            settled.set()

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            in_time = settled.wait(timeout)
            if not found:
                _end(process)
                reader.join(timeout=5)
                what = f"ended with {process.returncode}" if in_time else f"was not ready within {timeout:.0f} s"
                raise StartFailed(f"{Path(str(command[0])).name} {what}; it said last:\n{_tail(log.name)}")
            yield found[0]
        finally:
            _end(process)
            reader.join(timeout=5)


def _end(process: subprocess.Popen[str]) -> None:
    """End the process and what it started: politely, after ten seconds not."""
    if process.returncode is not None:  # its number may belong to somebody else by now
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(timeout=10)
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return


def _tail(log: str, lines: int = 30) -> str:
    return "\n".join(Path(log).read_text(errors="replace").splitlines()[-lines:])
