from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models

_AT_ONCE = 500


def _read_again(apps: Any, _editor: Any) -> None:
    """Whether the store sells each product: a pull writes only what changed."""
    from twinshelf.documents import Product, from_json  # noqa: PLC0415
    from twinshelf.errors import DocumentError  # noqa: PLC0415

    products = apps.get_model("goods", "StoreProduct")._base_manager
    found: dict[str, list[int]] = {"hidden": [], "not_purchasable": []}
    for pk, document in products.values_list("pk", "document").order_by("pk").iterator(_AT_ONCE):
        try:
            product = from_json(bytes(document), Product)
        except DocumentError:  # of a version that is no more: the next pull tells
            continue
        if not product.purchasable:
            found["not_purchasable"].append(pk)
        elif not product.visible:
            found["hidden"].append(pk)
    for sale, pks in found.items():
        for start in range(0, len(pks), _AT_ONCE):
            products.filter(pk__in=pks[start : start + _AT_ONCE]).update(sale=sale)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("goods", "0004_simple")]

    operations: ClassVar = [
        migrations.AddField(
            "storeproduct",
            "sale",
            models.CharField(
                max_length=16,
                choices=[("for_sale", "For sale"), ("hidden", "Hidden"), ("not_purchasable", "Not purchasable")],
                default="for_sale",
                db_default="for_sale",
            ),
        ),
        migrations.RunPython(_read_again, migrations.RunPython.noop),
    ]
