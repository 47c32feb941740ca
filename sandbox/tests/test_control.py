"""The sandbox's own pages: clock, effects, faults, actions, calls, snapshots, and the page a person looks at."""

from __future__ import annotations

import dataclasses
import time

import httpx2
import pytest

from sandbox.tests.bigcommerce_client import open_store
from sandbox.tests.tiktok_client import Shop, open_shop, receive
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.client import ControlClient
from twinshelf_sandbox.transport import SandboxTransport


@pytest.fixture
def http(sandbox: Sandbox) -> httpx2.Client:
    return httpx2.Client(transport=SandboxTransport(sandbox.site), base_url="http://sandbox.test")


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


@pytest.fixture
def control(sandbox: Sandbox) -> ControlClient:
    return ControlClient("http://sandbox.test", transport=SandboxTransport(sandbox.site))


def test_the_clock_is_read_set_run_and_advanced(http, sandbox):
    http.post("/_sandbox/clock", json={"rate": 0})
    assert http.post("/_sandbox/clock", json={"set": "2027-01-15T08:00:00"}).json()["now"] == 1_800_000_000
    answer = http.post("/_sandbox/clock", json={"advance": 60}).json()
    assert (answer["now"], answer["iso"], answer["rate"]) == (1_800_000_060, "2027-01-15T08:01:00+00:00", 0)
    assert http.get("/_sandbox/clock").json()["now"] == 1_800_000_060


@pytest.mark.parametrize("at", ["2027-01-15T09:00:00+01:00", "2027-01-15T08:00:00Z", "1800000000", 1_800_000_000])
def test_the_clock_is_set_in_any_zone_and_as_a_number(http, at):
    http.post("/_sandbox/clock", json={"rate": 0})
    assert http.post("/_sandbox/clock", json={"set": at}).json()["now"] == 1_800_000_000


def test_the_clock_steps_from_one_timed_job_to_the_next(http, shop):
    http.post("/_sandbox/clock", json={"rate": 0})
    product = shop.create()["product_id"]
    start = http.get("/_sandbox/clock").json()["now"]
    while shop.product(product)["status"] != "ACTIVATE":
        http.post("/_sandbox/clock", json={"step": True})
    assert http.get("/_sandbox/clock").json()["now"] == pytest.approx(start + 30, abs=0.01)
    while http.get("/_sandbox/clock").json()["next_job"] is not None:
        http.post("/_sandbox/clock", json={"step": True})
    end = http.get("/_sandbox/clock").json()["now"]
    assert http.post("/_sandbox/clock", json={"step": True}).json()["now"] == end


def test_the_clock_runs_fast(http):
    start = http.post("/_sandbox/clock", json={"rate": 3600}).json()["now"]
    time.sleep(0.05)
    assert http.get("/_sandbox/clock").json()["now"] >= start + 180


def test_advancing_runs_jobs_and_webhooks_at_their_own_times(control, http, sandbox, shop):
    control.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    got = receive(sandbox, 500)
    http.post("/_sandbox/clock", json={"rate": 0})
    shop.create()
    start = sandbox.world.clock.now()
    http.post("/_sandbox/clock", json={"advance": 200})
    assert {round(one.at - start) for one in got} == {0, 30, 120, 150}


