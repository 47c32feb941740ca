"""The sandbox's own pages: clock, effects, faults, actions, calls, snapshots, and the page a person looks at."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import pytest

from tests.sandbox.tiktok_client import Shop, open_shop, receive
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.transport import SandboxTransport


@pytest.fixture
def http(sandbox: Sandbox) -> httpx2.Client:
    return httpx2.Client(transport=SandboxTransport(sandbox.site), base_url="http://sandbox.test")


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def act(http: httpx2.Client, name: str, /, **arguments: Any) -> Any:
    answer = http.post(f"/_sandbox/actions/{name}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_the_clock_is_read_set_run_and_advanced(http, sandbox):
    http.post("/_sandbox/clock", json={"rate": 0})
    assert http.post("/_sandbox/clock", json={"set": "2027-01-15T08:00:00"}).json()["now"] == 1_800_000_000
    answer = http.post("/_sandbox/clock", json={"advance": 60}).json()
    assert (answer["now"], answer["iso"], answer["rate"]) == (1_800_000_060, "2027-01-15T08:01:00+00:00", 0)
    assert http.get("/_sandbox/clock").json()["now"] == 1_800_000_060


def test_advancing_runs_jobs_and_webhooks_at_their_own_times(http, sandbox, shop):
    act(http, "tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    got = receive(sandbox, 500)
    http.post("/_sandbox/clock", json={"rate": 0})
    shop.create()
    start = sandbox.world.clock.now()
    http.post("/_sandbox/clock", json={"advance": 200})
    assert {round(one.at - start) for one in got} == {0, 30, 120, 150}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/_sandbox/clock", {}, ""),
        ("/_sandbox/clock", {"advance": "soon"}, "advance"),
        ("/_sandbox/clock", {"set": "tomorrow"}, "set"),
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
    ],
)
def test_bad_requests_name_the_field(http, sandbox, path, body, field):
    answer = http.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert answer.json().get("field", "") == field
    assert sandbox.faults.crashes == []


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


def test_deliveries_are_logged(http, sandbox, shop):
    act(http, "tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
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


def test_latency_slows_the_platforms_only(http, sandbox):
    assert http.post("/_sandbox/latency", json={"seconds": 0.01}).json() == {"seconds": 0.01}
    assert sandbox.site.latency_seconds == 0.01


def test_the_page_shows_both_platforms_and_escapes_names(http, sandbox):
    seller = act(http, "tt.create_seller", name="S")["seller_id"]
    act(http, "tt.create_shop", seller=seller, name="<b>Harbor</b>")
    page = http.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert re.findall(r"<h2>(.*?)</h2>", page.text) == ["BigCommerce", "TikTok Shop"]
    assert "&lt;b&gt;Harbor&lt;/b&gt;" in page.text
    assert "<b>Harbor" not in page.text


def test_other_pages_can_be_hung_in(http, sandbox):
    from twinshelf_sandbox.wire import Response  # noqa: PLC0415

    sandbox.control.pages["/seller"] = lambda _request: Response.text("seller center")
    assert http.get("/seller").text == "seller center"


def test_paths_of_nobody_are_tiktoks_to_refuse(http):
    answer = http.get("/nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, 36009009)


def test_over_a_socket_everything_is_the_same(tmp_path):
    sandbox = build(tmp_path / "sandbox.db")
    server = sandbox.serve()
    server.start()
    try:
        with httpx2.Client(base_url=server.address) as client:
            assert act(client, "tt.create_seller", name="Over a socket")["seller_id"]
            assert client.get("/").status_code == 200
            assert client.get("/order/202309/orders").json()["code"] == 36009004
            assert client.post("/_sandbox/clock", json={"advance": 3600}).status_code == 200
    finally:
        server.stop()
