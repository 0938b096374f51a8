"""The sandbox as a process sees it: a FHIR server on a port of this machine."""

import ipaddress
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from .capability import RELEASES
from .index import Row, rows
from .interactions import Interactions, Validate
from .messages import Request, Response
from .outcomes import Resource
from .pages import Pages
from .parameters import table
from .quirks import Quirks
from .store import Store
from .wire import Server, base_url


class Sandbox:
    """A FHIR server for synthetic data, R4 or R5, on the standard library alone.

    `store` is a file or `:memory:`; `validate` yields (severity, code, expression, text) for every resource about
    to be written, and an error among them refuses it with 422. `token` is the bearer token that requests need.
    `requests` lists (method, path seen from the base) of what came in, without any query.
    """

    def __init__(
        self,
        version: str = "r4",
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        store: str = ":memory:",
        validate: Validate | None = None,
        token: str | None = None,
        quirks: Iterable[str] = (),
        any_host: bool = False,
    ) -> None:
        if version not in RELEASES:
            raise ValueError(f"the FHIR version is one of {', '.join(RELEASES)}")
        if not (any_host or _is_loopback(host)):
            raise ValueError("the sandbox listens on this machine only, unless any_host says otherwise")
        self.version = version
        self.host = host
        self.port = port
        self.token = token
        self.quirks = Quirks(quirks)
        self.requests: list[tuple[str, str]] = []
        self._table = table(version)
        self._validate = validate
        self._store = Store(store, int(version[1:]), self._rows)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base, such as http://127.0.0.1:8080/fhir; the port is known once the sandbox listens."""
        return base_url(self.host, self.port)

    def start(self) -> Self:
        """Listen, in a thread of its own; after `stop` on the same port with the same resources."""
        if self._server is None:
            self._server = Server(self.host, self.port, self.version, self.token, self._answer)
            self.port = self._server.server_port
            pages = Pages(self._store, self._table, self.url)
            self._interactions = Interactions(self.version, pages, self._validate, self.quirks)
            self._thread = threading.Thread(target=self._server.serve, name="sandbox", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; the store stays."""
        server, self._server = self._server, None
        if server and self._thread:
            server.stop()
            self._thread.join()
            server.hang_up()

    def serve_forever(self) -> None:
        """Listen and answer until interrupted."""
        try:
            self.start()
            if self._thread:
                self._thread.join()
        finally:
            self.stop()

    def close(self) -> None:
        """Stop, and close the store: what was in memory is gone."""
        self.stop()
        self._store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def load(self, resources: Iterable[Resource]) -> None:
        """Put resources that have an id straight into the store, all or none, without validation."""
        with self._store.writing():
            for n, resource in enumerate(resources):
                if resource.get("resourceType") not in self._table or not isinstance(resource.get("id"), str):
                    raise ValueError(f"resource {n} has no id or a type that the sandbox does not know")
                self._store.put(resource, "PUT")

    def _answer(self, request: Request) -> Response:
        """Answer one request, quirks included."""
        self.requests.append((request.method, request.path))
        return self.quirks.around(request, self._interactions.answer)

    def _rows(self, resource: Resource) -> Iterable[Row]:
        return rows(resource, self._table[resource["resourceType"]], self.url)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
