"""The list of products, one product on both sides, and what may be done to many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import queries as connections
from twinshelf.console import counts, words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.forms import PullForm
from twinshelf.console.history import told
from twinshelf.console.routes import product_in_store
from twinshelf.console.templatetags.console import number
from twinshelf.console.views.answers import (
    Told,
    back,
    csv_answer,
    page_size,
    started,
    template_choice,
    template_chosen,
    warehouse_choice,
    warehouse_chosen,
    whole,
)
from twinshelf.goods import actions as goods_actions
from twinshelf.goods import queries as goods
from twinshelf.goods.readiness import unready
from twinshelf.kit import clock
from twinshelf.kit.actions import Action
from twinshelf.listings import actions as catalog_actions
from twinshelf.listings import queries as catalog
from twinshelf.listings import sides as inventory
from twinshelf.listings.queries import ProductFilter
from twinshelf.listings.reviews import actions as reviews
from twinshelf.rules import queries as rules
from twinshelf.sync import actions as sync_actions
from twinshelf.sync import queries as sync

if TYPE_CHECKING:
    from datetime import datetime

    from twinshelf.connections.models import Connection, Store
    from twinshelf.goods.models import StoreProduct
    from twinshelf.rules.models import Template
    from twinshelf.sync.models import Problem, Task


def _pull_some(connection: Connection, product_ids: Sequence[str], *, by: Actor) -> Task:
    return goods_actions.read_again(connection.store, product_ids, by=by)


ACTIONS: dict[str, Callable[..., Task]] = {
    "pull": _pull_some,
    "list": catalog_actions.list_products,
    "upload": catalog_actions.list_products,
    "refresh": catalog_actions.refresh,
    "sync": catalog_actions.resync,
    "deactivate": catalog_actions.deactivate,
    "activate": catalog_actions.activate,
    "prices": catalog_actions.sync_prices,
    "stock": catalog_actions.sync_stock,
    "delete": catalog_actions.delete,
    "recover": catalog_actions.recover,
}
_TAKES_EVERYTHING = {"list", "refresh", "sync", "prices", "stock"}
_FOR_WHAT_IS_GONE = {"refresh", "deactivate", "delete"}
"""What may be done to the listing of a product that the store does not have any more."""
_MORE_THAN_ONE = 1
_UPLOADS = {"list", "upload"}
_CHOOSES_TEMPLATE = "upload"
_OF_STORE = "pull"
"""It is done once for a store, however many shops sell from it."""
_REVIEW = "review"


def product_filter(
    params: QueryDict, every: Sequence[Connection], templates: Sequence[Template] | None = None
) -> ProductFilter:
    """The filter that an address names; what it does not know it leaves out."""
    state, sort, stock = params.get("state", ""), params.get("sort", ""), params.get("stock", "")
    shop = whole(params, "shop", 0)
    problem = params.get("problem", "")
    template = whole(params, "template", 0)
    if template and templates is None:
        templates = rules.templates_of(every)
    return ProductFilter(
        text=params.get("q", "").strip(),
        bucket=state if state in {*words.BUCKETS, "shop_only"} and state != "all" else None,  # type: ignore[arg-type]
        connection_id=shop if any(c.id == shop for c in every) else None,
        category=params.get("category", "").strip(),
        stock=stock if stock in words.STOCK else "",  # type: ignore[arg-type]
        kind=kind if (kind := params.get("type", "")) in words.KINDS else "",  # type: ignore[arg-type]
        template=next((each for each in templates or () if each.id == template), None),
        problems=problem == "any",
        code=problem if problem != "any" else "",
        sort=name if (name := sort.removeprefix("-")) in {"title", "price", "stock", "modified"} else "title",  # type: ignore[arg-type]
        descending=sort.startswith("-"),
        number=whole(params, "page", 1),
        size=page_size(params),
    )


def _shop_of(wanted: ProductFilter, every: Sequence[Connection]) -> int | None:
    """The shop that the list is about; None where there are several and none is chosen."""
    return every[0].id if len(every) == 1 else wanted.connection_id


@require_safe
@needs(Permission.VIEW)
def products(request: ConsoleRequest) -> HttpResponse:
    """The list of products."""
    every = request.connections = connections.connections()
    templates = rules.templates_of(every)
    wanted = product_filter(request.GET, every, templates)
    if wanted.narrows:
        numbers = catalog.bucket_counts(every, connection_id=wanted.connection_id, within=wanted)
    else:
        numbers = counts.buckets(request.account.id, every, connection_id=wanted.connection_id)
    return render(
        request,
        "console/products.html",
        {
            "page": catalog.products(wanted, every, total=numbers[wanted.bucket or "all"]),
            "wanted": wanted,
            "connections": every,
            "pills": _pills(numbers, wanted),
            "failed_elsewhere": 0 if wanted.bucket == "failed" or wanted.code else numbers["failed"],
            "actions": offered(request, catalog.actions_for_many()),
            "beside": offered(request, catalog.actions_for_list(_shop_of(wanted, every))) if every else (),
            "several_shops": len(every) > 1,
            "shops": [(c.id, c.name) for c in every],
            "stocks": words.STOCK.items(),
            "kinds": words.KINDS.items(),
            "templates": [(each.id, _of_template(each, every)) for each in templates],
            "unlinked": catalog.shop_only(wanted, every) if wanted.bucket == "shop_only" else None,
            "chips": _chips(wanted, every),
            "query": request.GET.urlencode(),
            "pull": PullForm.offered(stores := list({c.store_id: c.store for c in every}.values())),
            "pulled_at": goods.changed_since(stores[0]) if len(stores) == 1 else None,
        },
    )


@require_safe
@needs(Permission.VIEW)
def export(request: ConsoleRequest) -> HttpResponse:
    """The products that the filter shows, variant by variant and shop by shop, as a file."""
    every = connections.connections()
    wanted = product_filter(request.GET, every)
    rows = catalog.export_rows(wanted, every)
    return csv_answer(request.account, "twinshelf-products.csv", catalog.EXPORTED, rows)


def _pills(numbers: Mapping[str, int], wanted: ProductFilter) -> list[tuple[str, Any, int]]:
    """(state, words, number) over the list; products that only TikTok has are told of where there are any."""
    pills = [(name, word, numbers[name]) for name, word in words.BUCKETS.items()]
    only = numbers["shop_only"] + numbers["unlinked"]
    if only or wanted.bucket == "shop_only":
        pills.append(("shop_only", words.SHOP_ONLY, only))
    return pills


def _of_template(template: Template, every: Sequence[Connection]) -> str:
    """What a template is called here: with its shop where there are several."""
    name = _("Default template") if template.is_default else template.name
    return name if len(every) == 1 else f"{template.connection.name}: {name}"


def _chips(wanted: ProductFilter, every: Sequence[Connection]) -> list[tuple[str, str]]:
    """(parameter, words) of each filter in force but the state, which the pills show."""
    chips = []
    if wanted.text:
        chips.append(("q", _("Search: %(value)s") % {"value": wanted.text}))
    if wanted.connection_id:
        chips.append(("shop", next(c.name for c in every if c.id == wanted.connection_id)))
    if wanted.category:
        chips.append(("category", _("Category: %(value)s") % {"value": wanted.category}))
    if wanted.template is not None:
        chips.append(("template", _("Template: %(name)s") % {"name": _of_template(wanted.template, every)}))
    if wanted.stock:
        chips.append(("stock", str(words.STOCK[wanted.stock])))
    if wanted.kind:
        chips.append(("type", str(words.KINDS[wanted.kind])))
    if wanted.problems:
        chips.append(("problem", _("Has problems")))
    elif wanted.code:
        chips.append(("problem", texts.title(wanted.code)))
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
    found = sync.problems_of([row.product_id, sync.WHOLE_LANE], sync.PRODUCT_KINDS, _owners(row, every))
    chosen = _chosen(whole(request.GET, "shop", 0), every, found, row)
    listing = listings.get(chosen.id) if chosen else None
    context: dict[str, Any] = {
        "row": row,
        "switch": [
            (c, at := listings.get(c.id), catalog.to_fix(found, sync.owner_ref("connection", c.id), at, row.product_id))
            for c in every
        ],
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
    if chosen is not None and not any(p.blocking for p in problems):
        problems = [*catalog.why_held(found, owners[-1], listing), *problems]
    document = catalog.document_of(row)
    variants = inventory.variants_on_both_sides(document, chosen, catalog.links_of(row, chosen)) if chosen else []
    history = [
        *(("change", record.at, record) for record in sync.changes_of(key, sync.PRODUCT_CHANGES, owners)),
        *(("event", event.received_at, event) for event in sync.events_of([key, listing.tiktok_id if listing else ""])),
    ]
    return {
        "document": document,
        "sale": catalog.sale_state(row),
        "problems": [
            (p, same, _about(p, row, chosen, same)) for p in problems if p.blocking for same in [sync.same_problem(p)]
        ],
        "unready": [each for each in unready(document) if each.code not in {p.code for p in problems}],
        "notes": [p for p in problems if not p.blocking],
        "sides": inventory.both_sides(document, chosen, listing, variants) if chosen else [],
        "variants": variants,
        "history": told(history, most=20),
        **(_channel_skus(row, chosen) if chosen else {}),
    }


def _channel_skus(row: StoreProduct, chosen: Connection) -> dict[str, Any]:
    kept = catalog.channel_skus(chosen, row.product_id)
    return {
        "strict": connection_actions.preferences(chosen).strict_sku_match,
        "channel_skus": kept,
        "variant_skus": [(variant, kept.get(variant.variant_id, "")) for variant in catalog.variants_of(row)],
    }


def _about(problem: Problem, row: StoreProduct, chosen: Connection | None, same: int) -> tuple[Action, ...]:
    return catalog.actions_for_problem(problem, row, connection_id=chosen.id if chosen else None, same=same)


@require_POST
@needs(Permission.OPERATE)
def act(request: ConsoleRequest, action: str) -> HttpResponse:
    """Do something to the products ticked, to the one whose button it was, or to all that the filter shows.

    What is far-reaching is asked first; the answer comes as the same form with `confirmed`.
    """
    every = connections.connections()
    if action == _REVIEW:
        return _review(request, every)
    if action not in ACTIONS:
        raise Http404
    asked = _asked_for(request.POST, action, every)
    if not request.POST.get("confirmed") and asked.asks_first(action):
        return _ask(request, action, asked)
    if action in catalog.CONSEQUENCES and asked.undecided:
        messages.warning(request, _("Nothing was done: choose the shop first."))
        return back(request, "products")
    made: list[Task] = []
    refused = True
    stores: set[int] = set()
    with Told(request):
        for connection, ids in asked.by_shop():
            if action == _OF_STORE and connection.store_id in stores:
                continue
            stores.add(connection.store_id)
            if ids is None or ids:
                chosen: dict[str, Any] = {}
                if action in _UPLOADS:
                    chosen["warehouse_id"] = warehouse_chosen(request.POST, connection)
                if action == _CHOOSES_TEMPLATE:
                    chosen["held_by"] = template_chosen(request.POST, connection)
                made.append(ACTIONS[action](connection, ids, by=Actor.of(request.user), **chosen))
        refused = False
    if refused and not made:
        return back(request, "products")
    return started(request, made, "products", follow=asked.keys is None or len(asked.keys) > _MORE_THAN_ONE)


def _review(request: ConsoleRequest, every: Sequence[Connection]) -> HttpResponse:
    """Have it worked out what listing these products would send, shop by shop, and show the first."""
    asked = _asked_for(request.POST, "list", every)
    made = [
        reviews.begin(connection, ids, by=Actor.of(request.user))
        for connection, ids in asked.by_shop()
        if ids is None or ids
    ]
    if not made:
        messages.warning(request, _("Nothing to do: no product fits."))
        return back(request, "products")
    return redirect("review", made[0].id)


@dataclass(frozen=True)
class _Asked:
    """What a form asks for: the shops and the products of each; `keys` None: all there are.

    `undecided`: there are several shops, and the form names none.
    """

    shops: tuple[Connection, ...]
    keys: tuple[tuple[int, str], ...] | None
    undecided: bool

    def by_shop(self) -> list[tuple[Connection, list[str] | None]]:
        """The product ids for each shop."""
        if self.keys is None:
            return [(shop, None) for shop in self.shops]
        return [(shop, [key for store_id, key in self.keys if store_id == shop.store_id]) for shop in self.shops]

    def number(self, ids: Sequence[str] | None, shop: Connection) -> int:
        """How many products it is about in a shop."""
        return catalog.product_count(shop.store_id) if ids is None else len(ids)

    def asks_first(self, action: str) -> bool:
        """Whether it must be confirmed."""
        numbers = [self.number(ids, shop) for shop, ids in self.by_shop()]
        concerned = [number for number in numbers if number]
        if not concerned:
            return False
        if catalog.asks_first(action, products=max(concerned), shops=len(concerned)):
            return True
        # What is uploaded sells from a warehouse, which is confirmed each time (LST-1).
        return action in _UPLOADS and any(
            connections.sales_warehouses(shop) and catalog.not_in_shop(shop, ids) for shop, ids in self.by_shop() if ids
        )


def _asked_for(form: QueryDict, action: str, every: Sequence[Connection]) -> _Asked:
    shop = whole(form, "shop", 0)
    chosen = [c for c in every if shop in {0, c.id}]
    named = form.get("shop") == "all" or bool(shop)
    keys: list[tuple[int, str]] | None
    if form.get("all"):
        wanted = product_filter(QueryDict(form.get("filter", "")), every)
        everything = wanted.everything and action in _TAKES_EVERYTHING
        keys = None if everything else catalog.product_keys(wanted, every)
        if wanted.connection_id and not named:
            chosen, named = [c for c in every if c.id == wanted.connection_id], True
    else:
        asked = [form.get("only", "")] if "only" in form else form.getlist("product")
        pks = [int(pk) for pk in asked if pk.isdecimal() and len(pk) < 20]
        keys = catalog.products_by_pk(pks, gone=action in _FOR_WHAT_IS_GONE)
    stores = None if keys is None else {store_id for store_id, _key in keys}
    concerned = [c for c in chosen if stores is None or c.store_id in stores]
    return _Asked(tuple(chosen), None if keys is None else tuple(keys), not named and len(concerned) > 1)


def _ask(request: ConsoleRequest, action: str, asked: _Asked) -> HttpResponse:
    """The page that says what is about to be done, to how many products of which shops, and what undoing costs."""
    label = str(next(each.label for each in catalog.actions_for_many() if each.id == f"product.{action}"))
    concerned = [(shop, ids) for shop, ids in asked.by_shop() if asked.number(ids, shop)]
    products = max(asked.number(ids, shop) for shop, ids in concerned)
    if len(concerned) == 1:
        where = _("on %(shop)s") % {"shop": concerned[0][0].name}
    else:
        where = _("on %(n)s shops") % {"n": len(concerned)}
    how_many = ngettext("%(n)s product", "%(n)s products", products) % {"n": number(products)}
    question = f"{label}: {how_many}?" if asked.undecided else f"{label}: {how_many} {where}?"
    return render(
        request,
        "console/ask.html",
        {
            "question": question,
            "counts": [_shop_line(action, shop, ids, asked.number(ids, shop)) for shop, ids in concerned],
            "consequence": catalog.CONSEQUENCES[action],
            "button": label,
            "tone": "danger" if action in {"deactivate", "delete"} else "primary",
            "action_url": request.path,
            "sent": _sent_again(request.POST, leave_out={"shop"} if asked.undecided else set()),
            "shop_choices": _shop_choices(concerned) if asked.undecided else (),
            "warehouses": [each for shop, _ids in concerned if (each := warehouse_choice(shop))[2]]
            if action in _UPLOADS
            else (),
            "templates": [template_choice(shop) for shop, _ids in concerned] if action == _CHOOSES_TEMPLATE else (),
            "back": _here(request),
        },
    )


def _shop_line(action: str, shop: Connection, ids: Sequence[str] | None, products: int) -> str:
    """What is about to happen in one shop."""
    what = {"shop": shop.name, "n": number(products)}
    if action not in {"activate", "deactivate"} or ids is None:
        return ngettext("%(shop)s: %(n)s product", "%(shop)s: %(n)s products", products) % what
    fit = catalog.fitting(shop, ids, on=action == "activate")
    what["fit"] = number(fit)
    if action == "activate":
        return _("%(shop)s: %(fit)s of %(n)s are off and are switched on; the others are left as they are") % what
    return _("%(shop)s: %(fit)s of %(n)s are live and are taken off sale; the others are left as they are") % what


def _shop_choices(concerned: Sequence[tuple[Connection, Any]]) -> list[tuple[str, str]]:
    return [*((str(shop.id), shop.name) for shop, _ids in concerned), ("all", _("On all shops"))]


def _sent_again(form: QueryDict, *, leave_out: Collection[str] = ()) -> list[tuple[str, str]]:
    """The fields of a form, so that it can be sent once more."""
    left_out = {"csrfmiddlewaretoken", "confirmed", *leave_out}
    return [(name, str(value)) for name, values in form.lists() if name not in left_out for value in values]


def _here(request: ConsoleRequest) -> str:
    """The address that a form came from, if it is one of ours; else the list."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=False)
    return target if safe else reverse("products")


