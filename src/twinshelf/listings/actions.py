"""What may be done to listings: list, refresh, switch off and on, link, send price and stock again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from django.db import transaction
from django.db.models import Q

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import changed, record
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import queries as connections
from twinshelf.connections.models import Connection
from twinshelf.documents import ListingState, ShopListing, SyncField, token
from twinshelf.errors import DocumentError, NeedsPerson
from twinshelf.goods.models import StoreProduct, StoreVariant
from twinshelf.goods.selections import every_listed, select
from twinshelf.kit import clock
from twinshelf.kit.words import counted
from twinshelf.listings import queries
from twinshelf.listings.choosing import Unfit, unfit, unreachable
from twinshelf.listings.copying import Gap, copy_of
from twinshelf.listings.facts import choices_of, facts_of
from twinshelf.listings.models import CategorySuggestions, ChannelSku, Link, ListingRow, ProductChoicesRow
from twinshelf.rules import actions as rules
from twinshelf.rules import own, push_rules
from twinshelf.rules.models import Template
from twinshelf.rules.own import ProductChoices, choices_to_json
from twinshelf.sync import actions as sync_actions
from twinshelf.sync import lanes, problems, tasks
from twinshelf.sync import queries as sync
from twinshelf.sync.flows import Signal
from twinshelf.sync.models import Task
from twinshelf.tiktok import texts

POLLS = "listings_poll"
"""The lane that reads a shop's listings, categories and suggestions."""


def list_products(
    connection: Connection,
    product_ids: Sequence[str] | None,
    *,
    by: Actor,
    warehouse_id: str = "",
    held_by: Template | Literal["fitting"] | None = None,
) -> Task:
    """Offer products in the shop, and bring those that are there up to date. None: every product of the store.

    `held_by` is the template that a person chooses for them, "fitting" the one whose conditions each fits; None: each
    stays where it is.

    What is new sells from `warehouse_id`; "" leaves the one that is known. What is listed stays where it is: TikTok
    takes no other warehouse for a SKU. Only pulled products can be listed; unknown ids are left out. Raises
    DocumentError where the shop does not sell from the warehouse.
    """
    if warehouse_id and warehouse_id not in dict(connections.sales_warehouses(connection)):
        raise DocumentError("warehouse_id", "The shop does not sell from this warehouse.")
    known = StoreProduct.objects.filter(store_id=connection.store_id, deleted=False)
    if product_ids is not None:
        known = known.filter(product_id__in=list(product_ids))
    ids = sorted(known.values_list("product_id", flat=True))
    with transaction.atomic():
        if held_by is not None:
            rules.choose_template(connection, None if held_by == "fitting" else held_by, ids, by=by)
        _keep_rows(connection, ids)
        for start in range(0, len(ids), 500):
            rows = ListingRow.objects.filter(connection=connection, product_id__in=ids[start : start + 500])
            rows.update(wanted=True, pushed=True)
            new = rows.filter(tiktok_id="")
            new.update(state=ListingState.IN_PROGRESS, **({"warehouse_id": warehouse_id} if warehouse_id else {}))
        select(connection, ids)
        title = f"List {counted(len(ids), 'product')} on {connection.shop}"
        params = {"told_failed": "Failed to upload {n} product(s) to TikTok Shop."}
        task = _ask(connection, "listing", ids, title, by, params=params)
        after = {"wanted": True, "task": task.id} | ({"warehouse_id": warehouse_id} if warehouse_id else {})
        _record(by, "listings.list_products", task, after=after)
    return task


