"""Authorizing shops: the way to TikTok Shop and back, and what is kept of a seller."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Account
from twinshelf.connections import clients, global_stores, joining
from twinshelf.connections.access import Failing, works_again
from twinshelf.connections.bindings import seller_binding, shop_binding
from twinshelf.connections.joining import Joining, Terms
from twinshelf.connections.models import LOCAL, AccessState, Connection, Seller, Shop
from twinshelf.connections.queries import has_shop_app, lacking, shop_now
from twinshelf.connections.tokens import auth_client, keep_tokens
from twinshelf.documents import Finding, ShopInfo, finding
from twinshelf.errors import NeedsPerson
from twinshelf.kit import clock
from twinshelf.kit.secrets import Unsealable, seal, unseal
from twinshelf.tiktok.auth import Tokens
from twinshelf.tiktok.regions import REGIONS
from twinshelf.tiktok.regions import region as region_of

_STATE_SALT = "twinshelf.tiktok.authorize"
STATE_MAX_AGE_SECONDS = 600
_NONCES, _MOST_NONCES = "tiktok_authorizations", 5
_PARKED, _LEFT = "tiktok_parked", "tiktok_left"
_LONG_AWAY_SECONDS = 60
_LONGEST_NAME = 190


class ShopTaken(NeedsPerson):
    def __init__(self, name: str) -> None:
        super().__init__("E-TEN-TAKEN", shop=name)


class NoShopJoins(NeedsPerson):
    """The authorization is good, and none of its shops may join the account: `why` tells."""

    def __init__(self, why: Finding) -> None:
        super().__init__(why.code, **why.facts)


class NoShopApp(NeedsPerson):
    """The operator has not set the app's key, secret and service id, without which TikTok lets nobody in."""

    def __init__(self) -> None:
        super().__init__("E-CON-NOAPP")


class BadState(NeedsPerson):
    def __init__(self) -> None:
        super().__init__("E-CON-STATE")


class Declined(NeedsPerson):
    """The seller said no on TikTok's page."""

    def __init__(self) -> None:
        super().__init__("E-CON-DECLINED")


@dataclass(frozen=True)
class Wish:
    """What is wanted of an authorization: how the shop or Global Store is called here, and its countries."""

    name: str = ""
    sites: tuple[str, ...] = ()
    """Markets whose sub-stores join, as "MY"; none: those of all markets."""


def authorize_url(
    account: Account, *, region: str, session: SessionBase, name: str = "", sites: Sequence[str] = ()
) -> str:
    """Where to send the merchant's browser to authorize a shop, to be called `name` in Twinshelf if one is given.

    Of a cross-border seller only the shops in `sites` join, or all where there are none. The state in it works in this
    session and for this account, for ten minutes, and once. Raises NoShopApp.
    """
    if not has_shop_app():
        raise NoShopApp
    nonce = secrets.token_urlsafe(16)
    session[_NONCES] = [*session.get(_NONCES, ()), nonce][-_MOST_NONCES:]
    session[_LEFT] = clock.timestamp()
    told = {"account": account.id, "nonce": nonce, "at": clock.timestamp(), "name": name[:_LONGEST_NAME]}
    told["sites"] = sorted(set(sites) & set(REGIONS))
    state = signing.dumps(told, salt=_STATE_SALT)
    return auth_client().authorize_url(region, settings.OPERATOR.tiktok_service_id, state)


def away_since(*, session: SessionBase) -> datetime | None:
    """When this browser was sent to TikTok, if it has not come back since and ought to have."""
    left = float(session.get(_LEFT, 0.0))
    late = left > 0 and clock.timestamp() - left > _LONG_AWAY_SECONDS
    return datetime.fromtimestamp(left, UTC) if late else None


def use_state(state: str, *, account: Account, session: SessionBase) -> Wish:
    """Take a state as used; what was wanted of the authorization.

    Raises BadState unless `authorize_url` made it here not long ago and it is unused.
    """
    try:
        told = signing.loads(state, salt=_STATE_SALT)
    except signing.BadSignature as error:
        raise BadState from error
    unused: list[str] = session.get(_NONCES, [])
    late = clock.timestamp() - told["at"] > STATE_MAX_AGE_SECONDS
    if late or told["account"] != account.id or told["nonce"] not in unused:
        raise BadState
    _once(told["nonce"])
    session[_NONCES] = [nonce for nonce in unused if nonce != told["nonce"]]
    session.pop(_LEFT, None)
    session.save()  # before the code is exchanged, and whatever comes of it
    return Wish(str(told.get("name", "")), tuple(told.get("sites", ())))


