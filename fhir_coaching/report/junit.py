"""JUnit's XML, as CI systems read it: a suite a file, a test case for each resource or record.

There is no standard; this is what Jenkins, GitLab and GitHub's reporters have in common: one `failure` a case at most, counts
on every suite, nothing beyond. Counts stand before what they count, so that each file's cases wait in a temporary file.
"""

import re
import sys
import tempfile
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from fhir_coaching.errors import ERROR, WARNING
from fhir_coaching.report.located import Located
from fhir_coaching.report.validated import Total, said

HELD = 2**20  # characters of a suite that are held before a file takes them

# https://www.w3.org/TR/xml/#charsets
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_ENTRY = re.compile(r"Bundle\.(entry\[\d+\])\.resource\b")


class JUnit:
    """The report of a run; `fail_on` is the severity from which on a case fails."""

    def __init__(self, fail_on: str) -> None:
        self._bad = {ERROR} if fail_on == ERROR else {ERROR, WARNING}
        self._file: str | None = None
        self._cases: IO[str] = tempfile.SpooledTemporaryFile(HELD, "w+", encoding="utf-8")  # noqa: SIM115 - until `end`
        self._tests = self._failures = 0
        _write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="fhir-coaching validate">\n')

    def take(self, file: str, place: str, what: tuple[str, ...], findings: list[Located]) -> None:
        """A case for each resource or record of a text; one for what was wrong on the way to it, or between them."""
        if file != self._file:
            self._close()
            self._file = file
        by_what: dict[str, list[Located]] = {one: [] for one in what}
        for one in findings:
            within = _IN_ENTRY.match(one.finding.element)
            key = within[1] if within and within[1] in by_what else ""
            by_what.setdefault(key, []).append(one)
        for name, its in by_what.items():
            self._case(f"{place} {name}".rstrip() if what else f"{place}: source", its)

    def _case(self, name: str, findings: list[Located]) -> None:
        bad = [one for one in findings if one.finding.severity in self._bad]
        rest = [one for one in findings if one.finding.severity not in self._bad]
        self._tests += 1
        self._failures += bool(bad)
        self._cases.write(f"<testcase classname={_quoted(self._file or '')} name={_quoted(name)}")
        if not findings:
            self._cases.write("/>\n")
            return
        self._cases.write(">")
        if bad:
            first = bad[0].finding
            message = first.message + (f" (and {len(bad) - 1:,} more)" if len(bad) > 1 else "")
            self._cases.write(f"<failure type={_quoted(first.rule)} message={_quoted(message)}>")
            self._cases.write(f"{_text(bad)}</failure>")
        if rest:
            self._cases.write(f"<system-out>{_text(rest)}</system-out>")
        self._cases.write("</testcase>\n")

    def _close(self) -> None:
        """Write the suite of a file."""
        if self._file is not None:
            numbers = f'tests="{self._tests}" failures="{self._failures}" errors="0" skipped="0"'
            _write(f"<testsuite name={_quoted(self._file)} {numbers}>\n")
            self._cases.seek(0)
            while part := self._cases.read(HELD):
                _write(part)
            _write("</testsuite>\n")
        self._cases.seek(0)
        self._cases.truncate()
        self._tests = self._failures = 0

    def end(self, total: Total) -> None:  # noqa: ARG002 - each suite has its counts
        """Write the last suite."""
        self._close()
        self._cases.close()
        _write("</testsuites>\n")


def _text(findings: list[Located]) -> str:
    return "\n".join(escape(_clean(line)) for one in findings for line in said(one))


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", text)


def _write(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
