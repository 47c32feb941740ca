"""The store admin: products with their variants, prices and stock; webhooks and apps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from twinshelf_sandbox.bigcommerce.catalog.picture_addresses import BASE_MARK
from twinshelf_sandbox.bigcommerce.catalog.product_json import primary_image
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product, load
from twinshelf_sandbox.bigcommerce.responses import Json
from twinshelf_sandbox.bigcommerce.store import Store
from twinshelf_sandbox.pages import logs
from twinshelf_sandbox.pages.frame import Missing, Page, Sheet, Tab, at, moment, page_of, search
from twinshelf_sandbox.pages.markup import (
    Html,
    act,
    badge,
    card,
    check,
    facts,
    field,
    link,
    more,
    pager,
    path,
    table,
    tag,
)
from twinshelf_sandbox.pages.parts import Parts

_SIZE: Final = 25


def sheet(
    store: Store, title: str, body: Html, part: str = "", *, lead: Html | None = None, deeper: bool = False
) -> Sheet:
    """A page of a store; `deeper` ones lead back to the list they belong to."""
    home = ("admin", store.hash)
    tabs: list[Tab] = [
        ("Overview", path(*home)),
        ("Products", path(*home, "products")),
        ("Orders", path(*home, "orders")),
        ("Apps", path(*home, "apps")),
        ("Webhooks and accounts", path(*home, "webhooks")),
    ]
    above: Sequence[Tab] = [("World", "/"), (f"Store {store.row['name']}", path(*home))]
    here = path(*home, part) if part else path(*home)
    if deeper:
        above = [*above, (part.capitalize(), here)]
    return Sheet(title, body, "store", tabs, here, above, lead)


def overview(parts: Parts, _query: dict[str, str], store_hash: str) -> Sheet:
    """`/admin/{store_hash}`."""
    store = parts.store(store_hash)
    row, live = store.row, store.row["status"] == "live"
    locations = [
        (place["id"], place["label"], badge("enabled", "good") if place["enabled"] else badge("disabled"))
        for place in store.rows("locations").values()
    ]
    body = tag(
        "div",
        card(
            "The store",
            facts(
                [
                    ("Hash", tag("code", store.hash)),
                    ("Status", badge(row["status"], "good" if live else "bad")),
                    ("Currency", row["currency"]),
                    ("Plan", row["plan"]),
                    ("Time zone", row["timezone"]),
                    ("Products", f"{len(store.products):,}"),
                    ("Orders", f"{len(store.orders):,}"),
                ]
            ),
            act("bc.set_status", "Suspend the store", kind="danger", hash=store.hash, status="suspended")
            if live
            else act("bc.set_status", "Open the store again", hash=store.hash, status="live"),
        ),
        card("Locations", table("Locations", ("#Id", "Name", "State"), locations)),
        card("A shopper in the store", _buy(store, "")),
        class_="cards",
    )
    return sheet(store, row["name"], body)


def _buy(store: Store, sku: str) -> Html:
    return act(
        "bc.place_order",
        "Buy",
        field("lines.0.sku", "SKU", value=sku, required=True),
        field("lines.0.quantity:int", "Quantity", value=1, kind="number", min=1),
        field("email", "Email", value="shopper@example.com", kind="email"),
        hash=store.hash,
        then=f"{path('admin', store.hash, 'orders')}/{{result}}",
    )


# -- products ------------------------------------------------------------------------------------------------------


def products(parts: Parts, query: dict[str, str], store_hash: str) -> Sheet:
    """`/admin/{store_hash}/products`."""
    store, wanted = parts.store(store_hash), query.get("q", "").strip()
    found = store.index.search(wanted) if wanted else store.index.products.all
    number = page_of(query)
    rows = [
        _product_row(store, product)
        for product_id in found[(number - 1) * _SIZE : number * _SIZE]
        if (product := load(store, product_id)) is not None
    ]
    body = tag(
        "div",
        search("Name or SKU", wanted),
        table(
            "Products",
            ("(Picture)", "Name", "SKU", "#Price", "#Stock", "#Variants", "State"),
            rows,
            empty="No product is like that.",
        ),
        pager(number, _SIZE, len(found), q=wanted),
    )
    return sheet(store, "Products", body, "products")


def _product_row(store: Store, product: Product) -> tuple[Any, ...]:
    main = product.main
    return (
        _picture(store, primary_image(product.images)),
        link(path("admin", store.hash, "products", product.id), main["name"]),
        tag("code", main["sku"]),
        _money(store, main["calculated_price"]),
        "—" if product.tracking == "none" else f"{main['inventory_level']:,}",
        len(product.row["v"]),
        _visible(main),
    )


def _visible(main: Json) -> Html:
    return badge("visible", "good") if main["is_visible"] else badge("hidden")


def _money(store: Store, amount: Any) -> str:
    return f"{Decimal(str(amount)):,.2f} {store.row['currency']}"


def _picture(store: Store, image: Json | None) -> Html | None:
    """A small picture, by its path alone: pages allow pictures of their own site only."""
    if image is None:
        return None
    address = image["url_tiny"].replace(BASE_MARK, f"/_bigcommerce/{store.hash}/pictures/")
    return tag("img", src=address, alt="", width=40, height=40, loading="lazy")


def product(parts: Parts, _query: dict[str, str], store_hash: str, product_id: str) -> Sheet:
    """`/admin/{store_hash}/products/{product_id}`."""
    store = parts.store(store_hash)
    found = load(store, int(product_id)) if product_id.isascii() and product_id.isdigit() else None
    if found is None:
        raise Missing(f"There is no product {product_id}.")
    main = found.main
    locations = [(place["id"], place["label"]) for place in store.rows("locations").values()]
    named: dict[str, Any] = {"hash": store.hash, "product_id__int": found.id}
    body = tag(
        "div",
        card(
            "Product",
            facts(
                [
                    ("Id", found.id),
                    ("SKU", tag("code", main["sku"]) if main["sku"] else "none"),
                    ("Price", _money(store, main["price"])),
                    ("State", _visible(main)),
                    (
                        "Stock is kept",
                        {"none": "not at all", "product": "per product"}.get(found.tracking, "per variant"),
                    ),
                    ("Changed", tag("time", moment(main["date_modified"]))),
                ]
            ),
        ),
        card(
            "Edit",
            act(
                "bc.edit_product",
                "Save",
                field("name", "Name", value=main["name"], required=True),
                field(
                    "price:number",
                    "Price",
                    value=f"{Decimal(str(main['price'])):.2f}",
                    kind="number",
                    step="0.01",
                    min=0,
                ),
                check("is_visible:bool", "Visible in the store", checked=main["is_visible"]),
                **named,
            ),
            more(
                "Delete",
                tag("p", "The product goes, with its variants and stock."),
                act(
                    "bc.delete_product",
                    "Delete the product",
                    kind="danger",
                    then=path("admin", store.hash, "products"),
                    **named,
                ),
            ),
        ),
        card(
            "Variants",
            tag("div", [_variant(store, found, variant, locations) for variant in found.variants]),
            wide=True,
        ),
        class_="cards",
    )
    return sheet(store, main["name"], body, "products", lead=_pictures(store, found), deeper=True)


def _pictures(store: Store, product_: Product) -> Html:
    return tag("p", [_picture(store, image) for image in product_.images[:8]], class_="pictures")


def _variant(store: Store, product_: Product, variant: Json, locations: list[tuple[int, str]]) -> Html:
    """One variant with its price and its stock at every location."""
    name = ", ".join(value["label"] for value in variant["option_values"]) or "Only variant"
    sku = variant["sku"]
    if not sku:
        why = tag("p", "Without a SKU it can be changed through the API only.", class_="empty")
        return tag("article", tag("h3", name), why, class_="variant")
    shelves = product_.stock.get(product_.owner(variant["id"]), {})
    named: dict[str, Any] = {"hash": store.hash, "sku": sku}
    price = variant["calculated_price"]
    stock = [
        act(
            "bc.set_stock",
            "Set the stock",
            field(
                "quantity:int", f"{label}: on hand", value=int(shelves.get(str(number), [0])[0]), kind="number", min=0
            ),
            about=f"of {sku} at {label}",
            location_id__int=number,
            **named,
        )
        for number, label in locations
    ]
    if product_.tracking == "none":
        stock = [tag("p", "Its stock is not tracked.", class_="empty")]
    return tag(
        "article",
        tag("h3", name, " ", tag("code", sku)),
        act(
            "bc.set_price",
            "Set the price",
            field("price", "Price", value=f"{Decimal(str(price)):.2f}", kind="number", step="0.01", min=0),
            about=f"of {sku}",
            **named,
        ),
        stock,
        more(
            "More", _buy(store, sku), act("bc.delete_variant", "Delete the variant", kind="danger", about=sku, **named)
        ),
        class_="variant",
    )


# -- webhooks and apps ---------------------------------------------------------------------------------------------


def webhooks(parts: Parts, _query: dict[str, str], store_hash: str) -> Sheet:
    """`/admin/{store_hash}/webhooks`."""
    store = parts.store(store_hash)
    hooks = [
        (
            hook["id"],
            tag("code", hook["scope"]),
            tag("span", hook["destination"], class_="url"),
            badge("active", "good") if hook["is_active"] else badge("switched off", "bad"),
            at(hook["created_at"]),
        )
        for hook in store.rows("hooks").values()
    ]
    tokens = parts.world.table("bc/tokens")
    accounts = [
        (
            account["name"],
            account["kind"],
            tag("code", account["client_id"]),
            more(f"{len(account['scopes'])} scopes", tag("p", ", ".join(account["scopes"]))),
            badge("token works", "good") if account["token"] in tokens else badge("no token", "bad"),
            [
                act(
                    "bc.revoke_token",
                    "Revoke the token",
                    about=account["name"],
                    hash=store.hash,
                    client_id=account["client_id"],
                ),
                act(
                    "bc.uninstall",
                    "Uninstall",
                    kind="danger",
                    about=account["name"],
                    hash=store.hash,
                    client_id=account["client_id"],
                ),
            ],
        )
        for account in store.rows("accounts").values()
    ]
    last = logs.last_deliveries(parts, _SIZE, platform="bigcommerce", tenant=store.hash)
    body = tag(
        "div",
        card(
            "Apps and API accounts",
            table(
                "Accounts",
                ("Name", "Kind", "Client id", "Scopes", "Token", "(Buttons)"),
                accounts,
                empty="No app has access.",
            ),
            wide=True,
        ),
        card(
            "Webhooks registered",
            table("Webhooks", ("#Id", "Scope", "To", "State", "Since"), hooks, empty="None is registered."),
            wide=True,
        ),
        card("Waiting, retries too", logs.waiting_table(parts, platform="bigcommerce", tenant=store.hash), wide=True),
        card("Delivered", logs.deliveries_table(last), wide=True),
        class_="cards",
    )
    return sheet(store, "Webhooks and accounts", body, "webhooks")


# -- apps ----------------------------------------------------------------------------------------------------------


def apps(parts: Parts, query: dict[str, str], store_hash: str) -> Sheet:
    """`/admin/{store_hash}/apps`: the Marketplace."""
    store, wanted = parts.store(store_hash), query.get("q", "").strip()
    found = [
        (
            app["name"],
            badge("installed", "good") if app["client_id"] in store.rows("accounts") else badge("not installed"),
            more(f"{len(app['scopes'])} scopes", tag("p", ", ".join(app["scopes"]))),
            _ways_into(store, app),
        )
        for app in parts.world.table("bc/apps").values()
        if wanted.lower() in app["name"].lower()
    ]
    body = tag(
        "div",
        search("Find an app in the Marketplace", wanted),
        table("Apps", ("App", "State", "Asks for", "(Buttons)"), found, empty="The Marketplace has no such app."),
    )
    return sheet(store, "Apps", body, "apps")


def _ways_into(store: Store, app: Json) -> list[Html]:
    here = path("admin", store.hash, "apps", app["client_id"])
    about = {"about": app["name"], "hash": store.hash, "client_id": app["client_id"]}
    install = act("bc.install", "Install", then=f"{here}?show={{result}}", **about)
    if app["client_id"] not in store.rows("accounts"):
        return [install]
    launch = act("bc.load", "Open", then=f"{here}?show={{result}}", **about)
    return [launch, act("bc.uninstall", "Uninstall", kind="danger", **about)]


def app(parts: Parts, query: dict[str, str], store_hash: str, client_id: str) -> Sheet:
    """`/admin/{store_hash}/apps/{client_id}`: the app in its frame, as the control panel shows it."""
    store, app = parts.store(store_hash), parts.world.table("bc/apps").get(client_id)
    if app is None:
        raise Missing("There is no such app.")
    shown = query.get("show", "")
    if not any(url and shown.startswith(f"{url}?") for url in (app["auth_url"], app["load_url"])):
        raise Missing("The app has no such page.")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(shown))
    body = tag("div", tag("iframe", src=shown, title=app["name"]), class_="app")
    made = sheet(store, app["name"], body, "apps", deeper=True)
    made.frames = origin
    return made


PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("/admin/{store_hash}", overview),
    ("/admin/{store_hash}/products", products),
    ("/admin/{store_hash}/products/{product_id}", product),
    ("/admin/{store_hash}/manage/products/edit/{product_id}", product),  # as in BigCommerce's control panel
    ("/admin/{store_hash}/apps", apps),
    ("/admin/{store_hash}/apps/{client_id}", app),
    ("/admin/{store_hash}/webhooks", webhooks),
)
