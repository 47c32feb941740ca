"""Prices that a store enters without tax, in markets whose prices include it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings

from tests.flows.conftest import HOME, MAYA, StoreWorld, Twinshelf
from twinshelf.connections import actions as connections
from twinshelf.connections.models import Store
from twinshelf.rules import actions as rules


def in_market(sandbox, twinshelf, region: str, currency: str, *, with_tax: bool) -> tuple[StoreWorld, Twinshelf]:
    """A store of its own with a shop in another market, paired."""
    sandbox.act(
        "bc.create_store", hash="second0store", name="Second", currency=currency, country_code=region, tax_rate="20",
        is_price_entered_with_tax=with_tax,
    )  # fmt: skip
    keys = sandbox.act("bc.create_api_account", hash="second0store", name="Twinshelf")
    connected = connections.connect_store(
        twinshelf.account, store_hash_or_url="second0store", access_token=keys["access_token"],
        client_id=keys["client_id"], client_secret=keys["client_secret"], by=MAYA,
    )  # fmt: skip
    seller = sandbox.act("tt.create_seller", name=region, region=region)["seller_id"]
    sandbox.act("tt.create_shop", seller=seller, name=region, region=region)
    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller)
    [shop] = connections.authorize_shops(twinshelf.account, code, by=MAYA)
    connection = connections.pair(twinshelf.account, store=connected, shop=shop, name=f"Second {region}", by=MAYA)
    rules.set_default_template(connection, category_id=HOME, by=MAYA)
    driven = Twinshelf(sandbox, twinshelf.account, connection, twinshelf.engine)
    driven.settle()
    return StoreWorld(sandbox, "second0store"), driven


def test_a_british_price_without_tax_is_held_until_the_tax_is_named_and_then_includes_it(sandbox, twinshelf):
    store, in_britain = in_market(sandbox, twinshelf, "GB", "GBP", with_tax=False)
    mug = store.add_product(sku="MUG-1", price="10.00")
    in_britain.list(mug)

    assert in_britain.listing(mug).tiktok_id == ""
    assert in_britain.problems() == [(str(mug), "E-PRC-TAX")]

    in_britain.prefer(tax_percent=Decimal(20))
    in_britain.settle()
    in_britain.wait(600)

    assert in_britain.listing(mug).price_min == Decimal("12.00")
    assert in_britain.problems() == []
    assert in_britain.differences() == []


@pytest.mark.parametrize(
    ("region", "currency", "with_tax"), [("GB", "GBP", True), ("US", "USD", False), ("US", "USD", True)]
)
def test_a_price_that_lacks_nothing_is_sent_as_it_is(sandbox, twinshelf, region, currency, with_tax):
    store, driven = in_market(sandbox, twinshelf, region, currency, with_tax=with_tax)
    mug = store.add_product(sku="MUG-1", price="10.00")
    driven.list(mug)

    assert driven.listing(mug).price_min == Decimal("10.00")
    assert driven.problems() == []


def test_a_live_price_is_told_when_the_store_turns_out_to_enter_prices_without_tax(sandbox, twinshelf):
    store, in_britain = in_market(sandbox, twinshelf, "GB", "GBP", with_tax=True)
    mug = store.add_product(sku="MUG-1", price="10.00")
    in_britain.list(mug)
    Store.objects.filter(hash="second0store").update(prices_include_tax=False)

    store.act("set_price", sku="MUG-1", price="11.00")
    in_britain.settle()

    assert (str(mug), "E-PRC-TAX") in in_britain.problems()
    assert in_britain.listing(mug).price_min == Decimal("10.00")
