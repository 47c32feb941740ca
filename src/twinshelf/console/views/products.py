"""The list of products, one product on both sides, and what may be done to many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from twinshelf import messages
from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import counts, words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.routes import product_in_store
from twinshelf.console.views.answers import Told, back, page_size, started, whole
from twinshelf.goods import actions as goods_actions
from twinshelf.kit.actions import Action
from twinshelf.listings import actions as catalog_actions
from twinshelf.listings import queries as catalog
from twinshelf.listings import sides as inventory
from twinshelf.listings.queries import ProductFilter
from twinshelf.sync import actions as sync_actions
from twinshelf.sync import queries as sync

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.goods.models import StoreProduct
    from twinshelf.sync.models import Problem, Task

ACTIONS: dict[str, Callable[..., Task]] = {
    "list": catalog_actions.list_products,
    "refresh": catalog_actions.refresh,
    "sync": catalog_actions.resync,
    "deactivate": catalog_actions.deactivate,
    "activate": catalog_actions.activate,
}
_TAKES_EVERYTHING = {"list", "refresh", "sync"}
_MORE_THAN_ONE = 1


def product_filter(params: QueryDict, every: Sequence[Connection]) -> ProductFilter:
    """The filter that an address names; what it does not know it leaves out."""
    state, sort, stock = params.get("state", ""), params.get("sort", ""), params.get("stock", "")
    shop = whole(params, "shop", 0)
    problem = params.get("problem", "")
    return ProductFilter(
        text=params.get("q", "").strip(),
        bucket=state if state in words.BUCKETS and state != "all" else None,  # type: ignore[arg-type]
        connection_id=shop if any(c.id == shop for c in every) else None,
        category=params.get("category", "").strip(),
        stock=stock if stock in words.STOCK else "",  # type: ignore[arg-type]
        problems=problem == "any",
        code=problem if problem != "any" else "",
        sort=name if (name := sort.removeprefix("-")) in {"title", "price", "stock", "modified"} else "title",  # type: ignore[arg-type]
        descending=sort.startswith("-"),
        number=whole(params, "page", 1),
        size=page_size(params),
    )


@require_safe
@needs(Permission.VIEW)
def products(request: ConsoleRequest) -> HttpResponse:
    """The list of products."""
    every = connections.connections()
    wanted = product_filter(request.GET, every)
    numbers = counts.buckets(request.account.id, every, connection_id=wanted.connection_id)
    total = None if wanted.narrows else numbers[wanted.bucket or "all"]
    return render(
        request,
        "console/products.html",
        {
            "page": catalog.products(wanted, every, total=total),
            "wanted": wanted,
            "connections": every,
            "pills": [(name, word, numbers[name]) for name, word in words.BUCKETS.items()],
            "failed_elsewhere": 0 if wanted.bucket == "failed" or wanted.code else numbers["failed"],
            "actions": offered(request, catalog.actions_for_many()),
            "several_shops": len(every) > 1,
            "shops": [(c.id, c.name) for c in every],
            "stocks": words.STOCK.items(),
            "chips": _chips(wanted, every),
            "query": request.GET.urlencode(),
        },
    )


def _chips(wanted: ProductFilter, every: Sequence[Connection]) -> list[tuple[str, str]]:
    """(parameter, words) of each filter in force but the state, which the pills show."""
    chips = []
    if wanted.text:
        chips.append(("q", _("Search: %(value)s") % {"value": wanted.text}))
    if wanted.connection_id:
        chips.append(("shop", next(c.name for c in every if c.id == wanted.connection_id)))
    if wanted.category:
        chips.append(("category", _("Category: %(value)s") % {"value": wanted.category}))
    if wanted.stock:
        chips.append(("stock", str(words.STOCK[wanted.stock])))
    if wanted.problems:
        chips.append(("problem", _("Has problems")))
    elif wanted.code:
        chips.append(("problem", messages.title(wanted.code)))
    return chips


@require_safe
@needs(Permission.VIEW)
def categories(request: ConsoleRequest) -> HttpResponse:
    """Options for the category filter, asked for when somebody opens it."""
    return render(request, "console/_categories.html", {"categories": catalog.categories()})


@require_safe
@needs(Permission.VIEW)
def product(request: ConsoleRequest, pk: int) -> HttpResponse:
    """One product: the drawer's content where the list asks for it, a page of its own otherwise."""
    row = catalog.product_or_404(pk)
    every = [c for c in connections.connections() if c.store_id == row.store_id]
    listings = catalog.listings_of(row, every)
    found = sync.problems_of([row.product_id], sync.PRODUCT_KINDS, _owners(row, every))
    chosen = _chosen(whole(request.GET, "shop", 0), every, found, row)
    listing = listings.get(chosen.id) if chosen else None
    context: dict[str, Any] = {
        "row": row,
        "switch": [(c, listings.get(c.id), _to_fix(found, c, row)) for c in every],
        "several_shops": len(every) > 1,
        "chosen": chosen,
        "listing": listing,
        "store_url": product_in_store(row.store.control_panel_url, row.product_id),
        **_detail(row, chosen, listing, found),
    }
    if chosen is not None:
        actions = catalog.actions_for(row, [listing], connection_id=chosen.id)
        context["actions"] = offered(request, actions)
    context["problems"] = [
        (p, same if same > 1 else 0, offered(request, about)) for p, same, about in context["problems"]
    ]
    return render(request, "console/_product.html" if request.htmx else "console/product.html", context)


