"""The list of orders, one order on both sides, fetching, retrying, cancelling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import counts, words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.forms import YEARS, MissedOrdersForm
from twinshelf.console.history import told
from twinshelf.console.routes import order_in_store
from twinshelf.console.views.answers import Told, back, csv_answer, page_size, started, whole
from twinshelf.kit import clock
from twinshelf.kit.secrets import Unsealable, seal, unseal
from twinshelf.orders import actions as order_actions
from twinshelf.orders import queries as order_queries
from twinshelf.orders.queries import OrderFilter, OrderView, Stage
from twinshelf.orders.returns import queries as returns

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection

SPANS = (30, 7, 14, 90, 365)
"""The spans of days that sales are shown for, the usual one first."""
_SORTS = {"placed", "total", "order", "store_order", "status", "ship_by", "customer"}


def order_filter(params: QueryDict, every: Sequence[Connection]) -> OrderFilter:
    """The filter that an address names; what it does not know it leaves out."""
    tab, sort, fulfilled_by = params.get("tab", ""), params.get("sort", ""), params.get("by", "")
    shop = whole(params, "shop", 0)
    until = _day(params.get("until", ""))
    return OrderFilter(
        text=params.get("q", "").strip(),
        tab=tab if tab in words.TABS else "all",  # type: ignore[arg-type]
        connection_id=shop if any(c.id == shop for c in every) else None,
        fulfilled_by=fulfilled_by if fulfilled_by in {"seller", "tiktok"} else "",  # type: ignore[arg-type]
        placed_from=_midnight(_day(params.get("since", ""))),
        placed_to=_midnight(until + timedelta(days=1) if until else None),
        asks_to_cancel=params.get("asks", "") == "cancel",
        logistics=mode if (mode := params.get("mode", "")) in words.LOGISTICS else "",  # type: ignore[arg-type]
        customer=_customer(params.get("customer", "")),
        product_name=params.get("product", "").strip()[:_LONGEST],
        product_id=params.get("product_id", "").strip()[:_LONGEST],
        sort=name if (name := sort.removeprefix("-")) in _SORTS else "placed",  # type: ignore[arg-type]
        descending=sort.startswith("-") if sort.removeprefix("-") in _SORTS else True,
        number=whole(params, "page", 1),
        size=page_size(params),
    )


_LONGEST = 100
_FILTERS = ("by", "since", "until", "mode", "customer", "product", "product_id")
"""What “More filters” sets in the address. The customer's name stands in it sealed: addresses end up in logs."""
_BINDING = "orders:customer"


def _customer(sealed: str) -> str:
    """The name that an address asks for; "" where it was not sealed by us, or by a key that is gone."""
    try:
        return unseal(sealed, bound_to=_BINDING)
    except Unsealable:
        return ""


@require_POST
@needs(Permission.VIEW)
def narrow(request: ConsoleRequest) -> HttpResponse:
    """Lead to the list with these filters, the customer's name sealed. What is empty is not asked for."""
    params = QueryDict(mutable=True)
    for name in ("q", "tab", "sort", "per", "shop", "asks", *_FILTERS):
        text = request.POST.get(name, "").strip()[:_LONGEST]
        if text:
            params[name] = seal(text, bound_to=_BINDING) if name == "customer" else text
    return redirect(f"{reverse('orders')}?{params.urlencode()}" if params else reverse("orders"))


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and day.year in YEARS else None


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@require_safe
@needs(Permission.VIEW)
def orders(request: ConsoleRequest) -> HttpResponse:
    """The list of orders."""
    every = connections.connections()
    wanted = order_filter(request.GET, every)
    if wanted.narrows:
        numbers = order_queries.tab_counts(every, connection_id=wanted.connection_id, within=wanted)
    else:
        numbers = counts.tabs(request.account.id, every, connection_id=wanted.connection_id)
    page = order_queries.orders(wanted, every, total=numbers[wanted.tab])
    archives = order_queries.archives(every)
    return render(
        request,
        "console/orders.html",
        {
            "page": page,
            "lines": [order_queries.line_of(row) for row in page.rows],
            "wanted": wanted,
            "connections": every,
            "tabs": [
                (name, word, numbers[name])
                for name, word in words.TABS.items()
                if name != "archived" or archives or wanted.tab == name
            ],
            "chips": _chips(request.GET, wanted, every),
            "narrowed": wanted.tab != "all" or wanted.narrows or wanted.connection_id is not None,
            "several_shops": len(every) > 1,
            "shops": [(c.id, c.name) for c in every],
            "fulfillers": words.FULFILLERS.items(),
            "logistics": words.LOGISTICS.items(),
            "texts": (
                ("customer", _("Customer Name"), wanted.customer),
                ("product", _("Product Name"), wanted.product_name),
                ("product_id", _("TikTok Product Id"), wanted.product_id),
            ),
            "reset": _without(request.GET, *_FILTERS, "page"),
            "since": request.GET.get("since", "") if wanted.placed_from else "",
            "until": request.GET.get("until", "") if wanted.placed_to else "",
            "missed": MissedOrdersForm(),
            "only_some": order_queries.narrowed_to_some(every),
            "query": request.GET.urlencode(),
        },
    )


