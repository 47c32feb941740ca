"""Shoppers at a press: they buy by chance or by choice, gifts too, and do what buyers do with their last orders."""

from __future__ import annotations

from typing import Any, Final

from twinshelf_sandbox.pages.forms import arguments
from twinshelf_sandbox.pages.frame import Page, Sheet, page_of, search, word
from twinshelf_sandbox.pages.markup import (
    Html,
    act,
    badge,
    button,
    card,
    check,
    choice,
    field,
    form,
    hidden,
    link,
    more,
    pager,
    path,
    table,
    tag,
)
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.pages.seller import SIZE, found, sheet
from twinshelf_sandbox.pages.seller_orders import buyer_buttons
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_ITEMS: Final = 3
_LAST: Final = 8


def purchase(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """The arguments of `shopper.buy` that its form spells; items without a SKU are not bought. Raises ValueError."""
    asked = arguments(fields)
    items = asked.get("items", [])
    asked["items"] = [item for item in items if item.get("seller_sku") or item.get("sku_id")]
    return asked


def page(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/shopper/{shop_id}`."""
    shop, wanted = parts.shop(shop_id), query.get("q", "").strip()
    keys, total = found(shop, {**query, "status": "ACTIVATE"})
    rows = [row for key in keys for row in _shelf(shop, shop.products[key])]
    last = shop.order_index.page(by="create_time", descending=True, size=_LAST).keys
    body = tag(
        "div",
        card(
            "By chance",
            act(
                "shopper.buy_something",
                "Buy something",
                field("most:int", "Units at most", value=3, kind="number", min=1),
                check("pay:bool", "Pay at once", checked=True),
                kind="good",
                shop_id=shop.id,
                then=_order_page(shop),
            ),
        ),
        card("By choice", _buy_form(shop)),
        card(
            "Their last orders",
            tag("div", [_order(shop, shop.orders[key]) for key in last], class_="tiles")
            if last
            else tag("p", "Nobody bought anything yet.", class_="empty"),
            wide=True,
        ),
        card(
            "On the shelf",
            search("Title, seller SKU or id", wanted),
            table(
                "On the shelf",
                ("Product", "Option", "Seller SKU", "#Price", "#Available", "(Buttons)"),
                rows,
                empty="Nothing is for sale.",
            ),
            pager(page_of(query), SIZE, total, q=wanted),
            wide=True,
        ),
        class_="cards",
    )
    made = sheet(shop, f"Shoppers of {shop.facts['name']}", body)
    made.area, made.here = "shopper", path("shopper", shop.id)
    return made


def _order_page(shop: Shop) -> str:
    return f"{path('seller', shop.id, 'orders')}/{{result}}"


def _buy_form(shop: Shop) -> Html:
    items = [
        tag(
            "fieldset",
            tag("legend", f"Item {at + 1}"),
            field(f"items.{at}.seller_sku", "Seller SKU", required=at == 0),
            field(f"items.{at}.quantity:int", "Quantity", value=1, kind="number", min=1, max=500),
            check(f"items.{at}.gift:bool", "As a gift"),
        )
        for at in range(_ITEMS)
    ]
    money = [
        field(name, word(name), inputmode="decimal", placeholder="0.00")
        for name in ("seller_discount", "platform_discount", "shipping_fee", "tax")
    ]
    return form(
        path("shopper", shop.id, "buy"),
        hidden(_then=_order_page(shop)),
        items[0],
        more("More items, a gift too", items[1:]),
        more(
            "Discounts, shipping, buyer",
            money,
            choice(
                "shipping_type",
                "Shipped by",
                (("", "who is usual in the market"), ("SELLER", "the seller"), ("TIKTOK", "TikTok")),
            ),
            field("buyer", "Name of a buyer, the same again for the same one"),
            field("message", "Message to the seller"),
            check("cod:bool", "Cash on delivery"),
            check("sample:bool", "A sample"),
        ),
        check("pay:bool", "Pay at once", checked=True),
        button("Buy", "good"),
    )


def _shelf(shop: Shop, row: Entity) -> list[tuple[Any, ...]]:
    offers = shop.offers[row["id"]]["skus"]
    rows = []
    for sku in row["base"].get("skus", []):
        offer, shown = offers[sku["id"]], sku.get("seller_sku") or sku["id"]
        left = sum(level[0] for level in offer["stock"].values())
        buy = form(
            path("shopper", shop.id, "buy"),
            hidden(**{"items.0.sku_id": sku["id"], "_then": _order_page(shop)}),
            field("items.0.quantity:int", f"Quantity of {shown}", value=1, kind="number", min=1, max=500, quiet=True),
            button("Buy", about=shown),
        )
        rows.append(
            (
                link(path("seller", shop.id, "products", row["id"]), row["base"].get("title") or row["id"]),
                [
                    ", ".join(one["value_name"] for one in sku.get("sales_attributes", [])) or "—",
                    badge("bundle") if sku.get("combined_skus") else None,
                ],
                tag("code", sku.get("seller_sku", "")),
                f"{offer['price']} {shop.currency}",
                f"{left:,}",
                buy if offer["status"] == "NORMAL" else badge("hidden"),
            )
        )
    return rows


def _order(shop: Shop, row: Entity) -> Html:
    units, total = len(row["line_items"]), f"{row['payment']['total_amount']} {shop.currency}"
    return tag(
        "article",
        tag(
            "h3",
            link(path("seller", shop.id, "orders", row["id"]), f"Order {row['id']}"),
            " ",
            badge(word(row["status"])),
        ),
        tag(
            "p",
            f"{row['buyer_nickname']}, {units} {'unit' if units == 1 else 'units'}, {total}",
        ),
        buyer_buttons(row),
        class_="variant",
    )


PAGES: Final[tuple[tuple[str, Page], ...]] = (("/shopper/{shop_id}", page),)
