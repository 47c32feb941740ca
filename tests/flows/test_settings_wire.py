"""The wire from each preference to what happens: set on its page or by its command, seen on the platforms.

Every preference has its test here (`proves`); the last test holds that none is missing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import typer
from django.test import Client
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.browser import Browser, pk_of
from tests.flows.conftest import HOME, MAYA, ShopWorld, Twinshelf
from tests.flows.faults import CREATE_ORDER, HELD_SECONDS, fault, lose_webhooks, ready_to_ship
from tests.flows.neighbors import consent, open_shop
from tests.flows.test_deleting import deleted
from tests.flows.test_locations import second_location
from tests.flows.test_returns import Aftersale
from tests.flows.test_uploading import levels
from twinshelf.accounts.models import User
from twinshelf.cli import settings as commands
from twinshelf.connections import actions as connections
from twinshelf.documents import ReturnDecision
from twinshelf.goods.models import Location, StoreProduct
from twinshelf.listings import actions as listings
from twinshelf.messages import text
from twinshelf.orders import actions as orders
from twinshelf.preferences import actions as preferences
from twinshelf.preferences.fields import FIELDS
from twinshelf.rules import actions as rules
from twinshelf.rules.own import ProductChoices
from twinshelf.rules.sync_rules import Switches
from twinshelf.sync.models import ChangeRecord, Problem

PROVED: dict[str, list[str]] = {}


def proves(*names: str) -> Callable[[Any], Any]:
    """Say which preferences a test proves."""

    def note(test: Any) -> Any:
        for name in names:
            PROVED.setdefault(name, []).append(test.__name__)
        return test

    return note


class Settings:
    """A merchant at the settings of one connection."""

    def __init__(self, twinshelf: Twinshelf) -> None:
        self.twinshelf = twinshelf
        self._browser = Client()
        self._browser.force_login(User.objects.get(email="maya@fernhollow.test"))

    def page(self, values: dict[str, Any]) -> list[str]:
        """Save these on the page, and let what follows from it be done. What the page then says."""
        answer = self._browser.post(f"/connections/{self.twinshelf.connection.id}/settings/", values, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        if "found" in answer.context:  # another catalog direction, to be confirmed
            sent = {"to": answer.context["found"].direction, "agreed": answer.context["found"].fingerprint}
            answer = self._browser.post(answer.request["PATH_INFO"], sent, follow=True)
        self._done()
        return [str(message) for message in answer.context["messages"]]

    def command(self, *words: str) -> str:
        """`twinshelf settings …`, and let what follows from it be done. What the command prints."""
        printed = io.StringIO()

        @contextmanager
        def opened(_name: str) -> Iterator[Any]:
            yield self.twinshelf.account, self.twinshelf.connection

        app = typer.Typer()
        commands.mount(app, Console(file=printed, width=120), opened, lambda *_told: 1)
        ended = CliRunner().invoke(app, ["settings", *words])
        assert ended.exit_code == 0, (ended.output, ended.exception)
        self._done()
        return printed.getvalue()

    def _done(self) -> None:
        self.twinshelf.connection.refresh_from_db()
        self.twinshelf.settle()


@pytest.fixture
def settings(twinshelf: Twinshelf) -> Settings:
    return Settings(twinshelf)


def shown(sandbox: Any, shop: ShopWorld, twinshelf: Twinshelf, product_id: int) -> dict[str, Any]:
    """A product as the shop has it."""
    found: dict[str, Any] = sandbox.world.table(f"tt/{shop.id}/products")[twinshelf.listing(product_id).tiktok_id]
    return found


def prices(shop: ShopWorld) -> list[Decimal]:
    """The prices that were set after the product was created."""
    return [Decimal(effect.detail["after"]) for effect in shop.effects("price_set")]


def quantities(shop: ShopWorld) -> list[tuple[str, int]]:
    return [(effect.detail["seller_sku"], effect.detail["after"]) for effect in shop.effects("stock_set")]


# -- catalog ----------------------------------------------------------------------------------------------------------


@proves("catalog_direction")
@pytest.mark.covers("P17-15")
def test_with_the_catalog_off_no_edit_crosses_while_stock_and_orders_do(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)

    settings.page({"catalog_direction": "disabled"})
    store.act("set_price", sku="MUG-1", price="14.50")
    store.act("edit_product", sku="MUG-1", name="Enamel mug of steel")
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    listings.compare(twinshelf.connection, by=MAYA)  # what timetables do every day, and people by hand
    listings.resync(twinshelf.connection, None, by=MAYA)
    twinshelf.settle()
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    assert prices(shop) == []
    assert shop.effects("product_edited") == []
    assert quantities(shop)[0] == ("MUG-1", 3)
    assert twinshelf.order(order_id).creation == "created"

    told = settings.page({"catalog_direction": "bc_to_tts"})

    assert told[0].startswith("Saved: Catalog direction. The price of 1 product is worked out again;")
    assert prices(shop) == [Decimal("14.50")]
    assert len(shop.effects("product_edited")) == 1


@proves("catalog_direction")
def test_with_the_catalog_off_nothing_is_listed_and_that_is_said(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1")
    settings.command("set", "catalog_direction", "disabled")

    twinshelf.list(mug)

    assert shop.effects("product_created") == []
    assert twinshelf.problems() == [(str(mug), "I-CAT-OFF")]
    settings.command("set", "catalog_direction", "bc_to_tts")
    assert len(shop.effects("product_created")) == 1
    assert twinshelf.problems() == []


@proves("auto_import")
@pytest.mark.covers("CED-21", "SILK-86")
@pytest.mark.parametrize("on", [True, False])
def test_a_new_product_appears_by_itself_only_with_automatic_import(store, twinshelf, settings, on):
    twinshelf.pull()
    settings.page({"auto_import": "on" if on else "off"})

    mug = store.add_product(sku="MUG-1")
    twinshelf.settle()
    twinshelf.wait(2 * 86_400)  # what the timetables pull is no pull by hand

    assert StoreProduct.objects.filter(product_id=str(mug)).exists() is on
    twinshelf.pull()
    assert StoreProduct.objects.filter(product_id=str(mug)).exists()


@proves("auto_delete")
def test_what_the_store_deleted_is_deleted_in_the_shop_too_where_that_is_wanted(store, shop, twinshelf, settings):
    mug, bowl = store.add_product(sku="MUG-1"), store.add_product(sku="BOWL-1")
    twinshelf.list()
    store.act("delete_product", product_id=mug)
    twinshelf.settle()
    assert deleted(shop) == []

    settings.command("set", "auto_delete", "on")
    assert len(deleted(shop)) == 1
    settings.command("set", "auto_delete", "off")
    store.act("delete_product", product_id=bowl)
    twinshelf.settle()
    assert len(deleted(shop)) == 1


@proves("sku_scope", "strict_sku_match")
def test_the_scope_and_strictness_of_skus_are_set_by_command_as_well(store, shop, twinshelf, settings):
    mug, bowl = store.add_product(sku="MUG-1"), store.add_product(sku="BOWL 1, blue")
    settings.command("set", "sku_scope", "MUG-1")
    settings.command("set", "strict_sku_match", "on")
    twinshelf.list(mug, bowl)
    assert [twinshelf.listing(product).state for product in (mug, bowl)] == ["live", "not_uploaded"]
    assert [text(problem) for problem in Problem.objects.filter(closed_at=None)] == [
        "Out of scope: “Only these SKUs” does not name BOWL 1, blue."
    ]


@proves("include_unpurchasable")
@pytest.mark.covers("SILK-87")
def test_what_nobody_can_buy_is_skipped_with_a_reason_and_listed_once_it_is_wanted(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=6, availability="disabled")
    twinshelf.list(mug)
    assert shop.effects("product_created") == []
    assert twinshelf.problems() == [(str(mug), "I-NOT-PURCHASABLE")]

    settings.page({"include_unpurchasable": "on"})
    twinshelf.wait(600)

    assert len(shop.effects("product_created")) == 1
    assert twinshelf.listing(mug).quantity == 6
    assert twinshelf.problems() == []
    store.act("set_stock", sku="MUG-1", quantity=4)
    twinshelf.settle()
    assert quantities(shop) == [("MUG-1", 4)]
    settings.page({"include_unpurchasable": "off"})
    assert quantities(shop) == [("MUG-1", 4), ("MUG-1", 0)]


@proves("push_opt_in")
@pytest.mark.covers("P17-08")
def test_products_go_to_other_markets_only_by_opting_in(store, shop, twinshelf, sandbox):
    store.act("add_currency", code="MYR")
    there, in_malaysia = paired(sandbox, twinshelf, "MY")
    settings = Settings(in_malaysia)
    settings.command("set", "exchange_rate", "4.2", "tax_percent", "0")
    mug = store.add_product(sku="MUG-000001", title="Enamel mug of the sturdiest kind there is")
    twinshelf.list(mug)
    in_malaysia.list(mug)
    assert [effect.tenant for effect in shop.effects("product_created")] == [shop.id]
    assert in_malaysia.problems() == [(str(mug), "E-REG-PUSH")]

    settings.page({"push_opt_in": "on"})

    assert [effect.tenant for effect in shop.effects("product_created")] == [shop.id, there.id]
    assert in_malaysia.problems() == []


@pytest.mark.covers("P17-09")
def test_where_the_catalog_is_kept_in_tiktok_stock_and_orders_go_on(store, twinshelf, sandbox):
    store.act("add_currency", code="MYR")
    there, in_malaysia = paired(sandbox, twinshelf, "MY")
    settings = Settings(in_malaysia)
    settings.command("set", "exchange_rate", "4.2", "tax_percent", "0")
    settings.page({"push_opt_in": "on"})
    mug = store.add_product(sku="MUG-000001", title="Enamel mug of the sturdiest kind there is", stock=9)
    in_malaysia.list(mug)
    [listing] = [effect.key for effect in there.effects("product_created") if effect.tenant == there.id]
    settings.page({"push_opt_in": "off"})

    store.act("set_stock", sku="MUG-000001", quantity=7)
    order = there.buy(("MUG-000001", 1))
    in_malaysia.wait(3700)
    assert len(store.orders()) == 1
    assert in_malaysia.order(order).creation == "created"
    assert [effect.detail["after"] for effect in there.effects("stock_set")][-1] == 6

    before = len(there.effects("product_edited"))
    store.act("edit_product", product_id=mug, name="Enamel mug with another name than before")
    pan = store.add_product(sku="PAN-000001", title="Iron pan of the sturdiest kind there is")
    in_malaysia.list(pan)
    assert len(there.effects("product_edited")) == before
    assert [effect.key for effect in there.effects("product_created") if effect.tenant == there.id] == [listing]
    assert (str(pan), "E-REG-PUSH") in in_malaysia.problems()
    assert text(Problem.objects.get(key=str(pan), closed_at=None)).startswith(
        "Products are sent to TikTok Shop in the US and UK only; here its catalog is kept in TikTok Shop."
    )


def paired(sandbox: Any, twinshelf: Twinshelf, region: str) -> tuple[ShopWorld, Twinshelf]:
    """A further shop of the store, in another market."""
    shop = open_shop(sandbox, f"Fernhollow {region}", region=region)
    [authorized] = connections.authorize_shops(twinshelf.account, consent(sandbox, shop), by=MAYA)
    store = twinshelf.connection.store
    connection = connections.pair(twinshelf.account, store=store, shop=authorized, name=region, by=MAYA)
    rules.set_default_template(connection, category_id=HOME, by=MAYA)
    return shop, Twinshelf(sandbox, twinshelf.account, connection, twinshelf.engine)


@proves("gtin_required")
@pytest.mark.covers("CED-83")
def test_a_product_without_a_code_is_not_listed_where_one_is_required(store, shop, twinshelf, settings):
    settings.page({"gtin_required": "on"})
    bare = store.add_product(sku="MUG-1")
    coded = store.add_product(sku="MUG-2", title="Enamel mug, large", upc="012345678905")

    twinshelf.list(bare, coded)

    assert len(shop.effects("product_created")) == 1
    assert twinshelf.problems() == [(str(bare), "E-LST-GTIN")]
    settings.page({"gtin_required": "off"})
    assert len(shop.effects("product_created")) == 2
    assert twinshelf.problems() == []


@proves("gtin_reason")
@pytest.mark.covers("CED-147")
def test_the_reason_without_a_code_is_shown_on_the_product(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    settings.page({"gtin_reason": "Brand or manufacturer does not provide a GTIN"})

    row = StoreProduct.objects.get(product_id=str(mug))
    page = settings._browser.get(f"/products/{row.id}/").content.decode()

    assert "Brand or manufacturer does not provide a GTIN" in page


@proves("package.length", "package.width", "package.height", "package.weight")
@pytest.mark.covers("SILK-76")
def test_package_defaults_are_used_where_product_and_template_give_none(store, shop, twinshelf, settings, sandbox):
    bare = store.add_product(sku="MUG-1", width=0, height=0, depth=0, weight=0)
    whole = store.add_product(sku="MUG-2", title="Enamel mug, large", width=9, height=9, depth=9, weight=9)
    twinshelf.list(bare, whole)
    assert twinshelf.problems() == [(str(bare), "E-LST-DIM"), (str(bare), "E-LST-WEIGHT")]

    told = settings.page({"package.length": "6", "package.width": "5", "package.height": "4", "package.weight": "3"})
    twinshelf.wait(600)

    assert told[0].endswith("2 products are compared with TikTok again.")
    assert twinshelf.problems() == []
    assert parcel(shown(sandbox, shop, twinshelf, bare)) == ("6", "5", "4", "3")
    assert parcel(shown(sandbox, shop, twinshelf, whole)) == ("9", "9", "9", "9")
    assert shop.effects("product_edited") == []  # the one that has its own size is not sent to review again


def parcel(product: dict[str, Any]) -> tuple[str, ...]:
    sizes, weight = product["base"]["package_dimensions"], product["base"]["package_weight"]
    numbers = (sizes["length"], sizes["width"], sizes["height"], weight["value"])
    return tuple(f"{Decimal(number).normalize():f}" for number in numbers)


# -- sync rules -------------------------------------------------------------------------------------------------------


def live(sandbox: Any, shop: ShopWorld, twinshelf: Twinshelf, product_id: int) -> dict[str, Any]:
    """What buyers see of a product, once reviews have passed: the one that runs, and the one for what waited for it."""
    twinshelf.wait(600)
    twinshelf.wait(600)
    found: dict[str, Any] = shown(sandbox, shop, twinshelf, product_id)["base"]
    return found


def edit_on_tiktok(sandbox: Any, twinshelf: Twinshelf, product_id: int, **changes: Any) -> None:
    """Somebody edits the product in Seller Center, and TikTok approves."""
    sandbox.act("tt.edit_product", product_id=twinshelf.listing(product_id).tiktok_id, changes=changes)
    twinshelf.settle()
    twinshelf.wait(600)


def answers(product_id: int) -> list[str]:
    """What the change records of a product say, the oldest first."""
    return list(
        ChangeRecord.objects.filter(key=str(product_id), ok=True).order_by("id").values_list("answer", flat=True)
    )


@proves("sync.name.update", "sync.name.create")
def test_a_title_follows_is_kept_here_or_is_left_to_tiktok(sandbox, store, shop, twinshelf, settings):
    settings.command("set", "sync.name.create", "connector")
    mug, pan = (store.add_product(sku=sku, title=title) for sku, title in (("MUG-1", "Enamel mug"), ("PAN-1", "Pan")))
    twinshelf.pull()
    listings.choose(twinshelf.connection, str(pan), ProductChoices(title="Pan kept in Twinshelf"), by=MAYA)
    twinshelf.list(mug, pan)
    assert [live(sandbox, shop, twinshelf, each)["title"] for each in (mug, pan)] == [
        "Enamel mug", "Pan kept in Twinshelf",
    ]  # fmt: skip
    settings.command("set", "sync.name.update", "connector")
    store.act("edit_product", sku="MUG-1", name="Enamel mug of BigCommerce")
    twinshelf.settle()
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug"

    edit_on_tiktok(sandbox, twinshelf, mug, title="Enamel mug of TikTok")

    assert live(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug"
    assert answers(mug)[-1].endswith("; overwrote TikTok edit of name: “Enamel mug of TikTok” → “Enamel mug”")

    settings.page({"sync.name.update": "tts"})
    edit_on_tiktok(sandbox, twinshelf, mug, title="Enamel mug of TikTok")
    store.act("edit_product", sku="MUG-1", name="Enamel mug, new", description="<p>A new text.</p>")
    twinshelf.settle()

    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["title"], seen["description"]) == ("Enamel mug of TikTok", "<p>A new text.</p>")
    assert twinshelf.differences() == []
    settings.page({"sync.name.update": "origin"})
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug, new"
    assert twinshelf.differences() == []


@proves("sync.description.update", "sync.media.update", "sync.weight.update")
@pytest.mark.covers("SILK-80", "SILK-82")
def test_text_pictures_and_package_follow_or_are_left_to_tiktok(sandbox, store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    store.act("add_image", product_id=mug, picture="mug-MUG-1/2")
    store.act("edit_product", sku="MUG-1", name="Enamel mug, large")
    twinshelf.settle()
    first, second = live(sandbox, shop, twinshelf, mug)["main_images"]
    settings.page({"sync.description.update": "tts", "sync.media.update": "tts", "sync.weight.update": "tts"})

    edit_on_tiktok(
        sandbox, twinshelf, mug, description="<p>Of TikTok.</p>", main_images=[second],
        package_weight={"value": "7.5", "unit": "POUND"},
    )  # fmt: skip
    store.act("add_image", product_id=mug, picture="mug-MUG-1/3")
    store.act("edit_product", sku="MUG-1", description="<p>Of BigCommerce.</p>", name="Mug of enamel", weight=2)
    twinshelf.settle()

    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["title"], seen["description"], seen["main_images"]) == ("Mug of enamel", "<p>Of TikTok.</p>", [second])
    assert seen["package_weight"] == {"value": "7.5", "unit": "POUND"}
    assert twinshelf.differences() == []

    settings.page({"sync.description.update": "origin", "sync.media.update": "origin", "sync.weight.update": "origin"})

    seen = live(sandbox, shop, twinshelf, mug)
    assert (seen["description"], len(seen["main_images"])) == ("<p>Of BigCommerce.</p>", 3)
    assert seen["main_images"][0] == first
    assert seen["package_weight"]["value"] == "2"
    assert "overwrote TikTok edit of description: “Of TikTok.” → “Of BigCommerce.”" in answers(mug)[-1]
    assert "overwrote TikTok edit of media" in answers(mug)[-1]


@proves("sync.price.update")
@pytest.mark.covers("SILK-81")
def test_a_price_follows_or_is_left_to_tiktok(sandbox, store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list(mug)
    store.act("set_price", sku="MUG-1", price="13.00")
    twinshelf.settle()
    sandbox.act("tt.set_price", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", price="15.00")
    twinshelf.poll()
    assert prices(shop)[-1] == Decimal("13.00")
    assert answers(mug)[-1] == "1 price set; overwrote TikTok edit of price: 15.00 USD → 13.00 USD"

    settings.page({"sync.price.update": "tts"})
    sandbox.act("tt.set_price", product_id=twinshelf.listing(mug).tiktok_id, sku="MUG-1", price="15.00")
    store.act("set_price", sku="MUG-1", price="14.00")
    twinshelf.poll()
    listings.resync(twinshelf.connection, None, by=MAYA)
    twinshelf.settle()

    assert prices(shop)[-1] == Decimal("15.00")
    assert twinshelf.differences() == []
    settings.page({"sync.price.update": "origin"})
    assert prices(shop)[-1] == Decimal("14.00")


@proves("sync.barcode.create", "sync.barcode.update", "sync.stock.create", "sync.stock.update")
@pytest.mark.covers("SILK-83", "SILK-84")
def test_codes_and_stock_may_be_left_out_at_first_and_left_to_tiktok_later(sandbox, store, shop, twinshelf, settings):
    settings.command("set", "sync.barcode.create", "none", "sync.stock.create", "none")
    settings.command("set", "sync.barcode.update", "tts", "sync.stock.update", "tts")
    mug = store.add_product(sku="MUG-1", stock=7, upc="012345678905")
    twinshelf.list(mug)

    [made] = shop.effects("product_created")
    [sku] = live(sandbox, shop, twinshelf, mug)["skus"]
    assert (twinshelf.listing(mug).quantity, "identifier_code" in sku) == (0, False)
    assert levels(sandbox, shop, twinshelf, mug) == {twinshelf.connection.warehouse_id: 0}
    sandbox.act("tt.set_stock", product_id=made.key, sku="MUG-1", quantity=5)
    store.act("set_stock", sku="MUG-1", quantity=9)
    store.act("edit_product", sku="MUG-1", name="Mug of enamel")
    twinshelf.poll()
    [sku] = live(sandbox, shop, twinshelf, mug)["skus"]
    assert (twinshelf.listing(mug).quantity, "identifier_code" in sku) == (5, False)
    assert twinshelf.differences() == []

    settings.page({"sync.barcode.update": "origin", "sync.stock.update": "origin"})

    [sku] = live(sandbox, shop, twinshelf, mug)["skus"]
    assert (twinshelf.listing(mug).quantity, sku["identifier_code"]["code"]) == (9, "012345678905")


@proves("manual_updates_only")
@pytest.mark.covers("SILK-34")
def test_by_hand_only_prices_and_stock_go_and_the_rest_waits_for_a_push(sandbox, store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)
    settings.page({"manual_updates_only": "on"})

    store.act("edit_product", sku="MUG-1", name="Mug of enamel")
    store.act("set_price", sku="MUG-1", price="13.00")
    store.act("set_stock", sku="MUG-1", quantity=5)
    twinshelf.settle()
    twinshelf.pull()

    assert (prices(shop), quantities(shop)) == ([Decimal("13.00")], [("MUG-1", 5)])
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Enamel mug"
    assert twinshelf.differences() == []
    listings.list_products(twinshelf.connection, [str(mug)], by=MAYA)
    twinshelf.settle()
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Mug of enamel"

    store.act("edit_product", sku="MUG-1", name="Mug of steel")  # one push sends what was there then, and no more
    twinshelf.settle()
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Mug of enamel"
    settings.page({"manual_updates_only": "off"})
    assert live(sandbox, shop, twinshelf, mug)["title"] == "Mug of steel"


@pytest.mark.covers("CED-143", "CED-144", "CED-145")
def test_three_ticks_say_what_goes_to_tiktok_by_itself(sandbox, store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", title="Enamel mug", price="12.00", stock=7)
    twinshelf.list(mug)

    def tick(*ticks: str) -> None:
        path = f"/connections/{twinshelf.connection.id}/settings/ticks/"
        assert settings._browser.post(path, dict.fromkeys(ticks, "on")).status_code == 302
        settings._done()

    def change(name: str, price: str, stock: int) -> tuple[str, list[Decimal], list[tuple[str, int]]]:
        before = len(prices(shop)), len(quantities(shop))
        store.act("edit_product", sku="MUG-1", name=name)
        store.act("set_price", sku="MUG-1", price=price)
        store.act("set_stock", sku="MUG-1", quantity=stock)
        twinshelf.settle()
        title = live(sandbox, shop, twinshelf, mug)["title"]
        return title, prices(shop)[before[0] :], quantities(shop)[before[1] :]

    tick("inventory")
    assert change("Mug A", "13.00", 6) == ("Enamel mug", [], [("MUG-1", 6)])
    tick("information")  # price and inventory are part of it
    assert change("Mug B", "14.00", 5) == ("Mug B", [Decimal("14.00")], [("MUG-1", 5)])
    tick("price")
    assert change("Mug C", "15.00", 4) == ("Mug B", [Decimal("15.00")], [])
    assert twinshelf.differences() == []


@pytest.mark.covers("SILK-85")
def test_a_products_own_ticks_beat_the_rules_of_the_connection(sandbox, store, shop, twinshelf, settings):
    mug, pan = (store.add_product(sku=sku, title=f"{sku} of iron", stock=7) for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug, pan)
    off = Switches(title=False, description=False, weight=False, image=False, price=False, inventory=False)
    listings.choose(twinshelf.connection, str(pan), ProductChoices(switches=off), by=MAYA)
    twinshelf.settle()

    def change(text: str, price: str, stock: int) -> None:
        for sku, product_id in (("MUG-1", mug), ("PAN-1", pan)):
            store.act("add_image", product_id=product_id, picture=f"{sku}-{text}/1")
            store.act("edit_product", sku=sku, name=f"{sku} {text}", description=f"<p>{text}</p>", weight=3)
            store.act("set_price", sku=sku, price=price)
            store.act("set_stock", sku=sku, quantity=stock)
        twinshelf.settle()

    def seen(product_id: int) -> tuple[Any, ...]:
        base, row = live(sandbox, shop, twinshelf, product_id), twinshelf.listing(product_id)
        texts = base["title"], base["description"]
        return *texts, len(base["main_images"]), base["package_weight"]["value"], row.price_min, row.quantity

    change("new", "13.00", 5)
    assert seen(mug) == ("MUG-1 new", "<p>new</p>", 2, "3", Decimal(13), 5)
    assert seen(pan) == ("PAN-1 of iron", "<p>A plain and sturdy thing.</p>", 1, "1.2", Decimal(12), 7)

    settings.page(
        {f"sync.{name}.update": "tts" for name in ("name", "description", "media", "weight", "price", "stock")}
    )
    listings.choose(twinshelf.connection, str(pan), ProductChoices(switches=Switches()), by=MAYA)
    change("newest", "14.00", 4)

    assert seen(mug) == ("MUG-1 new", "<p>new</p>", 2, "3", Decimal(13), 5)
    assert seen(pan) == ("PAN-1 newest", "<p>newest</p>", 3, "3", Decimal(14), 4)
    assert twinshelf.differences() == []


# -- prices -----------------------------------------------------------------------------------------------------------


@proves("exchange_rate")
@pytest.mark.covers("CED-149")
def test_nothing_is_priced_before_the_rate_is_confirmed_and_then_by_it(store, shop, twinshelf, sandbox):
    store.act("add_currency", code="GBP")
    there, in_britain = paired(sandbox, twinshelf, "GB")
    Settings(in_britain).command("set", "tax_percent", "0")
    mug = store.add_product(sku="MUG-1", price="113.00", _tax="none")
    in_britain.list(mug)
    assert there.effects("product_created") == []
    assert in_britain.problems() == [(str(mug), "E-PRC-RATE")]

    told = Settings(in_britain).command("set", "exchange_rate", "0.5")  # 1 GBP = 2 of the store's
    in_britain.wait(600)

    assert told == "Saved: Exchange rate. 1 product is compared with TikTok again.\n"
    assert str(in_britain.listing(mug).price_min) == "56.5000"
    assert in_britain.problems() == []
    Settings(in_britain).command("set", "exchange_rate", "0.6")
    assert prices(there) == [Decimal("67.80")]


@proves("tax_percent")
def test_nothing_is_priced_before_the_tax_is_named_that_prices_lack(store, shop, twinshelf, sandbox):
    store.act("add_currency", code="GBP")
    there, in_britain = paired(sandbox, twinshelf, "GB")
    settings = Settings(in_britain)
    settings.command("set", "exchange_rate", "0.5")
    mug = store.add_product(sku="MUG-1", price="20.00")
    in_britain.list(mug)
    assert there.effects("product_created") == []
    assert in_britain.problems() == [(str(mug), "E-PRC-TAX")]

    settings.page({"tax_percent": "20"})
    in_britain.wait(600)

    assert str(in_britain.listing(mug).price_min) == "12.0000"
    assert in_britain.problems() == []
    assert in_britain.differences() == []


@proves("price_rule.kind", "price_rule.value")
@pytest.mark.covers("CED-20", "CED-146")
def test_each_rule_gives_its_price_on_tiktok(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", price="113.00")
    settings.page({"price_rule.kind": "fixed_up", "price_rule.value": "10"})
    twinshelf.list(mug)
    assert str(twinshelf.listing(mug).price_min) == "123.0000"

    settings.page({"price_rule.kind": "percent_up", "price_rule.value": "10"})
    settings.command("set", "price_rule.kind", "fixed_down", "price_rule.value", "2")
    settings.page({"price_rule.kind": "percent_down", "price_rule.value": "10"})
    settings.command("set", "price_rule.kind", "none")

    assert prices(shop) == [Decimal("124.30"), Decimal("111.00"), Decimal("101.70"), Decimal("113.00")]
    assert shop.effects("product_edited") == []
    settings.page({"price_rule.kind": "fixed_down", "price_rule.value": "113"})
    assert twinshelf.problems() == [(str(mug), "E-PRC-MIN")]
    assert len(prices(shop)) == 4


@proves("use_sale_price")
@pytest.mark.covers("CED-150")
def test_the_sale_price_counts_only_where_it_is_wanted(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", price="100.00", sale_price=Decimal(80))
    twinshelf.list(mug)
    assert str(twinshelf.listing(mug).price_min) == "100.0000"

    settings.page({"use_sale_price": "on"})
    settings.page({"use_sale_price": "off"})

    assert prices(shop) == [Decimal("80.00"), Decimal("100.00")]


@proves("price_guard_percent")
def test_a_price_beyond_the_limit_waits_and_goes_once_the_limit_allows_it(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", price="10.00")
    twinshelf.list(mug)
    settings.command("set", "price_guard_percent", "5")
    store.act("set_price", sku="MUG-1", price="11.00")
    twinshelf.settle()
    assert (prices(shop), twinshelf.problems()) == ([], [(str(mug), "E-PRC-GUARD")])

    settings.command("set", "price_guard_percent", "10")

    assert (prices(shop), twinshelf.problems()) == ([Decimal("11.00")], [])


# -- stock ------------------------------------------------------------------------------------------------------------


@proves("inventory_direction")
def test_no_stock_is_sent_while_its_direction_is_off(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    settings.page({"inventory_direction": "disabled"})

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    listings.compare(twinshelf.connection, by=MAYA)
    twinshelf.settle()

    assert quantities(shop) == []
    settings.page({"inventory_direction": "bc_to_tts"})
    assert quantities(shop) == [("MUG-1", 3)]


@proves("threshold")
@pytest.mark.covers("CED-148", "SILK-58", "SILK-59")
def test_at_the_limit_one_sku_goes_to_0_and_the_product_stays_live(store, shop, twinshelf, settings):
    mug = store.add_product(
        sku="", title="Enamel mug",
        variants=[
            {"sku": "MUG-S", "inventory_level": 14, "option_values": [{"option_display_name": "Size", "label": "S"}]},
            {"sku": "MUG-L", "inventory_level": 40, "option_values": [{"option_display_name": "Size", "label": "L"}]},
        ],
        inventory_tracking="variant",
    )  # fmt: skip
    twinshelf.list(mug)

    told = settings.page({"threshold": "13"})
    assert told == ["Saved: Low-stock limit. The stock of 1 product is worked out again."]
    assert quantities(shop) == []  # 14 stays 14
    store.act("set_stock", sku="MUG-S", quantity=13)
    twinshelf.settle()

    assert quantities(shop) == [("MUG-S", 0)]
    assert (twinshelf.listing(mug).state, twinshelf.listing(mug).status) == ("live", "ACTIVATE")
    settings.command("reset", "threshold")
    assert quantities(shop) == [("MUG-S", 0), ("MUG-S", 13)]


@proves("threshold_mode")
def test_at_the_limit_the_whole_product_goes_off_sale_where_that_is_chosen(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=5)
    twinshelf.list(mug)
    settings.page({"threshold": "5", "threshold_mode": "deactivate"})
    assert (twinshelf.listing(mug).state, quantities(shop)) == ("inactive_system", [])

    settings.command("set", "threshold_mode", "set_zero")
    twinshelf.wait(600)
    twinshelf.wait(600)

    assert (twinshelf.listing(mug).state, quantities(shop)) == ("live", [("MUG-1", 0)])


@proves("stock_percent", "stock_cap", "stock_scope")
def test_a_share_a_most_and_a_scope_limit_what_is_offered(store, shop, twinshelf, settings):
    mug, pan = (store.add_product(sku=sku, stock=11) for sku in ("MUG-1", "PAN-1"))
    twinshelf.list(mug, pan)

    settings.page({"stock_scope": "MUG-1"})
    settings.page({"stock_percent": "50"})
    settings.command("set", "stock_cap", "4")
    settings.command("reset", "stock_percent", "stock_cap")

    assert quantities(shop) == [("MUG-1", 5), ("MUG-1", 4), ("MUG-1", 11)]


@proves("last_units")
def test_the_only_shop_of_a_store_has_the_last_units_anyway(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=2)
    twinshelf.list(mug)

    settings.page({"last_units": "3"})

    assert (quantities(shop), twinshelf.listing(mug).quantity) == ([], 2)


@proves("reserve")
def test_the_reserve_is_kept_back(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)

    settings.command("set", "reserve", "4")

    assert quantities(shop) == [("MUG-1", 6)]


@proves("untracked_quantity")
def test_what_the_store_does_not_track_is_offered_with_the_number_chosen(store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=0, inventory_tracking="none")
    twinshelf.list(mug)
    assert twinshelf.listing(mug).quantity == 999

    settings.page({"untracked_quantity": "50"})

    assert quantities(shop) == [("MUG-1", 50)]


@proves("stock_while_off")
@pytest.mark.covers("CED-102")
def test_stock_of_a_listing_that_is_off_is_not_sent_unless_it_is_chosen(sandbox, store, shop, twinshelf, settings):
    mug = store.add_product(sku="MUG-1", stock=10)
    twinshelf.list(mug)
    browser = Browser()
    button = r'<button class="btn sm "\s+formaction="/products/do/deactivate/">Deactivate</button>'
    assert re.search(button, browser.get("/products/").content.decode())
    form = {"product": [pk_of(mug)], "shop": twinshelf.connection.id}
    asked = browser.client.post("/products/do/deactivate/", form)
    assert (asked.status_code, twinshelf.listing(mug).state) == (200, "live")
    browser.post("/products/do/deactivate/", form | {"confirmed": "1"})
    twinshelf.settle()
    assert (twinshelf.listing(mug).state, twinshelf.listing(mug).status) == ("inactive_seller", "SELLER_DEACTIVATED")
    assert shown(sandbox, shop, twinshelf, mug)["status"] == "SELLER_DEACTIVATED"

    store.act("set_stock", sku="MUG-1", quantity=7)
    twinshelf.wait(700)
    assert quantities(shop) == []
    assert twinshelf.differences() == []

    settings.page({"stock_while_off": "on"})
    assert quantities(shop) == [("MUG-1", 7)]
    store.act("set_stock", sku="MUG-1", quantity=6)
    twinshelf.settle()
    assert quantities(shop) == [("MUG-1", 7), ("MUG-1", 6)]

    settings.page({"stock_while_off": "off"})
    store.act("set_stock", sku="MUG-1", quantity=2)
    twinshelf.settle()
    assert quantities(shop) == [("MUG-1", 7), ("MUG-1", 6)]
    twinshelf.finished(listings.activate(twinshelf.connection, [str(mug)], by=MAYA))
    twinshelf.wait(600)

    assert quantities(shop) == [("MUG-1", 7), ("MUG-1", 6), ("MUG-1", 2)]
    went = [e.kind for e in sandbox.world.effects if e.kind in {"stock_set", "product_status"}]
    assert went[-3:] == ["stock_set", "product_status", "product_status"]  # never on sale with the number of before
    assert (twinshelf.listing(mug).state, twinshelf.differences()) == ("live", [])


# -- orders -----------------------------------------------------------------------------------------------------------


@proves("pull_orders")
@pytest.mark.covers("P17-32")
def test_no_orders_are_taken_while_their_import_is_off(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"pull_orders": "off"})

    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    assert store.effects("order_created") == []
    assert twinshelf.order(order_id).creation == "ignored"
    told = settings.page({"pull_orders": "on"})
    assert told == ["Saved: Create TikTok orders in BigCommerce. 1 order is looked at again."]
    assert len(store.effects("order_created")) == 1


@proves("create_unpaid")
def test_unpaid_orders_are_created_only_where_they_are_wanted(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1), pay=False)
    twinshelf.settle()
    assert store.effects("order_created") == []

    settings.page({"create_unpaid": "on"})

    assert len(store.effects("order_created")) == 1
    assert store.act("order", order_id=twinshelf.order(order_id).store_order_id)["status_id"] == 7  # Awaiting Payment


@proves("sync_fbt")
@pytest.mark.covers("SILK-89", "P17-35")
def test_orders_that_tiktok_fulfills_stay_here_or_arrive_as_shipped(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id = shop.buy(("MUG-1", 1), fulfillment_type="FULFILLMENT_BY_TIKTOK", shipping_type="TIKTOK")
    twinshelf.wait(HELD_SECONDS)
    assert store.effects("order_created") == []
    assert twinshelf.order(order_id).creation == "ignored"

    settings.command("set", "sync_fbt", "on")

    assert len(store.effects("order_created")) == 1
    assert twinshelf.order(order_id).store_state == "shipped"


@proves("retry_orders")
@pytest.mark.covers("SILK-88")
def test_a_failed_order_is_tried_again_three_times_or_not_at_all(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"retry_orders": "off"})
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    tries = fault(sandbox, action="status", status=422, times=None, **CREATE_ORDER)
    twinshelf.wait(HELD_SECONDS)
    twinshelf.wait(7200)
    assert (twinshelf.order(order_id).attempts, twinshelf.problems()) == (1, [(order_id, "E-ORD-CREATE")])

    settings.page({"retry_orders": "on"})
    failed_at = twinshelf.order(order_id).failed_at
    assert failed_at is not None
    orders.retry(twinshelf.order(order_id), by=MAYA)  # its retries are counted anew
    twinshelf.settle()
    attempts = []
    for _ in range(5):
        attempts.append(twinshelf.order(order_id).attempts)
        twinshelf.wait(601)
    assert attempts == [1, 2, 3, 4, 4]  # at once, after 10, 20 and 30 minutes, then never again
    assert twinshelf.problems() == [(order_id, "E-ORD-CREATE")]
    assert store.effects("order_created") == []
    del tries
    sandbox.faults.clear()
    orders.retry(twinshelf.order(order_id), by=MAYA)
    twinshelf.settle()
    assert len(store.effects("order_created")) == 1


@proves("email_pattern", "platform_shipping_text")
@pytest.mark.covers("CED-108")
def test_email_and_shipping_method_are_written_as_chosen(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    before = shop.buy(("MUG-1", 1), shipping_type="TIKTOK")
    twinshelf.wait(HELD_SECONDS)
    settings.page({"email_pattern": "tts-{order_id}@shop.example", "platform_shipping_text": "TikTok ships it"})
    second = shop.buy(("MUG-1", 1), shipping_type="TIKTOK")
    twinshelf.wait(HELD_SECONDS)

    first, last = (store.act("order", order_id=twinshelf.order(one).store_order_id) for one in (before, second))
    assert first["billing_address"]["email"].endswith("@tiktok.com")
    assert last["billing_address"]["email"] == f"tts-{second}@shop.example"
    assert (shipping_method(first), shipping_method(last)) == ("shipped by TTS platform", "TikTok ships it")


@proves("shipping_methods")
@pytest.mark.covers("SILK-92")
def test_a_shipping_option_goes_by_the_name_that_it_was_given(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))

    def created(*shipping_types: str) -> list[str]:
        bought = [shop.buy(("MUG-1", 1), shipping_type=each) for each in shipping_types]
        twinshelf.wait(HELD_SECONDS)
        return [shipping_method(store.act("order", order_id=twinshelf.order(one).store_order_id)) for one in bought]

    settings.page({"shipping_methods": "Shipped by seller = UPS Ground®\nstandard shipping = Not this"})
    assert created("SELLER", "TIKTOK") == ["UPS Ground®", "shipped by TTS platform"]  # another spelling is another
    settings.command("set", "shipping_methods", "Standard shipping = Ground,Express shipping = Air")
    assert created("SELLER", "TIKTOK") == ["Shipped by seller", "Ground"]
    settings.command("reset", "shipping_methods")
    assert created("TIKTOK") == ["shipped by TTS platform"]


@proves("relay_email")
@pytest.mark.covers("CED-109")
def test_the_email_is_the_buyers_number_unless_tiktok_forwards(sandbox, store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    without = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    settings.page({"relay_email": "on"})
    wanted = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)

    orders = sandbox.world.table(f"tt/{shop.id}/orders")
    emails = [
        store.act("order", order_id=twinshelf.order(one).store_order_id)["billing_address"]["email"]
        for one in (without, wanted)
    ]
    assert emails == [f"{orders[without]['user_id']}@tiktok.com", orders[wanted]["buyer_email"]]
    assert "@chat." in emails[1]


@proves("pull_store_orders")
def test_the_stores_own_orders_are_listed_only_where_that_is_wanted(store, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    theirs = str(store.act("place_order", lines=[{"sku": "MUG-1", "quantity": 1}]))
    browser = Browser()

    def listed() -> list[str]:
        return [row.store_order_id for row, _address in browser.get("/orders/bigcommerce/").context["lines"]]

    assert listed() == []
    settings.page({"pull_store_orders": "on"})
    assert listed() == [theirs]
    settings.command("reset", "pull_store_orders")
    assert listed() == []


@proves("archive_cancelled")
@pytest.mark.covers("SILK-90")
def test_cancelled_orders_leave_the_list_and_are_found_under_archived(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    kept, gone = shop.buy(("MUG-1", 1)), shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    sandbox.act("tt.cancel_order", order_id=gone)
    twinshelf.settle()
    browser = Browser()

    def listed(query: str) -> tuple[set[str], dict[str, int]]:
        page = browser.get(f"/orders/{query}").context
        return {line.row.order_id for line in page["lines"]}, {name: number for name, _word, number in page["tabs"]}

    rows, tabs = listed("")
    assert (rows, tabs["all"], tabs["cancelled"], "archived" in tabs) == ({kept, gone}, 2, 1, False)
    settings.page({"archive_cancelled": "on"})
    rows, tabs = listed("")
    assert (rows, tabs["all"], tabs["cancelled"], tabs["archived"]) == ({kept}, 1, 0, 1)
    assert listed("?tab=cancelled")[0] == set()
    assert listed("?tab=archived")[0] == {gone}
    assert listed(f"?q={gone}")[0] == {gone}  # who looks for it finds it
    settings.command("reset", "archive_cancelled")
    assert listed("")[0] == {kept, gone}
    assert len(store.effects("order_created")) == 2


def shipping_method(order: dict[str, Any]) -> str:
    return str(order["shipping_addresses"][0]["shipping_method"])


@proves("delivered_status")
def test_delivered_orders_get_the_status_chosen(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"delivered_status": "shipped"})
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    store.act("ship_order", order_id=store_order_id, carrier="usps", tracking_number="9400111899223100000001")
    twinshelf.settle()
    sandbox.act("tt.carrier_scan", order_id=order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    twinshelf.settle()
    assert store.act("order", order_id=store_order_id)["status_id"] == 2

    told = settings.page({"delivered_status": "awaiting_pickup"})
    assert told == ["Saved: Status of delivered orders. 1 order is looked at again."]
    assert store.act("order", order_id=store_order_id)["status_id"] == 8
    settings.page({"delivered_status": "shipped"})
    assert store.act("order", order_id=store_order_id)["status_id"] == 8  # a status only moves forward


@proves("unpaid_status")
def test_unpaid_orders_get_the_status_chosen(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"create_unpaid": "on", "unpaid_status": "pending"})
    order_id = shop.buy(("MUG-1", 1), pay=False)
    twinshelf.settle()
    assert store.act("order", order_id=twinshelf.order(order_id).store_order_id)["status_id"] == 1


@proves("awaiting_shipment_status", "awaiting_collection_status", "in_transit_status", "completed_status")
@pytest.mark.covers("SILK-39")
def test_an_order_goes_through_the_statuses_chosen_and_never_back(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"awaiting_shipment_status": "awaiting_shipment", "in_transit_status": "completed"})
    settings.page({"completed_status": "shipped"})
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    def status() -> int:
        return int(store.act("order", order_id=store_order_id)["status_id"])

    assert status() == 9  # as awaiting shipment from the first
    told = settings.page({"awaiting_shipment_status": "awaiting_fulfillment"})
    assert told == ["Saved: Status of orders to ship. 1 order is looked at again."]
    assert status() == 9  # only forward
    sandbox.act("tt.ship_order", order_id=order_id)
    twinshelf.settle()
    assert (twinshelf.order(order_id).status, status()) == ("AWAITING_COLLECTION", 9)
    settings.page({"awaiting_collection_status": "shipped"})
    assert status() == 2
    sandbox.act("tt.carrier_scan", order_id=order_id)
    twinshelf.settle()
    assert (twinshelf.order(order_id).status, status()) == ("IN_TRANSIT", 10)
    sandbox.act("tt.deliver", order_id=order_id)
    sandbox.act("tt.complete", order_id=order_id)
    twinshelf.settle()
    assert (twinshelf.order(order_id).status, status()) == ("COMPLETED", 10)
    assert (twinshelf.problems(), len(store.orders())) == ([], 1)

    second, made = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    store.act("set_order_status", order_id=made, status_id=12)  # a person must verify it: that stays
    sandbox.act("tt.ship_order", order_id=second)
    twinshelf.settle()
    assert store.act("order", order_id=made)["status_id"] == 12


@proves("order_poll_minutes")
def test_orders_are_looked_for_as_often_as_chosen(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    lose_webhooks(sandbox)
    settings.page({"order_poll_minutes": "2"})
    twinshelf.wait(121)

    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(119)
    seen = known(order_id)
    twinshelf.wait(2)

    assert (seen, known(order_id)) == (False, True)


def known(order_id: str) -> bool:
    from twinshelf.orders.models import ShopOrderRow  # noqa: PLC0415 - only here

    return ShopOrderRow.objects.filter(order_id=order_id).exists()


@proves("order_ids")
@pytest.mark.covers("P17-26")
def test_only_the_orders_listed_are_created_until_the_list_is_empty(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    said = "of US is processed. Its settings list their TikTok order numbers; all other orders stay here."
    assert said not in Browser().words("/orders/")
    settings.page({"order_ids": "1"})
    assert f"Only 1 order {said}" in Browser().words("/orders/")
    first, second = shop.buy(("MUG-1", 1)), shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS)
    assert store.effects("order_created") == []

    settings.command("set", "order_ids", second)
    assert (twinshelf.order(first).creation, twinshelf.order(second).creation) == ("ignored", "created")
    settings.command("reset", "order_ids")

    assert said not in Browser().words("/orders/")
    assert twinshelf.order(first).creation == "created"
    assert len(store.effects("order_created")) == 2


# -- shipping ---------------------------------------------------------------------------------------------------------


@proves("fulfillment_direction")
def test_no_shipment_is_reported_while_its_direction_is_off(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"fulfillment_direction": "disabled"})
    _order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    store.act("ship_order", order_id=store_order_id, carrier="usps", tracking_number="9400111899223100000001")
    twinshelf.settle()

    assert shop.effects("package_shipped") == []
    told = settings.page({"fulfillment_direction": "bc_to_tts"})
    assert told == ["Saved: Shipments direction. The shipments of 1 order are looked at again."]
    assert len(shop.effects("package_shipped")) == 1


@proves("fulfillment_direction")
def test_what_tiktok_shipped_is_written_once_its_direction_is_chosen(sandbox, store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id, _store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    sandbox.act("tt.ship_order", order_id=order_id, carrier="USPS")
    twinshelf.settle()
    assert store.effects("shipment_created") == []

    told = settings.page({"fulfillment_direction": "tts_to_bc"})

    assert told == ["Saved: Shipments direction. The packages of 1 order are looked at again."]
    assert len(store.effects("shipment_created")) == 1


@proves("carriers")
@pytest.mark.covers("CED-152", "CED-153", "SILK-91")
def test_a_carrier_goes_by_the_map_under_its_exact_name(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"carriers.bc": ["DFL ltd"], "carriers.tt": ["UPS"]})
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    store.act("ship_order", order_id=store_order_id, carrier="DFL", tracking_number="9400111899223100000001")
    twinshelf.settle()
    assert shop.effects("package_shipped") == []
    assert twinshelf.problems() == [(order_id, "E-FUL-CARRIER")]
    assert preferences.read_carriers(twinshelf.connection, by=MAYA) > 3
    told = settings.page({"carriers.bc": ["DFL ltd", "DFL"], "carriers.tt": ["UPS", "USPS"]})

    assert told == ["Saved: Carriers. The shipments of 1 order are looked at again."]
    [shipped] = shop.effects("package_shipped")
    assert (shipped.detail["provider_name"], shipped.detail["tracking"]) == ("USPS", "9400111899223100000001")
    assert twinshelf.problems() == []
    settings.command("set", "carriers", "DFL = UPS")
    _second, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    store.act("ship_order", order_id=store_order_id, carrier="DFL", tracking_number="1Z999AA10123456784")
    twinshelf.settle()
    assert [effect.detail["provider_name"] for effect in shop.effects("package_shipped")] == ["USPS", "UPS"]


# -- cancellations ----------------------------------------------------------------------------------------------------


@proves("cancel_tts_to_bc")
def test_a_cancellation_on_tiktok_is_passed_on_only_where_that_is_wanted(store, shop, twinshelf, settings, sandbox):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"cancel_tts_to_bc": "off"})
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    assert store.act("order", order_id=store_order_id)["status_id"] == 11

    told = settings.page({"cancel_tts_to_bc": "on"})
    assert told == ["Saved: TikTok → BigCommerce. The cancellation of 1 order is looked at again."]
    assert store.act("order", order_id=store_order_id)["status_id"] == 5


@proves("cancel_bc_to_tts", "cancel_reason")
def test_a_cancellation_in_the_store_is_passed_on_with_the_reason_chosen(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.page({"cancel_bc_to_tts": "off", "cancel_reason": "seller_cancel_reason_wrong_price"})
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    store.act("cancel_order", order_id=store_order_id)
    twinshelf.settle()
    assert shop.effects("cancellation") == []

    settings.page({"cancel_bc_to_tts": "on"})
    [cancelled] = shop.effects("cancellation")
    assert (cancelled.detail["order_id"], cancelled.detail["reason"]) == (order_id, "seller_cancel_reason_wrong_price")


@proves("cancel_app_to_bc")
@pytest.mark.covers("P17-03")
def test_a_cancellation_made_here_reaches_the_store_only_where_that_is_wanted(store, shop, twinshelf, settings):
    twinshelf.list(store.add_product(sku="MUG-1"))
    settings.command("set", "cancel_app_to_bc", "off")
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    orders.cancel(twinshelf.order(order_id), "seller_cancel_reason_out_of_stock", by=MAYA)
    twinshelf.settle()
    assert len(shop.effects("cancellation")) == 1
    assert store.act("order", order_id=store_order_id)["status_id"] == 11

    settings.command("set", "cancel_app_to_bc", "on")
    assert store.act("order", order_id=store_order_id)["status_id"] == 5


# -- all of them ------------------------------------------------------------------------------------------------------


@proves("refund_returns", "restock_returns")
def test_what_comes_back_is_refunded_and_put_into_stock_as_the_settings_say(settings, sandbox, store, shop, twinshelf):
    store.add_product(sku="MUG-1", price="12.00")
    twinshelf.list()
    aftersale = Aftersale(sandbox, store, shop, twinshelf)
    received = ReturnDecision.APPROVE_RECEIVED_PACKAGE

    settings.page({"refund_returns": "off", "restock_returns": "off"})
    first = aftersale.delivered(("MUG-1", 1))
    aftersale.decide(aftersale.received(first), received)
    twinshelf.wait(60)
    assert (aftersale.refunds(), aftersale.added()) == ([], [])

    settings.page({"refund_returns": "on", "restock_returns": "on"})
    second = aftersale.delivered(("MUG-1", 1))
    aftersale.decide(aftersale.received(second), received)
    twinshelf.wait(60)
    assert [order_id for order_id, _total, _items in aftersale.refunds()] == [first, second]
    assert aftersale.added() == [("MUG-1", 1)]  # what came back before was said to stay out of stock


@proves("pull_locations")
def test_locations_are_read_only_where_they_are_used(settings, store, twinshelf):
    second_location(store)
    store.add_product(sku="MUG-1")
    twinshelf.pull()
    assert not Location.objects.exists()

    settings.command("set", "pull_locations", "on")
    assert sorted(Location.objects.values_list("label", flat=True)) == ["Default location", "Reno"]
    settings.page({"pull_locations": "off"})
    assert not Location.objects.exists()


def test_every_preference_has_its_proof():
    assert set(PROVED) == set(FIELDS)
