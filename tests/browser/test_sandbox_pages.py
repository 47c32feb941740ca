"""The sandbox's own pages as people use them: by mouse, by keyboard, on a phone, in the dark, without script."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from sandbox.tests.tiktok_client import Shop, open_shop
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.catalogs.demo import demo_shop

pytestmark = [pytest.mark.browser, pytest.mark.covers("BEY-06", "BEY-18")]

STORE = "fern0hollow"
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> \"quoted\" & 'quoted'"
AXE = Axe()
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}


@dataclass
class Played:
    """A world in which something of everything happened."""

    sandbox: Sandbox
    shop: Shop
    address: str
    pages: list[str]


@pytest.fixture(scope="module")
def played():
    sandbox = build()
    sandbox.act("bc.create_store", hash=STORE, name="Fernhollow Goods")
    sandbox.act("bc.add_products", hash=STORE, products=list(itertools.islice(demo_shop(), 40)))
    sandbox.act("bc.create_api_account", hash=STORE)
    sandbox.act("bc.register_app", auth_url="http://127.0.0.1:9/auth", load_url="http://127.0.0.1:9/load")
    store = sandbox.bigcommerce.known(STORE)
    first = store.index.products.all[0]
    variants = sandbox.act("bc.product", hash=STORE, product_id=first)["variants"]
    sku = next(variant["sku"] for variant in variants if variant["inventory_level"] > 3)
    bought = sandbox.act("bc.place_order", hash=STORE, lines=[{"sku": sku, "quantity": 2}])
    sandbox.act("bc.ship_order", hash=STORE, order_id=bought, carrier="usps", tracking_number="9400111899560000000001")
    shop = open_shop(sandbox, warehouses=["Oakland", "Edison"])
    live = shop.list_product()["product_id"]
    shop.list_product(title=f"Enamel mug {HOSTILE}")
    sandbox.act("tt.set_audit_policy", shop_id=shop.id, seconds=-1)
    waiting = shop.create(title="Enamel mug for the camp kitchen, waiting")["product_id"]
    sandbox.act("tt.reject", product_id=shop.create(title="Enamel mug for the camp kitchen, refused")["product_id"])
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="http://127.0.0.1:9/hooks")
    orders = [shop.buy_to_ship() for _ in range(3)] + [shop.buy(), shop.buy(pay=False)]
    sandbox.act("shopper.cancel", order_id=orders[1])
    for action in ("tt.ship_order", "tt.deliver", "shopper.return_request"):
        sandbox.act(action, order_id=orders[0])
    sandbox.act("shopper.cancel", order_id=orders[3])
    server = sandbox.serve()
    server.start()
    home, seller = f"/admin/{STORE}", f"/seller/{shop.id}"
    pages = [
        "/", "/world/faults", "/world/effects", "/world/webhooks", "/world/calls", "/world/snapshots", "/world/nothing",
        home, f"{home}/products", f"{home}/products?q=nowhere", f"{home}/products/{first}", f"{home}/orders",
        f"{home}/orders/{bought}", f"{home}/apps", f"{home}/apps?q=nowhere", f"{home}/webhooks",
        seller, f"{seller}/products", f"{seller}/products/{live}", f"{seller}/products/{waiting}", f"{seller}/audits",
        f"{seller}/stock", f"{seller}/orders", *(f"{seller}/orders/{order}" for order in orders[:3]),
        f"{seller}/apps", f"{seller}/apps?q=nowhere", f"{seller}/apps/{shop.app_key}",
        f"{seller}/aftersales", f"{seller}/webhooks", f"/shopper/{shop.id}",
    ]  # fmt: skip
    yield Played(sandbox, shop, server.address, pages)
    server.stop()


@pytest.fixture
def page(context, played):
    """A page; a test fails if it broke the content policy, ran a script or failed to load something."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    yield page
    page.close()
    assert [text for text in wrong if "404" not in text] == []


def violations(page: Any) -> list[str]:
    found = AXE.run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {node['html'][:200]} {node['failureSummary'][:200]}" for v in found for node in v["nodes"]]


