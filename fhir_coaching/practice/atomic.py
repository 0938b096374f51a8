"""Files that are replaced as a whole: a reader sees the old ones or the new ones, never half of one."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def replacing(paths: Sequence[Path]) -> Iterator[list[IO[bytes]]]:
    """New files to write, one for each path; at the end all are on disk before the first takes its place.

    An existing file keeps its mode, a new one is for its owner alone (0600). Folders are made.
    After an exception nothing has changed.
    """
    with ExitStack() as unwritten:
        files: list[tuple[IO[bytes], str, Path]] = []
        for path in paths:
            target = path.resolve()  # what a link points to is replaced, not the link
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
            unwritten.callback(_forget, name)
            file: IO[bytes] = unwritten.enter_context(os.fdopen(handle, "wb"))
            with suppress(FileNotFoundError):
                Path(name).chmod(target.stat().st_mode & 0o7777)
            files.append((file, name, target))
        yield [file for file, _, _ in files]
        for file, _, _ in files:
            file.flush()
            os.fsync(file.fileno())
        for _, name, target in files:
            Path(name).replace(target)
    _sync({target.parent for _, _, target in files})


def _forget(name: str) -> None:
    with suppress(FileNotFoundError):
        Path(name).unlink()


def _sync(folders: set[Path]) -> None:
    """Make the new names last, where a folder can be synced."""
    for folder in folders:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
