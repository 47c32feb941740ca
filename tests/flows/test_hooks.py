"""Webhook receivers under attack: what is not genuine is refused with 401 and leaves nothing behind; what is genuine
counts once and is on disk before it is acknowledged.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db import connections as databases
from django_scopes import scope

from soak.calls import post as deliver
from tests.flows.conftest import MAYA, StoreWorld
from tests.waiting import PATIENCE_SECONDS
from twinshelf import processes
from twinshelf.accounts import actions as accounts
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.connections import actions as connections
from twinshelf.connections import clients
from twinshelf.kit import clock
from twinshelf.kit.secrets import seal
from twinshelf.storefronts.bigcommerce import webhooks as store_webhooks
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.sync.models import InboxEvent, Lane, Mark
from twinshelf.tiktok import webhooks as shop_webhooks


@dataclass(frozen=True)
class Delivery:
    """A webhook as it comes in over the wire."""

    url: str
    headers: dict[str, str]
    body: bytes

    def post(self) -> int:
        return deliver(self.url, self.headers, self.body)

    def having(self, *, body: bytes | None = None, url: str | None = None, **headers: str | None) -> Delivery:
        """The same but for these; a header that is None is left out. `_` in names stands for `-`."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in changed}
        kept |= {name: value for name, value in changed.items() if value is not None}
        return Delivery(url or self.url, kept, self.body if body is None else body)

    def header(self, name: str) -> str:
        return next(value for key, value in self.headers.items() if key.lower() == name)


class Catcher:
    """Keeps deliveries from arriving, and keeps them."""

    def __init__(self) -> None:
        self.caught: list[Delivery] = []

    def __call__(self, url: str, headers: Any, body: bytes, _timeout: float) -> int:
        self.caught.append(Delivery(url, dict(headers), body))
        return 0

    def of(self, field: str, value: object) -> Delivery:
        return next(one for one in self.caught if json.loads(one.body)[field] == value)


@pytest.fixture
def of_shop(sandbox, store, shop, twinshelf) -> Delivery:
    """A genuine delivery of TikTok Shop about a new order, caught before it arrived."""
    mug = store.add_product(sku="MUG-1")
    twinshelf.list(mug)
    InboxEvent.objects.all().delete()
    sandbox.outbox.send = catcher = Catcher()
    shop.buy(("MUG-1", 1))
    sandbox.settle()
    return catcher.of("type", 1)


@pytest.fixture
def of_store(sandbox, store, twinshelf) -> Delivery:
    """A genuine delivery of BigCommerce about a new product, signed, caught before it arrived."""
    sandbox.outbox.send = catcher = Catcher()
    store.add_product(sku="MUG-1")
    sandbox.settle()
    return catcher.of("scope", "store/product/created")


def signed(body: bytes, *, key: str = "", secret: str = "") -> str:
    """As TikTok Shop signs for an app."""
    key, secret = key or settings.OPERATOR.tiktok_app_key, secret or settings.OPERATOR.tiktok_app_secret
    return hmac.new(secret.encode(), key.encode() + body, hashlib.sha256).hexdigest()


def again(body: bytes, **changes: Any) -> bytes:
    """The same JSON, written by somebody else."""
    return json.dumps({**json.loads(body), **changes}).encode()


def nothing_came_of(delivery: Delivery) -> None:
    before = InboxEvent.objects.count(), Mark.objects.count()
    assert delivery.post() == 401
    assert (InboxEvent.objects.count(), Mark.objects.count()) == before


Change = Callable[[Delivery], Delivery]


