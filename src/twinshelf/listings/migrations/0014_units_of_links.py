from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("listings", "0013_reviews")]

    operations: ClassVar = [
        migrations.AddField("link", "expected", models.BigIntegerField(null=True)),
        migrations.AddField(
            "link", "limited_by", models.CharField(blank=True, db_default="", default="", max_length=12)
        ),
        migrations.AddField("link", "sent", models.BigIntegerField(null=True)),
        migrations.AddField("link", "sent_at", models.DateTimeField(null=True)),
        migrations.AddField("link", "read_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "link",
            models.Index(
                condition=Q(quantity__gt=F("expected")), fields=["connection"], name="link_shows_too_many"
            ),
        ),
        migrations.AddIndex(
            "link",
            models.Index(condition=Q(quantity__lt=F("expected")), fields=["connection"], name="link_shows_too_few"),
        ),
        migrations.AddIndex(
            "link",
            models.Index(condition=~Q(limited_by=""), fields=["connection", "limited_by"], name="link_limited_by"),
        ),
    ]
