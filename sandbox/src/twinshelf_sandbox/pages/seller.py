"""The seller center: the shop, products with their state, and webhooks; orders and long lists are beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from twinshelf_sandbox.pages import logs
from twinshelf_sandbox.pages.frame import Missing, Page, Sheet, Tab, at, counted, page_of, search, word
from twinshelf_sandbox.pages.markup import (
    Html,
    act,
    badge,
    card,
    choice,
    facts,
    field,
    link,
    more,
    pager,
    path,
    table,
    tag,
)
from twinshelf_sandbox.pages.parts import Parts, titles
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

SIZE: Final = 25
"""Rows on a page of a list."""
WAITING: Final = ("AUDITING", "PRE_APPROVED")
"""Audits that a person can end."""
_KINDS: Final = {
    "ACTIVE": "good",
    "ACTIVATE": "good",
    "PENDING": "wait",
    "FAILED": "bad",
    "FREEZE": "bad",
    "PLATFORM_DEACTIVATED": "bad",
    "AUDITING": "wait",
    "PRE_APPROVED": "wait",
    "APPROVED": "good",
    "ENABLED": "good",
}
_AUDITS: Final = (("30", "after 30 seconds"), ("0", "at once"), ("600", "after 10 minutes"), ("-1", "by hand only"))


def sheet(
    shop: Shop, title: str, body: Html, part: str = "", *, lead: Html | None = None, deeper: bool = False
) -> Sheet:
    """A page of a shop; `deeper` ones lead back to the list they belong to."""
    home = ("seller", shop.id)
    tabs: list[Tab] = [
        ("Overview", path(*home)),
        ("Products", path(*home, "products")),
        ("Audit queue", path(*home, "audits")),
        ("Stock", path(*home, "stock")),
        ("Orders", path(*home, "orders")),
        ("After-sales", path(*home, "aftersales")),
        ("App & Service Store", path(*home, "apps")),
        ("Webhooks and apps", path(*home, "webhooks")),
        ("Shopper", path("shopper", shop.id)),
    ]
    above: Sequence[Tab] = [("World", "/"), (f"Shop {shop.facts['name']}", path(*home))]
    here = path(*home, part) if part else path(*home)
    if deeper:
        above = [*above, (part.capitalize(), here)]
    return Sheet(title, body, "shop", tabs, here, above, lead)


def state(status: str) -> Html:
    """A state of the platform's own, as a badge."""
    return badge(word(status), _KINDS.get(status, ""))