def list_reviewed(
    connection: Connection, product_ids: Sequence[str], also: Mapping[str, Sequence[str]], *, by: Actor
) -> Task:
    """As `list_products`, where somebody has seen what is sent: anything else is not (`sync.agreements`).

    `also` names the keys of other lanes that are sent with them. What to hold each plan to must be on record before.
    """
    ids = list(product_ids)
    with transaction.atomic():
        _keep_rows(connection, ids)
        for start in range(0, len(ids), 500):
            rows = ListingRow.objects.filter(connection=connection, product_id__in=ids[start : start + 500])
            rows.update(wanted=True, pushed=True)
            rows.filter(tiktok_id="").update(state=ListingState.IN_PROGRESS)
        select(connection, ids)
        owner = f"connection:{connection.id}"
        title = f"Send the reviewed changes of {counted(len(ids), 'product')} to {connection.shop}"
        params = {"told_failed": "Failed to upload {n} product(s) to TikTok Shop."}
        task = tasks.asking(connection.account_id, "ask_listing", title, owner=owner, by=by, params=params)
        for kind, keys in {**also, "listing": ids}.items():
            tasks.ask_for(task, kind, owner, list(keys), signals=Signal.AGREED)
        if not ids:
            tasks.settle(task.id)
        _record(by, "listings.list_reviewed", task, after={"wanted": True, "task": task.id})
    return task


def _keep_rows(connection: Connection, product_ids: Iterable[str]) -> None:
    """Have a row for each of these products; those that are there stay as they are."""
    ListingRow.objects.bulk_create(
        [ListingRow(account_id=connection.account_id, connection=connection, product_id=i) for i in product_ids],
        ignore_conflicts=True,
        batch_size=500,
    )


