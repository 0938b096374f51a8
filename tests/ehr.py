"""An EHR that the client's tests talk to, without a network."""

from collections.abc import Callable
from typing import Any

from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, Json
from fhir_coaching.server import FhirServer

BASE = "https://ehr.example/fhir"
GOAL: Json = {"resourceType": "Goal", "id": "17", "meta": {"versionId": "3"}, "note": [{"text": "CANARY"}]}
OUTCOME: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "invalid", "expression": ["Goal.target[0]"], "diagnostics": "CANARY"}],
}
HTML = "<html>CANARY</html>"


class Waits(list[float]):
    """The pauses that were asked for, none of them taken."""

    def __call__(self, seconds: float) -> None:
        """Note one."""
        self.append(seconds)


def server(waits: Callable[[float], None] | None = None, **settings: Any) -> FhirServer:
    """A client that does not wait."""
    return FhirServer(BASE, settings.pop("version", R4), wait=Waits() if waits is None else waits, **settings)


def text(body: Any) -> str | bytes:
    """A body as it travels."""
    return body if isinstance(body, str) else dumps(body)


def searchset(*resources: Json, **elements: Any) -> Json:
    """What a search answers."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": one} for one in resources],
        **elements,
    }
