"""The store's goods as last read, and what each shop lists of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Shop, Store
from twinshelf.kit import clock


class StoreProduct(AccountModel):
    """A product as last read from the store. `document` is the whole `documents.Product`, the columns are for lists."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    product_id = models.BigIntegerField()
    title = models.TextField()
    sku = models.CharField(max_length=255, blank=True)
    brand = models.CharField(max_length=255, blank=True)
    category = models.TextField(blank=True)
    image_url = models.TextField(blank=True)
    variant_count = models.IntegerField(default=1)
    price_min = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    price_max = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    stock = models.BigIntegerField(null=True)
    search = models.TextField(blank=True)
    """Title, SKUs and barcodes in lower case, for one `contains`."""
    document = models.BinaryField()
    digest = models.BinaryField()
    """SHA-256 of `document`: an unchanged product costs no write and asks for nothing."""
    problem = models.TextField(blank=True)
    """Why the product could not be read whole, "" if it could."""
    modified_at = models.DateTimeField()
    seen_at = models.DateTimeField(default=clock.now)
    deleted = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "product_id"], name="store_product_once")]
        indexes: ClassVar = [models.Index(fields=["account", "store", "deleted", "title"], name="store_product_list")]

    def __str__(self) -> str:
        return self.title


class StoreVariant(AccountModel):
    """A variant as last read, for matching by SKU and for stock."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    product_id = models.BigIntegerField()
    variant_id = models.BigIntegerField()
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
        return self.sku or str(self.variant_id)


class Template(AccountModel):
    """Category, attributes and package defaults for the products that match it. One per connection is the default."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    position = models.IntegerField(default=0)
    category_id = models.CharField(max_length=20, blank=True)
    category_path = models.TextField(blank=True)
    rules = models.JSONField(default=dict)
    """`documents` of the template: see catalog/templates.py (attribute map, package, price rule, category map)."""
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(is_default=True), name="one_default_template"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ListingState(models.TextChoices):
    """Our states of a listing (connector-behaviour 7.1)."""

    NOT_UPLOADED = "not_uploaded", "Not listed"
    IN_PROGRESS = "in_progress", "Sending"
    REVIEWING = "reviewing", "In review"
    LIVE = "live", "Live"
    FAILED = "failed", "Failed"
    INACTIVE_SELLER = "inactive_seller", "Off"
    INACTIVE_SYSTEM = "inactive_system", "Off (low stock)"
    INACTIVE_PLATFORM = "inactive_platform", "Stopped by TikTok"


class ListingRow(AccountModel):
    """One product of the store offered (or to be offered) in one shop: our record of both sides.

    `wanted` is the merchant's wish that it be listed; without it nothing is created. `tiktok_id` is TikTok's product
    id once there is one. `sent` is the digest of the content TikTok last accepted from us.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.BigIntegerField()
    wanted = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=ListingState.choices, default=ListingState.NOT_UPLOADED)
    tiktok_id = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=40, blank=True)
    audit_status = models.CharField(max_length=40, blank=True)
    audit_reasons = models.JSONField(default=list)
    sent = models.BinaryField(null=True)
    creating_key = models.CharField(max_length=64, blank=True)
    """The idempotency key of a create whose outcome we have not recorded; "" if none is under way."""
    warnings = models.JSONField(default=list)
    observed_at = models.DateTimeField(null=True)
    """TikTok's update_time of what we last saw: older sightings never overwrite newer ones."""
    checked_at = models.DateTimeField(null=True)
    price_min = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    price_max = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    quantity = models.BigIntegerField(null=True)

    class Meta:
        db_table = "catalog_listing"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "product_id"], name="listing_once_per_product"),
            models.UniqueConstraint(
                fields=["connection", "tiktok_id"], condition=~models.Q(tiktok_id=""), name="listing_once_per_tiktok_id"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "state"], name="listing_by_state")]

    def __str__(self) -> str:
        return f"{self.product_id} in {self.connection_id}"


class Link(AccountModel):
    """One variant paired with one TikTok SKU, and what we last saw of the SKU."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.BigIntegerField()
    variant_id = models.BigIntegerField()
    seller_sku = models.CharField(max_length=255, blank=True)
    tiktok_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=40)
    manual = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    quantity = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "sku_id"], name="link_once_per_tiktok_sku"),
            models.UniqueConstraint(fields=["connection", "variant_id"], name="link_once_per_variant"),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "product_id"], name="link_by_product")]

    def __str__(self) -> str:
        return f"{self.variant_id} ↔ {self.sku_id}"


class ShopSkuSeen(AccountModel):
    """A TikTok SKU seen in the shop, linked or not: where a create looks for what is already there."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    tiktok_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=40)
    seller_sku = models.CharField(max_length=255, blank=True)
    title = models.TextField(blank=True)
    status = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "sku_id"], name="shop_sku_seen_once")]
        indexes: ClassVar = [models.Index(fields=["shop", "seller_sku"], name="shop_sku_by_seller_sku")]

    def __str__(self) -> str:
        return self.sku_id


class UploadedImage(AccountModel):
    """An image the shop already has: the same bytes are never uploaded twice. `source` is where they came from."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    use_case = models.CharField(max_length=30)
    uri = models.TextField()
    used_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shop", "source", "use_case"], name="image_once_per_source")
        ]
        indexes: ClassVar = [models.Index(fields=["shop", "sha256", "use_case"], name="image_by_content")]

    def __str__(self) -> str:
        return self.uri


class CategoryCache(AccountModel):
    """Attributes and rules of a TikTok category, kept for a day."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    category_id = models.CharField(max_length=20)
    attributes = models.BinaryField()
    rules = models.BinaryField()
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "category_id"], name="category_cache_once")]

    def __str__(self) -> str:
        return self.category_id
