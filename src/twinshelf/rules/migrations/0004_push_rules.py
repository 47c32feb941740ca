from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("accounts", "0002_audit_of_a_subject"),
        ("connections", "0005_warehouses_read"),
        ("rulebook", "0003_chosen"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="LocationLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location_id", models.CharField(max_length=64)),
                ("warehouse_id", models.CharField(blank=True, max_length=40)),
                ("position", models.IntegerField(default=0)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account")),
                ("connection", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="location_links", to="connections.connection")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "location_id"), name="location_linked_once")],
            },
        ),
        migrations.CreateModel(
            name="PushRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("warehouse_id", models.CharField(max_length=40)),
                ("location_id", models.CharField(blank=True, max_length=64)),
                ("position", models.IntegerField(default=0)),
                ("chosen", models.BooleanField(default=False)),
                ("refused_at", models.DateTimeField(null=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account")),
                ("connection", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="push_rules", to="connections.connection")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("connection", "warehouse_id"), name="one_push_rule_per_warehouse")],
            },
        ),
    ]
