"""What people do with products in Seller Center, and what the platform's staff does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.amounts import plain
from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError, Refused
from twinshelf_sandbox.tiktok.products import categories, listing_rules, stock
from twinshelf_sandbox.tiktok.products.listing_outcome import Known
from twinshelf_sandbox.tiktok.products.product_audits import (
    announce,
    fail,
    generated_id,
    keep,
    pass_audit,
    set_price,
    set_status,
)
from twinshelf_sandbox.tiktok.products.product_bodies import Product
from twinshelf_sandbox.tiktok.products.products import (
    activate,
    all_shops,
    apply_edit,
    deactivate,
    delete,
    latest,
    new_product,
)
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity

# -- what people do in Seller Center and what the platform's staff does ----------------------------------------


def find(platform: Platform, product_id: str) -> tuple[Shop, Entity]:
    """A product of whatever shop. Raises Refused."""
    for shop in all_shops(platform):
        product = shop.products.get(product_id)
        if product is not None:
            return shop, product
    raise Refused(f"product_id: there is no product {product_id!r}")


def approve(platform: Platform, product_id: str) -> None:
    """End the audit of a product's newest version well, also that of a pre-approved one."""
    shop, product = find(platform, product_id)
    if product["audit_status"] not in ("AUDITING", "PRE_APPROVED"):
        raise Refused(f"product_id: nothing of {product_id} is under audit")
    product["version"] += 1
    pass_audit(shop, product)
    keep(shop, product)


def reject(platform: Platform, product_id: str, reasons: list[Any] | None = None) -> None:
    """End the audit of a product's newest version badly. A reason is a text or {position, reason, suggestion}."""
    shop, product = find(platform, product_id)
    if product["audit_status"] not in ("AUDITING", "PRE_APPROVED"):
        raise Refused(f"product_id: nothing of {product_id} is under audit")
    product["version"] += 1
    fail(shop, product, reasons or ["The listing violates a policy."])
    keep(shop, product)


def set_audit_policy(
    platform: Platform, shop_id: str, seconds: float | None = None, reject: list[dict[str, str]] | None = None
) -> None:
    """How a shop's audits go: after `seconds` (0: at once; negative: only by tt.approve), rejecting by rules.

    A rule is {"field": "title", "contains": "…", "without": "…", "position": "…", "reason": "…", "suggestion": "…"}: it
    refuses texts with the one and with none of the others, which are separated by commas.
    """
    shop = platform.shop(shop_id)
    row = shop.row
    if seconds is not None:
        row["audit"]["seconds"] = float(seconds)
    if reject is not None:
        row["audit"]["rules"] = reject
    shop.save(row)


def edit_by_person(platform: Platform, product_id: str, changes: dict[str, Any]) -> None:
    """A person edits a product in Seller Center: `changes` are top-level properties as in Partial Edit."""
    shop, product = find(platform, product_id)
    merged = {**latest(product), **changes}
    try:
        body = msgspec.convert(merged, Product, strict=False)
        body.category_version = shop.tree
        apply_edit(shop, product, body, source="SELLER_CENTER")
    except (msgspec.ValidationError, ApiError) as error:
        raise Refused(f"changes: {error}") from error


def _by_person(change: Callable[[Shop, Entity], None]) -> Callable[[Platform, str], None]:
    def run(platform: Platform, product_id: str) -> None:
        shop, product = find(platform, product_id)
        try:
            change(shop, product)
        except ApiError as error:
            raise Refused(f"product_id: {error}") from error
        keep(shop, product)

    return run


def delete_by_person(platform: Platform, product_id: str) -> None:
    """A person deletes a product in Seller Center."""
    _by_person(delete)(platform, product_id)


def deactivate_by_person(platform: Platform, product_id: str) -> None:
    """A person hides a product in Seller Center."""
    _by_person(deactivate)(platform, product_id)


def activate_by_person(platform: Platform, product_id: str) -> None:
    """A person shows a hidden product again; it goes through the audit."""
    _by_person(activate)(platform, product_id)


