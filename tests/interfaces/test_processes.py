"""Processes of one installation: what ends them, and what keeps them from starting."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable

import pytest

from twinshelf import processes
from twinshelf.cli import demo
from twinshelf.errors import TwinshelfError


@pytest.fixture
def signals(monkeypatch):
    """The handlers that were set, by signal; none is set for real."""
    handlers: dict[int, Callable[..., None]] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    return handlers


def test_a_process_ends_with_the_parent_that_it_was_told(monkeypatch, signals):
    """A killed demo leaves nothing behind that would answer in its place."""
    monkeypatch.setenv("TWINSHELF_PARENT", str(os.getpid()))  # nobody is its own parent

    processes.wait_for_signal()

    assert set(signals) == {signal.SIGTERM, signal.SIGINT}


def test_a_process_whose_parent_lives_ends_by_a_signal_alone(monkeypatch, signals):
    monkeypatch.setenv("TWINSHELF_PARENT", str(os.getppid()))
    looks = []
    alive = os.getppid()

    def parent():
        looks.append(alive)
        if len(looks) == 2:
            signals[signal.SIGTERM]()
        return alive

    monkeypatch.setattr(os, "getppid", parent)

    processes.wait_for_signal()

    assert looks == [alive, alive]


def test_the_demo_does_not_take_another_process_for_its_own():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(TwinshelfError, match=f"port {port} is taken: .* choose --port"):
            demo._require_free(port, "--port", seconds=0)

    demo._require_free(port, "--port", seconds=0)
