"""The TikTok Shop client: what it sends, what it makes of bad answers, and its operations against the sandbox."""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
import stamina
import structlog
from msgspec.structs import replace
from PIL import Image
from tiktok_shop_api.signing import Signer
from tiktok_shop_api.webhooks import Webhooks

from twinshelf.documents import AttributeValue, Dimensions, Listing, ListingSku, Money, OptionValue, Weight
from twinshelf.errors import (
    DocumentError,
    NotFound,
    OutOfBudget,
    PlatformDown,
    Refused,
    ScopeMissing,
    Throttled,
    Transient,
    Unauthorized,
)
from twinshelf.kit import clock, http
from twinshelf.kit.http import FreeBudget
from twinshelf.messages import remedy
from twinshelf.tiktok import client as client_package
from twinshelf.tiktok import errors, webhooks
from twinshelf.tiktok.auth import TikTokAuth
from twinshelf.tiktok.client import TikTok
from twinshelf.tiktok.orders import Reference
from twinshelf.tiktok.regions import region
from twinshelf.tiktok.signing import sign
from twinshelf_sandbox.app import build
from twinshelf_sandbox.faults import Fault
from twinshelf_sandbox.transport import SandboxTransport

US = region("US")
SECRET = "canary-secret-c0ffee"
TOKEN = "TTP_canary-token"
CIPHER = "ROW_Ab+c/9kAAAAA=="


def usd(amount):
    return Money(Decimal(amount), "USD")


class Tokens:
    """A token source that remembers what was refused."""

    def __init__(self, *tokens):
        self.tokens, self.refused = list(tokens or (TOKEN,)), []

    def access_token(self):
        return self.tokens[0]

    def refresh_after(self, rejected):
        self.refused.append(rejected)
        if len(self.tokens) < 2:
            raise Unauthorized("TikTok Shop", "the authorization has ended")
        self.tokens.pop(0)
        return self.tokens[0]


class CountedBudget(FreeBudget):
    def __init__(self):
        self.acquired, self.observed = [], []

    def acquire(self, bucket, urgency):
        self.acquired.append((bucket, urgency))

    def observe(self, bucket, status, _headers, *, throttled):
        self.observed.append((bucket, status, throttled))


@pytest.fixture(autouse=True)
def hurry():
    """Repeats come as often as in earnest, but at once."""
    with stamina.set_testing(testing=True, attempts=3, cap=True):
        yield


@pytest.fixture
def through():
    """Have new clients send through a transport."""

    def use(transport):
        http.use_transport(lambda: transport)

    yield use
    http.use_transport(None)


# -- what it sends and what it makes of answers ---------------------------------------------------------------------


class Platform(httpx2.BaseTransport):
    """Gives the answers it was told, the last one for ever, and keeps what it was asked."""

    def __init__(self):
        self.answers, self.requests = [], []

    def answer(self, code=0, data=None, *, status=200, message="", body=None, headers=None, error=None):
        envelope = {"code": code, "message": message, "request_id": "2022030707", "data": {} if data is None else data}
        content = json.dumps(envelope).encode() if body is None else body
        self.answers.append((error, status, content, headers or {}))
        return self

    def handle_request(self, request):
        request.read()
        self.requests.append(request)
        error, status, content, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if error is not None:
            raise error("told to", request=request)
        return httpx2.Response(status, content=content, headers=headers, request=request)

    def query(self, at=-1):
        return dict(parse_qsl(self.requests[at].url.query.decode(), keep_blank_values=True))

    @property
    def asked(self):
        return [f"{request.method} {request.url.path}" for request in self.requests]


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def make(through, platform):
    """A client of the shop behind `platform`."""
    through(platform)
    made = []

    def build_client(**changes):
        arguments: dict[str, Any] = {"cipher": CIPHER, "shop_id": "749", "budget": FreeBudget()} | changes
        made.append(TikTok("6abc123", SECRET, arguments.pop("tokens", Tokens()), **arguments))
        return made[-1]

    yield build_client
    for each in made:
        each.close()


@pytest.fixture
def shop(make):
    return make()


SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)


def test_a_call_is_signed_as_it_goes_out(platform, shop):
    platform.answer(data={"orders": []})

    shop.orders_page(updated_from=SINCE, updated_to=UNTIL, page_token="aDU2/x+Y=")

    request, query = platform.requests[0], platform.query()
    assert query.pop("sign") == sign(SECRET, request.url.path, query, request.content, "application/json")
    assert request.headers["x-tts-access-token"] == TOKEN
    assert "access_token" not in query
    assert abs(int(query.pop("timestamp")) - clock.timestamp()) < 5
    assert query == {
        "app_key": "6abc123",
        "shop_cipher": CIPHER,
        "page_size": "100",
        "page_token": "aDU2/x+Y=",
        "sort_field": "update_time",
        "sort_order": "ASC",
    }
    assert json.loads(request.content) == {"update_time_ge": 1767225600, "update_time_lt": 1767312000}
    assert b"page_token=aDU2%2Fx%2BY%3D" in request.url.query


def test_another_client_signs_the_same(platform, shop):
    calls = [
        lambda: shop.orders_page(updated_from=SINCE, updated_to=UNTIL, page_token="a+/="),
        lambda: shop.orders(["576461413038785752", "576461413038785753"]),
        shop.shops,
        lambda: shop.set_prices("1729", {"9": usd("1.32")}),
        lambda: shop.delete(["1729"]),
        lambda: shop.ensure_webhooks("https://hooks.example/tiktok", ["ORDER_STATUS_CHANGE"]),
        lambda: shop.approve_cancellation("4035", "key one"),
        lambda: shop.find_brands("Ümlaut & Söhne"),
    ]
    platform.answer()
    for call in calls:
        call()

    assert len(platform.requests) == len(calls) + 1
    for at, request in enumerate(platform.requests):
        query = platform.query(at)
        given = query.pop("sign")
        assert given == Signer.sign(
            path=request.url.path,
            query=list(query.items()),
            content_type=request.headers.get("content-type"),
            body=request.content,
            app_secret=SECRET,
        ), request.url.path


def test_an_upload_is_signed_without_its_body(platform, shop):
    platform.answer(data={"uri": "tos/1", "url": "https://x"})

    assert shop.upload_image(b"\xff\xd8 picture", "ATTRIBUTE_IMAGE") == "tos/1"

    request, query = platform.requests[0], platform.query()
    assert query.pop("sign") == sign(SECRET, "/product/202309/images/upload", query)
    assert "shop_cipher" not in query
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"\xff\xd8 picture" in request.content
    assert b"ATTRIBUTE_IMAGE" in request.content


def test_lists_in_a_query_are_one_comma_joined_value_and_go_out_in_parts(platform, shop):
    platform.answer(data={"orders": None})

    assert shop.orders([str(n) for n in [*range(120), 5]]) == ()

    assert [len(platform.query(at)["ids"].split(",")) for at in range(3)] == [50, 50, 20]
    assert b"ids=0,1,2" in platform.requests[0].url.query


def test_calls_without_body_send_none(platform, shop):
    platform.answer(data={})

    shop.warehouses()

    assert platform.requests[0].content == b""
    assert "content-type" not in platform.requests[0].headers


