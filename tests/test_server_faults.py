"""The client on a line that breaks: a real listener on this machine that answers as it is told, byte for byte."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from fhir_coaching.errors import LostAnswer, NotFhir, Rejected, ServerError, Unavailable
from fhir_coaching.fhir.json import dumps
from fhir_coaching.lens import R4, Json
from fhir_coaching.server import Bearer, Entry, FhirServer

GOAL: Json = {"resourceType": "Goal", "id": "17"}
BODY = dumps(GOAL)
CAP = 1024 * 1024
TINY = 0.2  # seconds for a server that never answers

Does = Callable[[socket.socket], None]


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def sends(*pieces: bytes) -> Does:
    """Send these bytes, as far as the client takes them, and close."""

    def does(line: socket.socket) -> None:
        for piece in pieces:
            line.sendall(piece)

    return does


def breaks(line: socket.socket) -> None:
    """Close with a reset."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def says_nothing(line: socket.socket) -> None:
    """Keep the line until the client gives up."""
    line.recv(1)


@contextmanager
def listening(*turns: Does) -> Iterator[str]:
    """The base of a server that takes one request a line, and does with each line what it is told."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for does in turns:
                line, _ = listener.accept()
                with line:
                    _take_request(line)
                    try:
                        does(line)
                    except OSError:
                        continue  # the client had enough

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
        thread.join(10)
        assert not thread.is_alive(), "fewer requests came than were expected"


def _take_request(line: socket.socket) -> None:
    with line.makefile("rb") as lines:
        length = 0
        while (header := lines.readline()).strip():
            name, _, value = header.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        lines.read(length)


def client(base: str, read: float = 10.0) -> FhirServer:
    return FhirServer(base, R4, timeout=(5.0, read), body_cap=CAP, wait=lambda _: None)


def met(base: str, read: float = 10.0) -> FhirServer:
    """A client whose server has answered once."""
    found = client(base, read)
    found.read("Goal", "17")
    return found


FINE = sends(answer(BODY))


def write(server: FhirServer) -> object:
    return server.create(GOAL)


def guarded(server: FhirServer) -> object:
    return server.update(GOAL, if_match='W/"1"')


def transaction(server: FhirServer) -> object:
    return server.bundle([Entry("POST", "Goal", GOAL)], "transaction")


def read(server: FhirServer) -> object:
    return server.read("Goal", "17")


def batch(server: FhirServer) -> object:
    return server.bundle([Entry("GET", "Goal/17")], "batch")


def kept(line: socket.socket) -> None:
    """Answer twice on one line, and close it when the third request comes."""
    once = answer(BODY).replace(b"Connection: close\r\n", b"")
    line.sendall(once)
    _take_request(line)
    line.sendall(once)
    _take_request(line)


def test_a_line_that_is_kept_may_close_under_a_request() -> None:
    with listening(kept) as base:
        server = met(base)
        server.read("Goal", "17")
        with pytest.raises(LostAnswer):
            write(server)
        assert server.requests == 3
    with listening(kept, FINE) as base:
        server = met(base)
        server.read("Goal", "17")
        read(server)
        assert server.requests == 4


BROKEN = {
    "closes": sends(),
    "reset": breaks,
    "half a status": sends(b"HTTP/1.1 20"),
    "no HTTP": sends(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "half a body": sends(answer(BODY[:-3], length=len(BODY))),
    "bad gzip": sends(answer(b"no gzip at all", "Content-Encoding: gzip")),
    "bad chunk": sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
}


@pytest.mark.parametrize("does", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("send", [write, guarded, transaction])
def test_a_write_without_an_answer_is_lost_and_sent_once(does: Does, send: Callable[[FhirServer], object]) -> None:
    with listening(FINE, does) as base:
        server = met(base)
        with pytest.raises(LostAnswer, match="nobody knows") as caught:
            send(server)
        assert server.requests == 2
    assert caught.value.exit_code == 7


@pytest.mark.parametrize("does", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("send", [read, batch])
def test_a_read_without_an_answer_is_repeated(does: Does, send: Callable[[FhirServer], object]) -> None:
    entry = {"response": {"status": "200"}, "resource": GOAL}
    body = BODY if send is read else dumps({"resourceType": "Bundle", "entry": [entry]})
    with listening(FINE, does, does, sends(answer(body))) as base:
        server = met(base)
        send(server)
        assert server.requests == 4


def test_a_read_is_given_up_in_the_end() -> None:
    with listening(FINE, *[breaks] * 4) as base:
        server = met(base)
        with pytest.raises(Unavailable, match="the line to 127"):
            server.read("Goal", "17")


def test_silence_has_an_end() -> None:
    with listening(FINE, says_nothing) as base:
        server = met(base, TINY)
        with pytest.raises(LostAnswer):
            server.update(GOAL)
    with listening(says_nothing) as base, pytest.raises(Unavailable, match=r"did not answer in 0\.2 s"):
        client(base, TINY).capabilities()


@pytest.mark.parametrize("send", [read, write])
def test_a_server_that_is_not_there_got_nothing(send: Callable[[FhirServer], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
    server = client(base)
    with pytest.raises(Unavailable, match=r"no connection to 127[^;]+; nothing was sent\nis it running") as caught:
        send(server)
    assert server.requests == 1  # a wrong address is told at once
    assert caught.value.exit_code == 6


@pytest.mark.parametrize("send", [read, write])
def test_a_server_that_went_away_is_waited_for(send: Callable[[FhirServer], object]) -> None:
    with listening(FINE) as base:
        server = met(base)
    with pytest.raises(Unavailable, match="nothing was sent"):
        send(server)
    assert server.requests == 5


def test_plain_http_on_a_port_for_tls_is_told() -> None:
    with listening(sends(b"\x15\x03\x01\x00\x02\x02\x28")) as base, pytest.raises(ServerError):
        client(base).capabilities()


def test_tls_on_a_port_for_plain_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(1)
                line.sendall(answer(b"", status="400 Bad Request"))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(NotFhir, match="no TLS with 127"):
            client(f"https://127.0.0.1:{listener.getsockname()[1]}/fhir").capabilities()
        thread.join(10)


HUGE = b'{"resourceType":"Goal","note":"' + b" " * (64 * CAP)
LARGE = {
    "plain": (HUGE[: 4 * CAP], ()),
    "gzip bomb": (gzip.compress(HUGE, 1), ("Content-Encoding: gzip",)),
    "bomb in a bomb": (gzip.compress(gzip.compress(HUGE, 1), 1), ("Content-Encoding: gzip, gzip",)),
}


@pytest.mark.parametrize(("body", "headers"), LARGE.values(), ids=LARGE)
def test_an_answer_too_large_is_not_read(body: bytes, headers: tuple[str, ...]) -> None:
    with listening(sends(answer(body, *headers))) as base, pytest.raises(NotFhir, match="more than 1 MiB"):
        client(base).read("Goal", "17")
    with listening(sends(answer(body, *headers, status="201 Created"))) as base, pytest.raises(LostAnswer):
        client(base).create(GOAL)
    with listening(sends(answer(body, *headers, status="422 No"))) as base, pytest.raises(Rejected):
        client(base).create(GOAL)


def test_an_answer_without_end_is_not_read() -> None:
    def never_ends(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            line.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

    with listening(never_ends) as base, pytest.raises(NotFhir, match="more than 1 MiB"):
        client(base).read("Goal", "17")


@pytest.mark.parametrize(("send", "error"), [(read, NotFhir), (write, LostAnswer)])
def test_an_answer_that_drips_has_an_end(
    send: Callable[[FhirServer], object], error: type[ServerError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drips(line: socket.socket) -> None:
        line.sendall(answer(b"{", length=CAP))
        says_nothing(line)

    with listening(FINE, drips) as base:
        server = met(base)
        monkeypatch.setattr("fhir_coaching.server.connection.PATIENCE", 0)
        with pytest.raises(error, match="a body without end"):
            send(server)


def test_the_body_of_a_redirect_is_not_read_either() -> None:
    large = answer(HUGE[: 4 * CAP], "Location: /login", status="302 Found", length=10**12)
    with listening(sends(large)) as base, pytest.raises(NotFhir, match="redirects are not followed"):
        client(base).read("Goal", "17")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("send", [read, write])
def test_a_token_does_not_follow_a_redirect(send: Callable[[FhirServer], object], status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        to = f"Location: http://127.0.0.1:{elsewhere.getsockname()[1]}/fhir"
        with listening(sends(answer(b"", to, status=status))) as base:
            server = FhirServer(base, R4, auth=Bearer("t"), wait=lambda _: None)
            with pytest.raises(NotFhir, match="redirects are not followed"):
                send(server)
        elsewhere.settimeout(0)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_a_token_does_not_follow_a_page() -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        link = {"relation": "next", "url": f"http://127.0.0.1:{elsewhere.getsockname()[1]}/fhir?page=2"}
        with listening(sends(answer(dumps({"resourceType": "Bundle", "link": [link]})))) as base:
            server = FhirServer(base, R4, auth=Bearer("t"), wait=lambda _: None)
            with pytest.raises(NotFhir, match="the next page is at"):
                list(server.search("Goal"))
        elsewhere.settimeout(0)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_a_gzip_of_ordinary_size_is_read() -> None:
    with listening(sends(answer(gzip.compress(BODY), "Content-Encoding: gzip"))) as base:
        assert client(base).read("Goal", "17").resource == GOAL


def test_no_proxy_sees_patients_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with listening(FINE) as base:
        assert client(base).read("Goal", "17").id == "17"


def test_a_version_that_no_header_can_carry_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = client(f"http://127.0.0.1:{listener.getsockname()[1]}/fhir")
        with pytest.raises(Rejected, match="nothing was sent"):
            server.update(GOAL, if_match='W/"…"')
