"""The sandbox inside the caller's process: an httpx2 transport that answers from a `Site` without a socket.

Unlike a plain WSGI transport it can lose an answer, cut it, and time out: fault markers become the read errors and
timeouts a client sees on a real wire. Answers carry the same bytes and headers as over sockets.
"""

from __future__ import annotations

import threading

import httpx2

from twinshelf_sandbox.wire import ConnectionLost, Request, Site


class SandboxTransport(httpx2.BaseTransport):
    """Answers every request from `site`, whatever host it names."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._slept = threading.local()
        site.faults.sleep = self._sleep

    def _sleep(self, seconds: float) -> None:
        self._slept.seconds = getattr(self._slept, "seconds", 0.0) + seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The site's answer. Raises what httpx2 raises on a wire where a fault says so; a delay takes no real time."""
        self._slept.seconds = 0.0
        call = Request(
            method=request.method,
            path=request.url.path,
            query_string=request.url.query.decode("ascii"),
            headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw},
            body=request.read(),
        )
        try:
            answer = self._site.handle(call)
        except ConnectionLost as lost:
            kind = httpx2.RemoteProtocolError if lost.partial else httpx2.ReadError
            raise kind(str(lost), request=request) from lost
        timeout = (request.extensions.get("timeout") or {}).get("read")
        if timeout is not None and self._slept.seconds > timeout:
            msg = f"no answer within {timeout} s"
            raise httpx2.ReadTimeout(msg, request=request)
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-length"]
        return httpx2.Response(answer.status, headers=headers, content=answer.body, request=request)
