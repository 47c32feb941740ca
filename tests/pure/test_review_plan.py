"""What a review says of a plan: field by field, before and after, and what it costs."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from twinshelf.documents import (
    CreateListing,
    DeleteListing,
    Dimensions,
    EditContent,
    Listing,
    ListingSku,
    Money,
    Plan,
    SetPrices,
    SetStock,
    SyncField,
    Weight,
    finding,
)
from twinshelf.listings.reviews.plan import LONGEST, Line, Row, Shown, Verdict, line_of
from twinshelf.sync.agreements import digest, held_to


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


LAMP = Listing(
    product_id="1",
    title="Lamp",
    description="<p>Warm</p>",
    category_id="600001",
    image_urls=("a", "b"),
    weight=Weight(Decimal(2), "LB"),
    dimensions=Dimensions(Decimal(4), Decimal(3), None, "IN"),
    warehouse_id="w",
    skus=(ListingSku(variant_id="v", seller_sku="LAMP-1", price=usd("31"), quantity=7),),
)
SHOWN = Shown(sent=LAMP, skus={"s": ("LAMP-1", usd("31"), 7)})


def edit(**changes) -> EditContent:
    left = changes.pop("left", ())
    listing = msgspec.structs.replace(LAMP, **changes)
    return EditContent(shop_listing_id="t", listing=listing, sku_ids=(), left=left)


@pytest.mark.parametrize(
    ("_case", "changes", "verdict", "rows", "calls", "reviewed"),
    [
        ("nothing", (), Verdict.NOTHING, (), 0, False),
        ("new", (CreateListing(listing=LAMP),), Verdict.NEW,
         (Row("title", "", "Lamp"), Row("image_urls", "", "2"), Row("price", "", "31.00 USD", "LAMP-1"),
          Row("stock", "", "7", "LAMP-1")), 1, True),
        ("a title and a text", (edit(title="Desk lamp", description="<p>Very <b>warm</b></p>"),), Verdict.CHANGED,
         (Row("title", "Lamp", "Desk lamp"), Row("description", "Warm", "Very warm")), 2, True),
        ("a field left to TikTok", (edit(title="Desk lamp", left=(SyncField.NAME,)),), Verdict.CHANGED, (), 2, True),
        ("measures", (edit(weight=Weight(Decimal("2.5"), "LB"), dimensions=Dimensions(Decimal(5), None, None, "IN")),),
         Verdict.CHANGED, (Row("weight", "2 LB", "2.5 LB"), Row("dimensions", "4 × 3 × – IN", "5 × – × – IN")), 2,
         True),
        ("a price", (SetPrices(shop_listing_id="t", prices=(("s", usd("35.5")),)),), Verdict.CHANGED,
         (Row("price", "31.00 USD", "35.50 USD", "LAMP-1"),), 1, False),
        ("stock", (SetStock(shop_listing_id="t", stock=(("s", (("w", 3), ("x", 0))),)),), Verdict.CHANGED,
         (Row("stock", "7", "3", "LAMP-1"),), 1, False),
        ("deleted", (DeleteListing(shop_listing_id="t"),), Verdict.OFF, (), 1, False),
    ],
)  # fmt: skip
def test_a_plan_as_people_review_it(_case, changes, verdict, rows, calls, reviewed):
    line = line_of(Plan(key="1", changes=changes), SHOWN)

    assert line == Line("1", verdict, rows, (), calls, reviewed)


def test_findings_hold_back_and_long_texts_are_cut_where_they_are_shown():
    held = line_of(Plan(key="1", findings=(finding("E-LST-TITLE"), finding("W-PRD-OFFSALE"))), Shown())
    assert held.verdict is Verdict.FINDING
    assert line_of(Plan(key="1", findings=(finding("W-PRD-OFFSALE"),)), Shown()).verdict is Verdict.NOTHING
    [row] = line_of(Plan(key="1", changes=(edit(title="x" * (LONGEST + 1)),)), SHOWN).rows
    assert (len(row.after), row.after[-1]) == (LONGEST, "…")


def test_a_plan_is_held_to_what_was_agreed():
    price, stock = (
        SetPrices(shop_listing_id="t", prices=(("s", usd("35.50")),)),
        SetStock(shop_listing_id="t", stock=(("s", (("w", 3),)),)),
    )
    both = Plan(key="1", changes=(price, stock), findings=(finding("W-PRD-OFFSALE"),))
    agreed = frozenset({digest(price), digest(stock)})

    assert held_to(both, agreed) == both
    assert held_to(Plan(key="1", changes=(stock,)), agreed).changes == (stock,)  # the other was made already
    assert held_to(Plan(key="1"), frozenset()).findings == ()
    moved = held_to(both, frozenset({digest(stock)}))
    assert moved.changes == ()
    assert [found.code for found in moved.findings] == ["W-PRD-OFFSALE", "E-REV-MOVED"]
    other = SetPrices(shop_listing_id="t", prices=(("s", usd("35.51")),))
    assert held_to(Plan(key="1", changes=(other,)), agreed).changes == ()
