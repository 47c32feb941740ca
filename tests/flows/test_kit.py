"""The small tools on a real database and real sockets: sealed columns, bulk writes, safe fetching, clocks."""

from __future__ import annotations

import contextlib
import hashlib
import io
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection as database
from django.db import connections as databases
from django_scopes import scope
from PIL import Image

from twinshelf.accounts.models import Account
from twinshelf.connections import actions as connections
from twinshelf.connections import clients
from twinshelf.connections.models import Seller, Shop, Store
from twinshelf.errors import PlatformDown
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock, fetch, http, secrets, skew, text_search, upsert
from twinshelf.kit.fetch import ImageUnusable
from twinshelf.kit.models import PlatformClock
from twinshelf.kit.secrets import Unsealable
from twinshelf.orders import actions as orders
from twinshelf.orders.models import ShopOrderRow

# -- sealed columns -------------------------------------------------------------------------------------------------


def test_a_token_copied_into_another_row_does_not_open(twinshelf, store):
    mine = twinshelf.connection.store
    with scope(account=twinshelf.account):
        thief = Store.objects.create(
            account=twinshelf.account, hash="thief00", name="Thief", currency="USD", token=mine.token
        )
        with pytest.raises(Unsealable):
            clients.store_client(thief)
    assert store.hash not in mine.token


def test_after_a_change_of_keys_the_old_one_still_opens_and_its_absence_does_not(twinshelf, settings):
    clients.PROCESS.close()
    settings.KEYS = ("the new key of this installation, long", *settings.KEYS)
    clients.store_client(twinshelf.connection.store)
    clients.PROCESS.close()
    settings.KEYS = settings.KEYS[:1]
    with pytest.raises(Unsealable, match="TWINSHELF_KEY"):
        clients.store_client(twinshelf.connection.store)


def sealed_values(account):
    """What is sealed of the account, by column; of several rows the last one."""
    with scope(account=account):
        return {
            f"{table.__name__}.{column}": row[column]
            for table, columns in SEALED.items()
            for row in table.objects.values(*columns)
            for column in columns
            if row[column]
        }


SEALED = {
    Store: ("token", "client_id", "client_secret", "hook_secret"),
    Seller: ("access_token", "refresh_token"),
    Shop: ("cipher",),
    ShopOrderRow: ("buyer",),
}


def test_what_is_sealed_anew_opens_without_the_old_key_and_what_changes_meanwhile_stays(
    twinshelf, settings, monkeypatch
):
    connection = twinshelf.connection
    for number in range(3):
        ShopOrderRow.objects.create(
            account=twinshelf.account, connection=connection, order_id=f"57{number}", status="", placed_at=clock.now(),
            updated_at=clock.now(), total=1, currency="USD", document=b"{}",
            buyer=secrets.seal("Ada Byron", bound_to=f"order:{connection.id}:57{number}") if number else "",
        )  # fmt: skip
    settings.KEYS = ("the new key of this installation, long", *settings.KEYS)
    before, real, changed = sealed_values(twinshelf.account), secrets.unseal, secrets.seal("new", bound_to="x")

    def renewed_meanwhile(sealed, *, bound_to):
        if sealed == before["Seller.refresh_token"]:
            Seller.objects.update(refresh_token=changed)
        return real(sealed, bound_to=bound_to)

    monkeypatch.setattr(secrets, "unseal", renewed_meanwhile)
    monkeypatch.setattr(secrets, "_AT_ONCE", 1)
    assert (connections.reseal(), orders.reseal()) == (6, 2)  # all but the token that was renewed, and no empty buyer

    settings.KEYS = settings.KEYS[:1]
    after = sealed_values(twinshelf.account)
    assert {value.split(".")[1] for value in after.values()} == set(secrets.key_ids())
    assert after["Seller.refresh_token"] == changed
    assert order_of_buyer(connection, "572") == "Ada Byron"
    clients.PROCESS.close()
    assert clients.store_client(Store.objects.get()).store().hash == connection.store.hash
    assert (connections.reseal(), orders.reseal()) == (0, 0)


def order_of_buyer(connection, order_id):
    row = ShopOrderRow.objects.get(order_id=order_id)
    return secrets.unseal(row.buyer, bound_to=f"order:{connection.id}:{order_id}")


# -- bulk writes ----------------------------------------------------------------------------------------------------

