"""`explain`: everything that is known of one field or one element."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

import click

from fhir_coaching.commands.options import App, command


@command(
    "explain",
    """
fhir-coaching explain goal.targets.due
fhir-coaching explain Goal.target.dueDate
fhir-coaching explain Encounter.period
""",
)
@click.argument("path")
@click.pass_obj
def explain(app: App, path: str) -> int:
    """One field of a record, or one element of a resource.

    Which is the other side of it in R4 and R5, what is written and expected there, whether it is required, where it is
    lost, how the items of a list are found again, and where the specification says more.
    """
    from fhir_coaching.report.explain import page

    page(app.kinds(), path)
    return 0
