"""What every answer and every webhook keeps to, whatever it is about: dates, numbers, ids, pages, statuses.

Each check looks at all that went over the wire while every operation was called once. At the end, lies are planted in
that, one at a time: a check that does not catch its lies is none.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import pytest

from sandbox.tests import bigcommerce_tour, tiktok_tour
from sandbox.tests.bigcommerce_client import open_store
from sandbox.tests.tiktok_client import Shop, open_shop
from sandbox.tests.wiretap import Exchange, Tell, Wire, leaves, tap
from twinshelf_sandbox.app import build
from twinshelf_sandbox.bigcommerce.apps.oauth import NEEDED_SCOPES
from twinshelf_sandbox.tiktok.regions import REGIONS

DAY: Final = 86_400
HOOKS: Final = "https://hooks.example.com"

# -- the wires ------------------------------------------------------------------------------------------------------

ENTRIES: Final = 4
PAGE_SIZES: Final = (1, 2, 3, 4, 10)
# Searches of TikTok Shop whose pages are walked: path → (method, where the entries are, their id).
SEARCHES: Final = {
    "/order/202309/orders/search": ("POST", "orders", "id"),
    "/fulfillment/202309/packages/search": ("POST", "packages", "id"),
    "/product/202502/products/search": ("POST", "products", "id"),
    "/return_refund/202602/cancellations/search": ("POST", "cancellations", "cancel_id"),
    "/return_refund/202602/returns/search": ("POST", "return_orders", "return_id"),
}


def tiktok() -> Wire:
    """All operations of TikTok Shop once, webhooks with a first delivery that fails, and lists page by page."""
    sandbox = build()
    wire = tap(sandbox, fails=3)
    tour = tiktok_tour.Tour(sandbox, webhooks=HOOKS)
    for part in (tiktok_tour.american, tiktok_tour.vietnamese, tiktok_tour.brazilian, tiktok_tour.german):
        part(tour)
    sandbox.settle()
    sandbox.advance(200)
    sandbox.settle()
    full, empty = open_shop(sandbox), open_shop(sandbox)
    _fill(full)
    for path, (method, _, _) in SEARCHES.items():
        for shop in (full, empty):
            shop.switch("returns_minimum_page", value=1)
            for size in PAGE_SIZES:
                _walk(shop, method, path, size)
    sandbox.close()
    return wire


def _fill(shop: Shop) -> None:
    """Four of everything that is searched for."""
    for number in range(ENTRIES):
        shop.list_product(title=f"Enamel mug for the camp kitchen, number {number}")
    shop.switch("on_hold", value=False)
    sandbox = shop.sandbox
    for _ in range(ENTRIES):
        order_id = shop.buy()
        shop.mark_shipped(order_id)
        sandbox.act("tt.deliver", order_id=order_id)
        sandbox.act("shopper.return_request", order_id=order_id)
    cancelled = [shop.buy("MUG-400", pay=False) for _ in range(ENTRIES)]
    for order_id in cancelled:
        sandbox.act("shopper.cancel", order_id=order_id)


def _walk(shop: Shop, method: str, path: str, size: int) -> None:
    token, pages = "", 0
    while pages <= 2 * ENTRIES + 2:
        pages += 1
        query: dict[str, Any] = {"page_size": str(size), **({"page_token": token} if token else {})}
        data = shop.call(method, path, {}, **query)
        token = data.get("next_page_token", "")
        if not token:
            return


def bigcommerce() -> Wire:
    """All operations of BigCommerce once, webhooks of which the first deliveries fail, and every list page by page."""
    sandbox = build()
    wire = tap(sandbox, fails=3)
    tour = bigcommerce_tour.Tour(open_store(sandbox, scopes=[*NEEDED_SCOPES, "store_sites"]))
    for group in ("order", "product", "sku", "shipment", "customer", "category"):
        tour.send("POST", "/v3/hooks", {"scope": f"store/{group}/*", "destination": HOOKS})
    for part in (
        bigcommerce_tour.catalog, bigcommerce_tour.categories, bigcommerce_tour.channels, bigcommerce_tour.stock,
        bigcommerce_tour.orders, bigcommerce_tour.money, bigcommerce_tour.price_lists, bigcommerce_tour.people,
        bigcommerce_tour.settings, bigcommerce_tour.metafields, bigcommerce_tour.hooks,
    ):  # fmt: skip
        part(tour)
    sandbox.settle()
    sandbox.advance(400)
    sandbox.settle()
    lists = {
        (each.path.partition(tour.store.hash)[2], tuple(each.query.items()))
        for each in wire.exchanges
        if each.method == "GET" and each.status == 200 and _rows(each) is not None
    }
    for path, query in sorted(lists):
        asked = {name: value for name, value in query if name not in {"page", "limit"}}
        for page, size in ((1, 1), (2, 1), (999, 50)):
            tour.store.http.get(path, params={**asked, "page": str(page), "limit": str(size)})
    sandbox.close()
    return wire


def _rows(each: Exchange) -> list[Any] | None:
    """The entries of a list's answer, V2's or V3's; None for what is no list."""
    rows = each.body if "/v2/" in each.path else each.body.get("data") if isinstance(each.body, dict) else None
    return rows if isinstance(rows, list) else None


