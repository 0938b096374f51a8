"""Whom the client talks to, and as whom: capabilities, addresses, credentials."""

from pathlib import Path
from typing import Any

import pytest
import responses
from ehr import BASE, GOAL, HTML, server, text

from fhir_coaching.errors import NotFhir, SettingsError
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, R5, Json, Version
from fhir_coaching.server import Basic, Bearer, FhirServer, auth_from


def statement(**elements: Any) -> Json:
    rest: Json = {
        "mode": "server",
        "interaction": [{"code": "transaction"}],
        "resource": [
            {
                "type": "Goal",
                "interaction": [{"code": "create"}, {"code": "read"}],
                "searchParam": [{"name": "patient"}],
                "updateCreate": True,
                "conditionalCreate": True,
                "versioning": "versioned",
            },
            {"type": "Patient", "interaction": "nonsense", "searchParam": [7]},
        ],
    }
    software = {"name": "A server", "version": "1.0"}
    found = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": software, "rest": [rest]}
    return {**found, **elements}


def test_capabilities_are_asked_once(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/metadata", dumps(statement()))
    client = server()
    can = client.capabilities()
    assert client.capabilities() is can
    assert (can.fhir_version, can.software, can.transaction, can.batch) == ("4.0.1", "A server 1.0", True, True)
    goal, patient = can.types["Goal"], can.types["Patient"]
    assert goal.interactions == {"create", "read"}
    assert goal.search_params == {"patient"}
    assert (goal.update_create, goal.conditional_create, goal.versioning) == (True, True, "versioned")
    assert not (patient.interactions | patient.search_params)
    assert (patient.update_create, patient.conditional_create, patient.versioning) == (False, False, "")


def test_a_statement_that_says_little_is_taken_at_its_word(web: responses.RequestsMock) -> None:
    web.get(f"{BASE}/metadata", dumps(statement(rest=7, software=["\n"], fhirVersion="5.0.0")))
    can = server(version=R5).capabilities()
    assert (can.software, can.types, can.transaction, can.batch) == ("", {}, False, False)


# version wanted, status, body -> what the error says
STRANGERS: list[tuple[Version, int, Any, str]] = [
    (R4, 200, HTML, "answered with text/html that is not FHIR's JSON"),
    (R4, 404, HTML, "is not a FHIR server at this path"),
    (R4, 405, "", "is not a FHIR server at this path"),
    (R4, 200, GOAL, "is not a FHIR server at this path"),
    (R4, 200, "", "is not a FHIR server at this path"),
    (R4, 200, statement(fhirVersion="5.0.0"), "speaks FHIR 5.0.0, not 4.0\nchoose the other version"),
    (R5, 200, statement(), "speaks FHIR 4.0.1, not 5.0\nchoose the other version"),
    (R4, 200, statement(fhirVersion="4.3.0"), "speaks FHIR 4.3.0, not 4.0\nknown are 4.0 and 5.0"),
    (R4, 200, statement(fhirVersion=None), "of a version that it does not name"),
]


@pytest.mark.parametrize(("version", "status", "body", "said"), STRANGERS)
def test_what_is_not_the_expected_server_is_told_on_one_screen(
    web: responses.RequestsMock, version: Version, status: int, body: Any, said: str
) -> None:
    web.get(f"{BASE}/metadata", text(body), status=status, content_type="text/html")
    with pytest.raises(NotFhir) as caught:
        server(version=version).capabilities()
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) < 5
    assert caught.value.exit_code == 6


# Addresses and credentials


@pytest.mark.parametrize(
    "base",
    [
        *("", "/fhir", "ehr.example/fhir", "ftp://h/fhir", "http://", "http://[::1", "http://h:x/", "https://h h/"),
        *(
            "http://*/",
            "https://h/fhir?CANARY",
            "https://h/fhir#CANARY",
            "https://CANARY@h/fhir",
            "https://CANARY:x@h/",
        ),
    ],
)
def test_an_address_of_no_use_is_refused(base: str) -> None:
    with pytest.raises(SettingsError) as caught:
        FhirServer(base, R4)
    assert "CANARY" not in str(caught.value)


def test_credentials_do_not_travel_in_the_clear() -> None:
    with pytest.raises(SettingsError, match="in the clear"):
        FhirServer("http://ehr.example/fhir", R4, auth=Bearer("t"))
    for here in ("localhost:8080", "127.0.0.1", "127.1.2.3", "[::1]:80"):
        FhirServer(f"http://{here}/fhir", R4, auth=Bearer("t"))
    FhirServer("http://ehr.example/fhir", R4)


def test_credentials_come_from_nowhere_else(
    web: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine ehr.example login CANARY password CANARY\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    web.get(f"{BASE}/Goal/17", dumps(GOAL))
    web.get(f"{BASE}/Goal/17", dumps(GOAL))
    server().read("Goal", "17")
    server(auth=Basic("u", "p")).read("Goal", "17")
    assert "Authorization" not in web.calls[0].request.headers
    assert web.calls[1].request.headers["Authorization"] == "Basic dTpw"


def test_where_credentials_come_from(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes("\ufeff token\n".encode())
    user = {"FHIR_COACHING_USER": " u\n", "FHIR_COACHING_PASSWORD": " ü \n"}
    assert auth_from(None, {}) is None
    assert auth_from(None, user) == Basic("u", " ü ")
    assert auth_from(None, {**user, "FHIR_COACHING_TOKEN": "t\n"}) == Bearer("t")
    assert auth_from(file, {"FHIR_COACHING_TOKEN": "other"}) == Bearer("token")
    assert Bearer("t").header() == "Bearer t"
    assert Basic("Aladdin", "open sesame").header() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert "CANARY" not in f"{Bearer('CANARY')!r} {Basic('u', 'CANARY')!r}"


@pytest.mark.parametrize(
    "content", [b"", b" \n", b"CANARY CANARY", b"CANARY\nCANARY", b"\xff\xfeC\0", "CANARYé".encode()]
)
def test_a_file_without_a_token_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="the token file") as caught:
        auth_from(file, {})
    assert "CANARY" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none"):
        with pytest.raises(SettingsError, match="the token file cannot be read"):
            auth_from(file, {})
    with pytest.raises(SettingsError, match="the token file holds no token"):
        auth_from(Path("/dev/zero"), {})


@pytest.mark.parametrize(
    "environment",
    [
        {"FHIR_COACHING_TOKEN": ""},
        {"FHIR_COACHING_USER": "u"},
        {"FHIR_COACHING_USER": "", "FHIR_COACHING_PASSWORD": "p"},
        {"FHIR_COACHING_USER": "a:b", "FHIR_COACHING_PASSWORD": "p"},
    ],
)
def test_half_a_credential_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="FHIR_COACHING"):
        auth_from(None, environment)
