"""Stores, shops, pairing, the default template."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import Attribute, CategoryRules, to_json
from twinshelf.kit import clock
from twinshelf.listings.models import CategoryCache, CategorySuggestions
from twinshelf.listings.queries import store_categories
from twinshelf.rules.actions import CURED
from twinshelf.rules.models import Template
from twinshelf.sync.models import Lane, Mark, Problem, Task
from twinshelf.tiktok.regions import REGIONS


@pytest.mark.covers("CED-156")
def test_each_connection_shows_its_shop_its_access_and_its_template(console):
    page = console.get("/connections/")

    assert "Shop US Connected Fernhollow Goods → Fernhollow US (7495000000001) · access until" in page
    assert "Shop UK 9 days left" in page
    assert "Template: Home Supplies > Home Organizers > Storage Boxes & Bins" in page
    assert "No template yet: products cannot be listed without a category." in page


def test_authorizing_goes_to_tiktok_with_a_state_that_only_this_browser_can_use(console):
    response = console.client.get("/connections/authorize/?region=US")

    state = parse_qs(urlsplit(response.headers["Location"]).query)["state"][0]
    assert len(state) > 40
    assert "tiktok" in response.headers["Location"]

    page = console.get("/connections/tiktok?code=abc&state=forged")
    assert page.status == 302
    assert console.get("/connections/").told == [
        (
            "This authorization did not begin here, or took too long. "
            "Start the authorization again: “Authorize:” and the market, on the Connections page."
        )
    ]
    assert console.get("/connections/authorize/?region=../").status == 404


def test_an_address_that_is_no_store_is_told_at_its_field(console):
    page = console.post("/connections/store/", {"store_hash_or_url": "!", "access_token": "secret-token"})

    assert page.status == 400
    assert "That is not a BigCommerce store hash or control-panel address." in page
    assert 'aria-invalid="true"' in page.html
    assert "secret-token" not in page.html  # a secret is never shown again


def test_a_name_names_one_connection(console, world):
    Connection.objects.filter(id=world.uk.id).delete()
    shop = Shop.objects.get(connection=None)
    assert "Pair a store with a shop" in console.get("/connections/")

    page = console.post("/connections/pair/", {"name": "Shop US", "store": world.store.id, "shop": shop.id})

    assert page.status == 400
    assert "There is a connection of this name already." in page


def test_a_shop_in_another_currency_is_asked_for_its_rate_at_once(console, world):
    Connection.objects.filter(id=world.uk.id).delete()
    shop = Shop.objects.get(connection=None)
    wanted = {"name": "Shop UK", "store": world.store.id, "shop": shop.id}
    assert "Exchange rate" not in console.get("/connections/")

    page = console.post("/connections/pair/", wanted)

    assert page.status == 400
    assert "Your BigCommerce currency is USD, the shop sells in GBP. What is 1 USD worth?" in page
    assert 'name="exchange_rate"' in page.html
    refused = console.post("/connections/pair/", {**wanted, "exchange_rate": "-1"})
    assert "Must be greater than 0." in refused
    assert not Connection.objects.filter(shop=shop).exists()


def test_a_shop_of_another_account_cannot_be_paired(console, world, other):
    Connection.objects.filter(id=world.uk.id).delete()

    page = console.post("/connections/pair/", {"name": "Theirs", "store": world.store.id, "shop": other.us.shop_id})

    assert page.status == 400
    assert console.get(f"/connections/{other.us.id}/template/").status == 404
    assert console.post(f"/connections/{other.us.id}/check/").status == 404


FORM = {
    "category_id": "600031",
    "category_path": "Kitchenware > Jars",
    "length": "12",
    "width": "",
    "height": "6",
    "weight": "2",
    "m-TOTAL_FORMS": "2",
    "m-INITIAL_FORMS": "2",
    "m-0-key": "Home & Garden",
    "m-0-category_id": "",
    "m-0-category_path": "",
    "m-1-key": "Kitchen > Mugs",
    "m-1-category_id": "600042",
    "m-1-category_path": "Kitchenware > Drinkware > Mugs",
    "a-TOTAL_FORMS": "2",
    "a-INITIAL_FORMS": "0",
    "a-0-name": "Material",
    "a-0-source": "fixed",
    "a-0-field": "",
    "a-0-value": "Glass",
    "a-1-name": "",
    "a-1-source": "fixed",
    "a-1-field": "",
    "a-1-value": "",
}


def test_the_template_is_kept_and_what_waited_for_it_is_tried_again(console, world):
    waiting = set(
        Problem.objects.filter(waits_for="template", lane__owner=f"connection:{world.uk.id}").values_list(
            "key", flat=True
        )
    )
    assert waiting

    page = console.post(f"/connections/{world.uk.id}/template/", FORM)

    template = Template.objects.get(connection=world.uk)
    assert (template.category_id, template.category_path, template.is_default) == ("600031", "Kitchenware > Jars", True)
    assert template.rules["package"]["length"] == 12
    assert template.rules["package"]["width"] is None
    assert template.rules["attributes"] == [{"name": "Material", "value": "Glass"}]  # from no field: fixed
    [row] = [row for row in console.get(f"/connections/{world.uk.id}/template/")["rows"] if row["name"].value()]
    assert (row["source"].value(), row["value"].value()) == ("fixed", "Glass")
    assert template.rules["categories"] == [
        {"key": "Kitchen > Mugs", "category_id": "600042", "category_path": "Kitchenware > Drinkware > Mugs"}
    ]
    assert page.told == [f"Template saved. {len(waiting)} products are tried again."]
    lane = Lane.objects.get(kind="listing", owner=f"connection:{world.uk.id}")
    assert set(Mark.objects.filter(lane=lane).values_list("key", flat=True)) == waiting
    assert 'value="600031"' in console.get(f"/connections/{world.uk.id}/template/").html


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category_path", "999999999"),
        ("category_path", "Kitchenware"),
        ("category_path", "600123"),
        ("m-1-category_path", "Mugs"),
        ("weight", "1.5"),
        ("length", "0"),
    ],
)
def test_a_template_that_does_not_fit_is_not_kept(console, world, field, value):
    page = console.post(f"/connections/{world.uk.id}/template/", {**FORM, field: value})

    assert page.status == 400
    assert 'class="error"' in page.html
    assert not Template.objects.filter(connection=world.uk).exists()


@pytest.mark.parametrize("written", ["600042", " Kitchenware > Drinkware > Mugs ", "kitchenware > drinkware > mugs"])
def test_a_category_may_be_written_as_its_number_or_its_path(console, world, written):
    console.post(f"/connections/{world.uk.id}/template/", {**FORM, "category_id": "", "category_path": written})

    template = Template.objects.get(connection=world.uk)
    assert (template.category_id, template.category_path) == ("600042", "Kitchenware > Drinkware > Mugs")


def test_what_was_picked_counts_only_as_long_as_its_name_stands_there(console, world):
    page = console.post(f"/connections/{world.uk.id}/template/", {**FORM, "category_path": "Candles"})

    assert page.status == 400
    assert "There is no such category in this market." in page


def test_without_a_category_for_everything_else_a_template_can_be_kept(console, world):
    console.post(f"/connections/{world.uk.id}/template/", {**FORM, "category_id": "", "category_path": ""})

    assert Template.objects.get(connection=world.uk).category_id == ""
    assert re.search(r"[0-9]+ products need a category", console.get(f"/connections/{world.uk.id}/template/").text)


def test_products_that_tiktok_refused_for_the_template_are_tried_again_too(console, world):
    lane = Lane.objects.get(kind="listing", owner=f"connection:{world.uk.id}")
    Problem.objects.all().update(waits_for="")
    refused = Problem.objects.filter(lane=lane, closed_at=None).exclude(key="*")[0]
    Problem.objects.filter(id=refused.id).update(code="E-CAT-UNKNOWN", blocking=True)
    cured = set(
        Problem.objects.filter(lane=lane, closed_at=None, blocking=True, code__in=CURED).values_list("key", flat=True)
    )

    page = console.post(f"/connections/{world.uk.id}/template/", FORM)

    assert refused.key in cured
    assert set(Mark.objects.filter(lane=lane).values_list("key", flat=True)) == cured
    assert page.told == [
        "Template saved. 1 product is tried again." if len(cured) == 1
        else f"Template saved. {len(cured)} products are tried again."
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("candle", ["854152", "1243152"]),
        ("decor cand", ["854152", "1243152"]),
        ("MUG", ["600042"]),
        ("600031", ["600031"]),
        ("sofa", []),
        ("", []),
    ],
)
def test_categories_are_found_by_words_anywhere_in_their_path(console, world, typed, found):
    page = console.get(f"/connections/{world.uk.id}/template/categories/?q={typed}&id=x")

    assert re.findall(r'data-id="([0-9]+)"', page.html) == found
    assert ("No category has these words." in page) is (found == [])


def test_a_category_that_is_closed_to_the_shop_is_shown_and_cannot_be_picked(console, world):
    page = console.get(f"/connections/{world.uk.id}/template/categories/?q=fire&id=x")

    assert "Fire Starters closed to this shop" in page
    assert 'aria-disabled="true"' in page.html


def test_required_attributes_are_rows_and_names_are_checked(console, world):
    asked = (
        Attribute(id="1", name="Material", sales=False, required=True, values=(("7", "Glass"), ("8", "Tin"))),
        Attribute(id="2", name="Style", sales=False, required=False),
        Attribute(id="3", name="Color", sales=True, required=False),
    )
    for category_id in ("600031", "600042"):
        CategoryCache.objects.create(
            account=world.uk.account, shop=world.uk.shop, category_id=category_id, read_at=clock.now(),
            attributes=to_json(asked), rules=to_json(CategoryRules()),
        )  # fmt: skip
    empty = {**FORM, "a-0-name": ""}

    shown = console.post(f"/connections/{world.uk.id}/template/", {**empty, "show": "1"})

    assert not Template.objects.filter(connection=world.uk).exists()
    assert shown["attributes"][0][0]["name"].value() == "Material"
    assert "Required Glass, Tin" in shown
    assert 'option value="Style"' in shown.html
    assert 'option value="Color"' not in shown.html

    wrong = console.post(f"/connections/{world.uk.id}/template/", {**FORM, "a-0-name": "Materail"})
    assert wrong.status == 400
    assert "These categories have no attribute of this name." in wrong


def test_a_suggestion_is_asked_for_and_is_not_saved_with_the_template(console, world):
    console.post(f"/templates/categories/{world.uk.id}/suggest/")
    lane = Lane.objects.get(kind="listings_poll", owner=f"connection:{world.uk.id}")
    assert "suggestions" in set(Mark.objects.filter(lane=lane).values_list("key", flat=True))

    row = CategorySuggestions.objects.get(connection=world.uk)
    [(category, _number), *_more] = [each for each in store_categories(world.uk) if each[0]]
    row.counted = {category.lower(): {"written": category, "number": 1}}
    row.suggested = {category.lower(): {"category_id": "600042", "confidence": "sure"}}
    row.counted_at = row.made_at = clock.after(1)
    row.save()

    page = console.get(f"/connections/{world.uk.id}/template/")
    assert f"/templates/categories/?shop={world.uk.id}" in page.links
    assert "600042" not in page.html
    assert "Accept 1 sure one" in console.get(f"/templates/categories/?shop={world.uk.id}")
    assert not Template.objects.filter(connection=world.uk).exists()


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("pull", "pull"),
        ("refresh", "ask_listing"),
        ("sync", "ask_stock"),
        ("orders", "fetch_orders"),
        ("check", "prove"),
    ],
)
def test_what_may_be_done_for_a_whole_connection_is_a_task(console, world, action, kind):
    page = console.post(f"/connections/{world.us.id}/{action}/")

    task = Task.objects.latest("id")
    assert (task.kind, task.by) == (kind, world.owner)
    assert page.response.redirect_chain[-1][0] == f"/activity/{task.id}/"
    assert console.post(f"/connections/{world.us.id}/explode/").status == 404


def test_without_an_app_of_tiktok_the_page_says_so_and_leads_nowhere(console, monkeypatch):
    monkeypatch.setattr(settings.OPERATOR, "tiktok_service_id", "")

    page = console.get("/connections/")
    assert "This installation has no TikTok app yet, so no shop can be authorized." in page
    assert "TWINSHELF_TIKTOK_SERVICE_ID" in page
    assert [link for link in page.links if "authorize" in link and "region=DE" in link] == []

    refused = console.get("/connections/authorize/?region=DE")
    assert refused.response.headers["Location"] == "/connections/"
    assert console.get("/connections/").told[0].startswith("This installation has no TikTok app yet")


def test_shops_of_every_market_can_be_authorized(console, monkeypatch):
    for name in ("tiktok_app_key", "tiktok_app_secret", "tiktok_service_id"):
        monkeypatch.setattr(settings.OPERATOR, name, "7")

    page = console.get("/connections/")

    offered = {link.rpartition("=")[2] for link in page.links if "authorize/?region=" in link}
    assert offered == set(REGIONS)
    assert "Authorize: Germany" in page
