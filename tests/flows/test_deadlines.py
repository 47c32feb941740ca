"""The page Deadlines and the dashboard, while time passes on both sides."""

from __future__ import annotations

import io
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.browser import Browser, words_of
from twinshelf.cli import deadlines as command
from twinshelf.connections.models import Seller, Store
from twinshelf.kit import clock
from twinshelf.orders.deadlines import queries
from twinshelf.orders.deadlines.plan import DeadlineKind, Span
from twinshelf.orders.deadlines.queries import DeadlineFilter
from twinshelf.orders.models import CancelRequestRow, ReturnRow

HOUR, DAY = 3600, 86_400


@pytest.fixture
def browser(sandbox, store, twinshelf) -> Browser:
    store.add_product(sku="MUG-1", title="Enamel mug", price="20.00", stock=50)
    twinshelf.list()
    Store.objects.update(time_zone="America/Chicago")
    # Noon in Chicago: what is due in a few hours is due on the same day.
    now = datetime.fromtimestamp(sandbox.world.clock.now(), UTC)
    twinshelf.wait((now.replace(hour=18, minute=0, second=0) + timedelta(days=1) - now).total_seconds())
    return Browser()


def listed(browser: Browser, query: str = "") -> list[tuple[str, str, str]]:
    """(what, about, span) of each line, as the page lists them."""
    lines = browser.get(f"/orders/deadlines/{query}").context["lines"]
    return [(line.due.kind.value, line.due.name, line.due.span.value) for line in lines]


def counts(browser: Browser) -> dict[str, int]:
    return {name: number for name, _word, number in browser.get("/orders/deadlines/").context["tabs"]}


def world_of(shop: Any, order_id: str) -> dict[str, Any]:
    return shop._sandbox.world.table(f"tt/{shop.id}/orders")[order_id]  # type: ignore[no-any-return]


def attention(browser: Browser) -> list[str]:
    return [row.sentence for row in browser.get("/").context["attention"]]


@pytest.mark.covers("BEY-07")
def test_every_clock_is_listed_the_nearest_first_told_when_it_is_near_and_gone_when_it_is_met(
    browser, sandbox, shop, twinshelf
):
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.settle()

    # The hold of a paid order, until TikTok lets it go.
    held_until = datetime.fromtimestamp(world_of(shop, order_id)["paid_time"] + HOUR, UTC)
    assert listed(browser) == [("hold", order_id, "today")]
    [line] = browser.get("/orders/deadlines/").context["lines"]
    assert line.due.at == held_until
    twinshelf.wait(HOUR + 60)

    # Then it must ship, by the moment that TikTok names.
    assert listed(browser) == [("ship", order_id, line_span(shop, order_id))]
    [line] = browser.get("/orders/deadlines/").context["lines"]
    assert line.due.at == datetime.fromtimestamp(world_of(shop, order_id)["rts_sla_time"], UTC)
    assert not [told for told in attention(browser) if "must ship" in told]

    # A buyer who asks to cancel waits for an answer; another one for the decision of a return.
    asking = shop.buy(("MUG-1", 1))
    returned = shop.buy(("MUG-1", 1))
    twinshelf.wait(HOUR + 60)
    sandbox.act("tt.ship_order", order_id=returned)
    sandbox.act("tt.deliver", order_id=returned)
    sandbox.act("shopper.return_request", order_id=returned, kind="REFUND")
    twinshelf.settle()
    twinshelf.wait(HOUR)
    sandbox.act("shopper.cancel", order_id=asking)
    twinshelf.settle()

    request, back = CancelRequestRow.objects.get(waiting=True), ReturnRow.objects.get()
    expected = [
        ("ship", order_id, line.due.at),
        ("ship", asking, datetime.fromtimestamp(world_of(shop, asking)["rts_sla_time"], UTC)),
        ("cancellation", asking, request.deadline),
        ("return", returned, back.deadline),
    ]
    found = browser.get("/orders/deadlines/").context["lines"]
    assert [(each.due.kind.value, each.due.name, each.due.at) for each in found] == sorted(
        expected, key=lambda each: (each[2], each[0])
    )
    assert [each.url for each in found if each.due.kind is DeadlineKind.RETURN] == [f"/returns/{back.pk}/"]
    assert listed(browser, "?type=cancellation") == [("cancellation", asking, "later")]
    assert {"1 buyer asks to cancel", "1 return needs your decision"} <= set(attention(browser))
    told = next(row for row in browser.get("/").context["attention"] if "to cancel" in row.sentence)
    assert "The first is decided after" in told.cause

    # Two hours before the first must ship the dashboard says so; a moment after it is late.
    left = (line.due.at - clock.now()).total_seconds()
    twinshelf.wait(left - 2 * HOUR)
    assert [told for told in attention(browser) if "must ship in the next" in told]
    assert ("ship", order_id, "today") in listed(browser, "?tab=today")
    assert counts(browser)["late"] == 0
    twinshelf.wait(2 * HOUR)
    assert ("ship", order_id, "late") in listed(browser, "?tab=late")
    assert [told for told in attention(browser) if "must ship now" in told]
    page = words_of(browser.get("/orders/deadlines/?tab=late").content.decode())
    assert "Chicago time" in page
    assert f"{order_id} Ship US" in page

    # What is done is due no more.
    sandbox.act("tt.ship_order", order_id=order_id)
    sandbox.act("tt.reject_cancellation", cancel_id=request.cancel_id)
    twinshelf.settle()
    twinshelf.wait(601)
    assert order_id not in {about for _kind, about, _span in listed(browser)}
    assert "cancellation" not in {kind for kind, *_rest in listed(browser)}
    assert sum(number for name, number in counts(browser).items() if name != "all") == counts(browser)["all"]


