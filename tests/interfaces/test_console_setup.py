"""The setup wizard's pages: the step that is shown, the checklist with what it stops, and what is refused."""

from __future__ import annotations

import re

import pytest

from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.connections.models import Connection, Seller, Shop, Store
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock
from twinshelf.listings.models import ShopSkuSeen
from twinshelf.proof.queries import State, preflight
from twinshelf.rules.models import Template
from twinshelf.sync import tasks
from twinshelf.sync.models import Task


@pytest.fixture
def begun(world):
    """The connection of the US shop, which the wizard has paired and no more; all of its checklist is well."""
    Shop.objects.filter(id=world.us.shop_id).update(warehouses_read_at=clock.now())
    Connection.objects.filter(id=world.us.id).update(set_up_at=None)
    Template.objects.filter(connection=world.us).delete()
    Task.objects.filter(kind="pull").delete()
    StoreVariant.objects.filter(stock=None).update(stock=3)
    return Connection.objects.get(id=world.us.id)


CATEGORY = {
    "category_id": "600031", "category_path": "Kitchenware > Jars",
    "a-TOTAL_FORMS": "0", "a-INITIAL_FORMS": "0",
}  # fmt: skip


def at(begun, name):
    return f"/setup/{begun.id}/{name}/"


def test_every_page_leads_to_the_step_that_comes_next(console, begun):
    assert console.client.get("/setup/").headers["Location"] == at(begun, "template")
    assert "Shop US is not set up yet: step 2 / 3. Nothing is sent for it before the last step" in console.get("/")
    assert "Step 2 / 3" in console.get(at(begun, "template"))
    assert console.client.get(at(begun, "defaults")).headers["Location"] == at(begun, "template")

    Template.objects.create(account=begun.account, connection=begun, name="Default", is_default=True)
    assert console.client.get("/setup/").headers["Location"] == at(begun, "template")  # of no category
    Template.objects.update(category_id="600031")

    assert console.client.get("/setup/").headers["Location"] == at(begun, "defaults")
    assert "Shop US is not set up yet: step 3 / 3." in console.get("/orders/")
    assert "Step 3 / 3" in console.get(at(begun, "defaults"))
    assert "Step 2 / 3" in console.get(at(begun, "template"))  # by Back
    assert "Step 1 / 3" in console.get("/setup/connect/")

    Connection.objects.update(set_up_at=clock.now())
    for path in ("/setup/", at(begun, "template"), at(begun, "defaults")):
        assert console.client.get(path).headers["Location"] == "/"
    assert "is not set up yet" not in console.get("/")


def test_a_category_is_a_must_in_the_second_step(console, begun):
    page = console.post(at(begun, "template"), {**CATEGORY, "category_id": "", "category_path": ""})

    assert page.status == 400
    assert "This field is required." in page
    assert not Template.objects.filter(connection=begun).exists()
    page = console.post(at(begun, "template"), {**CATEGORY, "category_id": "", "category_path": "Nonsense"})
    assert (page.status, "There is no such category in this market." in page) == (400, True)
    assert not Template.objects.filter(connection=begun).exists()


def test_the_second_step_leaves_the_category_map_as_it_is(console, begun):
    rows = [{"key": "Kitchen", "category_id": "600042", "category_path": "Kitchenware > Drinkware > Mugs"}]
    Template.objects.create(
        account=begun.account, connection=begun, name="Default", is_default=True, rules={"categories": rows}
    )

    assert console.post(at(begun, "template"), CATEGORY).status == 200

    kept = Template.objects.get(connection=begun)
    assert (kept.category_id, kept.rules["categories"][0]["category_id"]) == ("600031", "600042")


def double(begun):
    first, second = StoreVariant.objects.filter(store=begun.store).order_by("id")[:2]
    StoreVariant.objects.filter(id=second.id).update(sku=first.sku)
    return first.sku


def nameless(begun):
    product = StoreVariant.objects.filter(store=begun.store).order_by("id")[0].product_id
    other = StoreVariant.objects.filter(store=begun.store).exclude(product_id=product).order_by("id")[0]
    StoreVariant.objects.filter(product_id=product).update(sku="")
    StoreVariant.objects.filter(id=other.id).update(sku="")


def in_shop(begun):
    for number in (1, 2):
        ShopSkuSeen.objects.create(
            account=begun.account, shop=begun.shop, tiktok_id=f"9{number}", sku_id=f"8{number}", seller_sku="TWICE"
        )


def currency(begun):
    Shop.objects.filter(id=begun.shop_id).update(currency="EUR")


def untaken(begun):
    currency(begun)
    Connection.objects.filter(id=begun.id).update(preferences={"exchange_rate": "1.1"})
    Store.objects.update(currencies={"USD": {"rate": "1", "orders": True}})


