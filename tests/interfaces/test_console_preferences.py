"""The settings page of a connection: what stands on it, what saving does, what is told at its field, the way back."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.console_data import World
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry
from twinshelf.connections.models import Connection
from twinshelf.connections.preferences import Preferences, PriceRule
from twinshelf.console import guide
from twinshelf.console.views.preferences import PARTS
from twinshelf.listings.models import ListingRow
from twinshelf.preferences import actions
from twinshelf.preferences.effects import CONCERNS
from twinshelf.preferences.fields import CARDS, FIELDS, parse, text_of, value_of, with_values
from twinshelf.sync.models import Lane, Mark, Problem


def page_of(connection) -> str:
    return f"/connections/{connection.id}/settings/"


def stored(connection) -> dict[str, object]:
    found: dict[str, object] = Connection.objects.get(id=connection.id).preferences
    return found


def marks(connection, kind: str) -> set[str]:
    lane = Lane.objects.filter(kind=kind, owner=f"connection:{connection.id}")
    return set(Mark.objects.filter(lane__in=lane).values_list("key", flat=True))


def test_every_preference_has_its_control_label_help_and_default(console, world):
    page = console.get(page_of(world.us))

    assert [row.field.name for row in _shown(page)] == list(FIELDS)
    assert set(CONCERNS) == set(FIELDS)
    for row in _shown(page):
        name, field = row.field.name, row.field
        assert f'id="{name}"' in page.html
        assert str(field.label) in page or "." in name
        assert str(field.help) in page or "." in name
        assert str(CARDS[field.card]) in page
        assert f"Default: {row.default}" in page


def _shown(page):
    return [part.shown for _card, _title, rows, _n, _wrong in page["cards"] for row in rows for part in row.parts]


def test_units_are_those_of_the_store_and_the_shop(console, world):
    measures = {row.field.name: row.measure for row in _shown(console.get(page_of(world.uk)))}

    assert measures["exchange_rate"] == "GBP for 1 USD"
    assert (measures["package.length"], measures["package.weight"]) == ("in", "lb")
    assert (measures["order_poll_minutes"], measures["threshold"]) == ("minutes", "units")


def test_a_rule_is_saved_told_and_its_prices_are_asked_for(console, world):
    live = set(ListingRow.objects.filter(connection=world.uk, state="live").values_list("product_id", flat=True))
    assert len(live) == 22

    page = console.post(page_of(world.uk), {"price_rule.kind": "percent_up", "price_rule.value": "12.5"})

    assert stored(world.uk)["price_rule"] == {"kind": "percent_up", "value": "12.5"}
    assert page.told == [
        "Saved: Price rule, Amount or percent of the price rule. The prices of 22 products are worked out again."
    ]
    assert marks(world.uk, "price") == live
    assert marks(world.uk, "stock") == set()
    assert marks(world.us, "price") == set()


def test_what_saving_would_do_is_said_before(console, world):
    told = console.post(f"{page_of(world.uk)}effect/", {"price_rule.kind": "fixed_up", "price_rule.value": "1"})

    assert "2 not saved: Price rule, Amount or percent of the price rule The prices of 22 products change." in told
    assert "price_rule" not in stored(world.uk)
    assert marks(world.uk, "price") == set()


def test_a_limit_says_how_many_skus_go_to_0(console, world):
    told = console.post(f"{page_of(world.us)}effect/", {"threshold": "5"})

    assert re.search(r"The stock of 5\d products is worked out again; \d+ SKUs go to 0\.", told.text)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("threshold", "-1", "The threshold must be a whole number of 0 or more."),
        ("threshold", "2.5", "Must be a whole number."),
        ("package.length", "2.5", "Must be a whole number."),
        ("package.weight", "0", "Must be greater than 0."),
        ("exchange_rate", "0", "Must be greater than 0."),
        ("exchange_rate", "0,88", "Write decimals with a point: 0.88."),
        ("exchange_rate", "1e999", "Must be a number."),
        ("price_guard_percent", "-1", "Must be 0 or more."),
        ("price_guard_percent", "", "Must be a number."),
        ("reserve", "", "Must be a whole number."),
        ("order_poll_minutes", "31", "Must be between 1 and 30."),
        ("order_ids", "5761 abc", "“abc” is no TikTok order number."),
        ("shipping_methods", "Standard", "Write a line as: TikTok's shipping option = BigCommerce's shipping method."),
        ("shipping_methods", "A = B\nA = C", "“A” is there twice."),
        ("email_pattern", "{buyer}@shop.example", "Only {buyer_id} and {order_id} may stand in braces."),
        ("email_pattern", "no address", "Must be an email address, such as {buyer_id}@example.com."),
        ("platform_shipping_text", " ", "Must not be empty."),
        ("platform_shipping_text", "x" * 251, "At most 250 characters."),
        ("catalog_direction", "both", "Must be one of: bc_to_tts, tts_to_bc, disabled."),
        ("unpaid_status", "awaiting_shipment", "Must be one of: awaiting_payment, pending."),
        ("awaiting_shipment_status", "shipped", "Must be one of: awaiting_fulfillment, awaiting_shipment."),
        ("in_transit_status", "awaiting_shipment", "Must be one of: shipped, completed."),
        ("delivered_status", "cancelled", "Must be one of: awaiting_pickup, shipped."),
    ],
)
def test_what_does_not_fit_is_told_at_its_field_and_nothing_is_saved(console, world, name, text, reason):
    before = stored(world.us)

    page = console.post(page_of(world.us), {name: text, "untracked_quantity": "7"})

    assert page.status == 400
    assert f"Not saved. {FIELDS[name].label} : {reason}" in page
    assert f'id="{name}-error"' in page.html
    assert stored(world.us) == before
    assert 'value="7"' in page.html  # what else was typed is not lost


@pytest.mark.covers("P17-37", "P17-05")
def test_stock_flows_one_way_or_not_at_all(console, world):
    page = console.get(page_of(world.us))
    controls = re.findall(r'<select[^>]*name="inventory_direction".*?</select>', page.html, re.DOTALL)

    assert [re.findall(r'value="([^"]*)"', control) for control in controls] == [["bc_to_tts", "tts_to_bc", "disabled"]]
    assert [words for words in ("Pull from BigCommerce", "Push to BigCommerce") if words in page] == [
        "Pull from BigCommerce", "Push to BigCommerce",
    ]  # fmt: skip
    for both in ("both", "bc_to_tts,tts_to_bc", ""):
        refused = console.post(page_of(world.us), {"inventory_direction": both})
        assert (refused.status, "inventory_direction" in stored(world.us)) == (400, False)
    console.post(page_of(world.us), {"inventory_direction": ["bc_to_tts", "tts_to_bc"]})  # by hand: the last one counts
    assert stored(world.us)["inventory_direction"] == "tts_to_bc"


@pytest.mark.covers("SILK-77")
@pytest.mark.parametrize("side", ["length", "width", "height", "weight"])
def test_package_defaults_are_whole_numbers(console, world, side):
    refused = console.post(page_of(world.us), {f"package.{side}": "2.5"})
    assert (refused.status, "Must be a whole number." in refused, "package" in stored(world.us)) == (400, True, False)

    console.post(page_of(world.us), {f"package.{side}": "3"})

    kept = stored(world.us)["package"]
    assert isinstance(kept, dict)
    assert kept[side] == 3


def test_a_rule_without_an_amount_is_told_at_the_amount(console, world):
    page = console.post(page_of(world.uk), {"price_rule.kind": "percent_up"})

    assert page.status == 400
    assert 'id="price_rule.value-error"' in page.html
    assert "Must be greater than 0." in page


def test_carriers_are_rows(console, world):
    sent = {"carriers.bc": ["DFL", "", "UPS Ground"], "carriers.tt": ["DFL US", "", "UPS"]}

    console.post(page_of(world.us), sent)

    assert stored(world.us)["carriers"] == [["DFL", "DFL US"], ["UPS Ground", "UPS"]]
    page = console.get(page_of(world.us))
    assert 'value="UPS Ground"' in page.html
    refused = console.post(page_of(world.us), {"carriers.bc": ["DFL", "DFL"], "carriers.tt": ["A", "B"]})
    assert "“DFL” is there twice." in refused


@pytest.mark.covers("CED-154")
def test_rows_of_carriers_are_queued_with_add_and_stored_with_save(console, world):
    url = f"/connections/{world.us.id}/settings/carriers/"
    before = stored(world.us)
    assert re.search(r'name="add_carrier"[^>]*>.*?Add\s*</button>', console.get(url).html, re.DOTALL)
    first = {"carriers.bc": ["DFL"], "carriers.tt": ["DFL US"], "add_carrier": "1", "seen": console.get(url)["seen"]}

    queued = console.post(url, first)

    assert (queued.status, stored(world.us)) == (200, before)
    assert "1 row is not saved. Press “Save settings”, or it is lost." in queued
    assert "1 not saved: Carriers" in queued
    assert 'data-changed="yes"' in queued.html  # leaving the page asks first
    second = {**first, "carriers.bc": ["DFL", "Dragonfly"], "carriers.tt": ["DFL US", "UPS"]}
    both = console.post(url, second)
    assert ("2 rows are not saved." in both, stored(world.us)) == (True, before)
    assert re.findall(r'name="carriers.bc"[^>]*value="([^"]*)"', both.html) == ["DFL", "Dragonfly", ""]
    assert "DFL" not in console.get(url)  # who leaves has lost them
    assert "not saved" not in console.get(url)

    sent = {name: value for name, value in second.items() if name != "add_carrier"}
    saved = console.post(url, sent)

    assert stored(world.us)["carriers"] == [["DFL", "DFL US"], ["Dragonfly", "UPS"]]
    assert "not saved" not in saved
    assert 'data-changed="yes"' not in saved.html
    half = console.post(url, {"carriers.bc": ["Yodel"], "carriers.tt": [""], "add_carrier": "1"})
    assert (half.status, 'id="carriers-error"' in half.html) == (400, True)
    assert stored(world.us)["carriers"] == [["DFL", "DFL US"], ["Dragonfly", "UPS"]]


def test_only_what_was_changed_on_the_page_is_saved(console, world):
    page = console.get(page_of(world.us))
    form = {row.field.name: row.text for row in _shown(page)} | {"seen": page["seen"], "threshold": "4"}
    actions.change(world.us, {"reserve": 9}, by=COMMAND_LINE)  # somebody else, meanwhile

    console.post(page_of(world.us), form)

    assert (stored(world.us)["threshold"], stored(world.us)["reserve"]) == (4, 9)


def test_a_change_is_in_the_log_and_can_be_set_back_from_there(console, world):
    console.post(page_of(world.us), {"reserve": "4", "threshold": "3"})
    page = console.get(page_of(world.us))
    assert "Low-stock limit: no limit → 3 units Reserve: 2 units → 4 units Maya Ortiz" in page
    entry = AuditEntry.objects.get(action="preferences.change")
    assert (entry.before, entry.after) == ({"reserve": 2, "threshold": None}, {"reserve": 4, "threshold": 3})

    back = console.post(f"{page_of(world.us)}undo/{entry.id}/")

    assert (stored(world.us)["reserve"], "threshold" in stored(world.us)) == (2, False)
    assert back.told[0].startswith("Saved: Low-stock limit, Reserve. The stock of ")
    assert AuditEntry.objects.filter(action="preferences.undo").count() == 1
    again = console.post(f"{page_of(world.us)}undo/{entry.id}/")
    assert again.told == ["This was chosen anew since; nothing was set back."]


def test_what_is_chosen_already_changes_nothing(console, world):
    page = console.post(page_of(world.us), {"reserve": "2"})

    assert page.told == ["Nothing was changed."]
    assert not AuditEntry.objects.filter(action="preferences.change").exists()


def test_leaving_with_unsaved_changes_warns(console, world):
    page = console.get(page_of(world.us))

    assert re.search(r'<form[^>]*id="preferences"[^>]*data-guard', page.html)


def test_the_settings_of_another_account_are_not_there(console, other):
    assert console.get(page_of(other.us)).status == 404
    assert console.post(page_of(other.us), {"reserve": "9"}).status == 404
    entry = AuditEntry.objects.create(
        account=other.account, actor_kind="user", actor_name="R", action="preferences.change",
        subject=f"connection:{other.us.id}", before={"reserve": 1}, after={"reserve": 2},
    )  # fmt: skip
    assert console.post(f"{page_of(other.us)}undo/{entry.id}/").status == 404


def test_a_change_of_another_connection_cannot_be_set_back_here(console, world):
    actions.change(world.uk, {"reserve": 9}, by=COMMAND_LINE)
    entry = AuditEntry.objects.get(action="preferences.change")

    page = console.post(f"{page_of(world.us)}undo/{entry.id}/")

    assert page.told == ["This was chosen anew since; nothing was set back."]
    assert stored(world.uk)["reserve"] == 9


def test_a_connection_is_renamed_and_its_name_stays_its_own(console, world: World):
    page = console.post(f"/connections/{world.us.id}/rename/", {"name": "  Main   shop "})
    assert page.told == ["The connection is now called Main shop."]
    assert "Settings of Main shop" in page

    taken = console.post(f"/connections/{world.us.id}/rename/", {"name": world.uk.name})
    assert "A connection named “Shop UK” already exists." in taken.told[0]
    empty = console.post(f"/connections/{world.us.id}/rename/", {"name": " "})
    assert "A connection needs a name." in empty.told[0]
    assert Connection.objects.get(id=world.us.id).name == "Main shop"


def test_a_remedy_leads_to_the_very_field(console, world):
    lane, _ = Lane.objects.get_or_create(account=world.account, kind="listing", owner=f"connection:{world.uk.id}")
    facts = {"store": "USD", "shop": "GBP"}
    Problem.objects.create(account=world.account, lane=lane, key="9", code="E-PRC-RATE", facts=facts)

    page = console.get("/activity/problems/?kind=listing&code=E-PRC-RATE")

    assert "Confirm the “ Exchange rate ” in the settings of the connection." in page
    assert f"{page_of(world.uk)}#exchange_rate" in page.links
    assert 'id="exchange_rate"' in console.get(page_of(world.uk)).html


def test_a_remedy_leads_to_the_category_map_of_the_shop(console, world):
    lane, _ = Lane.objects.get_or_create(account=world.account, kind="listing", owner=f"connection:{world.uk.id}")
    Problem.objects.create(account=world.account, lane=lane, key="1000", code="E-CAT-KEY")

    page = console.get("/activity/problems/?kind=listing&code=E-CAT-KEY")

    assert "Choose one for its category in BigCommerce in the “ Category map ”" in page
    assert page.links.count(f"/templates/categories/?shop={world.uk.id}") == 2  # of the remedy, of the reason
    assert "Category map of Shop UK" in page


def test_a_rate_that_is_missing_is_the_first_thing_that_is_said(console, world):
    Connection.objects.filter(id=world.uk.id).update(preferences={})

    page = console.get(page_of(world.uk))

    assert "No price can be given yet. Your BigCommerce currency is USD, the shop sells in GBP." in page
    assert "#exchange_rate" in page.links
    assert "No price can be given yet." not in console.get(page_of(world.us))


def test_every_text_in_a_form_means_the_value_that_it_came_from():
    chosen = Preferences(
        carriers=(("DFL", "DFL US"),), order_ids=("1", "2"), price_rule=PriceRule("fixed_up", Decimal(3))
    )
    values = {name: parse(field, text_of(field, chosen)) for name, field in FIELDS.items()}

    assert with_values(Preferences(), values) == chosen
    assert value_of(chosen, "price_rule.kind") == "fixed_up"


@pytest.mark.covers("SILK-78")
def test_the_whole_matrix_is_there_with_what_a_field_does_not_take_disabled(console, world):
    page = console.get(page_of(world.us)).html
    cells = re.findall(r'<input\s+type="radio"\s+aria-label="([^"]*)"([^>]*)>', page)
    heads = ("BigCommerce", "Twinshelf", "Do not sync"), ("BigCommerce", "Twinshelf", "TikTok Shop’s own")
    can = {
        ("Title", 0): "BT-", ("Title", 1): "BTT", ("Description", 0): "B--", ("Description", 1): "B-T",
        ("Price", 0): "B--", ("Price", 1): "B-T", ("Images", 0): "B--", ("Images", 1): "B-T",
        ("Product code", 0): "B-D", ("Product code", 1): "B-T", ("Stock", 0): "B-D", ("Stock", 1): "B-T",
        ("Weight and package size", 0): "B--", ("Weight and package size", 1): "B-T",
    }  # fmt: skip

    assert len(cells) == 42
    for name, rest in cells:
        field, _comma, where = name.partition(", ")
        phase, source = int(where.startswith("afterwards")), where.rpartition(": ")[2]
        allowed = can[field, phase]
        offered = allowed[heads[phase].index(source)] != "-" and allowed.replace("-", "") != "B"
        assert ("disabled" in rest) is not offered, name
        assert ("checked" in rest) is (source == "BigCommerce"), name


def test_what_the_matrix_chooses_is_kept_and_shown_by_the_ticks(console, world):
    page = console.post(page_of(world.us), {"sync.description.update": "tts", "seen": "{}"})

    assert page.told == [
        "Saved: Description, afterwards. 6 products are compared with TikTok again."
    ]  # they had failed
    assert stored(world.us)["sync"] == {"description": {"update": "tts"}}
    assert "partly, as below" in page
    console.post(f"{page_of(world.us)}ticks/", {"partly": "1", "price": "on"})
    assert stored(world.us)["sync"] == {"description": {"update": "tts"}, "stock": {"update": "tts"}}


# -- parts of the settings --------------------------------------------------------------------------------------------


def test_every_card_is_in_one_part_of_the_settings_and_in_the_guide(console):
    assert sorted(card for _word, cards in PARTS.values() for card in cards) == sorted(CARDS)
    told = console.get("/guide/settings/").html
    for card in CARDS:
        anchor = guide.for_card(card).partition("#")[2]
        assert f'id="{anchor}"' in told, card


def _parts_of(console, connection):
    """(word, address) of each part of a connection's settings, as the page Settings links to them."""
    html = console.get("/settings/").html
    links = html[html.index(f'aria-label="{connection.name}"') :].partition("</nav>")[0]
    return {" ".join(word.split()): url for url, word in re.findall(r'href="([^"]+)">([^<]+)<', links)}


