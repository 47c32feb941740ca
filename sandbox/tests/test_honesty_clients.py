"""Clients that others wrote, unmodified, against the sandbox over a real socket.

`bigc` and `bigcommerce` know one address only, that of the platform, so their connections are led to the socket
below them; `tiktok-shop-api` is told the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import bigcommerce.api
import pytest
import requests
import tiktok_shop_api
from bigc.api import BigCommerceAPI
from requests.adapters import HTTPAdapter
from tiktok_shop_api.generated import models
from tiktok_shop_api.generated.types import File
from tiktok_shop_api.webhooks import Webhooks, WebhookSignatureError

from sandbox.tests.bigcommerce_client import ADDRESS, MUG, SHIRT, Store, open_store
from sandbox.tests.tiktok_client import Shop, open_shop, png
from twinshelf_sandbox.app import Sandbox, build

JPEG = "https://example.com/mug.jpg"


class Redirected(HTTPAdapter):
    """Sends what is meant for a platform to the sandbox's socket."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = self._address + str(parts.path) + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


class Receiver:
    """Someone's webhook address: keeps what comes and answers 200."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with receiver._arrived:
                    receiver.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    receiver._arrived.notify_all()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/hooks"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait(self) -> tuple[dict[str, str], bytes]:
        """The first delivery; fails if none comes within a minute."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: self.got, 60)
            return self.got[0]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def served() -> Iterator[tuple[Sandbox, str]]:
    """A sandbox at real time behind a socket, and its address."""
    sandbox = build()
    sandbox.world.clock.set(time.time())  # the clients sign with real time
    sandbox.act("bc.allow_local_hooks")
    server = sandbox.serve()
    server.start()
    yield sandbox, server.address
    server.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.fixture
def store(served: tuple[Sandbox, str]) -> Store:
    return open_store(served[0])


@pytest.fixture
def shop(served: tuple[Sandbox, str]) -> Shop:
    return open_shop(served[0])


def mounted(session: requests.Session, address: str) -> None:
    session.mount("https://", Redirected(address))