COLUMNS = [
    "store_id", "product_id", "title", "sku", "brand", "category", "image_url", "variant_count", "price_min",
    "price_max", "stock", "search", "document", "digest", "problem", "modified_at", "seen_at", "deleted",
]  # fmt: skip
KEY = ["store_id", "product_id"]


@pytest.fixture
def unsearched(transactional_db) -> Iterator[None]:
    """Products may be written and not noted for the search, whose triggers take out only what is noted."""
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            for name in ("gone", "changed"):
                cursor.execute(f"drop trigger if exists goods_storeproduct_search_{name}")
    yield
    StoreProduct.objects.with_scopes_disabled().all().delete()
    text_search.keep_indexes(apps.get_app_config("goods"), using="default")


@pytest.fixture
def goods(unsearched) -> Iterator[Store]:
    account = Account.objects.create(name="Fernhollow")
    with scope(account=account):
        yield Store.objects.create(account=account, hash="abc123", name="Fernhollow", currency="USD", token="x")


def row(store: Store, number: int, title: str, *, minutes: int = 0) -> tuple[object, ...]:
    at = clock.parse("2026-03-01T12:00:00+00:00") + timedelta(minutes=minutes)
    return (
        store.id, str(number), title, f"SKU-{number}", "", "", "", 1, Decimal("12.50"), None, None, title.lower(),
        b"\x00\xff" + title.encode(), hashlib.sha256(title.encode()).digest(), "", at, at, False,
    )  # fmt: skip


def titles(*numbers: int) -> list[str]:
    found = dict(StoreProduct.objects.values_list("product_id", "title"))
    return [found[str(number)] for number in numbers]


sizes = pytest.mark.parametrize("size", [3, upsert._COPY_FROM + 50])
"""Few rows and many take different ways on PostgreSQL."""


@sizes
def test_rows_are_inserted_and_updated_with_every_kind_of_value(goods, size):
    assert upsert.upsert(StoreProduct, goods.account_id, COLUMNS, [], unique=KEY) == 0
    before = [row(goods, n, f"Mug {n} \\N\t\n“é”") for n in range(size)]
    assert upsert.upsert(StoreProduct, goods.account_id, COLUMNS, before, unique=KEY) == size
    assert titles(0, size - 1) == ["Mug 0 \\N\t\n“é”", f"Mug {size - 1} \\N\t\n“é”"]

    after = [row(goods, n, f"Jar {n}") for n in range(1, size + 1)]
    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, after, unique=KEY)

    assert StoreProduct.objects.count() == size + 1
    assert titles(0, 1, size) == ["Mug 0 \\N\t\n“é”", "Jar 1", f"Jar {size}"]
    kept = StoreProduct.objects.get(product_id=1)
    assert (kept.price_min, kept.price_max, kept.stock, kept.deleted) == (Decimal("12.50"), None, None, False)
    assert bytes(kept.document) == b"\x00\xffJar 1"
    assert kept.modified_at == clock.parse("2026-03-01T12:00:00+00:00")
    assert kept.account_id == goods.account_id


@sizes
def test_only_the_named_columns_of_an_existing_row_are_set(goods, size):
    rows = [row(goods, n, "Mug") for n in range(size)]
    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, rows, unique=KEY)
    again = [row(goods, n, "Jar") for n in range(size)]

    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, again, unique=KEY, update=[])
    assert set(StoreProduct.objects.values_list("title", "search")) == {("Mug", "mug")}
    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, again, unique=KEY, update=["search"])
    assert set(StoreProduct.objects.values_list("title", "search")) == {("Mug", "jar")}


@sizes
def test_an_older_row_never_overwrites_a_newer_one(goods, size):
    def put(title: str, minutes: int) -> None:
        rows = [row(goods, n, title, minutes=minutes) for n in range(size)]
        upsert.upsert(StoreProduct, goods.account_id, COLUMNS, rows, unique=KEY, newer_by="modified_at")

    put("at ten", 10)
    put("at five", 5)
    assert set(StoreProduct.objects.values_list("title", flat=True)) == {"at ten"}
    put("at ten, again", 10)
    put("at twelve", 12)
    assert set(StoreProduct.objects.values_list("title", flat=True)) == {"at twelve"}


