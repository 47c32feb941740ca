"""The web server of `serve` and `web` under connections that mean no good."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.core.wsgi import get_wsgi_application

from twinshelf.processes import WebServer

SLOW = 200


@pytest.fixture
def server() -> Iterator[WebServer]:
    running = WebServer("127.0.0.1", 0, request_seconds=3, application=get_wsgi_application())
    running.start()
    yield running
    running.stop()


def delivered(server: WebServer) -> int:
    """What a webhook is answered: this one is refused for its signature, which takes all the way through."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/hooks/tiktok", body=b"{}", headers={"Authorization": "0" * 64})
    status = connection.getresponse().status
    connection.close()
    return status


def sent(server: WebServer, data: bytes) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    made.sendall(data)
    return made


def ended(connection: socket.socket) -> bool:
    """Whether the server has closed it, at once or within its time."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "begun",
    [
        b"POST /hooks/tiktok HTTP/1.1\r\nHost: x\r\n",
        b"POST /hooks/tiktok HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    ],
    ids=["heads", "bodies"],
)
def test_i13_webhooks_are_answered_while_200_connections_are_slow(server, begun):
    with ExitStack() as stack:
        slow = [stack.enter_context(sent(server, begun)) for _ in range(SLOW)]
        started = time.monotonic()
        assert [delivered(server) for _ in range(5)] == [401] * 5
        assert time.monotonic() - started < 5

        for _ in range(8):  # a byte now and then does not keep a connection open
            time.sleep(0.5)
            for one in slow:
                try:
                    one.sendall(b"x")
                except OSError:
                    break
        assert all(ended(one) for one in slow)


def test_of_too_many_connections_those_that_wait_longest_are_ended(server, monkeypatch):
    monkeypatch.setattr(server, "MOST_WAITING", 20)
    with ExitStack() as stack:
        first = stack.enter_context(sent(server, b"GET / HTTP/1.1\r\n"))
        time.sleep(1.2)
        for _ in range(40):
            stack.enter_context(sent(server, b"GET / HTTP/1.1\r\n"))
        first.settimeout(2)  # sooner than its own time is up
        assert ended(first)
        assert delivered(server) == 401


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 120000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    ],
    ids=["a large head", "a large body", "two lengths", "a blank in a header's name"],
)
def test_what_is_no_request_of_ours_is_refused_before_it_is_read(server, request_, status):
    with sent(server, request_) as connection:
        answer = connection.recv(4096)

    assert answer.split()[1] == str(status).encode()
    assert b"\r\nserver:" not in answer.lower()
