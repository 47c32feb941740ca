"""I5: an older reading of the store's goods overwrites nothing of a newer one: no stock, no price, no variant."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.db import transaction

from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault, lose_webhooks
from tests.flows.neighbors import connect_shop, shelf
from twinshelf.connections import clients
from twinshelf.connections.models import Store
from twinshelf.goods import pulling, snapshot
from twinshelf.goods.models import Hold, StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.sync import lanes
from twinshelf.sync.models import Mark

PRODUCTS = {"platform": "bigcommerce", "method": "GET", "path": "/stores/*/v3/catalog/products"}


@pytest.fixture
def mug(store, twinshelf) -> int:
    made = int(store.add_product(sku="MUG-1", stock=9, price="12.00"))
    twinshelf.list(made)
    twinshelf.wait(120)
    return made


def look_at(twinshelf, *products: int) -> None:
    owner = f"store:{twinshelf.connection.store_id}"
    lanes.ask(twinshelf.account.id, "product", owner, map(str, products), cause="told again")
    twinshelf.settle()


def shown(product_id: int) -> str:
    """What is on record of the only variant."""
    variant = StoreVariant.objects.get(product_id=product_id)
    return f"{variant.stock} at {variant.price}"


@pytest.mark.parametrize("how", ["a doubled hook", "a pull"])
def test_a_copy_of_the_store_that_lags_changes_nothing_and_is_read_again(store, shop, twinshelf, mug, how):
    store.act("set_stock", sku="MUG-1", quantity=3)
    store.act("set_price", sku="MUG-1", price="13.00")
    twinshelf.settle()
    known = shown(mug)
    assert known == "3 at 13.0000"
    fault(shop._sandbox, **PRODUCTS, action="stale", seconds=60, times=1)

    if how == "a pull":
        twinshelf.pull()
    else:
        look_at(twinshelf, mug)

    assert shown(mug) == known
    assert shelf(shop, twinshelf, mug) == 3
    assert [effect.detail["after"] for effect in shop.effects("stock_set")] == [3]
    twinshelf.wait(60)
    assert not Mark.objects.filter(lane__kind="product").exists()
    assert twinshelf.differences() == []


def test_what_was_asked_for_is_read_once_the_copy_has_caught_up(sandbox, store, shop, twinshelf, mug):
    """The hook of a second change comes while the store still answers with what was before the first."""
    store.act("set_stock", sku="MUG-1", quantity=5)
    twinshelf.settle()
    twinshelf.wait(1)
    fault(sandbox, **PRODUCTS, action="stale", seconds=60, times=1)
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == 5

    twinshelf.wait(30)

    assert shelf(shop, twinshelf, mug) == 3


@pytest.mark.parametrize("seconds", [2, 0])
def test_of_two_workers_the_slower_one_keeps_nothing(store, shop, twinshelf, mug, seconds):
    """Both changes may bear the same second: BigCommerce's times have no finer grain."""
    kept = twinshelf.connection.store
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    names, info = pulling.names_of(kept), clients.info_of(kept)
    began = clock.now()
    read = clients.store_client(kept).products([str(mug)], names, store=info).products

    shop._sandbox.advance(seconds)  # before that is kept, the stock falls, and another worker reads and keeps it
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    with transaction.atomic():
        snapshot.lock(kept)
        changed = snapshot.keep_products(kept, read, began=began)

    assert (changed.any, changed.doubted) == (set(), {str(mug)})
    assert shown(mug) == "3 at 12.0000"
    assert shelf(shop, twinshelf, mug) == 3


def test_a_store_that_was_restored_is_believed_after_an_hour(sandbox, store, twinshelf, mug):
    kept = twinshelf.connection.store
    [product] = (
        clients.store_client(kept).products([str(mug)], pulling.names_of(kept), store=clients.info_of(kept)).products
    )
    older = msgspec.structs.replace(product, modified_at=product.modified_at - timedelta(days=1), title="As it was")

    for minutes, doubted in ((59, True), (61, False)):
        began = StoreProduct.objects.get(product_id=mug).seen_at + timedelta(minutes=minutes)
        with transaction.atomic():
            assert bool(snapshot.keep_products(kept, [older], began=began).doubted) is doubted

    assert StoreProduct.objects.get(product_id=mug).title == "As it was"


def test_a_product_that_the_store_deleted_does_not_come_back_by_a_copy_that_lags(sandbox, store, shop, twinshelf, mug):
    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    assert shelf(shop, twinshelf, mug) == 0
    fault(sandbox, **PRODUCTS, action="stale", seconds=60, times=1)

    look_at(twinshelf, mug)
    assert StoreProduct.objects.get(product_id=mug).deleted
    twinshelf.wait(60)

    assert StoreProduct.objects.get(product_id=mug).deleted
    assert [effect.detail["after"] for effect in shop.effects("stock_set")] == [0]
    assert not Mark.objects.filter(lane__kind="product").exists()


def test_a_product_that_another_reading_has_just_seen_is_not_gone(store, shop, twinshelf, mug, monkeypatch):
    lock = snapshot.lock

    def seen_meanwhile(kept: Store) -> None:
        monkeypatch.setattr(snapshot, "lock", lock)
        StoreProduct.objects.filter(product_id=mug).update(seen_at=clock.now())
        lock(kept)

    monkeypatch.setattr(snapshot, "lock", seen_meanwhile)
    fault(shop._sandbox, **PRODUCTS, action="body", body={"data": [], "meta": {}}, times=1)
    look_at(twinshelf, mug)

    assert not StoreProduct.objects.get(product_id=mug).deleted
    twinshelf.wait(30)
    assert not StoreProduct.objects.get(product_id=mug).deleted
    assert shop.effects("stock_set") == []


def test_units_stay_withheld_until_the_store_shows_that_an_order_took_them(sandbox, store, shop, twinshelf, mug):
    """Read after write shows the old stock: ended by that, the hold would offer the units a second time (F34)."""
    outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")
    in_outlet.list(mug)
    shop.buy(("MUG-1", 4))
    twinshelf.settle()
    assert shelf(outlet, in_outlet, mug) == 5
    lose_webhooks(sandbox)
    stale = fault(sandbox, **PRODUCTS, action="stale", seconds=30, times=None)

    twinshelf.wait(HELD_SECONDS)
    assert store.act("stock", sku="MUG-1") == 5
    assert shelf(outlet, in_outlet, mug) == 5
    assert Hold.objects.exists()

    sandbox.faults.remove(stale.id)
    look_at(twinshelf, mug)

    assert shelf(outlet, in_outlet, mug) == 5
    assert not Hold.objects.exists()


def test_units_that_were_read_as_taken_before_their_order_was_on_record_are_withheld_no_longer(
    sandbox, store, shop, twinshelf, mug
):
    """The answer to the creation is lost: the store's stock is read again before the order is found there."""
    outlet, in_outlet = connect_shop(sandbox, twinshelf, "Outlet")
    in_outlet.list(mug)
    shop.buy(("MUG-1", 4))
    twinshelf.settle()
    fault(sandbox, **CREATE_ORDER, action="drop", phase="after", times=1)

    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(900)
    twinshelf.wait(360)

    assert store.act("stock", sku="MUG-1") == 5
    assert not Hold.objects.exists()
    assert shelf(outlet, in_outlet, mug) == 5
    assert shelf(shop, twinshelf, mug) == 5
