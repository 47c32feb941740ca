from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("sync", "0005_agreement"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            model_name="lane",
            name="resting",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
