"""A small client of TikTok Shop for tests of its double: signs, sends, and knows how to list a believable product."""

from __future__ import annotations

import functools
import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2
from PIL import Image

from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.tiktok.regions import REGIONS
from twinshelf_sandbox.transport import SandboxTransport

API = "https://open-api.tiktokglobalshop.com"
JSON = {"content-type": "application/json"}


def signature(
    secret: str, path: str, query: dict[str, str], body: bytes = b"", content_type: str = "application/json"
) -> str:
    """The documented algorithm, written a second time: the double's own is what is under test."""
    text = secret + path + "".join(k + query[k] for k in sorted(query) if k not in ("sign", "access_token"))
    raw = text.encode() + (b"" if content_type.startswith("multipart/form-data") else body) + secret.encode()
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


class Refusal(AssertionError):
    """The platform answered with a code other than 0."""

    def __init__(self, reply: dict[str, Any], status: int) -> None:
        self.code, self.status, self.reply = reply["code"], status, reply
        super().__init__(f"{reply['code']} {reply['message']}")


class Delivered(NamedTuple):
    """A webhook as it arrived."""

    at: float
    headers: dict[str, str]
    body: bytes


@dataclass
class Shop:
    """One shop as an authorized app sees it."""

    sandbox: Sandbox
    id: str
    cipher: str
    app_key: str
    app_secret: str
    token: str
    seller: str
    warehouses: list[str]
    region: str = "US"
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx2.Client(transport=SandboxTransport(self.sandbox.site), base_url=API)

    # -- calls -------------------------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        shop: bool = True,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        content_type: str = "application/json",
        override: Mapping[str, str | None] | None = None,
        **query: Any,
    ) -> httpx2.Response:
        """A signed call as it goes out; `override` changes (or with None leaves out) signed parameters afterwards."""
        raw = content if content is not None else b"" if body is None else json.dumps(body).encode()
        query = {"app_key": self.app_key, "timestamp": str(int(self.sandbox.world.clock.now())), **query}
        if shop:
            query.setdefault("shop_cipher", self.cipher)
        query["sign"] = signature(self.app_secret, path, query, raw, content_type)
        for name, value in (override or {}).items():
            if value is None:
                query.pop(name, None)
            else:
                query[name] = value
        sent = {"x-tts-access-token": self.token, **({"content-type": content_type} if raw else {}), **(headers or {})}
        return self.http.request(method, path, params=query, content=raw or None, headers=sent)

    def call(self, method: str, path: str, body: Any = None, *, shop: bool = True, **query: Any) -> Any:
        """The data of a successful call. Raises Refusal."""
        response = self.send(method, path, body, shop=shop, **query)
        reply = response.json()
        if reply["code"] != 0:
            raise Refusal(reply, response.status_code)
        assert response.status_code == 200
        assert len(reply["request_id"]) == 34
        return reply["data"]

    def get(self, path: str, *, shop: bool = True, **query: Any) -> Any:
        return self.call("GET", path, shop=shop, **query)

    def post(self, path: str, body: Any = None, *, shop: bool = True, **query: Any) -> Any:
        return self.call("POST", path, body, shop=shop, **query)

    def refused(self, method: str, path: str, body: Any = None, *, shop: bool = True, **query: Any) -> int:
        """The code a call is refused with."""
        reply = self.send(method, path, body, shop=shop, **query).json()
        assert reply["code"] != 0, f"{method} {path} was accepted"
        assert len(reply["request_id"]) == 34
        return int(reply["code"])

    # -- products ----------------------------------------------------------------------------------------------

    def upload(
        self, *, size: tuple[int, int] = (600, 600), use_case: str = "MAIN_IMAGE", color: str = "navy"
    ) -> dict[str, Any]:
        data: dict[str, Any] = self.upload_bytes(png(size, color), use_case).json()["data"]
        return data

    def upload_bytes(self, content: bytes, use_case: str = "MAIN_IMAGE") -> httpx2.Response:
        form, content_type = multipart({"use_case": use_case.encode()}, {"data": ("picture.png", content)})
        return self.send("POST", "/product/202309/images/upload", shop=False, content=form, content_type=content_type)

    def body(self, **changes: Any) -> dict[str, Any]:
        """A product that passes every check: a mug in two sizes. `changes` replace its fields; None leaves one out."""
        image = self.upload()
        region = REGIONS[self.region]
        currency, price = region.currency, "12.00" if region.decimals else "250000"

        def sku(name: str, code: str) -> dict[str, Any]:
            return {
                "seller_sku": code,
                "sales_attributes": [{"name": "Volume", "value_name": name}],
                "price": {"amount": price, "currency": currency},
                "inventory": [{"warehouse_id": w, "quantity": 20} for w in self.warehouses],
            }

        body = {
            "title": "Enamel mug for the camp kitchen, two sizes",
            "description": "<p>An enamel mug that survives a fall.</p>",
            "category_id": MUGS,
            "category_version": "v2",
            "main_images": [{"uri": image["uri"]}],
            "package_weight": {"value": "0.4", "unit": "KILOGRAM"},
            "product_attributes": self.required_attributes(MUGS),
            "skus": [sku("250 ml", "MUG-250"), sku("400 ml", "MUG-400")],
        }
        given: dict[str, Any] = {**body, **changes}
        return {name: value for name, value in given.items() if value is not None}

    def required_attributes(self, category_id: str) -> list[dict[str, Any]]:
        """Some value for every attribute the category requires."""
        answer = self.get(f"/product/202309/categories/{category_id}/attributes", category_version="v2")
        return [
            {"id": a["id"], "values": [{"id": a["values"][0]["id"]} if "values" in a else {"name": "Sample"}]}
            for a in answer["attributes"]
            if a["is_requried"] and a["type"] == "PRODUCT_PROPERTY"
        ]

    def create(self, **changes: Any) -> dict[str, Any]:
        """A product that is submitted; its audit is still to come."""
        answer: dict[str, Any] = self.post("/product/202309/products", self.body(**changes))
        return answer

    def list_product(self, **changes: Any) -> dict[str, Any]:
        """A product that is live."""
        answer = self.create(**changes)
        self.sandbox.advance(31)
        assert self.product(answer["product_id"])["status"] == "ACTIVATE"
        return answer

    def product(self, product_id: str, **query: Any) -> Any:
        return self.get(f"/product/202309/products/{product_id}", **query)

    def stock(self, sku_id: str) -> tuple[int, int]:
        """(available, committed) of a SKU over all warehouses."""
        sku = self.post("/product/202309/inventory/search", {"sku_ids": [sku_id]})["inventory"][0]["skus"][0]
        return sku["total_available_quantity"], sku["total_committed_quantity"]

    # -- orders ------------------------------------------------------------------------------------------------

    def buy(self, seller_sku: str = "MUG-250", quantity: int = 1, **more: Any) -> str:
        items = [{"seller_sku": seller_sku, "quantity": quantity}]
        order_id: str = self.sandbox.act("shopper.buy", **{"shop_id": self.id, "items": items, **more})
        return order_id

    def buy_to_ship(self, seller_sku: str = "MUG-250", quantity: int = 1, **more: Any) -> str:
        """An order whose hold is over."""
        order_id = self.buy(seller_sku, quantity, **more)
        self.sandbox.advance(3601)
        return order_id

    def order(self, order_id: str) -> Any:
        (order,) = self.get("/order/202507/orders", ids=order_id)["orders"]
        return order

    def mark_shipped(
        self, order_id: str, tracking: str = "JX-0001-TEST", lines: list[str] | None = None, **more: Any
    ) -> Any:
        body: dict[str, Any] = {
            "shipping_info_list": [{"tracking_number": tracking, "shipping_provider_id": self.carrier}],
            **more,
        }
        if lines is not None:
            body["order_line_list"] = [{"order_line_id": line} for line in lines]
        return self.post(f"/fulfillment/202610/orders/{order_id}/packages", body)

    @property
    def carrier(self) -> str:
        """The id of a carrier of the market whose numbers have no form of their own."""
        return {
            "US": "7132708441138677550",
            "GB": "6599541761693270018",
            "DE": "7038796963025782530",
            "VN": "6841743441349706241",
        }[self.region]

    # -- the world ---------------------------------------------------------------------------------------------

    def effects(self, *kinds: str) -> list[Any]:
        """What really happened in this shop, of some kinds or of all."""
        return [e for e in self.sandbox.world.effects if e.tenant == self.id and (not kinds or e.kind in kinds)]

    def switch(self, name: str, value: Any) -> None:
        self.sandbox.act("tt.set_switch", shop_id=self.id, name=name, value=value)


