"""Tasks with every item, problems by reason, webhooks, changes."""

from __future__ import annotations

import csv
import io

import pytest

from twinshelf.kit import clock
from twinshelf.kit.csv_files import cell
from twinshelf.sync import queries
from twinshelf.sync.models import InboxEvent, Lane, Mark, Problem, Task, TaskItem


def test_running_tasks_come_first_with_their_progress(console, world):
    page = console.get("/activity/")

    assert [task for task, _progress in page["running"]] == [world.running]
    progress = page["running"][0][1]
    assert (progress.done, progress.total, progress.percent, progress.failed) == (30, 48, 62, 3)
    assert world.running not in page["page"].rows
    assert 'aria-valuenow="62"' in page.html
    assert "Timetable" in page  # a task that nobody asked for


def test_progress_tells_the_pace_and_the_time_that_is_left(world, standing_clock):
    task = world.running
    task.started_at = clock.after(-60)

    progress = queries.progress(task)

    assert progress.per_minute == 30
    assert progress.seconds_left == 36
    task.total = None
    assert queries.progress(task).seconds_left is None
    task.state, task.started_at = "queued", None
    assert queries.progress(task).per_minute is None


@pytest.mark.covers("SILK-22", "SILK-48")
def test_a_task_with_failures_is_not_called_done(console):
    task = Task.objects.get(title="List 25 products on Fernhollow UK")

    page = console.get(f"/activity/{task.id}/")

    assert "2 failed" in page.text.partition("Items")[0]
    assert "Done" not in page.text.partition("Items")[0]
    assert [(name, count) for name, _word, count in page["pills"]] == [
        ("", 25), ("waiting", 0), ("succeeded", 23), ("failed", 2), ("skipped", 0),
    ]  # fmt: skip
    failed = console.get(f"/activity/{task.id}/?state=failed")
    assert [item.text for item in failed["page"].rows] == [
        "=cmd|' /C calc'!A0",
        "Image 1 cannot be read or has an unsupported format.",
    ]
    assert "Linen Storage Basket, Large – Set of 2 Listing 1000 Failed" in failed


def test_every_item_leads_to_its_product(console, world):
    page = console.get(f"/activity/{world.running.id}/")

    assert f"/products/{world.products[0].pk}/" in page.links


def test_the_file_has_every_item_and_no_formula(console):
    task = Task.objects.get(title="List 25 products on Fernhollow UK")

    response = console.client.get(f"/activity/{task.id}/items.csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))

    assert response.headers["Content-Disposition"] == f'attachment; filename="twinshelf-task-{task.id}.csv"'
    assert len(rows) == 25
    assert rows[0] == {
        "kind": "listing",
        "id": "1000",
        "name": "Linen Storage Basket, Large – Set of 2",
        "outcome": "failed",
        "text": "'=cmd|' /C calc'!A0",
    }


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM(A1)",
        " =1",
        "\u3000=1",
    ],
)
def test_a_cell_is_never_a_formula(text):
    assert cell(text) == f"'{text}"
    assert cell("a plain text = 1") == "a plain text = 1"


def test_the_file_of_a_task_as_large_as_it_gets_is_read_little_by_little(console, world, django_assert_max_num_queries):
    lane = world.lane("listing", world.us)
    TaskItem.objects.bulk_create(
        TaskItem(account=world.account, task=world.running, lane=lane, key=str(50_000 + n)) for n in range(2500)
    )

    with django_assert_max_num_queries(25):
        response = console.client.get(f"/activity/{world.running.id}/items.csv")
        assert response.getvalue().count(b"\n") == 2549


def test_a_task_page_asks_for_its_progress_while_it_runs_and_reloads_when_it_has_ended(console, world):
    path = f"/activity/{world.running.id}/"
    assert 'hx-trigger="every 2s"' in console.get(path).html

    Task.objects.filter(id=world.running.id).update(state="completed", finished_at=clock.now())
    part = console.get(path, hx_request="true")

    assert "<html" not in part.html
    assert "every 2s" not in part.html
    assert "data-ended" in part.html
    assert "every 2s" not in console.get(path).html


