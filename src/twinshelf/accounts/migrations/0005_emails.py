from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies: ClassVar = [
        ("accounts", "0004_terms_of_an_account"),
    ]

    operations: ClassVar = [
        migrations.AddField("user", "emails", models.BooleanField(db_default=True, default=True)),
    ]
