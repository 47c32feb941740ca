"""The gateway of the TikTok Shop double: signature vectors, and each check with its code, in the platform's order."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from sandbox.tests.tiktok_client import Shop, open_shop, signature, tokens
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.faults import Fault
from twinshelf_sandbox.tiktok.gateway import sign, sign_webhook

SHOPS = "/authorization/202309/shops"
WAREHOUSES = "/logistics/202309/warehouses"
SEARCH = "/order/202309/orders/search"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


CIPHER = "ROW_Ab+c/9kAAAAA=="


@pytest.mark.parametrize(
    ("_case", "secret", "path", "query", "body", "digest"),
    [
        (
            "official example, a GET",
            "e59af819cc",
            SHOPS,
            {"app_key": "29a39d", "timestamp": "1623812664"},
            b"",
            "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
        ),
        (
            "a POST with characters that need encoding",
            "c0ffee1234",
            SEARCH,
            {
                "app_key": "6abc123",
                "timestamp": "1767225600",
                "shop_cipher": CIPHER,
                "page_size": "50",
                "page_token": "aDU2/x+Y=",
                "sort_field": "update_time",
            },
            b'{"create_time_ge":1767139200,"order_status":"AWAITING_SHIPMENT"}',
            "3eee0d1ccc5f44eabb6c4dd40eabcaa235e712395e7c764de43b50abf485ea61",
        ),
        (
            "ids joined by a comma",
            "c0ffee1234",
            "/order/202507/orders",
            {
                "app_key": "6abc123",
                "timestamp": "1767225600",
                "shop_cipher": CIPHER,
                "ids": "576461413038785752,576461413038785753",
            },
            b"",
            "614ea88662315f0a13e02a7223ef4766e5830a4aad9e38bff0ce41fc9515d2cd",
        ),
        (
            "a public client's unit test",
            "app_secret",
            "/test-api",
            {"foo": "bar"},
            b"",
            "d3cb7fe11ecae942802ceeca67e7cf10120cc12f1517d45fbc1c8cfe5413c80f",
        ),
    ],
)
def test_signature_vectors(_case, secret, path, query, body, digest):
    assert sign(secret, path, query.items(), body) == digest
    assert signature(secret, path, query, body) == digest


def test_a_multipart_body_is_left_out_of_the_signature():
    query = {"app_key": "6abc123", "timestamp": "1767225600"}
    digest = sign(
        "c0ffee1234", "/product/202309/images/upload", query.items(), b"any bytes", "multipart/form-data; boundary=x"
    )
    assert digest == "269dd59601922316ad63525e8a017319e8771155d658d0e316d0a1c90a4dcf4f"


def test_sign_and_token_in_the_query_are_left_out_of_the_signature():
    plain = sign("s", "/p", [("a", "1")], b"")
    assert sign("s", "/p", [("sign", "x"), ("access_token", "y"), ("a", "1")], b"") == plain


def test_the_webhook_signature_vector():
    body = (
        b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507","timestamp":1718305585,'
        b'"data":{"is_on_hold_order":true,"order_id":"576653688135258178","order_status":"UNPAID","update_time":1718305585}}'
    )
    assert sign_webhook("abcdef", "123", body) == "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


@pytest.mark.parametrize(
    ("_case", "method", "path", "override", "headers", "status", "code", "words"),
    [
        ("unknown path", "GET", "/order/202309/nothing", {}, {}, 404, 36009009, "path"),
        ("unknown version", "GET", "/authorization/209901/shops", {}, {}, 404, 36009009, "path"),
        ("retired version", "GET", "/authorization/202212/shops", {}, {}, 404, 36009014, "retired"),
        ("wrong method", "DELETE", SHOPS, {}, {}, 405, 36009010, "method"),
        ("unknown app key", "GET", SHOPS, {"app_key": "nobody"}, {}, 400, 36009004, "app_key"),
        ("no app key", "GET", SHOPS, {"app_key": None}, {}, 400, 36009004, "app_key"),
        ("no timestamp", "GET", SHOPS, {"timestamp": None}, {}, 400, 36009004, "timestamp"),
        ("timestamp below zero", "GET", SHOPS, {"timestamp": "-1"}, {}, 400, 36009004, "lesser than 0"),
        (
            "timestamp of long ago",
            "GET",
            SHOPS,
            {"timestamp": "1600000000"},
            {},
            400,
            36009004,
            "earlier than 5 minutes",
        ),
        ("timestamp in milliseconds", "GET", SHOPS, {"timestamp": "1795336848000"}, {}, 400, 36009004, "30 seconds"),
        ("no signature", "GET", SHOPS, {"sign": None}, {}, 400, 36009004, "signature"),
        ("wrong signature", "GET", SHOPS, {"sign": "0" * 64}, {}, 401, 106001, "sign"),
        ("no token", "GET", SHOPS, {}, {"x-tts-access-token": ""}, 400, 36009004, "x-tts-access-token"),
        ("token with a blank", "GET", SHOPS, {}, {"x-tts-access-token": "a b"}, 400, 36009004, "x-tts-access-token"),
        ("unknown token", "GET", SHOPS, {}, {"x-tts-access-token": "TTP_none"}, 401, 105002, "Expired"),
    ],
)
def test_each_check_has_its_code(shop, _case, method, path, override, headers, status, code, words):  # noqa: PLR0917
    response = shop.send(method, path, shop=False, override=override, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert words in response.json()["message"]
    assert len(response.json()["request_id"]) == 34


def test_checks_come_in_the_platforms_order(shop):
    """Every call below breaks one check more than the one after it; the first broken one answers."""
    bad_sign, old, no_app = {"sign": "0" * 64}, {"timestamp": "1600000000"}, {"app_key": "nobody"}
    nobody = {"x-tts-access-token": "TTP_none"}

    def code(path: str, override: Mapping[str, str | None]) -> int:
        return int(shop.send("GET", path, shop=False, override=override, headers=nobody).json()["code"])

    assert code("/nowhere", {**no_app, **old, **bad_sign}) == 36009009
    assert code(WAREHOUSES, {**no_app, **old, **bad_sign}) == 36009004
    assert (
        "timestamp"
        in shop.send("GET", WAREHOUSES, shop=False, override={**old, **bad_sign}, headers=nobody).json()["message"]
    )
    assert code(WAREHOUSES, bad_sign) == 106001
    assert code(WAREHOUSES, {}) == 105002
    assert shop.refused("GET", WAREHOUSES, shop=False) == 106013


@pytest.mark.parametrize(("ahead", "accepted"), [(-301, False), (-299, True), (0, True), (29, True), (31, False)])
def test_the_timestamp_window_is_asymmetric(shop, ahead, accepted):
    stamp = str(int(shop.sandbox.world.clock.now()) + ahead)
    reply = shop.send("GET", SHOPS, shop=False, timestamp=stamp).json()
    assert (reply["code"] == 0) is accepted


def test_a_cipher_that_is_not_wanted_or_not_ones_own_is_refused(shop, sandbox):
    other = open_shop(sandbox)
    assert shop.refused("GET", SHOPS, shop=True) == 36009004
    assert shop.refused("GET", WAREHOUSES, shop=False) == 106013
    assert shop.refused("GET", WAREHOUSES, shop_cipher="ROW_nothing") == 101000
    assert shop.refused("GET", WAREHOUSES, shop_cipher=other.cipher) == 101000


def test_empty_shop_id_and_version_of_the_test_console_are_tolerated_and_signed(shop):
    assert len(shop.get(WAREHOUSES, shop_id="", version="")["warehouses"]) == 2
    assert shop.refused("GET", WAREHOUSES, shop_id="12345") == 36009004
    assert shop.refused("GET", WAREHOUSES, version="latest") == 36009004


def test_a_token_in_the_query_is_tolerated_and_not_signed(shop):
    reply = shop.send(
        "GET", SHOPS, shop=False, headers={"x-tts-access-token": ""}, override={"access_token": shop.token}
    )
    assert reply.json()["code"] == 0


def test_a_missing_scope_is_refused_until_the_seller_authorizes_again(shop, sandbox):
    app = {"app_key": shop.app_key, "app_secret": shop.app_secret}
    code = sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller, scopes=["seller.authorization.info"])
    narrow = tokens(sandbox, app, code)
    assert narrow["granted_scopes"] == ["seller.authorization.info"]
    shop.token = narrow["access_token"]

    assert len(shop.get(SHOPS, shop=False)["shops"]) == 1
    assert shop.refused("POST", SEARCH, {}, page_size="10") == 105005

    shop.token = tokens(sandbox, app, sandbox.act("tt.authorize", app_key=shop.app_key, seller=shop.seller))[
        "access_token"
    ]
    assert shop.post(SEARCH, {}, page_size="10")["orders"] == []


def test_closed_shops_and_disabled_sellers_are_refused(shop, sandbox):
    sandbox.act("tt.set_shop_status", shop_id=shop.id, active=False)
    assert shop.refused("GET", WAREHOUSES) == 36009043
    sandbox.act("tt.set_shop_status", shop_id=shop.id, active=True)
    sandbox.act("tt.set_seller_status", seller=shop.seller, active=False)
    assert shop.refused("GET", WAREHOUSES) == 36009044


def test_calls_are_counted_per_operation_and_refused_with_a_time_to_wait(shop, sandbox):
    sandbox.act("tt.set_limits", shop_id=shop.id, per_second=5)
    answers = [shop.send("GET", WAREHOUSES) for _ in range(8)]
    refused = [a for a in answers if a.status_code == 429]
    assert [a.json()["code"] for a in refused] == [36009002] * len(refused)
    assert refused
    assert answers[0].status_code == answers[4].status_code == 200
    assert refused[0].headers["retry-after"] == "1"
    assert shop.send("GET", "/product/202312/prerequisites").status_code == 200  # another operation has its own count

    shop.switch("retry_after", value=False)
    assert "retry-after" not in shop.send("GET", WAREHOUSES).headers


def test_a_development_shop_has_an_hourly_quota(shop, sandbox):
    shop.switch("development_shop", value=True)
    codes = {shop.send("GET", SHOPS, shop=False).json()["code"]}  # calls without a shop do not count
    for _ in range(1000):
        assert shop.send("GET", "/seller/202309/shops", shop=False).status_code == 200
    codes |= {shop.send("GET", WAREHOUSES).json()["code"] for _ in range(1001)}
    assert codes == {0, 36009037}


@pytest.mark.parametrize(
    ("_case", "content", "content_type", "code"),
    [
        ("not JSON", b"{", "application/json", 36009022),
        ("a list", b"[]", "application/json", 36009004),
        ("a number for a text", b'{"order_status": 1}', "application/json", 36009004),
        ("a text for a number", b'{"create_time_ge": "now"}', "application/json", 36009004),
        ("deep nesting", b'{"x":' * 3000, "application/json", 36009022),
        ("form data", b"a=1", "application/x-www-form-urlencoded", 36009022),
        ("not UTF-8", b'{"order_status":"\xff"}', "application/json", 36009022),
    ],
)
def test_bad_bodies_get_a_code_and_never_a_traceback(shop, _case, content, content_type, code):
    reply = shop.send("POST", SEARCH, content=content, content_type=content_type, page_size="10").json()
    assert reply["code"] == code
    assert not shop.sandbox.faults.crashes


def test_a_body_of_an_empty_object_is_signed_as_such(shop):
    assert shop.post(SEARCH, {}, page_size="1")["orders"] == []
    unsigned = shop.send("POST", SEARCH, page_size="1")
    assert unsigned.json()["code"] == 0  # no body at all is fine too


def test_a_crash_inside_is_an_internal_error_and_leaves_no_trace(shop, monkeypatch):
    monkeypatch.setattr(shop.sandbox.tiktok.platform, "new_id", lambda _family: 1 / 0)
    before = len(shop.sandbox.world.effects)
    response = shop.send("POST", "/product/202309/products", shop.body())
    assert response.status_code == 500
    assert response.json()["code"] == 36009003
    assert b"Traceback" not in response.content
    assert len(shop.effects()) == before


def test_faults_of_the_gateway_kind(shop, sandbox):
    sandbox.faults.add(Fault(action="quota", platform="tiktok", tenant=shop.id))
    assert shop.send("GET", WAREHOUSES).status_code == 429
    assert shop.send("GET", WAREHOUSES).status_code == 200

    sandbox.faults.add(Fault(action="revoke", platform="tiktok"))
    assert shop.refused("GET", WAREHOUSES) == 105002
    assert shop.refused("GET", WAREHOUSES) == 105002  # it stays revoked
    assert [e.kind for e in shop.effects("deauthorized")] == ["deauthorized"]


def test_unknown_fields_values_and_nulls_can_be_switched_on(shop):
    shop.switch("extra_fields", value=True)
    shop.switch("odd_values", value={"effect_status": "HIBERNATING"})
    shop.switch("null_fields", value=["address"])
    data = shop.get(WAREHOUSES)
    assert data["unannounced_field"]["values"] == [1, "two", None]
    assert {w["effect_status"] for w in data["warehouses"]} == {"HIBERNATING"}
    assert {w["address"] for w in data["warehouses"]} == {None}


def test_overload_and_internal_errors_can_be_switched_on(shop):
    shop.switch("unavailable_share", value=1.0)
    assert shop.send("GET", WAREHOUSES).status_code == 503
    shop.switch("unavailable_share", value=0.0)
    shop.switch("internal_error_share", value=1.0)
    assert shop.refused("GET", WAREHOUSES) == 36009003


def test_callers_outside_the_allow_list_are_refused(shop, sandbox):
    sandbox.act("tt.set_switch", shop_id="*", name="allowed_ips", value=["203.0.113.7"])
    assert shop.refused("GET", WAREHOUSES) == 36009033
    assert shop.send("GET", WAREHOUSES, headers={"x-forwarded-for": "203.0.113.7"}).json()["code"] == 0


def test_the_status_of_business_errors_is_a_switch(shop, sandbox):
    assert shop.send("GET", "/product/202309/products/1").status_code == 200
    sandbox.act("tt.set_switch", shop_id="*", name="business_error_status", value=400)
    response = shop.send("GET", "/product/202309/products/1")
    assert (response.status_code, response.json()["code"]) == (400, 12052032)


def test_replies_are_json_with_a_date_of_the_virtual_clock(shop, sandbox):
    sandbox.world.clock.set(1_800_000_000)
    response = shop.send("GET", SHOPS, shop=False)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert list(json.loads(response.content)) == ["code", "message", "request_id", "data"]


@pytest.mark.parametrize(
    ("method", "path", "most", "required", "code"),
    [
        ("POST", "/order/202309/orders/search", 100, False, 36009004),
        ("POST", "/product/202502/products/search", 100, True, 12019109),
        ("GET", "/product/202309/brands", 100, True, 12019109),
        ("POST", "/product/202407/sizecharts/search", 100, True, 12019109),
        ("POST", "/product/202501/compliance/manufacturers/search", 100, True, 38023047),
        ("POST", "/fulfillment/202309/packages/search", 50, True, 36009004),
        ("GET", "/fulfillment/202309/combinable_packages/search", 50, True, 36009004),
        ("POST", "/return_refund/202602/cancellations/search", 50, False, 25001001),
        ("POST", "/return_refund/202602/returns/search", 50, False, 25001001),
        ("GET", "/finance/202309/statements", 100, False, 36009004),
        ("GET", "/finance/202507/orders/unsettled", 100, False, 36009004),
    ],
)
def test_page_sizes_and_tokens_of_every_search(shop, method, path, most, required, code):  # noqa: PLR0917
    found = shop.sandbox.tiktok.gateway.find(method, path)
    body: dict[str, str] | None = {} if method == "POST" else None
    sort = {"/finance/202309/statements": "statement_time", "/finance/202507/orders/unsettled": "order_create_time"}
    query = {"sort_field": sort[path]} if path in sort else {}

    def answered(**more: str) -> int:
        return int(shop.send(method, path, body, shop=found.shop, **query, **more).json()["code"])

    assert answered(page_size=str(most)) == 0
    assert {answered(page_size=size) for size in (str(most + 1), "0", "-1", "1.5", "ten", "9" * 5000)} == {code}
    assert answered() == (code if required else 0)
    token_code = {12019109: 12019108, 38023047: 38023048}.get(code, code)
    assert {answered(page_size="10", page_token=t) for t in ("2", "=", "ü", "QUJD")} == {token_code}


@pytest.mark.parametrize("count", [0, 51])
@pytest.mark.parametrize(
    ("path", "name"),
    [("/order/202507/orders", "ids"), ("/fulfillment/202309/orders/split_attributes", "order_ids")],
)
def test_lists_in_the_query_have_one_to_fifty_entries(shop, path, name, count):
    assert shop.refused("GET", path, **{name: ",".join("1" * count)}) == 36009004


@pytest.mark.parametrize(
    ("may_be_left_out", "sent", "signed", "code"),
    [
        (False, b"{}", b"{}", 0),
        (False, b"{}", b"", 106001),  # the way of an SDK in use
        (False, b"", b"", 0),
        (False, b"", b"{}", 106001),
        (True, b"{}", b"{}", 0),
        (True, b"{}", b"", 0),
        (True, b"", b"", 0),
        (True, b"", b"{}", 106001),
        (True, b"{ }", b"", 106001),  # an object, but not these two characters
        (True, b'{"order_status":"UNPAID"}', b"", 106001),
    ],
)
def test_whether_an_empty_object_is_signed_is_a_switch(shop, may_be_left_out, sent, signed, code):
    sandbox = shop.sandbox
    sandbox.act("tt.set_switch", shop_id="*", name="unsigned_empty_object", value=may_be_left_out)
    now = str(int(sandbox.world.clock.now()))
    query = {"app_key": shop.app_key, "timestamp": now, "shop_cipher": shop.cipher, "page_size": "10"}
    sign = signature(shop.app_secret, SEARCH, query, signed)
    answer = shop.send("POST", SEARCH, content=sent, timestamp=now, page_size="10", override={"sign": sign})
    assert answer.json()["code"] == code
