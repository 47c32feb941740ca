from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("rulebook", "0002_conditions")]

    operations: ClassVar = [
        migrations.AlterField(
            "membership",
            "decided",
            models.CharField(
                max_length=10,
                choices=[
                    ("fits", "Fits its conditions"),
                    ("override", "Taken from another template"),
                    ("chosen", "Chosen by a person"),
                ],
                default="fits",
            ),
        ),
    ]
