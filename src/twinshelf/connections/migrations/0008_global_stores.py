"""Global Stores: their nicknames, and sub-stores that the seller took back while others stayed."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0007_installations")]

    operations: ClassVar = [
        migrations.AddField("seller", "nickname", models.CharField(blank=True, default="", max_length=190), False),
        migrations.AddField("seller", "left_out", models.JSONField(default=list)),
        migrations.AddField("shop", "unbound_at", models.DateTimeField(null=True)),
        migrations.AddConstraint(
            "shop", models.UniqueConstraint(fields=["account", "shop_id"], name="shop_once_per_account")
        ),
        migrations.AddConstraint(
            "shop",
            models.UniqueConstraint(
                condition=models.Q(unbound_at=None), fields=["shop_id"], name="shop_bound_once_per_installation"
            ),
        ),
        migrations.RemoveConstraint("shop", "shop_once_per_installation"),
    ]
