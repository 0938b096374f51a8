"""Asking the validation engine what it thinks of resources."""

from collections.abc import Iterable, Sequence

import requests

from fhir_coaching.fhir.json import dumps, loads
from fhir_coaching.versions import Json


class Validator:
    """A client of the listening engine. Reports are described in `validator/README.md`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def validate(
        self,
        resources: Iterable[Json],
        *,
        igs: Sequence[str] = (),
        auto: bool = False,
        resolve: bool = False,
        r5: bool = False,
    ) -> list[Json]:
        """Check every resource; a report each, in order: `resourceType`, `id`, `ok`, `profiles`, `errors`, `warnings`.

        `igs`: names of guide packages, such as `hl7.fhir.us.core-6.1.0`. `auto`: apply the one profile that they have
        for the type. `resolve`: a reference to none of these resources is an error. Some hundred a call are best.
        """
        switches = {"auto": auto, "resolve": resolve, "r5": r5}
        query = [("ig", name) for name in igs] + [(name, "1") for name, on in switches.items() if on]
        answer = requests.post(
            f"{self.url}/validate",
            params=query,
            data=b"".join(dumps(resource) + b"\n" for resource in resources),
            headers={"Content-Type": "application/x-ndjson"},
            timeout=600,  # the first use of a guide set loads it, half a minute
        )
        if answer.status_code != requests.codes.ok:
            raise AssertionError(f"the validation engine answered {answer.status_code}: {answer.text[:2000]}")
        return [loads(line) for line in answer.content.splitlines() if line.strip()]
