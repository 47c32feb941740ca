from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

_AT_ONCE, _LONGEST = 500, 500


def _read_again(apps: Any, _editor: Any) -> None:
    """Whether each product has options, and what its category is called: a pull writes only what changed."""
    from twinshelf.documents import Product, from_json, source_category  # noqa: PLC0415
    from twinshelf.errors import DocumentError  # noqa: PLC0415

    products = apps.get_model("goods", "StoreProduct")._base_manager
    simple: list[int] = []
    rows = products.values_list("pk", "category", "document").order_by("pk")
    for pk, category, document in rows.iterator(_AT_ONCE):
        try:
            product = from_json(bytes(document), Product)
        except DocumentError:  # of a version that is no more: the next pull tells
            continue
        if not any(variant.options for variant in product.variants):
            simple.append(pk)
        named = source_category(product)[:_LONGEST]
        if named != category:
            products.filter(pk=pk).update(category=named)
    for start in range(0, len(simple), _AT_ONCE):
        products.filter(pk__in=simple[start : start + _AT_ONCE]).update(simple=True)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("goods", "0003_search")]

    operations: ClassVar = [
        migrations.AddField("storeproduct", "simple", models.BooleanField(default=False, db_default=False)),
        migrations.RunPython(_read_again, migrations.RunPython.noop),
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
