"""Stores, seller authorizations, shops, connections. Secrets are sealed and bound to their row."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.documents import LengthUnit, WeightUnit
from twinshelf.kit import clock
from twinshelf.storefronts import known as storefronts
from twinshelf.storefronts.known import STOREFRONTS

LOCAL = "LOCAL"
"""TikTok's word for a seller who has one shop in one country; every other kind has shops in several."""


class AccessState(models.TextChoices):
    CONNECTED = "connected", "Connected"
    DISCONNECTED = "disconnected", "Disconnected"


class Store(AccountModel):
    """One store of a storefront. `hash` is what names it there; `token`, `client_id` and `client_secret` are sealed."""

    platform = models.CharField(
        max_length=20,
        choices=[(storefront.key, storefront.name) for storefront in STOREFRONTS.values()],
        default=storefronts.DEFAULT,
    )
    hash = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    client_id = models.TextField(blank=True)
    client_secret = models.TextField(blank=True)
    token = models.TextField()
    hook_secret = models.TextField(blank=True)
    hooks_signed = models.BooleanField(default=False)
    """A delivery came with a good signature: from then on none counts without."""
    state = models.CharField(max_length=20, choices=AccessState.choices, default=AccessState.CONNECTED)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=64, default="UTC")
    weight_unit: models.CharField[WeightUnit, WeightUnit] = models.CharField(max_length=3, default="LB")
    length_unit: models.CharField[LengthUnit, LengthUnit] = models.CharField(max_length=3, default="IN")
    prices_include_tax = models.BooleanField(default=False)
    control_panel_url = models.URLField(blank=True)
    created_at = models.DateTimeField(default=clock.now)
    installed_at = models.DateTimeField(null=True)
    """When the store installed our app (its platform's clock); None: its credentials were typed in."""
    pulled_at = models.DateTimeField(null=True)
    """Newest `date_modified` that a finished pull has seen (BigCommerce's clock)."""
    new_since = models.DateTimeField(null=True)
    """Since when products new in the store were left out by pulls that nobody asked for; None: none were."""
    currencies = models.JSONField(null=True)
    """By code what the store counts for a currency and whether it takes orders in it; None: it never told."""
    currencies_read_at = models.DateTimeField(null=True)
    orders_seen = models.CharField(max_length=64, blank=True)
    """How far the store's orders were scanned for external references, as the storefront tells it; "": not at all."""
    orders_modified_at = models.DateTimeField(null=True)
    """Newest `date_modified` of the store's orders that a finished poll has seen (BigCommerce's clock)."""

    access_failing = models.JSONField(default=dict)
    """What was wrong with our access when it was last tested, as `access.Failing`; {}: nothing was."""
    access_tested_at = models.DateTimeField(null=True)
    """When it was last tested; None: not since the account gave it."""

    shared = models.BooleanField(default=False)
    """Another account had the store already when a store came to belong to one account of an installation."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "hash"], name="store_once_per_account"),
            models.UniqueConstraint(
                fields=["platform", "hash"], condition=models.Q(shared=False), name="store_once_per_installation"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Installation(models.Model):
    """Our app in a store that nobody has taken into an account yet. `token` is sealed, bound to the store."""

    store_hash = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    token = models.TextField()
    installed_at = models.DateTimeField()
    """BigCommerce's clock."""
    ticket_hash = models.CharField(max_length=64, blank=True)
    """Of the link that lets its bearer take the store into an account of theirs; "" while there is none."""
    ticket_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Seller(AccountModel):
    """One seller's authorization of our TikTok Shop app: tokens belong to it, not to a shop. Both are sealed.

    A cross-border seller's is a Global Store, and its shops are the sub-stores (decision 0027).
    """

    open_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    nickname = models.CharField(max_length=190, blank=True)
    """What the Global Store is called here; its sub-stores were called so too, each with a number."""
    products_read_at = models.DateTimeField(null=True)
    """When the products of the Global Store were read as a whole, last."""
    left_out = models.JSONField(default=list)
    """[name, market, code] of each shop that the seller has and the last authorization did not bring here, and why."""
    region = models.CharField(max_length=2)
    access_token = models.TextField()
    access_expires_at = models.DateTimeField()
    refresh_token = models.TextField()
    refresh_expires_at = models.DateTimeField()
    scopes = models.JSONField(default=list)
    state = models.CharField(max_length=20, choices=AccessState.choices, default=AccessState.CONNECTED)
    authorized_at = models.DateTimeField(default=clock.now)
    """When the seller last let us in (TikTok's clock, as far as known): what is told of before counts no more."""
    generation = models.IntegerField(default=0)
    """Raised by each refresh; a refresh only counts if it still finds the generation that it started from."""
    refreshing_until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "open_id"], name="seller_once_per_account")]

    def __str__(self) -> str:
        return self.name


