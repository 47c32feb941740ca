"""Signed payloads and webhooks: only BigCommerce's own get in, and a webhook becomes a hint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from twinshelf.documents import StoreHint
from twinshelf.errors import DocumentError, NotGenuine
from twinshelf.storefronts.bigcommerce import auth, webhooks
from twinshelf.storefronts.bigcommerce.webhooks import SECRET_HEADER, Hook
from twinshelf.storefronts.protocol import Claims

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
STAMP = int(NOW.timestamp())
GONE = object()

# -- signed payloads ------------------------------------------------------------------------------------------------

CLIENT_ID, SECRET = "client-1", "s3cret"


def b64(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header, payload, secret=SECRET, algorithm="sha256"):
    text = f"{b64(header)}.{b64(payload)}"
    return f"{text}.{b64(hmac.new(secret.encode(), text.encode(), algorithm).digest())}"


def claims(**changes):
    row = {
        "aud": CLIENT_ID, "iss": "bc", "iat": STAMP, "nbf": STAMP - 5, "exp": STAMP + 86400, "jti": "id-1",
        "sub": "stores/abc123", "user": {"id": 7, "email": "kim@example.com", "locale": "en-US"},
        "owner": {"id": 5, "email": "owner@example.com"}, "url": "/orders", "channel_id": None,
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not GONE}


def token(header=None, secret=SECRET, algorithm="sha256", **changes):
    return signed(header or {"alg": "HS256", "typ": "JWT"}, claims(**changes), secret, algorithm)


def verify(jwt, secrets=(SECRET,), now=NOW, client_id=CLIENT_ID):
    return auth.verify_signed_payload(jwt, client_id, secrets, now)


def test_a_genuine_payload():
    assert verify(token()) == Claims(
        store_hash="abc123",
        user_id=7,
        user_email="kim@example.com",
        owner_id=5,
        owner_email="owner@example.com",
        url="/orders",
        locale="en-US",
        channel_id=None,
        token_id="id-1",
        issued_at=datetime.fromtimestamp(STAMP, UTC),
    )


@pytest.mark.parametrize(
    ("_case", "jwt", "secrets"),
    [
        ("HS512", token({"alg": "HS512"}, algorithm="sha512"), (SECRET,)),
        ("the older secret", token(secret="old"), (SECRET, "old")),
        ("valid a few seconds from now", token(nbf=STAMP + 20), (SECRET,)),
        ("just expired", token(exp=STAMP - 20), (SECRET,)),
        ("without nbf", token(nbf=GONE), (SECRET,)),
        ("keys of tomorrow", token(surprise=[1]), (SECRET,)),
        ("opened from the Channel Manager", token(channel_id=1053001), (SECRET,)),
        ("owner without a locale", token(user={"id": 7, "email": "k@example.com"}), (SECRET,)),
    ],
)
def test_genuine_too(_case, jwt, secrets):
    assert verify(jwt, secrets).store_hash == "abc123"


def test_the_published_vector_of_rfc_7515():
    """RFC 7515, appendix A.1: its signature is accepted, so what is refused are its claims."""
    key = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    head = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    body = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert b64(hmac.digest(key, f"{head}.{body}".encode(), hashlib.sha256)) == signature

    text = key.decode("latin-1")

    class Secret(str):
        __slots__ = ()

        def encode(self, *_):
            return key

    with pytest.raises(NotGenuine, match="claims"):
        verify(f"{head}.{body}.{signature}", (Secret(text),))
    with pytest.raises(NotGenuine, match="signature"):
        verify(f"{head}.{body}.{signature[:-1]}l", (Secret(text),))


@pytest.mark.parametrize(
    ("_attack", "jwt"),
    [
        ("alg none", f"{b64({'alg': 'none'})}.{b64(claims())}."),
        ("alg none, signed", token({"alg": "none"})),
        ("alg None", token({"alg": "None"})),
        ("alg hs256", token({"alg": "hs256"})),
        ("alg HS384", token({"alg": "HS384"}, algorithm="sha384")),
        ("alg RS256, our client id as the key", token({"alg": "RS256"}, secret=CLIENT_ID)),
        ("alg HS256, our client id as the key", token(secret=CLIENT_ID)),
        ("alg missing", token({"typ": "JWT"})),
        ("alg a number", token({"alg": 256})),
        ("alg swapped", token({"alg": "HS512"}, algorithm="sha256")),
        ("empty signature", token().rpartition(".")[0] + "."),
        ("no signature", token().rpartition(".")[0]),
        ("half a signature", token()[:-10]),
        ("padded signature", token() + "="),
        ("signature with a stray character", token() + "!"),
        ("a fourth part", token() + ".x"),
        ("another secret", token(secret="other")),
        ("empty secret", token(secret="")),
        ("claims exchanged", f"{token().split('.')[0]}.{b64(claims(sub='stores/evil99'))}.{token().split('.')[2]}"),
        ("not ASCII", token().replace("e", "é", 1)),
        ("empty", ""),
        ("dots", ".."),
        ("not base64", "a*b.c.d"),
        ("endless", token() + "A" * 10_000),
        ("legacy form", f"{b64(claims())}.{b64(hmac.new(SECRET.encode(), b'x', hashlib.sha256).hexdigest().encode())}"),
    ],
)
def test_a06_forged_payloads_do_not_get_in(_attack, jwt):
    with pytest.raises(NotGenuine):
        verify(jwt)


@pytest.mark.parametrize(
    ("_attack", "changes"),
    [
        ("expired", {"exp": STAMP - 31}),
        ("never expires", {"exp": GONE}),
        ("expiry as text", {"exp": "tomorrow"}),
        ("expiry null", {"exp": None}),
        ("not valid yet", {"nbf": STAMP + 31}),
        ("for another app", {"aud": "client-2"}),
        ("for several apps", {"aud": [CLIENT_ID, "client-2"]}),
        ("for no app", {"aud": GONE}),
        ("for the empty app", {"aud": ""}),
        ("issued by another", {"iss": "bcx"}),
        ("issued by nobody", {"iss": GONE}),
        ("no store", {"sub": GONE}),
        ("store null", {"sub": None}),
        ("store empty", {"sub": "stores/"}),
        ("store without prefix", {"sub": "abc123"}),
        ("store with a path", {"sub": "stores/../abc123"}),
        ("store with a longer path", {"sub": "stores/abc123/../evil99"}),
        ("store with a query", {"sub": "stores/abc123?x"}),
        ("store with a line end", {"sub": "stores/abc123\n"}),
        ("store with NUL", {"sub": "stores/abc123\x00"}),
        ("store encoded", {"sub": "stores/%61bc123"}),
        ("store in digits of another script", {"sub": "stores/abc\u0661\u0662"}),
        ("no user", {"user": GONE}),
        ("user null", {"user": None}),
        ("user without id", {"user": {"email": "kim@example.com"}}),
    ],
)
def test_a07_payloads_that_are_not_for_us_now_do_not_get_in(_attack, changes):
    with pytest.raises(NotGenuine):
        verify(token(**changes))


@pytest.mark.parametrize("secrets", [(), ("",), ("", "other")])
def test_without_our_secret_nobody_gets_in(secrets):
    for secret in ("", SECRET):
        with pytest.raises(NotGenuine):
            verify(token(secret=secret), secrets)


def test_without_a_client_id_nobody_gets_in():
    with pytest.raises(NotGenuine):
        verify(token(aud=""), client_id="")


# -- webhooks: genuine or not ---------------------------------------------------------------------------------------

BODY = b'{"scope":"store/order/created","data":{"type":"order","id":250}}'


def signature(secret=SECRET, message_id="msg_1", time=STAMP, body=BODY):
    digest = hmac.new(secret.encode(), f"{message_id}.{time}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(**changes):
    row = {SECRET_HEADER: "hook-secret", "webhook-id": "msg_1", "webhook-timestamp": str(STAMP),
           "webhook-signature": signature()}  # fmt: skip
    row |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in row.items() if value is not GONE}


def check(given, body=BODY, secret="hook-secret", client_secret=SECRET, now=NOW):
    webhooks.verify(given, body, secret=secret, client_secret=client_secret, now=now)


def test_the_published_vector_of_standard_webhooks():
    """The test vector of the Standard Webhooks specification's libraries; its secret is base64 of the key's bytes."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed_text = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    expected = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert base64.b64encode(hmac.digest(key, signed_text, hashlib.sha256)).decode() == expected


