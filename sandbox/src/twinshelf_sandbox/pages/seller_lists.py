"""Lists of the seller center: the audit queue, and stock in every warehouse."""

from __future__ import annotations

from typing import Final

from twinshelf_sandbox.pages.frame import Page, Sheet, at, page_of, search
from twinshelf_sandbox.pages.markup import link, pager, path, table, tag
from twinshelf_sandbox.pages.parts import Parts
from twinshelf_sandbox.pages.seller import SIZE, WAITING, audit_buttons, found, picture, sheet, state


def audits(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/audits`: what waits for a decision; it comes by itself unless the shop waits for a person."""
    shop = parts.shop(shop_id)
    waiting = [key for key, row in shop.product_index.rows.items() if row.audit_status in WAITING]
    keys, total = found(shop, query, waiting)
    cards = []
    for key in keys:
        row = shop.products[key]
        newest = row["review"] or row["base"]
        cards.append(
            tag(
                "article",
                picture(row),
                tag("h2", link(path("seller", shop.id, "products", key), newest.get("title") or key)),
                tag(
                    "p",
                    state(row["status"]),
                    " ",
                    state(row["audit_status"]),
                    " ",
                    "An edit of a live product." if row["review"] else "A new product.",
                    f" Since {at(row['update_time'])}.",
                ),
                audit_buttons(row),
                class_="variant",
            )
        )
    seconds = shop.facts["audit"]["seconds"]
    policy = "Audits wait for you." if seconds < 0 else f"Audits end by themselves after {seconds:g} seconds."
    body = tag(
        "div",
        tag("p", policy, " ", link(path("seller", shop.id), "Change that")),
        search("Title, seller SKU or id", query.get("q", "").strip()),
        cards or tag("p", "Nothing waits for a decision.", class_="empty"),
        pager(page_of(query), SIZE, total, q=query.get("q", "").strip()),
    )
    return sheet(shop, "Audit queue", body, "audits")


def stock(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/stock`: what is available, and in brackets what orders hold."""
    shop, wanted = parts.shop(shop_id), query.get("q", "").strip()
    places = shop.warehouses("SALES_WAREHOUSE")
    keys, total = found(shop, query)
    rows = []
    for key in keys:
        row, offers = shop.products[key], shop.offers[key]["skus"]
        for sku in row["skus"]:
            levels = offers[sku["id"]]["stock"]
            shown = [levels.get(place["id"]) for place in places]
            rows.append(
                (
                    link(path("seller", shop.id, "products", key), row["base"].get("title") or key),
                    tag("code", sku["seller_sku"]),
                    *("—" if level is None else f"{level[0]:,} ({level[1]:,})" for level in shown),
                    f"{sum(level[0] for level in levels.values()):,}",
                )
            )
    heads = ("Product", "Seller SKU", *(f"#{place['name']}" for place in places), "#Available")
    body = tag(
        "div",
        tag("p", "Available, and in brackets what orders hold."),
        search("Title, seller SKU or id", wanted),
        table("Stock", heads, rows, empty="No product is like that."),
        pager(page_of(query), SIZE, total, q=wanted),
    )
    return sheet(shop, "Stock", body, "stock")


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/seller/{shop_id}/audits", audits),
    ("/seller/{shop_id}/stock", stock),
)
