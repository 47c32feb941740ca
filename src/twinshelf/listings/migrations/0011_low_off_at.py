from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0010_warehouse")]

    operations: ClassVar = [migrations.AddField("listingrow", "low_off_at", models.DateTimeField(null=True))]
