from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("accounts", "0004_terms_of_an_account"),
        ("connections", "0008_global_stores"),
        ("orders", "0012_filtered"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="StoreOrderRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("store_order_id", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=30)),
                ("total", models.DecimalField(decimal_places=4, max_digits=20)),
                ("currency", models.CharField(max_length=3)),
                ("source", models.CharField(blank=True, max_length=60)),
                ("external_source", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("modified_at", models.DateTimeField()),
                ("archived", models.BooleanField(default=False)),
                ("seen_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connections.store"
                    ),
                ),
            ],
            options={
                "db_table": "orders_store_order",
                "indexes": [models.Index(fields=["store", "-created_at"], name="own_store_order_recent")],
                "constraints": [
                    models.UniqueConstraint(fields=("store", "store_order_id"), name="own_store_order_once")
                ],
            },
        ),
    ]
