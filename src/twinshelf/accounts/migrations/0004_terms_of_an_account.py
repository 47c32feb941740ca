"""What the operator allows an account: how many shops, and whether cross-border sellers."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("accounts", "0003_users_and_roles")]

    operations: ClassVar = [
        migrations.AddField("account", "most_shops", models.PositiveIntegerField(null=True)),
        migrations.AddField("account", "takes_cross_border", models.BooleanField(default=True)),
    ]
