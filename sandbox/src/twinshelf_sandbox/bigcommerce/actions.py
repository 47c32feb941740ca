"""What people do in BigCommerce's control panel and storefront, and the setting up of sandbox stores.

Each function is an action of the world, callable by name with JSON arguments: `world.act("bc.set_price", hash="abc123",
sku="MUG-1", price="14.50")`. They raise ValueError with a reason where a person would see an error message.
"""

# ruff: noqa: A002 - `hash` is the platform's own word for what names a store

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from twinshelf_sandbox.bigcommerce import fields, switches
from twinshelf_sandbox.bigcommerce.apps import oauth
from twinshelf_sandbox.bigcommerce.catalog import (
    categories,
    product_documents,
    product_json,
    product_rows,
    product_writes,
    products,
    variants,
)
from twinshelf_sandbox.bigcommerce.catalog.product_rows import Product
from twinshelf_sandbox.bigcommerce.channels import channels
from twinshelf_sandbox.bigcommerce.inventory import inventory, locations
from twinshelf_sandbox.bigcommerce.orders import carriers, order_creation, order_updates, orders, refunds, shipments
from twinshelf_sandbox.bigcommerce.orders.order_index import CANCELLED, STATUSES
from twinshelf_sandbox.bigcommerce.orders.orders import Order
from twinshelf_sandbox.bigcommerce.responses import Json, Refused, decode, number
from twinshelf_sandbox.bigcommerce.settings import geography, settings
from twinshelf_sandbox.bigcommerce.store import PLAN_QUOTA, Store

if TYPE_CHECKING:
    from twinshelf_sandbox.bigcommerce.double import BigCommerce

_HASH = re.compile(r"[a-z0-9]{3,32}")


