"""Replication: a local product is copied to the shops of other markets, the newer way of listing across borders.

Source: `docs/platforms/tiktok-shop.md` section 13. It takes effect later, in a job, and tells by webhook 51.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products import (
    listing_outcome,
    listing_rules,
    listing_sku_rules,
    products,
)
from twinshelf_sandbox.tiktok.products.listing_outcome import Known
from twinshelf_sandbox.tiktok.products.product_bodies import (
    Price,
    Product,
    Sku,
    Stock,
)
from twinshelf_sandbox.tiktok.state import Platform, Shop
from twinshelf_sandbox.world import Entity


def listing_rules_call(call: Call) -> Any:
    """How the shop lists, and how its stock is shared between markets."""
    shop = call.shop
    method = products.listing_method(shop)
    if not method:
        return {"listing_methods": [], "inventory_rules": []}
    rules = []
    for warehouse in shop.warehouses("SALES_WAREHOUSE"):
        others = [
            {"warehouse_id": w["id"], "region": other.facts["region"]}
            for other in shop.platform.shops_of(shop.seller_id)
            if other is not shop
            for w in other.warehouses("SALES_WAREHOUSE")
        ]
        rules.append(
            {"local_warehouse_id": warehouse["id"], "allocation_mode": "MANUAL", "associated_warehouses": others}
        )
    return {"listing_methods": [method], "inventory_rules": rules}


def region_code(code: str) -> str:
    """Poland is `PO` in one list of regions and `PL` everywhere else."""
    return "PL" if code == "PO" else code


def target_shop(platform: Platform, seller_id: str, region: str) -> Shop | None:
    """The seller's shop in a region; None if there is none."""
    return next((s for s in platform.shops_of(seller_id) if s.facts["region"] == region_code(region)), None)


# -- replication -----------------------------------------------------------------------------------------------


class TargetPrice(msgspec.Struct):
    sale_price: str = ""
    amount: str | None = None
    currency: str | None = None


class TargetSku(msgspec.Struct):
    source_sku_id: str = ""
    related_global_sku_id: str = ""
    seller_sku: str | None = None
    price: TargetPrice | None = None
    inventory: list[Stock] | Stock | None = None


class Target(msgspec.Struct):
    region: str = ""
    skus: list[TargetSku] = []
    manufacturer_ids: list[str] | None = None
    responsible_person_ids: list[str] | None = None


class _Replicate(msgspec.Struct):
    replicate_target: list[Target] = []


def replicate(call: Call) -> Any:
    """Copy a product into other markets, later. Markets with an error in the answer get nothing."""
    shop = call.shop
    if shop.is_local:
        raise ApiError(12052705)
    product = shop.products.get(call.path["product_id"])
    if product is None:
        raise ApiError(12052032)
    targets = call.body(_Replicate).replicate_target
    if not targets:
        raise ApiError(12052910, "Invalid parameters: `replicate_target` is required")
    errors = []
    for target in targets:
        try:
            other = _check_target(shop, product, target)
        except ApiError as error:
            errors.append(error.entry(region=target.region))
            continue
        payload = {"shop": shop.id, "product": product["id"], "to": other.id, "target": msgspec.to_builtins(target)}
        seconds = shop.switch("replicas_need_audit_seconds")
        shop.platform.world.schedule(shop.platform.world.clock.now() + seconds, "tt.replicate", payload)
    return {"errors": errors} if errors else {}


def _check_target(shop: Shop, product: Entity, target: Target) -> Shop:
    other = target_shop(shop.platform, shop.seller_id, target.region)
    if other is None or other is shop:
        raise ApiError(12052508, f"The seller has no other shop in {target.region}.")
    if region_code(target.region) in (product.get("replicas") or {}):
        raise ApiError(12052508, f"The product is replicated to {target.region} already.")
    given = {sku.source_sku_id: sku for sku in target.skus}
    for sku in product["skus"]:
        entry = given.get(sku["id"])
        if entry is None:
            raise ApiError(12052515, f"The SKU {sku['id']} is missing.")
        price = entry.price
        if price is None or price.currency != other.currency:
            raise ApiError(12052084)
        listing_outcome.first(list(listing_sku_rules.price_errors(other, price, [])))
    return other


