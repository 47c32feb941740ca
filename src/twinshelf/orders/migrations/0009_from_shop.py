from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [("orders", "0008_location")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="shipmentrow",
            name="from_shop",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
