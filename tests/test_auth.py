"""What of the environment the client heeds: proxies and certificates for TLS, and nothing else; how refused credentials are told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import responses
from ehr import BASE, GOAL, server

from fhir_coaching.errors import NotAuthorized, ServerError, SettingsError, Unavailable
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4
from fhir_coaching.server import Bearer, FhirServer

TOKEN = "CANARY-token"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


def sent(web: responses.RequestsMock, base: str) -> dict[str, Any]:
    """How requests was asked to send: its proxies and the certificates to trust."""
    web.get(f"{base}/Goal/17", dumps(GOAL))
    FhirServer(base, R4).read("Goal", "17")
    return dict(vars(web.calls[0].request)["req_kwargs"])  # which responses adds


# base, the environment -> the proxy that is taken
VIA = [
    (BASE, {"HTTPS_PROXY": "http://proxy.example:8"}, "http://proxy.example:8"),
    (BASE, {"https_proxy": "http://proxy.example:8"}, "http://proxy.example:8"),
    (BASE, {"HTTPS_PROXY": "http://proxy.example:8", "NO_PROXY": "ehr.example"}, None),
    (BASE, {"HTTP_PROXY": "http://proxy.example:8"}, None),
    (
        "http://ehr.example/fhir",
        {"HTTP_PROXY": "http://proxy.example:8", "HTTPS_PROXY": "http://proxy.example:8"},
        None,
    ),
    ("https://localhost/fhir", {"HTTPS_PROXY": "http://proxy.example:8"}, None),
    ("https://[::1]:8443/fhir", {"HTTPS_PROXY": "http://proxy.example:8"}, None),
]


@pytest.mark.parametrize(("base", "environment", "proxy"), VIA)
def test_a_proxy_is_taken_where_it_sees_nothing(
    web: responses.RequestsMock,
    monkeypatch: pytest.MonkeyPatch,
    base: str,
    environment: dict[str, str],
    proxy: str | None,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert sent(web, base)["proxies"].get("https") == proxy


@pytest.mark.parametrize("name", CERTIFICATES)
@pytest.mark.parametrize("base", [BASE, "https://localhost/fhir"])
def test_certificates_of_the_environment_are_trusted(
    web: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, base: str, name: str
) -> None:
    (tmp_path / "certificates.pem").touch()
    monkeypatch.setenv(name, str(tmp_path / "certificates.pem"))
    assert sent(web, base)["verify"] == str(tmp_path / "certificates.pem")


def test_certificates_are_checked_without_being_told_to(web: responses.RequestsMock) -> None:
    assert sent(web, BASE)["verify"] is True


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificates_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/CANARY")
    with pytest.raises(SettingsError, match=name) as caught:
        server()
    assert "CANARY" not in str(caught.value)


@contextmanager
def proxy(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A proxy that notes what it is asked, and refuses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        asked: list[bytes] = []

        def serve() -> None:
            line, _ = listener.accept()
            with line, line.makefile("rb") as lines:
                while header := lines.readline().strip():
                    asked.append(header)
                line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        thread.join(10)


def test_a_proxy_gets_no_token_and_one_that_refuses_has_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n") as (address, asked):
        monkeypatch.setenv("HTTPS_PROXY", address)
        with pytest.raises(Unavailable, match=r"nothing was sent\n.*HTTPS_PROXY"):
            server(auth=Bearer(TOKEN)).update(GOAL)
    assert asked[0].startswith(b"CONNECT ehr.example:443 ")
    assert TOKEN.encode() not in b"".join(asked)
    assert b"Goal" not in b"".join(asked)


@pytest.mark.parametrize("value", ["http://", "nonsense:x", "gopher://127.0.0.1:1", "http://127.0.0.1:1"])
def test_a_proxy_of_no_use_has_sent_nothing(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(Unavailable, match=r"nothing was sent\n.*HTTPS_PROXY"):
        server().update(GOAL)


def test_a_name_that_cannot_be_one_has_got_nothing() -> None:
    with pytest.raises(Unavailable, match="nothing was sent"):
        FhirServer(f"http://{'a' * 64}.example/fhir", R4).update(GOAL)


# status, what the error says
REFUSED = [
    (401, "give a token with --token-file or FHIR_COACHING_TOKEN; one that was given may have expired"),
    (403, "check what the token may do"),
]


@pytest.mark.parametrize(("status", "hint"), REFUSED)
@pytest.mark.parametrize("auth", [None, Bearer(TOKEN)])
def test_refused_credentials_are_told_and_not_shown(
    web: responses.RequestsMock, auth: Bearer | None, status: int, hint: str
) -> None:
    challenge = {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{TOKEN}"'}
    web.put(f"{BASE}/Goal/17", f"<p>{TOKEN}</p>", status=status, headers=challenge)
    with pytest.raises(ServerError) as caught:
        server(auth=auth).update(GOAL)
    assert isinstance(caught.value, NotAuthorized)
    assert caught.value.exit_code == 4
    assert str(caught.value).endswith(hint)
    assert TOKEN not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("token", ["", "two words", "a\nb", "é", "\x1b"])
def test_what_cannot_be_a_token_is_none(token: str) -> None:
    with pytest.raises(SettingsError):
        Bearer(token)