@sizes
@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, "last"), ({"update": []}, "first"), ({"newer_by": "modified_at"}, "newest")],
)
def test_of_rows_with_one_key_the_right_one_counts(goods, size, options, expected):
    rows = [row(goods, n, f"Mug {n}") for n in range(10, size + 10)]
    rows += [row(goods, 1, "first", minutes=1), row(goods, 1, "newest", minutes=9), row(goods, 1, "last", minutes=5)]

    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, rows, unique=KEY, **options)

    assert titles(1) == [expected]


def test_bulk_writes_name_an_account(goods):
    without: Any = upsert.upsert
    with pytest.raises(TypeError):
        without(StoreProduct, columns=COLUMNS, rows=[row(goods, 1, "Mug")], unique=KEY)


@sizes
def test_writers_of_the_same_rows_wait_for_each_other_and_not_for_ever(goods, size):
    """In opposite orders: on PostgreSQL that would be a deadlock."""

    def writer(number: int) -> None:
        try:
            for turn in range(4):
                rows = [row(goods, n, f"by {number} in turn {turn}") for n in range(size)]
                upsert.upsert(StoreProduct, goods.account_id, COLUMNS, rows if number else reversed(rows), unique=KEY)
        finally:
            databases.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(writer, range(2)))

    assert StoreProduct.objects.count() == size
    assert len(set(StoreProduct.objects.values_list("title", flat=True))) == 1  # each write is whole


@sizes
def test_rows_that_were_read_are_written_back(goods, size):
    upsert.upsert(StoreProduct, goods.account_id, COLUMNS, [row(goods, n, "Mug") for n in range(size)], unique=KEY)
    rows = list(StoreProduct.objects.order_by("-id"))
    for one in rows:
        one.title, one.price_max, one.digest = f"Jar {one.product_id}", Decimal("9.99"), b"\x01\x00"
        one.sku = "not written"

    upsert.update_rows(rows, ["title", "price_max", "digest"])

    assert titles(0, size - 1) == ["Jar 0", f"Jar {size - 1}"]
    kept = StoreProduct.objects.get(product_id=0)
    assert (kept.price_max, bytes(kept.digest), kept.sku) == (Decimal("9.99"), b"\x01\x00", "SKU-0")


# -- images from outside --------------------------------------------------------------------------------------------


