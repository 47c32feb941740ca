"""Calls that are right but for one value: the TikTok Shop double answers with a code, never with an error of its own.

Every field of a call that passes is replaced by what it should not be, one at a time: random bodies never get there,
because something before it is wrong already.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from sandbox.tests.tiktok_calls import Sent, every_call
from sandbox.tests.tiktok_client import Shop, multipart, open_shop, png, signature
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.tiktok.gateway import Endpoint, sign
from twinshelf_sandbox.wire import Request

JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**63, 2**64, 10**30, "", " ", "x", "0", "-1", "1e9", "NaN", "-Infinity", "1.2.3"),
    *("²", "١٢", "9" * 40, "\x00", "\ud800", "\ufffe🙂", "a" * 40_000, [], {}, [None], [[]], [{}], ["x"], {"": None}),
    {"id": []},
)
_PER_PLACE = 1
_FORM = "multipart/form-data; boundary=x"


@pytest.fixture
def shop(sandbox: Sandbox) -> Shop:
    return open_shop(sandbox)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something is inside a body, the body itself included."""
    yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from places(entry, (*at, key))


def replaced(body: Any, at: tuple[Any, ...], junk: Any) -> Any:
    """A copy of `body` with `junk` in one place."""
    if not at:
        return junk
    body = copy.deepcopy(body)
    inside = body
    for key in at[:-1]:
        inside = inside[key]
    inside[at[-1]] = junk
    return body


def variants(call: Sent, rng: random.Random) -> Iterator[tuple[Any, dict[str, str]]]:
    """Body and query of the call with one value gone wrong."""
    for at in places(call.body) if call.body is not None else ():
        for junk in rng.sample(JUNK, _PER_PLACE):
            yield replaced(call.body, at, junk), call.query
    for name in call.query:
        for junk in rng.sample([j for j in JUNK if isinstance(j, str) and "\ud800" not in j], _PER_PLACE):
            yield call.body, {**call.query, name: junk}


@pytest.mark.slow
def test_one_wrong_value_never_breaks_a_call():
    rng = random.Random(20_270_116)
    tried: set[Endpoint | None] = set()
    endpoints: tuple[Endpoint, ...] = ()
    for call in every_call():
        world, faults = call.shop.sandbox.world, call.shop.sandbox.faults
        endpoints = call.shop.sandbox.tiktok.gateway.endpoints
        tried.add(call.shop.sandbox.tiktok.gateway.find(call.method, call.path))
        before, now = world.snapshot(), world.clock.now()

        def code(body: Any, query: dict[str, Any], call: Sent = call) -> int:
            response = call.shop.send(call.method, call.path, body, shop=call.in_shop, **query)
            assert response.status_code != 500
            return int(response.json()["code"])

        assert code(call.body, call.query) == 0, call.path
        world.restore(before)
        for body, query in variants(call, rng):
            done = code(body, query)
            assert not faults.crashes, (call.path, body, query, faults.crashes)
            if done == 0:
                world.restore(before)
                world.clock.set(now)
    left = {e.path for e in endpoints if e not in tried and e.method != "GET" and not e.multipart}
    assert left == {"/promotion/{v}/activities/{activity_id}/" + what for what in ("deactivate", "republish")}


@pytest.mark.parametrize(
    ("_case", "form", "content_type", "code"),
    [
        ("no boundary", b"--x--", "multipart/form-data", 36009022),
        ("an empty body", b"", _FORM, 36009022),
        ("never closed", b'--x\r\ncontent-disposition: form-data; name="data"\r\n\r\nabc', _FORM, 36009022),
        ("a part without a head", b"--x\r\nabc\r\n--x--\r\n", _FORM, 36009022),
        ("no name", b"--x\r\ncontent-disposition: form-data\r\n\r\nabc\r\n--x--\r\n", _FORM, 12038002),
        ("JSON", b"{}", "application/json", 36009023),
    ],
)  # fmt: skip
def test_broken_forms_get_a_code(shop, _case, form, content_type, code):
    for path in ("/product/202309/images/upload", "/product/202309/files/upload"):
        reply = shop.send(
            "POST", path, shop=False, content=form, content_type=content_type, headers={"content-type": content_type}
        )
        wanted = 12019103 if code == 12038002 and "files" in path else code
        assert reply.json()["code"] == wanted
    assert shop.sandbox.faults.crashes == []


def test_pictures_cut_short_anywhere_get_a_code(shop):
    whole = png((320, 320), "teal", "JPEG")
    codes = {shop.upload_bytes(whole[:length]).json()["code"] for length in range(0, len(whole), 97)}
    assert codes <= {0, 12038002, 12038004, 12038015, 12019116, 12038014}
    assert shop.sandbox.faults.crashes == []


