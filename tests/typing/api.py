"""The public names as a user's type checker sees them; a line marked as an error is one. Checked by `make check`, never run."""

from collections.abc import Iterator
from typing import Any, assert_type

import fhir_coaching
from fhir_coaching import (
    CoachingError,
    Fault,
    InputError,
    MappingError,
    Sandbox,
    __version__,
    from_fhir,
    read,
    to_fhir,
)
from fhir_coaching.records.coaching import Goal, GoalState
from fhir_coaching.records.values import GoalId, PatientId, Record

BASE = "https://ids.example"

assert_type(read("my-practice"), Iterator[Record])
assert_type(to_fhir(read("my-practice"), identifier_base=BASE), Iterator[dict[str, Any]])
assert_type(to_fhir([], "r5", [{"resourceType": "Goal"}], identifier_base=BASE), Iterator[dict[str, Any]])
assert_type(from_fhir([{}], version="r4", identifier_base=BASE), Iterator[Record])
assert_type(__version__, str)

goal = Goal(id=GoalId("g-1"), patient=PatientId("p-1"), statement="Walk to school", state=GoalState.ACTIVE)
to_fhir([goal], identifier_base=BASE)

with Sandbox("r4", port=0) as server:
    assert_type(server, Sandbox)
    assert_type(server.url, str)

try:
    list(read("my-practice"))
except InputError as error:
    assert_type(error.faults, tuple[Fault, ...])
except (MappingError, CoachingError) as error:
    assert_type(error.exit_code, int)

to_fhir(read("my-practice"))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
to_fhir([goal], "r6", identifier_base=BASE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
to_fhir(["goal"], identifier_base=BASE)  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
from_fhir("resources", identifier_base=BASE)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
read(17)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
unknown = fhir_coaching.raed  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
Sandbox(verison="r4")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
