from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [("orders", "0011_sorted")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["connection", "fulfilled_by_tiktok", "status"], name="shop_order_by_fulfiller"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["connection", "shipped_by_tiktok", "status"], name="shop_order_by_logistics"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(
                fields=["connection"], condition=models.Q(open_return=True), name="shop_order_open_return"
            ),
        ),
    ]