# -- checks of TikTok Shop ------------------------------------------------------------------------------------------

Check = Callable[[Wire], Iterator[object]]
REQUEST_ID: Final = re.compile(r"20\d{12}[0-9A-F]{20}")
# Times by their fields' names, all Unix seconds, those of the past and those of a time to come.
PAST: Final = {
    "cancel_time", "collection_time", "create_time", "delivery_time", "order_create_time", "order_delivery_time",
    "paid_time", "payment_time", "request_cancel_time", "rts_time", "statement_time", "update_time",
}  # fmt: skip
AHEAD: Final = {
    "access_token_expire_in", "begin_time", "cancel_order_sla_time", "collection_due_time", "deadline",
    "delivery_due_time", "delivery_sla_time", "end_time", "expiration_time", "refresh_token_expire_in", "release_date",
    "rts_sla_time", "shipping_due_time", "start_time", "tts_sla_time",
}  # fmt: skip
IN_MILLISECONDS: Final = {"recommended_shipping_time", "update_time_millis"}
DECIMAL: Final = re.compile(r"(-?\d+(\.\d+)?)?")
AMOUNT: Final = re.compile(r"(?:.*_)?(?:amount|price|fee|discount|total|subtotal|tax|payment)")


def _answers(wire: Wire) -> Iterator[Exchange]:
    """Answers of the API: neither pictures nor the token host's."""
    return (each for each in wire.bodies if re.match(r"/[a-z_]+/\d{6}/", each.path))


def envelopes(wire: Wire) -> Iterator[object]:
    """Code, message, request id and data in every reply; 200 for success, and ids of calls that are never the same."""
    seen = Counter(each.body.get("request_id") for each in _answers(wire))
    yield from (request_id for request_id, times in seen.items() if times > 1)
    for each in _answers(wire):
        if set(each.body) != {"code", "message", "request_id", "data"}:
            yield each.path, sorted(each.body)
        elif not REQUEST_ID.fullmatch(each.body["request_id"]) or type(each.body["code"]) is not int:
            yield each.path, each.body["request_id"], each.body["code"]
        elif each.body["code"] == 0 and (each.status, each.body["message"]) != (200, "Success"):
            yield each.path, each.status, each.body["message"]


def _numbers(wire: Wire) -> Iterator[tuple[Exchange, str, int]]:
    for each in _answers(wire):
        for _place, name, value in leaves(each.body["data"]):
            if type(value) is int and value > 10**8:
                yield each, name, value


