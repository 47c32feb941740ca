"""The visibility flow: listings put on sale or taken off where somebody wants it; nothing of them is edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twinshelf.connections.batches import ConnectionBatch
from twinshelf.documents import (
    ActivateListing,
    AnyChange,
    DeactivateListing,
    DeleteListing,
    ListingState,
    ListingStatus,
    RecoverListing,
)
from twinshelf.errors import NeedsPerson
from twinshelf.goods import snapshot
from twinshelf.kit import clock
from twinshelf.kit.upsert import update_rows
from twinshelf.listings import desiring
from twinshelf.listings import plan as planning
from twinshelf.listings.facts import facts_of
from twinshelf.listings.models import Link, ListingRow, deleted_of
from twinshelf.sync import lanes
from twinshelf.sync.flows import Closed, Flow, Made, Signal
from twinshelf.tiktok.errors import PartlyRefused

_AT_ONCE = 20
"""Products in one call. Source: Activate Product, Deactivate Product, `product_ids`."""


def observe_visibility(batch: ConnectionBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenVisibility]:
    """The listings that somebody wants on or off, as last seen, and those whose stock is low."""
    rows = ListingRow.objects.filter(connection=batch.connection, product_id__in=list(keys))
    low = _low(batch, [row.product_id for row in rows if row.tiktok_id])
    seen = {
        row.product_id: planning.SeenVisibility(
            row.product_id,
            tiktok_id=row.tiktok_id,
            state=row.state,
            switch_to=row.switch_to,
            remove_to=row.remove_to,
            deleted_id=row.deleted.get("id", ""),
            low=low.get(row.product_id, ()),
        )
        for row in rows
    }
    return {key: seen.get(key) or planning.SeenVisibility(key, tiktok_id="", state="", switch_to=None) for key in keys}


def _low(batch: ConnectionBatch, product_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The seller SKUs for whose low stock each of these products is to be off sale."""
    connection = batch.connection
    if batch.preferences.inventory_direction != "bc_to_tts" or not product_ids:
        return {}
    links = list(Link.objects.filter(connection=connection, product_id__in=product_ids))
    products = snapshot.products_of(connection.store_id, product_ids)
    desired = desiring.skus_on_both_sides(connection, links, facts_of(connection, product_ids), products)
    linked = {link.variant_id for link in links}
    return {product_id: planning.low_skus(skus, linked) for product_id, skus in desired.items()}


def apply_visibility(
    batch: ConnectionBatch, changes: Sequence[tuple[str, AnyChange]]
) -> Mapping[str, Made | Exception]:
    """Switch, delete or recover up to 20 listings by a call for each of these. Safe to repeat: it sets.

    That a listing is taken off for its low stock is noted before the call: where its answer is lost, the shop tells
    later only that somebody took it off.
    """
    results: dict[str, Made | Exception] = {}
    low = [each.shop_listing_id for _key, each in changes if isinstance(each, DeactivateListing) and each.low]
    if low:
        rows = ListingRow.objects.filter(connection=batch.connection, tiktok_id__in=low)
        rows.update(low_off_at=clock.now())
    for kind, call, word in (
        (ActivateListing, batch.shop_client.activate, "activated"),
        (DeactivateListing, batch.shop_client.deactivate, "deactivated"),
        (DeleteListing, batch.shop_client.delete, "deleted; it can be recovered"),
        (RecoverListing, batch.shop_client.recover, "recovered, off sale"),
    ):
        asked = {change.shop_listing_id: (key, change) for key, change in changes if isinstance(change, kind)}
        if not asked:
            continue
        refused: Mapping[str, Exception] = {}
        try:
            call(list(asked))
        except PartlyRefused as error:
            refused = error.one_by_one()
        results |= {
            key: refused.get(tiktok_id) or Made(word + _reason(change)) for tiktok_id, (key, change) in asked.items()
        }
    return results


def _reason(change: AnyChange) -> str:
    """Why we switch it by ourselves; "" where a person wants it."""
    match change:
        case DeactivateListing(low=low) if low:
            return f": stock is at or below the limit ({', '.join(low)})"
        case ActivateListing(restocked=True):
            return ": stock is above the limit again"
        case _:
            return ""


