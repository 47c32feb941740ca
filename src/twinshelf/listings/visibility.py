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
from twinshelf.kit.upsert import update_rows
from twinshelf.listings import plan as planning
from twinshelf.listings.models import Link, ListingRow, deleted_of
from twinshelf.sync import lanes
from twinshelf.sync.flows import Closed, Flow, Made, Signal
from twinshelf.tiktok.errors import PartlyRefused

_AT_ONCE = 20
"""Products in one call. Source: Activate Product, Deactivate Product, `product_ids`."""


def observe_visibility(batch: ConnectionBatch, keys: Sequence[str]) -> Mapping[str, planning.SeenVisibility]:
    """The listings that somebody wants on or off, as last seen."""
    rows = ListingRow.objects.filter(connection=batch.connection, product_id__in=list(keys))
    seen = {
        row.product_id: planning.SeenVisibility(
            row.product_id,
            tiktok_id=row.tiktok_id,
            state=row.state,
            switch_to=row.switch_to,
            remove_to=row.remove_to,
            deleted_id=row.deleted.get("id", ""),
        )
        for row in rows
    }
    return {key: seen.get(key) or planning.SeenVisibility(key, tiktok_id="", state="", switch_to=None) for key in keys}


def apply_visibility(
    batch: ConnectionBatch, changes: Sequence[tuple[str, AnyChange]]
) -> Mapping[str, Made | Exception]:
    """Switch, delete or recover up to 20 listings by a call for each of these. Safe to repeat: it sets."""
    results: dict[str, Made | Exception] = {}
    for kind, call, word in (
        (ActivateListing, batch.shop_client.activate, "activated"),
        (DeactivateListing, batch.shop_client.deactivate, "deactivated"),
        (DeleteListing, batch.shop_client.delete, "deleted; it can be recovered"),
        (RecoverListing, batch.shop_client.recover, "recovered, off sale"),
    ):
        keys = {change.shop_listing_id: key for key, change in changes if isinstance(change, kind)}
        if not keys:
            continue
        refused: Mapping[str, Exception] = {}
        try:
            call(list(keys))
        except PartlyRefused as error:
            refused = error.one_by_one()
        results |= {key: refused.get(tiktok_id) or Made(word) for tiktok_id, key in keys.items()}
    return results


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
        for done in each.done:
            if done.made is None:
                continue
            match done.change:
                case ActivateListing():
                    row.state = ListingState.REVIEWING
                    back.append(row.product_id)
                case DeactivateListing():
                    row.state = ListingState.INACTIVE_SELLER
                case DeleteListing():
                    _note_deleted(batch, row)
                case RecoverListing():
                    _note_recovered(batch, row)
                    recovered.append(row.product_id)
    update_rows(list(by_key.values()), _WRITTEN)
    lane = batch.lane  # its stock may have moved while it was off
    lanes.ask(lane.account_id, "listing", lane.owner, recovered, cause="recovered", signals=Signal.LOOK)
    lanes.ask(lane.account_id, "stock", lane.owner, back, cause="switched on", priority=lanes.URGENT)


_WRITTEN = (
    "switch_to", "remove_to", "state", "status", "tiktok_id", "sent", "wanted", "deleted", "checked_at", "observed_at",
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