UNMET = {
    "store": (lambda _begun: Store.objects.update(state="disconnected"), State.FIX, "Enter its API account again"),
    "shop": (lambda _begun: Seller.objects.update(state="disconnected"), State.FIX, "“Reauthorize the shop”"),
    "shop scopes": (lambda _begun: Seller.objects.update(scopes=["seller.order.info"]), State.FIX,
                    "Not granted: seller.fulfillment.basic,"),
    "active": (lambda _begun: Shop.objects.update(failing=[["SHOP_STATUS", ["Suspended."]]]), State.FIX,
               "Suspended. Mend that in Seller Center"),
    "active unasked": (lambda _begun: Shop.objects.update(warehouses_read_at=None), State.WAITING,
                       "Press “Check again”."),
    "region": (lambda _begun: Shop.objects.update(region="ZZ"), State.FIX, "Connect a shop of another market."),
    "warehouses": (lambda _begun: Shop.objects.update(warehouses=[]), State.FIX, "Add a warehouse in Seller Center"),
    "currency": (currency, State.FIX, "no rate is confirmed. Enter the “Exchange rate” in the settings."),
    "currency untaken": (untaken, State.LATER, "BigCommerce takes no orders in EUR"),
    "missing": (nameless, State.LATER, "Give each a SKU in BigCommerce, then pull products."),
    "doubled": (double, State.FIX, "Give each a SKU of its own, then pull products."),
    "doubled in the shop": (in_shop, State.FIX, "1 SKU twice in TikTok Shop: TWICE."),
    "tracked": (lambda _begun: StoreVariant.objects.filter(sku__endswith="NAT").update(stock=None), State.LATER,
                "Switch on “Track inventory”"),
    "products": (lambda begun: tasks.submit(begun.account_id, "pull", "Pull", owner=f"store:{begun.store_id}",
                                            by=COMMAND_LINE),
                 State.WAITING, "were read so far. Wait until all are read."),
    "category": (lambda _begun: None, State.WAITING, "Choose a “TikTok category” in step 2."),
}  # fmt: skip


@pytest.mark.covers("SILK-02")
@pytest.mark.parametrize("case", UNMET)
def test_the_checklist_names_each_unmet_item_with_its_fix_and_only_blocking_ones_stop_a_save(console, begun, case):
    unmeet, state, fix = UNMET[case]
    key = case.partition(" ")[0]
    unmeet(begun)
    begun = Connection.objects.select_related("store", "shop").get(id=begun.id)

    page = console.get(at(begun, "template"))
    found = preflight(begun.store, begun.shop, begun)
    [item] = [item for item in found.items if item.key == key]

    assert [each.key for each in found.items] == [
        "store", "shop", "active", "region", "warehouses", "currency", "products", "missing", "doubled", "tracked",
        "category",
    ]  # fmt: skip
    assert (item.state, fix in f"{item.text} {item.fix}") == (state, True), f"{item.text} {item.fix}"
    assert f"{item.text} {item.fix}" in page
    well = {"category", key} | ({"warehouses"} if case == "active unasked" else set())
    assert {each.key for each in found.items if each.state is not State.OK} <= well
    saved = console.client.post(at(begun, "template"), CATEGORY)
    assert saved.status_code == (400 if state is State.FIX else 302)
    assert Template.objects.filter(connection=begun).exists() is (state is not State.FIX)
    if state is State.FIX:
        assert f"1 thing first: {item.title}" in page


@pytest.mark.covers("P17-36")
def test_the_checklist_counts_the_products_and_variants_without_a_sku(console, begun):
    nameless(begun)
    bare = StoreVariant.objects.filter(store=begun.store, sku="")
    number = bare.count()
    assert bare.values("product_id").distinct().count() == 2

    page = console.get(at(begun, "template"))

    assert f"Without a SKU: {number} variants, in 2 products. They are left out until they have one." in page
    bare.exclude(id=bare.order_by("id")[0].id).update(deleted=True)
    assert "Without a SKU: 1 variant, in 1 product." in console.get(at(begun, "template"))
    bare.update(deleted=True)
    assert "Without a SKU" not in console.get(at(begun, "template"))


def test_the_checklist_asks_no_more_however_many_products_there_are(begun, django_assert_max_num_queries):
    for _again in range(2):
        with django_assert_max_num_queries(16):
            preflight(begun.store, begun.shop, begun)
        StoreVariant.objects.filter(store=begun.store).update(sku="")


def test_the_last_step_refuses_what_does_not_fit_and_keeps_what_was_typed(console, begun):
    Template.objects.create(
        account=begun.account, connection=begun, name="Default", is_default=True, category_id="600031"
    )
    sent = {
        "price_rule.kind": "fixed_up", "price_rule.value": "a lot", "auto_import": "on", "sku_scope": "FH-1",
    }  # fmt: skip
    page = console.post(at(begun, "defaults"), sent)

    assert page.status == 400
    assert "Not saved. Amount or percent of the price rule : Must be a number." in page.text
    assert "FH-1" in page
    assert re.search(r'id="auto_import"\s+name="auto_import"\s+value="on"\s+checked', page.html)
    kept = Connection.objects.get(id=begun.id)
    assert (kept.set_up_at, "sku_scope" in kept.preferences) == (None, False)