def test_advancing_in_strides_lets_happen_together_what_is_due_within_one(control, http, sandbox, shop):
    control.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    got = receive(sandbox, 500)
    http.post("/_sandbox/clock", json={"rate": 0})
    shop.create()
    start = sandbox.world.clock.now()
    http.post("/_sandbox/clock", json={"advance": 200, "stride": 60})
    assert {round(one.at - start) for one in got} == {0, 90, 180}
    assert sandbox.world.clock.now() == start + 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/_sandbox/clock", {}, ""),
        ("/_sandbox/clock", {"advance": "soon"}, "advance"),
        ("/_sandbox/clock", {"advance": -1}, "advance"),
        ("/_sandbox/clock", {"rate": -1}, "rate"),
        ("/_sandbox/clock", {"set": "tomorrow"}, "set"),
        ("/_sandbox/latency", {"seconds": 1, "spread": "some"}, "spread"),
        ("/_sandbox/faults", [{"action": "drop"}, {"action": "drop", "times": "x"}], "times"),
        ("/_sandbox/faults", {"action": "edit", "edit": {"action": "bc.dance"}}, "edit"),
        ("/_sandbox/latency", {"seconds": -1}, "seconds"),
        ("/_sandbox/restore", {"name": "nothing"}, "name"),
        ("/_sandbox/faults", {"action": "explode"}, "action"),
        ("/_sandbox/faults", {"action": "drop", "pathh": "*"}, "pathh"),
        ("/_sandbox/actions/tt.create_seller", {}, "name"),
        ("/_sandbox/actions/tt.create_seller", {"name": "X", "colour": "red"}, "colour"),
        ("/_sandbox/actions/tt.create_seller", {"name": "X", "region": "MOON"}, "region"),
        ("/_sandbox/actions/tt.create_shop", {"seller": "1", "name": "X"}, "seller"),
        ("/_sandbox/actions/shopper.pay", {"order_id": "1"}, "order_id"),
        ("/_sandbox/actions/tt.set_switch", {"shop_id": "*", "name": "nothing", "value": 1}, "name"),
        ("/_sandbox/actions/tt.set_switch", {"shop_id": "*", "name": "on_hold", "value": "maybe"}, "value"),
        ("/_sandbox/actions/bc.load", {"hash": "abc123", "user": "staff@example.com"}, "user"),
        ("/_sandbox/actions/bc.set_stock", {"hash": "abc123", "sku": "X", "quantity": "some"}, "quantity"),
        ("/_sandbox/actions/bc.set_stock", {"hash": "abc123", "sku": "X", "quantity": -1}, "quantity"),
        ("/_sandbox/actions/bc.set_setting", {"hash": "abc123", "path": "inventory", "values": 3}, "values"),
        ("/_sandbox/actions/bc.place_order", {"hash": "abc123", "lines": 3}, "lines"),
        ("/_sandbox/actions/bc.set_switch", {"hash": "abc123", "name": "quota", "value": 10**20}, "value"),
        ("/_sandbox/actions/bc.set_order_status", {"hash": "a", "order_id": "9" * 30, "status_id": 1}, "order_id"),
        ("/_sandbox/actions/tt.set_price", {"product_id": "1", "sku": "X", "price": "x"}, "price"),
        ("/_sandbox/actions/tt.set_price", {"product_id": "1", "sku": "X", "price": 0}, "price"),
        ("/_sandbox/actions/bc.allow_local_hooks", {"allowed": 1}, "allowed"),
        ("/_sandbox/actions/shopper.buy", {"shop_id": "1", "items": "MUG-1"}, "items"),
        ("/_sandbox/faults", {"action": "drop", "platform": "shopify"}, "platform"),
    ],
)
def test_bad_requests_name_the_field(http, sandbox, path, body, field):
    answer = http.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert answer.json().get("field", "") == field
    assert sandbox.faults.crashes == []


def test_ids_and_amounts_may_be_written_as_numbers(control, shop):
    product = shop.list_product()["product_id"]
    activity = control.act("tt.start_promotion", shop_id=int(shop.id), product_ids=[product], discount=10)
    control.act("tt.end_promotion", activity_id=int(activity))
    control.act("tt.set_price", product_id=int(product), sku="MUG-250", price=13.5)
    assert shop.product(product)["skus"][0]["price"]["tax_exclusive_price"] == "13.5"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/_sandbox/clock"), ("POST", "/_sandbox/actions/tt.create_seller"), ("DELETE", "/_sandbox/faults")],
)
def test_pages_of_other_sites_change_nothing(http, sandbox, headers, method, path):
    http.post("/_sandbox/clock", json={"rate": 0})
    http.post("/_sandbox/faults", json={"action": "drop"})
    before = sandbox.world.clock.now()
    content = b'{"advance": 60}' if path.endswith("clock") else b'{"name": "X"}'
    answer = http.request(method, path, content=content, headers={"content-type": "text/plain", **headers})
    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "this was sent from a page of another site, so nothing was done"},
    )
    assert (sandbox.world.clock.now(), len(sandbox.faults.rules)) == (before, 1)
    assert [e.kind for e in sandbox.world.effects if e.kind == "seller_created"] == []