class Nowhere(httpx2.BaseTransport):
    """Fails the test when anything is sent."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        pytest.fail(f"a call went out to {request.url}")


@pytest.fixture
def no_network():
    http.use_transport(Nowhere)
    yield
    http.use_transport(None)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0",
        "0.0.0.0", "localhost", "LOCALHOST", "127.127.127.127", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "10.0.0.1", "172.16.0.1",
        "192.168.1.1", "169.254.169.254", "[::ffff:a9fe:a9fe]", "100.64.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1",
        "224.0.0.1", "255.255.255.255", "240.0.0.1", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
        "[2002:7f00:1::]", "[2002:a9fe:a9fe::1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
        "192.0.0.192", "192.88.99.1", "[64:ff9b:1::a00:1]", "[::ffff:0:7f00:1]", "[fec0::1]", "[5f00::1]", "[3fff::1]",
        "[2001:0:0:0:0:0:80ff:fffe]", "[100::1]", "[2001:db8::1]", "example.com@127.0.0.1",
        "example.com:80@127.0.0.1", "user:secret@[::1]",
    ],
)  # fmt: skip
def test_private_addresses_are_not_fetched_however_they_are_spelt(no_network, host):
    with pytest.raises(ImageUnusable):
        fetch.image(f"http://{host}/mug.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/mug.jpg", "gopher://127.0.0.1:11211/_stats",
        "data:image/png;base64,iVBORw0KGgo=", "javascript:alert(1)", "//127.0.0.1/mug.jpg", "/mug.jpg", "",
        "http://", "http:///mug.jpg", "http://127.0.0.1:notaport/", "http://[::1/mug.jpg",
        "http://exa mple.invalid/", "http://\x00/", f"http://{'a' * 300}.invalid/",
    ],
)  # fmt: skip
def test_what_is_not_an_address_on_the_web_is_refused(no_network, url):
    with pytest.raises(ImageUnusable):
        fetch.image(url)


def test_a_name_that_also_resolves_to_a_private_address_is_refused(no_network, monkeypatch):
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: both)
    with pytest.raises(ImageUnusable, match="not public"):
        fetch.image("http://rebinding.example/mug.jpg")


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    """However often the name is asked for again, and whatever it says then."""
    answers = iter(["93.184.215.14"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_m: [(2, 1, 6, "", (next(answers), 443))])
    sent: list[httpx2.Request] = []

    class Listener(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            sent.append(request)
            return httpx2.Response(200, content=picture(), request=request)

    http.use_transport(Listener)
    assert fetch.image("https://name:pass@shop.example/mug.jpg?a=1").format == "PNG"
    http.use_transport(None)

    [request] = sent
    assert str(request.url) == "https://93.184.215.14:443/mug.jpg?a=1".replace(":443", "")
    assert request.headers["host"] == "shop.example"
    assert request.extensions["sni_hostname"] == "shop.example"
    assert "authorization" not in request.headers


class Host:
    """An image host on a real port of this machine. `answers` maps a path to (status, headers, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.sent: list[str] = []
        self.drip = 0.0
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                status, more, body = host.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for start in range(0, len(body), 1 if host.drip else 65_536):
                        self.wfile.write(body[start : start + (1 if host.drip else 65_536)])
                        time.sleep(host.drip)
                    host.sent.append(self.path)
                except OSError:
                    pass  # the caller has heard enough

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.port = self.server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hosts(monkeypatch) -> Iterator[tuple[Host, Host]]:
    """An image host that the operator allows, and a neighbor that nobody allowed."""
    allowed, neighbor = Host(), Host()
    monkeypatch.setattr(settings.OPERATOR, "fetch_allow", [f"127.0.0.1:{allowed.port}"])
    http.use_transport(None)
    neighbor.answers["/secret"] = (200, {}, picture())
    yield allowed, neighbor
    allowed.close()
    neighbor.close()
    http.anonymous.cache_clear()


def picture(width: int = 8, height: int = 8, kind: str = "PNG", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(out, kind, **more)
    return out.getvalue()


def test_the_operator_allows_one_port_of_one_host_and_no_other(hosts):
    allowed, neighbor = hosts
    allowed.answers["/mug.png"] = (200, {}, picture())

    assert fetch.image(f"{allowed.address}/mug.png").width == 8
    for elsewhere in (
        f"http://127.0.0.1:{neighbor.port}/secret",
        f"http://localhost:{allowed.port}/mug.png",
        f"http://127.0.0.2:{allowed.port}/mug.png",
        f"http://127.0.0.1:{allowed.port}@127.0.0.1:{neighbor.port}/secret",
        f"http://127.0.0.1:{neighbor.port}/secret#@127.0.0.1:{allowed.port}/",
        f"http://127.0.0.1:{neighbor.port}\\@127.0.0.1:{allowed.port}/secret",
    ):
        with contextlib.suppress(ImageUnusable, PlatformDown):
            fetch.image(elsewhere)
    assert neighbor.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_to_private_addresses_are_not_followed(hosts, status):
    allowed, neighbor = hosts
    targets = [
        f"http://127.0.0.1:{neighbor.port}/secret",
        f"//127.0.0.1:{neighbor.port}/secret",
        f"http://[::ffff:7f00:1]:{neighbor.port}/secret",
        f"http://2130706433:{neighbor.port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://[::1/",
        "//",
    ]
    for number, to in enumerate(targets):
        allowed.answers[f"/{number}"] = (status, {"location": to}, b"")
        with pytest.raises(ImageUnusable):
            fetch.image(f"{allowed.address}/{number}")
    assert neighbor.asked == []


def test_redirects_are_followed_where_they_may_go_and_not_for_ever(hosts):
    allowed, _neighbor = hosts
    allowed.answers["/moved"] = (302, {"location": "/mug.png"}, b"")
    allowed.answers["/mug.png"] = (200, {}, picture())
    allowed.answers["/loop"] = (302, {"location": "/loop"}, b"")

    assert fetch.image(f"{allowed.address}/moved").format == "PNG"
    with pytest.raises(ImageUnusable, match="too often"):
        fetch.image(f"{allowed.address}/loop")
    assert allowed.asked.count("/loop") == fetch.MAX_REDIRECTS + 1


def test_a_large_answer_is_cut_off_whether_or_not_it_says_so(hosts):
    allowed, _neighbor = hosts
    allowed.answers["/says"] = (200, {"content-length": str(50 * 2**20)}, b"")
    allowed.answers["/lies"] = (200, {"content-length": str(40 * 2**20)}, bytes(11 * 2**20))
    allowed.answers["/packed"] = (200, {"content-encoding": "gzip"}, zlib.compress(bytes(30 * 2**20), wbits=31))
    for path in ("/says", "/lies", "/packed"):
        with pytest.raises(ImageUnusable):
            fetch.image(f"{allowed.address}{path}")


def test_a_host_that_drips_does_not_hold_a_worker(hosts, monkeypatch):
    allowed, _neighbor = hosts
    monkeypatch.setattr(fetch, "MAX_SECONDS", 0.2)
    allowed.answers["/drip"], allowed.drip = (200, {}, picture(600, 600)), 0.05
    with pytest.raises(PlatformDown):
        fetch.image(f"{allowed.address}/drip")
    assert allowed.asked == ["/drip"]
    assert allowed.sent == []  # to the end it would have taken more than a minute


@pytest.mark.parametrize(
    ("status", "error"), [(404, ImageUnusable), (403, ImageUnusable), (500, PlatformDown), (429, PlatformDown)]
)
def test_an_image_that_is_not_there_is_told_apart_from_a_host_that_fails(hosts, status, error):
    allowed, _neighbor = hosts
    allowed.answers["/mug.png"] = (status, {}, b"no")
    with pytest.raises(error):
        fetch.image(f"{allowed.address}/mug.png")


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *more: bytes) -> bytes:
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + b"".join(more)
        + chunk(b"IDAT", b"x" * 40_000)
        + chunk(b"IEND", b"")
    )


