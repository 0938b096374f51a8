"""`validate`: everything that is wrong with records or resources, before anybody else says so."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

from collections import Counter
from typing import TYPE_CHECKING

import click

from fhir_coaching.commands.options import App, command, fhir_option

if TYPE_CHECKING:
    from fhir_coaching.commands.against import Against
    from fhir_coaching.commands.examining import Wish
    from fhir_coaching.commands.inputs import Inputs
    from fhir_coaching.report.validated import Report, Total
    from fhir_coaching.versions import Version

INVALID, DIFFERS = 3, 1


@command(
    "validate",
    """
fhir-coaching validate goal.json bundle.json --fhir r5
fhir-coaching validate my-practice --profile us-core@6.1.0 --fail-on warning
fhir-coaching convert my-practice --to fhir | fhir-coaching validate -
fhir-coaching validate resources/ --jobs 2 --output junit > report.xml
fhir-coaching validate goal.json --against https://ehr.example/fhir
fhir-coaching validate --list
""",
)
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@fhir_option
@click.option(
    "--profile", "profiles", metavar="NAME", multiple=True, help="A guide, us-core@6.1.0, or a profile's URL."
)
@click.option("--ig", "guides", metavar="FILE", multiple=True, help="A guide's package, .tgz.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    help="From which severity on the exit code is 3.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json", "ndjson", "junit", "operationoutcome"]),
    metavar="FORM",
    default="text",
    help="text, json, ndjson, junit or operationoutcome.",
)
@click.option("--show-values", is_flag=True, help="Show values too, which may be a patient's.")
@click.option("--readable", is_flag=True, help="Tell which resources `pull` could not read.")
@click.option("--deep", is_flag=True, help="Ask fhir.resources too, about structure.")
@click.option("--against", metavar="URL", help="Ask this server's $validate too, and compare.")
@click.option("--token-file", metavar="FILE", help="For --against, as for `push`.")
@click.option("--jobs", metavar="N", type=click.IntRange(1, 64), default=1, help="Use N processes.")
@click.option("--list", "list_rules", is_flag=True, help="Print every rule, and what is not checked.")
@click.pass_obj
def validate(
    app: App,
    sources: tuple[str, ...],
    fhir: str,
    profiles: tuple[str, ...],
    guides: tuple[str, ...],
    fail_on: str,
    output: str,
    against: str | None,
    token_file: str | None,
    jobs: int,
    *,
    show_values: bool,
    readable: bool,
    deep: bool,
    list_rules: bool,
) -> int:
    """Check records or resources, and tell every fault at once, with its line and column.

    Resources: whether they are right by the base specification. Records: whether they can be read, what a practice must
    fill in, what is amiss between them, and whether what would be sent is right. A folder that is no practice is read
    with all that is below it. No value is shown unless asked for.

    Exit code 3 with errors, of a source that is empty or cannot be read too; 1 where only the server of --against finds
    some; 2 for options of no use; 4 or 6 where that server refuses or does not answer.
    """
    from fhir_coaching.commands.examining import Wish, checking
    from fhir_coaching.commands.inputs import Inputs
    from fhir_coaching.report.validated import Total
    from fhir_coaching.versions import Version

    version = Version[fhir.upper()]
    if list_rules:
        from fhir_coaching.checks.profiles.guides import chosen, opened
        from fhir_coaching.report.rules import listing

        asked_of = [one for its in chosen(profiles, tuple(map(opened, guides)), version) for one in its.guides]
        listing(version, output, asked_of)
        return 0
    if not sources:
        raise click.UsageError("Missing argument 'SOURCE...': files, folders, or `-` for standard input.")
    each = output in {"junit", "operationoutcome"}
    wish = Wish(version, app.kinds, deep, show_values, readable, profiles, guides, each, against is not None)
    checking(wish)  # a profile that is unknown is told before anything is read
    _tell_unread(guides)
    asked = None
    if against is not None:
        from fhir_coaching.commands.against import Against

        asked = Against(against, token_file, wish)
    report, total = _report(output, fail_on, version), Total()
    _check(Inputs(sources), wish, jobs, report, total, asked)
    if asked is not None:
        total.against = asked.json()
    report.end(total)
    if asked is not None and output != "json":
        asked.tell(err=output != "text")
    if asked is not None and asked.stopped is not None:
        app.tell(asked.stopped)
    if total.fails(fail_on):
        return INVALID
    if asked is not None and asked.stopped is not None:
        return asked.stopped.exit_code
    return DIFFERS if asked is not None and asked.only_theirs else 0


def _tell_unread(guides: tuple[str, ...]) -> None:
    """What of the packages could not be read, and so is not asked."""
    from fhir_coaching.commands.destination import say

    for path in guides:
        from fhir_coaching.checks.profiles.guides import opened

        one = opened(path)
        for what, count in Counter(one.unread).items():
            say(f"{one}: not read: {what}" + (f" ({count} times)" if count > 1 else ""))


def _report(output: str, fail_on: str, version: "Version") -> "Report":
    """Who tells what was found."""
    if output == "junit":
        from fhir_coaching.report.junit import JUnit

        return JUnit(fail_on)
    if output == "operationoutcome":
        from fhir_coaching.report.outcome import Outcomes

        return Outcomes(version)
    from fhir_coaching.report.validated import Json, Ndjson, Page

    made: dict[str, type[Json | Ndjson | Page]] = {"json": Json, "ndjson": Ndjson, "text": Page}
    return made[output]()


def _check(
    inputs: "Inputs", wish: "Wish", jobs: int, report: "Report", total: "Total", against: "Against | None"
) -> None:
    """Everything, in the order of the sources; what is amiss between the records of one follows it."""
    from fhir_coaching.commands.between import Between
    from fhir_coaching.commands.examining import Seen
    from fhir_coaching.commands.jobs import examined_each

    def tell(one: Seen) -> None:
        total.checked += len(one.what)
        if one.findings:
            total.add(located.finding for located in one.findings)
        if one.what or one.findings:
            report.take(one.file, one.place, one.what, one.findings)

    between: dict[int, Between] = {}

    def finish(source: int) -> None:
        if source in between:
            found = between.pop(source).report()
            for one in found:
                tell(Seen(source, one.file, one.finding.place or one.file, findings=[one]))

    at = 0
    for seen in examined_each(inputs, wish, jobs):
        while at < seen.source:
            finish(at)
            at += 1
        tell(seen)
        if (seen.entries or seen.faults is not None) and seen.source in inputs.opened:
            between.setdefault(seen.source, Between(inputs.opened[seen.source], wish)).take(seen)
        if against is not None:
            against.compare(seen)
    for source in sorted(between):
        finish(source)