@pytest.mark.parametrize("headers", [{}, {"origin": "http://sandbox.test"}, {"sec-fetch-site": "same-origin"}])
def test_programs_and_our_own_pages_are_answered(http, headers):
    assert http.post("/_sandbox/settle", headers=headers).status_code == 200


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"x"', b"\xff"])
def test_bodies_that_are_no_objects(http, content):
    assert http.post("/_sandbox/clock", content=content).status_code == 400


def test_unknown_pages_and_methods(http):
    assert http.get("/_sandbox/nothing").status_code == 404
    assert http.delete("/_sandbox/clock").status_code == 405
    assert http.post("/_sandbox/actions/tt.nothing", json={}).status_code == 404


def test_actions_are_listed_with_what_they_do_and_take(http):
    actions = {a["name"]: a for a in http.get("/_sandbox/actions").json()["actions"]}
    buy = actions["shopper.buy"]
    assert buy["doc"].startswith("Buy `items` in a shop")
    parameters = {p["name"]: p for p in buy["parameters"]}
    assert (parameters["shop_id"]["required"], parameters["pay"]["required"], parameters["pay"]["default"]) == (
        True,
        False,
        True,
    )
    assert "platform" not in parameters
    assert [a["name"] for a in actions.values() if not a["doc"]] == []
    assert len([name for name in actions if name.startswith(("tt.", "shopper."))]) > 45


def test_effects_are_filtered_and_paged(http, shop):
    answer = shop.list_product()
    all_ = http.get("/_sandbox/effects", params={"limit": "1000"}).json()
    assert all_["last"] == all_["effects"][-1]["seq"]
    created = http.get(
        "/_sandbox/effects", params={"platform": "tiktok", "tenant": shop.id, "kind": "product_created"}
    ).json()["effects"]
    assert [e["key"] for e in created] == [answer["product_id"]]
    later = http.get("/_sandbox/effects", params={"since": str(created[0]["seq"]), "limit": "2"}).json()["effects"]
    assert [e["seq"] for e in later] == [created[0]["seq"] + 1, created[0]["seq"] + 2]
    assert http.get("/_sandbox/effects", params={"since": "x"}).status_code == 400
    assert http.get("/_sandbox/effects", params={"order": "random"}).json()["field"] == "order"


def pages(http, **query):
    """The numbers of the effects on each page, by the answer's own `next`."""
    side, found = "before" if query.get("order") == "newest" else "since", []
    while True:
        answer = http.get("/_sandbox/effects", params=query).json()
        found.append([effect["seq"] for effect in answer["effects"]])
        if answer["next"] is None:
            return found
        query[side] = answer["next"]


def test_effects_are_paged_from_either_end(http, sandbox):
    world = sandbox.world
    for number in range(7):
        with world.transaction("test"):
            world.effect("demo", "a" if number % 2 else "b", "thing", number)
    first = world.effects[0].seq
    assert pages(http, platform="demo", limit="3") == [
        [first, first + 1, first + 2],
        [first + 3, first + 4, first + 5],
        [first + 6],
    ]
    assert pages(http, platform="demo", order="newest", limit="4") == [
        [first + 6, first + 5, first + 4, first + 3],
        [first + 2, first + 1, first],
    ]
    assert pages(http, tenant="a", limit="2") == [[first + 1, first + 3], [first + 5]]


