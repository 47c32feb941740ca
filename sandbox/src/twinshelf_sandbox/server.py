"""The sandbox over sockets: cheroot threads, the ticker that runs timed jobs, and webhooks sent for real."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx2
from cheroot import wsgi

from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.wire import ConnectionLost, Request, Response, Site

log = logging.getLogger(__name__)

_REASONS = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 207: "Multi-Status"}


def wsgi_app(site: Site) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """`site` as a WSGI application. Connection faults need the socket that `_Gateway` puts into the environment."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = {
            name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        request = Request(
            method=environ["REQUEST_METHOD"],
            path=environ.get("SCRIPT_NAME", "")
            + environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
            query_string=environ.get("QUERY_STRING", ""),
            headers=headers,
            body=_body(environ),
        )
        try:
            answer = site.handle(request)
        except ConnectionLost as lost:
            return _hang_up(environ, start_response, lost)
        return _answer(answer, start_response)

    return app


def _body(environ: dict[str, Any]) -> bytes:
    """What was sent: of the length it says, or in chunks, as streaming clients send it, to their end."""
    stream = environ["wsgi.input"]
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        whole: bytes = stream.read()
        return whole
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return stream.read(length) if length else b""


def _answer(answer: Response, start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = list(answer.headers.items())
    if answer.status != 204 and "content-length" not in answer.headers:  # of a HEAD it is the length GET would have
        headers.append(("content-length", str(len(answer.body))))
    start_response(f"{answer.status} {_REASONS.get(answer.status, 'Status')}", headers)
    return [answer.body] if answer.body else []


def _hang_up(environ: dict[str, Any], start_response: Callable[..., Any], lost: ConnectionLost) -> Iterable[bytes]:
    connection: socket.socket | None = environ.get("twinshelf.socket")
    if connection is not None:
        if lost.declared_length:
            head = (
                f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {lost.declared_length}\r\n\r\n"
            )
            connection.sendall(head.encode() + lost.partial)
        connection.shutdown(socket.SHUT_RDWR)
    start_response("502 Connection lost", [("content-length", "0"), ("connection", "close")])
    return []


class _Gateway(wsgi.Gateway_10):
    def get_environ(self) -> dict[str, Any]:  # type: ignore[override]  # cheroot's stub says None
        environ: dict[str, Any] = super().get_environ()  # type: ignore[no-untyped-call]
        environ["twinshelf.socket"] = self.req.conn.socket
        return environ


class Server:
    """A running sandbox. `start` returns once the port is open; `stop` ends all its threads."""

    def __init__(
        self, site: Site, outbox: Outbox, *, host: str = "127.0.0.1", port: int = 0, threads: int = 16
    ) -> None:
        self._site, self._outbox = site, outbox
        self._http = wsgi.Server((host, port), wsgi_app(site), numthreads=threads, request_queue_size=128)
        self._http.gateway = _Gateway
        self._stopping = threading.Event()
        self._client = httpx2.Client(verify=False)
        self._threads: list[threading.Thread] = []
        outbox.send = self._send
        outbox.use_pool(16)

    @property
    def address(self) -> str:
        """`http://host:port` of the open socket."""
        host, port = self._http.bind_addr[:2]
        return f"http://{host}:{port}"

    def start(self) -> None:
        """Open the port and serve from threads of our own. Raises OSError if the port is taken."""
        self._http.prepare()
        for target in (self._http.serve, self._tick):
            thread = threading.Thread(target=target, daemon=True, name=f"sandbox {target.__name__}")
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End all threads and close the world: what it holds is in its file."""
        self._stopping.set()
        self._site.world.wake.set()
        self._http.stop()
        self._client.close()
        self._site.world.close()

    def _tick(self) -> None:
        world, beats = self._site.world, 0
        while not self._stopping.is_set():
            world.wake.wait(0.05)
            world.wake.clear()
            try:
                self._outbox.pump()
                beats += 1
                if beats % 100 == 0:
                    world.save_clock()
            except Exception:  # the world must go on ticking; the error is for the sandbox's own log
                log.exception("sandbox ticker")

    def _send(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        try:
            return self._client.post(url, headers=dict(headers), content=body, timeout=timeout).status_code
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return 0