MUGS = "600042"


@functools.cache
def png(size: tuple[int, int] = (600, 600), color: str = "navy", form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, form)
    return file.getvalue()


def multipart(fields: dict[str, bytes], files: dict[str, tuple[str, bytes]]) -> tuple[bytes, str]:
    """(body, content type) of a form."""
    boundary = "----a-boundary-of-the-tests"
    out = b""
    for name, value in fields.items():
        out += f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
    for name, (filename, value) in files.items():
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        out += head.encode() + b"content-type: image/png\r\n\r\n" + value + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def open_shop(
    sandbox: Sandbox, *, region: str = "US", warehouses: list[str] | None = None, seller_type: str = "LOCAL"
) -> Shop:
    """A new seller with a shop and an app it has authorized; no limit on calls, so that tests run at full speed."""
    app = sandbox.act("tt.create_app", redirect_url="https://twinshelf.example.com/tiktok/callback")
    seller = sandbox.act("tt.create_seller", name="Harbor Goods", region=region, seller_type=seller_type)["seller_id"]
    shop = sandbox.act("tt.create_shop", seller=seller, name="Harbor Goods", region=region, warehouses=warehouses)
    sandbox.act("tt.set_limits", shop_id="*", per_second=0)
    code = sandbox.act("tt.authorize", app_key=app["app_key"], seller=seller)
    token = tokens(sandbox, app, code)["access_token"]
    return Shop(
        sandbox,
        shop["shop_id"],
        shop["cipher"],
        app["app_key"],
        app["app_secret"],
        token,
        seller,
        shop["sales_warehouse_ids"],
        region,
    )