@require_safe
@needs(Permission.VIEW)
def export(request: ConsoleRequest) -> HttpResponse:
    """The orders that the filter shows, as a file."""
    every = connections.connections()
    return csv_answer(
        request.account,
        "twinshelf-orders.csv",
        order_queries.EXPORTED,
        order_queries.export_rows(order_filter(request.GET, every), every),
    )


def _without(params: QueryDict, *names: str) -> str:
    """The address of the list without some of its parameters."""
    left = params.copy()
    for name in names:
        left.pop(name, None)
    return f"{reverse('orders')}?{left.urlencode()}" if left else reverse("orders")


def _chips(params: QueryDict, wanted: OrderFilter, every: Sequence[Connection]) -> list[tuple[str, str]]:
    chips = []
    if wanted.text:
        chips.append(("q", _("Search: %(value)s") % {"value": wanted.text}))
    if wanted.connection_id:
        chips.append(("shop", next(c.name for c in every if c.id == wanted.connection_id)))
    if wanted.fulfilled_by:
        chips.append(
            ("by", _("Fulfilled by TikTok") if wanted.fulfilled_by == "tiktok" else _("Fulfilled by the seller"))
        )
    if wanted.logistics:
        chips.append(("mode", str(words.LOGISTICS[wanted.logistics])))
    if wanted.customer:
        chips.append(("customer", _("Customer: %(value)s") % {"value": wanted.customer}))
    if wanted.product_name:
        chips.append(("product", _("Product: %(value)s") % {"value": wanted.product_name}))
    if wanted.product_id:
        chips.append(("product_id", _("TikTok product: %(value)s") % {"value": wanted.product_id}))
    if wanted.placed_from:
        chips.append(("since", _("From %(day)s") % {"day": params["since"]}))
    if wanted.placed_to:
        chips.append(("until", _("To %(day)s") % {"day": params["until"]}))
    if wanted.asks_to_cancel:
        chips.append(("asks", _("The buyer asks to cancel")))
    return chips


@require_safe
@needs(Permission.VIEW)
def sales(request: ConsoleRequest) -> HttpResponse:
    """What each shop sold, and to whom: of the buyers no more than their masked names."""
    days = whole(request.GET, "days", SPANS[0])
    days = days if days in SPANS else SPANS[0]
    every = connections.connections()
    names, asked = {c.id: c.name for c in every}, whole(request.GET, "shop", 0)
    of = [c for c in every if c.id == asked] or None
    return render(
        request,
        "console/sales.html",
        {
            "days": days,
            "only": of[0].name if of else "",
            "spans": SPANS,
            "shops": [(names.get(each.connection_id, ""), each) for each in order_queries.sales_by_shop(days, of=of)],
            "page": order_queries.customers(
                days, of=of, number=whole(request.GET, "page", 1), size=page_size(request.GET)
            ),
        },
    )