def line_span(shop: Any, order_id: str) -> str:
    """Where the moment that TikTok names stands, seen from Chicago at one in the afternoon."""
    days = (datetime.fromtimestamp(world_of(shop, order_id)["rts_sla_time"], UTC) - timedelta(hours=6)).date()
    today = (datetime.fromtimestamp(shop._sandbox.world.clock.now(), UTC) - timedelta(hours=6)).date()
    return {0: "today", 1: "tomorrow"}.get((days - today).days, "later")


def test_pages_are_counted_and_cut_right_and_other_connections_filtered_out(browser, shop, twinshelf):
    for _ in range(5):
        shop.buy(("MUG-1", 1))
    twinshelf.wait(HOUR + 60)
    chosen = [twinshelf.connection]

    whole = queries.deadlines(DeadlineFilter(), chosen)
    parts = [queries.deadlines(DeadlineFilter(number=number, size=2), chosen).page for number in (1, 2, 3, 9)]

    assert [each.pk for part in parts[:3] for each in part.rows] == [each.pk for each in whole.page.rows]
    assert [(part.number, part.total, len(part.rows)) for part in parts] == [(1, 5, 2), (2, 5, 2), (3, 5, 1), (3, 5, 1)]
    assert queries.deadlines(DeadlineFilter(connection_id=twinshelf.connection.id + 1), chosen).page.rows == ()
    assert queries.deadlines(DeadlineFilter(), []).page.rows == ()
    assert set(whole.counts) == set(Span)
    assert queries.deadlines(DeadlineFilter(kind=DeadlineKind.SHIP, span=Span.LATE), chosen).page.total == 0


@pytest.mark.covers("BEY-07")
def test_access_that_ends_is_listed_30_days_before_and_not_earlier(browser):
    Seller.objects.update(refresh_expires_at=clock.now() + timedelta(days=30, minutes=1))
    assert listed(browser) == []
    Seller.objects.update(refresh_expires_at=clock.now() + timedelta(days=30))
    assert listed(browser) == [("authorization", "Fernhollow US", "later")]
    Seller.objects.update(refresh_expires_at=clock.now() + timedelta(days=3))
    assert [told for told in attention(browser) if "access ends in" in told]

    for query in ("?tab=nothing", "?type=x&shop=x", "?shop=999&page=-1&per=0", "?page=99999999999"):
        assert len(listed(browser, query)) == 1, query  # what is not there is not asked for
    assert listed(browser, "?tab=late") == []


def test_the_command_lists_them_and_ends_with_1_where_something_is_late(browser, shop, twinshelf):
    order_id = shop.buy(("MUG-1", 1))
    twinshelf.wait(HOUR + 60)

    out = io.StringIO()

    @contextmanager
    def opened(_name):
        yield twinshelf.account, twinshelf.connection

    app = typer.Typer()
    app.callback()(lambda: None)
    command.mount(app, Console(file=out, width=200), opened)
    soon = CliRunner().invoke(app, ["deadlines", "--json"])
    told = json.loads(soon.stdout)
    assert soon.exit_code == 0
    assert [(each["what"], each["about"], each["shop"]) for each in told] == [("ship", order_id, "US")]
    assert told[0]["due"] == datetime.fromtimestamp(world_of(shop, order_id)["rts_sla_time"], UTC).isoformat()
    twinshelf.wait(7 * DAY)
    assert CliRunner().invoke(app, ["deadlines"]).exit_code == 1
    assert re.search(rf"Ship +│ {order_id} │ US +│ \S+ \S+ C[SD]T │ late", out.getvalue())