def gif(frames: int) -> bytes:
    one = b"\x21\xf9\x04\0\0\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + one * frames + b";"


def webp(frames: int) -> bytes:
    out = io.BytesIO()
    pictures = [Image.new("RGB", (2, 2), (shade, 0, 0)) for shade in (0, 90, 180)]
    pictures[0].save(out, "WEBP", save_all=True, append_images=pictures[1:], duration=10, lossless=True)
    data = out.getvalue()
    start = data.index(b"ANMF")
    length = struct.unpack("<I", data[start + 4 : start + 8])[0]
    body = data[12:start] + data[start : start + 8 + length + length % 2] * frames
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def test_a_host_that_drips_its_headers_does_not_hold_a_worker_either(hosts, monkeypatch):
    allowed, _neighbor = hosts
    monkeypatch.setattr(fetch, "MAX_SECONDS", 0.5)
    dripped: list[int] = []

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
        try:
            for number in range(100):
                handler.wfile.write(b"a")
                dripped.append(number)
                time.sleep(0.05)
        except OSError:
            pass  # the caller has heard enough

    monkeypatch.setattr(allowed.server.RequestHandlerClass, "do_GET", drip)
    with pytest.raises(PlatformDown, match="too slow"):
        fetch.image(f"{allowed.address}/drip")
    assert len(dripped) < 60  # to the end they would be a hundred


def test_pictures_are_made_smaller_one_at_a_time_and_not_whatever_they_cost(monkeypatch):
    url = "https://shop.example/mug.png"
    large = fetch.inspect(url, png(7_740, 7_740))
    with pytest.raises(ImageUnusable, match="too many to make it smaller"):
        fetch.fitted(url, large, smallest=300, largest=4000)

    at_once, most = [0], [0]
    remade = fetch._remade

    def counted(*args: Any) -> bytes:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.02)
        made = remade(*args)
        at_once[0] -= 1
        return made

    monkeypatch.setattr(fetch, "_remade", counted)
    small = fetch.inspect(url, picture(640, 480))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _n: fetch.fitted(url, small, smallest=300, largest=400), range(4)))
    assert most == [1]
    assert len(set(made)) == 1
    assert Image.open(io.BytesIO(made[0])).size == (400, 300)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "1", "I;16", "CMYK"])
def test_a_picture_of_any_kind_is_made_smaller(mode):
    out = io.BytesIO()
    Image.new(mode, (640, 480)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    found = fetch.inspect("https://shop.example/mug", out.getvalue())

    made = Image.open(io.BytesIO(fetch.fitted("https://shop.example/mug", found, smallest=300, largest=400)))
    assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (400, 300))


