"""A seller's tokens: on record before anybody uses them, and refreshed once though many notice at once."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from twinshelf.connections.bindings import seller_binding
from twinshelf.connections.models import AccessState, Seller
from twinshelf.connections.queries import shop_now
from twinshelf.errors import NeedsPerson, PlatformDown, Unauthorized
from twinshelf.kit import clock
from twinshelf.kit.secrets import seal, unseal
from twinshelf.tiktok.auth import TikTokAuth, Tokens

RENEW_BEFORE = timedelta(days=1)
"""An access token (about 7 days) is refreshed this long before it ends."""


def auth_client() -> TikTokAuth:
    """TikTok's sign-in with our app's key: codes and refresh tokens for tokens. Belongs to no seller."""
    operator = settings.OPERATOR
    return TikTokAuth(
        operator.tiktok_app_key,
        operator.tiktok_app_secret,
        auth_url=operator.tiktok_auth,
        authorize_url=operator.tiktok_services or None,
    )


class SellerTokens:
    """`TokenSource` of the TikTok client: the seller's access token, refreshed once though many notice at once.

    A refresh replaces both tokens on TikTok's side, and two at once may undo each other. So whoever wins the row's
    lease refreshes; the others wait for the row's generation to move and take what it left. Accounts that share a
    Global Store have a row each, with the same tokens and generation: the first of those rows holds the lease.
    """

    _WAIT_SECONDS = 15.0
    _GOOD_FOR_SECONDS = 1.0
    """A token just looked up is not looked up again for each of many calls; one renewed meanwhile is noticed later."""

    def __init__(self, seller_id: int) -> None:
        self._seller_id = seller_id
        self._cached: tuple[int, str] = (-1, "")
        self._recent: tuple[float, Seller] | None = None

    def access_token(self) -> str:
        """The current token; refreshed first if it is about to end."""
        recent, now = self._recent, clock.monotonic()
        if recent is None or now - recent[0] > self._GOOD_FOR_SECONDS:
            recent = self._recent = (now, self._row())
        seller = recent[1]
        if seller.access_expires_at - clock.now() < RENEW_BEFORE:
            self._recent = None
            try:
                return self._refresh(seller)
            except PlatformDown:
                if seller.access_expires_at > clock.now():  # still good: do not fail a call over a renewal
                    return self._open(seller)
                raise
        return self._open(seller)

    def refresh_after(self, rejected: str) -> str:
        """A token other than `rejected`. Raises Unauthorized if the seller must authorize again."""
        seller = self._row()
        current = self._open(seller)
        return current if current != rejected else self._refresh(seller)

    def _row(self) -> Seller:
        return Seller.objects.with_scopes_disabled().get(id=self._seller_id)

    def _open(self, seller: Seller) -> str:
        if self._cached[0] != seller.generation:
            self._cached = (seller.generation, unseal(seller.access_token, bound_to=seller_binding(seller.open_id)))
        return self._cached[1]

    def _refresh(self, seller: Seller) -> str:
        sellers = Seller.objects.with_scopes_disabled()
        give_up = clock.monotonic() + self._WAIT_SECONDS
        while True:
            now = clock.now()
            first = _sharing(seller).order_by("id").values_list("id", flat=True).first()
            won = (
                sellers.filter(id=first or seller.id, generation=seller.generation)
                .filter(Q(refreshing_until=None) | Q(refreshing_until__lt=now))
                .update(refreshing_until=now + timedelta(seconds=30))
            )
            if won:
                return self._refresh_now(seller)
            row = self._row()
            if row.generation != seller.generation:
                return self._open(row)
            if clock.monotonic() > give_up:
                raise PlatformDown("another worker is refreshing the TikTok token", wait_seconds=5)
            clock.sleep(0.1)

    def _refresh_now(self, seller: Seller) -> str:
        sellers = _sharing(seller)
        binding = seller_binding(seller.open_id)
        try:
            tokens = auth_client().refresh(unseal(seller.refresh_token, bound_to=binding))
        except NeedsPerson as error:
            # Only of the tokens that were tried: a worker that stood still may have lost its lease, and others renewed.
            if not sellers.update(refreshing_until=None, state=AccessState.DISCONNECTED):
                return self._open(self._row())
            raise Unauthorized("TikTok Shop", "the authorization has ended") from error
        except Exception:
            sellers.update(refreshing_until=None)
            raise
        if not keep_tokens(seller, tokens, refreshed=True):  # the seller authorized anew meanwhile: that one counts
            return self._open(self._row())
        return tokens.access_token


def keep_tokens(seller: Seller, tokens: Tokens, *, refreshed: bool = False) -> bool:
    """Put new tokens on the seller's row, all in one transaction, before anybody uses them.

    They replace those of other accounts that have sub-stores of the same Global Store, which get them too. Tokens of a
    refresh only count if the rows are still as the refresh found them. Returns whether they were kept.
    """
    binding = seller_binding(seller.open_id)
    same = Seller.objects.with_scopes_disabled().filter(open_id=seller.open_id)
    rows = _sharing(seller) if refreshed else same.filter(Q(id=seller.id) | Q(state=AccessState.CONNECTED))
    with transaction.atomic():
        newest = same.aggregate(newest=Max("generation"))["newest"] or 0
        kept = rows.update(
            access_token=seal(tokens.access_token, bound_to=binding),
            access_expires_at=tokens.access_expires_at,
            refresh_token=seal(tokens.refresh_token, bound_to=binding),
            refresh_expires_at=tokens.refresh_expires_at,
            scopes=list(tokens.granted_scopes),
            state=AccessState.CONNECTED,
            generation=newest + 1,
            refreshing_until=None,
        )
        if not refreshed:
            same.filter(id=seller.id).update(authorized_at=shop_now())
    return bool(kept)


def _sharing(seller: Seller) -> QuerySet[Seller]:
    """The rows, of all accounts, whose tokens are those of this one as it was read."""
    rows = Seller.objects.with_scopes_disabled().filter(open_id=seller.open_id, generation=seller.generation)
    return rows.filter(Q(id=seller.id) | Q(state=AccessState.CONNECTED))
