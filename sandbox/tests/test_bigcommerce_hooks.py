"""Webhooks of the BigCommerce double: payloads, signatures, retries, deactivation and the block list."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from sandbox.tests import bigcommerce_tour
from sandbox.tests.bigcommerce_client import account, open_store
from twinshelf_sandbox.bigcommerce.apps.webhook_scopes import is_documented
from twinshelf_sandbox.faults import Fault

LADDER = [60, 180, 300, 600, 900, 1800, 3600, 7200, 21600, 50400, 86400]


@dataclass
class Receiver:
    """Answers webhooks and remembers them."""

    status: int = 200
    calls: list[tuple[float, str, dict[str, str], bytes]] = field(default_factory=list)

    def attach(self, sandbox):
        def send(url, headers, body, _timeout):
            self.calls.append((sandbox.world.clock.now(), url, dict(headers), body))
            return self.status

        sandbox.outbox.send = send
        return self

    @property
    def events(self):
        return [(json.loads(body)["scope"], json.loads(body)["data"]) for _, _, _, body in self.calls]


@pytest.fixture
def store(sandbox):
    sandbox.world.clock.run(0)
    return open_store(sandbox)


@pytest.fixture
def receiver(sandbox):
    return Receiver().attach(sandbox)


def hook(store, scope, destination="https://hooks.example.com/in", **more):
    answer = store.post("/v3/hooks", {"scope": scope, "destination": destination, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


# -- management -------------------------------------------------------------------------------------------------------


def test_hooks_are_made_changed_and_deleted_with_a_body(store):
    made = hook(store, "store/order/*", headers={"X-Secret": "s3"})
    assert set(made) == {
        "id",
        "client_id",
        "store_hash",
        "scope",
        "destination",
        "headers",
        "is_active",
        "created_at",
        "updated_at",
    }
    assert (made["client_id"], made["store_hash"], made["is_active"]) == (store.client_id, "abc123", True)
    path = f"/v3/hooks/{made['id']}"
    assert store.data(path) == made
    assert store.put(path, {"is_active": False}).json()["data"]["is_active"] is False
    assert store.put(path, {}).status_code == 422
    assert [h["id"] for h in store.data("/v3/hooks", is_active="false")] == [made["id"]]
    assert store.data("/v3/hooks", scope="store/product/*") == []
    gone = store.delete(path)
    assert (gone.status_code, gone.json()["data"]["id"]) == (200, made["id"])
    assert (store.get(path).status_code, store.get(path).json()["title"]) == (
        404,
        f"Webhook with id [{made['id']}] not found",
    )


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"scope": "store/order/*"}, {"destination": "error.path.missing"}),
        ({"scope": 1, "destination": "https://x.example"}, {"scope": "error.expected.jsstring"}),
        ({"scope": "orders", "destination": "https://x.example"}, {"scope": "error.invalid.scope"}),
        (
            {"scope": "store/order/*", "destination": "http://x.example"},
            {"destination": "Destination must be a https URL on port 443"},
        ),
        (
            {"scope": "store/order/*", "destination": "https://x.example:8443"},
            {"destination": "Destination must be a https URL on port 443"},
        ),
        (
            {"scope": "store/order/*", "destination": "https://x.example", "headers": {"a": 1}},
            {"headers": "error.expected.jsobject"},
        ),
    ],
)
def test_what_a_hook_is_refused_for(store, body, errors):
    answer = store.post("/v3/hooks", body)
    assert (answer.status_code, answer.json()["title"], answer.json()["errors"]) == (
        422,
        "JSON data is missing or invalid",
        errors,
    )


def test_local_ports_are_allowed_only_by_the_documented_switch(store, sandbox):
    body = {"scope": "store/order/*", "destination": "http://127.0.0.1:8300/in"}
    assert store.post("/v3/hooks", body).status_code == 422
    sandbox.act("bc.allow_local_hooks")
    assert store.post("/v3/hooks", body).status_code == 200


@pytest.mark.parametrize(
    ("scope", "taken"),
    [
        ("store/order/created", True),
        ("store/order/*", True),
        ("store/order/metafield/*", True),
        ("store/product/inventory/order/updated", True),
        ("store/priceList/record/updated/", True),  # so some documents write it
        ("store/channel/*", True),
        ("store/channel/1053001/order/statusUpdated", True),
        ("store/channel/1053001/*", True),
        ("store/channel/*/inventory/product/stock_changed", True),
        ("store/hook/deliveryException", True),
        ("store/nonsense", False),
        ("store/nonsense/*", False),
        ("store/order", False),
        ("store/order/nonsense", False),
        ("store/order/created/*", False),
        ("store/Order/created", False),
        ("store/*", False),
        ("store/channel/main/order/created", False),
        ("store/channel/{channel_id}/order/created", False),
        ("store/channel/1/nonsense", False),
        ("orders", False),
        ("", False),
    ],
)
def test_only_documented_scopes_are_taken(store, scope, taken):
    answer = store.post("/v3/hooks", {"scope": scope, "destination": "https://x.example"})
    assert answer.status_code == (200 if taken else 422)
    assert taken or answer.json()["errors"] == {"scope": "error.invalid.scope"}


def test_scopes_that_no_document_lists_are_a_switch(store):
    store.turn("documented_scopes_only", False)
    hook(store, "store/nonsense/*")
    assert store.post("/v3/hooks", {"scope": "nonsense", "destination": "https://x.example"}).status_code == 422


def test_every_event_is_of_a_documented_scope(sandbox, monkeypatch):
    fired = set()
    monkeypatch.setattr(sandbox.bigcommerce.hooks, "fire", lambda _store, scope, _content: fired.add(scope))
    bigcommerce_tour.tour(sandbox)
    assert {scope for scope in fired if not is_documented(scope)} == set()
    assert len(fired) >= 30


def test_the_callback_files_name_no_scope_that_is_not_listed(shared):
    folder = shared / "specs" / "bigcommerce" / "webhook-callbacks"
    if not folder.is_dir():
        pytest.skip("BigCommerce's callback files are not in the reference material")
    named = {
        scope for file in folder.glob("*.yml") for scope in re.findall(r"store/[A-Za-z/]+", file.read_text("utf-8"))
    }
    assert {scope for scope in named if not is_documented(scope)} == set()
    assert len(named) >= 80


def test_a_scope_takes_ten_hooks_and_one_per_destination(store):
    hook(store, "store/order/*")
    again = {"scope": "store/order/*", "destination": "https://hooks.example.com/in"}
    assert store.post("/v3/hooks", again).status_code == 409
    for n in range(9):
        hook(store, "store/order/*", f"https://hooks.example.com/{n}")
    assert store.post("/v3/hooks", {**again, "destination": "https://hooks.example.com/x"}).status_code == 422
    hook(store, "store/product/*")


def test_an_account_sees_its_own_hooks_only_and_they_go_with_it(store, sandbox, receiver):
    made = hook(store, "store/order/created")
    other = account(sandbox, "abc123", name="other")
    assert other.data("/v3/hooks") == []
    assert other.delete(f"/v3/hooks/{made['id']}").status_code == 404
    store.act("uninstall", client_id=store.client_id)
    other.ordered()
    sandbox.settle()
    assert receiver.calls == []
    assert store.get("/v2/time").status_code == 401


def test_that_an_app_was_uninstalled_is_told_with_a_signature_although_its_account_is_gone(store, sandbox, receiver):
    hook(store, "store/app/uninstalled")
    store.act("uninstall", client_id=store.client_id)
    sandbox.settle()
    ((_at, _url, headers, _body),) = receiver.calls
    assert headers["webhook-signature"].startswith("v1,")


# -- payloads ---------------------------------------------------------------------------------------------------------


def test_a_payload_carries_ids_a_keyless_hash_the_hooks_headers_and_a_signature(store, sandbox, receiver):
    hook(store, "store/order/created", headers={"X-Secret": "s3"})
    store.ordered()
    sandbox.settle()
    ((at, url, headers, body),) = receiver.calls
    sent = json.loads(body)
    assert (url, headers["X-Secret"]) == ("https://hooks.example.com/in", "s3")
    assert sent == {
        "producer": "stores/abc123",
        "hash": sent["hash"],
        "created_at": int(at),
        "store_id": "1025001",
        "scope": "store/order/created",
        "data": {"type": "order", "id": 100},
    }
    assert len(sent["hash"]) == 40
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(store.client_secret.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert headers["webhook-timestamp"] == str(int(at))


def test_the_three_spellings_of_an_orders_id(store, sandbox, receiver):
    for scope in ("store/order/*", "store/shipment/*", "store/channel/1/order/*"):
        hook(store, scope)
    store.ordered()
    store.act("ship_order", order_id=100)
    sandbox.settle()
    status = {"previous_status_id": 11, "new_status_id": 2}
    assert sorted(receiver.events, key=str) == sorted(
        [
            ("store/order/created", {"type": "order", "id": 100}),
            ("store/channel/1/order/created", {"order_id": 100}),
            ("store/shipment/created", {"type": "shipment", "id": 11, "orderId": 100}),
            ("store/order/statusUpdated", {"type": "order", "id": 100, "status": status}),
            ("store/channel/1/order/statusUpdated", {"order_id": 100, "status": status}),
            ("store/order/updated", {"type": "order", "id": 100}),
            ("store/channel/1/order/updated", {"order_id": 100}),
        ],
        key=str,
    )


SKU = {
    "type": "sku",
    "id": 5001,
    "inventory": {"product_id": 101, "method": "relative", "value": -2, "variant_id": 1001},
}
PLACE = {"variant_id": 1001, "product_id": 101, "location_id": 1}


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        (False, []),
        (True, [("store/sku/inventory/updated", SKU)]),
    ],
)
def test_a_sale_of_a_variant_fires_a_burst(store, sandbox, receiver, switch, expected):
    store.turn("sale_fires_both_inventory_hooks", switch)
    store.shirt()
    for scope in (
        "store/order/created",
        "store/sku/*",
        "store/product/*",
        "store/channel/*/inventory/product/stock_changed",
    ):
        hook(store, scope)
    store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 2}])
    sandbox.settle()
    assert sorted(receiver.events, key=str) == sorted(
        [
            ("store/order/created", {"type": "order", "id": 100}),
            ("store/sku/inventory/order/updated", SKU),
            *expected,
            ("store/channel/*/inventory/product/stock_changed", PLACE),
            ("store/product/updated", {"type": "product", "id": 101}),
        ],
        key=str,
    )


def test_stock_of_a_product_without_options_fires_product_hooks(store, sandbox, receiver):
    store.product(inventory_tracking="product", inventory_level=5, inventory_warning_level=2)
    for scope in (
        "store/sku/*",
        "store/product/inventory/updated",
        "store/channel/*/inventory/product/low_stock_reached",
        "store/channel/*/inventory/product/out_of_stock_reached",
    ):
        hook(store, scope)
    store.act("set_stock", sku="MUG-1", quantity=2)
    store.act("set_stock", sku="MUG-1", quantity=0)
    sandbox.settle()

    def moved(value):
        return {"type": "product", "id": 101, "inventory": {"product_id": 101, "method": "absolute", "value": value}}

    assert [event for event in receiver.events if event[0].startswith("store/product")] == [
        ("store/product/inventory/updated", moved(-3)),
        ("store/product/inventory/updated", moved(-2)),
    ]
    assert [scope.rsplit("/", 1)[1] for scope, _ in receiver.events if "channel" in scope] == [
        "low_stock_reached",
        "out_of_stock_reached",
    ]


@pytest.mark.parametrize(
    ("change", "fires"),
    [
        ({"price": 13}, True),
        ({"description": "new"}, True),
        ({"mpn": "M"}, False),
        ({"gtin": "012345678905"}, False),
        ({"price": 12}, False),
    ],
)
def test_which_changes_fire_product_updated(store, sandbox, receiver, change, fires):
    product_id = store.product()["id"]
    hook(store, "store/product/updated")
    store.put(f"/v3/catalog/products/{product_id}", change)
    sandbox.settle()
    assert bool(receiver.calls) is fires


def test_images_after_the_first_and_custom_fields_fire_nothing(store, sandbox, receiver):
    product_id = store.product()["id"]
    hook(store, "store/product/*")
    store.post(f"/v3/catalog/products/{product_id}/images", {"image_url": "https://example.com/a.png"})
    sandbox.settle()
    assert [scope for scope, _ in receiver.events] == ["store/product/updated"]
    store.post(f"/v3/catalog/products/{product_id}/images", {"image_url": "https://example.com/b.png"})
    store.post(f"/v3/catalog/products/{product_id}/custom-fields", {"name": "a", "value": "b"})
    sandbox.settle()
    assert len(receiver.calls) == 1


def test_wildcards_and_exact_scopes_deliver_twice_and_the_literal_asterisk_is_no_wildcard(store, sandbox, receiver):
    hook(store, "store/product/*")
    hook(store, "store/product/created")
    hook(store, "store/channel/*/inventory/product/stock_changed")
    store.product(inventory_tracking="product")
    sandbox.settle()
    created = [body for _, _, _, body in receiver.calls if b"product/created" in body]
    assert len(created) == 2
    assert json.loads(created[0])["hash"] == json.loads(created[1])["hash"]


def test_some_ids_in_webhooks_are_text(store, sandbox, receiver):
    product_id, _variants = store.shirt()
    hook(store, "store/order/transaction/*")
    hook(store, "store/product/metafield/created")
    order = store.act("place_order", lines=[{"sku": "SHIRT-S", "quantity": 1}])
    field = {"namespace": "n", "key": "k", "value": "v", "permission_set": "read"}
    made = store.post(f"/v3/catalog/products/{product_id}/metafields", field).json()["data"]["id"]
    sandbox.outbox.pump()
    (paid, note) = [data for _scope, data in receiver.events]
    assert (paid["type"], paid["order_id"], paid["transaction_id"]) == ("transaction", str(order), str(order * 10))
    assert (note["metafield_id"], note["resource_id"]) == (made, str(product_id))


def test_bulk_loading_fires_nothing(store, sandbox, receiver):
    hook(store, "store/product/*")
    store.act("add_products", products=[{"name": f"P{n}", "price": 1} for n in range(5)])
    sandbox.settle()
    assert receiver.calls == []


# -- delivery ---------------------------------------------------------------------------------------------------------


def test_failures_climb_the_ladder_and_end_in_deactivation(store, sandbox, receiver):
    receiver.status = 500
    made = hook(store, "store/order/created")
    store.put("/v3/hooks/admin", {"emails": ["dev@example.com"]})
    store.ordered()
    sandbox.advance(200_000)
    times = [at for at, *_ in receiver.calls]
    assert [round(b - a) for a, b in pairwise(times)] == LADDER
    assert len({body for *_, body in receiver.calls}) == 1
    assert len({headers["webhook-id"] for _, _, headers, _ in receiver.calls}) == 1
    assert [int(headers["webhook-timestamp"]) for _, _, headers, _ in receiver.calls] == [int(at) for at in times]
    assert store.data(f"/v3/hooks/{made['id']}")["is_active"] is False
    assert store.data("/v3/hooks/admin")["hooks_list"][0]["status"] == "deactivated"
    (effect,) = store.effects("hook_deactivated")
    assert effect.detail["emails"] == ["dev@example.com"]

    receiver.status = 200
    store.ordered()
    sandbox.advance(60)
    assert len(receiver.calls) == 12
    store.put(f"/v3/hooks/{made['id']}", {"is_active": True})
    store.ordered()
    sandbox.settle()
    assert len(receiver.calls) == 13


def test_a_retry_that_succeeds_is_the_last(store, sandbox, receiver):
    receiver.status = 0
    hook(store, "store/order/created")
    store.ordered()
    sandbox.advance(100)
    receiver.status = 202
    sandbox.advance(100_000)
    assert len(receiver.calls) == 3


def test_a_domain_that_fails_too_often_is_blocked_for_three_minutes(store, sandbox, receiver):
    hook(store, "store/product/updated")
    hook(store, "store/order/created", "https://elsewhere.example.com/in")
    product_id = store.product()["id"]

    def change(n):
        store.put(f"/v3/catalog/products/{product_id}", {"price": 100 + n})
        sandbox.settle()

    for n in range(88):
        change(n)
    receiver.status = 500
    for n in range(88, 101):
        change(n)
    assert [e.kind for e in store.effects("hook_domain_blocked")] == ["hook_domain_blocked"]
    blocked = store.data("/v3/hooks/admin")["blocked_domains"]
    assert [(row["destination"], row["time_left"]) for row in blocked] == [("https://hooks.example.com", 180)]
    receiver.status, before = 200, len(receiver.calls)
    change(200)
    store.ordered()
    sandbox.settle()
    assert [url for _, url, _, _ in receiver.calls[before:]] == ["https://elsewhere.example.com/in"]
    sandbox.advance(170)
    assert len(receiver.calls) - before == 1  # nor do the retries of what failed before
    sandbox.advance(130)
    # the one of the blocked time and all that failed before come again
    assert len(receiver.calls) - before == 1 + 1 + 13
    assert store.data("/v3/hooks/admin")["blocked_domains"] == []


def test_the_exception_hook_hears_of_trouble_elsewhere(store, sandbox, receiver):
    hook(store, "store/order/created")
    hook(store, "store/hook/deliveryException", "https://alarm.example.com/in")
    same = {"scope": "store/hook/deliveryException", "destination": "https://hooks.example.com/in"}
    assert store.post("/v3/hooks", same).status_code == 409

    def answer(url, _headers, body, _timeout):
        receiver.calls.append((0.0, url, {}, body))
        return 200 if "alarm" in url else 500

    sandbox.outbox.send = answer
    store.ordered()
    sandbox.advance(500)
    codes = [data["code"] for scope, data in receiver.events if scope == "store/hook/deliveryException"]
    assert codes == [90001]  # at most once in ten minutes
    sandbox.advance(200_000)
    codes = [data["code"] for scope, data in receiver.events if scope == "store/hook/deliveryException"]
    assert (codes.count(90002), codes[-1]) == (1, 90002)


def test_a_hook_may_take_a_while_to_fire_and_falls_asleep_without_events(store, sandbox, receiver):
    store.turn("hook_activation", 60)
    made = hook(store, "store/order/created")
    store.ordered()
    sandbox.advance(61)
    assert receiver.calls == []
    store.ordered()
    sandbox.settle()
    assert len(receiver.calls) == 1
    other = hook(store, "store/product/updated")
    sandbox.advance(91 * 86400)
    assert [row["is_active"] for row in store.data("/v3/hooks")] == [False, False]
    assert store.data("/v3/hooks/admin", is_active="false")["hooks_list"][0]["status"] == "deactivated"
    assert store.put(f"/v3/hooks/{other['id']}", {"is_active": True}).json()["data"]["is_active"] is True
    store.ordered()
    sandbox.settle()
    assert len(receiver.calls) == 1
    assert store.data(f"/v3/hooks/{made['id']}")["is_active"] is False


def test_webhooks_are_lost_doubled_and_delayed_by_faults_and_reordered_by_a_switch(store, sandbox, receiver):
    hook(store, "store/order/created")
    sandbox.faults.add(Fault("lose", on="webhook", platform="bigcommerce"))
    store.ordered()
    sandbox.settle()
    assert receiver.calls == []
    sandbox.faults.add(Fault("duplicate", on="webhook", platform="bigcommerce"))
    store.ordered()
    sandbox.settle()
    assert len(receiver.calls) == 2
    sandbox.faults.add(Fault("delay", on="webhook", platform="bigcommerce", seconds=86400))
    store.ordered()
    sandbox.advance(86401)
    assert len(receiver.calls) == 3
    at, _, headers, _ = receiver.calls[2]
    assert headers["webhook-timestamp"] == str(int(at))  # signed when it leaves, however late
    store.turn("hook_spread", [0, 600])
    for _ in range(8):
        store.ordered()
    sandbox.advance(601)
    ids = [data["id"] for _, data in receiver.events[3:]]
    assert sorted(ids) == list(range(103, 111))
    assert ids != sorted(ids)
