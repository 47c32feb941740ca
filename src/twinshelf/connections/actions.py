"""Connecting and disconnecting stores and shops."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db import IntegrityError, transaction

from twinshelf.accounts.models import Account, User
from twinshelf.connections import clients
from twinshelf.connections.models import AccessState, Connection, Seller, Shop, Store
from twinshelf.connections.preferences import Preferences, preferences_from_json, preferences_to_json
from twinshelf.documents import ShopInfo
from twinshelf.errors import NeedsPerson, Unauthorized
from twinshelf.kit import clock
from twinshelf.kit.secrets import Unsealable, seal, unseal
from twinshelf.sync import lanes, problems, schedules
from twinshelf.sync.models import Lane
from twinshelf.tiktok.auth import Tokens
from twinshelf.tiktok.regions import region as region_of

_HASH = re.compile(r"[a-z0-9]{6,20}")
_HASH_IN_URL = re.compile(r"(?:store-|/stores/)([a-z0-9]{6,20})")

_DAY = 86_400


class NotAStore(NeedsPerson):
    def __init__(self) -> None:
        super().__init__(
            "That is not a BigCommerce store hash or control-panel address.",
            code="E-CON-HASH",
            remedy="Paste the address of the store's control panel.",
        )


class WrongStore(NeedsPerson):
    def __init__(self, theirs: str, ours: str) -> None:
        super().__init__(
            f"These credentials belong to store {theirs}, not {ours}.",
            code="E-CON-STORE",
            remedy="Use the right API account.",
        )


class ScopesMissing(NeedsPerson):
    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(
            f"The API account lacks: {', '.join(scopes)}.", code="E-CON-SCOPE", remedy="Add the scopes, save again."
        )


class ShopTaken(NeedsPerson):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"This TikTok Shop ({name}) is already connected to another account. Delete it there first.",
            code="E-TEN-TAKEN",
            remedy="Delete the shop where it is connected now, then authorize again.",
        )


class BadState(NeedsPerson):
    def __init__(self) -> None:
        super().__init__(
            "This authorization did not begin here, or took too long.",
            code="E-CON-STATE",
            remedy="Start again with Connect.",
        )


def store_hash_of(text: str) -> str:
    """The store hash in what people paste: the hash itself or any control-panel address. Raises NotAStore."""
    text = text.strip().lower()
    if _HASH.fullmatch(text):
        return text
    if found := _HASH_IN_URL.search(text):
        return found[1]
    raise NotAStore


def connect_store(
    account: Account,
    *,
    store_hash_or_url: str,
    access_token: str,
    client_id: str = "",
    client_secret: str = "",
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> Store:
    """Test the credentials against the store, then keep them sealed. Connecting again replaces them and keeps all data.

    Raises NotAStore, Unauthorized, WrongStore or ScopesMissing; then nothing is kept.
    """
    store_hash = store_hash_of(store_hash_or_url)
    with clients.trial_store(store_hash, access_token.strip()) as client:
        info = client.store()
        if info.hash != store_hash:
            raise WrongStore(info.hash, store_hash)
        if missing := client.missing_scopes():
            raise ScopesMissing(missing)
    binding = clients.store_binding(store_hash)
    with transaction.atomic():
        store, _ = Store.objects.update_or_create(
            account=account,
            hash=store_hash,
            defaults={
                "name": info.name,
                "client_id": client_id.strip(),
                "client_secret": seal(client_secret.strip(), bound_to=binding),
                "token": seal(access_token.strip(), bound_to=binding),
                "state": AccessState.CONNECTED,
                "currency": info.currency,
                "time_zone": info.time_zone,
                "weight_unit": info.weight_unit,
                "length_unit": info.length_unit,
                "prices_include_tax": info.prices_include_tax,
                "control_panel_url": info.control_panel_url,
            },
        )
        if not store.hook_secret:
            store.hook_secret = seal(secrets.token_urlsafe(32), bound_to=binding)
            store.save(update_fields=["hook_secret"])
    _works_again(account.id, f"store:{store.id}")
    for connection in Connection.objects.filter(store=store):
        _works_again(account.id, f"connection:{connection.id}")
    ensure_store_hooks(store)
    schedules.set_schedule(account.id, "store_products", f"store:{store.id}", 3600, first_in=3600)
    schedules.set_schedule(account.id, "store_hooks", f"store:{store.id}", 3600, first_in=3600)
    schedules.set_schedule(account.id, "store_comparison", f"store:{store.id}", _DAY, first_in=_DAY)
    return store


def ensure_store_hooks(store: Store) -> None:
    """Have BigCommerce tell us of changes: create what is missing, switch on what it switched off. Safe to repeat."""
    secret = unseal(store.hook_secret, bound_to=clients.store_binding(store.hash))
    clients.store_client(store).ensure_hooks(store_hook_address(store), secret)


def check_store(store: Store) -> None:
    """Look whether a store still lets us in, and have its webhooks as they should be. Safe to repeat.

    Raises Unauthorized where it does not; it is on record then, and all work for its connections rests.
    """
    try:
        ensure_store_hooks(store)
    except Unauthorized:
        Store.objects.filter(id=store.id).update(state=AccessState.DISCONNECTED)
        raise
    Store.objects.filter(id=store.id).update(state=AccessState.CONNECTED)


def store_hook_address(store: Store) -> str:
    """Where BigCommerce is to post the webhooks of this store."""
    return f"{settings.OPERATOR.base_url}/hooks/bigcommerce/{store.id}"


_STATE_SALT = "twinshelf.tiktok.authorize"
STATE_MAX_AGE_SECONDS = 600
_NONCES, _MOST_NONCES = "tiktok_authorizations", 5


def authorize_url(account: Account, *, region: str, session: SessionBase) -> str:
    """Where to send the merchant's browser to authorize a shop.

    The state in it works in this session and for this account, for ten minutes, and once.
    """
    nonce = secrets.token_urlsafe(16)
    session[_NONCES] = [*session.get(_NONCES, ()), nonce][-_MOST_NONCES:]
    told = {"account": account.id, "nonce": nonce, "at": clock.timestamp()}
    state = signing.dumps(told, salt=_STATE_SALT)
    return clients.auth_client().authorize_url(region, settings.OPERATOR.tiktok_service_id, state)


def use_state(state: str, *, account: Account, session: SessionBase) -> None:
    """Take a state as used. Raises BadState unless `authorize_url` made it here not long ago and it is unused."""
    try:
        told = signing.loads(state, salt=_STATE_SALT)
    except signing.BadSignature as error:
        raise BadState from error
    unused: list[str] = session.get(_NONCES, [])
    late = clock.timestamp() - told["at"] > STATE_MAX_AGE_SECONDS
    if late or told["account"] != account.id or told["nonce"] not in unused:
        raise BadState
    session[_NONCES] = [nonce for nonce in unused if nonce != told["nonce"]]
    session.save()  # before the code is exchanged, and whatever comes of it


def authorize_shops(
    account: Account,
    code: str,
    *,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> list[Shop]:
    """Exchange an authorization code and keep the seller's tokens and all shops they cover.

    Authorizing again renews the tokens and keeps all data. Raises ShopTaken if another account has one of the shops:
    then nothing of a seller who is new here is kept, least of all the tokens.
    """
    return _keep_authorization(account, clients.auth_client().exchange(code))


_PARKED = "tiktok_parked"


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
    tokens = clients.auth_client().exchange(code)
    shops = tuple(info.name for info in clients.trial_seller(tokens).shops())
    kept = msgspec.json.encode(_ParkedTokens(clock.timestamp(), tokens, shops)).decode()
    session[_PARKED] = seal(kept, bound_to=_parked_binding(account))


def parked_authorization(account: Account, *, session: SessionBase) -> Parked:
    """What waits to be confirmed in this browser. Raises BadState where there is nothing, or it waited too long."""
    kept = _parked(account, session)
    return Parked(kept.tokens.seller_name, kept.shops, _stamp(kept))


def confirm_parked(
    account: Account,
    *,
    stamp: str,
    session: SessionBase,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> list[Shop]:
    """Keep what `park_authorization` left, as `authorize_shops` does. Works once; raises as the two do.

    Raises BadState too if another one took its place since its stamp was shown.
    """
    kept = _parked(account, session)
    if not secrets.compare_digest(stamp.encode(), _stamp(kept).encode()):
        raise BadState
    del session[_PARKED]
    session.save()  # before anything is kept, and whatever comes of it
    return _keep_authorization(account, kept.tokens)


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


def _keep_authorization(account: Account, tokens: Tokens) -> list[Shop]:
    binding = clients.seller_binding(tokens.open_id)
    if known := Seller.objects.filter(account=account, open_id=tokens.open_id).first():
        clients.keep_tokens(known, tokens)  # a renewal counts, whatever comes of the rest
    infos = clients.trial_seller(tokens).shops()
    everywhere = Shop.objects.with_scopes_disabled().exclude(account=account)
    taken = set(everywhere.filter(shop_id__in=[info.id for info in infos]).values_list("shop_id", flat=True))
    for info in infos:
        if info.id in taken:
            raise ShopTaken(info.name)
    try:
        with transaction.atomic():
            seller = known or Seller.objects.create(
                account=account,
                open_id=tokens.open_id,
                name=tokens.seller_name,
                region=tokens.region,
                access_token=seal(tokens.access_token, bound_to=binding),
                access_expires_at=tokens.access_expires_at,
                refresh_token=seal(tokens.refresh_token, bound_to=binding),
                refresh_expires_at=tokens.refresh_expires_at,
                scopes=list(tokens.granted_scopes),
            )
            shops = [_keep_shop(account, seller, info) for info in infos]
    except IntegrityError as error:  # another account was quicker
        raise ShopTaken(", ".join(info.name for info in infos)) from error
    for connection in Connection.objects.filter(shop__in=shops):
        _works_again(account.id, f"connection:{connection.id}")
    return shops


def _keep_shop(account: Account, seller: Seller, info: ShopInfo) -> Shop:
    shop, _ = Shop.objects.update_or_create(
        account=account,
        shop_id=info.id,
        defaults={
            "seller": seller,
            "name": info.name,
            "region": info.region,
            "seller_type": info.seller_type,
            "cipher": seal(info.cipher, bound_to=clients.shop_binding(info.id)),
            "code": info.code,
            "currency": region_of(info.region).currency,
        },
    )
    return shop


def pair(
    account: Account,
    *,
    store: Store,
    shop: Shop,
    name: str,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> Connection:
    """Connect a store with a shop: a channel in the store, the shop's warehouses, webhooks, timetables.

    Safe to repeat. Raises NeedsPerson where the shop has no sales warehouse that is switched on.
    """
    client = clients.shop_client(shop)
    warehouses = client.warehouses()
    shop.warehouses = [
        {"id": w.id, "name": w.name, "sales": w.sales, "enabled": w.enabled, "default": w.default} for w in warehouses
    ]
    shop.save(update_fields=["warehouses"])
    usable = [w for w in warehouses if w.sales and w.enabled]
    if not usable:
        raise NeedsPerson(
            f"{shop} has no sales warehouse that is switched on.",
            code="E-WHS-STATUS",
            remedy="Add a warehouse in Seller Center, then connect again.",
        )
    default = next((w for w in usable if w.default), usable[0])
    channel_id = clients.store_client(store).ensure_channel(f"TikTok-Shop-{shop.region}", shop.shop_id)
    if Connection.objects.filter(name=name).exclude(shop=shop).exists():
        raise NeedsPerson(
            f"There is a connection named “{name}” already.", code="E-CON-NAME", remedy="Choose another name."
        )
    with transaction.atomic():
        connection, _ = Connection.objects.update_or_create(
            account=account,
            shop=shop,
            defaults={"store": store, "name": name, "channel_id": channel_id, "warehouse_id": default.id},
        )
    client.ensure_webhooks(f"{settings.OPERATOR.base_url}/hooks/tiktok")
    owner = f"connection:{connection.id}"
    minutes = preferences(connection).order_poll_minutes
    schedules.set_schedule(account.id, "shop_orders", owner, minutes * 60, first_in=2)
    schedules.set_schedule(account.id, "shop_listings", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "shop_cancellations", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "store_orders", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "shop_refusals", owner, 600, first_in=600)
    schedules.set_schedule(account.id, "shop_comparison", owner, _DAY, first_in=_DAY)
    return connection


def preferences(connection: Connection) -> Preferences:
    """The merchant's choices for this connection. Raises DocumentError if one on record does not fit any more."""
    return preferences_from_json(connection.preferences)


