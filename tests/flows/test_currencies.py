"""A shop in another currency than its store: told before listing, and no order is tried in vain."""

from __future__ import annotations

from tests.flows.conftest import MAYA
from tests.flows.faults import HELD_SECONDS
from tests.flows.test_settings_wire import Settings, paired
from twinshelf.connections.models import Store
from twinshelf.connections.queries import proposed_rate, takes_orders_in
from twinshelf.listings import actions as listings


def test_a_currency_that_the_store_takes_no_orders_in_is_told_before_listing(store, shop, twinshelf, sandbox):
    there, in_britain = paired(sandbox, twinshelf, "GB")
    settings = Settings(in_britain)
    settings.page({"exchange_rate": "0.8", "tax_percent": "20"})
    mug = store.add_product(sku="MUG-1")

    in_britain.list(mug)

    assert there.effects("product_created") == []
    assert in_britain.problems() == [(str(mug), "E-CON-CUR")]
    page = settings._browser.get(f"/connections/{in_britain.connection.id}/settings/").content.decode()
    assert "The store takes orders in USD, but not in GBP." in page


def test_once_the_currency_is_added_what_waited_is_done_by_itself(store, shop, twinshelf, sandbox):
    there, in_britain = paired(sandbox, twinshelf, "GB")
    Settings(in_britain).page({"exchange_rate": "0.8", "tax_percent": "20"})
    mug = store.add_product(sku="MUG-1")
    in_britain.list(mug)

    store.act("add_currency", code="GBP", rate="0.79")
    in_britain.wait(3700)  # the timetable looks after the store every hour
    in_britain.wait(600)

    assert [effect.tenant for effect in there.effects("product_created")] == [there.id]
    assert in_britain.problems() == []
    order_id = there.buy(("MUG-1", 1))
    in_britain.wait(HELD_SECONDS)
    made = store.act("order", order_id=in_britain.order(order_id).store_order_id)
    assert made["default_currency_code"] == "GBP"
    kept = Store.objects.get(id=in_britain.connection.store_id)
    assert str(proposed_rate(kept, "GBP")) == "0.79"


def test_an_order_in_such_a_currency_waits_with_a_reason_and_is_not_tried(store, shop, twinshelf, sandbox):
    store.act("add_currency", code="GBP")
    there, in_britain = paired(sandbox, twinshelf, "GB")
    Settings(in_britain).page({"exchange_rate": "0.8", "tax_percent": "20"})
    in_britain.list(store.add_product(sku="MUG-1"))
    kept = Store.objects.get(id=in_britain.connection.store_id)
    Store.objects.filter(id=kept.id).update(
        currencies={**(kept.currencies or {}), "GBP": {"rate": "1", "orders": False}}
    )
    disable(sandbox, store, "GBP")

    order_id = there.buy(("MUG-1", 1))
    in_britain.wait(HELD_SECONDS)

    row = in_britain.order(order_id)
    assert (row.creation, row.attempts, row.store_order_id) == ("failed", 0, None)
    assert row.reason == "BigCommerce takes orders in USD, but not in GBP, in which the shop sells."
    assert (order_id, "E-CON-CUR") in in_britain.problems()
    assert store.effects("order_created") == []


def disable(sandbox, store, code):
    table = sandbox.world.table(f"bc/{store.hash}/currencies")
    [key] = [key for key, row in table.items() if row["currency_code"] == code]
    table.put(key, {**table[key], "enabled": False})


def test_the_currency_of_the_store_itself_needs_no_word_of_it(twinshelf):
    kept = twinshelf.connection.store

    assert takes_orders_in(kept, "USD")
    assert takes_orders_in(Store(currency="USD", currencies=None), "GBP")  # it never told
    assert not takes_orders_in(kept, "GBP")
    assert listings.compare(twinshelf.connection, by=MAYA) == 0
