"""What was found when a store and a shop were last asked whether they let us in."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0010_global_products")]

    operations: ClassVar = [
        migrations.AddField(model, name, field())
        for model in ("store", "shop")
        for name, field in (
            ("access_failing", lambda: models.JSONField(default=dict)),
            ("access_tested_at", lambda: models.DateTimeField(null=True)),
        )
    ]
