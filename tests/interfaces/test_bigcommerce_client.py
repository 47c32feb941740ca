"""The BigCommerce client: first what it makes of bad answers, then its operations against the sandbox."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx2
import msgspec
import pytest
import stamina
import structlog

from twinshelf.documents import Address, Money, Names, StoreInfo, StoreOrderDraft, StoreOrderLine, StoreOrderState
from twinshelf.errors import (
    DocumentError,
    NotFound,
    NotGenuine,
    OutOfBudget,
    OutOfStock,
    PlatformDown,
    Refused,
    ScopeMissing,
    Throttled,
    Unauthorized,
)
from twinshelf.kit import http, logs
from twinshelf.kit.http import FreeBudget
from twinshelf.storefronts.bigcommerce import auth, products, webhooks
from twinshelf.storefronts.bigcommerce.client import BigCommerce
from twinshelf.storefronts.protocol import Grant
from twinshelf_sandbox.app import build
from twinshelf_sandbox.faults import Fault
from twinshelf_sandbox.transport import SandboxTransport

STORE = StoreInfo(hash="abc123", name="Mugs", currency="USD", time_zone="UTC", weight_unit="LB", length_unit="IN")
TOKEN = "canary-token-7f3a"


def usd(amount):
    return Money(Decimal(amount), "USD")


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


# -- what it makes of answers ---------------------------------------------------------------------------------------


class Platform(httpx2.BaseTransport):
    """Gives the answers it was told, the last one for ever, and keeps what it was asked."""

    def __init__(self):
        self.answers, self.requests = [], []

    def answer(self, status=200, body=None, *, headers=None, content_type="application/json", error=None):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.answers.append((error, status, data, {"content-type": content_type, **(headers or {})}))
        return self

    def handle_request(self, request):
        self.requests.append(request)
        error, status, data, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if error is not None:
            raise error("told to", request=request)
        return httpx2.Response(status, content=data, headers=headers, request=request)

    @property
    def asked(self):
        return [(request.method, request.url.path) for request in self.requests]

    def query(self, at=-1):
        return dict(parse_qsl(self.requests[at].url.query.decode()))

    def body(self, at=-1):
        return json.loads(self.requests[at].read(), parse_float=Decimal)


class Budget:
    """Grants everything until told otherwise, and keeps what it was told."""

    def __init__(self):
        self.acquired, self.observed, self.spent = [], [], False

    def acquire(self, bucket, urgency):
        if self.spent:
            raise OutOfBudget("BigCommerce", 12.0)
        self.acquired.append((bucket, urgency))

    def observe(self, bucket, status, headers, *, throttled):
        self.observed.append((bucket, status, headers.get("x-rate-limit-requests-left"), throttled))


@pytest.fixture
def platform(through):
    made = Platform()
    through(made)
    return made


@pytest.fixture
def budget():
    return Budget()


@pytest.fixture
def client(platform, budget):
    with BigCommerce("abc123", TOKEN, budget=budget) as made:
        yield made


def draft(**changes):
    line = StoreOrderLine(
        product_id="77",
        variant_id="93",
        sku="MUG",
        name="Enamel mug",
        quantity=2,
        unit_price_ex_tax=usd("12.0000"),
        unit_price_inc_tax=usd("12.9900"),
    )
    values = {
        "external_order_id": "576461413038785752",
        "external_source": "41037",
        "external_merchant_id": "7495123456789012345",
        "channel_id": "1",
        "state": StoreOrderState.AWAITING_FULFILLMENT,
        "address": Address(
            first_name="Jane",
            last_name="Doe",
            street_1="123 Main Street",
            city="Austin",
            state="Texas",
            postal_code="78751",
            country_code="US",
            email="buyer-1@orders.example.com",
        ),
        "lines": (line,),
        "shipping_method": "Standard",
        "shipping_ex_tax": usd("4.00"),
        "shipping_inc_tax": usd("4.33"),
        "discount": usd("0"),
        "subtotal_ex_tax": usd("24.00"),
        "subtotal_inc_tax": usd("25.98"),
        "total_ex_tax": usd("28.00"),
        "total_inc_tax": usd("30.31"),
    }
    return StoreOrderDraft(**(values | changes))


def test_a_call_carries_the_token_and_asks_for_json(client, platform):
    platform.answer(200, {"time": 1529512970})
    assert client.time() == datetime(2018, 6, 20, 16, 42, 50, tzinfo=UTC)
    request = platform.requests[0]
    assert str(request.url) == "https://api.bigcommerce.com/stores/abc123/v2/time"
    assert request.headers["x-auth-token"] == TOKEN
    assert request.headers["accept"] == "application/json"


def test_each_try_asks_the_budget_and_tells_it_the_answer(client, platform, budget):
    platform.answer(500).answer(200, {"time": 5}, headers={"X-Rate-Limit-Requests-Left": "149"})
    client.with_urgency("urgent").time()
    assert budget.acquired == [("store", "urgent"), ("store", "urgent")]
    assert budget.observed == [("store", 500, None, False), ("store", 200, "149", False)]


def test_an_empty_budget_sends_nothing(client, platform, budget):
    budget.spent = True
    with pytest.raises(OutOfBudget):
        client.time()
    assert platform.asked == []


def test_another_urgency_shares_the_connections_and_leaves_ours(client, platform, budget):
    platform.answer(200, {"time": 5})
    client.with_urgency("bulk").time()
    client.time()
    assert budget.acquired == [("store", "bulk"), ("store", "normal")]


LOST = [httpx2.ReadError, httpx2.ReadTimeout, httpx2.RemoteProtocolError, httpx2.WriteError]
NEVER_SENT = [httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout]


@pytest.mark.parametrize("error", [*LOST, *NEVER_SENT])
def test_a_read_is_tried_three_times(client, platform, error):
    platform.answer(error=error)
    with pytest.raises(PlatformDown) as raised:
        client.time()
    assert len(platform.asked) == 3
    assert not raised.value.outcome_unknown


@pytest.mark.parametrize("error", LOST)
def test_f01_an_order_whose_answer_was_lost_is_sent_once(client, platform, error):
    platform.answer(error=error)
    with pytest.raises(PlatformDown) as raised:
        client.create_order(draft())
    assert len(platform.asked) == 1
    assert raised.value.outcome_unknown


@pytest.mark.parametrize("error", NEVER_SENT)
def test_an_order_that_never_left_may_be_sent_again(client, platform, error):
    platform.answer(error=error).answer(201, {"id": 218})
    assert client.create_order(draft()) == "218"
    assert len(platform.asked) == 2


@pytest.mark.parametrize(
    ("_case", "status", "body", "content_type"),
    [
        ("F04 error after the effect", 502, b"<html>", "text/html"),
        ("F05 unavailable", 503, b"", ""),
        ("F14 maintenance page", 200, b"<html>Down for maintenance</html>", "text/html"),
        ("F15 cut", 201, b'{"id": 21', "application/json"),
        ("no body", 201, b"", "application/json"),
        ("an order without its id", 201, b'{"status": "ok"}', "application/json"),
        ("an id that is none", 201, b'{"id": null}', "application/json"),
        ("a list", 201, b"[]", "application/json"),
        ("wrong content type", 201, b'{"id": 218}', "text/plain"),
    ],
)
def test_an_unusable_answer_to_an_order_leaves_its_outcome_unknown(client, platform, _case, status, body, content_type):
    platform.answer(status, body, content_type=content_type)
    with pytest.raises(PlatformDown) as raised:
        client.create_order(draft())
    assert raised.value.outcome_unknown
    assert len(platform.asked) == 1


@pytest.mark.parametrize(
    ("_case", "body", "content_type"),
    [("a page", b"<html>", "text/html"), ("cut", b'{"ti', "application/json"), ("empty", b"", "application/json")],
)
def test_an_unusable_answer_to_a_read_is_asked_for_again(client, platform, _case, body, content_type):
    platform.answer(200, body, content_type=content_type).answer(200, {"time": 5})
    assert client.time() == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)


def test_a_document_that_cannot_be_read_is_not_asked_for_again(client, platform):
    platform.answer(200, {"id": 5, "status_id": None})
    with pytest.raises(DocumentError):
        client.order("5")
    assert len(platform.asked) == 1


def test_a_short_wait_is_waited_out(client, platform):
    platform.answer(429, {}, headers={"X-Retry-After": "1", "X-Rate-Limit-Time-Reset-Ms": "900"})
    platform.answer(200, {"time": 5})
    client.time()
    assert len(platform.asked) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-Retry-After": "12", "X-Rate-Limit-Time-Reset-Ms": "11500"}, 12),
        ({"X-Retry-After": "6", "X-Rate-Limit-Time-Reset-Ms": "25250"}, 25.25),
    ],
)
def test_f07_a_long_wait_is_the_caller_s(client, platform, budget, headers, seconds):
    platform.answer(429, {}, headers=headers)
    with pytest.raises(Throttled) as raised:
        client.time()
    assert raised.value.wait_seconds == seconds
    assert len(platform.asked) == 1
    assert budget.observed == [("store", 429, None, True)]


def test_f08_a_bare_429_is_never_repeated_at_once_and_waits_grow(client, platform):
    platform.answer(429, {})
    waits = []
    for caller in (client, client.with_urgency("urgent"), client, client, client):
        with pytest.raises(Throttled) as raised:
            caller.time()
        waits.append(raised.value.wait_seconds)
    assert waits == [8, 16, 32, 64, 64]
    assert len(platform.asked) == 5

    platform.answers.clear()
    platform.answer(200, {"time": 5}).answer(429, {})
    client.time()
    with pytest.raises(Throttled) as raised:
        client.time()
    assert raised.value.wait_seconds == 8


def test_a_throttled_order_was_not_made(client, platform):
    platform.answer(429, {}, headers={"X-Retry-After": "12"})
    with pytest.raises(Throttled) as raised:
        client.create_order(draft())
    assert not raised.value.outcome_unknown


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"X-Auth-Token header is required", Unauthorized),
        (401, {"status": 401, "title": "Unauthorized", "errors": {}}, Unauthorized),
        (403, {"status": 403, "title": "You don't have a required scope to access the endpoint"}, ScopeMissing),
        (403, {"status": 403, "title": "You don't have access to this store"}, Refused),
        (404, [{"status": 404, "message": "The requested resource was not found."}], NotFound),
        (422, {"status": 422, "title": "Bad", "errors": {"a": "b"}}, Refused),
        (301, b"", Refused),
    ],
)
def test_what_a_person_must_mend_is_not_repeated(client, platform, status, body, kind):
    platform.answer(status, body)
    with pytest.raises(kind):
        client.order("5")
    assert len(platform.asked) == 1


def test_a_missing_scope_says_what_could_not_be_done(client, platform):
    platform.answer(403, {"title": "You don't have a required scope to access the endpoint"})
    for call, words in [
        (lambda: client.order("5"), "reading orders"),
        (lambda: client.set_order_status("5", StoreOrderState.SHIPPED), "changing orders"),
        (client.locations, "reading locations"),
        (lambda: client.inventory(product_ids=["1"]), "reading inventory"),
        (client.hooks, "reading webhooks"),
        (client.time, "reading store information"),
    ]:
        with pytest.raises(ScopeMissing, match=words):
            call()


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "naïve", "a\x00b"])
def test_a_token_that_no_header_could_carry_is_refused_at_once(token):
    with pytest.raises(Unauthorized) as raised:
        BigCommerce("abc123", token, budget=FreeBudget())
    assert token == "" or token not in str(raised.value)


@pytest.mark.parametrize("store_hash", ["", "../v2", "abc/123", "abc?x=1"])
def test_a_store_hash_cannot_change_the_address(store_hash):
    with pytest.raises(DocumentError):
        BigCommerce(store_hash, TOKEN, budget=FreeBudget())


def test_the_token_and_the_buyer_are_in_no_log_line(client, platform):
    platform.answer(400, [{"status": 400, "message": "The field 'email' is invalid.", "details": {
        "invalid_reason": "buyer-1@orders.example.com is refused"}}])  # fmt: skip
    logs.configure("DEBUG")
    with structlog.testing.capture_logs() as lines, pytest.raises(Refused) as raised:
        client.create_order(draft())
    logs.configure("WARNING")
    seen = f"{lines} {raised.value} {raised.value.fields} {client!r}"
    assert lines
    for canary in (TOKEN, "buyer-1", "Jane", "Main Street"):
        assert canary not in seen


# -- what it asks for -----------------------------------------------------------------------------------------------


def page(rows, number=1, pages=1):
    return {"data": rows, "meta": {"pagination": {"current_page": number, "total_pages": pages}}}


def test_products_are_scanned_by_id_with_all_their_parts(client, platform):
    platform.answer(200, page([]))
    client.products_after(81, Names(), store=STORE, modified_since=datetime(2026, 1, 15, 8, 30, 1, 999, tzinfo=UTC))
    assert platform.query() == {
        "sort": "id",
        "direction": "asc",
        "id:greater": "81",
        "limit": "250",
        "include": "variants,images,custom_fields",
        "date_modified:min": "2026-01-15T08:30:01+00:00",
    }


def test_products_by_id_come_250_at_a_time_and_name_the_missing(client, platform):
    platform.answer(200, page([]))
    ids = [str(number) for number in (*range(1, 301), 7)]
    found = client.products(ids, Names(), store=STORE)
    assert (found.products, found.missing) == ((), tuple(ids[:300]))
    assert [len(platform.query(at)["id:in"].split(",")) for at in range(2)] == [250, 50]
    assert platform.query()["limit"] == "250"


def test_no_address_line_grows_too_long(client, platform):
    platform.answer(200, page([]))
    client.products([str(10**17 + n) for n in range(250)], Names(), store=STORE)
    client.inventory(variant_ids=[str(10**9 + n) for n in range(1000)])
    assert max(len(str(request.url)) for request in platform.requests) < 6200
    assert sum(len(platform.query(at)["variant_id:in"].split(",")) for at in (-2, -1)) == 1000


def test_nothing_asked_is_nothing_sent(client, platform):
    assert client.products([], Names(), store=STORE).products == ()
    assert client.inventory() == {}
    assert platform.asked == []


def test_stock_is_read_to_the_last_page(client, platform):
    row = {"identity": {"variant_id": 5}, "locations": [{"location_id": 1, "available_to_sell": 3}]}
    other = {"identity": {"variant_id": 6}, "locations": [{"location_id": 2, "available_to_sell": 4}]}
    platform.answer(200, page([row], 1, 2)).answer(200, page([other], 2, 2))
    assert client.inventory(product_ids=["1"]) == {"5": {"1": 3}, "6": {"2": 4}}
    assert [platform.query(at)["page"] for at in range(2)] == ["1", "2"]
    assert platform.query()["limit"] == "1000"


@pytest.mark.parametrize(("lengths", "calls"), [([0], 1), ([3], 1), ([50, 50, 7], 3), ([50, 0], 2), ([250, 60], 2)])
def test_all_lines_of_an_order_are_read_even_if_the_server_cuts_pages_to_50(client, platform, lengths, calls):
    for number, length in enumerate(lengths):
        rows = [{"id": 1000 * number + n + 1, "quantity": 1} for n in range(length)]
        platform.answer(200 if rows else 204, rows or None)
    assert len(client.order_items("5")) == sum(lengths)
    assert len(platform.asked) == calls


def test_an_order_with_an_unreadable_line_is_not_half_read(client, platform):
    platform.answer(200, [{"id": 1, "quantity": 1}, {"id": 2}])
    with pytest.raises(DocumentError):
        client.order_items("5")


ORDER = {
    "id": 218, "status_id": 11, "date_created": "Tue, 05 Mar 2019 21:40:11 +0000",
    "date_modified": "Tue, 05 Mar 2019 21:40:11 +0000", "total_inc_tax": "69.8400", "default_currency_code": "USD",
    "external_order_id": "576461413038785752",
}  # fmt: skip


def test_a_search_that_finds_nothing_is_empty(client, platform):
    platform.answer(204)
    assert client.find_orders("576461413038785752") == ()
    assert platform.query()["external_order_id"] == "576461413038785752"


def test_a_search_keeps_only_what_matches_exactly(client, platform):
    platform.answer(200, [ORDER, {**ORDER, "id": 219, "external_order_id": "5764614130387857521"}])
    assert [order.id for order in client.find_orders("576461413038785752")] == ["218"]


def test_a_search_answered_with_other_orders_is_no_search(client, platform):
    platform.answer(200, [{**ORDER, "external_order_id": None}])
    with pytest.raises(PlatformDown):
        client.find_orders("576461413038785752")


def test_a_search_that_finds_an_unreadable_order_does_not_overlook_it(client, platform):
    platform.answer(200, [{**ORDER, "status_id": None}])
    with pytest.raises(DocumentError):
        client.find_orders("576461413038785752")


def test_a_scan_goes_past_an_unreadable_order_and_says_so(client, platform):
    platform.answer(200, [{**ORDER, "id": 217, "status_id": None}, ORDER])
    with structlog.testing.capture_logs() as lines:
        assert [order.id for order in client.orders_after("216").orders] == ["218"]
    assert platform.query() == {"min_id": "217", "sort": "id:asc", "limit": "250"}
    assert [line for line in lines if line["event"] == "order_unreadable"] == [
        {
            "event": "order_unreadable",
            "log_level": "warning",
            "store": "abc123",
            "order_id": "217",
            "field": "status_id",
        }
    ]


def test_a_full_page_with_an_unreadable_order_is_followed_by_another(client, platform):
    platform.answer(200, [{**ORDER, "id": 217, "status_id": None}, ORDER])

    page = client.orders_modified(datetime(2026, 1, 1, tzinfo=UTC), limit=2)

    assert [order.id for order in page.orders] == ["218"]
    assert page.more


def test_an_order_s_amounts_go_out_exactly(client, platform):
    platform.answer(201, {"id": 218})
    client.create_order(draft())
    sent = platform.requests[0].read()
    assert b'"price_ex_tax":12.0000,"price_inc_tax":12.9900' in sent
    assert b'"total_inc_tax":30.31' in sent
    assert platform.requests[0].headers["content-type"] == "application/json"


def test_there_is_no_way_to_delete_an_order(client):
    assert not [name for name in dir(client) if "order" in name and {"delete", "archive"} & set(name.split("_"))]


CHANNEL = {"id": 7, "name": "TikTok-Shop-US", "type": "marketplace", "platform": "tiktok", "status": "connected",
           "external_id": "749"}  # fmt: skip


@pytest.mark.parametrize(
    ("_case", "present", "changed", "channel_id"),
    [
        ("as it should be", [CHANNEL], [], "7"),
        ("disconnected", [CHANNEL | {"status": "disconnected"}], [("PUT", "/stores/abc123/v3/channels/7")], "7"),
        ("of another shop", [CHANNEL | {"external_id": "750"}], [("POST", "/stores/abc123/v3/channels")], "9"),
        ("deleted", [CHANNEL | {"status": "deleted"}], [("POST", "/stores/abc123/v3/channels")], "9"),
        ("of another platform", [CHANNEL | {"platform": "etsy"}], [("POST", "/stores/abc123/v3/channels")], "9"),
        ("twice", [CHANNEL | {"id": 5, "status": "disconnected"}, CHANNEL], [], "7"),
    ],
)
def test_the_channel_of_a_shop_is_found_before_one_is_made(client, platform, _case, present, changed, channel_id):
    platform.answer(200, page(present)).answer(200, {"data": CHANNEL | {"id": 9}})
    assert client.ensure_channel("TikTok-Shop-US", "749") == channel_id
    assert platform.asked[1:] == changed


def test_a_taken_channel_name_gets_the_shop_s_id(client, platform):
    platform.answer(200, page([])).answer(409, {"title": "Channel already exists"})
    platform.answer(200, {"data": CHANNEL | {"id": 9}})
    assert client.ensure_channel("TikTok Shop (US)", "749") == "9"
    assert [platform.body(at)["name"] for at in (1, 2)] == ["TikTok-Shop-US", "TikTok-Shop-US-749"]


# -- installing -----------------------------------------------------------------------------------------------------

GRANTED = {
    "access_token": "canary-new-token", "scope": "store_v2_products store_v2_orders", "context": "stores/abc123",
    "user": {"id": 7, "username": "k", "email": "kim@example.com"},
    "owner": {"id": 5, "username": "o", "email": "owner@example.com"}, "account_uuid": "u-1",
}  # fmt: skip


def exchange(**changes):
    values = {
        "client_id": "client-1", "client_secret": "canary-secret", "code": "canary-code", "context": "stores/evil99",
        "scope": "a b", "redirect_uri": "https://x.example/auth",
    }  # fmt: skip
    return auth.exchange_code(**(values | changes))


def test_a11_the_store_named_with_the_token_decides(platform):
    platform.answer(200, GRANTED)
    grant = exchange()
    assert grant == Grant(
        store_hash="abc123",
        scopes=("store_v2_orders", "store_v2_products"),
        user_id=7,
        user_email="kim@example.com",
        owner_email="owner@example.com",
        account_uuid="u-1",
        access_token="canary-new-token",
    )
    assert "canary-new-token" not in repr(grant)
    assert str(platform.requests[0].url) == "https://login.bigcommerce.com/oauth2/token"
    assert platform.body()["grant_type"] == "authorization_code"


@pytest.mark.parametrize(
    ("_case", "status", "body", "kind"),
    [
        ("code used before", 400, {"error": "invalid_grant"}, Unauthorized),
        ("wrong client secret", 401, {"error": "invalid_client"}, Unauthorized),
        ("out of order", 503, b"", PlatformDown),
        ("no token", 200, {"scope": "a"}, PlatformDown),
        ("store with a path", 200, GRANTED | {"context": "stores/abc123/../evil99"}, PlatformDown),
        ("cut", 200, b'{"acc', PlatformDown),
    ],
)
def test_a_code_that_gives_no_token(platform, _case, status, body, kind):
    platform.answer(status, body)
    with structlog.testing.capture_logs() as lines, pytest.raises(kind) as raised:
        exchange()
    assert "canary" not in f"{raised.value} {lines}"
    assert len(platform.asked) == 1


# -- its operations, against the sandbox ----------------------------------------------------------------------------


class Store:
    """A BigCommerce store of the sandbox, as a person in its control panel sees it, with an API account for us."""

    def __init__(self, sandbox):
        self.sandbox, self.hash = sandbox, "abc123"
        sandbox.act("bc.create_store", hash=self.hash, name="Mugs", timezone="America/Chicago")
        self.account = sandbox.act("bc.create_api_account", hash=self.hash)

    def act(self, action, **arguments):
        """An action of the sandbox. Its ids are numbers, as BigCommerce's are; ours are text."""
        numbers = {name: int(value) for name, value in arguments.items() if name in {"order_id", "product_id"}}
        found = self.sandbox.act(f"bc.{action}", hash=self.hash, **arguments | numbers)
        if action in {"orders", "ship_order"}:
            return [str(number) for number in found]
        return str(found) if action in {"add_location", "add_product", "place_order"} else found

    def client(self, **account):
        account = account or self.account
        return BigCommerce(self.hash, account["access_token"], budget=FreeBudget())

    def fault(self, **rule):
        self.sandbox.faults.add(Fault.from_json({"platform": "bigcommerce", **rule}))

    def add_mug(self, sku="MUG", **changes):
        product = {
            "name": f"Enamel mug {sku}", "type": "physical", "sku": sku, "weight": Decimal("1.2"),
            "width": 4, "depth": 5, "height": 6, "price": Decimal("12.50"), "inventory_tracking": "product",
            "inventory_level": 10, "availability": "available", "is_visible": True, "description": "<p>Sturdy</p>",
        }  # fmt: skip
        return self.act("add_product", product=product | changes)

    def add_shirt(self):
        variants = [
            {"sku": f"TEE-{size}", "inventory_level": level, "price": price,
             "option_values": [{"option_display_name": "Size", "label": size}]}
            for size, level, price in [("S", 3, None), ("M", 0, Decimal("15.25"))]
        ]  # fmt: skip
        return self.act(
            "add_product",
            product={
                "name": "Tee", "type": "physical", "sku": "TEE", "weight": 1, "price": Decimal("14.00"),
                "variants": variants, "brand_name": "Luma", "_category_paths": ["Clothing/Shirts"],
                "inventory_tracking": "variant", "availability": "available", "is_visible": True,
                "images": [{"_picture": "tee/1", "is_thumbnail": False}, {"_picture": "tee/2", "is_thumbnail": True}],
                "custom_fields": [{"name": "Material", "value": "Cotton"}],
            },
        )  # fmt: skip

    def effects(self, kind):
        return [
            effect for effect in self.sandbox.world.effects if effect.platform == "bigcommerce" and effect.kind == kind
        ]