def test_each_call_spends_the_budget_of_its_path(platform, make):
    budget = CountedBudget()
    shop = make(budget=budget, urgency="bulk")
    platform.answer()

    shop.set_prices("1729592969712207008", {"9": usd("1.32")})
    shop.with_urgency("urgent").rules("600001", "v2")

    prices, rules = "/product/202309/products/{}/prices/update", "/product/202309/categories/{}/rules"
    assert budget.acquired == [(prices, "bulk"), (rules, "urgent")]
    assert budget.observed == [(prices, 200, False), (rules, 200, False)]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_code_0_is_success_whatever_http_says(platform, shop, status):
    platform.answer(data={"warehouses": [{"id": "7"}]}, status=status)

    assert [warehouse.id for warehouse in shop.warehouses()] == ["7"]


@pytest.mark.parametrize("data", [None, {}, {"warehouses": None}, {"warehouses": []}])
def test_an_answer_without_its_list_is_empty(platform, shop, data):
    platform.answer(body=json.dumps({"code": 0, "message": None, "request_id": None, "data": data}).encode())

    assert shop.warehouses() == ()


def test_one_odd_row_does_not_cost_the_page(platform, shop):
    platform.answer(data={"products": [{"id": "1"}, {"id": 2, "status": "NEW", "update_time": 1}], "total_count": None})

    found = shop.find_listings(["MUG-BLUE"])

    assert [listing.id for listing in found] == ["2"]
    assert [(row.id, row.error.field) for row in found.unreadable] == [("1", "status")]


# Failures: (case, what comes back, the error, how often it was asked when repeatable and when not)

HTML = b"<html>We will be back soon</html>"
FAILURES = [
    ("down for a moment", {"status": 503, "body": b""}, PlatformDown, 3, 1),
    ("a maintenance page", {"body": HTML}, PlatformDown, 3, 1),
    ("half an answer", {"body": b'{"code":0,"data":{"x":'}, PlatformDown, 3, 1),
    ("no code", {"body": b'{"data":{}}'}, PlatformDown, 3, 1),
    ("a code that is none", {"body": b'{"code":"x"}'}, PlatformDown, 3, 1),
    ("not UTF-8", {"body": b'{"code":0,"message":"\xff"}'}, PlatformDown, 3, 1),
    ("cut off", {"error": httpx2.ReadError}, PlatformDown, 3, 1),
    ("too slow", {"error": httpx2.ReadTimeout}, PlatformDown, 3, 1),
    ("never reached", {"error": httpx2.ConnectError}, PlatformDown, 3, 3),
    ("internal error", {"code": 36009003}, PlatformDown, 3, 1),
    ("upstream timeout", {"code": 36009007, "status": 504}, PlatformDown, 3, 1),
    ("an error of 500 with a code", {"code": 12345678, "status": 500}, PlatformDown, 3, 1),
    ("one too many", {"code": 36009002, "status": 429}, Throttled, 1, 1),
    ("one too many, says HTTP alone", {"status": 429, "body": HTML}, Throttled, 1, 1),
    ("one too many, says the code alone", {"code": 36009002}, Throttled, 1, 1),
    ("no scope", {"code": 105005, "status": 401}, ScopeMissing, 1, 1),
    ("token and shop do not belong together", {"code": 101000, "status": 401}, Unauthorized, 1, 1),
    ("a wrong signature", {"code": 106001, "status": 401}, Refused, 1, 1),
    ("an unknown key", {"code": 36009004, "status": 400, "message": "Invalid `app_key`."}, Refused, 1, 1),
    ("the shop is disabled", {"code": 36009043, "status": 401}, errors.ShopDisabled, 1, 1),
    ("unknown", {"code": 12052260}, NotFound, 1, 1),
    ("today's listings are used up", {"code": 12052093}, errors.ListingCapReached, 1, 1),
    ("a code nobody knows", {"code": 99999999, "message": "The moon is full."}, Refused, 1, 1),
]


@pytest.mark.parametrize(("_case", "answer", "error", "times", "_once"), FAILURES)
def test_a_failed_read_is_sorted_and_tried_again_where_it_helps(*, platform, shop, _case, answer, error, times, _once):
    platform.answer(**answer)

    with pytest.raises(error) as caught:
        shop.listing("1729")

    assert len(platform.requests) == times
    assert not getattr(caught.value, "outcome_unknown", False)


@pytest.mark.parametrize(("_case", "answer", "error", "_times", "once"), FAILURES)
def test_what_must_not_happen_twice_is_not_tried_again(*, platform, shop, _case, answer, error, _times, once):
    platform.answer(**answer)

    with pytest.raises(error) as caught:
        shop.cancel_order("5764", "seller_cancel_reason_out_of_stock")

    assert len(platform.requests) == once
    unknown = error is PlatformDown and answer.get("error") is not httpx2.ConnectError
    assert getattr(caught.value, "outcome_unknown", False) is unknown


def test_a_read_that_fails_for_a_moment_succeeds(platform, shop):
    platform.answer(status=503, body=b"").answer(error=httpx2.ReadError).answer(data={"warehouses": [{"id": "7"}]})

    assert len(shop.warehouses()) == 1


def test_a_create_is_repeated_with_its_key_and_its_end_is_told_unknown(platform, shop):
    platform.answer(error=httpx2.ReadError)

    with pytest.raises(PlatformDown) as caught:
        shop.create_listing(LISTING, image_uris={}, key="k-1", region=US)

    assert caught.value.outcome_unknown
    assert [json.loads(request.content)["idempotency_key"] for request in platform.requests] == ["k-1"] * 3


def test_an_answer_whose_data_makes_no_sense_is_no_answer(platform, shop):
    platform.answer(data={"product_id": None}).answer(data={"skus": 7}).answer(data=[])

    with pytest.raises(PlatformDown, match="data that cannot be read"):
        shop.create_listing(LISTING, image_uris={}, key="k-1", region=US)


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, 1.0), ({"Retry-After": "soon"}, 1.0)])
def test_a_throttled_call_waits_as_long_as_it_is_told(platform, make, headers, wait):
    budget = CountedBudget()
    platform.answer(36009002, status=429, headers=headers)

    with pytest.raises(Throttled) as caught:
        make(budget=budget).warehouses()

    assert caught.value.wait_seconds == wait
    assert budget.observed == [("/logistics/202309/warehouses", 429, True)]


@pytest.mark.parametrize(
    ("answer", "throttled"),
    [({"code": 36009002}, True), ({"status": 429, "body": HTML}, True), ({"body": HTML}, False)],
)
def test_the_budget_hears_of_a_refusal_in_whatever_form_it_comes(platform, make, answer, throttled):
    budget = CountedBudget()
    platform.answer(**answer)

    with pytest.raises((Throttled, PlatformDown)):
        make(budget=budget).warehouses()

    assert {each[2] for each in budget.observed} == {throttled}


def test_a_used_up_development_shop_waits_for_the_hour(platform, shop, standing_clock):
    platform.answer(36009037, status=429)

    with pytest.raises(Throttled) as caught:
        shop.warehouses()

    assert caught.value.wait_seconds == pytest.approx(3600 - clock.timestamp() % 3600, abs=1)


def test_an_empty_budget_is_told_at_once(platform, make):
    class Empty(FreeBudget):
        def acquire(self, _bucket, _urgency):
            raise OutOfBudget("TikTok Shop", 3.0)

    with pytest.raises(OutOfBudget):
        make(budget=Empty()).warehouses()
    assert platform.requests == []


