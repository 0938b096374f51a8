"""`push`: what changed here since it was last sent, to a server."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fhir_coaching.commands.options import App, command, output_option, strict_option
from fhir_coaching.commands.servers import client, server_options

if TYPE_CHECKING:
    from fhir_coaching.sync.base import Base


@command(
    "push",
    """
fhir-coaching push my-practice --server https://ehr.example/fhir --dry-run
fhir-coaching push my-practice --server URL --token-file token
fhir-coaching push my-practice --server URL --create-people
fhir-coaching push my-practice --server URL --ids ids.csv
""",
)
@click.argument("source")
@server_options
@click.option("--create-people", is_flag=True, help="Create patients and others whom the server does not know.")
@click.option("--dry-run", is_flag=True, help="Look, and write nothing.")
@click.option(
    "--ids",
    metavar="FILE",
    help="Write which resource each record is: kind, id, part, type, server id, version; CSV, or NDJSON by its name.",
)
@strict_option("Warnings keep a record back too.")
@output_option
@click.pass_obj
def push(
    app: App,
    source: str,
    server: str,
    token_file: str | None,
    fhir: str,
    create_people: bool,
    dry_run: bool,
    strict: bool,
    ids: str | None,
    output: str,
) -> int:
    """Send what changed here since it was last sent.

    What the server has is looked at first. A resource that somebody else changed in one of our fields has moved:
    nothing is written, exit code 5, pull first. People are matched by their identifiers; they are written only if they
    were created from here, and adopted resources only if practice.toml lists their type. What nobody changed is not
    sent again. A record with errors, as `validate` tells them, is not sent, nor what cannot do without it.

    What is about to be sent is checked by the base specification: an error keeps its record back, unless the server's own
    copy has it too. That one is told and stops nothing: it is theirs. Withdrawals are not checked.
    """
    from fhir_coaching.commands.destination import write_lines
    from fhir_coaching.commands.sources import Held, chosen_base, exchange_for, no_base, opened
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.report.sync import json_of, push_page
    from fhir_coaching.sync import base as bases
    from fhir_coaching.sync.push import push as send

    read = opened(source)
    where = chosen_base(None, read)
    if not where:
        raise no_base()
    there = client(server, token_file, fhir)
    held = Held(read, "record")
    entries = list(held.through(held))
    writable = read.settings.at(there.base).write_adopted if read.settings is not None else ()
    exchange = exchange_for(app.kinds(), fhir, where)
    with bases.opened(read.folder, there.base, keep=not dry_run) as base:
        report = send(
            entries, there, exchange, base,
            create_people=create_people, write_adopted=writable, dry_run=dry_run, strict=strict,
        )  # fmt: skip
        if ids is not None:
            _write_ids(base, ids)
    if output == "json":
        write_lines([dumps(json_of(report))], None)
    else:
        push_page(report)
    if report.stopped is not None:
        app.tell(report.stopped)
    return report.exit_code


def _write_ids(base: "Base", path: str) -> None:
    """Which resource each part of each record is, for whoever keeps the ids in tables of their own."""
    import csv
    import io

    from fhir_coaching.commands.destination import destination
    from fhir_coaching.fhir.json import dumps
    from fhir_coaching.sync.linking import id_rows

    with destination(path) as file:
        if Path(path.removesuffix(".gz")).suffix == ".ndjson":
            file.writelines(dumps(row) + b"\n" for row in id_rows(base))
            return
        text = io.StringIO(newline="")
        rows = csv.DictWriter(text, ["kind", "id", "part", "type", "server_id", "version"])
        rows.writeheader()
        rows.writerows(id_rows(base))
        file.write(text.getvalue().encode())