def record_visibility(batch: ConnectionBatch, closed: Sequence[Closed[planning.SeenVisibility]]) -> None:
    """Keep what was switched. The wish is over once it was carried out or refused: it was for once."""
    over = [each for each in closed if each.outcome.state in {"applied", "parked"}]
    rows = ListingRow.objects.filter(connection=batch.connection, product_id__in=[each.key for each in over])
    by_key = {row.product_id: row for row in rows}
    back: list[str] = []
    recovered: list[str] = []
    for each in over:
        if (row := by_key.get(each.key)) is None:
            continue
        if row.switch_to == each.seen.switch_to:  # otherwise somebody wishes something else by now
            row.switch_to = None
        if row.remove_to == each.seen.remove_to:
            row.remove_to = None
        _note_reason(row, each)
        for done in each.done:
            if done.made is None:
                if isinstance(done.change, RecoverListing) and isinstance(done.error, NeedsPerson):
                    row.deleted = {**row.deleted, "refused": True}  # TikTok does not keep it any more
                continue
            match done.change:
                case ActivateListing():
                    row.state, row.low_off_at = ListingState.REVIEWING, None
                    back.append(row.product_id)
                case DeactivateListing(low=low):
                    row.state = ListingState.INACTIVE_SYSTEM if low else ListingState.INACTIVE_SELLER
                    row.low_off_at = clock.now() if low else None
                case DeleteListing():
                    _note_deleted(batch, row)
                case RecoverListing():
                    _note_recovered(batch, row)
                    recovered.append(row.product_id)
    update_rows(list(by_key.values()), _WRITTEN)
    lane = batch.lane  # its stock may have moved while it was off
    lanes.ask(lane.account_id, "listing", lane.owner, recovered, cause="recovered", signals=Signal.LOOK)
    lanes.ask(lane.account_id, "stock", lane.owner, back, cause="switched on", priority=lanes.URGENT)


def _note_reason(row: ListingRow, each: Closed[planning.SeenVisibility]) -> None:
    """Keep that what was taken off for its low stock is off from now on because a person wants it."""
    if each.seen.switch_to is False and not each.done and row.state == ListingState.INACTIVE_SYSTEM:
        row.state, row.low_off_at = ListingState.INACTIVE_SELLER, None


_WRITTEN = (
    "switch_to", "remove_to", "state", "status", "tiktok_id", "sent", "wanted", "deleted", "checked_at", "observed_at",
    "low_off_at",
)  # fmt: skip


def _note_deleted(batch: ConnectionBatch, row: ListingRow) -> None:
    """It is not there any more, and not made anew before somebody wants it; what it was is kept to recover it."""
    links = Link.objects.filter(connection=batch.connection, product_id=row.product_id)
    if row.tiktok_id:
        row.deleted = deleted_of(row.tiktok_id, links)
    links.delete()
    row.tiktok_id, row.sent, row.wanted = "", None, False
    row.state, row.status = ListingState.NOT_UPLOADED, ListingStatus.DELETED


def _note_recovered(batch: ConnectionBatch, row: ListingRow) -> None:
    """It is there again, off sale, with the links that it had; the next look tells the rest."""
    connection, before = batch.connection, row.deleted
    Link.objects.bulk_create(
        [
            Link(
                account_id=connection.account_id, connection=connection, product_id=row.product_id,
                variant_id=variant_id, sku_id=sku_id, seller_sku=code, tiktok_id=before["id"],
            )
            for variant_id, sku_id, code in before.get("links", ())
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    row.tiktok_id, row.deleted, row.wanted = before["id"], {}, True
    row.state, row.status = ListingState.INACTIVE_SELLER, ListingStatus.SELLER_DEACTIVATED
    row.checked_at = row.observed_at = None


VISIBILITY = Flow(
    "visibility",
    ConnectionBatch,
    observe_visibility,
    planning.plan_visibility,
    record=record_visibility,
    apply_together=apply_visibility,
    together=_AT_ONCE,
    size=100,
)
