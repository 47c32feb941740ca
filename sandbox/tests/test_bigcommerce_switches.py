"""Switches for what the sources leave open: each position does what it says. Others stand with their subjects."""

from __future__ import annotations

import json

import pytest

from sandbox.tests.bigcommerce_client import into, open_store


@pytest.fixture
def store(sandbox):
    sandbox.world.clock.run(0)
    return open_store(sandbox)


@pytest.fixture
def events(store, sandbox):
    """The (scope, data) of all webhooks sent after this."""
    sent: list[bytes] = []
    sandbox.outbox.send = into(sent)

    def since(scope):
        store.post("/v3/hooks", {"scope": scope, "destination": "https://hooks.example.com/in"})

        def read():
            sandbox.outbox.pump()
            return [(body["scope"], body["data"]) for body in map(json.loads, sent)]

        return read

    return since


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quota", "lots"),
        ("throttle_style", "none"),
        ("compress", "yes"),
        ("compress", 1),
        ("extra_keys", True),
        ("inventory_delay", "soon"),
        ("product_limit", "few"),
    ],
)
def test_what_is_no_position_is_refused(store, name, value):
    with pytest.raises(ValueError, match=f"^value: {value!r} is no position of '{name}'"):
        store.turn(name, value)
    assert store.get("/v2/time").status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("quota", None), ("quota", 7), ("quota", "plan"), ("throttle_style", 429), ("inventory_delay", 2)],
)
def test_positions_are_taken(store, name, value):
    store.turn(name, value)
    assert store.get("/v2/time").status_code == 200


def test_a_plan_has_room_for_so_many_products(store):
    store.turn("product_limit", 1)
    store.product()
    answer = store.post("/v3/catalog/products", {"name": "Bowl", "type": "physical", "weight": 1, "price": 1})
    assert answer.status_code == 507
    assert len(store.data("/v3/catalog/products")) == 1


@pytest.mark.parametrize("position", ["zero", "real"])
def test_shipments_name_the_product_or_not(store, position):
    store.turn("shipment_product_id", position)
    mug = store.product()["id"]
    store.ordered({"product_id": mug, "quantity": 1})
    items = [{"order_product_id": 1, "quantity": 1}]
    made = store.post("/v2/orders/100/shipments", {"order_address_id": 1, "items": items}).json()
    assert made["items"] == [{"order_product_id": 1, "product_id": mug if position == "real" else 0, "quantity": 1}]


@pytest.mark.parametrize(("position", "count"), [("units", 5), ("lines", 2)])
def test_the_items_of_an_order_are_units_or_lines(store, position, count):
    store.turn("items_total", position)
    line = {"name": "Mug", "quantity": 4, "price_inc_tax": 5, "price_ex_tax": 5}
    assert store.ordered(line, {**line, "quantity": 1})["items_total"] == count


@pytest.mark.parametrize(("statuses", "left"), [([0, 4, 5, 6], 3), ([0, 1, 4, 5, 6], 5)])
def test_which_initial_status_takes_no_stock(store, statuses, left):
    store.turn("order_statuses_without_stock", statuses)
    mug = store.product(inventory_tracking="product", inventory_level=5)["id"]
    store.ordered({"product_id": mug, "quantity": 2}, status_id=1)
    assert store.stock("MUG-1") == left


@pytest.mark.parametrize(("position", "left"), [(False, 3), (True, 5)])
def test_archiving_gives_stock_back_or_not(store, position, left):
    store.turn("archive_restocks", position)
    mug = store.product(inventory_tracking="product", inventory_level=5)["id"]
    store.ordered({"product_id": mug, "quantity": 2})
    assert store.delete("/v2/orders/100").status_code == 204
    assert store.stock("MUG-1") == left


@pytest.mark.parametrize(("position", "moves"), [(False, []), (True, [(0, 11)])])
def test_a_new_order_tells_its_status_or_not(store, events, position, moves):
    store.turn("order_created_sends_status", position)
    read = events("store/order/statusUpdated")
    store.ordered()
    told = [data["status"] for _scope, data in read()]
    assert [(one["previous_status_id"], one["new_status_id"]) for one in told] == moves


@pytest.mark.parametrize(("position", "end"), [(False, ""), (True, "/")])
def test_price_list_scopes_may_end_in_a_slash(store, events, position, end):
    store.turn("trailing_slash_scopes", position)
    read = events("store/priceList/created")
    store.post("/v3/pricelists", {"name": "TikTok"})
    assert [scope for scope, _data in read()] == [f"store/priceList/created{end}"]


def test_the_answers_to_a_second_and_an_eleventh_hook(store):
    store.turn("hook_duplicate_status", 422)
    store.turn("hook_limit_status", 400)
    statuses = [
        store.post("/v3/hooks", {"scope": "store/order/*", "destination": f"https://x.example/{at}"}).status_code
        for at in (*range(10), 0, 10)
    ]
    assert statuses == [200] * 10 + [422, 400]


def test_a_webhook_waits_as_long_as_the_store_says(store, sandbox):
    waits = []

    def send(_url, _headers, _body, timeout):
        waits.append(timeout)
        return 200

    sandbox.outbox.send = send
    store.turn("hook_timeout", 3)
    store.post("/v3/hooks", {"scope": "store/order/created", "destination": "https://hooks.example.com/in"})
    store.ordered()
    sandbox.outbox.pump()
    assert waits == [3.0]


def test_answers_are_compressed_for_clients_that_take_it(store):
    plain = store.http.get("/v2/store", headers={"Accept-Encoding": "identity"})
    store.turn("compress", True)
    answer = store.http.get("/v2/store", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.json()) == ("gzip", plain.json())
    assert "content-encoding" not in store.http.get("/v2/store", headers={"Accept-Encoding": "identity"}).headers
