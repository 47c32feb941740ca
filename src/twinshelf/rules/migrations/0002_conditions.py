from __future__ import annotations

from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models

import twinshelf.kit.clock

_AT_ONCE = 500


def _name_keys(apps: Any, _editor: Any) -> None:
    from twinshelf.rules.conditions import fold  # noqa: PLC0415

    templates = apps.get_model("rulebook", "Template")._base_manager
    for template in templates.all():
        templates.filter(pk=template.pk).update(name_key=fold(template.name))


def _texts(apps: Any, _editor: Any) -> None:
    """What conditions look at, of the products that are there: a pull keeps only what changed."""
    from twinshelf.documents import Product, from_json  # noqa: PLC0415
    from twinshelf.rules.conditions import texts_of  # noqa: PLC0415

    products = apps.get_model("goods", "StoreProduct")._base_manager
    kept = apps.get_model("rulebook", "ProductTexts")._base_manager
    rows = products.filter(deleted=False).values_list("account_id", "store_id", "product_id", "document")
    made: list[Any] = []
    for account_id, store_id, product_id, document in rows.order_by("pk").iterator(_AT_ONCE):
        texts = texts_of(from_json(bytes(document), Product))
        fields = {name: getattr(texts, name) for name in texts.__struct_fields__}
        made.append(kept.model(account_id=account_id, store_id=store_id, product_id=product_id, **fields))
        if len(made) == _AT_ONCE:
            kept.bulk_create(made)
            made = []
    kept.bulk_create(made)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("rulebook", "0001_initial"),
        ("accounts", "0001_initial"),
        ("connections", "0001_initial"),
        ("goods", "0002_emptied_at"),
    ]

    operations: ClassVar = [
        migrations.AddField("template", "name_key", models.TextField(default=""), preserve_default=False),
        migrations.AddField("template", "removed_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="ProductTexts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.CharField(max_length=64)),
                ("title", models.TextField()),
                ("sku", models.TextField()),
                ("brand", models.TextField()),
                ("category", models.TextField()),
                ("product_type", models.TextField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connections.store"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("store", "product_id"), name="product_texts_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product_id", models.CharField(max_length=64)),
                (
                    "decided",
                    models.CharField(
                        choices=[("fits", "Fits its conditions"), ("override", "Taken from another template")],
                        default="fits",
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=twinshelf.kit.clock.now)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.account"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="connections.connection"
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="rulebook.template"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("connection", "product_id"), name="one_template_per_product")
                ],
                "indexes": [models.Index(fields=["template", "product_id"], name="membership_by_template")],
            },
        ),
        migrations.RunPython(_name_keys, migrations.RunPython.noop),
        migrations.RunPython(_texts, migrations.RunPython.noop),
        migrations.AddConstraint(
            "template",
            models.UniqueConstraint(
                fields=["connection", "name_key"], condition=models.Q(removed_at=None), name="template_name_once"
            ),
        ),
    ]
