"""Stores that installed our app: those in no account yet, and when it was."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0006_sealed_client_id")]

    operations: ClassVar = [
        migrations.AddField("store", "installed_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="Installation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("store_hash", models.CharField(max_length=40, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("token", models.TextField()),
                ("installed_at", models.DateTimeField()),
                ("ticket_hash", models.CharField(blank=True, max_length=64)),
                ("ticket_until", models.DateTimeField(null=True)),
            ],
        ),
    ]
