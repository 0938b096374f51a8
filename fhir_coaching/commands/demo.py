"""`demo`: a practice, a hospital's server, an edit on each side, and nothing lost."""
# ruff: noqa: PLC0415 - the engine is imported when the command runs: help is fast

import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fhir_coaching.commands.options import App, command
from fhir_coaching.commands.pull import pull
from fhir_coaching.commands.push import push
from fhir_coaching.commands.sandbox import checked

if TYPE_CHECKING:
    from fhir_coaching.server import FhirServer

DATED, NOTED, EXTENDED = "g-brook-1", "g-pike-1", "g-brook-2"  # the goals that are edited
DUE = "2027-01-31"
EXTENSION = {"url": "https://ehr-vendor.example/fhir/StructureDefinition/risk-tier", "valueCode": "b"}
PLAN, CLAIM = "e-brook", "b-moss-1"  # the engagement and the claim that are shown
NOTE = {"time": "2026-11-24T09:30:00-05:00", "text": "Cleared for longer rides by cardiology."}
MOVED = 5


@command(
    "demo",
    """
fhir-coaching demo
""",
)
@click.pass_context
def demo(ctx: click.Context) -> int:
    """Keep a sample practice and a server in step, with an edit on each side. Offline, about ten seconds.

    It starts a sandbox on a free port, works on a copy of the practice, and removes both in the end.
    """
    from fhir_coaching.sandbox import Sandbox

    with (
        as_file(files("fhir_coaching") / "examples" / "riverside") as sample,
        tempfile.TemporaryDirectory() as place,
        Sandbox("r4", validate=checked("r4")) as server,
    ):
        practice = Path(place) / "riverside"
        shutil.copytree(sample, practice, ignore=shutil.ignore_patterns(".*"))  # no base of runs on the sample itself
        return 0 if _Demo(ctx, practice, server.url).run() else 1


