from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0001_initial"),
        ("connections", "0001_initial"),
        ("goods", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.AddField("storeproduct", "emptied_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "storeproduct",
            models.Index(
                fields=["store", "emptied_at"],
                condition=models.Q(emptied_at__isnull=False),
                name="store_product_emptied",
            ),
        ),
    ]
