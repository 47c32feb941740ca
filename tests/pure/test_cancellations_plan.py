"""Cancellations: which side is told, with which reason, and that none is ever sent back or tried without end."""

from __future__ import annotations

from itertools import product as every

import pytest

from tests.pure.builders import LINKS, line, order
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    CancellationOrigin,
    CancellationRequest,
    CancelShopOrder,
    CancelStoreOrder,
    ShopOrderStatus,
    StoreOrderItem,
    StoreOrderState,
    finding,
)
from twinshelf.orders.cancellations.plan import (
    Sides,
    cancelled_units,
    origin_of,
    plan_cancellation,
    still_asked_for,
    unavailable_units,
)

REASONS = ("seller_cancel_reason_wrong_price", "seller_cancel_reason_out_of_stock", "seller_cancel_paid_reason_address")
WRONG_PRICE, OUT_OF_STOCK, ADDRESS = REASONS

TO_SHIP, CANCELLED = StoreOrderState.AWAITING_FULFILLMENT, StoreOrderState.CANCELLED
SETTLED = {"refunded", "cancelled", "declined", "manual_verification", "disputed", "partially_refunded", "unknown"}
TELL_STORE = CancelStoreOrder(store_order_id="100", shop_order_id="5764")


def tell_shop(reason=OUT_OF_STOCK):
    return CancelShopOrder(shop_order_id="5764", reason=reason)


def not_allowed(status):
    return finding("E-CAN-STATE", status=status)


def sides(shop="AWAITING_SHIPMENT", store=TO_SHIP, origin=None, **changes):
    """Both sides of an order; `store` None: there is no store order."""
    given = {
        "shop_order_id": "5764",
        "shop_status": ShopOrderStatus(shop),
        "store_order_id": None if store is None else "100",
        "store_state": None if store is None else StoreOrderState(store),
        "origin": None if origin is None else CancellationOrigin(origin),
    } | changes
    return Sides(**given)


@pytest.mark.parametrize(
    ("_case", "seen", "origin"),
    [
        ("nobody cancelled", sides(), None),
        ("cancelled at TikTok", sides("CANCELLED", TO_SHIP), "shop"),
        ("cancelled at TikTok before it was imported", sides("CANCELLED", None), "shop"),
        ("cancelled in the store", sides("AWAITING_SHIPMENT", CANCELLED), "store"),
        ("both, and nothing on record: TikTok's word", sides("CANCELLED", CANCELLED), "shop"),
        ("on record: the app's, whatever the sides show", sides("CANCELLED", CANCELLED, "app"), "app"),
        ("on record: the store's, though TikTok followed", sides("CANCELLED", CANCELLED, "store"), "store"),
        ("on record: the shop's, though the store followed", sides("CANCELLED", CANCELLED, "shop"), "shop"),
    ],
)
def test_where_a_cancellation_began(_case, seen, origin):
    assert origin_of(seen) == origin