def refresh(connection: Connection, product_ids: Sequence[str] | None, *, by: Actor) -> Task:
    """Read what TikTok shows of listings; its answer wins over what we remembered. None: all listings."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    ids = sorted(rows.values_list("product_id", flat=True))
    with transaction.atomic():
        title = f"Refresh status of {counted(len(ids), 'product')} on {connection.shop}"
        told = "Status of products are synced from TikTok to the App."
        task = _ask(connection, "listing", ids, title, by, params={"told": told})
        _record(by, "listings.refresh", task)
    return task


def deactivate(connection: Connection, product_ids: Sequence[str], *, by: Actor) -> Task:
    """Take live listings off sale; they can be switched on again. Others are skipped, with the reason."""
    return _switch(connection, product_ids, "Deactivate", "listings.deactivate", on=False, by=by)


def activate(connection: Connection, product_ids: Sequence[str], *, by: Actor) -> Task:
    """Put listings that are off on sale again. Those that are not off are skipped, with the reason."""
    return _switch(connection, product_ids, "Activate", "listings.activate", on=True, by=by)


def delete(connection: Connection, product_ids: Sequence[str], *, by: Actor) -> Task:
    """Delete listings in the shop; they can be recovered while TikTok keeps them. Those not there are skipped."""
    return _remove(connection, product_ids, "Delete", "listings.delete", remove=True, by=by)


def recover(connection: Connection, product_ids: Sequence[str], *, by: Actor) -> Task:
    """Bring deleted listings back, off sale, with the links that they had. Those not deleted are skipped."""
    return _remove(connection, product_ids, "Recover", "listings.recover", remove=False, by=by)


def _remove(
    connection: Connection, product_ids: Sequence[str], verb: str, action: str, *, remove: bool, by: Actor
) -> Task:
    with transaction.atomic():
        _keep_rows(connection, product_ids)
        for start in range(0, len(product_ids), 500):
            some = list(product_ids)[start : start + 500]
            ListingRow.objects.filter(connection=connection, product_id__in=some).update(remove_to=remove)
        title = f"{verb} {counted(len(product_ids), 'product')} on {connection.shop}"
        task = _ask(connection, "visibility", product_ids, title, by, params={"remove": remove})
        _record(by, action, task, after={"remove": remove, "task": task.id})
    return task


def _switch(connection: Connection, product_ids: Sequence[str], verb: str, action: str, *, on: bool, by: Actor) -> Task:
    with transaction.atomic():
        _keep_rows(
            connection, product_ids
        )  # what was never listed is skipped with a reason, like all that does not fit
        for start in range(0, len(product_ids), 500):
            some = list(product_ids)[start : start + 500]
            ListingRow.objects.filter(connection=connection, product_id__in=some).update(switch_to=on)
        title = f"{verb} {counted(len(product_ids), 'product')} on {connection.shop}"
        if on:  # what it sells from the first moment is what is there now
            owner = f"connection:{connection.id}"
            lanes.ask(connection.account_id, "stock", owner, product_ids, cause="to be on sale", priority=lanes.URGENT)
        task = _ask(connection, "visibility", product_ids, title, by, params={"on": on})
        _record(by, action, task, after={"on": on, "task": task.id})
    return task


class ChoicesUnfit(Exception):
    """Choices that do not fit, each with its field and the reason in words."""

    def __init__(self, found: Sequence[Unfit]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(f"{each.field}: {each.reason}" for each in found))


def choose(connection: Connection, product_id: str, choices: ProductChoices, *, by: Actor) -> bool:
    """Keep what a person chose for one product in this shop. Returns whether that is new. Safe to repeat.

    Stored here alone: the store is never written. What follows from it is sent by itself, content only where the
    merchant does not send it by hand. Pictures by address are fetched first. Raises ChoicesUnfit naming every choice
    that does not fit.
    """
    return _choose(connection, product_id, choices, by, "listings.choose")


def _choose(connection: Connection, product_id: str, choices: ProductChoices, by: Actor, action: str) -> bool:
    row = StoreProduct.objects.get(store_id=connection.store_id, product_id=product_id)
    product = queries.document_of(row)
    known = choices_of(connection, [product_id]).get(product_id, own.NONE)
    category_id = facts_of(connection, [product_id]).category_of(product, choices)
    wrong = unfit(connection, product, choices, category_id)
    wrong = wrong or unreachable(choices, known)
    if wrong:
        raise ChoicesUnfit(wrong)
    cleaned = texts.clean_description(choices.description) if choices.description else ""
    after = choices_to_json(msgspec.structs.replace(choices, description=cleaned))
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        rows = ProductChoicesRow.objects.select_for_update().filter(connection=connection, product_id=product_id)
        before = rows.values_list("choices", flat=True).first() or {}
        if before == after:
            return False
        if after:
            ProductChoicesRow.objects.update_or_create(
                account_id=connection.account_id,
                connection=connection,
                product_id=product_id,
                defaults={"choices": after},
            )
        else:
            rows.delete()
        was, became = changed(before, after)
        record(by, connection.account_id, action, owner, before=was, after=became, detail=product_id)
        if (was.keys() | became.keys()) & _OF_CATEGORIES and queries.suggestions_of(connection) is not None:
            rank_categories(connection)
        listed = ListingRow.objects.filter(connection=connection, product_id=product_id)
        kinds = [("listing", lanes.NORMAL)] if listed.filter(wanted=True).exists() else []
        if listed.exclude(tiktok_id="").exists():
            kinds += [("price", lanes.NORMAL), ("stock", lanes.URGENT)]
        for kind, priority in kinds:
            lanes.ask(connection.account_id, kind, owner, [product_id], cause=f"product: {by.name}", priority=priority)
    return True


def copy_to_shop(source: Connection, to: Connection, product_id: str, *, by: Actor) -> tuple[Gap, ...]:
    """Keep a product as it is chosen in one shop as a draft in another shop of its store; what is missing there.

    Nothing is sent, and nothing in the shop it is copied from changes; a draft that was there is replaced. Raises
    DocumentError where the other shop has the product listed, belongs to another store, or where TikTok has not told
    yet what its category asks there.
    """
    row = StoreProduct.objects.get(store_id=source.store_id, product_id=product_id)
    if source.store_id != to.store_id or source.id == to.id:
        raise DocumentError("shop", "The other shop has products of another store.")
    if ListingRow.objects.filter(connection=to, product_id=product_id).exclude(tiktok_id="").exists():
        raise DocumentError("shop", f"{to.name} has this product already.")
    copy = copy_of(source, to, queries.document_of(row))
    if copy.leaf is not None and not copy.read:
        raise DocumentError("shop", "TikTok has not told yet what the category asks there. Try again in a moment.")
    _choose(to, product_id, copy.choices, by, "listings.copy_to_shop")
    return copy.gaps


def restore_edit(connection: Connection, product_id: str, field: SyncField, *, by: Actor) -> bool:
    """Make what the last send replaced of an edit on TikTok the product's own title or text. Whether there was one."""
    row = ListingRow.objects.filter(connection=connection, product_id=product_id).first()
    shown = row.overwritten.get(field.value, "") if row is not None else ""
    place = {SyncField.NAME: "title", SyncField.DESCRIPTION: "description"}.get(field)
    if not shown or place is None:
        return False
    known = choices_of(connection, [product_id]).get(product_id, own.NONE)
    choices = msgspec.structs.replace(known, **{place: shown})
    return _choose(connection, product_id, choices, by, "listings.restore_edit")