def test_an_expired_token_is_renewed_once_and_the_call_goes_on(platform, make):
    tokens = Tokens("old", "new")
    platform.answer(105002, status=401, message="Expired credentials.").answer(data={"warehouses": [{"id": "7"}]})

    assert len(make(tokens=tokens).warehouses()) == 1

    assert tokens.refused == ["old"]
    assert [request.headers["x-tts-access-token"] for request in platform.requests] == ["old", "new"]


def test_a_token_that_stays_expired_needs_the_seller(platform, make):
    tokens = Tokens("old", "new", "newer")
    platform.answer(105002, status=401)

    with pytest.raises(Unauthorized):
        make(tokens=tokens).warehouses()

    assert tokens.refused == ["old"]


def test_a_missing_scope_is_named_by_what_it_is_for(platform, shop):
    platform.answer(105005, status=401)

    with pytest.raises(ScopeMissing, match=r"reading orders \(seller\.order\.info\)"):
        shop.orders(["1"])


@pytest.mark.parametrize("jump", [-86_400, 86_400])
def test_a_wrong_clock_is_set_right_by_the_platforms(platform, shop, jump, standing_clock):
    told = datetime.fromtimestamp(clock.timestamp(), UTC)
    refusal = "Invalid timestamp. The value of the `timestamp` query parameter must not be …"
    platform.answer(36009004, status=400, message=refusal, headers={"Date": format_datetime(told)})
    platform.answer(data={}, headers={"Date": format_datetime(told)})

    with clock.moved(jump):
        shop.warehouses()
        shop.warehouses()

    asked = [int(platform.query(at)["timestamp"]) for at in range(3)]
    assert asked[0] == pytest.approx(told.timestamp() + jump, abs=1)
    assert asked[1:] == pytest.approx([told.timestamp()] * 2, abs=1)


def test_a_clock_that_stays_wrong_is_told(platform, shop):
    platform.answer(36009004, status=400, message="Invalid timestamp.")

    with pytest.raises(Refused) as caught:
        shop.warehouses()

    assert "that this machine's clock is right" in remedy(caught.value)
    assert caught.value.platform_code == 36009004
    assert len(platform.requests) == 2


@pytest.mark.parametrize("listing_id", ["", "1/../2", "1?x=1", "1 2", "ü", "9" * 65])
def test_what_is_no_id_never_becomes_part_of_a_path(platform, shop, listing_id):
    with pytest.raises(DocumentError, match="is not an id of TikTok Shop"):
        shop.listing(listing_id)
    assert platform.requests == []


def test_no_secret_shows_in_log_errors_or_repr(platform, make):
    platform.answer(error=httpx2.ReadError)
    tokens = json.dumps({"code": 105002, "message": "no", "data": {}}).encode()
    with structlog.testing.capture_logs() as logs:
        with pytest.raises(PlatformDown) as caught:
            make().warehouses()
        platform.answers = [(None, 200, tokens, {})]
        with pytest.raises(Unauthorized) as refused:
            TikTokAuth("6abc123", SECRET).refresh("ROW_canary-refresh")

    shown = f"{logs} {caught.value} {refused.value} {make()!r}"
    for secret in (SECRET, TOKEN, CIPHER, "ROW_canary-refresh", platform.query(0)["sign"]):
        assert secret not in shown


# -- items left out -------------------------------------------------------------------------------------------------


def left_out(field, item_id, code, **extra):
    return {"code": code, "message": "no", "detail": {field: item_id, **extra}}


def test_stock_that_was_left_out_is_named_with_its_warehouse(platform, shop):
    extra = [{"warehouse_id": "7", "code": 12052531, "message": "The warehouse is disabled."}]
    platform.answer(data={"errors": [left_out("sku_id", "9", 12052990, extra_errors=extra)]})

    with pytest.raises(errors.PartlyRefused) as caught:
        shop.set_stock("1729", {"8": (("7", 1),), "9": {"7": 2}})

    assert caught.value.items == (errors.RefusedItem("9", 12052531, "The warehouse is disabled.", "7"),)
    assert caught.value.code == "E-WHS-STATUS"
    assert json.loads(platform.requests[0].content)["skus"][1] == {
        "id": "9",
        "inventory": [{"warehouse_id": "7", "quantity": 2}],
    }


def test_items_that_only_have_to_wait_are_tried_again_later(platform, shop):
    platform.answer(data={"errors": [left_out("sku_id", "9", 12001000), left_out("sku_id", "8", 12052531)]})

    with pytest.raises(Transient):
        shop.set_stock("1729", {"8": (("7", 1),), "9": (("7", 1),)})


def test_products_go_out_in_parts_and_all_refusals_come_back_together(platform, shop):
    platform.answer(data={"errors": [left_out("product_id", "3", 12052048)]})
    platform.answer(data={"errors": []})
    platform.answer(data={"errors": [left_out("product_id", "44", 12052901)]})

    with pytest.raises(errors.PartlyRefused) as caught:
        shop.deactivate([str(n) for n in range(45)])

    assert [len(json.loads(request.content)["product_ids"]) for request in platform.requests] == [20, 20, 5]
    assert [item.id for item in caught.value.items] == ["3", "44"]


def test_references_that_were_left_out_are_named(platform, shop):
    platform.answer(data={"errors": [left_out("order_id", "576", "36020001")]})

    with pytest.raises(errors.PartlyRefused) as caught:
        shop.add_references([Reference(shop_order_id="576", store_order_id="118")])

    assert caught.value.items == (errors.RefusedItem("576", 36020001, "no"),)


# -- shipping twice -------------------------------------------------------------------------------------------------


def packaged(*units):
    """An order whose units are (id, package id, tracking number)."""
    fields = ("id", "package_id", "tracking_number")
    return {"orders": [{"id": "576", "line_items": [dict(zip(fields, unit, strict=True)) for unit in units]}]}


@pytest.mark.parametrize(
    ("_case", "found", "package_id"),
    [
        ("with this number", packaged(("1", "11", "1Z999"), ("2", "12", "other")), "11"),
        ("number not told", packaged(("1", "11", "")), "11"),
        ("written differently", packaged(("1", "11", "1z 999")), "11"),
        ("with another number", packaged(("1", "11", "JX1")), None),
        ("not in a package", packaged(("1", "", "")), None),
        ("not of this order", packaged(("3", "11", "1Z999")), None),
    ],
)
def test_shipping_again_succeeds_only_if_it_was_this_shipment(platform, shop, _case, found, package_id):
    platform.answer(21011020, message="These orders are already shipped.").answer(data=found)

    if package_id is None:
        with pytest.raises(errors.AlreadyShipped):
            shop.mark_shipped("576", ["1"], "1Z999", "6617")
    else:
        assert shop.mark_shipped("576", ["1"], "1Z999", "6617").package_id == package_id
    assert platform.asked == ["POST /fulfillment/202610/orders/576/packages", "GET /order/202507/orders"]


@pytest.mark.parametrize(
    ("status", "tracking", "shipped"),
    [("PROCESSING", "1Z999", True), ("TO_FULFILL", "", False), ("PROCESSING", "JX", False)],
)
def test_shipping_a_package_again_succeeds_only_if_it_was_this_shipment(platform, shop, status, tracking, shipped):
    package = {"package_id": "11", "package_status": status, "tracking_number": tracking}
    platform.answer(21008099).answer(data=package)

    if shipped:
        shop.ship_package("11", tracking_number="1z999", provider_id="6617")
    else:
        with pytest.raises(errors.AlreadyShipped):
            shop.ship_package("11", tracking_number="1z999", provider_id="6617")
    assert json.loads(platform.requests[0].content) == {
        "self_shipment": {"tracking_number": "1Z999", "shipping_provider_id": "6617"}
    }


