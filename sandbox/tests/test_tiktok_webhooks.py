"""Webhooks of the TikTok Shop double: who gets them, what is in them, signatures and the ladder of retries."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.tests.tiktok_client import Shop, open_shop
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.faults import Fault

URL = "https://hooks.example.com/tiktok"
CONFIG = "/event/202309/webhooks"


class Receiver:
    """Keeps what arrives and answers with `status`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.status = sandbox, 200
        self.got: list[tuple[float, str, dict[str, str], bytes]] = []
        sandbox.outbox.send = self.receive

    def receive(self, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int:
        assert timeout == 3.0
        self.got.append((self.sandbox.world.clock.now(), url, dict(headers), body))
        return self.status

    def take(self, kind: int) -> list[dict[str, Any]]:
        self.sandbox.settle()
        return [b for b in (json.loads(body) for _, _, _, body in self.got) if b["type"] == kind]


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    shop = open_shop(sandbox)
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url=URL)
    return shop


@pytest.fixture
def receiver(sandbox: Sandbox, shop: Shop) -> Receiver:
    return Receiver(sandbox)


def test_an_orders_life_in_webhooks(shop, receiver, sandbox):
    shop.list_product()
    order_id = shop.buy(pay=False)
    sandbox.act("shopper.pay", order_id=order_id)
    sandbox.advance(3601)
    sandbox.act("tt.cancel_order", order_id=order_id, by="SYSTEM")
    events = receiver.take(1)
    assert [(e["data"]["order_status"], e["data"]["is_on_hold_order"]) for e in events] == [
        ("UNPAID", False),
        ("ON_HOLD", True),
        ("AWAITING_SHIPMENT", False),
        ("CANCEL", False),  # the API says CANCELLED
    ]
    assert {e["shop_id"] for e in events} == {shop.id}
    assert len({e["tts_notification_id"] for e in events}) == 4
    assert events[0].keys() == {"type", "tts_notification_id", "shop_id", "timestamp", "data"}


def test_every_webhook_is_signed_over_app_key_and_body(shop, receiver, sandbox):
    shop.create()
    sandbox.settle()
    for _, url, headers, body in receiver.got:
        wanted = hmac.new(shop.app_secret.encode(), shop.app_key.encode() + body, hashlib.sha256).hexdigest()
        assert (url, headers["authorization"], headers["content-type"]) == (URL, wanted, "application/json")


def test_a_products_life_in_webhooks(shop, receiver, sandbox):
    answer = shop.create()
    sandbox.advance(31)
    product_id = answer["product_id"]
    shop.post(f"/product/202509/products/{product_id}/partial_edit", {"title": "A mug with a new title"})
    sandbox.advance(31)
    shop.post(f"/product/202509/products/{product_id}/partial_edit", {"title": "A mug that is rejected"})
    sandbox.act("tt.reject", product_id=product_id)
    sandbox.act("tt.freeze_product", product_id=product_id, reason="Counterfeit")

    assert [e["data"]["product_id"] for e in receiver.take(16)] == [int(product_id)]  # a number
    assert [
        (e["data"]["product_id"], e["data"]["status"], e["data"]["suspended_reason"]) for e in receiver.take(5)
    ] == [
        (int(product_id), "PRODUCT_FIRST_PASS_REVIEW", ""),
        (int(product_id), "PRODUCT_AUDIT_FAILURE", "The listing violates a policy."),
        (int(product_id), "PRODUCT_STATUS_CHANGED", "Counterfeit"),
    ]
    assert [e["data"]["audit"]["status"] for e in receiver.take(37)] == [
        "AUDITING",
        "APPROVED",
        "AUDITING",
        "APPROVED",
        "AUDITING",
        "FAILED",
    ]
    (change,) = receiver.take(15)
    assert (change["data"]["product_id"], change["data"]["change_source"], change["data"]["changed_fields"]) == (
        product_id,  # a text here
        "OPEN_API",
        ["title"],
    )


def test_a_pre_approval_has_the_singular_of_the_documented_sample(shop, receiver, sandbox):
    shop.create(category_id="801680", product_attributes=shop.required_attributes("801680"))
    sandbox.advance(31)
    audit = receiver.take(37)[-1]["data"]["audit"]
    assert (audit["status"], audit["pre_approved_reason"]) == ("PRE_APPROVED", "RESTRICTED_CATEGORY_PENDING")


