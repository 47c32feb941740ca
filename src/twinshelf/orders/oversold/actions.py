"""What may be done about what is oversold: say that its stock was looked at. Taking it down is for listings."""

from __future__ import annotations

from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.errors import NeedsPerson
from twinshelf.goods.models import StoreVariant
from twinshelf.kit import clock
from twinshelf.listings.models import Link
from twinshelf.orders.models import OversoldRow


def checked(entry: OversoldRow, *, by: Actor) -> None:
    """Say that the product of an entry was looked at and is to be had: it leaves the list, with all its orders.

    Safe to repeat. Raises NeedsPerson where the shop offers more of a variant than the store has: it is still oversold.
    """
    connection = entry.connection
    mine = OversoldRow.objects.filter(connection=connection, product_id=entry.product_id, closed_at=None)
    if not entry.product_id:
        mine = mine.filter(id=entry.id)
    else:
        _refuse_oversold(entry)
    with transaction.atomic():
        orders = sorted(mine.values_list("order__order_id", flat=True))
        if mine.update(closed_at=clock.now()):
            subject = f"product:{entry.product_id}" if entry.product_id else f"order:{entry.order.order_id}"
            record(by, entry.account_id, "oversold.checked", subject, after={"in_stock": True, "orders": orders})


def _refuse_oversold(entry: OversoldRow) -> None:
    links = Link.objects.filter(connection=entry.connection, product_id=entry.product_id, quantity__isnull=False)
    offered = dict(links.values_list("variant_id", "quantity"))
    variants = StoreVariant.objects.filter(store_id=entry.connection.store_id, variant_id__in=offered, deleted=False)
    for variant_id, stock in variants.values_list("variant_id", "stock"):
        quantity = offered[variant_id] or 0
        if stock is not None and quantity > max(0, stock):
            raise NeedsPerson("E-CAN-OVERSOLD", quantity=quantity, stock=stock)
