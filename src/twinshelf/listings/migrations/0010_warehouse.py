from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0009_channel_skus")]

    operations: ClassVar = [
        migrations.AddField(
            "listingrow", "warehouse_id", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
    ]
