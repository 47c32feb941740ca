"""Prices and stock by API: Update Price, Update Inventory, Inventory Search.

Source: `docs/platforms/tiktok-shop.md` section 11.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from twinshelf_sandbox.tiktok.errors import ApiError
from twinshelf_sandbox.tiktok.gateway import Call, Endpoint
from twinshelf_sandbox.tiktok.products import listing_outcome, listing_sku_rules, stock
from twinshelf_sandbox.tiktok.products.product_audits import keep, price_text, set_price
from twinshelf_sandbox.tiktok.products.product_bodies import Amount, Price, Stock
from twinshelf_sandbox.tiktok.products.products import product_of
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

_STOCK_STATUSES: Final = ("DRAFT", "PENDING", "FAILED", "ACTIVATE", "SELLER_DEACTIVATED")


# -- price and stock -------------------------------------------------------------------------------------------


class _PriceSku(msgspec.Struct):
    id: str = ""
    price: Price | None = None
    list_price: Amount | None = None
    external_list_prices: list[Amount] | None = None


class _Prices(msgspec.Struct):
    skus: list[_PriceSku] = []


def update_prices(call: Call) -> Any:
    """Set prices of a live product that is in no promotion; all or nothing unless a switch says otherwise."""
    shop = call.shop
    product = product_of(shop, call.path["product_id"])
    body = call.body(_Prices)
    if not body.skus:
        raise ApiError(12052902)
    if product["status"] != "ACTIVATE":
        raise ApiError(12052901)
    if product["appeal"]:
        raise ApiError(12052308)
    row = stock.offers(shop, product["id"])
    if stock.in_promotion(row):
        raise ApiError(12052038)
    ids = [sku.id for sku in body.skus]
    if len(ids) != len(set(ids)):
        raise ApiError(12052553)
    good = _good_prices(call, product, body, row)
    skus = {sku["id"]: sku for sku in product["skus"]}
    changed = [_take_price(shop, product["id"], skus[sku.id], sku, row["skus"][sku.id]) for sku in good]
    if any(changed):
        shop.offers.put(product["id"], row)
        product["update_time"] = shop.now
        keep(shop, product)
    return {}


def _good_prices(call: Call, product: Entity, body: _Prices, row: Entity) -> list[_PriceSku]:
    """The entries that may be taken. Raises ApiError at the first bad one where the call is all or nothing."""
    shop, own = call.shop, {sku["id"] for sku in product["skus"]}
    good = []
    for at, sku in enumerate(body.skus):
        try:
            if sku.id not in own:
                raise ApiError(12052557 if shop.by_sku.find(sku.id) else 12052556)
            listing_outcome.first(
                list(listing_sku_rules.price_errors(shop, sku.price, list(row["skus"][sku.id]["stock"])))
            )
            if sku.list_price is not None:
                listing_outcome.first(list(listing_sku_rules.list_price_errors(shop, sku.list_price)))
            if call.breaks(sku.id, at):
                raise call.broken()
        except ApiError:
            if shop.switch("atomic_prices"):
                raise
            continue
        good.append(sku)
    return good


def _take_price(shop: Shop, product_id: str, sku: Entity, given: _PriceSku, offer: Entity) -> bool:
    text = price_text(shop, msgspec.to_builtins(given.price))
    changed = set_price(shop, product_id, sku, offer, text)
    if given.list_price is not None:
        dropped = listing_sku_rules.drops_list_price(shop, given.list_price, text)
        offer["list_price"] = None if dropped else msgspec.to_builtins(given.list_price)
        changed = True
    if given.external_list_prices is not None:
        offer["external_list_prices"] = msgspec.to_builtins(given.external_list_prices)
        changed = True
    return changed


class _StockSku(msgspec.Struct):
    id: str = ""
    inventory: list[Stock] = []


class _Stocks(msgspec.Struct):
    skus: list[_StockSku] = []


def update_inventory(call: Call) -> Any:
    """Set what is available per SKU and warehouse. Every warehouse of a SKU must be named; errors are per SKU."""
    shop = call.shop
    product = product_of(shop, call.path["product_id"])
    body = call.body(_Stocks)
    if not body.skus:
        raise ApiError(12052902)
    if product["status"] not in _STOCK_STATUSES:
        raise ApiError(12052901)
    ids = [sku.id for sku in body.skus]
    if "" in ids:
        raise ApiError(12052036)
    if len(ids) != len(set(ids)):
        raise ApiError(12052553)
    skus = {
        sku["id"]: sku for version in (product["base"], product["review"]) if version for sku in version.get("skus", [])
    }
    for sku_id in ids:
        if sku_id not in skus:
            raise ApiError(12052557 if shop.by_sku.find(sku_id) else 12052556)
        if skus[sku_id].get("combined_skus"):
            raise ApiError(12052850)
    row = stock.offers(shop, product["id"])
    errors: list[Entity] = []
    changed = False
    for at, given in enumerate(body.skus):
        found = _stock_problems(shop, row["skus"][given.id], given)
        if not found and call.breaks(given.id, at):
            found = [("", call.broken())]
        if found:
            extra = [{"warehouse_id": w, "code": e.code, "message": e.message} for w, e in found]
            errors.append(
                ApiError(found[0][1].code if len(found) == 1 else 12052990).entry(sku_id=given.id, extra_errors=extra)
            )
            continue
        changed |= _set_stock(shop, row, product["id"], skus[given.id], given)
    if changed:
        shop.offers.put(product["id"], row)
    return {"errors": errors} if errors else {}


def _stock_problems(shop: Shop, offer: Entity, given: _StockSku) -> list[tuple[str, ApiError]]:
    if not given.inventory:
        return [("", ApiError(12052486))]
    sales = shop.warehouses("SALES_WAREHOUSE")
    if len(sales) == 1 and len(given.inventory) == 1 and not given.inventory[0].warehouse_id:
        given.inventory[0].warehouse_id = sales[0]["id"]
    if any(not e.warehouse_id for e in given.inventory):
        return [("", ApiError(12019028))]
    found = list(listing_sku_rules.stock_errors(shop, given.inventory))
    if found:
        return found
    own = set(offer["stock"])
    if not shop.switch("name_disabled_warehouses"):  # one that is switched off cannot be named, so it need not be
        own = {w for w in own if (row := shop.warehouse(w)) is None or row["effect_status"] != "DISABLED"}
    named = {e.warehouse_id or "" for e in given.inventory}
    if own - named:
        return [(w, ApiError(12019028)) for w in sorted(own - named)]
    if own and named - own:
        return [(w, ApiError(12052533)) for w in sorted(named - own)]
    lock = stock.promotion_lock(offer)
    if lock and sum(e.quantity or 0 for e in given.inventory) < lock:
        return [("", ApiError(12052393))]
    return []


def _set_stock(shop: Shop, row: Entity, product_id: str, sku: Entity, given: _StockSku) -> bool:
    changed = False
    offer = row["skus"][sku["id"]]
    for entry in given.inventory:
        warehouse_id = entry.warehouse_id or ""
        changed |= stock.set_level(
            shop, row, stock.Place(product_id, sku, warehouse_id), entry.quantity or 0, source="OPEN_API"
        )
        if entry.backorder_quantity is not None:
            offer["backorder"][warehouse_id] = [entry.backorder_quantity, entry.handling_time]
            changed = True
    return changed


class _InventorySearch(msgspec.Struct):
    product_ids: list[str] | None = None
    sku_ids: list[str] | None = None


def search_inventory(call: Call) -> Any:
    """Levels of up to 600 SKUs or 100 products; SKU ids win where both are given. Unknown ids are left out."""
    shop = call.shop
    body = call.body(_InventorySearch)
    sku_ids, product_ids = body.sku_ids or [], body.product_ids or []
    if len(sku_ids) > 600:
        raise ApiError(12019015)
    if not sku_ids and len(product_ids) > 100:
        raise ApiError(12019120)
    if not sku_ids and not product_ids:
        raise ApiError(12019008)
    wanted: set[str] | None = None
    if sku_ids:
        wanted = set(sku_ids)
        product_ids = list(dict.fromkeys(p for s in sku_ids for p in shop.by_sku.find(s)))
    found = []
    for product_id in dict.fromkeys(product_ids):
        product, row = shop.products.get(product_id), shop.offers.get(product_id)
        if product is None or row is None:
            continue
        skus = [
            _level_json(sku, row["skus"][sku["id"]]) for sku in product["skus"] if wanted is None or sku["id"] in wanted
        ]
        found.append({"product_id": product_id, "skus": skus})
    return {"inventory": found}


def _level_json(sku: Entity, offer: Entity) -> Entity:
    levels = [
        {"warehouse_id": w, "available_quantity": level[0], "committed_quantity": level[1]}
        for w, level in offer["stock"].items()
    ]
    total, lock = sum(level["available_quantity"] for level in levels), stock.promotion_lock(offer)
    distribution: Entity = {"in_shop_inventory": {"quantity": total - lock}}
    if lock:
        distribution["campaign_inventory"] = [{"quantity": lock, "campaign_name": offer["promotion"].get("title", "")}]
    return {
        "id": sku["id"],
        "seller_sku": sku.get("seller_sku", ""),
        "total_available_quantity": total,
        "total_committed_quantity": sum(level["committed_quantity"] for level in levels),
        "warehouse_inventory": levels,
        "total_available_inventory_distribution": distribution,
    }


class _RestockSetting(msgspec.Struct):
    enable_auto_restock: bool | None = None


class _Operation(msgspec.Struct):
    seller_id: str = ""
    sku_ids: list[str] = []
    stock_operation_setting: _RestockSetting | None = None


def operation_settings(call: Call) -> Any:
    """Whether cancelled orders of these SKUs return stock by themselves."""
    shop, body = call.shop, call.body(_Operation)
    if not 1 <= len(body.sku_ids) <= 500 or body.stock_operation_setting is None:
        raise call.bad("`sku_ids` must have 1 to 500 entries and a setting")
    for sku_id in body.sku_ids:
        for product_id in shop.by_sku.find(sku_id):
            row = stock.offers(shop, product_id)
            row["skus"][sku_id]["auto_restock"] = body.stock_operation_setting.enable_auto_restock
            shop.offers.put(product_id, row)
            shop.effect(
                "restock_setting", product_id, sku_id=sku_id, after=body.stock_operation_setting.enable_auto_restock
            )
    return {}


_BASIC: Final = "seller.product.basic"
_WRITE: Final = "seller.product.write"
_V2309: Final = ("202309",)
_BAD: Final = 12052910

ENDPOINTS: Final = (
    Endpoint("POST", "/product/{v}/products/{product_id}/prices/update", _V2309, _WRITE, update_prices, bad_input=_BAD),
    Endpoint(
        "POST", "/product/{v}/products/{product_id}/inventory/update", _V2309, _WRITE, update_inventory, bad_input=_BAD
    ),
    Endpoint("POST", "/product/{v}/inventory/search", _V2309, _BASIC, search_inventory, bad_input=_BAD),
    Endpoint(
        "POST", "/product/{v}/inventory/operation/settings", ("202608",), _WRITE, operation_settings, bad_input=_BAD
    ),
)
