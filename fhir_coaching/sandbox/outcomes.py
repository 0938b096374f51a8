"""OperationOutcomes: what is wrong and where, never a value of a resource."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Resource = dict[str, Any]


class Issue(NamedTuple):
    """One issue; codes: https://hl7.org/fhir/R4/valueset-issue-type.html."""

    code: str
    text: str
    expression: str = ""
    severity: str = "error"

    def within(self, place: str, type_: str) -> "Issue":
        """The same issue seen from the Bundle that holds the resource at `place`."""
        inner = self.expression.removeprefix(type_)
        is_inside = inner != self.expression and inner[:1] in {"", ".", "["}
        return self._replace(expression=f"{place}.resource{inner}" if is_inside else place)


class Refusal(Exception):
    """A request that is answered with an OperationOutcome."""

    def __init__(self, status: int, *issues: Issue, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.issues = issues
        self.headers = dict(headers or {})


def refusal(status: int, code: str, text: str, expression: str = "") -> Refusal:
    """A refusal with one issue."""
    return Refusal(status, Issue(code, text, expression))


def outcome(issues: Iterable[Issue]) -> Resource:
    """The OperationOutcome that lists these issues."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": issue.severity,
                "code": issue.code,
                "diagnostics": issue.text,
                **({"expression": [issue.expression]} if issue.expression else {}),
            }
            for issue in issues
        ],
    }