class Shop(AccountModel):
    """One TikTok Shop: one region, one seller. `cipher` is sealed."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="shops")
    shop_id = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    display_name = models.CharField(max_length=200, blank=True)
    region = models.CharField(max_length=2)
    seller_type = models.CharField(max_length=20)
    cipher = models.TextField()
    code = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3)
    warehouses = models.JSONField(default=list)
    """Its warehouses as `documents.Warehouse`, as last read; read them by `warehouses.of`."""
    warehouses_read_at = models.DateTimeField(null=True)
    failing = models.JSONField(default=list)
    """[item, TikTok's reasons] of what the shop lacked to sell when its warehouses were last read."""
    listings_seen_at = models.DateTimeField(null=True)
    """Newest `update_time` of the shop's products that a finished scan has seen (TikTok's clock)."""
    orders_seen_at = models.DateTimeField(null=True)
    """Newest `update_time` of the shop's orders that a finished poll has seen (TikTok's clock)."""
    cancellations_seen_at = models.DateTimeField(null=True)
    access_failing = models.JSONField(default=dict)
    """What was wrong with our access when it was last tested, as `access.Failing`; {}: nothing was."""
    access_tested_at = models.DateTimeField(null=True)
    """When it was last tested; None: not since the account gave it."""
    leaving_at = models.DateTimeField(null=True)
    """When somebody had the shop deleted, whose rows are being removed; None: it stays."""
    listing_method = models.CharField(max_length=20, blank=True, default="", db_default="")
    """`documents.ListingMethod` as last read; "" for a local seller's shop, and before it was read."""
    unbound_at = models.DateTimeField(null=True)
    """When the seller took this sub-store alone back from us (TikTok's clock); None: we have it."""

    class Meta:
        constraints: ClassVar = [
            # One active connection of a shop in the whole installation, not just in the account.
            models.UniqueConstraint(
                fields=["shop_id"], condition=models.Q(unbound_at=None), name="shop_bound_once_per_installation"
            ),
            models.UniqueConstraint(fields=["account", "shop_id"], name="shop_once_per_account"),
        ]

    def __str__(self) -> str:
        return self.display_name or self.name

    @property
    def is_cross_border(self) -> bool:
        """Whether it is a sub-store of a Global Store; as TikTok says, whatever was chosen here."""
        return self.seller_type != LOCAL


class GlobalProductRow(AccountModel):
    """A live product of a Global Store, as last read. Nothing is ever sent by it."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="+")
    global_id = models.CharField(max_length=40)
    title = models.TextField(blank=True)
    seller_skus = models.JSONField(default=list)
    updated_at = models.DateTimeField()
    reading = models.BigIntegerField()
    """The task that read it: what the newest did not find is there no more."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["seller", "global_id"], name="global_product_once")]
        indexes: ClassVar = [
            models.Index(fields=["account", "seller", "-updated_at", "-id"], name="global_product_newest"),
        ]

    def __str__(self) -> str:
        return self.title


class Connection(AccountModel):
    """A store paired with a shop, and the merchant's preferences for that pair (`preferences.py`)."""

    name = models.CharField(max_length=120)
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="connections")
    shop = models.OneToOneField(Shop, on_delete=models.CASCADE, related_name="connection")
    preferences = models.JSONField(default=dict)
    channel_id = models.CharField(max_length=64, default="1")
    warehouse_id = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    set_up_at = models.DateTimeField(null=True)
    """When its setting up was finished; None: the wizard goes on, and nothing is sent for it (ONB-1)."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], name="connection_name_once_per_account")
        ]

    def __str__(self) -> str:
        return self.name
