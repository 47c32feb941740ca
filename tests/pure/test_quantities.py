"""How much a shop may offer: the threshold, what is held, the reserve; and the one call that tells it so."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from tests.pure.builders import product, random_cases, red_and_blue, variant
from twinshelf.connections.preferences import Preferences
from twinshelf.documents import Plan, SetStock, SetStoreStock, ShopSku, finding
from twinshelf.listings.desired import DesiredSku, gone_sku
from twinshelf.listings.plan import SeenSkus, SeenStoreStock, WithoutClosed, plan_store_stock, without_closed
from twinshelf.listings.plan import plan_stock as plan_seen
from twinshelf.rules.own import NONE, ProductChoices, VariantChoices
from twinshelf.rules.quantities import (
    NO_CLAIMS,
    Claims,
    Quantity,
    QuantityStep,
    falls_by_what_is_sold,
    gone,
    quantity_of,
    rarely_enough,
    threshold_of,
)
from twinshelf.tiktok.products import MAX_QUANTITY

LEFT_OUT, OWN = ProductChoices(threshold_excluded=True), ProductChoices(variants={"1": VariantChoices(quantity=4)})


def plan_stock(key, *, tiktok_id, desired, observed, warehouse_id, product_level=False):
    """The plan where each SKU should have these units and shows those; a variant is named as its SKU."""
    skus = {
        sku_id: DesiredSku(variant_id=sku_id, seller_sku=sku_id, price=None, problem=None, quantity=Quantity(units, ()))
        for sku_id, units in desired.items()
    }
    shown = {sku_id: ShopSku(id=sku_id, seller_sku=sku_id, stock=tuple(stock)) for sku_id, stock in observed.items()}
    return plan_seen(
        SeenSkus(
            key,
            tiktok_id=tiktok_id,
            desired=skus,
            links={sku_id: sku_id for sku_id in desired},
            shown=shown,
            warehouse_id=warehouse_id,
            product_level=product_level,
        )
    )


# -- how much -------------------------------------------------------------------------------------------------------


def offer(stock, held=0, **chosen):
    return quantity(stock, held, **chosen).offered


def quantity(stock, held=0, **chosen):
    goods = product(variant(stock=stock))
    return quantity_of(goods, goods.variants[0], held=held, preferences=Preferences(**chosen))


@pytest.mark.parametrize(
    ("_case", "stock", "held", "chosen", "offered"),
    [
        ("what is there", 7, 0, {}, 7),
        ("nothing", 0, 0, {}, 0),
        ("less what orders on their way hold", 7, 2, {}, 5),
        ("the last unit is held", 1, 1, {}, 0),
        ("more is held than is there", 1, 3, {}, 0),
        ("less the reserve", 7, 0, {"reserve": 2}, 5),
        ("less both", 7, 3, {"reserve": 2}, 2),
        ("a reserve as large as the stock", 2, 0, {"reserve": 2}, 0),
        ("a reserve larger than the stock", 2, 0, {"reserve": 5}, 0),
        ("TikTok's largest number", 99_999, 0, {}, 99_999),
        ("more than TikTok takes", 100_000, 0, {}, 99_999),
        ("held and reserved units are taken off before the cut", 100_005, 3, {"reserve": 2}, 99_999),
        ("not tracked: the merchant's figure", None, 0, {}, 999),
        ("not tracked: the figure chosen", None, 0, {"untracked_quantity": 50}, 50),
        ("not tracked: less what is held", None, 4, {"untracked_quantity": 50}, 46),
        ("not tracked: less the reserve", None, 0, {"untracked_quantity": 50, "reserve": 2}, 48),
        ("a share, rounded down", 11, 0, {"stock_percent": 50}, 5),
        ("a share of what is not held, less the reserve", 11, 1, {"stock_percent": 50, "reserve": 2}, 3),
        ("a share of one unit is none", 1, 0, {"stock_percent": 99}, 0),
        ("a share of nothing, and less", 1, 5, {"stock_percent": 50}, 0),
        ("all of it", 11, 0, {"stock_percent": 100}, 11),
        ("at most so many", 11, 0, {"stock_cap": 4}, 4),
        ("fewer than the most", 3, 0, {"stock_cap": 4}, 3),
        ("at most none", 3, 0, {"stock_cap": 0}, 0),
        ("share, reserve and most", 100, 0, {"stock_percent": 50, "reserve": 10, "stock_cap": 30}, 30),
        ("not tracked: no share, but at most so many", None, 0, {"stock_percent": 50, "stock_cap": 20}, 20),
        ("not tracked and sold out of the figure", None, 9, {"untracked_quantity": 5}, 0),
        ("not tracked: no threshold applies", None, 0, {"untracked_quantity": 5, "threshold": 13}, 5),
    ],
)
def test_the_units_to_offer(_case, stock, held, chosen, offered):
    assert offer(stock, held, **chosen) == offered


@pytest.mark.covers("CED-148")
@pytest.mark.parametrize(
    ("_case", "stock", "threshold", "offered"),
    [
        ("above it: all of it, not what is above", 14, 13, 14),
        ("at it: none", 13, 13, 0),
        ("below it: none", 12, 13, 0),
        ("nothing there", 0, 13, 0),
        ("off: the last unit sells", 1, None, 1),
        ("0: the last unit sells", 1, 0, 1),
        ("0: none left is none", 0, 0, 0),
    ],
)
def test_at_the_threshold_nothing_is_offered(_case, stock, threshold, offered):
    assert offer(stock, threshold=threshold) == offered


@pytest.mark.parametrize(
    ("_case", "stock", "held", "reserve", "offered"),
    [
        ("what is held counts as gone", 14, 1, 0, 0),
        ("above it by one after what is held", 15, 1, 0, 14),
        ("the reserve does not: it comes off what is offered", 14, 0, 2, 12),
    ],
)
def test_what_is_compared_with_the_threshold(_case, stock, held, reserve, offered):
    assert offer(stock, held, threshold=13, reserve=reserve) == offered


@pytest.mark.parametrize(
    ("_case", "chosen", "own", "limit"),
    [
        ("none anywhere", {}, {}, (None, "set_zero")),
        ("the connection's", {"threshold": 5, "threshold_mode": "deactivate"}, {}, (5, "deactivate")),
        ("the product's beats it", {"threshold": 5}, {"threshold": 2}, (2, "set_zero")),
        ("a product's of 0 beats it too", {"threshold": 5}, {"threshold": 0}, (0, "set_zero")),
        ("a product's alone", {}, {"threshold": 2}, (2, "set_zero")),
        ("a mode of its own", {"threshold": 5}, {"threshold_mode": "deactivate"}, (5, "deactivate")),
        (
            "its mode beats the connection's",
            {"threshold": 5, "threshold_mode": "deactivate"},
            {"threshold_mode": "set_zero"},
            (5, "set_zero"),
        ),
        ("excluded", {"threshold": 5}, {"threshold_excluded": True}, (None, "set_zero")),
        ("excluded, whatever its own", {}, {"threshold": 9, "threshold_excluded": True}, (None, "set_zero")),
    ],
)
def test_the_limit_that_counts_for_a_product(_case, chosen, own, limit):
    found = threshold_of(Preferences(**chosen), ProductChoices(**own))

    assert (found.units, found.mode) == limit


def test_where_the_product_goes_off_sale_its_units_stay():
    for stock, low in ((6, False), (5, True), (0, True)):
        found = quantity(stock, threshold=5, threshold_mode="deactivate")
        assert (found.offered, found.low) == (stock, low)
    assert not quantity(5, threshold=5).low
    assert not quantity(None, threshold=5000, threshold_mode="deactivate").low


@pytest.mark.parametrize(
    ("threshold", "warned"), [(None, False), (0, False), (1, True), (5, True), (6, False), (100, False)]
)
def test_limits_of_which_people_are_warned(threshold, warned):
    assert rarely_enough(threshold) is warned


@pytest.mark.parametrize(
    ("_case", "stock", "held", "limits", "mine", "offered"),
    [
        ("nobody claims", 2, 0, (), 1, 2),
        ("above the limit: all shops", 4, 0, ((2, 3),), 1, 4),
        ("at the limit: the other shop has them", 3, 0, ((2, 3),), 1, 0),
        ("at the limit: this shop has them", 3, 0, ((2, 3),), 2, 3),
        ("what is held counts as gone", 5, 2, ((2, 3),), 1, 0),
        ("two claim: the first does", 3, 0, ((2, 3), (3, 5)), 3, 0),
        ("two claim: the first has enough left", 4, 0, ((2, 3), (3, 5)), 3, 4),
        ("two claim: so the first gets none of those", 4, 0, ((2, 3), (3, 5)), 2, 0),
        ("not tracked: nobody knows when it ends", None, 0, ((2, 5000),), 1, 999),
    ],
)
def test_the_last_units_go_to_one_shop(_case, stock, held, limits, mine, offered):
    goods = product(variant(stock=stock))
    claims = Claims(limits, mine)
    found = quantity_of(goods, goods.variants[0], held=held, preferences=Preferences(), claims=claims)

    assert found.offered == offered
    assert found.offered == found.steps[-1].after


@random_cases
@given(strategies.integers(0, 30), strategies.integers(0, 30), strategies.lists(strategies.integers(0, 20), max_size=3))
def test_the_last_units_are_offered_in_one_shop_alone(stock, held, limits):
    goods = product(variant(stock=stock))
    claims = tuple((n, limit) for n, limit in enumerate(limits, 1))
    offers = [
        quantity_of(goods, goods.variants[0], held=held, preferences=Preferences(), claims=Claims(claims, mine)).offered
        for mine in (1, 2, 3)
    ]

    left = max(0, stock - held)
    assert max(offers) == left
    if any(stock - held <= limit for limit in limits):
        assert sum(offers) == left


@pytest.mark.parametrize(
    ("_case", "preferences", "choices", "claims", "expected"),
    [
        ("nothing is chosen", Preferences(), NONE, NO_CLAIMS, True),
        ("some are kept back", Preferences(reserve=2), NONE, NO_CLAIMS, True),
        ("a limit", Preferences(threshold=3), NONE, NO_CLAIMS, False),
        ("a limit that the product is left out of", Preferences(threshold=3), LEFT_OUT, NO_CLAIMS, True),
        ("a limit of the product's own", Preferences(), ProductChoices(threshold=0), NO_CLAIMS, False),
        ("a share", Preferences(stock_percent=99), NONE, NO_CLAIMS, False),
        ("a most", Preferences(stock_cap=100), NONE, NO_CLAIMS, False),
        ("a number of the variant's own", Preferences(), OWN, NO_CLAIMS, False),
        ("last units of some shop", Preferences(), NONE, Claims(((1, 3),), 2), False),
    ],
)
def test_what_a_sale_leaves_is_what_the_rules_would_offer_unless_they_count_otherwise(
    _case, preferences, choices, claims, expected
):
    assert falls_by_what_is_sold(preferences, choices, claims) is expected


@random_cases
@given(strategies.integers(0, 60), strategies.integers(0, 20), strategies.integers(1, 9), strategies.integers(0, 9))
def test_where_it_falls_by_what_is_sold_every_number_does(stock, held, sold, reserve):
    goods, chosen = product(variant(stock=stock)), Preferences(reserve=reserve)
    assert falls_by_what_is_sold(chosen)
    before, after = (
        quantity_of(goods, goods.variants[0], held=units, preferences=chosen).offered for units in (held, held + sold)
    )

    assert after == max(0, before - sold)


@pytest.mark.parametrize(
    ("_case", "shown", "counted", "held", "stock", "codes"),
    [
        ("in step", {"1": 5}, {"1": 5}, {}, (), ()),
        ("the store has more", {"1": 5}, {"1": 9}, {}, (("1", 5),), ()),
        ("the store has less", {"1": 5}, {"1": 0}, {}, (("1", 5),), ()),
        ("an order on its way takes them", {"1": 3}, {"1": 5}, {"1": 2}, (), ()),
        ("and what it holds is counted", {"1": 3}, {"1": 9}, {"1": 2}, (("1", 5),), ()),
        ("only what differs, by id", {"2": 1, "1": 4}, {"1": 4, "2": 7}, {}, (("2", 1),), ()),
        ("not tracked", {"1": 3}, {"1": None}, {}, (), ("W-INV-UNTRACKED",)),
        ("gone from the store", {"1": 3}, {}, {}, (), ()),
    ],
)
def test_what_the_store_is_to_count(_case, shown, counted, held, stock, codes):
    plan = plan_store_stock(SeenStoreStock("7", shown=shown, counted=counted, codes={}, held=held))

    ids = dict(stock)
    kept = tuple((key, units) for key, units in held.items() if key in ids)
    assert plan.changes == ((SetStoreStock(product_id="7", stock=stock, held=kept),) if stock else ())
    assert tuple(each.code for each in plan.findings) == codes


@random_cases
@given(
    strategies.one_of(strategies.none(), strategies.integers(-50, 200_000)),
    strategies.integers(0, 500),
    strategies.one_of(strategies.none(), strategies.integers(0, 50)),
    strategies.integers(0, 50),
    strategies.integers(0, 200_000),
)
def test_never_below_nothing_nor_above_what_is_there_or_tiktok_takes(stock, held, threshold, reserve, untracked):
    offered = offer(stock, held, threshold=threshold, reserve=reserve, untracked_quantity=untracked)

    assert 0 <= offered <= MAX_QUANTITY
    assert offered <= max(0, (untracked if stock is None else stock) - held - reserve)


STEP = QuantityStep


@pytest.mark.parametrize(
    ("_case", "stock", "held", "chosen", "steps"),
    [
        ("what is there", 7, 0, {}, (STEP("stock", 7, 7),)),
        (
            "held and reserved",
            7,
            3,
            {"reserve": 2},
            (STEP("stock", 7, 7), STEP("held", 4, 3), STEP("reserve", 2, 2)),
        ),
        ("at the threshold", 13, 0, {"threshold": 13}, (STEP("stock", 13, 13), STEP("threshold", 0, 13))),
        ("not tracked", None, 4, {}, (STEP("untracked", 999, 999), STEP("held", 995, 4))),
        ("more than TikTok takes", 100_000, 0, {}, (STEP("stock", 100_000, 100_000), STEP("limit", 99_999, 99_999))),
        ("never below nothing", 1, 3, {}, (STEP("stock", 1, 1), STEP("held", -2, 3), STEP("limit", 0, 0))),
    ],
)
def test_a_quantity_tells_each_step_that_led_to_it(_case, stock, held, chosen, steps):
    found = quantity(stock, held, **chosen)

    assert found.steps == steps
    assert found.offered == steps[-1].after


def test_what_is_not_for_sale_counted_together_or_gone_is_not_offered():
    unsold = product(variant(purchasable=False))
    together = product(*red_and_blue(), tracking="product")

    assert quantity_of(unsold, unsold.variants[0], held=0, preferences=Preferences()).steps == (
        STEP("not_for_sale", 0),
    )
    assert quantity_of(together, together.variants[0], held=0, preferences=Preferences()).steps == (
        STEP("product_level", 0),
    )
    assert gone().steps == (STEP("gone", 0),)


# -- the call -------------------------------------------------------------------------------------------------------

GONE = finding("E-LST-SKUGONE")


@pytest.mark.parametrize(
    ("_case", "desired", "observed", "stock", "findings"),
    [
        ("in step", {"tt-1": 5}, {"tt-1": [("w-1", 5)]}, (), ()),
        ("one unit less", {"tt-1": 4}, {"tt-1": [("w-1", 5)]}, (("tt-1", (("w-1", 4),)),), ()),
        ("sold out", {"tt-1": 0}, {"tt-1": [("w-1", 5)]}, (("tt-1", (("w-1", 0),)),), ()),
        ("sold out there already", {"tt-1": 0}, {"tt-1": [("w-1", 0)]}, (), ()),
        (
            "only the SKU that differs",
            {"tt-1": 5, "tt-2": 3},
            {"tt-1": [("w-1", 5)], "tt-2": [("w-1", 9)]},
            (("tt-2", (("w-1", 3),)),),
            (),
        ),
        (
            "several in one call, by id",
            {"tt-2": 3, "tt-1": 4},
            {"tt-1": [("w-1", 5)], "tt-2": [("w-1", 9)]},
            (("tt-1", (("w-1", 4),)), ("tt-2", (("w-1", 3),))),
            (),
        ),
        (
            "every warehouse is named, and only ours has stock",
            {"tt-1": 4},
            {"tt-1": [("w-2", 0), ("w-1", 5)]},
            (("tt-1", (("w-1", 4), ("w-2", 0))),),
            (),
        ),
        (
            "the right sum in the wrong warehouse is moved",
            {"tt-1": 5},
            {"tt-1": [("w-1", 2), ("w-2", 3)]},
            (("tt-1", (("w-1", 5), ("w-2", 0))),),
            (),
        ),
        ("two warehouses in step, in any order", {"tt-1": 5}, {"tt-1": [("w-2", 0), ("w-1", 5)]}, (), ()),
        (
            "a SKU that is kept in another warehouse only",
            {"tt-1": 4},
            {"tt-1": [("w-2", 5)]},
            (("tt-1", (("w-2", 4),)),),
            (),
        ),
        (
            "in several others: the same one in whatever order they are read",
            {"tt-1": 4},
            {"tt-1": [("w-3", 4), ("w-2", 0)]},
            (("tt-1", (("w-2", 4), ("w-3", 0))),),
            (),
        ),
        ("and then it stays there", {"tt-1": 4}, {"tt-1": [("w-3", 0), ("w-2", 4)]}, (), ()),
        ("a SKU that no warehouse has yet", {"tt-1": 4}, {"tt-1": []}, (("tt-1", (("w-1", 4),)),), ()),
        ("SKUs that are not linked are left alone", {"tt-1": 5}, {"tt-1": [("w-1", 5)], "tt-9": [("w-1", 7)]}, (), ()),
        ("nothing is linked", {}, {"tt-9": [("w-1", 7)]}, (), ()),
        ("a SKU that vanished", {"tt-1": 5}, {}, (), (GONE,)),
        (
            "a SKU that vanished does not hold the other",
            {"tt-1": 5, "tt-2": 3},
            {"tt-2": [("w-1", 9)]},
            (("tt-2", (("w-1", 3),)),),
            (GONE,),
        ),
        ("two that vanished are told once", {"tt-1": 5, "tt-2": 3}, {}, (), (GONE,)),
    ],
)
def test_plan_stock(_case, desired, observed, stock, findings):
    plan = plan_stock("1", tiktok_id="tt-p", desired=desired, observed=observed, warehouse_id="w-1")

    assert plan.changes == ((SetStock(shop_listing_id="tt-p", stock=stock),) if stock else ())
    assert plan.findings == findings
    assert (plan.key, plan.later_seconds) == ("1", None)


def test_stock_that_is_counted_for_all_variants_together_is_not_sent():
    plan = plan_stock(
        "1",
        tiktok_id="tt-p",
        desired={"tt-1": 5},
        observed={"tt-1": [("w-1", 9)]},
        warehouse_id="w-1",
        product_level=True,
    )

    assert plan.changes == ()
    assert plan.findings == (finding("E-INV-PRODUCTLEVEL"),)


@pytest.mark.parametrize(
    ("_case", "stock", "changes", "told"),
    [
        ("all that TikTok takes", 99_999, {}, ""),
        ("one more", 100_000, {}, "A (100,000)"),
        ("BigCommerce's most", 2_147_483_647, {}, "A (2,147,483,647)"),
        ("so little after the reserve that all is shown", 100_000, {"reserve": 1}, ""),
        ("none of it is offered", -1, {}, ""),
        ("goods that the store does not count", None, {"untracked_quantity": 500_000}, ""),
    ],
)
def test_more_than_tiktok_takes_is_told(_case, stock, changes, told):
    offered = quantity(stock, **changes)
    sku = DesiredSku(variant_id="1", seller_sku="A", price=None, problem=None, quantity=offered)
    seen = SeenSkus(
        "1",
        tiktok_id="tt-p",
        desired={"1": sku},
        links={"1": "tt-1"},
        shown={"tt-1": ShopSku(id="tt-1", seller_sku="A", stock=(("w-1", offered.offered),))},
        warehouse_id="w-1",
    )

    assert plan_seen(seen) == Plan(key="1", findings=(finding("W-INV-MOST", most="99,999", skus=told),) if told else ())


CLOSED = ("tt-1", "w-2")


@pytest.mark.parametrize(
    ("_case", "stock", "closed", "rest", "whole"),
    [
        ("another is closed", {"tt-1": [("w-1", 5), ("w-2", 0)]}, {CLOSED}, {"tt-1": (("w-1", 5),)}, True),
        (
            "of one SKU of two",
            {"tt-1": [("w-1", 5), ("w-2", 0)], "tt-2": [("w-1", 1)]},
            {CLOSED},
            {"tt-1": (("w-1", 5),)},
            True,
        ),
        ("ours is closed", {"tt-1": [("w-1", 0), ("w-2", 5)]}, {CLOSED}, {"tt-1": (("w-1", 0),)}, False),
        ("one of two is closed", {"tt-1": [("w-1", 3), ("w-2", 5)]}, {CLOSED}, {"tt-1": (("w-1", 3),)}, False),
        ("there is no other", {"tt-1": [("w-2", 0)]}, {CLOSED}, {}, False),
        ("none is", {"tt-1": [("w-1", 5)]}, set(), {}, False),
    ],
)
def test_a_warehouse_that_is_switched_off_is_left_out(_case, stock, closed, rest, whole):
    assert without_closed(stock, closed) == WithoutClosed(rest, whole)


def test_what_is_off_sale_goes_to_0_also_where_all_variants_are_counted_together():
    plan = plan_seen(
        SeenSkus(
            "1",
            tiktok_id="tt-p",
            desired={"1": gone_sku("1", "A")},
            links={"1": "tt-1"},
            shown={"tt-1": ShopSku(id="tt-1", seller_sku="A", stock=(("w-1", 9),))},
            warehouse_id="w-1",
            product_level=True,
        )
    )

    assert plan.changes == (SetStock(shop_listing_id="tt-p", stock=(("tt-1", (("w-1", 0),)),)),)
    assert plan.findings == ()


RED, BLUE, GREEN = "tt-red", "tt-blue", "tt-green"


@pytest.mark.covers("SILK-58", "SILK-59")
@pytest.mark.parametrize(
    ("_case", "stock", "shown", "sent"),
    [
        (
            "one at the threshold: it alone goes to 0",
            {RED: 20, BLUE: 5, GREEN: 6},
            {RED: 20, BLUE: 6, GREEN: 6},
            {BLUE: 0},
        ),
        ("it stays at 0", {RED: 20, BLUE: 4, GREEN: 6}, {RED: 20, BLUE: 0, GREEN: 6}, {}),
        ("above it again: all of it is offered", {RED: 20, BLUE: 6, GREEN: 6}, {RED: 20, BLUE: 0, GREEN: 6}, {BLUE: 6}),
        (
            "all at it: each goes to 0",
            {RED: 5, BLUE: 1, GREEN: 0},
            {RED: 6, BLUE: 6, GREEN: 6},
            {RED: 0, BLUE: 0, GREEN: 0},
        ),
        (
            "TikTok added back what a cancelled order had",
            {RED: 20, BLUE: 5, GREEN: 6},
            {RED: 20, BLUE: 1, GREEN: 6},
            {BLUE: 0},
        ),
    ],
)
def test_a_sku_at_the_threshold_goes_to_0_and_the_product_stays(_case, stock, shown, sent):
    plan = plan_stock(
        "1",
        tiktok_id="tt-p",
        desired={sku_id: offer(count, threshold=5) for sku_id, count in stock.items()},
        observed={sku_id: [("w-1", count)] for sku_id, count in shown.items()},
        warehouse_id="w-1",
    )

    calls = tuple((sku_id, (("w-1", sent[sku_id]),)) for sku_id in sorted(sent))
    assert plan.changes == ((SetStock(shop_listing_id="tt-p", stock=calls),) if sent else ())
    assert plan.findings == ()


amounts = strategies.integers(0, 9)
warehouses = strategies.dictionaries(strategies.sampled_from(["w-1", "w-2", "w-3"]), amounts, min_size=1)
sku_ids = strategies.sampled_from(["tt-1", "tt-2", "tt-3"])


@random_cases
@given(strategies.dictionaries(sku_ids, amounts), strategies.dictionaries(sku_ids, warehouses))
def test_stock_that_was_set_is_not_set_again(desired, observed):
    before = {sku_id: list(shown.items()) for sku_id, shown in observed.items()}
    plan = plan_stock("1", tiktok_id="tt-p", desired=desired, observed=before, warehouse_id="w-1")

    sent = {sku_id: stock for call in plan.changes if isinstance(call, SetStock) for sku_id, stock in call.stock}
    for sku_id, stock in sent.items():
        assert dict(stock).keys() == observed[sku_id].keys()
        assert sum(dict(stock).values()) == desired[sku_id]
        assert min(dict(stock).values()) >= 0
    again = plan_stock("1", tiktok_id="tt-p", desired=desired, observed={**before, **sent}, warehouse_id="w-1")
    assert again.changes == ()
    assert again.findings == plan.findings