@pytest.fixture
def store(through):
    sandbox = build()
    through(SandboxTransport(sandbox.site))
    yield Store(sandbox)
    assert sandbox.faults.crashes == []
    sandbox.close()


@pytest.fixture
def shop(store):
    """The client of the sandbox store."""
    with store.client() as made:
        yield made


def test_what_a_store_says_of_itself(store, shop):
    info = shop.store()
    assert (info.hash, info.name, info.currency, info.time_zone) == ("abc123", "Mugs", "USD", "America/Chicago")
    assert (info.weight_unit, info.length_unit, info.prices_include_tax) == ("LB", "IN", False)


@pytest.mark.parametrize(
    ("weight", "length", "units"),
    [("KGS", "Centimeters", ("KG", "CM")), ("Ounces", "Inches", ("OZ", "IN")), ("Tonnes", "Centimeters", ("T", "CM"))],
)
def test_units_come_from_the_settings(store, shop, weight, length, units):
    store.act("set_setting", path="store/units-of-measurement", values={"weight_measurement": weight,
                                                                        "length_measurement": length})  # fmt: skip
    info = shop.store()
    assert (info.weight_unit, info.length_unit) == units


def test_the_clock_is_the_platform_s(store, shop):
    store.sandbox.world.clock.run(0)
    before = shop.time()
    store.sandbox.advance(3600)
    assert shop.time() - before == timedelta(hours=1)