def authorize_shops(account: Account, code: str, *, by: Actor, name: str = "", sites: Sequence[str] = ()) -> list[Shop]:
    """Exchange an authorization code, keep the seller's tokens and the shops that join; those shops.

    Of a cross-border seller the shops in `sites` join, or all where there are none; `Seller.left_out` tells the others.
    A new shop of a local seller is called `name` here; a Global Store is, and its sub-stores are numbered: AA01, AA02.

    Authorizing again renews the tokens and keeps all data. Raises ShopTaken if another account has all the shops, and
    NoShopJoins if none may join for another reason: then nothing of a seller who is new here is kept, least of all
    the tokens.
    """
    wish = Wish(name, tuple(sites))
    return _keep_authorization(account, auth_client().exchange(code), "connections.authorize_shops", by, wish)


@dataclass(frozen=True)
class Parked:
    """An authorization that did not begin here and that nobody has confirmed yet: of which seller, for which shops."""

    seller: str
    shops: tuple[str, ...]
    stamp: str
    """Names this very one: what is confirmed must be what was shown."""


class _ParkedTokens(msgspec.Struct, frozen=True):
    at: float
    tokens: Tokens
    shops: tuple[str, ...]


def park_authorization(account: Account, code: str, *, session: SessionBase) -> None:
    """Exchange the code of a browser that came back without a state, and keep the tokens, sealed, in its session only.

    So comes who installs us from TikTok's app store; and so comes a link that somebody else made, to have a shop of
    theirs in this account. Nothing counts before `confirm_parked`.
    """
    tokens = auth_client().exchange(code)
    shops = tuple(info.name for info in clients.trial_seller(tokens).shops())
    kept = msgspec.json.encode(_ParkedTokens(clock.timestamp(), tokens, shops)).decode()
    session[_PARKED] = seal(kept, bound_to=_parked_binding(account))


def parked_authorization(account: Account, *, session: SessionBase) -> Parked:
    """What waits to be confirmed in this browser. Raises BadState where there is nothing, or it waited too long."""
    kept = _parked(account, session)
    return Parked(kept.tokens.seller_name, kept.shops, _stamp(kept))


def confirm_parked(account: Account, *, stamp: str, session: SessionBase, by: Actor) -> list[Shop]:
    """Keep what `park_authorization` left, as `authorize_shops` does. Works once; raises as the two do.

    Raises BadState too if another one took its place since its stamp was shown.
    """
    kept = _parked(account, session)
    if not secrets.compare_digest(stamp.encode(), _stamp(kept).encode()):
        raise BadState
    _once(stamp)
    del session[_PARKED]
    session.save()  # before anything is kept, and whatever comes of it
    return _keep_authorization(account, kept.tokens, "connections.confirm_parked", by, Wish())


def _once(name: str) -> None:
    """Raise BadState if this was used before, be it at the same moment: sessions are written whole."""
    if not cache.add(f"tiktok-authorization:{name}", 1, STATE_MAX_AGE_SECONDS):
        raise BadState


def _parked(account: Account, session: SessionBase) -> _ParkedTokens:
    try:
        kept = msgspec.json.decode(unseal(session[_PARKED], bound_to=_parked_binding(account)), type=_ParkedTokens)
    except (KeyError, Unsealable) as error:
        raise BadState from error
    if clock.timestamp() - kept.at > STATE_MAX_AGE_SECONDS:
        raise BadState
    return kept


def _stamp(kept: _ParkedTokens) -> str:
    return hashlib.sha256(f"{kept.at} {kept.tokens.access_token}".encode()).hexdigest()


def _parked_binding(account: Account) -> str:
    return f"parked:{account.id}"


def _keep_authorization(account: Account, tokens: Tokens, action: str, by: Actor, wish: Wish) -> list[Shop]:
    if known := Seller.objects.filter(account=account, open_id=tokens.open_id).first():
        with transaction.atomic():  # a renewal counts, whatever comes of the rest
            keep_tokens(known, tokens)
            before, after = {"state": known.state}, {"state": AccessState.CONNECTED}
            record(by, account.id, action, f"seller:{known.id}", before=before, after=after)
    leaving = set(Shop.objects.exclude(leaving_at=None).values_list("shop_id", flat=True))
    infos = [info for info in clients.trial_seller(tokens).shops() if info.id not in leaving]
    try:
        with transaction.atomic():
            chosen = _choose(account, infos, wish)
            seller = known or _new_seller(account, tokens)
            shops = _keep_shops(account, seller, chosen, wish, action=action, by=by)
            if known is None:
                keep_tokens(seller, tokens)
            _tell_left_out(seller, infos, chosen)
    except IntegrityError as error:  # another account was quicker
        raise ShopTaken(", ".join(info.name for info in infos)) from error
    if any(shop.is_cross_border for shop in shops):
        global_stores.read_global_store(shops[0].seller, by=by)
    for connection in Connection.objects.filter(shop__in=shops):
        works_again(account.id, f"connection:{connection.id}")
    return shops


