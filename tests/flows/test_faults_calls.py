"""Calls that go wrong (fault catalog, A): whatever an answer does, what must be once is once, and all comes to rest."""

from fnmatch import fnmatch
from itertools import groupby

import httpx2
import pytest
from django.conf import settings

from tests.flows.conftest import MAYA, Wire
from tests.flows.faults import (
    CANCEL,
    CREATE_LISTING,
    CREATE_ORDER,
    EDIT_LISTING,
    HELD_SECONDS,
    SET_ORDER,
    SET_PRICES,
    SET_STOCK,
    SHIP,
    fault,
    ready_to_ship,
    rest,
    ship,
)
from twinshelf.connections import actions as connections
from twinshelf.connections import clients
from twinshelf.kit import clock, http
from twinshelf.kit.models import Budget
from twinshelf.messages import text
from twinshelf.sync.models import Mark, Problem
from twinshelf_sandbox.app import Sandbox
from twinshelf_sandbox.wire import Site

LOST = [
    pytest.param({"action": "drop", "phase": "after"}, id="F01 F02 F03 answer lost"),
    pytest.param({"action": "status", "status": 502, "phase": "after"}, id="F04 5xx after the effect"),
    pytest.param({"action": "delay", "seconds": 60, "phase": "after"}, id="F06 slower than our patience"),
    pytest.param({"action": "truncate", "phase": "after"}, id="F15 answer cut"),
    pytest.param({"action": "body", "status": 200, "body": "<html>Back soon</html>", "phase": "after"}, id="F14 page"),
    pytest.param({"action": "status", "status": 503, "times": 5}, id="F05 5xx before the effect, five times"),
]


@pytest.mark.parametrize("how", LOST)
def test_an_order_is_created_once(sandbox, store, shop, twinshelf, how):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id = shop.buy(("MUG-1", 2))
    fault(sandbox, **CREATE_ORDER, **how)

    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert len(store.effects("order_created")) == 1
    assert twinshelf.order(order_id).creation == "created"
    assert store.act("stock", sku="MUG-1") == 5
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize("how", LOST)
def test_a_product_is_listed_once(sandbox, store, shop, twinshelf, how):
    mug = store.add_product(sku="MUG-1")
    fault(sandbox, **CREATE_LISTING, **how)

    twinshelf.list(mug)
    rest(sandbox, twinshelf)

    assert len(shop.effects("product_created")) == 1
    assert twinshelf.listing(mug).state == "live"
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize("how", LOST)
def test_a_shipment_is_reported_once(sandbox, store, shop, twinshelf, how):
    twinshelf.list(store.add_product(sku="MUG-1"))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    fault(sandbox, **SHIP, **how)

    ship(store, store_order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    [package] = shop.effects("package_shipped")
    assert (package.detail["tracking"], len(package.detail["lines"])) == ("9400111899223100000001", 2)
    assert twinshelf.order(order_id).status == "AWAITING_COLLECTION"
    assert twinshelf.problems() == []


@pytest.mark.parametrize("how", LOST)
def test_a_cancellation_is_passed_on_once(sandbox, store, shop, twinshelf, how):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    fault(sandbox, **CANCEL, **how)

    store.act("cancel_order", order_id=store_order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert len(shop.effects("cancellation")) == 1
    assert twinshelf.order(order_id).status == "CANCELLED"
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize("how", LOST)
def test_a_cancellation_at_tiktok_cancels_the_store_order_once(sandbox, store, shop, twinshelf, how):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 2))
    fault(sandbox, **SET_ORDER, **how)

    sandbox.act("tt.cancel_order", order_id=order_id)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    changes = [e for e in store.effects("order_status") if e.key == store_order_id]
    assert [(e.detail["before"], e.detail["after"]) for e in changes] == [(11, 5)]
    assert store.act("stock", sku="MUG-1") == 7
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


@pytest.mark.parametrize("how", LOST)
def test_price_stock_and_title_arrive(sandbox, store, shop, twinshelf, how):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    for place in (SET_PRICES, SET_STOCK, EDIT_LISTING):
        fault(sandbox, **place, **how)

    store.act("set_price", sku="MUG-1", price="14.50")
    store.act("set_stock", sku="MUG-1", quantity=3)
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


