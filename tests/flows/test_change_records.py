"""Every change that reaches a platform leaves a record: who asked, why, what was sent, what came back."""

import re
from collections import Counter

from tests.flows.conftest import MAYA
from twinshelf.listings import actions as catalog
from twinshelf.orders import actions as orders
from twinshelf.sync import queries as sync
from twinshelf.sync.models import ChangeRecord

SET_UP = re.compile(r"/v3/hooks|/v3/channels|/event/|/token/|/images/upload")
"""Calls that change nothing of the merchant's: messages, the sales channel, access, pictures that no product shows."""

CHANGES = {
    "product_created": "CreateListing",
    "product_edited": "EditContent",
    "price_set": "SetPrices",
    "stock_set": "SetStock",
    "product_status SELLER_DEACTIVATED": "DeactivateListing",
    "product_status DELETED": "DeleteListing",
    "product_status PENDING": "ActivateListing",
    "external_reference": "ReferenceOrder",
    "cancellation": "CancelShopOrder",
    "package_shipped": "ReportShipment",
    "order_created": "CreateStoreOrder",
    "order_updated": "SetStoreAddress",
    "order_status 5": "CancelStoreOrder",
}
"""The change behind each effect that a call of the product has. One that is not here would leave no record."""


def outward(world):
    """The changes that calls of the product made on both platforms, by what really happened there."""
    found = set()
    for effect in world.effects:
        call, _hash, number = effect.cause.partition(" #")
        if not call.startswith(("bigcommerce ", "tiktok ")) or SET_UP.search(call):
            continue
        if effect.kind in {"stock_changed", "email_sent"} or (effect.platform, effect.kind) == (
            "tiktok",
            "order_status",
        ):
            continue  # what a platform does by itself when an order changes
        if effect.kind in {"price_set", "stock_set"} and call.endswith("/products"):
            continue  # part of the new listing
        status = f" {effect.detail['after']}" if effect.kind in {"product_status", "order_status"} else ""
        # An address takes two calls: the order's own, and that of its consignment.
        found.add((CHANGES[effect.kind + status], effect.key, "" if effect.kind == "order_updated" else number))
    return Counter(kind for kind, _key, _number in found)


def test_each_outward_change_of_a_whole_run_is_on_record_with_its_cause(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=9)
    pan = store.add_product(sku="PAN-1", title="Iron pan", price="30.00", stock=9)
    twinshelf.list(mug, pan)
    store.act("set_price", sku="MUG-1", price="14.50")
    store.act("set_stock", sku="PAN-1", quantity=20)
    store.act("edit_product", product_id=pan, name="A very heavy iron pan")
    twinshelf.settle()
    twinshelf.wait(600)
    shipped, cancelled_here, cancelled_there = (shop.buy(("MUG-1", 1)) for _ in range(3))
    twinshelf.wait(3700)
    sandbox.act("shopper.change_address", order_id=shipped)
    twinshelf.settle()
    store_order = twinshelf.order(shipped).store_order_id
    store.act("ship_order", order_id=store_order, carrier="usps", tracking_number="9400111899223100000001")
    orders.cancel(twinshelf.order(cancelled_here), "seller_cancel_reason_out_of_stock", by=MAYA)
    sandbox.act("tt.cancel_order", order_id=cancelled_there)
    twinshelf.settle()
    off = catalog.deactivate(twinshelf.connection, [str(mug), str(pan)], by=MAYA)
    twinshelf.settle()
    on = catalog.activate(twinshelf.connection, [str(mug)], by=MAYA)
    twinshelf.settle()

    twinshelf.prefer(auto_delete=True)
    store.act("delete_product", product_id=pan)
    twinshelf.settle()

    made = outward(sandbox.world)
    assert set(made) == set(CHANGES.values())
    assert Counter(ChangeRecord.objects.filter(ok=True).values_list("kind", flat=True)) == made
    assert not ChangeRecord.objects.filter(ok=False).exists()

    owner = f"connection:{twinshelf.connection.id}"
    history = sync.changes_of(str(mug), sync.PRODUCT_CHANGES, [owner])
    assert [(record.kind, record.cause) for record in history[:2]] == [
        ("ActivateListing", f"task {on.id}"),
        ("DeactivateListing", f"task {off.id}"),
    ]
    [cancel] = ChangeRecord.objects.filter(kind="CancelShopOrder")
    assert (cancel.key, cancel.cause) == (cancelled_here, "cancel by hand: Maya")


def test_a_call_that_the_shop_refuses_is_on_record_as_refused(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    sandbox.act("tt.deactivate_product", product_id=twinshelf.listing(mug).tiktok_id)
    sandbox.act("tt.delete_product", product_id=twinshelf.listing(mug).tiktok_id)
    catalog.deactivate(twinshelf.connection, [str(mug)], by=MAYA)
    twinshelf.engine.run()

    assert [(r.kind, r.ok) for r in ChangeRecord.objects.exclude(kind="CreateListing")] == [
        ("DeactivateListing", False)
    ]
