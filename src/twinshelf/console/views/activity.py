"""What was asked for and what came of it: tasks with their items, problems, webhooks, changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import words
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.views.answers import Told, back, csv_answer, page_size, whole
from twinshelf.kit.actions import Action
from twinshelf.kit.csv_files import in_batches
from twinshelf.listings import actions as catalog_actions
from twinshelf.listings import queries as catalog
from twinshelf.orders import queries as orders
from twinshelf.sync import actions as sync_actions
from twinshelf.sync import queries as sync

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.sync.models import Lane, Problem, Task

"""The last four are the first four in full width, which some spreadsheets take for the same."""


@require_safe
@needs(Permission.VIEW)
def activity(request: ConsoleRequest) -> HttpResponse:
    """The tasks: running ones with their progress, then those that have ended."""
    kind = request.GET.get("kind", "")
    return render(
        request,
        "console/activity.html",
        {
            "running": [(task, sync.progress(task)) for task in sync.unfinished_tasks()],
            "page": sync.finished_tasks(kind=kind, number=whole(request.GET, "page", 1), size=page_size(request.GET)),
            "kind": kind,
            "kinds": words.TASK_KINDS.items(),
        },
    )


@require_safe
@needs(Permission.VIEW)
def running(request: ConsoleRequest) -> HttpResponse:
    """The running tasks by themselves: asked for every two seconds while there are any."""
    found = [(task, sync.progress(task)) for task in sync.unfinished_tasks()]
    return render(request, "console/_running.html", {"running": found})


@require_safe
@needs(Permission.VIEW)
def task(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """One task with its items; only its progress where the page asks for that while it runs."""
    found = sync.task_or_404(task_id)
    state = request.GET.get("state", "")
    state = state if state in words.ITEM else ""
    context: dict[str, Any] = {
        "task": found,
        "progress": sync.progress(found),
        "counts": sync.item_counts(found),
        "state": state,
        "unfinished": sync.is_unfinished(found),
    }
    if request.htmx:
        return render(request, "console/_progress.html", context)
    page = sync.items_of(found, state=state, number=whole(request.GET, "page", 1), size=page_size(request.GET))
    context |= {
        "page": page,
        "links": Links([(item.lane, item.key) for item in page.rows]),
        "pills": [
            ("", _("All"), sum(context["counts"].values())),
            *((name, look.word, context["counts"].get(name, 0)) for name, look in words.ITEM.items()),
        ],
        "report": found.cursor.get("report"),
        "outcome": _outcome(found),
        "more_failed": found.failed if state != "failed" else 0,
        "actions": offered(request, catalog.actions_for_task(found)),
    }
    return render(request, "console/task.html", context)


def _outcome(task: Task) -> str:
    """What says over the items how it ended: nothing while it runs, nor where all went well."""
    if sync.is_unfinished(task):
        return ""
    if sync.was_not_carried_out(task):
        return "console/_not_carried_out.html"
    return "console/_items_failed.html" if task.failed and "report" not in task.cursor else ""


@require_POST
@needs(Permission.OPERATE)
def cancel_task(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """Stop carrying a task out. What was asked for already is still done."""
    found = sync.task_or_404(task_id)
    sync_actions.cancel_task(found, by=Actor.of(request.user))
    messages.success(request, _("Task cancelled. What had been asked for already is still done."))
    return redirect("task", found.id)


@require_POST
@needs(Permission.OPERATE)
def run_again(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """Carry a task out once more: for what failed of it, or as a whole where it has no items of its own."""
    found = sync.task_or_404(task_id)
    with Told(request):
        try:
            return redirect("task", catalog_actions.run_again(found, by=Actor.of(request.user)).id)
        except sync_actions.NothingToRunAgain as error:
            raise Http404 from error
    return redirect("task", found.id)


@require_safe
@needs(Permission.VIEW)
def task_items(request: ConsoleRequest, task_id: int) -> HttpResponse:
    """Every item of a task as a file."""
    found = sync.task_or_404(task_id)
    header = ["kind", "id", "name", "outcome", "text"]
    return csv_answer(request.account, f"twinshelf-task-{found.id}.csv", header, _rows(found))


def _rows(task: Task) -> Iterator[Sequence[str]]:
    for some in in_batches(sync.every_item(task), 1000):
        links = Links([(item.lane, item.key) for item in some])
        for item in some:
            yield item.lane.kind, item.key, links.title(item.lane, item.key), item.state, item.text


class Links:
    """What keys of lanes stand for: the title and the page of products and orders, looked up all at once."""

    def __init__(self, keys: Sequence[tuple[Lane | None, str]]) -> None:
        store_of = {c.id: c.store_id for c in connections.connections()}
        products: dict[int, set[str]] = {}
        order_ids: dict[int, set[str]] = {}
        incoming: dict[int, set[str]] = {}
        for lane, key in keys:
            if lane is None:
                continue
            owner = sync.owner_id(lane.owner)
            if lane.kind in sync.PRODUCT_KINDS:
                store = owner if lane.owner.startswith("store:") else store_of.get(owner, 0)
                products.setdefault(store, set()).add(key)
            elif lane.kind in sync.ORDER_KINDS:
                order_ids.setdefault(owner, set()).add(key)
            elif lane.kind in sync.SHOP_PRODUCT_KINDS:
                incoming.setdefault(owner, set()).add(key)
        self._store_of = store_of
        self._products = {store: catalog.named(store, sorted(ids)) for store, ids in products.items()}
        self._incoming = {owner: catalog.named_in_shop(owner, sorted(ids)) for owner, ids in incoming.items()}
        self._orders = {owner: orders.order_pks(sorted(ids), [owner]) for owner, ids in order_ids.items()}

    def _product(self, lane: Lane, key: str) -> tuple[int, str] | None:
        owner = sync.owner_id(lane.owner)
        store = owner if lane.owner.startswith("store:") else self._store_of.get(owner, 0)
        return self._products.get(store, {}).get(key)

    def _of_shop(self, lane: Lane, key: str) -> tuple[int | None, str] | None:
        return self._incoming.get(sync.owner_id(lane.owner), {}).get(key)

    def title(self, lane: Lane | None, key: str) -> str:
        """The product's name, the order's number, or the key as it is."""
        if key == sync.WHOLE_LANE:
            return _("Connections")
        if lane is not None and lane.kind in sync.PRODUCT_KINDS and (found := self._product(lane, key)):
            return found[1]
        if lane is not None and lane.kind in sync.SHOP_PRODUCT_KINDS and (there := self._of_shop(lane, key)):
            return there[1]
        if lane is not None and lane.kind in sync.ORDER_KINDS:
            return _("Order %(number)s") % {"number": key}
        return key

    def page(self, lane: Lane | None, key: str) -> tuple[str, int | None] | None:
        """(name of the page, key of its row; None: it is about all); None where there is no page."""
        if lane is None:
            return None
        if key == sync.WHOLE_LANE:
            return ("connections", None)
        if lane.kind in sync.PRODUCT_KINDS:
            found = self._product(lane, key)
            return ("product", found[0]) if found else None
        if lane.kind in sync.SHOP_PRODUCT_KINDS:
            there = self._of_shop(lane, key)
            return ("product", there[0]) if there and there[0] else None
        pk = self._orders.get(sync.owner_id(lane.owner), {}).get(key)
        return ("order", pk) if pk else None


@require_safe
@needs(Permission.VIEW)
def problems(request: ConsoleRequest) -> HttpResponse:
    """Open problems one by one, of one kind and code if given."""
    kind, code = request.GET.get("kind", ""), request.GET.get("code", "")
    page = sync.problems(kind=kind, code=code, number=whole(request.GET, "page", 1), size=page_size(request.GET))
    links = Links([(p.lane, p.key) for p in page.rows])
    every = connections.connections()
    names = {sync.owner_ref("connection", c.id): c.name for c in every}
    names |= {sync.owner_ref("store", store.id): store.name for store in connections.stores()}
    return render(
        request,
        "console/problems.html",
        {
            "page": page,
            "rows": [(p, names.get(p.lane.owner, ""), offered(request, _actions_for(p, links))) for p in page.rows],
            "links": links,
            "groups": [_reason(request, group, every, names) for group in sync.problem_groups()],
            "kind": kind,
            "code": code,
        },
    )


@dataclass(frozen=True)
class Reason:
    """Problems of one cause, as the list of reasons shows them: where they are, where to mend them, and all at once."""

    group: sync.ProblemGroup
    where: str
    places: tuple[tuple[str, str], ...]
    actions: tuple[Action, ...]


def _reason(
    request: ConsoleRequest, group: sync.ProblemGroup, every: Sequence[Connection], names: Mapping[str, str]
) -> Reason:
    where = ", ".join(dict.fromkeys(names[owner] for owner in group.owners if owner in names))
    concerned = [c for c in every if sync.owner_ref("connection", c.id) in group.owners]
    actions = sync.actions_for_group(group.kind, group.code, group.count) if group.key != sync.WHOLE_LANE else ()
    return Reason(group, where, _places(group.code, concerned), tuple(offered(request, actions)))


def _places(code: str, concerned: Sequence[Connection]) -> tuple[tuple[str, str], ...]:
    """(words, address) of our own pages on which a problem is put right; none where that is another site."""
    match texts.message(code).page:
        case "categories":
            word = _("Category map of %(name)s")
            return tuple((word % {"name": c.name}, f"{reverse('category_map')}?shop={c.id}") for c in concerned)
        case "template":
            word = _("Template of %(name)s")
            return tuple((word % {"name": c.name}, reverse("template", args=[c.id])) for c in concerned)
        case "connection":
            return ((_("Connections"), reverse("connections")),)
        case "settings":
            return ((_("Settings"), reverse("settings")),)
        case _:
            return ()


def _actions_for(problem: Problem, links: Links) -> tuple[Action, ...]:
    return sync.actions_for(problem, about=links.title(problem.lane, problem.key))


@require_POST
@needs(Permission.OPERATE)
def retry_group(request: ConsoleRequest) -> HttpResponse:
    """Look again at everything that has a problem of one kind and code."""
    kind, code = request.POST.get("kind", ""), request.POST.get("code", "")
    number = sync_actions.retry_group(request.account, kind=kind, code=code, by=Actor.of(request.user))
    told = ngettext("Trying again: %(n)s.", "Trying again: all %(n)s.", number)
    messages.success(request, told % {"n": f"{number:,}"})
    return back(request, "problems")


@require_POST
@needs(Permission.OPERATE)
def confirm(request: ConsoleRequest) -> HttpResponse:
    """Let through what was held back for somebody to check: one thing, or all of one kind and code."""
    code, one = request.POST.get("code", ""), whole(request.POST, "problem", 0)
    if not texts.message(code).confirm:
        raise Http404
    kind = request.POST.get("kind", "")
    number = sync_actions.confirm(
        request.account, code=code, kind=kind, problem_id=one or None, by=Actor.of(request.user)
    )
    if number:
        told = ngettext("Confirmed: %(n)s. It is on its way.", "Confirmed: %(n)s. They are on their way.", number)
        messages.success(request, told % {"n": number})
    else:
        messages.info(request, _("There is nothing to confirm any more."))
    return back(request, "problems")


@require_safe
@needs(Permission.VIEW)
def webhooks(request: ConsoleRequest) -> HttpResponse:
    """What the platforms told us, and what was made of it."""
    source, outcome = request.GET.get("source", ""), request.GET.get("outcome", "")
    page = sync.inbox(source=source, outcome=outcome, number=whole(request.GET, "page", 1), size=page_size(request.GET))
    return render(
        request,
        "console/webhooks.html",
        {
            "page": page,
            "source": source,
            "outcome": outcome,
            "sources": words.SOURCES.items(),
            "outcomes": [(name, look.word) for name, look in words.INBOX.items()],
        },
    )


@require_safe
@needs(Permission.VIEW)
def changes(request: ConsoleRequest) -> HttpResponse:
    """What was sent to the platforms."""
    kind, ok = request.GET.get("kind", ""), request.GET.get("ok", "")
    made = {"yes": True, "no": False}.get(ok)
    page = sync.changes(kind=kind, ok=made, number=whole(request.GET, "page", 1), size=page_size(request.GET))
    return render(
        request,
        "console/changes.html",
        {
            "page": page,
            "links": Links([(r.lane, r.key) for r in page.rows]),
            "kind": kind,
            "ok": ok,
            "kinds": [(k, v[0]) for k, v in words.CHANGES.items()],
            "outcomes": (("yes", words.MADE[True].word), ("no", words.MADE[False].word)),
        },
    )