def take_down(platform: Platform, product_id: str, reason: str = "Policy violation") -> None:
    """TikTok hides a product: PLATFORM_DEACTIVATED."""
    shop, product = find(platform, product_id)
    product["version"] += 1
    set_status(shop, product, "PLATFORM_DEACTIVATED", reason=reason)
    keep(shop, product)


def freeze(platform: Platform, product_id: str, reason: str = "Severe policy violation") -> None:
    """TikTok freezes a product: nothing can be done with it any more."""
    shop, product = find(platform, product_id)
    product["version"] += 1
    product["review"] = None
    set_status(shop, product, "FREEZE", reason=reason)
    keep(shop, product)


def unfreeze(platform: Platform, product_id: str) -> None:
    """TikTok lifts a freeze: the product becomes PLATFORM_DEACTIVATED."""
    shop, product = find(platform, product_id)
    if product["status"] != "FREEZE":
        raise Refused("product_id: the product is not frozen")
    set_status(shop, product, "PLATFORM_DEACTIVATED")
    keep(shop, product)


def set_appeal(platform: Platform, product_id: str, open: bool) -> None:  # noqa: A002, FBT001 - arguments of actions are JSON
    """Open or close an appeal about a product; while it is open, edits are refused with 12052308."""
    shop, product = find(platform, product_id)
    product["appeal"] = open
    keep(shop, product)


def _sku_of(product: Entity, sku: str) -> Entity:
    for entry in product["skus"]:
        if sku in (entry["id"], entry["seller_sku"]):
            return dict(entry)
    raise Refused(f"sku: {sku!r} is not a SKU of product {product['id']}")


def set_stock_by_person(
    platform: Platform, product_id: str, sku: str, quantity: int, warehouse_id: str | None = None
) -> None:
    """A person sets what is available of a SKU (its id or seller SKU); without a warehouse in its first one."""
    shop, product = find(platform, product_id)
    entry = _sku_of(product, sku)
    row = stock.offers(shop, product_id)
    levels = row["skus"][entry["id"]]["stock"]
    place = warehouse_id or next(iter(levels), "") or shop.warehouses("SALES_WAREHOUSE")[0]["id"]
    if stock.set_level(shop, row, stock.Place(product_id, entry, place), quantity, source="SELLER_CENTER"):
        shop.offers.put(product_id, row)


def demand_variation(platform: Platform, shop_id: str, category_id: str, names: list[str]) -> None:
    """A category of a shop demands these sales attributes of every SKU from now on, of a single one too."""
    shop = platform.shop(shop_id)
    platform.world.table(f"tt/{shop.id}/demanded_variations").put(category_id, {"names": list(names)})


def set_price_by_person(platform: Platform, product_id: str, sku: str, price: str) -> None:
    """A person sets the price of a SKU (its id or seller SKU)."""
    if not plain(price):
        raise Refused(f"price: {price!r} is no amount above 0")
    shop, product = find(platform, product_id)
    entry = _sku_of(product, sku)
    row = stock.offers(shop, product_id)
    if set_price(shop, product_id, entry, row["skus"][entry["id"]], price):
        shop.offers.put(product_id, row)
        product["update_time"] = shop.now
        keep(shop, product)


def deactivate_sku(platform: Platform, product_id: str, sku: str, active: bool = False, source: str = "SELLER") -> None:  # noqa: FBT001, FBT002
    """Hide one SKU of a product or show it again; webhook 50."""
    shop, product = find(platform, product_id)
    entry = _sku_of(product, sku)
    row = stock.offers(shop, product_id)
    offer = row["skus"][entry["id"]]
    offer["status"], offer["source"] = ("NORMAL", "") if active else ("DEACTIVATED", source)
    shop.offers.put(product_id, row)
    word = "ACTIVATED" if active else "DEACTIVATED"
    shop.effect(f"sku_{word.lower()}", product_id, sku_id=entry["id"])
    change = {"sku_id": entry["id"], "status": word, **({} if active else {"deactivation_source": source})}
    webhooks.notify(shop, "SKU_STATUS_CHANGE", {"product_id": product_id, "skus": [change]})