@pytest.mark.parametrize(
    ("_case", "data"),
    [
        ("50,000 × 50,000 pixels in 40 KB", png(50_000, 50_000)),
        ("just over the limit of pixels", png(9_000, 9_000)),
        ("one side too long", png(30_000, 10)),
        ("10 MB of zeros", bytes(10 * 2**20)),
        (
            "a comment that unpacks to 200 MB",
            png(500, 500, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200 * 2**20)))),
        ),
        ("an animation of 400,000 frames", gif(400_000)),
        ("an animation of 100,000 frames in WebP", webp(100_000)),
        ("a page named .jpg", b"<!doctype html><html><body onload=alert(1)>"),
        ("an SVG", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("a format we do not send", picture(kind="TIFF")),
        ("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"),
        ("nothing", b""),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)
def test_images_that_would_cost_too_much_are_refused_by_their_header(_case, data):
    start = time.process_time()
    with pytest.raises(ImageUnusable):
        fetch.inspect("https://shop.example/mug.jpg", data)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("data", [gif(2_000), webp(2_000)], ids=["GIF", "WebP"])
def test_of_a_long_animation_no_frame_but_the_first_is_read(data):
    start = time.process_time()
    found = fetch.inspect("https://shop.example/mug", data)
    made = Image.open(io.BytesIO(fetch.fitted("https://shop.example/mug", found, smallest=1, largest=400)))
    assert time.process_time() - start < 0.5
    assert (found.animated, made.format) == (True, "JPEG")


@pytest.mark.parametrize(("kind", "more"), [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("BMP", {}), ("GIF", {})])
def test_good_images_pass(kind, more):
    found = fetch.inspect("https://shop.example/mug", picture(640, 480, kind, **more))
    assert (found.format, found.width, found.height) == (kind, 640, 480)


def test_a_damaged_image_is_a_problem_of_the_image_and_not_of_ours():
    whole = picture(640, 480, "JPEG")
    found = fetch.inspect("https://shop.example/mug.jpg", whole[: len(whole) // 2])
    with pytest.raises(ImageUnusable, match="damaged"):
        fetch.fitted("https://shop.example/mug.jpg", found, smallest=300, largest=400)


# -- the platforms' clocks ------------------------------------------------------------------------------------------

API, ELSEWHERE = "https://api.bigcommerce.com", "https://open-api.tiktokglobalshop.com"


@pytest.fixture
def new_process(standing_clock: None) -> Iterator[None]:
    skew.forget()
    yield
    skew.forget()
    clock.reset()


def date(seconds_ahead: float) -> str:
    return (clock.now() + timedelta(seconds=seconds_ahead)).strftime("%a, %d %b %Y %H:%M:%S GMT")


def ahead(url: str) -> float:
    return (skew.now(url) - clock.now()).total_seconds()


def test_a_platforms_clock_is_learnt_from_its_answers_and_kept_for_other_processes(transactional_db, new_process):
    assert ahead(API) == 0
    skew.learn(f"{API}/stores/abc/v2/store", date(3600))
    assert abs(ahead(API) - 3600) < 2
    assert ahead(ELSEWHERE) == 0

    skew.forget()  # the web's own process makes no calls

    assert abs(ahead(API) - 3600) < 2


@pytest.mark.parametrize("header", [None, "", "yesterday", "Mon, 32 Foo 2026 25:61:00 GMT", "0"])
def test_an_answer_without_a_usable_date_teaches_nothing(transactional_db, new_process, header):
    skew.learn(API, header)
    assert ahead(API) == 0


def test_our_own_clock_may_jump_and_the_platforms_stays(transactional_db, new_process):
    start = clock.now()
    for jump in (86_400, -172_800, 86_400):
        clock.move(jump)
        offset = (start - clock.now()).total_seconds()
        skew.learn(API, date(offset))
        assert abs((skew.now(API) - start).total_seconds()) < 5


def test_a_kept_offset_goes_when_our_clock_was_put_right_and_we_were_started_anew(transactional_db, new_process):
    clock.move(-86_400)
    skew.learn(API, date(86_400))
    assert PlatformClock.objects.get().offset_seconds > 86_000

    clock.reset()
    skew.forget()
    skew.learn(API, date(0))
    skew.forget()

    assert abs(ahead(API)) < 3
