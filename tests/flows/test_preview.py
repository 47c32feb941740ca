"""A preview shows what a push would change, for every kind of lane, and neither writes nor sends anything."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from tests.flows.faults import HELD_SECONDS, lose_webhooks
from twinshelf.listings.models import ListingRow
from twinshelf.sync import preview
from twinshelf.sync.flows import installed

CACHES = {"StoreNames", "CategoryCache", "Providers", "Budget", "PlatformClock"}
"""What the platforms said of themselves, and how many calls they still allow: kept whoever asks."""


def tables() -> dict[str, list[Any]]:
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in apps.get_models()
        if model._meta.app_label in {"goods", "rulebook", "listings", "orders", "sync", "connections"}
        and model.__name__ not in CACHES
    }


def shown(twinshelf, kind: str, *keys: str) -> dict[str, list[str]]:
    """The names of the changes that a push would make, by key. Fails if the look changed anything."""
    owner = f"connection:{twinshelf.connection.id}"
    preview.preview(twinshelf.account.id, owner, [kind], [])  # makes the lane, if there is none yet
    before, sent = tables(), len(twinshelf._sandbox.world.effects)
    plans = preview.preview(twinshelf.account.id, owner, [kind], keys)
    assert tables() == before
    assert len(twinshelf._sandbox.world.effects) == sent
    return {plan.key: [type(change).__name__ for change in plan.changes] for plan in plans}


def test_every_kind_of_lane_can_be_previewed(sandbox, store, shop, twinshelf):
    mug = str(store.add_product(sku="MUG-1", price="12.00", stock=7))
    bowl = str(store.add_product(sku="BOWL-1", price="9.00", stock=3))
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    lose_webhooks(sandbox)
    store.act("set_price", sku="MUG-1", price="13.00")
    listing = twinshelf.listing(mug)
    sandbox.act("tt.set_stock", product_id=listing.tiktok_id, sku="MUG-1", quantity=2)
    sandbox.act("tt.set_price", product_id=listing.tiktok_id, sku="MUG-1", price="11.00")
    ListingRow.objects.filter(product_id=mug).update(switch_to=False)
    twinshelf.poll()
    sandbox.advance(HELD_SECONDS)

    looked = {
        kind: shown(twinshelf, kind, *keys)
        for kind, keys in {
            "listing": [mug, bowl],
            "price": [mug],
            "stock": [mug],
            "visibility": [mug],
            "order": [order_id],
            "shipment": [order_id],
            "package": [order_id],
            "return": [order_id],
            "warehouse": ["all"],
            "cancellation": [order_id],
            "reference": [order_id],
            "product": [mug],
            "store": ["hooks"],
            "location": ["locations"],
            "incoming": [listing.tiktok_id],
            "listings_poll": ["listings"],
            "orders_poll": ["orders"],
            "notice": ["all"],
        }.items()
    }

    assert looked.keys() == installed.flows.keys()
    assert looked["listing"][bowl] == ["CreateListing"]
    assert looked["visibility"] == {mug: ["DeactivateListing"]}
    assert looked["order"] == {order_id: ["CreateStoreOrder"]}
