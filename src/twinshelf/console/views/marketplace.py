"""Our app in BigCommerce's control panel: installing it, opening it, and taking its store into an account."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from allauth.core import ratelimit
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods
from django_scopes import scope

from twinshelf import messages as texts
from twinshelf.accounts.actors import ENGINE, Actor
from twinshelf.connections import actions, queries
from twinshelf.console.access import ConsoleRequest, Permission, needs
from twinshelf.console.views.answers import Told
from twinshelf.errors import NeedsPerson, NotGenuine, Transient

_TICKET = "store_ticket"


def _panels() -> list[str]:
    """Who may show these pages in a frame: BigCommerce's control panels, and the one that the operator names."""
    told = urlsplit(settings.OPERATOR.bigcommerce_panel)
    named = [f"{told.scheme}://{told.netloc}"] if told.netloc and "{" not in told.netloc else []
    return ["https://*.mybigcommerce.com", "https://*.bigcommerce.com", *named]


def _framed(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponseBase]:
    """A page of the control panel, kept by nobody. It does nothing itself: its links lead to pages of their own."""
    return never_cache(xframe_options_exempt(csp_replace({"frame-ancestors": _panels()})(view)))


@_framed
@require_GET
def installed(request: HttpRequest) -> HttpResponse:
    """A store installs the app, or consents to it again: its code is exchanged before anything is answered."""
    refused: HttpResponse | None = ratelimit.consume_or_429(request, action="install")
    if refused is not None:
        return refused
    address = f"{settings.OPERATOR.base_url}{reverse('app_installed')}"
    outside = "external_install" in request.GET
    try:
        app = actions.installed(request.GET.dict(), redirect_uri=address, by=ENGINE)
    except NeedsPerson as error:
        return _to_outcome("failed") if outside else _refused(request, texts.text(error), texts.remedy(error))
    except Transient as error:
        again = _("Install the app again in a moment: BigCommerce gives each code once.")
        return _to_outcome("failed") if outside else _refused(request, str(error), again, status=502)
    return _to_outcome("succeeded") if outside else _shown(request, app)


@_framed
@require_GET
def opened(request: HttpRequest) -> HttpResponse:
    """Somebody opens the app in the control panel. BigCommerce's signature says of which store; no cookie does."""
    try:
        claims = actions.claims_of(request.GET.get("signed_payload_jwt", ""))
        app = actions.opened(claims)
    except NotGenuine:
        again = _("Open the app again in BigCommerce, under Apps.")
        return _refused(request, _("BigCommerce did not open this page just now."), again, status=401)
    except actions.TicketSpent:
        again = _("Install the app again in BigCommerce, under Apps.")
        return _refused(request, _("This store is not known here."), again, status=404)
    except NeedsPerson as error:
        return _refused(request, texts.text(error), texts.remedy(error))
    return _shown(request, app)


@require_GET
@never_cache
def open_ticket(request: HttpRequest, ticket: str) -> HttpResponse:
    """The link out of the control panel: kept in the session, so that no address tells it any more."""
    request.session[_TICKET] = ticket
    return redirect("store_take")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN)
def take(request: ConsoleRequest) -> HttpResponse:
    """Whether the store that the link is for is to be worked with in this account."""
    ticket = str(request.session.get(_TICKET, ""))
    with Told(request):
        store = actions.waiting(ticket)
        if request.method != "POST":
            return render(request, "console/store_take.html", {"store": store})
        if request.POST.get("store") != store.store_hash:  # another link was opened since this page was shown
            raise actions.TicketSpent
        taken = actions.claim_store(request.account, ticket, by=Actor.of(request.user))
        request.session.pop(_TICKET, None)
        messages.success(request, _("Connected: %(name)s.") % {"name": taken.name})
        return redirect("setup_connect")  # where a shop is paired with it
    return redirect("connections")


def _shown(request: HttpRequest, app: actions.Opened) -> HttpResponse:
    context: dict[str, object] = {"app": app, "console": settings.OPERATOR.base_url}
    if app.store is not None:
        with scope(account=app.store.account):
            context["access"] = queries.store_access(app.store)
            context["shops"] = [(c, queries.shop_access(c.shop)) for c in queries.connections_of(app.store)]
    return render(request, "marketplace/app.html", context)


def _refused(request: HttpRequest, why: str, remedy: str, *, status: int = 400) -> HttpResponse:
    return render(request, "marketplace/refused.html", {"why": why, "remedy": remedy}, status=status)


def _to_outcome(outcome: str) -> HttpResponse:
    """An installation that began on a page outside of BigCommerce ends on BigCommerce's own page, never elsewhere."""
    operator = settings.OPERATOR
    return redirect(f"{operator.bigcommerce_login}/app/{operator.bigcommerce_client_id}/install/{outcome}")
