from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
import twinshelf.kit.clock
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("accounts", "0002_audit_of_a_subject"),
        ("connections", "0005_warehouses_read"),
        ("goods", "0005_sale"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Location",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location_id", models.CharField(max_length=64)),
                ("code", models.CharField(blank=True, max_length=255)),
                ("label", models.CharField(blank=True, max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                ("is_default", models.BooleanField(default=False)),
                ("removed_at", models.DateTimeField(null=True)),
                ("units", models.BigIntegerField(default=0)),
                ("skus", models.BigIntegerField(default=0)),
                ("lost_units", models.BigIntegerField(default=0)),
                ("read_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account")),
                ("store", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connections.store")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("store", "location_id"), name="location_once")],
            },
        ),
    ]
