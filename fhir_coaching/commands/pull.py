"""`pull`: what changed on a server, into the practice folder."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from pathlib import Path

import click

from fhir_coaching.commands.options import App, command, identifier_base_option, output_option, strict_option
from fhir_coaching.commands.servers import client, practice_at, server_options


@command(
    "pull",
    """
fhir-coaching pull my-practice --server https://ehr.example/fhir --dry-run
fhir-coaching pull my-practice --server URL --patient 17 --patient 18
fhir-coaching pull my-practice --server URL --adopt
fhir-coaching pull new-folder --server URL --identifier-base URI
""",
)
@click.argument("dest")
@server_options
@click.option(
    "--patient", "patients", metavar="ID", multiple=True, help="Only this patient, by the server's id; may be repeated."
)
@identifier_base_option
@click.option(
    "--adopt",
    is_flag=True,
    help="Take what others wrote as well: plans of coaching, their goals and activities, and what `adopt` of practice.toml names.",
)
@click.option(
    "--on-clash",
    type=click.Choice(["local", "server"]),
    help="Whose word holds where both sides changed a record; the other's is kept in a file.",
)
@click.option("--dry-run", is_flag=True, help="Look, and write nothing.")
@strict_option("Leave what has errors by the specification.")
@output_option
@click.pass_obj
def pull(
    app: App,
    dest: str,
    server: str,
    token_file: str | None,
    fhir: str,
    patients: tuple[str, ...],
    identifier_base: str | None,
    adopt: bool,
    on_clash: str | None,
    dry_run: bool,
    strict: bool,
    output: str,
) -> int:
    """Take what changed on the server, and only there, into a practice folder.

    Where both sides changed a record neither is written, the fields are listed, and the exit code is 5: correct it, or
    decide with --on-clash. What is not there any more is listed; nothing is deleted here. What is new or changed there is
    checked by the base specification; what is wrong is told by rule.

    Adopted records are of patients who are pulled anyway, and stay theirs: from then on each pull follows them, and a
    push does not write them unless practice.toml says so.
    """
    from fhir_coaching.commands.destination import writable, write_lines
    from fhir_coaching.commands.sources import Held, chosen_base, exchange_for, no_base
    from fhir_coaching.errors import SettingsError
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.practice.settings import Settings, queries, write_settings
    from fhir_coaching.report.sync import json_of, pull_page
    from fhir_coaching.sync import base as bases
    from fhir_coaching.sync.pull import pull as take

    folder = Path(dest)
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{dest} is a file", hint="name a practice folder")
    practice = practice_at(dest)
    where = chosen_base(identifier_base, *([practice] if practice else []))
    if not where:
        raise no_base()
    there = client(server, token_file, fhir)
    settings = practice.settings if practice else None
    held = Held(practice or (), "record")
    entries = list(held.through(held))
    exchange = exchange_for(app.kinds(), fhir, where)
    with bases.opened(folder, there.base, keep=not dry_run) as base, writable(f"{folder}/"):
        report = take(
            folder, entries, there, exchange, base,
            patients=patients, adopt=queries(settings, there.base) if adopt else (), on_clash=on_clash, dry_run=dry_run,
            strict=strict,
        )  # fmt: skip
        if not dry_run and settings is None:
            write_settings(folder, Settings(identifier_base=where))
    if output == "json":
        write_lines([dumps(json_of(report))], None)
    else:
        pull_page(report)
    if report.stopped is not None:
        app.tell(report.stopped)
    return report.exit_code