def map_product(
    connection: Connection, product_id: str, found: ShopListing, pairs: Mapping[str, str], *, by: Actor
) -> int:
    """Make a product that the shop has (`found`, as just read) the listing of one of the store, SKU by SKU.

    `pairs` gives the variant id by TikTok's SKU id. Price and stock follow from now on, and orders find their variants;
    its content is sent only once somebody lists the product. Returns how many SKUs were linked. Safe to repeat. Raises
    DocumentError with words where the pairs do not fit, or the listing belongs to another product of the store.
    """
    row_of = StoreProduct.objects.get(store_id=connection.store_id, product_id=product_id)
    variants = {variant.variant_id for variant in queries.variants_of(row_of)}
    skus = {sku.id: sku for sku in found.skus}
    if not pairs or not set(pairs) <= set(skus) or not set(pairs.values()) <= variants:
        raise DocumentError("pairs", "Choose a variant of the product for at least one SKU.")
    if len(set(pairs.values())) < len(pairs):
        raise DocumentError("pairs", "Each variant can be chosen once.")
    others = ListingRow.objects.filter(connection=connection, tiktok_id=found.id).exclude(product_id=product_id)
    if any(
        StoreProduct.objects.filter(store_id=connection.store_id, product_id=other, deleted=False).exists()
        for other in others.values_list("product_id", flat=True)
    ):
        raise DocumentError("tiktok_id", "Another product of the store has this listing.")
    with transaction.atomic():
        others.update(tiktok_id="", sent=None, wanted=False, state=ListingState.NOT_UPLOADED)
        _keep_rows(connection, [product_id])
        row = ListingRow.objects.select_for_update().get(connection=connection, product_id=product_id)
        row.tiktok_id, row.sent, row.deleted, row.observed_at, row.checked_at = found.id, None, {}, None, None
        row.save(update_fields=["tiktok_id", "sent", "deleted", "observed_at", "checked_at"])
        for sku_id, variant_id in pairs.items():
            code = skus[sku_id].seller_sku
            link(connection, variant_id=variant_id, tiktok_id=found.id, sku_id=sku_id, seller_sku=code, by=by)
        owner = f"connection:{connection.id}"
        record(
            by, connection.account_id, "listings.map_product", owner, after={"tiktok_id": found.id}, detail=product_id
        )
        lanes.ask(
            connection.account_id, "listing", owner, [product_id], cause=f"mapped: {by.name}", signals=Signal.LOOK
        )
    return len(pairs)