class Actions:
    """The actions, bound to one world."""

    def __init__(self, bigcommerce: BigCommerce) -> None:
        self._bigcommerce, self._world = bigcommerce, bigcommerce.world

    def _store(self, hash_: str) -> Store:
        store = self._bigcommerce.store(hash_)
        if store is None:
            msg = f"there is no store {hash_!r}"
            raise ValueError(msg)
        return store

    # -- setting up -------------------------------------------------------------------------------------------------

    def create_store(
        self,
        *,
        hash: str | None = None,
        name: str = "Sandbox Store",
        currency: str = "USD",
        plan: str = "plus",
        timezone: str = "America/Chicago",
        country_code: str = "US",
        weight_units: str = "LBS",
        length_units: str = "Inches",
        tax_rate: str = "0",
        automatic_tax: bool = True,
        is_price_entered_with_tax: bool = False,
        currencies: Iterable[str] = (),
        admin_email: str = "owner@example.com",
        switches: Json | None = None,
        settings: Json | None = None,
    ) -> Json:
        """Open a store: one location, channel 1, one category tree, its currency.

        `currencies` are further transactional ones; `settings` is {path below /v3/settings: values}. Returns hash,
        store_id and name.
        """
        row = {
            "name": name,
            "currency": currency,
            "plan": plan,
            "timezone": timezone,
            "country_code": country_code,
            "tax_rate": str(tax_rate),
            "automatic_tax": automatic_tax,
            "is_price_entered_with_tax": is_price_entered_with_tax,
            "admin_email": admin_email,
            "switches": switches or {},
        }
        units = {"weight_measurement": weight_units, "length_measurement": length_units}
        chosen = {"store/units-of-measurement": units, **(settings or {})}
        return _open_store(self._bigcommerce, hash, row, list(currencies), chosen)

    def create_api_account(
        self,
        hash: str,
        name: str = "Twinshelf",
        scopes: Iterable[str] | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        access_token: str | None = None,
    ) -> Json:
        """Make a store-level API account, as a merchant does under Settings; without `scopes` it gets all of them."""
        store, world = self._store(hash), self._world
        account = {
            "client_id": client_id or oauth.secret(world, 31),
            "client_secret": client_secret or oauth.secret(world),
            "access_token": access_token or oauth.secret(world, 31),
        }
        granted = list(oauth.NEEDED_SCOPES if scopes is None else scopes)
        oauth.open_account(
            store,
            account["client_id"],
            account["client_secret"],
            account["access_token"],
            granted,
            kind="store",
            name=name,
        )
        return account

    def delete_api_account(self, hash: str, client_id: str) -> None:
        """Take an account away: its token and its webhooks end."""
        oauth.close_account(self._store(hash), client_id)

    def revoke_token(self, hash: str, client_id: str) -> None:
        """End an account's token and nothing else."""
        account = self._store(hash).rows("accounts").get(client_id)
        if account is None:
            msg = f"there is no account {client_id!r}"
            raise ValueError(msg)
        oauth.revoke(self._store(hash), account["token"])

    def set_switch(self, hash: str, name: str, value: Any) -> None:
        """Turn a switch of `SWITCHES`."""
        store = self._store(hash)
        store.update(switches={**store.row["switches"], name: switches.checked(name, value)})
        if name == "catalog_level":
            for product_id in list(store.index.products.all):
                product = Product(product_id, store.products.table[product_id])
                product.derive_levels(store)
                store.products.put(product_id, product.encode())

    def set_setting(self, hash: str, path: str, values: Json, channel_id: int | None = None) -> None:
        """Change settings in the control panel; `path` as below /v3/settings, such as "inventory"."""
        settings.put_setting(self._store(hash), path, values, channel_id)

    def add_currency(self, hash: str, code: str, rate: str = "1") -> int:
        """Set up a further currency in which orders can be made, as the control panel does; returns its id.

        `rate`: what one unit of the store's own currency is worth in it.
        """
        store = self._bigcommerce.known(hash)
        currency_id = settings.make_currency(store, code, default=False, transactional=True)
        row = store.rows("currencies").get(currency_id) or {}
        store.rows("currencies").put(currency_id, {**row, "currency_exchange_rate": f"{Decimal(rate):.10f}"})
        return currency_id

    def set_status(self, hash: str, status: str) -> None:
        """The store as a whole: "live", or "suspended", which answers every call with 503."""
        self._store(hash).update(status=status)

    def set_base_url(self, url: str) -> None:
        """Where the sandbox answers, for addresses inside answers (pictures, links)."""
        self._world.table("world").put("base_url", {"value": url.rstrip("/")})

    def allow_local_hooks(self, allowed: bool = True) -> None:  # noqa: FBT001, FBT002
        """Let webhooks go to any port and to plain http, as long as the world lives. BigCommerce itself never does."""
        self._world.table("world").put("allow_local_hooks", {"value": allowed})

    # -- catalog ----------------------------------------------------------------------------------------------------

    def add_product(self, hash: str, product: Json) -> int:
        """Add a product in the shape of the V3 API and return its id.

        Ids are optional; `_category_paths`, `brand_name` and images by `_picture` are understood. Names and SKUs that
        exist already are let in on purpose: broken data exists.
        """
        store = self._store(hash)
        made = _make(store, product, categories.path_cache(store))
        product_rows.create(store, made)
        return made.id

    def add_products(self, hash: str, products: Iterable[Json]) -> int:
        """Load a catalog fast: no webhooks, one effect for all. Returns how many products."""
        return load_catalog(self._store(hash), products)

    def edit_product(self, hash: str, product_id: int | None = None, sku: str | None = None, **changes: Any) -> None:
        """Change fields of a product, named by its id or by a SKU of it."""
        store = self._store(hash)
        found = _product_id(store, product_id, sku)
        kept, errors = fields.check(_jsonable(changes), fields.PRODUCT)
        if errors or set(changes) - set(kept):
            msg = "; ".join(errors.values()) or f"no such field: {', '.join(sorted(set(changes) - set(kept)))}"
            raise ValueError(msg)
        name = kept.pop("brand_name", None)
        if name:
            kept["brand_id"] = store.brand_of(name)
        products.put_fields(store, found, kept)

    def edit_variant(self, hash: str, sku: str, **changes: Any) -> None:
        """Change fields of the variant with that SKU."""
        store = self._store(hash)
        product, variant = _variant(store, sku)
        kept, errors = fields.check(_jsonable(changes), fields.VARIANT)
        if errors or set(changes) - set(kept):
            msg = "; ".join(errors.values()) or f"no such field: {', '.join(sorted(set(changes) - set(kept)))}"
            raise ValueError(msg)
        level = kept.pop("inventory_level", None)
        product_writes.put_variant(product, variant, kept)
        product_rows.save(store, product)
        if level is not None:
            self.set_stock(hash, variant["sku"], level)

    def add_variant(self, hash: str, product_id: int, variant: Json) -> int:
        """Add a variant with `option_values` by label; new labels become option values. Returns its id."""
        store = self._store(hash)
        product = Product(_product_id(store, product_id, None), store.products.table[product_id])
        made = product_documents.make_variant(store, product_id, _jsonable(variant), product.sub("options"))
        product.variants = [*(v for v in product.variants if v["option_values"]), made]
        product_rows.save(store, product)
        if variant.get("inventory_level") is not None:
            again = Product(product_id, store.products.table[product_id])
            if again.tracking == "variant":
                inventory.change(store, again, str(made["id"]), 1, int(variant["inventory_level"]), method="absolute")
        variant_id: int = made["id"]
        return variant_id

    def renumber_options(self, hash: str, product_id: int) -> None:
        """Someone edits a shared option: it becomes the product's own, and all its option and value ids change."""
        store = self._store(hash)
        product = Product(_product_id(store, product_id, None), store.products.table[product_id])
        options: dict[int, int] = {}
        values: dict[int, int] = {}
        for option in product.sub("options"):
            new = store.take("options", product_documents.FIRST_OPTION)
            options[option["id"]], option["id"] = new, new
            for value in option["option_values"]:
                new = store.take("values", product_documents.FIRST_VALUE)
                values[value["id"]], value["id"] = new, new
        for variant in product.variants:
            for shown in variant["option_values"]:
                shown.update(id=values[shown["id"]], option_id=options[shown["option_id"]])
        product_rows.save(store, product)

    def set_price(self, hash: str, sku: str, price: Any, sale_price: Any = None) -> None:
        """Set what a variant costs: its own price, or the product's where there are no options."""
        store = self._store(hash)
        product, variant = _variant(store, sku)
        kept: Json = {"price": number(str(price))}
        if sale_price is not None:
            kept["sale_price"] = number(str(sale_price))
        product_writes.put_variant(product, variant, kept)
        product_rows.save(store, product)

    def set_stock(self, hash: str, sku: str, quantity: int, location_id: int = 1) -> None:
        """Set what is on hand of a SKU at a location, at once."""
        if not 0 <= int(quantity) <= product_rows.MOST_STOCK:
            msg = f"quantity: {quantity} is not from 0 to {product_rows.MOST_STOCK}"
            raise ValueError(msg)
        store = self._store(hash)
        if location_id not in store.rows("locations"):
            msg = f"there is no location {location_id}"
            raise ValueError(msg)
        product, owner = _shelf(store, sku)
        inventory.change(store, product, owner, location_id, int(quantity), method="absolute")

    def delete_product(self, hash: str, product_id: int | None = None, sku: str | None = None) -> None:
        """Delete a product, named by its id or by a SKU of it."""
        store = self._store(hash)
        product_rows.remove(store, _product_id(store, product_id, sku))

    def delete_variant(self, hash: str, sku: str) -> None:
        """Delete the variant with that SKU."""
        store = self._store(hash)
        product, variant = _variant(store, sku)
        variants.remove_variant(store, product.id, variant["id"])

    def add_image(self, hash: str, product_id: int, picture: str, *, is_thumbnail: bool = False) -> int:
        """Add the picture of that key to a product. Returns the image's id."""
        store = self._store(hash)
        product = Product(_product_id(store, product_id, None), store.products.table[product_id])
        image = product_documents.add_image(
            store, product, {"_picture": picture, "is_thumbnail": is_thumbnail or not product.images}
        )
        product_rows.save(store, product, quiet=True)
        store.effect("image_created", image["id"], product_id=product_id)
        image_id: int = image["id"]
        return image_id

    def add_category(self, hash: str, path: str | list[str]) -> int:
        """The category at a path such as "Men/Shirts", made where it is missing. Returns its id."""
        store = self._store(hash)
        names = path.split("/") if isinstance(path, str) else path
        if not all(isinstance(name, str) for name in names) or not "".join(names).strip():
            msg = f"path: {path!r} names no category"
            raise ValueError(msg)
        return categories.path_ids(store, [path], categories.path_cache(store))[0]

    def add_location(self, hash: str, location: Json) -> int:
        """Open a location. Returns its id."""
        return locations.add_location(self._store(hash), location)

    def set_location(self, hash: str, location_id: int, **changes: Any) -> None:
        """Change fields of a location, such as `enabled`."""
        locations.set_location(self._store(hash), location_id, **changes)

    def remove_location(self, hash: str, location_id: int) -> None:
        """Delete a location with its stock. BigCommerce sends no webhook for it."""
        locations.remove_location(self._store(hash), location_id)

    # -- orders -----------------------------------------------------------------------------------------------------

    def place_order(
        self,
        hash: str,
        lines: list[Json],
        email: str = "shopper@example.com",
        status_id: int = 11,
        channel_id: int = 1,
        *,
        captured: bool = True,
    ) -> int:
        """A shopper buys lines of {sku | product_id and variant_id, quantity}. Returns the order's id.

        A payment that is not `captured` is only authorized: the merchant still has to capture or void it.
        """
        store = self._store(hash)
        wanted = []
        for line in _objects("lines", lines):
            if "sku" in line:
                product, variant = _variant(store, line["sku"])
                wanted.append(
                    {"product_id": product.id, "variant_id": variant["id"], "quantity": line.get("quantity", 1)}
                )
            else:
                wanted.append(line)
        address = {
            "first_name": "Sam", "last_name": "Shopper", "street_1": "1 Example Street", "city": "Austin",
            "state": "Texas", "zip": "78701", "country_iso2": "US", "email": email, "phone": "",
        }  # fmt: skip
        doc = {
            "billing_address": address, "products": wanted, "status_id": status_id, "channel_id": channel_id,
            "payment_method": "Test Payment Gateway",
        }  # fmt: skip
        try:
            made = order_creation.place(store, doc, source="www")
        except Refused as refused:
            raise ValueError(refused.response.body.decode()) from refused
        if isinstance(made, int):
            if not captured:
                _, order = self._order(hash, made)
                order.main["payment_status"] = "authorized"
                orders.save(store, order)
            return made
        raise ValueError(made.body.decode())

    def set_order_status(self, hash: str, order_id: int, status_id: int) -> None:
        """Set the status of an order, with what that does to its stock."""
        store, order = self._order(hash, order_id)
        if status_id not in STATUSES:
            msg = f"there is no order status {status_id}"
            raise ValueError(msg)
        try:
            order_updates.set_status(store, order, status_id)
        except Refused as refused:
            raise ValueError(refused.response.body.decode()) from refused
        orders.tell(store, order, "updated")

    def cancel_order(self, hash: str, order_id: int) -> None:
        """Cancel an order; its stock comes back if the settings say so."""
        self.set_order_status(hash, order_id, CANCELLED)

    def ship_order(
        self,
        hash: str,
        order_id: int,
        items: list[Json] | None = None,
        carrier: str = "",
        tracking_number: str = "",
        **more: Any,
    ) -> list[int]:
        """Ship items, {sku | order_product_id, quantity} each, or all that is left. Returns the shipments' ids.

        `carrier` is a shipping provider, a tracking carrier, or any text a person types; `more` are fields of the API.
        """
        store, order = self._order(hash, order_id)
        how: Json = {"tracking_number": tracking_number, "shipping_provider": "", **more}
        if carrier in carriers.PROVIDERS:
            how.setdefault("shipping_provider", carrier)
            how["shipping_provider"] = more.get("shipping_provider", carrier)
        elif carrier in carriers.CARRIERS:
            how.setdefault("tracking_carrier", carrier)
        else:
            how.setdefault("shipping_method", carrier)
        chosen = _items(order, items)
        if not chosen:
            msg = f"nothing of order {order_id} is left to ship"
            raise ValueError(msg)
        made = []
        try:
            for address in [one["id"] for one in order.addresses]:
                own = [item for item in chosen if item["address"] == address]
                if own:
                    rows = [{"order_product_id": item["id"], "quantity": item["quantity"]} for item in own]
                    doc = {**how, "order_address_id": address, "items": rows}
                    made.append(shipments.ship(store, order, doc))
        except Refused as refused:
            raise ValueError(refused.response.body.decode()) from refused
        return made

    def edit_shipment(self, hash: str, shipment_id: int, **changes: Any) -> None:
        """Change a shipment's tracking number, carrier and so on."""
        store = self._store(hash)
        row = store.rows("shipments").get(shipment_id)
        if row is None:
            msg = f"there is no shipment {shipment_id}"
            raise ValueError(msg)
        shipments.change(store, row, {name: str(value) for name, value in changes.items()})

    def delete_shipment(self, hash: str, shipment_id: int) -> None:
        """Take a shipment back; the order keeps its status."""
        store = self._store(hash)
        row = store.rows("shipments").get(shipment_id)
        if row is not None:
            shipments.remove(store, row)

    def refund_order(self, hash: str, order_id: int, reason: str = "") -> int:
        """Give back all the money of an order that is left; stock stays as it is. Returns the refund's id."""
        store, order = self._order(hash, order_id)
        try:
            refund_id: int = refunds.refund_rest(store, order, reason)["id"]
        except Refused as refused:
            raise ValueError(refused.response.body.decode()) from refused
        return refund_id

    def edit_order(self, hash: str, order_id: int, sku: str, quantity: int) -> None:
        """Set how many units of a SKU an order asks for; 0 takes its line out."""
        store, order = self._order(hash, order_id)
        try:
            order_updates.set_quantity(store, order, sku, quantity)
        except Refused as refused:
            raise ValueError(refused.response.body.decode()) from refused

    def archive_order(self, hash: str, order_id: int) -> None:
        """Archive an order, which the panel calls deleting."""
        store, order = self._order(hash, order_id)
        order_updates.archive(store, order)

    def leave_message(self, hash: str, order_id: int, text: str, subject: str = "") -> int:
        """The buyer writes about an order. Returns the message's id."""
        store, _ = self._order(hash, order_id)
        return orders.add_message(store, order_id, text, subject or f"Re: Order #{order_id}")

    def rename_status(self, hash: str, status_id: int, label: str) -> None:
        """Give an order status another label; ids stay."""
        store = self._store(hash)
        store.update(status_labels={**store.row["status_labels"], str(status_id): label})

    def _order(self, hash_: str, order_id: int) -> tuple[Store, Order]:
        store = self._store(hash_)
        order = orders.load(store, order_id)
        if order is None:
            msg = f"there is no order {order_id}"
            raise ValueError(msg)
        return store, order

    # -- looking ----------------------------------------------------------------------------------------------------

    def stock(self, hash: str, sku: str, location_id: int | None = 1) -> int:
        """What is on hand of a SKU at a location; None: at all of them."""
        product, owner = _shelf(self._store(hash), sku)
        shelves = product.stock.get(owner, {})
        if location_id is None:
            return sum(int(shelf[0]) for shelf in shelves.values())
        return int(shelves[str(location_id)][0]) if str(location_id) in shelves else 0

    def price(self, hash: str, sku: str) -> str:
        """What a shopper pays for a SKU, before price lists."""
        return f"{Decimal(_variant(self._store(hash), sku)[1]['calculated_price']):f}"

    def product(self, hash: str, product_id: int | None = None, sku: str | None = None) -> Json:
        """A product as the API shows it, with variants, images, custom fields and options."""
        store = self._store(hash)
        found = _product_id(store, product_id, sku)
        include = ("variants", "images", "custom_fields", "options", "modifiers", "channels")
        body = product_json.product_json(store.products.table.raw(found) or b"", include, None, store.picture_base)
        shown: Json = decode(b"".join(body))
        return shown

    def order(self, hash: str, order_id: int) -> Json:
        """An order as the API shows it, with its lines, addresses and shipments."""
        store, order = self._order(hash, order_id)
        shown: Json = decode(orders.order_json(store, order.row))
        shown["products"] = [orders.shown_line(line) for line in order.lines]
        shown["shipping_addresses"] = [orders.shown_address(store, one) for one in order.addresses]
        shown["shipments"] = shipments.of_order(store, order_id)
        return shown

    def orders(self, hash: str, external_order_id: str | None = None) -> list[int]:
        """Ids of all orders, or of those with an external id; archived ones too."""
        index = self._store(hash).order_index
        return (
            list(index.ids.all) if external_order_id is None else sorted(index.by_external.get(external_order_id, []))
        )

    # -- apps -------------------------------------------------------------------------------------------------------

    def register_app(
        self,
        auth_url: str,
        load_url: str = "",
        uninstall_url: str = "",
        remove_user_url: str = "",
        *,
        name: str = "Twinshelf",
        scopes: Iterable[str] | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
    ) -> Json:
        """Register a single-click app, as in the Developer Portal. Returns client_id, client_secret and app_id."""
        world = self._world
        app: Json = {
            "client_id": client_id or oauth.secret(world, 31),
            "client_secret": client_secret or oauth.secret(world),
            "app_id": world.next_id("bc/apps", 40_001),
            "name": name,
            "auth_url": auth_url,
            "load_url": load_url,
            "uninstall_url": uninstall_url,
            "remove_user_url": remove_user_url,
            "scopes": list(oauth.NEEDED_SCOPES if scopes is None else scopes),
        }
        world.table("bc/apps").put(app["client_id"], app)
        return {name: app[name] for name in ("client_id", "client_secret", "app_id")}

    def set_app_scopes(self, client_id: str, scopes: Iterable[str]) -> None:
        """Ask for other scopes from the next consent on."""
        app = self._app(client_id, None)
        self._world.table("bc/apps").put(app["client_id"], {**app, "scopes": list(scopes)})

    def _app(self, client_id: str | None, auth_url: str | None) -> Json:
        for app in self._world.table("bc/apps").values():
            if (client_id is None or app["client_id"] == client_id) and (
                auth_url is None or app["auth_url"] == auth_url
            ):
                return app
        msg = "there is no such app; register it with bc.register_app"
        raise ValueError(msg)

    def install(
        self, hash: str, auth_url: str | None = None, client_id: str | None = None, *, external: bool = False
    ) -> str:
        """The owner installs an app, or consents again: the address the browser opens. An earlier token ends now."""
        return oauth.grant(self._store(hash), self._app(client_id, auth_url), external=external)

    def load(
        self,
        hash: str,
        client_id: str | None = None,
        user: Json | None = None,
        url: str = "/",
        channel_id: int | None = None,
    ) -> str:
        """Someone opens the app in the control panel: the address of the iframe.

        `user` is {"id", "email", "locale"} of who does; without it the owner.
        """
        store, app = self._store(hash), self._app(client_id, None)
        return oauth.callback(
            app, "load", oauth.payload_jwt(store, app, user or store.row["owner"], url=url, channel_id=channel_id)
        )

    def remove_user(self, hash: str, user: Json, client_id: str | None = None) -> str:
        """The owner takes a user's access to the app away: the address BigCommerce's server calls."""
        store, app = self._store(hash), self._app(client_id, None)
        return oauth.callback(app, "remove_user", oauth.payload_jwt(store, app, user))

    def uninstall(self, hash: str, client_id: str | None = None) -> str:
        """The owner uninstalls an app: token and webhooks end.

        Returns the address BigCommerce's server calls, which may come late or never; "" for a store-level account,
        which is simply deleted.
        """
        store = self._store(hash)
        account = (
            store.rows("accounts").get(client_id) if client_id else next(iter(store.rows("accounts").values()), None)
        )
        if account is None:
            msg = "no app and no account to uninstall"
            raise ValueError(msg)
        store.fire("store/app/uninstalled", {"type": "store"})
        oauth.close_account(store, account["client_id"])
        store.effect("app_uninstalled", account["client_id"])
        app = self._world.table("bc/apps").get(account["client_id"])
        if app is None or not app["uninstall_url"]:
            return ""
        return oauth.callback(app, "uninstall", oauth.payload_jwt(store, app, store.row["owner"]))


