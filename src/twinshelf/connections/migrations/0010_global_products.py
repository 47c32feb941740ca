"""Products of Global Stores, and how shops of cross-border sellers are supplied."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0004_terms_of_an_account"),
        ("connections", "0009_set_up_at"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            "shop", "listing_method", models.CharField(blank=True, db_default="", default="", max_length=20)
        ),
        migrations.AddField("seller", "products_read_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="GlobalProductRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("global_id", models.CharField(max_length=40)),
                ("title", models.TextField(blank=True)),
                ("seller_skus", models.JSONField(default=list)),
                ("updated_at", models.DateTimeField()),
                ("reading", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "seller",
                    models.ForeignKey(
                        on_delete=models.deletion.CASCADE, related_name="+", to="connections.seller"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["account", "seller", "-updated_at", "-id"], name="global_product_newest")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("seller", "global_id"), name="global_product_once")
                ],
            },
        ),
    ]
