from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import twinshelf.kit.clock


def look_at_all(apps: Any, _editor: Any) -> None:
    """Have the accounts that are connected already looked at, as those that connect from now on are."""
    schedules = apps.get_model("sync", "Schedule")._base_manager
    connected = apps.get_model("connections", "Connection")._base_manager
    for account_id in connected.order_by().values_list("account_id", flat=True).distinct():
        schedules.get_or_create(
            account_id=account_id,
            kind="notices",
            owner=f"account:{account_id}",
            defaults={"every_seconds": 300, "next_at": twinshelf.kit.clock.now()},
        )


class Migration(migrations.Migration):

    initial = True

    dependencies: ClassVar = [
        ("accounts", "0005_emails"),
        ("connections", "0010_global_products"),
        ("sync", "0006_resting"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="NoticeRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("expires", "Authorization about to expire"),
                            ("lost", "Connection lost"),
                            ("orders", "Order failed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("key", models.CharField(max_length=200)),
                ("at", models.DateTimeField(default=twinshelf.kit.clock.now)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["account", "kind", "at"], name="notice_by_kind")],
                "constraints": [
                    models.UniqueConstraint(fields=("account", "user", "key"), name="notice_once"),
                ],
            },
        ),
        migrations.RunPython(look_at_all, migrations.RunPython.noop),
    ]
