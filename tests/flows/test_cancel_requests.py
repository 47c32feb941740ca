"""Cancelling from the order's page, and answering buyers who ask to cancel."""

from __future__ import annotations

import html

import pytest

from tests.flows import faults
from tests.flows.browser import Browser
from twinshelf.accounts.models import AuditEntry
from twinshelf.orders.models import CancelRequestRow


@pytest.fixture
def browser(store, twinshelf):
    store.add_product(sku="MUG-1", title="Enamel mug", price="20.00", stock=9)
    twinshelf.list()
    return Browser()


def page_of(twinshelf, order_id):
    return f"/orders/{twinshelf.order(order_id).pk}/"


def cancel_button(browser, twinshelf, order_id):
    """What the page offers for cancelling; None if nothing."""
    actions = browser.get(page_of(twinshelf, order_id)).context["actions"]
    return next((each for each in actions if each.id in {"order.cancel", "order.reasons"}), None)


@pytest.mark.covers("CED-128", "CED-129")
def test_the_page_offers_the_reasons_that_tiktok_takes_for_this_order(browser, sandbox, shop, twinshelf):
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(faults.HELD_SECONDS)
    place = page_of(twinshelf, order_id)
    assert cancel_button(browser, twinshelf, order_id).id == "order.reasons"
    browser.post(f"{place}reasons/")
    assert "Asking TikTok…" in browser.words(place)
    twinshelf.settle()

    assert cancel_button(browser, twinshelf, order_id).reasons == (
        ("seller_cancel_reason_out_of_stock", "Out of stock"),
        ("seller_cancel_reason_wrong_price", "Pricing error"),
        ("seller_cancel_paid_reason_address_not_deliver", "Cannot deliver to the address"),
        ("seller_cancel_paid_reason_buyer_requested_cancellation", "Buyer asked for it"),
    )
    assert cancel_button(browser, twinshelf, order_id).opened
    words = browser.words(place)
    assert "This cannot be undone." in words
    assert "seller_cancel" not in words

    told = browser.post(f"{place}cancel/", {"reason": "seller_cancel_reason_wrong_price"})
    assert told == ["The cancellation is on its way to TikTok."]
    twinshelf.settle()
    twinshelf.wait(60)
    [done] = shop.effects("cancellation")
    assert (done.detail["order_id"], done.detail["reason"]) == (order_id, "seller_cancel_reason_wrong_price")
    entry = AuditEntry.objects.get(action="orders.cancel")
    assert (entry.subject, (entry.after or {})["reason"]) == (f"order:{order_id}", "seller_cancel_reason_wrong_price")
    over = "TikTok does not allow cancelling an order that is cancelled."
    assert cancel_button(browser, twinshelf, order_id).refused == over

    later = shop.buy(("MUG-1", 1))
    twinshelf.wait(faults.HELD_SECONDS)
    sandbox.act("tt.ship_order", order_id=later)
    for action, status in (("carrier_scan", "in transit"), ("deliver", "delivered"), ("complete", "completed")):
        sandbox.act(f"tt.{action}", order_id=later)
        twinshelf.settle()
        button = cancel_button(browser, twinshelf, later)
        assert button.refused == f"TikTok does not allow cancelling an order that is {status}."
        assert f'disabled title="{button.refused}"' in html.unescape(
            " ".join(browser.get(page_of(twinshelf, later)).content.decode().split())
        )
    assert len(shop.effects("cancellation")) == 1


@pytest.mark.covers("SILK-46")
def test_a_buyers_request_is_granted_or_declined_here_or_there_once(browser, sandbox, store, shop, twinshelf):
    orders = [shop.buy(("MUG-1", 1)) for _ in range(4)]
    twinshelf.wait(faults.HELD_SECONDS)

    def state(order_id):
        store_order = store.act("order", order_id=twinshelf.order(order_id).store_order_id)
        return sandbox.world.table(f"tt/{shop.id}/orders")[order_id]["status"], store_order["status_id"]

    asked = {order_id: sandbox.act("shopper.cancel", order_id=order_id) for order_id in orders}
    twinshelf.settle()
    here_yes, here_no, there_yes, there_no = orders
    words = browser.words(page_of(twinshelf, here_yes))
    assert "The buyer asks to cancel." in words
    assert "Answer by" in words  # with its deadline
    [row] = [row for row in browser.get("/").context["attention"] if "to cancel" in row.sentence]
    assert row.sentence == "4 buyers ask to cancel"

    faults.fault(sandbox, platform="tiktok", method="POST", path="*/approve", action="drop", phase="after")
    for _ in range(2):  # a double click grants it once
        browser.post(f"{page_of(twinshelf, here_yes)}request/{asked[here_yes]}/grant/")
    [told] = browser.post(f"{page_of(twinshelf, here_no)}request/{asked[here_no]}/decline/", {"reason": "because"})
    assert told.startswith("Choose one of the reasons that TikTok offers for declining.")
    reasons = CancelRequestRow.objects.get(cancel_id=asked[here_no]).reasons
    assert reasons[0][1] in browser.words(page_of(twinshelf, here_no))
    browser.post(f"{page_of(twinshelf, here_no)}request/{asked[here_no]}/decline/", {"reason": reasons[0][0]})
    sandbox.act("tt.approve_cancellation", cancel_id=asked[there_yes])
    sandbox.act("tt.reject_cancellation", cancel_id=asked[there_no])
    twinshelf.settle()
    twinshelf.wait(60)
    twinshelf.wait(601)

    assert state(here_yes) == state(there_yes) == ("CANCELLED", 5)
    assert state(here_no) == state(there_no) == ("AWAITING_SHIPMENT", 11)
    assert len([e for e in store.effects("order_status") if e.detail["after"] == 5]) == 2
    assert not CancelRequestRow.objects.filter(waiting=True).exists()
    assert "The buyer asks to cancel." not in browser.words(page_of(twinshelf, here_no))
    assert twinshelf.problems() == []