def link(
    connection: Connection, *, variant_id: str, tiktok_id: str, sku_id: str, seller_sku: str = "", by: Actor
) -> Link:
    """Pair a variant with a TikTok SKU by hand. Orders that waited for it are created by themselves.

    Raises NeedsPerson where SKUs are matched strictly and these are not equal.
    """
    variant = StoreVariant.objects.get(store_id=connection.store_id, variant_id=variant_id)
    if (seller_sku or variant.sku) != variant.sku:
        _refuse_strict(connection)
    with transaction.atomic():
        met = Link.objects.filter(Q(sku_id=sku_id) | Q(variant_id=variant_id), connection=connection)
        before = dict(met.values_list("variant_id", "sku_id"))
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
        select(connection, [variant.product_id])
        # The SKU of each variant that is concerned: this one, and the one that had the SKU.
        after = dict.fromkeys(before) | {variant_id: sku_id}
        owner = f"connection:{connection.id}"
        record(by, connection.account_id, "listings.link", owner, before={variant_id: None, **before}, after=after)
        problems.unblock(connection.account_id, f"link:{sku_id}")
    return made


def audit_skus(connection: Connection, *, by: Actor) -> Task:
    """Have the SKUs of both sides compared: what is missing, used several times, or nearly equal. Changes nothing."""
    owner, title = f"connection:{connection.id}", f"Audit SKUs of {connection}"
    with transaction.atomic():
        record(by, connection.account_id, "listings.audit_skus", owner)
        return tasks.submit(
            connection.account_id, "sku_audit", title, owner=owner, by=by, params={"connection": connection.id}
        )


def set_channel_sku(connection: Connection, variant_id: str, sku: str, *, by: Actor) -> None:
    """Match a variant with the shop by another SKU than the store's; "" takes that back. Safe to repeat.

    Its product is looked at again, and orders that wait for the SKU are created. Raises NeedsPerson where SKUs are
    matched strictly, or where another variant has the SKU.
    """
    _refuse_strict(connection)
    variant = StoreVariant.objects.get(store_id=connection.store_id, variant_id=variant_id, deleted=False)
    sku = sku.strip()
    rows = ChannelSku.objects.filter(connection=connection)
    before = rows.filter(variant_id=variant_id).values_list("sku", flat=True).first()
    if sku == (before or ""):
        return
    others = StoreVariant.objects.filter(store_id=connection.store_id, sku=sku, deleted=False)
    if sku and (others.exclude(id=variant.id).exists() or rows.filter(sku=sku).exists()):
        raise NeedsPerson("E-SKU-CHANNEL", sku=sku)
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        if sku:
            rows.update_or_create(
                account_id=connection.account_id,
                connection=connection,
                variant_id=variant_id,
                defaults={"product_id": variant.product_id, "sku": sku},
            )
        else:
            rows.filter(variant_id=variant_id).delete()
        record(
            by, connection.account_id, "listings.set_channel_sku", owner,
            before={variant_id: before}, after={variant_id: sku or None},
        )  # fmt: skip
        wanted = ListingRow.objects.filter(connection=connection, product_id=variant.product_id)
        keys = wanted.values_list("product_id", flat=True)
        lanes.ask(connection.account_id, "listing", owner, keys, cause="Channel SKU", signals=Signal.LOOK)
        problems.unblock(connection.account_id, token("sku", sku or variant.sku))


def _refuse_strict(connection: Connection) -> None:
    if queries.matches_strictly(connection):
        raise NeedsPerson("E-SKU-STRICT")


def _ask(
    connection: Connection,
    kind: str,
    product_ids: Sequence[str],
    title: str,
    by: Actor,
    *,
    params: Mapping[str, Any] | None = None,
    signals: Signal = Signal.LOOK,
    priority: int = lanes.NORMAL,
) -> Task:
    with transaction.atomic():
        owner = f"connection:{connection.id}"
        task = tasks.asking(connection.account_id, f"ask_{kind}", title, owner=owner, by=by, params=params)
        tasks.ask_for(task, kind, owner, list(product_ids), signals=signals, priority=priority)
        if not product_ids:
            tasks.settle(task.id)
    return task