def test_a_running_task_can_be_cancelled_and_an_ended_one_not(console, world):
    page = console.post(f"/activity/{world.running.id}/cancel/")

    world.running.refresh_from_db()
    assert world.running.state == "cancelled"
    assert page.told == ["Task cancelled. What had been asked for already is still done."]
    assert "Cancel task" not in page
    ended = Task.objects.filter(state="completed")[0]
    console.post(f"/activity/{ended.id}/cancel/")
    ended.refresh_from_db()
    assert ended.state == "completed"


def test_a_proof_shows_what_it_compared_and_each_difference(console, world):
    task = Task.objects.filter(kind="prove", owner=f"connection:{world.us.id}")[0]

    page = console.get(f"/activity/{task.id}/")

    assert "Comparisons 212 Not compared 3 Differences 1" in page
    assert "Prices of SKUs 106 103 3" in page
    assert "Prices of SKUs 3 TikTok Shop did not tell the price. Cannot be read 1001, 1002, …" in page
    assert "The price of SKU FH-2041-NAT differs. Product 1000 37.40 USD 34.00 USD" in page
    assert "1 difference" in page


def test_tasks_can_be_narrowed_to_a_kind(console):
    assert {task.kind for task in console.get("/activity/?kind=prove")["page"].rows} == {"prove"}


@pytest.mark.covers("BEY-09")
def test_problems_are_grouped_by_reason_and_stand_one_by_one(console):
    page = console.get("/activity/problems/")

    groups = [reason.group for reason in page["groups"]]
    assert [(group.code, group.count) for group in groups][:2] == [("E-LST-ATTR", 5), ("E-LST-IMGURL", 4)]
    assert page["page"].total == Problem.objects.filter(closed_at=None).count()
    only = console.get("/activity/problems/?kind=order&code=E-ORD-SKU")
    assert only["page"].total == 2
    assert "Order 57724" in only


def test_a_reason_has_one_action_for_all_and_leads_to_where_it_is_put_right(console, world):
    page = console.get("/activity/problems/")

    reason = next(each for each in page["groups"] if each.group.code == "E-LST-ATTR")
    assert [str(action.label) for action in reason.actions] == ["Try all 5"]
    names = {c.id: c.name for c in (world.us, world.uk)}
    concerned = sorted(int(owner.rpartition(":")[2]) for owner in reason.group.owners)
    assert reason.places == tuple((f"Template of {names[n]}", f"/connections/{n}/template/") for n in concerned)
    assert all(address in page.links for _word, address in reason.places)
    row, where, _actions = next(each for each in page["rows"] if each[0].code == "E-LST-STOPPED")
    assert (row.lane.owner, where) == (f"connection:{world.us.id}", "Shop US")
    assert "Shop US · Listing" in page

    told = console.post("/activity/problems/retry/", {"kind": "listing", "code": "E-LST-ATTR"}).told
    assert told == ["Trying again: all 5."]
    problems = Problem.objects.filter(code="E-LST-ATTR", closed_at=None).values_list("lane_id", "key")
    marks = Mark.objects.filter(cause="retry by hand: Maya Ortiz").values_list("lane_id", "key")
    assert sorted(marks) == sorted(problems)


def test_what_failed_of_a_task_is_run_again_and_nothing_else(console, world):
    lane = Lane.objects.get(kind="listing", owner=f"connection:{world.us.id}")
    task = Task.objects.create(
        account=world.account, kind="ask_listing", title="List 3 products on Fernhollow US", state="completed",
        owner=lane.owner, succeeded=1, failed=2, cursor={"carried_out": True}, created_at=clock.now(),
    )  # fmt: skip
    for key, state in (("1000", "succeeded"), ("1001", "failed"), ("1002", "failed")):
        TaskItem.objects.create(account=world.account, task=task, lane=lane, key=key, state=state)

    assert "Run again for 2 failed" in console.get(f"/activity/{task.id}/")
    console.post(f"/activity/{task.id}/again/")

    again = Task.objects.latest("id")
    assert (again.kind, again.title) == (
        "ask_listing",
        "List 3 products on Fernhollow US, again: 2 items that failed",
    )
    assert set(again.items.values_list("key", "state")) == {("1001", "waiting"), ("1002", "waiting")}
    assert console.post(f"/activity/{again.id}/again/").status == 404  # it runs
    TaskItem.objects.filter(task=again).update(state="failed")
    Task.objects.filter(id=again.id).update(state="completed")
    console.post(f"/activity/{again.id}/again/")
    assert Task.objects.latest("id").title == again.title