def add_by_person(
    platform: Platform, shop_id: str, *, title: str, category_id: str, seller_sku: str = "", price: str = "1",
    quantity: int = 10, more: dict[str, Any] | None = None,
) -> str:  # fmt: skip
    """A person lists a product in Seller Center; it is live at once. Returns its id.

    It has one SKU, unless `more`, other properties as in Create Product, has `skus`: these need no currency, and have
    `quantity` each where they say nothing of stock.
    """
    shop = platform.shop(shop_id)
    uri = f"tos-sandbox/{platform.new_id('product')}"
    platform.images.put(
        uri,
        {"uri": uri, "seller_id": shop.seller_id, "use_case": "MAIN_IMAGE", "width": 1000, "height": 1000,
         "format": "JPEG", "sha256": "", "create_time": platform.now},
    )  # fmt: skip
    more = dict(more or {})
    given = more.pop("skus", None) or [{"seller_sku": seller_sku, "price": {"amount": price}}]
    place = shop.warehouses("SALES_WAREHOUSE")[0]["id"]
    body = msgspec.convert(
        {
            "title": title, "description": f"<p>{title}</p>", "category_id": category_id, "category_version": shop.tree,
            "main_images": [{"uri": uri}],
            "package_weight": {"value": "1", "unit": "POUND"},
            **more,
            "skus": [
                {"inventory": [{"warehouse_id": place, "quantity": quantity}], **sku,
                 "price": {"currency": shop.currency, **sku["price"]}}
                for sku in given
            ],
        },
        Product,
    )  # fmt: skip
    outcome = listing_rules.check(Known(shop, draft=False), body)
    if outcome.errors:
        raise Refused(f"title: {outcome.errors[0]}")
    product = new_product(shop, body, outcome, draft=False, source="SELLER_CENTER")
    if product["audit_status"] == "AUDITING":
        product["version"] += 1
        pass_audit(shop, product)
        keep(shop, product)
    return str(product["id"])


_STANDARD: Final = {
    "colour": "100000",
    "color": "100000",
    "farbe": "100000",
    "size": "100007",
    "größe": "100007",
    "taille": "100007",
}


def standardize_attributes(platform: Platform, product_id: str) -> None:
    """TikTok rewrites own sales attributes into its standard ones: their ids and names change, the SKU ids stay."""
    shop, product = find(platform, product_id)
    names = {a.id: a.name for a in (categories.COLOR, categories.SIZE)}
    before = [s.get("sales_attributes") for s in product["base"].get("skus", [])]
    base = msgspec.msgpack.decode(msgspec.msgpack.encode(product["base"]))
    for sku in base.get("skus", []):
        for attribute in sku.get("sales_attributes", []):
            standard = _STANDARD.get(attribute["name"].casefold())
            if standard is not None and attribute["id"] != standard:
                attribute["id"], attribute["name"] = standard, names[standard]
                attribute["value_id"] = generated_id(shop, "value", f"{standard}:{attribute['value_name']}")
    if [s.get("sales_attributes") for s in base.get("skus", [])] == before:
        return
    old, product["base"], product["source"] = product["base"], base, "SELLER_CENTER"
    announce(shop, product, old, base)
    keep(shop, product)


ACTIONS: Final[dict[str, Callable[..., Any]]] = {
    "tt.approve": approve,
    "tt.reject": reject,
    "tt.set_audit_policy": set_audit_policy,
    "tt.add_product": add_by_person,
    "tt.edit_product": edit_by_person,
    "tt.delete_product": delete_by_person,
    "tt.deactivate_product": deactivate_by_person,
    "tt.activate_product": activate_by_person,
    "tt.take_down_product": take_down,
    "tt.freeze_product": freeze,
    "tt.unfreeze_product": unfreeze,
    "tt.set_appeal": set_appeal,
    "tt.set_stock": set_stock_by_person,
    "tt.set_price": set_price_by_person,
    "tt.deactivate_sku": deactivate_sku,
    "tt.demand_variation": demand_variation,
    "tt.standardize_attributes": standardize_attributes,
}
