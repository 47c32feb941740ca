from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Words for `kit.text_search`, whose index is made after the migrations, and one index for the whole list."""

    dependencies: ClassVar = [("goods", "0002_emptied_at")]

    operations: ClassVar = [
        migrations.RunSQL(
            "update goods_storeproduct set search = '  ' || replace(search, ' ', '  ')", migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            "update goods_storeproduct set category = substr(category, 1, 500) where length(category) > 500",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveIndex("storeproduct", "store_product_list"),
        migrations.AddIndex(
            "storeproduct",
            models.Index(
                fields=[
                    "account", "store", "deleted", "title", "product_id", "category", "stock", "price_min", "modified_at",
                ],
                name="store_product_wide",
            ),
        ),
    ]  # fmt: skip
