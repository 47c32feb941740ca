"""Processes of one installation: what ends them, and what keeps them from starting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.postgres import NoPostgres, cluster
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


@pytest.mark.postgres
def test_web_and_workers_that_start_together_on_an_empty_postgresql_all_start(tmp_path):
    try:
        with cluster() as url:
            started = _start_together(tmp_path, url, ["web", "--port", "0"], ["worker"], ["worker"])
    except NoPostgres as why:
        if os.environ.get("TWINSHELF_REQUIRE_ALL"):
            raise
        pytest.skip(f"Not tried on PostgreSQL: {why}.")

    assert started == ["Twinshelf listens on", "Worker started", "Worker started"]


def _start_together(folder, url, *commands):
    """The first words of what each process of one installation says, once all of them run."""
    environment = {**os.environ, "TWINSHELF_DATABASE_URL": url, "TWINSHELF_DATA": str(folder)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    made = [
        subprocess.Popen(
            [sys.executable, "-c", "from twinshelf.cli.app import main; main()", *command],
            env=environment,
            stdout=(folder / f"{number}.log").open("w"),
            stderr=subprocess.STDOUT,
        )
        for number, command in enumerate(commands)
    ]
    try:
        said = [""]
        for _ in range(600):
            said = [(folder / f"{number}.log").read_text() for number in range(len(made))]
            if all(said) or any(process.poll() is not None for process in made):
                break
            time.sleep(0.2)
        return [text.partition(" http")[0].strip() for text in said]
    finally:
        for process in made:
            process.terminate()
        for process in made:
            process.wait(timeout=30)
