"""A Global Store: how its shops are supplied, and its products as a search tells them."""

from __future__ import annotations

import msgspec

from twinshelf.documents import GlobalProduct, ListingMethod
from twinshelf.tiktok import wire


class _Rules(msgspec.Struct, frozen=True):
    listing_methods: list[str] = []


def listing_method_from_json(data: bytes | msgspec.Raw) -> ListingMethod:
    """How a shop is supplied. One that may be both ways is not told to have to wait for the Global Store."""
    told = set(wire.read(data, _Rules).listing_methods)
    known = (ListingMethod.LOCAL, ListingMethod.GLOBAL)
    return next((method for method in known if method.value in told), ListingMethod.UNKNOWN)


class _Sku(msgspec.Struct, frozen=True):
    seller_sku: str = ""


class _Product(msgspec.Struct, frozen=True):
    id: str
    title: str = ""
    status: str = ""
    skus: list[_Sku] = []
    create_time: int = 0
    update_time: int = 0


def product_from_json(data: bytes | msgspec.Raw) -> GlobalProduct:
    """One product of Search Global Products."""
    product = wire.read(data, _Product)
    return GlobalProduct(
        id=product.id,
        title=product.title,
        status=product.status,
        seller_skus=tuple(sku.seller_sku for sku in product.skus if sku.seller_sku),
        updated_at=wire.moment(product.update_time or product.create_time, "update_time"),
    )
