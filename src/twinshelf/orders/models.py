"""TikTok orders as last read, the store orders made of them, shipments reported, cancellations passed on.

Buyer data (name, address, phone, message) is only in `buyer`, sealed; everything else is free of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.db.models.functions import Length

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Connection, Shop
from twinshelf.documents import (
    CancellationOrigin,
    CancellationState,
    CreationState,
    DecisionState,
    PaybackState,
    ReportState,
    ReturnDecision,
    ReturnKind,
    ReturnStage,
)
from twinshelf.kit import clock
from twinshelf.kit.choices import choices
from twinshelf.kit.sort_keys import KEY_LENGTH

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
_KIND: Mapping[StrEnum, str] = {
    ReturnKind.REFUND: "Refund only",
    ReturnKind.RETURN_AND_REFUND: "Return and refund",
    ReturnKind.REPLACEMENT: "Replacement",
    ReturnKind.EXCHANGE: "Exchange",
    ReturnKind.UNKNOWN: "Another request",
}
_STAGE: Mapping[StrEnum, str] = {
    ReturnStage.APPLYING: "Aftersale applying",
    ReturnStage.REJECTED: "Aftersale reject application",
    ReturnStage.RETURNING: "Aftersale returning",
    ReturnStage.SHIPPED: "Aftersale buyer shipped",
    ReturnStage.RECEIPT_REJECTED: "Aftersale reject receive",
    ReturnStage.SUCCESS: "Aftersale success",
    ReturnStage.COMPLETE: "Complete",
    ReturnStage.CLOSED: "Closed",
    ReturnStage.UNKNOWN: "Unknown",
}
_DECISION: Mapping[StrEnum, str] = {
    ReturnDecision.APPROVE_REFUND: "Approve the refund",
    ReturnDecision.APPROVE_RETURN: "Approve the return",
    ReturnDecision.APPROVE_RECEIVED_PACKAGE: "Confirm receipt",
    ReturnDecision.APPROVE_REPLACEMENT: "Send a replacement",
    ReturnDecision.ISSUE_REPLACEMENT_REFUND: "Refund instead",
    ReturnDecision.OFFER_PARTIAL_REFUND: "Offer a partial refund",
    ReturnDecision.REJECT_REFUND: "Reject the refund",
    ReturnDecision.REJECT_RETURN: "Reject the return",
    ReturnDecision.REJECT_RECEIVED_PACKAGE: "Reject receipt",
    ReturnDecision.REJECT_REPLACEMENT: "Reject the replacement",
    ReturnDecision.OFFER_PARTIAL_REFUND_AFTER_RECEIVING_PKG: "Offer a partial refund",
}
_DECIDED: Mapping[StrEnum, str] = {
    DecisionState.NONE: "None",
    DecisionState.WAITING: "On its way to TikTok",
    DecisionState.DONE: "Made",
    DecisionState.REFUSED: "Refused by TikTok",
}
_PAYBACK: Mapping[StrEnum, str] = {
    PaybackState.NONE: "Not yet",
    PaybackState.DONE: "Done",
    PaybackState.NOT_NEEDED: "Not needed",
    PaybackState.UNSURE: "Not certain",
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
    shipped_by_tiktok = models.BooleanField(default=False, db_default=False)
    """Its parcel goes by a carrier of TikTok's, whoever packs it."""
    document = models.BinaryField()
    buyer = models.TextField(blank=True)
    name_key = models.CharField(max_length=KEY_LENGTH, blank=True, default="", db_default="")
    """Sorts as the buyer's name does (`kit.sort_keys`)."""
    last_name_key = models.CharField(max_length=KEY_LENGTH, blank=True, default="", db_default="")
    """As `name_key`, of the last name alone: found by it as well."""
    buyer_id = models.CharField(max_length=64, blank=True, db_default="")
    """TikTok's number of the buyer: says which orders are of one, not of whom; "" where it is not told."""
    address_clear = models.BooleanField(default=False)
    search = models.TextField(blank=True)
    """Order, package, tracking and SKU numbers, SKUs and titles in lower case; nothing of the buyer.

    Words of titles and ids of products are marked (`book.TITLE`, `book.PRODUCT`), so that each is found by itself.
    """
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
    cancel_reasons = models.JSONField(null=True)
    """TikTok's names of the reasons for which the seller may cancel it, as asked last; None: never asked."""
    reasons_for = models.CharField(max_length=40, blank=True, default="", db_default="")
    """The status in which they were read: in another one they count no more."""
    reasons_asked_at = models.DateTimeField(null=True)
    """When TikTok was asked for them last; None: never."""
    open_return = models.BooleanField(default=False, db_default=False)
    """A return of it is open: it does not count as completed."""
    source_order_id = models.CharField(max_length=40, blank=True, default="", db_default="")
    """The first order, of one that replaces its goods; "" for all others."""
    location_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    """The location whose stock it takes; "": as the store draws it, or nothing any more."""
    location_why = models.CharField(max_length=10, blank=True, default="", db_default="")
    """`rules.warehouses.Routed`; "" where no locations are used."""
    moving = models.JSONField(default=dict)
    """What a move of its stock found before it: the call that is made must not be made twice."""
    referenced = models.BooleanField(default=False)
    """The TikTok side carries the store order's id."""
    seen_at = models.DateTimeField(default=clock.now)

    forgotten_with: ClassVar = {"buyer": ("name_key", "last_name_key")}
    """As `kit.forgetting` reads it."""

    class Meta:
        db_table = "orders_shop_order"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "order_id"], name="shop_order_once"),
            models.UniqueConstraint(fields=["connection", "store_order_id"], name="store_order_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["connection", "status", "-placed_at"], name="shop_order_by_status"),
            models.Index(fields=["account", "-placed_at"], name="shop_order_recent"),
            models.Index(fields=["account", "name_key", "id"], name="shop_order_by_name"),
            models.Index(fields=["account", "last_name_key"], name="shop_order_by_last_name"),
            models.Index(fields=["connection", "fulfilled_by_tiktok", "status"], name="shop_order_by_fulfiller"),
            models.Index(fields=["connection", "shipped_by_tiktok", "status"], name="shop_order_by_logistics"),
            models.Index(fields=["connection"], condition=models.Q(open_return=True), name="shop_order_open_return"),
            models.Index(fields=["account", "order_id", "id"], name="shop_order_by_number"),
            models.Index(fields=["account", "total", "id"], name="shop_order_by_total"),
            models.Index(fields=["account", "status", "id"], name="shop_order_by_word"),
            models.Index("account", Length("store_order_id"), "store_order_id", "id", name="shop_order_by_store_no"),
            models.Index(fields=["connection", "creation"], name="shop_order_by_creation"),
            models.Index(
                fields=["connection"], condition=models.Q(asks_to_cancel=True), name="shop_order_asks_to_cancel"
            ),
            models.Index(
                fields=["connection", "source_order_id"],
                condition=~models.Q(source_order_id=""),
                name="shop_order_by_source",
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


class StoreOrderRow(AccountModel):
    """An order of the store's own, as last read: it was not made of a TikTok order. Holds nothing of its buyer."""

    store = models.ForeignKey("connections.Store", on_delete=models.CASCADE, related_name="+")
    store_order_id = models.CharField(max_length=64)
    state = models.CharField(max_length=30)
    """`documents.StoreOrderState`."""
    total = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=60, blank=True)
    """Where it was placed, in the store's word: "www", "manual", "external"; "" where it is not told."""
    external_source = models.TextField(blank=True)
    """The app that made it, by its own name; "" for none."""
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    archived = models.BooleanField(default=False)
    """Out of the store's lists."""
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "orders_store_order"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store", "store_order_id"], name="own_store_order_once")
        ]
        indexes: ClassVar = [models.Index(fields=["store", "-created_at"], name="own_store_order_recent")]

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
    """A shipment of the store, and whether the shop knows of it."""

    order = models.ForeignKey(ShopOrderRow, on_delete=models.CASCADE, related_name="shipments")
    shipment_id = models.CharField(max_length=64)
    tracking_number = models.CharField(max_length=100, blank=True)
    carrier = models.CharField(max_length=100, blank=True)
    provider_id = models.CharField(max_length=40, blank=True)
    unit_ids = models.JSONField(default=list)
    package_id = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=choices(_REPORT), default=ReportState.WAITING.value)
    reported_at = models.DateTimeField(null=True)
    from_shop = models.BooleanField(default=False, db_default=False)
    """It began on TikTok and was written to the store; False: it began in the store."""

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


