"""Stores that install our app from BigCommerce's Marketplace: what they grant, and who takes them into an account.

BigCommerce's callbacks carry no state, so none of them says which account a store is for, and a browser's cookie is no
word on it either (A10). A store that is known here renews its access; any other waits, its token sealed, until an owner
who was handed its ticket in the control panel takes it into an account.
Source: docs/platforms/bigcommerce.md section 3.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django_scopes import scope

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Account
from twinshelf.accounts.people import hash_of
from twinshelf.connections import clients, stores
from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import AccessState, Installation, Store
from twinshelf.connections.queries import api_url
from twinshelf.errors import NeedsPerson, ScopeMissing, Transient
from twinshelf.kit import clock, skew
from twinshelf.kit.secrets import seal, unseal
from twinshelf.storefronts.known import DEFAULT, STOREFRONTS
from twinshelf.storefronts.protocol import Claims
from twinshelf.sync import lanes

TICKET_SECONDS = 3600
_PLATFORM = STOREFRONTS[DEFAULT]
_TRIALS = 0
"""Whose budget the first look into a store in no account spends: that of no account."""


class NoStoreApp(NeedsPerson):
    """The operator has not set the app's client id and secret, without which no store can install it."""

    def __init__(self) -> None:
        super().__init__("E-CON-NOSTOREAPP")


class TicketSpent(NeedsPerson):
    """The link was used, replaced by a newer one, is too old, or the app was taken out meanwhile."""

    def __init__(self) -> None:
        super().__init__("E-CON-TICKET")


@dataclass(frozen=True)
class Opened:
    """Our app in a store's control panel. `store` is None while the store is in no account."""

    name: str
    store: Store | None
    ticket: str = field(default="", repr=False)
    """Lets its bearer take the store into an account of theirs, once, for an hour; "" where nobody is handed one."""


def installed(query: Mapping[str, str], *, redirect_uri: str, by: Actor) -> Opened:
    """The auth callback: exchange the code, then renew the access of a store that is known, or let it wait.

    A store may install again and again. Raises NoStoreApp, Unauthorized where BigCommerce refuses the code,
    PlatformDown where it gives no usable answer, ScopesMissing where less was granted than we need.
    """
    client_id, client_secret = _app()
    grant = _PLATFORM.grant(
        query,
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=redirect_uri,
        login_url=settings.OPERATOR.bigcommerce_login,
    )
    known = _store(grant.store_hash)
    now = skew.now(api_url(_PLATFORM.key))
    if known is not None:
        with scope(account=known.account):
            renewed = stores.connect_store(
                known.account,
                store_hash_or_url=grant.store_hash,
                access_token=grant.access_token,
                installed_at=now,
                by=by,
            )
            with transaction.atomic():
                before, after = {"state": known.state}, {"state": renewed.state}
                record(by, known.account_id, "connections.installed", f"store:{known.id}", before=before, after=after)
        return Opened(renewed.name, renewed)
    waiting, _ = Installation.objects.update_or_create(
        store_hash=grant.store_hash,
        defaults={
            "name": _name_of(grant.store_hash, grant.access_token),
            "token": seal(grant.access_token, bound_to=store_binding(grant.store_hash)),
            "installed_at": now,
        },
    )
    return Opened(waiting.name, None, _new_ticket(waiting))


def opened(claims: Claims) -> Opened:
    """The load callback: what is known here of the store. Raises TicketSpent where nothing is.

    Only the store's owner is handed a new ticket: others of the store may open the app, not say whose store it is.
    """
    known = _store(claims.store_hash)
    if known is not None:
        return Opened(known.name, known)
    waiting = Installation.objects.filter(store_hash=claims.store_hash).first()
    if waiting is None:
        raise TicketSpent
    return Opened(waiting.name, None, _new_ticket(waiting) if claims.by_owner else "")


def uninstalled(claims: Claims, *, by: Actor) -> None:
    """The uninstall callback: the token is forgotten, and all work for the store's connections rests. Safe to repeat.

    All data stays; installing again goes on with it. What was said before the newest installation counts no more, and
    of a store whose credentials were typed in nothing was installed.
    """
    later = claims.issued_at + timedelta(seconds=1)  # BigCommerce dates to the second
    Installation.objects.filter(store_hash=claims.store_hash, installed_at__lt=later).delete()
    known = _store(claims.store_hash)
    if known is None or known.installed_at is None or known.installed_at >= later:
        return
    with scope(account=known.account), transaction.atomic():
        Store.objects.filter(id=known.id).update(state=AccessState.DISCONNECTED, token="")
        before, after = {"state": known.state}, {"state": AccessState.DISCONNECTED}
        record(by, known.account_id, "connections.uninstalled", f"store:{known.id}", before=before, after=after)
        lanes.ask(known.account_id, "store", f"store:{known.id}", ["hooks"], cause="uninstalled")


def claims_of(jwt: str) -> Claims:
    """Who called, if BigCommerce signed it for our app. Raises NotGenuine, NoStoreApp."""
    client_id, client_secret = _app()
    now = skew.now(api_url(_PLATFORM.key))
    return _PLATFORM.claims(jwt, client_id=client_id, client_secrets=[client_secret], now=now)


def waiting(ticket: str) -> Installation:
    """The store that a ticket is for. Raises TicketSpent."""
    found = Installation.objects.filter(ticket_hash=hash_of(ticket), ticket_until__gt=clock.now()).first()
    if found is None or not ticket:
        raise TicketSpent
    return found


def claim_store(account: Account, ticket: str, *, by: Actor) -> Store:
    """Take the store that a ticket is for into an account, with its token. Works once.

    Raises TicketSpent, and all that connecting a store raises; then the ticket stays good.
    """
    found = waiting(ticket)
    store = stores.connect_store(
        account,
        store_hash_or_url=found.store_hash,
        access_token=unseal(found.token, bound_to=store_binding(found.store_hash)),
        installed_at=found.installed_at,
        by=by,
    )
    with transaction.atomic():
        Installation.objects.filter(id=found.id, ticket_hash=found.ticket_hash).delete()
        record(by, account.id, "connections.claim_store", f"store:{store.id}")
    return store


def _app() -> tuple[str, str]:
    operator = settings.OPERATOR
    if not (operator.bigcommerce_client_id and operator.bigcommerce_client_secret):
        raise NoStoreApp
    return operator.bigcommerce_client_id, operator.bigcommerce_client_secret


def _store(store_hash: str) -> Store | None:
    """The store in whichever account has it."""
    stores_of_all = Store.objects.with_scopes_disabled().select_related("account")
    return stores_of_all.filter(hash=store_hash, platform=_PLATFORM.key).order_by("shared", "id").first()


def _name_of(store_hash: str, token: str) -> str:
    """What the store calls itself; its hash while it does not answer. Raises ScopesMissing, naming every one."""
    with clients.trial_store(_TRIALS, store_hash, token) as client:
        try:
            name = client.store().name
            missing = client.missing_scopes()
        except ScopeMissing as error:
            raise stores.ScopesMissing(client.missing_scopes()) from error
        except Transient:
            return store_hash
    if missing:
        raise stores.ScopesMissing(missing)
    return name


def _new_ticket(found: Installation) -> str:
    ticket = secrets.token_urlsafe(32)
    Installation.objects.filter(id=found.id).update(
        ticket_hash=hash_of(ticket), ticket_until=clock.now() + timedelta(seconds=TICKET_SECONDS)
    )
    return ticket
