"""Installing and removing an app in the BigCommerce double, and clients that others wrote."""

from __future__ import annotations

import io
from urllib.parse import parse_qsl, urlsplit

import bigcommerce.api
import httpx2
import jwt
import pytest
import requests
from bigc import exceptions
from bigc.api import BigCommerceAPI
from bigcommerce.exception import RateLimitingException
from requests.adapters import BaseAdapter

from sandbox.tests.bigcommerce_client import ADDRESS, SHIRT, open_store
from twinshelf_sandbox.transport import SandboxTransport
from twinshelf_sandbox.wire import Request

URLS = {
    "auth_url": "https://twinshelf.test/auth",
    "load_url": "https://twinshelf.test/load",
    "uninstall_url": "https://twinshelf.test/uninstall",
    "remove_user_url": "https://twinshelf.test/remove_user",
}


class SandboxAdapter(BaseAdapter):
    """Answers the requests library from a site."""

    def __init__(self, site):
        super().__init__()
        self.site = site

    def send(self, request, *_, **__):
        parts = urlsplit(request.url)
        body = request.body or b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.site.handle(
            Request(request.method, parts.path, parts.query, headers, body.encode() if isinstance(body, str) else body)
        )
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, request.url, request
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.body)
        return response

    def close(self):
        pass


@pytest.fixture
def store(sandbox):
    return open_store(sandbox)


@pytest.fixture
def app(sandbox, store):
    return sandbox.act("bc.register_app", **URLS, scopes=["store_v2_products", "store_v2_orders"])


@pytest.fixture
def login(sandbox):
    return httpx2.Client(transport=SandboxTransport(sandbox.site), base_url="https://login.bigcommerce.com")


def exchange(app, url, **changes):
    query = dict(parse_qsl(urlsplit(url).query))
    return {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "code": query["code"],
        "context": query["context"],
        "scope": query["scope"],
        "grant_type": "authorization_code",
        "redirect_uri": URLS["auth_url"],
        **changes,
    }


# -- installing -------------------------------------------------------------------------------------------------------