def resync(connection: Connection, product_ids: Sequence[str] | None, *, by: Actor) -> Task:
    """Compare price and stock of listings with what they should be, and send what differs. None: all listings."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    keys = sorted(rows.values_list("product_id", flat=True))
    with transaction.atomic():
        owner = f"connection:{connection.id}"
        title = f"Sync price and stock of {counted(len(keys), 'product')} on {connection.shop}"
        task = tasks.asking(connection.account_id, "ask_stock", title, owner=owner, by=by)
        tasks.ask_for(task, "stock", owner, keys, priority=lanes.URGENT)
        tasks.ask_for(task, "price", owner, keys)
        if not keys:
            tasks.settle(task.id)
        _record(by, "listings.resync", task)
    return task


def sync_prices(connection: Connection, product_ids: Sequence[str] | None, *, by: Actor) -> Task:
    """Compare the prices of listings with what they should be, and send those that differ: nothing else. None: all."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    keys = sorted(rows.values_list("product_id", flat=True))
    with transaction.atomic():
        task = _ask(
            connection, "price", keys, f"Sync price of {counted(len(keys), 'product')} on {connection.shop}", by
        )
        _record(by, "listings.sync_prices", task)
    return task


def sync_stock(connection: Connection, product_ids: Sequence[str] | None, *, by: Actor) -> Task:
    """Compare the stock of listings with what it should be, and send what differs: nothing else. None: all."""
    with transaction.atomic():
        task = _send_stock(connection, product_ids, "Sync inventory", by, signals=Signal.LOOK)
        _record(by, "listings.sync_stock", task)
    return task


def resend_stock(connection: Connection, *, by: Actor) -> Task:
    """Send the stock of every listing again, whether it differs from what TikTok shows or not: nothing else."""
    with transaction.atomic():
        task = _send_stock(connection, None, "Force inventory resync", by, signals=Signal.LOOK | Signal.RESEND)
        _record(by, "listings.resend_stock", task)
    return task


def _send_stock(
    connection: Connection, product_ids: Sequence[str] | None, what: str, by: Actor, *, signals: Signal
) -> Task:
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    if product_ids is not None:
        rows = rows.filter(product_id__in=list(product_ids))
    keys = sorted(rows.values_list("product_id", flat=True))
    title = f"{what} of {counted(len(keys), 'product')} on {connection.shop}"
    return _ask(connection, "stock", keys, title, by, signals=signals, priority=lanes.URGENT)


def compare_stock_of_siblings(connection: Connection, *, cause: str) -> None:
    """Have the stock of what the store's other shops list compared: what one shop is given, the others are not."""
    others = Connection.objects.filter(store_id=connection.store_id).exclude(id=connection.id)
    for other in others:
        rows = ListingRow.objects.filter(connection=other).exclude(tiktok_id="")
        keys = rows.values_list("product_id", flat=True)
        lanes.ask(other.account_id, "stock", f"connection:{other.id}", keys, cause=cause, priority=lanes.URGENT)


def compare(connection: Connection, *, by: Actor) -> int:
    """Ask for price and stock of every listing: what moved unnoticed on either side is set right. Returns how many."""
    rows = ListingRow.objects.filter(connection=connection).exclude(tiktok_id="")
    keys = list(rows.values_list("product_id", flat=True))
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        record(by, connection.account_id, "listings.compare", owner)
        for kind in ("stock", "price"):
            lanes.ask(connection.account_id, kind, owner, keys, cause="comparison", priority=lanes.BULK)
    return len(keys)


