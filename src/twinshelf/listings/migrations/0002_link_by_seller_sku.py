from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0001_initial")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="link", index=models.Index(fields=["connection", "seller_sku"], name="link_by_seller_sku")
        ),
    ]
