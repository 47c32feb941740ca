"""Filling a store: our own shop, a scaled one, or a catalog file; with what was made up and refused told in lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.catalogs.demo import demo_shop, scaled
from twinshelf_sandbox.catalogs.formats import read_catalog

_AT_ONCE = 1000


def seed_store(
    sandbox: Sandbox,
    store_hash: str,
    *,
    catalog: Path | None = None,
    columns: Mapping[str, str] | None = None,
    products: int = 0,
    say: Callable[[str], None] = print,
) -> None:
    """Open the store `store_hash` and fill it, unless the world has it already. A killed seeding begins anew.

    `products` limits a file to its first so many, and scales our own shop to exactly so many; 0: what there is.
    """
    world = sandbox.world
    if world.table("world").get("seeded") is not None:
        say("Catalog: as it was left")
        return
    for table in world.tables(f"bc/{store_hash}/"):
        with world.transaction("seeding"):
            for key in table:
                table.delete(key)
    sandbox.act("bc.create_store", hash=store_hash, name="Fernhollow Goods", currency="USD")
    made: Iterable[Any]
    if catalog is not None:
        made = source = read_catalog(catalog, columns=columns, limit=products or None)
    else:
        own = demo_shop()
        made = scaled(own, products) if products else own
    loaded, batches = 0, iter(made)
    while batch := list(itertools.islice(batches, _AT_ONCE)):
        loaded += int(sandbox.act("bc.add_products", hash=store_hash, products=batch))
    if catalog is not None:
        say(f"Catalog {catalog.name}: {loaded:,} products loaded")
        for line in source.report.summary().splitlines():
            say(f"  {line}")
    else:
        say(f"Catalog: {loaded:,} products of our own shop")
    with world.transaction("seeded"):
        world.table("world").put("seeded", {"products": loaded})
