"""Every rule that there is, and what is not checked: `validate --list`."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from fhir_coaching.checks.engine import not_evaluated
from fhir_coaching.checks.invariants import INVARIANTS
from fhir_coaching.checks.profiles.expressions import ours
from fhir_coaching.checks.profiles.guides import Guide
from fhir_coaching.checks.sentences import NOT_CHECKED, RULES
from fhir_coaching.checks.tables import table
from fhir_coaching.errors import ERROR, INFORMATION, WARNING
from fhir_coaching.fhir.json import dumps
from fhir_coaching.practice.rules import RULES as OF_RECORDS
from fhir_coaching.report.validated import echo, width, wrapped
from fhir_coaching.versions import Version

# What is found on the way to a record or resource, or asked for.
ASKED: dict[str, tuple[tuple[str, ...], str]] = {
    "input": (
        (ERROR, WARNING, INFORMATION),
        "a file, a line or a record that cannot be read, or in which there is nothing",
    ),
    "duplicate-key": ((ERROR,), "a key that stands twice in an object, which FHIR's JSON forbids"),
    "mapping": ((ERROR,), "a record that FHIR cannot say; with --readable, a resource that the mappings cannot read"),
    "structure": ((ERROR,), "what fhir.resources says, with --deep"),
}

Row = tuple[str, str, str]  # rule, severities, sentence


def groups(version: Version, guides: Sequence[Guide] = ()) -> dict[str, list[Row]]:
    """The rules by what they are about."""
    constraints = _constraints(version)
    said = [
        (id_, constraints[id_], INVARIANTS[id_].says(version))
        for id_ in sorted(constraints, key=_order)
        if id_ in INVARIANTS
    ]
    return {
        "Sources": [(rule, ", ".join(how), says) for rule, (how, says) in ASKED.items()],
        "Resources": [(rule, ", ".join(how), says) for rule, (how, says) in RULES.items()],
        f"Constraints of FHIR {version.name}": said,
        **{f"Constraints of {one}": list(_of_guide(one)) for one in guides},
        "Records": [(rule, one.severity, _sentence(one.message, one.hint)) for rule, one in OF_RECORDS.items()],
    }


def _of_guide(guide: Guide) -> Iterator[Row]:
    """A guide's constraints, in our words where a function of ours stands for the expression."""
    for key in sorted(guide.constraints, key=_order):
        severity, expression = guide.constraints[key]
        known = ours(key, expression)
        yield key, severity, known.says(guide.fhir) if known else "as the guide has it, by FHIRPath"


def not_checked(version: Version) -> list[str]:
    """What nothing here looks at."""
    tables = table(version)
    types = [name for name in tables["resources"] if tables["types"].get(name, {}).get("kind") == "resource"]
    open_ = ", ".join(sorted(not_evaluated(version) - RULES.keys(), key=_order))
    return [
        f"resources of other types than {', '.join(sorted(types))}",
        *NOT_CHECKED,
        f"constraints that no function here stands for: {open_}",
    ]


def listing(version: Version, output: str, guides: Sequence[Guide] = ()) -> None:
    """Print them, for people or as JSON."""
    if output in {"json", "ndjson"}:
        every = [
            {"about": about, "rule": rule, "severity": how, "says": says}
            for about, rule, how, says in _each(version, guides)
        ]
        echo(dumps({"rules": every, "not_checked": not_checked(version)}).decode())
        return
    columns = width()
    for about, rows in groups(version, guides).items():
        echo(f"{about}:")
        longest = max(len(rule) for rule, *_ in rows)
        for rule, how, says in rows:
            echo(*_row(f"{rule:<{longest}}  {how:<14}", says, columns))
        echo("")
    echo("Not checked:")
    for one in not_checked(version):
        echo(*(wrapped(one, columns, "  - ", "    ") if columns else [f"  - {one}"]))


def _each(version: Version, guides: Sequence[Guide]) -> Iterator[tuple[str, str, str, str]]:
    for about, rows in groups(version, guides).items():
        yield from ((about, *row) for row in rows)


def _row(rule: str, says: str, columns: int | None) -> list[str]:
    start = f"  {rule}  "
    return wrapped(says, columns, start, " " * len(start)) if columns else [f"{start}{says}"]


def _sentence(message: str, hint: str) -> str:
    return f"{message}; {hint}" if hint else message


def _constraints(version: Version) -> dict[str, str]:
    """Each constraint of the types at hand with its severity."""
    found: dict[str, str] = {}
    every: list[dict[str, Any]] = list(table(version)["types"].values())
    for type_ in every:
        found |= type_["rules"]
        for element in type_["elements"].values():
            found |= element.get("rules", {})
    return found


def _order(id_: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"(\D*)(\d*)(.*)", id_)
    return (found[1], int(found[2] or 0), found[3]) if found else (id_, 0, "")