def test_missing_scopes_are_named(store):
    narrow = store.act("create_api_account", scopes=["store_v2_orders", "store_v2_information_read_only"])
    with store.client(**narrow) as client:
        assert tuple(map(str, client.missing_scopes())) == (
            "Products (store_v2_products)",
            "Store inventory (store_inventory)",
            "Store locations (store_locations_read_only)",
            "Channel settings (store_channel_settings)",
        )
    reading = ["store_v2_products", "store_inventory", "store_v2_orders", "store_v2_information", "store_locations"]
    only = [f"{scope}_read_only" for scope in reading]
    with store.client(**store.act("create_api_account", scopes=[*only, "store_channel_settings"])) as client:
        assert tuple(map(str, client.missing_scopes())) == (
            "Products (store_v2_products)",
            "Store inventory (store_inventory)",
            "Orders (store_v2_orders)",
        )
    with store.client() as client:
        assert client.missing_scopes() == ()


def test_a_scope_that_lacks_writing_shows_when_we_write(store):
    store.add_mug()
    order_id = store.act("place_order", lines=[{"sku": "MUG"}])
    reader = store.act("create_api_account", scopes=["store_v2_orders_read_only"])
    with store.client(**reader) as client:
        assert client.order(order_id).state == StoreOrderState.AWAITING_FULFILLMENT
        with pytest.raises(ScopeMissing, match="changing orders"):
            client.set_order_status(order_id, StoreOrderState.SHIPPED)
    assert store.act("order", order_id=order_id)["status_id"] == 11