def overview(parts: Parts, _query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}`."""
    shop = parts.shop(shop_id)
    facts_, active = shop.facts, shop.facts["status"] == "ACTIVE"
    warehouses = [
        (place["name"], word(place["type"]), state(place["effect_status"]), tag("code", place["id"]))
        for place in shop.warehouses()
    ]
    seconds, held = f"{facts_['audit']['seconds']:g}", bool(shop.switch("on_hold"))
    audits = _AUDITS if seconds in dict(_AUDITS) else ((seconds, f"after {seconds} seconds"), *_AUDITS)
    own = {"shop_id": shop.id}
    body = tag(
        "div",
        card(
            "The shop",
            facts(
                [
                    ("Id", tag("code", shop.id)),
                    ("Status", state(facts_["status"])),
                    ("Country", facts_["region"]),
                    ("Currency", shop.currency),
                    ("Seller", facts_["seller_type"].lower()),
                    ("Code", tag("code", facts_["code"])),
                    *(
                        (f"Products {word(name).lower()}", number)
                        for name, number in shop.product_index.statuses().items()
                    ),
                    *((f"Orders {word(name).lower()}", number) for name, number in shop.order_index.statuses().items()),
                ]
            ),
        ),
        card(
            "How the shop works",
            act("tt.set_audit_policy", "Set", choice("seconds:number", "Audits end", audits, chosen=seconds), **own),
            act(
                "tt.set_switch",
                "Set",
                choice(
                    "value:bool",
                    "A paid order",
                    (("true", "is on hold for an hour"), ("false", "goes straight to the seller")),
                    chosen=str(held).lower(),
                ),
                name="on_hold",
                **own,
            ),
            more(
                "Close the shop",
                act("tt.set_shop_status", "Close the shop", kind="danger", active__bool="false", **own),
            )
            if active
            else act("tt.set_shop_status", "Open the shop again", active__bool="true", **own),
        ),
        card("Warehouses", table("Warehouses", ("Name", "Kind", "State", "Id"), warehouses), wide=True),
        class_="cards",
    )
    return sheet(shop, facts_["name"], body)


# -- products ------------------------------------------------------------------------------------------------------


def found(shop: Shop, query: dict[str, str], among: Iterable[str] | None = None) -> tuple[list[str], int]:
    """(ids of a page of products, how many there are), newest first, by state and words; `among` some or all."""
    wanted = query.get("q", "").strip()
    having = None if among is None else set(among)
    if wanted:
        named = titles(shop.products).having(wanted)
        having = named if having is None else having & named
    page = shop.product_index.page(
        by="create_time",
        descending=True,
        status=query.get("status", ""),
        offset=(page_of(query) - 1) * SIZE,
        size=SIZE,
        keep=None if having is None else lambda key, _row: key in having,
    )
    return page.keys, page.total


def products(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/products`."""
    shop, status, wanted = parts.shop(shop_id), query.get("status", ""), query.get("q", "").strip()
    keys, total = found(shop, query)
    rows = [_row(shop, shop.products[key]) for key in keys]
    statuses = ((name, word(name), number) for name, number in shop.product_index.statuses().items())
    body = tag(
        "div",
        counted(statuses, path("seller", shop.id, "products"), status),
        search("Title, seller SKU or id", wanted, status=status),
        table(
            "Products",
            ("(Picture)", "Title", "#SKUs", "#Price", "#Available", "State", "Audit"),
            rows,
            empty="No product is like that.",
        ),
        pager(page_of(query), SIZE, total, q=wanted, status=status),
    )
    return sheet(shop, "Products", body, "products")


def _row(shop: Shop, product_: Entity) -> tuple[Any, ...]:
    offers = shop.offers[product_["id"]]["skus"]
    skus = [offers[sku["id"]] for sku in product_["skus"]]
    prices = sorted({offer["price"] for offer in skus if offer["price"]}, key=float)
    shown = "—" if not prices else prices[0] if len(prices) == 1 else f"{prices[0]} to {prices[-1]}"
    return (
        picture(product_),
        link(path("seller", shop.id, "products", product_["id"]), product_["base"].get("title") or product_["id"]),
        len(skus),
        f"{shown} {shop.currency}" if prices else shown,
        f"{sum(level[0] for offer in skus for level in offer['stock'].values()):,}",
        state(product_["status"]),
        [state(product_["audit_status"]) if product_["audit_status"] != "NONE" else None, _why(product_)],
    )


def picture(product_: Entity) -> Html | None:
    """A small picture, by its path alone: pages allow pictures of their own site only."""
    images = product_["base"].get("main_images", [])
    address = path("_tiktok", "cdn") + f"/{images[0]['uri']}" if images else ""
    return tag("img", src=address, alt="", width=40, height=40, loading="lazy") if address else None


def _why(product_: Entity) -> Html | None:
    """Why the last audit failed."""
    reasons = [
        tag("li", f"{entry['position']}: ", " ".join([*entry["reasons"], *entry["suggestions"]]))
        for entry in product_["failed"]
    ]
    return tag("ul", reasons, class_="reasons") if reasons else None


def product(parts: Parts, _query: dict[str, str], shop_id: str, product_id: str) -> Sheet:
    """`/seller/{shop_id}/products/{product_id}`."""
    shop = parts.shop(shop_id)
    row = shop.products.get(product_id)
    if row is None:
        raise Missing(f"There is no product {product_id} in this shop.")
    base, offers = row["base"], shop.offers[product_id]["skus"]
    body = tag(
        "div",
        card(
            "Listing",
            facts(
                [
                    ("Id", tag("code", product_id)),
                    ("State", state(row["status"])),
                    ("Audit", state(row["audit_status"])),
                    ("Under review", "a newer version" if row["review"] else "nothing newer"),
                    ("Category", base.get("category_id", "none")),
                    ("Quality", row["tier"].lower()),
                    ("Created", at(row["create_time"])),
                    ("Changed", at(row["update_time"])),
                ]
            ),
            _why(row),
            audit_buttons(row) if row["audit_status"] in WAITING else None,
        ),
        card("What the seller does", _seller_buttons(row)),
        card("What the platform does", _platform_buttons(row)),
        card("SKUs", [_sku(shop, row, sku, offers[sku["id"]]) for sku in base.get("skus", [])], wide=True),
        class_="cards",
    )
    lead = tag("p", picture(row), class_="pictures")
    return sheet(shop, base.get("title") or f"Product {product_id}", body, "products", lead=lead, deeper=True)


def _seller_buttons(row: Entity) -> list[Html]:
    named = {"product_id": row["id"]}
    return [
        act(
            "tt.edit_product",
            "Save",
            field("changes.title", "Title", value=(row["review"] or row["base"]).get("title", "")),
            **named,
        ),
        act("tt.deactivate_product", "Deactivate", **named),
        act("tt.activate_product", "Activate", **named),
        more("Delete", act("tt.delete_product", "Delete the product", kind="danger", **named)),
    ]


def _platform_buttons(row: Entity) -> list[Html]:
    named = {"product_id": row["id"]}
    reason = field("reason", "Reason", value="Policy violation")
    if row["status"] == "FREEZE":
        return [act("tt.unfreeze_product", "Lift the freeze", **named)]
    return [
        act("tt.take_down_product", "Take down", reason, kind="danger", **named),
        act("tt.freeze_product", "Freeze", reason, kind="danger", **named),
        act(
            "tt.set_appeal",
            "Close the appeal" if row["appeal"] else "Open an appeal",
            open__bool=str(not row["appeal"]).lower(),
            **named,
        ),
        act("tt.standardize_attributes", "Rename attributes to standard ones", **named),
    ]


def _sku(shop: Shop, row: Entity, sku: Entity, offer: Entity) -> Html:
    """One SKU with its price and its stock in every warehouse."""
    name = ", ".join(one["value_name"] for one in sku.get("sales_attributes", [])) or "Only SKU"
    named, shown = {"product_id": row["id"], "sku": sku["id"]}, sku.get("seller_sku") or sku["id"]
    hidden_ = offer["status"] != "NORMAL"
    stock = [
        act(
            "tt.set_stock",
            "Set the stock",
            field(
                "quantity:int",
                f"{place['name']}: available",
                value=offer["stock"].get(place["id"], [0])[0],
                kind="number",
                min=0,
            ),
            tag("small", f"{offer['stock'].get(place['id'], [0, 0])[1]} in orders"),
            about=f"of {shown} in {place['name']}",
            warehouse_id=place["id"],
            **named,
        )
        for place in shop.warehouses("SALES_WAREHOUSE")
    ]
    return tag(
        "article",
        tag(
            "h3",
            name,
            " ",
            tag("code", sku.get("seller_sku", "")),
            " ",
            badge("hidden") if hidden_ else None,
            badge("in a promotion", "wait") if offer["promotion"] else None,
        ),
        act(
            "tt.set_price",
            "Set the price",
            field("price", f"Price in {shop.currency}", value=offer["price"], inputmode="decimal"),
            about=f"of {shown}",
            **named,
        ),
        stock,
        more(
            "More",
            act(
                "tt.deactivate_sku",
                "Show the SKU again" if hidden_ else "Hide the SKU",
                about=shown,
                active__bool=str(hidden_).lower(),
                **named,
            ),
            tag("p", "Id ", tag("code", sku["id"])),
        ),
        class_="variant",
    )


# -- audits -----------------------------------------------------------------------------------------------


def audit_buttons(row: Entity) -> Html:
    """Approve, or reject with a reason."""
    named, title = {"product_id": row["id"]}, (row["review"] or row["base"]).get("title") or row["id"]
    return tag(
        "div",
        act("tt.approve", "Approve", kind="good", about=title, **named),
        act(
            "tt.reject",
            "Reject",
            field("reasons.0.reason", "Reason", value="The listing violates a policy."),
            choice("reasons.0.position", "Where", [(place, place) for place in _POSITIONS]),
            kind="danger",
            about=title,
            **named,
        ),
        class_="decision",
    )


_POSITIONS: Final = ("Product title", "Main image", "Product description", "Category", "Brand", "Product attributes")


# -- webhooks and apps ---------------------------------------------------------------------------------------------


def webhooks(parts: Parts, _query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/webhooks`."""
    shop = parts.shop(shop_id)
    apps = []
    for grant in parts.platform.grants_of(shop.seller_id):
        app = parts.platform.apps[grant["app_key"]]
        apps.append(
            (
                tag("code", grant["app_key"]),
                at(grant["ends"]),
                more(f"{len(grant['scopes'])} scopes", tag("p", ", ".join(grant["scopes"]))),
                tag("span", app["webhook_url"] or "none", class_="url"),
                tag(
                    "div",
                    act(
                        "tt.deauthorize",
                        "Withdraw",
                        kind="danger",
                        about=grant["app_key"],
                        app_key=grant["app_key"],
                        seller=shop.seller_id,
                    ),
                    _taking_back(grant, shop_id),
                ),
            )
        )
    own = [
        (
            row["event_type"],
            tag("span", row["address"], class_="url"),
            tag("code", str(key).split(":")[0]),
            at(row["update_time"]),
        )
        for key, row in sorted(shop.hooks.items())
    ]
    last = logs.last_deliveries(parts, SIZE, platform="tiktok", tenant=shop.id)
    body = tag(
        "div",
        card(
            "Apps",
            table(
                "Apps",
                ("App key", "Authorized until", "Scopes", "Webhooks go to", "(Buttons)"),
                apps,
                empty="No app is authorized.",
            ),
            wide=True,
        ),
        card(
            "Webhooks registered",
            table("Webhooks", ("Event", "To", "App", "Since"), own, empty="None for this shop alone."),
            wide=True,
        ),
        card("Waiting, retries too", logs.waiting_table(parts, platform="tiktok", tenant=shop.id), wide=True),
        card("Delivered", logs.deliveries_table(last), wide=True),
        class_="cards",
    )
    return sheet(shop, "Webhooks and apps", body, "webhooks")


