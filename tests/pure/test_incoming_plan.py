"""What becomes of a product of the shop in the store."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from twinshelf.documents import (
    CreateStoreProduct,
    Money,
    OptionValue,
    Product,
    ProductDraft,
    SetStorePrices,
    SetStoreProduct,
    ShopListing,
    ShopProduct,
    ShopSku,
    ShopVariant,
    Variant,
    Weight,
    from_json,
    to_json,
)
from twinshelf.listings.incoming.plan import (
    Facts,
    Match,
    SeenIncoming,
    Verdict,
    draft_of,
    lasting,
    match,
    plan_incoming,
)

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("_case", "codes", "holders", "rivals", "near", "found"),
    [
        ("nothing has it", ["A"], {}, {}, {}, Match(Verdict.CREATE)),
        ("one product has it", ["A"], {"A": ["1"]}, {}, {}, Match(Verdict.LINK, "1")),
        ("one product has all of them", ["A", "B"], {"A": ["1"], "B": ["1"]}, {}, {}, Match(Verdict.LINK, "1")),
        ("one product has some of them", ["A", "B"], {"A": ["1"]}, {}, {"B": ["b"]}, Match(Verdict.LINK, "1")),
        ("two products have them", ["A", "B"], {"A": ["1"], "B": ["2"]}, {}, {},
         Match(Verdict.AMBIGUOUS, named=(("A", ()), ("B", ())))),
        ("two products have one", ["A"], {"A": ["1", "2"]}, {}, {}, Match(Verdict.AMBIGUOUS, named=(("A", ()),))),
        ("two variants of one have it", ["A"], {"A": ["1", "1"]}, {}, {}, Match(Verdict.AMBIGUOUS, named=(("A", ()),))),
        ("another of the shop has it", ["A"], {}, {"A": ["t2"]}, {}, Match(Verdict.AMBIGUOUS, named=(("A", ()),))),
        ("it has it twice", ["A", "A"], {}, {}, {}, Match(Verdict.AMBIGUOUS, named=(("A", ()),))),
        ("something has it nearly", ["a"], {}, {}, {"a": ["A"]}, Match(Verdict.NEAR, named=(("a", ("A",)),))),
        ("case counts", ["a"], {"A": ["1"]}, {}, {}, Match(Verdict.CREATE)),
        ("a SKU is missing", ["A", ""], {"A": ["1"]}, {}, {}, Match(Verdict.NO_SKU)),
        ("no SKU at all", [], {}, {}, {}, Match(Verdict.NO_SKU)),
    ],
)  # fmt: skip
def test_what_skus_find_on_the_other_side(_case, codes, holders, rivals, near, found):
    assert match(codes, holders, rivals, near) == found


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def shop_product(*, title="Lamp", price="31.00", status="ACTIVATE", description="<p>Warm</p>", **more) -> ShopProduct:
    sku = ShopSku(id="s1", seller_sku="LAMP-R", price=usd(price), stock=(("w1", 3), ("w2", 4)))
    listing = ShopListing(id="t1", title=title, status=status, description=description, skus=(sku,), updated_at=AT)
    variant = ShopVariant(sku_id="s1", options=(OptionValue("Color", "Red"),), image_url="https://cdn/red?sign=1")
    return ShopProduct(
        listing=listing,
        image_urls=("https://cdn/1?sign=1",),
        weight=Weight(Decimal(2), "LB"),
        variants=(variant,),
        **more,
    )


def store_product(*, title="Lamp", price="31.00", description="<p>Warm</p>", weight="2") -> Product:
    variant = Variant(id="v1", sku="LAMP-R", price=usd(price))
    return Product(
        id="p1", title=title, description=description, price=usd(price), weight=Weight(Decimal(weight), "LB"),
        variants=(variant,), modified_at=AT,
    )  # fmt: skip


FACTS = Facts(currency="USD")
LINKED = Match(Verdict.LINK, "p1")


def drafted(product: ShopProduct, facts: Facts = FACTS) -> ProductDraft:
    draft = draft_of(product, facts)
    assert isinstance(draft, ProductDraft)
    return draft


def test_a_draft_has_what_the_shop_shows():
    draft = drafted(shop_product(description='<p>A <b style="x">lamp</b></p><script>x</script>'))

    assert (draft.title, draft.description, draft.visible) == ("Lamp", "<p>A <b>lamp</b></p>", True)
    assert [(v.sku, v.options, v.price, v.stock) for v in draft.variants] == [
        ("LAMP-R", (OptionValue("Color", "Red"),), usd("31.00"), 7)
    ]
    assert drafted(shop_product(status="SELLER_DEACTIVATED")).visible is False
    assert drafted(shop_product(), Facts(currency="USD", counted=False)).variants[0].stock is None
    assert from_json(to_json(lasting(draft)), type(draft)) == lasting(draft)
    assert "cdn" not in str(lasting(draft))


@pytest.mark.parametrize(
    ("_case", "facts", "price"),
    [
        ("the same currency", Facts(currency="USD"), usd("31.00")),
        ("another currency", Facts(currency="GBP", rate=Decimal("1.25")), Money(Decimal("24.80"), "GBP")),
        ("without the tax", Facts(currency="USD", untaxed=True, tax=Decimal(20)), usd("25.83")),
        ("no rate", Facts(currency="GBP"), "E-PRC-RATE"),
        ("no tax said", Facts(currency="USD", untaxed=True), "E-PRC-TAX"),
    ],
)
def test_a_price_on_its_way_back(_case, facts, price):
    draft = draft_of(shop_product(), facts)

    assert (draft[0].code if isinstance(draft, tuple) else draft.variants[0].price) == price


def seen(product, *, matched=LINKED, taken=None, known=None, **more):
    draft = draft_of(product, FACTS)
    before = None if taken is None else lasting(drafted(taken))
    variants = {"LAMP-R": "v1"}
    return SeenIncoming(
        "t1", product, draft=draft, matched=matched, taken=before, known=known, variants=variants, **more
    )


@pytest.mark.parametrize(
    ("_case", "looked", "changes", "codes"),
    [
        ("gone from the shop", SeenIncoming("t1", None), (), ()),
        ("in review", seen(shop_product(status="PENDING"), matched=Match(Verdict.CREATE)), (), ()),
        ("stopped", seen(shop_product(status="PLATFORM_DEACTIVATED"), matched=Match(Verdict.CREATE)), (), ()),
        ("out of scope", seen(shop_product(), matched=Match(Verdict.CREATE), in_scope=False), (), ("I-SKU-SCOPE",)),
        ("used twice", seen(shop_product(), matched=Match(Verdict.AMBIGUOUS)), (), ("E-IMP-DUP",)),
        ("nearly equal", seen(shop_product(), matched=Match(Verdict.NEAR)), (), ("E-IMP-NEAR",)),
        ("no SKU", seen(shop_product(), matched=Match(Verdict.NO_SKU)), (), ("E-IMP-NOSKU",)),
        ("found, and equal", seen(shop_product(), known=store_product()), (), ()),
        ("found, with another title", seen(shop_product(), known=store_product(title="Old")),
         (SetStoreProduct(store_product_id="p1", title="Lamp"),), ()),
        ("found, with another price", seen(shop_product(), known=store_product(price="30")),
         (SetStorePrices(store_product_id="p1", prices=(("v1", usd("31.00")),)),), ()),
        ("edited in the store since", seen(shop_product(), taken=shop_product(), known=store_product(title="Mine")),
         (), ()),
        ("edited in the shop since", seen(shop_product(title="New"), taken=shop_product(), known=store_product()),
         (SetStoreProduct(store_product_id="p1", title="New"),), ()),
        ("the same text in other tags", seen(shop_product(description="<div>Warm</div>"), known=store_product()),
         (), ()),
        ("a weight within a gram", seen(shop_product(), known=store_product(weight="2.0001")), (), ()),
    ],
)  # fmt: skip
def test_what_is_planned(_case, looked, changes, codes):
    plan = plan_incoming(looked)

    assert plan.changes == changes
    assert tuple(found.code for found in plan.findings) == codes


def test_what_nothing_has_is_made_and_a_sku_without_a_variant_is_told():
    [change] = plan_incoming(seen(shop_product(), matched=Match(Verdict.CREATE))).changes
    assert isinstance(change, CreateStoreProduct)
    assert (change.once, change.shop_listing_id, change.draft.variants[0].stock) == ("create", "t1", 7)
    assert "cdn" not in str(change)  # addresses of pictures are signed, and a change is recorded

    lacking = seen(shop_product(), known=store_product())
    lacking = SeenIncoming(**{**vars(lacking), "variants": {}})
    assert [found.code for found in plan_incoming(lacking).findings] == ["W-IMP-VARIANT"]