@require_POST
@needs(Permission.OPERATE)
def pull(request: ConsoleRequest) -> HttpResponse:
    """Read the products of every store: all, those changed since the last pull, or those changed in some days."""
    form = PullForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return back(request, "products")
    made = []
    for store in connections.stores():
        since, until = _span(form, store)
        made.append(goods_actions.pull(store, since=since, until=until, by=Actor.of(request.user)))
    return started(request, made, "products", follow=True)


def _span(form: PullForm, store: Store) -> tuple[datetime | None, datetime | None]:
    """From when to when products are read that changed; the last day open to its end if it is not over."""
    match form.cleaned_data["what"]:
        case PullForm.LAST:
            return goods.changed_since(store), None
        case PullForm.DAYS:
            start, end = goods.days_as_times(store, form.cleaned_data["start"], form.cleaned_data["end"])
            return start, end if end < clock.now() else None
        case _:
            return None, None


@require_POST
@needs(Permission.OPERATE)
def retry_problem(request: ConsoleRequest, problem_id: int) -> HttpResponse:
    """Look at what a problem is about again, now."""
    problem = sync.problem_or_404(problem_id)
    with Told(request):
        sync_actions.retry_problem(problem, by=Actor.of(request.user))
    return back(request, "problems")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def undo(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """Ask whether to switch the listings of a task back, and do it: on again what it took off, off what it put on."""
    task = sync.task_or_404(task_id)
    if not catalog.may_be_undone(task):
        raise Http404
    if request.method != "POST":
        return _ask_undo(request, task)
    with Told(request):
        return redirect("task", catalog_actions.undo(task, by=Actor.of(request.user)).id)
    return redirect("task", task.id)


def _ask_undo(request: ConsoleRequest, task: Task) -> HttpResponse:
    action = "deactivate" if task.params["on"] else "activate"
    products = len(catalog.switched_by(task))
    words_ = {"n": number(products), "title": task.title}
    return render(
        request,
        "console/ask.html",
        {
            "question": _("Undo: %(title)s?") % words_,
            "counts": [
                ngettext("%(n)s product is activated again", "%(n)s products are activated again", products) % words_
                if action == "activate"
                else ngettext("%(n)s product is deactivated again", "%(n)s products are deactivated again", products)
                % words_
            ],
            "consequence": catalog.CONSEQUENCES[action],
            "button": _("Undo"),
            "tone": "danger" if action == "deactivate" else "primary",
            "action_url": request.path,
            "back": reverse("task", args=[task.id]),
        },
    )
