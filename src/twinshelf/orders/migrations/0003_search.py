from __future__ import annotations

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Words for `kit.text_search`, whose index is made after the migrations."""

    dependencies: ClassVar = [("orders", "0002_bearers_and_archived")]

    operations: ClassVar = [
        migrations.RunSQL(
            "update orders_shop_order set search = '  ' || replace(search, ' ', '  ')", migrations.RunSQL.noop
        ),
    ]