def wrong_with_shop(shop: Shop) -> Failing | None:
    """Ask TikTok whether a shop's authorization works, covers all that is needed and is of this shop; None: it is well.

    One call; nothing is changed. Raises Transient where TikTok does not answer.
    """
    try:
        theirs = clients.shop_client(shop).shops()
    except Unsealable:
        return Failing.of(finding("E-CON-AUTH", platform="TikTok Shop", answer="it cannot be read any more"))
    except NeedsPerson as error:
        return Failing(error.code, error.facts)
    if shop.shop_id not in {info.id for info in theirs}:
        names = ", ".join(info.name for info in theirs) or "-"
        return Failing.of(finding("E-CON-OTHER", theirs=names, ours=str(shop)))
    missing = dict.fromkeys(scope for capability in lacking(shop) for scope in capability.missing(shop.seller.scopes))
    if missing:
        return Failing.of(finding("E-CON-SCOPE", platform="TikTok Shop", operation=", ".join(missing)))
    return None


def _choose(account: Account, infos: Sequence[ShopInfo], wish: Wish) -> Joining:
    """Raises ShopTaken or NoShopJoins where TikTok tells of shops and none of them joins or stays."""
    now = Account.objects.select_for_update().get(id=account.id)  # of two at once, the second sees what the first took
    everywhere = Shop.objects.with_scopes_disabled().filter(unbound_at=None)
    ids = [info.id for info in infos]
    had = set(Shop.objects.filter(unbound_at=None, leaving_at=None).values_list("shop_id", flat=True))
    terms = Terms(
        bound=had,
        taken=set(everywhere.exclude(account=account).filter(shop_id__in=ids).values_list("shop_id", flat=True)),
        sites=wish.sites,
        room=None if now.most_shops is None else now.most_shops - len(had),
        cross_border=now.takes_cross_border,
    )
    chosen = joining.choose(infos, terms)
    if infos and not chosen.shops:
        code = chosen.left_out[infos[0].id]
        names = [info.name for info in infos if chosen.left_out[info.id] == code]
        if code == "E-TEN-TAKEN":
            raise ShopTaken(", ".join(names))
        raise NoShopJoins(joining.refusal(code, names, limit=now.most_shops, sites=wish.sites))
    return chosen


def _new_seller(account: Account, tokens: Tokens) -> Seller:
    binding = seller_binding(tokens.open_id)
    return Seller.objects.create(
        account=account,
        open_id=tokens.open_id,
        name=tokens.seller_name,
        region=tokens.region,
        access_token=seal(tokens.access_token, bound_to=binding),
        access_expires_at=tokens.access_expires_at,
        refresh_token=seal(tokens.refresh_token, bound_to=binding),
        refresh_expires_at=tokens.refresh_expires_at,
        scopes=list(tokens.granted_scopes),
        authorized_at=shop_now(),
    )


def _keep_shops(account: Account, seller: Seller, chosen: Joining, wish: Wish, *, action: str, by: Actor) -> list[Shop]:
    known = Shop.objects.filter(seller=seller)
    had = sorted(known.filter(unbound_at=None).values_list("shop_id", flat=True))
    ever = set(known.values_list("shop_id", flat=True))
    shops = [_keep_shop(account, seller, info) for info in chosen.shops]
    if wish.name:
        _name(seller, [shop for shop in shops if shop.shop_id not in ever], chosen, wish.name, action=action, by=by)
    has = sorted({*had, *(shop.shop_id for shop in shops)})
    if has != had:
        record(by, account.id, action, f"seller:{seller.id}", before={"shops": had}, after={"shops": has})
    return shops


def _name(seller: Seller, new: list[Shop], chosen: Joining, name: str, *, action: str, by: Actor) -> None:
    """Call a Global Store and its new sub-stores, or the shop of a local seller, as was wanted."""
    if any(shop.seller_type != LOCAL for shop in chosen.shops) and seller.nickname != name:
        before, seller.nickname = seller.nickname, name
        seller.save(update_fields=["nickname"])
        record(
            by, seller.account_id, action, f"seller:{seller.id}", before={"nickname": before}, after={"nickname": name}
        )
    used = Shop.objects.filter(seller=seller).values_list("display_name", flat=True)
    infos = {info.id: info for info in chosen.shops}
    for shop, called in zip(new, joining.names(name, [infos[shop.shop_id] for shop in new], list(used)), strict=True):
        shop.display_name = called
        shop.save(update_fields=["display_name"])


def _tell_left_out(seller: Seller, infos: Sequence[ShopInfo], chosen: Joining) -> None:
    left_out = [[info.name, info.region, chosen.left_out[info.id]] for info in infos if info.id in chosen.left_out]
    Seller.objects.filter(id=seller.id).update(left_out=left_out)


def _keep_shop(account: Account, seller: Seller, info: ShopInfo) -> Shop:
    shop, _ = Shop.objects.update_or_create(
        account=account,
        shop_id=info.id,
        defaults={
            "seller": seller,
            "name": info.name,
            "region": info.region,
            "seller_type": info.seller_type,
            "cipher": seal(info.cipher, bound_to=shop_binding(info.id)),
            "code": info.code,
            "currency": region_of(info.region).currency,
            "unbound_at": None,
            "access_failing": {},
            "access_tested_at": None,
        },
    )
    return shop
