"""The sandbox's own pages: a person sees both platforms at a glance and plays them by hand."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from sandbox.tests.tiktok_client import Shop, open_shop
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.pages import faults
from twinshelf_sandbox.pages.forms import arguments, inside
from twinshelf_sandbox.pages.markup import tag
from twinshelf_sandbox.transport import SandboxTransport
from twinshelf_sandbox.world import World

HOST = "http://sandbox.test"
STORE = "fern0hollow"
HOSTILE = '<script>alert("1")</script> & \' onload=x'


class Forms(HTMLParser):
    """Every form of a page: its address, the fields a browser would send, and the words on its buttons."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str]], str]] = []
        self._fields: list[tuple[str, str]] = []
        self._to = self._words = self._select = ""
        self._in_button = self._has_option = False
        self.feed(text)

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        match name:
            case "form" if given.get("method") == "post":
                self._to, self._fields, self._words = given["action"] or "", [], ""
            case "input" if given.get("type") != "checkbox" or "checked" in given:
                self._fields.append((given.get("name") or "", given.get("value") or ""))
            case "select":
                self._select, self._has_option = given["name"] or "", False
                self._fields.append((self._select, ""))
            case "option" if self._select and ("selected" in given or not self._has_option):
                self._fields[-1] = (self._select, given.get("value") or "")
                self._has_option = True
            case "button":
                self._in_button = True

    def handle_endtag(self, name: str) -> None:
        if name == "form" and self._to:
            self.found.append((self._to, self._fields, self._words))
            self._to = ""
        elif name == "select":
            self._select = ""
        elif name == "button":
            self._in_button = False

    def handle_data(self, data: str) -> None:
        if self._in_button:
            self._words += data