def test_tiktoks_own_carrier_needs_no_number(platform, shop):
    platform.answer()

    shop.ship_package("11")

    assert platform.requests[0].content == b"{}"


def test_a_tracking_number_is_corrected_on_its_package(platform, shop):
    platform.answer()

    shop.update_shipping("11", "jx 1", "6617")

    assert platform.asked == ["POST /fulfillment/202610/packages/11/shipping_info/update"]


def test_units_of_an_order_that_is_gone(platform, shop):
    platform.answer(data={"orders": []})

    with pytest.raises(NotFound):
        shop.packaged_units("576")


def test_reasons_to_decline_have_a_name_and_words(platform, shop):
    platform.answer(data={"reasons": [{"name": "reverse_reject_request_reason_3", "text": "Used"}, {"name": "x"}]})

    assert shop.reject_reasons("4035") == (("reverse_reject_request_reason_3", "Used"), ("x", "x"))
    assert platform.query()["return_or_cancel_id"] == "4035"


# -- signing in -----------------------------------------------------------------------------------------------------


def test_sellers_are_sent_to_the_page_of_their_region():
    app = TikTokAuth("6abc123", SECRET)

    assert app.authorize_url("US", "729", "st&te") == (
        "https://services.us.tiktokshop.com/open/authorize?service_id=729&state=st%26te"
    )
    assert app.authorize_url("GB", "729", "s").startswith("https://services.tiktokshop.com/open/authorize?")
    local = TikTokAuth("6abc123", SECRET, authorize_url="http://127.0.0.1:8000/")
    assert local.authorize_url("US", "729", "s") == "http://127.0.0.1:8000/open/authorize?service_id=729&state=s"


@pytest.mark.parametrize(
    ("_case", "answer", "error"),
    [
        ("a used code", {"code": 36004004, "message": "auth code is invalid"}, Unauthorized),
        ("busy", {"code": 36009002, "status": 429}, Throttled),
        ("busy, in HTML", {"status": 429, "body": HTML}, Throttled),
        ("down", {"status": 503, "body": HTML}, PlatformDown),
        ("down, with a code", {"code": 36009003}, PlatformDown),
        ("no answer", {"error": httpx2.ReadTimeout}, PlatformDown),
        ("no tokens in it", {"data": {"access_token": "x"}}, PlatformDown),
    ],
)
def test_a_failed_sign_in_is_sorted_and_never_tried_again(platform, through, _case, answer, error):
    through(platform)
    platform.answer(**answer)

    with pytest.raises(error):
        TikTokAuth("6abc123", SECRET).exchange("code-1")

    assert len(platform.requests) == 1


# -- against the sandbox --------------------------------------------------------------------------------------------

LISTING = Listing(
    product_id="81",
    title="Enamel mug with a steel rim",
    description="<p>Holds <b>tea</b></p>",
    category_id="600042",
    attributes=(),
    image_urls=("https://store/1.jpg",),
    weight=Weight(Decimal("1.5"), "LB"),
    dimensions=Dimensions(Decimal(6), Decimal(5), Decimal(5), "IN"),
    warehouse_id="7068",
    skus=(
        ListingSku(
            variant_id="61", seller_sku="MUG-RED", options=(OptionValue("Color", "Red"),), price=usd("12.50"),
            quantity=5, gtin="4006381333931",
        ),
        ListingSku(
            variant_id="62", seller_sku="MUG-BLUE", options=(OptionValue("Color", "Blue"),), price=usd("13.00"),
            quantity=7,
        ),
    ),
)  # fmt: skip


class World:
    """A US seller with one shop, our app authorized for it, and the client under test."""

    def __init__(self, sandbox, market="US"):
        self.sandbox = sandbox
        self.app = sandbox.act("tt.create_app", redirect_url="https://twinshelf.example/back")
        self.seller = sandbox.act("tt.create_seller", name="Mug Maker", region=market)["seller_id"]
        made = sandbox.act("tt.create_shop", seller=self.seller, name="Mugs", region=market)
        self.shop_id, self.warehouse_id = made["shop_id"], made["sales_warehouse_ids"][0]
        self.auth = TikTokAuth(self.app["app_key"], self.app["app_secret"])
        self.tokens = self.auth.exchange(self.code())
        self.opened = []
        self.seller_client = self.client("")
        (self.info,) = self.seller_client.shops()
        self.shop = self.client(self.info.cipher)
        self.region = region(market)

    def code(self):
        return self.sandbox.act("tt.authorize", app_key=self.app["app_key"], seller=self.seller)

    def client(self, cipher):
        self.opened.append(
            TikTok(self.app["app_key"], self.app["app_secret"], self, cipher=cipher, budget=FreeBudget())
        )
        return self.opened[-1]

    # the token source
    def access_token(self):
        return self.tokens.access_token

    def refresh_after(self, _rejected):
        self.tokens = self.auth.refresh(self.tokens.refresh_token)
        return self.tokens.access_token

    def picture(self):
        file = io.BytesIO()
        Image.new("RGB", (600, 600), (200, 40, 40)).save(file, "JPEG")
        return file.getvalue()

    def leaf(self):
        """A category that can be listed in, with the attributes it requires."""
        version = self.region.category_version
        for category in self.shop.categories(version):
            if not (category.leaf and category.available):
                continue
            rules = self.shop.rules(category.id, version)
            if rules.certifications or rules.size_chart_required:
                continue
            asked = [a for a in self.shop.attributes(category.id, version) if a.required and not a.sales]
            return category.id, tuple(
                AttributeValue(id=a.id, value_ids=(a.values[0][0],))
                if a.values
                else AttributeValue(id=a.id, value_names=("5",))
                for a in asked
            )
        raise AssertionError("no category to list in")

    def listing(self, **changes):
        category_id, attributes = self.leaf()
        base = {"category_id": category_id, "attributes": attributes, "warehouse_id": self.warehouse_id}
        return replace(LISTING, **(base | changes))

    def list(self, key="key-1", **changes):
        """Create a listing and let its review pass."""
        self.uris = {"https://store/1.jpg": self.shop.upload_image(self.picture())}
        made = self.shop.create_listing(self.listing(**changes), image_uris=self.uris, key=key, region=self.region)
        self.pass_time(600)
        return made

    def pass_time(self, seconds):
        self.sandbox.advance(seconds)
        clock.move(seconds)
        self.moved = getattr(self, "moved", 0) + seconds

    def new_day(self):
        """Pass what is left of the shop's day, so that what a test does all happens on one day."""
        self.pass_time(86_400 - int(clock.timestamp()) % 86_400 + 60)

    def buy(self, *items, **more):
        wanted = [{"seller_sku": sku, "quantity": quantity} for sku, quantity in items]
        return self.sandbox.act("shopper.buy", shop_id=self.shop_id, items=wanted, **more)

    def fault(self, action, **more):
        return self.sandbox.faults.add(Fault(action=action, **more))

    def made(self, kind):
        return [effect for effect in self.sandbox.world.effects if effect.platform == "tiktok" and effect.kind == kind]


