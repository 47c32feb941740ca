"""Shipments after they were made: told in every market, corrected, made anew, missing, or told late."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests.flows.browser import Browser
from tests.flows.conftest import MAYA
from tests.flows.faults import SHIP, fault, lose_webhooks, ship
from twinshelf.accounts.models import Membership
from twinshelf.connections import clients
from twinshelf.orders.fulfillment.carriers import providers_of
from twinshelf.orders.models import Providers, ShipmentRow
from twinshelf.preferences import actions as choices
from twinshelf.sync.models import Problem
from twinshelf_sandbox.tiktok.regions import PROVIDERS, delivery_options, providers

WRONG, RIGHT, THIRD = "9400111899223100000001", "9400111899223100000028", "9400111899223100000035"


def open_problems():
    return list(Problem.objects.filter(closed_at=None))


def numbers(shop):
    """The number of every package as TikTok has it now, in the order they were reported."""
    shown = {}
    for effect in shop._sandbox.world.effects:
        if effect.platform != "tiktok":
            continue
        if effect.kind == "package_shipped":
            shown[effect.key] = effect.detail["tracking"]
        elif effect.kind == "tracking_updated":
            shown[effect.key] = effect.detail["after"]
    return list(shown.values())


# -- the store says shipped, and there is no shipment ---------------------------------------------------------------


@pytest.mark.parametrize("status_id", [2, 3, 10], ids=["shipped", "partially shipped", "completed"])
def test_an_order_marked_as_shipped_without_a_shipment_is_a_problem_until_there_is_one(
    store, shop, twinshelf, sold, status_id
):
    order_id, store_order_id = sold(("MUG-1", 2))

    store.act("set_order_status", order_id=store_order_id, status_id=status_id)
    twinshelf.settle()

    assert (twinshelf.order(order_id).status, numbers(shop)) == ("AWAITING_SHIPMENT", [])
    [problem] = open_problems()
    assert (problem.key, problem.code, problem.facts) == (order_id, "E-FUL-TRACK", {"items": "2 × MUG-1"})
    assert [each["kind"] for each in twinshelf.differences()] == ["shipment"]

    ship(store, store_order_id, RIGHT)
    twinshelf.settle()

    assert (twinshelf.problems(), numbers(shop), twinshelf.differences()) == ([], [RIGHT], [])


def test_the_poll_finds_it_where_the_webhook_was_lost(sandbox, store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 1))
    store.act("set_order_status", order_id=store_order_id, status_id=10)

    twinshelf.poll()

    assert twinshelf.problems() == [(order_id, "E-FUL-TRACK")]


def test_what_a_shipped_order_has_no_shipment_for_is_named(store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 1), ("JAR-1", 2))
    ship(store, store_order_id, RIGHT, [{"sku": "MUG-1", "quantity": 1}])
    twinshelf.settle()
    assert twinshelf.problems() == []  # the rest may come later

    store.act("set_order_status", order_id=store_order_id, status_id=2)
    twinshelf.settle()

    [problem] = open_problems()
    assert (problem.key, problem.code, problem.facts) == (order_id, "E-FUL-TRACK", {"items": "2 × JAR-1"})
    assert numbers(shop) == [RIGHT]


# -- cancelled, and shipped all the same ----------------------------------------------------------------------------


@pytest.mark.parametrize("webhooks", [True, False], ids=["by webhook", "by the poll"])
def test_a_shipment_of_a_cancelled_order_is_never_told_but_a_person_is(
    *, sandbox, store, shop, twinshelf, sold, webhooks
):
    twinshelf.prefer(cancel_tts_to_bc=False)
    order_id, store_order_id = sold(("MUG-1", 1))
    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    reports = fault(sandbox, **SHIP, action="headers", times=None)
    if not webhooks:
        lose_webhooks(sandbox)

    ship(store, store_order_id, RIGHT)
    twinshelf.poll()

    assert (reports.seen, numbers(shop)) == (0, [])
    assert twinshelf.problems() == [(order_id, "E-FUL-CANCELLED")]

    store.act("cancel_order", order_id=store_order_id)
    twinshelf.poll()
    assert (reports.seen, twinshelf.problems()) == (0, [])


# -- corrections ----------------------------------------------------------------------------------------------------


def test_a_corrected_number_reaches_the_shop_once(store, shop, twinshelf, sold):
    _order_id, store_order_id = sold(("MUG-1", 1))
    shipment = ship(store, store_order_id, WRONG)
    twinshelf.settle()

    store.act("edit_shipment", shipment_id=shipment, tracking_number=RIGHT)
    before = twinshelf.differences()
    twinshelf.settle()
    twinshelf.wait(700)
    twinshelf.poll()

    assert [each["kind"] for each in before] == ["tracking"]
    assert (numbers(shop), twinshelf.problems(), twinshelf.differences()) == ([RIGHT], [], [])
    assert len(shop.effects("tracking_updated")) == 1
    [row] = ShipmentRow.objects.all()
    assert (row.tracking_number, row.state) == (RIGHT, "reported")


def test_the_same_number_with_blanks_is_no_correction(store, shop, twinshelf, sold):
    _order_id, store_order_id = sold(("MUG-1", 1))
    shipment = ship(store, store_order_id, WRONG)
    twinshelf.settle()

    store.act("edit_shipment", shipment_id=shipment, tracking_number=f" {WRONG[:4]} {WRONG[4:]}")
    twinshelf.settle()

    assert (numbers(shop), twinshelf.problems(), twinshelf.differences()) == ([WRONG], [], [])
    assert shop.effects("tracking_updated") == []


def test_a_second_correction_is_refused_and_told(store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 1))
    shipment = ship(store, store_order_id, WRONG)
    twinshelf.settle()
    store.act("edit_shipment", shipment_id=shipment, tracking_number=RIGHT)
    twinshelf.settle()

    store.act("edit_shipment", shipment_id=shipment, tracking_number=THIRD)
    twinshelf.settle()

    assert (numbers(shop), twinshelf.problems()) == ([RIGHT], [(order_id, "E-FUL-LATE")])
    [difference] = twinshelf.differences()
    assert (difference["kind"], difference["expected"], difference["found"]) == ("tracking", THIRD, RIGHT)

    store.act("edit_shipment", shipment_id=shipment, tracking_number=RIGHT)
    twinshelf.settle()
    assert (twinshelf.problems(), twinshelf.differences()) == ([], [])


def test_a_correction_after_three_days_is_told_as_too_late(store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 1))
    shipment = ship(store, store_order_id, WRONG)
    twinshelf.settle()
    twinshelf.wait(72 * 3600 + 60)

    store.act("edit_shipment", shipment_id=shipment, tracking_number=RIGHT)
    twinshelf.settle()

    assert (numbers(shop), twinshelf.problems()) == ([WRONG], [(order_id, "E-FUL-LATE")])
    assert [each["kind"] for each in twinshelf.differences()] == ["tracking"]


def test_another_carrier_is_a_correction_too(store, shop, twinshelf, sold):
    _order_id, store_order_id = sold(("MUG-1", 1))
    shipment = ship(store, store_order_id, "1234567890", carrier="usps")
    twinshelf.settle()

    store.act("edit_shipment", shipment_id=shipment, tracking_carrier="fedex", shipping_provider="")
    before = twinshelf.differences()
    twinshelf.settle()

    assert [(each["kind"], each["expected"], each["found"]) for each in before] == [("carrier", "FedEx", "USPS")]
    assert (numbers(shop), twinshelf.problems(), twinshelf.differences()) == (["1234567890"], [], [])
    assert len(shop.effects("tracking_updated")) == 1


@pytest.mark.parametrize("number", [RIGHT, WRONG], ids=["with another number", "as it was"])
def test_a_shipment_made_anew_corrects_the_one_that_was_deleted(store, shop, twinshelf, sold, number):
    _order_id, store_order_id = sold(("MUG-1", 2))
    first = ship(store, store_order_id, WRONG, [{"sku": "MUG-1", "quantity": 1}])
    twinshelf.settle()

    store.act("delete_shipment", shipment_id=first)
    again = ship(store, store_order_id, number, [{"sku": "MUG-1", "quantity": 1}])
    twinshelf.settle()

    assert (numbers(shop), twinshelf.problems(), twinshelf.differences()) == ([number], [], [])
    assert len(shop.effects("package_shipped")) == 1
    [row] = ShipmentRow.objects.all()
    assert (row.shipment_id, row.tracking_number) == (str(again), number)

    ship(store, store_order_id, THIRD)
    twinshelf.settle()
    assert (numbers(shop), twinshelf.problems()) == ([number, THIRD], [])


def test_a_shipment_made_anew_for_another_part_is_told(store, shop, twinshelf, sold):
    order_id, store_order_id = sold(("MUG-1", 2))
    first = ship(store, store_order_id, WRONG)
    twinshelf.settle()

    store.act("delete_shipment", shipment_id=first)
    ship(store, store_order_id, RIGHT, [{"sku": "MUG-1", "quantity": 1}])
    twinshelf.settle()

    assert (numbers(shop), twinshelf.problems()) == ([WRONG], [(order_id, "E-FUL-SHIPPED")])


def test_a_number_corrected_in_seller_center_alone_is_left_as_it_is(sandbox, store, shop, twinshelf, sold):
    _order_id, store_order_id = sold(("MUG-1", 1))
    ship(store, store_order_id, WRONG)
    twinshelf.settle()
    package, provider = shop.effects("package_shipped")[0].key, ShipmentRow.objects.get().provider_id

    clients.shop_client(twinshelf.connection.shop, "urgent").update_shipping(package, RIGHT, provider)
    twinshelf.settle()
    twinshelf.poll()

    assert (numbers(shop), twinshelf.problems()) == ([RIGHT], [])
    assert [each["kind"] for each in twinshelf.differences()] == ["tracking"]


# -- markets --------------------------------------------------------------------------------------------------------

MARKETS = {
    "GB": "GBP", "JP": "JPY", "ID": "IDR", "MY": "MYR", "PH": "PHP", "SG": "SGD", "TH": "THB",
    "VN": "VND", "MX": "MXN",
}  # fmt: skip


def carriers(region):
    """What TikTok calls the carriers of a market."""
    return [name for _provider_id, name in providers(region)]


@pytest.mark.parametrize("region", MARKETS)
def test_a_shipment_is_told_and_corrected_in_every_market(sandbox, market, region):
    there, shop, driven = market(region, MARKETS[region], "MUG-000001")
    carrier = carriers(region)[0]
    driven.prefer(
        push_opt_in=True, exchange_rate=Decimal(1), tax_percent=Decimal(0), carriers=(("DHL Express", carrier),)
    )
    order_id = shop.buy(("MUG-000001", 1), shipping_type="SELLER")
    driven.wait(3700)
    store_order_id = driven.order(order_id).store_order_id

    shipment = ship(there, store_order_id, "1234567890", carrier="dhl")
    driven.settle()
    driven.wait(700)

    assert (driven.order(order_id).status, driven.problems()) == ("AWAITING_COLLECTION", [])
    there.act("edit_shipment", shipment_id=shipment, tracking_number="1234567891")
    driven.settle()
    assert (numbers(shop), driven.problems(), driven.differences()) == (["1234567891"], [], [])


UK = {
    "Royal Mail", "Hermes/EVRI", "DPD", "Yodel", "Amazon Logistics", "Parcel2Go", "Parcel Force", "UK Mail", "UPS UK",
    "DHL UK", "FedEx UK", "APC Overnight", "Panther UK", "Arrow XL",
}  # fmt: skip
NAMED_BY_TIKTOK = {
    "Hermes/EVRI": "EVRi", "DPD": "DPD UK", "Yodel": "Yodel UK", "Amazon Logistics": "Amazon Logistics UK",
}  # fmt: skip
"""Where TikTok's list has another name for the carrier: what it returns counts (FUL-6)."""