@pytest.mark.parametrize(
    ("_case", "seen", "chosen", "change", "finding"),
    [
        ("nobody cancelled", sides(), {}, None, None),
        # from TikTok
        ("cancelled at TikTok: the store is told", sides("CANCELLED", TO_SHIP), {}, TELL_STORE, None),
        ("also when it is shipped there", sides("CANCELLED", "shipped"), {}, TELL_STORE, None),
        ("the store knows already", sides("CANCELLED", CANCELLED), {}, None, None),
        ("there is no store order", sides("CANCELLED", None), {}, None, None),
        ("a person refunded it in the store", sides("CANCELLED", "refunded"), {}, None, None),
        ("a person has it in dispute", sides("CANCELLED", "disputed"), {}, None, None),
        (
            "the store is not to be told",
            sides("CANCELLED", TO_SHIP),
            {"cancel_tts_to_bc": False},
            None,
            None,
        ),
        ("never sent back to TikTok", sides("CANCELLED", CANCELLED, "shop"), {}, None, None),
        (
            "never sent back, though TikTok shows it open again",
            sides("AWAITING_SHIPMENT", CANCELLED, "shop"),
            {},
            None,
            None,
        ),
        # from the store
        ("cancelled in the store: TikTok is told", sides("AWAITING_SHIPMENT", CANCELLED), {}, tell_shop(), None),
        ("TikTok knows already", sides("CANCELLED", CANCELLED, "store"), {}, None, None),
        ("never sent back to the store", sides("CANCELLED", TO_SHIP, "store"), {}, None, None),
        ("TikTok is not to be told", sides("AWAITING_SHIPMENT", CANCELLED), {"cancel_bc_to_tts": False}, None, None),
        (
            "on record, and taken back in the store in time",
            sides("AWAITING_SHIPMENT", TO_SHIP, "store"),
            {},
            None,
            None,
        ),
        ("on record, and gone from the store", sides("AWAITING_SHIPMENT", None, "store"), {}, tell_shop(), None),
        (
            "the other switches are not asked",
            sides("AWAITING_SHIPMENT", CANCELLED),
            {"cancel_tts_to_bc": False, "cancel_app_to_bc": False},
            tell_shop(),
            None,
        ),
        # from the app
        (
            "cancelled here: TikTok is told first",
            sides("AWAITING_SHIPMENT", TO_SHIP, "app"),
            {},
            tell_shop(),
            None,
        ),
        ("then the store", sides("CANCELLED", TO_SHIP, "app"), {}, TELL_STORE, None),
        ("then nobody", sides("CANCELLED", CANCELLED, "app"), {}, None, None),
        (
            "the store is not to be told of it",
            sides("CANCELLED", TO_SHIP, "app"),
            {"cancel_app_to_bc": False},
            None,
            None,
        ),
        (
            "TikTok is told all the same",
            sides("AWAITING_SHIPMENT", TO_SHIP, "app"),
            {"cancel_app_to_bc": False},
            tell_shop(),
            None,
        ),
        ("before there is a store order", sides("AWAITING_SHIPMENT", None, "app"), {}, tell_shop(), None),
        ("and then nobody", sides("CANCELLED", None, "app"), {}, None, None),
        (
            "the other switches are not asked either",
            sides("CANCELLED", TO_SHIP, "app"),
            {"cancel_tts_to_bc": False, "cancel_bc_to_tts": False},
            TELL_STORE,
            None,
        ),
        # refused
        (
            "TikTok refused: told, not tried again",
            sides("IN_TRANSIT", CANCELLED, "store", refused=True),
            {},
            None,
            not_allowed("in transit"),
        ),
        (
            "from here as well",
            sides("AWAITING_COLLECTION", TO_SHIP, "app", refused=True),
            {},
            None,
            not_allowed("awaiting collection"),
        ),
        (
            "refused, and TikTok cancelled it later",
            sides("CANCELLED", CANCELLED, "store", refused=True),
            {},
            None,
            None,
        ),
        (
            "refused, and taken back in the store",
            sides("IN_TRANSIT", TO_SHIP, "store", refused=True),
            {},
            None,
            None,
        ),
    ],
)
def test_plan_cancellation(_case, seen, chosen, change, finding):
    assert plan_cancellation(seen, Preferences(**chosen), REASONS) == (change, finding)


@pytest.mark.parametrize("origin", ["store", "app"])
def test_when_tiktok_offers_no_reason_it_does_not_allow_it(origin):
    seen = sides("DELIVERED", CANCELLED, origin)

    assert plan_cancellation(seen, Preferences(), ()) == (None, not_allowed("delivered"))


@pytest.mark.parametrize(
    ("_case", "reasons", "preferred", "picked", "sent"),
    [
        ("none chosen: out of stock", REASONS, "", "", OUT_OF_STOCK),
        ("none chosen, and out of stock is not offered: the first", (WRONG_PRICE, ADDRESS), "", "", WRONG_PRICE),
        ("the one in the settings", REASONS, ADDRESS, "", ADDRESS),
        ("the one picked on the order beats it", REASONS, ADDRESS, WRONG_PRICE, WRONG_PRICE),
        ("one that TikTok does not offer now: out of stock", REASONS, "gone", "", OUT_OF_STOCK),
    ],
)
def test_the_reason_told_to_tiktok(_case, reasons, preferred, picked, sent):
    seen = sides("AWAITING_SHIPMENT", CANCELLED)

    planned = plan_cancellation(seen, Preferences(cancel_reason=preferred), reasons, picked)

    assert planned == (tell_shop(sent), None)


@pytest.mark.parametrize("origin", ["shop", "store", "app"])
def test_both_sides_cancelled_is_the_end_of_it(origin):
    """Whatever is on record and switched on: no call goes out, so no side can wake the other."""
    switches = every([True, False], repeat=3)
    for to_store, to_shop, from_app in switches:
        preferences = Preferences(cancel_tts_to_bc=to_store, cancel_bc_to_tts=to_shop, cancel_app_to_bc=from_app)
        for refused in (True, False):
            seen = sides("CANCELLED", CANCELLED, origin, refused=refused)
            assert plan_cancellation(seen, preferences, REASONS) == (None, None)


@pytest.mark.parametrize("state", StoreOrderState)
def test_a_cancellation_at_tiktok_moves_every_store_order_but_what_people_settled(state):
    change, finding = plan_cancellation(sides("CANCELLED", state), Preferences(), ())

    assert change == (None if state in SETTLED else TELL_STORE)
    assert finding is None


# -- a part of an order ---------------------------------------------------------------------------------------------

SOLD = order(line("MUG-1", 2), line("JAR-1", 1, status="CANCELLED"))
LINES = {"MUG-1": ("501", "1", "11"), "JAR-1": ("502", "2", "21")}