@require_safe
@needs(Permission.VIEW)
def store_orders(request: ConsoleRequest) -> HttpResponse:
    """The stores' own orders, which were not placed on TikTok."""
    every = connections.connections()
    text = request.GET.get("q", "").strip()
    page = order_queries.own_store_orders(
        every, text=text, number=whole(request.GET, "page", 1), size=page_size(request.GET)
    )
    return render(
        request,
        "console/store_orders.html",
        {
            "page": page,
            "lines": [
                (row, order_in_store(row.store.control_panel_url.rstrip("/"), row.store_order_id)) for row in page.rows
            ],
            "pulling": order_queries.pulling_own(every),
            "text": text,
            "chips": [("q", _("Search: %(value)s") % {"value": text})] if text else [],
            "several": len({each.store_id for each in every}) > 1,
        },
    )


@require_POST
@needs(Permission.OPERATE)
def fetch_store_orders(request: ConsoleRequest) -> HttpResponse:
    """Read every order of the stores that have their own orders pulled."""
    chosen = order_queries.pulling_own(connections.connections())
    made = [order_actions.fetch_store_orders(c, by=Actor.of(request.user)) for c in chosen]
    return started(request, made, "store_orders", follow=False)


# -- one order ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A point of the line from payment to payout, as it is shown."""

    word: str
    note: str
    state: str
    icon: str
    at: datetime | None
    due: datetime | None

    @property
    def current(self) -> bool:
        """Whether the order waits for this now."""
        return self.state == "now"