def open_global_seller(sandbox: Sandbox) -> tuple[Shop, Shop]:
    """The US and the UK shop of one new cross-border seller."""
    us = open_shop(sandbox, seller_type="CROSS_BORDER")
    other = sandbox.act("tt.create_shop", seller=us.seller, name="Harbor UK", region="GB")
    uk = Shop(
        sandbox,
        other["shop_id"],
        other["cipher"],
        us.app_key,
        us.app_secret,
        us.token,
        us.seller,
        other["sales_warehouse_ids"],
        "GB",
    )
    return us, uk


def tokens(sandbox: Sandbox, app: dict[str, str], code: str) -> Any:
    """Exchange an auth code."""
    http = httpx2.Client(transport=SandboxTransport(sandbox.site))
    query = {
        "app_key": app["app_key"],
        "app_secret": app["app_secret"],
        "auth_code": code,
        "grant_type": "authorized_code",
    }
    return http.get("https://auth.tiktok-shops.com/api/v2/token/get", params=query).json()["data"]


def receive(sandbox: Sandbox, status: int = 200) -> list[Delivered]:
    """What is delivered from now on; every receiver answers with `status`."""
    got: list[Delivered] = []

    def send(_url: str, headers: Mapping[str, str], body: bytes, _timeout: float) -> int:
        got.append(Delivered(sandbox.world.clock.now(), dict(headers), body))
        return status

    sandbox.outbox.send = send
    return got
