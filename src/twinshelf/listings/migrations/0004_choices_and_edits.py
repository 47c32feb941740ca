from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_audit_of_a_subject"),
        ("connections", "0002_currencies"),
        ("listings", "0003_category_trees"),
    ]

    operations: ClassVar = [
        migrations.AddField("listingrow", "pushed", models.BooleanField(default=False, db_default=False)),
        migrations.AddField("listingrow", "shop_edits", models.JSONField(default=dict)),
        migrations.AddField("listingrow", "overwritten", models.JSONField(default=dict)),
        migrations.AddField("link", "edited", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="ProductChoicesRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.CharField(max_length=64)),
                ("choices", models.JSONField(default=dict)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connections.connection"
                    ),
                ),
            ],
            options={
                "db_table": "listings_product_choices",
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "product_id"), name="choices_once_per_product")
                ],
            },
        ),
    ]