def copied(other: Shop, content: Entity, target: Target, own: dict[str, TargetSku]) -> Product:
    """The body a copy is made from: prices and stock are those given for the market."""
    body = msgspec.convert({**copy.deepcopy(content), "category_version": other.tree}, Product, strict=False)
    body.external_product_id = None
    body.manufacturer_ids, body.responsible_person_ids = target.manufacturer_ids, target.responsible_person_ids
    place = other.warehouses("SALES_WAREHOUSE")[0]["id"]
    skus = []
    for sku in content.get("skus", []):
        entry = own[sku["id"]]
        one = msgspec.convert(copy.deepcopy(sku), Sku, strict=False)
        one.id = None
        one.seller_sku = entry.seller_sku or one.seller_sku
        price = entry.price or TargetPrice()
        text = price.sale_price or price.amount or ""
        one.price = Price(currency=price.currency or other.currency, sale_price=text, amount=text)
        given = entry.inventory if isinstance(entry.inventory, list) else [entry.inventory] if entry.inventory else []
        one.inventory = [Stock(warehouse_id=s.warehouse_id or place, quantity=s.quantity or 0) for s in given] or [
            Stock(warehouse_id=place, quantity=0)
        ]
        for attribute in one.sales_attributes or []:
            # Own attributes are made anew in the other shop: ids of one shop mean nothing in another.
            if attribute.id is not None and attribute.id.startswith("73"):
                attribute.id = None
            if attribute.value_id is not None and attribute.value_id.startswith("73"):
                attribute.value_id = None
        skus.append(one)
    body.skus = skus
    for product_attribute in body.product_attributes or []:
        for value in product_attribute.values or []:
            if value.id is not None and value.id.startswith("73"):
                value.id = None
    return body


def copy_into(other: Shop, body: Product, *, extra: Entity) -> tuple[Entity, list[str]]:
    """Create the copy: listed if it passes the market's rules, as a draft otherwise. Returns it and what was wrong."""
    outcome = listing_rules.check(Known(other), body)
    reasons = [error.message for error in outcome.errors]
    if reasons:
        body.save_mode = "AS_DRAFT"
        outcome = listing_rules.check(Known(other, draft=True), body)
        outcome.errors.clear()
    return products.new_product(other, body, outcome, draft=bool(reasons), source="REPLICATION", extra=extra), reasons


def run_replication(platform: Platform, payload: dict[str, Any]) -> None:
    """The job that makes a copy in another market."""
    shop, other = platform.shop(payload["shop"]), platform.shop(payload["to"])
    product = shop.products.get(payload["product"])
    if product is None or product["status"] == "DELETED":
        return
    target = msgspec.convert(payload["target"], Target, strict=False)
    own = {sku.source_sku_id: sku for sku in target.skus}
    body = copied(other, product["base"], target, own)
    new, reasons = copy_into(other, body, extra={"source_product_id": product["id"]})
    product["replicas"] = {
        **(product.get("replicas") or {}),
        other.facts["region"]: {"shop_id": other.id, "product_id": new["id"]},
    }
    product["update_time"] = shop.now
    shop.products.put(product["id"], product)
    shop.effect("product_replicated", product["id"], region=target.region, copy=new["id"], draft=bool(reasons))
    _tell(shop, product["id"], target.region, new["id"], reasons)


def _tell(shop: Shop, source_id: str, region: str, product_id: str, reasons: list[str]) -> None:
    data = {
        "source_product_id": source_id,
        "replicated_product": {
            "product_id": product_id,
            "region": region,
            "result": "DRAFT" if reasons else "SUCCESS",
            "fail_reasons": [{"message": text} for text in reasons],
        },
    }
    webhooks.notify(shop, "GLOBAL_REPLICATION_STATUS_CHANGE", data)


def replicated_products(call: Call) -> Any:
    """Where a product was replicated to."""
    shop = call.shop
    product = shop.products.get(call.path["product_id"])
    if product is None:
        raise ApiError(12052032)
    found = []
    for region, place in (product.get("replicas") or {}).items():
        other = shop.platform.shop(place["shop_id"]).products.get(place["product_id"])
        status = other["status"] if other is not None else "UNKNOWN"
        found.append(
            {"region": region, "shop_id": place["shop_id"], "product_id": place["product_id"], "product_status": status}
        )
    return {"replicated_products": found}


JOBS: Final[dict[str, Callable[[Platform, dict[str, Any]], None]]] = {"tt.replicate": run_replication}

_BASIC: Final = "seller.product.basic"
_WRITE: Final = "seller.product.write"
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("GET", "/product/{v}/global_listing_rules", ("202507",), _BASIC, listing_rules_call, bad_input=_BAD),
    Endpoint(
        "POST", "/product/{v}/products/{product_id}/global_replicate", ("202507",), _WRITE, replicate, bad_input=_BAD
    ),
    Endpoint(
        "GET",
        "/product/{v}/products/{product_id}/replicated_products",
        ("202507",),
        _BASIC,
        replicated_products,
        bad_input=_BAD,
    ),
)
