"""The client id of a store is sealed as its other credentials are."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

from twinshelf.connections.bindings import store_binding
from twinshelf.kit.secrets import seal


def seal_known(apps: Any, _editor: Any) -> None:
    """Seal what is on record."""
    stores = apps.get_model("connections", "Store")
    for store in stores._base_manager.exclude(client_id="").only("id", "hash", "client_id"):
        sealed = seal(store.client_id, bound_to=store_binding(store.hash))
        stores._base_manager.filter(id=store.id).update(client_id=sealed)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("connections", "0005_warehouses_read")]

    operations: ClassVar = [
        migrations.AlterField("store", "client_id", models.TextField(blank=True)),
        migrations.RunPython(seal_known, migrations.RunPython.noop),
    ]