@pytest.fixture
def open_world(through):
    opened = []

    def make_world(market="US"):
        sandbox = build()
        through(SandboxTransport(sandbox.site))
        opened.append(World(sandbox, market))
        return opened[-1]

    yield make_world
    for each in opened:
        for client in each.opened:
            client.close()
        clock.move(-getattr(each, "moved", 0))
        each.sandbox.close()
        for crash in each.sandbox.faults.crashes:
            raise crash


@pytest.fixture
def world(open_world):
    return open_world()


def test_a_seller_signs_in_and_shows_the_shop(world):
    assert world.tokens.region == "US"
    assert world.tokens.seller_name == "Mug Maker"
    assert "seller.order.info" in world.tokens.granted_scopes
    assert timedelta(days=6) < world.tokens.access_expires_at - clock.now() < timedelta(days=8)
    assert world.tokens.refresh_expires_at > world.tokens.access_expires_at
    assert world.tokens.access_token not in repr(world.tokens)
    assert (world.info.id, world.info.region, world.info.seller_type) == (world.shop_id, "US", "LOCAL")


def test_a_code_works_once(world):
    code = world.code()
    world.auth.exchange(code)

    with pytest.raises(Unauthorized):
        world.auth.exchange(code)


def test_a_refresh_replaces_both_tokens(world):
    before = world.tokens
    after = world.auth.refresh(before.refresh_token)

    assert after.access_token != before.access_token
    assert after.refresh_token != before.refresh_token
    with pytest.raises(Unauthorized):
        world.auth.refresh(before.refresh_token)


def test_calls_go_on_after_the_token_ended(world):
    before = world.tokens
    world.pass_time(8 * 86_400)

    assert world.shop.warehouses()
    assert world.tokens.access_token != before.access_token


def test_a_seller_who_leaves_is_noticed(world):
    world.sandbox.act("tt.deauthorize", app_key=world.app["app_key"], seller=world.seller)

    with pytest.raises(Unauthorized):
        world.shop.warehouses()


def test_what_the_seller_did_not_grant_is_told_apart(world):
    scopes = ["seller.authorization.info", "seller.logistics"]
    code = world.sandbox.act("tt.authorize", app_key=world.app["app_key"], seller=world.seller, scopes=scopes)
    world.tokens = world.auth.exchange(code)
    (info,) = world.seller_client.shops()
    shop = world.client(info.cipher)

    assert shop.warehouses()
    with pytest.raises(ScopeMissing, match="reading orders"):
        shop.orders(["1"])


def test_a_disabled_shop_is_told(world):
    world.sandbox.act("tt.set_shop_status", shop_id=world.shop_id, active=False)

    with pytest.raises(errors.ShopDisabled):
        world.shop.warehouses()


def test_a_clock_a_day_off_does_not_matter(world):
    with clock.moved(86_400):
        assert world.shop.warehouses()
    with clock.moved(-86_400):
        assert world.shop.warehouses()


def test_the_shop_describes_itself(world):
    warehouses = world.shop.warehouses()
    selling = [each for each in warehouses if each.sales]
    (option, *_) = world.shop.delivery_options(world.warehouse_id)

    assert {each.id for each in selling} == {world.warehouse_id}
    assert len(warehouses) == 2
    assert all(each.enabled for each in warehouses)
    assert "USPS" in {each.name for each in world.shop.shipping_providers(option.id)}
    assert world.shop.failed_prerequisites() == ()
    world.sandbox.act(
        "tt.set_warehouse", shop_id=world.shop_id, warehouse_id=world.warehouse_id, effect_status="DISABLED"
    )
    assert [each.enabled for each in world.shop.warehouses() if each.sales] == [False]


def test_categories_attributes_and_brands_can_be_looked_up(world):
    tree = {each.id: each for each in world.shop.categories("v2")}
    category_id, attributes = world.leaf()

    assert tree[category_id].leaf
    assert tree[category_id].parent_id in tree
    assert {a.id for a in attributes} <= {a.id for a in world.shop.attributes(category_id, "v2")}
    recommended = world.shop.recommend_category("Enamel coffee mug", version="v2")
    assert recommended is not None
    assert tree[recommended.id].leaf
    assert recommended.path.endswith(tree[recommended.id].name)
    brands = world.shop.find_brands("")
    assert brands
    prefix = brands[0].name[:3]
    assert all(each.name.startswith(prefix) for each in world.shop.find_brands(prefix))


# -- listings in the sandbox ----------------------------------------------------------------------------------------


def test_a_listing_reaches_the_shelf_with_prices_and_stock(world):
    made = world.list()

    shown = world.shop.listing(made.id)

    assert set(made.sku_ids) == {"MUG-RED", "MUG-BLUE"}
    assert (shown.status, shown.audit_status) == ("ACTIVATE", "APPROVED")
    assert (shown.title, shown.external_product_id) == ("Enamel mug with a steel rim", "81")
    assert shown.category_id == world.leaf()[0]
    by_code = {sku.seller_sku: sku for sku in shown.skus}
    assert by_code["MUG-RED"].price.same_as(usd("12.50"))
    assert by_code["MUG-BLUE"].stock == ((world.warehouse_id, 7),)
    assert {sku.seller_sku: sku.id for sku in shown.skus} == made.sku_ids


def test_a_create_whose_answer_was_lost_makes_one_product(world):
    world.fault("drop", phase="after", method="POST", path="/product/202309/products")

    made = world.list(key="key-7")
    again = world.list(key="key-7")

    assert made.id == again.id
    assert [each.id for page in world.shop.listings() for each in page] == [made.id]


def test_the_same_product_under_another_key_is_refused(world):
    world.list(key="key-1")

    with pytest.raises(errors.AlreadyListed):
        world.list(key="key-2")


def test_listings_are_found_by_seller_sku_and_page_by_page(world):
    made = world.list()

    codes = [f"NONE-{n}" for n in range(25)]
    assert [each.id for each in world.shop.find_listings([*codes, "MUG-BLUE"])] == [made.id]
    assert world.shop.find_listings(codes) == ()
    now = datetime.fromtimestamp(clock.timestamp(), UTC)
    assert [[each.id for each in page] for page in world.shop.listings(updated_from=now - timedelta(hours=1))] == [
        [made.id]
    ]
    assert [each for page in world.shop.listings(updated_from=now + timedelta(hours=1)) for each in page] == []


def test_more_listings_than_a_search_may_find_are_read_in_slices_of_time(world, monkeypatch):
    made = []
    for number in range(7):
        skus = tuple(replace(sku, seller_sku=f"{sku.seller_sku}-{number}") for sku in LISTING.skus)
        title = f"Enamel mug of the {number}th kind with a steel rim"
        made.append(world.list(key=f"key-{number}", title=title, product_id=str(100 + number), skus=skus).id)
    world.sandbox.act("tt.set_limits", shop_id=world.shop_id, per_second=0)  # nothing but slices is looked at here
    start = datetime.fromtimestamp(clock.timestamp(), UTC) - timedelta(days=1)
    monkeypatch.setattr("twinshelf_sandbox.tiktok.products.product_search._SEARCH_LIMIT", 2)

    pages = list(world.shop.listings())

    assert sorted(each.id for page in pages for each in page) == sorted(made)
    assert max(len(page) for page in pages) == 2
    assert sorted(each.id for page in world.shop.listings(updated_from=start) for each in page) == sorted(made)


