"""The console as people use it: by mouse, by keyboard, on a phone, in the dark, without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests import console_data
from twinshelf.connections.models import Connection, GlobalProductRow, Seller, Shop
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.listings.models import Link, Review, ReviewLine
from twinshelf.listings.reviews.plan import Verdict
from twinshelf.orders.models import OversoldRow, ShopOrderRow
from twinshelf.rules.models import Template
from twinshelf.sync.models import Problem, Task

pytestmark = [pytest.mark.browser, pytest.mark.covers("BEY-18")]

AXE = Axe()
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}


def violations(page: Any, rules: dict[str, Any] = RULES) -> list[str]:
    found = AXE.run(page, options={**rules, "resultTypes": ["violations"]}).response["violations"]
    return [f"{v['id']}: {node['html'][:200]} {node['failureSummary'][:200]}" for v in found for node in v["nodes"]]


def sideways(page: Any) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def addresses(world: Any) -> list[str]:
    order = ShopOrderRow.objects.filter(creation="failed").first()
    done = ShopOrderRow.objects.filter(status="IN_TRANSIT", creation="created").first()
    proof = Task.objects.filter(kind="prove").order_by("id").first()
    broken = Problem.objects.filter(code="E-LST-REVIEW").select_related("lane")[0]
    product = StoreProduct.objects.get(product_id=int(broken.key))
    returned = console_data.add_returns(world)[1]
    assert order
    assert done
    assert proof
    return [
        "/",
        "/products/?per=5&q=s&stock=in",
        "/products/?q=nowhere",
        f"/products/{product.pk}/",
        f"/products/{product.pk}/edit/",
        f"/products/{product.pk}/map/",
        "/inventory/skus/?per=5",
        f"/inventory/skus/{Link.objects.order_by('id')[0].pk}/",
        "/inventory/locations/",
        "/inventory/warehouses/",
        f"/inventory/warehouses/{world.us.id}/rule/",
        "/accounts/2fa/",
        "/accounts/sessions/",
        "/orders/?per=5&tab=awaiting_shipment",
        f"/orders/{order.pk}/",
        f"/orders/{done.pk}/",
        "/returns/?per=5",
        f"/returns/{returned.pk}/",
        "/activity/?per=5",
        f"/activity/{world.running.id}/?per=5",
        f"/activity/{proof.id}/",
        "/activity/problems/?per=5",
        f"/activity/doctor/?sku={product.sku}",
        "/activity/doctor/?order=1",
        "/activity/webhooks/?per=5",
        "/activity/changes/?per=5",
        "/connections/",
        "/connections/shops/add/",
        f"/connections/shops/{world.us.shop_id}/",
        f"/connections/shops/{world.us.shop_id}/delete/",
        f"/connections/{world.us.id}/template/",
        "/settings/",
        "/users/",
        "/users/new/",
        "/users/roles/new/",
        "/activity/security/",
        "/search/?q=linen",
        f"/connections/{world.us.id}/settings/",
        f"/connections/{world.us.id}/settings/direction/?to=tts_to_bc",
        f"/products/reviews/{reviewed(world)}/?per=5",
        "/faq/?q=tracking",
        "/orders/sales/?per=5",
        "/orders/bigcommerce/?per=5",
        "/orders/deadlines/?per=5",
        oversold(world, done),
        f"/connections/{world.us.id}/settings/carriers/",
        "/guide/products/",
    ]


def oversold(world, order):
    """The list of what is oversold, with a product of this order and one that nobody knows; every page tells of it."""
    for place in (world.products[0].product_id, ""):
        OversoldRow.objects.create(
            account=world.account, connection=order.connection, order=order, product_id=place, units=2
        )
    return "/orders/oversold/"


def reviewed(world):
    """A review with a line of each verdict."""
    made = Review.objects.create(account=world.account, connection=world.us, by="Maya", ready_at=clock.now())
    for verdict, product in zip(Verdict, world.products, strict=False):
        rows = [["title", "", product.title, "Another title"], ["price", product.sku, "", "12.00 USD"]]
        ReviewLine.objects.create(
            account=world.account, review=made, kind="listing", key=product.product_id, verdict=verdict,
            sku=product.sku, title=product.title, rows=rows, reviewed=True,
        )  # fmt: skip
    return made.id


def test_every_page_passes_axe_at_a_desk_in_the_light(page, world):
    for address in addresses(world):
        page.goto(page.base + address)
        assert violations(page) == [], address


def test_pages_with_a_warning_above_their_list_pass_axe_too(page, world):
    world.us.preferences |= {"order_ids": ["576461413038787168"], "archive_cancelled": True}
    world.us.save(update_fields=["preferences"])
    Seller.objects.update(scopes=["seller.order.info"])
    for address in ("/orders/", "/orders/?tab=archived", f"/inventory/skus/?shop={world.us.id}"):
        page.goto(page.base + address)
        expect(page.locator(".msg.warn")).to_have_count(1)
        assert violations(page) == [], address


def test_the_setup_wizard_passes_axe_at_each_size_and_nothing_lies_sideways(page, world):
    Connection.objects.filter(id=world.us.id).update(set_up_at=None)
    Seller.objects.update(scopes=["seller.order.info"])  # something to fix
    for address in ("connect/", f"{world.us.id}/template/", f"{world.us.id}/defaults/"):
        for width, scheme in ((1440, "light"), (390, "dark"), (320, "light")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.goto(f"{page.base}/setup/{address}")
            expect(page.locator(".checks li.bad")).to_have_count(1)
            assert violations(page) == [], f"{address} at {width}"
            assert sideways(page) <= 0, f"{address} at {width}"


def test_the_pages_of_a_global_store_pass_axe_at_each_size_and_nothing_lies_sideways(page, world):
    Shop.objects.filter(id=world.us.shop_id).update(seller_type="CROSS_BORDER", listing_method="GLOBAL_PUBLISHING")
    seller = world.us.shop.seller
    Seller.objects.filter(id=seller.id).update(
        nickname="Fernhollow Global", left_out=[["Fernhollow SG", "SG", "E-TEN-LIMIT"]], products_read_at=clock.now()
    )
    for number in range(7):
        GlobalProductRow.objects.create(
            account=world.account, seller=seller, global_id=f"172970000000000{number:04}", title=f"Napkin {number}",
            seller_skus=[f"NAP-{number}-{color}" for color in ("RED", "BLUE", "NATURAL")], updated_at=clock.now(),
            reading=1,
        )  # fmt: skip
    product = StoreProduct.objects.filter(store_id=world.us.store_id).order_by("id")[0]
    others = Connection.objects.filter(store_id=world.us.store_id).exclude(id=world.us.id)
    copied = f"?shop={world.us.id}&to={others[0].id}" if others else f"?shop={world.us.id}"
    for address in (f"/global/{seller.id}/?per=5", f"/products/{product.pk}/copy/{copied}"):
        for width, scheme in ((1440, "light"), (320, "dark")):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            page.goto(page.base + address)
            assert violations(page) == [], (address, width)
            assert sideways(page) <= 0, (address, width)


def test_every_page_passes_axe_on_a_phone_in_the_dark_and_nothing_lies_sideways(page, world):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    for address in addresses(world):
        page.goto(page.base + address)
        assert violations(page) == [], f"{address} at 390"
        assert sideways(page) <= 0, f"{address} at 390"
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) <= 0, f"{address} at 320"
        page.set_viewport_size({"width": 390, "height": 844})


def test_drawer_menus_and_selection_pass_axe_too(page, world):
    broken = Problem.objects.filter(code="E-LST-REVIEW")[0]
    title = StoreProduct.objects.get(product_id=int(broken.key)).title
    page.goto(f"{page.base}/products/?per=5&q={title}")
    page.locator("input.pick").first.check()
    page.locator("tbody details.menu summary").first.click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == [], f"selection, {scheme}"
    page.keyboard.press("Escape")
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.locator("#drawer")).to_be_visible()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], f"drawer, {width}, {scheme}"


def test_the_pages_before_signing_in_pass_axe(world, live_server, new_context):
    page = new_context().new_page()
    for address in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no/such/page/"):
        page.goto(live_server.url + address)
        assert violations(page) == [], address
        page.emulate_media(color_scheme="dark")
        assert violations(page, CONTRAST) == [], address
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 700})
        assert sideways(page) <= 0, address


def test_signing_in_and_out_by_keyboard(world, live_server, new_context):
    page = new_context().new_page()
    page.goto(live_server.url + "/orders/")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/orders/"))
    page.get_by_label("Email").fill(console_data.EMAIL)
    page.keyboard.press("Tab")
    page.keyboard.type(console_data.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(live_server.url + "/orders/")

    page.locator("header details.menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_keys_reach_every_section_and_every_row(page, world):
    page.goto(page.base + "/")
    for key, path in (
        ("p", "/products/"),
        ("o", "/orders/"),
        ("a", "/activity/"),
        ("c", "/connections/"),
        ("t", "/templates/"),
        ("s", "/settings/"),
        ("f", "/faq/"),
        ("d", "/"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(page.base + path)
        expect(page.locator("html.js")).to_be_attached()

    page.goto(page.base + "/products/")
    page.keyboard.press("/")
    expect(page.locator("#pq")).to_be_focused()
    page.keyboard.type("jx/?")  # letters in a field are letters
    expect(page.locator("#pq")).to_have_value("jx/?")
    page.locator("#pq").fill("linen")
    page.keyboard.press("Enter")
    expect(page).to_have_url(page.base + "/products/?q=linen")

    page.goto(page.base + "/products/")
    rows = page.locator("[data-row]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_have_class("here")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_have_class("here")
    page.keyboard.press("x")
    expect(rows.nth(0).locator("input.pick")).to_be_checked()
    expect(page.locator(".bulk [data-count]")).to_have_text("1")
    page.keyboard.press("b")
    expect(page.get_by_role("button", name="Select all 60")).to_be_focused()
    rows.nth(0).locator("[data-open]").focus()
    page.keyboard.press("e")
    expect(rows.nth(0).get_by_role("button", name="List or update")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    expect(rows.nth(1).locator("[data-open]")).to_be_focused()  # back where one was

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.get_by_role("button", name="Switch single-key shortcuts off").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


@pytest.mark.covers("CED-35")
def test_the_seven_parts_of_the_console_are_reached_by_keyboard_and_by_address(page, world):
    parts = {  # what is asked for, as our menu calls it
        "Dashboard": ("/", "Dashboard"),
        "Templates": ("/templates/", "Category templates"),
        "Products": ("/products/", "Products"),
        "Orders": ("/orders/", "Orders"),
        "Returns": ("/returns/", "Returns"),
        "Settings": ("/settings/", "Settings"),
        "FAQ": ("/faq/", "Frequently asked questions"),
    }
    for word, (path, title) in parts.items():
        page.goto(page.base + "/activity/")  # by keys alone: Tab through the menu, Enter
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.querySelector('span')?.textContent") == word:
                break
        page.keyboard.press("Enter")
        expect(page).to_have_url(page.base + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator('.nav [aria-current="page"]')).to_contain_text(word)

        page.goto(page.base + path)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)


@pytest.mark.covers("CED-151")
def test_settings_have_save_and_learn_more_and_leaving_them_unsaved_asks_first(page, world):
    asked = []

    def stay(dialog):
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.goto(page.base + f"/connections/{world.us.id}/settings/products/")
    expect(page.get_by_role("button", name="Save settings")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Learn more.*Prices"))).to_have_attribute(
        "href", "/guide/settings/#prices"
    )

    page.locator("#tax_percent").press_sequentially("7")  # the field is not left yet
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload())")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Orders", exact=True).first.click(no_wait_after=True)
    assert asked == ["beforeunload"] * 2
    expect(page).to_have_url(re.compile("/settings/products/"))
    expect(page.locator("#tax_percent")).to_have_value(re.compile("7"))

    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page).to_have_url(re.compile("/settings/products/$"))
    page.locator("#tax_percent").fill("8")
    page.get_by_role("link", name="Discard").click()
    expect(page.locator("#tax_percent")).to_have_value("7")
    page.get_by_role("link", name=re.compile("Learn more.*Prices")).click()
    expect(page).to_have_url(page.base + "/guide/settings/#prices")
    assert asked == ["beforeunload"] * 2  # neither saved nor discarded changes are asked about


def test_a_carrier_that_was_added_and_not_saved_is_asked_about_and_lost(page, world):
    asked = []
    leave = False

    def answer(dialog):
        asked.append(dialog.type)
        if leave:
            dialog.accept()
        else:
            dialog.dismiss()

    page.on("dialog", answer)
    page.goto(page.base + f"/connections/{world.us.id}/settings/carriers/")
    page.get_by_label("Carrier in BigCommerce").last.fill("DFL")
    page.get_by_label("Carrier on TikTok").last.fill("DFL US")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 row is not saved.")).to_be_visible()
    expect(page.get_by_label("Carrier in BigCommerce").first).to_have_value("DFL")
    assert asked == []
    page.get_by_role("heading", level=2).first.click()  # a browser asks only where somebody did something

    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.reload())")
    expect(page.get_by_label("Carrier in BigCommerce").first).to_have_value("DFL")
    leave = True
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Activity", exact=True).first.click(no_wait_after=True)
    expect(page).to_have_url(page.base + "/activity/")
    page.goto(page.base + f"/connections/{world.us.id}/settings/carriers/")
    expect(page.get_by_label("Carrier in BigCommerce").first).to_have_value("")

    page.get_by_label("Carrier in BigCommerce").last.fill("DFL")
    page.get_by_label("Carrier on TikTok").last.fill("DFL US")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Save settings").click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.get_by_label("Carrier in BigCommerce").first).to_have_value("DFL")
    assert asked == ["beforeunload"] * 2


def test_a_row_reached_by_key_is_never_under_the_bars(page):
    page.goto(page.base + "/products/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    top = page.locator("header.top").bounding_box()
    for _ in range(14):
        page.keyboard.press("j")
    row, bar = page.locator("[data-row].here [data-open]").bounding_box(), page.locator(".bulk").bounding_box()
    assert row["y"] + row["height"] <= bar["y"]
    for _ in range(10):
        page.keyboard.press("k")
    row = page.locator("[data-row].here [data-open]").bounding_box()
    assert row["y"] >= top["y"] + top["height"]


def test_a_range_is_ticked_with_shift_and_all_of_the_filter_with_a_second_step(page, world):
    page.goto(page.base + f"/products/?per=10&shop={world.us.id}")
    picks, bar = page.locator("input.pick"), page.locator(".bulk")
    expect(bar).to_be_hidden()
    picks.nth(1).click()
    picks.nth(4).click(modifiers=["Shift"])
    expect(page.locator("input.pick:checked")).to_have_count(4)
    expect(bar.locator("[data-count]")).to_have_text("4")
    expect(bar.get_by_role("toolbar")).to_have_attribute("aria-label", "Actions for 4 selected products")
    picks.nth(2).click()
    expect(bar.locator("[data-count]")).to_have_text("3")

    bar.get_by_role("button", name="Select all 60").click()
    expect(bar.locator("[data-count]")).to_have_text("60")
    picks.nth(0).click()  # ticking one is about single ones again
    expect(bar.locator("[data-count]")).to_have_text("4")
    bar.get_by_role("button", name="Clear selection").click()
    expect(bar).to_be_hidden()

    page.get_by_label("Select all on this page").check()
    expect(bar.locator("[data-count]")).to_have_text("10")
    bar.get_by_role("button", name="Sync price & stock").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Sync price and stock of \d+ product"))


def test_on_a_phone_every_action_of_the_bar_and_of_a_menu_is_in_sight(page, world):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(page.base + "/products/")
    page.locator("input.pick").first.check()
    bar = page.locator(".bulk")
    assert len(bar.get_by_role("button").all()) == 6
    bar.get_by_text("More").click()
    more = [
        "Review changes", "Activate", "Upload product", "Pull from BigCommerce", "Sync price", "Sync inventory",
        "Delete on TikTok", "Recover on TikTok",
    ]  # fmt: skip
    assert [entry.inner_text() for entry in bar.locator("details.menu[open] .entry").all()] == more
    for entry in bar.locator("details.menu[open] .entry").all():
        box = entry.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 844
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    page.goto(page.base + "/connections/")
    page.get_by_label("Actions for Shop US").click()
    entries = page.locator("details.menu[open] .entry").all()
    assert len(entries) > 5
    for entry in entries:
        box = entry.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_nothing_that_can_be_pressed_lies_under_a_message(page, world):
    page.goto(page.base + f"/products/?shop={world.us.id}")
    page.locator("input.pick").first.check()
    page.get_by_role("toolbar").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("heading", name="Deactivate: 1 product on Shop US?")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Deactivate").click()
    toast = page.locator(".toast")
    expect(toast.get_by_role("link", name="Undo")).to_be_visible()
    bottom = toast.bounding_box()["y"] + toast.bounding_box()["height"]
    assert all(button.bounding_box()["y"] >= bottom for button in page.locator("main .head .btn").all())


def test_the_drawer_has_an_address_that_back_and_forward_know(page, world):
    page.goto(page.base + "/products/?q=linen")
    row = world.products[0]
    link = page.get_by_role("link", name=row.title, exact=True)
    link.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_be_visible()
    expect(page).to_have_url(f"{page.base}/products/{row.pk}/")
    expect(drawer.get_by_role("heading", level=2)).to_have_text(row.title)

    drawer.get_by_role("link", name=re.compile("Shop UK")).click()
    expect(page).to_have_url(f"{page.base}/products/{row.pk}/?shop={world.uk.id}")
    expect(drawer.get_by_text("Exchange rate 0.88")).to_be_visible()

    page.go_back()
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(page.base + "/products/?q=linen")
    page.go_forward()
    expect(drawer).to_be_visible()
    drawer.get_by_role("button", name="Close").click()
    expect(drawer).to_be_hidden()
    expect(page).to_have_url(page.base + "/products/?q=linen")
    expect(link).to_be_focused()

    link.click()
    expect(drawer).to_be_visible()
    page.mouse.click(200, 400)  # beside it
    expect(drawer).to_be_hidden()

    page.goto(f"{page.base}/products/{row.pk}/?shop={world.uk.id}")  # the same address from a message
    expect(page.locator("main").get_by_text("Exchange rate 0.88")).to_be_visible()


def test_a_category_is_found_by_its_words_and_picked_by_keys(page, world):
    page.goto(f"{page.base}/connections/{world.us.id}/template/")
    field = page.locator("#id_category_path")

    field.fill("candle")
    page.get_by_role("option", name="Candleholder Sets").wait_for()
    assert [option.inner_text().strip() for option in page.locator("li[role=option]").all()] == [
        "Home Supplies > Home Decor > Candles",
        "Home Supplies > Home Decor > Candle Holders > Candleholder Sets",
    ]
    field.press("ArrowDown")
    field.press("ArrowDown")
    field.press("Enter")

    assert field.input_value() == "Home Supplies > Home Decor > Candle Holders > Candleholder Sets"
    assert page.get_by_role("listbox").count() == 0
    page.get_by_role("button", name="Save template").click()
    page.get_by_text("Template saved.").wait_for()
    assert Template.objects.get(connection=world.us).category_id == "1243152"


def test_a_running_task_moves_by_itself_and_the_page_is_new_when_it_has_ended(page, world):
    page.goto(f"{page.base}/activity/{world.running.id}/")
    progress = page.locator("#progress")
    expect(progress).to_contain_text("30 / 48")

    Task.objects.filter(id=world.running.id).update(succeeded=44)
    expect(progress).to_contain_text("47 / 48")
    Task.objects.filter(id=world.running.id).update(
        state="completed", succeeded=45, finished_at=clock.now(), summary="45 done, 3 failed"
    )
    expect(page.locator(".head")).to_contain_text("45 done, 3 failed")
    expect(progress).to_have_count(0)


def test_filters_menus_and_theme_by_mouse(page, world):
    page.goto(page.base + "/products/")
    page.get_by_text("More filters").click()
    category = page.get_by_label("Category in BigCommerce")
    category.focus()
    expect(page.locator("#categories option")).to_have_count(13)
    category.fill("Kitchen > Jars")
    page.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(page.base + "/products/?category=Kitchen+%3E+Jars")  # no empty parameters
    page.get_by_label("Shop", exact=True).select_option("Shop UK")
    expect(page).to_have_url(f"{page.base}/products/?shop={world.uk.id}&category=Kitchen+%3E+Jars")
    page.get_by_label("Remove filter Shop UK").click()
    expect(page).to_have_url(page.base + "/products/?category=Kitchen+%3E+Jars")

    page.locator("header details.menu summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(20, 22, 29)")
    expect(page).to_have_url(page.base + "/products/?category=Kitchen+%3E+Jars")


def test_on_a_phone_the_menu_opens_and_everything_is_large_enough(page, world):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(page.base + "/products/?per=5")
    page.get_by_role("button", name="Open menu").click()
    page.get_by_role("link", name="Orders").click()
    expect(page).to_have_url(page.base + "/orders/")

    page.goto(page.base + "/products/?per=5")
    page.locator("input.pick").first.check()
    bar = page.locator(".bulk").bounding_box()
    assert bar["x"] == 0
    assert bar["width"] == 390
    for button in page.locator("main .btn:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 40, button.inner_text()
    page.locator("[data-open]").first.click()
    expect(page.locator("#drawer")).to_be_visible()
    assert page.locator("#drawer").bounding_box()["width"] == 390


def test_without_script_it_reads_filters_and_acts(signed_in, new_context, live_server, world):
    page = signed_in(new_context(java_script_enabled=False)).new_page()
    page.goto(live_server.url + "/products/")
    page.get_by_placeholder("Name, SKU or barcode").fill("linen")
    page.get_by_role("button", name="Search", exact=True).click()
    assert "q=linen" in page.url
    page.get_by_role("link", name=world.products[0].title, exact=True).click()
    assert page.url == f"{live_server.url}/products/{world.products[0].pk}/"
    page.get_by_role("button", name="Refresh status").click()
    expect(page.locator(".toast")).to_contain_text("Started: Refresh status of 1 product")

    page.goto(live_server.url + "/products/")
    page.locator("input.pick").first.check()
    page.get_by_label("On which shop").select_option(label="On Shop US")
    page.locator(".bulk").get_by_role("button", name="Sync price & stock").click()
    expect(page.locator(".toast").first).to_contain_text("Started: Sync price and stock of")