@dataclass
class _Demo:
    """The steps, each of which says whether it went as it should."""

    ctx: click.Context
    practice: Path
    url: str
    steps: int = 0

    def run(self) -> bool:
        """All steps, up to the first that goes wrong."""
        steps = (
            self._first_push,
            self._arrived,
            self._second_push,
            self._hospital,
            self._refused,
            self._pulled,
            self._pushed,
        )
        going = all(step() for step in steps)
        if not going:
            click.secho("\nThis is not how the demo should end.", fg="red", bold=True)
            return False
        self._totals()
        return True

    def _first_push(self) -> bool:
        self._title("Push a practice to a hospital's FHIR server")
        return self._command("push", push, create_people=True) == 0

    def _arrived(self) -> bool:
        """Show a plan and a claim as the server has them, and add up the claim."""
        from fhir_coaching.report.arrived import claim_in_lines, plan_in_words
        from fhir_coaching.report.screen import show

        self._title("On the server: a plan, so that who reads nothing else can read it")
        show(*plan_in_words(self._there("CarePlan", PLAN)))
        self._title("And a claim: bare codes, and amounts to the cent")
        claim = self._there("Claim", CLAIM)
        payer = claim.get("insurer", {}).get("identifier", {}).get("value")
        click.echo(f"  {CLAIM}{f' to {payer}' if payer else ''}\n")
        show(claim_in_lines(claim))
        nets = [line["net"]["value"] for line in claim["item"]]
        exact, binary = sum(nets), sum(map(float, nets))
        click.echo(f"\nThe lines add up to {exact}. Binary floats would make it {binary}.")
        return bool(exact == claim["total"]["value"])

    def _second_push(self) -> bool:
        self._title("Push again: nothing changed, so nothing is written")
        return self._command("push", push) == 0

    def _hospital(self) -> bool:
        """Edit three goals on the server, as others do."""
        self._title("Meanwhile, the hospital edits three goals in its chart")
        for goal, what in ((DATED, "a target's date"), (NOTED, "a note"), (EXTENDED, "an extension of its vendor")):
            resource = self._there("Goal", goal)
            if goal == DATED:
                resource["target"][0]["dueDate"] = DUE
            elif goal == NOTED:
                resource["note"] = [*resource.get("note", []), NOTE]
            else:
                resource["extension"] = [*resource.get("extension", []), EXTENSION]
            self._server().update(resource)
            click.echo(f"  {goal}: {what}")
        return True

    def _refused(self) -> bool:
        self._title("Push now refuses what moved, and overwrites nothing")
        return self._command("push", push) == MOVED

    def _pulled(self) -> bool:
        self._title("Pull, and see field by field what the hospital changed")
        return self._command("pull", pull) == 0

    def _pushed(self) -> bool:
        """Edit here what the vendor extended there, push it, and look whether the extension is still there."""
        from fhir_coaching.practice.folder import write_records
        from fhir_coaching.practice.source import read
        from fhir_coaching.records.coaching import Goal
        from fhir_coaching.records.dates import PartialDate
        from fhir_coaching.records.values import replaced

        self._title("Edit the third goal here, and push it")
        goal = next(one for one in read(self.practice) if isinstance(one, Goal) and one.id == EXTENDED)
        target = goal.targets[0].model_copy(update={"due": PartialDate(DUE)})
        write_records(self.practice, {("goal", EXTENDED): replaced(goal, targets=(target, *goal.targets[1:]))})
        click.echo(f"  {EXTENDED}: the target's date is {DUE} now\n")
        sent = self._command("push", push) == 0
        there = self._there("Goal", EXTENDED)
        kept = EXTENSION in there["extension"] and there["target"][0]["dueDate"] == DUE
        self._title("On the server: our new date, and the vendor's extension as it was")
        click.echo(f"  dueDate    {there['target'][0].get('dueDate')}")
        click.echo(f"  extension  {EXTENSION['url']}: {EXTENSION['valueCode'] if kept else 'GONE'}")
        return sent and kept

    def _totals(self) -> None:
        from collections import Counter

        from fhir_coaching.records import RECORDS
        from fhir_coaching.report.ledger import ledger

        app: App = self.ctx.obj
        fates = Counter(
            loss.fate.value for loss in ledger(app.kinds(), [kind for kind in RECORDS if kind in app.kinds()])
        )
        self._title("Nothing was lost, and what does not travel is known")
        click.echo(
            f"  of {fates.total()} fields {fates['exact']} come back exactly, {fates['one_way']} are sent only, "
            f"{fates['local']} stay in the practice"
        )
        click.secho("\nNext", bold=True)
        for line, why in (
            ("fhir-coaching roundtrip DIR", "what survives, field by field"),
            ("fhir-coaching mapping Goal", "the table behind it"),
            ("fhir-coaching explain goal.targets.due", "one field"),
            ("fhir-coaching sandbox", "this server, for you"),
        ):
            click.echo(f"  {line:40}{why}")
        click.echo(f"\nThe sample practice: {Path(str(files('fhir_coaching') / 'examples' / 'riverside'))}")

    def _title(self, text: str) -> None:
        self.steps += 1
        click.secho(f"{'' if self.steps == 1 else chr(10)}{self.steps}  {text}", bold=True)

    def _command(self, name: str, what: click.Command, **options: Any) -> int:
        """Run one of our own commands, and show it as it would be typed."""
        first = {"push": "source", "pull": "dest"}[name]
        flags = "".join(f" --{flag.replace('_', '-')}" for flag in options)
        click.secho(f"  $ fhir-coaching {name} riverside --server {self.url}{flags}\n", fg="cyan")
        code: int = self.ctx.invoke(what, **{first: str(self.practice)}, server=self.url, **options)
        if code:
            click.echo(f"exit code {code}")
        return code

    def _server(self) -> "FhirServer":
        from fhir_coaching.server import FhirServer
        from fhir_coaching.versions import R4

        return FhirServer(self.url, R4)

    def _there(self, type_: str, id_: str) -> dict[str, Any]:
        """One of our records as the server has it."""
        return next(self._server().search(f"{type_}?identifier={id_}"))
