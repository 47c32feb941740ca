"""Whether a buyer waits for an answer to a request to cancel, as a column: the dashboard counts them."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("orders", "0003_search")]

    operations: ClassVar = [
        migrations.AddField("shoporderrow", "asks_to_cancel", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex(
            "shoporderrow",
            models.Index(
                fields=["connection"], condition=models.Q(asks_to_cancel=True), name="shop_order_asks_to_cancel"
            ),
        ),
    ]