@pytest.mark.parametrize(
    ("_case", "given", "client_secret"),
    [
        ("signed", headers(), SECRET),
        ("not signed", {SECRET_HEADER: "hook-secret"}, SECRET),
        ("lower-case names", {name.lower(): value for name, value in headers().items()}, SECRET),
        ("one of several signatures", headers(webhook_signature=f"v1a,xx v1,xxxx {signature()}"), SECRET),
        ("almost five minutes old",
         headers(webhook_timestamp=str(STAMP - 299), webhook_signature=signature(time=STAMP - 299)), SECRET),
        ("signed, but we do not know the client secret", headers(webhook_signature="v1,whatever"), None),
    ],
)  # fmt: skip
def test_a_genuine_delivery(_case, given, client_secret):
    check(given, client_secret=client_secret)


@pytest.mark.parametrize(
    ("_attack", "given"),
    [
        ("no secret header", headers(**{SECRET_HEADER: GONE})),
        ("empty secret", headers(**{SECRET_HEADER: ""})),
        ("another store's secret", headers(**{SECRET_HEADER: "other"})),
        ("secret in upper case", headers(**{SECRET_HEADER: "HOOK-SECRET"})),
        ("secret not ASCII", headers(**{SECRET_HEADER: "hook-sécret"})),
        ("signed with another secret", headers(webhook_signature=signature("other"))),
        ("signed for another body", headers(webhook_signature=signature(body=b"{}"))),
        ("signed under another id", headers(webhook_id="msg_2")),
        ("without the id", headers(webhook_id=GONE)),
        ("without the time", headers(webhook_timestamp=GONE)),
        ("time not a number", headers(webhook_timestamp="now")),
        ("time with digits of another script", headers(webhook_timestamp="\u0661\u0662")),
        ("time endless", headers(webhook_timestamp="9" * 5000)),
        ("old", headers(webhook_timestamp=str(STAMP - 301), webhook_signature=signature(time=STAMP - 301))),
        ("from the future", headers(webhook_timestamp=str(STAMP + 301), webhook_signature=signature(time=STAMP + 301))),
        ("old, time exchanged", headers(webhook_signature=signature(time=STAMP - 301))),
        ("empty signature", headers(webhook_signature="")),
        ("version alone", headers(webhook_signature="v1,")),
        ("another version", headers(webhook_signature=signature().replace("v1", "v2"))),
        ("no version", headers(webhook_signature=signature().removeprefix("v1,"))),
    ],
)
def test_a05_forged_deliveries_do_not_get_in(_attack, given):
    with pytest.raises(NotGenuine):
        check(given)