def test_f17_a_revoked_token_is_said_so(store, shop):
    store.act("revoke_token", client_id=store.account["client_id"])
    with pytest.raises(Unauthorized):
        shop.time()


def test_a_suspended_store_is_down_and_says_why(store, shop):
    store.act("set_status", status="suspended")
    with pytest.raises(PlatformDown, match="suspended"):
        shop.time()


def test_names_of_brands_and_categories(store, shop):
    store.add_shirt()
    names = shop.names()
    assert "Luma" in names.brands.values()
    assert {"Clothing", "Clothing > Shirts"} <= set(names.categories.values())


def test_names_fall_back_to_the_older_list_of_categories(store, shop):
    store.add_shirt()
    store.fault(action="status", path="*/v3/catalog/trees/*", status=404, times=None)
    assert "Clothing > Shirts" in shop.names().categories.values()


def test_a_product_as_the_store_has_it(store, shop):
    product_id = store.add_shirt()
    (tee,) = shop.products([product_id], shop.names(), store=shop.store()).products
    assert (tee.id, tee.title, tee.brand, tee.categories) == (product_id, "Tee", "Luma", ("Clothing > Shirts",))
    assert tee.custom_fields == (("Material", "Cotton"),)
    assert tee.price.same_as(usd("14"))
    assert [image.thumbnail for image in tee.images] == [True, False]
    assert [(v.sku, v.options[0].option, v.options[0].value, str(v.price.amount), v.stock) for v in tee.variants] == [
        ("TEE-S", "Size", "S", "14", 3),
        ("TEE-M", "Size", "M", "15.25", 0),
    ]


