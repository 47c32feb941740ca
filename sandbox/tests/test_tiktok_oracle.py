"""The TikTok Shop double as a client of others sees it: `tiktok-shop-api`, generated from the platform's documents.

It signs by itself, builds its own requests and parses every answer into its models. Query lists are left out: the
package repeats the parameter where the platform wants one comma-joined value.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import tiktok_shop_api
from tiktok_shop_api.generated import models
from tiktok_shop_api.generated._meta import OPERATIONS
from tiktok_shop_api.webhooks import Webhooks

from sandbox.tests import tiktok_tour
from sandbox.tests.tiktok_client import Shop, open_shop, receive
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.tiktok.apps.webhooks import TOPICS
from twinshelf_sandbox.wire import Request, Site


class OtherTransport(httpx.BaseTransport):
    """Answers the other client's requests from the sandbox."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._site.handle(
            Request(
                method=request.method,
                path=request.url.path,
                query_string=request.url.query.decode("ascii"),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.read(),
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body, request=request)


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def client(shop: Shop) -> Any:
    """Their client with our shop's credentials, on the sandbox's clock."""
    made = tiktok_shop_api.TikTokShop(
        app_key=shop.app_key,
        app_secret=shop.app_secret,
        access_token=shop.token,
        shop_cipher=shop.cipher,
        transport=OtherTransport(shop.sandbox.site),
    )
    shop.sandbox.world.clock.set(time.time())
    return made


# What the product may use: (category, how the paths begin); everything else is not in the double.
USED = {
    "authorization": ("shops",),
    "seller": ("",),
    "event": ("webhooks",),
    "product": (
        "brands",
        "categories",
        "compliance/manufacturers",
        "compliance/responsible",
        "files",
        "global_",
        "images/upload",
        "images/optimize",
        "inventory",
        "packages/recommend",
        "prerequisites",
        "products",
        "size",
    ),
    "logistics": ("",),
    "order": ("orders",),
    "fulfillment": ("combinable", "invoice", "orders", "packages", "tts_tracking"),
    "return_refund": ("",),
    "finance": ("orders", "payments", "statements", "withdrawals"),
}
LEFT_OUT = {
    "updateTheBlindBoxOpeningResults",
    "getOrderCustomsRequirements",
    "submitCustomsClearanceInformation",
    "createGPAUpgradeTask",
}


def used() -> Iterator[dict[str, Any]]:
    for operation in OPERATIONS:
        _, category, _version, rest = operation["path"].split("/", 3)
        if operation["operationId"] not in LEFT_OUT and rest.startswith(USED.get(category, ("\0",))):
            yield operation


def test_every_operation_the_product_may_use_is_there_with_the_right_shop_cipher(sandbox):
    missing = []
    for operation in used():
        path = re.sub(r"\{[^}]+\}", "123", operation["path"])
        found = sandbox.tiktok.gateway.find(operation["method"].upper(), path)
        if found is None or found.shop != operation["requiresShopCipher"]:
            missing.append(f"{operation['method']} {operation['path']}")
    assert missing == []
    assert len(list(used())) >= 115


def test_topics_have_the_numbers_of_the_documents():
    theirs = {name: number for number, name in Webhooks.EVENT_TYPES.items()}
    shared = TOPICS.keys() & theirs.keys()
    assert {name: TOPICS[name] for name in shared} == {name: theirs[name] for name in shared}
    assert len(shared) >= 16


def test_their_client_lists_sells_and_ships(shop):
    api = client(shop)
    assert [s.cipher for s in api.authorization.get_authorized_shops().data.shops] == [shop.cipher]
    image = shop.upload()
    request = models.CreateProductRequest.from_dict(
        {**shop.body(main_images=[{"uri": image["uri"]}]), "save_mode": "LISTING"}
    )
    created = api.products.create_product(body=request).data
    assert [sku.seller_sku for sku in created.skus] == ["MUG-250", "MUG-400"]
    shop.sandbox.act("tt.approve", product_id=created.product_id)
    product = api.products.get_product(product_id=created.product_id).data
    assert (product.status, product.skus[0].price.sale_price) == ("ACTIVATE", "12.00")
    shop.switch("on_hold", value=False)
    order_id = shop.buy()
    page = api.orders.get_order_list(body=models.GetOrderListRequest(), page_size=10).data
    assert [(o.id, o.status, o.line_items[0].seller_sku) for o in page.orders] == [
        (order_id, "AWAITING_SHIPMENT", "MUG-250")
    ]
    body = models.MarkPackageAsShippedRequest.from_dict(
        {"shipping_info_list": [{"tracking_number": "TRACK-1", "shipping_provider_id": shop.carrier}]}
    )
    answer = api.fulfillment.mark_package_as_shipped(order_id=order_id, body=body).data
    assert (answer.order_id, shop.order(order_id)["status"]) == (order_id, "AWAITING_COLLECTION")