def _taking_back(grant: Entity, shop_id: str) -> Html:
    if shop_id in grant.get("unbound", ()):
        return tag("span", "This shop was taken back.")
    key = grant["app_key"]
    return act("tt.unbind_shop", "Take this shop back", kind="danger", about=key, app_key=key, shop_id=shop_id)


# -- the App & Service Store ---------------------------------------------------------------------------------------


def _authorized(parts: Parts, shop: Shop) -> dict[str, Entity]:
    return {g["app_key"]: g for g in parts.platform.grants_of(shop.seller_id) if shop.id not in g.get("unbound", ())}


def apps(parts: Parts, query: dict[str, str], shop_id: str) -> Sheet:
    """`/seller/{shop_id}/apps`: the apps that a seller may install."""
    shop, wanted = parts.shop(shop_id), query.get("q", "").strip()
    installed = _authorized(parts, shop)
    found = [
        (
            link(path("seller", shop.id, "apps", app["app_key"]), app["name"]),
            badge("installed", "good") if app["app_key"] in installed else badge("not installed"),
        )
        for app in parts.platform.apps.values()
        if wanted.lower() in app["name"].lower()
    ]
    body = tag("div", search("Find an app", wanted), table("Apps", ("App", "State"), found, empty="No such app."))
    return sheet(shop, "App & Service Store", body, "apps")