def test_the_whole_catalog_is_scanned_by_id(store, shop):
    ids = [store.add_mug(f"MUG-{n}") for n in range(7)]
    names, info = Names(), shop.store()
    pages, last_id, more = [], "", True
    while more:
        page = shop.products_after(last_id, names, store=info, limit=3)
        pages.append([product.id for product in page.products])
        last_id, more = page.last_id, page.more
    assert pages == [ids[:3], ids[3:6], ids[6:]]


def test_a_scan_learns_where_to_go_on_before_the_page_is_made(store, shop, monkeypatch):
    ids = [store.add_mug(f"MUG-{n}") for n in range(4)]
    told = []
    make = products._product

    def made(*given):
        told.append("made")
        return make(*given)

    monkeypatch.setattr(products, "_product", made)

    first = shop.products_after("", Names(), store=shop.store(), limit=3, going_on=told.append)
    shop.products_after(first.last_id, Names(), store=shop.store(), limit=3, going_on=told.append)

    assert told == [ids[2], "made", "made", "made", "made"]  # and of the last page nothing


def test_f31_nothing_is_skipped_when_products_go_between_pages(store, shop):
    ids = [store.add_mug(f"MUG-{n}") for n in range(6)]
    info = shop.store()
    first = shop.products_after("", Names(), store=info, limit=3)
    store.act("delete_product", product_id=ids[0])
    second = shop.products_after(first.last_id, Names(), store=info, limit=3)
    assert [product.id for product in (*first.products, *second.products)] == ids


def test_only_what_was_modified_since(store, shop):
    store.add_mug("OLD")
    store.sandbox.advance(3600)
    since = shop.time()
    store.sandbox.advance(60)
    new = store.add_mug("NEW")
    page = shop.products_after("", Names(), store=shop.store(), modified_since=since)
    assert [product.id for product in page.products] == [new]


def test_a_deleted_product_is_missing(store, shop):
    mug, gone = store.add_mug("MUG"), store.add_mug("GONE")
    store.act("delete_product", product_id=gone)
    page = shop.products([mug, gone, "999999"], Names(), store=shop.store())
    assert ([product.id for product in page.products], page.missing) == ([mug], (gone, "999999"))


def test_f16_keys_of_tomorrow_do_no_harm(store, shop):
    store.act("set_switch", name="extra_keys", value=1.0)
    product_id = store.add_shirt()
    assert shop.products([product_id], shop.names(), store=shop.store()).unreadable == ()
    assert shop.locations() != ()
    assert shop.inventory(product_ids=[product_id]) != {}


def test_stock_is_per_variant_and_location(store, shop):
    product_id = store.add_shirt()
    outlet = store.act("add_location", location={"code": "OUTLET", "label": "Outlet", "type_id": "VIRTUAL"})
    store.act("set_stock", sku="TEE-M", quantity=7, location_id=int(outlet))
    small, medium = (str(variant["id"]) for variant in store.act("product", product_id=product_id)["variants"])
    assert shop.inventory(product_ids=[product_id]) == {small: {"1": 3}, medium: {"1": 0, outlet: 7}}
    assert shop.inventory(variant_ids=[medium]) == {medium: {"1": 0, outlet: 7}}

    store.act("set_location", location_id=int(outlet), enabled=False)
    assert shop.inventory(variant_ids=[medium]) == {medium: {"1": 0}}
    assert [(at.id, at.code, at.enabled) for at in shop.locations()] == [
        ("1", "BC-LOCATION-1", True),
        (outlet, "OUTLET", False),
    ]


# channels and webhooks


def test_a_channel_is_made_once_and_revived(store, shop):
    channel_id = shop.ensure_channel("TikTok Shop US", "7495123456789012345")
    assert shop.channel_status(channel_id) == "connected"
    assert shop.ensure_channel("TikTok Shop US", "7495123456789012345") == channel_id
    assert len(store.effects("channel_created")) == 1

    other = shop.ensure_channel("TikTok Shop US", "7495000000000000000")
    assert other != channel_id

    for status in ("disconnected", "archived"):
        shop._put(f"/v3/channels/{channel_id}", {"status": status})
        assert shop.ensure_channel("TikTok Shop US", "7495123456789012345") == channel_id
        assert shop.channel_status(channel_id) == "connected"


def test_a_deleted_channel_is_replaced(store, shop):
    channel_id = shop.ensure_channel("TikTok-Shop-US", "749")
    shop._put(f"/v3/channels/{channel_id}", {"status": "deleted"})
    again = shop.ensure_channel("TikTok-Shop-US", "749")
    assert again != channel_id
    assert shop.channel_status(again) == "connected"