def test_a_body_that_was_touched_does_not_get_in():
    for body in (BODY + b" ", b"\xef\xbb\xbf" + BODY, BODY.replace(b":", b": ")):
        with pytest.raises(NotGenuine):
            check(headers(), body)


def test_a_store_without_a_secret_takes_nothing():
    with pytest.raises(NotGenuine):
        check(headers(**{SECRET_HEADER: ""}), secret="")


# -- webhooks: hints ------------------------------------------------------------------------------------------------


def delivery(scope, data, **changes):
    row = {"producer": "stores/abc123", "hash": "3f9ea420af83450d7ef9f78b08c8af25b2213637", "created_at": 1561479335,
           "store_id": "1025646", "scope": scope, "data": data}  # fmt: skip
    return json.dumps({name: value for name, value in (row | changes).items() if value is not GONE}).encode()


@pytest.mark.parametrize(
    ("scope", "data", "expected"),
    [
        ("store/product/created", {"type": "product", "id": 81}, {"kind": "product", "ids": ("81",)}),
        ("store/product/deleted", {"type": "product", "id": 81}, {"kind": "deleted", "ids": ("81",)}),
        ("store/product/updated", {"type": "product", "id": "81"}, {"kind": "product", "ids": ("81",)}),
        (
            "store/product/inventory/updated",
            {"type": "product", "id": 81, "inventory": {"product_id": 81, "method": "absolute", "value": 7}},
            {"kind": "inventory", "ids": ("81",)},
        ),
        (
            "store/product/inventory/order/updated",
            {"type": "product", "id": 81, "inventory": {"product_id": 81, "method": "relative", "value": -1}},
            {"kind": "sold", "ids": ("81",)},
        ),
        (
            "store/sku/updated",
            {"type": "sku", "id": 461, "sku": {"product_id": 81, "variant_id": 61}},
            {"kind": "sku", "ids": ("81",), "variant_ids": ("61",)},
        ),
        (
            "store/sku/inventory/order/updated",
            {"type": "sku", "id": 461, "inventory": {"product_id": 81, "variant_id": 61, "value": -1}},
            {"kind": "sold", "ids": ("81",), "variant_ids": ("61",)},
        ),
        ("store/inventory/location/updated", {"location_id": 2}, {"kind": "location", "ids": ()}),
        (
            "store/order/statusUpdated",
            {"type": "order", "id": 250, "status": {"previous_status_id": 0, "new_status_id": 11}},
            {"kind": "order", "ids": ("250",)},
        ),
        (
            "store/shipment/created",
            {"type": "shipment", "id": 12, "orderId": 251},
            {"kind": "shipment", "ids": ("251",), "shipment_id": "12"},
        ),
        (
            "store/shipment/updated",
            {"type": "shipment", "id": "12", "order_id": "251"},
            {"kind": "shipment", "ids": ("251",), "shipment_id": "12"},
        ),
        ("store/sku/updated/", [{"product_id": 82}, {"product_id": 81}], {"kind": "sku", "ids": ("81", "82")}),
        ("store/app/uninstalled", {"type": "store"}, {"kind": "uninstalled"}),
    ],
)
def test_a_delivery_becomes_a_hint(scope, data, expected):
    assert webhooks.hint_from_json(delivery(scope, data)) == StoreHint(
        topic=scope, store_hash="abc123", event_id="3f9ea420af83450d7ef9f78b08c8af25b2213637", **expected
    )


