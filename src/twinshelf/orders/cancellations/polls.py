"""Reading the shop's cancellations: the poll behind the webhooks."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from twinshelf.connections import clients
from twinshelf.connections.models import Connection, Shop
from twinshelf.kit import skew
from twinshelf.orders.models import ShopOrderRow
from twinshelf.orders.oversold import book as oversold
from twinshelf.sync import lanes

_OVERLAP = timedelta(minutes=10)
_FIRST_LOOK = timedelta(days=30)


def poll_cancellations(connection: Connection) -> int:
    """Read the shop's cancellations changed since the last poll and ask for their orders; end what is not oversold."""
    shop = connection.shop
    client = clients.shop_client(shop, "urgent")
    started = skew.now(settings.OPERATOR.tiktok_api)
    since = shop.cancellations_seen_at - _OVERLAP if shop.cancellations_seen_at else started - _FIRST_LOOK
    read = 0
    for page in client.cancellation_pages(updated_from=since):
        read += len(page.rows)
        keys = [request.order_id for request in page.rows]
        known = set(
            ShopOrderRow.objects.filter(connection=connection, order_id__in=keys).values_list("order_id", flat=True)
        )
        owner = f"connection:{connection.id}"
        lanes.ask(connection.account_id, "cancellation", owner, known, cause="poll", priority=lanes.URGENT)
        lanes.ask(connection.account_id, "order", owner, set(keys) - known, cause="poll", priority=lanes.URGENT)
    Shop.objects.filter(id=shop.id).update(cancellations_seen_at=started)
    oversold.close_taken_down(connection)
    return read