ON_TIKTOK: dict[str, Change] = {
    "no signature": lambda d: d.having(authorization=None),
    "empty signature": lambda d: d.having(authorization=""),
    "a wrong one": lambda d: d.having(authorization="0" * 64),
    "one character off": lambda d: d.having(authorization=d.header("authorization")[:-1] + "z"),
    "truncated": lambda d: d.having(authorization=d.header("authorization")[:63]),
    "its first half twice": lambda d: d.having(authorization=d.header("authorization")[:32] * 2),
    "upper case": lambda d: d.having(authorization=d.header("authorization").upper()),
    "a blank before it": lambda d: d.having(authorization=" " + d.header("authorization")),
    "as Bearer": lambda d: d.having(authorization="Bearer " + d.header("authorization")),
    "not ASCII": lambda d: d.having(authorization="é" * 64),
    "another app's secret": lambda d: d.having(authorization=signed(d.body, secret="another secret")),
    "another app's key": lambda d: d.having(authorization=signed(d.body, key="6other")),
    "key and body without a secret": lambda d: d.having(authorization=hashlib.sha256(d.body).hexdigest()),
    "re-serialised body": lambda d: d.having(body=again(d.body)),
    "another shop in the body": lambda d: d.having(body=again(d.body, shop_id="7495000000000000001")),
    "a key repeated": lambda d: d.having(body=d.body[:-1] + b',"shop_id":"7495000000000000001"}'),
    "a BOM before the body": lambda d: d.having(body=b"\xef\xbb\xbf" + d.body),
    "a newline after the body": lambda d: d.having(body=d.body + b"\n"),
    "an empty body": lambda d: d.having(body=b""),
    "a body of 1 MB": lambda d: d.having(body=b" " * 2**20, authorization=signed(b" " * 2**20)),
}


def test_without_an_app_secret_no_delivery_is_genuine_and_no_process_starts(of_shop, monkeypatch, subtests):
    for name in ("tiktok_app_secret", "tiktok_app_key"):
        with subtests.test(name), monkeypatch.context() as lost:
            lost.setattr(settings.OPERATOR, name, "")
            operator = settings.OPERATOR
            forged = hmac.digest(
                operator.tiktok_app_secret.encode(), operator.tiktok_app_key.encode() + of_shop.body, "sha256"
            )
            nothing_came_of(of_shop.having(authorization=forged.hex()))
            with pytest.raises(ImproperlyConfigured, match="TWINSHELF_TIKTOK_APP_SECRET is not set"):
                processes.require_app()
    processes.require_app()


def test_a_tiktok_delivery_that_is_not_genuine_is_refused(of_shop, subtests):
    for attack, change in ON_TIKTOK.items():
        with subtests.test(attack):
            nothing_came_of(change(of_shop))
    assert of_shop.post() == 200  # and the genuine one still counts
    assert InboxEvent.objects.filter(source="tiktok").count() == 1


ON_BIGCOMMERCE: dict[str, Change] = {
        "no secret": lambda d: d.having(x_twinshelf_secret=None),
        "empty secret": lambda d: d.having(x_twinshelf_secret=""),
        "a wrong secret": lambda d: d.having(x_twinshelf_secret="0" * 43),
        "truncated secret": lambda d: d.having(x_twinshelf_secret=d.header("x-twinshelf-secret")[:-1]),
        "secret in other case": lambda d: d.having(x_twinshelf_secret=d.header("x-twinshelf-secret").swapcase()),
        "secret that is not ASCII": lambda d: d.having(x_twinshelf_secret="é"),
        "empty signature": lambda d: d.having(webhook_signature=""),
        "a wrong signature": lambda d: d.having(webhook_signature="v1," + base64.b64encode(bytes(32)).decode()),
        "a signature of another version": lambda d: d.having(
        webhook_signature="v2" + d.header("webhook-signature")[2:]
    ),
        "another id": lambda d: d.having(webhook_id="msg_other"),
        "a timestamp it was not signed with": lambda d: d.having(webhook_timestamp="1767225600"),
        "no timestamp": lambda d: d.having(webhook_timestamp=None),
        "a timestamp that is no number": lambda d: d.having(webhook_timestamp="now"),
        "re-serialised body": lambda d: d.having(body=again(d.body)),
        "another product in the body": lambda d: d.having(body=again(d.body, data={"type": "product", "id": 1})),
        "a BOM before the body": lambda d: d.having(body=b"\xef\xbb\xbf" + d.body),
        "an empty body": lambda d: d.having(body=b""),
        "another store in the body": lambda d: d.having(
        body=again(d.body, producer="stores/other0"), webhook_signature=None
    ),
        "a store that is not here": lambda d: d.having(url="https://twinshelf.test/hooks/bigcommerce/999999"),
        "a body of 1 MB": lambda d: d.having(body=b" " * 2**20),
}  # fmt: skip