class OversoldRow(AccountModel):
    """A product that TikTok cancelled an order for, since it was not to be had: told until it is not oversold any more.

    Open while `closed_at` is None, and only as long as the shop may sell the product (`oversold.queries`). Once
    closed, it stays so for this order.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    order = models.ForeignKey(ShopOrderRow, on_delete=models.CASCADE, related_name="oversold")
    product_id = models.CharField(max_length=64, blank=True)
    """The store's product; "" for all of the order whose product nobody knows."""
    units = models.IntegerField()
    at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "orders_oversold"
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "product_id"], name="oversold_once")]
        indexes: ClassVar = [
            models.Index(fields=["account"], condition=models.Q(closed_at__isnull=True), name="oversold_open"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} of {self.order_id}"


class CancelRequestRow(AccountModel):
    """A request to cancel an order, as last read: the buyer's, which waits for an answer, or one that is over.

    `reasons`: (name, words) of TikTok's reasons to decline it. `answer`: what was decided here, "" for nothing.
    """

    order = models.ForeignKey(ShopOrderRow, on_delete=models.CASCADE, related_name="cancel_requests")
    cancel_id = models.CharField(max_length=40)
    status = models.CharField(max_length=60)
    """TikTok's word."""
    waiting = models.BooleanField(default=False)
    """It waits for the seller's answer."""
    reason = models.CharField(max_length=300, blank=True)
    """Why, in words."""
    deadline = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)
    reasons = models.JSONField(default=list)
    answer = models.CharField(max_length=10, blank=True, choices=[("grant", "Granted"), ("decline", "Declined")])
    answer_reason = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, blank=True, choices=choices(_DECIDED), default=DecisionState.NONE.value)
    refusal = models.TextField(blank=True)
    """Why TikTok refused the answer, in words."""

    class Meta:
        db_table = "orders_cancel_request"
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "cancel_id"], name="cancel_request_once")]

    def __str__(self) -> str:
        return self.cancel_id


