"""TikTok's number of the buyer as a column: which orders are of one buyer, without opening what is sealed."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from django.db import migrations, models

_AT_ONCE = 1000


class _Document(msgspec.Struct):
    buyer_id: str = ""


def fill(apps: Any, _schema: Any) -> None:
    """Out of the documents, some at a time."""
    rows = apps.get_model("orders", "ShopOrderRow").objects.order_by("pk")
    last = 0
    while some := list(rows.filter(pk__gt=last).only("pk", "document")[:_AT_ONCE]):
        last = some[-1].pk
        for row in some:
            row.buyer_id = msgspec.json.decode(bytes(row.document), type=_Document).buyer_id[:64]
        rows.bulk_update(some, ["buyer_id"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0005_returns")]

    operations: ClassVar = [
        migrations.AddField("shoporderrow", "buyer_id", models.CharField(blank=True, db_default="", max_length=64)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
