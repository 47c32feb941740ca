"""The category map: which TikTok category the products of each category of the store get, and what it asks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console.access import ConsoleRequest, Permission, may, needs
from twinshelf.console.common_values import LABELS, CommonForm
from twinshelf.console.views.answers import Told, page_size, whole
from twinshelf.kit.paging import Page
from twinshelf.listings import actions as listing_actions
from twinshelf.listings import queries as listings
from twinshelf.rules import actions
from twinshelf.rules.categories import Leaf, named
from twinshelf.rules.category_map import MapRow, MapState
from twinshelf.rules.common import NOTHING_COMMON
from twinshelf.rules.conditions import fold
from twinshelf.rules.templates import AttributeRule

if TYPE_CHECKING:
    from django.http import QueryDict

    from twinshelf.connections.models import Connection
    from twinshelf.documents import Attribute
    from twinshelf.listings.models import CategorySuggestions

_GROUPS = (
    (MapState.CHOOSE, gettext_lazy("To choose"),
     gettext_lazy("Left empty on purpose. A wrong category is a reason for TikTok to refuse a product.")),
    (MapState.SURE, gettext_lazy("Sure suggestions"), gettext_lazy("Used only after you accept them.")),
    (MapState.LIKELY, gettext_lazy("Likely suggestions"), gettext_lazy("Look at these one by one.")),
    (MapState.MAPPED, gettext_lazy("Mapped"), gettext_lazy("Your choice is kept, whatever is suggested later.")),
)  # fmt: skip
_SUGGESTED = {MapState.SURE, MapState.LIKELY}
_SHOWN: Mapping[str, Any] = {
    "all": lambda _row: True,
    "choose": lambda row: row.state is MapState.CHOOSE,
    "suggested": lambda row: row.state in _SUGGESTED,
    "mapped": lambda row: row.state is MapState.MAPPED,
    "missing": lambda row: row.lacks > 0,
}
_WORDS = {
    "all": gettext_lazy("All"),
    "choose": gettext_lazy("To choose"),
    "suggested": gettext_lazy("Suggested"),
    "mapped": gettext_lazy("Mapped"),
    "missing": gettext_lazy("Missing info"),
}


@require_safe
@needs(Permission.VIEW)
def index(request: ConsoleRequest) -> HttpResponse:
    """The map of one connection; what it needs and nobody has read is asked for."""
    every = connections.connections()
    if not every:
        return redirect("connections")
    shop = whole(request.GET, "shop", 0)
    connection = next((each for each in every if each.id == shop), every[0])
    rows, kept = listings.category_map(connection)
    if listings.categories_are_old(connection):
        listing_actions.read_categories(connection)
    if listings.categories_are_uncounted(connection):
        listing_actions.rank_categories(connection)
    if unread := sorted({row.category_id for row in rows if row.unread})[:_READ_AT_ONCE]:
        listing_actions.read_categories(connection, unread)
    show = show if (show := request.GET.get("show", "")) in _SHOWN else "all"
    text = request.GET.get("q", "").strip()
    found = [row for row in rows if _SHOWN[show](row) and _has(row, text)]
    size, number = page_size(request.GET), whole(request.GET, "page", 1)
    page: Page[MapRow] = Page((), len(found), 1, size)
    number = min(max(1, number), page.pages)
    page = Page(tuple(found[(number - 1) * size : number * size]), len(found), number, size)
    products = Counter[MapState]()
    for row in rows:
        products[row.state] += row.number
    waits = sum(row.number for row in rows if row.by is None and not row.everything_else)
    context = {
        "connection": connection,
        "shops": [(each.id, each.name) for each in every],
        "several_shops": len(every) > 1,
        "text": text,
        "show": show,
        "pills": [(name, word, sum(map(_SHOWN[name], rows))) for name, word in _WORDS.items()],
        "page": page,
        "groups": [
            (
                word,
                hint,
                sum(row.state is state for row in rows),
                [_line(connection, row) for row in page.rows if row.state is state],
            )
            for state, word, hint in _GROUPS
        ],
        "segments": [(state, word, products[state]) for state, word, _hint in _GROUPS],
        "products": sum(products.values()),
        "waits": waits,
        "to_choose": sum(row.state is MapState.CHOOSE for row in rows),
        "sure": sum(row.state is MapState.SURE for row in rows),
        "counted_at": kept.counted_at if kept else None,
        "pending": _pending(kept),
        "may": may(request, Permission.OPERATE),
    }
    return render(request, "console/categories.html", context)


_READ_AT_ONCE = 20


@require_safe
@needs(Permission.VIEW)
def counting(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Whether the categories were counted: the notice of the page, which ends once they are."""
    connection = connections.connection_or_404(connection_id)
    pending = _pending(listings.suggestions_of(connection))
    return render(request, "console/_counting.html", {"connection": connection, "pending": pending})


