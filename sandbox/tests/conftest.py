"""A fresh sandbox in memory for every test: both platforms, the shoppers and the control pages.

Nothing in this folder knows the product.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.webhooks import Outbox
from twinshelf_sandbox.wire import Site
from twinshelf_sandbox.world import World

SHARED = Path(os.environ.get("TWINSHELF_SHARED", Path(__file__).resolve().parents[3] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference material beside the repository; tests that read it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the reference material is not beside the repository (TWINSHELF_SHARED names it)")
    return SHARED


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
