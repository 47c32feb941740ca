"""What each shop lists of the goods, and what was last seen of it there."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import Listing, ListingState, Money, ProductDraft, ShopSku, from_json, to_json
from twinshelf.kit import clock
from twinshelf.kit.choices import choices
from twinshelf.rules.categories import Leaf
from twinshelf.sync.models import Task

_STATES: Mapping[StrEnum, str] = {
    ListingState.NOT_UPLOADED: "Not listed",
    ListingState.IN_PROGRESS: "Sending",
    ListingState.REVIEWING: "In review",
    ListingState.LIVE: "Live",
    ListingState.FAILED: "Failed",
    ListingState.INACTIVE_SELLER: "Off",
    ListingState.INACTIVE_SYSTEM: "Off (low stock)",
    ListingState.INACTIVE_PLATFORM: "Stopped by TikTok",
}


def sent_as(listing: Listing) -> bytes:
    """A listing as `ListingRow.sent` keeps it: whole, so that fields can be compared, and small."""
    return zlib.compress(to_json(listing), 1)


class ListingRow(AccountModel):
    """One product of the store offered (or to be offered) in one shop: our record of both sides.

    `wanted` is the merchant's wish that it be listed; without it nothing is created. `tiktok_id` is TikTok's product
    id once there is one. `sent` is the content TikTok last accepted from us (`sent_as`).
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    wanted = models.BooleanField(default=False)
    state = models.CharField(max_length=20, choices=choices(_STATES), default=ListingState.NOT_UPLOADED.value)
    tiktok_id = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=40, blank=True)
    audit_status = models.CharField(max_length=40, blank=True)
    audit_reasons = models.JSONField(default=list)
    sent = models.BinaryField(null=True)
    switch_to = models.BooleanField(null=True)
    """Somebody wants it on sale (or off): once, not for good. None: nobody does."""
    warnings = models.JSONField(default=list)
    observed_at = models.DateTimeField(null=True)
    """TikTok's update_time of what we last saw: older sightings never overwrite newer ones."""
    checked_at = models.DateTimeField(null=True)
    price_min = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    price_max = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    quantity = models.BigIntegerField(null=True)
    remove_to = models.BooleanField(null=True)
    """Somebody wants it deleted in the shop (True) or recovered (False): once. None: nobody does."""
    deleted = models.JSONField(default=dict)
    """What the shop had of it before it was deleted: `id`, and `links` as [variant id, SKU id, seller SKU].

    `refused` is there once TikTok would not bring it back.
    """
    pushed = models.BooleanField(default=False, db_default=False)
    """Somebody wants its content sent, and it was not yet: what counts where the merchant sends by hand."""
    shop_edits = models.JSONField(default=dict)
    """What somebody changed in the shop since the content was sent: field → what the shop shows."""
    overwritten = models.JSONField(default=dict)
    """What the last send replaced of such changes: field → what the shop had shown. Not overwritten twice by itself."""
    warehouse_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    """The shop's warehouse that somebody chose when it was uploaded; "": the connection's."""
    low_off_at = models.DateTimeField(null=True)
    """When we last took it off sale for its low stock, until it is seen on sale again; None: we did not."""

    class Meta:
        db_table = "listings_listing"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "product_id"], name="listing_once_per_product"),
            models.UniqueConstraint(
                fields=["connection", "tiktok_id"], condition=~models.Q(tiktok_id=""), name="listing_once_per_tiktok_id"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "state"], name="listing_by_state"),
            models.Index(fields=["connection", "product_id", "state"], name="listing_state_of_product"),
        ]

    def sent_listing(self) -> Listing | None:
        """What TikTok last accepted from us; None if nothing yet. A field added since has its default in it."""
        return None if self.sent is None else from_json(zlib.decompress(self.sent), Listing)

    def __str__(self) -> str:
        return f"{self.product_id} in {self.connection_id}"