@pytest.mark.covers("CED-155")
def test_the_carriers_to_choose_from_are_those_that_tiktok_names(market, monkeypatch):
    _there, _shop, driven = market("GB", "GBP")

    assert choices.read_carriers(driven.connection, by=MAYA) == 14

    assert (set(names_of(driven)), len(names_of(driven))) == ({NAMED_BY_TIKTOK.get(name, name) for name in UK}, 14)
    monkeypatch.setitem(PROVIDERS, "GB", (("6599541761693270018", "EVRi"), ("77", "Carrier of Tomorrow")))
    driven.wait(25 * 3600)
    assert choices.read_carriers(driven.connection, by=MAYA) == 2
    assert set(names_of(driven)) == {"EVRi", "Carrier of Tomorrow"}


def names_of(driven):
    """The carriers that the page of a connection's settings offers."""
    browser = Browser(Membership.objects.get(account=driven.account, role="owner").user)
    html = browser.get(f"/connections/{driven.connection.id}/settings/carriers/").content.decode()
    [select, *_more] = re.findall(r'<select[^>]*name="carriers.tt".*?</select>', html, re.DOTALL)
    return [name for name in re.findall(r"<option[^>]*>([^<]*)</option>", select) if name != "Choose…"]


def test_where_packages_are_shipped_whole_a_part_is_told_and_the_whole_is_shipped(market):
    there, shop, driven = market("MY", "MYR", "MUG-000001", "JAR-000001")
    driven.prefer(
        push_opt_in=True,
        exchange_rate=Decimal(1),
        tax_percent=Decimal(0),
        carriers=(("DHL Express", carriers("MY")[0]),),
    )
    order_id = shop.buy(("MUG-000001", 1), ("JAR-000001", 1), shipping_type="SELLER")
    driven.wait(3700)
    store_order_id = driven.order(order_id).store_order_id

    part = ship(there, store_order_id, "1234567890", [{"sku": "MUG-000001", "quantity": 1}], carrier="dhl")
    driven.settle()
    assert (driven.problems(), numbers(shop)) == ([(order_id, "E-FUL-SPLIT")], [])

    there.act("delete_shipment", shipment_id=part)
    ship(there, store_order_id, "1234567890", carrier="dhl")
    driven.settle()
    assert (driven.problems(), numbers(shop)) == ([], ["1234567890"])


def test_in_brazil_a_shipment_waits_for_the_invoice(market):
    there, shop, driven = market("BR", "BRL", "MUG-000001")
    driven.prefer(
        push_opt_in=True,
        exchange_rate=Decimal(1),
        tax_percent=Decimal(0),
        carriers=(("DHL Express", carriers("BR")[0]),),
    )
    order_id = shop.buy(("MUG-000001", 1), shipping_type="SELLER")
    driven.wait(3700)
    ship(there, driven.order(order_id).store_order_id, "1234567890", carrier="dhl")
    driven.settle()

    assert (driven.problems(), numbers(shop)) == ([(order_id, "E-FUL-INVOICE")], [])


def test_where_carriers_are_told_for_a_way_only_they_are_asked_for_by_it(market):
    _there, _shop, driven = market("DE", "EUR")
    [option] = [option.id for option in delivery_options("DE") if option.shipping_type != "TIKTOK"][:1]

    found = [providers_of(driven.connection.shop, option, country) for country in ("FR", "DE", "FR")]

    assert [provider.name for provider in found[0]] == carriers("DE")
    assert sorted(Providers.objects.values_list("delivery_option_id", flat=True)) == [
        f"{option}:DE:DE",
        f"{option}:DE:FR",
    ]