class Counted(Wire):
    """A wire that notes when, in real time, each call to the store went out, and with what status it was answered."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.calls: list[tuple[float, int]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        at, answer = clock.real(), super().handle_request(request)
        if request.url.path.startswith("/stores/"):
            self.calls.append((at, answer.status_code))
        return answer


class Straggler(Wire):
    """A wire on which the first call to one place arrives only when it is let go, long after we stopped waiting."""

    def __init__(self, sandbox: Sandbox, path: str) -> None:
        super().__init__(sandbox.site)
        self._path = path
        self.kept: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.kept or not fnmatch(request.url.path, self._path):
            return super().handle_request(request)
        request.read()
        self.kept.append(request)
        raise httpx2.ReadTimeout("no answer in time", request=request)

    def let_go(self) -> None:
        assert super().handle_request(self.kept[0]).status_code == 200


@pytest.mark.parametrize(
    ("place", "kind", "numbers"),
    [
        pytest.param(SET_STOCK, "stock_set", [(7, 3), (3, 1), (1, 3), (3, 1)], id="F36 stock"),
        pytest.param(
            SET_PRICES,
            "price_set",
            [("12.00", "13.00"), ("13.00", "14.00"), ("14.00", "13.00"), ("13.00", "14.00")],
            id="F36 price",
        ),
    ],
)
def test_an_older_push_that_arrives_behind_a_newer_one_is_set_right_within_minutes(
    *, sandbox, store, shop, twinshelf, place, kind, numbers
):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    clients.PROCESS.close()
    wire = Straggler(sandbox, place["path"])
    http.use_transport(lambda: wire)

    for stock, price in ((3, "13.00"), (1, "14.00")):
        store.act("set_stock", sku="MUG-1", quantity=stock)
        store.act("set_price", sku="MUG-1", price=price)
        twinshelf.settle()
        twinshelf.wait(5)
    wire.let_go()
    twinshelf.wait(310)

    assert [(e.detail["before"], e.detail["after"]) for e in shop.effects(kind)] == numbers
    assert twinshelf.differences() == []
    assert twinshelf.problems() == []


def test_what_succeeded_at_once_is_not_looked_at_again(sandbox, store, shop, twinshelf):
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert not Mark.objects.exists()


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            {
                "action": "status",
                "status": 429,
                "headers": {"retry-after": "20", "x-rate-limit-time-reset-ms": "20000"},
            },
            id="F07 429 with headers",
        ),
        pytest.param({"action": "status", "status": 429}, id="F08 bare 429"),
        pytest.param({"action": "status", "status": 500}, id="F08 500 that means throttling"),
    ],
)
def test_what_is_throttled_waits_and_nothing_is_lost(sandbox, store, shop, twinshelf, how):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    for platform in ("bigcommerce", "tiktok"):
        fault(sandbox, platform=platform, times=3, **how)

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert twinshelf.order(order_id).creation == "created"
    assert len(store.effects("order_created")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f09_a_quota_that_other_apps_eat_up_is_waited_for(sandbox, store, shop, twinshelf, monkeypatch):
    """Other apps make 30 calls beside each of ours: of a window of 150 calls, four are ours.

    Two of those look behind: an order that comes late may have been made before, so the store is searched for it first.
    """
    twinshelf.list(store.add_product(sku="MUG-1", stock=20))
    bought = [shop.buy(("MUG-1", 1)) for _ in range(4)]
    twinshelf.wait(HELD_SECONDS - 120)
    now = [clock.real()]
    monkeypatch.setattr(clock, "real", lambda: now[0])
    sandbox.bigcommerce.real_time = lambda: now[0]
    Budget.objects.all().delete()
    clients.PROCESS.close()
    wire = Counted(sandbox.site)
    http.use_transport(lambda: wire)
    fault(sandbox, platform="bigcommerce", action="quota", code=30, times=None)

    made = []
    for _ in range(8):
        twinshelf.wait(60)
        made.append(len(store.effects("order_created")))
        now[0] += 31

    assert {twinshelf.order(order_id).creation for order_id in bought} == {"created"}
    assert made[-1] == len(bought)
    assert any(0 < some < len(bought) for some in made), made  # one window was too small for all
    windows = [[status for _at, status in calls] for _at, calls in groupby(wire.calls, key=lambda call: call[0])]
    assert max(map(len, windows)) >= 4
    for statuses in windows:
        assert 429 not in statuses[:-1], statuses  # nothing is sent into a window that is known to be used up
    refused = [429 in statuses for statuses in windows]
    assert not any(all(refused[at : at + 3]) for at in range(len(refused) - 2))

    sandbox.faults.clear()
    rest(sandbox, twinshelf)
    assert store.act("stock", sku="MUG-1") == 16
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f10_a_refusal_in_a_200_is_told_and_a_passing_one_is_tried_again(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    fault(sandbox, **SET_STOCK, action="envelope", code=36009003, message="Internal error")
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    twinshelf.wait(60)
    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]

    fault(sandbox, **SET_STOCK, action="envelope", code=12052999, message="The world is not ready")
    store.act("set_stock", sku="MUG-1", quantity=2)
    twinshelf.wait(60)

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]
    [problem] = Problem.objects.filter(closed_at=None)
    assert (problem.key, problem.code) == (str(mug), "E-PLATFORM")
    assert "The world is not ready" in text(problem)


def test_f11_of_items_in_one_call_the_good_ones_take_effect_and_the_bad_one_arrives_later(
    sandbox, store, shop, twinshelf
):
    boxes = store.add_product(
        sku="BOX",
        inventory_tracking="variant",
        variants=[
            {
                "sku": f"BOX-{size}",
                "inventory_level": 9,
                "option_values": [{"option_display_name": "Size", "label": size}],
            }
            for size in ("S", "M")
        ],
    )
    twinshelf.list(boxes)
    fault(sandbox, **SET_STOCK, action="partial")

    store.act("set_stock", sku="BOX-S", quantity=4)
    store.act("set_stock", sku="BOX-M", quantity=5)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert {(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")} == {
        ("BOX-S", 4),
        ("BOX-M", 5),
    }
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f13_a_poisoned_item_fails_alone(sandbox, store, shop, twinshelf):
    mug, jar = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="JAR-1", title="Pantry jar", stock=7)
    twinshelf.list(mug, jar)
    poisoned = twinshelf.listing(mug).tiktok_id
    fault(
        sandbox,
        platform="tiktok",
        method="POST",
        path="/product/*/inventory/search",
        contains=poisoned,
        action="envelope",
        code=12052999,
        message="Something in here is wrong",
        times=None,
    )

    store.act("set_stock", sku="MUG-1", quantity=3)
    store.act("set_stock", sku="JAR-1", quantity=4)
    twinshelf.settle()

    assert [(e.detail["seller_sku"], e.detail["after"]) for e in shop.effects("stock_set")] == [("JAR-1", 4)]
    assert twinshelf.problems() == [(str(mug), "E-PLATFORM")]

    rest(sandbox, twinshelf)

    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f16_keys_of_tomorrow_disturb_no_flow(sandbox, store, shop, twinshelf):
    store.act("set_switch", name="extra_keys", value=1.0)
    twinshelf.list(store.add_product(sku="MUG-1", stock=7))
    _order_id, store_order_id = ready_to_ship(shop, twinshelf, ("MUG-1", 1))

    ship(store, store_order_id)
    twinshelf.settle()

    assert len(shop.effects("package_shipped")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f17_a_store_token_revoked_in_the_middle_holds_the_work_until_it_is_connected_again(
    sandbox, store, shop, twinshelf
):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 2))
    twinshelf.settle()
    fault(sandbox, **CREATE_ORDER, action="revoke")

    twinshelf.wait(HELD_SECONDS)
    assert ("*", "E-CON-AUTH") in twinshelf.problems()
    assert store.effects("order_created") == []

    keys = sandbox.act("bc.create_api_account", hash=store.hash, name="Twinshelf again")
    connections.connect_store(
        twinshelf.account, store_hash_or_url=store.hash, access_token=keys["access_token"], by=MAYA
    )
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert twinshelf.order(order_id).creation == "created"
    assert len(store.effects("order_created")) == 1
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f17_an_authorization_that_ends_in_the_middle_holds_the_work_until_it_is_given_again(
    sandbox, store, shop, twinshelf
):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    fault(sandbox, **SET_STOCK, action="revoke")

    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()
    assert ("*", "E-CON-AUTH") in twinshelf.problems()

    code = sandbox.act("tt.authorize", app_key=settings.OPERATOR.tiktok_app_key, seller=shop.seller)
    connections.authorize_shops(twinshelf.account, code, by=MAYA)
    twinshelf.settle()
    rest(sandbox, twinshelf)

    assert [e.detail["after"] for e in shop.effects("stock_set")] == [3]
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f18_a_scope_that_was_not_granted_stops_one_feature_and_no_other(sandbox, store, shop, twinshelf):
    mug = store.add_product(sku="MUG-1", stock=7)
    twinshelf.list(mug)
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()
    fault(
        sandbox,
        **CREATE_ORDER,
        action="status",
        status=403,
        body='[{"status":403,"message":"Your credentials do not have the required scopes."}]',
        times=None,
    )

    twinshelf.wait(HELD_SECONDS)
    store.act("set_stock", sku="MUG-1", quantity=3)
    twinshelf.settle()

    assert (order_id, "E-CON-SCOPE") in twinshelf.problems()
    assert shop.effects("stock_set")[-1].detail["after"] == 2  # one is sold


@pytest.mark.parametrize("platform", ["bigcommerce", "tiktok"])
def test_f19_a_platform_that_is_away_for_half_an_hour_is_caught_up_with(sandbox, store, shop, twinshelf, platform):
    mug = store.add_product(sku="MUG-1", price="12.00", stock=7)
    twinshelf.list(mug)
    first = shop.buy(("MUG-1", 1))
    twinshelf.wait(HELD_SECONDS - 900)
    away = fault(sandbox, platform=platform, action="status", status=503, times=None)

    second = shop.buy(("MUG-1", 1))
    store.act("set_price", sku="MUG-1", price="13.00")
    twinshelf.wait(1800)
    sandbox.faults.rules.remove(away)
    twinshelf.wait(HELD_SECONDS)
    rest(sandbox, twinshelf)

    assert [twinshelf.order(i).creation for i in (first, second)] == ["created", "created"]
    assert len(store.effects("order_created")) == 2
    assert store.act("stock", sku="MUG-1") == 5
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []


def test_f19_a_day_without_us_is_caught_up_with(sandbox, store, shop, twinshelf):
    mug, jar = store.add_product(sku="MUG-1", stock=7), store.add_product(sku="JAR-1", title="Pantry jar", stock=7)
    twinshelf.list(mug, jar)
    shipped_order, shipped = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    cancelled_order, cancelled = ready_to_ship(shop, twinshelf, ("MUG-1", 1))
    sandbox.outbox.send = lambda _url, _headers, _body, _timeout: 0  # nobody is there

    bought = shop.buy(("JAR-1", 2))
    ship(store, shipped)
    store.act("cancel_order", order_id=cancelled)
    store.act("set_price", sku="JAR-1", price="13.00")
    store.act("edit_product", product_id=mug, name="Enamel mug, blue")
    sandbox.advance(3 * 86_400)
    twinshelf.wait(1)
    rest(sandbox, twinshelf)

    assert twinshelf.order(bought).creation == "created"
    assert twinshelf.order(cancelled_order).status == "CANCELLED"
    assert [p.detail["tracking"] for p in shop.effects("package_shipped")] == ["9400111899223100000001"]
    assert twinshelf.order(shipped_order).status == "AWAITING_COLLECTION"
    assert len(store.effects("order_created")) == 3
    assert twinshelf.problems() == []
    assert twinshelf.differences() == []