class Person:
    """Someone with a browser: looks at pages and presses buttons by the words on them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.http = httpx2.Client(transport=SandboxTransport(sandbox.site), base_url=HOST)
        self.at = "/"
        self.text = ""

    def look(self, address: str) -> str:
        answer = self.http.get(address)
        assert answer.status_code == 200, html.unescape(answer.text)
        self.at, self.text = address, answer.text
        return answer.text

    def press(self, words: str, **fields: str) -> str:
        """Fill in `fields` (`__` for a colon) of the first form with that button, send it, and follow. The note."""
        forms = Forms(self.text).found
        to, sent, _ = next((one for one in forms if one[2] == words), None) or next(
            one for one in forms if one[2].startswith(words)
        )
        wanted = {name.replace("__", ":"): value for name, value in fields.items()}
        assert wanted.keys() <= {name for name, _ in sent}
        data = [(name, wanted.get(name, value)) for name, value in sent]
        headers = {"referer": f"{HOST}{self.at}", "origin": HOST, "host": "sandbox.test"}
        answer = self.http.post(to, data=dict(data), headers=headers)
        assert answer.status_code == 303, html.unescape(answer.text)
        self.look(answer.headers["location"])
        return self.note

    @property
    def note(self) -> str:
        found = re.search(r'<p class="note \w+" role="\w+">(.*?)</p>', self.text)
        return html.unescape(found[1]) if found else ""

    @property
    def words(self) -> str:
        """What the page says."""
        return re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", self.text)))


@pytest.fixture
def person(sandbox: Sandbox) -> Person:
    return Person(sandbox)


@pytest.fixture
def store(sandbox: Sandbox) -> str:
    sandbox.act("bc.create_store", hash=STORE, name="Fernhollow Goods")
    product = {
        "name": "Enamel mug", "type": "physical", "weight": 1, "price": 12, "inventory_tracking": "variant",
        "options": [{"display_name": "Size", "type": "rectangles",
                     "option_values": [{"label": "250 ml", "sort_order": 0}, {"label": "400 ml", "sort_order": 1}]}],
        "variants": [
            {"sku": "MUG-250", "inventory_level": 5,
             "option_values": [{"option_display_name": "Size", "label": "250 ml"}]},
            {"sku": "MUG-400", "inventory_level": 7,
             "option_values": [{"option_display_name": "Size", "label": "400 ml"}]},
        ],
    }  # fmt: skip
    sandbox.act("bc.add_product", hash=STORE, product=product)
    return STORE


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def effects(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [effect.detail for effect in sandbox.world.effects if effect.kind == kind]


# -- the world -----------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
def test_the_first_page_shows_clock_stores_shops_faults_effects_and_webhooks(person, sandbox, store, shop):
    shop.list_product()
    shop.buy()
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    shop.create(title="A second mug of this test")
    sandbox.settle()
    person.look("/")
    headings = re.findall("<h2>(.*?)</h2>", person.text)
    assert headings == ["Clock", "Faults switched on", "Stores", "Shops", "Last effects", "Last webhooks"]
    assert f"Fernhollow Goods live {STORE} · USD · plus Products 1 Orders 0 Webhooks 0" in person.words
    assert "Products live 1 Products pending 1 Audits waiting 1 Orders on hold 1" in person.words
    assert "product created" in person.words
    assert "PRODUCT_CREATION no answer" in person.words


def test_the_clock_is_set_stepped_and_run_from_any_page(person, sandbox):
    sandbox.world.clock.run(0)
    person.look("/")
    assert person.press("Set the clock", set="2027-01-15T08:00:00") == "The clock was changed."
    assert sandbox.world.clock.now() == 1_800_000_000
    person.look("/world/calls")
    headers = {"referer": f"{HOST}/world/calls", "host": "sandbox.test"}
    answer = person.http.post("/world/clock", data={"advance:number": "3660"}, headers=headers)
    assert urlsplit(answer.headers["location"]).path == "/world/calls"
    assert sandbox.world.clock.now() == 1_800_003_660
    person.look("/")
    person.press("Run", rate__number="60")
    assert sandbox.world.clock.rate == 60


def test_sixty_one_minutes_end_a_hold(person, sandbox, shop):
    shop.list_product()
    order_id = shop.buy()
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    assert "State On hold" in person.words
    person.http.post("/world/clock", data={"advance:number": "3660"})
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    assert "State Awaiting shipment" in person.words


def test_a_store_and_a_shop_are_opened_from_the_first_page(person, sandbox):
    person.look("/")
    assert person.press("Open the store", name="Second store").startswith("Open the store: done")
    person.press("Register the seller", name="Harbor")
    person.press("Open the shop", name="Harbor Goods")
    (shop,) = sandbox.tiktok.platform.shops.values()
    assert (shop["name"], [s["name"] for s in sandbox.world.table("bc/stores").values()]) == (
        "Harbor Goods",
        ["Second store"],
    )


def test_a_snapshot_is_kept_and_restored(person, sandbox, store):
    person.look("/world/snapshots")
    person.press("Keep it", name="one product")
    sandbox.act("bc.delete_product", hash=STORE, sku="MUG-250")
    assert person.press("Restore") == "The world is as it was."
    assert len(sandbox.bigcommerce.known(STORE).products) == 1


def test_effects_are_filtered_and_paged_newest_first(person, sandbox, shop):
    product_id = shop.list_product()["product_id"]
    sandbox.act("tt.set_stock", product_id=product_id, sku="MUG-250", quantity=30)
    for _ in range(30):
        shop.buy()
    person.look(f"/world/effects?kind=order_created&tenant={shop.id}")
    numbers = [int(number) for number in re.findall(r'data-label="No.">(\d+)<', person.text)]
    assert len(numbers) == 30
    assert numbers == sorted(numbers, reverse=True)
    assert re.findall(r'data-label="What">(.*?)<', person.text) == ["order_created"] * 30
    person.look("/world/effects")
    first = [int(number) for number in re.findall(r'data-label="No.">(\d+)<', person.text)]
    older = re.search(r'href="(\?before=\d+)">Older', person.text)
    assert older
    person.look(f"/world/effects{older[1]}")
    second = [int(number) for number in re.findall(r'data-label="No.">(\d+)<', person.text)]
    assert first + second[:5] == list(range(first[0], first[-1] - 6, -1))


def test_calls_are_counted_most_first_and_forgotten(person, sandbox, shop):
    for _ in range(3):
        shop.get("/logistics/202309/warehouses")
    person.look("/world/calls")
    assert "3 tiktok GET /logistics/202309/warehouses" in person.words
    person.press("Count anew")
    assert "warehouses" not in person.words


# -- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
@pytest.mark.parametrize("name", faults.READY)
def test_every_ready_fault_is_switched_on_and_off_at_a_press(person, sandbox, name):
    ready = faults.READY[name]
    person.look("/world/faults")
    assert person.press(ready.label) == f"Switched on: {ready.label}."
    (rule,) = sandbox.faults.rules
    assert rule.action == ready.rule["action"]
    assert (rule.times, rule.platform) == (ready.rule.get("times", 1), ready.rule.get("platform", ""))
    assert "Faults (1)" in person.words
    assert person.press("Switch off") == "The fault is off."
    assert sandbox.faults.rules == []


def test_a_fault_switched_on_by_hand_strikes(person, shop):
    person.look("/world/faults")
    person.press("Switch on", action="status", path="*/warehouses", status__int="502", times__int="1")
    assert shop.send("GET", "/logistics/202309/warehouses").status_code == 502
    assert shop.send("GET", "/logistics/202309/warehouses").status_code == 200
    person.look("/world/faults")
    assert "1 of 1 used up" in person.words


def test_all_faults_are_switched_off_at_once(person, sandbox):
    person.look("/world/faults")
    person.press("The store is down")
    person.press("No webhooks")
    assert person.press("Switch all off") == "All faults are off."
    assert sandbox.faults.rules == []


def test_a_rule_that_means_nothing_is_refused_with_its_reason(person, sandbox):
    person.look("/world/faults")
    assert person.press("Switch on", action="status", on="webhook") == (
        "Refused: on: 'status' does not strike a webhook"
    )
    assert person.press("Switch on", times__int="often") == "Refused: times: 'often' is not a whole number"
    assert sandbox.faults.rules == []


# -- the store -----------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
def test_a_person_edits_a_product_of_the_store(person, sandbox, store):
    product_id = sandbox.bigcommerce.known(STORE).index.products.all[0]
    person.look(f"/admin/{STORE}/products/{product_id}")
    person.press("Save", name="Enamel mug, new", price__number="13.50", is_visible__bool="false")
    person.press("Set the price of MUG-250", price="14.00")
    person.press("Set the stock of MUG-400", quantity__int="3")
    product = sandbox.act("bc.product", hash=STORE, product_id=product_id)
    assert (product["name"], str(product["price"]), product["is_visible"]) == ("Enamel mug, new", "13.5", False)
    assert (sandbox.act("bc.price", hash=STORE, sku="MUG-250"), sandbox.act("bc.stock", hash=STORE, sku="MUG-400")) == (
        "14",
        3,
    )
    person.press("Delete the variant MUG-400")
    assert [v["sku"] for v in sandbox.act("bc.product", hash=STORE, product_id=product_id)["variants"]] == ["MUG-250"]
    person.press("Delete the product")
    assert urlsplit(person.at).path == f"/admin/{STORE}/products"
    assert len(sandbox.bigcommerce.known(STORE).products) == 0


@pytest.mark.parametrize(("wanted", "found"), [("ENAMEL", 1), ("mug-2", 1), ("plate", 0)])
def test_products_of_the_store_are_searched_by_name_and_sku(person, store, wanted, found):
    person.look(f"/admin/{STORE}/products?q={wanted}")
    assert f"{found} in all" in person.words


@pytest.mark.covers("BEY-06")
def test_a_store_order_is_bought_shipped_corrected_refunded_and_archived(person, sandbox, store):
    person.look(f"/admin/{STORE}")
    person.press("Buy", **{"lines.0.sku": "MUG-250", "lines.0.quantity__int": "2"})
    order_id = int(urlsplit(person.at).path.rsplit("/", 1)[1])
    person.press("Ship what is left", carrier="usps", tracking_number="9400111899560000000001")
    order = sandbox.act("bc.order", hash=STORE, order_id=order_id)
    assert (order["status"], order["shipments"][0]["tracking_number"]) == ("Shipped", "9400111899560000000001")
    person.press("Correct the number", tracking_number="9400111899560000000002")
    assert sandbox.act("bc.order", hash=STORE, order_id=order_id)["shipments"][0]["tracking_number"][-1] == "2"
    person.press("Refund the rest", reason="Broken")
    assert [refund["total"] for refund in effects(sandbox, "refund_created")] == ["24"]
    assert sandbox.act("bc.order", hash=STORE, order_id=order_id)["status"] == "Refunded"
    assert person.press("Refund the rest").startswith("Refused: ")
    person.press("Change the state", status_id__int="10")
    assert sandbox.act("bc.order", hash=STORE, order_id=order_id)["status"] == "Completed"
    person.look(f"/admin/{STORE}/orders?status=10")
    assert f"Order {order_id}" in person.words
    person.look(f"/admin/{STORE}/orders?status=11")
    assert f"Order {order_id}" not in person.words


def test_a_part_of_an_order_is_shipped_first_by_either_seller(person, sandbox, store, shop):
    order_id = sandbox.act("bc.place_order", hash=STORE, lines=[{"sku": "MUG-250", "quantity": 3}])
    person.look(f"/admin/{STORE}/orders/{order_id}")
    person.press("Ship what is left", **{"items.0.sku": "MUG-250", "items.0.quantity__int": "2"})
    assert sandbox.act("bc.order", hash=STORE, order_id=order_id)["status"] == "Partially Shipped"
    person.press("Ship what is left")
    assert sandbox.act("bc.order", hash=STORE, order_id=order_id)["status"] == "Shipped"
    shop.list_product()
    bought = shop.buy_to_ship(quantity=2)
    person.look(f"/seller/{shop.id}/orders/{bought}")
    person.press("Ship", lines__list=shop.order(bought)["line_items"][1]["id"])
    states = [line["display_status"] for line in shop.order(bought)["line_items"]]
    assert states == ["AWAITING_SHIPMENT", "AWAITING_COLLECTION"]


def test_a_cancelled_store_order_gives_its_stock_back(person, sandbox, store):
    order_id = sandbox.act("bc.place_order", hash=STORE, lines=[{"sku": "MUG-250", "quantity": 2}])
    person.look(f"/admin/{STORE}/orders/{order_id}")
    person.press("Cancel the order")
    assert (sandbox.act("bc.stock", hash=STORE, sku="MUG-250"), "Cancelled" in person.words) == (5, True)


def test_the_store_shows_accounts_webhooks_and_their_deliveries(person, sandbox, store):
    account = sandbox.act("bc.create_api_account", hash=STORE, name="Connector")
    sandbox.act("bc.allow_local_hooks")
    hook = {"scope": "store/product/*", "destination": "http://127.0.0.1:9/hooks"}
    headers = {"x-auth-token": account["access_token"]}
    assert person.http.post(f"/stores/{STORE}/v3/hooks", json=hook, headers=headers).status_code == 200
    sandbox.act("bc.set_price", hash=STORE, sku="MUG-250", price="15")
    sandbox.settle()
    person.look(f"/admin/{STORE}/webhooks")
    assert f"Connector store {account['client_id']}" in person.words
    assert account["access_token"] not in person.text
    assert "store/product/* http://127.0.0.1:9/hooks active" in person.words
    assert "store/product/updated no answer 1 http://127.0.0.1:9/hooks" in person.words
    assert "store/product/updated 2 http://127.0.0.1:9/hooks" in person.words  # the retry that waits
    person.press("Revoke the token Connector")
    assert "no token" in person.words


# -- the shop ------------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
def test_audits_wait_for_a_person_who_approves_or_rejects_with_a_reason(person, sandbox, shop):
    person.look(f"/seller/{shop.id}")
    person.press("Set", seconds__number="-1")
    good = shop.create(title="Enamel mug for the camp kitchen, good")["product_id"]
    bad = shop.create(title="Enamel mug for the camp kitchen, bad")["product_id"]
    sandbox.advance(86_400)
    person.look(f"/seller/{shop.id}/audits")
    assert "2 in all" in person.words
    person.press("Approve Enamel mug for the camp kitchen, good")
    person.press(
        "Reject Enamel mug for the camp kitchen, bad",
        **{"reasons.0.reason": "The picture is blurred.", "reasons.0.position": "Main image"},
    )
    assert "Nothing waits for a decision." in person.words
    assert (shop.product(good)["status"], shop.product(bad)["audit"]["status"]) == ("ACTIVATE", "FAILED")
    (reason,) = shop.product(bad)["audit_failed_reasons"]
    assert (reason["position"], reason["reasons"]) == ("Main image", ["The picture is blurred."])
    person.look(f"/seller/{shop.id}/products?status=FAILED")
    assert "Main image: The picture is blurred." in person.words


@pytest.mark.covers("BEY-06")
def test_a_seller_edits_price_stock_title_and_state(person, sandbox, shop):
    answer = shop.list_product()
    product_id, sku_id = answer["product_id"], answer["skus"][0]["id"]
    person.look(f"/seller/{shop.id}/products/{product_id}")
    person.press("Set the price of MUG-250", price="15.50")
    person.press("Set the stock of MUG-250", quantity__int="4")
    assert shop.stock(sku_id) == (4, 0)
    assert shop.product(product_id)["skus"][0]["price"]["tax_exclusive_price"] == "15.50"
    person.press("Save", **{"changes.title": "Enamel mug for the camp kitchen, third color"})
    assert "a newer version" in person.words
    person.press("Approve")
    assert shop.product(product_id)["title"] == "Enamel mug for the camp kitchen, third color"
    person.press("Hide the SKU MUG-400")
    assert [sku["status_info"]["status"] for sku in shop.product(product_id)["skus"]] == ["NORMAL", "DEACTIVATED"]
    person.press("Deactivate")
    assert shop.product(product_id)["status"] == "SELLER_DEACTIVATED"
    person.press("Activate")
    person.press("Take down", reason="Policy violation")
    assert shop.product(product_id)["status"] == "PLATFORM_DEACTIVATED"
    person.press("Delete the product")
    assert "Deleted" in person.words


def test_stock_is_shown_per_warehouse_with_what_orders_hold(person, sandbox):
    shop = open_shop(sandbox, warehouses=["Oakland", "Edison"])
    answer = shop.list_product()
    shop.buy()
    sandbox.act(
        "tt.set_stock", product_id=answer["product_id"], sku="MUG-400", quantity=6, warehouse_id=shop.warehouses[1]
    )
    person.look(f"/seller/{shop.id}/stock")
    levels = [re.findall(rf'data-label="{name}">(.*?)<', person.text) for name in ("Oakland", "Edison", "Available")]
    assert levels == [["19 (1)", "20 (0)"], ["20 (0)", "6 (0)"], ["39", "26"]]


@pytest.mark.parametrize(("wanted", "found"), [("CAMP", 1), ("mug-400", 1), ("plate", 0)])
def test_products_of_the_shop_are_searched_by_title_and_sku(person, shop, wanted, found):
    shop.list_product()
    person.look(f"/seller/{shop.id}/products?q={wanted}")
    assert f"{found} in all" in person.words


def test_a_search_sees_titles_that_changed_and_products_that_went(person, sandbox, shop):
    product_id = shop.list_product()["product_id"]
    person.look(f"/seller/{shop.id}/products?q=plate")
    sandbox.act("tt.edit_product", product_id=product_id, changes={"title": "A plate for the camp kitchen, enamel"})
    sandbox.act("tt.approve", product_id=product_id)
    person.look(f"/seller/{shop.id}/products?q=plate")
    assert "1 in all" in person.words


@pytest.mark.covers("BEY-06")
def test_an_order_is_played_from_the_shelf_to_the_return(person, sandbox, shop):
    shop.list_product()
    person.look(f"/shopper/{shop.id}")
    person.press("Buy MUG-250", **{"items.0.quantity__int": "2"})
    order_id = urlsplit(person.at).path.rsplit("/", 1)[1]
    assert shop.order(order_id)["status"] == "ON_HOLD"
    sandbox.advance(3660)
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    person.press("Move house")
    assert shop.order(order_id)["has_updated_recipient_address"] is True
    person.press("Ship", tracking_number="JX-0001-TEST", carrier=shop.carrier)
    shipped = shop.order(order_id)
    assert (shipped["status"], shipped["tracking_number"]) == ("AWAITING_COLLECTION", "JX-0001-TEST")
    person.press("Collect the packages")
    assert shop.order(order_id)["status"] == "IN_TRANSIT"
    person.press("Deliver")
    assert shop.order(order_id)["status"] == "DELIVERED"
    person.press("Ask", kind="RETURN_AND_REFUND", seller_skus__list="MUG-250")
    person.press("Approve")
    person.press("Buyer sends it back")
    person.press("Parcel arrives")
    person.press("Accept the parcel")
    (row,) = sandbox.tiktok.platform.shop(shop.id).returns.values()
    assert (row["type"], row["status"], len(row["lines"])) == (
        "RETURN_AND_REFUND",
        "RETURN_OR_REFUND_REQUEST_SUCCESS",
        1,
    )


@pytest.mark.parametrize(
    ("button", "status", "request_status"),
    [
        ("Approve the cancellation", "CANCELLED", "CANCELLATION_REQUEST_SUCCESS"),
        ("Reject the cancellation", "AWAITING_SHIPMENT", "CANCELLATION_REQUEST_CANCEL"),
        ("Withdraw the cancellation", "AWAITING_SHIPMENT", "CANCELLATION_REQUEST_CANCEL"),
    ],
)
def test_a_wish_to_cancel_is_answered(person, shop, button, status, request_status):
    shop.list_product()
    order_id = shop.buy_to_ship()
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    person.press("Ask to cancel")
    person.press(button)
    (request,) = shop.sandbox.tiktok.platform.shop(shop.id).cancellations.values()
    assert (shop.order(order_id)["status"], request["status"]) == (status, request_status)


def test_a_seller_cancels_for_a_reason_of_the_list(person, shop):
    shop.list_product()
    order_id = shop.buy_to_ship()
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    person.press("Cancel the order")
    assert shop.order(order_id)["status"] == "CANCELLED"
    assert "Cancelled because" in person.words


def test_a_replacement_is_asked_for_and_sent_as_a_new_order(person, sandbox, shop):
    shop.list_product()
    order_id = shop.buy_to_ship()
    for action in ("tt.ship_order", "tt.deliver"):
        sandbox.act(action, order_id=order_id)
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    person.press("Ask", kind="REPLACEMENT")
    person.press("Approve")
    new = [o for o in sandbox.tiktok.platform.shop(shop.id).orders.values() if o["is_replacement_order"]]
    assert [order["line_items"][0]["seller_sku"] for order in new] == ["MUG-250"]


def test_a_rejected_return_is_disputed_and_decided(person, sandbox, shop):
    shop.list_product()
    order_id = shop.buy_to_ship()
    for action in ("tt.ship_order", "tt.deliver"):
        sandbox.act(action, order_id=order_id)
    sandbox.act("shopper.return_request", order_id=order_id)
    person.look(f"/seller/{shop.id}/aftersales")
    person.press("Reject")
    person.press("Buyer disputes")
    person.press("Decide for the seller")
    (row,) = sandbox.tiktok.platform.shop(shop.id).returns.values()
    assert (row["arbitration_status"], row["status"]) == ("SUPPORT_SELLER", "RETURN_OR_REFUND_REQUEST_CANCEL")


def test_shippers_of_packages_ship_what_waits(person, sandbox):
    shop = open_shop(sandbox, region="VN")
    shop.list_product()
    order_id = shop.buy_to_ship(shipping_type="SELLER")
    person.look(f"/seller/{shop.id}/orders/{order_id}")
    person.press("Ship", tracking_number="VN-0001-TEST")
    assert shop.order(order_id)["status"] == "AWAITING_COLLECTION"
    assert "VN-0001-TEST" in person.words


# -- shoppers ------------------------------------------------------------------------------------------------------


@pytest.mark.covers("BEY-06")
def test_a_shopper_buys_by_choice_with_a_gift_and_discounts_and_pays_later(person, sandbox, shop):
    shop.list_product()
    person.look(f"/shopper/{shop.id}")
    person.press(
        "Buy",
        **{
            "items.0.seller_sku": "MUG-250",
            "items.0.quantity__int": "2",
            "items.1.seller_sku": "MUG-400",
            "items.1.gift__bool": "true",
            "seller_discount": "1.00",
            "pay__bool": "false",
        },
    )
    order_id = urlsplit(person.at).path.rsplit("/", 1)[1]
    order = shop.order(order_id)
    assert order["status"] == "UNPAID"
    assert [(line["seller_sku"], line["is_gift"]) for line in order["line_items"]] == [
        ("MUG-250", False),
        ("MUG-250", False),
        ("MUG-400", True),
    ]
    assert order["payment"]["seller_discount"] == "1.00"
    person.press("Pay")
    assert shop.order(order_id)["status"] == "ON_HOLD"


@pytest.mark.covers("BEY-06")
def test_a_shopper_buys_by_chance_only_what_is_live_and_in_stock(person, sandbox, shop):
    product_id = shop.list_product()["product_id"]
    sandbox.act("tt.set_stock", product_id=product_id, sku="MUG-250", quantity=0)
    person.look(f"/shopper/{shop.id}")
    for _ in range(5):
        person.press("Buy something", most__int="2")
        person.look(f"/shopper/{shop.id}")
    orders = list(sandbox.tiktok.platform.shop(shop.id).orders.values())
    assert len(orders) == 5
    assert {len(order["line_items"]) for order in orders} <= {1, 2}
    assert {line["seller_sku"] for order in orders for line in order["line_items"]} == {"MUG-400"}


def test_nothing_for_sale_is_said_so(person, shop):
    person.look(f"/shopper/{shop.id}")
    assert person.press("Buy something") == "Refused: shop_id: the shop has nothing that is for sale and in stock"


# -- what must not happen ------------------------------------------------------------------------------------------


def pages_of(person: Person, start: str) -> Iterator[str]:
    """Every page that links lead to from `start`, one of each kind of address."""
    todo, seen = [start], set()
    while todo:
        address = todo.pop()
        yield person.look(address)
        for to in re.findall(r'href="(/[^"#]*)"', person.text):
            kind = re.sub(r"\d{3,}", "N", to)
            if kind not in seen and not to.endswith(".css"):
                seen.add(kind)
                todo.append(html.unescape(to))


def test_hostile_names_do_no_harm_on_any_page(person, sandbox, store):
    sandbox.act("bc.edit_product", hash=STORE, sku="MUG-250", name=HOSTILE)
    sandbox.act("bc.create_api_account", hash=STORE, name=HOSTILE)
    seller = sandbox.act("tt.create_seller", name=HOSTILE)["seller_id"]
    sandbox.act("tt.create_shop", seller=seller, name=HOSTILE, warehouses=[HOSTILE])
    shop = open_shop(sandbox)
    shop.list_product(title=f"Enamel mug for the camp kitchen {HOSTILE}")
    order_id = shop.buy(message=HOSTILE)
    sandbox.act("shopper.change_address", order_id=order_id, address={"line1": HOSTILE})
    sandbox.act("bc.place_order", hash=STORE, lines=[{"sku": "MUG-250", "quantity": 1}])
    person.http.post("/world/act/tt.nothing", data={"_label": HOSTILE})
    seen = list(pages_of(person, "/"))
    assert len(seen) > 20
    assert sum(html.escape(HOSTILE) in text for text in seen) >= 8
    for text in seen:
        assert "<script" not in text
        assert not re.search(r"<[^>]*\sonload=", re.sub(r'"[^"]*"', '""', text))


def test_every_value_is_escaped_but_markup_of_our_own():
    assert tag("p", "<b>", tag("i", "&"), None, ["x", 1]) == "<p>&lt;b&gt;<i>&amp;</i>x1</p>"
    assert tag("input", value='"><script>', checked=True, disabled=False) == (
        '<input value="&quot;&gt;&lt;script&gt;" checked>'
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://sandbox.test:81"},
    ],
)
def test_buttons_cannot_be_pressed_from_another_site(person, sandbox, headers):
    before = sandbox.world.clock.now()
    answer = person.http.post("/world/clock", data={"advance:number": "86400"}, headers=headers)
    assert answer.status_code == 403
    assert sandbox.world.clock.now() - before < 60


@pytest.mark.parametrize("headers", [{}, {"origin": HOST}, {"sec-fetch-site": "same-origin"}])
def test_buttons_can_be_pressed_from_our_own_pages_and_by_programs(person, sandbox, headers):
    before = sandbox.world.clock.now()
    answer = person.http.post("/world/clock", data={"advance:number": "86400"}, headers=headers)
    assert answer.status_code == 303
    assert sandbox.world.clock.now() - before >= 86_400


def test_pages_forbid_scripts_frames_and_foreign_content(person, store):
    policy = person.http.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'")
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/world/faults?q=1", "/world/faults?q=1"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("https://elsewhere.example/", "/"),
        ("/x\r\nset-cookie: a=b", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_to_another_site(address, place):
    assert inside(address) == place


def test_the_address_to_go_on_to_must_be_inside(person):
    data = {"name": "S", "_then": "https://elsewhere.example/{result}"}
    answer = person.http.post("/world/act/tt.create_seller", data=data)
    assert urlsplit(answer.headers["location"]).path == "/"
    assert urlsplit(answer.headers["location"]).netloc == ""


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ("a=x&b:int=3&c:number=0.5&d:bool=false", {"a": "x", "b": 3, "c": 0.5, "d": False}),
        ("e:list=p, q,", {"e": ["p", "q"]}),
        ("a=&b:int=&_label=x", {}),
        ("pay:bool=false&pay:bool=true", {"pay": True}),
        ("address.city=Oslo&address.zip=1", {"address": {"city": "Oslo", "zip": "1"}}),
        ("items.1.sku=B&items.0.sku=A&items.0.n:int=2", {"items": [{"sku": "A", "n": 2}, {"sku": "B"}]}),
    ],
)
def test_fields_spell_arguments(fields, given):
    assert arguments(parse_qsl(fields, keep_blank_values=True)) == given


@pytest.mark.parametrize("fields", ["a:int=x", "a:int=1.5", "a:number=x", "a:what=x", "a=1&a.b=2"])
def test_fields_that_spell_nothing_are_refused_by_name(fields):
    with pytest.raises(ValueError, match=r"^a: "):
        arguments(parse_qsl(fields))


def test_what_an_action_refuses_is_said_on_the_page(person, sandbox, store):
    product_id = sandbox.bigcommerce.known(STORE).index.products.all[0]
    person.look(f"/admin/{STORE}/products/{product_id}")
    assert person.press("Set the price of MUG-400", price="a lot").startswith("Refused: ")
    assert sandbox.act("bc.price", hash=STORE, sku="MUG-400") == "12"
    assert sandbox.faults.crashes == []


@pytest.mark.parametrize(
    "address",
    ["/world/nothing", "/admin/nothing", "/admin/nothing/products", "/seller/7495270000000000000", "/shopper/1"],
)
def test_what_is_not_there_is_said_so(person, address):
    answer = person.http.get(address)
    assert (answer.status_code, "<h1>Not here</h1>" in answer.text) == (404, True)


@pytest.mark.parametrize("tail", ["products/x", "products/999", "orders/x", "orders/999"])
def test_products_and_orders_that_are_not_there(person, sandbox, store, tail):
    assert person.http.get(f"/admin/{STORE}/{tail}").status_code == 404
    assert sandbox.faults.crashes == []


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "99999999", "9" * 30])
def test_pages_that_make_no_sense_are_shown_without_rows(person, sandbox, store, shop, page):
    for address in (f"/admin/{STORE}/products", f"/admin/{STORE}/orders", f"/seller/{shop.id}/products"):
        assert person.http.get(address, params={"page": page}).status_code == 200
    assert sandbox.faults.crashes == []


def test_the_platforms_own_paths_stay_theirs(person, shop):
    assert shop.get("/seller/202309/shops", shop=False)["shops"][0]["id"] == shop.id
    answer = person.http.get("/seller/202309/products")
    assert (answer.status_code, answer.json()["code"]) == (404, 36009009)


def test_faults_and_latency_do_not_strike_the_pages(person, sandbox):
    person.look("/world/faults")
    person.press("503 five times")
    sandbox.site.latency_seconds = 5.0
    assert person.http.get("/world/faults").status_code == 200
    assert sandbox.faults.rules[0].struck == 0


def test_lists_are_paged_and_stay_quick_with_many_products(person, sandbox):
    sandbox.act("bc.create_store", hash="large", name="Large")
    docs = [{"name": f"Mug {n}", "type": "physical", "weight": 1, "price": 1, "sku": f"M-{n}"} for n in range(1_000)]
    sandbox.act("bc.add_products", hash="large", products=docs)
    reads = 0
    table = sandbox.bigcommerce.known("large").products.table

    class Counted(dict[Any, Any]):
        def __getitem__(self, key: Any) -> Any:
            nonlocal reads
            reads += 1
            return super().__getitem__(key)

        def get(self, key: Any, default: Any = None) -> Any:
            nonlocal reads
            reads += 1
            return super().get(key, default)

    table._rows = Counted(table._rows)
    person.look("/admin/large/products?page=3")
    assert "51 to 75 of 1,000" in person.words
    assert reads <= 25
    person.look("/admin/large/products?q=mug%2099")
    assert "11 in all" in person.words
    assert reads <= 36


def test_over_a_socket_the_pages_are_the_same(tmp_path):
    sandbox = build(tmp_path / "sandbox.db")
    server = sandbox.serve()
    server.start()
    try:
        with httpx2.Client(base_url=server.address) as client:
            style = client.get("/pages.css")
            assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
            form = {"name": "Second store", "currency": "USD", "plan": "plus"}
            answer = client.post("/world/act/bc.create_store", data=form, headers={"origin": server.address})
            assert answer.status_code == 303
            assert "Second store" in client.get(answer.headers["location"]).text
    finally:
        server.stop()


def test_a_world_that_was_killed_shows_the_same_pages(tmp_path):
    sandbox = build(tmp_path / "sandbox.db")
    sandbox.act("bc.create_store", hash=STORE, name="Fernhollow Goods")
    sandbox.close()
    again = build(tmp_path / "sandbox.db")
    assert isinstance(again.world, World)
    assert "Fernhollow Goods" in Person(again).look("/")
    again.close()