def test_bigc_pulls_a_catalog_adds_a_picture_and_sells(store, served, receiver):
    api = BigCommerceAPI(store.hash, store.token)
    mounted(api.api_v2._session, served[1])
    store.act("add_products", products=[{"name": f"P{n:03d}", "price": 1, "sku": f"S{n}"} for n in range(260)])
    assert [p["id"] for p in api.products_v3.all()] == list(range(101, 361))

    hook = api.webhooks_v3.create({"scope": "store/order/created", "destination": receiver.address})
    shirt = api.products_v3.create(SHIRT)
    variants = {v["sku"]: v["id"] for v in api.product_variants_v3.all(shirt["id"])}
    image = api.api_v3.post(f"/catalog/products/{shirt['id']}/images", data={"image_url": JPEG, "is_thumbnail": True})
    assert api.api_v3.get(f"/catalog/products/{shirt['id']}/images/{image['id']}")["is_thumbnail"] is True
    api.product_variants_v3.update(shirt["id"], variants["SHIRT-S"], {"price": 38.5})
    line = {"product_id": shirt["id"], "variant_id": variants["SHIRT-S"], "quantity": 2}
    made = api.orders_v2.create({"billing_address": ADDRESS, "products": [line], "external_order_id": "5761"})
    assert [o["id"] for o in api.orders_v2.all(params={"external_order_id": "5761"})] == [made["id"]]
    assert made["subtotal_ex_tax"] == "77.0000"
    assert store.stock("SHIRT-S") == 3

    headers, body = receiver.wait()
    event = json.loads(body)
    assert (event["scope"], event["data"]) == ("store/order/created", {"type": "order", "id": made["id"]})
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(store.client_secret.encode(), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    api.webhooks_v3.delete(hook["id"])


def test_the_official_client_reads_a_catalog_and_works_orders(store, served):
    api = bigcommerce.api.BigcommerceApi(client_id=store.client_id, store_hash=store.hash, access_token=store.token)
    mounted(api.connection._session, served[1])
    assert (api.Store.all()["id"], abs(api.Time.all()["time"] - time.time()) < 60) == (store.hash, True)
    v3 = f"https://api.bigcommerce.com/stores/{store.hash}/v3/catalog/products"
    made = api.connection.post(v3, MUG)["data"]
    picture = {"image_file": ("mug.png", png(), "image/png")}
    uploaded = api.connection._session.post(f"{v3}/{made['id']}/images", files=picture)
    assert uploaded.json()["data"]["product_id"] == made["id"]
    listed = api.connection.get(v3, include="variants,images")["data"]
    assert [(p["sku"], len(p["images"]), len(p["variants"])) for p in listed] == [("MUG-1", 1, 1)]

    line = {"product_id": made["id"], "quantity": 2}
    order = api.Orders.create(billing_address=ADDRESS, products=[line], status_id=11)
    assert (order.total_inc_tax, order.status) == ("24.0000", "Awaiting Fulfillment")
    assert [o.id for o in api.Orders.all(status_id=11)] == [order.id]
    (bought,) = api.Orders.get(order.id).products()
    address = api.Orders.get(order.id).shipping_addresses()[0]
    items = [{"order_product_id": bought.id, "quantity": 2}]
    api.OrderShipments.create(order.id, order_address_id=address.id, items=items, tracking_number="94001")
    assert api.Orders.get(order.id).status == "Shipped"
    assert [s.tracking_number for s in api.Orders.get(order.id).shipments()] == ["94001"]
    assert {state.id: state.name for state in api.OrderStatuses.all()}[11] == "Awaiting Fulfillment"


def test_tiktok_shop_api_lists_prices_stocks_sells_and_verifies(shop, served, receiver):
    api: Any = tiktok_shop_api.TikTokShop(
        app_key=shop.app_key,
        app_secret=shop.app_secret,
        access_token=shop.token,
        shop_cipher=shop.cipher,
        base_url=served[1],
    )
    assert [s.cipher for s in api.authorization.get_authorized_shops().data.shops] == [shop.cipher]
    file = File(io.BytesIO(png()), "mug.png", "image/png")
    image = api.products.upload_product_image(
        body=models.UploadProductImageRequest(data=file, use_case=models.UploadProductImageRequestUseCase("MAIN_IMAGE"))
    ).data
    assert (image.width, image.height) == (600, 600)
    shop.sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url=receiver.address)
    body = models.CreateProductRequest.from_dict(
        {**shop.body(main_images=[{"uri": image.uri}]), "save_mode": "LISTING"}
    )
    created = api.products.create_product(body=body).data
    shop.sandbox.act("tt.approve", product_id=created.product_id)
    small = next(sku.id for sku in created.skus if sku.seller_sku == "MUG-250")
    price = {"skus": [{"id": small, "price": {"amount": "11.50", "currency": "USD"}}]}
    api.products.update_price(product_id=created.product_id, body=models.UpdatePriceRequest.from_dict(price))
    stock = [{"warehouse_id": warehouse, "quantity": 7} for warehouse in shop.warehouses]
    level = models.UpdateInventoryRequest.from_dict({"skus": [{"id": small, "inventory": stock}]})
    api.products.update_inventory(product_id=created.product_id, body=level)
    product = api.products.get_product(product_id=created.product_id).data
    (shown,) = [sku for sku in product.skus if sku.id == small]
    assert (product.status, shown.price.sale_price, shown.inventory[0].quantity) == ("ACTIVATE", "11.50", 7)

    shop.switch("on_hold", value=False)
    order_id = shop.buy()
    page = api.orders.get_order_list(body=models.GetOrderListRequest(), page_size=10).data
    assert [(o.id, o.status, o.line_items[0].sale_price) for o in page.orders] == [
        (order_id, "AWAITING_SHIPMENT", "11.50")
    ]
    (order,) = api.orders.get_order_detail(ids=[order_id]).data.orders
    assert order.payment.sub_total == "11.50"

    headers, raw = receiver.wait()
    keys = {"app_key": shop.app_key, "app_secret": shop.app_secret}
    event: Any = Webhooks.verify_and_parse(raw_body=raw, signature=headers["authorization"], **keys)
    assert event.shop_id == shop.id
    with pytest.raises(WebhookSignatureError):
        Webhooks.verify_and_parse(raw_body=raw + b" ", signature=headers["authorization"], **keys)
    api.close()
