"""A store belongs to one account of an installation; of those that have one already, the first keeps it alone."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def note_shared(apps: Any, _editor: Any) -> None:
    """Let later accounts keep what they have: nothing is taken from them."""
    stores, seen = apps.get_model("connections", "Store"), set()
    for store in stores._base_manager.order_by("id").only("id", "platform", "hash"):
        if (store.platform, store.hash) in seen:
            stores._base_manager.filter(id=store.id).update(shared=True)
        seen.add((store.platform, store.hash))


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0002_currencies")]

    operations: ClassVar = [
        migrations.AddField("store", "shared", models.BooleanField(default=False)),
        migrations.RunPython(note_shared, migrations.RunPython.noop),
        migrations.AddConstraint(
            "store",
            models.UniqueConstraint(
                fields=["platform", "hash"], condition=models.Q(shared=False), name="store_once_per_installation"
            ),
        ),
    ]
