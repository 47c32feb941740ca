"""What differs between a listing as it should be and as it is. Pure, and the only place that says so.

Lanes, product page, preview and proof all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from twinshelf.documents import AuditStatus, Listing, Money, ShopListing, ShopSku, SyncField, Weight
from twinshelf.listings.desired import DesiredSku
from twinshelf.tiktok import texts

Warehouses = tuple[tuple[str, int], ...]
"""(warehouse id, available units) of one SKU."""


class SkuMissing(msgspec.Struct, frozen=True, kw_only=True):
    """A variant whose SKU the shop does not show. `sku_id` is the one it was linked with, "" if it never was."""

    variant_id: str
    seller_sku: str
    sku_id: str = ""


class PriceDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`found` None: the shop's price is not known."""

    variant_id: str
    seller_sku: str
    sku_id: str
    expected: Money
    found: Money | None


class StockDifference(msgspec.Struct, frozen=True, kw_only=True):
    """`expected` units stand as `wanted` says, by warehouse; `found` is what each shows.

    Of the warehouses in `absent` the SKU has none yet: TikTok adds them by an edit alone.
    """

    variant_id: str
    seller_sku: str
    sku_id: str
    expected: int
    found: Warehouses
    wanted: Warehouses = ()
    absent: tuple[str, ...] = ()

    @property
    def shown(self) -> int:
        """Units that the shop shows over all warehouses."""
        return sum(units for _warehouse, units in self.found)


SkuDifference = SkuMissing | PriceDifference | StockDifference


def compare_skus(
    desired: Mapping[str, DesiredSku], links: Mapping[str, str], shown: Mapping[str, ShopSku], *, warehouse_id: str
) -> tuple[SkuDifference, ...]:
    """What differs SKU by SKU, in the order of TikTok's SKU ids; those never listed come first.

    `desired` is by variant id, `links` gives the TikTok SKU id by variant id, `shown` what the shop has by SKU id. A
    price that cannot be said is not compared; one that the shop did not tell differs, with None as what was found.
    What the sync rules leave to TikTok does not differ.
    """
    found: list[SkuDifference] = []
    for sku in desired.values():
        sku_id = links.get(sku.variant_id, "")
        there = shown.get(sku_id) if sku_id else None
        named = {"variant_id": sku.variant_id, "seller_sku": sku.seller_sku, "sku_id": sku_id}
        if there is None:
            if sku_id or (sku.listable and sku.in_scope):
                found.append(SkuMissing(**named))
            continue
        price = sku.price.value if sku.price is not None else None
        if sku.price_follows and price is not None and not price.same_as(there.price):
            found.append(PriceDifference(**named, expected=price, found=there.price))
        wanted = stock_to_set(sku.quantity.offered, there.stock, warehouse_id=warehouse_id, levels=sku.levels)
        if sku.stock_follows and wanted != dict(there.stock):
            absent = tuple(sorted(wanted.keys() - dict(there.stock).keys())) if sku.levels and there.stock else ()
            found.append(
                StockDifference(
                    **named,
                    expected=sku.quantity.offered,
                    found=there.stock,
                    wanted=tuple(sorted(wanted.items())),
                    absent=absent,
                )
            )
    return tuple(sorted(found, key=lambda difference: difference.sku_id))


def stock_to_set(quantity: int, shown: Warehouses, *, warehouse_id: str, levels: Warehouses = ()) -> dict[str, int]:
    """Units by warehouse as they should be: as `levels` says, else all in ours; none in the others.

    Every warehouse of a SKU is named, changed or not: TikTok wants the full set and no other. Where ours does not have
    the SKU, the first of those that do takes our place, the same one in any order; one that `levels` gives units is
    named all the same. `warehouse_id` "": only the sum is known of what is shown.
    """
    if levels and warehouse_id:
        return dict.fromkeys((warehouse for warehouse, _units in shown), 0) | {
            warehouse: units for warehouse, units in levels if units or warehouse in dict(shown) or not shown
        }
    warehouses = dict.fromkeys([warehouse for warehouse, _units in shown] or [warehouse_id], 0)
    target = warehouse_id if warehouse_id in warehouses else min(warehouses)
    return {**warehouses, target: quantity}


def content_of(listing: Listing) -> Listing:
    """All of a listing that has no call of its own: without price, quantity and warehouse.

    A field that is added to the document is part of it, whoever adds it: nothing that is sent goes uncompared.
    """
    nothing = Money(Decimal(0), "")
    return msgspec.structs.replace(
        listing,
        warehouse_id="",
        cash_on_delivery=bool(listing.cash_on_delivery),  # what is not said is not allowed, unless somebody did there
        weight=Weight(listing.weight.value.normalize(), listing.weight.unit),  # 1.5 and 1.50 are one weight
        skus=tuple(msgspec.structs.replace(sku, price=nothing, quantity=0, levels=()) for sku in listing.skus),
    )


def compare_content(desired: Listing, sent: Listing | None) -> tuple[str, ...]:
    """The names of the fields whose content differs from what TikTok last accepted; all of them if nothing was sent.

    A field that the document got later has its default in what was sent before: it alone sends nothing to review. Nor
    does a SKU that is in the listing no more: it stays in the shop as it is, without units (CAT-3).
    """
    fields = type(desired).__struct_fields__
    if sent is None:
        return fields
    here = {sku.variant_id for sku in desired.skus}
    kept = msgspec.structs.replace(sent, skus=tuple(sku for sku in sent.skus if sku.variant_id in here))
    ours, theirs = content_of(desired), content_of(kept)
    return tuple(name for name in fields if getattr(ours, name) != getattr(theirs, name))


def withdrawn(desired: Listing, sent: Listing | None) -> tuple[str, ...]:
    """What TikTok has from us and should not have any more: names of fields, and ids of attributes.

    The other things that `desired` does not speak of are somebody else's: they stay.
    """
    if sent is None:
        return ()
    fields = (
        "brand_id", "minimum_quantity", "maximum_quantity", "size_chart", "manufacturer_id", "responsible_person_id",
    )  # fmt: skip
    kept = {attribute.id for attribute in desired.attributes} | {each.id for each in desired.certificates}
    return (
        *(name for name in fields if getattr(sent, name) and not getattr(desired, name)),
        *(attribute.id for attribute in sent.attributes if attribute.id not in kept),
        *(certificate.id for certificate in sent.certificates if certificate.id not in kept),
    )


def edits_of(sent: Listing, title: str, description: str) -> dict[SyncField, str]:
    """What somebody changed in the shop of the content that TikTok accepted from us: field → what it shows now.

    `description` "": it was not told. Ways to write the same HTML do not count.
    """
    found = {}
    if title and title != texts.plain(sent.title):
        found[SyncField.NAME] = title
    ours = texts.clean_description(sent.description) or texts.clean_description(sent.title)
    if description and texts.plain(description) != texts.plain(ours):
        found[SyncField.DESCRIPTION] = description
    return found


class TitleDifference(msgspec.Struct, frozen=True, kw_only=True):
    """The shop shows another title, and no review is open that would explain it."""

    expected: str
    found: str


def compare_title(listing: Listing, shop: ShopListing) -> TitleDifference | None:
    """What differs between the title as it should be and as the shop was just seen to show it; None if nothing does."""
    if shop.title == listing.title or shop.audit_status in {AuditStatus.AUDITING, AuditStatus.FAILED}:
        return None
    return TitleDifference(expected=listing.title, found=shop.title)
