"""The product list, one product on both sides, and what may be done to many."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.interfaces.conftest import Console
from twinshelf.connections import queries as connections
from twinshelf.console.routes import address_of
from twinshelf.documents import Product, from_json, to_json
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.listings.models import Link, ListingRow, ProductChoicesRow
from twinshelf.messages import remedy, text
from twinshelf.rules.models import Membership, Template
from twinshelf.sync.models import Problem, Task, TaskItem


def titles(page: Any) -> list[str]:
    return [line.product.title for line in page["page"].rows]


# -- what is in the list --------------------------------------------------------------------------------------------


@pytest.mark.covers("CED-65", "CED-66")
def test_the_counts_of_the_states_add_up_to_all_and_each_filters(console):
    pills = {name: count for name, _word, count in console.get("/products/")["pills"]}

    assert pills.pop("shop_only") == 1  # apart from the others: what only the shop has
    assert pills.pop("all") == 60 == sum(pills.values())
    for state, count in pills.items():
        page = console.get(f"/products/?state={state}&per=100")
        assert len(page["page"].rows) == count == page["page"].total


def test_of_one_shop_the_counts_are_those_of_its_listings(console, world):
    pills = {name: count for name, _word, count in console.get(f"/products/?shop={world.us.id}")["pills"]}

    states = ListingRow.objects.filter(connection=world.us)
    assert pills.pop("shop_only") == 1
    assert pills["live"] == states.filter(state="live").count() == 41
    assert pills["off"] == 3
    assert pills["not_uploaded"] == 60 - 41 - 4 - 2 - 5 - 3 - 1
    assert sum(count for name, count in pills.items() if name != "all") == 60


def test_a_product_in_several_shops_counts_under_the_state_that_needs_a_person_most(console, world):
    live_in_one_failed_in_the_other = ListingRow.objects.filter(connection=world.us, state="failed")[0]
    ListingRow.objects.update_or_create(
        account=world.account,
        connection=world.uk,
        product_id=live_in_one_failed_in_the_other.product_id,
        defaults={"state": "live"},
    )
    key = live_in_one_failed_in_the_other.product_id

    assert key in [line.product.product_id for line in console.get("/products/?state=failed")["page"].rows]
    assert key not in [line.product.product_id for line in console.get("/products/?state=live")["page"].rows]
    assert key in [
        line.product.product_id for line in console.get(f"/products/?state=live&shop={world.uk.id}")["page"].rows
    ]


def test_what_is_gone_from_the_store_is_in_no_count_and_no_list(console, world):
    gone = ListingRow.objects.filter(connection=world.us, state="live")[0]
    StoreProduct.objects.filter(product_id=gone.product_id).update(deleted=True)

    for address in ("/products/", f"/products/?shop={world.us.id}"):
        pills = {name: count for name, _word, count in console.get(address)["pills"]}
        assert pills["all"] == 59
        assert pills.pop("shop_only") == 2
        assert sum(count for name, count in pills.items() if name != "all") == 59
    assert len(titles(console.get("/products/?per=100"))) == 59
    # Its own page says so, and can still be reached.
    row = StoreProduct.objects.get(product_id=gone.product_id)
    assert "Gone from BigCommerce" in console.get(f"/products/{row.pk}/")


def test_what_only_tiktok_has_stays_visible_and_can_be_taken_off_sale(console, world):
    assert "On TikTok only 1" in console.get("/products/")
    listed = ListingRow.objects.filter(connection=world.us, state="live")[0]
    bare = ListingRow.objects.filter(state="not_uploaded").exclude(product_id=listed.product_id)[0]
    other = ListingRow.objects.filter(connection=world.uk, product_id=bare.product_id).exclude(state="not_uploaded")
    other.delete()
    ListingRow.objects.filter(product_id=bare.product_id).update(state="not_uploaded")
    StoreProduct.objects.filter(product_id__in=[listed.product_id, bare.product_id]).update(deleted=True)
    row = StoreProduct.objects.get(product_id=listed.product_id)

    page = console.get(f"/products/?state=shop_only&shop={world.us.id}")
    assert [line.product.product_id for line in page["page"].rows] == [listed.product_id]
    assert page["page"].total == 1
    assert "On TikTok only 2" in page
    assert f"/products/{row.pk}/" in " ".join(page.links)

    console.post("/products/do/deactivate/", {"product": [row.pk], "shop": world.us.id, "confirmed": "1"})
    assert keys_of(Task.objects.latest("id")) == {listed.product_id}
    before = Task.objects.count()
    console.post("/products/do/list/", {"product": [row.pk], "shop": world.us.id, "confirmed": "1"})
    assert Task.objects.count() == before


@pytest.mark.parametrize(
    ("_case", "query", "expected"),
    [
        ("name, whatever the case", "q=LINEN+storage", 3),
        ("SKU", "q=fh-2048", 1),
        ("SKU of a variant", "q=FH-2048-MOS", 1),
        ("barcode", "q=5012345678911", 1),
        ("words in any order", "q=large+linen", 3),
        ("a wildcard is a letter like any other", "q=%25", 0),
        ("category", "category=Kitchen+%3E+Jars", 9),
        ("out of stock", "stock=out", 3),
        ("few left", "stock=low", 2),
        ("a type that there is not", "type=bundle", 60),
        ("filters combine", "q=linen&category=Home&stock=in", 3),
        ("with problems", "problem=any", 10),
        ("with one problem", "problem=E-LST-IMGURL", 4),
        ("nonsense is left out", "state=none&sort=x&shop=abc&page=-1&stock=odd", 60),
    ],
)
def test_filters(console, _case, query, expected):
    assert console.get(f"/products/?{query}")["page"].total == expected


def test_each_filter_is_a_chip_that_takes_only_itself_away(console, world):
    page = console.get(f"/products/?q=linen&shop={world.us.id}&stock=in&state=live&page=2")

    assert [words for _name, words in page["chips"]] == ["Search: linen", "Shop US", "In stock"]
    assert f"?shop={world.us.id}&stock=in&state=live" in page.links  # without the search, from the first page
    assert "/products/" in page.links  # Clear all


@pytest.mark.covers("CED-43")
def test_paging_says_where_one_is(console):
    StoreProduct.objects.filter(product_id__gte=1042).delete()

    first, last = console.get("/products/?per=5"), console.get("/products/?per=5&page=9")

    assert "Showing 1 – 5 of 42" in first
    assert "Page 1 of 9" in first
    assert "Showing 41 – 42 of 42" in last
    assert len(titles(last)) == 2
    assert titles(console.get("/products/?per=5&page=400")) == titles(last)  # there is no such page: the last
    pages = [titles(console.get(f"/products/?per=5&page={n}")) for n in range(1, 10)]
    every = [title for page in pages for title in page]
    assert len(every) == len(set(every)) == 42
    assert every == sorted(every)


@pytest.mark.parametrize(
    ("sort", "column"), [("title", "title"), ("price", "price_min"), ("stock", "stock"), ("modified", "modified_at")]
)
def test_sorting_goes_both_ways_over_all_pages(console, sort, column):
    up = console.get(f"/products/?sort={sort}&per=100")
    down = console.get(f"/products/?sort=-{sort}&per=100")

    values = [getattr(line.product, column) for line in up["page"].rows]
    assert values == sorted(values)
    assert titles(down) == titles(up)[::-1]
    assert 'aria-sort="ascending"' in up.html
    assert 'aria-sort="descending"' in down.html


def test_a_row_shows_both_sides(console, world):
    page = console.get("/products/?q=FH-2041")

    line = page["page"].rows[0]
    assert [(c.name, listing.state, count) for c, listing, count in line.listings] == [
        ("Shop US", "live", 0),
        ("Shop UK", "live", 0),
    ]
    assert "Linen Storage Basket, Large – Set of 2 FH-2041 · 3 variants" in page
    assert "$37.40 – $39.60 $34.00 – $36.00 in store" in page
    assert "1 – 15 3 – 17 in store" in page
    assert 'src="data:image/svg+xml,' in page.html


@pytest.mark.covers("CED-73")
def test_a_row_shows_ranges_and_both_statuses_and_its_error_opens_the_reason_with_the_fix(console, world):
    with_variants = StoreProduct.objects.filter(variant_count__gt=1).values("product_id")
    failed = Problem.objects.filter(lane=world.lane("listing", world.us), key__in=with_variants).earliest("id")
    row = StoreProduct.objects.get(product_id=failed.key)
    document = from_json(bytes(row.document), Product)
    units = [variant.stock or 0 for variant in document.variants]
    StoreProduct.objects.filter(pk=row.pk).update(sale="not_purchasable")

    page = console.get(f"/products/?shop={world.us.id}&q={row.sku}")

    assert f'src="{row.image_url}"' in html.unescape(page.html)
    shown = page.text[page.text.index(row.title) :]
    assert f"{row.sku} · {row.variant_count} variants Not purchasable US Failed 1 to fix" in shown
    assert min(units) < max(units)
    assert f"{min(units)} – {max(units)} in store" in shown
    prices = sorted({v.price.amount for v in document.variants})
    assert f"${prices[0]:.2f} – ${prices[-1]:.2f} in store" in shown
    badge = next(link for link in page.links if link == f"/products/{row.pk}/?shop={world.us.id}")
    opened = console.get(badge)
    assert text(failed) in opened
    assert f"Next:{remedy(failed)}".replace(" ", "") in opened.text.replace(" ", "")  # controls are links in it


@pytest.mark.parametrize(
    ("sale", "word"), [("for_sale", "For sale"), ("hidden", "Hidden"), ("not_purchasable", "Not purchasable")]
)
def test_a_row_says_whether_bigcommerce_sells_the_product(console, sale, word):
    StoreProduct.objects.filter(sku="FH-2041").update(sale=sale)

    assert f"3 variants {word} US Live" in console.get("/products/?q=FH-2041")


def test_a_title_is_never_markup(console, world):
    row = world.products[0]
    row.title = '<script>alert("x")</script><b onclick=y>'
    row.save()

    for path in ("/products/", f"/products/{row.pk}/"):
        page = console.get(path)
        assert "<script>alert" not in page.html
        assert "<b onclick" not in page.html
        assert "&lt;script&gt;alert(" in page.html


def test_a_page_of_fifty_costs_as_many_queries_as_a_page_of_five(console):
    counts = []
    for size in (5, 50):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            console.get(f"/products/?per={size}")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 29


def test_no_product_of_another_account_is_in_the_list_or_has_a_page(console, other):
    theirs = other.products[0]

    assert console.get("/products/?per=100")["page"].total == 60
    assert theirs.pk not in [line.product.pk for line in console.get("/products/?per=100")["page"].rows]
    assert console.get(f"/products/{theirs.pk}/").status == 404
    assert console.get(f"/products/?shop={other.us.id}")["wanted"].connection_id is None


# -- one product ----------------------------------------------------------------------------------------------------


def test_the_drawer_is_a_page_of_its_own_without_script(console, world):
    path = f"/products/{world.products[0].pk}/"

    page, part = console.get(path), console.get(path, hx_request="true")

    assert "<html" in page.html
    assert "<h1" in page.html
    assert "<html" not in part.html
    assert 'id="detail-title">Linen Storage Basket, Large – Set of 2</h2>' in part.html
    assert "data-close" in part.html
    assert "data-close" not in page.html.partition('class="panel detail"')[2].partition("</main>")[0]


def failed(world, code: str) -> tuple[StoreProduct, Problem]:
    problem = Problem.objects.filter(code=code, lane__owner=f"connection:{world.us.id}").select_related("lane")[0]
    return StoreProduct.objects.get(product_id=int(problem.key)), problem


def test_each_problem_is_a_card_with_its_next_step_and_its_code_folded_away(console, world):
    row, problem = failed(world, "E-LST-REVIEW")

    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")

    assert "1 thing to fix TikTok's review refused it" in page
    assert text(problem) in page
    assert "Next: Fix the items listed, then press “Try again”." in page
    visible = page.text.partition("What TikTok answered")[0]
    assert "E-LST-REVIEW" not in visible
    assert "12052900" not in visible
    assert "Code: 12052900" in page


def test_a_cause_that_lies_in_the_template_is_mended_there_for_all(console, world):
    row, problem = failed(world, "E-LST-ATTR")
    same = Problem.objects.filter(lane=problem.lane, code="E-LST-ATTR").count()

    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")

    assert same > 1
    assert f"Set in template ({same})" in page
    assert f"{same} products fail for the same reason." in page
    assert f"/connections/{world.us.id}/template/" in page.links


def ways(console, world, row, problem):
    """What is offered for a problem: (words, address), without "Try again"."""
    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")
    [actions] = [actions for each, _same, actions in page["problems"] if each.pk == problem.pk]
    assert {address_of(action) for action in actions if action.opens} <= set(page.links)
    return [(str(action.label), address_of(action)) for action in actions if action.opens]


def holding(world, name, *keys):
    made = Template.objects.create(account=world.account, connection=world.us, name=name, position=1)
    for key in keys:
        Membership.objects.create(account=world.account, connection=world.us, product_id=key, template=made)
    return made


def test_a_cause_is_mended_in_the_template_that_holds_the_products(console, world):
    row, problem = failed(world, "E-LST-ATTR")
    keys = list(Problem.objects.filter(lane=problem.lane, code="E-LST-ATTR").values_list("key", flat=True))
    n, shop = len(keys), world.us.id
    assert n > 1

    rugs = holding(world, "Rugs", *keys)
    assert ways(console, world, row, problem) == [(f"Set in template ({n})", f"/templates/{shop}/{rugs.id}/")]
    Membership.objects.filter(product_id=keys[0]).delete()
    assert ways(console, world, row, problem) == [(f"Set in templates ({n})", f"/templates/?shop={shop}")]
    holding(world, "Mats", keys[0])
    assert ways(console, world, row, problem) == [(f"Set in templates ({n})", f"/templates/?shop={shop}")]
    Membership.objects.all().delete()
    assert ways(console, world, row, problem) == [(f"Set in template ({n})", f"/connections/{shop}/template/")]


@pytest.mark.parametrize("code", ["E-CAT-KEY", "E-CAT-UNKNOWN", "E-CAT-CLOSED", "E-CAT-PERMIT"])
def test_a_category_is_mended_where_it_comes_from(console, world, code):
    row, problem = failed(world, "E-LST-REVIEW")
    Problem.objects.filter(pk=problem.pk).update(code=code, facts={})
    shop = world.us.id

    assert ways(console, world, row, problem) == [("Category map", f"/templates/categories/?shop={shop}")]
    rugs = holding(world, "Rugs", row.product_id)
    assert ways(console, world, row, problem) == [("Set in template", f"/templates/{shop}/{rugs.id}/")]
    ProductChoicesRow.objects.create(
        account=world.account, connection=world.us, product_id=row.product_id, choices={"category_id": "1"}
    )
    assert ways(console, world, row, problem) == [("Edit", f"/products/{row.pk}/edit/?shop={shop}")]


@pytest.mark.parametrize(
    ("code", "waits_for", "edits"),
    [("E-LST-BRAND", "", True), ("E-LST-TITLELEN", "", False)],
)
def test_what_only_the_product_can_say_is_mended_there(console, world, code, waits_for, edits):
    row, problem = failed(world, "E-LST-REVIEW")
    Problem.objects.filter(pk=problem.pk).update(code=code, facts={}, waits_for=waits_for)

    edit = ("Edit", f"/products/{row.pk}/edit/?shop={world.us.id}")
    assert ways(console, world, row, problem) == ([edit] if edits else [])


def test_a_certificate_is_said_for_all_products_or_for_this_one(console, world):
    row, problem = failed(world, "E-LST-REVIEW")
    Problem.objects.filter(pk=problem.pk).update(code="E-LST-CERT", facts={}, waits_for="template")

    assert ways(console, world, row, problem) == [
        ("Set in template", f"/connections/{world.us.id}/template/"),
        ("Edit", f"/products/{row.pk}/edit/?shop={world.us.id}"),
    ]


def test_the_switch_opens_the_shop_that_has_something_to_fix(console, world):
    row, _problem = failed(world, "E-LST-REVIEW")

    assert console.get(f"/products/{row.pk}/")["chosen"] == world.us
    assert console.get(f"/products/{row.pk}/?shop={world.uk.id}")["chosen"] == world.uk
    assert "1 to fix Shop US" in console.get(f"/products/{row.pk}/")


def test_the_category_shown_is_the_one_that_the_mapping_sends(console, world):
    template = Template.objects.get(connection=world.us)
    template.rules["categories"] = [
        {"key": "home > storage", "category_id": "600031", "category_path": "Home Supplies > Baskets"}
    ]
    template.save()

    page = console.get(f"/products/{world.products[0].pk}/?shop={world.us.id}")

    assert "Category Home > Storage Home Supplies > Baskets For its category in BigCommerce" in page
    assert "Storage Boxes & Bins" not in page


def test_both_sides_stand_beside_each_other_with_the_rule_that_makes_the_difference(console, world):
    row = world.products[0]
    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")

    assert "Price $34.00 – $36.00 $37.40 – $39.60 Price rule: +10% As set" in page
    assert "Stock 30 24 2 a variant kept back As set" in page
    assert (
        "Category Home > Storage Home Supplies > Home Organizers > Storage Boxes & Bins From the default template"
        in page
    )
    assert "Package – 2 lb, 12 × 10 × 6 in From the default template" in page
    assert "Exchange rate 0.88" in console.get(f"/products/{row.pk}/?shop={world.uk.id}")

    Link.objects.filter(connection=world.us, product_id=row.product_id).update(price="1.00", quantity=99)
    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")
    assert "$34.00 – $36.00 $1.00 Price rule: +10% Differs" in page
    assert "30 297 2 a variant kept back Differs" in page


def test_every_variant_shows_its_link(console, world):
    row = world.products[0]
    Link.objects.filter(connection=world.us, product_id=row.product_id, seller_sku="FH-2041-SAN").delete()

    page = console.get(f"/products/{row.pk}/?shop={world.us.id}")

    assert f"FH-2041-NAT Natural · 5012345678900 $37.40 $34.00 1 3 Linked 1729{world.us.id:04d}000010000" in page
    assert "FH-2041-SAN Sand · 5012345678902 – $36.00 – 17 Not linked" in page


def test_its_history_is_what_was_sent_and_what_was_told_newest_first(console, world):
    page = console.get(f"/products/{world.products[0].pk}/?shop={world.us.id}")

    assert [kind for kind, _at, _entry in page["history"]] == ["change", "event", "change", "event", "change", "change"]
    assert "Content sent to TikTok Shop: refused TikTok Shop refused: title too long" in page
    assert page.text.index("Stock set on TikTok") < page.text.index("Price set on TikTok")


def test_a_product_without_a_shop_says_so(console, world):
    for one in connections.connections():
        one.delete()

    assert "No TikTok Shop is connected with this store yet." in console.get(f"/products/{world.products[0].pk}/")


# -- actions --------------------------------------------------------------------------------------------------------


def keys_of(task: Task) -> set[str]:
    return set(TaskItem.objects.filter(task=task).values_list("key", flat=True))


@pytest.mark.covers("SILK-20", "CED-64")
def test_exactly_the_ticked_products_are_listed_and_one_is_taken_to_the_progress(console, world):
    ticked = world.products[3:6]

    form = {"product": [row.pk for row in ticked], "shop": world.us.id}
    page = console.post("/products/do/list/", form | {"confirmed": "1"})

    task = Task.objects.latest("id")
    assert (task.kind, task.title, task.by) == ("ask_listing", "List 3 products on Fernhollow US", world.owner)
    assert keys_of(task) == {str(row.product_id) for row in ticked}
    assert page.response.redirect_chain[-1][0] == f"/activity/{task.id}/"
    assert "List 3 products on Fernhollow US" in page
    assert "0 / 3" in page


def test_with_several_shops_one_must_be_chosen_before_anything_is_listed(console, world):
    products = [row.pk for row in world.products[:2]]
    before = Task.objects.count()

    asked = console.post("/products/do/list/", {"product": products, "next": "/products/?state=live"})

    assert Task.objects.count() == before
    assert "List or update: 2 products?" in asked
    assert "Shop US: 2 products Shop UK: 2 products" in asked
    assert "This cannot be undone at once" in asked
    assert re.findall(r'<option value="([^"]*)"', asked.html.split('id="askshop"')[1].split("</select>")[0]) == [
        "", str(world.us.id), str(world.uk.id), "all",
    ]  # fmt: skip
    assert asked["sent"] == [
        ("product", str(products[0])),
        ("product", str(products[1])),
        ("next", "/products/?state=live"),
    ]

    nothing = console.post("/products/do/list/", {"product": products, "confirmed": "1"})
    assert nothing.told == ["Nothing was done: choose the shop first."]
    assert Task.objects.count() == before

    page = console.post("/products/do/list/", {"product": products, "confirmed": "1", "shop": "all"})
    assert list(Task.objects.order_by("-id").values_list("owner", flat=True)[:2]) == [
        f"connection:{world.uk.id}",
        f"connection:{world.us.id}",
    ]
    assert page.response.redirect_chain[-1][0] == "/activity/"


def test_reading_the_status_of_all_shops_asks_nothing(console, world):
    before = Task.objects.count()

    console.post("/products/do/refresh/", {"all": "1"})

    assert Task.objects.count() == before + 2


@pytest.mark.parametrize(
    ("action", "products", "asked"),
    [
        ("deactivate", 1, True),
        ("list", 1, False),  # it is in the shop: nothing is uploaded
        ("list", 20, True),
        ("list", 21, True),
        ("sync", 20, False),
        ("sync", 21, True),
        ("activate", 20, False),
        ("activate", 21, True),
        ("refresh", 21, False),
    ],
)
def test_deactivating_and_more_than_20_products_are_asked_first(console, world, action, products, asked):
    before = Task.objects.count()
    chosen = {"product": [row.pk for row in world.products[:products]], "shop": world.us.id}

    page = console.post(f"/products/do/{action}/", chosen)
    assert (Task.objects.count() == before) is asked
    assert ("Do nothing" in page) is asked

    if asked:
        console.post(f"/products/do/{action}/", chosen | {"confirmed": "1"})
        assert Task.objects.count() == before + 1


def test_before_deactivating_it_is_said_how_many_are_live_and_what_undoing_costs(console, world):
    ids = [row.product_id for row in world.products[:30]]
    live = ListingRow.objects.filter(connection=world.us, product_id__in=ids, state="live").count()

    page = console.post(
        "/products/do/deactivate/", {"product": [row.pk for row in world.products[:30]], "shop": world.us.id}
    )

    assert 0 < live < 30
    assert "Deactivate: 30 products on Shop US?" in page
    assert f"Shop US: {live} of 30 are live and are taken off sale" in page
    assert "they go through TikTok's review again" in page


@pytest.mark.covers("SILK-20")
def test_select_all_means_all_that_the_filter_shows(console, world):
    console.post(
        "/products/do/list/",
        {"all": "1", "filter": "q=linen&page=2", "shop": world.us.id, "product": [world.products[9].pk]},
    )
    task = Task.objects.latest("id")
    assert keys_of(task) == {"1000", "1020", "1040"}

    asked = console.post("/products/do/list/", {"all": "1", "filter": "", "shop": world.us.id})
    assert "List or update: 60 products on Shop US?" in asked
    console.post("/products/do/list/", {"all": "1", "filter": "", "shop": world.us.id, "confirmed": "1"})
    assert Task.objects.latest("id").total == 60

    console.post("/products/do/refresh/", {"all": "1", "filter": f"state=live&shop={world.us.id}"})
    live = ListingRow.objects.filter(connection=world.us, state="live").values_list("product_id", flat=True)
    assert keys_of(Task.objects.latest("id")) == {str(product_id) for product_id in live}


def test_the_button_of_a_row_acts_on_that_row_alone_and_comes_back(console, world):
    page = console.post(
        "/products/do/sync/",
        {
            "only": world.products[0].pk,
            "product": [world.products[1].pk],
            "shop": world.us.id,
            "next": "/products/?state=live",
        },
    )

    task = Task.objects.latest("id")
    assert task.kind == "ask_stock"
    assert keys_of(task) == {"1000"}
    assert page.response.redirect_chain[-1][0] == "/products/?state=live"
    assert page.told == [f"Started: {task.title}. Follow it"]


def test_deactivating_can_be_undone_from_its_task(console, world):
    chosen = {"product": [row.pk for row in world.products[:2]], "shop": world.us.id, "confirmed": "1"}
    page = console.post("/products/do/deactivate/", chosen)
    task = Task.objects.latest("id")
    assert page.told == [f"Started: {task.title}. Follow it Undo"]
    assert f"/activity/{task.id}/undo/" in page.links
    assert (task.kind, keys_of(task), task.params["on"]) == ("ask_visibility", {"1000", "1001"}, False)

    Task.objects.filter(id=task.id).update(state="completed", succeeded=1, skipped=1, finished_at=clock.now())
    TaskItem.objects.filter(task=task, key="1000").update(state="skipped")
    TaskItem.objects.filter(task=task, key="1001").update(state="succeeded")
    assert "Undo" in console.get(f"/activity/{task.id}/")
    asked = console.get(f"/activity/{task.id}/undo/")
    assert "1 product is activated again" in asked
    assert "they go through TikTok's review again" in asked.text.replace("They", "they")
    assert Task.objects.latest("id") == task
    console.post(f"/activity/{task.id}/undo/")

    back = Task.objects.latest("id")
    assert (keys_of(back), back.params["on"]) == ({"1001"}, True)  # what was skipped stays as it was
    assert console.post(f"/activity/{world.running.id}/undo/").status == 404


def test_products_of_another_account_are_not_touched(console, world, other):
    before = Task.objects.count()

    page = console.post("/products/do/list/", {"product": [other.products[0].pk]})

    assert Task.objects.count() == before
    assert page.told == ["Nothing to do: no product fits."]
    assert console.post("/products/do/explode/", {"all": "1"}).status == 404
    assert console.get("/products/do/list/").status == 405


def test_one_leaves_for_no_other_site(console, world):
    page = console.post(
        "/products/do/sync/",
        {"only": world.products[0].pk, "shop": world.us.id, "next": "https://evil.example/"},
        follow=False,
    )

    assert page.response.headers["Location"] == "/products/"
    asked = console.post("/products/do/sync/", {"only": world.products[0].pk, "next": "https://evil.example/"})
    assert [link for link in asked.links if "evil" in link] == []


def test_pulling_reads_every_store(console, world):
    console.post("/products/pull/")

    task = Task.objects.latest("id")
    assert (task.kind, task.owner) == ("pull", f"store:{world.store.id}")


def test_trying_a_problem_again_asks_for_its_key(console, world):
    row, problem = failed(world, "E-LST-REVIEW")

    page = console.post(f"/activity/problems/{problem.id}/retry/", {"next": f"/products/{row.pk}/"})

    assert page.response.redirect_chain[-1][0] == f"/products/{row.pk}/"
    assert list(problem.lane.marks.values_list("key", "cause")) == [(problem.key, "retry by hand: Maya Ortiz")]
    Problem.objects.filter(id=problem.id).update(closed_at=clock.now())
    assert console.post(f"/activity/problems/{problem.id}/retry/").status == 404


def test_a_problem_that_is_old_news_shows_how_long_it_has_been(console, world):
    _row, problem = failed(world, "E-LST-REVIEW")
    Problem.objects.filter(id=problem.id).update(opened_at=clock.now() - timedelta(days=3))

    assert "3 days ago" in console.get("/activity/problems/?kind=listing&code=E-LST-REVIEW")


def test_categories_to_choose_from_come_when_asked_for(console):
    page = console.get("/products/categories/", hx_request="true")

    assert page.html.count("<option") == 13
    assert '<option value="Home &gt; Storage">' in page.html


# -- as a file --------------------------------------------------------------------------------------------------------


def exported(console, query=""):
    answer = console.client.get(f"/products.csv{query}")
    assert answer.streaming
    assert answer.headers["Content-Disposition"] == 'attachment; filename="twinshelf-products.csv"'
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_the_export_has_each_variant_of_what_the_filter_shows_in_each_shop(console, world):
    rows = exported(console, "?q=fh-2048")

    variants = StoreVariant.objects.filter(product_id=rows[0]["product_id"])
    assert sorted({row["sku"] for row in rows}) == sorted(variants.values_list("sku", flat=True))
    assert {row["connection"] for row in rows} == {world.us.name, world.uk.name}
    link = Link.objects.filter(connection=world.us, product_id=rows[0]["product_id"])[0]
    [row] = [row for row in rows if row["variant_id"] == link.variant_id and row["connection"] == world.us.name]
    assert (row["tiktok_sku"], row["tiktok_stock"]) == (link.sku_id, str(link.quantity))
    assert len({row["product_id"] for row in exported(console)}) == 60


def test_a_title_that_a_spreadsheet_would_carry_out_is_text_in_the_export(console, world):
    row = StoreProduct.objects.all()[0]
    document = msgspec.structs.replace(from_json(bytes(row.document), Product), title='=HYPERLINK("x")')
    StoreProduct.objects.filter(pk=row.pk).update(document=to_json(document))

    titles = {each["title"] for each in exported(console)}

    assert '\'=HYPERLINK("x")' in titles
    assert '=HYPERLINK("x")' not in titles


def test_an_export_costs_as_many_queries_for_fifty_products_as_for_five(console):
    counts = []
    for query in ("?category=Kitchen", ""):
        with CaptureQueriesContext(connection) as queries:
            exported(console, query)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.covers("CED-104")
def test_search_and_filters_combine_count_right_and_are_kept_in_the_address(console, world):
    shop = world.us
    default = Template.objects.get(connection=shop, is_default=True)
    linen = Template.objects.create(account=world.account, connection=shop, name="Linen things")
    every = list(StoreProduct.objects.filter(deleted=False).order_by("title", "pk"))
    held = {row.product_id for row in every if "Linen" in row.title or row.pk % 7 == 0}
    for product_id in held:
        Membership.objects.create(account=world.account, connection=shop, product_id=product_id, template=linen)
    sku = every[11].sku

    def fits(row, q, template, kind, stock):
        return (
            (not q or q in row.title.lower() or q.upper() == row.sku)
            and (not template or (row.product_id in held) == (template == linen.id))
            and (not kind or row.simple == (kind == "simple"))
            and (not stock or (row.stock == 0 if stock == "out" else row.stock is None or row.stock > 0))
        )

    combined = [
        ("linen", "", "", ""), (sku.lower(), "", "", ""), ("", linen.id, "", ""), ("", default.id, "", ""),
        ("", default.id, "variants", "in"), ("linen", linen.id, "simple", ""), ("linen", linen.id, "variants", "in"),
        ("linen", default.id, "", ""), ("", linen.id, "", "out"), (sku.lower(), default.id, "", "in"),
    ]  # fmt: skip
    found = []
    for q, template, kind, stock in combined:
        expected = [row.pk for row in every if fits(row, q, template, kind, stock)]
        given = {"q": q, "template": template, "type": kind, "stock": stock, "per": 100}
        address = f"/products/?{urlencode({name: value for name, value in given.items() if value})}"
        page = console.get(address)
        assert [line.product.pk for line in page["page"].rows] == expected, address
        assert page["page"].total == len(expected), address
        assert {name: number for name, _word, number in page["pills"]}["all"] == len(expected), address
        # what the page was asked for stands in its form, so that the next filter is added to it
        assert not template or f'<option value="{template}" selected>' in page.html, address
        assert not kind or f'<option value="{kind}" selected>' in page.html, address
        assert not stock or f'<option value="{stock}" selected>' in page.html, address
        assert f'value="{q}"' in page.html, address
        found.append(len(expected))
    assert sum(map(bool, found)) >= 7  # not only empty answers

    shared = f"/products/?q=linen&template={linen.id}&stock=in&per=100"
    colleague = Console(Client())
    colleague.client.force_login(world.owner)
    assert [line.product.pk for line in colleague.get(shared)["page"].rows] == [
        line.product.pk for line in console.get(shared)["page"].rows
    ]
    assert f"Template: {shop.name}: Linen things" in console.get(shared)
    assert console.get("/products/?template=999999")["page"].total == len(every)  # no such template: no filter
    listed = console.get(f"/templates/?shop={shop.id}")
    assert f'href="/products/?template={linen.id}">{len(held)}</a>' in listed.html
