"""What a check finds in a resource."""

from dataclasses import dataclass

ERROR, WARNING, INFORMATION = "error", "warning", "information"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. No text of it holds a value of the resource."""

    severity: str
    rule: str  # a constraint's id (`gol-1`), or `type`, `format`, `cardinality`, `unknown`, `code`, `fixed`, `target`, `narrative`, …
    at: str  # FHIRPath with indices, as `Goal.target[0].due.ofType(date)` is not: the JSON name, `Goal.target[0].dueDate`
    message: str
    hint: str = ""
