from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models.functions import Length


class Migration(migrations.Migration):

    dependencies: ClassVar = [("orders", "0010_names_and_words")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["account", "name_key", "id"], name="shop_order_by_name"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["account", "last_name_key"], name="shop_order_by_last_name"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["account", "order_id", "id"], name="shop_order_by_number"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["account", "total", "id"], name="shop_order_by_total"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(fields=["account", "status", "id"], name="shop_order_by_word"),
        ),
        migrations.AddIndex(
            model_name="shoporderrow",
            index=models.Index(
                "account", Length("store_order_id"), "store_order_id", "id", name="shop_order_by_store_no"
            ),
        ),
    ]