@pytest.mark.parametrize(
    ("_case", "name", "content", "code"),
    [
        ("nothing in it", "manual.pdf", b"", 12019103),
        ("no name", "", b"%PDF-1.4", 12019104),
        ("two dots", "manual.v2.pdf", b"%PDF-1.4", 12038002),
        ("a blank", "the manual.pdf", b"%PDF-1.4", 12038002),
        ("a symbol in front", "_manual.pdf", b"%PDF-1.4", 12038002),
        ("an unknown format", "manual.exe", b"MZ", 12019105),
        ("not what it says", "manual.pdf", b"MZ", 12019105),
        ("too large", "manual.pdf", b"%PDF-1.4" + b" " * (20 << 20), 12038005),
    ],
)
def test_files_that_are_refused(shop, _case, name, content, code):
    form, content_type = multipart({"name": name.encode()}, {"data": ("file", content)})
    reply = shop.send("POST", "/product/202309/files/upload", shop=False, content=form, content_type=content_type)
    assert reply.json()["code"] == code


def test_an_upload_beyond_every_limit_is_refused_by_the_gateway(shop):
    form, content_type = multipart({"name": b"film.mp4"}, {"data": ("film.mp4", b"0" * (111 << 20))})
    response = shop.send("POST", "/product/202309/files/upload", shop=False, content=form, content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (413, 36009021)


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "HEAD", "DELETE", "PUT"])
def test_methods_an_operation_does_not_have(shop, method):
    response = shop.send(method, "/order/202309/orders/search", shop=False)
    assert response.status_code == 405
    assert method == "HEAD" or response.json()["code"] == 36009010


def test_deep_nesting_is_refused_or_kept_but_never_an_error(shop):
    now = int(shop.sandbox.world.clock.now())
    body = {"title": "Deep", "activity_type": "SHIPPING_DISCOUNT", "begin_time": now + 100, "end_time": now + 9000}
    for depth in (10, 200, 400, 600, 800, 950, 1200, 5000):
        raw = (
            json.dumps({**body, "title": f"Deep {depth}"})[:-1]
            + ', "discount": '
            + '{"x":' * depth
            + "1"
            + "}" * (depth + 1)
        )
        reply = shop.send("POST", "/promotion/202309/activities", content=raw.encode()).json()
        assert reply["code"] in (0, 36009022)
    found = shop.send("POST", "/promotion/202309/activities/search", {})
    assert found.status_code == 200
    assert shop.sandbox.faults.crashes == []


def test_repeated_parameters_are_signed_as_sent_and_the_last_one_counts(shop):
    order = "/order/202507/orders"
    pairs = [("app_key", shop.app_key), ("ids", "1"), ("ids", "2"), ("shop_cipher", shop.cipher)]
    pairs.append(("timestamp", str(int(shop.sandbox.world.clock.now()))))
    signed = [*pairs, ("sign", sign(shop.app_secret, order, pairs, b""))]
    answer = shop.http.get(order, params=httpx2.QueryParams(signed), headers={"x-tts-access-token": shop.token})
    assert answer.json()["data"] == {"orders": []}


def test_a_signature_over_the_form_of_an_upload_is_wrong(shop):
    form, content_type = multipart({"use_case": b"MAIN_IMAGE"}, {"data": ("a.png", png())})
    query = {"app_key": shop.app_key, "timestamp": str(int(shop.sandbox.world.clock.now()))}
    path = "/product/202309/images/upload"
    wrong = signature(shop.app_secret, path, query, form, "application/json")
    reply = shop.send("POST", path, shop=False, content=form, content_type=content_type, override={"sign": wrong})
    assert (reply.status_code, reply.json()["code"]) == (401, 106001)


_PATHS = (
    *("/", "//", "/_tiktok/", "/_tiktok/cdn/", "/_tiktok/cdn/files/\x00", "/_tiktok/cdn/documents/1/LABEL.pdf"),
    *("/open/authorize", "/oauth/authorize", "/api/v2/token/get", "/api/v2/token/refresh", "/api/v2/token"),
    *("/product/202309", "/product//products", "/product/²/products", "/product/202309/products/\x00"),
    *("/order/202309/orders/search/", "/a/b/c/d/e/f/g", "/product/999999999999/products"),
)
_QUERIES = (
    *("", "%ff%fe", "%", "a=b", "app_key=%00", f"x-expires={'9' * 5000}", "x-expires=9&x-signature=%C3%BC"),
    *("x-expires=%C2%B2", f"timestamp={'9' * 5000}", "sign=%C3%BC", "timestamp=%D9%A1", "shop_cipher=%00", "&&&="),
    *("service_id=", "seller=x&decision=approve", "auth_code=%ff", "state=%0d%0aX:1", "page_size=%C2%B2"),
)
_HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": "ü"},
    {"content-type": 'multipart/form-data; boundary="'},
    {"x-tts-access-token": "ü"},
    {"host": "services.us.tiktokshop.com:99:1"},
)


def test_no_address_query_or_header_breaks_it(shop):
    site = shop.sandbox.site
    statuses = set()
    for path, query, headers in itertools.product(_PATHS, _QUERIES, _HEADERS):
        for method in ("GET", "POST"):
            statuses.add(site.handle(Request(method, path, query, headers, b"\xff")).status)
    assert shop.sandbox.faults.crashes == []
    assert statuses <= {200, 302, 400, 403, 404, 405}


def test_papers_need_the_signature_of_their_address(shop):
    assert shop.http.get("/_tiktok/cdn/documents/1/SHIPPING_LABEL.pdf").status_code == 403