def _owners(row: StoreProduct, every: Sequence[Connection]) -> list[str]:
    return [sync.owner_ref("store", row.store_id), *(sync.owner_ref("connection", c.id) for c in every)]


def _to_fix(found: Any, connection: Connection, row: StoreProduct) -> int:
    return sum(p.blocking for p in found.get((sync.owner_ref("connection", connection.id), row.product_id), ()))


def _chosen(shop: int, every: Sequence[Connection], found: Any, row: StoreProduct) -> Connection | None:
    """The shop asked for, else the first with something to fix, else the first."""
    asked = next((c for c in every if c.id == shop), None)
    return asked or next((c for c in every if _to_fix(found, c, row)), every[0] if every else None)


def _detail(row: StoreProduct, chosen: Connection | None, listing: Any, found: Any) -> dict[str, Any]:
    key = row.product_id
    owners = [sync.owner_ref("store", row.store_id)]
    if chosen is not None:
        owners.append(sync.owner_ref("connection", chosen.id))
    problems = [p for owner in reversed(owners) for p in found.get((owner, key), ())]
    document = catalog.document_of(row)
    variants = inventory.variants_on_both_sides(document, chosen, catalog.links_of(row, chosen)) if chosen else []
    history = [
        *(("change", record.at, record) for record in sync.changes_of(key, sync.PRODUCT_CHANGES, owners)),
        *(("event", event.received_at, event) for event in sync.events_of([key, listing.tiktok_id if listing else ""])),
    ]
    return {
        "document": document,
        "sale": catalog.sale_state(row, document),
        "problems": [
            (p, same, _about(p, chosen, same)) for p in problems if p.blocking for same in [sync.same_problem(p)]
        ],
        "notes": [p for p in problems if not p.blocking],
        "sides": inventory.both_sides(document, chosen, listing, variants) if chosen else [],
        "variants": variants,
        "history": sorted(history, key=lambda entry: entry[1], reverse=True)[:20],
    }


def _about(problem: Problem, chosen: Connection | None, same: int) -> tuple[Action, ...]:
    return catalog.actions_for_problem(problem, connection_id=chosen.id if chosen else None, same=same)


@require_POST
@needs(Permission.OPERATE)
def act(request: ConsoleRequest, action: str) -> HttpResponse:
    """Do something to the products ticked, to the one whose button it was, or to all that the filter shows."""
    if action not in ACTIONS:
        raise Http404
    every = connections.connections()
    shop = whole(request.POST, "shop", 0)
    chosen = [c for c in every if shop in {0, c.id}]
    keys: list[tuple[int, str]] | None
    if request.POST.get("all"):
        wanted = product_filter(QueryDict(request.POST.get("filter", "")), every)
        everything = wanted.everything and action in _TAKES_EVERYTHING
        keys = None if everything else catalog.product_keys(wanted, every)
        if wanted.connection_id and not shop:
            chosen = [c for c in every if c.id == wanted.connection_id]
    else:
        asked = [request.POST["only"]] if "only" in request.POST else request.POST.getlist("product")
        keys = catalog.products_by_pk([int(pk) for pk in asked if pk.isdecimal() and len(pk) < 20])
    made: list[Task] = []
    with Told(request):
        for connection in chosen:
            ids = (
                None
                if keys is None
                else [product_id for store_id, product_id in keys if store_id == connection.store_id]
            )
            if ids is None or ids:
                made.append(ACTIONS[action](connection, ids, by=Actor.of(request.user)))
    return started(request, made, "products", follow=keys is None or len(keys) > _MORE_THAN_ONE)


@require_POST
@needs(Permission.OPERATE)
def pull(request: ConsoleRequest) -> HttpResponse:
    """Read every product of every store."""
    made = [goods_actions.pull(store, by=Actor.of(request.user)) for store in connections.stores()]
    return started(request, made, "products", follow=True)


@require_POST
@needs(Permission.OPERATE)
def retry_problem(request: ConsoleRequest, problem_id: int) -> HttpResponse:
    """Look at what a problem is about again, now."""
    problem = sync.problem_or_404(problem_id)
    with Told(request):
        sync_actions.retry_problem(problem, by=Actor.of(request.user))
    return back(request, "problems")


@require_POST
@needs(Permission.OPERATE)
def undo(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """Switch the listings of a task back: on again what it took off, off what it put on."""
    task = sync.task_or_404(task_id)
    with Told(request):
        try:
            return redirect("task", catalog_actions.undo(task, by=Actor.of(request.user)).id)
        except catalog_actions.NothingToUndo as error:
            raise Http404 from error
    return redirect("task", task.id)
