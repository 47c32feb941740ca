"""Stores, shops and their connections: connect, pair, templates, what to do for one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from twinshelf import messages as texts
from twinshelf.accounts.actors import Actor
from twinshelf.connections import actions as connection_actions
from twinshelf.connections import queries
from twinshelf.console.access import ConsoleRequest, Permission, may, needs, offered
from twinshelf.console.forms import PairForm, StoreForm
from twinshelf.console.templatetags.console import country
from twinshelf.console.views.answers import Told, started
from twinshelf.console.words import Text
from twinshelf.errors import NeedsPerson, Transient
from twinshelf.goods import actions as goods_actions
from twinshelf.listings import actions as catalog_actions
from twinshelf.listings import queries as catalog
from twinshelf.orders import actions as order_actions
from twinshelf.preferences import actions as preference_actions
from twinshelf.preferences.fields import FIELDS, words_of
from twinshelf.proof import actions as proof_actions

if TYPE_CHECKING:
    from twinshelf.connections.models import Connection, Shop
    from twinshelf.sync.models import Task

ACTIONS: dict[str, Callable[[Connection, Actor], Task]] = {
    "pull": lambda connection, by: goods_actions.pull(connection.store, by=by),
    "refresh": lambda connection, by: catalog_actions.refresh(connection, None, by=by),
    "sync": lambda connection, by: catalog_actions.resync(connection, None, by=by),
    "inventory": lambda connection, by: catalog_actions.resend_stock(connection, by=by),
    "orders": lambda connection, by: order_actions.fetch_now(connection, by=by),
    "check": lambda connection, by: proof_actions.check(connection, by=by),
}


def sides_of(connection: Connection) -> list[tuple[Text, str]]:
    """(what, in which direction) of the catalog and of the stock: which platform each is taken from (P17-12)."""
    chosen = connection_actions.preferences(connection)
    return [
        (FIELDS[name].label, words_of(FIELDS[name], chosen)) for name in ("catalog_direction", "inventory_direction")
    ]


def _page(
    request: ConsoleRequest, *, store_form: StoreForm | None = None, pair_form: PairForm | None = None
) -> HttpResponse:
    stores, shops, every = queries.stores(), queries.unpaired_shops(), queries.connections()
    most = request.account.most_shops
    if pair_form is None and stores and shops:
        pair_form = PairForm(stores=stores, shops=shops, initial={"name": str(shops[0])})
    return render(
        request,
        "console/connections.html",
        {
            "stores": [(store, queries.store_access(store)) for store in stores],
            "connections": [
                (
                    c,
                    queries.shop_access(c.shop),
                    catalog.default_template(c),
                    sides_of(c),
                    offered(request, queries.actions_for(c)),
                )
                for c in every
            ],
            "shops": [(shop, queries.shop_access(shop), queries.lacking(shop)) for shop in queries.shops()],
            "global_stores": queries.global_stores() if may(request, Permission.GLOBAL_STORE) else [],
            "most_shops": most,
            "counted_shops": queries.counted_shops() if most is not None else 0,
            "store_form": store_form or StoreForm(),
            "store_form_open": store_form is not None or not stores,
            "pair_form": pair_form,
            **_markets(),
        },
        status=400 if (store_form and store_form.errors) or (pair_form and pair_form.errors) else 200,
    )


_FIRST_MARKETS = ("US", "GB")
"""Those that products are pushed to without being asked; the others are folded away."""


def _markets() -> dict[str, Any]:
    """The markets whose shops can be authorized, by name; or why none can."""
    named = sorted(((code, country(code)) for code in queries.markets()), key=lambda each: each[1])
    return {
        "markets": [each for each in named if each[0] in _FIRST_MARKETS],
        "other_markets": [each for each in named if each[0] not in _FIRST_MARKETS],
        "no_app": None if queries.has_shop_app() else texts.message("E-CON-NOAPP"),
    }


@require_safe
@needs(Permission.VIEW)
def index(request: ConsoleRequest) -> HttpResponse:
    """Stores, shops, connections, and the forms that add to them."""
    request.session.pop(SETTING_UP, None)
    return _page(request)


@require_POST
@needs(Permission.OPERATE)
def connect_store(request: ConsoleRequest) -> HttpResponse:
    """Connect a store by the credentials of an API account."""
    refused: HttpResponse | None = ratelimit.consume_or_429(request, action="connect_store")
    if refused is not None:
        return refused
    form = try_store(request)
    return redirect("connections") if form is None else _page(request, store_form=form)


def try_store(request: ConsoleRequest) -> StoreForm | None:
    """Connect the store of a form and tell so; the form with what is wrong where it could not be."""
    form = StoreForm(request.POST)
    if form.is_valid():
        try:
            store = connection_actions.connect_store(request.account, **form.cleaned_data, by=Actor.of(request.user))
        except NeedsPerson as error:
            field = "store_hash_or_url" if error.code == "E-CON-HASH" else "access_token"
            form.add_error(field, f"{texts.text(error)} {texts.remedy(error)}")
        except Transient as error:
            form.add_error("access_token", _("%(why)s. Nothing was kept; try again in a moment.") % {"why": error})
        else:
            messages.success(request, _("Connected: %(name)s.") % {"name": store.name})
            return None
    return form


SETTING_UP = "setting_up"
"""In the session: the wizard sent its person to TikTok, and goes on when they come back."""


@require_GET
@needs(Permission.OPERATE)
def authorize(request: ConsoleRequest) -> HttpResponse:
    """To TikTok, where the seller lets us in. A link, not a form: the content policy keeps forms on this site."""
    region = request.GET.get("region", "")
    if not (region.isalpha() and region.isupper() and len(region) == 2):
        raise Http404
    with Told(request):
        name, sites = request.GET.get("name", ""), request.GET.getlist("site")
        way = connection_actions.authorize_url(
            request.account, region=region, session=request.session, name=name, sites=sites
        )
        return redirect(way)
    return redirect("setup_connect" if request.session.get(SETTING_UP) else "connections")


@require_GET
@needs(Permission.OPERATE)
def authorized(request: ConsoleRequest) -> HttpResponse:
    """Where TikTok sends the browser back to, with a code and the state it was given.

    Without a state it did not begin here, but in TikTok's app store, or in a trap: the owner is asked first. With an
    error the seller declined on TikTok's page, and there is no code.
    """
    with Told(request):
        if "error" in request.GET:
            raise connection_actions.Declined
        if "state" not in request.GET:
            if not may(request, Permission.OWN):
                raise PermissionDenied
            connection_actions.park_authorization(request.account, request.GET.get("code", ""), session=request.session)
            return redirect("confirm_authorization")
        state, code = request.GET.get("state", ""), request.GET.get("code", "")
        wish = connection_actions.use_state(state, account=request.account, session=request.session)
        names = _connected_names()
        shops = connection_actions.authorize_shops(
            request.account, code, name=wish.name, sites=wish.sites, by=Actor.of(request.user)
        )
        _tell_authorized(request, shops, names)
    return redirect("setup_connect" if request.session.get(SETTING_UP) else "connections")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN)
def confirm(request: ConsoleRequest) -> HttpResponse:
    """Whether shops whose authorization did not begin here are to be worked with in this account."""
    with Told(request):
        if request.method == "POST":
            names = _connected_names()
            shops = connection_actions.confirm_parked(
                request.account, stamp=request.POST.get("stamp", ""), session=request.session, by=Actor.of(request.user)
            )
            _tell_authorized(request, shops, names)
        else:
            parked = connection_actions.parked_authorization(request.account, session=request.session)
            return render(request, "console/confirm.html", {"parked": parked})
    return redirect("connections")


def _connected_names() -> dict[int, str]:
    """Shop id → name of its connection, for those whose access needs no renewal."""
    return {
        one.shop_id: one.name for one in queries.connections() if queries.shop_access(one.shop).state == "connected"
    }


def _tell_authorized(request: ConsoleRequest, shops: Sequence[Shop], connected: Mapping[int, str]) -> None:
    """Say which shops we may work with; where none is new, that the browser is still logged in there (E-CON-SAME)."""
    names = ", ".join(str(shop) for shop in shops)
    told = ngettext("Authorized: %(names)s.", "Authorized: %(names)s.", len(shops))
    messages.success(request, told % {"names": names})
    for refused in queries.refused_shops(shops):
        messages.warning(request, format_html("<b>{}</b> {}", texts.text(refused), texts.remedy(refused)))
    if shops and all(shop.id in connected for shop in shops):
        same = _(
            "This TikTok Shop is already connected here as %(name)s. You are still logged in to that account. "
            "To add another shop, log out in Seller Center and authorize again."
        )
        messages.warning(request, same % {"name": ", ".join(connected[shop.id] for shop in shops)})


@require_POST
@needs(Permission.OPERATE)
def pair(request: ConsoleRequest) -> HttpResponse:
    """Connect a store with a shop."""
    form = PairForm(request.POST, stores=queries.stores(), shops=queries.unpaired_shops())
    if form.is_valid():
        with Told(request):
            made = pair_chosen(request, form)
            messages.success(request, _("Connected: %(name)s. Next: choose its category.") % {"name": made.name})
            return redirect("template", made.id)
        return redirect("connections")
    return _page(request, pair_form=form)


def pair_chosen(request: ConsoleRequest, form: PairForm, *, guided: bool = False) -> Connection:
    """Pair what a valid form has chosen, keep its exchange rate, and have the products read if that was ticked."""
    by = Actor.of(request.user)
    chosen = {name: form.cleaned_data[name] for name in ("store", "shop", "name")}
    made = connection_actions.pair(request.account, **chosen, guided=guided, by=by)
    if form.currencies() is not None:
        preference_actions.change(made, {"exchange_rate": form.cleaned_data["exchange_rate"]}, by=by)
    if form.cleaned_data["bring"]:
        goods_actions.pull(made.store, by=by)
    return made


@require_POST
@needs(Permission.OPERATE)
def act(request: ConsoleRequest, connection_id: int, action: str) -> HttpResponse:
    """Do something for a whole connection."""
    if action not in ACTIONS:
        raise Http404
    connection = queries.connection_or_404(connection_id)
    made = []
    with Told(request):
        made.append(ACTIONS[action](connection, Actor.of(request.user)))
    return started(request, made, "connections", follow=True)
