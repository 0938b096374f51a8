"""`sandbox`: a FHIR server in the foreground, for trying things."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

import signal
import sqlite3
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from fhir_coaching.commands.options import App, command, fhir_option

if TYPE_CHECKING:
    from fhir_coaching.practice.exchange import Mappings

Json = dict[str, Any]


@command(
    "sandbox",
    """
fhir-coaching sandbox
fhir-coaching sandbox --port 8080 --load my-practice
fhir-coaching sandbox --fhir r5 --store sandbox.db
""",
)
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="a free one",
    help="Where it listens, on this machine only.",
)
@fhir_option
@click.option("--store", metavar="FILE", help="Keep the resources in a file; else they are gone in the end.")
@click.option("--load", metavar="SOURCE", help="Records or resources that are there from the start.")
@click.pass_obj
def sandbox(app: App, port: int, fhir: str, store: str | None, load: str | None) -> int:
    """Run a FHIR server to try things against. For synthetic data only.

    It does create, read, update, delete, history, conditional requests, search, batch and transaction. What is written
    is checked as `validate` checks the structure. It runs until Ctrl-C, which is its proper end: exit code 0.
    """
    from fhir_coaching.commands.destination import say
    from fhir_coaching.errors import Fault, InputError, SettingsError
    from fhir_coaching.report.values import counted
    from fhir_coaching.sandbox import NOTICE, Sandbox

    resources = list(loaded(app.kinds(), load, fhir)) if load is not None else []
    try:
        server = Sandbox(fhir, port=port, store=store or ":memory:", validate=checked(fhir))
    except ValueError as error:
        raise SettingsError(str(error)) from None
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or "this is not a database"
        raise SettingsError(f"{store} is no store of a sandbox: {why}", hint="name another file") from None
    try:
        server.load(resources)
        server.start()
    except OSError as error:
        server.close()
        raise SettingsError(
            f"port {port} cannot be had: {error.strerror}", hint="another --port, or none for a free one"
        ) from None
    except ValueError as error:
        server.close()
        raise InputError([Fault(str(error), place=str(load))]) from None
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        click.echo(server.url)
        say(f"{NOTICE}.\nFHIR {fhir.upper()}, {counted(len(resources), 'resource')}. Ctrl-C stops it.")
        server.serve_forever()
    except KeyboardInterrupt:
        say("stopped")
    finally:
        server.close()
    return 0


def checked(fhir: str) -> Callable[[Json], Iterator[tuple[str, str, str, str]]]:
    """The checks of what is written, as the sandbox wants them: severity, code, expression, text."""
    from fhir_coaching.checks import check
    from fhir_coaching.fhir.json import loads
    from fhir_coaching.report.expressions import simple
    from fhir_coaching.report.outcome import CODES
    from fhir_coaching.sandbox.exactjson import write
    from fhir_coaching.versions import Version

    version = Version[fhir.upper()]

    def errors(resource: Json) -> Iterator[tuple[str, str, str, str]]:
        plain = loads(write(resource).encode())  # the sandbox's numbers are of its own kind
        for one in check(plain, version):
            if one.severity == "error":
                where = simple(one.element, version)
                yield "error", CODES.get(one.rule, "invariant"), where, f"{one.message} [{one.rule}]"

    return errors


def loaded(kinds: "Mappings", path: str, fhir: str) -> Iterator[Json]:
    """The resources of a source, each with an id, and with references that lead to each other.

    A resource without an id gets the UUID of its identifier, so that the same source gives the same server.
    """
    from fhir_coaching.commands.sources import Held, chosen_base, exchange_for, no_base, opened
    from fhir_coaching.fhir.names import identifiers, stable_id
    from fhir_coaching.fhir.references import resolve
    from fhir_coaching.practice.exchange import to_fhir

    source = opened(path)
    base = chosen_base(None, source)
    entries = Held(source)
    made, records = list[Json](), []
    for entry in entries.through(entries):
        if entry.resource is not None:
            made.append(entry.resource)
        else:
            records.append(entry)
    if records:
        if not base:
            raise no_base()
        made += [resource for _, _, resource in to_fhir(exchange_for(kinds, fhir, base), records)]
    there: dict[tuple[str, str], str] = {}
    named: list[Json] = []
    for number, resource in enumerate(made):
        own = [(str(one.get("system")), str(one.get("value"))) for one in identifiers(resource)]
        id_ = resource.get("id") or stable_id(*(own[0] if own else ("", str(number))))
        named.append({"resourceType": resource["resourceType"], "id": id_, **resource})
        there |= dict.fromkeys(own, f"{resource['resourceType']}/{id_}")
    return (resolve(resource, lambda system, value: there.get((system, value))) for resource in named)
