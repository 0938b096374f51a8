"""The sandbox starts, stops, keeps its store, and lets in only whom it should."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import requests

from fhir_coaching.sandbox import Sandbox


def goal(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "lifecycleStatus": "active", **elements}


def test_validation_on_write(http: requests.Session) -> None:
    def validate(resource: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
        yield ("warning", "business-rule", "Goal", "a remark")
        if "description" not in resource:
            yield ("error", "required", "Goal.description", "a goal needs a description")

    with Sandbox(validate=validate) as sandbox:
        refused = http.post(f"{sandbox.url}/Goal", json=goal())
        assert refused.status_code == 422
        assert [found["code"] for found in refused.json()["issue"]] == ["business-rule", "required"]
        told = http.post(
            f"{sandbox.url}/Goal", json=goal(description={}), headers={"Prefer": "return=OperationOutcome"}
        )
        assert (told.status_code, told.json()["issue"][0]["diagnostics"]) == (201, "a remark")
        entry = {"resource": goal(), "request": {"method": "POST", "url": "Goal"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        inside = http.post(sandbox.url, json=bundle)
        assert inside.status_code == 422
        assert inside.json()["issue"][1]["expression"] == ["Bundle.entry[0].resource.description"]


def test_a_token_is_needed_if_there_is_one(http: requests.Session) -> None:
    with Sandbox(token="open-sesame") as sandbox:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic b3Blbg=="}):
            refused = http.get(f"{sandbox.url}/Goal", headers=headers)
            assert refused.status_code == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert http.get(f"{sandbox.url}/Goal", headers={"Authorization": "bearer open-sesame"}).status_code == 200
        assert http.get(f"{sandbox.url}/metadata").status_code == 200


def test_requests_are_listed_without_their_queries(sandbox: Sandbox, http: requests.Session) -> None:
    http.get(f"{sandbox.url}/Goal?identifier=secret")
    http.post(f"{sandbox.url}/", json={"resourceType": "Bundle", "type": "batch"})
    assert sandbox.requests == [("GET", "Goal"), ("POST", "")]


def test_loopback_only() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "fhir.example.org"):  # noqa: S104 - refused
        with pytest.raises(ValueError, match="this machine only"):
            Sandbox(host=host)
    Sandbox(host="192.0.2.1", any_host=True).close()
    with pytest.raises(ValueError, match="r4, r5"):
        Sandbox("r3")


def test_a_file_keeps_what_was_stored(tmp_path: Path, http: requests.Session) -> None:
    file = tmp_path / "sandbox.db"
    with Sandbox(store=str(file)) as sandbox:
        http.put(f"{sandbox.url}/Goal/g1", json=goal(id="g1"))
    assert file.stat().st_mode & 0o777 == 0o600
    with Sandbox(store=str(file)) as sandbox:
        assert http.get(f"{sandbox.url}/Goal?_id=g1").json()["total"] == 1
    with pytest.raises(ValueError, match="holds FHIR R4"):
        Sandbox("r5", store=str(file))


def test_stop_and_start_again_on_the_same_port(sandbox: Sandbox, http: requests.Session) -> None:
    url = sandbox.url
    http.put(f"{url}/Goal/g1", json=goal(id="g1"))
    sandbox.stop()
    with pytest.raises(requests.ConnectionError):
        http.get(f"{url}/Goal/g1")
    sandbox.start()
    assert sandbox.url == url
    assert http.get(f"{url}/Goal/g1").status_code == 200


def test_serving_ends_with_stop() -> None:
    class Stopped(Sandbox):
        def start(self) -> Self:
            super().start()
            threading.Thread(target=self.stop).start()
            return self

    sandbox = Stopped()
    sandbox.serve_forever()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{sandbox.url}/metadata", timeout=60)
    sandbox.close()


def test_load_puts_all_or_nothing(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.load([goal(id="g1"), {"resourceType": "Patient", "id": "p1"}])
    assert http.get(f"{sandbox.url}/Patient/p1").headers["ETag"] == 'W/"1"'
    with pytest.raises(ValueError, match="resource 1"):
        sandbox.load([goal(id="g2"), {"resourceType": "Nonsense", "id": "n1"}])
    assert http.get(f"{sandbox.url}/Goal/g2").status_code == 404


def test_no_value_of_a_resource_in_outcomes_or_logs(
    sandbox: Sandbox, http: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "Wilhelmina-1931-07-04"
    url = sandbox.url
    with caplog.at_level(logging.DEBUG):
        answers = [
            http.post(f"{url}/Goal", data=f'{{"resourceType":"Goal","note":"{canary}",}}'),
            http.post(f"{url}/Goal", json={"resourceType": canary}),
            http.put(f"{url}/Goal/g1", json=goal(id=canary)),
            http.get(f"{url}/Goal?identifier:nonsense={canary}"),
            http.get(f"{url}/Goal?start-date={canary}"),
            http.get(f"{url}/Goal?nonsense={canary}", headers={"Prefer": "handling=strict"}),
            http.get(f"{url}/Goal?_sort={canary}", headers={"Prefer": "handling=strict"}),
            http.post(f"{url}/Goal", json=goal(), headers={"If-None-Exist": f"nonsense={canary}"}),
            http.get(f"{url}/Patient/{canary}"),
            http.post(url, json={"resourceType": "Bundle", "type": canary}),
        ]
    for answer in answers:
        assert answer.status_code >= 400
        assert canary not in answer.text
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("fhir_coaching")]
    assert ours
    assert not [line for line in ours if canary in line and "/Patient/" not in line]


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = (
        "import sys; before = set(sys.modules); import fhir_coaching.sandbox;"
        "print(sorted({n.split('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fhir_coaching']"
