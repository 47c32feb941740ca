"""What the tables of the pure tests are made of: documents with readable defaults, told apart by what a case changes.

An enamel mug of a US store, listed in a US shop, is where every case starts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import settings, strategies

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import (
    Address,
    Attribute,
    Dimensions,
    Image,
    Listing,
    ListingSku,
    Money,
    OptionValue,
    OrderLine,
    OrderPayment,
    Product,
    ShopListing,
    ShopOrder,
    ShopOrderStatus,
    ShopSku,
    StoreOrder,
    StoreOrderState,
    Variant,
    Weight,
)
from twinshelf.listings.desired import ShopFacts
from twinshelf.rules.templates import HeldBy, TemplateRules

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MUG, JAR = ("1", "11"), ("2", "21")
"""(product id, variant id) in the store; `line` sells them as tt-MUG-1 and tt-JAR-1."""
LINKS = {"tt-MUG-1": MUG, "tt-JAR-1": JAR}

random_cases = settings(max_examples=25, deadline=None, derandomize=True)
"""For properties: the same cases every time, few enough to run on every save."""


def money(amount, currency):
    return Money(Decimal(amount), currency)


def usd(amount):
    return money(amount, "USD")


def usd_amounts(low="0.00", high="9999.99"):
    """Any amount of dollars and cents between two, both included."""
    cents = strategies.integers(int(Decimal(low) * 100), int(Decimal(high) * 100))
    return cents.map(lambda count: Money(Decimal(count).scaleb(-2), "USD"))


def ounces(value):
    return Weight(Decimal(value), "OZ")


def inches(length, width, height):
    sides = [None if side is None else Decimal(side) for side in (length, width, height)]
    return Dimensions(sides[0], sides[1], sides[2], "IN")


# -- goods ----------------------------------------------------------------------------------------------------------


def variant(**changes):
    given: dict[str, Any] = {"id": "11", "sku": "MUG-1", "price": usd("12.00"), "stock": 10, "weight": ounces(12)}
    return Variant(**given | changes)


def red_and_blue():
    """Two variants of one product."""
    return (
        variant(id="11", sku="MUG-RED", options=(OptionValue("Color", "Red"),)),
        variant(id="12", sku="MUG-BLUE", options=(OptionValue("Color", "Blue"),)),
    )


def product(*variants, **changes):
    given: dict[str, Any] = {
        "id": "1",
        "title": "Enamel mug",
        "description": "<p>Plain and sturdy.</p>",
        "price": usd("12.00"),
        "dimensions": inches(4, 4, 5),
        "images": (Image(url="https://store.test/mug.jpg", thumbnail=True),),
        "variants": variants or (variant(),),
        "tracking": "variant",
        "modified_at": NOON,
    }
    return Product(**given | changes)


def attribute(name, *values, **changes):
    """A product attribute of a category; its values are numbered from 1."""
    numbered = tuple((str(at), value) for at, value in enumerate(values, 1))
    given: dict[str, Any] = {
        "id": f"a-{name.lower()}",
        "name": name,
        "sales": False,
        "required": True,
        "values": numbered,
    }
    return Attribute(**given | changes)


def facts(template=None, **chosen):
    """The shop and its connection: `chosen` are preferences, beside `region`, `currency` and the template."""
    shop = {name: chosen.pop(name) for name in ("region", "currency") if name in chosen}
    given: dict[str, Any] = {
        "region": "US",
        "currency": "USD",
        "warehouse_id": "w-1",
        "preferences": Preferences(**chosen),
        "default_template": HeldBy(rules=template or TemplateRules(), category_id="600001"),
        "store_weight_unit": "OZ",
    }
    return ShopFacts(**given | shop)


# -- listings -------------------------------------------------------------------------------------------------------


def listing_sku(**changes):
    given: dict[str, Any] = {"variant_id": "11", "seller_sku": "MUG-1", "price": usd("12.00"), "quantity": 10}
    return ListingSku(**given | changes)


def listing(*skus, **changes):
    given: dict[str, Any] = {
        "product_id": "1",
        "title": "Enamel mug",
        "description": "<p>Plain and sturdy.</p>",
        "category_id": "600001",
        "image_urls": ("https://store.test/mug.jpg",),
        "weight": ounces(12),
        "dimensions": inches(4, 4, 5),
        "warehouse_id": "w-1",
        "skus": skus or (listing_sku(),),
    }
    return Listing(**given | changes)


def shop_sku(**changes):
    given: dict[str, Any] = {"id": "tt-MUG-1", "seller_sku": "MUG-1", "price": usd("12.00"), "stock": (("w-1", 10),)}
    return ShopSku(**given | changes)


def on_shelf(*skus, **changes):
    """The mug as the shop has it, in step with `listing()`."""
    given: dict[str, Any] = {
        "id": "tt-1",
        "title": "Enamel mug",
        "status": "ACTIVATE",
        "skus": skus or (shop_sku(),),
        "updated_at": NOON,
    }
    return ShopListing(**given | changes)


# -- orders ---------------------------------------------------------------------------------------------------------


def line(sku="MUG-1", quantity=1, price="12.00", **changes):
    """Units of one SKU: `price` before discounts, `paid` after them (by default the same)."""
    given: dict[str, Any] = {
        "unit_ids": tuple(f"{sku}/{number}" for number in range(1, quantity + 1)),
        "product_id": "tt-1",
        "sku_id": f"tt-{sku}",
        "seller_sku": sku,
        "title": "Enamel mug",
        "original_price": usd(price),
        "paid": usd(price),
        "seller_discount": usd(0),
        "platform_discount": usd(0),
        "tax": usd(0),
    }
    return OrderLine(**given | changes)


def payment(lines, *, shipping="0", shipping_tax="0", fees="0", **changes):
    """What TikTok says of these lines: their `paid` and `tax` added up. Whatever is changed, the total adds up."""
    product_tax = Money.total((entry.tax * entry.quantity for entry in lines), "USD")
    parts = {
        "subtotal": Money.total((entry.paid * entry.quantity for entry in lines), "USD"),
        "shipping": usd(shipping),
        "product_tax": product_tax,
        "shipping_tax": usd(shipping_tax),
        "tax": product_tax + usd(shipping_tax),
        "fees": usd(fees),
        "seller_discount": usd(0),
        "platform_discount": usd(0),
    } | changes
    total = parts["subtotal"] + parts["shipping"] + parts["tax"] + parts["fees"]
    return OrderPayment(**({"total": total} | parts))


def order(*lines, **changes):
    sold = lines or (line(),)
    given: dict[str, Any] = {
        "id": "5764",
        "status": "AWAITING_SHIPMENT",
        "created_at": NOON,
        "updated_at": NOON,
        "lines": sold,
        "payment": changes.pop("payment", None) or payment(sold),
        "address": address(),
        "buyer_id": "7493",
    }
    given |= changes
    status = ShopOrderStatus(given["status"])
    unknown = given["status"] if status is ShopOrderStatus.UNKNOWN else ""
    return ShopOrder(**given | {"status": status, "status_text": unknown})


def address(**changes):
    given: dict[str, Any] = {
        "first_name": "Ada",
        "last_name": "Moss",
        "street_1": "1 Mill Lane",
        "city": "Austin",
        "state": "Texas",
        "postal_code": "78701",
        "country_code": "US",
        "phone": "+1 5125550100",
    }
    return Address(**given | changes)


def store_order(**changes):
    given: dict[str, Any] = {
        "id": "100",
        "state": StoreOrderState.AWAITING_FULFILLMENT,
        "external_order_id": "5764",
        "external_source": "32000",
        "channel_id": "1",
        "total_inc_tax": usd("12.00"),
        "modified_at": NOON,
        "created_at": NOON,
    }
    return StoreOrder(**given | changes)


def codes(findings):
    return [finding.code for finding in findings]
