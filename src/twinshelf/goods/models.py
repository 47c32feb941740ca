"""The store's goods as last read, and the units withheld from the shops because someone is about to buy them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Store
from twinshelf.kit import clock
from twinshelf.kit.choices import choices


class Sale(StrEnum):
    """Whether the store sells a product itself: `HIDDEN` from its pages, it may still be sold elsewhere."""

    FOR_SALE = "for_sale"
    HIDDEN = "hidden"
    NOT_PURCHASABLE = "not_purchasable"
    DELETED = "deleted"


_SALES: Mapping[StrEnum, str] = {
    Sale.FOR_SALE: "For sale",
    Sale.HIDDEN: "Hidden",
    Sale.NOT_PURCHASABLE: "Not purchasable",
}


class StoreProduct(AccountModel):
    """A product as last read from the store. `document` is the whole `documents.Product`, the columns are for lists."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    title = models.TextField()
    sku = models.CharField(max_length=255, blank=True)
    brand = models.CharField(max_length=255, blank=True)
    category = models.TextField(blank=True)
    image_url = models.TextField(blank=True)
    variant_count = models.IntegerField(default=1)
    simple = models.BooleanField(default=False, db_default=False)
    """It has no options, so it is listed as one SKU."""
    sale = models.CharField(max_length=16, choices=choices(_SALES), default=Sale.FOR_SALE, db_default=Sale.FOR_SALE)
    price_min = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    price_max = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    stock = models.BigIntegerField(null=True)
    search = models.TextField(blank=True)
    """Title, SKUs and barcodes as `kit.text_search` wants them: search by `text_search.matching`."""
    document = models.BinaryField()
    digest = models.BinaryField()
    """SHA-256 of `document`: an unchanged product costs no write and asks for nothing."""
    problem = models.TextField(blank=True)
    """Why the product could not be read whole, "" if it could."""
    modified_at = models.DateTimeField()
    seen_at = models.DateTimeField(default=clock.now)
    deleted = models.BooleanField(default=False)
    told_deleted_at = models.DateTimeField(null=True)
    """When the store itself said that it was deleted: if it is not there at the next look, nobody need confirm it."""
    emptied_at = models.DateTimeField(null=True)
    """When its stock last fell to 0 and nothing explained it: many of a day are held back (`doubts`)."""

    search_is_noted: ClassVar = True
    """New rows tell `kit.text_search` of themselves: an import writes very many."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "product_id"], name="store_product_once")]
        indexes: ClassVar = [
            # All that the list of products shows, filters and sorts by, in its own order: rows are ten times as wide.
            models.Index(
                fields=[
                    "account",
                    "store",
                    "deleted",
                    "title",
                    "product_id",
                    "category",
                    "stock",
                    "price_min",
                    "modified_at",
                    "simple",
                ],
                name="store_product_wide",
            ),
            models.Index(
                fields=["store", "emptied_at"],
                condition=models.Q(emptied_at__isnull=False),
                name="store_product_emptied",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class StoreVariant(AccountModel):
    """A variant as last read, for matching by SKU and for stock."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    variant_id = models.CharField(max_length=64)
    sku = models.CharField(max_length=255, blank=True)
    gtin = models.CharField(max_length=14, blank=True)
    price = models.DecimalField(max_digits=20, decimal_places=4)
    stock = models.BigIntegerField(null=True)
    purchasable = models.BooleanField(default=True)
    deleted = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "variant_id"], name="store_variant_once")]
        indexes: ClassVar = [
            models.Index(fields=["store", "sku"], name="store_variant_sku"),
            models.Index(fields=["store", "product_id"], name="store_variant_product"),
        ]

    def __str__(self) -> str:
        return self.sku or self.variant_id


class Location(AccountModel):
    """A place where a store keeps stock, as last read, with what it holds of the products on record."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    location_id = models.CharField(max_length=64)
    code = models.CharField(max_length=255, blank=True)
    label = models.CharField(max_length=255, blank=True)
    enabled = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)
    """The one that the store's orders draw from."""
    removed_at = models.DateTimeField(null=True)
    """When it was last looked for and not there; None: it is there."""
    units = models.BigIntegerField(default=0)
    skus = models.BigIntegerField(default=0)
    """How many variants it can sell at least one unit of."""
    lost_units = models.BigIntegerField(default=0)
    """What it held when it was switched off or removed, 0 if nothing, or while it is there."""
    read_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "location_id"], name="location_once")]

    @property
    def usable(self) -> bool:
        """Whether the store sells from it."""
        return self.enabled and self.removed_at is None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.label or self.code or self.location_id

    def __str__(self) -> str:
        return self.name


class Selection(AccountModel):
    """A product that a connection lists, or is to list: what changes of it concerns the lanes of that connection."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "product_id"], name="selection_once")]

    def __str__(self) -> str:
        return f"{self.product_id} for {self.connection_id}"


class StoreNames(AccountModel):
    """Brand names and category paths of a store, kept for a few minutes: products name them by id."""

    store = models.OneToOneField(Store, on_delete=models.CASCADE, related_name="+")
    document = models.BinaryField()
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"names of {self.store_id}"


class Hold(AccountModel):
    """Units of a variant that an unpaid, held or not yet imported TikTok order will take from the store's stock."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    variant_id = models.CharField(max_length=64)
    order_id = models.CharField(max_length=40)
    shop_id = models.CharField(max_length=40)
    location_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    """Where the order will take them; "": not known."""
    quantity = models.IntegerField()
    created_at = models.DateTimeField(default=clock.now)
    converted_at = models.DateTimeField(null=True)
    """When the store order took the units: the next reading of the store's stock that began later ends the hold."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "variant_id", "order_id"], name="hold_once_per_order_and_variant"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="hold_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.variant_id}"
