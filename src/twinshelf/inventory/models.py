"""Units withheld from the shops because someone is about to buy them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from twinshelf.accounts.models import AccountModel
from twinshelf.connections.models import Store
from twinshelf.kit import clock


class Hold(AccountModel):
    """Units of a variant that an unpaid, held or not yet imported TikTok order will take from the store's stock."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="+")
    variant_id = models.BigIntegerField()
    order_id = models.CharField(max_length=40)
    shop_id = models.CharField(max_length=40)
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