class ReturnRow(AccountModel):
    """One return at TikTok. `document` is `documents.ShopReturn`; `story` its history, sealed: buyers write in it."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    return_id = models.CharField(max_length=40)
    order_id = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=choices(_KIND))
    stage = models.CharField(max_length=20, choices=choices(_STAGE))
    status = models.CharField(max_length=60)
    """TikTok's word."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    """TikTok's update_time: an older reading never overwrites a newer one."""
    deadline = models.DateTimeField(null=True)
    """By when the seller must act; None while nothing is asked of the seller."""
    total = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3)
    document = models.BinaryField()
    story = models.TextField(blank=True)
    offered = models.JSONField(default=list)
    """The `documents.ReturnChoice`s that TikTok takes now."""
    read_at = models.DateTimeField(null=True)
    """The `updated_at` to which story and choices belong; None while they are to be read."""
    search = models.TextField(blank=True)
    """Ids, SKUs and titles in lower case; nothing of the buyer."""
    sent_back = models.BooleanField(default=False)
    """It was seen on its way back."""
    decision = models.CharField(max_length=50, blank=True, choices=choices(_DECISION))
    decision_state = models.CharField(max_length=10, blank=True, choices=choices(_DECIDED))
    decision_reason = models.CharField(max_length=200, blank=True)
    decision_words = models.CharField(max_length=300, blank=True)
    """The reason in TikTok's words."""
    decision_comment = models.TextField(blank=True)
    decision_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    decision_answer = models.TextField(blank=True)
    """Why TikTok refused it, in words."""
    decided_at = models.DateTimeField(null=True)
    refund_state = models.CharField(max_length=12, blank=True, choices=choices(_PAYBACK))
    store_refund_id = models.CharField(max_length=64, blank=True)
    restock = models.BooleanField(null=True)
    """Whether what comes back goes into stock again; None: as preferred."""
    stock_state = models.CharField(max_length=12, blank=True, choices=choices(_PAYBACK))
    stock_before = models.JSONField(null=True)
    """Units by variant id at the default location, read before what came back was added."""
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "orders_return"
        constraints: ClassVar = [models.UniqueConstraint(fields=["connection", "return_id"], name="return_once")]
        indexes: ClassVar = [
            models.Index(fields=["connection", "order_id"], name="return_by_order"),
            models.Index(fields=["connection", "stage", "-created_at"], name="return_by_stage"),
            models.Index(fields=["connection", "-updated_at"], name="return_by_change"),
            models.Index(fields=["account", "-created_at"], name="return_recent"),
            models.Index(
                fields=["connection", "deadline"],
                condition=models.Q(deadline__isnull=False),
                name="return_by_deadline",
            ),
        ]

    def __str__(self) -> str:
        return self.return_id


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
