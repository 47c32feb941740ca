"""Connecting stores: credentials tested and sealed, webhooks, timetables."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from twinshelf.accounts.actors import Actor
from twinshelf.accounts.audit import record
from twinshelf.accounts.models import Account
from twinshelf.connections import clients, currencies
from twinshelf.connections.access import Failing, works_again
from twinshelf.connections.bindings import store_binding
from twinshelf.connections.models import AccessState, Connection, Store
from twinshelf.documents import StoreScope, finding
from twinshelf.errors import DocumentError, NeedsPerson, Refused, ScopeMissing, Transient, Unauthorized, WrongStore
from twinshelf.kit import skew
from twinshelf.kit.secrets import Unsealable, seal, unseal
from twinshelf.storefronts import known as storefronts
from twinshelf.storefronts.known import STOREFRONTS
from twinshelf.sync import schedules

log = structlog.get_logger(__name__)

_DAY = 86_400


def ask_for_time(store_id: int) -> bool:
    """Learn by a call how late it is at the store's platform: our own clock may have jumped since the last one.

    At most once a minute, for anybody who caught a delivery can send it again. Returns whether the time was learnt.
    """
    if not skew.is_due_to_ask(f"store:{store_id}"):
        return False
    store = Store.objects.with_scopes_disabled().get(id=store_id)
    try:
        clients.store_client(store, "urgent").time()
    except (Transient, NeedsPerson) as error:
        log.warning("the platform's time was not learnt", store=store_id, why=str(error))
        return False
    return True


class NotAStore(NeedsPerson):
    def __init__(self) -> None:
        super().__init__("E-CON-HASH")


class StoreTaken(NeedsPerson):
    def __init__(self, store: str) -> None:
        super().__init__("E-TEN-STORE", store=store)


class ScopesMissing(NeedsPerson):
    def __init__(self, scopes: Sequence[StoreScope]) -> None:
        super().__init__("E-CON-SCOPE", platform="BigCommerce", operation=", ".join(map(str, scopes)))


def store_hash_of(text: str, *, platform: str = storefronts.DEFAULT) -> str:
    """What names a store, in what people paste: the hash itself or any control-panel address. Raises NotAStore."""
    try:
        return STOREFRONTS[platform].store_hash(text)
    except DocumentError as error:
        raise NotAStore from error


def connect_store(
    account: Account,
    *,
    store_hash_or_url: str,
    access_token: str,
    client_id: str = "",
    client_secret: str = "",
    installed_at: datetime | None = None,
    by: Actor,
) -> Store:
    """Test the credentials against the store, then keep them sealed. Connecting again replaces them and keeps all data.

    `installed_at` is when the store installed our app (the store's clock), if that is where they come from.

    Each time the webhooks get a new secret, and those made with an earlier token are removed with it.

    Raises NotAStore, Unauthorized, WrongStore, ScopesMissing, or StoreTaken if another account has it: neither would
    know what the other holds for its orders. Then nothing is kept.
    """
    store_hash = store_hash_of(store_hash_or_url)
    with clients.trial_store(account.id, store_hash, access_token.strip()) as client:
        try:
            info = client.store()
        except ScopeMissing as error:  # it is one of several, perhaps: all are named
            raise ScopesMissing(client.missing_scopes()) from error
        except (Unauthorized, WrongStore) as error:
            theirs = _opened_by(access_token.strip(), account.id, but=store_hash)
            if theirs or isinstance(error, WrongStore):
                raise WrongStore(theirs, store_hash) from error
            raise
        if info.hash != store_hash:
            raise WrongStore(info.hash, store_hash)
        if missing := client.missing_scopes():
            raise ScopesMissing(missing)
    # Only now: who cannot open a store is not told who has it.
    elsewhere = Store.objects.with_scopes_disabled().filter(hash=store_hash, platform=storefronts.DEFAULT)
    if elsewhere.exclude(account=account).exists() and not elsewhere.filter(account=account).exists():
        raise StoreTaken(info.name)
    binding = store_binding(store_hash)
    earlier = _token_on_record(account, store_hash)
    with _taken_by_one(info.name), transaction.atomic():
        before = Store.objects.filter(account=account, hash=store_hash).values("hash", "name", "state").first()
        store, _ = Store.objects.update_or_create(
            account=account,
            hash=store_hash,
            defaults={
                "name": info.name,
                "client_id": seal(client_id.strip(), bound_to=binding),
                "client_secret": seal(client_secret.strip(), bound_to=binding),
                "hook_secret": seal(secrets.token_urlsafe(32), bound_to=binding),
                "hooks_signed": False,
                "token": seal(access_token.strip(), bound_to=binding),
                "state": AccessState.CONNECTED,
                "access_failing": {},
                "access_tested_at": None,
                "installed_at": installed_at,
                "currency": info.currency,
                "time_zone": info.time_zone,
                "weight_unit": info.weight_unit,
                "length_unit": info.length_unit,
                "prices_include_tax": info.prices_include_tax,
                "control_panel_url": _control_panel(info.control_panel_url, store_hash),
            },
        )
        after = {"hash": store_hash, "name": info.name, "state": AccessState.CONNECTED}  # no word of the credentials
        record(by, account.id, "connections.connect_store", f"store:{store.id}", before=before, after=after)
    works_again(account.id, f"store:{store.id}")
    for connection in Connection.objects.filter(store=store, shop__leaving_at=None):
        works_again(account.id, f"connection:{connection.id}")
    ensure_store_hooks(store)
    if earlier not in {"", access_token.strip()}:
        _delete_hooks_of(earlier, store)
    currencies.read_currencies(store)
    schedules.set_schedule(account.id, "store_products", f"store:{store.id}", 3600, first_in=3600)
    schedules.set_schedule(account.id, "store_hooks", f"store:{store.id}", 3600, first_in=3600)
    schedules.set_schedule(account.id, "store_comparison", f"store:{store.id}", _DAY, first_in=_DAY)
    return store


def _opened_by(token: str, account_id: int, *, but: str) -> str:
    """The hash of another store of the account that this token is known to open; "" if it is of none."""
    for store in Store.objects.filter(account_id=account_id).exclude(hash=but):
        try:
            if secrets.compare_digest(unseal(store.token, bound_to=store_binding(store.hash)), token):
                return store.hash
        except Unsealable:
            continue
    return ""


def wrong_with_store(store: Store) -> Failing | None:
    """Ask a store whether our credentials work, cover all that is needed and are its own; what is wrong, None: nothing.

    Some ten calls; nothing is changed. Raises Transient where it does not answer.
    """
    try:
        token = unseal(store.token, bound_to=store_binding(store.hash))
    except Unsealable:
        return Failing.of(finding("E-CON-AUTH", platform="BigCommerce", answer="they cannot be read any more"))
    client = clients.store_client(store)
    try:
        with suppress(ScopeMissing):  # it is one of several, perhaps: all are named below
            client.store()
        missing = client.missing_scopes()
    except (Unauthorized, WrongStore) as error:
        theirs = _opened_by(token, store.account_id, but=store.hash)
        wrong = WrongStore(theirs, store.hash) if theirs or isinstance(error, WrongStore) else error
        return Failing(wrong.code, wrong.facts)
    if missing:
        lacking = ScopesMissing(missing)
        return Failing(lacking.code, lacking.facts, tuple(scope.opens for scope in missing))
    return None


def _control_panel(told: str, store_hash: str) -> str:
    """Where people reach the store's control panel: as the operator says, or as BigCommerce does."""
    return str(settings.OPERATOR.bigcommerce_panel).replace("{hash}", store_hash) or told


@contextmanager
def _taken_by_one(name: str) -> Iterator[None]:
    """Another account may be at it in the same moment: the first one has the store."""
    try:
        yield
    except IntegrityError as error:
        raise StoreTaken(name) from error


def ensure_store_hooks(store: Store) -> None:
    """Have BigCommerce tell us of changes: create what is missing, switch on what it switched off. Safe to repeat."""
    secret = unseal(store.hook_secret, bound_to=store_binding(store.hash))
    clients.store_client(store).ensure_hooks(store_hook_address(store), secret)


def _token_on_record(account: Account, store_hash: str) -> str:
    """The token that a store was connected with; "" if it was not, or its key is lost, which connecting again mends."""
    store = Store.objects.filter(account=account, hash=store_hash).first()
    try:
        return unseal(store.token, bound_to=store_binding(store.hash)) if store is not None else ""
    except Unsealable:
        return ""


def _delete_hooks_of(token: str, store: Store) -> None:
    """Remove the webhooks made with an earlier token: only it sees them, and they carry a secret that we take no more.

    One that works no more can not do that. BigCommerce deletes them with its account, or after two days of refusals.
    """
    try:
        with clients.trial_store(store.account_id, store.hash, token, platform=store.platform) as client:
            client.delete_hooks(store_hook_address(store))
    except (Transient, NeedsPerson, Refused) as error:
        log.warning("the webhooks of the earlier token are left", store=store.id, why=str(error))


def check_store(store: Store, *, by: Actor) -> None:
    """Look whether a store still lets us in, and have its webhooks as they should be. Safe to repeat.

    Raises Unauthorized where it does not; it is on record then, and all work for its connections rests.
    """
    try:
        ensure_store_hooks(store)
        currencies.read_currencies(store)
    except Unauthorized:
        _note_access(store, AccessState.DISCONNECTED, by)
        raise
    _note_access(store, AccessState.CONNECTED, by)


def _note_access(store: Store, state: AccessState, by: Actor) -> None:
    with transaction.atomic():
        before = Store.objects.exclude(state=state).filter(id=store.id).values("state").first()
        if before is not None:
            Store.objects.filter(id=store.id).update(state=state)
            after = {"state": state}
            record(by, store.account_id, "connections.check_store", f"store:{store.id}", before=before, after=after)


def store_hook_address(store: Store) -> str:
    """Where the webhooks of this store are to be posted."""
    return f"{settings.OPERATOR.base_url}/hooks/{store.platform}/{store.id}"
