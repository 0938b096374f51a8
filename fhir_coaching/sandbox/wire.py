"""HTTP/1.1 on a socket: bytes in, Request; Response, bytes out."""

import hmac
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from . import exactjson
from .capability import RELEASES
from .messages import Request, Response
from .outcomes import Issue, Refusal, refusal
from .quirks import ConnectionLost

BODY_CAP = 16 * 1024 * 1024  # bytes
ROOT = "/fhir"

_FORM = "application/x-www-form-urlencoded"
_ACCEPTABLE = {"*/*", "application/*", "application/json", "application/fhir+json", "text/json", "json"}
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

_log = logging.getLogger(__name__)


def base_url(host: str, port: int) -> str:
    """Where the server is."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{ROOT}"


class Server(ThreadingHTTPServer):
    """Gives requests to `answer`, each connection in its thread; none outlives the server or the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, host: str, port: int, version: str, token: str | None, answer: Callable[[Request], Response]
    ) -> None:
        self.version = version
        self.token = token
        self.answer = answer
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._open: set[socket.socket] = set()
        self._is_over = False
        super().__init__((host, port), _Handler)
        self.base = base_url(host, self.server_port)

    def server_bind(self) -> None:
        """Bind without asking a name server for our own name, as HTTPServer would."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, and give it its thread."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that is over."""
        self._open.discard(request)
        super().shutdown_request(request)

    def serve(self) -> None:
        """Answer until `stop`."""
        while not self._is_over:
            self.handle_request()  # waits, without looking up every now and then as serve_forever does

    def stop(self) -> None:
        """End `serve`, from another thread."""
        self._is_over = True
        with suppress(OSError), socket.create_connection((self.server_name, self.server_port)):
            pass  # what it waits for

    def hang_up(self) -> None:
        """Stop listening, and close the connections that clients keep open."""
        self.server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    """HTTP in, Request out, and back."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer must not wait 40 ms for the client's acknowledgement
    wbufsize = -1  # headers and body leave together
    server: Server

    def answer(self) -> None:
        """Answer whatever method came."""
        try:
            response = self.server.answer(self._request())
        except Refusal as refused:
            response = Response.of(refused)
        except ConnectionLost:
            self.close_connection = True
            return
        except Exception as error:  # noqa: BLE001 - a defect of the sandbox must not look like a lost connection
            _log.error("%s: %s", self.command, type(error).__name__)  # a traceback may quote values
            response = Response.of(refusal(500, "exception", f"the sandbox has a defect: {type(error).__name__}"))
        self._send(response)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _request(self) -> Request:
        """Read what came, body first, so that the connection can go on whatever the answer is."""
        text = self._body()
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            raise refusal(404, "not-found", f"the base of this server is {ROOT}")
        method = "GET" if self.command == "HEAD" else self.command
        request = Request.to(method, path.removeprefix(ROOT) + (f"?{query}" if query else ""), headers)
        if self.server.token is not None and request.path != "metadata":
            _check_token(headers.get("authorization", ""), self.server.token)
        _check_formats(request, self.server.version)
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type == _FORM and request.path.endswith("/_search"):
            return request.but(query=request.query + parse_qsl(text, keep_blank_values=True))
        if not text or method not in {"POST", "PUT"}:
            return request
        if content_type and "json" not in content_type:
            raise refusal(415, "not-supported", "the sandbox reads application/fhir+json")
        try:
            return request.but(body=exactjson.read(text))
        except RecursionError:
            raise refusal(400, "too-costly", "the body is nested too deeply") from None
        except ValueError as error:
            raise refusal(400, "structure", f"the body is not JSON: {error}") from None

    def _body(self) -> str:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.close_connection = True
            raise refusal(411, "required", "the sandbox needs a Content-Length")
        if int(length) > BODY_CAP:
            self.close_connection = True
            left = min(int(length), 4 * BODY_CAP)  # read on, or the client sees a reset and no answer
            while left > 0 and (piece := self.rfile.read(min(left, 65536))):
                left -= len(piece)
            raise refusal(413, "too-long", f"a body has at most {BODY_CAP} bytes")
        try:
            return self.rfile.read(int(length)).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise refusal(400, "structure", "the body is not UTF-8") from None

    def _send(self, response: Response) -> None:
        body = b"" if response.body is None else exactjson.write(response.body).encode()
        self.send_response(response.status)
        release = RELEASES[self.server.version][:3]
        headers = {"Content-Type": f"application/fhir+json; fhirVersion={release}; charset=utf-8"} if body else {}
        if stored := response.stored:
            headers["ETag"] = stored.etag
            headers["Last-Modified"] = _http_date(stored.updated)
            if self.command in {"POST", "PUT"}:
                headers["Location"] = f"{self.server.base}/{stored.location}"
        if response.status not in _BODILESS:
            headers["Content-Length"] = str(len(body))
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in (headers | dict(response.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        _log.debug("%s %s %d", self.command, self.path.partition("?")[0], response.status)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Refuse what is not HTTP as we speak it, or a method unheard of."""
        self.close_connection = True
        self._send(Response.of(refusal(int(code), "not-supported", HTTPStatus(code).phrase)))

    def handle_expect_100(self) -> bool:
        """Tell a client that waits before it sends a large body to go on, now."""
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def version_string(self) -> str:
        """What the header Server says."""
        return "fhir-coaching-sandbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """No line for every request; see the debug log."""


def _check_token(header: str, token: str) -> None:
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        issue = Issue("login", "this sandbox needs its bearer token")
        raise Refusal(401, issue, headers={"WWW-Authenticate": 'Bearer realm="sandbox"'})


def _check_formats(request: Request, version: str) -> None:
    """Only JSON goes out, and only of our FHIR version goes in or out."""
    wanted = dict(request.query).get("_format") or request.headers.get("accept") or "*/*"
    offers = [offer.strip().lower() for offer in wanted.split(",")]
    if not any(_fits(offer, version) and offer.partition(";")[0].strip() in _ACCEPTABLE for offer in offers):
        raise refusal(406, "not-supported", "the sandbox answers application/fhir+json of its FHIR version only")
    if not _fits(request.headers.get("content-type", "").lower(), version):
        raise refusal(415, "not-supported", f"this sandbox speaks FHIR {RELEASES[version]}")


def _fits(media_type: str, version: str) -> bool:
    parameters = (part.strip().partition("=") for part in media_type.split(";")[1:])
    said = next((value.strip('"') for name, _, value in parameters if name == "fhirversion"), None)
    return said is None or said == RELEASES[version][:3]


def _http_date(instant: str) -> str:
    return format_datetime(datetime.fromisoformat(instant), usegmt=True)
