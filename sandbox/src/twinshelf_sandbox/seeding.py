"""What a new world begins with: stores filled with a catalog, an app, sellers and shops, and the keys to them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.catalogs.demo import SHOP_NAME, demo_shop, scaled
from twinshelf_sandbox.catalogs.formats import read_catalog

FIRST_STORE: Final = "fern0hollow"
APP: Final = {"app_key": "6sandbox0key", "app_secret": "app-secret-of-the-sandbox", "service_id": "7400000000000000003"}
"""The TikTok app of every world: the same in each, so that clients can be set up once."""

_AT_ONCE = 1000
_TOLD = 5


@dataclass(frozen=True)
class Opening:
    """What to open. Shops are named by their regions: local sellers have one each, a cross-border one has several."""

    stores: int = 1
    plan: str = "plus"
    currency: str = "USD"
    shops: Sequence[str] = ()
    cross_border: Sequence[str] = ()
    redirect_url: str = "http://127.0.0.1:8780/connections/tiktok"
    realistic: bool = True
    """Whether the platforms keep their own limits of calls and listings."""
    catalog: Path | None = None
    """A file to fill the stores from; None: our own shop."""
    columns: Mapping[str, str] = field(default_factory=dict)
    products: int = 0
    """Limits a file to its first so many, and scales our own shop to exactly so many; 0: what there is."""
    refused: Path | None = None
    """Where every refused row of the file is written, if there are more than are told; None: all are told."""


def open_world(sandbox: Sandbox, opening: Opening, *, say: Callable[[str], None] = print) -> None:
    """Open and fill everything, unless the world has it already. Safe to repeat: a killed opening begins anew.

    The keys to what was opened are kept in the world; GET /_sandbox/access tells them.
    """
    world = sandbox.world
    notes = world.table("world")
    if notes.get("seeded") is not None:
        say("Catalog: as it was left")
        return
    if notes.get("seeding") is not None:
        world.clear()
    with world.transaction("seeding"):
        notes.put("seeding", {})
    stores = [_open_store(sandbox, number, opening) for number in range(1, opening.stores + 1)]
    for store in stores:
        _fill(sandbox, store["hash"], opening, say)
    sandbox.act("tt.create_app", **APP, redirect_url=opening.redirect_url)
    shops = [shop for region in opening.shops for shop in _open_shops(sandbox, "LOCAL", region, [region], opening)]
    if opening.cross_border:
        shops += _open_shops(sandbox, "CROSS_BORDER", "CN", opening.cross_border, opening)
    with world.transaction("seeded"):
        notes.put("access", {"stores": stores, "app": {**APP, "redirect_url": opening.redirect_url}, "shops": shops})
        notes.put("seeded", {"stores": len(stores), "shops": len(shops)})


def _open_store(sandbox: Sandbox, number: int, opening: Opening) -> dict[str, Any]:
    hash_ = FIRST_STORE if number == 1 else f"{FIRST_STORE}{number}"
    name = SHOP_NAME if number == 1 else f"{SHOP_NAME} {number}"
    sandbox.act("bc.create_store", hash=hash_, name=name, currency=opening.currency, plan=opening.plan)
    if not opening.realistic:
        sandbox.act("bc.set_switch", hash=hash_, name="quota", value=None)
    keys = sandbox.act("bc.create_api_account", hash=hash_, name="Sandbox")
    return {"hash": hash_, "name": name, **keys}


def _open_shops(
    sandbox: Sandbox, seller_type: str, home: str, regions: Sequence[str], opening: Opening
) -> list[dict[str, Any]]:
    name = f"{SHOP_NAME} {home if seller_type == 'LOCAL' else 'Global'}"
    seller = sandbox.act("tt.create_seller", name=name, region=home, seller_type=seller_type)["seller_id"]
    shops = []
    for region in regions:
        shop_name = f"{SHOP_NAME} {region}"
        shop = sandbox.act("tt.create_shop", seller=seller, name=shop_name, region=region)
        if not opening.realistic:
            sandbox.act("tt.set_limits", shop_id=shop["shop_id"], per_second=0, daily_listings=0)
        facts = {"shop_id": shop["shop_id"], "name": shop_name, "region": region, "cipher": shop["cipher"]}
        shops.append({**facts, "seller_id": seller, "seller_type": seller_type})
    return shops


def _fill(sandbox: Sandbox, store_hash: str, opening: Opening, say: Callable[[str], None]) -> None:
    made: Iterable[Any]
    catalog, products = opening.catalog, opening.products
    if catalog is not None:
        made = source = read_catalog(catalog, columns=opening.columns, limit=products or None)
    else:
        own = demo_shop()
        made = scaled(own, products) if products else own
    loaded, batches = 0, iter(made)
    while batch := list(itertools.islice(batches, _AT_ONCE)):
        loaded += int(sandbox.act("bc.add_products", hash=store_hash, products=batch))
    if catalog is not None:
        say(f"Catalog {catalog.name}: {loaded:,} products loaded")
        refused, kept = source.report.refused, opening.refused
        for line in source.report.summary(refusals=_TOLD if kept else len(refused)).splitlines():
            say(f"  {line}")
        if kept and len(refused) > _TOLD:
            kept.write_text("".join(f"{row}\n" for row in refused), encoding="utf-8")
            say(f"  All refused rows: {kept}")
    else:
        say(f"Catalog: {loaded:,} products of our own shop")