def test_installing_gives_a_code_and_the_code_a_token(store, app, login, sandbox):
    url = store.act("install")
    query = dict(parse_qsl(urlsplit(url).query))
    assert url.startswith("https://twinshelf.test/auth?")
    assert (query["context"], query["scope"]) == ("stores/abc123", "store_v2_products store_v2_orders")
    assert set(query) == {"account_uuid", "code", "context", "scope"}
    answer = login.post("/oauth2/token", json=exchange(app, url))
    assert answer.status_code == 200
    token = answer.json()
    assert (token["context"], token["account_uuid"], token["scope"]) == (
        "stores/abc123",
        query["account_uuid"],
        query["scope"],
    )
    assert set(token["owner"]) == {"id", "username", "email"}
    headers = {"X-Auth-Token": token["access_token"]}
    assert store.http.get("/v3/catalog/products", headers=headers).status_code == 200
    assert store.http.get("/v3/inventory/items", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"code": "invented"}, 400, "invalid_grant"),
        ({"context": "stores/other1"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://evil.test/auth"}, 400, "invalid_grant"),
        ({"scope": "store_v2_products store_v2_customers"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": ""}, 400, "invalid_request"),
    ],
)
def test_what_an_exchange_is_refused_for(store, login, changes, status, error):
    app = store.sandbox.act("bc.register_app", **URLS, scopes=["store_v2_products", "store_v2_orders"])
    answer = login.post("/oauth2/token", json=exchange(app, store.act("install"), **changes))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_code_is_good_once_and_for_ten_minutes(store, app, login, sandbox):
    first = store.act("install")
    assert login.post("/oauth2/token", json=exchange(app, first)).status_code == 200
    assert login.post("/oauth2/token", json=exchange(app, first)).status_code == 400
    second = store.act("install")
    sandbox.advance(601)
    assert login.post("/oauth2/token", json=exchange(app, second)).status_code == 400


def test_consenting_again_ends_the_old_token(store, app, login, sandbox):
    old = login.post("/oauth2/token", json=exchange(app, store.act("install"))).json()["access_token"]
    sandbox.act("bc.set_app_scopes", client_id=app["client_id"], scopes=["store_v2_products", "store_inventory"])
    url = store.act("install")
    assert store.http.get("/v2/time", headers={"X-Auth-Token": old}).status_code == 401
    new = login.post("/oauth2/token", json=exchange(app, url)).json()
    assert new["scope"] == "store_v2_products store_inventory"
    assert store.http.get("/v3/inventory/items", headers={"X-Auth-Token": new["access_token"]}).status_code == 200


def test_an_install_may_begin_outside(store, app, login):
    started = login.get(f"/app/{app['client_id']}/install", params={"store_hash": "abc123"})
    assert started.status_code == 302
    assert "external_install=" in started.headers["location"]
    assert login.get(f"/app/{app['client_id']}/install/succeeded").status_code == 200
    assert login.get("/app/nobody/install").status_code == 404


def test_load_uninstall_and_remove_user_come_with_a_signed_payload(store, app, login, sandbox):
    token = login.post("/oauth2/token", json=exchange(app, store.act("install"))).json()["access_token"]

    def claims(url, path):
        assert url.startswith(f"https://twinshelf.test/{path}?signed_payload_jwt=")
        payload = url.split("=", 1)[1]
        return jwt.decode(
            payload, app["client_secret"], algorithms=["HS256"], audience=app["client_id"], issuer="bc"
        ), payload

    loaded, payload = claims(store.act("load", user={"id": 7, "email": "sue@example.com"}, channel_id=664177), "load")
    assert (loaded["sub"], loaded["user"], loaded["channel_id"], loaded["url"]) == (
        "stores/abc123",
        {"id": 7, "email": "sue@example.com", "locale": "en-US"},
        664177,
        "/",
    )
    assert (loaded["exp"] - loaded["iat"], loaded["iat"] - loaded["nbf"]) == (86400, 5)
    official = bigcommerce.api.BigcommerceApi.oauth_verify_payload_jwt(payload, app["client_secret"], app["client_id"])
    assert official["jti"] == loaded["jti"]
    removed, _ = claims(store.act("remove_user", user={"id": 7, "email": "sue@example.com"}), "remove_user")
    assert removed["user"]["id"] == 7
    claims(store.act("uninstall", client_id=app["client_id"]), "uninstall")
    assert store.http.get("/v2/time", headers={"X-Auth-Token": token}).status_code == 401
    assert [e.kind for e in store.effects()][-1] == "app_uninstalled"


# -- clients of others ------------------------------------------------------------------------------------------------


@pytest.fixture
def client(store, sandbox):
    """`bigc`, unofficial, in use."""
    api = BigCommerceAPI(store.hash, store.token)
    api.api_v2._session.mount("https://", SandboxAdapter(sandbox.site))
    return api


def test_bigc_reads_pages_to_their_end_in_both_dialects(client, store):
    store.act("add_products", products=[{"name": f"P{n:03d}", "price": 1, "sku": f"S{n}"} for n in range(260)])
    assert [p["id"] for p in client.products_v3.all()] == list(range(101, 361))
    assert list(client.orders_v2.all()) == []
    for _ in range(251):
        store.ordered()
    assert [o["id"] for o in client.orders_v2.all()] == list(range(100, 351))


def test_bigc_works_orders_to_their_refund(client, store):
    product = client.products_v3.create(SHIRT)
    (small, _) = client.product_variants_v3.all(product["id"])
    line = {"product_id": product["id"], "variant_id": small["id"], "quantity": 2}
    order = client.orders_v2.create({"billing_address": ADDRESS, "products": [line], "status_id": 11})
    (address,) = client.orders_v2.all_shipping_addresses(order["id"])
    (row,) = client.orders_v2.all_products(order["id"])
    body = {
        "order_address_id": address["id"],
        "items": [{"order_product_id": row["id"], "quantity": 2}],
        "tracking_number": "1",
    }
    shipment = client.orders_v2.create_shipment(order["id"], body)
    assert client.orders_v2.get(order["id"])["status_id"] == 2
    client.orders_v2.update_shipment(order["id"], shipment["id"], {"tracking_number": "2"})
    assert [s["tracking_number"] for s in client.orders_v2.all_shipments(order["id"])] == ["2"]
    items = {"items": [{"item_type": "PRODUCT", "item_id": row["id"], "quantity": 2}]}
    quote = client.orders_v3.get_refund_quote(order["id"], items)
    payment = {"provider_id": "custom", "amount": quote["total_refund_amount"], "offline": True}
    refund = client.orders_v3.create_refund(order["id"], {**items, "payments": [payment]})
    assert client.orders_v3.get_refund(refund["id"])["total_amount"] == 80
    client.orders_v2.archive(order["id"])
    assert client.orders_v2.get(order["id"])["is_deleted"] is True


def test_bigc_understands_refusals(client, store):
    with pytest.raises(exceptions.DoesNotExistError):
        client.products_v3.get(999)
    with pytest.raises(exceptions.DoesNotExistError, match="The requested resource was not found"):
        client.orders_v2.get(999)
    with pytest.raises(exceptions.BigCommerceException, match="Missing Required Fields"):
        client.products_v3.create({})
    hook = client.webhooks_v3.create({"scope": "store/order/*", "destination": "https://x.example/h"})
    assert [h["id"] for h in client.webhooks_v3.all()] == [hook["id"]]
    client.webhooks_v3.delete(hook["id"])
    (made,) = client.customers_v3.create_many([{"email": "a@example.com", "first_name": "A", "last_name": "B"}])
    assert [c["id"] for c in client.customers_v3.all()] == [made["id"]]


def test_the_official_client_signs_in_form_encoded_and_works_on_v2(store, app, sandbox):
    sandbox.act("bc.set_app_scopes", client_id=app["client_id"], scopes=["store_v2_orders", "store_v2_information"])
    url = store.act("install")
    api = bigcommerce.api.BigcommerceApi(client_id=app["client_id"], store_hash="abc123")
    api.connection._session.mount("https://", SandboxAdapter(sandbox.site))
    body = exchange(app, url)
    token = api.oauth_fetch_token(
        app["client_secret"], body["code"], body["context"], body["scope"], body["redirect_uri"]
    )
    assert token["context"] == "stores/abc123"
    order = api.Orders.create(
        billing_address=ADDRESS, products=[{"name": "Mug", "quantity": 1, "price_inc_tax": 5, "price_ex_tax": 5}]
    )
    assert order.total_inc_tax == "5.0000"
    (line,) = api.Orders.get(order.id).products()
    address = api.Orders.get(order.id).shipping_addresses()[0]
    api.OrderShipments.create(
        order.id, order_address_id=address.id, items=[{"order_product_id": line.id, "quantity": 1}]
    )
    assert [s.id for s in api.Orders.get(order.id).shipments()] == [11]
    assert api.Store.all()["id"] == "abc123"
    store.turn("quota", 1)
    store.get("/v2/time")
    with pytest.raises(RateLimitingException) as refused:
        api.Orders.all()
    assert int(refused.value.retry_after) <= 30_000