@require_safe
@needs(Permission.VIEW)
def order(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One order on both sides."""
    view = order_queries.view_of(order_queries.order_or_404(pk))
    row = view.row
    actions = offered(request, order_queries.actions_for(view))
    place = order_queries.control_panel_place(row)
    return render(
        request,
        "console/order.html",
        {
            "view": view,
            "row": row,
            "number": row.store_order_id or row.order_id,
            "status": order_queries.status_of(row),
            "carrier": view.order.shipping_provider if len(view.shipments) == 1 else "",
            "order": view.order,
            "lines": [(each, offered(request, order_queries.actions_for_line(row, each))) for each in view.lines],
            "connection": row.connection,
            "actions": actions,
            "problems": [(p, offered(request, order_queries.actions_for_problem(p))) for p in view.problems],
            "not_created": order_queries.not_created(row),
            "buyer_asks": order_queries.buyer_asks_to_cancel(view),
            "asking": order_queries.asks_for_reasons(row),
            "requests": [
                (each, offered(request, order_queries.actions_for_request(each)))
                for each in order_queries.cancel_requests(row)
            ],
            "steps": [_step(stage) for stage in order_queries.stages_of(view)],
            "may_ship": order_queries.may_ship(row),
            "returns": [returns.line_of(each) for each in returns.returns_of(row)],
            "first_order": order_queries.order_named(row.source_order_id, row) if row.source_order_id else None,
            "follow_ups": order_queries.follow_ups(row),
            "shipments_note": words.SHIPMENTS[order_queries.shipments_direction(row)],
            "ship_by": order_queries.ship_by(row),
            "history": _history(view),
            "reasons": next((action.reasons for action in actions if action.reasons), ()),
            "store_url": order_in_store(*place) if place else "",
        },
    )


def _step(stage: Stage) -> Step:
    look, note = words.stage(stage.name, stage.state), stage.note
    if stage.took is not None:
        note = _("after %(seconds)s s") % {"seconds": round(stage.took.total_seconds())}
    return Step(
        str(look.word), str(note or words.STAGE_NOTES.get(stage.name, "")), stage.state, look.icon, stage.at, stage.due
    )


def _history(view: OrderView) -> list[tuple[str, datetime, Any]]:
    entries: list[tuple[str, datetime, Any]] = [
        *(("change", record.at, record) for record in view.changes),
        *(("event", event.received_at, event) for event in view.events),
        *(
            ("shipment", s.reported_at, s)
            for s in view.shipments
            if s.reported_at is not None and not s.from_shop  # those of TikTok are told by the change that wrote them
        ),
    ]
    if view.cancellation is not None:
        entries.append(("cancellation", view.cancellation.at, view.cancellation))
    # It began with being placed, whatever TikTok's clock says against ours.
    return [*told(entries, most=len(entries)), ("placed", view.row.placed_at, view.row)]


# -- what may be done -----------------------------------------------------------------------------------------------


@require_POST
@needs(Permission.OPERATE)
def fetch(request: ConsoleRequest) -> HttpResponse:
    """Read what changed of the shops' orders now."""
    shop = whole(request.POST, "shop", 0)
    chosen = [c for c in connections.connections() if shop in {0, c.id}]
    return started(
        request, [order_actions.fetch_now(c, by=Actor.of(request.user)) for c in chosen], "orders", follow=False
    )


@require_POST
@needs(Permission.OPERATE)
def fetch_missed(request: ConsoleRequest) -> HttpResponse:
    """Read every order of some days, and import those that should have been."""
    form = MissedOrdersForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return back(request, "orders")
    start, end = _midnight(form.cleaned_data["start"]), _midnight(form.cleaned_data["end"] + timedelta(days=1))
    assert start is not None  # noqa: S101 - both days are required
    assert end is not None  # noqa: S101 - both days are required
    shop = whole(request.POST, "shop", 0)
    chosen = [c for c in connections.connections() if shop in {0, c.id}]
    made = [order_actions.fetch_missed(c, start, min(end, clock.now()), by=Actor.of(request.user)) for c in chosen]
    return started(request, made, "orders", follow=True)


@require_POST
@needs(Permission.OPERATE)
def retry(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Try to create the store order again now."""
    row = order_queries.order_or_404(pk)
    with Told(request):
        order_actions.retry(row, by=Actor.of(request.user))
        messages.success(request, _("Trying again. This page shows what comes of it."))
    return redirect("order", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def link(request: ConsoleRequest, pk: int, sku_id: str) -> HttpResponse:
    """Choose the variant of the store that a SKU of the order is."""
    row = order_queries.order_or_404(pk)
    line = order_queries.line_named(order_queries.view_of(row).order, sku_id)
    if line is None:
        raise Http404
    if request.method == "POST":
        with Told(request):
            order_actions.link(
                row, sku_id=line.sku_id, variant_id=request.POST.get("variant", ""), by=Actor.of(request.user)
            )
            messages.success(request, _("Linked, and remembered. The order is created by itself now."))
        return redirect("order", row.pk)
    text = request.GET.get("q", "").strip()
    found = order_queries.candidates(row.connection, line, text)
    return render(
        request,
        "console/order_link.html",
        {
            "row": row,
            "number": row.order_id,
            "line": line,
            "q": text,
            "candidates": [
                (each, offered(request, order_queries.actions_for_candidate(row, line.sku_id, each))) for each in found
            ],
        },
    )


@require_POST
@needs(Permission.OPERATE)
def sync(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Look at the order on both sides now."""
    row = order_queries.order_or_404(pk)
    with Told(request):
        order_actions.sync(row, by=Actor.of(request.user))
        messages.success(request, _("Looking at both sides. This page shows what comes of it."))
    return redirect("order", row.pk)


@require_POST
@needs(Permission.OPERATE)
def reasons(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Ask TikTok for which reasons the order may be cancelled."""
    row = order_queries.order_or_404(pk)
    order_actions.ask_reasons(row, by=Actor.of(request.user))
    return redirect("order", row.pk)


@require_POST
@needs(Permission.OPERATE)
def answer(request: ConsoleRequest, pk: int, cancel_id: str, answer: str) -> HttpResponse:
    """Grant or decline a buyer's request to cancel."""
    row = order_queries.order_or_404(pk)
    if answer not in {"grant", "decline"}:
        raise Http404
    with Told(request):
        order_actions.answer_request(
            row, cancel_id, grant=answer == "grant", reason=request.POST.get("reason", ""), by=Actor.of(request.user)
        )
        messages.success(request, _("Your answer is on its way to TikTok. This page shows what comes of it."))
    return redirect("order", row.pk)


@require_POST
@needs(Permission.OPERATE)
def cancel(request: ConsoleRequest, pk: int) -> HttpResponse:
    """Cancel at TikTok with one of its reasons."""
    row = order_queries.order_or_404(pk)
    with Told(request):
        order_actions.cancel(row, request.POST.get("reason", ""), by=Actor.of(request.user))
        messages.success(request, _("The cancellation is on its way to TikTok."))
    return redirect("order", row.pk)
