"""The default template of a connection: categories, package, attributes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from twinshelf.accounts.actors import Actor
from twinshelf.connections import queries
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.common_values import CommonForm
from twinshelf.console.forms import AttributeFormSet, CategoryRowFormSet, TemplateForm
from twinshelf.console.views.answers import Told
from twinshelf.listings import actions as listing_actions
from twinshelf.listings import brands as tiktok_brands
from twinshelf.listings import queries as listings
from twinshelf.listings import responsible as tiktok_responsible
from twinshelf.listings.responsible import KINDS
from twinshelf.rules import actions as rules_actions
from twinshelf.rules.templates import rules_from_json

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection
    from twinshelf.documents import CategoryRules
    from twinshelf.rules.categories import Leaf
    from twinshelf.rules.models import Template


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def template(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """The default template: shown, shown anew with what the chosen categories require, or saved."""
    connection = queries.connection_or_404(connection_id)
    known, leaves = listings.default_template(connection), listings.category_leaves(connection)
    if listings.categories_are_old(connection):
        listing_actions.read_categories(connection)
    if request.method != "POST":
        form, rows = TemplateForm.of(known, leaves), _category_rows(connection, known, leaves)
        asked, unread = asked_of(connection, [known.category_id if known else "", *_mapped(known)])
        common = CommonForm(rules_from_json(known.rules if known else {}), _rules(connection, known))
        return _page(request, connection, _Shown(form, rows, attribute_rows(known, asked), asked, unread, common))
    form = TemplateForm(request.POST, leaves=leaves)
    rows = CategoryRowFormSet(request.POST, prefix="m", form_kwargs={"leaves": leaves})
    good = form.is_valid() & rows.is_valid()
    chosen = [row for row in rows.cleaned_data if row.get("category_id")] if rows.is_valid() else []
    ids = [form.cleaned_data.get("category_id", ""), *(row["category_id"] for row in chosen)]
    asked, unread = asked_of(connection, ids)
    common = CommonForm.posted(request, connection, listings.rules_asked(connection, ids))
    names = () if unread else [attribute.name for attribute in asked]
    attributes = AttributeFormSet(request.POST, prefix="a", form_kwargs={"names": names})
    if "show" in request.POST:  # nothing is saved yet
        kept = [row for row in (attributes.cleaned_data if attributes.is_valid() else []) if row.get("name")]
        return _page(request, connection, _Shown(form, rows, rows_for(kept, asked), asked, unread, common))
    if good and attributes.is_valid() and not common.errors:
        with Told(request):
            _saved, tried = rules_actions.set_default_template(
                connection,
                category_id=form.cleaned_data["category_id"],
                category_path=form.cleaned_data["category_path"],
                attributes=[row for row in attributes.cleaned_data if row.get("name")],
                package=form.package(),
                categories=[{name: row[name] for name in ("key", "category_id", "category_path")} for row in chosen],
                common=common.values,
                by=Actor.of(request.user),
            )
            messages.success(request, told_of(tried))
            return redirect("template", connection.id)
    return _page(request, connection, _Shown(form, rows, attributes, asked, unread, common), status=400)


def told_of(tried: int) -> str:
    """What saving the template did."""
    if not tried:
        return _("Template saved.")
    told = ngettext(
        "Template saved. %(n)s product is tried again.", "Template saved. %(n)s products are tried again.", tried
    )
    return told % {"n": f"{tried:,}"}


def asked_of(connection: Connection, category_ids: Sequence[str]) -> tuple[list[listings.AskedAttribute], list[str]]:
    """What these categories ask; those that nobody asked TikTok about yet are asked for."""
    asked, unread = listings.asked_attributes(connection, [each for each in category_ids if each])
    if unread:
        listing_actions.read_categories(connection, unread)
    return asked, unread


def _rules(connection: Connection, known: Template | None) -> CategoryRules:
    return listings.rules_asked(connection, [known.category_id if known else "", *_mapped(known)])


def _mapped(known: Template | None) -> list[str]:
    return [row["category_id"] for row in known.rules.get("categories", [])] if known else []


def _category_rows(connection: Connection, known: Template | None, leaves: Mapping[str, Leaf]) -> Any:
    """A row for each category of the store, and for each key that the map has beside."""
    mapping = {row["key"].strip().lower(): row for row in (known.rules.get("categories", []) if known else [])}
    keys = {key.lower(): key for key, _number in listings.store_categories(connection) if key}
    keys |= {key: row["key"] for key, row in mapping.items() if key not in keys}
    initial = []
    for key, written in keys.items():
        row = mapping.get(key)
        category_id, path = (row["category_id"], row.get("category_path", "")) if row else ("", "")
        path = leaves[category_id].path if category_id in leaves else path or category_id
        initial.append({"key": written, "category_id": category_id, "category_path": path})
    return CategoryRowFormSet(initial=initial, prefix="m", form_kwargs={"leaves": leaves})


def attribute_rows(known: Template | None, asked: Sequence[listings.AskedAttribute]) -> Any:
    """The rows of a template, and one for each attribute that its categories require."""
    rules = rules_from_json(known.rules if known else {})
    kept = [{name: getattr(rule, name) for name in ("name", "source", "field", "value")} for rule in rules.attributes]
    return rows_for(kept, asked)


def rows_for(kept: Sequence[Mapping[str, Any]], asked: Sequence[listings.AskedAttribute]) -> Any:
    """The rows there are, and one for each attribute that is required: from the custom field of its name."""
    there = {row["name"].strip().lower() for row in kept}
    required = [
        {"name": each.name, "source": "custom_field", "field": each.name, "value": ""}
        for each in asked
        if each.required and each.name.lower() not in there
    ]
    return AttributeFormSet(initial=[*kept, *required], prefix="a")


@dataclass(frozen=True)
class _Shown:
    """The forms of the page, and what TikTok asks: `unread` are the categories of which that is not known yet."""

    form: TemplateForm
    map: Any
    attributes: Any
    asked: Sequence[listings.AskedAttribute]
    unread: Sequence[str]
    common: CommonForm


def _page(request: ConsoleRequest, connection: Connection, shown: _Shown, *, status: int = 200) -> HttpResponse:
    counts = {key.lower(): number for key, number in listings.store_categories(connection)}
    required = {each.name.lower(): each for each in shown.asked if each.required}
    lines = [(row, row["key"].value(), counts.get(str(row["key"].value()).lower(), 0)) for row in shown.map]
    without = sum(number for row, _key, number in lines if not row["category_path"].value()) + counts.get("", 0)
    context = {
        "connection": connection,
        "form": shown.form,
        "map": shown.map,
        "lines": lines,
        "without": 0 if shown.form["category_path"].value() else without,
        "rows": shown.attributes,
        "attributes": [(row, required.get(str(row["name"].value() or "").lower())) for row in shown.attributes],
        "names": [each.name for each in shown.asked],
        "unread": shown.unread,
        "common": shown.common,
    }
    return render(request, "console/template.html", context, status=status)


@require_safe
@needs(Permission.OPERATE)
def categories(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """The categories that have the words of `q`, as the options of a combobox."""
    connection = queries.connection_or_404(connection_id)
    found = listings.find_categories(connection, request.GET.get("q", "")[:200])
    return render(request, "console/_found_categories.html", {"found": found, "id": request.GET.get("id", "")[:40]})


@require_safe
@needs(Permission.OPERATE)
def brands(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """TikTok's brands whose name begins with `q`, as the options of a combobox."""
    connection = queries.connection_or_404(connection_id)
    found: list[tiktok_brands.Brand] = []
    with Told(request):
        found = tiktok_brands.find(connection, request.GET.get("q", "")[:60])
    return render(request, "console/_found_brands.html", {"found": found, "id": request.GET.get("id", "")[:40]})


@require_safe
@needs(Permission.OPERATE)
def responsible(request: ConsoleRequest, connection_id: int, kind: str) -> HttpResponse:
    """The manufacturers or responsible persons of the seller that `q` finds, as the options of a combobox."""
    connection = queries.connection_or_404(connection_id)
    if kind not in KINDS:
        raise Http404
    found: list[tiktok_responsible.Responsible] = []
    with Told(request):
        found = tiktok_responsible.find(connection, KINDS[kind], request.GET.get("q", "")[:60])
    return render(request, "console/_found_responsible.html", {"found": found, "id": request.GET.get("id", "")[:40]})
