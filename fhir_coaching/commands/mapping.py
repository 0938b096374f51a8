"""`mapping`: the tables, as they are."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

import click

from fhir_coaching.commands.options import App, command


@command(
    "mapping",
    """
fhir-coaching mapping
fhir-coaching mapping Goal
fhir-coaching mapping session
fhir-coaching mapping --markdown > mapping.md
""",
)
@click.argument("resource", required=False)
@click.option("--markdown", is_flag=True, help="As a page: this is how docs/mapping.md is made.")
@click.pass_obj
def mapping(app: App, resource: str | None, markdown: bool) -> int:
    """The tables: which field is which element, in R4 and R5, and what becomes of it.

    RESOURCE is a resource type or a kind of record. Without one, all of them are listed.
    """
    from fhir_coaching.report.mapping import markdown_page, named, overview, page

    kinds = app.kinds()
    if resource is not None:
        kinds = named(kinds, resource)
    if markdown:
        click.echo(markdown_page(kinds), nl=False)
    elif resource is None:
        overview(kinds)
    else:
        page(kinds)
    return 0