@pytest.mark.parametrize(
    ("scope", "data"),
    [
        ("store/cart/created", {"type": "cart", "id": "09346904-4175-44fd-be53-f7e598531b6c"}),
        ("store/customer/created", {"type": "customer", "id": 1}),
        ("store/metafield/created", {"type": "store", "metafield_id": 1, "resource_id": "118"}),
        ("store/product/metafield/created", {"type": "product", "id": 1, "metafield_id": 7, "resource_id": "118"}),
        ("store/order/message/created", {"type": "order", "id": 1}),
        ("store/order", {"type": "order", "id": 1}),
        ("store/order/created", {"type": "order", "id": 1}),
        ("store/order/refund/created", {"type": "order", "id": 1, "refund": {"refund_id": 12}}),
        ("store/channel/1053001/order/statusUpdated", {"order_id": 250}),
        ("store/channel/*/inventory/product/stock_changed", {"variant_id": 61, "product_id": 81, "location_id": 1}),
        ("store/priceList/record/updated", {"type": "price_list", "price_list_id": 1, "variant_id": 61}),
        ("store/hook/deliveryException", {"code": 90002}),
        ("of/tomorrow", None),
        ("", {}),
        ("store/order/statusUpdated", {"type": "order"}),
        ("store/order/statusUpdated", {"type": "order", "id": None}),
        ("store/order/statusUpdated", {"type": "order", "id": True}),
        ("store/order/statusUpdated", {"type": "order", "id": -5}),
        ("store/order/statusUpdated", {"type": "order", "id": 2**63}),
        ("store/order/statusUpdated", {"type": "order", "id": "9" * 5000}),
        ("store/order/statusUpdated", {"type": "order", "id": "1 or 1=1"}),
        ("store/order/statusUpdated", [1, "x", None]),
        ("store/order/statusUpdated", "250"),
        ("store/order/statusUpdated", None),
        ("store/sku/updated", {"type": "sku", "id": 461, "sku": None}),
        ("store/shipment/created", {"type": "shipment", "id": 12}),
    ],
)
def test_what_we_do_nothing_with_is_ignored_with_a_reason(scope, data):
    hint = webhooks.hint_from_json(delivery(scope, data))
    assert (hint.kind, hint.topic, hint.store_hash, hint.ids) == ("ignored", scope, "abc123", ())
    assert hint.reason


def test_a_delivery_names_no_more_than_we_look_at():
    told = webhooks.hint_from_json(delivery("store/product/updated", [{"id": n} for n in range(1, 8000)]))

    assert len(told.ids) == webhooks.MOST_IDS


def test_a_missing_hash_is_no_obstacle():
    assert webhooks.hint_from_json(delivery("store/order/statusUpdated", {"id": 5}, hash=GONE)).event_id == ""


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b"{", b"\xff", b"[" * 100_000, delivery(5, {}), delivery("x", {}, producer=GONE),
     delivery("x", {}, producer="stores/"), delivery("x", {}, producer="stores/abc123/../evil99"),
     delivery("x", {}, producer="evil")],
)  # fmt: skip
def test_a_body_without_scope_or_store_cannot_be_read(body):
    with pytest.raises(DocumentError):
        webhooks.hint_from_json(body)


def test_each_topic_that_is_subscribed_to_hints_at_what_the_table_says():
    data = {"id": 1, "orderId": 2, "product_id": 3, "sku": {"product_id": 3}}
    told = {topic: webhooks.hint_from_json(delivery(topic, data)).kind for topic in webhooks.TOPICS}
    assert told == webhooks.TOPICS
    assert "ignored" not in told.values()


def test_a_hook_does_not_show_its_secret():
    hook = Hook("1", "store/order/created", "https://x.example", active=True, headers={SECRET_HEADER: "hook-secret"})
    assert "hook-secret" not in repr(hook)
    assert (hook.carries("hook-secret"), hook.carries("other")) == (True, False)


def test_hooks():
    rows = [
        {"id": 1, "scope": "a", "destination": "https://x", "is_active": True, "headers": {"k": "v"}, "client_id": "c"},
        {"id": 2, "scope": "b", "destination": "https://x", "is_active": False, "headers": None},
        {"id": 3},
    ]
    assert webhooks.hooks_from_json(json.dumps({"data": rows}).encode()) == (
        (Hook("1", "a", "https://x", active=True, headers={"k": "v"}), Hook("2", "b", "https://x", active=False)),
        None,
    )