def test_a_second_with_more_listings_than_a_search_may_find_is_refused(world, monkeypatch):
    world.list()
    monkeypatch.setattr("twinshelf_sandbox.tiktok.products.product_search._SEARCH_LIMIT", 0)

    with pytest.raises(errors.TooManyRows):
        list(world.shop.listings())


def test_a_refused_listing_says_why(world):
    with pytest.raises(Refused) as caught:
        world.list(title="x" * 300)

    assert caught.value.code in {"E-LST-CHECK", "E-LST-TITLECHAR"}
    assert caught.value.platform_code in {12052051, 12052931}


def test_a_rejected_listing_shows_tiktoks_reasons(world):
    rule = {"field": "title", "contains": "mug", "position": "title", "reason": "Unclear.", "suggestion": "Say more."}
    world.sandbox.act("tt.set_audit_policy", shop_id=world.shop_id, reject=[rule])
    made = world.list()

    shown = world.shop.listing(made.id)

    assert shown.status == "FAILED"
    assert any("Unclear." in reason for reason in shown.audit_reasons)


def test_prices_are_set_at_once_and_only_those_named(world):
    made = world.list()

    world.shop.set_prices(made.id, {made.sku_ids["MUG-RED"]: usd("14.50")})

    prices = {sku.seller_sku: sku.price for sku in world.shop.listing(made.id).skus}
    assert prices["MUG-RED"].same_as(usd("14.50"))
    assert prices["MUG-BLUE"].same_as(usd("13.00"))


def test_a_locked_price_is_told_apart(world):
    made = world.list()
    world.fault(
        "envelope", code=12052038, message="Product price locked due to ongoing promotion.", path="*/prices/update"
    )

    with pytest.raises(errors.PriceLocked):
        world.shop.set_prices(made.id, {made.sku_ids["MUG-RED"]: usd("14.50")})


def test_a_price_of_a_listing_off_sale_cannot_be_set(world):
    made = world.list()
    world.shop.deactivate([made.id])

    with pytest.raises(errors.WrongStatus):
        world.shop.set_prices(made.id, {made.sku_ids["MUG-RED"]: usd("14.50")})


def test_stock_is_set_and_read_back(world):
    made = world.list()
    red, blue = made.sku_ids["MUG-RED"], made.sku_ids["MUG-BLUE"]

    world.shop.set_stock(made.id, {red: ((world.warehouse_id, 3),), blue: ((world.warehouse_id, 0),)})

    levels = {red: ((world.warehouse_id, 3),), blue: ((world.warehouse_id, 0),)}
    assert world.shop.stock([made.id]) == levels


def test_stock_of_a_wrong_warehouse_is_refused_and_the_rest_takes_effect(world):
    made = world.list()
    red, blue = made.sku_ids["MUG-RED"], made.sku_ids["MUG-BLUE"]

    with pytest.raises(errors.PartlyRefused) as caught:
        world.shop.set_stock(made.id, {red: (("7000000000000000001", 3),), blue: ((world.warehouse_id, 9),)})

    assert {item.id for item in caught.value.items} == {red}
    assert world.shop.stock([made.id])[blue] == ((world.warehouse_id, 9),)
    assert world.shop.stock([made.id])[red] == ((world.warehouse_id, 5),)


def test_an_edit_changes_content_and_keeps_prices_stock_and_ids(world):
    made = world.list()
    world.shop.set_prices(made.id, {made.sku_ids["MUG-RED"]: usd("14.50")})
    ids = {"61": made.sku_ids["MUG-RED"], "62": made.sku_ids["MUG-BLUE"]}

    edited = world.shop.edit_listing(
        made.id, world.listing(title="A new name for the mug"), image_uris=world.uris, sku_ids=ids, region=US
    )
    world.pass_time(600)

    shown = world.shop.listing(made.id)
    assert edited.audit_status in {"AUDITING", "APPROVED"}
    assert shown.title == "A new name for the mug"
    assert {sku.seller_sku: sku.id for sku in shown.skus} == made.sku_ids
    by_code = {sku.seller_sku: sku for sku in shown.skus}
    assert by_code["MUG-RED"].price.same_as(usd("14.50"))
    assert by_code["MUG-BLUE"].stock == ((world.warehouse_id, 7),)


def test_an_edit_adds_a_variant_and_keeps_one_that_it_does_not_know(world):
    made = world.list()
    green = ListingSku(
        variant_id="63",
        seller_sku="MUG-GREEN",
        options=(OptionValue("Color", "Green"),),
        price=usd("11.00"),
        quantity=2,
    )
    listed = world.listing(skus=(LISTING.skus[0], green))

    world.shop.edit_listing(made.id, listed, image_uris=world.uris, sku_ids={"61": made.sku_ids["MUG-RED"]}, region=US)
    world.pass_time(600)

    by_code = {sku.seller_sku: sku for sku in world.shop.listing(made.id).skus}
    assert set(by_code) == {"MUG-RED", "MUG-BLUE", "MUG-GREEN"}
    assert by_code["MUG-BLUE"].id == made.sku_ids["MUG-BLUE"]
    assert by_code["MUG-BLUE"].price.same_as(usd("13.00"))
    assert by_code["MUG-GREEN"].price.same_as(usd("11.00"))
    assert by_code["MUG-GREEN"].stock == ((world.warehouse_id, 2),)


def test_an_edit_survives_tiktok_renaming_options(world):
    made = world.list()
    world.sandbox.act("tt.standardize_attributes", product_id=made.id)
    ids = {"61": made.sku_ids["MUG-RED"], "62": made.sku_ids["MUG-BLUE"]}

    world.shop.edit_listing(made.id, world.listing(), image_uris=world.uris, sku_ids=ids, region=US)
    world.pass_time(600)

    assert {sku.seller_sku: sku.id for sku in world.shop.listing(made.id).skus} == made.sku_ids


def test_a_listing_goes_off_sale_and_back_away_and_back(world):
    made = world.list()

    world.shop.deactivate([made.id])
    assert world.shop.listing(made.id).status == "SELLER_DEACTIVATED"
    world.shop.activate([made.id])
    world.pass_time(600)
    assert world.shop.listing(made.id).status == "ACTIVATE"
    world.shop.delete([made.id])
    assert world.shop.listing(made.id).status == "DELETED"
    world.shop.recover([made.id])
    assert world.shop.listing(made.id).status == "SELLER_DEACTIVATED"
    with pytest.raises(errors.PartlyRefused) as caught:
        world.shop.activate([made.id, "1729000000000000001"])
    assert [item.id for item in caught.value.items] == ["1729000000000000001"]


def test_a_listing_that_never_was_is_not_found(world):
    with pytest.raises(NotFound):
        world.shop.listing("1729000000000000001")


def test_a_shop_that_may_list_no_more_today_waits(world):
    world.new_day()
    world.sandbox.act("tt.set_limits", shop_id=world.shop_id, daily_listings=1)
    world.list()

    with pytest.raises(errors.ListingCapReached):
        world.list(key="key-2", product_id="82", skus=(replace(LISTING.skus[0], seller_sku="CUP-1"),))


# -- orders in the sandbox ------------------------------------------------------------------------------------------


@pytest.fixture
def selling(world):
    """The world with two mugs on the shelf and a carrier."""
    world.made_listing = world.list()
    (option, *_) = world.shop.delivery_options(world.warehouse_id)
    world.usps = next(each.id for each in world.shop.shipping_providers(option.id) if each.name == "USPS")
    return world


