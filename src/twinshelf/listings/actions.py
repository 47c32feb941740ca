"""What may be done to the catalog: pull, list, refresh, switch off and on, templates, links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from twinshelf.accounts.models import User
from twinshelf.connections.models import Connection, Store
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.listings.models import Link, ListingRow
from twinshelf.rules import templates
from twinshelf.rules.models import Template
from twinshelf.sync import problems, tasks
from twinshelf.sync.models import Task


def pull(store: Store, *, since: datetime | None = None, by: User | None = None) -> Task:
    """Read the store's products: those changed since a time, or all of them."""
    title = (
        f"Pull products of {store}"
        if since is None
        else f"Pull products of {store} changed since {since:%Y-%m-%d %H:%M} UTC"
    )
    return tasks.submit(
        store.account_id,
        "pull",
        title,
        owner=f"store:{store.id}",
        by=by,
        params={"store": store.id, "since": since.isoformat() if since else ""},
    )


def list_products(connection: Connection, product_ids: Sequence[int] | None, *, by: User | None = None) -> Task:
    """Offer products in the shop, and bring those that are there up to date. None: every product of the store.

    Only pulled products can be listed; unknown ids are left out.
    """
    known = StoreProduct.objects.filter(store_id=connection.store_id, deleted=False)
    if product_ids is not None:
        known = known.filter(product_id__in=list(product_ids))
    ids = sorted(known.values_list("product_id", flat=True))
    with transaction.atomic():
        ListingRow.objects.bulk_create(
            [ListingRow(account_id=connection.account_id, connection=connection, product_id=i) for i in ids],
            ignore_conflicts=True,
            batch_size=500,
        )
        for start in range(0, len(ids), 500):
            ListingRow.objects.filter(connection=connection, product_id__in=ids[start : start + 500]).update(
                wanted=True
            )
        return _ask(connection, "listing", ids, f"List {counted(len(ids), 'product')} on {connection.shop}", by)


def refresh(connection: Connection, product_ids: Sequence[int] | None, *, by: User | None = None) -> Task:
    """Read what TikTok shows of listings; its answer wins over what we remembered. None: all listings."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    ids = sorted(rows.values_list("product_id", flat=True))
    return _ask(
        connection, "listing", ids, f"Refresh status of {counted(len(ids), 'product')} on {connection.shop}", by
    )


def deactivate(connection: Connection, product_ids: Sequence[int], *, by: User | None = None) -> Task:
    """Take live listings off sale; they can be switched on again."""
    return tasks.submit(
        connection.account_id,
        "switch_listings",
        f"Deactivate {counted(len(product_ids), 'product')} on {connection.shop}",
        owner=f"connection:{connection.id}",
        by=by,
        params={"connection": connection.id, "products": list(product_ids), "on": False},
    )


def activate(connection: Connection, product_ids: Sequence[int], *, by: User | None = None) -> Task:
    """Put listings that are off on sale again."""
    return tasks.submit(
        connection.account_id,
        "switch_listings",
        f"Activate {counted(len(product_ids), 'product')} on {connection.shop}",
        owner=f"connection:{connection.id}",
        by=by,
        params={"connection": connection.id, "products": list(product_ids), "on": True},
    )


def set_default_template(
    connection: Connection,
    *,
    category_id: str,
    category_path: str = "",
    attributes: Sequence[Mapping[str, Any]] = (),
    package: Mapping[str, Any] | None = None,
    categories: Sequence[Mapping[str, Any]] = (),
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> Template:
    """The template for products that no other holds. Applies from the next plan on; what waited for it is tried again.

    Raises DocumentError naming the rule that does not fit.
    """
    rules = templates.rules_from_json(
        {"attributes": list(attributes), "package": dict(package or {}), "categories": list(categories)}
    )
    with transaction.atomic():
        template, _ = Template.objects.update_or_create(
            account_id=connection.account_id,
            connection=connection,
            is_default=True,
            defaults={
                "name": "Default",
                "category_id": category_id,
                "category_path": category_path,
                "rules": msgspec.to_builtins(rules),
                "updated_at": clock.now(),
            },
        )
        problems.release(connection.account_id, "template")
    return template


def link(connection: Connection, *, variant_id: int, tiktok_id: str, sku_id: str, seller_sku: str = "") -> Link:
    """Pair a variant with a TikTok SKU by hand. Orders that waited for it are created by themselves."""
    variant = StoreVariant.objects.get(store_id=connection.store_id, variant_id=variant_id)
    with transaction.atomic():
        Link.objects.filter(connection=connection, sku_id=sku_id).exclude(variant_id=variant_id).delete()
        made, _ = Link.objects.update_or_create(
            account_id=connection.account_id,
            connection=connection,
            variant_id=variant_id,
            defaults={
                "product_id": variant.product_id,
                "seller_sku": seller_sku or variant.sku,
                "tiktok_id": tiktok_id,
                "sku_id": sku_id,
                "manual": True,
            },
        )
        problems.release(connection.account_id, f"link:{sku_id}")
    return made


def _ask(connection: Connection, kind: str, product_ids: Sequence[int], title: str, by: User | None) -> Task:
    with transaction.atomic():
        task = Task.objects.create(
            account_id=connection.account_id,
            kind=f"ask_{kind}",
            title=title,
            owner=f"connection:{connection.id}",
            by=by,
            state="running",
            cursor={"carried_out": True},
            total=len(product_ids),
            created_at=clock.now(),
            started_at=clock.now(),
        )
        tasks.ask_for(task, kind, f"connection:{connection.id}", [str(i) for i in product_ids])
        if not product_ids:
            tasks.settle(task.id)
    return task