def _pending(kept: CategorySuggestions | None) -> bool:
    return kept is None or kept.counted_at is None or kept.counted_at < kept.asked_at


def _has(row: MapRow, text: str) -> bool:
    return fold(text) in fold(row.written) or (row.leaf is not None and fold(text) in fold(row.leaf.path))


def _line(connection: Connection, row: MapRow) -> dict[str, Any]:
    above, _between, name = row.written.rpartition(">")
    parents, _between, leaf = (row.leaf.path if row.leaf else "").rpartition(" > ")
    edit = f"{reverse('category_edit', args=[connection.id])}?{urlencode({'key': row.key})}"
    return {
        "row": row,
        "name": name.strip(),
        "above": above.strip(),
        "leaf": leaf,
        "parents": parents,
        "edit": edit,
        "named": [LABELS[what] for what in row.named],
    }


def _back(connection: Connection, request: ConsoleRequest) -> HttpResponse:
    kept = {name: request.POST[name] for name in ("show", "q", "page") if request.POST.get(name)}
    return redirect(f"{reverse('category_map')}?{urlencode({'shop': connection.id, **kept})}")


# -- choosing -------------------------------------------------------------------------------------------------------


@require_POST
@needs(Permission.OPERATE)
def accept(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Accept suggestions as they were shown: of one row, of the chosen rows, or all sure ones of the map."""
    connection = connections.connection_or_404(connection_id)
    leaves = listings.category_leaves(connection)
    if "sure" in request.POST:
        rows, _kept = listings.category_map(connection)
        shown = [(row.key, row.category_id) for row in rows if row.state is MapState.SURE]
    else:
        given = request.POST.getlist("one") or request.POST.getlist("row")
        shown = [(key, category_id) for category_id, _bar, key in (each.partition("|") for each in given)]
    chosen = {key: (i, leaves[i].path) for key, i in shown if key and i in leaves and leaves[i].available}
    if not chosen:
        messages.warning(request, _("Nothing to accept: choose rows that have a suggestion."))
        return _back(connection, request)
    with Told(request):
        tried = actions.map_categories(connection, chosen, how="accepted", by=Actor.of(request.user))
        listing_actions.rank_categories(connection)
        said = ngettext("%(n)s category is mapped.", "%(n)s categories are mapped.", len(chosen))
        messages.success(request, f"{said % {'n': f'{len(chosen):,}'}} {_tried(tried)}".strip())
    return _back(connection, request)


@require_POST
@needs(Permission.OPERATE)
def choose(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Give the chosen rows one TikTok category."""
    connection = connections.connection_or_404(connection_id)
    keys = [key for _id, _bar, key in (each.partition("|") for each in request.POST.getlist("row")) if key]
    leaf, refused = _leaf(request.POST, listings.category_leaves(connection))
    if not keys:
        refused = _("Choose the rows first.")
    if refused or leaf is None:
        messages.error(request, refused or _("Choose a category from the list."))
        return _back(connection, request)
    with Told(request):
        tried = actions.map_categories(connection, dict.fromkeys(keys, (leaf.id, leaf.path)), by=Actor.of(request.user))
        listing_actions.rank_categories(connection)
        said = ngettext("%(n)s category is mapped.", "%(n)s categories are mapped.", len(keys))
        messages.success(request, f"{said % {'n': f'{len(keys):,}'}} {_tried(tried)}".strip())
    return _back(connection, request)


def _leaf(sent: QueryDict, leaves: Mapping[str, Leaf]) -> tuple[Leaf | None, str]:
    """The category that was entered, and what is wrong with it: ("" for nothing)."""
    text = sent.get("category_path", "").strip()
    if not text:
        return None, ""
    leaf = named(leaves, text, sent.get("category_id", ""))
    if leaf is None:
        return None, _("TikTok Shop has no category of this name or number: choose one from the list.")
    if not leaf.available:
        return None, _("TikTok Shop does not let this shop list in that category.")
    return leaf, ""


def _tried(number: int) -> str:
    if not number:
        return ""
    said = ngettext("%(n)s product is tried again.", "%(n)s products are tried again.", number)
    return said % {"n": f"{number:,}"}


@require_POST
@needs(Permission.OPERATE)
def suggest(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Count again, and have TikTok asked as well."""
    connection = connections.connection_or_404(connection_id)
    with Told(request):
        listing_actions.suggest_categories(connection, by=Actor.of(request.user))
        messages.info(request, _("TikTok Shop is asked which categories fit. The answers appear here."))
    return _back(connection, request)


# -- one category of the store --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Field:
    """An attribute as the form shows it."""

    attribute: Attribute
    required: bool
    chosen: Sequence[str]
    text: str
    missing: bool
    error: str = ""

    @property
    def name(self) -> str:
        return f"a-{self.attribute.id}"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def edit(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """The TikTok category of one category of the store, and what is true of all its products."""
    connection = connections.connection_or_404(connection_id)
    key = request.GET.get("key", "")
    rows, _kept = listings.category_map(connection)
    row = next((each for each in rows if each.key == fold(key)), None)
    if row is None:
        raise Http404
    leaves = listings.category_leaves(connection)
    errors: dict[str, str] = {}
    category_id = row.category_id
    path = row.leaf.path if row.leaf else ""
    if request.method == "POST":
        path = request.POST.get("category_path", "").strip()
        leaf, errors["category"] = _leaf(request.POST, leaves)
        category_id = leaf.id if leaf else ""
    asked = listings.attributes_of(connection, category_id) if category_id else ()
    if asked is None:
        listing_actions.read_categories(connection, [category_id])
    own = row.own
    rules = listings.rules_asked(connection, [category_id])
    common = (
        CommonForm.posted(request, connection, rules)
        if request.method == "POST"
        else CommonForm(own or NOTHING_COMMON, rules)
    )
    if request.method == "POST" and "save" in request.POST and not errors["category"]:
        values = _entered(request.POST, asked or (), errors) if asked else (own.attributes if own else ())
        if not any(errors.values()) and not common.errors:
            with Told(request):
                by = Actor.of(request.user)
                tried = actions.set_category_values(connection, key, attributes=values, common=common.values, by=by)
                if category_id != (own.category_id if own else ""):
                    tried += actions.map_categories(connection, {key: (category_id, path)}, by=by)
                listing_actions.rank_categories(connection)
                messages.success(request, f"{_('Saved.')} {_tried(tried)}".strip())
                return _back(connection, request)
    fields = _fields(request, asked or (), own.attributes if own else (), row, errors)
    context = {
        "connection": connection,
        "row": row,
        "back": f"{reverse('category_map')}?shop={connection.id}",
        "path": path,
        "category_id": category_id,
        "errors": errors,
        "unread": asked is None,
        "required": [field for field in fields if field.required],
        "optional": [field for field in fields if not field.required],
        "common": common,
        "changed": request.method == "POST",
    }
    wrong = any(errors.values()) or bool(common.errors)
    return render(request, "console/category.html", context, status=400 if wrong else 200)


def _entered(sent: QueryDict, asked: Sequence[Attribute], errors: dict[str, str]) -> tuple[AttributeRule, ...]:
    """What was said of the attributes; each product's own custom field of that name comes first."""
    rules = []
    for attribute in asked:
        if attribute.sales:
            continue
        known = {name for _id, name in attribute.values}
        picked = [value for value in sent.getlist(f"a-{attribute.id}") if value in known]
        text = sent.get(f"t-{attribute.id}", "").strip()
        if text and known and not attribute.customizable:
            continue
        if text and attribute.numeric and not _is_number(text):
            errors[f"a-{attribute.id}"] = _("This must be a number above 0.")
        texts = [*picked, *([text] if text else [])]
        if not attribute.multiple:
            texts = texts[-1:]
        if texts:
            rules.append(
                AttributeRule(name=attribute.name, source="custom_field", field=attribute.name, value=", ".join(texts))
            )
    return tuple(rules)


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False


def _fields(
    request: ConsoleRequest,
    asked: Sequence[Attribute],
    rules: Sequence[AttributeRule],
    row: MapRow,
    errors: Mapping[str, str],
) -> list[_Field]:
    given = {fold(rule.name): rule for rule in rules}
    found = []
    for attribute in (each for each in asked if not each.sales):
        rule = given.get(fold(attribute.name))
        if request.method == "POST":
            chosen, text = request.POST.getlist(f"a-{attribute.id}"), request.POST.get(f"t-{attribute.id}", "")
        else:
            known = {name for _id, name in attribute.values}
            whole_text = rule.value if rule else ""
            parts = [whole_text] if whole_text in known else [part.strip() for part in whole_text.split(",")]
            chosen = [part for part in parts if part in known]
            text = ", ".join(part for part in parts if part not in known)
        missing, error = attribute.name in row.missing, errors.get(f"a-{attribute.id}", "")
        found.append(_Field(attribute, attribute.required, chosen, text, missing, error))
    return sorted(found, key=lambda field: (not field.missing, not field.required, field.attribute.name))