def test_a_bigcommerce_delivery_that_is_not_genuine_is_refused(of_store, subtests):
    for attack, change in ON_BIGCOMMERCE.items():
        with subtests.test(attack):
            nothing_came_of(change(of_store))
    assert of_store.post() == 200
    assert InboxEvent.objects.filter(source="bigcommerce").count() == 1


def test_a_signature_older_than_five_minutes_is_refused(of_store, sandbox, twinshelf):
    twinshelf.wait(270)  # real time passes too
    assert of_store.post() == 200
    twinshelf.wait(40)
    nothing_came_of(of_store)


@pytest.mark.parametrize("jump", [-86_400.0, -600.0, 600.0, 86_400.0])
def test_deliveries_are_taken_after_our_own_clock_has_jumped(of_store, sandbox, twinshelf, jump):
    """Nothing has asked the platform since: the first delivery does, and those after it need not."""
    clock.move(jump)
    asked = sandbox.site.requests
    assert of_store.post() == 200
    assert sandbox.site.requests == asked + 1
    assert of_store.post() == 200
    assert sandbox.site.requests == asked + 1


def test_a_delivery_that_was_caught_makes_us_ask_for_the_time_once_a_minute(of_store, sandbox, twinshelf):
    twinshelf.wait(310)
    asked = sandbox.site.requests
    for _ in range(3):
        nothing_came_of(of_store)
    assert sandbox.site.requests <= asked + 1


def test_a_store_that_has_signed_is_not_believed_without_a_signature(of_store, store, twinshelf):
    unsigned = of_store.having(webhook_signature=None, webhook_id="msg_first")
    assert unsigned.post() == 200  # as an account without client secret sends them
    assert of_store.post() == 200

    nothing_came_of(unsigned.having(webhook_id="msg_another"))
    nothing_came_of(unsigned)
    assert of_store.post() == 200
    twinshelf.connection.store.refresh_from_db()
    assert twinshelf.connection.store.hooks_signed


def test_a_secret_counts_from_the_moment_it_is_changed(of_store, twinshelf):
    store, before = twinshelf.connection.store, of_store.header("x-twinshelf-secret")
    assert of_store.post() == 200
    store.hook_secret = seal("another secret", bound_to=f"store:{store.hash}")
    store.save(update_fields=["hook_secret"])

    assert of_store.having(x_twinshelf_secret="another secret").post() == 200
    nothing_came_of(of_store.having(x_twinshelf_secret=before))