def test_address_cancellation_return_and_stock_webhooks(shop, receiver, sandbox):
    shop.list_product()
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.change_address", order_id=order_id)
    sandbox.act("shopper.cancel", order_id=order_id)
    sandbox.act("shopper.withdraw_cancellation", order_id=order_id)
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    return_id = sandbox.act("shopper.return_request", order_id=order_id)

    (address,) = receiver.take(3)
    assert "tts_notification_id" not in address
    assert address["data"]["order_id"] == order_id
    assert [(e["data"]["cancellations_role"], e["data"]["cancel_status"]) for e in receiver.take(11)] == [
        ("BUYER", "CANCELLATION_REQUEST_PENDING"),
        ("BUYER", "CANCELLATION_REQUEST_CANCELLED"),  # the API says …_CANCEL
    ]
    (returned,) = receiver.take(12)
    assert (returned["data"]["return_id"], returned["data"]["return_status"]) == (
        return_id,
        "RETURN_OR_REFUND_REQUEST_PENDING",
    )
    bought = next(e["data"] for e in receiver.take(71) if e["data"]["change_detail"][0]["trigger_source"] == "ORDER")
    assert isinstance(bought["sku_id"], int)
    assert bought["quantity_snapshot_after_change"] == {
        "total_quantity": 20,
        "total_available_quantity": 19,
        "total_committed_quantity": 1,
        "in_shop_quantity": 19,
        "campaign_locked_quantity": 0,
        "creator_locked_quantity": 0,
    }


def test_shortage_is_announced_when_it_begins_and_ends(shop, receiver, sandbox):
    answer = shop.list_product()
    for quantity in (6, 5, 4, 0, 3, 50):
        sandbox.act("tt.set_stock", product_id=answer["product_id"], sku="MUG-250", quantity=quantity)
    words = [
        e["data"]["current_inventory_status"]
        for e in receiver.take(27)
        if e["data"]["sku_id"] == answer["skus"][0]["id"]
    ]
    assert words == ["SUFFICIENT_STOCK", "LOW_STOCK", "OUT_OF_STOCK", "LOW_STOCK", "SUFFICIENT_STOCK"]


# -- delivery --------------------------------------------------------------------------------------------------


def test_a_failed_delivery_is_tried_again_four_times_and_then_dropped(shop, receiver, sandbox):
    shop.list_product()
    shop.switch("unpaid_seconds", value=0)
    sandbox.settle()
    receiver.got.clear()
    receiver.status = 500
    sandbox.world.clock.run(0)
    order_id = shop.buy(pay=False)
    sandbox.advance(3 * 86_400)
    tries = [(at, body) for at, _, _, body in receiver.got if json.loads(body)["type"] == 1]
    start = tries[0][0]
    assert [round(at - start) for at, _ in tries] == [0, 120, 1920, 12_720, 55_920]
    assert len({body for _, body in tries}) == 1  # the same notification every time
    assert json.loads(tries[0][1])["data"]["order_id"] == order_id
    assert "ORDER_STATUS_CHANGE" in {e.key for e in shop.effects("webhook_dropped")}


@pytest.mark.parametrize(("status", "attempts"), [(200, 1), (204, 1), (401, 1), (500, 2), (0, 2), (302, 2)])
def test_which_answers_end_a_delivery(shop, receiver, sandbox, status, attempts):
    receiver.status = status
    shop.create()
    sandbox.settle()
    count = len(receiver.got)
    sandbox.world.clock.advance(130)
    sandbox.settle()
    created = [body for _, _, _, body in receiver.got if b'"type":16' in body]
    assert len(created) == attempts
    assert count


def test_addresses_of_a_shop_override_those_of_the_app_per_event(shop, receiver, sandbox):
    own = "https://hooks.example.com/orders-only"
    assert shop.call("PUT", CONFIG, {"event_type": "ORDER_STATUS_CHANGE", "address": own}) == {}
    (entry,) = shop.get(CONFIG)["webhooks"]
    assert (entry["event_type"], entry["address"]) == ("ORDER_STATUS_CHANGE", own)
    assert entry["create_time"] > 10**12  # milliseconds
    shop.switch("webhook_list_milliseconds", value=False)
    assert shop.get(CONFIG)["webhooks"][0]["create_time"] < 10**12
    shop.list_product()
    shop.buy()
    sandbox.settle()
    places = {(json.loads(body)["type"], url) for _, url, _, body in receiver.got}
    assert (1, own) in places
    assert (1, URL) not in places
    assert (5, URL) in places
    assert shop.call("DELETE", CONFIG, {"event_type": "ORDER_STATUS_CHANGE"}) == {}
    assert shop.call("DELETE", CONFIG, {"event_type": "ORDER_STATUS_CHANGE"}) == {}
    assert shop.get(CONFIG) == {"webhooks": [], "total_count": 0}