def test_their_client_reads_our_refusals(shop):
    api = client(shop)
    with pytest.raises(tiktok_shop_api.TikTokShopError) as caught:
        api.products.get_product(product_id="1729000000000000000")
    assert (caught.value.code, len(caught.value.request_id)) == (12052032, 34)


# Older versions of operations, for which the package has no models.
WITHOUT_MODEL = {
    "GET /order/202309/orders",
    "GET /return_refund/202309/orders/{}/aftersale_eligibility",
    "POST /fulfillment/202309/orders/{}/packages",
    "POST /fulfillment/202309/packages",
    "POST /fulfillment/202309/packages/{}/shipping_info/update",
    "POST /product/202309/global_products/search",
    "POST /product/202309/products/search",
    "POST /product/202309/products/{}/partial_edit",
    "POST /product/202312/products/search",
    "POST /return_refund/202309/cancellations",
    "POST /return_refund/202309/cancellations/search",
    "POST /return_refund/202309/refunds/calculate",
    "POST /return_refund/202309/returns",
    "POST /return_refund/202309/returns/search",
    "POST /return_refund/202309/returns/{}/reject",
    "PUT /product/202309/products/{}",
}


def test_every_answer_parses_into_its_model(sandbox):
    """An answer's data goes through the generated model and comes back unchanged: no field is unknown to the model."""
    names = {f"{o['method'].upper()} {re.sub(r'{[^}]+}', '{}', o['path'])}": o["operationId"] for o in OPERATIONS}
    answers = tiktok_tour.tour(sandbox).successes()
    assert answers.keys() - names.keys() == WITHOUT_MODEL
    for operation in sorted(answers.keys() & names.keys()):
        name = names[operation]
        model = getattr(models, f"{name[0].upper()}{name[1:]}ResponseData")
        for data in answers[operation]:
            parsed = model.from_dict(data)
            assert unknown_fields(parsed) == [], operation
            assert parsed.to_dict() == data, operation


def unknown_fields(parsed: Any, path: str = "") -> list[str]:
    """Fields of an answer that a generated model has no name for."""
    if isinstance(parsed, list):
        return [field for entry in parsed for field in unknown_fields(entry, path)]
    extra = getattr(parsed, "additional_properties", None)
    if extra is None:
        return []
    found = [f"{path}.{name}" for name in extra]
    for name, value in vars_of(parsed).items():
        found += unknown_fields(value, f"{path}.{name}")
    return sorted(set(found))


def vars_of(parsed: Any) -> dict[str, Any]:
    return {name: getattr(parsed, name) for name in type(parsed).__annotations__ if name != "additional_properties"}


def test_webhooks_parse_into_their_models(shop, sandbox):
    sandbox.act("tt.set_webhook_url", app_key=shop.app_key, url="https://hooks.example.com")
    got = receive(sandbox)
    shop.list_product()
    order_id = shop.buy_to_ship()
    sandbox.act("shopper.cancel", order_id=order_id)
    shop.mark_shipped(order_id)
    sandbox.act("tt.deliver", order_id=order_id)
    return_id = sandbox.act("shopper.return_request", order_id=order_id)
    shop.post(
        f"/return_refund/202309/returns/{return_id}/approve", {"decision": "APPROVE_RETURN", "buyer_keep_item": True}
    )
    sandbox.act("tt.deactivate_sku", product_id=shop.effects("product_created")[0].key, sku="MUG-400")
    sandbox.settle()
    seen = set()
    for _, headers, body in got:
        event: Any = Webhooks.verify_and_parse(
            raw_body=body, signature=headers["authorization"], app_key=shop.app_key, app_secret=shop.app_secret
        )
        kind = json.loads(body)["type"]
        assert unknown_fields(event.data) == [], kind
        seen.add(kind)
    assert seen >= {1, 5, 11, 12, 16, 27, 37, 50, 64, 67, 71}