def app(parts: Parts, _query: dict[str, str], shop_id: str, app_key: str) -> Sheet:
    """`/seller/{shop_id}/apps/{app_key}`: what the app asks for; from here the seller goes to the consent page."""
    shop, app = parts.shop(shop_id), parts.platform.apps.get(app_key)
    if app is None:
        raise Missing("There is no such app.")
    seller = parts.platform.sellers[shop.seller_id]
    covered = [f"{each.facts['name']} ({each.facts['region']})" for each in parts.platform.shops_of(shop.seller_id)]
    query = urlencode({"service_id": app["service_id"], "seller": shop.seller_id})
    again = app_key in _authorized(parts, shop)
    body = tag(
        "div",
        card(
            "Authorization information",
            facts([("Seller", seller["name"]), ("Shops", ", ".join(covered)), ("App key", tag("code", app_key))]),
            tag("h3", f"It asks for {len(app['scopes'])} scopes"),
            tag("ul", [tag("li", tag("code", scope)) for scope in app["scopes"]]),
            link(f"/open/authorize?{query}", "Confirm to install again" if again else "Confirm to install"),
        ),
        class_="cards",
    )
    return sheet(shop, app["name"], body, "apps", deeper=True)


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/seller/{shop_id}", overview),
    ("/seller/{shop_id}/products", products),
    ("/seller/{shop_id}/products/{product_id}", product),
    ("/seller/{shop_id}/apps", apps),
    ("/seller/{shop_id}/apps/{app_key}", app),
    ("/seller/{shop_id}/webhooks", webhooks),
)
