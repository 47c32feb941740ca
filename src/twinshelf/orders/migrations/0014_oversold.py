from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("accounts", "0003_users_and_roles"),
        ("connections", "0006_sealed_client_id"),
        ("orders", "0013_store_orders"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="OversoldRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.CharField(blank=True, max_length=64)),
                ("units", models.IntegerField()),
                ("at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("closed_at", models.DateTimeField(null=True)),
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
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="oversold", to="orders.shoporderrow"
                    ),
                ),
            ],
            options={
                "db_table": "orders_oversold",
                "indexes": [
                    models.Index(
                        fields=["account"], condition=models.Q(("closed_at__isnull", True)), name="oversold_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("order", "product_id"), name="oversold_once"),
                ],
            },
        ),
    ]
