"""What views have in common: going back where a form was sent from, and telling what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_scopes import scope

from twinshelf import messages as texts
from twinshelf.connections import queries as connections
from twinshelf.console.templatetags.console import times
from twinshelf.errors import DocumentError, NeedsPerson, Transient
from twinshelf.kit.csv_files import lines
from twinshelf.kit.paging import SIZE, SIZES
from twinshelf.listings import queries as listings
from twinshelf.rules import queries as rules

if TYPE_CHECKING:
    from twinshelf.accounts.models import Account
    from twinshelf.connections.models import Connection
    from twinshelf.rules.models import Template
    from twinshelf.sync.models import Task


def back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page that a form names in `next`, if it is one of ours."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return redirect(target)
    return redirect(otherwise)


class Told:
    """What only a person can put right, or has to wait for, is told on the next page instead of breaking this one."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        match error:
            case NeedsPerson():
                messages.error(self._request, format_html("<b>{}</b> {}", texts.text(error), texts.remedy(error)))
            case Transient():
                messages.error(self._request, _("%(why)s. Try again in a moment.") % {"why": error})
            case DocumentError():
                messages.error(self._request, error.reason)
            case _:
                return False
        return True


def started(request: HttpRequest, tasks: Sequence[Task], otherwise: str, *, follow: bool) -> HttpResponse:
    """Tell which tasks were started. `follow`: go and watch them; else back to where the form was sent from."""
    if not tasks:
        messages.warning(request, _("Nothing to do: no product fits."))
        return back(request, otherwise)
    for task in tasks:
        links = [(reverse("task", args=[task.id]), _("Follow it"))]
        if listings.may_be_undone(task):
            links.append((reverse("task_undo", args=[task.id]), _("Undo")))
        said = _("Started: %(title)s.") % {"title": times(task.title)}
        messages.success(request, format_html("{} {}", said, format_html_join(" ", '<a href="{}">{}</a>', links)))
    if follow:
        return redirect("task", tasks[0].id) if len(tasks) == 1 else redirect("activity")
    return back(request, otherwise)


def warehouse_choice(connection: Connection) -> tuple[str, str, list[tuple[str, str]]]:
    """(the name of the field, its label, the warehouses) of the choice from where uploaded products sell."""
    label = _("Warehouse of %(shop)s") % {"shop": connection.name}
    return f"warehouse-{connection.id}", label, connections.sales_warehouses(connection)


def warehouse_chosen(form: QueryDict, connection: Connection) -> str:
    """The warehouse that a form chooses for a connection; "" where it chooses none."""
    return form.get(f"warehouse-{connection.id}", "")


KEEP, FIT = "", "fit"
"""In place of a template: leave each product where it is; have each join the one that it fits."""


def template_choice(connection: Connection) -> tuple[str, str, list[tuple[str, str]]]:
    """(the name of the field, its label, the templates) of the choice which template holds uploaded products."""
    held = rules.product_counts(connection)
    named = [(str(each.id), f"{each.name} ({held.get(each.id, 0):,})") for each in rules.choosable(connection)]
    label = _("Category template of %(shop)s") % {"shop": connection.name}
    ways = [(KEEP, _("The one that each is in")), (FIT, _("The one whose conditions each fits"))]
    return f"template-{connection.id}", label, [*ways, *named]


def template_chosen(form: QueryDict, connection: Connection) -> Template | Literal["fitting"] | None:
    """What a form chooses for a connection, as `listings.actions.list_products` takes it.

    Raises DocumentError where the template is not there.
    """
    wanted = form.get(f"template-{connection.id}", KEEP)
    if wanted == KEEP:
        return None
    if wanted == FIT:
        return "fitting"
    template = next((each for each in rules.choosable(connection) if str(each.id) == wanted), None)
    if template is None:
        raise DocumentError("template", _("This template is not there any more."))
    return template


def csv_answer(
    account: Account, filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A file made while it is sent, after the request and its scope have ended."""
    answer = StreamingHttpResponse(_within(account, lines(header, rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    return answer  # type: ignore[return-value]  # a response like any other to Django


def _within(account: Account, made: Iterable[str]) -> Iterator[str]:
    with scope(account=account):
        yield from made


def whole(params: QueryDict, name: str, otherwise: int) -> int:
    """A whole number of the address, as forgiving as addresses must be."""
    text = params.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 12 else otherwise


def page_size(params: QueryDict) -> int:
    """How many items a page shall have: one of the sizes offered."""
    size = whole(params, "per", SIZE)
    return size if size in SIZES else SIZE
