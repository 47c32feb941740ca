"""A shop that is deleted is out of sight at once; its rows are removed by a task."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0003_store_once")]

    operations: ClassVar = [migrations.AddField("shop", "leaving_at", models.DateTimeField(null=True))]
