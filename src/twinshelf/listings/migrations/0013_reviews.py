from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock

_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("listings", "0012_incoming"),
        ("accounts", "0001_initial"),
        ("connections", "0001_initial"),
        ("sync", "0005_agreement"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Review",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("products", models.JSONField(null=True)),
                ("by", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("ready_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("sent_by", models.CharField(blank=True, max_length=200)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                (
                    "connection",
                    models.ForeignKey(on_delete=_CASCADE, related_name="+", to="connections.connection"),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="sync.task"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["connection", "-id"], name="review_recent")],
            },
        ),
        migrations.CreateModel(
            name="ReviewLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=64)),
                ("verdict", models.CharField(max_length=10)),
                ("sku", models.CharField(blank=True, max_length=255)),
                ("title", models.TextField(blank=True)),
                ("rows", models.JSONField(default=list)),
                ("findings", models.JSONField(default=list)),
                ("digests", models.JSONField(default=list)),
                ("calls", models.IntegerField(default=0)),
                ("reviewed", models.BooleanField(default=False)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                ("review", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="listings.review")),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["review", "verdict", "id"], name="review_line_by_verdict")],
                "constraints": [models.UniqueConstraint(fields=("review", "key", "kind"), name="review_line_once")],
            },
        ),
    ]