def order_of(world, order_id):
    (order,) = world.shop.orders([order_id])
    return order


def page_around_now(world, **more):
    now = datetime.fromtimestamp(clock.timestamp(), UTC)
    return world.shop.orders_page(updated_from=now - timedelta(hours=1), updated_to=now + timedelta(hours=1), **more)


def test_an_order_is_read_with_money_that_adds_up(selling):
    order_id = selling.buy(
        ("MUG-RED", 3), ("MUG-BLUE", 1), seller_discount="3.00", platform_discount="2.00", shipping_fee="5.99",
        retail_delivery_fee="0.28", message="Ring twice",
    )  # fmt: skip

    order = order_of(selling, order_id)

    assert (order.status, order.on_hold, order.address.clear) == ("ON_HOLD", True, False)
    sold = Counter(line.seller_sku for line in order.lines for _unit in line.unit_ids)
    assert sold == {"MUG-RED": 3, "MUG-BLUE": 1}
    payment = order.payment
    assert payment.total.same_as(payment.subtotal + payment.shipping + payment.tax + payment.fees)
    assert payment.fees.same_as(usd("0.28"))
    assert payment.subtotal.same_as(usd("45.50"))
    assert Money.total((line.paid * line.quantity for line in order.lines), "USD").same_as(payment.subtotal)
    assert (payment.seller_discount, payment.platform_discount) == (usd("3.00"), usd("2.00"))
    assert order.buyer_message == "Ring twice"

    selling.pass_time(3700)
    shippable = order_of(selling, order_id)
    assert (shippable.status, shippable.on_hold, shippable.address.clear) == ("AWAITING_SHIPMENT", False, True)
    assert shippable.address.country_code == "US"
    assert shippable.updated_at > order.updated_at
    assert len(shippable.address.state) > 2


def test_orders_come_page_by_page_oldest_change_first(selling):
    ids = []
    for _ in range(5):
        ids.append(selling.buy(("MUG-BLUE", 1)))
        selling.pass_time(1)

    pages, token = [], ""
    for _ in itertools.count():
        page = page_around_now(selling, page_token=token, page_size=2)
        pages.append(page)
        token = page.next_token
        if not token:
            break

    assert [order.id for page in pages for order in page.rows] == ids
    assert [len(page.rows) for page in pages] == [2, 2, 1]
    assert selling.shop.orders_page(updated_from=SINCE, updated_to=UNTIL).rows == ()
    assert {order.id for order in selling.shop.orders([*ids, "576999999999999999"])} == set(ids)


def test_the_stores_order_is_noted_beside_tiktoks(selling):
    order_id = selling.buy(("MUG-RED", 1))
    unit = order_of(selling, order_id).lines[0].unit_ids[0]
    reference = Reference(shop_order_id=order_id, store_order_id="118", lines=(("9", unit),))

    selling.shop.add_references([reference])
    selling.shop.add_references([reference])

    assert selling.shop.references(order_id) == (reference,)
    with pytest.raises(errors.PartlyRefused) as caught:
        selling.shop.add_references([reference, Reference(shop_order_id="576999999999999999", store_order_id="1")])
    assert [item.id for item in caught.value.items] == ["576999999999999999"]


def shippable(world, *items, **more):
    order_id = world.buy(*(items or (("MUG-RED", 2),)), **more)
    world.pass_time(3700)
    return order_of(world, order_id)


def units_of(order):
    return [unit for line in order.lines for unit in line.unit_ids]


TRACKING = "9400 1000 0000 0000 0000 00"


def test_a_shipment_is_reported_once_and_again_without_harm(selling):
    order = shippable(selling)

    first = selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)
    again = selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)

    assert first.package_id
    assert again.package_id == first.package_id
    shown = order_of(selling, order.id)
    assert shown.status == "AWAITING_COLLECTION"
    assert [package.id for package in shown.packages] == [first.package_id]
    assert {unit.package_id for unit in selling.shop.packaged_units(order.id)} == {first.package_id}
    assert selling.shop.package(first.package_id).arranged


def test_a_shipment_whose_answer_was_lost_is_not_sent_twice(selling):
    order = shippable(selling)
    selling.fault("drop", phase="after", method="POST", path="/fulfillment/*/packages")

    with pytest.raises(PlatformDown) as caught:
        selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)

    assert caught.value.outcome_unknown
    again = selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)
    assert [package.id for package in order_of(selling, order.id).packages] == [again.package_id]


def test_one_unit_of_two_can_go_first(selling):
    order = shippable(selling)
    first, second = units_of(order)

    package = selling.shop.mark_shipped(order.id, [first], TRACKING, selling.usps).package_id

    assert {unit.unit_id: unit.package_id for unit in selling.shop.packaged_units(order.id)} == {
        first: package,
        second: "",
    }
    assert order_of(selling, order.id).status == "PARTIALLY_SHIPPING"


def test_an_order_on_hold_is_not_shipped(selling):
    order = order_of(selling, selling.buy(("MUG-RED", 1)))

    with pytest.raises(errors.OnHold):
        selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)


def test_a_cancelled_order_is_not_shipped(selling):
    order = shippable(selling)
    selling.sandbox.act("tt.cancel_order", order_id=order.id)

    with pytest.raises(errors.OrderCancelled):
        selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps)


def test_a_tracking_number_can_be_corrected_once(selling):
    order = shippable(selling)
    package = selling.shop.mark_shipped(order.id, units_of(order), TRACKING, selling.usps).package_id

    selling.shop.update_shipping(package, "9400100000000000000017", selling.usps)

    assert selling.shop.package(package).tracking_number == "9400100000000000000017"
    with pytest.raises(Refused) as caught:
        selling.shop.update_shipping(package, "9400100000000000000024", selling.usps)
    assert caught.value.code == "E-FUL-LATE"


def test_a_package_of_a_market_that_packs_first_is_shipped(open_world):
    world = open_world("VN")
    dong = Money(Decimal(169_000), "VND")
    made = world.list(
        title="Cốc tráng men viền thép bền đẹp",
        description="<p>Cốc tráng men.</p>",
        weight=Weight(Decimal("0.5"), "KG"),
        skus=(ListingSku(variant_id="61", seller_sku="MUG-RED", price=dong, quantity=5),),
    )
    order = shippable(world, ("MUG-RED", 1), shipping_type="SELLER")
    (option, *_) = world.shop.delivery_options(world.warehouse_id)
    carriers = world.shop.shipping_providers(order.delivery_option_id or option.id)
    [package_id] = [package.id for package in order.packages]

    world.shop.ship_package(package_id, tracking_number="VN123456789", provider_id=carriers[0].id)
    world.shop.ship_package(package_id, tracking_number="VN123456789", provider_id=carriers[0].id)

    assert made.id
    assert order.payment.total.currency == "VND"
    assert order_of(world, order.id).status == "AWAITING_COLLECTION"
    assert world.shop.package(package_id).tracking_number == "VN123456789"


