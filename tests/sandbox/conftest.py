"""A fresh sandbox in memory for every test: both platforms, the shoppers and the control pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.hooks import Outbox
from twinshelf_sandbox.wire import Site
from twinshelf_sandbox.world import World


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    built = build()
    yield built
    built.close()


@pytest.fixture
def world(sandbox: Sandbox) -> World:
    return sandbox.world


@pytest.fixture
def site(sandbox: Sandbox) -> Site:
    return sandbox.site


@pytest.fixture
def outbox(sandbox: Sandbox) -> Outbox:
    return sandbox.outbox