def test_effects_are_found_by_cause_and_time(control, http, sandbox):
    sandbox.world.clock.run(0)
    sandbox.world.clock.set(1_800_000_000)
    control.act("tt.create_app", app_key="6x", redirect_url="https://x.example")
    control.act("bc.create_store", hash="abc")
    sandbox.world.clock.set(1_800_000_060)
    control.act("bc.add_category", hash="abc", path="Men/Shirts")

    def kinds(**query):
        return [e["kind"] for e in http.get("/_sandbox/effects", params=query).json()["effects"]]

    assert set(kinds(cause="bc.create_store")) == {"store_created", "setting_changed"}
    assert kinds(**{"from": "2027-01-15T08:01:00"}) == ["category_created", "category_created"]
    assert kinds(until="1800000060", kind="store_created") == ["store_created"]
    assert kinds(until="1800000000", kind="store_created") == []


def test_faults_are_added_listed_and_removed(http, shop):
    rule = {
        "action": "status",
        "status": 502,
        "platform": "tiktok",
        "path": "*/warehouses",
        "times": 2,
        "body": "bad gateway",
    }
    fault = http.post("/_sandbox/faults", json=rule).json()
    assert shop.send("GET", "/logistics/202309/warehouses").status_code == 502
    (listed,) = http.get("/_sandbox/faults").json()["faults"]
    assert (listed["id"], listed["struck"], listed["body"]) == (fault["id"], 1, "bad gateway")
    assert http.delete(f"/_sandbox/faults/{fault['id']}").status_code == 200
    assert http.delete(f"/_sandbox/faults/{fault['id']}").status_code == 404
    assert shop.send("GET", "/logistics/202309/warehouses").status_code == 200
    http.post("/_sandbox/faults", json=rule)
    http.delete("/_sandbox/faults")
    assert http.get("/_sandbox/faults").json() == {"faults": []}


def test_faults_are_added_all_together_or_not_at_all(http):
    rules = [{"action": "drop"}, {"action": "lose", "probability": 0.3}]
    added = http.post("/_sandbox/faults", json=rules).json()["faults"]
    assert [(fault["action"], fault["on"]) for fault in added] == [("drop", "call"), ("lose", "webhook")]
    assert http.post("/_sandbox/faults", json={"faults": [{"action": "drop"}, {"action": "?"}]}).status_code == 400
    assert len(http.get("/_sandbox/faults").json()["faults"]) == 2


def test_an_edit_fault_lets_a_person_act_at_that_moment(http, shop):
    answer = shop.list_product()
    edit = {
        "action": "tt.set_stock",
        "arguments": {"product_id": answer["product_id"], "sku": "MUG-250", "quantity": 1},
    }
    http.post("/_sandbox/faults", json={"action": "edit", "path": "*/inventory/search", "edit": edit})
    assert shop.stock(answer["skus"][0]["id"]) == (1, 0)


def test_calls_are_counted_and_forgotten(http, shop):
    http.delete("/_sandbox/calls")
    for _ in range(3):
        shop.get("/logistics/202309/warehouses")
    answer = http.get("/_sandbox/calls").json()
    row = next(r for r in answer["calls"] if r["path"].endswith("/warehouses"))
    assert (row["platform"], row["method"], row["count"]) == ("tiktok", "GET", 3)


def test_the_state_counts_both_platforms(http, shop):
    shop.list_product()
    shop.buy()
    state = http.get("/_sandbox/state").json()
    (counts,) = state["platforms"]["tiktok"].values()
    assert counts["products"] == {"ACTIVATE": 1}
    assert counts["orders"] == {"ON_HOLD": 1}
    assert state["jobs"]["tt.release"] == 1
    assert "bigcommerce" in state["platforms"]
    assert state["crashes"] == []


def test_a_snapshot_can_be_taken_and_restored(http, shop):
    shop.create()
    http.post("/_sandbox/snapshot", json={"name": "one product"})
    shop.create(title="A second mug of this test")
    http.post("/_sandbox/restore", json={"name": "one product"})
    assert shop.post("/product/202502/products/search", {}, page_size="10")["total_count"] == 1
    assert [s["name"] for s in http.get("/_sandbox/snapshot").json()["snapshots"]] == ["one product"]


