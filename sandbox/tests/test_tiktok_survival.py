"""The TikTok Shop double under stress: killed, restored, asked nonsense, asked fast, asked by many at once."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import httpx2
import msgspec
import pytest

from sandbox.tests.tiktok_client import Shop, open_shop, signature
from twinshelf_sandbox.app import Sandbox, build
from twinshelf_sandbox.client import ControlClient
from twinshelf_sandbox.tiktok.aftersales import aftersales_requests, cancellations, return_approval, return_search
from twinshelf_sandbox.tiktok.apps import authorization, webhooks
from twinshelf_sandbox.tiktok.fulfillment import invoices, packages, shipping, split_and_combine
from twinshelf_sandbox.tiktok.orders import orders
from twinshelf_sandbox.tiktok.products import (
    categories,
    compliance,
    global_products,
    prices_and_stock,
    product_bodies,
    product_optimization,
    product_search,
    products,
    replication,
)
from twinshelf_sandbox.tiktok.promotions import promotions
from twinshelf_sandbox.wire import Request


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def again(shop: Shop, sandbox: Sandbox) -> Shop:
    """The same shop in another sandbox."""
    return Shop(
        sandbox,
        shop.id,
        shop.cipher,
        shop.app_key,
        shop.app_secret,
        shop.token,
        shop.seller,
        shop.warehouses,
        shop.region,
    )


# -- what lasts ------------------------------------------------------------------------------------------------


def test_everything_is_there_after_a_restart(tmp_path):
    first = build(tmp_path / "sandbox.db")
    shop = open_shop(first)
    answer = shop.list_product()
    paid = shop.buy(quantity=2)
    ready = shop.buy_to_ship()
    first.act("shopper.cancel", order_id=ready)
    before = [shop.product(answer["product_id"]), shop.order(ready), shop.stock(answer["skus"][0]["id"])]
    first.close()

    second = build(tmp_path / "sandbox.db")
    shop = again(shop, second)
    after = [shop.product(answer["product_id"]), shop.order(ready), shop.stock(answer["skus"][0]["id"])]
    for image in (before[0]["main_images"], after[0]["main_images"]):  # their addresses carry the time
        del image[:]
    assert after == before
    assert [o["id"] for o in shop.post("/order/202309/orders/search", {}, page_size="10")["orders"]] == [ready, paid]
    assert (
        shop.post("/product/202502/products/search", {"seller_skus": ["MUG-400"]}, page_size="10")["total_count"] == 1
    )
    second.advance(49 * 3600)  # the deadline of the cancellation was kept
    assert shop.order(ready)["status"] == "CANCELLED"
    second.close()


_CHILD = """
import sys
from pathlib import Path
from twinshelf_sandbox.app import build
sandbox = build(Path(sys.argv[1]))
server = sandbox.serve()
server.start()
print(server.address, flush=True)
sys.stdin.read()
"""


def test_what_was_answered_survives_a_kill(tmp_path):
    path = tmp_path / "sandbox.db"
    process = subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        http, control = httpx2.Client(base_url=address), ControlClient(address)
        app = control.act("tt.create_app", redirect_url="https://x.example")
        seller = control.act("tt.create_seller", name="Killed Goods")["seller_id"]
        opened = control.act("tt.create_shop", seller=seller, name="Killed Goods")
        code = control.act("tt.authorize", app_key=app["app_key"], seller=seller)
        query = {**app, "auth_code": code, "grant_type": "authorized_code"}
        token = http.get("/api/v2/token/get", params=query).json()["data"]["access_token"]
        body = json.dumps({"name": "Brand of a killed process"}).encode()
        path_ = "/product/202309/brands"
        now = control.clock()["now"]
        signed = {"app_key": app["app_key"], "timestamp": str(int(now))}
        signed["sign"] = signature(app["app_secret"], path_, signed, body)
        headers = {"x-tts-access-token": token, "content-type": "application/json"}
        brand = http.post(path_, params=signed, content=body, headers=headers).json()["data"]["id"]
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    sandbox = build(path)
    assert sandbox.world.table("tt/brands")[brand]["name"] == "Brand of a killed process"
    assert sandbox.tiktok.platform.shop(opened["shop_id"]).facts["name"] == "Killed Goods"
    assert {"authorized", "brand_created"} <= {e.kind for e in sandbox.world.effects}
    sandbox.close()


def test_a_snapshot_brings_everything_back(shop, sandbox):
    answer = shop.list_product()
    order_id = shop.buy()
    snapshot = sandbox.world.snapshot()
    shop.post("/product/202309/products/deactivate", {"product_ids": [answer["product_id"]]})
    sandbox.advance(3601)
    shop.mark_shipped(order_id)
    shop.create(title="A mug from a time that never was")

    sandbox.world.restore(snapshot)
    assert shop.order(order_id)["status"] == "ON_HOLD"
    assert shop.product(answer["product_id"])["status"] == "ACTIVATE"
    assert shop.post("/product/202502/products/search", {}, page_size="10")["total_count"] == 1
    assert (
        shop.post("/product/202502/products/search", {"status": "SELLER_DEACTIVATED"}, page_size="10")["total_count"]
        == 0
    )
    sandbox.advance(3601)
    assert shop.order(order_id)["status"] == "AWAITING_SHIPMENT"


def test_a_refused_call_leaves_no_trace_in_tables_and_indexes(shop, sandbox):
    answer = shop.post("/product/202309/products", {**shop.body(), "save_mode": "AS_DRAFT"})
    sandbox.act("tt.set_limits", shop_id=shop.id, daily_listings=1)
    shop.create(title="The one mug of the day")
    before = sandbox.world.snapshot()
    effects = len(sandbox.world.effects)
    path = f"/product/202509/products/{answer['product_id']}/partial_edit"
    assert shop.refused("POST", path, {"title": "One listing too many"}) == 12052093
    assert len(sandbox.world.effects) == effects
    assert strip_time(sandbox.world.snapshot()) == strip_time(before)


def strip_time(snapshot: bytes) -> Any:
    data = msgspec.msgpack.decode(snapshot)
    return {name: rows for name, rows in data["tables"].items() if rows}


# -- nonsense --------------------------------------------------------------------------------------------------

_MODULES = (
    authorization,
    product_optimization,
    cancellations,
    categories,
    split_and_combine,
    compliance,
    return_approval,
    webhooks,
    invoices,
    prices_and_stock,
    orders,
    packages,
    product_bodies,
    products,
    promotions,
    global_products,
    replication,
    return_search,
    aftersales_requests,
    product_search,
    shipping,
)
_ODD: tuple[Any, ...] = (
    None,
    "",
    " ",
    "x",
    "0",
    "-1",
    "1",
    "1e9",
    "9" * 40,
    "\u0000",
    "\ud7ff",
    "🙂",
    0,
    1,
    -1,
    1.5,
    2**63,
    True,
    [],
    [None],
    [[]],
    {},
    [{}],
    ["x"] * 3,
    {"id": "1"},
    [{"id": "1"}],
    {"amount": "NaN", "currency": "USD"},
    "Infinity",
    "USD",
    "REFUND",
    "1Z999AA10123456784",
)


def names() -> list[str]:
    """Every field name of every body the double knows."""
    found = set()
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct):
                found |= set(value.__struct_fields__)
    return sorted(found)


def test_no_nonsense_breaks_it(shop, sandbox):
    rng = random.Random(20_270_115)
    answer = shop.list_product()
    order_id = shop.buy_to_ship()
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    return_id = sandbox.act("shopper.return_request", order_id=order_id)
    waiting = shop.buy_to_ship()
    cancel_id = sandbox.act("shopper.cancel", order_id=waiting)
    package = shop.order(order_id)["packages"][0]["id"]
    ids = [
        answer["product_id"],
        answer["skus"][0]["id"],
        order_id,
        waiting,
        return_id,
        cancel_id,
        package,
        "1",
        "x",
        shop.warehouses[0],
        "602029",
    ]
    fields = names()

    def value(depth: int) -> Any:
        roll = rng.random()
        if roll < 0.25:
            return rng.choice(ids)
        if depth and roll < 0.55:
            return {rng.choice(fields): value(depth - 1) for _ in range(rng.randint(0, 5))}
        if depth and roll < 0.7:
            return [value(depth - 1) for _ in range(rng.randint(0, 3))]
        return rng.choice(_ODD)

    template = shop.body()
    endpoints = sandbox.tiktok.gateway.endpoints
    assert len(endpoints) > 120
    for _ in range(12):
        for endpoint in endpoints:
            path = endpoint.path.replace("{v}", endpoint.versions[-1])
            while "{" in path:
                head, rest = path.split("{", 1)
                path = head + rng.choice(ids) + rest.split("}", 1)[1]
            body: Any = None
            if endpoint.method != "GET":
                body = value(4)
                if rng.random() < 0.4:  # a good product with a few fields gone wrong
                    body = {**template, **{rng.choice(list(template)): value(3) for _ in range(2)}}
            query = {
                rng.choice(("page_size", "page_token", "ids", "sort_field", "locale", "platform")): str(
                    rng.choice(_ODD[:20])
                )
                for _ in range(2)
            }
            query.setdefault("page_size", "10")
            reply = shop.send(endpoint.method, path, body, shop=endpoint.shop, **query).json()
            assert reply["code"] != 36009003, f"{endpoint.method} {path} {query} {body}"
            assert "Traceback" not in reply["message"]
    for endpoint in endpoints:
        if endpoint.method != "GET" and not endpoint.multipart:
            path = re.sub(r"\{[^}]+\}", "1", endpoint.path.replace("{v}", endpoint.versions[-1]))
            assert (
                shop.send(endpoint.method, path, content=b'{"a":', shop=endpoint.shop, page_size="10").json()["code"]
                != 36009003
            )
    assert sandbox.faults.crashes == []


# -- speed -----------------------------------------------------------------------------------------------------


def test_simple_calls_are_fast(shop, sandbox):
    answer = shop.list_product()
    shop.switch("on_hold", value=False)
    for _ in range(19):
        shop.buy()
    body = json.dumps({"skus": [{"id": answer["skus"][0]["id"], "inventory": [{"quantity": 7}]}]}).encode()
    reads = request(shop, "GET", "/logistics/202309/warehouses")
    writes = request(shop, "POST", f"/product/202309/products/{answer['product_id']}/inventory/update", body)
    for call in (reads, writes):
        start = time.process_time()
        for _ in range(300):
            assert sandbox.site.handle(call).status == 200
        assert time.process_time() - start < 0.6  # of processor time, so that a busy machine does not matter


def request(shop: Shop, method: str, path: str, body: bytes = b"") -> Request:
    query = {"app_key": shop.app_key, "shop_cipher": shop.cipher, "timestamp": str(int(shop.sandbox.world.clock.now()))}
    query["sign"] = signature(shop.app_secret, path, query, body)
    text = str(httpx2.QueryParams(query))
    headers = {"x-tts-access-token": shop.token, "content-type": "application/json"}
    return Request(method=method, path=path, query_string=text, headers=headers, body=body)


def test_many_threads_see_one_world(shop, sandbox):
    shop.list_product()
    shop.switch("on_hold", value=False)
    problems: list[BaseException] = []

    def work() -> None:
        try:
            mine = again(shop, sandbox)
            for _ in range(4):
                mine.mark_shipped(mine.buy("MUG-400"), f"T-{threading.get_ident()}")
        except BaseException as error:  # noqa: BLE001 - told to the test below
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(shop.effects("package_shipped")) == 20
    with pytest.raises(ValueError, match="out of stock"):
        shop.buy("MUG-400")


@pytest.mark.parametrize("count", [100])
def test_big_searches_use_their_indexes(shop, sandbox, count):
    shop.list_product()
    shop.switch("on_hold", value=False)
    order_id = shop.buy()
    with sandbox.world.transaction("many"):
        table = sandbox.world.table(f"tt/{shop.id}/orders")
        row = table[order_id]
        for n in range(20_000):
            table.put(str(10**17 + n), {**row, "id": str(10**17 + n), "update_time": row["update_time"] + n % 977})
    start = time.process_time()
    page = shop.post(
        "/order/202309/orders/search",
        {"order_status": "AWAITING_SHIPMENT"},
        page_size=str(count),
        sort_field="update_time",
    )
    assert time.process_time() - start < 0.25
    assert (len(page["orders"]), page["total_count"]) == (count, 20_001)
