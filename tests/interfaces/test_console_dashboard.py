"""The first page: its numbers equal the lists behind them, and it says what needs a person."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from twinshelf.connections.models import AccessState, Connection, Store
from twinshelf.console.templatetags.console import times
from twinshelf.console.views.dashboard import REASONS_SHOWN
from twinshelf.console.words import TASK_KINDS
from twinshelf.goods.models import StoreProduct
from twinshelf.kit import clock
from twinshelf.messages import MESSAGES
from twinshelf.orders.models import ShopOrderRow
from twinshelf.sync.models import Problem, Task


def test_every_number_equals_the_list_that_it_links_to(console):
    page = console.get("/")

    for name, _word, count in page["buckets"]:
        assert f"/products/?state={name}" in page.links
        assert console.get(f"/products/?state={name}")["page"].total == count, name
    for name, _word, count in page["stages"]:
        assert f"/orders/?tab={name}" in page.links
        assert console.get(f"/orders/?tab={name}")["page"].total == count, name


@pytest.mark.covers("CED-27")
def test_the_bar_of_states_has_their_proportions_and_says_them_in_words(console):
    page = console.get("/")

    counts = {name: count for name, _word, count in page["buckets"]}
    assert sum(counts.values()) == 60
    assert {s.name: s.count for s in page["segments"]} == {name: count for name, count in counts.items() if count}
    assert sum(s.width for s in page["segments"]) == pytest.approx(100, abs=0.05)
    assert f'aria-label="{counts["live"]} live, {counts["reviewing"]} in review' in page.html


@pytest.mark.covers("CED-25", "CED-157")
def test_sales_are_the_orders_of_the_span_by_currency_without_unpaid_and_cancelled_ones(console):
    since = clock.now() - timedelta(days=7)
    expected: dict[str, Decimal] = {}
    for row in ShopOrderRow.objects.filter(placed_at__gte=since).exclude(status__in=["UNPAID", "CANCELLED"]):
        expected[row.currency] = expected.get(row.currency, Decimal(0)) + row.total

    span = console.get("/")["span"]

    assert set(expected) == {"USD", "GBP"}
    assert {sale.currency: sale.total.quantize(Decimal("0.01")) for sale in span.sales} == expected
    assert console.get("/?days=30")["span"].orders > span.orders
    assert console.get("/?days=5")["days"] == 7  # not a span that is offered


def test_the_chart_has_a_table_with_the_same_numbers(console):
    page = console.get("/")

    by_day = [sum(counts) for _day, counts in page["table"]]
    assert len(by_day) == 14
    assert [bar.total for bar in page["chart"].bars] == by_day
    assert sum(console.get("/?days=30")["table"][-1][1]) == by_day[-1]
    assert "Show as table" in page


def test_the_first_line_says_what_the_last_full_check_found(console):
    assert "1 difference in 424 comparisons. 6 not compared." in console.get("/")

    newest = Task.objects.filter(kind="prove").order_by("id")[0]
    newest.cursor["report"]["differences"] = []
    newest.save()
    assert "no difference in 424 comparisons." in console.get("/")

    Task.objects.filter(kind="prove").delete()
    assert "No full check has run yet." in console.get("/")


def test_the_tile_counts_every_difference_and_missing_orders_come_first(console, world):
    Task.objects.filter(kind="prove").delete()
    missing = [{"kind": "order_missing", "key": str(n), "text": "BigCommerce does not have it."} for n in range(3)]
    report = {
        "at": clock.now().isoformat(),
        "compared": 558,
        "differences": [*missing, {"kind": "title", "key": "1001", "text": "The title differs."}],
    }
    check = Task.objects.create(
        account=world.account, kind="prove", title="Check everything on Fernhollow US", state="completed",
        owner=f"connection:{world.us.id}", cursor={"report": report}, created_at=clock.now(),
    )  # fmt: skip

    page = console.get("/")

    assert "4 differences in 558 comparisons." in page
    assert "Differences found 4 in 558 comparisons" in page
    assert 'class="kpi bad"' in page.html
    first, second = page["attention"][:2]
    assert (first.sentence, first.url) == ("2 orders could not be created in BigCommerce", "/orders/?tab=failed")
    assert (second.sentence, second.url) == ("1 paid order is missing in BigCommerce", f"/activity/{check.id}/")
    assert (first.tone, second.tone) == ("bad", "bad")


def test_what_needs_a_person_is_grouped_by_cause_with_one_button_to_the_list(console, world):
    page = console.get("/")

    rows = {row.sentence: row for row in page["attention"]}
    row = rows["5 products miss a required attribute"]
    assert (row.cause, row.button) == ("Missing required attributes: Material.", "View 5 products")
    assert console.get(row.url)["page"].total == 5
    assert rows["2 orders could not be created in BigCommerce"].url == "/orders/?tab=failed"
    assert rows["Fernhollow UK: access ends in 9 days"].tone == "warn"
    assert [row.tone for row in page["attention"]] == sorted(row.tone for row in page["attention"])  # bad before warn
    stopped = rows["TikTok stopped 1 product"]
    assert f"shop={world.us.id}" in stopped.url  # it is in one shop only


def test_reasons_beyond_the_first_ones_are_folded_away_and_deadlines_never_are(console, world):
    lane = Problem.objects.filter(code="E-LST-REVIEW")[0].lane
    for code in list(MESSAGES)[:8]:
        Problem.objects.create(account=world.account, lane=lane, key="1", code=code, opened_at=clock.now())

    page = console.get("/")

    assert [row for row in page["attention"] if row not in page["folded"]] == page["shown"]
    assert len(page["folded"]) > 8 - REASONS_SHOWN
    assert f"Show {len(page['folded'])} more reasons" in page
    assert "Fernhollow UK: access ends in 9 days" in {row.sentence for row in page["shown"]}


def test_nothing_needs_a_person_once_all_is_solved(console):
    ShopOrderRow.objects.filter(creation="failed").update(creation="created")
    Problem.objects.update(closed_at=clock.now())
    ShopOrderRow.objects.filter(status="AWAITING_SHIPMENT").update(ship_by=clock.after(86_400 * 3))
    for connection in Connection.objects.select_related("shop__seller"):
        connection.shop.seller.refresh_expires_at = clock.after(86_400 * 90)
        connection.shop.seller.save()

    page = console.get("/")

    assert page["attention"] == []
    assert "Nothing needs you right now. Last check" in page


def test_a_shop_whose_authorization_ended_is_said_to_need_it_again(console, world):
    world.us.shop.seller.state = AccessState.DISCONNECTED
    world.us.shop.seller.save()

    page = console.get("/")

    assert "Fernhollow US: access has ended" in page
    assert "Reauthorize" in page


def test_orders_that_are_due_are_told_with_the_zone_that_the_time_is_in(console):
    ShopOrderRow.objects.filter(status="AWAITING_SHIPMENT").update(ship_by=clock.after(3 * 3600))

    row = next(row for row in console.get("/")["attention"] if "must ship" in row.sentence)

    assert row.sentence.endswith("orders must ship in the next 4 hours")
    assert "(Chicago time)" in row.cause
    assert "sort=ship_by" in row.url


def test_buyers_who_wait_for_an_answer_to_a_request_to_cancel_are_told_and_listed(console):
    assert not [row for row in console.get("/")["attention"] if "cancel" in row.sentence]
    first, second = ShopOrderRow.objects.filter(status="AWAITING_SHIPMENT").order_by("id")[:2]
    ShopOrderRow.objects.filter(id=first.id).update(asks_to_cancel=True)
    assert "1 buyer asks to cancel" in console.get("/")
    ShopOrderRow.objects.filter(id=second.id).update(asks_to_cancel=True)

    row = next(row for row in console.get("/")["attention"] if "cancel" in row.sentence)

    assert (row.tone, row.sentence, row.button) == ("bad", "2 buyers ask to cancel", "View 2 orders")
    page = console.get(row.url)
    assert {order.id for order in page["page"].rows} == {first.id, second.id}
    assert "The buyer asks to cancel" in page


def test_running_tasks_are_asked_for_again_only_while_there_are_any(console, world):
    page = console.get("/running/", hx_request="true")
    assert 'hx-trigger="every 2s"' in page.html
    assert "List 48 products on Fernhollow US 30 / 48" in page
    assert "27 done, 3 failed so far" in page

    Task.objects.filter(id=world.running.id).update(
        state="completed", finished_at=clock.now(), summary="45 done, 3 failed"
    )
    page = console.get("/running/", hx_request="true")
    assert "every 2s" not in page.html
    assert "List 48 products on Fernhollow US 3 failed 45 done, 3 failed" in page  # and not "Done"


def test_sync_now_reads_both_sides_and_tells_what_it_started(console, world):
    page = console.post("/sync/")

    started = Task.objects.filter(state="queued").order_by("id")
    assert [task.kind for task in started] == ["pull", "fetch_orders", "fetch_orders"]
    with timezone.override(ZoneInfo(world.owner.time_zone)):
        assert page.told == [f"Started: {times(task.title)}. Follow it" for task in started]
    assert console.get("/sync/").status == 405


def test_a_full_check_is_a_task_for_every_connection(console, world):
    console.post("/check/")

    owners = Task.objects.filter(kind="prove", state="queued").values_list("owner", flat=True)
    assert set(owners) == {f"connection:{world.us.id}", f"connection:{world.uk.id}"}


def test_nothing_of_another_account_is_on_it(console, other):
    before = console.get("/")
    other.store.name = "Rival store"

    assert before["counts"]["all"] == 60
    assert before["span"].orders == console.get("/")["span"].orders
    assert "Rival" not in before.html
    assert len(before["connections"]) == 2


def test_the_first_visit_shows_the_steps_of_setting_up(console):
    Store.objects.all().delete()

    page = console.get("/")

    assert "Welcome to Twinshelf" in page
    assert "1 of 3 done" in page  # the shops are authorized still


def test_a_search_goes_straight_to_the_one_thing_it_finds(console, world):
    row = world.orders[20]
    for text in (row.order_id, f"#{row.store_order_id}"):
        response = console.client.get("/search/", {"q": text})
        assert response.headers["Location"] == f"/orders/{row.pk}/"

    page = console.get("/search/?q=linen")
    assert [p.title for p in page["products"]][:1] == ["Linen Storage Basket, Large – Set of 2"]
    assert "Nothing found" in console.get("/search/?q=nowhere-to-be-found")


@pytest.mark.covers("SILK-21")
def test_each_submitted_action_is_a_task_on_the_dashboard_with_number_type_who_when_and_progress(console, world):
    product = StoreProduct.objects.earliest("pk")
    Task.objects.exclude(id=world.running.id).delete()
    asked = {
        "ask_listing": ("/products/do/list/", {"product": [product.pk], "shop": world.us.id}),
        "ask_stock": ("/products/do/sync/", {"product": [product.pk], "shop": world.us.id}),
        "pull": ("/products/pull/", {"what": "all"}),
        "fetch_orders": ("/orders/fetch/", {}),
    }
    for kind, (path, form) in asked.items():
        before = Task.objects.count()
        console.post(path, form)
        made = Task.objects.latest("id")
        assert (Task.objects.count() > before, made.kind, made.by) == (True, kind, world.owner), kind

        block = console.get("/").html.partition(f'href="/activity/{made.id}/"')[2].partition("</li>")[0]
        words = " ".join(re.sub(r"<[^>]+>", " ", block).split())
        assert f"{TASK_KINDS[kind]} · no. {made.id} · Maya Ortiz · just now" in words
        assert f'title="{made.created_at:%Y-%m-%d %H:%M:%S} UTC"' in block
        assert 'role="progressbar"' in block
        assert re.search(r"\b0\b", words), words  # of so many, nothing yet
        Task.objects.filter(id=made.id).update(
            state="completed", succeeded=2, failed=1, total=3, summary="2 done, 1 failed",
            created_at=clock.now() - timedelta(hours=20), started_at=clock.after(-40), finished_at=clock.now(),
        )  # fmt: skip
        ended = console.get("/").html.partition(f'href="/activity/{made.id}/"')[2].partition("</li>")[0]
        words = " ".join(re.sub(r"<[^>]+>", " ", ended).split())
        assert "1 failed 2 done, 1 failed" in words
        assert f"{TASK_KINDS[kind]} · no. {made.id} · Maya Ortiz · 20 hours ago" in words
        Task.objects.filter(id__gte=made.id).delete()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (10, "just now"), (60, "1 min ago"), (3540, "59 min ago"), (3600, "1 hour ago"), (20 * 3600, "20 hours ago"),
        (86_340, "23 hours ago"), (86_400, "1 day ago"), (4 * 86_400, "4 days ago"),
    ],
)  # fmt: skip
def test_the_age_of_a_task_is_told_everywhere_and_its_moment_on_pointing_at_it(console, world, seconds, words):
    at = clock.after(-seconds)
    task = Task.objects.create(
        account=world.account, kind="pull", title="Pull all", state="completed", by=world.owner, created_at=at,
        finished_at=at, owner=f"store:{world.store.id}",
    )  # fmt: skip
    Task.objects.exclude(id=task.id).delete()

    for path in ("/", "/activity/"):
        block = console.get(path).html.partition(f'href="/activity/{task.id}/"')[2].partition("</li>")[0]
        assert re.search(rf'title="{at:%Y-%m-%d %H:%M:%S} UTC">\s*{words}<', block), path