def test_a_store_that_is_connected_again_has_new_secrets_and_no_webhooks_of_the_earlier_token(sandbox, twinshelf):
    sandbox.act("bc.create_store", hash="again0store", name="Again", currency="USD", plan="enterprise")
    store = StoreWorld(sandbox, "again0store")

    def connect(keys):
        made = connections.connect_store(
            twinshelf.account, store_hash_or_url=store.hash, access_token=keys["access_token"],
            client_id=keys["client_id"], client_secret=keys["client_secret"], by=MAYA,
        )  # fmt: skip
        return made, hooks_of(keys, connections.store_hook_address(made))

    def hooks_of(keys, address):
        with clients.trial_store(twinshelf.account.id, store.hash, keys["access_token"]) as client:
            assert isinstance(client, BigCommerce)
            return [hook for hook in client.hooks() if hook.destination == address]

    def keys_of(name):
        return sandbox.act("bc.create_api_account", hash=store.hash, name=name)

    topics = sorted(store_webhooks.TOPICS)
    first = keys_of("First")
    _, hooks = connect(first)
    assert sorted(hook.scope for hook in hooks) == topics
    [(before,)] = {tuple(hook.headers.values()) for hook in hooks}

    _, hooks = connect(first)
    assert sorted(hook.scope for hook in hooks) == topics
    [(after,)] = {tuple(hook.headers.values()) for hook in hooks}
    assert after != before

    made, hooks = connect(keys_of("Second"))
    assert sorted(hook.scope for hook in hooks) == topics
    assert hooks_of(first, connections.store_hook_address(made)) == []

    sandbox.outbox.send = catcher = Catcher()
    store.add_product(sku="JAR-1")
    sandbox.settle()
    [told] = [one for one in catcher.caught if json.loads(one.body)["scope"] == "store/product/created"]
    assert told.post() == 200
    for old in (before, after):
        nothing_came_of(told.having(x_twinshelf_secret=old))

    made.token = "sealed:with a key that is lost"
    made.save(update_fields=["token"])
    _, hooks = connect(keys_of("Third"))
    assert sorted(hook.scope for hook in hooks) == topics


def test_a_delivery_needs_nothing_that_is_there_for_people(of_store, monkeypatch):
    monkeypatch.setattr(SessionMiddleware, "process_request", lambda *_: pytest.fail("a session was looked for"))

    assert of_store.post() == 200
    assert of_store.having(url="https://twinshelf.test/hooks/nobody").post() == 404


def test_a_delivery_of_one_account_does_not_pass_for_another(of_store, sandbox, twinshelf):
    """Its own secret, its own signature, posted to the address of the other's store; and the other's secret to ours."""
    sandbox.act("bc.create_store", hash="other0store", name="Other", currency="USD")
    keys = sandbox.act("bc.create_api_account", hash="other0store", name="Twinshelf")
    other = accounts.create_account(
        "Other", owner_email="other@fernhollow.test", password="a long enough password", by=COMMAND_LINE
    )
    with scope(account=other):
        theirs = connections.connect_store(
            other, store_hash_or_url="other0store", access_token=keys["access_token"], client_id=keys["client_id"],
            client_secret=keys["client_secret"], by=MAYA,
        )  # fmt: skip
    sandbox.outbox.send = catcher = Catcher()
    StoreWorld(sandbox, "other0store").add_product(sku="JAR-1")
    sandbox.settle()
    of_other = catcher.of("scope", "store/product/created")
    ours = of_store.url

    nothing_came_of(of_store.having(url=f"https://twinshelf.test/hooks/bigcommerce/{theirs.id}"))
    nothing_came_of(of_other.having(url=ours))
    nothing_came_of(of_store.having(x_twinshelf_secret=of_other.header("x-twinshelf-secret")))
    assert of_other.post() == 200
    with scope(account=other):
        assert InboxEvent.objects.count() == 1
    assert InboxEvent.objects.count() == 0


def test_a_genuine_delivery_for_a_shop_that_is_not_connected_is_acknowledged_and_ignored(of_shop):
    body = again(of_shop.body, shop_id="7495999999999999999")

    assert of_shop.having(body=body, authorization=signed(body)).post() == 200

    assert not InboxEvent.objects.exists()
    assert not Mark.objects.exists()


NONSENSE = [
    *(b"", b"{}", b"[]", b"null", b"0", b'"x"', b'{"type":1', b'{"type":"one","shop_id":"1"}', b"\xff\xfe"),
    b'{"type":' + b"9" * 400 + b"}",
    b"[" * 3000 + b"]" * 3000,
]


def test_nonsense_that_is_signed_is_acknowledged_and_does_no_harm(of_shop, subtests):
    for body in NONSENSE:
        with subtests.test(body[:20]):
            assert of_shop.having(body=body, authorization=signed(body)).post() == 200
            assert not InboxEvent.objects.exists()