_NAMES: Final = tuple(name for name in vars(Actions) if not name.startswith("_"))


def register(bigcommerce: BigCommerce) -> None:
    """Make every action callable by name, as `bc.…`."""
    actions = Actions(bigcommerce)
    for name in _NAMES:
        bigcommerce.world.actions[f"bc.{name}"] = getattr(actions, name)


# -- how ------------------------------------------------------------------------------------------------------------


def _jsonable(changes: Json) -> Json:
    """Arguments given in Python: floats become exact by their text."""
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in changes.items()}


def _objects(name: str, entries: Iterable[Any]) -> Iterator[Json]:
    for at, entry in enumerate(entries):
        if not isinstance(entry, dict):
            msg = f"{name}: entry {at} must be an object"
            raise ValueError(msg)  # noqa: TRY004 - a caller's mistake, not the program's
        yield entry


def _product_id(store: Store, product_id: int | None, sku: str | None) -> int:
    if product_id is not None and product_id in store.products:
        return product_id
    if sku is not None:
        for owner in store.index.owners_of(sku):
            return -owner if owner < 0 else store.index.product_of[owner]
    msg = f"there is no product {product_id if sku is None else sku!r}"
    raise ValueError(msg)


def _variant(store: Store, sku: str) -> tuple[Product, Json]:
    for variant_id in store.index.variants_with(sku):
        product = product_rows.load(store, store.index.product_of[variant_id])
        if product is not None:
            return product, product.variant(variant_id)
    msg = f"there is no variant with the SKU {sku!r}"
    raise ValueError(msg)