def seconds(wire: Wire) -> Iterator[object]:
    """Times are Unix seconds, past or ahead as their names say; three fields are in milliseconds, as documented."""
    for each, name, value in _numbers(wire):
        moment = value / 1000 if name in IN_MILLISECONDS or "/event/" in each.path else value
        if name in PAST:
            fits = wire.since - 1 <= moment <= each.at + 1
        elif name in AHEAD | IN_MILLISECONDS:
            fits = wire.since - 1 <= moment <= each.at + 400 * DAY
        else:
            fits = False  # a number of that size that is no time of the list
        if not fits:
            yield each.path, name, value


def texts(wire: Wire) -> Iterator[object]:
    """Amounts are decimal texts with no more decimals than the currency has, ids are texts, flags are no texts."""
    for each in _answers(wire):
        for place, name, value in leaves(each.body["data"]):
            wrong = (
                isinstance(value, float)
                or value in ("true", "false", "True", "False")
                or ((name == "id" or name.endswith(("_id", "_ids"))) and not isinstance(value, str | None))
                or (name.startswith(("is_", "has_", "can_")) and not isinstance(value, bool | None))
                or (AMOUNT.fullmatch(name) and not (isinstance(value, str) and DECIMAL.fullmatch(value)))
            )  # fmt: skip
            if wrong:
                yield each.path, place, value
    for each in _answers(wire):
        yield from ((each.path, *found) for found in _too_fine(each.body["data"]))


def _too_fine(value: Any) -> Iterator[tuple[str, str]]:
    """Amounts beside a `currency` with more decimals than it has."""
    if isinstance(value, list):
        for entry in value:
            yield from _too_fine(entry)
    if not isinstance(value, dict):
        return
    region = next((r for r in REGIONS.values() if r.currency == value.get("currency")), None)
    for name, inner in value.items():
        is_amount = AMOUNT.fullmatch(name) is not None and isinstance(inner, str)
        if region is not None and is_amount and len(inner.partition(".")[2]) > region.decimals:
            yield name, inner
        yield from _too_fine(inner)


def deadlines(wire: Wire) -> Iterator[object]:
    """What is to be done until when, from payment on: the days of the market."""
    for each in _answers(wire):
        for order in each.body["data"].get("orders") or ():
            if "rts_sla_time" not in order:
                continue
            if order["recipient_address"]["region_code"] == "VN":
                yield from _vietnamese_deadlines(order)
            elif "paid_time" in order:
                days = {name: (order[name] - order["paid_time"]) / DAY for name in WHOLE_DAYS}
                if days != WHOLE_DAYS:
                    yield order["id"], days
        for row in (each.body["data"].get(name) or () for name in ("return_orders", "cancellations")):
            yield from _late_answers(row)
    for each in wire.bodies:
        if each.path == "/api/v2/token/get" and each.body["code"] == 0:
            lives = {name: round(each.body["data"][f"{name}_token_expire_in"] - each.at) for name in LIVES}
            if any(abs(lives[name] - seconds) > 2 for name, seconds in LIVES.items()):
                yield each.path, lives


LIVES: Final = {"access": 7 * DAY - 1, "refresh": 365 * DAY}
"""Seconds that a token lives: one that was measured, and the samples'."""


def _late_answers(rows: Any) -> Iterator[object]:
    """Sellers have 48 hours to answer a request, 24 for a replacement, from when it came to them."""
    for row in rows:
        hours = 24 if row.get("return_type") == "REPLACEMENT" else 48
        for action in row.get("seller_next_action_response", ()):
            if action["deadline"] != row["update_time"] + hours * 3600:
                yield row.get("return_id") or row.get("cancel_id"), action


WHOLE_DAYS: Final = {
    "rts_sla_time": 2, "tts_sla_time": 3, "shipping_due_time": 4, "cancel_order_sla_time": 4, "collection_due_time": 7,
    "delivery_sla_time": 14, "delivery_due_time": 21,
}  # fmt: skip


