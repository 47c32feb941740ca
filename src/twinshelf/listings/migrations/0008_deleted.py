from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0007_files")]

    operations: ClassVar = [
        migrations.AddField("listingrow", "remove_to", models.BooleanField(null=True)),
        migrations.AddField("listingrow", "deleted", models.JSONField(default=dict)),
    ]
