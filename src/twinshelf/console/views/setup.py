"""The setup wizard: connect, the default template, the defaults (ONB-1). The step follows from what is there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from allauth.core import ratelimit
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import queries
from twinshelf.connections.preferences import Direction
from twinshelf.console import guide
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.forms import AttributeFormSet, PairForm, StoreForm, TemplateForm
from twinshelf.console.views.answers import Told, back, whole
from twinshelf.console.views.connections import SETTING_UP, pair_chosen, try_store
from twinshelf.console.views.preferences import part_of, rows_of, texts_of, values_of
from twinshelf.console.views.template import asked_of, attribute_rows, rows_for, told_of
from twinshelf.console.words import CHECKED, VERDICTS, Text
from twinshelf.errors import DocumentError
from twinshelf.goods import actions as goods_actions
from twinshelf.goods import queries as goods_queries
from twinshelf.listings import actions as listing_actions
from twinshelf.listings import queries as listings
from twinshelf.listings.incoming.plan import Verdict
from twinshelf.listings.incoming.queries import DryRun, dry_run
from twinshelf.listings.reviews import actions as reviews
from twinshelf.orders import actions as order_actions
from twinshelf.preferences import actions as preferences
from twinshelf.preferences import queries as preference_queries
from twinshelf.preferences import telling
from twinshelf.preferences.fields import FIELDS, parse, reason_at, with_values
from twinshelf.proof import actions as proof
from twinshelf.proof.queries import Item, Preflight, State, preflight
from twinshelf.rules import actions as rules_actions
from twinshelf.rules import queries as rules
from twinshelf.rules.templates import rules_from_json

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection, Shop, Store
    from twinshelf.rules.models import Template

STEPS: Final[tuple[tuple[Text, Text, str], ...]] = (
    (_lazy("Connect"), _lazy("Store and shop"), "setup_connect"),
    (_lazy("Profile"), _lazy("The default template"), "setup_template"),
    (_lazy("Defaults"), _lazy("Price, import, delete"), "setup_defaults"),
)
ASKED: Final[tuple[tuple[str, Text, Text, tuple[str, ...]], ...]] = (
    (
        "sides",
        _lazy("Which side is right"),
        _lazy("Where the two differ, this one is copied to the other."),
        ("catalog_direction", "inventory_direction"),
    ),
    (
        "defaults",
        _lazy("Default configuration"),
        _lazy("All of it can be changed later in the settings."),
        ("price_rule.kind", "price_rule.value", "auto_import", "auto_delete"),
    ),
    (
        "few",
        _lazy("Try with a few first"),
        _lazy("Optional. Empty these lists in the settings once you have seen that it works."),
        ("sku_scope", "stock_scope", "order_ids"),
    ),
)
"""What the last step asks: (part of the page, its title, what is said of it, its preferences)."""
INTO_STORE: Final[Direction] = "tts_to_bc"
"""The direction in which nothing is listed: its dry run shows what would be made in the store."""
_FIRST = 10
"""Rows of a dry run that are shown."""


@require_safe
@needs(Permission.OPERATE)
def setup(_request: ConsoleRequest) -> HttpResponse:
    """To the step where somebody left off."""
    unfinished = queries.being_set_up()
    if unfinished is not None:
        return _to_step(unfinished)
    return redirect("dashboard" if queries.connections() else "setup_connect")


def _to_step(connection: Connection) -> HttpResponse:
    step = rules.setup_step(connection)
    return redirect(STEPS[step - 1][2], connection.id) if step else redirect("dashboard")


# -- what every step shows --------------------------------------------------------------------------------------------


def _frame(step: int, found: Preflight, connection: Connection | None = None) -> dict[str, Any]:
    """The counter, the checklist, what stops the button, and where Back and Help lead."""
    return {
        "step": step,
        "steps": [(number, title, text) for number, (title, text, _name) in enumerate(STEPS, start=1)],
        "connection": connection,
        "back": _address(step - 1, connection),
        "help": guide.address(guide.section_for(STEPS[step - 1][2], "setup")),
        "stops": _stops(step, found),
        "last": step == len(STEPS),
        **_checklist(found, connection),
    }


def _address(step: int, connection: Connection | None) -> str:
    if step < 1:
        return ""
    return reverse(STEPS[step - 1][2], args=[connection.id] if connection is not None and step > 1 else [])


def _stops(step: int, found: Preflight) -> list[Item]:
    return [*found.blocking, *(found.waiting if step == len(STEPS) else ())]


def _checklist(found: Preflight, connection: Connection | None) -> dict[str, Any]:
    return {
        "items": [(item, CHECKED[item.state]) for item in found.items],
        "counts": [(CHECKED[state].word, found.count(state)) for state in State if found.count(state)],
        "checks_at": f"{reverse('setup_checks')}?connection={connection.id}" if connection else reverse("setup_checks"),
        "follows": connection is not None and found.reading,
    }


def _pair_in_hand() -> tuple[Store | None, Shop | None]:
    """What the first step is about to connect: the newest store without a shop, and the first shop without a store."""
    stores, paired = queries.stores(), {each.store_id for each in queries.connections()}
    alone = [store for store in reversed(stores) if store.id not in paired]
    return next(iter(alone or stores), None), next(iter(queries.unpaired_shops()), None)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def checks(request: ConsoleRequest) -> HttpResponse:
    """The checklist by itself, asked for while products are read; sent as a form, both platforms are asked anew."""
    connection_id = whole(request.GET, "connection", 0)
    connection = queries.connection_or_404(connection_id) if connection_id else None
    store, shop = (connection.store, connection.shop) if connection is not None else _pair_in_hand()
    if request.method == "POST":
        if store is not None and shop is not None:
            with Told(request):
                proof.look_again(store, shop, by=Actor.of(request.user))
        return back(request, "setup")
    return render(request, "console/setup/_checks.html", _checklist(preflight(store, shop, connection), connection))


# -- step 1 -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def connect(request: ConsoleRequest) -> HttpResponse:
    """Connect a store, authorize a shop, and pair the two: each is kept as soon as it is done."""
    request.session[SETTING_UP] = True  # whoever goes to TikTok from here comes back here
    unfinished = queries.being_set_up()
    if request.method != "POST":
        return _connect_page(request, unfinished)
    if "store_hash_or_url" in request.POST:
        refused: HttpResponse | None = ratelimit.consume_or_429(request, action="connect_store")
        if refused is not None:
            return refused
        form = try_store(request)
        return redirect("setup_connect") if form is None else _connect_page(request, unfinished, store_form=form)
    if unfinished is not None:
        return _to_step(unfinished)
    stores, shops = queries.stores(), queries.unpaired_shops()
    pair_form = PairForm(request.POST, stores=stores, shops=shops)
    if not (stores and shops):
        missing = _("Connect a store first.") if not stores else _("Authorize a TikTok Shop first.")
        return _connect_page(request, None, missing=missing)
    if not pair_form.is_valid():
        return _connect_page(request, None, pair_form=pair_form)
    store, shop = pair_form.cleaned_data["store"], pair_form.cleaned_data["shop"]
    with Told(request):
        proof.look_again(store, shop, by=Actor.of(request.user))
        if preflight(store, shop).blocking:
            return _connect_page(request, None, pair_form=pair_form)
        made = pair_chosen(request, pair_form, guided=True)
        messages.success(request, _("Connected: %(name)s.") % {"name": made.name})
        return _to_step(made)
    return redirect("setup_connect")


def _connect_page(
    request: ConsoleRequest,
    unfinished: Connection | None,
    *,
    store_form: StoreForm | None = None,
    pair_form: PairForm | None = None,
    missing: str = "",
) -> HttpResponse:
    stores, shops = queries.stores(), queries.unpaired_shops()
    store, shop = (unfinished.store, unfinished.shop) if unfinished is not None else _pair_in_hand()
    if pair_form is not None and pair_form.is_bound:
        store, shop = pair_form.cleaned_data.get("store", store), pair_form.cleaned_data.get("shop", shop)
    elif unfinished is None and store is not None and shop is not None:
        first = {"name": str(shop), "store": store.id, "shop": shop.id}
        pair_form = PairForm(stores=stores, shops=shops, initial=first)
    frame = _frame(1, preflight(store, shop, unfinished), unfinished)
    return render(
        request,
        "console/setup/connect.html",
        {
            **frame,
            "stores": [(each, queries.store_access(each)) for each in stores],
            "shops": [(each, queries.shop_access(each)) for each in ([unfinished.shop] if unfinished else shops)],
            "store_form": store_form or StoreForm(),
            "store_form_open": store_form is not None or not stores,
            "pair_form": pair_form,
            "missing": missing,
            "no_app": None if queries.has_shop_app() else texts.message("E-CON-NOAPP"),
        },
        status=400 if request.method == "POST" else 200,
    )


# -- step 2 -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def template(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """The category for products that no other template holds, what it asks, and the package."""
    connection = queries.connection_or_404(connection_id)
    if not rules.setup_step(connection):
        return redirect("dashboard")
    known, leaves = listings.default_template(connection), listings.category_leaves(connection)
    if listings.categories_are_old(connection):
        listing_actions.read_categories(connection)
    if request.method != "POST":
        asked, unread = asked_of(connection, [known.category_id if known else ""])
        shown = _Profile(_with_category(TemplateForm.of(known, leaves)), attribute_rows(known, asked), asked, unread)
        return _template_page(request, connection, shown)
    form = _with_category(TemplateForm(request.POST, leaves=leaves))
    good = form.is_valid()
    category_id = form.cleaned_data.get("category_id", "")
    asked, unread = asked_of(connection, [category_id])
    names = () if unread else [attribute.name for attribute in asked]
    attributes = AttributeFormSet(request.POST, prefix="a", form_kwargs={"names": names})
    if "show" in request.POST:  # nothing is saved yet
        kept = [row for row in (attributes.cleaned_data if attributes.is_valid() else []) if row.get("name")]
        return _template_page(request, connection, _Profile(form, rows_for(kept, asked), asked, unread))
    fits = good and attributes.is_valid()
    if not fits or preflight(connection.store, connection.shop, connection).blocking:
        return _template_page(request, connection, _Profile(form, attributes, asked, unread), status=400)
    with Told(request):
        _saved, tried = rules_actions.set_default_template(
            connection,
            category_id=category_id,
            category_path=form.cleaned_data["category_path"],
            attributes=[row for row in attributes.cleaned_data if row.get("name")],
            package=form.package(),
            categories=_mapping(known),
            by=Actor.of(request.user),
        )
        messages.success(request, told_of(tried))
    return _to_step(connection)


def _with_category(form: TemplateForm) -> TemplateForm:
    """A category is a must here; on its own page the template may leave it to the category map."""
    form.fields["category_path"].required = True
    return form


def _mapping(known: Template | None) -> list[dict[str, Any]]:
    """The category map as it is: this step says nothing of it."""
    kept = rules_from_json(known.rules).categories if known is not None else ()
    return [{name: getattr(row, name) for name in ("key", "category_id", "category_path")} for row in kept]


@dataclass(frozen=True)
class _Profile:
    """The forms of the second step, and what TikTok asks: `unread` are categories of which that is not known yet."""

    form: TemplateForm
    attributes: Any
    asked: Sequence[listings.AskedAttribute]
    unread: Sequence[str]


def _template_page(
    request: ConsoleRequest, connection: Connection, shown: _Profile, *, status: int = 200
) -> HttpResponse:
    required = {each.name.lower(): each for each in shown.asked if each.required}
    context = {
        **_frame(2, preflight(connection.store, connection.shop, connection), connection),
        "form": shown.form,
        "rows": shown.attributes,
        "attributes": [(row, required.get(str(row["name"].value() or "").lower())) for row in shown.attributes],
        "names": [each.name for each in shown.asked],
        "unread": shown.unread,
        "wrong": status >= 400,
    }
    return render(request, "console/setup/template.html", context, status=status)


# -- step 3 -----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OPERATE)
def defaults(request: ConsoleRequest, connection_id: int) -> HttpResponse:
    """Which side is right, the defaults, and what to try first; saved, the setup is finished."""
    connection = queries.connection_or_404(connection_id)
    if rules.setup_step(connection) != len(STEPS):
        return _to_step(connection)
    if request.method != "POST":
        return _defaults_page(request, connection, _Typed({}, {}))
    typed = texts_of(request.POST)
    values, errors = values_of(request.POST, connection, typed)
    if not errors:
        try:
            with_values(connection_actions.preferences(connection), values)
        except DocumentError as error:
            errors = dict([reason_at(error)])
    if errors:
        return _defaults_page(request, connection, _Typed(typed, errors))
    direction = typed.get("catalog_direction", connection_actions.preferences(connection).catalog_direction)
    if "dry" in request.POST and direction == INTO_STORE:  # nothing is saved
        return _defaults_page(request, connection, _Typed(typed, {}, dry_run(connection, INTO_STORE)), status=200)
    if "dry" in request.POST:
        return _review(request, connection, values, typed)
    with Told(request):
        proof.look_again(connection.store, connection.shop, by=Actor.of(request.user))
        if not _stops(len(STEPS), preflight(connection.store, connection.shop, connection)):
            try:
                return _finish(request, connection, values)
            except preferences.NotAgreed as error:
                return _defaults_page(request, connection, _Typed(typed, {}, error.found, must=True))
    return _defaults_page(request, connection, _Typed(typed, {}))


def _review(
    request: ConsoleRequest, connection: Connection, values: Mapping[str, Any], typed: Mapping[str, str]
) -> HttpResponse:
    """Keep the choices, and have it worked out what they would send: of the SKUs that are named, or of everything."""
    by, scope = Actor.of(request.user), parse(FIELDS["sku_scope"], typed.get("sku_scope", ""))
    named = goods_queries.products_named(connection.store, scope)
    products = sorted({each for some in named.values() for each in some})
    if scope and not products:
        reason = _("No product that was read has one of these SKUs.")
        return _defaults_page(request, connection, _Typed(typed, {"sku_scope": reason}))
    try:
        preferences.change(connection, values, by=by, agreed=request.POST.get("agreed", ""))
    except preferences.NotAgreed as error:
        return _defaults_page(request, connection, _Typed(typed, {}, error.found, must=True))
    return redirect("review", reviews.begin(connection, products if scope else None, by=by).id)


def _finish(request: ConsoleRequest, connection: Connection, values: Mapping[str, Any]) -> HttpResponse:
    by = Actor.of(request.user)
    with transaction.atomic():
        preferences.change(connection, values, by=by, agreed=request.POST.get("agreed", ""))
        connection_actions.finish_setup(connection, by=by)
    if request.POST.get("bring"):
        goods_actions.pull(connection.store, by=by)
    order_actions.fetch_now(connection, by=by)
    request.session.pop(SETTING_UP, None)
    messages.success(request, _("%(name)s is set up.") % {"name": connection.name})
    return redirect("dashboard")


@dataclass(frozen=True)
class _Typed:
    """What was typed in the last step, what is wrong by preference, and what a dry run found.

    `must`: somebody has to agree to that before it is saved.
    """

    texts: Mapping[str, str]
    errors: Mapping[str, str]
    found: DryRun | None = None
    must: bool = False


def _defaults_page(
    request: ConsoleRequest, connection: Connection, typed: _Typed, *, status: int | None = None
) -> HttpResponse:
    shown = {each.field.name: each for each in preference_queries.shown(connection)}
    asked = {name: part_of(shown[name], typed.texts, typed.errors) for _k, _t, _l, some in ASKED for name in some}
    found = typed.found
    context = {
        **_frame(3, preflight(connection.store, connection.shop, connection), connection),
        "cards": [
            (key, title, lead, list(rows_of([asked[name] for name in names]))) for key, title, lead, names in ASKED
        ],
        "seen": json.dumps({name: shown[name].text for name in asked}),
        "errors": [(name, FIELDS[name].label, reason) for name, reason in typed.errors.items() if name in FIELDS],
        "changed_word": _("Changed"),
        "found": found,
        "must": typed.must,
        "products": listings.product_count(connection.store_id),
        **(_foreseen(found, typed.texts) if found is not None else {}),
    }
    usual = 400 if request.method == "POST" else 200
    return render(request, "console/setup/defaults.html", context, status=usual if status is None else status)


def _foreseen(found: DryRun, typed: Mapping[str, str]) -> dict[str, Any]:
    """What a dry run shows: of the SKUs that are in scope alone, where some are named."""
    scope = set(parse(FIELDS["sku_scope"], typed.get("sku_scope", "")))
    rows = [row for row in found.rows if not scope or scope & set(row.skus)]
    number = Counter(row.verdict for row in rows)
    return {
        "told": telling.switch(found),
        "into": _("BigCommerce") if found.direction == "tts_to_bc" else _("TikTok Shop"),
        "linked": number[Verdict.LINK],
        "created": number[Verdict.CREATE],
        "unsure": len(rows) - number[Verdict.LINK] - number[Verdict.CREATE],
        "out_of_scope": len(found.rows) - len(rows),
        "foreseen": [(row, *VERDICTS[row.verdict]) for row in rows[:_FIRST]],
        "more": max(0, len(rows) - _FIRST),
    }