def _fields_on(page):
    return {part.field.card.value for _c, _t, rows, _n, _w in page["cards"] for row in rows for part in row.parts}


@pytest.mark.covers("CED-142")
def test_the_configuration_has_a_page_for_shop_products_carriers_and_account(console, world):
    parts = _parts_of(console, world.us)

    shop = console.get(parts["TikTok Shop"])
    assert (shop.status, _fields_on(shop)) == (200, {card.value for card in CARDS})
    products = console.get(parts["Products"])
    assert (products.status, _fields_on(products)) == (200, {"catalog", "sync", "prices"})
    carriers = console.get(parts["Shipping carriers"])
    assert (carriers.status, _fields_on(carriers)) == (200, {"shipping"})
    assert 'name="carriers.bc"' in carriers.html
    account = console.get("/settings/")
    assert account.status == 200
    assert world.owner.email in account
    for page in (shop, products, carriers):  # and each leads to the others
        assert set(parts.values()) <= set(page.links)
        assert "/settings/" in page.links


@pytest.mark.covers("SILK-75")
def test_the_five_sections_of_the_settings_are_reachable(console, world):
    parts = _parts_of(console, world.us)

    sections = {name: console.get(parts[name]) for name in ("Products", "Orders", "General", "Warehouse and stock")}
    assert {name: page.status for name, page in sections.items()} == dict.fromkeys(sections, 200)
    assert "Add new products by itself" in sections["Products"]
    assert "Create TikTok orders in BigCommerce" in sections["Orders"]
    assert "Name of the connection" in sections["General"]
    assert "Change log" in sections["General"]
    assert "Low-stock limit" in sections["Warehouse and stock"]
    template = console.get(parts["Template"])
    assert (template.status, "Default template" in template) == (200, True)
    assert console.get(f"{page_of(world.us)}nothing/").status == 404


def test_saving_one_part_leaves_the_others_as_they_are(console, world):
    console.post(page_of(world.us), {"seen": "{}", "threshold": "4"})

    page = console.post(f"{page_of(world.us)}orders/", {"seen": "{}", "order_poll_minutes": "9"})

    assert (stored(world.us)["order_poll_minutes"], stored(world.us)["threshold"]) == (9, 4)
    assert page.response.request["PATH_INFO"] == f"{page_of(world.us)}orders/"
    refused = console.post(f"{page_of(world.us)}orders/", {"seen": "{}", "order_poll_minutes": "31"})
    assert (refused.status, _fields_on(refused)) == (400, {"orders", "cancellations"})