def test_a_task_that_could_not_be_carried_out_is_run_again_as_a_whole(console, world):
    task = Task.objects.create(
        account=world.account, kind="pull", title="Pull products of Fernhollow Goods", state="failed",
        owner=f"store:{world.store.id}", params={"store": world.store.id, "since": ""}, created_at=clock.now(),
    )  # fmt: skip

    console.post(f"/activity/{task.id}/again/")

    again = Task.objects.latest("id")
    assert (again.kind, again.title, again.params, again.owner) == (task.kind, task.title, task.params, task.owner)
    assert again.id != task.id


def test_moments_in_stored_texts_are_shown_in_the_time_zone_of_the_reader(console, world):
    task = Task.objects.create(
        account=world.account, kind="pull", title="Pull changed since 2025-03-10 04:05 UTC", state="failed",
        summary="Broken off at 2025-03-10 05:05 UTC.", owner=f"store:{world.store.id}", created_at=clock.now(),
        finished_at=clock.now(),
    )  # fmt: skip
    lane = Lane.objects.get(kind="listing", owner=f"connection:{world.us.id}")
    facts = {"platform": "TikTok Shop", "answer": "expired at 2025-03-10 06:05 UTC"}
    Problem.objects.create(account=world.account, lane=lane, key="*", code="E-CON-AUTH", facts=facts)

    for path in ("/activity/", f"/activity/{task.id}/", "/", "/search/?q=changed+since"):
        page = console.get(path)
        assert "changed since Mar 9, 2025, 11:05 PM (Chicago time)" in page or path.startswith("/search"), path
        assert "UTC" not in page, path
    assert "Broken off at Mar 10, 2025, 12:05 AM (Chicago time)." in console.get("/activity/")
    assert "Broken off at Mar 10, 2025, 12:05 AM (Chicago time)." in console.get(f"/activity/{task.id}/")
    for path in ("/", "/activity/problems/?kind=listing&code=E-CON-AUTH"):
        assert "expired at Mar 10, 2025, 1:05 AM (Chicago time)" in console.get(path), path


def test_a_problem_of_a_whole_connection_leads_to_the_connections(console, world):
    lane = Lane.objects.get(kind="listing", owner=f"connection:{world.us.id}")
    facts = {"platform": "TikTok Shop", "answer": "expired"}
    Problem.objects.create(account=world.account, lane=lane, key="*", code="E-CON-AUTH", facts=facts)

    row = next(row for row in console.get("/")["attention"] if "rejected" in row.cause)

    assert (row.button, row.url) == ("View connections", "/connections/")
    assert "TikTok Shop rejected the credentials: expired" in console.get(
        "/activity/problems/?kind=listing&code=E-CON-AUTH"
    )


def test_webhooks_are_logged_with_what_was_made_of_them(console):
    page = console.get("/activity/webhooks/?source=bigcommerce")

    assert [(e.topic, e.outcome) for e in page["page"].rows] == [
        ("store/product/updated", "applied"),
        ("store/sku/inventory/updated", "applied"),
        ("store/order/archived", "ignored"),
    ]
    assert "Nothing here depends on it." in page
    assert "Product changed" in page
    assert "Stock of a variant changed" in page
    assert console.get("/activity/webhooks/?outcome=ignored")["page"].total == 1


def test_changes_are_logged_with_what_was_sent(console):
    page = console.get("/activity/changes/?ok=no")

    assert page["page"].total == 1
    assert "Content sent to TikTok Shop" in page
    assert "Refused TikTok Shop refused: title too long" in page
    assert "Listing on TikTok 1729" in page
    assert console.get("/activity/changes/?kind=SetPrices")["page"].total == 1


def test_nothing_of_another_account_is_in_any_log(console, other):
    for path in ("/activity/", "/activity/problems/", "/activity/webhooks/", "/activity/changes/"):
        for row in console.get(path)["page"].rows:
            assert row.account_id != other.account.id
    assert console.get(f"/activity/{other.running.id}/").status == 404
    assert console.get(f"/activity/{other.running.id}/items.csv").status == 404
    assert console.post(f"/activity/{other.running.id}/cancel/").status == 404
    with pytest.raises(InboxEvent.DoesNotExist):
        InboxEvent.objects.get(account=other.account)