def test_an_unknown_channel_is_not_found(shop):
    with pytest.raises(NotFound):
        shop.channel_status("999")


HERE, THERE = "https://twinshelf.test/hooks/1", "https://other.test/hooks"


def test_hooks_are_made_once_for_each_scope(store, shop):
    shop.ensure_hooks(HERE, "secret-1")
    shop.ensure_hooks(HERE, "secret-1")
    hooks = shop.hooks()
    assert sorted(hook.scope for hook in hooks) == sorted(webhooks.TOPICS)
    assert all(hook.active and hook.destination == HERE and hook.carries("secret-1") for hook in hooks)


def test_f25_a_hook_that_was_switched_off_is_switched_on_and_others_are_left_alone(store, shop):
    shop.ensure_hooks(THERE, "theirs", scopes=["store/order/created"])
    shop.ensure_hooks(HERE, "secret-1", scopes=["store/order/created", "store/order/updated"])
    by_place = {(hook.destination, hook.scope): hook for hook in shop.hooks()}
    for hook in by_place.values():
        shop._put(f"/v3/hooks/{hook.id}", {"is_active": False})

    shop.ensure_hooks(HERE, "secret-2", scopes=["store/order/created"])

    now = {(hook.destination, hook.scope): hook for hook in shop.hooks()}
    assert now.keys() == by_place.keys()
    assert {
        place: (hook.id == by_place[place].id, hook.active, hook.carries("secret-2")) for place, hook in now.items()
    } == {
        (HERE, "store/order/created"): (True, True, True),
        (HERE, "store/order/updated"): (True, False, False),
        (THERE, "store/order/created"): (True, False, False),
    }


def test_hooks_to_one_place_are_deleted(store, shop):
    shop.ensure_hooks(HERE, "secret-1", scopes=["store/order/created", "store/order/updated"])
    shop.ensure_hooks(THERE, "theirs", scopes=["store/order/created"])
    shop.delete_hooks(HERE)
    shop.delete_hooks(HERE)
    assert [(hook.destination, hook.scope) for hook in shop.hooks()] == [(THERE, "store/order/created")]


def test_a_delivery_of_the_sandbox_is_genuine_and_becomes_a_hint(store, shop):
    arrived = []

    def receive(_url, headers, body, _timeout):
        arrived.append((headers, body))
        return 200

    store.sandbox.outbox.send = receive
    shop.ensure_hooks(HERE, "secret-1")
    product_id = store.add_shirt()
    order_id = store.act("place_order", lines=[{"sku": "TEE-S", "quantity": 1}])
    (shipment_id,) = store.act("ship_order", order_id=order_id, carrier="usps", tracking_number="9400")
    store.sandbox.settle()

    now = shop.time()
    hints = []
    for headers, body in arrived:
        webhooks.verify(headers, body, secret="secret-1", client_secret=store.account["client_secret"], now=now)
        hints.append(webhooks.hint_from_json(body))
        with pytest.raises(NotGenuine):
            webhooks.verify(
                headers, body + b" ", secret="secret-1", client_secret=store.account["client_secret"], now=now
            )
    found = {(hint.kind, hint.ids, hint.shipment_id) for hint in hints}
    assert {hint.store_hash for hint in hints} == {"abc123"}
    assert {
        ("product", (product_id,), ""),
        ("sold", (product_id,), ""),
        ("order", (order_id,), ""),
        ("shipment", (order_id,), shipment_id),
    } <= found


# orders


def sandbox_draft(store, shop, sku="MUG", quantity=2, **changes):
    product = store.act("product", sku=sku)
    variant = next(v for v in product["variants"] if v["sku"] == sku)
    line = StoreOrderLine(
        product_id=str(product["id"]),
        variant_id=str(variant["id"]),
        sku=sku,
        name="As TikTok calls it",
        quantity=quantity,
        unit_price_ex_tax=usd("12.00"),
        unit_price_inc_tax=usd("12.99"),
    )
    return draft(lines=(line,), channel_id=shop.ensure_channel("TikTok-Shop-US", "749"), **changes)


