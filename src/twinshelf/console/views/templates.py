"""Category templates: the list, the editor with *Run query*, copying and deleting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries as connections
from twinshelf.console import template_draft as drafts
from twinshelf.console.access import ConsoleRequest, Permission, needs, offered
from twinshelf.console.common_values import CommonForm
from twinshelf.console.template_draft import Draft, StoreFields
from twinshelf.console.views.answers import Told, page_size, started, warehouse_choice, warehouse_chosen, whole
from twinshelf.errors import NeedsPerson
from twinshelf.goods import queries as goods
from twinshelf.listings import actions as listing_actions
from twinshelf.listings import queries as listings
from twinshelf.rules import actions, queries, templates
from twinshelf.rules.common import NOTHING_COMMON, nearest
from twinshelf.rules.conditions import Match
from twinshelf.rules.queries import SORTS, TemplateFilter, TemplateLine

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.documents import CategoryRules
    from twinshelf.rules.models import Template

_FEW, _MORE, _MOST = 10, 50, 500
"""Rows that *Run query* shows at first, shows more of at once, and shows at most: its total says how many there are."""


@require_safe
@needs(Permission.VIEW)
def index(request: ConsoleRequest) -> HttpResponse:
    """The templates of one connection."""
    every = connections.connections()
    if not every:
        return redirect("connections")
    shop = whole(request.GET, "shop", 0)
    connection = next((each for each in every if each.id == shop), every[0])
    sort = request.GET.get("sort", "")
    wanted = TemplateFilter(
        text=request.GET.get("q", "").strip(),
        sort=name if (name := sort.removeprefix("-")) in SORTS else "position",
        descending=sort.startswith("-"),
        number=whole(request.GET, "page", 1),
        size=page_size(request.GET),
    )
    page = queries.template_page(connection, wanted)
    default = listings.default_template(connection)
    return render(
        request,
        "console/templates.html",
        {
            "connection": connection,
            "shops": [(each.id, each.name) for each in every],
            "wanted": wanted,
            "page": page,
            "lines": [_listed(request, line) for line in page.rows],
            "actions": offered(request, queries.actions_for_list(connection)),
            "several_shops": len(every) > 1,
            "of_default": queries.product_count(default) if default else 0,
        },
    )


def _listed(request: ConsoleRequest, line: TemplateLine) -> dict[str, Any]:
    """A row of the list; its conditions are (field, operator, text), in words."""
    fields, operators = dict(drafts.FIELDS), dict(drafts.OPERATORS)
    parents, _between, leaf = line.template.category_path.rpartition(" > ")
    return {
        "template": line.template,
        "rules": line.rules,
        "products": line.products,
        "leaf": leaf,
        "parents": parents,
        "match": dict(drafts.MATCHES)[line.rules.group.match],
        "conditions": [
            (fields[each.field], str(operators[each.operator]).lower(), each.value)
            for each in line.rules.group.conditions
        ],
        "brief": _brief(line),
        "actions": offered(request, queries.actions_for(line.template)),
    }


def _brief(line: TemplateLine) -> str:
    """The first condition in words, and how many there are beside it."""
    conditions = line.rules.group.conditions
    if not conditions:
        return _("No condition")
    first, others = conditions[0], len(conditions) - 1
    said = f"{dict(drafts.FIELDS)[first.field]} {str(dict(drafts.OPERATORS)[first.operator]).lower()} “{first.value}”"
    if not others:
        return said
    more = _("%(said)s and %(n)s more") if line.rules.group.match is Match.ALL else _("%(said)s or %(n)s more")
    return more % {"said": said, "n": others}


# -- the editor -----------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def create(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """A new template: shown, shown anew with what was pressed, or saved."""
    connection = connections.connection_or_404(connection_id)
    return _editor(request, connection, None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def edit(request: ConsoleRequest, connection_id: int, template_id: int) -> HttpResponse:
    """A template: shown, shown anew with what was pressed, or saved."""
    connection = connections.connection_or_404(connection_id)
    template = queries.template_or_404(connection, template_id)
    if template.is_default:
        return redirect("template", connection.id)
    return _editor(request, connection, template)


def _editor(request: ConsoleRequest, connection: Connection, template: Template | None) -> HttpResponse:
    leaves = listings.category_leaves(connection)
    if listings.categories_are_old(connection):
        listing_actions.read_categories(connection)
    custom_fields, options = goods.field_names(connection.store_id)
    fields = StoreFields(custom_fields, options)
    if request.method != "POST":
        draft = Draft.of(template, leaves) if template else Draft(rules=templates.suggested((), (), ()))
        common = CommonForm(draft.rules, _rules_asked(connection, draft))
        return _shown(request, connection, template, draft, fields, common=common)
    kept = queries.rules_of(template) if template else templates.TemplateRules()
    draft = Draft.posted(request.POST, leaves, kept)
    common = CommonForm.posted(request, connection, _rules_asked(connection, draft))
    draft.rules = msgspec.structs.replace(draft.rules, **nearest(common.values, NOTHING_COMMON))
    if "save" not in request.POST:
        return _shown(request, connection, template, draft, fields, common=common)
    answer = None if common.errors else _saved(request, connection, template, draft)
    return answer or _shown(request, connection, template, draft, fields, common=common, status=400)


def _rules_asked(connection: Connection, draft: Draft) -> CategoryRules:
    return listings.rules_asked(connection, [draft.category.id] if draft.category else [])


def _saved(
    request: ConsoleRequest, connection: Connection, template: Template | None, draft: Draft
) -> HttpResponse | None:
    """Save what was entered; None where something is to be put right first, which `draft.errors` says."""
    asked = _asked(connection, draft)
    if draft.category is not None and asked is None:
        draft.errors["category"] = _("TikTok Shop is asked what this category requires. Save again in a moment.")
    if draft.errors:
        return None
    rules = msgspec.structs.replace(draft.rules, attributes=draft.attributes_of(asked or ()))
    try:
        saved, task = actions.save_template(
            connection,
            template,
            name=draft.name,
            category_id=draft.category.id if draft.category else "",
            category_path=draft.category.path if draft.category else "",
            rules=rules,
            asked=asked or (),
            confirmed=draft.confirmed,
            by=Actor.of(request.user),
        )
    except NeedsPerson as refused:
        draft.errors[_PLACES[refused.code]] = texts.text(refused)
        return None
    said = _("The profile is created successfully") if template is None else _("The profile is saved successfully")
    messages.success(
        request,
        format_html(
            '{}. {} <a href="{}">{}</a>',
            said,
            _("Products join and leave it now."),
            reverse("task", args=[task.id]),
            _("Follow it"),
        ),
    )
    return redirect(f"{reverse('templates')}?shop={saved.connection_id}")


_PANELS = {
    "name": "s-products", "category": "s-category", "attributes": "s-attributes", "pairs": "s-attributes",
    "price": "s-price",
}  # fmt: skip


def _common_panel(place: str) -> str:
    return "certificates" if place.startswith("certificate.") else "common"


_PLACES = {"E-TPL-NAME": "name", "E-TPL-CATEGORY": "category", "E-TPL-ATTR": "attributes", "E-TPL-PAIR": "pairs"}


def _asked(connection: Connection, draft: Draft) -> Sequence[Any] | None:
    """The attributes of the chosen category; None while TikTok is asked for them."""
    if draft.category is None:
        return ()
    found = listings.attributes_of(connection, draft.category.id)
    if found is None:
        listing_actions.read_categories(connection, [draft.category.id])
    return found


def _shown(
    request: ConsoleRequest,
    connection: Connection,
    template: Template | None,
    draft: Draft,
    fields: StoreFields,
    *,
    common: CommonForm,
    status: int = 200,
) -> HttpResponse:
    asked = _asked(connection, draft)
    attributes = asked or ()
    if request.method == "POST" and request.POST.get("shown_category") != (draft.category.id if draft.category else ""):
        draft.rules = _with_suggestions(
            draft.rules, templates.suggested(attributes, fields.custom_fields, fields.options)
        )
    context = {
        "connection": connection,
        "template": template,
        "heading": template.name if template else _("Create template"),
        "draft": draft,
        "common": common,
        "refused": [
            *((_PANELS[place], reason) for place, reason in draft.errors.items()),
            *((_common_panel(place), reason) for place, reason in common.errors.items()),
        ]
        if request.POST.get("save")
        else [],
        "longest": templates.LONGEST_NAME,
        "fields": drafts.FIELDS,
        "operators": drafts.OPERATORS,
        "matches": drafts.MATCHES,
        "price_rules": drafts.PRICE_RULES,
        "yes_no": drafts.YES_NO,
        "own_sources": drafts.OWN_SOURCES,
        "cod": {True: "yes", False: "no", None: ""}[draft.rules.cash_on_delivery],
        "units": f"{connection.store.length_unit}, {connection.store.weight_unit}".lower(),
        "unread": draft.category is not None and asked is None,
        "required": drafts.attribute_rows(draft, attributes, fields, required=True),
        "recommended": drafts.attribute_rows(draft, attributes, fields, required=False),
        "variations": drafts.variation_rows(draft, attributes, fields),
        "measures": drafts.measure_rows(draft, fields),
        "names": [each.name for each in attributes if not each.sales],
        "stale": templates.no_longer_apply(draft.rules, attributes) if attributes else [],
        "found": _found(request, connection, template, draft),
        "changed": request.method == "POST",
        "held": queries.product_count(template) if template else 0,
    }
    return render(request, "console/template_editor.html", context, status=status)


def _with_suggestions(rules: templates.TemplateRules, suggested: templates.TemplateRules) -> templates.TemplateRules:
    """The rules with a suggestion wherever they say nothing of an attribute."""
    known = {rule.name.casefold() for rule in rules.attributes}
    mapped = {rule.name.casefold() for rule in rules.variations or ()}
    return msgspec.structs.replace(
        rules,
        attributes=(*rules.attributes, *(r for r in suggested.attributes if r.name.casefold() not in known)),
        variations=(
            *(rules.variations or ()),
            *(r for r in suggested.variations or () if r.name.casefold() not in mapped),
        ),
    )


def _found(
    request: ConsoleRequest, connection: Connection, template: Template | None, draft: Draft
) -> dict[str, Any] | None:
    """What *Run query* shows; None where it was not pressed, nor before something else was."""
    asked = "run" if "run" in request.POST else "ran"
    if asked not in request.POST:
        return None
    shown = min(max(whole(request.POST, asked, _FEW), _FEW), _MOST)
    result = queries.run_query(connection, draft.rules.group, size=shown)
    names = {each.id: each.name for each in queries.templates_named(connection)}
    own = template.id if template else None
    held = {names[key]: number for key, number in result.held.items() if key != own and key in names}
    return {
        "shown": shown,
        "total": result.total,
        "rows": _rows(connection, result.product_ids),
        "more": min(shown + _MORE, _MOST) if result.next_after is not None and shown < _MOST else None,
        "said": _said(result.total, result.held.get(own or 0, 0), held, moves=draft.rules.override),
    }


def _said(total: int, here: int, held: Mapping[str, int], *, moves: bool) -> str:
    """How many of the products that fit are here, would join, and stay; `held` counts those of other templates."""
    others = sum(held.values())
    joins = total - here - (0 if moves else others)
    numbers = {"here": f"{here:,}", "joins": f"{joins:,}", "others": f"{others:,}"}
    names = ", ".join(f"“{name}”" for name in sorted(held))
    if others and moves:
        said = _("%(here)s here already, %(joins)s would join, %(others)s of them from %(names)s.")
    elif others:
        said = _("%(here)s here already, %(joins)s would join, %(others)s stay in %(names)s.")
    else:
        said = _("%(here)s here already, %(joins)s would join.")
    return said % {**numbers, "names": names}


def _rows(connection: Connection, product_ids: Sequence[str]) -> list[dict[str, Any]]:
    holders: Mapping[str, str] = queries.holder_names(connection, product_ids)
    return [
        {"row": row, "holder": holders.get(row.product_id, "")}
        for row in listings.rows_of(connection.store_id, product_ids)
    ]


# -- copy, list, delete ---------------------------------------------------------------------------------------------


@require_POST
@needs(Permission.OPERATE)
def copy(request: ConsoleRequest, connection_id: int, template_id: int) -> HttpResponse:
    """Copy a template, and open the copy."""
    connection = connections.connection_or_404(connection_id)
    made = actions.copy_template(queries.template_or_404(connection, template_id), by=Actor.of(request.user))
    messages.success(request, _("“%(name)s” is made.") % {"name": made.name})
    return redirect(f"{reverse('templates')}?shop={connection.id}")


@require_POST
@needs(Permission.OPERATE)
def move(request: ConsoleRequest, connection_id: int, template_id: int, way: str) -> HttpResponse:
    """Have a template tried earlier (`up`) or later than its neighbor."""
    connection = connections.connection_or_404(connection_id)
    template = queries.template_or_404(connection, template_id)
    if not template.is_default:
        actions.move_template(template, up=way == "up", by=Actor.of(request.user))
    return redirect(f"{reverse('templates')}?shop={connection.id}")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def upload_where(request: ConsoleRequest) -> HttpResponse:
    """Ask for the shop of a bulk upload, where there are several; its templates and warehouses are asked for next."""
    every = connections.connections()
    if not every:
        return redirect("connections")
    shop = every[0].id if len(every) == 1 else whole(request.POST, "shop", 0)
    if any(each.id == shop for each in every):
        return redirect("template_upload", shop)
    context = {
        "question": _("Bulk upload: choose the shop"),
        "shop_choices": [(each.id, each.name) for each in every],
        "consequence": _("Nothing is uploaded yet: category template and warehouse are asked for next."),
        "button": _("Continue"),
        "action_url": reverse("template_upload_where"),
        "back": reverse("products"),
    }
    return render(request, "console/ask.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def upload(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Ask for a template and a warehouse, and list every product that the template holds."""
    connection = connections.connection_or_404(connection_id)
    back = f"{reverse('templates')}?shop={connection.id}"
    if request.method == "POST":
        template = queries.template_or_404(connection, whole(request.POST, "template", 0))
        ids = queries.products_of(template)
        if not ids:
            messages.warning(request, _("“%(name)s” holds no product.") % {"name": template.name})
            return redirect(back)
        with Told(request):
            warehouse = warehouse_chosen(request.POST, connection)
            task = listing_actions.list_products(connection, ids, by=Actor.of(request.user), warehouse_id=warehouse)
            return started(request, [task], reverse("templates"), follow=True)
        return redirect(back)
    held = queries.product_counts(connection)
    default = listings.default_template(connection)
    every = [*([default] if default is not None else []), *queries.templates_named(connection)]
    options = [(each.id, f"{each.name} ({held.get(each.id, 0):,})") for each in every]
    warehouses = warehouse_choice(connection)
    context = {
        "question": _("Bulk upload: choose category template and warehouse"),
        "counts": [connection.name],
        "template_choices": options,
        "template_chosen": whole(request.GET, "template", options[0][0] if options else 0),
        "warehouses": [warehouses] if warehouses[2] else [],
        "consequence": listings.CONSEQUENCES["list"],
        "button": _("Upload"),
        "action_url": reverse("template_upload", args=[connection.id]),
        "back": back,
    }
    return render(request, "console/ask.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def delete(request: ConsoleRequest, connection_id: int, template_id: int) -> HttpResponse:
    """Ask, naming what it means, and delete."""
    connection = connections.connection_or_404(connection_id)
    template = queries.template_or_404(connection, template_id)
    back = f"{reverse('templates')}?shop={connection.id}"
    if request.method == "POST":
        with Told(request):
            actions.delete_template(template, by=Actor.of(request.user))
            messages.success(request, _("“%(name)s” is deleted.") % {"name": template.name})
        return redirect(back)
    number = queries.product_count(template)
    freed = ngettext("%(n)s product is freed", "%(n)s products are freed", number) % {"n": f"{number:,}"}
    context = {
        "question": _("Delete “%(name)s”?") % {"name": template.name},
        "counts": [freed],
        "consequence": _(
            "They join the next template that they fit, else the default one. What TikTok Shop has of them stays."
            " A deleted template cannot be brought back."
        ),
        "button": _("Delete template"),
        "tone": "danger",
        "action_url": reverse("template_delete", args=[connection.id, template.id]),
        "back": back,
    }
    return render(request, "console/ask.html", context)