class ProductChoicesRow(AccountModel):
    """What a person chose for one product in one shop (`rules.own.ProductChoices`)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    choices = models.JSONField(default=dict)

    class Meta:
        db_table = "listings_product_choices"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "product_id"], name="choices_once_per_product")
        ]

    def __str__(self) -> str:
        return f"choices for {self.product_id} in {self.connection_id}"


class Link(AccountModel):
    """One variant paired with one TikTok SKU, and what we last saw of the SKU."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    variant_id = models.CharField(max_length=64)
    seller_sku = models.CharField(max_length=255, blank=True)
    tiktok_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=40)
    manual = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    quantity = models.BigIntegerField(null=True)
    edited = models.BooleanField(default=False, db_default=False)
    """`price` is one that somebody set in the shop, and not we."""
    expected = models.BigIntegerField(null=True)
    """The units that the shop should offer, as worked out when its stock was last looked at; None: never, or left."""
    limited_by = models.CharField(max_length=12, blank=True, default="", db_default="")
    """The rule of `rules.quantities` that held back all of it; "": none did."""
    sent = models.BigIntegerField(null=True)
    """The units that TikTok last took from us; None: none since it was created."""
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    """When `quantity` was last read for its stock."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "sku_id"], name="link_once_per_tiktok_sku"),
            models.UniqueConstraint(fields=["connection", "variant_id"], name="link_once_per_variant"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "product_id"], name="link_by_product"),
            models.Index(fields=["connection", "seller_sku"], name="link_by_seller_sku"),
            models.Index(
                fields=["connection"],
                condition=models.Q(quantity__gt=models.F("expected")),
                name="link_shows_too_many",
            ),
            models.Index(
                fields=["connection"],
                condition=models.Q(quantity__lt=models.F("expected")),
                name="link_shows_too_few",
            ),
            models.Index(
                fields=["connection", "limited_by"], condition=~models.Q(limited_by=""), name="link_limited_by"
            ),
        ]

    def as_seen(self) -> ShopSku:
        """The SKU as the shop was last seen to show it, its units in one place."""
        price = None if self.price is None else Money(self.price, self.currency)
        stock = () if self.quantity is None else (("", self.quantity),)
        return ShopSku(id=self.sku_id, seller_sku=self.seller_sku, price=price, stock=stock)

    def __str__(self) -> str:
        return f"{self.variant_id} ↔ {self.sku_id}"


def deleted_of(tiktok_id: str, links: Iterable[Link]) -> dict[str, Any]:
    """A listing that is deleted as `ListingRow.deleted` keeps it."""
    return {"id": tiktok_id, "links": [[link.variant_id, link.sku_id, link.seller_sku] for link in links]}


class ChannelSku(AccountModel):
    """The SKU by which a variant is matched with the shop, where that is another than the store's (CAT-7)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    product_id = models.CharField(max_length=64)
    variant_id = models.CharField(max_length=64)
    sku = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "variant_id"], name="channel_sku_once_per_variant"),
            models.UniqueConstraint(fields=["connection", "sku"], name="channel_sku_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["connection", "product_id"], name="channel_sku_by_product")]

    def __str__(self) -> str:
        return self.sku


class SkuReport(AccountModel):
    """What the last audit of a connection's SKUs found (`rules.skus.Audit`)."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="+")
    report = models.JSONField(default=dict)
    made_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"SKU audit of {self.connection_id}"


class IncomingRow(AccountModel):
    """A product of the shop that leads one of the store: what was brought there last (CAT-8)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    tiktok_id = models.CharField(max_length=40)
    product_id = models.CharField(max_length=64)
    made = models.BooleanField(default=False)
    """The store's product was made here, and not found there."""
    taken = models.BinaryField()
    """The `documents.ProductDraft` that the store got, without what has a lane of its own."""
    taken_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "tiktok_id"], name="incoming_once_per_tiktok_id")
        ]

    def draft(self) -> ProductDraft:
        """What the store got."""
        return from_json(zlib.decompress(self.taken), ProductDraft)

    def __str__(self) -> str:
        return f"{self.tiktok_id} → {self.product_id}"


class Review(AccountModel):
    """What a bulk write would send, worked out to be looked at first (BEY-05)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    products = models.JSONField(null=True)
    """Ids of the products that were chosen; None: all of the store."""
    by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=clock.now)
    task = models.ForeignKey(Task, null=True, on_delete=models.SET_NULL, related_name="+")
    ready_at = models.DateTimeField(null=True)
    """When all of it was worked out; None: not yet."""
    sent_at = models.DateTimeField(null=True)
    sent_by = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["connection", "-id"], name="review_recent")]

    def __str__(self) -> str:
        return f"review {self.pk} of {self.connection_id}"


class ReviewLine(AccountModel):
    """What one lane would send of one product, by field before and after (`reviews.plan.Line`)."""

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    verdict = models.CharField(max_length=10)
    sku = models.CharField(max_length=255, blank=True)
    title = models.TextField(blank=True)
    rows = models.JSONField(default=list)
    """[field, SKU, before, after]."""
    findings = models.JSONField(default=list)
    digests = models.JSONField(default=list)
    """Of its changes, as `sync.agreements` compares them."""
    calls = models.IntegerField(default=0)
    reviewed = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["review", "key", "kind"], name="review_line_once")]
        indexes: ClassVar = [models.Index(fields=["review", "verdict", "id"], name="review_line_by_verdict")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.key}"


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


class FileRow(AccountModel):
    """A file that somebody uploaded for products of a shop: a certificate or a size chart. Kept by its digest."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10)
    data = models.BinaryField()

    class Meta:
        db_table = "listings_file"
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "digest"], name="file_once")]

    def __str__(self) -> str:
        return self.name


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


class CategoryTree(AccountModel):
    """The leaves of a shop's category tree as last read (`leaves_kept`)."""

    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, related_name="+")
    leaves = models.BinaryField()
    read_at = models.DateTimeField()

    def all_leaves(self) -> tuple[Leaf, ...]:
        """Every leaf, sorted by path."""
        return from_json(zlib.decompress(self.leaves), tuple[Leaf, ...])

    def __str__(self) -> str:
        return f"categories of {self.shop_id}"


def leaves_kept(leaves: tuple[Leaf, ...]) -> bytes:
    """The leaves of a tree as `CategoryTree.leaves` keeps them."""
    return zlib.compress(to_json(leaves), 1)


class CategorySuggestions(AccountModel):
    """The store's categories as last counted, and what fits each. For a person to look at: nothing reads it to act."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="+")
    counted = models.JSONField(default=dict)
    """By source category key (lower case) what `category_map.Counted` says."""
    recommended = models.JSONField(default=dict)
    """By source category key the TikTok category that TikTok recommends, where it is sure of one."""
    suggested = models.JSONField(default=dict)
    """By source category key what `ranking.Suggested` says."""
    counted_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)

    @property
    def pending(self) -> bool:
        """Asked for, and not answered yet."""
        return self.made_at is None or self.made_at < self.asked_at

    def __str__(self) -> str:
        return f"suggestions of {self.connection_id}"
