from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

_AT_ONCE = 500


def _find_simple(apps: Any, _editor: Any) -> None:
    from twinshelf.documents import Product, from_json  # noqa: PLC0415
    from twinshelf.errors import DocumentError  # noqa: PLC0415

    products = apps.get_model("goods", "StoreProduct")._base_manager
    simple: list[int] = []
    for pk, document in products.filter(variant_count=1).values_list("pk", "document").order_by("pk").iterator(_AT_ONCE):
        try:
            product = from_json(bytes(document), Product)
        except DocumentError:  # of a version that is no more: the next pull tells
            continue
        if not any(variant.options for variant in product.variants):
            simple.append(pk)
    for start in range(0, len(simple), _AT_ONCE):
        products.filter(pk__in=simple[start : start + _AT_ONCE]).update(simple=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("goods", "0003_search")]

    operations: ClassVar = [
        migrations.AddField("storeproduct", "simple", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(_find_simple, migrations.RunPython.noop),
        migrations.RemoveIndex("storeproduct", "store_product_wide"),
        migrations.AddIndex(
            "storeproduct",
            models.Index(
                fields=[
                    "account", "store", "deleted", "title", "product_id", "category", "stock", "price_min",
                    "modified_at", "simple",
                ],
                name="store_product_wide",
            ),
        ),
    ]  # fmt: skip