@pytest.mark.parametrize(
    "body",
    [
        {"event_type": "INVENTORY_STATUS_CHANGE", "address": URL},  # Partner Center only
        {"event_type": "ORDER_STATUS_CHANGE", "address": "hooks.example.com"},
        {"event_type": "ORDER_STATUS_CHANGE", "address": "https://x.example/" + "x" * 255},
        {"event_type": "NOTHING", "address": URL},
        {},
    ],
)
def test_webhooks_that_cannot_be_configured(shop, body):
    assert shop.refused("PUT", CONFIG, body) == 36009004


def test_nothing_is_sent_without_an_address_or_an_authorization(sandbox):
    shop = open_shop(sandbox)
    receiver = Receiver(sandbox)
    shop.create()
    sandbox.settle()
    assert receiver.got == []
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url=URL)
    sandbox.act("tt.deauthorize", app_key=shop.app_key, seller=shop.seller)
    sandbox.settle()
    assert [json.loads(body)["type"] for _, _, _, body in receiver.got] == [6]
    receiver.got.clear()
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=0)
    sandbox.advance(31)
    assert receiver.got == []


def test_webhook_faults_lose_double_and_delay(shop, receiver, sandbox):
    sandbox.faults.add(Fault(action="lose", on="webhook", path="PRODUCT_CREATION"))
    shop.create()
    assert receiver.take(16) == []
    assert [e.key for e in shop.effects("webhook_lost")] == ["PRODUCT_CREATION"]
    sandbox.faults.add(Fault(action="duplicate", on="webhook", path="PRODUCT_CREATION"))
    shop.create(title="Another mug that is doubled")
    twice = receiver.take(16)
    assert len(twice) == 2
    assert len({e["tts_notification_id"] for e in twice}) == 1
    receiver.got.clear()
    sandbox.faults.add(Fault(action="delay", on="webhook", path="PRODUCT_CREATION", seconds=600))
    shop.create(title="A third mug that comes late")
    assert receiver.take(16) == []
    sandbox.advance(601)
    assert len(receiver.take(16)) == 1


def test_an_old_style_reverse_webhook_can_be_switched_on(shop, receiver, sandbox):
    shop.switch("legacy_cancel_webhook", value=True)
    shop.list_product()
    order_id = shop.buy()
    sandbox.act("shopper.cancel", order_id=order_id)
    assert [e["data"]["order_id"] for e in receiver.take(2)] == [order_id]


def test_two_apps_of_one_seller_both_hear_of_it(shop, sandbox):
    from sandbox.tests.tiktok_client import tokens  # noqa: PLC0415

    receiver = Receiver(sandbox)
    other = sandbox.act("tt.create_app", redirect_url="https://other.example.com")
    sandbox.act("tt.set_webhook_url", app_key=other["app_key"], url="https://other.example.com/hook")
    tokens(sandbox, other, sandbox.act("tt.authorize", app_key=other["app_key"], seller=shop.seller))
    shop.create()
    sandbox.settle()
    assert {url for _, url, _, _ in receiver.got} == {URL, "https://other.example.com/hook"}


def test_a_webhook_no_document_knows_can_be_sent(shop, receiver, sandbox):
    sandbox.act("tt.send_webhook", shop_id=shop.id, number=4711, data={"anything": [1, None]})
    (event,) = receiver.take(4711)
    assert (event["shop_id"], event["data"]) == (shop.id, {"anything": [1, None]})


def test_webhooks_carry_unknown_fields_and_values_where_answers_do(shop, receiver):
    shop.switch("extra_fields", value=True)
    shop.switch("odd_values", value={"order_status": "TELEPORTED"})
    shop.list_product()
    shop.buy()
    told = receiver.take(1)
    assert {event["data"]["order_status"] for event in told} == {"TELEPORTED"}
    assert all("unannounced_field" in event["data"] for event in told)
