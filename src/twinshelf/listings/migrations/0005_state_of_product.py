from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0004_choices_and_edits")]

    operations: ClassVar = [
        migrations.AddIndex(
            "listingrow",
            models.Index(fields=["connection", "product_id", "state"], name="listing_state_of_product"),
        ),
    ]