def test_a_delivery_caught_and_sent_again_and_again_counts_once(of_shop, shop, store, twinshelf, sandbox):
    assert {of_shop.post() for _ in range(100)} == {200}
    sandbox.outbox.send = deliver
    twinshelf.wait(3700)
    twinshelf.wait(86_400)
    assert {of_shop.post() for _ in range(100)} == {200}
    twinshelf.settle()

    topic = InboxEvent.objects.get(dedupe=json.loads(of_shop.body)["tts_notification_id"]).topic
    assert topic == "order (1)"
    assert len(store.effects("order_created")) == 1


def test_a03_a_caught_deauthorization_ends_no_later_authorization(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1"))
    sandbox.outbox.send = catcher = Catcher()
    sandbox.act("tt.deauthorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)
    sandbox.settle()
    ended = catcher.of("type", 6)
    seller = twinshelf.connection.shop.seller

    def state() -> tuple[str, int]:
        seller.refresh_from_db()
        return seller.state, Lane.objects.filter(held_until__gt=clock.now() + timedelta(hours=20)).count()

    assert ended.post() == 200
    assert state()[0] == "disconnected"
    assert state()[1] > 0

    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)
    connections.authorize_shops(twinshelf.account, code, by=MAYA)
    assert state() == ("connected", 0)
    dated_before = again(
        ended.body, tts_notification_id="7499000000000000001", timestamp=int(clock.timestamp()) - 86_400
    )
    for late in (ended, ended, ended.having(body=dated_before, authorization=signed(dated_before))):
        assert late.post() == 200
        assert state() == ("connected", 0)

    twinshelf.wait(5)
    anew = again(ended.body, tts_notification_id="7499000000000000002", timestamp=int(clock.timestamp()))
    assert ended.having(body=anew, authorization=signed(anew)).post() == 200
    assert state()[0] == "disconnected"


def test_a_delivery_that_comes_twice_at_once_counts_once(of_store: Delivery):
    barrier = threading.Barrier(4)

    def post(_number: int) -> int:
        try:
            barrier.wait(PATIENCE_SECONDS)
            return of_store.post()
        finally:
            databases.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(post, range(4))) == [200] * 4
    assert InboxEvent.objects.count() == 1
    [mark] = Mark.objects.filter(lane__kind="product")
    assert mark.generation == 1


def test_a_delivery_is_on_disk_before_it_is_acknowledged(of_store):
    """A reader of its own sees it with its mark as soon as the answer is there; nothing is left for later."""
    assert of_store.post() == 200

    def look() -> tuple[int, int]:
        try:
            return (
                InboxEvent.objects.with_scopes_disabled().count(),
                Mark.objects.with_scopes_disabled().filter(lane__kind="product").count(),
            )
        finally:
            databases.close_all()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(look).result() == (1, 1)


@pytest.mark.parametrize("table", ["sync_inboxevent", "sync_mark", "sync_lane"])
def test_what_cannot_be_stored_is_not_acknowledged_and_counts_when_it_comes_again(of_store, table):
    def disk_full(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        if table in sql and sql.lstrip().split(" ", 1)[0].upper() in {"INSERT", "UPDATE"}:
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(disk_full):
        assert of_store.post() == 503
    assert not InboxEvent.objects.exists()
    assert not Mark.objects.exists()

    assert of_store.post() == 200
    assert InboxEvent.objects.count() == 1
    assert Mark.objects.filter(lane__kind="product").count() == 1


def test_a_connection_subscribes_to_the_topics_that_the_receivers_know(twinshelf):
    store, shop = twinshelf.connection.store, twinshelf.connection.shop

    client = clients.store_client(store)
    assert isinstance(client, BigCommerce)
    subscribed = {hook.scope for hook in client.hooks() if hook.active}
    assert subscribed == set(store_webhooks.TOPICS)
    told = {row.event_type for row in clients.shop_client(shop).webhooks()}
    assert told == {topic.event_type for topic in shop_webhooks.TOPICS.values()} - {""}
