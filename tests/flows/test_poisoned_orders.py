"""One order that a platform cannot serve, and lists that have no end: the other orders are made, and it is told."""

from __future__ import annotations

import pytest

from tests.flows.faults import HELD_SECONDS, fault, lose_webhooks, rest
from twinshelf.kit.models import Budget

SHOP_ORDERS = {"platform": "tiktok", "method": "GET", "path": "/order/*/orders"}
SHOP_SEARCH = {"platform": "tiktok", "method": "POST", "path": "/order/*/orders/search"}
CANCELLATIONS = {"platform": "tiktok", "method": "POST", "path": "/return_refund/*/cancellations/search"}
LISTINGS = {"platform": "tiktok", "method": "POST", "path": "/product/*/products/search"}


def made(store):
    return sorted(e.detail["external_order_id"] for e in store.effects("order_created"))


@pytest.mark.parametrize(
    ("_case", "answer"),
    [
        ("a server error", {"action": "status", "status": 500}),
        ("TikTok's own word for one", {"action": "envelope", "code": 36009003, "message": "Internal error"}),
        ("no JSON", {"action": "body", "body": "{", "headers": {"content-type": "application/json"}}),
    ],
)
def test_an_order_that_fails_its_whole_batch_is_found_and_told_and_the_others_are_made(
    sandbox, store, shop, twinshelf, _case, answer
):
    twinshelf.list(store.add_product(sku="MUG-1", stock=50))
    bought = [shop.buy(("MUG-1", 1)) for _ in range(6)]
    twinshelf.settle()
    poisoned = bought[2]
    fault(sandbox, **SHOP_ORDERS, query=poisoned, times=None, **answer)

    twinshelf.wait(HELD_SECONDS)
    for _ in range(4):
        twinshelf.wait(60)
    assert made(store) == sorted(set(bought) - {poisoned})

    for _ in range(30):
        Budget.objects.update(blocked_until=0)
        twinshelf.wait(601)
    assert (poisoned, "E-GAVE-UP") in twinshelf.problems()

    sandbox.faults.clear()
    twinshelf.fetch_orders()
    rest(sandbox, twinshelf)
    assert made(store) == sorted(bought)
    assert twinshelf.problems() == []


@pytest.mark.parametrize("what", [SHOP_SEARCH, CANCELLATIONS, LISTINGS], ids=["orders", "cancellations", "listings"])
def test_a_list_without_an_end_costs_few_calls_and_nothing_is_lost_by_it(sandbox, store, shop, twinshelf, what):
    twinshelf.list(store.add_product(sku="MUG-1", stock=50))
    lose_webhooks(sandbox)
    order_id = shop.buy(("MUG-1", 1))
    fault(sandbox, **what, action="body", times=None, change={"data.next_page_token": "again"})
    before = sandbox.site.requests

    for _ in range(4):
        twinshelf.wait(HELD_SECONDS / 4)

    assert sandbox.site.requests - before < 150
    rest(sandbox, twinshelf)
    assert made(store) == [order_id]
    assert twinshelf.differences() == []
