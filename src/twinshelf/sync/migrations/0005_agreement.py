from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock

_CASCADE = django.db.models.deletion.CASCADE


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sync", "0004_cancelled"), ("accounts", "0001_initial")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Agreement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120)),
                ("digests", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                ("account", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="accounts.account")),
                ("lane", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="sync.lane")),
            ],
            options={
                "abstract": False,
                "constraints": [models.UniqueConstraint(fields=("lane", "key"), name="agreement_once")],
            },
        ),
    ]
