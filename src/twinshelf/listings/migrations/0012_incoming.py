from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock

_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("listings", "0011_low_off_at"),
        ("connections", "0001_initial"),
        ("accounts", "0001_initial"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="IncomingRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tiktok_id", models.CharField(max_length=40)),
                ("product_id", models.CharField(max_length=64)),
                ("made", models.BooleanField(default=False)),
                ("taken", models.BinaryField()),
                ("taken_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                (
                    "connection",
                    models.ForeignKey(on_delete=_CASCADE, related_name="+", to="connections.connection"),
                ),
            ],
            options={
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "tiktok_id"), name="incoming_once_per_tiktok_id")
                ],
            },
        ),
    ]
