from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("connections", "0004_leaving_at"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="shop",
            name="failing",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="shop",
            name="warehouses_read_at",
            field=models.DateTimeField(null=True),
        ),
    ]
