"""TikTok orders as last read, the store orders made of them, shipments reported, cancellations passed on.

Buyer data (name, address, phone, message) is only in `buyer`, sealed; everything else is free of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import CancellationOrigin, CancellationState, CreationState, ReportState
from twinshelf.kit import clock
from twinshelf.kit.choices import choices

_CREATION: Mapping[StrEnum, str] = {
    CreationState.WAITING: "Waiting",
    CreationState.CREATED: "In BigCommerce",
    CreationState.FAILED: "Not in BigCommerce",
    CreationState.IGNORED: "Not wanted",
}
_REPORT: Mapping[StrEnum, str] = {
    ReportState.WAITING: "Waiting",
    ReportState.SENDING: "Sending",
    ReportState.REPORTED: "Reported",
    ReportState.FAILED: "Failed",
}
_ORIGIN: Mapping[StrEnum, str] = {
    CancellationOrigin.SHOP: "TikTok Shop",
    CancellationOrigin.STORE: "BigCommerce",
    CancellationOrigin.APP: "Twinshelf",
}
_CANCELLATION: Mapping[StrEnum, str] = {
    CancellationState.PASSING: "Being passed on",
    CancellationState.DONE: "Done",
    CancellationState.REFUSED: "Refused",
}


class ShopOrderRow(AccountModel):
    """One TikTok order. `document` is `documents.ShopOrder` without the buyer; `buyer` the sealed rest."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    order_id = models.CharField(max_length=40)
    status = models.CharField(max_length=40)
    """TikTok's word, also one that we do not know; `documents.ShopOrderStatus` tells what it allows."""
    placed_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    """TikTok's update_time: an older sighting never overwrites a newer one."""
    paid_at = models.DateTimeField(null=True)
    ship_by = models.DateTimeField(null=True)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    fulfilled_by_tiktok = models.BooleanField(default=False)
    document = models.BinaryField()
    buyer = models.TextField(blank=True)
    address_clear = models.BooleanField(default=False)
    search = models.TextField(blank=True)
    """Order ids, SKUs and titles in lower case; nothing of the buyer."""
    bearers = models.JSONField(default=dict)
    """TikTok SKU id → [product id, variant id] of the store that its units were found to be, and stay."""
    creation = models.CharField(max_length=10, choices=choices(_CREATION), default=CreationState.WAITING.value)
    reason = models.TextField(blank=True)
    """Why there is no store order (yet), in words."""
    attempts = models.IntegerField(default=0)
    """Failed tries to create the store order."""
    failed_at = models.DateTimeField(null=True)
    """When the first of them failed: retries are counted from it."""
    store_order_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - none yet, and each only once
    store_state = models.CharField(max_length=30, blank=True)
    """`documents.StoreOrderState` as last known; "" without a store order."""
    address_due = models.BooleanField(default=False)
    """The buyer changed the address, and the store order does not have it yet."""
    asks_to_cancel = models.BooleanField(default=False, db_default=False)
    """The buyer asked to cancel and waits for an answer."""
    referenced = models.BooleanField(default=False)
    """The TikTok side carries the store order's id."""
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "orders_shop_order"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "order_id"], name="shop_order_once"),
            models.UniqueConstraint(fields=["connection", "store_order_id"], name="store_order_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "status", "-placed_at"], name="shop_order_by_status"),
            models.Index(fields=["account", "-placed_at"], name="shop_order_recent"),
            models.Index(fields=["connection", "creation"], name="shop_order_by_creation"),
            models.Index(
                fields=["connection"], condition=models.Q(asks_to_cancel=True), name="shop_order_asks_to_cancel"
            ),
        ]

    def __str__(self) -> str:
        return self.order_id


class StoreOrderSeen(AccountModel):
    """A store order that carries an external id, seen while scanning the store's orders: where a create looks first."""

    store = models.ForeignKey("connections.Store", on_delete=models.CASCADE, related_name="+")
    store_order_id = models.CharField(max_length=64)
    external_order_id = models.CharField(max_length=100)
    created_at = models.DateTimeField()
    """When the store made it: of several for one external id, the oldest counts."""
    state = models.CharField(max_length=30)
    total = models.DecimalField(max_digits=20, decimal_places=4)
    archived = models.BooleanField(default=False)
    """Out of the store's lists, and still the order of its external id."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "store_order_id"], name="store_order_seen_once")
        ]
        indexes: ClassVar = [models.Index(fields=["store", "external_order_id"], name="store_order_by_external")]

    def __str__(self) -> str:
        return self.store_order_id


class ChosenVariant(AccountModel):
    """The variant that a person chose for a TikTok SKU at an order: later orders of the SKU take it as well.

    Beside `listings.Link`, which pairs one to one: several TikTok SKUs may be one variant here.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    sku_id = models.CharField(max_length=40)
    product_id = models.CharField(max_length=64)
    variant_id = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "sku_id"], name="variant_chosen_once")]

    def __str__(self) -> str:
        return f"{self.sku_id} is {self.variant_id}"


class ShipmentRow(AccountModel):
    """A shipment of the store and whether the shop has been told of it."""

    order = models.ForeignKey(ShopOrderRow, on_delete=models.CASCADE, related_name="shipments")
    shipment_id = models.CharField(max_length=64)
    tracking_number = models.CharField(max_length=100, blank=True)
    carrier = models.CharField(max_length=100, blank=True)
    provider_id = models.CharField(max_length=40, blank=True)
    unit_ids = models.JSONField(default=list)
    package_id = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=choices(_REPORT), default=ReportState.WAITING.value)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_shipment"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "shipment_id"], name="shipment_once_per_order")
        ]

    def __str__(self) -> str:
        return self.shipment_id


class CancellationRow(AccountModel):
    """The one cancellation of an order: where it came from, and how far it got on the other side. Stops loops."""

    order = models.OneToOneField(ShopOrderRow, on_delete=models.CASCADE, related_name="cancellation")
    origin = models.CharField(max_length=10, choices=choices(_ORIGIN))
    state = models.CharField(max_length=10, choices=choices(_CANCELLATION), default=CancellationState.PASSING.value)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "orders_cancellation"

    def __str__(self) -> str:
        return f"{self.order_id} by {self.origin}"


class Providers(AccountModel):
    """The carriers that a shop takes for a delivery option, kept for a day."""

    shop = models.ForeignKey(Shop, on_delete=models.CASCADE, related_name="+")
    delivery_option_id = models.CharField(max_length=40, blank=True)
    document = models.BinaryField()
    read_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["shop", "delivery_option_id"], name="providers_once")]

    def __str__(self) -> str:
        return f"carriers of {self.shop_id} for {self.delivery_option_id}"
