from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("goods", "0006_locations"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="hold",
            name="location_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
