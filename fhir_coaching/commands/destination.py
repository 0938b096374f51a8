"""What commands write: data to standard output or to a file that is whole or as it was; summaries to stderr."""

import gzip
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import click

from fhir_coaching.errors import SettingsError
from fhir_coaching.practice.atomic import replacing


@contextmanager
def destination(path: str | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that takes its place when all went well; packed if its name ends in `.gz`."""
    if path is None or path == "-":
        stream = sys.stdout.buffer
        try:
            yield stream
        finally:
            stream.flush()
        return
    with writable(path), replacing([Path(path)]) as (file,):
        if path.endswith(".gz"):
            with gzip.GzipFile("", "wb", fileobj=cast("Any", file), mtime=0) as packed:  # the same bytes each time
                yield cast("IO[bytes]", packed)
        else:
            yield file


@contextmanager
def writable(path: str) -> Iterator[None]:
    """Around writing: a place that cannot be written is a setting of no use. Raises SettingsError."""
    if Path(path).is_dir() and not path.endswith("/"):
        raise SettingsError(f"{path} is a folder", hint="name a file")
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(
            f"{path} cannot be written: {why}", hint="name another place, or change its permissions"
        ) from None


def write_lines(lines: Iterable[bytes], path: str | None, *, watch: bool = False) -> int:
    """Each line with its end; how many there were. `watch` shows how far it is, where there is time to look."""
    count = 0
    with destination(path) as file:
        for line in _watched(lines) if watch else lines:
            file.write(line + b"\n")
            count += 1
    return count


def _watched(lines: Iterable[bytes]) -> Iterable[bytes]:
    from fhir_coaching.report.progress import watched  # noqa: PLC0415 - it imports rich

    return watched(lines, "lines")


def say(text: str, *, quiet: bool = False) -> None:
    """A summary for people, beside the data."""
    if not quiet:
        click.echo(text, err=True)
