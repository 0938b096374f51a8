"""`validate --against`: what a server's $validate says of the same resources, and where the two differ."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from fhir_coaching.commands.examining import Seen, Wish
from fhir_coaching.commands.servers import client
from fhir_coaching.errors import ERROR, CoachingError, Finding, Issue, NotFound, ServerError
from fhir_coaching.report.expressions import simple
from fhir_coaching.versions import Json, Version

BOTH, OURS, THEIRS = "both", "only_ours", "only_theirs"
MOST = 100  # differences of each sort that are listed; all are counted

# What a server names by the element around it: https://github.com/hapifhir/org.hl7.fhir.core says "minimum required" there.
AROUND = {"cardinality", "choice", "ele-1", "unknown"}

_OF_TYPE = re.compile(r"\.ofType\(\w*\)")
_INDEX = re.compile(r"\[\d+\]\Z")


class Against:
    """One server, asked about each resource that was examined. Errors are compared, warnings are not."""

    def __init__(self, url: str, token_file: str | None, wish: Wish) -> None:
        self._version = wish.version
        self._server = client(url, token_file, wish.version.name)
        self._counts = Counter({BOTH: 0, OURS: 0, THEIRS: 0})
        self._listed = Counter[str]()
        self._differences = list[dict[str, str]]()
        self.asked = 0
        self.stopped: CoachingError | None = None  # why the server was not asked any further

    @property
    def only_theirs(self) -> int:
        """How many errors the server alone found."""
        return self._counts[THEIRS]

    def compare(self, seen: Seen) -> None:
        """Ask the server about the resources of one text."""
        for resource, findings in seen.resources:
            if self.stopped is not None:
                return
            try:
                issues = self._server.validate(resource)
            except ServerError as error:
                self.stopped = error
                if isinstance(error, NotFound) and not self.asked:
                    error.hint = (
                        "is it the server's base, as in https://ehr.example/fhir? Not every server has $validate"
                    )
                return
            self.asked += 1
            for sort, element, rule in compared(findings, issues, resource, self._version):
                self._counts[sort] += 1
                if sort != BOTH and self._listed[sort] < MOST:
                    self._listed[sort] += 1
                    self._differences.append({"only": sort, "place": seen.place, "element": element, "rule": rule})

    def json(self) -> dict[str, Any]:
        """For programs."""
        return {"asked": self.asked, **self._counts, "differences": self._differences}

    def tell(self, *, err: bool) -> None:
        """For people: each difference, and how many there are."""
        for one in self._differences:
            who = "only ours" if one["only"] == OURS else "only the server's"
            click.echo(f"{who:<17}  {one['place']} {one['element']} [{one['rule']}]", err=err)
        both, ours, theirs = (self._counts[sort] for sort in (BOTH, OURS, THEIRS))
        noun = "resource" if self.asked == 1 else "resources"
        said = f"errors: {both:,} on both sides, {ours:,} only ours, {theirs:,} only the server's"
        click.echo(f"{self._server.host}, asked about {self.asked:,} {noun}; {said}", err=err)


def compared(
    findings: list[Finding], issues: list[Issue], resource: Json, version: Version
) -> Iterator[tuple[str, str, str]]:
    """Each error of either side: on which sides, its element, our rule or the server's code.

    An issue that names no element (HAPI's parser gives up at the first thing it cannot read) is about the whole resource: any
    error of ours answers it.
    """
    ours = [(place_of(one.element, version), one) for one in findings if one.severity == ERROR]
    theirs = [one for one in issues if one.severity in {"error", "fatal"}]
    places = [tuple(place_of(at, version) for at in one.expression) for one in theirs]
    for at, one in ours:
        known = any(_same(at, one.rule, other) for its in places for other in its)
        whole = any(not its for its in places)
        yield (BOTH if known or whole else OURS), one.element, one.rule
    for issue, its in zip(theirs, places, strict=True):
        if not any(not its or any(_same(at, one.rule, other) for other in its) for at, one in ours):
            yield THEIRS, (issue.expression or (str(resource.get("resourceType")),))[0], issue.code


def _same(at: str, rule: str, other: str) -> bool:
    """Whether our element is the server's, or stands in it where servers name what is around."""
    around = at.rpartition(".")[0]
    return other in {at, _INDEX.sub("", at)} or at == _INDEX.sub("", other) or (rule in AROUND and other == around)


def place_of(element: str, version: Version) -> str:
    """An element by its name, however it is spelt: `due.ofType(Duration)`, `due[x]` and `dueDuration` are `due`, `_start` is `start`."""
    return simple(_OF_TYPE.sub("", element), version)