def test_a_snapshot_goes_to_another_sandbox(http, shop):
    product = shop.create()["product_id"]
    http.post("/_sandbox/snapshot", json={"name": "it"})
    data = http.get("/_sandbox/snapshot/it").content
    other = build(seed=2)
    there = httpx2.Client(transport=SandboxTransport(other.site), base_url="http://other.test")
    assert there.put("/_sandbox/snapshot/from the first", content=data).json()["bytes"] == len(data)
    assert there.post("/_sandbox/restore", json={"name": "from the first"}).status_code == 200
    again = dataclasses.replace(shop, sandbox=other)
    assert again.product(product)["id"] == product
    assert other.world.effects == shop.sandbox.world.effects
    assert there.delete("/_sandbox/snapshot/from the first").status_code == 200
    assert there.get("/_sandbox/snapshot/from the first").status_code == 404
    other.close()


def test_what_is_no_snapshot_is_refused_and_changes_nothing(http, shop):
    http.put("/_sandbox/snapshot/x", content=b"nonsense")
    answer = http.post("/_sandbox/restore", json={"name": "x"})
    assert (answer.status_code, answer.json()["field"]) == (400, "name")
    assert shop.create()["product_id"]


def test_the_last_ten_snapshots_are_kept(http):
    for number in range(12):
        http.post("/_sandbox/snapshot", json={"name": str(number)})
    kept = [row["name"] for row in http.get("/_sandbox/snapshot").json()["snapshots"]]
    assert kept == [str(number) for number in range(2, 12)]


def test_deliveries_are_logged(control, http, sandbox, shop):
    control.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    sandbox.outbox.send = lambda _url, _headers, _body, _timeout: 200
    shop.create()
    http.post("/_sandbox/settle")
    (delivery,) = http.get("/_sandbox/deliveries", params={"topic": "PRODUCT_CREATION"}).json()["deliveries"]
    assert (delivery["platform"], delivery["tenant"], delivery["status"], delivery["attempt"]) == (
        "tiktok",
        shop.id,
        200,
        1,
    )


def test_latency_slows_the_platforms_only(http, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("twinshelf_sandbox.wire.time.sleep", slept.append)
    assert http.post("/_sandbox/latency", json={"seconds": 0.2}).json() == {"seconds": 0.2, "spread": 0}
    assert http.get("/_sandbox/latency").json() == {"seconds": 0.2, "spread": 0}
    http.get("/_sandbox/state")
    assert slept == []
    http.get("/order/202309/orders")
    assert slept == [0.2]


def test_paths_of_nobody_are_tiktoks_to_refuse(http):
    answer = http.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, 36009009)


def test_over_a_socket_everything_is_the_same(tmp_path):
    sandbox = build(tmp_path / "sandbox.db")
    server = sandbox.serve()
    server.start()
    try:
        with httpx2.Client(base_url=server.address) as client:
            assert ControlClient(server.address).act("tt.create_seller", name="Over a socket")["seller_id"]
            assert client.get("/").status_code == 200
            assert client.get("/order/202309/orders").json()["code"] == 36009004
            assert client.post("/_sandbox/clock", json={"advance": 3600}).status_code == 200
    finally:
        server.stop()


def test_over_a_socket_a_body_may_come_in_chunks_and_head_tells_the_length(tmp_path):
    sandbox = build(tmp_path / "sandbox.db")
    store = open_store(sandbox)
    server = sandbox.serve()
    server.start()
    try:
        with httpx2.Client(base_url=f"{server.address}/stores/{store.hash}") as client:
            client.headers["X-Auth-Token"] = store.token
            made = client.post(
                "/v3/catalog/brands",
                content=iter([b'{"name":', b'"Chunky"}']),
                headers={"content-type": "application/json"},
            )
            assert (made.status_code, made.json()["data"]["name"]) == (200, "Chunky")
            whole = client.get("/v3/catalog/brands")
            head = client.head("/v3/catalog/brands")
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == str(len(whole.content))
    finally:
        server.stop()
