from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("orders", "0007_cancel_reasons"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="shoporderrow",
            name="location_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="shoporderrow",
            name="location_why",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="shoporderrow",
            name="moving",
            field=models.JSONField(default=dict),
        ),
    ]
