"""`link` and `unlink`: a person says who is who."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from typing import TYPE_CHECKING

import click

from fhir_coaching.commands.options import App, command
from fhir_coaching.commands.servers import client, practice_at, practice_option, server_option, server_options

if TYPE_CHECKING:
    from fhir_coaching.practice.source import Source


@command(
    "link",
    """
fhir-coaching link patient p-17 Patient/4711 --server URL
fhir-coaching link place l-1 Location/9 --server URL --practice my-practice
""",
)
@click.argument("kind")
@click.argument("id_", metavar="ID")
@click.argument("reference", metavar="TYPE/ID")
@server_options
@practice_option
@click.pass_obj
def link(
    app: App, kind: str, id_: str, reference: str, server: str, token_file: str | None, fhir: str, practice: str
) -> int:
    """This person or place here is that one on the server.

    From now on its records are about that one. It is theirs: it is read, and never written.
    """
    from fhir_coaching.commands.destination import say
    from fhir_coaching.commands.sources import chosen_base, exchange_for, no_base
    from fhir_coaching.sync import base as bases
    from fhir_coaching.sync.linking import link as linked

    folder = _practice(practice)
    where = chosen_base(None, folder)
    if not where:
        raise no_base()
    there = client(server, token_file, fhir)
    with bases.opened(folder.folder, there.base) as base:
        copy = linked(there, exchange_for(app.kinds(), fhir, where), base, kind, id_, reference)
    say(f"{kind} {id_} is {copy.reference}")
    return 0


@command(
    "unlink",
    """
fhir-coaching unlink patient p-17 --server https://ehr.example/fhir
""",
)
@click.argument("kind")
@click.argument("id_", metavar="ID")
@server_option
@practice_option
def unlink(kind: str, id_: str, server: str, practice: str) -> int:
    """Forget which one on the server a person or place is. Nothing is changed there, and nothing here."""
    from fhir_coaching.commands.destination import say
    from fhir_coaching.sync import base as bases
    from fhir_coaching.sync.linking import unlink as unlinked

    folder = _practice(practice)
    with bases.opened(folder.folder, client(server, None, "r4").base) as base:
        unlinked(base, kind, id_)
    say(f"{kind} {id_} is nobody there any more")
    return 0


def _practice(path: str) -> "Source":
    from fhir_coaching.errors import SettingsError

    source = practice_at(path)
    if source is None or source.settings is None:
        raise SettingsError(
            f"{path} is no practice folder", hint="expected a folder with practice.toml; name it with --practice"
        )
    return source
