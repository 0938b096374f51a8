"""What the commands that talk to a server share: its options, the client, the practice's base."""
# ruff: noqa: PLC0415 - the engine is imported when a command runs: help is fast

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fhir_coaching.commands.options import fhir_option

if TYPE_CHECKING:
    from fhir_coaching.practice.source import Source
    from fhir_coaching.server import FhirServer

F = TypeVar("F", bound=Callable[..., Any])


def server_options(function: F) -> F:
    """`--server`, `--token-file`, `--fhir`."""
    token = click.option(
        "--token-file",
        metavar="FILE",
        help="A file with a bearer token; else FHIR_COACHING_TOKEN, or FHIR_COACHING_USER and _PASSWORD.",
    )
    return server_option(token(fhir_option(function)))


server_option = click.option(
    "--server", metavar="URL", required=True, help="The server's base, as https://ehr.example/fhir."
)
practice_option = click.option(
    "--practice", metavar="DIR", default=".", show_default="this folder", help="The practice folder."
)


def client(url: str, token_file: str | None, fhir: str) -> "FhirServer":
    """The server as a client sees it. Raises SettingsError."""
    from fhir_coaching.server import FhirServer, auth_from
    from fhir_coaching.versions import Version

    auth = auth_from(Path(token_file) if token_file is not None else None, os.environ)
    return FhirServer(url, Version[fhir.upper()], auth=auth)


def practice_at(path: str) -> "Source | None":
    """The practice folder at a path; nothing where there is none yet."""
    from fhir_coaching.practice.source import open_source

    folder = Path(path)
    if not folder.exists() or (folder.is_dir() and all(one.name.startswith(".") for one in folder.iterdir())):
        return None
    return open_source(path)
