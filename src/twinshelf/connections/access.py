"""What follows when a store or a shop ends the access it gave us, or gives it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from django.db import transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.connections.models import LOCAL, AccessState, Connection, Seller, Shop, Store
from twinshelf.documents import Finding, StoreRight, StoreScope, finding
from twinshelf.errors import Unauthorized
from twinshelf.kit import clock
from twinshelf.sync import lanes, problems
from twinshelf.sync.models import Lane


class Failing(msgspec.Struct, frozen=True):
    """What was wrong with our access to a store or a shop. `closed`: what its missing scopes would open, of a store."""

    code: str
    facts: dict[str, str]
    closed: tuple[StoreRight, ...] = ()

    @classmethod
    def of(cls, said: Finding, missing: Sequence[StoreScope] = ()) -> Failing:
        """What a finding says."""
        return cls(said.code, dict(said.facts), tuple(scope.opens for scope in missing))


def failing(side: Store | Shop) -> Failing | None:
    """What was wrong with our access when it was last tested; None if nothing was."""
    return msgspec.convert(side.access_failing, Failing) if side.access_failing else None


def keep_test(side: Store | Shop, found: Failing | None) -> None:
    """Keep what a test of our access found."""
    side.access_failing = msgspec.to_builtins(found) if found is not None else {}
    side.access_tested_at = clock.now()
    side.save(update_fields=["access_failing", "access_tested_at"])


def disconnected(shop: Shop, *, at: datetime, new: bool, by: Actor) -> None:
    """TikTok says that the authorization of a shop ended: stop outgoing work, keep everything, tell people.

    A sub-store of a Global Store goes alone, and the others work on; with the last of them the authorization ends.
    `at` is when it ended, `new` whether it is told for the first time. Of an authorization before the one on record it
    says nothing: TikTok repeats its deliveries for hours, and whoever caught one can send it again.
    """
    seller = Seller.objects.get(id=shop.seller_id)
    since = seller.authorized_at.replace(microsecond=0)  # TikTok dates to the second
    if at < since or (at == since and not new):
        return
    with transaction.atomic():
        gone = Shop.objects.filter(id=shop.id, unbound_at=None)
        if shop.is_cross_border and gone.update(unbound_at=at):
            subject = f"shop:{shop.id}"
            record(by, seller.account_id, "connections.disconnected", subject, after={"unbound_at": at.isoformat()})
        if not Shop.objects.exclude(seller_type=LOCAL).filter(seller=seller, unbound_at=None).exists():
            _end(seller, by)
    for connection in Connection.objects.filter(shop=shop):
        for lane in Lane.objects.filter(account_id=connection.account_id, owner=f"connection:{connection.id}"):
            lanes.hold(lane.id, 86_400)
        ended = Unauthorized("TikTok Shop", "the seller ended the authorization")
        lane = lanes.lane_of(connection.account_id, "listing", f"connection:{connection.id}")
        problems.open_owner(lane, finding(ended.code, **ended.facts))


def _end(seller: Seller, by: Actor) -> None:
    before, after = {"state": seller.state}, {"state": AccessState.DISCONNECTED}
    Seller.objects.filter(id=seller.id).update(state=AccessState.DISCONNECTED)
    if before != after:
        record(by, seller.account_id, "connections.disconnected", f"seller:{seller.id}", before=before, after=after)


def works_again(account_id: int, owner: str) -> None:
    """Work for `owner` goes on: what was told of its access is settled, what rested for it is due."""
    problems.close_owner(account_id, owner)
    lanes.release_hold(account_id, owner)