def _shelf(store: Store, sku: str) -> tuple[Product, str]:
    owners = store.index.owners_of(sku)
    if not owners:
        msg = f"there is no SKU {sku!r}"
        raise ValueError(msg)
    product_id = -owners[0] if owners[0] < 0 else store.index.product_of[owners[0]]
    product = Product(product_id, store.products.table[product_id])
    return product, "p" if owners[0] < 0 else inventory.owner_of(product, owners[0])


def _items(order: Order, items: list[Json] | None) -> list[Json]:
    left = [
        {
            "id": line["id"],
            "address": line["order_address_id"],
            "sku": line["sku"],
            "quantity": line["quantity"] - line["quantity_shipped"],
        }
        for line in order.lines
        if line["type"] != "digital" and line["quantity"] > line["quantity_shipped"]
    ]
    if items is None:
        return left
    chosen = []
    for item in _objects("items", items):
        found = [
            one
            for one in left
            if item.get("order_product_id", one["id"]) == one["id"] and item.get("sku", one["sku"]) == one["sku"]
        ]
        if not found:
            msg = f"the order has no such line left to ship: {item}"
            raise ValueError(msg)
        chosen.append({**found[0], "quantity": item.get("quantity", found[0]["quantity"])})
    return chosen


def _open_store(
    bigcommerce: BigCommerce, hash_: str | None, row: Json, currencies: list[str], chosen: dict[str, Json]
) -> Json:
    world = bigcommerce.world
    number_ = world.next_id("bc/stores", 1_025_001)
    hash_ = hash_ or oauth.secret(world, 10)
    if not _HASH.fullmatch(hash_) or hash_ in world.table("bc/stores"):
        msg = f"{hash_!r} is not a free store hash of small letters and digits"
        raise ValueError(msg)
    if row["plan"] not in PLAN_QUOTA:
        msg = f"plan {row['plan']!r} is not one of {', '.join(PLAN_QUOTA)}"
        raise ValueError(msg)
    whole = {
        **row,
        "switches": {name: switches.checked(name, value) for name, value in row["switches"].items()},
        "store_id": number_,
        "account_uuid": str(uuid.UUID(int=world.rng.getrandbits(128), version=4)),
        "country": geography.country_name(row["country_code"]) or row["country_code"],
        "domain": f"{hash_}.sandbox.example",
        "status": "live",
        "owner": {"id": 9_001, "username": row["admin_email"], "email": row["admin_email"]},
        "status_labels": {},
        "hook_emails": {},
        "enabled_locations": ["1"],
    }
    world.table("bc/stores").put(hash_, whole)
    store = bigcommerce.known(hash_)
    store.rows("locations").put(1, locations.default_location(store))
    settings.make_currency(store, row["currency"], default=True, transactional=True)
    for code in currencies:
        settings.make_currency(store, code, default=False, transactional=True)
    store.rows("channels").put(1, channels.first_channel(store))
    tree = {"id": categories.MAIN_TREE, "name": "Default catalog tree", "channels": [1]}
    store.rows("trees").put(categories.MAIN_TREE, tree)
    store.effect("store_created", hash_, name=row["name"])
    profile = {"store_name": row["name"], "store_email": row["admin_email"]}
    for path, values in {"store/profile": profile, **chosen}.items():
        settings.put_setting(store, path, values)
    return {"hash": hash_, "store_id": number_, "name": row["name"]}