def sideways(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.slow
def test_every_page_passes_axe_at_a_desk_in_the_light(page, played):
    for address in played.pages:
        page.goto(played.address + address)
        assert violations(page) == [], address
        assert sideways(page) <= 0, address


@pytest.mark.slow
def test_every_page_passes_axe_on_a_phone_in_the_dark_and_nothing_lies_sideways(page, played):
    page.emulate_media(color_scheme="dark")
    for address in played.pages:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(played.address + address)
        assert violations(page) == [], f"{address} at 390"
        assert sideways(page) <= 0, f"{address} at 390"
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) <= 0, f"{address} at 320"


def test_what_is_folded_away_passes_axe_too(page, played):
    for address in (
        "/",
        f"/shopper/{played.shop.id}",
        next(a for a in played.pages if "/admin" in a and "products/" in a),
    ):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(played.address + address)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert violations(page) == [], f"{address} at {width}"
            assert sideways(page) <= 0, f"{address} at {width}"


def test_faults_and_notes_pass_axe_in_light_and_dark(page, played):
    page.goto(f"{played.address}/world/faults")
    page.get_by_role("button", name="Webhooks lost").click()
    expect(page.get_by_role("status")).to_have_text("Switched on: Webhooks lost.")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.get_by_label("How often at most").fill("0")
    page.evaluate("document.querySelectorAll('form').forEach(one => { one.noValidate = true })")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("Refused: times: must be at least 1")
    assert violations(page) == []
    page.get_by_role("button", name="Switch off").click()
    assert played.sandbox.faults.rules == []


def test_a_hostile_name_is_text(page, played):
    page.goto(f"{played.address}/seller/{played.shop.id}/products")
    expect(page.get_by_role("link", name=f"Enamel mug {HOSTILE}")).to_be_visible()
    assert page.locator("script, img[onerror]").count() == 0


def test_a_day_at_both_platforms_by_mouse(page, played):
    shop = played.shop
    page.goto(f"{played.address}/shopper/{shop.id}")
    page.get_by_role("button", name="Buy something").click()
    page.wait_for_url(re.compile(r"/seller/\d+/orders/\d+"))
    order_id = re.findall(r"/orders/(\d+)", page.url)[0]
    page.get_by_role("button", name="+61 min").click()
    expect(page.get_by_role("status")).to_have_text("The clock was changed.")
    page.get_by_label("Tracking number").fill("JX-0002-TEST")
    page.get_by_role("button", name="Ship", exact=True).click()
    page.get_by_role("button", name="Deliver", exact=True).click()
    expect(page.get_by_text("Deliver: done.")).to_be_visible()
    assert shop.order(order_id)["status"] == "DELIVERED"


def test_an_audit_is_decided_by_keyboard_alone(page, played):
    product_id = played.shop.create(title="Enamel mug for the camp kitchen, by keyboard")["product_id"]
    page.goto(f"{played.address}/seller/{played.shop.id}/audits?q=keyboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.keyboard.press("Enter")
    approve = page.get_by_role("button", name="Approve Enamel mug for the camp kitchen, by keyboard")
    for _ in range(30):
        page.keyboard.press("Tab")
        if approve.evaluate("one => one === document.activeElement"):
            break
    expect(approve).to_be_focused()
    assert approve.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Approve: done.")
    assert played.shop.product(product_id)["status"] == "ACTIVATE"


def test_the_store_is_edited_without_script(new_context, played):
    page = new_context(java_script_enabled=False).new_page()
    address = next(one for one in played.pages if one.startswith(f"/admin/{STORE}/products/"))
    page.goto(played.address + address)
    page.get_by_label("Name").fill("A mug with a new name")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("heading", level=1).inner_text() == "A mug with a new name"
    product_id = int(address.rsplit("/", 1)[1])
    assert played.sandbox.act("bc.product", hash=STORE, product_id=product_id)["name"] == "A mug with a new name"


def test_another_site_cannot_press_our_buttons(new_context, played):
    page = new_context().new_page()
    before = played.sandbox.world.clock.now()
    form = f'<form method="post" action="{played.address}/world/clock"><input name="advance:number" value="864000">'
    page.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(body=f"{form}<button>Win</button></form>", content_type="text/html"),
    )
    page.goto("http://elsewhere.example/")
    page.get_by_role("button", name="Win").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not from here")
    assert played.sandbox.world.clock.now() - before < 3_600