def test_an_order_arrives_as_drafted(store, shop):
    store.add_mug()
    order_id = shop.create_order(sandbox_draft(store, shop, staff_notes="From TikTok Shop", customer_message="Thanks!"))

    made = store.act("order", order_id=order_id)
    expected = {
        "status_id": 11, "external_order_id": "576461413038785752", "external_source": "41037",
        "external_merchant_id": "7495123456789012345", "payment_method": "TikTok Shop",
        "staff_notes": "From TikTok Shop", "customer_message": "Thanks!",
        "subtotal_ex_tax": "24.0000", "subtotal_inc_tax": "25.9800",
        "shipping_cost_ex_tax": "4.0000", "shipping_cost_inc_tax": "4.3300", "discount_amount": "0.0000",
        "total_ex_tax": "28.0000", "total_inc_tax": "30.3100", "customer_id": 0, "default_currency_code": "USD",
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    (line,) = made["products"]
    assert (line["sku"], line["quantity"], line["price_ex_tax"], line["price_inc_tax"]) == (
        "MUG",
        2,
        "12.0000",
        "12.9900",
    )
    (address,) = made["shipping_addresses"]
    assert (address["shipping_method"], address["zip"], address["country_iso2"]) == ("Standard", "78751", "US")
    assert store.act("stock", sku="MUG") == 8

    read = shop.order(order_id)
    assert (read.id, read.state, read.external_order_id) == (order_id, "awaiting_fulfillment", "576461413038785752")
    assert read.total_inc_tax.same_as(usd("30.31"))
    assert shop.find_orders("576461413038785752") == (read,)
    assert shop.find_orders("576461413038785753") == ()
    (item,) = shop.order_items(order_id)
    assert (item.sku, item.quantity, item.shipped, item.address_id) == ("MUG", 2, 0, str(address["id"]))


def test_a_custom_line_touches_no_stock(store, shop):
    store.add_mug()
    made = sandbox_draft(store, shop)
    custom = StoreOrderLine(
        product_id="",
        variant_id="",
        sku="MUG",
        name="Enamel mug",
        quantity=3,
        unit_price_ex_tax=usd("12.00"),
        unit_price_inc_tax=usd("12.99"),
    )
    order_id = shop.create_order(draft(lines=(custom,), channel_id=made.channel_id))
    (item,) = shop.order_items(order_id)
    assert (item.product_id, item.variant_id, item.sku, item.quantity) == ("", "", "MUG", 3)
    assert store.act("stock", sku="MUG") == 10


@pytest.mark.parametrize("postal_code", ["", "7", "SW1A 1AA"])
def test_an_order_without_a_usable_postal_code_is_taken(store, shop, postal_code):
    store.add_mug()
    address = Address(first_name="Jane", last_name="Doe", street_1="1 High Street", city="London", country_code="GB",
                      postal_code=postal_code)  # fmt: skip
    assert shop.create_order(sandbox_draft(store, shop, address=address))


def test_an_order_beyond_the_stock_names_the_lines(store, shop):
    store.add_mug(inventory_level=1)
    store.add_shirt()
    product = store.act("product", sku="TEE-M")
    tee = next(variant for variant in product["variants"] if variant["sku"] == "TEE-M")
    made = sandbox_draft(store, shop)
    second = StoreOrderLine(
        product_id=str(product["id"]),
        variant_id=str(tee["id"]),
        sku="TEE-M",
        name="Tee",
        quantity=1,
        unit_price_ex_tax=usd("1"),
        unit_price_inc_tax=usd("1"),
    )
    with pytest.raises(OutOfStock) as raised:
        shop.create_order(draft(lines=(*made.lines, second), channel_id=made.channel_id))
    mug = store.act("product", sku="MUG")["id"]
    assert [name for name, _ in raised.value.fields] == [f"product:{mug}", "sku:TEE-M"]
    assert store.act("orders") == []


def test_a_disconnected_channel_takes_no_orders(store, shop):
    store.add_mug()
    made = sandbox_draft(store, shop)
    shop._put(f"/v3/channels/{made.channel_id}", {"status": "disconnected"})
    with pytest.raises(Refused):
        shop.create_order(made)
    assert store.act("orders") == []


def test_an_order_is_never_made_in_another_currency_than_its_own(store, shop):
    store.add_mug()
    made = sandbox_draft(store, shop)
    (line,) = made.lines
    in_euro = {
        name: Money(value.amount, "EUR")
        for name in made.__struct_fields__
        if isinstance(value := getattr(made, name), Money)
    }
    prices = {name: Money(getattr(line, name).amount, "EUR") for name in ("unit_price_ex_tax", "unit_price_inc_tax")}
    foreign = msgspec.structs.replace(made, lines=(msgspec.structs.replace(line, **prices),), **in_euro)
    with pytest.raises(Refused):
        shop.create_order(foreign, store_currency="USD")
    assert store.act("orders") == []


@pytest.mark.parametrize("action", ["drop", "truncate"])
def test_f01_the_order_behind_a_lost_answer_is_found_again(store, shop, action):
    store.add_mug()
    made = sandbox_draft(store, shop)
    store.fault(action=action, phase="after", method="POST", path="*/v2/orders")
    with pytest.raises(PlatformDown) as raised:
        shop.create_order(made)
    assert raised.value.outcome_unknown
    (found,) = shop.find_orders(made.external_order_id)
    assert store.act("orders") == [found.id]


def test_f06_an_order_that_took_too_long_is_found_again(store, shop):
    store.add_mug()
    made = sandbox_draft(store, shop)
    store.fault(action="delay", phase="after", method="POST", path="*/v2/orders", seconds=60)
    with pytest.raises(PlatformDown) as raised:
        shop.create_order(made)
    assert raised.value.outcome_unknown
    assert len(shop.find_orders(made.external_order_id)) == 1


def test_f05_a_short_outage_passes_unnoticed(store, shop):
    store.fault(action="status", status=503, times=2)
    assert shop.time()


def test_f14_a_maintenance_page_passes_unnoticed(store, shop):
    store.fault(action="body", status=200, body="<html>Back soon</html>")
    assert shop.store().name == "Mugs"


def test_f07_a_spent_quota_says_how_long_to_wait(store, shop):
    store.act("set_switch", name="quota", value=1)
    shop.time()
    with pytest.raises(Throttled) as raised:
        shop.time()
    assert 20 < raised.value.wait_seconds <= 30


def test_orders_are_scanned_by_id(store, shop):
    store.add_mug()
    ids = [store.act("place_order", lines=[{"sku": "MUG"}]) for _ in range(5)]
    pages, last_id, more = [], "", True
    while more:
        page = shop.orders_after(last_id, limit=2)
        pages.append([order.id for order in page.orders])
        last_id, more = page.last_id, page.more
    assert pages == [ids[:2], ids[2:4], ids[4:]]


def test_orders_are_read_by_change(store, shop):
    store.add_mug()
    ids = [store.act("place_order", lines=[{"sku": "MUG"}]) for _ in range(3)]
    store.sandbox.advance(3600)
    since = shop.time()
    store.sandbox.advance(60)
    store.act("set_order_status", order_id=ids[1], status_id=2)
    store.sandbox.advance(60)
    store.act("set_order_status", order_id=ids[0], status_id=2)
    assert [order.id for order in shop.orders_modified(since).orders] == [ids[1], ids[0]]
    assert [order.id for order in shop.orders_modified(since, page=2, limit=1).orders] == [ids[0]]
    assert shop.orders_modified(since, page=2).orders == ()


def test_an_archived_order_is_still_known(store, shop):
    store.add_mug()
    order_id = store.act("place_order", lines=[{"sku": "MUG"}])
    store.act("archive_order", order_id=order_id)
    assert shop.order(order_id).archived


def test_status_and_address_are_set_as_often_as_asked(store, shop):
    store.add_mug()
    order_id = shop.create_order(sandbox_draft(store, shop))
    moved = Address(first_name="Jane", last_name="Doe", street_1="9 New Road", city="Dallas", state="Texas",
                    postal_code="75001", country_code="US")  # fmt: skip
    for _ in range(2):
        shop.set_order_status(order_id, StoreOrderState.AWAITING_SHIPMENT)
        shop.set_order_address(order_id, moved)
    made = store.act("order", order_id=order_id)
    assert made["status_id"] == 9
    assert (made["billing_address"]["street_1"], made["shipping_addresses"][0]["street_1"]) == (
        "9 New Road",
        "9 New Road",
    )
    assert made["shipping_addresses"][0]["shipping_method"] == "Standard"
    assert made["total_inc_tax"] == "30.3100"


def test_an_unknown_order_is_not_found(shop):
    for call in (
        shop.order,
        shop.order_items,
        shop.shipments,
        lambda order_id: shop.set_order_status(order_id, StoreOrderState.SHIPPED),
    ):
        with pytest.raises(NotFound):
            call("4711")


def test_shipments_are_read_and_made(store, shop):
    store.add_mug()
    order_id = shop.create_order(sandbox_draft(store, shop))
    assert shop.shipments(order_id) == ()
    (item,) = shop.order_items(order_id)

    made = shop.create_shipment(
        order_id, [(item.id, 1)], address_id=item.address_id, tracking_number="9400", carrier="USPS", comments="of P1"
    )
    assert (made.order_id, made.tracking_number, made.items) == (order_id, "9400", ((item.id, 1),))
    assert (made.carrier, made.comments) == ("USPS", "of P1")
    assert shop.shipments(order_id) == (made,)
    assert shop.order_items(order_id)[0].shipped == 1

    store.act("ship_order", order_id=order_id, carrier="DFL", tracking_number="77")
    typed = next(shipment for shipment in shop.shipments(order_id) if shipment.id != made.id)
    assert (typed.carrier, typed.tracking_number) == ("DFL", "77")

    shop.update_shipment(order_id, made.id, tracking_number="9401", carrier="Panther UK")
    [changed] = [shipment for shipment in shop.shipments(order_id) if shipment.id == made.id]
    assert (changed.tracking_number, changed.carrier, changed.comments) == ("9401", "Panther UK", "of P1")
    with pytest.raises(NotFound):
        shop.update_shipment(order_id, "4711", tracking_number="9401", carrier="")

    with pytest.raises(Refused):
        shop.create_shipment(order_id, [(item.id, 1)], address_id=item.address_id)
    assert len(shop.shipments(order_id)) == 2


def test_an_app_is_installed_opened_and_its_payload_verified(store):
    app = store.sandbox.act(
        "bc.register_app", auth_url="https://twinshelf.test/auth", load_url="https://twinshelf.test/load"
    )
    query = dict(httpx2.URL(store.act("install", client_id=app["client_id"])).params)
    grant = auth.exchange_code(
        client_id=app["client_id"], client_secret=app["client_secret"], redirect_uri="https://twinshelf.test/auth",
        code=query["code"], context=query["context"], scope=query["scope"],
    )  # fmt: skip
    assert grant.store_hash == "abc123"
    with BigCommerce(grant.store_hash, grant.access_token, budget=FreeBudget()) as client:
        assert client.missing_scopes() == ()
        now = client.time()
    with pytest.raises(Unauthorized):
        auth.exchange_code(
            client_id=app["client_id"], client_secret=app["client_secret"], redirect_uri="https://twinshelf.test/auth",
            code=query["code"], context=query["context"], scope=query["scope"],
        )  # fmt: skip

    jwt = httpx2.URL(store.act("load", client_id=app["client_id"], channel_id=7)).params["signed_payload_jwt"]
    opened = auth.verify_signed_payload(jwt, app["client_id"], [app["client_secret"]], now)
    assert (opened.store_hash, opened.channel_id) == ("abc123", 7)
    with pytest.raises(NotGenuine):
        auth.verify_signed_payload(jwt, app["client_id"], [app["client_secret"]], now + timedelta(days=2))


@pytest.mark.parametrize(
    ("_position", "switches"),
    [
        ("no headers", {"quota": None}),
        ("bare limits", {"throttle_style": "bare"}),
        ("clamped pages", {"over_limit": "clamp"}),
        ("one location counts", {"catalog_level": "default_location"}),
        ("archived orders listed", {"archived_orders_listed": True}),
        ("shipments leave the status", {"shipment_sets_status": False}),
        ("shipments name products", {"shipment_product_id": "real"}),
        ("keys of tomorrow", {"extra_keys": 1.0}),
        ("other codes for doubled hooks", {"hook_duplicate_status": 422}),
    ],
)
def test_every_reading_of_the_documentation_is_coped_with(store, shop, _position, switches):
    for name, value in switches.items():
        store.act("set_switch", name=name, value=value)
    store.add_mug()
    made = sandbox_draft(store, shop)
    order_id = shop.create_order(made)
    (item,) = shop.order_items(order_id)
    shop.create_shipment(order_id, [(item.id, 2)], address_id=item.address_id, tracking_number="9400")
    shop.ensure_hooks(HERE, "secret-1", scopes=["store/order/created"])
    shop.ensure_hooks(HERE, "secret-1", scopes=["store/order/created"])
    page = shop.products_after("", shop.names(), store=shop.store())
    assert [product.variants[0].stock for product in page.products] == [8]
    assert [order.id for order in shop.orders_after("").orders] == [order_id]
    assert shop.shipments(order_id)[0].items == ((item.id, 2),)


# -- lists without an end -------------------------------------------------------------------------------------------


def rows_of(number, **row):
    """A full page: so many rows that each has an id."""
    return [{"id": n + 1, **row} for n in range(number)]


SINCE = datetime(2019, 1, 1, tzinfo=UTC)
NO_END = {
    "products": lambda client: list(client.product_pages(Names(), store=STORE)),
    "products after": lambda client: client.products_after("900", Names(), store=STORE),
    "orders": lambda client: list(client.order_pages("")),
    "orders after": lambda client: client.orders_after("900"),
    "modified orders": lambda client: list(client.modified_order_pages(SINCE)),
    "lines of an order": lambda client: client.order_items("5"),
    "shipments": lambda client: client.shipments("5"),
    "stock": lambda client: client.inventory(product_ids=["1"]),
    "locations": lambda client: client.locations(),
    "webhooks": lambda client: client.hooks(),
    "names": lambda client: client.names(),
    "channels": lambda client: client.ensure_channel("TikTok Shop", "7496"),
}
SAME_PAGE = {
    "products": page(rows_of(250), 1, 40),
    "products after": page(rows_of(250), 1, 40),
    "orders": [{**ORDER, "id": n + 1} for n in range(250)],
    "orders after": [{**ORDER, "id": n + 1} for n in range(250)],
    "modified orders": [{**ORDER, "id": n + 1} for n in range(250)],
    "lines of an order": rows_of(250, quantity=1),
    "shipments": rows_of(250, items=[], date_created="Tue, 05 Mar 2019 21:40:11 +0000", order_id=5),
    "stock": page([{"identity": {"variant_id": 5}, "locations": [{"location_id": 1, "available_to_sell": 3}]}], 1, 40),
    "locations": page(rows_of(250, enabled=True), 1, 40),
    "webhooks": page(
        rows_of(250, scope="store/order/*", destination="https://a.test", is_active=True, client_id="c"), 1, 40
    ),
    "names": page(rows_of(250, name="Fernhollow"), 1, 40),
    "channels": page(rows_of(250, name="x", type="marketplace", platform="tiktok", status="connected"), 1, 40),
}


@pytest.mark.parametrize("what", NO_END)
def test_a_list_that_leads_in_a_circle_is_given_up(client, platform, what):
    platform.answer(200, SAME_PAGE[what])  # for ever, to whatever is asked

    with pytest.raises(PlatformDown, match="in a circle"):
        NO_END[what](client)

    assert len(platform.asked) <= 6


@pytest.mark.parametrize(
    ("what", "found"),
    [("stock", {}), ("locations", ()), ("webhooks", ()), ("names", Names({}, {}))],
)
def test_pages_that_are_promised_and_not_there_end_a_list(client, platform, what, found):
    platform.answer(200, page([], 1, 40))

    assert NO_END[what](client) == found
    assert max(Counter(platform.asked).values()) == 1


def test_a_scan_of_products_ends_where_the_promised_page_is_empty(client, platform):
    platform.answer(200, page([], 1, 40))
    told: list[str] = []

    found = client.products_after("900", Names(), store=STORE, going_on=told.append)

    assert (found.products, found.more, told) == ((), False, [])