def _vietnamese_deadlines(order: dict[str, Any]) -> Iterator[object]:
    """As in captured orders: 16:00 of a day, the end of that day, and the ends of later ones; by the clock there."""
    local = {name: order[name] + 7 * 3600 for name in WHOLE_DAYS if name in order}
    placed = order["create_time"] + 7 * 3600
    first = local["tts_sla_time"] // DAY
    days = {name: (value // DAY - first, value % DAY) for name, value in local.items()}
    last = 3 if "collection_time" in order else 2
    wanted = {
        "rts_sla_time": (0, 16 * 3600), "tts_sla_time": (0, DAY - 1), "shipping_due_time": (2, DAY - 1),
        "cancel_order_sla_time": (last, DAY - 1), "collection_due_time": (3, DAY - 1),
    }  # fmt: skip
    if days != wanted or first - placed // DAY != (placed % DAY >= 14 * 3600):
        yield order["id"], days, first - placed // DAY


def walks(wire: Wire) -> Iterator[object]:
    """Page after page of a list: every entry once, a total that stays, no token after the last one, full or not."""
    for path, (_method, where, key) in SEARCHES.items():
        walk: list[Exchange] = []
        for each in (e for e in _answers(wire) if e.path == path and "page_size" in e.query and e.body["code"] == 0):
            if "page_token" not in each.query:
                walk = []
            walk.append(each)
            if "page_token" in each.query or each.query["page_size"] in map(str, PAGE_SIZES):
                yield from _wrong_page(walk, where, key)


def _wrong_page(walk: list[Exchange], where: str, key: str) -> Iterator[object]:
    data = walk[-1].body["data"]
    rows, size, total = data.get(where) or [], int(walk[-1].query["page_size"]), data["total_count"]
    before = [row[key] for each in walk[:-1] for row in each.body["data"].get(where) or ()]
    token = data.get("next_page_token", "")
    left = total - len(before)
    tokens = [each.body["data"].get("next_page_token", "") for each in walk]
    if (
        len(rows) != min(size, left)
        or bool(token) != (left > size)
        or {row[key] for row in rows} & set(before)
        or total != walk[0].body["data"]["total_count"]
        or len(set(tokens)) < len(tokens)
        or token.isdigit()
    ):
        yield walk[-1].path, walk[-1].query, len(rows), total, token


def notices(wire: Wire) -> Iterator[object]:
    """Webhooks tell their time in seconds, have an id of their own, and come again unchanged when they failed."""
    of_id: dict[str, set[bytes]] = {}
    for sent in wire.sent:
        body = sent.body
        if not wire.since - 1 <= body["timestamp"] <= sent.at + 1 or type(body["timestamp"]) is not int:
            yield body["type"], "timestamp", body["timestamp"]
        if not re.fullmatch(r"[0-9a-f]{64}", sent.headers.get("authorization", "")):
            yield body["type"], sent.headers
        for _place, name, value in leaves(body["data"]):
            is_time = name in PAST | {"occurred_at"} and type(value) is int
            if is_time and not wire.since - 1 <= value <= sent.at + 1:
                yield body["type"], name, value
        if body["type"] != 3:
            of_id.setdefault(body["tts_notification_id"], set()).add(sent.raw)
    yield from (found for found, bodies in of_id.items() if len(bodies) > 1)
    told = {sent.raw for sent in wire.sent if sent.body["type"] != 3}
    if len(of_id) != len(told):
        yield "events", len(told), "ids", len(of_id)
    if len(told) == len(wire.sent):
        yield "nothing came a second time"


# -- checks of BigCommerce ------------------------------------------------------------------------------------------

RFC: Final = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000")
ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|\+00:00)")
DATED: Final = re.compile(r"(?:date_.*|.*_date|created|created_at|updated_at|last_updated|timestamp)")


def dates(wire: Wire) -> Iterator[object]:
    """V2 writes RFC 2822, V3 ISO 8601, both in UTC; webhooks' times are Unix seconds. None lies ahead."""
    for each in (e for e in wire.bodies if e.path.startswith("/stores/")):
        v2 = "/v2/" in each.path
        for place, name, value in leaves(each.body):
            if name == "time" or (DATED.fullmatch(name) and type(value) is int):
                fits = wire.since - 1 <= value <= each.at + 1
            elif isinstance(value, str) and (DATED.fullmatch(name) or RFC.fullmatch(value) or ISO.fullmatch(value)):
                fits = not value or _is_past(value, wire, each, v2=v2)
            else:
                continue
            if not fits:
                yield each.path, place, value


def _is_past(value: str, wire: Wire, each: Exchange, *, v2: bool) -> bool:
    if not (RFC if v2 else ISO).fullmatch(value):
        return False
    at = (parsedate_to_datetime(value) if v2 else datetime.fromisoformat(value)).timestamp()
    return (wire.since - 2 <= at <= each.at + 1) or (v2 and at == 0)


def amounts(wire: Wire) -> Iterator[object]:
    """V2 writes amounts of orders as texts with four decimals, V3 as numbers; a flag is never a text."""
    for each in (e for e in wire.bodies if e.path.startswith("/stores/") and e.status < 300):
        for place, name, value in leaves(each.body):
            if value in ("true", "false") and each.method == "GET" and name not in TEXT_FLAGS:
                yield each.path, place, value
            if value is None or value == "" or isinstance(value, bool):
                continue
            if re.fullmatch(r"/stores/\w+/v2/orders(/\d+(/products)?)?", each.path) and V2_AMOUNTS.fullmatch(name):
                if "consignments" in place:  # described as numbers, in orders that include them
                    continue
                if not (isinstance(value, str) and re.fullmatch(r"-?\d+\.\d{4}", value)):
                    yield each.path, place, value
            if "/v3/catalog/" in each.path and name in V3_AMOUNTS and isinstance(value, str):
                yield each.path, place, value


V2_AMOUNTS: Final = re.compile(r".*_(?:inc_tax|ex_tax)|.*_amount|base_price|base_cost_price|base_total|total_tax")
V3_AMOUNTS: Final = {"price", "cost_price", "retail_price", "sale_price", "map_price", "calculated_price", "weight"}
TEXT_FLAGS: Final = {"value"}


def statuses(wire: Wire) -> Iterator[object]:
    """Nothing in a body where there is nothing to say (204), a body in every 200; no list of V2 is empty."""
    for each in (e for e in wire.exchanges if e.path.startswith("/stores/")):
        if (each.status == 204) != (not each.raw) and (each.method, each.status) != ("POST", 201):
            yield each.method, each.path, each.status, each.raw[:40]
        if each.status == 204 and "content-type" in each.headers:
            yield each.path, each.headers
        if "/v2/" in each.path and each.status == 200 and each.body == []:
            yield each.path, "an empty list"


def pages(wire: Wire) -> Iterator[object]:
    """Numbers of a V3 page that agree with what is on it, and links that ask for the same as the call did."""
    for each in (e for e in wire.bodies if "/v3/" in e.path and e.method == "GET" and isinstance(e.body, dict)):
        meta = each.body.get("meta")
        page = meta.get("pagination") if isinstance(meta, dict) else None
        if not page or "per_page" not in page or "after" in each.query or not isinstance(each.body["data"], list):
            continue
        size, number, total = page["per_page"], page["current_page"], page["total"]
        there = max(0, min(size, total - size * (number - 1)))
        last = max(1, -(-total // size)) if size else 1
        if (page["count"], page["total_pages"]) != (there, last) or len(each.body["data"]) != there:
            yield each.path, each.query, page, len(each.body["data"])
        if each.query.get("page", "1") != str(number) or size > int(each.query.get("limit", size)):
            yield each.path, each.query, page
        asked = {name: value for name, value in each.query.items() if name not in {"page", "limit"}}
        wanted = {"current": number, **({"previous": number - 1} if number > 1 else {})}
        wanted |= {"next": number + 1} if number < last else {}
        linked = {name: dict(parse_qsl(link.lstrip("?"))) for name, link in page["links"].items()}
        if linked != {name: {**asked, "page": str(n), "limit": str(size)} for name, n in wanted.items()}:
            yield each.path, each.query, page["links"]


def events(wire: Wire) -> Iterator[object]:
    """A webhook tells its time in seconds; another event has another hash and id, the same one comes unchanged."""
    seen: dict[str, set[bytes]] = {}
    for sent in wire.sent:
        stamp = sent.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or not wire.since - 1 <= int(stamp) <= sent.at + 1:
            yield sent.body["scope"], "webhook-timestamp", stamp
        if type(sent.body["created_at"]) is not int or not wire.since - 1 <= sent.body["created_at"] <= sent.at + 1:
            yield sent.body["scope"], "created_at", sent.body["created_at"]
        if not re.fullmatch(r"[0-9a-f]{40}", sent.body["hash"]):
            yield sent.body["scope"], sent.body["hash"]
        seen.setdefault(sent.headers["webhook-id"], set()).add(json.dumps(sent.body).encode())
    yield from (found for found, bodies in seen.items() if len(bodies) > 1)
    of_hash: dict[str, set[str]] = {}
    for sent in wire.sent:
        rest = json.dumps({name: value for name, value in sent.body.items() if name != "hash"}, sort_keys=True)
        of_hash.setdefault(sent.body["hash"], set()).add(rest)
    yield from (found for found, rests in of_hash.items() if len(rests) > 1)
    if len(seen) == len(wire.sent):
        yield "nothing came a second time"


TIKTOK: Final[tuple[Check, ...]] = (envelopes, seconds, texts, deadlines, walks, notices)
BIGCOMMERCE: Final[tuple[Check, ...]] = (dates, amounts, statuses, pages, events)


@pytest.fixture(scope="module")
def honest() -> dict[str, Wire]:
    return {"tiktok": tiktok(), "bigcommerce": bigcommerce()}


@pytest.mark.parametrize("check", TIKTOK)
def test_tiktok_shop_keeps_to(honest, check):
    assert list(check(honest["tiktok"])) == []


@pytest.mark.parametrize("check", BIGCOMMERCE)
def test_bigcommerce_keeps_to(honest, check):
    assert list(check(honest["bigcommerce"])) == []


# -- lies -----------------------------------------------------------------------------------------------------------


def _each(change: Callable[[str, dict[str, Any]], None]) -> Tell:
    """A lie about objects, wherever in a document they stand."""

    def tell(source: str, document: Any) -> Any:
        if isinstance(document, list):
            return [tell(source, entry) for entry in document]
        if isinstance(document, dict):
            told = {name: tell(source, inner) for name, inner in document.items()}
            change(source, told)
            return told
        return document

    return tell


def _of(names: str, change: Callable[[Any], Any], source: str = "") -> Tell:
    """A lie about fields of these names, in answers to paths that `source` is found in, or in webhooks."""

    def lie(path: str, told: dict[str, Any]) -> None:
        if re.search(source, path):
            for name in names.split():
                if told.get(name) not in (None, "", []):
                    told[name] = change(told[name])

    return _each(lie)


def _as_rfc(text: str) -> str:
    return datetime.fromisoformat(text).strftime("%a, %d %b %Y %H:%M:%S +0000")


def _as_iso(text: str) -> str:
    return parsedate_to_datetime(text).isoformat()


def _seven_hours_on(text: str) -> str:
    return re.sub(r"T(\d\d)", lambda found: f"T{(int(found[1]) + 7) % 24:02}", text)


def _one_fewer(path: str, document: Any) -> Any:
    """The last entry of a full page is lost."""
    found = SEARCHES.get(path)
    if found is not None and len(rows := document.get("data", {}).get(found[1]) or []) > 1:
        rows.pop()
    return document


def _more_to_come(path: str, document: Any) -> Any:
    """A page that is full has a next one, though nothing is left."""
    if path in SEARCHES and document["data"].get(SEARCHES[path][1]) and not document["data"].get("next_page_token"):
        document["data"]["next_page_token"] = "MDAwMDAwMDAgMTA="
    return document


def _empty_list(path: str, document: Any) -> Any:
    return [] if "/v2/orders" in path and isinstance(document, list) else document


LIES: Final[dict[str, tuple[Check, Tell]]] = {
    "a request id that is always the same": (envelopes, _of("request_id", lambda _: "20261130000000" + "A" * 20)),
    "a request id without its time": (envelopes, _of("request_id", lambda text: text[::-1])),
    "orders' times in milliseconds": (seconds, _of("create_time update_time", lambda at: at * 1000, "/orders")),
    "times in seconds where milliseconds are documented": (
        seconds, _of("update_time_millis", lambda at: at // 1000)),
    "times ahead by a zone": (seconds, _of("paid_time rts_time", lambda at: at + 7 * 3600)),
    "amounts as numbers": (texts, _of("sale_price total_amount", float, "/order/")),
    "cents in a currency without": (texts, _of("total_amount sub_total", lambda text: f"{text}.001")),
    "ids as numbers": (texts, _of("product_id", int, "/order/")),
    "flags as texts": (texts, _of("is_cod", lambda flag: str(flag).lower())),
    "an hour more to answer a request": (deadlines, _of("deadline", lambda at: at + 3600)),
    "a token that lives as long as one of the past": (deadlines, _of("access_token_expire_in", lambda at: at - DAY)),
    "a deadline a day late": (deadlines, _of("rts_sla_time", lambda at: at + DAY)),
    "a Vietnamese deadline a minute late": (deadlines, _of("tts_sla_time", lambda at: at + 60)),
    "another deadline a day early": (deadlines, _of("collection_due_time", lambda at: at - DAY)),
    "a last page that is short": (walks, _one_fewer),
    "a page after the last one": (walks, _more_to_come),
    "a total of the page": (walks, _of("total_count", lambda _: 1)),
    "a webhook's timestamp in milliseconds": (notices, _of("timestamp", lambda at: at * 1000, "webhook")),
    "a notification id that is always the same": (notices, _of("tts_notification_id", lambda _: "7380066284010030890")),
    "a webhook's times in milliseconds": (notices, _of("update_time", lambda at: at * 1000, "webhook")),
    "V2 dates as ISO 8601": (dates, _of("date_created", _as_iso, "/v2/")),
    "V3 dates as RFC 2822": (dates, _of("date_modified", _as_rfc, "/v3/catalog")),
    "V3 dates by another clock, called UTC": (dates, _of("date_created", _seven_hours_on, "/v3/")),
    "the time of hooks in milliseconds": (dates, _of("created_at", lambda at: at * 1000, "/v3/hooks")),
    "V2 amounts as numbers": (amounts, _of("total_inc_tax", float, "/v2/")),
    "V2 amounts with two decimals": (amounts, _of("price_ex_tax", lambda text: text[:-2], "/v2/")),
    "V3 amounts as texts": (amounts, _of("price", str, "/v3/catalog")),
    "an empty list of V2 instead of 204": (statuses, _empty_list),
    "links without the filters": (pages, _of("current next previous",
        lambda link: re.sub("&(include|id).*", "", link))),
    "links of another limit": (pages, _of("current", lambda link: link.replace("limit=1", "limit=250"))),
    "a page count that leaves out the last one": (pages, _of("total_pages", lambda number: max(1, number - 1))),
    "a count of all pages together": (pages, _of("count", lambda number: number + 1, "/v3/")),
    "an event's hash that is always the same": (events, _of("hash", lambda _: "0" * 40, "webhook")),
    "an event's time in milliseconds": (events, _of("created_at", lambda at: at * 1000, "webhook")),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_is_caught(honest, lie):
    check, tell = LIES[lie]
    wire = honest["tiktok" if check in TIKTOK else "bigcommerce"]
    assert list(check(wire.with_lie(tell))) != []
