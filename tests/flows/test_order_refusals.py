"""A store that refuses an order: told at once where nothing passes by itself, in words and with a remedy."""

from __future__ import annotations

import pytest

from tests.flows.conftest import MAYA
from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault, lose_webhooks
from twinshelf.messages import text
from twinshelf.orders import actions as orders
from twinshelf.sync.models import Problem

CURRENCY = "The field 'default_currency_code' is invalid."
ZIP = "The field 'billing_address.zip' is invalid."
CHANNEL = "The field 'channel_id' is invalid."


@pytest.mark.parametrize(
    "case",
    [
        (CURRENCY, "E-ORD-CURRENCY", "BigCommerce refused the order: the store takes no orders in USD."),
        (ZIP, "E-ORD-PLACE", "BigCommerce refused the order: it does not take the postal code of the address."),
        (CHANNEL, "E-ORD-REFUSED", "BigCommerce refused the order: The field 'channel_id' is invalid."),
    ],
)
def test_a_refusal_of_a_field_is_told_at_once_and_not_repeated(store, shop, twinshelf, sandbox, case):
    message, code, told = case
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    rule = fault(
        sandbox, **CREATE_ORDER, action="status", status=400, times=None,
        body=f'[{{"status":400,"message":"{message}"}}]',
    )  # fmt: skip

    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    assert (row.creation, row.reason, row.attempts) == ("failed", told, 1)
    assert twinshelf.problems() == [(order_id, code)]
    assert text(Problem.objects.get(closed_at=None)) == told
    sent = rule.struck
    for _ in range(4):
        twinshelf.wait(601)
    assert rule.struck == sent == 1

    sandbox.faults.clear()
    orders.retry(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    assert len(store.effects("order_created")) == 1
    assert twinshelf.problems() == []


def test_a_quantity_that_the_store_does_not_sell_is_told_at_once_and_not_repeated(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    store.act("edit_product", product_id=mug, order_quantity_minimum=2)

    twinshelf.wait(HELD_SECONDS)

    row = twinshelf.order(order_id)
    assert row.reason == "BigCommerce refused the order: Enamel mug is sold at least 2 at a time."
    assert (order_id, "E-ORD-QUANTITY") in twinshelf.problems()
    for _ in range(4):
        twinshelf.wait(601)
    assert twinshelf.order(order_id).attempts == 1

    store.act("edit_product", product_id=mug, order_quantity_minimum=0)
    orders.retry(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    assert len(store.effects("order_created")) == 1


def test_an_order_of_a_product_deleted_unnoticed_is_told_within_a_minute(store, shop, twinshelf, sandbox):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    lost = lose_webhooks(sandbox)
    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    sandbox.faults.remove(lost.id)

    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(60)

    row = twinshelf.order(order_id)
    assert row.reason.startswith(
        "Not created in BigCommerce: no linked product for SKU MUG-1 (deleted in BigCommerce at "
    )
    assert (order_id, "E-ORD-SKU") in twinshelf.problems()


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("x" * 255, "Apt 4"), ("x" * 255, "Apt 4")),
        (
            ("Long Lane " * 29 + "Long Lane", "Apt 4"),
            ("Long Lane " * 25 + "Long", "Lane " + "Long Lane " * 4 + "Apt 4"),
        ),
    ],
    ids=["255 characters fit", "299 go on in the second line"],
)
def test_a_long_street_fits_the_store_order(store, shop, twinshelf, given, sent):
    twinshelf.list(store.add_product(sku="MUG-1"))
    address = {"name": "Ada Moss", "first_name": "Ada", "last_name": "Moss", "line1": given[0], "line2": given[1],
               "postal_code": "78701", "phone": "(+1)5125550100"}  # fmt: skip
    order_id = shop.buy(("MUG-1", 1), address=address)

    twinshelf.wait(HELD_SECONDS)

    made = store.act("order", order_id=twinshelf.order(order_id).store_order_id)
    [to] = made["shipping_addresses"]
    assert (to["street_1"], to["street_2"].replace(",", "")) == sent
