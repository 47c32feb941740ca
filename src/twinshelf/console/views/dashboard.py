"""The first page: what is true, what needs a person, what is running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import charts, counts, guide, words
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.templatetags.console import moment_text, zone
from twinshelf.console.views.answers import started, whole
from twinshelf.goods import actions as goods_actions
from twinshelf.goods import queries as goods
from twinshelf.listings import queries as catalog
from twinshelf.orders import actions as order_actions
from twinshelf.orders import queries as orders
from twinshelf.orders.returns import queries as returns
from twinshelf.proof import actions as proof_actions
from twinshelf.sync import queries as sync

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection, Shop, Store

SPANS = (7, 14, 30, 90)
DUE_HOURS = 4
_ANSWERS = 6
"""Frequent questions at the foot of the page; the FAQ has them all."""
REASONS_SHOWN = 6
"""Reasons of problems shown at once; the others are folded away, deadlines never are."""


@dataclass(frozen=True)
class Attention:
    """A row of "Needs your attention": a sentence with a count, its cause, one button."""

    tone: str
    icon: str
    sentence: str
    cause: str
    button: str
    url: str


@require_safe
@needs(Permission.VIEW)
def dashboard(request: ConsoleRequest) -> HttpResponse:
    """The first page; the steps of setting up while there is no connection."""
    every, stores = connections.connections(), connections.stores()
    if not every:
        return render(request, "console/welcome.html", _first_steps(stores, connections.unpaired_shops()) | _faq())
    days = whole(request.GET, "days", 7)
    days = days if days in SPANS else 7
    products = counts.buckets(request.account.id, every)
    proof = sync.last_proof([sync.owner_ref("connection", c.id) for c in every])
    stages = counts.tabs(request.account.id, every)
    groups, missing = _groups(every, stages["failed"], proof)
    attention, folded = _attention([*missing, *groups], every, stores), groups[REASONS_SHOWN:]
    due, first_due = orders.due_soon(every, hours=24)
    return render(
        request,
        "console/dashboard.html",
        {
            "connections": every,
            "days": days,
            "spans": SPANS,
            "span": orders.span(days),
            "proof": proof,
            "counts": products,
            "import_seconds": orders.import_seconds(),
            "attention": attention,
            "shown": [row for row in attention if row not in folded],
            "folded": folded,
            "buckets": [(name, word, products[name]) for name, word in words.BUCKETS.items() if name != "all"],
            "segments": charts.segments([(name, products[name]) for name in words.BUCKETS if name != "all"]),
            "stages": [
                (name, word, stages[name])
                for name, word in words.TABS.items()
                if name not in {"all", "on_hold", "archived"}
            ],
            "due": due,
            "due_stage": "awaiting_shipment",
            "several_shops": len(every) > 1,
            "first_due": first_due,
            "access": [(store, connections.store_access(store)) for store in stores],
            "shops": [(c, connections.shop_access(c.shop)) for c in every],
            **_orders_per_day(every, max(14, days)),
            **_tasks(),
            **_faq(),
        },
    )


def _faq() -> dict[str, Any]:
    return {"faq": [(answer, guide.answer_address(answer)) for answer in guide.answers()[:_ANSWERS]]}


@dataclass(frozen=True)
class FirstStep:
    """A step of setting up. `button` "": there is nothing to press. `next`: it is the one to take now."""

    title: str
    text: str
    done: bool
    next: bool
    button: str
    anchor: str = ""


def _first_steps(stores: Sequence[Store], shops: Sequence[Shop]) -> dict[str, Any]:
    store, shop = bool(stores), bool(shops)
    steps = (
        FirstStep(
            _("Connect your BigCommerce store"),
            str(stores[0]) if stores else _("With the access token of an API account."),
            done=store,
            next=not store,
            button="" if store else _("Connect store"),
        ),
        FirstStep(
            _("Authorize your TikTok Shop"),
            str(shops[0]) if shops else _("TikTok asks you to sign in to Seller Center; we never see that password."),
            done=shop,
            next=store,
            button="" if shop else _("Authorize shop"),
            anchor="#shops",
        ),
        FirstStep(
            _("Pair the store with the shop"),
            _("Then choose the category and package for your products."),
            done=False,
            next=True,
            button=_("Pair them") if store and shop else "",
            anchor="#pair",
        ),
    )
    return {"steps": steps, "done": store + shop}


def _orders_per_day(every: Sequence[Connection], days: int) -> dict[str, Any]:
    zone_ = timezone.get_current_timezone()
    counted = orders.per_day(days, zone_)
    # Two series at most: the busiest connection, and all others together.
    totals = {c.id: sum(counts.get(c.id, 0) for _day, counts in counted) for c in every}
    ranked = sorted(every, key=lambda c: (-totals[c.id], c.id))
    groups = [[c] for c in ranked] if len(ranked) <= 2 else [ranked[:1], ranked[1:]]
    series = [group[0].name if len(group) == 1 else _("Other shops") for group in groups]
    table = [(day, [sum(counts.get(c.id, 0) for c in group) for group in groups]) for day, counts in counted]
    today = connections.shop_now().astimezone(zone_).date()
    return {
        "series": series,
        "table": table,
        "chart": charts.bar_chart(table, today=today),
        "small_chart": charts.bar_chart(table[-7:], today=today, width=358, height=200),
    }


def _tasks() -> dict[str, Any]:
    running = sync.unfinished_tasks()
    return {
        "running": [(task, sync.progress(task)) for task in running[:5]],
        "recent": sync.recent_tasks(max(1, 4 - len(running))),
    }


@require_safe
@needs(Permission.VIEW)
def running(request: ConsoleRequest) -> HttpResponse:
    """The panel of tasks by itself: asked for every two seconds while one is running."""
    return render(request, "console/_tasks.html", _tasks())


@require_POST
@needs(Permission.OPERATE)
def sync_now(request: ConsoleRequest) -> HttpResponse:
    """Read what changed on both sides right now instead of waiting for the timetable."""
    made = [
        goods_actions.pull(store, since=goods.changed_since(store), by=Actor.of(request.user))
        for store in connections.stores()
    ]
    made += [order_actions.fetch_now(connection, by=Actor.of(request.user)) for connection in connections.connections()]
    return started(request, made, "dashboard", follow=False)


@require_POST
@needs(Permission.OPERATE)
def check(request: ConsoleRequest) -> HttpResponse:
    """Compare everything with what should be there, connection by connection."""
    made = [proof_actions.check(connection, by=Actor.of(request.user)) for connection in connections.connections()]
    return started(request, made, "dashboard", follow=False)


@require_safe
@needs(Permission.VIEW)
def search(request: ConsoleRequest) -> HttpResponse:
    """Products, orders, tasks and answers in one list, by number or word."""
    text = request.GET.get("q", "").strip()
    found: dict[str, Any] = {"q": text, "products": [], "orders": [], "tasks": []}
    if text:
        found["products"] = catalog.find_products(text)
        found["matched"] = catalog.matched_by(found["products"], text)
        found["orders"] = orders.find_orders(text)
        found["tasks"] = sync.find_tasks(text)
        found["answers"] = guide.find(text)[:_ANSWERS]
        numbered = orders.order_numbered(text, connections.connections())
        if numbered is not None and not any(product.sku == text for product in found["products"]):
            return redirect("order", numbered.pk)
        hits = [*found["products"], *found["orders"], *found["tasks"]]
        if len(hits) == 1 and len(text) >= 4:
            name = "product" if found["products"] else ("order" if found["orders"] else "task")
            return redirect(name, hits[0].pk)
    return render(request, "console/search.html", found)


# -- needs your attention -------------------------------------------------------------------------------------------


def _groups(
    every: Sequence[Connection], not_created: int, proof: sync.Proof | None
) -> tuple[list[Attention], list[Attention]]:
    """Open problems by reason, and before them the paid orders that BigCommerce does not have, by all we know.

    Orders without a problem are those whose creation is tried again by itself; those that only the last check misses
    come last.
    """
    found = sync.problem_groups()
    of_orders = [group for group in found if group.kind == "order" and group.key != sync.WHOLE_LANE]
    missing = [_of_group(group, every) for group in of_orders]
    told = sum(group.count for group in of_orders)
    if not_created > told:
        missing.append(_retried(not_created - told))
    told = max(told, not_created)
    if proof and (missed := proof.count("order_missing")) > told:
        missing.append(_missed(missed - told, proof.tasks[0]))
    return [_of_group(group, every) for group in found if group not in of_orders], missing


def _retried(orders_: int) -> Attention:
    return Attention(
        "bad",
        "cart",
        ngettext("%(n)s paid order is not in BigCommerce yet", "%(n)s paid orders are not in BigCommerce yet", orders_)
        % {"n": orders_},
        _("Creating it failed and is tried again by itself. Look why before its shipping is late."),
        ngettext("View %d order", "View %d orders", orders_) % orders_,
        f"{reverse('orders')}?tab=failed",
    )


def _missed(orders_: int, task_id: int) -> Attention:
    return Attention(
        "bad",
        "cart",
        ngettext("%(n)s paid order is missing in BigCommerce", "%(n)s paid orders are missing in BigCommerce", orders_)
        % {"n": orders_},
        _("The last full check found it on TikTok Shop only."),
        _("View the check"),
        reverse("task", args=[task_id]),
    )


def _attention(groups: Sequence[Attention], every: Sequence[Connection], stores: Sequence[Store]) -> list[Attention]:
    rows = list(groups)
    due, first = orders.due_soon(every, hours=DUE_HOURS)
    late, _first = orders.due_soon(every, hours=0)
    if first is not None:
        if late:
            rows.append(_late(late, first))
        if due > late:
            rows.append(_due(due - late, first if not late else None))
    if asked := orders.asked_to_cancel(every):
        rows.append(_asked_to_cancel(asked, orders.first_answer_due(every)))
    undecided, first = returns.awaiting_decision(every)
    if first is not None:
        rows.append(_to_decide(undecided, first))
    for connection in every:
        access = connections.shop_access(connection.shop)
        if access.state == "ending" and access.until is not None:
            rows.append(_ending(connection, access.days_left or 0, access.until))
        elif access.has_ended:
            rows.append(_ended(str(connection.shop)))
    rows += [_ended(store.name) for store in stores if connections.store_access(store).has_ended]
    return sorted(rows, key=lambda row: row.tone != "bad")


def _of_group(group: sync.ProblemGroup, every: Sequence[Connection]) -> Attention:
    row = texts.message(group.code)
    sentence, icon = row.counted(group.count), row.icon
    cause = group.text if group.one_cause else _("For example: %(text)s") % {"text": group.text}
    shop = _only_connection(group.owners, every)
    if group.kind in sync.PRODUCT_KINDS and group.key != "*":
        query: dict[str, str | int] = {"problem": group.code}
        if shop and len(every) > 1:
            query["shop"] = shop.id
        button = ngettext("View %d product", "View %d products", group.count) % group.count
        return Attention("bad", icon, sentence, cause, button, f"{reverse('products')}?{urlencode(query)}")
    if group.kind == "order" and group.key != "*":
        button = ngettext("View %d order", "View %d orders", group.count) % group.count
        return Attention("bad", icon, sentence, cause, button, f"{reverse('orders')}?tab=failed")
    if group.key == "*" or group.kind in {"connection", "store"}:
        return Attention("bad", icon, sentence, cause, _("View connections"), reverse("connections"))
    query = {"kind": group.kind, "code": group.code}
    return Attention("bad", icon, sentence, cause, _("View problems"), f"{reverse('problems')}?{urlencode(query)}")


def _only_connection(owners: Sequence[str], every: Sequence[Connection]) -> Connection | None:
    ids = {sync.owner_id(owner) for owner in owners if owner.startswith("connection:")}
    return next((c for c in every if {c.id} == ids), None)


def _late(number: int, first: datetime) -> Attention:
    return _shipping(
        "bad",
        ngettext("%d order must ship now", "%d orders must ship now", number) % number,
        _("The first was due %(time)s (%(zone)s); TikTok counts it as late.")
        % {"time": moment_text(first), "zone": zone()},
        number,
    )


def _due(number: int, first: datetime | None) -> Attention:
    """`first` None: when the first of them is due is not known, since others are late already."""
    cause = _("After that TikTok counts them as late.")
    if first is not None:
        at = {"time": moment_text(first), "zone": zone()}
        cause = _("TikTok counts the first as late after %(time)s (%(zone)s).") % at
    sentence = ngettext("%d order must ship in the next %d hours", "%d orders must ship in the next %d hours", number)
    return _shipping("warn", sentence % (number, DUE_HOURS), cause, number)


def _asked_to_cancel(number: int, first: datetime | None) -> Attention:
    cause = _("Answer on the order's page before you ship; without an answer TikTok decides.")
    if first is not None:
        at = {"time": moment_text(first), "zone": zone()}
        cause = f"{cause} {_('The first is decided after %(time)s (%(zone)s).') % at}"
    return Attention(
        "bad",
        "x",
        ngettext("%d buyer asks to cancel", "%d buyers ask to cancel", number) % number,
        cause,
        ngettext("View %d order", "View %d orders", number) % number,
        f"{reverse('orders')}?asks=cancel",
    )


def _to_decide(number: int, first: datetime) -> Attention:
    at = {"time": moment_text(first), "zone": zone()}
    return Attention(
        "bad",
        "undo",
        ngettext("%d return needs your decision", "%d returns need your decision", number) % number,
        _("The first is decided for the buyer after %(time)s (%(zone)s).") % at,
        ngettext("View %d return", "View %d returns", number) % number,
        reverse("returns"),
    )


def _shipping(tone: str, sentence: str, cause: str, number: int) -> Attention:
    button = ngettext("View %d order", "View %d orders", number) % number
    return Attention(tone, "clock", sentence, cause, button, f"{reverse('orders')}?tab=awaiting_shipment&sort=ship_by")


def _ending(connection: Connection, days: int, until: datetime) -> Attention:
    return Attention(
        "warn",
        "alert",
        ngettext("%(shop)s: access ends in %(days)d day", "%(shop)s: access ends in %(days)d days", days)
        % {"shop": connection.shop, "days": days},
        _("Sync stops on %(day)s unless you reauthorize the shop.") % {"day": f"{timezone.localtime(until):%b %-d}"},
        _("Reauthorize"),
        f"{reverse('authorize')}?region={connection.shop.region}",
    )


def _ended(name: str) -> Attention:
    return Attention(
        "bad",
        "link",
        _("%(name)s: access has ended") % {"name": name},
        _("Nothing is sent or read until you connect it again."),
        _("View connections"),
        reverse("connections"),
    )
