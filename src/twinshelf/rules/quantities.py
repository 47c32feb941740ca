"""How much a shop may offer, and the call that tells it so. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinshelf.connections.preferences import Preferences
from twinshelf.documents import Finding, Plan, SetStock

TIKTOK_MAX_QUANTITY = 99_999


def quantity_to_offer(stock: int | None, held: int, preferences: Preferences) -> int:
    """Units to offer of one variant: stock less what orders on their way hold, less the reserve; 0 at the threshold.

    Never negative, never above TikTok's maximum. `stock` None means that the store does not track it: then the
    merchant's figure for such goods is offered, less what is held.
    """
    available = (preferences.untracked_quantity if stock is None else stock) - held
    if preferences.threshold is not None and stock is not None and available <= preferences.threshold:
        return 0
    return max(0, min(available - preferences.reserve, TIKTOK_MAX_QUANTITY))


def plan_stock(
    key: str,
    *,
    tiktok_id: str,
    desired: Mapping[str, int],
    observed: Mapping[str, Sequence[tuple[str, int]]],
    warehouse_id: str,
    product_level: bool = False,
) -> Plan:
    """One call that sets the stock of every SKU of a product that is not as it should be.

    `desired` gives the quantity by TikTok SKU id, `observed` (warehouse id, available) pairs as just read. Every
    warehouse of a SKU is named, changed or not: TikTok wants the full set and no other. All stock goes to our
    warehouse, none to the others.
    """
    if product_level:
        return Plan(
            key=key,
            findings=(
                Finding(
                    code="E-INV-PRODUCTLEVEL",
                    text="Stock is tracked on the product level; switch to the variant level.",
                    remedy="BigCommerce → the product → Track inventory → On the variant level.",
                ),
            ),
        )
    changes: list[tuple[str, tuple[tuple[str, int], ...]]] = []
    gone: list[str] = []
    for sku_id, quantity in sorted(desired.items()):
        seen = observed.get(sku_id)
        if seen is None:
            gone.append(sku_id)
            continue
        warehouses = dict.fromkeys([warehouse for warehouse, _ in seen] or [warehouse_id], 0)
        target = warehouse_id if warehouse_id in warehouses else min(warehouses)  # the same one in any order
        wanted = {**warehouses, target: quantity}
        if wanted != dict(seen):
            changes.append((sku_id, tuple(sorted(wanted.items()))))
    findings = (
        (
            Finding(
                code="E-LST-SKUGONE",
                text="SKU-related products are not found, please manually push to create a new product.",
                remedy="Check SKU/barcode, push again.",
            ),
        )
        if gone
        else ()
    )
    return Plan(
        key=key,
        changes=(SetStock(shop_listing_id=tiktok_id, stock=tuple(changes)),) if changes else (),
        findings=findings,
    )
