"""The whole sandbox: one world, both platforms, shoppers, control API and pages, ready for tests or a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twinshelf_sandbox.bigcommerce import BigCommerce
from twinshelf_sandbox.control import Control, settle
from twinshelf_sandbox.faults import Faults
from twinshelf_sandbox.pages import Pages
from twinshelf_sandbox.server import Server
from twinshelf_sandbox.shopper import Shopper
from twinshelf_sandbox.tiktok import TikTok
from twinshelf_sandbox.webhooks import Outbox, Sender
from twinshelf_sandbox.wire import Site
from twinshelf_sandbox.world import World


@dataclass
class Sandbox:
    """Everything of one sandbox. `site` answers calls; `act` does what people do; `settle` lets things happen."""

    world: World
    faults: Faults
    outbox: Outbox
    bigcommerce: BigCommerce
    tiktok: TikTok
    control: Control
    site: Site

    def act(self, action: str, /, **arguments: Any) -> Any:
        """Do what a person or a shopper does, by the action's name; GET /_sandbox/actions lists them."""
        return self.world.act(action, **arguments)

    def settle(self) -> int:
        """Run the jobs and send the webhooks that are due now, until nothing is. Time does not pass."""
        return settle(self.world, self.outbox)

    def advance(self, seconds: float) -> None:
        """Let time pass, with every job and webhook at its own time."""
        self.control.advance(seconds)

    def serve(self, *, host: str = "127.0.0.1", port: int = 0, threads: int = 16) -> Server:
        """A server for this sandbox; `start()` opens its port."""
        return Server(self.site, self.outbox, host=host, port=port, threads=threads)

    def close(self) -> None:
        """Write what is left and let go of the file. The sandbox must not be used afterwards."""
        self.world.close()


def build(path: Path | None = None, *, seed: int = 1, send: Sender | None = None) -> Sandbox:
    """Assemble a sandbox whose state is in the file `path`, or in memory only.

    `send` delivers webhooks in-process; without it they get no answer until `serve` sends them for real.
    """
    world = World(path, seed=seed)
    faults = Faults(world)
    outbox = Outbox(world, faults)
    if send is not None:
        outbox.send = send
    bigcommerce = BigCommerce(world, outbox, faults)
    tiktok = TikTok(world, outbox, faults)
    Shopper(world, tiktok.platform)
    control = Control(world, outbox, faults, [bigcommerce, tiktok])
    pages = Pages(control, bigcommerce, tiktok)
    site = Site(world, [control, pages, bigcommerce, tiktok], faults)
    control.site = site
    return Sandbox(world, faults, outbox, bigcommerce, tiktok, control, site)
