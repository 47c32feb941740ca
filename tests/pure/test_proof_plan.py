"""The proof: what counts as a difference between both sides, told so that a person can act on it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, strategies
from msgspec import structs

from tests.pure.builders import (
    LINKS,
    line,
    listing,
    listing_sku,
    money,
    on_shelf,
    order,
    random_cases,
    shop_sku,
    store_order,
    usd,
)
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    CancellationOrigin,
    ProofReason,
    ProofSubject,
    ShippingProvider,
    ShopPackage,
    StoreOrderItem,
    StoreOrderState,
    StoreShipment,
)
from twinshelf.listings.compare import compare_skus, compare_title
from twinshelf.listings.desired import DesiredSku
from twinshelf.proof import plan as proving
from twinshelf.proof.plan import Difference, Ledger, Pair, compare_order, pair_of, why_one_side_may_stand
from twinshelf.rules.pricing import Price
from twinshelf.rules.quantities import Quantity

# -- listings -------------------------------------------------------------------------------------------------------

MUG_LINK = {"11": "tt-MUG-1"}


def compare_listing(wanted, shop, links):
    """What the proof tells of a listing that should be so."""
    skus = {
        sku.variant_id: DesiredSku(
            variant_id=sku.variant_id,
            seller_sku=sku.seller_sku,
            price=Price(sku.price, ()),
            problem=None,
            quantity=Quantity(sku.quantity, ()),
        )
        for sku in wanted.skus
    }
    title = compare_title(wanted, shop)
    shown = {sku.id: sku for sku in shop.skus}
    wrong = compare_skus(skus, links, shown, warehouse_id="w-1")
    return (
        *([proving.tell_title(wanted.product_id, title)] if title else []),
        *(proving.tell_sku(wanted.product_id, each) for each in wrong),
    )


def differs(kind, text, expected="", found="", key="1"):
    return Difference(kind=kind, key=key, text=text, expected=expected, found=found)


PRICE = differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "11.00 USD")
STOCK = differs("stock", "The stock of SKU MUG-1 differs.", "10", "9")
TITLE = differs("title", "The title differs.", "Enamel mug", "Tin mug")
NO_SKU = differs("sku", "SKU MUG-1 is not in the shop.", "MUG-1")


@pytest.mark.parametrize(
    ("_case", "shop", "differences"),
    [
        ("in step", on_shelf(), ()),
        ("a price written with fewer zeros", on_shelf(shop_sku(price=usd("12"))), ()),
        (
            "a price that TikTok does not tell",
            on_shelf(shop_sku(price=None)),
            (differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "none"),),
        ),
        ("another price", on_shelf(shop_sku(price=usd("11.00"))), (PRICE,)),
        (
            "a cent",
            on_shelf(shop_sku(price=usd("12.01"))),
            (differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "12.01 USD"),),
        ),
        (
            "another currency",
            on_shelf(shop_sku(price=money("12.00", "GBP"))),
            (differs("price", "The price of SKU MUG-1 differs.", "12.00 USD", "12.00 GBP"),),
        ),
        ("one unit less", on_shelf(shop_sku(stock=(("w-1", 9),))), (STOCK,)),
        (
            "stock that stands in another warehouse",
            on_shelf(shop_sku(stock=(("w-1", 4), ("w-2", 6)))),
            (differs("stock", "The stock of SKU MUG-1 differs.", "10", "10 in another warehouse"),),
        ),
        ("and differs together", on_shelf(shop_sku(stock=(("w-1", 4), ("w-2", 5)))), (STOCK,)),
        (
            "no stock at all",
            on_shelf(shop_sku(stock=())),
            (differs("stock", "The stock of SKU MUG-1 differs.", "10", "0"),),
        ),
        ("another title", on_shelf(title="Tin mug"), (TITLE,)),
        ("another title while the new one is in review", on_shelf(title="Tin mug", audit_status="AUDITING"), ()),
        ("another title since the new one was refused", on_shelf(title="Tin mug", audit_status="FAILED"), ()),
        ("a SKU that vanished", on_shelf(shop_sku(id="tt-9")), (NO_SKU,)),
        (
            "all at once",
            on_shelf(shop_sku(price=usd("11.00"), stock=(("w-1", 9),)), title="Tin mug"),
            (TITLE, PRICE, STOCK),
        ),
        ("what only the shop has is not compared", on_shelf(shop_sku(), shop_sku(id="tt-9", seller_sku="X")), ()),
    ],
)
def test_what_differs_of_a_listing(_case, shop, differences):
    assert compare_listing(listing(), shop, MUG_LINK) == differences


def test_a_sku_without_a_link_is_not_in_the_shop():
    assert compare_listing(listing(), on_shelf(), {}) == (NO_SKU,)


@random_cases
@given(
    strategies.lists(
        strategies.tuples(strategies.integers(1, 9999), strategies.integers(0, 50)), min_size=1, max_size=4
    )
)
def test_a_listing_shown_as_it_should_be_has_no_difference(rows):
    wanted = [
        listing_sku(variant_id=str(at), seller_sku=f"MUG-{at}", price=usd(cents), quantity=count)
        for at, (cents, count) in enumerate(rows)
    ]
    shown = [
        shop_sku(id=f"tt-{at}", seller_sku=f"MUG-{at}", price=usd(cents), stock=(("w-1", count), ("w-2", 0)))
        for at, (cents, count) in enumerate(rows)
    ]

    links = {str(at): f"tt-{at}" for at in range(len(rows))}
    assert compare_listing(listing(*wanted), on_shelf(*shown), links) == ()


# -- orders ---------------------------------------------------------------------------------------------------------

SOLD = order(line(price="12.00"))
CANCELLED_THERE = store_order(state=StoreOrderState.CANCELLED)


def order_differs(kind, text, expected="", found=""):
    return (differs(kind, text, expected, found, key="5764"),)


MISSING = order_differs("order_missing", "BigCommerce does not have it.")
TWICE = order_differs("order_double", "BigCommerce has it more than once: 100, 101.")


def cancel_differs(expected, found):
    return order_differs("order_status", "One side is cancelled, the other is not.", expected, found)


DAY_BEFORE = store_order().created_at - timedelta(days=1)
ARCHIVED = store_order(id="101", archived=True, created_at=DAY_BEFORE)
CANCELLED_DOUBLE = store_order(id="99", created_at=DAY_BEFORE, state=StoreOrderState.CANCELLED)


@pytest.mark.parametrize(
    ("_case", "sold", "found", "differences"),
    [
        ("one for one", SOLD, [store_order()], ()),
        ("not there", SOLD, [], MISSING),
        ("twice", SOLD, [store_order(id="100"), store_order(id="101")], TWICE),
        ("twice, one of them archived", SOLD, [store_order(id="100"), ARCHIVED], ()),
        ("twice, one of them cancelled", SOLD, [store_order(id="100"), CANCELLED_DOUBLE], ()),
        ("archived alone is there", SOLD, [store_order(archived=True)], ()),
        (
            "a cent too little",
            SOLD,
            [store_order(total_inc_tax=usd("11.99"))],
            order_differs("order_total", "The totals differ.", "12.00 USD", "11.99 USD"),
        ),
        ("BigCommerce shows four decimals", SOLD, [store_order(total_inc_tax=usd("12.0000"))], ()),
        (
            "the same number in another currency",
            SOLD,
            [store_order(total_inc_tax=money("12.00", "CAD"))],
            order_differs("order_total", "The totals differ.", "12.00 USD", "12.00 CAD"),
        ),
        ("cancelled on both sides", order(status="CANCELLED"), [CANCELLED_THERE], ()),
        (
            "cancelled at TikTok only",
            order(status="CANCELLED"),
            [store_order()],
            cancel_differs("CANCELLED", "awaiting_fulfillment"),
        ),
        ("cancelled in the store only", SOLD, [CANCELLED_THERE], cancel_differs("AWAITING_SHIPMENT", "cancelled")),
        ("cancelled in the store after it was delivered", order(status="DELIVERED"), [CANCELLED_THERE], ()),
        ("cancelled in the store after it was completed", order(status="COMPLETED"), [CANCELLED_THERE], ()),
        ("another status is not compared", order(status="IN_TRANSIT"), [store_order()], ()),
    ],
)
def test_what_differs_of_an_order(_case, sold, found, differences):
    assert compare_order(sold, pair_of(found)) == differences


FROM_SHOP, FROM_STORE, FROM_HERE = CancellationOrigin.SHOP, CancellationOrigin.STORE, CancellationOrigin.APP
NO_LONGER, THERE_ONLY = order(status="CANCELLED"), Pair(CANCELLED_THERE)
SHOP_KEPT = "Cancellations on TikTok Shop are not sent to BigCommerce."
STORE_KEPT = "Cancellations in BigCommerce are not sent to TikTok Shop."
HERE_KEPT = "Cancellations in Twinshelf are not sent to BigCommerce."


@pytest.mark.parametrize(
    ("sold", "pair", "origin", "off", "why"),
    [
        (NO_LONGER, Pair(store_order()), None, "cancel_tts_to_bc", SHOP_KEPT),
        (NO_LONGER, Pair(store_order()), FROM_SHOP, "cancel_tts_to_bc", SHOP_KEPT),
        (NO_LONGER, Pair(store_order()), FROM_SHOP, "", ""),
        (NO_LONGER, Pair(store_order()), FROM_SHOP, "cancel_bc_to_tts", ""),
        (NO_LONGER, Pair(store_order()), FROM_HERE, "cancel_tts_to_bc", ""),
        (NO_LONGER, Pair(store_order()), FROM_HERE, "cancel_app_to_bc", HERE_KEPT),
        (NO_LONGER, Pair(store_order()), FROM_STORE, "cancel_tts_to_bc", ""),
        (SOLD, THERE_ONLY, None, "cancel_bc_to_tts", STORE_KEPT),
        (SOLD, THERE_ONLY, FROM_STORE, "cancel_bc_to_tts", STORE_KEPT),
        (SOLD, THERE_ONLY, FROM_STORE, "", ""),
        (SOLD, THERE_ONLY, FROM_STORE, "cancel_tts_to_bc", ""),
        (SOLD, THERE_ONLY, FROM_HERE, "cancel_bc_to_tts", ""),
        (NO_LONGER, THERE_ONLY, FROM_SHOP, "cancel_tts_to_bc", ""),
        (SOLD, Pair(store_order()), None, "cancel_tts_to_bc", ""),
        (SOLD, Pair(None), None, "cancel_bc_to_tts", ""),
    ],
)
def test_which_one_sided_cancellation_is_the_merchants_choice(sold, pair, origin, off, why):
    preferences = structs.replace(Preferences(), **{off: False} if off else {})

    assert why_one_side_may_stand(sold, pair, origin, preferences) == why


@pytest.mark.parametrize(
    ("_case", "found", "pair"),
    [
        ("none", [], Pair(None)),
        ("one", [store_order()], Pair(store_order())),
        (
            "the oldest counts",
            [store_order(id="100"), store_order(id="7", created_at=DAY_BEFORE)],
            Pair(store_order(id="7", created_at=DAY_BEFORE), (store_order(id="100"),)),
        ),
        (
            "one that stands before a cancelled one",
            [CANCELLED_DOUBLE, store_order()],
            Pair(store_order(), (), (CANCELLED_DOUBLE,)),
        ),
        ("one that is shown before an archived one", [ARCHIVED, store_order()], Pair(store_order(), (), (ARCHIVED,))),
        ("an archived one alone", [ARCHIVED], Pair(ARCHIVED)),
        ("cancelled ones alone", [CANCELLED_THERE], Pair(CANCELLED_THERE)),
    ],
)
def test_which_store_order_counts(_case, found, pair):
    assert pair_of(found) == pair


@pytest.mark.parametrize(
    ("state", "status", "told"),
    [
        ("shipped", "AWAITING_SHIPMENT", True),
        ("completed", "AWAITING_SHIPMENT", True),
        ("partially_shipped", "AWAITING_SHIPMENT", True),
        ("shipped", "PARTIALLY_SHIPPING", True),
        ("completed", "PARTIALLY_SHIPPING", True),
        ("partially_shipped", "PARTIALLY_SHIPPING", False),
        ("awaiting_shipment", "AWAITING_SHIPMENT", False),
        ("shipped", "AWAITING_COLLECTION", False),
        ("shipped", "CANCELLED", False),
    ],
)
def test_a_shipped_order_that_the_shop_does_not_know_of_differs(state, status, told):
    found = proving.compare_shipped(order(status=status), store_order(state=StoreOrderState(state)))

    expected = (state.replace("_", " "), status)
    assert found == (
        order_differs("shipment", "Shipped in BigCommerce, TikTok Shop does not know.", *expected) if told else ()
    )


# -- the ledger -----------------------------------------------------------------------------------------------------


def counts(ledger, subject):
    report = ledger.report()["subjects"][subject]
    return report["there"], report["compared"], report["left_out"]


def test_the_ledger_groups_what_was_not_compared_by_its_cause_and_names_some():
    ledger = Ledger()
    ledger.there(ProofSubject.PRODUCT, 25)
    for number in range(23):
        ledger.leave_out(ProofSubject.PRODUCT, str(number), ProofReason.SKIPPED, "Not chosen for this shop.")
    ledger.leave_out(ProofSubject.PRODUCT, "99", ProofReason.UNREADABLE, "price: missing")
    assert ledger.judge(ProofSubject.PRODUCT, "100", TITLE) is True

    report = ledger.report()

    assert (report["compared"], report["left_out"]) == (1, 24)
    assert counts(ledger, "product") == (25, 1, 24)
    assert [(each["reason"], each["number"], len(each["keys"])) for each in report["not_compared"]] == [
        ("skipped", 23, 20),
        ("unreadable", 1, 1),
    ]
    assert report["differences"] == [
        {"kind": "title", "key": "1", "text": "The title differs.", "expected": "Enamel mug", "found": "Tin mug"}
    ]


def test_what_was_asked_for_a_moment_ago_is_in_progress_and_what_takes_longer_differs():
    ledger = Ledger(working={("product", "1"): True, ("product", "2"): False, ("order", "3"): True})

    assert ledger.judge(ProofSubject.PRICE, "1", PRICE) is False
    assert ledger.judge(ProofSubject.PRICE, "2", PRICE) is True
    assert ledger.judge(ProofSubject.PRICE, "3", PRICE) is True  # an order's number is no product's
    assert ledger.judge(ProofSubject.PRICE, "1") is True  # nothing differs

    assert (counts(ledger, "price"), len(ledger.differences)) == ((0, 3, 1), 2)
    assert [ledger.progress("product", key) for key in "123"] == [
        "Asked for less than a minute ago.",
        "Being worked on for more than a minute.",
        "",
    ]


DOUBLE = differs("sku_double", "SKU MUG-1 is live in more than one listing.", "a", "a, b", key="a")


@pytest.mark.parametrize(
    ("_case", "ours", "differences"),
    [("one of them is linked", {"tt-1"}, (DOUBLE,)), ("none of them is linked", {"tt-9"}, ())],
)
def test_one_seller_sku_in_two_live_listings(_case, ours, differences):
    live = [
        on_shelf(shop_sku(id="tt-2"), id="b"),
        on_shelf(shop_sku(id="tt-1"), id="a"),
        on_shelf(shop_sku(id="tt-3", seller_sku="JAR-1"), id="c"),
        on_shelf(shop_sku(id="tt-4", seller_sku=""), shop_sku(id="tt-5", seller_sku=""), id="d"),
    ]

    assert proving.double_skus(live, ours) == differences


# -- what was ordered and shipped -----------------------------------------------------------------------------------


def store_line(sku, quantity, variant_id, **changes):
    return StoreOrderItem(id=sku, product_id="1", variant_id=variant_id, sku=sku, quantity=quantity, **changes)


def lines_differ(sku, expected, found):
    return differs("order_lines", f"The orders differ in {sku}.", expected, found, key="5764")


@pytest.mark.parametrize(
    ("_case", "items", "differences"),
    [
        ("as sold", [store_line("MUG-1", 2, "11")], ()),
        ("on two lines", [store_line("MUG-1", 1, "11"), store_line("MUG-1", 1, "11")], ()),
        ("under another SKU, but the same variant", [store_line("MUG-OLD", 2, "11")], ()),
        ("as a line of its own without a variant", [store_line("MUG-1", 2, "")], ()),
        ("one too few", [store_line("MUG-1", 1, "11")], (lines_differ("MUG-1", "2", "1"),)),
        ("one too many", [store_line("MUG-1", 3, "11")], (lines_differ("MUG-1", "2", "3"),)),
        ("one too many was refunded", [store_line("MUG-1", 3, "11", refunded=1)], ()),
        ("the buyer sent one back", [store_line("MUG-1", 2, "11", refunded=1)], ()),
        (
            "something else",
            [store_line("JAR-1", 2, "21")],
            (lines_differ("JAR-1", "0", "2"), lines_differ("MUG-1", "2", "0")),
        ),
    ],
)
def test_what_differs_of_what_orders_ask_for(_case, items, differences):
    found = proving.compare_lines(order(line("MUG-1", 2)), items, LINKS)

    assert sorted(found, key=lambda each: each.text) == list(differences)


UPS, USPS = ShippingProvider("p-4", "UPS"), ShippingProvider("p-5", "USPS")


def sent(number, carrier="UPS"):
    return StoreShipment(id=number, order_id="100", tracking_number=number, carrier=carrier)


def tracking_differs(expected, found):
    return differs("tracking", "The tracking numbers differ.", expected, found, key="5764")


@pytest.mark.parametrize(
    ("_case", "shipments", "shown", "differences"),
    [
        ("none on either side", [], [], ()),
        ("the same", [sent("94 00a")], [("9400A", "p-4")], ()),
        ("the shop does not tell the carrier", [sent("9400")], [("9400", "")], ()),
        ("another number", [sent("9400")], [("9411", "p-4")], (tracking_differs("9400", "9411"),)),
        ("one more here", [sent("9400"), sent("9411")], [("9400", "p-4")], (tracking_differs("9411", "none"),)),
        ("one more there", [], [("9400", "p-4")], (tracking_differs("none", "9400"),)),
        (
            "another carrier",
            [sent("9400")],
            [("9400", "p-5")],
            (differs("carrier", "The carrier of 9400 differs.", "UPS", "USPS", key="5764"),),
        ),
        ("a carrier that the shop does not know cannot be compared", [sent("9400", "Zebra")], [("9400", "p-5")], ()),
    ],
)
def test_what_differs_of_what_was_shipped(_case, shipments, shown, differences):
    names = {"p-4": "UPS", "p-5": "USPS", "": ""}
    packages = tuple(
        ShopPackage(id=f"k{at}", shipped=True, tracking_number=number, provider_id=provider, provider=names[provider])
        for at, (number, provider) in enumerate(shown)
    )

    found = proving.compare_tracking(order(line(), packages=packages), shipments, (), (UPS, USPS))

    assert found == differences