def synchronize_warehouses(connection: Connection, *, by: Actor) -> int:
    """Read shop and warehouses at TikTok, and send again what is due; how many products those are.

    Due is what TikTok refused for a warehouse, and all stock once a warehouse that gets some is open again.
    Safe to repeat. Raises what reading raises, where TikTok does not answer or the shop is closed.
    """
    before = push_rules.open_warehouses(connection)
    connection_actions.read_warehouses(connection, by=by)
    opened = push_rules.open_warehouses(connection) - before
    owner, cause = f"connection:{connection.id}", f"warehouses synchronized by {by.name}"
    with transaction.atomic():
        record(by, connection.account_id, "listings.synchronize_warehouses", owner)
        lanes.ask(connection.account_id, "warehouse", owner, ["all"], cause=cause, priority=lanes.URGENT)
        keys = set(problems.open_keys(connection.account_id, owner, "E-WHS-STATUS"))
        if opened & push_rules.fed(connection):
            keys |= set(every_listed(connection))
        lanes.ask(connection.account_id, "stock", owner, keys, cause=cause, priority=lanes.URGENT)
    return len(keys)


def read_categories(connection: Connection, category_ids: Iterable[str] = ()) -> None:
    """Have TikTok's category tree read, or what these categories ask, for the page that shows it. Changes nothing."""
    keys = [f"category {category_id}" for category_id in category_ids] or ["categories"]
    lanes.ask(connection.account_id, POLLS, f"connection:{connection.id}", keys, cause="asked for by a page")


def suggest_categories(connection: Connection, *, by: Actor) -> None:
    """Have TikTok asked which categories fit the store's goods; the answers wait on the template's page."""
    owner = f"connection:{connection.id}"
    with transaction.atomic():
        CategorySuggestions.objects.update_or_create(
            account_id=connection.account_id, connection=connection, defaults={"asked_at": clock.now()}
        )
        record(by, connection.account_id, "listings.suggest_categories", owner)
        lanes.ask(connection.account_id, POLLS, owner, ["suggestions"], cause="asked for by a person")


_OF_CATEGORIES: Final = {"attributes", "certificates", "manufacturer_id", "responsible_person_id"}
"""Choices that decide what products of a category miss: the category map counts them."""


def rank_categories(connection: Connection) -> None:
    """Have the store's categories counted and ranked, for the page that shows them. Changes nothing else."""
    owner = f"connection:{connection.id}"
    lanes.ask(connection.account_id, POLLS, owner, ["ranking"], cause="asked for by a page")


class NothingToUndo(Exception):
    """The task switched no listings."""


def undo(task: Task, *, by: Actor) -> Task:
    """Switch back the listings that a task switched or still would: on what it takes off, off what it puts on.

    Those that were skipped or refused stay as they are. Raises NothingToUndo.
    """
    if not queries.may_be_undone(task):
        raise NothingToUndo
    connection = Connection.objects.select_related("shop").get(id=sync.owner_id(task.owner))
    turn = deactivate if task.params["on"] else activate
    with transaction.atomic():
        made = turn(connection, queries.switched_by(task), by=by)
        record(by, task.account_id, "listings.undo", f"task:{task.id}", after={"task": made.id}, detail=task.title)
    return made


def run_again(task: Task, *, by: Actor) -> Task:
    """As `sync.actions.run_again`; listings that a task failed to switch are wished on or off again."""
    if task.kind != "ask_visibility":
        return sync_actions.run_again(task, by=by)
    if not sync.may_run_again(task):
        raise sync_actions.NothingToRunAgain
    connection = Connection.objects.select_related("shop").get(id=sync.owner_id(task.owner))
    if "remove" in task.params:
        turn = delete if task.params["remove"] else recover
    else:
        turn = activate if task.params["on"] else deactivate
    with transaction.atomic():
        made = turn(connection, sync.keys_of(task, "failed"), by=by)
        record(by, task.account_id, "listings.run_again", f"task:{task.id}", after={"task": made.id}, detail=task.title)
    return made


def _record(by: Actor, action: str, task: Task, *, after: Mapping[str, Any] | None = None) -> None:
    """Note an action that asks for products. Which ones stands in the items of its task."""
    record(by, task.account_id, action, task.owner, after=after, detail=task.title)
