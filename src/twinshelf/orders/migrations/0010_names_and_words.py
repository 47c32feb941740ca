from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

from twinshelf.errors import TwinshelfError

_AT_ONCE = 500


def fill(apps: Any, _editor: Any) -> None:
    """Orders on record get what new ones get: the sort keys of their buyers, how they travel, and marked words."""
    from twinshelf.documents import ShopOrder, from_json  # noqa: PLC0415 - not while the migration is only loaded
    from twinshelf.orders import book  # noqa: PLC0415 - as above

    rows = apps.get_model("orders", "ShopOrderRow").objects.order_by("pk")
    last = 0
    while some := list(rows.filter(pk__gt=last)[:_AT_ONCE]):
        last = some[-1].pk
        for row in some:
            order = from_json(bytes(row.document), ShopOrder)
            row.shipped_by_tiktok, row.search = order.shipped_by_tiktok, book.search_words(order)
            try:
                row.name_key, row.last_name_key = book.name_keys(book.buyer_of(row)[0])
            except TwinshelfError:  # its key is gone: no name is shown either
                continue
        rows.bulk_update(some, ["shipped_by_tiktok", "search", "name_key", "last_name_key"])


class Migration(migrations.Migration):

    dependencies: ClassVar = [("orders", "0009_from_shop")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="shoporderrow",
            name="shipped_by_tiktok",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="shoporderrow",
            name="name_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=128),
        ),
        migrations.AddField(
            model_name="shoporderrow",
            name="last_name_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=128),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
