"""The error tree: what is wrong, where, and what to do next.

Messages carry paths, codes, counts and record ids, never a value that may say something about a patient.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong, with both places: the FHIR expression and the place in the records."""

    message: str
    element: str = ""  # `Goal.target[1].dueDate`
    place: str = ""  # `goals.ndjson:17 targets[1].due`
    hint: str = ""

    def __str__(self) -> str:
        where = " -> ".join(part for part in (self.element, self.place) if part)
        line = f"{where}: {self.message}" if where else self.message
        return f"{line} ({self.hint})" if self.hint else line

    def as_finding(self, rule: str, place: str = "") -> "Finding":
        """The same as a finding: an error, under the name of who found it."""
        return Finding(rule, ERROR, self.message, self.place or place, self.hint, self.element)


ERROR, WARNING, INFORMATION = "error", "warning", "information"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says: an error stops a push, a warning does not; information asks for nothing. No text of it holds a value."""

    rule: (
        str  # `goal-start`, a constraint's id (`gol-1`), `type`, `format`, `cardinality`, …; stable: it can be counted
    )
    severity: str  # ERROR, WARNING, INFORMATION
    message: str
    place: str = ""  # `goals.ndjson:17 start`
    hint: str = ""
    element: str = ""  # the JSON names, with indices: `Goal.target[0].dueDate`

    def __reduce__(self) -> tuple[Any, ...]:
        """Many are sent from one process to another: by what they are made of, which is thrice as fast as what dataclasses do."""
        return Finding, (self.rule, self.severity, self.message, self.place, self.hint, self.element)

    def __str__(self) -> str:
        where = " -> ".join(part for part in (self.element, self.place) if part)
        line = f"{self.severity}: {self.message} [{self.rule}]"
        line = f"{where}: {line}" if where else line
        return f"{line} ({self.hint})" if self.hint else line


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a server's OperationOutcome, without its free text, which may quote a patient's data."""

    severity: str  # fatal, error, warning, information
    code: str  # https://hl7.org/fhir/R4/valueset-issue-type.html
    expression: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.severity} {self.code}" + (f" at {', '.join(self.expression)}" if self.expression else "")


class CoachingError(Exception):
    """The root. `str()` is fit for a user; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message, self.hint = message, hint
        super().__init__(f"{message}\n{hint}" if hint else message)


class SettingsError(CoachingError):
    """A setting is missing, unknown or of no use."""

    exit_code = 2


class FaultsError(CoachingError):
    """Several things wrong in one input, all of them reported at once; `more` were counted and not kept."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault], *, more: int = 0, hint: str = "") -> None:
        self.faults, self.more = tuple(faults), more
        super().__init__("\n".join([*map(str, self.faults), *([f"and {more} more"] if more else [])]), hint=hint)

    def __reduce__(self) -> tuple[Any, ...]:
        """Sent from one process to another by what it is made of; an exception would be by its text."""
        return partial(type(self), more=self.more, hint=self.hint), (self.faults,)


class InputError(FaultsError):
    """A source is not what it should be: a file, a line, a record."""


class MappingError(FaultsError):
    """A mapping cannot read a resource, or cannot say a record."""


class InvalidResource(FaultsError):
    """fhir.resources refuses a resource."""


class StateError(CoachingError):
    """What was remembered of earlier runs cannot be read or written."""

    exit_code = 3


class Locked(CoachingError):
    """Another run is at work on the same server and folder."""

    exit_code = 9


class ServerError(CoachingError):
    """A FHIR server answered otherwise than hoped. `retryable` says whether waiting may help."""

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        issues: Iterable[Issue] = (),
        request_id: str = "",
        hint: str = "",
    ) -> None:
        self.status, self.issues, self.request_id = status, tuple(issues), request_id
        parts = [
            message,
            *(f"  {issue}" for issue in self.issues),
            *([f"  request id {request_id}"] if request_id else []),
        ]
        super().__init__("\n".join(parts), hint=hint)


class NotAuthorized(ServerError):
    """401 or 403."""

    exit_code = 4


class NotFound(ServerError):
    """404, or 410 for what was there once."""

    @property
    def deleted(self) -> bool:
        """Whether the server says that it was there once (410)."""
        return self.status == 410  # noqa: PLR2004


class VersionConflict(ServerError):
    """409, or 412 after If-Match: somebody else wrote in between."""

    exit_code = 5


class AmbiguousMatch(ServerError):
    """412 after If-None-Exist or a conditional update: several resources carry the identifier."""

    exit_code = 5


class Rejected(ServerError):
    """400, 405, 406, 413, 415, 422, 501: the server will not take it, however often it is sent."""


class Unavailable(ServerError):
    """408, 429, 5xx, or no connection, and nothing was written. `retry_after` is in seconds."""

    exit_code = 6
    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None, **rest: Any) -> None:
        self.retry_after = retry_after
        super().__init__(message, **rest)


class NotFhir(ServerError):
    """What answers is not the FHIR server that was expected: HTML, another FHIR version, too large an answer."""

    exit_code = 6


class LostAnswer(ServerError):
    """A write was sent and no answer came back: nobody knows whether it happened."""

    exit_code = 7