def item(sku, quantity, refunded=0):
    item_id, product_id, variant_id = LINES[sku]
    return StoreOrderItem(
        id=item_id, product_id=product_id, variant_id=variant_id, sku=sku, quantity=quantity, refunded=refunded
    )


def request(*units, status="CANCELLATION_REQUEST_SUCCESS"):
    return CancellationRequest(
        id="c1", order_id="5764", status=status, role="SELLER", reason_text="Out of stock", unit_ids=units
    )


OUT = "seller_cancel_reason_out_of_stock"


def told(reason, *units, status="CANCELLATION_REQUEST_SUCCESS", text="Out of stock", order_id="5764"):
    return CancellationRequest(
        id="c1", order_id=order_id, status=status, role="SELLER", reason=reason, reason_text=text, unit_ids=units
    )


@pytest.mark.parametrize(
    ("_case", "status", "requests", "chosen", "units"),
    [
        ("paid", "CANCELLED", (told(OUT),), "", {"tt-MUG-1": 2, "tt-JAR-1": 1}),
        (
            "unpaid",
            "CANCELLED",
            (told("seller_cancel_unpaid_reason_out_of_stock"),),
            "",
            {"tt-MUG-1": 2, "tt-JAR-1": 1},
        ),
        ("paid in the UK", "CANCELLED", (told(f"{OUT}_uk"),), "", {"tt-MUG-1": 2, "tt-JAR-1": 1}),
        (
            "unpaid in the UK",
            "CANCELLED",
            (told("seller_cancel_unpaid_reason_out_of_stock_uk"),),
            "",
            {"tt-MUG-1": 2, "tt-JAR-1": 1},
        ),
        ("one unit of two", "AWAITING_SHIPMENT", (told(OUT, "MUG-1/2"),), "", {"tt-MUG-1": 1}),
        (
            "units of two requests",
            "CANCELLED",
            (told(OUT, "MUG-1/1"), told(OUT, "JAR-1/1")),
            "",
            {"tt-MUG-1": 1, "tt-JAR-1": 1},
        ),
        ("another unit for another reason", "CANCELLED", (told(OUT, "JAR-1/1"), told("price")), "", {"tt-JAR-1": 1}),
        ("a wrong price", "CANCELLED", (told("seller_cancel_reason_wrong_price"),), "", {}),
        ("the words alone", "CANCELLED", (told("", text="Out of stock"),), "", {}),
        ("a name that only looks like it", "CANCELLED", (told("buyer_says_out_of_stock"),), "", {}),
        ("not granted", "ON_HOLD", (told(OUT, status="CANCELLATION_REQUEST_PENDING"),), "", {}),
        ("declined", "ON_HOLD", (told(OUT, status="CANCELLATION_REQUEST_CANCEL"),), "", {}),
        ("of another order", "CANCELLED", (told(OUT, order_id="1"),), "", {}),
        ("nothing told", "CANCELLED", (), "", {}),
        ("chosen here", "CANCELLED", (), OUT, {"tt-MUG-1": 2, "tt-JAR-1": 1}),
        ("chosen here, not carried out yet", "ON_HOLD", (), OUT, {}),
        ("chosen here for a price", "CANCELLED", (), "seller_cancel_reason_wrong_price", {}),
    ],
)
def test_what_of_an_order_is_not_to_be_had(_case, status, requests, chosen, units):
    sold = order(line("MUG-1", 2), line("JAR-1", 1), status=ShopOrderStatus(status))

    assert unavailable_units(sold, requests, chosen) == units


@pytest.mark.parametrize(
    ("_case", "requests", "items", "units"),
    [
        ("the store order asks for all", (), (item("MUG-1", 2), item("JAR-1", 1)), "1 × JAR-1"),
        ("it was taken out", (), (item("MUG-1", 2),), ""),
        ("it was refunded", (), (item("MUG-1", 2), item("JAR-1", 1, refunded=1)), ""),
        ("a request is ahead of the lines", (request("MUG-1/2"),), (item("MUG-1", 2),), "1 × MUG-1"),
        (
            "both together",
            (request("MUG-1/1", "MUG-1/2"),),
            (item("MUG-1", 2), item("JAR-1", 1)),
            "2 × MUG-1, 1 × JAR-1",
        ),
        ("a request that waits", (request("MUG-1/2", status="CANCELLATION_REQUEST_PENDING"),), (item("MUG-1", 2),), ""),
        (
            "a request that was declined",
            (request("MUG-1/2", status="CANCELLATION_REQUEST_CANCEL"),),
            (item("MUG-1", 2),),
            "",
        ),
        ("the store order asks for more by itself", (), (item("MUG-1", 5),), ""),
    ],
)
def test_what_tiktok_cancelled_and_the_store_order_still_asks_for(_case, requests, items, units):
    found = still_asked_for(SOLD, cancelled_units(SOLD, requests), items, LINKS)

    assert (found.facts["units"] if found else "") == units
    assert found is None or found.code == "E-CAN-PART"