def _make(store: Store, doc: Json, paths: dict[tuple[str, ...], int]) -> Product:
    """A product of a document, with its brand and categories; ids it brings along are kept where they are free."""
    doc = dict(doc)
    if doc.get("brand_name"):
        doc["brand_id"] = store.brand_of(doc.pop("brand_name"))
    elif doc.get("brand_id") and doc["brand_id"] not in store.rows("brands"):
        doc["brand_id"] = 0
    if doc.get("_category_paths"):
        doc["categories"] = categories.path_ids(store, doc["_category_paths"], paths)
    else:
        doc["categories"] = [one for one in doc.get("categories") or [] if one in store.rows("categories")]
    given = doc.get("id")
    variant_ids = [v["id"] for v in doc.get("variants") or [] if v.get("id")]
    if (given and given in store.products) or any(one in store.index.product_of for one in variant_ids):
        given, doc["variants"] = None, [{**v, "id": None} for v in doc.get("variants") or []]
        variant_ids = []
    if given:
        store.used("products", given)
    if variant_ids:
        store.used("variants", max(variant_ids))
    for name, sub in (("images", "images"), ("options", "options"), ("custom_fields", "custom_fields")):
        ids = [row["id"] for row in doc.get(sub) or [] if row.get("id")]
        if ids:
            store.used(name, max(ids))
    values = [
        value["id"]
        for option in doc.get("options") or []
        for value in option.get("option_values") or []
        if value.get("id")
    ]
    if values:
        store.used("values", max(values))
    product_id = given or store.take("products", product_documents.FIRST_PRODUCT)
    return product_documents.make_row(store, product_id, doc, store.now)


def load_catalog(store: Store, docs: Iterable[Json]) -> int:
    """What `bc.add_products` does."""
    count = variants = 0
    paths = categories.path_cache(store)
    store.bulk = True
    try:
        for doc in docs:
            product = _make(store, doc, paths)
            product.derive(store)
            row = product.encode()
            store.products.table.put(product.id, row)
            store.index.add_made(product)
            count += 1
            variants += len(row["vi"])
    finally:
        store.bulk = False
    store.effect("catalog_loaded", store.hash, products=count, variants=variants)
    return count