def set_preferences(
    connection: Connection,
    chosen: Preferences,
    *,
    by: User | None = None,  # noqa: ARG001 - recorded by the audit log later
) -> None:
    """Replace the choices of a connection. They apply from the next plan on; what waited for one is tried again.

    Raises DocumentError naming the choice that does not fit.
    """
    checked = preferences_from_json(preferences_to_json(chosen))
    with transaction.atomic():
        connection.preferences = preferences_to_json(checked)
        connection.save(update_fields=["preferences"])
        owner = f"connection:{connection.id}"
        schedules.set_schedule(connection.account_id, "shop_orders", owner, checked.order_poll_minutes * 60)
        for token in ("rate", "carrier", "template", "region"):
            problems.unblock(connection.account_id, token)


def disconnected(seller: Seller) -> None:
    """TikTok says that the authorization ended: stop outgoing work, keep everything, tell people."""
    Seller.objects.filter(id=seller.id).update(state=AccessState.DISCONNECTED)
    for connection in Connection.objects.filter(shop__seller=seller):
        for lane in Lane.objects.filter(account_id=connection.account_id, owner=f"connection:{connection.id}"):
            lanes.hold(lane.id, 86_400)
        error = Unauthorized("TikTok Shop", "the seller ended the authorization")
        lane = lanes.lane_of(connection.account_id, "listing", f"connection:{connection.id}")
        problems.open_owner(lane, code=error.code, text=str(error), remedy=error.remedy)


def _works_again(account_id: int, owner: str) -> None:
    problems.close_owner(account_id, owner)
    lanes.release_hold(account_id, owner)
