from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock

_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("accounts", "0002_audit_of_a_subject"),
        ("connections", "0002_currencies"),
        ("listings", "0008_deleted"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="ChannelSku",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.CharField(max_length=64)),
                ("variant_id", models.CharField(max_length=64)),
                ("sku", models.CharField(max_length=255)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                ("connection", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="connections.connection")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "variant_id"), name="channel_sku_once_per_variant"),
                    models.UniqueConstraint(fields=("connection", "sku"), name="channel_sku_once"),
                ],
                "indexes": [models.Index(fields=["connection", "product_id"], name="channel_sku_by_product")],
            },
        ),
        migrations.CreateModel(
            name="SkuReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("report", models.JSONField(default=dict)),
                ("made_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                (
                    "connection",
                    models.OneToOneField(on_delete=_CASCADE, related_name="+", to="connections.connection"),
                ),
            ],
            options={"abstract": False},
        ),
    ]
