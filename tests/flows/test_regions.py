"""Markets differ: where products are listed without being asked to, and where only stock and orders follow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings

from tests.flows.conftest import HOME, MAYA, ShopWorld, Twinshelf
from twinshelf.connections import actions as connections
from twinshelf.rules import actions as rules


@pytest.fixture
def malaysia(sandbox, twinshelf) -> tuple[ShopWorld, Twinshelf]:
    """A second shop of the store, in a market where TikTok keeps the catalog; its rate is confirmed."""
    seller = sandbox.act("tt.create_seller", name="Fernhollow MY", region="MY")["seller_id"]
    made = sandbox.act("tt.create_shop", seller=seller, name="Fernhollow MY", region="MY")
    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=seller)
    [shop] = connections.authorize_shops(twinshelf.account, code, by=MAYA)
    connection = connections.pair(twinshelf.account, store=twinshelf.connection.store, shop=shop, name="MY", by=MAYA)
    rules.set_default_template(connection, category_id=HOME, by=MAYA)
    driven = Twinshelf(sandbox, twinshelf.account, connection, twinshelf.engine)
    driven.prefer(exchange_rate=Decimal("4.2"))
    return ShopWorld(sandbox, made["shop_id"]), driven


@pytest.mark.covers("P17-08")
def test_products_are_pushed_to_the_us_and_elsewhere_only_by_opting_in(store, shop, twinshelf, malaysia):
    there, in_malaysia = malaysia
    mug = store.add_product(sku="MUG-000001", title="Enamel mug of the sturdiest kind there is")
    twinshelf.list(mug)
    in_malaysia.list(mug)
    assert len(shop.effects("product_created")) == 1
    assert [e for e in there.effects("product_created") if e.tenant == there.id] == []
    assert in_malaysia.problems() == [(str(mug), "E-REG-PUSH")]
    assert in_malaysia.listing(mug).state == "failed"

    in_malaysia.prefer(exchange_rate=Decimal("4.2"), push_opt_in=True)
    in_malaysia.settle()

    assert [e.tenant for e in there.effects("product_created")] == [shop.id, there.id]
    assert in_malaysia.problems() == []
