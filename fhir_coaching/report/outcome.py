"""Findings as OperationOutcomes: one alone, of several texts a Bundle of them, each saying which file it is about.

File and rule stand in the extensions that HL7's own validator writes them in, on each issue, which all their editions allow.
Line and column stand in `location`, spelt as HAPI spells them: of their extensions each edition wants another type.
"""

import sys
import uuid
from typing import Any

from fhir_coaching.errors import INFORMATION
from fhir_coaching.fhir.json import dumps
from fhir_coaching.report.expressions import simple
from fhir_coaching.report.located import Located
from fhir_coaching.report.validated import Total, spelt_value
from fhir_coaching.versions import Version

EXTENSION = "http://hl7.org/fhir/StructureDefinition/operationoutcome-"

# How an issue names what a rule is about (https://hl7.org/fhir/R4/valueset-issue-type.html); any other is an invariant.
CODES = {
    "cardinality": "required", "choice": "structure", "code": "code-invalid", "depth": "too-costly", "duplicate-key": "structure",
    "extension": "extension", "fixed": "value", "format": "value", "input": "structure", "mapping": "not-supported",
    "modifier": "extension", "no-profile": "not-supported", "not-checked": "not-supported", "not-evaluated": "not-supported",
    "pattern": "value", "reference": "value", "structure": "structure", "system": "code-invalid", "target": "structure",
    "type": "structure", "unknown": "structure", "url": "value",
}  # fmt: skip


class Outcomes:
    """The OperationOutcomes of a run, each written when the next one comes: only then it is known whether there are several."""

    def __init__(self, version: Version) -> None:
        self._version = version
        self._first: dict[str, Any] | None = None
        self._several = False
        self._number = 0

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:  # noqa: ARG002
        """One OperationOutcome for a text, also where nothing was found."""
        one = outcome(file, findings, self._version)
        if self._first is None:
            self._first = one
            return
        if not self._several:
            self._several = True
            _write(f'{{"resourceType":"Bundle","type":"collection","entry":[\n{self._entry(self._first)}')
        _write(f",\n{self._entry(one)}")

    def end(self, total: Total) -> None:  # noqa: ARG002 - issues count themselves
        """What is left to write."""
        if self._several:
            _write("\n]}\n")
        else:
            _write(dumps(self._first or outcome("", [], self._version)).decode() + "\n")

    def _entry(self, one: dict[str, Any]) -> str:
        self._number += 1
        url = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, str(self._number))}"  # the same in every run
        return dumps({"fullUrl": url, "resource": one}).decode()


def outcome(file: str, findings: list[Located], version: Version) -> dict[str, Any]:
    """The OperationOutcome of one text."""
    return {
        "resourceType": "OperationOutcome",
        "issue": [{**_in(file, one), **_issue(one, version)} for one in findings] or [{**_in(file), **_nothing()}],
    }


def _in(file: str, one: Located | None = None) -> dict[str, Any]:
    """Which file an issue is about, and which rule."""
    said = [_extension("file", file)] if file else []
    said += [_extension("message-id", one.finding.rule)] if one else []
    return {"extension": said} if said else {}


def _nothing() -> dict[str, Any]:
    return {"severity": INFORMATION, "code": "informational", "details": {"text": "nothing was found to be wrong"}}


def _issue(one: Located, version: Version) -> dict[str, Any]:
    its = one.finding
    found = f"found {spelt_value(one)}" if one.found else ""
    more = "; ".join(filter(None, (found, its.hint)))
    expression = simple(its.element, version)
    return {
        "severity": its.severity,
        "code": CODES.get(its.rule, "invariant"),
        "details": {"text": f"{one.path}: {its.message}" if one.path else its.message},
        **({"diagnostics": more} if more else {}),
        **({"location": [f"Line[{one.line}]" + (f" Col[{one.column}]" if one.column else "")]} if one.line else {}),
        **({"expression": [expression]} if expression else {}),
    }


def _extension(name: str, value: str) -> dict[str, Any]:
    return {"url": f"{EXTENSION}{name}", "valueString": value}


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
