"""Stock and prices of SKUs: what is available, what orders hold, what promotions lock.

Kept apart from a product's content, because price and stock take effect at once and never wait for an audit. One row of
`offers` per product: `{"skus": {sku id: {price, list_price, stock: {warehouse: [available, committed]}, …}}}`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twinshelf_sandbox.tiktok.apps import webhooks
from twinshelf_sandbox.tiktok.errors import Refused
from twinshelf_sandbox.tiktok.state import Shop
from twinshelf_sandbox.world import Entity

LOW_STOCK = 5


def new_offer(price: str) -> Entity:
    """What is kept per SKU outside of versions: price, stock and what they depend on."""
    return {
        "price": price,
        "list_price": None,
        "external_list_prices": None,
        "stock": {},
        "backorder": {},
        "status": "NORMAL",
        "source": "",
        "promotion": None,
        "auto_restock": None,
    }


def offers(shop: Shop, product_id: str) -> Entity:
    """A copy of the offers of a product; put it back with `shop.offers.put` to keep changes."""
    return shop.offers[product_id]


def promotion_lock(offer: Entity) -> int:
    """Units a running promotion holds back for itself."""
    promotion = offer["promotion"]
    return 0 if promotion is None else int(promotion.get("reserved") or 0)


def in_promotion(offers_row: Entity) -> bool:
    """Whether any SKU is in a running activity, which locks prices."""
    return any(offer["promotion"] is not None for offer in offers_row["skus"].values())


def available(offer: Entity) -> int:
    """Units that can be bought, over all warehouses."""
    return sum(level[0] for level in offer["stock"].values())


class Place(NamedTuple):
    """Where a level is: which SKU of which product, as `{id, seller_sku}`, in which warehouse."""

    product_id: str
    sku: Entity
    warehouse_id: str


def set_level(shop: Shop, row: Entity, place: Place, quantity: int, *, source: str) -> bool:
    """Set what is available of a SKU in a warehouse inside `row`. True if that changed anything.

    The caller puts `row` back. Tells the world and, by webhook, the apps.
    """
    before = row["skus"][place.sku["id"]]["stock"].setdefault(place.warehouse_id, [0, 0])[0]
    return _change(shop, row, place, (quantity - before, 0), source=source)


def _change(
    shop: Shop,
    row: Entity,
    place: Place,
    delta: tuple[int, int],
    *,
    source: str,
    order_id: str = "",
) -> bool:
    """Add `delta` to what is available and what is committed at a place."""
    product_id, sku, warehouse_id = place
    available_delta, committed_delta = delta
    if not available_delta and not committed_delta:
        return False
    offer = row["skus"][sku["id"]]
    total_before = available(offer)
    level = offer["stock"].setdefault(warehouse_id, [0, 0])
    before = level[0]
    level[0] += available_delta
    level[1] = max(0, level[1] + committed_delta)
    if available_delta:
        shop.effect(
            "stock_set",
            product_id,
            sku_id=sku["id"],
            seller_sku=sku.get("seller_sku", ""),
            warehouse=warehouse_id,
            before=before,
            after=level[0],
            source=source,
            order_id=order_id,
        )
    _tell(shop, place, offer, delta, source)
    _tell_of_shortage(shop, product_id, sku["id"], offer, total_before)
    return True


def _tell(shop: Shop, place: Place, offer: Entity, delta: tuple[int, int], source: str) -> None:
    """Webhook 71: ids are numbers here, and an event carries a key of its own for those who must not count twice."""
    available_delta, committed_delta = delta
    event_id = shop.platform.new_id("notification")
    at = shop.platform.world.clock.datetime().isoformat(timespec="seconds")
    total, held, lock = available(offer), sum(level[1] for level in offer["stock"].values()), promotion_lock(offer)
    data = {
        "event_id": event_id,
        "occurred_at": at,
        "shop_id": int(shop.id),
        "product_id": int(place.product_id),
        "sku_id": int(place.sku["id"]),
        "quantity_snapshot_after_change": {
            "total_quantity": total + held,
            "total_available_quantity": total,
            "total_committed_quantity": held,
            "in_shop_quantity": total - lock,
            "campaign_locked_quantity": lock,
            "creator_locked_quantity": 0,
        },
        "change_detail": [
            {
                "idempotency_key": f"{event_id}-0",
                "trigger_source": source,
                "occurred_at": at,
                "total_quantity_delta": available_delta + committed_delta,
                "available_quantity_delta": available_delta,
                "committed_quantity_delta": committed_delta,
                "in_shop_quantity_delta": available_delta,
                "campaign_locked_quantity_delta": 0,
                "creator_locked_quantity_delta": 0,
            }
        ],
    }
    webhooks.notify(shop, "INVENTORY_CHANGED_BY_SHOP", data)


def _tell_of_shortage(shop: Shop, product_id: str, sku_id: str, offer: Entity, before: int) -> None:
    def word(quantity: int) -> str:
        return "OUT_OF_STOCK" if quantity <= 0 else "LOW_STOCK" if quantity <= LOW_STOCK else "SUFFICIENT_STOCK"

    now = available(offer)
    if word(now) == word(before):
        return
    committed = sum(level[1] for level in offer["stock"].values())
    webhooks.notify(
        shop,
        "INVENTORY_STATUS_CHANGE",
        {
            "product_id": product_id,
            "sku_id": sku_id,
            "trigger_reason": {"alert_type": "REALTIME", "low_stock_threshold": LOW_STOCK},
            "current_inventory_status": word(now),
            "inventory_distribution": {
                "total_quantity": now + committed,
                "available_quantity": now - promotion_lock(offer),
                "creator_reserved_quantity": 0,
                "campaign_reserved_quantity": promotion_lock(offer),
                "committed_quantity": committed,
            },
            "update_time": shop.now,
        },
    )


def commit(shop: Shop, product_id: str, sku: Entity, quantity: int, order_id: str) -> list[str]:
    """Take `quantity` units for an order. Returns the warehouse of each unit. Raises Refused when there are too few."""
    row = offers(shop, product_id)
    offer = row["skus"][sku["id"]]
    if available(offer) < quantity:
        raise Refused(f"{sku.get('seller_sku') or sku['id']}: out of stock, {available(offer)} left")
    taken: list[str] = []
    ids = {w["id"]: w for w in shop.warehouses()}
    order = sorted(offer["stock"], key=lambda w: (not ids.get(w, {}).get("is_default"), w))
    for warehouse_id in order:
        level = offer["stock"][warehouse_id]
        units = min(level[0], quantity - len(taken))
        if units <= 0 or ids.get(warehouse_id, {}).get("effect_status") != "ENABLED":
            continue
        _change(shop, row, Place(product_id, sku, warehouse_id), (-units, units), source="ORDER", order_id=order_id)
        taken += [warehouse_id] * units
    if len(taken) < quantity:
        raise Refused(f"{sku.get('seller_sku') or sku['id']}: out of stock in enabled warehouses")
    shop.offers.put(product_id, row)
    return taken


def release(
    shop: Shop, product_id: str, sku: Entity, warehouses: list[str], order_id: str, *, restock: bool, held: bool = True
) -> None:
    """Let go of units of an order, which it still `held` or had shipped; with `restock` they can be sold again."""
    row = shop.offers.get(product_id)
    if row is None or sku["id"] not in row["skus"]:
        return
    source = "ORDER_CANCELLED" if restock else "ORDER_SHIPPED"
    for warehouse_id in sorted(set(warehouses)):
        units = warehouses.count(warehouse_id)
        back, freed = units if restock else 0, -units if held else 0
        _change(shop, row, Place(product_id, sku, warehouse_id), (back, freed), source=source, order_id=order_id)
    shop.offers.put(product_id, row)


def restocks(shop: Shop, product_id: str, sku_id: str) -> bool:
    """Whether cancelled units of a SKU go back in stock by themselves: the SKU's own setting, else the shop's."""
    row = shop.offers.get(product_id)
    own: Any = None if row is None or sku_id not in row["skus"] else row["skus"][sku_id]["auto_restock"]
    return bool(shop.switch("auto_restock") if own is None else own)