@pytest.mark.parametrize("may_be_left_out", [False, True])
def test_an_empty_body_is_taken_whether_or_not_it_must_be_signed(open_world, may_be_left_out):
    world = open_world("VN")
    world.sandbox.act("tt.set_switch", shop_id="*", name="unsigned_empty_object", value=may_be_left_out)
    world.list(
        title="Cốc tráng men viền thép bền đẹp",
        skus=(ListingSku(variant_id="61", seller_sku="MUG-RED", price=Money(Decimal(169_000), "VND"), quantity=5),),
    )
    order = shippable(world, ("MUG-RED", 1))
    asked = world.sandbox.act("shopper.cancel", order_id=order.id)
    world.shop.approve_cancellation(asked, key="1")
    other = shippable(world, ("MUG-RED", 1))
    [package_id] = [package.id for package in other.packages]

    world.shop.ship_package(package_id)

    assert order_of(world, order.id).status == "CANCELLED"
    assert order_of(world, other.id).status == "AWAITING_COLLECTION"
    assert world.shop.package(package_id).tracking_number


# -- cancellations in the sandbox -----------------------------------------------------------------------------------


def test_the_seller_cancels_with_a_reason_that_is_offered(selling):
    order = shippable(selling)
    reasons = selling.shop.cancel_reasons(order.id)

    cancel_id, status = selling.shop.cancel_order(order.id, reasons[0])

    assert "seller_cancel_reason_out_of_stock" in reasons
    assert status in {"CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"}
    assert order_of(selling, order.id).status == "CANCELLED"
    assert selling.shop.cancel_reasons(order.id) == ()
    (row,) = selling.shop.cancellations_page(order_ids=[order.id]).rows
    assert (row.id, row.role, row.awaiting_us) == (cancel_id, "SELLER", False)
    with pytest.raises(errors.WrongState):
        selling.shop.cancel_order(order.id, reasons[0])


def test_a_reason_that_is_not_offered_is_refused(selling):
    order = shippable(selling)

    with pytest.raises(Refused) as caught:
        selling.shop.cancel_order(order.id, "because")

    assert caught.value.code == "E-CAN-REASONS"


def test_a_buyers_request_is_granted(selling):
    order = shippable(selling)
    selling.sandbox.act("shopper.cancel", order_id=order.id)
    now = datetime.fromtimestamp(clock.timestamp(), UTC)

    page = selling.shop.cancellations_page(updated_from=now - timedelta(hours=1), updated_to=now + timedelta(hours=1))
    (request,) = page.rows

    assert (request.order_id, request.role, request.awaiting_us) == (order.id, "BUYER", True)
    assert timedelta(hours=47) < request.deadline - now <= timedelta(hours=48)
    assert order_of(selling, order.id).buyer_wants_cancel
    selling.shop.approve_cancellation(request.id, "key-1")
    selling.shop.approve_cancellation(request.id, "key-1")
    assert order_of(selling, order.id).status == "CANCELLED"
    with pytest.raises(errors.WrongState):
        selling.shop.approve_cancellation(request.id, "key-2")


BUYER_AGREES = "order_manage_list_action_respond_popup_reject_reason_buyer_agree"


def test_a_buyers_request_is_declined(selling):
    order = shippable(selling)
    selling.sandbox.act("shopper.cancel", order_id=order.id)
    (request,) = selling.shop.cancellations_page(order_ids=[order.id]).rows

    selling.shop.reject_cancellation(request.id, BUYER_AGREES, "key-1")

    (answered,) = selling.shop.cancellations_page(order_ids=[order.id]).rows
    assert (answered.status, answered.awaiting_us) == ("CANCELLATION_REQUEST_CANCEL", False)
    assert order_of(selling, order.id).status == "AWAITING_SHIPMENT"


# -- webhooks in the sandbox ----------------------------------------------------------------------------------------


def test_webhooks_are_ensured_once_and_arrive_signed(selling):
    arrived = []

    def deliver(url, headers, body, _timeout):
        arrived.append((url, {name.lower(): value for name, value in headers.items()}["authorization"], body))
        return 200

    selling.sandbox.outbox.send = deliver
    address = "https://hooks.example/tiktok"

    assert set(selling.shop.ensure_webhooks(address)) == set(webhooks.EVENT_TYPES)
    assert selling.shop.ensure_webhooks(address) == ()
    assert selling.shop.ensure_webhooks("https://new.example/x", ["ORDER_STATUS_CHANGE"]) == ("ORDER_STATUS_CHANGE",)
    assert {row.address for row in selling.shop.webhooks()} == {address, "https://new.example/x"}

    order_id = selling.buy(("MUG-RED", 1))
    selling.sandbox.settle()

    key, secret = selling.app["app_key"], selling.app["app_secret"]
    hints = [webhooks.hint_from_json(body) for _, _, body in arrived]
    assert any(hint.kind == "order" and hint.ids == (order_id,) for hint in hints)
    assert {hint.shop_id for hint in hints} == {selling.shop_id}
    for url, authorization, body in arrived:
        assert url == "https://new.example/x" or not url.endswith("/x")
        assert webhooks.verify(key, secret, authorization, body)
        assert Webhooks.verify(app_key=key, app_secret=secret, raw_body=body, signature=authorization)
        assert not webhooks.verify(key, secret, authorization.upper(), body)


# -- faults in the sandbox ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("status", {"status": 502}),
        ("status", {"status": 503, "times": 2}),
        ("drop", {}),
        ("truncate", {"phase": "after"}),
        ("body", {"body": HTML}),
        ("envelope", {"code": 36009003}),
        ("delay", {"seconds": 60.0}),
    ],
)
def test_a_read_gets_through_a_passing_fault(selling, action, more):
    selling.fault(action, path="/product/202309/products/*", **more)

    assert selling.shop.listing(selling.made_listing.id).status == "ACTIVATE"


def test_a_throttled_shop_is_told_when_to_ask_again(selling):
    selling.fault("quota", path="/product/202309/products/*", seconds=3.0)

    with pytest.raises(Throttled) as caught:
        selling.shop.listing(selling.made_listing.id)

    assert caught.value.wait_seconds >= 3


def test_the_endpoints_are_those_of_the_other_client():
    """A version that moves in the next release of the other client shows here."""
    from tiktok_shop_api.signing import operation_for  # noqa: PLC0415 - slow to import

    modules = Path(client_package.__file__).parent.glob("*.py")
    source = "\n".join(module.read_text(encoding="utf-8") for module in modules)
    paths = {word.strip('"(),') for word in source.split() if word.startswith(('"/product', '"/order', '"/fulfil'))}

    assert len(paths) == 25
    for path in sorted(paths):
        known = [m for m in ("GET", "POST", "PUT", "DELETE") if operation_for(m, path.replace("{}", "1"))]
        assert known, path


# -- lists without an end -------------------------------------------------------------------------------------------

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
PAGED = {
    "orders": lambda shop: list(shop.order_pages(updated_from=SINCE, updated_to=SINCE)),
    "cancellations": lambda shop: list(shop.cancellation_pages(updated_from=SINCE)),
    "products": lambda shop: list(shop.listings()),
    "products of some seller SKUs": lambda shop: shop.find_listings(["MUG-1"]),
}


@pytest.mark.parametrize("what", PAGED)
def test_a_page_token_that_came_before_is_refused(platform, shop, what):
    platform.answer(0, {"next_page_token": "again"})  # for ever, to whatever is asked

    with pytest.raises(PlatformDown, match="in a circle"):
        PAGED[what](shop)

    assert len(platform.requests) == 2


@pytest.mark.parametrize("what", PAGED)
def test_a_page_without_rows_may_be_followed_by_another(platform, shop, what):
    platform.answer(0, {"next_page_token": "two"}).answer(0, {"next_page_token": "three"}).answer(0, {})

    PAGED[what](shop)

    assert len(platform.requests) == 3
